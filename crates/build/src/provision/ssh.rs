//! The guest over SSH.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use goldsmith_guest::{Session, SessionError, Stream, TransferError};

use crate::error::StepError;
use crate::journal::{LogStream, Unit};
use crate::pipeline::StepContext;
use crate::provision::{Communicator, Exit};

/// A guest that is logged in to. One connection serves all of a build.
pub struct SshGuest {
    session: Arc<Session>,
}

impl SshGuest {
    /// Over this session.
    pub fn new(session: Session) -> Self {
        Self { session: Arc::new(session) }
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }
}

fn session_error(error: SessionError) -> StepError {
    match error {
        SessionError::Cancelled => StepError::cancelled(),
        error => StepError::guest(sentence(&error.to_string())),
    }
}

fn transfer_error(error: TransferError) -> StepError {
    match error {
        TransferError::Cancelled => StepError::cancelled(),
        error @ TransferError::Local { .. } => StepError::input(sentence(&error.to_string())),
        error => StepError::guest(sentence(&error.to_string())),
    }
}

/// Error texts of libraries begin small and end without a stop; ours are sentences.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let mut out: String = chars.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    out.push_str(chars.as_str());
    if !out.ends_with(['.', '!', '?']) {
        out.push('.');
    }
    out
}

#[async_trait]
impl Communicator for SshGuest {
    async fn exec(
        &self,
        cx: &StepContext,
        command: &str,
        on_line: &mut (dyn for<'l> FnMut(LogStream, &'l str) + Send),
    ) -> Result<Exit, StepError> {
        let exit = self
            .session
            .exec(command, None, cx.cancel(), &mut |stream, line: &str| {
                let stream = match stream {
                    Stream::Stdout => LogStream::Stdout,
                    Stream::Stderr => LogStream::Stderr,
                };
                on_line(stream, line);
            })
            .await
            .map_err(session_error)?;
        let code = if exit.disconnected { None } else { Some(exit.packer_code()) };
        Ok(Exit { code })
    }

    async fn write(&self, cx: &StepContext, bytes: &[u8], to: &str, mode: u32) -> Result<(), StepError> {
        self.session.upload_bytes(bytes, to, mode, cx.cancel()).await.map(drop).map_err(transfer_error)
    }

    async fn upload(&self, cx: &StepContext, from: &Path, to: &str) -> Result<(), StepError> {
        let mut progress = |done, total| report(cx, done, total);
        self.session.upload_file(from, to, cx.cancel(), &mut progress).await.map(drop).map_err(transfer_error)
    }

    async fn upload_dir(&self, cx: &StepContext, from: &str, to: &str) -> Result<(), StepError> {
        let mut progress = |done, total| report(cx, done, total);
        self.session.upload_dir(from, to, cx.cancel(), &mut progress).await.map(drop).map_err(transfer_error)
    }

    async fn download(&self, cx: &StepContext, from: &str, to: &Path) -> Result<(), StepError> {
        let mut progress = |done, total| report(cx, done, total);
        self.session
            .download_file(from, to, cx.cancel(), &mut progress)
            .await
            .map(drop)
            .map_err(transfer_error)
    }

    async fn download_dir(&self, cx: &StepContext, from: &str, to: &Path) -> Result<(), StepError> {
        let mut progress = |done, total| report(cx, done, total);
        self.session
            .download_dir(from, to, cx.cancel(), &mut progress)
            .await
            .map(drop)
            .map_err(transfer_error)
    }

    fn ssh(&self) -> Option<Arc<Session>> {
        Some(Arc::clone(&self.session))
    }

    async fn reconnect(&self, cx: &StepContext) -> Result<(), StepError> {
        let mut stage = |stage: &goldsmith_guest::Stage| cx.waiting("reconnecting", stage.to_string());
        match self.session.reconnect(cx.cancel(), &mut stage).await {
            Ok(()) => Ok(()),
            Err(error) if error.is_cancelled() => Err(StepError::cancelled()),
            Err(error) => Err(StepError::guest(sentence(&error.to_string()))),
        }
    }
}

fn report(cx: &StepContext, done: u64, total: u64) {
    // Small files are there before anybody could read a progress.
    if total > 4 * 1024 * 1024 {
        cx.progress(done, Some(total), Unit::Bytes);
    }
}
