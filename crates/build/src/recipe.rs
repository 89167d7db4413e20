//! The steps of each kind of source, in order: the only place that names them.

use std::path::PathBuf;
use std::sync::Arc;

use goldsmith_library::ImageName;
use goldsmith_machine::HostFacts;
use goldsmith_process::Dirs;
use goldsmith_template::Job;
use goldsmith_template::config::{Meta, Provisioner as Kind, ProvisionerStep, Source};
use goldsmith_template::options::{BootOptions, BootstrapOptions, Communicator, MediaOptions, QemuOptions};

use crate::checkpoint::{Base as Origin, JobCheckpoints, JobInputs, Made as MadeDisk, Planned, Store};
use crate::names::{Fixed, Names};
use crate::pipeline::{Output, Pipeline, Step};
use crate::plan::PlanError;
use crate::post::Artifact;
use crate::provision::{Generalise, Provisioner};
use crate::steps::artifact::Collect;
use crate::steps::bootstrap::{AssembleDisk, InstallPackages, image_spec};
use crate::steps::cd::MakeCd;
use crate::steps::checkpoint::{From as MadeFrom, LookForCheckpoint, MakeOrRestore, StartOrResume};
use crate::steps::compact::Compact;
use crate::steps::connect::{Dial, WaitForSsh};
use crate::steps::disk::{Base, MakeDisks};
use crate::steps::floppy::MakeFloppy;
use crate::steps::http::ServeHttp;
use crate::steps::image::{FindImage, ImageFile};
use crate::steps::library::{AddVersion, Made};
use crate::steps::login::{Login, PrepareLogin, login_user};
use crate::steps::machine::{Running, StartMachine};
use crate::steps::output::{MakeOutput, OutputFolder};
use crate::steps::post::{Input, Ledger, PostProcess, Settle};
use crate::steps::provision::{Provision, Reach, Reached};
use crate::steps::settings::{Parts, Settings};
use crate::steps::shutdown::PowerOff;
use crate::steps::tpm::StartTpm;
use crate::steps::typing::TypeBootCommand;
use crate::steps::winrm::{self, WaitForWinrm};
use crate::supported;
use crate::work::PlanRequest;

/// A job's pipeline and what a plan says beside it.
pub(crate) struct Recipe {
    pub(crate) pipeline: Pipeline,
    pub(crate) output_directory: PathBuf,
    pub(crate) image: Option<String>,
    /// What its checkpoints depend on.
    pub(crate) checkpoints: Option<Planned>,
}

/// What a recipe is made from.
pub(crate) struct Order<'a> {
    pub(crate) job: &'a Job,
    pub(crate) host: &'a HostFacts,
    pub(crate) dirs: &'a Dirs,
    pub(crate) request: &'a PlanRequest,
    pub(crate) several: bool,
}

/// The pipeline of a job.
pub(crate) fn job(order: &Order<'_>) -> Result<Recipe, PlanError> {
    match &order.job.source {
        Source::Qemu(options) => qemu(order, options),
        Source::Bootstrap(options) => bootstrap(order, options),
        other => Err(supported::no_source(order.job, other)),
    }
}

/// `qemu`: a machine from a disk image or an installation image.
fn qemu(order: &Order<'_>, options: &QemuOptions) -> Result<Recipe, PlanError> {
    supported::qemu(order.job, options)?;
    let parts = Parts::from(options);
    let mut make = Making::new(order, &parts)?;
    let request = order.request;

    let output = make.output();
    let find =
        FindImage::new(order.job, &options.iso, order.dirs.downloads(), &make.settings.qemu_img, request)?;
    let shown = find.shown();
    let origin = find.origin();
    let image = make.pipeline.step("image", find);
    let checkpoints = make.checkpoints(&MadeDisk::FromImage, origin, MadeFrom::Image(image.clone()));
    let login = make.login(false)?;
    let media = make.media(parts.media)?;
    let size = options.iso.disk_size.bytes;
    let (base, install) = match (options.iso.disk_image, options.iso.use_backing_file) {
        (false, _) => (Base::Empty(size), Some(image.clone())),
        (true, true) => (Base::Layer(image.clone(), size), None),
        (true, false) => (Base::Copy(image.clone(), (!options.iso.skip_resize_disk).then_some(size)), None),
    };
    let settings = make.settings.clone();
    let disk: Arc<dyn Step<Output = ()>> = Arc::new(MakeDisks { settings, base, shown });
    make.pipeline.step("disk", MakeOrRestore { checkpoints, disk: disk.clone(), keep: None });
    let start = make.machine(install, media);
    let machine = make.start(start, disk, login.as_ref())?;
    make.boot(&options.boot, &machine)?;
    make.rest(&output, login.as_ref(), &machine, Made::From(image))
}

