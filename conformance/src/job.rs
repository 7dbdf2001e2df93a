//! One job: a script that runs a test, and what became of it.

use std::sync::Arc;

use runtime_facade::{Call, Event, Failure, Outcome, Runtime, RuntimeLimits, Script, WorkerCode};
use serde::{Deserialize, Serialize};

use crate::host::{Host, Logged};

/// What is to be run.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Job {
    /// Names the job in its answer.
    id: u64,
    /// The script's name, as stack traces show it.
    name: String,
    /// A classic script, whose listener for `fetch` answers with the results when there are some.
    source: String,
    /// The URL of the request, which is the worker's location as well.
    url: String,
    /// The time that it may take, in milliseconds.
    wall_ms: u64,
}

/// What became of it.
#[derive(Serialize)]
pub(crate) struct Answer {
    id: u64,
    /// The outcome's name, such as `Ok`.
    outcome: String,
    /// What happened, if it did not go well.
    message: String,
    /// The response's body; empty without one.
    body: String,
    /// What the guest logged.
    log: Vec<String>,
}

impl Job {
    /// Runs the script in a worker that nobody else has.
    pub(crate) async fn run(self, runtime: &Runtime, host: Arc<Host>) -> Answer {
        let Job { id, name, source, url, wall_ms } = self;
        let logged = Arc::new(Logged::new(host));
        let limits = RuntimeLimits { wall_ms, ..runtime.limits().clone() };
        let worker = format!("{name} {id}");
        let execute = async {
            let code = WorkerCode::new(Script::named(&name, source))
                .located_at(&url)
                .map_err(|error| Failure::new(Outcome::internal(), error.to_string()))?;
            let call = Call::new(code, Event::get(url))
                .owner(worker.as_str())
                .worker(worker.as_str())
                .limits(limits)
                .ops(Arc::clone(&logged) as _);
            runtime.execute(call).await?.collect().await
        };
        let ended = execute.await;
        let (outcome, message, body) = match ended {
            Ok(collected) => ("Ok".to_owned(), String::new(), collected.text()),
            Err(failure) => (failure.outcome.to_string(), failure.message, String::new()),
        };
        Answer { id, outcome, message, body, log: logged.take() }
    }
}
