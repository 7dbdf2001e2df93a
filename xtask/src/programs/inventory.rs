//! Which programs there are, and what each is sent: the lists in `conformance/programs/requests`.
//!
//! Not here: their sources, which the bundler reads.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// The folder of the programs, in the workspace.
pub(super) const FOLDER: &str = "conformance/programs";

/// What one list says of its program.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Program {
    /// The packages that it shows, the first one first.
    pub(super) packages: Vec<String>,
    /// What of them it uses.
    pub(super) shows: String,
    /// The form of its bundle.
    pub(super) format: Format,
    /// Whether it makes code from text as it starts, so that it is run with and without leave to do so.
    #[serde(default)]
    pub(super) makes_code: bool,
    /// What it is sent, in this order.
    pub(super) requests: Vec<Request>,
}

/// The form of a bundle.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    /// A classic script with a listener.
    Iife,
    /// A module with a default export.
    Esm,
}

/// One request; its host is the case's.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    #[serde(default = "get")]
    pub(super) method: String,
    pub(super) path: String,
    #[serde(default)]
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<String>,
}

fn get() -> String {
    "GET".to_owned()
}

/// A program as it is run: most of them once, those that make code twice.
pub(super) struct Case {
    /// The case's name, no other's.
    pub(super) id: String,
    /// The program's name, which is that of its bundle.
    pub(super) name: String,
    /// Whether code may be made from text while the program starts.
    pub(super) may_make_code: bool,
    pub(super) program: Program,
}

impl Case {
    /// The name under which every runtime is asked, so that the program sees the same URL in each.
    pub(super) fn host(&self) -> String {
        format!("{}.test", self.id)
    }

    /// The bundle, relative to the folder in which a runtime has its configuration.
    pub(super) fn bundle(&self) -> String {
        format!("../dist/{}.js", self.name)
    }
}

/// Reads the lists of the programs whose names contain the filter.
///
/// # Errors
/// Fails if a list cannot be read, or the filter leaves none.
pub(super) fn read(root: &Path, filter: Option<&str>) -> Result<Vec<Case>> {
    let folder = root.join(FOLDER).join("requests");
    let entries = fs::read_dir(&folder)
        .with_context(|| format!("expected the programs' requests in {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("could not read {}", folder.display()))?.path();
        if let (Some("json"), Some(name)) =
            (path.extension().and_then(|end| end.to_str()), path.file_stem().and_then(|name| name.to_str()))
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    names.retain(|name| filter.is_none_or(|part| name.contains(part)));
    if names.is_empty() {
        bail!("expected a program whose name contains `{}`, found none", filter.unwrap_or_default());
    }
    let mut cases = Vec::new();
    for name in names {
        let path = folder.join(format!("{name}.json"));
        let text = fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
        let program: Program =
            serde_json::from_str(&text).with_context(|| format!("{} is not a list", path.display()))?;
        if program.requests.is_empty() || program.packages.is_empty() {
            bail!("expected requests and packages in {}, found none", path.display());
        }
        cases.push(Case {
            id: name.clone(),
            name: name.clone(),
            may_make_code: false,
            program: program.clone(),
        });
        if program.makes_code {
            cases.push(Case { id: format!("{name}-allowed"), name, may_make_code: true, program });
        }
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
    }

    #[test]
    fn every_list_is_read_and_names_packages_of_the_manifest() {
        let manifest = fs::read_to_string(root().join(FOLDER).join("package.json")).unwrap();
        for case in read(&root(), None).unwrap() {
            for package in &case.program.packages {
                assert!(manifest.contains(&format!("\"{package}\": \"")), "{}: {package}", case.id);
            }
        }
    }

    #[test]
    fn a_program_that_makes_code_is_run_with_and_without_leave() {
        let cases = read(&root(), Some("handlebars")).unwrap();
        let runs: Vec<(&str, bool)> =
            cases.iter().map(|case| (case.id.as_str(), case.may_make_code)).collect();
        assert_eq!(runs, [("handlebars", false), ("handlebars-allowed", true)]);
    }

    #[test]
    fn a_filter_that_leaves_nothing_is_an_error() {
        assert!(read(&root(), Some("no such program")).is_err());
    }
}
