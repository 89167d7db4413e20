//! Transfers over the SFTP subsystem, with many requests on their way at once.

use std::io;
use std::path::{Path, PathBuf};

use goldsmith_process::durable::Staged;
use russh_sftp::client::error::Error;
use russh_sftp::client::{Config, SftpSession};
use russh_sftp::protocol::{FileAttributes, OpenFlags, StatusCode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use crate::error::{SessionError, TransferError};
use crate::session::{Live, Session};
use crate::transfer::{Job, Meter, Transferred, remedy};
use crate::walk::{Item, Tree};

/// Bytes per read of a file.
const PIECE: usize = 256 * 1024;

/// Opens the subsystem, once per connection.
pub(crate) async fn start<'a>(
    session: &Session,
    live: &'a Live,
    job: &Job,
    cancel: &CancellationToken,
) -> Result<&'a SftpSession, TransferError> {
    let open = || async {
        let lost = |cause: String| job.session(SessionError::Lost { what: "sftp".to_owned(), cause });
        let channel = session.open_channel("sftp", cancel).await.map_err(|e| job.session(e))?;
        channel.request_subsystem(true, "sftp").await.map_err(|e| lost(e.to_string()))?;
        let config = Config {
            // 64 requests of 32 KiB keep 2 MiB on their way.
            max_concurrent_reads: 64,
            max_concurrent_writes: 64,
            request_timeout_secs: 120,
            ..Config::default()
        };
        SftpSession::new_with_config(channel.into_stream(), config).await.map_err(|e| {
            job.session(SessionError::Refused { what: "the sftp subsystem".to_owned(), cause: e.to_string() })
        })
    };
    live.sftp.get_or_try_init(open).await
}

fn remote_error(job: &Job, path: &str, done: u64, error: Error) -> TransferError {
    match error {
        Error::Status(status) => {
            let words = match status.status_code {
                StatusCode::NoSuchFile => "No such file or directory".to_owned(),
                StatusCode::PermissionDenied => "Permission denied".to_owned(),
                _ => status.error_message,
            };
            let remedy = remedy(&words, false);
            TransferError::Remote { what: job.what.clone(), message: format!("{path}: {words}"), remedy }
        }
        _ => TransferError::Lost { what: job.what.clone(), bytes: done },
    }
}

fn stream_error(job: &Job, path: &str, done: u64, error: &io::Error) -> TransferError {
    let words = error.to_string();
    if error.kind() == io::ErrorKind::BrokenPipe || words.contains("closed") {
        return TransferError::Lost { what: job.what.clone(), bytes: done };
    }
    let remedy = remedy(&words, false);
    TransferError::Remote { what: job.what.clone(), message: format!("{path}: {words}"), remedy }
}

/// SFTP knows no `~`; its relative paths start at the home folder.
pub(crate) fn plain_path(remote: &str) -> &str {
    match remote.strip_prefix("~/") {
        Some(rest) => rest.trim_start_matches('/'),
        None if remote == "~" => ".",
        None => remote,
    }
}

fn mode_only(mode: u32) -> FileAttributes {
    FileAttributes { permissions: Some(mode & 0o7777), ..FileAttributes::empty() }
}

/// Writes one file.
pub(crate) async fn upload(
    sftp: &SftpSession,
    reader: &mut (dyn AsyncRead + Unpin + Send),
    (remote, mode, size): (&str, u32, u64),
    job: &Job,
    meter: &mut Meter<'_>,
) -> Result<Transferred, TransferError> {
    let flags = OpenFlags::CREATE | OpenFlags::TRUNCATE | OpenFlags::WRITE;
    let mut file = sftp
        .open_with_flags_and_attributes(remote, flags, mode_only(mode))
        .await
        .map_err(|e| remote_error(job, remote, meter.done, e))?;
    let mut buffer = vec![0; PIECE];
    let mut left = size;
    while left > 0 {
        let want = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let n = reader.read(&mut buffer[..want]).await.map_err(|e| job.local(e))?;
        if n == 0 {
            return Err(job.changed(size, size - left));
        }
        file.write_all(&buffer[..n]).await.map_err(|e| stream_error(job, remote, meter.done, &e))?;
        left -= n as u64;
        meter.add(n as u64);
    }
    file.flush().await.map_err(|e| stream_error(job, remote, meter.done, &e))?;
    file.set_metadata(mode_only(mode)).await.map_err(|e| remote_error(job, remote, meter.done, e))?;
    file.shutdown().await.map_err(|e| stream_error(job, remote, meter.done, &e))?;
    Ok(Transferred { files: 1, bytes: size })
}

/// Makes a folder and those above it; existing ones are fine.
async fn make_dirs(sftp: &SftpSession, path: &str, job: &Job) -> Result<(), TransferError> {
    if path.is_empty() || path == "." || sftp.metadata(path).await.is_ok_and(|m| m.is_dir()) {
        return Ok(());
    }
    for (at, _) in path.match_indices('/').filter(|(at, _)| *at > 0) {
        let _ = sftp.create_dir(&path[..at]).await;
    }
    match sftp.create_dir(path).await {
        Ok(()) => Ok(()),
        Err(_) if sftp.metadata(path).await.is_ok_and(|m| m.is_dir()) => Ok(()),
        Err(e) => Err(remote_error(job, path, 0, e)),
    }
}

