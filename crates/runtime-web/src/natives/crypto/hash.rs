//! Digests, whole and in pieces, and HMAC.

use std::collections::HashMap;

use hmac::{KeyInit, Mac};
use runtime_core::{HostValue, Native};
use sha2::digest::DynDigest;

use super::{
    Answer, Arguments, Duration, Failed, Return, Scope, answer, give, number, owned, perform, string,
};
use crate::natives::flow::request;

pub(super) fn natives() -> Vec<Native> {
    vec![
        Native::new("digest", digest),
        Native::new("hasherOpen", hasher_open),
        Native::new("hasherUpdate", hasher_update),
        Native::new("hasherClose", hasher_close),
        Native::new("hmacSign", hmac_sign),
        Native::new("hmacVerify", hmac_verify),
    ]
}

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    /// For digests only, as on Workers.
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
    Sha3_256,
    Sha3_384,
    Sha3_512,
}

/// Runs an expression with the type `$hash` for a hash function; without one for MD5, where the last expression is the
/// value.
macro_rules! with_hash {
    ($value:expr, $hash:ident => $body:expr, $otherwise:expr) => {
        match $value {
            $crate::natives::crypto::hash::Hash::Md5 => $otherwise,
            $crate::natives::crypto::hash::Hash::Sha1 => {
                type $hash = sha1::Sha1;
                $body
            }
            $crate::natives::crypto::hash::Hash::Sha256 => {
                type $hash = sha2::Sha256;
                $body
            }
            $crate::natives::crypto::hash::Hash::Sha384 => {
                type $hash = sha2::Sha384;
                $body
            }
            $crate::natives::crypto::hash::Hash::Sha512 => {
                type $hash = sha2::Sha512;
                $body
            }
            $crate::natives::crypto::hash::Hash::Sha3_256 => {
                type $hash = sha3::Sha3_256;
                $body
            }
            $crate::natives::crypto::hash::Hash::Sha3_384 => {
                type $hash = sha3::Sha3_384;
                $body
            }
            $crate::natives::crypto::hash::Hash::Sha3_512 => {
                type $hash = sha3::Sha3_512;
                $body
            }
        }
    };
}
pub(super) use with_hash;

/// Runs an expression with the type `$mac` for a hash function's HMAC; without one for MD5, where the last expression
/// is the value.
macro_rules! with_mac {
    ($value:expr, $mac:ident => $body:expr, $otherwise:expr) => {
        match $value {
            $crate::natives::crypto::hash::Hash::Md5 => $otherwise,
            $crate::natives::crypto::hash::Hash::Sha1 => {
                type $mac = hmac::Hmac<sha1::Sha1>;
                $body
            }
            $crate::natives::crypto::hash::Hash::Sha256 => {
                type $mac = hmac::Hmac<sha2::Sha256>;
                $body
            }
            $crate::natives::crypto::hash::Hash::Sha384 => {
                type $mac = hmac::Hmac<sha2::Sha384>;
                $body
            }
            $crate::natives::crypto::hash::Hash::Sha512 => {
                type $mac = hmac::Hmac<sha2::Sha512>;
                $body
            }
            $crate::natives::crypto::hash::Hash::Sha3_256 => {
                type $mac = hmac::SimpleHmac<sha3::Sha3_256>;
                $body
            }
            $crate::natives::crypto::hash::Hash::Sha3_384 => {
                type $mac = hmac::SimpleHmac<sha3::Sha3_384>;
                $body
            }
            $crate::natives::crypto::hash::Hash::Sha3_512 => {
                type $mac = hmac::SimpleHmac<sha3::Sha3_512>;
                $body
            }
        }
    };
}
pub(super) use with_mac;

/// The hash function that our JavaScript named is none of ours, which means that the two do not fit together.
pub(super) const UNKNOWN_HASH: Failed = Failed("the hash function is not supported");

impl Hash {
    /// By the name that the JavaScript gives it.
    pub(super) fn from_name(name: &str) -> Result<Self, Failed> {
        Ok(match name {
            "MD5" => Hash::Md5,
            "SHA-1" => Hash::Sha1,
            "SHA-256" => Hash::Sha256,
            "SHA-384" => Hash::Sha384,
            "SHA-512" => Hash::Sha512,
            "SHA3-256" => Hash::Sha3_256,
            "SHA3-384" => Hash::Sha3_384,
            "SHA3-512" => Hash::Sha3_512,
            _ => return Err(UNKNOWN_HASH),
        })
    }

    fn hasher(self) -> Box<dyn DynDigest + Send> {
        with_hash!(self, H => Box::new(H::default()), Box::new(md5::Md5::default()))
    }

    /// The digest of all that there is.
    pub(super) fn digest(self, bytes: &[u8]) -> Vec<u8> {
        let mut hasher = self.hasher();
        hasher.update(bytes);
        hasher.finalize().into_vec()
    }
}

