//! `cargo xtask ci`: everything that must be green before a change goes in.
use std::process::ExitCode;

use anyhow::Result;

use crate::context::Context;
use crate::{tidy, v8};

#[derive(clap::Args)]
pub(crate) struct Args {}

pub(crate) fn run(context: &Context, _: &Args) -> Result<ExitCode> {
    v8::ensure(context)?;
    tidy::check(context)?;
    Ok(ExitCode::SUCCESS)
}