/// Writes a listed folder into the folder `remote`, which is made when absent.
pub(crate) async fn upload_tree(
    sftp: &SftpSession,
    tree: &Tree,
    remote: &str,
    job: &Job,
    meter: &mut Meter<'_>,
) -> Result<Transferred, TransferError> {
    let root = remote.trim_end_matches('/');
    let root = if root.is_empty() { "/" } else { root };
    make_dirs(sftp, root, job).await?;
    let mut moved = Transferred::default();
    // Modes of folders are set when they are complete: one may be unwritable.
    let mut folders: Vec<(String, u32)> = vec![(root.to_owned(), 0)];
    for item in &tree.items {
        let here = folders.last().map(|(path, _)| path.clone()).unwrap_or_default();
        let below = |name: &str| if here == "/" { format!("/{name}") } else { format!("{here}/{name}") };
        match item {
            Item::Enter { name, mode } => {
                make_dirs(sftp, &below(name), job).await?;
                folders.push((below(name), *mode));
            }
            Item::Leave => {
                if let Some((path, mode)) = folders.pop() {
                    let set = sftp.set_metadata(path.clone(), mode_only(mode)).await;
                    set.map_err(|e| remote_error(job, &path, meter.done, e))?;
                }
            }
            Item::File { path, name, mode, size } => {
                let mut file = crate::scp::open(path, job).await?;
                let one = upload(sftp, &mut file, (&below(name), *mode, *size), job, meter).await?;
                moved.files += 1;
                moved.bytes += one.bytes;
            }
        }
    }
    Ok(moved)
}

/// Fetches one file; it appears only when complete.
pub(crate) async fn download(
    sftp: &SftpSession,
    remote: &str,
    local: &Path,
    job: &Job,
    meter: &mut Meter<'_>,
) -> Result<Transferred, TransferError> {
    let at = |e: io::Error| job.local_at(local, e);
    let mut file = sftp.open(remote).await.map_err(|e| remote_error(job, remote, meter.done, e))?;
    let attrs = file.metadata().await.map_err(|e| remote_error(job, remote, meter.done, e))?;
    if attrs.is_dir() {
        return Err(job.protocol("a folder where a file was asked for"));
    }
    meter.total = meter.total.max(meter.done + attrs.size.unwrap_or(0));
    let staged = Staged::beside(local).map_err(at)?;
    let mut out = tokio::fs::OpenOptions::new().write(true).open(staged.path()).await.map_err(at)?;
    out.set_max_buf_size(PIECE);
    let mut buffer = vec![0; PIECE];
    let mut bytes = 0;
    loop {
        let n = file.read(&mut buffer).await.map_err(|e| stream_error(job, remote, meter.done, &e))?;
        if n == 0 {
            break;
        }
        out.write_all(&buffer[..n]).await.map_err(at)?;
        bytes += n as u64;
        meter.add(n as u64);
    }
    out.flush().await.map_err(at)?;
    drop(out);
    if let Some(mode) = attrs.permissions {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode & 0o7777);
        std::fs::set_permissions(staged.path(), mode).map_err(at)?;
    }
    staged.commit_unsynced().map_err(at)?;
    Ok(Transferred { files: 1, bytes })
}

/// Fetches a folder into the local folder.
pub(crate) async fn download_tree(
    sftp: &SftpSession,
    remote: &str,
    local: &Path,
    contents_only: bool,
    job: &Job,
    meter: &mut Meter<'_>,
) -> Result<Transferred, TransferError> {
    if remote.contains(['*', '?', '[']) {
        let message =
            "patterns are expanded by the guest's shell only with ssh_file_transfer_method = \"scp\"";
        let remedy = "name the folder, or use scp";
        return Err(TransferError::Remote { what: job.what.clone(), message: message.to_owned(), remedy });
    }
    let root = remote.trim_end_matches("/.").trim_end_matches('/');
    let root = if root.is_empty() { "/" } else { root };
    let mut start = local.to_owned();
    if !contents_only {
        start.push(root.rsplit('/').next().unwrap_or(root));
    }
    let mut moved = Transferred::default();
    let mut todo: Vec<(String, PathBuf)> = vec![(root.to_owned(), start)];
    while let Some((from, to)) = todo.pop() {
        tokio::fs::create_dir_all(&to).await.map_err(|e| job.local_at(&to, e))?;
        let entries = sftp.read_dir(&from).await.map_err(|e| remote_error(job, &from, meter.done, e))?;
        for entry in entries {
            let name = entry.file_name();
            if name.is_empty() || name == ".." || name == "." || name.contains('/') {
                return Err(job.protocol(&format!("the name \"{}\"", name.escape_debug())));
            }
            let path = format!("{}/{name}", from.trim_end_matches('/'));
            // The listing does not follow links, the transfer does.
            let meta = sftp.metadata(&path).await.map_err(|e| remote_error(job, &path, meter.done, e))?;
            if meta.is_dir() {
                if path.len() > 4096 {
                    return Err(job.protocol("folders nested too deep"));
                }
                todo.push((path, to.join(name)));
            } else {
                let one = download(sftp, &path, &to.join(name), job, meter).await?;
                moved.files += 1;
                moved.bytes += one.bytes;
            }
        }
    }
    Ok(moved)
}

#[cfg(test)]
mod tests {
    use super::plain_path;

    #[test]
    fn home_is_where_relative_paths_start() {
        assert_eq!((plain_path("~/a/b"), plain_path("~"), plain_path("/x~")), ("a/b", ".", "/x~"));
    }
}
