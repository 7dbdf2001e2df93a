//! The workers of a server: what the command line's script or folder, the configuration file and the flags give
//! together. The most particular wins: flags, then a `[[worker]]`, then the file's top level, then the defaults.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use runtime_facade::{LocationError, RuntimeLimits, WorkerCode};

use crate::config::{FileConfig, LimitOptions, WorkerEntry};
use crate::guest_log::GuestLog;
use crate::ops::{AllowedHostError, AllowedHosts, HttpClient, HttpOps};
use crate::routes::{Route, RouteError, Routes, ServedWorker};
use crate::script_files::{self, ScriptFileError};

/// The workers cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkersError {
    /// A script cannot be used.
    #[error(transparent)]
    Script(#[from] ScriptFileError),
    /// A route cannot be used.
    #[error(transparent)]
    Route(#[from] RouteError),
    /// A worker's allowed hosts cannot be used.
    #[error("worker {worker:?}: {source}")]
    AllowedHosts {
        /// The worker.
        worker: String,
        /// Why.
        source: AllowedHostError,
    },
    /// A worker's location is none.
    #[error("worker {worker:?}: {source}")]
    Location {
        /// The worker.
        worker: String,
        /// Why.
        source: LocationError,
    },
    /// A `[[worker]]` neither has a script nor refines a worker that there is.
    #[error(
        "expected `script` in the [[worker]] {id:?}, or the id of a worker that the command line gives ({known}); \
         found neither"
    )]
    NoScript {
        /// Its id; empty if it has none.
        id: String,
        /// The ids that there are.
        known: String,
    },
    /// A `[[worker]]` has an empty name.
    #[error("expected a name as the `{key}` of a [[worker]], found an empty one")]
    NoName {
        /// Its key.
        key: &'static str,
    },
    /// Two workers have one id, which would make them one owner's unless they name theirs.
    #[error(
        "expected another `id` for each [[worker]], found {id:?} twice; it is the script's name unless given"
    )]
    IdTwice {
        /// The id.
        id: String,
    },
    /// There is none.
    #[error("expected at least one worker, found none; name a script or a folder, or add a [[worker]]")]
    None,
}

/// From where the workers of a server come.
#[derive(Debug)]
pub struct WorkerSources<'a> {
    /// The command line's script or folder.
    pub script: Option<&'a Path>,
    /// The configuration file.
    pub config: &'a FileConfig,
    /// The flags' variables, for all workers.
    pub env: &'a [(String, String)],
    /// The flags' location, for all workers.
    pub location: Option<&'a str>,
    /// The flags' limits, for all workers.
    pub limits: &'a LimitOptions,
}

/// A worker on its way to being served.
struct Draft<'a> {
    id: String,
    script: PathBuf,
    boundary: Option<PathBuf>,
    routes: Vec<Route>,
    entry: Option<&'a WorkerEntry>,
}

impl<'a> WorkerSources<'a> {
    /// The limits of workers that have none of their own.
    pub fn common_limits(&self) -> RuntimeLimits {
        self.limits.over(&self.config.limits.over(&RuntimeLimits::default()))
    }

