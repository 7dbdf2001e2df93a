// Web Crypto and conditional requests: hashes the request's body with SHA-256 and answers with the hex
// text and an `ETag`; a client that sends that tag in `If-None-Match` gets 304 and no body. It is not a
// password hash: those need to be slow.
//
// Run one request:
//   isolane run examples/workers/digest.js --method POST --data abc
// It prints:
//   ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad

function toHex(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export default {
  async fetch(request) {
    const bytes = await request.arrayBuffer();
    const hex = toHex(await crypto.subtle.digest("SHA-256", bytes));
    const etag = `"${hex.slice(0, 16)}"`;
    if (request.headers.get("if-none-match") === etag) {
      return new Response(null, { status: 304, headers: { etag } });
    }
    return new Response(`${hex}\n`, { headers: { etag, "content-type": "text/plain" } });
  },
};
