//! Running an image: a throw-away copy that a worker keeps until it is stopped.
//!
//! A run is carried out like a build: the same worker, journal, intents and recovery, with steps of its own. What
//! the guest writes goes to an overlay in the run's folder, which is removed with everything else at the end, by
//! recovery when the worker is killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use goldsmith_machine::disk::{Create, Format, QemuImg};
use goldsmith_machine::host::Ovmf;
use goldsmith_machine::qemu::{
    Boot, Cdrom, Cpus, Drive, Firmware, Forward, HostPort, QemuMachine, QemuSpec, StartError, Vnc,
    command_line, start,
};
use goldsmith_machine::{Lifecycle as _, MachineLadder, PortForward as _};
use goldsmith_process::Dirs;
use goldsmith_process::lock::FileLock;
use serde::{Deserialize, Serialize};
use tokio_util::sync::DropGuard;
use uuid::Uuid;

use crate::error::{Context as _, StepError};
use crate::id::BuildId;
use crate::journal::{Evidence, ProcessMark, Resource};
use crate::pipeline::{OnError, Output, Pipeline, Step, StepContext};
use crate::plan::{JobPlan, Plan, Sketch, StepKind, StepPlan};
use crate::provision::sentence;
use crate::seed::{Seed, SeedError};
use crate::steps::screen;
use crate::work::{PlanRequest, WorkOrder};

/// The name and source type of a run's only job.
pub const RUN: &str = "run";

/// The port SSH listens on in the guest.
const SSH: u16 = 22;

/// How long a guest may take to power off when its run is stopped; then it is quit.
const POWER_OFF: Duration = Duration::from_secs(10);

/// What to run, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRequest {
    /// `name@version`, as shown.
    pub image: String,
    /// The disk; never written to.
    pub disk: PathBuf,
    /// Its format.
    pub format: Format,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Virtual processors.
    pub cpus: u32,
    /// `kvm` or `tcg`.
    pub accelerator: Option<String>,
    /// UEFI firmware to boot with instead of BIOS.
    pub efi: Option<Efi>,
    /// Also show QEMU's own window.
    pub window: bool,
    /// The user in the SSH command that is shown.
    pub ssh_user: String,
    /// `qemu-system-x86_64`.
    pub qemu: PathBuf,
    /// `qemu-img`.
    pub qemu_img: PathBuf,
    /// A key the copy is asked to let in.
    #[serde(default)]
    pub welcome: Option<Welcome>,
}

/// A key that the copy is asked to let in, in the two ways an image may listen to: cloud-init's NoCloud seed on a CD,
/// and systemd's credentials in the firmware's tables (systemd 252: `ssh.authorized_keys.root`, for root alone).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Who may log in with it, besides root.
    pub user: String,
    /// A line of `authorized_keys`.
    pub public_key: String,
    /// Whether the seed's CD can be made.
    pub seed: bool,
}

impl Welcome {
    fn row(&self) -> Vec<String> {
        use base64::Engine as _;
        let line = format!("{}\n", self.public_key);
        let value = base64::engine::general_purpose::STANDARD.encode(line);
        let credential =
            format!("type=11,value=io.systemd.credential.binary:ssh.authorized_keys.root={value}");
        vec!["-smbios".to_owned(), credential]
    }

    fn content(&self) -> Seed {
        let key = &self.public_key;
        let mut users = format!("users:\n- default\n- name: root\n  ssh_authorized_keys: [\"{key}\"]\n");
        if self.user != "root" {
            users.push_str(&format!("- name: {}\n  ssh_authorized_keys: [\"{key}\"]\n", self.user));
        }
        let data = format!("#cloud-config\ndisable_root: false\n{users}");
        let content = [("meta-data", "instance-id: goldsmith-test\n".to_owned()), ("user-data", data)];
        let content = content.map(|(name, text)| (name.to_owned(), text)).into();
        Seed { content, label: "cidata".to_owned(), ..Seed::default() }
    }
}

/// UEFI firmware: code, and variables that are copied for the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Efi {
    /// Read only.
    pub code: PathBuf,
    /// What the run's variables start as.
    pub vars: PathBuf,
}

