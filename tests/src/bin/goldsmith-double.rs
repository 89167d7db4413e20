//! Doubles for the suite of faults, in one program. Called `qemu-system-x86_64` it answers as QEMU does; called with
//! `worker` it is Goldsmith's own worker with a clock that strikes at a place the test names.
#![allow(clippy::expect_used, clippy::disallowed_methods, reason = "this is a part of the tests")]

use std::process::ExitCode;

#[tokio::main(flavor = "multi_thread", worker_threads = 3)]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|word| word == "worker") {
        goldsmith_tests::double::worker().await
    } else {
        goldsmith_tests::double::qemu(&arguments).await
    }
}
