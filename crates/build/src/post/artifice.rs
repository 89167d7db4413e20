//! `artifice`: other files in place of the artifact's.
//!
//! Facts (packer.md 7; core, post-processor/artifice): `files` may hold patterns, one that matches nothing adds
//! nothing; what it was given stays unless `keep_input_artifact = false`.

use std::path::PathBuf;

use async_trait::async_trait;
use goldsmith_template::Text;
use goldsmith_template::options::ArtificeOptions;

use super::{Artifact, Keep, PostContext, PostProcessor, Processed};
use crate::error::{Context as _, StepError};
use crate::holes::fill;
use crate::plan::{Sketch, StepKind};

/// Packer's id of an artifact this made.
pub(super) const BUILDER_ID: &str = "packer.post-processor.artifice";

/// Other files as the artifact.
pub struct Artifice {
    options: ArtificeOptions,
}

impl Artifice {
    /// With these options.
    #[must_use]
    pub fn new(options: ArtificeOptions) -> Self {
        Self { options }
    }
}

/// The files a pattern stands for, relative to `base`, sorted; a name without a pattern stands for itself when it
/// is there. A star does not cross folders, as in Go's `filepath.Glob`.
fn expand(base: &std::path::Path, pattern: &str) -> Result<Vec<String>, StepError> {
    if !pattern.contains(['*', '?', '[', '\\']) {
        return Ok(if base.join(pattern).exists() { vec![pattern.to_owned()] } else { Vec::new() });
    }
    let (folder, last) = pattern.rsplit_once('/').map_or(("", pattern), |(folder, last)| (folder, last));
    let glob = globset::GlobBuilder::new(last)
        .literal_separator(true)
        .build()
        .input(|| format!("`{pattern}` in `files` is no file name pattern"))?
        .compile_matcher();
    let folders = match folder {
        "" if pattern.starts_with('/') => vec!["/".to_owned()],
        "" => vec![String::new()],
        folder => expand(base, folder)?,
    };
    let mut found = Vec::new();
    for folder in folders {
        let Ok(entries) = std::fs::read_dir(base.join(&folder)) else { continue };
        let mut names: Vec<String> =
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        for name in names.into_iter().filter(|name| glob.is_match(name)) {
            let between = if folder.is_empty() || folder.ends_with('/') { "" } else { "/" };
            found.push(format!("{folder}{between}{name}"));
        }
    }
    Ok(found)
}

#[async_trait]
impl PostProcessor for Artifice {
    fn sketch(&self) -> Sketch {
        let files: Vec<String> = self.options.files.iter().map(Text::display).collect();
        Sketch::new(format!("Take {} as the artifact", files.join(", ")), StepKind::PostProcess)
            .inputs(&self.options)
    }

    fn is_independent(&self) -> bool {
        true
    }

    async fn run(&self, cx: PostContext<'_>, artifact: &Artifact) -> Result<Processed, StepError> {
        if !artifact.shown.is_empty() {
            cx.step.say(format!("In place of {}.", artifact.shown.join(", ")));
        }
        let mut made = Artifact { builder_id: BUILDER_ID.into(), ..Artifact::default() };
        for pattern in &self.options.files {
            for shown in expand(cx.step.cwd(), &fill(pattern, cx.names, &[])?)? {
                let path: PathBuf = cx.step.absolute(&shown);
                made.files.push(path);
                made.shown.push(shown);
            }
        }
        if made.files.is_empty() {
            cx.step.warn("None of the files named by `artifice` is there: the artifact is empty.");
        } else {
            cx.step.say(format!("The artifact is {}.", made.shown.join(", ")));
        }
        Ok(Processed { artifact: Some(made), keep: Keep::Yes })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]
    use super::*;

    #[test]
    fn patterns_are_expanded_as_go_does() {
        let place = tempfile::tempdir().unwrap();
        let base = place.path();
        for folder in ["out-a", "out-b"] {
            std::fs::create_dir(base.join(folder)).unwrap();
            std::fs::write(base.join(folder).join("disk.ova"), "x").unwrap();
            std::fs::write(base.join(folder).join("notes.txt"), "x").unwrap();
        }
        assert_eq!(expand(base, "out-a/disk.ova").unwrap(), ["out-a/disk.ova"]);
        assert_eq!(expand(base, "out-*/*.ova").unwrap(), ["out-a/disk.ova", "out-b/disk.ova"]);
        assert!(expand(base, "absent").unwrap().is_empty());
        assert!(expand(base, "*.ova").unwrap().is_empty(), "a star does not cross folders");
        let absolute = format!("{}/out-b/*", base.display());
        assert_eq!(expand(base, &absolute).unwrap().len(), 2);
        assert!(expand(base, "out-a/[").is_err());
    }
}
