//! Testing a finished image: a throw-away copy boots in a fresh machine, suites look at it, and their verdicts are
//! kept with the identity of the content they ran on.
//!
//! A test is carried out by a worker like a run: the same journal, intents and recovery. What the suites said is in
//! the build's folder as [`REPORT`] and [`JUNIT`].

pub mod define;
mod parse;
pub mod report;
mod runner;
mod steps;

use std::path::PathBuf;
use std::sync::Arc;

use goldsmith_guest::{KeyKind, KeyPair};
use goldsmith_process::Dirs;
use serde::{Deserialize, Serialize};

pub use define::{DefineError, Defined, Runner, Suite};
pub use report::{Case, CaseStatus, SuiteReport, TestReport};

use crate::id::BuildId;
use crate::pipeline::{OnError, Pipeline};
use crate::plan::{JobPlan, Plan};
use crate::run::{self, RunRequest, Welcome};
use crate::work::{PlanRequest, WorkOrder};

/// The name and source type of a test's only job.
pub const TEST: &str = "test";
/// The report in the build's folder: a [`TestReport`] as JSON.
pub const REPORT: &str = "tests.json";
/// The same as JUnit XML.
pub const JUNIT: &str = "junit.xml";

/// How the copy is logged in to.
#[derive(Clone, Serialize, Deserialize)]
pub struct TestLogin {
    /// The user.
    pub user: String,
    /// A private key the image accepts.
    pub key_file: Option<PathBuf>,
    /// A password the image accepts. Secret.
    pub password: Option<String>,
    /// The private key made for this test. Secret.
    one_off: String,
}

impl TestLogin {
    /// As a user, with what the image is known to accept.
    pub fn new(user: String, key_file: Option<PathBuf>, password: Option<String>) -> Self {
        Self { user, key_file, password, one_off: String::new() }
    }
}

/// What to test, and how.
#[derive(Clone, Serialize, Deserialize)]
pub struct TestRequest {
    /// The copy.
    pub run: RunRequest,
    /// The version's id.
    pub version: String,
    /// The image's name.
    pub bucket: String,
    /// The version's number.
    pub number: u32,
    /// Identity of its content.
    pub content: String,
    /// What to run, in order.
    pub suites: Vec<Suite>,
    /// How to log in.
    pub login: TestLogin,
    /// How long to wait for the login, in seconds.
    pub wait_s: u64,
    /// Keep the verdicts in the library.
    pub record: bool,
}

impl TestRequest {
    /// The order for a worker. A key is made for the test; where the image takes cloud-init's seed (`seed`: xorriso can
    /// make one) or systemd's credentials, the user can log in with it.
    pub fn order(
        mut self,
        build: BuildId,
        dirs: &Dirs,
        cwd: PathBuf,
        seed: bool,
    ) -> Result<WorkOrder, goldsmith_guest::KeyError> {
        let pair = KeyPair::generate(KeyKind::Ed25519, "goldsmith-test")?;
        pair.private_openssh().expose().clone_into(&mut self.login.one_off);
        let user = self.login.user.clone();
        self.run.welcome = Some(Welcome { user, public_key: pair.public_openssh(), seed });
        let steps = run::planned(pipeline(&self).sketch());
        let job =
            JobPlan { name: TEST.to_owned(), source_type: TEST.to_owned(), steps, ..JobPlan::default() };
        let title = format!("test of {}", self.run.image);
        let plan = Plan { template: title.clone(), jobs: vec![job], ..Plan::default() };
        let request =
            PlanRequest { template: title, cwd, on_error: OnError::Cleanup, ..PlanRequest::default() };
        let mut sensitive = vec![self.login.one_off.clone()];
        sensitive.extend(self.login.password.clone());
        Ok(WorkOrder::of_test(build, dirs, plan, request, self, sensitive))
    }
}

/// The steps of a test.
pub(crate) fn pipeline(request: &TestRequest) -> Pipeline {
    let mut pipeline = Pipeline::new(TEST);
    let copy = run::copy_steps(&mut pipeline, &request.run);
    let request = Arc::new(request.clone());
    let ready = pipeline.step("ready", steps::WaitReady { request: request.clone(), copy: copy.clone() });
    let suites = request
        .suites
        .iter()
        .map(|suite| pipeline.step("suite", steps::RunSuite { suite: suite.clone(), ready: ready.clone() }))
        .collect();
    pipeline.step("verdict", steps::Judge { request, copy, suites });
    pipeline
}
