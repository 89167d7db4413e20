//! What is put on top of the packages: a second tar archive, so that the first can be cached.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use tar::{Archive, Builder, EntryType, Header};

use super::distribution::Distribution;
use super::gpt::Layout;
use super::{BuildAccess, Identity, ImageSpec, grub, sources};
use crate::generalize;

/// Files read from the archive of packages: what is needed to put the disk together.
#[derive(Debug, Default)]
pub struct Taken {
    /// GRUB's first sector.
    pub boot: Vec<u8>,
    /// GRUB's core image for BIOS.
    pub core: Vec<u8>,
    /// GRUB's UEFI image.
    pub efi: Vec<u8>,
    /// `/etc/passwd`.
    passwd: String,
    /// `/etc/shadow`.
    shadow: String,
    /// `/etc/group`.
    group: String,
    /// The keyring's path in the image, with a leading slash.
    keyring: Option<String>,
    /// Bytes of all files.
    pub content: u64,
    /// Whether Ubuntu's and newer Debian's resolver is there.
    resolved: bool,
}

impl Taken {
    /// Reads them from the archive; blocks the thread.
    pub fn read(tar: &Path, distribution: Distribution) -> io::Result<Self> {
        let mut archive = Archive::new(std::fs::File::open(tar)?);
        let mut taken = Self::default();
        let keyring = distribution.keyring().trim_start_matches('/').to_owned();
        let newer = keyring.replace(".gpg", ".pgp");
        for entry in archive.entries_with_seek()? {
            let mut entry = entry?;
            taken.content += entry.size();
            let name = entry.path()?.to_string_lossy().trim_start_matches("./").to_owned();
            match name.as_str() {
                grub::BIOS_BOOT => taken.boot = bytes(&mut entry)?,
                grub::BIOS_CORE => taken.core = bytes(&mut entry)?,
                grub::EFI_IMAGE => taken.efi = bytes(&mut entry)?,
                "etc/passwd" => taken.passwd = text(&mut entry)?,
                "etc/shadow" => taken.shadow = text(&mut entry)?,
                "etc/group" => taken.group = text(&mut entry)?,
                "usr/lib/systemd/systemd-resolved" => taken.resolved = true,
                _ if name == keyring || name == newer => {
                    let path = format!("/{name}");
                    // Of the two names of the same file the established one.
                    if taken.keyring.as_ref().is_none_or(|known| *known > path) {
                        taken.keyring = Some(path);
                    }
                }
                _ => {}
            }
        }
        Ok(taken)
    }
}

fn bytes(entry: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    entry.read_to_end(&mut all)?;
    Ok(all)
}

