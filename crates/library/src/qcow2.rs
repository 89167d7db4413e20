//! Reading qcow2 (versions 2 and 3), as far as needed to see what a guest sees.
//!
//! Written from QEMU's `docs/interop/qcow2.txt`. Nothing outside the file is ever opened: an image with a backing
//! file or an external data file is refused.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;

use crate::disk::GuestDisk;

const MAGIC: &[u8; 4] = b"QFI\xfb";
const OFFSET_MASK: u64 = 0x00ff_ffff_ffff_fe00;
const COMPRESSED: u64 = 1 << 62;
const ZERO: u64 = 1;
/// QEMU's own limit for the first table: 32 MiB.
const MAX_L1_ENTRIES: u64 = 4 * 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    Deflate,
    Zstd,
}

/// An open qcow2 file.
pub(crate) struct Qcow2 {
    file: File,
    size: u64,
    cluster_bits: u32,
    compression: Compression,
    l1: Vec<u64>,
    /// The second table read last, with its index in the first.
    l2: Option<(usize, Vec<u64>)>,
    /// The compressed cluster read last, by its table entry.
    inflated: Option<(u64, Vec<u8>)>,
}

fn bad(cause: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, cause.into())
}

fn unsupported(cause: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, cause)
}

fn be32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_be_bytes)
}

fn be64(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_be_bytes)
}

fn table(file: &File, at: u64, entries: usize) -> io::Result<Vec<u64>> {
    let mut bytes = vec![0; entries * 8];
    file.read_exact_at(&mut bytes, at).map_err(|e| match e.kind() {
        io::ErrorKind::UnexpectedEof => bad("a table lies beyond the end of the file; it is cut short"),
        _ => e,
    })?;
    Ok((0..entries).map(|i| be64(&bytes, i * 8)).collect())
}

impl Qcow2 {
    /// Reads header and first table. `Unsupported` means that the image is sound but uses a feature that only
    /// QEMU reads (extended second-table entries, encryption).
    pub(crate) fn open(file: File) -> io::Result<Self> {
        let mut header = [0; 112];
        let length = file.metadata()?.len();
        let have = usize::try_from(length.min(112)).unwrap_or(112);
        file.read_exact_at(&mut header[..have], 0)?;
        if have < 72 || &header[..4] != MAGIC {
            return Err(bad("it is not a qcow2 file"));
        }
        let version = be32(&header, 4);
        let (features, header_length) = match version {
            2 => (0, 72),
            3 => (be64(&header, 72), be32(&header, 100)),
            other => return Err(bad(format!("qcow2 version {other} is not known"))),
        };
        if be64(&header, 8) != 0 {
            return Err(bad("it needs a backing file; flatten it with `qemu-img convert` first"));
        }
        if features & 0b10 != 0 {
            return Err(bad("QEMU has marked it as corrupt; see `qemu-img check`"));
        }
        if features & 0b100 != 0 {
            return Err(bad("its data is in another file; flatten it with `qemu-img convert` first"));
        }
        if be32(&header, 32) != 0 {
            return Err(unsupported("it is encrypted"));
        }
        if features & !0b1001 != 0 {
            return Err(unsupported("it uses extended table entries"));
        }
        let compression = match (features & 0b1000 != 0 && header_length > 104, header[104]) {
            (false, _) | (true, 0) => Compression::Deflate,
            (true, 1) => Compression::Zstd,
            (true, other) => return Err(bad(format!("compression type {other} is not known"))),
        };
        let cluster_bits = be32(&header, 20);
        if !(9..=21).contains(&cluster_bits) {
            return Err(bad(format!("a cluster size of 2^{cluster_bits} is not allowed")));
        }
        let size = be64(&header, 24);
        let entries = u64::from(be32(&header, 36));
        let per_entry = 1u128 << (2 * cluster_bits - 3);
        if entries > MAX_L1_ENTRIES || u128::from(entries) * per_entry < u128::from(size) {
            return Err(bad(format!("a size of {size} bytes does not fit its table of {entries} entries")));
        }
        let l1 = table(&file, be64(&header, 40), usize::try_from(entries).unwrap_or(0))?;
        Ok(Self { file, size, cluster_bits, compression, l1, l2: None, inflated: None })
    }

    fn cluster(&self) -> u64 {
        1 << self.cluster_bits
    }

    /// Bytes under one entry of the first table.
    fn span(&self) -> u64 {
        1u64.checked_shl(2 * self.cluster_bits - 3).unwrap_or(u64::MAX)
    }

