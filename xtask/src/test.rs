//! `cargo xtask test`: every test of the workspace, with plain `cargo test`.
//!
//! Not here: lints, features and smoke runs, which `cargo xtask ci` adds.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::Result;

use crate::context::Context;
use crate::{process, tidy, v8};

/// What is passed on to `cargo test`.
#[derive(clap::Args)]
#[command(disable_help_flag = true, disable_version_flag = true)]
pub(crate) struct Args {
    /// Flags and filters of `cargo test`, for example `-p runtime-admission` or `queue`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    args: Vec<OsString>,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<ExitCode> {
    v8::ensure(context)?;
    run_tests(context, &args.args)?;
    Ok(ExitCode::SUCCESS)
}

/// Whether packages from npm can be installed.
pub(crate) fn has_npm() -> bool {
    Command::new("npm").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Bundles the example workers that come from npm, for the tests that run them. False where there is no npm: Isolane
/// itself needs none, so those examples are left out, loudly.
fn bundle_examples(context: &Context) -> Result<bool> {
    if !has_npm() {
        eprintln!("!!!! npm was not found: the example workers with packages from npm are not tested !!!!");
        return Ok(false);
    }
    process::run(&mut Command::new(context.root().join("examples/workers/bundle.sh")))?;
    Ok(true)
}

/// Runs the tests of every crate, documentation included; without arguments, tidy as well.
///
/// A crate's doc tests are part of `cargo test`; tidy's checks are tests of xtask. Tidy runs once more by
/// itself at the end, so that its list of findings stands last and whole.
pub(crate) fn run_tests(context: &Context, args: &[OsString]) -> Result<()> {
    let narrowed = args.iter().any(|arg| {
        let arg = arg.to_string_lossy();
        arg == "-p" || arg.starts_with("--package") || arg == "--workspace" || arg == "--all"
    });
    let mut command = context.cargo();
    command.arg("test");
    if !narrowed {
        command.arg("--workspace");
    }
    command.args(args);
    if !narrowed && !bundle_examples(context)? {
        command.env("ISOLANE_SKIP_BUNDLED", "1");
    }
    process::run(&mut command)?;
    if args.is_empty() {
        tidy::check(context)?;
    }
    Ok(())
}
