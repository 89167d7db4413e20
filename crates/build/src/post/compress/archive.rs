//! Several files as one stream.

use std::io::{self, Read, Write};
use std::path::Path;

use super::{Input, Meter};

/// A tar of the inputs' names, in the GNU form Packer writes.
pub(super) fn tar(inputs: &[Input], out: &mut dyn Write, meter: &mut Meter<'_>) -> io::Result<()> {
    let mut archive = tar::Builder::new(out);
    for input in inputs {
        let meta = std::fs::metadata(&input.path)?;
        let mut header = tar::Header::new_gnu();
        header.set_metadata(&meta);
        let name = Path::new(&input.name);
        // A long name becomes an entry of its own before this one, as GNU tar does.
        if header.set_path(name).is_err() {
            long_name(&mut archive, name)?;
            let short: String = name.to_string_lossy().chars().take(60).collect();
            header.set_path(short)?;
        }
        header.set_cksum();
        archive.get_mut().write_all(header.as_bytes())?;
        meter.copy_exactly(&input.path, archive.get_mut(), meta.len())?;
        let padding = (512 - meta.len() % 512) % 512;
        io::copy(&mut io::repeat(0).take(padding), archive.get_mut())?;
    }
    archive.finish()
}

fn long_name(archive: &mut tar::Builder<&mut dyn Write>, name: &Path) -> io::Result<()> {
    use std::os::unix::ffi::OsStrExt;
    let mut bytes = name.as_os_str().as_bytes().to_vec();
    bytes.push(0);
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_path("././@LongLink")?;
    header.set_mode(0o644);
    header.set_size(bytes.len() as u64);
    header.set_cksum();
    archive.append(&header, bytes.as_slice())
}

/// A zip of the names the template uses.
pub(super) fn zip(
    inputs: &[Input],
    out: &mut (impl Write + io::Seek),
    meter: &mut Meter<'_>,
) -> io::Result<()> {
    let mut archive = zip::ZipWriter::new(out);
    for input in inputs {
        let large = std::fs::metadata(&input.path)?.len() >= u64::from(u32::MAX);
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated)
            .large_file(large);
        archive.start_file(input.shown.as_str(), options).map_err(io::Error::other)?;
        meter.copy(&input.path, &mut archive)?;
    }
    archive.finish().map(drop).map_err(io::Error::other)
}
