//! From a main file to the script: the files that it imports, and theirs. They are read once, when the server starts.
//! Packages are not resolved: they are bundled first.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Component, Path, PathBuf};

use runtime_facade::{Script, ScriptFile};

use super::imports::relative_imports;
#[cfg(feature = "typescript")]
use super::transpile::{Transpiled, transpile};
#[cfg(feature = "typescript")]
use super::tsconfig::TsConfig;
use super::{CODE, ScriptFileError};

/// Reads a main file and, recursively, the local files that it imports by a literal relative path, statically or with
/// `import()`: code, and also JSON, texts, bytes and WebAssembly.
///
/// An import that names no file is tried with the extensions of code, and as a folder with an index; one of a `.js` file
/// that is not there as the `.ts` or `.tsx` file that it would be made of.
///
/// Imports stay inside the worker's root: the nearest folder above the main file, not above `boundary`, that has a
/// `package.json`; without one, the main file's own folder. A file that is missing or outside is left out; a worker
/// that imports it fails with an error that names it.
///
/// # Errors
/// If a file cannot be read, or is code and not UTF-8.
pub fn load(main: &Path, boundary: Option<&Path>) -> Result<Script, ScriptFileError> {
    let main = lexical(main);
    let root = root_of(&main, boundary.map(lexical).as_deref());
    let real_root = real(&root)?;
    let mut files: BTreeMap<String, ScriptFile> = BTreeMap::new();
    let mut unread = VecDeque::from([main.clone()]);
    while let Some(path) = unread.pop_front() {
        let name = name_in(&root, &path);
        if files.contains_key(&name) {
            continue;
        }
        if path != main && !is_code(&path) {
            files.insert(name, ScriptFile::from(read(&path)?));
            continue;
        }
        let code = code(&path, &name, &root)?;
        for specifier in relative_imports(&code.source) {
            let specifier = specifier.strip_suffix("?module").unwrap_or(specifier);
            let imported = lexical(&path.parent().unwrap_or(&root).join(specifier));
            match found(&root, &real_root, &imported) {
                Ok(file) => {
                    if file != imported {
                        let target = name_in(&root, &file);
                        files.insert(name_in(&root, &imported), ScriptFile::alias(target));
                    }
                    unread.push_back(file);
                }
                Err(reason) => {
                    tracing::debug!(file = %path.display(), specifier, reason, "an import is left out");
                }
            }
        }
        let file = ScriptFile::javascript(code.source);
        files.insert(
            name,
            match code.source_map {
                Some(map) => file.with_source_map(map),
                None => file,
            },
        );
    }
    Ok(Script::from_files(&name_in(&root, &main), files)?)
}

/// JavaScript, as it is run.
struct Code {
    source: String,
    source_map: Option<String>,
}

fn code(path: &Path, name: &str, root: &Path) -> Result<Code, ScriptFileError> {
    let source = read_text(path)?;
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("ts" | "mts" | "tsx" | "jsx") => transpiled(path, name, root, &source),
        _ => Ok(Code { source_map: map_beside(path, &source), source }),
    }
}

#[cfg(feature = "typescript")]
fn transpiled(path: &Path, name: &str, root: &Path, source: &str) -> Result<Code, ScriptFileError> {
    let config = TsConfig::of(path, root);
    let Transpiled { code, source_map } = transpile(name, source, &config)?;
    Ok(Code { source: code, source_map: Some(source_map) })
}

#[cfg(not(feature = "typescript"))]
fn transpiled(path: &Path, _: &str, _: &Path, _: &str) -> Result<Code, ScriptFileError> {
    Err(ScriptFileError::NoTypeScript { path: path.to_owned() })
}

/// The source map that a bundler has written beside a file, and named in its last line.
fn map_beside(path: &Path, source: &str) -> Option<String> {
    let last_line = source.trim_end().rsplit('\n').next()?;
    let map = last_line.trim_start().strip_prefix("//# sourceMappingURL=")?.trim_end();
    if map.contains(['/', '\\', ':', '%']) {
        return None;
    }
    let map = path.with_file_name(map);
    let read = std::fs::read_to_string(&map);
    read.map_err(|error| tracing::debug!(path = %map.display(), %error, "a source map is left out")).ok()
}

/// The file that an import means.
fn found(root: &Path, real_root: &Path, imported: &Path) -> Result<PathBuf, &'static str> {
    let first = allowed(root, real_root, imported);
    let Err(NO_FILE) = first else {
        return first.map(|()| imported.to_owned());
    };
    // Code that the TypeScript compiler has yet to make is imported by the name that it will have.
    let extension = imported.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let sources: &[&str] = match extension {
        "js" => &["ts", "tsx"],
        "mjs" => &["mts"],
        "jsx" => &["tsx"],
        _ => &[],
    };
    let sources = sources.iter().filter(|source| CODE.contains(source));
    let as_source = sources.map(|source| imported.with_extension(source));
    let with_extension = CODE.iter().map(|extension| imported.with_added_extension(extension));
    let as_folder = CODE.iter().map(|extension| imported.join("index").with_extension(extension));
    as_source
        .chain(with_extension)
        .chain(as_folder)
        .find(|path| allowed(root, real_root, path).is_ok())
        .ok_or(NO_FILE)
}

const NO_FILE: &str = "there is no such file";

