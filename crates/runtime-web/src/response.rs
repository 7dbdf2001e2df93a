//! What a request gives: the response, whose body may stream on, and then the end with its figures.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use runtime_core::{Failure, Outcome, Report};
use tokio::sync::oneshot;

use crate::body::{Body, BodyError};
use crate::web_socket::WebSocket;

/// A worker's response.
#[derive(Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The reason phrase that the guest gave, if any.
    pub status_text: String,
    /// The headers, in order, duplicates kept.
    pub headers: HeaderMap,
    /// The body.
    pub body: ResponseBody,
    /// The client's end of a WebSocket, in a response with status 101 to a request that asked for one. The request lives
    /// on until the socket is closed. Dropping it tells the guest that its client has gone.
    pub web_socket: Option<WebSocket>,
}

impl Response {
    /// What an event without a response of its own gives.
    pub(crate) fn empty() -> Self {
        Self {
            status: 200,
            status_text: String::new(),
            headers: HeaderMap::new(),
            body: ResponseBody::default(),
            web_socket: None,
        }
    }
}

/// What the client's side of a body tells the request that sends it. Nothing at all, if the body is dropped before its
/// end.
#[derive(Debug)]
pub(crate) enum BodyFate {
    /// It was read to its end, or broke off.
    Over,
    /// It has more bytes than it may.
    TooLarge(BodyError),
}

/// The body of a response. Dropping it before its end cancels the request: the client has gone away.
#[derive(Debug, Default)]
pub struct ResponseBody {
    /// Dropped, it cancels the request; taken out at the body's end. It is dropped before the body: a guest that finds its
    /// reader gone must not end before this is known.
    fate: Option<oneshot::Sender<BodyFate>>,
    body: Body,
    /// How many bytes it may have; 0 for any number.
    limit: u64,
    passed: u64,
}

impl ResponseBody {
    /// A body that breaks off after `limit` bytes; 0 for no limit.
    pub(crate) fn new(body: Body, limit: u64) -> Self {
        Self { body, limit, passed: 0, fate: None }
    }

    /// Ties the request to the body, unless the body has ended already.
    pub(crate) fn cancel_on_drop(&mut self, fate: oneshot::Sender<BodyFate>) {
        if !http_body::Body::is_end_stream(&self.body) && self.body.as_bytes().is_none() {
            self.fate = Some(fate);
        } else {
            // Nothing of the request can be canceled through a body that is all at hand.
            let _ = fate.send(BodyFate::Over);
        }
    }

    /// The bytes, if they are all at hand.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        self.body.as_bytes()
    }

    fn tell(&mut self, fate: BodyFate) {
        if let Some(request) = self.fate.take() {
            let _ = request.send(fate);
        }
    }

    /// Counts bytes on their way.
    fn pass(&mut self, bytes: u64) -> Result<(), BodyError> {
        self.passed += bytes;
        if self.limit == 0 || self.passed <= self.limit {
            return Ok(());
        }
        let error = too_large(self.limit);
        // The request learns of it before its writer finds its reader gone.
        self.tell(BodyFate::TooLarge(error.clone()));
        self.body = Body::empty();
        Err(error)
    }

    /// The next bytes; none at the end. See [`Body::chunk`].
    ///
    /// # Errors
    /// If the body breaks off.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        while let Some(frame) = self.frame().await {
            if let Ok(bytes) = frame?.into_data()
                && !bytes.is_empty()
            {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// What a request that ended well is taken for, if this body of its broke off: the guest had no part in it any
    /// more, so the host failed, unless the body has more bytes than it may.
    pub fn outcome_of_break(&self) -> Outcome {
        if self.limit > 0 && self.passed > self.limit { Outcome::Exception } else { Outcome::HostError }
    }

    /// All bytes to the end.
    ///
    /// # Errors
    /// If the body breaks off.
    pub async fn collect(mut self) -> Result<Bytes, BodyError> {
        self.read_to_end().await
    }

    async fn read_to_end(&mut self) -> Result<Bytes, BodyError> {
        // What is all at hand is not copied; its length was checked when the guest answered.
        if self.body.as_bytes().is_some() {
            return std::mem::take(&mut self.body).collect().await;
        }
        let mut all = BytesMut::new();
        while let Some(bytes) = self.chunk().await? {
            all.extend_from_slice(&bytes);
        }
        Ok(all.freeze())
    }
}

