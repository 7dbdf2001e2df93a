//! ECDSA and ECDH on the NIST curves. JavaScript holds a public key as an uncompressed point, and a private one as the
//! scalar with that point after it.

use ecdsa::{EcdsaCurve, Signature, SignatureSize, hazmat};
use elliptic_curve::array::ArraySize;
use elliptic_curve::sec1::{FromSec1Point, ModulusSize, ToSec1Point};
use elliptic_curve::{AffinePoint, CurveArithmetic, FieldBytesSize, Generate, PublicKey, SecretKey};
use p256::NistP256;
use p384::NistP384;
use p521::NistP521;
use pkcs8::der::{Decode, Encode};
use runtime_core::{HostValue, Native};
use sec1::EcPrivateKey;
use spki::ObjectIdentifier;

use super::der::{self, Parameters};
use super::hash::Hash;
use super::{
    Answer, Arguments, Duration, Failed, Return, Scope, answer, give, owned, perform, random_bytes, settle,
    string,
};

pub(super) fn natives() -> Vec<Native> {
    vec![
        Native::new("ecGenerate", generate),
        Native::new("ecImport", import),
        Native::new("ecExport", export),
        Native::new("ecSign", sign),
        Native::new("ecVerify", verify),
        Native::new("ecAgree", agree),
    ]
}

const BAD_KEY: Failed = Failed("the key cannot be used");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Curve {
    P256,
    P384,
    P521,
}

/// Runs an expression with the type `$curve` for a curve.
macro_rules! with_curve {
    ($value:expr, $curve:ident => $body:expr) => {
        match $value {
            Curve::P256 => {
                type $curve = NistP256;
                $body
            }
            Curve::P384 => {
                type $curve = NistP384;
                $body
            }
            Curve::P521 => {
                type $curve = NistP521;
                $body
            }
        }
    };
}

impl Curve {
    fn of(scope: Scope<'_, '_, '_>, arguments: &Arguments<'_>) -> Result<Self, Failed> {
        Ok(match &*string(scope, arguments, 0) {
            "P-256" => Curve::P256,
            "P-384" => Curve::P384,
            "P-521" => Curve::P521,
            _ => return Err(Failed("the curve is not supported")),
        })
    }

    fn oid(self) -> ObjectIdentifier {
        match self {
            Curve::P256 => der::P256,
            Curve::P384 => der::P384,
            Curve::P521 => der::P521,
        }
    }

    /// The bytes of a scalar, and of a coordinate.
    fn field_bytes(self) -> usize {
        match self {
            Curve::P256 => 32,
            Curve::P384 => 48,
            Curve::P521 => 66,
        }
    }

    /// The scalar and the point of a private key as JavaScript holds it.
    fn split(self, key: &[u8]) -> Result<(&[u8], &[u8]), Failed> {
        key.split_at_checked(self.field_bytes()).ok_or(BAD_KEY)
    }

    /// A point in whichever form, as an uncompressed one; none if it is not on the curve.
    fn point(self, bytes: &[u8]) -> Option<Vec<u8>> {
        with_curve!(self, C => Some(uncompressed(&PublicKey::<C>::from_sec1_bytes(bytes).ok()?)))
    }

    /// A private key as JavaScript holds it, of a scalar of just the right length; none if it is out of its range.
    fn private(self, scalar: &[u8]) -> Option<Vec<u8>> {
        if scalar.len() != self.field_bytes() {
            return None;
        }
        with_curve!(self, C => Some(private_bytes(&SecretKey::<C>::from_slice(scalar).ok()?)))
    }

    fn generate(self) -> Result<Vec<u8>, Failed> {
        // Reports a generator that fails, which the next line could only panic over.
        random_bytes(1)?;
        Ok(with_curve!(self, C => private_bytes(&SecretKey::<C>::generate())))
    }

    fn sign(self, key: &[u8], digest: &[u8]) -> Result<Vec<u8>, Failed> {
        let (scalar, _) = self.split(key)?;
        with_curve!(self, C => sign_with::<C>(scalar, &self.padded(digest)))
    }

    fn verify(self, point: &[u8], digest: &[u8], signature: &[u8]) -> Result<bool, Failed> {
        with_curve!(self, C => verify_with::<C>(point, &self.padded(digest), signature))
    }

    /// The digest as a number of the field's length: libraries refuse to sign short ones, but they are well defined.
    fn padded(self, digest: &[u8]) -> Vec<u8> {
        let mut padded = vec![0; self.field_bytes().saturating_sub(digest.len())];
        padded.extend_from_slice(digest);
        padded
    }