fn allowed(root: &Path, real_root: &Path, path: &Path) -> Result<(), &'static str> {
    if !path.starts_with(root) {
        return Err("it is outside of the worker's root");
    }
    if !path.is_file() {
        return Err(NO_FILE);
    }
    match real(path) {
        Ok(real) if real.starts_with(real_root) => Ok(()),
        _ => Err("it is a link to outside of the worker's root"),
    }
}

fn is_code(path: &Path) -> bool {
    path.extension().is_some_and(|extension| CODE.iter().any(|code| extension == *code))
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
pub(super) fn name_in(root: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> =
        inside.components().map(|component| component.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

fn read(path: &Path) -> Result<Vec<u8>, ScriptFileError> {
    std::fs::read(path).map_err(|source| ScriptFileError::Read { path: path.to_owned(), source })
}

fn read_text(path: &Path) -> Result<String, ScriptFileError> {
    String::from_utf8(read(path)?).map_err(|error| ScriptFileError::NotUtf8 {
        path: path.to_owned(),
        offset: error.utf8_error().valid_up_to(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::folder_of;
    use super::*;

    fn shown(script: &Script) -> String {
        format!("{script:?}")
    }

    #[test]
    fn imports_are_collected_recursively_and_cycles_end() {
        let folder = folder_of(&[
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
    fn imports_of_any_kind_of_file_are_collected() {
        let folder = folder_of(&[
            (
                "w/main.js",
                "import a from './a.json'; import b from './b.wasm?module'; import c from './c.thing' with { type: 'text' };
                 import(new URL('./d.html', import.meta.url)); import '../e.json'",
            ),
            ("w/a.json", "{ \"import\": './f.txt' }"),
            ("w/b.wasm", ""),
            ("w/c.thing", ""),
            ("w/d.html", ""),
            ("w/f.txt", ""),
            ("e.json", ""),
        ]);
        let script = load(&folder.path().join("w/main.js"), None).expect("it loads");
        assert_eq!(shown(&script), "Script(main.js, 5 file(s))");
    }

    #[test]
    fn an_import_without_extension_finds_code_or_an_index() {
        let folder = folder_of(&[
            ("main.js", "import './a'; import './b'; import './c.d'"),
            ("a.mjs", ""),
            ("b/index.js", "import '../a'; import '../b'"),
            ("c.d.js", ""),
        ]);
        // Each of the three has two names.
        let script = load(&folder.path().join("main.js"), None).expect("it loads");
        assert_eq!(shown(&script), "Script(main.js, 7 file(s))");
    }

    #[cfg(feature = "typescript")]
    #[test]
    fn typescript_imports_by_every_name_that_its_compiler_knows() {
        let folder = folder_of(&[
            (
                "index.tsx",
                "import a from './a.ts'; import b from './b.js'; import c from './c'; import d from './d';
                 import e from './e.mjs'; import f from './f.js'; import type { G } from './g'; import h from './h.js';
                 export default [a, b, c, d, e, f, h]",
            ),
            ("a.ts", ""),
            ("b.ts", ""),
            ("c.tsx", ""),
            ("d/index.ts", ""),
            ("e.mts", ""),
            ("f.tsx", ""),
            ("g.ts", ""),
            ("h.js", ""),
            ("h.ts", "what is there by its own name is taken"),
        ]);
        let script = load(&folder.path().join("index.tsx"), None).expect("it loads");
        // Eight files, of which five have a second name.
        assert_eq!(shown(&script), "Script(index.tsx, 13 file(s))");
    }

    #[test]
    fn a_source_map_beside_a_file_is_part_of_the_script() {
        let folder = folder_of(&[("a.js", "1\n//# sourceMappingURL=a.js.map\n"), ("b.js", "")]);
        let hash = || *load(&folder.path().join("a.js"), None).expect("it loads").hash();
        let without = hash();
        std::fs::write(folder.path().join("a.js.map"), "{}").expect("a file");
        assert_ne!(hash(), without);
        std::fs::write(folder.path().join("a.js"), "1\n//# sourceMappingURL=../a.js.map\n").expect("a file");
        assert_eq!(map_beside(&folder.path().join("a.js"), "//# sourceMappingURL=../a.js.map"), None);
    }

    #[test]
    fn a_package_json_widens_the_root_up_to_the_boundary() {
        let folder =
            folder_of(&[("package.json", "{}"), ("src/main.js", "import '../lib/a.js'"), ("lib/a.js", "")]);
        let main = folder.path().join("src/main.js");
        let script = load(&main, None).expect("it loads");
        assert_eq!(shown(&script), "Script(src/main.js, 2 file(s))");
        let script = load(&main, Some(&folder.path().join("src"))).expect("it loads");
        assert_eq!(shown(&script), "Script(main.js, 1 file(s))");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_does_not_lead_out_of_the_root() {
        let folder =
            folder_of(&[("w/main.js", "import './link.js'; import './link.txt'"), ("secret.js", "")]);
        for link in ["w/link.js", "w/link.txt"] {
            std::os::unix::fs::symlink(folder.path().join("secret.js"), folder.path().join(link))
                .expect("a link");
        }
        let script = load(&folder.path().join("w/main.js"), None).expect("it loads");
        assert_eq!(shown(&script), "Script(main.js, 1 file(s))");
    }
}
