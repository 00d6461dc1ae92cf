//! The authority that vouches for nodes and, to them, for this server: a key and a certificate of
//! our own, files in the data directory that their owner alone reads. Nobody else trusts it.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use control::shipment::SERVER_NAME;
use event::Time;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

/// Folder within the data directory.
const FOLDER: &str = "nodes";
const CERTIFICATE: &str = "authority.pem";
const KEY: &str = "authority.key";
const DAY: i64 = 24 * 60 * Time::MINUTE;
/// Days for which the authority itself holds.
const AUTHORITY_DAYS: i64 = 10 * 365;
/// Days for which this server's certificate holds, which is made anew at each start.
const SERVER_DAYS: i64 = 825;
/// By how much the clock of a node may be behind ours, and certificates hold for it.
const BEHIND_MAX: i64 = DAY;

/// The authority, ready to sign.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
}

/// Why there is no authority.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum AuthorityError {
    #[error("cannot use `{path}`")]
    File { path: PathBuf, source: std::io::Error },
    #[error(
        "`{path}` holds no authority for nodes; put the right files back, or delete both and have \
         every node join again"
    )]
    Wrong { path: PathBuf, reason: String },
    #[error("cannot make a certificate")]
    Make(#[from] rcgen::Error),
    #[error("cannot set TLS up for nodes")]
    Tls(#[from] rustls::Error),
    #[error("cannot set TLS up for nodes: {0}")]
    Verifier(String),
}

/// A certificate that was made.
#[derive(Debug)]
pub struct Signed {
    /// PEM.
    pub pem: String,
    /// SHA-256 of its DER.
    pub fingerprint: [u8; 32],
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}

impl Authority {
    /// Opens the authority of a data directory; makes one if there is none.
    pub fn open(data: &Path, environment: &str, now: Time) -> Result<Authority, AuthorityError> {
        let folder = data.join(FOLDER);
        let (certificate, key) = (folder.join(CERTIFICATE), folder.join(KEY));
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| AuthorityError::File { path, source }
        };
        if !key.try_exists().map_err(failed(&key))? {
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&folder)
                .map_err(failed(&folder))?;
            let (pem, made) = make(environment, now)?;
            // The key comes last: with it, both are there.
            write_private(&certificate, &pem).map_err(failed(&certificate))?;
            write_private(&key, &made.serialize_pem()).map_err(failed(&key))?;
        }
        let read = |path: &Path| std::fs::read_to_string(path).map_err(failed(path));
        let (pem, key_pem) = (read(&certificate)?, read(&key)?);
        let wrong = |path: &Path, reason: &dyn std::fmt::Display| AuthorityError::Wrong {
            path: path.to_owned(),
            reason: reason.to_string(),
        };
        let pair = KeyPair::from_pem(&key_pem).map_err(|error| wrong(&key, &error))?;
        let issuer =
            Issuer::from_ca_cert_pem(&pem, pair).map_err(|error| wrong(&certificate, &error))?;
        let der = CertificateDer::from_pem_slice(pem.as_bytes())
            .map_err(|error| wrong(&certificate, &error))?;
        Ok(Authority { issuer, certificate: der, pem })
    }

    /// Returns its certificate, PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Returns the SHA-256 of its certificate.
    pub fn fingerprint(&self) -> [u8; 32] {
        fingerprint(&self.certificate)
    }

    /// Makes a certificate for the key of a request, which has signed the request. Whatever else
    /// was asked for, it says what we say.
    pub fn sign(
        &self,
        request: &str,
        node: &str,
        (now, until): (Time, Time),
    ) -> Result<Signed, rcgen::Error> {
        let request = CertificateSigningRequestParams::from_pem(request)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = named(node);
        params.not_before = date(now.plus(-BEHIND_MAX));
        params.not_after = date(until);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        let made = params.signed_by(&request.public_key, &self.issuer)?;
        Ok(Signed { pem: made.pem(), fingerprint: fingerprint(made.der()) })
    }

    /// Returns how the listener for nodes speaks TLS: with a certificate of this authority, and
    /// with callers who show one of it, or none in order to join.
    pub fn server_config(&self, now: Time) -> Result<ServerConfig, AuthorityError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new([SERVER_NAME.to_owned()])?;
        params.distinguished_name = named(SERVER_NAME);
        params.not_before = date(now.plus(-BEHIND_MAX));
        params.not_after = date(now.plus(SERVER_DAYS * DAY));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let leaf = params.signed_by(&key, &self.issuer)?;
        let chain = vec![leaf.der().clone(), self.certificate.clone()];
        let key = PrivateKeyDer::try_from(key.serialize_der())
            .map_err(|error| AuthorityError::Verifier(error.to_owned()))?;
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone())?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
                .allow_unauthenticated()
                .build()
                .map_err(|error| AuthorityError::Verifier(error.to_string()))?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

/// Returns the SHA-256 of a certificate.
pub fn fingerprint(certificate: &CertificateDer<'_>) -> [u8; 32] {
    Sha256::digest(certificate.as_ref()).into()
}

fn make(environment: &str, now: Time) -> Result<(String, KeyPair), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.distinguished_name = named(&format!("Sockeye nodes, {environment}"));
    params.not_before = date(now.plus(-BEHIND_MAX));
    params.not_after = date(now.plus(AUTHORITY_DAYS * DAY));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    Ok((params.self_signed(&key)?.pem(), key))
}

fn named(name: &str) -> rcgen::DistinguishedName {
    let mut named = rcgen::DistinguishedName::new();
    named.push(DnType::CommonName, name);
    named
}

/// Returns a time as certificates have it, to the second.
fn date(time: Time) -> OffsetDateTime {
    let seconds = time.0.div_euclid(Time::SECOND);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const NOW: Time = Time(1_800_000_000 * Time::SECOND);

    #[test]
    fn an_authority_is_made_once_and_read_by_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let first = Authority::open(dir.path(), "test", NOW).unwrap().fingerprint();
        assert_eq!(Authority::open(dir.path(), "test", NOW).unwrap().fingerprint(), first);
        for name in [CERTIFICATE, KEY] {
            let path = dir.path().join(FOLDER).join(name);
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
            let kept = std::fs::read(&path).unwrap();
            std::fs::write(&path, "nothing").unwrap();
            let refused = Authority::open(dir.path(), "test", NOW).unwrap_err().to_string();
            assert!(refused.contains(name), "{refused}");
            std::fs::write(&path, kept).unwrap();
        }
    }

    #[test]
    fn a_request_gets_what_we_say_and_not_what_it_asks_for() {
        let dir = tempfile::tempdir().unwrap();
        let authority = Authority::open(dir.path(), "test", NOW).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut asked = CertificateParams::new([SERVER_NAME.to_owned()]).unwrap();
        asked.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        asked.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let request = asked.serialize_request(&key).unwrap().pem().unwrap();
        let period = (NOW, NOW.plus(DAY));
        let signed = authority.sign(&request, "n1", period).unwrap();
        let der = CertificateDer::from_pem_slice(signed.pem.as_bytes()).unwrap();
        let held = |needle: &[u8]| der.windows(needle.len()).any(|window| window == needle);
        assert!(held(b"n1") && !held(SERVER_NAME.as_bytes()));
        // It is no authority and vouches for no server.
        let fake = Issuer::from_ca_cert_der(&der, key);
        assert!(fake.is_err() || !held(&[0x2b, 6, 1, 5, 5, 7, 3, 1]));
        assert!(authority.sign("nothing", "n1", period).is_err());
    }
}
