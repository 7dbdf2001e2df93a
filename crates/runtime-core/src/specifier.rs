//! Where an import points: from a specifier and its attributes to one of the script's files, and to what is to be made
//! of it; or to one of the modules of the guest's world. A worker can import nothing else.

use std::sync::Arc;

use crate::builtin_modules;
use crate::guest_error::GuestError;
use crate::script::{File, Script};
use crate::script_file::{Content, FileKind};

/// One module of a realm: a file, and what is made of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ModuleKey {
    pub(crate) name: Arc<str>,
    pub(crate) form: Form,
}

/// What a module gives of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// A module of the guest's world, and no file.
    Builtin,
    Code,
    Json,
    Text,
    Buffer,
    Bytes,
    Wasm,
}

/// The module that a specifier means, seen from the file `referrer`, with the `type` that the import asks for.
pub(crate) fn resolve(
    script: &Script,
    referrer: &str,
    specifier: &str,
    wanted: Option<&str>,
) -> Result<ModuleKey, GuestError> {
    if wanted.is_none()
        && let Some(builtin) = builtin_modules::find(specifier)
    {
        return Ok(ModuleKey { name: builtin.specifier.into(), form: Form::Builtin });
    }
    let wanted_name = name_of(referrer, specifier);
    // Workers' bundlers write the imports of WebAssembly so.
    let without_query = wanted_name.strip_suffix("?module").filter(|name| name.ends_with(".wasm"));
    let found = script.file(&wanted_name).or_else(|| script.file(without_query?));
    let Some((name, file)) = found else {
        let known: Vec<&str> = script.file_names().take(20).collect();
        return Err(GuestError {
            message: format!(
                "module {specifier:?}, imported by {referrer:?}, is not among the worker's files ({}); add the file, \
                 or bundle the package that it comes from",
                known.join(", ")
            ),
        });
    };
    match form_of(file, wanted) {
        Ok(form) => Ok(ModuleKey { name: Arc::clone(name), form }),
        Err(why) => {
            Err(GuestError { message: format!("module {specifier:?}, imported by {referrer:?}, {why}") })
        }
    }
}

/// The name that a specifier gives: relative to the importing file, or within the script's root.
fn name_of(referrer: &str, specifier: &str) -> String {
    const ROOT: &str = "file:///";
    if let Some(path) = specifier.strip_prefix(ROOT) {
        return joined("", &percent_decoded(path));
    }
    if specifier.starts_with("./") || specifier.starts_with("../") {
        let folder = referrer.rsplit_once('/').map_or("", |(folder, _)| folder);
        return joined(folder, specifier);
    }
    specifier.trim_start_matches('/').to_owned()
}

/// A path without `.` and `..`. What would lead out of the root stays in it.
fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Why a file cannot be imported so.
#[derive(Debug, thiserror::Error)]
enum FormError {
    #[error("cannot be imported as text: it is not UTF-8")]
    NotText,
    #[error("cannot be imported as {0:?}: the types are \"json\", \"text\" and \"bytes\"")]
    UnknownType(String),
    #[error(
        "is of a kind that its name does not tell: say what is wanted with {{ type: \"text\" }}, \
         {{ type: \"bytes\" }} or {{ type: \"json\" }}"
    )]
    UnknownKind,
}

fn form_of(file: &File, wanted: Option<&str>) -> Result<Form, FormError> {
    let must_be_text = |form| match file.content.text() {
        Some(_) => Ok(form),
        None => Err(FormError::NotText),
    };
    match (wanted, file.kind) {
        (Some("json"), _) => must_be_text(Form::Json),
        (Some("text"), _) => must_be_text(Form::Text),
        (Some("bytes"), _) => Ok(Form::Bytes),
        (Some(other), _) => Err(FormError::UnknownType(other.to_owned())),
        (None, FileKind::JavaScript) => Ok(Form::Code),
        (None, FileKind::Json) => Ok(Form::Json),
        (None, FileKind::Text) => Ok(Form::Text),
        (None, FileKind::Data) => Ok(Form::Buffer),
        (None, FileKind::Wasm) => Ok(Form::Wasm),
        (None, FileKind::Asset) => Err(FormError::UnknownKind),
    }
}

