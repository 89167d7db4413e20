//! `shell-local`: scripts run on this computer.
//!
//! Facts (packer.md 6): the default is `/bin/sh -c '{{.Vars}} {{.Script}}'`; it runs in the folder the build was
//! started in; `inline` becomes a temporary script with a shebang.

use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use goldsmith_process::Invocation;
use goldsmith_template::Text;
use goldsmith_template::options::ShellLocalOptions;

use crate::error::{Context as _, StepError};
use crate::holes::fill;
use crate::names::Names;
use crate::pipeline::StepContext;
use crate::plan::{Sketch, StepKind};
use crate::provision::environment::{flat, variables};
use crate::provision::shell::short;
use crate::provision::{ProvisionContext, Provisioner};

/// Scripts on this computer, as a provisioner and as a post-processor.
pub struct ShellLocal {
    options: ShellLocalOptions,
}

impl ShellLocal {
    /// With these options.
    pub fn new(options: ShellLocalOptions) -> Self {
        Self { options }
    }

    /// What it will do.
    pub fn describe(&self, kind: StepKind) -> Sketch {
        let lines: Vec<String> = self
            .options
            .inline
            .iter()
            .chain(&self.options.command)
            .chain(&self.options.script)
            .chain(&self.options.scripts)
            .map(Text::display)
            .collect();
        let title = format!("Run on this computer: {}", lines.first().map(|l| short(l)).unwrap_or_default());
        let mut sketch = Sketch::new(title, kind).inputs(&self.options);
        sketch.commands = lines;
        sketch
    }

    /// Runs the scripts one after another.
    pub async fn execute(&self, cx: &StepContext, names: &Names) -> Result<(), StepError> {
        if !self.options.only_on.is_empty() && !self.options.only_on.iter().any(|system| system == "linux") {
            cx.say(format!("Not run: only_on is {}.", self.options.only_on.join(", ")));
            return Ok(());
        }
        let format = match &self.options.env_var_format {
            Some(format) => fill(format, names, &[])?,
            None => "%s='%s' ".to_owned(),
        };
        let vars = flat(&variables(names, &self.options.environment_vars, &self.options.env)?, &format);
        let inline: Vec<&Text> = self.options.inline.iter().chain(&self.options.command).collect();
        if !inline.is_empty() {
            let path = self.temporary(cx, names, &inline)?;
            let holding = cx.intend_file(&path)?;
            let result = self.one(cx, names, &vars, &path.to_string_lossy()).await;
            holding.release().await?;
            return result;
        }
        for script in self.options.script.iter().chain(&self.options.scripts) {
            let script = fill(script, names, &[])?;
            let path = cx.absolute(&script);
            std::fs::metadata(&path).input(|| format!("Cannot run the script {}", path.display()))?;
            self.one(cx, names, &vars, &path.to_string_lossy()).await?;
        }
        Ok(())
    }

    fn temporary(&self, cx: &StepContext, names: &Names, lines: &[&Text]) -> Result<PathBuf, StepError> {
        let shebang = match &self.options.inline_shebang {
            Some(shebang) => fill(shebang, names, &[])?,
            None => "/bin/sh -e".to_owned(),
        };
        let mut text = format!("#!{shebang}\n");
        for line in lines {
            text.push_str(&fill(line, names, &[])?);
            text.push('\n');
        }
        let extension = match &self.options.tempfile_extension {
            Some(extension) => fill(extension, names, &[])?,
            None => String::new(),
        };
        let path = cx.runtime().join(format!("script-{}{extension}", cx.fresh()));
        write_program(&path, text.as_bytes())
            .environment(|| format!("Cannot write the temporary script {}", path.display()))?;
        Ok(path)
    }

    async fn one(&self, cx: &StepContext, names: &Names, vars: &str, script: &str) -> Result<(), StepError> {
        let fields = [("Vars", vars), ("Script", script), ("Command", script)];
        let mut words: Vec<String> = Vec::new();
        for word in &self.options.execute_command {
            words.push(fill(word, names, &fields)?);
        }
        match words.len() {
            0 => words = vec!["/bin/sh".into(), "-c".into(), format!("{vars} {script}")],
            // One word is a command for the shell.
            1 => {
                words.insert(0, "-c".into());
                words.insert(0, "/bin/sh".into());
            }
            _ => {}
        }
        let (program, arguments) = words.split_first().ok_or_else(|| StepError::internal("no command"))?;
        let invocation = Invocation::new(program).args(arguments).cwd(cx.cwd());
        let captured = cx.run(&invocation).await?;
        let code = captured.exit.code.map_or(-1, i64::from);
        if self.options.valid_exit_codes.contains(&code) {
            return Ok(());
        }
        Err(StepError::input(format!("The script run on this computer ended with {}.", captured.exit)).hint(
            "The log above shows what it wrote last; valid_exit_codes lists the codes that mean success.",
        ))
    }
}

fn write_program(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o700).open(path)?;
    file.write_all(bytes)
}

#[async_trait]
impl Provisioner for ShellLocal {
    fn sketch(&self) -> Sketch {
        self.describe(StepKind::Provision)
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        self.execute(&cx.step, &cx.names).await
    }
}
