//! What a process pays once: initialising V8, with the base snapshot read, made, or left out. Starts of requests are
//! `start`'s.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use benches::samples::nanos;
use runtime_core::V8Config;
use serde::{Deserialize, Serialize};

use super::Snapshot;

/// The initialisation of one process.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Init {
    /// How long it took, in nanoseconds.
    pub(crate) nanos: u64,
    /// The snapshot's size; none without one.
    pub(crate) snapshot_bytes: Option<usize>,
}

pub(crate) fn measure(snapshot: &Snapshot) -> Result<Init> {
    let started = Instant::now();
    snapshot.init()?;
    let nanos = nanos(started.elapsed());
    let snapshot_bytes = runtime_core::V8::running().and_then(runtime_core::V8::snapshot_bytes);
    Ok(Init { nanos, snapshot_bytes })
}

/// Writes the snapshot that the other processes read; its size in bytes.
pub(crate) fn write_snapshot(path: &Path) -> Result<usize> {
    let (file, _) = runtime_web::build_snapshot(&V8Config::default())?;
    std::fs::write(path, &file)
        .with_context(|| format!("the snapshot cannot be written to {}", path.display()))?;
    Ok(file.len())
}
