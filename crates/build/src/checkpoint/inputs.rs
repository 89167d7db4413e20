//! What each step of a job depends on: its options, the files they name, and all before it.

use std::path::{Path, PathBuf};

use goldsmith_machine::HostFacts;
use goldsmith_template::config::{Provisioner, ProvisionerStep, Source};
use goldsmith_template::options::{Communicator, MachineOptions, MediaOptions, NetworkOptions};
use goldsmith_template::{Job, Text};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Rules, contents};
use crate::steps::settings::Settings;

/// Raised whenever the same inputs give another machine.
const SCHEMA: u32 = 1;

/// Options of a source that the guest cannot notice: where its disk lies, how it is shown, and all that comes after
/// it was powered off.
const UNNOTICED: [&str; 20] = [
    "output_directory",
    "vm_name",
    "headless",
    "display",
    "use_default_display",
    "vnc_bind_address",
    "vnc_port_min",
    "vnc_port_max",
    "vnc_use_password",
    "vnc_password",
    "qmp_enable",
    "qmp_socket_path",
    "efi_drop_efivars",
    "skip_compaction",
    "disk_compression",
    "host_port_min",
    "host_port_max",
    "shutdown_command",
    "shutdown_timeout",
    "place",
];

/// Values of a build that another build of the same template has otherwise.
const NEW_EVERY_TIME: [&str; 4] = ["Port", "PackerRunUUID", "PackerHTTPPort", "PackerHTTPAddr"];
/// The same in Go's templates.
const NEW_ACTIONS: [&str; 7] =
    ["Port", "PackerRunUUID", "PackerHTTPPort", "PackerHTTPAddr", "timestamp", "isotime", "uuid"];

/// QEMU's switches that neither bring in a file of their own nor another device with a state of its own.
const HARMLESS_SWITCHES: [&str; 12] = [
    "-m", "-smp", "-cpu", "-machine", "-M", "-accel", "-vga", "-display", "-rtc", "-boot", "-name", "-global",
];

/// What a job's steps depend on.
#[derive(Clone, Debug)]
pub(crate) struct JobInputs {
    pub(crate) job: String,
    pub(crate) template: String,
    /// Why nothing of this job is kept.
    never: Option<String>,
    /// The inputs of a disk that the source made itself.
    disk: Option<Value>,
    machine: Value,
    machine_files: Vec<PathBuf>,
    pub(crate) steps: Vec<StepInputs>,
}

/// What one provisioner depends on.
#[derive(Clone, Debug)]
pub(crate) struct StepInputs {
    options: Value,
    files: Vec<PathBuf>,
    /// Why neither it nor anything after it can be skipped.
    barrier: Option<String>,
    /// The guest may be restarting after it: nothing to begin from.
    restarts: bool,
}

/// What came before the machine: the disk's own making, when the source makes it.
pub(crate) enum Made {
    /// From an image, which is identified when it is there.
    FromImage,
    /// By a step that depends on this.
    Here(Value),
}

/// Digests of a job's inputs up to each edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    /// Of the disk.
    pub(super) disk: Option<String>,
    /// Of the machine that can be talked to, then after each provisioner that can be skipped.
    pub(super) links: Vec<String>,
    /// The first provisioner that cannot be skipped, and why.
    pub(super) end: Option<(usize, String)>,
}

impl JobInputs {
    pub(crate) fn new(
        job: &Job,
        settings: &Settings,
        host: &HostFacts,
        made: &Made,
        cwd: &Path,
        template: &str,
        rules: &Rules,
    ) -> Self {
        let (machine, network, media) = match &job.source {
            Source::Qemu(o) => (&o.machine, &o.network, &o.media),
            Source::Bootstrap(o) => (&o.machine, &o.network, &o.media),
            _ => {
                let never = Some("this source boots no machine".to_owned());
                return Self::nothing(job, template, never);
            }
        };
        let mut source = to_json(&job.source);
        let shown = source.to_string();
        strip(&mut source, !shown.contains(".Name"));
        let mut communicator = to_json(&job.communicator);
        strip(&mut communicator, false);
        let volatile = |which: Option<usize>| rules.volatile.contains(&(job.name.clone(), which));
        let silent =
            matches!(job.communicator, Communicator::None).then(|| "nobody logs in to it".to_owned());
        let never = silent.or_else(|| never(machine, network, media)).or_else(|| {
            new_every_time(&source)
                .or_else(|| volatile(None).then(new_values))
                .map(|why| format!("the source {why}"))
        });
        let qemu = host.qemu.as_ref().map(|program| (program.path.clone(), program.version.clone()));
        Self {
            job: job.name.clone(),
            template: template.to_owned(),
            never,
            disk: match made {
                Made::FromImage => None,
                Made::Here(inputs) => Some(json!({
                    "schema": SCHEMA,
                    "inputs": inputs,
                    "user": job_user(&communicator),
                    "more": settings.disk.disk_additional_size,
                })),
            },
            machine: json!({
                "schema": SCHEMA,
                "source": source,
                "communicator": communicator,
                "qemu": qemu,
                "accelerator": settings.accelerator,
                "cpu": (settings.accelerator.as_deref() != Some("tcg")).then_some(&host.cpu_model),
                "efi": settings.efi,
            }),
            machine_files: media_files(media, settings, cwd),
            steps: job
                .provisioners
                .iter()
                .enumerate()
                .map(|(at, step)| StepInputs::new(step, cwd, volatile(Some(at))))
                .collect(),
        }
    }

