//! The client over TLS, its WebSockets included. Plain HTTP is tested with the program itself, from the outside.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use runtime_facade::{RuntimeLimits, WebSocket, WebSocketMessage};
use rustls::pki_types::PrivateKeyDer;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::*;
use crate::web_socket;

/// A server that answers with the version of HTTP that it was asked in, and a client's view of whom to trust.
async fn server(protocols: &[&[u8]]) -> (SocketAddr, rustls::ClientConfig) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
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
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).expect("a root");
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    (address, client)
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
    let body = response.body.collect().await.expect("a whole body");
    Ok(String::from_utf8(body.to_vec()).expect("text"))
}

#[tokio::test]
async fn tls_chooses_http2_where_the_server_has_it_and_http1_where_not() {
    for (protocols, version) in [(&[&b"h2"[..], b"http/1.1"][..], "HTTP/2.0"), (&[b"http/1.1"], "HTTP/1.1")] {
        let (address, tls) = server(protocols).await;
        let url = format!("https://localhost:{}/", address.port());
        assert_eq!(fetch(HttpClient::with_tls(tls), url).await.expect("an answer"), version);
    }
}

#[tokio::test]
async fn a_websocket_goes_over_tls_also_to_a_server_that_prefers_http2() {
    let (address, tls) = server(&[b"h2", b"http/1.1"]).await;
    let ops = HttpOps::new(HttpClient::with_tls(tls), AllowedHosts::all(), GuestLog::to(std::io::sink()));
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
