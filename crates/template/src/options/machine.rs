//! Options of a virtual machine, shared by every source that boots one with QEMU (`qemu`, `bootstrap`).
//!
//! Names, types and defaults are those of the QEMU plugin for Packer 1.1.

use super::decode::{DiskSize, options};
use super::spec::PathKind;
use crate::text::Text;
use std::collections::BTreeMap;
use std::time::Duration;

options! {
    /// The hardware, where the result goes, and how QEMU is started.
    pub struct MachineOptions;
    "Machine" {
        memory: u64, "Memory", "Memory of the machine." => default("512").unit("MiB").basic();
        cpus: u32, "CPUs", "Number of virtual processors. Limited to the product of sockets, cores and threads when those are set." => default("1").range(1, 4096).basic();
        sockets: Option<u32>, "Sockets", "Number of processor sockets.";
        cores: Option<u32>, "Cores", "Cores in each socket.";
        threads: Option<u32>, "Threads", "Threads in each core.";
        cpu_model: Option<String>, "CPU model", "Processor model given to -cpu, for example \"host\". Left out when not set.";
        accelerator: Option<String>, "Accelerator", "How the machine runs. When it is not set, the accelerators of this host are measured and the faster one is chosen." => one_of(&["none", "kvm", "tcg", "xen", "hax", "hvf", "whpx", "nvmm"]).basic();
        machine_type: String, "Machine type", "QEMU machine type, for example \"pc\" or \"q35\"." => default("pc");
        qemu_binary: String, "QEMU program", "Name or path of the QEMU program." => default("qemu-system-x86_64");
        qemuargs: Vec<Vec<Text>>, "QEMU arguments", "Rows of switch and value. A switch written here replaces every default with the same switch; the parts after the switch are joined without a separator." => late();
        qemuargs_append: Vec<Vec<Text>>, "More QEMU arguments", "Rows as in qemuargs that are added and replace nothing." => late().source("goldsmith");
        run_once: Option<bool>, "Run once", "Accepted and without effect." => deprecated("it never had an effect");
    }
    "Output" {
        vm_name: Option<Text>, "Machine name", "Name of the machine, and exactly the file name of the disk (no extension is added). Default: packer-<source name>." => basic();
        output_directory: Option<Text>, "Output folder", "Folder the result is left in. It must not exist before the build, unless forced. Default: output-<source name>." => path(PathKind::Output).basic();
    }
    "Firmware" {
        firmware: Option<Text>, "Firmware file", "Firmware image: given to -bios, or as read-only flash when use_pflash is set." => path(PathKind::File);
        use_pflash: bool, "Firmware as flash", "Attach the firmware file as flash memory instead of -bios." => default("false");
        efi_boot: bool, "Boot by UEFI", "Start with UEFI firmware instead of BIOS. Also on when either EFI file is set." => default("false").basic();
        efi_firmware_code: Option<Text>, "UEFI code", "UEFI firmware code. Default: where this system installs OVMF." => path(PathKind::File);
        efi_firmware_vars: Option<Text>, "UEFI variables", "Template of the UEFI variable store; copied to efivars.fd in the output folder." => path(PathKind::File);
        efi_secure_boot: bool, "Secure Boot", "Start with firmware that checks signatures, with Microsoft's keys enrolled. Turns efi_boot on; needs machine_type \"q35\"." => default("false").source("goldsmith");
        efi_drop_efivars: bool, "Leave out efivars.fd", "Leave the variable store out of the artifact." => default("false");
        vtpm: bool, "TPM", "Attach an emulated TPM (needs swtpm)." => default("false");
        use_tpm1: bool, "TPM 1.2", "Emulate TPM 1.2 instead of 2.0." => default("false");
        tpm_device_type: String, "TPM device", "QEMU's TPM device." => default("tpm-tis");
    }
    "Display" {
        headless: bool, "No window", "Do not open a window of QEMU's own. The screen is shown in the build view all the same." => default("false").basic();
        vga: Option<String>, "Graphics card", "Type of graphics card given to -vga.";
        display: Option<String>, "Display", "What -display is given when not headless.";
        use_default_display: bool, "QEMU's display", "Do not pass -display at all." => default("false");
        vnc_bind_address: String, "VNC address", "Address the VNC server listens on." => default("127.0.0.1");
        vnc_port_min: u16, "First VNC port", "Lowest port for VNC." => default("5900").range(5900, 65535);
        vnc_port_max: u16, "Last VNC port", "Highest port for VNC." => default("6000").range(5900, 65535);
        vnc_use_password: bool, "VNC password", "Protect the VNC server by a password; needs QMP." => default("false");
        vnc_password: Option<Text>, "VNC password text", "The password, at most 8 characters; random when not set." => max_length(8).secret();
        disable_vnc: bool, "No VNC", "No VNC server; excludes boot_command." => default("false");
        qmp_enable: bool, "QMP socket", "Offer a QMP socket of Packer's own; Goldsmith always has one besides." => default("false");
        qmp_socket_path: Option<Text>, "QMP socket path", "Path of that socket. Default: <output folder>/<machine name>.monitor." => path(PathKind::Output);
    }
}

