//! One provisioner as a step.

use std::sync::Arc;

use async_trait::async_trait;
use goldsmith_machine::Lifecycle as _;
use goldsmith_template::config::Meta;

use crate::checkpoint::JobCheckpoints;
use crate::error::StepError;
use crate::journal::AskedScript;
use crate::names::Names;
use crate::pipeline::{Output, Step, StepContext};
use crate::plan::Sketch;
use crate::provision::{Communicator, ProvisionContext, Provisioner, SshGuest, WinrmGuest, meta};
use crate::steps::connect::died;
use crate::steps::login::Login;
use crate::steps::machine::Running;

/// The guest, once it has let us in.
#[derive(Clone)]
pub(crate) enum Reached {
    Ssh(Output<Arc<SshGuest>>),
    Winrm(Output<Arc<WinrmGuest>>),
}

impl Reached {
    pub(crate) fn get(&self) -> Result<Arc<dyn Communicator>, StepError> {
        Ok(match self {
            Self::Ssh(output) => output.get()?.as_ref().clone(),
            Self::Winrm(output) => output.get()?.as_ref().clone(),
        })
    }
}

/// Where provisioners find the guest.
#[derive(Clone)]
pub(crate) struct Reach {
    pub(crate) guest: Option<Reached>,
    /// None when the source boots none.
    pub(crate) machine: Option<Output<Running>>,
    pub(crate) names: Names,
}

impl Reach {
    fn context(&self, cx: &StepContext) -> Result<ProvisionContext, StepError> {
        let guest = match &self.guest {
            Some(reached) => Some(reached.get()?),
            None => None,
        };
        Ok(ProvisionContext { step: cx.clone(), guest, names: self.names.clone() })
    }

    fn machine(&self) -> Result<Option<Arc<Running>>, StepError> {
        self.machine.as_ref().map(Output::get).transpose()
    }
}

/// Runs a provisioner.
pub(crate) struct Provision {
    pub(crate) provisioner: Arc<dyn Provisioner>,
    pub(crate) meta: Meta,
    pub(crate) reach: Reach,
    /// Where checkpoints may be taken around it; none for a provisioner the template does not have, and where no
    /// machine can be kept.
    pub(crate) edges: Option<Edges>,
    /// Run at the end of a build that failed, while the guest is still there; set on the first provisioner only.
    pub(crate) cleanup: Option<(Arc<dyn Provisioner>, Meta)>,
}

/// A provisioner's place among those of the template, and what is needed to keep the machine there.
pub(crate) struct Edges {
    pub(crate) at: usize,
    pub(crate) checkpoints: JobCheckpoints,
    /// What comes before it, as shown.
    pub(crate) before: String,
    pub(crate) login: Option<Output<Login>>,
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
        let running = self.reach.machine()?;
        if let Some((provisioner, meta)) = self.cleanup.clone() {
            let (context, machine) =
                (context.clone(), running.as_ref().map(|running| running.machine.clone()));
            cx.on_failure("The error-cleanup-provisioner", move || async move {
                // Once the machine is off there is nothing left to clean up in it.
                if machine.is_some_and(|machine| !machine.is_running()) {
                    return Ok(());
                }
                context.step.say("Running the error-cleanup-provisioner.");
                meta::run(&*provisioner, &meta, &context).await
            });
        }
        let (Some(edges), Some(running)) = (&self.edges, &running) else {
            return self.provision(&context, running.as_deref()).await;
        };
        if edges.at < edges.checkpoints.done() {
            cx.reused();
            return Ok(());
        }
        edges.keep(cx, edges.at, &edges.before, running).await?;
        let done = self.provision(&context, Some(running)).await;
        if done.is_err() {
            // A script that ran halfway is in the machine from now on, also when a second try succeeds.
            self.keep_no_more();
        }
        done?;
        // Before any other the next provisioner looks.
        if edges.at + 1 == edges.checkpoints.inputs().steps.len() {
            edges.keep(cx, edges.at + 1, &self.sketch().title, running).await?;
        }
        Ok(())
    }

    fn without(&self) -> Option<()> {
        self.provisioner.can_be_left_out().then_some(())
    }

    fn skipped(&self) {
        self.keep_no_more();
    }

    fn script(&self, cx: &StepContext) -> Option<AskedScript> {
        self.provisioner.script(&self.reach.context(cx).ok()?)
    }

    fn rewrite(&self, inline: &str) {
        self.keep_no_more();
        self.provisioner.rewrite(inline);
    }
}

impl Provision {
    fn keep_no_more(&self) {
        self.edges.iter().for_each(|edges| edges.checkpoints.stop());
    }

    async fn provision(
        &self,
        context: &ProvisionContext,
        running: Option<&Running>,
    ) -> Result<(), StepError> {
        let provisioning = meta::run(&*self.provisioner, &self.meta, context);
        let Some(running) = running else { return provisioning.await };
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

impl Edges {
    /// The edge after so many provisioners: a checkpoint may be taken.
    async fn keep(
        &self,
        cx: &StepContext,
        done: usize,
        after: &str,
        running: &Running,
    ) -> Result<(), StepError> {
        let login = match &self.login {
            Some(login) => Some(login.get()?),
            None => None,
        };
        self.checkpoints.at_edge(cx, done, after, &running.machine, login.as_deref()).await
    }
}

/// How long a provisioner may still take once the machine is off.
const GRACE: std::time::Duration = std::time::Duration::from_secs(2);
