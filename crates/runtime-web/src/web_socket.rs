//! A WebSocket as two ends in memory: a bounded queue of messages in each direction, and how each side closed. One end is
//! a guest's (its JavaScript is `js/web_socket.js`), the other one its host's, or another one of the guest's. Frames,
//! handshakes and connections are the business of whoever moves messages between an end and the network.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use runtime_core::RuntimeLimits;
use tokio::sync::Notify;

/// What a queued message takes besides its bytes, so that empty ones are not free.
const OVERHEAD: u64 = 64;

/// A message on a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebSocketMessage {
    /// Text.
    Text(String),
    /// Bytes.
    Binary(Bytes),
    /// The sender closes its side: it sends nothing more.
    Close(WebSocketClose),
}

impl WebSocketMessage {
    pub(crate) fn bytes(&self) -> u64 {
        match self {
            WebSocketMessage::Text(text) => text.len() as u64,
            WebSocketMessage::Binary(bytes) => bytes.len() as u64,
            WebSocketMessage::Close(_) => 0,
        }
    }
}

/// How a side closes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebSocketClose {
    /// The code of RFC 6455, section 7.4, if one was given.
    pub code: Option<u16>,
    /// The reason, of 123 bytes at most.
    pub reason: String,
}

impl WebSocketClose {
    /// The other side goes away: a server that stops, a guest whose request is over.
    pub const GOING_AWAY: u16 = 1001;
    /// A message is larger than it may be.
    pub const TOO_LARGE: u16 = 1009;
    /// A guest was ended by a limit or an error.
    pub const FAILED: u16 = 1011;

    /// A close with a code.
    pub fn new(code: u16, reason: impl Into<String>) -> Self {
        Self { code: Some(code), reason: reason.into() }
    }
}

/// A message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WebSocketError {
    /// This side has closed, or the other end is not there any more.
    #[error("the socket is closed")]
    Closed,
    /// The message is larger than it may be.
    #[error("the message is larger than the {0} bytes that it may have")]
    TooLarge(u64),
    /// The other side takes messages too slowly.
    #[error("the socket holds more than the {0} bytes that it may")]
    Full(u64),
}

/// What has become of a message that its sender can wait with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// It was taken, and more may follow at once.
    Written,
    /// It was taken; more should follow when [`WebSocket::written`] says so.
    Waits,
    /// It was not taken, and can be after [`WebSocket::room`].
    NoRoom,
}

/// One end of a WebSocket.
///
/// Its methods take `&self`, so that one task may send while another one receives. Each of the two should be done by one
/// task at a time. A dropped end that has not closed looks to the other side like a broken connection.
pub struct WebSocket {
    shared: Arc<Shared>,
    side: usize,
}

/// What both ends of a socket, and all sockets of a request, have to keep to.
#[derive(Clone)]
pub(crate) struct Bounds {
    /// Of one message; `u64::MAX` for any size.
    message: u64,
    /// Of what waits on one side before its sender is asked to wait.
    capacity: u64,
    /// Of what may be sent without waiting and is not taken yet, over all sockets of the request.
    buffer: u64,
    buffered: Arc<AtomicU64>,
    /// Tells whoever waits for room in `buffer` that there is some again.
    freed: Arc<Notify>,
}

impl Bounds {
    pub(crate) fn new(limits: &RuntimeLimits) -> Self {
        Self {
            message: RuntimeLimits::cap(limits.websocket_message_bytes),
            capacity: limits.stream_buffer_bytes.max(1),
            buffer: RuntimeLimits::cap(limits.websocket_buffer_bytes),
            buffered: Arc::default(),
            freed: Arc::default(),
        }
    }

    /// Whether so many bytes of one message are within the buffer at all, and whether there is room for them now.
    fn room_for(&self, bytes: u64) -> Room {
        let cost = bytes.saturating_add(OVERHEAD);
        if cost > self.buffer {
            Room::Never
        } else if self.buffered.load(Ordering::Relaxed).saturating_add(cost) > self.buffer {
            Room::Later
        } else {
            Room::Now
        }
    }

