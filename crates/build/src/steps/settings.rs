//! A machine's settings, the same for every source that boots one, and the QEMU machine they describe.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use goldsmith_machine::HostFacts;
use goldsmith_machine::disk::{Format, QemuImg};
use goldsmith_machine::qemu::{
    Boot, Cdrom, Cpus, DiskInterface, Drive, Firmware, Forward, HostPort, Network, Nic, QemuSpec, Tpm, Vnc,
};
use goldsmith_template::options::{
    BootstrapOptions, DiskOptions, MachineOptions, MediaOptions, NetworkOptions, QemuImgOptions, QemuOptions,
    ShutdownOptions,
};
use goldsmith_template::{Job, Place, Text};
use serde::Serialize;
use uuid::Uuid;

use crate::error::StepError;
use crate::holes::fill;
use crate::names::Names;
use crate::plan::PlanError;
use crate::work::PlanRequest;

/// What a machine source's options come to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Settings {
    pub(crate) name: String,
    pub(crate) output: PathBuf,
    /// The output folder as the template writes it.
    pub(crate) output_shown: String,
    pub(crate) format: Format,
    pub(crate) machine: MachineOptions,
    pub(crate) disk: DiskOptions,
    pub(crate) network: NetworkOptions,
    pub(crate) shutdown: ShutdownOptions,
    pub(crate) convert_args: Vec<String>,
    pub(crate) create_args: Vec<String>,
    pub(crate) resize_args: Vec<String>,
    /// Guest port for the communicator; none without one.
    pub(crate) guest_port: Option<u16>,
    /// Code and variables, with `efi_boot`.
    pub(crate) efi: Option<(PathBuf, PathBuf)>,
    pub(crate) boot: Option<Boot>,
    pub(crate) accelerator: Option<String>,
    pub(crate) firmware: Option<PathBuf>,
    #[serde(skip)]
    pub(crate) qemu: PathBuf,
    #[serde(skip)]
    pub(crate) qemu_img: PathBuf,
}

/// A text of the options that must be known before the build.
pub(crate) fn known(text: &Text, option: &str, place: &Place) -> Result<String, PlanError> {
    text.known().map(str::to_owned).ok_or_else(|| {
        PlanError::new(
            format!("`{option}` is \"{}\", which is not known before the build.", text.display()),
            place,
        )
        .hint("Values of build.* can be used in provisioners and post-processors only.")
    })
}

pub(crate) fn known_all(texts: &[Text], option: &str, place: &Place) -> Result<Vec<String>, PlanError> {
    texts.iter().map(|text| known(text, option, place)).collect()
}

/// The parts of a source's options a machine is made from.
pub(crate) struct Parts<'a> {
    machine: &'a MachineOptions,
    disk: &'a DiskOptions,
    network: &'a NetworkOptions,
    pub(crate) media: &'a MediaOptions,
    shutdown: &'a ShutdownOptions,
    img: &'a QemuImgOptions,
    boot: Boot,
}

impl<'a> From<&'a QemuOptions> for Parts<'a> {
    fn from(o: &'a QemuOptions) -> Self {
        Self {
            machine: &o.machine,
            disk: &o.disk,
            network: &o.network,
            media: &o.media,
            shutdown: &o.shutdown,
            img: &o.qemu_img_args,
            boot: if o.iso.disk_image { Boot::Disk } else { Boot::CdOnce },
        }
    }
}

impl<'a> From<&'a BootstrapOptions> for Parts<'a> {
    fn from(o: &'a BootstrapOptions) -> Self {
        Self {
            machine: &o.machine,
            disk: &o.disk,
            network: &o.network,
            media: &o.media,
            shutdown: &o.shutdown,
            img: &o.qemu_img_args,
            boot: Boot::Disk,
        }
    }
}

impl Parts<'_> {
    /// Under which address the guest reaches us: QEMU's own network has one for that; on a bridge it is known when
    /// the machine starts.
    pub(crate) fn http_ip(&self) -> String {
        match &self.network.net_bridge {
            Some(bridge) => format!("{{address:{bridge}}}"),
            None => "10.0.2.2".to_owned(),
        }
    }
}

