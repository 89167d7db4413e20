//! What a guest sees on a disk, whatever file it is kept in.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use goldsmith_process::copy::extents;
use tokio_util::sync::CancellationToken;

use crate::content::{CHUNK, ContentHasher, ContentId};
use crate::format::DiskFormat;
use crate::qcow2::Qcow2;

/// Guest-visible bytes.
pub(crate) trait GuestDisk {
    /// Size as the guest sees it.
    fn virtual_size(&self) -> u64;
    /// The first range at or after an offset that may hold other bytes than zero.
    fn next_data(&mut self, from: u64) -> io::Result<Option<Range<u64>>>;
    /// Fills the buffer from a guest offset; the range lies within the virtual size.
    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<()>;
}

/// A raw image: the file is the disk.
struct Raw {
    file: File,
    size: u64,
    extents: Vec<(u64, u64)>,
}

impl GuestDisk for Raw {
    fn virtual_size(&self) -> u64 {
        self.size
    }

    fn next_data(&mut self, from: u64) -> io::Result<Option<Range<u64>>> {
        let next = self.extents.partition_point(|(_, end)| *end <= from);
        Ok(self.extents.get(next).map(|(start, end)| (*start).max(from)..*end))
    }

    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        self.file.read_exact_at(buf, offset)
    }
}

/// Opens a disk in a format we read ourselves. `Unsupported` asks for a conversion by `qemu-img`.
pub(crate) fn open(path: &Path, format: DiskFormat) -> io::Result<Box<dyn GuestDisk + Send>> {
    let file = File::open(path)?;
    match format {
        DiskFormat::Raw => {
            let size = file.metadata()?.len();
            let extents = extents(&file, size)?;
            Ok(Box::new(Raw { file, size, extents }))
        }
        DiskFormat::Qcow2 => Ok(Box::new(Qcow2::open(file)?)),
        DiskFormat::Vmdk | DiskFormat::Vdi | DiskFormat::Vhdx => {
            Err(io::Error::new(io::ErrorKind::Unsupported, "only qemu-img reads this format"))
        }
    }
}

/// What reading a disk from end to end gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Measured {
    pub(crate) virtual_size: u64,
    /// Bytes in chunks that hold anything but zeros.
    pub(crate) data_size: u64,
    pub(crate) content: ContentId,
}

/// Reads a disk and computes its identity, in constant memory; holes cost nothing. `progress` gets guest
/// offsets.
pub(crate) fn measure(
    disk: &mut dyn GuestDisk,
    cancel: &CancellationToken,
    progress: &mut dyn FnMut(u64, u64),
) -> io::Result<Measured> {
    let size = disk.virtual_size();
    let mut hasher = ContentHasher::new(size);
    let mut chunk = vec![0u8; CHUNK];
    let mut at = 0;
    while let Some(range) = disk.next_data(at)? {
        let first = range.start / CHUNK as u64;
        let last = range.end.div_ceil(CHUNK as u64);
        for index in first.max(at / CHUNK as u64)..last {
            if cancel.is_cancelled() {
                return Err(io::Error::new(io::ErrorKind::Interrupted, "cancelled"));
            }
            let start = index * CHUNK as u64;
            let n = usize::try_from(size - start).unwrap_or(CHUNK).min(CHUNK);
            disk.read_at(start, &mut chunk[..n])?;
            chunk[n..].fill(0);
            hasher.chunk(index, &chunk);
            progress(start + n as u64, size);
        }
        at = last * CHUNK as u64;
    }
    progress(size, size);
    let (content, chunks) = hasher.finish();
    Ok(Measured { virtual_size: size, data_size: (chunks * CHUNK as u64).min(size), content })
}
