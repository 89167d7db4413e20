use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A disk image format Goldsmith reads and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum DiskFormat {
    /// QEMU's own format.
    Qcow2,
    /// Plain bytes, sparse.
    Raw,
    /// VMware's, written stream-optimised.
    Vmdk,
    /// VirtualBox's.
    Vdi,
    /// Hyper-V's.
    Vhdx,
}

impl DiskFormat {
    /// All formats, in the order shown to people.
    pub const ALL: [DiskFormat; 5] =
        [DiskFormat::Qcow2, DiskFormat::Raw, DiskFormat::Vmdk, DiskFormat::Vdi, DiskFormat::Vhdx];

    /// The name `qemu-img` knows, which is also the file name's extension.
    pub fn name(self) -> &'static str {
        match self {
            DiskFormat::Qcow2 => "qcow2",
            DiskFormat::Raw => "raw",
            DiskFormat::Vmdk => "vmdk",
            DiskFormat::Vdi => "vdi",
            DiskFormat::Vhdx => "vhdx",
        }
    }
}

impl fmt::Display for DiskFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DiskFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        DiskFormat::ALL.into_iter().find(|f| f.name() == text).ok_or_else(|| {
            format!("\"{text}\" is no disk format Goldsmith knows; use qcow2, raw, vmdk, vdi or vhdx")
        })
    }
}
