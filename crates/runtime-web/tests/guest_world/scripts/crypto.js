// Checks of Web Cryptography as a guest uses it: what the standards' own vectors say, keys on their way through the
// formats, the names of errors, and the flows of libraries for tokens.

const subtle = crypto.subtle;
const utf8 = (text) => new TextEncoder().encode(text);
const text = (buffer) => new TextDecoder().decode(buffer);
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const unhex = (digits) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const base64url = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// For every algorithm of keys: how one is made, and the formats that it has.
const kinds = [
  { algorithm: { name: "AES-CBC", length: 128 }, usages: ["encrypt", "decrypt"], formats: ["raw", "jwk"] },
  { algorithm: { name: "AES-CTR", length: 192 }, usages: ["encrypt", "wrapKey"], formats: ["raw", "jwk"] },
  { algorithm: { name: "AES-GCM", length: 256 }, usages: ["encrypt", "decrypt"], formats: ["raw", "jwk"] },
  { algorithm: { name: "AES-KW", length: 256 }, usages: ["wrapKey", "unwrapKey"], formats: ["raw", "jwk"] },
  { algorithm: { name: "HMAC", hash: "SHA-384" }, usages: ["sign", "verify"], formats: ["raw", "raw-secret", "jwk"] },
  ...["RSASSA-PKCS1-v1_5", "RSA-PSS"].map((name) => ({
    algorithm: { name, modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
    usages: ["sign", "verify"], formats: ["jwk"],
  })),
  {
    algorithm: { name: "RSA-OAEP", modulusLength: 1024, publicExponent: new Uint8Array([3]), hash: "SHA-1" },
    usages: ["encrypt", "decrypt"], formats: ["jwk"],
  },
  ...["P-256", "P-384", "P-521"].flatMap((namedCurve) => [
    { algorithm: { name: "ECDSA", namedCurve }, usages: ["sign", "verify"], formats: ["jwk"], publicFormats: ["raw"] },
    { algorithm: { name: "ECDH", namedCurve }, usages: ["deriveKey"], formats: ["jwk"], publicFormats: ["raw"] },
  ]),
  { algorithm: { name: "HMAC", hash: "SHA3-256" }, usages: ["sign", "verify"], formats: ["raw", "jwk"] },
  { algorithm: { name: "ChaCha20-Poly1305" }, usages: ["encrypt", "decrypt"], formats: ["raw-secret", "jwk"] },
  { algorithm: { name: "KMAC128", length: 160 }, usages: ["sign", "verify"], formats: ["raw-secret", "jwk"] },
  { algorithm: { name: "KMAC256" }, usages: ["sign", "verify"], formats: ["raw-secret", "jwk"] },
  { algorithm: { name: "Ed25519" }, usages: ["sign", "verify"], formats: ["jwk"], publicFormats: ["raw", "raw-public"] },
  { algorithm: { name: "X25519" }, usages: ["deriveBits"], formats: ["jwk"], publicFormats: ["raw"] },
];

const describe = (key) => ({
  type: key.type, extractable: key.extractable, usages: [...key.usages],
  algorithm: { ...key.algorithm, publicExponent: Array.from(key.algorithm.publicExponent ?? []) },
});

const sameExport = (a, b) => equal(
  a instanceof ArrayBuffer ? hex(a) : a,
  b instanceof ArrayBuffer ? hex(b) : b,
);

const roundTrip = async (key, format, algorithm) => {
  const exported = await subtle.exportKey(format, key);
  const again = await subtle.importKey(format, exported, algorithm, true, key.usages);
  equal(describe(again), describe(key), `${algorithm.name} as ${format}`);
  sameExport(await subtle.exportKey(format, again), exported);
};

// A compact JSON Web Signature, as libraries make them.
const jws = async (alg, algorithm, signing, verifying) => {
  const head = base64url(utf8(JSON.stringify({ alg, typ: "JWT" })));
  const input = `${head}.${base64url(utf8(JSON.stringify({ sub: "guest", admin: false })))}`;
  const token = `${input}.${base64url(await subtle.sign(algorithm, signing, utf8(input)))}`;
  const [first, second, third] = token.split(".");
  const signature = Uint8Array.from(atob(third.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const verify = (message) => subtle.verify(algorithm, verifying, signature, utf8(message));
  equal(await verify(`${first}.${second}`), true, alg);
  equal(await verify(`${first}.${second}x`), false, alg);
};

const checks = {
  // --- The standards' vectors ---
  async "HMAC is that of RFC 4231"() {
    const key = await subtle.importKey("raw", utf8("Jefe"), { name: "hmac", hash: "sha-256" }, false, ["sign", "verify"]);
    const mac = await subtle.sign("HMAC", key, utf8("what do ya want for nothing?"));
    equal(hex(mac), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    equal(await subtle.verify("HMAC", key, mac, utf8("what do ya want for nothing?")), true);
    equal(await subtle.verify("HMAC", key, mac.slice(1), utf8("what do ya want for nothing?")), false);
  },
  async "AES-GCM is that of its specification's test case 4"() {
    const key = await subtle.importKey("raw", unhex("feffe9928665731c6d6a8f9467308308"), "AES-GCM", false,
      ["encrypt", "decrypt"]);
    const algorithm = {
      name: "AES-GCM", iv: unhex("cafebabefacedbaddecaf888"),
      additionalData: unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"),
    };
    const plain = unhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" +
      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
    const sealed = await subtle.encrypt(algorithm, key, plain);
    equal(hex(sealed).slice(-32), "5bc94fbc3221a5db94fae95ae7121a47");
    equal(hex(await subtle.decrypt(algorithm, key, sealed)), hex(plain));
    const tampered = new Uint8Array(sealed);
    tampered[0] ^= 1;
    await rejects("OperationError", subtle.decrypt(algorithm, key, tampered));
  },
  async "AES-KW is that of RFC 3394"() {
    const wrapping = await subtle.importKey("raw", unhex("000102030405060708090a0b0c0d0e0f"), "AES-KW", false,
      ["wrapKey", "unwrapKey"]);
    const plain = unhex("00112233445566778899aabbccddeeff");
    const key = await subtle.importKey("raw", plain, "AES-CBC", true, ["encrypt"]);
    const wrapped = await subtle.wrapKey("raw", key, wrapping, "AES-KW");
    equal(hex(wrapped), "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
    const unwrapped = await subtle.unwrapKey("raw", wrapped, wrapping, "AES-KW", "AES-CBC", true, ["decrypt"]);
    equal(hex(await subtle.exportKey("raw", unwrapped)), hex(plain));
    await rejects("OperationError",
      subtle.unwrapKey("raw", plain, wrapping, "AES-KW", "AES-CBC", true, ["decrypt"]));
  },
  async "HKDF is that of RFC 5869"() {
    const key = await subtle.importKey("raw", new Uint8Array(22).fill(0x0b), "HKDF", false, ["deriveBits"]);
    const algorithm = {
      name: "HKDF", hash: "SHA-256", salt: unhex("000102030405060708090a0b0c"), info: unhex("f0f1f2f3f4f5f6f7f8f9"),
    };
    equal(hex(await subtle.deriveBits(algorithm, key, 336)),
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    await rejects("OperationError", subtle.deriveBits(algorithm, key, 255 * 256 + 8));
    await rejects("OperationError", subtle.deriveBits(algorithm, key, 7));
    await rejects("OperationError", subtle.deriveBits(algorithm, key));
  },
  async "PBKDF2 is that of RFC 6070, also off the turn"() {
    const key = await subtle.importKey("raw", utf8("password"), "PBKDF2", false, ["deriveBits", "deriveKey"]);
    const algorithm = (iterations) => ({ name: "PBKDF2", hash: "SHA-1", salt: utf8("salt"), iterations });
    equal(hex(await subtle.deriveBits(algorithm(1), key, 160)), "0c60c80f961f0e71f3a9b524af6012062fe037a6");
    equal(hex(await subtle.deriveBits(algorithm(4096), key, 160)), "4b007901b765489abead49d926f721d065a429c1");
    const derived = await subtle.deriveKey(algorithm(4096), key, { name: "HMAC", hash: "SHA-256", length: 160 }, true,
      ["sign"]);
    equal(hex(await subtle.exportKey("raw", derived)), "4b007901b765489abead49d926f721d065a429c1");
    await rejects("OperationError", subtle.deriveBits(algorithm(0), key, 160));
    await rejects("OperationError", subtle.deriveBits(algorithm(2 ** 32 - 1), key, 160));
    await rejects("TypeError", subtle.deriveBits(algorithm(2 ** 32), key, 160));
  },
  async "Ed25519 and X25519 are those of RFC 8032 and RFC 7748"() {
    const jwk = {
      kty: "OKP", crv: "Ed25519", d: base64url(unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")),
      x: base64url(unhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")),
    };
    const signing = await subtle.importKey("jwk", jwk, "Ed25519", false, ["sign"]);
    equal(hex(await subtle.sign("Ed25519", signing, new Uint8Array([0x72]))),
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
    const alice = await subtle.importKey("jwk", {
      kty: "OKP", crv: "X25519", d: base64url(unhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")),
      x: base64url(unhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")),
    }, "X25519", false, ["deriveBits"]);
    const bob = await subtle.importKey("raw", unhex("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"),
      "X25519", true, []);
    equal(hex(await subtle.deriveBits({ name: "X25519", public: bob }, alice, null)),
      "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    equal(hex(await subtle.deriveBits({ name: "X25519", public: bob }, alice, 11)), "4a40");
    const weak = await subtle.importKey("raw", new Uint8Array(32), "X25519", true, []);
    await rejects("OperationError", subtle.deriveBits({ name: "X25519", public: weak }, alice, 256));
  },

  async "ChaCha20-Poly1305 is that of RFC 8439"() {
    const key = await subtle.importKey("raw-secret",
      unhex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"), "chacha20-poly1305", false,
      ["encrypt", "decrypt"]);
    equal({ ...key.algorithm }, { name: "ChaCha20-Poly1305" });
    const algorithm = {
      name: "ChaCha20-Poly1305", iv: unhex("070000004041424344454647"),
      additionalData: unhex("50515253c0c1c2c3c4c5c6c7"),
    };
    const plain = utf8("Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, " +
      "sunscreen would be it.");
    const sealed = await subtle.encrypt(algorithm, key, plain);
    equal(hex(sealed).slice(-32), "1ae10b594f09e26a7e902ecbd0600691");
    equal(hex(await subtle.decrypt(algorithm, key, sealed)), hex(plain));
    await rejects("OperationError", subtle.encrypt({ ...algorithm, tagLength: 96 }, key, plain));
    await rejects("NotSupportedError", subtle.importKey("raw", new Uint8Array(32), "ChaCha20-Poly1305", true, ["encrypt"]));
    await rejects("DataError", subtle.importKey("raw-secret", new Uint8Array(31), "ChaCha20-Poly1305", true, ["encrypt"]));
  },
  async "cSHAKE and KMAC are those of NIST SP 800-185"() {
    const data = new Uint8Array([0, 1, 2, 3]);
    equal(hex(await subtle.digest(
      { name: "cSHAKE128", outputLength: 256, customization: utf8("Email Signature") }, data)),
      "c1c36925b6409a04f1b504fcbca9d82b4017277cb5ed2b2065fc1d3814d5aaf5");
    equal((await subtle.digest({ name: "cSHAKE256", outputLength: 0 }, data)).byteLength, 0);
    await rejects("OperationError", subtle.digest({ name: "cSHAKE256", outputLength: 7 }, data));
    await rejects("OperationError", subtle.digest({ name: "cSHAKE256", outputLength: 2 ** 32 - 8 }, data));
    await rejects("TypeError", subtle.digest("cSHAKE256", data));
    const material = Uint8Array.from({ length: 32 }, (_, index) => 0x40 + index);
    const key = await subtle.importKey("raw-secret", material, "KMAC128", false, ["sign", "verify"]);
    const algorithm = { name: "KMAC128", outputLength: 256, customization: utf8("My Tagged Application") };
    const mac = await subtle.sign(algorithm, key, data);
    equal(hex(mac), "3b1fba963cd8b0b59e8c1a6d71888b7143651af8ba0a7070c0979e2811324aa5");
    equal(await subtle.verify(algorithm, key, mac, data), true);
    equal(await subtle.verify({ ...algorithm, outputLength: 248 }, key, mac, data), false);
    equal(hex(await subtle.digest("SHA3-256", utf8("abc"))),
      "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
  },

  // --- Keys ---
  async "every kind of key survives every one of its formats"() {
    for (const { algorithm, usages, formats, publicFormats = [] } of kinds) {
      const made = await subtle.generateKey(algorithm, true, usages);
      if (made instanceof CryptoKey) {
        for (const format of formats) await roundTrip(made, format, algorithm);
        continue;
      }
      for (const format of [...formats, "spki", ...publicFormats]) await roundTrip(made.publicKey, format, algorithm);
      for (const format of [...formats, "pkcs8"]) await roundTrip(made.privateKey, format, algorithm);
      const publicKey = await subtle.getPublicKey(made.privateKey, made.publicKey.usages);
      equal(describe(publicKey), describe(made.publicKey));
      sameExport(await subtle.exportKey("spki", publicKey), await subtle.exportKey("spki", made.publicKey));
      await rejects("InvalidAccessError", subtle.getPublicKey(publicKey, []));
      await rejects("SyntaxError", subtle.getPublicKey(made.privateKey, ["unwrapKey"]));
    }
  },
  async "a key says what it is, and nothing that is done to its objects changes it"() {
    const key = await subtle.generateKey({ name: "hmac", hash: { name: "sha-1" } }, false, ["verify", "sign", "sign"]);
    equal(Object.prototype.toString.call(key), "[object CryptoKey]");
    equal(describe(key), {
      type: "secret", extractable: false, usages: ["sign", "verify"],
      algorithm: { name: "HMAC", hash: { name: "SHA-1" }, length: 512, publicExponent: [] },
    });
    equal(key.algorithm === key.algorithm, true);
    equal(key.usages === key.usages, true);
    key.usages.length = 0;
    key.algorithm.name = "AES-GCM";
    key.algorithm.hash.name = "SHA-512";
    equal((await subtle.sign("HMAC", key, utf8("x"))).byteLength, 20);
    await rejects("InvalidAccessError", subtle.exportKey("raw", key));
    throws("TypeError", () => new CryptoKey());
    throws("TypeError", () => Object.create(key).type);
    equal(Object.keys(CryptoKey.prototype), ["type", "extractable", "algorithm", "usages"]);
  },
  async "a JSON Web Key of Ed25519 names its algorithm, also if it was imported under the older name"() {
    const { privateKey } = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
    const jwk = await crypto.subtle.exportKey("jwk", privateKey);
    equal([jwk.alg, jwk.crv], ["Ed25519", "Ed25519"]);
    const imported = await crypto.subtle.importKey("jwk", { ...jwk, alg: "EdDSA" }, "Ed25519", true, ["sign"]);
    equal((await crypto.subtle.exportKey("jwk", imported)).alg, "Ed25519");
    const agreed = await crypto.subtle.generateKey("X25519", true, ["deriveBits"]);
    equal("alg" in await crypto.subtle.exportKey("jwk", agreed.publicKey), false);
  },
  async "keys can be cloned"() {
    const { privateKey } = await subtle.generateKey(kinds[5].algorithm, false, ["sign"]);
    const clone = structuredClone({ privateKey }).privateKey;
    equal(describe(clone), describe(privateKey));
    equal(clone instanceof CryptoKey, true);
    const algorithm = "RSASSA-PKCS1-v1_5";
    equal(hex(await subtle.sign(algorithm, clone, utf8("x"))), hex(await subtle.sign(algorithm, privateKey, utf8("x"))));
  },

  async "what promises are resolved with shows nothing of a key that cannot be exported"() {
    const password = await subtle.importKey("raw", utf8("password"), "PBKDF2", false, ["deriveKey"]);
    const derivation = { name: "PBKDF2", hash: "SHA-1", salt: utf8("salt"), iterations: 2000 };
    const seen = new Set();
    Object.defineProperty(Object.prototype, "then", {
      configurable: true,
      get() {
        seen.add(stringTag(this));
        return undefined;
      },
    });
    try {
      await subtle.deriveKey(derivation, password, { name: "AES-GCM", length: 128 }, false, ["encrypt"]);
      await subtle.generateKey(kinds[5].algorithm, false, ["sign"]);
      await subtle.generateKey("Ed25519", false, ["sign"]);
    } finally {
      delete Object.prototype.then;
    }
    equal([...seen].sort(), ["[object CryptoKey]", "[object Object]"]);
  },

  // --- Flows ---
  async "tokens are signed and verified with every algorithm of JSON Web Signatures"() {
    const secret = await subtle.importKey("jwk", { kty: "oct", k: base64url(utf8("secret")), alg: "HS256" },
      { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
    await jws("HS256", "HMAC", secret, secret);
    for (const [bits, namedCurve] of [[256, "P-256"], [384, "P-384"], [512, "P-521"]]) {
      const { privateKey, publicKey } = await subtle.generateKey({ name: "ECDSA", namedCurve }, true, ["sign", "verify"]);
      await jws(`ES${bits}`, { name: "ECDSA", hash: `SHA-${bits}` }, privateKey, publicKey);
      // A key set publishes the key.
      const jwk = await subtle.exportKey("jwk", publicKey);
      equal(Object.keys(jwk), ["crv", "ext", "key_ops", "kty", "x", "y"]);
      const published = await subtle.importKey("jwk", { ...jwk, alg: `ES${bits}`, use: "sig", kid: "1" },
        { name: "ECDSA", namedCurve }, true, ["verify"]);
      await jws(`ES${bits}`, { name: "ECDSA", hash: `SHA-${bits}` }, privateKey, published);
    }
    for (const [alg, name, saltLength] of [["RS256", "RSASSA-PKCS1-v1_5"], ["PS256", "RSA-PSS", 32]]) {
      const { privateKey, publicKey } = await subtle.generateKey(
        { name, modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" }, true, ["sign", "verify"]);
      await jws(alg, { name, saltLength }, privateKey, publicKey);
      equal((await subtle.exportKey("jwk", privateKey)).alg, alg);
    }
    const { privateKey, publicKey } = await subtle.generateKey("Ed25519", true, ["sign", "verify"]);
    await jws("EdDSA", "Ed25519", privateKey, publicKey);
  },
  async "content is encrypted to a key pair, as JSON Web Encryption does it"() {
    const { privateKey, publicKey } = await subtle.generateKey(
      { name: "RSA-OAEP", modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" },
      false, ["wrapKey", "unwrapKey", "encrypt", "decrypt"]);
    const content = await subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"]);
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const sealed = await subtle.encrypt({ name: "AES-GCM", iv }, content, utf8("for your eyes"));
    const wrapped = await subtle.wrapKey("raw", content, publicKey, { name: "RSA-OAEP", label: utf8("label") });
    const unwrapped = await subtle.unwrapKey("raw", wrapped, privateKey, { name: "RSA-OAEP", label: utf8("label") },
      "AES-GCM", false, ["decrypt"]);
    equal(text(await subtle.decrypt({ name: "AES-GCM", iv }, unwrapped, sealed)), "for your eyes");
    await rejects("OperationError", subtle.unwrapKey("raw", wrapped, privateKey, "RSA-OAEP", "AES-GCM", false, ["decrypt"]));
  },
  async "two sides agree on a key with ECDH and X25519"() {
    for (const algorithm of [{ name: "ECDH", namedCurve: "P-256" }, { name: "ECDH", namedCurve: "P-521" }, { name: "X25519" }]) {
      const [a, b] = [await subtle.generateKey(algorithm, false, ["deriveKey"]),
        await subtle.generateKey(algorithm, false, ["deriveKey"])];
      const derive = (own, other) => subtle.deriveKey({ name: algorithm.name, public: other.publicKey }, own.privateKey,
        { name: "AES-GCM", length: 256 }, true, ["encrypt"]);
      equal(hex(await subtle.exportKey("raw", await derive(a, b))), hex(await subtle.exportKey("raw", await derive(b, a))));
    }
  },
  async "private keys are wrapped as JSON Web Keys and as PKCS#8"() {
    const wrapping = await subtle.generateKey({ name: "AES-CBC", length: 256 }, false, ["wrapKey", "unwrapKey"]);
    const algorithm = { name: "ECDSA", namedCurve: "P-384" };
    const { privateKey } = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
    for (const format of ["jwk", "pkcs8"]) {
      const how = { name: "AES-CBC", iv: crypto.getRandomValues(new Uint8Array(16)) };
      const wrapped = await subtle.wrapKey(format, privateKey, wrapping, how);
      const unwrapped = await subtle.unwrapKey(format, wrapped, wrapping, how, algorithm, true, ["sign"]);
      equal(await subtle.exportKey("jwk", unwrapped), await subtle.exportKey("jwk", privateKey));
      await rejects("SyntaxError", subtle.unwrapKey(format, wrapped, wrapping, how, algorithm, true, []));
    }
  },
  async "large inputs give the same off the turn as in pieces"() {
    const large = new Uint8Array(3 << 20).map((_, index) => index * 31);
    const stream = new crypto.DigestStream("SHA-256");
    const writer = stream.getWriter();
    for (let at = 0; at < large.length; at += 100_000) await writer.write(large.subarray(at, at + 100_000));
    await writer.close();
    const pending = subtle.digest("SHA-256", large);
    large.fill(0);
    equal(hex(await pending), hex(await stream.digest));
    equal(stream.bytesWritten, BigInt(large.length));
    const key = await subtle.generateKey({ name: "AES-CTR", length: 128 }, false, ["encrypt", "decrypt"]);
    const algorithm = { name: "AES-CTR", counter: new Uint8Array(16), length: 64 };
    const sealed = await subtle.encrypt(algorithm, key, large);
    equal(hex((await subtle.decrypt(algorithm, key, sealed)).slice(-8)), "0000000000000000");
  },
  async "a digest stream takes text and buffers, and fails with its stream"() {
    equal(stringTag(new crypto.DigestStream("md5")), "[object DigestStream]");
    const stream = new crypto.DigestStream({ name: "sha-1" });
    equal(stream instanceof WritableStream, true);
    const writer = stream.getWriter();
    writer.write("a");
    writer.write(utf8("b"));
    writer.write(utf8("c").buffer);
    writer.close();
    equal(hex(await stream.digest), "a9993e364706816aba3e25717850c26c9cd0d89d");
    const aborted = new crypto.DigestStream("SHA-512");
    await aborted.abort(new RangeError("enough"));
    await rejects("RangeError", aborted.digest);
    const wrong = new crypto.DigestStream("SHA-512");
    await rejects("TypeError", wrong.getWriter().write(7));
    await rejects("TypeError", wrong.digest);
    throws("NotSupportedError", () => new crypto.DigestStream("SHA-3"));
    await new Response("abc").body.pipeTo(new crypto.DigestStream("SHA-1"));
  },

  async "no promise is settled before the guest goes on"() {
    const key = await subtle.generateKey({ name: "AES-GCM", length: 128 }, true, ["encrypt"]);
    const iv = new Uint8Array(12);
    const runs = [
      () => subtle.digest("SHA-1", iv),
      () => subtle.encrypt({ name: "AES-GCM", iv }, key, iv),
      () => subtle.generateKey({ name: "AES-GCM", length: 128 }, true, ["encrypt"]),
      () => subtle.importKey("raw", new Uint8Array(16), "AES-GCM", true, ["encrypt"]),
      () => subtle.importKey("raw", new Uint8Array(16), "AES-GCM", true, []),
      () => subtle.exportKey("jwk", key),
    ];
    for (const run of runs) {
      let order = "";
      const first = run().then(() => { order += "operation"; }, () => { order += "operation"; });
      Promise.resolve().then(() => { order += "microtask "; });
      await first;
      equal(order, "microtask operation", String(run));
    }
  },

  // --- Errors ---
  async "operations say why they do not work"() {
    const aes = await subtle.generateKey({ name: "AES-GCM", length: 128 }, true, ["encrypt"]);
    const mac = await subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
    const iv = new Uint8Array(12);
    const cases = {
      NotSupportedError: [
        () => subtle.digest("SHA-3", iv),
        () => subtle.digest("\u017fHA-1", iv),
        () => subtle.encrypt("HMAC", mac, iv),
        () => subtle.generateKey({ name: "HMAC", hash: "MD5" }, true, ["sign"]),
        () => subtle.generateKey({ name: "ECDSA", namedCurve: "P-192" }, true, ["sign"]),
        () => subtle.importKey("spki", iv, "AES-GCM", true, ["encrypt"]),
        () => subtle.exportKey("pkcs8", aes),
      ],
      InvalidAccessError: [
        () => subtle.encrypt({ name: "AES-GCM", iv }, mac, iv),
        () => subtle.decrypt({ name: "AES-GCM", iv }, aes, iv),
        () => subtle.verify("HMAC", mac, iv, iv),
        () => subtle.wrapKey("raw", mac, aes, { name: "AES-GCM", iv }),
      ],
      OperationError: [
        () => subtle.encrypt({ name: "AES-GCM", iv, tagLength: 100 }, aes, iv),
        () => subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(0) }, aes, iv),
        () => subtle.generateKey({ name: "AES-GCM", length: 100 }, true, []),
        () => subtle.generateKey({ name: "HMAC", hash: "SHA-1", length: 0 }, true, ["sign"]),
        ...[[0], [1], [2], [], Array(1000).fill(255)].map((e) => () => subtle.generateKey(
          { name: "RSA-PSS", hash: "SHA-1", modulusLength: 2048, publicExponent: new Uint8Array(e) }, true, [])),
        ...[0, 512, 8200, 2 ** 32 - 1].map((modulusLength) => () => subtle.generateKey(
          { name: "RSA-PSS", hash: "SHA-1", modulusLength, publicExponent: new Uint8Array([3]) }, true, ["sign"])),
      ],
      SyntaxError: [
        () => subtle.generateKey({ name: "AES-GCM", length: 128 }, true, []),
        () => subtle.generateKey({ name: "AES-GCM", length: 128 }, true, ["sign"]),
        () => subtle.generateKey("Ed25519", true, ["verify"]),
        () => subtle.importKey("raw", iv, "PBKDF2", true, ["deriveBits"]),
        () => subtle.importKey("raw", new Uint8Array(16), "AES-CBC", true, []),
      ],
      DataError: [
        () => subtle.importKey("raw", iv, "AES-GCM", true, ["encrypt"]),
        () => subtle.importKey("raw", new Uint8Array(0), { name: "HMAC", hash: "SHA-1" }, true, ["sign"]),
        () => subtle.importKey("jwk", { kty: "RSA" }, "AES-GCM", true, ["encrypt"]),
        () => subtle.importKey("jwk", { kty: "oct", k: "no base64!" }, "AES-GCM", true, ["encrypt"]),
        () => subtle.importKey("jwk", { kty: "oct", k: "AAAAAAAAAAAAAAAAAAAAAA", ext: false }, "AES-GCM", true, ["encrypt"]),
        () => subtle.importKey("jwk", { kty: "oct", k: "AAAAAAAAAAAAAAAAAAAAAA", key_ops: ["decrypt"] }, "AES-GCM", true,
          ["encrypt"]),
        ...["spki", "pkcs8"].map((format) => () =>
          subtle.importKey(format, iv, { name: "RSA-PSS", hash: "SHA-1" }, true, [])),
        ...["raw", "spki"].map((format) => () =>
          subtle.importKey(format, iv, { name: "ECDSA", namedCurve: "P-256" }, true, [])),
      ],
      TypeError: [
        () => subtle.digest("SHA-1"),
        () => subtle.digest("SHA-1", "text"),
        () => subtle.digest({}, iv),
        () => subtle.encrypt({ name: "AES-GCM" }, aes, iv),
        () => subtle.encrypt({ name: "AES-GCM", iv }, {}, iv),
        () => subtle.importKey("raw", {}, "AES-GCM", true, ["encrypt"]),
        () => subtle.importKey("jwk", iv, "AES-GCM", true, ["encrypt"]),
        () => subtle.importKey("pem", iv, "AES-GCM", true, ["encrypt"]),
        () => subtle.importKey("raw", iv, "AES-GCM", true, ["breathe"]),
        () => subtle.generateKey({ name: "AES-GCM", length: 2 ** 17 }, true, ["encrypt"]),
        () => SubtleCrypto.prototype.digest.call({}, "SHA-1", iv),
      ],
    };
    for (const name of Object.keys(cases)) {
      for (const run of cases[name]) {
        const promise = run();
        equal(promise instanceof Promise, true);
        await rejects(name, promise, String(run));
      }
    }
  },
  async "no malformed key makes more of it than an error"() {
    const usages = { "RSA-OAEP": [["encrypt"], ["decrypt"]], "ECDSA": [["verify"], ["sign"]], "X25519": [[], ["deriveBits"]] };
    const algorithms = [
      { name: "RSA-OAEP", hash: "SHA-1", modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]) },
      { name: "ECDSA", namedCurve: "P-256" }, { name: "X25519" },
    ];
    const attempt = async (...key) => {
      const error = await subtle.importKey(...key).then(() => undefined, (error) => error);
      if (error !== undefined) equal(["DataError", "NotSupportedError"].includes(error.name), true, error.name);
    };
    for (const algorithm of algorithms) {
      const [forPublic, forPrivate] = usages[algorithm.name];
      const pair = await subtle.generateKey(algorithm, true, [...forPublic, ...forPrivate]);
      const jwk = await subtle.exportKey("jwk", pair.privateKey);
      for (const member of Object.keys(jwk)) {
        for (const value of ["", "AA", "AQ", "_".repeat(200), "_".repeat(100_000), "=", undefined]) {
          if (member === "ext" || member === "key_ops") continue;
          await attempt("jwk", { ...jwk, [member]: value }, algorithm, true, forPrivate).catch((error) => {
            if (value !== undefined) throw error;
          });
        }
      }
      for (const [format, key, allowed] of [["spki", pair.publicKey, forPublic], ["pkcs8", pair.privateKey, forPrivate]]) {
        const der = new Uint8Array(await subtle.exportKey(format, key));
        for (let at = 0; at < der.length; at += 1 + (der.length >> 5)) {
          await attempt(format, der.slice(0, at), algorithm, true, allowed);
          for (const change of [0x80, 0xff, 0x01]) {
            const changed = der.slice();
            changed[at] ^= change;
            await attempt(format, changed, algorithm, true, allowed);
          }
        }
      }
    }
  },
};

const stringTag = (value) => Object.prototype.toString.call(value);