impl Settings {
    /// What post-processors ask the artifact for (plugin qemu: `diskName`, `diskType`, `domainType`).
    pub(crate) fn artifact_state(&self) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("diskName".to_owned(), self.name.clone()),
            ("diskType".to_owned(), self.format.to_string()),
            ("domainType".to_owned(), self.accelerator.clone().unwrap_or_else(|| "none".to_owned())),
        ])
    }

    pub(crate) fn new(
        job: &Job,
        parts: &Parts<'_>,
        guest_port: Option<u16>,
        host: &HostFacts,
        request: &PlanRequest,
    ) -> Result<Self, PlanError> {
        let place = &job.place;
        let machine = parts.machine;
        let name = match &machine.vm_name {
            Some(name) if !name.is_empty() => known(name, "vm_name", place)?,
            _ => format!("packer-{}", job.packer_build_name),
        };
        if name.contains('/') {
            return Err(PlanError::new(
                format!("`vm_name` is \"{name}\"; it names a file and must not hold `/`."),
                place,
            ));
        }
        let output_shown = match &machine.output_directory {
            Some(folder) if !folder.is_empty() => known(folder, "output_directory", place)?,
            _ => format!("output-{}", job.packer_build_name),
        };
        let format: Format =
            parts.disk.format.parse().map_err(|error: String| PlanError::new(error, place))?;
        let efi = efi(machine, host, request, place)?;
        let optional = |text: &Option<Text>, option: &str| match text {
            Some(text) if !text.is_empty() => Ok(Some(request.cwd.join(known(text, option, place)?))),
            _ => Ok(None),
        };
        let accelerator = match machine.accelerator.as_deref() {
            Some("none") => None,
            Some(chosen) => Some(chosen.to_owned()),
            // Only guests of the host's own kind can be accelerated.
            None if is_arm(&machine.qemu_binary) != cfg!(target_arch = "aarch64") => Some("tcg".to_owned()),
            None => {
                let measured = host.accelerator.as_ref().map(|verdict| verdict.chosen.clone());
                Some(measured.unwrap_or_else(|| "tcg".to_owned()))
            }
        };
        Ok(Self {
            output: clean(&request.cwd.join(&output_shown)),
            output_shown,
            name,
            format,
            convert_args: known_all(&parts.img.convert, "qemu_img_args.convert", place)?,
            create_args: known_all(&parts.img.create, "qemu_img_args.create", place)?,
            resize_args: known_all(&parts.img.resize, "qemu_img_args.resize", place)?,
            guest_port: guest_port
                .filter(|_| !parts.network.skip_nat_mapping && parts.network.net_bridge.is_none()),
            efi,
            // UEFI firmware has its own order.
            boot: (!machine.efi_boot).then_some(parts.boot),
            accelerator,
            firmware: optional(&machine.firmware, "firmware")?,
            qemu: program(&machine.qemu_binary, host),
            qemu_img: host
                .qemu_img
                .as_ref()
                .map_or_else(|| PathBuf::from("qemu-img"), |program| program.path.clone()),
            machine: machine.clone(),
            disk: parts.disk.clone(),
            network: parts.network.clone(),
            shutdown: parts.shutdown.clone(),
        })
    }

    pub(crate) fn disk_tool(&self) -> QemuImg {
        QemuImg::new(&self.qemu_img)
    }

    /// The main disk.
    pub(crate) fn disk_path(&self) -> PathBuf {
        self.output.join(&self.name)
    }

    /// The further disks, with their sizes in bytes.
    pub(crate) fn more_disks(&self) -> Vec<(PathBuf, u64)> {
        let path = |n: usize| self.output.join(format!("{}-{n}", self.name));
        self.disk.disk_additional_size.iter().enumerate().map(|(i, size)| (path(i + 1), size.bytes)).collect()
    }

    pub(crate) fn efivars_path(&self) -> PathBuf {
        self.output.join("efivars.fd")
    }

    /// The machine; `run` is the private folder of sockets, `log` takes the console.
    pub(crate) fn spec(
        &self,
        uuid: Uuid,
        run: &Path,
        log: Option<PathBuf>,
        cds: Vec<PathBuf>,
        extra: Vec<Vec<String>>,
    ) -> QemuSpec {
        let interface = interface(&self.disk.disk_interface);
        let drive = |path: PathBuf| Drive {
            path,
            interface,
            cache: self.disk.disk_cache.clone(),
            discard: self.disk.disk_discard.clone(),
            detect_zeroes: self.disk.disk_detect_zeroes.clone(),
            format: self.format,
        };
        let mut disks = vec![drive(self.disk_path())];
        disks.extend(self.more_disks().into_iter().map(|(path, _)| drive(path)));
        let machine = &self.machine;
        let firmware = match (&self.efi, &self.firmware) {
            (Some((code, _)), _) => Firmware::Efi { code: code.clone(), vars: self.efivars_path() },
            (None, Some(file)) if machine.use_pflash => Firmware::Flash(file.clone()),
            (None, Some(file)) => Firmware::Bios(file.clone()),
            (None, None) => Firmware::Builtin,
        };
        let (min, max) = (self.network.host_port_min, self.network.host_port_max);
        let host = match (min, max) {
            // Packer's default range: nobody chose it, so any port will do, and QEMU gets one without a race.
            (2222, 4444) => HostPort::Any,
            (min, max) => HostPort::Within { min, max },
        };
        let forwards = self.guest_port.iter().map(|guest| Forward { guest: *guest, host }).collect();
        let network = match &self.network.net_bridge {
            Some(name) => Network::Bridge { name: name.clone() },
            None => Network::User { forwards },
        };
        QemuSpec {
            binary: self.qemu.clone(),
            name: self.name.clone(),
            uuid,
            machine: machine.machine_type.clone(),
            secure_boot: machine.efi_secure_boot,
            accelerator: self.accelerator.clone(),
            cpu_model: machine.cpu_model.clone(),
            cpus: Cpus {
                count: Some(machine.cpus),
                sockets: machine.sockets,
                cores: machine.cores,
                threads: machine.threads,
            },
            memory_mib: machine.memory,
            firmware,
            boot: self.boot,
            disks,
            cdroms: cds
                .into_iter()
                .map(|path| Cdrom { path, interface: self.disk.cdrom_interface.as_deref().map(interface_of) })
                .collect(),
            floppy: None,
            nic: Some(Nic { device: self.network.net_device.clone(), network }),
            // The build view shows the screen; a window of QEMU's own opens only where the template names one.
            display: match &machine.display {
                Some(display) if !machine.headless => Some(display.clone()),
                _ => Some("none".to_owned()),
            },
            vnc: self.vnc(run),
            vga: machine.vga.clone(),
            serial_log: log,
            qmp: run.join("qmp"),
            tpm: None,
            extra,
            append: Vec::new(),
        }
    }

    /// The TPM at this socket.
    pub(crate) fn tpm(&self, socket: &Path) -> Tpm {
        Tpm { socket: socket.to_owned(), device: self.machine.tpm_device_type.clone() }
    }

    /// Where the screen is served: on a private socket, or on TCP where the template says anything about that.
    fn vnc(&self, run: &Path) -> Option<Vnc> {
        let machine = &self.machine;
        if machine.disable_vnc {
            return None;
        }
        let asked = machine.vnc_use_password
            || machine.vnc_bind_address != "127.0.0.1"
            || (machine.vnc_port_min, machine.vnc_port_max) != (5900, 6000);
        if !asked {
            return Some(Vnc::Unix(run.join("vnc")));
        }
        let (min, max) = (machine.vnc_port_min, machine.vnc_port_max);
        Some(Vnc::Tcp {
            address: machine.vnc_bind_address.clone(),
            display: min.saturating_sub(5900),
            // The upper end is not used unless it is also the lower one, as in Packer.
            more: max.saturating_sub(min).saturating_sub(1),
            password: machine.vnc_use_password,
        })
    }

    /// The user's own arguments, filled in (packer.md 2.4).
    pub(crate) fn rows(
        &self,
        rows: &[Vec<Text>],
        names: &Names,
        ssh_port: &str,
    ) -> Result<Vec<Vec<String>>, StepError> {
        let folder = self.output_shown.clone();
        let ip = names.get("PackerHTTPIP").unwrap_or_default();
        let port = names.get("PackerHTTPPort").unwrap_or_default();
        let fields = [
            ("HTTPIP", ip.as_str()),
            ("HTTPPort", port.as_str()),
            ("HTTPDir", ""),
            ("HTTPContent", ""),
            ("OutputDir", folder.as_str()),
            ("Name", self.name.as_str()),
            ("SSHHostPort", ssh_port),
        ];
        let row = |row: &Vec<Text>| row.iter().map(|part| fill(part, names, &fields)).collect();
        rows.iter().map(row).collect()
    }
}

