//! The folder `.v8/`: what is in it, whether it is whole, and how something gets in.
//!
//! The crate looks in a mirror folder for `TAG/FILE` first and for `FILE` after. We write below the tag, because
//! the file's name does not say the version, and a library of yesterday's crate must not be linked today.
//!
//! Not here: where else V8 may come from.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context as _, Result, bail};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use super::artifact::Artifact;

/// A library and the bindings that belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Files {
    /// The static library, compressed or not.
    pub(super) library: PathBuf,
    /// The generated Rust bindings.
    pub(super) binding: PathBuf,
}

/// The workspace's own folder of prebuilt libraries, ignored by git.
pub(super) struct Store {
    folder: PathBuf,
}

/// What `.v8/` remembers about a library that was checked, so that it is checked once and not at every command.
#[derive(Debug, Default, PartialEq, Eq)]
struct Stamp {
    source: String,
    /// Size in bytes and modification time in nanoseconds of the library; nothing for a remote source.
    seen: Option<(u64, u128)>,
}

impl Store {
    pub(super) fn new(root: &Path) -> Self {
        Self { folder: root.join(".v8") }
    }

    /// `.v8/` itself, absolute.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether a checked library is there, or a remote source was found before. Reads no library.
    pub(super) fn is_ready(&self, artifact: &Artifact) -> bool {
        let Some(stamp) = self.stamp(artifact) else { return false };
        match stamp.seen {
            None => true,
            Some(seen) => self
                .files(artifact)
                .is_some_and(|files| files.binding.is_file() && footprint(&files.library).ok() == Some(seen)),
        }
    }

    /// The source of the library that is there and whole, if one is; `None` if there is none.
    ///
    /// # Errors
    /// Fails if a library is there and is damaged or belongs to another version.
    pub(super) fn present(&self, artifact: &Artifact) -> Result<Option<String>> {
        let Some(files) = self.files(artifact) else { return Ok(None) };
        if !files.binding.is_file() {
            return Ok(None);
        }
        let stamp = self.stamp(artifact).filter(|stamp| stamp.seen.is_some());
        if self.is_ready(artifact)
            && let Some(stamp) = stamp
        {
            return Ok(Some(stamp.source));
        }
        verify(artifact, &files)?;
        let source = "put there by hand".to_owned();
        let seen = footprint(&files.library)?;
        self.write_stamp(artifact, &Stamp { source: source.clone(), seen: Some(seen) })?;
        Ok(Some(source))
    }

    /// Copies a library and its bindings in, each whole or not at all, and remembers their source.
    ///
    /// # Errors
    /// Fails if a file cannot be read or written.
    pub(super) fn install(&self, artifact: &Artifact, files: &Files, source: &str) -> Result<()> {
        let folder = self.tagged(artifact);
        fs::create_dir_all(&folder)
            .with_context(|| format!("could not make the folder {}", folder.display()))?;
        let library = folder.join(artifact.archive());
        let binding = folder.join(artifact.binding());
        place(&files.library, &library, is_gzip(&files.library)?)?;
        place(&files.binding, &binding, true)?;
        let seen = footprint(&library)?;
        self.write_stamp(artifact, &Stamp { source: source.to_owned(), seen: Some(seen) })
    }

    /// Remembers that cargo itself will fetch the library from a remote source.
    ///
    /// # Errors
    /// Fails if `.v8/` cannot be written.
    pub(super) fn remember_remote(&self, artifact: &Artifact, source: &str) -> Result<()> {
        self.write_stamp(artifact, &Stamp { source: source.to_owned(), seen: None })
    }

    /// The files that the crate would take from here: below the tag before beside it.
    fn files(&self, artifact: &Artifact) -> Option<Files> {
        let tagged = self.tagged(artifact);
        let first_of =
            |name: &str| [tagged.join(name), self.folder.join(name)].into_iter().find(|path| path.is_file());
        let library = first_of(&artifact.archive())?;
        let binding = first_of(&artifact.binding()).unwrap_or_else(|| tagged.join(artifact.binding()));
        Some(Files { library, binding })
    }

    fn tagged(&self, artifact: &Artifact) -> PathBuf {
        self.folder.join(artifact.tag())
    }

