//! What a step says of itself before it runs.

use serde::Serialize;
use serde_json::Value;

use crate::plan::{HostCommand, PlannedDownload, StepKind};

/// A step's description: pure, made without looking at anything but the step's own options.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sketch {
    /// As shown: "Start QEMU".
    pub title: String,
    /// What kind of thing it does.
    pub kind: StepKind,
    /// Command lines, with holes as `{port:ssh}`.
    pub commands: Vec<String>,
    /// Files it may fetch.
    pub downloads: Vec<PlannedDownload>,
    /// Programs of this machine it starts.
    pub host_commands: Vec<HostCommand>,
    /// Bytes it may write.
    pub space: u64,
    /// What a person should know before starting.
    pub warnings: Vec<String>,
    /// All that its result depends on; goes into the fingerprint and nowhere else.
    pub inputs: Value,
}

impl Sketch {
    /// With a title and a kind.
    pub fn new(title: impl Into<String>, kind: StepKind) -> Self {
        Self { title: title.into(), kind, ..Self::default() }
    }

    /// Adds a command line.
    #[must_use]
    pub fn command(mut self, command: impl ToString) -> Self {
        self.commands.push(command.to_string());
        self
    }

    /// Adds a program of this machine.
    #[must_use]
    pub fn program(mut self, program: impl Into<String>, why: impl Into<String>) -> Self {
        self.host_commands.push(HostCommand { program: program.into(), why: why.into() });
        self
    }

    /// Adds bytes to be written.
    #[must_use]
    pub fn writes(mut self, bytes: u64) -> Self {
        self.space += bytes;
        self
    }

    /// Adds a warning.
    #[must_use]
    pub fn warning(mut self, text: impl Into<String>) -> Self {
        self.warnings.push(text.into());
        self
    }

    /// Adds a file that may be fetched.
    #[must_use]
    pub fn download(mut self, download: PlannedDownload) -> Self {
        self.downloads.push(download);
        self
    }

    /// Sets what the result depends on. Something that cannot be put into JSON counts as nothing.
    #[must_use]
    pub fn inputs(mut self, inputs: &impl Serialize) -> Self {
        self.inputs = serde_json::to_value(inputs).unwrap_or(Value::Null);
        self
    }
}
