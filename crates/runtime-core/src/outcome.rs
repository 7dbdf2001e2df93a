//! How a request ended: one vocabulary for every mode, the server, logs and metrics, one table to HTTP, and the
//! figures that go with it. Nothing here decides an outcome.

use std::fmt;
use std::time::Duration;

pub use runtime_admission::ShedReason;
use serde::Serialize;

/// How a request ended.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The handler answered, and everything that it left behind came to its end.
    Ok,
    /// The guest threw, rejected, or answered with something that is not a response.
    Exception,
    /// The script cannot be used for this event.
    ScriptError(ScriptFault),
    /// The processor time was used up.
    ExceededCpu,
    /// The time on the clock was used up.
    ExceededWallTime,
    /// The heap, together with array buffers and WebAssembly memories, grew past its limit.
    ExceededMemory,
    /// Nothing ran: there was no place, or not in time.
    LoadShed(ShedReason),
    /// The caller went away.
    Canceled,
    /// A host operation failed, and the guest did not catch it.
    HostError,
    /// Our bug, with the place in our source that noticed it.
    Internal {
        /// The source file.
        file: &'static str,
        /// The line in it.
        line: u32,
    },
}

/// Why a script cannot be used.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScriptFault {
    /// It, or a module that it imports, does not compile or cannot be linked.
    Compile,
    /// It has no handler for this kind of event.
    NoHandler,
}

impl Outcome {
    /// The place of the caller as an [`Outcome::Internal`].
    #[track_caller]
    pub fn internal() -> Self {
        let place = std::panic::Location::caller();
        Outcome::Internal { file: place.file(), line: place.line() }
    }

    /// The outcome's name, as logs, metrics and the command line print it.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "Ok",
            Outcome::Exception => "Exception",
            Outcome::ScriptError(_) => "ScriptError",
            Outcome::ExceededCpu => "ExceededCpu",
            Outcome::ExceededWallTime => "ExceededWallTime",
            Outcome::ExceededMemory => "ExceededMemory",
            Outcome::LoadShed(_) => "LoadShed",
            Outcome::Canceled => "Canceled",
            Outcome::HostError => "HostError",
            Outcome::Internal { .. } => "Internal",
        }
    }

    /// The HTTP status that stands for this outcome when the guest gave no response of its own.
    pub fn http_status(self) -> u16 {
        match self {
            Outcome::Ok => 200,
            Outcome::Exception | Outcome::HostError | Outcome::Internal { .. } => 500,
            Outcome::ScriptError(ScriptFault::Compile) => 500,
            Outcome::ScriptError(ScriptFault::NoHandler) => 501,
            Outcome::ExceededCpu | Outcome::ExceededMemory | Outcome::LoadShed(_) => 503,
            Outcome::ExceededWallTime => 504,
            // The client has gone, so nobody reads it; this is the status that access logs use for it.
            Outcome::Canceled => 499,
        }
    }

    /// Seconds after which a client may try again, for outcomes where that helps.
    pub fn retry_after_seconds(self) -> Option<u32> {
        matches!(self, Outcome::LoadShed(_)).then_some(1)
    }

    /// Whether a context that ended so may serve another request.
    pub fn keeps_context(self) -> bool {
        matches!(
            self,
            Outcome::Ok
                | Outcome::Exception
                | Outcome::HostError
                | Outcome::ScriptError(ScriptFault::NoHandler)
        )
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::LoadShed(reason) => write!(f, "LoadShed({})", reason.as_str()),
            Outcome::Internal { file, line } => write!(f, "Internal({file}:{line})"),
            other => f.write_str(other.name()),
        }
    }
}

/// Where the isolate and context of a request came from. What was made while it waited is in [`Phases`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// The isolate was made while the request waited, and so was the context.
    #[default]
    Cold,
    /// The isolate stood by: it was made before anybody asked for it, and has served nobody.
    Standby,
    /// The isolate has served other requests; the context has not. What of it was made ahead is in
    /// [`Report::made_ahead`].
    Prepared,
    /// A context that has served another request.
    Warm,
}

/// What a request found that had been made before it came, and that no other request has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MadeAhead {
    /// Nothing, or a context that has served other requests.
    #[default]
    Nothing,
    /// A context in which nothing had run.
    Context,
    /// A context in which the script's top level had been evaluated.
    TopLevel,
}

/// Why an isolate or context was thrown away after a request.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Recycle {
    /// The mode or the policy asks for a new one each time.
    Policy,
    /// The context has served as many requests as it may.
    MaxUses,
    /// The request ended in a way after which the context is not trusted.
    Outcome,
    /// The heap limit was hit, by this request or by another one in the same isolate.
    Memory,
    /// Our own code failed inside the isolate.
    Fault,
    /// The turn could not be stopped; thread and isolate are lost.
    Quarantine,
}

/// The time that each part of a request took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Phases {
    /// From the call until a place was had.
    pub acquire: Duration,
    /// Making the isolate, or taking one that stood by.
    pub create: Duration,
    /// Making the context, or taking one that was made ahead.
    pub context: Duration,
    /// Compiling and evaluating the script's top level; zero where that was done before.
    pub evaluate: Duration,
    /// The rest until the response was there: the handler, what it waited for, and the ways to the turn threads.
    pub handler: Duration,
    /// From the response until everything had ended.
    pub response: Duration,
}

/// The figures of one request.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The mode's name.
    pub mode: &'static str,
    /// Where isolate and context came from.
    pub start: Start,
    /// What had been made for a request like this one before it came.
    pub made_ahead: MadeAhead,
    /// Processor time of all turns of this request.
    pub cpu: Duration,
    /// Processor time of what its isolate had made ahead since the request before, used or not. Not part of `cpu`,
    /// and subject to no limit of this request's.
    pub cpu_ahead: Duration,
    /// Time on the clock.
    pub wall: Duration,
    /// The part of it that was spent waiting for a place and for the isolate.
    pub queue: Duration,
    /// The most that the isolate's heap and buffers took at the end of a turn, in bytes.
    pub peak_heap_bytes: usize,
    /// How many turns it took.
    pub turns: u32,
    /// Calls to the host: fetches and bindings.
    pub subrequests: u32,
    /// Why the context or isolate was thrown away, if it was.
    pub recycle: Option<Recycle>,
    /// The time each part took.
    pub phases: Phases,
}

/// A request that gave no response: the outcome, what it was about, and the figures.
#[derive(Clone, Debug)]
pub struct Failure {
    /// How it ended.
    pub outcome: Outcome,
    /// What happened, for the log: the guest's message and stack, or ours.
    pub message: String,
    /// The figures up to then.
    pub report: Box<Report>,
}

impl Failure {
    /// A failure before anything ran.
    pub fn new(outcome: Outcome, message: impl Into<String>) -> Self {
        Self { outcome, message: message.into(), report: Box::default() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.outcome, self.message)
    }
}

impl std::error::Error for Failure {}
