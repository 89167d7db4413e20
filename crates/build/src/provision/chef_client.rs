//! `chef-client`: Chef in the guest against a Chef server.
//!
//! Facts (plugin chef): the configuration is `client.rb` of the staging folder beside `first-boot.json`, and
//! `validation.pem` and the secret of encrypted data bags where they are given; after the run the node and the client
//! are deleted on the server with knife, and the staging folder goes, each unless a `skip_clean_*` says otherwise. Not
//! run against the real Chef here.

use async_trait::async_trait;
use goldsmith_template::Text;
use goldsmith_template::options::ChefClientOptions;

use crate::error::{Context as _, StepError};
use crate::holes::fill;
use crate::plan::{Sketch, StepKind};
use crate::provision::chef::{self, Attributes, Install};
use crate::provision::staging::{Staging, System, command, or, or_empty};
use crate::provision::{ProvisionContext, Provisioner};

const RUN: &str = "{{if .Sudo}}sudo {{end}}chef-client --no-color -c {{.ConfigPath}} -j {{.JsonPath}}";
const RUN_WINDOWS: &str =
    "c:/opscode/chef/bin/chef-client.bat --no-color -c {{.ConfigPath}} -j {{.JsonPath}}";
const KNIFE: &str = "{{if .Sudo}}sudo {{end}}knife {{.Args}} {{.Flags}}";
const KNIFE_WINDOWS: &str = "c:/opscode/chef/bin/knife.bat {{.Args}} {{.Flags}}";
const CONFIG: &str = "{{if .ChefLicense}}chef_license \"{{.ChefLicense}}\"\n{{end}}log_level :info\nlog_location STDOUT\nchef_server_url \"{{.ServerUrl}}\"\nclient_key \"{{.ClientKey}}\"\n{{if .EncryptedDataBagSecretPath}}encrypted_data_bag_secret \"{{.EncryptedDataBagSecretPath}}\"\n{{end}}{{if .ValidationKeyPath}}validation_key \"{{.ValidationKeyPath}}\"\n{{end}}{{if .ValidationClientName}}validation_client_name \"{{.ValidationClientName}}\"\n{{end}}node_name \"{{.NodeName}}\"\n{{if .ChefEnvironment}}environment \"{{.ChefEnvironment}}\"\n{{end}}{{if .PolicyGroup}}policy_group \"{{.PolicyGroup}}\"\n{{end}}{{if .PolicyName}}policy_name \"{{.PolicyName}}\"\n{{end}}{{if .SslVerifyMode}}ssl_verify_mode :{{.SslVerifyMode}}\n{{end}}{{if .TrustedCertsDir}}trusted_certs_dir \"{{.TrustedCertsDir}}\"\n{{end}}";
const KNIFE_CONFIG: &str = "log_level :info\nlog_location STDOUT\nchef_server_url \"{{.ServerUrl}}\"\nclient_key \"{{.ClientKey}}\"\nnode_name \"{{.NodeName}}\"\n{{if .SslVerifyMode}}ssl_verify_mode :{{.SslVerifyMode}}\n{{end}}{{if .TrustedCertsDir}}trusted_certs_dir \"{{.TrustedCertsDir}}\"\n{{end}}";

/// Chef in the guest, told by a server.
pub struct ChefClient {
    options: ChefClientOptions,
}

impl ChefClient {
    /// With these options.
    pub fn new(options: ChefClientOptions) -> Self {
        Self { options }
    }

    /// The fields of both configurations, with what they name uploaded.
    async fn fields(
        &self,
        staging: &Staging<'_>,
        folder: &str,
        node: &str,
    ) -> Result<Vec<(&'static str, String)>, StepError> {
        let (o, cx) = (&self.options, staging.cx);
        let secret = match &o.encrypted_data_bag_secret_path {
            Some(file) => staging.file(file, format!("{folder}/encrypted_data_bag_secret")).await?,
            None => String::new(),
        };
        let validation = match &o.validation_key_path {
            Some(file) => staging.file(file, format!("{folder}/validation.pem")).await?,
            None => String::new(),
        };
        let text = |text: &Option<Text>| or_empty(text.as_ref(), cx);
        let installs = !o.skip_install && o.install_command.is_none();
        Ok(vec![
            ("ChefLicense", chef::license(o.chef_license.as_ref(), installs, cx)?),
            ("ServerUrl", fill(&o.server_url, &cx.names, &[])?),
            ("ClientKey", or(o.client_key.as_ref(), &format!("{folder}/client.pem"), cx)?),
            ("EncryptedDataBagSecretPath", secret),
            ("ValidationKeyPath", validation),
            ("ValidationClientName", text(&o.validation_client_name)?),
            ("NodeName", node.to_owned()),
            ("ChefEnvironment", text(&o.chef_environment)?),
            ("PolicyGroup", text(&o.policy_group)?),
            ("PolicyName", text(&o.policy_name)?),
            ("SslVerifyMode", text(&o.ssl_verify_mode)?),
            ("TrustedCertsDir", text(&o.trusted_certs_dir)?),
        ])
    }

