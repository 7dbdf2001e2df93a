//! `cargo xtask tidy`: checks of the tree that the compiler does not make, each also a test.
//!
//! Not here: formatting and lints, which rustfmt and clippy do.

mod edges;
mod graph;
mod guides;
mod headings;
mod heads;
mod licences;
mod manifests;
mod places;
mod sizes;
mod tree;
mod unsafe_code;

use std::fmt;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

use crate::context::Context;
use tree::Tree;

/// Whether to repair what can be repaired.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Refresh the code blocks of the guides from the compiled examples before checking.
    #[arg(long)]
    fix: bool,
}

/// Something that a check does not accept.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    /// The file, relative to the workspace's root.
    path: String,
    /// The line, counted from 1; 0 where the whole file is meant.
    line: usize,
    /// What was expected, what was found, what to do.
    message: String,
}

impl Finding {
    fn new(path: impl Into<String>, line: usize, message: impl Into<String>) -> Self {
        Self { path: path.into(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

/// A check: its name, and what it finds in the tree.
type Check = (&'static str, fn(&Context, &Tree) -> Result<Vec<Finding>>);

const CHECKS: [Check; 10] = [
    ("edges", edges::check),
    ("manifests", manifests::check),
    ("heads", heads::check),
    ("headings", headings::check),
    ("sizes", sizes::check),
    ("unsafe", unsafe_code::check),
    ("graph", graph::check),
    ("places", places::check),
    ("guides", guides::check),
    ("licences", licences::check),
];

pub(crate) fn run(context: &Context, args: &Args) -> Result<ExitCode> {
    if args.fix {
        let tree = Tree::read(context.root())?;
        for path in guides::refresh(context.root(), &tree)? {
            println!("refreshed {path}");
        }
    }
    check(context)?;
    Ok(ExitCode::SUCCESS)
}

/// Runs every check and prints what they find.
///
/// # Errors
/// Fails if a check finds something, or cannot run.
pub(crate) fn check(context: &Context) -> Result<()> {
    let tree = Tree::read(context.root())?;
    let mut count = 0;
    for (name, check) in CHECKS {
        let findings =
            check(context, &tree).with_context(|| format!("the tidy check `{name}` could not run"))?;
        count += findings.len();
        for finding in findings {
            println!("{finding} [{name}]");
        }
    }
    if count > 0 {
        bail!(
            "tidy found {count} things to put right; `cargo xtask tidy --fix` refreshes the guides, the rest is yours"
        );
    }
    println!("tidy: {} checks over {} files, nothing found", CHECKS.len(), tree.files().len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs one check over the workspace itself.
    fn tidy(name: &str) {
        let context = Context::locate().unwrap();
        let tree = Tree::read(context.root()).unwrap();
        let (_, check) = CHECKS.iter().find(|(candidate, _)| *candidate == name).unwrap();
        let findings = check(&context, &tree).unwrap();
        let list: Vec<String> = findings.iter().map(Finding::to_string).collect();
        assert!(list.is_empty(), "\n{}", list.join("\n"));
    }

    macro_rules! tidy_tests {
        ($($test:ident: $name:literal,)*) => {
            $(#[test]
            fn $test() {
                tidy($name);
            })*

            #[test]
            fn every_check_is_a_test() {
                let names = [$($name),*];
                assert_eq!(names.map(str::to_owned).to_vec(), CHECKS.map(|(name, _)| name.to_owned()).to_vec());
            }
        };
    }

    tidy_tests! {
        our_crates_depend_on_each_other_only_as_allowed: "edges",
        manifests_inherit_from_the_workspace: "manifests",
        every_source_file_says_what_it_is: "heads",
        the_architecture_page_names_every_crate_and_no_other: "headings",
        long_files_give_a_reason: "sizes",
        unsafe_code_is_documented_and_in_one_crate: "unsafe",
        admission_and_xtask_do_not_reach_v8: "graph",
        no_file_names_a_machine_or_a_registry: "places",
        code_in_guides_is_the_compiled_code: "guides",
        every_dependency_has_an_allowed_licence: "licences",
    }
}
