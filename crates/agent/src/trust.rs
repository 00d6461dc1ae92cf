//! Whom the agent speaks to: only a server that the right authority vouches for. When it joins, the
//! authority is known by the fingerprint in the token; afterwards by its certificate.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use sha2::{Digest, Sha256};

use crate::identity::Identity;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum TrustError {
    #[error("the identity of this node cannot be used for TLS: {0}; delete it and join again")]
    Identity(String),
    #[error("cannot set TLS up")]
    Tls(#[from] rustls::Error),
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Returns how to speak to the server of a token, whose authority has this fingerprint.
pub fn joining(authority: [u8; 32]) -> Result<ClientConfig, TrustError> {
    let provider = provider();
    let pinned = Arc::new(Pinned { authority, provider: provider.clone() });
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(pinned)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Returns how to speak to the server that this node has joined.
pub fn joined(identity: &Identity) -> Result<ClientConfig, TrustError> {
    let wrong = |error: rustls::pki_types::pem::Error| TrustError::Identity(error.to_string());
    let pem = |text: &str| CertificateDer::from_pem_slice(text.as_bytes()).map_err(wrong);
    let mut roots = RootCertStore::empty();
    roots.add(pem(&identity.authority)?)?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).map_err(wrong)?;
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![pem(&identity.certificate)?], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Believes a server if the authority of this fingerprint is among what it shows and vouches for
/// it. All else is left to rustls.
#[derive(Debug)]
struct Pinned {
    authority: [u8; 32],
    provider: Arc<CryptoProvider>,
}

impl Pinned {
    /// Returns the verifier that trusts the authority alone, if it is among these.
    fn verifier(
        &self,
        shown: &[CertificateDer<'_>],
    ) -> Result<Arc<WebPkiServerVerifier>, rustls::Error> {
        let is_it = |one: &&CertificateDer<'_>| {
            <[u8; 32]>::from(Sha256::digest(one.as_ref())) == self.authority
        };
        let unknown = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let authority = shown.iter().find(is_it).ok_or(unknown)?;
        let mut roots = RootCertStore::empty();
        roots.add(authority.clone().into_owned())?;
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), self.provider.clone())
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verifier = self.verifier(intermediates)?;
        verifier.verify_server_cert(end_entity, &[], server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
