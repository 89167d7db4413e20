use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::io::AsyncRead;
use tokio_util::sync::CancellationToken;

use crate::error::{SessionError, TransferError};
use crate::session::{Live, Session};
use crate::target::TransferMethod;
use crate::{scp, sftp, walk};

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

/// What is being moved, for messages.
pub(crate) struct Job {
    pub(crate) what: String,
    local: PathBuf,
}

impl Job {
    pub(crate) fn session(&self, source: SessionError) -> TransferError {
        match source {
            SessionError::Cancelled => TransferError::Cancelled,
            source => TransferError::Session { what: self.what.clone(), source: Box::new(source) },
        }
    }

    pub(crate) fn local(&self, source: io::Error) -> TransferError {
        self.local_at(&self.local, source)
    }

    pub(crate) fn local_at(&self, path: &Path, source: io::Error) -> TransferError {
        TransferError::Local { what: self.what.clone(), path: path.to_owned(), source }
    }

    pub(crate) fn changed(&self, announced: u64, found: u64) -> TransferError {
        TransferError::Changed { what: self.what.clone(), announced, found }
    }

    pub(crate) fn protocol(&self, message: &str) -> TransferError {
        TransferError::Protocol { what: self.what.clone(), message: message.to_owned() }
    }
}

/// Counts bytes for the caller.
pub(crate) struct Meter<'a> {
    pub(crate) done: u64,
    pub(crate) total: u64,
    report: Progress<'a>,
}

impl<'a> Meter<'a> {
    fn new(total: u64, report: Progress<'a>) -> Self {
        report(0, total);
        Self { done: 0, total, report }
    }

    pub(crate) fn add(&mut self, bytes: u64) {
        self.done += bytes;
        (self.report)(self.done, self.total);
    }
}

