//! V8's source tree: the crate's package, what the package leaves out, and what clang 22 needs changed.
//!
//! Not here: compiling it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::MetadataCommand;

use super::steps::{Log, Work, clean};
use super::tools::Toolchain;
use super::{GOAL, link};
use crate::context::Context;
use crate::process::capture;
use crate::v8::artifact::Artifact;

/// Where the tree keeps the Rust crates that V8 links, below its root.
const VENDOR: &str = "third_party/rust/chromium_crates_io/vendor";

/// A change of a file of the tree: what is there, and what to put in its place.
struct Change {
    file: &'static str,
    from: &'static str,
    to: &'static str,
}

/// What the clang that this V8 expects has, and clang 22 has not.
const CHANGES: [Change; 4] = [
    Change {
        file: "build/config/compiler/BUILD.gn",
        from: "cflags += [ \"-fdiagnostics-show-inlining-chain\" ]",
        to: "cflags += []",
    },
    Change {
        file: "build/config/compiler/BUILD.gn",
        from: "cflags += [ \"-fno-lifetime-dse\" ]",
        to: "cflags += []",
    },
    // Without the flag the hardening would make code believe that it runs under the sanitizer: both go.
    Change {
        file: "build/config/sanitizers/sanitizers.gni",
        from: "\"-fsanitize-ignore-for-ubsan-feature=${invoker.sanitizer}\",",
        to: "",
    },
    Change {
        file: "build/config/sanitizers/sanitizers.gni",
        from: "if (_condition && !is_ubsan && is_clang) {",
        to: "if (_condition && !is_ubsan && is_clang && false) {",
    },
];

/// Copies the crate's package, makes the changes and adds ICU's data.
///
/// # Errors
/// Fails if the package cannot be copied, is not the one that the changes fit, or the data cannot be fetched.
pub(super) fn unpack(context: &Context, artifact: &Artifact, work: &Work) -> Result<()> {
    work.step("source", "unpacking V8's source", &artifact.version, |_| {
        let source = work.source();
        if source.exists() {
            fs::remove_dir_all(&source).context("could not clear the half-copied source")?;
        }
        copy_tree(&artifact.source, &source)?;
        CHANGES.iter().try_for_each(|change| apply(&source, change))
    })?;
    let icu = icu_version(&work.source())?;
    work.step("icu", "fetching ICU's data", &icu.to_string(), |log| {
        // The package's minor version is ICU's major version.
        let requirement = format!("~0.{icu}.0");
        let packages = fetch(
            context,
            work,
            log,
            "icu",
            &[Dependency { name: "deno_core_icudata".into(), requirement }],
        )?;
        let folder = packages.first().context("expected the package of ICU's data, found none")?;
        let found = find_file(folder, "icudtl.dat")?
            .with_context(|| format!("expected icudtl.dat in {}, found none", folder.display()))?;
        let common = work.source().join("third_party/icu/common");
        fs::create_dir_all(&common).context("could not make the folder of ICU's data")?;
        fs::copy(found, common.join("icudtl.dat")).context("could not copy ICU's data")?;
        Ok(())
    })
}

/// Lets the tree use the Rust that builds this workspace.
///
/// # Errors
/// Fails if the link cannot be made.
pub(super) fn link_rust(work: &Work, sysroot: &str) -> Result<()> {
    link(Path::new(sysroot), &work.source().join("third_party/rust-toolchain"))
}

