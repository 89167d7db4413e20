//! Powering the machine off.
//!
//! Facts (packer.md 2.3): a `shutdown_command` is run and its exit status ignored; the machine must be off within
//! `shutdown_timeout`. Without a communicator the guest powers itself off within that time. Packer kills QEMU when
//! there is no command; here the power button is pressed first, so that the guest's file systems are clean.

use std::time::Duration;

use async_trait::async_trait;
use goldsmith_machine::{Lifecycle as _, MachineLadder};
use goldsmith_process::Rung;
use goldsmith_template::Text;
use serde_json::json;

use crate::error::StepError;
use crate::holes::fill;
use crate::names::Names;
use crate::pipeline::{Output, Step, StepContext};
use crate::plan::{Sketch, StepKind};
use crate::provision::meta::seconds;
use crate::steps::machine::Running;
use crate::steps::provision::Reached;

/// Powers the machine off.
pub(crate) struct PowerOff {
    pub(crate) machine: Output<Running>,
    pub(crate) guest: Option<Reached>,
    pub(crate) command: Option<Text>,
    pub(crate) timeout: Duration,
    pub(crate) names: Names,
}

#[async_trait]
impl Step for PowerOff {
    type Output = ();

    fn sketch(&self) -> Sketch {
        let sketch = match (&self.guest, &self.command) {
            (None, _) => Sketch::new("Wait for the machine to power off", StepKind::Shutdown),
            (_, Some(command)) => {
                Sketch::new("Shut the guest down", StepKind::Shutdown).command(command.display())
            }
            (_, None) => Sketch::new("Press the power button", StepKind::Shutdown),
        };
        sketch.inputs(&json!({ "command": self.command }))
    }

    async fn run(&self, cx: &StepContext) -> Result<(), StepError> {
        let running = self.machine.get()?;
        let result = match (&self.guest, &self.command) {
            (None, _) => self.wait(cx, &running, "The guest did not power itself off").await,
            (Some(guest), Some(command)) => {
                let command = fill(command, &self.names, &[])?;
                let guest = guest.get()?;
                // Many guests are gone before the command could report its end: only the end of the machine counts.
                let asking = async {
                    let mut log = |stream, line: &str| cx.log(stream, line);
                    if let Err(error) = guest.exec(cx, &command, &mut log).await
                        && !error.is_cancelled()
                    {
                        cx.say(format!("The shutdown command could not be followed: {}", error.full()));
                    }
                    std::future::pending::<()>().await
                };
                tokio::select! {
                    result = self.wait(cx, &running, "The guest was told to shut down and did not power off") => result,
                    () = asking => Ok(()),
                }
            }
            (Some(_), None) => self.button(cx, &running).await,
        };
        result?;
        running.stop_watching();
        running.holding.release().await
    }
}

impl PowerOff {
    async fn wait(&self, cx: &StepContext, running: &Running, otherwise: &str) -> Result<(), StepError> {
        cx.waiting("power_off", "Waiting for the machine to power off.");
        let ending = tokio::select! {
            ending = running.machine.wait_stopped(Some(self.timeout)) => ending,
            () = cx.cancel().cancelled() => return Err(StepError::cancelled()),
        };
        match ending {
            Some(_) => Ok(()),
            None => Err(StepError::guest(format!("{otherwise} within {}.", seconds(self.timeout))).hint(
                "Look at the guest's screen: it may ask something. Raise shutdown_timeout if it only needs longer.",
            )),
        }
    }

    async fn button(&self, cx: &StepContext, running: &Running) -> Result<(), StepError> {
        cx.waiting("power_off", "Pressed the power button; waiting for the guest to power off.");
        let ladder = MachineLadder::gentle(self.timeout);
        let stopped = tokio::select! {
            stopped = running.machine.stop(&ladder) => stopped,
            () = cx.cancel().cancelled() => return Err(StepError::cancelled()),
        };
        match stopped.rung {
            Rung::AlreadyStopped | Rung::Guest | Rung::Powerdown => {}
            rung => cx.warn(format!(
                "The guest did not react to the power button within {} and was cut off ({rung:?}): its file systems may need repair. Set shutdown_command.",
                seconds(self.timeout)
            )),
        }
        Ok(())
    }
}