    fn free(&self, cost: u64) {
        self.buffered.fetch_sub(cost, Ordering::Relaxed);
        self.freed.notify_waiters();
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Room {
    Now,
    Later,
    Never,
}

struct Shared {
    bounds: Bounds,
    state: Mutex<State>,
    /// Whether one end is the client's of a request; see [`Watch`].
    is_of_client: Arc<AtomicBool>,
}

struct State {
    sides: [Side; 2],
    /// When a message was last sent, in either direction.
    last_message: Instant,
    watchers: Vec<Waker>,
}

/// What one end has waiting for it, and what it has done.
#[derive(Default)]
struct Side {
    waiting: VecDeque<WebSocketMessage>,
    /// What the messages in `waiting` take, and the bytes that they have.
    cost: u64,
    bytes: u64,
    /// What the message takes that the end has received last, until it asks for the next one: whoever writes messages
    /// to a connection has written it then. Of an end that is gone: what will never be written.
    in_hand: u64,
    /// The end has sent its close.
    has_closed: bool,
    /// The end has taken the other one's close.
    has_seen_close: bool,
    is_gone: bool,
    /// Why the end broke the connection off, if it did so knowingly.
    failure: Option<String>,
    receiver: Option<Waker>,
    /// Of the other end, which waits for room here.
    senders: Vec<Waker>,
    /// Of the other end, which waits until what it has sent is out of the way.
    writers: Vec<Waker>,
}

impl State {
    fn is_over(&self) -> bool {
        let [first, second] = &self.sides;
        first.is_gone || second.is_gone || (first.has_closed && second.has_closed)
    }

    fn take_watchers(&mut self) -> Vec<Waker> {
        if self.is_over() { std::mem::take(&mut self.watchers) } else { Vec::new() }
    }
}

fn wake(wakers: impl IntoIterator<Item = Waker>) {
    for waker in wakers {
        waker.wake();
    }
}

/// What an end receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    Message(WebSocketMessage),
    /// The other end is gone without having closed; with the reason, if it broke the connection off knowingly.
    Broken(Option<String>),
    /// Both sides have closed.
    Over,
}

impl WebSocket {
    /// A socket, as its two ends; only the sizes of messages and of what is waiting are limited.
    pub fn pair(limits: &RuntimeLimits) -> (WebSocket, WebSocket) {
        Self::with_bounds(Bounds::new(limits))
    }

    pub(crate) fn with_bounds(bounds: Bounds) -> (WebSocket, WebSocket) {
        let state = State {
            sides: [Side::default(), Side::default()],
            last_message: Instant::now(),
            watchers: Vec::new(),
        };
        let shared = Arc::new(Shared { bounds, state: Mutex::new(state), is_of_client: Arc::default() });
        (WebSocket { shared: Arc::clone(&shared), side: 0 }, WebSocket { shared, side: 1 })
    }

    /// The most bytes that a message may have, or none: for whoever puts messages together from frames.
    pub fn message_limit(&self) -> Option<u64> {
        let limit = self.shared.bounds.message;
        (limit < u64::MAX).then_some(limit)
    }

    /// Sends a message once there is room for it.
    ///
    /// # Errors
    /// If the message is too large, this side has closed, or the other end is gone.
    ///
    /// # Cancel safety
    /// A dropped future has not sent the message.
    pub async fn send(&self, message: WebSocketMessage) -> Result<(), WebSocketError> {
        let mut message = Some(message);
        poll_fn(|cx| {
            {
                let mut state = self.shared.state.lock();
                let other = &mut state.sides[1 - self.side];
                let has_room = other.cost < self.shared.bounds.capacity || other.is_gone;
                if !has_room && !state.sides[self.side].has_closed {
                    let senders = &mut state.sides[1 - self.side].senders;
                    if !senders.iter().any(|known| known.will_wake(cx.waker())) {
                        senders.push(cx.waker().clone());
                    }
                    return Poll::Pending;
                }
            }
            Poll::Ready(message.take().map_or(Ok(()), |message| self.put(message)))
        })
        .await
    }

    /// Sends a message now.
    ///
    /// # Errors
    /// As [`WebSocket::send`]; and if the request's sockets hold as much as they may.
    pub(crate) fn send_now(&self, message: WebSocketMessage) -> Result<(), WebSocketError> {
        let bounds = &self.shared.bounds;
        if bounds.room_for(message.bytes()) != Room::Now {
            return Err(WebSocketError::Full(bounds.buffer));
        }
        self.put(message)
    }

