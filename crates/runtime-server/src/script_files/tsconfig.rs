//! What a `tsconfig.json` says that matters to a transpiler: how JSX is compiled, and which imports stay. Everything
//! else in it is the type checker's business. `extends` is not followed.

use std::path::Path;

use serde::Deserialize;

/// How a folder's TypeScript and JSX are compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TsConfig {
    /// Elements are calls of `factory`, and nothing is imported for them.
    pub(super) is_classic: bool,
    /// From where the functions for elements are imported.
    pub(super) import_source: Option<String>,
    pub(super) factory: Option<String>,
    pub(super) fragment_factory: Option<String>,
    /// Imports that nothing uses stay, unless they say `type`.
    pub(super) keeps_unused_imports: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Written {
    compiler_options: CompilerOptions,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct CompilerOptions {
    jsx: Option<String>,
    jsx_import_source: Option<String>,
    jsx_factory: Option<String>,
    jsx_fragment_factory: Option<String>,
    verbatim_module_syntax: bool,
}

impl TsConfig {
    /// That of the nearest `tsconfig.json` above a file, not above the root.
    pub(super) fn of(file: &Path, root: &Path) -> Self {
        let folders = file.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
        let path = folders.map(|folder| folder.join("tsconfig.json")).find(|path| path.is_file());
        let Some(path) = path else { return Self::default() };
        let read = std::fs::read_to_string(&path).and_then(|text| Ok(Self::parse(&text)?));
        read.unwrap_or_else(|error| {
            tracing::warn!(path = %path.display(), %error, "passed over: it cannot be read");
            Self::default()
        })
    }

    fn parse(text: &str) -> serde_json::Result<Self> {
        let written: Written = serde_json::from_str(&plain_json(text))?;
        let options = written.compiler_options;
        Ok(Self {
            is_classic: options.jsx.as_deref() == Some("react"),
            import_source: options.jsx_import_source,
            factory: options.jsx_factory,
            fragment_factory: options.jsx_fragment_factory,
            keeps_unused_imports: options.verbatim_module_syntax,
        })
    }
}

/// JSON without the comments and trailing commas that this file may have.
fn plain_json(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    while let Some(first) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.find('\n').map_or("", |end| &comment[end..]);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
        } else if first == '"' {
            let length = string_length(rest);
            plain.push_str(&rest[..length]);
            rest = &rest[length..];
        } else {
            if matches!(first, '}' | ']') && plain.trim_end().ends_with(',') {
                plain.truncate(plain.trim_end().len() - 1);
            }
            plain.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    plain
}

/// The length of the string literal that a text begins with.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_trailing_commas_are_allowed() {
        let text =
            "// head\n{ \"compilerOptions\": { /* a, */ \"jsx\": \"react\", \"jsxFactory\": \"h\", // b\n
            \"jsxImportSource\": \"a//b\\\",}\", \"paths\": { \"*\": [1, ], }, }, }";
        let expected = TsConfig {
            is_classic: true,
            factory: Some("h".to_owned()),
            import_source: Some("a//b\",}".to_owned()),
            ..TsConfig::default()
        };
        assert_eq!(TsConfig::parse(text).ok(), Some(expected));
        assert_eq!(TsConfig::parse("{}").ok(), Some(TsConfig::default()));
        assert!(TsConfig::parse("{ \"compilerOptions\": ").is_err());
    }

    #[test]
    fn the_nearest_one_counts_and_none_above_the_root() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().join("w");
        std::fs::create_dir_all(root.join("a/b")).expect("folders");
        let config = |source: &str| format!("{{\"compilerOptions\":{{\"jsxImportSource\":\"{source}\"}}}}");
        std::fs::write(folder.path().join("tsconfig.json"), config("outside")).expect("a file");
        let source = |file: &str| TsConfig::of(&root.join(file), &root).import_source;
        assert_eq!(source("a/b/c.tsx"), None);
        std::fs::write(root.join("tsconfig.json"), config("root")).expect("a file");
        assert_eq!(source("a/b/c.tsx").as_deref(), Some("root"));
        std::fs::write(root.join("a/tsconfig.json"), config("nearer")).expect("a file");
        assert_eq!(source("a/b/c.tsx").as_deref(), Some("nearer"));
        assert_eq!(source("c.tsx").as_deref(), Some("root"));
    }
}
