//! The natives by which an event's way through the guest is steered: logs, clocks, timers, the response, the end of
//! the request, environment and bindings.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue};
use runtime_core::{
    Finish, HostCalls, HostValue, Native, Outcome, RealmState, ScriptFault, describe_exception,
    outcome_of_thrown,
};

use super::{
    Arguments, Return, Scope, bytes, new_string, number, string, string_array, strings_of, throw_type_error,
};
use crate::body::Body;
use crate::ops::LogLevel;
use crate::response::{Response, ResponseBody, too_large};
use crate::web_request::WebRequest;

pub(super) fn natives() -> Vec<Native> {
    vec![
        Native::new("log", log),
        Native::new("now", now),
        Native::new("timeOrigin", time_origin),
        Native::new("timerStart", timer_start),
        Native::new("timerStop", timer_stop),
        Native::new("queueMicrotask", queue_microtask),
        Native::new("respond", respond),
        Native::new("finish", finish),
        Native::new("fail", fail),
        Native::new("env", env),
        Native::new("bindingCall", binding_call),
        Native::new("lastOp", last_op),
        Native::new("cancelOp", cancel_op),
    ]
}

/// The request of the running turn.
pub(super) fn request(isolate: &mut v8::Isolate) -> Option<&mut WebRequest> {
    RealmState::of(isolate)?.request::<WebRequest>()
}

fn log<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, _result: Return<'s>) {
    let level = LogLevel::from_name(&string(scope, &arguments, 0));
    let message = string(scope, &arguments, 1);
    if let Some(request) = request(scope) {
        request.log(level, message);
    }
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn now<'s>(scope: Scope<'_, 's, '_>, _arguments: Arguments<'s>, mut result: Return<'s>) {
    let elapsed = request(scope).map_or(Duration::ZERO, |request| request.origin().elapsed());
    result.set_double(elapsed.as_secs_f64() * 1000.0);
}

fn time_origin<'s>(scope: Scope<'_, 's, '_>, _arguments: Arguments<'s>, mut result: Return<'s>) {
    let elapsed = request(scope).map_or(Duration::ZERO, |request| request.origin().elapsed());
    result.set_double((since_epoch().saturating_sub(elapsed)).as_secs_f64() * 1000.0);
}

fn timer_start<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, _result: Return<'s>) {
    let id = number(scope, &arguments, 0);
    let delay = arguments.get(1).number_value(scope).unwrap_or(0.0);
    let delay = Duration::try_from_secs_f64(delay / 1000.0).unwrap_or_default();
    let started = RealmState::of(scope).map(|state| state.start_timer(id, delay));
    if let Some(Err(error)) = started {
        error.throw(scope);
    }
}

fn timer_stop<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, _result: Return<'s>) {
    let id = number(scope, &arguments, 0);
    if let Some(state) = RealmState::of(scope) {
        state.stop_timer(id);
    }
}

fn queue_microtask<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, _result: Return<'s>) {
    let Ok(function) = v8::Local::<v8::Function>::try_from(arguments.get(0)) else { return };
    let context = scope.get_current_context();
    if let Some(queue) = context.get_microtask_queue() {
        queue.enqueue_microtask(scope, function);
    }
}

/// A flat list from the guest's world as the headers of a message. Names and values have been checked there, by the
/// standard's rules, which let more pass than HTTP carries. Nothing is sent without what its guest has put into it: a
/// header that cannot be sent is a `TypeError`, and the answer none.
pub(super) fn sendable_headers(
    scope: Scope<'_, '_, '_>,
    flat: v8::Local<'_, v8::Value>,
) -> Option<HeaderMap> {
    let (headers, refused) = read_headers(scope, flat);
    if let Some(name) = refused {
        let message =
            format!("HTTP cannot carry the header '{name}': a control character in it, or too many headers");
        throw_type_error(scope, &message);
        return None;
    }
    Some(headers)
}

/// The headers, and the name of the first one that is refused.
fn read_headers(scope: Scope<'_, '_, '_>, flat: v8::Local<'_, v8::Value>) -> (HeaderMap, Option<String>) {
    let mut headers = HeaderMap::new();
    let mut refused = None;
    for pair in strings_of(scope, flat).chunks_exact(2) {
        // Values are byte strings: each code unit is one byte.
        let value: Vec<u8> =
            pair[1].chars().map(|unit| u8::try_from(u32::from(unit)).unwrap_or(b'?')).collect();
        let is_taken = match (HeaderName::from_bytes(pair[0].as_bytes()), HeaderValue::from_bytes(&value)) {
            // A map takes some ten thousands; more than that is no message that anybody would take.
            (Ok(name), Ok(value)) => headers.try_append(name, value).is_ok(),
            _ => false,
        };
        if !is_taken && refused.is_none() {
            refused = Some(pair[0].clone());
        }
    }
    (headers, refused)
}

