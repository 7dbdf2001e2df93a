//! Why a request was turned away before anything of it ran. This is vocabulary only: who turns it
//! into an outcome or an HTTP status lives in the crates above.

use std::fmt;

/// The reason that a request was shed instead of being admitted.
#[non_exhaustive]
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum ShedReason {
    /// The queue that it would have waited in had no room.
    QueueFull,
    /// It waited for as long as it was allowed to, and its turn did not come.
    QueueTimeout,
    /// The process or the pool takes no new work.
    Draining,
    /// All isolates of the process together take as much memory as they may.
    Memory,
}

impl ShedReason {
    /// Every reason there is, in the order of declaration; for metrics that list them all.
    pub const ALL: [Self; 4] = [Self::QueueFull, Self::QueueTimeout, Self::Draining, Self::Memory];

    /// The reason as a stable word in snake case, for logs, metrics and configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::QueueFull => "queue_full",
            Self::QueueTimeout => "queue_timeout",
            Self::Draining => "draining",
            Self::Memory => "memory",
        }
    }
}

impl fmt::Display for ShedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_word() {
        let words: std::collections::HashSet<_> = ShedReason::ALL.iter().map(|r| r.as_str()).collect();
        assert_eq!(words.len(), ShedReason::ALL.len());
        assert_eq!(format!("{:>14}", ShedReason::QueueTimeout), " queue_timeout");
    }
}
