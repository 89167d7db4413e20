//! Handing a version over to other programs: one file with everything the receiver expects, its checksum and a
//! manifest beside it.

mod deploy;
mod oci;
mod ovf;
mod vagrant;
mod vhd;

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use goldsmith_process::durable::Staged;
use goldsmith_process::{Invocation, run_ok};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

pub use deploy::{Deploy, Snippet, snippets};

use crate::digest::{background, reading, sha256, tool_error};
use crate::error::LibraryError;
use crate::export::{ExportPhase, percent, writing};
use crate::format::DiskFormat;
use crate::library::{ImageTool, Library};
use crate::version::Version;

/// What a version can be handed over as, beside a plain disk image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum Package {
    /// A fixed VHD, aligned to 1 MiB, for Azure.
    Vhd,
    /// An OVA for VirtualBox and VMware.
    Ova,
    /// A Vagrant box for libvirt.
    VagrantLibvirt,
    /// A Vagrant box for VirtualBox.
    VagrantVirtualbox,
    /// An OCI archive holding the disk where KubeVirt's containerDisk has it.
    Oci,
}

impl Package {
    /// All of them, in the order shown to people.
    pub const ALL: [Package; 5] =
        [Package::Vhd, Package::Ova, Package::VagrantLibvirt, Package::VagrantVirtualbox, Package::Oci];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Package::Vhd => "vhd",
            Package::Ova => "ova",
            Package::VagrantLibvirt => "vagrant-libvirt",
            Package::VagrantVirtualbox => "vagrant-virtualbox",
            Package::Oci => "oci",
        }
    }

    /// How its file's name ends.
    fn end(self) -> &'static str {
        match self {
            Package::Vhd => "vhd",
            Package::Ova => "ova",
            Package::VagrantLibvirt => "libvirt.box",
            Package::VagrantVirtualbox => "virtualbox.box",
            Package::Oci => "oci.tar",
        }
    }

    /// The disk image inside.
    fn disk(self) -> (DiskFormat, &'static [&'static str]) {
        match self {
            Package::Vhd => (DiskFormat::Raw, &[]),
            Package::Ova | Package::VagrantVirtualbox => {
                (DiskFormat::Vmdk, &["-o", "subformat=streamOptimized"])
            }
            // The box is compressed as a whole.
            Package::VagrantLibvirt => (DiskFormat::Qcow2, &["-m", "4", "-W"]),
            Package::Oci => (DiskFormat::Qcow2, &["-c", "-o", "compression_type=zstd", "-m", "16", "-W"]),
        }
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Package {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Package::ALL.into_iter().find(|package| package.name() == text).ok_or_else(|| {
            let names: Vec<&str> = Package::ALL.iter().map(|package| package.name()).collect();
            format!("\"{text}\" is nothing a version can be handed over as; use {}", names.join(", "))
        })
    }
}

/// What to write and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct PackageRequest {
    /// As what.
    pub package: Package,
    /// The folder to write `<image>-<number>.<end>` into; made when absent.
    pub folder: PathBuf,
    /// Replace files that are there.
    pub overwrite: bool,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Packaged {
    /// The file.
    pub path: PathBuf,
    /// Its length in bytes.
    #[ts(type = "number")]
    pub size: u64,
    /// Its SHA-256 in hex; also in `<file>.sha256`.
    pub sha256: String,
    /// As what.
    pub package: Package,
    /// Other files that were written or changed: checksum, manifest, a Vagrant catalogue.
    pub beside: Vec<PathBuf>,
}

impl Library {
    /// Writes a version as a package. The file appears under its name only when complete and flushed; cancelling or
    /// failing leaves nothing.
    pub async fn package(
        &self,
        version: &Version,
        request: &PackageRequest,
        tool: &ImageTool<'_>,
        cancel: &CancellationToken,
        progress: &mut (dyn FnMut(ExportPhase, u64, u64) + Send),
    ) -> Result<Packaged, LibraryError> {
        let package = request.package;
        let what = format!("exporting {} as {package}", version.display_name());
        let (source, disk) = self.present_disk(&what, version)?;
        let folder = &request.folder;
        let target = folder.join(format!("{}-{}.{}", version.image, version.number, package.end()));
        let at = |error: io::Error| writing(&what, &target, disk.data_size, error);
        fs::create_dir_all(folder).map_err(at)?;
        if target.exists() && !request.overwrite {
            return Err(LibraryError::Exists { path: target });
        }
        let scratch = tempfile::Builder::new().prefix(".goldsmith-").tempdir_in(folder).map_err(at)?;
        let (format, options) = package.disk();
        let image = scratch.path().join(format!("disk.{format}"));
        let inv = Invocation::new(tool.qemu_img)
            .args(["convert", "-p", "-f", disk.format.name(), "-O", format.name()])
            .args(options.iter().copied())
            .arg(&source)
            .arg(&image);
        let size = disk.virtual_size;
        let converted = run_ok(tool.launch, &inv, cancel, &mut |line| {
            if let Some(share) = percent(&line.text) {
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    clippy::cast_precision_loss
                )]
                progress(ExportPhase::Converting, (size as f64 * share / 100.0) as u64, size);
            }
        })
        .await;
        converted.map_err(|error| {
            let full = error.to_string().contains("No space left");
            if full { at(io::ErrorKind::StorageFull.into()) } else { tool_error(&what, &inv, &error) }
        })?;
        let staged = Staged::beside(&target).map_err(at)?;
        let parts = Parts {
            version: version.clone(),
            virtual_size: size,
            image,
            scratch: scratch.path().to_owned(),
            cancel: cancel.clone(),
        };
        let (path, token, words) = (staged.path().to_owned(), cancel.clone(), what.clone());
        let (sha256, size) = background(
            &what,
            &mut |done, total| progress(ExportPhase::Hashing, done, total),
            move |report| {
                let wrap = |error| reading(&words, &path, error);
                match package {
                    Package::Vhd => vhd::write(&parts, &path),
                    Package::Ova => ovf::write(&parts, &path),
                    Package::VagrantLibvirt => vagrant::libvirt(&parts, &path),
                    Package::VagrantVirtualbox => vagrant::virtualbox(&parts, &path),
                    Package::Oci => oci::write(&parts, &path),
                }
                .map_err(wrap)?;
                sha256(&path, &token, report).map_err(wrap)
            },
        )
        .await?;
        let commit = if request.overwrite { Staged::commit } else { Staged::commit_new };
        let path = commit(staged).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => LibraryError::Exists { path: target.clone() },
            _ => at(error),
        })?;
        drop(scratch);
        let mut packaged = Packaged { path, size, sha256, package, beside: Vec::new() };
        packaged.beside = beside(version, &packaged).map_err(at)?;
        Ok(packaged)
    }
}

