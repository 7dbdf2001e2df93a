//! The places that may have V8 prebuilt, in the order in which they are asked.
//!
//! Not here: copying and checking (see `store`), and the build from source.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::artifact::Artifact;
use super::store::{self, Files, Store};

/// Seconds that a remote place gets to answer.
const REMOTE_TIMEOUT_S: &str = "20";

/// One place that may have V8.
pub(super) enum Place {
    /// `.v8/` of this workspace.
    Here,
    /// What `RUSTY_V8_ARCHIVE` names: a file, a folder or an address.
    Archive(String),
    /// What `RUSTY_V8_MIRROR` names: a folder, an address or a template of one.
    Mirror(String),
    /// The folder `shared/v8` beside the workspace.
    Sibling(PathBuf),
    /// The release page of the `v8` crate.
    ReleasePage,
}

/// What a place has.
pub(super) enum Found {
    /// Nothing needs doing: it is in `.v8/`, and this is where it came from.
    Present { source: String },
    /// Files to copy into `.v8/`, checked.
    Local { place: String, files: Files },
    /// An address that answers: cargo fetches from it by itself.
    Remote { place: String, address: String },
    /// Built here, in so many minutes of this run.
    Built { minutes: u64 },
}

/// All places, in the order in which they are asked.
pub(super) fn in_order(root: &Path, store: &Store) -> Vec<Place> {
    let mut places = vec![Place::Here];
    places.extend(users_choice(store));
    places.push(Place::Sibling(root.join("../shared/v8")));
    places.push(Place::ReleasePage);
    places
}

/// What the user's environment names, if anything; the crate prefers the archive, so do we.
pub(super) fn users_choice(store: &Store) -> Option<Place> {
    let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(archive) = variable("RUSTY_V8_ARCHIVE") {
        return Some(Place::Archive(archive));
    }
    // `.cargo/config.toml` sets the mirror to `.v8/`; only another value is the user's.
    variable("RUSTY_V8_MIRROR")
        .filter(|mirror| !is_same_folder(Path::new(mirror), store.folder()))
        .map(Place::Mirror)
}

/// Whether the user has told the crate to build V8 itself.
pub(super) fn user_builds_from_source() -> bool {
    env::var("V8_FROM_SOURCE").is_ok_and(|value| matches!(value.as_str(), "1" | "true" | "yes"))
}

impl Place {
    /// Whether the user named it; then it must work, and no other place is asked.
    pub(super) fn is_users_choice(&self) -> bool {
        matches!(self, Self::Archive(_) | Self::Mirror(_))
    }

    /// Looks for the artifact; `None` if the place simply does not have it.
    ///
    /// # Errors
    /// Fails if the place has something that is damaged or of another version, or does not answer.
    pub(super) fn look(&self, artifact: &Artifact, store: &Store) -> Result<Option<Found>> {
        match self {
            Self::Here => Ok(store.present(artifact)?.map(|source| Found::Present { source })),
            Self::Archive(value) if is_address(value) => self.remote(value.clone()).map(Some),
            Self::Archive(value) => {
                let path = absolute(value)?;
                let files = if path.is_dir() {
                    store::files_in(&path, artifact)?
                } else if path.is_file() {
                    Some(store::with_binding(path.clone(), artifact)?)
                } else {
                    bail!("expected a file or a folder, found nothing at {}", path.display());
                };
                let Some(files) = files else {
                    bail!("expected {} in {}, found none", artifact.archive(), path.display());
                };
                self.local(artifact, files).map(Some)
            }
            Self::Mirror(value) => self.look_in_mirror(value, artifact).map(Some),
            Self::Sibling(folder) => {
                let tagged = folder.join(artifact.tag());
                for folder in [&tagged, folder] {
                    if let Some(files) = store::files_in(folder, artifact)? {
                        return self.local(artifact, files).map(Some);
                    }
                }
                Ok(None)
            }
            Self::ReleasePage => self.remote(artifact.release_address(&artifact.archive())).map(Some),
        }
    }

    /// Why a place that was asked has nothing.
    pub(super) fn nothing(&self) -> String {
        match self {
            Self::Sibling(folder) if !folder.is_dir() => "no such folder".to_owned(),
            _ => "nothing for this version and target".to_owned(),
        }
    }

    fn look_in_mirror(&self, value: &str, artifact: &Artifact) -> Result<Found> {
        let tag = env::var("RUSTY_V8_MIRROR_TAG").unwrap_or_else(|_| artifact.tag());
        let archive = artifact.archive();
        let template = value.contains('{');
        let first = if template {
            value
                .replace("{tag}", &tag)
                .replace("{version}", &artifact.version)
                .replace("{target}", &artifact.target)
                .replace("{profile}", "release")
                .replace("{features}", &artifact.features)
                .replace("{file}", &archive)
        } else {
            format!("{value}/{tag}/{archive}")
        };
        if is_address(&first) {
            return self.remote(first);
        }
        let mut candidates = vec![absolute(&first)?];
        if !template {
            candidates.push(absolute(value)?.join(&archive));
        }
        match candidates.iter().find(|path| path.is_file()) {
            Some(library) => self.local(artifact, store::with_binding(library.clone(), artifact)?),
            None => {
                let asked: Vec<String> = candidates.iter().map(|path| path.display().to_string()).collect();
                bail!("expected {}, found none", asked.join(" or "));
            }
        }
    }

