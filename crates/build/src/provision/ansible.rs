//! `ansible`: Ansible of this computer configures the guest.
//!
//! Facts (packer.md 6; plugin ansible): by default Ansible talks to an SSH server of the build on 127.0.0.1, which
//! passes everything on to the guest; with `use_proxy = false` it talks to the guest itself. The inventory has one
//! line for the guest, repeated in each group. The order of the arguments is Packer's: what the build knows, the SSH
//! arguments, `extra_arguments`, password or key, then `-i` and the playbook last.

use std::path::PathBuf;

use async_trait::async_trait;
use goldsmith_guest::KeyKind;
use goldsmith_process::Invocation;
use goldsmith_template::options::AnsibleOptions;

use crate::error::{Context as _, StepError};
use crate::holes::fill;
use crate::plan::{Sketch, StepKind};
use crate::provision::adapter::{self, Served};
use crate::provision::ansible_local::requirements;
use crate::provision::staging::{all, base};
use crate::provision::{ProvisionContext, Provisioner};

const SSH_LINE: &str =
    "{{ .HostAlias }} ansible_host={{ .Host }} ansible_user={{ .User }} ansible_port={{ .Port }}\n";
const WINRM_LINE: &str = "{{ .HostAlias }} ansible_host={{ .Host }} ansible_connection=winrm ansible_winrm_transport=basic ansible_shell_type=powershell ansible_user={{ .User }} ansible_port={{ .Port }}\n";

/// Ansible of this computer.
pub struct Ansible {
    options: AnsibleOptions,
}

/// How Ansible reaches the guest.
struct Way {
    host: String,
    port: String,
    user: String,
    /// Private key, mode 0600, in the build's own folder.
    key: Option<PathBuf>,
    winrm: bool,
    /// Lives as long as Ansible runs.
    adapter: Option<Served>,
}

fn holds(arguments: &[String], name: &str) -> bool {
    arguments.iter().any(|argument| argument.contains(name))
}

impl Ansible {
    /// With these options.
    pub fn new(options: AnsibleOptions) -> Self {
        Self { options }
    }

    fn value(cx: &ProvisionContext, name: &str) -> String {
        cx.names.get(name).unwrap_or_default()
    }

    fn user(&self, cx: &ProvisionContext, otherwise: &str) -> Result<String, StepError> {
        match &self.options.user {
            Some(user) if !user.is_empty() => fill(user, &cx.names, &[]),
            _ => Ok(otherwise.to_owned()),
        }
    }

    async fn way(&self, cx: &ProvisionContext) -> Result<Way, StepError> {
        let winrm = Self::value(cx, "ConnType") == "winrm";
        if winrm && self.options.use_proxy != Some(false) {
            return Err(StepError::input("Ansible cannot reach a WinRM guest through the SSH adapter.")
                .hint("Set use_proxy = false: Ansible then talks to the guest by WinRM itself (pip package pywinrm)."));
        }
        if self.options.use_proxy != Some(false) {
            return self.adapter(cx).await;
        }
        let mut way = Way {
            host: Self::value(cx, "Host"),
            port: Self::value(cx, "Port"),
            user: self.user(cx, &Self::value(cx, "User"))?,
            key: None,
            winrm,
            adapter: None,
        };
        if !winrm {
            let file = Self::value(cx, "SSHPrivateKeyFile");
            let key = Self::value(cx, "SSHPrivateKey");
            way.key = match (file.is_empty(), key.is_empty()) {
                (false, _) => Some(PathBuf::from(file)),
                (true, false) => Some(adapter::key_file(cx, &key)?),
                (true, true) => None,
            };
        }
        Ok(way)
    }

    /// Through an SSH server of the build.
    async fn adapter(&self, cx: &ProvisionContext) -> Result<Way, StepError> {
        let kind = match self.options.ansible_proxy_key_type.to_ascii_uppercase().as_str() {
            "RSA" => KeyKind::Rsa { bits: 2048 },
            _ => KeyKind::Ecdsa { bits: 384 },
        };
        let served = adapter::serve(
            cx,
            adapter::Wish {
                who: "Ansible",
                kind,
                host_key_file: self.options.ssh_host_key_file.as_ref(),
                authorized_key_file: self.options.ssh_authorized_key_file.as_ref(),
                port: self.options.local_port,
                user: self.user(cx, "goldsmith")?,
                sftp: &fill(&self.options.sftp_command, &cx.names, &[])?,
            },
        )
        .await?;
        Ok(Way {
            host: "127.0.0.1".into(),
            port: served.port.to_string(),
            user: served.user.clone(),
            key: served.key.clone(),
            winrm: false,
            adapter: Some(served),
        })
    }

