//! Versions, edition, lints and profiles stand in the workspace's manifest; members inherit them.
//!
//! Not here: which of our crates may depend on which.

use anyhow::{Context as _, Result};
use toml::{Table, Value};

use super::{Finding, Tree};
use crate::context::Context;

/// Keys of `[package]` that every member takes from the workspace.
const INHERITED: [&str; 4] = ["version", "edition", "rust-version", "license"];

pub(super) fn check(_: &Context, tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (path, manifest) in members(tree)? {
        inherits(&path, &manifest, &mut findings);
    }
    Ok(findings)
}

/// The manifests of the members, parsed.
///
/// # Errors
/// Fails if a manifest is not TOML.
pub(super) fn members(tree: &Tree) -> Result<Vec<(String, Table)>> {
    tree.files()
        .iter()
        .filter(|file| file.is_manifest() && file.path != "Cargo.toml")
        .map(|file| {
            let manifest =
                file.text.parse::<Table>().with_context(|| format!("{} is not TOML", file.path))?;
            Ok((file.path.clone(), manifest))
        })
        .collect()
}

/// The tables of dependencies of a manifest, those for one platform included, each with its kind.
pub(super) fn dependency_tables(manifest: &Table) -> Vec<(&'static str, &Table)> {
    const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let platforms = manifest.get("target").and_then(Value::as_table).into_iter().flatten();
    let scopes = platforms.filter_map(|(_, scope)| scope.as_table()).chain([manifest]);
    scopes
        .flat_map(|scope| KINDS.map(|kind| (kind, scope.get(kind).and_then(Value::as_table))))
        .filter_map(|(kind, table)| Some((kind, table?)))
        .collect()
}

fn inherits(path: &str, manifest: &Table, findings: &mut Vec<Finding>) {
    let package = manifest.get("package").and_then(Value::as_table);
    for key in INHERITED {
        if !package.and_then(|package| package.get(key)).is_some_and(from_workspace) {
            findings.push(Finding::new(path, 0, format!("expected `{key}.workspace = true` in [package]")));
        }
    }
    if !manifest.get("lints").is_some_and(from_workspace) {
        findings.push(Finding::new(path, 0, "expected `workspace = true` in [lints]"));
    }
    if manifest.contains_key("profile") {
        findings.push(Finding::new(path, 0, "expected profiles in the workspace's manifest only"));
    }
    for (kind, table) in dependency_tables(manifest) {
        for (name, value) in table {
            if !from_workspace(value) {
                findings.push(Finding::new(
                    path,
                    0,
                    format!("expected `{name}.workspace = true` in [{kind}], and its version in the workspace's manifest"),
                ));
            }
        }
    }
}

fn from_workspace(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_with_a_version_of_its_own_is_found() {
        let good = "[package]\nname = \"a\"\nversion.workspace = true\nedition.workspace = true\n\
                    rust-version.workspace = true\nlicense.workspace = true\n\n[dependencies]\n\
                    libc.workspace = true\n\n[lints]\nworkspace = true\n";
        let mut findings = Vec::new();
        inherits("a", &good.parse().unwrap(), &mut findings);
        assert_eq!(findings, []);
        let bad = good.replace("libc.workspace = true", "libc = \"0.2\"");
        inherits("a", &bad.parse().unwrap(), &mut findings);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].message.contains("libc.workspace"));
    }
}
