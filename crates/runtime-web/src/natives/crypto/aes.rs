//! AES in the modes that Web Cryptography has: CBC, CTR with a counter of any width, GCM with any nonce and tag length,
//! and key wrapping.

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::consts::U16;
use aes::cipher::{
    BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, BlockSizeUser, InnerIvInit, KeyInit, KeyIvInit,
    StreamCipher,
};
use aes_kw::AesKw;
use ctr::{Ctr32BE, Ctr128BE};
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use runtime_core::Native;
use subtle::ConstantTimeEq;

use super::{Arguments, Duration, Failed, Return, Scope, answer, number, owned, perform, string};

pub(super) fn natives() -> Vec<Native> {
    vec![
        Native::new("aesCbc", aes_cbc),
        Native::new("aesCtr", aes_ctr),
        Native::new("aesGcm", aes_gcm),
        Native::new("aesKw", aes_kw),
    ]
}

/// Runs an expression with the type `$cipher` for a key's length.
macro_rules! with_aes {
    ($key:expr, $cipher:ident => $body:expr) => {
        match $key.len() {
            16 => {
                type $cipher = aes::Aes128;
                $body
            }
            24 => {
                type $cipher = aes::Aes192;
                $body
            }
            32 => {
                type $cipher = aes::Aes256;
                $body
            }
            _ => Err(Failed("the key has not the length of an AES key")),
        }
    };
}

const BLOCK: usize = 16;
/// For what was encrypted otherwise, or tampered with: nobody is told which it is.
const DECRYPTION: Failed = Failed("the data cannot be decrypted");
const PARAMETERS: Failed = Failed("the parameters do not fit the algorithm");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Encrypt,
    Decrypt,
}

impl Way {
    fn of(scope: Scope<'_, '_, '_>, arguments: &Arguments<'_>) -> Self {
        if string(scope, arguments, 0) == "encrypt" { Way::Encrypt } else { Way::Decrypt }
    }
}

// --- CBC -----------------------------------------------------------------------------------------------

fn cbc(way: Way, key: &[u8], iv: &[u8], input: &[u8]) -> Result<Vec<u8>, Failed> {
    with_aes!(key, Aes => match way {
        Way::Encrypt => {
            let mode = cbc::Encryptor::<Aes>::new_from_slices(key, iv).map_err(|_| PARAMETERS)?;
            Ok(mode.encrypt_padded_vec::<Pkcs7>(input))
        }
        Way::Decrypt => {
            let mode = cbc::Decryptor::<Aes>::new_from_slices(key, iv).map_err(|_| PARAMETERS)?;
            mode.decrypt_padded_vec::<Pkcs7>(input).map_err(|_| DECRYPTION)
        }
    })
}

fn aes_cbc<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let way = Way::of(scope, &arguments);
    let (key, iv) = (owned(&arguments, 1), owned(&arguments, 3));
    perform(scope, &arguments, 2, Duration::Short, &mut result, move |input, _| {
        cbc(way, &key, &iv, input).map(answer)
    });
}

// --- CTR -----------------------------------------------------------------------------------------------

/// The rightmost `width` bits of the initial block count, and come round to 0 without touching the others.
fn ctr_any(key: &[u8], initial: &[u8], width: u32, input: &[u8]) -> Result<Vec<u8>, Failed> {
    let initial = u128::from_be_bytes(initial.try_into().map_err(|_| PARAMETERS)?);
    if !(1..=128).contains(&width) {
        return Err(PARAMETERS);
    }
    let mask = u128::MAX >> (128 - width);
    let blocks = input.len().div_ceil(BLOCK) as u128;
    // Otherwise two blocks would be hidden by the same bits.
    if blocks > 0 && blocks - 1 > mask {
        return Err(Failed("the data is longer than the counter can count"));
    }
    // Until it comes round, a counter of the whole block's width gives the same blocks.
    let until_wrap = (mask - (initial & mask)).saturating_add(1);
    let first = usize::try_from(until_wrap).ok().and_then(|blocks| blocks.checked_mul(BLOCK));
    let first = first.unwrap_or(input.len()).min(input.len());
    let mut output = input.to_vec();
    let (before, after) = output.split_at_mut(first);
    with_aes!(key, Aes => {
        let start = |counter: u128| {
            Ctr128BE::<Aes>::new_from_slices(key, &counter.to_be_bytes()).map_err(|_| PARAMETERS)
        };
        start(initial)?.try_apply_keystream(before).map_err(|_| PARAMETERS)?;
        if !after.is_empty() {
            start(initial & !mask)?.try_apply_keystream(after).map_err(|_| PARAMETERS)?;
        }
        Ok(output)
    })
}

