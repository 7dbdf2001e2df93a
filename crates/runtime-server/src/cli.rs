//! The command lines, word for word as users and scripts give them, and what several commands share of them.

use std::ffi::OsString;
use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand, ValueEnum};
use http::{HeaderName, HeaderValue, Method};
use runtime_facade::{Capacity, ModeName, RuntimeLimits, SnapshotSource, V8, V8Config};
use runtime_server::config::{ContextOption, LimitOptions};
use runtime_server::ops::HttpClient;

/// Runs untrusted, Workers-style JavaScript in V8 isolates: one event from the command line, or as an HTTP server.
#[derive(Parser)]
#[command(name = "isolane", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Which of the program's own messages to show, such as `info` or `runtime_server=debug`; else from RUST_LOG
    #[arg(long, global = true, value_name = "FILTER")]
    pub(crate) log: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve a worker, or a folder of workers, over HTTP/1.1 and HTTP/2
    Serve(ServeArguments),
    /// Run a worker once: the response's body goes to standard output, its logs to standard error
    ///
    /// The exit status is 0 for the outcome Ok, 1 for any other, and 2 for bad usage.
    Run(RunArguments),
    /// Build the base snapshot, or check the one that is there
    Snapshot(SnapshotArguments),
    /// Write what a worker finds as TypeScript declarations
    Types(TypesArguments),
}

#[derive(Args)]
#[command(allow_negative_numbers = true)]
pub(crate) struct ServeArguments {
    /// A script, served at every path; or a folder, whose NAME.js and NAME/index.js (or .mjs, .ts, .mts, .tsx, .jsx) are
    /// served under /NAME/
    #[arg(value_name = "SCRIPT | DIR", required_unless_present = "config")]
    pub(crate) script: Option<PathBuf>,
    /// A configuration file; what is given here wins over it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The execution mode: worker, pool, pinned or shared [default: pool]
    #[arg(long)]
    pub(crate) mode: Option<ModeName>,
    /// Where to listen [default: 127.0.0.1:8787]
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) addr: Option<String>,
    /// Threads that may be lost to guests that cannot be stopped; past that the server drains and exits with status 1,
    /// for its supervisor to start another [default: 16]
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    pub(crate) lost_threads: Option<usize>,
    /// How long requests under way may go on after Ctrl-C, in milliseconds [default: 10000]
    #[arg(long, value_name = "MS", value_parser = whole::<u64>)]
    pub(crate) drain_ms: Option<u64>,
    #[command(flatten)]
    pub(crate) capacity: CapacityArguments,
    #[command(flatten)]
    pub(crate) common: CommonArguments,
}

#[derive(Args)]
#[command(next_help_heading = "Capacity")]
pub(crate) struct CapacityArguments {
    /// Threads on which guests run
    #[arg(long, value_name = "N", value_parser = number_of_threads)]
    threads: Option<NonZeroUsize>,
    /// The most isolates; in the pinned mode on each thread, in the shared mode also the most threads
    #[arg(long, value_name = "N", value_parser = one_or_more)]
    max_isolates: Option<NonZeroUsize>,
    /// The most isolates of one owner (in the pool, of one worker; in the shared mode, requests of one owner at once);
    /// in the pinned and the shared mode on each thread
    #[arg(long, value_name = "N", value_parser = one_or_more)]
    max_per_owner: Option<NonZeroUsize>,
    /// The most requests of one owner (in the pool, of one worker) that wait, in the pinned and the shared mode on each
    /// thread; 0 for none
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    queue: Option<usize>,
    /// How long a request waits at most, in milliseconds; 0 for not at all
    #[arg(long, value_name = "MS", value_parser = whole::<u64>)]
    queue_timeout_ms: Option<u64>,
    /// Whether contexts are used again: fresh, reuse, or reuse:USES; only in the pool and the pinned mode [default:
    /// fresh]
    #[arg(long, value_name = "POLICY")]
    context: Option<ContextOption>,
}

