//! GRUB: which modules go into its images, its configuration, and putting the BIOS image on the disk.
//!
//! **How the image boots, and goes on booting after updates.** GRUB comes from the image's own packages. While the
//! root file system is made, the image's `grub-mkimage` builds a core image for BIOS and one for UEFI that hold every
//! module a generated `grub.cfg` uses: neither loads a module from the disk, so a GRUB update in the image can never
//! leave the two out of step. Both look for `/boot/grub` on partition 1 of the disk they were started from, whatever
//! that disk is called and however many copies of it are attached.
//!
//! The first `/boot/grub/grub.cfg` is ours and boots `/vmlinuz` with `/initrd.img`, the links which the kernel
//! packages keep pointing at the newest kernel. From the first kernel update on, the distribution's own hook
//! (`/etc/kernel/postinst.d/zz-update-grub`) replaces it by one generated from `/etc/default/grub`, which carries the
//! same kernel arguments. `grub-install` works in the guest for whoever wants newer boot code: the BIOS boot partition
//! and the mounted ESP are what it expects.
//!
//! Embedding follows GRUB's `util/setup.c` (facts, not code): `boot.img` holds the core image's first sector at 0x5c
//! and the boot drive at 0x64; at 0x66 two bytes skip a check that only floppies need. The core's own first sector
//! (`diskboot.img`) ends in a list of (start, sectors, segment) it loads the rest from.

use super::gpt::SECTOR;

/// Modules both images hold.
const MODULES: &[&str] = &[
    "part_gpt",
    "part_msdos",
    "ext2",
    "fat",
    "normal",
    "configfile",
    "linux",
    "boot",
    "chain",
    "search",
    "search_label",
    "search_fs_uuid",
    "search_fs_file",
    "echo",
    "test",
    "true",
    "regexp",
    "sleep",
    "ls",
    "cat",
    "help",
    "minicmd",
    "halt",
    "reboot",
    "probe",
    "loadenv",
    "gzio",
    "all_video",
    "font",
    "gfxterm",
    "gfxterm_background",
    "gfxmenu",
    "png",
    "gettext",
    "serial",
    "terminal",
    "terminfo",
    "keystatus",
    "lvm",
    "mdraid1x",
];
/// Where the images are in the root file system.
pub const BIOS_CORE: &str = "boot/grub/i386-pc/core.img";
/// GRUB's first sector, beside the core image.
pub const BIOS_BOOT: &str = "boot/grub/i386-pc/boot.img";
/// The UEFI image. In the running system the ESP is mounted over it.
pub const EFI_IMAGE: &str = "boot/efi/EFI/BOOT/BOOTX64.EFI";

/// Shell commands that build both images inside the root file system `$1` with its own GRUB.
#[must_use]
pub fn make_images() -> String {
    let modules = MODULES.join(" ");
    // The prefix has no disk: GRUB takes the one it was started from.
    let make = |format: &str, out: &str, extra: &str| {
        format!(
            "chroot \"$1\" sh -c 'have=; for m in {extra} {modules}; do \
             [ ! -e /usr/lib/grub/{format}/$m.mod ] || have=\"$have $m\"; done; \
             exec grub-mkimage -O {format} -p \"(,gpt1)/boot/grub\" -o /{out} $have'\n"
        )
    };
    format!(
        "mkdir -p \"$1/boot/grub/i386-pc\" \"$1/boot/efi/EFI/BOOT\"\n{}{}cp \"$1/usr/lib/grub/i386-pc/boot.img\" \"$1/{BIOS_BOOT}\"\n",
        make("i386-pc", BIOS_CORE, "biosdisk"),
        make("x86_64-efi", EFI_IMAGE, "efi_gop efi_uga"),
    )
}

/// Kernel arguments every image gets: network cards are `eth0`, `eth1` … in the order they are found, on every
/// hypervisor; what the kernel says goes to the screen and to the first serial port.
pub const KERNEL_ARGUMENTS: &str = "net.ifnames=0 console=tty0 console=ttyS0,115200";

/// `/etc/default/grub`: what a `grub.cfg` generated in the image is made from.
#[must_use]
pub fn defaults() -> String {
    format!(
        "# Read by update-grub, which the kernel packages call. After a change run `update-grub`.\n\
         GRUB_DEFAULT=0\n\
         GRUB_TIMEOUT=0\n\
         GRUB_TIMEOUT_STYLE=hidden\n\
         GRUB_RECORDFAIL_TIMEOUT=0\n\
         GRUB_DISTRIBUTOR=`. /etc/os-release; echo \"$NAME\"`\n\
         GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n\
         GRUB_CMDLINE_LINUX=\"{KERNEL_ARGUMENTS}\"\n\
         GRUB_TERMINAL=console\n\
         GRUB_DISABLE_OS_PROBER=true\n"
    )
}