/// `bootstrap`: a machine from a distribution's packages.
fn bootstrap(order: &Order<'_>, options: &BootstrapOptions) -> Result<Recipe, PlanError> {
    supported::communicator(order.job)?;
    let parts = Parts::from(options);
    let mut make = Making::new(order, &parts)?;

    let output = make.output();
    if !matches!(order.job.communicator, Communicator::Ssh { .. }) {
        return Err(supported::bootstrap_needs_ssh(order.job));
    }
    let user = login_user(order.job)?;
    let image = image_spec(order.job, options, &make.settings, &user)?;
    let packages = InstallPackages::new(&image, options, order.dirs, order.request.no_cache);
    let told = packages.told();
    let root = make.pipeline.step("packages", packages);
    let made = AssembleDisk::inputs(&image);
    let checkpoints =
        make.checkpoints(&MadeDisk::Here(made), Origin::Unknown, MadeFrom::Packages(root.clone()));
    let Some(login) = make.login(true)? else {
        return Err(supported::bootstrap_needs_ssh(order.job));
    };
    let settings = make.settings.clone();
    let disk: Arc<dyn Step<Output = ()>> =
        Arc::new(AssembleDisk { settings, image, root, login: login.clone(), user: user.clone() });
    make.pipeline.step("disk", MakeOrRestore { checkpoints, disk: disk.clone(), keep: Some(login.clone()) });
    let media = make.media(parts.media)?;
    let start = make.machine(None, media);
    let machine = make.start(start, disk, Some(&login))?;
    make.made_user = Some(user);
    make.generalise = options.system.generalize;
    make.rest(&output, Some(&login), &machine, Made::Told(told))
}

/// A recipe in the making: what every source that boots a machine has in common.
struct Making<'a> {
    order: &'a Order<'a>,
    pipeline: Pipeline,
    settings: Settings,
    names: Names,
    ssh_user: Option<String>,
    /// The user the build itself put into the image.
    made_user: Option<String>,
    /// Whether the image is made nobody's at the end without a word in the template.
    generalise: bool,
    checkpoints: Option<JobCheckpoints>,
    planned: Option<Planned>,
    /// Whether there is an HTTP server.
    serves: bool,
    /// The step that types.
    typed: Option<String>,
}

/// What the guest can read from, besides the installation image.
struct Media {
    floppy: Option<Output<PathBuf>>,
    cd: Option<Output<PathBuf>>,
}

impl<'a> Making<'a> {
    fn new(order: &'a Order<'a>, parts: &Parts<'_>) -> Result<Self, PlanError> {
        let job = order.job;
        let port = match &job.communicator {
            Communicator::Ssh { ssh, .. } => Some(ssh.ssh_port),
            Communicator::Winrm { winrm, .. } => Some(winrm::port(winrm)),
            Communicator::None => None,
        };
        let names = Names::new(Fixed {
            job: job.name.clone(),
            build_name: job.packer_build_name.clone(),
            builder_type: job.source_type.clone(),
            run_uuid: order.request.run_uuid.clone(),
        });
        // Known from the start, as in Packer: without an HTTP server its port is 0.
        for (name, value) in [
            ("name", job.packer_build_name.as_str()),
            ("ID", "ERR_ID_NOT_IMPLEMENTED_BY_BUILDER"),
            ("PackerRunUUID", order.request.run_uuid.as_str()),
            ("PackerHTTPIP", parts.http_ip().as_str()),
            ("PackerHTTPPort", "0"),
            ("PackerHTTPAddr", format!("{}:0", parts.http_ip()).as_str()),
            ("SSHAgentAuth", "false"),
            ("WinRMPassword", ""),
        ] {
            names.set(name, value);
        }
        Ok(Self {
            order,
            pipeline: Pipeline::new(&job.name),
            settings: Settings::new(job, parts, port, order.host, order.request)?,
            names,
            ssh_user: None,
            made_user: None,
            generalise: false,
            checkpoints: None,
            planned: None,
            serves: false,
            typed: None,
        })
    }

