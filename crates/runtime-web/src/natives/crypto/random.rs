//! Random bytes and UUIDs.

use runtime_core::{HostCallError, Native};

use super::{Arguments, Return, Scope};
use crate::natives::write_into;

pub(super) fn natives() -> Vec<Native> {
    vec![Native::new("randomFill", random_fill), Native::new("randomUUID", random_uuid)]
}

/// Fills a buffer from the system's generator; throws if that has none to give.
fn fill(scope: Scope<'_, '_, '_>, buffer: &mut [u8]) -> bool {
    let filled = getrandom::fill(buffer);
    if let Err(error) = &filled {
        tracing::error!(%error, "the system gives no random bytes");
        HostCallError::dom("OperationError", "no random bytes are available").throw(scope);
    }
    filled.is_ok()
}

fn random_fill<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, _result: Return<'s>) {
    let Ok(view) = v8::Local::<v8::ArrayBufferView>::try_from(arguments.get(0)) else { return };
    let mut buffer = vec![0; view.byte_length()];
    if fill(scope, &mut buffer) {
        write_into(view, &buffer);
    }
}

fn random_uuid<'s>(scope: Scope<'_, 's, '_>, _arguments: Arguments<'s>, mut result: Return<'s>) {
    let mut bytes = [0; 16];
    if !fill(scope, &mut bytes) {
        return;
    }
    let mut text = uuid::Uuid::encode_buffer();
    let text = uuid::Builder::from_random_bytes(bytes).into_uuid().hyphenated().encode_lower(&mut text);
    if let Some(text) = v8::String::new(scope, text) {
        result.set(text.into());
    }
}
