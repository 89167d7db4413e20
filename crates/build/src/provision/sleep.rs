//! `sleep`: a wait.

use async_trait::async_trait;
use goldsmith_template::options::SleepOptions;

use crate::error::StepError;
use crate::plan::{Sketch, StepKind};
use crate::provision::meta::{pause, seconds};
use crate::provision::{ProvisionContext, Provisioner};

/// A wait of fixed length.
pub struct Sleep {
    options: SleepOptions,
}

impl Sleep {
    /// With these options.
    pub fn new(options: SleepOptions) -> Self {
        Self { options }
    }
}

#[async_trait]
impl Provisioner for Sleep {
    fn sketch(&self) -> Sketch {
        let title = format!("Sleep {}", seconds(self.options.duration));
        Sketch::new(title, StepKind::Provision).inputs(&self.options)
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        cx.step.waiting("sleep", format!("Sleeping {}.", seconds(self.options.duration)));
        pause(&cx.step, self.options.duration).await
    }
}
