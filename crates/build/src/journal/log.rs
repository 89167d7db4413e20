//! What programs and scripts said: many small lines, kept apart from the facts.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LogStream {
    /// Standard output of a script in the guest or a program on this machine.
    Stdout,
    /// Its standard error.
    Stderr,
    /// Goldsmith itself.
    Note,
}

impl From<goldsmith_process::Stream> for LogStream {
    fn from(stream: goldsmith_process::Stream) -> Self {
        match stream {
            goldsmith_process::Stream::Stdout => Self::Stdout,
            goldsmith_process::Stream::Stderr => Self::Stderr,
        }
    }
}

/// One line, already redacted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogLine {
    /// 1, 2, 3 without gaps.
    #[ts(type = "number")]
    pub n: u64,
    /// Milliseconds since 1970.
    #[ts(type = "number")]
    pub at: i64,
    /// Of which job.
    pub job: String,
    /// In which step.
    pub step: String,
    /// From where.
    pub stream: LogStream,
    /// Without its line break.
    pub text: String,
}

/// Some lines of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct LogWindow {
    /// How many lines there are by now.
    #[ts(type = "number")]
    pub total: u64,
    /// The ones asked for.
    pub lines: Vec<LogLine>,
}
