//! Key derivation: HKDF and PBKDF2.

use hkdf::GenericHkdf;
use hmac::{KeyInit, Mac};
use runtime_core::{Native, WorkTicket};

use super::hash::{Hash, UNKNOWN_HASH, with_hash, with_mac};
use super::{Arguments, Duration, Failed, Return, Scope, answer, number, owned, perform, string};

pub(super) fn natives() -> Vec<Native> {
    vec![Native::new("hkdf", hkdf), Native::new("pbkdf2", pbkdf2)]
}

// --- HKDF ----------------------------------------------------------------------------------------------

/// RFC 5869.
fn hkdf_of(hash: Hash, secret: &[u8], salt: &[u8], info: &[u8], length: usize) -> Result<Vec<u8>, Failed> {
    let most = 255 * with_hash!(hash, H => <H as sha2::Digest>::output_size(), 0);
    if length > most {
        return Err(Failed("more bits are asked for than HKDF can give with this hash function"));
    }
    with_mac!(
        hash,
        M => {
            let mut output = vec![0; length];
            GenericHkdf::<M>::new(Some(salt), secret)
                .expand(info, &mut output)
                .map_err(|_| Failed("the bits cannot be derived"))?;
            Ok(output)
        },
        Err(UNKNOWN_HASH)
    )
}

fn hkdf<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let hash = Hash::from_name(&string(scope, &arguments, 0));
    let (salt, info) = (owned(&arguments, 2), owned(&arguments, 3));
    let length = number(scope, &arguments, 4) as usize;
    perform(scope, &arguments, 1, Duration::Short, &mut result, move |secret, _| {
        hkdf_of(hash?, secret, &salt, &info, length).map(answer)
    });
}

// --- PBKDF2 --------------------------------------------------------------------------------------------

/// The most iterations that a guest may ask for, over all blocks of the output. What guides for password hashing
/// recommend is well below a million.
const MOST_ITERATIONS: u64 = 10_000_000;
/// The most bytes that a guest may ask for.
const MOST_BYTES: usize = 1 << 20;
/// So many iterations are done in the turn.
const ITERATIONS_IN_TURN: u64 = 1000;
/// How often a job asks whether it should end.
const ITERATIONS_BETWEEN_LOOKS: u32 = 4096;

fn blocks_of(hash: Hash, length: usize) -> u64 {
    let block = with_hash!(hash, H => <H as sha2::Digest>::output_size(), 16);
    length.div_ceil(block) as u64
}

/// RFC 8018, 5.2. Written out here, on the HMAC of its crate, because a job must be able to end early.
fn pbkdf2_of(
    hash: Hash,
    password: &[u8],
    salt: &[u8],
    iterations: u32,
    length: usize,
    ticket: Option<&WorkTicket>,
) -> Result<Vec<u8>, Failed> {
    if iterations == 0 {
        return Err(Failed("PBKDF2 needs one iteration at least"));
    }
    if length > MOST_BYTES || u64::from(iterations) * blocks_of(hash, length) > MOST_ITERATIONS {
        return Err(Failed("PBKDF2 is limited to 10000000 iterations over all blocks, and to a mebibyte"));
    }
    let chunk_bytes = with_hash!(hash, H => <H as sha2::Digest>::output_size(), 16);
    with_mac!(
        hash,
        M => {
            let keyed = M::new_from_slice(password).map_err(|_| Failed("the key cannot be used"))?;
            let mut output = vec![0; length];
            for (chunk, number) in output.chunks_mut(chunk_bytes).zip(1_u32..) {
                let mut mac = keyed.clone();
                mac.update(salt);
                mac.update(&number.to_be_bytes());
                let mut link = mac.finalize().into_bytes();
                let mut block = link;
                for iteration in 1..iterations {
                    if iteration % ITERATIONS_BETWEEN_LOOKS == 0 && ticket.is_some_and(WorkTicket::is_over) {
                        return Err(Failed("the derivation was stopped"));
                    }
                    let mut mac = keyed.clone();
                    mac.update(&link);
                    link = mac.finalize().into_bytes();
                    block.iter_mut().zip(&link).for_each(|(byte, other)| *byte ^= *other);
                }
                chunk.copy_from_slice(&block[..chunk.len()]);
            }
            Ok(output)
        },
        Err(UNKNOWN_HASH)
    )
}

