use tokio_util::sync::CancellationToken;

use crate::error::{ConnectError, SessionError};
use crate::exec::{ExecExit, Stream};
use crate::target::{SshTarget, Stage};

/// A live SSH session. Cheap to share behind an `Arc`; commands and transfers may run at the same time.
pub struct Session {
    target: SshTarget,
}

impl Session {
    /// Whom this session talks to.
    pub fn target(&self) -> &SshTarget {
        &self.target
    }

    /// The server's host key as `SHA256:...`, pinned by the first login.
    pub fn host_key(&self) -> String {
        todo!()
    }

    /// Whether the connection is known to be gone.
    pub fn is_closed(&self) -> bool {
        todo!()
    }

    /// Runs `command` through the login shell of the guest's user and waits for its end.
    ///
    /// `stdin` is written and then closed; with `None` standard input is empty. Lines arrive without their
    /// line end, lossily decoded; a carriage return also ends a line. With `ssh_pty` set the command gets a
    /// terminal (xterm, 40x80, no echo) and standard error arrives as standard output.
    /// When the connection proves dead before the command started, one reconnect is tried, as in Packer.
    pub async fn exec(
        &self,
        command: &str,
        stdin: Option<&[u8]>,
        cancel: &CancellationToken,
        on_line: &mut (dyn FnMut(Stream, &str) + Send),
    ) -> Result<ExecExit, SessionError> {
        let _ = (command, stdin, cancel, on_line);
        todo!()
    }

    /// Drops the connection and logs in again (after a reboot), with the patience of the target and the
    /// host key pinned by the first login.
    pub async fn reconnect(
        &self,
        cancel: &CancellationToken,
        on_stage: &mut (dyn FnMut(&Stage) + Send),
    ) -> Result<(), ConnectError> {
        let _ = (cancel, on_stage);
        todo!()
    }

    /// Says goodbye and closes the connection.
    pub async fn close(self) {
        todo!()
    }
}
