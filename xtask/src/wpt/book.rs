//! All expectations together: what a run is compared with, what an update writes, and what the page is made of.
//!
//! Not here: the comparison of one test; see `expectations`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};

use super::expectations::{Difference, Expectations, Expected};
use super::folders::{self, FOLDERS, Folder};
use super::inventory::Test;
use super::results::{CRASH, Results};
use super::versions::Versions;

/// The expectations of all folders, in the order of the page.
pub(super) struct Book(Vec<(&'static Folder, Expectations)>);

/// A comparison with the book.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    pub(super) differences: Vec<Difference>,
    /// Folders whose tests are of another version than the expectations, and why that is known.
    pub(super) not_compared: Vec<String>,
}

impl Book {
    /// Reads all files.
    ///
    /// # Errors
    /// Fails if one cannot be read.
    pub(super) fn read(workspace: &Path) -> Result<Self> {
        let mut book = Vec::new();
        for folder in &FOLDERS {
            if let Some(expectations) = Expectations::read(workspace, folder)? {
                book.push((folder, expectations));
            }
        }
        Ok(Self(book))
    }

    pub(super) fn folders(&self) -> impl Iterator<Item = (&'static Folder, &Expectations)> {
        self.0.iter().map(|(folder, expectations)| (*folder, expectations))
    }

    fn of(&self, folder: &Folder) -> Option<&Expectations> {
        self.0.iter().find(|(of, _)| of.name == folder.name).map(|(_, expectations)| expectations)
    }

    /// Compares a run with what is expected. A run of everything also lacks nothing that is expected.
    pub(super) fn compare(
        &self,
        versions: &Versions,
        tests: &[Test],
        results: &[Results],
        is_everything: bool,
    ) -> Comparison {
        let mut comparison = Comparison::default();
        for (name, group) in by_folder(tests, results) {
            let Some(folder) = FOLDERS.iter().find(|folder| folder.name == name) else {
                comparison.not_compared.push(format!("{name}: there are no expectations for it"));
                continue;
            };
            let Some(version) = versions.of_folder(folder) else {
                comparison
                    .not_compared
                    .push(format!("{name}: the checkout does not say which version it is"));
                continue;
            };
            let nothing = Expectations { version: version.clone(), ..Expectations::default() };
            let expectations = self.of(folder).unwrap_or(&nothing);
            if expectations.version != version {
                let expected = &expectations.version;
                comparison.not_compared.push(format!(
                    "{name}: the expectations are for version {expected}, the checkout has {version}"
                ));
                continue;
            }
            for (test, found) in &group {
                let name = test.name();
                match expectations.tests.get(&name) {
                    Some(expected) => comparison.differences.extend(expected.differences(&name, found)),
                    None => comparison.differences.push(new(name, found)),
                }
            }
            if is_everything {
                let gone = expectations
                    .tests
                    .iter()
                    .filter(|(name, _)| !group.iter().any(|(test, _)| test.name() == **name));
                comparison.differences.extend(gone.map(|(name, expected)| lacking(name, expected)));
            }
        }
        comparison
    }

    /// Takes what a run has given for what is expected. A run of everything leaves nothing else in its folders.
    ///
    /// # Errors
    /// Fails if a test has taken the runner down, which nobody may expect, or if a file cannot be written.
    pub(super) fn update(
        &mut self,
        workspace: &Path,
        versions: &Versions,
        tests: &[Test],
        results: &[Results],
        is_everything: bool,
    ) -> Result<()> {
        if let Some((test, found)) = tests.iter().zip(results).find(|(_, found)| found.status == CRASH) {
            bail!("expected no crash, found one in {}: {}", test.name(), found.message);
        }
        for folder in &FOLDERS {
            let Some(version) = versions.of_folder(folder) else { continue };
            let group: Vec<_> = tests.iter().zip(results).filter(|(test, _)| is_in(test, folder)).collect();
            let old = self.of(folder).filter(|old| !is_everything && old.version == version);
            let mut expectations =
                old.cloned().unwrap_or_else(|| Expectations { version, tests: BTreeMap::new() });
            if group.is_empty() && !is_everything {
                continue;
            }
            let found = group.iter().map(|(test, found)| (test.name(), Expected::of(found)));
            expectations.tests.extend(found);
            expectations.write(workspace, folder)?;
        }
        *self = Self::read(workspace)?;
        Ok(())
    }
}

fn is_in(test: &Test, folder: &Folder) -> bool {
    folders::of(&test.file).is_some_and(|of| of.name == folder.name)
}

fn by_folder<'a>(
    tests: &'a [Test],
    results: &'a [Results],
) -> BTreeMap<&'a str, Vec<(&'a Test, &'a Results)>> {
    let mut groups: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for (test, found) in tests.iter().zip(results) {
        let folder = folders::of(&test.file).map_or("others", |folder| folder.name);
        groups.entry(folder).or_default().push((test, found));
    }
    groups
}

