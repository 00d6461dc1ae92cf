//! Who this node is to the server: the key that it made, the certificate that it was given, and
//! the authority that it trusts. One file, written as a whole, that its owner alone reads.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use control::shipment::Joined;
use event::Time;
use rcgen::{CertificateParams, KeyPair};
use serde::{Deserialize, Serialize};

/// Version of the file.
const VERSION: u8 = 1;
/// Name of the file, within the agent's directory.
const FILE: &str = "identity.json";
/// Part of a certificate's life after which it is renewed: two thirds.
const RENEW_AFTER: (i64, i64) = (2, 3);

/// Who this node is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    v: u8,
    /// Name of the node.
    pub node: String,
    /// The server that it joined, `https://host:9701`.
    pub server: String,
    /// Its key, PEM.
    pub key: String,
    /// Its certificate, PEM.
    pub certificate: String,
    /// The certificate of the authority that it trusts, PEM.
    pub authority: String,
    /// When the certificate was made, by the server's clock.
    pub from: Time,
    /// When it ends.
    pub until: Time,
}

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum IdentityError {
    #[error("cannot use `{path}`")]
    File { path: PathBuf, source: io::Error },
    #[error("`{path}` is no identity of a node; delete it and join again")]
    Wrong { path: PathBuf },
    #[error("cannot make a key")]
    Key(#[from] rcgen::Error),
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({})", self.node)
    }
}

/// A key that was made, and the request for a certificate that it signed.
pub struct Asking {
    key: KeyPair,
    /// PKCS #10, PEM.
    pub request: String,
}

impl Asking {
    /// Makes a key.
    pub fn new() -> Result<Asking, IdentityError> {
        let key = KeyPair::generate()?;
        let request = CertificateParams::default().serialize_request(&key)?.pem()?;
        Ok(Asking { key, request })
    }

    /// Returns what the node is with the answer.
    pub fn answered(self, server: String, joined: Joined) -> Identity {
        let Joined { node, certificate, authority, from, until, .. } = joined;
        let key = self.key.serialize_pem();
        Identity { v: VERSION, node, server, key, certificate, authority, from, until }
    }
}

impl Identity {
    /// Reads the identity that an agent's directory holds, if it holds one.
    pub fn read(dir: &Path) -> Result<Option<Identity>, IdentityError> {
        let path = dir.join(FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(IdentityError::File { path, source }),
        };
        let read = serde_json::from_slice::<Identity>(&bytes).ok();
        match read.filter(|identity| identity.v == VERSION) {
            Some(identity) => Ok(Some(identity)),
            None => Err(IdentityError::Wrong { path }),
        }
    }

    /// Writes it into an agent's directory.
    pub fn write(&self, dir: &Path) -> Result<(), IdentityError> {
        let path = dir.join(FILE);
        let failed = |source| IdentityError::File { path: path.clone(), source };
        let new = path.with_extension("new");
        let _ = fs::remove_file(&new);
        let bytes = serde_json::to_vec(self).map_err(|error| failed(error.into()))?;
        let mut options = fs::OpenOptions::new();
        let mut file =
            options.write(true).create_new(true).mode(0o600).open(&new).map_err(failed)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&new, &path).map_err(failed)
    }

    /// Tells whether it is time for the next certificate.
    pub fn is_due(&self, now: Time) -> bool {
        let life = self.until.0.saturating_sub(self.from.0);
        let (part, of) = RENEW_AFTER;
        now.0 >= self.from.0.saturating_add(life / of * part)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn joined() -> Joined {
        let text = String::from("PEM");
        let (certificate, authority) = (text.clone(), text);
        let (from, until) = (Time(0), Time(30));
        Joined { v: 1, node: "n1".into(), certificate, authority, from, until }
    }

    #[test]
    fn an_identity_is_read_by_its_owner_alone_and_found_again() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Identity::read(dir.path()).unwrap(), None);
        let identity = Asking::new().unwrap().answered("https://a:1".into(), joined());
        identity.write(dir.path()).unwrap();
        identity.write(dir.path()).unwrap();
        let mode = fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(Identity::read(dir.path()).unwrap(), Some(identity.clone()));
        assert_eq!(format!("{identity:?}"), "Identity(n1)");
        fs::write(dir.path().join(FILE), "{}").unwrap();
        assert!(Identity::read(dir.path()).unwrap_err().to_string().contains("join again"));
    }

    #[test]
    fn a_certificate_is_renewed_when_a_third_of_its_life_is_left() {
        let identity = Asking::new().unwrap().answered(String::new(), joined());
        assert!(!identity.is_due(Time(19)) && identity.is_due(Time(20)));
    }

    #[test]
    fn an_identity_of_version_1_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let v1 = concat!(
            r#"{"v":1,"node":"n1","server":"https://a:9701","key":"K","certificate":"C","#,
            r#""authority":"A","from":"1970-01-01T00:00:00Z","until":"1970-01-01T00:00:01Z"}"#,
        );
        fs::write(dir.path().join(FILE), v1).unwrap();
        let identity = Identity::read(dir.path()).unwrap().unwrap();
        assert_eq!(serde_json::to_string(&identity).unwrap(), v1);
    }
}
