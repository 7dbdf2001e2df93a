//! The code map of `docs/architecture.md` has a heading for each crate, and for nothing else.
//!
//! Not here: the examples, which the page may name or not.

use std::collections::BTreeSet;

use anyhow::Result;

use super::manifests::members;
use super::{Finding, Tree};
use crate::context::Context;
use crate::pending;

const PAGE: &str = "docs/architecture.md";

pub(super) fn check(_: &Context, tree: &Tree) -> Result<Vec<Finding>> {
    let crates: Vec<(String, String)> = members(tree)?
        .into_iter()
        .filter_map(|(path, manifest)| {
            let name = manifest.get("package")?.get("name")?.as_str()?.to_owned();
            Some((path, name))
        })
        .collect();
    let Some(page) = tree.file(PAGE) else {
        let missing = "expected the architecture page, found none";
        if pending::excused("headings", missing) {
            return Ok(Vec::new());
        }
        return Ok(vec![Finding::new(PAGE, 0, missing)]);
    };
    Ok(compare(&page.text, &crates))
}

fn compare(page: &str, crates: &[(String, String)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut named = BTreeSet::new();
    for (index, line) in page.lines().enumerate() {
        let Some(name) = line.strip_prefix("### `").and_then(|rest| rest.strip_suffix('`')) else { continue };
        if !crates.iter().any(|(_, krate)| krate == name) {
            findings.push(Finding::new(
                PAGE,
                index + 1,
                format!("expected a crate of the workspace, found `{name}`"),
            ));
        }
        named.insert(name);
    }
    for (path, name) in crates {
        if !path.starts_with("examples/") && !named.contains(name.as_str()) {
            findings.push(Finding::new(
                PAGE,
                0,
                format!("expected a heading \"### `{name}`\" for the crate in {path}"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_without_a_heading_and_a_heading_without_a_crate_are_found() {
        let crates = [
            ("crates/a/Cargo.toml".to_owned(), "a".to_owned()),
            ("crates/b/Cargo.toml".to_owned(), "b".to_owned()),
            ("examples/embed-a/Cargo.toml".to_owned(), "embed-a".to_owned()),
        ];
        let found = compare("# Map\n\n### `a`\n\n### `gone`\n", &crates);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].line, 5);
        assert!(found[1].message.contains("crates/b"), "{found:?}");
    }
}
