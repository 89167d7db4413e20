//! Options of the sources.

use super::decode::{DiskSize, options};
use super::machine::{
    BootOptions, DiskOptions, MachineOptions, MediaOptions, NetworkOptions, ShutdownOptions,
};
use super::spec::PathKind;
use super::{OptionSpec, Settings};
use crate::text::Text;
use crate::value::Value;
use serde::{Deserialize, Serialize};

options! {
    /// The image a machine starts from: an installation ISO or a disk.
    pub struct IsoOptions;
    "Installation image" {
        iso_url: Option<Text>, "Image", "Path or URL of the ISO, or of the disk when disk_image is set." => path(PathKind::File).basic();
        iso_urls: Vec<Text>, "Images", "Paths or URLs tried in order.";
        iso_checksum: Option<Text>, "Checksum", "Checksum of the image: \"none\", a hex digest, \"sha256:<hex>\", or \"file:<URL or path>\" of a checksum file." => basic();
        iso_target_path: Option<Text>, "Download to", "Where the download is kept; without an extension it is a folder." => path(PathKind::Output);
        iso_target_extension: String, "Download extension", "File extension of the download." => default("iso");
        iso_skip_cache: bool, "Do not download", "Let QEMU read the URL directly." => default("false");
    }
    "Disk" {
        disk_image: bool, "Image is a disk", "The image is a bootable disk, not an installation ISO." => default("false").basic();
        use_backing_file: bool, "Backing file", "Make the disk an overlay of the image; needs disk_image and qcow2." => default("false");
        disk_size: DiskSize, "Disk size", "Size of the disk; a bare number is MiB." => default("40960M").basic();
        skip_resize_disk: bool, "Keep the disk's size", "Do not resize the disk; only with disk_image." => default("false");
    }
}

options! {
    /// What of a distribution becomes the image.
    pub struct DistributionOptions;
    "System" {
        distribution: String, "Distribution", "The distribution the image is made from." => default("debian").one_of(&["debian", "ubuntu"]).basic().source("goldsmith");
        suite: Option<String>, "Suite", "Release of the distribution, for example \"trixie\" or \"noble\". Default: the current stable release." => basic().source("goldsmith");
        mirror: Option<Text>, "Mirror", "Where the packages are fetched from. Default: this computer's own sources when it runs the same distribution, else the public mirror. Used for the build only; the image gets the public sources." => source("goldsmith");
        keyring: Option<Text>, "Keyring", "File with the keys that sign the packages. Signatures are always checked. Default: the distribution's archive keyring." => path(PathKind::File).source("goldsmith");
        variant: String, "Variant", "How much is installed, as mmdebstrap names it." => default("minbase").one_of(&["extract", "custom", "essential", "apt", "required", "minbase", "buildd", "important", "debootstrap", "-", "standard"]).source("mmdebstrap(1)");
        packages: Vec<String>, "Packages", "Packages installed besides." => basic().source("goldsmith");
        components: Vec<String>, "Components", "Parts of the archive. Default: main for Debian, main and universe for Ubuntu." => source("goldsmith");
        kernel_package: Option<String>, "Kernel package", "Package of the kernel. Default: the distribution's generic or cloud kernel." => source("goldsmith");
        hostname: Option<Text>, "Host name", "Name of the machine. Default: the distribution's name." => basic().source("goldsmith");
        locale: String, "Locale", "Language and character set." => default("C.UTF-8").source("goldsmith");
        timezone: String, "Time zone", "Time zone, for example \"Europe/Zurich\"." => default("Etc/UTC").source("goldsmith");
        openssh: bool, "SSH server", "Install an SSH server." => default("true").basic().source("goldsmith");
        cloud_init: bool, "cloud-init", "Install cloud-init, so that clouds and hypervisors can configure the image." => default("false").basic().source("goldsmith");
        boot_firmware: String, "Boots from", "Firmware the disk boots from." => default("both").one_of(&["bios", "uefi", "both"]).source("goldsmith");
        generalize: bool, "Generalize", "Remove identity and build credentials at the end: machine-id, SSH host keys, logs, history, package caches." => default("true").basic().source("goldsmith");
    }
    "Disk" {
        disk_size: DiskSize, "Disk size", "Size of the disk; a bare number is MiB." => default("8G").basic().source("goldsmith");
        filesystem: String, "File system", "File system of the root partition." => default("ext4").one_of(&["ext4"]).source("goldsmith");
    }
}

