//! Starting a worker.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use goldsmith_process::{Dirs, Invocation, Launch, LaunchError};

use crate::id::BuildId;
use crate::journal::{BuildReader, Fact, Outcome};
use crate::work::WorkOrder;

/// Why a build could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The worker program did not start.
    #[error("the worker could not be started: {0}")]
    Launch(#[from] LaunchError),
    /// Its folder could not be made.
    #[error(
        "cannot make the build's folder {path}: {source}; check the permissions and the free space there"
    )]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The order could not be put into words.
    #[error("the work order cannot be written: {0}; this is a mistake in Goldsmith")]
    Order(#[from] serde_json::Error),
    /// It ended before it began.
    #[error("the worker ended before it began ({end}){}", said(.output))]
    Ended {
        /// How.
        end: String,
        /// What it said.
        output: String,
    },
    /// It does not begin.
    #[error("the worker did not open its journal within {} s", PATIENCE.as_secs())]
    Silent,
}

fn said(output: &str) -> String {
    if output.trim().is_empty() { String::new() } else { format!(": {}", output.trim()) }
}

/// How long a worker may take to open its journal; it takes a few milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts `goldsmith worker` in a session of its own with the order on its standard input, and returns once its
/// journal is open. The build goes on whatever becomes of the caller.
pub async fn start_worker(
    launch: &dyn Launch,
    goldsmith: &Path,
    dirs: &Dirs,
    mut order: WorkOrder,
) -> Result<BuildId, StartError> {
    let build = order.build.clone();
    let builds = dirs.builds();
    fs::create_dir_all(&builds).map_err(|source| StartError::Folder { path: builds.clone(), source })?;
    order.expected = history(dirs, &order);
    let said = dirs.builds().join(format!(".{build}.out"));
    let worker = Invocation::new(goldsmith)
        .arg("worker")
        .stdin_bytes(serde_json::to_vec(&order)?)
        .output_to(&said)
        .new_session();
    let mut child = launch.launch(&worker).await?;
    let journal = builds.join(build.as_str()).join("journal.jsonl");
    let opened = async {
        let mut pause = Duration::from_millis(1);
        while fs::metadata(&journal).map_or(true, |metadata| metadata.len() == 0) {
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(10));
        }
    };
    let result = tokio::select! {
        biased;
        () = opened => Ok(build),
        end = child.wait() => match fs::metadata(&journal) {
            // It was over sooner than we looked again: the journal tells how it went.
            Ok(metadata) if metadata.len() > 0 => Ok(build),
            _ => Err(StartError::Ended {
                end: end.map_or_else(|error| error.to_string(), |exit| exit.to_string()),
                output: fs::read_to_string(&said).unwrap_or_default(),
            }),
        },
        () = tokio::time::sleep(PATIENCE) => Err(StartError::Silent),
    };
    match result {
        // What a worker says after it has opened its journal is moved there by the worker itself.
        Ok(build) => {
            child.detach().await;
            Ok(build)
        }
        Err(error) => {
            let _ = fs::remove_file(&said);
            Err(error)
        }
    }
}

/// How long each step took in the newest successful build of the same template, from the newest journals.
fn history(dirs: &Dirs, order: &WorkOrder) -> BTreeMap<String, BTreeMap<String, u64>> {
    const LOOK_BACK: usize = 20;
    let mut expected: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    let Ok(list) = BuildReader::list(dirs) else { return expected };
    for summary in list.iter().filter(|build| build.template == order.plan.template).take(LOOK_BACK) {
        let wanted = order.plan.jobs.iter().any(|job| !expected.contains_key(&job.name));
        if !wanted {
            break;
        }
        let Ok(entries) = BuildReader::open(dirs, &summary.id).and_then(|reader| reader.entries(0)) else {
            continue;
        };
        let mut times: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for entry in entries {
            match entry.fact {
                Fact::StepFinished { job, step, outcome: Outcome::Succeeded, duration_ms, .. } => {
                    times.entry(job).or_default().insert(step, duration_ms);
                }
                Fact::JobFinished { job, outcome: Outcome::Succeeded, .. } => {
                    if let Some(steps) = times.remove(&job) {
                        expected.entry(job).or_insert(steps);
                    }
                }
                _ => {}
            }
        }
    }
    expected
}
