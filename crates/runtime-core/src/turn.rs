//! What happens inside one turn, under the isolate's lock: deliver what the host has ready, run JavaScript, drain
//! microtasks, harvest. Which turn comes when is the driver's business.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::ahead::Ready;
use crate::extension::Hook;
use crate::guest_error::{GuestError, describe_exception, describe_message, named};
use crate::host_calls::{HostResult, RunningCall, outcome_of_thrown};
use crate::isolate::{Isolate, LockToken};
use crate::limits::RuntimeLimits;
use crate::modules;
use crate::outcome::{MadeAhead, Outcome, ScriptFault};
use crate::process::V8;
use crate::program_cache::{CachedProgram, ScriptKind};
use crate::realm::{BareContext, Finish, GuestRequest, Realm, RealmState};
use crate::script::Script;
use crate::stack_trace;
use crate::turn_threads::Meter;

/// What a turn is to do.
pub(crate) enum Work {
    /// Take a request up: in a realm that is there, or in a new one for this script.
    Begin { realm: Option<Realm>, script: Script, request: Box<dyn GuestRequest>, limits: Arc<RuntimeLimits> },
    /// Go on: with what host calls have answered, and the timers that are due.
    Resume { state: Box<RealmState>, stage: Stage, completions: Vec<(u64, HostResult)> },
}

/// How far a request is.
pub(crate) enum Stage {
    /// The main module's evaluation waits for something.
    Loading(v8::Global<v8::Promise>, v8::Global<v8::Module>),
    /// The event has been given to the guest.
    Handling,
}

/// What a turn was allowed.
#[derive(Clone, Copy)]
pub(crate) struct Allowance {
    /// What is left of the top level's processor time.
    pub(crate) startup: Option<Duration>,
    /// What is left of the handler's.
    pub(crate) handler: Option<Duration>,
}

/// What a turn leaves for the driver.
pub(crate) struct TurnReply {
    /// The realm and the request, unless the turn ended them.
    pub(crate) state: Option<(Box<RealmState>, Stage)>,
    /// Host calls that natives started.
    pub(crate) started: Vec<RunningCall>,
    /// The end of the request, if it ended in this turn.
    pub(crate) finish: Option<Finish>,
    pub(crate) has_responded: bool,
    pub(crate) next_timer: Option<Instant>,
    /// Nothing is under way that could wake the guest: no host call, no timer.
    pub(crate) is_stalled: bool,
    /// The last round of V8's tasks that the turn has seen.
    pub(crate) rounds: u64,
    pub(crate) figures: TurnFigures,
}

#[derive(Clone, Copy, Default)]
pub(crate) struct TurnFigures {
    pub(crate) startup_cpu: Duration,
    pub(crate) handler_cpu: Duration,
    pub(crate) heap_bytes: usize,
    pub(crate) made_ahead: MadeAhead,
    pub(crate) cpu_ahead: Duration,
    pub(crate) context: Duration,
    pub(crate) evaluate: Duration,
    pub(crate) subrequests: u32,
}

/// Why the guest cannot go on, found during a turn.
enum Halt {
    /// The turn was told to stop; the driver knows why.
    Terminated,
    /// The request is over.
    Finished(Finish),
}

impl Halt {
    fn fault(outcome: Outcome, message: impl Into<String>) -> Self {
        Halt::Finished(Finish { outcome, message: message.into() })
    }
}

