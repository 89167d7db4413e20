//! `salt-masterless`: Salt in the guest applies states from here.
//!
//! Facts (plugin salt): Salt is installed by its bootstrap script unless `skip_bootstrap`; states and pillars are
//! uploaded to a temporary folder and moved to their places; then `salt-call --local`. `formulas` are fetched by
//! nobody here: the plan refuses them. Not run against the real Salt here.

use async_trait::async_trait;
use goldsmith_template::Text;
use goldsmith_template::options::SaltMasterlessOptions;

use crate::error::StepError;
use crate::holes::fill;
use crate::plan::{Sketch, StepKind};
use crate::provision::staging::{Staging, System, or, or_empty};
use crate::provision::{ProvisionContext, Provisioner};

/// Salt in the guest.
pub struct SaltMasterless {
    options: SaltMasterlessOptions,
}

impl SaltMasterless {
    /// With these options.
    pub fn new(options: SaltMasterlessOptions) -> Self {
        Self { options }
    }

    /// Uploads a tree and moves it to its place, in place of what is there.
    async fn tree(&self, staging: &Staging<'_>, from: &Text, by: String, to: &str) -> Result<(), StepError> {
        let by = staging.folder(from, by).await?;
        staging.remove(to).await?;
        staging.must(&staging.system.rename(&by, to), "Moving the tree to its place").await
    }

    async fn setting(
        &self,
        staging: &Staging<'_>,
        from: &Option<Text>,
        by: &str,
        folder: &str,
        name: &str,
    ) -> Result<(), StepError> {
        let Some(from) = from else { return Ok(()) };
        let by = staging.file(from, format!("{by}/{name}")).await?;
        staging.make(folder).await?;
        staging
            .must(&staging.system.rename(&by, &format!("{folder}/{name}")), "Moving a file to its place")
            .await
    }
}

#[async_trait]
impl Provisioner for SaltMasterless {
    fn sketch(&self) -> Sketch {
        let mut sketch = Sketch::new(
            format!("Apply the Salt states of {}", self.options.local_state_tree.display()),
            StepKind::Provision,
        );
        if !self.options.skip_bootstrap {
            sketch = sketch.warning(
                "Salt is installed from the internet inside the guest (skip_bootstrap = true leaves it out).",
            );
        }
        sketch.inputs(&self.options)
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        let o = &self.options;
        if !o.formulas.is_empty() {
            return Err(StepError::input("`formulas` are not fetched here.")
                .hint("Fetch them beforehand (git clone) into local_state_tree."));
        }
        let system = System::new(&o.guest_os_type, !o.disable_sudo);
        let staging = Staging { guest: cx.guest()?, cx, system };
        let sudo = if system.sudo && !system.windows { "sudo " } else { "" };
        let (settings, default_by, states, pillars) = match system.windows {
            true => ("C:/salt/conf", "C:/Windows/Temp/salt", "C:/salt/state", "C:/salt/pillar"),
            false => ("/etc/salt", "/tmp/salt", "/srv/salt", "/srv/pillar"),
        };
        if !o.skip_bootstrap {
            let (fetch, run) = match system.windows {
                true => (
                    "powershell -Command \"[System.Net.ServicePointManager]::SecurityProtocol = [System.Net.SecurityProtocolType]'Tls12'; Invoke-WebRequest -Uri 'https://winbootstrap.saltproject.io' -OutFile 'C:/Windows/Temp/bootstrap-salt.ps1'\"",
                    "Powershell C:/Windows/Temp/bootstrap-salt.ps1",
                ),
                false => (
                    "curl -L https://bootstrap.saltproject.io -o /tmp/install_salt.sh || wget -O /tmp/install_salt.sh https://bootstrap.saltproject.io",
                    "sh /tmp/install_salt.sh",
                ),
            };
            staging.must(fetch, "Fetching Salt's bootstrap script").await?;
            let arguments = or_empty(o.bootstrap_args.as_ref(), cx)?;
            staging.must(format!("{sudo}{run} {arguments}").trim_end(), "Installing Salt").await?;
        }
        let by = or(o.temp_config_dir.as_ref(), default_by, cx)?;
        staging.make(&by).await?;
        self.setting(&staging, &o.minion_config, &by, settings, "minion").await?;
        self.setting(&staging, &o.grains_file, &by, settings, "grains").await?;
        let states = or(o.remote_state_tree.as_ref(), states, cx)?;
        let pillars = or(o.remote_pillar_roots.as_ref(), pillars, cx)?;
        self.tree(&staging, &o.local_state_tree, format!("{by}/states"), &states).await?;
        if let Some(from) = &o.local_pillar_roots {
            self.tree(&staging, from, format!("{by}/pillar"), &pillars).await?;
        }
        let mut line = match &o.salt_bin_dir {
            Some(folder) => format!("{sudo}{}/salt-call --local", fill(folder, &cx.names, &[])?),
            None => format!("{sudo}salt-call --local"),
        };
        match &o.custom_state {
            Some(state) => line.push_str(&format!(" state.sls {}", fill(state, &cx.names, &[])?)),
            None => line.push_str(" state.highstate"),
        }
        if o.minion_config.is_none() {
            line.push_str(&format!(" --file-root={states} --pillar-root={pillars}"));
        }
        if !o.no_exit_on_failure {
            line.push_str(" --retcode-passthrough");
        }
        line.push_str(&format!(" -l {}", or(o.log_level.as_ref(), "info", cx)?));
        if let Some(arguments) = &o.salt_call_args {
            line.push_str(&format!(" {}", fill(arguments, &cx.names, &[])?));
        }
        cx.step.say(format!("Running {line}"));
        if o.no_exit_on_failure {
            return staging.exec(&line).await.map(drop);
        }
        staging.must(&line, "Salt").await
    }
}
