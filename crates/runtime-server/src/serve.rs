//! `isolane serve`: the server from its arguments to its end.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use runtime_facade::{Mode, ModeName, Runtime, health};
use runtime_server::config::FileConfig;
use runtime_server::guest_log::GuestLog;
use runtime_server::http::{Drained, Server};
use runtime_server::workers::WorkerSources;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::MissedTickBehavior;

use crate::cli::{ServeArguments, Unusable, describe_limits, describe_snapshot};
use crate::complain;

const DEFAULT_MODE: ModeName = ModeName::Pool;
const DEFAULT_ADDRESS: &str = "127.0.0.1:8787";
const DEFAULT_DRAIN: Duration = Duration::from_secs(10);

/// How often the process's health is looked at.
const HEALTH_INTERVAL: Duration = Duration::from_secs(1);

/// The exit status after a second Ctrl-C, as shells have it for a process that the signal ended.
const INTERRUPTED: i32 = 130;

pub(crate) async fn serve(arguments: ServeArguments) -> anyhow::Result<ExitCode> {
    let config = match &arguments.config {
        Some(path) => FileConfig::read(path).map_err(Unusable::because)?,
        None => FileConfig::default(),
    };
    let mode = arguments.mode.or(config.mode().map_err(Unusable::because)?).unwrap_or(DEFAULT_MODE);
    let capacity = config.capacity(&arguments.capacity.capacity());
    if let Some(remark) = capacity.without_effect_in(mode) {
        complain(&remark);
    }
    let mode = Mode::named(mode, &capacity).map_err(Unusable::because)?;
    let flags = arguments.common.limits();
    let sources = WorkerSources {
        script: arguments.script.as_deref(),
        config: &config,
        env: &arguments.common.env,
        location: arguments.common.location.as_deref(),
        limits: &flags,
    };
    let log = GuestLog::stderr();
    let client = arguments.common.http_client(config.ca_file.as_deref())?;
    let routes = sources.routes(&client, &log).map_err(Unusable::because)?;
    let limits = sources.common_limits();
    let mut v8 = arguments.common.v8(config.snapshot.as_deref());
    if let Some(budget) = arguments.lost_threads.or(config.lost_threads) {
        v8.lost_threads_budget = budget;
    }
    v8.standby_isolates = config.standby.unwrap_or(v8.standby_isolates);
    let snapshot = v8.snapshot.clone();
    let runtime =
        Runtime::builder().mode(mode).limits(limits.clone()).v8(v8).build().map_err(Unusable::because)?;

    let signals = Signals::new().context("the signals that end the server cannot be heard")?;
    let address = arguments.addr.as_deref().or(config.addr.as_deref()).unwrap_or(DEFAULT_ADDRESS);
    let server = Server::bind(address, runtime.clone(), routes).await.with_context(|| {
        format!("cannot listen on {address:?}; choose another address with --addr HOST:PORT")
    })?;
    announce(&format!(
        "listening on http://{}, mode {}, snapshot {}, limits: {}",
        server.address(),
        runtime.mode(),
        describe_snapshot(&snapshot),
        describe_limits(&limits)
    ));

    let drain = arguments.drain_ms.or(config.drain_ms).map_or(DEFAULT_DRAIN, Duration::from_millis);
    let mut is_unhealthy = false;
    let stop = async {
        tokio::select! {
            () = signals.first(drain) => {}
            () = poor_health() => is_unhealthy = true,
        }
    };
    let Drained { cut_connections, all_calls_ended } = server.run(stop, drain).await;
    if cut_connections > 0 || !all_calls_ended {
        let under_way = runtime.stats().under_way;
        tracing::warn!(cut_connections, under_way, "not everything ended in time");
    }
    log.flush();
    // A supervisor restarts what fails.
    Ok(if is_unhealthy { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Resolves when this process has lost more threads to guests than it bears, and should be replaced by another.
async fn poor_health() {
    let mut look = tokio::time::interval(HEALTH_INTERVAL);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while health().is_healthy() {
        look.tick().await;
    }
    let health = health();
    tracing::error!(
        lost_threads = health.lost_threads,
        lost_bytes = health.lost_bytes,
        "too many threads were lost to guests that could not be stopped; draining, to be restarted"
    );
}

/// Prints the one line of standard output. The server runs on if nobody reads it.
fn announce(line: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
        tracing::warn!(%error, "{line}; standard output cannot be written to");
    }
}

/// Ctrl-C and the signal by which supervisors end a service.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Resolves at the first signal. A Ctrl-C after it ends the process at once.
    async fn first(mut self, drain: Duration) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        tracing::info!(drain_ms = drain.as_millis(), "draining; Ctrl-C again ends at once");
        tokio::spawn(async move {
            self.interrupt.recv().await;
            std::process::exit(INTERRUPTED);
        });
    }
}
