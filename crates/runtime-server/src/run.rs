//! `isolane run`: one event for one worker, from the command line to an exit status.

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::path::Path;
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use http_body::Frame;
use runtime_facade::{
    Body, Call, Capacity, End, Event, Execution, Mode, Outcome, Request, Response, Runtime, RuntimeLimits,
    Scheduled, ScriptFault, Task, V8Config, WorkerCode,
};
use runtime_server::guest_log::GuestLog;
use runtime_server::ops::{AllowedHosts, HttpOps};
use runtime_server::script_files::{self, ScriptFileError};
use tokio::io::{AsyncRead, ReadBuf};

use crate::cli::{EventKind, RunArguments, Unusable};
use crate::complain;

/// Bytes of standard input that are read at once.
const CHUNK: usize = 64 * 1024;

pub(crate) async fn run(arguments: RunArguments) -> anyhow::Result<ExitCode> {
    let main = script_files::main_file(&arguments.script).map_err(Unusable::because)?;
    let script = match script_files::load(&main, None) {
        Ok(script) => script,
        // As if V8 had found it.
        Err(ScriptFileError::Syntax(error)) => {
            complain(&format!("{}: {error}", Outcome::ScriptError(ScriptFault::Compile)));
            return Ok(ExitCode::FAILURE);
        }
        Err(error) => return Err(Unusable::because(error).into()),
    };
    let event = event(&arguments)?;
    // There is no next request to make anything for.
    let capacity = Capacity { prepare: Some(false), ..Capacity::default() };
    let v8 = V8Config { standby_isolates: 0, ..arguments.common.v8(None) };
    let mode = Mode::named(arguments.mode, &capacity).map_err(Unusable::because)?;
    let log = GuestLog::stderr();
    let client = arguments.common.http_client(None)?;
    let runtime = Runtime::builder()
        .mode(mode)
        .limits(arguments.common.limits().over(&RuntimeLimits::default()))
        .ops(Arc::new(HttpOps::new(client, AllowedHosts::all(), log.clone())))
        .v8(v8)
        .build()
        .map_err(Unusable::because)?;
    let name = script_files::worker_name(&main);
    let mut code = WorkerCode::new(script).env(arguments.common.env.iter().cloned());
    if let Some(location) = &arguments.common.location {
        code = code.located_at(location).map_err(Unusable::because)?;
    }
    let call = Call::new(code, event).owner(name.as_str()).worker(name.as_str());

    let ended = match runtime.execute(call).await {
        Ok(execution) => print(execution, arguments.include_head).await,
        Err(failure) => Ended { outcome: failure.outcome, message: failure.message },
    };
    // What the guest logged stands before what became of it.
    log.flush();
    if ended.outcome == Outcome::Ok {
        return Ok(ExitCode::SUCCESS);
    }
    complain(&format!("{}: {}", ended.outcome, ended.message));
    Ok(ExitCode::FAILURE)
}

struct Ended {
    outcome: Outcome,
    message: String,
}

/// Prints the response as it comes and waits for the end of the request.
async fn print(execution: Execution, with_head: bool) -> Ended {
    let Execution { response, end, .. } = execution;
    if response.web_socket.is_some() {
        // Dropped, the socket looks to the guest like a client that has gone.
        drop(response);
        end.await;
        return Ended {
            outcome: Outcome::Exception,
            message: "the worker answered with a WebSocket, which needs a client: use `isolane serve`"
                .to_owned(),
        };
    }
    let printed = print_response(response, with_head).await;
    // If standard output is closed the response has been dropped, which cancels the request: there is an end.
    let End { outcome: end_outcome, message, .. } = end.await;
    match printed {
        Ok(()) => Ended { outcome: end_outcome, message },
        Err(PrintError::Output(error)) => Ended {
            outcome: Outcome::Canceled,
            message: format!("standard output cannot be written to: {error}"),
        },
        Err(PrintError::Body(outcome, reason)) if end_outcome == Outcome::Ok => {
            Ended { outcome, message: reason }
        }
        Err(PrintError::Body(..)) => Ended { outcome: end_outcome, message },
    }
}

enum PrintError {
    Output(io::Error),
    /// The body broke off; what that is taken for if the request ended well.
    Body(Outcome, String),
}

impl From<io::Error> for PrintError {
    fn from(error: io::Error) -> Self {
        PrintError::Output(error)
    }
}

