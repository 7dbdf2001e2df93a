//! What an isolate holds ready for its next request: a context that nothing ran in, or one in which the top level of
//! a script has been evaluated. One at a time, made in steps while the isolate is idle; `idle` says when.
//!
//! # What may be evaluated ahead
//! Workers-style scripts may not rely on when their top level runs, so it may run before the request is there, with
//! these rules:
//! - It must not ask the host for anything: a record for the log, a timer, a clock of the request, a call. A top level
//!   that does, or that waits for something, is stopped, thrown away unseen, and never evaluated ahead again (see
//!   `RealmState::unattended`); its logs and calls belong to a request. It has neither environment nor bindings then,
//!   so script and limits alone decide what comes out. `Date.now()` and `Math.random()` give what they give at that
//!   moment.
//! - Only a top level that the request before has evaluated well, in the same isolate, is evaluated ahead. One that
//!   throws or hits a limit then is thrown away without an outcome, and the isolate evaluates none ahead until a
//!   request has evaluated one well; a script that has failed in this way three times is left alone.
//! - What has been made is used by one request, under the very limits it was made under, and only for so long.
//!
//! # What it may cost
//! A request brings about one context and one evaluation at most, so idle work never takes more than the requests
//! have. An evaluation gets the startup time of the limits and `MOST_CPU` at most, also where the limits leave it
//! unbounded. All processor time is kept by the isolate and charged to the next request that it serves
//! (`Report::cpu_ahead`), whether that uses what was made or not.
//!
//! # Roles
//! The *last request* in an isolate makes a wish when it ends; a request that waits for its host wishes for a context,
//! since the isolate has nothing to do then either. An *idle step* (on a turn thread, inside the gate and
//! the lock) fulfils it: first the context, then, in another step, the top level. A *newcomer* takes the wish back
//! before it queues for the gate; an evaluation under way goes on if it is just what the newcomer needs, for it is then
//! further than the newcomer would be, and is stopped otherwise. The newcomer's first *turn* takes what is ready. The
//! *resident* closes the whole when the isolate is about to go. `ready` is put and taken under the isolate's lock only.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::idle::IdleWork;
use crate::isolate::{Isolate, LockToken};
use crate::limits::RuntimeLimits;
use crate::memory;
use crate::outcome::MadeAhead;
use crate::program_cache::CachedProgram;
use crate::quarantine;
use crate::realm::{BareContext, Realm};
use crate::script::Script;
use crate::standby;
use crate::turn::{self, Evaluation};
use crate::turn_cell::{Stop, TurnCell, TurnControl as _};
use crate::turn_threads::Meter;

/// What an isolate is to hold ready for its next request. See [`Placement`](crate::Placement).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prepare {
    /// Nothing.
    #[default]
    Nothing,
    /// A context in which nothing has run: any script can use it.
    Context,
    /// A context in which the top level of the script that ran last has been evaluated, where that can be done ahead;
    /// otherwise as `Context`.
    TopLevel {
        /// How long after its evaluation a request may still use it.
        max_age: Duration,
    },
}

/// The most processor time that an evaluation gets.
const MOST_CPU: Duration = Duration::from_secs(1);
/// The most time on the clock that a step gets: a busy machine may not let it run, and a request may wait for it.
const MOST_WALL: Duration = Duration::from_secs(2);

static CPU_NANOS: AtomicU64 = AtomicU64::new(0);
static CONTEXTS_MADE: AtomicU64 = AtomicU64::new(0);
static CONTEXTS_USED: AtomicU64 = AtomicU64::new(0);
static TOP_LEVELS_BEGUN: AtomicU64 = AtomicU64::new(0);
static TOP_LEVELS_MADE: AtomicU64 = AtomicU64::new(0);
static TOP_LEVELS_USED: AtomicU64 = AtomicU64::new(0);
static TOP_LEVELS_GIVEN_UP: AtomicU64 = AtomicU64::new(0);
static TOP_LEVELS_FAILED: AtomicU64 = AtomicU64::new(0);

