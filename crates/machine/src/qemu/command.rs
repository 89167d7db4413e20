//! The command line, folded from one function per concern.

use std::path::Path;

use goldsmith_process::Invocation;
use uuid::Uuid;

use super::spec::{Boot, Cpus, DiskInterface, Drive, Firmware, HostPort, Network, QemuSpec, Vnc};

/// A command line, and what became of the user's own arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct CommandLine {
    /// What is run.
    pub invocation: Invocation,
    /// Defaults that the user's own arguments replaced, as printed.
    pub dropped: Vec<String>,
    /// The identity the machine will report: the user's own `-uuid`, when one was given, else ours.
    pub uuid: Uuid,
}

/// One switch with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Switch {
    name: String,
    value: Option<String>,
}

impl Switch {
    fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value: Some(value.into()) }
    }

    fn printed(&self) -> String {
        match &self.value {
            Some(value) => format!("{} {value}", self.name),
            None => self.name.clone(),
        }
    }
}

/// The command line of a machine: always in the same order, no side effects. A forward whose host port is not
/// chosen yet prints as `{port:GUEST}`.
///
/// User rows work as Packer's `qemuargs` do: pieces after the switch are joined without separator; an empty value
/// leaves the bare switch; a switch named by any row loses all its defaults; and a network card that this removed
/// is put back when no `-device` row mentions its model. Our control connection is kept whatever the rows say.
pub fn command_line(spec: &QemuSpec) -> CommandLine {
    let concerns = [
        identity, machine, processors, memory, firmware, boot_order, drives, floppy, network, display,
        serial, tpm,
    ];
    let defaults: Vec<Switch> = concerns.into_iter().flat_map(|concern| concern(spec)).collect();
    let mut own: Vec<Switch> = spec.extra.iter().filter_map(|row| user_switch(row)).collect();
    let (dropped, kept): (Vec<_>, Vec<_>) =
        defaults.into_iter().partition(|switch| own.iter().any(|mine| mine.name == switch.name));

    if let Some(nic) = &spec.nic
        && own.iter().any(|switch| switch.name == "-device")
        && !own.iter().any(|switch| {
            switch.name == "-device" && switch.value.as_ref().is_some_and(|v| v.contains(&nic.device))
        })
    {
        own.push(Switch::new("-device", card(&nic.device)));
    }

    own.extend(spec.append.iter().filter_map(|row| user_switch(row)));
    let uuid = own
        .iter()
        .rev()
        .find(|switch| switch.name == "-uuid")
        .and_then(|switch| switch.value.as_deref()?.parse().ok())
        .unwrap_or(spec.uuid);
    let mut invocation = Invocation::new(&spec.binary);
    for switch in kept.into_iter().chain(control(spec)).chain(own) {
        invocation = invocation.arg(switch.name).args(switch.value);
    }
    CommandLine { invocation, dropped: dropped.iter().map(Switch::printed).collect(), uuid }
}

fn user_switch(row: &[String]) -> Option<Switch> {
    let (name, pieces) = row.split_first()?;
    let value = pieces.concat();
    Some(Switch { name: name.clone(), value: (!value.is_empty()).then_some(value) })
}

fn identity(spec: &QemuSpec) -> Vec<Switch> {
    vec![Switch::new("-name", escaped(&spec.name)), Switch::new("-uuid", spec.uuid.to_string())]
}

fn machine(spec: &QemuSpec) -> Vec<Switch> {
    let mut value = format!("type={}", spec.machine);
    if let Some(accelerator) = &spec.accelerator {
        value.push_str(",accel=");
        value.push_str(accelerator);
    }
    if !spec.secure_boot {
        return vec![Switch::new("-machine", value)];
    }
    value.push_str(",smm=on");
    let secure = "driver=cfi.pflash01,property=secure,value=on";
    vec![Switch::new("-machine", value), Switch::new("-global", secure)]
}

fn processors(spec: &QemuSpec) -> Vec<Switch> {
    let Cpus { count, sockets, cores, threads } = spec.cpus;
    let mut parts: Vec<String> = count.iter().map(u32::to_string).collect();
    for (name, number) in [("sockets", sockets), ("cores", cores), ("threads", threads)] {
        parts.extend(number.map(|number| format!("{name}={number}")));
    }
    let mut switches = Vec::new();
    if !parts.is_empty() {
        switches.push(Switch::new("-smp", parts.join(",")));
    }
    switches.extend(spec.cpu_model.as_ref().map(|model| Switch::new("-cpu", model)));
    switches
}

fn memory(spec: &QemuSpec) -> Vec<Switch> {
    vec![Switch::new("-m", format!("{}M", spec.memory_mib))]
}

fn firmware(spec: &QemuSpec) -> Vec<Switch> {
    match &spec.firmware {
        Firmware::Builtin => Vec::new(),
        Firmware::Bios(file) => vec![Switch::new("-bios", file.to_string_lossy())],
        Firmware::Flash(file) => {
            vec![Switch::new("-drive", format!("file={},if=pflash,format=raw,readonly=on", path(file)))]
        }
        Firmware::Efi { code, vars } => vec![
            Switch::new("-drive", format!("file={},if=pflash,unit=0,format=raw,readonly=on", path(code))),
            Switch::new("-drive", format!("file={},if=pflash,unit=1,format=raw", path(vars))),
        ],
    }
}

fn boot_order(spec: &QemuSpec) -> Vec<Switch> {
    let order = spec.boot.map(|boot| match boot {
        Boot::Disk => "c",
        Boot::CdOnce => "once=d",
    });
    order.map(|order| Switch::new("-boot", order)).into_iter().collect()
}

