//! The folder of a build from source, its steps and their logs.
//!
//! Not here: what the steps do.

use std::fs::{self, File, OpenOptions};
use std::io::{IsTerminal, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

use crate::process::shown;
use crate::v8::artifact::Artifact;

/// Lines of a log that an error repeats.
const TAIL_LINES: usize = 20;

/// The folder of one build; at most one process works in it.
pub(super) struct Work {
    folder: PathBuf,
    /// Held until the build ends, so that two builds do not write the same files.
    _lock: File,
}

impl Work {
    /// Makes the folder, or goes on in the one that is there.
    ///
    /// # Errors
    /// Fails if the folder cannot be made or another process builds in it.
    pub(super) fn open(store: &Path, artifact: &Artifact) -> Result<Self> {
        let name = format!("build-{}{}-{}", artifact.tag(), artifact.features, artifact.target);
        let folder = store.join(name);
        fs::create_dir_all(folder.join("log"))
            .and_then(|()| fs::create_dir_all(folder.join("done")))
            .with_context(|| format!("could not make the folder {}", folder.display()))?;
        let lock = File::create(folder.join("lock")).context("could not make the build's lock file")?;
        if lock.try_lock().is_err() {
            bail!("another process builds in {}: wait for it, or end it", folder.display());
        }
        Ok(Self { folder, _lock: lock })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// V8's source tree.
    pub(super) fn source(&self) -> PathBuf {
        self.folder.join("source")
    }

    /// The folder that gn and ninja write.
    pub(super) fn out(&self) -> PathBuf {
        self.folder.join("out")
    }

    /// The log of a step.
    pub(super) fn log_path(&self, name: &str) -> PathBuf {
        self.folder.join("log").join(format!("{name}.log"))
    }

    /// Does a step, unless it was done before with the same input.
    ///
    /// # Errors
    /// Fails if the step does, with the end of its log.
    pub(super) fn step(
        &self,
        name: &str,
        title: &str,
        input: &str,
        body: impl FnOnce(&Log) -> Result<()>,
    ) -> Result<()> {
        let done = self.folder.join("done").join(name);
        if fs::read_to_string(&done).is_ok_and(|before| before == input) {
            return Ok(());
        }
        let log = Log::start(&self.log_path(name))?;
        let spinner = Spinner::start(title);
        let started = Instant::now();
        body(&log).with_context(|| log.end()).with_context(|| format!("{title} failed"))?;
        spinner.finish(&format!("{title}: done in {}", spoken(started.elapsed())));
        fs::write(&done, input).with_context(|| format!("could not write {}", done.display()))
    }
}

/// A log file that commands write to.
pub(super) struct Log {
    path: PathBuf,
}

impl Log {
    fn start(path: &Path) -> Result<Self> {
        File::create(path).with_context(|| format!("could not write {}", path.display()))?;
        Ok(Self { path: path.to_path_buf() })
    }

    /// Runs a command to its end, its output in the log.
    ///
    /// # Errors
    /// Fails if the command cannot be started or ends with another status than 0.
    pub(super) fn run(&self, command: &mut Command) -> Result<()> {
        let mut file = OpenOptions::new()
            .append(true)
            .open(&self.path)
            .with_context(|| format!("could not open {}", self.path.display()))?;
        writeln!(file, "+ {}", shown(command)).context("could not write the log")?;
        let output = file.try_clone().context("could not share the log")?;
        let status = clean(command)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(file)
            .status()
            .with_context(|| format!("could not start `{}`", shown(command)))?;
        if !status.success() {
            bail!("`{}` ended with {status}", shown(command));
        }
        Ok(())
    }

    fn end(&self) -> String {
        tail(&self.path)
    }
}

/// The last lines of a log, and where the rest is.
pub(super) fn tail(log: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let from = lines.len().saturating_sub(TAIL_LINES);
    format!("the end of {}:\n{}\n", log.display(), lines[from..].join("\n"))
}

/// Takes away what cargo sets for this program and what would lead a child astray.
///
/// A build script of the tree must not see our crate's variables, and clang must not load Rust's LLVM.
pub(super) fn clean(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let ours = text.starts_with("CARGO_PKG_")
            || text.starts_with("CARGO_MANIFEST_")
            || text.starts_with("RUSTY_V8_");
        if ours || text == "LD_LIBRARY_PATH" || text == "CARGO_TARGET_DIR" {
            command.env_remove(name);
        }
    }
    command
}

/// A sign of life: a spinner on a terminal, a line elsewhere.
struct Spinner(Option<ProgressBar>);

impl Spinner {
    fn start(title: &str) -> Self {
        if !std::io::stderr().is_terminal() {
            eprintln!("{title} ...");
            return Self(None);
        }
        let style = ProgressStyle::with_template("{spinner} {msg} [{elapsed}]")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::new_spinner().with_style(style).with_message(title.to_owned());
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(Some(bar))
    }

    fn finish(self, message: &str) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
        eprintln!("{message}");
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// A duration in the unit that fits.
pub(super) fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v8::artifact::sample;

    #[test]
    fn a_step_that_was_done_is_not_done_again_until_its_input_changes() {
        let folder = tempfile::tempdir().unwrap();
        let artifact = sample(&folder.path().join("crate"));
        let work = Work::open(folder.path(), &artifact).unwrap();
        let mut runs = 0;
        for input in ["a", "a", "b"] {
            work.step("once", "counting", input, |_| {
                runs += 1;
                Ok(())
            })
            .unwrap();
        }
        assert_eq!(runs, 2);
    }

    #[cfg(unix)]
    #[test]
    fn a_failed_step_shows_the_end_of_its_log_and_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let artifact = sample(&folder.path().join("crate"));
        let work = Work::open(folder.path(), &artifact).unwrap();
        let fail = |log: &Log| log.run(Command::new("sh").args(["-c", "echo the disk is full; exit 1"]));
        let error = format!("{:#}", work.step("fails", "failing", "", fail).unwrap_err());
        assert!(error.contains("the disk is full"), "{error}");
        work.step("fails", "failing", "", |_| Ok(())).unwrap();
    }

    #[test]
    fn two_builds_do_not_share_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let artifact = sample(&folder.path().join("crate"));
        let first = Work::open(folder.path(), &artifact).unwrap();
        assert!(Work::open(folder.path(), &artifact).is_err());
        drop(first);
        assert!(Work::open(folder.path(), &artifact).is_ok());
    }
}
