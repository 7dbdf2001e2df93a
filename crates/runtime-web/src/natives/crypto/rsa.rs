//! The operations with RSA keys: RSASSA-PKCS1-v1_5, RSA-PSS and RSA-OAEP. How keys come about is in `rsa_keys`.

use rsa::pkcs1::{DecodeRsaPrivateKey, DecodeRsaPublicKey};
use rsa::traits::PublicKeyParts;
use rsa::{Oaep, Pkcs1v15Sign, PrivateKey, Pss, PublicKey};
use runtime_core::{HostValue, Native};

use super::hash::{Hash, UNKNOWN_HASH, with_hash};
use super::{Answer, Arguments, Duration, Failed, Return, Scope, answer, number, owned, perform, string};

pub(super) fn natives() -> Vec<Native> {
    vec![
        Native::new("rsaSign", sign),
        Native::new("rsaVerify", verify),
        Native::new("rsaEncrypt", encrypt),
        Native::new("rsaDecrypt", decrypt),
    ]
}

/// A private key longer than this, as PKCS#1, has a modulus of more than 4096 bits: using it takes long.
const PRIVATE_KEY_IN_TURN: usize = 2400;

const BAD_KEY: Failed = Failed("the key cannot be used");

/// How much an operation with this private key takes.
fn duration_with(key: &[u8]) -> Duration {
    if key.len() > PRIVATE_KEY_IN_TURN { Duration::Long } else { Duration::Short }
}

pub(super) fn private_key(der: &[u8]) -> Result<PrivateKey, Failed> {
    PrivateKey::from_pkcs1_der(der).map_err(|_| BAD_KEY)
}

pub(super) fn public_key(der: &[u8]) -> Result<PublicKey, Failed> {
    PublicKey::from_pkcs1_der(der).map_err(|_| BAD_KEY)
}

/// A signature's scheme: with a salt's length it is PSS.
type Salt = Option<usize>;

/// Whether a salt of this length, and a digest, have their place in a block of the modulus' length.
fn salt_fits(key: &impl PublicKeyParts, digest: usize, salt: usize) -> bool {
    let block = (key.n().bit_width_vartime() as usize - 1).div_ceil(8);
    salt.checked_add(digest + 2).is_some_and(|needed| needed <= block)
}

fn sign_with(key: &[u8], hash: Hash, salt: Salt, message: &[u8]) -> Result<Vec<u8>, Failed> {
    let key = private_key(key)?;
    let digest = hash.digest(message);
    let signature = with_hash!(
        hash,
        H => match salt {
            None => key.sign(Pkcs1v15Sign::new::<H>(), &digest),
            Some(salt) if salt_fits(&key, digest.len(), salt) => {
                key.sign(Pss::<H>::new_with_salt(salt), &digest)
            }
            Some(_) => return Err(Failed("the salt is too long for the key")),
        },
        return Err(UNKNOWN_HASH)
    );
    signature.map_err(|_| Failed("the key is too short for this signature"))
}

fn verify_with(key: &[u8], hash: Hash, salt: Salt, message: &[u8], signature: &[u8]) -> Result<bool, Failed> {
    let key = public_key(key)?;
    let digest = hash.digest(message);
    Ok(with_hash!(
        hash,
        H => match salt {
            None => key.verify(Pkcs1v15Sign::new::<H>(), &digest, signature).is_ok(),
            Some(salt) => {
                salt_fits(&key, digest.len(), salt)
                    && key.verify(Pss::<H>::new_with_salt(salt), &digest, signature).is_ok()
            }
        },
        return Err(UNKNOWN_HASH)
    ))
}

fn encrypt_with(key: &[u8], hash: Hash, label: &[u8], message: &[u8]) -> Result<Vec<u8>, Failed> {
    let key = public_key(key)?;
    let sealed = with_hash!(
        hash,
        H => key.encrypt(&mut getrandom::SysRng, Oaep::<H>::new_with_label(label), message),
        return Err(UNKNOWN_HASH)
    );
    sealed.map_err(|_| Failed("the data is too long for the key"))
}

