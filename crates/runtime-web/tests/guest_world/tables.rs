//! The tables of web-platform-tests that the crate `ada-url` carries in its package, checked by a guest. They are found
//! where cargo has put the package; nothing of them is part of this workspace.

use std::path::PathBuf;

use crate::Guest;

/// The folder of the tables.
fn folder() -> PathBuf {
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .other_options(["--offline".to_owned()])
        .exec()
        .expect("cargo knows the packages of this workspace");
    let package = metadata.packages.into_iter().find(|package| package.name.as_str() == "ada-url");
    let manifest = package.expect("ada-url is a dependency").manifest_path;
    manifest.parent().expect("a manifest is in a folder").join("tests/wpt").into()
}

/// Runs a script's checks with the texts of some of the tables at hand, by their names. They have lone surrogates, which
/// only the guest can parse.
async fn check(script: &str, names: &[&str]) {
    let folder = folder();
    let tables = names.iter().map(|name| {
        let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).expect(name);
        ((*name).to_owned(), serde_json::Value::String(text))
    });
    Guest::check_with(script, serde_json::Value::Object(tables.collect())).await;
}

#[tokio::test]
async fn urls_are_what_the_tables_of_web_platform_tests_say() {
    let names = ["urltestdata", "ada_extra_urltestdata", "setters_tests", "toascii", "IdnaTestV2"];
    check(include_str!("scripts/url_tables.js"), &names).await;
}

#[tokio::test]
async fn url_patterns_are_what_the_table_of_web_platform_tests_says() {
    check(include_str!("scripts/url_pattern_table.js"), &["urlpatterntestdata"]).await;
}
