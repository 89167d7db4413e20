//! Disk images, through `qemu-img`: the command lines (pure) and the calls.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use goldsmith_process::{Captured, Invocation, Launch, RunError, run, run_ok};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

/// Formats we write and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// QEMU's own.
    Qcow2,
    /// Bytes as the guest sees them.
    Raw,
    /// VMware.
    Vmdk,
    /// VirtualBox.
    Vdi,
    /// Hyper-V.
    Vhdx,
    /// Virtual PC and Azure (`.vhd`).
    Vpc,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Qcow2, Self::Raw, Self::Vmdk, Self::Vdi, Self::Vhdx, Self::Vpc];

    /// Its name for `qemu-img`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Qcow2 => "qcow2",
            Self::Raw => "raw",
            Self::Vmdk => "vmdk",
            Self::Vdi => "vdi",
            Self::Vhdx => "vhdx",
            Self::Vpc => "vpc",
        }
    }

    /// The usual end of a file name, without dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Vpc => "vhd",
            other => other.name(),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "vhd" => Ok(Self::Vpc),
            _ => Self::ALL.into_iter().find(|format| format.name() == text).ok_or_else(|| {
                format!("`{text}` is not a disk format; there are qcow2, raw, vmdk, vdi, vhdx and vpc")
            }),
        }
    }
}

/// What went wrong with a disk image.
#[derive(Debug, thiserror::Error)]
pub enum DiskError {
    /// `qemu-img` did not do it.
    #[error("cannot {action} {path}: {source}")]
    Run {
        /// What was to be done.
        action: &'static str,
        /// To which file.
        path: PathBuf,
        /// What `qemu-img` said.
        source: RunError,
    },
    /// Its answer is not understood.
    #[error("qemu-img's answer about {path} is not understood ({reason}): {answer}")]
    Answer {
        /// About which file.
        path: PathBuf,
        /// What is wrong with the answer.
        reason: String,
        /// Its beginning.
        answer: String,
    },
}

/// A new, empty disk, or an overlay over another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Create {
    /// The file to make.
    pub path: PathBuf,
    /// Its format.
    pub format: Format,
    /// Virtual size in bytes; `None` takes the backing file's.
    pub size: Option<u64>,
    /// The file it stands on, and that file's format.
    pub backing: Option<(PathBuf, Format)>,
    /// The caller's own arguments, put before the path.
    pub extra: Vec<String>,
}

/// A copy into another file, possibly another format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Convert {
    /// The file to read.
    pub source: PathBuf,
    /// Its format; `None` lets `qemu-img` look, which is only safe for files we trust.
    pub source_format: Option<Format>,
    /// The file to write.
    pub target: PathBuf,
    /// Its format.
    pub format: Format,
    /// Compressed clusters, where the format has them.
    pub compress: bool,
    /// Format options (`-o`), such as `subformat=streamOptimized`.
    pub options: Option<String>,
    /// Write out of order with this many parallel requests; `None` keeps order, which formats other than raw
    /// reward with a more compact file.
    pub parallel: Option<u8>,
    /// The caller's own arguments, put before the files.
    pub extra: Vec<String>,
}

impl Convert {
    /// A plain conversion.
    pub fn new(source: impl Into<PathBuf>, target: impl Into<PathBuf>, format: Format) -> Self {
        Self {
            source: source.into(),
            source_format: None,
            target: target.into(),
            format,
            compress: false,
            options: None,
            parallel: None,
            extra: Vec::new(),
        }
    }
}

/// A file as `qemu-img info` describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DiskInfo {
    /// Its format, in `qemu-img`'s words.
    pub format: String,
    /// What the guest sees, in bytes.
    #[serde(rename = "virtual-size")]
    #[ts(type = "number")]
    pub virtual_size: u64,
    /// What it takes on the host, in bytes.
    #[serde(rename = "actual-size", default)]
    #[ts(type = "number")]
    pub actual_size: u64,
    /// The file it stands on, as written in it.
    #[serde(rename = "backing-filename", default)]
    pub backing: Option<PathBuf>,
    /// The same, made absolute by `qemu-img`.
    #[serde(rename = "full-backing-filename", default)]
    pub full_backing: Option<PathBuf>,
    /// The format written in it for that file.
    #[serde(rename = "backing-filename-format", default)]
    pub backing_format: Option<String>,
    /// Whether a writer did not close it properly.
    #[serde(rename = "dirty-flag", default)]
    pub dirty: bool,
}

/// What `qemu-img check` found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Soundness {
    /// Nothing wrong.
    Sound,
    /// Clusters are lost, but no data is wrong.
    Leaks,
    /// Data is wrong.
    Corrupt,
    /// This format has nothing that could be checked.
    NotCheckable,
}

/// The `qemu-img` in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QemuImg {
    program: PathBuf,
}