/// Fetches the Rust crates that the build plan reads and the package leaves out.
///
/// # Errors
/// Fails if the plan cannot be read, a crate has no version in the tree, or cargo cannot fetch one.
pub(super) fn fetch_crates(context: &Context, work: &Work, toolchain: &Toolchain) -> Result<()> {
    // The plan is a step of its own: its input decides whether the crates are the right ones.
    let plan = fs::read_to_string(work.out().join("args.gn")).context("expected a build plan, found none")?;
    work.step("crates", "fetching the Rust crates that V8 links", &plan, |log| {
        let inputs =
            capture(clean(toolchain.ninja().arg("-C").arg(work.out()).args(["-t", "inputs", GOAL])))?;
        let wanted = vendored_folders(&inputs);
        let mut dependencies = Vec::new();
        for folder in &wanted {
            dependencies.push(dependency_of(&work.source(), folder)?);
        }
        let packages = fetch(context, work, log, "crates", &dependencies)?;
        for (folder, package) in wanted.iter().zip(&packages) {
            let target = work.source().join(VENDOR).join(folder);
            if target.exists() {
                fs::remove_dir_all(&target).context("could not clear a half-copied crate")?;
            }
            copy_tree(package, &target)?;
        }
        Ok(())
    })
}

/// A package to fetch.
struct Dependency {
    name: String,
    requirement: String,
}

/// Fetches packages through cargo, and returns their unpacked folders in the given order.
fn fetch(
    context: &Context,
    work: &Work,
    log: &Log,
    name: &str,
    dependencies: &[Dependency],
) -> Result<Vec<PathBuf>> {
    let project = work.folder().join("fetch").join(name);
    fs::create_dir_all(project.join("src")).context("could not make a project to fetch packages with")?;
    // The empty workspace table keeps cargo from taking the project for a member of ours.
    let mut manifest = format!(
        "[package]\nname = \"fetch-{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n"
    );
    for (index, dependency) in dependencies.iter().enumerate() {
        manifest.push_str(&format!(
            "d{index} = {{ package = \"{}\", version = \"{}\", default-features = false }}\n",
            dependency.name, dependency.requirement
        ));
    }
    fs::write(project.join("Cargo.toml"), manifest)
        .context("could not write a project to fetch packages with")?;
    fs::write(project.join("src/lib.rs"), "").context("could not write a project to fetch packages with")?;
    log.run(context.cargo().current_dir(&project).args(["fetch", "--target", super::TARGET]))?;
    let metadata = MetadataCommand::new()
        .current_dir(&project)
        .other_options(["--filter-platform".to_owned(), super::TARGET.to_owned()])
        .exec()
        .context("could not read the project that fetches packages")?;
    let resolve = metadata.resolve.as_ref().context("expected cargo to resolve the fetched packages")?;
    let root = resolve.root.as_ref().context("expected one project that fetches packages")?;
    let edges: BTreeMap<&str, &cargo_metadata::PackageId> = resolve
        .nodes
        .iter()
        .filter(|node| node.id == *root)
        .flat_map(|node| &node.deps)
        .map(|edge| (edge.name.as_str(), &edge.pkg))
        .collect();
    let mut folders = Vec::with_capacity(dependencies.len());
    for (index, dependency) in dependencies.iter().enumerate() {
        let id = edges
            .get(format!("d{index}").as_str())
            .with_context(|| format!("expected cargo to resolve {}, found no edge", dependency.name))?;
        let folder = metadata[*id].manifest_path.parent().context("expected a package inside a folder")?;
        folders.push(folder.as_std_path().to_path_buf());
    }
    Ok(folders)
}

