//! The processes in which the parts are measured, and the words that they and their parent exchange: on the child's
//! standard output, lines that begin with `progress` and at the end one with `result`. Children that take turns wait for a
//! line on their standard input before each, and answer it with one that begins with `turn`.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde::de::DeserializeOwned;

use crate::parts::Part;
use crate::plan::Plan;
use crate::progress::{Progress, Steps};

const PROGRESS: &str = "progress ";
const RESULT: &str = "result ";
const TURN: &str = "turn ";

/// Measures a part in a process of its own.
pub(crate) fn measure<T: DeserializeOwned>(part: &Part, plan: &Plan, progress: &mut Progress) -> Result<T> {
    progress.begin(&part.to_string());
    let mut child = Child::start(part, plan, Stdio::inherit())?;
    let result = child.answer(RESULT, progress)?;
    child.end()?;
    progress.end();
    Ok(result)
}

/// Measures two parts in processes that take turns: what one turn of the first took stands beside what the next turn of the
/// second took. The speed of a machine that others use differs least between moments that follow each other.
pub(crate) fn measure_in_turns(
    parts: [&Part; 2],
    turns: usize,
    plan: &Plan,
    progress: &mut Progress,
) -> Result<Vec<[Vec<u64>; 2]>> {
    progress.begin(&format!("{} and {} in turns", parts[0], parts[1]));
    let [mut first, mut second] =
        [Child::start(parts[0], plan, Stdio::piped())?, Child::start(parts[1], plan, Stdio::piped())?];
    let mut samples = Vec::with_capacity(turns);
    for turn in 0..turns {
        samples.push([first.turn(progress)?, second.turn(progress)?]);
        progress.advance(turn as f64 / turns as f64);
    }
    first.end()?;
    second.end()?;
    progress.end();
    Ok(samples)
}

/// A process that measures a part, as its parent sees it.
struct Child {
    part: String,
    process: std::process::Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Child {
    fn start(part: &Part, plan: &Plan, input: Stdio) -> Result<Self> {
        let program = std::env::current_exe().context("this program cannot find itself")?;
        let mut command = Command::new(program);
        command.arg("--part").arg(serde_json::to_string(part)?);
        if plan.is_quick {
            command.arg("--quick");
        }
        let mut process = command
            .stdin(input)
            .stdout(Stdio::piped())
            .spawn()
            .context("the measuring process did not start")?;
        let output = process.stdout.take().context("the measuring process has no output")?;
        Ok(Self { part: part.to_string(), process, lines: BufReader::new(output).lines() })
    }

    /// What it says next in a line of this kind.
    fn answer<T: DeserializeOwned>(&mut self, kind: &str, progress: &mut Progress) -> Result<T> {
        for line in &mut self.lines {
            let line = line.context("the measuring process's output broke off")?;
            if let Some(share) = line.strip_prefix(PROGRESS) {
                progress.advance(share.parse().unwrap_or(0.0));
            } else if let Some(json) = line.strip_prefix(kind) {
                return serde_json::from_str(json).with_context(|| format!("the result of {}", self.part));
            }
        }
        let status = self.process.wait().context("the measuring process cannot be waited for")?;
        bail!("measuring {} failed: {status}; what it said is above", self.part)
    }

    /// Lets it take a turn.
    fn turn(&mut self, progress: &mut Progress) -> Result<Vec<u64>> {
        let input = self.process.stdin.as_mut().context("the measuring process has no input")?;
        // If it has ended, its answer says so.
        let _ = writeln!(input);
        self.answer(TURN, progress)
    }

    /// Waits for its end.
    fn end(mut self) -> Result<()> {
        let status = self.process.wait().context("the measuring process cannot be waited for")?;
        if !status.success() {
            bail!("measuring {} failed: {status}; what it said is above", self.part);
        }
        Ok(())
    }
}

/// The child's side: measures the part and tells the result.
pub(crate) fn answer(part: Part, plan: &Plan) -> Result<()> {
    let result = part.run(plan, &mut Steps::new(|share| println!("{PROGRESS}{share:.3}")))?;
    println!("{RESULT}{result}");
    Ok(())
}

/// The child's side of [`measure_in_turns`]: takes turns until the parent has had enough.
pub(crate) fn take_turns(mut turn: impl FnMut() -> Vec<u64>) -> Result<()> {
    for line in std::io::stdin().lines() {
        line.context("the parent's turns broke off")?;
        println!("{TURN}{}", serde_json::to_string(&turn())?);
    }
    Ok(())
}
