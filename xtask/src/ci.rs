//! `cargo xtask ci`: everything that must be green before a change goes in, with the time of each step.
//!
//! The steps are in the order in which they are likely to fail and cheap to run; the tests come last, so that their
//! summaries stand at the end of a log.
//!
//! Not here: what a machine needs installed; `.ci/run` sees to that.

mod server;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{Package, TargetKind};

use crate::context::Context;
use crate::{bench, pending, process, programs, serve, test, tidy, v8, wpt};

/// Which steps to run.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run only the steps of these names.
    #[arg(value_name = "STEP")]
    only: Vec<String>,
    /// Go on after a step that fails; the exit status is still 1.
    #[arg(long)]
    keep_going: bool,
    /// Run the steps as well that take too long for every change.
    #[arg(long)]
    nightly: bool,
}

/// The modes that the facade's features and the server's `--mode` name.
const MODES: [&str; 4] = ["worker", "pool", "pinned", "shared"];

/// One thing that must be green.
struct Step {
    name: &'static str,
    when: When,
    /// What the tree lacks for this step, if it lacks something.
    missing: fn(&Context) -> Result<Option<String>>,
    run: fn(&Context) -> Result<()>,
}

/// When a step is run, unless its name is given.
#[derive(PartialEq, Eq)]
enum When {
    /// Before a change goes in.
    Always,
    /// Now and then.
    Nightly,
}

const STEPS: [Step; 15] = [
    Step { name: "v8", when: When::Always, missing: nothing, run: v8::ensure },
    Step { name: "format", when: When::Always, missing: nothing, run: format },
    Step { name: "tidy", when: When::Always, missing: nothing, run: tidy::check },
    Step { name: "lints", when: When::Always, missing: nothing, run: lints },
    Step { name: "features", when: When::Always, missing: no_features, run: features },
    Step { name: "loom", when: When::Always, missing: no_loom_test, run: loom },
    Step { name: "examples", when: When::Always, missing: no_examples, run: examples },
    Step { name: "serve", when: When::Always, missing: no_server, run: serve_modes },
    Step { name: "snapshot", when: When::Always, missing: no_server, run: freeze },
    Step { name: "types", when: When::Always, missing: no_server, run: declarations },
    Step { name: "bench", when: When::Always, missing: no_tables, run: measure },
    Step { name: "wpt", when: When::Always, missing: nothing, run: web_platform },
    Step { name: "programs", when: When::Always, missing: nothing, run: programs::check },
    Step { name: "wpt-all", when: When::Nightly, missing: nothing, run: all_of_web_platform },
    Step { name: "test", when: When::Always, missing: nothing, run: tests },
];

pub(crate) fn run(context: &Context, args: &Args) -> Result<ExitCode> {
    if let Some(unknown) = args.only.iter().find(|name| !STEPS.iter().any(|step| step.name == **name)) {
        let names = STEPS.map(|step| step.name).join(", ");
        bail!("expected a step out of {names}; found {unknown}");
    }
    let started = Instant::now();
    let mut table = Vec::new();
    let mut failed = false;
    for step in &STEPS {
        let is_wanted = match args.only.as_slice() {
            [] => args.nightly || step.when == When::Always,
            names => names.iter().any(|name| name == step.name),
        };
        if !is_wanted {
            continue;
        }
        eprintln!("==== {} ====", step.name);
        let began = Instant::now();
        let verdict = match perform(context, step) {
            Ok(verdict) => verdict,
            Err(error) => {
                eprintln!("error: {}: {error:#}", step.name);
                failed = true;
                "FAILED"
            }
        };
        table.push((step.name, verdict, began.elapsed()));
        if failed && !args.keep_going {
            break;
        }
    }
    println!("step      result   seconds");
    for (name, verdict, took) in table {
        println!("{name:<9} {verdict:<8} {:>7.1}", took.as_secs_f64());
    }
    println!(
        "{:<9} {:<8} {:>7.1}",
        "all",
        if failed { "FAILED" } else { "ok" },
        started.elapsed().as_secs_f64()
    );
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn perform(context: &Context, step: &Step) -> Result<&'static str> {
    if let Some(missing) = (step.missing)(context)? {
        if pending::excused(step.name, &missing) {
            return Ok("SKIPPED");
        }
        bail!("{missing}");
    }
    (step.run)(context)?;
    Ok("ok")
}

fn nothing(_: &Context) -> Result<Option<String>> {
    Ok(None)
}

fn format(context: &Context) -> Result<()> {
    process::run(context.cargo().args(["fmt", "--all", "--check"]))
}

