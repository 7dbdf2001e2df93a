//! The build of V8 from source, out of the package registries alone: no download from V8's or the crate's own hosts.
//!
//! It is a list of steps, each marked when done below `.v8/build-…/`, so that an interrupted build goes on where
//! it stopped; ninja does the same for the compilation itself. The crate can build V8 too (`V8_FROM_SOURCE=1`), but
//! its published package lacks files, and fetches a compiler from a host that the user of this build cannot reach.
//!
//! Not here: other targets than Linux with glibc on the machine's own architecture.

mod headers;
mod ninja;
mod steps;
mod tools;
mod tree;

use std::fs;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use super::artifact::Artifact;
use super::places::Found;
use super::store::{self, Files, Store};
use crate::context::{Context, rustc};
use crate::process::capture;
use steps::Work;
use tools::Toolchain;

/// The target that the recipe was made for.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// The ninja target that makes the static library.
const GOAL: &str = "rusty_v8";

/// Builds the static library and puts it into `.v8/`.
///
/// # Errors
/// Fails if the target is not supported, a tool cannot be had, or a step fails; the message names the step's log.
pub(super) fn build(
    context: &Context,
    artifact: &Artifact,
    store: &Store,
    jobs: Option<usize>,
) -> Result<Found> {
    let host = context.host()?;
    if artifact.target != TARGET || host != TARGET {
        bail!(
            "the build from source is made for {TARGET} on itself, found {} on {host}: build the crate with its own \
             V8_FROM_SOURCE=1, or bring a prebuilt library",
            artifact.target
        );
    }
    let binding = artifact.shipped_binding().with_context(|| {
        format!("expected the crate to ship {}, which this build takes over, found none", artifact.binding())
    })?;
    let started = Instant::now();
    let jobs = jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let work = Work::open(store.folder(), artifact)?;
    eprintln!(
        "Building {artifact} from source with {jobs} jobs in {}.\n\
         About 100 minutes on 2 cores, and some GB of disk. Interrupt it at will: it goes on where it stopped.",
        work.folder().display()
    );

    let toolchain = Toolchain::obtain(context, &work)?;
    tree::unpack(context, artifact, &work)?;
    let sysroot = capture(rustc().current_dir(context.root()).args(["--print", "sysroot"]))?;
    let sysroot = sysroot.trim();
    let arguments = generator_arguments(context, artifact, &toolchain, sysroot)?;
    tree::link_rust(&work, sysroot)?;
    work.step("generate", "writing the build plan", &arguments, |log| {
        log.run(
            Command::new(toolchain.gn())
                .arg("gen")
                .arg(work.out())
                .arg(format!("--root={}", work.source().display()))
                .arg("--script-executable=python3")
                .arg(format!("--args={arguments}")),
        )
    })?;
    tree::fetch_crates(context, &work, &toolchain)?;
    eprintln!("First the sources that V8's own tools write, then the rest.");
    ninja::build(&work, &toolchain, &headers::prerequisites(&work)?, jobs)?;
    headers::precompile(&work)?;
    ninja::build(&work, &toolchain, &[GOAL.to_owned()], jobs)?;

    let library = work.out().join("obj/librusty_v8.a");
    let files = Files { library, binding };
    eprintln!("Checking and packing the library.");
    store::verify(artifact, &files)?;
    store.install(artifact, &files, "built from source")?;
    eprintln!(
        "The build's own folder is not needed any more; to free its disk space remove {}.",
        work.folder().display()
    );
    Ok(Found::Built { minutes: started.elapsed().as_secs() / 60 })
}

/// The arguments of `gn gen`: the crate's release build with the system's clang and this workspace's Rust.
fn generator_arguments(
    context: &Context,
    artifact: &Artifact,
    toolchain: &Toolchain,
    sysroot: &str,
) -> Result<String> {
    let version = capture(rustc().current_dir(context.root()).arg("-vV"))?;
    let release = version
        .lines()
        .find_map(|line| line.strip_prefix("release: "))
        .context("expected a line `release: VERSION` from `rustc -vV`, found none")?;
    let compressed = artifact.features.contains("_ptrcomp");
    let sandboxed = artifact.features.contains("_sandbox");
    let mut arguments = vec![
        "is_debug=false".to_owned(),
        "use_custom_libcxx=true".to_owned(),
        format!("v8_enable_sandbox={sandboxed}"),
        format!("v8_enable_pointer_compression={compressed}"),
        "v8_enable_v8_checks=false".to_owned(),
        format!("clang_base_path=\"{}\"", toolchain.llvm().display()),
        format!("clang_version=\"{}\"", tools::LLVM_MAJOR),
        "treat_warnings_as_errors=false".to_owned(),
        "v8_monolithic_for_shared_library=true".to_owned(),
        format!("rust_sysroot_absolute=\"{sysroot}\""),
        format!("rustc_version=\"{release}\""),
        format!("rust_bindgen_root=\"{}\"", toolchain.bindgen_root().display()),
        "symbol_level=0".to_owned(),
        "use_glib=false".to_owned(),
    ];
    if sandboxed {
        arguments.push("v8_enable_external_code_space=true".to_owned());
    }
    Ok(arguments.join(" "))
}

/// A symbolic link that replaces what was there.
fn link(original: &std::path::Path, link: &std::path::Path) -> Result<()> {
    if fs::symlink_metadata(link).is_ok() {
        fs::remove_file(link).with_context(|| format!("could not replace {}", link.display()))?;
    }
    #[cfg(unix)]
    let made = std::os::unix::fs::symlink(original, link);
    #[cfg(not(unix))]
    let made: std::io::Result<()> = Err(std::io::ErrorKind::Unsupported.into());
    made.with_context(|| format!("could not link {} to {}", link.display(), original.display()))
}
