//! One provisioner as a step.

use std::sync::Arc;

use async_trait::async_trait;
use goldsmith_machine::Lifecycle as _;
use goldsmith_template::config::Meta;

use crate::error::StepError;
use crate::names::Names;
use crate::pipeline::{Output, Step, StepContext};
use crate::plan::Sketch;
use crate::provision::{Communicator, ProvisionContext, Provisioner, SshGuest, meta};
use crate::steps::connect::died;
use crate::steps::machine::Running;

/// Where provisioners find the guest.
#[derive(Clone)]
pub(crate) struct Reach {
    pub(crate) guest: Option<Output<Arc<SshGuest>>>,
    pub(crate) machine: Output<Running>,
    pub(crate) names: Names,
}

impl Reach {
    fn context(&self, cx: &StepContext) -> Result<ProvisionContext, StepError> {
        let guest = match &self.guest {
            Some(output) => Some(output.get()?.as_ref().clone() as Arc<dyn Communicator>),
            None => None,
        };
        Ok(ProvisionContext { step: cx.clone(), guest, names: self.names.clone() })
    }
}

/// Runs a provisioner.
pub(crate) struct Provision {
    pub(crate) provisioner: Arc<dyn Provisioner>,
    pub(crate) meta: Meta,
    pub(crate) reach: Reach,
    /// Run at the end of a build that failed, while the guest is still there; set on the first provisioner only.
    pub(crate) cleanup: Option<(Arc<dyn Provisioner>, Meta)>,
}

#[async_trait]
impl Step for Provision {
    type Output = ();

    fn sketch(&self) -> Sketch {
        let mut sketch = self.provisioner.sketch();
        if let Some(name) = &self.meta.name {
            sketch.title.clone_from(name);
        }
        sketch
    }

    async fn run(&self, cx: &StepContext) -> Result<(), StepError> {
        let context = self.reach.context(cx)?;
        let running = self.reach.machine.get()?;
        if let Some((provisioner, meta)) = self.cleanup.clone() {
            let (context, machine) = (context.clone(), running.machine.clone());
            cx.on_failure("The error-cleanup-provisioner", move || async move {
                // Once the machine is off there is nothing left to clean up in it.
                if !machine.is_running() {
                    return Ok(());
                }
                context.step.say("Running the error-cleanup-provisioner.");
                meta::run(&*provisioner, &meta, &context).await
            });
        }
        let provisioning = meta::run(&*self.provisioner, &self.meta, &context);
        tokio::pin!(provisioning);
        tokio::select! {
            result = &mut provisioning => result,
            ending = running.machine.wait_stopped(None) => {
                // The guest may have been told to power off by the very last script.
                match tokio::time::timeout(GRACE, &mut provisioning).await {
                    Ok(result) => result,
                    Err(_) => Err(died(ending)),
                }
            }
        }
    }
}

/// How long a provisioner may still take once the machine is off.
const GRACE: std::time::Duration = std::time::Duration::from_secs(2);
