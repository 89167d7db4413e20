//! The machine's disks (packer.md 2.3, steps 6 to 8).

use std::fs;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use goldsmith_machine::disk::{Convert, Create, DiskError, Format};
use goldsmith_process::RunError;
use serde_json::json;

use crate::error::{Context as _, StepError};
use crate::journal::Unit;
use crate::pipeline::{Output, Step, StepContext};
use crate::plan::{Sketch, StepKind};
use crate::provision::sentence;
use crate::steps::image::ImageFile;
use crate::steps::settings::Settings;

/// What the main disk starts as.
pub(crate) enum Base {
    /// Empty, of this size in bytes.
    Empty(u64),
    /// A copy of an image, made larger to this size unless none is given.
    Copy(Output<ImageFile>, Option<u64>),
    /// A layer over an image, of this size.
    Layer(Output<ImageFile>, u64),
}

/// Makes the disks.
pub(crate) struct MakeDisks {
    pub(crate) settings: Settings,
    pub(crate) base: Base,
    /// The image as the template names it, for the plan.
    pub(crate) shown: String,
}

const EXPECTED_IMAGE: u64 = 2 << 30;

#[async_trait]
impl Step for MakeDisks {
    type Output = ();

    fn sketch(&self) -> Sketch {
        let s = &self.settings;
        let tool = s.disk_tool();
        let path = s.disk_path();
        let title = match &self.base {
            Base::Empty(_) => "Create the disk",
            Base::Copy(..) => "Copy the disk image",
            Base::Layer(..) => "Create the disk over the image",
        };
        let mut sketch =
            Sketch::new(title, StepKind::Disk).program("qemu-img", "makes and converts disk images");
        let image = PathBuf::from(&self.shown);
        match &self.base {
            Base::Empty(size) => sketch = sketch.command(tool.create_command(&self.create(None, *size))),
            Base::Layer(_, size) => {
                let backing = Some((image, Format::Qcow2));
                sketch = sketch.command(tool.create_command(&self.create(backing, *size)));
            }
            Base::Copy(_, size) => {
                sketch = if self.is_plain_copy(&image) {
                    sketch.command(format!("copy {} {}", self.shown, path.display()))
                } else {
                    sketch.command(tool.convert_command(&Convert::new(image, &path, s.format)))
                };
                if let Some(size) = size {
                    sketch = sketch.command(tool.resize_command(&path, s.format, *size, &s.resize_args));
                }
                sketch = sketch.writes(EXPECTED_IMAGE);
            }
        }
        let size = match &self.base {
            Base::Empty(size) | Base::Layer(_, size) => json!(size),
            Base::Copy(_, size) => json!(size),
        };
        sketch.inputs(&json!({ "format": s.format, "size": size, "image": self.shown, "more": s.disk.disk_additional_size }))
    }

    async fn run(&self, cx: &StepContext) -> Result<(), StepError> {
        let s = &self.settings;
        let tool = s.disk_tool();
        let path = s.disk_path();
        match &self.base {
            Base::Empty(size) => {
                let create = self.create(None, *size);
                tool.create(cx.launch(), &create, cx.cancel()).await.map_err(disk_error)?;
            }
            Base::Layer(image, size) => {
                let image = image.get()?;
                let info = tool.info(cx.launch(), &image.path, cx.cancel()).await.map_err(disk_error)?;
                let format = info.format.parse().map_err(|error: String| {
                    StepError::input(format!("{} cannot lie under the disk: {error}.", image.path.display()))
                })?;
                let create = self.create(Some((image.path.clone(), format)), *size);
                tool.create(cx.launch(), &create, cx.cancel()).await.map_err(disk_error)?;
            }
            Base::Copy(image, size) => {
                let image = image.get()?;
                self.copy(cx, &image.path, &path).await?;
                if let Some(size) = size {
                    tool.resize(cx.launch(), &path, s.format, *size, &s.resize_args, cx.cancel())
                        .await
                        .map_err(|error| {
                            disk_error(error).hint("A disk cannot be made smaller: set skip_resize_disk = true to keep its size.")
                        })?;
                }
            }
        }
        for (path, size) in s.more_disks() {
            let create = Create {
                path,
                format: s.format,
                size: Some(size),
                backing: None,
                extra: s.create_args.clone(),
            };
            tool.create(cx.launch(), &create, cx.cancel()).await.map_err(disk_error)?;
        }
        Ok(())
    }
}

impl MakeDisks {
    fn create(&self, backing: Option<(PathBuf, Format)>, size: u64) -> Create {
        let s = &self.settings;
        Create {
            path: s.disk_path(),
            format: s.format,
            size: Some(size),
            backing,
            extra: s.create_args.clone(),
        }
    }

    /// Packer copies byte by byte when the file's extension is the format's name, and converts otherwise.
    fn is_plain_copy(&self, image: &Path) -> bool {
        image.extension().is_some_and(|extension| extension == self.settings.format.name())
    }

    async fn copy(&self, cx: &StepContext, from: &Path, to: &Path) -> Result<(), StepError> {
        if self.is_plain_copy(from) {
            let (from, to, progress) = (from.to_owned(), to.to_owned(), cx.clone());
            return cx
                .blocking(move |cancel| {
                    let mut report = |done, total| progress.progress(done, Some(total), Unit::Bytes);
                    goldsmith_process::copy::file(&from, &to, cancel, &mut report)
                        .environment(|| format!("Cannot copy {} to {}", from.display(), to.display()))?;
                    // The image may be read-only; the machine writes to its copy.
                    make_writable(&to).environment(|| format!("Cannot make {} writable", to.display()))
                })
                .await;
        }
        let convert = Convert::new(from, to, self.settings.format);
        let mut report = |percent: f32| cx.progress(percent as u64, Some(100), Unit::Percent);
        self.settings
            .disk_tool()
            .convert(cx.launch(), &convert, cx.cancel(), &mut report)
            .await
            .map_err(disk_error)
    }
}

fn make_writable(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut permissions = fs::metadata(path)?.permissions();
    if permissions.mode() & 0o600 != 0o600 {
        permissions.set_mode(permissions.mode() | 0o600);
        fs::set_permissions(path, permissions)?;
    }
    Ok(())
}

/// In the words of the step.
pub(crate) fn disk_error(error: DiskError) -> StepError {
    match &error {
        DiskError::Run { source: RunError::Cancelled { .. }, .. } => StepError::cancelled(),
        DiskError::Run { source: RunError::Failed { stderr_tail, .. }, .. } => {
            let step = StepError::environment(sentence(&error.to_string()));
            if stderr_tail.contains("No space left") {
                step.hint("The disk is full: free some space, or choose an output_directory elsewhere.")
            } else {
                step
            }
        }
        _ => StepError::environment(sentence(&error.to_string())),
    }
}
