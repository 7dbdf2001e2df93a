//! The parts of a run, each of which has a process of its own.

pub(crate) mod contention;
pub(crate) mod contexts;
pub(crate) mod init;
pub(crate) mod memory;
pub(crate) mod primitives;
pub(crate) mod start;
pub(crate) mod throughput;

use std::fmt;
use std::path::PathBuf;

use anyhow::Result;
use runtime_core::{SnapshotSource, V8Config};
use serde::{Deserialize, Serialize};

use crate::plan::Plan;
use crate::progress::Steps;

/// Where a part's process gets its base snapshot from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Snapshot {
    /// A file.
    File(PathBuf),
    /// Made in the process.
    Built,
    /// There is none: every context is set up from source.
    None,
}

impl Snapshot {
    /// Initialises V8 with it; nothing stands by.
    pub(crate) fn init(&self) -> Result<()> {
        self.init_with(V8Config { standby_isolates: 0, ..V8Config::default() })
    }

    /// Initialises V8 with it, and all else as by default.
    pub(crate) fn init_as_by_default(&self) -> Result<()> {
        self.init_with(V8Config::default())
    }

    fn init_with(&self, config: V8Config) -> Result<()> {
        let snapshot = match self {
            Snapshot::File(path) => SnapshotSource::File(path.clone()),
            Snapshot::Built => SnapshotSource::BuildInProcess,
            Snapshot::None => SnapshotSource::None,
        };
        runtime_web::init(V8Config { snapshot, ..config })?;
        Ok(())
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Snapshot::File(_) => "with a snapshot",
            Snapshot::Built => "with a snapshot made in the process",
            Snapshot::None => "without snapshot",
        })
    }
}

/// One measurement that needs a process of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Part {
    /// Writes a snapshot file.
    WriteSnapshot(PathBuf),
    /// Initialising V8.
    Init(Snapshot),
    /// Starts of requests, one repetition.
    Start(Snapshot),
    /// Starts of requests for which something was made ahead, one repetition.
    StartAhead(Snapshot),
    /// Parts of requests.
    Primitives(Snapshot),
    /// Contexts with the platform, or without it, in turns.
    Contexts(Option<Snapshot>),
    /// Load on all modes.
    Throughput(Snapshot),
    /// Load on few isolates.
    Contention(Snapshot),
    /// Weighing isolates and contexts.
    Memory(Snapshot),
}

impl Part {
    /// Measures it; the result is JSON of the part's own type.
    pub(crate) fn run(self, plan: &Plan, steps: &mut Steps) -> Result<String> {
        Ok(match self {
            Part::WriteSnapshot(path) => serde_json::to_string(&init::write_snapshot(&path)?)?,
            Part::Init(snapshot) => serde_json::to_string(&init::measure(&snapshot)?)?,
            Part::Start(snapshot) => serde_json::to_string(&start::measure(&snapshot, plan, steps)?)?,
            Part::StartAhead(snapshot) => {
                serde_json::to_string(&start::measure_ahead(&snapshot, plan, steps)?)?
            }
            Part::Primitives(snapshot) => {
                serde_json::to_string(&primitives::measure(&snapshot, plan, steps)?)?
            }
            Part::Contexts(platform) => serde_json::to_string(&contexts::measure(platform.as_ref(), plan)?)?,
            Part::Throughput(snapshot) => {
                serde_json::to_string(&throughput::measure(&snapshot, plan, steps)?)?
            }
            Part::Contention(snapshot) => {
                serde_json::to_string(&contention::measure(&snapshot, plan, steps)?)?
            }
            Part::Memory(snapshot) => serde_json::to_string(&memory::measure(&snapshot, plan, steps)?)?,
        })
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::WriteSnapshot(_) => f.write_str("writing the snapshot"),
            Part::Init(snapshot) => write!(f, "initialising V8 {snapshot}"),
            Part::Start(snapshot) => write!(f, "starts {snapshot}"),
            Part::StartAhead(snapshot) => write!(f, "starts made ahead {snapshot}"),
            Part::Primitives(_) => f.write_str("primitives"),
            Part::Contexts(Some(_)) => f.write_str("contexts"),
            Part::Contexts(None) => f.write_str("contexts without the platform"),
            Part::Throughput(_) => f.write_str("throughput"),
            Part::Contention(_) => f.write_str("contention"),
            Part::Memory(snapshot) => write!(f, "memory {snapshot}"),
        }
    }
}
