//! `reboot`: restarts a Unix guest and waits until it runs with another boot id. Goldsmith's own.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use goldsmith_template::options::RebootOptions;

use crate::error::StepError;
use crate::holes::fill;
use crate::plan::{Sketch, StepKind};
use crate::provision::meta::{pause, seconds};
use crate::provision::{Communicator, ProvisionContext, Provisioner};

/// Linux: an id of its own for each boot. FreeBSD and others: the time of the boot.
const BOOT_ID: &str = "cat /proc/sys/kernel/random/boot_id 2>/dev/null || sysctl -n kern.boottime";
const AGAIN: Duration = Duration::from_millis(500);

/// A restart of a Unix guest.
pub struct Reboot {
    options: RebootOptions,
}

impl Reboot {
    /// With these options.
    pub fn new(options: RebootOptions) -> Self {
        Self { options }
    }
}

async fn boot_id(guest: &dyn Communicator, cx: &ProvisionContext) -> Result<Option<String>, StepError> {
    let mut id = String::new();
    let exit = guest.exec(&cx.step, BOOT_ID, &mut |_, line| id.push_str(line.trim())).await?;
    Ok((exit.code == Some(0) && !id.is_empty()).then_some(id))
}

#[async_trait]
impl Provisioner for Reboot {
    fn sketch(&self) -> Sketch {
        Sketch::new("Reboot the guest and wait until it is back", StepKind::Provision)
            .command(self.options.command.display())
            .inputs(&self.options)
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        let guest = cx.guest()?;
        let before = boot_id(guest, cx).await?.ok_or_else(|| {
            StepError::guest("The guest does not say which boot this is, so that a reboot could not be seen.")
                .hint("A Windows guest is restarted by the provisioner windows-restart.")
        })?;
        let command = fill(&self.options.command, &cx.names, &[])?;
        let asked = format!(
            "if [ \"$(id -u)\" = 0 ]; then {command}; else sudo -n sh -c '{}'; fi",
            command.replace('\'', r"'\''")
        );
        let exit = guest.exec(&cx.step, &asked, &mut |stream, line| cx.step.log(stream, line)).await?;
        if let Some(code) = exit.code.filter(|code| *code != 0 && *code < 128) {
            return Err(StepError::guest(format!("The guest did not take `{command}` (exit code {code})."))
                .hint("Log in as root, or let the user run it through sudo without a password."));
        }
        let deadline = Instant::now() + self.options.restart_timeout;
        cx.step.waiting("reboot", "Waiting until the guest is back.");
        while Instant::now() < deadline {
            // While it goes down the old system may still answer, or nobody.
            match boot_id(guest, cx).await {
                Ok(Some(id)) if id != before => {
                    cx.step.say(format!("The guest is back; its boot id is {id} now."));
                    return Ok(());
                }
                Err(error) if error.is_cancelled() => return Err(error),
                _ => pause(&cx.step, AGAIN).await?,
            }
            match guest.reconnect(&cx.step).await {
                Err(error) if error.is_cancelled() => return Err(error),
                _ => {}
            }
        }
        Err(StepError::guest(format!(
            "The guest was not back within {} after its reboot.",
            seconds(self.options.restart_timeout)
        ))
        .hint("Look at the guest's screen; raise restart_timeout when it only needs longer."))
    }
}
