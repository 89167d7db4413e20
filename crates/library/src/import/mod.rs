//! An existing disk image becomes a version.

mod ova;
mod probe;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use goldsmith_process::{Invocation, capture, run_ok};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::add::{AddProgress, NewFile, NewVersion};
use crate::bytes::Stage;
use crate::digest::{background, reading, sha256, tool_error};
use crate::error::LibraryError;
use crate::facts::{Facts, SourceFact};
use crate::format::DiskFormat;
use crate::library::{ImageTool, Library, in_library};
use crate::name::ImageName;
use crate::version::Version;
use probe::Kind;

/// What to import.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// The file: qcow2, raw, vmdk, vdi, vhdx, vhd or OVA.
    pub source: PathBuf,
    /// The image it becomes a version of.
    pub image: ImageName,
    /// Its format, where the user says; a raw disk without a partition table needs it.
    pub format: Option<DiskFormat>,
    /// What is known of it beside.
    pub facts: Facts,
}

impl Library {
    /// Makes a version of an existing disk image. The format is told from the file's own bytes; nothing the file names
    /// is opened. An image that a running machine uses is refused, and one that changes while it is read. qcow2 and
    /// raw are kept as they are, everything else becomes qcow2.
    pub async fn import(
        &self,
        request: &ImportRequest,
        tool: &ImageTool<'_>,
        cancel: &CancellationToken,
        progress: &mut (dyn FnMut(AddProgress) + Send),
    ) -> Result<Version, LibraryError> {
        let source = &request.source;
        let what = format!("importing {}", source.display());
        self.writable(&what)?;
        let refuse =
            |cause: String| LibraryError::BadImage { what: what.clone(), path: source.clone(), cause };
        let failed = |error: io::Error| reading(&what, source, error);
        let before = fs::metadata(source).map_err(failed)?;
        if !before.is_file() {
            return Err(refuse("it is not a regular file".to_owned()));
        }
        let kind = probe::probe(source, request.format).map_err(failed)?.map_err(refuse)?;
        let stage = self.import_stage(&what)?;
        let (path, token, words) = (source.clone(), cancel.clone(), what.clone());
        let (digest, _) = background(&what, &mut |_, _| {}, move |report| {
            sha256(&path, &token, report).map_err(|error| reading(&words, &path, error))
        })
        .await?;
        let disks = match kind {
            Kind::Ova => self.unpacked(&what, source, &stage, cancel).await?,
            disk => vec![(source.clone(), disk)],
        };
        let mut files = Vec::new();
        for (number, (path, kind)) in disks.into_iter().enumerate() {
            let size = checked(&what, &path, kind, tool, cancel).await?;
            probe::bounded(size).map_err(refuse)?;
            let (path, format) = match kind {
                Kind::Disk(format @ (DiskFormat::Qcow2 | DiskFormat::Raw)) => (path, format),
                other => {
                    let to = stage.folder().join(format!("converted-{}.qcow2", number + 1));
                    convert(&what, &path, other, &to, tool, cancel).await?;
                    (to, DiskFormat::Qcow2)
                }
            };
            let end = if number == 0 { String::new() } else { format!("-{number}") };
            let name = format!("{}{end}.{format}", request.image);
            files.push(NewFile { source: path, name, disk: Some(format) });
        }
        let mut facts = request.facts.clone();
        facts.sources.push(SourceFact::File {
            url: source.display().to_string(),
            checksum: Some(format!("sha256:{digest}")),
        });
        let new = NewVersion { image: request.image.clone(), files, facts };
        let version = self.add(new, tool, cancel, progress).await?;
        drop(stage);
        // Whoever wrote to it meanwhile has given us half of the one and half of the other.
        let now = fs::metadata(source).map_err(failed)?;
        if changed(&before) != changed(&now) {
            self.delete(version.id)?;
            return Err(refuse(
                "it was written to while it was read; stop the machine, or import a snapshot".to_owned(),
            ));
        }
        Ok(version)
    }

