//! The host's side of what a guest may do: outbound HTTP and WebSockets, logs, and named bindings. The guest's world has no
//! sockets of its own; all of it goes through [`Ops`].

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::SystemTime;

use futures_util::future::BoxFuture;
use http::{HeaderMap, Method};
use runtime_core::{HostCallError, HostValue};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::body::Body;
use crate::web_socket::WebSocket;

/// What the host does for a guest. All methods have a harmless default: no network, logs go to `tracing`, no
/// bindings.
///
/// One value may serve any number of requests at once. Futures are polled on the executor that drives the request and
/// are dropped with it; a panic in one is caught and becomes an error for the guest.
pub trait Ops: Send + Sync + 'static {
    /// Performs an outbound request: one exchange, or a chain of redirects where `redirect` says so.
    fn fetch(&self, request: FetchRequest) -> BoxFuture<'static, Result<FetchResponse, OpError>> {
        let message = format!("this host gives workers no network: {} {}", request.method, request.url);
        Box::pin(std::future::ready(Err(OpError::new(message))))
    }

    /// Opens a WebSocket to somewhere else, and moves messages between it and the request's
    /// [`socket`](WebSocketRequest::socket) from then on: both of its own accord, until either is closed or gone.
    fn web_socket(&self, request: WebSocketRequest) -> BoxFuture<'static, Result<WebSocketAnswer, OpError>> {
        let message = format!("this host gives workers no network: {}", request.url);
        Box::pin(std::future::ready(Err(OpError::new(message))))
    }

    /// Takes a record that the guest logged. Called during a turn: it must not block. A panic costs the record.
    fn log(&self, record: LogRecord) {
        tracing::info!(target: "guest", level = record.level.as_str(), "{}", record.message);
    }

    /// The bindings that the guest finds in `env`.
    fn bindings(&self) -> Bindings {
        Bindings::default()
    }
}

/// A host that does nothing for its guests.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoOps;

impl Ops for NoOps {}

/// An operation failed. The guest sees the message in a `TypeError`, so it must not hold the host's secrets. A guest that
/// does not catch that error ends with the outcome `HostError`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct OpError {
    /// What happened.
    pub message: String,
}

impl OpError {
    /// An error with a message.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

/// An outbound request of a guest's.
#[derive(Debug)]
pub struct FetchRequest {
    /// The method.
    pub method: Method,
    /// The absolute URL, normalised.
    pub url: String,
    /// The headers, in order.
    pub headers: HeaderMap,
    /// The body.
    pub body: Body,
    /// What to do with a redirect.
    pub redirect: RedirectMode,
    /// The request's mode, as far as it binds a host.
    pub mode: RequestMode,
    /// In whose name it is made; none if the worker has no location.
    pub client: Option<FetchClient>,
}

/// What to do with a redirect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RedirectMode {
    /// Follow it.
    #[default]
    Follow,
    /// Fail.
    Error,
    /// Give it to the guest as it is.
    Manual,
}

/// The mode of a request, as Fetch has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestMode {
    /// Any place.
    #[default]
    Cors,
    /// Any place; the guest's headers are among the safelisted ones.
    NoCors,
    /// Stay with the origin of the request's URL, and fail where a redirect leads elsewhere.
    SameOrigin,
}

/// In whose name a guest fetches: as much as the Fetch standard makes known of a request's client on the wire, in the headers
/// `origin` and `referer`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchClient {
    /// The origin of the worker's location, such as `https://example.com`.
    pub origin: String,
    /// The URL that the request comes from, before the policy is applied; none if the guest wants none to be told.
    pub referrer: Option<String>,
    /// How much of the referrer is told.
    pub referrer_policy: ReferrerPolicy,
}

/// How much of the URL that a request comes from is told to where it goes. See the Referrer Policy standard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReferrerPolicy {
    /// Nothing.
    NoReferrer,
    /// All, but nothing on the way from TLS to none.
    NoReferrerWhenDowngrade,
    /// All within the origin, nothing beyond it.
    SameOrigin,
    /// The origin.
    Origin,
    /// The origin, but nothing on the way from TLS to none.
    StrictOrigin,
    /// All within the origin, the origin beyond it.
    OriginWhenCrossOrigin,
    /// All within the origin, the origin beyond it, nothing on the way from TLS to none.
    #[default]
    StrictOriginWhenCrossOrigin,
    /// All.
    UnsafeUrl,
}

impl ReferrerPolicy {
    /// The policy of this name, in lower case. None for the empty text, which leaves the policy open, and for what is no
    /// policy.
    pub fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "no-referrer" => ReferrerPolicy::NoReferrer,
            "no-referrer-when-downgrade" => ReferrerPolicy::NoReferrerWhenDowngrade,
            "same-origin" => ReferrerPolicy::SameOrigin,
            "origin" => ReferrerPolicy::Origin,
            "strict-origin" => ReferrerPolicy::StrictOrigin,
            "origin-when-cross-origin" => ReferrerPolicy::OriginWhenCrossOrigin,
            "strict-origin-when-cross-origin" => ReferrerPolicy::StrictOriginWhenCrossOrigin,
            "unsafe-url" => ReferrerPolicy::UnsafeUrl,
            _ => return None,
        })
    }
}