    /// As [`WebSocket::send_now`], for who can wait: see [`Sent`].
    pub(crate) fn send_or_wait(&self, message: WebSocketMessage) -> Result<Sent, WebSocketError> {
        if self.shared.bounds.room_for(message.bytes()) == Room::Later && !self.has_ended() {
            return Ok(Sent::NoRoom);
        }
        self.send_now(message)?;
        Ok(if self.watch().is_written(self.side) == Some(true) { Sent::Written } else { Sent::Waits })
    }

    /// Whether nothing that this end sends will be taken any more.
    fn has_ended(&self) -> bool {
        let state = self.shared.state.lock();
        state.sides[self.side].has_closed || state.sides[1 - self.side].is_gone
    }

    /// Resolves once what this end has sent is out of the way, but for as much as may always wait: whether it is, and the
    /// other end has neither closed nor gone meanwhile.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub(crate) fn written(&self) -> impl Future<Output = bool> + Send + use<> {
        let (watch, side) = (self.watch(), self.side);
        poll_fn(move |cx| watch.poll_written(side, cx))
    }

    /// Resolves once the sockets of the request have room for a message of so many bytes, or the connection is over.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub(crate) fn room(&self, bytes: u64) -> impl Future<Output = ()> + Send + use<> {
        let watch = self.watch();
        async move {
            let bounds = &watch.0.bounds;
            let mut over = std::pin::pin!(watch.over());
            loop {
                let mut freed = std::pin::pin!(bounds.freed.notified());
                freed.as_mut().enable();
                if bounds.room_for(bytes) != Room::Later {
                    return;
                }
                tokio::select! {
                    () = freed => {}
                    () = &mut over => return,
                }
            }
        }
    }

    /// Sends a close, whether there is room or not. Nothing happens if this side has closed already.
    pub fn close(&self, close: WebSocketClose) {
        // What cannot be sent has no meaning any more.
        let _ = self.put(WebSocketMessage::Close(close));
    }

    fn put(&self, message: WebSocketMessage) -> Result<(), WebSocketError> {
        let bytes = message.bytes();
        let bounds = &self.shared.bounds;
        if bytes > bounds.message {
            return Err(WebSocketError::TooLarge(bounds.message));
        }
        let (receiver, watchers) = {
            let mut state = self.shared.state.lock();
            if state.sides[self.side].has_closed || state.sides[1 - self.side].is_gone {
                return Err(WebSocketError::Closed);
            }
            let is_close = matches!(message, WebSocketMessage::Close(_));
            state.sides[self.side].has_closed = is_close;
            state.last_message = Instant::now();
            // What the other end has sent will not be taken any more, perhaps.
            let writers =
                if is_close { std::mem::take(&mut state.sides[self.side].writers) } else { Vec::new() };
            bounds.buffered.fetch_add(bytes + OVERHEAD, Ordering::Relaxed);
            let other = &mut state.sides[1 - self.side];
            other.bytes += bytes;
            other.cost += bytes + OVERHEAD;
            other.waiting.push_back(message);
            (other.receiver.take(), state.take_watchers().into_iter().chain(writers))
        };
        wake(receiver.into_iter().chain(watchers));
        Ok(())
    }

    /// The next message. None once the other side has closed and its close was received, or its end is gone.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn receive(&self) -> Option<WebSocketMessage> {
        match self.next().await {
            Received::Message(message) => Some(message),
            Received::Broken(_) | Received::Over => None,
        }
    }

    pub(crate) async fn next(&self) -> Received {
        poll_fn(|cx| {
            let (received, senders) = {
                let mut state = self.shared.state.lock();
                let (is_gone, failure) = {
                    let other = &state.sides[1 - self.side];
                    (other.is_gone, other.failure.clone())
                };
                let capacity = self.shared.bounds.capacity;
                let side = &mut state.sides[self.side];
                side.in_hand = 0;
                if let Some(message) = side.waiting.pop_front() {
                    let bytes = message.bytes();
                    self.shared.bounds.free(bytes + OVERHEAD);
                    side.bytes -= bytes;
                    side.cost -= bytes + OVERHEAD;
                    side.in_hand = bytes + OVERHEAD;
                    side.has_seen_close |= matches!(message, WebSocketMessage::Close(_));
                    let has_room = side.cost < capacity;
                    let mut wakers = if has_room { std::mem::take(&mut side.senders) } else { Vec::new() };
                    if side.cost + side.in_hand < capacity {
                        wakers.append(&mut side.writers);
                    }
                    (Received::Message(message), wakers)
                } else if side.has_seen_close {
                    (Received::Over, Vec::new())
                } else if is_gone {
                    (Received::Broken(failure), Vec::new())
                } else {
                    side.receiver = Some(cx.waker().clone());
                    let writers = std::mem::take(&mut side.writers);
                    drop(state);
                    wake(writers);
                    return Poll::Pending;
                }
            };
            wake(senders);
            Poll::Ready(received)
        })
        .await
    }

    /// Resolves once both sides have closed, or an end is gone; what was sent before that may still wait to be received.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn over(&self) {
        self.watch().over().await;
    }

    /// Breaks the connection off, as something is wrong with it; a guest at the other end gets an `error` event with the
    /// reason, and no close code.
    pub fn fail(self, reason: impl Into<String>) {
        self.shared.state.lock().sides[self.side].failure = Some(reason.into());
    }

    /// How many bytes this end has sent that the other one has not taken.
    pub(crate) fn buffered(&self) -> u64 {
        self.shared.state.lock().sides[1 - self.side].bytes
    }

    /// Whether what this end receives comes from the client of the request: known once its other end is given away.
    pub(crate) fn arrival_mark(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.shared.is_of_client)
    }

    /// For who wants to know when the connection is over.
    pub(crate) fn watch(&self) -> Watch {
        Watch(Arc::clone(&self.shared))
    }
}

