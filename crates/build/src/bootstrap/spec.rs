//! What image is made, read from the template's options and checked before anything runs.

use std::path::PathBuf;

use goldsmith_template::options::DistributionOptions;
use serde::{Deserialize, Serialize};

use super::distribution::Distribution;
use super::error::BootstrapError;
use super::gpt::{self, Layout};
use super::rootfs::{self, RootfsSpec};
use super::sources::{Candidates, HostApt, mirror_text};

/// The image, as far as the template says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSpec {
    /// What decides the root file system.
    pub rootfs: RootfsSpec,
    /// Parts of the archive.
    pub components: Vec<String>,
    /// Host name; may be a full domain name.
    pub hostname: String,
    /// Time zone.
    pub timezone: String,
    /// Whether cloud-init is installed.
    pub cloud_init: bool,
    /// Whether the disk boots by BIOS.
    pub bios: bool,
    /// Whether the disk boots by UEFI.
    pub uefi: bool,
    /// Size of the disk in bytes.
    pub disk_size: u64,
    /// The image's format as `qemu-img` names it.
    pub format: String,
}

impl ImageSpec {
    /// From the options. `username` is the user the build logs in as.
    pub fn new(options: &DistributionOptions, format: &str, username: &str) -> Result<Self, BootstrapError> {
        let wrong = |option: &'static str, value: &str, want: &'static str| BootstrapError::Option {
            option,
            value: value.to_owned(),
            want,
        };
        let distribution = Distribution::parse(&options.distribution)
            .ok_or_else(|| wrong("distribution", &options.distribution, "debian or ubuntu"))?;
        let suite = options.suite.clone().unwrap_or_else(|| distribution.default_suite().to_owned());
        if !name_like(&suite) {
            return Err(wrong("suite", &suite, "a release's name such as \"trixie\""));
        }
        if options.filesystem != "ext4" {
            return Err(wrong("filesystem", &options.filesystem, "ext4"));
        }
        let hostname =
            options.hostname.as_ref().and_then(|text| text.known()).filter(|text| !text.is_empty());
        let hostname = hostname.map_or_else(|| distribution.name().to_owned(), str::to_owned);
        if !host_name(&hostname) {
            return Err(wrong("hostname", &hostname, "letters, digits, hyphens and dots"));
        }
        if !safe(&options.locale, "._@-") {
            return Err(wrong("locale", &options.locale, "a locale such as \"C.UTF-8\" or \"de_CH.UTF-8\""));
        }
        if !safe(&options.timezone, "/_+-") || options.timezone.contains("..") {
            return Err(wrong("timezone", &options.timezone, "a time zone such as \"Europe/Zurich\""));
        }
        if !username_like(username) {
            return Err(wrong(
                "ssh_username",
                username,
                "lower-case letters, digits, hyphens and underscores",
            ));
        }
        let disk_size = options.disk_size.bytes;
        Layout::new(disk_size)
            .ok_or(BootstrapError::DiskTooSmall { bytes: disk_size, least: gpt::SMALLEST })?;
        let kernel = options.kernel_package.as_deref().unwrap_or(distribution.default_kernel());
        let mut packages: Vec<String> =
            distribution.base_packages(&suite).into_iter().map(str::to_owned).collect();
        packages.push(kernel.to_owned());
        if options.openssh {
            packages.push("openssh-server".into());
        }
        if options.cloud_init {
            packages.extend(["cloud-init".into(), "cloud-guest-utils".into()]);
        }
        if !matches!(options.locale.as_str(), "" | "C" | "POSIX" | "C.UTF-8" | "C.utf8") {
            packages.push("locales".into());
        }
        if !matches!(options.timezone.as_str(), "" | "Etc/UTC") {
            packages.push("tzdata".into());
        }
        packages.extend(options.packages.iter().cloned());
        if let Some(bad) = packages.iter().find(|package| !package_like(package)) {
            return Err(wrong("packages", bad, "names of packages"));
        }
        packages.sort();
        packages.dedup();
        let components = if options.components.is_empty() {
            distribution.default_components().iter().map(|part| (*part).to_owned()).collect()
        } else {
            options.components.clone()
        };
        if let Some(bad) = components.iter().find(|part| !name_like(part)) {
            return Err(wrong("components", bad, "names such as \"main\""));
        }
        let keyring = options.keyring.as_ref().and_then(|text| text.known()).filter(|text| !text.is_empty());
        Ok(Self {
            rootfs: RootfsSpec {
                distribution,
                suite,
                variant: options.variant.clone(),
                packages,
                keyring: keyring.map_or_else(|| distribution.keyring().into(), PathBuf::from),
                locale: options.locale.clone(),
                schema: rootfs::SCHEMA,
            },
            components,
            hostname,
            timezone: if options.timezone.is_empty() { "Etc/UTC".into() } else { options.timezone.clone() },
            cloud_init: options.cloud_init,
            bios: options.boot_firmware != "uefi",
            uefi: options.boot_firmware != "bios",
            disk_size,
            format: format.to_owned(),
        })
    }

