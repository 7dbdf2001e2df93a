//! What the tests are expected to give: a file a folder below `conformance/expectations`, with every test, the number of
//! its subtests, and those that do not pass.
//!
//! A test that passes is a line `"url/a.any.js": 12`. Of any other, the subtests that do not pass are listed by status,
//! or counted if all have the same. Expectations are made for one version of the tests, and say for which.
//!
//! Not here: why something fails; see `reasons`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use super::folders::Folder;
use super::results::{Counts, MISSING, OK, Results, Status};

/// The folder of the files, in the workspace.
const FOLDER: &str = "conformance/expectations";

/// What one folder's tests are expected to give.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expectations {
    /// The version of the folder's tests, as their checkout names it.
    pub(super) version: String,
    /// By the test's name.
    pub(super) tests: BTreeMap<String, Expected>,
}

/// What one test is expected to give.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Expected {
    /// So many subtests, all of which pass.
    Passes(usize),
    /// Something else.
    Fails(Failing),
}

/// A test of which not all is well.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Failing {
    /// The status of the test as a whole.
    #[serde(default = "ok", skip_serializing_if = "is_ok")]
    status: String,
    /// How many subtests pass.
    #[serde(default)]
    pass: usize,
    /// Those that do not, by the status that they have.
    #[serde(flatten)]
    others: BTreeMap<String, Others>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Others {
    /// All subtests of the test have this status, and there are so many.
    All(usize),
    /// These have it.
    Named(Vec<String>),
}

fn ok() -> String {
    OK.to_owned()
}

fn is_ok(status: &str) -> bool {
    status == OK
}

/// One way in which a test was not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    /// The test's name.
    pub(super) test: String,
    /// The subtest's name; none for the test as a whole.
    pub(super) subtest: Option<String>,
    pub(super) expected: String,
    pub(super) found: String,
    /// What the test said.
    pub(super) message: String,
}

impl Difference {
    /// Whether it is better than expected.
    pub(super) fn is_progress(&self) -> bool {
        self.found == Status::Pass.as_str() || (self.subtest.is_none() && self.found == OK)
    }
}

impl Expected {
    /// What a result means as an expectation.
    pub(super) fn of(results: &Results) -> Self {
        let Counts { passed, failed } = results.counts();
        if results.status == OK && failed == 0 {
            return Expected::Passes(passed);
        }
        let mut by_status: BTreeMap<Status, Vec<String>> = BTreeMap::new();
        for (name, (status, _)) in &results.subtests {
            if *status != Status::Pass {
                by_status.entry(*status).or_default().push(name.clone());
            }
        }
        let is_one = passed == 0 && by_status.len() == 1;
        let others = by_status.into_iter().map(|(status, names)| {
            let others =
                if is_one && names.len() > 1 { Others::All(names.len()) } else { Others::Named(names) };
            (status.as_str().to_owned(), others)
        });
        Expected::Fails(Failing { status: results.status.clone(), pass: passed, others: others.collect() })
    }

    /// How many subtests are expected to pass and to fail, as [`Results::counts`] counts them.
    pub(super) fn counts(&self) -> Counts {
        match self {
            Expected::Passes(passed) => Counts { passed: *passed, failed: 0 },
            Expected::Fails(failing) => {
                let failed: usize = failing.others.values().map(Others::len).sum();
                let whole = failing.pass + failed == 0 && failing.status != OK && failing.status != MISSING;
                Counts { passed: failing.pass, failed: failed + usize::from(whole) }
            }
        }
    }

    /// The status of the test as a whole.
    pub(super) fn status(&self) -> &str {
        match self {
            Expected::Passes(_) => OK,
            Expected::Fails(failing) => &failing.status,
        }
    }

