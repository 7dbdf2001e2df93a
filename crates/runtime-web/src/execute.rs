//! The one way in which every mode executes a call: place it, drive it to its response, and see to the rest in the
//! background.

use std::time::Duration;

use runtime_core::{Driver, ExecutionMode, Failure, Outcome, Progress};
use tokio::sync::oneshot::{self, error::TryRecvError};

use crate::call::Call;
use crate::event::Event;
use crate::response::{BodyFate, End, EndOfRequest, Execution, Response};
use crate::web_request::WebRequest;
use crate::web_socket::Watch;

/// Executes a call in a mode, up to its response.
///
/// # Errors
/// [`Failure`] if there is no response: its outcome says whose fault that is, and maps to an HTTP status.
///
/// # Cancel safety
/// Dropping the future cancels the request, wherever it is: places, isolates and host operations are given back.
/// After the response, dropping its body does the same.
///
/// # Panics
/// Outside of a tokio runtime with timers.
pub async fn execute(mode: &dyn ExecutionMode, call: Call) -> Result<Execution, Failure> {
    let key = call.key();
    let has_no_response = matches!(call.event, Some(Event::Scheduled(_)));
    let script = call.code.script().clone();
    let limits = call.limits.clone();
    let effective = limits.as_ref().unwrap_or_else(|| mode.limits());
    let idle = effective.websocket_idle();
    let request = WebRequest::new(call, effective);
    let mut driver = mode.start(key, script, Box::new(request), limits).await?;
    if driver.progress().await == Progress::Ended {
        let end = end_of(driver);
        if has_no_response && end.outcome == Outcome::Ok {
            return Ok(Execution { response: Response::empty(), end: EndOfRequest::known(end) });
        }
        return Err(Failure { outcome: end.outcome, message: end.message, report: Box::new(end.report) });
    }
    let Some(mut response) = driver.request::<WebRequest>().and_then(WebRequest::take_response) else {
        return Err(Failure::new(Outcome::internal(), "the guest answered, but its response is not there"));
    };
    // Most requests end in the turn that answers: then nothing is left to see to.
    if driver.has_ended() {
        return Ok(Execution { response, end: EndOfRequest::known(end_of(driver)) });
    }
    let (fate, on_fate) = oneshot::channel();
    let (end, on_end) = oneshot::channel();
    response.body.cancel_on_drop(fate);
    let socket = response.web_socket.as_ref().map(|socket| ClientSocket { watch: socket.watch(), idle });
    tokio::spawn(async move {
        let _ = end.send(see_to_the_end(driver, on_fate, socket).await);
    });
    Ok(Execution { response, end: EndOfRequest::awaited(on_end) })
}

/// The WebSocket of the request's client.
struct ClientSocket {
    watch: Watch,
    idle: Option<Duration>,
}

/// Drives a request that has answered to its end, unless its client goes away. As long as its client has a socket open,
/// its time on the clock stands still.
async fn see_to_the_end(
    mut driver: Driver,
    mut on_fate: oneshot::Receiver<BodyFate>,
    mut socket: Option<ClientSocket>,
) -> End {
    let mut is_body_over = false;
    if socket.is_some() {
        driver.suspend_wall();
    }
    loop {
        tokio::select! {
            biased;
            news = driver.progress() => {
                if news == Progress::Ended {
                    // The guest may have ended because it found the body's reader gone.
                    let is_canceled = !is_body_over && matches!(on_fate.try_recv(), Err(TryRecvError::Closed));
                    return if is_canceled { canceled(driver) } else { end_of(driver) };
                }
            }
            () = closed(socket.as_ref()), if socket.is_some() => {
                socket = None;
                driver.restart_wall(" after its client's socket was closed");
            }
            body = &mut on_fate, if !is_body_over => match body {
                Ok(BodyFate::Over) => is_body_over = true,
                Ok(BodyFate::TooLarge(error)) => {
                    let (_, _, report) = driver.cancel();
                    return End { outcome: Outcome::Exception, message: error.message, report };
                }
                Err(_dropped) => return canceled(driver),
            }
        }
    }
}

/// The end of a request whose client has gone.
fn canceled(driver: Driver) -> End {
    let (outcome, message, report) = driver.cancel();
    End { outcome, message, report }
}

/// Resolves once the socket is closed, which it is when it was idle for too long.
async fn closed(socket: Option<&ClientSocket>) {
    if let Some(ClientSocket { watch, idle }) = socket {
        watch.over_or_idle(*idle).await;
    }
}

fn end_of(driver: Driver) -> End {
    let (outcome, message, report) = driver.into_end();
    End { outcome, message, report }
}