/// What this process has made ahead of requests, since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct AheadStats {
    /// Isolates that stand by now. They are among those that [`process_memory`](crate::process_memory) counts.
    pub standby_isolates: usize,
    /// Isolates that were handed over to requests.
    pub isolates_used: u64,
    /// Contexts that idle isolates made.
    pub contexts_made: u64,
    /// Contexts that a request used before anything had run in them, those of isolates that stood by included.
    pub contexts_used: u64,
    /// Evaluations of top levels that have begun. Each ends as one of the next, unless it takes its thread with it.
    pub top_levels_begun: u64,
    /// Top levels evaluated.
    pub top_levels_made: u64,
    /// Those of them that a request used.
    pub top_levels_used: u64,
    /// Evaluations that were stopped because a request came.
    pub top_levels_given_up: u64,
    /// Evaluations of top levels that threw, waited, hit a limit, or asked for something of a request.
    pub top_levels_failed: u64,
    /// The processor time of all contexts and evaluations.
    pub cpu: Duration,
}

/// The counters as they stand.
pub fn ahead_stats() -> AheadStats {
    let (standby_isolates, isolates_used) = standby::counters();
    AheadStats {
        standby_isolates,
        isolates_used,
        contexts_made: CONTEXTS_MADE.load(Ordering::Relaxed),
        contexts_used: CONTEXTS_USED.load(Ordering::Relaxed),
        top_levels_begun: TOP_LEVELS_BEGUN.load(Ordering::Relaxed),
        top_levels_made: TOP_LEVELS_MADE.load(Ordering::Relaxed),
        top_levels_used: TOP_LEVELS_USED.load(Ordering::Relaxed),
        top_levels_given_up: TOP_LEVELS_GIVEN_UP.load(Ordering::Relaxed),
        top_levels_failed: TOP_LEVELS_FAILED.load(Ordering::Relaxed),
        cpu: Duration::from_nanos(CPU_NANOS.load(Ordering::Relaxed)),
    }
}

/// A top level that is wished for.
#[derive(Clone, Debug)]
pub(crate) struct TopLevel {
    pub(crate) script: Script,
    pub(crate) limits: Arc<RuntimeLimits>,
    pub(crate) max_age: Duration,
}

impl TopLevel {
    /// Whether a request for this script under these limits could use it.
    fn suits(&self, script: &Script, limits: &Arc<RuntimeLimits>) -> bool {
        self.script.hash() == script.hash() && (Arc::ptr_eq(&self.limits, limits) || self.limits == *limits)
    }
}

/// What a turn gets.
pub(crate) enum Ready {
    Context(BareContext),
    TopLevel(Realm),
}

impl Ready {
    pub(crate) fn kind(&self) -> MadeAhead {
        match self {
            Ready::Context(_) => MadeAhead::Context,
            Ready::TopLevel(_) => MadeAhead::TopLevel,
        }
    }
}

enum Held {
    Context(BareContext),
    TopLevel { realm: Realm, what: TopLevel, made: Instant },
}

/// One isolate's part.
#[derive(Default)]
pub(crate) struct Ahead {
    /// Requests that have a place in the isolate.
    users: AtomicUsize,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    held: Option<Held>,
    /// Something is wished for; the top level, if that is.
    wish: Option<Option<TopLevel>>,
    /// A thread group has the isolate among its idle work.
    is_queued: bool,
    /// The evaluation that runs.
    evaluation: Option<(TopLevel, Arc<TurnCell<()>>)>,
    /// The script that came last, and whether the one before was the same: a guess at the next.
    last: Option<[u8; 32]>,
    is_steady: bool,
    /// The last evaluation failed, and no request has evaluated a top level here since.
    has_failed: bool,
    /// Processor time of what was made ahead, not charged to a request yet.
    spent: Duration,
    is_closed: bool,
}

/// What an idle step has to do.
enum Step {
    MakeContext,
    Evaluate(BareContext, TopLevel),
}

impl Ahead {
    pub(crate) fn add_user(&self) {
        self.users.fetch_add(1, Ordering::AcqRel);
    }

