//! One test as one script: what it expects around it, testharness.js, the scripts that it names, and itself.
//!
//! All of it is one classic script, because that is how its parts see each other's declarations.
//!
//! Not here: running it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::inventory::Test;
use super::meta::Meta;

/// What the tests' URLs begin with if there is no live server. Nothing is asked there: the runner answers.
pub(super) const ORIGIN: &str = "http://web-platform.test:8000";

/// The time that the tests' own rules give one test, and one that asks for more.
const TIMEOUTS: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(60)];

const PRELUDE: &str = include_str!("prelude.js");

/// A script that runs a test.
pub(super) struct Script {
    pub(super) source: String,
    /// The URL that the test is at, as its worker's location.
    pub(super) url: String,
    /// How long the test may take, by its own clock.
    pub(super) timeout: Duration,
}

/// Makes a script of a test that is at a URL below the origin.
///
/// # Errors
/// Fails if one of its files cannot be read.
pub(super) fn generate(root: &Path, test: &Test, origin: &str) -> Result<Script> {
    let host = Host::of(origin);
    let source = read(root, &test.file, &host)?;
    let url = format!("{}/{}", host.origin, test.name());
    let timeout = TIMEOUTS[usize::from(test.is_long)];
    let imported = if test.file.ends_with(".worker.js") { imported_scripts(&source) } else { Vec::new() };
    let mut scripts = String::new();
    for script in Meta::of(&source).scripts.iter().chain(&imported) {
        let path = resolve(&test.file, script);
        // A path that the tests' server has, and their folder has not.
        let path =
            if path == "resources/WebIDLParser.js" { "resources/webidl2/lib/webidl2.js" } else { &path };
        if path != "resources/testharness.js" {
            scripts.push_str(&format!("// {path}\n{}\n", read(root, path, &host)?));
        }
    }
    let facts = json!({
        "timeoutMs": u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX),
        "importsScripts": test.file.ends_with(".worker.js"),
    });
    let prelude = PRELUDE.replacen("(FACTS)", &format!("({facts})"), 1);
    let harness = read(root, "resources/testharness.js", &host)?;
    let source = format!("{prelude}\n{harness}\n__ready();\n{scripts}\n// {}\n{source}\n", test.file);
    Ok(Script { source, url, timeout })
}

/// The parts of an origin.
struct Host<'a> {
    origin: &'a str,
    authority: &'a str,
    name: &'a str,
    port: &'a str,
}

impl<'a> Host<'a> {
    fn of(origin: &'a str) -> Self {
        let origin = origin.trim_end_matches('/');
        let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
        // The port is behind the last colon, unless that is inside an IPv6 address.
        let (name, port) = match authority.rsplit_once(':') {
            Some((name, port)) if !port.contains(']') => (name, port),
            _ => (authority, ""),
        };
        Self { origin, authority, name, port }
    }

    /// Fills in the placeholders of a `.sub.` file, of which the tests' server has many and workers' tests need few.
    fn substitute(&self, text: &str) -> String {
        let Self { name, port, .. } = self;
        let port = if port.is_empty() { "80" } else { port };
        let values = [
            ("{{host}}", (*name).to_owned()),
            ("{{location[host]}}", self.authority.to_owned()),
            ("{{location[server]}}", self.origin.to_owned()),
            ("{{hosts[alt][]}}", format!("not-{name}")),
            ("{{hosts[alt][www]}}", format!("www.not-{name}")),
            ("{{hosts[][www]}}", format!("www.{name}")),
            ("{{domains[]}}", (*name).to_owned()),
            ("{{domains[www]}}", format!("www.{name}")),
            ("{{domains[www1]}}", format!("www1.{name}")),
            ("{{domains[www2]}}", format!("www2.{name}")),
            ("{{ports[http][0]}}", port.to_owned()),
            ("{{ports[http][1]}}", port.to_owned()),
            ("{{ports[https][0]}}", "8443".to_owned()),
            ("{{ports[https][1]}}", "8444".to_owned()),
            ("{{ports[ws][0]}}", "8001".to_owned()),
            ("{{ports[wss][0]}}", "8002".to_owned()),
            ("{{ports[h2][0]}}", "9000".to_owned()),
        ];
        values.iter().fold(text.to_owned(), |text, (placeholder, value)| text.replace(placeholder, value))
    }
}

fn read(root: &Path, path: &str, host: &Host<'_>) -> Result<String> {
    let bytes = fs::read(root.join(path))
        .with_context(|| format!("could not read {path} in the tests' folder {}", root.display()))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(if path.contains(".sub.") { host.substitute(&text) } else { text })
}

/// A script's path in the tests' folder, as a test names it.
fn resolve(test: &str, script: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    if !script.starts_with('/') {
        parts.extend(test.split('/'));
        parts.pop();
    }
    for part in script.split(['?', '#']).next().unwrap_or_default().split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The scripts that a worker's test imports by name at its head.
fn imported_scripts(source: &str) -> Vec<String> {
    let mut scripts = Vec::new();
    for (at, call) in source.match_indices("importScripts(") {
        let arguments = source[at + call.len()..].split(')').next().unwrap_or_default();
        for argument in arguments.split(',') {
            let argument = argument.trim();
            let name = argument.trim_matches(['"', '\'', '`']);
            if name.len() + 2 == argument.len() {
                scripts.push(name.to_owned());
            }
        }
    }
    scripts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_found_from_where_its_test_is() {
        assert_eq!(resolve("a/b/c.any.js", "d.js"), "a/b/d.js");
        assert_eq!(resolve("a/b/c.any.js", "../d/./e.js?x"), "a/d/e.js");
        assert_eq!(resolve("a/b/c.any.js", "/d/e.js"), "d/e.js");
        assert_eq!(resolve("c.any.js", "../../d.js"), "d.js");
    }

    #[test]
    fn imported_scripts_are_those_with_literal_names() {
        let source = "importScripts(\"/resources/testharness.js\");\nimportScripts('a.js', 'b.js');\nimportScripts(name);";
        assert_eq!(imported_scripts(source), ["/resources/testharness.js", "a.js", "b.js"]);
    }

    #[test]
    fn an_origin_falls_into_its_parts() {
        let host = Host::of("http://127.0.0.1:8000/");
        assert_eq!((host.origin, host.name, host.port), ("http://127.0.0.1:8000", "127.0.0.1", "8000"));
        let host = Host::of("http://[::1]");
        assert_eq!((host.authority, host.name, host.port), ("[::1]", "[::1]", ""));
        let filled = Host::of(ORIGIN).substitute("{{host}}:{{ports[http][0]}} {{other}}");
        assert_eq!(filled, "web-platform.test:8000 {{other}}");
    }

    #[test]
    fn a_test_comes_after_the_harness_and_its_scripts() {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("resources/testharness.js", "HARNESS"),
            ("common/get-host-info.sub.js", "INFO {{host}}"),
            ("url/a.any.js", "// META: script=/common/get-host-info.sub.js\nTEST {{host}}"),
        ] {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let test = Test { file: "url/a.any.js".to_owned(), variant: "?x=\"1".to_owned(), is_long: false };
        let script = generate(folder.path(), &test, ORIGIN).unwrap();
        assert_eq!(script.url, format!("{ORIGIN}/url/a.any.js?x=\"1"));
        let order =
            ["\"timeoutMs\":10000", "HARNESS", "__ready();", "INFO web-platform.test", "TEST {{host}}"];
        let places: Vec<usize> = order.iter().map(|part| script.source.find(part).unwrap()).collect();
        assert!(places.is_sorted(), "{places:?}");
    }
}
