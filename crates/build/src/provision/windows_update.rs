//! `windows-update`: installs Windows updates, with the restarts they need.
//!
//! The protocol and the options are those of the community's plugin (rgl/packer-plugin-windows-update); the script is
//! our own. A scheduled task runs it (Windows Update refuses sessions over the network). It says "Exiting with code
//! N" last; 0 means nothing is left, 101 (or 2147942501 on Windows Server 2012) that a restart comes first. Not run
//! against a real Windows here.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use goldsmith_template::options::WindowsUpdateOptions;

use crate::error::StepError;
use crate::holes::fill;
use crate::plan::{Sketch, StepKind};
use crate::provision::elevated::{Elevation, encoded, quoted, script};
use crate::provision::meta::{pause, seconds};
use crate::provision::windows_restart::heard;
use crate::provision::{Communicator, ProvisionContext, Provisioner};

const SCRIPT: &str = include_str!("windows-update.ps1");
const SCRIPT_PATH: &str = "C:/Windows/Temp/packer-windows-update.ps1";
const UPDATE_PATH: &str = "C:/Windows/Temp/packer-windows-update-elevated.ps1";
const CHECK_PATH: &str = "C:/Windows/Temp/packer-windows-update-pending-reboot-elevated.ps1";
const RESTART: &str = "shutdown.exe -f -r -t 0 -c \"packer restart\"";
const TEST: &str = "shutdown.exe -f -r -t 60 -c \"packer restart test\"";
const TAKE_BACK: &str = "shutdown.exe -a";

/// Windows updates.
pub struct WindowsUpdate {
    options: WindowsUpdateOptions,
    again: Duration,
}

/// How a run of the script ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Done,
    RestartFirst,
}

fn start(path: &str) -> String {
    format!("PowerShell -ExecutionPolicy Bypass -OutputFormat Text -File {path}")
}

impl WindowsUpdate {
    /// With these options.
    pub fn new(options: WindowsUpdateOptions) -> Self {
        Self { options, again: Duration::from_secs(5) }
    }

    /// Looks this often instead of every five seconds.
    #[cfg(test)]
    pub(crate) fn looking_every(mut self, again: Duration) -> Self {
        self.again = again;
        self
    }

    /// The script with its arguments, as the task runs it.
    fn update_command(&self, cx: &ProvisionContext) -> Result<String, StepError> {
        let mut line = SCRIPT_PATH.to_owned();
        if let Some(criteria) = &self.options.search_criteria {
            line.push_str(&format!(" -SearchCriteria {}", quoted(&fill(criteria, &cx.names, &[])?)));
        }
        if !self.options.filters.is_empty() {
            let filters: Result<Vec<String>, StepError> =
                self.options.filters.iter().map(|f| Ok(quoted(&fill(f, &cx.names, &[])?))).collect();
            line.push_str(&format!(" -Filters {}", filters?.join(",")));
        }
        line.push_str(&format!(" -UpdateLimit {}", self.options.update_limit));
        Ok(Self::wrapped(&line))
    }

    fn wrapped(line: &str) -> String {
        format!("PowerShell -ExecutionPolicy Bypass -OutputFormat Text -EncodedCommand {}", encoded(line))
    }

    async fn upload(&self, guest: &dyn Communicator, cx: &ProvisionContext) -> Result<(), StepError> {
        let user = fill(&self.options.username, &cx.names, &[])?;
        let password = match &self.options.password {
            Some(password) => fill(password, &cx.names, &[])?,
            None => String::new(),
        };
        let elevation = Elevation { user: &user, password: &password };
        let check = Self::wrapped(&format!("{SCRIPT_PATH} -OnlyCheckForRebootRequired"));
        for (path, command) in [(UPDATE_PATH, self.update_command(cx)?), (CHECK_PATH, check)] {
            // These are started again and again: they must not remove themselves.
            let name = format!("packer-windows-update-{}", cx.step.fresh());
            let text = script(&command, &elevation, &name, "C:/Windows/Temp/packer-none.ps1");
            guest.write(&cx.step, text.as_bytes(), path, 0o644).await?;
        }
        guest.write(&cx.step, SCRIPT.as_bytes(), SCRIPT_PATH, 0o644).await
    }

    async fn run_script(
        &self,
        guest: &dyn Communicator,
        cx: &ProvisionContext,
        path: &str,
    ) -> Result<Ended, StepError> {
        let (exit, said) = heard(guest, cx, &start(path)).await?;
        if !said.lines().any(|line| line.starts_with("Exiting with code ")) {
            return Err(StepError::guest("The Windows update script did not finish."));
        }
        match exit.code {
            Some(0) => Ok(Ended::Done),
            Some(101 | 2_147_942_501) => Ok(Ended::RestartFirst),
            code => Err(StepError::guest(format!(
                "The Windows update script ended with {}.",
                code.map_or_else(|| "a lost connection".to_owned(), |code| format!("exit code {code}"))
            ))),
        }
    }

    async fn round(&self, guest: &dyn Communicator, cx: &ProvisionContext) -> Result<Ended, StepError> {
        let mut tries = self.options.update_max_retries.max(1);
        loop {
            tries -= 1;
            match self.run_script(guest, cx, UPDATE_PATH).await {
                Err(error) if !error.is_cancelled() && tries > 0 => {
                    cx.step.say(format!("{} Trying again.", error.full()));
                    pause(&cx.step, self.again).await?;
                }
                other => return other,
            }
        }
    }

    /// Runs a command until it ends with 0.
    async fn until_zero(
        &self,
        guest: &dyn Communicator,
        cx: &ProvisionContext,
        command: &str,
    ) -> Result<(), StepError> {
        let deadline = Instant::now() + self.options.restart_timeout;
        loop {
            match guest.exec(&cx.step, command, &mut |_, _| {}).await {
                Ok(exit) if exit.code == Some(0) => return Ok(()),
                Err(error) if error.is_cancelled() => return Err(error),
                _ if Instant::now() >= deadline => {
                    return Err(StepError::guest(format!(
                        "Windows did not answer `{command}` within {}.",
                        seconds(self.options.restart_timeout)
                    ))
                    .hint("Look at the guest's screen; raise restart_timeout when it only needs longer."));
                }
                _ => pause(&cx.step, self.again).await?,
            }
        }
    }

    async fn restart(&self, guest: &dyn Communicator, cx: &ProvisionContext) -> Result<(), StepError> {
        loop {
            cx.step.waiting("restart", "Restarting Windows to go on with its updates.");
            self.until_zero(guest, cx, RESTART).await?;
            self.until_zero(guest, cx, TEST).await?;
            guest.exec(&cx.step, TAKE_BACK, &mut |_, _| {}).await?;
            let deadline = Instant::now() + self.options.restart_timeout;
            let ended = loop {
                match self.run_script(guest, cx, CHECK_PATH).await {
                    Err(error) if !error.is_cancelled() && Instant::now() < deadline => {
                        pause(&cx.step, self.again).await?;
                    }
                    other => break other?,
                }
            };
            if ended == Ended::Done {
                return Ok(());
            }
        }
    }
}

#[async_trait]
impl Provisioner for WindowsUpdate {
    fn sketch(&self) -> Sketch {
        Sketch::new("Install Windows updates, with restarts", StepKind::Provision)
            .command(start(UPDATE_PATH))
            .inputs(&(&self.options, SCRIPT))
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        let guest = cx.guest()?;
        self.upload(guest, cx).await?;
        while self.round(guest, cx).await? == Ended::RestartFirst {
            self.restart(guest, cx).await?;
        }
        Ok(())
    }
}
