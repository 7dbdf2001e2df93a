//! The threads on which guests run: a group of engine-owned threads that take turns from one queue, and the way a
//! turn gets from a driver through the isolate's gate and lock onto one of them. What a turn does is not known here.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Weak};
use std::time::{Duration, Instant};

use runtime_admission::{GatePass, Waited, WorkQueue};

use crate::ahead;
use crate::idle::{IdleWork, REST, WATCH};
use crate::isolate::{self, Isolate, IsolateError, LockToken};
use crate::limits::RuntimeLimits;
use crate::quarantine;
use crate::turn_cell::{Panicked, TurnCell, TurnControl, TurnEnd, TurnHandle};
use crate::watchdog::{ThreadGroup, ThreadRecord};

type Job = Box<dyn FnOnce(&ThreadRecord) + Send>;

/// The stack of a turn thread: JavaScript's own share is set by V8's flag, the rest is for natives.
pub(crate) const STACK_BYTES: usize = 4 << 20;

/// A group of threads on which turns run. Cloning shares the group; when the last clone is gone its threads end.
///
/// A guest that does not stop costs the group a thread, which is replaced at once.
#[derive(Clone)]
pub struct TurnThreads(Kind);

#[derive(Clone)]
enum Kind {
    Group(Arc<Group>),
    Inline,
}

struct Group {
    name: String,
    size: usize,
    started: AtomicUsize,
    jobs: Arc<WorkQueue<Job>>,
    idle: Arc<IdleWork>,
}

impl TurnThreads {
    /// Starts a group of `size` threads whose names begin with `name`.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub fn start(name: &str, size: usize) -> std::io::Result<Self> {
        let size = size.max(1);
        let jobs = Arc::new(WorkQueue::new(processors().min(size)));
        let waiting = Arc::clone(&jobs);
        let idle = IdleWork::new(size, move || !waiting.is_empty());
        let started = AtomicUsize::new(0);
        let group = Arc::new(Group { name: name.to_owned(), size, started, jobs, idle });
        for _ in 0..size {
            Group::start_thread(&group)?;
        }
        Ok(Self(Kind::Group(group)))
    }

    /// The group that is shared by everything in this process that has none of its own: twice as many threads as
    /// the machine has processors, so that the operating system can share these out between long turns. As long as
    /// turns are short no more of them are awake than there are processors.
    ///
    /// # Errors
    /// If the operating system gave no thread for it.
    pub fn shared() -> std::io::Result<Self> {
        static SHARED: LazyLock<std::io::Result<TurnThreads>> =
            LazyLock::new(|| TurnThreads::start("isolane-turn", 2 * processors()));
        match &*SHARED {
            Ok(threads) => Ok(threads.clone()),
            Err(error) => Err(std::io::Error::new(error.kind(), error.to_string())),
        }
    }

    /// No threads: turns run on the thread that drives the request, which must not be inside another turn.
    ///
    /// For trusted guests only: a turn that cannot be stopped hangs the caller's thread, and running out of memory
    /// in one builtin ends the process.
    pub fn inline_for_trusted_guests() -> Self {
        Self(Kind::Inline)
    }

    /// How many threads the group has; 1 for inline.
    pub fn size(&self) -> usize {
        match &self.0 {
            Kind::Group(group) => group.size,
            Kind::Inline => 1,
        }
    }

    /// An isolate: one that stood by, if there is one, or a new one, made on a thread of the group.
    /// [`Isolate::start`] tells which.
    ///
    /// # Errors
    /// As [`Isolate::new`]; and if the thread was lost meanwhile.
    ///
    /// # Cancel safety
    /// Dropped, the isolate is disposed of as soon as it is made.
    pub async fn make_isolate(&self, limits: &Arc<RuntimeLimits>) -> Result<Arc<Isolate>, IsolateError> {
        if let Some(isolate) = Isolate::standing_by(limits) {
            return Ok(isolate);
        }
        let limits = Arc::clone(limits);
        let make = move || {
            isolate::reduce_backlog();
            Isolate::new(&limits)
        };
        self.run_blocking(make).await.unwrap_or(Err(IsolateError::ThreadLost))
    }

    /// Runs `work` under the isolate's lock on a thread of the group, after those that wait for the isolate already.
    /// For embedders that run their own code in an isolate, and for measuring; a guest's requests are driven by a
    /// [`Driver`](crate::Driver).
    ///
    /// # Errors
    /// [`IsolateError::ThreadLost`] if the isolate or the thread was lost to a turn that could not be stopped;
    /// [`IsolateError::Panicked`] if `work` panicked, after which the isolate is condemned.
    ///
    /// # Cancel safety
    /// Dropped, JavaScript that `work` runs is told to stop; `work` is not called if it was still waiting.
    pub async fn run<R: Send + 'static>(
        &self,
        isolate: &Arc<Isolate>,
        work: impl FnOnce(&mut LockToken<'_>) -> R + Send + 'static,
    ) -> Result<R, IsolateError> {
        let _occupied = isolate.occupy();
        match self.submit(isolate, None, |token, _meter| work(token)).await {
            TurnEnd::Ended(result, _stop) => Ok(result),
            TurnEnd::Panicked(Panicked(message)) => Err(IsolateError::Panicked(message)),
            TurnEnd::Lost(_) | TurnEnd::NotRun => Err(IsolateError::ThreadLost),
        }
    }

    /// Runs something that is no turn on a thread of the group.
    fn run_blocking<R: Send + 'static>(
        &self,
        work: impl FnOnce() -> R + Send + 'static,
    ) -> tokio::sync::oneshot::Receiver<R> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let job = move || {
            let _ = sender.send(work());
        };
        match &self.0 {
            Kind::Group(group) => group.send(Box::new(move |_| job())),
            Kind::Inline => job(),
        }
        receiver
    }

    /// Queues a turn of `isolate`: it passes the gate, gets a thread, locks the isolate, and runs `turn`.
    pub(crate) fn submit<R: Send + 'static>(
        &self,
        isolate: &Arc<Isolate>,
        wall_deadline: Option<Instant>,
        turn: impl FnOnce(&mut LockToken<'_>, &Meter<'_>) -> R + Send + 'static,
    ) -> TurnHandle<R> {
        let cell = TurnCell::new();
        let handle = TurnHandle::new(Arc::clone(&cell));
        let job = TurnJob { cell, wall_deadline, turn: Some((turn, Arc::clone(isolate))) };
        let threads = self.clone();
        let on_grant = move |pass: GatePass| match &threads.0 {
            Kind::Group(group) => group.dispatch(Box::new(move |record| job.run(record, pass))),
            Kind::Inline => with_own_record(|record| job.run(record, pass)),
        };
        isolate.gate().enqueue(Box::new(on_grant));
        handle
    }

    /// An isolate has a wish for when there is time. Without threads there never is.
    pub(crate) fn when_idle(&self, isolate: &Arc<Isolate>) {
        if let Kind::Group(group) = &self.0
            && group.idle.add(Arc::downgrade(isolate))
        {
            // Wakes a thread, which finds its queue empty then, and looks for idle work.
            group.jobs.send(Box::new(|_| ()));
        }
    }
}