    fn agree(self, key: &[u8], point: &[u8]) -> Result<Vec<u8>, Failed> {
        let (scalar, _) = self.split(key)?;
        with_curve!(self, C => {
            let secret = SecretKey::<C>::from_slice(scalar).map_err(|_| BAD_KEY)?;
            let public = PublicKey::<C>::from_sec1_bytes(point).map_err(|_| BAD_KEY)?;
            Ok(secret.diffie_hellman(&public).raw_secret_bytes().to_vec())
        })
    }
}

fn uncompressed<C>(key: &PublicKey<C>) -> Vec<u8>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    key.to_sec1_point(false).as_bytes().to_vec()
}

fn private_bytes<C>(key: &SecretKey<C>) -> Vec<u8>
where
    C: CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
{
    let mut bytes = key.to_bytes().to_vec();
    bytes.extend(uncompressed(&key.public_key()));
    bytes
}

fn sign_with<C>(scalar: &[u8], digest: &[u8]) -> Result<Vec<u8>, Failed>
where
    C: EcdsaCurve + CurveArithmetic,
    SignatureSize<C>: ArraySize,
{
    let secret = SecretKey::<C>::from_slice(scalar).map_err(|_| BAD_KEY)?;
    let scalar = secret.to_nonzero_scalar();
    // The nonce is derived from key and message (RFC 6979), with random bytes added against faults.
    let added = random_bytes(32)?;
    let (signature, _) = hazmat::sign_prehashed_rfc6979::<C, sha2::Sha512>(&scalar, digest, &added);
    Ok(signature.to_bytes().to_vec())
}

fn verify_with<C>(point: &[u8], digest: &[u8], signature: &[u8]) -> Result<bool, Failed>
where
    C: EcdsaCurve + CurveArithmetic,
    AffinePoint<C>: FromSec1Point<C> + ToSec1Point<C>,
    FieldBytesSize<C>: ModulusSize,
    SignatureSize<C>: ArraySize,
{
    let public = PublicKey::<C>::from_sec1_bytes(point).map_err(|_| BAD_KEY)?;
    let Ok(signature) = Signature::<C>::from_slice(signature) else { return Ok(false) };
    Ok(hazmat::verify_prehashed::<C>(&public.to_projective(), digest, &signature).is_ok())
}

// --- Formats -------------------------------------------------------------------------------------------

/// A key as JavaScript holds it, from one of the formats; none if it is malformed.
fn import_as(curve: Curve, format: &str, bytes: &[u8]) -> Option<Vec<u8>> {
    match format {
        "raw" => curve.point(bytes),
        "scalar" => curve.private(bytes),
        "spki" => match der::open_spki(bytes, der::EC)? {
            (Parameters::Curve(named), point) if named == curve.oid() => curve.point(&point),
            _ => None,
        },
        "pkcs8" => match der::open_pkcs8(bytes, der::EC)? {
            (Parameters::Curve(named), inner) if named == curve.oid() => {
                let inner = EcPrivateKey::from_der(&inner).ok()?;
                let names_another = |parameters: sec1::EcParameters| parameters.named_curve() != Some(named);
                if inner.parameters.is_some_and(names_another) {
                    return None;
                }
                let key = curve.private(inner.private_key)?;
                let (_, point) = curve.split(&key).ok()?;
                match inner.public_key {
                    Some(given) if curve.point(given).as_deref() != Some(point) => None,
                    _ => Some(key),
                }
            }
            _ => None,
        },
        _ => None,
    }
}

fn export_as(curve: Curve, format: &str, key: &[u8]) -> Option<Vec<u8>> {
    let parameters = Parameters::Curve(curve.oid());
    match format {
        "spki" => der::wrap_spki(der::EC, parameters, key),
        "pkcs8" => {
            let (scalar, point) = curve.split(key).ok()?;
            let inner = EcPrivateKey { private_key: scalar, parameters: None, public_key: Some(point) };
            der::wrap_pkcs8(der::EC, parameters, &inner.to_der().ok()?)
        }
        _ => None,
    }
}

// --- Natives -------------------------------------------------------------------------------------------

fn generate<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let key = Curve::of(scope, &arguments).and_then(Curve::generate);
    settle(scope, &mut result, key.map(answer));
}

fn import<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let Ok(curve) = Curve::of(scope, &arguments) else { return };
    let format = string(scope, &arguments, 1);
    give(scope, &mut result, import_as(curve, &format, &owned(&arguments, 2)).map(answer));
}

fn export<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let Ok(curve) = Curve::of(scope, &arguments) else { return };
    let format = string(scope, &arguments, 1);
    give(scope, &mut result, export_as(curve, &format, &owned(&arguments, 2)).map(answer));
}

