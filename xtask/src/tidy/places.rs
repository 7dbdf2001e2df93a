//! No tracked file names a path of somebody's machine or the host of a package registry.
//!
//! The first does not work elsewhere; the second belongs into the user's own configuration.
//!
//! Not here: `Cargo.lock`, in which cargo writes its registry's name itself.

use anyhow::Result;

use super::{Finding, Tree};
use crate::context::Context;

/// Beginnings of paths that exist on one machine only, each in two halves so that this file is not found.
const MACHINE_PATHS: [[&str; 2]; 4] = [["/ho", "me/"], ["/ro", "ot/"], ["/Us", "ers/"], ["/wo", "rk/"]];

/// Hosts of package registries, in halves as well.
const REGISTRY_HOSTS: [[&str; 2]; 8] = [
    ["crates", ".io"],
    ["static.rust", "-lang.org"],
    ["pypi", ".org"],
    ["pythonhosted", ".org"],
    ["npmjs", ".com"],
    ["npmjs", ".org"],
    ["deb.deb", "ian.org"],
    ["proxy.go", "lang.org"],
];

pub(super) fn check(_: &Context, tree: &Tree) -> Result<Vec<Finding>> {
    Ok(places(tree))
}

fn places(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files().iter().filter(|file| file.path != "Cargo.lock") {
        for (index, line) in file.text.lines().enumerate() {
            for path in MACHINE_PATHS.map(|halves| halves.concat()) {
                if starts_a_path(line, &path) {
                    findings.push(Finding::new(
                        &file.path,
                        index + 1,
                        format!("expected paths that hold on every machine, found one below {path}"),
                    ));
                }
            }
            for host in REGISTRY_HOSTS.map(|halves| halves.concat()) {
                if line.contains(&host) {
                    findings.push(Finding::new(
                        &file.path,
                        index + 1,
                        format!(
                            "expected no registry's host, found {host}: name the package manager instead"
                        ),
                    ));
                }
            }
        }
    }
    findings
}

/// Whether the line has the path at the beginning of a word, and not as a part of a longer, relative one.
fn starts_a_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        line[..at]
            .chars()
            .next_back()
            .is_none_or(|before| !(before.is_alphanumeric() || "._-}>)~$*/".contains(before)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_paths_and_registry_hosts_are_found() {
        let bad_path = format!("see {}someone/notes\n", MACHINE_PATHS[0].concat());
        let bad_host = format!("from https://{}/x\n", REGISTRY_HOSTS[2].concat());
        let relative = format!("examples{}x and ../shared/v8\n", MACHINE_PATHS[3].concat());
        let tree = Tree::of(&[
            ("a.md", bad_path.as_str()),
            ("b.md", bad_host.as_str()),
            ("c.md", relative.as_str()),
            ("Cargo.lock", bad_host.as_str()),
        ]);
        let paths: Vec<String> = places(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["a.md", "b.md"]);
    }
}
