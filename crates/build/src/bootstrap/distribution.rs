//! What we know about the distributions an image is made from.

use serde::{Deserialize, Serialize};

/// A distribution whose packages mmdebstrap can install.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Distribution {
    /// Debian.
    Debian,
    /// Ubuntu.
    Ubuntu,
}

impl Distribution {
    /// By the name a template or `/etc/os-release` (`ID=`) uses.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "debian" => Some(Self::Debian),
            "ubuntu" => Some(Self::Ubuntu),
            _ => None,
        }
    }

    /// The name in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Debian => "debian",
            Self::Ubuntu => "ubuntu",
        }
    }

    /// The suite taken when the template names none: the current stable (long-term) release.
    #[must_use]
    pub fn default_suite(self) -> &'static str {
        match self {
            Self::Debian => "trixie",
            Self::Ubuntu => "noble",
        }
    }

    /// The archive taken when the host has none of its own for this distribution.
    #[must_use]
    pub fn public_mirror(self) -> &'static str {
        match self {
            Self::Debian => "http://ftp.debian.org/debian",
            Self::Ubuntu => "http://archive.ubuntu.com/ubuntu",
        }
    }

    /// The archive of security updates, likewise.
    #[must_use]
    pub fn public_security_mirror(self) -> &'static str {
        match self {
            Self::Debian => "http://security.debian.org/debian-security",
            Self::Ubuntu => "http://security.ubuntu.com/ubuntu",
        }
    }

    /// What the image's own apt gets: the distribution's public archive and its security archive.
    #[must_use]
    pub fn image_mirrors(self) -> (&'static str, &'static str) {
        match self {
            Self::Debian => ("http://deb.debian.org/debian", "http://deb.debian.org/debian-security"),
            Self::Ubuntu => ("http://archive.ubuntu.com/ubuntu", "http://security.ubuntu.com/ubuntu"),
        }
    }

    /// Parts of the archive taken when the template names none.
    #[must_use]
    pub fn default_components(self) -> &'static [&'static str] {
        match self {
            Self::Debian => &["main"],
            Self::Ubuntu => &["main", "universe"],
        }
    }

    /// The keyring the archive's signatures are checked with, as its package installs it.
    #[must_use]
    pub fn keyring(self) -> &'static str {
        match self {
            Self::Debian => "/usr/share/keyrings/debian-archive-keyring.gpg",
            Self::Ubuntu => "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
        }
    }

    /// The package that installs [`Self::keyring`].
    #[must_use]
    pub fn keyring_package(self) -> &'static str {
        match self {
            Self::Debian => "debian-archive-keyring",
            Self::Ubuntu => "ubuntu-keyring",
        }
    }

    /// The kernel taken when the template names none: small, with the drivers of virtual machines.
    #[must_use]
    pub fn default_kernel(self) -> &'static str {
        match self {
            Self::Debian => "linux-image-cloud-amd64",
            Self::Ubuntu => "linux-image-virtual",
        }
    }

    /// Packages that make the system boot, reach the network and keep itself up to date.
    #[must_use]
    pub fn base_packages(self, suite: &str) -> Vec<&'static str> {
        let mut packages = vec![
            "systemd-sysv",
            "udev",
            "dbus",
            "initramfs-tools",
            "e2fsprogs",
            "zstd",
            "kmod",
            "procps",
            "iproute2",
            "netbase",
            "ca-certificates",
            "sudo",
            "less",
            // The boot loader lives in the image and is updated with it; nothing of it is taken from the host.
            "grub2-common",
            "grub-pc-bin",
            "grub-efi-amd64-bin",
        ];
        match self {
            Self::Debian => {
                packages.push("ifupdown");
                // dhclient is gone after bookworm; dhcpcd took its place as ifupdown's DHCP client.
                packages.push(if matches!(suite, "bullseye" | "bookworm" | "oldstable" | "oldoldstable") {
                    "isc-dhcp-client"
                } else {
                    "dhcpcd-base"
                });
            }
            Self::Ubuntu => {
                // Until jammy systemd-resolved was part of the package systemd.
                if !matches!(suite, "bionic" | "focal" | "jammy") {
                    packages.push("systemd-resolved");
                }
            }
        }
        packages
    }

    /// The security suite that belongs to a suite, if it has one.
    #[must_use]
    pub fn security_suite(self, suite: &str) -> Option<String> {
        match (self, suite) {
            (Self::Debian, "sid" | "unstable" | "experimental") => None,
            _ => Some(format!("{suite}-security")),
        }
    }

    /// The suite of updates between point releases, if it has one.
    #[must_use]
    pub fn updates_suite(self, suite: &str) -> Option<String> {
        match (self, suite) {
            (Self::Debian, "sid" | "unstable" | "experimental") => None,
            _ => Some(format!("{suite}-updates")),
        }
    }

    /// Whether a suite named in apt's sources is one of the distribution's own (not of a third party who uses the
    /// same address).
    #[must_use]
    pub fn official_suite(self, suite: &str) -> bool {
        let bare = suite.trim_end_matches('/').split(['-', '/']).next().unwrap_or_default();
        let debian = [
            "buster",
            "bullseye",
            "bookworm",
            "trixie",
            "forky",
            "duke",
            "sid",
            "stable",
            "testing",
            "unstable",
            "oldstable",
            "oldoldstable",
        ];
        let ubuntu =
            ["bionic", "focal", "jammy", "noble", "oracular", "plucky", "questing", "resolute", "devel"];
        match self {
            Self::Debian => debian.contains(&bare),
            Self::Ubuntu => ubuntu.contains(&bare),
        }
    }
}