fn interface(name: &str) -> DiskInterface {
    interface_of(name)
}

fn interface_of(name: &str) -> DiskInterface {
    match name {
        "ide" => DiskInterface::Ide,
        "sata" => DiskInterface::Sata,
        "scsi" => DiskInterface::Scsi,
        "sd" => DiskInterface::Sd,
        "virtio-scsi" => DiskInterface::VirtioScsi,
        // The option table allows no other.
        _ => DiskInterface::Virtio,
    }
}

/// Whether the program emulates 64-bit ARM.
fn is_arm(program: &str) -> bool {
    program.contains("aarch64")
}

fn program(name: &str, host: &HostFacts) -> PathBuf {
    match &host.qemu {
        Some(found) if name == "qemu-system-x86_64" => found.path.clone(),
        _ => PathBuf::from(name),
    }
}

fn efi(
    machine: &MachineOptions,
    host: &HostFacts,
    request: &PlanRequest,
    place: &Place,
) -> Result<Option<(PathBuf, PathBuf)>, PlanError> {
    if !machine.efi_boot {
        return Ok(None);
    }
    let given = |text: &Option<Text>, option: &str| match text {
        Some(text) if !text.is_empty() => known(text, option, place).map(|path| Some(request.cwd.join(path))),
        _ => Ok(None),
    };
    let code = given(&machine.efi_firmware_code, "efi_firmware_code")?;
    let vars = given(&machine.efi_firmware_vars, "efi_firmware_vars")?;
    let arm = is_arm(&machine.qemu_binary);
    let found = match (arm, machine.efi_secure_boot) {
        (true, _) => &host.firmware.aarch64,
        (false, true) => &host.firmware.secure,
        (false, false) => &host.ovmf,
    };
    let found =
        |part: fn(&goldsmith_machine::host::Ovmf) -> &PathBuf| found.as_ref().map(|ovmf| part(ovmf).clone());
    match (code.or_else(|| found(|o| &o.code)), vars.or_else(|| found(|o| &o.vars))) {
        (Some(code), Some(vars)) => Ok(Some((code, vars))),
        _ => {
            let what = match (arm, machine.efi_secure_boot) {
                (true, _) => "`efi_boot` needs UEFI firmware for ARM",
                (false, true) => "`efi_secure_boot` needs UEFI firmware with Secure Boot",
                (false, false) => "`efi_boot` needs UEFI firmware",
            };
            let packages = if arm {
                "Debian and Ubuntu: `qemu-efi-aarch64`, Fedora: `edk2-aarch64`, Arch: `edk2-aarch64`, openSUSE: `qemu-uefi-aarch64`"
            } else {
                "Debian and Ubuntu: `ovmf`, Fedora: `edk2-ovmf`, Arch: `edk2-ovmf`, openSUSE: `qemu-ovmf-x86_64`"
            };
            Err(PlanError::new(format!("{what}, and none was found on this computer."), place)
                .hint(format!("Install it ({packages}), or set efi_firmware_code and efi_firmware_vars.")))
        }
    }
}

/// Without `.` and `..`, as far as text alone can tell.
pub(crate) fn clean(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if out.file_name().is_some() => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}