    /// Takes the node and the client away from the server. That they stay is no reason to throw the image away.
    async fn clean(&self, staging: &Staging<'_>, knife: &str, node: &str) -> Result<(), StepError> {
        let (o, cx) = (&self.options, staging.cx);
        for (skip, what) in [(o.skip_clean_node, "node"), (o.skip_clean_client, "client")] {
            if skip {
                continue;
            }
            let default = if staging.system.windows { KNIFE_WINDOWS } else { KNIFE };
            let sudo = if staging.system.sudo { "true" } else { "" };
            let (args, flags) = (format!("{what} delete {node}"), format!("-y -c {knife}"));
            let fields = [("Sudo", sudo), ("Args", args.as_str()), ("Flags", flags.as_str())];
            let line = command(o.knife_command.as_ref(), default, &fields, cx)?;
            match staging.must(&line, &format!("Removing the {what} from the Chef server")).await {
                Err(error) if error.is_cancelled() => return Err(error),
                Err(error) => cx.step.warn(format!("{} Remove it by hand.", error.full())),
                Ok(()) => {}
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Provisioner for ChefClient {
    fn sketch(&self) -> Sketch {
        let title = format!("Run Chef in the guest against {}", self.options.server_url.display());
        let mut sketch = Sketch::new(title, StepKind::Provision);
        if !self.options.skip_install {
            sketch = sketch.warning(chef::INSTALLS);
        }
        sketch.inputs(&self.options)
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        let o = &self.options;
        let system = System::new(&o.guest_os_type, !o.prevent_sudo);
        let staging = Staging { guest: cx.guest()?, cx, system };
        if !o.skip_install {
            let install = Install { own: o.install_command.as_ref(), version: o.version.as_ref() };
            chef::install(&staging, &install).await?;
        }
        let default =
            if system.windows { "C:/Windows/Temp/packer-chef-client" } else { "/tmp/packer-chef-client" };
        let folder = or(o.staging_directory.as_ref(), default, cx)?;
        staging.make(&folder).await?;
        let node = or(o.node_name.as_ref(), &format!("packer-{}", cx.names.fixed().run_uuid), cx)?;
        let fields = self.fields(&staging, &folder, &node).await?;
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let template = match &o.config_template {
            Some(file) => {
                let path = cx.step.absolute(fill(file, &cx.names, &[])?);
                std::fs::read_to_string(&path).input(|| format!("Cannot read {}", path.display()))?
            }
            None => CONFIG.to_owned(),
        };
        let (config, knife) = (format!("{folder}/client.rb"), format!("{folder}/knife.rb"));
        let attributes =
            Attributes { text: o.json_string.as_ref(), json: o.json.as_ref(), run_list: &o.run_list };
        let first = format!("{folder}/first-boot.json");
        for (path, text) in [
            (&config, command(None, &template, &fields, cx)?),
            (&knife, command(None, KNIFE_CONFIG, &fields, cx)?),
            (&first, attributes.node(cx)?),
        ] {
            staging.guest.write(&cx.step, text.as_bytes(), path, 0o644).await?;
        }
        let default = if system.windows { RUN_WINDOWS } else { RUN };
        let sudo = if system.sudo { "true" } else { "" };
        let fields = [("Sudo", sudo), ("ConfigPath", config.as_str()), ("JsonPath", first.as_str())];
        let line = command(o.execute_command.as_ref(), default, &fields, cx)?;
        cx.step.say(format!("Running {line}"));
        let ran = staging.must(&line, "Chef").await;
        // Also after a failure: the server should not keep a node of a guest that is thrown away.
        if ran.as_ref().err().is_none_or(|error| !error.is_cancelled()) {
            self.clean(&staging, &knife, &node).await?;
            if !o.skip_clean_staging_directory {
                staging.remove(&folder).await?;
            }
        }
        ran
    }
}
