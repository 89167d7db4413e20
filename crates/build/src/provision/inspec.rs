//! `inspec`: InSpec of this computer tests the guest.
//!
//! Facts (plugin inspec): with the `ssh` backend InSpec talks to an SSH server of the build on 127.0.0.1, which passes
//! everything on to the guest; the arguments are `exec PROFILE --backend --host --user --key-files --port
//! --input-file FILES`, then `extra_arguments`; 0 and 101 (tests were skipped) are success. Not run against the real
//! InSpec here.

use std::path::PathBuf;

use async_trait::async_trait;
use goldsmith_guest::KeyKind;
use goldsmith_process::Invocation;
use goldsmith_template::options::InspecOptions;

use crate::error::{Context as _, StepError};
use crate::holes::fill;
use crate::plan::{Sketch, StepKind};
use crate::provision::adapter::{self, Served};
use crate::provision::staging::{all, or};
use crate::provision::{ProvisionContext, Provisioner};

/// InSpec of this computer.
pub struct Inspec {
    options: InspecOptions,
}

impl Inspec {
    /// With these options.
    pub fn new(options: InspecOptions) -> Self {
        Self { options }
    }

    /// What the profile may ask for, beside the user's own files.
    fn inputs(&self, cx: &ProvisionContext) -> Result<PathBuf, StepError> {
        let fixed = cx.names.fixed();
        let text = format!(
            "packer_build_name: {:?}\npacker_builder_type: {:?}\n",
            fixed.build_name, fixed.builder_type
        );
        let folder = match &self.options.attributes_directory {
            Some(folder) => cx.step.absolute(fill(folder, &cx.names, &[])?),
            None => cx.step.runtime().to_owned(),
        };
        let path = folder.join(format!("packer-provisioner-inspec.{}.yml", cx.step.fresh()));
        std::fs::write(&path, text).environment(|| format!("Cannot write {}", path.display()))?;
        Ok(path)
    }

    async fn arguments(
        &self,
        cx: &ProvisionContext,
        inputs: &std::path::Path,
    ) -> Result<(Vec<String>, Option<Served>), StepError> {
        let o = &self.options;
        let mut out = vec!["exec".to_owned(), fill(&o.profile, &cx.names, &[])?];
        let mut add = |name: &str, value: String| out.extend([name.to_owned(), value]);
        add("--backend", o.backend.clone());
        let served = if o.backend == "ssh" {
            let served = adapter::serve(
                cx,
                adapter::Wish {
                    who: "InSpec",
                    kind: KeyKind::Ecdsa { bits: 384 },
                    host_key_file: o.ssh_host_key_file.as_ref(),
                    authorized_key_file: o.ssh_authorized_key_file.as_ref(),
                    port: o.local_port,
                    user: or(o.user.as_ref(), "goldsmith", cx)?,
                    sftp: "/usr/lib/sftp-server -e",
                },
            )
            .await?;
            add("--host", "127.0.0.1".to_owned());
            add("--user", served.user.clone());
            if let Some(key) = &served.key {
                add("--key-files", key.display().to_string());
            }
            add("--port", served.port.to_string());
            Some(served)
        } else {
            add("--host", or(o.host.as_ref(), "127.0.0.1", cx)?);
            if let Some(user) = &o.user {
                add("--user", fill(user, &cx.names, &[])?);
            }
            None
        };
        out.push("--input-file".to_owned());
        for file in all(&o.attributes, cx)? {
            out.push(cx.step.absolute(file).display().to_string());
        }
        out.push(inputs.display().to_string());
        out.extend(all(&o.extra_arguments, cx)?);
        Ok((out, served))
    }
}

#[async_trait]
impl Provisioner for Inspec {
    fn sketch(&self) -> Sketch {
        let (program, profile) = (self.options.command.display(), self.options.profile.display());
        Sketch::new(format!("Test the guest with InSpec: {profile}"), StepKind::Provision)
            .command(format!("{program} exec {profile} --backend {} ...", self.options.backend))
            .program(program, "tests the guest")
            .inputs(&self.options)
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        let program = fill(&self.options.command, &cx.names, &[])?;
        let inputs = self.inputs(cx)?;
        let holding = cx.step.intend_file(&inputs)?;
        // The adapter lives as long as InSpec runs.
        let (arguments, _served) = self.arguments(cx, &inputs).await?;
        let mut run = Invocation::new(&program).args(arguments).cwd(cx.step.cwd());
        for pair in all(&self.options.inspec_env_vars, cx)? {
            let (name, value) = pair.split_once('=').ok_or_else(|| {
                StepError::input("An entry of inspec_env_vars is not written as NAME=value.")
            })?;
            run = run.secret_env(name, value);
        }
        cx.step.say(format!("Running {run}"));
        let ended = cx.step.run(&run).await;
        holding.release().await?;
        let exit = ended
            .map_err(|error| {
                error.hint("Install InSpec, or set `command` to its path (cinc-auditor works too).")
            })?
            .exit;
        match exit.code {
            Some(code) if self.options.valid_exit_codes.contains(&i64::from(code)) => Ok(()),
            _ => Err(StepError::guest(format!("InSpec ended with {exit}."))
                .hint("100 means that a test failed: the log above shows which. valid_exit_codes says what is accepted.")),
        }
    }
}
