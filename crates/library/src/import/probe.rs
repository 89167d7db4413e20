//! What a file that claims to be a disk image is, told from its own bytes.
//!
//! Nothing the file names is ever opened: formats that may stand on other files are looked at by their headers first,
//! and refused where they do. Layouts: QEMU's `docs/interop/qcow2.txt`; VMware's "Virtual Disk Format 5.0"; the VDI
//! header as QEMU's `block/vdi.c` documents it; Microsoft's "Virtual Hard Disk Image Format Specification".

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::format::DiskFormat;
use crate::qcow2::Qcow2;

/// No disk is larger: 64 TiB.
pub(crate) const LARGEST: u64 = 1 << 46;
/// A VMDK's own description is at most so long.
const DESCRIPTION: u64 = 1 << 20;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An image of a format we know.
    Disk(DiskFormat),
    /// Microsoft's older format, which only `qemu-img` reads (as `vpc`).
    Vhd,
    /// A tar of an OVF and its disks.
    Ova,
}

impl Kind {
    /// The name `qemu-img` knows.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Disk(format) => format.name(),
            Kind::Vhd => "vpc",
            Kind::Ova => "ova",
        }
    }
}

/// Looks at a file; the error says in words why it is refused. `told` is the format the user named, which a raw image
/// without a partition table needs.
pub(crate) fn probe(path: &Path, told: Option<DiskFormat>) -> io::Result<Result<Kind, String>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let found = look(&file, length)?;
    Ok(match (found, told) {
        (Err(why), _) => Err(why),
        (Ok(Some(kind)), Some(told)) if kind != Kind::Disk(told) && told != DiskFormat::Raw => {
            Err(format!("it is a {} image, not {told}", kind.name()))
        }
        // Taking an image's own bytes for a raw disk is how a guest smuggles a header in; said twice, it is meant.
        (Ok(Some(kind)), Some(DiskFormat::Raw)) => {
            Err(format!("it is a {} image; importing it as raw would hide that", kind.name()))
        }
        (Ok(Some(kind)), _) => Ok(kind),
        (Ok(None), Some(DiskFormat::Raw)) => raw(length),
        (Ok(None), Some(told)) => Err(format!("it is no {told} image")),
        (Ok(None), None) if partitioned(&file, length)? => raw(length),
        (Ok(None), None) => {
            Err("no format was recognised; if it is a raw disk without a partition table, say --format raw"
                .to_owned())
        }
    })
}

fn raw(length: u64) -> Result<Kind, String> {
    if length == 0 {
        return Err("it is empty".to_owned());
    }
    bounded(length)?;
    Ok(Kind::Disk(DiskFormat::Raw))
}

/// Refuses a size nobody has.
pub(crate) fn bounded(size: u64) -> Result<(), String> {
    if size > LARGEST {
        return Err(format!("it says that its disk has {size} bytes; at most {LARGEST} (64 TiB) are taken"));
    }
    Ok(())
}

/// The bytes at an offset, as far as there are any.
fn bytes<const N: usize>(file: &File, at: u64) -> io::Result<[u8; N]> {
    let mut buffer = [0; N];
    let mut filled = 0;
    while filled < N {
        match file.read_at(&mut buffer[filled..], at + filled as u64)? {
            0 => break,
            n => filled += n,
        }
    }
    Ok(buffer)
}

fn le32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn le64(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}

fn look(file: &File, length: u64) -> io::Result<Result<Option<Kind>, String>> {
    let head: [u8; 512] = bytes(file, 0)?;
    if head.starts_with(b"QFI\xfb") {
        return Ok(qcow2(file));
    }
    if head.starts_with(b"KDMV") {
        return vmdk(file, &head);
    }
    if head.starts_with(b"# Disk DescriptorFile") {
        let why = "it only describes a VMDK whose bytes are in other files; make one file of it (`qemu-img convert -O qcow2`, or VMware's export) and import that";
        return Ok(Err(why.to_owned()));
    }
    for (magic, name) in [
        (b"COWD".as_slice(), "VMware's old COWD"),
        (b"QED\0", "QED"),
        (b"OOOH", "COW"),
        (b"LUKS\xba\xbe", "LUKS"),
    ] {
        if head.starts_with(magic) {
            return Ok(Err(format!(
                "it is of the format {name}, which is not taken; convert it with qemu-img"
            )));
        }
    }
    if le32(&head, 0x40) == 0xbeda_107f {
        return Ok(vdi(&head));
    }
    if head.starts_with(b"vhdxfile") {
        return Ok(Ok(Some(Kind::Disk(DiskFormat::Vhdx))));
    }
    if head.get(257..262) == Some(b"ustar") {
        return Ok(Ok(Some(Kind::Ova)));
    }
    let tail: [u8; 512] = if length >= 512 { bytes(file, length - 512)? } else { [0; 512] };
    for footer in [&head, &tail] {
        if footer.starts_with(b"conectix") {
            return Ok(vhd(footer));
        }
    }
    Ok(Ok(None))
}

