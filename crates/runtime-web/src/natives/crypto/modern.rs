//! ChaCha20-Poly1305, and what is made of Keccak beside SHA-3: cSHAKE and KMAC.

use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::{AeadInOut, ChaCha20Poly1305, KeyInit};
use cshake::CShake;
use cshake::digest::{ExtendableOutput, Update, XofReader};
use runtime_core::{HostValue, Native};
use subtle::ConstantTimeEq;

use super::{Answer, Arguments, Duration, Failed, Return, Scope, answer, number, owned, perform, string};

pub(super) fn natives() -> Vec<Native> {
    vec![
        Native::new("chacha20Poly1305", chacha20_poly1305),
        Native::new("cshake", cshake),
        Native::new("kmacSign", kmac_sign),
        Native::new("kmacVerify", kmac_verify),
    ]
}

// --- ChaCha20-Poly1305 ---------------------------------------------------------------------------------

const TAG: usize = 16;
const PARAMETERS: Failed = Failed("the parameters do not fit the algorithm");
const DECRYPTION: Failed = Failed("the data cannot be decrypted");

fn seal(key: &[u8], nonce: &[u8], additional: &[u8], input: &[u8]) -> Result<Vec<u8>, Failed> {
    let cipher = ChaCha20Poly1305::new_from_slice(key).map_err(|_| PARAMETERS)?;
    let nonce = nonce.try_into().map_err(|_| PARAMETERS)?;
    let mut output = Vec::with_capacity(input.len() + TAG);
    output.extend_from_slice(input);
    let tag = cipher
        .encrypt_inout_detached(&nonce, additional, InOutBuf::from(&mut output[..]))
        .map_err(|_| Failed("the data is too long"))?;
    output.extend_from_slice(&tag);
    Ok(output)
}

fn open(key: &[u8], nonce: &[u8], additional: &[u8], input: &[u8]) -> Result<Vec<u8>, Failed> {
    let cipher = ChaCha20Poly1305::new_from_slice(key).map_err(|_| PARAMETERS)?;
    let nonce = nonce.try_into().map_err(|_| PARAMETERS)?;
    let length = input.len().checked_sub(TAG).ok_or(DECRYPTION)?;
    let (ciphertext, tag) = input.split_at(length);
    let tag = tag.try_into().map_err(|_| DECRYPTION)?;
    let mut output = ciphertext.to_vec();
    cipher
        .decrypt_inout_detached(&nonce, additional, InOutBuf::from(&mut output[..]), &tag)
        .map_err(|_| DECRYPTION)?;
    Ok(output)
}

fn chacha20_poly1305<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let run = if string(scope, &arguments, 0) == "encrypt" { seal } else { open };
    let (key, nonce, additional) = (owned(&arguments, 1), owned(&arguments, 3), owned(&arguments, 4));
    perform(scope, &arguments, 2, Duration::Short, &mut result, move |input, _| {
        run(&key, &nonce, &additional, input).map(answer)
    });
}

// --- cSHAKE and KMAC -----------------------------------------------------------------------------------

/// The most bytes that one operation gives: outputs can have any length.
const MOST_BYTES: usize = 1 << 20;

const RATE_128: usize = 168;
const RATE_256: usize = 136;

fn squeeze<const RATE: usize>(hasher: CShake<RATE>, length: usize) -> Result<Vec<u8>, Failed> {
    if length > MOST_BYTES {
        return Err(Failed("an output has a mebibyte at the most"));
    }
    let mut output = vec![0; length];
    hasher.finalize_xof().read(&mut output);
    Ok(output)
}

fn cshake_of<const RATE: usize>(
    name: &[u8],
    custom: &[u8],
    input: &[u8],
    length: usize,
) -> Result<Vec<u8>, Failed> {
    let mut hasher = CShake::<RATE>::new_with_function_name(name, custom);
    hasher.update(input);
    squeeze(hasher, length)
}

/// A number's significant bytes, at least one of them; NIST SP 800-185, 2.3.1.
fn significant(number: usize) -> Vec<u8> {
    let bytes = (number as u64).to_be_bytes();
    bytes[bytes.iter().take(7).take_while(|byte| **byte == 0).count()..].to_vec()
}

fn left_encode(number: usize) -> Vec<u8> {
    let mut bytes = significant(number);
    bytes.insert(0, bytes.len() as u8);
    bytes
}

fn right_encode(number: usize) -> Vec<u8> {
    let mut bytes = significant(number);
    bytes.push(bytes.len() as u8);
    bytes
}

