//! The guest's world in real isolates: workers that check it from the inside (`scripts/`), and what their host sees of
//! them. How modes use it, and the command line, have their tests in the crates that make them.

mod console;
mod events;
mod hostile;
mod natives;
mod platform;
mod tables;
mod turns;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue};
use parking_lot::Mutex;
use runtime_core::{Failure, RuntimeLimits, TurnThreads};
use runtime_web::{
    Body, Collected, Event, Execution, FetchRequest, FetchResponse, LogRecord, OpError, Ops, Session,
    WorkerCode,
};

/// Limits for checks that are about results: a debug build is slow.
fn generous() -> RuntimeLimits {
    RuntimeLimits { cpu_ms: 0, wall_ms: 0, work_cpu_ms: 0, heap_max_mb: 64, ..RuntimeLimits::default() }
}

/// A worker in an isolate of its own, which keeps its context from one event to the next.
struct Guest {
    session: Session,
    host: Arc<Host>,
}

impl Guest {
    async fn new(code: &str) -> Self {
        Self::with(generous(), code).await
    }

    async fn with(limits: RuntimeLimits, code: &str) -> Self {
        Self::of(limits, WorkerCode::from(code.to_owned())).await
    }

    async fn of(limits: RuntimeLimits, code: WorkerCode) -> Self {
        runtime_web::ensure_init().expect("V8 starts");
        let threads = TurnThreads::shared().expect("turn threads start");
        let limits = Arc::new(limits);
        let isolate = threads.make_isolate(&limits).await.expect("an isolate is made");
        let host = Arc::new(Host::default());
        let ops = Arc::clone(&host) as Arc<dyn Ops>;
        let session = Session::new("tests", isolate, threads, code, limits, ops)
            .await
            .expect("the script's top level runs");
        Self { session, host }
    }

    async fn start(&mut self, event: impl Into<Event>) -> Result<Execution, Failure> {
        self.session.exec(event).await
    }

    async fn exec(&mut self, event: impl Into<Event>) -> Result<Collected, Failure> {
        self.start(event).await?.collect().await
    }

    /// Runs a script's checks: see `scripts/checks.js`.
    async fn check(script: &str) {
        Self::check_with(script, serde_json::Value::Null).await;
    }

    /// As `check`, with a value that the script finds as `given`.
    async fn check_with(script: &str, given: serde_json::Value) {
        let mut guest = Self::of(generous(), checking(script)).await;
        let task = runtime_web::Task { payload: given, ..runtime_web::Task::default() };
        guest.passes(task).await;
    }

    /// As `check`, for a worker that is at a place on the web.
    async fn check_at(location: &str, script: &str) {
        let code = checking(script).located_at(location).expect("a location");
        Self::of(generous(), code).await.passes(runtime_web::Task::default()).await;
    }

    async fn passes(&mut self, task: runtime_web::Task) {
        let answer = self.exec(task).await.expect("the checks come to their end");
        let answer: serde_json::Value = serde_json::from_str(&answer.text()).expect("the answer is JSON");
        let failures = answer["failures"].as_array().expect("a list");
        let failures: Vec<&str> = failures.iter().filter_map(serde_json::Value::as_str).collect();
        assert!(failures.is_empty(), "{} checks failed:\n{}", failures.len(), failures.join("\n"));
        assert_ne!(answer["checks"], 0);
    }
}

/// A worker whose task runs a script's checks.
fn checking(script: &str) -> WorkerCode {
    WorkerCode::from(format!("{}\n{script}", include_str!("scripts/checks.js")))
}

/// The host of the guests here: an upstream server that is not there, and a log.
#[derive(Default)]
struct Host {
    log: Mutex<Vec<String>>,
    /// Answers and bodies of the upstream that were dropped before their end.
    dropped: Arc<AtomicUsize>,
}

impl Host {
    fn logged(&self) -> String {
        self.log.lock().join("\n")
    }
}

/// Counts its drop.
struct Dropped(Arc<AtomicUsize>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Ops for Host {
    fn fetch(&self, request: FetchRequest) -> BoxFuture<'static, Result<FetchResponse, OpError>> {
        let dropped = Dropped(Arc::clone(&self.dropped));
        let at = self.dropped.clone();
        Box::pin(async move {
            let path = request.url.rsplit('/').next().unwrap_or_default();
            let path = path.split('#').next().unwrap_or_default();
            let mut headers = HeaderMap::new();
            let body = match path {
                "text" => Body::from("upstream text"),
                "cookies" => {
                    headers.append("set-cookie", HeaderValue::from_static("a=1"));
                    headers.append("set-cookie", HeaderValue::from_static("b=2"));
                    Body::from("biscuits")
                }
                "echo" => {
                    headers
                        .insert("x-method", HeaderValue::from_str(request.method.as_str()).expect("a token"));
                    let body = request.body.collect().await.map_err(|error| OpError::new(error.message))?;
                    Body::from(body)
                }
                "endless" => endless(Dropped(at)),
                "never" => std::future::pending().await,
                "dropped" => Body::from((at.load(Ordering::SeqCst)).to_string()),
                other => return Err(OpError::new(format!("there is no {other} upstream"))),
            };
            std::mem::forget(dropped);
            let (url, status_text) = (request.url, String::new());
            Ok(FetchResponse { status: 201, status_text, url, headers, body, is_redirected: false })
        })
    }

    fn log(&self, record: LogRecord) {
        self.log.lock().push(record.message);
    }
}

/// A body of one chunk and then nothing, not even an end.
fn endless(dropped: Dropped) -> Body {
    use futures_util::StreamExt as _;
    let first = futures_util::stream::once(std::future::ready(Bytes::from_static(b"chunk")));
    let stream = first.chain(futures_util::stream::pending()).map(move |bytes| {
        let _ = &dropped;
        Ok::<_, std::convert::Infallible>(http_body::Frame::data(bytes))
    });
    Body::stream(http_body_util::StreamBody::new(stream))
}
