//! The server's [`Ops`]: outbound HTTP for workers over one pooled client, and their logs. Bindings are an embedder's
//! business; `isolane` gives its workers none.

mod allowed_hosts;
mod bad_ports;
mod redirect;
mod referrer;
mod socket;
mod trust;

use std::error::Error;
use std::fmt::{Display, Write as _};
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use ada_url::Url;
use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode, Uri, Version};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use runtime_facade::{
    Body, FetchRequest, FetchResponse, LogRecord, OpError, Ops, RedirectMode, RequestMode, WebSocketAnswer,
    WebSocketRequest,
};

pub use self::allowed_hosts::{AllowedHostError, AllowedHosts};
use self::redirect::{Hop, Payload, location};
use self::referrer::Introduction;
pub use self::trust::AuthorityError;
use crate::guest_log::GuestLog;
use crate::hop_by_hop;

/// How long a connection may take to be made, per address.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an unused connection is kept.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// How many unused connections are kept per host.
const IDLE_CONNECTIONS_PER_HOST: usize = 32;

/// How many header fields an answer over HTTP/1.1 may have. How many bytes all of them may have is the client's own bound.
const MAX_HEADERS: usize = 1024;

const USER_AGENT: &str = concat!("isolane/", env!("CARGO_PKG_VERSION"));

/// An HTTP client: HTTP/1.1, and HTTP/2 where TLS agrees on it; connections are kept and shared. Cloning is cheap and
/// shares the connections.
#[derive(Clone, Debug)]
pub struct HttpClient {
    fetches: Client<HttpsConnector<HttpConnector>, Body>,
    /// Speaks HTTP/1.1 only, which is what a connection must speak that becomes a WebSocket.
    sockets: Client<HttpsConnector<HttpConnector>, Body>,
}

impl HttpClient {
    /// A client that trusts Mozilla's roots, compiled in.
    pub fn new() -> Self {
        Self::with_tls(trust::client_config(trust::mozillas_roots()))
    }

    /// A client that trusts the certificate authorities of a file as well, in PEM: those of a company's own network, say.
    ///
    /// # Errors
    /// If the file cannot be read, holds no certificate, or one that cannot be used.
    pub fn trusting(authorities: &Path) -> Result<Self, AuthorityError> {
        let mut roots = trust::mozillas_roots();
        trust::add(&mut roots, authorities)?;
        Ok(Self::with_tls(trust::client_config(roots)))
    }

    /// A client that speaks TLS in this way; the protocols that TLS offers are set here.
    fn with_tls(config: rustls::ClientConfig) -> Self {
        let connector = || HttpsConnectorBuilder::new().with_tls_config(config.clone());
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let mut builder = Client::builder(TokioExecutor::new());
        builder
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_PER_HOST)
            .http1_max_headers(MAX_HEADERS);
        let both = connector().https_or_http().enable_http1().enable_http2().wrap_connector(tcp.clone());
        let http1 = connector().https_or_http().enable_http1().wrap_connector(tcp);
        Self { fetches: builder.build(both), sockets: builder.build(http1) }
    }
}

impl Default for HttpClient {
    fn default() -> Self {
        Self::new()
    }
}

/// What `isolane` does for one worker: HTTP to the hosts that it may reach, and logs.
///
/// Redirects are followed by the Fetch standard's rules, and every hop must be an allowed host. Bodies stream both
/// ways. A guest that sends an `accept-encoding` of its own gets what comes as it is; for all others none is asked for, and
/// a content coding that is there in spite of that is taken off, with the headers that tell of it. A fetch has no time
/// limit of its own: it ends with its request at the latest.
#[derive(Clone, Debug)]
pub struct HttpOps {
    client: HttpClient,
    allowed: AllowedHosts,
    log: GuestLog,
}

impl HttpOps {
    /// Ops over a client.
    pub fn new(client: HttpClient, allowed: AllowedHosts, log: GuestLog) -> Self {
        Self { client, allowed, log }
    }
}