/// What is said of a body that has more bytes than it may.
pub(crate) fn too_large(limit: u64) -> BodyError {
    BodyError::new(format!("the response's body is larger than the {limit} bytes that it may have"))
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        match &frame {
            Poll::Ready(None | Some(Err(_))) => self.tell(BodyFate::Over),
            Poll::Ready(Some(Ok(frame))) => {
                let bytes = frame.data_ref().map_or(0, |bytes| bytes.len() as u64);
                if let Err(error) = self.pass(bytes) {
                    return Poll::Ready(Some(Err(error)));
                }
            }
            Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How a request ended, after its response.
#[derive(Clone, Debug)]
pub struct End {
    /// The outcome.
    pub outcome: Outcome,
    /// What happened, if it did not go well.
    pub message: String,
    /// The figures.
    pub report: Report,
}

/// A response, and the end that follows it.
///
/// The request goes on after the response: the body streams, `waitUntil` runs. [`Execution::end`] resolves when all
/// of that is over.
#[derive(Debug)]
pub struct Execution {
    /// The response.
    pub response: Response,
    /// The end, as a future.
    pub end: EndOfRequest,
}

impl Execution {
    /// Calls `then` when the request has come to its end, whether or not anybody waits for that.
    #[must_use]
    pub fn on_end(mut self, then: impl FnOnce() + Send + 'static) -> Self {
        self.end = match self.end.0 {
            EndKind::Known(_) => {
                then();
                self.end
            }
            EndKind::Awaited(end) => {
                let (sender, receiver) = oneshot::channel();
                tokio::spawn(async move {
                    let end = end.await;
                    then();
                    if let Ok(end) = end {
                        let _ = sender.send(end);
                    }
                });
                EndOfRequest::awaited(receiver)
            }
        };
        self
    }

    /// Reads the body to its end and waits for the request's.
    ///
    /// # Errors
    /// If the body breaks off, with the request's outcome; and if the request ended badly after its response, so that
    /// what was read may be trusted.
    pub async fn collect(self) -> Result<Collected, Failure> {
        let Response { status, status_text, headers, mut body, web_socket } = self.response;
        // Nobody speaks on it here, and the request's end waits for it.
        drop(web_socket);
        let collected = body.read_to_end().await;
        let outcome_of_break = body.outcome_of_break();
        drop(body);
        let End { outcome, message, report } = self.end.await;
        match collected {
            Ok(body) if outcome == Outcome::Ok => {
                Ok(Collected { status, status_text, headers, body, report })
            }
            Ok(_) => Err(Failure { outcome, message, report: Box::new(report) }),
            Err(error) => {
                let (outcome, message) = match outcome {
                    Outcome::Ok => (outcome_of_break, error.message),
                    other => (other, message),
                };
                Err(Failure { outcome, message, report: Box::new(report) })
            }
        }
    }
}

/// A whole response.
#[derive(Clone, Debug)]
pub struct Collected {
    /// The status.
    pub status: u16,
    /// The reason phrase that the guest gave, if any.
    pub status_text: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The figures.
    pub report: Report,
}

impl Collected {
    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Resolves when a request has come to its end.
///
/// # Cancel safety
/// Dropping it changes nothing for the request.
#[derive(Debug)]
pub struct EndOfRequest(EndKind);

#[derive(Debug)]
enum EndKind {
    Known(Option<Box<End>>),
    Awaited(oneshot::Receiver<End>),
}

impl EndOfRequest {
    pub(crate) fn known(end: End) -> Self {
        Self(EndKind::Known(Some(Box::new(end))))
    }

    pub(crate) fn awaited(end: oneshot::Receiver<End>) -> Self {
        Self(EndKind::Awaited(end))
    }
}

impl Future for EndOfRequest {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End> {
        // The task that drives a request is dropped without a word only when its runtime shuts down.
        let lost = || End {
            outcome: Outcome::Canceled,
            message: "the runtime that drove the request was shut down".to_owned(),
            report: Report::default(),
        };
        match &mut self.0 {
            EndKind::Known(end) => Poll::Ready(end.take().map_or_else(lost, |end| *end)),
            EndKind::Awaited(end) => Pin::new(end).poll(cx).map(|end| end.unwrap_or_else(|_| lost())),
        }
    }
}
