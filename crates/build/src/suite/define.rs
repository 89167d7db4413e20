//! What a test suite is, as `*.goldsmith.hcl` beside a template or the command line says it.
//!
//! Packer reads `*.pkr.hcl` and `*.pkr.json` of a folder and nothing else, so that a file of this name can stand beside
//! a template without Packer noticing it (decision 0030).

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use goldsmith_template::budget::Budget;
use goldsmith_template::diagnostic::Place;
use goldsmith_template::eval::{Evaluator, Scope};
use goldsmith_template::functions::Context;
use goldsmith_template::syntax::FileId;
use goldsmith_template::syntax::ast::{Attribute, Block};
use goldsmith_template::{Document, Files, Inputs, Value};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The end of a file's name that holds suites.
pub const FILE_END: &str = ".goldsmith.hcl";

/// How long a suite may take when it does not say.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// What runs a suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Runner {
    /// Scripts in the guest; each is a case, or prints TAP.
    Shell,
    /// bats on this computer.
    Bats,
    /// pytest with Testinfra on this computer.
    Testinfra,
    /// RSpec with Serverspec on this computer.
    Serverspec,
    /// `cinc-auditor`, else `inspec`, on this computer.
    Inspec,
    /// goss in the guest; the program of this computer is copied there.
    Goss,
    /// Pester in the guest's PowerShell.
    Pester,
    /// Robot Framework on this computer.
    Robot,
    /// OpenSCAP in the guest.
    Openscap,
    /// A command of this computer; it leaves JUnit or TAP, or its exit code counts.
    Command,
}

impl Runner {
    /// All of them.
    pub const ALL: [Runner; 10] = [
        Runner::Shell,
        Runner::Bats,
        Runner::Testinfra,
        Runner::Serverspec,
        Runner::Inspec,
        Runner::Goss,
        Runner::Pester,
        Runner::Robot,
        Runner::Openscap,
        Runner::Command,
    ];

    /// Its name in a file and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Runner::Shell => "shell",
            Runner::Bats => "bats",
            Runner::Testinfra => "testinfra",
            Runner::Serverspec => "serverspec",
            Runner::Inspec => "inspec",
            Runner::Goss => "goss",
            Runner::Pester => "pester",
            Runner::Robot => "robot",
            Runner::Openscap => "openscap",
            Runner::Command => "command",
        }
    }

    /// The runner of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|runner| runner.name() == name)
    }
}

/// A suite of tests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Suite {
    /// Its name; a channel's policy asks for it by this.
    pub name: String,
    /// What runs it.
    pub runner: Runner,
    /// Test files or folders, absolute; for `command` the command's words.
    pub files: Vec<String>,
    /// Further arguments for the runner.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// The OpenSCAP profile.
    #[serde(default)]
    pub profile: Option<String>,
    /// Environment variables for it.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Images it is for; all when empty.
    #[serde(default)]
    pub images: Vec<String>,
    /// The folder it runs in.
    pub folder: PathBuf,
    /// How long it may take, in seconds.
    #[ts(type = "number")]
    pub limit_s: u64,
}

impl Suite {
    /// A suite as the command line names it: its name is the runner's.
    pub fn new(runner: Runner, files: Vec<String>, folder: PathBuf) -> Self {
        Self {
            name: runner.name().to_owned(),
            runner,
            files,
            arguments: Vec::new(),
            profile: None,
            env: BTreeMap::new(),
            images: Vec::new(),
            folder,
            limit_s: LIMIT.as_secs(),
        }
    }

    /// Whether it is for an image.
    pub fn is_for(&self, image: &str) -> bool {
        self.images.is_empty() || self.images.iter().any(|name| name == image)
    }
}

/// What the `*.goldsmith.hcl` files of a folder say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Defined {
    /// The suites, in order.
    pub suites: Vec<Suite>,
    /// The user to log in as (`login { user = "admin" }`).
    pub user: Option<String>,
    /// A private key the image accepts (`login { key = "id" }`), absolute.
    pub key: Option<PathBuf>,
}

/// Why suites cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DefineError {
    /// The folder or file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// It says something wrong.
    #[error("{message} ({place})")]
    Wrong {
        /// What.
        message: String,
        /// Where.
        place: Box<Place>,
    },
}