fn pbkdf2<'s>(scope: Scope<'_, 's, '_>, arguments: Arguments<'s>, mut result: Return<'s>) {
    let hash = Hash::from_name(&string(scope, &arguments, 0));
    let salt = owned(&arguments, 2);
    let iterations = number(scope, &arguments, 3);
    let length = number(scope, &arguments, 4) as usize;
    let work = hash.map_or(0, |hash| u64::from(iterations) * blocks_of(hash, length));
    let is_long = work > ITERATIONS_IN_TURN && work <= MOST_ITERATIONS;
    let duration = if is_long { Duration::Long } else { Duration::Short };
    perform(scope, &arguments, 1, duration, &mut result, move |password, ticket| {
        pbkdf2_of(hash?, password, &salt, iterations, length, ticket).map(answer)
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::natives::crypto::tests::{hex, unhex};

    /// RFC 5869, A.1 and A.7 (whose salt of zeros is the same as none).
    #[test]
    fn hkdf_is_that_of_its_standard() {
        let derived = hkdf_of(
            Hash::Sha256,
            &[0x0b; 22],
            &unhex("000102030405060708090a0b0c"),
            &unhex("f0f1f2f3f4f5f6f7f8f9"),
            42,
        );
        assert_eq!(
            hex(&derived.expect("it derives")),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
        );
        let derived = hkdf_of(Hash::Sha1, &[0x0c; 22], b"", b"", 42).expect("it derives");
        assert_eq!(
            hex(&derived),
            "2c91117204d745f3500d636a62f64f0ab3bae548aa53d423b0d1f27ebba6f5e5673a081d70cce7acfc48"
        );
        assert!(hkdf_of(Hash::Sha1, b"", b"", b"", 255 * 20).is_ok());
        assert!(hkdf_of(Hash::Sha1, b"", b"", b"", 255 * 20 + 1).is_err());
        assert_eq!(hkdf_of(Hash::Sha1, b"", b"", b"", 0), Ok(Vec::new()));
    }

    /// RFC 6070, and RFC 7914, 11.
    #[test]
    fn pbkdf2_is_that_of_its_standard() {
        let derived = pbkdf2_of(Hash::Sha1, b"password", b"salt", 4096, 20, None).expect("it derives");
        assert_eq!(hex(&derived), "4b007901b765489abead49d926f721d065a429c1");
        let derived = pbkdf2_of(
            Hash::Sha1,
            b"passwordPASSWORDpassword",
            b"saltSALTsaltSALTsaltSALTsaltSALTsalt",
            4096,
            25,
            None,
        );
        assert_eq!(hex(&derived.expect("it derives")), "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038");
        let derived = pbkdf2_of(Hash::Sha256, b"passwd", b"salt", 1, 64, None).expect("it derives");
        assert_eq!(
            hex(&derived),
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc\
             49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"
        );
    }

    #[test]
    fn pbkdf2_has_its_limits() {
        assert!(pbkdf2_of(Hash::Sha1, b"", b"", 0, 20, None).is_err());
        assert!(pbkdf2_of(Hash::Sha1, b"", b"", u32::MAX, 20, None).is_err());
        assert!(pbkdf2_of(Hash::Sha1, b"", b"", 6_000_000, 40, None).is_err());
        assert!(pbkdf2_of(Hash::Sha1, b"", b"", 1, usize::MAX, None).is_err());
        assert_eq!(pbkdf2_of(Hash::Sha1, b"", b"", u32::MAX, 0, None), Ok(Vec::new()));
    }
}
