//! `tables`: measures all modes here and now, prints the tables, and writes the page `benchmarks.md` with its charts.
//!
//! Every measurement runs in a process of its own (this program again, with `--part`), since what is set up once a
//! process differs between them, and since none may feel what another has left behind.
#![forbid(unsafe_code)]

mod child;
mod contestants;
mod load;
mod machine;
mod page;
mod parts;
mod plan;
mod progress;
mod results;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser;

use crate::parts::Part;
use crate::plan::{Plan, Table};

/// Measures start-up, throughput, contention and memory of all execution modes, and prints the tables.
///
/// A full run writes docs/benchmarks.md and its charts. A quick run, or one of single tables, writes only with --out.
#[derive(Parser)]
#[command(name = "tables")]
struct Args {
    /// Measure for a short time only: about a minute in all, with more noise.
    #[arg(long)]
    quick: bool,
    /// The folder that gets benchmarks.md and the folder benchmarks/ with the charts.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Measure only these tables.
    #[arg(long, value_name = "NAME", value_enum)]
    only: Vec<Table>,
    /// End with status 1 if a figure misses its mark.
    #[arg(long)]
    check: bool,
    /// One measurement, as the parent process asks for it.
    #[arg(long, hide = true, value_name = "JSON")]
    part: Option<String>,
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let plan = Plan::new(args.quick);
    if let Some(part) = &args.part {
        let part: Part = serde_json::from_str(part).context("expected a part as JSON in --part")?;
        child::answer(part, &plan)?;
        return Ok(ExitCode::SUCCESS);
    }
    let is_whole = args.only.is_empty();
    let tables = if is_whole { Table::ALL.to_vec() } else { args.only };
    let machine = machine::Machine::look();
    let results = results::measure(&plan, &tables)?;
    let page = page::Page::new(&machine, &plan, &results);
    println!("{}", page.text());
    let out = match args.out {
        Some(out) => Some(out),
        None if is_whole && !args.quick => Some(docs()),
        None => None,
    };
    match out {
        Some(out) => {
            let written = page.write(&out)?;
            eprintln!("wrote {} and {} charts", written.page.display(), written.charts);
        }
        None => eprintln!("nothing was written; give --out, or make a full run for docs/benchmarks.md"),
    }
    let has_missed = page::marks(&results).iter().any(|mark| !mark.is_met);
    Ok(if args.check && has_missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The workspace's `docs`, below which the full run's page is.
fn docs() -> PathBuf {
    // Cargo sets the variable for what it runs; the program by itself writes below the folder it is run in.
    std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from("docs"), |benches| PathBuf::from(benches).join("../docs"))
}