    /// From here on the build may begin where an earlier one was.
    fn checkpoints(&mut self, made: &MadeDisk, base: Origin, from: MadeFrom) -> JobCheckpoints {
        let Order { job, host, dirs, request, .. } = *self.order;
        let mut rules = request.checkpoints.clone();
        rules.enabled &= !request.no_cache;
        let inputs = JobInputs::new(job, &self.settings, host, made, &request.cwd, &request.template, &rules);
        if rules.enabled {
            let inputs = inputs.clone();
            self.planned = Some(Planned {
                inputs,
                base,
                disk: "disk".to_owned(),
                machine: Vec::new(),
                provisioners: Vec::new(),
            });
        }
        let checkpoints = JobCheckpoints::new(inputs, &self.settings, Store::new(dirs), rules);
        self.checkpoints = Some(checkpoints.clone());
        self.pipeline.step("checkpoint", LookForCheckpoint { checkpoints: checkpoints.clone(), from });
        checkpoints
    }

    fn start(
        &mut self,
        start: StartMachine,
        disk: Arc<dyn Step<Output = ()>>,
        login: Option<&Output<Login>>,
    ) -> Result<Output<Running>, PlanError> {
        let checkpoints = self.job_checkpoints()?;
        let reach = self.dial()?.zip(login.cloned());
        Ok(self.pipeline.step("start", StartOrResume { checkpoints, start, disk, reach }))
    }

    fn dial(&self) -> Result<Option<Dial>, PlanError> {
        let Communicator::Ssh { common, ssh } = &self.order.job.communicator else { return Ok(None) };
        let bridge = self.settings.network.net_bridge.clone();
        Dial::new(self.order.job, common, ssh, &self.names, self.installs(), bridge).map(Some)
    }

    fn job_checkpoints(&self) -> Result<JobCheckpoints, PlanError> {
        self.checkpoints
            .clone()
            .ok_or_else(|| PlanError::new("The recipe has no place for checkpoints.", &self.order.job.place))
    }

    fn output(&mut self) -> Output<OutputFolder> {
        let dirs = self.order.dirs;
        let request = self.order.request;
        let mut precious =
            vec![request.cwd.clone(), dirs.state.clone(), dirs.data.clone(), dirs.config.clone()];
        precious.extend(request.home.clone());
        let path = self.settings.output.clone();
        self.pipeline.step("output", MakeOutput { path, force: request.force, precious })
    }

    fn login(&mut self, always_key: bool) -> Result<Option<Output<Login>>, PlanError> {
        let Communicator::Ssh { ssh, .. } = &self.order.job.communicator else { return Ok(None) };
        let mut step = PrepareLogin::new(self.order.job, ssh, &self.names, self.order.request, always_key)?;
        step.checkpoints.clone_from(&self.checkpoints);
        self.ssh_user = Some(step.username.clone());
        Ok(Some(self.pipeline.step("login", step)))
    }

    /// What the guest can read from: an HTTP server, a floppy, a CD. The server comes first, since the others may
    /// name its address.
    fn media(&mut self, media: &MediaOptions) -> Result<Media, PlanError> {
        let (job, request) = (self.order.job, self.order.request);
        let (names, machine) = (self.names.clone(), self.settings.name.clone());
        let bridge = self.settings.network.net_bridge.clone();
        if let Some(http) = ServeHttp::new(job, media, &names, &machine, bridge, request)? {
            self.pipeline.step("http", http);
            self.serves = true;
        }
        let floppy = MakeFloppy::new(job, media, &names, &machine, request)?;
        let cd = MakeCd::new(job, media, &names, &machine, request)?;
        Ok(Media {
            floppy: floppy.map(|floppy| self.pipeline.step("floppy", floppy)),
            cd: cd.map(|cd| self.pipeline.step("cd", cd)),
        })
    }

