//! The steps of a test: wait until the copy is ready, run each suite, look whether the image is still the same.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use goldsmith_guest::{KeyPair, PrivateKey, Secret, SshTarget, Stage, TransferMethod, connect};
use goldsmith_library::life::{SuiteOutcome, SuiteResult};
use goldsmith_library::{ImageTool, Library, Version, VersionId};
use goldsmith_machine::{Lifecycle as _, MachineLadder, PortForward as _};
use tokio_util::sync::CancellationToken;

use super::define::Suite;
use super::report::{CaseStatus, Heard, SuiteReport, TestReport};
use super::runner::Running;
use super::{JUNIT, REPORT, TestRequest};
use crate::error::{Context as _, StepError};
use crate::journal::{LogStream, Unit};
use crate::pipeline::{Output, Step, StepContext};
use crate::plan::{Sketch, StepKind};
use crate::provision::{Communicator as _, SshGuest, sentence};
use crate::run::Copy;
use crate::steps::connect::died;
use crate::steps::library::{LibraryClock, library_error};

/// How the guest is called in the SSH configuration that runners get.
const ALIAS: &str = "guest";
/// The port SSH listens on in the guest.
const SSH: u16 = 22;
/// How long the guest may take to answer after a suite.
const STILL_THERE: Duration = Duration::from_secs(60);
/// How long cloud-init may take after the first login.
const FIRST_BOOT: &str =
    "test ! -x /usr/bin/cloud-init || timeout 600 cloud-init status --wait >/dev/null 2>&1";

/// A suite that was carried out.
pub(super) struct Ran {
    /// The runner and its version.
    pub(super) runner: String,
    /// What it left.
    pub(super) heard: Heard,
}

/// The guest, ready to be looked at.
pub(super) struct Reached {
    pub(super) ssh: SshGuest,
    /// It is not a POSIX system.
    pub(super) windows: bool,
    port: u16,
    user: String,
    folder: PathBuf,
    /// Name and value of what is said of the image.
    about: Vec<(&'static str, String)>,
}

impl Reached {
    pub(super) fn alias(&self) -> &'static str {
        ALIAS
    }

    pub(super) fn config(&self) -> PathBuf {
        self.folder.join("ssh_config")
    }

    pub(super) fn key(&self) -> PathBuf {
        self.folder.join("key")
    }

    fn inventory(&self) -> PathBuf {
        self.folder.join("inventory")
    }

    pub(super) fn url(&self) -> String {
        format!("ssh://{}@127.0.0.1:{}", self.user, self.port)
    }

    /// The facts a runner finds in its environment: our own names, Test Kitchen's and Serverspec's.
    pub(super) fn facts(&self, results: &Path) -> Vec<(&'static str, String)> {
        let text = |path: PathBuf| path.display().to_string();
        let mut facts = vec![
            ("IMG_HOST", "127.0.0.1".to_owned()),
            ("IMG_PORT", self.port.to_string()),
            ("IMG_USER", self.user.clone()),
            ("IMG_KEY", text(self.key())),
            ("IMG_SSH_CONFIG", text(self.config())),
            ("IMG_SSH_HOST", ALIAS.to_owned()),
            ("IMG_INVENTORY", text(self.inventory())),
            ("IMG_RESULTS", results.display().to_string()),
            ("TARGET_HOST", ALIAS.to_owned()),
            ("KITCHEN_HOSTNAME", "127.0.0.1".to_owned()),
            ("KITCHEN_PORT", self.port.to_string()),
            ("KITCHEN_USERNAME", self.user.clone()),
            ("KITCHEN_SSH_KEY", text(self.key())),
        ];
        facts.extend(self.about.clone());
        facts
    }

    fn write_files(&self, private: &Secret) -> std::io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let _ = std::fs::remove_file(self.key());
        goldsmith_process::durable::write_private(self.key(), private.expose().as_bytes())?;
        let (port, user, key) = (self.port, &self.user, self.key().display().to_string());
        // The host key of a throw-away copy is nobody's to remember.
        std::fs::write(
            self.config(),
            format!(
                "Host {ALIAS}\n  HostName 127.0.0.1\n  Port {port}\n  User {user}\n  IdentityFile {key}\n  IdentitiesOnly yes\n  \
                 StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n"
            ),
        )?;
        std::fs::write(
            self.inventory(),
            format!(
                "{ALIAS} ansible_host=127.0.0.1 ansible_port={port} ansible_user={user} ansible_ssh_private_key_file={key} \
                 ansible_ssh_common_args='-F {}'\n",
                self.config().display()
            ),
        )
    }
}

