//! The scp protocol: our side of `scp -t` (sink) and `scp -f` (source) in the guest.
//!
//! Records are `C<mode> <size> <name>`, `D<mode> 0 <name>`, `E`, `T...`; each is answered by one byte: 0, or 1/2
//! and a message.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use goldsmith_process::durable::Staged;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf, client};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use crate::error::{SessionError, TransferError};
use crate::scp_wire::{Record, quote, quote_pattern, record, split};
use crate::session::{Session, closed_within};
use crate::transfer::{Job, Meter, Transferred, remedy};
use crate::walk::{Item, Tree};

/// Bytes per read of a local file.
const PIECE: usize = 256 * 1024;
/// Folders within folders a guest may send.
const DEEPEST: usize = 256;

/// A running `scp` in the guest.
struct Pipe<'a> {
    read: ChannelReadHalf,
    write: ChannelWriteHalf<client::Msg>,
    inbox: BytesMut,
    said: Vec<u8>,
    code: Option<u32>,
    /// The server has closed the channel.
    over: bool,
    job: &'a Job,
    cancel: &'a CancellationToken,
}

impl<'a> Pipe<'a> {
    async fn start(
        session: &Session,
        command: String,
        job: &'a Job,
        cancel: &'a CancellationToken,
    ) -> Result<Pipe<'a>, TransferError> {
        let channel = session.open_channel("scp", cancel).await.map_err(|e| job.session(e))?;
        channel
            .exec(true, command)
            .await
            .map_err(|e| job.session(SessionError::Lost { what: "scp".to_owned(), cause: e.to_string() }))?;
        let (read, write) = channel.split();
        Ok(Pipe {
            read,
            write,
            inbox: BytesMut::new(),
            said: Vec::new(),
            code: None,
            over: false,
            job,
            cancel,
        })
    }

    /// Ends the channel. We end our input and leave it to `scp` to end and to the server to close: measured with
    /// Dropbear 2022.83, a channel that we close first costs about every eighth channel after it its life.
    async fn end<T>(mut self, result: Result<T, TransferError>, done: u64) -> Result<T, TransferError> {
        let value = match result {
            Ok(value) => self.conclude(done).await.map(|()| value),
            Err(e) => Err(e),
        };
        if value.is_err() && !self.over {
            let _ = self.write.eof().await;
            if !closed_within(&mut self.read, Duration::from_secs(2)).await {
                let _ = self.write.close().await;
            }
        }
        value
    }

    /// Takes one message of the channel.
    fn absorb(&mut self, message: Option<ChannelMsg>, done: u64) -> Result<(), TransferError> {
        match message {
            Some(ChannelMsg::Data { data }) => self.inbox.extend_from_slice(&data),
            Some(ChannelMsg::ExtendedData { data, .. }) => {
                let room = 4096usize.saturating_sub(self.said.len());
                self.said.extend_from_slice(&data[..data.len().min(room)]);
            }
            Some(ChannelMsg::ExitStatus { exit_status }) => self.code = Some(exit_status),
            Some(ChannelMsg::Failure) => {
                return Err(self.job.session(SessionError::Refused {
                    what: "scp".to_owned(),
                    cause: "the request was denied".to_owned(),
                }));
            }
            Some(ChannelMsg::Close) | None => {
                self.over = true;
                return Err(self.ended(done));
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// `scp` has ended before its time.
    fn ended(&self, bytes: u64) -> TransferError {
        let said = String::from_utf8_lossy(&self.said);
        match self.code {
            None => TransferError::Lost { what: self.job.what.clone(), bytes },
            Some(code) if said.trim().is_empty() => self.remote(format!("scp ended with code {code}")),
            Some(_) => self.remote(said.trim().to_owned()),
        }
    }

    fn remote(&self, message: String) -> TransferError {
        let remedy = remedy(&message, self.code == Some(127));
        TransferError::Remote { what: self.job.what.clone(), message, remedy }
    }

    /// Waits for a message; cancelling ends the wait.
    async fn wait(&mut self, done: u64) -> Result<(), TransferError> {
        let message = tokio::select! {
            biased;
            () = self.cancel.cancelled() => return Err(TransferError::Cancelled),
            message = self.read.wait() => message,
        };
        self.absorb(message, done)
    }

    /// Sends bytes. Meanwhile answers are taken in, so that a guest that hangs up ends the wait for its window.
    async fn send(&mut self, bytes: Bytes, done: u64) -> Result<(), TransferError> {
        enum Met {
            Sent(Result<(), russh::Error>),
            Heard(Option<ChannelMsg>),
        }
        let mut heard = Vec::new();
        let outcome = {
            let Pipe { read, write, cancel, .. } = self;
            let sending = write.data_bytes(bytes);
            tokio::pin!(sending);
            loop {
                let met = tokio::select! {
                    biased;
                    () = cancel.cancelled() => return Err(TransferError::Cancelled),
                    sent = &mut sending => Met::Sent(sent),
                    message = read.wait() => Met::Heard(message),
                };
                match met {
                    Met::Sent(result) => break Some(result),
                    Met::Heard(message) => {
                        let over = matches!(message, None | Some(ChannelMsg::Close));
                        heard.push(message);
                        if over {
                            break None;
                        }
                    }
                }
            }
        };
        for message in heard {
            self.absorb(message, done)?;
        }
        match outcome {
            Some(Ok(())) => Ok(()),
            _ => Err(self.ended(done)),
        }
    }

    async fn line(&mut self, done: u64) -> Result<String, TransferError> {
        loop {
            if let Some(end) = self.inbox.iter().position(|b| *b == b'\n') {
                let line = self.inbox.split_to(end + 1);
                return Ok(String::from_utf8_lossy(&line[..end]).into_owned());
            }
            if self.inbox.len() > 64 * 1024 {
                return Err(self.job.protocol("a record without an end"));
            }
            self.wait(done).await?;
        }
    }

    /// Waits for the answer to one record.
    async fn answer(&mut self, done: u64) -> Result<(), TransferError> {
        while self.inbox.is_empty() {
            self.wait(done).await?;
        }
        match self.inbox.get_u8() {
            0 => Ok(()),
            1 | 2 => {
                let message = self.line(done).await?;
                Err(self.remote(message))
            }
            // A shell's greeting on standard output comes here.
            other => {
                let rest = String::from_utf8_lossy(&self.inbox);
                let text = format!("{}{}", char::from(other), rest.lines().next().unwrap_or_default());
                Err(self.job.protocol(&format!(
                    "instead of an answer it says \"{}\"; a login script of the guest's user must not print anything",
                    text.trim_end()
                )))
            }
        }
    }

    /// Sends one file: record, content, end.
    async fn file(
        &mut self,
        reader: &mut (dyn AsyncRead + Unpin + Send),
        (name, mode, size): (&str, u32, u64),
        pending: u32,
        meter: &mut Meter<'_>,
    ) -> Result<(), TransferError> {
        self.send(Bytes::from(format!("C{:04o} {size} {name}\n", mode & 0o7777)), meter.done).await?;
        for _ in 0..=pending {
            self.answer(meter.done).await?;
        }
        let mut left = size;
        while left > 0 {
            let want = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            let mut piece = BytesMut::with_capacity(want);
            while piece.len() < want {
                let mut room = (&mut *reader).take((want - piece.len()) as u64);
                let n = room.read_buf(&mut piece).await.map_err(|e| self.job.local(e))?;
                if n == 0 {
                    let found = size - left + piece.len() as u64;
                    return Err(self.job.changed(size, found));
                }
            }
            let n = piece.len() as u64;
            self.send(piece.freeze(), meter.done).await?;
            left -= n;
            meter.add(n);
        }
        // The closing answer is left to the caller: the next record may follow at once.
        self.send(Bytes::from_static(b"\0"), meter.done).await
    }

    /// Waits for the end of `scp` after our end of input.
    async fn conclude(&mut self, done: u64) -> Result<(), TransferError> {
        if self.over {
            return Ok(());
        }
        let _ = self.write.eof().await;
        loop {
            match self.wait(done).await {
                Ok(()) => {}
                Err(_) if self.over && self.code == Some(0) => return Ok(()),
                Err(e) => return Err(e),
            }
        }
    }
}

/// Writes one file.
pub(crate) async fn upload(
    session: &Session,
    reader: &mut (dyn AsyncRead + Unpin + Send),
    (remote, mode, size): (&str, u32, u64),
    job: &Job,
    cancel: &CancellationToken,
    meter: &mut Meter<'_>,
) -> Result<Transferred, TransferError> {
    let (folder, name) = split(remote);
    let mut pipe = Pipe::start(session, format!("scp -p -d -t {}", quote(folder)), job, cancel).await?;
    let result = async {
        pipe.file(reader, (name, mode, size), 1, meter).await?;
        pipe.answer(meter.done).await
    }
    .await;
    pipe.end(result, meter.done).await?;
    Ok(Transferred { files: 1, bytes: size })
}

/// Writes a listed folder into the folder `remote`, which is made when absent.
pub(crate) async fn upload_tree(
    session: &Session,
    tree: &Tree,
    remote: &str,
    job: &Job,
    cancel: &CancellationToken,
    meter: &mut Meter<'_>,
) -> Result<Transferred, TransferError> {
    let folder = quote(remote);
    let command = format!("mkdir -p {folder} && scp -r -p -d -t {folder}");
    let mut pipe = Pipe::start(session, command, job, cancel).await?;
    let mut moved = Transferred::default();
    let result = async {
        // Answers not yet taken: of the start, later of the file before.
        let mut pending = 1;
        for item in &tree.items {
            match item {
                Item::File { path, name, mode, size } => {
                    let mut file = open(path, job).await?;
                    pipe.file(&mut file, (name, *mode, *size), pending, meter).await?;
                    pending = 1;
                    moved.files += 1;
                    moved.bytes += size;
                }
                Item::Enter { .. } | Item::Leave => {
                    let record = match item {
                        Item::Enter { name, mode } => format!("D{:04o} 0 {name}\n", mode & 0o7777),
                        _ => "E\n".to_owned(),
                    };
                    pipe.send(Bytes::from(record), meter.done).await?;
                    for _ in 0..=pending {
                        pipe.answer(meter.done).await?;
                    }
                    pending = 0;
                }
            }
        }
        for _ in 0..pending {
            pipe.answer(meter.done).await?;
        }
        Ok(())
    }
    .await;
    pipe.end(result, meter.done).await?;
    Ok(moved)
}

/// Fetches one file.
pub(crate) async fn download(
    session: &Session,
    remote: &str,
    local: &Path,
    job: &Job,
    cancel: &CancellationToken,
    meter: &mut Meter<'_>,
) -> Result<Transferred, TransferError> {
    let mut pipe = Pipe::start(session, format!("scp -f {}", quote(remote)), job, cancel).await?;
    let result = async {
        // All three answers at once: no round trip is lost, and an error makes them meaningless.
        pipe.send(Bytes::from_static(b"\0\0\0"), 0).await?;
        loop {
            let line = pipe.line(meter.done).await?;
            match record(&line).map_err(|m| job.protocol(&m))? {
                Record::File { mode, size, .. } => {
                    meter.total = meter.total.max(size);
                    return receive(&mut pipe, local, mode, size, meter).await;
                }
                Record::Times => {}
                Record::Error(message) => return Err(pipe.remote(message)),
                Record::Enter { .. } | Record::Leave => {
                    return Err(job.protocol("a folder where a file was asked for"));
                }
            }
        }
    }
    .await;
    let size = pipe.end(result, meter.done).await?;
    Ok(Transferred { files: 1, bytes: size })
}

/// Fetches a folder (or what a pattern names) into the local folder.
pub(crate) async fn download_tree(
    session: &Session,
    remote: &str,
    local: &Path,
    contents_only: bool,
    job: &Job,
    cancel: &CancellationToken,
    meter: &mut Meter<'_>,
) -> Result<Transferred, TransferError> {
    let mut pipe = Pipe::start(session, format!("scp -r -f {}", quote_pattern(remote)), job, cancel).await?;
    let mut moved = Transferred::default();
    let result = async {
        make_dir(local, job).await?;
        pipe.send(Bytes::from_static(b"\0"), 0).await?;
        let mut folders: Vec<PathBuf> = vec![local.to_owned()];
        loop {
            let line = match pipe.line(meter.done).await {
                Ok(line) => line,
                // The source is done when it ends by itself with everything closed.
                Err(_) if pipe.code == Some(0) && folders.len() == 1 => return Ok(()),
                Err(e) => return Err(e),
            };
            let here = folders.last().cloned().unwrap_or_else(|| local.to_owned());
            match record(&line).map_err(|m| job.protocol(&m))? {
                Record::File { mode, size, name } => {
                    pipe.send(Bytes::from_static(b"\0"), meter.done).await?;
                    receive(&mut pipe, &here.join(name), mode, size, meter).await?;
                    moved.files += 1;
                    moved.bytes += size;
                }
                Record::Enter { name } => {
                    let inner = if contents_only && folders.len() == 1 { here } else { here.join(name) };
                    make_dir(&inner, job).await?;
                    folders.push(inner);
                    if folders.len() > DEEPEST {
                        return Err(job.protocol("folders nested too deep"));
                    }
                }
                Record::Leave if folders.len() > 1 => {
                    folders.pop();
                }
                Record::Leave => return Err(job.protocol("the end of a folder that never began")),
                Record::Times => {}
                Record::Error(message) => return Err(pipe.remote(message)),
            }
            pipe.send(Bytes::from_static(b"\0"), meter.done).await?;
        }
    }
    .await;
    pipe.end(result, meter.done).await?;
    Ok(moved)
}

/// Takes `size` bytes and the closing byte; the file appears only when complete.
async fn receive(
    pipe: &mut Pipe<'_>,
    local: &Path,
    mode: u32,
    size: u64,
    meter: &mut Meter<'_>,
) -> Result<u64, TransferError> {
    let job = pipe.job;
    let at = |e: io::Error| job.local_at(local, e);
    let staged = Staged::beside(local).map_err(at)?;
    let mut file = tokio::fs::OpenOptions::new().write(true).open(staged.path()).await.map_err(at)?;
    file.set_max_buf_size(PIECE);
    let mut left = size;
    while left > 0 {
        while pipe.inbox.is_empty() {
            pipe.wait(meter.done).await?;
        }
        let n = pipe.inbox.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let piece = pipe.inbox.split_to(n);
        file.write_all(&piece).await.map_err(at)?;
        left -= n as u64;
        meter.add(n as u64);
    }
    file.flush().await.map_err(at)?;
    drop(file);
    pipe.answer(meter.done).await?;
    std::fs::set_permissions(staged.path(), std::os::unix::fs::PermissionsExt::from_mode(mode & 0o7777))
        .map_err(at)?;
    staged.commit_unsynced().map_err(at)?;
    Ok(size)
}

async fn make_dir(path: &Path, job: &Job) -> Result<(), TransferError> {
    tokio::fs::create_dir_all(path).await.map_err(|e| job.local_at(path, e))
}

/// Opens a local file for fast reading.
pub(crate) async fn open(path: &Path, job: &Job) -> Result<tokio::fs::File, TransferError> {
    let mut file = tokio::fs::File::open(path).await.map_err(|e| job.local_at(path, e))?;
    file.set_max_buf_size(PIECE);
    Ok(file)
}
