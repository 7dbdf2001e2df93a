//! The modes under test, with both context policies where a mode has them, and the macro that instantiates a test
//! for each.

use std::sync::Arc;
use std::time::Duration;

use runtime_facade::{Capacity, ContextPolicy, Mode, ModeName, Ops, Runtime, RuntimeLimits, V8Config};

/// A mode with a context policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    Worker,
    PoolFresh,
    PoolReuse,
    PinnedFresh,
    PinnedReuse,
    Shared,
}

/// What of a mode is tested. The match has no wildcard: a mode that nobody has listed here does not compile.
const fn of_mode(mode: ModeName) -> &'static [Variant] {
    match mode {
        ModeName::Worker => &[Variant::Worker],
        ModeName::Pool => &[Variant::PoolFresh, Variant::PoolReuse],
        ModeName::Pinned => &[Variant::PinnedFresh, Variant::PinnedReuse],
        ModeName::Shared => &[Variant::Shared],
    }
}

/// After how many requests a context of the reusing variants is thrown away.
pub(crate) const MAX_USES: u32 = 3;

impl Variant {
    pub(crate) const ALL: [Variant; 6] = [
        Variant::Worker,
        Variant::PoolFresh,
        Variant::PoolReuse,
        Variant::PinnedFresh,
        Variant::PinnedReuse,
        Variant::Shared,
    ];

    pub(crate) fn mode(self) -> ModeName {
        let all = ModeName::available();
        all.into_iter().find(|mode| of_mode(*mode).contains(&self)).expect("every variant is one of a mode")
    }

    pub(crate) fn context(self) -> Option<ContextPolicy> {
        match self {
            Variant::Worker | Variant::Shared => None,
            Variant::PoolFresh | Variant::PinnedFresh => Some(ContextPolicy::Fresh),
            Variant::PoolReuse | Variant::PinnedReuse => Some(ContextPolicy::Reuse { max_uses: MAX_USES }),
        }
    }

    /// Whether module state survives a request.
    pub(crate) fn keeps_contexts(self) -> bool {
        matches!(self.context(), Some(ContextPolicy::Reuse { .. }))
    }

    pub(crate) fn named(name: &str) -> Variant {
        let known = Variant::ALL.into_iter().find(|variant| format!("{variant:?}") == name);
        known.unwrap_or_else(|| panic!("no variant is named {name:?}"))
    }
}

/// How V8 is set up in this process and its children: as by default, but bearing any number of lost threads, because
/// one process runs hundreds of hostile guests.
pub(crate) fn v8_config() -> V8Config {
    V8Config { lost_threads_budget: 100_000, ..V8Config::default() }
}

/// Limits for what is not about limits: the machine may be shared, and charge a thread for what others do.
pub(crate) fn ample_limits() -> RuntimeLimits {
    RuntimeLimits { cpu_ms: 5_000, startup_cpu_ms: 5_000, ..RuntimeLimits::default() }
}

/// What a test changes of the runtime under test.
pub(crate) struct Setup {
    pub(crate) capacity: Capacity,
    pub(crate) limits: RuntimeLimits,
    pub(crate) ops: Option<Arc<dyn Ops>>,
    /// An owner has one isolate at most. In the shared mode, where that is so anyway, the bound would be one of requests.
    pub(crate) one_isolate_an_owner: bool,
}

/// One variant, for one test.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fixture {
    pub(crate) variant: Variant,
}

impl Fixture {
    /// A runtime with two threads and generous limits.
    pub(crate) fn runtime(self) -> Runtime {
        self.runtime_with(|_| {})
    }

    /// As [`Fixture::runtime`], for a host.
    pub(crate) fn runtime_for(self, ops: &(impl Ops + Clone)) -> Runtime {
        self.runtime_with(|setup| setup.ops = Some(Arc::new(ops.clone())))
    }

    /// A runtime with whatever `change` changes.
    pub(crate) fn runtime_with(self, change: impl FnOnce(&mut Setup)) -> Runtime {
        let capacity = Capacity { threads: Some(2), context: self.variant.context(), ..Capacity::default() };
        let limits = ample_limits();
        let mut setup = Setup { capacity, limits, ops: None, one_isolate_an_owner: false };
        change(&mut setup);
        if setup.one_isolate_an_owner && self.variant != Variant::Shared {
            setup.capacity.max_per_owner = Some(1);
        }
        let mode = Mode::named(self.variant.mode(), &setup.capacity).expect("the mode is available");
        let mut builder = Runtime::builder().mode(mode).limits(setup.limits).v8(v8_config());
        if let Some(ops) = setup.ops {
            builder = builder.ops(ops);
        }
        builder.build().expect("the runtime can be built")
    }

