//! The disks of an OVA: a tar of a description (OVF), digests (`.mf`) and disks.
//!
//! DMTF DSP0243: the OVF comes first; files are named by `References`, disks refer to them. Names in the tar decide
//! nothing about where anything is written: each disk goes to a name of ours.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

/// A description is at most so long.
const TEXT: u64 = 4 << 20;
/// No machine has more disks.
const DISKS: usize = 64;

/// Writes the disks of an OVA to `disk-1`, `disk-2` ... in a folder, in the machine's order, and checks them against
/// the digests inside. Errors of kind `InvalidData` say in words what is wrong with the file.
pub(crate) fn unpack(
    ova: &Path,
    folder: &Path,
    cancel: &CancellationToken,
    progress: &mut dyn FnMut(u64, u64),
) -> io::Result<Vec<PathBuf>> {
    let file = File::open(ova)?;
    let total = file.metadata()?.len();
    let mut tar = tar::Archive::new(file);
    let mut wanted: Option<Vec<String>> = None;
    let mut digests: BTreeMap<String, String> = BTreeMap::new();
    let mut seen: BTreeMap<String, (PathBuf, [String; 2])> = BTreeMap::new();
    let mut texts: BTreeMap<String, [String; 2]> = BTreeMap::new();
    for entry in tar.entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        if !entry.header().entry_type().is_file() {
            return Err(bad(format!("{name} in it is no plain file")));
        }
        let size = entry.size();
        let lower = name.to_ascii_lowercase();
        if lower.ends_with(".ovf") || lower.ends_with(".mf") || lower.ends_with(".cert") {
            if size > TEXT {
                return Err(bad(format!("{name} in it is {size} bytes long")));
            }
            let mut text = String::new();
            entry.read_to_string(&mut text)?;
            texts.insert(name, sums(text.as_bytes()));
            if lower.ends_with(".ovf") {
                wanted = Some(disks(&text)?);
            } else if lower.ends_with(".mf") {
                digests = manifest(&text);
            }
            continue;
        }
        let Some(list) = &wanted else {
            return Err(bad(format!("{name} comes before any description (.ovf)")));
        };
        let Some(number) = list.iter().position(|disk| *disk == name) else { continue };
        let path = folder.join(format!("disk-{}", number + 1));
        let summed = copy(&mut entry, &path, cancel, &mut |done| progress(done, total))?;
        if seen.insert(name.clone(), (path, summed)).is_some() {
            return Err(bad(format!("{name} is in it twice")));
        }
    }
    let list = wanted.ok_or_else(|| bad("there is no description (.ovf) in it".to_owned()))?;
    for (name, expected) in &digests {
        let found = seen.get(name).map(|(_, sums)| sums).or_else(|| texts.get(name));
        if let Some(found) = found
            && !found.iter().any(|sum| sum.eq_ignore_ascii_case(expected))
        {
            return Err(bad(format!("{name} in it is not what its manifest says (digest {expected})")));
        }
    }
    list.iter()
        .map(|name| {
            let found = seen.remove(name).map(|(path, _)| path);
            found.ok_or_else(|| bad(format!("the disk {name} that its description names is not in it")))
        })
        .collect()
}

fn bad(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sums(bytes: &[u8]) -> [String; 2] {
    [hex(&Sha1::digest(bytes)), hex(&Sha256::digest(bytes))]
}

fn copy(
    from: &mut impl Read,
    to: &Path,
    cancel: &CancellationToken,
    progress: &mut dyn FnMut(u64),
) -> io::Result<[String; 2]> {
    let mut file = File::create_new(to)?;
    let (mut sha1, mut sha256) = (Sha1::new(), Sha256::new());
    let mut buffer = vec![0; 1 << 20];
    let mut done = 0;
    loop {
        if cancel.is_cancelled() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let n = from.read(&mut buffer)?;
        if n == 0 {
            return Ok([hex(&sha1.finalize()), hex(&sha256.finalize())]);
        }
        sha1.update(&buffer[..n]);
        sha256.update(&buffer[..n]);
        file.write_all(&buffer[..n])?;
        done += n as u64;
        progress(done);
    }
}

/// `SHA256(name)= hex`, one per line.
fn manifest(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| {
            let (head, sum) = line.split_once('=')?;
            let (_, name) = head.trim().strip_suffix(')')?.split_once('(')?;
            Some((name.to_owned(), sum.trim().to_owned()))
        })
        .collect()
}

/// The files of the machine's disks, in order, as the description names them.
fn disks(ovf: &str) -> io::Result<Vec<String>> {
    let mut reader = Reader::from_str(ovf);
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut disks = Vec::new();
    loop {
        let event =
            reader.read_event().map_err(|error| bad(format!("its description is not XML: {error}")))?;
        let tag = match &event {
            Event::Start(tag) | Event::Empty(tag) => tag,
            Event::Eof => break,
            _ => continue,
        };
        let name = tag.name();
        let name: &str = name.as_ref();
        match name.rsplit(':').next() {
            Some("File") => {
                if let (Some(id), Some(href)) = (attribute(tag, "id"), attribute(tag, "href")) {
                    if attribute(tag, "compression").is_some_and(|kind| kind != "identity") {
                        return Err(bad(format!("{href} in it is compressed by itself, which is not taken")));
                    }
                    files.insert(id, href);
                }
            }
            Some("Disk") => disks.extend(attribute(tag, "fileRef")),
            _ => {}
        }
    }
    if disks.is_empty() || disks.len() > DISKS {
        return Err(bad(format!("its description names {} disks with bytes", disks.len())));
    }
    disks
        .into_iter()
        .map(|id| files.get(&id).cloned().ok_or_else(|| bad(format!("its description names no file {id}"))))
        .collect()
}

fn attribute(tag: &BytesStart<'_>, wanted: &str) -> Option<String> {
    tag.attributes().flatten().find_map(|attribute| {
        let key: &str = attribute.key.as_ref();
        (key.rsplit(':').next() == Some(wanted)).then(|| attribute.value.to_string())
    })
}
