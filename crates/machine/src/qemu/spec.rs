//! What a QEMU machine is made of.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::disk::Format;

/// Everything that decides a QEMU command line; [`super::command_line`] is a pure function of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QemuSpec {
    /// The program, such as `qemu-system-x86_64`.
    pub binary: PathBuf,
    /// `-name`.
    pub name: String,
    /// `-uuid`: the identity by which a machine is found and reaped.
    pub uuid: Uuid,
    /// Machine type, such as `pc` or `q35`.
    pub machine: String,
    /// Whether the firmware's variables can be written in system management mode only, as Secure Boot needs.
    #[serde(default)]
    pub secure_boot: bool,
    /// `kvm`, `tcg`...; `None` leaves the choice to QEMU.
    pub accelerator: Option<String>,
    /// `-cpu`; `None` leaves the choice to QEMU.
    pub cpu_model: Option<String>,
    /// `-smp`.
    pub cpus: Cpus,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// What runs first.
    pub firmware: Firmware,
    /// `-boot`; `None` leaves the choice to the firmware.
    pub boot: Option<Boot>,
    /// Disks, in order.
    pub disks: Vec<Drive>,
    /// CDs, in order.
    pub cdroms: Vec<Cdrom>,
    /// A floppy image.
    pub floppy: Option<PathBuf>,
    /// The network card; `None` gives the machine no `-netdev` (QEMU then adds its own default card).
    pub nic: Option<Nic>,
    /// `-display`; `None` leaves the choice to QEMU, which may open a window.
    pub display: Option<String>,
    /// `-vnc`.
    pub vnc: Option<Vnc>,
    /// `-vga`.
    pub vga: Option<String>,
    /// The first serial port is written to this file.
    pub serial_log: Option<PathBuf>,
    /// The control socket we connect to; made by QEMU.
    pub qmp: PathBuf,
    /// A TPM emulated by a running `swtpm`.
    pub tpm: Option<Tpm>,
    /// The user's own arguments, one row per switch: the switch, then pieces joined without separator. A switch
    /// named here replaces every default use of that same switch.
    pub extra: Vec<Vec<String>>,
    /// Rows of the same form that replace nothing.
    #[serde(default)]
    pub append: Vec<Vec<String>>,
}

/// `-smp`; what is `None` is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cpus {
    /// Virtual processors altogether.
    pub count: Option<u32>,
    /// Sockets.
    pub sockets: Option<u32>,
    /// Cores per socket.
    pub cores: Option<u32>,
    /// Threads per core.
    pub threads: Option<u32>,
}

/// What runs first in the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Firmware {
    /// The machine type's own (SeaBIOS on a PC).
    #[default]
    Builtin,
    /// `-bios FILE`.
    Bios(PathBuf),
    /// One read-only flash drive.
    Flash(PathBuf),
    /// UEFI: read-only code, and variables the machine writes.
    Efi {
        /// Such as `OVMF_CODE_4M.fd`.
        code: PathBuf,
        /// This machine's own copy of the variables.
        vars: PathBuf,
    },
}

/// `-boot`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Boot {
    /// From the first disk.
    Disk,
    /// From the CD this once, then from the disk.
    CdOnce,
}

/// How a disk or a CD is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiskInterface {
    /// `if=ide`.
    Ide,
    /// `if=sata` (QEMU itself refuses it on most machine types).
    Sata,
    /// `if=scsi`.
    Scsi,
    /// `if=sd`.
    Sd,
    /// `if=virtio`.
    Virtio,
    /// A virtio SCSI controller with one disk device each.
    VirtioScsi,
}

impl DiskInterface {
    /// Its name for `-drive if=`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ide => "ide",
            Self::Sata => "sata",
            Self::Scsi => "scsi",
            Self::Sd => "sd",
            Self::Virtio => "virtio",
            Self::VirtioScsi => "virtio-scsi",
        }
    }
}