/// Waits for the guest; a guest that cannot be reached is an answer, not a failure: every suite then says so.
pub(super) struct WaitReady {
    pub(super) request: Arc<TestRequest>,
    pub(super) copy: Output<Copy>,
}

#[async_trait]
impl Step for WaitReady {
    type Output = Result<Reached, String>;

    fn sketch(&self) -> Sketch {
        Sketch::new(format!("Wait until {} is ready", self.request.login.user), StepKind::Wait)
    }

    async fn run(&self, cx: &StepContext) -> Result<Self::Output, StepError> {
        let copy = self.copy.get()?;
        match self.reach(cx, &copy).await {
            Err(error) if error.is_cancelled() || cx.cancel().is_cancelled() => Err(StepError::cancelled()),
            Err(error) => {
                cx.warn(format!("The guest cannot be looked at: {}", error.full()));
                Ok(Err(error.full()))
            }
            Ok(reached) => Ok(Ok(reached)),
        }
    }
}

impl WaitReady {
    async fn reach(&self, cx: &StepContext, copy: &Copy) -> Result<Reached, StepError> {
        let request = &self.request;
        let bad = |error: goldsmith_guest::KeyError| StepError::input(sentence(&error.to_string()));
        let pair = KeyPair::parse(Secret::new(&request.login.one_off)).map_err(bad)?;
        let address = copy
            .machine
            .forwarded(SSH)
            .ok_or_else(|| StepError::internal("The machine forwards no port to SSH."))?;
        let mut target = SshTarget::new(address.ip().to_string(), address.port(), &request.login.user);
        target = target.with_key(pair.private().clone());
        let mut foreign = false;
        if let Some(path) = &request.login.key_file {
            let text =
                std::fs::read_to_string(path).input(|| format!("Cannot read the key {}", path.display()))?;
            let key =
                PrivateKey::parse(&Secret::new(text), None, &path.display().to_string()).map_err(bad)?;
            target = target.with_key(key);
            foreign = true;
        }
        if let Some(password) = &request.login.password {
            target = target.with_password(Secret::new(password));
            foreign = true;
        }
        target.patience.timeout = Some(Duration::from_secs(request.wait_s));
        target.patience.handshake_attempts = None;
        target.transfer = TransferMethod::Sftp;
        let mut told = |stage: &Stage| cx.waiting("ssh", sentence(&stage.to_string()));
        let session = tokio::select! {
            connected = connect(&target, cx.cancel(), &mut told) => connected.map_err(|error| {
                if error.is_cancelled() { StepError::cancelled() } else { StepError::guest(sentence(&error.to_string())) }
            })?,
            ending = copy.machine.wait_stopped(None) => return Err(died(ending)),
        };
        let ssh = SshGuest::new(session);
        let mut answer = String::new();
        let kernel = ssh.exec(cx, "uname -s -m", &mut |_, line| answer.push_str(line)).await?;
        let windows = kernel.code != Some(0);
        if !windows {
            if foreign {
                let line = pair.public_openssh();
                let add = format!("umask 077; mkdir -p ~/.ssh && echo '{line}' >> ~/.ssh/authorized_keys");
                ssh.exec(cx, &add, &mut |stream, line| cx.log(stream, line)).await?;
            }
            cx.waiting("first_boot", "Waiting for the first boot to be over.");
            ssh.exec(cx, FIRST_BOOT, &mut |stream, line| cx.log(stream, line)).await?;
        }
        let (system, arch) = answer.split_once(' ').unwrap_or(("Windows", "x86_64"));
        let about = vec![
            ("IMG_OS", if windows { "windows".to_owned() } else { system.to_ascii_lowercase() }),
            ("IMG_ARCH", arch.trim().to_owned()),
            ("IMG_FIRMWARE", if request.run.efi.is_some() { "efi" } else { "bios" }.to_owned()),
            ("IMG_BUCKET", request.bucket.clone()),
            ("IMG_VERSION", request.number.to_string()),
            ("IMG_DIGEST", request.content.clone()),
        ];
        let folder = cx.runtime().join("suites");
        let user = request.login.user.clone();
        let reached = Reached { ssh, windows, port: address.port(), user, folder, about };
        reached
            .write_files(pair.private_openssh())
            .environment(|| format!("Cannot write the runners' files in {}", reached.folder.display()))?;
        cx.say(format!("Logged in as {}; the guest is {}.", reached.user, answer.trim()));
        Ok(reached)
    }
}

