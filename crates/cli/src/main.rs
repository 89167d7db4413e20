//! The `goldsmith` program.
fn main() {}
