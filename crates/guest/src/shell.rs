use bytes::Bytes;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, client};

use crate::error::SessionError;
use crate::session::Session;

/// A login shell in the guest, with a terminal. Dropping it closes its channel; the session goes on.
pub struct Shell {
    read: ChannelReadHalf,
    write: ChannelWriteHalf<client::Msg>,
}

impl std::fmt::Debug for Shell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shell(..)")
    }
}

fn lost(error: russh::Error) -> SessionError {
    SessionError::Lost { what: "a shell".to_owned(), cause: error.to_string() }
}

impl Session {
    /// Opens the login shell of the guest's user on a terminal (xterm-256color) of this many characters. Unlike
    /// [`Session::exec`] it never reconnects: whatever else uses the session is not disturbed.
    pub async fn shell(&self, columns: u32, rows: u32) -> Result<Shell, SessionError> {
        let channel = self.live().channel().await.map_err(lost)?;
        channel.request_pty(true, "xterm-256color", columns, rows, 0, 0, &[]).await.map_err(lost)?;
        channel.request_shell(true).await.map_err(lost)?;
        let (read, write) = channel.split();
        Ok(Shell { read, write })
    }
}

impl Shell {
    /// What is to be shown next; none once the shell has ended.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            match self.read.wait().await? {
                ChannelMsg::Data { data } | ChannelMsg::ExtendedData { data, .. } => return Some(data),
                ChannelMsg::Close => return None,
                _ => {}
            }
        }
    }

    /// Types bytes.
    pub async fn write(&self, bytes: &[u8]) -> Result<(), SessionError> {
        self.write.data_bytes(Bytes::copy_from_slice(bytes)).await.map_err(lost)
    }

    /// Says that the terminal has another size now.
    pub async fn resize(&self, columns: u32, rows: u32) -> Result<(), SessionError> {
        self.write.window_change(columns, rows, 0, 0).await.map_err(lost)
    }
}
