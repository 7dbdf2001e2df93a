//! What a mode is to the core: it places a request (gives it an isolate, and perhaps a context) and takes the
//! isolate back. What every mode must do the same way (deadlines, outcomes, health) is written once, on the trait
//! object; no mode is known here.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use runtime_admission::ShedReason;
use serde::{Deserialize, Serialize};

use crate::ahead::{Prepare, TopLevel};
use crate::driver::Driver;
use crate::isolate::{self, Isolate};
use crate::limits::RuntimeLimits;
use crate::memory;
use crate::outcome::{Failure, Outcome, Recycle, Start};
use crate::quarantine;
use crate::realm::{GuestRequest, Realm};
use crate::script::Script;
use crate::standby;
use crate::turn_threads::TurnThreads;

/// Whether a worker's contexts are used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContextPolicy {
    /// A new context for every request: no state of the guest's survives.
    #[default]
    Fresh,
    /// A context serves up to `max_uses` requests, one at a time; module state is kept, everything else is reset.
    Reuse {
        /// After this many requests the context is thrown away. 0 for never.
        max_uses: u32,
    },
}

impl ContextPolicy {
    /// Whether a realm that has served this many requests may serve another after its next one.
    pub(crate) fn keeps_after(self, uses: u32) -> bool {
        match self {
            ContextPolicy::Fresh => false,
            ContextPolicy::Reuse { max_uses } => max_uses == 0 || uses + 1 < max_uses,
        }
    }

    /// Whether a realm that has served some requests may serve another.
    pub fn keeps(self, realm: &Realm) -> bool {
        self.reason_to_discard(realm).is_none()
    }

    /// Why a realm that has served some requests may not serve another.
    pub fn reason_to_discard(self, realm: &Realm) -> Option<Recycle> {
        match self {
            ContextPolicy::Fresh => Some(Recycle::Policy),
            ContextPolicy::Reuse { max_uses } => {
                (max_uses > 0 && realm.uses() >= max_uses).then_some(Recycle::MaxUses)
            }
        }
    }
}

/// What makes two requests able to share a context: owner, worker, version and environment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RealmKey {
    /// The tenant. An isolate never serves two.
    pub owner: Arc<str>,
    /// The worker, within its owner.
    pub worker: Arc<str>,
    /// The script's hash.
    pub version: [u8; 32],
    /// A hash of the environment.
    pub environment: [u8; 32],
}

/// What a mode is asked to place.
#[derive(Clone, Debug)]
pub struct PlacementRequest {
    /// Whose and what it is.
    pub key: RealmKey,
    /// The limits of this request.
    pub limits: Arc<RuntimeLimits>,
}

/// How a mode gets an isolate back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All is well.
    Keep,
    /// The context is gone; the isolate may be used again.
    DiscardContext,
    /// The isolate must not be used again.
    DiscardIsolate,
    /// The isolate is held by a thread that was given up: its place is free, but it never comes back.
    Lost,
}

/// Where a placement's isolate goes when its request has ended. Implemented by modes.
pub trait Home: Send {
    /// Takes the isolate back. `realm` is the context, if it may be used again. Called exactly once, on any thread,
    /// never under an isolate's lock; must not block.
    fn give_back(self: Box<Self>, isolate: Arc<Isolate>, realm: Option<Realm>, verdict: Verdict);
}

/// A place that a request has been given. Dropped, it gives the isolate back without its context.
pub struct Placement {
    /// The isolate.
    pub isolate: Arc<Isolate>,
    /// A context of this very worker, version and environment, if there was one.
    pub realm: Option<Realm>,
    /// Where the turns run.
    pub threads: TurnThreads,
    /// Where isolate and context came from.
    pub start: Start,
    /// How long the mode took to make the isolate; zero if it was there.
    pub create: Duration,
    /// Whether the mode keeps the context for another request, for the report; by default it does not.
    pub policy: ContextPolicy,
    /// What the isolate is to hold ready for its next request once it serves nobody.
    pub prepare: Prepare,
    home: Option<Box<dyn Home>>,
}

impl Placement {
    /// A place on an isolate.
    pub fn new(isolate: Arc<Isolate>, threads: TurnThreads, start: Start, home: Box<dyn Home>) -> Self {
        isolate.ahead().add_user();
        Self {
            isolate,
            realm: None,
            threads,
            start,
            create: Duration::ZERO,
            policy: ContextPolicy::Fresh,
            prepare: Prepare::Nothing,
            home: Some(home),
        }
    }

    /// The request has ended. `script` and `limits` are what it ran, for the next one to find prepared.
    pub(crate) fn give_back(
        mut self,
        realm: Option<Realm>,
        verdict: Verdict,
        script: &Script,
        limits: &Arc<RuntimeLimits>,
    ) {
        let wished = match self.prepare {
            Prepare::TopLevel { max_age } if realm.is_some() => {
                Some(TopLevel { script: script.clone(), limits: Arc::clone(limits), max_age })
            }
            _ => None,
        };
        self.leave(realm, verdict, wished);
    }

    /// The request waits for its host.
    pub(crate) fn wait(&self) {
        if self.prepare != Prepare::Nothing && self.isolate.ahead().wish_between_turns() {
            self.threads.when_idle(&self.isolate);
        }
    }

