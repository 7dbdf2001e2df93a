//! The natives that move bodies and make outbound requests.

use http::Method;
use runtime_core::{Finish, HostCallError, HostCalls, HostValue, Native, Outcome, RealmState};

use super::flow::{request, sendable_headers};
use super::{Arguments, Return, Scope, bytes, number, string, throw_type_error};
use crate::body::Body;
use crate::ops::{
    FetchClient, FetchRequest, FetchResponse, OpError, RedirectMode, ReferrerPolicy, RequestMode,
};
use crate::pipe::{PipeState, PipeWriter, WriteError, pipe};
use crate::response::too_large;

pub(super) fn natives() -> Vec<Native> {
    vec![
        Native::new("fetch", fetch),
        Native::new("bodyRead", body_read),
        Native::new("bodyCancel", body_cancel),
        Native::new("pipeOpen", pipe_open),
        Native::new("pipeWrite", pipe_write),
        Native::new("pipeClose", pipe_close),
        Native::new("pipeAbort", pipe_abort),
    ]
}

fn body_error(error: crate::body::BodyError) -> HostCallError {
    HostCallError::type_error(error.message)
}

/// A fetch came to nothing: by the host's fault, unless the upload broke off on the guest's side.
fn fetch_error(error: &OpError, upload: Option<&PipeState>) -> HostCallError {
    let failed = HostCallError::type_error(format!("fetch failed: {}", error.message));
    if upload.is_some_and(PipeState::broke_off) { failed } else { failed.of_the_host() }
}

/// In whose name a guest fetches, as the arguments of `fetch` tell from the seventh on.
fn client(scope: Scope<'_, '_, '_>, arguments: &Arguments<'_>) -> Option<FetchClient> {
    if arguments.get(7).is_undefined() {
        return None;
    }
    let referrer = string(scope, arguments, 8);
    Some(FetchClient {
        origin: string(scope, arguments, 7),
        referrer: (!referrer.is_empty()).then_some(referrer),
        referrer_policy: ReferrerPolicy::of_name(&string(scope, arguments, 9)).unwrap_or_default(),
    })
}

fn fetch<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let Ok(method) = Method::from_bytes(string(scope, &arguments, 0).as_bytes()) else {
        return throw_type_error(scope, "fetch failed: the method is not a valid HTTP method");
    };
    let url = string(scope, &arguments, 1);
    let Some(headers) = sendable_headers(scope, arguments.get(2)) else { return };
    let body = bytes(&arguments, 3);
    let source = arguments.get(4).int32_value(scope).unwrap_or(-1);
    let redirect = match &*string(scope, &arguments, 5) {
        "error" => RedirectMode::Error,
        "manual" => RedirectMode::Manual,
        _ => RedirectMode::Follow,
    };
    let mode = match &*string(scope, &arguments, 6) {
        "no-cors" => RequestMode::NoCors,
        "same-origin" => RequestMode::SameOrigin,
        _ => RequestMode::Cors,
    };
    let client = client(scope, &arguments);
    let counted = RealmState::of(scope).map(|state| state.count_subrequest());
    if let Some(Err(error)) = counted {
        return error.throw(scope);
    }
    let Some(request) = request(scope) else {
        return throw_type_error(scope, "fetch failed: no request is being served");
    };
    let upload = u32::try_from(source).ok().and_then(|source| request.bodies.writer(source));
    let upload = upload.map(PipeWriter::state);
    let body = match (u32::try_from(source), body) {
        (Ok(source), _) => match request.bodies.take(source) {
            Some(body) => body,
            None => return throw_type_error(scope, "fetch failed: the body has been used already"),
        },
        (Err(_), Some(body)) => Body::from(body),
        (Err(_), None) => Body::empty(),
    };
    let ops = std::sync::Arc::clone(&request.ops);
    let outbound = std::sync::Arc::clone(&request.outbound);
    let arrivals = request.bodies.arrivals();
    let promise = HostCalls::start(scope, async move {
        // The semaphore is never closed.
        let _permit = outbound.acquire_owned().await;
        let answer = ops
            .fetch(FetchRequest { method, url, headers, body, redirect, mode, client })
            .await
            .map_err(|error| fetch_error(&error, upload.as_ref()))?;
        let FetchResponse { status, status_text, url, headers, body, is_redirected } = answer;
        let mut flat = Vec::with_capacity(2 * headers.len());
        for (name, value) in &headers {
            flat.push(HostValue::String(name.as_str().to_owned()));
            // Each byte becomes one code unit.
            flat.push(HostValue::String(value.as_bytes().iter().map(|byte| char::from(*byte)).collect()));
        }
        let body = if body.is_empty() { -1.0 } else { f64::from(arrivals.add(body)) };
        let field = |name: &str, value| (name.to_owned(), value);
        Ok(HostValue::Record(vec![
            field("status", HostValue::Number(f64::from(status))),
            field("statusText", HostValue::String(status_text)),
            field("url", HostValue::String(url)),
            field("headers", HostValue::Array(flat)),
            field("body", HostValue::Number(body)),
            field("redirected", HostValue::Bool(is_redirected)),
        ]))
    });
    if let Some(promise) = promise {
        result.set(promise.into());
    }
}

