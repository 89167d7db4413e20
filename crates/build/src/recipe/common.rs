//! What every source has in common: names, the login, provisioners and post-processors.

use std::sync::Arc;

use goldsmith_template::config::{
    Meta, PostProcessor as After, PostProcessorStep, Provisioner as Kind, ProvisionerStep,
};
use goldsmith_template::options::Communicator;

use super::Order;
use crate::checkpoint::{JobCheckpoints, Planned};
use crate::names::{Fixed, Names};
use crate::pipeline::{Output, Pipeline, Step as _};
use crate::plan::PlanError;
use crate::post::{Artifact, PostProcessor, Provenance};
use crate::provision::{Generalise, Provisioner};
use crate::steps::image::ImageFile;
use crate::steps::login::{Login, PrepareLogin};
use crate::steps::machine::Running;
use crate::steps::post::{Input, Ledger, PostProcess};
use crate::steps::provision::{Edges, Provision, Reach, Reached};
use crate::supported;

/// A recipe in the making, whatever its source.
pub(super) struct Common<'a> {
    pub(super) order: &'a Order<'a>,
    pub(super) pipeline: Pipeline,
    pub(super) names: Names,
    pub(super) ssh_user: Option<String>,
    /// The user the build itself put into the image.
    pub(super) made_user: Option<String>,
    /// Whether the image is made nobody's at the end without a word in the template.
    pub(super) generalise: bool,
    /// None for a source that boots no machine.
    pub(super) checkpoints: Option<JobCheckpoints>,
    pub(super) planned: Option<Planned>,
    /// What the machine starts from.
    pub(super) image: Option<Output<ImageFile>>,
}

/// When the image is made nobody's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cleaning {
    None,
    /// Before other provisioners.
    Earlier,
    /// As the last thing of all.
    Last,
}

impl<'a> Common<'a> {
    /// `http_ip`: under which address the guest would reach us; none for a source without an HTTP server.
    pub(super) fn new(order: &'a Order<'a>, http_ip: Option<&str>) -> Self {
        let job = order.job;
        let names = Names::new(Fixed {
            job: job.name.clone(),
            build_name: job.packer_build_name.clone(),
            builder_type: job.source_type.clone(),
            run_uuid: order.request.run_uuid.clone(),
        });
        // Known from the start, as in Packer: without an HTTP server its port is 0, and a builder that never has one
        // says so in these words.
        let without = |what: &str| format!("ERR_HTTP_{what}_NOT_IMPLEMENTED_BY_BUILDER");
        let (ip, port, address) = match http_ip {
            Some(ip) => (ip.to_owned(), "0".to_owned(), format!("{ip}:0")),
            None => (without("IP"), without("PORT"), without("ADDR")),
        };
        for (name, value) in [
            ("name", job.packer_build_name.as_str()),
            ("ID", "ERR_ID_NOT_IMPLEMENTED_BY_BUILDER"),
            ("PackerRunUUID", order.request.run_uuid.as_str()),
            ("PackerHTTPIP", ip.as_str()),
            ("PackerHTTPPort", port.as_str()),
            ("PackerHTTPAddr", address.as_str()),
            ("SSHAgentAuth", "false"),
            ("WinRMPassword", ""),
        ] {
            names.set(name, value);
        }
        Self {
            order,
            pipeline: Pipeline::new(&job.name),
            names,
            ssh_user: None,
            made_user: None,
            generalise: false,
            checkpoints: None,
            planned: None,
            image: None,
        }
    }

    pub(super) fn login(&mut self, always_key: bool) -> Result<Option<Output<Login>>, PlanError> {
        let Communicator::Ssh { ssh, .. } = &self.order.job.communicator else { return Ok(None) };
        let mut step = PrepareLogin::new(self.order.job, ssh, &self.names, self.order.request, always_key)?;
        step.checkpoints.clone_from(&self.checkpoints);
        self.ssh_user = Some(step.username.clone());
        Ok(Some(self.pipeline.step("login", step)))
    }