fn respond<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, _result: Return<'s>) {
    let status = u16::try_from(number(scope, &arguments, 0)).unwrap_or(500);
    let status_text = string(scope, &arguments, 1);
    let Some(headers) = sendable_headers(scope, arguments.get(2)) else { return };
    let body = bytes(&arguments, 3);
    let source = arguments.get(4).int32_value(scope).unwrap_or(-1);
    let socket = arguments.get(5).int32_value(scope).unwrap_or(-1);
    let limit = RealmState::of(scope).map_or(0, |state| state.limits().response_bytes);
    let Some(request) = request(scope) else { return };
    if limit > 0
        && let Ok(source) = u32::try_from(source)
        && let Some(writer) = request.bodies.writer(source)
    {
        writer.limit(limit);
    }
    let body = match (u32::try_from(source), body) {
        (Ok(source), _) => request.bodies.take(source).unwrap_or_default(),
        (Err(_), Some(body)) => Body::from(body),
        (Err(_), None) => Body::empty(),
    };
    let is_too_large = limit > 0 && body.as_bytes().is_some_and(|bytes| bytes.len() as u64 > limit);
    let web_socket = u32::try_from(socket).ok().and_then(|socket| request.sockets.take(socket));
    if let Some(socket) = &web_socket {
        socket.watch().note_client();
    }
    let response =
        Response { status, status_text, headers, body: ResponseBody::new(body, limit), web_socket };
    if is_too_large {
        let message = too_large(limit).message;
        if let Some(state) = RealmState::of(scope) {
            state.finish(Finish { outcome: Outcome::Exception, message });
        }
        return;
    }
    if request.set_response(response)
        && let Some(state) = RealmState::of(scope)
    {
        state.note_response();
    }
}

fn finish<'s>(scope: Scope<'_, 's, '_>, _arguments: Arguments<'s>, _result: Return<'s>) {
    if let Some(state) = RealmState::of(scope) {
        state.finish(Finish::ok());
    }
}

fn fail<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, _result: Return<'s>) {
    let error = arguments.get(1);
    let outcome = match &*string(scope, &arguments, 0) {
        "no-handler" => Outcome::ScriptError(ScriptFault::NoHandler),
        _ => outcome_of_thrown(scope, error),
    };
    let message =
        if error.is_string() { string(scope, &arguments, 1) } else { describe_exception(scope, error) };
    if let Some(state) = RealmState::of(scope) {
        state.finish(Finish { outcome, message });
    }
}

fn env<'s>(scope: Scope<'_, 's, '_>, _arguments: Arguments<'s>, mut result: Return<'s>) {
    let Some(request) = request(scope) else { return };
    let variables = request.env().clone();
    let bindings = request.bindings.clone();
    let variables =
        string_array(scope, variables.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]));
    let mut flat: Vec<v8::Local<'s, v8::Value>> = Vec::new();
    for (name, methods) in bindings.names() {
        flat.push(new_string(scope, name).into());
        flat.push(string_array(scope, methods).into());
    }
    let flat = v8::Array::new_with_elements(scope, &flat);
    let names = [new_string(scope, "vars").into(), new_string(scope, "bindings").into()];
    let null = v8::null(scope).into();
    let object =
        v8::Object::with_prototype_and_properties(scope, null, &names, &[variables.into(), flat.into()]);
    result.set(object.into());
}

fn binding_call<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let binding = string(scope, &arguments, 0);
    let method = string(scope, &arguments, 1);
    let values = match HostValue::from_v8(scope, arguments.get(2)) {
        Some(HostValue::Array(values)) => values,
        Some(_) => Vec::new(),
        // The guest threw, or gave too much; the exception is pending.
        None => return,
    };
    let counted = RealmState::of(scope).map(|state| state.count_subrequest());
    if let Some(Err(error)) = counted {
        return error.throw(scope);
    }
    let Some(request) = request(scope) else { return };
    let Some(call) = request.bindings.call(&binding, &method, values) else {
        return super::throw_type_error(scope, &format!("env.{binding} has no method {method}"));
    };
    let outbound = std::sync::Arc::clone(&request.outbound);
    let promise = HostCalls::start(scope, async move {
        // The semaphore is never closed.
        let _permit = outbound.acquire_owned().await;
        call.await
    });
    if let Some(promise) = promise {
        result.set(promise.into());
    }
}

fn last_op<'s>(scope: Scope<'_, 's, '_>, _arguments: Arguments<'s>, mut result: Return<'s>) {
    let last = RealmState::of(scope).map_or(0, |state| state.calls().last());
    result.set_double(last as f64);
}

fn cancel_op<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, _result: Return<'s>) {
    let id = arguments.get(0).integer_value(scope).unwrap_or(0);
    if let (Ok(id), Some(state)) = (u64::try_from(id), RealmState::of(scope)) {
        state.calls().cancel(id);
    }
}
