//! What this host can do: found, measured, and explained.

mod checks;
mod doctor;
mod facts;
mod payload;
mod probe;
mod tools;

pub use doctor::{Check, Doctor, Verdict, doctor};
pub use facts::{HostFacts, MoreFirmware, Ovmf, Program, facts, interface_address, measured_facts};
pub use probe::{Accelerator, AcceleratorVerdict, Outcome, ProbeError, cached_verdict, probe_accelerators};
