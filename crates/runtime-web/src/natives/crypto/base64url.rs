//! Base64url without padding, as JSON Web Keys have it.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use runtime_core::Native;

use super::{Arguments, Return, Scope, answer, give, owned, string};

pub(super) fn natives() -> Vec<Native> {
    vec![Native::new("base64UrlEncode", encode), Native::new("base64UrlDecode", decode)]
}

/// Bits that stand for nothing are let through, as other platforms do; padding is not.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

fn encode<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let text = ENGINE.encode(owned(&arguments, 0));
    if let Some(text) = v8::String::new(scope, &text) {
        result.set(text.into());
    }
}

/// `undefined` for what is not base64url.
fn decode<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let bytes = ENGINE.decode(string(scope, &arguments, 0)).ok();
    give(scope, &mut result, bytes.map(answer));
}