/// NIST SP 800-185, 4.3.
fn kmac_of<const RATE: usize>(
    key: &[u8],
    custom: &[u8],
    input: &[u8],
    length: usize,
) -> Result<Vec<u8>, Failed> {
    let mut hasher = CShake::<RATE>::new_with_function_name(b"KMAC", custom);
    let mut padded = left_encode(RATE);
    padded.extend(left_encode(key.len() * 8));
    padded.extend_from_slice(key);
    padded.resize(padded.len().next_multiple_of(RATE), 0);
    hasher.update(&padded);
    hasher.update(input);
    hasher.update(&right_encode(length * 8));
    squeeze(hasher, length)
}

fn cshake<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let run = if string(scope, &arguments, 0) == "cSHAKE128" {
        cshake_of::<RATE_128>
    } else {
        cshake_of::<RATE_256>
    };
    let (name, custom) = (owned(&arguments, 1), owned(&arguments, 3));
    let length = number(scope, &arguments, 4) as usize;
    perform(scope, &arguments, 2, Duration::Short, &mut result, move |input, _| {
        run(&name, &custom, input, length).map(answer)
    });
}

/// The function, key, customization and output length of a native's arguments.
fn kmac_arguments(
    scope: Scope<'_, '_, '_>,
    arguments: &Arguments<'_>,
) -> impl FnOnce(&[u8]) -> Result<Vec<u8>, Failed> + Send + 'static {
    let run =
        if string(scope, arguments, 0) == "KMAC128" { kmac_of::<RATE_128> } else { kmac_of::<RATE_256> };
    let (key, custom) = (owned(arguments, 1), owned(arguments, 3));
    let length = number(scope, arguments, 4) as usize;
    move |input| run(&key, &custom, input, length)
}

fn kmac_sign<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let kmac = kmac_arguments(scope, &arguments);
    perform(scope, &arguments, 2, Duration::Short, &mut result, move |input, _| kmac(input).map(answer));
}

fn kmac_verify<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let kmac = kmac_arguments(scope, &arguments);
    let given = owned(&arguments, 5);
    perform(scope, &arguments, 2, Duration::Short, &mut result, move |input, _| -> Answer {
        let mac = kmac(input)?;
        Ok(HostValue::Bool(bool::from(mac[..].ct_eq(&given[..]))))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::natives::crypto::tests::{hex, unhex};

    /// RFC 8439, 2.8.2.
    #[test]
    fn chacha20_poly1305_is_that_of_its_standard() {
        let key = unhex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
        let nonce = unhex("070000004041424344454647");
        let additional = unhex("50515253c0c1c2c3c4c5c6c7");
        let plain = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the \
                      future, sunscreen would be it.";
        let sealed = seal(&key, &nonce, &additional, plain).expect("it encrypts");
        assert_eq!(hex(&sealed[..16]), "d31a8d34648e60db7b86afbc53ef7ec2");
        assert_eq!(hex(&sealed[plain.len()..]), "1ae10b594f09e26a7e902ecbd0600691");
        assert_eq!(open(&key, &nonce, &additional, &sealed), Ok(plain.to_vec()));
        assert_eq!(open(&key, &nonce, b"", &sealed), Err(DECRYPTION));
        assert_eq!(open(&key, &nonce, &additional, &sealed[..15]), Err(DECRYPTION));
        assert_eq!(seal(&key, &nonce[1..], b"", b""), Err(PARAMETERS));
        assert_eq!(seal(&key[1..], &nonce, b"", b""), Err(PARAMETERS));
    }

    /// NIST's samples for SP 800-185: cSHAKE number 1, KMAC numbers 1 and 2.
    #[test]
    fn cshake_and_kmac_are_those_of_their_standard() {
        let output = cshake_of::<RATE_128>(b"", b"Email Signature", &[0, 1, 2, 3], 32).expect("it is short");
        assert_eq!(hex(&output), "c1c36925b6409a04f1b504fcbca9d82b4017277cb5ed2b2065fc1d3814d5aaf5");
        let key: Vec<u8> = (0x40..0x60).collect();
        let mac = kmac_of::<RATE_128>(&key, b"", &[0, 1, 2, 3], 32).expect("it is short");
        assert_eq!(hex(&mac), "e5780b0d3ea6f7d3a429c5706aa43a00fadbd7d49628839e3187243f456ee14e");
        let mac =
            kmac_of::<RATE_128>(&key, b"My Tagged Application", &[0, 1, 2, 3], 32).expect("it is short");
        assert_eq!(hex(&mac), "3b1fba963cd8b0b59e8c1a6d71888b7143651af8ba0a7070c0979e2811324aa5");
        assert!(cshake_of::<RATE_256>(b"", b"", b"", MOST_BYTES + 1).is_err());
        assert_eq!(cshake_of::<RATE_256>(b"", b"", b"", 0), Ok(Vec::new()));
    }
}
