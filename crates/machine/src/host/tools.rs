//! The programs and files that builds need: how each is found, what it is for, and the package it comes in.

use std::path::{Path, PathBuf};

use goldsmith_process::{Env, Family, Tool};

use super::doctor::Verdict;

/// How it is recognised.
pub(super) enum Found {
    /// A program on the `PATH`.
    Program,
    /// A program whose version is asked for.
    Versioned,
    /// One of these files.
    File(&'static [&'static str]),
}

/// One row of the table.
pub(super) struct Requirement {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) tool: Tool,
    pub(super) found: Found,
    /// How bad it is when it is missing.
    pub(super) missing: Verdict,
    /// What does not work then.
    pub(super) cost: &'static str,
}

impl Requirement {
    pub(super) fn find(&self, env: &Env) -> Option<PathBuf> {
        match self.found {
            Found::Program | Found::Versioned => self.tool.find(env.path()),
            Found::File(files) => files.iter().map(Path::new).find(|file| file.is_file()).map(Path::to_owned),
        }
    }
}

const BOOTSTRAP: &str = "Debian and Ubuntu images cannot be made from packages";

const fn packages(
    debian: &'static str,
    fedora: &'static str,
    arch: &'static str,
    suse: &'static str,
) -> [(Family, &'static str); 4] {
    [(Family::Debian, debian), (Family::Fedora, fedora), (Family::Arch, arch), (Family::Suse, suse)]
}

macro_rules! requirement {
    ($id:literal, $title:literal, $name:literal $(>= $minimum:expr)?, $why:literal, $found:expr, $missing:ident,
     $cost:expr, [$($family:literal),* $(,)?]) => {
        Requirement {
            id: $id,
            title: $title,
            tool: Tool {
                name: $name,
                minimum: requirement!(@minimum $($minimum)?),
                why: $why,
                install: const { &packages($($family),*) },
            },
            found: $found,
            missing: Verdict::$missing,
            cost: $cost,
        }
    };
    (@minimum) => { None };
    (@minimum $minimum:expr) => { Some(&$minimum) };
}

/// An empty package name means that the family has none.
pub(super) const REQUIREMENTS: &[Requirement] = &[
    requirement!(
        "qemu",
        "QEMU",
        "qemu-system-x86_64" >= [7, 1],
        "runs the machines; 7.1 is the first that writes screen pictures as PNG",
        Found::Versioned,
        Failed,
        "no machine can run",
        ["qemu-system-x86", "qemu-system-x86-core", "qemu-system-x86", "qemu-x86"]
    ),
    requirement!(
        "qemu-img",
        "qemu-img",
        "qemu-img" >= [7, 1],
        "makes, converts and checks disk images; it must know what QEMU itself writes",
        Found::Versioned,
        Failed,
        "no disk image can be made or exported",
        ["qemu-utils", "qemu-img", "qemu-img", "qemu-img"]
    ),
    requirement!(
        "xorriso",
        "CD writer",
        "xorriso",
        "writes CDs with files for the guest, such as cloud-init seeds",
        Found::Program,
        Warning,
        "templates that put files on a CD cannot build",
        ["xorriso", "xorriso", "libisoburn", "xorriso"]
    ),
    requirement!(
        "mmdebstrap",
        "mmdebstrap",
        "mmdebstrap",
        "makes a Debian or Ubuntu file system from packages",
        Found::Versioned,
        Warning,
        BOOTSTRAP,
        ["mmdebstrap", "mmdebstrap", "", ""]
    ),
    requirement!(
        "keyring",
        "Debian's archive keys",
        "debian-archive-keyring",
        "checks the signatures of Debian's packages",
        Found::File(&[
            "/usr/share/keyrings/debian-archive-keyring.gpg",
            "/usr/share/keyrings/debian-archive-keyring.pgp",
        ]),
        Warning,
        "Debian images cannot be made from packages: their signatures could not be checked",
        ["debian-archive-keyring", "debian-keyring", "debian-archive-keyring", ""]
    ),
    requirement!(
        "keyring-ubuntu",
        "Ubuntu's archive keys",
        "ubuntu-archive-keyring",
        "checks the signatures of Ubuntu's packages",
        Found::File(&["/usr/share/keyrings/ubuntu-archive-keyring.gpg"]),
        Warning,
        "Ubuntu images cannot be made from packages: their signatures could not be checked",
        ["ubuntu-keyring", "ubu-keyring", "ubuntu-keyring", ""]
    ),
    requirement!(
        "gpgv",
        "Signature check",
        "gpgv",
        "checks the signatures of packages and checksum files",
        Found::Program,
        Warning,
        BOOTSTRAP,
        ["gpgv", "gnupg2", "gnupg", "gpg2"]
    ),
    requirement!(
        "e2fsprogs",
        "ext4 tools",
        "mkfs.ext4",
        "makes a file system from a folder, without mounting it",
        Found::Program,
        Warning,
        BOOTSTRAP,
        ["e2fsprogs", "e2fsprogs", "e2fsprogs", "e2fsprogs"]
    ),
    requirement!(
        "sfdisk",
        "Partitioning",
        "sfdisk",
        "partitions disk images",
        Found::Program,
        Warning,
        BOOTSTRAP,
        ["fdisk", "util-linux-core", "util-linux", "util-linux"]
    ),
    requirement!(
        "mtools",
        "FAT tools",
        "mcopy",
        "fills a boot partition without mounting it",
        Found::Program,
        Warning,
        BOOTSTRAP,
        ["mtools", "mtools", "mtools", "mtools"]
    ),
    requirement!(
        "dosfstools",
        "FAT formatting",
        "mkfs.vfat",
        "makes boot partitions",
        Found::Program,
        Warning,
        BOOTSTRAP,
        ["dosfstools", "dosfstools", "dosfstools", "dosfstools"]
    ),
    requirement!(
        "grub",
        "GRUB image builder",
        "grub-mkimage",
        "makes the boot loader's image",
        Found::Program,
        Warning,
        BOOTSTRAP,
        ["grub-common", "grub2-tools-minimal", "grub", "grub2"]
    ),
    requirement!(
        "grub-bios",
        "GRUB for BIOS",
        "grub-pc-bin",
        "boots images on BIOS machines",
        Found::File(&["/usr/lib/grub/i386-pc/boot.img", "/usr/share/grub2/i386-pc/boot.img"]),
        Warning,
        BOOTSTRAP,
        ["grub-pc-bin", "grub2-pc-modules", "grub", "grub2-i386-pc"]
    ),
    requirement!(
        "grub-uefi",
        "GRUB for UEFI",
        "grub-efi-amd64-bin",
        "boots images on UEFI machines",
        Found::File(&["/usr/lib/grub/x86_64-efi/modinfo.sh", "/usr/share/grub2/x86_64-efi/modinfo.sh",]),
        Warning,
        BOOTSTRAP,
        ["grub-efi-amd64-bin", "grub2-efi-x64-modules", "grub", "grub2-x86_64-efi"]
    ),
    requirement!(
        "swtpm",
        "Software TPM",
        "swtpm",
        "emulates a TPM",
        Found::Program,
        Warning,
        "templates that ask for a TPM cannot build",
        ["swtpm", "swtpm", "swtpm", "swtpm"]
    ),
];

/// Packages with UEFI firmware.
pub(super) const OVMF_PACKAGES: &[(Family, &str)] =
    &packages("ovmf", "edk2-ovmf", "edk2-ovmf", "qemu-ovmf-x86_64");