/// The answer to an outbound request.
#[derive(Debug)]
pub struct FetchResponse {
    /// The status.
    pub status: u16,
    /// The reason phrase, if any.
    pub status_text: String,
    /// The URL that answered, after redirects.
    pub url: String,
    /// The headers, in order, duplicates kept.
    pub headers: HeaderMap,
    /// The body; it is read only as fast as the guest reads.
    pub body: Body,
    /// Whether a redirect was followed.
    pub is_redirected: bool,
}

/// A WebSocket that a guest wants to open.
#[derive(Debug)]
pub struct WebSocketRequest {
    /// The absolute URL, normalised, without user and password; its scheme is `ws` or `wss`.
    pub url: String,
    /// Headers for the handshake, besides those that it consists of: `sec-websocket-protocol`, if the guest asks for
    /// protocols, `authorization`, if its URL has a user or password, `origin`, if its worker has a location, and what it
    /// sets itself.
    pub headers: HeaderMap,
    /// The host's end: what is sent here the guest receives. Dropped when the guest's request ends, it gives nothing
    /// more; a host that learns of that closes its connection.
    pub socket: WebSocket,
}

/// The answer to a [`WebSocketRequest`].
#[derive(Debug)]
#[non_exhaustive]
pub enum WebSocketAnswer {
    /// The socket is open; with the headers of the handshake's answer.
    Open(HeaderMap),
    /// The other side answered with something else than a WebSocket.
    Refused(FetchResponse),
}

/// How serious a log record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// `console.debug` and `console.trace`.
    Debug,
    /// `console.log`.
    Log,
    /// `console.info`.
    Info,
    /// `console.warn`.
    Warn,
    /// `console.error`, and what nobody caught.
    Error,
}

impl LogLevel {
    /// The name of the console's method.
    pub fn as_str(self) -> &'static str {
        match self {
            LogLevel::Debug => "debug",
            LogLevel::Log => "log",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        }
    }

    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "debug" => LogLevel::Debug,
            "info" => LogLevel::Info,
            "warn" => LogLevel::Warn,
            "error" => LogLevel::Error,
            _ => LogLevel::Log,
        }
    }
}

/// Something that a guest logged.
#[derive(Clone, Debug)]
pub struct LogRecord {
    /// How serious it is.
    pub level: LogLevel,
    /// The text, formatted as the console standard says.
    pub message: String,
    /// Whose worker.
    pub owner: Arc<str>,
    /// Which worker.
    pub worker: Arc<str>,
    /// When.
    pub time: SystemTime,
}

type BindingFunction =
    Arc<dyn Fn(Vec<HostValue>) -> BoxFuture<'static, Result<HostValue, HostCallError>> + Send + Sync>;

/// Named sets of host functions: `env.NAME.method(...)` for the guest.
///
/// ```
/// use runtime_web::{Bindings, OpError};
/// let bindings = Bindings::default().method("MATH", "add", |(a, b): (f64, f64)| async move {
///     Ok::<f64, OpError>(a + b)
/// });
/// ```
#[derive(Clone, Default)]
pub struct Bindings(Arc<BTreeMap<String, BTreeMap<String, BindingFunction>>>);

impl Bindings {
    /// Adds a method to a binding. The guest's arguments become `A`, a tuple of serde types (missing ones must be
    /// `Option`s); what the future gives goes back to the guest, an error as a rejection.
    #[must_use]
    pub fn method<A, R, E, F>(
        mut self,
        binding: &str,
        method: &str,
        function: impl Fn(A) -> F + Send + Sync + 'static,
    ) -> Self
    where
        A: DeserializeOwned + Send + 'static,
        R: Serialize + 'static,
        E: fmt::Display + 'static,
        F: Future<Output = Result<R, E>> + Send + 'static,
    {
        let place = format!("{binding}.{method}");
        let function = Arc::new(function);
        let call: BindingFunction = Arc::new(move |arguments| {
            let (place, function) = (place.clone(), Arc::clone(&function));
            // Nothing of the embedder's runs before the future is polled: a panic during the guest's turn could not
            // be caught.
            Box::pin(async move {
                let arguments = HostValue::deserialize_arguments::<A>(arguments)
                    .map_err(|error| HostCallError::type_error(format!("{place}: {error}")))?;
                // Wrong arguments are the guest's fault; what comes from here on is the host's.
                let failed = |error: &dyn fmt::Display| {
                    HostCallError::error(format!("{place}: {error}")).of_the_host()
                };
                let result = function(arguments).await.map_err(|error| failed(&error))?;
                HostValue::from_serialize(&result).map_err(|error| failed(&error))
            })
        });
        Arc::make_mut(&mut self.0).entry(binding.to_owned()).or_default().insert(method.to_owned(), call);
        self
    }

    /// The names of bindings and their methods.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = &str>)> {
        self.0.iter().map(|(name, methods)| (&**name, methods.keys().map(|method| &**method)))
    }

    pub(crate) fn call(
        &self,
        binding: &str,
        method: &str,
        arguments: Vec<HostValue>,
    ) -> Option<BoxFuture<'static, Result<HostValue, HostCallError>>> {
        self.0.get(binding)?.get(method).map(|function| function(arguments))
    }
}

impl fmt::Debug for Bindings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.0.iter().map(|(name, methods)| (name, methods.keys().collect::<Vec<_>>())))
            .finish()
    }
}
