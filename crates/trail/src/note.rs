//! Signed checkpoints: C2SP signed notes with Ed25519, and the key they are signed with.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};

use crate::merkle::Hash;

/// Longest checkpoint file that is read.
pub const NOTE_BYTES_MAX: u64 = 16 * 1024;

/// Algorithm byte of Ed25519 in key ids and verifier keys.
const ED25519: u8 = 1;

/// The state of the log at one size, as it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the log.
    pub origin: String,
    /// Number of blocks.
    pub size: u64,
    /// Root over their roots.
    pub root: Hash,
}

/// What signs checkpoints.
pub struct Signer {
    key: SigningKey,
    verifier: Verifier,
}

/// What checks them. Printed in the form of C2SP verifier keys, `name+id+key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

/// Why a signing key could not be had.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum KeyError {
    #[error("cannot read or make the signing key `{path}`")]
    Io { path: String, source: std::io::Error },
    #[error("`{path}` holds no Ed25519 key in PKCS#8 PEM")]
    Form { path: String },
    #[error("`{path}` is readable by others (mode {mode:o}); chmod it to 600")]
    Open { path: String, mode: u32 },
    #[error("the trail has entries but the signing key `{path}` is missing; put it back")]
    Missing { path: String },
    #[error("`{0}` is no name for a log: it needs letters, and neither spaces nor `+`")]
    Name(String),
}

/// Why a checkpoint was not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "each message says it")]
pub enum NoteError {
    #[error("it is not in the form of a checkpoint")]
    Form,
    #[error("it is of the log `{0}`")]
    Origin(String),
    #[error("it has no signature by the key of this trail")]
    Unsigned,
    #[error("its signature does not match")]
    Signature,
}

impl Checkpoint {
    /// Returns the text that is signed.
    pub fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    fn parse(body: &str) -> Option<Checkpoint> {
        let mut lines = body.strip_suffix('\n')?.split('\n');
        let origin = lines.next().filter(|origin| !origin.is_empty())?.to_owned();
        let size = lines.next()?.parse().ok()?;
        let root = STANDARD.decode(lines.next()?).ok()?.try_into().ok()?;
        let checkpoint = Checkpoint { origin, size, root };
        (lines.next().is_none() && checkpoint.body() == body).then_some(checkpoint)
    }
}

impl Signer {
    /// Reads the key from a file, or makes one there that only its owner may read.
    pub fn open(path: &Path, name: &str, make: Make) -> Result<Signer, KeyError> {
        check_name(name)?;
        let io = |source| KeyError::Io { path: path.display().to_string(), source };
        let key = match File::open(path) {
            Ok(file) => read_key(file, path)?,
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error)),
            Err(_) if make == Make::Never => {
                return Err(KeyError::Missing { path: path.display().to_string() });
            }
            Err(_) => make_key(path).map_err(io)?,
        };
        Ok(Signer { verifier: Verifier::new(name, key.verifying_key()), key })
    }

    /// Returns what checks this signer's signatures.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Signs a checkpoint.
    pub fn sign(&self, checkpoint: &Checkpoint) -> [u8; 64] {
        self.key.sign(checkpoint.body().as_bytes()).to_bytes()
    }
}

impl fmt::Debug for Signer {
    /// Shows no key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

/// Whether a missing key is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Make {
    /// It is: the trail is new.
    Missing,
    /// It is not: the trail has entries, signed by it.
    Never,
}

