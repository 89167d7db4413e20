//! Machines: hypervisors behind small role traits, disks, and what the host can do.
//!
//! A driver says which roles it has by implementing [`Lifecycle`], [`Screen`], [`Keyboard`], [`Serial`] and
//! [`PortForward`]. [`qemu`] is the first driver; [`disk`] drives `qemu-img`; [`host`] measures the host and
//! explains what it found.

pub mod disk;
pub mod host;
pub mod keys;
pub mod qemu;
mod roles;
mod screen_text;
pub mod typing;

pub use host::{Check, Doctor, HostFacts, doctor};
pub use keys::{Key, KeyStroke};
pub use qemu::reap::{Reaped, reap_qemu};
pub use roles::{
    Ending, Keyboard, Lifecycle, MachineError, MachineLadder, PortForward, Screen, ScreenSize, Serial,
    ShutdownCause, TextScreen,
};
pub use screen_text::ScreenText;