    /// The provisioners, in order.
    pub(super) fn provision(
        &mut self,
        guest: Option<&Reached>,
        login: Option<&Output<Login>>,
        machine: Option<&Output<Running>>,
    ) -> Result<Cleaning, PlanError> {
        let job = self.order.job;
        let reach = Reach { guest: guest.cloned(), machine: machine.cloned(), names: self.names.clone() };
        let mut cleanup = match &job.error_cleanup {
            Some(step) => Some((self.provisioner(step, login, false)?.1, step.meta.clone())),
            None => None,
        };
        let mut before = "Wait for SSH".to_owned();
        let mut cleaning = Cleaning::None;
        for (at, step) in job.provisioners.iter().enumerate() {
            let last = at + 1 == job.provisioners.len();
            if matches!(step.provisioner, Kind::Generalize(_)) {
                cleaning = if last { Cleaning::Last } else { Cleaning::Earlier };
            }
            let (id, provisioner) = self.provisioner(step, login, last)?;
            let cleanup: Option<(Arc<dyn Provisioner>, Meta)> = cleanup.take();
            let checkpoints = self.checkpoints.clone().filter(|_| matches!(guest, Some(Reached::Ssh(_))));
            let edges =
                checkpoints.map(|checkpoints| Edges { at, checkpoints, before, login: login.cloned() });
            let provision =
                Provision { provisioner, meta: step.meta.clone(), reach: reach.clone(), edges, cleanup };
            before = provision.sketch().title;
            let done = self.pipeline.step(id, provision);
            if let Some(planned) = &mut self.planned {
                planned.provisioners.push(done.step().to_owned());
            }
        }
        if self.generalise && cleaning == Cleaning::None && guest.is_some() {
            let provisioner = Arc::new(Generalise::by_default(login.cloned(), self.made_user.clone()));
            let meta = Meta::default();
            let generalise = Provision { provisioner, meta, reach, edges: None, cleanup: cleanup.take() };
            self.pipeline.step("generalize", generalise);
            cleaning = Cleaning::Last;
        }
        Ok(cleaning)
    }

    fn provisioner(
        &self,
        step: &ProvisionerStep,
        login: Option<&Output<Login>>,
        last: bool,
    ) -> Result<(&'static str, Arc<dyn Provisioner>), PlanError> {
        Ok(match &step.provisioner {
            Kind::Generalize(options) => {
                let user = self.made_user.clone();
                ("generalize", Arc::new(Generalise::new(options, login.cloned(), user, last)))
            }
            other => crate::provision::of(other)
                .ok_or_else(|| supported::no_provisioner(other.type_name(), &step.place))?,
        })
    }

    fn processor(&self, step: &PostProcessorStep) -> Option<(&'static str, Arc<dyn PostProcessor>)> {
        match &step.post_processor {
            After::Provenance(options) => {
                let known = self.order.request.provenance.clone();
                let made = Provenance::new(options.clone(), known, self.image.clone());
                Some(("provenance", Arc::new(made)))
            }
            _ => crate::post::of(step),
        }
    }

    /// Sequences of one post-processor that only read the artifact and write files of their own run side by side.
    pub(super) fn post_process(
        &mut self,
        artifact: &Output<Artifact>,
        ledger: &Ledger,
    ) -> Result<(), PlanError> {
        let mut together = false;
        for sequence in &self.order.job.post_processors {
            let mut input = Input::Builder(artifact.clone());
            let alone = sequence.len() == 1;
            for step in sequence {
                let (id, processor) = self.processor(step).ok_or_else(|| {
                    PlanError::new(
                        format!("The post-processor `{}` is not built here.", step.name),
                        &step.place,
                    )
                })?;
                let independent = alone && processor.is_independent();
                let step = PostProcess {
                    processor,
                    keep: step.keep_input_artifact,
                    input,
                    names: self.names.clone(),
                    force: self.order.request.force,
                    ledger: ledger.clone(),
                };
                let made = if together && independent {
                    self.pipeline.step_beside(id, step)
                } else {
                    self.pipeline.step(id, step)
                };
                together = independent;
                input = Input::Earlier(made);
            }
        }
        Ok(())
    }
}
