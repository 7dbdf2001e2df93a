//! Which worker answers a request: by host and by the beginning of its path. A route's path is taken off before the
//! guest sees the URL. What happens with the request then is the business of `http`.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use runtime_facade::{Ops, RuntimeLimits, WorkerCode};

use crate::host_name::canonical;

/// A worker as it is served.
#[derive(Clone)]
pub struct ServedWorker {
    /// Its name, in logs.
    pub id: Arc<str>,
    /// Whose it is: workers of one owner share its places and queue, and never an isolate with another owner's.
    pub owner: Arc<str>,
    /// Its script and environment.
    pub code: WorkerCode,
    /// The limits of its requests.
    pub limits: Arc<RuntimeLimits>,
    /// What the server does for it.
    pub ops: Arc<dyn Ops>,
}

impl fmt::Debug for ServedWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServedWorker")
            .field("id", &self.id)
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

/// A route cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RouteError {
    /// The host is none.
    #[error("expected a route's host such as \"example.com\" or \"*.example.com\", found {host:?}")]
    Host {
        /// The host.
        host: String,
    },
    /// The path is none.
    #[error(
        "expected a route's path that begins with \"/\" and has neither query nor fragment, found {path:?}"
    )]
    Path {
        /// The path.
        path: String,
    },
    /// Two workers have the same route.
    #[error("the workers {first:?} and {second:?} both have the route {route}; change one")]
    Twice {
        /// One worker.
        first: String,
        /// The other.
        second: String,
        /// The route.
        route: String,
    },
}

/// Host and path under which a worker is reached.
///
/// The host is a name (without port), `*.name` for all names below it, or none for every host. The path is a prefix
/// that ends at a `/`: `/shop` covers `/shop` and `/shop/cart` and not `/shopping`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    host: HostRule,
    /// Without the slash at its end: empty for everything.
    path: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum HostRule {
    Exactly(String),
    /// With the dot in front.
    Below(String),
    Any,
}

impl Route {
    /// Everything.
    pub fn everything() -> Self {
        Self { host: HostRule::Any, path: String::new() }
    }

    /// The route of a host, a path, or both.
    ///
    /// # Errors
    /// If one of them is none.
    pub fn new(host: Option<&str>, path: Option<&str>) -> Result<Self, RouteError> {
        let host = match host {
            None | Some("*") => HostRule::Any,
            Some(host) => {
                let wrong = || RouteError::Host { host: host.to_owned() };
                let named = host.strip_suffix('.').unwrap_or(host);
                match named.strip_prefix("*.") {
                    Some(parent) => HostRule::Below(format!(".{}", canonical(parent).ok_or_else(wrong)?)),
                    None => HostRule::Exactly(canonical(named).ok_or_else(wrong)?),
                }
            }
        };
        let path = path.unwrap_or("/");
        let wrong = || RouteError::Path { path: path.to_owned() };
        if !path.starts_with('/') || path.contains(['?', '#', ' ', '*']) {
            return Err(wrong());
        }
        // In the form in which requests come.
        let url = ada_url::Url::parse(format!("http://host{path}"), None).map_err(|_| wrong())?;
        Ok(Self { host, path: url.pathname().trim_end_matches('/').to_owned() })
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            HostRule::Any => {}
            HostRule::Exactly(host) => f.write_str(host)?,
            HostRule::Below(parent) => write!(f, "*{parent}")?,
        }
        write!(f, "{}/", self.path)
    }
}

/// All routes of a server. The most specific host wins (a name over `*.name`, a longer over a shorter one, any over
/// none), and under it the longest path.
#[derive(Debug, Default)]
pub struct Routes {
    hosts: HashMap<String, Paths>,
    /// Longest first.
    parents: Vec<(String, Paths)>,
    any: Paths,
}

#[derive(Debug, Default)]
struct Paths {
    workers: HashMap<String, Arc<ServedWorker>>,
    /// The most segments that a path here has, so that long requests cost no more look-ups than that.
    depth: usize,
}

/// What answers a request.
#[derive(Debug)]
pub struct Match<'r, 'p> {
    /// The worker.
    pub worker: &'r Arc<ServedWorker>,
    /// The path behind the route's: empty, or from a `/` on.
    pub rest: &'p str,
}

impl Routes {
    /// Adds a worker under a route.
    ///
    /// # Errors
    /// [`RouteError::Twice`] if the route is taken.
    pub fn add(&mut self, route: Route, worker: Arc<ServedWorker>) -> Result<(), RouteError> {
        let shown = route.to_string();
        let paths = match route.host {
            HostRule::Any => &mut self.any,
            HostRule::Exactly(host) => self.hosts.entry(host).or_default(),
            HostRule::Below(parent) => {
                let at = match self.parents.iter().position(|(known, _)| *known == parent) {
                    Some(at) => at,
                    None => {
                        let at = self.parents.partition_point(|(known, _)| known.len() >= parent.len());
                        self.parents.insert(at, (parent, Paths::default()));
                        at
                    }
                };
                &mut self.parents[at].1
            }
        };
        if let Some(other) = paths.workers.get(&route.path) {
            return Err(RouteError::Twice {
                first: other.id.to_string(),
                second: worker.id.to_string(),
                route: shown,
            });
        }
        paths.depth = paths.depth.max(route.path.matches('/').count());
        paths.workers.insert(route.path, worker);
        Ok(())
    }

