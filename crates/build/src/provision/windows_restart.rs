//! `windows-restart`: restarts a Windows guest and waits until it is back.
//!
//! Facts (packer.md 6; core, provisioner/windows-restart): the restart command may end with 0, 1115 or 1190 (one is
//! under way). Whether the guest still goes down is found out by asking for another restart in a minute: refused
//! (1115, 1190, 1717) means it is under way, accepted that it is up, and the test is taken back. Then the check
//! command, and an echo whose answer shows that PowerShell works, are repeated until they succeed; with
//! `check_registry` also until none of the keys is there.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use goldsmith_template::Text;
use goldsmith_template::options::WindowsRestartOptions;

use crate::error::StepError;
use crate::holes::fill;
use crate::plan::{Sketch, StepKind};
use crate::provision::elevated::encoded;
use crate::provision::meta::{pause, seconds};
use crate::provision::{Communicator, Exit, ProvisionContext, Provisioner};

const TEST: &str = "shutdown /r /f /t 60 /c \"packer restart test\"";
const TAKE_BACK: &str = "shutdown /a";
const ECHO: &str = "echo (\"{0} restarted.\" -f [System.Net.Dns]::GetHostName())";
const KEYS: [&str; 3] = [
    r"HKLM:SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending",
    r"HKLM:SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\PackagesPending",
    r"HKLM:Software\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootInProgress",
];

/// A restart of a Windows guest.
pub struct WindowsRestart {
    options: WindowsRestartOptions,
    /// Between two looks; Packer waits 5 s.
    again: Duration,
}

/// A command that PowerShell runs, in a form every shell passes on unharmed.
pub(crate) fn powershell(script: &str) -> String {
    format!(
        "powershell.exe -EncodedCommand {}",
        encoded(&format!("$ProgressPreference = 'SilentlyContinue';{script}"))
    )
}

/// Runs a command with its lines in the log and given back.
pub(crate) async fn heard(
    guest: &dyn Communicator,
    cx: &ProvisionContext,
    command: &str,
) -> Result<(Exit, String), StepError> {
    let mut said = String::new();
    let exit = guest
        .exec(&cx.step, command, &mut |stream, line| {
            cx.step.log(stream, line);
            said.push_str(line);
            said.push('\n');
        })
        .await?;
    Ok((exit, said))
}

/// A lost connection and a guest that opens no session are the same while it restarts.
fn unless_cancelled<T>(result: Result<T, StepError>) -> Result<Option<T>, StepError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_cancelled() => Err(error),
        Err(_) => Ok(None),
    }
}

impl WindowsRestart {
    /// With these options.
    pub fn new(options: WindowsRestartOptions) -> Self {
        Self { options, again: Duration::from_secs(5) }
    }

    /// Looks this often instead of every five seconds.
    #[cfg(test)]
    pub(crate) fn looking_every(mut self, again: Duration) -> Self {
        self.again = again;
        self
    }

    async fn order(
        &self,
        guest: &dyn Communicator,
        cx: &ProvisionContext,
        deadline: Instant,
    ) -> Result<(), StepError> {
        let command = fill(&self.options.restart_command, &cx.names, &[])?;
        loop {
            match guest.exec(&cx.step, &command, &mut |stream, line| cx.step.log(stream, line)).await {
                Ok(Exit { code: None | Some(0 | 1115 | 1190) }) => return Ok(()),
                Ok(Exit { code: Some(code) }) => {
                    return Err(StepError::guest(format!(
                        "The restart command ended with exit code {code}."
                    ))
                    .hint("Run it in the guest by hand, or set restart_command."));
                }
                Err(error) if error.is_cancelled() || Instant::now() >= deadline => return Err(error),
                Err(_) => pause(&cx.step, self.again).await?,
            }
        }
    }

    /// Until the guest no longer answers, or answers that no restart is under way.
    async fn until_down(
        &self,
        guest: &dyn Communicator,
        cx: &ProvisionContext,
        deadline: Instant,
    ) -> Result<(), StepError> {
        while Instant::now() < deadline {
            match unless_cancelled(guest.exec(&cx.step, TEST, &mut |_, _| {}).await)? {
                Some(Exit { code: Some(1115 | 1190 | 1717) }) => pause(&cx.step, self.again).await?,
                Some(Exit { code: Some(0) }) => {
                    unless_cancelled(guest.exec(&cx.step, TAKE_BACK, &mut |_, _| {}).await)?;
                    return Ok(());
                }
                _ => return Ok(()),
            }
        }
        Ok(())
    }

    async fn is_back(
        &self,
        guest: &dyn Communicator,
        cx: &ProvisionContext,
        checked: &mut bool,
    ) -> Result<bool, StepError> {
        if let (Some(check), false) = (&self.options.restart_check_command, *checked) {
            let check = fill(check, &cx.names, &[])?;
            match unless_cancelled(heard(guest, cx, &check).await)? {
                Some((Exit { code: Some(_) }, _)) => *checked = true,
                _ => return Ok(false),
            }
        }
        match unless_cancelled(heard(guest, cx, &powershell(ECHO)).await)? {
            Some((_, said)) if said.contains("restarted.") => {}
            _ => return Ok(false),
        }
        if !self.options.check_registry {
            return Ok(true);
        }
        let own: Vec<String> = self
            .options
            .registry_keys
            .iter()
            .map(|key| fill(key, &cx.names, &[]))
            .collect::<Result<_, _>>()?;
        let keys = if own.is_empty() { KEYS.iter().map(|key| (*key).to_owned()).collect() } else { own };
        for key in keys {
            let look = powershell(&format!("Test-Path \"{key}\""));
            match unless_cancelled(heard(guest, cx, &look).await)? {
                Some((_, said)) if !said.contains("True") => {}
                _ => {
                    cx.step.waiting(
                        "restart_pending",
                        format!("The registry key {key} says that a restart is pending."),
                    );
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

#[async_trait]
impl Provisioner for WindowsRestart {
    fn sketch(&self) -> Sketch {
        let mut sketch = Sketch::new("Restart Windows and wait until it is back", StepKind::Provision)
            .command(self.options.restart_command.display());
        sketch.commands.extend(self.options.restart_check_command.as_ref().map(Text::display));
        sketch.inputs(&self.options)
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        let guest = cx.guest()?;
        let deadline = Instant::now() + self.options.restart_timeout;
        self.order(guest, cx, deadline).await?;
        cx.step.waiting("restart", "Waiting until Windows has gone down.");
        self.until_down(guest, cx, deadline).await?;
        let mut checked = false;
        while Instant::now() < deadline {
            cx.step.waiting("restart", "Waiting until Windows is back.");
            pause(&cx.step, self.again).await?;
            if self.is_back(guest, cx, &mut checked).await? {
                cx.step.say("Windows is back.");
                return Ok(());
            }
        }
        Err(StepError::guest(format!(
            "Windows was not back within {} after its restart.",
            seconds(self.options.restart_timeout)
        ))
        .hint("Look at the guest's screen; raise restart_timeout when it only needs longer."))
    }
}
