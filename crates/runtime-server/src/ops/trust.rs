//! Whom outbound TLS trusts: the roots of Mozilla's programme, compiled in, and those of a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::{ClientConfig, RootCertStore};

/// A file of certificate authorities cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// It cannot be read.
    #[error("the certificate authorities {} cannot be read: {source}", path.display())]
    Read {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not PEM.
    #[error("expected certificates in PEM in {}: {source}", path.display())]
    Pem {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: pem::Error,
    },
    /// There is none in it.
    #[error("expected certificates in PEM (`BEGIN CERTIFICATE`) in {}, found none", path.display())]
    Empty {
        /// Its path.
        path: PathBuf,
    },
    /// One of them is none that can be trusted.
    #[error("certificate {number} in {} cannot be used: {source}", path.display())]
    Certificate {
        /// The file's path.
        path: PathBuf,
        /// Which one, counted from 1.
        number: usize,
        /// Why.
        source: rustls::Error,
    },
}

/// The roots that browsers trust, as of this build.
pub(super) fn mozillas_roots() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}

/// Adds the certificates of a file in PEM. All of them, or none.
pub(super) fn add(roots: &mut RootCertStore, path: &Path) -> Result<(), AuthorityError> {
    let named = || path.to_owned();
    let text = std::fs::read(path).map_err(|source| AuthorityError::Read { path: named(), source })?;
    let certificates = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| AuthorityError::Pem { path: named(), source })?;
    if certificates.is_empty() {
        return Err(AuthorityError::Empty { path: named() });
    }
    let mut all = roots.clone();
    for (before, certificate) in certificates.into_iter().enumerate() {
        all.add(certificate).map_err(|source| AuthorityError::Certificate {
            path: named(),
            number: before + 1,
            source,
        })?;
    }
    *roots = all;
    Ok(())
}

/// TLS 1.2 and 1.3, with a server that one of these vouches for.
pub(super) fn client_config(roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring supports TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
}