    fn stamp_path(&self, artifact: &Artifact) -> PathBuf {
        self.tagged(artifact).join(format!("{}.stamp", artifact.library()))
    }

    fn stamp(&self, artifact: &Artifact) -> Option<Stamp> {
        let text = fs::read_to_string(self.stamp_path(artifact)).ok()?;
        let value = |key: &str| {
            text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": ").map(str::to_owned))
        };
        let seen = match (value("size_bytes"), value("modified_ns")) {
            (Some(size), Some(modified)) => Some((size.parse().ok()?, modified.parse().ok()?)),
            _ => None,
        };
        Some(Stamp { source: value("source")?, seen })
    }

    fn write_stamp(&self, artifact: &Artifact, stamp: &Stamp) -> Result<()> {
        let path = self.stamp_path(artifact);
        fs::create_dir_all(self.tagged(artifact))
            .and_then(|()| {
                let mut text = format!("source: {}\n", stamp.source);
                if let Some((size, modified)) = stamp.seen {
                    text.push_str(&format!("size_bytes: {size}\nmodified_ns: {modified}\n"));
                }
                fs::write(&path, text)
            })
            .with_context(|| format!("could not write {}", path.display()))
    }
}

/// The library and the bindings in a folder that holds them side by side; the crate's own bindings if it has none.
///
/// # Errors
/// Fails if the library is there without bindings, and the crate ships none for this target.
pub(super) fn files_in(folder: &Path, artifact: &Artifact) -> Result<Option<Files>> {
    let library = [artifact.archive(), artifact.library()]
        .into_iter()
        .map(|name| folder.join(name))
        .find(|path| path.is_file());
    library.map(|library| with_binding(library, artifact)).transpose()
}

/// Joins a library with the bindings beside it, or with the ones that the crate ships.
///
/// # Errors
/// Fails if there are neither.
pub(super) fn with_binding(library: PathBuf, artifact: &Artifact) -> Result<Files> {
    let beside = library.with_file_name(artifact.binding());
    let binding = if beside.is_file() {
        beside
    } else {
        artifact.shipped_binding().with_context(|| {
            format!(
                "expected {} beside {}, found none, and the crate ships none",
                artifact.binding(),
                library.display()
            )
        })?
    };
    Ok(Files { library, binding })
}

/// Checks that a library is whole and is the one that the workspace's crate wants.
///
/// Four things are checked: the sums in a `SHA256SUMS` beside the files, the gzip stream to its end, V8's own
/// version inside the library, and that the bindings are the ones that the crate ships, where it ships some.
///
/// # Errors
/// Fails with the first of them that does not hold, naming what was expected and what was found.
pub(super) fn verify(artifact: &Artifact, files: &Files) -> Result<()> {
    for file in [&files.library, &files.binding] {
        check_sum(file)?;
    }
    let wanted = artifact.engine_version()?;
    let file =
        File::open(&files.library).with_context(|| format!("could not open {}", files.library.display()))?;
    let reader = BufReader::with_capacity(1 << 16, file);
    let found = if is_gzip(&files.library)? {
        contains(GzDecoder::new(reader), wanted.as_bytes())
    } else {
        contains(reader, wanted.as_bytes())
    }
    .with_context(|| format!("{} is damaged: expected a whole gzip stream", files.library.display()))?;
    if !found {
        bail!(
            "{} is not V8 {wanted}, which the crate v8 {} wants: it holds another version",
            files.library.display(),
            artifact.version
        );
    }
    if let Some(shipped) = artifact.shipped_binding()
        && fs::read(&shipped).ok() != fs::read(&files.binding).ok()
    {
        bail!(
            "{} differs from the bindings that the crate v8 {} ships: expected a library of this version and these features",
            files.binding.display(),
            artifact.version
        );
    }
    Ok(())
}

