//! From paths to workers: the file that a path means, and the workers of a folder. Which files a worker is made of is
//! `load`'s business.

mod imports;
mod load;
#[cfg(feature = "typescript")]
mod transpile;
#[cfg(feature = "typescript")]
mod tsconfig;

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};

use runtime_facade::ScriptError;

pub use self::load::load;

/// The extensions of files that can be a worker.
#[cfg(feature = "typescript")]
const CODE: [&str; 6] = ["js", "mjs", "ts", "mts", "tsx", "jsx"];
#[cfg(not(feature = "typescript"))]
const CODE: [&str; 2] = ["js", "mjs"];

/// A worker's files cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptFileError {
    /// A file or folder cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not text.
    #[error("expected JavaScript in UTF-8 in {}, found other bytes from offset {offset} on", path.display())]
    NotUtf8 {
        /// Its path.
        path: PathBuf,
        /// The first byte that is none.
        offset: usize,
    },
    /// A folder has no main file.
    #[error("expected index.js (or another of {}; or, beside a package.json, dist/index.js) in the folder {}, found none", all_code("index"), path.display())]
    NoIndex {
        /// The folder.
        path: PathBuf,
    },
    /// A folder of workers has none.
    #[error("expected NAME.js or NAME/index.js (or another of {}) in the folder {}, found none", all_code("NAME"), path.display())]
    NoWorkers {
        /// The folder.
        path: PathBuf,
    },
    /// Two files of a folder would be served under one name.
    #[error("expected one worker {name:?}, found {} and {}; rename one", first.display(), second.display())]
    Twice {
        /// The name.
        name: String,
        /// One file.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// A file that is not JavaScript yet cannot be made so.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// A file is not JavaScript, and this program was built without what makes it so.
    #[error("{} is TypeScript or JSX, which this program was built without: build it with the feature `typescript`", path.display())]
    NoTypeScript {
        /// Its path.
        path: PathBuf,
    },
    /// The files do not make a script.
    #[error(transparent)]
    Script(#[from] ScriptError),
}

/// TypeScript or JSX that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("SyntaxError: {message}\n    at {file}:{line}:{column}\n\n{frame}")]
pub struct SyntaxError {
    /// The file's name within the worker's root.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1 in UTF-16, as JavaScript does.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// The line with a mark below.
    pub frame: String,
}

/// A name with each of the extensions of workers.
fn all_code(name: &str) -> String {
    CODE.map(|extension| format!("{name}.{extension}")).join(", ")
}

/// A worker found in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name: the file's without its extension, or the folder's.
    pub name: String,
    /// Its main file.
    pub path: PathBuf,
    /// The folder that its imports may not leave.
    pub boundary: PathBuf,
}

/// The main file that a path means: itself, or a folder's index, or `dist/index.js` of a package that has been
/// built. An index is a file `index` with any extension of code.
///
/// # Errors
/// If there is no such file, or more than one.
pub fn main_file(path: &Path) -> Result<PathBuf, ScriptFileError> {
    let metadata =
        std::fs::metadata(path).map_err(|source| ScriptFileError::Read { path: path.to_owned(), source })?;
    if !metadata.is_dir() {
        return Ok(path.to_owned());
    }
    index_of(path)?.ok_or_else(|| ScriptFileError::NoIndex { path: path.to_owned() })
}

fn index_of(folder: &Path) -> Result<Option<PathBuf>, ScriptFileError> {
    let index = index_in(folder)?;
    if index.is_some() || !folder.join("package.json").is_file() {
        return Ok(index);
    }
    index_in(&folder.join("dist"))
}

fn index_in(folder: &Path) -> Result<Option<PathBuf>, ScriptFileError> {
    let mut found = CODE
        .iter()
        .map(|extension| folder.join("index").with_extension(extension))
        .filter(|path| path.is_file());
    match (found.next(), found.next()) {
        (Some(first), Some(second)) => {
            Err(ScriptFileError::Twice { name: "index".to_owned(), first, second })
        }
        (index, _) => Ok(index),
    }
}

/// A file's name without its extension, if it can be a worker.
fn code_stem(file_name: &str) -> Option<&str> {
    let (stem, extension) = file_name.rsplit_once('.')?;
    // Declarations are for the type checker.
    let is_declaration = stem.ends_with(".d") && extension.ends_with("ts");
    (CODE.contains(&extension) && !is_declaration).then_some(stem)
}

/// A name for the worker of a main file: `hello` for `hello.js`, `shop` for `shop/index.js` and `shop/dist/index.js`.
pub fn worker_name(main: &Path) -> String {
    let main = std::path::absolute(main).unwrap_or_else(|_| main.to_owned());
    let mut names = main.components().rev().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    let file = names.next().unwrap_or_default();
    let stem = code_stem(&file).unwrap_or(&file);
    if stem != "index" {
        return stem.to_owned();
    }
    names.find(|name| name != "dist").map_or_else(|| stem.to_owned(), |name| name.into_owned())
}