/// The suites of the `*.goldsmith.hcl` files of a folder, in order of file and place.
pub fn read(files: &dyn Files, folder: &Path) -> Result<Defined, DefineError> {
    let wrap = |path: &Path| {
        let path = path.to_owned();
        move |source| DefineError::Read { path, source }
    };
    let mut defined = Defined::default();
    for path in files.list(folder).map_err(wrap(folder))? {
        if !path.to_string_lossy().ends_with(FILE_END) {
            continue;
        }
        let bytes = files.read(&path).map_err(wrap(&path))?;
        let document = Document::new(FileId(0), &path, bytes);
        if let Some(error) = document.diagnostics().iter().find(|diagnostic| diagnostic.is_error()) {
            let place = Box::new(error.place.clone().unwrap_or_else(|| document.place(0..0)));
            return Err(DefineError::Wrong { message: error.message.clone(), place });
        }
        let inputs = Inputs::harmless(folder);
        let reading = Reading { document: &document, files, inputs: &inputs, folder };
        for block in document.body().blocks() {
            if block.kind.name == "login" {
                reading.login(block, &mut defined)?;
                continue;
            }
            let suite = reading.suite(block)?;
            if defined.suites.iter().any(|known| known.name == suite.name) {
                return Err(
                    reading.wrong(block.header, format!("there are two suites named \"{}\"", suite.name))
                );
            }
            defined.suites.push(suite);
        }
        if let Some(stray) = document.body().attributes().next() {
            return Err(
                reading.wrong(stray.span, "only `test` and `login` blocks stand at the top of this file")
            );
        }
    }
    Ok(defined)
}

struct Reading<'a> {
    document: &'a Document,
    files: &'a dyn Files,
    inputs: &'a Inputs,
    folder: &'a Path,
}

impl Reading<'_> {
    fn wrong(&self, span: goldsmith_template::syntax::Span, message: impl Into<String>) -> DefineError {
        DefineError::Wrong { message: message.into(), place: Box::new(self.document.place_of(span)) }
    }

    fn login(&self, block: &Block, defined: &mut Defined) -> Result<(), DefineError> {
        for attribute in block.body.attributes() {
            let text = self.text(attribute, &self.value(attribute)?)?;
            match attribute.name.name.as_str() {
                "user" => defined.user = Some(text),
                "key" => defined.key = Some(self.folder.join(text)),
                other => {
                    let message = format!(
                        "a login has no \"{other}\"; it has user and key (a password is given in GOLDSMITH_TEST_PASSWORD)"
                    );
                    return Err(self.wrong(attribute.span, message));
                }
            }
        }
        Ok(())
    }

    fn suite(&self, block: &Block) -> Result<Suite, DefineError> {
        if block.kind.name != "test" {
            let message = format!(
                "a `{}` block does not belong here; this file holds `test` and `login` blocks",
                block.kind.name
            );
            return Err(self.wrong(block.header, message));
        }
        let Some(name) = block.label(0).filter(|name| !name.trim().is_empty()) else {
            return Err(self.wrong(block.header, "a test block needs a name: test \"smoke\" { ... }"));
        };
        let mut suite = Suite::new(Runner::Shell, Vec::new(), self.folder.to_owned());
        name.clone_into(&mut suite.name);
        let mut runner = None;
        let mut command = false;
        for attribute in block.body.attributes() {
            let value = self.value(attribute)?;
            let text = |value: &Value| self.text(attribute, value);
            match attribute.name.name.as_str() {
                "runner" => {
                    let word = text(&value)?;
                    runner = Some(Runner::named(&word).ok_or_else(|| {
                        let known: Vec<&str> = Runner::ALL.iter().map(|runner| runner.name()).collect();
                        let message = format!("\"{word}\" is no runner; use one of {}", known.join(", "));
                        self.wrong(attribute.span, message)
                    })?);
                }
                "files" => suite.files = self.list(attribute, &value)?,
                "command" => {
                    command = true;
                    suite.files = match value.as_str() {
                        Some(line) => vec!["/bin/sh".to_owned(), "-c".to_owned(), line.to_owned()],
                        None => self.list(attribute, &value)?,
                    };
                }
                "arguments" => suite.arguments = self.list(attribute, &value)?,
                "images" => suite.images = self.list(attribute, &value)?,
                "profile" => suite.profile = Some(text(&value)?),
                "timeout" => {
                    let word = text(&value)?;
                    suite.limit_s = seconds(&word).ok_or_else(|| {
                        self.wrong(attribute.span, format!("\"{word}\" is no time; write 90s, 10m or 1h"))
                    })?;
                }
                "env" => {
                    let Some(entries) = value.as_entries() else {
                        return Err(self.wrong(attribute.span, "env is written { NAME = \"value\" }"));
                    };
                    for (name, value) in entries {
                        suite.env.insert(name.clone(), text(value)?);
                    }
                }
                other => {
                    let message = format!(
                        "a test has no \"{other}\"; it has runner, files, command, arguments, profile, images, env and timeout"
                    );
                    return Err(self.wrong(attribute.span, message));
                }
            }
        }
        if let Some(inner) = block.body.blocks().next() {
            return Err(self.wrong(inner.header, "a test holds no further blocks"));
        }
        suite.runner = match (runner, command) {
            (None | Some(Runner::Command), true) => Runner::Command,
            (Some(_), true) => {
                return Err(self.wrong(block.header, "`command` is for the runner \"command\" only"));
            }
            (Some(Runner::Command), false) => {
                return Err(self.wrong(block.header, "the runner \"command\" needs `command`"));
            }
            (Some(runner), false) => runner,
            (None, false) => return Err(self.wrong(block.header, "a test needs a `runner` or a `command`")),
        };
        if suite.files.is_empty() {
            return Err(self.wrong(block.header, "a test needs at least one file (`files`)"));
        }
        if suite.runner != Runner::Command {
            suite.files = suite
                .files
                .iter()
                .map(|file| self.folder.join(file).to_string_lossy().into_owned())
                .collect();
        }
        Ok(suite)
    }

    fn value(&self, attribute: &Attribute) -> Result<Value, DefineError> {
        let (drawn, budget) = (Cell::new(0), Budget::default());
        let context = Context {
            files: self.files,
            root: self.folder,
            inputs: self.inputs,
            drawn: &drawn,
            budget: &budget,
            in_template: false,
        };
        let scope = Scope::new();
        let mut evaluator = Evaluator::new(&scope, &context);
        let value = evaluator.eval(&attribute.value);
        match evaluator.faults.first() {
            Some(fault) => Err(self.wrong(fault.span, fault.message.clone())),
            None => Ok(value),
        }
    }

    fn text(&self, attribute: &Attribute, value: &Value) -> Result<String, DefineError> {
        let text = value.to_text().and_then(|text| text.known().map(|text| text.to_string()));
        text.ok_or_else(|| self.wrong(attribute.span, format!("{} is a text", attribute.name.name)))
    }

    fn list(&self, attribute: &Attribute, value: &Value) -> Result<Vec<String>, DefineError> {
        match value.as_elements() {
            Some(elements) => elements.iter().map(|element| self.text(attribute, element)).collect(),
            None => {
                let message = format!("{0} is a list: {0} = [\"...\"]", attribute.name.name);
                Err(self.wrong(attribute.span, message))
            }
        }
    }
}