    fn leave(&mut self, realm: Option<Realm>, verdict: Verdict, wished: Option<TopLevel>) {
        let Some(home) = self.home.take() else { return };
        let verdict = if self.isolate.is_condemned() && verdict != Verdict::Lost {
            Verdict::DiscardIsolate
        } else {
            verdict
        };
        let is_last = self.isolate.ahead().remove_user();
        home.give_back(Arc::clone(&self.isolate), realm, verdict);
        if is_last
            && self.prepare != Prepare::Nothing
            && matches!(verdict, Verdict::Keep | Verdict::DiscardContext)
            && self.isolate.ahead().wish(wished)
        {
            self.threads.when_idle(&self.isolate);
        }
    }
}

impl Drop for Placement {
    fn drop(&mut self) {
        self.leave(None, Verdict::DiscardContext, None);
    }
}

/// A mode's counters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ModeStats {
    /// The mode's name.
    pub mode: &'static str,
    /// The most isolates that it will have at once; 0 for no such bound.
    pub capacity: usize,
    /// Isolates in being.
    pub isolates: usize,
    /// Those that serve nobody.
    pub idle: usize,
    /// Requests that have a place.
    pub in_use: usize,
    /// Requests that wait for one.
    pub waiting: usize,
    /// Requests that found an isolate.
    pub hits: u64,
    /// Requests for which one was made.
    pub misses: u64,
    /// Isolates that went to make room.
    pub evictions: u64,
    /// Requests that were refused.
    pub shed: u64,
    /// Isolates that were thrown away because they could not be trusted any more.
    pub retired: u64,
}

/// How long a request that finds the process's memory full waits for idle isolates to be disposed of.
const TRIM_PATIENCE: Duration = Duration::from_secs(1);

/// A future that a mode gives.
pub type ModeFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An execution mode: where an isolate comes from, who may use it, and what is thrown away after.
///
/// Only what differs between modes is asked here. [`start`](#method.start) is the same for all.
pub trait ExecutionMode: Send + Sync {
    /// The mode's name: `worker`, `pool`, `pinned` or `shared`.
    fn name(&self) -> &'static str;

    /// Gives a request an isolate, waiting in the mode's queue if there is one.
    ///
    /// # Errors
    /// [`Outcome::LoadShed`] when there is no place, or not in time; [`Outcome::Internal`] when no isolate could be
    /// made.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the queue and gives back whatever it had been given.
    fn place<'a>(&'a self, request: &'a PlacementRequest) -> ModeFuture<'a, Result<Placement, Failure>>;

    /// The limits of requests that bring none.
    fn limits(&self) -> &Arc<RuntimeLimits>;

    /// The counters as they stand.
    fn stats(&self) -> ModeStats;

    /// Gives up the isolates that serve nobody, because memory is short.
    fn trim(&self);

    /// Takes no new requests from now on: they, and those that wait, get [`ShedReason::Draining`].
    fn close(&self);
}

impl dyn ExecutionMode + '_ {
    /// Places a request and makes its driver.
    ///
    /// # Errors
    /// As [`ExecutionMode::place`]; and [`Outcome::LoadShed`] if the process is unhealthy.
    ///
    /// # Cancel safety
    /// As [`ExecutionMode::place`].
    pub async fn start(
        &self,
        key: RealmKey,
        script: Script,
        request: Box<dyn GuestRequest>,
        limits: Option<Arc<RuntimeLimits>>,
    ) -> Result<Driver, Failure> {
        let called = Instant::now();
        let limits = limits.unwrap_or_else(|| Arc::clone(self.limits()));
        let deadline = limits.wall().map(|wall| called + wall);
        if !quarantine::health().is_healthy() {
            return Err(self.refused(
                called,
                Failure::new(
                    Outcome::LoadShed(ShedReason::Draining),
                    "too many threads were lost to guests that could not be stopped; restart the process",
                ),
            ));
        }
        if memory::is_process_full() {
            self.trim();
            standby::trim();
            let until = called + TRIM_PATIENCE;
            if !isolate::disposals_make_room(deadline.map_or(until, |deadline| deadline.min(until))).await {
                return Err(self.refused(
                    called,
                    Failure::new(
                        Outcome::LoadShed(ShedReason::Memory),
                        "all isolates of this process together take as much memory as they may",
                    ),
                ));
            }
        }
        let request_for_place = PlacementRequest { key, limits: Arc::clone(&limits) };
        let placing = self.place(&request_for_place);
        let placed = match deadline {
            Some(deadline) => match tokio::time::timeout_at(deadline.into(), placing).await {
                Ok(placed) => placed,
                Err(_elapsed) => Err(Failure::new(
                    Outcome::LoadShed(ShedReason::QueueTimeout),
                    "the request's time was used up before it had a place",
                )),
            },
            None => placing.await,
        };
        let placement = placed.map_err(|failure| self.refused(called, failure))?;
        Ok(Driver::new(self.name(), called, placement, script, request, limits))
    }

    /// A request that got no place, with the figures that there are.
    fn refused(&self, called: Instant, mut failure: Failure) -> Failure {
        failure.report.mode = self.name();
        failure.report.wall = called.elapsed();
        failure.report.queue = called.elapsed();
        failure
    }
}