/// Runs one suite. Its verdict is its result: only a cancellation stops what comes after.
pub(super) struct RunSuite {
    pub(super) suite: Suite,
    pub(super) ready: Output<Result<Reached, String>>,
}

#[async_trait]
impl Step for RunSuite {
    type Output = SuiteReport;

    fn sketch(&self) -> Sketch {
        let mut sketch = Sketch::new(
            format!("Run the suite \"{}\" ({})", self.suite.name, self.suite.runner.name()),
            StepKind::Provision,
        );
        sketch.commands = self.suite.files.clone();
        sketch.inputs(&self.suite)
    }

    async fn run(&self, cx: &StepContext) -> Result<SuiteReport, StepError> {
        let began = Instant::now();
        let ready = self.ready.get()?;
        let (runner, judged) = match ready.as_ref() {
            Err(why) => {
                (self.suite.runner.name().to_owned(), (SuiteOutcome::Error, Vec::new(), Some(why.clone())))
            }
            Ok(guest) => self.judge(cx, guest).await?,
        };
        let (outcome, cases, message) = judged;
        let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let report =
            SuiteReport { suite: self.suite.name.clone(), runner, outcome, cases, message, duration_ms };
        cx.say(verdict_line(&report));
        Ok(report)
    }
}

type Judged = (SuiteOutcome, Vec<super::report::Case>, Option<String>);

impl RunSuite {
    async fn judge(&self, cx: &StepContext, guest: &Reached) -> Result<(String, Judged), StepError> {
        let name: String =
            self.suite.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let results = cx.build().journal.folder().join("results").join(name);
        std::fs::create_dir_all(&results)
            .environment(|| format!("Cannot make the folder {}", results.display()))?;
        let limit = CancellationToken::new();
        let inner = cx.with_cancel(limit.clone());
        let running = Running { cx: &inner, suite: &self.suite, guest, results };
        let within = Duration::from_secs(self.suite.limit_s);
        let mut late = false;
        let work = running.run();
        tokio::pin!(work);
        let ran = loop {
            tokio::select! {
                ran = &mut work => break ran,
                () = cx.cancel().cancelled(), if !limit.is_cancelled() => limit.cancel(),
                () = tokio::time::sleep(within), if !limit.is_cancelled() => {
                    late = true;
                    limit.cancel();
                }
            }
        };
        cx.check_cancel()?;
        let runner = self.suite.runner.name().to_owned();
        let error = |message: String| (SuiteOutcome::Error, Vec::new(), Some(message));
        if late {
            return Ok((runner, error(format!("it did not end within {} s", self.suite.limit_s))));
        }
        let ran = match ran {
            Ok(ran) => ran,
            Err(failed) => {
                let hints = failed.failure().hints.join(" ");
                return Ok((runner, error(format!("{} {hints}", failed.full()).trim().to_owned())));
            }
        };
        let judged = ran.heard.judge();
        // A guest that went away makes cases fail that would have passed.
        if judged.0 != SuiteOutcome::Pass && !self.still_there(cx, guest).await? {
            return Ok((
                ran.runner,
                (SuiteOutcome::Error, judged.1, Some("the guest no longer answers".to_owned())),
            ));
        }
        Ok((ran.runner, judged))
    }

    async fn still_there(&self, cx: &StepContext, guest: &Reached) -> Result<bool, StepError> {
        let mut silent = |_: LogStream, _: &str| {};
        let asked = tokio::time::timeout(STILL_THERE, guest.ssh.exec(cx, "exit 0", &mut silent)).await;
        cx.check_cancel()?;
        Ok(matches!(asked, Ok(Ok(exit)) if exit.code == Some(0)))
    }
}

