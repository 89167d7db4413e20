//! Doing it: the archive of packages, then the disk.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use goldsmith_process::lock::FileLock;
use goldsmith_process::{Launch, Line, RunError, durable, run, run_ok, space};
use tokio_util::sync::CancellationToken;

use super::disk::{Ownership, Workshop};
use super::error::BootstrapError;
use super::gpt::{Layout, SECTOR};
use super::overlay::{self, Taken};
use super::rootfs::{Progress, Watch, release_date};
use super::sources::{Archive, Candidates};
use super::{BuildAccess, Identity, ImageSpec, grub};
use crate::download::{DownloadError, Downloads};

/// Archives of packages kept in the cache.
const KEPT: usize = 4;
/// Largest `InRelease` we read (bytes).
const RELEASE_LIMIT: u64 = 8 << 20;
const LOCK_POLL: Duration = Duration::from_millis(200);
/// Room for unpacked packages while mmdebstrap works (bytes): a floor, checked before it starts.
const ROOM_FOR_PACKAGES: u64 = 1 << 30;
/// Lines of complaint that are kept.
const COMPLAINTS: usize = 8;

/// What happens on the way.
#[derive(Clone, Debug)]
pub enum Said {
    /// A new part of the work begins.
    Phase(String),
    /// A program's line.
    Line(Line),
    /// Something the user should know though it works.
    Warning(String),
    /// Bytes of something.
    Bytes {
        /// Done.
        done: u64,
        /// In all.
        total: u64,
    },
    /// Countable things.
    Items {
        /// Done.
        done: u64,
        /// In all.
        total: u64,
    },
}

/// What the work is done with.
pub struct Bench<'a> {
    /// The door to programs.
    pub launch: &'a dyn Launch,
    /// For the archive's indexes.
    pub downloads: &'a Downloads,
    /// Stops everything.
    pub cancel: &'a CancellationToken,
    /// Where archives of packages are kept.
    pub cache: &'a Path,
    /// mmdebstrap, as found.
    pub mmdebstrap: &'a Path,
    /// qemu-img, as found.
    pub qemu_img: &'a Path,
    /// How owners are kept.
    pub ownership: Ownership,
    /// Hears what happens.
    pub on: &'a mut (dyn FnMut(Said) + Send),
}

/// An archive of packages in the cache.
#[derive(Debug)]
pub struct Rootfs {
    /// The tar archive.
    pub path: PathBuf,
    /// Whether it was there already.
    pub cached: bool,
    /// What names it.
    pub fingerprint: String,
    /// The archives it is from, without credentials.
    pub archives: Vec<String>,
}

/// Finds or makes the archive of packages. `fresh` makes it anew in any case. While it is made it is `part`, a name
/// in the cache's folder that nobody else uses and that ends in `.tar.part`; it is gone when this returns.
pub async fn make_rootfs(
    bench: &mut Bench<'_>,
    spec: &ImageSpec,
    candidates: &Candidates,
    fresh: bool,
    part: &Path,
) -> Result<Rootfs, BootstrapError> {
    if !spec.rootfs.keyring.is_file() {
        return Err(BootstrapError::NoKeyring {
            path: spec.rootfs.keyring.clone(),
            package: spec.rootfs.distribution.keyring_package(),
        });
    }
    let (archives, releases) = settle(bench, candidates).await?;
    let fingerprint = spec.rootfs.fingerprint(&archives, &releases);
    std::fs::create_dir_all(bench.cache).map_err(BootstrapError::file("make the folder", bench.cache))?;
    let path = bench.cache.join(format!("{fingerprint}.tar"));
    let _held = lock(&bench.cache.join(format!("{fingerprint}.lock")), bench.cancel).await?;
    let cached = !fresh && path.is_file();
    let shown = archives.iter().map(Archive::shown).collect();
    if !cached && bench.downloads.is_offline() {
        let url = archives.first().map(Archive::in_release).unwrap_or_default();
        return Err(BootstrapError::Archive(DownloadError::Offline { url }));
    }
    if cached {
        // The newest used are the ones that stay; a failure to note it harms nothing.
        let _ = std::fs::File::options()
            .append(true)
            .open(&path)
            .and_then(|file| file.set_modified(std::time::SystemTime::now()));
    } else {
        enough_room(bench.cache, ROOM_FOR_PACKAGES)?;
        let made = run_mmdebstrap(bench, spec, &archives, part).await.and_then(|()| {
            let failed = || BootstrapError::file("write", part);
            std::fs::File::open(part).and_then(|file| file.sync_all()).map_err(failed())?;
            std::fs::rename(part, &path).map_err(failed())?;
            durable::sync_dir(bench.cache).map_err(failed())
        });
        if made.is_err() {
            let _ = std::fs::remove_file(part);
        }
        made?;
    }
    prune(bench.cache, &path);
    Ok(Rootfs { path, cached, fingerprint, archives: shown })
}

