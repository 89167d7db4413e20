use serde::{Deserialize, Serialize};

/// The exit code by which Packer means "the connection was lost" (`valid_exit_codes` may hold it).
pub const DISCONNECT_EXIT_CODE: u32 = 2_300_218;

/// Which stream of a command a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// How a command in the guest ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecExit {
    /// Exit code, when the server sent one.
    pub code: Option<u32>,
    /// The signal's name without `SIG`, when one ended the command.
    pub signal: Option<String>,
    /// Neither code nor signal arrived: the connection ended under the command, as on a reboot.
    pub disconnected: bool,
}

impl ExecExit {
    /// Whether the command ended with code 0.
    pub fn success(&self) -> bool {
        self.code == Some(0)
    }

    /// The code Packer would report: the exit code, 128 for a signal, [`DISCONNECT_EXIT_CODE`] for a lost
    /// connection.
    pub fn packer_code(&self) -> u32 {
        match (self.code, &self.signal) {
            (Some(code), _) => code,
            (None, Some(_)) => 128,
            (None, None) => DISCONNECT_EXIT_CODE,
        }
    }
}
