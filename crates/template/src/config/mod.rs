//! From documents to meaning.

mod model;
mod types;

use crate::diagnostic::Diagnostic;
use crate::files::Files;
use crate::project::Project;
use std::collections::BTreeMap;
use std::path::PathBuf;

pub(crate) use types::type_constraint;

pub use model::{
    Config, Foreign, Job, Meta, Origin, PostProcessor, PostProcessorStep, Provisioner, ProvisionerStep,
    Source, Variable,
};

/// Everything from outside the template that its meaning depends on. Handed in by the caller: nothing here
/// looks at the environment, the clock or randomness.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// `-var name=value`, in order.
    pub vars: Vec<(String, String)>,
    /// `-var-file`, in order.
    pub var_files: Vec<PathBuf>,
    /// The environment, for `PKR_VAR_name` and `env("NAME")`.
    pub env: BTreeMap<String, String>,
    /// `-only` patterns.
    pub only: Vec<String>,
    /// `-except` patterns.
    pub except: Vec<String>,
    /// The working folder: `path.cwd`, and the base of relative options.
    pub cwd: PathBuf,
    /// The home folder, for `pathexpand`.
    pub home: Option<PathBuf>,
    /// The start of the run: `timestamp()` is constant in it.
    pub now: jiff::Timestamp,
    /// Identifies the run.
    pub run_uuid: uuid::Uuid,
    /// Seed of `uuidv4()` and `{{uuid}}`: the same seed gives the same values.
    pub random: u64,
    /// Whether functions may look outside the template's folder. False while a template is only opened:
    /// what would look outside is then unknown.
    pub external: bool,
}

impl Inputs {
    /// Inputs that say nothing and allow nothing: for opening a template in `cwd`.
    pub fn harmless(cwd: impl Into<PathBuf>) -> Inputs {
        Inputs {
            vars: Vec::new(),
            var_files: Vec::new(),
            env: BTreeMap::new(),
            only: Vec::new(),
            except: Vec::new(),
            cwd: cwd.into(),
            home: None,
            now: jiff::Timestamp::UNIX_EPOCH,
            run_uuid: uuid::Uuid::nil(),
            random: 0,
            external: false,
        }
    }
}

/// What was understood of a template, and everything that is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Analysis {
    /// All problems and remarks, in file order.
    pub diagnostics: Vec<Diagnostic>,
    /// The meaning; `None` when an error forbids a build.
    pub config: Option<Config>,
    /// Values that must never be shown.
    pub sensitive: Vec<String>,
}

/// Evaluates a template. Never fails: problems are diagnostics.
pub fn analyze(_project: &Project, _files: &dyn Files, _inputs: &Inputs) -> Analysis {
    todo!()
}
