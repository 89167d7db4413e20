//! Starting QEMU.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use goldsmith_machine::qemu::qmp::QmpError;
use goldsmith_machine::qemu::{
    HostPort, QemuMachine, StartError, Vnc, WAITS_FOR_MEMORY, command_line, free_port, start,
};
use goldsmith_machine::{Lifecycle as _, MachineLadder, PortForward as _};
use goldsmith_template::Text;
use tokio_util::sync::DropGuard;
use uuid::Uuid;

use crate::error::{Context as _, StepError};
use crate::holes::fill;
use crate::journal::{Evidence, ProcessMark, Resource};
use crate::names::Names;
use crate::pipeline::{Holding, Output, Step, StepContext};
use crate::plan::{Sketch, StepKind};
use crate::provision::sentence;
use crate::steps::image::ImageFile;
use crate::steps::screen;
use crate::steps::settings::Settings;
use crate::steps::tpm::Tpm;

/// Starts the machine.
pub(crate) struct StartMachine {
    pub(crate) settings: Settings,
    /// The installation image, attached as a CD.
    pub(crate) install: Option<Output<ImageFile>>,
    /// The CD of `cd_files` and `cd_content`.
    pub(crate) cd: Option<Output<PathBuf>>,
    /// The floppy.
    pub(crate) floppy: Option<Output<PathBuf>>,
    /// The TPM, running already.
    pub(crate) tpm: Option<Output<Tpm>>,
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
        let shown = |rows: &[Vec<Text>]| -> Vec<Vec<String>> {
            rows.iter().map(|row| row.iter().map(|part| part.display()).collect()).collect()
        };
        let rows = shown(&self.settings.machine.qemuargs);
        let log = Some(PathBuf::from("{build}/log/serial.txt"));
        let mut spec = self.settings.spec(Uuid::nil(), Path::new("{runtime}"), log, cds, rows);
        spec.append = shown(&self.settings.machine.qemuargs_append);
        spec.floppy = self.floppy.as_ref().map(|_| PathBuf::from("{runtime}/floppy.img"));
        spec.tpm = self.tpm.as_ref().map(|_| self.settings.tpm(Path::new("{runtime}/tpm/sock")));
        for forward in spec.forwards_mut().into_iter().flatten() {
            // Printed as a hole either way: the port is chosen at the start.
            forward.host = HostPort::Within { min: 0, max: 0 };
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
            sketch = sketch.warning(lost(&dropped));
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
        let port = self.chosen_port(cx)?;
        let rows = s.rows(&s.machine.qemuargs, &self.names, &port)?;
        let mut spec = s.spec(uuid, &run, Some(log), cds, rows);
        spec.append = s.rows(&s.machine.qemuargs_append, &self.names, &port)?;
        if waiting {
            spec.append.push(WAITS_FOR_MEMORY.map(str::to_owned).to_vec());
        }
        if let (Some(forwards), Ok(fixed @ 1..)) = (spec.forwards_mut(), port.parse()) {
            forwards.iter_mut().for_each(|forward| forward.host = HostPort::Fixed(fixed));
        }
        if let Some(floppy) = &self.floppy {
            spec.floppy = Some(floppy.get()?.as_ref().clone());
        }
        if let Some(tpm) = &self.tpm {
            spec.tpm = Some(s.tpm(&tpm.get()?.socket));
        }
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
        self.serve_screen(cx, &machine, &run).await?;
        screen::tell_where(cx, &machine);
        if let Some(port) = s.guest_port
            && let Some(address) = machine.forwarded(port)
        {
            cx.hole_filled("port:ssh", address.port().to_string());
        }
        let watch = Mutex::new(Some(screen::watch(cx, machine.clone())));
        Ok(Running { machine, holding, accelerator: s.accelerator.clone(), watch })
    }

    /// Says where the screen is served when that is on TCP, and sets its password.
    async fn serve_screen(
        &self,
        cx: &StepContext,
        machine: &QemuMachine,
        run: &Path,
    ) -> Result<(), StepError> {
        let Some(Vnc::Tcp { password, .. }) = machine.vnc() else { return Ok(()) };
        let failed = |error: QmpError| StepError::environment(sentence(&format!("VNC: {error}")));
        let at = machine.qmp().vnc_address().await.map_err(failed)?;
        let mut said = format!("The screen is served by VNC at {at}.");
        if *password {
            let chosen = match &self.settings.machine.vnc_password {
                Some(text) if !text.is_empty() => fill(text, &self.names, &[])?,
                _ => {
                    let chosen = cx.fresh()[..8].to_owned();
                    let file = run.join("vnc-password");
                    fs::write(&file, &chosen).environment(|| format!("Cannot write {}", file.display()))?;
                    said.push_str(&format!(" Its password is in {}.", file.display()));
                    chosen
                }
            };
            cx.build().journal.redactor().add([&chosen]);
            machine.qmp().set_vnc_password(&chosen).await.map_err(failed)?;
        }
        cx.say(said);
        Ok(())
    }

    /// The port a row that asks for `{{ .SSHHostPort }}` gets: one that is free now, since QEMU is told of it before
    /// it could choose one. 0 without a forward.
    fn chosen_port(&self, cx: &StepContext) -> Result<String, StepError> {
        let s = &self.settings;
        let rows = s.machine.qemuargs.iter().chain(&s.machine.qemuargs_append);
        let asked = rows.flatten().any(|text| text.display().contains(".SSHHostPort"));
        if !asked || s.guest_port.is_none() {
            return Ok("0".to_owned());
        }
        let (min, max) = (s.network.host_port_min, s.network.host_port_max);
        let mut bytes = [0; 2];
        cx.build().random.fill(&mut bytes);
        free_port(min, max, u16::from_be_bytes(bytes)).map(|port| port.to_string()).ok_or_else(|| {
            StepError::environment(format!("No port between {min} and {max} of 127.0.0.1 is free."))
                .hint("Widen host_port_min and host_port_max.")
        })
    }

    fn uuid(&self, cx: &StepContext) -> Uuid {
        let mut bytes = [0u8; 16];
        cx.build().random.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// What the machine loses with a default that a row of `qemuargs` replaced.
fn lost(dropped: &str) -> String {
    let has = |text: &str| dropped.contains(text);
    let what = if has("media=cdrom") {
        "a CD"
    } else if has("if=pflash") {
        "the UEFI firmware"
    } else if has("-drive") {
        "the machine's disk"
    } else if has("scsi-hd") || has("scsi-cd") || has("virtio-scsi") {
        "a SCSI disk or its controller"
    } else if has("tpmdev") {
        "the TPM"
    } else if has("hostfwd") {
        "the network with the port forward that the login needs"
    } else if has("netdev=user.0") {
        "the network card"
    } else if has("-vnc") {
        "the screen in the build view"
    } else if has("-serial") {
        "the log of the serial console"
    } else {
        "a default"
    };
    format!("qemuargs replaces {what}: {dropped}. A row of qemuargs_append adds instead of replacing.")
}

/// Eight characters of a UUID: a folder of sockets, whose paths end at 108 bytes.
fn short(uuid: &Uuid) -> String {
    uuid.simple().to_string().chars().take(8).collect()
}