/// Runs one turn.
pub(crate) fn run(
    isolate: &Isolate,
    token: &mut LockToken<'_>,
    meter: &Meter<'_>,
    allowance: Allowance,
    work: Work,
) -> TurnReply {
    let mut figures = TurnFigures::default();
    let (state, halt) = {
        v8::scope!(let scope, &mut **token);
        match enter(isolate, scope, work, &mut figures) {
            Ok((state, task)) => {
                let context = v8::Local::new(scope, &state.realm.context);
                scope.set_slot(state);
                let scope = &mut v8::ContextScope::new(scope, context);
                let mut turn = Turn { isolate, meter, allowance, figures: &mut figures };
                leave_async_frame(scope);
                let end = turn.run(scope, context, task);
                leave_async_frame(scope);
                let state = scope.remove_slot::<Box<RealmState>>();
                match (state, end) {
                    (Some(state), Ok(stage)) => (Some((state, stage)), None),
                    (Some(state), Err(halt)) => (Some((state, Stage::Handling)), Some(halt)),
                    (None, _) => (None, Some(Halt::fault(Outcome::internal(), "the turn lost its state"))),
                }
            }
            Err(halt) => (None, Some(halt)),
        }
    };
    figures.heap_bytes = isolate.guard().check(token);
    let mut reply = TurnReply {
        state: None,
        started: Vec::new(),
        finish: None,
        has_responded: false,
        next_timer: None,
        is_stalled: false,
        rounds: isolate.foreground().rounds(),
        figures,
    };
    if let Some((mut state, stage)) = state {
        reply.has_responded = state.has_responded;
        reply.started = state.calls.take_started();
        reply.next_timer = state.timers.next_due();
        reply.is_stalled =
            state.calls.is_idle() && state.timers.is_empty() && !token.has_pending_background_tasks();
        reply.figures.subrequests = state.subrequests;
        reply.finish = state.finish.take();
        reply.state = Some((state, stage));
    }
    match halt {
        Some(Halt::Finished(finish)) => reply.finish = Some(finish),
        // The driver has the reason; the guest's own end does not count any more.
        Some(Halt::Terminated) => {
            reply.finish = Some(Finish {
                outcome: Outcome::ExceededMemory,
                message: "the isolate's heap limit was reached".to_owned(),
            });
        }
        None => {}
    }
    reply
}

/// What is left to do once the context is entered.
enum Task {
    Load,
    Resume(Stage, Vec<(u64, HostResult)>),
}

/// Makes or takes the realm. Needs no context.
fn enter(
    isolate: &Isolate,
    scope: &mut v8::PinScope<'_, '_, ()>,
    work: Work,
    figures: &mut TurnFigures,
) -> Result<(Box<RealmState>, Task), Halt> {
    match work {
        Work::Resume { mut state, stage, completions } => {
            state.turns = state.turns.wrapping_add(1);
            Ok((state, Task::Resume(stage, completions)))
        }
        Work::Begin { realm, script, request, limits } => {
            let started = Instant::now();
            figures.cpu_ahead = isolate.ahead().take_spent();
            let realm = match realm {
                Some(realm) => realm,
                None => {
                    let ready = isolate.ahead().take(&script, &limits);
                    figures.made_ahead = ready.as_ref().map_or(MadeAhead::Nothing, Ready::kind);
                    match ready {
                        Some(Ready::TopLevel(realm)) => realm,
                        Some(Ready::Context(context)) => context.with_script(script),
                        None => {
                            let context = BareContext::create(scope, engine()?)
                                .map_err(|error| Halt::fault(Outcome::internal(), error.message))?;
                            context.with_script(script)
                        }
                    }
                }
            };
            let context = v8::Local::new(scope, &realm.context);
            context.set_allow_generation_from_strings(limits.allow_eval);
            figures.context = started.elapsed();
            let mut state = RealmState::new(realm, limits);
            state.request = Some(request);
            Ok((state, Task::Load))
        }
    }
}

fn engine() -> Result<&'static V8, Halt> {
    V8::running().ok_or_else(|| Halt::fault(Outcome::internal(), "v8 is not initialised"))
}

/// Makes a context for a request that is not there yet. None if V8 cannot.
pub(crate) fn make_context(isolate: &Isolate, token: &mut LockToken<'_>) -> Option<BareContext> {
    let made = {
        v8::scope!(let scope, &mut **token);
        let engine = engine().ok()?;
        BareContext::create(scope, engine)
    };
    isolate.guard().check(token);
    made.ok().filter(|_| !isolate.hit_heap_limit())
}

/// What became of an evaluation for which no request was there.
pub(crate) enum Evaluation {
    /// It went well.
    Ready(Realm),
    /// It asked for something that only a request has, or waits for something.
    NeedsRequest,
    /// It was told to stop because a request came.
    GivenUp,
    /// It threw, or hit a limit.
    Failed,
}

