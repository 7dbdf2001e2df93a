//! Which tests there are: the files of the folders that are measured, with their variants.
//!
//! Not here: what a test's script looks like.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::folders;
use super::meta::Meta;

/// One test: a file, run with one query string.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Test {
    /// The file, relative to the tests' folder.
    pub(super) file: String,
    /// The query string with its `?`, or nothing.
    pub(super) variant: String,
    /// Whether it is given more time.
    pub(super) is_long: bool,
}

impl Test {
    /// The file and the query string: the test's name in lists.
    pub(super) fn name(&self) -> String {
        format!("{}{}", self.file, self.variant)
    }
}

/// Finds the tests whose names contain the filter, in order. Without a filter those of the measured folders that can be
/// run with or without a live server; with one, the others that match as well.
///
/// # Errors
/// Fails if a folder or a file cannot be read.
pub(super) fn find(root: &Path, filter: Option<&str>, has_server: bool) -> Result<Vec<Test>> {
    let mut files = Vec::new();
    walk(root, "", &mut files)?;
    let mut tests = Vec::new();
    for file in files {
        let is_measured = folders::of(&file).is_some_and(|folder| has_server || !folder.needs_server);
        if filter.is_none() && !is_measured {
            continue;
        }
        // A name with a query string can match where the file's alone does not.
        let may_match = filter.is_none_or(|filter| filter.contains('?') || file.contains(filter));
        if !may_match {
            continue;
        }
        let bytes = fs::read(root.join(&file)).with_context(|| format!("could not read the test {file}"))?;
        let meta = Meta::of(&String::from_utf8_lossy(&bytes));
        if !meta.is_for_workers {
            continue;
        }
        let variants = if meta.variants.is_empty() { vec![String::new()] } else { meta.variants };
        for variant in variants {
            let test = Test { file: file.clone(), variant, is_long: meta.is_long };
            if filter.is_none_or(|filter| test.name().contains(filter)) {
                tests.push(test);
            }
        }
    }
    tests.sort();
    tests.dedup();
    Ok(tests)
}

/// Every so-manieth test, beginning with the first: the same ones in every run.
pub(super) fn sample(tests: &[Test], every: usize) -> Vec<Test> {
    tests.iter().step_by(every.max(1)).cloned().collect()
}

fn is_test(name: &str) -> bool {
    name.ends_with(".any.js") || name.ends_with(".worker.js")
}

fn walk(root: &Path, below: &str, files: &mut Vec<String>) -> Result<()> {
    let folder = root.join(below);
    let list = fs::read_dir(&folder).with_context(|| format!("could not list {}", folder.display()))?;
    for entry in list {
        let entry = entry.with_context(|| format!("could not list {}", folder.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        let kind = entry.file_type().with_context(|| format!("could not look at {path}"))?;
        if kind.is_dir() {
            if !name.starts_with('.') {
                walk(root, &path, files)?;
            }
        } else if is_test(&name) {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests_of_inventory {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn names(root: &Path, filter: Option<&str>) -> Vec<String> {
        find(root, filter, false).unwrap().iter().map(Test::name).collect()
    }

    #[test]
    fn files_are_found_with_their_variants_in_measured_folders() {
        let folder = tree(&[
            ("url/b.any.js", "// META: variant=?x\n// META: variant=?y\n"),
            ("url/a.any.js", ""),
            ("url/only.any.js", "// META: global=window\n"),
            ("url/page.html", ""),
            ("css/c.any.js", ""),
            ("websockets/d.any.js", ""),
        ]);
        assert_eq!(names(folder.path(), None), ["url/a.any.js", "url/b.any.js?x", "url/b.any.js?y"]);
        assert_eq!(names(folder.path(), Some("b.any.js?y")), ["url/b.any.js?y"]);
        assert_eq!(names(folder.path(), Some("css/")), ["css/c.any.js"]);
    }

    #[test]
    fn a_sample_is_the_same_every_time() {
        let test = |file: &str| Test { file: file.to_owned(), variant: String::new(), is_long: false };
        let tests = ["a", "b", "c", "d", "e"].map(test);
        assert_eq!(sample(&tests, 2), ["a", "c", "e"].map(test));
        assert_eq!(sample(&tests, 0).len(), 5);
    }
}
