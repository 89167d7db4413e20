//! From two tar archives to a disk: no loop device, no mount, no privilege.

use std::path::{Path, PathBuf};

use goldsmith_process::Invocation;

use super::gpt::Layout;
use super::{Identity, ImageSpec};

/// How the root file system is unpacked with its owners and modes kept, until `mkfs.ext4 -d` has read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// As root: the files really belong to whom they should.
    Root,
    /// Under fakeroot: only the programs below it see the owners. Needs no privilege and no kernel feature.
    Fakeroot,
    /// In a user namespace with this user's subordinate ids.
    Namespace,
}

impl Ownership {
    /// The way for this user; `found` tells whether a program is there.
    #[must_use]
    pub fn choose(root: bool, found: impl Fn(&str) -> bool) -> Option<Self> {
        if root {
            Some(Self::Root)
        } else if found("fakeroot") {
            // Its files belong to this user, so that they can be removed whatever happens.
            Some(Self::Fakeroot)
        } else if found("unshare") && found("newuidmap") {
            Some(Self::Namespace)
        } else {
            None
        }
    }

    /// Wraps a command.
    fn wrap(self, shell: &str, script: &str, args: &[&Path]) -> Invocation {
        let inner = ["-eu", "-c", script, shell];
        let invocation = match self {
            Self::Root => Invocation::new(shell).args(inner),
            Self::Fakeroot => Invocation::new("fakeroot").arg("--").arg(shell).args(inner),
            Self::Namespace => Invocation::new("unshare")
                .args(["--user", "--map-root-user", "--map-auto", "--"])
                .arg(shell)
                .args(inner),
        };
        invocation.args(args)
    }
}

/// The features every kernel and GRUB since Debian 10 understands, whatever the host's mkfs would choose: GRUB 2.06
/// cannot read `metadata_csum_seed`, and older kernels not `orphan_file`.
const MKE2FS_CONF: &str = "\
[defaults]
	base_features = sparse_super,large_file,filetype,resize_inode,dir_index,ext_attr
	default_mntopts = acl,user_xattr
	enable_periodic_fsck = 0
	blocksize = 4096
	inode_size = 256
	inode_ratio = 16384
[fs_types]
	ext4 = {
		features = has_journal,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize
	}
";

/// The files a disk is made from and in, all in one folder of the build's own.
#[derive(Clone, Debug)]
pub struct Workshop {
    folder: PathBuf,
}

impl Workshop {
    /// In this folder, which must exist.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    /// The raw disk.
    #[must_use]
    pub fn disk(&self) -> PathBuf {
        self.folder.join("disk.raw")
    }

    /// The overlay archive.
    #[must_use]
    pub fn overlay(&self) -> PathBuf {
        self.folder.join("overlay.tar")
    }

    /// The UEFI image.
    #[must_use]
    pub fn efi(&self) -> PathBuf {
        self.folder.join("bootx64.efi")
    }

    /// Settings of mkfs.ext4.
    #[must_use]
    pub fn mke2fs_conf(&self) -> PathBuf {
        self.folder.join("mke2fs.conf")
    }

    fn tree(&self) -> PathBuf {
        self.folder.join("tree")
    }

    /// The text for [`Self::mke2fs_conf`].
    #[must_use]
    pub fn mke2fs_settings() -> &'static str {
        MKE2FS_CONF
    }

    /// Unpacks both archives and makes the root partition's file system from them, straight into the disk. The tree
    /// is gone afterwards, also after a failure.
    #[must_use]
    pub fn root(&self, how: Ownership, layout: &Layout, identity: &Identity, rootfs: &Path) -> Invocation {
        // Device nodes are the kernel's business (devtmpfs), and could not be made here without privilege.
        let script = format!(
            "tree=$1 rootfs=$2 overlay=$3 disk=$4\n\
             PATH=$PATH:/usr/sbin:/sbin\n\
             trap 'rm -rf \"$tree\"' EXIT\n\
             trap 'exit 143' TERM INT HUP\n\
             mkdir \"$tree\"\n\
             tar -C \"$tree\" --numeric-owner --xattrs --xattrs-include='*' --exclude='./dev/*' --exclude='./boot/efi/*' -xpf \"$rootfs\"\n\
             tar -C \"$tree\" --numeric-owner --unlink-first -xpf \"$overlay\"\n\
             mkfs.ext4 -q -F -t ext4 -m 1 -L root -U {uuid} -E offset={offset},lazy_itable_init=0,lazy_journal_init=1 -d \"$tree\" \"$disk\" {size}k\n",
            uuid = identity.root_uuid(),
            offset = layout.root.start,
            size = layout.root.size / 1024,
        );
        how.wrap("sh", &script, &[&self.tree(), rootfs, &self.overlay(), &self.disk()])
            .env("MKE2FS_CONFIG", self.mke2fs_conf())
            .env("LC_ALL", "C.UTF-8")
    }

    /// Formats the EFI system partition.
    #[must_use]
    pub fn format_esp(&self, layout: &Layout, identity: &Identity) -> Invocation {
        Invocation::new("mformat")
            .arg("-i")
            .arg(self.esp_image(layout))
            .args(["-F", "-v", "ESP", "-N"])
            .arg(identity.esp_serial_hex())
            .args(["-h", "64", "-s", "32", "-T"])
            .arg((layout.esp.size / super::gpt::SECTOR).to_string())
            .arg("::")
            .env("MTOOLS_SKIP_CHECK", "1")
            .env("MTOOLSRC", "/dev/null")
    }

    /// Makes the folders and copies the boot loader into the EFI system partition.
    #[must_use]
    pub fn fill_esp(&self, layout: &Layout) -> Vec<Invocation> {
        let tool = |name: &str| {
            Invocation::new(name)
                .arg("-i")
                .arg(self.esp_image(layout))
                .env("MTOOLS_SKIP_CHECK", "1")
                .env("MTOOLSRC", "/dev/null")
        };
        vec![
            tool("mmd").args(["::/EFI", "::/EFI/BOOT"]),
            tool("mcopy").arg(self.efi()).arg("::/EFI/BOOT/BOOTX64.EFI"),
        ]
    }

    fn esp_image(&self, layout: &Layout) -> String {
        format!("{}@@{}", self.disk().display(), layout.esp.start)
    }

    /// Turns the raw disk into the image's format.
    #[must_use]
    pub fn convert(&self, qemu_img: &Path, spec: &ImageSpec, output: &Path) -> Invocation {
        Invocation::new(qemu_img)
            .args(["convert", "-p", "-f", "raw", "-O"])
            .arg(&spec.format)
            .arg(self.disk())
            .arg(output)
    }
}
