//! `cargo xtask`: the workspace's own commands, one file a command.
//!
//! Not here: anything that runs a guest. This program links no V8, because obtaining V8 is its first job.
#![forbid(unsafe_code)]

mod context;
mod pending;
mod process;

mod bench;
mod ci;
mod programs;
mod serve;
mod snapshot;
mod test;
mod tidy;
mod v8;
mod wpt;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::context::Context;

/// The workspace's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Obtain V8's static library, and say where it came from.
    V8(v8::Args),
    /// Obtain V8, build the release server and serve: `cargo xtask serve examples/workers/hello.js`.
    Serve(serve::Args),
    /// Obtain V8 and run every test: unit, integration, documentation and tidy.
    Test(test::Args),
    /// Build the base snapshot, or with `--check` compare the one there with today's sources.
    Snapshot(snapshot::Args),
    /// Measure, and print the tables.
    Bench(bench::Args),
    /// Run web-platform-tests in the execution modes, and compare them with what is expected.
    Wpt(wpt::Args),
    /// Run real programs from npm in the execution modes, and compare their answers with workerd's.
    Programs(programs::Args),
    /// Check what the compiler does not: dependency edges, heads, sizes, unsafe code, guides, licences.
    Tidy(tidy::Args),
    /// Everything that must be green before a change goes in, with the time of each step.
    Ci(ci::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    let context = Context::locate()?;
    match command {
        Command::V8(args) => v8::run(&context, &args),
        Command::Serve(args) => serve::run(&context, &args),
        Command::Test(args) => test::run(&context, &args),
        Command::Snapshot(args) => snapshot::run(&context, &args),
        Command::Bench(args) => bench::run(&context, &args),
        Command::Wpt(args) => wpt::run(&context, &args),
        Command::Programs(args) => programs::run(&context, &args),
        Command::Tidy(args) => tidy::run(&context, &args),
        Command::Ci(args) => ci::run(&context, &args),
    }
}
