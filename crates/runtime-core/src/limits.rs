//! What one request may use: the numbers, their defaults and their merging. Enforcement is elsewhere
//! (`watchdog` for time, `memory` for bytes, the host calls for counts).

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Limits of one request, and of the isolate that serves it.
///
/// In every field `0` means "off". Times are milliseconds, sizes are as the name says. Limits that belong to an
/// isolate (`heap_*`) take effect when the isolate is made; all others can differ from request to request.
///
/// ```
/// use runtime_core::RuntimeLimits;
/// let limits = RuntimeLimits { cpu_ms: 20, ..RuntimeLimits::default() };
/// assert_eq!(limits.heap_max_mb, 128);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RuntimeLimits {
    /// The heap's size at the isolate's start, in MiB; V8 grows it from there.
    pub heap_initial_mb: u64,
    /// The most that JavaScript objects, array buffers and WebAssembly memories of an isolate may take together, in
    /// MiB; less than 8 counts as 8.
    pub heap_max_mb: u64,
    /// Processor time of the handler, its streams and `waitUntil`, in milliseconds.
    pub cpu_ms: u64,
    /// Time on the clock from admission to the end of the request, `waitUntil` included, in milliseconds. It stands still
    /// while the request's client has a WebSocket open, and begins anew when that is closed.
    pub wall_ms: u64,
    /// Processor time of compiling and evaluating the script's top level, in milliseconds.
    pub startup_cpu_ms: u64,
    /// Processor time of the request's jobs on the host's own threads, in milliseconds: see
    /// [`HostCalls::start_work`](crate::HostCalls::start_work).
    pub work_cpu_ms: u64,
    /// Outbound calls (fetches and bindings) that one request may make.
    pub subrequests: u64,
    /// Outbound calls that one request may have under way at once; further ones wait their turn.
    pub concurrent_subrequests: u64,
    /// Timers that one request may have armed at once.
    pub timers: u64,
    /// Bytes that a response body may have.
    pub response_bytes: u64,
    /// Log records that one request may write; later ones are counted and dropped.
    pub log_lines: u64,
    /// Bytes that a stream between guest and host may hold before the writer waits.
    pub stream_buffer_bytes: u64,
    /// Bytes that a message on a WebSocket may have, in either direction.
    pub websocket_message_bytes: u64,
    /// Bytes that a request's WebSockets may hold, all together, of what the guest has sent and nobody has taken.
    pub websocket_buffer_bytes: u64,
    /// How long no message may come or go on the WebSocket of a request's client before it is closed, in milliseconds.
    pub websocket_idle_ms: u64,
    /// Whether `eval`, `new Function` and string timers may compile code.
    pub allow_eval: bool,
}

impl Default for RuntimeLimits {
    fn default() -> Self {
        Self {
            heap_initial_mb: 0,
            heap_max_mb: 128,
            cpu_ms: 50,
            wall_ms: 30_000,
            startup_cpu_ms: 1_000,
            work_cpu_ms: 5_000,
            subrequests: 1_000,
            concurrent_subrequests: 64,
            timers: 10_000,
            response_bytes: 0,
            log_lines: 10_000,
            stream_buffer_bytes: 64 * 1024,
            websocket_message_bytes: 1024 * 1024,
            websocket_buffer_bytes: 8 * 1024 * 1024,
            websocket_idle_ms: 120_000,
            allow_eval: false,
        }
    }
}

impl RuntimeLimits {
    /// Nothing limited: for trusted guests, tests and snapshots.
    pub fn unlimited() -> Self {
        Self {
            heap_initial_mb: 0,
            heap_max_mb: 0,
            cpu_ms: 0,
            wall_ms: 0,
            startup_cpu_ms: 0,
            work_cpu_ms: 0,
            subrequests: 0,
            concurrent_subrequests: 0,
            timers: 0,
            response_bytes: 0,
            log_lines: 0,
            stream_buffer_bytes: 64 * 1024,
            websocket_message_bytes: 0,
            websocket_buffer_bytes: 0,
            websocket_idle_ms: 0,
            allow_eval: true,
        }
    }

    /// The heap's limit in bytes, or none. V8 cannot work with less than 8 MiB, so that is the least.
    pub fn heap_max_bytes(&self) -> Option<usize> {
        let mb = if self.heap_max_mb == 0 { 0 } else { self.heap_max_mb.max(8) };
        let bytes = mb.saturating_mul(1 << 20);
        (bytes > 0).then(|| usize::try_from(bytes).unwrap_or(usize::MAX))
    }

    /// The handler's processor time, or none.
    pub fn cpu(&self) -> Option<Duration> {
        millis(self.cpu_ms)
    }

    /// The request's time on the clock, or none.
    pub fn wall(&self) -> Option<Duration> {
        millis(self.wall_ms)
    }

    /// How long the client's WebSocket may be idle, or none.
    pub fn websocket_idle(&self) -> Option<Duration> {
        millis(self.websocket_idle_ms)
    }

    /// The top level's processor time, or none.
    pub fn startup_cpu(&self) -> Option<Duration> {
        millis(self.startup_cpu_ms)
    }

    /// The processor time of the request's jobs on the host's threads, or none.
    pub fn work_cpu(&self) -> Option<Duration> {
        millis(self.work_cpu_ms)
    }

    /// A count limit as a number that can be compared: "off" becomes the largest.
    pub fn cap(limit: u64) -> u64 {
        if limit == 0 { u64::MAX } else { limit }
    }
}

/// Longer than any process runs, and short enough to be added to any time.
const LONGEST_MS: u64 = 100 * 365 * 24 * 60 * 60 * 1000;

fn millis(value: u64) -> Option<Duration> {
    (value > 0).then(|| Duration::from_millis(value.min(LONGEST_MS)))
}
