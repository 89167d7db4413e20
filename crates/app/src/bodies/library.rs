//! The library: listing, showing, verifying, exporting, deleting.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use goldsmith_build::id::Clock;
use goldsmith_library::life::ExportFact;
use goldsmith_library::{
    AddProgress, ExportPhase, ExportRequest, Facts, ImageName, ImageTool, ImportRequest, Library,
    LibraryError, PackageRequest, Version, snippets,
};
use goldsmith_process::{Invocation, find_program, run_ok};
use tokio_util::sync::CancellationToken;

use crate::core::Core;
use crate::error::WireError;
use crate::wire::*;

/// The library's clock is the core's.
struct Ticking(Arc<dyn Clock>);

impl goldsmith_library::Clock for Ticking {
    fn now(&self) -> jiff::Timestamp {
        self.0.now()
    }
}

impl Core {
    /// Opens the library; for reading only where it cannot be written.
    pub(crate) fn library(&self) -> Result<Library, WireError> {
        let clock = Arc::new(Ticking(self.setup().clock.clone()));
        let dir = self.dirs().library();
        match Library::open(&dir, clock.clone()) {
            Err(LibraryError::ReadOnly { .. }) if dir.exists() => Ok(Library::open_read_only(&dir, clock)?),
            other => {
                let library = other?;
                library.tick()?;
                Ok(library)
            }
        }
    }

    /// The library for changing it; fails where it cannot be written.
    pub(crate) fn writable_library(&self) -> Result<Library, WireError> {
        let clock = Arc::new(Ticking(self.setup().clock.clone()));
        let library = Library::open(&self.dirs().library(), clock)?;
        library.tick()?;
        Ok(library)
    }

    /// Runs a program of the system to its end; anything but success is an error with what it said.
    pub async fn run_program(&self, name: &str, arguments: &[&str], why: &str) -> Result<(), WireError> {
        let run = Invocation::new(self.program(name, why)?).args(arguments.iter().copied());
        let launch = self.setup().launch.as_ref();
        let done = run_ok(launch, &run, &CancellationToken::new(), &mut |_| {}).await;
        done.map(drop).map_err(|error| {
            WireError::environment("program_failed", format!("{name} did not {why}")).because(&error)
        })
    }

    /// Finds a program of the system.
    pub(crate) fn program(&self, name: &str, why: &str) -> Result<PathBuf, WireError> {
        find_program(name, self.setup().env.path()).ok_or_else(|| {
            WireError::environment(
                "missing_program",
                format!("{name} is not installed; it is needed to {why}"),
            )
            .hint("`goldsmith doctor` says which package it is in.")
        })
    }
}

/// Runs something that waits for a disk away from the threads that answer.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WireError> + Send + 'static,
) -> Result<T, WireError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| WireError::internal("thread_ended", "a thread ended unexpectedly").because(&error))?
}

pub(crate) async fn list_images(core: &Core, _: Nothing) -> Result<ImageList, WireError> {
    let core = core.clone();
    blocking(move || {
        let mut images = core.library()?.images()?;
        images
            .sort_by_key(|image| std::cmp::Reverse(image.latest.as_ref().map(|version| version.created_at)));
        // Whoever wants to read the template asks for the one image.
        for version in images.iter_mut().filter_map(|image| image.latest.as_mut()) {
            version.facts.template_files.clear();
        }
        Ok(ImageList { images })
    })
    .await
}

pub(crate) async fn show_image(core: &Core, request: OfImage) -> Result<ImageDetail, WireError> {
    let core = core.clone();
    blocking(move || {
        let library = core.library()?;
        let version = library.resolve(&request.image)?;
        let versions = library.versions(version.image.as_str())?;
        Ok(ImageDetail { version, versions })
    })
    .await
}

/// Finds a version, and the library it is in.
pub(crate) async fn find_version(core: &Core, image: &str) -> Result<(Library, Version), WireError> {
    let (core, image) = (core.clone(), image.to_owned());
    blocking(move || {
        let library = core.library()?;
        let version = library.resolve(&image)?;
        Ok((library, version))
    })
    .await
}

pub(crate) async fn verify_image(core: &Core, request: VerifyImage) -> Result<Verified, WireError> {
    let (library, version) = find_version(core, &request.image).await?;
    let qemu_img = core.program("qemu-img", "read disk images")?;
    let tool = ImageTool { launch: core.setup().launch.as_ref(), qemu_img: &qemu_img };
    let title = format!("Verifying {}", version.display_name());
    let task = core.tasks().begin(request.task, &title, "bytes")?;
    let mut progress = |done, total| task.progress(&title, done, Some(total));
    let verification = library.verify(&version, &tool, &task.cancel, &mut progress).await?;
    Ok(Verified { image: version.display_name(), verification })
}

pub(crate) async fn export_image(core: &Core, request: ExportImage) -> Result<ExportedImage, WireError> {
    let (library, version) = find_version(core, &request.image).await?;
    let qemu_img = core.program("qemu-img", "write disk images")?;
    let tool = ImageTool { launch: core.setup().launch.as_ref(), qemu_img: &qemu_img };
    let name = version.display_name();
    let task = core.tasks().begin(request.task, &format!("Exporting {name}"), "bytes")?;
    let mut progress = |phase: ExportPhase, done, total| {
        let title = match phase {
            ExportPhase::Converting => format!("Writing {name} as {}", request.format),
            ExportPhase::Hashing => "Computing SHA-256".to_owned(),
        };
        task.progress(&title, done, Some(total));
    };
    let mut output = core.absolute(&request.output);
    if request.output.ends_with('/') {
        // The slash says "a folder", and a path loses it.
        output.push("");
    }
    let wanted = ExportRequest {
        format: request.format,
        output,
        compress: request.compress,
        overwrite: request.force,
    };
    let exported = library.export(&version, &wanted, &tool, &task.cancel, &mut progress).await?;
    record_export(&library, &version, &exported.path, exported.format.name(), &exported.sha256)?;
    Ok(ExportedImage { image: name, exported })
}

