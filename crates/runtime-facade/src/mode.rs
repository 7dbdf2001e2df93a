//! Modes as values: their names, and the one place where a name becomes a mode.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use runtime_core::{ContextPolicy, ExecutionMode, Failure, InitError, RuntimeLimits};

/// A mode's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModeName {
    /// A fresh isolate for every request.
    Worker,
    /// A global cache of isolates, any thread.
    Pool,
    /// A pool a thread, isolates tagged by owner.
    Pinned,
    /// One isolate a thread, a context a request.
    Shared,
}

impl ModeName {
    const ALL: [ModeName; 4] = [ModeName::Worker, ModeName::Pool, ModeName::Pinned, ModeName::Shared];

    /// The modes that this build has.
    pub fn available() -> Vec<ModeName> {
        Self::ALL.into_iter().filter(|name| name.is_available()).collect()
    }

    /// Whether this build has it.
    pub fn is_available(self) -> bool {
        match self {
            ModeName::Worker => cfg!(feature = "worker"),
            ModeName::Pool => cfg!(feature = "pool"),
            ModeName::Pinned => cfg!(feature = "pinned"),
            ModeName::Shared => cfg!(feature = "shared"),
        }
    }

    /// The name in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            ModeName::Worker => "worker",
            ModeName::Pool => "pool",
            ModeName::Pinned => "pinned",
            ModeName::Shared => "shared",
        }
    }
}

impl fmt::Display for ModeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for ModeName {
    type Err = BuildError;

    fn from_str(name: &str) -> Result<Self, BuildError> {
        let known = Self::ALL.into_iter().find(|known| known.as_str().eq_ignore_ascii_case(name));
        known.filter(|known| known.is_available()).ok_or_else(|| BuildError::unavailable(name))
    }
}

/// A runtime cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no such mode, or this build does not have it.
    #[error("mode {asked:?} is not available; this build has {available}")]
    UnknownMode {
        /// The name that was asked for.
        asked: String,
        /// The names there are.
        available: String,
    },
    /// No mode was given.
    #[error("no mode was given; choose one with `Runtime::builder().mode(..)`; this build has {available}")]
    NoMode {
        /// The names there are.
        available: String,
    },
    /// V8 cannot be initialised.
    #[error(transparent)]
    Init(#[from] InitError),
    /// The mode cannot be set up.
    #[error("the mode cannot be set up: {0}")]
    Mode(#[from] Failure),
}

impl BuildError {
    fn unavailable(asked: &str) -> Self {
        BuildError::UnknownMode { asked: asked.to_owned(), available: names() }
    }

    pub(crate) fn no_mode() -> Self {
        BuildError::NoMode { available: names() }
    }
}

fn names() -> String {
    let names: Vec<&str> = ModeName::available().into_iter().map(ModeName::as_str).collect();
    names.join(", ")
}

/// Bounds in the words that all modes share; none is the mode's default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capacity {
    /// Threads on which guests run.
    pub threads: Option<usize>,
    /// The most isolates; in the pinned mode on each thread. In the shared mode each thread has one, so that this
    /// bounds the threads as well.
    pub max_isolates: Option<usize>,
    /// The most isolates of one owner (in the pool, of one worker); in the pinned mode on each thread. In the shared
    /// mode, where owners have no isolates, the most requests of one owner that are on a thread at once.
    pub max_per_owner: Option<usize>,
    /// The most requests of one owner (in the pool, of one worker) that wait; in the pinned and the shared mode on
    /// each thread.
    pub queue: Option<usize>,
    /// How long a request waits at most.
    pub queue_timeout: Option<Duration>,
    /// Whether contexts are used again. The worker and the shared mode never do that: see
    /// [`Capacity::without_effect_in`].
    pub context: Option<ContextPolicy>,
    /// Whether idle isolates prepare their next context, where there is one.
    pub prepare: Option<bool>,
}

impl Capacity {
    /// What of these bounds has no effect in a mode, in words for who asked for it.
    pub fn without_effect_in(&self, mode: ModeName) -> Option<String> {
        let reuses = matches!(self.context, Some(ContextPolicy::Reuse { .. }));
        let never_reuses = match mode {
            ModeName::Worker | ModeName::Shared => true,
            ModeName::Pool | ModeName::Pinned => false,
        };
        (reuses && never_reuses).then(|| {
            format!(
                "contexts are never used again in the {mode} mode, so that the policy to reuse them has no effect: \
                 choose the mode pool or pinned for that"
            )
        })
    }
}

/// An execution mode with its configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// A fresh isolate for every request.
    #[cfg(feature = "worker")]
    Worker(mode_worker::WorkerConfig),
    /// A global cache of isolates, any thread.
    #[cfg(feature = "pool")]
    Pool(mode_pool::PoolConfig),
    /// A pool a thread, isolates tagged by owner.
    #[cfg(feature = "pinned")]
    Pinned(mode_pinned::PinnedPoolConfig),
    /// One isolate a thread, a context a request.
    #[cfg(feature = "shared")]
    Shared(mode_shared::SharedConfig),
}

