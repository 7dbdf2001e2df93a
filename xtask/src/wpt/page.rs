//! The page `docs/conformance.md`, made of the expectations: a row a folder beside what other runtimes give, and what
//! does not pass, with the reason.
//!
//! Not here: running anything. The expectations are what the last complete run gave, or the run fails.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::book::Book;
use super::expectations::Expected;
use super::folders::{FOLDERS, Folder};
use super::reasons::Reasons;
use super::record::Record;
use super::results::{Counts, MISSING};

/// The page, in the workspace.
pub(super) const PAGE: &str = "docs/conformance.md";

const HEAD: &str = "# Conformance

What Isolane gives on web-platform-tests, in every execution mode: a difference between modes is an error. This page is
written by `cargo xtask wpt`, from what the tests are expected to give (`conformance/expectations`) and from the list of
reasons (`conformance/reasons.toml`). A test that gives anything else, for better or worse, fails the run.

The tests are the part of web-platform-tests that Debian's source package `nodejs` carries; `--wpt-root` takes any other
checkout, and `--wpt-server` a live server for the tests that need one, with its ports 8443 and 8444 for https, 8001 for ws
and 8002 for wss. What a run of everything gives over a full checkout is
kept with `--record` and shown here beside it, and not compared with anything. Each file with `.any.js` or `.worker.js` is run
as a worker, once for each of its variants. The figures of the others are of such scripts over a full and newer checkout, so
that shares can be compared, and sums cannot.

```
cargo xtask wpt                                          # everything, in one mode
cargo xtask wpt --mode all                               # in all modes
cargo xtask wpt --filter url/historical --verbose        # some of it, with all messages
cargo xtask wpt --dev --filter streams/                  # while the platform changes: a dev build is made sooner
cargo xtask wpt --update-expectations                    # takes what is found for what is expected
cargo xtask wpt --wpt-root DIR --wpt-server URL --record \"of June\"   # keeps the figures of a full checkout
cargo xtask wpt --wpt-root DIR --wpt-server URL --wpt-ca FILE          # with the tests over TLS, whose authority is trusted
```
";

