//! Whom a connection believes.

use std::sync::Arc;

use tokio_rustls::{
    TlsConnector,
    rustls::{
        ClientConfig, RootCertStore,
        crypto::{
            CryptoProvider,
            aws_lc_rs::{self, cipher_suite as suite},
        },
        pki_types::{CertificateDer, pem::PemObject},
    },
};

/// The roots that AWS endpoints are signed by: Amazon Trust Services and Starfield. Reading the five of them
/// instead of the usual 145 saves about ten million instructions of a cold start.
const AMAZON: &[u8] = include_bytes!("../roots/amazon.pem");

/// A store of roots.
#[derive(Clone, Copy)]
pub(crate) enum Trust {
    /// For AWS: the roots of Amazon, or those in the file that `AWS_CA_BUNDLE` names, as for AWS's own tools.
    Amazon,
    /// For providers: the roots of a store made elsewhere, such as [`public`].
    Public(fn() -> RootCertStore),
}

/// Mozilla's roots, as this build knows them, or those in the file that `SSL_CERT_FILE` names, as for OpenSSL.
/// Named by nothing but the providers' client, so that functions that call none do not carry them.
pub(crate) fn public() -> RootCertStore {
    match named("SSL_CERT_FILE") {
        Some(pem) => read(&pem),
        None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
    }
}

fn named(variable: &str) -> Option<Vec<u8>> {
    let path = std::env::var_os(variable).filter(|path| !path.is_empty())?;
    // A file that cannot be read leaves nobody to believe: connections fail, and say so.
    Some(std::fs::read(path).unwrap_or_default())
}

fn read(pem: &[u8]) -> RootCertStore {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(CertificateDer::pem_slice_iter(pem).filter_map(Result::ok));
    store
}

fn amazon() -> RootCertStore {
    named("AWS_CA_BUNDLE").map_or_else(|| read(AMAZON), |pem| read(&pem))
}

/// AWS-LC with AES-128 before AES-256: its key schedule hashes half as much, which is half a million instructions of
/// a first connection, and both are approved without end (NIST SP 800-131A). `ChaCha20` is for machines without AES.
fn cryptography() -> CryptoProvider {
    let cipher_suites = vec![
        suite::TLS13_AES_128_GCM_SHA256,
        suite::TLS13_AES_256_GCM_SHA384,
        suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
        suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    ];
    CryptoProvider { cipher_suites, ..aws_lc_rs::default_provider() }
}

/// What makes connections to whom this store believes; made at the first of them.
pub(crate) fn connector(trust: Trust) -> Result<TlsConnector, &'static str> {
    let roots = match trust {
        Trust::Amazon => amazon(),
        Trust::Public(store) => store(),
    };
    let config = ClientConfig::builder_with_provider(Arc::new(cryptography()))
        .with_safe_default_protocol_versions()
        .map_err(|_| "cryptography")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_five_roots_of_amazon_are_read() {
        assert_eq!(read(AMAZON).len(), 5);
        assert!(connector(Trust::Amazon).is_ok());
    }

    #[test]
    fn the_roots_for_providers_are_those_of_the_build() {
        assert!(webpki_roots::TLS_SERVER_ROOTS.len() > 100);
        assert!(connector(Trust::Public(public)).is_ok());
    }

    #[test]
    fn a_file_without_certificates_is_believed_nothing() {
        assert!(read(b"nothing").is_empty());
    }
}