/// Evaluates a script's top level for a request that is not there yet, within so much processor time.
pub(crate) fn evaluate_ahead(
    isolate: &Isolate,
    token: &mut LockToken<'_>,
    meter: &Meter<'_>,
    context: BareContext,
    script: &Script,
    limits: &Arc<RuntimeLimits>,
    cpu: Duration,
) -> Evaluation {
    let evaluated = {
        v8::scope!(let scope, &mut **token);
        let state =
            RealmState::unattended(context.with_script(script.clone()), Arc::clone(limits), isolate.handle());
        let context = v8::Local::new(scope, &state.realm.context);
        context.set_allow_generation_from_strings(limits.allow_eval);
        scope.set_slot(state);
        let scope = &mut v8::ContextScope::new(scope, context);
        let allowance = Allowance { startup: Some(cpu), handler: None };
        let mut figures = TurnFigures::default();
        meter.allow(allowance.startup);
        leave_async_frame(scope);
        let loaded = Turn { isolate, meter, allowance, figures: &mut figures }.load(scope, context);
        leave_async_frame(scope);
        match (scope.remove_slot::<Box<RealmState>>(), loaded) {
            (Some(state), _) if state.has_needed_request() => Evaluation::NeedsRequest,
            // It waits for something, which only the driver of a request can bring about.
            (Some(_), Ok(Some(_))) => Evaluation::NeedsRequest,
            (Some(state), Ok(None)) if !isolate.hit_heap_limit() => {
                Evaluation::Ready(state.into_unused_realm())
            }
            _ => Evaluation::Failed,
        }
    };
    isolate.guard().check(token);
    if isolate.hit_heap_limit() { Evaluation::Failed } else { evaluated }
}

struct Turn<'t, 'm> {
    isolate: &'t Isolate,
    meter: &'t Meter<'m>,
    allowance: Allowance,
    figures: &'t mut TurnFigures,
}

impl Turn<'_, '_> {
    fn run(
        &mut self,
        scope: &mut v8::PinScope<'_, '_>,
        context: v8::Local<'_, v8::Context>,
        task: Task,
    ) -> Result<Stage, Halt> {
        let result = match task {
            Task::Load => {
                let loaded_uses =
                    RealmState::of(scope).and_then(|state| state.realm.is_loaded.then(|| state.realm.uses()));
                if let Some(uses) = loaded_uses {
                    self.meter.allow(self.allowance.handler);
                    // Whatever the request before left behind must not be felt by this one. Where there was none,
                    // the top level was evaluated ahead.
                    let reset = if uses > 0 { self.hook(scope, Hook::Reset, &[]) } else { Ok(()) };
                    reset.and_then(|()| self.handle_first(scope, context))
                } else {
                    let started = Instant::now();
                    self.meter.allow(self.allowance.startup);
                    let loaded = self.load(scope, context);
                    self.figures.evaluate = started.elapsed();
                    self.figures.startup_cpu = self.meter.used();
                    match loaded {
                        Ok(None) => {
                            self.isolate.ahead().note_success();
                            self.handle_first(scope, context)
                        }
                        Ok(Some(stage)) => Ok(stage),
                        Err(halt) => Err(halt),
                    }
                }
            }
            Task::Resume(Stage::Handling, completions) => {
                self.meter.allow(self.allowance.handler);
                self.deliver(scope, context, completions).map(|()| Stage::Handling)
            }
            Task::Resume(Stage::Loading(promise, module), completions) => {
                self.meter.allow(self.allowance.startup);
                let delivered = self.deliver(scope, context, completions);
                self.figures.startup_cpu = self.meter.used();
                match delivered.and_then(|()| self.after_evaluation(scope, promise, module)) {
                    Ok(None) => self.handle_first(scope, context),
                    Ok(Some(stage)) => Ok(stage),
                    Err(halt) => Err(halt),
                }
            }
        };
        self.figures.handler_cpu = self.meter.used().saturating_sub(self.figures.startup_cpu);
        if self.isolate.hit_heap_limit() {
            return Err(Halt::Terminated);
        }
        result
    }

