use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::KeyError;
use crate::secret::Secret;

/// A private key to log in with. Its `Debug` shows kind, fingerprint and origin only.
#[derive(Clone)]
pub struct PrivateKey {
    pub(crate) key: Arc<russh::keys::PrivateKey>,
    pub(crate) certificate: Option<Arc<russh::keys::Certificate>>,
    origin: String,
}

impl PrivateKey {
    /// Reads a key from its text: OpenSSH, PKCS#8, PKCS#1 or SEC1 armour. `origin` names it in messages
    /// (a path, or `temporary key`).
    pub fn parse(text: &Secret, passphrase: Option<&Secret>, origin: &str) -> Result<Self, KeyError> {
        let key = russh::keys::decode_secret_key(text.expose(), passphrase.map(Secret::expose))
            .map_err(|e| KeyError::Unreadable { origin: origin.to_owned(), cause: e.to_string() })?;
        Ok(Self { key: Arc::new(key), certificate: None, origin: origin.to_owned() })
    }

    /// The key with its certificate, one line as `ssh-keygen -s` writes it (`ssh_certificate_file`). `origin` names
    /// it in messages.
    pub fn with_certificate(mut self, text: &str, origin: &str) -> Result<Self, KeyError> {
        let unreadable = |cause: String| KeyError::Certificate { origin: origin.to_owned(), cause };
        let certificate =
            russh::keys::Certificate::from_openssh(text.trim()).map_err(|e| unreadable(e.to_string()))?;
        if certificate.public_key() != self.key.public_key().key_data() {
            return Err(unreadable(format!("it belongs to another key than {}", self.origin)));
        }
        // russh signs these with SHA-1, which servers have refused since OpenSSH 8.8; an agent signs with SHA-2.
        if self.key.algorithm().is_rsa() {
            return Err(unreadable(
                "certificates of RSA keys work through an SSH agent only (ssh_agent_auth)".to_owned(),
            ));
        }
        self.certificate = Some(Arc::new(certificate));
        Ok(self)
    }

    /// The algorithm's name, for example `ssh-ed25519`.
    pub fn algorithm(&self) -> String {
        self.key.algorithm().as_str().to_owned()
    }

    /// The fingerprint as `SHA256:...`.
    pub fn fingerprint(&self) -> String {
        self.key.fingerprint(russh::keys::HashAlg::Sha256).to_string()
    }

    /// The public half as one line for `authorized_keys`, without a newline.
    pub fn public_openssh(&self) -> String {
        self.key.public_key().to_openssh().unwrap_or_default()
    }

    /// Where the key came from.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({} {} from {})", self.algorithm(), self.fingerprint(), self.origin)
    }
}

/// What kind of temporary key to make (`temporary_key_pair_type`, `temporary_key_pair_bits`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum KeyKind {
    /// Ed25519: made in microseconds; our default.
    #[default]
    Ed25519,
    /// RSA with the given number of bits (2048 to 16384).
    Rsa {
        /// Modulus size.
        bits: usize,
    },
    /// ECDSA on a NIST curve of 256, 384 or 521 bits.
    Ecdsa {
        /// Curve size.
        bits: usize,
    },
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyKind::Ed25519 => f.write_str("ed25519"),
            KeyKind::Rsa { bits } => write!(f, "rsa {bits}"),
            KeyKind::Ecdsa { bits } => write!(f, "ecdsa {bits}"),
        }
    }
}

/// A temporary key pair.
#[derive(Clone, Debug)]
pub struct KeyPair {
    private: PrivateKey,
    text: Secret,
}

impl KeyPair {
    /// Makes a key pair. Blocking: RSA may take seconds, Ed25519 and ECDSA take no time.
    ///
    /// The key is random by nature, so it comes from the operating system's generator.
    pub fn generate(kind: KeyKind, comment: &str) -> Result<Self, KeyError> {
        generate(kind, comment)
    }

    /// Reads back what [`Self::private_openssh`] gave.
    pub fn parse(text: Secret) -> Result<Self, KeyError> {
        let private = PrivateKey::parse(&text, None, "temporary key")?;
        Ok(Self { private, text })
    }

    /// The key to log in with.
    pub fn private(&self) -> &PrivateKey {
        &self.private
    }

    /// The line for `authorized_keys`, without a newline.
    pub fn public_openssh(&self) -> String {
        self.private.public_openssh()
    }

    /// The private key as OpenSSH text, ending in a newline.
    pub fn private_openssh(&self) -> &Secret {
        &self.text
    }
}

fn generate(kind: KeyKind, comment: &str) -> Result<KeyPair, KeyError> {
    use russh::keys::ssh_key::private::{KeypairData, RsaKeypair};
    use russh::keys::{Algorithm, EcdsaCurve, ssh_key::LineEnding};

    let failed = |cause: String| KeyError::Generate { kind: kind.to_string(), cause };
    let mut rng = russh::keys::key::safe_rng();
    let mut key = match kind {
        KeyKind::Ed25519 => russh::keys::PrivateKey::random(&mut rng, Algorithm::Ed25519),
        KeyKind::Ecdsa { bits } => {
            let curve = match bits {
                256 => EcdsaCurve::NistP256,
                384 => EcdsaCurve::NistP384,
                521 => EcdsaCurve::NistP521,
                _ => return Err(failed("the curve size must be 256, 384 or 521".to_owned())),
            };
            russh::keys::PrivateKey::random(&mut rng, Algorithm::Ecdsa { curve })
        }
        KeyKind::Rsa { bits } if !(2048..=16384).contains(&bits) => {
            return Err(failed("the number of bits must be between 2048 and 16384".to_owned()));
        }
        KeyKind::Rsa { bits } => RsaKeypair::random(&mut rng, bits)
            .and_then(|pair| russh::keys::PrivateKey::new(KeypairData::from(pair), "")),
    }
    .map_err(|e| failed(e.to_string()))?;
    key.set_comment(comment);
    let text = key.to_openssh(LineEnding::LF).map_err(|e| failed(e.to_string()))?;
    Ok(KeyPair {
        text: Secret::new(text.as_str()),
        private: PrivateKey { key: Arc::new(key), certificate: None, origin: "temporary key".to_owned() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_keys_read_back_and_hide_themselves() {
        for kind in [KeyKind::Ed25519, KeyKind::Ecdsa { bits: 256 }, KeyKind::Ecdsa { bits: 521 }] {
            let pair = KeyPair::generate(kind, "goldsmith").unwrap();
            let again = PrivateKey::parse(pair.private_openssh(), None, "a test").unwrap();
            assert_eq!(again.fingerprint(), pair.private().fingerprint());
            let again = KeyPair::parse(pair.private_openssh().clone()).unwrap();
            assert_eq!(again.public_openssh(), pair.public_openssh());
            assert!(pair.public_openssh().ends_with(" goldsmith"), "{}", pair.public_openssh());
            assert!(!format!("{pair:?}").contains("BEGIN"));
        }
    }

    #[test]
    fn bad_keys_are_named() {
        let error =
            PrivateKey::parse(&Secret::new("not a key"), None, "/home/u/key").unwrap_err().to_string();
        assert!(error.contains("/home/u/key") && !error.contains("not a key"), "{error}");
        assert!(KeyPair::generate(KeyKind::Ecdsa { bits: 255 }, "").is_err());
        assert!(KeyPair::generate(KeyKind::Rsa { bits: 512 }, "").is_err());
    }
}
