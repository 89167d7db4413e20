//! Which process, exactly.

use std::fs;
use std::io;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::process::{
    Pid, PidfdFlags, kill_process_group, pidfd_open, pidfd_send_signal, test_kill_process_group,
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::{Rung, StopLadder, Stopped};

/// The signals we send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// `SIGINT`.
    Interrupt,
    /// `SIGTERM`: please stop.
    Terminate,
    /// `SIGKILL`: gone.
    Kill,
}

impl From<Signal> for rustix::process::Signal {
    fn from(signal: Signal) -> Self {
        match signal {
            Signal::Interrupt => Self::INT,
            Signal::Terminate => Self::TERM,
            Signal::Kill => Self::KILL,
        }
    }
}

/// One process, told apart from any later one that gets the same number: its start time (clock ticks since boot,
/// `/proc/<pid>/stat` field 22) and the boot it belongs to. Safe to write into a journal and to act on after a
/// crash or a reboot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
pub struct ProcessIdentity {
    /// Process number.
    pub pid: u32,
    /// Clock ticks since boot.
    #[ts(type = "number")]
    pub start_time: u64,
    /// `/proc/sys/kernel/random/boot_id`.
    pub boot_id: String,
}

/// What `/proc/<pid>/stat` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    state: u8,
    group: u32,
    start_time: u64,
}

impl Stat {
    /// The command name (field 2) may hold spaces and parentheses: counting starts after the last `)`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut fields = text.get(text.rfind(')')? + 1..)?.split_ascii_whitespace();
        let state = *fields.next()?.as_bytes().first()?; // field 3
        let group = fields.nth(1)?.parse().ok()?; // field 5
        let start_time = fields.nth(16)?.parse().ok()?; // field 22
        Some(Self { state, group, start_time })
    }

    fn of(pid: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    fn is_dead(self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x')
    }
}

fn boot_id() -> &'static str {
    static BOOT: OnceLock<String> = OnceLock::new();
    BOOT.get_or_init(|| {
        fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|s| s.trim().to_owned()).unwrap_or_default()
    })
}

impl ProcessIdentity {
    /// The process that has this number now; `None` when there is none.
    pub fn of(pid: u32) -> Option<Self> {
        let stat = Stat::of(pid)?;
        Some(Self { pid, start_time: stat.start_time, boot_id: boot_id().to_owned() })
    }

    /// Ourselves.
    pub fn current() -> Option<Self> {
        Self::of(std::process::id())
    }

    /// The identity used where no process exists (scripted launches); never alive.
    pub(crate) fn nobody() -> Self {
        Self { pid: 0, start_time: 0, boot_id: "scripted".to_owned() }
    }

    fn stat(&self) -> Option<Stat> {
        if self.pid == 0 || self.boot_id != boot_id() {
            return None;
        }
        Stat::of(self.pid).filter(|stat| stat.start_time == self.start_time)
    }

    /// Whether this very process still runs. A zombie does not.
    pub fn is_alive(&self) -> bool {
        self.stat().is_some_and(|stat| !stat.is_dead())
    }

    fn raw_pid(&self) -> io::Result<Pid> {
        i32::try_from(self.pid).ok().and_then(Pid::from_raw).ok_or_else(gone)
    }

    /// Signals this process, and its whole group when it leads one. Sends nothing when the number now belongs to
    /// another process, and then fails with `NotFound`.
    pub fn signal_group(&self, signal: Signal) -> io::Result<()> {
        let stat = self.stat().ok_or_else(gone)?;
        if stat.group == self.pid {
            // A group's number is not given to anyone else while the group has a member, and its leader was
            // there a moment ago.
            kill_process_group(self.raw_pid()?, signal.into())?;
            return Ok(());
        }
        self.signal_one(signal)
    }

    /// Signals this process alone, through a handle that cannot come to mean another one.
    fn signal_one(&self, signal: Signal) -> io::Result<()> {
        let handle = pidfd_open(self.raw_pid()?, PidfdFlags::empty())?;
        self.stat().ok_or_else(gone)?;
        pidfd_send_signal(handle, signal.into())?;
        Ok(())
    }

    /// Kills what is left of the group right after its leader has gone: processes of that group that started no
    /// earlier than the leader; none when the leader's number already belongs to another process. Returns how many
    /// there were.
    pub(crate) fn sweep_group(&self) -> usize {
        let Ok(pid) = self.raw_pid() else { return 0 };
        if self.boot_id != boot_id() || test_kill_process_group(pid).is_err() {
            return 0;
        }
        if Stat::of(self.pid).is_some_and(|stat| stat.start_time != self.start_time) {
            return 0;
        }
        let mut killed = 0;
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(member) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            let Some(stat) = Stat::of(member) else { continue };
            if stat.group != self.pid || stat.start_time < self.start_time || stat.is_dead() {
                continue;
            }
            let member = Self { pid: member, start_time: stat.start_time, boot_id: boot_id().to_owned() };
            if member.signal_one(Signal::Kill).is_ok() {
                killed += 1;
            }
        }
        killed
    }

    /// Stops a process that need not be our child: TERM, then KILL, to its group. For our own children use
    /// [`crate::Child::stop`], which learns of the end without polling.
    pub async fn stop(&self, ladder: &StopLadder) -> Stopped {
        let began = Instant::now();
        let done = |rung| Stopped { rung, after: began.elapsed() };
        if !self.is_alive() {
            // What is left of its group cannot be told from a later group of the same number.
            return done(Rung::AlreadyStopped);
        }
        let rungs =
            [(Rung::Terminate, Signal::Terminate, ladder.terminate), (Rung::Kill, Signal::Kill, ladder.kill)];
        for (rung, signal, patience) in rungs {
            if signal == Signal::Terminate && patience.is_zero() {
                continue;
            }
            let _ = self.signal_group(signal);
            if self.gone_within(patience).await {
                self.sweep_group();
                return done(rung);
            }
        }
        done(Rung::Survived)
    }

    async fn gone_within(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut pause = Duration::from_millis(2);
        loop {
            if !self.is_alive() {
                return true;
            }
            if Instant::now() >= deadline {
                return false;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "that process is gone")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_with_a_nasty_name() {
        let text = "77 (a ) S (b) R 1 70 70 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 98765 100 200";
        assert_eq!(Stat::parse(text), Some(Stat { state: b'R', group: 70, start_time: 98765 }));
        assert_eq!(Stat::parse("77 (x"), None);
        assert_eq!(Stat::parse("77 (x) R 1"), None);
    }

    #[test]
    fn a_reused_number_is_another_process() {
        let me = ProcessIdentity::current().unwrap();
        assert!(me.is_alive());
        let earlier = ProcessIdentity { start_time: me.start_time - 1, ..me.clone() };
        assert!(!earlier.is_alive());
        // Had it been sent, this test would die of it.
        assert_eq!(earlier.signal_group(Signal::Kill).unwrap_err().kind(), io::ErrorKind::NotFound);
        let other_boot = ProcessIdentity { boot_id: "another".into(), ..me };
        assert!(!other_boot.is_alive());
        assert_eq!(other_boot.signal_group(Signal::Kill).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
