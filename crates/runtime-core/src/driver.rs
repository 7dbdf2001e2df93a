//! The turn driver: takes one request from its placement to its end. It submits turns, polls the host calls that the
//! guest waits for, keeps the clock, decides the outcome, and gives the isolate back. What happens inside a turn is
//! `turn`'s business.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::Sleep;

use crate::host_calls::{HostResult, RunningCall};
use crate::limits::RuntimeLimits;
use crate::mode::{Placement, Verdict};
use crate::outcome::{Failure, MadeAhead, Outcome, Recycle, Report};
use crate::realm::{Finish, GuestRequest, RealmState};
use crate::script::Script;
use crate::turn::{self, Allowance, Stage, TurnReply, Work};
use crate::turn_cell::{Panicked, Stop, TurnEnd, TurnHandle};

/// What a driver tells its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The response is there; more may follow.
    Responded,
    /// The request has ended; see [`Driver::into_end`].
    Ended,
}

/// One request on its way.
///
/// # Cancel safety
/// Dropping a driver ends the request: its host calls are dropped, a running turn is told to stop, and the isolate is
/// given back, without its context, when the turn has ended.
///
/// # Panics
/// Polling it outside of a tokio runtime with timers panics.
pub struct Driver {
    placement: Option<Placement>,
    script: Script,
    /// What the next turn begins with, before the first one.
    first: Option<Work>,
    /// The realm and request, between turns.
    state: Option<(Box<RealmState>, Stage)>,
    turn: Option<TurnHandle<TurnReply>>,
    calls: FuturesUnordered<RunningCall>,
    completions: Vec<(u64, HostResult)>,
    limits: Arc<RuntimeLimits>,
    called: Instant,
    placed: Instant,
    responded: Option<Instant>,
    /// When the request's time on the clock is used up, and since what that is counted, for people.
    deadline: Option<Instant>,
    counted_from: &'static str,
    wall: Option<Pin<Box<Sleep>>>,
    timer: Option<(Instant, Pin<Box<Sleep>>)>,
    startup_cpu: Duration,
    /// Since the guest had its processor time anew, if it had.
    handler_cpu: Duration,
    /// Of all turns.
    turns_cpu: Duration,
    /// Of the jobs on the host's threads that have ended.
    work_cpu: Duration,
    /// Among the completions is something for which such jobs have their processor time anew.
    renews_work: bool,
    is_stalled: bool,
    /// The last round of V8's tasks in the isolate that a turn of this request has seen.
    seen_rounds: u64,
    has_told_response: bool,
    /// The end, while the caller has not yet been told of the response, with what it costs the isolate.
    pending_finish: Option<(Finish, Option<Recycle>)>,
    report: Report,
    end: Option<Finish>,
}

impl Driver {
    pub(crate) fn new(
        mode: &'static str,
        called: Instant,
        mut placement: Placement,
        script: Script,
        request: Box<dyn GuestRequest>,
        limits: Arc<RuntimeLimits>,
    ) -> Self {
        let placed = Instant::now();
        let mut report = Report { mode, start: placement.start, ..Report::default() };
        report.phases.create = placement.create;
        report.phases.acquire = (placed - called).saturating_sub(placement.create);
        report.queue = report.phases.acquire;
        let realm = placement.realm.take();
        let deadline = limits.wall().map(|wall| called + wall);
        Self {
            first: Some(Work::Begin { realm, script: script.clone(), request, limits: Arc::clone(&limits) }),
            placement: Some(placement),
            script,
            state: None,
            turn: None,
            calls: FuturesUnordered::new(),
            completions: Vec::new(),
            limits,
            called,
            placed,
            responded: None,
            deadline,
            counted_from: "",
            wall: None,
            timer: None,
            startup_cpu: Duration::ZERO,
            handler_cpu: Duration::ZERO,
            turns_cpu: Duration::ZERO,
            work_cpu: Duration::ZERO,
            renews_work: false,
            is_stalled: false,
            seen_rounds: 0,
            has_told_response: false,
            pending_finish: None,
            report,
            end: None,
        }
    }

    /// Goes on until there is news.
    ///
    /// # Cancel safety
    /// Dropping the returned future loses nothing; calling again goes on.
    pub async fn progress(&mut self) -> Progress {
        poll_fn(|cx| self.poll_progress(cx)).await
    }

