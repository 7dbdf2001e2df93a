//! The native half of Crypto: random bytes, UUIDs and digests. Names are normalised and quotas are kept by the
//! JavaScript.

use md5::Md5;
use runtime_core::{HostCallError, Native, array_buffer};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::{Arguments, Return, Scope, string, write_into};

pub(super) fn natives() -> Vec<Native> {
    vec![
        Native::new("randomFill", random_fill),
        Native::new("randomUUID", random_uuid),
        Native::new("digest", digest),
    ]
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

/// The digest by this algorithm; none if it is not one of ours.
fn digest_of(algorithm: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    Some(match algorithm {
        "SHA-1" => Sha1::digest(bytes).to_vec(),
        "SHA-256" => Sha256::digest(bytes).to_vec(),
        "SHA-384" => Sha384::digest(bytes).to_vec(),
        "SHA-512" => Sha512::digest(bytes).to_vec(),
        "MD5" => Md5::digest(bytes).to_vec(),
        _ => return None,
    })
}

/// Gives a promise of the digest, which is computed at once: in the turn, so that its processor time is the guest's,
/// and on the guest's own memory, so that there is no copy which no limit covers.
fn digest<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let algorithm = string(scope, &arguments, 0);
    let mut storage = [0; v8::TYPED_ARRAY_MAX_SIZE_IN_HEAP];
    let view = v8::Local::<v8::ArrayBufferView>::try_from(arguments.get(1));
    let bytes = view.as_ref().map_or(&[][..], |view| view.get_contents(&mut storage));
    let digest = digest_of(&algorithm, bytes);
    let Some(resolver) = v8::PromiseResolver::new(scope) else { return };
    match digest {
        Some(digest) => {
            let Some(buffer) = array_buffer(scope, digest) else { return };
            resolver.resolve(scope, buffer.into());
        }
        None => {
            let message = format!("the algorithm '{algorithm}' is not supported");
            let error = HostCallError::dom("NotSupportedError", message).to_v8(scope);
            resolver.reject(scope, error);
        }
    }
    result.set(resolver.get_promise(scope).into());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(algorithm: &str, text: &str) -> String {
        let digest = digest_of(algorithm, text.as_bytes()).expect("a known algorithm");
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn digests_are_those_of_their_standards() {
        assert_eq!(hex("SHA-1", "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(hex("SHA-256", "abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(
            hex("SHA-384", "abc"),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
        );
        assert_eq!(
            hex("SHA-512", "abc"),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        );
        assert_eq!(hex("MD5", "abc"), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(hex("MD5", ""), "d41d8cd98f00b204e9800998ecf8427e");
    }

    #[test]
    fn other_algorithms_are_unknown() {
        assert_eq!(digest_of("SHA-224", b"abc"), None);
        assert_eq!(digest_of("sha-256", b"abc"), None);
    }
}