    fn status_of(&self, subtest: &str) -> &str {
        let Expected::Fails(failing) = self else { return Status::Pass.as_str() };
        let has = |others: &Others| match others {
            Others::All(_) => true,
            Others::Named(names) => names.iter().any(|name| name == subtest),
        };
        failing
            .others
            .iter()
            .find(|(_, others)| has(others))
            .map_or(Status::Pass.as_str(), |(status, _)| status.as_str())
    }

    /// The subtests that are listed by name, with their statuses.
    pub(super) fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        let others = match self {
            Expected::Passes(_) => None,
            Expected::Fails(failing) => Some(&failing.others),
        };
        others.into_iter().flatten().flat_map(|(status, others)| {
            let names = match others {
                Others::All(_) => &[][..],
                Others::Named(names) => names,
            };
            names.iter().map(|name| (status.as_str(), name.as_str()))
        })
    }

    /// In what a result differs.
    pub(super) fn differences(&self, test: &str, results: &Results) -> Vec<Difference> {
        let difference = |subtest: Option<&str>, expected: &str, found: &str, message: &str| Difference {
            test: test.to_owned(),
            subtest: subtest.map(str::to_owned),
            expected: expected.to_owned(),
            found: found.to_owned(),
            message: message.to_owned(),
        };
        let mut differences = Vec::new();
        if self.status() != results.status {
            differences.push(difference(None, self.status(), &results.status, &results.message));
        }
        for (name, (status, message)) in &results.subtests {
            let expected = self.status_of(name);
            if expected != status.as_str() {
                differences.push(difference(Some(name), expected, status.as_str(), message));
            }
        }
        for (status, name) in self.named() {
            if !results.subtests.contains_key(name) {
                differences.push(difference(Some(name), status, "nothing", ""));
            }
        }
        let (expected, found) = (self.counts(), results.counts());
        // Everything else that could be wrong shows in a subtest that has a name.
        if differences.is_empty() && expected != found {
            let said = |counts: Counts| format!("{} passed, {} failed", counts.passed, counts.failed);
            differences.push(difference(None, &said(expected), &said(found), ""));
        }
        differences
    }
}

impl Others {
    fn len(&self) -> usize {
        match self {
            Others::All(count) => *count,
            Others::Named(names) => names.len(),
        }
    }
}

impl Expectations {
    /// Reads a folder's expectations; none if there is no file.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or is not what is written there.
    pub(super) fn read(workspace: &Path, folder: &Folder) -> Result<Option<Self>> {
        let path = workspace.join(FOLDER).join(file_name(folder));
        if !path.is_file() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
        let expectations: Self = serde_json::from_str(&text)
            .with_context(|| format!("expected expectations in {}", path.display()))?;
        let statuses = expectations.tests.values().filter_map(|expected| match expected {
            Expected::Passes(_) => None,
            Expected::Fails(failing) => Some(failing.others.keys()),
        });
        if let Some(unknown) = statuses.flatten().find(|status| Status::named(status).is_none()) {
            bail!("expected a subtest's status in {}, found {unknown}", path.display());
        }
        Ok(Some(expectations))
    }

    /// Writes them, sorted; without tests, there is no file.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub(super) fn write(&self, workspace: &Path, folder: &Folder) -> Result<()> {
        let path = workspace.join(FOLDER).join(file_name(folder));
        if self.tests.is_empty() {
            return match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    Err(error).with_context(|| format!("could not remove {}", path.display()))
                }
                _ => Ok(()),
            };
        }
        let text = serde_json::to_string_pretty(self).context("could not write expectations as JSON")?;
        fs::create_dir_all(workspace.join(FOLDER)).context("could not make the expectations' folder")?;
        fs::write(&path, text + "\n").with_context(|| format!("could not write {}", path.display()))
    }
}

