//! The guest over WinRM.

use std::path::Path;

use async_trait::async_trait;
use goldsmith_guest::{Stream, WinrmError, WinrmSession};

use crate::error::{Context as _, StepError};
use crate::journal::LogStream;
use crate::pipeline::StepContext;
use crate::provision::{Communicator, Exit, sentence};

/// A Windows guest that takes a login over WinRM.
pub struct WinrmGuest {
    session: WinrmSession,
}

impl WinrmGuest {
    /// Over this session.
    pub fn new(session: WinrmSession) -> Self {
        Self { session }
    }

    /// The session.
    pub fn session(&self) -> &WinrmSession {
        &self.session
    }
}

/// Sentences, with what to do about the usual causes.
pub(crate) fn winrm_error(error: &WinrmError) -> StepError {
    let told = StepError::guest(sentence(&error.to_string()));
    match error {
        WinrmError::Cancelled => StepError::cancelled(),
        WinrmError::LoginRefused { offered, .. } if offered.iter().all(|method| method != "Basic") => told.hint(
            "Set winrm_use_ntlm = true, or allow basic authentication in the guest (winrm set winrm/config/service/auth @{Basic=\"true\"}).",
        ),
        WinrmError::LoginRefused { .. } => told.hint("Check winrm_username and winrm_password."),
        _ => told,
    }
}

#[async_trait]
impl Communicator for WinrmGuest {
    async fn exec(
        &self,
        cx: &StepContext,
        command: &str,
        on_line: &mut (dyn for<'l> FnMut(LogStream, &'l str) + Send),
    ) -> Result<Exit, StepError> {
        let mut lines = |stream, line: &str| {
            on_line(if stream == Stream::Stdout { LogStream::Stdout } else { LogStream::Stderr }, line);
        };
        match self.session.exec(command, cx.cancel(), &mut lines).await {
            Ok(code) => Ok(Exit { code: Some(code) }),
            Err(WinrmError::Interrupted { .. }) => Ok(Exit { code: None }),
            Err(error) => Err(winrm_error(&error)),
        }
    }

    async fn write(&self, cx: &StepContext, bytes: &[u8], to: &str, _: u32) -> Result<(), StepError> {
        self.session.upload(bytes, to, cx.cancel()).await.map_err(|error| winrm_error(&error))
    }

    async fn upload(&self, cx: &StepContext, from: &Path, to: &str) -> Result<(), StepError> {
        let bytes = std::fs::read(from).input(|| format!("Cannot upload {}", from.display()))?;
        self.write(cx, &bytes, to, 0o644).await
    }

    async fn upload_dir(&self, cx: &StepContext, from: &str, to: &str) -> Result<(), StepError> {
        let root = Path::new(from);
        let inside = from.ends_with('/');
        let name = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let to = if inside { to.to_owned() } else { format!("{}/{name}", to.trim_end_matches('/')) };
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            let wrong = || format!("Cannot upload {}", folder.display());
            for entry in std::fs::read_dir(&folder).input(wrong)? {
                let path = entry.input(wrong)?.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let inner = path.strip_prefix(root).unwrap_or(&path).display().to_string();
                self.upload(cx, &path, &format!("{}/{inner}", to.trim_end_matches('/'))).await?;
            }
        }
        Ok(())
    }

    async fn download(&self, cx: &StepContext, from: &str, to: &Path) -> Result<(), StepError> {
        let bytes = self.session.download(from, cx.cancel()).await.map_err(|error| winrm_error(&error))?;
        std::fs::write(to, bytes).environment(|| format!("Cannot write {}", to.display()))
    }

    async fn download_dir(&self, _: &StepContext, from: &str, _: &Path) -> Result<(), StepError> {
        Err(StepError::input(format!("The folder {from} cannot be downloaded over WinRM."))
            .hint("Pack it in the guest (Compress-Archive) and download the file."))
    }

    async fn reconnect(&self, _: &StepContext) -> Result<(), StepError> {
        self.session.reconnect().await;
        Ok(())
    }
}
