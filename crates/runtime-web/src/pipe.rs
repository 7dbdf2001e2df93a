//! A pipe from the guest to the host: a bounded buffer of bytes with a writer in JavaScript and a reader that is a
//! body. The writer learns when there is room, the reader how it ended.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::Frame;
use parking_lot::Mutex;

use crate::body::BodyError;

/// Makes a pipe that asks its writer to wait once `capacity` bytes are buffered.
pub(crate) fn pipe(capacity: usize) -> (PipeWriter, PipeReader) {
    let shared = Arc::new(Mutex::new(Shared {
        chunks: VecDeque::new(),
        buffered: 0,
        capacity: capacity.max(1),
        left: u64::MAX,
        end: None,
        broke_off: false,
        is_reader_gone: false,
        reader: None,
        writers: Vec::new(),
    }));
    (PipeWriter(Arc::clone(&shared)), PipeReader(shared))
}

struct Shared {
    chunks: VecDeque<Bytes>,
    buffered: usize,
    capacity: usize,
    /// How many more bytes may be written.
    left: u64,
    /// Set once: no more chunks come, well or not.
    end: Option<Result<(), BodyError>>,
    /// The end was not a good one.
    broke_off: bool,
    is_reader_gone: bool,
    reader: Option<Waker>,
    writers: Vec<Waker>,
}

impl Shared {
    fn finish(&mut self, end: Result<(), BodyError>) -> Option<Waker> {
        if self.end.is_none() {
            self.broke_off = end.is_err();
            self.end = Some(end);
        }
        self.reader.take()
    }
}

/// A chunk cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WriteError {
    #[error("the reader of this body has gone away")]
    ReaderGone,
    #[error("the body has more bytes than it may")]
    TooLarge,
}

/// The writing half. Dropped without [`close`](Self::close), it breaks the body off.
pub(crate) struct PipeWriter(Arc<Mutex<Shared>>);

impl PipeWriter {
    /// Lets only so many more bytes be written.
    pub(crate) fn limit(&self, bytes: u64) {
        self.0.lock().left = bytes;
    }

    /// Appends a chunk. True if there is room for more.
    ///
    /// # Errors
    /// If nobody reads any more, or the body would have more bytes than it may; that breaks it off.
    pub(crate) fn write(&self, chunk: Bytes) -> Result<bool, WriteError> {
        let (waker, result) = {
            let mut shared = self.0.lock();
            if shared.is_reader_gone {
                return Err(WriteError::ReaderGone);
            }
            if let Some(left) = shared.left.checked_sub(chunk.len() as u64) {
                shared.left = left;
                shared.buffered += chunk.len();
                if !chunk.is_empty() {
                    shared.chunks.push_back(chunk);
                }
                (shared.reader.take(), Ok(shared.buffered < shared.capacity))
            } else {
                let error = WriteError::TooLarge;
                (shared.finish(Err(BodyError::new(error.to_string()))), Err(error))
            }
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        result
    }

    /// Resolves when there is room again.
    pub(crate) fn room(&self) -> impl Future<Output = Result<(), BodyError>> + Send + use<> {
        let shared = Arc::clone(&self.0);
        poll_fn(move |cx| {
            let mut shared = shared.lock();
            if shared.is_reader_gone {
                return Poll::Ready(Err(BodyError::new("the reader of this body has gone away")));
            }
            if shared.buffered < shared.capacity || shared.end.is_some() {
                return Poll::Ready(Ok(()));
            }
            if !shared.writers.iter().any(|known| known.will_wake(cx.waker())) {
                shared.writers.push(cx.waker().clone());
            }
            Poll::Pending
        })
    }

    /// For who wants to know later how the writing ended.
    pub(crate) fn state(&self) -> PipeState {
        PipeState(Arc::clone(&self.0))
    }

    /// The body is complete.
    pub(crate) fn close(self) {
        let waker = self.0.lock().finish(Ok(()));
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The body breaks off.
    pub(crate) fn abort(self, message: String) {
        let waker = self.0.lock().finish(Err(BodyError::new(message)));
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Drop for PipeWriter {
    fn drop(&mut self) {
        let waker =
            self.0.lock().finish(Err(BodyError::new("the worker ended before its body was complete")));
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// A look at how the writing ended.
pub(crate) struct PipeState(Arc<Mutex<Shared>>);

impl PipeState {
    /// Whether the writer broke the body off.
    pub(crate) fn broke_off(&self) -> bool {
        self.0.lock().broke_off
    }
}

/// The reading half: a body.
pub(crate) struct PipeReader(Arc<Mutex<Shared>>);

impl http_body::Body for PipeReader {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let (frame, writers) = {
            let mut shared = self.0.lock();
            if let Some(chunk) = shared.chunks.pop_front() {
                shared.buffered -= chunk.len();
                let writers = if shared.buffered < shared.capacity {
                    std::mem::take(&mut shared.writers)
                } else {
                    Vec::new()
                };
                (Poll::Ready(Some(Ok(Frame::data(chunk)))), writers)
            } else {
                match &mut shared.end {
                    // An error is told once; after it the body is at its end.
                    Some(end) => {
                        let end = std::mem::replace(end, Ok(()));
                        (Poll::Ready(end.err().map(Err)), Vec::new())
                    }
                    None => {
                        shared.reader = Some(cx.waker().clone());
                        (Poll::Pending, Vec::new())
                    }
                }
            }
        };
        for writer in writers {
            writer.wake();
        }
        frame
    }
}

impl Drop for PipeReader {
    fn drop(&mut self) {
        let (chunks, writers) = {
            let mut shared = self.0.lock();
            shared.is_reader_gone = true;
            shared.buffered = 0;
            (std::mem::take(&mut shared.chunks), std::mem::take(&mut shared.writers))
        };
        drop(chunks);
        for writer in writers {
            writer.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    fn chunk(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[tokio::test]
    async fn what_is_written_is_read_and_a_full_pipe_asks_to_wait() {
        let (writer, mut reader) = pipe(4);
        assert!(writer.write(chunk("ab")).expect("a reader is there"));
        assert!(!writer.write(chunk("cd")).expect("a reader is there"));
        let mut room = Box::pin(writer.room());
        assert!(futures_util::poll!(&mut room).is_pending());
        let frame = reader.frame().await.expect("a frame").expect("no error");
        assert_eq!(frame.into_data().expect("data"), "ab");
        room.await.expect("a reader is there");
        writer.close();
        assert_eq!(reader.collect().await.expect("a clean end").to_bytes(), "cd");
    }

    #[tokio::test]
    async fn a_writer_that_disappears_never_looks_like_a_clean_end() {
        let (writer, reader) = pipe(4);
        writer.write(chunk("ab")).expect("a reader is there");
        drop(writer);
        assert!(reader.collect().await.is_err());
    }

    #[tokio::test]
    async fn a_reader_that_disappears_wakes_and_fails_the_writer() {
        let (writer, reader) = pipe(1);
        writer.write(chunk("ab")).expect("a reader is there");
        let room = tokio::spawn(writer.room());
        drop(reader);
        assert!(room.await.expect("no panic").is_err());
        assert!(writer.write(chunk("cd")).is_err());
    }

    #[tokio::test]
    async fn a_body_past_its_limit_breaks_off() {
        let (writer, reader) = pipe(16);
        writer.limit(3);
        writer.write(chunk("ab")).expect("within the limit");
        assert_eq!(writer.write(chunk("cd")), Err(WriteError::TooLarge));
        assert!(reader.collect().await.is_err());
    }
}
