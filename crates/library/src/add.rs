use std::collections::HashSet;
use std::path::{Path, PathBuf};

use goldsmith_process::copy;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;
use uuid::Uuid;

use crate::bytes::Stage;
use crate::content;
use crate::digest::{background, digest};
use crate::error::LibraryError;
use crate::event::EventBody;
use crate::facts::Facts;
use crate::format::DiskFormat;
use crate::library::{ImageTool, Library, in_library};
use crate::name::ImageName;
use crate::version::{StoredFile, Version, VersionId};

/// A version to be added.
#[derive(Clone, Debug)]
pub struct NewVersion {
    /// The image it belongs to; made when new.
    pub image: ImageName,
    /// Its files; at least one disk. They are copied (by reflink where the file system can), never moved.
    pub files: Vec<NewFile>,
    /// How it was made.
    pub facts: Facts,
}

/// A file of a version to be added.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Where it is now.
    pub source: PathBuf,
    /// Its name in the library; one path component.
    pub name: String,
    /// For a disk image: its format.
    pub disk: Option<DiskFormat>,
}

impl NewVersion {
    /// The common case: one disk. It is stored as `<image>.<format>`.
    pub fn disk(image: ImageName, source: impl Into<PathBuf>, format: DiskFormat, facts: Facts) -> Self {
        let name = format!("{image}.{format}");
        Self { image, files: vec![NewFile { source: source.into(), name, disk: Some(format) }], facts }
    }
}

/// What [`Library::add`] is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum AddPhase {
    /// Copying the files into the library.
    Copying,
    /// Computing digests of the copies.
    Hashing,
    /// Flushing to disk and recording.
    Recording,
}

/// Progress of [`Library::add`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AddProgress {
    /// The phase.
    pub phase: AddPhase,
    /// Bytes done in this phase.
    #[ts(type = "number")]
    pub done: u64,
    /// Bytes in all in this phase.
    #[ts(type = "number")]
    pub total: u64,
}

impl Library {
    /// Adds a version: the files are staged (reflink or sparse streaming copy), hashed, flushed, moved to
    /// their place in one rename and recorded in one transaction. A crash leaves either the old or the
    /// new state; a staging folder left behind is removed by the next [`Library::open`].
    ///
    /// `tool` is used only for formats that Goldsmith does not read itself (vmdk, vdi, vhdx).
    pub async fn add(
        &self,
        new: NewVersion,
        tool: &ImageTool<'_>,
        cancel: &CancellationToken,
        progress: &mut (dyn FnMut(AddProgress) + Send),
    ) -> Result<Version, LibraryError> {
        let what = format!("adding a version of {}", new.image);
        self.writable(&what)?;
        let lengths = check(&what, &new)?;

        // Copy.
        let (library, files, token, words) = (self.clone(), new.files.clone(), cancel.clone(), what.clone());
        let stage = background(
            &what,
            &mut |done, total| progress(AddProgress { phase: AddPhase::Copying, done, total }),
            move |report| library.copy_in(&words, &files, &token, report),
        )
        .await?;

        // Digest what was copied: that is what the library vouches for.
        let mut stored = Vec::new();
        let total: u64 = lengths.iter().sum();
        let mut before = 0;
        for (file, length) in new.files.iter().zip(&lengths) {
            let path = stage.folder().join(&file.name);
            let mut report = |done: u64, _: u64| {
                progress(AddProgress { phase: AddPhase::Hashing, done: before + done, total })
            };
            let digest = digest(&what, &path, &file.name, file.disk, tool, cancel, &mut report).await?;
            stored.push(digest);
            before += length;
        }

        // Record.
        progress(AddProgress { phase: AddPhase::Recording, done: 0, total: 1 });
        if cancel.is_cancelled() {
            return Err(LibraryError::Cancelled { what });
        }
        let (library, words) = (self.clone(), what.clone());
        let version =
            background(&what, &mut |_, _| {}, move |_| library.record(&words, stage, new, stored)).await?;
        progress(AddProgress { phase: AddPhase::Recording, done: 1, total: 1 });
        Ok(version)
    }

