//! One file of a script: what it holds, and what an import of it gives. What is made of it in a guest is `modules`' and
//! `data_modules`' business.

use std::sync::Arc;

/// What an import of a file gives, unless the import says so itself (`with { type: .. }`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// A module's own exports. The only kind that can be a script's main file.
    JavaScript,
    /// The parsed value, as the default export.
    Json,
    /// A string, as the default export.
    Text,
    /// An `ArrayBuffer`, as the default export.
    Data,
    /// A compiled `WebAssembly.Module`, as the default export.
    Wasm,
    /// Nothing: an import must say what it wants.
    Asset,
}

impl FileKind {
    /// What a file's name says, if its extension is a known one.
    pub fn of_name(name: &str) -> Option<Self> {
        let file = name.rsplit('/').next().unwrap_or(name);
        let (_, extension) = file.rsplit_once('.')?;
        Some(match extension {
            "js" | "mjs" => Self::JavaScript,
            "json" => Self::Json,
            "txt" | "html" | "htm" | "sql" | "md" | "csv" | "css" | "svg" | "xml" => Self::Text,
            "bin" => Self::Data,
            "wasm" => Self::Wasm,
            _ => return None,
        })
    }

    /// A number that stands for it in a script's identity.
    pub(crate) fn tag(self) -> u8 {
        match self {
            Self::JavaScript => 0,
            Self::Json => 1,
            Self::Text => 2,
            Self::Data => 3,
            Self::Wasm => 4,
            Self::Asset => 5,
        }
    }

    /// Whether its files must be UTF-8.
    pub(crate) fn is_text(self) -> bool {
        matches!(self, Self::JavaScript | Self::Json | Self::Text)
    }
}

/// One file of a [`Script`](crate::Script). Cloning is cheap.
///
/// Made from text or bytes, a file is what its name says: `data.json` gives a parsed value, `page.html` a string,
/// `table.bin` an `ArrayBuffer`, `sum.wasm` a module. Where the name says nothing, text is JavaScript, and bytes can only
/// be imported by an import that says what it wants. The constructors say it whatever the name.
///
/// ```
/// use runtime_core::{Script, ScriptFile};
/// let main = "import planets from './planets.json'; export default { fetch: () => Response.json(planets) }";
/// let files = [("main.js", ScriptFile::from(main)), ("planets.json", ScriptFile::json("[\"Mercury\"]"))];
/// let script = Script::from_files("main.js", files)?;
/// # Ok::<(), runtime_core::ScriptError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ScriptFile {
    pub(crate) content: Content,
    /// As the name says, if none.
    pub(crate) kind: Option<FileKind>,
    pub(crate) source_map: Option<Arc<str>>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Content {
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
    /// Another file's name.
    Alias(Arc<str>),
}

impl ScriptFile {
    /// JavaScript, whatever its name.
    pub fn javascript(source: impl Into<Arc<str>>) -> Self {
        Self { content: Content::Text(source.into()), kind: Some(FileKind::JavaScript), source_map: None }
    }

    /// JSON, whatever its name. It is parsed when it is imported.
    pub fn json(text: impl Into<Arc<str>>) -> Self {
        Self { content: Content::Text(text.into()), kind: Some(FileKind::Json), source_map: None }
    }

    /// A text, whatever its name.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self { content: Content::Text(text.into()), kind: Some(FileKind::Text), source_map: None }
    }

    /// Bytes that are imported as an `ArrayBuffer`, whatever its name.
    pub fn data(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { content: Content::Bytes(bytes.into()), kind: Some(FileKind::Data), source_map: None }
    }

    /// A WebAssembly module in its binary format, whatever its name. It is compiled when it is first imported.
    pub fn wasm(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { content: Content::Bytes(bytes.into()), kind: Some(FileKind::Wasm), source_map: None }
    }

    /// Bytes that only an import with a `type` gives.
    pub fn asset(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { content: Content::Bytes(bytes.into()), kind: Some(FileKind::Asset), source_map: None }
    }

    /// The same with a source map (ECMA-426, in JSON): stacks and messages then name the places of the sources. A file
    /// that has a map in its last line, as bundlers write it, needs none.
    #[must_use]
    pub fn with_source_map(mut self, map: impl Into<Arc<str>>) -> Self {
        self.source_map = Some(map.into());
        self
    }

    /// Another name for another file of the script: both are one module.
    pub fn alias(of: impl Into<Arc<str>>) -> Self {
        Self { content: Content::Alias(of.into()), kind: None, source_map: None }
    }
}

impl Content {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Content::Text(text) | Content::Alias(text) => text.as_bytes(),
            Content::Bytes(bytes) => bytes,
        }
    }

    /// The text without a byte order mark, if it is UTF-8.
    pub(crate) fn text(&self) -> Option<&str> {
        let text = match self {
            Content::Text(text) | Content::Alias(text) => text,
            Content::Bytes(bytes) => std::str::from_utf8(bytes).ok()?,
        };
        Some(text.strip_prefix('\u{feff}').unwrap_or(text))
    }
}

impl From<&str> for ScriptFile {
    fn from(text: &str) -> Self {
        Self { content: Content::Text(text.into()), kind: None, source_map: None }
    }
}

impl From<String> for ScriptFile {
    fn from(text: String) -> Self {
        Self { content: Content::Text(text.into()), kind: None, source_map: None }
    }
}

impl From<&[u8]> for ScriptFile {
    fn from(bytes: &[u8]) -> Self {
        Self { content: Content::Bytes(bytes.into()), kind: None, source_map: None }
    }
}

impl From<Vec<u8>> for ScriptFile {
    fn from(bytes: Vec<u8>) -> Self {
        Self { content: Content::Bytes(bytes.into()), kind: None, source_map: None }
    }
}

impl std::fmt::Debug for ScriptFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.content {
            Content::Alias(of) => write!(f, "ScriptFile(alias of {of})"),
            content => write!(f, "ScriptFile({:?}, {} bytes)", self.kind, content.bytes().len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_a_file_is_by_its_extension() {
        for (name, kind) in [
            ("a/b.mjs", Some(FileKind::JavaScript)),
            ("data.v2.json", Some(FileKind::Json)),
            ("page.html", Some(FileKind::Text)),
            ("x.bin", Some(FileKind::Data)),
            ("x.wasm", Some(FileKind::Wasm)),
            ("x.png", None),
            ("folder.json/x", None),
            ("main", None),
        ] {
            assert_eq!(FileKind::of_name(name), kind, "{name}");
        }
    }

    #[test]
    fn a_text_has_no_byte_order_mark() {
        assert_eq!(ScriptFile::from("\u{feff}a").content.text(), Some("a"));
        assert_eq!(ScriptFile::from(vec![0xff]).content.text(), None);
    }
}
