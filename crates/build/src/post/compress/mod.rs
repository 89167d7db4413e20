//! `compress`: the artifact packed into one file.
//!
//! Facts (packer.md 7): the last extension of `output` (as written, before anything is filled in) decides; `format`
//! is looked at as if it were one more extension. `zip` and `tar` are archives, `tar.` before another one makes a
//! compressed archive, an unknown one a tar in gzip. A single-file format needs exactly one file. A tar holds base
//! names, a zip the paths as the template names them. The input goes unless `keep_input_artifact` is set.
//! `zst` is ours.

mod archive;
mod blocks;
mod formats;

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use goldsmith_template::options::CompressOptions;
use goldsmith_template::{Hole, Part, Text};
use tokio_util::sync::CancellationToken;

use super::{Artifact, Keep, PostContext, PostProcessor, Processed};
use crate::error::{Context as _, StepError};
use crate::holes::fill;
use crate::journal::{ProducedFile, Unit};
use crate::pipeline::StepContext;
use crate::plan::{Sketch, StepKind};
use blocks::BlockWriter;

/// Packer's id of an artifact this made.
const BUILDER_ID: &str = "packer.post-processor.compress";
const COPY_BUFFER: usize = 1 << 20;

/// How a stream of bytes is made smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    None,
    Gzip,
    Lz4,
    Bgzf,
    Xz,
    Bzip2,
    Zstd,
}

/// How several files become one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    None,
    Tar,
    Zip,
}

/// What the name of the output asks for.
fn detect(output: &str, format: Option<&str>) -> (Container, Algorithm) {
    let whole = match format.filter(|format| !format.is_empty()) {
        Some(format) => format!("{output}.{format}"),
        None => output.to_owned(),
    };
    let mut extensions = extensions(&whole);
    let last = extensions.pop();
    let container = if extensions.pop() == Some("tar") { Container::Tar } else { Container::None };
    match last {
        Some("zip") => (Container::Zip, Algorithm::None),
        Some("tar") => (Container::Tar, Algorithm::None),
        Some("gz") => (container, Algorithm::Gzip),
        Some("lz4") => (container, Algorithm::Lz4),
        Some("bgzf") => (container, Algorithm::Bgzf),
        Some("xz") => (container, Algorithm::Xz),
        Some("bzip2") => (container, Algorithm::Bzip2),
        Some("zst") => (container, Algorithm::Zstd),
        _ => (Container::Tar, Algorithm::Gzip),
    }
}

/// Every run of lower-case letters and digits after a dot, anywhere in the path.
fn extensions(path: &str) -> Vec<&str> {
    path.split('.')
        .skip(1)
        .map(|piece| {
            let end =
                piece.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit())).unwrap_or(piece.len());
            &piece[..end]
        })
        .filter(|piece| !piece.is_empty())
        .collect()
}

/// The text as the template has it, holes as written.
fn as_written(text: &Text) -> String {
    let part = |part: &Part| match part {
        Part::Known(text) => text.clone(),
        Part::Hole(Hole::Field(action)) => action.clone(),
        Part::Hole(_) => String::new(),
    };
    text.parts.iter().map(part).collect()
}

/// The artifact as one file.
pub struct Compress {
    options: CompressOptions,
}

impl Compress {
    /// With these options.
    #[must_use]
    pub fn new(options: CompressOptions) -> Self {
        Self { options }
    }

    fn kind(&self) -> (Container, Algorithm) {
        detect(&as_written(&self.options.output), self.options.format.as_deref())
    }

    /// 0 and -1 mean the default.
    fn level(&self) -> u32 {
        match self.options.compression_level {
            ..=0 => 6,
            level => u32::try_from(level.min(9)).unwrap_or(9),
        }
    }
}

/// A file that is packed.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub(super) path: PathBuf,
    /// Its name in a tar.
    pub(super) name: String,
    /// Its name in a zip.
    pub(super) shown: String,
}

impl Input {
    /// By its base name in a tar, as the template names it in a zip.
    pub(super) fn new(path: PathBuf, shown: String) -> Self {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self { path, name, shown }
    }
}

/// Counts what is read and stops when asked to.
pub(super) struct Meter<'a> {
    done: u64,
    cancel: &'a CancellationToken,
    told: &'a mut (dyn FnMut(u64) + Send),
}

