// WebAssembly: a module written by hand, compiled once at the top level, and used in both ways:
// `/gcd?a=..&b=..` through `new WebAssembly.Instance`, which is synchronous, and a POST to `/adler32`
// through `WebAssembly.instantiate`, which gives a promise; the latter writes the request's body into
// the module's memory. It is not how a large module is shipped: that is a file beside the script.
//
// Run one request:
//   isolane run examples/workers/wasm.js --url 'http://localhost/gcd?a=1071&b=462'
// It prints:
//   gcd(1071, 462) = 21
//
// With a body:
//   isolane run examples/workers/wasm.js --method POST --url http://localhost/adler32 --data Wikipedia
// It prints:
//   11e60398
//
// The module as text; the bytes below are its binary form.
//
// (module
//   (memory (export "memory") 1)
//   (func (export "gcd") (param $a i32) (param $b i32) (result i32)
//     (local $rest i32)
//     (block $done
//       (loop $next
//         (br_if $done (i32.eqz (local.get $b)))
//         (local.set $rest (i32.rem_u (local.get $a) (local.get $b)))
//         (local.set $a (local.get $b))
//         (local.set $b (local.get $rest))
//         (br $next)))
//     (local.get $a))
//   (func (export "adler32") (param $length i32) (result i32)
//     (local $at i32) (local $low i32) (local $high i32)
//     (local.set $low (i32.const 1))
//     (block $done
//       (loop $next
//         (br_if $done (i32.ge_u (local.get $at) (local.get $length)))
//         (local.set $low (i32.rem_u
//           (i32.add (local.get $low) (i32.load8_u (local.get $at)))
//           (i32.const 65521)))
//         (local.set $high (i32.rem_u
//           (i32.add (local.get $high) (local.get $low))
//           (i32.const 65521)))
//         (local.set $at (i32.add (local.get $at) (i32.const 1)))
//         (br $next)))
//     (i32.or (i32.shl (local.get $high) (i32.const 16)) (local.get $low))))

const BYTES = new Uint8Array([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, // "\0asm", version 1
  0x01, 0x0c, 0x02, // types: 2
  0x60, 0x02, 0x7f, 0x7f, 0x01, 0x7f, //   0: (i32, i32) -> i32
  0x60, 0x01, 0x7f, 0x01, 0x7f, //         1: (i32) -> i32
  0x03, 0x03, 0x02, 0x00, 0x01, // functions: gcd has type 0, adler32 type 1
  0x05, 0x03, 0x01, 0x00, 0x01, // memory: one page of 64 KiB, growable
  0x07, 0x1a, 0x03, // exports: 3
  0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00, //       "memory", memory 0
  0x03, 0x67, 0x63, 0x64, 0x00, 0x00, //                         "gcd", function 0
  0x07, 0x61, 0x64, 0x6c, 0x65, 0x72, 0x33, 0x32, 0x00, 0x01, // "adler32", function 1
  0x0a, 0x66, 0x02, // code: 2 bodies
  0x22, 0x01, 0x01, 0x7f, 0x02, 0x40, 0x03, 0x40, // gcd: one more local; block, loop
  0x20, 0x01, 0x45, 0x0d, 0x01, //                   leave when b is 0
  0x20, 0x00, 0x20, 0x01, 0x70, 0x21, 0x02, //       rest = a mod b
  0x20, 0x01, 0x21, 0x00, 0x20, 0x02, 0x21, 0x01, // a = b; b = rest
  0x0c, 0x00, 0x0b, 0x0b, 0x20, 0x00, 0x0b, //       again; give a
  0x41, 0x01, 0x03, 0x7f, 0x41, 0x01, 0x21, 0x02, // adler32: three more locals; low = 1
  0x02, 0x40, 0x03, 0x40, 0x20, 0x01, 0x20, 0x00, 0x4f, 0x0d, 0x01, // leave when at >= length
  0x20, 0x02, 0x20, 0x01, 0x2d, 0x00, 0x00, 0x6a, //       low + memory[at]
  0x41, 0xf1, 0xff, 0x03, 0x70, 0x21, 0x02, //             low = that mod 65521
  0x20, 0x03, 0x20, 0x02, 0x6a, //                         high + low
  0x41, 0xf1, 0xff, 0x03, 0x70, 0x21, 0x03, //             high = that mod 65521
  0x20, 0x01, 0x41, 0x01, 0x6a, 0x21, 0x01, //             at = at + 1
  0x0c, 0x00, 0x0b, 0x0b, //                               again
  0x20, 0x03, 0x41, 0x10, 0x74, 0x20, 0x02, 0x72, 0x0b, // high << 16 | low
]);

const PAGE_BYTES = 64 * 1024;
const MAX_BODY_BYTES = 4 * 1024 * 1024;

const compiled = new WebAssembly.Module(BYTES);

function text(body, status = 200) {
  return new Response(`${body}\n`, { status, headers: { "content-type": "text/plain" } });
}

function gcd(url) {
  const a = Number(url.searchParams.get("a"));
  const b = Number(url.searchParams.get("b"));
  if (![a, b].every((n) => Number.isInteger(n) && n > 0 && n < 2 ** 32)) {
    return text("a and b must be whole numbers between 1 and 4294967295", 400);
  }
  const { exports } = new WebAssembly.Instance(compiled);
  // Wasm has no unsigned results: `>>> 0` reads the bits as such.
  return text(`gcd(${a}, ${b}) = ${exports.gcd(a, b) >>> 0}`);
}

async function adler32(request) {
  const body = new Uint8Array(await request.arrayBuffer());
  if (body.length > MAX_BODY_BYTES) return text(`at most ${MAX_BODY_BYTES} bytes`, 413);
  const { instance } = await WebAssembly.instantiate(BYTES);
  const { memory, adler32 } = instance.exports;
  const missing = body.length - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
  // Growing replaces the buffer, so the view is made afterwards.
  new Uint8Array(memory.buffer).set(body);
  return text((adler32(body.length) >>> 0).toString(16).padStart(8, "0"));
}

export default {
  fetch(request) {
    const url = new URL(request.url);
    if (url.pathname === "/gcd") return gcd(url);
    if (url.pathname === "/adler32" && request.method === "POST") return adler32(request);
    return text("GET /gcd?a=..&b=.. or POST /adler32", 404);
  },
};
