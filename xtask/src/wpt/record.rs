//! The record of one run over a full checkout of the tests with a live server of them, which `--record` writes into the
//! workspace, and the page shows: folders that Debian's part lacks, and tests that need a server.
//!
//! Not here: a comparison. What is compared are expectations, and those are of Debian's part.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::folders;
use super::inventory::Test;
use super::reasons::Reasons;
use super::results::{Counts, MISSING, OK, Results, Status};

/// The file, in the workspace.
const FILE: &str = "conformance/full-checkout.json";

/// What one run gave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    /// Which checkout it was, in the words of whoever ran it; nothing if nobody said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) checkout: String,
    /// The day of the run in UTC, as in `2026-11-26`.
    pub(super) date: String,
    /// The execution mode, or `all` if all of them gave the same.
    pub(super) mode: String,
    /// How many subtests passed, and how many did not, by row.
    pub(super) folders: BTreeMap<String, (usize, usize)>,
    /// How many subtests failed for a reason: by the reason, and by row.
    pub(super) explained: BTreeMap<String, BTreeMap<String, usize>>,
    /// How many failed without one, by file.
    pub(super) unexplained: BTreeMap<String, usize>,
}

impl Record {
    /// What a run has given.
    pub(super) fn of(
        checkout: &str,
        mode: &str,
        tests: &[Test],
        results: &[Results],
        reasons: &Reasons,
    ) -> Self {
        let mut record = Self {
            checkout: checkout.to_owned(),
            date: day(SystemTime::now()),
            mode: mode.to_owned(),
            ..Self::default()
        };
        for (test, found) in tests.iter().zip(results) {
            let Some(folder) = folders::of(&test.file).filter(|_| found.status != MISSING) else { continue };
            let Counts { passed, failed } = found.counts();
            let row = record.folders.entry(folder.name.to_owned()).or_default();
            *row = (row.0 + passed, row.1 + failed);
            for subtest in failing(found) {
                let (by, key) = match reasons.find(&test.name(), subtest) {
                    Some(index) => {
                        let reason = reasons.deviations[index].reason.clone();
                        (record.explained.entry(reason).or_default(), folder.name)
                    }
                    None => (&mut record.unexplained, test.file.as_str()),
                };
                *by.entry(key.to_owned()).or_default() += 1;
            }
        }
        record
    }

    /// The workspace's record, if it has one.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or is no such record.
    pub(super) fn read(workspace: &Path) -> Result<Option<Self>> {
        let path = workspace.join(FILE);
        if !path.is_file() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
        let record = serde_json::from_str(&text)
            .with_context(|| format!("expected the record of a run in {}", path.display()))?;
        Ok(Some(record))
    }

    /// Makes it the workspace's record.
    ///
    /// # Errors
    /// Fails if the file cannot be written.
    pub(super) fn write(&self, workspace: &Path) -> Result<()> {
        let path = workspace.join(FILE);
        let mut text = serde_json::to_string_pretty(self).context("could not write the record down")?;
        text.push('\n');
        fs::write(&path, text).with_context(|| format!("could not write {}", path.display()))?;
        eprintln!("wrote {FILE}");
        Ok(())
    }

    /// What was counted in a row.
    pub(super) fn counts(&self, row: &str) -> Option<Counts> {
        self.folders.get(row).map(|&(passed, failed)| Counts { passed, failed })
    }
}

/// The names of the subtests that did not pass; nameless if the test failed as a whole.
fn failing(found: &Results) -> Vec<&str> {
    if found.subtests.is_empty() && found.status != OK {
        return vec![""];
    }
    let failed = found.subtests.iter().filter(|(_, (status, _))| *status != Status::Pass);
    failed.map(|(name, _)| name.as_str()).collect()
}

/// The day of a time in UTC.
fn day(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let mut days = seconds / 86_400;
    let is_leap =
        |year: u64| (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    let mut year = 1970;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", days + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_day_is_that_of_the_calendar() {
        let at = |seconds: u64| day(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01");
        assert_eq!(at(951_782_399), "2000-02-28");
        assert_eq!(at(951_782_400), "2000-02-29");
        assert_eq!(at(1_735_689_599), "2024-12-31");
        assert_eq!(at(1_795_651_200), "2026-11-26");
    }

    #[test]
    fn a_record_has_the_rows_and_what_failed_with_and_without_a_reason() {
        let reasons: Reasons = toml::from_str(
            "[[deviation]]\ntests = [\"url/a\"]\nsubtests = \"odd\"\nreason = \"It is odd.\"\n",
        )
        .unwrap();
        let test = |file: &str| Test { file: file.to_owned(), variant: "?x".to_owned(), is_long: false };
        let found = |statuses: &[(&str, Status)]| Results {
            status: OK.to_owned(),
            subtests: statuses
                .iter()
                .map(|(name, status)| ((*name).to_owned(), (*status, String::new())))
                .collect(),
            ..Results::default()
        };
        let tests = [test("url/a.any.js"), test("url/b.any.js"), test("css/c.any.js"), test("url/d.any.js")];
        let results = [
            found(&[("odd", Status::Fail), ("even", Status::Timeout), ("good", Status::Pass)]),
            Results::of_failure("TIMEOUT", ""),
            found(&[("not measured", Status::Fail)]),
            Results::of_failure(MISSING, ""),
        ];
        let record = Record::of("of yesterday", "all", &tests, &results, &reasons);
        assert_eq!(record.counts("url"), Some(Counts { passed: 1, failed: 3 }));
        assert_eq!(record.counts("css"), None);
        assert_eq!(record.explained["It is odd."]["url"], 1);
        let unexplained: Vec<_> =
            record.unexplained.iter().map(|(file, count)| (file.as_str(), *count)).collect();
        assert_eq!(unexplained, [("url/a.any.js", 1), ("url/b.any.js", 1)]);

        let workspace = tempfile::tempdir().unwrap();
        assert_eq!(Record::read(workspace.path()).unwrap(), None);
        fs::create_dir(workspace.path().join("conformance")).unwrap();
        record.write(workspace.path()).unwrap();
        assert_eq!(Record::read(workspace.path()).unwrap(), Some(record));
    }
}
