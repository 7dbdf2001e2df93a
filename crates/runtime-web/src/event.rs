//! What can happen to a worker: the three kinds of event, as the host gives them. How a guest's handler is found is
//! the business of `js/entry.js`.

use http::{HeaderMap, Method};

use crate::body::Body;

/// An event for a worker.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// An HTTP request.
    Fetch(Request),
    /// A time of a schedule has come.
    Scheduled(Scheduled),
    /// A task to be done.
    Task(Task),
}

impl Event {
    /// A GET of a URL.
    pub fn get(url: impl Into<String>) -> Self {
        Event::Fetch(Request::new(Method::GET, url))
    }

    /// The kind's name, as the guest's handlers are called.
    pub fn kind(&self) -> &'static str {
        match self {
            Event::Fetch(_) => "fetch",
            Event::Scheduled(_) => "scheduled",
            Event::Task(_) => "task",
        }
    }
}

impl From<Request> for Event {
    fn from(request: Request) -> Self {
        Event::Fetch(request)
    }
}

impl From<Scheduled> for Event {
    fn from(scheduled: Scheduled) -> Self {
        Event::Scheduled(scheduled)
    }
}

impl From<Task> for Event {
    fn from(task: Task) -> Self {
        Event::Task(task)
    }
}

/// An HTTP request for a worker.
#[derive(Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The absolute URL.
    pub url: String,
    /// The headers, in order, duplicates kept.
    pub headers: HeaderMap,
    /// The body; streams are read only as fast as the guest reads.
    pub body: Body,
}

impl Request {
    /// A request without headers or body.
    pub fn new(method: Method, url: impl Into<String>) -> Self {
        Self { method, url: url.into(), headers: HeaderMap::new(), body: Body::empty() }
    }
}

/// A time of a schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scheduled {
    /// The schedule's expression.
    pub cron: String,
    /// The time it was due, in milliseconds since 1970.
    pub scheduled_time_ms: i64,
}

/// A task: a name and anything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Task {
    /// What kind of task.
    pub name: String,
    /// What the guest's handler gets as `task.payload`.
    pub payload: serde_json::Value,
    /// How often it has been tried before; 0 the first time.
    pub attempt: u32,
    /// The time it was due, in milliseconds since 1970, if it has one.
    pub scheduled_time_ms: Option<i64>,
}
