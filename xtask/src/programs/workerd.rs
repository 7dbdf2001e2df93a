//! workerd, as npm has it: a configuration with a service and a socket for each case.
//!
//! Not here: what the answers are compared with.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::inventory::{Case, Format};
use super::packages::Packages;
use super::service::Service;

/// The date whose behaviour the programs find in workerd.
const COMPATIBILITY: &str = "2026-11-17";

/// Starts workerd with all cases, each on a free port of its own.
///
/// # Errors
/// Fails if there is no workerd for this machine, or it does not start.
pub(super) fn start(packages: &Packages, cases: &[Case]) -> Result<Service> {
    let folder = packages.run_folder()?;
    let path = folder.join("workerd.capnp");
    fs::write(&path, configuration(cases)).with_context(|| format!("could not write {}", path.display()))?;
    let mut command = Command::new(packages.workerd()?);
    // What it listens on goes to standard output.
    command.args(["serve", "--control-fd=1"]).arg(&path);
    let names: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
    Service::spawn("workerd", &mut command, folder.join("workerd.log"))?.listen(&names, listening)
}

fn configuration(cases: &[Case]) -> String {
    let mut text = "using Workerd = import \"/workerd/workerd.capnp\";\n\n".to_owned();
    text.push_str("const config :Workerd.Config = (\n  services = [\n");
    for case in cases {
        let source = match case.program.format {
            Format::Iife => format!("serviceWorkerScript = embed \"{}\"", case.bundle()),
            Format::Esm => {
                format!("modules = [(name = \"{}.js\", esModule = embed \"{}\")]", case.name, case.bundle())
            }
        };
        let code = if case.may_make_code { "allow" } else { "disallow" };
        let _ = writeln!(
            text,
            "    (name = \"{}\", worker = ({source}, compatibilityDate = \"{COMPATIBILITY}\", \
             compatibilityFlags = [\"{code}_eval_during_startup\"])),",
            service(case),
        );
    }
    text.push_str("  ],\n  sockets = [\n");
    for case in cases {
        let _ = writeln!(
            text,
            "    (name = \"{}\", address = \"127.0.0.1:0\", http = (), service = \"{}\"),",
            case.id,
            service(case)
        );
    }
    text.push_str("  ],\n);\n");
    text
}

/// A classic script bears its service's name in stack traces, which some programs send to their clients.
fn service(case: &Case) -> String {
    format!("{}.js", if case.may_make_code { &case.id } else { &case.name })
}

/// What a line says of the sockets.
fn listening(line: &str) -> Vec<(String, SocketAddr)> {
    /// A message on the control channel.
    #[derive(Deserialize)]
    struct Message {
        event: String,
        socket: String,
        port: u16,
    }
    match serde_json::from_str::<Message>(line) {
        Ok(message) if message.event == "listen" => {
            vec![(message.socket, SocketAddr::from((Ipv4Addr::LOCALHOST, message.port)))]
        }
        // A program's own output, or a message of another kind.
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_line_that_tells_of_a_socket_is_told_from_a_programs_output() {
        let found = listening(r#"{"event":"listen","socket":"hono","port":4711}"#);
        assert_eq!(found, [("hono".to_owned(), "127.0.0.1:4711".parse().unwrap())]);
        assert!(listening("hello").is_empty());
        assert!(listening(r#"{"event":"other","socket":"hono","port":1}"#).is_empty());
    }

    #[test]
    fn each_case_has_a_service_and_a_socket() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let cases = super::super::inventory::read(root, Some("handlebars")).unwrap();
        let text = configuration(&cases);
        assert_eq!(text.matches("serviceWorkerScript = embed \"../dist/handlebars.js\"").count(), 2);
        assert_eq!(text.matches("\"disallow_eval_during_startup\"").count(), 1);
        assert_eq!(text.matches("\"allow_eval_during_startup\"").count(), 1);
        assert_eq!(text.matches("address = \"127.0.0.1:0\"").count(), 2);
    }
}
