//! What the guest threw, as text. Describing an exception runs no code of the guest's.

use std::fmt::Write as _;

use crate::extension::Hook;
use crate::realm::RealmState;

/// A guest's exception, or V8's complaint about a script.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct GuestError {
    /// The message with the stack below it, as an engineer wants to read it.
    pub message: String,
}

/// The message and stack of a thrown value.
pub fn describe_exception(scope: &mut v8::PinScope<'_, '_>, exception: v8::Local<'_, v8::Value>) -> String {
    let message = v8::Exception::create_message(scope, exception);
    let text = describe_message(scope, message);
    named(scope, Some(exception), text)
}

/// The text of V8's message for what was thrown. V8 reads no accessors, and so does not know what the guest's world keeps in
/// private: such an exception's name and message come from there.
pub(crate) fn named(
    scope: &mut v8::PinScope<'_, '_>,
    exception: Option<v8::Local<'_, v8::Value>>,
    text: String,
) -> String {
    let Some(exception) = exception.filter(|exception| exception.is_object()) else { return text };
    if text.lines().next().is_some_and(|line| !line.is_empty()) {
        return text;
    }
    let exception = v8::Local::new(scope, exception);
    let heading = RealmState::call_hook(scope, Hook::DescribeException, &[exception]);
    match heading.filter(|heading| heading.is_string()) {
        Some(heading) => heading.to_rust_string_lossy(scope) + &text,
        None => text,
    }
}

/// The text of V8's message, with the place in the source and the stack.
pub(crate) fn describe_message(
    scope: &mut v8::PinScope<'_, '_>,
    message: v8::Local<'_, v8::Message>,
) -> String {
    let text = message.get(scope).to_rust_string_lossy(scope);
    let mut text = text.strip_prefix("Uncaught ").unwrap_or(&text).to_owned();
    let frames = message.get_stack_trace(scope).map_or(0, |trace| trace.get_frame_count());
    if frames == 0 {
        // An error that no code of the guest's made, such as one of the host's, has no place: its column is -1.
        if let (Some(line), Some(column)) =
            (message.get_line_number(scope), message.get_start_column().checked_add(1))
        {
            let file = message
                .get_script_resource_name(scope)
                .filter(|name| name.is_string())
                .map(|name| name.to_rust_string_lossy(scope));
            let _ = write!(text, "\n    at {}", place(scope, file.as_deref(), line, column));
        }
        return text;
    }
    let Some(trace) = message.get_stack_trace(scope) else { return text };
    for index in 0..frames {
        let Some(frame) = trace.get_frame(scope, index) else { continue };
        let file = frame.get_script_name(scope).map(|name| name.to_rust_string_lossy(scope));
        let function = frame.get_function_name(scope).map(|name| name.to_rust_string_lossy(scope));
        let place = place(scope, file.as_deref(), frame.get_line_number(), frame.get_column());
        let _ = match function.filter(|name| !name.is_empty()) {
            Some(function) => write!(text, "\n    at {function} ({place})"),
            None => write!(text, "\n    at {place}"),
        };
    }
    text
}

/// A place for people, counted from 1: that of the source, where the script has a map.
pub(crate) fn place(
    scope: &mut v8::PinScope<'_, '_>,
    file: Option<&str>,
    line: usize,
    column: usize,
) -> String {
    let Some(file) = file else { return format!("<unknown>:{line}:{column}") };
    let mut original = || {
        let script = RealmState::of(scope)?.realm.script();
        let original = script.original(file, u32::try_from(line).ok()?, u32::try_from(column).ok()?)?;
        Some(format!("{}:{}:{}", original.source, original.line, original.column))
    };
    original().unwrap_or_else(|| format!("{file}:{line}:{column}"))
}