impl Meter<'_> {
    /// Copies a whole file.
    pub(super) fn copy(&mut self, from: &Path, to: &mut dyn Write) -> io::Result<()> {
        self.pour(File::open(from)?, to).map(drop)
    }

    /// Copies a file that must have this many bytes: a header has promised them already.
    pub(super) fn copy_exactly(&mut self, from: &Path, to: &mut dyn Write, bytes: u64) -> io::Result<()> {
        let copied = self.pour(File::open(from)?.take(bytes), to)?;
        if copied != bytes {
            return Err(io::Error::other(format!("{} became shorter while it was read", from.display())));
        }
        Ok(())
    }

    fn pour(&mut self, mut file: impl Read, to: &mut dyn Write) -> io::Result<u64> {
        let before = self.done;
        let mut buffer = vec![0; COPY_BUFFER];
        loop {
            if self.cancel.is_cancelled() {
                return Err(io::Error::new(io::ErrorKind::Interrupted, "cancelled"));
            }
            let got = file.read(&mut buffer)?;
            if got == 0 {
                return Ok(self.done - before);
            }
            to.write_all(&buffer[..got])?;
            self.done += got as u64;
            (self.told)(self.done);
        }
    }
}

/// Packs the files into `out`. Blocks the thread; uses as many as there are processors.
pub(super) fn pack(
    inputs: &[Input],
    out: File,
    (container, algorithm): (Container, Algorithm),
    level: u32,
    cancel: &CancellationToken,
    told: &mut (dyn FnMut(u64) + Send),
) -> io::Result<File> {
    let mut meter = Meter { done: 0, cancel, told };
    let mut out = BufWriter::with_capacity(COPY_BUFFER, out);
    if container == Container::Zip {
        archive::zip(inputs, &mut out, &mut meter)?;
    } else if algorithm == Algorithm::None {
        archive::tar(inputs, &mut out, &mut meter)?;
    } else {
        let mut stream = BlockWriter::new(&mut out, formats::format(algorithm, level));
        if container == Container::Tar {
            archive::tar(inputs, &mut stream, &mut meter)?;
        } else {
            for input in inputs {
                meter.copy(&input.path, &mut stream)?;
            }
        }
        stream.finish()?;
    }
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(file)
}

/// Packs the inputs into the file at `path`, whole or not at all, and reports it.
pub(super) async fn write(
    cx: &StepContext,
    inputs: Vec<Input>,
    path: &Path,
    kind: (Container, Algorithm),
    level: u32,
) -> Result<(), StepError> {
    let (beside, holding) = cx.stage_beside(path)?;
    let total: u64 =
        inputs.iter().filter_map(|input| input.path.metadata().ok()).map(|meta| meta.len()).sum();
    let (progress, target, staged) = (cx.clone(), path.to_owned(), beside.clone());
    let size = cx
        .blocking(move |cancel| {
            let wrong = || format!("Cannot pack into {}", target.display());
            let out = File::create(&staged).environment(wrong)?;
            let mut told = |done| progress.progress(done, Some(total), Unit::Bytes);
            let out = pack(&inputs, out, kind, level, cancel, &mut told).environment(wrong)?;
            Ok(out.metadata().environment(wrong)?.len())
        })
        .await;
    let size = match size {
        Ok(size) => size,
        Err(error) => {
            holding.release().await?;
            return Err(error);
        }
    };
    std::fs::rename(&beside, path).environment(|| format!("Cannot write {}", path.display()))?;
    holding.forget();
    cx.files_produced(vec![ProducedFile { path: path.to_string_lossy().into_owned(), size }]);
    Ok(())
}

#[async_trait]
impl PostProcessor for Compress {
    fn sketch(&self) -> Sketch {
        Sketch::new(format!("Pack into {}", self.options.output.display()), StepKind::PostProcess)
            .inputs(&self.options)
    }

    fn is_independent(&self) -> bool {
        true
    }

    async fn run(&self, cx: PostContext<'_>, artifact: &Artifact) -> Result<Processed, StepError> {
        let kind = self.kind();
        if kind.0 == Container::None && artifact.files.len() != 1 {
            let names = artifact.shown.join(", ");
            return Err(StepError::input(format!(
                "A single-file format packs exactly one file, but the artifact has {}: {names}.",
                artifact.files.len()
            ))
            .hint("Write `output` with .tar before the extension (for example .tar.gz), or as .zip."));
        }
        let fixed = cx.names.fixed();
        let fields = [("BuildName", fixed.build_name.as_str()), ("BuilderType", fixed.builder_type.as_str())];
        let shown = fill(&self.options.output, cx.names, &fields)?;
        let path = cx.step.absolute(&shown);
        let inputs: Vec<Input> = artifact
            .files
            .iter()
            .zip(&artifact.shown)
            .map(|(path, shown)| Input::new(path.clone(), shown.clone()))
            .collect();
        write(cx.step, inputs, &path, kind, self.level()).await?;
        let packed = Artifact {
            builder_id: BUILDER_ID.into(),
            id: String::new(),
            files: vec![path],
            shown: vec![shown],
            ..Artifact::default()
        };
        Ok(Processed { artifact: Some(packed), keep: Keep::No })
    }
}

#[cfg(test)]
mod tests;
