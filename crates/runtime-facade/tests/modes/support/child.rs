//! Child processes: this test binary runs itself again for cases that may take the process down, or that need a
//! process in which nothing has happened yet.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};

const CASE: &str = "ISOLANE_TEST_CASE";
const ARGUMENT: &str = "ISOLANE_TEST_ARGUMENT";

/// How a child ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Whether it exited with 0.
    pub(crate) is_success: bool,
    /// Whether it had to be killed because it took too long.
    pub(crate) is_late: bool,
    /// Its exit status, as text.
    pub(crate) status: String,
    /// The lines that it printed with [`say`].
    pub(crate) said: Vec<String>,
    /// The end of what it wrote to its standard error.
    pub(crate) errors: String,
}

/// Marks the lines that are meant for the parent, among those that the test harness prints.
const MARK: &str = "isolane-child: ";

/// In a child: tells the parent something.
pub(crate) fn say(line: impl std::fmt::Display) {
    println!("\n{MARK}{line}");
}

/// Runs a case in a child process, at most for so long.
pub(crate) async fn run(case: &str, argument: &str, limit: Duration) -> Ended {
    let program = std::env::current_exe().expect("this program has a path");
    let mut child = tokio::process::Command::new(program)
        .args(["process::child", "--exact", "--nocapture", "--test-threads=1"])
        .env(CASE, case)
        .env(ARGUMENT, argument)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("this program can run itself");
    let output = child.stdout.take().expect("it is piped");
    let mut errors = child.stderr.take().expect("it is piped");
    let said = tokio::spawn(async move {
        let mut lines = BufReader::new(output).split(b'\n');
        let mut said = Vec::new();
        while let Ok(Some(line)) = lines.next_segment().await {
            if let Some(line) = String::from_utf8_lossy(&line).strip_prefix(MARK) {
                said.push(line.to_owned());
            }
        }
        said
    });
    let errors = tokio::spawn(async move {
        let mut all = Vec::new();
        let _ = errors.read_to_end(&mut all).await;
        String::from_utf8_lossy(&all[all.len().saturating_sub(4_000)..]).into_owned()
    });
    let (status, is_late) = match tokio::time::timeout(limit, child.wait()).await {
        Ok(status) => (status.expect("the child can be waited for"), false),
        Err(_elapsed) => {
            child.kill().await.expect("the child can be killed");
            (child.wait().await.expect("the child can be waited for"), true)
        }
    };
    Ended {
        is_success: status.success(),
        is_late,
        status: status.to_string(),
        said: said.await.expect("reading does not panic"),
        errors: errors.await.expect("reading does not panic"),
    }
}

/// In a child: the case to run and its argument. None in the parent.
pub(crate) fn case() -> Option<(String, String)> {
    Some((std::env::var(CASE).ok()?, std::env::var(ARGUMENT).unwrap_or_default()))
}