impl Ops for HttpOps {
    fn fetch(
        &self,
        request: FetchRequest,
    ) -> Pin<Box<dyn Future<Output = Result<FetchResponse, OpError>> + Send + 'static>> {
        let this = self.clone();
        Box::pin(async move { this.fetch_along(request).await })
    }

    fn web_socket(
        &self,
        request: WebSocketRequest,
    ) -> Pin<Box<dyn Future<Output = Result<WebSocketAnswer, OpError>> + Send + 'static>> {
        let this = self.clone();
        Box::pin(async move { this.open_socket(request).await })
    }

    fn log(&self, record: LogRecord) {
        self.log.write(&record);
    }
}

impl HttpOps {
    async fn fetch_along(self, request: FetchRequest) -> Result<FetchResponse, OpError> {
        let FetchRequest { method, url, headers, body, redirect, mode, client } = request;
        let decodes = !headers.contains_key(header::ACCEPT_ENCODING);
        let url = Url::parse(&url, None).map_err(|_| OpError::new(format!("{url:?} is not a URL")))?;
        let payload = if body.as_bytes().is_some() {
            // All at hand, so that nothing is waited for and nothing can break off.
            Payload::Bytes(body.collect().await.map_err(|error| OpError::new(error.message))?)
        } else {
            Payload::Stream(Some(body))
        };
        let mut hop = Hop { method, url, headers: outbound_headers(headers), payload, redirects: 0 };
        let mut introduction = client.map(|client| Introduction::new(client, mode, &hop.headers));
        loop {
            self.check(&hop.url)?;
            if let Some(introduction) = &mut introduction {
                introduction.write(&hop.method, &hop.url, &mut hop.headers);
            }
            let response = self.exchange(&mut hop).await?;
            let Some(location) = location(response.status(), response.headers()) else {
                let answer = answer(&hop, response);
                return Ok(if decodes { decoded(answer) } else { answer });
            };
            match redirect {
                RedirectMode::Manual => return Ok(answer(&hop, response)),
                RedirectMode::Error => {
                    let (status, url) = (response.status().as_u16(), hop.url.href());
                    return Err(OpError::new(format!(
                        "{url} redirects ({status}), and the request's redirect mode is \"error\""
                    )));
                }
                RedirectMode::Follow => {
                    let from = hop.url.clone();
                    let failed = |reason: &dyn Display| OpError::new(format!("{}: {reason}", from.href()));
                    hop.follow(response.status(), &location).map_err(|error| failed(&error))?;
                    if mode == RequestMode::SameOrigin && hop.url.origin() != from.origin() {
                        return Err(failed(
                            &"the redirect leads to another origin, and the request's mode is \"same-origin\"",
                        ));
                    }
                    if let Some(introduction) = &mut introduction {
                        introduction.redirected(&from, &hop.url, response.headers());
                    }
                }
            }
        }
    }

    /// What holds for every exchange: each hop of a fetch, and the handshake of a WebSocket.
    fn check(&self, url: &Url) -> Result<(), OpError> {
        let default_port = match url.protocol() {
            "http:" => 80,
            "https:" => 443,
            other => {
                let scheme = other.trim_end_matches(':');
                return Err(OpError::new(format!(
                    "cannot fetch the scheme {scheme:?}, expected http or https"
                )));
            }
        };
        if url.has_credentials() {
            return Err(OpError::new(
                "cannot fetch a URL with a user name or password; send a header instead",
            ));
        }
        let port = url.port().parse().unwrap_or(default_port);
        let host = url.hostname();
        if !self.allowed.allows(host, port) {
            return Err(OpError::new(format!(
                "this worker may not reach {host}:{port}; its operator can add it to the allowed hosts"
            )));
        }
        if bad_ports::is_bad(port) && !self.allowed.names(host, port) {
            return Err(OpError::new(format!(
                "port {port} belongs to another protocol than HTTP, and is blocked for all hosts; the worker's \
                 operator can add {host}:{port} to the allowed hosts"
            )));
        }
        Ok(())
    }

    async fn exchange(&self, hop: &mut Hop) -> Result<http::Response<hyper::body::Incoming>, OpError> {
        let body = hop.payload.take();
        let mut request = http::Request::new(body);
        *request.method_mut() = hop.method.clone();
        *request.uri_mut() = uri(&hop.url)?;
        *request.headers_mut() = hop.headers.clone();
        frame(&mut request);
        self.client.fetches.request(request).await.map_err(|error| failed(&hop.url, &reason(&error)))
    }
}

