//! `cargo xtask wpt`: run web-platform-tests in the execution modes and compare them with what is expected.
//!
//! Not here: V8. Each test becomes one script (`script`), which the program `wpt-runner` of the crate `conformance`
//! runs as a guest (`runner`).

mod book;
mod expectations;
mod folders;
mod inventory;
mod meta;
mod page;
mod progress;
mod reasons;
mod record;
mod results;
mod runner;
mod script;
mod sources;
mod verdict;
mod versions;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use self::book::Book;
use self::inventory::Test;
use self::progress::Progress;
use self::reasons::Reasons;
use self::record::Record;
use self::results::Results;
use self::versions::Versions;
use crate::context::Context;
use crate::{process, v8};

/// Which tests to run, and how.
#[derive(clap::Args, Default)]
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
    /// The certificate authority of that server, in PEM, for the tests over TLS.
    #[arg(long, value_name = "FILE", requires = "wpt_server")]
    wpt_ca: Option<PathBuf>,
    /// How many tests run at once; twice as many as there are processors if left out, because most of them wait.
    #[arg(long, short)]
    jobs: Option<usize>,
    /// Run every so-manieth test only, the same ones every time; with `--mode all`, in all modes but the first.
    #[arg(long, value_name = "N", default_value_t = 1)]
    sample: usize,
    /// Show every subtest that does not pass, with what was said of it, and what the tests log.
    #[arg(long, short)]
    verbose: bool,
    /// Run them in a dev build: made in a fraction of the time, and several times as slow.
    #[arg(long)]
    dev: bool,
    /// Take what the tests give for what is expected of them.
    #[arg(long)]
    update_expectations: bool,
    /// Keep the figures of this run, of everything over a full checkout with a live server, for the page to show, with what
    /// is to be said of the checkout.
    #[arg(long, value_name = "LABEL", num_args = 0..=1, default_missing_value = "")]
    record: Option<String>,
    /// Run nothing: write the page anew from the expectations and the reasons.
    #[arg(long)]
    page: bool,
}

/// The name of all modes together.
const ALL: &str = "all";

/// The modes, in the order in which `all` runs them.
const MODES: [&str; 4] = ["worker", "pool", "pinned", "shared"];

/// Runs everything in the first mode and every so-manieth test in the others, as CI does. Where the tests cannot be had
/// they are left out, loudly: a machine needs no Debian for anything else.
///
/// # Errors
/// Fails if something is not as expected, or the tests cannot be run.
pub(crate) fn check(context: &Context, sample: usize) -> Result<()> {
    if let Err(error) = sources::locate(context, None) {
        eprintln!("!!!! web-platform-tests are left out: {error:#} !!!!");
        return Ok(());
    }
    let args = Args { mode: ALL.to_owned(), sample, ..Args::default() };
    if run(context, &args)? != ExitCode::SUCCESS {
        bail!("web-platform-tests are not as expected");
    }
    Ok(())
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<ExitCode> {
    let reasons = Reasons::read(context.root())?;
    let mut book = Book::read(context.root())?;
    if args.page {
        write_page(context.root(), &book, &reasons)?;
        return Ok(ExitCode::SUCCESS);
    }
    let modes: Vec<&str> = match args.mode.as_str() {
        ALL => MODES.to_vec(),
        mode if MODES.contains(&mode) => vec![mode],
        other => bail!("expected a mode out of {}, or all; found {other}", MODES.join(", ")),
    };
    let is_recordable =
        args.wpt_root.is_some() && args.wpt_server.is_some() && args.filter.is_none() && args.sample <= 1;
    if args.record.is_some() && !is_recordable {
        bail!(
            "what is recorded is a run of everything: give `--wpt-root` and `--wpt-server`, no filter, and no sample"
        );
    }
    if args.update_expectations && args.wpt_server.is_some() {
        bail!("expectations are of a run without a live server: leave `--wpt-server` out");
    }
    v8::ensure(context)?;
    let root = sources::locate(context, args.wpt_root.as_deref())?;
    let versions = Versions::of(&root)?;
    let program = build(context, args.dev)?;
    let all = inventory::find(&root, args.filter.as_deref(), args.wpt_server.is_some())?;
    if all.is_empty() {
        bail!("expected tests in {}, found none that match", root.display());
    }
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    let mut is_good = true;
    let mut first: Option<Vec<Results>> = None;
    for mode in &modes {
        let is_sampled = args.sample > 1 && (modes.len() == 1 || first.is_some());
        let tests = if is_sampled { inventory::sample(&all, args.sample) } else { all.clone() };
        let plan = runner::Plan {
            program: program.clone(),
            root: &root,
            mode,
            server: args.wpt_server.as_deref(),
            ca_file: args.wpt_ca.as_deref(),
            jobs: args.jobs.unwrap_or(2 * processors),
        };
        let began = Instant::now();
        let mut progress = Progress::over(mode, tests.len());
        let mut results = runner::run(&plan, &tests, |test, _| progress.advance(test))?;
        progress.finish();
        for (test, found) in tests.iter().zip(&mut results) {
            reasons.leave_out_unstable(test, found);
        }
        if args.verbose {
            verdict::details(&tests, &results);
        }
        verdict::table(mode, &tests, &results, began.elapsed());
        match &first {
            Some(first) => {
                let others: BTreeMap<String, Results> = tests.iter().map(Test::name).zip(results).collect();
                let differences = book::between_modes(&all, first, &others);
                is_good &= verdict::between_modes(modes[0], mode, &differences);
            }
            None => {
                let is_everything = args.filter.is_none() && !is_sampled;
                if args.update_expectations {
                    book.update(context.root(), &versions, &tests, &results, is_everything)?;
                }
                if args.wpt_server.is_some() {
                    eprintln!("not compared: the expectations are of a run without a live server");
                } else {
                    let comparison = book.compare(&versions, &tests, &results, is_everything);
                    let is_as_expected = verdict::against_expectations(&comparison, args.verbose);
                    if is_as_expected && is_everything {
                        write_page(context.root(), &book, &reasons)?;
                    }
                    is_good &= is_as_expected;
                }
                first = Some(results);
            }
        }
    }
    if let (Some(label), Some(first)) = (&args.record, &first) {
        if !is_good {
            bail!("what is recorded is the same in each mode, and this was not");
        }
        Record::of(label, &args.mode, &all, first, &reasons).write(context.root())?;
        write_page(context.root(), &book, &reasons)?;
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Writes the page, if it has changed.
fn write_page(workspace: &Path, book: &Book, reasons: &Reasons) -> Result<()> {
    let path = workspace.join(page::PAGE);
    let text = page::render(book, reasons, Record::read(workspace)?.as_ref());
    if fs::read_to_string(&path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    fs::write(&path, text).with_context(|| format!("could not write {}", path.display()))?;
    eprintln!("wrote {}", page::PAGE);
    Ok(())
}

/// Builds the runner, and returns where it is.
fn build(context: &Context, is_dev: bool) -> Result<PathBuf> {
    let mut command = context.cargo();
    command.args(["build", "--package", "conformance", "--bin", "wpt-runner"]);
    if !is_dev {
        command.arg("--release");
    }
    process::run(&mut command)?;
    let profile = if is_dev { "debug" } else { "release" };
    let name = format!("{profile}/wpt-runner{}", std::env::consts::EXE_SUFFIX);
    Ok(context.metadata()?.target_directory.join(name).into_std_path_buf())
}
