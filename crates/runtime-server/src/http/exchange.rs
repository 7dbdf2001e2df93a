//! One HTTP exchange: which worker it is for, the request as the guest gets it, and the response as the client does.

use std::future::Future as _;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use ada_url::Url;
use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::uri::{Authority, PathAndQuery};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, Version};
use http_body::Body as _;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::ext::ReasonPhrase;
use runtime_facade::{Body, Call, End, EndOfRequest, Outcome, ResponseBody};
use tokio::sync::watch;

use super::outgoing::Outgoing;
use super::upgrade::Handshake;
use super::{Phase, Shared};
use crate::guest_log::printable;
use crate::hop_by_hop;
use crate::routes::ServedWorker;

/// What goes out: a text of the server's, or a worker's body.
pub(super) type AnswerBody = Either<Full<Bytes>, Outgoing>;

/// Names the outcome of a request that failed.
const OUTCOME: HeaderName = HeaderName::from_static("isolane-outcome");

/// Answers a request. Dropping the future cancels it.
pub(super) async fn answer(
    shared: &Shared,
    mut request: Request<Incoming>,
    phase: watch::Receiver<Phase>,
) -> Response<AnswerBody> {
    let handshake = Handshake::of(&mut request);
    let (parts, body) = request.into_parts();
    let http::request::Parts { method, uri, version, mut headers, .. } = parts;
    if method == Method::CONNECT {
        return text(StatusCode::METHOD_NOT_ALLOWED, "this server is no proxy: CONNECT is not allowed\n");
    }
    let authority = authority(uri.authority(), &headers, version, shared.address);
    let asked = authority.and_then(|authority| Some((target(&authority, &uri)?, authority)));
    let Some((target, authority)) = asked else {
        return text(StatusCode::BAD_REQUEST, "expected one Host header with a host\n");
    };
    let Some(found) = shared.routes.find(target.hostname(), target.pathname()) else {
        return text(
            StatusCode::NOT_FOUND,
            "no worker is served under this host and path; `isolane serve DIR` serves each DIR/NAME.js under /NAME/\n",
        );
    };
    let worker = Arc::clone(found.worker);
    let url = behind_route(&target, found.rest);
    if !headers.contains_key(header::HOST)
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        headers.insert(header::HOST, host);
    }
    join_cookies(&mut headers);
    let is_head = method == Method::HEAD;
    let body = if body.is_end_stream() { Body::empty() } else { Body::stream(body) };
    let event = runtime_facade::Request { method, url, headers, body };
    let call = Call::new(&worker.code, event)
        .owner(Arc::clone(&worker.owner))
        .worker(Arc::clone(&worker.id))
        .limits(Arc::clone(&worker.limits))
        .ops(Arc::clone(&worker.ops));
    match shared.runtime.execute(call).await {
        Ok(execution) => {
            note_the_end(worker, execution.end);
            let mut response = execution.response;
            match response.web_socket.take() {
                Some(socket) => handshake.answer(response.headers, socket, phase),
                None => respond(response, is_head),
            }
        }
        Err(failure) => {
            note(
                &worker,
                &End { outcome: failure.outcome, message: failure.message, report: *failure.report },
            );
            failed(failure.outcome)
        }
    }
}

/// The host that the client meant: the target's, or else its Host header's; one from before HTTP/1.1 may mean this
/// address.
fn authority(
    target: Option<&Authority>,
    headers: &HeaderMap,
    version: Version,
    address: SocketAddr,
) -> Option<Authority> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let authority = match (target, hosts.next(), hosts.next()) {
        (_, _, Some(_)) => return None,
        (Some(target), _, None) => target.clone(),
        (None, Some(host), None) => Authority::try_from(host.as_bytes()).ok()?,
        (None, None, None) if version < Version::HTTP_11 => address.to_string().parse().ok()?,
        (None, None, None) => return None,
    };
    (!authority.as_str().contains('@') && !authority.host().is_empty()).then_some(authority)
}

