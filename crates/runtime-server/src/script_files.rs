//! From paths to scripts: the file that a path means, the local files that it imports, and the workers of a folder.
//! Files are read once, when the server starts; packages are not resolved: they are bundled first.

mod imports;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Component, Path, PathBuf};

use runtime_facade::{Script, ScriptError};

use self::imports::relative_imports;

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
    #[error("expected index.js (or, beside a package.json, dist/index.js) in the folder {}, found neither", path.display())]
    NoIndex {
        /// The folder.
        path: PathBuf,
    },
    /// A folder of workers has none.
    #[error("expected NAME.js or NAME/index.js in the folder {}, found none", path.display())]
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
    /// The files do not make a script.
    #[error(transparent)]
    Script(#[from] ScriptError),
}

/// A worker found in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name: the file's without `.js`, or the folder's.
    pub name: String,
    /// Its main file.
    pub path: PathBuf,
    /// The folder that its imports may not leave.
    pub boundary: PathBuf,
}

/// The main file that a path means: itself, or a folder's `index.js`, or `dist/index.js` of a package that has been
/// built.
///
/// # Errors
/// If there is no such file.
pub fn main_file(path: &Path) -> Result<PathBuf, ScriptFileError> {
    let metadata =
        std::fs::metadata(path).map_err(|source| ScriptFileError::Read { path: path.to_owned(), source })?;
    if !metadata.is_dir() {
        return Ok(path.to_owned());
    }
    index_of(path).ok_or_else(|| ScriptFileError::NoIndex { path: path.to_owned() })
}

fn index_of(folder: &Path) -> Option<PathBuf> {
    let index = folder.join("index.js");
    if index.is_file() {
        return Some(index);
    }
    let built = folder.join("dist/index.js");
    (folder.join("package.json").is_file() && built.is_file()).then_some(built)
}

/// A name for the worker of a main file: `hello` for `hello.js`, `shop` for `shop/index.js` and `shop/dist/index.js`.
pub fn worker_name(main: &Path) -> String {
    let main = std::path::absolute(main).unwrap_or_else(|_| main.to_owned());
    let mut names = main.components().rev().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_string_lossy()),
        _ => None,
    });
    let file = names.next().unwrap_or_default();
    let stem = file.strip_suffix(".js").or_else(|| file.strip_suffix(".mjs")).unwrap_or(&file);
    if stem != "index" {
        return stem.to_owned();
    }
    names.find(|name| name != "dist").map_or_else(|| stem.to_owned(), |name| name.into_owned())
}