impl File {
    /// The content as a text; empty where [`resolve`] would not have allowed it.
    pub(crate) fn text(&self) -> &str {
        self.content.text().unwrap_or_default()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        Content::bytes(&self.content)
    }
}

/// A file's name as a URL, which a specifier may be.
pub(crate) fn url_of(name: &str) -> String {
    let mut url = "file:///".to_owned();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.~!$&'()*+,;=:@".contains(&byte) {
            url.push(char::from(byte));
        } else {
            url.push_str(&format!("%{byte:02X}"));
        }
    }
    url
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| bytes.get(at + 1..at + 3))
            .flatten()
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        decoded.push(escaped.unwrap_or(bytes[at]));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script_file::ScriptFile;

    fn script() -> Script {
        let code =
            ["index.js", "lib/a.js", "lib/deep/b.js", "sp ace.js"].map(|name| (name, ScriptFile::from("")));
        let others = [
            ("lib/a", ScriptFile::alias("lib/a.js")),
            ("data.json", ScriptFile::json("{}")),
            ("sum.wasm", ScriptFile::wasm(*b"")),
            ("table.bin", ScriptFile::data(*b"\xff")),
            ("logo.png", ScriptFile::asset(*b"\xff")),
        ];
        Script::from_files("index.js", code.into_iter().chain(others)).expect("the main file is there")
    }

    #[test]
    fn specifiers_resolve_against_the_importing_file() {
        let script = script();
        let resolved = |referrer: &str, specifier: &str| {
            resolve(&script, referrer, specifier, None).map(|key| key.name.to_string()).ok()
        };
        assert_eq!(resolved("index.js", "./lib/a.js").as_deref(), Some("lib/a.js"));
        assert_eq!(resolved("lib/a.js", "./deep/b.js").as_deref(), Some("lib/deep/b.js"));
        assert_eq!(resolved("lib/deep/b.js", "../a.js").as_deref(), Some("lib/a.js"));
        assert_eq!(resolved("lib/deep/b.js", "../../index.js").as_deref(), Some("index.js"));
        assert_eq!(resolved("lib/a.js", "index.js").as_deref(), Some("index.js"));
        assert_eq!(resolved("index.js", "./lib/a").as_deref(), Some("lib/a.js"));
        assert_eq!(resolved("index.js", "./sum.wasm?module").as_deref(), Some("sum.wasm"));
        assert_eq!(resolved("index.js", "./missing.js"), None);
        assert_eq!(resolved("index.js", "node:fs"), None);
    }

    #[test]
    fn the_url_of_a_file_leads_back_to_it() {
        let script = script();
        assert_eq!(url_of("sp ace.js"), "file:///sp%20ace.js");
        let key = resolve(&script, "lib/a.js", &url_of("sp ace.js"), None).expect("it is there");
        assert_eq!(&*key.name, "sp ace.js");
        assert_eq!(percent_decoded("100%-%zz%4"), "100%-%zz%4");
    }

    #[test]
    fn the_kind_decides_unless_the_import_says_what_it_wants() {
        let script = script();
        let form = |specifier, wanted| resolve(&script, "index.js", specifier, wanted).map(|key| key.form);
        assert_eq!(form("./data.json", None), Ok(Form::Json));
        assert_eq!(form("./data.json", Some("json")), Ok(Form::Json));
        assert_eq!(form("./data.json", Some("text")), Ok(Form::Text));
        assert_eq!(form("./index.js", Some("bytes")), Ok(Form::Bytes));
        assert_eq!(form("./table.bin", None), Ok(Form::Buffer));
        assert_eq!(form("./sum.wasm", None), Ok(Form::Wasm));
        for (specifier, wanted, reason) in [
            ("./logo.png", None, "type"),
            ("./table.bin", Some("text"), "UTF-8"),
            ("./index.js", Some("css"), "\"css\""),
        ] {
            let message = form(specifier, wanted).expect_err(specifier).message;
            assert!(message.contains(reason) && message.contains(specifier), "{message}");
        }
    }
}
