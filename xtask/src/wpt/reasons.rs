//! Why some tests fail: the checked-in list `conformance/reasons.toml`. Its order is the page's.
//!
//! Not here: which tests fail; see `expectations`.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::inventory::Test;
use super::results::Results;

/// The file, in the workspace.
const FILE: &str = "conformance/reasons.toml";

/// The whole list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reasons {
    #[serde(default, rename = "deviation")]
    pub(super) deviations: Vec<Deviation>,
}

/// One reason, and what fails for it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deviation {
    /// The beginnings of the tests' names.
    pub(super) tests: Vec<String>,
    /// The variant of the tests; all variants, if left out.
    #[serde(default)]
    pub(super) variant: Option<String>,
    /// What the names of the subtests contain; all subtests, if left out.
    #[serde(default)]
    pub(super) subtests: Option<String>,
    /// The reason, as a sentence.
    pub(super) reason: String,
    /// Whether it depends on the moment if these pass, so that they are neither compared nor counted.
    #[serde(default)]
    pub(super) unstable: bool,
}

impl Deviation {
    fn covers(&self, test: &str, subtest: &str) -> bool {
        self.tests.iter().any(|beginning| test.starts_with(beginning.as_str()))
            && self.variant.as_ref().is_none_or(|variant| test.ends_with(variant.as_str()))
            && self.subtests.as_ref().is_none_or(|part| subtest.contains(part.as_str()))
    }
}

impl Reasons {
    /// Reads the list.
    ///
    /// # Errors
    /// Fails if the file cannot be read, or is not such a list.
    pub(super) fn read(workspace: &Path) -> Result<Self> {
        let path = workspace.join(FILE);
        let text = fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("expected a list of reasons in {}", path.display()))
    }

    /// The place in the list of the first reason for a subtest; of a test as a whole, the subtest's name is empty.
    pub(super) fn find(&self, test: &str, subtest: &str) -> Option<usize> {
        self.deviations.iter().position(|deviation| !deviation.unstable && deviation.covers(test, subtest))
    }

    /// Takes out of a result what is not the same every time.
    pub(super) fn leave_out_unstable(&self, test: &Test, results: &mut Results) {
        let name = test.name();
        let unstable: Vec<&Deviation> = self.deviations.iter().filter(|it| it.unstable).collect();
        results.subtests.retain(|subtest, _| !unstable.iter().any(|it| it.covers(&name, subtest)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wpt::results::Status;

    #[test]
    fn a_reason_is_found_by_the_tests_name_and_the_subtests() {
        let reasons: Reasons = toml::from_str(
            "[[deviation]]\ntests = [\"url/a\"]\nsubtests = \"odd\"\nreason = \"It is odd.\"\n\n\
             [[deviation]]\ntests = [\"url/\"]\nreason = \"All of it.\"\n\n\
             [[deviation]]\ntests = [\"dom/\"]\nvariant = \"?late\"\nreason = \"It comes late.\"\n\n\
             [[deviation]]\ntests = [\"hr-time/\"]\nsubtests = \"now\"\nreason = \"Late.\"\nunstable = true\n",
        )
        .unwrap();
        assert_eq!(reasons.find("url/a.any.js", "an odd one"), Some(0));
        assert_eq!(reasons.find("url/a.any.js", "an even one"), Some(1));
        assert_eq!(reasons.find("dom/a.any.js", "an odd one"), None);
        assert_eq!(reasons.find("dom/a.any.js?late", "an odd one"), Some(2));
        assert_eq!(reasons.find("hr-time/a.any.js", "now"), None);

        let test = Test { file: "hr-time/a.any.js".to_owned(), variant: String::new(), is_long: false };
        let mut results = Results::default();
        for name in ["now", "then"] {
            results.subtests.insert(name.to_owned(), (Status::Pass, String::new()));
        }
        reasons.leave_out_unstable(&test, &mut results);
        assert!(results.subtests.keys().eq(["then"]));
    }

    #[test]
    fn the_list_can_be_read() {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let reasons = Reasons::read(workspace).unwrap();
        assert!(reasons.deviations.iter().all(|deviation| deviation.reason.ends_with('.')));
    }
}