fn aes_ctr<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    // Both ways are the same.
    let (key, initial) = (owned(&arguments, 1), owned(&arguments, 3));
    let width = number(scope, &arguments, 4);
    perform(scope, &arguments, 2, Duration::Short, &mut result, move |input, _| {
        ctr_any(&key, &initial, width, input).map(answer)
    });
}

// --- GCM -----------------------------------------------------------------------------------------------

/// One message's state: NIST SP 800-38D. The crate for GCM has neither the short tags nor the nonces of any length.
struct Gcm<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>> {
    hash: GHash,
    stream: Ctr32BE<C>,
    /// What hides the tag.
    mask: [u8; BLOCK],
}

impl<C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16> + KeyInit> Gcm<C> {
    fn new(key: &[u8], nonce: &[u8]) -> Result<Self, Failed> {
        let cipher = C::new_from_slice(key).map_err(|_| PARAMETERS)?;
        let mut zero = Default::default();
        cipher.encrypt_block(&mut zero);
        let hash = GHash::new(&zero);
        let mut first = [0; BLOCK];
        if nonce.len() == 12 {
            first[..12].copy_from_slice(nonce);
            first[15] = 1;
        } else {
            let mut of_nonce = hash.clone();
            of_nonce.update_padded(nonce);
            of_nonce.update(&[lengths(0, nonce.len()).into()]);
            first.copy_from_slice(&of_nonce.finalize());
        }
        let mut stream = Ctr32BE::from_core(ctr::CtrCore::inner_iv_init(cipher, &first.into()));
        let mut mask = [0; BLOCK];
        stream.try_apply_keystream(&mut mask).map_err(|_| PARAMETERS)?;
        Ok(Self { hash, stream, mask })
    }

    fn apply(&mut self, data: &mut [u8]) -> Result<(), Failed> {
        self.stream.try_apply_keystream(data).map_err(|_| Failed("the data is too long"))
    }

    fn tag(mut self, additional: &[u8], ciphertext: &[u8]) -> [u8; BLOCK] {
        self.hash.update_padded(additional);
        self.hash.update_padded(ciphertext);
        self.hash.update(&[lengths(additional.len(), ciphertext.len()).into()]);
        let mut tag: [u8; BLOCK] = self.hash.finalize().into();
        tag.iter_mut().zip(self.mask).for_each(|(byte, mask)| *byte ^= mask);
        tag
    }
}

/// The last block that is hashed: two lengths in bits.
fn lengths(first: usize, second: usize) -> [u8; BLOCK] {
    ((first as u128 * 8) << 64 | (second as u128 * 8)).to_be_bytes()
}

