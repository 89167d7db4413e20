//! `provenance`: where an artifact came from, as an in-toto statement with a SLSA provenance predicate.
//!
//! Facts: in-toto Statement v1 and SLSA Provenance v1 (<https://slsa.dev/spec/v1.0/provenance>). It is not signed:
//! `cosign attest-blob --statement` and others take the file. Secret variables are named and never written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use goldsmith_template::options::ProvenanceOptions;
use serde_json::{Value, json};

use super::{Artifact, Keep, PostContext, PostProcessor, Processed, put};
use crate::digest::{self, Algorithm};
use crate::error::{Context as _, StepError};
use crate::holes::fill;
use crate::pipeline::{Output, StepContext};
use crate::plan::{Sketch, StepKind};
use crate::steps::image::ImageFile;
use crate::work::Provenance as Known;

/// What kind of build this is, and who did it: names without a place on the web.
const BUILD_TYPE: &str = "urn:goldsmith:packer-template:1";
const BUILDER: &str = "urn:goldsmith:worker";

/// Where an artifact came from.
pub struct Provenance {
    options: ProvenanceOptions,
    known: Known,
    image: Option<Output<ImageFile>>,
}

impl Provenance {
    /// With these options, what is known of the template, and the image the machine starts from.
    pub(crate) fn new(options: ProvenanceOptions, known: Known, image: Option<Output<ImageFile>>) -> Self {
        Self { options, known, image }
    }

    fn dependencies(&self) -> Result<Vec<Value>, StepError> {
        let Some(image) = &self.image else { return Ok(Vec::new()) };
        let image = image.get()?;
        let mut entry = json!({ "uri": image.url });
        if let Some((algorithm, hex)) = image.checksum.as_deref().and_then(|text| text.split_once(':')) {
            entry["digest"] = json!({ algorithm: hex });
        }
        Ok(vec![entry])
    }

    fn statement(
        &self,
        cx: &PostContext<'_>,
        subject: Vec<Value>,
        more: Vec<Value>,
    ) -> Result<Value, StepError> {
        let fixed = cx.names.fixed();
        let files: BTreeMap<&str, String> = self
            .known
            .template_files
            .iter()
            .map(|(name, text)| (name.as_str(), format!("blake3:{}", blake3::hash(text.as_bytes()).to_hex())))
            .collect();
        let build_type = match &self.options.build_type {
            Some(text) => fill(text, cx.names, &[])?,
            None => BUILD_TYPE.to_owned(),
        };
        Ok(json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": subject,
            "predicateType": "https://slsa.dev/provenance/v1",
            "predicate": {
                "buildDefinition": {
                    "buildType": build_type,
                    "externalParameters": {
                        "build": fixed.job,
                        "template": { "sha256": self.known.template_digest, "files": files },
                        "variables": self.known.variables,
                        "secretVariables": self.known.secret_variables,
                    },
                    "resolvedDependencies": self.dependencies()?,
                },
                "runDetails": {
                    "builder": { "id": BUILDER, "version": { "goldsmith": env!("CARGO_PKG_VERSION") } },
                    "metadata": {
                        "invocationId": fixed.run_uuid,
                        "finishedOn": cx.step.build().clock.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
                    },
                    "byproducts": more,
                },
            },
        }))
    }
}

/// A file by name and SHA-256.
async fn described(cx: &StepContext, path: &Path) -> Result<Value, StepError> {
    let file = path.to_owned();
    let hex = cx
        .blocking(move |cancel| {
            let digests = digest::of_file(&file, &[Algorithm::Sha256], cancel, &mut |_| {})
                .environment(|| format!("Cannot read {} for its provenance", file.display()))?;
            Ok(digests.into_iter().map(|digest| digest.hex).collect::<String>())
        })
        .await?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(json!({ "name": name, "digest": { "sha256": hex } }))
}

#[async_trait]
impl PostProcessor for Provenance {
    fn sketch(&self) -> Sketch {
        Sketch::new("Write the provenance", StepKind::PostProcess).inputs(&self.options)
    }

    fn is_independent(&self) -> bool {
        true
    }

    async fn run(&self, cx: PostContext<'_>, artifact: &Artifact) -> Result<Processed, StepError> {
        if artifact.files.is_empty() {
            return Err(StepError::input("This artifact has no files, so there is nothing to say of them.")
                .hint("Leave `provenance` out for a source that makes no files."));
        }
        let mut subject = Vec::new();
        for file in &artifact.files {
            subject.push(described(cx.step, file).await?);
        }
        let mut more = Vec::new();
        for text in &self.options.sbom {
            more.push(described(cx.step, &cx.step.absolute(fill(text, cx.names, &[])?)).await?);
        }
        let fixed = cx.names.fixed();
        let fields = [("BuildName", fixed.build_name.as_str()), ("BuilderType", fixed.builder_type.as_str())];
        let output: PathBuf = cx.step.absolute(fill(&self.options.output, cx.names, &fields)?);
        let statement = self.statement(&cx, subject, more)?;
        let text = serde_json::to_vec_pretty(&statement).map_err(|e| StepError::internal(e.to_string()))?;
        put(cx.step, &BTreeMap::from([(output.clone(), text)]))?;
        let mut after = artifact.clone();
        "goldsmith.post-processor.provenance".clone_into(&mut after.builder_id);
        after.shown.push(output.display().to_string());
        after.files.push(output);
        Ok(Processed { artifact: Some(after), keep: Keep::Forced })
    }
}
