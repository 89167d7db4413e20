//! An SSH server on 127.0.0.1 that passes everything on to the guest, for programs of this computer.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use goldsmith_guest::{Adapter, AdapterKeys, KeyKind, KeyPair};
use goldsmith_template::Text;

use crate::error::{Context as _, StepError};
use crate::holes::fill;
use crate::provision::{ProvisionContext, sentence};

/// What is asked for.
pub(crate) struct Wish<'a> {
    /// Who will use it, for messages.
    pub(crate) who: &'a str,
    /// The kind of the keys that are made.
    pub(crate) kind: KeyKind,
    /// Its private host key; one is made when there is none.
    pub(crate) host_key_file: Option<&'a Text>,
    /// The public key that may log in; a pair is made when there is none.
    pub(crate) authorized_key_file: Option<&'a Text>,
    /// Its port; any free one when 0.
    pub(crate) port: u16,
    /// Who may log in.
    pub(crate) user: String,
    /// The program in the guest that serves SFTP.
    pub(crate) sftp: &'a str,
}

/// The server, until this is dropped.
pub(crate) struct Served {
    pub(crate) port: u16,
    pub(crate) user: String,
    /// The private key that may log in, mode 0600, in the build's own folder; none when the template gave its public
    /// half.
    pub(crate) key: Option<PathBuf>,
    _adapter: Adapter,
}

/// Writes a private file in the build's own folder.
pub(crate) fn key_file(cx: &ProvisionContext, key: &str) -> Result<PathBuf, StepError> {
    let path = cx.step.runtime().join(format!("key-{}", cx.step.fresh()));
    write_private(&path, key).environment(|| format!("Cannot write {}", path.display()))?;
    Ok(path)
}

/// Writes a new file that only its owner can read.
pub(crate) fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?
        .write_all(text.as_bytes())
}

/// Starts it.
pub(crate) async fn serve(cx: &ProvisionContext, wish: Wish<'_>) -> Result<Served, StepError> {
    let guest = cx.guest()?.ssh().ok_or_else(|| {
        StepError::input(format!("{}'s adapter needs a guest that is reached by SSH.", wish.who))
    })?;
    let wrong = |error: goldsmith_guest::KeyError| StepError::input(sentence(&error.to_string()));
    let read = |file: &Text| {
        let path = cx.step.absolute(fill(file, &cx.names, &[])?);
        std::fs::read_to_string(&path).input(|| format!("Cannot read {}", path.display()))
    };
    let host_private = match wish.host_key_file {
        Some(file) => read(file)?,
        None => KeyPair::generate(wish.kind, "adapter").map_err(wrong)?.private_openssh().expose().to_owned(),
    };
    let (client_public, key) = match wish.authorized_key_file {
        Some(file) => (read(file)?, None),
        None => {
            let pair = KeyPair::generate(wish.kind, "client").map_err(wrong)?;
            let private = pair.private_openssh().expose().to_owned();
            cx.step.build().journal.redactor().add([&private]);
            (pair.public_openssh(), Some(key_file(cx, &private)?))
        }
    };
    let keys = AdapterKeys { host_private, client_public };
    let adapter = Adapter::start(guest, wish.port, &wish.user, &keys, wish.sftp)
        .await
        .environment(|| "Cannot start the SSH adapter on 127.0.0.1".to_owned())?;
    let port = adapter.port();
    cx.step.say(format!("{} reaches the guest through 127.0.0.1:{port}.", wish.who));
    Ok(Served { port, user: wish.user, key, _adapter: adapter })
}
