//! `runtime-admission` and `xtask` do not reach the `v8` crate, by any kind of dependency.
//!
//! Admission is tested without V8; xtask fetches V8 before anything can link it.
//!
//! Not here: edges between our own crates, which `edges` allows one by one.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use cargo_metadata::{Metadata, PackageId};

use super::{Finding, Tree};
use crate::context::Context;

/// The crates that must not reach V8.
const V8_FREE: [&str; 2] = ["runtime-admission", "xtask"];

pub(super) fn check(context: &Context, _: &Tree) -> Result<Vec<Finding>> {
    let metadata = context.metadata()?;
    let mut findings = Vec::new();
    for name in V8_FREE {
        let Some(package) =
            metadata.workspace_packages().into_iter().find(|package| package.name.as_str() == name)
        else {
            continue;
        };
        if let Some(path) = path_to(metadata, &package.id, "v8")? {
            findings.push(Finding::new(
                format!("{name} (cargo metadata)"),
                0,
                format!("expected no way to the crate v8, found {}", path.join(" -> ")),
            ));
        }
    }
    Ok(findings)
}

/// The names along the shortest way from a package to one of that name, if there is a way.
fn path_to(metadata: &Metadata, from: &PackageId, name: &str) -> Result<Option<Vec<String>>> {
    let resolve =
        metadata.resolve.as_ref().context("expected cargo to resolve the workspace, found no graph")?;
    let edges: BTreeMap<&PackageId, &[PackageId]> =
        resolve.nodes.iter().map(|node| (&node.id, node.dependencies.as_slice())).collect();
    let mut seen = BTreeSet::from([from]);
    let mut queue = std::collections::VecDeque::from([vec![from]]);
    while let Some(path) = queue.pop_front() {
        let Some(&last) = path.last() else { continue };
        if metadata[last].name.as_str() == name {
            return Ok(Some(path.into_iter().map(|id| metadata[id].name.to_string()).collect()));
        }
        for next in edges.get(last).copied().unwrap_or_default() {
            if seen.insert(next) {
                let mut longer = path.clone();
                longer.push(next);
                queue.push_back(longer);
            }
        }
    }
    Ok(None)
}
