//! The HTTP server: connections from their acceptance to the drain. What one request means is the business of
//! `http/exchange`.

mod exchange;
mod outgoing;
mod upgrade;

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use runtime_facade::Runtime;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::watch;

use crate::routes::Routes;

/// How long a client may take to send a request's head, and how long a kept connection may be idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How often a quiet HTTP/2 connection is asked whether somebody is there, and how long the answer may take.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// Requests at once on one HTTP/2 connection.
const MAX_STREAMS: u32 = 250;
/// How long nothing is accepted after the system had no more file descriptors or memory for it.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A server that listens: HTTP/1.1 and HTTP/2 (by prior knowledge), without TLS, which is a proxy's business.
///
/// A worker's WebSocket takes over the HTTP/1.1 connection of its request, and is closed with 1001 when the server
/// drains.
///
/// A client that goes away cancels its request. A worker's stream that fails breaks the connection (HTTP/1.1) or the
/// stream (HTTP/2) off, so that it never looks complete.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    head_timeout: Duration,
    shared: Arc<Shared>,
}

struct Shared {
    runtime: Runtime,
    routes: Routes,
    address: SocketAddr,
}

/// How a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Connections that were cut because their requests had not ended in time.
    pub cut_connections: usize,
    /// Whether every call ended in time, work after responses included.
    pub all_calls_ended: bool,
}

/// Where connections stand; told to each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Serving,
    /// Finish the requests under way and close.
    Draining,
    /// Close now.
    Cut,
}

impl Server {
    /// Listens. Connections wait until [`Server::run`] takes them.
    ///
    /// # Errors
    /// If the address cannot be had.
    pub async fn bind(address: impl ToSocketAddrs, runtime: Runtime, routes: Routes) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { runtime, routes, address });
        Ok(Self { listener, address, head_timeout: HEAD_TIMEOUT, shared })
    }

    /// The address, with the port that the system chose if port 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` resolves; then accepts nothing more, lets what is under way end, at most for `drain`, and
    /// cuts the rest.
    ///
    /// # Cancel safety
    /// Dropping the future cuts all connections at once.
    pub async fn run(self, stop: impl Future<Output = ()>, drain: Duration) -> Drained {
        let (phase, _) = watch::channel(Phase::Serving);
        {
            let mut stop = pin!(stop);
            loop {
                tokio::select! {
                    biased;
                    () = &mut stop => break,
                    accepted = self.listener.accept() => match accepted {
                        Ok((stream, _)) => {
                            let shared = Arc::clone(&self.shared);
                            tokio::spawn(serve_connection(shared, stream, phase.subscribe(), self.head_timeout));
                        }
                        Err(error) if is_of_one_connection(&error) => {}
                        Err(error) => {
                            tracing::warn!(%error, "no connection can be accepted at the moment");
                            tokio::select! {
                                () = &mut stop => break,
                                () = tokio::time::sleep(ACCEPT_PAUSE) => {}
                            }
                        }
                    },
                }
            }
        }
        let Self { listener, shared, .. } = self;
        drop(listener);
        let deadline = Instant::now() + drain;
        phase.send_replace(Phase::Draining);
        // Each connection holds a receiver: when all are gone, so are the connections.
        let is_quiet = tokio::time::timeout_at(deadline.into(), phase.closed()).await.is_ok();
        let left = deadline.saturating_duration_since(Instant::now());
        let all_calls_ended = shared.runtime.shutdown(left).await;
        let cut_connections = if is_quiet { 0 } else { phase.receiver_count() };
        phase.send_replace(Phase::Cut);
        Drained { cut_connections, all_calls_ended }
    }
}

/// Whether an error of `accept` concerns only the connection that it would have given.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

async fn serve_connection(
    shared: Arc<Shared>,
    stream: TcpStream,
    mut phase: watch::Receiver<Phase>,
    head_timeout: Duration,
) {
    // Without it small writes of streams wait for acknowledgements; a socket that refuses is as good without.
    let _ = stream.set_nodelay(true);
    let has_asked = Arc::new(AtomicBool::new(false));
    let service = service_fn({
        let has_asked = Arc::clone(&has_asked);
        let phase = phase.clone();
        move |request| {
            has_asked.store(true, Ordering::Relaxed);
            let (shared, phase) = (Arc::clone(&shared), phase.clone());
            async move { Ok::<_, Infallible>(exchange::answer(&shared, request, phase).await) }
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(head_timeout);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_INTERVAL)
        .max_concurrent_streams(MAX_STREAMS);
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
    // The timeouts of both protocols begin once it is known which one it is, and this one before.
    let mut first_head = pin!(tokio::time::sleep(head_timeout));
    let mut is_first_head_due = true;
    loop {
        tokio::select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(error, "a connection broke off");
                }
                return;
            }
            changed = phase.changed() => match changed.map(|()| *phase.borrow_and_update()) {
                Ok(Phase::Draining) => connection.as_mut().graceful_shutdown(),
                Ok(Phase::Serving) => {}
                Ok(Phase::Cut) | Err(_) => return,
            },
            () = first_head.as_mut(), if is_first_head_due => {
                if !has_asked.load(Ordering::Relaxed) {
                    return;
                }
                is_first_head_due = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use runtime_facade::{Capacity, Mode, ModeName};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    #[tokio::test]
    async fn a_client_that_says_nothing_half_a_head_or_nothing_more_is_let_go() {
        let mode = Mode::named(ModeName::Worker, &Capacity::default()).expect("a mode");
        let runtime = Runtime::builder().mode(mode).build().expect("a runtime");
        let mut server = Server::bind("127.0.0.1:0", runtime, Routes::default()).await.expect("a free port");
        server.head_timeout = Duration::from_millis(50);
        let address = server.address();
        tokio::spawn(server.run(std::future::pending(), Duration::ZERO));
        for (sent, received) in [
            ("", ""),
            ("PRI * HT", ""),
            ("GET / HTTP/1.1\r\nHost:", ""),
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 404 Not Found"),
        ] {
            let mut stream = TcpStream::connect(address).await.expect("it accepts");
            stream.write_all(sent.as_bytes()).await.expect("it reads");
            let mut answer = Vec::new();
            let read = tokio::time::timeout(HEAD_TIMEOUT / 2, stream.read_to_end(&mut answer)).await;
            read.expect("it is closed in time").expect("it is closed in order");
            assert!(answer.starts_with(received.as_bytes()), "{sent:?}");
            assert_eq!(answer.is_empty(), received.is_empty(), "{sent:?}");
        }
    }
}
