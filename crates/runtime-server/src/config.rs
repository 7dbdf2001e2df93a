//! The configuration file `isolane.toml`, and what it means together with the command line. Reading scripts is the
//! business of `script_files`, starting servers of others.
//!
//! ```toml
//! mode = "pinned"              # worker, pool, pinned or shared
//! addr = "127.0.0.1:8787"
//! threads = 4                  # threads on which guests run
//! max_isolates = 100
//! max_per_owner = 2
//! queue = 10
//! queue_timeout_ms = 5000
//! drain_ms = 10000
//! lost_threads = 16            # that guests may cost before the server drains and exits
//! context = "reuse:1000"       # or "fresh" (the default), or "reuse"
//! prepare = true               # whether idle isolates make their next context ahead of requests
//! standby = 2                  # isolates that stand by for requests that need a new one; 0 for none
//! snapshot = "isolane.snapshot"
//! ca_file = "company.pem"      # authorities, in PEM, that workers' requests trust beside Mozilla's
//! allowed_hosts = ["*"]        # of workers that name none
//! env = { REGION = "eu" }      # of all workers; a worker's own win
//! limits = { cpu_ms = 50 }     # likewise
//!
//! [[worker]]
//! id = "shop"                  # unless given, named after its script
//! owner = "acme"               # unless given, its id
//! script = "shop/index.js"     # relative to this file
//! host = "shop.example.com"    # or "*.example.com"; without one, every host
//! path = "/api/"               # without host and path: "/ID/"
//! location = "https://shop.example.com/"   # what it finds as `location`; none unless given
//! env = { CURRENCY = "EUR" }
//! limits = { cpu_ms = 100, heap_mb = 64 }
//! allowed_hosts = ["api.example.com", "*.cdn.example:443"]
//! ```
//!
//! A worker without `script` refines the one of the same id that the command line's script or folder gives.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use runtime_facade::{BuildError, Capacity, ContextPolicy, ModeName, RuntimeLimits};
use serde::Deserialize;

/// A configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {} cannot be read: {source}", path.display())]
    Read {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not what is expected.
    #[error("the configuration {} cannot be used: {source}", path.display())]
    Parse {
        /// Its path.
        path: PathBuf,
        /// Where and why.
        source: Box<toml::de::Error>,
    },
    /// The mode is unknown.
    #[error("the configuration {} cannot be used: {source}", path.display())]
    Mode {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: Box<BuildError>,
    },
}

/// The file as it is written; see the module's head.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FileConfig {
    /// The execution mode's name.
    mode: Option<String>,
    /// Where to listen: host and port.
    pub addr: Option<String>,
    /// Threads on which guests run.
    pub threads: Option<NonZeroUsize>,
    /// The most isolates; see `Capacity`.
    pub max_isolates: Option<NonZeroUsize>,
    /// The most isolates of one owner.
    pub max_per_owner: Option<NonZeroUsize>,
    /// The most requests of one owner that wait; 0 for none.
    pub queue: Option<usize>,
    /// How long a request waits, in milliseconds.
    pub queue_timeout_ms: Option<u64>,
    /// How long requests under way may go on after Ctrl-C, in milliseconds.
    pub drain_ms: Option<u64>,
    /// Threads that may be lost to guests that cannot be stopped before the server drains and exits.
    pub lost_threads: Option<usize>,
    /// Whether contexts are used again.
    pub context: Option<ContextOption>,
    /// Whether idle isolates prepare their next context.
    pub prepare: Option<bool>,
    /// How many isolates stand by for each pair of heap limits; 0 for none.
    pub standby: Option<usize>,
    /// The base snapshot's file, relative to this one.
    pub snapshot: Option<PathBuf>,
    /// A file of certificate authorities that workers' requests trust as well, relative to this one.
    pub ca_file: Option<PathBuf>,
    /// The hosts that workers may reach which name none themselves.
    pub allowed_hosts: Option<Vec<String>>,
    /// Environment variables of all workers.
    pub env: BTreeMap<String, String>,
    /// Limits of all workers.
    pub limits: LimitOptions,
    /// The workers.
    pub worker: Vec<WorkerEntry>,
}

/// One `[[worker]]`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkerEntry {
    /// Its name.
    pub id: Option<String>,
    /// Whose it is.
    pub owner: Option<String>,
    /// Its main file or folder, relative to the configuration's.
    pub script: Option<PathBuf>,
    /// The route's host.
    pub host: Option<String>,
    /// The route's path.
    pub path: Option<String>,
    /// Its place on the web.
    pub location: Option<String>,
    /// Its environment variables.
    pub env: BTreeMap<String, String>,
    /// Its limits.
    pub limits: LimitOptions,
    /// The hosts that it may reach.
    pub allowed_hosts: Option<Vec<String>>,
}