impl Verifier {
    fn new(name: &str, key: VerifyingKey) -> Verifier {
        let mut hash = Sha256::new();
        hash.update(name.as_bytes());
        hash.update([b'\n', ED25519]);
        hash.update(key.as_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let [a, b, c, d, ..] = digest;
        Verifier { name: name.to_owned(), id: [a, b, c, d], key }
    }

    /// Name of the log.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Tells whether the signature is this key's, over this checkpoint.
    pub fn accepts(&self, checkpoint: &Checkpoint, signature: &[u8; 64]) -> bool {
        let signature = Signature::from_bytes(signature);
        self.key.verify_strict(checkpoint.body().as_bytes(), &signature).is_ok()
    }

    /// Returns the signed note of a checkpoint.
    pub fn note(&self, checkpoint: &Checkpoint, signature: &[u8; 64]) -> String {
        let mut bytes = self.id.to_vec();
        bytes.extend(signature);
        format!("{}\n— {} {}\n", checkpoint.body(), self.name, STANDARD.encode(bytes))
    }

    /// Reads a signed note and checks this key's signature. Signatures of others are passed over.
    pub fn open(&self, note: &str) -> Result<Checkpoint, NoteError> {
        let at = note.rfind("\n\n").ok_or(NoteError::Form)?;
        let (body, signatures) = (&note[..=at], &note[at + 2..]);
        let checkpoint = Checkpoint::parse(body).ok_or(NoteError::Form)?;
        let lines = signatures.strip_suffix('\n').ok_or(NoteError::Form)?.split('\n');
        let mut ours = None;
        for line in lines {
            let line = line.strip_prefix("— ").ok_or(NoteError::Form)?;
            let (name, text) = line.split_once(' ').ok_or(NoteError::Form)?;
            let bytes = STANDARD.decode(text).map_err(|_| NoteError::Form)?;
            let (id, signature) = bytes.split_at_checked(4).ok_or(NoteError::Form)?;
            if name == self.name && id == self.id {
                ours = <[u8; 64]>::try_from(signature).ok();
            }
        }
        if checkpoint.origin != self.name {
            return Err(NoteError::Origin(checkpoint.origin));
        }
        let signature = ours.ok_or(NoteError::Unsigned)?;
        if !self.accepts(&checkpoint, &signature) {
            return Err(NoteError::Signature);
        }
        Ok(checkpoint)
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, crate::hex::encode(&self.id), STANDARD.encode(bytes))
    }
}

impl FromStr for Verifier {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        let mut parts = text.splitn(3, '+');
        let mut part = || parts.next().ok_or(NoteError::Form);
        let (name, id, key) = (part()?, part()?, part()?);
        check_name(name).map_err(|_| NoteError::Form)?;
        let bytes = STANDARD.decode(key).map_err(|_| NoteError::Form)?;
        let (&algorithm, key) = bytes.split_first().ok_or(NoteError::Form)?;
        let key: [u8; 32] = key.try_into().map_err(|_| NoteError::Form)?;
        let key = VerifyingKey::from_bytes(&key).map_err(|_| NoteError::Form)?;
        let verifier = Verifier::new(name, key);
        let same = algorithm == ED25519 && id == crate::hex::encode(&verifier.id);
        if same && !key.is_weak() { Ok(verifier) } else { Err(NoteError::Form) }
    }
}

fn check_name(name: &str) -> Result<(), KeyError> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    let fits = !name.is_empty() && name.len() <= 256 && !name.contains(bad);
    if fits { Ok(()) } else { Err(KeyError::Name(name.to_owned())) }
}

fn read_key(mut file: File, path: &Path) -> Result<SigningKey, KeyError> {
    let path_text = || path.display().to_string();
    let io = |source| KeyError::Io { path: path_text(), source };
    let mode = file.metadata().map_err(io)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Open { path: path_text(), mode });
    }
    let mut pem = String::new();
    (&mut file).take(NOTE_BYTES_MAX).read_to_string(&mut pem).map_err(io)?;
    SigningKey::from_pkcs8_pem(&pem).map_err(|_| KeyError::Form { path: path_text() })
}

/// Makes a key and has it on disk before anything is signed with it.
fn make_key(path: &Path) -> std::io::Result<SigningKey> {
    let mut secret = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut secret)?;
    let key = SigningKey::from_bytes(&secret);
    // Version 1 of PKCS#8, without the public key, is what every tool reads.
    let pair = KeypairBytes { secret_key: secret, public_key: None };
    let pem = pair.to_pkcs8_pem(LineEnding::LF).map_err(std::io::Error::other)?;
    let dir = path.parent().unwrap_or(Path::new("."));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let fresh = path.with_extension("tmp");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(pem.as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    File::open(dir)?.sync_all()?;
    Ok(key)
}
