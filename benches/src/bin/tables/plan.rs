//! How long and how often is measured: the one place in which a quick run differs from a full one.

use std::time::Duration;

/// A table of the page, as `--only` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Table {
    /// Cold and warm starts of each mode, with and without snapshot, and each phase of them.
    Start,
    /// The parts that a request is made of, each measured by itself.
    Primitives,
    /// Requests a second of all modes with equal capacity.
    Throughput,
    /// Many clients on few isolates of one worker.
    Contention,
    /// Memory of an isolate and of a context.
    Memory,
}

impl Table {
    pub(crate) const ALL: [Self; 5] =
        [Self::Start, Self::Primitives, Self::Throughput, Self::Contention, Self::Memory];
}

/// Durations and counts of one run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) is_quick: bool,
    /// How often everything is measured; the middle one counts.
    pub(crate) repetitions: usize,
    /// The most samples of one kind of start in one repetition, and the time they may take.
    pub(crate) start_samples: usize,
    pub(crate) start_time: Duration,
    /// The most samples of one primitive in one repetition, and the time they may take.
    pub(crate) primitive_samples: usize,
    pub(crate) primitive_time: Duration,
    /// How often contexts with the platform and contexts without it take turns, and how many are made in one.
    pub(crate) context_turns: usize,
    pub(crate) contexts_a_turn: usize,
    /// How long each contestant is under load, at each number of clients, in one repetition.
    pub(crate) load_time: Duration,
    /// How long it is before the first measurement.
    pub(crate) warm_up: Duration,
    /// How many isolates and contexts are made to be weighed.
    pub(crate) weighed: usize,
}

impl Plan {
    pub(crate) fn new(is_quick: bool) -> Self {
        if is_quick {
            Self {
                is_quick,
                repetitions: 3,
                start_samples: 60,
                start_time: Duration::from_millis(120),
                primitive_samples: 20_000,
                primitive_time: Duration::from_millis(100),
                context_turns: 40,
                contexts_a_turn: 10,
                load_time: Duration::from_millis(60),
                warm_up: Duration::from_millis(100),
                weighed: 200,
            }
        } else {
            Self {
                is_quick,
                repetitions: 3,
                start_samples: 1_000,
                start_time: Duration::from_millis(500),
                primitive_samples: 200_000,
                primitive_time: Duration::from_millis(500),
                context_turns: 200,
                contexts_a_turn: 10,
                load_time: Duration::from_millis(400),
                warm_up: Duration::from_millis(400),
                weighed: 200,
            }
        }
    }
}
