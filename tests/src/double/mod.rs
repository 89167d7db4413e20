//! Doubles of the programs a build talks to, quick enough to break a build at each of its steps.

mod guest;
mod qemu;
mod worker;

pub use qemu::qemu;
pub use worker::{FAULT, Strike, worker};

/// A file in the folder named by this variable makes a double misbehave: `refuse-login`, `stay-on`, `no-machine`,
/// `break-on-key`.
pub const ORDERS: &str = "GOLDSMITH_DOUBLE_ORDERS";

/// Whether the test ordered this misbehaviour.
fn ordered(what: &str) -> bool {
    std::env::var_os(ORDERS).is_some_and(|folder| std::path::Path::new(&folder).join(what).exists())
}
