//! A worker's files, with the name of the one that starts. Compiling is done by `modules` and `turn`; this is only what
//! they are and their identity.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::script_file::{Content, FileKind, ScriptFile};
use crate::source_map::{FileMap, Place};

/// A set of files cannot be a worker.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScriptError {
    /// The main file is not among the files.
    #[error("the main file {main:?} is not among the script's files ({files}); add it or name another")]
    NoMain {
        /// The name that was asked for.
        main: String,
        /// The names there are.
        files: String,
    },
    /// The main file is none that could start.
    #[error("expected JavaScript as the main file, found {main:?}, which an import would make a value of")]
    MainIsNoCode {
        /// Its name.
        main: String,
    },
    /// A file that must be text is none.
    #[error("expected UTF-8 in the file {name:?}, found other bytes from offset {offset} on")]
    NotUtf8 {
        /// Its name.
        name: String,
        /// The first byte that is none.
        offset: usize,
    },
    /// A second name leads to no file.
    #[error(
        "expected the name of a file behind the alias {name:?}, found {target:?}, which is none of the script's files"
    )]
    NoTarget {
        /// The alias.
        name: String,
        /// What it leads to.
        target: String,
    },
}

/// A worker's source. Cloning is cheap; make it once and use it for every request.
///
/// Whether it is an ES module (`export default { fetch }`) or a classic script (`addEventListener("fetch", ..)`) is
/// found out when it is compiled.
///
/// ```
/// use runtime_core::Script;
/// let script = Script::from("export default { fetch() { return new Response('hello') } }");
/// assert_eq!(script.main(), "worker.js");
/// ```
#[derive(Clone)]
pub struct Script {
    files: Arc<Files>,
    location: Option<Arc<str>>,
    hash: [u8; 32],
}

struct Files {
    main: Arc<str>,
    by_name: BTreeMap<Arc<str>, File>,
    has_source_maps: bool,
}

/// A file as a script holds it.
pub(crate) struct File {
    pub(crate) kind: FileKind,
    pub(crate) content: Content,
    map: FileMap,
}

impl Script {
    /// One file of JavaScript with a name, which stack traces show.
    pub fn named(name: &str, source: impl Into<String>) -> Self {
        let source: String = source.into();
        let content = Content::Text(source.into());
        let file = File { kind: FileKind::JavaScript, content, map: FileMap::default() };
        let name: Arc<str> = name.into();
        Self::hashed(Arc::clone(&name), BTreeMap::from([(name, file)]))
    }

    /// Several files, by the names under which they import each other (`./lib/a.js` is `lib/a.js` here). A text or bytes
    /// are what their names say; a [`ScriptFile`] can be anything.
    ///
    /// # Errors
    /// If `main` is not one of them or is no code, or if a file that its name or constructor makes a text is none.
    pub fn from_files<N: Into<String>, F: Into<ScriptFile>>(
        main: &str,
        files: impl IntoIterator<Item = (N, F)>,
    ) -> Result<Self, ScriptError> {
        let mut known: BTreeMap<Arc<str>, File> = BTreeMap::new();
        for (name, file) in files {
            let (name, file): (String, ScriptFile) = (name.into(), file.into());
            let file = File::named(&name, file)?;
            known.insert(Arc::from(name), file);
        }
        for (name, file) in &known {
            if let Content::Alias(target) = &file.content
                && known.get(target).is_none_or(|file| matches!(file.content, Content::Alias(_)))
            {
                return Err(ScriptError::NoTarget { name: name.to_string(), target: target.to_string() });
            }
        }
        match known.get(main) {
            None => {
                let names: Vec<&str> = known.keys().map(|name| &**name).collect();
                Err(ScriptError::NoMain { main: main.to_owned(), files: names.join(", ") })
            }
            Some(file) if file.kind != FileKind::JavaScript || matches!(file.content, Content::Alias(_)) => {
                Err(ScriptError::MainIsNoCode { main: main.to_owned() })
            }
            Some(_) => Ok(Self::hashed(Arc::from(main), known)),
        }
    }

    fn hashed(main: Arc<str>, files: BTreeMap<Arc<str>, File>) -> Self {
        let mut hash = Sha256::new();
        let mut field = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        field(main.as_bytes());
        for (name, file) in &files {
            field(name.as_bytes());
            field(&[file.kind.tag(), u8::from(matches!(file.content, Content::Alias(_)))]);
            field(file.content.bytes());
            field(file.map.given().unwrap_or_default().as_bytes());
        }
        let hash = hash.finalize().into();
        let has_source_maps = files.values().any(File::has_source_map);
        Self { files: Arc::new(Files { main, by_name: files, has_source_maps }), location: None, hash }
    }

    /// The same files at this place on the web, which is part of their identity. The core only hands the text on, by
    /// [`Hook::SetLocation`](crate::Hook::SetLocation).
    #[must_use]
    pub fn located_at(mut self, location: impl Into<Arc<str>>) -> Self {
        let location = location.into();
        let mut hash = Sha256::new();
        hash.update(self.hash);
        hash.update(&*location);
        self.hash = hash.finalize().into();
        self.location = Some(location);
        self
    }

