//! Which of our crates may depend on which: an allow-list, and a reason at each dependency line.
//!
//! Not here: other people's crates, but for `v8`, which only those that must may name.

use std::collections::BTreeSet;

use anyhow::Result;
use toml::{Table, Value};

use super::manifests::{dependency_tables, members};
use super::{Finding, Tree};
use crate::context::Context;

/// What a crate of ours may depend on, tests included. A crate that is not listed may depend on none of ours.
const ALLOWED: [(&str, &[&str]); 10] = [
    ("runtime-admission", &[]),
    ("runtime-core", &["runtime-admission", "v8"]),
    ("runtime-web", &["runtime-core", "v8"]),
    ("mode-worker", MODE),
    ("mode-pool", MODE),
    ("mode-pinned", MODE),
    ("mode-shared", MODE),
    (
        "runtime-facade",
        &[
            "runtime-admission",
            "runtime-core",
            "runtime-web",
            "mode-worker",
            "mode-pool",
            "mode-pinned",
            "mode-shared",
        ],
    ),
    ("runtime-server", &["runtime-facade"]),
    ("conformance", &["runtime-facade", "runtime-server"]),
];

/// A mode stands on the guest's world, the core and admission, and never on another mode.
const MODE: &[&str] = &["runtime-web", "runtime-core", "runtime-admission"];

/// Stands on everything: it measures all layers.
const UNBOUND: &str = "benches";

/// The folder of examples that show how one crate is used alone.
const EMBEDDED: &str = "examples/embed-";

pub(super) fn check(_: &Context, tree: &Tree) -> Result<Vec<Finding>> {
    let members = members(tree)?;
    let ours: BTreeSet<String> = members.iter().filter_map(|(_, manifest)| name_of(manifest)).collect();
    let mut findings = Vec::new();
    for (path, manifest) in &members {
        let text = tree.file(path).map_or("", |file| file.text.as_str());
        edges(path, manifest, text, &ours, &mut findings);
    }
    Ok(findings)
}

fn edges(path: &str, manifest: &Table, text: &str, ours: &BTreeSet<String>, findings: &mut Vec<Finding>) {
    let Some(name) = name_of(manifest) else { return };
    let watched: Vec<(&str, &str)> = dependency_tables(manifest)
        .into_iter()
        .flat_map(|(kind, table)| table.iter().map(move |(key, value)| (kind, package_of(key, value))))
        .filter(|(_, package)| ours.contains(*package) || *package == "v8")
        .collect();
    if path.starts_with(EMBEDDED) {
        let named: BTreeSet<&str> = watched.iter().map(|(_, package)| *package).collect();
        if named.len() != 1 {
            let named: Vec<&str> = named.into_iter().collect();
            findings.push(Finding::new(
                path,
                0,
                format!(
                    "expected exactly one of our crates, because the example shows it alone; found {named:?}"
                ),
            ));
        }
    } else if name != UNBOUND && !path.starts_with("examples/") {
        let allowed = ALLOWED.iter().find(|(from, _)| *from == name).map_or(&[][..], |(_, to)| to);
        for (kind, package) in &watched {
            if !allowed.contains(package) {
                findings.push(Finding::new(
                    path,
                    0,
                    format!("expected {name} not to depend on {package} (in [{kind}]); allowed are {allowed:?}: see the crate map"),
                ));
            }
        }
    }
    for (_, package) in watched.iter().filter(|(_, package)| *package != "v8") {
        for line in lines_without_reason(text, package) {
            findings.push(Finding::new(
                path,
                line,
                format!("expected a comment above the dependency on {package} that says why, found none"),
            ));
        }
    }
}

fn name_of(manifest: &Table) -> Option<String> {
    Some(manifest.get("package")?.get("name")?.as_str()?.to_owned())
}

/// The package behind a dependency's key, which may be a rename.
fn package_of<'a>(key: &'a str, value: &'a Value) -> &'a str {
    value.get("package").and_then(Value::as_str).unwrap_or(key)
}

/// The lines that name a dependency and have a comment neither above nor at their end.
fn lines_without_reason(text: &str, package: &str) -> Vec<usize> {
    let lines: Vec<&str> = text.lines().collect();
    let names = |line: &str| {
        line.strip_prefix(package).is_some_and(|rest| rest.starts_with(['.', ' ', '=']))
            || line
                .trim_start_matches('[')
                .trim_end_matches(']')
                .ends_with(&format!("dependencies.{package}"))
    };
    lines
        .iter()
        .enumerate()
        .filter(|(index, line)| {
            let above = index.checked_sub(1).and_then(|above| lines.get(above));
            names(line.trim())
                && !line.contains('#')
                && !above.is_some_and(|above| above.trim_start().starts_with('#'))
        })
        .map(|(index, _)| index + 1)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(path: &str, text: &str) -> Vec<String> {
        let ours = ["runtime-core", "runtime-web", "mode-pool", "mode-worker"].map(str::to_owned).into();
        let mut findings = Vec::new();
        edges(path, &text.parse().unwrap(), text, &ours, &mut findings);
        findings.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn a_mode_that_leans_on_another_mode_is_found() {
        let text = "[package]\nname = \"mode-pool\"\n[dependencies]\n# Says why.\nruntime-web.workspace = true\n\
                    # Says why.\nmode-worker.workspace = true\n";
        let found = findings("crates/mode-pool/Cargo.toml", text);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("mode-worker"), "{found:?}");
    }

    #[test]
    fn only_those_that_must_name_v8() {
        let text = "[package]\nname = \"mode-pool\"\n[dev-dependencies]\nv8.workspace = true\n";
        assert!(findings("crates/mode-pool/Cargo.toml", text)[0].contains("depend on v8"));
        let text = "[package]\nname = \"runtime-core\"\n[dependencies]\nv8.workspace = true\n";
        assert!(findings("crates/runtime-core/Cargo.toml", text).is_empty());
    }

    #[test]
    fn a_dependency_on_ours_without_a_reason_is_found_at_its_line() {
        let text = "[package]\nname = \"mode-pool\"\n[dependencies]\nlibc.workspace = true\nruntime-web.workspace = true\n";
        assert_eq!(lines_without_reason(text, "runtime-web"), [5]);
        assert!(
            lines_without_reason(&text.replace("libc.workspace = true", "# Why."), "runtime-web").is_empty()
        );
    }

    #[test]
    fn an_example_that_shows_one_crate_names_no_second() {
        let one = "[package]\nname = \"embed-pool\"\n[dependencies]\n# Shown.\nmode-pool.workspace = true\n";
        assert!(findings("examples/embed-pool/Cargo.toml", one).is_empty());
        let two = format!("{one}# Shown.\nruntime-core.workspace = true\n");
        assert!(findings("examples/embed-pool/Cargo.toml", &two)[0].contains("exactly one"));
    }
}
