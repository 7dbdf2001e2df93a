//! Turns `src/js/units.txt` into the sources of the core and the list of units, so that both stand in one place, and the
//! names of primordials in the sources into places of an array.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The generated source of the core that says which primordial has which place.
const PLACES: &str = "places.js";

fn main() {
    println!("cargo::rerun-if-changed=src/js");
    let list = fs::read_to_string("src/js/units.txt").expect("src/js/units.txt is part of the crate");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts"));
    let (core, units) = translate(&list);
    write(&out.join("core.rs"), &core);
    write(&out.join("units.rs"), &units);
    write_sources(&list, &out.join("js"));
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("it is in a folder")).expect("OUT_DIR can be written to");
    fs::write(path, text).expect("OUT_DIR can be written to");
}

/// Writes the sources as they are compiled, and [`PLACES`].
fn write_sources(list: &str, out: &Path) {
    let names = list.lines().map(str::trim).filter(|line| line.ends_with(".js"));
    let sources: Vec<(&str, String)> = names
        .map(|name| {
            let text = fs::read_to_string(Path::new("src/js").join(name));
            (name, text.unwrap_or_else(|error| panic!("src/js/units.txt names {name}: {error}")))
        })
        .collect();
    for file in files_in(Path::new("src/js")) {
        assert!(
            sources.iter().any(|(name, _)| Path::new(name) == file),
            "src/js/units.txt does not name {file:?}"
        );
    }
    let mut places = BTreeMap::new();
    for (_, text) in &sources {
        replace_primordials(text, |name| {
            places.insert(name.to_owned(), 0);
            String::new()
        });
    }
    for (place, number) in places.values_mut().zip(0..) {
        *place = number;
    }
    for (name, text) in &sources {
        write(&out.join(name), &replace_primordials(text, |name| places[name].to_string()));
    }
    let places: Vec<String> = places.iter().map(|(name, place)| format!("{name}: {place}")).collect();
    write(&out.join(PLACES), &format!("internals.places = {{ __proto__: null, {} }};\n", places.join(", ")));
}

/// The scripts in a folder and in those below it, by their paths from there.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the sources can be listed");
    let paths = entries.map(|entry| entry.expect("the sources can be listed").path());
    paths
        .flat_map(|path| {
            let name = PathBuf::from(path.file_name().expect("an entry of a folder has a name"));
            if path.is_dir() {
                return files_in(&path).into_iter().map(|file| name.join(file)).collect();
            }
            if path.extension().is_some_and(|extension| extension == "js") { vec![name] } else { Vec::new() }
        })
        .collect()
}

/// A source with places instead of the names of primordials, where these are taken apart at the head of a file
/// (`const { Map, TypeError: Failure } = internals.prim;`) and where one is used alone (`internals.prim.Map`). No line
/// becomes another one.
fn replace_primordials(source: &str, mut place_of: impl FnMut(&str) -> String) -> String {
    const PRIM: &str = "internals.prim";
    let mut text = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find(PRIM) {
        let (before, after) = (&rest[..at], &rest[at + PRIM.len()..]);
        let head = before.trim_end().strip_suffix('=').and_then(|head| head.trim_end().strip_suffix('}'));
        if let (Some(head), true) = (head, after.starts_with(';')) {
            let open = head.rfind('{').expect("what ends in } begins with {") + 1;
            text.push_str(&head[..open]);
            for part in head[open..].split_inclusive(',') {
                let name = part.trim_matches(|c: char| c.is_whitespace() || c == ',');
                let name = name.split(':').next().unwrap_or(name);
                let is_alias = part.contains(':');
                let place = if name.is_empty() { String::new() } else { place_of(name) };
                match (name.is_empty(), is_alias) {
                    (true, _) => text.push_str(part),
                    (false, true) => text.push_str(&part.replacen(name, &place, 1)),
                    (false, false) => text.push_str(&part.replacen(name, &format!("{place}: {name}"), 1)),
                }
            }
            text.push_str(&before[head.len()..]);
            text.push_str(PRIM);
            rest = after;
        } else if let Some(after) = after.strip_prefix('.') {
            let end = after.find(|c: char| !c.is_alphanumeric()).unwrap_or(after.len());
            write!(text, "{before}{PRIM}[{}]", place_of(&after[..end]))
                .expect("writing to a string does not fail");
            rest = &after[end..];
        } else {
            text.push_str(before);
            text.push_str(PRIM);
            rest = after;
        }
    }
    text.push_str(rest);
    text
}

/// Two expressions, made of calls of the macros `sources!` and `unit!`.
fn translate(list: &str) -> (String, String) {
    let mut core = format!("sources![{PLACES:?}, ");
    let mut units = String::from("vec![");
    let mut is_core = true;
    for line in list.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(heading) = line.strip_prefix('[') {
            units.push_str(if is_core { "" } else { "]), " });
            is_core = false;
            units.push_str(&unit(heading));
            continue;
        }
        let sources = if is_core { &mut core } else { &mut units };
        write!(sources, "{line:?}, ").expect("writing to a string does not fail");
    }
    core.push(']');
    units.push_str(if is_core { "]" } else { "])]" });
    (core, units)
}

/// The head of `unit!(name, [(global, is_operation)], [member], [source])`.
fn unit(heading: &str) -> String {
    let (name, gives) = heading.split_once(']').expect("a unit's name ends in ]");
    let (globals, members) = gives.split_once('|').unwrap_or((gives, ""));
    let mut text = format!("unit!({name:?}, [");
    for global in globals.split_whitespace() {
        let name = global.strip_suffix("()");
        write!(text, "({:?}, {}), ", name.unwrap_or(global), name.is_some())
            .expect("writing to a string does not fail");
    }
    text.push_str("], [");
    for member in members.split_whitespace() {
        write!(text, "{member:?}, ").expect("writing to a string does not fail");
    }
    text.push_str("], [");
    text
}