/// The promise is for `{ chunk }`, or for null at the end: bytes alone would be asked for their `then`.
fn body_read<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let id = number(scope, &arguments, 0);
    let reader = request(scope).and_then(|request| request.bodies.reader(id));
    let promise = HostCalls::start(scope, async move {
        let Some(reader) = reader else { return Ok(HostValue::Null) };
        let mut body = reader.lock().await;
        let chunk = body.chunk().await.map_err(|error| body_error(error).of_the_host())?;
        Ok(chunk.map_or(HostValue::Null, |chunk| {
            HostValue::Record(vec![("chunk".to_owned(), HostValue::Bytes(chunk))])
        }))
    });
    if let Some(promise) = promise {
        result.set(promise.into());
    }
}

fn body_cancel<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, _result: Return<'s>) {
    let id = number(scope, &arguments, 0);
    if let Some(request) = request(scope) {
        request.bodies.cancel(id);
    }
}

fn pipe_open<'s>(scope: Scope<'_, 's, '_>, _arguments: Arguments<'s>, mut result: Return<'s>) {
    let Some(state) = RealmState::of(scope) else { return };
    let capacity = usize::try_from(state.limits().stream_buffer_bytes).unwrap_or(usize::MAX);
    let Some(request) = request(scope) else { return };
    let (writer, reader) = pipe(capacity);
    let id = request.bodies.add_pipe(writer, Body::pinned(reader));
    result.set_uint32(id);
}

fn pipe_write<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let id = number(scope, &arguments, 0);
    let Some(chunk) = bytes(&arguments, 1) else {
        return throw_type_error(scope, "a body's chunk must be a Uint8Array");
    };
    let written = request(scope)
        .and_then(|request| request.bodies.writer(id))
        .map(|writer| writer.write(chunk).map(|has_room| (has_room, writer.room())));
    match written {
        Some(Ok((true, _))) => result.set_bool(true),
        Some(Ok((false, room))) => {
            let promise = HostCalls::start(scope, async move {
                room.await.map_err(body_error)?;
                Ok(HostValue::Undefined)
            });
            if let Some(promise) = promise {
                result.set(promise.into());
            }
        }
        Some(Err(WriteError::TooLarge)) => {
            let Some(state) = RealmState::of(scope) else { return };
            let error = too_large(state.limits().response_bytes);
            state.finish(Finish { outcome: Outcome::Exception, message: error.message.clone() });
            body_error(error).throw(scope);
        }
        Some(Err(error)) => HostCallError::type_error(error.to_string()).throw(scope),
        None => throw_type_error(scope, "the body has ended already"),
    }
}

fn pipe_close<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, _result: Return<'s>) {
    let id = number(scope, &arguments, 0);
    if let Some(writer) = request(scope).and_then(|request| request.bodies.take_writer(id)) {
        writer.close();
    }
}

fn pipe_abort<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, _result: Return<'s>) {
    let id = number(scope, &arguments, 0);
    let message = string(scope, &arguments, 1);
    if let Some(writer) = request(scope).and_then(|request| request.bodies.take_writer(id)) {
        writer.abort(message);
    }
}
