//! `cargo xtask tidy`: checks of the tree that the compiler does not make, each also a test.
//!
//! Not here: formatting and lints, which rustfmt and clippy do.

use std::process::ExitCode;

use anyhow::Result;

use crate::context::Context;

/// Whether to repair what can be repaired.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Refresh the code blocks of the guides from the compiled examples before checking.
    #[arg(long)]
    fix: bool,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<ExitCode> {
    let _ = args.fix;
    check(context)?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn check(_context: &Context) -> Result<()> {
    Ok(())
}
