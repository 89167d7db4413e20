//! Tests of finished images.

use goldsmith_build::suite::{Runner, TestReport};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A suite named beside those of the template's folder.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct SuiteRequest {
    /// What runs it.
    pub runner: Runner,
    /// Its files; for `command` the command's words.
    pub files: Vec<String>,
}

/// Tests a version: a throw-away copy boots, suites look at it, verdicts are recorded.
#[derive(Debug, Clone, Default, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct TestImage {
    /// The image or version.
    pub image: String,
    /// Suites to run; those of the folder when empty.
    pub suites: Vec<SuiteRequest>,
    /// The folder whose `*.goldsmith.hcl` hold suites; that of the template it was built from when absent.
    pub folder: Option<String>,
    /// Only the suites of these names; all when empty.
    pub only: Vec<String>,
    /// The user to log in as; `root` when absent.
    pub user: Option<String>,
    /// A private key the image accepts.
    pub key: Option<String>,
    /// Memory in MiB; what the image was built with when absent.
    pub memory_mb: Option<u32>,
    /// Virtual processors; what the image was built with when absent.
    pub cpus: Option<u32>,
    /// `kvm` or `tcg`; the measured best when absent.
    pub accelerator: Option<String>,
    /// Boot with UEFI firmware instead of BIOS.
    pub uefi: bool,
    /// How long to wait for the login, in seconds; ten minutes when absent.
    pub wait_s: Option<u32>,
    /// Do not keep the verdicts in the library.
    pub no_record: bool,
}

/// A test that was started.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct StartedTest {
    /// Names it, as a build: its facts, log and screen are those of a build.
    pub build: String,
    /// `name@version`.
    pub image: String,
    /// The names of its suites, in order.
    pub suites: Vec<String>,
}

/// What a test said.
#[derive(Debug, Clone, Serialize, Deserialize, TS)]
pub struct TestResult {
    /// The report; nothing when the test did not get that far.
    pub report: Option<TestReport>,
    /// The same as JUnit XML.
    pub junit: Option<String>,
}