    /// Compiles and evaluates the script. `Some` if the evaluation waits for something.
    fn load(
        &mut self,
        scope: &mut v8::PinScope<'_, '_>,
        context: v8::Local<'_, v8::Context>,
    ) -> Result<Option<Stage>, Halt> {
        let script = RealmState::of(scope)
            .map(|state| state.realm.script().clone())
            .ok_or_else(|| Halt::fault(Outcome::internal(), "the turn has no realm"))?;
        if let Some(location) = script.location() {
            let Some(location) = v8::String::new(scope, location) else {
                return Err(Halt::fault(
                    Outcome::ExceededMemory,
                    "the location does not fit into the isolate",
                ));
            };
            self.hook(scope, Hook::SetLocation, &[location.into()])?;
        }
        let program = CachedProgram::of(&script);
        if script.has_source_maps() {
            scope.set_prepare_stack_trace_callback(stack_trace::prepare);
        }
        if program.kind() != Some(ScriptKind::Module) && !script.is_named_as_module() {
            match self.run_classic(scope, &script, &program)? {
                ClassicEnd::Ran => {
                    program.note_kind(ScriptKind::Classic);
                    self.drain(scope, context)?;
                    if let Some(state) = RealmState::of(scope) {
                        state.realm.is_loaded = true;
                    }
                    return Ok(None);
                }
                ClassicEnd::IsModule => {}
            }
        }
        let module = modules::load_main(scope, &script)
            .map_err(|error| self.halted(scope, Outcome::ScriptError(ScriptFault::Compile), error))?;
        program.note_kind(ScriptKind::Module);
        let promise = {
            v8::tc_scope!(let tc, scope);
            match module.evaluate(tc) {
                Some(promise) => promise,
                None => return Err(caught(tc)),
            }
        };
        let Ok(promise) = v8::Local::<v8::Promise>::try_from(promise) else {
            return Err(Halt::fault(Outcome::internal(), "a module's evaluation gave no promise"));
        };
        promise.mark_as_handled();
        self.drain(scope, context)?;
        let promise = v8::Global::new(scope, promise);
        let module = v8::Global::new(scope, module);
        self.after_evaluation(scope, promise, module)
    }

    /// Runs the main file as a classic script, unless it is a module.
    fn run_classic(
        &mut self,
        scope: &mut v8::PinScope<'_, '_>,
        script: &Script,
        program: &CachedProgram,
    ) -> Result<ClassicEnd, Halt> {
        let name = script.main_name();
        let Some(text) = script.code(&name) else {
            return Err(Halt::fault(Outcome::internal(), "the script has no main file"));
        };
        let cached = program.code(&name);
        v8::tc_scope!(let tc, scope);
        let compiled = (|| {
            let origin = modules::origin(tc, &name, false)?;
            let text = v8::String::new(tc, text)?;
            match &cached {
                Some(code) => {
                    let code = v8::script_compiler::CachedData::new(code);
                    let mut source =
                        v8::script_compiler::Source::new_with_cached_data(text, Some(&origin), code);
                    let compiled = v8::script_compiler::compile(
                        tc,
                        &mut source,
                        v8::script_compiler::CompileOptions::ConsumeCodeCache,
                        v8::script_compiler::NoCacheReason::NoReason,
                    );
                    if source.get_cached_data().is_some_and(|data| data.rejected()) {
                        program.forget_code(&name);
                    }
                    compiled
                }
                None => {
                    let mut source = v8::script_compiler::Source::new(text, Some(&origin));
                    v8::script_compiler::compile(
                        tc,
                        &mut source,
                        v8::script_compiler::CompileOptions::NoCompileOptions,
                        v8::script_compiler::NoCacheReason::NoReason,
                    )
                }
            }
        })();
        let Some(compiled) = compiled else {
            if tc.has_terminated() {
                return Err(Halt::Terminated);
            }
            let error = match tc.message() {
                Some(message) => describe_message(tc, message),
                None => "the script could not be compiled".to_owned(),
            };
            // A file that is no classic script may be a module; what V8 then says of it is what counts. Another
            // thread may have found out meanwhile that it is one.
            return if program.kind() != Some(ScriptKind::Classic) && reads_like_a_module(text) {
                Ok(ClassicEnd::IsModule)
            } else {
                Err(Halt::fault(Outcome::ScriptError(ScriptFault::Compile), error))
            };
        };
        if compiled.run(tc).is_none() {
            return Err(caught(tc));
        }
        if cached.is_none()
            && let Some(code) = compiled.get_unbound_script(tc).create_code_cache()
        {
            program.store_code(&name, &code);
        }
        Ok(ClassicEnd::Ran)
    }

