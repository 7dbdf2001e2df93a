//! A counter that spreads work over a fixed number of places. It is not a load balancer: it knows
//! nothing of how busy a place is, and it never blocks.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Hands out the places `0..n` in turn, to any number of threads.
///
/// # Examples
///
/// ```
/// use std::num::NonZeroUsize;
/// use runtime_admission::RoundRobin;
///
/// let threads = RoundRobin::new(NonZeroUsize::new(3).expect("three is not zero"));
/// assert_eq!([threads.next(), threads.next(), threads.next(), threads.next()], [0, 1, 2, 0]);
/// assert_eq!(threads.rotation().collect::<Vec<_>>(), [1, 2, 0]);
/// ```
#[derive(Debug)]
pub struct RoundRobin {
    next: AtomicUsize,
    places: NonZeroUsize,
}

impl RoundRobin {
    /// A dispatcher over `places` places that starts with place 0.
    #[must_use]
    pub const fn new(places: NonZeroUsize) -> Self {
        Self { next: AtomicUsize::new(0), places }
    }

    /// The number of places.
    #[must_use]
    pub const fn places(&self) -> usize {
        self.places.get()
    }

    /// The next place in turn, less than [`places`](Self::places).
    ///
    /// Of any `n` calls in a row, by whichever threads, each place is the answer of one. (Once in
    /// 2^64 calls the counter wraps, and if `n` is not a power of two, one round is then uneven.)
    pub fn next(&self) -> usize {
        // Nothing is published through the counter, so no ordering is needed.
        self.next.fetch_add(1, Ordering::Relaxed) % self.places
    }

    /// Every place once, starting with the next in turn; for callers that try another place when
    /// the first has no room. It counts as one call of [`next`](Self::next).
    pub fn rotation(&self) -> impl Iterator<Item = usize> + use<> {
        let (first, places) = (self.next(), self.places.get());
        (first..places).chain(0..first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_share_the_turns_evenly() {
        let places = RoundRobin::new(NonZeroUsize::new(4).unwrap());
        let counts: [AtomicUsize; 4] = Default::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        counts[places.next()].fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1000));
    }
}