/// What to do about the guest's words.
pub(crate) fn remedy(message: &str, command_missing: bool) -> &'static str {
    if command_missing || message.contains("not found") {
        "install scp in the guest (openssh-client) or set ssh_file_transfer_method = \"sftp\""
    } else if message.contains("ermission denied") {
        "the login user may not go there: upload to /tmp and move it with sudo in a shell provisioner"
    } else if message.contains("No such file") || message.contains("ot a directory") {
        "check the path; a folder must exist before a file can be put into it (make it with a shell provisioner)"
    } else if message.contains("No space") {
        "the guest's disk is full: make it larger (disk_size) or send less"
    } else {
        "check the path and the permissions in the guest"
    }
}

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
        let job = Job { what: format!("upload to {remote} in the guest"), local: PathBuf::new() };
        self.send_file(reader, (remote, mode, size), &job, cancel, progress).await
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
    /// The local permission bits go along (0644 for what is no regular file, as in Packer).
    pub async fn upload_file(
        &self,
        local: &Path,
        remote: &str,
        cancel: &CancellationToken,
        progress: Progress<'_>,
    ) -> Result<Transferred, TransferError> {
        let job = Job {
            what: format!("upload of {} to {remote} in the guest", local.display()),
            local: local.to_owned(),
        };
        let mut file = scp::open(local, &job).await?;
        let meta = file.metadata().await.map_err(|e| job.local(e))?;
        if meta.is_dir() {
            let error = io::Error::new(io::ErrorKind::IsADirectory, "it is a folder");
            return Err(job.local(error));
        }
        let mode = if meta.is_file() { meta.permissions().mode() & 0o7777 } else { 0o644 };
        let mut target = remote.to_owned();
        if target.ends_with('/')
            && let Some(name) = local.file_name()
        {
            target.push_str(&name.to_string_lossy());
        }
        self.send_file(&mut file, (&target, mode, meta.len()), &job, cancel, progress).await
    }

    /// Sends a local folder into the folder `remote`, which is made when absent. `local` is taken as text
    /// because its trailing `/` decides, as in Packer and rsync: with it the *contents* go into `remote`,
    /// without it the folder itself does.
    pub async fn upload_dir(
        &self,
        local: &str,
        remote: &str,
        cancel: &CancellationToken,
        progress: Progress<'_>,
    ) -> Result<Transferred, TransferError> {
        let what = format!("upload of the folder {local} to {remote} in the guest");
        let job = Job { what, local: PathBuf::from(local) };
        let listed = local.to_owned();
        let tree = tokio::task::spawn_blocking(move || walk::tree(&listed))
            .await
            .map_err(|e| job.local(io::Error::other(e)))?
            .map_err(|(path, e)| job.local_at(&path, e))?;
        let mut meter = Meter::new(tree.bytes, progress);
        match self.target().transfer {
            TransferMethod::Scp => scp::upload_tree(self, &tree, remote, &job, cancel, &mut meter).await,
            TransferMethod::Sftp => {
                let live = self.fresh(&job, cancel).await?;
                let remote = sftp::plain_path(remote);
                until(cancel, async {
                    let sftp = sftp::start(self, &live, &job, cancel).await?;
                    sftp::upload_tree(sftp, &tree, remote, &job, &mut meter).await
                })
                .await
            }
        }
    }

    /// Fetches the file `remote` to the local path `local`; it appears there only when complete.
    pub async fn download_file(
        &self,
        remote: &str,
        local: &Path,
        cancel: &CancellationToken,
        progress: Progress<'_>,
    ) -> Result<Transferred, TransferError> {
        let what = format!("download of {remote} from the guest to {}", local.display());
        let job = Job { what, local: local.to_owned() };
        let mut meter = Meter::new(0, progress);
        match self.target().transfer {
            TransferMethod::Scp => scp::download(self, remote, local, &job, cancel, &mut meter).await,
            TransferMethod::Sftp => {
                let live = self.fresh(&job, cancel).await?;
                let remote = sftp::plain_path(remote);
                until(cancel, async {
                    let sftp = sftp::start(self, &live, &job, cancel).await?;
                    sftp::download(sftp, remote, local, &job, &mut meter).await
                })
                .await
            }
        }
    }

    /// Fetches a folder into the folder `local`, making local folders as needed. As in
    /// [`Session::upload_dir`], a trailing `/` on `remote` takes the contents, its absence the folder itself.
    /// With scp, `remote` may be a shell pattern.
    pub async fn download_dir(
        &self,
        remote: &str,
        local: &Path,
        cancel: &CancellationToken,
        progress: Progress<'_>,
    ) -> Result<Transferred, TransferError> {
        let what = format!("download of the folder {remote} from the guest to {}", local.display());
        let job = Job { what, local: local.to_owned() };
        let contents_only = remote.ends_with('/') || remote.ends_with("/.");
        let mut meter = Meter::new(0, progress);
        match self.target().transfer {
            TransferMethod::Scp => {
                scp::download_tree(self, remote, local, contents_only, &job, cancel, &mut meter).await
            }
            TransferMethod::Sftp => {
                let live = self.fresh(&job, cancel).await?;
                let remote = sftp::plain_path(remote);
                until(cancel, async {
                    let sftp = sftp::start(self, &live, &job, cancel).await?;
                    sftp::download_tree(sftp, remote, local, contents_only, &job, &mut meter).await
                })
                .await
            }
        }
    }

    /// The connection, made anew when it is known to be gone.
    async fn fresh(&self, job: &Job, cancel: &CancellationToken) -> Result<Arc<Live>, TransferError> {
        if self.is_closed() {
            self.reconnect(cancel, &mut |_| {}).await.map_err(|e| {
                if e.is_cancelled() { TransferError::Cancelled } else { job.session(e.into()) }
            })?;
        }
        Ok(self.live())
    }

    async fn send_file(
        &self,
        reader: &mut (dyn AsyncRead + Unpin + Send),
        (remote, mode, size): (&str, u32, u64),
        job: &Job,
        cancel: &CancellationToken,
        progress: Progress<'_>,
    ) -> Result<Transferred, TransferError> {
        let mut meter = Meter::new(size, progress);
        match self.target().transfer {
            TransferMethod::Scp => {
                scp::upload(self, reader, (remote, mode, size), job, cancel, &mut meter).await
            }
            TransferMethod::Sftp => {
                let live = self.fresh(job, cancel).await?;
                let remote = sftp::plain_path(remote);
                until(cancel, async {
                    let sftp = sftp::start(self, &live, job, cancel).await?;
                    sftp::upload(sftp, reader, (remote, mode, size), job, &mut meter).await
                })
                .await
            }
        }
    }
}

async fn until<T>(
    cancel: &CancellationToken,
    work: impl Future<Output = Result<T, TransferError>>,
) -> Result<T, TransferError> {
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(TransferError::Cancelled),
        done = work => done,
    }
}
