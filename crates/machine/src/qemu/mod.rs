//! The QEMU driver: what a machine is made of, its command line, its control connection, its life.

mod command;
mod launch;
mod machine;
pub mod qmp;
pub mod reap;
mod spec;
mod state;

pub use command::{CommandLine, command_line};
pub use launch::{StartError, free_port, start};
pub use machine::QemuMachine;
pub use spec::{
    Boot, Cdrom, Cpus, DiskInterface, Drive, Firmware, Forward, HostPort, Network, Nic, QemuSpec, Tpm, Vnc,
};
pub use state::{StateError, WAITS_FOR_MEMORY};
