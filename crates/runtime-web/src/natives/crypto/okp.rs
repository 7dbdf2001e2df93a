//! Ed25519 and X25519. JavaScript holds a public key as its 32 bytes, and a private one as 32 bytes with those of the
//! public key after them.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{Decode, Encode};
use runtime_core::{HostValue, Native};
use spki::ObjectIdentifier;
use subtle::ConstantTimeEq;

use super::der::{self, Parameters};
use super::{
    Answer, Arguments, Duration, Failed, Return, Scope, answer, give, owned, perform, random_bytes, settle,
    string,
};

pub(super) fn natives() -> Vec<Native> {
    vec![
        Native::new("okpGenerate", generate),
        Native::new("okpImport", import),
        Native::new("okpExport", export),
        Native::new("ed25519Sign", sign),
        Native::new("ed25519Verify", verify),
        Native::new("x25519Agree", agree),
    ]
}

const BYTES: usize = 32;
const BAD_KEY: Failed = Failed("the key cannot be used");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Ed25519,
    X25519,
}

impl Kind {
    fn of(scope: Scope<'_, '_, '_>, arguments: &Arguments<'_>) -> Self {
        if string(scope, arguments, 0) == "Ed25519" { Kind::Ed25519 } else { Kind::X25519 }
    }

    fn oid(self) -> ObjectIdentifier {
        match self {
            Kind::Ed25519 => der::ED25519,
            Kind::X25519 => der::X25519,
        }
    }

    /// A private key as JavaScript holds it.
    fn private(self, secret: &[u8]) -> Option<Vec<u8>> {
        let secret: [u8; BYTES] = secret.try_into().ok()?;
        let public = match self {
            Kind::Ed25519 => SigningKey::from_bytes(&secret).verifying_key().to_bytes(),
            Kind::X25519 => x25519_dalek::x25519(secret, x25519_dalek::X25519_BASEPOINT_BYTES),
        };
        Some([secret, public].concat())
    }
}

fn private_part(key: &[u8]) -> Result<[u8; BYTES], Failed> {
    key.first_chunk().copied().ok_or(BAD_KEY)
}

fn import_as(kind: Kind, format: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    let public = |bytes: &[u8]| (bytes.len() == BYTES).then(|| bytes.to_vec());
    match format {
        "raw" => public(bytes),
        "scalar" => kind.private(bytes),
        "spki" => match der::open_spki(bytes, kind.oid())? {
            (Parameters::Absent, key) => public(&key),
            _ => None,
        },
        "pkcs8" => match der::open_pkcs8(bytes, kind.oid())? {
            // RFC 8410: an octet string inside of the octet string.
            (Parameters::Absent, inner) => kind.private(<&OctetStringRef>::from_der(&inner).ok()?.as_bytes()),
            _ => None,
        },
        _ => None,
    }
}

fn export_as(kind: Kind, format: &str, key: &[u8]) -> Option<Vec<u8>> {
    match format {
        "spki" => der::wrap_spki(kind.oid(), Parameters::Absent, key),
        "pkcs8" => {
            let inner = OctetStringRef::new(key.get(..BYTES)?).ok()?.to_der().ok()?;
            der::wrap_pkcs8(kind.oid(), Parameters::Absent, &inner)
        }
        _ => None,
    }
}

fn verify_with(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = key.try_into().ok().and_then(|key| VerifyingKey::from_bytes(key).ok());
    let (Some(key), Ok(signature)) = (key, Signature::from_slice(signature)) else { return false };
    // Strict: keys and nonces of small order, with which one signature fits many messages, are refused.
    key.verify_strict(message, &signature).is_ok()
}

fn agree_with(key: &[u8], public: &[u8]) -> Result<Vec<u8>, Failed> {
    let public = public.try_into().map_err(|_| BAD_KEY)?;
    let secret = x25519_dalek::x25519(private_part(key)?, public);
    // A public key of small order: everybody would know the secret.
    if bool::from(secret.ct_eq(&[0; BYTES])) {
        return Err(Failed("the public key has a small order"));
    }
    Ok(secret.to_vec())
}