fn verdict_line(report: &SuiteReport) -> String {
    let word = match report.outcome {
        SuiteOutcome::Pass => "passed",
        SuiteOutcome::Fail => "FAILED",
        SuiteOutcome::Error => "could not be told",
    };
    let counts = format!(
        "{} passed, {} failed, {} in error, {} skipped",
        report.count(CaseStatus::Passed),
        report.count(CaseStatus::Failed),
        report.count(CaseStatus::Error),
        report.count(CaseStatus::Skipped)
    );
    let why = report.message.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("{} {word} ({counts}){why}", report.suite)
}

/// Turns the copy off, proves that the image is what it was, and writes the verdicts down.
pub(super) struct Judge {
    pub(super) request: Arc<TestRequest>,
    pub(super) copy: Output<Copy>,
    pub(super) suites: Vec<Output<SuiteReport>>,
}

#[async_trait]
impl Step for Judge {
    type Output = ();

    fn sketch(&self) -> Sketch {
        Sketch::new("Record the verdicts", StepKind::Library)
    }

    async fn run(&self, cx: &StepContext) -> Result<(), StepError> {
        let copy = self.copy.get()?;
        copy.machine.stop(&MachineLadder::discard()).await;
        let request = &self.request;
        let suites = self.suites.iter().map(|suite| suite.get().map(|report| (*report).clone()));
        let suites: Vec<SuiteReport> = suites.collect::<Result<_, _>>()?;
        let mut report = TestReport {
            image: request.run.image.clone(),
            content: request.content.clone(),
            suites,
            unchanged: None,
        };
        let (library, version) = self.version(cx).await?;
        let launch = cx.launcher();
        let tool = ImageTool { launch: &*launch, qemu_img: &request.run.qemu_img };
        let mut progress = |done, total| cx.progress(done, Some(total), Unit::Bytes);
        let verified = library.verify(&version, &tool, cx.cancel(), &mut progress).await;
        let verified = verified.map_err(|error| {
            if cx.cancel().is_cancelled() { StepError::cancelled() } else { library_error(&error) }
        })?;
        report.unchanged = Some(verified.ok);
        self.write(cx, &report)?;
        if !verified.ok {
            return Err(StepError::guest(format!(
                "{} is not the same bytes as recorded, so that no verdict is kept.",
                request.run.image
            ))
            .hint("`goldsmith image verify` says which file differs."));
        }
        if request.record {
            for suite in &report.suites {
                library
                    .record_test(version.id, record(suite, &request.content))
                    .map_err(|e| library_error(&e))?;
            }
        }
        if report.passed() {
            return Ok(());
        }
        let bad: Vec<String> = report
            .suites
            .iter()
            .filter(|suite| suite.outcome != SuiteOutcome::Pass)
            .map(verdict_line)
            .collect();
        Err(StepError::guest(format!("{} did not pass: {}.", request.run.image, bad.join("; "))))
    }
}

impl Judge {
    async fn version(&self, cx: &StepContext) -> Result<(Library, Version), StepError> {
        let clock = Arc::new(LibraryClock(cx.build().clock.clone()));
        let folder = cx.dirs().library();
        let id: uuid::Uuid =
            self.request.version.parse().map_err(|_| StepError::internal("The version's id is not one."))?;
        cx.blocking(move |_| {
            let library = Library::open(&folder, clock).map_err(|error| library_error(&error))?;
            let version = library.version(VersionId(id)).map_err(|error| library_error(&error))?;
            Ok((library, version))
        })
        .await
    }

    fn write(&self, cx: &StepContext, report: &TestReport) -> Result<(), StepError> {
        let folder = cx.build().journal.folder();
        let json =
            serde_json::to_vec_pretty(report).map_err(|error| StepError::internal(error.to_string()))?;
        for (name, bytes) in [(REPORT, json), (JUNIT, report.junit().into_bytes())] {
            let path = folder.join(name);
            goldsmith_process::durable::write(&path, &bytes)
                .environment(|| format!("Cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

/// A suite's report as the library keeps it.
fn record(suite: &SuiteReport, content: &str) -> SuiteResult {
    SuiteResult {
        suite: suite.suite.clone(),
        runner: suite.runner.clone(),
        outcome: suite.outcome,
        passed: suite.count(CaseStatus::Passed),
        failed: suite.count(CaseStatus::Failed),
        errors: suite.count(CaseStatus::Error),
        skipped: suite.count(CaseStatus::Skipped),
        content: content.to_owned(),
        duration_ms: suite.duration_ms,
        message: suite.message.clone(),
        at: None,
    }
}
