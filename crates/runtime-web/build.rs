//! Turns `src/js/order.txt` into the list of sources, so that the order stands in one place.

use std::fmt::Write as _;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=src/js/order.txt");
    let order = std::fs::read_to_string("src/js/order.txt").expect("src/js/order.txt is part of the crate");
    let mut list = String::from("sources![\n");
    for name in order.lines().map(str::trim).filter(|name| !name.is_empty() && !name.starts_with('#')) {
        writeln!(list, "    {name:?},").expect("writing to a string does not fail");
    }
    list.push(']');
    let out = std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts");
    std::fs::write(Path::new(&out).join("sources.rs"), list).expect("OUT_DIR can be written to");
}