    fn inventory(&self, cx: &ProvisionContext, way: &Way) -> Result<String, StepError> {
        let alias = fill(&self.options.host_alias, &cx.names, &[])?;
        let fields = [
            ("HostAlias", alias.as_str()),
            ("Host", way.host.as_str()),
            ("User", way.user.as_str()),
            ("Port", way.port.as_str()),
        ];
        let line = match &self.options.inventory_file_template {
            Some(template) => fill(template, &cx.names, &fields)?,
            None => {
                let line = if way.winrm { WINRM_LINE } else { SSH_LINE };
                crate::provision::staging::command(None, line, &fields, cx)?
            }
        };
        let mut text = line.clone();
        for group in all(&self.options.groups, cx)? {
            text.push_str(&format!("[{group}]\n{line}"));
        }
        for group in all(&self.options.empty_groups, cx)? {
            text.push_str(&format!("[{group}]\n"));
        }
        Ok(text)
    }

    fn arguments(&self, cx: &ProvisionContext, way: &Way) -> Result<Vec<String>, StepError> {
        let fixed = cx.names.fixed();
        let extra = |text: String| ["-e".to_owned(), text];
        let mut out: Vec<String> = Vec::new();
        out.extend(extra(format!("packer_build_name={:?}", fixed.build_name)));
        out.extend(extra(format!("packer_builder_type={}", fixed.builder_type)));
        if let Some(address) = cx.names.packer_env().get("PACKER_HTTP_ADDR") {
            out.extend(extra(format!("packer_http_addr={address}")));
        }
        if !way.winrm && way.key.is_some() {
            let own = all(&self.options.ansible_ssh_extra_args, cx)?;
            let own = if own.is_empty() { "-o IdentitiesOnly=yes".to_owned() } else { own.join("' '") };
            out.extend(["--ssh-extra-args".to_owned(), format!("'{own}'")]);
        }
        let given = all(&self.options.extra_arguments, cx)?;
        if self.options.ansible_winrm_use_http && !holds(&given, "ansible_winrm_scheme") {
            out.extend(extra("ansible_winrm_scheme=http".into()));
        }
        out.extend(given);
        if let Some(key) = way.key.as_ref().filter(|_| !holds(&out, "ansible_password")) {
            out.extend(extra(format!("ansible_ssh_private_key_file={}", key.display())));
        }
        Ok(out)
    }

    /// A password goes by a file of mode 0600 that Ansible reads, never on a command line.
    fn password(
        &self,
        cx: &ProvisionContext,
        way: &Way,
        arguments: &mut Vec<String>,
    ) -> Result<Option<PathBuf>, StepError> {
        if way.key.is_some() || way.adapter.is_some() || holds(arguments, "ansible_password") {
            return Ok(None);
        }
        let password = Self::value(cx, "Password");
        if password.is_empty() {
            return Ok(None);
        }
        let path = cx.step.runtime().join(format!("ansible-vars-{}.json", cx.step.fresh()));
        let text = serde_json::json!({ "ansible_password": password }).to_string();
        adapter::write_private(&path, &text).environment(|| format!("Cannot write {}", path.display()))?;
        arguments.extend(["-e".to_owned(), format!("@{}", path.display())]);
        Ok(Some(path))
    }

    fn with_environment(&self, cx: &ProvisionContext, mut run: Invocation) -> Result<Invocation, StepError> {
        run = run.env("ANSIBLE_HOST_KEY_CHECKING", "False");
        if !self.options.use_sftp {
            run = run.env("ANSIBLE_SCP_IF_SSH", "True");
        }
        for pair in all(&self.options.ansible_env_vars, cx)? {
            let (name, value) = pair.split_once('=').ok_or_else(|| {
                StepError::input(format!(
                    "An entry of ansible_env_vars is not written as NAME=value: {}.",
                    pair.len()
                ))
            })?;
            run = run.secret_env(name, value);
        }
        Ok(run.cwd(cx.step.cwd()))
    }

