//! The server's smoke run: start, one request with a look at its answer, Ctrl-C, exit status 0.
//!
//! Not here: what the server's own tests assert. This is the program as a user starts it.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::process::{interrupt, until};

/// The worker that is served, and what it must answer.
const WORKER: &str = "examples/workers/hello.js";
const TARGET: &str = "/?name=Ada";
const BODY: &str = "Hello, Ada!\n";

/// Time for the server to listen, and to drain.
const PATIENCE: Duration = Duration::from_secs(60);

/// Serves the hello worker in one mode, asks it once and ends it.
///
/// # Errors
/// Fails if the server does not start, answers otherwise, or does not end with status 0.
pub(super) fn smoke(root: &Path, program: &Path, mode: &str) -> Result<()> {
    let address = free_address()?;
    let mut command = Command::new(program);
    command
        .current_dir(root)
        .args(["serve", WORKER, "--mode", mode, "--addr", &address.to_string()])
        // A machine that others use as well may charge a request for what they do.
        .args(["--cpu-ms", "2000", "--startup-cpu-ms", "4000"])
        .stdin(Stdio::null());
    eprintln!("+ isolane serve {WORKER} --mode {mode} --addr {address}");
    let child = command.spawn().with_context(|| format!("could not start {}", program.display()))?;
    let mut server = Server(child);

    let answer = until(PATIENCE, || match server.0.try_wait() {
        Ok(None) => ask(address).ok().map(Ok),
        Ok(Some(status)) => Some(Err(format!("it ended with {status}"))),
        Err(error) => Some(Err(format!("it cannot be waited for: {error}"))),
    });
    let answer = match answer {
        Some(Ok(answer)) => answer,
        Some(Err(reason)) => bail!("expected it to listen on {address}, but {reason}"),
        None => bail!("expected an answer on {address} within {} s, found none", PATIENCE.as_secs()),
    };
    let status = answer.lines().next().unwrap_or_default();
    if !status.starts_with("HTTP/1.1 200") || !answer.contains(BODY) {
        bail!("expected status 200 and the body {BODY:?}, found {answer:?}");
    }

    interrupt(server.0.id())?;
    let ended = until(PATIENCE, || server.0.try_wait().transpose())
        .with_context(|| format!("expected it to drain within {} s, but it runs on", PATIENCE.as_secs()))?
        .context("could not wait for it")?;
    if ended.code() != Some(0) {
        bail!("expected exit status 0 after Ctrl-C, found {ended}");
    }
    eprintln!("{mode}: answered, drained, status 0");
    Ok(())
}

/// A port that was free a moment ago; the server says so if somebody else was quicker.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("could not find a free port")?;
    listener.local_addr().context("could not find a free port")
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {TARGET} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Ends the server if the smoke run does not.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only if it has ended, which is what they are for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_ends_at_once_is_reported_and_not_waited_for() {
        let error = smoke(Path::new("."), Path::new("false"), "worker").unwrap_err().to_string();
        assert!(error.contains("ended with"), "{error}");
    }
}