    /// Where the packages may come from.
    #[must_use]
    pub fn candidates(&self, options: &DistributionOptions, host: &HostApt) -> Candidates {
        let mirror = mirror_text(options.mirror.as_ref());
        Candidates::choose(
            self.rootfs.distribution,
            &self.rootfs.suite,
            &self.components,
            mirror.as_deref(),
            host,
        )
    }
}

fn safe(text: &str, also: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || also.contains(c)) && !text.starts_with(['-', '/'])
}

fn name_like(text: &str) -> bool {
    !text.is_empty() && safe(text, ".-_/")
}

/// Package names; mmdebstrap also takes apt's patterns and `name:arch`, `name=version`, `name/suite`.
fn package_like(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '?' | '~'))
        && !text.contains([',', '\n'])
}

fn host_name(text: &str) -> bool {
    text.len() <= 253
        && text
            .split('.')
            .all(|label| (1..=63).contains(&label.len()) && safe(label, "-") && !label.ends_with('-'))
}

fn username_like(text: &str) -> bool {
    text.len() <= 32
        && text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'))
}

/// The numbers that tell this disk from others. Random, chosen by the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Of the disk and its partitions: disk, BIOS boot, ESP, root.
    pub guids: [[u8; 16]; 4],
    /// Of the root file system.
    pub filesystem: [u8; 16],
    /// Of the EFI system partition's file system.
    pub esp_serial: u32,
}

impl Identity {
    /// From 84 random bytes; the rest are made proper version 4 UUIDs.
    #[must_use]
    pub fn from_random(bytes: &[u8; 84]) -> Self {
        let id = |at: usize| {
            let mut id = [0_u8; 16];
            id.copy_from_slice(&bytes[at * 16..at * 16 + 16]);
            id
        };
        let mut filesystem = id(4);
        filesystem[6] = (filesystem[6] & 0x0f) | 0x40;
        filesystem[8] = (filesystem[8] & 0x3f) | 0x80;
        let mut guids = [id(0), id(1), id(2), id(3)];
        for guid in &mut guids {
            // The third field is little-endian on the disk.
            guid[7] = (guid[7] & 0x0f) | 0x40;
            guid[8] = (guid[8] & 0x3f) | 0x80;
        }
        let esp_serial = u32::from_le_bytes([bytes[80], bytes[81], bytes[82], bytes[83]]);
        Self { guids, filesystem, esp_serial }
    }

    /// The root file system's UUID as text.
    #[must_use]
    pub fn root_uuid(&self) -> String {
        uuid::Uuid::from_bytes(self.filesystem).to_string()
    }

    /// The serial number as mtools takes it.
    #[must_use]
    pub fn esp_serial_hex(&self) -> String {
        format!("{:08x}", self.esp_serial)
    }

    /// The serial number as `/etc/fstab` takes it.
    #[must_use]
    pub fn esp_serial_text(&self) -> String {
        format!("{:04X}-{:04X}", self.esp_serial >> 16, self.esp_serial & 0xffff)
    }
}

/// How the build gets in. All of it is taken out again by generalising.
#[derive(Clone)]
pub struct BuildAccess {
    /// The user; made, with sudo, when the packages do not bring it.
    pub username: String,
    /// A line for `authorized_keys`.
    pub authorized_key: String,
    /// A host key made by the build, so that it knows whom it talks to, and the guest need not make one.
    pub host_key: Option<HostKey>,
}

/// An Ed25519 host key.
#[derive(Clone)]
pub struct HostKey {
    /// OpenSSH text.
    pub private: String,
    /// One line.
    pub public: String,
}

impl std::fmt::Debug for HostKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostKey").field("public", &self.public).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for BuildAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BuildAccess").field("username", &self.username).finish_non_exhaustive()
    }
}
