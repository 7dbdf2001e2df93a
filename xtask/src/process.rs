//! Running other programs: shown to the user, captured, or taking this process's place.
//!
//! Not here: what to run. No shell is involved anywhere; arguments are passed as they are.

use std::fmt::Write as _;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// The command as a user would type it, for messages.
pub(crate) fn shown(command: &Command) -> String {
    let mut line = program_name(command);
    for argument in command.get_args() {
        let argument = argument.to_string_lossy();
        let plain = !argument.is_empty()
            && argument.chars().all(|c| c.is_ascii_alphanumeric() || "-_=./:,@+%".contains(c));
        if plain {
            let _ = write!(line, " {argument}");
        } else {
            let _ = write!(line, " '{argument}'");
        }
    }
    line
}

fn program_name(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()
}

/// Prints the command, runs it to its end with this terminal, and fails if it fails.
///
/// # Errors
/// Fails if the program cannot be started or ends with another status than 0.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    eprintln!("+ {}", shown(command));
    run_quietly(command)
}

/// Like [`run`], without printing the command first.
///
/// # Errors
/// Fails if the program cannot be started or ends with another status than 0.
pub(crate) fn run_quietly(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("could not start `{}`: is it installed?", program_name(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", shown(command));
    }
    Ok(())
}

/// Runs the command and returns its standard output as text.
///
/// # Errors
/// Fails if the program cannot be started or ends with another status than 0; the error ends with what
/// the program wrote to standard error.
pub(crate) fn capture(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("could not start `{}`: is it installed?", program_name(command)))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` ended with {}: {}", shown(command), output.status, stderr.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Prints the command and lets it take this process's place, so that signals and the exit status are its own.
///
/// Where a process cannot be replaced, the command runs as a child and its status is passed on.
///
/// # Errors
/// Fails if the program cannot be started.
pub(crate) fn replace(command: &mut Command) -> Result<ExitCode> {
    eprintln!("+ {}", shown(command));
    replace_platform(command)
}

#[cfg(unix)]
fn replace_platform(command: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(error).with_context(|| format!("could not start `{}`", program_name(command)))
}

#[cfg(not(unix))]
fn replace_platform(command: &mut Command) -> Result<ExitCode> {
    let status = command.status().with_context(|| format!("could not start `{}`", program_name(command)))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(ExitCode::from(code))
}

/// Calls until it gives something or the time is over.
pub(crate) fn until<T>(deadline: Duration, mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    let started = Instant::now();
    loop {
        if let Some(value) = attempt() {
            return Some(value);
        }
        if started.elapsed() > deadline {
            return None;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Asks a process to end as Ctrl-C does.
///
/// # Errors
/// Fails if there is no such process.
pub(crate) fn interrupt(id: u32) -> Result<()> {
    run_quietly(Command::new("kill").args(["-INT", &id.to_string()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("/usr/bin/cargo");
        command.args(["run", "--bin", "isolane", "--", "two words"]);
        assert_eq!(shown(&command), "cargo run --bin isolane -- 'two words'");
    }

    #[cfg(unix)]
    #[test]
    fn a_failing_program_is_named_with_its_own_words() {
        let error = capture(Command::new("sh").args(["-c", "echo broken >&2; exit 3"])).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("sh") && text.contains("broken") && text.contains('3'), "{text}");
    }
}