async fn print_response(response: Response, with_head: bool) -> Result<(), PrintError> {
    let Response { status, status_text, headers, mut body, .. } = response;
    if with_head {
        write_out(&head(status, &status_text, &headers))?;
    }
    loop {
        match body.chunk().await {
            Ok(Some(chunk)) => write_out(&chunk)?,
            Ok(None) => return Ok(()),
            Err(error) => return Err(PrintError::Body(body.outcome_of_break(), error.message)),
        }
    }
}

/// Every chunk is shown at once: a stream may take its time.
fn write_out(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

fn head(status: u16, status_text: &str, headers: &HeaderMap) -> Vec<u8> {
    let canonical = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    let phrase = if status_text.is_empty() { canonical.unwrap_or_default() } else { status_text };
    let mut head = format!("HTTP/1.1 {status} {phrase}").trim_end().as_bytes().to_vec();
    head.push(b'\n');
    for (name, value) in headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.push(b'\n');
    }
    head.push(b'\n');
    head
}

fn event(arguments: &RunArguments) -> Result<Event, Unusable> {
    let data = arguments.data.as_deref();
    Ok(match arguments.event {
        EventKind::Fetch => {
            let method = match (&arguments.method, data) {
                (Some(method), _) => method.clone(),
                (None, None) => Method::GET,
                (None, Some(_)) => Method::POST,
            };
            if data.is_some() && (method == Method::GET || method == Method::HEAD) {
                return Err(Unusable::because(format!("a {method} request has no body; leave --data out")));
            }
            let mut headers = HeaderMap::new();
            for (name, value) in &arguments.headers {
                headers.append(name, value.clone());
            }
            let body = data.map(request_body).transpose()?.unwrap_or_default();
            Request { method, url: arguments.url.clone(), headers, body }.into()
        }
        EventKind::Scheduled if data.is_some() => {
            return Err(Unusable::because("a scheduled event has no --data"));
        }
        EventKind::Scheduled => {
            Scheduled { cron: String::new(), scheduled_time_ms: milliseconds_since_1970() }.into()
        }
        EventKind::Task => {
            let payload = data.map(task_payload).transpose()?.unwrap_or_default();
            Task { payload, scheduled_time_ms: Some(milliseconds_since_1970()), ..Task::default() }.into()
        }
    })
}

fn milliseconds_since_1970() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

/// What `--data` says.
enum Data {
    Bytes(Vec<u8>),
    StandardInput,
}

fn data(argument: &OsStr) -> Result<Data, Unusable> {
    let bytes = argument.as_encoded_bytes();
    if bytes == b"-" {
        return Ok(Data::StandardInput);
    }
    if !bytes.starts_with(b"@") {
        return Ok(Data::Bytes(bytes.to_vec()));
    }
    #[cfg(unix)]
    let path = Path::new(<OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(&bytes[1..]));
    std::fs::read(path)
        .map(Data::Bytes)
        .map_err(|error| Unusable::because(format!("--data: {} cannot be read: {error}", path.display())))
}

fn request_body(argument: &OsStr) -> Result<Body, Unusable> {
    Ok(match data(argument)? {
        Data::Bytes(bytes) => Body::from(bytes),
        Data::StandardInput => Body::stream(StandardInput(tokio::io::stdin())),
    })
}

fn task_payload(argument: &OsStr) -> Result<serde_json::Value, Unusable> {
    let bytes = match data(argument)? {
        Data::Bytes(bytes) => bytes,
        Data::StandardInput => {
            let mut bytes = Vec::new();
            io::Read::read_to_end(&mut io::stdin().lock(), &mut bytes)
                .map_err(|error| Unusable::because(format!("standard input cannot be read: {error}")))?;
            bytes
        }
    };
    serde_json::from_slice(&bytes)
        .map_err(|error| Unusable::because(format!("expected a task's payload as JSON in --data: {error}")))
}

/// Standard input as a body: read only as fast as the guest reads.
struct StandardInput(tokio::io::Stdin);

impl http_body::Body for StandardInput {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let mut bytes = vec![0; CHUNK];
        let mut buffer = ReadBuf::new(&mut bytes);
        let read = ready!(Pin::new(&mut self.0).poll_read(cx, &mut buffer));
        let length = buffer.filled().len();
        Poll::Ready(match read {
            Err(error) => Some(Err(error)),
            Ok(()) if length == 0 => None,
            Ok(()) => {
                bytes.truncate(length);
                Some(Ok(Frame::data(bytes.into())))
            }
        })
    }
}