    /// A request has left its place. True if it was the last.
    pub(crate) fn remove_user(&self) -> bool {
        self.users.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Wishes for something; with none, for a context. True if the isolate must be queued as idle work.
    pub(crate) fn wish(&self, top_level: Option<TopLevel>) -> bool {
        let mut inner = self.inner.lock();
        if inner.is_closed || self.users.load(Ordering::Acquire) > 0 {
            return false;
        }
        let top_level = top_level.filter(|wished| {
            inner.is_steady && !inner.has_failed && CachedProgram::of(&wished.script).may_be_evaluated_ahead()
        });
        let is_there = match (&inner.held, &top_level) {
            (None, _) | (Some(Held::Context(_)), Some(_)) => false,
            (Some(_), None) => true,
            (Some(Held::TopLevel { what, made, .. }), Some(wished)) => {
                what.suits(&wished.script, &wished.limits) && made.elapsed() <= what.max_age
            }
        };
        if is_there {
            return false;
        }
        inner.wish = Some(top_level);
        !std::mem::replace(&mut inner.is_queued, true)
    }

    /// A request has begun to wait for its host: wishes for a context for the next one. Nothing of a guest's runs for
    /// that, so all that it can delay the request by is the making of a context. True if the isolate must be queued as
    /// idle work.
    pub(crate) fn wish_between_turns(&self) -> bool {
        let mut inner = self.inner.lock();
        if inner.is_closed || inner.held.is_some() || inner.wish.is_some() || inner.evaluation.is_some() {
            return false;
        }
        inner.wish = Some(None);
        !std::mem::replace(&mut inner.is_queued, true)
    }

    /// A request comes, for this script if it is a guest's. Called before it queues for the gate.
    pub(crate) fn claim(&self, need: Option<(&Script, &Arc<RuntimeLimits>)>) {
        let mut inner = self.inner.lock();
        inner.wish = None;
        if let Some((script, _)) = need {
            inner.is_steady = inner.last.is_none_or(|last| last == *script.hash());
            inner.last = Some(*script.hash());
        }
        if let Some((what, cell)) = &inner.evaluation
            && !need.is_some_and(|(script, limits)| what.suits(script, limits))
        {
            cell.stop(Stop::Canceled);
        }
    }

    /// Takes what is ready for a request. Called in its first turn, under the isolate's lock.
    pub(crate) fn take(&self, script: &Script, limits: &Arc<RuntimeLimits>) -> Option<Ready> {
        let held = self.inner.lock().held.take()?;
        match held {
            Held::Context(context) => {
                CONTEXTS_USED.fetch_add(1, Ordering::Relaxed);
                Some(Ready::Context(context))
            }
            Held::TopLevel { realm, what, made } => {
                let is_useful = what.suits(script, limits) && made.elapsed() <= what.max_age;
                is_useful.then(|| {
                    TOP_LEVELS_USED.fetch_add(1, Ordering::Relaxed);
                    Ready::TopLevel(realm)
                })
            }
        }
    }

    /// The processor time that the next request is charged with.
    pub(crate) fn take_spent(&self) -> Duration {
        std::mem::take(&mut self.inner.lock().spent)
    }

    fn note_spent(&self, cpu: Duration) {
        CPU_NANOS.fetch_add(u64::try_from(cpu.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.inner.lock().spent += cpu;
    }

    /// Puts a context in that was made with the isolate.
    pub(crate) fn put_context(&self, context: BareContext, cpu: Duration) {
        self.note_spent(cpu);
        self.inner.lock().held = Some(Held::Context(context));
    }

    /// A request has evaluated its top level here, and it went well.
    pub(crate) fn note_success(&self) {
        self.inner.lock().has_failed = false;
    }

    /// The isolate is about to go: nothing is made for it any more.
    pub(crate) fn close(&self) {
        let mut inner = self.inner.lock();
        inner.is_closed = true;
        inner.wish = None;
        if let Some((_, cell)) = &inner.evaluation {
            cell.stop(Stop::Canceled);
        }
    }

    /// What is held, for the isolate's end.
    pub(crate) fn clear(&mut self) {
        let inner = self.inner.get_mut();
        inner.held = None;
        inner.evaluation = None;
    }

    /// The step has not been done, and will not be.
    fn skip(&self) {
        let mut inner = self.inner.lock();
        inner.is_queued = false;
        inner.wish = None;
    }

    /// Begins a step, if there is still a wish. Called under the isolate's lock, with the cell of the step's turn.
    fn begin(&self, cell: &Arc<TurnCell<()>>) -> Option<Step> {
        let mut inner = self.inner.lock();
        let wish = inner.wish.take();
        let (step, dropped) = match (wish, inner.held.take()) {
            (None, held) => {
                inner.held = held;
                inner.is_queued = false;
                (None, None)
            }
            (Some(Some(top_level)), Some(Held::Context(context))) => {
                inner.evaluation = Some((top_level.clone(), Arc::clone(cell)));
                (Some(Step::Evaluate(context, top_level)), None)
            }
            (Some(wish), held) => {
                // The top level is evaluated in another step.
                inner.wish = wish.map(Some);
                (Some(Step::MakeContext), held)
            }
        };
        drop(inner);
        drop(dropped);
        step
    }

    /// Ends a step with what it made. True if there is more to do.
    fn end(&self, made: Option<Held>, has_failed: bool) -> bool {
        let mut inner = self.inner.lock();
        inner.evaluation = None;
        inner.has_failed |= has_failed;
        if made.is_none() {
            inner.wish = None;
        }
        inner.held = made;
        inner.is_queued = inner.wish.is_some() && !inner.is_closed;
        inner.is_queued
    }
}

/// An idle step: one context, or one evaluation. Runs inside a turn of the isolate's. True if the isolate is to be
/// queued again.
fn step(
    isolate: &Isolate,
    idle: &IdleWork,
    cell: &Arc<TurnCell<()>>,
    token: &mut LockToken<'_>,
    meter: &Meter<'_>,
) -> bool {
    let ahead = isolate.ahead();
    let Some(step) = ahead.begin(cell) else { return false };
    let (made, has_failed) = match step {
        Step::MakeContext => {
            let context = turn::make_context(isolate, token);
            if context.is_some() {
                CONTEXTS_MADE.fetch_add(1, Ordering::Relaxed);
            }
            (context.map(Held::Context), false)
        }
        Step::Evaluate(context, what) => {
            TOP_LEVELS_BEGUN.fetch_add(1, Ordering::Relaxed);
            idle.begin_evaluation(cell);
            let evaluated = evaluate(isolate, cell, token, meter, context, &what);
            idle.end_evaluation(cell);
            match evaluated {
                Evaluation::Ready(realm) => {
                    TOP_LEVELS_MADE.fetch_add(1, Ordering::Relaxed);
                    (Some(Held::TopLevel { realm, what, made: Instant::now() }), false)
                }
                Evaluation::GivenUp => {
                    TOP_LEVELS_GIVEN_UP.fetch_add(1, Ordering::Relaxed);
                    (None, false)
                }
                Evaluation::NeedsRequest | Evaluation::Failed => {
                    TOP_LEVELS_FAILED.fetch_add(1, Ordering::Relaxed);
                    (None, true)
                }
            }
        }
    };
    ahead.note_spent(meter.used());
    ahead.end(made, has_failed)
}

fn evaluate(
    isolate: &Isolate,
    cell: &Arc<TurnCell<()>>,
    token: &mut LockToken<'_>,
    meter: &Meter<'_>,
    context: BareContext,
    what: &TopLevel,
) -> Evaluation {
    let program = CachedProgram::of(&what.script);
    // Counted before, so that an evaluation which takes its thread with it counts.
    program.note_failure_ahead();
    let cpu = what.limits.startup_cpu().map_or(MOST_CPU, |limit| limit.min(MOST_CPU));
    let mut evaluated = turn::evaluate_ahead(isolate, token, meter, context, &what.script, &what.limits, cpu);
    // A turn that was told to stop because a request came, or that was not let run, says nothing about the script.
    if matches!(evaluated, Evaluation::Failed)
        && matches!(cell.stop_reason(), Some(Stop::Canceled | Stop::Wall))
    {
        evaluated = Evaluation::GivenUp;
    }
    match evaluated {
        Evaluation::Ready(_) | Evaluation::GivenUp => program.withdraw_failure_ahead(),
        Evaluation::NeedsRequest => program.note_needs_request(),
        Evaluation::Failed => {}
    }
    evaluated
}

/// Does one step in an isolate from a group's idle work, on a thread of the group. True if the isolate is to be queued
/// again.
pub(crate) fn run_step(
    isolate: &Arc<Isolate>,
    idle: &Arc<IdleWork>,
    record: &crate::watchdog::ThreadRecord,
) -> bool {
    let may_run = !isolate.is_condemned() && !memory::is_process_full() && quarantine::health().is_healthy();
    let Some(pass) = may_run.then(|| isolate.gate().try_enter()).flatten() else {
        // Somebody is in it, or nothing is to be made any more. The next to leave may wish again.
        isolate.ahead().skip();
        return false;
    };
    let cell = TurnCell::new();
    let again = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let work = {
        let (isolate, idle, cell, again) =
            (Arc::clone(isolate), Arc::clone(idle), Arc::clone(&cell), Arc::clone(&again));
        move |token: &mut LockToken<'_>, meter: &Meter<'_>| {
            again.store(step(&isolate, &idle, &cell, token, meter), Ordering::Relaxed);
        }
    };
    let deadline = Instant::now() + MOST_WALL;
    crate::turn_threads::run_here(record, isolate, pass, &cell, Some(deadline), work);
    again.load(Ordering::Relaxed)
}