impl FileConfig {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, is not TOML, has an unknown key or a value of another kind, or names a mode that this
    /// program does not have.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let mut config: FileConfig = toml::from_str(&text)
            .map_err(|source| ConfigError::Parse { path: path.to_owned(), source: Box::new(source) })?;
        if let Err(source) = config.mode() {
            return Err(ConfigError::Mode { path: path.to_owned(), source: Box::new(source) });
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let scripts = config.worker.iter_mut().filter_map(|worker| worker.script.as_mut());
        for relative in scripts.chain(config.snapshot.as_mut()).chain(config.ca_file.as_mut()) {
            *relative = folder.join(&*relative);
        }
        Ok(config)
    }

    /// The execution mode, if the file names one.
    ///
    /// # Errors
    /// If this program does not have it.
    pub fn mode(&self) -> Result<Option<ModeName>, BuildError> {
        self.mode.as_deref().map(str::parse).transpose()
    }

    /// The bounds; what the command line gives wins.
    pub fn capacity(&self, command_line: &Capacity) -> Capacity {
        Capacity {
            threads: command_line.threads.or(self.threads.map(NonZeroUsize::get)),
            max_isolates: command_line.max_isolates.or(self.max_isolates.map(NonZeroUsize::get)),
            max_per_owner: command_line.max_per_owner.or(self.max_per_owner.map(NonZeroUsize::get)),
            queue: command_line.queue.or(self.queue),
            queue_timeout: command_line.queue_timeout.or(self.queue_timeout_ms.map(Duration::from_millis)),
            context: command_line.context.or(self.context.map(|context| context.0)),
            prepare: command_line.prepare.or(self.prepare),
        }
    }
}

/// Limits that differ from those below them; all of `RuntimeLimits`, 0 for off.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitOptions {
    /// Processor time of a request, in milliseconds.
    pub cpu_ms: Option<u64>,
    /// Time on the clock of a request, in milliseconds.
    pub wall_ms: Option<u64>,
    /// Processor time of the script's top level, in milliseconds.
    pub startup_cpu_ms: Option<u64>,
    /// Processor time on the host's threads, in milliseconds.
    pub work_cpu_ms: Option<u64>,
    /// The most memory of an isolate, in MiB.
    #[serde(alias = "heap_max_mb")]
    pub heap_mb: Option<u64>,
    /// The heap's size at an isolate's start, in MiB.
    pub heap_initial_mb: Option<u64>,
    /// Calls to the host in one request.
    pub subrequests: Option<u64>,
    /// Calls to the host at once.
    pub concurrent_subrequests: Option<u64>,
    /// Timers at once.
    pub timers: Option<u64>,
    /// Bytes of a response's body.
    pub response_bytes: Option<u64>,
    /// Log records of one request.
    pub log_lines: Option<u64>,
    /// Bytes that a stream may hold.
    pub stream_buffer_bytes: Option<u64>,
    /// Bytes of a message on a WebSocket.
    pub websocket_message_bytes: Option<u64>,
    /// Bytes that a request's WebSockets may hold, of what the guest has sent.
    pub websocket_buffer_bytes: Option<u64>,
    /// How long a client's WebSocket may be idle, in milliseconds.
    pub websocket_idle_ms: Option<u64>,
    /// Whether code may be compiled from text.
    pub allow_eval: Option<bool>,
}

impl LimitOptions {
    /// The limits with these in place of those that are given here.
    #[must_use]
    pub fn over(&self, limits: &RuntimeLimits) -> RuntimeLimits {
        RuntimeLimits {
            cpu_ms: self.cpu_ms.unwrap_or(limits.cpu_ms),
            wall_ms: self.wall_ms.unwrap_or(limits.wall_ms),
            startup_cpu_ms: self.startup_cpu_ms.unwrap_or(limits.startup_cpu_ms),
            work_cpu_ms: self.work_cpu_ms.unwrap_or(limits.work_cpu_ms),
            heap_max_mb: self.heap_mb.unwrap_or(limits.heap_max_mb),
            heap_initial_mb: self.heap_initial_mb.unwrap_or(limits.heap_initial_mb),
            subrequests: self.subrequests.unwrap_or(limits.subrequests),
            concurrent_subrequests: self.concurrent_subrequests.unwrap_or(limits.concurrent_subrequests),
            timers: self.timers.unwrap_or(limits.timers),
            response_bytes: self.response_bytes.unwrap_or(limits.response_bytes),
            log_lines: self.log_lines.unwrap_or(limits.log_lines),
            stream_buffer_bytes: self.stream_buffer_bytes.unwrap_or(limits.stream_buffer_bytes),
            websocket_message_bytes: self.websocket_message_bytes.unwrap_or(limits.websocket_message_bytes),
            websocket_buffer_bytes: self.websocket_buffer_bytes.unwrap_or(limits.websocket_buffer_bytes),
            websocket_idle_ms: self.websocket_idle_ms.unwrap_or(limits.websocket_idle_ms),
            allow_eval: self.allow_eval.unwrap_or(limits.allow_eval),
        }
    }
}

