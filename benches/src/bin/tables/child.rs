//! The processes in which the parts are measured, and the words that they and their parent exchange: on the child's
//! standard output, lines that begin with `progress` and at the end one with `result`.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde::de::DeserializeOwned;

use crate::parts::Part;
use crate::plan::Plan;
use crate::progress::{Progress, Steps};

const PROGRESS: &str = "progress ";
const RESULT: &str = "result ";

/// Measures a part in a process of its own.
pub(crate) fn measure<T: DeserializeOwned>(part: &Part, plan: &Plan, progress: &mut Progress) -> Result<T> {
    let program = std::env::current_exe().context("this program cannot find itself")?;
    let mut command = Command::new(program);
    command.arg("--part").arg(serde_json::to_string(part)?);
    if plan.is_quick {
        command.arg("--quick");
    }
    progress.begin(&part.to_string());
    let mut child = command.stdout(Stdio::piped()).spawn().context("the measuring process did not start")?;
    let output = child.stdout.take().context("the measuring process has no output")?;
    let mut result = None;
    for line in BufReader::new(output).lines() {
        let line = line.context("the measuring process's output broke off")?;
        if let Some(share) = line.strip_prefix(PROGRESS) {
            progress.advance(share.parse().unwrap_or(0.0));
        } else if let Some(json) = line.strip_prefix(RESULT) {
            result = Some(serde_json::from_str(json).with_context(|| format!("the result of {part}"))?);
        }
    }
    let status = child.wait().context("the measuring process cannot be waited for")?;
    progress.end();
    match result {
        Some(result) if status.success() => Ok(result),
        _ => bail!("measuring {part} failed: {status}; what it said is above"),
    }
}

/// The child's side: measures the part and tells the result.
pub(crate) fn answer(part: Part, plan: &Plan) -> Result<()> {
    let result = part.run(plan, &mut Steps::new(|share| println!("{PROGRESS}{share:.3}")))?;
    println!("{RESULT}{result}");
    Ok(())
}