    fn machine(&mut self, install: Option<Output<ImageFile>>, media: Media) -> StartMachine {
        let (settings, names) = (self.settings.clone(), self.names.clone());
        let Media { floppy, cd } = media;
        let tpm = StartTpm::new(&settings.machine).map(|tpm| self.pipeline.step("tpm", tpm));
        StartMachine { settings, install, cd, floppy, tpm, names }
    }

    /// What is typed at the first screen.
    fn boot(&mut self, boot: &BootOptions, machine: &Output<Running>) -> Result<(), PlanError> {
        let (job, name) = (self.order.job, self.settings.name.clone());
        let checkpoints = self.job_checkpoints()?;
        let (machine, serves) = (machine.clone(), self.serves);
        let typing = TypeBootCommand::new(job, boot, &self.names, machine, &name, serves, checkpoints)?;
        if let Some(typing) = typing {
            self.typed = Some(self.pipeline.step("boot-command", typing).step().to_owned());
        }
        Ok(())
    }

    /// From the running machine to the end.
    fn rest(
        mut self,
        output: &Output<OutputFolder>,
        login: Option<&Output<Login>>,
        machine: &Output<Running>,
        made: Made,
    ) -> Result<Recipe, PlanError> {
        let job = self.order.job;
        let guest = self.connect(login, machine)?;
        let cleaning = self.provision(guest.as_ref(), login, machine)?;
        // Where the last step of all has locked us out, it powers the machine off itself.
        let guest = guest.filter(|_| cleaning != Cleaning::Last);
        let command = self.settings.shutdown.shutdown_command.clone().filter(|command| !command.is_empty());
        let timeout = self.settings.shutdown.shutdown_timeout;
        let names = self.names.clone();
        self.pipeline.step("shutdown", PowerOff { machine: machine.clone(), guest, command, timeout, names });
        if let Some(compact) = Compact::new(&self.settings) {
            self.pipeline.step("compact", compact);
        }
        let ledger = Ledger::new(job.post_processors.iter().any(|sequence| !sequence.is_empty()));
        let drops = self.settings.machine.efi_drop_efivars;
        let artifact = self.pipeline.step(
            "artifact",
            Collect {
                output: output.clone(),
                output_shown: self.settings.output_shown.clone(),
                builder_id: builder_id(&job.source),
                without: drops.then(|| self.settings.efivars_path()),
                ledger: ledger.clone(),
                state: self.settings.artifact_state(),
            },
        );
        self.post_process(&artifact, &ledger)?;
        let image = self.library(machine, made, cleaning != Cleaning::None)?;
        self.pipeline.step("finish", Settle { output: output.clone(), ledger });
        Ok(Recipe {
            output_directory: self.settings.output.clone(),
            image,
            checkpoints: self.planned,
            pipeline: self.pipeline,
        })
    }

    /// Whether the machine starts from an installation image.
    fn installs(&self) -> bool {
        matches!(&self.order.job.source, Source::Qemu(options) if !options.iso.disk_image)
    }

    fn connect(
        &mut self,
        login: Option<&Output<Login>>,
        machine: &Output<Running>,
    ) -> Result<Option<Reached>, PlanError> {
        if let Communicator::Winrm { common, winrm } = &self.order.job.communicator {
            // A checkpoint opens with a login by SSH.
            self.planned = None;
            let step = WaitForWinrm::new(self.order.job, common, winrm, machine.clone(), &self.names)?;
            return Ok(Some(Reached::Winrm(self.pipeline.step("connect", step))));
        }
        let (Some(login), Some(dial)) = (login, self.dial()?) else { return Ok(None) };
        let checkpoints = self.job_checkpoints()?;
        let step = WaitForSsh { dial, login: login.clone(), machine: machine.clone(), checkpoints };
        let guest = self.pipeline.step("connect", step);
        if let Some(planned) = &mut self.planned {
            planned.machine.extend([machine.step().to_owned(), guest.step().to_owned()]);
            planned.machine.extend(self.typed.clone());
        }
        Ok(Some(Reached::Ssh(guest)))
    }

