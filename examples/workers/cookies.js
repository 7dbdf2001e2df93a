// Headers that may occur more than once: reads the request's cookies and sets two of its own, which
// must leave as two `Set-Cookie` headers and never be folded into one. It is not a session store.
//
// Run one request:
//   isolane run examples/workers/cookies.js -i --header 'cookie: visits=4; theme=dark'
// It prints status 200, the headers
//   set-cookie: visits=5; Path=/; HttpOnly
//   set-cookie: theme=dark; Path=/; Expires=Fri, 01 Jan 2038 00:00:00 GMT
// and:
//   visit 5, theme dark

function readCookies(request) {
  const cookies = new Map();
  for (const pair of (request.headers.get("cookie") ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (at > 0) cookies.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim());
  }
  return cookies;
}

export default {
  fetch(request) {
    const cookies = readCookies(request);
    const visits = (Number.parseInt(cookies.get("visits") ?? "0", 10) || 0) + 1;
    const theme = cookies.get("theme") === "dark" ? "dark" : "light";

    const headers = new Headers({ "content-type": "text/plain" });
    headers.append("set-cookie", `visits=${visits}; Path=/; HttpOnly`);
    // The comma inside the date is why such headers must not be joined.
    headers.append("set-cookie", `theme=${theme}; Path=/; Expires=Fri, 01 Jan 2038 00:00:00 GMT`);
    return new Response(`visit ${visits}, theme ${theme}\n`, { headers });
  },
};
