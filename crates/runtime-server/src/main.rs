//! The program `isolane`: `serve`, `run`, `snapshot` and `types`. Arguments, messages and exit statuses are here; everything
//! that has nothing of a command line about it is in the library beside it.
#![forbid(unsafe_code)]

mod cli;
mod run;
mod serve;
mod snapshot;
mod types;

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use cli::{Cli, Command};
use tracing_subscriber::EnvFilter;

/// The exit status for arguments, files and configurations that cannot be used.
const BAD_USAGE: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let default_filter = match &cli.command {
        Command::Serve(_) => "info",
        Command::Run(_) | Command::Snapshot(_) | Command::Types(_) => "warn",
    };
    if let Err(error) = start_log(cli.log.as_deref(), default_filter) {
        complain(&format!("{error:#}"));
        return ExitCode::from(BAD_USAGE);
    }
    let ended = match cli.command {
        Command::Serve(arguments) => on_tokio(serve::serve(arguments)),
        Command::Run(arguments) => on_tokio(run::run(arguments)),
        Command::Snapshot(arguments) => snapshot::snapshot(&arguments),
        Command::Types(arguments) => types::types(&arguments),
    };
    ended.unwrap_or_else(|error| {
        complain(format!("{error:#}").trim_end());
        ExitCode::from(if error.is::<cli::Unusable>() { BAD_USAGE } else { 1 })
    })
}

/// A last word on standard error; nobody may be left to read it.
fn complain(message: &str) {
    let _ = writeln!(std::io::stderr(), "isolane: {message}");
}

/// The server's own messages go to standard error; `--log` wins over `RUST_LOG`.
fn start_log(filter: Option<&str>, default_filter: &str) -> anyhow::Result<()> {
    let from_environment = std::env::var("RUST_LOG").ok().filter(|filter| !filter.is_empty());
    let filter = filter.map(str::to_owned).or(from_environment);
    let filter = EnvFilter::try_new(filter.as_deref().unwrap_or(default_filter)).map_err(|error| {
        anyhow::anyhow!("expected a log filter such as \"info\" or \"runtime_server=debug\": {error}")
    })?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        // Complaints about a standard error that is closed would have nowhere to go.
        .log_internal_errors(false)
        .init();
    Ok(())
}

fn on_tokio(command: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(command);
    // A thread that still waits for standard input or a name server must not hold up the end.
    runtime.shutdown_background();
    ended
}
