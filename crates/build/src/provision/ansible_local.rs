//! `ansible-local`: Ansible in the guest configures it.
//!
//! Facts (packer.md 6; plugin ansible): everything is uploaded into the staging folder; roles and collections of
//! `galaxy_file` are installed below it; the playbook runs with `-c local` against the inventory made of
//! `inventory_groups`, or 127.0.0.1 alone.

use std::path::Path;

use async_trait::async_trait;
use goldsmith_template::Text;
use goldsmith_template::options::AnsibleLocalOptions;

use crate::error::{Context as _, StepError};
use crate::holes::fill;
use crate::plan::{Sketch, StepKind};
use crate::provision::staging::{Staging, System, all, base, or};
use crate::provision::{ProvisionContext, Provisioner};

/// What a requirements file of Ansible Galaxy asks for: roles, collections. A file without either word is a list of
/// roles, as in old days.
pub(crate) fn requirements(text: &str) -> (bool, bool) {
    let roles = text.lines().any(|line| line.starts_with("roles:"));
    let collections = text.lines().any(|line| line.starts_with("collections:"));
    (roles || !collections, collections)
}

/// Ansible in the guest.
pub struct AnsibleLocal {
    options: AnsibleLocalOptions,
}

impl AnsibleLocal {
    /// With these options.
    pub fn new(options: AnsibleLocalOptions) -> Self {
        Self { options }
    }

    /// The playbooks as paths below the staging folder, uploaded where they are not part of `playbook_dir`.
    async fn playbooks(&self, staging: &Staging<'_>, folder: &str) -> Result<Vec<String>, StepError> {
        let cx = staging.cx;
        if let Some(playbook) = &self.options.playbook_file {
            let name = base(&fill(playbook, &cx.names, &[])?);
            return Ok(vec![staging.file(playbook, format!("{folder}/{name}")).await?]);
        }
        let within = match &self.options.playbook_dir {
            Some(text) => Some(cx.step.absolute(fill(text, &cx.names, &[])?)),
            None => None,
        };
        let mut playbooks = Vec::new();
        for playbook in &self.options.playbook_files {
            let path = cx.step.absolute(fill(playbook, &cx.names, &[])?);
            if let Some(inner) = within.as_ref().and_then(|within| path.strip_prefix(within).ok()) {
                playbooks.push(format!("{folder}/{}", inner.display()));
                continue;
            }
            let target = format!("{folder}{}", path.display());
            let parent = Path::new(&target).parent().unwrap_or(Path::new("/")).display().to_string();
            staging.make(&parent).await?;
            playbooks.push(staging.file(playbook, target).await?);
        }
        Ok(playbooks)
    }

    async fn inventory(&self, staging: &Staging<'_>, folder: &str) -> Result<String, StepError> {
        let cx = staging.cx;
        if let Some(inventory) = &self.options.inventory_file {
            let name = base(&fill(inventory, &cx.names, &[])?);
            return staging.file(inventory, format!("{folder}/{name}")).await;
        }
        let groups = all(&self.options.inventory_groups, cx)?;
        let text = match groups.as_slice() {
            [] => "127.0.0.1".to_owned(),
            groups => groups.iter().map(|group| format!("[{group}]\n127.0.0.1\n")).collect(),
        };
        let path = format!("{folder}/packer-provisioner-ansible-local-inventory");
        staging.guest.write(&cx.step, text.as_bytes(), &path, 0o644).await?;
        Ok(path)
    }

    async fn tree(&self, staging: &Staging<'_>, from: &[Text], to: &str) -> Result<(), StepError> {
        for path in from {
            let name = base(fill(path, &staging.cx.names, &[])?.trim_end_matches('/'));
            staging.folder(path, format!("{to}/{name}")).await?;
        }
        Ok(())
    }

