//! The folders that are measured, with what other runtimes give there: the rows of the page.
//!
//! Not here: what Isolane gives.

/// One row of the page.
pub(super) struct Folder {
    /// The row's name, and the path of its folder or of its one test.
    pub(super) name: &'static str,
    /// Subtests that Deno 2.9.6 passes and fails, if somebody has counted.
    pub(super) deno: Option<(u32, u32)>,
    /// The same of workerd 2026-11-17.
    pub(super) workerd: Option<(u32, u32)>,
    /// Whether nothing in it can be run without a live server of the tests.
    pub(super) needs_server: bool,
}

const fn folder(name: &'static str, deno: Option<(u32, u32)>, workerd: Option<(u32, u32)>) -> Folder {
    Folder { name, deno, workerd, needs_server: false }
}

const fn live(folder: Folder) -> Folder {
    Folder { needs_server: true, ..folder }
}

/// All rows, in the order of the page. The other runtimes ran such scripts over a full checkout.
pub(super) const FOLDERS: [Folder; 30] = [
    folder("dom/abort", Some((35, 1)), Some((35, 1))),
    folder("dom/events", Some((38, 3)), None),
    folder("dom/idlharness.any.js", None, None),
    folder("html/webappapis/timers", Some((9, 0)), None),
    folder("html/webappapis/microtask-queuing", Some((5, 0)), None),
    folder("html/webappapis/atob", Some((380, 0)), None),
    folder("html/webappapis/structured-clone", Some((133, 2)), Some((125, 10))),
    folder("html/webappapis/scripting", None, None),
    folder("html/infrastructure/safe-passing-of-structured-data", None, None),
    folder("console", Some((23, 0)), Some((13, 10))),
    folder("hr-time", Some((7, 0)), None),
    folder("performance-timeline", Some((25, 6)), None),
    folder("user-timing", Some((80, 1)), None),
    folder("scheduler", None, None),
    folder("url", Some((1947, 90)), Some((1956, 81))),
    folder("urlpattern", Some((723, 76)), Some((438, 361))),
    folder("encoding", Some((11625, 26)), Some((11583, 68))),
    folder("streams", Some((1170, 17)), Some((795, 298))),
    folder("compression", Some((308, 8)), None),
    folder("FileAPI", Some((361, 63)), None),
    folder("mimesniff", None, None),
    folder("xhr/formdata", Some((39, 0)), None),
    live(folder("fetch/api", Some((3122, 981)), None)),
    folder("wasm/jsapi", Some((1025, 83)), None),
    // What its tests fetch is not in the part that Debian carries.
    live(folder("wasm/webapi", Some((259, 13)), None)),
    live(folder("websockets", Some((366, 261)), None)),
    live(folder("eventsource", None, None)),
    folder("webidl", None, None),
    folder("webmessaging", None, None),
    folder("WebCryptoAPI", Some((28358, 1154)), None),
];

/// The row of a test, or none if its folder is not measured.
pub(super) fn of(file: &str) -> Option<&'static Folder> {
    let is_of = |folder: &&Folder| {
        file.strip_prefix(folder.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    FOLDERS.iter().find(is_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_in_the_row_of_its_folder() {
        assert_eq!(of("url/a.any.js").map(|folder| folder.name), Some("url"));
        assert_eq!(of("urlpattern/a.any.js").map(|folder| folder.name), Some("urlpattern"));
        assert_eq!(of("dom/idlharness.any.js").map(|folder| folder.name), Some("dom/idlharness.any.js"));
        assert!(of("dom/a.any.js").is_none());
        assert!(of("css/a.any.js").is_none());
    }
}