impl CapacityArguments {
    pub(crate) fn capacity(&self) -> Capacity {
        Capacity {
            threads: self.threads.map(NonZeroUsize::get),
            max_isolates: self.max_isolates.map(NonZeroUsize::get),
            max_per_owner: self.max_per_owner.map(NonZeroUsize::get),
            queue: self.queue,
            queue_timeout: self.queue_timeout_ms.map(Duration::from_millis),
            context: self.context.map(|context| context.0),
            prepare: None,
        }
    }
}

#[derive(Args)]
#[command(allow_negative_numbers = true)]
pub(crate) struct RunArguments {
    /// A script in JavaScript, TypeScript or JSX, or a folder with an index.js
    #[arg(value_name = "SCRIPT")]
    pub(crate) script: PathBuf,
    /// The execution mode: worker, pool, pinned or shared
    #[arg(long, default_value = "worker")]
    pub(crate) mode: ModeName,
    /// The request's method [default: GET, or POST with --data]
    #[arg(long, value_name = "X", value_parser = parse_method)]
    pub(crate) method: Option<Method>,
    /// The request's URL
    #[arg(long, value_name = "URL", default_value = "http://localhost/", value_parser = parse_url)]
    pub(crate) url: String,
    /// A header of the request, as `Name: value`; may be given several times
    #[arg(long = "header", value_name = "H", value_parser = parse_header)]
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// The request's body, or a task's payload as JSON: the text itself, @FILE, or - for standard input
    #[arg(long, value_name = "D | @FILE | -", allow_hyphen_values = true)]
    pub(crate) data: Option<OsString>,
    /// The event
    #[arg(long, default_value = "fetch")]
    pub(crate) event: EventKind,
    /// Print status and headers before the body
    #[arg(short)]
    pub(crate) include_head: bool,
    #[command(flatten)]
    pub(crate) common: CommonArguments,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventKind {
    /// An HTTP request
    Fetch,
    /// The time of a schedule, now
    Scheduled,
    /// A task with a JSON payload
    Task,
}

#[derive(Args)]
pub(crate) struct SnapshotArguments {
    /// The snapshot's file
    #[arg(long, value_name = "F", default_value = "target/isolane.snapshot")]
    pub(crate) out: PathBuf,
    /// Build nothing: fail if the file does not match this program's sources, V8 and flags
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Args)]
pub(crate) struct TypesArguments {
    /// The file to write; standard output unless given
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct CommonArguments {
    /// The base snapshot's file, made by `isolane snapshot`
    #[arg(
        long,
        value_name = "F",
        env = "ISOLANE_SNAPSHOT",
        help_heading = "Options",
        // The usual one refuses an empty path.
        value_parser = OsStringValueParser::new().map(PathBuf::from)
    )]
    snapshot: Option<PathBuf>,
    /// An environment variable of the worker; may be given several times
    #[arg(long = "env", value_name = "K=V", value_parser = parse_variable, help_heading = "Options")]
    pub(crate) env: Vec<(String, String)>,
    /// The worker's place on the web, such as https://example.com/: its `location`
    #[arg(long, value_name = "URL", help_heading = "Options")]
    pub(crate) location: Option<String>,
    /// Certificate authorities, in PEM, that workers' requests trust beside Mozilla's
    #[arg(long, value_name = "FILE", help_heading = "Options")]
    ca_file: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitArguments,
}