/// Checksum, manifest, and for Vagrant the catalogue of a box's versions.
fn beside(version: &Version, packaged: &Packaged) -> io::Result<Vec<PathBuf>> {
    let name = packaged.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let with = |end: &str| packaged.path.with_file_name(format!("{name}.{end}"));
    let write = |path: &Path, text: String| goldsmith_process::durable::write(path, text.as_bytes());
    let sum = with("sha256");
    write(&sum, format!("{}  {name}\n", packaged.sha256))?;
    let manifest = with("json");
    let told = json!({
        "image": version.image, "version": version.number, "id": version.id, "content": version.content,
        "format": packaged.package, "file": name, "size": packaged.size, "sha256": packaged.sha256,
        "facts": version.facts,
    });
    write(&manifest, format!("{told:#}\n"))?;
    let mut files = vec![sum, manifest];
    let provider = match packaged.package {
        Package::VagrantLibvirt => "libvirt",
        Package::VagrantVirtualbox => "virtualbox",
        Package::Vhd | Package::Ova | Package::Oci => return Ok(files),
    };
    let path = packaged.path.with_file_name(format!("{}.json", version.image));
    let before = fs::read_to_string(&path).unwrap_or_default();
    write(&path, vagrant::catalogue(&before, version, provider, &name, &packaged.sha256))?;
    files.push(path);
    Ok(files)
}

/// What a package is made of.
struct Parts {
    version: Version,
    virtual_size: u64,
    /// The disk image in the package's format.
    image: PathBuf,
    /// A folder for what is made on the way.
    scratch: PathBuf,
    cancel: CancellationToken,
}

impl Parts {
    /// The machine's name.
    fn name(&self) -> String {
        format!("{}-{}", self.version.image, self.version.number)
    }

    fn memory_mib(&self) -> u64 {
        self.version.facts.memory_mib.unwrap_or(1024)
    }

    fn cpus(&self) -> u32 {
        self.version.facts.cpus.unwrap_or(1)
    }

    fn is_efi(&self) -> bool {
        self.version.facts.firmware.as_deref() == Some("efi")
    }

    /// Copies a file, hashing it; gives the SHA-256 in hex and the length.
    fn copy(&self, from: &Path, to: &mut dyn Write) -> io::Result<(String, u64)> {
        let mut file = File::open(from)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 1 << 20];
        let mut length = 0;
        loop {
            if self.cancel.is_cancelled() {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let n = file.read(&mut buffer)?;
            if n == 0 {
                return Ok((hex(&hasher.finalize()), length));
            }
            hasher.update(&buffer[..n]);
            to.write_all(&buffer[..n])?;
            length += n as u64;
        }
    }

    /// Adds a file to a tar.
    fn append(
        &self,
        tar: &mut tar::Builder<impl Write>,
        name: &str,
        from: &Path,
        mode: u32,
    ) -> io::Result<()> {
        let file = File::open(from)?;
        let mut header = header(file.metadata()?.len(), mode, 0);
        // Not a plain copy: a long export must hear of its end.
        tar.append_data(&mut header, name, Heeding { file, cancel: self.cancel.clone() })
    }
}

/// A file whose reading stops when the export does.
struct Heeding {
    file: File,
    cancel: CancellationToken,
}

impl Read for Heeding {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_cancelled() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        self.file.read(buffer)
    }
}

/// A tar header without anything of this computer in it.
fn header(size: u64, mode: u32, owner: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.set_size(size);
    header.set_mode(mode);
    header.set_uid(owner);
    header.set_gid(owner);
    header.set_mtime(0);
    header
}

/// Adds a text to a tar.
fn text(tar: &mut tar::Builder<impl Write>, name: &str, text: &str) -> io::Result<()> {
    tar.append_data(&mut header(text.len() as u64, 0o644, 0), name, text.as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
