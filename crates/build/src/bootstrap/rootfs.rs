//! The root file system as a tar archive, made by mmdebstrap.

use std::path::{Path, PathBuf};

use goldsmith_process::Invocation;
use serde::{Deserialize, Serialize};

use super::distribution::Distribution;
use super::grub;
use super::sources::Archive;
use crate::digest::{Algorithm, Hasher};

/// What the root file system consists of: everything that decides its content except the mirror's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootfsSpec {
    /// The distribution.
    pub distribution: Distribution,
    /// The suite.
    pub suite: String,
    /// mmdebstrap's variant.
    pub variant: String,
    /// Packages besides those of the variant, sorted.
    pub packages: Vec<String>,
    /// The file with the archive's keys.
    pub keyring: PathBuf,
    /// The locale, for example `C.UTF-8`.
    pub locale: String,
    /// [`SCHEMA`] of the program that made it.
    pub schema: u32,
}

/// Raised whenever the same spec gives another root file system.
pub const SCHEMA: u32 = 1;

/// A unit that gives a clone its own SSH host keys at its first boot. Debian's own (`sshd-keygen.service`) runs only
/// where `/etc/machine-id` is absent, which an image must not rely on.
pub const HOST_KEYS_UNIT: &str = "\
[Unit]
Description=Make the SSH host keys this machine does not have yet
Before=ssh.service ssh.socket sshd.service
ConditionPathExistsGlob=!/etc/ssh/ssh_host_*_key

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/ssh-keygen -A

[Install]
WantedBy=multi-user.target ssh.service ssh.socket
";

impl RootfsSpec {
    /// Shell script run on the finished root file system `$1`: boot loader, locale, and nothing of this host left.
    #[must_use]
    pub fn hook(&self) -> String {
        let mut script = String::from("set -eu\n");
        script.push_str(&grub::make_images());
        if let Some((language, charset)) = self.generated_locale() {
            script.push_str(&format!(
                "printf '%s %s\\n' {language} {charset} >> \"$1/etc/locale.gen\"\nchroot \"$1\" locale-gen >/dev/null\n"
            ));
        }
        if self.has("openssh-server") {
            script.push_str(&format!(
                "cat > \"$1/etc/systemd/system/ssh-host-keys.service\" <<'UNIT'\n{HOST_KEYS_UNIT}UNIT\n\
                 chroot \"$1\" systemctl --quiet enable ssh-host-keys.service\n\
                 rm -f \"$1\"/etc/ssh/ssh_host_*_key \"$1\"/etc/ssh/ssh_host_*_key.pub\n"
            ));
        }
        if self.distribution == Distribution::Ubuntu {
            script.push_str(
                "chroot \"$1\" systemctl --quiet enable systemd-networkd.service\n\
                 ! [ -e \"$1/usr/lib/systemd/system/systemd-resolved.service\" ] || \
                 chroot \"$1\" systemctl --quiet enable systemd-resolved.service\n",
            );
        }
        // e2scrub works on LVM only, and looks for it at every boot.
        script.push_str(
            "ln -sf /dev/null \"$1/etc/systemd/system/e2scrub_reap.service\"\n\
             rm -f \"$1/etc/apt/sources.list\" \"$1/etc/apt/apt.conf.d/99mmdebstrap\" \"$1/etc/resolv.conf\" \"$1/etc/hostname\"\n\
             rm -f \"$1\"/var/log/*.log \"$1\"/var/log/apt/* \"$1\"/var/cache/debconf/*-old \"$1\"/var/lib/dpkg/*-old\n",
        );
        script
    }

    /// Language and character set for `locale-gen`, unless the C library has the locale built in.
    fn generated_locale(&self) -> Option<(&str, &str)> {
        match self.locale.as_str() {
            "" | "C" | "POSIX" | "C.UTF-8" | "C.utf8" => None,
            locale => Some((locale, locale.split_once('.').map_or("ISO-8859-1", |(_, charset)| charset))),
        }
    }

    fn has(&self, package: &str) -> bool {
        self.packages.iter().any(|known| known == package)
    }

    /// The command; `mode` is mmdebstrap's own switch. Addresses of archives (which may hold credentials) go in over standard input, so they are in no
    /// process list and no log.
    #[must_use]
    pub fn invocation(&self, mmdebstrap: &Path, mode: &str, archives: &[Archive], tar: &Path) -> Invocation {
        let hook = format!("{}rm -f \"$1/etc/dpkg/dpkg.cfg.d/99mmdebstrap\"\n", self.hook());
        self.command(mmdebstrap, mode, archives, tar, &hook)
    }