#[derive(Args)]
#[command(next_help_heading = "Limits (0 for off)")]
struct LimitArguments {
    /// Processor time of a request, in milliseconds [default: 50]
    #[arg(long, value_name = "MS", value_parser = whole::<u64>)]
    cpu_ms: Option<u64>,
    /// Time on the clock of a request, in milliseconds [default: 30000]
    #[arg(long, value_name = "MS", value_parser = whole::<u64>)]
    wall_ms: Option<u64>,
    /// Processor time of the script's top level, in milliseconds [default: 1000]
    #[arg(long, value_name = "MS", value_parser = whole::<u64>)]
    startup_cpu_ms: Option<u64>,
    /// The most memory of an isolate, array buffers included, in MiB [default: 128]
    #[arg(long, value_name = "MB", value_parser = whole::<u64>)]
    heap_mb: Option<u64>,
    /// Allow `eval`, `new Function` and the like
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    allow_eval: Option<bool>,
    /// Calls to the host in one request [default: 1000]
    #[arg(long, value_name = "N", value_parser = whole::<u64>)]
    subrequests: Option<u64>,
    /// How long a client's WebSocket may be idle before it is closed, in milliseconds [default: 120000]
    #[arg(long, value_name = "MS", value_parser = whole::<u64>)]
    websocket_idle_ms: Option<u64>,
}

impl CommonArguments {
    /// The limits that were given.
    pub(crate) fn limits(&self) -> LimitOptions {
        LimitOptions {
            cpu_ms: self.limits.cpu_ms,
            wall_ms: self.limits.wall_ms,
            startup_cpu_ms: self.limits.startup_cpu_ms,
            heap_mb: self.limits.heap_mb,
            allow_eval: self.limits.allow_eval,
            subrequests: self.limits.subrequests,
            websocket_idle_ms: self.limits.websocket_idle_ms,
            ..LimitOptions::default()
        }
    }

    /// The client of the workers' requests; `configured` are authorities that a configuration file names.
    pub(crate) fn http_client(&self, configured: Option<&Path>) -> Result<HttpClient, Unusable> {
        let authorities = self.ca_file.as_deref().or(configured);
        authorities.map_or_else(|| Ok(HttpClient::new()), HttpClient::trusting).map_err(Unusable::because)
    }

    /// How V8 is to be set up; `configured` is a snapshot that a configuration file names.
    pub(crate) fn v8(&self, configured: Option<&Path>) -> V8Config {
        // An empty variable is how scripts say "none".
        let given = self.snapshot.as_deref().filter(|path| !path.as_os_str().is_empty());
        let snapshot =
            given.or(configured).map_or_else(default_snapshot, |path| SnapshotSource::File(path.to_owned()));
        V8Config { snapshot, ..V8Config::default() }
    }
}

#[cfg(feature = "embedded-snapshot")]
fn default_snapshot() -> SnapshotSource {
    SnapshotSource::Embedded(include_bytes!(concat!(env!("OUT_DIR"), "/isolane.snapshot")))
}

#[cfg(not(feature = "embedded-snapshot"))]
fn default_snapshot() -> SnapshotSource {
    SnapshotSource::BuildInProcess
}

/// Where the running engine's snapshot comes from, for people.
pub(crate) fn describe_snapshot(source: &SnapshotSource) -> String {
    let kilobytes = V8::running().and_then(V8::snapshot_bytes).unwrap_or_default() / 1024;
    match source {
        SnapshotSource::File(path) => format!("{} ({kilobytes} KiB)", path.display()),
        SnapshotSource::Embedded(_) => format!("embedded ({kilobytes} KiB)"),
        SnapshotSource::None => "none".to_owned(),
        _ => format!("built in process ({kilobytes} KiB)"),
    }
}

/// The main limits, for people.
pub(crate) fn describe_limits(limits: &RuntimeLimits) -> String {
    let shown = |value: u64, unit: &str| if value == 0 { "off".to_owned() } else { format!("{value}{unit}") };
    format!(
        "heap {}, cpu {}, startup cpu {}, wall {}, subrequests {}, eval {}",
        shown(limits.heap_max_mb, " MB"),
        shown(limits.cpu_ms, " ms"),
        shown(limits.startup_cpu_ms, " ms"),
        shown(limits.wall_ms, " ms"),
        shown(limits.subrequests, ""),
        if limits.allow_eval { "allowed" } else { "refused" },
    )
}

/// Arguments, files or configurations cannot be used: the caller's to mend, and exit status 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unusable(String);

