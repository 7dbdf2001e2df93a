//! `cargo xtask programs`: real programs from npm, bundled, answer in each mode what they answer in npm's workerd, byte
//! for byte.
//!
//! Not here: the programs themselves, which are in `conformance/programs`, each with the requests that it is sent.

mod answer;
mod client;
mod inventory;
mod isolane;
mod packages;
mod page;
mod report;
mod service;
mod workerd;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use self::answer::Answer;
use self::inventory::Case;
use self::packages::Packages;
use self::report::{Column, Report};
use self::service::Service;
use crate::context::Context;

/// Which programs to run, and how.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The execution mode, or `all`.
    #[arg(long, default_value = "worker")]
    mode: String,
    /// Run only the programs whose names contain this.
    #[arg(long)]
    filter: Option<String>,
    /// A built `isolane` to run; the release build of this tree, made first, if left out.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Write `docs/programs.md` from this run, which must be of all programs in all modes.
    #[arg(long)]
    page: bool,
}

/// The name of all modes together.
const ALL: &str = "all";

/// The modes, in the order in which `all` runs them.
const MODES: [&str; 4] = ["worker", "pool", "pinned", "shared"];

/// How long a request may take: some compute for long, on a machine that may be busy.
const PATIENCE: Duration = Duration::from_secs(120);

/// The answers of one runtime: a list for each case, in the order of its requests.
type Answers = Vec<Vec<Answer>>;

/// Runs all programs in all modes, as CI does. Where the packages cannot be had they are left out, loudly: a machine
/// needs no npm for anything else that must be green.
///
/// # Errors
/// Fails if an answer is not what workerd gives, or the programs cannot be run.
pub(crate) fn check(context: &Context) -> Result<()> {
    if let Err(error) = Packages::obtain(context).and_then(|packages| packages.workerd()) {
        eprintln!("!!!! real programs are left out: {error:#} !!!!");
        return Ok(());
    }
    let args = Args { mode: ALL.to_owned(), filter: None, program: None, page: false };
    if run(context, &args)? != ExitCode::SUCCESS {
        bail!("real programs do not answer as they do in workerd");
    }
    Ok(())
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<ExitCode> {
    let modes: Vec<&str> = match args.mode.as_str() {
        ALL => MODES.to_vec(),
        mode if MODES.contains(&mode) => vec![mode],
        other => bail!("expected a mode out of {}, or all; found {other}", MODES.join(", ")),
    };
    if args.page && (args.filter.is_some() || modes.len() != MODES.len()) {
        bail!("the page is of all programs in all modes: leave `--filter` out, and give `--mode all`");
    }
    let cases = inventory::read(context.root(), args.filter.as_deref())?;
    let packages = Packages::obtain(context)?;
    packages.bundle(&cases)?;
    let program = match &args.program {
        Some(program) => program
            .canonicalize()
            .with_context(|| format!("expected a built `isolane` in {}, found none", program.display()))?,
        None => isolane::build(context)?,
    };

    let expected = {
        let service = workerd::start(&packages, &cases)?;
        let first = ask_all("workerd", &cases, &service)?;
        // What answers otherwise the second time shows nothing about anybody else.
        let second = ask_all("workerd, again", &cases, &service)?;
        service.end()?;
        let unstable = report::unstable(&cases, &first, &second);
        if !unstable.is_empty() {
            bail!("expected programs that answer the same every time in workerd; these do not:\n{unstable}");
        }
        // A program that fails for another reason would agree with itself everywhere.
        let refused = report::without_effect(&cases, &first);
        if !refused.is_empty() {
            bail!("expected programs that answer otherwise with leave to make code; these do not: {refused}");
        }
        first
    };
    let mut report = Report::default();
    for mode in modes {
        let service = isolane::start(&packages, &program, &cases, mode)?;
        let found = ask_all(mode, &cases, &service)?;
        service.end()?;
        report.add(Column::compare(mode, &cases, &expected, &found));
    }

    print!("{}", report.differences());
    print!("{}", report.table(&cases));
    if args.page {
        let path = context.root().join(page::PAGE);
        let versions: BTreeMap<String, String> = packages::versions(context.root())?;
        fs::write(&path, page::render(&cases, &versions, &report))
            .with_context(|| format!("could not write {}", path.display()))?;
    }
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Sends every request of every case, one after the other.
fn ask_all(who: &str, cases: &[Case], service: &Service) -> Result<Answers> {
    let bar = report::progress(who, cases);
    let mut answers = Vec::with_capacity(cases.len());
    for case in cases {
        bar.set_message(case.id.clone());
        let address = service.address(&case.id)?;
        let mut of_case = Vec::with_capacity(case.program.requests.len());
        for request in &case.program.requests {
            of_case.push(client::ask(address, &case.host(), request, PATIENCE));
            bar.inc(1);
        }
        answers.push(of_case);
        if let Some(reason) = service.has_ended() {
            bail!("{who} ended while it ran {}: {reason}", case.id);
        }
    }
    bar.finish_and_clear();
    eprintln!("{who}: {} requests answered", answers.iter().map(Vec::len).sum::<usize>());
    Ok(answers)
}
