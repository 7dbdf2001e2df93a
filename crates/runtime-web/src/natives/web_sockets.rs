//! The natives of WebSockets: opening them, and moving messages. What the events are and when they come is decided in
//! `js/web_socket.js` and `js/web_socket_stream.js`.

use std::sync::Arc;

use ada_url::Url;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use http::{HeaderMap, HeaderValue};
use runtime_core::{HostCallError, HostCalls, HostValue, Native, RealmState};

use super::flow::{request, sendable_headers};
use super::{Arguments, Return, Scope, bytes, number, string, throw_type_error};
use crate::ops::{FetchResponse, OpError, WebSocketAnswer, WebSocketRequest};
use crate::web_socket::{Received, Sent, WebSocket, WebSocketClose, WebSocketError, WebSocketMessage};

/// The code of a close that gave none (RFC 6455, section 7.1.5).
const NO_CODE: u16 = 1005;

pub(super) fn natives() -> Vec<Native> {
    vec![
        Native::new("socketPair", socket_pair),
        Native::new("socketConnect", socket_connect),
        Native::new("socketLast", socket_last),
        Native::new("socketReceive", socket_receive),
        Native::new("socketSend", socket_send),
        Native::new("socketWrite", socket_write),
        Native::new("socketRoom", socket_room),
        Native::new("socketClose", socket_close),
        Native::new("socketBuffered", socket_buffered),
        Native::new("socketDrop", socket_drop),
        Native::new("socketOver", socket_over),
        Native::new("socketBlame", socket_blame),
    ]
}

fn too_many(scope: Scope<'_, '_, '_>) {
    HostCallError::range_error("this request has as many WebSockets as it may").throw(scope);
}

fn socket_pair<'s>(scope: Scope<'_, 's, '_>, _arguments: Arguments<'s>, mut result: Return<'s>) {
    let Some(request) = request(scope) else {
        return throw_type_error(scope, "no request is being served");
    };
    let opened = request.sockets.open().and_then(|(here, there)| Some((here, request.sockets.add(there)?)));
    let Some((here, there)) = opened else { return too_many(scope) };
    let ids = [here, there].map(|id| v8::Number::new(scope, f64::from(id)).into());
    result.set(v8::Array::new_with_elements(scope, &ids).into());
}

fn socket_connect<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let url = string(scope, &arguments, 0);
    let Some(mut headers) = sendable_headers(scope, arguments.get(1)) else { return };
    let url = authorize(url, &mut headers);
    let counted = RealmState::of(scope).map(|state| state.count_subrequest());
    if let Some(Err(error)) = counted {
        return error.throw(scope);
    }
    let Some(request) = request(scope) else {
        return throw_type_error(scope, "no request is being served");
    };
    let Some((_, socket)) = request.sockets.open() else { return too_many(scope) };
    let ops = Arc::clone(&request.ops);
    let outbound = Arc::clone(&request.outbound);
    let arrivals = request.bodies.arrivals();
    let asked = headers.clone();
    let promise = HostCalls::start(scope, async move {
        // The semaphore is never closed.
        let _permit = outbound.acquire_owned().await;
        let answer = ops.web_socket(WebSocketRequest { url, headers, socket }).await;
        let answer = answer.map_err(|error| failed(&error))?;
        let field = |name: &str, value| (name.to_owned(), value);
        let FetchResponse { status, status_text, url, headers, body, is_redirected } = match answer {
            WebSocketAnswer::Open(headers) => {
                check_protocol(&asked, &headers).map_err(|error| failed(&error))?;
                return Ok(HostValue::Record(vec![
                    field("isOpen", HostValue::Bool(true)),
                    field("headers", flat(&headers)),
                ]));
            }
            WebSocketAnswer::Refused(response) => response,
        };
        let body = if body.is_empty() { -1.0 } else { f64::from(arrivals.add(body)) };
        Ok(HostValue::Record(vec![
            field("isOpen", HostValue::Bool(false)),
            field("status", HostValue::Number(f64::from(status))),
            field("statusText", HostValue::String(status_text)),
            field("url", HostValue::String(url)),
            field("headers", flat(&headers)),
            field("body", HostValue::Number(body)),
            field("redirected", HostValue::Bool(is_redirected)),
        ]))
    });
    if let Some(promise) = promise {
        result.set(promise.into());
    }
}

/// The URL without its user and password, which become a header unless there is one.
fn authorize(url: String, headers: &mut HeaderMap) -> String {
    let Ok(mut parsed) = Url::parse(&url, None) else { return url };
    if !parsed.has_credentials() {
        return url;
    }
    let mut pair = percent_decoded(parsed.username());
    pair.push(b':');
    pair.extend(percent_decoded(parsed.password()));
    if let Ok(mut value) = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair))) {
        value.set_sensitive(true);
        headers.entry(AUTHORIZATION).or_insert(value);
    }
    // A URL that has credentials can be without them.
    let _ = (parsed.set_username(None), parsed.set_password(None));
    parsed.href().to_owned()
}