options! {
    /// Options of the `file` source: an artifact without a machine.
    pub struct FileSourceOptions;
    "File" {
        target: Text, "Target", "The file that is written." => required().path(PathKind::Output);
        content: Option<Text>, "Content", "Content of the file; excludes source." => basic();
        source: Option<Text>, "Source", "File that is copied; excludes content." => path(PathKind::File).basic();
    }
}

options! {
    /// The `qemu_img_args` block: further arguments of the disk tool.
    pub struct QemuImgOptions;
    "Disk tool" {
        convert: Vec<Text>, "For convert", "Further arguments of qemu-img convert.";
        create: Vec<Text>, "For create", "Further arguments of qemu-img create.";
        resize: Vec<Text>, "For resize", "Further arguments of qemu-img resize.";
    }
}

impl QemuImgOptions {
    fn of(settings: &mut Settings) -> QemuImgOptions {
        let entries = settings.value("qemu_img_args").and_then(Value::as_entries).cloned();
        let mut nested = Settings::new(entries.unwrap_or_default());
        let options = QemuImgOptions::decode(&mut nested);
        settings.problems.extend(nested.problems.into_iter().map(|mut problem| {
            problem.option = "qemu_img_args".to_owned();
            problem
        }));
        options
    }
}

/// Options of the `qemu` source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QemuOptions {
    /// Hardware, firmware, display, output.
    pub machine: MachineOptions,
    /// The installation image and the main disk.
    pub iso: IsoOptions,
    /// How disks are attached and finished.
    pub disk: DiskOptions,
    /// Network and port forwarding.
    pub network: NetworkOptions,
    /// Files for the guest.
    pub media: MediaOptions,
    /// What is typed at boot.
    pub boot: BootOptions,
    /// How it is stopped.
    pub shutdown: ShutdownOptions,
    /// Arguments for the disk tool.
    pub qemu_img_args: QemuImgOptions,
}

/// Options of the `bootstrap` source: a disk image made from a distribution's packages, then provisioned
/// like any other machine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BootstrapOptions {
    /// What is installed.
    pub system: DistributionOptions,
    /// Hardware, firmware, display, output.
    pub machine: MachineOptions,
    /// How disks are attached and finished.
    pub disk: DiskOptions,
    /// Network and port forwarding.
    pub network: NetworkOptions,
    /// Files for the guest.
    pub media: MediaOptions,
    /// How it is stopped.
    pub shutdown: ShutdownOptions,
    /// Arguments for the disk tool.
    pub qemu_img_args: QemuImgOptions,
}

/// The tables of the `qemu` source without its communicator.
pub const QEMU: &[&[OptionSpec]] = &[
    IsoOptions::OPTIONS,
    MachineOptions::OPTIONS,
    DiskOptions::OPTIONS,
    NetworkOptions::OPTIONS,
    MediaOptions::OPTIONS,
    BootOptions::OPTIONS,
    ShutdownOptions::OPTIONS,
    super::QEMU_IMG_BLOCK,
];

/// The tables of the `bootstrap` source without its communicator.
pub const BOOTSTRAP: &[&[OptionSpec]] = &[
    DistributionOptions::OPTIONS,
    MachineOptions::OPTIONS,
    DiskOptions::OPTIONS,
    NetworkOptions::OPTIONS,
    MediaOptions::OPTIONS,
    ShutdownOptions::OPTIONS,
    super::QEMU_IMG_BLOCK,
];

impl QemuOptions {
    /// Reads the options and checks what they must satisfy together (packer.md 2.1).
    pub fn decode(settings: &mut Settings) -> QemuOptions {
        let mut options = QemuOptions {
            machine: MachineOptions::decode(settings),
            iso: IsoOptions::decode(settings),
            disk: DiskOptions::decode(settings),
            network: NetworkOptions::decode(settings),
            media: MediaOptions::decode(settings),
            boot: BootOptions::decode(settings),
            shutdown: ShutdownOptions::decode(settings),
            qemu_img_args: QemuImgOptions::of(settings),
        };
        options.settle(settings);
        options
    }

