//! `cargo xtask snapshot`: build the base snapshot, or check the one that is there.
//!
//! Not here: how a snapshot is made. `isolane snapshot` does it, in a process that links V8.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use crate::context::Context;
use crate::{process, serve, v8};

/// Where the snapshot is, and whether to build or to check it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The snapshot's file; `isolane.snapshot` in the target folder if left out.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Build nothing: fail if the file does not match today's sources, V8 and flags.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<ExitCode> {
    v8::ensure(context)?;
    let out = match &args.out {
        Some(out) => out.clone(),
        None => context.metadata()?.target_directory.join("isolane.snapshot").into_std_path_buf(),
    };
    let mut command = serve::isolane(context);
    command.arg("snapshot").arg("--out").arg(out);
    if args.check {
        command.arg("--check");
    }
    process::replace(&mut command)
}