/// The bytes of a URL's component.
fn percent_decoded(text: &str) -> Vec<u8> {
    let mut rest = text.as_bytes();
    let mut decoded = Vec::with_capacity(rest.len());
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    while let [first, after @ ..] = rest {
        if let (b'%', [high, low, tail @ ..]) = (first, after)
            && let (Some(high), Some(low)) = (digit(*high), digit(*low))
        {
            decoded.push(high * 16 + low);
            rest = tail;
        } else {
            decoded.push(*first);
            rest = after;
        }
    }
    decoded
}

/// The number of the end that was opened last, which an attempt to connect has before it has come to anything.
fn socket_last<'s>(scope: Scope<'_, 's, '_>, _arguments: Arguments<'s>, mut result: Return<'s>) {
    let last = request(scope).map_or(0, |request| request.sockets.last());
    result.set_uint32(last);
}

fn failed(error: &OpError) -> HostCallError {
    HostCallError::type_error(format!("the WebSocket could not be opened: {}", error.message)).of_the_host()
}

/// Headers as the guest gets them: each byte of a value becomes one code unit.
fn flat(headers: &HeaderMap) -> HostValue {
    let mut flat = Vec::with_capacity(2 * headers.len());
    for (name, value) in headers {
        flat.push(HostValue::String(name.as_str().to_owned()));
        flat.push(HostValue::String(value.as_bytes().iter().map(|byte| char::from(*byte)).collect()));
    }
    HostValue::Array(flat)
}

/// The other side may choose one of the protocols that it was asked for (RFC 6455, section 4.1).
fn check_protocol(asked: &HeaderMap, answered: &HeaderMap) -> Result<(), OpError> {
    let mut chosen = answered.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
    let Some(first) = chosen.next() else { return Ok(()) };
    let is_asked_for = asked
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|protocol| protocol.trim().as_bytes() == first.as_bytes());
    if is_asked_for && chosen.next().is_none() {
        Ok(())
    } else {
        Err(OpError::new("the server chose a protocol that it was not asked for"))
    }
}

/// The end of this number.
fn end(scope: Scope<'_, '_, '_>, arguments: &Arguments<'_>) -> Option<Arc<WebSocket>> {
    let id = number(scope, arguments, 0);
    request(scope)?.sockets.end(id).map(|end| Arc::clone(&end.socket))
}

/// No array and no plain object: a promise that is resolved with one looks for `then` on the guest's prototypes.
fn ending(code: HostValue, reason: String) -> HostValue {
    HostValue::Record(vec![("code".to_owned(), code), ("reason".to_owned(), HostValue::String(reason))])
}

/// The promise is for a text, bytes, `{ code, reason }` of a close, null for a connection that is broken, or the same
/// without a code for one that its other end broke off knowingly.
fn socket_receive<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let Some(socket) = end(scope, &arguments) else { return };
    let mark = socket.arrival_mark();
    let promise = HostCalls::start_arrival(scope, mark, async move {
        Ok(match socket.next().await {
            Received::Message(WebSocketMessage::Text(text)) => HostValue::String(text),
            Received::Message(WebSocketMessage::Binary(bytes)) => {
                HostValue::Record(vec![("bytes".to_owned(), HostValue::Bytes(bytes))])
            }
            Received::Message(WebSocketMessage::Close(close)) => {
                let code = HostValue::Number(f64::from(close.code.unwrap_or(NO_CODE)));
                ending(code, close.reason)
            }
            Received::Broken(Some(reason)) => ending(HostValue::Undefined, reason),
            Received::Broken(None) | Received::Over => HostValue::Null,
        })
    });
    if let Some(promise) = promise {
        result.set(promise.into());
    }
}

/// The message of a call's second argument: a text, or bytes.
fn message(scope: Scope<'_, '_, '_>, arguments: &Arguments<'_>) -> WebSocketMessage {
    if arguments.get(1).is_string() {
        WebSocketMessage::Text(string(scope, arguments, 1))
    } else {
        WebSocketMessage::Binary(bytes(arguments, 1).unwrap_or_default())
    }
}

/// What the guest is told of a message for which the connection fails.
fn refused<'s>(scope: Scope<'_, 's, '_>, socket: &WebSocket, error: WebSocketError, result: &mut Return<'s>) {
    if matches!(error, WebSocketError::TooLarge(_)) {
        socket.close(WebSocketClose::new(WebSocketClose::TOO_LARGE, ""));
    }
    let text = super::new_string(scope, &error.to_string());
    result.set(text.into());
}

