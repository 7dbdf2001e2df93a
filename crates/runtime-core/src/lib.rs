//! V8 for hosts: the process, snapshots, isolates and their lock, turns on threads that can be given up, limits,
//! scripts, and the outcome of every request.
//!
//! This is the only crate of the workspace with `unsafe` code. It knows no Web API and no execution mode: what
//! the guest finds comes in as an [`Extension`], where an isolate comes from as an [`ExecutionMode`].
//!
//! The way of a request: a mode *places* it ([`ExecutionMode::place`] gives a [`Placement`]: an isolate and perhaps
//! a context), a [`Driver`] takes the placement through *turns* (each one continuous hold of the isolate's lock, on
//! a [`TurnThreads`] thread) until the guest is done or a limit ends it, and the placement's [`Home`] takes the
//! isolate back.

mod limits;
mod outcome;

mod extension;
mod flags;
mod foreground;
mod process;
mod rehearsal;
mod snapshot;

mod ahead;
mod idle;
mod isolate;
mod memory;
mod quarantine;
mod reservations;
mod standby;
mod turn_cell;
mod turn_threads;
mod units;
mod watchdog;

mod builtin_modules;
mod data_modules;
mod guest_error;
mod host_calls;
mod host_value;
mod host_work;
mod lazy_globals;
mod modules;
mod program_cache;
mod realm;
mod script;
mod script_file;
mod source_map;
mod specifier;
mod stack_trace;
mod timers;

mod driver;
mod mode;
mod resident;
mod turn;

pub use ahead::{AheadStats, Prepare, ahead_stats};
pub use driver::{Driver, Progress};
pub use extension::{
    BuiltinModule, Extension, Hook, LazyGlobal, Native, NativeFunction, Rehearsal, Source, Unit, is_of_source,
};
pub use guest_error::{GuestError, describe_exception};
pub use host_calls::{HostCallError, HostCalls, HostErrorKind, blame_as, outcome_of_thrown};
pub use host_value::{HostValue, HostValueError, array_buffer, bytes_of, uint8_array};
pub use host_work::{WorkRoom, WorkTicket};
pub use isolate::{Isolate, IsolateError, IsolateStats, LockToken, Occupied};
pub use limits::RuntimeLimits;
pub use memory::{HostCharge, ProcessMemory, charge_host, has_room, process_memory};
pub use mode::{
    ContextPolicy, ExecutionMode, Home, ModeFuture, ModeStats, Placement, PlacementRequest, RealmKey, Verdict,
};
pub use outcome::{Failure, MadeAhead, Outcome, Phases, Recycle, Report, ScriptFault, ShedReason, Start};
pub use process::{InitError, SnapshotSource, V8, V8Config};
pub use quarantine::{Health, health};
pub use realm::{Finish, GuestRequest, Realm, RealmState};
pub use reservations::{Space, reserve};
pub use resident::Resident;
pub use script::{Script, ScriptError};
pub use script_file::{FileKind, ScriptFile};
pub use snapshot::{SnapshotError, SnapshotInfo, build as build_snapshot, inspect as inspect_snapshot};
pub use turn_threads::TurnThreads;