    fn command(
        &self,
        mmdebstrap: &Path,
        mode: &str,
        archives: &[Archive],
        tar: &Path,
        hook: &str,
    ) -> Invocation {
        let mut sources: String = archives.iter().map(|archive| archive.line() + "\n").collect();
        if sources.is_empty() {
            sources.push('\n');
        }
        Invocation::new(mmdebstrap)
            .arg("--verbose")
            .arg(mode)
            .arg(format!("--variant={}", self.variant))
            .arg("--architectures=amd64")
            .arg("--format=tar")
            .arg(format!("--include={}", self.packages.join(",")))
            .arg(format!("--keyring={}", self.keyring.display()))
            // Half the time of unpacking is waiting for the disk; what breaks here is made anew.
            .arg("--dpkgopt=force-unsafe-io")
            .arg("--aptopt=Acquire::Retries \"3\"")
            .arg(format!("--customize-hook={hook}"))
            .arg(&self.suite)
            .arg(tar)
            .arg("-")
            .env("LC_ALL", "C.UTF-8")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdin_bytes(sources.into_bytes())
    }

    /// The command as a plan shows it: mode and archives are found out when it runs.
    #[must_use]
    pub fn shown(&self, mmdebstrap: &Path, tar: &Path) -> String {
        // The hook is long; what it does is documented where it is made.
        let inv = self.command(mmdebstrap, "--mode=auto", &[], tar, "(boot loader, locale, clean-up)");
        inv.to_string()
    }

    /// A name for the result in the cache: equal for equal inputs and an archive that has not changed since
    /// (`releases`: the dates its signed indexes carry).
    #[must_use]
    pub fn fingerprint(&self, archives: &[Archive], releases: &[String]) -> String {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let mut add = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        add(&self.schema.to_string());
        for text in [self.distribution.name(), &self.suite, &self.variant, &self.locale, &self.hook()] {
            add(text);
        }
        add(&self.keyring.to_string_lossy());
        for text in self.packages.iter().chain(releases) {
            add(text);
        }
        for archive in archives {
            add(&archive.shown());
        }
        hasher.finish().hex
    }
}

/// The `Date:` of an `InRelease` file: it changes whenever the archive does.
#[must_use]
pub fn release_date(in_release: &str) -> Option<String> {
    in_release.lines().find_map(|line| line.strip_prefix("Date:")).map(|date| date.trim().to_owned())
}

/// How far mmdebstrap is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// What it does now.
    Phase(String),
    /// Packages fetched: bytes here, of how many.
    Fetched {
        /// Bytes here.
        done: u64,
        /// Bytes to fetch.
        total: u64,
    },
    /// Packages installed: unpackings and configurations done, of how many.
    Installed {
        /// Done.
        done: u64,
        /// In all.
        total: u64,
    },
}

/// Understands what `mmdebstrap --verbose` and the apt and dpkg below it say.
#[derive(Debug, Default)]
pub struct Watch {
    fetch_done: u64,
    fetch_total: u64,
    install_done: u64,
    install_total: u64,
}

impl Watch {
    /// Takes a line; says what it means for progress.
    pub fn line(&mut self, line: &str) -> Option<Progress> {
        let line = line.trim();
        if let Some(phase) = line.strip_prefix("I: ") {
            return phase.strip_suffix("...").map(|phase| Progress::Phase(phase.to_owned()));
        }
        if let Some(rest) = line.strip_prefix("Need to get ") {
            // "70.3 MB of archives." or "12 MB/70.3 MB of archives."
            let size = rest.split(" of archives").next()?.rsplit('/').next()?;
            self.fetch_done = 0;
            self.fetch_total = size_of(size)?;
            return Some(Progress::Fetched { done: 0, total: self.fetch_total });
        }
        if let Some((_, rest)) = line.split_once(" upgraded, ")
            && let Some((count, _)) = rest.split_once(" newly installed")
        {
            // Each package is unpacked once and configured once.
            self.install_total += 2 * count.parse::<u64>().ok()?;
            return None;
        }
        if line.starts_with("Get:") {
            if self.fetch_total == 0 {
                return None;
            }
            let size = line.rsplit_once('[')?.1.strip_suffix(']')?;
            self.fetch_done = (self.fetch_done + size_of(size)?).min(self.fetch_total);
            return Some(Progress::Fetched { done: self.fetch_done, total: self.fetch_total });
        }
        if (line.starts_with("Unpacking ") || line.starts_with("Setting up ")) && self.install_total > 0 {
            self.install_done = (self.install_done + 1).min(self.install_total);
            return Some(Progress::Installed { done: self.install_done, total: self.install_total });
        }
        None
    }
}

