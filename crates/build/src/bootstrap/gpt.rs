//! The partition table of the image: a protective MBR and a GPT, written by ourselves.
//!
//! Layout, as the distributions' own cloud images have it, so that the root partition is the last one on the disk and
//! can grow: 14 = BIOS boot (GRUB's core image), 15 = EFI system partition, 1 = root. Facts: UEFI specification 2.10,
//! chapter 5 (GPT).

use flate2::Crc;

/// Bytes in a sector.
pub const SECTOR: u64 = 512;
const MIB: u64 = 1 << 20;
const ENTRIES: usize = 128;
const ENTRY_SIZE: usize = 128;
/// Sectors the table of entries takes.
const TABLE_SECTORS: u64 = (ENTRIES * ENTRY_SIZE) as u64 / SECTOR;

/// A partition type. Bytes in the order they have on the disk.
type TypeGuid = [u8; 16];
const BIOS_BOOT: TypeGuid = *b"Hah!IdontNeedEFI";
const EFI_SYSTEM: TypeGuid =
    [0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b];
/// "Root (x86-64)" of the discoverable partitions specification: 4f68bce3-e8cd-4db1-96e7-fbcaf984b709.
const LINUX_ROOT: TypeGuid =
    [0xe3, 0xbc, 0x68, 0x4f, 0xcd, 0xe8, 0xb1, 0x4d, 0x96, 0xe7, 0xfb, 0xca, 0xf9, 0x84, 0xb7, 0x09];

/// One partition, in bytes from the start of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: u64,
    /// Length in bytes.
    pub size: u64,
}

/// Where everything is on a disk of some size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The whole disk.
    pub disk: u64,
    /// Partition 14.
    pub bios_boot: Span,
    /// Partition 15.
    pub esp: Span,
    /// Partition 1.
    pub root: Span,
}

/// Smallest disk we lay out, in bytes: below this no distribution fits anyway.
pub const SMALLEST: u64 = 512 * MIB;

impl Layout {
    /// For a disk of this many bytes; `None` when that is less than [`SMALLEST`]. Rounded down to whole MiB.
    #[must_use]
    pub fn new(bytes: u64) -> Option<Self> {
        let disk = bytes / MIB * MIB;
        if disk < SMALLEST {
            return None;
        }
        let root_start = 64 * MIB;
        Some(Self {
            disk,
            bios_boot: Span { start: MIB, size: MIB },
            esp: Span { start: 2 * MIB, size: 62 * MIB },
            // The last MiB is the backup table's.
            root: Span { start: root_start, size: disk - root_start - MIB },
        })
    }

    /// The table with these unique ids (disk, BIOS boot, ESP, root): pieces to be written, as (position, bytes). The
    /// first piece is the first sector and leaves its 440 bytes of boot code zero.
    #[must_use]
    pub fn table(&self, ids: &[[u8; 16]; 4]) -> Vec<(u64, Vec<u8>)> {
        let sectors = self.disk / SECTOR;
        let mut entries = vec![0_u8; ENTRIES * ENTRY_SIZE];
        let rows = [
            (14, BIOS_BOOT, ids[1], self.bios_boot, "bios-boot"),
            (15, EFI_SYSTEM, ids[2], self.esp, "esp"),
            (1, LINUX_ROOT, ids[3], self.root, "root"),
        ];
        for (number, kind, id, span, name) in rows {
            let row = &mut entries[(number - 1) * ENTRY_SIZE..number * ENTRY_SIZE];
            row[..16].copy_from_slice(&kind);
            row[16..32].copy_from_slice(&id);
            row[32..40].copy_from_slice(&(span.start / SECTOR).to_le_bytes());
            row[40..48].copy_from_slice(&((span.start + span.size) / SECTOR - 1).to_le_bytes());
            for (at, unit) in name.encode_utf16().enumerate() {
                row[56 + at * 2..58 + at * 2].copy_from_slice(&unit.to_le_bytes());
            }
        }
        let backup = sectors - 1;
        let header = |own: u64, other: u64, table: u64| {
            let mut bytes = vec![0_u8; SECTOR as usize];
            bytes[..8].copy_from_slice(b"EFI PART");
            bytes[8..12].copy_from_slice(&0x0001_0000_u32.to_le_bytes());
            bytes[12..16].copy_from_slice(&92_u32.to_le_bytes());
            bytes[24..32].copy_from_slice(&own.to_le_bytes());
            bytes[32..40].copy_from_slice(&other.to_le_bytes());
            bytes[40..48].copy_from_slice(&(2 + TABLE_SECTORS).to_le_bytes());
            bytes[48..56].copy_from_slice(&(backup - TABLE_SECTORS - 1).to_le_bytes());
            bytes[56..72].copy_from_slice(&ids[0]);
            bytes[72..80].copy_from_slice(&table.to_le_bytes());
            bytes[80..84].copy_from_slice(&(ENTRIES as u32).to_le_bytes());
            bytes[84..88].copy_from_slice(&(ENTRY_SIZE as u32).to_le_bytes());
            bytes[88..92].copy_from_slice(&crc(&entries).to_le_bytes());
            let own_crc = crc(&bytes[..92]);
            bytes[16..20].copy_from_slice(&own_crc.to_le_bytes());
            bytes
        };
        vec![
            (0, protective_mbr(sectors)),
            (SECTOR, header(1, backup, 2)),
            (2 * SECTOR, entries.clone()),
            ((backup - TABLE_SECTORS) * SECTOR, entries.clone()),
            (backup * SECTOR, header(backup, 1, backup - TABLE_SECTORS)),
        ]
    }
}

fn protective_mbr(sectors: u64) -> Vec<u8> {
    let mut bytes = vec![0_u8; SECTOR as usize];
    let entry = &mut bytes[446..462];
    entry[2] = 0x02;
    entry[4] = 0xee;
    entry[5..8].copy_from_slice(&[0xff, 0xff, 0xff]);
    entry[8..12].copy_from_slice(&1_u32.to_le_bytes());
    entry[12..16].copy_from_slice(&u32::try_from(sectors - 1).unwrap_or(u32::MAX).to_le_bytes());
    bytes[510] = 0x55;
    bytes[511] = 0xaa;
    bytes
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_fills_the_disk_in_whole_mebibytes() {
        let layout = Layout::new(8 << 30).unwrap_or_else(|| unreachable!());
        for span in [layout.bios_boot, layout.esp, layout.root] {
            assert_eq!((span.start % MIB, span.size % MIB), (0, 0));
        }
        assert_eq!(layout.root.start + layout.root.size + MIB, 8 << 30);
        assert_eq!(Layout::new(SMALLEST - 1), None);
    }

    #[test]
    fn both_headers_name_each_other_and_their_checksums_hold() {
        let layout = Layout::new(SMALLEST).unwrap_or_else(|| unreachable!());
        let pieces = layout.table(&[[1; 16], [2; 16], [3; 16], [4; 16]]);
        let u64_at =
            |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap_or_default());
        let (first, last) = (&pieces[1].1, &pieces[4].1);
        assert_eq!(u64_at(first, 32), u64_at(last, 24));
        assert_eq!(u64_at(last, 32), u64_at(first, 24));
        assert_eq!(pieces[4].0 + SECTOR, SMALLEST);
        for header in [first, last] {
            let mut clean = header[..92].to_vec();
            clean[16..20].fill(0);
            assert_eq!(crc(&clean).to_le_bytes(), header[16..20]);
            assert_eq!(crc(&pieces[2].1).to_le_bytes(), header[88..92]);
        }
        assert_eq!(pieces[0].1[..440], [0; 440]);
    }
}
