//! The `upstream` and `store` fixtures that the example workers' expectations name, within this process: a host whose
//! outbound requests are answered as the HTTP server of the fixture answers them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use parking_lot::Mutex;
use runtime_facade::{Body, FetchRequest, FetchResponse, OpError};

use super::host::Host;

/// The origin that stands for `${upstream}`.
pub(crate) const ORIGIN: &str = "http://upstream.test";

/// A host with the upstream behind its network, and nothing else.
pub(crate) fn host() -> Host {
    Host::new().on_fetch(serve)
}

/// A host with the upstream and with the `STORE` binding.
pub(crate) fn host_with_store() -> Host {
    let initial = BTreeMap::from([("colour".to_owned(), "green".to_owned())]);
    let store = Arc::new(Mutex::new(initial));
    let written = Arc::clone(&store);
    host().with_bindings(|bindings| {
        bindings
            .method("STORE", "get", move |(key,): (String,)| {
                let value = store.lock().get(&key).cloned();
                async move { Ok::<_, OpError>(value) }
            })
            .method("STORE", "put", move |(key, value): (String, String)| {
                written.lock().insert(key, value);
                async move { Ok::<_, OpError>(()) }
            })
    })
}

async fn serve(request: FetchRequest) -> Result<FetchResponse, OpError> {
    let Some(target) = request.url.strip_prefix(ORIGIN) else {
        return Err(OpError::new(format!("{} cannot be reached", request.url)));
    };
    let path = target.split('?').next().unwrap_or(target);
    let plain = ("content-type", "text/plain");
    match path {
        "/text" => Ok(reply(&request, 200, &[plain, ("x-upstream", "yes")], "upstream text\n")),
        "/status/418" => Ok(reply(&request, 418, &[plain], "status 418\n")),
        "/redirect" => Ok(reply(&request, 302, &[("location", "/text")], Body::empty())),
        "/cookies" => {
            let cookies =
                [("set-cookie", "a=1; Path=/"), ("set-cookie", "b=2; Expires=Fri, 01 Jan 2038 00:00:00 GMT")];
            Ok(reply(&request, 200, &cookies, "cookies\n"))
        }
        "/large" => {
            let lines: String = (0..65_536).map(|number| format!("{number:015}\n")).collect();
            Ok(reply(&request, 200, &[plain], lines))
        }
        "/echo" => {
            let mut head = format!("{} {target}\n", request.method);
            for name in ["content-type", "x-drop", "x-forwarded-host", "x-keep"] {
                if let Some(value) = request.headers.get(name) {
                    head.push_str(&format!("{name}: {}\n", value.to_str().unwrap_or("?")));
                }
            }
            head.push('\n');
            let answer = reply(&request, 200, &[plain], Body::empty());
            let body = request.body.collect().await.map_err(|error| OpError::new(error.message))?;
            Ok(FetchResponse { body: Bytes::from([head.as_bytes(), &body].concat()).into(), ..answer })
        }
        "/hang" => std::future::pending().await,
        _ => Ok(reply(&request, 404, &[plain], "not found\n")),
    }
}

fn reply(
    request: &FetchRequest,
    status: u16,
    headers: &[(&'static str, &'static str)],
    body: impl Into<Body>,
) -> FetchResponse {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    FetchResponse {
        status,
        status_text: String::new(),
        url: request.url.clone(),
        headers: map,
        body: body.into(),
        is_redirected: false,
    }
}
