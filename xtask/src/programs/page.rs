//! The page `docs/programs.md`: which programs are run, of which versions, and how many answers are workerd's.
//!
//! Not here: running anything.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::inventory::{Case, Format};
use super::report::Report;

/// The page, in the workspace.
pub(super) const PAGE: &str = "docs/programs.md";

/// The package whose version is that of workerd.
const WORKERD: &str = "@cloudflare/workerd-linux-64";

const HEAD: &str = "# Real programs

Libraries from npm, unchanged, each in a small program that uses it for real. A program is bundled by esbuild and served by
Isolane in every mode and by npm's workerd; both get the same requests, and their answers are compared: the status, the
headers that the program sets, and every byte of the body. Headers that belong to the server (`date`, and those that frame
the body) are left out, and several fields of one name count as one with commas, as HTTP has it, but for `set-cookie`.

The programs and their requests are in [`conformance/programs`](../conformance/programs). They use no clock and no chance in
what they answer: a run begins by asking workerd twice. This page is written by the command below with `--page`.

```
cargo xtask programs                        # all programs, in one mode
cargo xtask programs --mode all             # in all modes, as CI does
cargo xtask programs --filter hono          # some of them
```

It needs Node.js 20 or newer with npm, and installs into the target folder what the lock file names, without running the
packages' install scripts.
";

/// The page's text.
pub(super) fn render(cases: &[Case], versions: &BTreeMap<String, String>, report: &Report) -> String {
    let version = |package: &str| versions.get(package).map_or("?", String::as_str);
    let mut page = HEAD.to_owned();
    let _ = write!(
        page,
        "\n## Results\n\nRequests answered as workerd {} answers them, bundled by esbuild {}.\n\n| program | packages | form | requests |",
        version(WORKERD),
        version("esbuild")
    );
    for mode in report.modes() {
        let _ = write!(page, " {mode} |");
    }
    page.push_str("\n|---|---|---|---:|");
    for _ in report.modes() {
        page.push_str("---:|");
    }
    page.push('\n');
    for (index, case) in cases.iter().enumerate() {
        let packages: Vec<String> =
            case.program.packages.iter().map(|package| format!("{package} {}", version(package))).collect();
        let form = match case.program.format {
            Format::Iife => "script",
            Format::Esm => "module",
        };
        let all = case.program.requests.len();
        let _ = write!(page, "| {} | {} | {form} | {all} |", case.id, packages.join(", "));
        for alike in report.alike(index) {
            let _ = write!(page, " {alike} |");
        }
        page.push('\n');
    }
    page.push_str("\n## What each shows\n\n");
    for case in cases.iter().filter(|case| !case.may_make_code) {
        let _ = writeln!(page, "- `{}`: {}", case.name, case.program.shows);
    }
    page.push_str(
        "
Some make code from text as they start, which the limit `allow_eval` is for (`--allow-eval`): without leave
they answer with the `EvalError`, in workerd and here with the same words, and the rows that end in
`-allowed` are the same programs with leave.
",
    );
    page
}

#[cfg(test)]
mod tests {
    use super::super::{inventory, packages};
    use super::*;
    use std::fs;
    use std::path::Path;

    #[test]
    fn the_page_has_every_program_with_todays_versions() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let page = fs::read_to_string(root.join(PAGE)).unwrap();
        let versions = packages::versions(root).unwrap();
        for case in inventory::read(root, None).unwrap() {
            let row = page.lines().find(|line| line.starts_with(&format!("| {} |", case.id)));
            let row = row.unwrap_or_else(|| panic!("expected a row for {}: write the page anew", case.id));
            for package in &case.program.packages {
                let cell = format!("{package} {}", versions[package]);
                assert!(row.contains(&cell), "expected {cell} in {row}: write the page anew");
            }
            assert!(
                row.contains(&format!("| {} |", case.program.requests.len())),
                "{row}: write the page anew"
            );
        }
    }
}