    /// Stages copies of the files. Blocking.
    fn copy_in(
        &self,
        what: &str,
        files: &[NewFile],
        cancel: &CancellationToken,
        report: &mut dyn FnMut(u64, u64),
    ) -> Result<Stage, LibraryError> {
        let dir = &self.inner.dir;
        // Under the writer lock, so that no sweep comes between the stage's lock and its folder.
        let lock = self.lock(what)?;
        let stage = self.inner.bytes.stage().map_err(|e| in_library(what, dir, dir, 0, e))?;
        drop(lock);
        let needed: u64 = files.iter().filter_map(|f| allocated(&f.source)).sum();
        for file in files {
            let target = stage.folder().join(&file.name);
            copy::file(&file.source, &target, cancel, report)
                .map_err(|e| in_library(what, dir, &file.source, needed, e))?;
        }
        Ok(stage)
    }

    /// Gives the stage its place and number. Blocking.
    fn record(
        &self,
        what: &str,
        stage: Stage,
        new: NewVersion,
        files: Vec<StoredFile>,
    ) -> Result<Version, LibraryError> {
        let dir = &self.inner.dir;
        self.inner.bytes.seal(&stage).map_err(|e| in_library(what, dir, stage.folder(), 0, e))?;
        let lock = self.lock(what)?;
        let id = self.write(what, &lock, |appender| {
            let number = appender.next_number(new.image.as_str())?;
            let content = content::of_disks(
                &files.iter().filter_map(|f| f.disk.as_ref()).map(|d| d.content).collect::<Vec<_>>(),
            );
            let at = self.inner.clock.now();
            let seed = format!("{}@{number} {content} {}", new.image, at.as_nanosecond());
            let id = VersionId(Uuid::new_v5(&NAMESPACE, seed.as_bytes()));
            // The bytes are in place before the event commits: dying in between leaves a folder that no event
            // knows, which the next opening, or the next version of this number, removes.
            self.inner
                .bytes
                .publish(stage, &new.image, number)
                .map_err(|e| in_library(what, dir, dir, 0, e))?;
            let facts = Box::new(new.facts);
            let added = EventBody::VersionAdded { id, image: new.image, number, content, files, facts };
            appender.append(at, added)?;
            Ok(id)
        })?;
        drop(lock);
        self.version(id)
    }
}

/// Namespace of version ids.
const NAMESPACE: Uuid = Uuid::from_u128(0x5b0c_0f5e_3f0a_4a6b_9d0e_6f6c_6473_6d74);

/// Looks at the files before anything is made; gives their lengths.
fn check(what: &str, new: &NewVersion) -> Result<Vec<u64>, LibraryError> {
    let refuse = |path: &Path, cause: &str| LibraryError::BadImage {
        what: what.to_owned(),
        path: path.to_owned(),
        cause: cause.to_owned(),
    };
    if !new.files.iter().any(|f| f.disk.is_some()) {
        return Err(refuse(Path::new(""), "a version needs at least one disk image"));
    }
    let mut names = HashSet::new();
    new.files
        .iter()
        .map(|file| {
            let one = Path::new(&file.name).file_name().is_some_and(|n| n == file.name.as_str());
            if !one || !names.insert(&file.name) {
                return Err(refuse(&file.source, &format!("\"{}\" cannot name its copy", file.name)));
            }
            let meta = std::fs::metadata(&file.source).map_err(|source| LibraryError::Io {
                what: what.to_owned(),
                path: file.source.clone(),
                source,
            })?;
            if meta.is_file() {
                Ok(meta.len())
            } else {
                Err(refuse(&file.source, "it is not a regular file"))
            }
        })
        .collect()
}

fn allocated(path: &Path) -> Option<u64> {
    std::os::unix::fs::MetadataExt::blocks(&std::fs::metadata(path).ok()?).checked_mul(512)
}
