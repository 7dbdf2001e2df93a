//! What a person sees while the tests run: a bar, or a line now and then where there is no terminal.
//!
//! Not here: what the tests gave.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::inventory::Test;

/// Time between two lines where there is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(30);

/// A bar over the tests of one mode.
pub(super) struct Progress {
    bar: ProgressBar,
    mode: String,
    last_line: Instant,
}

impl Progress {
    pub(super) fn over(mode: &str, tests: usize) -> Self {
        let template = "{elapsed:>4} {prefix} [{wide_bar}] {pos}/{len}, {eta} left: {msg}";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(tests as u64).with_style(style.progress_chars("=> "));
        bar.set_prefix(mode.to_owned());
        Self { bar, mode: mode.to_owned(), last_line: Instant::now() }
    }

    /// A test has ended.
    pub(super) fn advance(&mut self, test: &Test) {
        self.bar.set_message(test.name());
        self.bar.inc(1);
        if !std::io::stderr().is_terminal() && self.last_line.elapsed() > LINE_INTERVAL {
            eprintln!("{}: {} of {} tests", self.mode, self.bar.position(), self.bar.length().unwrap_or(0));
            self.last_line = Instant::now();
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
