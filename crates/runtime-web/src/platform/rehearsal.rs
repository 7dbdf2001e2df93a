//! The request that is rehearsed while the snapshot is made: what most workers do with most requests. Each function
//! that it reaches makes every isolate a little larger, so it is short.

use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use runtime_core::{Rehearsal, RuntimeLimits};

use crate::call::Call;
use crate::event::Request;
use crate::web_request::WebRequest;

const WORKER: &str = r#"({
  default: {
    async fetch(request, env, context) {
      const url = new URL(request.url);
      const name = url.searchParams.get("name") ?? url.pathname;
      const accepts = request.headers.get("accept");
      const kept = [...request.headers].length + Object.keys(env).length;
      context.waitUntil(Promise.resolve(kept));
      const json = Response.json({ name, accepts, method: request.method });
      const bytes = new TextEncoder().encode(await json.text());
      const headers = new Headers({ "content-type": "text/plain" });
      headers.set("content-length", String(bytes.length));
      return new Response(new TextDecoder().decode(bytes), { status: 200, headers });
    },
  },
})"#;

/// The rehearsal of this world.
pub(super) fn rehearsal() -> Rehearsal {
    let mut request = Request::new(http::Method::GET, "http://localhost/path?name=value");
    request.headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    let call = Call::new(WORKER, request);
    Rehearsal { worker: WORKER, request: Box::new(WebRequest::new(call, &RuntimeLimits::default())) }
}
