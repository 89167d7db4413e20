//! `manifest`: a JSON file that lists what builds made.
//!
//! Facts (packer.md 7): an entry is appended to `builds`; `last_run_uuid` is the run's; with `-force` and another
//! run's file the list starts anew; `<output>.lock` keeps others out while it is rewritten; the input always stays
//! and goes on unchanged. The text is what Go's `MarshalIndent` with two blanks writes, without a final newline.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use goldsmith_template::options::ManifestOptions;
use serde::Serialize;
use serde_json::Value;

use super::{Artifact, Keep, PostContext, PostProcessor, Processed, put};
use crate::error::{Context as _, StepError};
use crate::holes::fill;
use crate::pipeline::{Holding, StepContext};
use crate::plan::{Sketch, StepKind};

/// After this long another's lock file is taken for a leftover, as Packer does.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);
const LOCK_POLL: Duration = Duration::from_millis(50);

/// The list of what was built.
pub struct Manifest {
    options: ManifestOptions,
}

#[derive(Serialize)]
struct Build {
    name: String,
    builder_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    build_time: Option<i64>,
    files: Option<Vec<File>>,
    artifact_id: String,
    packer_run_uuid: String,
    custom_data: Option<BTreeMap<String, String>>,
}

#[derive(Serialize)]
struct File {
    name: String,
    size: u64,
}

impl Manifest {
    /// With these options.
    #[must_use]
    pub fn new(options: ManifestOptions) -> Self {
        Self { options }
    }

    fn entry(&self, cx: &PostContext<'_>, artifact: &Artifact) -> Result<Build, StepError> {
        let fixed = cx.names.fixed();
        let files: Vec<File> = artifact
            .files
            .iter()
            .zip(&artifact.shown)
            .map(|(path, shown)| {
                let base = || path.file_name().map(|name| name.to_string_lossy().into_owned());
                let name = if self.options.strip_path { base().unwrap_or_default() } else { shown.clone() };
                File { name, size: path.metadata().map_or(0, |meta| meta.len()) }
            })
            .collect();
        let mut custom = BTreeMap::new();
        for (key, value) in &self.options.custom_data {
            custom.insert(key.clone(), fill(value, cx.names, &[])?);
        }
        let now = cx.step.build().clock.now();
        Ok(Build {
            name: fixed.build_name.clone(),
            builder_type: fixed.builder_type.clone(),
            build_time: (!self.options.strip_time).then(|| now.as_second()),
            files: (!files.is_empty()).then_some(files),
            artifact_id: artifact.id.clone(),
            packer_run_uuid: fixed.run_uuid.clone(),
            custom_data: (!custom.is_empty()).then_some(custom),
        })
    }
}

/// The manifest's text with one more entry.
fn appended(before: &[u8], build: &Build, run: &str, force: bool, path: &Path) -> Result<Vec<u8>, StepError> {
    let mut builds = Vec::new();
    if !before.is_empty() {
        let unreadable = || format!("The manifest {} is not what a manifest is", path.display());
        let known: Value = serde_json::from_slice(before).input(unreadable)?;
        let other_run = known.get("last_run_uuid").and_then(Value::as_str) != Some(run);
        if !(force && other_run)
            && let Some(Value::Array(list)) = known.get("builds")
        {
            builds.clone_from(list);
        }
    }
    builds.push(serde_json::to_value(build).input(|| "The manifest's entry cannot be written")?);
    let whole = serde_json::json!({ "builds": builds, "last_run_uuid": run });
    let text = serde_json::to_string_pretty(&whole).input(|| "The manifest cannot be written")?;
    // Go writes these as escapes, so that JSON may stand in HTML.
    let text = text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    Ok(text.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029").into_bytes())
}

async fn lock(cx: &StepContext, output: &Path) -> Result<Holding, StepError> {
    let mut name = output.as_os_str().to_owned();
    name.push(".lock");
    let path = Path::new(&name);
    let began = Instant::now();
    loop {
        match std::fs::OpenOptions::new().write(true).create_new(true).open(path) {
            Ok(_) => break,
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(error).environment(|| format!("Cannot write the lock {}", path.display()));
            }
            Err(_) if began.elapsed() > LOCK_PATIENCE => {
                cx.warn(format!("{} was left behind by another run; it is taken over.", path.display()));
                break;
            }
            Err(_) => {}
        }
        cx.check_cancel()?;
        tokio::time::sleep(LOCK_POLL).await;
    }
    cx.intend_file(path)
}

#[async_trait]
impl PostProcessor for Manifest {
    fn sketch(&self) -> Sketch {
        Sketch::new(format!("Add the build to {}", self.options.output.display()), StepKind::PostProcess)
            .inputs(&self.options)
    }

    fn is_independent(&self) -> bool {
        true
    }

    async fn run(&self, cx: PostContext<'_>, artifact: &Artifact) -> Result<Processed, StepError> {
        let path = cx.step.absolute(fill(&self.options.output, cx.names, &[])?);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)
                .environment(|| format!("Cannot make the folder {}", parent.display()))?;
        }
        let build = self.entry(&cx, artifact)?;
        let held = lock(cx.step, &path).await?;
        let written = (|| {
            let before = match std::fs::read(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
                other => other.input(|| format!("Cannot read the manifest {}", path.display()))?,
            };
            let text = appended(&before, &build, &cx.names.fixed().run_uuid, cx.force, &path)?;
            put(cx.step, &BTreeMap::from([(path.clone(), text)]))
        })();
        held.release().await?;
        written?;
        Ok(Processed { artifact: Some(artifact.clone()), keep: Keep::Forced })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(name: &str) -> Build {
        Build {
            name: name.into(),
            builder_type: "qemu".into(),
            build_time: Some(7),
            files: Some(vec![File { name: "out/a".into(), size: 3 }]),
            artifact_id: "VM".into(),
            packer_run_uuid: "u1".into(),
            custom_data: None,
        }
    }

    fn append(before: &[u8], entry: &Build, run: &str, force: bool) -> String {
        let text =
            appended(before, entry, run, force, Path::new("/m")).unwrap_or_else(|e| panic!("{}", e.full()));
        String::from_utf8_lossy(&text).into_owned()
    }

    #[test]
    fn the_text_is_gos() {
        let expected = "{\n  \"builds\": [\n    {\n      \"name\": \"a\\u0026b\",\n      \"builder_type\": \"qemu\",\n      \
             \"build_time\": 7,\n      \"files\": [\n        {\n          \"name\": \"out/a\",\n          \"size\": 3\n        }\n      ],\n      \
             \"artifact_id\": \"VM\",\n      \"packer_run_uuid\": \"u1\",\n      \"custom_data\": null\n    }\n  ],\n  \"last_run_uuid\": \"u1\"\n}";
        assert_eq!(append(b"", &build("a&b"), "u1", false), expected);
    }

    #[test]
    fn entries_add_up_and_force_starts_anew_for_another_run() {
        let one = append(b"", &build("a"), "u1", false);
        let count = |text: &str| text.matches("\"builder_type\"").count();
        assert_eq!(count(&append(one.as_bytes(), &build("b"), "u2", false)), 2);
        assert_eq!(count(&append(one.as_bytes(), &build("b"), "u1", true)), 2);
        assert_eq!(count(&append(one.as_bytes(), &build("b"), "u2", true)), 1);
        assert!(appended(b"no json", &build("b"), "u", false, Path::new("/m")).is_err());
    }

    #[test]
    fn without_time_the_field_is_absent() {
        let entry = Build { build_time: None, ..build("a") };
        assert!(!append(b"", &entry, "u1", false).contains("build_time"));
    }
}