impl Drop for WebSocket {
    fn drop(&mut self) {
        let (dropped, wakers) = {
            let mut state = self.shared.state.lock();
            let side = &mut state.sides[self.side];
            side.is_gone = true;
            let dropped = std::mem::take(&mut side.waiting);
            self.shared.bounds.free(side.cost);
            // What it held is nothing that anybody will write, and the bytes stay: they were sent, and never taken.
            side.in_hand += side.cost;
            side.cost = 0;
            let mut wakers = std::mem::take(&mut side.senders);
            wakers.append(&mut side.writers);
            wakers.extend(state.sides[1 - self.side].receiver.take());
            wakers.extend(state.take_watchers());
            (dropped, wakers)
        };
        drop(dropped);
        wake(wakers);
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.state.lock();
        f.debug_struct("WebSocket")
            .field("waiting", &state.sides[self.side].waiting.len())
            .field("is_over", &state.is_over())
            .finish()
    }
}

/// A look at a socket from neither end.
#[derive(Clone)]
pub(crate) struct Watch(Arc<Shared>);

impl Watch {
    /// One end is given to the client of the request: what comes from there is an arrival.
    pub(crate) fn note_client(&self) {
        self.0.is_of_client.store(true, Ordering::Relaxed);
    }

    /// See [`WebSocket::written`]; none as long as it waits.
    fn is_written(&self, side: usize) -> Option<bool> {
        Self::written_in(&self.0.state.lock(), side, self.0.bounds.capacity)
    }

    fn written_in(state: &State, side: usize, capacity: u64) -> Option<bool> {
        let other = &state.sides[1 - side];
        if other.cost + other.in_hand < capacity {
            return Some(true);
        }
        (other.is_gone || other.has_closed).then_some(false)
    }

