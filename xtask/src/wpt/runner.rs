//! Driving the runner: jobs go to it as lines, so many at once, and answers come back. A runner that ends before its
//! time is replaced, and whose fault that was is found out.
//!
//! Not here: V8, which the runner links.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::json;

use super::inventory::Test;
use super::results::{Answer, CRASH, MISSING, Results};
use super::script::{self, Script};

/// How the tests are run.
pub(super) struct Plan<'a> {
    /// The runner's program.
    pub(super) program: PathBuf,
    /// The tests' folder.
    pub(super) root: &'a Path,
    /// The execution mode.
    pub(super) mode: &'a str,
    /// The address of a live server.
    pub(super) server: Option<&'a str>,
    /// The certificate authorities of the live server.
    pub(super) ca_file: Option<&'a Path>,
    /// How many tests run at once.
    pub(super) jobs: usize,
}

impl Plan<'_> {
    fn origin(&self) -> &str {
        self.server.unwrap_or(script::ORIGIN)
    }
}

/// Beyond what a test gives itself: time to compile it, and for the others that run at the same time.
const WALL_BEYOND: Duration = Duration::from_secs(60);

/// Beyond that: a runner that has not answered by then does not do so any more.
const SILENCE_BEYOND: Duration = Duration::from_secs(60);

/// What a runner says first, once its runtime stands.
const READY: &[u8] = b"\"ready\"";

/// So much of what a runner said before its end is kept from the beginning, and so much from the end.
const GIST: usize = 1_000;

/// The beginning and the end of a long text.
fn gist(text: &str) -> String {
    let text = text.trim();
    let length = text.chars().count();
    if length <= 2 * GIST {
        return text.to_owned();
    }
    let beginning: String = text.chars().take(GIST).collect();
    let end: String = text.chars().skip(length - GIST).collect();
    format!("{beginning} [...] {end}")
}

/// Runs all tests, and tells `done` of each when it has ended.
///
/// # Errors
/// Fails if the runner cannot be started, or ends before it is ready.
pub(super) fn run(
    plan: &Plan<'_>,
    tests: &[Test],
    mut done: impl FnMut(&Test, &Results),
) -> Result<Vec<Results>> {
    let mut results: Vec<Option<Results>> = vec![None; tests.len()];
    let mut waiting: VecDeque<usize> = (0..tests.len()).collect();
    // Tests that were under way when a runner ended: each is run alone, to see which of them it was.
    let mut suspects: VecDeque<usize> = VecDeque::new();
    let mut runner: Option<Runner> = None;
    while !(waiting.is_empty() && suspects.is_empty() && runner.as_ref().is_none_or(Runner::is_idle)) {
        let current = match &mut runner {
            Some(current) => current,
            None => runner.insert(Runner::start(plan)?),
        };
        while current.can_take(if suspects.is_empty() { plan.jobs } else { 1 }) {
            let Some(index) = suspects.pop_front().or_else(|| waiting.pop_front()) else { break };
            let script = match script::generate(plan.root, &tests[index], plan.origin()) {
                Ok(script) => script,
                Err(error) => {
                    let found = Results::of_failure(MISSING, format!("{error:#}"));
                    done(&tests[index], &found);
                    results[index] = Some(found);
                    continue;
                }
            };
            if !current.send(index, &tests[index], &script) {
                break;
            }
        }
        if current.is_idle() {
            continue;
        }
        match current.next() {
            Next::Answer(index, found) => {
                done(&tests[index], &found);
                results[index] = Some(found);
            }
            Next::Nothing => {}
            Next::Ended => {
                let (unanswered, words) = runner.take().map(Runner::end).unwrap_or_default();
                if let [index] = unanswered[..] {
                    let found = Results::of_failure(CRASH, words);
                    done(&tests[index], &found);
                    results[index] = Some(found);
                } else {
                    suspects.extend(unanswered);
                }
            }
        }
    }
    Ok(results
        .into_iter()
        .map(|found| found.unwrap_or_else(|| Results::of_failure(CRASH, "the test was not run")))
        .collect())
}

/// One process of the runner, with the jobs that it has not answered.
struct Runner {
    child: Child,
    jobs: Option<ChildStdin>,
    answers: Receiver<Answer>,
    errors: JoinHandle<String>,
    under_way: BTreeMap<u64, (usize, Instant)>,
    next_id: u64,
}

enum Next {
    /// What a test, by its index, has given.
    Answer(usize, Results),
    /// An answer to nothing that was asked.
    Nothing,
    /// The runner has ended, or is as good as ended.
    Ended,
}

impl Runner {
    fn start(plan: &Plan<'_>) -> Result<Self> {
        let mut command = Command::new(&plan.program);
        command
            .args(["--mode", plan.mode, "--jobs", &plan.jobs.to_string()])
            .arg("--root")
            .arg(plan.root)
            .args(["--origin", plan.origin()])
            .args(plan.server.map(|_| "--live"))
            .args(plan.ca_file.into_iter().flat_map(|file| [OsStr::new("--ca-file"), file.as_os_str()]))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child =
            command.spawn().with_context(|| format!("could not start {}", plan.program.display()))?;
        let jobs = child.stdin.take();
        let output = child.stdout.take().context("expected the runner's output to be piped")?;
        let mut errors = child.stderr.take().context("expected the runner's errors to be piped")?;
        let (sender, answers) = mpsc::channel();
        let (tell_ready, ready) = mpsc::channel();
        thread::spawn(move || {
            let mut lines = BufReader::new(output).split(b'\n');
            if let Some(Ok(first)) = lines.next()
                && first == READY
            {
                let _ = tell_ready.send(());
            }
            drop(tell_ready);
            for line in lines {
                // A line that is cut off is the last one of a runner that ends.
                let Ok(Ok(answer)) = line.map(|line| serde_json::from_slice(&line)) else { break };
                if sender.send(answer).is_err() {
                    break;
                }
            }
        });
        let errors = thread::spawn(move || {
            let mut all = Vec::new();
            let _ = errors.read_to_end(&mut all);
            gist(&String::from_utf8_lossy(&all))
        });
        let runner = Self { child, jobs, answers, errors, under_way: BTreeMap::new(), next_id: 0 };
        if ready.recv().is_err() {
            let (_, words) = runner.end();
            bail!("the runner could not begin: {words}");
        }
        Ok(runner)
    }

    fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    fn can_take(&self, most: usize) -> bool {
        self.under_way.len() < most.max(1)
    }

    /// Sends a test. False if the runner does not take it, because it has ended.
    fn send(&mut self, index: usize, test: &Test, script: &Script) -> bool {
        let wall = script.timeout + WALL_BEYOND;
        let id = self.next_id;
        self.next_id += 1;
        let job = json!({
            "id": id,
            "name": test.name(),
            "source": script.source,
            "url": script.url,
            "wall_ms": u64::try_from(wall.as_millis()).unwrap_or(u64::MAX),
        });
        self.under_way.insert(id, (index, Instant::now() + wall + SILENCE_BEYOND));
        let Some(jobs) = &mut self.jobs else { return false };
        writeln!(jobs, "{job}").and_then(|()| jobs.flush()).is_ok()
    }

    fn next(&mut self) -> Next {
        let now = Instant::now();
        let last = self.under_way.values().map(|(_, deadline)| *deadline).min().unwrap_or(now);
        match self.answers.recv_timeout(last.saturating_duration_since(now)) {
            Ok(answer) => match self.under_way.remove(&answer.id) {
                Some((index, _)) => Next::Answer(index, Results::of(answer)),
                None => Next::Nothing,
            },
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Next::Ended,
        }
    }

    /// Ends the process if it has not ended. Returns the unanswered tests, and what can be said of the end.
    fn end(mut self) -> (Vec<usize>, String) {
        // The first fails if it has ended, which is what it is for.
        let _ = self.child.kill();
        let status = self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        let errors =
            std::mem::replace(&mut self.errors, thread::spawn(String::new)).join().unwrap_or_default();
        let unanswered = std::mem::take(&mut self.under_way).into_values().map(|(index, _)| index).collect();
        (unanswered, format!("the runner ended with {status}: {errors}"))
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        // Without jobs it ends by itself; there is no reason to wait for that.
        self.jobs = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    /// A runner written in shell: it answers every job, but dies of the test `b`.
    const FRAGILE: &str = r#"#!/bin/sh
echo '"ready"'
while read -r line; do
  case "$line" in
    *'"name":"url/b.any.js"'*) echo "it was b" >&2; exit 7;;
  esac
  id=$(printf '%s' "$line" | sed 's/.*"id":\([0-9]*\).*/\1/')
  echo "{\"id\":$id,\"outcome\":\"Ok\",\"message\":\"\",\"body\":\"{\\\"status\\\":0,\\\"tests\\\":[]}\",\"log\":[]}"
done
"#;

    fn write_program(folder: &Path, text: &str) -> PathBuf {
        let program = folder.join("runner");
        std::fs::write(&program, text).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        program
    }

    #[test]
    fn a_runner_that_could_not_begin_was_taken_for_a_crash_of_every_test() {
        let folder = tempfile::tempdir().unwrap();
        let program = write_program(folder.path(), "#!/bin/sh\necho 'no snapshot' >&2\nexit 1\n");
        let tests = [Test { file: "url/a.any.js".to_owned(), variant: String::new(), is_long: false }];
        let plan =
            Plan { program, root: folder.path(), mode: "worker", server: None, ca_file: None, jobs: 1 };
        let error = run(&plan, &tests, |_, _| {}).unwrap_err().to_string();
        assert!(error.contains("no snapshot"), "{error}");
    }

    #[test]
    fn of_a_long_text_both_ends_are_kept() {
        let long = format!("begin{}end", "-".repeat(3 * GIST));
        let short = gist(&long);
        assert!(short.starts_with("begin-") && short.ends_with("-end") && short.len() < long.len());
        assert_eq!(gist(" a \n"), "a");
    }

    #[test]
    fn the_test_that_takes_the_runner_down_is_found_and_the_others_are_run() {
        let folder = tempfile::tempdir().unwrap();
        for path in
            ["resources/testharness.js", "url/a.any.js", "url/b.any.js", "url/c.any.js", "url/d.any.js"]
        {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let program = write_program(folder.path(), FRAGILE);
        let tests = super::super::inventory::find(folder.path(), None, false).unwrap();
        let plan =
            Plan { program, root: folder.path(), mode: "worker", server: None, ca_file: None, jobs: 3 };
        let mut seen = 0;
        let results = run(&plan, &tests, |_, _| seen += 1).unwrap();
        let statuses: Vec<&str> = results.iter().map(|found| found.status.as_str()).collect();
        assert_eq!(statuses, ["OK", CRASH, "OK", "OK"]);
        assert!(results[1].message.contains("it was b"), "{}", results[1].message);
        assert_eq!(seen, 4);
    }
}
