//! Takes the base snapshot's file into the program when the feature `embedded-snapshot` asks for it. It does not look
//! into it: the program checks it when it starts, as it does with any other file.

use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-env-changed=ISOLANE_EMBED_SNAPSHOT");
    if std::env::var_os("CARGO_FEATURE_EMBEDDED_SNAPSHOT").is_none() {
        return;
    }
    // Relative paths are the workspace's, two folders up, wherever cargo was called.
    let workspace = PathBuf::from("../..");
    let file = std::env::var_os("ISOLANE_EMBED_SNAPSHOT").unwrap_or_else(|| "target/isolane.snapshot".into());
    let file = workspace.join(file);
    println!("cargo::rerun-if-changed={}", file.display());
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR for build scripts"));
    if let Err(error) = std::fs::copy(&file, out.join("isolane.snapshot")) {
        println!(
            "cargo::error=expected the base snapshot in {}: {error}; make it with `cargo xtask snapshot`, or name \
             it in ISOLANE_EMBED_SNAPSHOT",
            file.display()
        );
    }
}
