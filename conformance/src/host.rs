//! What the host does for the tests: it serves the files of their folder, or lets them reach a live server, and keeps
//! what they log.
//!
//! Not here: the handlers that a real server of the tests has, but for the one that gives back what it gets. A test that
//! asks for another gets an error that says so.

use std::future::Future;
use std::path::{Component, Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use runtime_facade::{
    Body, FetchRequest, FetchResponse, LogRecord, OpError, Ops, WebSocketAnswer, WebSocketRequest,
};
use runtime_server::guest_log::GuestLog;
use runtime_server::ops::{AllowedHosts, HttpClient, HttpOps};

type Pending<T> = Pin<Box<dyn Future<Output = Result<T, OpError>> + Send>>;

/// Where the tests' requests go.
pub(crate) enum Host {
    /// To the files below a folder, for URLs that begin with the origin.
    Folder(PathBuf, String),
    /// To wherever they say.
    Live(Box<HttpOps>),
}

impl Host {
    /// Serves the files of a folder at an origin, which ends without a slash.
    pub(crate) fn from_folder(root: PathBuf, origin: &str) -> Self {
        Host::Folder(root, format!("{}/", origin.trim_end_matches('/')))
    }

    /// Lets the tests reach every server, over this client.
    pub(crate) fn live(client: HttpClient) -> Self {
        Host::Live(Box::new(HttpOps::new(client, AllowedHosts::all(), GuestLog::stderr())))
    }
}

/// A host for one job, which keeps what the guest logs.
pub(crate) struct Logged {
    host: Arc<Host>,
    log: parking_lot::Mutex<Vec<String>>,
}

impl Logged {
    pub(crate) fn new(host: Arc<Host>) -> Self {
        Self { host, log: parking_lot::Mutex::default() }
    }

    /// What was logged so far.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock())
    }
}

impl Ops for Logged {
    fn fetch(&self, request: FetchRequest) -> Pending<FetchResponse> {
        match &*self.host {
            Host::Live(ops) => ops.fetch(request),
            Host::Folder(root, origin) => {
                let (root, origin) = (root.clone(), origin.clone());
                Box::pin(async move {
                    if request.url.strip_prefix(&*origin) == Some(ECHO) {
                        return echo(request).await;
                    }
                    serve(&root, &origin, &request.url).await
                })
            }
        }
    }

    fn web_socket(&self, request: WebSocketRequest) -> Pending<WebSocketAnswer> {
        match &*self.host {
            Host::Live(ops) => ops.web_socket(request),
            Host::Folder(..) => Box::pin(std::future::ready(Err(needs_server(&request.url)))),
        }
    }

    fn log(&self, record: LogRecord) {
        self.log.lock().push(format!("{}: {}", record.level.as_str(), record.message));
    }
}

fn needs_server(url: &str) -> OpError {
    OpError::new(format!("{url} needs a live server of the tests: see `--wpt-server`"))
}

/// The path of the tests' handler that answers with the body that it gets.
const ECHO: &str = "fetch/api/resources/echo-content.py";

async fn echo(request: FetchRequest) -> Result<FetchResponse, OpError> {
    let body = request.body.collect().await.map_err(|error| OpError::new(error.message))?;
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("text/plain"))]);
    Ok(answer(request.url, headers, Body::from(body)))
}

fn answer(url: String, headers: HeaderMap, body: Body) -> FetchResponse {
    FetchResponse { status: 200, status_text: "OK".to_owned(), url, headers, body, is_redirected: false }
}

async fn serve(root: &Path, origin: &str, url: &str) -> Result<FetchResponse, OpError> {
    let needs_server = || needs_server(url);
    let path = url.strip_prefix(origin).ok_or_else(needs_server)?;
    let path = path.split(['?', '#']).next().unwrap_or_default();
    // Handlers are programs of a real server, and answer something else than their source.
    let relative = Path::new(path);
    let is_plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
    if !is_plain || path.ends_with(".py") {
        return Err(needs_server());
    }
    let file = root.join(relative);
    let Ok(bytes) = tokio::fs::read(&file).await else { return Err(needs_server()) };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    let mut beside = file.into_os_string();
    beside.push(".headers");
    if let Ok(text) = tokio::fs::read_to_string(&beside).await {
        add_headers(&text, &mut headers);
    }
    Ok(answer(url.to_owned(), headers, Body::from(bytes)))
}

/// Reads the file beside a file, which has a header a line.
fn add_headers(text: &str, headers: &mut HeaderMap) {
    for (name, value) in text.lines().filter_map(|line| line.split_once(':')) {
        let name = HeaderName::from_bytes(name.trim().as_bytes());
        let value = HeaderValue::from_str(value.trim());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.insert(name, value);
        }
    }
}

fn content_type(path: &str) -> &'static str {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension {
        "json" => "application/json",
        "wasm" => "application/wasm",
        "js" | "mjs" => "text/javascript",
        "html" | "htm" => "text/html",
        "txt" | "text" => "text/plain",
        "png" => "image/png",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use runtime_facade::{RuntimeLimits, WebSocket};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const ORIGIN: &str = "http://tests.test/";

    #[tokio::test]
    async fn a_file_is_served_with_the_headers_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.json"), "{}").unwrap();
        std::fs::write(folder.path().join("a.json.headers"), "X-Kind: odd\nContent-Type: text/plain\n")
            .unwrap();
        let response = serve(folder.path(), ORIGIN, "http://tests.test/a.json?x#y").await.unwrap();
        assert_eq!(response.headers["x-kind"], "odd");
        assert_eq!(response.headers[CONTENT_TYPE], "text/plain");
        assert_eq!(response.body.as_bytes(), Some(&b"{}"[..]));
    }

    #[tokio::test]
    async fn what_only_a_real_server_has_is_an_error_that_says_so() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("status.py"), "").unwrap();
        for url in ["http://tests.test/status.py", "http://tests.test/none", "http://elsewhere.test/a"] {
            let error = serve(folder.path(), ORIGIN, url).await.unwrap_err();
            assert!(error.message.contains("--wpt-server"), "{error}");
        }
    }

    #[tokio::test]
    async fn nothing_outside_of_the_folder_is_served() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tests")).unwrap();
        std::fs::write(folder.path().join("secret"), "").unwrap();
        assert!(serve(&folder.path().join("tests"), ORIGIN, "http://tests.test/../secret").await.is_err());
    }

    fn socket_to(url: String) -> WebSocketRequest {
        let (_, socket) = WebSocket::pair(&RuntimeLimits::default());
        WebSocketRequest { url, headers: HeaderMap::new(), socket }
    }

    #[tokio::test]
    async fn a_websocket_reaches_a_live_server_and_without_one_is_an_error_that_says_so() {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}/echo", server.local_addr().unwrap());
        let live = Logged::new(Arc::new(Host::live(HttpClient::new())));
        let answering = async {
            let (mut connection, _) = server.accept().await.unwrap();
            let mut asked = vec![0; 4096];
            let read = connection.read(&mut asked).await.unwrap();
            connection.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            String::from_utf8_lossy(&asked[..read]).into_owned()
        };
        let (answer, asked) = tokio::join!(live.web_socket(socket_to(url)), answering);
        assert!(matches!(answer.unwrap(), WebSocketAnswer::Refused(response) if response.status == 404));
        assert!(asked.starts_with("GET /echo "), "{asked}");

        let folder = Logged::new(Arc::new(Host::from_folder(PathBuf::new(), ORIGIN)));
        let error = folder.web_socket(socket_to("ws://tests.test/echo".to_owned())).await.unwrap_err();
        assert!(error.message.contains("--wpt-server"), "{error}");
    }
}