    fn import_stage(&self, what: &str) -> Result<Stage, LibraryError> {
        let dir = &self.inner.dir;
        let lock = self.lock(what)?;
        let stage = self.inner.bytes.stage().map_err(|error| in_library(what, dir, dir, 0, error))?;
        drop(lock);
        Ok(stage)
    }

    /// The disks of an OVA, each looked at as if it had come by itself.
    async fn unpacked(
        &self,
        what: &str,
        ova: &Path,
        stage: &Stage,
        cancel: &CancellationToken,
    ) -> Result<Vec<(PathBuf, Kind)>, LibraryError> {
        let (path, folder, token, words) =
            (ova.to_owned(), stage.folder().to_owned(), cancel.clone(), what.to_owned());
        let disks = background(what, &mut |_, _| {}, move |report| {
            ova::unpack(&path, &folder, &token, report).map_err(|error| reading(&words, &path, error))
        })
        .await?;
        let mut found = Vec::new();
        for disk in disks {
            let kind = probe::probe(&disk, None).map_err(|error| reading(what, &disk, error))?;
            let kind = match kind {
                Ok(Kind::Ova) => Err("a disk in it is an archive".to_owned()),
                other => other.map_err(|why| format!("a disk in it is refused: {why}")),
            };
            let path = ova.to_owned();
            found.push((
                disk,
                kind.map_err(|cause| LibraryError::BadImage { what: what.to_owned(), path, cause })?,
            ));
        }
        Ok(found)
    }
}

fn changed(meta: &fs::Metadata) -> (u64, Option<SystemTime>) {
    (meta.len(), meta.modified().ok())
}

/// What `qemu-img info` says.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Told {
    virtual_size: u64,
    backing_filename: Option<String>,
    #[serde(default)]
    encrypted: bool,
}

/// Asks `qemu-img`, which refuses an image that a running machine has open. Its size as the guest sees it.
async fn checked(
    what: &str,
    path: &Path,
    kind: Kind,
    tool: &ImageTool<'_>,
    cancel: &CancellationToken,
) -> Result<u64, LibraryError> {
    let refuse =
        |cause: String| LibraryError::BadImage { what: what.to_owned(), path: path.to_owned(), cause };
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lck");
    let lock = PathBuf::from(lock);
    if lock.exists() {
        return Err(refuse(format!(
            "VMware has it open ({} is there); stop the machine first",
            lock.display()
        )));
    }
    let ask = Invocation::new(tool.qemu_img).args(["info", "--output=json", "-f", kind.name()]).arg(path);
    let told = capture(tool.launch, &ask, cancel).await.map_err(|error| tool_error(what, &ask, &error))?;
    if !told.exit.success() {
        if told.stderr.contains("lock") {
            let why = "a running machine has it open; stop the machine, or import a snapshot of it";
            return Err(refuse(why.to_owned()));
        }
        let said = told.stderr.lines().last().unwrap_or_default().to_owned();
        return Err(refuse(format!("qemu-img cannot read it as {}: {said}", kind.name())));
    }
    let told: Told = serde_json::from_str(&told.stdout)
        .map_err(|error| refuse(format!("what qemu-img says of it is not understood: {error}")))?;
    match told {
        Told { backing_filename: Some(_), .. } => Err(refuse("it stands on another image".to_owned())),
        Told { encrypted: true, .. } => Err(refuse("it is encrypted".to_owned())),
        told => Ok(told.virtual_size),
    }
}

async fn convert(
    what: &str,
    from: &Path,
    kind: Kind,
    to: &Path,
    tool: &ImageTool<'_>,
    cancel: &CancellationToken,
) -> Result<(), LibraryError> {
    let inv = Invocation::new(tool.qemu_img)
        .args(["convert", "-f", kind.name(), "-O", "qcow2", "-m", "4", "-W"])
        .arg(from)
        .arg(to);
    run_ok(tool.launch, &inv, cancel, &mut |_| {}).await.map_err(|error| tool_error(what, &inv, &error))?;
    Ok(())
}
