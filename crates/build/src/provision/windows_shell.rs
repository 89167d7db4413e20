//! `windows-shell`: batch scripts in a Windows guest.
//!
//! Facts (packer.md 6): the variables are set before the command in one line (`set "K=V" && `); each script is
//! uploaded to the same path; nothing is removed afterwards.

use async_trait::async_trait;
use goldsmith_template::Text;
use goldsmith_template::options::WindowsShellOptions;

use crate::error::StepError;
use crate::holes::fill;
use crate::plan::Sketch;
use crate::provision::environment::{formatted, variables};
use crate::provision::{ProvisionContext, Provisioner, scripts};

/// Batch scripts in the guest.
pub struct WindowsShell {
    options: WindowsShellOptions,
}

impl WindowsShell {
    /// With these options.
    pub fn new(options: WindowsShellOptions) -> Self {
        Self { options }
    }

    fn files(&self) -> impl Iterator<Item = &Text> {
        self.options.script.iter().chain(&self.options.scripts)
    }
}

#[async_trait]
impl Provisioner for WindowsShell {
    fn sketch(&self) -> Sketch {
        scripts::sketch("batch", &self.options.inline, self.files().collect()).inputs(&self.options)
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        let guest = cx.guest()?;
        let mut all = scripts::read(self.files(), cx)?;
        if !self.options.inline.is_empty() {
            let mut text = String::new();
            for line in &self.options.inline {
                text.push_str(&fill(line, &cx.names, &[])?);
                text.push('\n');
            }
            all.push(("the inline commands".into(), text.into_bytes()));
        }
        let format = match &self.options.env_var_format {
            Some(format) => fill(format, &cx.names, &[])?,
            None => "set \"%s=%s\" && ".to_owned(),
        };
        let vars: String = variables(&cx.names, &self.options.environment_vars, &self.options.env)?
            .iter()
            .map(|(key, value)| formatted(&format, key, value))
            .collect();
        let path = match &self.options.remote_path {
            Some(path) => fill(path, &cx.names, &[])?,
            None => "c:/Windows/Temp/script.bat".to_owned(),
        };
        let command = match &self.options.execute_command {
            Some(command) => fill(command, &cx.names, &[("Vars", vars.as_str()), ("Path", path.as_str())])?,
            None => format!("{vars}\"{path}\""),
        };
        for (name, bytes) in all {
            let uploads = [(path.clone(), bytes)];
            let exit =
                scripts::start(guest, cx, &uploads, &command, self.options.start_retry_timeout).await?;
            scripts::judge(exit, &self.options.valid_exit_codes, &name)?;
        }
        Ok(())
    }
}
