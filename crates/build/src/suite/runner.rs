//! How each runner is started and what is read of what it leaves.
//!
//! Exit codes and report options are those of each tool's own documentation: pytest 7 (0 passed, 1 failed, 5 nothing
//! collected), RSpec 3 (1 for failures and for files that do not load, 0 also without examples), InSpec 5
//! (`docs/cli.md`: 100 some failed, 101 only skips), bats 1.8, goss 0.4 (`docs/cli.md`), Robot Framework 6 (the number
//! of failed tests, at most 250), oscap 1.3 (2 when a rule fails), Pester 5 (`TestResult.OutputFormat`). InSpec, goss,
//! Pester and Robot are tested with programs that only behave like them.

use std::path::{Path, PathBuf};

use goldsmith_process::{Invocation, find_program};

use super::define::{Runner, Suite};
use super::parse;
use super::report::{Case, CaseStatus, Heard};
use super::steps::{Ran, Reached};
use crate::error::{Context as _, StepError};
use crate::pipeline::StepContext;
use crate::provision::Communicator as _;

/// Where suites that run in the guest are put.
const THERE: &str = "/tmp/goldsmith-test";
const THERE_WINDOWS: &str = "C:/Windows/Temp/goldsmith-test";

/// A suite under way.
pub(super) struct Running<'a> {
    pub(super) cx: &'a StepContext,
    pub(super) suite: &'a Suite,
    pub(super) guest: &'a Reached,
    /// Where reports go.
    pub(super) results: PathBuf,
}