    fn settle(&mut self, settings: &mut Settings) {
        settle_machine(&mut self.machine, &mut self.network, &self.media, settings);
        let iso = &self.iso;
        if iso.iso_url.is_none() && iso.iso_urls.is_empty() {
            settings.problem("iso_url", "option.missing", "one of \"iso_url\" and \"iso_urls\" must be set");
        }
        if settings.is_set("iso_url") && settings.is_set("iso_urls") {
            settings.problem(
                "iso_urls",
                "option.conflict",
                "only one of \"iso_url\" and \"iso_urls\" may be set",
            );
        }
        if iso.iso_checksum.is_none() && !iso.iso_skip_cache {
            settings.missing_with_help(
                "iso_checksum",
                "\"iso_checksum\" must be set",
                "write \"sha256:<digest>\", \"file:<URL of the checksum file>\", or \"none\" to build without checking",
            );
        }
        if iso.skip_resize_disk && !iso.disk_image {
            settings.problem(
                "skip_resize_disk",
                "option.conflict",
                "\"skip_resize_disk\" can only be used when \"disk_image\" is true",
            );
        }
        if iso.use_backing_file && !(iso.disk_image && self.disk.format == "qcow2") {
            settings.problem(
                "use_backing_file",
                "option.conflict",
                "\"use_backing_file\" can only be used when \"disk_image\" is true and \"format\" is \"qcow2\"",
            );
        }
        if iso.use_backing_file || self.disk.format == "raw" {
            self.disk.skip_compaction = true;
        }
        if self.machine.disable_vnc && !(self.boot.boot_command.is_empty() && self.boot.boot_steps.is_empty())
        {
            settings.problem(
                "disable_vnc",
                "option.conflict",
                "a boot command cannot be typed when \"disable_vnc\" is true",
            );
        }
        if !self.boot.boot_command.is_empty() && !self.boot.boot_steps.is_empty() {
            settings.problem(
                "boot_steps",
                "option.conflict",
                "only one of \"boot_command\" and \"boot_steps\" may be set",
            );
        }
    }
}

impl BootstrapOptions {
    /// Reads the options and checks what they must satisfy together.
    pub fn decode(settings: &mut Settings) -> BootstrapOptions {
        let mut options = BootstrapOptions {
            system: DistributionOptions::decode(settings),
            machine: MachineOptions::decode(settings),
            disk: DiskOptions::decode(settings),
            network: NetworkOptions::decode(settings),
            media: MediaOptions::decode(settings),
            shutdown: ShutdownOptions::decode(settings),
            qemu_img_args: QemuImgOptions::of(settings),
        };
        settle_machine(&mut options.machine, &mut options.network, &options.media, settings);
        if options.disk.format == "raw" {
            options.disk.skip_compaction = true;
        }
        options
    }
}

fn settle_machine(
    machine: &mut MachineOptions,
    network: &mut NetworkOptions,
    media: &MediaOptions,
    settings: &mut Settings,
) {
    if machine.memory < 10 {
        machine.memory = 512;
    }
    machine.efi_boot |= machine.efi_secure_boot;
    if machine.efi_secure_boot && machine.machine_type == "pc" {
        settings.problem(
            "efi_secure_boot",
            "option.conflict",
            "\"efi_secure_boot\" needs a machine with system management mode: set \"machine_type\" to \"q35\"",
        );
    }
    machine.efi_boot |= machine.efi_firmware_code.is_some() || machine.efi_firmware_vars.is_some();
    machine.qmp_enable |= machine.vnc_use_password || network.net_bridge.is_some();
    // More processors than the topology can hold are cut off; a topology alone says how many there are.
    if machine.sockets.or(machine.cores).or(machine.threads).is_some() {
        let product =
            [machine.sockets, machine.cores, machine.threads].iter().map(|n| n.unwrap_or(1).max(1)).product();
        if !settings.is_set("cpus") || machine.cpus > product {
            machine.cpus = product;
        }
    }
    if let Some(port) = network.ssh_host_port_min {
        network.host_port_min = port;
    }
    if let Some(port) = network.ssh_host_port_max {
        network.host_port_max = port;
    }
    for (least, most, names) in [
        (network.host_port_min, network.host_port_max, ("host_port_min", "host_port_max")),
        (machine.vnc_port_min, machine.vnc_port_max, ("vnc_port_min", "vnc_port_max")),
        (media.http_port_min, media.http_port_max, ("http_port_min", "http_port_max")),
    ] {
        if least > most {
            let message = format!("\"{}\" ({least}) must not be above \"{}\" ({most})", names.0, names.1);
            settings.problem(names.0, "option.conflict", message);
        }
    }
    if media.http_directory.is_some() && !media.http_content.is_empty() {
        settings.problem(
            "http_content",
            "option.conflict",
            "only one of \"http_directory\" and \"http_content\" may be set",
        );
    }
}

impl FileSourceOptions {
    /// Checks what the options must satisfy together.
    pub fn settle(&self, settings: &mut Settings) {
        if self.content.is_some() && self.source.is_some() {
            settings.problem(
                "source",
                "option.conflict",
                "only one of \"content\" and \"source\" may be set",
            );
        }
    }
}