    async fn galaxy(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        let o = &self.options;
        let Some(file) = &o.galaxy_file else { return Ok(()) };
        let name = fill(file, &cx.names, &[])?;
        let path = cx.step.absolute(&name);
        let text = std::fs::read_to_string(&path).input(|| format!("Cannot read {}", path.display()))?;
        let (roles, collections) = requirements(&text);
        let program = fill(&o.galaxy_command, &cx.names, &[])?;
        let mut runs = Vec::new();
        if roles {
            runs.push((vec!["install"], &o.roles_path));
        }
        if collections {
            runs.push((vec!["collection", "install"], &o.collections_path));
        }
        for (what, to) in runs {
            let mut run = Invocation::new(&program).args(what).arg("-r").arg(&path);
            if o.galaxy_force_install {
                run = run.arg("-f");
            }
            if o.galaxy_force_with_deps {
                run = run.arg("--force-with-deps");
            }
            if let Some(to) = to {
                run = run.arg("-p").arg(fill(to, &cx.names, &[])?);
            }
            cx.step.run_ok(&self.with_environment(cx, run)?).await?;
        }
        Ok(())
    }

    async fn play(&self, cx: &ProvisionContext, way: &Way, inventory: &str) -> Result<(), StepError> {
        let mut arguments = self.arguments(cx, way)?;
        let secret = self.password(cx, way, &mut arguments)?;
        let playbook = cx.step.absolute(fill(&self.options.playbook_file, &cx.names, &[])?);
        std::fs::metadata(&playbook).input(|| format!("Cannot read the playbook {}", playbook.display()))?;
        let program = fill(&self.options.command, &cx.names, &[])?;
        let run = Invocation::new(&program).args(arguments).arg("-i").arg(inventory).arg(&playbook);
        let run = self.with_environment(cx, run)?;
        cx.step.say(format!("Running {run}"));
        let ended = cx.step.run(&run).await;
        if let Some(path) = secret {
            std::fs::remove_file(&path).environment(|| format!("Cannot remove {}", path.display()))?;
        }
        let captured = ended?;
        if captured.exit.success() {
            return Ok(());
        }
        Err(StepError::guest(format!("Ansible ended with {}.", captured.exit))
            .hint("The log above shows the task that failed; extra_arguments = [\"-vvv\"] shows more."))
    }
}

#[async_trait]
impl Provisioner for Ansible {
    fn sketch(&self) -> Sketch {
        let program = self.options.command.display();
        let book = self.options.playbook_file.display();
        let mut sketch =
            Sketch::new(format!("Run {} with Ansible of this computer", base(&book)), StepKind::Provision)
                .command(format!("{program} ... -i {{inventory}} {book}"))
                .program(program, "configures the guest");
        if self.options.galaxy_file.is_some() {
            sketch = sketch.program(
                self.options.galaxy_command.display(),
                "installs roles and collections from the internet",
            );
        }
        sketch.inputs(&self.options)
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        if !self.options.skip_version_check {
            let program = fill(&self.options.command, &cx.names, &[])?;
            let asked = Invocation::new(&program).arg("--version").cwd(cx.step.cwd());
            cx.step.run_with(&asked, &mut |_| {}).await.map_err(|error| {
                error.hint("Install Ansible (package ansible or ansible-core), or set `command` to its path.")
            })?;
        }
        let way = self.way(cx).await?;
        self.galaxy(cx).await?;
        if let Some(own) = &self.options.inventory_file {
            let own = cx.step.absolute(fill(own, &cx.names, &[])?);
            return self.play(cx, &way, &own.display().to_string()).await;
        }
        let folder = match &self.options.inventory_directory {
            Some(folder) => cx.step.absolute(fill(folder, &cx.names, &[])?),
            None => cx.step.runtime().to_owned(),
        };
        let path = folder.join(format!("packer-provisioner-ansible{}", cx.step.fresh()));
        let holding = cx.step.intend_file(&path)?;
        std::fs::write(&path, self.inventory(cx, &way)?)
            .environment(|| format!("Cannot write the inventory {}", path.display()))?;
        // With a folder of inventories all of them count.
        let given = if self.options.inventory_directory.is_some() { &folder } else { &path };
        let played = self.play(cx, &way, &given.display().to_string()).await;
        if self.options.keep_inventory_file {
            holding.keep();
        } else {
            holding.release().await?;
        }
        played
    }
}