/// `90s`, `10m`, `1h`.
fn seconds(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at(text.len().checked_sub(1)?);
    let number: u64 = number.parse().ok()?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    number.checked_mul(unit).filter(|seconds| *seconds > 0)
}

#[cfg(test)]
mod tests {
    use goldsmith_template::MemoryFiles;

    use super::*;

    fn read_text(text: &str) -> Result<Defined, String> {
        let files = MemoryFiles::new()
            .with("/t/web.pkr.hcl", "source \"null\" \"x\" {}\n")
            .with("/t/tests.goldsmith.hcl", text);
        read(&files, Path::new("/t")).map_err(|error| error.to_string())
    }

    #[test]
    fn suites_stand_beside_the_template() {
        let defined = read_text(
            r#"
login {
  user = "admin"
  key  = "keys/id"
}
test "smoke" {
  runner  = "shell"
  files   = ["tests/${lower("BOOT")}.sh", "/abs/x.sh"]
  images  = ["web"]
  timeout = "90s"
  env     = { SITE = "example.org", N = 3 }
}
test "deploy" {
  command = "make check"
}
"#,
        )
        .unwrap();
        assert_eq!(
            (defined.user.as_deref(), defined.key.as_deref()),
            (Some("admin"), Some(Path::new("/t/keys/id")))
        );
        let suites = defined.suites;
        assert_eq!(suites[0].files, ["/t/tests/boot.sh", "/abs/x.sh"]);
        assert_eq!((suites[0].limit_s, suites[0].env["N"].as_str()), (90, "3"));
        assert!(suites[0].is_for("web") && !suites[0].is_for("db") && suites[1].is_for("db"));
        assert_eq!(suites[1].runner, Runner::Command);
        assert_eq!(suites[1].files, ["/bin/sh", "-c", "make check"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, words) in [
            ("test \"a\" {\n  runner = \"nose\"\n}\n", "\"nose\" is no runner; use one of shell, bats"),
            ("test \"a\" {\n  runner = \"bats\"\n}\n", "needs at least one file"),
            ("test \"a\" { files = [\"x\"] }\n", "needs a `runner`"),
            ("test \"a\" {\n  runner = \"bats\"\n  file = \"x\"\n}\n", "has no \"file\""),
            ("test \"a\" {\n  runner = \"bats\"\n  files = \"x\"\n}\n", "files is a list"),
            ("test \"a\" {\n  runner = \"bats\"\n  files = [var.x]\n}\n", ":3:"),
            ("test {\n}\n", "needs a name"),
            ("source \"qemu\" \"x\" {}\n", "does not belong here"),
            ("x = 1\n", "only `test` and"),
            ("login {\n  password = \"x\"\n}\n", "GOLDSMITH_TEST_PASSWORD"),
            (
                "test \"a\" {\n  command = [\"true\"]\n}\ntest \"a\" {\n  command = [\"true\"]\n}\n",
                "two suites",
            ),
            ("test \"a\" {\n", "tests.goldsmith.hcl:"),
            ("test \"a\" {\n  command = \"x\"\n  timeout = \"soon\"\n}\n", "is no time"),
        ] {
            let error = read_text(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
