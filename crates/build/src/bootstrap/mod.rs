//! The `bootstrap` source: a disk image made from a distribution's packages, with no installer, no boot command, no
//! loop device, no mount and, where user namespaces work, no privilege.
//!
//! 1. mmdebstrap makes a tar archive of the root file system ([`rootfs`]); signatures are always checked. It is kept
//!    in the cache under a name made from its inputs and the archive's date.
//! 2. A second, small archive ([`overlay`]) holds what is this image's own: names, disks, network, the build's key.
//! 3. Both are unpacked with their owners kept, and `mkfs.ext4 -d` turns them into the root partition ([`disk`]); the
//!    partition table ([`gpt`]), GRUB for BIOS ([`grub`]) and the EFI system partition (mtools) complete the disk.
//!
//! The result boots with BIOS and with UEFI, and is provisioned like any other machine.

pub mod disk;
mod distribution;
mod error;
pub mod gpt;
pub mod grub;
mod make;
mod overlay;
pub mod rootfs;
pub mod sources;
mod spec;

pub use disk::Ownership;
pub use distribution::Distribution;
pub use error::BootstrapError;
pub use make::{Bench, KeptPackages, Rootfs, Said, kept_packages, make_disk, make_rootfs};
pub use sources::{Candidates, HostApt};
pub use spec::{BuildAccess, HostKey, Identity, ImageSpec};

#[cfg(test)]
mod tests;
