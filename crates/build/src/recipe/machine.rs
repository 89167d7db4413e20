//! Sources that boot a machine.

use std::path::PathBuf;
use std::sync::Arc;

use goldsmith_library::ImageName;
use goldsmith_template::config::Source;
use goldsmith_template::options::{BootOptions, BootstrapOptions, Communicator, MediaOptions, QemuOptions};

use super::common::{Cleaning, Common};
use super::{Order, Recipe};
use crate::checkpoint::{Base as Origin, JobCheckpoints, JobInputs, Made as MadeDisk, Planned, Store};
use crate::pipeline::{Output, Step};
use crate::plan::PlanError;
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
use crate::steps::login::{Login, login_user};
use crate::steps::machine::{Running, StartMachine};
use crate::steps::output::{MakeOutput, OutputFolder};
use crate::steps::post::{Ledger, Settle};
use crate::steps::provision::Reached;
use crate::steps::settings::{Parts, Settings};
use crate::steps::shutdown::PowerOff;
use crate::steps::tpm::StartTpm;
use crate::steps::typing::TypeBootCommand;
use crate::steps::winrm::{self, WaitForWinrm};
use crate::supported;

/// `qemu`: a machine from a disk image or an installation image.
pub(super) fn qemu(order: &Order<'_>, options: &QemuOptions) -> Result<Recipe, PlanError> {
    supported::communicator(order.job)?;
    let parts = Parts::from(options);
    let mut make = Making::new(order, &parts)?;
    let request = order.request;

    let output = make.output();
    let find =
        FindImage::new(order.job, &options.iso, order.dirs.downloads(), &make.settings.qemu_img, request)?;
    let shown = find.shown();
    let origin = find.origin();
    let image = make.common.pipeline.step("image", find);
    make.common.image = Some(image.clone());
    let checkpoints = make.checkpoints(&MadeDisk::FromImage, origin, MadeFrom::Image(image.clone()));
    let login = make.common.login(false)?;
    let media = make.media(parts.media)?;
    let size = options.iso.disk_size.bytes;
    let (base, install) = match (options.iso.disk_image, options.iso.use_backing_file) {
        (false, _) => (Base::Empty(size), Some(image.clone())),
        (true, true) => (Base::Layer(image.clone(), size), None),
        (true, false) => (Base::Copy(image.clone(), (!options.iso.skip_resize_disk).then_some(size)), None),
    };
    let settings = make.settings.clone();
    let disk: Arc<dyn Step<Output = ()>> = Arc::new(MakeDisks { settings, base, shown });
    make.common.pipeline.step("disk", MakeOrRestore { checkpoints, disk: disk.clone(), keep: None });
    let start = make.machine(install, media);
    let machine = make.start(start, disk, login.as_ref())?;
    make.boot(&options.boot, &machine)?;
    make.rest(&output, login.as_ref(), &machine, Made::From(image))
}

/// `bootstrap`: a machine from a distribution's packages.
pub(super) fn bootstrap(order: &Order<'_>, options: &BootstrapOptions) -> Result<Recipe, PlanError> {
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
    let root = make.common.pipeline.step("packages", packages);
    let made = AssembleDisk::inputs(&image);
    let checkpoints =
        make.checkpoints(&MadeDisk::Here(made), Origin::Unknown, MadeFrom::Packages(root.clone()));
    let Some(login) = make.common.login(true)? else {
        return Err(supported::bootstrap_needs_ssh(order.job));
    };
    let settings = make.settings.clone();
    let disk: Arc<dyn Step<Output = ()>> =
        Arc::new(AssembleDisk { settings, image, root, login: login.clone(), user: user.clone() });
    make.common
        .pipeline
        .step("disk", MakeOrRestore { checkpoints, disk: disk.clone(), keep: Some(login.clone()) });
    let media = make.media(parts.media)?;
    let start = make.machine(None, media);
    let machine = make.start(start, disk, Some(&login))?;
    make.common.made_user = Some(user);
    make.common.generalise = options.system.generalize;
    make.rest(&output, Some(&login), &machine, Made::Told(told))
}

