//! `powershell`: PowerShell scripts in a Windows guest.
//!
//! Facts (packer.md 6; core, provisioner/powershell): the variables are a script of their own that is read by the
//! main command; `inline` is wrapped so that an error or a program's exit code ends it; a script is run by a command
//! that ends with `$LastExitCode`. With `elevated_user` the command is a scheduled task. What was uploaded is removed
//! by one more script at the end.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use goldsmith_template::Text;
use goldsmith_template::options::PowershellOptions;

use crate::error::StepError;
use crate::holes::fill;
use crate::plan::Sketch;
use crate::provision::elevated::{Elevation, escaped, prepare};
use crate::provision::environment::{formatted, variables};
use crate::provision::{Communicator, ProvisionContext, Provisioner, scripts};

/// PowerShell scripts in the guest.
pub struct Powershell {
    options: PowershellOptions,
}

/// Where things are put in the guest.
struct Paths {
    script: String,
    variables: String,
    cleanup: String,
}

impl Powershell {
    /// With these options.
    pub fn new(options: PowershellOptions) -> Self {
        Self { options }
    }

    fn files(&self) -> impl Iterator<Item = &Text> {
        self.options.script.iter().chain(&self.options.scripts)
    }

    fn program(&self) -> &'static str {
        if self.options.use_pwsh { "pwsh" } else { "powershell" }
    }

    /// The command for a script without an `execute_command`.
    fn default_command(&self, paths: &Paths) -> String {
        let Paths { script, variables, .. } = paths;
        let policy = self.options.execution_policy.as_str();
        if !self.options.inline.is_empty() {
            return match policy {
                "none" => format!("-file {script}"),
                policy => format!("{} -executionpolicy {policy} -file {script}", self.program()),
            };
        }
        let trace = match self.options.debug_mode {
            0 => String::new(),
            level => format!("Set-PsDebug -Trace {level};"),
        };
        let body = format!(
            "& {{ if (Test-Path variable:global:ProgressPreference){{set-variable -name variable:global:ProgressPreference -value 'SilentlyContinue'}};{trace}. {variables}; &'{script}'; exit $LastExitCode }}"
        );
        match (policy, self.options.use_pwsh) {
            ("none", _) => body,
            (policy, true) => format!("pwsh -executionpolicy {policy} -command \"{body}\""),
            (policy, false) => format!("powershell -executionpolicy {policy} \"{body}\""),
        }
    }

    fn command(&self, own: Option<&Text>, paths: &Paths, cx: &ProvisionContext) -> Result<String, StepError> {
        match own {
            Some(own) => {
                fill(own, &cx.names, &[("Path", paths.script.as_str()), ("Vars", paths.variables.as_str())])
            }
            None => Ok(self.default_command(paths)),
        }
    }

    /// Assignments of all variables, one after another.
    fn assignments(&self, cx: &ProvisionContext) -> Result<String, StepError> {
        let elevated = self.options.elevated_user.is_some();
        let format = match (elevated, &self.options.elevated_env_var_format, &self.options.env_var_format) {
            (true, Some(format), _) | (false, _, Some(format)) => fill(format, &cx.names, &[])?,
            _ => "$env:%s=\"%s\"; ".to_owned(),
        };
        let own = variables(&cx.names, &self.options.environment_vars, &self.options.env)?;
        let packer: BTreeMap<String, String> = cx.names.packer_env();
        Ok(own
            .iter()
            .map(|(key, value)| {
                // Packer's own are written as they are.
                let value = if packer.get(key) == Some(value) { value.clone() } else { escaped(value) };
                formatted(&format, key, &value)
            })
            .collect())
    }

    fn inline(&self, assignments: &str, cx: &ProvisionContext) -> Result<String, StepError> {
        let mut text = String::from(
            "if (Test-Path variable:global:ProgressPreference) {\n  set-variable -name variable:global:ProgressPreference -value 'SilentlyContinue'\n}\n",
        );
        if self.options.debug_mode > 0 {
            text.push_str(&format!("Set-PsDebug -Trace {}\n", self.options.debug_mode));
        }
        text.push_str("$exitCode = 0\ntry {\n");
        text.push_str(assignments);
        text.push('\n');
        for line in &self.options.inline {
            text.push_str(&fill(line, &cx.names, &[])?);
            text.push('\n');
        }
        text.push_str(
            "$exitCode = 0\n} catch {\nWrite-Error \"An error occurred: $_\"\n$exitCode = 1\n}\nif ((Test-Path variable:global:LASTEXITCODE) -and $LASTEXITCODE -ne $null -and $LASTEXITCODE -ne 0) {\n  $exitCode = $LASTEXITCODE\n}\nexit $exitCode\n",
        );
        Ok(text)
    }

    fn paths(&self, cx: &ProvisionContext) -> Result<Paths, StepError> {
        let or = |own: &Option<Text>, name: &str| match own {
            Some(own) => fill(own, &cx.names, &[]),
            None => Ok(format!("c:/Windows/Temp/{name}-{}.ps1", cx.step.fresh())),
        };
        Ok(Paths {
            script: or(&self.options.remote_path, "script")?,
            variables: or(&self.options.remote_env_var_path, "packer-ps-env-vars")?,
            cleanup: format!("c:/Windows/Temp/packer-cleanup-{}.ps1", cx.step.fresh()),
        })
    }

    /// Removes what was uploaded. Packer goes on when that fails; so do we, with a warning.
    async fn clean(
        &self,
        guest: &dyn Communicator,
        cx: &ProvisionContext,
        paths: Paths,
        uploaded: &[String],
    ) {
        let mut text = String::new();
        for path in uploaded.iter().chain(std::iter::once(&paths.cleanup)) {
            text.push_str(&format!("if (Test-Path {path}) {{Remove-Item {path}}}\n"));
        }
        let cleanup = paths.cleanup.clone();
        let mut paths = paths;
        paths.script.clone_from(&cleanup);
        let command = match self.command(self.options.execute_command.as_ref(), &paths, cx) {
            Ok(command) => command,
            Err(error) => return cx.step.warn(error.full()),
        };
        let uploads = [(cleanup, text.into_bytes())];
        if let Err(error) = scripts::start(guest, cx, &uploads, &command, Duration::from_secs(60)).await
            && !error.is_cancelled()
        {
            cx.step
                .warn(format!("The uploaded scripts could not be removed from the guest: {}", error.full()));
        }
    }
}