fn generate<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let kind = Kind::of(scope, &arguments);
    let key = random_bytes(BYTES).and_then(|secret| kind.private(&secret).ok_or(BAD_KEY));
    settle(scope, &mut result, key.map(answer));
}

fn import<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let kind = Kind::of(scope, &arguments);
    let format = string(scope, &arguments, 1);
    give(scope, &mut result, import_as(kind, &format, &owned(&arguments, 2)).map(answer));
}

fn export<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let kind = Kind::of(scope, &arguments);
    let format = string(scope, &arguments, 1);
    give(scope, &mut result, export_as(kind, &format, &owned(&arguments, 2)).map(answer));
}

fn sign<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let secret = private_part(&owned(&arguments, 0));
    perform(scope, &arguments, 1, Duration::Short, &mut result, move |message, _| {
        Ok(answer(SigningKey::from_bytes(&secret?).sign(message).to_bytes().to_vec()))
    });
}

fn verify<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let (key, signature) = (owned(&arguments, 0), owned(&arguments, 2));
    perform(scope, &arguments, 1, Duration::Short, &mut result, move |message, _| -> Answer {
        Ok(HostValue::Bool(verify_with(&key, message, &signature)))
    });
}

fn agree<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let (key, public) = (owned(&arguments, 0), owned(&arguments, 1));
    settle(scope, &mut result, agree_with(&key, &public).map(answer));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::natives::crypto::tests::{hex, unhex};

    /// RFC 8032, 7.1, test 2.
    #[test]
    fn ed25519_is_that_of_its_standard() {
        let secret = unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
        let key = Kind::Ed25519.private(&secret).expect("32 bytes");
        assert_eq!(hex(&key[32..]), "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
        let signing = SigningKey::from_bytes(&private_part(&key).expect("32 bytes"));
        let signature = signing.sign(&[0x72]).to_bytes();
        assert_eq!(
            hex(&signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        );
        assert!(verify_with(&key[32..], &[0x72], &signature));
        assert!(!verify_with(&key[32..], &[0x73], &signature));
        assert!(!verify_with(&key[32..], &[0x72], &signature[1..]));
        assert!(!verify_with(&[1; 31], &[0x72], &signature));
        // The neutral element as key and nonce would fit every message.
        let mut neutral = [0; 64];
        neutral[0] = 1;
        assert!(!verify_with(&neutral[..32], b"anything", &neutral));
    }

    /// RFC 7748, 6.1.
    #[test]
    fn x25519_is_that_of_its_standard() {
        let alice = unhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
        let bob = unhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
        let alice = Kind::X25519.private(&alice).expect("32 bytes");
        assert_eq!(hex(&alice[32..]), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
        let secret = agree_with(&alice, &bob).expect("it agrees");
        assert_eq!(hex(&secret), "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
        assert!(agree_with(&alice, &[0; 32]).is_err());
        assert!(agree_with(&alice, &[9; 31]).is_err());
        assert!(agree_with(&[], &bob).is_err());
    }

    #[test]
    fn keys_survive_their_formats_and_nothing_else_is_a_key() {
        for (kind, other) in [(Kind::Ed25519, Kind::X25519), (Kind::X25519, Kind::Ed25519)] {
            let key = kind.private(&[7; 32]).expect("32 bytes");
            let pkcs8 = export_as(kind, "pkcs8", &key).expect("it can be written");
            assert_eq!(import_as(kind, "pkcs8", &pkcs8).as_deref(), Some(&key[..]));
            assert_eq!(import_as(other, "pkcs8", &pkcs8), None);
            let spki = export_as(kind, "spki", &key[32..]).expect("it can be written");
            assert_eq!(import_as(kind, "spki", &spki).as_deref(), Some(&key[32..]));
            assert_eq!(import_as(other, "spki", &spki), None);
            assert_eq!(import_as(kind, "raw", &key), None);
            assert_eq!(import_as(kind, "scalar", &[]), None);
            assert_eq!(export_as(kind, "pkcs8", &[]), None);
            for length in 0..pkcs8.len() {
                assert_eq!(import_as(kind, "pkcs8", &pkcs8[..length]), None);
            }
        }
    }
}