impl QemuImg {
    /// By path, or by a bare name that is looked up in `PATH`.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self { program: program.into() }
    }

    fn command(&self, verb: &str) -> Invocation {
        // The messages are parsed and shown: keep them in one language.
        Invocation::new(&self.program).arg(verb).env("LC_ALL", "C")
    }

    /// `qemu-img create`.
    pub fn create_command(&self, what: &Create) -> Invocation {
        let mut inv = self.command("create").args(["-q", "-f", what.format.name()]);
        if let Some((backing, format)) = &what.backing {
            inv = inv.arg("-b").arg(backing).args(["-F", format.name()]);
        }
        inv = inv.args(&what.extra).arg(&what.path);
        match what.size {
            Some(size) => inv.arg(size.to_string()),
            None => inv,
        }
    }

    /// `qemu-img convert -p`.
    pub fn convert_command(&self, what: &Convert) -> Invocation {
        let mut inv = self.command("convert").arg("-p");
        if what.compress {
            inv = inv.arg("-c");
        }
        if let Some(parallel) = what.parallel {
            inv = inv.args(["-m", &parallel.to_string(), "-W"]);
        }
        if let Some(format) = what.source_format {
            inv = inv.args(["-f", format.name()]);
        }
        inv = inv.args(["-O", what.format.name()]);
        if let Some(options) = &what.options {
            inv = inv.args(["-o", options]);
        }
        inv.args(&what.extra).arg(&what.source).arg(&what.target)
    }

    /// `qemu-img resize`; it refuses to shrink.
    pub fn resize_command(&self, path: &Path, format: Format, size: u64, extra: &[String]) -> Invocation {
        self.command("resize").args(["-q", "-f", format.name()]).args(extra).arg(path).arg(size.to_string())
    }

    /// `qemu-img info`. `-U`: also while a machine has it open.
    pub fn info_command(&self, path: &Path) -> Invocation {
        self.command("info").args(["-U", "--output=json"]).arg(path)
    }

    /// `qemu-img check`.
    pub fn check_command(&self, path: &Path, format: Format) -> Invocation {
        self.command("check").args(["-q", "-f", format.name()]).arg(path)
    }

    /// Makes a disk.
    pub async fn create(
        &self,
        launch: &dyn Launch,
        what: &Create,
        cancel: &CancellationToken,
    ) -> Result<(), DiskError> {
        self.done("create", &what.path, run_ok(launch, &self.create_command(what), cancel, &mut |_| {}).await)
    }

    /// Copies a disk; `progress` gets percent, 0 to 100.
    pub async fn convert(
        &self,
        launch: &dyn Launch,
        what: &Convert,
        cancel: &CancellationToken,
        progress: &mut (dyn FnMut(f32) + Send),
    ) -> Result<(), DiskError> {
        let ran = run_ok(launch, &self.convert_command(what), cancel, &mut |line| {
            if let Some(percent) = parse_progress(&line.text) {
                progress(percent);
            }
        })
        .await;
        self.done("convert", &what.source, ran)
    }

    /// Makes a disk larger.
    pub async fn resize(
        &self,
        launch: &dyn Launch,
        path: &Path,
        format: Format,
        size: u64,
        extra: &[String],
        cancel: &CancellationToken,
    ) -> Result<(), DiskError> {
        let inv = self.resize_command(path, format, size, extra);
        self.done("resize", path, run_ok(launch, &inv, cancel, &mut |_| {}).await)
    }

    /// Describes a disk.
    pub async fn info(
        &self,
        launch: &dyn Launch,
        path: &Path,
        cancel: &CancellationToken,
    ) -> Result<DiskInfo, DiskError> {
        let ran = run_ok(launch, &self.info_command(path), cancel, &mut |_| {}).await;
        let said = ran.map_err(|source| DiskError::Run { action: "read", path: path.to_owned(), source })?;
        parse_info(&said.stdout).map_err(|reason| DiskError::Answer {
            path: path.to_owned(),
            reason,
            answer: said.stdout.chars().take(200).collect(),
        })
    }

    /// Checks a disk's own structures.
    pub async fn check(
        &self,
        launch: &dyn Launch,
        path: &Path,
        format: Format,
        cancel: &CancellationToken,
    ) -> Result<Soundness, DiskError> {
        let failed = |source| DiskError::Run { action: "check", path: path.to_owned(), source };
        let said =
            run(launch, &self.check_command(path, format), cancel, &mut |_| {}).await.map_err(failed)?;
        match said.exit.code {
            Some(2) => Ok(Soundness::Corrupt),
            Some(3) => Ok(Soundness::Leaks),
            Some(63) => Ok(Soundness::NotCheckable),
            _ => said.require_success("qemu-img").map(|_| Soundness::Sound).map_err(failed),
        }
    }

    fn done(
        &self,
        action: &'static str,
        path: &Path,
        ran: Result<Captured, RunError>,
    ) -> Result<(), DiskError> {
        ran.map(drop).map_err(|source| DiskError::Run { action, path: path.to_owned(), source })
    }
}

/// The percentage in a line of `qemu-img -p`, such as `    (12.50/100%)`.
pub fn parse_progress(line: &str) -> Option<f32> {
    let number = line.trim().strip_prefix('(')?.strip_suffix("/100%)")?;
    number.parse().ok().filter(|percent| (0.0..=100.0).contains(percent))
}

/// The answer of `qemu-img info --output=json`.
pub fn parse_info(json: &str) -> Result<DiskInfo, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

#[cfg(test)]
#[path = "disk_tests.rs"]
mod tests;