    /// A runtime of one thread, on which so many requests may be at once and so many of one owner. Others wait, long
    /// and in any number.
    pub(crate) fn with_places(self, places: usize, of_one_owner: usize, ops: &(impl Ops + Clone)) -> Runtime {
        self.with_places_and_v8(places, of_one_owner, ops, v8_config())
    }

    /// As [`Fixture::with_places`], in a child process where V8 is set up so.
    pub(crate) fn with_places_and_v8(
        self,
        places: usize,
        of_one_owner: usize,
        ops: &(impl Ops + Clone),
        v8: V8Config,
    ) -> Runtime {
        let capacity = Capacity {
            threads: Some(1),
            max_isolates: Some(places),
            max_per_owner: Some(of_one_owner),
            queue: Some(1_000),
            queue_timeout: Some(Duration::from_secs(60)),
            context: self.variant.context(),
            prepare: None,
        };
        let mut mode = Mode::named(self.variant.mode(), &capacity).expect("the mode is available");
        match &mut mode {
            Mode::Pool(config) => config.max_requests_per_isolate = 1,
            Mode::Shared(config) => config.max_requests_per_isolate = places,
            _ => {}
        }
        let builder = Runtime::builder().mode(mode).limits(ample_limits()).v8(v8);
        builder.ops(Arc::new(ops.clone())).build().expect("the runtime can be built")
    }

    /// A runtime whose one thread has one isolate, so that requests of one owner meet.
    pub(crate) fn cramped(self) -> Runtime {
        self.runtime_with(|setup| {
            setup.capacity.threads = Some(1);
            setup.capacity.max_isolates = Some(1);
            setup.one_isolate_an_owner = true;
        })
    }
}

/// Runs a test's body on a runtime of two threads, at most for a minute and a half.
pub(crate) fn run<F: Future<Output = ()>>(variant: Variant, body: impl FnOnce(Fixture) -> F) {
    let executor = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("tokio gets its threads");
    let limit = Duration::from_secs(90);
    let finished = executor.block_on(async { tokio::time::timeout(limit, body(Fixture { variant })).await });
    assert!(finished.is_ok(), "the test did not end within {limit:?} in {variant:?}");
    executor.shutdown_background();
}

/// Makes a test of the body for every mode and context policy. The match in it has no wildcard: a variant that is
/// not instantiated does not compile.
macro_rules! in_every_mode {
    ($(#[$attribute:meta])* async fn $name:ident($fixture:ident: Fixture) $body:block) => {
        $(#[$attribute])*
        mod $name {
            #[allow(unused_imports, reason = "not every test uses everything of its module")]
            use super::*;

            const _: fn($crate::support::Variant) = |variant| match variant {
                $crate::support::Variant::Worker
                | $crate::support::Variant::PoolFresh
                | $crate::support::Variant::PoolReuse
                | $crate::support::Variant::PinnedFresh
                | $crate::support::Variant::PinnedReuse
                | $crate::support::Variant::Shared => {}
            };

            async fn body($fixture: $crate::support::Fixture) $body

            #[test]
            fn worker() {
                $crate::support::variant::run($crate::support::Variant::Worker, body);
            }

            #[test]
            fn pool_fresh() {
                $crate::support::variant::run($crate::support::Variant::PoolFresh, body);
            }

            #[test]
            fn pool_reuse() {
                $crate::support::variant::run($crate::support::Variant::PoolReuse, body);
            }

            #[test]
            fn pinned_fresh() {
                $crate::support::variant::run($crate::support::Variant::PinnedFresh, body);
            }

            #[test]
            fn pinned_reuse() {
                $crate::support::variant::run($crate::support::Variant::PinnedReuse, body);
            }

            #[test]
            fn shared() {
                $crate::support::variant::run($crate::support::Variant::Shared, body);
            }
        }
    };
}

#[test]
fn every_variant_is_one_of_an_available_mode() {
    for variant in Variant::ALL {
        assert!(of_mode(variant.mode()).contains(&variant));
        assert_eq!(Variant::named(&format!("{variant:?}")), variant);
    }
    assert_eq!(ModeName::available().len(), 4, "the suite is built with all modes");
}
