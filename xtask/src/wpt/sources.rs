//! Where the tests come from: a folder that the user names, or the part of web-platform-tests that Debian's source
//! package `nodejs` carries, fetched once into the target folder.
//!
//! Not here: any host's name. Where source packages come from is taken from the machine's own configuration, which is
//! read and left as it is: apt works with lists, a cache and a list of sources below the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::context::Context;

/// The file by which a folder of tests is recognised.
const HARNESS: &str = "resources/testharness.js";

/// The tests' place in the package, and how deep that is.
const INSIDE: &str = "*/test/fixtures/wpt/*";
const DEPTH: &str = "4";

/// The folder of the tests: the one given, or the package's.
///
/// # Errors
/// Fails if the folder given has no tests, or if there is no way here to get the package; the error says what was tried.
pub(super) fn locate(context: &Context, given: Option<&Path>) -> Result<PathBuf> {
    if let Some(root) = given {
        if !root.join(HARNESS).is_file() {
            bail!("expected a checkout of web-platform-tests in {}, found no {HARNESS}", root.display());
        }
        return root.canonicalize().with_context(|| format!("could not find {}", root.display()));
    }
    let folder = context.metadata()?.target_directory.join("wpt").into_std_path_buf();
    let tests = folder.join("tests");
    if !tests.join(HARNESS).is_file() {
        fetch(&folder, &tests).context(
            "tried to get web-platform-tests from Debian's source package `nodejs` with apt-get; where that cannot \
             be done, name the folder of a checkout with `--wpt-root`",
        )?;
    }
    Ok(tests)
}

/// Fetches the package's sources and unpacks the tests.
fn fetch(folder: &Path, tests: &Path) -> Result<()> {
    let work = folder.join("fetch");
    for part in ["lists/partial", "cache/archives/partial", "source"] {
        fs::create_dir_all(work.join(part)).context("could not make apt's folders")?;
    }
    let (deb822, one_line) = source_lists(Path::new("/etc/apt"))?;
    if deb822.is_empty() && one_line.is_empty() {
        bail!("expected package sources in /etc/apt, found none: this machine has no apt");
    }
    let parts = work.join("sources.d");
    fs::create_dir_all(&parts).context("could not make apt's folders")?;
    fs::write(parts.join("machine.sources"), deb822).context("could not write apt's list of sources")?;
    fs::write(parts.join("machine.list"), one_line).context("could not write apt's list of sources")?;

    eprintln!("getting web-platform-tests from Debian's source package `nodejs` ...");
    // Both may fail for one source of several and yet bring what is wanted, so that this is what is looked at.
    let updated = apt(&work, &["update"])?;
    let downloaded = apt(&work, &["source", "--download-only", "nodejs"])?;
    let archive = archive(&work.join("source"))?.with_context(|| {
        format!("expected an archive of the sources, found none; apt-get said: {updated}\n{downloaded}")
    })?;

    let half = folder.join("half");
    if half.exists() {
        fs::remove_dir_all(&half).context("could not clear half-unpacked tests")?;
    }
    fs::create_dir_all(&half).context("could not make the tests' folder")?;
    let mut tar = Command::new("tar");
    tar.arg("-xf").arg(&archive).arg("-C").arg(&half).args([
        "--strip-components",
        DEPTH,
        "--wildcards",
        INSIDE,
    ]);
    crate::process::run_quietly(&mut tar).context("could not unpack the sources")?;
    if !half.join(HARNESS).is_file() {
        bail!("expected web-platform-tests in {}, found no {HARNESS}", archive.display());
    }
    if tests.exists() {
        fs::remove_dir_all(tests).context("could not clear the tests' folder")?;
    }
    fs::rename(&half, tests).context("could not move the tests to their folder")?;
    // The archive is many times as large as the tests in it.
    fs::remove_dir_all(&work).context("could not clear apt's folders")
}

