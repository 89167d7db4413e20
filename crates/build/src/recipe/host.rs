//! Sources that boot no machine: one that already runs, and a file.

use std::path::PathBuf;

use goldsmith_template::options::{Communicator, FileSourceOptions};

use super::common::Common;
use super::{Order, Recipe};
use crate::pipeline::Output;
use crate::plan::PlanError;
use crate::post::Artifact;
use crate::steps::artifact::NoArtifact;
use crate::steps::connect::{Dial, WaitForSsh};
use crate::steps::file::{SettleFile, WriteFile};
use crate::steps::post::Ledger;
use crate::steps::provision::Reached;
use crate::steps::winrm::WaitForWinrm;
use crate::supported;

/// `null`: makes nothing; a host that runs already is provisioned, or none.
pub(super) fn null(order: &Order<'_>) -> Result<Recipe, PlanError> {
    supported::communicator(order.job)?;
    let job = order.job;
    let mut common = Common::new(order, None);
    let login = common.login(false)?;
    let guest = match (&job.communicator, &login) {
        (Communicator::Ssh { common: shared, ssh }, Some(login)) => {
            let dial = Dial::new(job, shared, ssh, &common.names, false, None)?;
            let step = WaitForSsh { dial, login: login.clone(), machine: None, checkpoints: None };
            Some(Reached::Ssh(common.pipeline.step("connect", step)))
        }
        (Communicator::Winrm { common: shared, winrm }, _) => {
            let step = WaitForWinrm::new(job, shared, winrm, None, &common.names)?;
            Some(Reached::Winrm(common.pipeline.step("connect", step)))
        }
        _ => None,
    };
    common.provision(guest.as_ref(), login.as_ref(), None)?;
    let artifact = common.pipeline.step("artifact", NoArtifact { builder_id: "fnoeding.null", id: "Null" });
    common.post_process(&artifact, &Ledger::new(false))?;
    Ok(finished(common))
}

/// `file`: one file, written or copied. Provisioners find no guest.
pub(super) fn file(order: &Order<'_>, options: &FileSourceOptions) -> Result<Recipe, PlanError> {
    let mut common = Common::new(order, None);
    let write = WriteFile::new(order.job, options, order.request)?;
    let target = write.target.clone();
    let artifact: Output<Artifact> = common.pipeline.step("file", write);
    common.provision(None, None, None)?;
    let ledger = Ledger::new(order.job.post_processors.iter().any(|sequence| !sequence.is_empty()));
    common.post_process(&artifact, &ledger)?;
    common.pipeline.step("finish", SettleFile { target, ledger });
    Ok(finished(common))
}

fn finished(common: Common<'_>) -> Recipe {
    Recipe { pipeline: common.pipeline, output_directory: PathBuf::new(), image: None, checkpoints: None }
}
