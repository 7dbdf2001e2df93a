//! `cargo xtask bench`: measure in a release build, and print the tables.
//!
//! Not here: the measurements. They are the `tables` program of the `benches` crate; its flags go to it untouched.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::context::Context;
use crate::{process, v8};

/// What is passed on to the `tables` program.
#[derive(clap::Args)]
#[command(disable_help_flag = true, disable_version_flag = true)]
pub(crate) struct Args {
    /// Flags of the `tables` program, for example `--quick`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    args: Vec<OsString>,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<ExitCode> {
    v8::ensure(context)?;
    let mut command = tables(context);
    command.args(&args.args);
    process::replace(&mut command)
}

/// `cargo run` of the release `tables` program, ready for its own arguments.
pub(crate) fn tables(context: &Context) -> Command {
    let mut command = context.cargo_here();
    command.args(["run", "--release", "--package", "benches", "--bin", "tables", "--"]);
    command
}
