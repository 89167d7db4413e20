//! A fixed VHD: the disk's bytes, then a footer of 512 bytes.
//!
//! Microsoft, "Virtual Hard Disk Image Format Specification" 1.0: big-endian fields; the checksum is the ones'
//! complement of the sum of the footer's bytes without it. Azure takes fixed disks whose size is a whole number of MiB.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use goldsmith_process::copy;

use super::Parts;

const MIB: u64 = 1 << 20;

pub(super) fn write(parts: &Parts, to: &Path) -> io::Result<()> {
    fs::remove_file(to)?;
    copy::file(&parts.image, to, &parts.cancel, &mut |_, _| {})?;
    let size = parts.virtual_size.next_multiple_of(MIB);
    let mut file = OpenOptions::new().write(true).open(to)?;
    file.set_len(size)?;
    io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
    file.write_all(&footer(size, parts.version.id.0.as_bytes()))?;
    file.sync_all()
}

fn footer(size: u64, id: &[u8; 16]) -> [u8; 512] {
    let mut footer = [0; 512];
    let mut put = |at: usize, bytes: &[u8]| footer[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"conectix");
    put(8, &2u32.to_be_bytes()); // features: reserved, always set
    put(12, &0x0001_0000u32.to_be_bytes()); // version of the format
    put(16, &u64::MAX.to_be_bytes()); // no dynamic header
    put(28, b"gold");
    put(32, &0x0001_0000u32.to_be_bytes());
    put(36, b"Wi2k");
    put(40, &size.to_be_bytes());
    put(48, &size.to_be_bytes());
    let (cylinders, heads, sectors) = geometry(size / 512);
    put(56, &cylinders.to_be_bytes());
    put(58, &[heads, sectors]);
    put(60, &2u32.to_be_bytes()); // fixed
    put(68, id);
    let sum: u32 = footer.iter().map(|byte| u32::from(*byte)).sum();
    footer[64..68].copy_from_slice(&(!sum).to_be_bytes());
    footer
}

/// The specification's appendix, "CHS Calculation".
fn geometry(sectors: u64) -> (u16, u8, u8) {
    let total = sectors.min(65_535 * 16 * 255);
    let (per_track, heads, cylinders_times_heads);
    if total >= 65_535 * 16 * 63 {
        (per_track, heads) = (255, 16);
        cylinders_times_heads = total / per_track;
    } else {
        let mut track = 17;
        let mut times = total / track;
        let mut count = times.div_ceil(1024).max(4);
        if times >= count * 1024 || count > 16 {
            (track, count) = (31, 16);
            times = total / track;
        }
        if times >= count * 1024 {
            (track, count) = (63, 16);
            times = total / track;
        }
        (per_track, heads, cylinders_times_heads) = (track, count, times);
    }
    let cylinders = u16::try_from(cylinders_times_heads / heads).unwrap_or(u16::MAX);
    (cylinders, u8::try_from(heads).unwrap_or(16), u8::try_from(per_track).unwrap_or(255))
}