/// A context policy as it is written: `fresh`, `reuse`, or `reuse:USES`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ContextOption(pub ContextPolicy);

/// A text is no context policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a context policy: \"fresh\", \"reuse\" or \"reuse:USES\", found {found:?}")]
pub struct ContextOptionError {
    /// The text.
    pub found: String,
}

impl FromStr for ContextOption {
    type Err = ContextOptionError;

    fn from_str(text: &str) -> Result<Self, ContextOptionError> {
        let wrong = || ContextOptionError { found: text.to_owned() };
        match text.split_once(':') {
            None if text == "fresh" => Ok(Self(ContextPolicy::Fresh)),
            None if text == "reuse" => Ok(Self(ContextPolicy::Reuse { max_uses: 0 })),
            Some(("reuse", uses)) => {
                Ok(Self(ContextPolicy::Reuse { max_uses: uses.parse().map_err(|_| wrong())? }))
            }
            _ => Err(wrong()),
        }
    }
}

impl TryFrom<String> for ContextOption {
    type Error = ContextOptionError;

    fn try_from(text: String) -> Result<Self, ContextOptionError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<FileConfig, ConfigError> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("isolane.toml");
        std::fs::write(&path, text).expect("a file");
        FileConfig::read(&path)
    }

    /// The example in this module's head.
    fn documented() -> String {
        let head = include_str!("config.rs").lines().map_while(|line| line.strip_prefix("//!"));
        let lines: Vec<&str> = head.map(str::trim_start).collect();
        let begin = lines.iter().position(|line| *line == "```toml").expect("an example");
        let end = lines.iter().rposition(|line| *line == "```").expect("its end");
        lines[begin + 1..end].join("\n")
    }

    #[test]
    fn the_documented_file_is_read_as_documented() {
        let config = read(&documented()).expect("it can be read");
        assert_eq!(config.mode().expect("it is available"), Some(ModeName::Pinned));
        assert_eq!(config.context, Some(ContextOption(ContextPolicy::Reuse { max_uses: 1000 })));
        assert_eq!((config.prepare, config.standby), (Some(true), Some(2)));
        assert_eq!(config.env["REGION"], "eu");
        assert!(config.ca_file.as_ref().expect("a file").is_absolute(), "relative to the file's folder");
        let worker = &config.worker[0];
        assert_eq!(worker.id.as_deref(), Some("shop"));
        assert!(worker.script.as_ref().expect("a script").is_absolute(), "relative to the file's folder");
        assert_eq!(worker.limits.heap_mb, Some(64));
        assert_eq!(worker.location.as_deref(), Some("https://shop.example.com/"));
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        for (text, key) in [
            ("port = 80", "port"),
            ("[[worker]]\nscripts = 'a.js'", "scripts"),
            ("limits = { cpu = 1 }", "cpu"),
        ] {
            let error = read(text).expect_err(text).to_string();
            assert!(error.contains(&format!("`{key}`")) && error.contains("isolane.toml"), "{error}");
        }
    }

    #[test]
    fn an_unknown_mode_is_an_error_that_lists_those_there_are() {
        let error = read("mode = 'turbo'").expect_err("it is unknown").to_string();
        assert!(error.contains("turbo") && error.contains("worker, pool, pinned, shared"), "{error}");
    }

    #[test]
    fn the_command_line_wins_over_the_file() {
        let config = read("threads = 2\nqueue = 3\nqueue_timeout_ms = 70").expect("it can be read");
        let capacity = config.capacity(&Capacity { threads: Some(8), ..Capacity::default() });
        assert_eq!(capacity.threads, Some(8));
        assert_eq!(capacity.queue, Some(3));
        assert_eq!(capacity.queue_timeout, Some(Duration::from_millis(70)));
        assert_eq!(capacity.max_isolates, None);
    }

    #[test]
    fn limits_are_laid_over_each_other_and_zero_is_off() {
        let file = LimitOptions { cpu_ms: Some(100), heap_mb: Some(64), ..LimitOptions::default() };
        let flags = LimitOptions { cpu_ms: Some(0), ..LimitOptions::default() };
        let limits = flags.over(&file.over(&RuntimeLimits::default()));
        assert_eq!(limits, RuntimeLimits { cpu_ms: 0, heap_max_mb: 64, ..RuntimeLimits::default() });
    }

    #[test]
    fn context_policies_are_read_and_others_refused() {
        assert_eq!("fresh".parse(), Ok(ContextOption(ContextPolicy::Fresh)));
        assert_eq!("reuse".parse(), Ok(ContextOption(ContextPolicy::Reuse { max_uses: 0 })));
        assert_eq!("reuse:5".parse(), Ok(ContextOption(ContextPolicy::Reuse { max_uses: 5 })));
        for wrong in ["", "warm", "reuse:", "reuse:x", "fresh:1"] {
            assert!(wrong.parse::<ContextOption>().is_err(), "{wrong:?}");
        }
    }
}