    fn provision(
        &mut self,
        guest: Option<&Reached>,
        login: Option<&Output<Login>>,
        machine: &Output<Running>,
    ) -> Result<Cleaning, PlanError> {
        let job = self.order.job;
        let reach = Reach { guest: guest.cloned(), machine: machine.clone(), names: self.names.clone() };
        let mut cleanup = match &job.error_cleanup {
            Some(step) => Some((self.provisioner(step, login, false)?.1, step.meta.clone())),
            None => None,
        };
        let checkpoints = self.job_checkpoints()?;
        let mut before = "Wait for SSH".to_owned();
        let mut cleaning = Cleaning::None;
        for (at, step) in job.provisioners.iter().enumerate() {
            let last = at + 1 == job.provisioners.len();
            if matches!(step.provisioner, Kind::Generalize(_)) {
                cleaning = if last { Cleaning::Last } else { Cleaning::Earlier };
            }
            let (id, provisioner) = self.provisioner(step, login, last)?;
            let cleanup: Option<(Arc<dyn Provisioner>, Meta)> = cleanup.take();
            let provision = Provision {
                provisioner,
                meta: step.meta.clone(),
                reach: reach.clone(),
                at: matches!(guest, Some(Reached::Ssh(_))).then_some(at),
                checkpoints: checkpoints.clone(),
                before,
                login: login.cloned(),
                cleanup,
            };
            before = provision.sketch().title;
            let done = self.pipeline.step(id, provision);
            if let Some(planned) = &mut self.planned {
                planned.provisioners.push(done.step().to_owned());
            }
        }
        if self.generalise && cleaning == Cleaning::None && guest.is_some() {
            let provisioner = Arc::new(Generalise::by_default(login.cloned(), self.made_user.clone()));
            let meta = Meta::default();
            let (cleanup, login) = (cleanup.take(), login.cloned());
            let generalise =
                Provision { provisioner, meta, reach, at: None, checkpoints, before, login, cleanup };
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

    /// Sequences of one post-processor that only read the artifact and write files of their own run side by side.
    fn post_process(&mut self, artifact: &Output<Artifact>, ledger: &Ledger) -> Result<(), PlanError> {
        let mut together = false;
        for sequence in &self.order.job.post_processors {
            let mut input = Input::Builder(artifact.clone());
            let alone = sequence.len() == 1;
            for step in sequence {
                let (id, processor) = crate::post::of(step).ok_or_else(|| {
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

    fn library(
        &mut self,
        machine: &Output<Running>,
        made: Made,
        generalised: bool,
    ) -> Result<Option<String>, PlanError> {
        let request = self.order.request;
        let job = self.order.job;
        if request.no_library {
            return Ok(None);
        }
        let image = match &request.image {
            Some(name) => {
                let name =
                    if self.order.several { format!("{name}-{}", job.source_name) } else { name.clone() };
                ImageName::new(name).map_err(|error| PlanError::new(error.to_string(), &job.place))?
            }
            None => ImageName::nearest(&job.source_name),
        };
        let mut warnings = Vec::new();
        if !generalised {
            warnings.push(
                "The image was not generalised: machine-id, SSH host keys and credentials of the build may remain in it. A `generalize` provisioner at the end removes them."
                    .to_owned(),
            );
        }
        let name = image.to_string();
        self.pipeline.step(
            "library",
            AddVersion {
                image,
                settings: self.settings.clone(),
                machine: machine.clone(),
                source: made,
                host: self.order.host.clone(),
                request: request.clone(),
                ssh_user: self.ssh_user.clone(),
                warnings,
            },
        );
        Ok(Some(name))
    }
}

fn builder_id(source: &Source) -> &'static str {
    match source {
        Source::Qemu(_) => "transcend.qemu",
        _ => "goldsmith.bootstrap",
    }
}

/// When the image is made nobody's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cleaning {
    None,
    /// Before other provisioners.
    Earlier,
    /// As the last thing of all.
    Last,
}
