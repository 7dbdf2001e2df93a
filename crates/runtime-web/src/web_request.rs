//! One request as the guest's world sees it: the event on its way in, the response on its way out, the bodies,
//! decoders and codecs that JavaScript knows by number, and what the host does for it. Lives and dies with the request.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use http::HeaderMap;
use parking_lot::Mutex;
use runtime_core::{GuestError, GuestRequest, RuntimeLimits};

use crate::body::Body;
use crate::call::Call;
use crate::event::Event;
use crate::natives::{Codecs, Decoders, Hashers, WorkResults};
use crate::ops::{Bindings, LogLevel, LogRecord, NoOps, Ops};
use crate::pipe::PipeWriter;
use crate::response::Response;
use crate::web_socket::{Bounds, WebSocket};

/// A request's state; natives reach it through `RealmState::request`.
pub(crate) struct WebRequest {
    owner: Arc<str>,
    worker: Arc<str>,
    env: Arc<BTreeMap<String, String>>,
    event: Option<Event>,
    pub(crate) ops: Arc<dyn Ops>,
    pub(crate) bindings: Bindings,
    pub(crate) outbound: Arc<tokio::sync::Semaphore>,
    pub(crate) bodies: Bodies,
    pub(crate) decoders: Decoders,
    pub(crate) codecs: Codecs,
    pub(crate) hashers: Hashers,
    pub(crate) work_results: WorkResults,
    pub(crate) sockets: Sockets,
    response: Option<Response>,
    log_lines_left: u64,
    origin: Instant,
}

impl WebRequest {
    pub(crate) fn new(call: Call, limits: &RuntimeLimits) -> Self {
        let ops = call.ops.unwrap_or_else(|| Arc::new(NoOps));
        let bindings = ops.bindings();
        let at_once = RuntimeLimits::cap(limits.concurrent_subrequests);
        let permits = usize::try_from(at_once).unwrap_or(usize::MAX).min(tokio::sync::Semaphore::MAX_PERMITS);
        Self {
            owner: call.owner,
            worker: call.worker,
            env: Arc::clone(call.code.variables()),
            event: call.event,
            ops,
            bindings,
            outbound: Arc::new(tokio::sync::Semaphore::new(permits)),
            bodies: Bodies::default(),
            decoders: Decoders::default(),
            codecs: Codecs::default(),
            hashers: Hashers::default(),
            work_results: WorkResults::default(),
            sockets: Sockets::new(Bounds::new(limits)),
            response: None,
            log_lines_left: RuntimeLimits::cap(limits.log_lines),
            origin: Instant::now(),
        }
    }

    /// The start of the guest's clock.
    pub(crate) fn origin(&self) -> Instant {
        self.origin
    }

    pub(crate) fn env(&self) -> &BTreeMap<String, String> {
        &self.env
    }

    /// Hands a record to the host, within the request's number of lines.
    pub(crate) fn log(&mut self, level: LogLevel, message: String) {
        if self.log_lines_left == 0 {
            return;
        }
        self.log_lines_left -= 1;
        let message = if self.log_lines_left == 0 {
            format!("{message}\n(this request has logged as much as it may; further records are dropped)")
        } else {
            message
        };
        let record = LogRecord {
            level,
            message,
            owner: Arc::clone(&self.owner),
            worker: Arc::clone(&self.worker),
            time: std::time::SystemTime::now(),
        };
        // V8 calls this, and a panic must not unwind through it. The operations are behind a shared reference, and
        // so no more broken than after a panic on any other thread.
        let logged = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.ops.log(record)));
        if logged.is_err() {
            tracing::error!(worker = &*self.worker, "the host panicked while it logged a record");
        }
    }

    /// Sets the response. False if there is one already.
    pub(crate) fn set_response(&mut self, response: Response) -> bool {
        if self.response.is_some() {
            return false;
        }
        self.response = Some(response);
        true
    }

    pub(crate) fn take_response(&mut self) -> Option<Response> {
        self.response.take()
    }
}

/// The bodies that JavaScript knows by number. A body is in one place at a time: here, or with the host operation
/// that reads it.
#[derive(Default)]
pub(crate) struct Bodies {
    incoming: Arrivals,
    writers: HashMap<u32, PipeWriter>,
}

