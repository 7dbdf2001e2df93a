//! Which build of V8 the workspace needs: crate version, target, features, file names.
//!
//! Not here: where such a build may be found.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::context::Context;

/// The one build of V8 that the `v8` crate of this workspace links.
pub(super) struct Artifact {
    /// The crate's version, without `v`.
    pub(super) version: String,
    /// The target triple.
    pub(super) target: String,
    /// The crate's own infix for its features: empty, `_ptrcomp` or `_ptrcomp_sandbox`.
    pub(super) features: String,
    /// The crate's unpacked source.
    pub(super) source: PathBuf,
}

impl Artifact {
    /// Reads version, features and source folder from `cargo metadata`.
    ///
    /// # Errors
    /// Fails if no crate of the workspace depends on `v8`, or if cargo fails.
    pub(super) fn of_workspace(context: &Context, target: &str) -> Result<Self> {
        let metadata = context.metadata()?;
        let package = metadata
            .packages
            .iter()
            .find(|package| package.name.as_str() == "v8")
            .context("expected the package `v8` among the workspace's dependencies, found none")?;
        let enabled: Vec<&str> = metadata
            .resolve
            .iter()
            .flat_map(|resolve| &resolve.nodes)
            .filter(|node| node.id == package.id)
            .flat_map(|node| node.features.iter().map(|feature| feature.as_str()))
            .collect();
        let mut features = String::new();
        for (feature, infix) in
            [("v8_enable_pointer_compression", "_ptrcomp"), ("v8_enable_sandbox", "_sandbox")]
        {
            if enabled.contains(&feature) {
                features.push_str(infix);
            }
        }
        let source = package
            .manifest_path
            .parent()
            .context("the package `v8` has a manifest without a folder")?
            .as_std_path()
            .to_path_buf();
        Ok(Self { version: package.version.to_string(), target: target.to_owned(), features, source })
    }

    /// The folder of this version in a mirror, and the release's tag.
    pub(super) fn tag(&self) -> String {
        format!("v{}", self.version)
    }

    /// The static library's file name, not compressed.
    pub(super) fn library(&self) -> String {
        let suffix = format!("{}_release_{}", self.features, self.target);
        if self.target.contains("windows") {
            format!("rusty_v8{suffix}.lib")
        } else {
            format!("librusty_v8{suffix}.a")
        }
    }

    /// The compressed static library's file name, which is what a mirror holds.
    pub(super) fn archive(&self) -> String {
        format!("{}.gz", self.library())
    }

    /// The file name of the generated Rust bindings.
    pub(super) fn binding(&self) -> String {
        format!("src_binding{}_release_{}.rs", self.features, self.target)
    }

    /// The bindings as the crate ships them, if it does for this target and these features.
    pub(super) fn shipped_binding(&self) -> Option<PathBuf> {
        let path = self.source.join("gen").join(self.binding());
        path.is_file().then_some(path)
    }

    /// The version of V8 itself, as the library spells it, for example `15.2.124.1-rusty`.
    ///
    /// # Errors
    /// Fails if the crate's source does not say it where V8 does.
    pub(super) fn engine_version(&self) -> Result<String> {
        let header = self.source.join("v8/include/v8-version.h");
        let text = fs::read_to_string(&header)
            .with_context(|| format!("could not read V8's version from {}", header.display()))?;
        let part = |name: &str| {
            defined_number(&text, name).with_context(|| format!("expected {name} in v8-version.h"))
        };
        let [major, minor, build, patch] = [
            part("V8_MAJOR_VERSION")?,
            part("V8_MINOR_VERSION")?,
            part("V8_BUILD_NUMBER")?,
            part("V8_PATCH_LEVEL")?,
        ];
        // V8 leaves a patch level of 0 away.
        Ok(if patch > 0 {
            format!("{major}.{minor}.{build}.{patch}-rusty")
        } else {
            format!("{major}.{minor}.{build}-rusty")
        })
    }

    /// The address of a file on the crate's own release page.
    pub(super) fn release_address(&self, file: &str) -> String {
        format!("https://github.com/denoland/rusty_v8/releases/download/{}/{file}", self.tag())
    }
}

impl fmt::Display for Artifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "V8 (crate {}{}, {})", self.version, self.features.replace('_', " +"), self.target)
    }
}

fn defined_number(header: &str, name: &str) -> Option<u32> {
    header.lines().find_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some("#define") && words.next() == Some(name)).then(|| words.next()?.parse().ok())?
    })
}

/// An artifact for tests, whose crate source lies in `source`.
#[cfg(test)]
pub(super) fn sample(source: &std::path::Path) -> Artifact {
    let include = source.join("v8/include");
    fs::create_dir_all(&include).unwrap();
    let header = "#define V8_MAJOR_VERSION 15\n#define V8_MINOR_VERSION 2\n#define V8_BUILD_NUMBER 124\n#define V8_PATCH_LEVEL 1\n";
    fs::write(include.join("v8-version.h"), header).unwrap();
    fs::create_dir_all(source.join("gen")).unwrap();
    let artifact = Artifact {
        version: "152.2.0".into(),
        target: "x86_64-unknown-linux-gnu".into(),
        features: String::new(),
        source: source.to_path_buf(),
    };
    fs::write(source.join("gen").join(artifact.binding()), "// bindings of 152.2.0\n").unwrap();
    artifact
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_the_ones_the_crate_looks_for() {
        let folder = tempfile::tempdir().unwrap();
        let mut artifact = sample(folder.path());
        assert_eq!(artifact.archive(), "librusty_v8_release_x86_64-unknown-linux-gnu.a.gz");
        assert_eq!(artifact.binding(), "src_binding_release_x86_64-unknown-linux-gnu.rs");
        artifact.target = "x86_64-pc-windows-msvc".into();
        artifact.features = "_ptrcomp".into();
        assert_eq!(artifact.archive(), "rusty_v8_ptrcomp_release_x86_64-pc-windows-msvc.lib.gz");
    }

    #[test]
    fn the_engine_version_is_spelled_as_in_the_library() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(sample(folder.path()).engine_version().unwrap(), "15.2.124.1-rusty");
    }
}
