//! The programs we use: how they are found, how old they may be, what package they come in.

use std::cmp::Ordering;
use std::fmt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use crate::{Invocation, Launch, RunError, run_ok};

/// A family of distributions, by package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Debian, Ubuntu and theirs (apt).
    Debian,
    /// Fedora, RHEL and theirs (dnf).
    Fedora,
    /// Arch and its own (pacman).
    Arch,
    /// openSUSE and SLE (zypper).
    Suse,
}

impl Family {
    /// From the text of `/etc/os-release`: `ID` first, then `ID_LIKE`.
    pub fn from_os_release(text: &str) -> Option<Self> {
        let value = |key: &str| {
            text.lines()
                .filter_map(|line| line.split_once('='))
                .find(|(k, _)| k.trim() == key)
                .map(|(_, v)| v.trim().trim_matches(['"', '\'']).to_ascii_lowercase())
                .unwrap_or_default()
        };
        let ids = format!("{} {}", value("ID"), value("ID_LIKE"));
        ids.split_ascii_whitespace().find_map(|id| match id {
            "debian" | "ubuntu" | "linuxmint" | "pop" => Some(Self::Debian),
            "fedora" | "rhel" | "centos" | "rocky" | "almalinux" => Some(Self::Fedora),
            "arch" | "archlinux" | "manjaro" => Some(Self::Arch),
            "suse" | "opensuse" | "sles" => Some(Self::Suse),
            id if id.starts_with("opensuse") => Some(Self::Suse),
            _ => None,
        })
    }

    /// The command that installs these packages, to be copied.
    pub fn install_command(self, packages: &[&str]) -> String {
        let manager = match self {
            Self::Debian => "sudo apt install",
            Self::Fedora => "sudo dnf install",
            Self::Arch => "sudo pacman -S --needed",
            Self::Suse => "sudo zypper install",
        };
        format!("{manager} {}", packages.join(" "))
    }
}

/// A version number: the leading numbers of a version text. Missing parts count as zero.
#[derive(Clone, Debug, Eq, Serialize, Deserialize)]
pub struct Version(pub Vec<u32>);

impl Version {
    /// The first dotted number in a text such as "QEMU emulator version 10.0.2 (Debian 1:10.0.2)".
    pub fn find(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if !bytes[at].is_ascii_digit() {
                at += 1;
                continue;
            }
            let end = bytes[at..]
                .iter()
                .position(|byte| !byte.is_ascii_digit() && *byte != b'.')
                .map_or(bytes.len(), |length| at + length);
            let parts: Option<Vec<u32>> =
                text[at..end].trim_end_matches('.').split('.').map(|part| part.parse().ok()).collect();
            match parts {
                Some(parts) if parts.len() > 1 => return Some(Self(parts)),
                _ => at = end,
            }
        }
        None
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        let part = |version: &Self, at: usize| version.0.get(at).copied().unwrap_or(0);
        (0..self.0.len().max(other.0.len()))
            .map(|at| part(self, at).cmp(&part(other, at)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.0.iter().map(u32::to_string).collect();
        f.write_str(&parts.join("."))
    }
}

/// A program of the system that we use.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    /// Name of the executable.
    pub name: &'static str,
    /// The oldest version that will do, as its numbers.
    pub minimum: Option<&'static [u32]>,
    /// What it is for, and the reason of the minimum.
    pub why: &'static str,
    /// The package it comes in, by family.
    pub install: &'static [(Family, &'static str)],
}

impl Tool {
    /// Its path: the first executable of its name on `path` (as in `PATH`), then in the system's folders, since
    /// a plain user's `PATH` may lack the `sbin` ones.
    pub fn find(&self, path: &str) -> Option<PathBuf> {
        find_program(self.name, path)
    }

    /// The version it says it has (`--version`, either stream).
    pub async fn version(
        &self,
        launch: &dyn Launch,
        program: &Path,
        cancel: &CancellationToken,
    ) -> Result<Option<Version>, RunError> {
        let inv = Invocation::new(program).arg("--version").env("LC_ALL", "C");
        let said = run_ok(launch, &inv, cancel, &mut |_| {}).await?;
        Ok(Version::find(&said.stdout).or_else(|| Version::find(&said.stderr)))
    }

    /// The package it comes in on a family.
    pub fn package(&self, family: Family) -> Option<&'static str> {
        self.install.iter().find(|(f, _)| *f == family).map(|(_, package)| *package)
    }

    /// Whether a version will do.
    pub fn accepts(&self, version: &Version) -> bool {
        self.minimum.is_none_or(|minimum| *version >= Version(minimum.to_vec()))
    }
}

/// The first executable of this name on `path`, then in the system's `sbin` and `bin` folders. A name with a slash
/// is taken as a path.
pub fn find_program(name: &str, path: &str) -> Option<PathBuf> {
    let runs = |file: &PathBuf| {
        file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(runs);
    }
    path.split(':')
        .filter(|folder| folder.starts_with('/'))
        .chain(["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin", "/bin"])
        .map(|folder| Path::new(folder).join(name))
        .find(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        let find = |text: &str| Version::find(text).map(|version| version.to_string());
        assert_eq!(find("QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds)").as_deref(), Some("10.0.2"));
        assert_eq!(find("qemu-img version 7.2.13").as_deref(), Some("7.2.13"));
        assert_eq!(find("sfdisk from util-linux 2.38.1").as_deref(), Some("2.38.1"));
        assert_eq!(find("mke2fs 1.47.0 (5-Feb-2023)").as_deref(), Some("1.47.0"));
        assert_eq!(find("no number, 7 alone"), None);
        let v = |parts: &[u32]| Version(parts.to_vec());
        assert!(v(&[10, 0]) > v(&[7, 2, 13]) && v(&[7, 2]) == v(&[7, 2, 0]) && v(&[7, 1, 9]) < v(&[7, 2]));
    }

    #[test]
    fn families() {
        let of = Family::from_os_release;
        assert_eq!(of("PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n"), Some(Family::Debian));
        assert_eq!(of("ID=zorin\nID_LIKE=\"ubuntu debian\"\n"), Some(Family::Debian));
        assert_eq!(of("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n"), Some(Family::Fedora));
        assert_eq!(of("ID=opensuse-tumbleweed\nID_LIKE=\"opensuse suse\"\n"), Some(Family::Suse));
        assert_eq!(of("ID=endeavouros\nID_LIKE=arch\n"), Some(Family::Arch));
        assert_eq!(of("ID=plan9\n"), None);
        assert_eq!(Family::Arch.install_command(&["qemu-full"]), "sudo pacman -S --needed qemu-full");
    }

    #[test]
    fn found_on_the_path_first() {
        let folder = tempfile::tempdir().unwrap();
        let mine = folder.path().join("sh");
        std::fs::write(&mine, "").unwrap();
        let path = format!("relative:{}:/bin", folder.path().display());
        assert_ne!(find_program("sh", &path), Some(mine.clone()), "not executable");
        std::fs::set_permissions(&mine, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(find_program("sh", &path), Some(mine.clone()));
        assert_eq!(find_program(mine.to_str().unwrap(), ""), Some(mine));
        assert_eq!(find_program("no-such-program-at-all", "/bin"), None);
    }
}
