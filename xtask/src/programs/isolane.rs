//! `isolane serve` in one mode, with a worker for each case, told apart by the host that is asked for.
//!
//! Not here: what the answers are compared with.

use std::fmt::Write as _;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::inventory::Case;
use super::packages::Packages;
use super::service::Service;
use crate::context::Context;
use crate::{process, v8};

/// Builds the release server of this tree, and says where it is.
///
/// # Errors
/// Fails if V8 cannot be had, or the server does not build.
pub(super) fn build(context: &Context) -> Result<PathBuf> {
    v8::ensure(context)?;
    process::run(context.cargo().args([
        "build",
        "--release",
        "--package",
        "runtime-server",
        "--bin",
        "isolane",
    ]))?;
    Ok(context.metadata()?.target_directory.join("release/isolane").into_std_path_buf())
}

/// Starts the server with all cases on a free port.
///
/// # Errors
/// Fails if it does not start.
pub(super) fn start(packages: &Packages, program: &Path, cases: &[Case], mode: &str) -> Result<Service> {
    let folder = packages.run_folder()?;
    let path = folder.join(format!("isolane-{mode}.toml"));
    fs::write(&path, configuration(cases, mode))
        .with_context(|| format!("could not write {}", path.display()))?;
    let mut command = Command::new(program);
    command.args(["serve", "--config"]).arg(&path);
    let names: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    let log = folder.join(format!("isolane-{mode}.log"));
    let service = Service::spawn(&format!("isolane in mode {mode}"), &mut command, log)?;
    service.listen(&names, |line| listening(line, &names))
}

/// Time is not what is tried here: nothing is bounded that a busy machine could bring into play.
fn configuration(cases: &[Case], mode: &str) -> String {
    let mut text = format!(
        "mode = \"{mode}\"\naddr = \"127.0.0.1:0\"\nlimits = {{ cpu_ms = 0, startup_cpu_ms = 0, wall_ms = 0 }}\n"
    );
    for case in cases {
        let _ = write!(
            text,
            "\n[[worker]]\nid = \"{}\"\nscript = \"{}\"\nhost = \"{}\"\npath = \"/\"\nlimits = {{ allow_eval = {} }}\n",
            case.id,
            case.bundle(),
            case.host(),
            case.may_make_code
        );
    }
    text
}

/// All cases are at the one address that the server's first line names.
fn listening(line: &str, names: &[&str]) -> Vec<(String, SocketAddr)> {
    let address = line
        .split_once("listening on http://")
        .and_then(|(_, rest)| rest.split([',', ' ']).next())
        .and_then(|address| address.parse().ok());
    address.map_or_else(Vec::new, |address| names.iter().map(|name| ((*name).to_owned(), address)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_the_line_that_names_it() {
        let found = listening("listening on http://127.0.0.1:4711, mode pool, limits: none", &["a", "b"]);
        let address = "127.0.0.1:4711".parse().unwrap();
        assert_eq!(found, [("a".to_owned(), address), ("b".to_owned(), address)]);
        assert!(listening("something else", &["a"]).is_empty());
    }

    #[test]
    fn the_configuration_is_toml_with_a_worker_for_each_case() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let cases = super::super::inventory::read(root, Some("ajv")).unwrap();
        let table: toml::Table = configuration(&cases, "pinned").parse().unwrap();
        let workers = table["worker"].as_array().unwrap();
        let allowed: Vec<_> =
            workers.iter().map(|worker| worker["limits"]["allow_eval"].as_bool().unwrap()).collect();
        assert_eq!(allowed, [false, true]);
    }
}