/// The URL that the client meant, in the one form that URLs have: a guest and a route see the same path, however the
/// client wrote it. None if it is no URL.
fn target(authority: &Authority, uri: &Uri) -> Option<Url> {
    let target = match uri.path_and_query().map(PathAndQuery::as_str) {
        Some(target) if target.starts_with('/') => target,
        // `OPTIONS *` has a path that is none.
        _ => "/",
    };
    Url::parse(format!("http://{authority}{target}"), None).ok()
}

/// The URL that the guest sees: with what the route has left of the path.
fn behind_route(target: &Url, rest: &str) -> String {
    let origin = target.origin();
    let path = if rest.is_empty() { "/" } else { rest };
    // An HTTP URL is its origin, its path, and what follows.
    let query = &target.href()[origin.len() + target.pathname().len()..];
    [&*origin, path, query].concat()
}

/// Clients may send each cookie in a field of its own; together they are one list with semicolons (RFC 9113, section
/// 8.2.3), and not the comma that other headers are joined with.
fn join_cookies(headers: &mut HeaderMap) {
    let fields: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if fields.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&fields.join(&b"; "[..]))
    {
        headers.insert(header::COOKIE, joined);
    }
}

/// The worker's response as it goes out.
fn respond(response: runtime_facade::Response, is_head: bool) -> Response<AnswerBody> {
    let runtime_facade::Response { status, status_text, mut headers, body, .. } = response;
    let Some(status) = StatusCode::from_u16(status).ok().filter(|status| !status.is_informational()) else {
        return failed(Outcome::internal());
    };
    hop_by_hop::remove(&mut headers);
    // Only this server says how a request ended.
    headers.remove(OUTCOME);
    let announced = hop_by_hop::content_length(&headers);
    headers.remove(header::CONTENT_LENGTH);
    let has_no_body = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let length = match body.as_bytes().map(|bytes| bytes.len() as u64) {
        _ if status == StatusCode::NO_CONTENT => None,
        // The answer to HEAD has the length that the answer to GET would have.
        Some(0) if is_head || has_no_body => announced,
        Some(length) => Some(length),
        // A stream that turns out shorter breaks the connection off; a longer one is cut.
        None => announced,
    };
    if let Some(length) = length {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    let body = if is_head || has_no_body {
        discard(body);
        Either::Left(Full::default())
    } else {
        Either::Right(body.into())
    };
    let mut outgoing = Response::new(body);
    *outgoing.status_mut() = status;
    *outgoing.headers_mut() = headers;
    if !status_text.is_empty()
        && let Ok(phrase) = ReasonPhrase::try_from(status_text)
    {
        outgoing.extensions_mut().insert(phrase);
    }
    outgoing
}

/// Reads a body that nobody gets to its end: dropped before, it would cancel the request and what it has left to do.
fn discard(mut body: ResponseBody) {
    if body.as_bytes().is_none() {
        tokio::spawn(async move { while let Ok(Some(_)) = body.chunk().await {} });
    }
}

/// The answer when the worker gave none. What happened is for the log, not for the client.
pub(super) fn failed(outcome: Outcome) -> Response<AnswerBody> {
    let status = StatusCode::from_u16(outcome.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let name = outcome.name();
    let mut response = text(status, format!("the worker did not answer: {name}\n"));
    response.headers_mut().insert(OUTCOME, HeaderValue::from_static(name));
    if let Some(seconds) = outcome.retry_after_seconds() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

pub(super) fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<AnswerBody> {
    let mut response = Response::new(Either::Left(Full::new(body.into())));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// Logs how the request ended, as soon as it has.
fn note_the_end(worker: Arc<ServedWorker>, mut end: EndOfRequest) {
    let mut context = Context::from_waker(std::task::Waker::noop());
    match Pin::new(&mut end).poll(&mut context) {
        Poll::Ready(end) => note(&worker, &end),
        Poll::Pending => {
            tokio::spawn(async move { note(&worker, &end.await) });
        }
    }
}

fn note(worker: &ServedWorker, end: &End) {
    let End { outcome, message, report } = end;
    macro_rules! log {
        ($level:ident) => {
            tracing::$level!(
                worker = &*worker.id,
                owner = &*worker.owner,
                outcome = %outcome,
                cpu_ms = report.cpu.as_secs_f64() * 1e3,
                wall_ms = report.wall.as_secs_f64() * 1e3,
                "{}",
                printable(message)
            )
        };
    }
    match outcome {
        Outcome::Ok | Outcome::Canceled | Outcome::LoadShed(_) => log!(debug),
        Outcome::Internal { .. } => log!(error),
        _ => log!(warn),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(values: &[&'static str]) -> HeaderMap {
        values.iter().map(|value| (header::HOST, HeaderValue::from_static(value))).fold(
            HeaderMap::new(),
            |mut headers, (name, value)| {
                headers.append(name, value);
                headers
            },
        )
    }

    fn meant(target: Option<&str>, hosts: &[&'static str], version: Version) -> Option<String> {
        let target = target.map(|target| target.parse().expect("an authority"));
        let address = SocketAddr::from(([127, 0, 0, 1], 8787));
        authority(target.as_ref(), &host(hosts), version, address).map(|authority| authority.to_string())
    }

    #[test]
    fn the_host_is_the_targets_or_the_headers_and_exactly_one() {
        assert_eq!(meant(None, &["a.test:80"], Version::HTTP_11).as_deref(), Some("a.test:80"));
        assert_eq!(meant(Some("b.test"), &["a.test"], Version::HTTP_11).as_deref(), Some("b.test"));
        assert_eq!(meant(Some("b.test"), &[], Version::HTTP_2).as_deref(), Some("b.test"));
        assert_eq!(meant(None, &[], Version::HTTP_10).as_deref(), Some("127.0.0.1:8787"));
        assert_eq!(meant(None, &[], Version::HTTP_11), None);
        assert_eq!(meant(None, &["a.test", "b.test"], Version::HTTP_11), None);
        for wrong in ["", "a/b", "user@a.test", "a b"] {
            assert_eq!(meant(None, &[wrong], Version::HTTP_11), None, "{wrong:?}");
        }
    }

    fn asked(host: &str, uri: &str) -> Option<Url> {
        target(&host.parse().expect("an authority"), &uri.parse().expect("a target"))
    }

    #[test]
    fn the_guest_sees_the_path_behind_its_route() {
        let url = |uri, rest| behind_route(&asked("a.test:8787", uri).expect("a URL"), rest);
        assert_eq!(url("/shop", ""), "http://a.test:8787/");
        assert_eq!(url("/shop/x%20y?q=1&r=%2F", "/x%20y"), "http://a.test:8787/x%20y?q=1&r=%2F");
        assert_eq!(url("/?", "/"), "http://a.test:8787/?");
    }

    #[test]
    fn a_target_has_the_one_form_of_urls_or_is_none() {
        let href = |host, uri| asked(host, uri).map(|url| url.href().to_owned());
        assert_eq!(href("EXAMPLE.test:80", "/x").as_deref(), Some("http://example.test/x"));
        assert_eq!(href("a.test", "/a/../b/%2e%2e/c").as_deref(), Some("http://a.test/c"));
        assert_eq!(href("a.test", "*").as_deref(), Some("http://a.test/"));
        assert_eq!(href("a.test:99999", "/"), None);
    }

    #[test]
    fn cookies_in_several_fields_are_one_list_with_semicolons() {
        let mut headers = HeaderMap::new();
        for cookie in ["a=1", "b=2; c=3"] {
            headers.append(header::COOKIE, HeaderValue::from_static(cookie));
        }
        join_cookies(&mut headers);
        let joined: Vec<_> = headers.get_all(header::COOKIE).iter().collect();
        assert_eq!(joined, ["a=1; b=2; c=3"]);
    }

    #[test]
    fn a_failure_says_its_outcome_and_nothing_of_the_guests() {
        let response = failed(Outcome::LoadShed(runtime_facade::ShedReason::QueueFull));
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["isolane-outcome"], "LoadShed");
        assert_eq!(response.headers()["retry-after"], "1");
    }
}
