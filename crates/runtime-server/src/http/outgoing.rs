//! A worker's body on its way out. What the guest sends is the business of `runtime-web`.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use runtime_facade::{BodyError, ResponseBody};

/// A body whose failure comes a little after what was before it.
///
/// A connection that is told of a failure drops what it has not written yet. Told in the same poll as the head and the
/// first chunk, it would drop all of the answer, and the client would learn nothing of a worker that got half way.
#[derive(Debug)]
pub(crate) struct Outgoing {
    body: ResponseBody,
    failure: Option<BodyError>,
}

impl From<ResponseBody> for Outgoing {
    fn from(body: ResponseBody) -> Self {
        Self { body, failure: None }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(failure) = self.failure.take() {
            return Poll::Ready(Some(Err(failure)));
        }
        match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
            Some(Err(failure)) => {
                // A body that has nothing at the moment makes the connection write what it has.
                self.failure = Some(failure);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            frame => Poll::Ready(frame),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.failure.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