/// Disks, then CDs; one virtio SCSI controller for all that need it.
fn drives(spec: &QemuSpec) -> Vec<Switch> {
    let mut switches = Vec::new();
    let scsi = spec.disks.iter().any(|disk| disk.interface == DiskInterface::VirtioScsi)
        || spec.cdroms.iter().any(|cd| cd.interface == Some(DiskInterface::VirtioScsi));
    if scsi {
        switches.push(Switch::new("-device", "virtio-scsi-pci,id=scsi0"));
    }
    for (at, disk) in spec.disks.iter().enumerate() {
        switches.extend(disk_switches(at, disk));
    }
    for (at, cd) in spec.cdroms.iter().enumerate() {
        let file = path(&cd.path);
        match cd.interface {
            None => switches.push(Switch::new("-drive", format!("file={file},media=cdrom"))),
            Some(DiskInterface::VirtioScsi) => {
                switches.push(Switch::new(
                    "-drive",
                    format!("file={file},if=none,index={at},id=cdrom{at},media=cdrom"),
                ));
                switches.push(Switch::new("-device", format!("scsi-cd,bus=scsi0.0,drive=cdrom{at}")));
            }
            Some(interface) => {
                let interface = interface.name();
                switches.push(Switch::new(
                    "-drive",
                    format!("file={file},if={interface},index={at},id=cdrom{at},media=cdrom"),
                ));
            }
        }
    }
    switches
}

fn disk_switches(at: usize, disk: &Drive) -> Vec<Switch> {
    let Drive { cache, discard, format, .. } = disk;
    let file = path(&disk.path);
    let zeroes = match disk.detect_zeroes.as_str() {
        "" | "off" => String::new(),
        mode => format!(",detect-zeroes={mode}"),
    };
    let modes = format!("cache={cache},discard={discard},format={format}{zeroes}");
    if disk.interface == DiskInterface::VirtioScsi {
        return vec![
            Switch::new("-drive", format!("if=none,file={file},id=drive{at},{modes}")),
            Switch::new("-device", format!("scsi-hd,bus=scsi0.0,drive=drive{at}")),
        ];
    }
    vec![Switch::new("-drive", format!("file={file},if={},{modes}", disk.interface.name()))]
}

fn floppy(spec: &QemuSpec) -> Vec<Switch> {
    spec.floppy.iter().map(|file| Switch::new("-fda", file.to_string_lossy())).collect()
}

fn network(spec: &QemuSpec) -> Vec<Switch> {
    let Some(nic) = &spec.nic else { return Vec::new() };
    let netdev = match &nic.network {
        Network::Bridge { name } => format!("bridge,id=user.0,br={}", escaped(name)),
        Network::User { forwards } => forwards.iter().fold("user,id=user.0".to_owned(), |line, forward| {
            let host = match forward.host {
                HostPort::Any => "0".to_owned(),
                HostPort::Within { .. } => format!("{{port:{}}}", forward.guest),
                HostPort::Fixed(port) => port.to_string(),
            };
            format!("{line},hostfwd=tcp:127.0.0.1:{host}-:{}", forward.guest)
        }),
    };
    vec![Switch::new("-netdev", netdev), Switch::new("-device", card(&nic.device))]
}

fn card(device: &str) -> String {
    format!("{device},netdev=user.0")
}

fn display(spec: &QemuSpec) -> Vec<Switch> {
    let mut switches: Vec<Switch> =
        spec.display.iter().map(|display| Switch::new("-display", display)).collect();
    switches.extend(spec.vga.iter().map(|vga| Switch::new("-vga", vga)));
    switches.extend(spec.vnc.as_ref().map(|vnc| match vnc {
        Vnc::Unix(socket) => Switch::new("-vnc", format!("unix:{}", path(socket))),
        Vnc::Tcp { address, display, more, password } => {
            let to = if *more == 0 { String::new() } else { format!(",to={}", display + more) };
            let password = if *password { ",password=on" } else { "" };
            Switch::new("-vnc", format!("{address}:{display}{to}{password}"))
        }
    }));
    switches
}

fn serial(spec: &QemuSpec) -> Vec<Switch> {
    // One switch, so that a user's own -chardev does not take the file away from under a default -serial.
    spec.serial_log
        .iter()
        .map(|file| Switch::new("-serial", format!("file:{}", file.to_string_lossy())))
        .collect()
}

fn tpm(spec: &QemuSpec) -> Vec<Switch> {
    let Some(tpm) = &spec.tpm else { return Vec::new() };
    vec![
        Switch::new("-chardev", format!("socket,id=vtpm,path={}", path(&tpm.socket))),
        Switch::new("-tpmdev", "emulator,id=tpm0,chardev=vtpm"),
        Switch::new("-device", format!("{},tpmdev=tpm0", tpm.device)),
    ]
}

/// Our control connection; no user row removes it.
fn control(spec: &QemuSpec) -> Vec<Switch> {
    vec![
        Switch::new(
            "-chardev",
            format!("socket,id=goldsmith.qmp,path={},server=on,wait=off", path(&spec.qmp)),
        ),
        Switch::new("-mon", "chardev=goldsmith.qmp,mode=control"),
    ]
}

/// Inside a list of options a comma is written twice.
fn escaped(text: &str) -> String {
    text.replace(',', ",,")
}

fn path(path: &Path) -> String {
    escaped(&path.to_string_lossy())
}

#[cfg(test)]
#[path = "command_tests.rs"]
mod tests;
