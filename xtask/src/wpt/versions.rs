//! Which version of a folder's tests a checkout has, as the file says that stands beside the tests in Debian's package.
//!
//! Not here: what that version's tests are expected to give.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::folders::Folder;

const FILE: &str = "versions.json";

/// The versions of a checkout's folders; none of a checkout that does not say.
#[derive(Debug, Default)]
pub(super) struct Versions(BTreeMap<String, Version>);

#[derive(Debug, Deserialize)]
struct Version {
    commit: String,
}

/// So much of a commit's name tells it from others.
const ENOUGH: usize = 12;

impl Versions {
    /// Reads the checkout's file, if it has one.
    ///
    /// # Errors
    /// Fails if it cannot be read, or says something else.
    pub(super) fn of(root: &Path) -> Result<Self> {
        let path = root.join(FILE);
        if !path.is_file() {
            return Ok(Self::default());
        }
        let text = fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
        let versions = serde_json::from_str(&text)
            .with_context(|| format!("expected the versions of the tests in {}", path.display()))?;
        Ok(Self(versions))
    }

    /// The version of a folder: of itself and of what is below it. Of one that is not named, that of the harness.
    pub(super) fn of_folder(&self, folder: &Folder) -> Option<String> {
        let is_of_it = |path: &str| {
            path.strip_prefix(folder.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let commits: Vec<String> = self
            .0
            .iter()
            .filter(|(path, _)| is_of_it(path))
            .map(|(_, version)| version.commit.chars().take(ENOUGH).collect())
            .collect();
        if commits.is_empty() {
            let harness = self.0.get("resources")?;
            return Some(format!("resources {}", harness.commit.chars().take(ENOUGH).collect::<String>()));
        }
        Some(commits.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wpt::folders;

    #[test]
    fn a_folders_version_is_that_of_all_its_parts() {
        let root = tempfile::tempdir().unwrap();
        let url = folders::of("url/a.any.js").unwrap();
        assert_eq!(Versions::of(root.path()).unwrap().of_folder(url), None);
        let text = r#"{"url": {"commit": "0123456789abcdef", "path": "url"},
                       "url/resources": {"commit": "fedcba9876543210", "path": "url/resources"},
                       "resources": {"commit": "0", "path": "resources"}}"#;
        fs::write(root.path().join(FILE), text).unwrap();
        let versions = Versions::of(root.path()).unwrap();
        assert_eq!(versions.of_folder(url).as_deref(), Some("0123456789ab fedcba987654"));
        let unnamed = folders::of("urlpattern/a.any.js").unwrap();
        assert_eq!(versions.of_folder(unnamed).as_deref(), Some("resources 0"));
    }
}