/// Runs a turn on the calling thread, which has its isolate's gate.
pub(crate) fn run_here<R: Send + 'static>(
    record: &ThreadRecord,
    isolate: &Arc<Isolate>,
    pass: GatePass,
    cell: &Arc<TurnCell<R>>,
    wall_deadline: Option<Instant>,
    turn: impl FnOnce(&mut LockToken<'_>, &Meter<'_>) -> R + Send + 'static,
) {
    let job = TurnJob { cell: Arc::clone(cell), wall_deadline, turn: Some((turn, Arc::clone(isolate))) };
    job.run(record, pass);
}

impl std::fmt::Debug for TurnThreads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Kind::Group(group) => write!(f, "TurnThreads({} x {})", group.name, group.size),
            Kind::Inline => f.write_str("TurnThreads(inline)"),
        }
    }
}

impl Group {
    /// Has a turn run: on the calling thread next, if that is one of the group's which has just left the same
    /// isolate, and nothing else waits for a thread; otherwise on the first thread that is free.
    ///
    /// Where an isolate's turns follow each other, this spares a thread's wake-up for each, and V8 the change of
    /// threads.
    fn dispatch(self: &Arc<Self>, turn: Job) {
        let unplaced = NEXT.with_borrow_mut(|next| match next {
            Next::Wanted(group) if *group == Arc::as_ptr(self) && self.jobs.is_empty() => {
                *next = Next::Turn(turn);
                None
            }
            _ => Some(turn),
        });
        if let Some(turn) = unplaced {
            self.send(turn);
        }
    }