impl From<&Ovmf> for Efi {
    fn from(ovmf: &Ovmf) -> Self {
        Self { code: ovmf.code.clone(), vars: ovmf.vars.clone() }
    }
}

impl RunRequest {
    /// The order for a worker.
    pub fn order(self, build: BuildId, dirs: &Dirs, cwd: PathBuf) -> WorkOrder {
        let job = JobPlan {
            name: RUN.to_owned(),
            source_type: RUN.to_owned(),
            steps: planned(pipeline(&self).sketch()),
            ..JobPlan::default()
        };
        let plan = Plan { template: self.image.clone(), jobs: vec![job], ..Plan::default() };
        let request = PlanRequest {
            template: self.image.clone(),
            cwd,
            on_error: OnError::Cleanup,
            ..PlanRequest::default()
        };
        WorkOrder::of_run(build, dirs, plan, request, self)
    }

    fn spec(&self, uuid: Uuid, runtime: &Path, folder: &Path) -> QemuSpec {
        let mut spec = QemuSpec::new(&self.qemu, "goldsmith-run", uuid, runtime.join("qmp"));
        spec.accelerator.clone_from(&self.accelerator);
        spec.cpus = Cpus { count: Some(self.cpus), ..Cpus::default() };
        spec.memory_mib = self.memory_mib;
        spec.boot = Some(Boot::Disk);
        let mut disk = Drive::new(overlay(folder), Format::Qcow2);
        // Nobody will miss what a power cut takes from a throw-away copy.
        "unsafe".clone_into(&mut disk.cache);
        spec.disks = vec![disk];
        if let Some(efi) = &self.efi {
            spec.firmware = Firmware::Efi { code: efi.code.clone(), vars: variables(folder) };
        }
        if let Some(forwards) = spec.forwards_mut() {
            forwards.push(Forward { guest: SSH, host: HostPort::Any });
        }
        spec.serial_log = Some(folder.join("log/serial.txt"));
        spec.vnc = Some(Vnc::Unix(runtime.join("vnc")));
        if let Some(welcome) = &self.welcome {
            spec.append.push(welcome.row());
            if welcome.seed {
                spec.cdroms = vec![Cdrom { path: runtime.join(SEED), interface: None }];
            }
        }
        if self.window {
            spec.display = None;
            spec.vnc = None;
        }
        spec
    }
}

fn overlay(folder: &Path) -> PathBuf {
    folder.join("overlay.qcow2")
}

fn variables(folder: &Path) -> PathBuf {
    folder.join("efivars.fd")
}

/// The name of the seed's CD in the run's own folder.
const SEED: &str = "seed.iso";

/// As a plan shows them.
pub(crate) fn planned(sketch: Vec<(String, Sketch)>) -> Vec<StepPlan> {
    let step = |(id, sketch): (String, Sketch)| StepPlan {
        id,
        title: sketch.title,
        kind: sketch.kind,
        commands: sketch.commands,
        ..StepPlan::default()
    };
    sketch.into_iter().map(step).collect()
}

/// The steps of a run.
pub(crate) fn pipeline(request: &RunRequest) -> Pipeline {
    let mut pipeline = Pipeline::new(RUN);
    let running = copy_steps(&mut pipeline, request);
    pipeline.step("running", KeepRunning { running });
    pipeline
}

/// The steps that start a throw-away copy. The image is marked as in use for as long as the pipeline lives.
pub(crate) fn copy_steps(pipeline: &mut Pipeline, request: &RunRequest) -> Output<Copy> {
    let request = Arc::new(request.clone());
    pipeline.step("overlay", MakeOverlay { request: request.clone() });
    if let Some(welcome) = request.welcome.clone().filter(|welcome| welcome.seed) {
        pipeline.step("seed", MakeSeed { welcome });
    }
    pipeline.step("start", StartCopy { request })
}

/// Makes the CD that tells cloud-init whom to let in.
struct MakeSeed {
    welcome: Welcome,
}

#[async_trait]
impl Step for MakeSeed {
    type Output = ();

    fn sketch(&self) -> Sketch {
        Sketch::new("Make a seed that lets the test log in", StepKind::Prepare)
            .program("xorriso", "makes the seed")
    }

