//! Samples and their percentiles. Times are nanoseconds throughout; how they are printed is decided elsewhere.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Percentiles of a set of samples, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half of the samples are at most this.
    pub p50: f64,
    /// Nine tenths of the samples are at most this.
    pub p90: f64,
    /// 99 of a hundred samples are at most this.
    pub p99: f64,
    /// How many samples there were.
    pub count: u64,
}

impl Percentiles {
    /// The percentiles of samples, by nearest rank: each is a sample that was measured. All zero without samples.
    pub fn of(mut samples: Vec<u64>) -> Self {
        samples.sort_unstable();
        let at = |percent: usize| {
            let rank = (samples.len() * percent).div_ceil(100).max(1);
            samples.get(rank - 1).map_or(0.0, |nanos| *nanos as f64)
        };
        Self { p50: at(50), p90: at(90), p99: at(99), count: samples.len() as u64 }
    }

    /// The median of each percentile over several repetitions; the count is of all together.
    pub fn median_of(repetitions: &[Self]) -> Self {
        let each = |pick: fn(&Self) -> f64| median(repetitions.iter().map(pick));
        Self {
            p50: each(|one| one.p50),
            p90: each(|one| one.p90),
            p99: each(|one| one.p99),
            count: repetitions.iter().map(|one| one.count).sum(),
        }
    }
}

/// The middle one of the values, or the mean of the two in the middle; zero if there are none.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.as_slice() {
        [] => 0.0,
        sorted if sorted.len() % 2 == 1 => sorted[middle],
        sorted => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// A duration as nanoseconds; those of more than 500 years are cut off.
pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples_that_were_measured() {
        let percentiles = Percentiles::of((1..=1000).rev().collect());
        assert_eq!(percentiles, Percentiles { p50: 500.0, p90: 900.0, p99: 990.0, count: 1000 });
        assert_eq!(Percentiles::of(vec![7]), Percentiles { p50: 7.0, p90: 7.0, p99: 7.0, count: 1 });
        assert_eq!(Percentiles::of(Vec::new()), Percentiles::default());
    }

    #[test]
    fn one_disturbed_repetition_does_not_change_the_figure() {
        let calm = |p50| Percentiles { p50, p90: 2.0 * p50, p99: 3.0 * p50, count: 10 };
        let all = Percentiles::median_of(&[calm(10.0), calm(500.0), calm(11.0)]);
        assert_eq!(all, Percentiles { p50: 11.0, p90: 22.0, p99: 33.0, count: 30 });
    }

    #[test]
    fn the_median_of_an_even_number_is_between_the_two_in_the_middle() {
        assert_eq!(median([4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median([]), 0.0);
    }
}
