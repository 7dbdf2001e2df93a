//! What the groups share: a client's runtime, the limits, and a worker that does one thing many times.

use std::time::{Duration, Instant};

use runtime_facade::{Event, RuntimeLimits, Task, Worker};

/// A client's runtime, on the measuring thread.
pub(crate) fn client() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime without I/O needs nothing")
}

/// The default limits, but for times: criterion decides how much one request does.
pub(crate) fn limits() -> RuntimeLimits {
    RuntimeLimits { cpu_ms: 0, wall_ms: 0, startup_cpu_ms: 0, ..RuntimeLimits::default() }
}

/// A worker whose task runs a piece of guest code as often as it is told.
pub(crate) struct Repeater {
    client: tokio::runtime::Runtime,
    worker: Worker,
}

impl Repeater {
    /// `setup` runs once; `work` many times, and must leave a number in `check` that is `expected` every time.
    pub(crate) fn new(setup: &str, work: &str, expected: u32) -> Self {
        let source = format!(
            "{setup}
            export default {{
              task({{ payload }}) {{
                for (let round = 0; round < payload; round++) {{
                  let check;
                  {work}
                  if (check !== {expected}) throw new Error('expected {expected}, found ' + check);
                }}
                return payload;
              }},
            }};"
        );
        let client = client();
        let worker = client.block_on(Worker::new(source, limits())).expect("the guest's code loads");
        Self { client, worker }
    }

    /// How long it takes to do it so often. A request's own time is in it once.
    pub(crate) fn time(&mut self, rounds: u64) -> Duration {
        let task = Task { payload: rounds.into(), ..Task::default() };
        let started = Instant::now();
        let answer =
            self.client.block_on(async { self.worker.exec(Event::Task(task)).await?.collect().await });
        let elapsed = started.elapsed();
        assert_eq!(answer.expect("the task ends well").text(), rounds.to_string());
        elapsed
    }
}