#[async_trait]
impl Provisioner for Powershell {
    fn sketch(&self) -> Sketch {
        let kind = if self.options.elevated_user.is_some() { "PowerShell, elevated" } else { "PowerShell" };
        scripts::sketch(kind, &self.options.inline, self.files().collect()).inputs(&self.options)
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        let guest = cx.guest()?;
        let assignments = self.assignments(cx)?;
        let mut all = scripts::read(self.files(), cx)?;
        if !self.options.inline.is_empty() {
            all.push(("the inline commands".into(), self.inline(&assignments, cx)?.into_bytes()));
        }
        let paths = self.paths(cx)?;
        let secret = match &self.options.elevated_password {
            Some(password) => fill(password, &cx.names, &[])?,
            None => String::new(),
        };
        for (name, bytes) in all {
            let mut command = match &self.options.elevated_user {
                Some(_) => self.command(self.options.elevated_execute_command.as_ref(), &paths, cx)?,
                None => self.command(self.options.execute_command.as_ref(), &paths, cx)?,
            };
            if let Some(user) = &self.options.elevated_user {
                let user = fill(user, &cx.names, &[])?;
                let elevation = Elevation { user: &user, password: &secret };
                command = prepare(guest, cx, &command, &elevation).await?;
            }
            let uploads =
                [(paths.variables.clone(), assignments.clone().into_bytes()), (paths.script.clone(), bytes)];
            let exit =
                scripts::start(guest, cx, &uploads, &command, self.options.start_retry_timeout).await?;
            scripts::judge(exit, &self.options.valid_exit_codes, &name)?;
        }
        if !self.options.skip_clean {
            let uploaded = [paths.variables.clone(), paths.script.clone()];
            self.clean(guest, cx, paths, &uploaded).await;
        }
        scripts::pause_after(cx, self.options.pause_after).await
    }
}
