//! Every source file starts with what it is: `//!` in Rust, `//` in the guest's JavaScript.
//!
//! Not here: whether the words are good.

use anyhow::Result;

use super::{Finding, Tree};
use crate::context::Context;

pub(super) fn check(_: &Context, tree: &Tree) -> Result<Vec<Finding>> {
    Ok(heads(tree))
}

fn heads(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        let guest =
            file.path.starts_with("crates/") && (file.path.ends_with(".js") || file.path.ends_with(".mjs"));
        let expected = if file.is_rust() {
            "//!"
        } else if guest {
            "//"
        } else {
            continue;
        };
        let head = file.text.lines().next().unwrap_or_default();
        let words = head.strip_prefix(expected).map(str::trim).unwrap_or_default();
        if words.is_empty() {
            findings.push(Finding::new(
                &file.path,
                1,
                format!("expected a first line `{expected}` that says what the file is, found `{head}`"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_a_head_are_found() {
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", "//! A crate.\n"),
            ("crates/a/src/b.rs", "use std::fs;\n"),
            ("crates/a/src/c.rs", "//!\n"),
            ("crates/a/src/d.js", "// The guest's d.\n"),
            ("crates/a/src/e.js", "'use strict';\n"),
            ("examples/workers/f.js", "export default {};\n"),
        ]);
        let paths: Vec<String> = heads(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["crates/a/src/b.rs", "crates/a/src/c.rs", "crates/a/src/e.js"]);
    }
}
