//! The packages and the bundles: a copy of the programs in the target folder, in which npm installs what the lock file
//! names and esbuild bundles.
//!
//! Not here: running the bundles. Nothing that is made here is ever committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::inventory::{Case, FOLDER};
use crate::context::Context;
use crate::process;

/// What decides what is installed.
const MANIFESTS: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// The oldest Node.js that the packages' own tools run on.
const NODE: u32 = 20;

/// Installed packages, and the folder in which the bundles are made.
pub(super) struct Packages {
    source: PathBuf,
    folder: PathBuf,
}

impl Packages {
    /// Copies the programs and installs their packages, if those that are there are not the lock file's.
    ///
    /// # Errors
    /// Fails if Node.js or npm is missing or too old, or the packages cannot be had.
    pub(super) fn obtain(context: &Context) -> Result<Self> {
        require_tools()?;
        let source = context.root().join(FOLDER);
        let folder = context.metadata()?.target_directory.join("programs").into_std_path_buf();
        fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
        let mut wanted = Vec::new();
        for name in MANIFESTS {
            let text = fs::read(source.join(name))
                .with_context(|| format!("could not read {}", source.join(name).display()))?;
            wanted.extend_from_slice(&text);
            fs::write(folder.join(name), text).with_context(|| format!("could not write {name}"))?;
        }
        let note = folder.join("installed");
        if fs::read(&note).is_ok_and(|found| found == wanted) {
            return Ok(Self { source, folder });
        }
        let _ = fs::remove_file(&note);
        // No package here needs its install scripts, so none are run.
        process::run(Command::new("npm").current_dir(&folder).args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ]))
        .context("the packages of the programs could not be installed")?;
        fs::write(&note, wanted).with_context(|| format!("could not write {}", note.display()))?;
        Ok(Self { source, folder })
    }

    /// Bundles the programs of the cases anew.
    ///
    /// # Errors
    /// Fails if one does not bundle; esbuild says why.
    pub(super) fn bundle(&self, cases: &[Case]) -> Result<()> {
        for part in ["src", "requests"] {
            let to = self.folder.join(part);
            if to.exists() {
                fs::remove_dir_all(&to).with_context(|| format!("could not empty {}", to.display()))?;
            }
            copy(&self.source.join(part), &to)?;
        }
        fs::copy(self.source.join("bundle.mjs"), self.folder.join("bundle.mjs"))
            .context("could not copy bundle.mjs")?;
        let mut names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
        names.dedup();
        process::run_quietly(
            Command::new("node").current_dir(&self.folder).args(["bundle.mjs", "dist"]).args(names),
        )
        .context("the programs could not be bundled")
    }

    /// The folder for the runtimes' configurations and logs, beside that of the bundles.
    ///
    /// # Errors
    /// Fails if it cannot be made.
    pub(super) fn run_folder(&self) -> Result<PathBuf> {
        let folder = self.folder.join("run");
        fs::create_dir_all(&folder).with_context(|| format!("could not make {}", folder.display()))?;
        Ok(folder)
    }

    /// The program workerd, from the package for this machine.
    ///
    /// # Errors
    /// Fails if npm has no package for this machine.
    pub(super) fn workerd(&self) -> Result<PathBuf> {
        let scope = self.folder.join("node_modules/@cloudflare");
        let found = fs::read_dir(&scope).ok().and_then(|entries| {
            entries
                .filter_map(|entry| Some(entry.ok()?.path().join("bin/workerd")))
                .find(|program| program.is_file())
        });
        found.context(
            "expected npm's workerd for this machine, found none: it comes for Linux and macOS on x64 and arm64",
        )
    }
}

/// The version of each package that the manifest names.
///
/// # Errors
/// Fails if the manifest cannot be read.
pub(super) fn versions(root: &Path) -> Result<BTreeMap<String, String>> {
    /// The part of a manifest that is read here.
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Manifest {
        dependencies: BTreeMap<String, String>,
        dev_dependencies: BTreeMap<String, String>,
        optional_dependencies: BTreeMap<String, String>,
    }
    let path = root.join(FOLDER).join("package.json");
    let text = fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
    let manifest: Manifest = serde_json::from_str(&text)
        .with_context(|| format!("expected {} to be a manifest of npm", path.display()))?;
    let mut versions = manifest.dependencies;
    versions.extend(manifest.dev_dependencies);
    versions.extend(manifest.optional_dependencies);
    Ok(versions)
}

fn require_tools() -> Result<()> {
    let advice =
        format!("install Node.js {NODE} or newer, which brings npm (on Debian: the packages nodejs and npm)");
    let version = process::capture(Command::new("node").arg("--version"))
        .with_context(|| format!("expected `node`: {advice}"))?;
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|part| part.parse().ok());
    if major.is_none_or(|major: u32| major < NODE) {
        bail!("expected Node.js {NODE} or newer, found {}: {advice}", version.trim());
    }
    process::capture(Command::new("npm").arg("--version"))
        .with_context(|| format!("expected `npm`: {advice}"))?;
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("could not make {}", to.display()))?;
    let entries = fs::read_dir(from).with_context(|| format!("could not read {}", from.display()))?;
    for entry in entries {
        let path = entry.with_context(|| format!("could not read {}", from.display()))?.path();
        let Some(name) = path.file_name() else { continue };
        if path.is_dir() {
            copy(&path, &to.join(name))?;
        } else {
            fs::copy(&path, to.join(name)).with_context(|| format!("could not copy {}", path.display()))?;
        }
    }
    Ok(())
}
