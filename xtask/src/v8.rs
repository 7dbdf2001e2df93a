//! `cargo xtask v8`: make V8's static library available, and say where it came from.
//!
//! The sources are tried in a fixed order, the cheapest first: `.v8/`, what the user's environment names, the
//! sibling folder `../shared/v8`, the crate's own release page, a build from source. `docs/v8.md` explains each.
//!
//! Not here: linking. The `v8` crate finds the result through `.cargo/config.toml`.

mod artifact;
mod from_source;
mod places;
mod store;

use std::fmt;
use std::process::ExitCode;

use anyhow::{Context as _, Result};

use crate::context::Context;
use artifact::Artifact;
use places::Found;
use store::Store;

/// How to obtain V8.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Build from source even if a prebuilt library can be had; the result replaces the one in `.v8/`.
    #[arg(long, conflicts_with = "check")]
    from_source: bool,
    /// Change nothing: say what would be used. Exit status 1 if only a build from source is left.
    #[arg(long)]
    check: bool,
    /// The target triple; rustc's host, or `CARGO_BUILD_TARGET`, if left out.
    #[arg(long, value_name = "TRIPLE")]
    target: Option<String>,
    /// Parallel jobs of a build from source; all processors if left out.
    #[arg(long, short, value_name = "N")]
    jobs: Option<usize>,
}

pub(crate) fn run(context: &Context, args: &Args) -> Result<ExitCode> {
    let target = match &args.target {
        Some(target) => target.clone(),
        None => context.target()?,
    };
    let artifact = Artifact::of_workspace(context, &target)?;
    let store = Store::new(context.root());
    if args.from_source {
        let built = from_source::build(context, &artifact, &store, args.jobs)?;
        println!("{artifact}: {built}");
        return Ok(ExitCode::SUCCESS);
    }
    match search(context, &artifact, &store)? {
        Ok(found) if args.check => {
            println!("{artifact}: {found}");
            warn_if_overridden(&store, &found);
            Ok(ExitCode::SUCCESS)
        }
        Ok(found) => {
            let taken = take(&artifact, &store, found)?;
            println!("{artifact}: {taken}");
            warn_if_overridden(&store, &taken);
            Ok(ExitCode::SUCCESS)
        }
        Err(tried) if args.check => {
            println!("{artifact}: only a build from source is left; tried:\n{tried}");
            Ok(ExitCode::FAILURE)
        }
        Err(tried) => {
            eprintln!("{artifact} is not prebuilt anywhere in reach:\n{tried}");
            let built =
                from_source::build(context, &artifact, &store, args.jobs).with_context(|| advice(&tried))?;
            println!("{artifact}: {built}");
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Makes V8 available for the commands that build something; silent if it already is.
///
/// # Errors
/// Fails if no source has it and the build from source fails; the message says what was tried and what to do.
pub(crate) fn ensure(context: &Context) -> Result<()> {
    let artifact = Artifact::of_workspace(context, &context.target()?)?;
    let store = Store::new(context.root());
    if store.is_ready(&artifact) || places::user_builds_from_source() {
        return Ok(());
    }
    match search(context, &artifact, &store)? {
        Ok(found) => {
            let taken = take(&artifact, &store, found)?;
            eprintln!("{artifact}: {taken}");
        }
        Err(tried) => {
            eprintln!("{artifact} is not prebuilt anywhere in reach:\n{tried}");
            let built =
                from_source::build(context, &artifact, &store, None).with_context(|| advice(&tried))?;
            eprintln!("{artifact}: {built}");
        }
    }
    Ok(())
}

/// The places that had nothing, each with its reason.
struct Tried(Vec<String>);

impl fmt::Display for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, line) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "  - {line}")?;
        }
        Ok(())
    }
}

/// Asks the places in order; the outer error is a broken workspace, the inner one "nowhere".
fn search(
    context: &Context,
    artifact: &Artifact,
    store: &Store,
) -> Result<std::result::Result<Found, Tried>> {
    let mut tried = Vec::new();
    for place in places::in_order(context.root(), store) {
        match place.look(artifact, store) {
            Ok(Some(found)) => return Ok(Ok(found)),
            Ok(None) => tried.push(format!("{place}: {}", place.nothing())),
            // What the user named must work: a silent way round a broken setting would hide it.
            Err(error) if place.is_users_choice() => {
                return Err(error.context(format!("{place} does not give {artifact}")));
            }
            Err(error) => tried.push(format!("{place}: {error:#}")),
        }
    }
    Ok(Err(Tried(tried)))
}

/// Copies what was found into `.v8/` where there is something to copy, and remembers the source.
fn take(artifact: &Artifact, store: &Store, found: Found) -> Result<Found> {
    match &found {
        Found::Present { .. } | Found::Built { .. } => {}
        Found::Local { place, files } => store.install(artifact, files, &format!("from {place}"))?,
        Found::Remote { place, .. } => store.remember_remote(artifact, place)?,
    }
    Ok(found)
}

/// Cargo obeys the user's variables before `.v8/`; whoever reads our line must know.
fn warn_if_overridden(store: &Store, found: &Found) {
    if let Found::Present { .. } = found
        && let Some(place) = places::users_choice(store)
    {
        eprintln!("note: {place} is set, so cargo will take V8 from there and not from .v8/");
    }
}

fn advice(tried: &Tried) -> String {
    format!(
        "V8 could not be obtained. Tried, in this order:\n{tried}\n  - a build from source: failed, see below\n\
         What you can do: put a prebuilt library into ../shared/v8, or name a folder, file or mirror in \
         RUSTY_V8_ARCHIVE or RUSTY_V8_MIRROR, or repair what stopped the build and run `cargo xtask v8` again; \
         it goes on where it stopped. docs/v8.md has the details"
    )
}