    /// Reads all scripts and gives the routes to their workers, which fetch with one client and log to one place.
    ///
    /// # Errors
    /// If a script cannot be read, two workers have one route, or an entry of the configuration makes no sense.
    pub fn routes(&self, client: &HttpClient, log: &GuestLog) -> Result<Routes, WorkersError> {
        let mut drafts = self.script.map(given).transpose()?.unwrap_or_default();
        let given_ids: Vec<String> = drafts.iter().map(|draft| draft.id.clone()).collect();
        for entry in &self.config.worker {
            for (key, name) in [("id", &entry.id), ("owner", &entry.owner)] {
                if name.as_deref() == Some("") {
                    return Err(WorkersError::NoName { key });
                }
            }
            if entry.script.is_some() {
                let draft = configured(entry)?;
                if drafts.iter().any(|other| other.id == draft.id) {
                    return Err(WorkersError::IdTwice { id: draft.id });
                }
                drafts.push(draft);
                continue;
            }
            let id = entry.id.as_deref().unwrap_or_default();
            let Some(at) = given_ids.iter().position(|given| given == id) else {
                return Err(WorkersError::NoScript { id: id.to_owned(), known: given_ids.join(", ") });
            };
            if drafts[at].entry.replace(entry).is_some() {
                return Err(WorkersError::IdTwice { id: id.to_owned() });
            }
            if let Some(route) = route_of(entry)? {
                drafts[at].routes = vec![route];
            }
        }
        if drafts.is_empty() {
            return Err(WorkersError::None);
        }
        let mut routes = Routes::default();
        for draft in drafts {
            let worker = Arc::new(self.served(&draft, client, log)?);
            for route in draft.routes {
                // The line that announces the server says enough of a worker that is served everywhere.
                if route == Route::everything() {
                    tracing::debug!(
                        worker = &*worker.id,
                        owner = &*worker.owner,
                        "a worker is served everywhere"
                    );
                } else {
                    tracing::info!(worker = &*worker.id, owner = &*worker.owner, %route, "a worker is served");
                }
                routes.add(route, Arc::clone(&worker))?;
            }
        }
        Ok(routes)
    }

    fn served(
        &self,
        draft: &Draft<'_>,
        client: &HttpClient,
        log: &GuestLog,
    ) -> Result<ServedWorker, WorkersError> {
        let script = script_files::load(&draft.script, draft.boundary.as_deref())?;
        let mut env: BTreeMap<String, String> = self.config.env.clone();
        env.extend(draft.entry.map(|entry| entry.env.clone()).unwrap_or_default());
        env.extend(self.env.iter().cloned());
        let config_limits = self.config.limits.over(&RuntimeLimits::default());
        let limits = draft.entry.map_or(config_limits.clone(), |entry| entry.limits.over(&config_limits));
        let allowed = draft.entry.and_then(|entry| entry.allowed_hosts.as_ref());
        let allowed = match allowed.or(self.config.allowed_hosts.as_ref()) {
            None => AllowedHosts::all(),
            Some(patterns) => AllowedHosts::parse(patterns)
                .map_err(|source| WorkersError::AllowedHosts { worker: draft.id.clone(), source })?,
        };
        let mut code = WorkerCode::new(script).env(env);
        if let Some(location) = self.location.or(draft.entry.and_then(|entry| entry.location.as_deref())) {
            code = code
                .located_at(location)
                .map_err(|source| WorkersError::Location { worker: draft.id.clone(), source })?;
        }
        let owner = draft.entry.and_then(|entry| entry.owner.as_deref()).unwrap_or(&draft.id);
        Ok(ServedWorker {
            id: draft.id.as_str().into(),
            owner: owner.into(),
            code,
            limits: Arc::new(self.limits.over(&limits)),
            ops: Arc::new(HttpOps::new(client.clone(), allowed, log.clone())),
        })
    }
}

/// The workers of the command line's script or folder.
fn given(path: &Path) -> Result<Vec<Draft<'static>>, WorkersError> {
    if !path.is_dir() {
        let script = script_files::main_file(path)?;
        let id = script_files::worker_name(&script);
        return Ok(vec![Draft {
            id,
            script,
            boundary: None,
            routes: vec![Route::everything()],
            entry: None,
        }]);
    }
    let found = script_files::workers_of(path)?;
    found
        .into_iter()
        .map(|found| {
            let mut routes = vec![Route::new(None, Some(&format!("/{}/", found.name)))?];
            // As with NAME/index.js, a folder's index is the folder itself.
            if found.name == "index" {
                routes.push(Route::everything());
            }
            let script_files::Found { name: id, path: script, boundary } = found;
            Ok(Draft { id, script, boundary: Some(boundary), routes, entry: None })
        })
        .collect()
}