    fn poll_written(&self, side: usize, cx: &mut Context<'_>) -> Poll<bool> {
        let mut state = self.0.state.lock();
        if let Some(is_written) = Self::written_in(&state, side, self.0.bounds.capacity) {
            return Poll::Ready(is_written);
        }
        let writers = &mut state.sides[1 - side].writers;
        if !writers.iter().any(|known| known.will_wake(cx.waker())) {
            writers.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Resolves once both sides have closed, or an end is gone.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub(crate) async fn over(&self) {
        poll_fn(|cx| {
            let mut state = self.0.state.lock();
            if state.is_over() {
                return Poll::Ready(());
            }
            if !state.watchers.iter().any(|known| known.will_wake(cx.waker())) {
                state.watchers.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await;
    }

    /// Resolves once the connection is over. If no message comes or goes for `idle`, both sides are closed.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub(crate) async fn over_or_idle(&self, idle: Option<Duration>) {
        let Some(idle) = idle else { return self.over().await };
        loop {
            let until = self.0.state.lock().last_message + idle;
            tokio::select! {
                biased;
                () = self.over() => return,
                () = tokio::time::sleep_until(until.into()) => {}
            }
            if self.0.state.lock().last_message + idle <= Instant::now() {
                let reason = "no message came or went for too long";
                self.close_both(&WebSocketClose::new(WebSocketClose::GOING_AWAY, reason));
                return;
            }
        }
    }

    /// Has each side receive a close, as if it came from the other one.
    fn close_both(&self, close: &WebSocketClose) {
        let mut wakers = Vec::new();
        {
            let mut state = self.0.state.lock();
            for side in 0..2 {
                if !state.sides[1 - side].has_closed && !state.sides[side].is_gone {
                    let side = &mut state.sides[side];
                    side.waiting.push_back(WebSocketMessage::Close(close.clone()));
                    side.cost += OVERHEAD;
                    self.0.bounds.buffered.fetch_add(OVERHEAD, Ordering::Relaxed);
                    wakers.extend(side.receiver.take());
                }
            }
            for side in &mut state.sides {
                side.has_closed = true;
                wakers.append(&mut side.senders);
                wakers.append(&mut side.writers);
            }
            wakers.extend(state.take_watchers());
        }
        wake(wakers);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;

    use super::*;

    fn text(text: &str) -> WebSocketMessage {
        WebSocketMessage::Text(text.to_owned())
    }

    fn small() -> RuntimeLimits {
        RuntimeLimits {
            stream_buffer_bytes: 100,
            websocket_message_bytes: 50,
            websocket_buffer_bytes: 300,
            ..RuntimeLimits::default()
        }
    }

    #[tokio::test]
    async fn messages_go_both_ways_in_order_and_a_close_is_the_last_one() {
        let (here, there) = WebSocket::pair(&small());
        here.send(text("a")).await.expect("open");
        here.close(WebSocketClose::new(1000, "bye"));
        assert_eq!(here.send(text("b")).await, Err(WebSocketError::Closed));
        there.send(text("c")).await.expect("open");
        assert_eq!(there.receive().await, Some(text("a")));
        assert_eq!(there.receive().await, Some(WebSocketMessage::Close(WebSocketClose::new(1000, "bye"))));
        assert_eq!(there.receive().await, None);
        assert_eq!(here.receive().await, Some(text("c")));
    }

    #[tokio::test]
    async fn a_sender_waits_for_room_and_empty_messages_take_some_too() {
        let (here, there) = WebSocket::pair(&small());
        here.send(text("")).await.expect("open");
        here.send(text("")).await.expect("open");
        let third = here.send(text(""));
        let mut third = std::pin::pin!(third);
        assert!(poll!(&mut third).is_pending());
        assert_eq!(there.receive().await, Some(text("")));
        third.await.expect("there is room");
    }

    #[tokio::test]
    async fn what_is_sent_at_once_is_bounded_over_all_sockets_of_a_request() {
        let bounds = Bounds::new(&small());
        let (one, at_one) = WebSocket::with_bounds(bounds.clone());
        let (two, _at_two) = WebSocket::with_bounds(bounds);
        let message = || text(&"x".repeat(50));
        one.send_now(message()).expect("room");
        two.send_now(message()).expect("room");
        assert_eq!(one.buffered(), 50);
        assert_eq!(two.send_now(message()), Err(WebSocketError::Full(300)));
        assert_eq!(at_one.receive().await, Some(message()));
        two.send_now(message()).expect("room again");
    }

    #[tokio::test]
    async fn what_is_sent_is_written_when_its_receiver_asks_for_more() {
        let (here, there) = WebSocket::pair(&small());
        assert_eq!(here.send_or_wait(text("a")), Ok(Sent::Written));
        assert_eq!(here.send_or_wait(text("b")), Ok(Sent::Waits));
        let mut written = Box::pin(here.written());
        assert!(poll!(&mut written).is_pending());
        there.receive().await;
        assert!(poll!(&mut written).is_pending(), "b waits, and a is being worked on");
        there.receive().await;
        assert!(written.await, "only b is left, which is no more than may always wait");
        assert_eq!(here.send_or_wait(text(&"x".repeat(40))), Ok(Sent::Waits));
        let mut written = Box::pin(here.written());
        there.receive().await;
        assert!(poll!(&mut written).is_pending());
        let mut next = Box::pin(there.receive());
        assert!(poll!(&mut next).is_pending());
        assert!(written.await);
    }

    #[tokio::test]
    async fn who_waits_for_what_it_has_sent_learns_that_the_other_side_closes_or_goes() {
        for closes in [true, false] {
            let (here, there) = WebSocket::pair(&small());
            here.send_now(text(&"x".repeat(50))).expect("room");
            let mut written = Box::pin(here.written());
            assert!(poll!(&mut written).is_pending());
            if closes {
                there.close(WebSocketClose::default());
            } else {
                drop(there);
            }
            assert!(!written.await);
        }
    }

    #[tokio::test]
    async fn who_can_wait_is_told_when_the_sockets_of_its_request_have_room() {
        let bounds = Bounds::new(&small());
        let (one, at_one) = WebSocket::with_bounds(bounds.clone());
        let (two, _at_two) = WebSocket::with_bounds(bounds);
        let message = || text(&"x".repeat(50));
        one.send_now(message()).expect("room");
        one.send_now(message()).expect("room");
        assert_eq!(two.send_or_wait(message()), Ok(Sent::NoRoom));
        let mut room = Box::pin(two.room(50));
        assert!(poll!(&mut room).is_pending());
        at_one.receive().await;
        room.await;
        assert_eq!(two.send_or_wait(message()), Ok(Sent::Waits));
        let mut room = Box::pin(one.room(50));
        assert!(poll!(&mut room).is_pending());
        drop(at_one);
        room.await;
        assert_eq!(one.send_or_wait(message()), Err(WebSocketError::Closed));
    }

    #[tokio::test]
    async fn a_message_that_is_too_large_is_refused() {
        let (here, _there) = WebSocket::pair(&small());
        assert_eq!(here.send(text(&"x".repeat(51))).await, Err(WebSocketError::TooLarge(50)));
    }

    #[tokio::test]
    async fn a_dropped_end_looks_broken_after_what_it_had_sent() {
        let (here, there) = WebSocket::pair(&small());
        here.send(text("a")).await.expect("open");
        here.fail("bad frame");
        assert_eq!(there.next().await, Received::Message(text("a")));
        assert_eq!(there.next().await, Received::Broken(Some("bad frame".to_owned())));
        assert_eq!(there.send(text("b")).await, Err(WebSocketError::Closed));
    }

    #[tokio::test]
    async fn a_dropped_end_wakes_whoever_waits_for_it() {
        let (here, there) = WebSocket::pair(&small());
        let watch = here.watch();
        let mut receiving = Box::pin(here.receive());
        let mut over = Box::pin(watch.over());
        assert!(poll!(&mut receiving).is_pending());
        assert!(poll!(&mut over).is_pending());
        drop(there);
        assert_eq!(receiving.await, None);
        over.await;
    }

    #[tokio::test]
    async fn a_socket_that_is_idle_is_closed_on_both_sides_and_one_in_use_is_not() {
        let (here, there) = WebSocket::pair(&small());
        let watch = here.watch();
        let idle = Some(Duration::from_millis(30));
        watch.over_or_idle(idle).await;
        let close = WebSocketMessage::Close(WebSocketClose::new(
            WebSocketClose::GOING_AWAY,
            "no message came or went for too long",
        ));
        assert_eq!(here.receive().await, Some(close.clone()));
        assert_eq!(there.receive().await, Some(close));
        assert_eq!(there.send(text("late")).await, Err(WebSocketError::Closed));
        watch.over().await;
    }
}