    /// The second table under an entry of the first; `None` when nothing is allocated there.
    fn l2(&mut self, index: usize) -> io::Result<Option<&[u64]>> {
        let at = self.l1.get(index).copied().unwrap_or(0) & OFFSET_MASK;
        if at == 0 {
            return Ok(None);
        }
        if self.l2.as_ref().is_none_or(|(held, _)| *held != index) {
            let entries = usize::try_from(self.cluster() / 8).unwrap_or(0);
            self.l2 = Some((index, table(&self.file, at, entries)?));
        }
        Ok(self.l2.as_ref().map(|(_, entries)| entries.as_slice()))
    }

    /// The entry for the cluster at a guest offset; 0 when it reads as zeros.
    fn entry(&mut self, offset: u64) -> io::Result<u64> {
        let index = usize::try_from(offset / self.span()).unwrap_or(usize::MAX);
        let within = usize::try_from((offset % self.span()) >> self.cluster_bits).unwrap_or(0);
        let entry = self.l2(index)?.and_then(|l2| l2.get(within)).copied().unwrap_or(0);
        Ok(if has_data(entry) { entry } else { 0 })
    }

    fn inflate(&mut self, entry: u64) -> io::Result<&[u8]> {
        if self.inflated.as_ref().is_none_or(|(held, _)| *held != entry) {
            let offset_bits = 62 - (self.cluster_bits - 8);
            let offset = entry & ((1 << offset_bits) - 1);
            let sectors = (entry & !COMPRESSED & !(1 << 63)) >> offset_bits;
            let length = (sectors + 1) * 512 - (offset & 511);
            let mut packed = Vec::new();
            let mut from = At { file: &self.file, at: offset }.take(length);
            from.read_to_end(&mut packed)?;
            let mut plain = vec![0; usize::try_from(self.cluster()).unwrap_or(0)];
            let unpacked = match self.compression {
                Compression::Deflate => {
                    flate2::read::DeflateDecoder::new(packed.as_slice()).read_exact(&mut plain)
                }
                Compression::Zstd => zstd::stream::read::Decoder::with_buffer(packed.as_slice())
                    .map(zstd::stream::read::Decoder::single_frame)
                    .and_then(|mut decoder| decoder.read_exact(&mut plain)),
            };
            unpacked.map_err(|e| bad(format!("a compressed cluster at {offset} cannot be unpacked: {e}")))?;
            self.inflated = Some((entry, plain));
        }
        Ok(self.inflated.as_ref().map(|(_, plain)| plain.as_slice()).unwrap_or_default())
    }
}

/// Whether an entry points to stored bytes.
fn has_data(entry: u64) -> bool {
    entry & COMPRESSED != 0 || (entry & ZERO == 0 && entry & OFFSET_MASK != 0)
}

/// Reads a file from an offset on.
struct At<'a> {
    file: &'a File,
    at: u64,
}

impl Read for At<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read_at(buf, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl GuestDisk for Qcow2 {
    fn virtual_size(&self) -> u64 {
        self.size
    }

    fn next_data(&mut self, from: u64) -> io::Result<Option<Range<u64>>> {
        let (size, cluster, span) = (self.size, self.cluster(), self.span());
        let mut at = from;
        while at < size {
            let index = usize::try_from(at / span).unwrap_or(usize::MAX);
            let base = (at / span).saturating_mul(span);
            let within = usize::try_from((at - base) / cluster).unwrap_or(0);
            let Some(l2) = self.l2(index)? else {
                at = base.saturating_add(span);
                continue;
            };
            let Some(first) = l2.get(within..).and_then(|rest| rest.iter().position(|e| has_data(*e))) else {
                at = base.saturating_add(span);
                continue;
            };
            let first = within + first;
            let many = l2.get(first..).map_or(0, |rest| rest.iter().take_while(|e| has_data(**e)).count());
            let start = base + first as u64 * cluster;
            let end = (start + many as u64 * cluster).min(size);
            return Ok((start < size).then(|| start.max(from)..end));
        }
        Ok(None)
    }

    fn read_at(&mut self, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        let cluster = self.cluster();
        let mut done = 0;
        while done < buf.len() {
            let at = offset + done as u64;
            let skip = at % cluster;
            let n = usize::try_from(cluster - skip).unwrap_or(usize::MAX).min(buf.len() - done);
            let entry = self.entry(at)?;
            let piece = &mut buf[done..done + n];
            if entry == 0 {
                piece.fill(0);
            } else if entry & COMPRESSED != 0 {
                let skip = usize::try_from(skip).unwrap_or(0);
                piece.copy_from_slice(&self.inflate(entry)?[skip..skip + n]);
            } else {
                let host = (entry & OFFSET_MASK) + skip;
                // The last cluster of the file may be cut off by its writer; what is missing is zeros.
                let mut filled = 0;
                while filled < piece.len() {
                    match self.file.read_at(&mut piece[filled..], host + filled as u64)? {
                        0 => {
                            piece[filled..].fill(0);
                            break;
                        }
                        n => filled += n,
                    }
                }
            }
            done += n;
        }
        Ok(())
    }
}