/// The workers of a folder, by name: `NAME.js`, `NAME/index.js`, or `NAME/dist/index.js` beside `NAME/package.json`; for
/// `.js` also `.mjs`, `.ts`, `.mts`, `.tsx` and `.jsx`. The folder's own index is the worker `index`. Hidden files and `node_modules` are passed over.
///
/// # Errors
/// If the folder cannot be read, has no worker, or has two of one name.
pub fn workers_of(folder: &Path) -> Result<Vec<Found>, ScriptFileError> {
    let unreadable = |source| ScriptFileError::Read { path: folder.to_owned(), source };
    let mut workers: BTreeMap<String, Found> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some(file_name) = path.file_name().and_then(|name| name.to_str()) else {
            tracing::warn!(path = %path.display(), "passed over: its name is not UTF-8");
            continue;
        };
        if file_name.starts_with('.') || file_name == "node_modules" {
            continue;
        }
        let found = if path.is_dir() {
            index_of(&path)?.map(|main| Found {
                name: file_name.to_owned(),
                path: main,
                boundary: path.clone(),
            })
        } else {
            code_stem(file_name).map(|name| Found {
                name: name.to_owned(),
                path: path.clone(),
                boundary: folder.to_owned(),
            })
        };
        let Some(found) = found else { continue };
        if !is_plain_segment(&found.name) {
            tracing::warn!(
                path = %path.display(),
                "passed over: expected a name of letters, digits, '-', '_', '.' and '~', which a URL can hold as it is"
            );
            continue;
        }
        if let Some(other) = workers.get(&found.name) {
            let (first, second) =
                (other.path.clone().min(found.path.clone()), other.path.clone().max(found.path));
            return Err(ScriptFileError::Twice { name: found.name, first, second });
        }
        workers.insert(found.name.clone(), found);
    }
    if workers.is_empty() {
        return Err(ScriptFileError::NoWorkers { path: folder.to_owned() });
    }
    Ok(workers.into_values().collect())
}

/// Whether a name stands in a URL's path as it is.
fn is_plain_segment(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(super) fn folder_of(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        folder
    }

    #[test]
    fn a_folder_serves_files_folders_and_built_packages() {
        let folder = folder_of(&[
            ("a.js", ""),
            ("b/index.js", ""),
            ("c/dist/index.js", ""),
            ("c/package.json", "{}"),
            ("d/src/index.js", ""),
            ("e/dist/index.js", ""),
            ("node_modules/index.js", ""),
            (".hidden.js", ""),
            ("README.md", ""),
            ("with space.js", ""),
            ("f.mjs", ""),
            ("g/index.mjs", ""),
        ]);
        let found = workers_of(folder.path()).expect("it has workers");
        let found: Vec<_> = found
            .iter()
            .map(|found| (found.name.as_str(), load::name_in(folder.path(), &found.path)))
            .collect();
        assert_eq!(
            found,
            [
                ("a", "a.js".to_owned()),
                ("b", "b/index.js".to_owned()),
                ("c", "c/dist/index.js".to_owned()),
                ("f", "f.mjs".to_owned()),
                ("g", "g/index.mjs".to_owned())
            ]
        );
    }

    #[test]
    fn two_workers_of_one_name_are_an_error_that_names_both_files() {
        let folder = folder_of(&[("a.js", ""), ("a/index.js", "")]);
        let error = workers_of(folder.path()).expect_err("they clash").to_string();
        assert!(error.contains("a.js") && error.contains("a/index.js"), "{error}");
        let folder = folder_of(&[("a.js", ""), ("a.mjs", "")]);
        let error = workers_of(folder.path()).expect_err("they clash").to_string();
        assert!(error.contains("a.js") && error.contains("a.mjs"), "{error}");
        let folder = folder_of(&[("a/index.js", ""), ("a/index.mjs", "")]);
        let error = workers_of(folder.path()).expect_err("they clash").to_string();
        assert!(error.contains("a/index.js") && error.contains("a/index.mjs"), "{error}");
        let empty = folder_without_workers();
        assert!(matches!(workers_of(empty.path()), Err(ScriptFileError::NoWorkers { .. })));
    }

    fn folder_without_workers() -> tempfile::TempDir {
        folder_of(&[("README.md", "")])
    }

    #[test]
    fn a_worker_is_named_after_its_file_or_folder() {
        assert_eq!(worker_name(Path::new("x/hello.js")), "hello");
        assert_eq!(worker_name(Path::new("x/shop/index.js")), "shop");
        assert_eq!(worker_name(Path::new("x/shop/dist/index.js")), "shop");
        assert_eq!(worker_name(Path::new("module.mjs")), "module");
    }

    #[test]
    fn a_folder_means_its_index_and_other_bytes_are_refused() {
        let folder = folder_of(&[("w/index.js", ""), ("empty/README.md", "")]);
        assert_eq!(main_file(&folder.path().join("w")).expect("an index"), folder.path().join("w/index.js"));
        assert!(matches!(main_file(&folder.path().join("empty")), Err(ScriptFileError::NoIndex { .. })));
        assert!(matches!(main_file(&folder.path().join("none")), Err(ScriptFileError::Read { .. })));
        std::fs::write(folder.path().join("latin1.js"), b"// \xe9").expect("a file");
        assert!(matches!(
            load(&folder.path().join("latin1.js"), None),
            Err(ScriptFileError::NotUtf8 { offset: 3, .. })
        ));
    }
}