/// A URL as it is asked for.
fn uri(url: &Url) -> Result<Uri, OpError> {
    let end = url.href().find('#').unwrap_or(url.href().len());
    url.href()[..end].parse().map_err(|error: http::uri::InvalidUri| failed(url, &error.to_string()))
}

fn failed(url: &Url, reason: &str) -> OpError {
    OpError::new(format!("{} could not be fetched: {reason}", shown(url)))
}

/// Why a request failed: what is behind the client's own words.
fn reason(error: &impl Error) -> String {
    let mut reason = String::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a string does not fail.
        let _ = write!(reason, "{}{error}", if reason.is_empty() { "" } else { ": " });
        cause = error.source();
    }
    if reason.is_empty() { error.to_string() } else { reason }
}

/// A URL without what may be secret in it.
fn shown(url: &Url) -> &str {
    url.href().split(['?', '#']).next().unwrap_or_default()
}

/// The guest's headers without those that belong to one connection, with the defaults that it did not set.
fn outbound_headers(mut headers: HeaderMap) -> HeaderMap {
    hop_by_hop::remove(&mut headers);
    // The URL says which host is meant, whatever a proxied request had said.
    headers.remove(header::HOST);
    let mut default = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(header::ACCEPT, "*/*");
    default(header::ACCEPT_LANGUAGE, "*");
    default(header::ACCEPT_ENCODING, "identity");
    default(header::USER_AGENT, USER_AGENT);
    headers
}

/// Makes the length that is announced the body's: what is at hand is counted, and a stream keeps a length that the
/// guest gave, which the connection then enforces.
fn frame(request: &mut http::Request<Body>) {
    let exact = request.body().size_hint().exact();
    let given = hop_by_hop::content_length(request.headers());
    request.headers_mut().remove(header::CONTENT_LENGTH);
    let length = match (exact, given) {
        (Some(0), _) if !matches!(*request.method(), Method::POST | Method::PUT) => None,
        (Some(exact), _) => Some(exact),
        (None, given) => given,
    };
    if let Some(length) = length {
        request.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
}

fn answer(hop: &Hop, response: http::Response<hyper::body::Incoming>) -> FetchResponse {
    answer_of(&hop.url, hop.redirects > 0, response)
}

fn answer_of(
    url: &Url,
    is_redirected: bool,
    response: http::Response<hyper::body::Incoming>,
) -> FetchResponse {
    let (mut parts, body) = response.into_parts();
    let phrase = parts.extensions.remove::<hyper::ext::ReasonPhrase>();
    let status_text = match &phrase {
        Some(phrase) => String::from_utf8_lossy(phrase.as_bytes()).into_owned(),
        None if parts.version <= Version::HTTP_11 => {
            parts.status.canonical_reason().unwrap_or_default().to_owned()
        }
        // HTTP/2 has no reason phrases.
        None => String::new(),
    };
    hop_by_hop::remove(&mut parts.headers);
    let place = shown(url).to_owned();
    let broken = move |error| format!("the body of {place} broke off: {}", reason(&error));
    FetchResponse {
        status: parts.status.as_u16(),
        status_text,
        url: url.href().split('#').next().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body: if body.is_end_stream() {
            Body::from(Bytes::new())
        } else {
            Body::stream(body.map_err(broken))
        },
        is_redirected,
    }
}

/// An answer without the content coding of its body.
fn decoded(mut answer: FetchResponse) -> FetchResponse {
    // Part of something encoded cannot be decoded.
    if answer.body.is_empty() || answer.status == StatusCode::PARTIAL_CONTENT {
        return answer;
    }
    let mut codings = answer.headers.get_all(header::CONTENT_ENCODING).iter();
    let (Some(coding), None) = (codings.next(), codings.next()) else { return answer };
    let Ok(coding) = coding.to_str().map(|coding| coding.trim().to_owned()) else { return answer };
    answer.body = match answer.body.decoded(&coding) {
        Ok(body) => {
            answer.headers.remove(header::CONTENT_ENCODING);
            answer.headers.remove(header::CONTENT_LENGTH);
            body
        }
        Err(body) => body,
    };
    answer
}

#[cfg(test)]
mod tests;
