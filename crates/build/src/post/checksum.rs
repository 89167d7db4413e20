//! `checksum`: digests of the artifact's files, one line each.
//!
//! Facts (packer.md 7): a line is the hexadecimal digest, a tab and the file's base name; lines are **appended** to
//! the output, so that a second run repeats them; the input always stays; the checksum files that were not there
//! before join the artifact.

use std::collections::BTreeMap;
use std::path::PathBuf;

use async_trait::async_trait;
use goldsmith_template::options::ChecksumOptions;

use super::{Artifact, Keep, PostContext, PostProcessor, Processed, put};
use crate::digest::{self, Algorithm, Digest};
use crate::error::{Context as _, StepError};
use crate::holes::fill;
use crate::journal::Unit;
use crate::pipeline::StepContext;
use crate::plan::{Sketch, StepKind};

/// Packer's id of an artifact this made.
const BUILDER_ID: &str = "packer.post-processor.checksum";

/// Digests of files.
pub struct Checksum {
    options: ChecksumOptions,
}

impl Checksum {
    /// With these options.
    #[must_use]
    pub fn new(options: ChecksumOptions) -> Self {
        Self { options }
    }

    fn types(&self) -> Result<Vec<Algorithm>, StepError> {
        let known = |name: &String| {
            Algorithm::parse(name).ok_or_else(|| {
                StepError::input(format!("`checksum_types` names `{name}`, which is no digest."))
                    .hint("Known are md5, sha1, sha224, sha256, sha384 and sha512.")
            })
        };
        if self.options.checksum_types.is_empty() {
            return Ok(vec![Algorithm::Md5]);
        }
        self.options.checksum_types.iter().map(known).collect()
    }
}

/// Every digest of every file, in the order of the files. Each algorithm reads on a thread of its own: a file that
/// was just written is in memory, and hashing is what takes the time.
async fn digests(
    cx: &StepContext,
    files: &[PathBuf],
    types: &[Algorithm],
) -> Result<Vec<Vec<Digest>>, StepError> {
    let total: u64 = files.iter().filter_map(|file| file.metadata().ok()).map(|meta| meta.len()).sum();
    let (files, types, progress) = (files.to_vec(), types.to_vec(), cx.clone());
    cx.blocking(move |cancel| {
        let mut all = Vec::new();
        let mut before = 0;
        for file in &files {
            let hashed: Vec<std::io::Result<Vec<Digest>>> = std::thread::scope(|scope| {
                let rest: Vec<_> = types[1..]
                    .iter()
                    .map(|algorithm| {
                        scope.spawn(|| digest::of_file(file, &[*algorithm], cancel, &mut |_| {}))
                    })
                    .collect();
                let mut told = |done: u64| progress.progress(before + done, Some(total), Unit::Bytes);
                let mut hashed = vec![digest::of_file(file, &types[..1], cancel, &mut told)];
                hashed.extend(rest.into_iter().map(|thread| {
                    thread
                        .join()
                        .unwrap_or_else(|_| Err(std::io::Error::other("the hashing thread broke down")))
                }));
                hashed
            });
            let mut row = Vec::new();
            for result in hashed {
                row.extend(
                    result.environment(|| format!("Cannot read {} for its checksum", file.display()))?,
                );
            }
            before += file.metadata().map_or(0, |meta| meta.len());
            all.push(row);
        }
        Ok(all)
    })
    .await
}

#[async_trait]
impl PostProcessor for Checksum {
    fn sketch(&self) -> Sketch {
        let given = &self.options.checksum_types;
        let types = if given.is_empty() { Algorithm::Md5.name().to_owned() } else { given.join(", ") };
        // The name of the file in words: its actions are filled in when it is written.
        let each = if given.len() > 1 { format!("{{{}}}", given.join(",")) } else { types.clone() };
        let file = self.options.output.display().replace("{{.ChecksumType}}", &each);
        let title = match file.contains("{{") {
            true => format!("Write {types} checksums"),
            false => format!("Write {types} checksums to {file}"),
        };
        Sketch::new(title, StepKind::PostProcess).inputs(&self.options)
    }

    fn is_independent(&self) -> bool {
        true
    }

    async fn run(&self, cx: PostContext<'_>, artifact: &Artifact) -> Result<Processed, StepError> {
        let types = self.types()?;
        let rows = digests(cx.step, &artifact.files, &types).await?;
        let fixed = cx.names.fixed();
        let mut result = Artifact {
            builder_id: BUILDER_ID.into(),
            id: String::new(),
            state: BTreeMap::new(),
            ..artifact.clone()
        };
        let mut outputs: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
        for (at, algorithm) in types.iter().enumerate() {
            let fields = [
                ("BuildName", fixed.build_name.as_str()),
                ("BuilderType", fixed.builder_type.as_str()),
                ("ChecksumType", algorithm.name()),
            ];
            let shown = fill(&self.options.output, cx.names, &fields)?;
            let path = cx.step.absolute(&shown);
            for (file, row) in artifact.files.iter().zip(&rows) {
                let text = match outputs.entry(path.clone()) {
                    std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                    std::collections::btree_map::Entry::Vacant(entry) => {
                        entry.insert(match std::fs::read(&path) {
                            Ok(before) => before,
                            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                                result.files.push(path.clone());
                                result.shown.push(shown.clone());
                                Vec::new()
                            }
                            Err(error) => {
                                return Err(error)
                                    .input(|| format!("Cannot read the checksum file {}", path.display()));
                            }
                        })
                    }
                };
                let name =
                    file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                let digest = row.get(at).map_or("", |digest| digest.hex.as_str());
                text.extend_from_slice(format!("{digest}\t{name}\n").as_bytes());
            }
        }
        put(cx.step, &outputs)?;
        Ok(Processed { artifact: Some(result), keep: Keep::Forced })
    }
}