/// Overwrites a field if there is a value for it.
fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

impl Mode {
    /// The mode of this name with these bounds.
    ///
    /// # Errors
    /// If this build does not have it; the error lists those that it has.
    pub fn named(name: ModeName, capacity: &Capacity) -> Result<Mode, BuildError> {
        let timeout_ms =
            capacity.queue_timeout.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
        let _ = (&timeout_ms, set::<usize>);
        match name {
            #[cfg(feature = "worker")]
            ModeName::Worker => {
                let mut config = mode_worker::WorkerConfig::default();
                set(&mut config.threads, capacity.threads);
                set(&mut config.max_isolates, capacity.max_isolates);
                set(&mut config.max_per_owner, capacity.max_per_owner.map(Some));
                set(&mut config.queue_per_owner, capacity.queue);
                set(&mut config.queue_timeout_ms, timeout_ms);
                Ok(Mode::Worker(config))
            }
            #[cfg(feature = "pool")]
            ModeName::Pool => {
                let mut config = mode_pool::PoolConfig::default();
                set(&mut config.threads, capacity.threads);
                set(&mut config.max_isolates, capacity.max_isolates);
                set(&mut config.max_isolates_per_worker, capacity.max_per_owner);
                set(&mut config.queue_per_worker, capacity.queue);
                set(&mut config.queue_timeout_ms, timeout_ms);
                set(&mut config.context, capacity.context);
                set(&mut config.prepare, capacity.prepare);
                Ok(Mode::Pool(config))
            }
            #[cfg(feature = "pinned")]
            ModeName::Pinned => {
                let mut config = mode_pinned::PinnedPoolConfig::default();
                set(&mut config.threads, capacity.threads);
                set(&mut config.max_isolates_per_thread, capacity.max_isolates);
                set(&mut config.max_per_owner, capacity.max_per_owner.map(Some));
                set(&mut config.queue_per_owner, capacity.queue);
                set(&mut config.queue_timeout_ms, timeout_ms);
                set(&mut config.context, capacity.context);
                set(&mut config.prepare, capacity.prepare);
                Ok(Mode::Pinned(config))
            }
            #[cfg(feature = "shared")]
            ModeName::Shared => {
                let mut config = mode_shared::SharedConfig::default();
                set(&mut config.threads, capacity.threads);
                set(&mut config.max_isolates, capacity.max_isolates.map(Some));
                set(&mut config.max_per_owner, capacity.max_per_owner.map(Some));
                set(&mut config.queue_per_owner, capacity.queue);
                set(&mut config.queue_timeout_ms, timeout_ms);
                set(&mut config.prepare, capacity.prepare);
                Ok(Mode::Shared(config))
            }
            #[allow(unreachable_patterns, reason = "reached only where a mode's feature is off")]
            name => Err(BuildError::unavailable(name.as_str())),
        }
    }

    /// Its name.
    pub fn name(&self) -> ModeName {
        match *self {
            #[cfg(feature = "worker")]
            Mode::Worker(_) => ModeName::Worker,
            #[cfg(feature = "pool")]
            Mode::Pool(_) => ModeName::Pool,
            #[cfg(feature = "pinned")]
            Mode::Pinned(_) => ModeName::Pinned,
            #[cfg(feature = "shared")]
            Mode::Shared(_) => ModeName::Shared,
        }
    }

    /// The mode itself: the one place where it is chosen.
    pub(crate) fn start(self, limits: RuntimeLimits) -> Result<Box<dyn ExecutionMode>, Failure> {
        let _ = &limits;
        match self {
            #[cfg(feature = "worker")]
            Mode::Worker(config) => Ok(Box::new(mode_worker::WorkerMode::new(config, limits)?)),
            #[cfg(feature = "pool")]
            Mode::Pool(config) => Ok(Box::new(mode_pool::Pool::new(config, limits)?)),
            #[cfg(feature = "pinned")]
            Mode::Pinned(config) => Ok(Box::new(mode_pinned::PinnedPool::new(config, limits)?)),
            #[cfg(feature = "shared")]
            Mode::Shared(config) => Ok(Box::new(mode_shared::SharedMode::new(config, limits)?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bound_is_silently_ignored_in_any_mode() {
        let none = Capacity::default();
        for name in ModeName::available() {
            for given in [
                Capacity { threads: Some(3), ..none.clone() },
                Capacity { max_isolates: Some(7), ..none.clone() },
                Capacity { max_per_owner: Some(7), ..none.clone() },
                Capacity { queue: Some(7), ..none.clone() },
                Capacity { queue_timeout: Some(Duration::from_millis(7)), ..none.clone() },
                Capacity { context: Some(ContextPolicy::Reuse { max_uses: 7 }), ..none.clone() },
            ] {
                let with = Mode::named(name, &given).expect("it is available");
                let without = Mode::named(name, &none).expect("it is available");
                assert_eq!(with == without, given.without_effect_in(name).is_some(), "{name}: {given:?}");
            }
        }
    }
}