    fn nothing(job: &Job, template: &str, never: Option<String>) -> Self {
        Self {
            job: job.name.clone(),
            template: template.to_owned(),
            never,
            disk: None,
            machine: Value::Null,
            machine_files: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Reads the files and computes the digests.
    pub(super) fn chain(&self) -> Chain {
        let mut chain = Chain { disk: self.chain_of_disk(), links: Vec::new(), end: None };
        if let Some(never) = &self.never {
            chain.end = Some((0, never.clone()));
            return chain;
        }
        match of("machine", "", &self.machine, &self.machine_files) {
            Ok(link) => chain.links.push(link),
            Err(why) => {
                chain.end = Some((0, why));
                return chain;
            }
        }
        for (at, step) in self.steps.iter().enumerate() {
            let before = chain.links.last().map_or("", String::as_str);
            let link = match &step.barrier {
                Some(why) => Err(why.clone()),
                None => of("step", before, &step.options, &step.files),
            };
            match link {
                Ok(link) => chain.links.push(link),
                Err(why) => {
                    chain.end = Some((at, why));
                    break;
                }
            }
        }
        chain
    }

    /// The digest of the disk's inputs, when the source makes it.
    pub(super) fn chain_of_disk(&self) -> Option<String> {
        self.disk.as_ref().and_then(|inputs| of("disk", "", inputs, &[]).ok())
    }

    /// Why nothing after the disk can be kept.
    pub(super) fn never(&self) -> Option<&str> {
        self.never.as_deref()
    }

    /// The first provisioner that can never be skipped.
    pub(super) fn barrier(&self) -> usize {
        self.steps.iter().position(|step| step.barrier.is_some()).unwrap_or(self.steps.len())
    }

    /// Whether the guest stands still enough after so many provisioners to be kept.
    pub(super) fn is_edge(&self, done: usize) -> bool {
        done <= self.barrier()
            && !done.checked_sub(1).and_then(|at| self.steps.get(at)).is_some_and(|step| step.restarts)
    }

    /// Changes whenever a file that counts is written.
    pub(super) fn stamp(&self) -> Option<blake3::Hash> {
        let mut hasher = blake3::Hasher::new();
        let steps = self.steps[..self.barrier()].iter().flat_map(|step| &step.files);
        for path in self.machine_files.iter().chain(steps) {
            contents::stamp(path, &mut hasher).ok()?;
        }
        Some(hasher.finalize())
    }
}

impl StepInputs {
    fn new(step: &ProvisionerStep, cwd: &Path, volatile: bool) -> Self {
        let mut options = to_json(step);
        strip(&mut options, false);
        let mut barrier = new_every_time(&options).or_else(|| volatile.then(new_values));
        let mut files = Vec::new();
        let mut name = |text: &Text, barrier: &mut Option<String>| match text.known() {
            Some(path) => files.push(cwd.join(path)),
            None => *barrier = Some(format!("the name of its file {} is not known before", text.display())),
        };
        match &step.provisioner {
            Provisioner::Shell(shell) => {
                shell.script.iter().chain(&shell.scripts).for_each(|file| name(file, &mut barrier));
            }
            Provisioner::Powershell(shell) => {
                shell.script.iter().chain(&shell.scripts).for_each(|file| name(file, &mut barrier));
            }
            Provisioner::WindowsShell(shell) => {
                shell.script.iter().chain(&shell.scripts).for_each(|file| name(file, &mut barrier));
            }
            Provisioner::File(file) if file.direction == "download" => {
                barrier = Some("it writes a file on this computer".to_owned());
            }
            Provisioner::File(file) if file.content.is_none() => {
                file.source.iter().chain(&file.sources).for_each(|file| name(file, &mut barrier));
                if file.generated {
                    barrier = Some("its file is made during the build".to_owned());
                }
            }
            Provisioner::File(_) | Provisioner::Sleep(_) => {}
            Provisioner::Sbom(_) => barrier = Some("it writes a file on this computer".to_owned()),
            Provisioner::ShellLocal(_) => barrier = Some("it runs on this computer".to_owned()),
            Provisioner::Generalize(_) => barrier = Some("it takes the build's own access away".to_owned()),
            Provisioner::Breakpoint(_) => barrier = Some("it waits for a person".to_owned()),
            Provisioner::Foreign(_) => barrier = Some("it is not built here".to_owned()),
            Provisioner::Reboot(_) | Provisioner::WindowsRestart(_) => {}
            Provisioner::WindowsUpdate(_) => {
                barrier = Some("what it installs changes from day to day".to_owned());
            }
            Provisioner::Ansible(_) | Provisioner::Inspec(_) => {
                barrier = Some("it runs on this computer".to_owned())
            }
            Provisioner::AnsibleLocal(_)
            | Provisioner::PuppetMasterless(_)
            | Provisioner::PuppetServer(_)
            | Provisioner::ChefSolo(_)
            | Provisioner::ChefClient(_)
            | Provisioner::SaltMasterless(_)
            | Provisioner::Goss(_) => {
                barrier = Some("the files and servers it uses are not all known before".to_owned());
            }
        }
        let restarts = match &step.provisioner {
            Provisioner::Shell(shell) => shell.expect_disconnect,
            Provisioner::Reboot(_) | Provisioner::WindowsRestart(_) => true,
            _ => false,
        };
        Self { options, files, barrier, restarts }
    }
}

fn new_values() -> String {
    "holds a value that is new at every build, such as timestamp() or uuidv4()".to_owned()
}

/// Why a machine of this kind cannot be kept.
fn never(machine: &MachineOptions, network: &NetworkOptions, media: &MediaOptions) -> Option<String> {
    let row = machine.qemuargs.iter().chain(&machine.qemuargs_append).filter_map(|row| row.first()).find(
        |switch| {
            let known = switch.known().unwrap_or_default();
            !HARMLESS_SWITCHES.contains(&known)
        },
    );
    if let Some(switch) = row {
        return Some(format!(
            "qemuargs brings in {}, whose state is not Goldsmith's to keep",
            switch.display()
        ));
    }
    if machine.vtpm {
        return Some("the state of its TPM is kept by another program".to_owned());
    }
    if network.net_bridge.is_some() {
        return Some("it is on a network that does not stand still".to_owned());
    }
    if media.http_directory.as_ref().is_some_and(|folder| folder.known().is_none()) {
        return Some("its HTTP folder is not known before".to_owned());
    }
    None
}

fn media_files(media: &MediaOptions, settings: &Settings, cwd: &Path) -> Vec<PathBuf> {
    let named = media.cd_files.iter().chain(&media.floppy_files).chain(&media.floppy_dirs);
    let mut files: Vec<PathBuf> = named
        .chain(&media.http_directory)
        .filter_map(Text::known)
        .flat_map(|text| crate::seed::expand(cwd, text).unwrap_or_default())
        .collect();
    files.extend(settings.firmware.clone());
    files.extend(settings.efi.iter().flat_map(|(code, vars)| [code.clone(), vars.clone()]));
    files
}

/// What in these options is otherwise in the next build.
fn new_every_time(options: &Value) -> Option<String> {
    match options {
        Value::Object(map) => {
            let Some(hole) = map.get("hole") else { return map.values().find_map(new_every_time) };
            let name = hole.get("build").and_then(Value::as_str);
            let action = hole.get("field").and_then(Value::as_str).unwrap_or_default();
            let new = name
                .filter(|name| NEW_EVERY_TIME.contains(name))
                .map(|name| format!("build.{name}"))
                .or_else(|| NEW_ACTIONS.iter().any(|new| action.contains(new)).then(|| action.to_owned()));
            new.map(|new| format!("uses {new}, which is new at every build"))
        }
        Value::Array(items) => items.iter().find_map(new_every_time),
        _ => None,
    }
}

fn job_user(communicator: &Value) -> Value {
    fn find(value: &Value) -> Option<&Value> {
        match value {
            Value::Object(map) => map.get("ssh_username").or_else(|| map.values().find_map(find)),
            _ => None,
        }
    }
    find(communicator).cloned().unwrap_or(Value::Null)
}

fn to_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// Takes out what the guest cannot notice.
fn strip(value: &mut Value, drop_name: bool) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| {
                let unnoticed = UNNOTICED.contains(&key.as_str());
                !unnoticed || (key == "vm_name" && !drop_name)
            });
            map.values_mut().for_each(|value| strip(value, drop_name));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| strip(value, drop_name)),
        _ => {}
    }
}

/// A digest over the one before, the options and the files; or which file cannot be read.
fn of(kind: &str, before: &str, options: &Value, files: &[PathBuf]) -> Result<String, String> {
    let mut hasher = blake3::Hasher::new();
    for text in [kind, before, &options.to_string()] {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    for path in files {
        contents::content(path, &mut hasher)
            .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    }
    Ok(hasher.finalize().to_hex().to_string())
}
