//! The files that git tracks, or would track, with their text.
//!
//! Not here: what must be in them.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process::capture;

/// A text file of the tree.
#[derive(Debug)]
pub(super) struct SourceFile {
    /// Relative to the workspace's root, with `/` between parts.
    pub(super) path: String,
    /// The whole text.
    pub(super) text: String,
}

impl SourceFile {
    pub(super) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    pub(super) fn is_manifest(&self) -> bool {
        self.path == "Cargo.toml" || self.path.ends_with("/Cargo.toml")
    }
}

/// All text files of the tree.
#[derive(Debug)]
pub(super) struct Tree {
    files: Vec<SourceFile>,
}

impl Tree {
    /// Reads the tree; files that are not UTF-8 are left out.
    ///
    /// # Errors
    /// Fails if the files cannot be listed.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut listing = Command::new("git");
        listing.current_dir(root).args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"]);
        let mut paths: Vec<String> = match capture(&mut listing) {
            Ok(text) => text.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect(),
            // An unpacked archive of the sources has no git folder; then every file counts.
            Err(_) => {
                let mut found = Vec::new();
                walk(root, "", &mut found)
                    .with_context(|| format!("could not list the files of {}", root.display()))?;
                found
            }
        };
        paths.sort();
        paths.dedup();
        let files = paths
            .into_iter()
            .filter_map(|path| {
                let text = fs::read_to_string(root.join(&path)).ok()?;
                Some(SourceFile { path, text })
            })
            .collect();
        Ok(Self { files })
    }

    /// A tree out of thin air.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(path, text)| SourceFile { path: (*path).to_owned(), text: (*text).to_owned() })
            .collect();
        Self { files }
    }

    pub(super) fn files(&self) -> &[SourceFile] {
        &self.files
    }

    pub(super) fn file(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }
}

fn walk(root: &Path, below: &str, found: &mut Vec<String>) -> std::io::Result<()> {
    const NOT_SOURCES: [&str; 4] = ["target", ".v8", ".git", "node_modules"];
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        if entry.file_type()?.is_dir() {
            if !NOT_SOURCES.contains(&name.as_str()) {
                walk(root, &path, found)?;
            }
        } else {
            found.push(path);
        }
    }
    Ok(())
}
