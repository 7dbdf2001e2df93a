//! The native half of Web Cryptography: the primitives, by family, on bytes. Names are normalised, usages are checked
//! and quotas are kept by the JavaScript; what its natives are given is a key's material and parameters, and they keep
//! nothing of it.
//!
//! An operation runs in the turn, on the guest's own processor time and memory, unless it takes long: then it runs on a
//! thread of the host's ([`HostCalls::start_work`]). No promise is ever resolved with bytes that the guest must not see:
//! it would look for a `then` on them, where a guest may have put a getter.

mod aes;
mod base64url;
mod curves;
mod der;
mod hash;
mod kdf;
mod modern;
mod okp;
mod random;
mod rsa;
mod rsa_keys;
mod work_results;

use runtime_core::{HostCallError, HostCalls, HostValue, Native, WorkRoom, WorkTicket};

use super::flow::request;
use super::{Arguments, Return, Scope, bytes, number, string};

pub(crate) use hash::Hashers;
pub(crate) use work_results::WorkResults;

pub(super) fn natives() -> Vec<Native> {
    [
        vec![Native::new("takeWork", take_work)],
        base64url::natives(),
        random::natives(),
        hash::natives(),
        aes::natives(),
        kdf::natives(),
        modern::natives(),
        curves::natives(),
        okp::natives(),
        rsa::natives(),
        rsa_keys::natives(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Inputs of more bytes than this are worked on off the turn: even the slowest primitive is done with less in a few
/// milliseconds.
const IN_TURN_BYTES: usize = 1 << 20;

/// An operation failed, by the input's fault: an `OperationError` for the guest. The text says why, in words that help
/// nobody who tries inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct Failed(&'static str);

impl From<Failed> for HostCallError {
    fn from(failed: Failed) -> Self {
        HostCallError::dom("OperationError", failed.0)
    }
}

/// What an operation answers.
type Answer = Result<HostValue, Failed>;

/// Bytes as an answer.
fn answer(bytes: Vec<u8>) -> HostValue {
    HostValue::Bytes(bytes.into())
}

/// Whether an operation is long by itself, whatever the size of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Duration {
    Short,
    Long,
}

/// Performs an operation: gives its answer, or throws. What takes long gives a promise of the number under which
/// `takeWork` has the answer. The operation gets the bytes of the argument at `index`, and a ticket if it runs on a
/// thread of the host's.
fn perform<'s>(
    scope: Scope<'_, 's, '_>,
    arguments: &Arguments<'s>,
    index: i32,
    duration: Duration,
    result: &mut Return<'s>,
    operation: impl FnOnce(&[u8], Option<&WorkTicket>) -> Answer + Send + 'static,
) {
    let mut storage = [0; v8::TYPED_ARRAY_MAX_SIZE_IN_HEAP];
    let view = v8::Local::<v8::ArrayBufferView>::try_from(arguments.get(index));
    let input = view.as_ref().map_or(&[][..], |view| view.get_contents(&mut storage));
    let is_long = duration == Duration::Long || input.len() > IN_TURN_BYTES;
    // Where the process's jobs hold as much as they may, the turn takes the time.
    if is_long
        && let Some(results) = request(scope).map(|request| request.work_results.clone())
        && let Some(room) = WorkRoom::reserve(input.len())
    {
        let input = input.to_vec();
        let promise = HostCalls::start_work(scope, move |ticket| {
            let value = operation(&input, Some(ticket))?;
            Ok(HostValue::Number(f64::from(results.add(value, room))))
        });
        if let Some(promise) = promise {
            result.set(promise.into());
        }
        return;
    }
    let answer = operation(input, None);
    settle(scope, result, answer);
}

/// Gives an answer, or throws what failed.
fn settle<'s>(scope: Scope<'_, 's, '_>, result: &mut Return<'s>, answer: Answer) {
    match answer {
        Ok(value) => give(scope, result, Some(value)),
        Err(failed) => HostCallError::from(failed).throw(scope),
    }
}

/// Gives a value, or `undefined` for none.
fn give<'s>(scope: Scope<'_, 's, '_>, result: &mut Return<'s>, value: Option<HostValue>) {
    if let Some(value) = value.and_then(|value| value.into_v8(scope)) {
        result.set(value);
    }
}

/// Gives the answer of an operation that took long, once.
fn take_work<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let id = number(scope, &arguments, 0);
    let value = request(scope).and_then(|request| request.work_results.take(id));
    give(scope, &mut result, value);
}

/// An argument's bytes, copied; none are none.
fn owned(arguments: &Arguments<'_>, index: i32) -> Vec<u8> {
    bytes(arguments, index).map(Vec::from).unwrap_or_default()
}

/// Fills a new vector from the system's generator.
fn random_bytes(length: usize) -> Result<Vec<u8>, Failed> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).map_err(|_| Failed("no random bytes are available"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    /// Bytes as the standards print them.
    pub(super) fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// And back; what is no digit is skipped.
    pub(super) fn unhex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> =
            text.chars().filter_map(|digit| digit.to_digit(16)).map(|digit| digit as u8).collect();
        digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }
}