/// The workers of a folder, by name: `NAME.js`, `NAME/index.js`, or `NAME/dist/index.js` beside `NAME/package.json`.
/// The folder's own `index.js` is the worker `index`. Hidden files and `node_modules` are passed over.
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
            index_of(&path).map(|main| Found {
                name: file_name.to_owned(),
                path: main,
                boundary: path.clone(),
            })
        } else {
            file_name.strip_suffix(".js").map(|name| Found {
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

/// Reads a main file and, recursively, the local `.js` and `.mjs` files that it imports by a literal relative path,
/// statically or with `import()`.
///
/// Imports stay inside the worker's root: the nearest folder above the main file, not above `boundary`, that has a
/// `package.json`; without one, the main file's own folder. A file that is missing or outside is left out; a worker
/// that imports it fails with an error that names it.
///
/// # Errors
/// If a file cannot be read or is not UTF-8.
pub fn load(main: &Path, boundary: Option<&Path>) -> Result<Script, ScriptFileError> {
    let main = lexical(main);
    let root = root_of(&main, boundary.map(lexical).as_deref());
    let real_root = real(&root)?;
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut unread = VecDeque::from([main.clone()]);
    while let Some(path) = unread.pop_front() {
        let name = name_in(&root, &path);
        if files.contains_key(&name) {
            continue;
        }
        let source = read(&path)?;
        for specifier in relative_imports(&source) {
            let imported = lexical(&path.parent().unwrap_or(&root).join(specifier));
            if let Err(reason) = importable(&root, &real_root, &imported) {
                tracing::debug!(file = %path.display(), specifier, reason, "an import is left out");
            } else {
                unread.push_back(imported);
            }
        }
        files.insert(name, source);
    }
    Ok(Script::from_files(&name_in(&root, &main), files)?)
}

fn importable(root: &Path, real_root: &Path, path: &Path) -> Result<(), &'static str> {
    if !path.extension().is_some_and(|extension| extension == "js" || extension == "mjs") {
        return Err("it is neither .js nor .mjs");
    }
    if !path.starts_with(root) {
        return Err("it is outside of the worker's root");
    }
    if !path.is_file() {
        return Err("there is no such file");
    }
    match real(path) {
        Ok(real) if real.starts_with(real_root) => Ok(()),
        _ => Err("it is a link to outside of the worker's root"),
    }
}

fn root_of(main: &Path, boundary: Option<&Path>) -> PathBuf {
    let folder = main.parent().unwrap_or(main);
    folder
        .ancestors()
        .take_while(|ancestor| boundary.is_none_or(|boundary| ancestor.starts_with(boundary)))
        .find(|ancestor| ancestor.join("package.json").is_file())
        .unwrap_or(folder)
        .to_owned()
}

/// An absolute path without `.` and `..`, links as they are: the way in which imports are resolved among the names.
fn lexical(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut plain = PathBuf::new();
    for component in absolute.components() {
        match component {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

fn real(path: &Path) -> Result<PathBuf, ScriptFileError> {
    path.canonicalize().map_err(|source| ScriptFileError::Read { path: path.to_owned(), source })
}

/// A file's name within the root, with `/` between its parts.
fn name_in(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> =
        inside.components().map(|component| component.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

fn read(path: &Path) -> Result<String, ScriptFileError> {
    let bytes =
        std::fs::read(path).map_err(|source| ScriptFileError::Read { path: path.to_owned(), source })?;
    String::from_utf8(bytes).map_err(|error| ScriptFileError::NotUtf8 {
        path: path.to_owned(),
        offset: error.utf8_error().valid_up_to(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        folder
    }

    fn shown(script: &Script) -> String {
        format!("{script:?}")
    }

    #[test]
    fn imports_are_collected_recursively_and_cycles_end() {
        let folder = folder(&[
            ("w/main.js", "import './lib/a.js'; import('./b.mjs'); import './missing.js'; import 'package'"),
            ("w/lib/a.js", "import '../main.js'; import './c.js'"),
            ("w/lib/c.js", ""),
            ("w/b.mjs", "import '../outside.js'"),
            ("outside.js", ""),
        ]);
        let script = load(&folder.path().join("w/main.js"), None).expect("it loads");
        assert_eq!(script.main(), "main.js");
        assert_eq!(shown(&script), "Script(main.js, 4 file(s))");
    }

    #[test]
    fn a_package_json_widens_the_root_up_to_the_boundary() {
        let folder =
            folder(&[("package.json", "{}"), ("src/main.js", "import '../lib/a.js'"), ("lib/a.js", "")]);
        let main = folder.path().join("src/main.js");
        let script = load(&main, None).expect("it loads");
        assert_eq!(shown(&script), "Script(src/main.js, 2 file(s))");
        let script = load(&main, Some(&folder.path().join("src"))).expect("it loads");
        assert_eq!(shown(&script), "Script(main.js, 1 file(s))");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_does_not_lead_out_of_the_root() {
        let folder = folder(&[("w/main.js", "import './link.js'"), ("secret.js", "")]);
        std::os::unix::fs::symlink(folder.path().join("secret.js"), folder.path().join("w/link.js"))
            .expect("a link");
        let script = load(&folder.path().join("w/main.js"), None).expect("it loads");
        assert_eq!(shown(&script), "Script(main.js, 1 file(s))");
    }

    #[test]
    fn a_folder_serves_files_folders_and_built_packages() {
        let folder = folder(&[
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
        ]);
        let found = workers_of(folder.path()).expect("it has workers");
        let found: Vec<_> =
            found.iter().map(|found| (found.name.as_str(), name_in(folder.path(), &found.path))).collect();
        assert_eq!(
            found,
            [("a", "a.js".to_owned()), ("b", "b/index.js".to_owned()), ("c", "c/dist/index.js".to_owned())]
        );
    }

    #[test]
    fn two_workers_of_one_name_are_an_error_that_names_both_files() {
        let folder = folder(&[("a.js", ""), ("a/index.js", "")]);
        let error = workers_of(folder.path()).expect_err("they clash").to_string();
        assert!(error.contains("a.js") && error.contains("a/index.js"), "{error}");
        let empty = folder_without_workers();
        assert!(matches!(workers_of(empty.path()), Err(ScriptFileError::NoWorkers { .. })));
    }

    fn folder_without_workers() -> tempfile::TempDir {
        folder(&[("README.md", "")])
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
        let folder = folder(&[("w/index.js", ""), ("empty/README.md", "")]);
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
