//! A worker's source: one file or several, with the name of the one that starts. Compiling is done by `modules` and
//! `turn`; this is only the text and its identity.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

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
pub struct Script(Arc<Inner>);

struct Inner {
    main: Arc<str>,
    files: BTreeMap<Arc<str>, Arc<str>>,
    hash: [u8; 32],
}

impl Script {
    /// One file with a name, which stack traces show.
    pub fn named(name: &str, source: impl Into<String>) -> Self {
        let files = BTreeMap::from([(Arc::from(name), Arc::from(source.into()))]);
        Self::hashed(Arc::from(name), files)
    }

    /// Several files, by the names under which they import each other (`./lib/a.js` is `lib/a.js` here).
    ///
    /// # Errors
    /// [`ScriptError::NoMain`] if `main` is not one of them.
    pub fn from_files(
        main: &str,
        files: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ScriptError> {
        let files: BTreeMap<Arc<str>, Arc<str>> =
            files.into_iter().map(|(name, source)| (Arc::from(name), Arc::from(source))).collect();
        if !files.contains_key(main) {
            let names: Vec<&str> = files.keys().map(|name| &**name).collect();
            return Err(ScriptError::NoMain { main: main.to_owned(), files: names.join(", ") });
        }
        Ok(Self::hashed(Arc::from(main), files))
    }

    fn hashed(main: Arc<str>, files: BTreeMap<Arc<str>, Arc<str>>) -> Self {
        let mut hash = Sha256::new();
        let mut field = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        field(main.as_bytes());
        for (name, source) in &files {
            field(name.as_bytes());
            field(source.as_bytes());
        }
        let hash = hash.finalize().into();
        Self(Arc::new(Inner { main, files, hash }))
    }

    /// The name of the file that starts.
    pub fn main(&self) -> &str {
        &self.0.main
    }

    /// The identity of the whole: equal exactly when all names and texts are.
    pub fn hash(&self) -> &[u8; 32] {
        &self.0.hash
    }

    pub(crate) fn main_name(&self) -> Arc<str> {
        Arc::clone(&self.0.main)
    }

    pub(crate) fn file(&self, name: &str) -> Option<(Arc<str>, Arc<str>)> {
        self.0.files.get_key_value(name).map(|(name, source)| (Arc::clone(name), Arc::clone(source)))
    }

    pub(crate) fn file_names(&self) -> impl Iterator<Item = &str> {
        self.0.files.keys().map(|name| &**name)
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
        write!(f, "Script({}, {} file(s))", self.0.main, self.0.files.len())
    }
}