/// Compares a file with its line in the `SHA256SUMS` beside it, if there is one.
fn check_sum(file: &Path) -> Result<()> {
    let Ok(sums) = fs::read_to_string(file.with_file_name("SHA256SUMS")) else { return Ok(()) };
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let Some(expected) = sums.lines().find_map(|line| {
        let (sum, listed) = line.split_once(char::is_whitespace)?;
        (listed.trim_start().trim_start_matches('*') == name).then_some(sum)
    }) else {
        return Ok(());
    };
    let mut hasher = Sha256::new();
    let mut reader = File::open(file).with_context(|| format!("could not open {}", file.display()))?;
    let mut chunk = vec![0; 1 << 18];
    loop {
        let read = reader.read(&mut chunk).with_context(|| format!("could not read {}", file.display()))?;
        if read == 0 {
            break;
        }
        hasher.update(&chunk[..read]);
    }
    let found: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    if !found.eq_ignore_ascii_case(expected) {
        bail!("{} is damaged: expected SHA-256 {expected}, found {found}", file.display());
    }
    Ok(())
}

/// Reads to the end, and says whether the bytes came by.
fn contains(mut reader: impl Read, wanted: &[u8]) -> io::Result<bool> {
    let mut window = Vec::with_capacity((1 << 18) + wanted.len());
    let mut chunk = vec![0; 1 << 18];
    let mut found = false;
    loop {
        let read = reader.read(&mut chunk)?;
        if read == 0 {
            return Ok(found);
        }
        if !found {
            window.extend_from_slice(&chunk[..read]);
            found = find(&window, wanted);
            // A match may lie across two chunks: the tail stays.
            let tail = window.len().saturating_sub(wanted.len() - 1);
            window.drain(..tail);
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> bool {
    let Some((&first, rest)) = needle.split_first() else { return true };
    let mut from = 0;
    while let Some(offset) = haystack[from..].iter().position(|&byte| byte == first) {
        let start = from + offset + 1;
        if haystack[start..].starts_with(rest) {
            return true;
        }
        from = start;
    }
    false
}

fn is_gzip(path: &Path) -> Result<bool> {
    let mut magic = [0; 2];
    let mut file = File::open(path).with_context(|| format!("could not open {}", path.display()))?;
    // A file shorter than the magic is no gzip; what it is instead shows when it is read.
    Ok(file.read_exact(&mut magic).is_ok() && magic == [0x1f, 0x8b])
}

/// Writes a copy beside its place and renames it, so that an interruption leaves no half file behind.
fn place(from: &Path, to: &Path, as_it_is: bool) -> Result<()> {
    if to.canonicalize().ok().is_some_and(|to| from.canonicalize().ok() == Some(to)) {
        return Ok(());
    }
    let folder = to.parent().context("expected a file inside a folder")?;
    let copy = || -> io::Result<()> {
        let mut temporary = tempfile::Builder::new().prefix(".part-").tempfile_in(folder)?;
        let mut source = File::open(from)?;
        if as_it_is {
            io::copy(&mut source, &mut temporary)?;
        } else {
            let mut encoder = GzEncoder::new(&mut temporary, Compression::fast());
            io::copy(&mut source, &mut encoder)?;
            encoder.finish()?;
        }
        temporary.flush()?;
        temporary.as_file().sync_all()?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            temporary.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
        }
        temporary.persist(to)?;
        Ok(())
    };
    copy().with_context(|| format!("could not copy {} to {}", from.display(), to.display()))
}

fn footprint(path: &Path) -> Result<(u64, u128)> {
    let read = || -> io::Result<(u64, u128)> {
        let metadata = fs::metadata(path)?;
        let modified = metadata.modified()?.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        Ok((metadata.len(), modified))
    };
    read().with_context(|| format!("could not read the size of {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v8::artifact::sample;

    /// A folder with a small "library" of the given version, and its sums.
    fn prebuilt(folder: &Path, artifact: &Artifact, version: &str) -> Files {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&vec![b'1'; 300_000]).unwrap();
        encoder.write_all(version.as_bytes()).unwrap();
        fs::write(folder.join(artifact.archive()), encoder.finish().unwrap()).unwrap();
        fs::write(folder.join(artifact.binding()), "// bindings of 152.2.0\n").unwrap();
        files_in(folder, artifact).unwrap().unwrap()
    }

    fn sum(path: &Path) -> String {
        Sha256::digest(fs::read(path).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn a_copied_library_is_ready_and_names_its_source() {
        let folder = tempfile::tempdir().unwrap();
        let artifact = sample(&folder.path().join("crate"));
        let files = prebuilt(folder.path(), &artifact, "15.2.124.1-rusty");
        verify(&artifact, &files).unwrap();
        let store = Store::new(folder.path());
        assert!(!store.is_ready(&artifact));
        store.install(&artifact, &files, "the sibling folder").unwrap();
        assert!(store.is_ready(&artifact));
        fs::remove_file(&files.library).unwrap();
        assert_eq!(store.present(&artifact).unwrap().as_deref(), Some("the sibling folder"));
    }

    #[test]
    fn a_library_cut_short_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let artifact = sample(&folder.path().join("crate"));
        let files = prebuilt(folder.path(), &artifact, "15.2.124.1-rusty");
        let whole = fs::read(&files.library).unwrap();
        fs::write(&files.library, &whole[..whole.len() - 9]).unwrap();
        let error = format!("{:#}", verify(&artifact, &files).unwrap_err());
        assert!(error.contains("damaged"), "{error}");
    }

    #[test]
    fn a_library_of_another_version_is_refused_by_both_names() {
        let folder = tempfile::tempdir().unwrap();
        let artifact = sample(&folder.path().join("crate"));
        let files = prebuilt(folder.path(), &artifact, "14.6.1.2-rusty");
        let error = verify(&artifact, &files).unwrap_err().to_string();
        assert!(error.contains("15.2.124.1-rusty") && error.contains("152.2.0"), "{error}");
    }

    #[test]
    fn a_library_that_differs_from_its_sum_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let artifact = sample(&folder.path().join("crate"));
        let files = prebuilt(folder.path(), &artifact, "15.2.124.1-rusty");
        let line = |sum: &str| format!("{sum}  {}\n", artifact.archive());
        fs::write(folder.path().join("SHA256SUMS"), line(&sum(&files.library))).unwrap();
        verify(&artifact, &files).unwrap();
        fs::write(folder.path().join("SHA256SUMS"), line(&"0".repeat(64))).unwrap();
        let error = verify(&artifact, &files).unwrap_err().to_string();
        assert!(error.contains("SHA-256"), "{error}");
    }

    #[test]
    fn bindings_of_another_build_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let artifact = sample(&folder.path().join("crate"));
        let files = prebuilt(folder.path(), &artifact, "15.2.124.1-rusty");
        fs::write(&files.binding, "// bindings of 151.0.0\n").unwrap();
        let error = verify(&artifact, &files).unwrap_err().to_string();
        assert!(error.contains("bindings"), "{error}");
    }

    #[test]
    fn a_library_changed_after_its_check_is_checked_again() {
        let folder = tempfile::tempdir().unwrap();
        let artifact = sample(&folder.path().join("crate"));
        let files = prebuilt(folder.path(), &artifact, "15.2.124.1-rusty");
        let store = Store::new(folder.path());
        store.install(&artifact, &files, "a test").unwrap();
        let stored = store.files(&artifact).unwrap().library;
        fs::write(stored, [0x1f, 0x8b, 8, 0, 0]).unwrap();
        assert!(!store.is_ready(&artifact));
        assert!(store.present(&artifact).is_err());
    }

    #[test]
    fn an_uncompressed_library_is_stored_compressed() {
        let folder = tempfile::tempdir().unwrap();
        let artifact = sample(&folder.path().join("crate"));
        fs::write(folder.path().join(artifact.library()), b"!<arch> 15.2.124.1-rusty").unwrap();
        let files = files_in(folder.path(), &artifact).unwrap().unwrap();
        verify(&artifact, &files).unwrap();
        let store = Store::new(folder.path());
        store.install(&artifact, &files, "a test").unwrap();
        assert!(is_gzip(&store.files(&artifact).unwrap().library).unwrap());
    }

    #[test]
    fn a_version_across_two_reads_is_found() {
        let mut bytes = vec![b'x'; (1 << 18) - 3];
        bytes.extend_from_slice(b"15.2.124.1");
        assert!(contains(bytes.as_slice(), b"15.2.124.1").unwrap());
        assert!(!contains(bytes.as_slice(), b"15.2.124.2").unwrap());
    }
}
