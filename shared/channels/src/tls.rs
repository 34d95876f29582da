//! TLS as every connection of our own has it: rustls with ring, and certificates of the public web's houses.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The public web's houses.
pub(crate) fn public_roots() -> RootCertStore {
    webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()
}

/// TLS with a certificate of this name; `None` where there is none that fits.
pub(crate) async fn secured<S: AsyncRead + AsyncWrite + Unpin>(
    name: ServerName<'static>,
    stream: S,
    roots: RootCertStore,
) -> Option<TlsStream<S>> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.ok()
}