/// Runs apt-get with folders of its own, and returns what it said.
fn apt(work: &Path, arguments: &[&str]) -> Result<String> {
    let option = |name: &str, value: PathBuf| format!("{name}={}", value.display());
    let output = Command::new("apt-get")
        .current_dir(work.join("source"))
        .args(["-o", "Dir::Etc::sourcelist=/dev/null"])
        .args(["-o", &option("Dir::Etc::sourceparts", work.join("sources.d"))])
        .args(["-o", &option("Dir::State::lists", work.join("lists"))])
        .args(["-o", &option("Dir::Cache", work.join("cache"))])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .context("could not start apt-get: is this a Debian or one of its kin?")?;
    let complaints = String::from_utf8_lossy(&output.stderr);
    Ok(complaints.trim().to_owned())
}

/// The archive of the package's own sources, if it has come.
fn archive(folder: &Path) -> Result<Option<PathBuf>> {
    let list = fs::read_dir(folder).context("could not list what apt-get has brought")?;
    let mut found: Vec<PathBuf> = list.filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.sort();
    Ok(found.into_iter().find(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("nodejs_") && name.contains(".orig.tar.")
    }))
}

/// The machine's package sources as sources of source packages, in apt's two formats.
fn source_lists(folder: &Path) -> Result<(String, String)> {
    let mut paths = vec![folder.join("sources.list")];
    if let Ok(list) = fs::read_dir(folder.join("sources.list.d")) {
        paths.extend(list.filter_map(|entry| Some(entry.ok()?.path())));
    }
    paths.sort();
    let (mut deb822, mut one_line) = (String::new(), String::new());
    for path in paths.iter().filter(|path| path.is_file()) {
        let text = fs::read_to_string(path).with_context(|| format!("could not read {}", path.display()))?;
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("sources") => deb822.push_str(&of_source_packages(&text)),
            Some("list") => one_line.push_str(&lines_of_source_packages(&text)),
            _ => {}
        }
    }
    Ok((deb822, one_line))
}

/// The stanzas of a `.sources` file, for source packages.
fn of_source_packages(text: &str) -> String {
    let mut changed = String::new();
    for line in text.lines() {
        let types = line.split_once(':').is_some_and(|(key, _)| key.eq_ignore_ascii_case("types"));
        changed.push_str(if types { "Types: deb-src" } else { line });
        changed.push('\n');
    }
    changed.push('\n');
    changed
}

/// The lines of a `.list` file, for source packages.
fn lines_of_source_packages(text: &str) -> String {
    let sources = text.lines().filter_map(|line| {
        let rest = line.trim().strip_prefix("deb")?;
        let rest = rest.strip_prefix("-src").unwrap_or(rest);
        rest.starts_with([' ', '\t']).then(|| format!("deb-src{rest}\n"))
    });
    let mut sources: Vec<String> = sources.collect();
    sources.sort();
    sources.dedup();
    sources.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_of_sources_are_read_for_source_packages() {
        let folder = tempfile::tempdir().unwrap();
        let parts = folder.path().join("sources.list.d");
        fs::create_dir_all(&parts).unwrap();
        fs::write(folder.path().join("sources.list"), "# deb none\ndeb a b main\ndeb-src a b main\n")
            .unwrap();
        fs::write(parts.join("x.sources"), "Types: deb\nURIs: a\n\nTypes: deb deb-src\nURIs: b\n").unwrap();
        fs::write(parts.join("y.list.disabled"), "deb c d main\n").unwrap();
        let (deb822, one_line) = source_lists(folder.path()).unwrap();
        assert_eq!(deb822, "Types: deb-src\nURIs: a\n\nTypes: deb-src\nURIs: b\n\n");
        assert_eq!(one_line, "deb-src a b main\n");
    }

    #[test]
    fn the_archive_is_the_packages_own() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(archive(folder.path()).unwrap(), None);
        for name in ["nodejs_1.orig-ada.tar.xz", "nodejs_1.orig.tar.xz", "nodejs_1.dsc"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert!(archive(folder.path()).unwrap().unwrap().ends_with("nodejs_1.orig.tar.xz"));
    }
}