/// Of each group of archives the first that answers, and the dates they carry.
async fn settle(
    bench: &mut Bench<'_>,
    candidates: &Candidates,
) -> Result<(Vec<Archive>, Vec<String>), BootstrapError> {
    (bench.on)(Said::Phase("asking the package archive".into()));
    let mut archives = Vec::new();
    let mut dates = Vec::new();
    for (group, needed) in
        [(&candidates.main, true), (&candidates.updates, false), (&candidates.security, false)]
    {
        let mut failed = None;
        let mut found = false;
        for archive in group {
            match bench.downloads.text(&archive.in_release(), RELEASE_LIMIT, bench.cancel).await {
                Ok(text) => {
                    dates.push(release_date(&text).unwrap_or(text));
                    archives.push(archive.clone());
                    found = true;
                    break;
                }
                Err(DownloadError::Cancelled) => return Err(BootstrapError::Cancelled),
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            Some(error) if !found && needed => return Err(BootstrapError::Archive(error)),
            Some(error) if !found => {
                let suite = group.first().map_or("", |archive| archive.suite.as_str());
                (bench.on)(Said::Warning(format!("The image is made without {suite}: {error}.")));
            }
            _ => {}
        }
    }
    Ok((archives, dates))
}

async fn run_mmdebstrap(
    bench: &mut Bench<'_>,
    spec: &ImageSpec,
    archives: &[Archive],
    part: &Path,
) -> Result<(), BootstrapError> {
    let _ = std::fs::remove_file(part);
    let mode = if bench.ownership == Ownership::Root { "--mode=root" } else { "--mode=unshare" };
    let invocation = spec.rootfs.invocation(bench.mmdebstrap, mode, archives, part);
    let mut watch = Watch::default();
    let mut complaints: Vec<String> = Vec::new();
    let on = &mut *bench.on;
    let captured = run(bench.launch, &invocation, bench.cancel, &mut |line: &Line| {
        if complaint(&line.text) && complaints.len() < COMPLAINTS && !complaints.contains(&line.text) {
            complaints.push(line.text.trim().to_owned());
        }
        match watch.line(&line.text) {
            Some(Progress::Phase(phase)) => on(Said::Phase(phase)),
            Some(Progress::Fetched { done, total }) => on(Said::Bytes { done, total }),
            Some(Progress::Installed { done, total }) => on(Said::Items { done, total }),
            None => {}
        }
        on(Said::Line(line.clone()));
    })
    .await
    .map_err(|error| match error {
        RunError::Cancelled { .. } => BootstrapError::Cancelled,
        source => BootstrapError::Tool { what: "cannot make the root file system", source },
    })?;
    if captured.exit.success() {
        return Ok(());
    }
    if complaints.is_empty() {
        let source = captured.require_success("mmdebstrap").err();
        return Err(match source {
            Some(source) => BootstrapError::Tool { what: "cannot make the root file system", source },
            None => BootstrapError::packages(Vec::new()),
        });
    }
    Err(BootstrapError::packages(complaints))
}

fn complaint(line: &str) -> bool {
    let line = line.trim_start();
    ["E: ", "Err:", "dpkg: error", "newuidmap:", "unshare:"].iter().any(|start| line.starts_with(start))
}

/// Makes the disk image at `output` (which must not exist yet) from the archive of packages `rootfs`, in the empty
/// folder `work`.
pub async fn make_disk(
    bench: &mut Bench<'_>,
    spec: &ImageSpec,
    identity: &Identity,
    access: Option<&BuildAccess>,
    rootfs: &Path,
    work: &Path,
    output: &Path,
) -> Result<(), BootstrapError> {
    let layout = Layout::new(spec.disk_size)
        .ok_or(BootstrapError::DiskTooSmall { bytes: spec.disk_size, least: super::gpt::SMALLEST })?;
    // Nobody may prune it meanwhile.
    let _held = lock(&rootfs.with_extension("lock"), bench.cancel).await?;
    let shop = Workshop::new(work);
    (bench.on)(Said::Phase("laying out the disk".into()));
    {
        let (spec, identity, access) = (spec.clone(), *identity, access.cloned());
        let (shop, tar) = (shop.clone(), rootfs.to_owned());
        let work = work.to_owned();
        tokio::task::spawn_blocking(move || {
            prepare(&shop, &work, &tar, &spec, &identity, access.as_ref(), &layout)
        })
        .await
        .map_err(|_| BootstrapError::Cancelled)??;
    }
    (bench.on)(Said::Phase("making the root file system".into()));
    let root = shop.root(bench.ownership, &layout, identity, rootfs);
    run_logged(bench, &root, "cannot make the root partition").await?;
    if spec.uefi {
        (bench.on)(Said::Phase("making the EFI system partition".into()));
        run_logged(bench, &shop.format_esp(&layout, identity), "cannot format the EFI system partition")
            .await?;
        tidy_esp(&shop.disk(), &layout).map_err(BootstrapError::file("write", &shop.disk()))?;
        for step in shop.fill_esp(&layout) {
            run_logged(bench, &step, "cannot fill the EFI system partition").await?;
        }
    }
    (bench.on)(Said::Phase("writing the image".into()));
    if spec.format == "raw" {
        return std::fs::rename(shop.disk(), output).map_err(BootstrapError::file("write", output));
    }
    let on = &mut *bench.on;
    run_ok(bench.launch, &shop.convert(bench.qemu_img, spec, output), bench.cancel, &mut |line: &Line| {
        if let Some(percent) = percent(&line.text) {
            on(Said::Items { done: percent, total: 100 });
        }
    })
    .await
    .map_err(BootstrapError::tool("cannot convert the disk"))?;
    std::fs::remove_file(shop.disk()).map_err(BootstrapError::file("remove", &shop.disk()))
}

/// qemu-img's progress: `    (12.34/100%)`.
fn percent(line: &str) -> Option<u64> {
    line.trim().strip_prefix('(')?.split(['.', '/']).next()?.parse().ok()
}

async fn run_logged(
    bench: &mut Bench<'_>,
    invocation: &goldsmith_process::Invocation,
    what: &'static str,
) -> Result<(), BootstrapError> {
    let on = &mut *bench.on;
    run_ok(bench.launch, invocation, bench.cancel, &mut |line: &Line| on(Said::Line(line.clone())))
        .await
        .map(drop)
        .map_err(BootstrapError::tool(what))
}

fn prepare(
    shop: &Workshop,
    work: &Path,
    tar: &Path,
    spec: &ImageSpec,
    identity: &Identity,
    access: Option<&BuildAccess>,
    layout: &Layout,
) -> Result<(), BootstrapError> {
    let taken = Taken::read(tar, spec.rootfs.distribution).map_err(BootstrapError::file("read", tar))?;
    // An ext4 of this size keeps about a fortieth for itself.
    let room = layout.root.size - layout.root.size / 40;
    if taken.content > room {
        return Err(BootstrapError::DoesNotFit { content: taken.content, room: layout.root.size });
    }
    enough_room(work, taken.content * 2)?;
    let bios = spec
        .bios
        .then(|| grub::embed(&taken.boot, &taken.core, layout.bios_boot.start, layout.bios_boot.size))
        .transpose()?;
    write_file(&shop.mke2fs_conf(), Workshop::mke2fs_settings().as_bytes())?;
    if spec.uefi {
        write_file(&shop.efi(), &taken.efi)?;
    }
    let path = shop.overlay();
    let file = std::fs::File::create_new(&path).map_err(BootstrapError::file("write", &path))?;
    // The overlay holds the host key of the provisioning boot.
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    file.set_permissions(private).map_err(BootstrapError::file("write", &path))?;
    overlay::write(BufWriter::new(file), spec, identity, access, &taken)
        .map_err(BootstrapError::file("write", &path))?;
    let path = shop.disk();
    let mut disk = std::fs::File::create_new(&path).map_err(BootstrapError::file("write", &path))?;
    disk.set_len(layout.disk).map_err(BootstrapError::file("write", &path))?;
    overlay::write_boot(&mut disk, layout, identity, bios).map_err(BootstrapError::file("write", &path))
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), BootstrapError> {
    let mut file = std::fs::File::create_new(path).map_err(BootstrapError::file("write", path))?;
    file.write_all(bytes).map_err(BootstrapError::file("write", path))
}

/// mformat writes a partition table into the boot sector, as floppies for ZIP drives had; programs that look for
/// partitions inside partitions complain about it. UEFI does not read it.
fn tidy_esp(disk: &Path, layout: &Layout) -> std::io::Result<()> {
    use std::os::unix::fs::FileExt;
    let disk = std::fs::File::options().write(true).open(disk)?;
    disk.write_all_at(&[0; 64], layout.esp.start + SECTOR - 66)
}

fn enough_room(place: &Path, needed: u64) -> Result<(), BootstrapError> {
    match space::free(place) {
        Ok(free) if free < needed => Err(BootstrapError::NoSpace { path: place.to_owned(), needed, free }),
        _ => Ok(()),
    }
}

async fn lock(path: &Path, cancel: &CancellationToken) -> Result<FileLock, BootstrapError> {
    loop {
        if let Some(lock) = FileLock::try_exclusive(path).map_err(BootstrapError::file("lock", path))? {
            return Ok(lock);
        }
        tokio::select! {
            () = cancel.cancelled() => return Err(BootstrapError::Cancelled),
            () = tokio::time::sleep(LOCK_POLL) => {}
        }
    }
}

/// An archive of packages that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPackages {
    /// Its name.
    pub id: String,
    /// Bytes it takes.
    pub bytes: u64,
    /// When it was made or last used.
    pub used: std::time::SystemTime,
    path: PathBuf,
}

