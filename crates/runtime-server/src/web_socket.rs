//! A WebSocket on a connection: messages between its frames and an end that a guest's side has. Handshakes are the
//! business of `http` and `ops`.

use std::future::Future;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use http::header::{
    HeaderMap, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
};
use http::header::{SEC_WEBSOCKET_VERSION, UPGRADE};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use runtime_facade::{WebSocket, WebSocketClose, WebSocketMessage};
use tokio::io::AsyncReadExt as _;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

/// How long the other side may take to answer a close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long what a client still sends is read after its connection has failed, so that it gets to read why.
const LINGER: Duration = Duration::from_secs(1);
/// Bytes that are read and written at once.
const BUFFER: usize = 16 * 1024;

/// The close codes of RFC 6455 for what a client does wrong.
const PROTOCOL_ERROR: u16 = 1002;
const NOT_TEXT: u16 = 1007;

/// Headers that belong to a handshake, besides those of one connection.
pub(crate) const OF_HANDSHAKE: [HeaderName; 4] =
    [SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION];

/// Whether the headers ask for, or agree to, WebSocket.
pub(crate) fn is_upgrade(headers: &HeaderMap) -> bool {
    let values = headers.get_all(UPGRADE).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|name| name.trim().eq_ignore_ascii_case("websocket"))
}

type Stream = WebSocketStream<TokioIo<Upgraded>>;

/// How the exchange of messages came to its end.
enum Ending {
    /// The other side of the connection closed.
    Closed(WebSocketClose),
    /// It went away.
    Gone,
    /// It did what it may not do; with what it is told, and what the guest is.
    Wrong(WebSocketClose, String),
    /// The guest's side closed.
    ClosedHere(WebSocketClose),
    /// The guest's side went away.
    GoneHere,
    Stopped,
}

/// Moves messages until either side closes or goes away, or `stop` resolves. `abandoned` is the code that is sent if the
/// guest's side goes away without having closed.
pub(crate) async fn run(
    connection: Upgraded,
    role: Role,
    socket: WebSocket,
    abandoned: u16,
    stop: impl Future<Output = ()>,
) {
    let most = socket.message_limit().map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(most)
        .max_frame_size(most);
    let stream = WebSocketStream::from_raw_socket(TokioIo::new(connection), role, Some(config)).await;
    let (mut sink, mut source) = stream.split();
    let ending = tokio::select! {
        () = stop => Ending::Stopped,
        ending = inbound(&mut source, &socket) => ending,
        ending = outbound(&mut sink, &socket) => ending,
        () = stuck(&socket) => Ending::Gone,
    };
    let close = match ending {
        Ending::Gone => return,
        Ending::Closed(close) => {
            socket.close(close);
            // The reply was made when the close was read.
            let _ = tokio::time::timeout(CLOSE_TIMEOUT, async {
                let _ = sink.flush().await;
                while let Some(Ok(_)) = source.next().await {}
            })
            .await;
            return;
        }
        Ending::Wrong(close, reason) => {
            socket.fail(reason);
            let told = sink.send(Message::Close(frame(close)));
            if let Ok(Ok(())) = tokio::time::timeout(CLOSE_TIMEOUT, told).await {
                linger(sink, source).await;
            }
            return;
        }
        Ending::ClosedHere(close) => close,
        Ending::GoneHere => WebSocketClose::new(abandoned, ""),
        Ending::Stopped => {
            let close = WebSocketClose::new(WebSocketClose::GOING_AWAY, "");
            socket.close(close.clone());
            close
        }
    };
    let answered = tokio::time::timeout(CLOSE_TIMEOUT, async {
        sink.send(Message::Close(frame(close))).await.ok()?;
        // What comes before the answer is no message any more.
        while let Some(Ok(message)) = source.next().await {
            if let Message::Close(close) = message {
                socket.close(closed(close));
            }
        }
        Some(())
    });
    let _ = answered.await;
}

/// Resolves if the socket is over, and the other side does not even read what was sent before that.
async fn stuck(socket: &WebSocket) {
    socket.over().await;
    tokio::time::sleep(CLOSE_TIMEOUT).await;
}

/// Reads messages, as fast as the guest takes them.
async fn inbound(source: &mut SplitStream<Stream>, socket: &WebSocket) -> Ending {
    loop {
        let message = match source.next().await {
            Some(Ok(Message::Text(text))) => WebSocketMessage::Text(text.as_str().to_owned()),
            Some(Ok(Message::Binary(bytes))) => WebSocketMessage::Binary(bytes),
            Some(Ok(Message::Close(close))) => return Ending::Closed(closed(close)),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
            Some(Err(error)) => return broken(&error),
            None => return Ending::Gone,
        };
        // A guest that has closed or is gone ends the other direction.
        if socket.send(message).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Writes messages, as fast as the connection takes them.
async fn outbound(sink: &mut SplitSink<Stream, Message>, socket: &WebSocket) -> Ending {
    loop {
        let message = match socket.receive().await {
            Some(WebSocketMessage::Text(text)) => Message::Text(text.into()),
            Some(WebSocketMessage::Binary(bytes)) => Message::Binary(bytes),
            Some(WebSocketMessage::Close(close)) => return Ending::ClosedHere(close),
            None => return Ending::GoneHere,
        };
        if sink.send(message).await.is_err() {
            // Reading tells what it was.
            std::future::pending::<()>().await;
        }
    }
}

fn broken(error: &Error) -> Ending {
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Ending::Gone,
        Error::Capacity(_) => {
            let reason = "a message is larger than it may be";
            Ending::Wrong(WebSocketClose::new(WebSocketClose::TOO_LARGE, reason), reason.to_owned())
        }
        Error::Utf8(_) => {
            Ending::Wrong(WebSocketClose::new(NOT_TEXT, ""), "a text message is not valid UTF-8".to_owned())
        }
        Error::Protocol(error) => Ending::Wrong(
            WebSocketClose::new(PROTOCOL_ERROR, ""),
            format!("the connection is at fault: {error}"),
        ),
        _ => Ending::Gone,
    }
}

/// Reads on for a while and forgets it: a connection that is closed with something unread is reset, and what was last
/// written is lost.
async fn linger(sink: SplitSink<Stream, Message>, source: SplitStream<Stream>) {
    let Ok(stream) = sink.reunite(source) else { return };
    let mut connection = stream.into_inner();
    let mut forgotten = vec![0; BUFFER];
    let _ = tokio::time::timeout(LINGER, async {
        while connection.read(&mut forgotten).await.is_ok_and(|read| read > 0) {}
    })
    .await;
}

fn frame(close: WebSocketClose) -> Option<CloseFrame> {
    let WebSocketClose { code, reason } = close;
    code.map(|code| CloseFrame { code: code.into(), reason: reason.into() })
}

fn closed(frame: Option<CloseFrame>) -> WebSocketClose {
    match frame {
        Some(frame) => WebSocketClose::new(frame.code.into(), frame.reason.as_str()),
        None => WebSocketClose::default(),
    }
}
