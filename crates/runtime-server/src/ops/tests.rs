//! The client over TLS. Plain HTTP is tested with the program itself, from the outside.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::TcpListener;

use super::*;

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
                let service = service_fn(|request: http::Request<hyper::body::Incoming>| async move {
                    let body = format!("{:?}", request.version());
                    Ok::<_, Infallible>(http::Response::new(Full::<Bytes>::from(body)))
                });
                let builder = auto::Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection(TokioIo::new(stream), service).await;
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
async fn a_certificate_that_nobody_vouches_for_is_refused_and_the_reason_given() {
    let (address, _) = server(&[b"http/1.1"]).await;
    let url = format!("https://localhost:{}/?secret", address.port());
    let error = fetch(HttpClient::new(), url).await.expect_err("it is not trusted").message;
    assert!(error.contains("certificate") && error.contains("https://localhost:"), "{error}");
    assert!(!error.contains("secret"), "{error}");
}