impl Unusable {
    /// The same reason, as the caller's to mend.
    pub(crate) fn because(reason: impl fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

fn whole<T: FromStr>(text: &str) -> Result<T, Unusable> {
    text.parse().map_err(|_| Unusable(format!("expected a whole number, 0 or more, found {text:?}")))
}

fn one_or_more(text: &str) -> Result<NonZeroUsize, Unusable> {
    text.parse().map_err(|_| Unusable(format!("expected a whole number, 1 or more, found {text:?}")))
}

/// The most threads that a server is asked for by mistake or not: each has a stack, and a system only so many.
const MOST_THREADS: usize = 1_024;

fn number_of_threads(text: &str) -> Result<NonZeroUsize, Unusable> {
    let threads = text.parse().ok().filter(|threads: &NonZeroUsize| threads.get() <= MOST_THREADS);
    threads.ok_or_else(|| {
        Unusable(format!("expected a number of threads from 1 to {MOST_THREADS}, found {text:?}"))
    })
}

/// In capitals if it is one of those that the Fetch standard writes so.
fn parse_method(text: &str) -> Result<Method, Unusable> {
    let capitals = text.to_ascii_uppercase();
    let is_common = matches!(&*capitals, "DELETE" | "GET" | "HEAD" | "OPTIONS" | "POST" | "PUT");
    let method = if is_common { &capitals } else { text };
    method.parse().map_err(|_| Unusable(format!("expected a method such as GET, found {text:?}")))
}

fn parse_header(text: &str) -> Result<(HeaderName, HeaderValue), Unusable> {
    let wrong = || Unusable(format!("expected a header as `Name: value`, found {text:?}"));
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let name = name.trim().parse().map_err(|_| wrong())?;
    let value = HeaderValue::from_bytes(value.trim().as_bytes()).map_err(|_| wrong())?;
    Ok((name, value))
}

fn parse_variable(text: &str) -> Result<(String, String), Unusable> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Unusable(format!("expected K=V, found {text:?}"))),
    }
}

fn parse_url(text: &str) -> Result<String, Unusable> {
    let url = ada_url::Url::parse(text, None).ok().filter(|url| matches!(url.protocol(), "http:" | "https:"));
    url.map(|url| url.href().to_owned())
        .ok_or_else(|| Unusable(format!("expected a URL such as http://localhost/path, found {text:?}")))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_lines_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_documented_defaults_of_limits_are_those_of_the_runtime() {
        let command = Cli::command();
        let run = command.find_subcommand("run").expect("a subcommand");
        let RuntimeLimits { cpu_ms, wall_ms, startup_cpu_ms, heap_max_mb, subrequests, .. } =
            RuntimeLimits::default();
        for (name, default) in [
            ("cpu_ms", cpu_ms),
            ("wall_ms", wall_ms),
            ("startup_cpu_ms", startup_cpu_ms),
            ("heap_mb", heap_max_mb),
            ("subrequests", subrequests),
        ] {
            let argument = run.get_arguments().find(|argument| argument.get_id() == name).expect(name);
            let help = argument.get_help().expect("a help text").to_string();
            assert!(help.ends_with(&format!("[default: {default}]")), "{name}: {help}");
        }
    }

    #[test]
    fn methods_are_in_capitals_where_the_standard_has_them_so() {
        let parsed = |text| parse_method(text).map(|method| method.to_string()).ok();
        assert_eq!(parsed("post").as_deref(), Some("POST"));
        assert_eq!(parsed("patch").as_deref(), Some("patch"));
        assert_eq!(parsed("A B"), None);
    }

    #[test]
    fn headers_and_variables_keep_what_follows_their_first_separator() {
        let (name, value) = parse_header("X-Time: 12:30").expect("a header");
        assert_eq!((name.as_str(), value.as_bytes()), ("x-time", &b"12:30"[..]));
        assert_eq!(parse_variable("A=b=c").expect("a variable"), ("A".to_owned(), "b=c".to_owned()));
        assert!(parse_header("no separator").is_err() && parse_header("a b: c").is_err());
        assert!(parse_variable("=x").is_err() && parse_variable("x").is_err());
    }
}
