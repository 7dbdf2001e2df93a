// CPU-bound: chains of signatures and of hashes, each verified, with known results among them.
import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';

// RFC 8032, 7.1, test 1.
const KNOWN_SECRET = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
const KNOWN_PUBLIC = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
// SHA-256 of nothing.
const KNOWN_DIGEST = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

export default {
  fetch(request) {
    const rounds = Number(new URL(request.url).searchParams.get('rounds') ?? 10);
    if (bytesToHex(ed25519.getPublicKey(hexToBytes(KNOWN_SECRET))) !== KNOWN_PUBLIC || bytesToHex(sha256(new Uint8Array())) !== KNOWN_DIGEST) {
      return new Response('a known result is another one here', { status: 500 });
    }
    let state = utf8ToBytes('start');
    for (let round = 0; round < rounds; round += 1) {
      const key = sha256(state);
      for (const curve of [ed25519, secp256k1]) {
        const signature = curve.sign(state, key);
        if (!curve.verify(signature, state, curve.getPublicKey(key))) {
          return new Response(`round ${round} does not verify`, { status: 500 });
        }
        state = signature;
      }
    }
    for (let round = 0; round < rounds * 200; round += 1) {
      state = sha256(state);
    }
    return Response.json({ rounds, state: bytesToHex(state) });
  },
};