impl Running<'_> {
    /// Runs it; the runner's name and what it left.
    pub(super) async fn run(&self) -> Result<Ran, StepError> {
        match self.suite.runner {
            Runner::Shell => self.shell().await,
            Runner::Bats => self.bats().await,
            Runner::Testinfra => self.testinfra().await,
            Runner::Serverspec => self.serverspec().await,
            Runner::Inspec => self.inspec().await,
            Runner::Goss => self.goss().await,
            Runner::Pester => self.pester().await,
            Runner::Robot => self.robot().await,
            Runner::Openscap => self.openscap().await,
            Runner::Command => self.command().await,
        }
    }

    /// A program of this computer, by name.
    fn program(&self, names: &[&str], package: &str) -> Result<PathBuf, StepError> {
        let path = &self.cx.build().path;
        names.iter().find_map(|name| find_program(name, path)).ok_or_else(|| {
            StepError::environment(format!("{} is not installed on this computer.", names[0]))
                .hint(format!("It runs the suite \"{}\"; install {package}.", self.suite.name))
        })
    }

    /// The first line of what a program says of its version.
    async fn version(&self, program: &Path, arguments: &[&str]) -> String {
        let asked = Invocation::new(program).args(arguments).cwd(&self.suite.folder);
        let told = self.cx.run_with(&asked, &mut |_| {}).await;
        let text = told.map(|told| format!("{}\n{}", told.stdout, told.stderr)).unwrap_or_default();
        text.lines()
            .find(|line| line.chars().any(|c| c.is_ascii_digit()))
            .unwrap_or_default()
            .trim()
            .to_owned()
    }

    /// Runs a program of this computer with the facts of the guest around it.
    async fn here(&self, program: &Path, arguments: Vec<String>) -> Result<Here, StepError> {
        let mut inv = Invocation::new(program).args(arguments).cwd(&self.suite.folder);
        for (name, value) in self.guest.facts(&self.results) {
            inv = inv.env(name, value);
        }
        for (name, value) in &self.suite.env {
            inv = inv.env(name, value);
        }
        self.cx.say(format!("Running {}", inv.name()));
        let captured = self.cx.run(&inv).await?;
        Ok(Here { code: captured.exit.code.map(i64::from), stdout: captured.stdout })
    }

    fn report(&self, name: &str) -> PathBuf {
        self.results.join(name)
    }

    /// A report file, or why it is not there.
    fn read(&self, path: &Path) -> Result<String, String> {
        std::fs::read_to_string(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => "it left no report".to_owned(),
            _ => format!("its report cannot be read: {error}"),
        })
    }

    fn heard_junit(
        &self,
        report: &Path,
        here: &Here,
        failing: &'static [i64],
        fine: &'static [i64],
    ) -> Heard {
        let cases = self.read(report).and_then(|text| parse::junit(&text));
        Heard { cases, code: here.code, failing, fine }
    }

    async fn testinfra(&self) -> Result<Ran, StepError> {
        let package = "python3-testinfra (or pip install pytest-testinfra)";
        // A Python of the user's own may come first in PATH and know nothing of the system's packages.
        let own = self.program(&["python3"], package)?;
        let mut found = None;
        for python in [own, PathBuf::from("/usr/bin/python3")] {
            let ask = Invocation::new(&python).args(["-c", TESTINFRA]).cwd(&self.results);
            let told = self.cx.run_with(&ask, &mut |_| {}).await?;
            if told.exit.success() {
                found = Some((python, words(&told.stdout)));
                break;
            }
        }
        let Some((python, runner)) = found else {
            return Err(StepError::environment("Testinfra is not installed for python3 of this computer.")
                .hint(format!("It runs the suite \"{}\"; install {package}.", self.suite.name)));
        };
        let report = self.report("testinfra.xml");
        let mut arguments: Vec<String> =
            ["-m", "pytest", "-p", "no:cacheprovider", "--color=no"].map(str::to_owned).into();
        arguments.push(format!("--hosts=ssh://{}", self.guest.alias()));
        arguments.push(format!("--ssh-config={}", self.guest.config().display()));
        arguments.push(format!("--junitxml={}", report.display()));
        arguments.extend(self.suite.arguments.clone());
        arguments.extend(self.suite.files.clone());
        let here = self.here(&python, arguments).await?;
        Ok(Ran { runner, heard: self.heard_junit(&report, &here, &[1], &[]) })
    }

    async fn serverspec(&self) -> Result<Ran, StepError> {
        let rspec = self.program(&["rspec"], "ruby-serverspec (or gem install serverspec)")?;
        let version = self.version(&rspec, &["--version"]).await;
        let helper = self.report("goldsmith_serverspec.rb");
        std::fs::write(&helper, SERVERSPEC).environment(|| format!("Cannot write {}", helper.display()))?;
        let report = self.report("serverspec.json");
        let mut arguments = vec!["--require".to_owned(), helper.display().to_string()];
        arguments
            .extend(["--no-color", "--format", "progress", "--format", "json", "--out"].map(str::to_owned));
        arguments.push(report.display().to_string());
        arguments.extend(self.suite.arguments.clone());
        arguments.extend(self.suite.files.clone());
        let here = self.here(&rspec, arguments).await?;
        let cases = self.read(&report).and_then(|text| parse::rspec(&text));
        let heard = Heard { cases, code: here.code, failing: &[1], fine: &[] };
        Ok(Ran { runner: format!("serverspec, {version}"), heard })
    }

    async fn inspec(&self) -> Result<Ran, StepError> {
        let inspec = self.program(&["cinc-auditor", "inspec"], "cinc-auditor or inspec")?;
        let name = inspec.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let version = self.version(&inspec, &["version"]).await;
        let report = self.report("inspec.xml");
        let mut arguments = vec!["exec".to_owned()];
        arguments.extend(self.suite.files.clone());
        arguments.extend(["--target".to_owned(), self.guest.url()]);
        arguments.extend(["--key-files".to_owned(), self.guest.key().display().to_string()]);
        arguments.extend(["--no-color".to_owned(), "--reporter".to_owned(), "cli".to_owned()]);
        arguments.push(format!("junit2:{}", report.display()));
        arguments.extend(self.suite.arguments.clone());
        let here = self.here(&inspec, arguments).await?;
        Ok(Ran {
            runner: format!("{name} {version}"),
            heard: self.heard_junit(&report, &here, &[100, 1], &[101]),
        })
    }

    async fn bats(&self) -> Result<Ran, StepError> {
        let bats = self.program(&["bats"], "bats")?;
        let version = self.version(&bats, &["--version"]).await;
        let mut arguments = vec!["--tap".to_owned()];
        arguments.extend(self.suite.arguments.clone());
        arguments.extend(self.suite.files.clone());
        let here = self.here(&bats, arguments).await?;
        let cases = parse::tap(&here.stdout).unwrap_or_else(|| Err("it printed no TAP".to_owned()));
        Ok(Ran { runner: version, heard: Heard { cases, code: here.code, failing: &[1], fine: &[] } })
    }

    async fn robot(&self) -> Result<Ran, StepError> {
        let robot = self.program(&["robot"], "robotframework (pip) and its SSHLibrary")?;
        let version = self.version(&robot, &["--version"]).await;
        let report = self.report("robot.xml");
        let mut arguments = vec!["--consolecolors".to_owned(), "off".to_owned()];
        arguments.extend(["--outputdir".to_owned(), self.results.display().to_string()]);
        arguments.extend(["--xunit".to_owned(), report.display().to_string()]);
        for (name, value) in self.guest.facts(&self.results) {
            arguments.extend(["--variable".to_owned(), format!("{name}:{value}")]);
        }
        arguments.extend(self.suite.arguments.clone());
        arguments.extend(self.suite.files.clone());
        let here = self.here(&robot, arguments).await?;
        // Its exit code is the number of failed tests.
        Ok(Ran { runner: version, heard: self.heard_junit(&report, &here, &[], &[]) })
    }

    async fn command(&self) -> Result<Ran, StepError> {
        let (program, rest) = self
            .suite
            .files
            .split_first()
            .ok_or_else(|| StepError::input("The suite's command is empty."))?;
        let mut arguments = rest.to_vec();
        arguments.extend(self.suite.arguments.clone());
        let here = self.here(Path::new(program), arguments).await?;
        let mut cases = Vec::new();
        let mut why = None;
        for path in reports(&self.results) {
            match self.read(&path).and_then(|text| parse::junit(&text)) {
                Ok(more) => cases.extend(more),
                Err(error) => why = Some(error),
            }
        }
        let cases = match (why, cases.is_empty()) {
            (Some(why), _) => Err(why),
            (None, false) => Ok(cases),
            (None, true) => parse::tap(&here.stdout).unwrap_or_else(|| {
                let status = if here.code == Some(0) { CaseStatus::Passed } else { CaseStatus::Failed };
                let message = (here.code != Some(0)).then(|| ended(here.code));
                Ok(vec![Case::new(words(&self.suite.files.join(" ")), status, message)])
            }),
        };
        let name = Path::new(program).file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Ran { runner: name, heard: Heard { cases, code: here.code, failing: &[1], fine: &[] } })
    }

    // In the guest.

    fn there(&self) -> &'static str {
        if self.guest.windows { THERE_WINDOWS } else { THERE }
    }

    /// Makes the folder in the guest and puts a file or folder there; its path there.
    async fn put(&self, from: &Path) -> Result<String, StepError> {
        let there = self.there();
        let make = if self.guest.windows {
            format!("powershell -Command New-Item -Force -ItemType Directory -Path {there} ^| Out-Null")
        } else {
            format!("mkdir -p {there} && chmod 700 {there}")
        };
        self.must(&make, "make a folder for the tests").await?;
        let name = from.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let meta = std::fs::metadata(from).input(|| format!("Cannot read the test {}", from.display()))?;
        let to = format!("{there}/{name}");
        if meta.is_dir() {
            let from = from.display().to_string();
            self.guest.ssh.upload_dir(self.cx, from.trim_end_matches('/'), there).await?;
        } else {
            self.guest.ssh.upload(self.cx, from, &to).await?;
        }
        Ok(to)
    }

    async fn must(&self, command: &str, what: &str) -> Result<(), StepError> {
        let exit =
            self.guest.ssh.exec(self.cx, command, &mut |stream, line| self.cx.log(stream, line)).await?;
        match exit.code {
            Some(0) => Ok(()),
            _ => Err(StepError::guest(format!("The guest could not {what}."))),
        }
    }

    /// Runs a command in the guest; what it printed on standard output is kept.
    async fn exec(&self, command: &str) -> Result<Here, StepError> {
        let mut stdout = String::new();
        let mut on_line = |stream, line: &str| {
            self.cx.log(stream, line);
            if stream == crate::journal::LogStream::Stdout {
                stdout.push_str(line);
                stdout.push('\n');
            }
        };
        let exit = self.guest.ssh.exec(self.cx, command, &mut on_line).await?;
        Ok(Here { code: exit.code.map(i64::from), stdout })
    }

    /// `NAME='value' ` before a command of a POSIX shell.
    fn environment(&self) -> String {
        let quoted = |value: &str| value.replace('\'', r"'\''");
        self.suite.env.iter().map(|(name, value)| format!("{name}='{}' ", quoted(value))).collect()
    }

    async fn shell(&self) -> Result<Ran, StepError> {
        let (mut cases, mut failed) = (Vec::new(), Ok(()));
        let mut code = Some(0);
        for file in &self.suite.files {
            let path = Path::new(file);
            let there = self.put(path).await?;
            let arguments = shell_words(&self.suite.arguments);
            let script = std::fs::read(path).input(|| format!("Cannot read the test {file}"))?;
            let start =
                if script.starts_with(b"#!") { format!("chmod +x {there} && ") } else { "sh ".to_owned() };
            let run = if script.starts_with(b"#!") {
                format!("{start}{}{there}{arguments}", self.environment())
            } else {
                format!("{}{start}{there}{arguments}", self.environment())
            };
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            self.cx.say(format!("Running {name} in the guest"));
            let done = self.exec(&run).await?;
            match parse::tap(&done.stdout) {
                Some(Ok(more)) => cases.extend(more),
                Some(Err(why)) => failed = Err(format!("{name}: {why}")),
                None => {
                    let status = match done.code {
                        Some(0) => CaseStatus::Passed,
                        Some(_) => CaseStatus::Failed,
                        None => CaseStatus::Error,
                    };
                    let last = done.stdout.lines().rev().find(|line| !line.trim().is_empty());
                    let message = (status != CaseStatus::Passed).then(|| {
                        format!("{}{}", ended(done.code), last.map_or_else(String::new, |l| format!(": {l}")))
                    });
                    cases.push(Case::new(name, status, message));
                }
            }
            if done.code != Some(0) {
                code = done.code;
            }
        }
        let cases = failed.map(|()| cases);
        // Any code but 0 says that something failed, and which is the script's own matter.
        let heard = Heard { cases, code: code.map(|code| i64::from(code != 0)), failing: &[1], fine: &[] };
        Ok(Ran { runner: "shell".to_owned(), heard })
    }

    async fn goss(&self) -> Result<Ran, StepError> {
        let goss =
            self.program(&["goss"], "goss (github.com/goss-org/goss), built for the guest's system")?;
        let version = self.version(&goss, &["--version"]).await;
        let program = self.put(&goss).await?;
        let mut cases = Vec::new();
        let (mut code, mut failed) = (Some(0), Ok(()));
        for file in &self.suite.files {
            let there = self.put(Path::new(file)).await?;
            let arguments = shell_words(&self.suite.arguments);
            let run = format!(
                "chmod +x {program} && {}{program} -g {there} validate --no-color --format junit --retry-timeout 30s --sleep 1s{arguments}",
                self.environment()
            );
            let done = self.exec(&run).await?;
            match parse::junit(from_xml(&done.stdout)) {
                Ok(more) => cases.extend(more),
                Err(why) => failed = Err(why),
            }
            if done.code != Some(0) {
                code = done.code;
            }
        }
        let heard = Heard { cases: failed.map(|()| cases), code, failing: &[1], fine: &[] };
        Ok(Ran { runner: version, heard })
    }

    async fn openscap(&self) -> Result<Ran, StepError> {
        let mut cases = Vec::new();
        let mut failed = Ok(());
        let mut code = Some(0);
        let version = self.exec("oscap --version").await?;
        if version.code != Some(0) {
            return Err(StepError::input("There is no `oscap` in the guest.").hint(
                "Install openscap-scanner in the image, or in the guest by a suite that runs before.",
            ));
        }
        for file in &self.suite.files {
            let there = self.put(Path::new(file)).await?;
            let results = format!("{}/results.xml", self.there());
            let profile = match &self.suite.profile {
                Some(profile) => format!(" --profile '{profile}'"),
                None => String::new(),
            };
            let arguments = shell_words(&self.suite.arguments);
            let run = format!("oscap xccdf eval{profile} --results {results}{arguments} {there}");
            let done = self.exec(&run).await?;
            let local = self.report("openscap.xml");
            let _ = std::fs::remove_file(&local);
            // Without a result there is nothing to fetch: the reading below says so.
            let fetched = self.guest.ssh.download(self.cx, &results, &local).await;
            if self.cx.cancel().is_cancelled() {
                return Err(StepError::cancelled());
            }
            drop(fetched);
            match self.read(&local).and_then(|text| parse::xccdf(&text)) {
                Ok(more) => cases.extend(more),
                Err(why) => failed = Err(why),
            }
            if done.code != Some(0) {
                code = done.code;
            }
        }
        let runner = words(version.stdout.lines().next().unwrap_or("oscap"));
        Ok(Ran { runner, heard: Heard { cases: failed.map(|()| cases), code, failing: &[2], fine: &[] } })
    }

    async fn pester(&self) -> Result<Ran, StepError> {
        let mut cases = Vec::new();
        let (mut code, mut failed) = (Some(0), Ok(()));
        let shell = if self.guest.windows { "powershell" } else { "pwsh" };
        for file in &self.suite.files {
            let there = self.put(Path::new(file)).await?;
            let results = format!("{}/pester.xml", self.there());
            let script = format!(
                "$ErrorActionPreference = 'Stop'; Import-Module Pester -MinimumVersion 5.0; $c = New-PesterConfiguration; \
                 $c.Run.Path = '{there}'; $c.Run.Exit = $true; $c.TestResult.Enabled = $true; \
                 $c.TestResult.OutputFormat = 'JUnitXml'; $c.TestResult.OutputPath = '{results}'; Invoke-Pester -Configuration $c"
            );
            let run = format!("{shell} -NoProfile -NonInteractive -EncodedCommand {}", encoded(&script));
            let done = self.exec(&run).await?;
            let local = self.report("pester.xml");
            let _ = std::fs::remove_file(&local);
            drop(self.guest.ssh.download(self.cx, &results, &local).await);
            if self.cx.cancel().is_cancelled() {
                return Err(StepError::cancelled());
            }
            match self.read(&local).and_then(|text| parse::junit(&text)) {
                Ok(more) => cases.extend(more),
                Err(why) => failed = Err(why),
            }
            // With Run.Exit it is the number of failed tests.
            if done.code != Some(0) {
                code = done.code.map(|code| code.min(1));
            }
        }
        let heard = Heard { cases: failed.map(|()| cases), code, failing: &[1], fine: &[] };
        Ok(Ran { runner: "Pester".to_owned(), heard })
    }
}

