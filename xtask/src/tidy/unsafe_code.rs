//! Unsafe code stands in `runtime-core` only, and each piece of it says why it is sound.
//!
//! Every other crate forbids it at its root, so that the compiler agrees.
//!
//! Not here: whether the reason holds, which is for readers.

use anyhow::Result;
use cargo_metadata::TargetKind;

use super::tree::SourceFile;
use super::{Finding, Tree};
use crate::context::Context;

/// The one crate that may.
const CRATE: &str = "crates/runtime-core/";

/// The compiler's lint at the root of every other crate.
const FORBIDDEN: &str = "#![forbid(unsafe_code)]";

pub(super) fn check(context: &Context, tree: &Tree) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for file in tree.files().iter().filter(|file| file.is_rust()) {
        findings.extend(in_file(file));
    }
    for package in context.metadata()?.workspace_packages() {
        for target in &package.targets {
            let is_root = target
                .kind
                .iter()
                .any(|kind| matches!(kind, TargetKind::Lib | TargetKind::Bin | TargetKind::ProcMacro));
            let path = target.src_path.strip_prefix(context.root()).unwrap_or(&target.src_path).as_str();
            if is_root
                && !path.starts_with(CRATE)
                && let Some(file) = tree.file(path)
                && !file.text.lines().any(|line| line.trim() == FORBIDDEN)
            {
                findings.push(Finding::new(
                    path,
                    0,
                    format!("expected `{FORBIDDEN}` after the head, found none"),
                ));
            }
        }
    }
    Ok(findings)
}

fn in_file(file: &SourceFile) -> Vec<Finding> {
    let code = without_text(&file.text);
    let code: Vec<&str> = code.lines().collect();
    let lines: Vec<&str> = file.text.lines().collect();
    let mut findings = Vec::new();
    for (index, line) in code.iter().enumerate() {
        for rest in after_keyword(line) {
            if !file.path.starts_with(CRATE) {
                findings.push(Finding::new(
                    &file.path,
                    index + 1,
                    format!("expected no unsafe code outside {CRATE}, found some: ask that crate for a safe interface"),
                ));
            } else if needs_reason(rest) && !has_reason(&lines, &code, index) {
                findings.push(Finding::new(
                    &file.path,
                    index + 1,
                    "expected a `// SAFETY:` comment (or a `# Safety` section) above, found none",
                ));
            }
        }
    }
    findings
}

/// What follows each use of the keyword on a line of code.
fn after_keyword(line: &str) -> Vec<&str> {
    const KEYWORD: &str = "unsafe";
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(KEYWORD)
        .filter(|(at, _)| {
            let before = line[..*at].chars().next_back();
            let after = line[at + KEYWORD.len()..].chars().next();
            !before.is_some_and(is_word) && !after.is_some_and(is_word)
        })
        .map(|(at, _)| line[at + KEYWORD.len()..].trim_start())
        .collect()
}

/// Whether this use is one that can be wrong; a mere type, `unsafe extern "C" fn(…)`, cannot.
fn needs_reason(rest: &str) -> bool {
    let rest = rest
        .strip_prefix("extern")
        .map_or(rest, |rest| rest.trim_start_matches([' ', '"', 'C', '-', 'u', 'n', 'w', 'i', 'd']));
    match rest.strip_prefix("fn") {
        Some(name) => !name.trim_start().starts_with('('),
        None => true,
    }
}

/// Whether a comment above the statement or item, or on its line, gives the reason.
fn has_reason(lines: &[&str], code: &[&str], index: usize) -> bool {
    let is_reason = |line: &str| line.contains("SAFETY:") || line.contains("# Safety");
    if lines[index].contains("SAFETY:") {
        return true;
    }
    // Up to the first line of the statement: the line before it ends another one, or is no code at all.
    let mut first = index;
    while first > 0 {
        let above = code[first - 1].trim();
        if above.is_empty() || above.ends_with([';', '{', '}', ',']) {
            break;
        }
        first -= 1;
    }
    // Then over comments and attributes.
    lines[..first]
        .iter()
        .rev()
        .take_while(|line| {
            let line = line.trim();
            line.starts_with("//") || line.starts_with("#[") || line.starts_with("*")
        })
        .any(|line| is_reason(line))
}

