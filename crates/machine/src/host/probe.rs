//! Which accelerator is the fastest here, by measurement.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use goldsmith_process::durable::{self, Staged};
use goldsmith_process::{Captured, Invocation, Launch, capture};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use super::facts::{cpu_model, kernel_release};
use super::payload;

/// One accelerator and how the payload ran under it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Accelerator {
    /// QEMU's name for it: `kvm`, `tcg`.
    pub name: String,
    /// The measurement.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How the payload ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It finished after so many milliseconds, start of QEMU included.
    #[serde(rename = "ms")]
    Measured(#[ts(type = "number")] u64),
    /// It did not finish; the reason.
    #[serde(rename = "error")]
    Failed(String),
}

/// The accelerator to use, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AcceleratorVerdict {
    /// QEMU's name for it.
    pub chosen: String,
    /// Every accelerator that was tried.
    pub measured: Vec<Accelerator>,
    /// Why this one, for people.
    pub explanation: String,
}

/// Why nothing was chosen.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Not even emulation works.
    #[error("no accelerator of {qemu} can run a machine here: {reasons}")]
    Nothing {
        /// The QEMU that was tried.
        qemu: PathBuf,
        /// One reason per accelerator.
        reasons: String,
    },
    /// The payload cannot be written.
    #[error("cannot write {path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// Cancelled.
    #[error("the measurement was cancelled")]
    Cancelled,
}

/// The accelerators QEMU has on Linux. TCG, which works everywhere, comes first: its time is the yardstick.
const CANDIDATES: [&str; 2] = ["tcg", "kvm"];
/// The yardstick itself may take this long: far beyond the slowest machine that could build anything.
const TCG_DEADLINE: Duration = Duration::from_secs(30);
/// Others need not finish: slower than twice the yardstick is slower. Never less than the first, nor more than
/// the second of these.
const OTHER_DEADLINE: (Duration, Duration) = (Duration::from_millis(1500), Duration::from_secs(8));
/// Changes when the payload or the rules change: remembered verdicts of another edition are measured anew.
const EDITION: u32 = 1;

/// What a remembered verdict holds for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    edition: u32,
    qemu: PathBuf,
    qemu_size: u64,
    qemu_modified_ns: i128,
    kernel: String,
    cpu: String,
    /// Whether this user can open `/dev/kvm`; a right given later changes the choice.
    kvm_opens: bool,
}

#[derive(Serialize, Deserialize)]
struct Remembered {
    key: Key,
    verdict: AcceleratorVerdict,
}

impl Key {
    fn of(qemu: &Path) -> Option<Self> {
        let meta = qemu.metadata().ok()?;
        Some(Self {
            edition: EDITION,
            qemu: qemu.canonicalize().ok()?,
            qemu_size: meta.len(),
            qemu_modified_ns: i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec()),
            kernel: kernel_release(),
            cpu: cpu_model(),
            kvm_opens: kvm_opens(),
        })
    }
}

pub(super) fn kvm_opens() -> bool {
    OpenOptions::new().read(true).write(true).open("/dev/kvm").is_ok()
}

fn remembered_in(cache: &Path) -> PathBuf {
    cache.join("accelerator.json")
}

/// The verdict remembered in `cache` for exactly this QEMU, kernel and processor; measures nothing.
pub fn cached_verdict(qemu: &Path, cache: &Path) -> Option<AcceleratorVerdict> {
    let remembered: Remembered = serde_json::from_slice(&fs::read(remembered_in(cache)).ok()?).ok()?;
    (remembered.key == Key::of(qemu)?).then_some(remembered.verdict)
}

/// Measures each accelerator by running a kernel-mode payload under it, and chooses the fastest; remembered in the
/// folder `cache` per QEMU, kernel and processor. `runtime` is a private folder for files of the run; `force`
/// measures even when remembered. Takes one to four seconds when it measures.
pub async fn probe_accelerators(
    launch: &dyn Launch,
    qemu: &Path,
    runtime: &Path,
    cache: &Path,
    force: bool,
    cancel: &CancellationToken,
) -> Result<AcceleratorVerdict, ProbeError> {
    if !force && let Some(verdict) = cached_verdict(qemu, cache) {
        return Ok(verdict);
    }
    let rom_file = runtime.join("probe.rom");
    let fail = |source| ProbeError::File { path: rom_file.clone(), source };
    let mut rom = Staged::beside(&rom_file).map_err(fail)?;
    rom.write_all(&payload::rom()).map_err(fail)?;

    let mut measured = Vec::new();
    let mut yardstick = None;
    for name in CANDIDATES {
        let deadline = match yardstick {
            None => TCG_DEADLINE,
            Some(ms) => Duration::from_millis(ms * 2).clamp(OTHER_DEADLINE.0, OTHER_DEADLINE.1),
        };
        let outcome = measure(launch, qemu, rom.path(), name, deadline, cancel).await?;
        if let Outcome::Measured(ms) = outcome {
            yardstick.get_or_insert(ms);
        }
        measured.push(Accelerator { name: name.to_owned(), outcome });
    }
    let verdict = judge(qemu, measured)?;
    if let Some(key) = Key::of(qemu) {
        let remembered = Remembered { key, verdict: verdict.clone() };
        let written = fs::create_dir_all(cache)
            .and_then(|()| durable::write(remembered_in(cache), &serde_json::to_vec_pretty(&remembered)?));
        // A cache that cannot be written costs a second next time, nothing else.
        drop(written);
    }
    Ok(verdict)
}