/// apt's sizes: `10.6 kB`, `70.3 MB`, `512 B`.
fn size_of(text: &str) -> Option<u64> {
    let (number, unit) = text.trim().split_once(' ')?;
    let factor = match unit {
        "B" => 1.0,
        "kB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        _ => return None,
    };
    let number: f64 = number.replace(',', "").parse().ok()?;
    // Sizes of packages: far below where a float loses whole bytes, and printed rounded anyway.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Some((number * factor).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> RootfsSpec {
        RootfsSpec {
            distribution: Distribution::Debian,
            suite: "trixie".into(),
            variant: "minbase".into(),
            packages: vec!["openssh-server".into(), "systemd-sysv".into()],
            keyring: "/k.gpg".into(),
            locale: "C.UTF-8".into(),
            schema: SCHEMA,
        }
    }

    fn archive(uri: &str) -> Archive {
        Archive { uri: uri.into(), suite: "trixie".into(), components: vec!["main".into()] }
    }

    #[test]
    fn credentials_of_a_mirror_never_reach_the_command_line() {
        let inv = spec().invocation(
            Path::new("mmdebstrap"),
            "--mode=root",
            &[archive("http://joe:secret@m/debian")],
            Path::new("/o.tar"),
        );
        assert!(!inv.to_string().contains("secret"), "{inv}");
        assert_eq!(inv.input(), Some(&b"deb http://joe:secret@m/debian trixie main\n"[..]));
    }

    #[test]
    fn the_fingerprint_follows_every_input() {
        let base = spec().fingerprint(&[archive("http://m/d")], &["Sat".into()]);
        assert_eq!(base, spec().fingerprint(&[archive("http://joe:x@m/d")], &["Sat".into()]));
        let changed = [
            RootfsSpec { suite: "sid".into(), ..spec() }
                .fingerprint(&[archive("http://m/d")], &["Sat".into()]),
            RootfsSpec { packages: vec!["x".into()], ..spec() }
                .fingerprint(&[archive("http://m/d")], &["Sat".into()]),
            RootfsSpec { locale: "de_CH.UTF-8".into(), ..spec() }
                .fingerprint(&[archive("http://m/d")], &["Sat".into()]),
            spec().fingerprint(&[archive("http://n/d")], &["Sat".into()]),
            spec().fingerprint(&[archive("http://m/d")], &["Sun".into()]),
        ];
        assert!(changed.iter().all(|other| *other != base), "{changed:?}");
    }

    #[test]
    fn progress_is_read_from_what_apt_and_dpkg_say() {
        let mut watch = Watch::default();
        let said = [
            "I: running apt-get update...",
            "Get:1 http://m/debian trixie InRelease [140 kB]",
            "0 upgraded, 2 newly installed, 0 to remove and 0 not upgraded.",
            "Need to get 25.4 MB of archives.",
            "Get:1 http://m/debian trixie/main amd64 libc6 amd64 2.41 [2,800 kB]",
            "Unpacking libc6 (2.41) ...",
            "Setting up libc6 (2.41) ...",
        ];
        let heard: Vec<Progress> = said.iter().filter_map(|line| watch.line(line)).collect();
        assert_eq!(
            heard,
            [
                Progress::Phase("running apt-get update".into()),
                Progress::Fetched { done: 0, total: 25_400_000 },
                Progress::Fetched { done: 2_800_000, total: 25_400_000 },
                Progress::Installed { done: 1, total: 4 },
                Progress::Installed { done: 2, total: 4 },
            ]
        );
    }

    #[test]
    fn the_release_date_is_found() {
        let text = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nOrigin: Debian\nDate: Sat, 12 Nov 2026 09:00:00 UTC\n";
        assert_eq!(release_date(text).as_deref(), Some("Sat, 12 Nov 2026 09:00:00 UTC"));
    }
}