fn qcow2(file: &File) -> Result<Option<Kind>, String> {
    let opened = file.try_clone().and_then(Qcow2::open);
    let disk = opened.map_err(|error| error.to_string())?;
    bounded(crate::disk::GuestDisk::virtual_size(&disk))?;
    Ok(Some(Kind::Disk(DiskFormat::Qcow2)))
}

fn vmdk(file: &File, head: &[u8; 512]) -> io::Result<Result<Option<Kind>, String>> {
    let (capacity, at, sectors) = (le64(head, 12), le64(head, 28), le64(head, 36));
    if capacity == 0 {
        return Ok(Err("it is a VMDK that names other files; make one file of it first".to_owned()));
    }
    if let Err(why) = bounded(capacity.saturating_mul(512)) {
        return Ok(Err(why));
    }
    let (Some(start), Some(size)) = (at.checked_mul(512), sectors.checked_mul(512)) else {
        return Ok(Err("its description lies beyond the end".to_owned()));
    };
    if at == 0 {
        return Ok(Ok(Some(Kind::Disk(DiskFormat::Vmdk))));
    }
    if size > DESCRIPTION {
        return Ok(Err(format!("its description is {size} bytes long, which no VMDK needs")));
    }
    let mut text = vec![0; usize::try_from(size).unwrap_or(0)];
    if let Err(error) = file.read_exact_at(&mut text, start) {
        return Ok(Err(format!("its description cannot be read: {error}")));
    }
    let text = String::from_utf8_lossy(&text);
    let value = |wanted: &str| {
        text.lines().find_map(|line| {
            let (name, value) = line.trim_matches(['\0', ' ', '\r']).split_once('=')?;
            name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().trim_matches('"').to_owned())
        })
    };
    if value("parentCID").is_some_and(|cid| !cid.eq_ignore_ascii_case("ffffffff"))
        || value("parentFileNameHint").is_some()
    {
        return Ok(Err("it stands on another VMDK; make one file of both first".to_owned()));
    }
    let extents = text.lines().filter(|line| {
        let line = line.trim_start();
        ["RW ", "RDONLY ", "NOACCESS "].iter().any(|access| line.starts_with(access))
    });
    match extents.count() {
        0 | 1 => Ok(Ok(Some(Kind::Disk(DiskFormat::Vmdk)))),
        many => Ok(Err(format!("its bytes are in {many} files; make one file of them first"))),
    }
}

fn vdi(head: &[u8; 512]) -> Result<Option<Kind>, String> {
    bounded(le64(head, 0x170))?;
    let stands_on = |at: usize| head.get(at..at + 16).is_some_and(|uuid| uuid.iter().any(|byte| *byte != 0));
    match le32(head, 0x4c) {
        1 | 2 if !stands_on(0x1a8) && !stands_on(0x1b8) => Ok(Some(Kind::Disk(DiskFormat::Vdi))),
        1 | 2 => {
            Err("it stands on another VDI; make one file of both first (`VBoxManage clonemedium`)".to_owned())
        }
        other => Err(format!("it is a VDI of type {other}; only whole ones (1 and 2) are taken")),
    }
}

fn vhd(footer: &[u8; 512]) -> Result<Option<Kind>, String> {
    let be = |at: usize| footer.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_be_bytes);
    bounded(be(48))?;
    match footer[63] {
        2 | 3 => Ok(Some(Kind::Vhd)),
        4 => Err("it stands on another VHD; merge them first".to_owned()),
        other => Err(format!("it is a VHD of type {other}; only fixed (2) and dynamic (3) ones are taken")),
    }
}

/// Whether a raw disk begins with a boot sector or a GUID partition table.
fn partitioned(file: &File, length: u64) -> io::Result<bool> {
    let head: [u8; 520] = bytes(file, 0)?;
    Ok(length >= 520 && (head[510..512] == [0x55, 0xaa] || head.get(512..520) == Some(b"EFI PART")))
}