    /// Has a job run on the first thread that is free.
    fn send(&self, job: Job) {
        self.jobs.send(job);
        self.idle.make_room();
    }

    fn start_thread(group: &Arc<Group>) -> std::io::Result<()> {
        let number = group.started.fetch_add(1, Ordering::Relaxed);
        let (jobs, idle) = (Arc::clone(&group.jobs), Arc::clone(&group.idle));
        let group_of_thread = Arc::downgrade(group);
        std::thread::Builder::new()
            .name(format!("{}-{number}", group.name))
            .stack_size(STACK_BYTES)
            .spawn(move || thread_main(&jobs, &idle, group_of_thread))
            .map(drop)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.jobs.close();
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(2, |count| count.get())
}

/// What the watchdog does to the group of a thread whose turn it watches.
struct Relief {
    group: Weak<Group>,
    jobs: Arc<WorkQueue<Job>>,
    idle: Arc<IdleWork>,
}

impl ThreadGroup for Relief {
    fn begin_long(&self) {
        self.jobs.begin_long();
    }

    fn replace(&self, was_long: bool) {
        self.idle.end();
        self.jobs.lose_member(was_long);
        if let Some(group) = self.group.upgrade()
            && let Err(error) = Group::start_thread(&group)
        {
            tracing::error!(%error, group = group.name, "a lost turn thread could not be replaced");
        }
    }
}

fn thread_main(jobs: &Arc<WorkQueue<Job>>, idle: &Arc<IdleWork>, group: Weak<Group>) {
    HOME.set(group.as_ptr());
    let relief = Relief { group, jobs: Arc::clone(jobs), idle: Arc::clone(idle) };
    let record = ThreadRecord::register(Some(Box::new(relief)));
    let member = jobs.join();
    // Whether the thread has run a job since it last waited for one in vain.
    let mut has_run = false;
    let is_lost = loop {
        let mut next = member.try_recv();
        if next.is_none() {
            let rests = std::mem::take(&mut has_run);
            if !rests && let Some(isolate) = idle.next() {
                // A step is done beside what else there is to do: the queue keeps another thread awake for that.
                record.begin_long();
                let step = || ahead::run_step(&isolate, idle, &record);
                let Some(has_more) = work(jobs, idle, &record, step) else { break true };
                if has_more {
                    idle.add(Arc::downgrade(&isolate));
                }
                next = Next::take();
            } else {
                // One thread looks again later after what there is no time for now.
                let patience = if rests { Some(REST) } else { idle.must_be_watched().then_some(WATCH) };
                next = match patience.map(|patience| idle.rest(&member, patience)) {
                    Some(Waited::Job(job)) => Some(job),
                    Some(Waited::InVain) => None,
                    Some(Waited::Closed) => break false,
                    None => match member.recv() {
                        Some(job) => Some(job),
                        None => break false,
                    },
                };
            }
        }
        let mut is_lost = false;
        while let Some(job) = next {
            // A turn's panic is its driver's; another job's is told by what it drops.
            let run = || catch_unwind(AssertUnwindSafe(|| job(&record)));
            match work(jobs, idle, &record, run) {
                Some(Ok(())) => {}
                Some(Err(panic)) => log_panic(&*panic),
                None => {
                    is_lost = true;
                    break;
                }
            }
            has_run = true;
            next = Next::take();
        }
        if is_lost {
            break true;
        }
    };
    if is_lost {
        member.leave_as_lost();
    } else {
        drop(member);
    }
    record.unregister();
}

/// Does a job or an idle step on a turn thread. None if the thread was given up meanwhile: whoever did that has counted it
/// out.
fn work<R>(
    jobs: &WorkQueue<Job>,
    idle: &IdleWork,
    record: &ThreadRecord,
    work: impl FnOnce() -> R,
) -> Option<R> {
    idle.begin();
    let result = work();
    if record.is_given_up() {
        return None;
    }
    idle.end();
    if record.take_long() {
        jobs.end_long();
    }
    Some(result)
}

fn log_panic(panic: &(dyn Any + Send)) {
    tracing::error!(message = panic_message(panic), "a job of a turn thread panicked");
}

thread_local! {
    /// The group that the thread belongs to; null for threads that are not ours.
    static HOME: Cell<*const Group> = const { Cell::new(std::ptr::null()) };
    static NEXT: RefCell<Next> = const { RefCell::new(Next::Unwanted) };
}

/// What a turn thread runs before it looks into its group's queue.
enum Next {
    /// Nothing: the thread is inside a turn, or not ours.
    Unwanted,
    /// The thread has left an isolate: it would take that one's next turn, if it comes from this group.
    Wanted(*const Group),
    /// This turn.
    Turn(Job),
}

impl Next {
    /// Leaves an isolate, and catches its next turn if that is handed over.
    fn catch(pass: GatePass) {
        let home = HOME.get();
        if !home.is_null() {
            NEXT.set(Next::Wanted(home));
        }
        drop(pass);
        NEXT.with_borrow_mut(|next| {
            if matches!(next, Next::Wanted(_)) {
                *next = Next::Unwanted;
            }
        });
    }

