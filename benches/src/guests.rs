//! The workers that are measured, each with the answer that it must give, so that a wrong answer is never timed as a
//! right one. What drives them is not here.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use runtime_facade::{Bindings, Call, Collected, Event, Ops, WorkerCode};

/// How long the host operation of [`Guest::with_io`] takes.
pub const IO_TIME: Duration = Duration::from_millis(5);

/// Rounds of the generator that [`Guest::cpu_bound`] runs.
const ROUNDS: u32 = 500_000;

const URL: &str = "http://localhost/measure";

const HELLO: &str = r#"
export default {
  fetch(request) {
    return new Response("hello from " + new URL(request.url).pathname, {
      headers: { "content-type": "text/plain; charset=utf-8" },
    });
  },
};
"#;

const WITH_IO: &str = r#"
export default {
  async fetch(request, env) {
    return new Response(String(await env.HOST.wait(41)));
  },
};
"#;

/// A worker, what its host does for it, and the answer that it must give.
pub struct Guest {
    source: String,
    code: WorkerCode,
    ops: Arc<dyn Ops>,
    answer: String,
}

/// A guest gave another answer than it must.
#[derive(Debug, thiserror::Error)]
#[error("expected status 200 and the body {expected:?} from the guest, found status {status} and {found:?}")]
pub struct WrongAnswer {
    expected: String,
    status: u16,
    found: String,
}

impl Guest {
    /// Answers with a short text: what is measured is everything around the guest.
    pub fn hello() -> Self {
        Self::new(HELLO.to_owned(), "hello from /measure".to_owned())
    }

    /// Computes for about a millisecond, without allocating.
    pub fn cpu_bound() -> Self {
        let source = format!(
            r#"
export default {{
  fetch() {{
    let state = 1;
    let sum = 0;
    for (let round = 0; round < {ROUNDS}; round++) {{
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      sum = (sum + (state >>> 16)) >>> 0;
    }}
    return new Response(String(sum));
  }},
}};
"#
        );
        let mut state = 1_u32;
        let mut sum = 0_u32;
        for _ in 0..ROUNDS {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            sum = sum.wrapping_add(state >> 16);
        }
        Self::new(source, sum.to_string())
    }

    /// Waits for a host operation of [`IO_TIME`] and answers with its result.
    pub fn with_io() -> Self {
        Self::new(WITH_IO.to_owned(), "42".to_owned())
    }

    fn new(source: String, answer: String) -> Self {
        Self { code: WorkerCode::from(source.as_str()), source, ops: Arc::new(Host::new()), answer }
    }

    /// A request to it.
    pub fn call(&self) -> Call {
        self.call_with(&self.code)
    }

    /// A request to a worker that does the same and whose source this process has never seen: nothing of it is in any
    /// cache.
    pub fn call_of_new_code(&self) -> Call {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        self.call_with(&WorkerCode::from(format!("// {number}\n{}", self.source)))
    }

    fn call_with(&self, code: &WorkerCode) -> Call {
        Call::new(code, self.event()).ops(self.ops())
    }

    /// The event that a request to it carries.
    pub fn event(&self) -> Event {
        Event::get(URL)
    }

    /// Its code.
    pub fn code(&self) -> &WorkerCode {
        &self.code
    }

    /// What its host does for it.
    pub fn ops(&self) -> Arc<dyn Ops> {
        Arc::clone(&self.ops)
    }

    /// Compares an answer with the one that it must give.
    ///
    /// # Errors
    /// If they differ.
    pub fn check(&self, collected: &Collected) -> Result<(), WrongAnswer> {
        if collected.status == 200 && collected.body == self.answer.as_bytes() {
            return Ok(());
        }
        Err(WrongAnswer {
            expected: self.answer.clone(),
            status: collected.status,
            found: collected.text().chars().take(200).collect(),
        })
    }
}

/// A host whose one operation takes [`IO_TIME`].
struct Host(Bindings);

impl Host {
    fn new() -> Self {
        Self(Bindings::default().method("HOST", "wait", |(value,): (u32,)| async move {
            tokio::time::sleep(IO_TIME).await;
            Ok::<u32, std::convert::Infallible>(value + 1)
        }))
    }
}

impl Ops for Host {
    fn bindings(&self) -> Bindings {
        self.0.clone()
    }
}
