//! What a test gave: a status of its own and one for each of its subtests.
//!
//! Not here: what was expected.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

/// The status of a subtest, in the words of testharness.js.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Status {
    Pass,
    Fail,
    Timeout,
    NotRun,
    PreconditionFailed,
}

impl Status {
    const ALL: [Status; 5] =
        [Status::Pass, Status::Fail, Status::Timeout, Status::NotRun, Status::PreconditionFailed];

    /// By the harness's number.
    fn numbered(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// By its name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Status::Pass => "PASS",
            Status::Fail => "FAIL",
            Status::Timeout => "TIMEOUT",
            Status::NotRun => "NOTRUN",
            Status::PreconditionFailed => "PRECONDITION_FAILED",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A test whose harness has come to its end has this status.
pub(super) const OK: &str = "OK";
/// A test that took the runner's process down has this one.
pub(super) const CRASH: &str = "CRASH";

/// A test that cannot be run because a file of it is not in the tests' folder has this one, and counts for nothing.
pub(super) const MISSING: &str = "MISSING";

/// What one test gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Results {
    /// `OK`, or what went wrong with the test as a whole: `ERROR`, `TIMEOUT`, `CRASH`, or the request's outcome.
    pub(super) status: String,
    /// What was said of that.
    pub(super) message: String,
    /// The subtests by name, with what was said of each.
    pub(super) subtests: BTreeMap<String, (Status, String)>,
    /// What the test logged.
    pub(super) log: Vec<String>,
}

/// What the runner answers to a job.
#[derive(Deserialize)]
pub(super) struct Answer {
    pub(super) id: u64,
    outcome: String,
    message: String,
    body: String,
    log: Vec<String>,
}

/// What a generated script answers.
#[derive(Deserialize)]
struct Report {
    status: u8,
    message: Option<String>,
    tests: Vec<Subtest>,
}

#[derive(Deserialize)]
struct Subtest {
    name: Option<String>,
    status: u8,
    message: Option<String>,
}

impl Results {
    /// A test without subtests, because something happened to all of it.
    pub(super) fn of_failure(status: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status: status.into(), message: message.into(), ..Self::default() }
    }

    /// Reads the runner's answer.
    pub(super) fn of(answer: Answer) -> Self {
        if answer.outcome != "Ok" {
            return Self { log: answer.log, ..Self::of_failure(answer.outcome, answer.message) };
        }
        let report: Report = match serde_json::from_str(&answer.body) {
            Ok(report) => report,
            Err(error) => {
                let message = format!("expected the harness's report, found {:?}: {error}", answer.body);
                return Self { log: answer.log, ..Self::of_failure("ERROR", message) };
            }
        };
        let mut subtests = BTreeMap::new();
        for Subtest { name, status, message } in report.tests {
            let name = unused(&subtests, name.unwrap_or_default());
            let status = Status::numbered(status).unwrap_or(Status::Fail);
            subtests.insert(name, (status, message.unwrap_or_default()));
        }
        let status = match report.status {
            0 => OK,
            1 => "ERROR",
            2 => "TIMEOUT",
            _ => "PRECONDITION_FAILED",
        };
        Self {
            status: status.to_owned(),
            message: report.message.unwrap_or_default(),
            subtests,
            log: answer.log,
        }
    }

    /// How many subtests passed, and how many did not. A test that has none because it failed as a whole counts as one.
    pub(super) fn counts(&self) -> Counts {
        let passed = self.subtests.values().filter(|(status, _)| *status == Status::Pass).count();
        let whole = usize::from(self.subtests.is_empty() && self.status != OK && self.status != MISSING);
        Counts { passed, failed: self.subtests.len() - passed + whole }
    }
}

/// Two subtests may have one name; a number tells them apart.
fn unused<T>(subtests: &BTreeMap<String, T>, name: String) -> String {
    if !subtests.contains_key(&name) {
        return name;
    }
    (2..).map(|number| format!("{name} ({number})")).find(|name| !subtests.contains_key(name)).unwrap_or(name)
}

/// How many subtests passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: usize,
    pub(super) failed: usize,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.passed += more.passed;
        self.failed += more.failed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(outcome: &str, body: &str) -> Answer {
        Answer {
            id: 1,
            outcome: outcome.to_owned(),
            message: "why".to_owned(),
            body: body.to_owned(),
            log: Vec::new(),
        }
    }

    #[test]
    fn a_report_becomes_statuses_by_name_and_equal_names_are_told_apart() {
        let body = r#"{"status":0,"message":null,"tests":[
            {"name":"a","status":0,"message":null},
            {"name":"a","status":1,"message":"no"},
            {"name":"b","status":3,"message":null}]}"#;
        let results = Results::of(answer("Ok", body));
        assert_eq!(results.status, OK);
        assert_eq!(results.subtests["a"].0, Status::Pass);
        assert_eq!(results.subtests["a (2)"], (Status::Fail, "no".to_owned()));
        assert_eq!(results.counts(), Counts { passed: 1, failed: 2 });
    }

    #[test]
    fn a_test_that_failed_as_a_whole_counts_as_one_failure() {
        let results = Results::of(answer("ExceededCpu", ""));
        assert_eq!((results.status.as_str(), results.message.as_str()), ("ExceededCpu", "why"));
        assert_eq!(results.counts(), Counts { passed: 0, failed: 1 });
        assert_eq!(Results::of(answer("Ok", "<html>")).status, "ERROR");
    }
}
