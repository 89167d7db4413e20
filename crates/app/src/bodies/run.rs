//! Throw-away copies of images.

use std::str::FromStr as _;

use goldsmith_build::journal::When;
use goldsmith_build::run::Efi;
use goldsmith_build::{BuildId, BuildReader, RunRequest, start_worker};
use goldsmith_library::{DiskFormat, Version};
use goldsmith_machine::disk::Format;

use crate::bodies::library::{blocking, find_version};
use crate::core::Core;
use crate::error::WireError;
use crate::journals::Told;
use crate::wire::*;

/// Memory in MiB and processors where an image does not say what it was built with.
const MEMORY: u64 = 1024;
const CPUS: u32 = 1;

pub(crate) async fn run_image(core: &Core, request: RunImage) -> Result<RunState, WireError> {
    core.recover().await?;
    let (_, version) = find_version(core, &request.image).await?;
    let order = copy_of(core, &request, &version).await?;
    let setup = core.setup();
    let run = BuildId::new(setup.clock.as_ref(), setup.random.as_ref());
    let order = order.order(run, core.dirs(), setup.cwd.clone());
    let run = start_worker(setup.launch.as_ref(), &setup.program, core.dirs(), order).await?;
    run_state(core, OfRun { run: run.to_string() }).await
}

/// What a throw-away copy of a version is started with.
pub(crate) async fn copy_of(
    core: &Core,
    request: &RunImage,
    version: &Version,
) -> Result<RunRequest, WireError> {
    let name = version.display_name();
    let disk = version.disk().and_then(|disk| Some((disk.path.clone()?, disk.disk.as_ref()?.format)));
    let (disk, format) =
        disk.ok_or_else(|| WireError::input("no_disk", format!("{name} has no disk to boot")))?;
    let host = core.host_facts().await?;
    let missing = |program: &str| {
        WireError::environment("missing_program", format!("{program} is not installed, so {name} cannot run"))
            .hint("`goldsmith doctor` says which package it is in.")
    };
    let qemu = host.qemu.as_ref().ok_or_else(|| missing("qemu-system-x86_64"))?.path.clone();
    let qemu_img = host.qemu_img.as_ref().ok_or_else(|| missing("qemu-img"))?.path.clone();
    let facts = &version.facts;
    let uefi = request.uefi || facts.firmware.as_deref() == Some("efi");
    let efi = match (uefi, &host.ovmf) {
        (false, _) => None,
        (true, Some(ovmf)) => Some(Efi::from(ovmf)),
        (true, None) => return Err(missing("UEFI firmware (OVMF)")),
    };
    Ok(RunRequest {
        image: name,
        disk,
        format: machine_format(format)?,
        memory_mib: request.memory_mb.map(u64::from).or(facts.memory_mib).unwrap_or(MEMORY),
        cpus: request.cpus.or(facts.cpus).unwrap_or(CPUS),
        accelerator: request.accelerator.clone().or_else(|| host.accelerator.map(|verdict| verdict.chosen)),
        efi,
        window: request.window,
        ssh_user: facts.ssh_user.clone().unwrap_or_else(|| "root".to_owned()),
        qemu,
        qemu_img,
        welcome: None,
    })
}

fn machine_format(format: DiskFormat) -> Result<Format, WireError> {
    Format::ALL
        .into_iter()
        .find(|known| known.name() == format.name())
        .ok_or_else(|| WireError::input("unknown_format", format!("QEMU does not run {format} images")))
}

pub(crate) async fn run_state(core: &Core, request: OfRun) -> Result<RunState, WireError> {
    let id = find_run(core, &request.run).await?;
    let core = core.clone();
    blocking(move || {
        let reader = BuildReader::open(core.dirs(), &id)?;
        Ok(crate::journals::run_of(&reader.state()?))
    })
    .await
}

pub(crate) async fn list_runs(core: &Core, _: Nothing) -> Result<RunList, WireError> {
    core.recover().await?;
    let core = core.clone();
    blocking(move || Ok(RunList { runs: runs(&core)? })).await
}

/// The runs among what the journals tell.
fn runs(core: &Core) -> Result<Vec<RunState>, WireError> {
    let told = core.tell()?.into_iter();
    Ok(told
        .filter_map(|told| match told {
            Told::Run(run) => Some(*run),
            Told::Build(_) => None,
        })
        .collect())
}

/// A run by its id, or the beginning or end of it.
async fn find_run(core: &Core, name: &str) -> Result<BuildId, WireError> {
    let (core, name) = (core.clone(), name.to_owned());
    blocking(move || {
        let id = core.find_build(&name)?;
        let is_run = runs(&core)?.iter().any(|run| BuildId::from_str(&run.run).ok().as_ref() == Some(&id));
        if is_run {
            return Ok(id);
        }
        Err(WireError::input("run_not_found", format!("there is no run {name}")))
    })
    .await
}

pub(crate) async fn stop_run(core: &Core, request: StopRun) -> Result<Done, WireError> {
    let id = find_run(core, &request.run).await?;
    let when = if request.kill { When::Kill } else { When::Unwind };
    goldsmith_build::cancel(core.dirs(), &id, when).await?;
    Ok(Done {})
}
