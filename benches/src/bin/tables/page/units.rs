//! How figures are printed: three digits that matter, and the unit that fits.

use benches::samples::Percentiles;

/// Nanoseconds, in the unit that fits.
pub(super) fn time(nanos: f64) -> String {
    match nanos {
        nanos if nanos < 1e3 => format!("{nanos:.0} ns"),
        nanos if nanos < 1e6 => format!("{} µs", three_digits(nanos / 1e3)),
        nanos if nanos < 1e9 => format!("{} ms", three_digits(nanos / 1e6)),
        nanos => format!("{} s", three_digits(nanos / 1e9)),
    }
}

/// The percentiles of one figure, for one cell.
pub(super) fn percentiles(times: &Percentiles) -> String {
    if times.p99 == 0.0 {
        return "–".to_owned();
    }
    format!("{} / {} / {}", time(times.p50), time(times.p90), time(times.p99))
}

/// A rate, to three digits, with its thousands apart.
pub(super) fn rate(per_second: f64) -> String {
    let magnitude = 10_f64.powf((per_second.max(1.0).log10().floor() - 2.0).max(0.0));
    let rounded = (per_second / magnitude).round() * magnitude;
    let digits = format!("{rounded:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Bytes, in KiB or MiB.
pub(super) fn bytes(bytes: f64) -> String {
    let kib = bytes / 1024.0;
    if kib.abs() < 1024.0 { format!("{kib:.0} KiB") } else { format!("{:.2} MiB", kib / 1024.0) }
}

/// A share, in percent.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn three_digits(value: f64) -> String {
    match value {
        value if value < 9.995 => format!("{value:.2}"),
        value if value < 99.95 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_unit_that_fits() {
        assert_eq!(time(159.4), "159 ns");
        assert_eq!(time(1_234.0), "1.23 µs");
        assert_eq!(time(99_950.0), "100 µs");
        assert_eq!(time(2_215_000.0), "2.21 ms");
        assert_eq!(time(3e9), "3.00 s");
    }

    #[test]
    fn rates_have_three_digits_and_thousands_apart() {
        assert_eq!(rate(123_456.0), "123\u{202f}000");
        assert_eq!(rate(1_474.0), "1\u{202f}470");
        assert_eq!(rate(12.0), "12");
    }

    #[test]
    fn bytes_have_the_unit_that_fits() {
        assert_eq!(bytes(2048.0), "2 KiB");
        assert_eq!(bytes(1.5 * 1024.0 * 1024.0), "1.50 MiB");
    }
}