/// The code with comments, strings and characters blanked, lines kept.
fn without_text(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let chars: Vec<char> = source.chars().collect();
    let at = |index: usize| chars.get(index).copied().unwrap_or('\0');
    let mut index = 0;
    let blank = |code: &mut String, c: char| code.push(if c == '\n' { '\n' } else { ' ' });
    while index < chars.len() {
        let c = at(index);
        let in_word = index > 0 && (at(index - 1).is_alphanumeric() || at(index - 1) == '_');
        if c == '/' && at(index + 1) == '/' {
            while index < chars.len() && at(index) != '\n' {
                code.push(' ');
                index += 1;
            }
        } else if c == '/' && at(index + 1) == '*' {
            let mut depth = 0;
            while index < chars.len() {
                if at(index) == '/' && at(index + 1) == '*' {
                    depth += 1;
                    code.push_str("  ");
                    index += 2;
                } else if at(index) == '*' && at(index + 1) == '/' {
                    depth -= 1;
                    code.push_str("  ");
                    index += 2;
                    if depth == 0 {
                        break;
                    }
                } else {
                    blank(&mut code, at(index));
                    index += 1;
                }
            }
        } else if c == '"' {
            index = skip_string(&chars, index, &mut code);
        } else if !in_word && matches!(c, 'r' | 'b' | 'c') && raw_hashes(&chars, index).is_some() {
            let (start, hashes) = raw_hashes(&chars, index).unwrap_or((index, 0));
            let closing: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
            let mut end = start + 1;
            while end < chars.len() && !chars[end..].starts_with(&closing) {
                end += 1;
            }
            let end = (end + closing.len()).min(chars.len());
            chars[index..end].iter().for_each(|c| blank(&mut code, *c));
            index = end;
        } else if c == '\'' && (at(index + 1) == '\\' || at(index + 2) == '\'') {
            // A character; a lifetime has no quote two places on.
            let mut end = index + if at(index + 1) == '\\' { 3 } else { 2 };
            while end < chars.len() && chars[end] != '\'' {
                end += 1;
            }
            let end = (end + 1).min(chars.len());
            chars[index..end].iter().for_each(|c| blank(&mut code, *c));
            index = end;
        } else {
            code.push(c);
            index += 1;
        }
    }
    code
}

/// Blanks a plain string that starts at `index`, and returns the place after it.
fn skip_string(chars: &[char], index: usize, code: &mut String) -> usize {
    let mut end = index + 1;
    while end < chars.len() && chars[end] != '"' {
        end += if chars[end] == '\\' { 2 } else { 1 };
    }
    let end = (end + 1).min(chars.len());
    for c in &chars[index..end] {
        code.push(if *c == '\n' { '\n' } else { ' ' });
    }
    end
}

/// The place of the opening quote and the count of hashes, if a raw string starts here.
fn raw_hashes(chars: &[char], index: usize) -> Option<(usize, usize)> {
    let mut at = index;
    if matches!(chars.get(at), Some('b' | 'c')) {
        at += 1;
    }
    if chars.get(at) != Some(&'r') {
        return None;
    }
    at += 1;
    let hashes = chars[at..].iter().take_while(|c| **c == '#').count();
    (chars.get(at + hashes) == Some(&'"')).then_some((at + hashes, hashes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        in_file(&SourceFile { path: path.to_owned(), text: text.to_owned() })
            .into_iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn unsafe_code_outside_the_core_is_found_and_words_about_it_are_not() {
        let text = "//! About unsafe code.\n#![forbid(unsafe_code)]\nlet a = \"unsafe {\";\nlet b = r#\"unsafe \"x\"\"#;\n\
                    let c = 'u'; /* unsafe\n */ unsafe { f() };\n";
        assert_eq!(lines("crates/mode-pool/src/lib.rs", text), [6]);
    }

    #[test]
    fn a_block_without_a_reason_is_found() {
        let core = "crates/runtime-core/src/a.rs";
        assert_eq!(lines(core, "fn f() {\n    unsafe { g() }\n}\n"), [2]);
        assert!(lines(core, "fn f() {\n    // SAFETY: g holds.\n    unsafe { g() }\n}\n").is_empty());
        assert!(lines(core, "// SAFETY: it is.\n#[allow(x)]\nunsafe impl Send for A {}\n").is_empty());
        assert_eq!(lines(core, "// It is sendable.\nunsafe impl Send for A {}\n"), [2]);
    }

    #[test]
    fn the_reason_may_stand_above_a_statement_of_several_lines() {
        let core = "crates/runtime-core/src/a.rs";
        assert!(
            lines(core, "fn f() {\n    // SAFETY: g holds.\n    let a =\n        unsafe { g() };\n}\n")
                .is_empty()
        );
        assert!(
            lines(
                core,
                "/// Does it.\n///\n/// # Safety\n/// Callers hold the lock.\npub unsafe fn f() {}\n"
            )
            .is_empty()
        );
        assert_eq!(lines(core, "/// Does it.\npub unsafe fn f() {}\n"), [2]);
    }

    #[test]
    fn a_function_pointers_type_needs_no_reason() {
        let core = "crates/runtime-core/src/a.rs";
        assert!(lines(core, "type F = unsafe extern \"C\" fn(usize);\n").is_empty());
        assert_eq!(lines(core, "unsafe extern \"C\" fn handler(signal: i32) {}\n"), [1]);
    }
}