    /// Looks at the main module's promise. `Some` if it is still pending.
    fn after_evaluation(
        &mut self,
        scope: &mut v8::PinScope<'_, '_>,
        promise: v8::Global<v8::Promise>,
        module: v8::Global<v8::Module>,
    ) -> Result<Option<Stage>, Halt> {
        let local = v8::Local::new(scope, &promise);
        match local.state() {
            v8::PromiseState::Pending => Ok(Some(Stage::Loading(promise, module))),
            v8::PromiseState::Rejected => {
                let reason = local.result(scope);
                let message = describe_exception(scope, reason);
                Err(Halt::fault(outcome_of_thrown(scope, reason), message))
            }
            v8::PromiseState::Fulfilled => {
                let module = v8::Local::new(scope, &module);
                let namespace = module.get_module_namespace();
                self.hook(scope, Hook::SetModule, &[namespace])?;
                if let Some(state) = RealmState::of(scope) {
                    state.realm.is_loaded = true;
                }
                modules::store_code(scope);
                Ok(None)
            }
        }
    }

    /// Gives the event to the guest.
    fn handle_first(
        &mut self,
        scope: &mut v8::PinScope<'_, '_>,
        context: v8::Local<'_, v8::Context>,
    ) -> Result<Stage, Halt> {
        self.meter.allow(self.allowance.handler);
        let request = RealmState::of(scope).and_then(|state| state.request.take());
        let Some(mut request) = request else {
            return Err(Halt::fault(Outcome::internal(), "the turn has no request"));
        };
        let arguments = request.begin(scope);
        if let Some(state) = RealmState::of(scope) {
            state.request = Some(request);
        }
        let arguments = arguments.map_err(|error| self.halted(scope, Outcome::ExceededMemory, error))?;
        let Some(arguments) = arguments else {
            if let Some(state) = RealmState::of(scope) {
                state.finish(Finish::ok());
            }
            return Ok(Stage::Handling);
        };
        self.hook(scope, Hook::Begin, &arguments)?;
        self.drain(scope, context)?;
        self.run_timers(scope, context, false)?;
        Ok(Stage::Handling)
    }

    /// Settles host calls, runs what V8 wants run, and fires timers; microtasks are drained after each.
    fn deliver(
        &mut self,
        scope: &mut v8::PinScope<'_, '_>,
        context: v8::Local<'_, v8::Context>,
        completions: Vec<(u64, HostResult)>,
    ) -> Result<(), Halt> {
        let had_responded = has_responded(scope);
        let tasks = self.isolate.foreground().take_ready();
        if !tasks.is_empty() {
            // A task can belong to any context of this isolate (a finalisation callback, say): while it runs, natives
            // must not find this request.
            let state = scope.remove_slot::<Box<RealmState>>();
            for task in tasks {
                task.run();
            }
            if let Some(state) = state {
                scope.set_slot(state);
            }
        }
        // Tasks that were run in another request's turn may have settled promises of this one.
        self.drain(scope, context)?;
        for (id, result) in completions {
            let Some(resolver) = RealmState::of(scope).and_then(|state| state.calls.take_resolver(id)) else {
                continue;
            };
            v8::scope!(let scope, scope);
            let resolver = v8::Local::new(scope, resolver);
            match result {
                Ok(value) => {
                    v8::tc_scope!(let tc, scope);
                    match value.into_v8(tc) {
                        Some(value) => {
                            resolver.resolve(tc, value);
                        }
                        None if tc.has_terminated() => return Err(Halt::Terminated),
                        None => {
                            let error = tc.exception().unwrap_or_else(|| v8::undefined(tc).into());
                            tc.reset();
                            resolver.reject(tc, error);
                        }
                    }
                }
                Err(error) => {
                    let error = error.to_v8(scope);
                    resolver.reject(scope, error);
                }
            }
            self.drain(scope, context)?;
        }
        self.run_timers(scope, context, had_responded)
    }

    /// Fires the timers that are due now; ones that they arm wait for a later turn. Once the guest has answered in
    /// this turn the rest wait as well: the response goes out first.
    fn run_timers(
        &mut self,
        scope: &mut v8::PinScope<'_, '_>,
        context: v8::Local<'_, v8::Context>,
        had_responded: bool,
    ) -> Result<(), Halt> {
        let now = Instant::now();
        while had_responded == has_responded(scope)
            && let Some(id) = RealmState::of(scope).and_then(|state| state.timers.take_due(now))
        {
            v8::scope!(let scope, scope);
            let id = v8::Number::new(scope, f64::from(id)).into();
            self.hook(scope, Hook::FireTimer, &[id])?;
            self.drain(scope, context)?;
            // Nobody waits for the timers of a request that has ended.
            if RealmState::of(scope).is_none_or(|state| state.finish.is_some()) {
                break;
            }
        }
        Ok(())
    }