impl KeptPackages {
    /// Removes it unless a build uses it. Whether it went.
    pub fn remove(&self) -> bool {
        forget(&self.path)
    }
}

/// The archives of packages below the cache.
#[must_use]
pub fn kept_packages(cache: &Path) -> Vec<KeptPackages> {
    let entries = std::fs::read_dir(cache.join("bootstrap")).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let path = entry.path();
            let meta = entry.metadata().ok()?;
            let id = path.file_name()?.to_str()?.strip_suffix(".tar")?.to_owned();
            Some(KeptPackages { id, bytes: meta.len(), used: meta.modified().ok()?, path })
        })
        .collect()
}

/// Removes an archive unless somebody holds it.
fn forget(path: &Path) -> bool {
    let lock = path.with_extension("lock");
    match FileLock::try_exclusive(&lock) {
        Ok(Some(_held)) => {
            let gone = std::fs::remove_file(path).is_ok();
            let _ = std::fs::remove_file(&lock);
            gone
        }
        _ => false,
    }
}

/// Removes all but the newest archives of packages, except those somebody holds. Failures are of no consequence.
fn prune(cache: &Path, current: &Path) {
    let Ok(entries) = std::fs::read_dir(cache) else { return };
    let mut archives: Vec<(std::time::SystemTime, PathBuf)> = entries
        .filter_map(Result::ok)
        .filter(|entry| {
            entry.path().extension().is_some_and(|extension| extension == "tar") && entry.path() != current
        })
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    archives.sort_by_key(|(used, _)| std::cmp::Reverse(*used));
    for (_, path) in archives.into_iter().skip(KEPT - 1) {
        forget(&path);
    }
}
