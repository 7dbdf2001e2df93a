//! Where the workspace is and what cargo and rustc say about it.
//!
//! Not here: running builds (see `process`) and anything about V8.

use std::cell::OnceCell;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand};

use crate::process::capture;

/// The workspace as every command sees it; metadata is read once, on first use.
pub(crate) struct Context {
    root: PathBuf,
    cargo: PathBuf,
    metadata: OnceCell<Metadata>,
}

impl Context {
    /// Finds the workspace of the xtask that is running.
    ///
    /// # Errors
    /// Fails if the source folder that this program was built from is gone.
    pub(crate) fn locate() -> Result<Self> {
        // `cargo run` sets the variable; a binary started by hand falls back to where it was built.
        let manifest_dir = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest_dir
            .parent()
            .context("xtask has no parent folder: expected it inside the workspace")?
            .to_path_buf();
        if !root.join("Cargo.toml").is_file() {
            bail!(
                "expected the workspace's Cargo.toml in {}, found none: run `cargo xtask` inside the checkout",
                root.display()
            );
        }
        let cargo = env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
        Ok(Self { root, cargo, metadata: OnceCell::new() })
    }

    /// The workspace's root folder, absolute.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A `cargo` command in the user's own folder, which is inside the workspace, so that paths the user gives
    /// mean what they say.
    pub(crate) fn cargo_here(&self) -> Command {
        let mut command = Command::new(&self.cargo);
        // What cargo has told xtask of xtask: a build script that looks at it would run again after every change between
        // `cargo` and `cargo xtask`, and all that depends on it be built anew.
        for (name, _) in env::vars_os() {
            let of_this_package = ["CARGO_PKG_", "CARGO_MANIFEST_"]
                .iter()
                .any(|beginning| name.to_string_lossy().starts_with(beginning));
            if of_this_package {
                command.env_remove(name);
            }
        }
        command
    }

    /// A `cargo` command in the workspace's root.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = self.cargo_here();
        command.current_dir(&self.root);
        command
    }

    /// The resolved dependency graph of the whole workspace, all features on.
    ///
    /// # Errors
    /// Fails if cargo cannot resolve the workspace, with cargo's own message.
    pub(crate) fn metadata(&self) -> Result<&Metadata> {
        if let Some(metadata) = self.metadata.get() {
            return Ok(metadata);
        }
        let metadata = MetadataCommand::new()
            .cargo_path(&self.cargo)
            .current_dir(&self.root)
            .exec()
            .context("could not read the workspace with `cargo metadata`")?;
        Ok(self.metadata.get_or_init(|| metadata))
    }

    /// The triple that rustc builds for on this machine, unless `CARGO_BUILD_TARGET` names another.
    ///
    /// # Errors
    /// Fails if rustc cannot be run or does not name its host.
    pub(crate) fn target(&self) -> Result<String> {
        match env::var("CARGO_BUILD_TARGET") {
            Ok(target) if !target.is_empty() => Ok(target),
            _ => self.host(),
        }
    }

    /// The triple of this machine, as `rustc -vV` names it.
    ///
    /// # Errors
    /// Fails if rustc cannot be run or does not name its host.
    pub(crate) fn host(&self) -> Result<String> {
        let version = capture(rustc().current_dir(&self.root).arg("-vV"))?;
        version
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .map(str::to_owned)
            .context("expected a line `host: TRIPLE` from `rustc -vV`, found none")
    }
}

/// The compiler that cargo would use.
pub(crate) fn rustc() -> Command {
    Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}