fn lints(context: &Context) -> Result<()> {
    process::run(context.cargo().args(["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))
}

fn no_features(context: &Context) -> Result<Option<String>> {
    let facade = package(context, "runtime-facade")?;
    let lacking =
        MODES.iter().find(|mode| !facade.is_some_and(|facade| facade.features.contains_key(**mode)));
    Ok(lacking.map(|mode| format!("expected runtime-facade with a feature `{mode}`, found none")))
}

/// Each mode alone, all but one, all, none: a feature may only add.
fn features(context: &Context) -> Result<()> {
    for selected in feature_sets() {
        let mut command = context.cargo();
        command.args(["clippy", "--package", "runtime-facade", "--no-default-features"]);
        if !selected.is_empty() {
            command.args(["--features", &selected.join(",")]);
        }
        process::run(command.args(["--", "--deny", "warnings"]))?;
    }
    Ok(())
}

fn feature_sets() -> Vec<Vec<&'static str>> {
    let mut sets = vec![Vec::new()];
    sets.extend(MODES.map(|mode| vec![mode]));
    sets.extend(MODES.map(|left_out| MODES.into_iter().filter(|mode| *mode != left_out).collect()));
    sets.push(MODES.to_vec());
    sets
}

fn no_loom_test(context: &Context) -> Result<Option<String>> {
    let there = package(context, "runtime-admission")?.is_some_and(|package| {
        package.targets.iter().any(|target| target.is_test() && target.name == "loom")
    });
    Ok((!there).then(|| "expected a test `loom` in runtime-admission, found none".to_owned()))
}

/// The model checker's build has its own target folder: its flag would make cargo build everything else again.
fn loom(context: &Context) -> Result<()> {
    process::run(
        context
            .cargo()
            .env("RUSTFLAGS", "--cfg loom")
            .args(["test", "--package", "runtime-admission", "--release", "--test", "loom"])
            .args(["--target-dir", "target/loom"]),
    )
}

fn embed_examples(context: &Context) -> Result<Vec<&Package>> {
    let packages = context.metadata()?.workspace_packages();
    Ok(packages.into_iter().filter(|package| package.name.starts_with("embed-")).collect())
}

fn no_examples(context: &Context) -> Result<Option<String>> {
    let there = embed_examples(context)?;
    let lacking = MODES.iter().find(|mode| !there.iter().any(|package| package.name.ends_with(**mode)));
    Ok(lacking.map(|mode| format!("expected an example crate `embed-{mode}`, found none")))
}

/// Each by itself: in a build of the workspace another crate's features could hide a missing one.
fn examples(context: &Context) -> Result<()> {
    for package in embed_examples(context)? {
        process::run(context.cargo().args(["build", "--package", package.name.as_str()]))?;
    }
    Ok(())
}

fn no_server(context: &Context) -> Result<Option<String>> {
    no_program(context, "runtime-server", "isolane")
}

/// The program in its release build.
fn program(context: &Context) -> Result<PathBuf> {
    process::run(context.cargo().args([
        "build",
        "--release",
        "--package",
        "runtime-server",
        "--bin",
        "isolane",
    ]))?;
    Ok(context.metadata()?.target_directory.join("release/isolane").into())
}

fn serve_modes(context: &Context) -> Result<()> {
    let program = program(context)?;
    for mode in MODES {
        server::smoke(context.root(), &program, mode)
            .with_context(|| format!("the server in mode {mode}"))?;
    }
    Ok(())
}

/// Builds the base snapshot's file and checks it, in the release build that the server's step has made.
fn freeze(context: &Context) -> Result<()> {
    let out = context.metadata()?.target_directory.join("ci/isolane.snapshot");
    for check in [false, true] {
        let mut command = serve::isolane(context);
        command.arg("snapshot").arg("--out").arg(&out);
        if check {
            command.arg("--check");
        }
        process::run(&mut command)?;
    }
    Ok(())
}

/// TypeScript's checker accepts the examples with the declarations that the program writes. Left out, loudly, where there
/// is no npm to get it from: a test compares the declarations with what a guest finds, anywhere.
fn declarations(context: &Context) -> Result<()> {
    if !test::has_npm() {
        eprintln!("!!!! npm was not found: the declarations are not checked with TypeScript !!!!");
        return Ok(());
    }
    let check = context.root().join("examples/workers/check-types.sh");
    process::run(Command::new(check).arg(program(context)?))
}

fn no_tables(context: &Context) -> Result<Option<String>> {
    no_program(context, "benches", "tables")
}

/// The quick tables, into the target folder: the ones in `docs/` are measured on purpose and in full.
fn measure(context: &Context) -> Result<()> {
    let out = context.metadata()?.target_directory.join("ci");
    process::run(bench::tables(context).arg("--quick").arg("--out").arg(out))
}

/// Every so-manieth test is run in the modes other than the first, in the step for every change.
const SAMPLE: usize = 8;

/// Web-platform-tests: all of them in one mode, some in the others.
fn web_platform(context: &Context) -> Result<()> {
    wpt::check(context, SAMPLE)
}

fn all_of_web_platform(context: &Context) -> Result<()> {
    wpt::check(context, 1)
}

/// All of them, also after one has failed: the next run is half an hour away.
fn tests(context: &Context) -> Result<()> {
    test::run_tests(context, &["--no-fail-fast".into()])
}

fn no_program(context: &Context, package_name: &str, program: &str) -> Result<Option<String>> {
    let there = package(context, package_name)?.is_some_and(|package| {
        package.targets.iter().any(|target| target.kind.contains(&TargetKind::Bin) && target.name == program)
    });
    Ok((!there).then(|| format!("expected the program `{program}` in {package_name}, found none")))
}

fn package<'a>(context: &'a Context, name: &str) -> Result<Option<&'a Package>> {
    let packages = context.metadata()?.workspace_packages();
    Ok(packages.into_iter().find(|package| package.name.as_str() == name))
}

#[cfg(test)]
mod tests_of_ci {
    use super::*;

    #[test]
    fn every_mode_is_tried_alone_and_left_out_once() {
        let sets = feature_sets();
        assert_eq!(sets.len(), 2 * MODES.len() + 2);
        for mode in MODES {
            assert!(sets.contains(&vec![mode]));
            assert!(sets.iter().any(|set| set.len() == MODES.len() - 1 && !set.contains(&mode)));
        }
    }

    #[test]
    fn only_known_parts_are_excused() {
        for part in pending::PENDING {
            assert!(STEPS.iter().any(|step| step.name == *part) || *part == "headings", "{part}");
        }
    }
}