fn text(entry: &mut impl Read) -> io::Result<String> {
    bytes(entry).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// Writes the overlay.
pub fn write<W: io::Write>(
    out: W,
    spec: &ImageSpec,
    identity: &Identity,
    access: Option<&BuildAccess>,
    taken: &Taken,
) -> io::Result<()> {
    let mut tree = Tree { tar: Builder::new(out) };
    let (host, root) = (&spec.hostname, identity.root_uuid());
    let short = host.split('.').next().unwrap_or(host);
    let names = if short == host { host.clone() } else { format!("{host} {short}") };
    tree.file("etc/hostname", 0o644, &format!("{short}\n"))?;
    tree.file(
        "etc/hosts",
        0o644,
        &format!("127.0.0.1\tlocalhost\n127.0.1.1\t{names}\n\n::1\tlocalhost ip6-localhost ip6-loopback\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n"),
    )?;
    tree.file(
        "etc/fstab",
        0o644,
        &format!(
            "# <file system> <mount point> <type> <options> <dump> <pass>\n\
             UUID={root} / ext4 defaults,noatime,errors=remount-ro 0 1\n\
             UUID={} /boot/efi vfat umask=0077,noauto,x-systemd.automount,nofail 0 0\n",
            identity.esp_serial_text()
        ),
    )?;
    tree.file("etc/default/grub", 0o644, &grub::defaults())?;
    tree.file("boot/grub/grub.cfg", 0o600, &grub::first_config(&root))?;
    let keyring = taken.keyring.as_deref().unwrap_or(spec.rootfs.distribution.keyring());
    let distribution = spec.rootfs.distribution;
    tree.file(
        &format!("etc/apt/sources.list.d/{}.sources", distribution.name()),
        0o644,
        &sources::image_sources(distribution, &spec.rootfs.suite, &spec.components, keyring),
    )?;
    tree.file("etc/machine-id", 0o444, "")?;
    tree.file("etc/default/locale", 0o644, &format!("LANG={}\n", spec.rootfs.locale))?;
    tree.file("etc/timezone", 0o644, &format!("{}\n", spec.timezone))?;
    tree.link("etc/localtime", &format!("/usr/share/zoneinfo/{}", spec.timezone))?;
    network(&mut tree, distribution, taken.resolved)?;
    if spec.cloud_init {
        // The image brings its own network configuration: DHCP on the first card, with or without cloud-init.
        tree.file("etc/cloud/cloud.cfg.d/95-network.cfg", 0o644, "network:\n  config: disabled\n")?;
    }
    if let Some(access) = access {
        access_files(&mut tree, access, taken)?;
    }
    tree.tar.into_inner()?.flush()
}

fn network<W: io::Write>(tree: &mut Tree<W>, distribution: Distribution, resolved: bool) -> io::Result<()> {
    match distribution {
        Distribution::Debian => {
            tree.file(
                "etc/network/interfaces",
                0o644,
                "# See interfaces(5).\nsource /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n\n\
                 allow-hotplug eth0\niface eth0 inet dhcp\n",
            )?;
            if resolved {
                tree.link("etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf")?;
            } else {
                tree.file("etc/resolv.conf", 0o644, "")?;
            }
            Ok(())
        }
        Distribution::Ubuntu => {
            tree.file(
                "etc/systemd/network/80-dhcp.network",
                0o644,
                "[Match]\nName=en* eth*\n\n[Network]\nDHCP=yes\n\n[DHCPv4]\nClientIdentifier=mac\n",
            )?;
            tree.link("etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf")
        }
    }
}

/// What lets the build in, and nobody else later: [`generalize`] takes all of it out again.
fn access_files<W: io::Write>(tree: &mut Tree<W>, access: &BuildAccess, taken: &Taken) -> io::Result<()> {
    let name = access.username.as_str();
    let known = taken.passwd.lines().find(|line| line.split(':').next() == Some(name));
    let (uid, gid, home) = match known {
        Some(line) => {
            let field: Vec<&str> = line.split(':').collect();
            let number = |at: usize| field.get(at).and_then(|text| text.parse().ok()).unwrap_or(0);
            (number(2), number(3), field.get(5).copied().unwrap_or("/root").to_owned())
        }
        None => {
            let taken_ids: Vec<u32> = [&taken.passwd, &taken.group]
                .iter()
                .flat_map(|text| text.lines())
                .filter_map(|line| line.split(':').nth(2)?.parse().ok())
                .collect();
            let id = (1000..60000).find(|id| !taken_ids.contains(id)).unwrap_or(1000);
            let home = format!("/home/{name}");
            let add = |text: &str, line: String| {
                let newline = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
                format!("{text}{newline}{line}\n")
            };
            tree.file(
                "etc/passwd",
                0o644,
                &add(&taken.passwd, format!("{name}:x:{id}:{id}::{home}:/bin/bash")),
            )?;
            tree.file("etc/group", 0o644, &add(&taken.group, format!("{name}:x:{id}:")))?;
            let shadow_group = taken.group.lines().find_map(|line| {
                let mut field = line.split(':');
                (field.next() == Some("shadow")).then(|| field.nth(1)?.parse().ok())?
            });
            // `*`: no password fits, but a key does.
            let shadow = add(&taken.shadow, format!("{name}:*:19000:0:99999:7:::"));
            tree.entry(
                "etc/shadow",
                0o640,
                (0, shadow_group.unwrap_or(42)),
                EntryType::Regular,
                shadow.as_bytes(),
            )?;
            tree.entry(home.trim_start_matches('/'), 0o700, (id, id), EntryType::Directory, b"")?;
            tree.file(
                generalize::BUILD_SUDOERS.trim_start_matches('/'),
                0o440,
                &format!("{name} ALL=(ALL) NOPASSWD: ALL\n"),
            )?;
            (id, id, home)
        }
    };
    let ssh = format!("{}/.ssh", home.trim_start_matches('/'));
    tree.entry(&ssh, 0o700, (uid, gid), EntryType::Directory, b"")?;
    let line = format!("{}\n", access.authorized_key.trim_end());
    tree.entry(&format!("{ssh}/authorized_keys"), 0o600, (uid, gid), EntryType::Regular, line.as_bytes())?;
    if let Some(key) = &access.host_key {
        tree.file("etc/ssh/ssh_host_ed25519_key", 0o600, &key.private)?;
        tree.file("etc/ssh/ssh_host_ed25519_key.pub", 0o644, &key.public)?;
    }
    Ok(())
}

struct Tree<W: io::Write> {
    tar: Builder<W>,
}

impl<W: io::Write> Tree<W> {
    fn file(&mut self, path: &str, mode: u32, content: &str) -> io::Result<()> {
        self.entry(path, mode, (0, 0), EntryType::Regular, content.as_bytes())
    }

    fn link(&mut self, path: &str, target: &str) -> io::Result<()> {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Symlink);
        header.set_mode(0o777);
        header.set_size(0);
        self.tar.append_link(&mut header, path, target)
    }

    fn entry(
        &mut self,
        path: &str,
        mode: u32,
        owner: (u32, u32),
        kind: EntryType,
        content: &[u8],
    ) -> io::Result<()> {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(owner.0.into());
        header.set_gid(owner.1.into());
        header.set_size(content.len() as u64);
        self.tar.append_data(&mut header, path, content)
    }
}

/// Writes table, boot code and core image into the empty disk.
pub fn write_boot(
    disk: &mut (impl io::Write + Seek),
    layout: &Layout,
    identity: &Identity,
    bios: Option<(Vec<u8>, Vec<u8>)>,
) -> io::Result<()> {
    for (at, piece) in layout.table(&identity.guids) {
        disk.seek(SeekFrom::Start(at))?;
        disk.write_all(&piece)?;
    }
    if let Some((code, core)) = bios {
        disk.seek(SeekFrom::Start(0))?;
        disk.write_all(&code)?;
        disk.seek(SeekFrom::Start(layout.bios_boot.start))?;
        disk.write_all(&core)?;
    }
    disk.flush()
}
