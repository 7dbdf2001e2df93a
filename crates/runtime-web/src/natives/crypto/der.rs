//! The two wrappings of keys, SubjectPublicKeyInfo and PrivateKeyInfo (PKCS#8), without what is inside of them.

use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::asn1::{BitStringRef, OctetStringRef};
use pkcs8::der::{AnyRef, Decode, Encode};
use spki::{AlgorithmIdentifierRef, ObjectIdentifier, SubjectPublicKeyInfoRef};

pub(super) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
pub(super) const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(super) const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
pub(super) const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
pub(super) const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
pub(super) const X25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.110");

/// What an algorithm's identifier has beside its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parameters {
    Absent,
    Null,
    Curve(ObjectIdentifier),
}

impl Parameters {
    fn of(any: Option<AnyRef<'_>>) -> Option<Self> {
        match any {
            None => Some(Parameters::Absent),
            Some(any) if any == AnyRef::NULL => Some(Parameters::Null),
            Some(any) => any.decode_as().ok().map(Parameters::Curve),
        }
    }

    fn identifier(&self, oid: ObjectIdentifier) -> AlgorithmIdentifierRef<'_> {
        let parameters = match self {
            Parameters::Absent => None,
            Parameters::Null => Some(AnyRef::NULL),
            Parameters::Curve(curve) => Some(curve.into()),
        };
        AlgorithmIdentifierRef { oid, parameters }
    }
}

/// The public key inside of a SubjectPublicKeyInfo of this algorithm; none for anything else.
pub(super) fn open_spki(der: &[u8], oid: ObjectIdentifier) -> Option<(Parameters, Vec<u8>)> {
    let info = SubjectPublicKeyInfoRef::from_der(der).ok()?;
    if info.algorithm.oid != oid {
        return None;
    }
    let parameters = Parameters::of(info.algorithm.parameters)?;
    Some((parameters, info.subject_public_key.as_bytes()?.to_vec()))
}

/// A public key as a SubjectPublicKeyInfo.
pub(super) fn wrap_spki(oid: ObjectIdentifier, parameters: Parameters, key: &[u8]) -> Option<Vec<u8>> {
    let subject_public_key = BitStringRef::from_bytes(key).ok()?;
    let info = SubjectPublicKeyInfoRef { algorithm: parameters.identifier(oid), subject_public_key };
    info.to_der().ok()
}

/// The private key inside of a PrivateKeyInfo of this algorithm; none for anything else.
pub(super) fn open_pkcs8(der: &[u8], oid: ObjectIdentifier) -> Option<(Parameters, Vec<u8>)> {
    let info = PrivateKeyInfoRef::from_der(der).ok()?;
    if info.algorithm.oid != oid {
        return None;
    }
    let parameters = Parameters::of(info.algorithm.parameters)?;
    Some((parameters, info.private_key.as_bytes().to_vec()))
}

/// A private key as a PrivateKeyInfo.
pub(super) fn wrap_pkcs8(oid: ObjectIdentifier, parameters: Parameters, key: &[u8]) -> Option<Vec<u8>> {
    let key = OctetStringRef::new(key).ok()?;
    PrivateKeyInfoRef::new(parameters.identifier(oid), key).to_der().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrapped_can_be_opened_as_the_same_algorithm() {
        for parameters in [Parameters::Absent, Parameters::Null, Parameters::Curve(P384)] {
            let spki = wrap_spki(EC, parameters, b"public").expect("it can be written");
            assert_eq!(open_spki(&spki, EC), Some((parameters, b"public".to_vec())));
            assert_eq!(open_spki(&spki, RSA), None);
            let pkcs8 = wrap_pkcs8(EC, parameters, b"private").expect("it can be written");
            assert_eq!(open_pkcs8(&pkcs8, EC), Some((parameters, b"private".to_vec())));
            assert_eq!(open_pkcs8(&pkcs8, X25519), None);
            assert_eq!(open_pkcs8(&spki, EC), None);
            assert_eq!(open_spki(&pkcs8, EC), None);
        }
    }

    #[test]
    fn no_bytes_that_are_cut_off_or_changed_make_it_panic() {
        let pkcs8 = wrap_pkcs8(EC, Parameters::Curve(P256), &[7; 40]).expect("it can be written");
        for length in 0..pkcs8.len() {
            assert_eq!(open_pkcs8(&pkcs8[..length], EC), None);
            for change in [0x01, 0x80, 0xff] {
                let mut changed = pkcs8.clone();
                changed[length] ^= change;
                let _ = open_pkcs8(&changed, EC);
                let _ = open_spki(&changed, EC);
            }
        }
        let mut longer = pkcs8.clone();
        longer.push(0);
        assert_eq!(open_pkcs8(&longer, EC), None);
    }
}