    fn take() -> Option<Job> {
        match NEXT.replace(Next::Unwanted) {
            Next::Turn(turn) => Some(turn),
            Next::Unwanted | Next::Wanted(_) => None,
        }
    }
}

/// Runs `work` with the record of a thread that is not ours.
fn with_own_record(work: impl FnOnce(&ThreadRecord)) {
    struct Registered(Arc<ThreadRecord>);
    impl Drop for Registered {
        fn drop(&mut self) {
            self.0.unregister();
        }
    }
    thread_local! {
        static OWN: RefCell<Option<Registered>> = const { RefCell::new(None) };
    }
    let record = OWN.with_borrow_mut(|own| {
        Arc::clone(&own.get_or_insert_with(|| Registered(ThreadRecord::register(None))).0)
    });
    work(&record);
}

/// The running turn's allowance and use of processor time.
pub(crate) struct Meter<'r> {
    record: &'r ThreadRecord,
    started: u64,
}

impl Meter<'_> {
    /// Allows this much processor time from now on; none for as much as it likes.
    pub(crate) fn allow(&self, cpu: Option<Duration>) {
        self.record.allow(cpu);
    }

    /// The processor time since the turn began.
    pub(crate) fn used(&self) -> Duration {
        Duration::from_nanos(self.record.cpu_now().saturating_sub(self.started))
    }
}

/// What a panic was given to say.
fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("a panic without a message").to_owned()
}

/// A turn on its way to a thread. Dropped unrun, it tells its driver.
struct TurnJob<R: Send + 'static, F> {
    cell: Arc<TurnCell<R>>,
    wall_deadline: Option<Instant>,
    turn: Option<(F, Arc<Isolate>)>,
}

impl<R, F> TurnJob<R, F>
where
    R: Send + 'static,
    F: FnOnce(&mut LockToken<'_>, &Meter<'_>) -> R + Send + 'static,
{
    fn run(mut self, record: &ThreadRecord, pass: GatePass) {
        let Some((turn, isolate)) = self.turn.take() else { return };
        let handle = isolate.handle();
        // A stop that came for an earlier turn must not hit this one.
        handle.cancel_terminate_execution();
        let mut token = isolate.lock();
        record.begin(
            Arc::clone(&self.cell) as Arc<dyn TurnControl>,
            Arc::clone(&isolate),
            self.wall_deadline,
        );
        let meter = Meter { record, started: record.cpu_now() };
        let value = self.cell.start(handle).then(|| {
            // Whatever it has broken is the isolate's, which is not used again.
            catch_unwind(AssertUnwindSafe(|| turn(&mut token, &meter))).map_err(|panic| {
                isolate.condemn();
                Panicked(panic_message(&*panic))
            })
        });
        self.cell.seal();
        let is_ours = record.finish();
        if !is_ours {
            // The thread was given up, and came back after all. Its driver has gone; the isolate can be disposed of
            // once this thread has let go of it.
            let bytes = isolate.budget().last_known_bytes();
            drop(token);
            isolate.set_lost(false);
            isolate.condemn();
            quarantine::note_recovered(bytes);
            drop(value);
            drop(pass);
            return;
        }
        drop(token);
        // The next turn of this isolate first: its driver waits longer than ours.
        Next::catch(pass);
        // When the driver knows of the end, nothing but its placement keeps the isolate from being disposed of.
        drop(isolate);
        if let Some(value) = value {
            self.cell.end(value);
        }
    }
}

impl<R: Send + 'static, F> Drop for TurnJob<R, F> {
    fn drop(&mut self) {
        self.cell.drop_unrun();
    }
}
