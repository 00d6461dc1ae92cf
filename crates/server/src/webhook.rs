//! What a kube-apiserver needs to deliver here: a token of its own and a file that holds it.

use std::io::Write;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use event::Time;

use crate::private::{NewToken, Private, Scope};

/// Name of the file, within the data directory.
pub const FILE: &str = "audit-webhook.yaml";
const TOKEN_NAME: &str = "kube-apiserver";

/// The file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The token could not be made.
    #[error(transparent)]
    Private(#[from] crate::private::Error),
    /// The file could not be written.
    #[error("cannot write `{path}`")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// Writes the file on the first start, with a new token. Later starts leave both alone: whoever
/// deleted the file or revoked the token had a reason.
pub fn prepare(
    data: &Path,
    private: &Private,
    url: &str,
    certificate: Option<&Path>,
    made_by: &str,
    now: Time,
) -> Result<Option<NewToken>, WebhookError> {
    let path = data.join(FILE);
    let known = private.tokens()?.iter().any(|token| token.name == TOKEN_NAME);
    if known || path.exists() {
        return Ok(None);
    }
    let failed = |source| WebhookError::Write { path: path.clone(), source };
    let authority = certificate.map(std::fs::read).transpose().map_err(failed)?;
    let made = private.make_token(TOKEN_NAME, &[Scope::Intake], made_by, now)?;
    let text = kubeconfig(url, made.bearer.reveal(), authority.as_deref());
    write_private(&path, &text).map_err(failed)?;
    Ok(Some(made))
}

fn kubeconfig(url: &str, token: &str, authority: Option<&[u8]>) -> String {
    // The API server sends a user's token over TLS only; over plain HTTP it sends what stands in
    // the address itself. Both are written, so that the file stays right when TLS comes.
    let url = match url.strip_prefix("http://") {
        Some(rest) => format!("http://audit:{token}@{rest}"),
        None => url.to_owned(),
    };
    let authority = authority.map_or_else(String::new, |pem| {
        format!("\n      certificate-authority-data: {}", STANDARD.encode(pem))
    });
    format!(
        "# For kube-apiserver: --audit-webhook-config-file=THIS_FILE\n\
         apiVersion: v1\n\
         kind: Config\n\
         clusters:\n\
         \x20 - name: sockeye\n\
         \x20   cluster:\n\
         \x20     server: {url}/k8s-audit{authority}\n\
         users:\n\
         \x20 - name: kube-apiserver\n\
         \x20   user:\n\
         \x20     token: {token}\n\
         contexts:\n\
         \x20 - name: sockeye\n\
         \x20   context:\n\
         \x20     cluster: sockeye\n\
         \x20     user: kube-apiserver\n\
         current-context: sockeye\n"
    )
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_server_gets_one_file_with_one_token() {
        let dir = tempfile::tempdir().unwrap();
        let private = Private::open(&dir.path().join("private.db")).unwrap();
        let prepare = || {
            prepare(dir.path(), &private, "http://127.0.0.1:9700", None, "root", Time(0)).unwrap()
        };
        let made = prepare().unwrap();
        let text = std::fs::read_to_string(dir.path().join(FILE)).unwrap();
        expect_test::expect![[r"
            # For kube-apiserver: --audit-webhook-config-file=THIS_FILE
            apiVersion: v1
            kind: Config
            clusters:
              - name: sockeye
                cluster:
                  server: http://audit:SECRET@127.0.0.1:9700/k8s-audit
            users:
              - name: kube-apiserver
                user:
                  token: SECRET
            contexts:
              - name: sockeye
                context:
                  cluster: sockeye
                  user: kube-apiserver
            current-context: sockeye
        "]]
        .assert_eq(&text.replace(made.bearer.reveal(), "SECRET"));
        assert!(prepare().is_none());
        std::fs::remove_file(dir.path().join(FILE)).unwrap();
        assert!(prepare().is_none());
    }
}