    async fn run(&self, cx: &StepContext) -> Result<(), StepError> {
        let work = cx.runtime().join("seed");
        let failed = || format!("Cannot make the folder {}", work.display());
        fs::create_dir_all(&work).environment(failed)?;
        let (xorriso, iso) = (Path::new("xorriso"), cx.runtime().join(SEED));
        let made = self.welcome.content().make(cx.launch(), xorriso, &work, &iso, cx.cancel()).await;
        let _ = fs::remove_dir_all(&work);
        made.map_err(|error| match error {
            SeedError::Cancelled => StepError::cancelled(),
            error => StepError::environment(sentence(&error.to_string())),
        })
    }
}

/// Makes the disk that takes what the guest writes.
struct MakeOverlay {
    request: Arc<RunRequest>,
}

impl MakeOverlay {
    fn create(&self, folder: &Path) -> Create {
        Create {
            path: overlay(folder),
            format: Format::Qcow2,
            size: None,
            backing: Some((self.request.disk.clone(), self.request.format)),
            extra: Vec::new(),
        }
    }
}

#[async_trait]
impl Step for MakeOverlay {
    /// Whoever would remove the image sees that it is in use.
    type Output = FileLock;

    fn sketch(&self) -> Sketch {
        let tool = QemuImg::new(&self.request.qemu_img);
        Sketch::new("Make a throw-away copy", StepKind::Disk)
            .command(tool.create_command(&self.create(Path::new("{run}"))))
    }

    async fn run(&self, cx: &StepContext) -> Result<FileLock, StepError> {
        let disk = &self.request.disk;
        let image =
            FileLock::shared(disk).environment(|| format!("Cannot use the image {}", disk.display()))?;
        let folder = cx.build().journal.folder().to_owned();
        let what = self.create(&folder);
        cx.intend_file(&what.path)?;
        if let Some(efi) = &self.request.efi {
            let to = variables(&folder);
            cx.intend_file(&to)?;
            fs::copy(&efi.vars, &to)
                .environment(|| format!("Cannot copy {} to {}", efi.vars.display(), to.display()))?;
        }
        let tool = QemuImg::new(&self.request.qemu_img);
        tool.create(cx.launch(), &what, cx.cancel())
            .await
            .environment(|| format!("Cannot make a copy of {}", self.request.image))?;
        Ok(image)
    }
}

/// Starts the machine.
struct StartCopy {
    request: Arc<RunRequest>,
}

/// The machine, and the pictures that are taken of it while this lives.
pub(crate) struct Copy {
    pub(crate) machine: Arc<QemuMachine>,
    _watch: DropGuard,
}

#[async_trait]
impl Step for StartCopy {
    type Output = Copy;

    fn sketch(&self) -> Sketch {
        let mut spec = self.request.spec(Uuid::nil(), Path::new("{runtime}"), Path::new("{run}"));
        if let Some(forward) = spec.forwards_mut().and_then(|forwards| forwards.first_mut()) {
            // Printed as a hole: the port is chosen at the start.
            forward.host = HostPort::Within { min: 0, max: 0 };
        }
        let printed = command_line(&spec).invocation.to_string().replace(&Uuid::nil().to_string(), "{uuid}");
        Sketch::new("Start the machine", StepKind::Machine)
            .command(printed.replace("{port:22}", "{port:ssh}"))
    }

    async fn run(&self, cx: &StepContext) -> Result<Copy, StepError> {
        let mut bytes = [0u8; 16];
        cx.build().random.fill(&mut bytes);
        let uuid = uuid::Builder::from_random_bytes(bytes).into_uuid();
        let spec = self.request.spec(uuid, cx.runtime(), cx.build().journal.folder());
        cx.say(command_line(&spec).invocation.to_string());
        let name = spec.binary.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mark = ProcessMark {
            mark: cx.mark().to_owned(),
            control: Some(spec.qmp.display().to_string()),
            uuid: Some(uuid.to_string()),
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
        screen::tell_where(cx, &machine);
        if let Some(accelerator) = &self.request.accelerator {
            cx.hole_filled("accelerator", accelerator.as_str());
        }
        if let Some(address) = machine.forwarded(SSH) {
            let port = address.port();
            cx.hole_filled("ssh:command", ssh_command(&self.request.ssh_user, port));
            cx.hole_filled("port:ssh", port.to_string());
        }
        Ok(Copy { _watch: screen::watch(cx, machine.clone()), machine })
    }
}

/// The host key of a throw-away copy is nobody's to remember.
fn ssh_command(user: &str, port: u16) -> String {
    format!("ssh -p {port} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null {user}@127.0.0.1")
}

/// Waits until the guest powers off or somebody stops the run.
struct KeepRunning {
    running: Output<Copy>,
}

#[async_trait]
impl Step for KeepRunning {
    type Output = ();

