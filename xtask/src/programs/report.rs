//! What a person sees: a bar while the programs run, then the differences, then a table.
//!
//! Not here: what is a difference; an answer knows that.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Answers;
use super::inventory::{Case, Request};

/// What one mode gave, beside workerd.
pub(super) struct Column {
    mode: String,
    /// How many requests of each case were answered alike.
    alike: Vec<usize>,
    differences: String,
}

impl Column {
    /// Compares the answers of one mode with workerd's.
    pub(super) fn compare(mode: &str, cases: &[Case], expected: &Answers, found: &Answers) -> Self {
        let mut column = Self { mode: mode.to_owned(), alike: Vec::new(), differences: String::new() };
        for ((case, expected), found) in cases.iter().zip(expected).zip(found) {
            let mut alike = 0;
            for ((request, expected), found) in case.program.requests.iter().zip(expected).zip(found) {
                let difference = expected.difference(found);
                if difference.is_empty() {
                    alike += 1;
                } else {
                    let _ = writeln!(column.differences, "{mode}: {}: {}", case.id, shown(request));
                    column.differences.push_str(&difference);
                }
            }
            column.alike.push(alike);
        }
        column
    }
}

/// What all modes of a run gave.
#[derive(Default)]
pub(super) struct Report {
    columns: Vec<Column>,
}

impl Report {
    pub(super) fn add(&mut self, column: Column) {
        self.columns.push(column);
    }

    /// Whether every answer was workerd's.
    pub(super) fn is_clean(&self) -> bool {
        self.columns.iter().all(|column| column.differences.is_empty())
    }

    /// All differences, mode after mode. Empty if there are none.
    pub(super) fn differences(&self) -> String {
        self.columns.iter().map(|column| column.differences.as_str()).collect()
    }

    /// The modes, in order.
    pub(super) fn modes(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.mode.as_str())
    }

    /// How many answers of a case were alike in each mode.
    pub(super) fn alike(&self, case: usize) -> impl Iterator<Item = usize> {
        self.columns.iter().map(move |column| column.alike.get(case).copied().unwrap_or_default())
    }

    /// A row a case: its requests, and how many of them each mode answers as workerd does.
    pub(super) fn table(&self, cases: &[Case]) -> String {
        let width = cases.iter().map(|case| case.id.len()).max().unwrap_or_default().max("program".len());
        let mut text = format!("{:<width$} requests", "program");
        for mode in self.modes() {
            let _ = write!(text, " {mode:>9}");
        }
        text.push('\n');
        for (index, case) in cases.iter().enumerate() {
            let all = case.program.requests.len();
            let _ = write!(text, "{:<width$} {all:>8}", case.id);
            for alike in self.alike(index) {
                let cell = if alike == all { "ok".to_owned() } else { format!("{} differ", all - alike) };
                let _ = write!(text, " {cell:>9}");
            }
            text.push('\n');
        }
        text
    }
}

/// The requests whose answers differ between two runs of the same runtime.
pub(super) fn unstable(cases: &[Case], first: &Answers, second: &Answers) -> String {
    let mut text = String::new();
    for ((case, first), second) in cases.iter().zip(first).zip(second) {
        for ((request, first), second) in case.program.requests.iter().zip(first).zip(second) {
            if first != second {
                let _ = writeln!(text, "  {}: {}", case.id, shown(request));
            }
        }
    }
    text
}

/// The programs that answer the same with and without leave to make code from text.
pub(super) fn without_effect(cases: &[Case], answers: &Answers) -> String {
    let runs: Vec<_> = cases.iter().zip(answers).collect();
    let same = runs.windows(2).filter(|pair| pair[0].0.name == pair[1].0.name && pair[0].1 == pair[1].1);
    same.map(|pair| pair[0].0.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// A bar over all requests. Where there is no terminal there is none.
pub(super) fn progress(who: &str, cases: &[Case]) -> ProgressBar {
    let requests: usize = cases.iter().map(|case| case.program.requests.len()).sum();
    let bar = ProgressBar::new(requests as u64).with_prefix(who.to_owned());
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let template = "{elapsed:>4} {prefix} [{wide_bar}] {pos}/{len}: {msg}";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style.progress_chars("=> "))
}

/// A request in one line.
fn shown(request: &Request) -> String {
    /// Longer bodies are cut off: the request can be found by its beginning.
    const LONGEST: usize = 60;
    let body = request.body.as_deref().unwrap_or_default();
    let cut = body.char_indices().nth(LONGEST).map(|(at, _)| at);
    let shown =
        cut.map_or_else(|| body.to_owned(), |at| format!("{}…", &body[..at])).escape_debug().to_string();
    format!("{} {}{}{shown}", request.method, request.path, if shown.is_empty() { "" } else { " " })
}

#[cfg(test)]
mod tests {
    use super::super::answer::Answer;
    use super::*;
    use std::path::Path;

    fn cases() -> Vec<Case> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        super::super::inventory::read(root, Some("lodash-template")).unwrap()
    }

    fn answers(cases: &[Case], body: &str) -> Answers {
        let answer = || Answer::new(200, &[], body.as_bytes().to_vec());
        cases.iter().map(|case| case.program.requests.iter().map(|_| answer()).collect()).collect()
    }

    #[test]
    fn one_answer_that_differs_is_told_with_its_mode_and_request() {
        let cases = cases();
        let expected = answers(&cases, "text");
        let mut found = answers(&cases, "text");
        found[1][2] = Answer::none("refused");
        let mut report = Report::default();
        report.add(Column::compare("pool", &cases, &expected, &expected));
        assert!(report.is_clean() && report.differences().is_empty());
        report.add(Column::compare("pinned", &cases, &expected, &found));
        assert!(!report.is_clean());
        let text = report.differences();
        assert!(text.starts_with("pinned: lodash-template-allowed: POST /imports"), "{text}");
        let table = report.table(&cases);
        assert_eq!(table.matches("ok").count(), 3, "{table}");
        assert_eq!(table.matches("1 differ").count(), 1, "{table}");
    }

    #[test]
    fn a_program_that_answers_otherwise_the_second_time_is_named() {
        let cases = cases();
        let first = answers(&cases, "text");
        let mut second = answers(&cases, "text");
        assert!(unstable(&cases, &first, &second).is_empty());
        second[0][0] = Answer::none("refused");
        assert_eq!(unstable(&cases, &first, &second).lines().count(), 1);
    }

    #[test]
    fn a_program_that_fails_for_another_reason_than_the_limit_is_named() {
        let cases = cases();
        let mut found = answers(&cases, "text");
        assert_eq!(without_effect(&cases, &found), "lodash-template");
        found[1] = vec![Answer::none("refused")];
        assert_eq!(without_effect(&cases, &found), "");
    }
}