    /// Calls a function of the platform's, which does not throw unless it is stopped.
    fn hook<'s>(
        &mut self,
        scope: &mut v8::PinScope<'s, '_>,
        hook: Hook,
        arguments: &[v8::Local<'s, v8::Value>],
    ) -> Result<(), Halt> {
        leave_async_frame(scope);
        v8::tc_scope!(let tc, scope);
        if RealmState::call_hook(tc, hook, arguments).is_some() {
            return Ok(());
        }
        if tc.has_terminated() || tc.is_execution_terminating() {
            return Err(Halt::Terminated);
        }
        let message = match tc.exception() {
            Some(exception) => describe_exception(tc, exception),
            None => "it did not run".to_owned(),
        };
        tc.reset();
        // A stack overflow is the guest's; anything else that gets out of a hook is a mistake of the platform's.
        let outcome =
            if message.starts_with("RangeError") { Outcome::Exception } else { Outcome::internal() };
        Err(Halt::fault(outcome, format!("{hook:?}: {message}")))
    }

    /// Runs microtasks until there are none, and reports rejections that nobody handles.
    fn drain(
        &mut self,
        scope: &mut v8::PinScope<'_, '_>,
        context: v8::Local<'_, v8::Context>,
    ) -> Result<(), Halt> {
        loop {
            if let Some(queue) = context.get_microtask_queue() {
                queue.perform_checkpoint(scope);
            }
            if scope.is_execution_terminating() || self.isolate.hit_heap_limit() {
                return Err(Halt::Terminated);
            }
            let rejections = RealmState::of(scope).map(|state| std::mem::take(&mut state.rejections));
            let Some(rejections) = rejections.filter(|rejections| !rejections.is_empty()) else {
                return Ok(());
            };
            for rejection in rejections {
                v8::scope!(let scope, scope);
                let kind = v8::Number::new(scope, f64::from(u8::from(rejection.is_handled_late))).into();
                let promise = v8::Local::new(scope, rejection.promise).into();
                let reason = v8::Local::new(scope, rejection.reason);
                self.hook(scope, Hook::Rejection, &[kind, promise, reason])?;
            }
        }
    }

    fn halted(&self, scope: &mut v8::PinScope<'_, '_>, outcome: Outcome, error: GuestError) -> Halt {
        if scope.is_execution_terminating() { Halt::Terminated } else { Halt::fault(outcome, error.message) }
    }
}

/// What the guest keeps across asynchronous calls is with the promises and callbacks that it belongs to; the isolate, which
/// other requests use as well, keeps nothing of it.
fn leave_async_frame(scope: &mut v8::PinScope<'_, '_>) {
    let nothing = v8::undefined(scope).into();
    scope.set_continuation_preserved_embedder_data(nothing);
}

/// Whether the guest has answered.
fn has_responded(scope: &mut v8::PinScope<'_, '_>) -> bool {
    RealmState::of(scope).is_some_and(|state| state.has_responded)
}

enum ClassicEnd {
    Ran,
    IsModule,
}

/// The end of the request for what a `TryCatch` has caught.
fn caught(tc: &mut v8::PinnedRef<'_, v8::TryCatch<'_, '_, v8::HandleScope<'_>>>) -> Halt {
    if tc.has_terminated() {
        return Halt::Terminated;
    }
    let outcome = match tc.exception() {
        Some(exception) => outcome_of_thrown(tc, exception),
        None => Outcome::Exception,
    };
    let message = match tc.message() {
        Some(message) => {
            let text = describe_message(tc, message);
            let exception = tc.exception();
            named(tc, exception, text)
        }
        None => "an unknown error".to_owned(),
    };
    Halt::fault(outcome, message)
}

/// Whether a text that is no classic script may be an ES module: only those have these words.
fn reads_like_a_module(text: &str) -> bool {
    text.contains("export") || text.contains("import") || text.contains("await")
}
