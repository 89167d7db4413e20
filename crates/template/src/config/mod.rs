//! From documents to meaning.

mod analyzer;
mod builds;
mod component;
mod console;
mod foreign;
mod graph;
mod legacy;
mod model;
mod resolve;
mod selection;
mod steps;
#[cfg(test)]
mod tests;
mod top;
mod types;
mod uses;
mod variables;

use crate::diagnostic::Diagnostic;
use crate::eval::Scope;
use crate::files::Files;
use crate::project::Project;
use crate::types::Type;
use crate::value::Value;
use analyzer::Analyzer;
use selection::Selection;
use std::collections::BTreeMap;
use std::path::PathBuf;

pub(crate) use types::type_constraint;

pub use console::{Console, packer_text};
pub use resolve::Resolver;

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

/// The version of Packer whose language this is, for `required_version` and `packer.version`.
pub const PACKER_VERSION: &str = "1.16.0";

/// Evaluates a template. Never fails: problems are diagnostics, all of them at once.
pub fn analyze(project: &Project, files: &dyn Files, inputs: &Inputs) -> Analysis {
    let mut a = Analyzer::new(project, files, inputs);
    a.diagnostics = project.syntax_diagnostics();
    let (scope, variables, foreign_data) = if a.legacy {
        legacy::check(&mut a);
        let (values, variables) = legacy::variables(&mut a);
        a.user = values.into();
        (Scope::new(), variables, Vec::new())
    } else {
        for document in project.documents() {
            a.duplicates(document.body());
        }
        top::check(&mut a);
        top::packer(&mut a);
        let (values, variables) = variables::variables(&mut a);
        let mut scope = root_scope(project, inputs, values);
        let foreign_data = graph::evaluate(&mut a, &mut scope);
        (scope, variables, foreign_data)
    };
    let (sources, builds) = top::blocks(&mut a, &scope);
    let mut selection = match a.legacy {
        true => Selection::exact(&inputs.only, &inputs.except),
        false => Selection::new(&inputs.only, &inputs.except),
    };
    let jobs = builds::jobs(&mut a, &builds, &sources, &scope, &mut selection);
    a.diagnostics.extend(selection.unmatched());
    if jobs.is_empty() && !a.diagnostics.iter().any(Diagnostic::is_error) {
        let diagnostic = match (builds.is_empty(), selection.excluded.is_empty()) {
            (_, true) if a.legacy => {
                Diagnostic::error("build.none", "the template has no builder, so there is nothing to build")
                    .with_help("add \"builders\": [ { \"type\": \"qemu\" } ]")
            }
            (true, _) => Diagnostic::error(
                "build.none",
                "the template has no build block, so there is nothing to build",
            )
            .with_help("add build { sources = [\"source.type.name\"] }"),
            (false, false) => {
                Diagnostic::error("selection.nothing", "-only and -except leave nothing to build")
                    .with_help(format!("the builds are {}", selection.excluded.join(", ")))
            }
            (false, true) => {
                Diagnostic::error("build.none", "no build uses a source, so there is nothing to build")
            }
        };
        a.diagnostics.push(diagnostic);
    }
    let mut diagnostics = a.diagnostics;
    tidy(&mut diagnostics);
    let config = (!diagnostics.iter().any(Diagnostic::is_error)).then(|| Config {
        root: project.root().to_string_lossy().into_owned(),
        variables,
        jobs,
        excluded: selection.excluded,
        foreign_data,
    });
    Analysis { diagnostics, config, sensitive: a.sensitive }
}

/// The names every expression can use.
fn root_scope(project: &Project, inputs: &Inputs, variables: BTreeMap<String, Value>) -> Scope {
    let slashes = |path: &std::path::Path| Value::from(path.to_string_lossy().replace('\\', "/"));
    let path = BTreeMap::from([
        ("root".to_owned(), slashes(project.root())),
        ("cwd".to_owned(), slashes(&inputs.cwd)),
    ]);
    let packer = BTreeMap::from([
        ("version".to_owned(), Value::from(PACKER_VERSION)),
        ("iterationID".to_owned(), Value::unknown(Type::String, "packer.iterationID")),
        ("versionFingerprint".to_owned(), Value::unknown(Type::String, "packer.versionFingerprint")),
    ]);
    Scope::new()
        .with("var", "variable", variables)
        .with("local", "local", BTreeMap::new())
        .with("path", "", path)
        .with("packer", "", packer)
        .without("build", "values of the running build can be used in provisioners and post-processors only")
        .without(
            "source",
            "source.name and source.type can be used in sources, provisioners and post-processors only",
        )
}

/// One of each, in the order of the files. The same source in two builds is looked at twice.
fn tidy(diagnostics: &mut Vec<Diagnostic>) {
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(diagnostics.len());
    let mut seen = std::collections::HashSet::new();
    for diagnostic in diagnostics.drain(..) {
        let key = (diagnostic.code.clone(), diagnostic.message.clone(), diagnostic.place.clone());
        if seen.insert(key) {
            kept.push(diagnostic);
        }
    }
    kept.sort_by(|a, b| {
        let key = |d: &Diagnostic| d.place.as_ref().map(|place| (place.file.clone(), place.start));
        key(a).cmp(&key(b))
    });
    *diagnostics = kept;
}