    /// The worker for a host (with or without port) and a path.
    pub fn find<'p>(&self, host: &str, path: &'p str) -> Option<Match<'_, 'p>> {
        let host = without_port(host).to_ascii_lowercase();
        // A name with its last dot means the same.
        let host = host.strip_suffix('.').unwrap_or(&host);
        let exact = self.hosts.get(host).and_then(|paths| paths.find(path));
        exact
            .or_else(|| {
                self.parents
                    .iter()
                    .filter(|(parent, _)| host.len() > parent.len() && host.ends_with(parent.as_str()))
                    .find_map(|(_, paths)| paths.find(path))
            })
            .or_else(|| self.any.find(path))
    }
}

impl Paths {
    fn find<'p>(&self, path: &'p str) -> Option<Match<'_, 'p>> {
        // The ends of the path's leading segments, shortest first, no more than any route has.
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]).take(self.depth + 1);
        let mut found = None;
        for end in ends {
            if let Some(worker) = self.workers.get(&path[..end]) {
                found = Some(Match { worker, rest: &path[end..] });
            }
        }
        found
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use runtime_facade::NoOps;

    use super::*;

    fn worker(id: &str) -> Arc<ServedWorker> {
        Arc::new(ServedWorker {
            id: id.into(),
            owner: "owner".into(),
            code: WorkerCode::from(""),
            limits: Arc::default(),
            ops: Arc::new(NoOps),
        })
    }

    fn routes(list: &[(&str, Option<&str>, Option<&str>)]) -> Routes {
        let mut routes = Routes::default();
        for (id, host, path) in list {
            let route = Route::new(*host, *path).expect("a route");
            routes.add(route, worker(id)).expect("no other has it");
        }
        routes
    }

    fn found(routes: &Routes, host: &str, path: &str) -> Option<(String, String)> {
        routes.find(host, path).map(|found| (found.worker.id.to_string(), found.rest.to_owned()))
    }

    #[test]
    fn a_path_covers_what_is_below_it_and_not_what_only_begins_alike() {
        let routes = routes(&[("shop", None, Some("/shop")), ("cart", None, Some("/shop/cart/"))]);
        let at = |path| found(&routes, "localhost:8787", path);
        assert_eq!(at("/shop"), Some(("shop".into(), String::new())));
        assert_eq!(at("/shop/"), Some(("shop".into(), "/".into())));
        assert_eq!(at("/shop/x/y"), Some(("shop".into(), "/x/y".into())));
        assert_eq!(at("/shop/cart/7"), Some(("cart".into(), "/7".into())));
        assert_eq!(at("/shopping"), None);
        assert_eq!(at("/"), None);
    }

    #[test]
    fn the_most_specific_host_wins() {
        let routes = routes(&[
            ("any", None, None),
            ("below", Some("*.example.com"), None),
            ("deeper", Some("*.eu.example.com"), None),
            ("exact", Some("a.example.com"), None),
            ("api", Some("b.example.com"), Some("/api")),
        ]);
        let at = |host, path| found(&routes, host, path).map(|(id, _)| id);
        assert_eq!(at("A.example.com:80", "/").as_deref(), Some("exact"));
        assert_eq!(at("c.example.com", "/").as_deref(), Some("below"));
        assert_eq!(at("c.eu.example.com", "/").as_deref(), Some("deeper"));
        assert_eq!(at("b.example.com", "/api/x").as_deref(), Some("api"));
        assert_eq!(at("b.example.com", "/other").as_deref(), Some("below"));
        assert_eq!(at("example.com", "/").as_deref(), Some("any"));
        assert_eq!(at("[::1]:8787", "/").as_deref(), Some("any"));
    }

    #[test]
    fn one_route_for_two_workers_is_an_error_that_names_both() {
        let mut routes = routes(&[("one", Some("Example.com"), Some("/a/"))]);
        let route = Route::new(Some("example.com"), Some("/a")).expect("a route");
        let error = routes.add(route, worker("two")).expect_err("it is taken").to_string();
        assert!(
            error.contains("\"one\"") && error.contains("\"two\"") && error.contains("example.com/a/"),
            "{error}"
        );
    }

    #[test]
    fn what_is_no_host_or_path_is_refused() {
        for host in ["", "http://example.com", "example.com:80", "a b", "*"] {
            assert_eq!(Route::new(Some(host), None).is_ok(), host == "*", "{host:?}");
        }
        for path in ["", "shop", "/a?b", "/a#b", "/a/*"] {
            assert!(Route::new(None, Some(path)).is_err(), "{path:?}");
        }
    }
}
