//! `isolane snapshot`: the base snapshot's file, made or checked. What is in it is decided below.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, anyhow};
use runtime_facade::{SnapshotInfo, V8Config, build_snapshot, inspect_snapshot};

use crate::cli::SnapshotArguments;

pub(crate) fn snapshot(arguments: &SnapshotArguments) -> anyhow::Result<ExitCode> {
    let path = &arguments.out;
    let config = V8Config::default();
    if arguments.check {
        let file = std::fs::read(path)
            .with_context(|| format!("{} cannot be read; make it with `isolane snapshot`", path.display()))?;
        let info =
            inspect_snapshot(&config, &file).map_err(|error| anyhow!("{}: {error}", path.display()))?;
        println!("{}: up to date, {}", path.display(), described(&info, file.len()));
        return Ok(ExitCode::SUCCESS);
    }
    let began = Instant::now();
    let (file, info) = build_snapshot(&config)?;
    let took = began.elapsed();
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    // Written beside and renamed, so that a server that starts meanwhile finds the old one or the new one whole.
    let beside = path.with_added_extension(format!("{}.new", std::process::id()));
    std::fs::write(&beside, &file).with_context(|| format!("{} cannot be written", beside.display()))?;
    std::fs::rename(&beside, path).with_context(|| format!("{} cannot be written", path.display()))?;
    println!(
        "{}: {}, made in {:.0} ms",
        path.display(),
        described(&info, file.len()),
        took.as_secs_f64() * 1e3
    );
    Ok(ExitCode::SUCCESS)
}

fn described(info: &SnapshotInfo, file_bytes: usize) -> String {
    format!("{file_bytes} bytes, sources {}", info.sources_hash)
}