/// A recipe in the making: what every source that boots a machine has in common.
struct Making<'a> {
    common: Common<'a>,
    settings: Settings,
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
        Ok(Self {
            common: Common::new(order, Some(&parts.http_ip())),
            settings: Settings::new(job, parts, port, order.host, order.request)?,
            serves: false,
            typed: None,
        })
    }

    /// From here on the build may begin where an earlier one was.
    fn checkpoints(&mut self, made: &MadeDisk, base: Origin, from: MadeFrom) -> JobCheckpoints {
        let Order { job, host, dirs, request, .. } = *self.common.order;
        let mut rules = request.checkpoints.clone();
        rules.enabled &= !request.no_cache;
        let inputs = JobInputs::new(job, &self.settings, host, made, &request.cwd, &request.template, &rules);
        if rules.enabled {
            let inputs = inputs.clone();
            self.common.planned = Some(Planned {
                inputs,
                base,
                disk: "disk".to_owned(),
                machine: Vec::new(),
                provisioners: Vec::new(),
            });
        }
        let checkpoints = JobCheckpoints::new(inputs, &self.settings, Store::new(dirs), rules);
        self.common.checkpoints = Some(checkpoints.clone());
        self.common.pipeline.step("checkpoint", LookForCheckpoint { checkpoints: checkpoints.clone(), from });
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
        Ok(self.common.pipeline.step("start", StartOrResume { checkpoints, start, disk, reach }))
    }

    fn dial(&self) -> Result<Option<Dial>, PlanError> {
        let Communicator::Ssh { common, ssh } = &self.common.order.job.communicator else { return Ok(None) };
        let bridge = self.settings.network.net_bridge.clone();
        Dial::new(self.common.order.job, common, ssh, &self.common.names, self.installs(), bridge).map(Some)
    }

    fn job_checkpoints(&self) -> Result<JobCheckpoints, PlanError> {
        self.common.checkpoints.clone().ok_or_else(|| {
            PlanError::new("The recipe has no place for checkpoints.", &self.common.order.job.place)
        })
    }

    fn output(&mut self) -> Output<OutputFolder> {
        let dirs = self.common.order.dirs;
        let request = self.common.order.request;
        let mut precious =
            vec![request.cwd.clone(), dirs.state.clone(), dirs.data.clone(), dirs.config.clone()];
        precious.extend(request.home.clone());
        let path = self.settings.output.clone();
        self.common.pipeline.step("output", MakeOutput { path, force: request.force, precious })
    }

    /// What the guest can read from: an HTTP server, a floppy, a CD. The server comes first, since the others may
    /// name its address.
    fn media(&mut self, media: &MediaOptions) -> Result<Media, PlanError> {
        let (job, request) = (self.common.order.job, self.common.order.request);
        let (names, machine) = (self.common.names.clone(), self.settings.name.clone());
        let bridge = self.settings.network.net_bridge.clone();
        if let Some(http) = ServeHttp::new(job, media, &names, &machine, bridge, request)? {
            self.common.pipeline.step("http", http);
            self.serves = true;
        }
        let floppy = MakeFloppy::new(job, media, &names, &machine, request)?;
        let cd = MakeCd::new(job, media, &names, &machine, request)?;
        Ok(Media {
            floppy: floppy.map(|floppy| self.common.pipeline.step("floppy", floppy)),
            cd: cd.map(|cd| self.common.pipeline.step("cd", cd)),
        })
    }

    fn machine(&mut self, install: Option<Output<ImageFile>>, media: Media) -> StartMachine {
        let (settings, names) = (self.settings.clone(), self.common.names.clone());
        let Media { floppy, cd } = media;
        let tpm = StartTpm::new(&settings.machine).map(|tpm| self.common.pipeline.step("tpm", tpm));
        StartMachine { settings, install, cd, floppy, tpm, names }
    }

    /// What is typed at the first screen.
    fn boot(&mut self, boot: &BootOptions, machine: &Output<Running>) -> Result<(), PlanError> {
        let (job, name) = (self.common.order.job, self.settings.name.clone());
        let checkpoints = self.job_checkpoints()?;
        let (machine, serves) = (machine.clone(), self.serves);
        let typing =
            TypeBootCommand::new(job, boot, &self.common.names, machine, &name, serves, checkpoints)?;
        if let Some(typing) = typing {
            self.typed = Some(self.common.pipeline.step("boot-command", typing).step().to_owned());
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
        let job = self.common.order.job;
        let guest = self.connect(login, machine)?;
        let cleaning = self.common.provision(guest.as_ref(), login, Some(machine))?;
        // Where the last step of all has locked us out, it powers the machine off itself.
        let guest = guest.filter(|_| cleaning != Cleaning::Last);
        let command = self.settings.shutdown.shutdown_command.clone().filter(|command| !command.is_empty());
        let timeout = self.settings.shutdown.shutdown_timeout;
        let names = self.common.names.clone();
        self.common
            .pipeline
            .step("shutdown", PowerOff { machine: machine.clone(), guest, command, timeout, names });
        if let Some(compact) = Compact::new(&self.settings) {
            self.common.pipeline.step("compact", compact);
        }
        let ledger = Ledger::new(job.post_processors.iter().any(|sequence| !sequence.is_empty()));
        let drops = self.settings.machine.efi_drop_efivars;
        let artifact = self.common.pipeline.step(
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
        self.common.post_process(&artifact, &ledger)?;
        let image = self.library(machine, made, cleaning != Cleaning::None)?;
        self.common.pipeline.step("finish", Settle { output: output.clone(), ledger });
        Ok(Recipe {
            output_directory: self.settings.output.clone(),
            image,
            checkpoints: self.common.planned,
            pipeline: self.common.pipeline,
        })
    }

    /// Whether the machine starts from an installation image.
    fn installs(&self) -> bool {
        matches!(&self.common.order.job.source, Source::Qemu(options) if !options.iso.disk_image)
    }

    fn connect(
        &mut self,
        login: Option<&Output<Login>>,
        machine: &Output<Running>,
    ) -> Result<Option<Reached>, PlanError> {
        if let Communicator::Winrm { common, winrm } = &self.common.order.job.communicator {
            // A checkpoint opens with a login by SSH.
            self.common.planned = None;
            let step = WaitForWinrm::new(
                self.common.order.job,
                common,
                winrm,
                Some(machine.clone()),
                &self.common.names,
            )?;
            return Ok(Some(Reached::Winrm(self.common.pipeline.step("connect", step))));
        }
        let (Some(login), Some(dial)) = (login, self.dial()?) else { return Ok(None) };
        let checkpoints = self.job_checkpoints()?;
        let step = WaitForSsh {
            dial,
            login: login.clone(),
            machine: Some(machine.clone()),
            checkpoints: Some(checkpoints),
        };
        let guest = self.common.pipeline.step("connect", step);
        if let Some(planned) = &mut self.common.planned {
            planned.machine.extend([machine.step().to_owned(), guest.step().to_owned()]);
            planned.machine.extend(self.typed.clone());
        }
        Ok(Some(Reached::Ssh(guest)))
    }

    fn library(
        &mut self,
        machine: &Output<Running>,
        made: Made,
        generalised: bool,
    ) -> Result<Option<String>, PlanError> {
        let request = self.common.order.request;
        let job = self.common.order.job;
        if request.no_library {
            return Ok(None);
        }
        let image = match &request.image {
            Some(name) => {
                let name = if self.common.order.several {
                    format!("{name}-{}", job.source_name)
                } else {
                    name.clone()
                };
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
        self.common.pipeline.step(
            "library",
            AddVersion {
                image,
                settings: self.settings.clone(),
                machine: machine.clone(),
                source: made,
                host: self.common.order.host.clone(),
                request: request.clone(),
                ssh_user: self.common.ssh_user.clone(),
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