/// The folders of vendored crates, `NAME-vEPOCH`, that a list of ninja's inputs reads, each once.
fn vendored_folders(inputs: &str) -> Vec<String> {
    let mut folders: Vec<String> = inputs
        .lines()
        .filter_map(|line| {
            let (_, rest) = line.split_once(VENDOR)?;
            rest.strip_prefix('/')?.split('/').next().map(str::to_owned)
        })
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

/// The exact package that a vendored folder holds, as the build file beside it says.
fn dependency_of(source: &Path, folder: &str) -> Result<Dependency> {
    let (name, epoch) = folder
        .rsplit_once("-v")
        .with_context(|| format!("expected a vendored crate as NAME-vEPOCH, found {folder}"))?;
    let build = source
        .join("third_party/rust")
        .join(name.replace('-', "_").to_lowercase())
        .join(format!("v{epoch}"))
        .join("BUILD.gn");
    let text = fs::read_to_string(&build)
        .with_context(|| format!("expected the build file of {folder} at {}, found none", build.display()))?;
    let value = |key: &str| {
        text.lines().find_map(|line| {
            let rest = line.trim().strip_prefix(key)?.trim_start().strip_prefix('=')?;
            Some(rest.trim().trim_matches('"').to_owned())
        })
    };
    let version = value("cargo_pkg_version")
        .with_context(|| format!("expected cargo_pkg_version in {}, found none", build.display()))?;
    let name = value("cargo_pkg_name").unwrap_or_else(|| name.to_owned());
    Ok(Dependency { name, requirement: format!("={version}") })
}

fn apply(source: &Path, change: &Change) -> Result<()> {
    let path = source.join(change.file);
    let text = fs::read_to_string(&path).with_context(|| format!("could not read {}", path.display()))?;
    let count = text.matches(change.from).count();
    if count != 1 {
        bail!(
            "expected `{}` once in {}, found it {count} times: this version of V8 needs another recipe",
            change.from,
            change.file
        );
    }
    fs::write(&path, text.replacen(change.from, change.to, 1))
        .with_context(|| format!("could not write {}", path.display()))
}

fn icu_version(source: &Path) -> Result<u32> {
    let header = source.join("third_party/icu/source/common/unicode/uvernum.h");
    let text = fs::read_to_string(&header).with_context(|| format!("could not read {}", header.display()))?;
    text.lines()
        .find_map(|line| line.strip_prefix("#define U_ICU_VERSION_MAJOR_NUM ")?.trim().parse().ok())
        .with_context(|| format!("expected ICU's major version in {}, found none", header.display()))
}

fn find_file(folder: &Path, name: &str) -> Result<Option<PathBuf>> {
    let list = fs::read_dir(folder).with_context(|| format!("could not list {}", folder.display()))?;
    for entry in list {
        let path = entry.with_context(|| format!("could not list {}", folder.display()))?.path();
        if path.is_dir() {
            if let Some(found) = find_file(&path, name)? {
                return Ok(Some(found));
            }
        } else if path.file_name().is_some_and(|found| found == name) {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fn copy(from: &Path, to: &Path) -> io::Result<()> {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let target = to.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                copy(&entry.path(), &target)?;
            } else {
                fs::copy(entry.path(), target)?;
            }
        }
        Ok(())
    }
    copy(from, to).with_context(|| format!("could not copy {} to {}", from.display(), to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crates_that_are_read_are_listed_once() {
        let inputs = format!(
            "../source/v8/src/api/api.cc\n../source/{VENDOR}/temporal_rs-v0_2/src/lib.rs\n\
             ../source/{VENDOR}/temporal_rs-v0_2/src/tzdb.rs\n../source/{VENDOR}/zerovec-derive-v0_11/src/lib.rs\n"
        );
        assert_eq!(vendored_folders(&inputs), ["temporal_rs-v0_2", "zerovec-derive-v0_11"]);
    }

    #[test]
    fn a_crates_exact_version_comes_from_its_build_file() {
        let folder = tempfile::tempdir().unwrap();
        let build = folder.path().join("third_party/rust/zerovec_derive/v0_11");
        fs::create_dir_all(&build).unwrap();
        let text = "  cargo_pkg_name = \"zerovec-derive\"\n  cargo_pkg_version = \"0.11.3\"\n";
        fs::write(build.join("BUILD.gn"), text).unwrap();
        let dependency = dependency_of(folder.path(), "zerovec-derive-v0_11").unwrap();
        assert_eq!(
            (dependency.name.as_str(), dependency.requirement.as_str()),
            ("zerovec-derive", "=0.11.3")
        );
    }

    #[test]
    fn a_change_that_does_not_fit_says_so() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.gn"), "one two").unwrap();
        apply(folder.path(), &Change { file: "a.gn", from: "two", to: "three" }).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("a.gn")).unwrap(), "one three");
        let error = apply(folder.path(), &Change { file: "a.gn", from: "two", to: "" }).unwrap_err();
        assert!(error.to_string().contains("0 times"), "{error}");
    }
}