    /// Its place on the web, if it has one.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// The name of the file that starts.
    pub fn main(&self) -> &str {
        &self.files.main
    }

    /// The identity of the whole: equal exactly when all names, kinds and contents are, and the location.
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    pub(crate) fn main_name(&self) -> Arc<str> {
        Arc::clone(&self.files.main)
    }

    /// The file of this name or alias, with its own name.
    pub(crate) fn file(&self, name: &str) -> Option<(&Arc<str>, &File)> {
        let (name, file) = self.files.by_name.get_key_value(name)?;
        match &file.content {
            Content::Alias(target) => self.files.by_name.get_key_value(target),
            _ => Some((name, file)),
        }
    }

    /// The text of a file of JavaScript.
    pub(crate) fn code(&self, name: &str) -> Option<&str> {
        self.file(name).and_then(|(_, file)| file.content.text())
    }

    /// Whether any file says where it came from.
    pub(crate) fn has_source_maps(&self) -> bool {
        self.files.has_source_maps
    }

    /// Where a place in a file, counted from 1, comes from, if the file says so.
    pub(crate) fn original(&self, file: &str, line: u32, column: u32) -> Option<Place<'_>> {
        let (name, file) = self.files.by_name.get_key_value(file)?;
        file.map.original(name, file.content.text()?, line, column)
    }

    /// Whether the main file's name says that it is an ES module.
    pub(crate) fn is_named_as_module(&self) -> bool {
        self.files.main.ends_with(".mjs") || self.files.main.ends_with(".mts")
    }

    pub(crate) fn file_names(&self) -> impl Iterator<Item = &str> {
        self.files.by_name.keys().map(|name| &**name)
    }
}

impl File {
    fn named(name: &str, file: ScriptFile) -> Result<Self, ScriptError> {
        let unknown = match file.content {
            Content::Bytes(_) => FileKind::Asset,
            _ => FileKind::JavaScript,
        };
        let kind = file.kind.or(FileKind::of_name(name)).unwrap_or(unknown);
        if kind.is_text()
            && let Content::Bytes(bytes) = &file.content
            && let Err(error) = std::str::from_utf8(bytes)
        {
            return Err(ScriptError::NotUtf8 { name: name.to_owned(), offset: error.valid_up_to() });
        }
        Ok(Self { kind, content: file.content, map: FileMap::new(file.source_map) })
    }

    fn has_source_map(&self) -> bool {
        self.kind == FileKind::JavaScript
            && self.content.text().is_some_and(|source| self.map.is_there(source))
    }
}

impl From<&str> for Script {
    fn from(source: &str) -> Self {
        Self::named("worker.js", source)
    }
}

impl From<String> for Script {
    fn from(source: String) -> Self {
        Self::named("worker.js", source)
    }
}

impl From<&Script> for Script {
    fn from(script: &Script) -> Self {
        script.clone()
    }
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Script({}, {} file(s))", self.files.main, self.files.by_name.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_file_is_part_of_the_identity() {
        let script = |name: &str, file: ScriptFile| {
            Script::from_files("main.js", [("main.js", ScriptFile::from("")), (name, file)])
                .expect("it is one")
        };
        let hashes = [
            script("a", ScriptFile::json("1")),
            script("b", ScriptFile::json("1")),
            script("a", ScriptFile::json("2")),
            script("a", ScriptFile::text("1")),
            script("a", ScriptFile::data(*b"1")),
            script("a", ScriptFile::wasm(*b"1")),
            script("a", ScriptFile::asset(*b"1")),
            script("a", ScriptFile::javascript("main.js")),
            script("a", ScriptFile::javascript("main.js").with_source_map("{}")),
            script("a", ScriptFile::alias("main.js")),
            script("a", ScriptFile::json("1")).located_at("https://a.test/"),
            script("a", ScriptFile::json("1")).located_at("https://b.test/"),
        ]
        .map(|script| *script.hash());
        for (at, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..at].contains(hash), "{at}");
        }
    }

    #[test]
    fn what_cannot_be_a_script_is_refused_with_its_reason() {
        let refused = |files: [(&str, ScriptFile); 2]| Script::from_files("main.js", files).err();
        assert_eq!(
            refused([("main.js", ScriptFile::json("{}")), ("b", "".into())]),
            Some(ScriptError::MainIsNoCode { main: "main.js".to_owned() })
        );
        assert_eq!(
            refused([("main.js", "".into()), ("b.txt", vec![0x61, 0xff].into())]),
            Some(ScriptError::NotUtf8 { name: "b.txt".to_owned(), offset: 1 })
        );
        assert_eq!(
            refused([("main.js", "".into()), ("b", ScriptFile::alias("c"))]),
            Some(ScriptError::NoTarget { name: "b".to_owned(), target: "c".to_owned() })
        );
        assert!(matches!(
            refused([("a.js", "".into()), ("b.js", "".into())]),
            Some(ScriptError::NoMain { .. })
        ));
    }
}
