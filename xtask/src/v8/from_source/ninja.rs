//! Running ninja: one bar, an estimate, a log, and one more try where a precompiled header was to blame.
//!
//! Not here: the build plan, which gn writes, and the headers themselves.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

use super::headers;
use super::steps::{Work, clean, spoken, tail};
use super::tools::Toolchain;

/// Failures after which ninja stops: enough to see all files that one header breaks.
const FAILURES_BEFORE_STOP: &str = "20";

/// Time between two lines where there is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(60);

/// Builds the goals, going on from what is built.
///
/// # Errors
/// Fails if ninja does, for another reason than a precompiled header; the message ends with the log's end.
pub(super) fn build(work: &Work, toolchain: &Toolchain, goals: &[String], jobs: usize) -> Result<()> {
    loop {
        let failed = run_once(work, toolchain, goals, jobs)?;
        if failed.is_empty() {
            return Ok(());
        }
        let without = headers::do_without(work, &failed)?;
        if without == 0 {
            bail!("the compilation failed at {}; {}", failed.join(", "), tail(&work.log_path("ninja")));
        }
        eprintln!(
            "{without} files do not compile with the precompiled header: going on without it for them."
        );
    }
}

/// Runs ninja to its end, and returns the outputs that failed.
fn run_once(work: &Work, toolchain: &Toolchain, goals: &[String], jobs: usize) -> Result<Vec<String>> {
    let path = work.log_path("ninja");
    let mut log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("could not open {}", path.display()))?;
    let errors = log.try_clone().context("could not share the log")?;
    let mut command = toolchain.ninja();
    clean(&mut command)
        .arg("-C")
        .arg(work.out())
        .args(["-j", &jobs.to_string(), "-k", FAILURES_BEFORE_STOP])
        .args(goals)
        .env("NINJA_STATUS", "[%f/%t] ")
        // The crates that V8 links use features that only a nightly compiler has, or one told to act like it.
        .env("RUSTC_BOOTSTRAP", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(errors);
    let mut child = command.spawn().context("could not start ninja")?;
    let output = child.stdout.take().context("expected ninja's output to be piped")?;
    let mut progress = Progress::start();
    let mut failed = Vec::new();
    for line in BufReader::new(output).split(b'\n') {
        let line = line.context("could not read ninja's output")?;
        let line = String::from_utf8_lossy(&line);
        writeln!(log, "{line}").context("could not write ninja's log")?;
        if let Some((done, total)) = steps_of(&line) {
            progress.show(done, total);
        }
        failed.extend(failed_outputs(&line));
    }
    let status = child.wait().context("could not wait for ninja")?;
    progress.finish();
    if status.success() {
        return Ok(Vec::new());
    }
    if failed.is_empty() {
        bail!("ninja ended with {status}; {}", tail(&path));
    }
    Ok(failed)
}

/// The two numbers of a line `[n/m] what`.
fn steps_of(line: &str) -> Option<(u64, u64)> {
    let (done, total) = line.strip_prefix('[')?.split_once(']')?.0.split_once('/')?;
    Some((done.parse().ok()?, total.parse().ok()?))
}

/// The outputs of a line `FAILED: a b`; newer versions of ninja put `[code=N]` first.
fn failed_outputs(line: &str) -> Vec<String> {
    let Some(rest) = line.strip_prefix("FAILED: ") else { return Vec::new() };
    rest.split_whitespace().filter(|word| !word.starts_with("[code=")).map(str::to_owned).collect()
}

/// The time that is left, if the steps to come take as long as the ones of this run did.
fn estimate(elapsed: Duration, done: u64, total: u64) -> Option<Duration> {
    let left = total.checked_sub(done)?;
    // The first steps are quick and many: nothing useful can be said before some have passed.
    (done >= 20).then(|| elapsed.mul_f64(left as f64 / done as f64))
}

/// The bar on a terminal, a line a minute elsewhere.
struct Progress {
    bar: Option<ProgressBar>,
    started: Instant,
    last_line: Option<Instant>,
}

impl Progress {
    fn start() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("compiling V8 [{elapsed}] {wide_bar} {pos}/{len} {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            let bar = ProgressBar::new(0).with_style(style);
            bar.enable_steady_tick(Duration::from_secs(1));
            bar
        });
        Self { bar, started: Instant::now(), last_line: None }
    }

    fn show(&mut self, done: u64, total: u64) {
        let left = estimate(self.started.elapsed(), done, total)
            .map_or_else(String::new, |left| format!("about {} left", spoken(left)));
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
            bar.set_message(left);
        } else if self.last_line.is_none_or(|last| last.elapsed() >= LINE_INTERVAL) {
            eprintln!("compiling V8: {done} of {total} steps, {left}");
            self.last_line = Some(Instant::now());
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        eprintln!("compiling V8: this run took {}", spoken(self.started.elapsed()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ninjas_count_is_read_and_other_brackets_are_not() {
        assert_eq!(steps_of("[17/2370] CXX obj/v8/api.o"), Some((17, 2370)));
        assert_eq!(steps_of("[-Wunused] a warning"), None);
        assert_eq!(steps_of("../source/v8/src/a.cc:1: note"), None);
    }

    #[test]
    fn failed_outputs_are_read_from_old_and_new_ninja() {
        assert_eq!(failed_outputs("FAILED: obj/a.o obj/a.d"), ["obj/a.o", "obj/a.d"]);
        assert_eq!(failed_outputs("FAILED: [code=1] obj/a.o"), ["obj/a.o"]);
        assert!(failed_outputs("[1/2] FAILED: x").is_empty());
    }

    #[test]
    fn the_estimate_is_proportional_and_silent_at_first() {
        assert_eq!(estimate(Duration::from_secs(10), 5, 100), None);
        assert_eq!(estimate(Duration::from_secs(60), 50, 150), Some(Duration::from_secs(120)));
        assert_eq!(estimate(Duration::from_secs(60), 50, 50), Some(Duration::ZERO));
    }
}
