//! `cargo xtask wpt`: run web-platform-tests in the execution modes and compare them with what is expected.
//!
//! Not here: V8. Each test becomes one script (`script`), which the program `wpt-runner` of the crate `conformance`
//! runs as a guest (`runner`).

mod folders;
mod inventory;
mod meta;
mod results;
mod runner;
mod script;
mod sources;

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

use self::inventory::Test;
use self::results::{Counts, Results};
use crate::context::Context;
use crate::{process, v8};

/// Which tests to run, and how.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The execution mode, or `all`.
    #[arg(long, default_value = "worker")]
    mode: String,
    /// Run only the tests whose names (`url/a.any.js?variant`) contain this.
    #[arg(long)]
    filter: Option<String>,
    /// The folder of a checkout of web-platform-tests; the part that Debian's `nodejs` carries if left out.
    #[arg(long, value_name = "DIR")]
    wpt_root: Option<PathBuf>,
    /// The address of a live server of that checkout, such as `http://127.0.0.1:8000`.
    #[arg(long, value_name = "URL")]
    wpt_server: Option<String>,
    /// How many tests run at once; twice as many as there are processors if left out, because most of them wait.
    #[arg(long, short)]
    jobs: Option<usize>,
    /// Run every so-manieth test only, the same ones every time.
    #[arg(long, value_name = "N", default_value_t = 1)]
    sample: usize,
    /// Show every subtest that does not pass, with what was said of it, and what the tests log.
    #[arg(long, short)]
    verbose: bool,
}

const MODES: [&str; 4] = ["worker", "pool", "pinned", "shared"];

pub(crate) fn run(context: &Context, args: &Args) -> Result<ExitCode> {
    let modes: Vec<&str> = match args.mode.as_str() {
        "all" => MODES.to_vec(),
        mode if MODES.contains(&mode) => vec![mode],
        other => bail!("expected a mode out of {}, or all; found {other}", MODES.join(", ")),
    };
    v8::ensure(context)?;
    let root = sources::locate(context, args.wpt_root.as_deref())?;
    let program = build(context)?;
    let tests = inventory::find(&root, args.filter.as_deref(), args.wpt_server.is_some())?;
    let tests = inventory::sample(&tests, args.sample);
    if tests.is_empty() {
        bail!("expected tests in {}, found none that match", root.display());
    }
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    for mode in modes {
        let plan = runner::Plan {
            program: program.clone(),
            root: &root,
            mode,
            server: args.wpt_server.as_deref(),
            jobs: args.jobs.unwrap_or(2 * processors),
        };
        let began = Instant::now();
        let mut progress = Progress::over(mode, tests.len());
        let results = runner::run(&plan, &tests, |test, _| progress.advance(test))?;
        progress.finish();
        if args.verbose {
            for (test, found) in tests.iter().zip(&results) {
                show(test, found);
            }
        }
        table(mode, &tests, &results, began.elapsed());
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds the runner, and returns where it is.
fn build(context: &Context) -> Result<PathBuf> {
    process::run(context.cargo().args([
        "build",
        "--release",
        "--package",
        "conformance",
        "--bin",
        "wpt-runner",
    ]))?;
    let name = format!("release/wpt-runner{}", std::env::consts::EXE_SUFFIX);
    Ok(context.metadata()?.target_directory.join(name).into_std_path_buf())
}

/// Shows what of a test did not pass.
fn show(test: &Test, found: &Results) {
    let counts = found.counts();
    println!("{}: {}, {} passed, {} failed", test.name(), found.status, counts.passed, counts.failed);
    if !found.message.is_empty() {
        println!("    {}", found.message);
    }
    for (name, (status, message)) in &found.subtests {
        if *status != results::Status::Pass {
            println!("  {status} {name}\n    {message}");
        }
    }
    for line in &found.log {
        println!("  log {line}");
    }
}

/// Prints a row a folder.
fn table(mode: &str, tests: &[Test], results: &[Results], took: Duration) {
    let mut rows: BTreeMap<&str, Counts> = BTreeMap::new();
    for (test, found) in tests.iter().zip(results) {
        let row = folders::of(&test.file).map_or("others", |folder| folder.name);
        *rows.entry(row).or_default() += found.counts();
    }
    println!("{mode}: {} tests in {:.1} s", tests.len(), took.as_secs_f64());
    for (row, Counts { passed, failed }) in rows {
        println!("{row:<36} {passed:>6} passed {failed:>6} failed");
    }
}

/// A bar over all tests, or a line now and then where there is no terminal.
struct Progress {
    bar: ProgressBar,
    mode: String,
    last_line: Instant,
}

/// Time between two lines where there is no terminal.
const LINE_INTERVAL: Duration = Duration::from_secs(30);

impl Progress {
    fn over(mode: &str, tests: usize) -> Self {
        let style = ProgressStyle::with_template("{elapsed:>4} [{wide_bar}] {pos}/{len}, {eta} left: {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(tests as u64).with_style(style.progress_chars("=> "));
        Self { bar, mode: mode.to_owned(), last_line: Instant::now() }
    }

    fn advance(&mut self, test: &Test) {
        self.bar.set_message(test.name());
        self.bar.inc(1);
        if !std::io::stderr().is_terminal() && self.last_line.elapsed() > LINE_INTERVAL {
            eprintln!("{}: {} of {} tests", self.mode, self.bar.position(), self.bar.length().unwrap_or(0));
            self.last_line = Instant::now();
        }
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
