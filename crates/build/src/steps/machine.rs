//! Starting QEMU.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use goldsmith_machine::qemu::{QemuMachine, StartError, WAITS_FOR_MEMORY, command_line, start};
use goldsmith_machine::{Lifecycle as _, MachineLadder, PortForward as _};
use tokio_util::sync::DropGuard;
use uuid::Uuid;

use crate::error::{Context as _, StepError};
use crate::journal::{Evidence, ProcessMark, Resource};
use crate::names::Names;
use crate::pipeline::{Holding, Output, Step, StepContext};
use crate::plan::{Sketch, StepKind};
use crate::provision::sentence;
use crate::steps::image::ImageFile;
use crate::steps::screen;
use crate::steps::settings::Settings;

/// Starts the machine.
pub(crate) struct StartMachine {
    pub(crate) settings: Settings,
    /// The installation image, attached as a CD.
    pub(crate) install: Option<Output<ImageFile>>,
    /// The CD of `cd_files` and `cd_content`.
    pub(crate) cd: Option<Output<PathBuf>>,
    pub(crate) names: Names,
}

/// The machine, running until it is stopped or given back.
pub(crate) struct Running {
    pub(crate) machine: Arc<QemuMachine>,
    pub(crate) holding: Holding,
    pub(crate) accelerator: Option<String>,
    watch: Mutex<Option<DropGuard>>,
}

impl Running {
    /// No more pictures.
    pub(crate) fn stop_watching(&self) {
        let mut watch = match self.watch.lock() {
            Ok(watch) => watch,
            Err(poisoned) => poisoned.into_inner(),
        };
        watch.take();
    }
}

#[async_trait]
impl Step for StartMachine {
    type Output = Running;

    fn sketch(&self) -> Sketch {
        let mut cds = Vec::new();
        if self.install.is_some() {
            cds.push(PathBuf::from("{image}"));
        }
        if self.cd.is_some() {
            cds.push(PathBuf::from("{runtime}/cd.iso"));
        }
        // Rows with holes stand as they are written.
        let rows = self.settings.machine.qemuargs.iter();
        let rows = rows.map(|row| row.iter().map(|part| part.display()).collect()).collect();
        let log = Some(PathBuf::from("{build}/log/serial.txt"));
        let mut spec = self.settings.spec(Uuid::nil(), Path::new("{runtime}"), log, cds, rows);
        for forward in spec.forwards_mut().into_iter().flatten() {
            // Printed as a hole either way: the port is chosen at the start.
            forward.host = goldsmith_machine::qemu::HostPort::Within { min: 0, max: 0 };
        }
        let line = command_line(&spec);
        let mut printed = line.invocation.to_string().replace(&Uuid::nil().to_string(), "{uuid}");
        if let Some(port) = self.settings.guest_port {
            printed = printed.replace(&format!("{{port:{port}}}"), "{port:ssh}");
        }
        let name = self.settings.qemu.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let accelerator = self.settings.accelerator.as_deref().unwrap_or("QEMU's own choice");
        let mut sketch = Sketch::new(format!("Start the machine ({accelerator})"), StepKind::Machine)
            .command(printed)
            .program(name, "runs the machine")
            .inputs(&self.settings);
        for dropped in line.dropped {
            sketch = sketch.warning(format!("qemuargs replaces a default: {dropped}"));
        }
        sketch
    }

    async fn run(&self, cx: &StepContext) -> Result<Running, StepError> {
        if let Some((_, vars)) = &self.settings.efi {
            let to = self.settings.efivars_path();
            fs::copy(vars, &to)
                .environment(|| format!("Cannot copy {} to {}", vars.display(), to.display()))?;
        }
        self.launch(cx, false).await
    }
}

impl StartMachine {
    /// Starts QEMU. `waiting`: for the memory of a checkpoint, instead of booting.
    pub(crate) async fn launch(&self, cx: &StepContext, waiting: bool) -> Result<Running, StepError> {
        let s = &self.settings;
        let mut cds = Vec::new();
        if let Some(install) = &self.install {
            cds.push(install.get()?.path.clone());
        }
        if let Some(cd) = &self.cd {
            cds.push(cd.get()?.as_ref().clone());
        }
        let uuid = self.uuid(cx);
        let run = cx.runtime().join(short(&uuid));
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&run)
            .environment(|| format!("Cannot make the folder {}", run.display()))?;
        let log = cx.build().journal.folder().join("log").join("serial.txt");
        let log =
            if cx.job_count() > 1 { log.with_file_name(format!("serial-{}.txt", short(&uuid))) } else { log };
        let mut extra = s.extra(&self.names, "0")?;
        if waiting {
            extra.push(WAITS_FOR_MEMORY.map(str::to_owned).to_vec());
        }
        let spec = s.spec(uuid, &run, Some(log), cds, extra);
        let line = command_line(&spec);
        cx.say(line.invocation.to_string());
        let name = spec.binary.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mark = ProcessMark {
            mark: cx.mark().to_owned(),
            control: Some(spec.qmp.display().to_string()),
            uuid: Some(line.uuid.to_string()),
        };
        let holding = cx.intend(Resource::Process { name, mark })?;
        let machine = match start(&spec, cx.launch(), cx.cancel()).await {
            Ok(machine) => Arc::new(machine),
            Err(StartError::Cancelled) => return Err(StepError::cancelled()),
            Err(error) => return Err(StepError::environment(sentence(&error.to_string()))),
        };
        holding.acquired(Evidence::Process { identity: machine.identity().clone() })?;
        let stopping = machine.clone();
        holding.on_release(move || async move {
            let stopped = stopping.stop(&MachineLadder::discard()).await;
            if stopped.rung == goldsmith_process::Rung::Survived {
                return Err(StepError::environment("QEMU does not stop, not even for SIGKILL."));
            }
            Ok(())
        });
        if let Some(port) = s.guest_port
            && let Some(address) = machine.forwarded(port)
        {
            cx.hole_filled("port:ssh", address.port().to_string());
        }
        let watch = Mutex::new(Some(screen::watch(cx, machine.clone())));
        Ok(Running { machine, holding, accelerator: s.accelerator.clone(), watch })
    }

    fn uuid(&self, cx: &StepContext) -> Uuid {
        let mut bytes = [0u8; 16];
        cx.build().random.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// Eight characters of a UUID: a folder of sockets, whose paths end at 108 bytes.
fn short(uuid: &Uuid) -> String {
    uuid.simple().to_string().chars().take(8).collect()
}
