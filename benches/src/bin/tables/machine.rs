//! What the figures were measured on and with. Everything is read from the system; what cannot be read is left out.

use std::fs;
use std::process::Command;

/// A machine, its software and the moment.
pub(crate) struct Machine {
    pub(crate) date: String,
    pub(crate) processor: String,
    pub(crate) processors: usize,
    pub(crate) memory_gib: f64,
    pub(crate) system: String,
    /// The machine's load when the run began, over the last minute; 0 would be an idle one.
    pub(crate) load: String,
    pub(crate) rust: String,
    pub(crate) v8: &'static str,
    pub(crate) commit: String,
    pub(crate) command: String,
}

impl Machine {
    pub(crate) fn look() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let unknown = || "unknown".to_owned();
        let memory_kib = field(&read("/proc/meminfo"), "MemTotal")
            .and_then(|value| value.split(' ').next()?.parse::<f64>().ok())
            .unwrap_or_default();
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        Self {
            date: jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string(),
            processor: field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(unknown),
            processors: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gib: memory_kib / f64::from(1 << 20),
            system: format!("{} {}", std::env::consts::OS, read("/proc/sys/kernel/osrelease").trim()),
            load: read("/proc/loadavg").split(' ').next().unwrap_or("unknown").to_owned(),
            rust: first_line("rustc", &["--version"]).unwrap_or_else(unknown),
            v8: runtime_core::V8::version(),
            commit: commit().unwrap_or_else(unknown),
            command: format!("cargo xtask bench {}", arguments.join(" ")).trim_end().to_owned(),
        }
    }
}

fn commit() -> Option<String> {
    let commit = first_line("git", &["rev-parse", "--short", "HEAD"])?;
    let is_changed = first_line("git", &["status", "--porcelain", "--untracked-files=no"]).is_some();
    Some(if is_changed { format!("{commit} with changes") } else { commit })
}

fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next().map(str::to_owned)
}
