//! A source file of more than 800 lines gives a reason in a line `// tidy: allow-size: REASON`.
//!
//! Not here: the softer mark of 500 lines, which is a reader's judgement.

use anyhow::Result;

use super::{Finding, Tree};
use crate::context::Context;

const MOST_LINES: usize = 800;

const REASON: &str = "// tidy: allow-size:";

pub(super) fn check(_: &Context, tree: &Tree) -> Result<Vec<Finding>> {
    Ok(sizes(tree))
}

fn sizes(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files() {
        let source = file.is_rust() || file.path.ends_with(".js") || file.path.ends_with(".mjs");
        let lines = file.text.lines().count();
        let reason = file
            .text
            .lines()
            .find_map(|line| line.trim_start().strip_prefix(REASON))
            .is_some_and(|reason| !reason.trim().is_empty());
        if source && lines > MOST_LINES && !reason {
            findings.push(Finding::new(
                &file.path,
                0,
                format!("expected at most {MOST_LINES} lines, found {lines}: split it by concept, or say why not in a line `{REASON} REASON`"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_found_unless_it_says_why() {
        let long = "//! Long.\n".to_owned() + &"fn f() {}\n".repeat(MOST_LINES);
        let excused = format!("{long}// tidy: allow-size: one table\n");
        let empty = format!("{long}// tidy: allow-size:\n");
        let tree = Tree::of(&[
            ("a.rs", long.as_str()),
            ("b.rs", excused.as_str()),
            ("c.rs", empty.as_str()),
            ("d.md", long.as_str()),
        ]);
        let paths: Vec<String> = sizes(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["a.rs", "c.rs"]);
    }
}