    /// Goes on until there is news; see [`Driver::progress`].
    pub fn poll_progress(&mut self, cx: &mut Context<'_>) -> Poll<Progress> {
        loop {
            if self.responded.is_some() && !self.has_told_response {
                self.has_told_response = true;
                return Poll::Ready(Progress::Responded);
            }
            if self.has_ended() {
                return Poll::Ready(Progress::Ended);
            }
            self.poll_calls(cx);
            let is_late = self.poll_wall(cx);
            if let Some(turn) = &mut self.turn {
                if is_late {
                    turn.stop(Stop::Wall);
                }
                match Pin::new(turn).poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(end) => {
                        self.turn = None;
                        self.take_turn(end);
                    }
                }
                continue;
            }
            if is_late {
                self.end_with(
                    Finish { outcome: Outcome::ExceededWallTime, message: self.wall_message() },
                    None,
                );
                continue;
            }
            match self.next_work(cx) {
                Some(work) => self.submit(work),
                None => return Poll::Pending,
            }
        }
    }

    /// Whether the request has ended. Known without waiting if it ended in the turn that gave the response.
    pub fn has_ended(&mut self) -> bool {
        if self.has_told_response
            && let Some((finish, recycle)) = self.pending_finish.take()
        {
            self.end_with(finish, recycle);
        }
        self.end.is_some()
    }

    /// Counts the request's time on the clock from now on, and no longer from the call: because of `what`, which follows
    /// "took longer than so many ms".
    pub fn restart_wall(&mut self, what: &'static str) {
        self.deadline = self.limits.wall().map(|wall| Instant::now() + wall);
        self.counted_from = what;
        self.wall = None;
    }

    /// Counts the request's time on the clock no more, until [`Driver::restart_wall`].
    pub fn suspend_wall(&mut self) {
        self.deadline = None;
        self.wall = None;
    }

    /// The request, between turns: for the world above to take the response out.
    pub fn request<T: GuestRequest>(&mut self) -> Option<&mut T> {
        self.state.as_mut()?.0.request()
    }

    /// The end of a driver that has told [`Progress::Ended`]: the outcome, what happened, and the figures.
    ///
    /// # Panics
    /// If the request has not ended.
    pub fn into_end(mut self) -> (Outcome, String, Report) {
        let finish = self.end.take().expect("into_end is called once the request has ended");
        (finish.outcome, finish.message, std::mem::take(&mut self.report))
    }

    /// As [`Driver::into_end`], for a request that gave no response.
    ///
    /// # Panics
    /// If the request has not ended.
    pub fn into_failure(self) -> Failure {
        let (outcome, message, report) = self.into_end();
        Failure { outcome, message, report: Box::new(report) }
    }

    /// Ends the request because its caller has gone. A turn that runs is told to stop, and the isolate is given back
    /// when it has. A request that has ended well meanwhile has done so for nobody, and is canceled all the same.
    pub fn cancel(mut self) -> (Outcome, String, Report) {
        match &self.end {
            None => {
                if let (Some(turn), placement) = (self.turn.take(), self.placement.take()) {
                    turn.leave(Box::new(placement));
                }
                self.end_with(self.stopped(Stop::Canceled), None);
            }
            Some(end) if end.outcome == Outcome::Ok => self.end = Some(self.stopped(Stop::Canceled)),
            Some(_) => {}
        }
        self.into_end()
    }

    /// Takes what host calls have answered.
    fn poll_calls(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Some(completion)) = self.calls.poll_next_unpin(cx) {
            let Some(completion) = completion else { continue };
            if completion.renews_cpu {
                self.handler_cpu = Duration::ZERO;
                self.renews_work = true;
            }
            self.completions.push((completion.id, completion.result));
        }
    }

    /// Whether the request's time is used up.
    fn poll_wall(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(deadline) = self.deadline else { return false };
        let wall = self.wall.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline.into())));
        wall.as_mut().poll(cx).is_ready()
    }

    fn wall_message(&self) -> String {
        let (limit, counted_from) = (self.limits.wall_ms, self.counted_from);
        if self.is_stalled {
            format!(
                "the request took longer than {limit} ms{counted_from}; it waits for a promise that nothing will settle"
            )
        } else {
            format!("the request took longer than {limit} ms{counted_from}")
        }
    }

    /// What the next turn has to do, if anything; otherwise the task is woken when there is something.
    fn next_work(&mut self, cx: &mut Context<'_>) -> Option<Work> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        let has_tasks = self
            .placement
            .as_ref()
            .is_some_and(|placement| placement.isolate.foreground().poll_ready(cx.waker(), self.seen_rounds));
        let is_due = match &mut self.timer {
            Some((_, timer)) => timer.as_mut().poll(cx).is_ready(),
            None => false,
        };
        if self.completions.is_empty() && !is_due && !has_tasks {
            if self.is_stalled && self.deadline.is_none() {
                let message = "the guest waits for a promise that nothing will settle".to_owned();
                self.end_with(Finish { outcome: Outcome::Exception, message }, None);
                cx.waker().wake_by_ref();
            }
            return None;
        }
        let (state, stage) = self.state.take()?;
        let account = state.calls.account();
        self.work_cpu = account.used();
        if std::mem::take(&mut self.renews_work) {
            account.renew();
        }
        Some(Work::Resume { state, stage, completions: std::mem::take(&mut self.completions) })
    }

    fn submit(&mut self, work: Work) {
        let Some(placement) = &self.placement else { return };
        let left = |limit: Option<Duration>, used| limit.map(|limit| limit.saturating_sub(used));
        let allowance = Allowance {
            startup: left(self.limits.startup_cpu(), self.startup_cpu),
            handler: left(self.limits.cpu(), self.handler_cpu),
        };
        let deadline = self.deadline;
        let isolate = Arc::clone(&placement.isolate);
        if let Work::Begin { .. } = &work {
            isolate.ahead().claim(Some((&self.script, &self.limits)));
        }
        self.report.turns += 1;
        self.is_stalled = false;
        self.turn = Some(placement.threads.submit(&placement.isolate, deadline, move |token, meter| {
            turn::run(&isolate, token, meter, allowance, work)
        }));
    }

    fn take_turn(&mut self, end: TurnEnd<TurnReply>) {
        let (reply, stop) = match end {
            TurnEnd::Ended(reply, stop) => (reply, stop),
            TurnEnd::Lost(stop) => {
                let finish = self.stopped(stop);
                return self.end_with(finish, Some(Recycle::Quarantine));
            }
            TurnEnd::Panicked(Panicked(message)) => {
                let finish =
                    Finish { outcome: Outcome::internal(), message: format!("a turn panicked: {message}") };
                return self.end_with(finish, Some(Recycle::Fault));
            }
            TurnEnd::NotRun => {
                let finish = Finish {
                    outcome: Outcome::ExceededCpu,
                    message: "the isolate was lost to another request of the same worker".to_owned(),
                };
                return self.end_with(finish, Some(Recycle::Quarantine));
            }
        };
        let figures = &reply.figures;
        self.startup_cpu += figures.startup_cpu;
        self.handler_cpu += figures.handler_cpu;
        self.turns_cpu += figures.startup_cpu + figures.handler_cpu;
        self.report.cpu = self.turns_cpu + self.work_cpu;
        self.report.peak_heap_bytes = self.report.peak_heap_bytes.max(figures.heap_bytes);
        if figures.made_ahead != MadeAhead::Nothing {
            self.report.made_ahead = figures.made_ahead;
        }
        self.report.cpu_ahead += figures.cpu_ahead;
        self.report.phases.context += figures.context;
        self.report.phases.evaluate += figures.evaluate;
        self.report.subrequests = figures.subrequests;
        // A turn that was stopped had something to do.
        self.is_stalled = reply.is_stalled && reply.started.is_empty() && stop.is_none();
        let is_out_of_memory = self.placement.as_ref().is_some_and(|place| place.isolate.hit_heap_limit());
        self.seen_rounds = reply.rounds;
        self.calls.extend(reply.started);
        self.state = reply.state;
        self.arm_timer(reply.next_timer);
        // How the turn ended the request, if it did: by a limit, or as the guest said.
        let end = if is_out_of_memory {
            let message =
                format!("the isolate's memory grew past its limit of {} MiB", self.limits.heap_max_mb);
            Some((Finish { outcome: Outcome::ExceededMemory, message }, Some(Recycle::Memory)))
        } else if let Some(stop) = stop {
            Some((self.stopped(stop), None))
        } else {
            reply.finish.map(|finish| (finish, None))
        };
        if reply.has_responded && self.responded.is_none() {
            self.responded = Some(Instant::now());
            self.note_handler(self.placed.elapsed());
        }
        if self.responded.is_some() && !self.has_told_response {
            // The caller takes the response out of the request first. A limit that was hit after the guest had
            // answered ends what comes after the response, and not the response.
            self.pending_finish = end;
        } else if let Some((finish, recycle)) = end {
            self.end_with(finish, recycle);
        } else if self.report.turns == 1
            && let Some(placement) = &self.placement
        {
            placement.wait();
        }
    }

    fn arm_timer(&mut self, due: Option<Instant>) {
        match (due, &self.timer) {
            (None, _) => self.timer = None,
            (Some(due), Some((armed, _))) if due == *armed => {}
            (Some(due), _) => self.timer = Some((due, Box::pin(tokio::time::sleep_until(due.into())))),
        }
    }

    fn stopped(&self, stop: Stop) -> Finish {
        let (outcome, message) = match stop {
            Stop::Cpu if self.startup_is_used_up() => (
                Outcome::ExceededCpu,
                format!(
                    "the script's top level used more than {} ms of processor time",
                    self.limits.startup_cpu_ms
                ),
            ),
            Stop::Cpu => (
                Outcome::ExceededCpu,
                format!("the request used more than {} ms of processor time", self.limits.cpu_ms),
            ),
            Stop::Wall => (Outcome::ExceededWallTime, self.wall_message()),
            Stop::Canceled => (Outcome::Canceled, "the caller went away".to_owned()),
            Stop::Memory => (
                Outcome::ExceededMemory,
                format!("v8 ran out of memory within the isolate's limit of {} MiB", self.limits.heap_max_mb),
            ),
        };
        Finish { outcome, message }
    }

    /// What lies between place and response, and is neither the context's nor the top level's time.
    fn note_handler(&mut self, since_placed: Duration) {
        let phases = &mut self.report.phases;
        phases.handler = since_placed.saturating_sub(phases.context + phases.evaluate);
    }

    fn startup_is_used_up(&self) -> bool {
        self.limits.startup_cpu().is_some_and(|limit| self.startup_cpu >= limit)
    }

    /// The request is over: everything that it held is given back.
    fn end_with(&mut self, finish: Finish, recycle: Option<Recycle>) {
        self.calls.clear();
        self.completions.clear();
        self.timer = None;
        self.wall = None;
        let keeps_context = finish.outcome.keeps_context() && recycle.is_none();
        let mut recycle_reason = recycle.or((!keeps_context).then_some(Recycle::Outcome));
        let state = self.state.take();
        if let Some(placement) = self.placement.take() {
            let verdict = match recycle {
                Some(Recycle::Quarantine) => Verdict::Lost,
                Some(Recycle::Memory | Recycle::Fault) => Verdict::DiscardIsolate,
                _ if keeps_context => Verdict::Keep,
                _ => Verdict::DiscardContext,
            };
            let realm = match state {
                Some((state, Stage::Handling)) if keeps_context && state.realm.is_loaded => {
                    Some(state.into_realm())
                }
                _ => None,
            };
            recycle_reason = recycle_reason.or_else(|| match &realm {
                _ if placement.isolate.is_condemned() => Some(Recycle::Memory),
                Some(realm) => placement.policy.reason_to_discard(realm),
                // Its script has not been evaluated to the end, so that it can serve nobody.
                None => Some(Recycle::Outcome),
            });
            placement.give_back(realm, verdict, &self.script, &self.limits);
        }
        let now = Instant::now();
        self.report.recycle = recycle_reason;
        self.report.wall = now - self.called;
        match self.responded {
            Some(responded) => self.report.phases.response = now - responded,
            None => self.note_handler(now - self.placed),
        }
        self.end = Some(finish);
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let (Some(turn), placement) = (self.turn.take(), self.placement.take()) {
            // The turn still runs in the isolate: it is given back when the turn has ended.
            turn.leave(Box::new(placement));
        }
    }
}
