//! `file`: files and folders to the guest and from it.
//!
//! Facts (packer.md 6): `content` given for a folder is stored there as `pkr-file-content`; a destination that ends
//! in `/` keeps the source's name; an upload of a folder follows rsync's rule; a download makes local folders, and a
//! source that ends in `/` or holds a pattern is downloaded as a folder.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use goldsmith_template::options::FileOptions;

use crate::error::{Context as _, StepError};
use crate::holes::fill;
use crate::plan::{Sketch, StepKind};
use crate::provision::{Communicator, ProvisionContext, Provisioner};

/// Files and folders to and from the guest.
pub struct File {
    options: FileOptions,
}

impl File {
    /// With these options.
    pub fn new(options: FileOptions) -> Self {
        Self { options }
    }

    fn downloads(&self) -> bool {
        self.options.direction == "download"
    }

    fn sources(&self, cx: &ProvisionContext) -> Result<Vec<String>, StepError> {
        let all = self.options.source.iter().chain(&self.options.sources);
        all.map(|source| fill(source, &cx.names, &[])).collect()
    }

    async fn upload(
        &self,
        guest: &dyn Communicator,
        cx: &ProvisionContext,
        to: &str,
    ) -> Result<(), StepError> {
        if let Some(content) = &self.options.content {
            let content = fill(content, &cx.names, &[])?;
            let to = if to.ends_with('/') { format!("{to}pkr-file-content") } else { to.to_owned() };
            cx.step.say(format!("Writing {to} in the guest ({} bytes).", content.len()));
            return guest.write(&cx.step, content.as_bytes(), &to, 0o644).await;
        }
        for source in self.sources(cx)? {
            let path = cx.step.absolute(&source);
            let metadata = std::fs::metadata(&path).input(|| format!("Cannot upload {}", path.display()))?;
            cx.step.say(format!("Uploading {source} to {to}."));
            if metadata.is_dir() {
                let mut from = path.to_string_lossy().into_owned();
                if source.ends_with('/') && !from.ends_with('/') {
                    from.push('/');
                }
                guest.upload_dir(&cx.step, &from, to).await?;
            } else {
                let to = match path.file_name() {
                    Some(name) if to.ends_with('/') => format!("{to}{}", name.to_string_lossy()),
                    _ => to.to_owned(),
                };
                guest.upload(&cx.step, &path, &to).await?;
            }
        }
        Ok(())
    }

    async fn download(
        &self,
        guest: &dyn Communicator,
        cx: &ProvisionContext,
        to: &str,
    ) -> Result<(), StepError> {
        for source in self.sources(cx)? {
            cx.step.say(format!("Downloading {source} to {to}."));
            let local = cx.step.absolute(to);
            if source.ends_with('/') || source.contains(['*', '?', '[']) {
                make_folder(&local)?;
                guest.download_dir(&cx.step, &source, &local).await?;
                continue;
            }
            let target: PathBuf = if to.ends_with('/') {
                let name = Path::new(&source).file_name().unwrap_or_default();
                local.join(name)
            } else {
                local
            };
            make_folder(target.parent().unwrap_or(Path::new("/")))?;
            guest.download(&cx.step, &source, &target).await?;
        }
        Ok(())
    }
}

fn make_folder(path: &Path) -> Result<(), StepError> {
    std::fs::create_dir_all(path).environment(|| format!("Cannot make the folder {}", path.display()))
}

#[async_trait]
impl Provisioner for File {
    fn sketch(&self) -> Sketch {
        let to = self.options.destination.display();
        let from: Vec<String> =
            self.options.source.iter().chain(&self.options.sources).map(|source| source.display()).collect();
        let what = if from.is_empty() { "text".to_owned() } else { from.join(", ") };
        let title = if self.downloads() {
            format!("Download {what} to {to}")
        } else {
            format!("Upload {what} to {to}")
        };
        Sketch::new(title, StepKind::Provision).inputs(&self.options)
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        let guest = cx.guest()?;
        let to = fill(&self.options.destination, &cx.names, &[])?;
        if self.downloads() { self.download(guest, cx, &to).await } else { self.upload(guest, cx, &to).await }
    }
}
