//! This computer: the examination, figures, space, dialogs, settings.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::bodies::library::blocking;
use crate::core::Core;
use crate::error::WireError;
use crate::wire::*;

pub(crate) async fn doctor(core: &Core, request: Examine) -> Result<Examination, WireError> {
    let setup = core.setup();
    let (_turn, cancel) = core.examine().await;
    Ok(goldsmith_machine::doctor(setup.launch.as_ref(), &setup.env, &setup.dirs, request.fresh, &cancel)
        .await)
}

pub(crate) async fn host_stats(core: &Core, _: Nothing) -> Result<HostStats, WireError> {
    let core = core.clone();
    blocking(move || Ok(core.measure_host())).await
}

impl Core {
    /// What this computer does now. The processors' figure is since the last question.
    pub(crate) fn measure_host(&self) -> HostStats {
        let mut figures = HostStats { at: self.now_ms(), ..HostStats::default() };
        if let Some(system) = self.stats().as_mut() {
            system.refresh_cpu_usage();
            system.refresh_memory();
            figures.cpu_percent = system.global_cpu_usage();
            figures.cpus = u32::try_from(system.cpus().len()).unwrap_or(u32::MAX);
            figures.memory_used = system.used_memory();
            figures.memory_total = system.total_memory();
        }
        (figures.disk_free, figures.disk_total) = disk_of(&self.dirs().library());
        (figures.builds_running, figures.runs_running) = self.count_running();
        figures
    }
}

/// Free and all bytes of the file system a path is on, or would be on.
fn disk_of(path: &Path) -> (u64, u64) {
    let there = path.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let free = goldsmith_process::space::free(there).unwrap_or(0);
    let disks = sysinfo::Disks::new_with_refreshed_list().ok();
    let total = disks
        .iter()
        .flat_map(|disks| disks.iter())
        .filter(|disk| there.starts_with(disk.mount_point()))
        .max_by_key(|disk| disk.mount_point().as_os_str().len())
        .map_or(0, sysinfo::Disk::total_space);
    (free, total.max(free))
}

pub(crate) async fn space(core: &Core, _: Nothing) -> Result<SpaceReport, WireError> {
    let core = core.clone();
    blocking(move || {
        let dirs = core.dirs();
        let kind = |id: &str, title: &str, path: &Path, mine_to_delete: bool| {
            let used = allocated(path);
            SpaceKind {
                id: id.to_owned(),
                title: title.to_owned(),
                path: path.to_string_lossy().into_owned(),
                used,
                freed_if_deleted: if mine_to_delete { used } else { 0 },
            }
        };
        let kinds = vec![
            kind("library", "Library", &dirs.library(), false),
            kind("downloads", "Downloads", &dirs.downloads(), true),
            kind("checkpoints", "Checkpoints", &dirs.cache.join("checkpoints"), true),
            kind("builds", "Journals and logs of builds", &dirs.builds(), true),
        ];
        Ok(SpaceReport { kinds, free: disk_of(&dirs.library()).0 })
    })
    .await
}

/// Bytes allocated below a path, links not followed; what cannot be read counts as nothing.
pub(crate) fn allocated(path: &Path) -> u64 {
    let Ok(meta) = path.symlink_metadata() else { return 0 };
    let own = meta.blocks() * 512;
    if !meta.is_dir() {
        return own;
    }
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    own + entries.map(|entry| allocated(&entry.path())).sum::<u64>()
}

pub(crate) async fn about(core: &Core, _: Nothing) -> Result<About, WireError> {
    let setup = core.setup();
    let text = |path: &Path| path.to_string_lossy().into_owned();
    Ok(About {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        system: sysinfo::System::long_os_version().ok().unwrap_or_else(|| "Linux".to_owned()),
        program: text(&setup.program),
        config: text(&setup.dirs.config),
        data: text(&setup.dirs.data),
        cache: text(&setup.dirs.cache),
        state: text(&setup.dirs.state),
        home: setup.env.home().map(|home| text(&home)),
        dialogs: setup.dialogs.is_some(),
    })
}

pub(crate) async fn pick_path(core: &Core, request: PickPath) -> Result<PickedPath, WireError> {
    match &core.setup().dialogs {
        Some(dialogs) => dialogs.pick(request).await,
        None => Err(WireError::environment("no_dialogs", "there are no file dialogs here")
            .hint("Type the path instead.")),
    }
}

pub(crate) async fn get_settings(core: &Core, _: Nothing) -> Result<Settings, WireError> {
    core.read_settings()
}

pub(crate) async fn set_settings(core: &Core, request: Settings) -> Result<Settings, WireError> {
    core.write_settings(&request)?;
    Ok(request)
}
