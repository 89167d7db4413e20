use std::path::Path;

use tokio::io::AsyncRead;
use tokio_util::sync::CancellationToken;

use crate::error::TransferError;
use crate::session::Session;

/// What a transfer moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transferred {
    /// Regular files.
    pub files: u64,
    /// Bytes of content.
    pub bytes: u64,
}

/// Called with (bytes done, bytes in all; 0 when unknown).
pub type Progress<'a> = &'a mut (dyn FnMut(u64, u64) + Send);

impl Session {
    /// Writes what `reader` gives (exactly `size` bytes) to the file `remote` with permission bits `mode`.
    pub async fn upload(
        &self,
        reader: &mut (dyn AsyncRead + Unpin + Send),
        size: u64,
        remote: &str,
        mode: u32,
        cancel: &CancellationToken,
        progress: Progress<'_>,
    ) -> Result<Transferred, TransferError> {
        let _ = (reader, size, remote, mode, cancel, progress);
        todo!()
    }

    /// Writes bytes to the file `remote` (scripts).
    pub async fn upload_bytes(
        &self,
        bytes: &[u8],
        remote: &str,
        mode: u32,
        cancel: &CancellationToken,
    ) -> Result<Transferred, TransferError> {
        let mut reader = bytes;
        self.upload(&mut reader, bytes.len() as u64, remote, mode, cancel, &mut |_, _| {}).await
    }

    /// Sends a local file to `remote`, which names the file to write, or a folder when it ends in `/`.
    /// The local permission bits go along.
    pub async fn upload_file(
        &self,
        local: &Path,
        remote: &str,
        cancel: &CancellationToken,
        progress: Progress<'_>,
    ) -> Result<Transferred, TransferError> {
        let _ = (local, remote, cancel, progress);
        todo!()
    }

    /// Sends a local folder. `local` is taken as text because its trailing `/` decides, as in Packer and
    /// rsync: with it the *contents* go into `remote`, without it the folder itself does.
    pub async fn upload_dir(
        &self,
        local: &str,
        remote: &str,
        cancel: &CancellationToken,
        progress: Progress<'_>,
    ) -> Result<Transferred, TransferError> {
        let _ = (local, remote, cancel, progress);
        todo!()
    }

    /// Fetches the file `remote` to the local path `local`; it appears there only when complete.
    pub async fn download_file(
        &self,
        remote: &str,
        local: &Path,
        cancel: &CancellationToken,
        progress: Progress<'_>,
    ) -> Result<Transferred, TransferError> {
        let _ = (remote, local, cancel, progress);
        todo!()
    }

    /// Fetches a folder into `local`, making local folders as needed (0755). As in [`Session::upload_dir`],
    /// a trailing `/` on `remote` (or `/.`) takes the contents, its absence the folder itself.
    pub async fn download_dir(
        &self,
        remote: &str,
        local: &Path,
        cancel: &CancellationToken,
        progress: Progress<'_>,
    ) -> Result<Transferred, TransferError> {
        let _ = (remote, local, cancel, progress);
        todo!()
    }
}
