//! The native half of URLSearchParams and form bodies: application/x-www-form-urlencoded, as the URL specification
//! defines it.

use form_urlencoded::byte_serialize;
use runtime_core::Native;

use super::{answer, longest_string, throw_too_long};
use crate::natives::{Arguments, Return, Scope, string};

pub(super) fn natives() -> Vec<Native> {
    vec![Native::new("formDecode", form_decode), Native::new("formEncode", form_encode)]
}

/// Gives name, value, name, value. Long texts are cut at an ampersand by the caller, so that the guest can be stopped
/// between the pieces.
fn form_decode<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let text = string(scope, &arguments, 0);
    let mut elements: Vec<v8::Local<'s, v8::Value>> = Vec::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        for part in [name, value] {
            let Some(part) = v8::String::new(scope, &part) else { return throw_too_long(scope) };
            elements.push(part.into());
        }
    }
    result.set(v8::Array::new_with_elements(scope, &elements).into());
}

/// Appends one name or value to a serialised list. False, with the text unfinished, if it would become longer than it
/// may.
fn append(text: &mut String, index: u32, part: &str, longest: usize) -> bool {
    if index > 0 {
        text.push(if index.is_multiple_of(2) { '&' } else { '=' });
    }
    for piece in byte_serialize(part.as_bytes()) {
        if text.len() + piece.len() > longest {
            return false;
        }
        text.push_str(piece);
    }
    true
}

fn form_encode<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, result: Return<'s>) {
    let Ok(pairs) = v8::Local::<v8::Array>::try_from(arguments.get(0)) else { return };
    let longest = longest_string(scope);
    let mut text = String::new();
    for index in 0..pairs.length() {
        let Some(part) = pairs.get_index(scope, index) else { return };
        let part = part.to_rust_string_lossy(scope);
        // One string may stand in the list many times over: the sum is what has to fit.
        if !append(&mut text, index, &part, longest) {
            return throw_too_long(scope);
        }
    }
    let string = v8::String::new_from_one_byte(scope, text.as_bytes(), v8::NewStringType::Normal);
    answer(scope, result, string);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(parts: &[&str]) -> String {
        let mut text = String::new();
        for (index, part) in (0..).zip(parts) {
            assert!(append(&mut text, index, part, usize::MAX));
        }
        text
    }

    #[test]
    fn pairs_are_written_as_forms_write_them() {
        assert_eq!(encode(&["a b", "c&d", "", "\u{e9}", "*-._~", "+="]), "a+b=c%26d&=%C3%A9&*-._%7E=%2B%3D");
        assert_eq!(encode(&["", ""]), "=");
    }

    #[test]
    fn a_list_that_does_not_fit_is_refused_and_not_built() {
        let mut text = String::new();
        assert!(append(&mut text, 0, "name", 8));
        assert!(!append(&mut text, 1, "value", 8));
        assert!(text.len() <= 8);
    }
}
