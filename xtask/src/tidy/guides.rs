//! Rust code in the guides is the compiled code of the examples.
//!
//! A block of a guide that shows code says where it comes from: `<!-- from: PATH#ANCHOR -->` on the line before the
//! fence, with `// ANCHOR: NAME` and `// ANCHOR_END: NAME` around the code in the example; without `#ANCHOR` the
//! whole file is shown. `cargo xtask tidy --fix` writes the blocks anew.
//!
//! Not here: shell, TOML and output blocks, which nothing compiles.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use super::{Finding, Tree};
use crate::context::Context;

const FROM: &str = "<!-- from: ";

pub(super) fn check(_: &Context, tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in tree.files().iter().filter(|file| is_guide(&file.path)) {
        match refreshed(&file.text, tree) {
            Ok(text) if text == file.text => {}
            Ok(text) => findings.push(Finding::new(
                &file.path,
                first_difference(&file.text, &text),
                "expected the code that is compiled, found another: run `cargo xtask tidy --fix`",
            )),
            Err(error) => findings.push(Finding::new(&file.path, 0, format!("{error:#}"))),
        }
        findings.extend(unbound_blocks(&file.path, &file.text));
    }
    Ok(findings)
}

/// Writes the blocks of all guides anew, and returns the guides that changed.
///
/// # Errors
/// Fails if a guide names a file or an anchor that is not there, or cannot be written.
pub(super) fn refresh(root: &Path, tree: &Tree) -> Result<Vec<String>> {
    let mut changed = Vec::new();
    for file in tree.files().iter().filter(|file| is_guide(&file.path)) {
        let text = refreshed(&file.text, tree).with_context(|| format!("could not refresh {}", file.path))?;
        if text != file.text {
            fs::write(root.join(&file.path), text)
                .with_context(|| format!("could not write {}", file.path))?;
            changed.push(file.path.clone());
        }
    }
    Ok(changed)
}

fn is_guide(path: &str) -> bool {
    path.ends_with(".md")
}

/// The guide with each block as its source has it now.
fn refreshed(guide: &str, tree: &Tree) -> Result<String> {
    let mut text = String::with_capacity(guide.len());
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        text.push_str(line);
        text.push('\n');
        let Some(source) = source_of(line) else { continue };
        let fence = lines.next().unwrap_or_default();
        if !fence.starts_with("```") {
            bail!("expected a fenced block after `{line}`, found `{fence}`");
        }
        if !lines.any(|line| line.starts_with("```")) {
            bail!("expected an end of the block after `{line}`, found the file's end");
        }
        text.push_str(fence);
        text.push('\n');
        text.push_str(&code_of(source, tree)?);
        text.push_str("```\n");
    }
    if !guide.ends_with('\n') {
        text.pop();
    }
    Ok(text)
}

/// The source of a block, if the line announces one.
fn source_of(line: &str) -> Option<&str> {
    line.trim().strip_prefix(FROM)?.strip_suffix("-->").map(str::trim)
}

/// The code of `PATH` or `PATH#ANCHOR`, without its anchors and without the indentation that all lines share.
fn code_of(source: &str, tree: &Tree) -> Result<String> {
    let (path, anchor) = match source.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (source, None),
    };
    let file = tree.file(path).with_context(|| format!("expected a file {path}, found none"))?;
    let mut lines: Vec<&str> = file.text.lines().collect();
    if let Some(anchor) = anchor {
        let marks = |mark: &str| {
            let wanted = format!("{mark} {anchor}");
            lines.iter().position(|line| line.trim().trim_start_matches(['/', '#', ' ']) == wanted)
        };
        let start =
            marks("ANCHOR:").with_context(|| format!("expected `ANCHOR: {anchor}` in {path}, found none"))?;
        let end = marks("ANCHOR_END:")
            .with_context(|| format!("expected `ANCHOR_END: {anchor}` in {path}, found none"))?;
        if end < start {
            bail!("expected `ANCHOR_END: {anchor}` after its `ANCHOR` in {path}");
        }
        lines = lines[start + 1..end].to_vec();
    }
    lines.retain(|line| {
        let comment = line.trim().trim_start_matches(['/', '#', ' ']);
        !comment.starts_with("ANCHOR: ") && !comment.starts_with("ANCHOR_END: ")
    });
    let indentation = lines
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    let mut code = String::new();
    for line in lines {
        code.push_str(line.get(indentation..).unwrap_or_default());
        code.push('\n');
    }
    Ok(code)
}

/// Blocks of Rust that no compiler sees.
fn unbound_blocks(path: &str, guide: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut previous = "";
    let mut inside = false;
    for (index, line) in guide.lines().enumerate() {
        if line.starts_with("```") {
            if !inside && line.starts_with("```rust") && source_of(previous).is_none() {
                findings.push(Finding::new(
                    path,
                    index + 1,
                    format!("expected `{FROM}PATH#ANCHOR -->` before a block of Rust, found none: show compiled code"),
                ));
            }
            inside = !inside;
        }
        previous = line;
    }
    findings
}

fn first_difference(one: &str, other: &str) -> usize {
    one.lines().zip(other.lines()).take_while(|(one, other)| one == other).count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "//! Shows it.\nfn main() {\n    // ANCHOR: call\n    let a = 1;\n\n    if a > 0 {\n        \
                           print(a);\n    }\n    // ANCHOR_END: call\n}\n";

    fn guide(code: &str) -> String {
        format!("# Guide\n\n<!-- from: examples/a.rs#call -->\n```rust\n{code}```\n\nMore.\n")
    }

    #[test]
    fn a_block_is_written_anew_from_its_example() {
        let tree = Tree::of(&[("examples/a.rs", EXAMPLE)]);
        let fresh = refreshed(&guide("let old = 0;\n"), &tree).unwrap();
        assert_eq!(fresh, guide("let a = 1;\n\nif a > 0 {\n    print(a);\n}\n"));
        assert_eq!(refreshed(&fresh, &tree).unwrap(), fresh);
    }

    #[test]
    fn a_missing_anchor_is_named() {
        let tree = Tree::of(&[("examples/a.rs", "fn main() {}\n")]);
        let error = refreshed(&guide(""), &tree).unwrap_err().to_string();
        assert!(error.contains("ANCHOR: call") && error.contains("examples/a.rs"), "{error}");
    }

    #[test]
    fn rust_that_nothing_compiles_is_found() {
        let text = "```rust\nlet a = 1;\n```\n\n```toml\na = 1\n```\n";
        let found = unbound_blocks("docs/a.md", text);
        assert_eq!(found.iter().map(|finding| finding.line).collect::<Vec<_>>(), [1]);
        assert!(unbound_blocks("docs/a.md", &guide("let a = 1;\n")).is_empty());
    }
}