fn decrypt_with(key: &[u8], hash: Hash, label: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Failed> {
    let key = private_key(key)?;
    let message = with_hash!(
        hash,
        H => key.decrypt(Oaep::<H>::new_with_label(label), sealed),
        return Err(UNKNOWN_HASH)
    );
    message.map_err(|_| Failed("the data cannot be decrypted"))
}

/// The scheme by the salt's length that JavaScript gives: `undefined` for none.
fn salt_of(scope: Scope<'_, '_, '_>, arguments: &Arguments<'_>, index: i32) -> Salt {
    (!arguments.get(index).is_undefined()).then(|| number(scope, arguments, index) as usize)
}

fn sign<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let hash = Hash::from_name(&string(scope, &arguments, 0));
    let key = owned(&arguments, 1);
    let salt = salt_of(scope, &arguments, 3);
    perform(scope, &arguments, 2, duration_with(&key), &mut result, move |message, _| {
        sign_with(&key, hash?, salt, message).map(answer)
    });
}

fn verify<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let hash = Hash::from_name(&string(scope, &arguments, 0));
    let (key, signature) = (owned(&arguments, 1), owned(&arguments, 4));
    let salt = salt_of(scope, &arguments, 3);
    perform(scope, &arguments, 2, Duration::Short, &mut result, move |message, _| -> Answer {
        verify_with(&key, hash?, salt, message, &signature).map(HostValue::Bool)
    });
}

fn encrypt<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let hash = Hash::from_name(&string(scope, &arguments, 0));
    let (key, label) = (owned(&arguments, 1), owned(&arguments, 3));
    perform(scope, &arguments, 2, Duration::Short, &mut result, move |message, _| {
        encrypt_with(&key, hash?, &label, message).map(answer)
    });
}

fn decrypt<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let hash = Hash::from_name(&string(scope, &arguments, 0));
    let (key, label) = (owned(&arguments, 1), owned(&arguments, 3));
    perform(scope, &arguments, 2, duration_with(&key), &mut result, move |sealed, _| {
        decrypt_with(&key, hash?, &label, sealed).map(answer)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::natives::crypto::rsa_keys::tests::{private_der, public_der};

    const HASHES: [Hash; 4] = [Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512];

    #[test]
    fn signatures_of_both_schemes_verify_as_what_they_are() {
        let (private, public) = (private_der(), public_der());
        for hash in HASHES {
            for salt in [None, Some(0), Some(20), Some(40)] {
                let signature = sign_with(&private, hash, salt, b"message").expect("it signs");
                let verifies = |salt, message, signature: &[u8]| {
                    verify_with(&public, hash, salt, message, signature).expect("the key can be used")
                };
                assert!(verifies(salt, b"message", &signature), "{hash:?} {salt:?}");
                assert!(!verifies(salt, b"massage", &signature));
                assert!(!verifies(salt.map_or(Some(8), |_| None), b"message", &signature));
                assert!(!verifies(salt, b"message", &signature[1..]));
                assert!(!verifies(salt, b"message", &[]));
            }
        }
        let too_long = sign_with(&private, Hash::Sha512, Some(u32::MAX as usize), b"");
        assert_eq!(too_long, Err(Failed("the salt is too long for the key")));
        assert_eq!(verify_with(&public, Hash::Sha1, Some(u32::MAX as usize), b"", &[1; 128]), Ok(false));
        assert_eq!(sign_with(&public, Hash::Sha1, None, b""), Err(BAD_KEY));
    }

    #[test]
    fn what_is_encrypted_is_decrypted_with_the_same_label_only() {
        let (private, public) = (private_der(), public_der());
        for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha384] {
            for label in [&b""[..], b"label"] {
                let sealed = encrypt_with(&public, hash, label, b"message").expect("it encrypts");
                assert_eq!(decrypt_with(&private, hash, label, &sealed), Ok(b"message".to_vec()));
                assert!(decrypt_with(&private, hash, b"other", &sealed).is_err());
                assert!(decrypt_with(&private, hash, label, &sealed[1..]).is_err());
                assert!(decrypt_with(&private, hash, label, &[]).is_err());
            }
        }
        assert!(encrypt_with(&public, Hash::Sha512, b"", b"message").is_err(), "no room in 1024 bits");
        assert!(encrypt_with(&public, Hash::Sha1, b"", &[0; 87]).is_err());
        assert!(encrypt_with(&public, Hash::Sha1, b"", &[0; 86]).is_ok());
    }
}