fn digest<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let hash = Hash::from_name(&string(scope, &arguments, 0));
    perform(scope, &arguments, 1, Duration::Short, &mut result, move |bytes, _| {
        Ok(answer(hash?.digest(bytes)))
    });
}

// --- In pieces -----------------------------------------------------------------------------------------

/// The most digests in pieces that one request has at once.
const OPEN_HASHERS: usize = 16 * 1024;

/// The digests of one request that are not whole yet, by number. A number of an earlier request is unknown here.
#[derive(Default)]
pub(crate) struct Hashers {
    last: u32,
    open: HashMap<u32, Box<dyn DynDigest + Send>>,
}

/// Gives the number of a new digest in pieces; `undefined` if the request has as many as it may.
fn hasher_open<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let Ok(hash) = Hash::from_name(&string(scope, &arguments, 0)) else { return };
    let Some(hashers) = request(scope).map(|request| &mut request.hashers) else { return };
    let Some(number) = hashers.last.checked_add(1) else { return };
    if hashers.open.len() < OPEN_HASHERS {
        hashers.last = number;
        hashers.open.insert(number, hash.hasher());
        result.set_uint32(number);
    }
}

fn hasher_update<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let id = number(scope, &arguments, 0);
    let mut storage = [0; v8::TYPED_ARRAY_MAX_SIZE_IN_HEAP];
    let view = v8::Local::<v8::ArrayBufferView>::try_from(arguments.get(1));
    let piece = view.as_ref().map_or(&[][..], |view| view.get_contents(&mut storage));
    let hasher = request(scope).and_then(|request| request.hashers.open.get_mut(&id));
    result.set_bool(hasher.is_some());
    if let Some(hasher) = hasher {
        hasher.update(piece);
    }
}

/// Ends a digest in pieces and gives it; `undefined` if there is none of this number.
fn hasher_close<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let id = number(scope, &arguments, 0);
    let hasher = request(scope).and_then(|request| request.hashers.open.remove(&id));
    give(scope, &mut result, hasher.map(|hasher| answer(hasher.finalize().into_vec())));
}

// --- HMAC ----------------------------------------------------------------------------------------------

fn hmac_of(hash: Hash, key: &[u8], bytes: &[u8]) -> Result<Vec<u8>, Failed> {
    with_mac!(
        hash,
        M => {
            let mut mac = M::new_from_slice(key).map_err(|_| Failed("the key cannot be used"))?;
            mac.update(bytes);
            Ok(mac.finalize().into_bytes().to_vec())
        },
        Err(UNKNOWN_HASH)
    )
}

fn hmac_sign<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let hash = Hash::from_name(&string(scope, &arguments, 0));
    let key = owned(&arguments, 1);
    perform(scope, &arguments, 2, Duration::Short, &mut result, move |bytes, _| {
        hmac_of(hash?, &key, bytes).map(answer)
    });
}

fn hmac_verify<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let hash = Hash::from_name(&string(scope, &arguments, 0));
    let key = owned(&arguments, 1);
    let given = owned(&arguments, 3);
    perform(scope, &arguments, 2, Duration::Short, &mut result, move |bytes, _| -> Answer {
        let mac = hmac_of(hash?, &key, bytes)?;
        // Compares without telling by its duration where the first difference is.
        Ok(HostValue::Bool(bool::from(subtle::ConstantTimeEq::ct_eq(&mac[..], &given[..]))))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::natives::crypto::tests::{hex, unhex};

    fn digest_hex(algorithm: &str, text: &str) -> String {
        hex(&Hash::from_name(algorithm).expect("a known algorithm").digest(text.as_bytes()))
    }

    #[test]
    fn digests_are_those_of_their_standards() {
        assert_eq!(digest_hex("SHA-1", "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(
            digest_hex("SHA-256", "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            digest_hex("SHA-384", "abc"),
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
        );
        assert_eq!(
            digest_hex("SHA-512", "abc"),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        );
        assert_eq!(
            digest_hex("SHA3-256", "abc"),
            "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"
        );
        assert_eq!(digest_hex("MD5", "abc"), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(digest_hex("MD5", ""), "d41d8cd98f00b204e9800998ecf8427e");
    }

    #[test]
    fn other_algorithms_are_unknown() {
        assert_eq!(Hash::from_name("SHA-224"), Err(UNKNOWN_HASH));
        assert_eq!(Hash::from_name("sha-256"), Err(UNKNOWN_HASH));
    }

    /// RFC 4231, test cases 2 and 6.
    #[test]
    fn hmac_is_that_of_its_standard() {
        let short = hmac_of(Hash::Sha256, b"Jefe", b"what do ya want for nothing?");
        assert_eq!(
            hex(&short.expect("a hash of ours")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        let long_key = hmac_of(
            Hash::Sha512,
            &unhex(&"aa".repeat(131)),
            b"Test Using Larger Than Block-Size Key - Hash Key First",
        );
        assert_eq!(
            hex(&long_key.expect("a hash of ours")),
            "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352\
             6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"
        );
        assert!(hmac_of(Hash::Md5, b"k", b"").is_err());
    }
}