fn gcm(
    way: Way,
    key: &[u8],
    nonce: &[u8],
    additional: &[u8],
    tag_bytes: usize,
    input: &[u8],
) -> Result<Vec<u8>, Failed> {
    if !(4..=BLOCK).contains(&tag_bytes) || nonce.is_empty() {
        return Err(PARAMETERS);
    }
    with_aes!(key, Aes => {
        let mut gcm = Gcm::<Aes>::new(key, nonce)?;
        match way {
            Way::Encrypt => {
                let mut output = Vec::with_capacity(input.len() + tag_bytes);
                output.extend_from_slice(input);
                gcm.apply(&mut output)?;
                let tag = gcm.tag(additional, &output);
                output.extend_from_slice(&tag[..tag_bytes]);
                Ok(output)
            }
            Way::Decrypt => {
                let length = input.len().checked_sub(tag_bytes).ok_or(DECRYPTION)?;
                let (ciphertext, given) = input.split_at(length);
                let mut output = ciphertext.to_vec();
                gcm.apply(&mut output)?;
                let tag = gcm.tag(additional, ciphertext);
                if bool::from(tag[..tag_bytes].ct_eq(given)) { Ok(output) } else { Err(DECRYPTION) }
            }
        }
    })
}

fn aes_gcm<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let way = Way::of(scope, &arguments);
    let (key, nonce, additional) = (owned(&arguments, 1), owned(&arguments, 3), owned(&arguments, 4));
    let tag_bytes = number(scope, &arguments, 5) as usize / 8;
    perform(scope, &arguments, 2, Duration::Short, &mut result, move |input, _| {
        gcm(way, &key, &nonce, &additional, tag_bytes, input).map(answer)
    });
}

// --- Key wrapping --------------------------------------------------------------------------------------

/// RFC 3394.
fn kw(way: Way, key: &[u8], input: &[u8]) -> Result<Vec<u8>, Failed> {
    let whole_blocks = input.len().is_multiple_of(8);
    with_aes!(key, Aes => {
        let wrap = AesKw::<Aes>::new_from_slice(key).map_err(|_| PARAMETERS)?;
        match way {
            Way::Encrypt if whole_blocks && input.len() >= 16 => {
                let mut output = vec![0; input.len() + 8];
                wrap.wrap_key(input, &mut output).map_err(|_| PARAMETERS)?;
                Ok(output)
            }
            Way::Encrypt => Err(Failed("a key can be wrapped if its length is a multiple of 64 bits, and 128 at least")),
            Way::Decrypt if whole_blocks && input.len() >= 24 => {
                let mut output = vec![0; input.len() - 8];
                wrap.unwrap_key(input, &mut output).map_err(|_| DECRYPTION)?;
                Ok(output)
            }
            Way::Decrypt => Err(DECRYPTION),
        }
    })
}

