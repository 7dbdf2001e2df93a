//! The native half of CompressionStream and DecompressionStream: codecs that take data and give output piece by piece.
//! A request has a table of them, as of its text decoders. What a piece is for, and who waits for whom, is the
//! JavaScript's part.

mod brotli_memory;
pub(crate) mod codec;

use std::collections::HashMap;

use runtime_core::{HostCallError, HostCharge, Native, uint8_array};

use self::codec::{Codec, Format, Progress};
use super::flow::request;
use super::{Arguments, Return, Scope, number, string, throw_type_error};

pub(super) fn natives() -> Vec<Native> {
    vec![
        Native::new("codecOpen", codec_open),
        Native::new("codecPush", codec_push),
        Native::new("codecClose", codec_close),
    ]
}

/// How many codecs one request may have in the middle of a stream.
const OPEN_CODECS: usize = 1024;

/// The codecs of one request that are in the middle of a stream, by number. A number of an earlier request is unknown
/// here.
#[derive(Default)]
pub(crate) struct Codecs {
    last: u32,
    open: HashMap<u32, OpenCodec>,
}

struct OpenCodec {
    codec: Codec,
    /// What the isolate's budget pays for the codec's memory, which is outside of the heap.
    charge: Option<HostCharge>,
}

impl OpenCodec {
    /// Has the budget pay for what the codec takes now. False if that is too much.
    fn settle(&mut self, scope: Scope<'_, '_, '_>) -> bool {
        let taken = self.codec.memory_bytes();
        if self.charge.as_ref().is_some_and(|charge| charge.bytes() >= taken) {
            return true;
        }
        self.charge = None;
        self.charge = runtime_core::charge_host(scope, taken);
        self.charge.is_some()
    }
}

fn throw_no_room(scope: Scope<'_, '_, '_>) {
    HostCallError::range_error("the isolate's memory limit leaves no room for another codec").throw(scope);
}

fn codec_open<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let name = string(scope, &arguments, 0);
    let compresses = arguments.get(1).is_true();
    let Some(format) = Format::from_name(&name) else {
        return throw_type_error(
            scope,
            &format!("expected the name of a compression format, found '{name}'"),
        );
    };
    if request(scope).is_some_and(|request| request.codecs.open.len() >= OPEN_CODECS) {
        let message = format!("too many codecs in the middle of a stream: a request may have {OPEN_CODECS}");
        return HostCallError::range_error(message).throw(scope);
    }
    let mut open = OpenCodec { codec: Codec::new(format, compresses), charge: None };
    if !open.settle(scope) {
        return throw_no_room(scope);
    }
    let Some(request) = request(scope) else {
        return throw_type_error(scope, "there is no request to which the stream could belong");
    };
    let codecs = &mut request.codecs;
    codecs.last = codecs.last.wrapping_add(1);
    codecs.open.insert(codecs.last, open);
    result.set_uint32(codecs.last);
}

/// Gives the place in the data up to which it was taken, what comes next, and the output, if there is any.
fn codec_push<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let handle = number(scope, &arguments, 0);
    let start = number(scope, &arguments, 2) as usize;
    let is_last = arguments.get(3).is_true();
    // Out of the table meanwhile, since the budget is in the isolate.
    let Some(mut open) = request(scope).and_then(|request| request.codecs.open.remove(&handle)) else {
        return throw_type_error(scope, "the stream belongs to an earlier request");
    };
    let mut storage = [0; v8::TYPED_ARRAY_MAX_SIZE_IN_HEAP];
    let view = v8::Local::<v8::ArrayBufferView>::try_from(arguments.get(1));
    let data = view.as_ref().map_or(&[][..], |view| view.get_contents(&mut storage));
    let stepped = open.codec.step(data.get(start..).unwrap_or_default(), is_last);
    let step = match stepped {
        Ok(step) => step,
        Err(error) => return throw_type_error(scope, &error.to_string()),
    };
    if !open.settle(scope) {
        return throw_no_room(scope);
    }
    if let Some(request) = request(scope) {
        request.codecs.open.insert(handle, open);
    }
    let progress = match step.progress {
        Progress::WantsData => 0,
        Progress::HasMore => 1,
        Progress::Ended => 2,
    };
    let output = if step.output.is_empty() {
        v8::undefined(scope).into()
    } else {
        match uint8_array(scope, step.output) {
            Some(array) => array.into(),
            // The error is thrown.
            None => return,
        }
    };
    let at = v8::Number::new(scope, (start + step.taken) as f64).into();
    let progress = v8::Integer::new(scope, progress).into();
    result.set(v8::Array::new_with_elements(scope, &[at, progress, output]).into());
}

fn codec_close<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, _result: Return<'s>) {
    let handle = number(scope, &arguments, 0);
    if let Some(request) = request(scope) {
        request.codecs.open.remove(&handle);
    }
}