    fn local(&self, artifact: &Artifact, files: Files) -> Result<Found> {
        store::verify(artifact, &files)?;
        Ok(Found::Local { place: self.to_string(), files })
    }

    fn remote(&self, address: String) -> Result<Found> {
        ask(&address)?;
        Ok(Found::Remote { place: self.to_string(), address })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Here => write!(f, ".v8/"),
            Self::Archive(value) => write!(f, "RUSTY_V8_ARCHIVE={value}"),
            Self::Mirror(value) => write!(f, "RUSTY_V8_MIRROR={value}"),
            Self::Sibling(_) => write!(f, "the sibling folder ../shared/v8"),
            Self::ReleasePage => write!(f, "the release page of the v8 crate"),
        }
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present { source } => write!(f, "already in .v8/, {source}"),
            Self::Local { place, .. } => write!(f, "from {place}, whole and of the right version"),
            Self::Remote { place, address } => {
                write!(f, "from {place}, which answers at {address}: cargo fetches it by itself")
            }
            Self::Built { minutes } => write!(f, "built from source in {minutes} min, now in .v8/"),
        }
    }
}

/// Cargo runs the crate's build script in the crate's own folder, so a relative path would mean another place there.
fn absolute(value: &str) -> Result<PathBuf> {
    let path = PathBuf::from(value);
    if !path.is_absolute() {
        bail!("expected an absolute path, found {value}: the crate's build script runs in another folder");
    }
    Ok(path)
}

fn is_address(value: &str) -> bool {
    value.starts_with("http:") || value.starts_with("https:")
}

fn is_same_folder(one: &Path, other: &Path) -> bool {
    one == other || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

/// Asks for the head of a remote file with the clients that the crate itself would use.
fn ask(address: &str) -> Result<()> {
    let mut command = if has_program("curl") {
        let mut curl = Command::new("curl");
        curl.args(["--fail", "--silent", "--show-error", "--location", "--head", "--output", "/dev/null"]);
        curl.args(["--max-time", REMOTE_TIMEOUT_S]);
        curl
    } else {
        let mut python = Command::new(env::var_os("PYTHON").unwrap_or_else(|| "python3".into()));
        python.args(["-c", HEAD_SCRIPT, REMOTE_TIMEOUT_S]);
        python
    };
    let output =
        command.arg(address).stdin(Stdio::null()).output().with_context(|| {
            format!("{address} cannot be asked for: neither curl nor python3 can be started")
        })?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        bail!("{address} cannot be reached: {}", words.lines().last().unwrap_or("no reason given").trim());
    }
    Ok(())
}

/// For machines without curl: arguments are the timeout in seconds and the address.
const HEAD_SCRIPT: &str = "import sys, urllib.request as u\n\
    u.urlopen(u.Request(sys.argv[2], method='HEAD'), timeout=float(sys.argv[1]))";

fn has_program(name: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v8::artifact::sample;

    #[test]
    fn a_sibling_folder_without_this_target_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let artifact = sample(&folder.path().join("crate"));
        let store = Store::new(folder.path());
        let place = Place::Sibling(folder.path().to_path_buf());
        assert!(place.look(&artifact, &store).unwrap().is_none());
    }

    #[test]
    fn a_relative_path_is_refused_because_cargo_would_look_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let artifact = sample(&folder.path().join("crate"));
        let store = Store::new(folder.path());
        let error = Place::Mirror("../v8".into()).look(&artifact, &store).err().unwrap().to_string();
        assert!(error.contains("absolute"), "{error}");
    }

    #[test]
    fn an_empty_archive_folder_is_an_error_that_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let artifact = sample(&folder.path().join("crate"));
        let store = Store::new(folder.path());
        let place = Place::Archive(folder.path().to_str().unwrap().to_owned());
        let error = place.look(&artifact, &store).err().unwrap().to_string();
        assert!(error.contains(&artifact.archive()), "{error}");
    }

    #[test]
    fn a_mirror_template_is_filled_in() {
        let folder = tempfile::tempdir().unwrap();
        let artifact = sample(&folder.path().join("crate"));
        let store = Store::new(folder.path());
        let template = format!("{}/{{version}}/{{target}}/{{file}}", folder.path().display());
        let error = Place::Mirror(template).look(&artifact, &store).err().unwrap().to_string();
        assert!(error.contains("152.2.0/x86_64-unknown-linux-gnu/librusty_v8"), "{error}");
    }
}