    fn sketch(&self) -> Sketch {
        Sketch::new("Run until it is stopped", StepKind::Wait)
    }

    async fn run(&self, cx: &StepContext) -> Result<(), StepError> {
        let copy = self.running.get()?;
        tokio::select! {
            ended = copy.machine.wait_stopped(None) => match ended {
                Some(ending) if !ending.is_clean() => Err(StepError::guest(format!(
                    "The machine ended unexpectedly ({}){}",
                    ending.exit,
                    if ending.said.trim().is_empty() { ".".to_owned() } else { format!(": {}", ending.said.trim()) }
                ))),
                _ => Ok(()),
            },
            () = cx.cancel().cancelled() => {
                let ladder = MachineLadder::gentle(POWER_OFF);
                tokio::select! {
                    _ = copy.machine.stop(&ladder) => {}
                    // No more patience: giving the machine back quits it.
                    () = cx.kill().cancelled() => {}
                }
                Err(StepError::cancelled())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> RunRequest {
        RunRequest {
            image: "web@3".to_owned(),
            disk: "/library/web.qcow2".into(),
            format: Format::Qcow2,
            memory_mib: 1024,
            cpus: 2,
            accelerator: Some("tcg".to_owned()),
            efi: None,
            window: false,
            ssh_user: "debian".to_owned(),
            qemu: "/usr/bin/qemu-system-x86_64".into(),
            qemu_img: "/usr/bin/qemu-img".into(),
            welcome: None,
        }
    }

    #[test]
    fn a_welcome_is_a_credential_and_a_seed() {
        let welcome = Welcome { user: "gold".into(), public_key: "ssh-ed25519 AAAA t".into(), seed: true };
        let users = &welcome.content().content["user-data"];
        assert!(users.starts_with("#cloud-config\n") && users.contains("- name: gold\n"), "{users}");
        let sketch = pipeline(&RunRequest { welcome: Some(welcome), ..request() }).sketch();
        let ids: Vec<&str> = sketch.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["overlay", "seed", "start", "running"]);
        let machine = &sketch[2].1.commands[0];
        assert!(machine.contains("ssh.authorized_keys.root=c3NoLWVkMjU1MTkgQUFBQSB0Cg=="), "{machine}");
        assert!(machine.contains("{runtime}/seed.iso"), "{machine}");
    }

    #[test]
    fn the_image_itself_is_only_ever_a_backing_file() {
        let sketch = pipeline(&request()).sketch();
        let overlay = &sketch[0].1.commands[0];
        assert!(
            overlay.contains("/library/web.qcow2") && overlay.ends_with("{run}/overlay.qcow2"),
            "{overlay}"
        );
        let machine = &sketch[1].1.commands[0];
        assert!(!machine.contains("/library/"), "{machine}");
        assert!(machine.contains("hostfwd=tcp:127.0.0.1:{port:ssh}-:22"), "{machine}");
    }

    #[test]
    fn firmware_writes_to_a_copy_of_its_variables() {
        let efi = Efi { code: "/fw/CODE.fd".into(), vars: "/fw/VARS.fd".into() };
        let sketch = pipeline(&RunRequest { efi: Some(efi), ..request() }).sketch();
        let machine = &sketch[1].1.commands[0];
        assert!(machine.contains("{run}/efivars.fd") && !machine.contains("/fw/VARS.fd"), "{machine}");
    }

    #[test]
    fn a_run_is_no_build() {
        let order = request().order(
            BuildId::new(&crate::id::SystemClock, &crate::id::SystemRandom),
            &Dirs::under(Path::new("/h")),
            "/".into(),
        );
        assert_eq!(order.plan.template, "web@3");
        assert!(order.plan.jobs.iter().all(|job| job.source_type == RUN && job.image.is_none()));
    }
}
