//! How a node joins: a token that names the server's authority, and what is exchanged for it.

use std::fmt;
use std::str::FromStr;

use event::Time;
use serde::{Deserialize, Serialize};

/// Longest name of a node, as of a DNS name's.
const NODE_BYTES_MAX: usize = 253;
/// What a token of this version begins with.
const PREFIX: &str = "sockeye-join-1";
/// Longest secret of a token.
const SECRET_BYTES_MAX: usize = 128;

/// What an administrator hands to a new node: whom to trust, and a secret that works once.
#[derive(Clone, PartialEq, Eq)]
pub struct JoinToken {
    /// SHA-256 of the authority's certificate, in DER.
    pub authority: [u8; 32],
    /// The secret.
    pub secret: String,
}

/// A text is no join token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no join token; `sockeye nodes add NAME` on the server prints one")]
pub struct JoinError;

/// Asks for a certificate, by the secret of a token. Sent without one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinRequest {
    /// Version, [`super::VERSION`].
    pub v: u8,
    /// The token's secret.
    pub secret: String,
    /// PKCS #10 request, PEM; the key stays where it was made.
    pub request: String,
    /// Version of the program that asks.
    pub agent: String,
}

/// Asks for the next certificate, by the one that is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewRequest {
    /// Version, [`super::VERSION`].
    pub v: u8,
    /// PKCS #10 request, PEM.
    pub request: String,
}

/// A certificate was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// Version, [`super::VERSION`].
    pub v: u8,
    /// Name of the node.
    pub node: String,
    /// The node's certificate, PEM.
    pub certificate: String,
    /// The authority's, PEM.
    pub authority: String,
    /// When it was made, by the server's clock.
    pub from: Time,
    /// When it ends.
    pub until: Time,
}

/// Tells whether a node may be called so: what the kernel allows a host to be called.
pub fn is_node_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let ends = name.bytes().next().zip(name.bytes().next_back());
    ends.is_some_and(|(first, last)| first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric())
        && name.len() <= NODE_BYTES_MAX
        && name.bytes().all(plain)
}

impl fmt::Display for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}.")?;
        self.authority.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        write!(f, ".{}", self.secret)
    }
}

impl fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinToken(…)")
    }
}

impl FromStr for JoinToken {
    type Err = JoinError;

    fn from_str(text: &str) -> Result<JoinToken, JoinError> {
        let rest = text.trim().strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix('.'));
        let (digits, secret) = rest.and_then(|rest| rest.split_once('.')).ok_or(JoinError)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let (bytes, length) = (digits.as_bytes(), secret.len());
        if bytes.len() != 64 || length == 0 || length > SECRET_BYTES_MAX {
            return Err(JoinError);
        }
        if !secret.bytes().all(plain) || !bytes.iter().all(u8::is_ascii_hexdigit) {
            return Err(JoinError);
        }
        let mut authority = [0; 32];
        for (byte, pair) in authority.iter_mut().zip(digits.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| JoinError)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| JoinError)?;
        }
        Ok(JoinToken { authority, secret: secret.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_version_1_is_read_and_written_as_it_was() {
        let text = format!("sockeye-join-1.{}.a-b_C9", "0af1".repeat(16));
        let token: JoinToken = text.parse().unwrap();
        assert_eq!((token.authority[0], token.authority[31]), (0x0a, 0xf1));
        assert_eq!(token.to_string(), text);
        assert_eq!(format!("{token:?}"), "JoinToken(…)");
        for wrong in ["", "sockeye-join-2.00.a", "sockeye-join-1.00.a", "sockeye-join-1"] {
            assert_eq!(wrong.parse::<JoinToken>(), Err(JoinError));
        }
        assert!(text.replace("0af1", "é+").parse::<JoinToken>().is_err());
    }

    #[test]
    fn a_node_is_called_as_a_host_may_be() {
        for good in ["n1", "node-1.eu.example.org", "ip-10-0-0-1", "a_b"] {
            assert!(is_node_name(good), "{good}");
        }
        for wrong in ["", "-a", "a.", "a b", "a/b", "é", "a\n", &"a".repeat(254)] {
            assert!(!is_node_name(wrong), "{wrong}");
        }
    }
}