fn record_export(
    library: &Library,
    version: &Version,
    path: &Path,
    format: &str,
    sha256: &str,
) -> Result<(), WireError> {
    let (path, format, sha256) = (path.display().to_string(), format.to_owned(), sha256.to_owned());
    match library.record_export(version.id, ExportFact { path, format, sha256, at: None }) {
        // The copy is written all the same where the library can only be read.
        Ok(_) | Err(LibraryError::ReadOnly { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

pub(crate) async fn package_image(core: &Core, request: PackageImage) -> Result<PackagedImage, WireError> {
    let (library, version) = find_version(core, &request.image).await?;
    let qemu_img = core.program("qemu-img", "write disk images")?;
    let tool = ImageTool { launch: core.setup().launch.as_ref(), qemu_img: &qemu_img };
    let name = version.display_name();
    let title = format!("Writing {name} as {}", request.package);
    let task = core.tasks().begin(request.task, &title, "bytes")?;
    let mut progress = |phase: ExportPhase, done, total| {
        let title = match phase {
            ExportPhase::Converting => title.as_str(),
            ExportPhase::Hashing => "Packing, and computing SHA-256",
        };
        task.progress(title, done, Some(total));
    };
    let folder = core.absolute(&request.output);
    let wanted = PackageRequest { package: request.package, folder, overwrite: request.force };
    let packaged = library.package(&version, &wanted, &tool, &task.cancel, &mut progress).await?;
    record_export(&library, &version, &packaged.path, packaged.package.name(), &packaged.sha256)?;
    Ok(PackagedImage { image: name, packaged })
}

pub(crate) async fn deploy_image(core: &Core, request: DeployImage) -> Result<DeploySnippets, WireError> {
    let (_, version) = find_version(core, &request.image).await?;
    let snippets = snippets(&version, request.target)?;
    Ok(DeploySnippets { image: version.display_name(), snippets })
}

pub(crate) async fn import_image(core: &Core, request: ImportImage) -> Result<ImportedImage, WireError> {
    let source = core.absolute(&request.path);
    let stem = source.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let image = ImageName::new(request.image.unwrap_or(stem)).map_err(LibraryError::from)?;
    let asked = core.clone();
    let library = blocking(move || asked.writable_library()).await?;
    let qemu_img = core.program("qemu-img", "read disk images")?;
    let tool = ImageTool { launch: core.setup().launch.as_ref(), qemu_img: &qemu_img };
    let title = format!("Importing {}", source.display());
    let task = core.tasks().begin(request.task, &title, "bytes")?;
    let facts = Facts {
        notes: vec![format!("Imported from {}.", source.display())],
        ssh_user: request.ssh_user,
        firmware: request.uefi.then(|| "efi".to_owned()),
        goldsmith: Some(env!("CARGO_PKG_VERSION").to_owned()),
        ..Facts::default()
    };
    let wanted = ImportRequest { source, image, format: request.format, facts };
    let mut progress = |now: AddProgress| task.progress(&title, now.done, Some(now.total));
    let version = library.import(&wanted, &tool, &task.cancel, &mut progress).await?;
    Ok(ImportedImage { version })
}

pub(crate) async fn cancel_task(core: &Core, request: OfTask) -> Result<Done, WireError> {
    core.tasks().cancel(&request.task)?;
    Ok(Done {})
}

pub(crate) async fn delete_image(core: &Core, request: OfImage) -> Result<MovedVersions, WireError> {
    let core = core.clone();
    blocking(move || {
        let library = core.writable_library()?;
        let version = library.resolve(&request.image)?;
        let doomed = if request.image.contains('@') || request.image == version.id.to_string() {
            vec![version]
        } else {
            library.versions(version.image.as_str())?
        };
        let mut versions = Vec::new();
        for version in doomed {
            versions.push(library.delete(version.id)?.display_name());
        }
        Ok(MovedVersions { versions })
    })
    .await
}

pub(crate) async fn restore_image(core: &Core, request: OfImage) -> Result<MovedVersions, WireError> {
    let core = core.clone();
    blocking(move || {
        let library = core.writable_library()?;
        let wanted = &request.image;
        let (name, number) = match wanted.split_once('@') {
            Some((name, number)) => (name, number.parse::<u32>().ok()),
            None => (wanted.as_str(), None),
        };
        let trash = library.trash()?;
        let chosen: Vec<&Version> = trash
            .iter()
            .filter(|version| version.id.to_string() == *wanted || version.image.as_str() == name)
            .filter(|version| !wanted.contains('@') || Some(version.number) == number)
            .collect();
        if chosen.is_empty() {
            let there: Vec<String> = trash.iter().map(Version::display_name).collect();
            let hint = if there.is_empty() {
                "The trash is empty.".to_owned()
            } else {
                format!("In the trash: {}", there.join(", "))
            };
            return Err(WireError::input("not_in_trash", format!("{wanted} is not in the trash")).hint(hint));
        }
        let mut versions = Vec::new();
        for version in chosen {
            versions.push(library.restore(version.id)?.display_name());
        }
        Ok(MovedVersions { versions })
    })
    .await
}

pub(crate) async fn list_trash(core: &Core, _: Nothing) -> Result<TrashList, WireError> {
    let core = core.clone();
    blocking(move || Ok(TrashList { versions: core.library()?.trash()? })).await
}
