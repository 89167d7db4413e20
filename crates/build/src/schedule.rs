//! Which jobs run side by side: as many as were asked for, and as fit into the computer.
//!
//! A guest takes its memory little by little, so what is free now says too little: the memory of every machine that
//! runs counts as taken from what was free before the first. Processors may be promised twice over, since guests wait
//! most of the time; memory and disk may not. The first job always runs: what it needs is the plan's matter.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use goldsmith_process::space;
use goldsmith_template::Job;
use goldsmith_template::config::Source;
use sysinfo::{MemoryRefreshKind, RefreshKind, System};
use tokio::sync::Notify;

use crate::journal::Fact;
use crate::pipeline::{BuildContext, Pipeline};
use crate::text::bytes;

/// So much memory stays free for the rest of the computer (bytes).
const SPARE: u64 = 512 << 20;
/// How often a waiting job looks whether the computer has more room than before.
const LOOK: Duration = Duration::from_secs(5);

/// What a job takes while it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Bytes of memory.
    memory: u64,
    /// Virtual processors.
    cpus: u32,
    /// Bytes it may write.
    disk: u64,
}

impl Needs {
    /// What this job's machine takes, with the bytes its steps may write.
    pub(crate) fn of(job: &Job, pipeline: &Pipeline) -> Self {
        let machine = match &job.source {
            Source::Qemu(options) => Some(&options.machine),
            Source::Bootstrap(options) => Some(&options.machine),
            _ => None,
        };
        Self {
            memory: machine.map_or(0, |machine| machine.memory << 20),
            cpus: machine.map_or(0, |machine| machine.cpus),
            disk: pipeline.sketch().iter().map(|(_, sketch)| sketch.space).sum(),
        }
    }
}

/// What the computer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Room {
    /// Bytes of memory free before the first job.
    memory_before: u64,
    /// Bytes of memory free now.
    memory: u64,
    /// Processors.
    cores: u32,
    /// Bytes free on the disk that is written to, where that is known.
    disk: Option<u64>,
}

/// Why a job has to wait beside those that run; none when it may start.
fn obstacle(needs: Needs, running: &[Needs], room: Room) -> Option<String> {
    if running.is_empty() {
        return None;
    }
    let sum = |of: fn(&Needs) -> u64| running.iter().map(of).sum::<u64>();
    let memory = room.memory_before.saturating_sub(sum(|needs| needs.memory)).min(room.memory);
    if needs.memory > 0 && needs.memory + SPARE > memory {
        return Some(format!(
            "Its machine takes {} of memory, and {} are free beside what is running.",
            bytes(needs.memory),
            bytes(memory.saturating_sub(SPARE))
        ));
    }
    let promised: u32 = running.iter().map(|needs| needs.cpus).sum();
    if needs.cpus > 0 && promised + needs.cpus > room.cores.saturating_mul(2) {
        return Some(format!(
            "Its machine has {} processors, and the machines that run have {promised} on this computer's {}.",
            needs.cpus, room.cores
        ));
    }
    match room.disk {
        Some(free) if needs.disk > 0 && sum(|needs| needs.disk) + needs.disk > free => Some(format!(
            "It may write {}, what is running as much as {}, and {} are free.",
            bytes(needs.disk),
            bytes(sum(|needs| needs.disk)),
            bytes(free)
        )),
        _ => None,
    }
}

/// Lets jobs start.
pub(crate) struct Schedule {
    build: Arc<BuildContext>,
    memory_before: u64,
    running: Mutex<Vec<Needs>>,
    changed: Notify,
}

impl Schedule {
    pub(crate) fn new(build: &Arc<BuildContext>) -> Self {
        let memory_before = free_memory();
        Self { build: build.clone(), memory_before, running: Mutex::default(), changed: Notify::new() }
    }

    /// Waits until the job may start; says why it waits. A build that was cancelled waits for nothing.
    pub(crate) async fn admit(&self, pipeline: &Pipeline, needs: Needs) -> Place<'_> {
        let first_step = pipeline.sketch().first().map(|(id, _)| id.clone()).unwrap_or_default();
        let mut told = String::new();
        loop {
            let changed = self.changed.notified();
            let Some(why) = self.try_start(needs) else { return Place { schedule: self, needs } };
            if why != told {
                self.build.emit(Fact::Waiting {
                    job: pipeline.job().to_owned(),
                    step: first_step.clone(),
                    stage: "queued".to_owned(),
                    explanation: format!("Waiting for its turn. {why}"),
                });
                told = why;
            }
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep(LOOK) => {}
                () = self.build.cancel.unwind.cancelled() => {
                    self.running().push(needs);
                    return Place { schedule: self, needs };
                }
            }
        }
    }

    fn try_start(&self, needs: Needs) -> Option<String> {
        let room = Room {
            memory_before: self.memory_before,
            memory: free_memory(),
            cores: std::thread::available_parallelism()
                .map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX)),
            disk: space::free(&self.build.cwd).ok(),
        };
        let mut running = self.running();
        let why = obstacle(needs, &running, room);
        if why.is_none() {
            running.push(needs);
        }
        why
    }

    fn running(&self) -> MutexGuard<'_, Vec<Needs>> {
        match self.running.lock() {
            Ok(running) => running,
            Err(poisoned) => poisoned.into_inner(),
        }
    }
}

/// A job's place among those that run, until it is dropped.
pub(crate) struct Place<'a> {
    schedule: &'a Schedule,
    needs: Needs,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut running = self.schedule.running();
        if let Some(at) = running.iter().position(|needs| *needs == self.needs) {
            running.swap_remove(at);
        }
        drop(running);
        self.schedule.changed.notify_waiters();
    }
}

/// Bytes of memory that programs could still get; where nobody knows, as much as anybody asks for.
fn free_memory() -> u64 {
    let only_memory = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
    System::new_with_specifics(only_memory).map_or(u64::MAX, |system| system.available_memory())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;
    const ROOM: Room = Room { memory_before: 8 * GIB, memory: 8 * GIB, cores: 2, disk: Some(20 * GIB) };

    fn needs(memory: u64, cpus: u32, disk: u64) -> Needs {
        Needs { memory: memory * GIB, cpus, disk: disk * GIB }
    }

    #[test]
    fn what_fits_runs_side_by_side_and_the_rest_is_told_why_not() {
        let one = needs(3, 1, 5);
        assert_eq!(obstacle(one, &[one], ROOM), None);
        let why = obstacle(one, &[one, one], ROOM).unwrap();
        assert!(why.contains("3.0 GiB of memory") && why.contains("1.5 GiB are free"), "{why}");
        // The guests that run have not touched their memory yet, or another program took it: the smaller counts.
        assert!(obstacle(one, &[one], Room { memory: 3 * GIB, ..ROOM }).is_some());
        let many = obstacle(needs(1, 2, 0), &[needs(1, 3, 0)], ROOM).unwrap();
        assert!(many.contains("2 processors") && many.contains("have 3 on this computer's 2"), "{many}");
        let full = obstacle(needs(1, 1, 12), &[needs(1, 1, 12)], ROOM).unwrap();
        assert!(full.contains("12 GiB") && full.contains("20 GiB are free"), "{full}");
    }

    #[test]
    fn the_first_runs_whatever_it_takes_and_what_takes_nothing_never_waits() {
        assert_eq!(obstacle(needs(64, 64, 640), &[], ROOM), None);
        let crowded = [needs(8, 4, 20)];
        assert_eq!(obstacle(Needs::default(), &crowded, ROOM), None);
    }
}
