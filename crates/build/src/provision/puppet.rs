//! `puppet-masterless` and `puppet-server`: Puppet in the guest.
//!
//! Facts (packer.md 6; plugin puppet): `--detailed-exitcodes` makes 2 mean "changed", a success; modules go to
//! `module-N` and the manifest to `manifests` of the staging folder; facts are variables of the environment.

use std::collections::BTreeMap;

use async_trait::async_trait;
use goldsmith_template::Text;
use goldsmith_template::options::{PuppetMasterlessOptions, PuppetServerOptions};

use crate::error::{Context as _, StepError};
use crate::holes::fill;
use crate::plan::{Sketch, StepKind};
use crate::provision::elevated::{Elevation, prepare};
use crate::provision::staging::{Staging, System, all, base, command, or, or_empty};
use crate::provision::{ProvisionContext, Provisioner};

const APPLY: &str = "puppet apply --detailed-exitcodes {{if ne .ModulePath \"\"}}--modulepath='{{.ModulePath}}' {{end}}{{if ne .HieraConfigPath \"\"}}--hiera_config='{{.HieraConfigPath}}' {{end}}{{if ne .ManifestDir \"\"}}--manifestdir='{{.ManifestDir}}' {{end}}{{if ne .ExtraArguments \"\"}}{{.ExtraArguments}} {{end}}{{.ManifestFile}}";
const AGENT: &str = "puppet agent --onetime --no-daemonize --detailed-exitcodes {{if ne .PuppetServer \"\"}}--server='{{.PuppetServer}}' {{end}}{{if ne .PuppetNode \"\"}}--certname='{{.PuppetNode}}' {{end}}{{if ne .ClientCertPath \"\"}}--certdir='{{.ClientCertPath}}' {{end}}{{if ne .ClientPrivateKeyPath \"\"}}--privatekeydir='{{.ClientPrivateKeyPath}}' {{end}}{{if ne .ExtraArguments \"\"}}{{.ExtraArguments}} {{end}}";

/// The whole default command around Puppet's part.
fn around(puppet: &str, windows: bool) -> String {
    let (facts, sudo) = if windows { (" && ", "") } else { (" ", "{{if .Sudo}}sudo -E {{end}}") };
    format!(
        "cd {{{{.WorkingDir}}}} && {{{{if ne .FacterVars \"\"}}}}{{{{.FacterVars}}}}{facts}{{{{end}}}}{sudo}{{{{if ne .PuppetBinDir \"\"}}}}{{{{.PuppetBinDir}}}}/{{{{end}}}}{puppet}"
    )
}

fn facts(own: &BTreeMap<String, Text>, windows: bool, cx: &ProvisionContext) -> Result<String, StepError> {
    let mut facts = BTreeMap::new();
    for (name, value) in own {
        facts.insert(name.clone(), fill(value, &cx.names, &[])?);
    }
    facts.insert("packer_build_name".into(), cx.names.fixed().build_name.clone());
    facts.insert("packer_builder_type".into(), cx.names.fixed().builder_type.clone());
    let written: Vec<String> = facts
        .iter()
        .map(|(name, value)| match windows {
            true => format!("SET \"FACTER_{name}={value}\""),
            false => format!("FACTER_{name}='{value}'"),
        })
        .collect();
    Ok(written.join(if windows { " & " } else { " " }))
}

/// What both have in common at the end.
struct Run<'a> {
    command: String,
    user: Option<&'a Text>,
    password: Option<&'a Text>,
    ignore: bool,
    clean: Option<&'a str>,
}

impl Run<'_> {
    async fn go(self, staging: &Staging<'_>) -> Result<(), StepError> {
        let cx = staging.cx;
        let mut command = self.command;
        if self.user.is_some() {
            let (user, password) = (or_empty(self.user, cx)?, or_empty(self.password, cx)?);
            let elevation = Elevation { user: &user, password: &password };
            command = prepare(staging.guest, cx, &command, &elevation).await?;
        }
        cx.step.say(format!("Running {command}"));
        match staging.exec(&command).await?.code {
            Some(0 | 2) => {}
            Some(_) if self.ignore => {}
            Some(code) => {
                return Err(StepError::guest(format!("Puppet ended with exit code {code}."))
                    .hint("4 and 6 mean that resources failed; the log above names them."));
            }
            None => return Err(StepError::guest("The connection was lost while Puppet ran.")),
        }
        match self.clean {
            Some(folder) => staging.remove(folder).await,
            None => Ok(()),
        }
    }
}

/// `puppet apply` in the guest.
pub struct PuppetMasterless {
    options: PuppetMasterlessOptions,
}

impl PuppetMasterless {
    /// With these options.
    pub fn new(options: PuppetMasterlessOptions) -> Self {
        Self { options }
    }
}

