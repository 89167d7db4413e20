//! What a worker is given: everything it needs, so that it never reads the template again.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use goldsmith_library::SourceFact;
use goldsmith_machine::HostFacts;
use goldsmith_process::Dirs;
use goldsmith_template::Job;
use serde::{Deserialize, Serialize};

use crate::checkpoint::{Planned, Rules};
use crate::id::BuildId;
use crate::pipeline::OnError;
use crate::plan::Plan;
use crate::run::RunRequest;
use crate::suite::TestRequest;

/// Choices made for a run, beside the template.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlanRequest {
    /// The template, as the user named it.
    pub template: String,
    /// The folder relative paths in options start from.
    pub cwd: PathBuf,
    /// The user's home, for `~` in key files.
    pub home: Option<PathBuf>,
    /// `-force`: replace an output folder that exists.
    pub force: bool,
    /// What happens when a step fails.
    pub on_error: OnError,
    /// Leave out sources that are not built here instead of stopping.
    pub skip_foreign: bool,
    /// Ignore checkpoints and remembered results.
    pub no_cache: bool,
    /// Fetch nothing; what the caches hold is used.
    pub offline: bool,
    /// Leave the library alone.
    pub no_library: bool,
    /// Name of the image in the library instead of the source's; with several jobs each appends its source name.
    pub image: Option<String>,
    /// At most so many jobs at once; 0 is no limit.
    pub parallel: usize,
    /// `PACKER_RUN_UUID`.
    pub run_uuid: String,
    /// Free bytes where the output goes, when the caller looked.
    pub free_space: Option<u64>,
    /// When checkpoints are taken and how many are kept.
    pub checkpoints: Rules,
    /// Facts for the library that only the caller knows: the template's files and variables.
    pub provenance: Provenance,
    /// What the `library://` references of the template mean now, or why they cannot be used.
    pub parents: BTreeMap<String, Result<Parent, String>>,
}

/// A version of the library that something is made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parent {
    /// Its main disk.
    pub path: String,
    /// `sha256:…` of that file.
    pub checksum: String,
    /// What is recorded of it.
    pub source: SourceFact,
    /// What a person should know of it.
    pub warnings: Vec<String>,
}

/// Where an image came from, for the library's records. Holds no sensitive value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// The template's files: name to text.
    pub template_files: BTreeMap<String, String>,
    /// SHA-256 over them.
    pub template_digest: Option<String>,
    /// Variables that are not sensitive, by name.
    pub variables: BTreeMap<String, String>,
    /// Names of the sensitive ones.
    pub secret_variables: Vec<String>,
}

/// A plan together with what is needed to carry it out.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// What will be done, redacted: to print, show and journal.
    pub plan: Plan,
    pub(crate) jobs: Vec<Job>,
    pub(crate) host: HostFacts,
    pub(crate) request: PlanRequest,
    /// What each job's steps depend on, where checkpoints are possible.
    pub(crate) inputs: Vec<Option<Planned>>,
}

impl Prepared {
    /// The order for a worker. `sensitive` are the values that must never be shown; they travel to the worker on
    /// its standard input and nowhere else.
    pub fn order(self, build: BuildId, dirs: &Dirs, sensitive: Vec<String>) -> WorkOrder {
        WorkOrder {
            build,
            plan: self.plan,
            jobs: self.jobs,
            host: self.host,
            request: self.request,
            sensitive,
            dirs: Places::from(dirs),
            expected: BTreeMap::new(),
            run: None,
            test: None,
        }
    }
}

/// Everything a worker is told. Holds secrets: never printed, never written to a file.
#[derive(Clone, Serialize, Deserialize)]
pub struct WorkOrder {
    /// Which build.
    pub build: BuildId,
    /// What will be done.
    pub plan: Plan,
    pub(crate) jobs: Vec<Job>,
    pub(crate) host: HostFacts,
    pub(crate) request: PlanRequest,
    pub(crate) sensitive: Vec<String>,
    pub(crate) dirs: Places,
    /// How long each step took before: job, then step, to milliseconds.
    pub(crate) expected: BTreeMap<String, BTreeMap<String, u64>>,
    /// Run an image instead.
    #[serde(default)]
    pub(crate) run: Option<RunRequest>,
    /// Test an image instead.
    #[serde(default)]
    pub(crate) test: Option<TestRequest>,
}

impl WorkOrder {
    /// An order to run an image.
    pub(crate) fn of_run(
        build: BuildId,
        dirs: &Dirs,
        plan: Plan,
        request: PlanRequest,
        run: RunRequest,
    ) -> Self {
        WorkOrder {
            build,
            plan,
            jobs: Vec::new(),
            host: HostFacts::default(),
            request,
            sensitive: Vec::new(),
            dirs: Places::from(dirs),
            expected: BTreeMap::new(),
            run: Some(run),
            test: None,
        }
    }

    /// An order to test an image.
    pub(crate) fn of_test(
        build: BuildId,
        dirs: &Dirs,
        plan: Plan,
        request: PlanRequest,
        test: TestRequest,
        sensitive: Vec<String>,
    ) -> Self {
        let order = Self::of_run(build, dirs, plan, request, test.run.clone());
        WorkOrder { run: None, test: Some(test), sensitive, ..order }
    }
}

impl fmt::Debug for WorkOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WorkOrder({})", self.build)
    }
}

/// [`Dirs`] on its way to the worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Places {
    config: PathBuf,
    data: PathBuf,
    cache: PathBuf,
    state: PathBuf,
    runtime: PathBuf,
}

impl From<&Dirs> for Places {
    fn from(dirs: &Dirs) -> Self {
        Self {
            config: dirs.config.clone(),
            data: dirs.data.clone(),
            cache: dirs.cache.clone(),
            state: dirs.state.clone(),
            runtime: dirs.runtime.clone(),
        }
    }
}

impl From<Places> for Dirs {
    fn from(places: Places) -> Self {
        Self {
            config: places.config,
            data: places.data,
            cache: places.cache,
            state: places.state,
            runtime: places.runtime,
        }
    }
}
