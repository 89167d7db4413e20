//! The stream formats, each as blocks.
//!
//! gzip: one member, its deflate stream cut at sync flushes (RFC 1952, as pigz and pgzip do). bgzf: one member per
//! 64 KiB (SAM specification 4.1). lz4: one frame of independent blocks (frame format 1.6). bzip2, xz and zst:
//! streams one after another, which their formats allow and every decompressor reads.

use std::io::{self, Write};
use std::sync::Arc;

use flate2::{Compress, Compression, FlushCompress, Status};

use super::Algorithm;
use super::blocks::{Format, Seen};

pub(super) fn format(algorithm: Algorithm, level: u32) -> Arc<dyn Format> {
    match algorithm {
        Algorithm::None | Algorithm::Gzip => Arc::new(Gzip { level }),
        Algorithm::Bgzf => Arc::new(Bgzf { level }),
        Algorithm::Lz4 => Arc::new(Lz4),
        Algorithm::Xz => Arc::new(Xz { level }),
        Algorithm::Bzip2 => Arc::new(Bzip2 { level }),
        Algorithm::Zstd => Arc::new(Zstd { level }),
    }
}

fn deflate(bytes: &[u8], level: u32, flush: FlushCompress) -> io::Result<Vec<u8>> {
    let mut engine = Compress::new(Compression::new(level), false);
    let mut out = Vec::with_capacity(bytes.len() / 2 + 1024);
    loop {
        let rest = &bytes[usize::try_from(engine.total_in()).unwrap_or(bytes.len())..];
        let status = engine.compress_vec(rest, &mut out, flush).map_err(io::Error::other)?;
        let taken = engine.total_in() == bytes.len() as u64;
        match status {
            Status::StreamEnd => return Ok(out),
            // A flush is complete when it did not fill the room it was given.
            Status::Ok | Status::BufError
                if taken && flush != FlushCompress::Finish && out.len() < out.capacity() =>
            {
                return Ok(out);
            }
            _ => out.reserve(out.capacity().max(1024)),
        }
    }
}

struct Gzip {
    level: u32,
}

impl Format for Gzip {
    fn block_size(&self) -> usize {
        512 << 10
    }

    fn head(&self) -> Vec<u8> {
        // Deflate, no name, no time, unknown system.
        vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]
    }

    fn block(&self, bytes: &[u8], last: bool) -> io::Result<Vec<u8>> {
        deflate(bytes, self.level, if last { FlushCompress::Finish } else { FlushCompress::Sync })
    }

    fn note(&self, bytes: &[u8], seen: &mut Seen) {
        seen.bytes += bytes.len() as u64;
        seen.crc.update(bytes);
    }

    fn tail(&self, seen: Seen) -> Vec<u8> {
        let mut tail = seen.crc.sum().to_le_bytes().to_vec();
        // Modulo 2^32, as the format has it.
        tail.extend_from_slice(&((seen.bytes & 0xffff_ffff) as u32).to_le_bytes());
        tail
    }
}

struct Bgzf {
    level: u32,
}

/// Uncompressed bytes in a member: what bgzip takes, so that even incompressible data stays below 64 KiB.
const BGZF_MEMBER: usize = 0xff00;
const BGZF_HEAD: [u8; 16] = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 6, 0, b'B', b'C', 2, 0];

impl Bgzf {
    fn member(bytes: &[u8], level: u32, out: &mut Vec<u8>) -> io::Result<()> {
        let mut body = deflate(bytes, level, FlushCompress::Finish)?;
        if body.len() + 26 > 1 << 16 {
            body = deflate(bytes, 0, FlushCompress::Finish)?;
        }
        let size = u16::try_from(body.len() + 25).map_err(io::Error::other)?;
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        out.extend_from_slice(&BGZF_HEAD);
        out.extend_from_slice(&size.to_le_bytes());
        out.extend_from_slice(&body);
        out.extend_from_slice(&crc.sum().to_le_bytes());
        out.extend_from_slice(&u32::try_from(bytes.len()).map_err(io::Error::other)?.to_le_bytes());
        Ok(())
    }
}

impl Format for Bgzf {
    fn block_size(&self) -> usize {
        16 * BGZF_MEMBER
    }

    fn block(&self, bytes: &[u8], _: bool) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        for member in bytes.chunks(BGZF_MEMBER) {
            Self::member(member, self.level, &mut out)?;
        }
        Ok(out)
    }

    fn tail(&self, _: Seen) -> Vec<u8> {
        // The end-of-file marker: an empty member.
        let mut out = BGZF_HEAD.to_vec();
        out.extend_from_slice(&[0x1b, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        out
    }
}

struct Lz4;

impl Format for Lz4 {
    fn block_size(&self) -> usize {
        4 << 20
    }

    fn head(&self) -> Vec<u8> {
        // Version 1, independent blocks, blocks of up to 4 MiB; the last byte is this descriptor's checksum.
        vec![0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73]
    }

    fn block(&self, bytes: &[u8], _: bool) -> io::Result<Vec<u8>> {
        if bytes.is_empty() {
            return Ok(Vec::new());
        }
        let packed = lz4_flex::block::compress(bytes);
        // The highest bit marks a block that is stored as it is.
        let (body, mark) = if packed.len() < bytes.len() { (packed.as_slice(), 0) } else { (bytes, 1 << 31) };
        let mut out = (u32::try_from(body.len()).map_err(io::Error::other)? | mark).to_le_bytes().to_vec();
        out.extend_from_slice(body);
        Ok(out)
    }

    fn tail(&self, _: Seen) -> Vec<u8> {
        vec![0; 4]
    }
}

struct Xz {
    level: u32,
}

impl Format for Xz {
    fn block_size(&self) -> usize {
        16 << 20
    }

    fn block(&self, bytes: &[u8], _: bool) -> io::Result<Vec<u8>> {
        // The stream for no bytes only where there is nothing else.
        let mut writer = liblzma::write::XzEncoder::new(Vec::new(), self.level);
        writer.write_all(bytes)?;
        writer.finish()
    }
}

struct Bzip2 {
    level: u32,
}

impl Format for Bzip2 {
    fn block_size(&self) -> usize {
        // A whole number of bzip2's own blocks of level x 100 kB, less what its run-length step may add.
        4 * (self.level as usize * 100_000 - 1000)
    }

    fn block(&self, bytes: &[u8], _: bool) -> io::Result<Vec<u8>> {
        let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::new(self.level));
        writer.write_all(bytes)?;
        writer.finish()
    }
}

struct Zstd {
    level: u32,
}

impl Format for Zstd {
    fn block_size(&self) -> usize {
        4 << 20
    }

    fn block(&self, bytes: &[u8], _: bool) -> io::Result<Vec<u8>> {
        let mut writer = zstd::Encoder::new(Vec::new(), i32::try_from(self.level).unwrap_or(3))?;
        writer.include_checksum(true)?;
        writer.set_pledged_src_size(Some(bytes.len() as u64))?;
        writer.write_all(bytes)?;
        writer.finish()
    }
}
