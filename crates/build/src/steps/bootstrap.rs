//! The disk of a `bootstrap` source: packages first, then the disk made from them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use goldsmith_library::SourceFact;
use goldsmith_process::{Child, Dirs, Invocation, Launch, LaunchError, find_program};
use goldsmith_template::Job;
use goldsmith_template::options::{BootstrapOptions, DistributionOptions};
use serde_json::json;

use crate::bootstrap::{
    Bench, BootstrapError, BuildAccess, HostApt, Identity, ImageSpec, Ownership, Rootfs, Said, make_disk,
    make_rootfs,
};
use crate::download::{Downloads, Retry, without_login};
use crate::error::{Context as _, StepError};
use crate::journal::Unit;
use crate::pipeline::{Output, Step, StepContext};
use crate::plan::{PlanError, Sketch, StepKind};
use crate::provision::sentence;
use crate::steps::login::Login;
use crate::steps::settings::Settings;

/// What the options come to.
pub(crate) fn image_spec(
    job: &Job,
    options: &BootstrapOptions,
    settings: &Settings,
    user: &str,
) -> Result<ImageSpec, PlanError> {
    ImageSpec::new(&options.system, settings.format.name(), user)
        .map_err(|error| PlanError::new(sentence(&error.to_string()), &job.place))
}

/// Makes the archive of packages, or finds it in the cache.
pub(crate) struct InstallPackages {
    image: ImageSpec,
    options: DistributionOptions,
    cache: PathBuf,
    downloads: PathBuf,
    fresh: bool,
}

impl InstallPackages {
    pub(crate) fn new(image: &ImageSpec, options: &BootstrapOptions, dirs: &Dirs, fresh: bool) -> Self {
        Self {
            image: image.clone(),
            options: options.system.clone(),
            cache: dirs.cache.join("bootstrap"),
            downloads: dirs.downloads(),
            fresh,
        }
    }

    /// For the library's record.
    pub(crate) fn told(&self) -> SourceFact {
        let root = &self.image.rootfs;
        SourceFact::Packages {
            distribution: root.distribution.name().to_owned(),
            suite: root.suite.clone(),
            mirror: match self.options.mirror.as_ref().and_then(|mirror| mirror.known()) {
                Some(mirror) => without_login(mirror),
                None => "this computer's own sources, or the public archive".to_owned(),
            },
            installed: None,
        }
    }
}

#[async_trait]
impl Step for InstallPackages {
    type Output = Rootfs;

    fn sketch(&self) -> Sketch {
        let root = &self.image.rootfs;
        let command = root.shown(Path::new("mmdebstrap"), Path::new("{cache}/{fingerprint}.tar"));
        Sketch::new(
            format!("Install the packages of {} {}", root.distribution.name(), root.suite),
            StepKind::Download,
        )
        .command(command)
        .program("mmdebstrap", "makes a root file system from a distribution's packages")
        .writes(1 << 30)
        .inputs(&json!({
            "distribution": root.distribution.name(),
            "suite": root.suite,
            "variant": root.variant,
            "packages": root.packages,
            "components": self.image.components,
            "locale": root.locale,
        }))
    }

    async fn run(&self, cx: &StepContext) -> Result<Rootfs, StepError> {
        // mmdebstrap works in a folder of its own below TMPDIR; whatever happens to it, that folder goes.
        let work = cx.build().temporary.join(format!("goldsmith-{}", cx.fresh()));
        let holding = cx.make_directory(&work)?;
        let launch: Arc<dyn Launch> = Arc::new(InFolder { inner: cx.launcher(), folder: work });
        let candidates = self.image.candidates(&self.options, &HostApt::read(Path::new("/")));
        for archive in candidates.shown() {
            cx.say(format!("Packages from {archive}."));
        }
        let fresh = self.fresh;
        let part = self.cache.join(format!("{}.tar.part", cx.fresh()));
        let unfinished = cx.intend_file(&part)?;
        let made = with_bench(cx, &*launch, &self.cache, &self.downloads, "", async |bench| {
            make_rootfs(bench, &self.image, &candidates, fresh, &part).await
        })
        .await?;
        if made.cached {
            cx.reused();
            cx.say("Nothing has changed since the last time: the packages installed then are used.");
        }
        unfinished.release().await?;
        holding.release().await?;
        Ok(made)
    }
}

/// Makes the disk.
pub(crate) struct AssembleDisk {
    pub(crate) settings: Settings,
    pub(crate) image: ImageSpec,
    pub(crate) root: Output<Rootfs>,
    pub(crate) login: Output<Login>,
    pub(crate) user: String,
}

impl AssembleDisk {
    /// What the disk depends on beside its packages.
    pub(crate) fn inputs(image: &ImageSpec) -> serde_json::Value {
        json!({
            "hostname": image.hostname, "timezone": image.timezone, "size": image.disk_size,
            "format": image.format, "bios": image.bios, "uefi": image.uefi, "cloud_init": image.cloud_init,
        })
    }
}

