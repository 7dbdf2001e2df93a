//! What a test file says about itself in its first comments: `// META: key=value`.
//!
//! Not here: reading the scripts that it names.

/// The first comments of a test file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Meta {
    /// The scripts to run before it, in order, as written.
    pub(super) scripts: Vec<String>,
    /// The query strings with which it is run one by one; empty if there is nothing to vary.
    pub(super) variants: Vec<String>,
    /// Whether it is to be run in some kind of worker.
    pub(super) is_for_workers: bool,
    /// Whether it is given more time.
    pub(super) is_long: bool,
}

/// The kinds of global object that a worker can stand for. `jsshell` is one without any of a browser's.
const WORKERS: [&str; 5] = ["worker", "dedicatedworker", "sharedworker", "serviceworker", "jsshell"];

impl Meta {
    /// Reads the comments at the head of a file.
    pub(super) fn of(source: &str) -> Self {
        let mut meta = Meta { is_for_workers: true, ..Meta::default() };
        let comments =
            source.lines().map(str::trim).take_while(|line| line.is_empty() || line.starts_with("//"));
        for comment in comments {
            let Some(entry) = comment.trim_start_matches('/').trim_start().strip_prefix("META:") else {
                continue;
            };
            let Some((key, value)) = entry.split_once('=') else { continue };
            let value = value.trim();
            match key.trim() {
                "script" => meta.scripts.push(value.to_owned()),
                "variant" => meta.variants.push(value.to_owned()),
                "global" => meta.is_for_workers = value.split(',').any(|kind| WORKERS.contains(&kind.trim())),
                "timeout" => meta.is_long = value == "long",
                _ => {}
            }
        }
        meta
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_comments_are_read_and_later_ones_are_not() {
        let source = "// META: title=A = b\n// META: script=/common/a.js\n//META: script=../b.js\n\n\
                      // META: timeout=long\n// META: variant=?1-10\n// META: variant=?11-last\n'use strict';\n\
                      // META: script=late.js\n";
        let meta = Meta::of(source);
        assert_eq!(meta.scripts, ["/common/a.js", "../b.js"]);
        assert_eq!(meta.variants, ["?1-10", "?11-last"]);
        assert!(meta.is_long && meta.is_for_workers);
    }

    #[test]
    fn a_test_for_windows_alone_is_none_for_workers() {
        assert!(!Meta::of("// META: global=window\n").is_for_workers);
        assert!(!Meta::of("// META: global=window,shadowrealm\n").is_for_workers);
        assert!(Meta::of("// META: global=window, dedicatedworker\n").is_for_workers);
        assert!(Meta::of("// META: global=window,jsshell\n").is_for_workers);
        assert!(Meta::of("test(() => {});").is_for_workers);
    }
}
