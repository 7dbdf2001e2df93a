//! RSA keys: made, and read from and written to the formats. JavaScript holds a key as PKCS#1 has it; that is what is
//! inside of SubjectPublicKeyInfo and PKCS#8.

use pkcs1::der::{Decode, Encode};
use pkcs1::{RsaPrivateKeyRef, RsaPublicKeyRef, UintRef};
use rand_core::{TryCryptoRng, TryRng};
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::{BoxedUint, PrivateKey, PublicKey};
use runtime_core::{HostValue, Native, WorkTicket};

use super::der::{self, Parameters};
use super::rsa::{private_key, public_key};
use super::{
    Answer, Arguments, Duration, Failed, Return, Scope, answer, give, number, owned, perform, settle,
};
use crate::natives::string;

pub(super) fn natives() -> Vec<Native> {
    vec![
        Native::new("rsaAccepts", accepts),
        Native::new("rsaGenerate", generate),
        Native::new("rsaImport", import),
        Native::new("rsaExport", export),
        Native::new("rsaFromParts", from_parts),
        Native::new("rsaParts", parts),
    ]
}

/// The sizes of a modulus in bits that the library takes, and we with it.
const MODULUS_BITS: std::ops::RangeInclusive<u32> = 1024..=8192;

/// The system's generator for a job that may have to end: making a key takes any number of attempts, each of which
/// begins with new random bytes.
struct JobRng<'a>(Option<&'a WorkTicket>);

#[derive(Debug, thiserror::Error)]
#[error("no random bytes are given to a job that is over")]
struct NoRandom;

impl TryRng for JobRng<'_> {
    type Error = NoRandom;

    fn try_next_u32(&mut self) -> Result<u32, NoRandom> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_ne_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, NoRandom> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), NoRandom> {
        if self.0.is_some_and(WorkTicket::is_over) {
            return Err(NoRandom);
        }
        getrandom::fill(bytes).map_err(|_| NoRandom)
    }
}

impl TryCryptoRng for JobRng<'_> {}

/// A public exponent that a key can be made for: odd, from 3 to what the library takes.
fn exponent(bytes: &[u8]) -> Result<BoxedUint, Failed> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let mut number = 0_u64;
    for byte in bytes.get(start..).filter(|digits| digits.len() <= 8).unwrap_or_default() {
        number = number << 8 | u64::from(*byte);
    }
    if number < 3 || number.is_multiple_of(2) || number > PublicKey::MAX_PUB_EXPONENT {
        return Err(Failed("the public exponent must be an odd number from 3 to 2^33 - 1"));
    }
    Ok(BoxedUint::from(number))
}

/// The public exponent, if keys of these parameters are made at all.
fn check(bits: u32, e: &[u8]) -> Result<BoxedUint, Failed> {
    if !MODULUS_BITS.contains(&bits) {
        return Err(Failed("the modulus must have from 1024 to 8192 bits"));
    }
    exponent(e)
}

fn make(bits: u32, e: &[u8], ticket: Option<&WorkTicket>) -> Result<Vec<u8>, Failed> {
    let e = check(bits, e)?;
    let failed = Failed("no key could be made");
    let key = PrivateKey::new_with_exp(&mut JobRng(ticket), bits as usize, e).map_err(|_| failed)?;
    Ok(key.to_pkcs1_der().map_err(|_| failed)?.as_bytes().to_vec())
}

fn import_as(format: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    match format {
        "spki" => match der::open_spki(bytes, der::RSA)? {
            (Parameters::Null, key) => public_key(&key).ok().map(|_| key),
            _ => None,
        },
        "pkcs8" => match der::open_pkcs8(bytes, der::RSA)? {
            (Parameters::Null, key) => private_key(&key).ok().map(|_| key),
            _ => None,
        },
        _ => None,
    }
}

/// The public key of a private one, as PKCS#1.
fn public_of(private: &[u8]) -> Option<Vec<u8>> {
    RsaPrivateKeyRef::from_der(private).ok()?.public_key().to_der().ok()
}

fn export_as(format: &str, key: &[u8]) -> Option<Vec<u8>> {
    match format {
        "spki" => der::wrap_spki(der::RSA, Parameters::Null, key),
        "pkcs8" => der::wrap_pkcs8(der::RSA, Parameters::Null, key),
        "public" => public_of(key),
        _ => None,
    }
}

/// The numbers of a key in the order of PKCS#1: `n`, `e`, and for a private key `d`, `p`, `q`, `dp`, `dq`, `qi`.
fn parts_of(key: &[u8]) -> Option<Vec<Vec<u8>>> {
    let numbers = match RsaPublicKeyRef::from_der(key) {
        Ok(key) => vec![key.modulus, key.public_exponent],
        Err(_) => {
            let key = RsaPrivateKeyRef::from_der(key).ok()?;
            vec![
                key.modulus,
                key.public_exponent,
                key.private_exponent,
                key.prime1,
                key.prime2,
                key.exponent1,
                key.exponent2,
                key.coefficient,
            ]
        }
    };
    Some(numbers.iter().map(|number| number.as_bytes().to_vec()).collect())
}

/// A number of no more bytes than the largest modulus has.
fn bounded(bytes: &[u8]) -> Option<UintRef<'_>> {
    let number = UintRef::new(bytes).ok()?;
    (number.as_bytes().len() <= *MODULUS_BITS.end() as usize / 8).then_some(number)
}

