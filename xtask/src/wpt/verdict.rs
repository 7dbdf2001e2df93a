//! What a run says at its end: a row a folder, what does not pass, and what was not as expected.
//!
//! Not here: the comparisons themselves.

use std::collections::BTreeMap;
use std::time::Duration;

use super::book::Comparison;
use super::expectations::Difference;
use super::folders;
use super::inventory::Test;
use super::page::{counts_of, share};
use super::results::{Counts, MISSING, Results, Status};

/// So many differences are shown, if not all are asked for.
const SHOWN: usize = 60;

/// So much of a message is shown beside a difference.
const MESSAGE: usize = 200;

/// Prints a row a folder, with what others give there.
pub(super) fn table(mode: &str, tests: &[Test], results: &[Results], took: Duration) {
    let mut rows: BTreeMap<&str, Counts> = BTreeMap::new();
    let mut missing = 0;
    for (test, found) in tests.iter().zip(results) {
        let row = folders::of(&test.file).map_or("others", |folder| folder.name);
        *rows.entry(row).or_default() += found.counts();
        missing += usize::from(found.status == MISSING);
    }
    println!("{mode}: {} tests in {:.1} s", tests.len() - missing, took.as_secs_f64());
    if missing > 0 {
        println!("{missing} tests were not run, because the checkout lacks a file of theirs");
    }
    let marks = |mark: Option<(u32, u32)>| mark.map_or_else(|| "-".to_owned(), |mark| share(counts_of(mark)));
    println!("{:<34} {:>24} {:>24} {:>24}", "folder", "passed", "Deno 2.9.6", "workerd 2026-11-17");
    for (row, counts) in rows {
        let folder = folders::FOLDERS.iter().find(|folder| folder.name == row);
        let (deno, workerd) = folder.map_or((None, None), |folder| (folder.deno, folder.workerd));
        println!("{row:<34} {:>24} {:>24} {:>24}", share(counts), marks(deno), marks(workerd));
    }
}

/// Prints of every test what did not pass, and what it logged.
pub(super) fn details(tests: &[Test], results: &[Results]) {
    for (test, found) in tests.iter().zip(results) {
        let Counts { passed, failed } = found.counts();
        println!("{}: {}, {passed} passed, {failed} failed", test.name(), found.status);
        if !found.message.is_empty() {
            println!("    {}", printable(&found.message));
        }
        for (name, (status, message)) in &found.subtests {
            if *status != Status::Pass {
                println!("  {status} {}\n    {}", printable(name), printable(message));
            }
        }
        for line in &found.log {
            println!("  log {}", printable(line));
        }
    }
}

/// Prints how a run differs from what was expected. True if it does not.
pub(super) fn against_expectations(comparison: &Comparison, is_all_shown: bool) -> bool {
    for folder in &comparison.not_compared {
        eprintln!("not compared: {folder}");
    }
    let differences = &comparison.differences;
    if differences.is_empty() {
        return true;
    }
    list(differences, is_all_shown);
    let progress = differences.iter().filter(|difference| difference.is_progress()).count();
    println!(
        "{} worse than or other than expected, {progress} better. Look at one with `cargo xtask wpt --verbose --filter \
         TEST`. If it is right so: `cargo xtask wpt --update-expectations`, with the same filter if there was one.",
        differences.len() - progress
    );
    false
}

/// Prints how two modes differ. True if they do not.
pub(super) fn between_modes(first: &str, second: &str, differences: &[Difference]) -> bool {
    if differences.is_empty() {
        return true;
    }
    list(differences, true);
    println!(
        "{} differences: expected is what the mode {first} gave, found what {second} gave. Every mode must give the same.",
        differences.len()
    );
    false
}

fn list(differences: &[Difference], is_all_shown: bool) {
    let shown = if is_all_shown { differences.len() } else { SHOWN.min(differences.len()) };
    let mut last = "";
    for difference in &differences[..shown] {
        if difference.test != last {
            println!("{}", difference.test);
            last = &difference.test;
        }
        let kind = if difference.is_progress() { "better" } else { "worse " };
        let subtest =
            difference.subtest.as_deref().map_or_else(|| "the test as a whole".to_owned(), printable);
        println!("  {kind} {subtest}: expected {}, found {}", difference.expected, difference.found);
        if !difference.message.is_empty() {
            let message: String = printable(&difference.message).chars().take(MESSAGE).collect();
            println!("         {message}");
        }
    }
    if shown < differences.len() {
        println!("... and {} more", differences.len() - shown);
    }
}

/// A guest's words on one line, without what a terminal would obey.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' => ' ',
            c if c.is_control() => '\u{b7}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guests_words_stay_on_their_line() {
        assert_eq!(printable("a\nb\u{1b}[2J"), "a b\u{b7}[2J");
    }
}