    /// Installs what `galaxy_file` asks for; the variables that make Ansible find it.
    async fn galaxy(&self, staging: &Staging<'_>, folder: &str) -> Result<String, StepError> {
        let cx = staging.cx;
        let mut paths = Vec::new();
        let mut variables = String::new();
        if let Some(file) = &self.options.galaxy_file {
            let name = fill(file, &cx.names, &[])?;
            let local = cx.step.absolute(&name);
            let text =
                std::fs::read_to_string(&local).input(|| format!("Cannot read {}", local.display()))?;
            let remote = staging.file(file, format!("{folder}/{}", base(&name))).await?;
            let roles_path =
                or(self.options.galaxy_roles_path.as_ref(), &format!("{folder}/galaxy_roles"), cx)?;
            let collections_path = or(
                self.options.galaxy_collections_path.as_ref(),
                &format!("{folder}/galaxy_collections"),
                cx,
            )?;
            let galaxy = fill(&self.options.galaxy_command, &cx.names, &[])?;
            let force = if self.options.galaxy_force_install { " -f" } else { "" };
            let (roles, collections) = requirements(&text);
            if roles {
                let line = format!("cd {folder} && {galaxy} install -r {remote} -p {roles_path}{force}");
                staging.must(&line, "Ansible Galaxy").await?;
                if text.lines().any(|line| line.starts_with("roles:")) {
                    variables = format!(" ANSIBLE_ROLES_PATH=$ANSIBLE_ROLES_PATH:{roles_path}");
                }
            }
            if collections {
                let line = format!(
                    "cd {folder} && {galaxy} collection install -r {remote} -p {collections_path}{force}"
                );
                staging.must(&line, "Ansible Galaxy").await?;
                paths.push(collections_path);
            }
        }
        if !self.options.collection_paths.is_empty() {
            paths.push(format!("{folder}/collections"));
        }
        if !paths.is_empty() {
            variables =
                format!(" ANSIBLE_COLLECTIONS_PATH=$ANSIBLE_COLLECTIONS_PATH:{}{variables}", paths.join(":"));
        }
        Ok(variables)
    }
}

#[async_trait]
impl Provisioner for AnsibleLocal {
    fn sketch(&self) -> Sketch {
        let books: Vec<String> = self
            .options
            .playbook_file
            .iter()
            .chain(&self.options.playbook_files)
            .map(Text::display)
            .collect();
        Sketch::new(format!("Run {} with Ansible in the guest", books.join(", ")), StepKind::Provision)
            .inputs(&self.options)
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        let o = &self.options;
        let staging = Staging { guest: cx.guest()?, cx, system: System::new("unix", false) };
        let default = format!("/tmp/packer-provisioner-ansible-local/{}", cx.step.fresh());
        let folder = or(o.staging_directory.as_ref(), &default, cx)?;
        match &o.playbook_dir {
            Some(from) => drop(staging.folder(from, folder.clone()).await?),
            None => staging.make(&folder).await?,
        }
        let playbooks = self.playbooks(&staging, &folder).await?;
        let inventory = self.inventory(&staging, &folder).await?;
        for (from, to) in [(&o.group_vars, "group_vars"), (&o.host_vars, "host_vars")] {
            if let Some(from) = from {
                staging.folder(from, format!("{folder}/{to}")).await?;
            }
        }
        self.tree(&staging, &o.role_paths, &format!("{folder}/roles")).await?;
        self.tree(&staging, &o.collection_paths, &format!("{folder}/collections")).await?;
        self.tree(&staging, &o.playbook_paths, &format!("{folder}/playbooks")).await?;
        let variables = self.galaxy(&staging, &folder).await?;
        let fixed = cx.names.fixed();
        let extra = format!(
            " --extra-vars \"packer_build_name={} packer_builder_type={} packer_http_addr={} -o IdentitiesOnly=yes\" {}",
            fixed.build_name,
            fixed.builder_type,
            cx.names.get("PackerHTTPAddr").unwrap_or_default(),
            all(&o.extra_arguments, cx)?.join(" ")
        );
        let program = fill(&o.command, &cx.names, &[])?;
        for playbook in playbooks {
            let line =
                format!("cd {folder} &&{variables} {program} {playbook}{extra} -c local -i {inventory}");
            cx.step.say(format!("Running {line}"));
            match staging.exec(&line).await?.code {
                Some(0) => {}
                Some(127) => {
                    return Err(StepError::guest(format!("`{program}` is not in the guest."))
                        .hint("Install Ansible with an earlier shell provisioner, or use the provisioner `ansible`, which runs here."));
                }
                Some(code) => return Err(StepError::guest(format!("Ansible ended with exit code {code}."))),
                None => return Err(StepError::guest("The connection was lost while Ansible ran.")),
            }
        }
        if o.clean_staging_directory { staging.remove(&folder).await } else { Ok(()) }
    }
}
