//! Ending what a dead worker left running, after making sure that it is ours.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::time::Duration;

use goldsmith_process::{ProcessIdentity, Rung, StopLadder};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use super::qmp::Qmp;

/// How long an orphaned QEMU may take to greet, and to end after `quit`.
const PATIENCE: Duration = Duration::from_secs(3);

/// What was found and done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Reaped {
    /// No such machine runs.
    Absent,
    /// It ran and was stopped.
    Stopped {
        /// What worked.
        rung: Rung,
        /// How it was recognised.
        by: Recognised,
    },
    /// It is ours and does not stop.
    Survived {
        /// The process.
        process: ProcessIdentity,
    },
}

/// How a machine was recognised as ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Recognised {
    /// It reported our UUID on its control socket.
    Uuid,
    /// Process number, start time and boot agree with the recorded ones.
    Process,
    /// A process of this user has our UUID on its command line.
    CommandLine,
}

/// Stops the QEMU that was started with this control socket and UUID, whoever started it, and removes the socket.
/// A process is only touched when it reports the UUID, or is the very process that was recorded, or (when nobody
/// got to record it) carries the UUID on its command line. Can be repeated.
pub async fn reap_qemu(qmp_socket: &Path, uuid: &Uuid, identity: Option<&ProcessIdentity>) -> Reaped {
    let recorded = identity.filter(|process| process.is_alive()).cloned();
    let (process, by) = match recorded {
        Some(process) => (Some(process), Recognised::Process),
        None => (find_by_uuid(uuid), Recognised::CommandLine),
    };
    let mut reaped = Reaped::Absent;
    let mut stranger = false;
    if let Ok(qmp) = Qmp::connect(qmp_socket, PATIENCE).await
        && let Ok(found) = qmp.uuid().await
    {
        stranger = found != *uuid;
        if !stranger && qmp.quit().await.is_ok() && tokio::time::timeout(PATIENCE, qmp.closed()).await.is_ok()
        {
            reaped = Reaped::Stopped { rung: Rung::Quit, by: Recognised::Uuid };
        }
    }
    if let Some(process) = process {
        // After a `quit` that worked the process is about to end; the ladder only makes sure of it.
        let ladder = StopLadder { terminate: PATIENCE, ..StopLadder::default() };
        match (process.stop(&ladder).await.rung, &reaped) {
            (Rung::Survived, _) => return Reaped::Survived { process },
            (Rung::AlreadyStopped, _) | (_, Reaped::Stopped { .. }) => {}
            (rung, _) => reaped = Reaped::Stopped { rung, by },
        }
    }
    let is_socket = fs::symlink_metadata(qmp_socket).is_ok_and(|meta| meta.file_type().is_socket());
    if is_socket && !stranger {
        let _ = fs::remove_file(qmp_socket);
    }
    reaped
}

/// A process of this user started with `-uuid UUID`.
fn find_by_uuid(uuid: &Uuid) -> Option<ProcessIdentity> {
    let me = fs::metadata("/proc/self").ok()?.uid();
    let uuid = uuid.to_string();
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
        if entry.metadata().ok()?.uid() != me {
            return None;
        }
        // Taken before the look at the command line: a number reused in between shows as another start time.
        let process = ProcessIdentity::of(pid)?;
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        let mut args = line.split(|byte| *byte == 0).skip_while(|arg| *arg != b"-uuid").skip(1);
        (args.next()? == uuid.as_bytes() && process.is_alive()).then_some(process)
    })
}
