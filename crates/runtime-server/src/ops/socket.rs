//! WebSockets to other servers: the client's side of the handshake of RFC 6455, section 4.1, over the connections that
//! fetches are made with. What is sent then is the business of `web_socket`.

use ada_url::Url;
use http::header::{
    self, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION,
};
use http::{Method, StatusCode};
use runtime_facade::{Body, OpError, WebSocketAnswer, WebSocketClose, WebSocketRequest};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::{HttpOps, answer_of, failed, outbound_headers, reason, uri};
use crate::{hop_by_hop, web_socket};

impl HttpOps {
    /// Opens a WebSocket to an allowed host.
    pub(super) async fn open_socket(self, request: WebSocketRequest) -> Result<WebSocketAnswer, OpError> {
        let WebSocketRequest { url, headers, socket, .. } = request;
        // The schemes of WebSockets are those of HTTP by another name.
        let rest = url.strip_prefix("ws").ok_or_else(|| {
            OpError::new(format!("cannot open a WebSocket to {url:?}, expected the scheme ws or wss"))
        })?;
        let http = format!("http{rest}");
        let url = Url::parse(&http, None).map_err(|_| OpError::new(format!("{http:?} is not a URL")))?;
        self.check(&url)?;
        let key = generate_key();
        let mut asked = http::Request::new(Body::empty());
        *asked.method_mut() = Method::GET;
        *asked.uri_mut() = uri(&url)?;
        *asked.headers_mut() = outbound_headers(headers);
        let headers = asked.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        let bad_key = |_| failed(&url, "its key is no header's value");
        headers.insert(SEC_WEBSOCKET_KEY, HeaderValue::try_from(&key).map_err(bad_key)?);
        let response =
            self.client.sockets.request(asked).await.map_err(|error| failed(&url, &reason(&error)))?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(WebSocketAnswer::Refused(answer_of(&url, false, response)));
        }
        let accept = response.headers().get(SEC_WEBSOCKET_ACCEPT);
        if !web_socket::is_upgrade(response.headers())
            || accept.is_none_or(|accept| accept != derive_accept_key(key.as_bytes()).as_str())
        {
            return Err(failed(&url, "its answer to the handshake is wrong"));
        }
        if response.headers().contains_key(SEC_WEBSOCKET_EXTENSIONS) {
            return Err(failed(&url, "it speaks an extension that it was not asked for"));
        }
        let mut headers = response.headers().clone();
        hop_by_hop::remove(&mut headers);
        for name in web_socket::OF_HANDSHAKE {
            headers.remove(name);
        }
        let connection =
            hyper::upgrade::on(response).await.map_err(|error| failed(&url, &error.to_string()))?;
        // It ends when the guest's side does, at the latest with its request.
        tokio::spawn(web_socket::run(
            connection,
            Role::Client,
            socket,
            WebSocketClose::GOING_AWAY,
            std::future::pending(),
        ));
        Ok(WebSocketAnswer::Open(headers))
    }
}