fn new(test: String, found: &Results) -> Difference {
    Difference {
        test,
        subtest: None,
        expected: "nothing".to_owned(),
        found: found.status.clone(),
        message: found.message.clone(),
    }
}

fn lacking(test: &str, expected: &Expected) -> Difference {
    Difference {
        test: test.to_owned(),
        subtest: None,
        expected: expected.status().to_owned(),
        found: "nothing".to_owned(),
        message: "there is no such test".to_owned(),
    }
}

/// In what the results of two modes differ, in the words of the second.
pub(super) fn between_modes(
    tests: &[Test],
    first: &[Results],
    second: &BTreeMap<String, Results>,
) -> Vec<Difference> {
    tests
        .iter()
        .zip(first)
        .filter_map(|(test, expected)| {
            let name = test.name();
            let found = second.get(&name)?;
            Some(Expected::of(expected).differences(&name, found))
        })
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wpt::results::Status;

    fn test(file: &str) -> Test {
        Test { file: file.to_owned(), variant: String::new(), is_long: false }
    }

    fn found(status: Status) -> Results {
        let subtests = BTreeMap::from([("a".to_owned(), (status, String::new()))]);
        Results { status: "OK".to_owned(), subtests, ..Results::default() }
    }

    fn versions(commit: &str) -> Versions {
        let root = tempfile::tempdir().unwrap();
        let text = format!("{{\"url\": {{\"commit\": \"{commit}\"}}}}");
        std::fs::write(root.path().join("versions.json"), text).unwrap();
        Versions::of(root.path()).unwrap()
    }

    #[test]
    fn a_run_is_compared_with_what_was_expected_of_the_same_version() {
        let workspace = tempfile::tempdir().unwrap();
        let mut book = Book::read(workspace.path()).unwrap();
        let tests = [test("url/a.any.js"), test("url/b.any.js")];
        let results = [found(Status::Pass), found(Status::Fail)];
        let one = versions("1");
        assert_eq!(book.compare(&one, &tests, &results, true).differences.len(), 2);
        book.update(workspace.path(), &one, &tests, &results, true).unwrap();
        assert_eq!(book.compare(&one, &tests, &results, true).differences, []);

        // A part of the tests lacks nothing; a run of everything does.
        assert_eq!(book.compare(&one, &tests[..1], &results[..1], false).differences, []);
        let lacking = book.compare(&one, &tests[..1], &results[..1], true).differences;
        assert_eq!(lacking[0].test, "url/b.any.js");

        let other = book.compare(&versions("2"), &tests, &results, true);
        assert_eq!((other.differences.len(), other.not_compared.len()), (0, 1));
    }

    #[test]
    fn a_crash_is_never_expected() {
        let workspace = tempfile::tempdir().unwrap();
        let mut book = Book::read(workspace.path()).unwrap();
        let crashed = [Results::of_failure(CRASH, "signal 11")];
        let tests = [test("url/a.any.js")];
        let error = book.update(workspace.path(), &versions("1"), &tests, &crashed, true).unwrap_err();
        assert!(error.to_string().contains("signal 11"), "{error}");
        assert_eq!(book.folders().count(), 0);
    }

    #[test]
    fn an_update_of_some_tests_leaves_the_others() {
        let workspace = tempfile::tempdir().unwrap();
        let mut book = Book::read(workspace.path()).unwrap();
        let tests = [test("url/a.any.js"), test("url/b.any.js")];
        let one = versions("1");
        book.update(workspace.path(), &one, &tests, &[found(Status::Fail), found(Status::Fail)], true)
            .unwrap();
        book.update(workspace.path(), &one, &tests[..1], &[found(Status::Pass)], false).unwrap();
        let counts: Vec<_> = book.0[0].1.tests.values().map(|expected| expected.counts().passed).collect();
        assert_eq!(counts, [1, 0]);
    }

    #[test]
    fn a_difference_between_modes_is_seen_in_the_tests_that_both_ran() {
        let tests = [test("url/a.any.js"), test("url/b.any.js")];
        let first = [found(Status::Pass), found(Status::Pass)];
        let second = BTreeMap::from([("url/b.any.js".to_owned(), found(Status::Fail))]);
        let differences = between_modes(&tests, &first, &second);
        assert_eq!(differences.len(), 1);
        assert_eq!(differences[0].test, "url/b.any.js");
    }
}
