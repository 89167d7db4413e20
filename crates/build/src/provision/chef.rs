//! `chef-solo`: Chef in the guest with cookbooks from here.
//!
//! Facts (packer.md 6; plugin chef): Chef is installed by its vendor's script unless `skip_install`; cookbooks go to
//! `cookbooks-N` of the staging folder beside `roles`, `data_bags`, `environments`, `solo.rb` and `node.json`. Not run
//! against the real Chef here.

use async_trait::async_trait;
use goldsmith_template::Text;
use goldsmith_template::options::{ChefSoloOptions, Json};
use serde_json::{Map, Value};

use crate::error::{Context as _, StepError};
use crate::holes::fill;
use crate::plan::{Sketch, StepKind};
use crate::provision::staging::{Staging, System, all, command, or, or_empty};
use crate::provision::{ProvisionContext, Provisioner};

const INSTALL: &str = "curl -L https://omnitruck.chef.io/install.sh | {{if .Sudo}}sudo {{end}}bash -s --{{if .Version}} -v {{.Version}}{{end}}";
const INSTALL_WINDOWS: &str = "powershell.exe -Command \". { iwr -useb https://omnitruck.chef.io/install.ps1 } | iex; Install-Project{{if .Version}} -version {{.Version}}{{end}}\"";
const RUN: &str = "{{if .Sudo}}sudo {{end}}chef-solo --no-color -c {{.ConfigPath}} -j {{.JsonPath}}";
const RUN_WINDOWS: &str = "c:/opscode/chef/bin/chef-solo.bat --no-color -c {{.ConfigPath}} -j {{.JsonPath}}";
const CONFIG: &str = "chef_license \"{{.ChefLicense}}\"\ncookbook_path [{{.CookbookPaths}}]\n{{if .HasRolesPath}}role_path \"{{.RolesPath}}\"\n{{end}}{{if .HasDataBagsPath}}data_bag_path \"{{.DataBagsPath}}\"\n{{end}}{{if .HasEncryptedDataBagSecretPath}}encrypted_data_bag_secret \"{{.EncryptedDataBagSecretPath}}\"\n{{end}}{{if .HasEnvironmentsPath}}environment_path \"{{.EnvironmentsPath}}\"\nenvironment \"{{.ChefEnvironment}}\"\n{{end}}";

/// Said in a plan that installs Chef.
pub(super) const INSTALLS: &str =
    "Chef is installed from the internet inside the guest (skip_install = true leaves it out).";

/// What the node is told at its first run.
pub(super) struct Attributes<'a> {
    pub(super) text: Option<&'a Text>,
    pub(super) json: Option<&'a Json>,
    pub(super) run_list: &'a [Text],
}

impl Attributes<'_> {
    /// Attributes of the node with the run list, as JSON.
    pub(super) fn node(&self, cx: &ProvisionContext) -> Result<String, StepError> {
        let text = match (self.text, self.json) {
            (Some(text), _) => fill(text, &cx.names, &[])?,
            (None, Some(json)) => fill(&json.0, &cx.names, &[])?,
            (None, None) => "{}".to_owned(),
        };
        let mut node: Map<String, Value> =
            serde_json::from_str(&text).input(|| "`json_string` is no JSON object".to_owned())?;
        let list = all(self.run_list, cx)?;
        if !list.is_empty() {
            node.insert("run_list".into(), list.into());
        }
        serde_json::to_string_pretty(&node).map_err(|e| StepError::internal(e.to_string()))
    }
}

/// How Chef is installed.
pub(super) struct Install<'a> {
    pub(super) own: Option<&'a Text>,
    pub(super) version: Option<&'a Text>,
}

/// Installs Chef in the guest.
pub(super) async fn install(staging: &Staging<'_>, install: &Install<'_>) -> Result<(), StepError> {
    let version = or_empty(install.version, staging.cx)?;
    let default = if staging.system.windows { INSTALL_WINDOWS } else { INSTALL };
    let sudo = if staging.system.sudo { "true" } else { "" };
    let fields = [("Sudo", sudo), ("Version", version.as_str())];
    let line = command(install.own, default, &fields, staging.cx)?;
    staging.must(&line, "Installing Chef").await
}

/// How the licence is accepted: as the template says, else silently when the build installs Chef by itself.
pub(super) fn license(
    own: Option<&Text>,
    installs: bool,
    cx: &ProvisionContext,
) -> Result<String, StepError> {
    let own = or_empty(own, cx)?;
    Ok(if own.is_empty() && installs { "accept-silent".to_owned() } else { own })
}

/// Chef in the guest.
pub struct ChefSolo {
    options: ChefSoloOptions,
}

