//! Turns `src/js/units.txt` into the sources of the core and the list of units, so that both stand in one place.

use std::fmt::Write as _;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=src/js/units.txt");
    let list = std::fs::read_to_string("src/js/units.txt").expect("src/js/units.txt is part of the crate");
    let out = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts");
    let (core, units) = translate(&list);
    let write =
        |name, text| std::fs::write(Path::new(&out).join(name), text).expect("OUT_DIR can be written to");
    write("core.rs", core);
    write("units.rs", units);
}

/// Two expressions, made of calls of the macros `sources!` and `unit!`.
fn translate(list: &str) -> (String, String) {
    let mut core = String::from("sources![");
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
