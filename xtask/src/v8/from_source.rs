//! The build of V8 from source, out of the package registries alone.
use anyhow::{Result, bail};

use super::artifact::Artifact;
use super::places::Found;
use super::store::Store;
use crate::context::Context;

pub(super) fn build(_: &Context, artifact: &Artifact, _: &Store, _: Option<usize>) -> Result<Found> {
    bail!("expected a prebuilt library of {artifact}, found none")
}
