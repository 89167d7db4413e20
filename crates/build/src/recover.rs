//! Cleaning up after a worker that died.
//!
//! A worker holds the lock of its build's folder for as long as it lives; a free lock with no last fact means that
//! it is dead. Whoever takes the lock gives back what the journal says was acquired, by its identity, newest first,
//! and writes the last fact.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use goldsmith_machine::{Reaped, reap_qemu};
use goldsmith_process::lock::FileLock;
use goldsmith_process::{Dirs, Rung, StopLadder};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::error::StepError;
use crate::id::{BuildId, Clock, IntentId};
use crate::journal::{Entry, Evidence, Fact, Journal, ReadError, Resource};
use crate::redact::Redactor;
use crate::release;

/// A build that was found interrupted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Recovered {
    /// Which.
    pub build: BuildId,
    /// What was removed.
    pub released: Vec<String>,
    /// What could not be removed, and why.
    pub left: Vec<String>,
}

/// A folder without a journal this old is what a worker left that died before it wrote a word.
const STILLBORN: Duration = Duration::from_secs(60);

/// Looks at every build; cleans up after those whose worker is dead. Cheap when there is nothing to do: one look at
/// the last line of each journal.
pub async fn recover(dirs: &Dirs, clock: Arc<dyn Clock>) -> Result<Vec<Recovered>, ReadError> {
    let mut recovered = Vec::new();
    for id in crate::journal::ids(dirs)? {
        let folder = dirs.builds().join(id.as_str());
        let journal = folder.join("journal.jsonl");
        match crate::journal::last_entry(&journal) {
            Ok(Some(last)) if last.fact.is_last() => continue,
            Ok(None) if !journal.exists() || fs::metadata(&journal).is_ok_and(|m| m.len() == 0) => {
                remove_stillborn(&folder);
                continue;
            }
            _ => {}
        }
        // Somebody else may be at it, or the worker lives.
        let Ok(Some(lock)) = FileLock::try_exclusive(folder.join("lock")) else { continue };
        // It may have ended between the look and the lock.
        if matches!(crate::journal::last_entry(&journal), Ok(Some(last)) if last.fact.is_last()) {
            continue;
        }
        if let Some(found) = recover_one(dirs, &id, &folder, clock.clone()).await {
            recovered.push(found);
        }
        drop(lock);
    }
    Ok(recovered)
}

fn remove_stillborn(folder: &Path) {
    let old = fs::metadata(folder)
        .and_then(|metadata| metadata.modified())
        .is_ok_and(|at| at.elapsed().is_ok_and(|age| age > STILLBORN));
    if old && let Ok(Some(_lock)) = FileLock::try_exclusive(folder.join("lock")) {
        let _ = fs::remove_dir_all(folder);
    }
}

struct Open {
    intent: IntentId,
    resource: Resource,
    evidence: Option<Evidence>,
}

async fn recover_one(dirs: &Dirs, id: &BuildId, folder: &Path, clock: Arc<dyn Clock>) -> Option<Recovered> {
    // What was secret then was redacted when it was written; nothing new is.
    let journal = Journal::open(folder, clock, Redactor::default()).ok()?;
    let entries = crate::journal::BuildReader::open(dirs, id).ok()?.entries(0).ok()?;
    let (open, runtime) = unreleased(&entries);
    let mut found = Recovered { build: id.clone(), released: Vec::new(), left: Vec::new() };
    // Programs first: whatever runs could write again what is removed. Those that ran for the length of one call
    // were not worth an intent each; all carry the build's mark, and what cleans up after itself gets the time to.
    let is_process = |held: &&Open| matches!(held.resource, Resource::Process { .. });
    let processes: Vec<&Open> = open.iter().rev().filter(is_process).collect();
    let things: Vec<&Open> = open.iter().rev().filter(|held| !is_process(held)).collect();
    give_all_back(&processes, &journal, &mut found).await;
    for stray in release::marked(id.as_str(), None) {
        let stopped = stray.stop(&StopLadder::default()).await;
        match stopped.rung {
            Rung::AlreadyStopped => {}
            Rung::Survived => {
                found.left.push(format!("process {}: it is still there after SIGKILL", stray.pid))
            }
            _ => found.released.push(format!("process {}", stray.pid)),
        }
    }
    give_all_back(&things, &journal, &mut found).await;
    if let Some(runtime) = runtime {
        // Only the folder we would have chosen: a journal is a file like any other.
        if runtime == dirs.socket_folder_path(id.as_str()) && runtime.exists() {
            match fs::remove_dir_all(&runtime) {
                Ok(()) => found.released.push(format!("folder {}", runtime.display())),
                Err(error) => found.left.push(format!("folder {}: {error}", runtime.display())),
            }
        }
    }
    let _ = fs::remove_file(dirs.builds().join(format!(".{id}.out")));
    let (released, left) = (found.released.clone(), found.left.clone());
    journal.append(Fact::Interrupted { released, left }).ok()?;
    Some(found)
}

async fn give_all_back(held: &[&Open], journal: &Journal, found: &mut Recovered) {
    for held in held {
        let described = held.resource.describe();
        let result = give_back(&held.resource, held.evidence.as_ref()).await;
        let error = result.err().map(|error| error.full());
        match &error {
            None => found.released.push(described),
            Some(error) => found.left.push(format!("{described}: {error}")),
        }
        let _ = journal.append(Fact::Released { intent: held.intent, error });
    }
}

async fn give_back(resource: &Resource, evidence: Option<&Evidence>) -> Result<(), StepError> {
    // A machine knows its own name: ask it before anything is signalled.
    if let Resource::Process { name, mark } = resource
        && let (Some(control), Some(uuid)) = (&mark.control, &mark.uuid)
        && let Ok(uuid) = uuid.parse()
    {
        let identity = match evidence {
            Some(Evidence::Process { identity }) => Some(identity),
            _ => None,
        };
        if let Reaped::Survived { process } = reap_qemu(Path::new(control), &uuid, identity).await {
            return Err(StepError::environment(format!(
                "{name} (process {}) is still there after SIGKILL.",
                process.pid
            )));
        }
    }
    release::release(resource, evidence).await
}

fn unreleased(entries: &[Entry]) -> (Vec<Open>, Option<PathBuf>) {
    let mut open: Vec<Open> = Vec::new();
    let mut runtime_folder = None;
    for entry in entries {
        match &entry.fact {
            Fact::Opened { runtime, .. } => runtime_folder = Some(PathBuf::from(runtime)),
            Fact::IntentRecorded { intent, resource, .. } => {
                open.push(Open { intent: *intent, resource: resource.clone(), evidence: None });
            }
            Fact::Acquired { intent, evidence } => {
                if let Some(held) = open.iter_mut().find(|held| held.intent == *intent) {
                    held.evidence = Some(evidence.clone());
                }
            }
            // One whose release failed is tried again.
            Fact::Released { intent, error: None } | Fact::Kept { intent } => {
                open.retain(|held| held.intent != *intent);
            }
            _ => {}
        }
    }
    (open, runtime_folder)
}
