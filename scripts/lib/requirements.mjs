// What Goldsmith needs from the system, and which package brings it on which family.
//
// A requirement is met when its probe finds what is used, wherever it came from; packages are only
// named for what is missing. Families: apt (Debian, Ubuntu), dnf (Fedora, RHEL), pacman (Arch),
// zypper (openSUSE). `null` means that the family has no such package.

/** @typedef {{command?: string, pkgconfig?: string, file?: string[]}} Probe */
/** @typedef {{id: string, group: 'build'|'run'|'test', why: string, probe: Probe, apt: string[]|null, dnf: string[]|null, pacman: string[]|null, zypper: string[]|null}} Requirement */

const need = (group, id, why, probe, apt, dnf, pacman, zypper) => {
  const list = (names) => (names === null ? null : names.split(" "));
  return { id, group, why, probe, apt: list(apt), dnf: list(dnf), pacman: list(pacman), zypper: list(zypper) };
};
const command = (name) => ({ command: name });
const pkgconfig = (name) => ({ pkgconfig: name });
const file = (...paths) => ({ file: paths });

/** @type {Requirement[]} */
export const requirements = [
  // To compile the program and its window.
  need("build", "C compiler", "SQLite and the cryptography are compiled", command("cc"), "build-essential", "gcc make", "base-devel", "gcc make"),
  need("build", "pkg-config", "finds the window's libraries", command("pkg-config"), "pkg-config", "pkgconf-pkg-config", "pkgconf", "pkgconf-pkg-config"),
  need("build", "WebKitGTK 4.1", "draws the window", pkgconfig("webkit2gtk-4.1"), "libwebkit2gtk-4.1-dev", "webkit2gtk4.1-devel", "webkit2gtk-4.1", "webkit2gtk3-devel"),
  need("build", "GTK 3", "the window and its file dialogs", pkgconfig("gtk+-3.0"), "libgtk-3-dev", "gtk3-devel", "gtk3", "gtk3-devel"),
  need("build", "librsvg", "the window's icons", pkgconfig("librsvg-2.0"), "librsvg2-dev", "librsvg2-devel", "librsvg", "librsvg-devel"),

  // To make images.
  need("run", "QEMU", "runs the machines", command("qemu-system-x86_64"), "qemu-system-x86", "qemu-system-x86-core qemu-device-display-virtio-vga", "qemu-system-x86", "qemu-x86"),
  need("run", "qemu-img", "reads and writes disk images", command("qemu-img"), "qemu-utils", "qemu-img", "qemu-img", "qemu-img"),
  need("run", "OVMF", "UEFI firmware for machines", file("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_CODE.fd", "/usr/share/qemu/ovmf-x86_64-code.bin"), "ovmf", "edk2-ovmf", "edk2-ovmf", "qemu-ovmf-x86_64"),
  need("run", "mmdebstrap", "makes Debian and Ubuntu systems from packages", command("mmdebstrap"), "mmdebstrap", "mmdebstrap", null, null),
  need("run", "Debian archive keyring", "checks the packages' signatures", file("/usr/share/keyrings/debian-archive-keyring.gpg", "/usr/share/keyrings/debian-archive-keyring.pgp"), "debian-archive-keyring", "debian-keyring", "debian-archive-keyring", null),
  need("run", "GnuPG verifier", "checks the packages' signatures", command("gpgv"), "gpgv", "gnupg2", "gnupg", "gpg2"),
  need("run", "mkfs.ext4", "makes file systems", command("mkfs.ext4"), "e2fsprogs", "e2fsprogs", "e2fsprogs", "e2fsprogs"),
  need("run", "sfdisk", "partitions disk images", command("sfdisk"), "fdisk", "util-linux-core", "util-linux", "util-linux"),
  need("run", "mtools", "fills boot partitions without mounting them", command("mcopy"), "mtools", "mtools", "mtools", "mtools"),
  need("run", "mkfs.vfat", "makes boot partitions", command("mkfs.vfat"), "dosfstools", "dosfstools", "dosfstools", "dosfstools"),
  need("run", "GRUB for BIOS", "boots images on BIOS machines", file("/usr/lib/grub/i386-pc/boot.img"), "grub-pc-bin grub-common", "grub2-pc-modules grub2-tools-minimal", "grub", "grub2-i386-pc"),
  need("run", "GRUB for UEFI", "boots images on UEFI machines", file("/usr/lib/grub/x86_64-efi/kernel.img", "/usr/share/grub2/x86_64-efi/kernel.img", "/usr/lib/grub/x86_64-efi/modinfo.sh"), "grub-efi-amd64-bin", "grub2-efi-x64-modules", "grub", "grub2-x86_64-efi"),
  need("run", "xorriso", "writes seed CDs", command("xorriso"), "xorriso", "xorriso", "libisoburn", "xorriso"),
  need("run", "newuidmap", "lets an unprivileged user make systems", command("newuidmap"), "uidmap", "shadow-utils", "shadow", "shadow"),
  need("run", "fakeroot", "keeps file owners without privileges", command("fakeroot"), "fakeroot", "fakeroot", "fakeroot", "fakeroot"),

  // To run the tests.
  need("test", "Xvfb", "a display for the window's tests", command("Xvfb"), "xvfb xauth", "xorg-x11-server-Xvfb xauth", "xorg-server-xvfb xorg-xauth", "xorg-x11-server-Xvfb xauth"),
  need("test", "WebKitWebDriver", "drives the real window", command("WebKitWebDriver"), "webkit2gtk-driver", "webkit2gtk-driver", "webkit2gtk-4.1", "webkit2gtk3-webdriver"),
  need("test", "Chromium", "component tests", command("chromium"), "chromium", "chromium", "chromium", "chromium"),
  need("test", "xdotool", "keys and clicks for native dialogs", command("xdotool"), "xdotool", "xdotool", "xdotool", "xdotool"),
  need("test", "xprop", "sees the window appear", command("xprop"), "x11-utils", "xprop", "xorg-xprop", "xprop"),
  need("test", "D-Bus launcher", "a session bus for the window's tests", command("dbus-run-session"), "dbus-daemon dbus-x11", "dbus-daemon", "dbus", "dbus-1"),
  need("test", "busybox (static)", "the tests' tiny guest", file("/bin/busybox", "/usr/bin/busybox"), "busybox-static", "busybox", "busybox", "busybox-static"),
  need("test", "syslinux", "boots the tests' tiny guest", command("syslinux"), "syslinux syslinux-common isolinux", "syslinux", "syslinux", "syslinux"),
  need("test", "cpio", "packs the tests' tiny guest", command("cpio"), "cpio", "cpio", "cpio", "cpio"),
  need("test", "depmod", "picks the tiny guest's modules", command("depmod"), "kmod", "kmod", "kmod", "kmod"),
  need("test", "ssh client", "an independent client for the tests", command("ssh-keygen"), "openssh-client", "openssh-clients", "openssh", "openssh-clients"),
  need("test", "Testinfra", "tests a finished image", file("/usr/lib/python3/dist-packages/testinfra/__init__.py"), "python3-testinfra", "python3-testinfra", null, null),
  need("test", "Serverspec", "tests a finished image", command("serverspec-init"), "ruby-serverspec", null, null, null),
  need("test", "bats", "tests a finished image", command("bats"), "bats", "bats", "bats", "bats"),
  need("test", "ssh server", "an independent server for the tests", command("sshd"), "openssh-server openssh-sftp-server", "openssh-server", "openssh", "openssh-server"),
];

/** What only the side-by-side measurements use (`npm run bench`). */
export const benchRequirements = [
  need("bench", "packer", "the peer that builds are measured against", command("packer"), "packer", null, "packer", null),
];
