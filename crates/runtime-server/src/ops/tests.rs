//! The client over TLS, its WebSockets included. Plain HTTP is tested with the program itself, from the outside.

use std::convert::Infallible;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use runtime_facade::{RuntimeLimits, WebSocket, WebSocketMessage};
use rustls::pki_types::PrivateKeyDer;
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::*;
use crate::web_socket;

/// A server that answers with the version of HTTP that it was asked in, and the file of the certificate that vouches for
/// it.
async fn server(protocols: &[&[u8]]) -> (SocketAddr, NamedTempFile) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let mut authority = NamedTempFile::new().expect("a temporary file");
    authority.write_all(made.cert.pem().as_bytes()).expect("room");
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("a certificate and its key");
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that does not trust the certificate ends the handshake: that is for it to tell.
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            tokio::spawn(async move {
                let service = service_fn(|mut request: http::Request<hyper::body::Incoming>| async move {
                    let body = format!("{:?}", request.version());
                    let mut response = http::Response::new(Full::<Bytes>::from(body));
                    if let Some(key) = request.headers().get("sec-websocket-key") {
                        *response.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
                        let accept = derive_accept_key(key.as_bytes()).parse().expect("a header's value");
                        response.headers_mut().insert("sec-websocket-accept", accept);
                        response.headers_mut().insert("upgrade", HeaderValue::from_static("websocket"));
                        response.headers_mut().insert("connection", HeaderValue::from_static("upgrade"));
                        *response.body_mut() = Full::default();
                        let (here, there) = WebSocket::pair(&RuntimeLimits::default());
                        let upgrade = hyper::upgrade::on(&mut request);
                        tokio::spawn(async move {
                            let connection = upgrade.await.expect("an upgrade");
                            web_socket::run(connection, Role::Server, there, 1011, std::future::pending())
                                .await;
                        });
                        tokio::spawn(async move {
                            while let Some(message) = here.receive().await {
                                let _ = here.send(message).await;
                            }
                        });
                    }
                    Ok::<_, Infallible>(response)
                });
                let builder = auto::Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
            });
        }
    });
    (address, authority)
}

fn trusting(authority: &NamedTempFile) -> HttpClient {
    HttpClient::trusting(authority.path()).expect("a certificate")
}

async fn fetch(client: HttpClient, url: String) -> Result<String, OpError> {
    let request = FetchRequest {
        method: Method::GET,
        url,
        headers: HeaderMap::new(),
        body: Body::empty(),
        redirect: RedirectMode::Follow,
        mode: RequestMode::Cors,
        client: None,
    };
    let ops = HttpOps::new(client, AllowedHosts::all(), GuestLog::to(std::io::sink()));
    let response = ops.fetch(request).await?;
    let body = response.body.collect().await.map_err(|error| OpError::new(error.message))?;
    Ok(String::from_utf8(body.to_vec()).expect("text"))
}

#[tokio::test]
async fn tls_chooses_http2_where_the_server_has_it_and_http1_where_not() {
    for (protocols, version) in [(&[&b"h2"[..], b"http/1.1"][..], "HTTP/2.0"), (&[b"http/1.1"], "HTTP/1.1")] {
        let (address, authority) = server(protocols).await;
        let url = format!("https://localhost:{}/", address.port());
        assert_eq!(fetch(trusting(&authority), url).await.expect("an answer"), version);
    }
}

#[tokio::test]
async fn a_websocket_goes_over_tls_also_to_a_server_that_prefers_http2() {
    let (address, authority) = server(&[b"h2", b"http/1.1"]).await;
    let ops = HttpOps::new(trusting(&authority), AllowedHosts::all(), GuestLog::to(std::io::sink()));
    let (here, socket) = WebSocket::pair(&RuntimeLimits::default());
    let url = format!("wss://localhost:{}/", address.port());
    let answer = ops.web_socket(WebSocketRequest { url, headers: HeaderMap::new(), socket }).await;
    assert!(matches!(answer.expect("an answer"), WebSocketAnswer::Open(_)));
    let message = WebSocketMessage::Text("over TLS".to_owned());
    here.send(message.clone()).await.expect("it is open");
    assert_eq!(here.receive().await, Some(message));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_and_the_reason_given() {
    let (address, _) = server(&[b"http/1.1"]).await;
    let url = format!("https://localhost:{}/?secret", address.port());
    let error = fetch(HttpClient::new(), url).await.expect_err("it is not trusted").message;
    assert!(error.contains("certificate") && error.contains("https://localhost:"), "{error}");
    assert!(!error.contains("secret"), "{error}");
}

#[tokio::test]
async fn a_body_that_breaks_off_says_where_and_why() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        let mut request = [0; 1024];
        let _ = stream.read(&mut request).await.expect("a request");
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort").await.expect("it reads");
    });
    let error = fetch(HttpClient::new(), format!("http://{address}/a?secret"))
        .await
        .expect_err("it is short")
        .message;
    let start = format!("the body of http://{address}/a broke off: ");
    assert!(error.starts_with(&start) && error.len() > start.len(), "{error}");
    assert!(!error.contains("error reading a body"), "{error}");
}

#[test]
fn a_file_of_authorities_that_cannot_be_used_is_named_with_the_reason() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let torn = "-----BEGIN CERTIFICATE-----\nMIIB\n";
    let wrong = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (name, text, part) in [
        ("missing.pem", None, "cannot be read"),
        ("empty.pem", Some("no certificate here"), "found none"),
        ("torn.pem", Some(torn), "PEM"),
        ("wrong.pem", Some(wrong), "certificate 1"),
    ] {
        let path = folder.path().join(name);
        if let Some(text) = text {
            std::fs::write(&path, text).expect("room");
        }
        let error = HttpClient::trusting(&path).expect_err(name).to_string();
        assert!(error.contains(name) && error.contains(part), "{error}");
    }
}
