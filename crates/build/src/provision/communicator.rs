//! Talking to the guest, as provisioners see it.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use goldsmith_guest::Session;

use crate::error::StepError;
use crate::journal::LogStream;
use crate::pipeline::StepContext;

/// How a command in the guest ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Its exit status; none when the connection went away before one came.
    pub code: Option<u32>,
}

impl Exit {
    /// The status Packer counts with: 2300218 stands for a connection that went away.
    pub fn packer_status(self) -> u32 {
        self.code.unwrap_or(2_300_218)
    }
}

/// The guest. Every call stops early, with a cancellation, when the step is cancelled.
#[async_trait]
pub trait Communicator: Send + Sync {
    /// Runs a command in the user's shell. Whole lines are handed over as they come. An error means that it could
    /// not be started (Packer retries those within `start_retry_timeout`).
    async fn exec(
        &self,
        cx: &StepContext,
        command: &str,
        on_line: &mut (dyn for<'l> FnMut(LogStream, &'l str) + Send),
    ) -> Result<Exit, StepError>;

    /// Writes these bytes to a file in the guest.
    async fn write(&self, cx: &StepContext, bytes: &[u8], to: &str, mode: u32) -> Result<(), StepError>;

    /// Copies a file into the guest; its permission bits go along.
    async fn upload(&self, cx: &StepContext, from: &Path, to: &str) -> Result<(), StepError>;

    /// Copies a folder into the guest by rsync's rule: without a slash at the end of `from` the folder itself is
    /// made inside `to`, with one only its content goes there. Packer: `scp -r`.
    async fn upload_dir(&self, cx: &StepContext, from: &str, to: &str) -> Result<(), StepError>;

    /// Copies a file out of the guest.
    async fn download(&self, cx: &StepContext, from: &str, to: &Path) -> Result<(), StepError>;

    /// Copies a folder out of the guest into a folder that exists.
    async fn download_dir(&self, cx: &StepContext, from: &str, to: &Path) -> Result<(), StepError>;

    /// The SSH session, when the guest is reached by SSH.
    fn ssh(&self) -> Option<Arc<Session>> {
        None
    }

    /// Makes a new connection in place of one that went away (the guest was restarted).
    async fn reconnect(&self, cx: &StepContext) -> Result<(), StepError>;
}
