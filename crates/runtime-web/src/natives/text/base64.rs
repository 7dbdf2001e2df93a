//! The native halves of `atob` and `btoa`: base64 between binary strings, as the Infra specification defines it.

use std::borrow::Cow;

use ::base64::alphabet;
use ::base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use ::base64::engine::{DecodePaddingMode, Engine};
use runtime_core::Native;

use super::{answer, text, throw_too_long};
use crate::natives::{Arguments, Return, Scope};

pub(super) fn natives() -> Vec<Native> {
    vec![Native::new("atob", atob), Native::new("btoa", btoa)]
}

/// Padding is taken off before, by the specification's own rules; bits left over are dropped.
const FORGIVING: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// ASCII whitespace of the Infra specification.
fn is_whitespace(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

/// Forgiving-base64 decode. None if the text is not base64.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut text = Cow::Borrowed(text);
    if text.iter().any(|&byte| is_whitespace(byte)) {
        text.to_mut().retain(|&byte| !is_whitespace(byte));
    }
    let mut text = text.as_ref();
    if text.len() % 4 == 0 {
        for _ in 0..2 {
            text = text.strip_suffix(b"=").unwrap_or(text);
        }
    }
    FORGIVING.decode(text).ok()
}

/// A string's code units as bytes; none if one of them does not fit.
fn binary(scope: Scope<'_, '_, '_>, string: v8::Local<'_, v8::String>) -> Option<Vec<u8>> {
    let mut bytes = vec![0; if string.contains_only_onebyte() { string.length() } else { return None }];
    string.write_one_byte_v2(scope, 0, &mut bytes, v8::WriteFlags::empty());
    Some(bytes)
}

/// Gives the binary string, or null if the argument is not base64.
fn atob<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let encoded = text(scope, &arguments, 0);
    match binary(scope, encoded).and_then(|encoded| decode(&encoded)) {
        Some(bytes) => {
            let string = v8::String::new_from_one_byte(scope, &bytes, v8::NewStringType::Normal);
            answer(scope, result, string);
        }
        None => result.set_null(),
    }
}

/// Gives the base64 text, or null if the argument is not a binary string.
fn btoa<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let string = text(scope, &arguments, 0);
    if string.length().div_ceil(3) * 4 > super::longest_string(scope) {
        throw_too_long(scope);
        return;
    }
    match binary(scope, string) {
        Some(bytes) => {
            let encoded = STANDARD.encode(bytes);
            let string = v8::String::new_from_one_byte(scope, encoded.as_bytes(), v8::NewStringType::Normal);
            answer(scope, result, string);
        }
        None => result.set_null(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded_forgivingly() {
        let good: [(&str, &[u8]); 9] = [
            ("", b""),
            ("YQ==", b"a"),
            ("YQ", b"a"),
            (" Y\tW\nJ\x0cj\r ", b"abc"),
            ("YWI=", b"ab"),
            ("YWI", b"ab"),
            // Bits that are left over are dropped.
            ("YR", b"a"),
            ("Y Q = =", b"a"),
            ("+/+/", b"\xfb\xff\xbf"),
        ];
        for (text, bytes) in good {
            assert_eq!(decode(text.as_bytes()).as_deref(), Some(bytes), "{text:?}");
        }
    }

    #[test]
    fn what_is_not_base64_is_refused() {
        for text in ["Y", "YQ=", "YWJj=", "=", "====", "Y===", "YQ==YQ==", "a-_b", "YQ\u{b}==", "\u{a0}"] {
            assert_eq!(decode(text.as_bytes()), None, "{text:?}");
        }
    }
}