/// What a program left.
struct Here {
    code: Option<i64>,
    stdout: String,
}

/// Says the versions of Testinfra and pytest.
const TESTINFRA: &str = "import pytest, testinfra\ntry:\n  from importlib.metadata import version\n  v = version('pytest-testinfra')\nexcept Exception:\n  v = ''\nprint('testinfra', v, 'pytest', pytest.__version__)";

/// Serverspec over the build's own SSH configuration; without it the suite's helper would have to know all this.
const SERVERSPEC: &str = r#"require 'serverspec'
require 'net/ssh'

set :backend, :ssh
set :host, ENV['TARGET_HOST']
set :ssh_options, Net::SSH::Config.for(ENV['TARGET_HOST'], [ENV['IMG_SSH_CONFIG']]).merge(
  user: ENV['IMG_USER'], keys: [ENV['IMG_KEY']], keys_only: true, verify_host_key: :never
)
set :disable_sudo, ENV['IMG_USER'] == 'root'
"#;

fn ended(code: Option<i64>) -> String {
    match code {
        Some(code) => format!("ended with exit code {code}"),
        None => "the connection went away".to_owned(),
    }
}

/// One line of words.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// ` 'a' 'b'`.
fn shell_words(arguments: &[String]) -> String {
    arguments.iter().map(|word| format!(" '{}'", word.replace('\'', r"'\''"))).collect()
}

/// From the first tag on: a program may say something before.
fn from_xml(text: &str) -> &str {
    text.find('<').map_or(text, |at| &text[at..])
}

/// PowerShell takes a script as base64 of UTF-16.
fn encoded(script: &str) -> String {
    use base64::Engine as _;
    let bytes: Vec<u8> = script.encode_utf16().flat_map(u16::to_le_bytes).collect();
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// The XML files a command left in its results folder, by name.
fn reports(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "xml"))
        .collect();
    found.sort();
    found
}