fn aes_kw<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let way = Way::of(scope, &arguments);
    let key = owned(&arguments, 1);
    perform(scope, &arguments, 2, Duration::Short, &mut result, move |input, _| {
        kw(way, &key, input).map(answer)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::natives::crypto::tests::{hex, unhex};

    /// NIST SP 800-38A, F.2.1, of which the padding makes one block more.
    #[test]
    fn cbc_is_that_of_its_standard() {
        let key = unhex("2b7e151628aed2a6abf7158809cf4f3c");
        let iv = unhex("000102030405060708090a0b0c0d0e0f");
        let plain = unhex("6bc1bee22e409f96e93d7e117393172a");
        let sealed = cbc(Way::Encrypt, &key, &iv, &plain).expect("it encrypts");
        assert_eq!(hex(&sealed[..16]), "7649abac8119b246cee98e9b12e9197d");
        assert_eq!(cbc(Way::Decrypt, &key, &iv, &sealed), Ok(plain));
        for bad in [&sealed[..16], &sealed[..17], &[]] {
            assert_eq!(cbc(Way::Decrypt, &key, &iv, bad), Err(DECRYPTION));
        }
        assert_eq!(cbc(Way::Encrypt, &key, &iv[1..], b""), Err(PARAMETERS));
        assert!(cbc(Way::Encrypt, &key[1..], &iv, b"").is_err());
    }

    /// NIST SP 800-38A, F.5.1.
    #[test]
    fn ctr_is_that_of_its_standard_with_a_counter_of_any_width() {
        let key = unhex("2b7e151628aed2a6abf7158809cf4f3c");
        let initial = unhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
        let plain = unhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
        let expected = "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff";
        for width in [9, 16, 64, 127, 128] {
            assert_eq!(hex(&ctr_any(&key, &initial, width, &plain).expect("it encrypts")), expected);
        }
        // The counter comes round: its second block is that of a counter that begins with 0.
        let narrow = ctr_any(&key, &initial, 8, &plain).expect("it encrypts");
        let zero = unhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfe00");
        assert_eq!(narrow[16..], ctr_any(&key, &zero, 128, &plain[16..]).expect("it encrypts"));
        assert!(ctr_any(&key, &initial, 1, &[0; 32]).is_ok());
        assert!(ctr_any(&key, &initial, 1, &[0; 33]).is_err());
        assert!(ctr_any(&key, &initial, 1, &[]).is_ok());
        for width in [0, 129] {
            assert_eq!(ctr_any(&key, &initial, width, &plain), Err(PARAMETERS));
        }
    }

    /// Test cases 4 and 6 of the submission of GCM to NIST: a usual nonce, and one of 60 bytes.
    #[test]
    fn gcm_is_that_of_its_standard() {
        let key = unhex("feffe9928665731c6d6a8f9467308308");
        let plain = unhex(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
             1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        );
        let additional = unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let nonce = unhex("cafebabefacedbaddecaf888");
        let sealed = gcm(Way::Encrypt, &key, &nonce, &additional, 16, &plain).expect("it encrypts");
        assert_eq!(hex(&sealed[60..]), "5bc94fbc3221a5db94fae95ae7121a47");
        assert_eq!(hex(&sealed[..16]), "42831ec2217774244b7221b784d0d49c");
        assert_eq!(gcm(Way::Decrypt, &key, &nonce, &additional, 16, &sealed), Ok(plain.clone()));
        assert_eq!(gcm(Way::Decrypt, &key, &nonce, b"", 16, &sealed), Err(DECRYPTION));
        assert_eq!(gcm(Way::Decrypt, &key, &nonce, &additional, 16, &sealed[..15]), Err(DECRYPTION));
        let short = gcm(Way::Encrypt, &key, &nonce, &additional, 4, &plain).expect("it encrypts");
        assert_eq!(short, sealed[..64]);
        let nonce = unhex(
            "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728\
             c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b",
        );
        let sealed = gcm(Way::Encrypt, &key, &nonce, &additional, 16, &plain).expect("it encrypts");
        assert_eq!(hex(&sealed[60..]), "619cc5aefffe0bfa462af43c1699d050");
        assert_eq!(gcm(Way::Encrypt, &key, b"", &additional, 16, &plain), Err(PARAMETERS));
        assert_eq!(gcm(Way::Encrypt, &key, &nonce, &additional, 17, &plain), Err(PARAMETERS));
    }

    /// RFC 3394, 4.1 and 4.6.
    #[test]
    fn key_wrapping_is_that_of_its_standard() {
        let key = unhex("000102030405060708090a0b0c0d0e0f");
        let plain = unhex("00112233445566778899aabbccddeeff");
        let wrapped = kw(Way::Encrypt, &key, &plain).expect("it wraps");
        assert_eq!(hex(&wrapped), "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
        assert_eq!(kw(Way::Decrypt, &key, &wrapped), Ok(plain));
        let key = unhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
        let plain = unhex("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f");
        let wrapped = kw(Way::Encrypt, &key, &plain).expect("it wraps");
        assert_eq!(
            hex(&wrapped),
            "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"
        );
        let mut tampered = wrapped.clone();
        tampered[3] ^= 1;
        assert_eq!(kw(Way::Decrypt, &key, &tampered), Err(DECRYPTION));
        for bad in [&wrapped[..16], &wrapped[..39], &[]] {
            assert_eq!(kw(Way::Decrypt, &key, bad), Err(DECRYPTION));
        }
        for bad in [&plain[..15], &plain[..8], &[]] {
            assert!(kw(Way::Encrypt, &key, bad).is_err());
        }
    }
}
