//! What a person sees while it measures: one bar over all parts, on standard error. Where that is not a terminal, a
//! line for each part instead.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

/// The bar's length for one part.
const PART: u64 = 1_000;

/// The parent's bar over all parts.
pub(crate) struct Progress {
    bar: ProgressBar,
    parts: u64,
    done: u64,
}

impl Progress {
    /// A bar over so many parts.
    pub(crate) fn new(parts: usize) -> Self {
        let parts = parts as u64;
        let bar = ProgressBar::new(parts * PART);
        let style =
            ProgressStyle::with_template("{elapsed:>4} [{wide_bar}] {percent:>3}%, {eta} left: {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        Self { bar, parts, done: 0 }
    }

    pub(crate) fn begin(&mut self, part: &str) {
        self.bar.set_message(part.to_owned());
        if !std::io::stderr().is_terminal() {
            eprintln!("[{}/{}] {part}", self.done + 1, self.parts);
        }
    }

    /// So much of the part is done, from 0 to 1.
    pub(crate) fn advance(&mut self, share: f64) {
        let within = (share.clamp(0.0, 1.0) * PART as f64) as u64;
        self.bar.set_position(self.done * PART + within);
    }

    pub(crate) fn end(&mut self) {
        self.done += 1;
        self.bar.set_position(self.done * PART);
        if self.done == self.parts {
            self.bar.finish_and_clear();
        }
    }
}

/// A part's own count of how far it is.
pub(crate) struct Steps {
    tell: fn(f64),
    all: usize,
    done: usize,
}

impl Steps {
    pub(crate) fn new(tell: fn(f64)) -> Self {
        Self { tell, all: 1, done: 0 }
    }

    /// There will be so many steps.
    pub(crate) fn expect(&mut self, all: usize) {
        self.all = all.max(1);
    }

    /// One of them is done.
    pub(crate) fn step(&mut self) {
        self.done += 1;
        (self.tell)(self.done as f64 / self.all as f64);
    }
}
