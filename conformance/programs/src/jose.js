// jose: signed and encrypted tokens. What is random (ECDSA's nonce, IVs, keys) is shown by what verifies and decrypts.
import * as jose from 'jose';

const bytes = (text) => new TextEncoder().encode(text);
const SECRET = bytes('a secret of thirty-two bytes, ok');
const NOW = { currentDate: new Date(1_700_000_000_000) };

// The keys and the token of RFC 7515, A.3 and RFC 8037, A.1.
const EC = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI',
};
const EC_TOKEN =
  'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q';
const ED = {
  kty: 'OKP',
  crv: 'Ed25519',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
};
const publicPart = ({ d, ...rest }) => rest;

/** What a promise gives, or the error's name and code. */
async function outcome(promise) {
  try {
    return await promise;
  } catch (error) {
    return { error: error.name, code: error.code ?? null, message: error.message, claim: error.claim };
  }
}

const routes = {
  async '/hmac'() {
    const token = await new jose.SignJWT({ 'urn:example:claim': true })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuedAt(1_699_999_000)
      .setIssuer('urn:issuer')
      .setAudience(['urn:audience', 'urn:other'])
      .setExpirationTime(1_700_000_100)
      .sign(SECRET);
    return { token, verified: await jose.jwtVerify(token, SECRET, { ...NOW, issuer: 'urn:issuer', audience: 'urn:audience' }) };
  },
  async '/hmac/all'() {
    const tokens = {};
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      tokens[alg] = await new jose.SignJWT({ alg }).setProtectedHeader({ alg }).sign(new Uint8Array(64).fill(7));
    }
    return tokens;
  },
  async '/hmac/errors'() {
    const token = await new jose.SignJWT({ a: 1 }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime(1_600_000_000).sign(SECRET);
    const early = await new jose.SignJWT({}).setProtectedHeader({ alg: 'HS256' }).setNotBefore(1_800_000_000).sign(SECRET);
    return [
      await outcome(jose.jwtVerify(token, SECRET, NOW)),
      await outcome(jose.jwtVerify(early, SECRET, NOW)),
      await outcome(jose.jwtVerify(`${token.slice(0, -2)}AA`, SECRET, NOW)),
      await outcome(jose.jwtVerify(token, bytes('another secret'), NOW)),
      await outcome(jose.jwtVerify('not.a.token', SECRET, NOW)),
      await outcome(jose.jwtVerify('nothing', SECRET, NOW)),
      await outcome(jose.jwtVerify(token, SECRET, { ...NOW, algorithms: ['HS512'] })),
      await outcome(jose.jwtVerify(token, SECRET, { currentDate: new Date(0), issuer: 'someone' })),
    ];
  },
  async '/es256'() {
    const key = await jose.importJWK(publicPart(EC), 'ES256');
    const { payload, protectedHeader } = await jose.compactVerify(EC_TOKEN, key);
    return {
      payload: new TextDecoder().decode(payload),
      protectedHeader,
      expired: await outcome(jose.jwtVerify(EC_TOKEN, key, NOW)),
      forged: await outcome(jose.compactVerify(EC_TOKEN.replace('.D', '.E'), key)),
    };
  },
  async '/es256/round'() {
    const token = await new jose.SignJWT({ sub: 'round' }).setProtectedHeader({ alg: 'ES256' }).sign(await jose.importJWK(EC, 'ES256'));
    const verified = await jose.jwtVerify(token, await jose.importJWK(publicPart(EC), 'ES256'), NOW);
    return { length: token.length, head: token.split('.').slice(0, 2), verified };
  },
  async '/eddsa'() {
    const token = await new jose.CompactSign(bytes('Example of Ed25519 signing')).setProtectedHeader({ alg: 'EdDSA' }).sign(await jose.importJWK(ED, 'EdDSA'));
    const { payload } = await jose.compactVerify(token, await jose.importJWK(publicPart(ED), 'EdDSA'));
    return { token, payload: new TextDecoder().decode(payload) };
  },
  async '/generated'() {
    const seen = {};
    for (const alg of ['RS256', 'PS256', 'ES384', 'EdDSA']) {
      const { privateKey, publicKey } = await jose.generateKeyPair(alg, { extractable: true, modulusLength: 2048 });
      const token = await new jose.SignJWT({ alg }).setProtectedHeader({ alg }).sign(privateKey);
      const pem = await jose.exportSPKI(publicKey);
      const again = await jose.importSPKI(pem, alg);
      seen[alg] = {
        verified: (await jose.jwtVerify(token, again, NOW)).payload,
        type: privateKey.type,
        algorithm: privateKey.algorithm.name,
        usages: [...privateKey.usages, ...publicKey.usages],
        jwk: Object.keys(await jose.exportJWK(privateKey)).sort(),
        pem: pem.split('\n')[0],
      };
    }
    return seen;
  },
  async '/thumbprint'() {
    return {
      sha256: await jose.calculateJwkThumbprint(EC),
      sha512: await jose.calculateJwkThumbprint(ED, 'sha512'),
      uri: await jose.calculateJwkThumbprintUri(publicPart(EC)),
    };
  },
  async '/jwks'() {
    const keys = jose.createLocalJWKSet({ keys: [{ ...publicPart(EC), kid: 'ec', alg: 'ES256' }, { ...publicPart(ED), kid: 'ed', alg: 'EdDSA' }] });
    const token = await new jose.SignJWT({ kid: 'ed' }).setProtectedHeader({ alg: 'EdDSA', kid: 'ed' }).sign(await jose.importJWK(ED, 'EdDSA'));
    const stranger = await new jose.SignJWT({}).setProtectedHeader({ alg: 'EdDSA', kid: 'who' }).sign(await jose.importJWK(ED, 'EdDSA'));
    return [token, (await jose.jwtVerify(token, keys, NOW)).payload, await outcome(jose.jwtVerify(stranger, keys, NOW))];
  },
  async '/jwe'() {
    const seen = {};
    const wide = new Uint8Array(64).fill(9);
    for (const [alg, enc, key] of [
      ['dir', 'A256GCM', SECRET],
      ['dir', 'A128CBC-HS256', SECRET],
      ['dir', 'A256CBC-HS512', wide],
      ['A256KW', 'A128GCM', SECRET],
      ['A256GCMKW', 'A256GCM', SECRET],
      ['PBES2-HS256+A128KW', 'A192GCM', SECRET],
    ]) {
      const token = await new jose.EncryptJWT({ alg, enc }).setProtectedHeader({ alg, enc }).encrypt(key);
      const { payload } = await jose.jwtDecrypt(token, key, { ...NOW, keyManagementAlgorithms: [alg] });
      seen[`${alg} ${enc}`] = { payload, parts: token.split('.').map((part) => part.length) };
    }
    return seen;
  },
  async '/jwe/public'() {
    const seen = {};
    for (const alg of ['ECDH-ES', 'ECDH-ES+A128KW', 'RSA-OAEP-256']) {
      const { privateKey, publicKey } = await jose.generateKeyPair(alg, { modulusLength: 2048 });
      const token = await new jose.CompactEncrypt(bytes(`for ${alg}`)).setProtectedHeader({ alg, enc: 'A256GCM' }).encrypt(publicKey);
      const { plaintext, protectedHeader } = await jose.compactDecrypt(token, privateKey);
      seen[alg] = { text: new TextDecoder().decode(plaintext), enc: protectedHeader.enc };
    }
    return seen;
  },
  async '/decode'() {
    return [
      jose.decodeJwt(EC_TOKEN),
      jose.decodeProtectedHeader(EC_TOKEN),
      jose.base64url.encode(bytes('encode 🎉')),
      new jose.UnsecuredJWT({ none: true }).setIssuer('me').encode(),
    ];
  },
};

export default {
  async fetch(request) {
    const route = routes[new URL(request.url).pathname];
    if (route === undefined) {
      return Response.json({ routes: Object.keys(routes) }, { status: 404 });
    }
    return Response.json((await outcome(route())) ?? null);
  },
};
