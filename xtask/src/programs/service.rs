//! A runtime that listens: a child process, where it can be asked, and its end, which comes whatever happens.
//!
//! Not here: which runtime, and with what configuration.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::process;

/// Time to start listening, and to end after being asked to.
const PATIENCE: Duration = Duration::from_secs(120);

/// How much of the log is shown when a runtime ends before its time.
const TAIL: usize = 4_000;

/// A child process that listens; it is ended when this is dropped.
pub(super) struct Service {
    name: String,
    child: RefCell<Child>,
    log: PathBuf,
    /// What it writes to standard output; a thread reads it for as long as it writes.
    lines: Receiver<String>,
    addresses: BTreeMap<String, SocketAddr>,
}

impl Service {
    /// Starts the process. What it writes to standard error goes to the log.
    ///
    /// # Errors
    /// Fails if it cannot be started.
    pub(super) fn spawn(name: &str, command: &mut Command, log: PathBuf) -> Result<Self> {
        let errors = File::create(&log).with_context(|| format!("could not make {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors);
        let mut child = command.spawn().with_context(|| format!("could not start {name}"))?;
        let output = child.stdout.take().context("expected the output to be piped")?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                // Nobody listens once the process is known to do so, but its pipe must not fill up.
                let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
            }
        });
        Ok(Self { name: name.to_owned(), child: RefCell::new(child), log, lines, addresses: BTreeMap::new() })
    }

    /// Reads lines until each of the names has an address; `parse` finds in a line what it says of that.
    ///
    /// # Errors
    /// Fails if the process ends, or does not say so in time.
    pub(super) fn listen(
        mut self,
        names: &[&str],
        mut parse: impl FnMut(&str) -> Vec<(String, SocketAddr)>,
    ) -> Result<Self> {
        let deadline = Instant::now() + PATIENCE;
        while let Some(lacking) = names.iter().find(|name| !self.addresses.contains_key(**name)) {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => self.addresses.extend(parse(&line)),
                Err(RecvTimeoutError::Timeout) => bail!(
                    "expected {} to listen for {lacking} within {} s, but it does not:\n{}",
                    self.name,
                    PATIENCE.as_secs(),
                    self.tail()
                ),
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("expected {} to listen for {lacking}, but it ended:\n{}", self.name, self.tail())
                }
            }
        }
        Ok(self)
    }

    /// Where a case can be asked.
    ///
    /// # Errors
    /// Fails if it was not among the names of [`Service::listen`].
    pub(super) fn address(&self, case: &str) -> Result<SocketAddr> {
        let address = self.addresses.get(case);
        address.copied().with_context(|| format!("expected {} to listen for {case}", self.name))
    }

    /// How the process has ended, if it has, and its last words.
    pub(super) fn has_ended(&self) -> Option<String> {
        match self.child.borrow_mut().try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(format!("{status}\n{}", self.tail())),
            Err(error) => Some(error.to_string()),
        }
    }

    /// Asks the process to end, and waits until it has.
    ///
    /// # Errors
    /// Fails if it does not end in time; it is killed then.
    pub(super) fn end(self) -> Result<()> {
        let id = self.child.borrow().id();
        process::interrupt(id)?;
        let ended = process::until(PATIENCE, || self.child.borrow_mut().try_wait().transpose());
        ended
            .with_context(|| format!("expected {} to end within {} s", self.name, PATIENCE.as_secs()))?
            .with_context(|| format!("could not wait for {}", self.name))?;
        Ok(())
    }

    fn tail(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(TAIL)..]).trim().to_owned()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let child = self.child.get_mut();
        // Both fail only if it has ended, which is what they are for.
        let _ = child.kill();
        let _ = child.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, log: PathBuf) -> Service {
        Service::spawn("a shell", Command::new("sh").args(["-c", script]), log).unwrap()
    }

    fn parse(line: &str) -> Vec<(String, SocketAddr)> {
        line.parse().map(|address| vec![("a".to_owned(), address)]).unwrap_or_default()
    }

    #[test]
    fn a_process_that_does_not_listen_is_reported_with_its_last_words() {
        let folder = tempfile::tempdir().unwrap();
        let service = shell("echo starting; echo no port >&2; exit 3", folder.path().join("log"));
        let error = service.listen(&["a"], parse).err().unwrap().to_string();
        assert!(error.contains("it ended") && error.contains("no port"), "{error}");
    }

    #[test]
    fn a_process_that_listens_is_found_and_ends_when_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let service = shell("echo 127.0.0.1:9; exec sleep 600", folder.path().join("log"));
        let service = service.listen(&["a"], parse).unwrap();
        assert_eq!(service.address("a").unwrap().port(), 9);
        assert!(service.address("b").is_err() && service.has_ended().is_none());
        let id = service.child.borrow().id();
        drop(service);
        assert!(process::capture(Command::new("kill").args(["-0", &id.to_string()])).is_err());
    }
}
