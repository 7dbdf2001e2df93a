//! `cargo xtask serve`: obtain V8, build the release server, serve.
//!
//! Not here: the server. Its own flags go to it untouched; see `isolane serve --help`.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::Result;

use crate::context::Context;
use crate::{process, v8};

/// What is passed on to `isolane serve`.
#[derive(clap::Args)]
#[command(disable_help_flag = true, disable_version_flag = true)]
pub(crate) struct Args {
    /// A script or a folder of scripts, and any flag of `isolane serve`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    args: Vec<OsString>,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<ExitCode> {
    v8::ensure(context)?;
    let mut command = isolane(context);
    command.arg("serve").args(&args.args);
    // The server takes this process's place: Ctrl-C reaches it, and its exit status is ours.
    process::replace(&mut command)
}

/// `cargo run` of the release server, ready for the server's own arguments.
pub(crate) fn isolane(context: &Context) -> std::process::Command {
    let mut command = context.cargo_here();
    command.args(["run", "--release", "--package", "runtime-server", "--bin", "isolane", "--"]);
    command
}