#[async_trait]
impl Provisioner for PuppetMasterless {
    fn sketch(&self) -> Sketch {
        Sketch::new(
            format!("Apply {} with Puppet in the guest", self.options.manifest_file.display()),
            StepKind::Provision,
        )
        .inputs(&self.options)
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        let o = &self.options;
        let system = System::new(&o.guest_os_type, !o.prevent_sudo);
        let staging = Staging { guest: cx.guest()?, cx, system };
        let default = if system.windows {
            "C:/Windows/Temp/packer-puppet-masterless"
        } else {
            "/tmp/packer-puppet-masterless"
        };
        let folder = or(o.staging_directory.as_ref(), default, cx)?;
        staging.make(&folder).await?;
        let hiera = match &o.hiera_config_path {
            Some(file) => staging.file(file, format!("{folder}/hiera.yaml")).await?,
            None => String::new(),
        };
        let manifests = match &o.manifest_dir {
            Some(from) => staging.folder(from, format!("{folder}/manifests")).await?,
            None => String::new(),
        };
        let mut modules = Vec::new();
        for (at, path) in o.module_paths.iter().enumerate() {
            modules.push(staging.folder(path, format!("{folder}/module-{at}")).await?);
        }
        let manifest = fill(&o.manifest_file, &cx.names, &[])?;
        let path = cx.step.absolute(&manifest);
        let is_folder =
            std::fs::metadata(&path).input(|| format!("Cannot read {}", path.display()))?.is_dir();
        let manifest = if is_folder {
            staging.folder(&o.manifest_file, format!("{folder}/manifests")).await?
        } else {
            staging.make(&format!("{folder}/manifests")).await?;
            staging.file(&o.manifest_file, format!("{folder}/manifests/{}", base(&manifest))).await?
        };
        let facts = facts(&o.facter, system.windows, cx)?;
        let bin = or_empty(o.puppet_bin_dir.as_ref(), cx)?;
        let working = or(o.working_directory.as_ref(), &folder, cx)?;
        let modules = modules.join(if system.windows { ";" } else { ":" });
        let mut fields = vec![
            ("WorkingDir", working.as_str()),
            ("FacterVars", facts.as_str()),
            ("HieraConfigPath", hiera.as_str()),
            ("ManifestDir", manifests.as_str()),
            ("ManifestFile", manifest.as_str()),
            ("ModulePath", modules.as_str()),
            ("ModulePathJoiner", if system.windows { ";" } else { ":" }),
            ("PuppetBinDir", bin.as_str()),
            ("Sudo", if system.sudo { "true" } else { "" }),
            ("Debug", ""),
        ];
        let extra: Result<Vec<String>, StepError> =
            o.extra_arguments.iter().map(|text| fill(text, &cx.names, &fields)).collect();
        let extra = extra?.join(" ");
        fields.push(("ExtraArguments", &extra));
        let command = command(o.execute_command.as_ref(), &around(APPLY, system.windows), &fields, cx)?;
        let clean = o.clean_staging_directory.then_some(folder.as_str());
        let (user, password) = (o.elevated_user.as_ref(), o.elevated_password.as_ref());
        Run { command, user, password, ignore: o.ignore_exit_codes, clean }.go(&staging).await
    }
}

/// `puppet agent` in the guest.
pub struct PuppetServer {
    options: PuppetServerOptions,
}

impl PuppetServer {
    /// With these options.
    pub fn new(options: PuppetServerOptions) -> Self {
        Self { options }
    }
}

#[async_trait]
impl Provisioner for PuppetServer {
    fn sketch(&self) -> Sketch {
        Sketch::new(
            format!("Run the Puppet agent against {}", self.options.puppet_server.display()),
            StepKind::Provision,
        )
        .inputs(&self.options)
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        let o = &self.options;
        let system = System::new(&o.guest_os_type, !o.prevent_sudo);
        let staging = Staging { guest: cx.guest()?, cx, system };
        let default =
            if system.windows { "C:/Windows/Temp/packer-puppet-server" } else { "/tmp/packer-puppet-server" };
        let folder = or(o.staging_dir.as_ref(), default, cx)?;
        staging.make(&folder).await?;
        let certificates = match &o.client_cert_path {
            Some(path) => staging.folder(path, format!("{folder}/certs")).await?,
            None => String::new(),
        };
        let keys = match &o.client_private_key_path {
            Some(path) => staging.folder(path, format!("{folder}/private_keys")).await?,
            None => String::new(),
        };
        let facts = facts(&o.facter, system.windows, cx)?;
        let bin = or_empty(o.puppet_bin_dir.as_ref(), cx)?;
        let working = or(o.working_directory.as_ref(), &folder, cx)?;
        let (server, node) = (fill(&o.puppet_server, &cx.names, &[])?, or_empty(o.puppet_node.as_ref(), cx)?);
        let extra = all(&o.extra_arguments, cx)?.join(" ");
        let fields = [
            ("WorkingDir", working.as_str()),
            ("FacterVars", facts.as_str()),
            ("PuppetServer", server.as_str()),
            ("PuppetNode", node.as_str()),
            ("ClientCertPath", certificates.as_str()),
            ("ClientPrivateKeyPath", keys.as_str()),
            ("ExtraArguments", extra.as_str()),
            ("PuppetBinDir", bin.as_str()),
            ("Sudo", if system.sudo { "true" } else { "" }),
            ("Debug", ""),
        ];
        let command = command(o.execute_command.as_ref(), &around(AGENT, system.windows), &fields, cx)?;
        let clean = o.clean_staging_directory.then_some(folder.as_str());
        let (user, password) = (o.elevated_user.as_ref(), o.elevated_password.as_ref());
        Run { command, user, password, ignore: o.ignore_exit_codes, clean }.go(&staging).await
    }
}