/// The machine the payload runs in: no firmware but the payload, no devices but the one it ends through.
///
/// coreutils' `timeout` is its parent: it ends the machine soon after `limit` even when we are killed meanwhile and
/// nobody is left to do so.
fn payload_machine(qemu: &Path, rom: &Path, accelerator: &str, limit: Duration) -> Invocation {
    Invocation::new("timeout")
        .args(["--signal=KILL", &format!("{}", limit.as_secs() + 2)])
        .arg(qemu)
        .args(["-machine", &format!("pc,accel={accelerator}")])
        .args(["-nodefaults", "-no-user-config", "-display", "none", "-m", "16M", "-no-reboot"])
        .args(["-device", "isa-debug-exit,iobase=0xf4,iosize=1"])
        .arg("-bios")
        .arg(rom)
        .env("LC_ALL", "C")
}

async fn measure(
    launch: &dyn Launch,
    qemu: &Path,
    rom: &Path,
    accelerator: &str,
    deadline: Duration,
    cancel: &CancellationToken,
) -> Result<Outcome, ProbeError> {
    let inv = payload_machine(qemu, rom, accelerator, deadline);
    let stop = cancel.child_token();
    let running = capture(launch, &inv, &stop);
    tokio::pin!(running);
    let ran = tokio::select! {
        ran = &mut running => ran,
        () = tokio::time::sleep(deadline) => {
            stop.cancel();
            // Returns once QEMU is gone.
            let _ = running.await;
            if cancel.is_cancelled() {
                return Err(ProbeError::Cancelled);
            }
            return Ok(Outcome::Failed(format!("not finished within {:.1} s", deadline.as_secs_f32())));
        }
    };
    match ran {
        Ok(ran) => Ok(outcome_of(&ran)),
        Err(_) if cancel.is_cancelled() => Err(ProbeError::Cancelled),
        Err(error) => Ok(Outcome::Failed(error.to_string())),
    }
}

fn outcome_of(ran: &Captured) -> Outcome {
    match ran.exit.code {
        Some(payload::DONE) => Outcome::Measured(ran.duration.as_millis().try_into().unwrap_or(u64::MAX)),
        Some(payload::WRONG) => Outcome::Failed("it computes wrong results".to_owned()),
        _ => {
            let said =
                ran.stderr.lines().rev().find(|line| !line.trim().is_empty() && !line.contains("warning:"));
            let said = said.map(|line| line.trim_start_matches("qemu-system-x86_64: ").trim());
            let ended = ran.exit;
            Outcome::Failed(said.map_or_else(|| format!("QEMU ended early ({ended})"), str::to_owned))
        }
    }
}

/// The fastest that finished.
fn judge(qemu: &Path, measured: Vec<Accelerator>) -> Result<AcceleratorVerdict, ProbeError> {
    let finished = |accelerator: &Accelerator| match accelerator.outcome {
        Outcome::Measured(ms) => Some(ms),
        Outcome::Failed(_) => None,
    };
    let fastest = measured
        .iter()
        .filter_map(|accelerator| finished(accelerator).map(|ms| (ms, accelerator.name.clone())))
        .min();
    let Some((ms, chosen)) = fastest else {
        let reasons = measured.iter().map(|accelerator| match &accelerator.outcome {
            Outcome::Failed(reason) => format!("{}: {reason}", accelerator.name),
            Outcome::Measured(ms) => format!("{}: {ms} ms", accelerator.name),
        });
        return Err(ProbeError::Nothing {
            qemu: qemu.to_owned(),
            reasons: reasons.collect::<Vec<_>>().join("; "),
        });
    };
    let explanation = explain(&chosen, ms, &measured);
    Ok(AcceleratorVerdict { chosen, measured, explanation })
}

fn explain(chosen: &str, ms: u64, measured: &[Accelerator]) -> String {
    let mut text = format!(
        "{chosen} is used: a test program that works like an operating system's kernel (64-bit mode, paging) took \
         {ms} ms under it"
    );
    for other in measured.iter().filter(|accelerator| accelerator.name != chosen) {
        let how = match &other.outcome {
            Outcome::Measured(ms) => format!("; under {} it took {ms} ms", other.name),
            Outcome::Failed(reason) => format!("; under {}: {reason}", other.name),
        };
        text.push_str(&how);
    }
    text.push('.');
    let kvm = measured.iter().find(|accelerator| accelerator.name == "kvm" && chosen != "kvm");
    match kvm.map(|kvm| &kvm.outcome) {
        Some(Outcome::Failed(reason)) if reason.starts_with("not finished") => text.push_str(
            " QEMU accepts KVM here, but it is far too slow: most likely it interprets a guest kernel's instructions instead of \
             running them, as happens on hosts that are virtual machines themselves without nested virtualisation. \
             Machines run correctly by emulation, several times slower than on hardware.",
        ),
        Some(Outcome::Measured(_)) => {
            text.push_str(" KVM works here, but is slower than emulation for what a guest's kernel does.");
        }
        Some(Outcome::Failed(_)) => text.push_str(" Machines run correctly by emulation, several times slower."),
        None => {}
    }
    text
}

#[cfg(test)]
#[path = "probe_tests.rs"]
mod tests;