/// The page's text.
pub(super) fn render(book: &Book, reasons: &Reasons, record: Option<&Record>) -> String {
    let mut page = HEAD.to_owned();
    page.push_str(
        "\n## Figures\n\nSubtests that pass, of all. Every change is compared with what Debian's part gives.\n",
    );
    if let Some(record) = record {
        let of = if record.checkout.is_empty() { String::new() } else { format!(" {}", record.checkout) };
        let modes = match record.mode.as_str() {
            "all" => "all modes".to_owned(),
            mode => format!("the mode `{mode}`"),
        };
        let date = &record.date;
        let _ = writeln!(page, "The full checkout{of} was run with a live server, in {modes}, on {date}.");
    }
    page.push('\n');
    page.push_str("| folder | Debian's part | full checkout | Deno 2.9.6 | workerd 2026-11-17 |\n|---|---:|---:|---:|---:|\n");
    for (folder, counts) in rows(book) {
        let own = counts.map_or_else(|| "not in it".to_owned(), share);
        let full = record.and_then(|record| record.counts(folder.name)).map_or_else(String::new, share);
        let cell = |mark: Option<(u32, u32)>| mark.map(counts_of).map_or_else(String::new, share);
        let (deno, workerd) = (cell(folder.deno), cell(folder.workerd));
        let _ = writeln!(page, "| {} | {own} | {full} | {deno} | {workerd} |", folder.name);
    }
    let (explained, unexplained) = failures(book, reasons);
    page.push_str("\n## Deviations\n\n");
    let full_of = |reason: &str| record.and_then(|record| record.explained.get(reason));
    let reasons_and_tests = reasons.deviations.iter().zip(&explained);
    let shown: Vec<_> =
        reasons_and_tests.filter(|(it, tests)| !tests.is_empty() || full_of(&it.reason).is_some()).collect();
    if shown.is_empty() {
        page.push_str("There are none with a reason.\n");
    }
    for (deviation, tests) in shown {
        let _ = writeln!(page, "{}\n", deviation.reason);
        list(&mut page, tests);
        if let Some(rows) = full_of(&deviation.reason) {
            let rows: Vec<_> = rows.iter().map(|(row, count)| format!("`{row}` {count}")).collect();
            let _ = writeln!(page, "- in the full checkout: {}", rows.join(", "));
        }
        page.push('\n');
    }
    let unstable: Vec<_> = reasons.deviations.iter().filter(|deviation| deviation.unstable).collect();
    if !unstable.is_empty() {
        page.push_str("## Not compared\n\nThese depend on the moment, and are left out of all figures.\n\n");
        for deviation in unstable {
            let subtests = deviation.subtests.as_ref().map(|part| format!(", subtests with \"{part}\""));
            let tests = deviation.tests.join("`, `");
            let _ = writeln!(page, "- `{tests}`{}: {}", subtests.unwrap_or_default(), deviation.reason);
        }
        page.push('\n');
    }
    let unexplained_in_full = record.map(|record| &record.unexplained).filter(|tests| !tests.is_empty());
    if !unexplained.is_empty() || unexplained_in_full.is_some() {
        page.push_str("## To be done\n\nThese fail without a good reason.\n\n");
        list(&mut page, &unexplained);
    }
    if let Some(tests) = unexplained_in_full {
        let before = if unexplained.is_empty() { "" } else { "\n" };
        let _ = writeln!(page, "{before}In the full checkout:\n");
        list(&mut page, tests);
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

/// The rows of a table, with what is counted in each.
fn rows(book: &Book) -> Vec<(&'static Folder, Option<Counts>)> {
    let counted = |folder: &Folder| {
        let (_, expectations) = book.folders().find(|(of, _)| of.name == folder.name)?;
        let mut counts = Counts::default();
        expectations.tests.values().for_each(|expected| counts += expected.counts());
        Some(counts)
    };
    FOLDERS.iter().map(|folder| (folder, counted(folder))).collect()
}

pub(super) fn counts_of((passed, failed): (u32, u32)) -> Counts {
    Counts { passed: passed as usize, failed: failed as usize }
}

/// `9 of 10 (90.0 %)`. A share below all is never shown as all.
pub(super) fn share(counts: Counts) -> String {
    let Counts { passed, failed } = counts;
    let all = passed + failed;
    if all == 0 {
        return "0 of 0".to_owned();
    }
    let per_mille = passed * 1000 / all;
    format!("{passed} of {all} ({}.{} %)", per_mille / 10, per_mille % 10)
}

/// How many subtests fail by test: those of each reason, in the list's order, and those without.
fn failures(book: &Book, reasons: &Reasons) -> (Vec<BTreeMap<String, usize>>, BTreeMap<String, usize>) {
    let mut explained = vec![BTreeMap::new(); reasons.deviations.len()];
    let mut unexplained = BTreeMap::new();
    for (_, expectations) in book.folders() {
        for (test, expected) in &expectations.tests {
            for (subtest, count) in failing(expected) {
                let tests = match reasons.find(test, subtest) {
                    Some(index) => &mut explained[index],
                    None => &mut unexplained,
                };
                *tests.entry(test.clone()).or_default() += count;
            }
        }
    }
    (explained, unexplained)
}

/// The names of the subtests that fail, each with how many it stands for; nameless if all do, or the test as a whole.
fn failing(expected: &Expected) -> Vec<(&str, usize)> {
    let mut failing: Vec<(&str, usize)> = expected.named().map(|(_, name)| (name, 1)).collect();
    let nameless = expected.counts().failed - failing.len();
    if nameless > 0 {
        failing.push(("", nameless));
    } else if failing.is_empty() && expected.status() == MISSING {
        failing.push(("", 0));
    }
    failing
}

/// A line a file, with how many subtests of all its variants fail.
fn list(page: &mut String, tests: &BTreeMap<String, usize>) {
    let mut files: BTreeMap<&str, usize> = BTreeMap::new();
    for (test, count) in tests {
        let file = test.split('?').next().unwrap_or(test);
        *files.entry(file).or_default() += count;
    }
    for (file, count) in files {
        let _ = match count {
            0 => writeln!(page, "- `{file}`"),
            count => writeln!(page, "- `{file}`: {count}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_share_is_rounded_down() {
        assert_eq!(share(Counts { passed: 1999, failed: 1 }), "1999 of 2000 (99.9 %)");
        assert_eq!(share(Counts { passed: 3, failed: 0 }), "3 of 3 (100.0 %)");
        assert_eq!(share(Counts::default()), "0 of 0");
    }

    #[test]
    fn the_record_of_a_full_checkout_is_a_column_of_its_own() {
        let workspace = tempfile::tempdir().unwrap();
        let book = Book::read(workspace.path()).unwrap();
        let reasons: Reasons =
            toml::from_str("[[deviation]]\ntests = [\"url/a\"]\nreason = \"It is odd.\"\n").unwrap();
        let without = render(&book, &reasons, None);
        assert!(without.contains("| url | not in it |  | 1947 of 2037"), "{without}");
        assert!(!without.contains("It is odd.") && !without.contains("## To be done"), "{without}");

        let mut record = Record {
            checkout: "of June".to_owned(),
            date: "2026-11-26".to_owned(),
            mode: "worker".to_owned(),
            ..Record::default()
        };
        record.folders.insert("url".to_owned(), (3, 1));
        record.explained.entry("It is odd.".to_owned()).or_default().insert("url".to_owned(), 1);
        record.unexplained.insert("url/b.any.js".to_owned(), 2);
        let page = render(&book, &reasons, Some(&record));
        let said = "The full checkout of June was run with a live server, in the mode `worker`, on 2026-11-26.\n\n| ";
        for part in [
            said,
            "| url | not in it | 3 of 4 (75.0 %) | 1947 of 2037",
            "It is odd.\n\n- in the full checkout: `url` 1\n",
            "In the full checkout:\n\n- `url/b.any.js`: 2\n",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
    }

    #[test]
    fn the_page_is_what_the_expectations_and_the_reasons_say() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let book = Book::read(workspace).unwrap();
        let reasons = Reasons::read(workspace).unwrap();
        let page = std::fs::read_to_string(workspace.join(PAGE)).unwrap();
        let record = Record::read(workspace).unwrap();
        assert!(
            page == render(&book, &reasons, record.as_ref()),
            "docs/conformance.md is old: run `cargo xtask wpt --page`"
        );
    }
}
