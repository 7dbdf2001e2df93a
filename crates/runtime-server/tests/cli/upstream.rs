//! A server for workers to fetch from: it shows what it got, redirects, streams, hangs, and notices who leaves.

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

use super::support::until;

type Body = http_body_util::combinators::UnsyncBoxBody<Bytes, hyper::Error>;

/// | path | answers |
/// |---|---|
/// | `/echo` | `METHOD target`, the request's headers a line each, an empty line, its body |
/// | `/mirror` | the request's body, as it comes |
/// | `/cookies` | two cookies |
/// | `/encoded` | bytes that claim to be gzip and are not |
/// | `/gzip` | the text "zipped", as gzip |
/// | `/redirect/STATUS?LOCATION` | a redirect |
/// | `/hang` | never |
/// | `/endless` | without end |
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    arrived: Arc<AtomicUsize>,
    left: Arc<AtomicUsize>,
    /// Its threads end with the value.
    _runtime: tokio::runtime::Runtime,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (arrived, left) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let counters = (Arc::clone(&arrived), Arc::clone(&left));
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (arrived, left) = counters.clone();
                let service = service_fn(move |request| {
                    let (arrived, left) = (Arc::clone(&arrived), Arc::clone(&left));
                    async move { Ok::<_, Infallible>(answer(request, &arrived, left).await) }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(async move {
                    // How connections end is what the tests look at from the other side.
                    let _ = connection.await;
                });
            }
        });
        Self { address, arrived, left, _runtime: runtime }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many requests for `/hang` or `/endless` have come.
    pub(crate) fn arrivals(&self) -> usize {
        self.arrived.load(Ordering::SeqCst)
    }

    /// Waits until so many requests for `/hang` or `/endless` have come.
    pub(crate) fn wait_for_arrivals(&self, count: usize) {
        until(&format!("{count} requests upstream"), || (self.arrivals() >= count).then_some(()));
    }

    /// Waits until so many of those that asked for `/hang` or `/endless` have gone away.
    pub(crate) fn wait_for_leavers(&self, count: usize) {
        until(&format!("{count} requests given up"), || {
            (self.left.load(Ordering::SeqCst) >= count).then_some(())
        });
    }
}

/// What gzip makes of "zipped".
const ZIPPED: &[u8] = &[
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xab, 0xca, 0x2c, 0x28, 0x48, 0x4d, 0x01,
    0x00, 0x57, 0x68, 0xc2, 0xe2, 0x06, 0x00, 0x00, 0x00,
];

async fn answer(request: Request<Incoming>, arrived: &AtomicUsize, left: Arc<AtomicUsize>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    match path.as_str() {
        "/echo" => echo(request).await,
        "/mirror" => Response::new(request.into_body().boxed_unsync()),
        "/cookies" => {
            let mut response = full("cookies");
            for cookie in ["a=1; Path=/", "b=2"] {
                response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static(cookie));
            }
            response
        }
        "/encoded" => {
            let mut response = full("not gzip at all");
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response
        }
        "/gzip" => {
            let mut response = full(ZIPPED);
            response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            response
        }
        "/hang" => {
            let _leaver = Leaver(left);
            arrived.fetch_add(1, Ordering::SeqCst);
            pending().await
        }
        "/endless" => {
            arrived.fetch_add(1, Ordering::SeqCst);
            Response::new(Endless(Leaver(left)).boxed_unsync())
        }
        path => match path.strip_prefix("/redirect/").and_then(|status| status.parse::<StatusCode>().ok()) {
            Some(status) => {
                let mut response = full("moved");
                *response.status_mut() = status;
                let location = HeaderValue::from_str(request.uri().query().unwrap_or_default());
                response
                    .headers_mut()
                    .insert(header::LOCATION, location.expect("a query is a header's value"));
                response
            }
            None => full("nothing here"),
        },
    }
}

async fn echo(request: Request<Incoming>) -> Response<Body> {
    let mut shown = format!("{} {}\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        shown += &format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()));
    }
    shown.push('\n');
    if let Ok(body) = request.into_body().collect().await {
        shown += &String::from_utf8_lossy(&body.to_bytes());
    }
    full(shown)
}

fn full(body: impl Into<Bytes>) -> Response<Body> {
    Response::new(Full::new(body.into()).map_err(|never| match never {}).boxed_unsync())
}

/// Counts when it is dropped.
struct Leaver(Arc<AtomicUsize>);

impl Drop for Leaver {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

struct Endless(Leaver);

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let _ = &self.0;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"and so on, ")))))
    }
}