fn file_name(folder: &Folder) -> String {
    format!("{}.json", folder.name.replace('/', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wpt::folders;

    fn results(status: &str, subtests: &[(&str, Status)]) -> Results {
        let subtests = subtests
            .iter()
            .map(|(name, status)| ((*name).to_owned(), (*status, format!("{name} says"))))
            .collect();
        Results { status: status.to_owned(), subtests, ..Results::default() }
    }

    /// What became of a subtest, as `name: expected -> found`.
    fn said(differences: &[Difference]) -> Vec<String> {
        let said = |it: &Difference| {
            format!("{}: {} -> {}", it.subtest.as_deref().unwrap_or("all"), it.expected, it.found)
        };
        differences.iter().map(said).collect()
    }

    #[test]
    fn a_result_is_as_expected_of_itself() {
        use Status::{Fail, Pass, Timeout};
        for found in [
            results(OK, &[]),
            results(OK, &[("a", Pass), ("b", Pass)]),
            results(OK, &[("a", Pass), ("b", Fail)]),
            results(OK, &[("a", Fail), ("b", Fail)]),
            results("TIMEOUT", &[("a", Fail), ("b", Timeout)]),
            results("CRASH", &[]),
            results(MISSING, &[]),
        ] {
            let expected = Expected::of(&found);
            assert_eq!(expected.differences("t", &found), [], "{found:?}");
            assert_eq!(expected.counts(), found.counts(), "{found:?}");
            let text = serde_json::to_string(&expected).unwrap();
            assert_eq!(serde_json::from_str::<Expected>(&text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_regression_and_an_unexpected_pass_are_both_differences() {
        use Status::{Fail, Pass, Timeout};
        let expected = Expected::of(&results(OK, &[("a", Pass), ("b", Fail), ("c", Fail)]));
        let found = results(OK, &[("a", Fail), ("b", Pass), ("c", Timeout)]);
        let differences = expected.differences("t", &found);
        assert_eq!(said(&differences), ["a: PASS -> FAIL", "b: FAIL -> PASS", "c: FAIL -> TIMEOUT"]);
        assert_eq!(differences.iter().filter(|it| it.is_progress()).count(), 1);
        assert_eq!(differences[0].message, "a says");
    }

    #[test]
    fn subtests_that_are_gone_or_new_are_differences() {
        use Status::{Fail, Pass};
        let expected = Expected::of(&results(OK, &[("a", Pass), ("b", Fail)]));
        assert_eq!(said(&expected.differences("t", &results(OK, &[("a", Pass)]))), ["b: FAIL -> nothing"]);
        let expected = Expected::Passes(2);
        let found = results(OK, &[("a", Pass)]);
        assert_eq!(
            said(&expected.differences("t", &found)),
            ["all: 2 passed, 0 failed -> 1 passed, 0 failed"]
        );
        let crashed = results("CRASH", &[]);
        assert_eq!(said(&expected.differences("t", &crashed)), ["all: OK -> CRASH"]);
    }

    #[test]
    fn expectations_are_read_as_they_were_written() {
        let workspace = tempfile::tempdir().unwrap();
        let folder = folders::of("wasm/jsapi/a.any.js").unwrap();
        assert_eq!(Expectations::read(workspace.path(), folder).unwrap(), None);
        let expected = Expected::of(&results("ERROR", &[("a", Status::Pass), ("b", Status::NotRun)]));
        let mut expectations = Expectations {
            version: "1".to_owned(),
            tests: BTreeMap::from([
                ("wasm/jsapi/a.any.js".to_owned(), Expected::Passes(3)),
                ("wasm/jsapi/b.any.js?x".to_owned(), expected),
            ]),
        };
        expectations.write(workspace.path(), folder).unwrap();
        assert_eq!(Expectations::read(workspace.path(), folder).unwrap().as_ref(), Some(&expectations));
        let text = fs::read_to_string(workspace.path().join(FOLDER).join("wasm-jsapi.json")).unwrap();
        assert!(text.contains("\"wasm/jsapi/a.any.js\": 3,\n"), "{text}");
        expectations.tests.clear();
        expectations.write(workspace.path(), folder).unwrap();
        assert_eq!(Expectations::read(workspace.path(), folder).unwrap(), None);
    }
}
