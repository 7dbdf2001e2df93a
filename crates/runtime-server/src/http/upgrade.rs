//! A request that becomes a WebSocket: the server's side of the handshake of RFC 6455, section 4.2, over HTTP/1.1. What is
//! sent then is the business of `web_socket`.

use bytes::Bytes;
use http::header::{
    self, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION,
};
use http::{Method, Request, Response, StatusCode, Version};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use runtime_facade::{Outcome, WebSocket, WebSocketClose};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::Phase;
use super::exchange::{AnswerBody, failed, text};
use crate::{hop_by_hop, web_socket};

/// The one version of the protocol.
const PROTOCOL_VERSION: &str = "13";
/// A key is 16 bytes in base64.
const KEY_LENGTH: usize = 24;

/// What of a request matters if its answer is a socket.
pub(super) struct Handshake {
    version: Version,
    /// None if the client did not ask for a WebSocket.
    asked: Option<Asked>,
}

struct Asked {
    upgrade: OnUpgrade,
    is_get: bool,
    speaks_version: bool,
    key: Option<HeaderValue>,
    protocols: Vec<String>,
}

impl Handshake {
    /// Looks at a request and takes its connection's upgrade out of it.
    pub(super) fn of(request: &mut Request<Incoming>) -> Self {
        let version = request.version();
        if version != Version::HTTP_11 || !web_socket::is_upgrade(request.headers()) {
            return Self { version, asked: None };
        }
        let upgrade = hyper::upgrade::on(&mut *request);
        let headers = request.headers();
        let asked = Asked {
            upgrade,
            is_get: request.method() == Method::GET,
            speaks_version: headers.get(SEC_WEBSOCKET_VERSION).is_some_and(|is| is == PROTOCOL_VERSION),
            key: headers.get(SEC_WEBSOCKET_KEY).filter(|key| is_key(key)).cloned(),
            protocols: protocols(headers),
        };
        Self { version, asked: Some(asked) }
    }

    /// Answers with a socket, and moves its messages from then on.
    pub(super) fn answer(
        self,
        mut headers: HeaderMap,
        socket: WebSocket,
        mut phase: watch::Receiver<Phase>,
    ) -> Response<AnswerBody> {
        let Some(asked) = self.asked else {
            return if self.version == Version::HTTP_2 {
                text(StatusCode::NOT_IMPLEMENTED, "WebSockets need HTTP/1.1 here\n")
            } else {
                upgrade_required("the worker answers with a WebSocket, for which the request did not ask\n")
            };
        };
        if !asked.speaks_version {
            return upgrade_required("expected sec-websocket-version: 13\n");
        }
        let Some(key) = asked.key.filter(|_| asked.is_get) else {
            return text(
                StatusCode::BAD_REQUEST,
                "expected a GET with one sec-websocket-key of 16 bytes in base64\n",
            );
        };
        let mut chosen = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter();
        if let Some(protocol) = chosen.next()
            && (chosen.next().is_some()
                || !asked.protocols.iter().any(|asked| asked.as_bytes() == protocol.as_bytes()))
        {
            // The client would have to refuse it.
            tracing::warn!(?protocol, "a worker chose a WebSocket protocol for which its client did not ask");
            return failed(Outcome::Exception);
        }
        hop_by_hop::remove(&mut headers);
        headers.remove(header::CONTENT_LENGTH);
        for name in web_socket::OF_HANDSHAKE {
            headers.remove(name);
        }
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        if let Ok(accept) = HeaderValue::try_from(derive_accept_key(key.as_bytes())) {
            headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        }
        tokio::spawn(async move {
            // A client that has gone before the answer was written drops the socket.
            let Ok(connection) = asked.upgrade.await else { return };
            // The receiver counts as a connection until the socket is closed.
            let stop = async {
                let _ = phase.wait_for(|phase| *phase != Phase::Serving).await;
            };
            web_socket::run(connection, Role::Server, socket, WebSocketClose::FAILED, stop).await;
        });
        let mut response = Response::new(Either::Left(Full::default()));
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        *response.headers_mut() = headers;
        response
    }
}

fn upgrade_required(message: &'static str) -> Response<AnswerBody> {
    let mut response = text(StatusCode::UPGRADE_REQUIRED, Bytes::from_static(message.as_bytes()));
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static(PROTOCOL_VERSION));
    response
}

fn is_key(key: &HeaderValue) -> bool {
    let key = key.as_bytes();
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == KEY_LENGTH && key.ends_with(b"==") && key[..KEY_LENGTH - 2].iter().all(is_digit)
}

/// The protocols that a client speaks.
fn protocols(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(|protocol| protocol.trim().to_owned()).collect()
}