/// One disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drive {
    /// Its file.
    pub path: PathBuf,
    /// How it is attached.
    pub interface: DiskInterface,
    /// Host cache mode: writethrough, writeback, none, unsafe or directsync.
    pub cache: String,
    /// What becomes of the guest's discards: unmap or ignore.
    pub discard: String,
    /// What becomes of zeroes it writes: unmap, on or off; off is QEMU's default and not passed.
    pub detect_zeroes: String,
    /// Format of the file.
    pub format: Format,
}

impl Drive {
    /// A virtio disk with QEMU's usual modes.
    pub fn new(path: impl Into<PathBuf>, format: Format) -> Self {
        Self {
            path: path.into(),
            interface: DiskInterface::Virtio,
            cache: "writeback".to_owned(),
            discard: "ignore".to_owned(),
            detect_zeroes: "off".to_owned(),
            format,
        }
    }
}

/// One CD.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cdrom {
    /// The ISO file.
    pub path: PathBuf,
    /// How it is attached; `None` leaves that to QEMU (IDE on a PC).
    pub interface: Option<DiskInterface>,
}

/// The network card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nic {
    /// Its device model, such as `virtio-net`.
    pub device: String,
    /// What it is plugged into.
    pub network: Network,
}

/// What the network card is plugged into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// QEMU's own network behind the host, with TCP ports forwarded from 127.0.0.1.
    User {
        /// In order.
        forwards: Vec<Forward>,
    },
    /// A bridge of the host.
    Bridge {
        /// Its name.
        name: String,
    },
}

/// One guest port reachable from the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forward {
    /// The guest's port.
    pub guest: u16,
    /// The host's.
    pub host: HostPort,
}

/// How the host's end of a forward is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostPort {
    /// Any free one: QEMU asks the kernel and we read back which it got. Nobody can take it in between.
    Any,
    /// One of these, `max` not included; another is tried while QEMU finds the one we chose taken.
    Within {
        /// First.
        min: u16,
        /// One past the last.
        max: u16,
    },
    /// This one.
    Fixed(u16),
}

/// Where the screen is served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vnc {
    /// On a unix socket, in a private folder.
    Unix(PathBuf),
    /// On TCP.
    Tcp {
        /// Address to listen on.
        address: String,
        /// VNC display: the port less 5900.
        display: u16,
        /// So many displays after it will do as well; QEMU takes the first free one.
        #[serde(default)]
        more: u16,
        /// Whether a password, set through QMP, is asked for.
        password: bool,
    },
}

/// A TPM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tpm {
    /// The control socket of its `swtpm`.
    pub socket: PathBuf,
    /// Device model, such as `tpm-tis`.
    pub device: String,
}

impl QemuSpec {
    /// A headless PC with a virtio card on QEMU's own network and no disk.
    pub fn new(
        binary: impl Into<PathBuf>,
        name: impl Into<String>,
        uuid: Uuid,
        qmp: impl Into<PathBuf>,
    ) -> Self {
        Self {
            binary: binary.into(),
            name: name.into(),
            uuid,
            machine: "pc".to_owned(),
            secure_boot: false,
            accelerator: None,
            cpu_model: None,
            cpus: Cpus { count: Some(1), ..Cpus::default() },
            memory_mib: 512,
            firmware: Firmware::Builtin,
            boot: None,
            disks: Vec::new(),
            cdroms: Vec::new(),
            floppy: None,
            nic: Some(Nic {
                device: "virtio-net".to_owned(),
                network: Network::User { forwards: Vec::new() },
            }),
            display: Some("none".to_owned()),
            vnc: None,
            vga: None,
            serial_log: None,
            qmp: qmp.into(),
            tpm: None,
            extra: Vec::new(),
            append: Vec::new(),
        }
    }

    /// The forwards, when the network is QEMU's own.
    pub fn forwards(&self) -> &[Forward] {
        match &self.nic {
            Some(Nic { network: Network::User { forwards }, .. }) => forwards,
            _ => &[],
        }
    }

    /// The forwards, to be changed.
    pub fn forwards_mut(&mut self) -> Option<&mut Vec<Forward>> {
        match &mut self.nic {
            Some(Nic { network: Network::User { forwards }, .. }) => Some(forwards),
            _ => None,
        }
    }
}