impl ChefSolo {
    /// With these options.
    pub fn new(options: ChefSoloOptions) -> Self {
        Self { options }
    }

    /// Uploads a folder when it is set; its path in the guest.
    async fn optional(
        &self,
        staging: &Staging<'_>,
        from: &Option<Text>,
        to: String,
    ) -> Result<String, StepError> {
        match from {
            Some(from) => staging.folder(from, to).await,
            None => Ok(String::new()),
        }
    }

    async fn config(&self, staging: &Staging<'_>, folder: &str) -> Result<String, StepError> {
        let (o, cx) = (&self.options, staging.cx);
        let mut cookbooks: Vec<String> =
            all(&o.remote_cookbook_paths, cx)?.iter().map(|path| format!("\"{path}\"")).collect();
        for (at, path) in o.cookbook_paths.iter().enumerate() {
            let to = staging.folder(path, format!("{folder}/cookbooks-{at}")).await?;
            cookbooks.push(format!("\"{to}\""));
        }
        let roles = self.optional(staging, &o.roles_path, format!("{folder}/roles")).await?;
        let bags = self.optional(staging, &o.data_bags_path, format!("{folder}/data_bags")).await?;
        let environments =
            self.optional(staging, &o.environments_path, format!("{folder}/environments")).await?;
        let secret = match &o.encrypted_data_bag_secret_path {
            Some(file) => staging.file(file, format!("{folder}/encrypted_data_bag_secret")).await?,
            None => String::new(),
        };
        let installs = !o.skip_install && o.install_command.is_none();
        let license = license(o.chef_license.as_ref(), installs, cx)?;
        let environment = or_empty(o.chef_environment.as_ref(), cx)?;
        let cookbooks = cookbooks.join(",");
        let yes = |text: &str| if text.is_empty() { "" } else { "true" };
        let fields = [
            ("ChefLicense", license.as_str()),
            ("CookbookPaths", cookbooks.as_str()),
            ("RolesPath", roles.as_str()),
            ("HasRolesPath", yes(&roles)),
            ("DataBagsPath", bags.as_str()),
            ("HasDataBagsPath", yes(&bags)),
            ("EncryptedDataBagSecretPath", secret.as_str()),
            ("HasEncryptedDataBagSecretPath", yes(&secret)),
            ("EnvironmentsPath", environments.as_str()),
            ("HasEnvironmentsPath", yes(&environments)),
            ("ChefEnvironment", environment.as_str()),
        ];
        let template = match &o.config_template {
            Some(file) => {
                let path = cx.step.absolute(fill(file, &cx.names, &[])?);
                std::fs::read_to_string(&path).input(|| format!("Cannot read {}", path.display()))?
            }
            None => CONFIG.to_owned(),
        };
        let text = command(None, &template, &fields, cx)?;
        let path = format!("{folder}/solo.rb");
        staging.guest.write(&cx.step, text.as_bytes(), &path, 0o644).await?;
        Ok(path)
    }
}

#[async_trait]
impl Provisioner for ChefSolo {
    fn sketch(&self) -> Sketch {
        let list: Vec<String> = self.options.run_list.iter().map(Text::display).collect();
        let mut sketch =
            Sketch::new(format!("Run Chef Solo in the guest: {}", list.join(", ")), StepKind::Provision);
        if !self.options.skip_install {
            sketch = sketch.warning(INSTALLS);
        }
        sketch.inputs(&self.options)
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        let o = &self.options;
        let system = System::new(&o.guest_os_type, !o.prevent_sudo);
        let staging = Staging { guest: cx.guest()?, cx, system };
        let sudo = if system.sudo { "true" } else { "" };
        if !o.skip_install {
            let how = Install { own: o.install_command.as_ref(), version: o.version.as_ref() };
            install(&staging, &how).await?;
        }
        let default =
            if system.windows { "C:/Windows/Temp/packer-chef-solo" } else { "/tmp/packer-chef-solo" };
        let folder = or(o.staging_directory.as_ref(), default, cx)?;
        staging.make(&folder).await?;
        let config = self.config(&staging, &folder).await?;
        let node = format!("{folder}/node.json");
        let attributes =
            Attributes { text: o.json_string.as_ref(), json: o.json.as_ref(), run_list: &o.run_list };
        staging.guest.write(&cx.step, attributes.node(cx)?.as_bytes(), &node, 0o644).await?;
        let default = if system.windows { RUN_WINDOWS } else { RUN };
        let fields = [("Sudo", sudo), ("ConfigPath", config.as_str()), ("JsonPath", node.as_str())];
        let line = command(o.execute_command.as_ref(), default, &fields, cx)?;
        cx.step.say(format!("Running {line}"));
        staging.must(&line, "Chef").await
    }
}
