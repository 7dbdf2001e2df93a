//! Hosts for guests under test: they record what is logged, answer fetches as a test says, and tell when an operation
//! was begun and when it was dropped.

use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use runtime_facade::{
    Bindings, Body, FetchRequest, FetchResponse, LogLevel, LogRecord, OpError, Ops, WebSocketAnswer,
    WebSocketRequest,
};
use tokio::sync::watch;

use super::wait::{until, within};

type Fetcher = Arc<dyn Fn(FetchRequest) -> BoxFuture<'static, Result<FetchResponse, OpError>> + Send + Sync>;

type Connector = Arc<dyn Fn(WebSocketRequest) -> Result<WebSocketAnswer, OpError> + Send + Sync>;

/// A host. Cloning shares it.
#[derive(Clone, Default)]
pub(crate) struct Host {
    log: Arc<Mutex<Vec<LogRecord>>>,
    fetcher: Option<Fetcher>,
    connector: Option<Connector>,
    bindings: Bindings,
}

impl Host {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Answers fetches with this function.
    pub(crate) fn on_fetch<F>(mut self, answer: impl Fn(FetchRequest) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<FetchResponse, OpError>> + Send + 'static,
    {
        self.fetcher = Some(Arc::new(move |request| Box::pin(answer(request))));
        self
    }

    /// Opens WebSockets with this function.
    pub(crate) fn on_web_socket(
        mut self,
        open: impl Fn(WebSocketRequest) -> Result<WebSocketAnswer, OpError> + Send + Sync + 'static,
    ) -> Self {
        self.connector = Some(Arc::new(open));
        self
    }

    /// Offers these bindings.
    pub(crate) fn with_bindings(mut self, change: impl FnOnce(Bindings) -> Bindings) -> Self {
        self.bindings = change(self.bindings);
        self
    }

    /// What has been logged, oldest first.
    pub(crate) fn log_lines(&self) -> Vec<String> {
        self.log.lock().iter().map(|record| record.message.clone()).collect()
    }

    /// What has been logged, with its level.
    pub(crate) fn log_records(&self) -> Vec<(LogLevel, String)> {
        self.log.lock().iter().map(|record| (record.level, record.message.clone())).collect()
    }

    pub(crate) fn has_logged(&self, text: &str) -> bool {
        self.log.lock().iter().any(|record| record.message.contains(text))
    }

    /// Waits until a record with this text has been logged.
    #[track_caller]
    pub(crate) fn logged(&self, text: &'static str) -> impl Future<Output = ()> + use<> {
        let host = self.clone();
        until(text, move || host.has_logged(text))
    }

    /// A binding `GATE.pass()` that lets a guest wait for the test.
    pub(crate) fn with_gate(self) -> (Self, Watched) {
        let gate = Watched::new();
        let inner = gate.clone();
        let host = self.with_bindings(|bindings| {
            bindings.method("GATE", "pass", move |(): ()| {
                let inner = inner.clone();
                async move {
                    inner.pass().await;
                    Ok::<(), OpError>(())
                }
            })
        });
        (host, gate)
    }
}

impl Ops for Host {
    fn fetch(&self, request: FetchRequest) -> BoxFuture<'static, Result<FetchResponse, OpError>> {
        match &self.fetcher {
            Some(fetcher) => fetcher(request),
            None => Box::pin(std::future::ready(Err(OpError::new("this test's host has no network")))),
        }
    }

    fn web_socket(&self, request: WebSocketRequest) -> BoxFuture<'static, Result<WebSocketAnswer, OpError>> {
        let answer = match &self.connector {
            Some(connector) => connector(request),
            None => Err(OpError::new("this test's host has no sockets")),
        };
        Box::pin(std::future::ready(answer))
    }

    fn log(&self, record: LogRecord) {
        self.log.lock().push(record);
    }

    fn bindings(&self) -> Bindings {
        self.bindings.clone()
    }
}

/// A plain answer to a fetch.
pub(crate) fn fetched(url: impl Into<String>, status: u16, body: impl Into<Body>) -> FetchResponse {
    FetchResponse {
        status,
        status_text: String::new(),
        url: url.into(),
        headers: http::HeaderMap::new(),
        body: body.into(),
        is_redirected: false,
    }
}

/// Operations that wait for the test: how many have been begun, how many are alive, and the permission to end.
#[derive(Clone)]
pub(crate) struct Watched {
    begun: Arc<watch::Sender<usize>>,
    alive: Arc<watch::Sender<usize>>,
    permits: Arc<tokio::sync::Semaphore>,
}

impl Watched {
    pub(crate) fn new() -> Self {
        Self {
            begun: Arc::new(watch::Sender::new(0)),
            alive: Arc::new(watch::Sender::new(0)),
            permits: Arc::new(tokio::sync::Semaphore::new(0)),
        }
    }

    /// The operation: waits for a permission, counted as alive until it is over or dropped.
    pub(crate) async fn pass(&self) {
        let _alive = self.enter();
        self.permits.acquire().await.expect("the semaphore is never closed").forget();
    }

    /// Counts something as begun, and as alive until the value is dropped.
    pub(crate) fn enter(&self) -> Alive {
        self.begun.send_modify(|count| *count += 1);
        self.alive.send_modify(|count| *count += 1);
        Alive(Arc::clone(&self.alive))
    }

    /// Lets so many operations end.
    pub(crate) fn allow(&self, count: usize) {
        self.permits.add_permits(count);
    }

    pub(crate) fn begun(&self) -> usize {
        *self.begun.borrow()
    }

    pub(crate) fn alive(&self) -> usize {
        *self.alive.borrow()
    }

    /// Waits until so many have been begun in all.
    #[track_caller]
    pub(crate) fn has_begun(&self, count: usize) -> impl Future<Output = ()> + use<> {
        let mut begun = self.begun.subscribe();
        within("operations are begun", async move {
            begun.wait_for(|begun| *begun >= count).await.expect("the sender lives");
        })
    }

    /// Waits until so many are alive.
    #[track_caller]
    pub(crate) fn are_alive(&self, count: usize) -> impl Future<Output = ()> + use<> {
        let mut alive = self.alive.subscribe();
        within("operations are dropped", async move {
            alive.wait_for(|alive| *alive == count).await.expect("the sender lives");
        })
    }
}

/// An operation under way; see [`Watched::enter`].
pub(crate) struct Alive(Arc<watch::Sender<usize>>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
