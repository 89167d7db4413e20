use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What is known about how a version was made. Every field may be absent; fields of a newer Goldsmith are
/// kept in `more`. Never holds a secret: variables marked sensitive appear by name only.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Facts {
    /// Where the template was, as the user wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_path: Option<String>,
    /// The folder the build was started in, which relative paths of the template start from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// SHA-256 over the template's files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_digest: Option<String>,
    /// The template's files: name to text.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub template_files: BTreeMap<String, String>,
    /// Variables that were not sensitive: name to value as text.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
    /// Names of the sensitive variables.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secret_variables: Vec<String>,
    /// The build's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// The job inside the template, for example `qemu.debian`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// Time spent.
    pub durations: Durations,
    /// Version of Goldsmith.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goldsmith: Option<String>,
    /// Version of QEMU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qemu: Option<String>,
    /// The accelerator used (`tcg`, `kvm`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accelerator: Option<String>,
    /// The host, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What the image was made from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<SourceFact>,
    /// The user to log in as when the image runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssh_user: Option<String>,
    /// `bios`, `efi` or `both`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub firmware: Option<String>,
    /// Memory in MiB the build used, the default for a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(type = "number | null")]
    pub memory_mib: Option<u64>,
    /// Virtual CPUs the build used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<u32>,
    /// Things worth knowing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Things to be careful about: identity or build credentials that remain in the image.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Facts this program does not know by name.
    #[serde(flatten)]
    #[ts(skip)]
    pub more: serde_json::Map<String, serde_json::Value>,
}

/// Time spent on a version, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Durations {
    /// From start to end of the build.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(type = "number | null")]
    pub total_ms: Option<u64>,
    /// Per step: title to time.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[ts(type = "Record<string, number>")]
    pub steps_ms: BTreeMap<String, u64>,
}

/// One thing an image was made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SourceFact {
    /// A file or a download.
    File {
        /// URL or path as written.
        url: String,
        /// `algorithm:hex` when it was checked.
        checksum: Option<String>,
    },
    /// A distribution's packages.
    Packages {
        /// `debian` or `ubuntu`.
        distribution: String,
        /// For example `trixie`.
        suite: String,
        /// The mirror, without credentials.
        mirror: String,
        /// Number of packages installed, when known.
        installed: Option<u32>,
    },
    /// A version of this library.
    Version {
        /// Its id.
        id: String,
        /// `name@number`.
        name: String,
        /// The channel that was asked for, if one was; `latest` for whatever is newest.
        #[serde(default)]
        channel: Option<String>,
        /// Identity of its content.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<String>,
    },
}