/// A key of its numbers, in the order of [`parts_of`]. A private key needs all of them: what looks for primes that are
/// not given panics over some numbers.
fn of_parts(parts: &[Vec<u8>]) -> Option<Vec<u8>> {
    let numbers: Option<Vec<UintRef<'_>>> = parts.iter().map(|part| bounded(part)).collect();
    match numbers?[..] {
        [modulus, public_exponent] => {
            let key = RsaPublicKeyRef { modulus, public_exponent }.to_der().ok()?;
            public_key(&key).ok().map(|_| key)
        }
        [modulus, public_exponent, private_exponent, prime1, prime2, exponent1, exponent2, coefficient] => {
            let key = RsaPrivateKeyRef {
                modulus,
                public_exponent,
                private_exponent,
                prime1,
                prime2,
                exponent1,
                exponent2,
                coefficient,
                other_prime_infos: None,
            };
            let key = key.to_der().ok()?;
            private_key(&key).ok().map(|_| key)
        }
        _ => None,
    }
}

// --- Natives -------------------------------------------------------------------------------------------

/// Throws if no key is made of these parameters.
fn accepts<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let checked = check(number(scope, &arguments, 0), &owned(&arguments, 1));
    settle(scope, &mut result, checked.map(|_| HostValue::Bool(true)));
}

/// The answer is the private key; the public one is part of it.
fn generate<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let bits = number(scope, &arguments, 0);
    perform(scope, &arguments, 1, Duration::Long, &mut result, move |e, ticket| -> Answer {
        make(bits, e, ticket).map(answer)
    });
}

fn import<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let format = string(scope, &arguments, 0);
    give(scope, &mut result, import_as(&format, &owned(&arguments, 1)).map(answer));
}

fn export<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let format = string(scope, &arguments, 0);
    give(scope, &mut result, export_as(&format, &owned(&arguments, 1)).map(answer));
}

/// Takes the numbers as its arguments.
fn from_parts<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let parts: Vec<Vec<u8>> = (0..arguments.length()).map(|index| owned(&arguments, index)).collect();
    give(scope, &mut result, of_parts(&parts).map(answer));
}

fn parts<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let parts = parts_of(&owned(&arguments, 0));
    let parts = parts.map(|parts| HostValue::Array(parts.into_iter().map(answer).collect()));
    give(scope, &mut result, parts);
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::OnceLock;

    use super::*;

    /// A key of 1024 bits, the smallest and quickest, as PKCS#1.
    pub(in crate::natives::crypto) fn private_der() -> Vec<u8> {
        static KEY: OnceLock<Vec<u8>> = OnceLock::new();
        KEY.get_or_init(|| make(1024, &[1, 0, 1], None).expect("a key")).clone()
    }

    pub(in crate::natives::crypto) fn public_der() -> Vec<u8> {
        public_of(&private_der()).expect("a private key has a public one")
    }

    #[test]
    fn keys_survive_their_formats() {
        let (private, public) = (private_der(), public_der());
        let pkcs8 = export_as("pkcs8", &private).expect("it can be written");
        assert_eq!(import_as("pkcs8", &pkcs8), Some(private.clone()));
        let spki = export_as("spki", &public).expect("it can be written");
        assert_eq!(import_as("spki", &spki), Some(public.clone()));
        assert_eq!(import_as("spki", &pkcs8), None);
        assert_eq!(import_as("pkcs8", &spki), None);
        let parts = parts_of(&private).expect("its numbers");
        assert_eq!(parts.len(), 8);
        assert_eq!(of_parts(&parts), Some(private.clone()));
        assert_eq!(of_parts(&parts[..2]), Some(public));
        assert_eq!(of_parts(&parts[..3]), None);
    }

    #[test]
    fn nothing_else_is_a_key_and_nothing_makes_it_panic() {
        let private = private_der();
        let pkcs8 = export_as("pkcs8", &private).expect("it can be written");
        for at in (0..pkcs8.len()).step_by(7) {
            assert_eq!(import_as("pkcs8", &pkcs8[..at]), None);
            let mut changed = pkcs8.clone();
            changed[at] ^= 0x10;
            let _ = import_as("pkcs8", &changed);
        }
        let parts = parts_of(&private).expect("its numbers");
        for changed in 0..parts.len() {
            for number in
                [vec![], vec![0], vec![1], vec![2], vec![0xff; 128], vec![0xff; 1024], vec![1; 1025]]
            {
                let mut parts = parts.clone();
                parts[changed] = number;
                // What can be made of the others is not looked at.
                let made = of_parts(&parts);
                assert!(made.is_none() || changed >= 5, "number {changed}");
                let _ = of_parts(&parts[..2]);
            }
        }
        assert_eq!(of_parts(&parts[..4]), None);
        assert_eq!(of_parts(&[]), None);
    }

    #[test]
    fn what_no_key_can_be_made_for_is_refused() {
        for bits in [0, 1023, 8193, u32::MAX] {
            assert!(make(bits, &[1, 0, 1], None).is_err());
        }
        for e in [&[][..], &[0], &[1], &[2], &[4], &[0xff; 9], &[0xff; 600], &[2, 0, 0, 0, 1]] {
            assert!(make(1024, e, None).is_err(), "{e:?}");
        }
        assert!(exponent(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 3]).is_ok());
    }
}
