//! What a test used: memory, and time on a processor, which a busy machine does not stretch.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::disallowed_methods, reason = "tests look at their own process")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The most memory this process had, in MiB; `None` where the system does not say.
pub fn peak() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<usize>().ok()? / 1024)
}

/// The time a thread spends on a processor, from now on; by the clock where the system does not say.
#[derive(Clone)]
pub struct Spent {
    thread: PathBuf,
    before: Option<Duration>,
    since: Instant,
}

impl Spent {
    /// Of this thread. Others may look at it.
    pub fn start() -> Self {
        let own = std::fs::read_link("/proc/thread-self").unwrap_or_default();
        let thread = PathBuf::from("/proc").join(own).join("schedstat");
        Spent { before: on_processor(&thread), thread, since: Instant::now() }
    }

    /// Since the start.
    pub fn elapsed(&self) -> Duration {
        match self.before.zip(on_processor(&self.thread)) {
            Some((before, now)) => now.saturating_sub(before),
            None => self.since.elapsed(),
        }
    }
}

fn on_processor(thread: &std::path::Path) -> Option<Duration> {
    let text = std::fs::read_to_string(thread).ok()?;
    Some(Duration::from_nanos(text.split_whitespace().next()?.parse().ok()?))
}
