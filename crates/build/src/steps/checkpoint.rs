//! The steps that begin from a checkpoint, where there is one, instead of doing their work.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use goldsmith_machine::qemu::StateError;

use crate::bootstrap::Rootfs;
use crate::checkpoint::{JobCheckpoints, base_of_image};
use crate::error::StepError;
use crate::pipeline::{Output, Step, StepContext};
use crate::plan::{Sketch, StepKind};
use crate::provision::{Communicator as _, SshGuest};
use crate::steps::connect::Dial;
use crate::steps::image::ImageFile;
use crate::steps::login::Login;
use crate::steps::machine::{Running, StartMachine};

/// A guest that was let in to before answers at once, or something is wrong.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the machine's disk is made from.
pub(crate) enum From {
    Image(Output<ImageFile>),
    Packages(Output<Rootfs>),
}

/// Looks for a checkpoint to begin from.
pub(crate) struct LookForCheckpoint {
    pub(crate) checkpoints: JobCheckpoints,
    pub(crate) from: From,
}

#[async_trait]
impl Step for LookForCheckpoint {
    type Output = ();

    fn sketch(&self) -> Sketch {
        Sketch::new("Look for a checkpoint", StepKind::Prepare)
    }

    async fn run(&self, cx: &StepContext) -> Result<(), StepError> {
        let base = match &self.from {
            From::Image(image) => {
                let image = image.get()?;
                if image.in_place {
                    // Nobody knows what is there.
                    return Ok(());
                }
                base_of_image(&image.path, image.checksum.as_deref())?
            }
            From::Packages(root) => root.get()?.fingerprint.clone(),
        };
        self.checkpoints.look(cx, base).await
    }
}

/// Makes the disk, or copies a checkpoint's.
pub(crate) struct MakeOrRestore {
    pub(crate) checkpoints: JobCheckpoints,
    pub(crate) disk: Arc<dyn Step<Output = ()>>,
    /// The login, where the disk's maker puts its key into it: then the disk is worth keeping.
    pub(crate) keep: Option<Output<Login>>,
}

#[async_trait]
impl Step for MakeOrRestore {
    type Output = ();

    fn sketch(&self) -> Sketch {
        self.disk.sketch()
    }

    async fn run(&self, cx: &StepContext) -> Result<(), StepError> {
        if let Some(entry) = self.checkpoints.begins_from() {
            match self.checkpoints.restore_disks(cx, &entry).await {
                Ok(()) => {
                    cx.reused();
                    return Ok(());
                }
                Err(error) if error.is_cancelled() => return Err(error),
                Err(error) => {
                    self.checkpoints.give_up(cx, &error.full());
                    self.checkpoints.remove_disks();
                }
            }
        }
        self.disk.run(cx).await?;
        match &self.keep {
            Some(login) => self.checkpoints.after_disk(cx, &self.sketch().title, &*login.get()?).await,
            None => Ok(()),
        }
    }
}

/// Starts the machine from the beginning, or from a checkpoint's memory.
pub(crate) struct StartOrResume {
    pub(crate) checkpoints: JobCheckpoints,
    pub(crate) start: StartMachine,
    pub(crate) disk: Arc<dyn Step<Output = ()>>,
    /// How the guest is reached; none without a communicator.
    pub(crate) reach: Option<(Dial, Output<Login>)>,
}

#[async_trait]
impl Step for StartOrResume {
    type Output = Running;

    fn sketch(&self) -> Sketch {
        self.start.sketch()
    }

    async fn run(&self, cx: &StepContext) -> Result<Running, StepError> {
        if self.checkpoints.machine().is_some() {
            match self.resume(cx).await {
                Ok(running) => {
                    cx.reused();
                    return Ok(running);
                }
                Err(error) if error.is_cancelled() => return Err(error),
                Err(error) => {
                    self.checkpoints.give_up(cx, &error.full());
                    self.checkpoints.remove_disks();
                    self.disk.run(cx).await?;
                }
            }
        }
        self.start.run(cx).await
    }
}

impl StartOrResume {
    async fn resume(&self, cx: &StepContext) -> Result<Running, StepError> {
        let Some(entry) = self.checkpoints.machine() else {
            return Err(StepError::internal("There is no checkpoint to begin from."));
        };
        let running = self.start.launch(cx, true).await?;
        let resumed = async {
            let loaded = async {
                running.machine.load_memory(&entry.memory(), cx.cancel()).await?;
                Ok(running.machine.thaw().await?)
            };
            loaded.await.map_err(|error: StateError| match error {
                StateError::Cancelled => StepError::cancelled(),
                error => StepError::environment(format!("{error}.")),
            })?;
            let Some((dial, login)) = &self.reach else { return Ok(()) };
            let guest = dial.connect(cx, &*login.get()?, Some(&running), Some(PATIENCE)).await?;
            wake(cx, &guest).await?;
            self.checkpoints.reached(guest);
            Ok(())
        };
        let resumed: Result<(), StepError> = resumed.await;
        match resumed {
            Ok(()) => Ok(running),
            Err(error) => {
                running.stop_watching();
                running.holding.release().await?;
                Err(error)
            }
        }
    }
}

/// The guest's clock stood still, and its random numbers would be those of every build that begins here: both are
/// told anew. Only the connection's end is an error; a guest that knows no `date` goes on as it is.
async fn wake(cx: &StepContext, guest: &SshGuest) -> Result<(), StepError> {
    let now = cx.build().clock.now_ms() / 1000;
    let mut bytes = [0u8; 32];
    cx.build().random.fill(&mut bytes);
    let salt: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    // The salt is no secret: the guest's own state is mixed with it.
    let script = format!(
        "s=; [ \"$(id -u)\" = 0 ] || s='sudo -n'; printf %s {salt} | $s tee /dev/urandom >/dev/null; $s date -u -s @{now} >/dev/null"
    );
    let exit = guest.exec(cx, &script, &mut |_, _| {}).await?;
    if exit.code != Some(0) {
        cx.warn("The clock of the guest could not be set: it stands where it stood when the checkpoint was taken.");
    }
    Ok(())
}
