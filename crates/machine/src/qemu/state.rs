//! A machine's whole state as files: frozen, written, read into another process, thawed.
//!
//! The memory and the devices go through QEMU's migration into a file; the disks are the caller's to copy while the
//! machine is frozen. See the QMP reference: `migrate`, `migrate-incoming`, `query-migrate`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::machine::QemuMachine;
use super::qmp::QmpError;

/// QEMU's arguments for a machine that waits for [`QemuMachine::load_memory`] instead of booting.
pub const WAITS_FOR_MEMORY: [&str; 2] = ["-incoming", "defer"];

/// Bytes per second; without it QEMU spares a network that is not there (128 MiB/s).
const UNLIMITED: u64 = 1 << 40;
/// Between two looks at how far QEMU is.
const LOOK: Duration = Duration::from_millis(10);

/// Why a state could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The control connection.
    #[error(transparent)]
    Qmp(#[from] QmpError),
    /// QEMU gave up.
    #[error("QEMU could not move the machine's memory {direction} {file}: {reason}")]
    Failed {
        /// `to` or `from`.
        direction: &'static str,
        /// Which file.
        file: PathBuf,
        /// In QEMU's words.
        reason: String,
    },
    /// Somebody stopped it.
    #[error("it was cancelled")]
    Cancelled,
}

#[derive(Deserialize)]
struct Migration {
    #[serde(default)]
    status: Option<String>,
    #[serde(default, rename = "error-desc")]
    error: Option<String>,
}

impl QemuMachine {
    /// Stops its processors; what was being written to its disks is written. The guest's clock stands still.
    pub async fn freeze(&self) -> Result<(), QmpError> {
        self.qmp().execute("stop", Value::Null).await.map(drop)
    }

    /// Lets its processors go on.
    pub async fn thaw(&self) -> Result<(), QmpError> {
        self.qmp().execute("cont", Value::Null).await.map(drop)
    }

    /// Writes the memory and devices of a frozen machine to a file. Its disks are complete then, and not touched
    /// until [`Self::thaw`].
    pub async fn save_memory(&self, to: &Path, cancel: &CancellationToken) -> Result<(), StateError> {
        self.unlimited().await?;
        let command = format!("exec:cat > {}", quoted(to));
        self.qmp().execute("migrate", json!({ "uri": command })).await?;
        match self.moved("to", to, cancel).await {
            Err(StateError::Cancelled) => {
                let _ = self.qmp().execute("migrate_cancel", Value::Null).await;
                Err(StateError::Cancelled)
            }
            other => other,
        }
    }

    /// Reads them into a machine that was started with [`WAITS_FOR_MEMORY`] and otherwise like the one that wrote
    /// them, its disks being copies of that one's. It is frozen still.
    pub async fn load_memory(&self, from: &Path, cancel: &CancellationToken) -> Result<(), StateError> {
        self.unlimited().await?;
        let command = format!("exec:cat {}", quoted(from));
        self.qmp().execute("migrate-incoming", json!({ "uri": command })).await?;
        self.moved("from", from, cancel).await
    }

    async fn unlimited(&self) -> Result<(), QmpError> {
        self.qmp().execute("migrate-set-parameters", json!({ "max-bandwidth": UNLIMITED })).await.map(drop)
    }

    async fn moved(
        &self,
        direction: &'static str,
        file: &Path,
        cancel: &CancellationToken,
    ) -> Result<(), StateError> {
        let failed = |reason: String| StateError::Failed { direction, file: file.to_owned(), reason };
        loop {
            let answer = self.qmp().execute("query-migrate", Value::Null).await;
            let answer = answer.map_err(|error| match error {
                // A QEMU that cannot read what it is given ends.
                QmpError::Closed => failed(self.said()),
                error => error.into(),
            })?;
            let migration: Migration =
                serde_json::from_value(answer).map_err(|error| failed(error.to_string()))?;
            match migration.status.as_deref() {
                Some("completed") => return Ok(()),
                Some("failed" | "cancelled") => {
                    return Err(failed(migration.error.unwrap_or_else(|| self.said())));
                }
                _ => {}
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = cancel.cancelled() => return Err(StateError::Cancelled),
            }
        }
    }
}

/// For the shell QEMU starts.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_of_the_shell() {
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
