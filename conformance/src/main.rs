//! `wpt-runner`: runs web-platform-tests as guests of a runtime. Jobs come as lines of JSON on standard input, answers
//! go as lines of JSON to standard output, in the order in which they are ready. The first line says that the runtime
//! stands: whoever does not get it has no runner, which is nobody's test's fault.
//!
//! Not here: which tests there are, how a script is made of one, and what its results are compared with. That is
//! `cargo xtask wpt`, which links no V8 and therefore drives this program. Nor how many jobs run at once: whoever
//! sends them waits for answers before it sends more.
#![forbid(unsafe_code)]

mod host;
mod job;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use runtime_facade::{Capacity, Mode, ModeName, Runtime, RuntimeLimits, V8Config};
use runtime_server::ops::HttpClient;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::sync::mpsc;

use crate::host::Host;
use crate::job::Job;

/// Runs web-platform-tests as guests; started by `cargo xtask wpt`.
#[derive(Parser)]
#[command(version, about)]
struct Args {
    /// The execution mode.
    #[arg(long)]
    mode: ModeName,
    /// How many jobs are sent before the first is answered.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// The folder of the tests, from which data files are served.
    #[arg(long)]
    root: PathBuf,
    /// What the URLs of the tests begin with.
    #[arg(long)]
    origin: String,
    /// A server answers at the origin: nothing is served from the folder.
    #[arg(long)]
    live: bool,
    /// Certificate authorities, in PEM, that requests to servers trust beside Mozilla's.
    #[arg(long)]
    ca_file: Option<PathBuf>,
}

/// What a guest may use, beyond the time that its job says: more than any test needs that is not broken.
fn limits() -> RuntimeLimits {
    RuntimeLimits {
        heap_max_mb: 1024,
        cpu_ms: 120_000,
        startup_cpu_ms: 120_000,
        log_lines: 200,
        ..RuntimeLimits::unlimited()
    }
}

/// How many threads may be lost to tests that cannot be stopped.
const LOST_THREADS: usize = 64;

/// The first line.
const READY: &[u8] = b"\"ready\"\n";

#[tokio::main(worker_threads = 2)]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let jobs = args.jobs.max(1);
    let host = if args.live {
        let authorities = args.ca_file.as_deref();
        Host::live(authorities.map_or_else(|| Ok(HttpClient::new()), HttpClient::trusting)?)
    } else {
        Host::from_folder(args.root, &args.origin)
    };
    let capacity = Capacity {
        threads: Some(jobs),
        max_isolates: Some(2 * jobs),
        queue_timeout: Some(Duration::from_secs(600)),
        // Every test is a worker of its own, so that what is made ahead for another request of it is lost.
        prepare: Some(false),
        ..Capacity::default()
    };
    let runtime = Runtime::builder()
        .mode(Mode::named(args.mode, &capacity)?)
        .limits(limits())
        .v8(V8Config { lost_threads_budget: LOST_THREADS, ..V8Config::default() })
        .build()?;
    let (answers, mut answered) = mpsc::unbounded_channel();
    let host = Arc::new(host);
    let reader = tokio::spawn(async move {
        let mut lines = BufReader::new(tokio::io::stdin()).lines();
        while let Some(line) = lines.next_line().await? {
            let job: Job = serde_json::from_str(&line)?;
            let (runtime, host, answers) = (runtime.clone(), Arc::clone(&host), answers.clone());
            tokio::spawn(async move {
                let answer = job.run(&runtime, host).await;
                // Only a reader that is gone takes no answers.
                let _ = answers.send(answer);
            });
        }
        anyhow::Ok(())
    });
    let mut output = tokio::io::stdout();
    output.write_all(READY).await?;
    output.flush().await?;
    while let Some(answer) = answered.recv().await {
        let mut line = serde_json::to_vec(&answer)?;
        line.push(b'\n');
        output.write_all(&line).await?;
        output.flush().await?;
    }
    reader.await?
}