/// The reading ends, which host operations add to while no turn runs.
#[derive(Clone, Default)]
pub(crate) struct Arrivals(Arc<Mutex<Incoming>>);

#[derive(Default)]
struct Incoming {
    last: u32,
    bodies: HashMap<u32, Arc<tokio::sync::Mutex<Body>>>,
}

impl Arrivals {
    /// Takes a body in and gives its number.
    pub(crate) fn add(&self, body: Body) -> u32 {
        let mut incoming = self.0.lock();
        incoming.last += 1;
        let id = incoming.last;
        incoming.bodies.insert(id, Arc::new(tokio::sync::Mutex::new(body)));
        id
    }
}

impl Bodies {
    /// Takes a body in and gives its number.
    pub(crate) fn add(&mut self, body: Body) -> u32 {
        self.incoming.add(body)
    }

    /// For host operations whose answers have bodies.
    pub(crate) fn arrivals(&self) -> Arrivals {
        self.incoming.clone()
    }

    /// Takes both ends of a pipe in under one number.
    pub(crate) fn add_pipe(&mut self, writer: PipeWriter, reader: Body) -> u32 {
        let id = self.add(reader);
        self.writers.insert(id, writer);
        id
    }

    /// The body, to be read chunk by chunk.
    pub(crate) fn reader(&self, id: u32) -> Option<Arc<tokio::sync::Mutex<Body>>> {
        self.incoming.0.lock().bodies.get(&id).cloned()
    }

    /// The whole body, to be given on. None if it is unknown or being read.
    pub(crate) fn take(&mut self, id: u32) -> Option<Body> {
        let body = self.incoming.0.lock().bodies.remove(&id)?;
        Arc::try_unwrap(body).ok().map(tokio::sync::Mutex::into_inner)
    }

    /// Drops the reading end.
    pub(crate) fn cancel(&mut self, id: u32) {
        let body = self.incoming.0.lock().bodies.remove(&id);
        drop(body);
    }

    pub(crate) fn writer(&self, id: u32) -> Option<&PipeWriter> {
        self.writers.get(&id)
    }

    pub(crate) fn take_writer(&mut self, id: u32) -> Option<PipeWriter> {
        self.writers.remove(&id)
    }
}

/// How many ends of WebSockets a request may have at once; what they hold is limited by itself.
const MOST_SOCKETS: usize = 2_048;

/// The ends of WebSockets that JavaScript knows by number.
pub(crate) struct Sockets {
    bounds: Bounds,
    last: u32,
    ends: HashMap<u32, SocketEnd>,
}

/// An end of a guest's, with what it has been told of `bufferedAmount`.
pub(crate) struct SocketEnd {
    pub(crate) socket: Arc<WebSocket>,
    /// The turn in which it was last told, and what: it must not become less while JavaScript runs.
    told: (u32, u64),
}

impl Sockets {
    fn new(bounds: Bounds) -> Self {
        Self { bounds, last: 0, ends: HashMap::new() }
    }

    /// A new socket, of which the guest has the one end under the number that is given. None if it has too many.
    pub(crate) fn open(&mut self) -> Option<(u32, WebSocket)> {
        let (here, there) = WebSocket::with_bounds(self.bounds.clone());
        Some((self.add(here)?, there))
    }

    /// Takes an end in. None if the guest has too many.
    pub(crate) fn add(&mut self, socket: WebSocket) -> Option<u32> {
        if self.ends.len() >= MOST_SOCKETS {
            return None;
        }
        self.last += 1;
        self.ends.insert(self.last, SocketEnd { socket: Arc::new(socket), told: (0, 0) });
        Some(self.last)
    }

    /// The number that was given last; 0 if there was none.
    pub(crate) fn last(&self) -> u32 {
        self.last
    }

    pub(crate) fn end(&mut self, id: u32) -> Option<&mut SocketEnd> {
        self.ends.get_mut(&id)
    }

    /// Gives the end up.
    pub(crate) fn remove(&mut self, id: u32) {
        let end = self.ends.remove(&id);
        drop(end);
    }