options! {
    /// How disks are attached and what is done with them at the end.
    pub struct DiskOptions;
    "Disk" {
        disk_additional_size: Vec<DiskSize>, "More disks", "Sizes of further disks, named <machine name>-1 and so on.";
        disk_interface: String, "Disk interface", "How the disk is attached." => default("virtio").one_of(&["ide", "sata", "scsi", "sd", "virtio", "virtio-scsi"]);
        disk_cache: String, "Disk cache", "Cache mode of the disk." => default("writeback").one_of(&["writethrough", "writeback", "none", "unsafe", "directsync"]);
        disk_discard: String, "Discard", "Whether space the guest frees is given back." => default("ignore").one_of(&["unmap", "ignore"]);
        disk_detect_zeroes: String, "Detect zeroes", "Whether written zeroes become holes." => default("off").one_of(&["unmap", "on", "off"]);
        format: String, "Disk format", "Format of the disk." => default("qcow2").one_of(&["qcow2", "raw"]).basic();
        skip_compaction: bool, "No compaction", "Leave the disk as the guest wrote it. Always so for raw disks and backing files." => default("false");
        disk_compression: bool, "Compress", "Compress the disk at the end. Flattens a backing file." => default("false").basic();
        cdrom_interface: Option<String>, "CD interface", "How CDs are attached; plain media=cdrom when not set." => one_of(&["ide", "sata", "scsi", "virtio", "virtio-scsi"]);
    }
}

options! {
    /// The network as the machine sees it.
    pub struct NetworkOptions;
    "Network" {
        net_device: String, "Network card", "QEMU's network device." => default("virtio-net");
        net_bridge: Option<String>, "Bridge", "Host bridge to attach to instead of user networking (Linux).";
        host_port_min: u16, "First forwarded port", "Lowest port on this computer forwarded to the guest." => default("2222").range(1, 65535);
        host_port_max: u16, "Last forwarded port", "Highest port on this computer forwarded to the guest." => default("4444").range(1, 65535);
        ssh_host_port_min: Option<u16>, "First forwarded port", "Old name of host_port_min." => deprecated("use host_port_min");
        ssh_host_port_max: Option<u16>, "Last forwarded port", "Old name of host_port_max." => deprecated("use host_port_max");
        skip_nat_mapping: bool, "No port forwarding", "Connect to ssh_port or winrm_port of this computer directly." => default("false");
    }
}

options! {
    /// Files for the guest: HTTP server, CDs, floppies.
    pub struct MediaOptions;
    "Files for the guest" {
        http_directory: Option<Text>, "HTTP folder", "Folder served to the guest over HTTP." => path(PathKind::Folder).basic();
        http_content: BTreeMap<String, Text>, "HTTP content", "Path to content, served to the guest over HTTP; paths start with /. {{ .SSHPublicKey }}, {{ .HTTPIP }}, {{ .HTTPPort }} and {{ .Name }} are filled in during the build." => late();
        http_port_min: u16, "First HTTP port", "Lowest port of the HTTP server." => default("8000").range(1, 65535);
        http_port_max: u16, "Last HTTP port", "Highest port of the HTTP server; not itself used unless it is also the lowest." => default("9000").range(1, 65535);
        http_bind_address: Option<String>, "HTTP address", "Address the HTTP server listens on. Default: 127.0.0.1, which the guest reaches as 10.0.2.2; with net_bridge, the bridge's own address.";
        http_interface: Option<String>, "HTTP interface", "Network interface of the HTTP server; QEMU ignores it.";
        http_network_protocol: String, "HTTP protocol", "Network the HTTP server listens on." => default("tcp").one_of(&["tcp", "tcp4", "tcp6", "unix", "unixpacket"]);
        cd_files: Vec<Text>, "CD files", "Files and folders put on an extra CD; patterns are allowed." => path(PathKind::File).basic();
        cd_content: BTreeMap<String, Text>, "CD content", "Path to content, put on the extra CD; wins over files. {{ .SSHPublicKey }}, {{ .HTTPIP }}, {{ .HTTPPort }} and {{ .Name }} are filled in during the build." => late().basic();
        cd_label: Option<Text>, "CD label", "Label of the extra CD; cloud-init needs \"cidata\"." => default("packer").basic();
        floppy_files: Vec<Text>, "Floppy files", "Files put on a floppy disk, folders flattened." => path(PathKind::File);
        floppy_dirs: Vec<Text>, "Floppy folders", "Folders put on a floppy disk with their structure." => path(PathKind::Folder);
        floppy_content: BTreeMap<String, Text>, "Floppy content", "Path to content, put on the floppy disk. {{ .SSHPublicKey }}, {{ .HTTPIP }}, {{ .HTTPPort }} and {{ .Name }} are filled in during the build." => late();
        floppy_label: Option<Text>, "Floppy label", "Label of the floppy disk." => default("packer");
    }
}

options! {
    /// What is typed at boot.
    pub struct BootOptions;
    "Boot" {
        boot_wait: Duration, "Wait before typing", "How long after start typing begins." => default("10s").basic();
        boot_command: Vec<Text>, "Boot command", "What is typed; the strings are joined without a separator. <enter>, <wait5> and the like are keys and pauses." => late().basic();
        boot_steps: Vec<Vec<Text>>, "Boot steps", "The boot command in steps, each with a description; excludes boot_command." => late();
        boot_key_interval: Option<Duration>, "Pause between keys", "Pause after each key event, kept exactly. When it is not set, 100ms, and no longer than the screen takes to show the character where it shows text.";
        boot_keyboard_layout: String, "Keyboard layout", "The layout the guest assumes while it is typed to. Boot loaders assume \"us\" nearly always." => default("us").one_of(&["us", "gb", "de", "ch", "fr", "es", "it", "se"]).source("goldsmith");
        boot_keygroup_interval: Option<Duration>, "Pause between groups", "Accepted; the QEMU builder does not use it.";
    }
}

options! {
    /// How the machine is stopped.
    pub struct ShutdownOptions;
    "Shutdown" {
        shutdown_command: Option<Text>, "Shutdown command", "Command run in the guest to stop it. Without one the machine is stopped from outside." => default("").basic();
        shutdown_timeout: Duration, "Shutdown timeout", "How long the guest may take to stop." => default("5m");
    }
}