/// Gives undefined, or the reason for which the connection fails.
fn socket_send<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let message = message(scope, &arguments);
    let length = message.bytes();
    let id = number(scope, &arguments, 0);
    let turn = RealmState::of(scope).map_or(0, |state| state.turn());
    let Some(end) = request(scope).and_then(|request| request.sockets.end(id)) else { return };
    end.note_sent(turn, length);
    match end.socket.send_now(message) {
        // What nobody takes any more is told as the connection's end.
        Ok(()) | Err(WebSocketError::Closed) => {}
        Err(error) => {
            let socket = Arc::clone(&end.socket);
            refused(scope, &socket, error, &mut result);
        }
    }
}

/// Sends a message of a guest that waits until it is written. Gives true if that needs no waiting, false if there is no
/// room for the message, the reason for which the connection fails, or a promise of whether the message was written,
/// and not the connection at its end.
fn socket_write<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let message = message(scope, &arguments);
    let Some(socket) = end(scope, &arguments) else { return };
    match socket.send_or_wait(message) {
        Ok(Sent::Written) => result.set_bool(true),
        Ok(Sent::NoRoom) => result.set_bool(false),
        outcome @ (Ok(Sent::Waits) | Err(WebSocketError::Closed)) => {
            let written = socket.written();
            let promise = HostCalls::start(scope, async move {
                let is_written = outcome.is_ok() && written.await;
                Ok(HostValue::Bool(is_written))
            });
            if let Some(promise) = promise {
                result.set(promise.into());
            }
        }
        Err(error) => refused(scope, &socket, error, &mut result),
    }
}

/// The promise is fulfilled when there may be room for a message that was refused for want of it.
fn socket_room<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let bytes = message(scope, &arguments).bytes();
    let Some(socket) = end(scope, &arguments) else { return };
    let room = socket.room(bytes);
    let promise = HostCalls::start(scope, async move {
        room.await;
        Ok(HostValue::Undefined)
    });
    if let Some(promise) = promise {
        result.set(promise.into());
    }
}

fn socket_close<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, _result: Return<'s>) {
    let code = arguments.get(1).int32_value(scope).unwrap_or(-1);
    let reason = string(scope, &arguments, 2);
    if let Some(socket) = end(scope, &arguments) {
        let code = u16::try_from(code).ok().filter(|code| *code != NO_CODE);
        socket.close(WebSocketClose { code, reason });
    }
}

fn socket_buffered<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let id = number(scope, &arguments, 0);
    let turn = RealmState::of(scope).map_or(0, |state| state.turn());
    let buffered = request(scope).and_then(|request| request.sockets.end(id)).map(|end| end.buffered(turn));
    result.set_double(buffered.unwrap_or(0) as f64);
}

fn socket_drop<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, _result: Return<'s>) {
    let id = number(scope, &arguments, 0);
    if let Some(request) = request(scope) {
        request.sockets.remove(id);
    }
}

/// The promise is fulfilled once the connection is over.
fn socket_over<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let Some(watch) = end(scope, &arguments).map(|socket| socket.watch()) else { return };
    let promise = HostCalls::start(scope, async move {
        watch.over().await;
        Ok(HostValue::Undefined)
    });
    if let Some(promise) = promise {
        result.set(promise.into());
    }
}

/// Who is at fault for an error of the guest's world is who is at fault for the one behind it.
fn socket_blame<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, _result: Return<'s>) {
    runtime_core::blame_as(scope, arguments.get(0), arguments.get(1));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_and_a_password_of_a_url_become_a_header() {
        let authorized = |url: &str| {
            let mut headers = HeaderMap::new();
            let url = authorize(url.to_owned(), &mut headers);
            let value = headers.get(AUTHORIZATION).map(|value| value.to_str().expect("text").to_owned());
            (url, value.unwrap_or_default())
        };
        let expected = |url: &str, pair: &[u8]| (url.to_owned(), format!("Basic {}", STANDARD.encode(pair)));
        assert_eq!(authorized("wss://foo:bar@a/x?y"), expected("wss://a/x?y", b"foo:bar"));
        assert_eq!(authorized("ws://foo@a:8080/"), expected("ws://a:8080/", b"foo:"));
        assert_eq!(authorized("ws://:a%3A%c3%bc%@a/"), expected("ws://a/", "\u{3a}a:ü%".as_bytes()));
        assert_eq!(authorized("ws://a/@"), ("ws://a/@".to_owned(), String::new()));
    }

    #[test]
    fn a_header_that_the_guest_has_set_is_kept() {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("Bearer x"));
        assert_eq!(authorize("ws://foo:bar@a/".to_owned(), &mut headers), "ws://a/");
        assert_eq!(headers[AUTHORIZATION], "Bearer x");
    }
}
