//! The one way in which every mode executes a call: place it, drive it to its response, and see to the rest in the
//! background.

use runtime_core::{Driver, ExecutionMode, Failure, Outcome, Progress};
use tokio::sync::oneshot;

use crate::call::Call;
use crate::event::Event;
use crate::response::{BodyFate, End, EndOfRequest, Execution, Response};
use crate::web_request::WebRequest;

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
    let request = WebRequest::new(call, limits.as_ref().unwrap_or_else(|| mode.limits()));
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
    tokio::spawn(async move {
        let _ = end.send(see_to_the_end(driver, on_fate).await);
    });
    Ok(Execution { response, end: EndOfRequest::awaited(on_end) })
}

/// Drives a request that has answered to its end, unless its client goes away.
async fn see_to_the_end(mut driver: Driver, mut on_fate: oneshot::Receiver<BodyFate>) -> End {
    let mut is_body_over = false;
    loop {
        tokio::select! {
            biased;
            news = driver.progress() => {
                if news == Progress::Ended {
                    return end_of(driver);
                }
            }
            body = &mut on_fate, if !is_body_over => match body {
                Ok(BodyFate::Over) => is_body_over = true,
                Ok(BodyFate::TooLarge(error)) => {
                    let (_, _, report) = driver.cancel();
                    return End { outcome: Outcome::Exception, message: error.message, report };
                }
                Err(_dropped) => {
                    let (outcome, message, report) = driver.cancel();
                    return End { outcome, message, report };
                }
            }
        }
    }
}

fn end_of(driver: Driver) -> End {
    let (outcome, message, report) = driver.into_end();
    End { outcome, message, report }
}
