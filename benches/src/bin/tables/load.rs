//! Closed-loop load: clients that each send a request, check the answer, and send the next. How many there are and
//! for how long is their caller's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use benches::guests::Guest;
use benches::samples::{Percentiles, nanos};
use runtime_facade::Runtime;
use serde::{Deserialize, Serialize};

/// What the clients are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Clients {
    /// Tasks of one tokio runtime with a thread a processor, as in a server.
    Tasks,
    /// Threads of the operating system, each with a runtime of its own.
    Threads,
}

/// What came of a load.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Load {
    /// Requests a second.
    pub(crate) rate: f64,
    /// What they took, as each client saw it.
    pub(crate) latency: Percentiles,
}

impl Load {
    /// The medians over repetitions.
    pub(crate) fn median_of(repetitions: &[Self]) -> Self {
        let latencies: Vec<Percentiles> = repetitions.iter().map(|one| one.latency).collect();
        Self {
            rate: benches::samples::median(repetitions.iter().map(|one| one.rate)),
            latency: Percentiles::median_of(&latencies),
        }
    }
}

/// The runtime of clients that are tasks.
pub(crate) fn client_runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_time().build().context("no threads for the clients")
}

/// One client's runtime, on the calling thread.
pub(crate) fn own_runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_time().build().context("no runtime for a client")
}

/// Puts a runtime under load by so many clients for so long.
pub(crate) fn run(
    tasks: &tokio::runtime::Runtime,
    clients: (Clients, usize),
    runtime: &Runtime,
    guest: &Arc<Guest>,
    time: Duration,
) -> Result<Load> {
    let (kind, count) = clients;
    let stop = Arc::new(AtomicBool::new(false));
    let started = Instant::now();
    let client = || {
        let (runtime, guest, stop) = (runtime.clone(), Arc::clone(guest), Arc::clone(&stop));
        async move { client(&runtime, &guest, &stop, started + time).await }
    };
    let latencies: Vec<Vec<u64>> = match kind {
        Clients::Tasks => {
            let running: Vec<_> = (0..count).map(|_| tasks.spawn(client())).collect();
            running
                .into_iter()
                .map(|task| tasks.block_on(task).context("a client ended early")?)
                .collect::<Result<_>>()?
        }
        Clients::Threads => {
            let running: Vec<_> = (0..count)
                .map(|_| {
                    let client = client();
                    std::thread::spawn(move || own_runtime()?.block_on(client))
                })
                .collect();
            let joined = running.into_iter().map(std::thread::JoinHandle::join);
            joined
                .map(|ended| ended.map_err(|_| anyhow::anyhow!("a client panicked"))?)
                .collect::<Result<_>>()?
        }
    };
    let elapsed = started.elapsed();
    let latencies = latencies.concat();
    Ok(Load { rate: latencies.len() as f64 / elapsed.as_secs_f64(), latency: Percentiles::of(latencies) })
}

/// One client, until the time is over. An answer that is wrong stops all.
async fn client(runtime: &Runtime, guest: &Guest, stop: &AtomicBool, until: Instant) -> Result<Vec<u64>> {
    let mut latencies = Vec::with_capacity(4096);
    while !stop.load(Ordering::Relaxed) && Instant::now() < until {
        match request(runtime, guest).await {
            Ok(nanos) => latencies.push(nanos),
            Err(error) => {
                stop.store(true, Ordering::Relaxed);
                return Err(error);
            }
        }
    }
    Ok(latencies)
}

/// One request with its answer checked, in nanoseconds.
async fn request(runtime: &Runtime, guest: &Guest) -> Result<u64> {
    let started = Instant::now();
    let collected = runtime.execute(guest.call()).await?.collect().await?;
    guest.check(&collected)?;
    Ok(nanos(started.elapsed()))
}
