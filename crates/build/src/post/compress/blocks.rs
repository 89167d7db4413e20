//! Compressing blocks of a stream on all processors and writing them in order.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// A format whose stream can be put together from blocks compressed apart.
pub(super) trait Format: Send + Sync + 'static {
    /// Bytes of a block before compression.
    fn block_size(&self) -> usize;
    /// Written before the first block.
    fn head(&self) -> Vec<u8> {
        Vec::new()
    }
    /// One block; `last` closes the stream. Called on several threads. Only the last block may be empty.
    fn block(&self, bytes: &[u8], last: bool) -> io::Result<Vec<u8>>;
    /// Sees every block in order, before it is compressed.
    fn note(&self, bytes: &[u8], seen: &mut Seen) {
        seen.bytes += bytes.len() as u64;
    }
    /// Written after the last block.
    fn tail(&self, seen: Seen) -> Vec<u8> {
        let _ = seen;
        Vec::new()
    }
}

/// What a trailer may need to know about the whole stream.
pub(super) struct Seen {
    /// Its length.
    pub(super) bytes: u64,
    /// Its CRC-32.
    pub(super) crc: flate2::Crc,
}

type Compressed = io::Result<Vec<u8>>;
type Job = (Vec<u8>, bool, SyncSender<Compressed>);

/// Takes bytes, writes compressed blocks. Call [`Self::finish`]: a dropped one leaves a torn stream.
pub(super) struct BlockWriter<W: Write> {
    out: W,
    format: Arc<dyn Format>,
    block: Vec<u8>,
    seen: Seen,
    jobs: Option<SyncSender<Job>>,
    waiting: VecDeque<Receiver<Compressed>>,
    threads: Vec<JoinHandle<()>>,
    started: bool,
}

impl<W: Write> BlockWriter<W> {
    pub(super) fn new(out: W, format: Arc<dyn Format>) -> Self {
        let count = std::thread::available_parallelism().map_or(1, usize::from).min(16);
        let (jobs, taken) = sync_channel::<Job>(count);
        let taken = Arc::new(Mutex::new(taken));
        let threads = (0..count)
            .map(|_| {
                let (taken, format) = (taken.clone(), format.clone());
                std::thread::spawn(move || {
                    loop {
                        let job = taken.lock().unwrap_or_else(PoisonError::into_inner).recv();
                        let Ok((bytes, last, answer)) = job else { return };
                        // Nobody listens any more when the writer was given up.
                        let _ = answer.send(format.block(&bytes, last));
                    }
                })
            })
            .collect();
        let block = Vec::with_capacity(format.block_size());
        let seen = Seen { bytes: 0, crc: flate2::Crc::new() };
        Self { out, format, block, seen, jobs: Some(jobs), waiting: VecDeque::new(), threads, started: false }
    }

    fn dispatch(&mut self, last: bool) -> io::Result<()> {
        if !std::mem::replace(&mut self.started, true) {
            self.out.write_all(&self.format.head())?;
        }
        let bytes = std::mem::replace(&mut self.block, Vec::with_capacity(self.format.block_size()));
        self.format.note(&bytes, &mut self.seen);
        // Twice as many blocks in flight as threads keep all of them busy while one is written.
        while self.waiting.len() >= 2 * self.threads.len() {
            self.write_next()?;
        }
        let (answer, ready) = sync_channel(1);
        let gone = || io::Error::other("the compressing threads are gone");
        self.jobs.as_ref().ok_or_else(gone)?.send((bytes, last, answer)).map_err(|_| gone())?;
        self.waiting.push_back(ready);
        Ok(())
    }

    fn write_next(&mut self) -> io::Result<()> {
        if let Some(ready) = self.waiting.pop_front() {
            let block = ready.recv().map_err(|_| io::Error::other("a compressing thread broke down"))??;
            self.out.write_all(&block)?;
        }
        Ok(())
    }

    /// Writes what is left and the end of the stream.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.dispatch(true)?;
        while !self.waiting.is_empty() {
            self.write_next()?;
        }
        let seen = std::mem::replace(&mut self.seen, Seen { bytes: 0, crc: flate2::Crc::new() });
        let tail = self.format.tail(seen);
        self.out.write_all(&tail)?;
        self.out.flush()
    }
}

impl<W: Write> Write for BlockWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.format.block_size() - self.block.len();
        let taken = bytes.len().min(room);
        self.block.extend_from_slice(&bytes[..taken]);
        if self.block.len() == self.format.block_size() {
            self.dispatch(false)?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Write> Drop for BlockWriter<W> {
    fn drop(&mut self) {
        self.jobs = None;
        self.waiting.clear();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}