/// The first `/boot/grub/grub.cfg`.
#[must_use]
pub fn first_config(root_uuid: &str) -> String {
    let entry = |title: &str, suffix: &str| {
        format!(
            "menuentry '{title}' {{\n\
             \tlinux /vmlinuz{suffix} root=UUID={root_uuid} ro {KERNEL_ARGUMENTS} quiet\n\
             \tinitrd /initrd.img{suffix}\n}}\n"
        )
    };
    format!(
        "# The first boot's configuration; the first kernel update replaces it (update-grub, from /etc/default/grub).\n\
         set timeout=0\n\
         set default=0\n\
         set fallback=1\n\
         {}{}",
        entry("Linux", ""),
        entry("Linux, previous kernel", ".old"),
    )
}

/// Why GRUB's images cannot be put on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EmbedError {
    /// `boot.img` is not one sector.
    #[error("GRUB's boot.img has {0} bytes instead of 512: this GRUB is not one we know")]
    BootSize(usize),
    /// The core image does not fit.
    #[error("GRUB's core image has {size} bytes, but the BIOS boot partition only {room}")]
    TooLarge {
        /// Size of the core image in bytes.
        size: usize,
        /// Size of the partition in bytes.
        room: u64,
    },
    /// The core image does not begin with `diskboot.img`.
    #[error("GRUB's core image has only {0} bytes: it is not one for BIOS disks")]
    TooSmall(usize),
}

/// The 440 bytes of boot code for the first sector, and the content of the BIOS boot partition that starts at
/// `start` (bytes) and has `room` bytes.
pub fn embed(boot: &[u8], core: &[u8], start: u64, room: u64) -> Result<(Vec<u8>, Vec<u8>), EmbedError> {
    if boot.len() != SECTOR as usize {
        return Err(EmbedError::BootSize(boot.len()));
    }
    if core.len() < 2 * SECTOR as usize {
        return Err(EmbedError::TooSmall(core.len()));
    }
    let sectors = core.len().div_ceil(SECTOR as usize);
    let too_large = EmbedError::TooLarge { size: core.len(), room };
    let rest = u16::try_from(sectors - 1).map_err(|_| too_large)?;
    if sectors as u64 * SECTOR > room {
        return Err(too_large);
    }
    let first = start / SECTOR;
    let mut code = boot[..440].to_vec();
    code[0x5c..0x64].copy_from_slice(&first.to_le_bytes());
    code[0x64] = 0xff;
    code[0x66..0x68].copy_from_slice(&[0x90, 0x90]);
    let mut content = core.to_vec();
    content.resize(sectors * SECTOR as usize, 0);
    let list = SECTOR as usize - 12;
    content[list..list + 8].copy_from_slice(&(first + 1).to_le_bytes());
    content[list + 8..list + 10].copy_from_slice(&rest.to_le_bytes());
    content[list + 10..list + 12].copy_from_slice(&0x820_u16.to_le_bytes());
    Ok((code, content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boot_code_points_at_the_partition_and_the_list_at_the_rest() {
        let (code, content) =
            embed(&[7; 512], &[9; 1500], 1 << 20, 1 << 20).unwrap_or_else(|_| unreachable!());
        assert_eq!(code.len(), 440);
        assert_eq!(code[0x5c..0x64], 2048_u64.to_le_bytes());
        assert_eq!(code[0x64..0x68], [0xff, 7, 0x90, 0x90]);
        assert_eq!(content.len(), 1536);
        assert_eq!(content[500..508], 2049_u64.to_le_bytes());
        assert_eq!(content[508..512], [2, 0, 0x20, 0x08]);
        assert_eq!(content[512..1500], [9; 988]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(embed(&[0; 440], &[0; 2048], 0, 4096), Err(EmbedError::BootSize(440)));
        assert_eq!(embed(&[0; 512], &[0; 512], 0, 4096), Err(EmbedError::TooSmall(512)));
        let result = embed(&[0; 512], &[0; 5000], 0, 4096);
        assert_eq!(result, Err(EmbedError::TooLarge { size: 5000, room: 4096 }));
    }

    #[test]
    fn the_first_configuration_follows_the_kernel_packages_links() {
        let text = first_config("UU");
        assert!(text.contains("linux /vmlinuz root=UUID=UU ro net.ifnames=0"), "{text}");
        assert!(text.contains("initrd /initrd.img.old"), "{text}");
    }
}