    /// The end, to be given on. None if it is unknown or in use.
    pub(crate) fn take(&mut self, id: u32) -> Option<WebSocket> {
        Arc::into_inner(self.ends.remove(&id)?.socket)
    }
}

impl SocketEnd {
    /// What the guest has sent and the other side not taken, in bytes, as of the beginning of this turn; what was sent
    /// since then is counted in full.
    pub(crate) fn buffered(&mut self, turn: u32) -> u64 {
        if self.told.0 != turn {
            self.told = (turn, self.socket.buffered());
        }
        self.told.1
    }

    /// Counts what is sent in this turn.
    pub(crate) fn note_sent(&mut self, turn: u32, bytes: u64) {
        let before = self.buffered(turn);
        self.told.1 = before + bytes;
    }
}

/// Header names and values as one flat list, in order, for the guest. Values are byte strings: each byte is one
/// code unit.
pub(crate) fn flat_headers<'s>(
    scope: &mut v8::PinScope<'s, '_>,
    headers: &HeaderMap,
) -> Option<v8::Local<'s, v8::Array>> {
    let mut elements: Vec<v8::Local<'s, v8::Value>> = Vec::with_capacity(2 * headers.len());
    for (name, value) in headers {
        elements.push(v8::String::new(scope, name.as_str())?.into());
        elements
            .push(v8::String::new_from_one_byte(scope, value.as_bytes(), v8::NewStringType::Normal)?.into());
    }
    Some(v8::Array::new_with_elements(scope, &elements))
}

impl GuestRequest for WebRequest {
    fn begin<'s>(
        &mut self,
        scope: &mut v8::PinScope<'s, '_>,
    ) -> Result<Option<[v8::Local<'s, v8::Value>; 2]>, GuestError> {
        let too_large =
            || GuestError { message: "the event does not fit into the isolate's memory".to_owned() };
        let Some(event) = self.event.take() else { return Ok(None) };
        let kind = v8::String::new(scope, event.kind()).ok_or_else(too_large)?;
        let payload = self.payload(scope, event).ok_or_else(too_large)?;
        Ok(Some([kind.into(), payload.into()]))
    }
}

impl WebRequest {
    fn payload<'s>(
        &mut self,
        scope: &mut v8::PinScope<'s, '_>,
        event: Event,
    ) -> Option<v8::Local<'s, v8::Object>> {
        let fields: Vec<(&str, v8::Local<'s, v8::Value>)> = match event {
            Event::Fetch(request) => {
                let body = if request.body.is_empty() {
                    v8::Number::new(scope, -1.0)
                } else {
                    let id = self.bodies.add(request.body);
                    v8::Number::new(scope, f64::from(id))
                };
                vec![
                    ("method", v8::String::new(scope, request.method.as_str())?.into()),
                    ("url", v8::String::new(scope, &request.url)?.into()),
                    ("headers", flat_headers(scope, &request.headers)?.into()),
                    ("body", body.into()),
                ]
            }
            Event::Scheduled(scheduled) => vec![
                ("cron", v8::String::new(scope, &scheduled.cron)?.into()),
                ("scheduledTime", v8::Number::new(scope, scheduled.scheduled_time_ms as f64).into()),
            ],
            Event::Task(task) => {
                let text = v8::String::new(scope, &task.payload.to_string())?;
                let time = match task.scheduled_time_ms {
                    Some(time) => v8::Number::new(scope, time as f64).into(),
                    None => v8::undefined(scope).into(),
                };
                vec![
                    ("name", v8::String::new(scope, &task.name)?.into()),
                    ("payload", v8::json::parse(scope, text)?),
                    ("attempt", v8::Number::new(scope, f64::from(task.attempt)).into()),
                    ("scheduledTime", time),
                ]
            }
        };
        let mut names: Vec<v8::Local<'s, v8::Name>> = Vec::with_capacity(fields.len());
        let mut values = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            names.push(v8::String::new(scope, name)?.into());
            values.push(value);
        }
        let null = v8::null(scope).into();
        Some(v8::Object::with_prototype_and_properties(scope, null, &names, &values))
    }
}