#[async_trait]
impl Step for AssembleDisk {
    type Output = ();

    fn sketch(&self) -> Sketch {
        let image = &self.image;
        Sketch::new("Make the disk", StepKind::Disk)
            .program("mkfs.ext4", "makes the root file system")
            .program("mmd", "makes the EFI system partition (package mtools)")
            .program("qemu-img", "makes and converts disk images")
            .writes(3 << 30)
            .inputs(&Self::inputs(image))
    }

    async fn run(&self, cx: &StepContext) -> Result<(), StepError> {
        let root = self.root.get()?;
        let login = self.login.get()?;
        let access = login.temporary.as_ref().map(|pair| BuildAccess {
            username: self.user.clone(),
            authorized_key: pair.public_openssh(),
            host_key: None,
        });
        // Beside the output folder: a raw disk is only renamed into it.
        let parent = self.settings.output.parent().unwrap_or(Path::new("/"));
        let work = parent.join(format!(".goldsmith-work-{}", cx.fresh()));
        let holding = cx.make_directory(&work)?;
        let mut random = [0u8; 84];
        cx.build().random.fill(&mut random);
        let identity = Identity::from_random(&random);
        let (launch, dirs) = (cx.launcher(), cx.dirs());
        let (cache, downloads) = (dirs.cache.join("bootstrap"), dirs.downloads());
        let qemu_img = self.settings.qemu_img.clone();
        let output = self.settings.disk_path();
        with_bench(cx, &*launch, &cache, &downloads, &qemu_img.to_string_lossy(), async |bench| {
            make_disk(bench, &self.image, &identity, access.as_ref(), &root.path, &work, &output).await
        })
        .await?;
        for (path, size) in self.settings.more_disks() {
            let create = goldsmith_machine::disk::Create {
                path,
                format: self.settings.format,
                size: Some(size),
                backing: None,
                extra: self.settings.create_args.clone(),
            };
            let tool = self.settings.disk_tool();
            tool.create(cx.launch(), &create, cx.cancel()).await.map_err(crate::steps::disk::disk_error)?;
        }
        holding.release().await
    }
}

/// Gathers what the work needs, and tells the journal what it says.
async fn with_bench<T>(
    cx: &StepContext,
    launch: &dyn Launch,
    cache: &Path,
    downloads: &Path,
    qemu_img: &str,
    work: impl AsyncFnOnce(&mut Bench<'_>) -> Result<T, BootstrapError>,
) -> Result<T, StepError> {
    let build = cx.build();
    let found = |name: &str| find_program(name, &build.path);
    let root = rustix::process::geteuid().is_root();
    let ownership = Ownership::choose(root, |name| found(name).is_some()).ok_or_else(|| {
        StepError::environment(
            "Neither fakeroot nor user namespaces (newuidmap) are there to keep the owners of files.",
        )
        .hint("Install fakeroot, or uidmap; `goldsmith doctor` shows the command.")
    })?;
    let mmdebstrap = found("mmdebstrap").ok_or_else(|| {
        StepError::environment("mmdebstrap was not found.")
            .hint("Install the package mmdebstrap; `goldsmith doctor` shows the command.")
    })?;
    fs::create_dir_all(cache).environment(|| format!("Cannot make the folder {}", cache.display()))?;
    let downloads = Downloads::open(downloads, &build.network, Retry::default())
        .map_err(|error| StepError::environment(sentence(&error.to_string())))?;
    let mut on = |said: Said| match said {
        Said::Phase(text) => cx.waiting("phase", sentence(&text)),
        Said::Line(line) => cx.log(line.stream.into(), &line.text),
        Said::Warning(text) => cx.warn(sentence(&text)),
        Said::Bytes { done, total } => cx.progress(done, Some(total), Unit::Bytes),
        Said::Items { done, total } => cx.progress(done, Some(total), Unit::Items),
    };
    let mut bench = Bench {
        launch,
        downloads: &downloads,
        cancel: cx.cancel(),
        cache,
        mmdebstrap: &mmdebstrap,
        qemu_img: Path::new(qemu_img),
        ownership,
        on: &mut on,
    };
    work(&mut bench).await.map_err(|error| match error {
        BootstrapError::Cancelled => StepError::cancelled(),
        error @ BootstrapError::Option { .. } => StepError::input(sentence(&error.to_string())),
        error => StepError::environment(sentence(&error.to_string())),
    })
}

/// Gives programs a folder of the build's own for their temporary files.
struct InFolder {
    inner: Arc<dyn Launch>,
    folder: PathBuf,
}

#[async_trait]
impl Launch for InFolder {
    async fn launch(&self, invocation: &Invocation) -> Result<Child, LaunchError> {
        self.inner.launch(&invocation.clone().env("TMPDIR", &self.folder)).await
    }
}