fn sign<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let curve = Curve::of(scope, &arguments);
    let hash = Hash::from_name(&string(scope, &arguments, 1));
    let key = owned(&arguments, 2);
    perform(scope, &arguments, 3, Duration::Short, &mut result, move |message, _| {
        curve?.sign(&key, &hash?.digest(message)).map(answer)
    });
}

fn verify<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let curve = Curve::of(scope, &arguments);
    let hash = Hash::from_name(&string(scope, &arguments, 1));
    let (point, signature) = (owned(&arguments, 2), owned(&arguments, 4));
    perform(scope, &arguments, 3, Duration::Short, &mut result, move |message, _| -> Answer {
        curve?.verify(&point, &hash?.digest(message), &signature).map(HostValue::Bool)
    });
}

fn agree<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let curve = Curve::of(scope, &arguments);
    let (key, point) = (owned(&arguments, 1), owned(&arguments, 2));
    settle(scope, &mut result, curve.and_then(|curve| curve.agree(&key, &point)).map(answer));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::natives::crypto::tests::unhex;

    const CURVES: [Curve; 3] = [Curve::P256, Curve::P384, Curve::P521];

    /// RFC 6979, A.2.5: the message "sample" with SHA-256.
    #[test]
    fn a_signature_of_the_standard_verifies() {
        let point = unhex(
            "0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6\
             7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
        );
        let signature = unhex(
            "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716\
             F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
        );
        let digest = Hash::Sha256.digest(b"sample");
        assert_eq!(Curve::P256.verify(&point, &digest, &signature), Ok(true));
        assert_eq!(Curve::P256.verify(&point, &Hash::Sha256.digest(b"simple"), &signature), Ok(false));
        assert_eq!(Curve::P256.verify(&point, &digest, &signature[1..]), Ok(false));
        assert_eq!(Curve::P256.verify(&point, &digest, &[0; 64]), Ok(false));
        assert_eq!(Curve::P256.verify(&point[1..], &digest, &signature), Err(BAD_KEY));
    }

    /// RFC 5903, 8.1.
    #[test]
    fn an_agreement_is_that_of_its_standard() {
        let scalar = unhex("C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433");
        let other = unhex(
            "04D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF63\
             56FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F8353E74F33039872AB",
        );
        let key = Curve::P256.private(&scalar).expect("it is in the range");
        let secret = unhex("D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE");
        assert_eq!(Curve::P256.agree(&key, &other), Ok(secret));
    }

    #[test]
    fn every_curve_signs_with_every_hash() {
        for curve in CURVES {
            let key = curve.generate().expect("a key");
            let (_, point) = curve.split(&key).expect("both parts");
            for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512] {
                let digest = hash.digest(b"message");
                let signature = curve.sign(&key, &digest).expect("it signs");
                assert_eq!(signature.len(), 2 * curve.field_bytes());
                assert_eq!(curve.verify(point, &digest, &signature), Ok(true), "{curve:?} {hash:?}");
            }
        }
    }

    #[test]
    fn keys_survive_their_formats_and_nothing_else_is_a_key() {
        for curve in CURVES {
            let key = curve.generate().expect("a key");
            let (scalar, point) = curve.split(&key).expect("both parts");
            let pkcs8 = export_as(curve, "pkcs8", &key).expect("it can be written");
            assert_eq!(import_as(curve, "pkcs8", &pkcs8).as_deref(), Some(&key[..]));
            let spki = export_as(curve, "spki", point).expect("it can be written");
            assert_eq!(import_as(curve, "spki", &spki).as_deref(), Some(point));
            assert_eq!(import_as(curve, "raw", point).as_deref(), Some(point));
            assert_eq!(import_as(curve, "scalar", scalar).as_deref(), Some(&key[..]));
            assert_eq!(import_as(curve, "scalar", &scalar[1..]), None);
            assert_eq!(import_as(curve, "scalar", &vec![0; scalar.len()]), None);
            assert_eq!(import_as(curve, "scalar", &vec![0xff; scalar.len()]), None);
            assert_eq!(import_as(curve, "raw", &[0]), None);
            assert_eq!(import_as(curve, "raw", &[]), None);
            for other in CURVES.into_iter().filter(|other| *other != curve) {
                assert_eq!(import_as(other, "pkcs8", &pkcs8), None);
                assert_eq!(import_as(other, "spki", &spki), None);
                assert_eq!(import_as(other, "raw", point), None);
            }
            for at in 0..pkcs8.len() {
                assert_eq!(import_as(curve, "pkcs8", &pkcs8[..at]), None);
                let mut changed = pkcs8.clone();
                changed[at] ^= 0x41;
                let _ = import_as(curve, "pkcs8", &changed);
            }
        }
    }
}
