// @noble/curves and @noble/hashes: signatures that are the same every time, key agreement, pairings, digests.
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { ed448, x448 } from '@noble/curves/ed448.js';
import { p256, p384, p521 } from '@noble/curves/nist.js';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { blake2b } from '@noble/hashes/blake2.js';
import { blake3 } from '@noble/hashes/blake3.js';
import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { pbkdf2Async } from '@noble/hashes/pbkdf2.js';
import { scryptAsync } from '@noble/hashes/scrypt.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { keccak_256, sha3_256 } from '@noble/hashes/sha3.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';

const message = utf8ToBytes('a message, signed 🎉');
const secret = (length) => sha512(utf8ToBytes(`secret ${length}`)).slice(0, length);

function signed(curve, key) {
  const publicKey = curve.getPublicKey(key);
  const signature = curve.sign(message, key);
  return {
    publicKey: bytesToHex(publicKey),
    signature: bytesToHex(signature),
    verified: curve.verify(signature, message, publicKey),
    forged: curve.verify(signature, utf8ToBytes('another'), publicKey),
  };
}

const routes = {
  '/ecdsa': () => ({ secp256k1: signed(secp256k1, secret(32)), p256: signed(p256, secret(32)), p384: signed(p384, secret(48)) }),
  '/p521': () => signed(p521, hexToBytes(`00${bytesToHex(secret(64))}11`.padStart(132, '0').slice(-132))),
  '/eddsa': () => ({ ed25519: signed(ed25519, secret(32)), ed448: signed(ed448, hexToBytes(bytesToHex(secret(57)))) }),
  '/schnorr': () => {
    const publicKey = schnorr.getPublicKey(secret(32));
    const signature = schnorr.sign(message, secret(32), new Uint8Array(32));
    return { publicKey: bytesToHex(publicKey), signature: bytesToHex(signature), verified: schnorr.verify(signature, message, publicKey) };
  },
  '/ecdh': () => {
    const [a, b] = [secret(32), sha256(secret(32))];
    return {
      x25519: [bytesToHex(x25519.getSharedSecret(a, x25519.getPublicKey(b))), bytesToHex(x25519.getSharedSecret(b, x25519.getPublicKey(a)))],
      p256: bytesToHex(p256.getSharedSecret(a, p256.getPublicKey(b))),
      x448: bytesToHex(x448.getPublicKey(secret(56))),
    };
  },
  '/bls': () => {
    const { longSignatures: bls } = bls12_381;
    const key = hexToBytes('67d53f170b908cabb9eb326c3c337762d59289a8fec79f7bc9254b584b73265c');
    const publicKey = bls.getPublicKey(key);
    const hashed = bls.hash(message);
    const signature = bls.sign(hashed, key);
    return { publicKey: publicKey.toHex(), signature: signature.toHex(), verified: bls.verify(signature, hashed, publicKey) };
  },
  '/hashes': () =>
    Object.fromEntries(Object.entries({ sha256, sha512, sha3_256, keccak_256, blake2b, blake3 }).map(([name, hash]) => [name, bytesToHex(hash(message))])),
  '/derive': async () => ({
    hmac: bytesToHex(hmac(sha256, secret(16), message)),
    hkdf: bytesToHex(hkdf(sha256, secret(16), undefined, message, 42)),
    pbkdf2: bytesToHex(await pbkdf2Async(sha256, 'password', 'salt', { c: 500, dkLen: 32 })),
    scrypt: bytesToHex(await scryptAsync('password', 'salt', { N: 2 ** 8, r: 8, p: 1, dkLen: 32 })),
  }),
  '/errors': () => {
    const attempts = [() => secp256k1.getPublicKey(new Uint8Array(32)), () => secp256k1.Point.fromHex('02ff'), () => ed25519.Point.fromHex('zz'), () => sha256('a text')];
    return attempts.map((attempt) => {
      try {
        attempt();
        return 'no error';
      } catch (error) {
        return `${error.name}: ${error.message}`;
      }
    });
  },
};

export default {
  async fetch(request) {
    const route = routes[new URL(request.url).pathname];
    return route === undefined ? Response.json({ routes: Object.keys(routes) }, { status: 404 }) : Response.json(await route());
  },
};