fn configured(entry: &WorkerEntry) -> Result<Draft<'_>, WorkersError> {
    let script = script_files::main_file(entry.script.as_deref().unwrap_or(Path::new("")))?;
    let id = entry.id.clone().unwrap_or_else(|| script_files::worker_name(&script));
    let route = match route_of(entry)? {
        Some(route) => route,
        None => Route::new(None, Some(&format!("/{id}/")))?,
    };
    // A worker given as a folder may use all of it, and one given as a file what is beside and below it.
    let boundary = entry.script.clone().filter(|path| path.is_dir());
    let boundary = boundary.or_else(|| script.parent().map(Path::to_owned));
    Ok(Draft { id, script, boundary, routes: vec![route], entry: Some(entry) })
}

fn route_of(entry: &WorkerEntry) -> Result<Option<Route>, RouteError> {
    if entry.host.is_none() && entry.path.is_none() {
        return Ok(None);
    }
    Route::new(entry.host.as_deref(), entry.path.as_deref()).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn with(files: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().expect("a temporary folder");
            for (name, text) in files {
                let path = folder.path().join(name);
                std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
                std::fs::write(path, text).expect("a file");
            }
            Self(folder)
        }

        fn routes(&self, script: Option<&str>, flags: &LimitOptions) -> Result<Routes, WorkersError> {
            let config = self.0.path().join("isolane.toml");
            let config = if config.exists() {
                FileConfig::read(&config).expect("a configuration")
            } else {
                FileConfig::default()
            };
            let script = script.map(|script| self.0.path().join(script));
            let env = [("FLAG".to_owned(), "1".to_owned())];
            let sources = WorkerSources {
                script: script.as_deref(),
                config: &config,
                env: &env,
                location: None,
                limits: flags,
            };
            sources.routes(&HttpClient::new(), &GuestLog::to(std::io::sink()))
        }
    }

    fn found<'r>(routes: &'r Routes, host: &str, path: &str) -> Option<&'r ServedWorker> {
        routes.find(host, path).map(|found| &**found.worker)
    }

    #[tokio::test]
    async fn a_script_is_served_at_every_path_and_a_folder_by_name() {
        let folder = Folder::with(&[("w/a.js", ""), ("w/b/index.js", ""), ("w/index.js", "")]);
        let routes = folder.routes(Some("w/a.js"), &LimitOptions::default()).expect("one worker");
        assert_eq!(&*found(&routes, "any.test", "/x").expect("a worker").id, "a");
        let routes = folder.routes(Some("w"), &LimitOptions::default()).expect("three workers");
        assert_eq!(&*found(&routes, "any.test", "/a/x").expect("a worker").id, "a");
        let b = found(&routes, "any.test", "/b").expect("a worker");
        assert_eq!((&*b.id, &*b.owner), ("b", "b"));
        assert_eq!(&*found(&routes, "any.test", "/").expect("a worker").id, "index");
        assert_eq!(&*found(&routes, "any.test", "/index/").expect("a worker").id, "index");
    }

    #[tokio::test]
    async fn flags_win_over_the_worker_and_the_worker_over_the_file() {
        let folder = Folder::with(&[
            ("w/a.js", ""),
            ("c.js", ""),
            (
                "isolane.toml",
                "limits = { cpu_ms = 1, wall_ms = 2, subrequests = 3 }\n\
                 [[worker]]\nid = 'a'\nowner = 'acme'\nhost = 'a.test'\nlimits = { wall_ms = 20, subrequests = 30 }\n\
                 [[worker]]\nscript = 'c.js'\n",
            ),
        ]);
        let flags = LimitOptions { subrequests: Some(0), ..LimitOptions::default() };
        let routes = folder.routes(Some("w"), &flags).expect("two workers");
        let a = found(&routes, "a.test", "/").expect("its host");
        assert_eq!(&*a.owner, "acme");
        assert_eq!((a.limits.cpu_ms, a.limits.wall_ms, a.limits.subrequests), (1, 20, 0));
        assert!(found(&routes, "other.test", "/a/").is_none(), "its route has been replaced");
        let c = found(&routes, "other.test", "/c/").expect("its name as its path");
        assert_eq!((c.limits.cpu_ms, c.limits.wall_ms, c.limits.subrequests), (1, 2, 0));
    }

    #[tokio::test]
    async fn entries_without_a_script_or_a_worker_to_refine_are_errors() {
        let folder = Folder::with(&[("w/a.js", ""), ("isolane.toml", "[[worker]]\nid = 'x'")]);
        let error =
            folder.routes(Some("w"), &LimitOptions::default()).expect_err("no such worker").to_string();
        assert!(error.contains("\"x\"") && error.contains("(a)"), "{error}");
        let empty = Folder::with(&[]);
        assert!(matches!(empty.routes(None, &LimitOptions::default()), Err(WorkersError::None)));
    }

    #[tokio::test]
    async fn two_workers_on_one_route_and_hosts_that_are_none_are_errors() {
        let two = "[[worker]]\nid = 'x'\nscript = 'a.js'\npath = '/p'\n[[worker]]\nid = 'y'\nscript = 'a.js'\npath = '/p/'";
        let folder = Folder::with(&[("a.js", ""), ("isolane.toml", two)]);
        assert!(matches!(
            folder.routes(None, &LimitOptions::default()),
            Err(WorkersError::Route(RouteError::Twice { .. }))
        ));
        let hosts = "[[worker]]\nid = 'x'\nscript = 'a.js'\nallowed_hosts = ['http://a.test']";
        let folder = Folder::with(&[("a.js", ""), ("isolane.toml", hosts)]);
        let error = folder.routes(None, &LimitOptions::default()).expect_err("no host").to_string();
        assert!(error.contains("\"x\"") && error.contains("http://a.test"), "{error}");
        let location = "[[worker]]\nid = 'x'\nscript = 'a.js'\nlocation = 'a.test'";
        let folder = Folder::with(&[("a.js", ""), ("isolane.toml", location)]);
        let error = folder.routes(None, &LimitOptions::default()).expect_err("no URL").to_string();
        assert!(error.contains("\"x\"") && error.contains("\"a.test\""), "{error}");
    }

    #[tokio::test]
    async fn two_workers_named_after_scripts_of_one_name_do_not_become_one_owners() {
        for text in [
            "[[worker]]\nhost = 'a.test'\nscript = 'a/main.js'\n[[worker]]\nhost = 'b.test'\nscript = 'b/main.js'",
            "[[worker]]\nid = 'w'\nhost = 'a.test'\n[[worker]]\nid = 'w'\nhost = 'b.test'",
            "[[worker]]\nhost = 'a.test'\nscript = 'a/w.js'",
        ] {
            let folder = Folder::with(&[
                ("a/main.js", ""),
                ("b/main.js", ""),
                ("a/w.js", ""),
                ("w.js", ""),
                ("isolane.toml", text),
            ]);
            let routes = folder.routes(Some("w.js"), &LimitOptions::default());
            assert!(matches!(routes, Err(WorkersError::IdTwice { .. })), "{text}: {routes:?}");
        }
    }

    #[tokio::test]
    async fn an_empty_name_is_an_error_and_not_a_route_to_everything() {
        for (text, key) in [("id = ''", "`id`"), ("id = 'x'\nowner = ''", "`owner`")] {
            let text = format!("[[worker]]\nscript = 'a.js'\n{text}");
            let folder = Folder::with(&[("a.js", ""), ("isolane.toml", &text)]);
            let error = folder.routes(None, &LimitOptions::default()).expect_err("no name").to_string();
            assert!(error.contains(key), "{error}");
        }
    }
}
