//! `shell`: scripts run in the guest.
//!
//! Facts (packer.md 6): upload, `chmod` and start are inside one retry until `start_retry_timeout`; only a failing
//! start is tried again, never an exit code. Each script is one session. CRLF becomes LF unless `binary`. With
//! `expect_disconnect` the exit code is not looked at; a lost connection counts as 2300218.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use goldsmith_template::Text;
use goldsmith_template::options::ShellOptions;

use crate::error::{Context as _, StepError};
use crate::holes::fill;
use crate::journal::AskedScript;
use crate::plan::{Sketch, StepKind};
use crate::provision::environment::{flat, variables};
use crate::provision::meta::{pause, seconds};
use crate::provision::{Communicator, Exit, ProvisionContext, Provisioner};

/// Scripts in the guest.
pub struct Shell {
    options: ShellOptions,
    /// What a person wrote in the place of `inline`.
    rewritten: Mutex<Option<String>>,
}

/// Between two tries to start.
const AGAIN: Duration = Duration::from_millis(200);

impl Shell {
    /// With these options.
    pub fn new(options: ShellOptions) -> Self {
        Self { options, rewritten: Mutex::default() }
    }

    fn files(&self) -> impl Iterator<Item = &Text> {
        self.options.script.iter().chain(&self.options.scripts)
    }

    /// The scripts' texts, in order, with a name for people.
    fn scripts(&self, cx: &ProvisionContext) -> Result<Vec<(String, Vec<u8>)>, StepError> {
        let mut scripts = Vec::new();
        if !self.options.inline.is_empty() {
            scripts.push(("inline commands".to_owned(), self.inline(cx)?));
        }
        for file in self.files() {
            let name = fill(file, &cx.names, &[])?;
            let path: PathBuf = cx.step.absolute(&name);
            let bytes =
                std::fs::read(&path).input(|| format!("Cannot read the script {}", path.display()))?;
            scripts.push((name, bytes));
        }
        if !self.options.binary {
            for (_, bytes) in &mut scripts {
                *bytes = unix_lines(bytes);
            }
        }
        Ok(scripts)
    }

    /// The commands of `inline`, a line each, or a person's in their place.
    fn commands(&self, cx: &ProvisionContext) -> Result<String, StepError> {
        if let Some(text) = &*held(&self.rewritten) {
            return Ok(text.clone());
        }
        let mut text = String::new();
        for line in &self.options.inline {
            text.push_str(&fill(line, &cx.names, &[])?);
            text.push('\n');
        }
        Ok(text)
    }

    fn inline(&self, cx: &ProvisionContext) -> Result<Vec<u8>, StepError> {
        let text = self.commands(cx)?;
        let shebang = match &self.options.inline_shebang {
            Some(shebang) => Some(fill(shebang, &cx.names, &[])?),
            // A text that brings its own stays as it is.
            None if text.starts_with("#!") => None,
            None => Some("/bin/sh -e".to_owned()),
        };
        Ok(shebang.map_or_else(|| text.clone(), |shebang| format!("#!{shebang}\n{text}")).into_bytes())
    }

    fn remote_path(&self, cx: &ProvisionContext) -> Result<String, StepError> {
        if let Some(path) = &self.options.remote_path {
            return fill(path, &cx.names, &[]);
        }
        let folder = match &self.options.remote_folder {
            Some(folder) => fill(folder, &cx.names, &[])?,
            None => "/tmp".to_owned(),
        };
        let file = match &self.options.remote_file {
            Some(file) => fill(file, &cx.names, &[])?,
            None => format!("script_{}.sh", digits(cx)),
        };
        Ok(format!("{folder}/{file}"))
    }

    /// The text of the variables' file and its path in the guest.
    fn variables_file(&self, vars: &str, cx: &ProvisionContext) -> Option<(String, Vec<u8>)> {
        if !self.options.use_env_var_file {
            return None;
        }
        let folder = self.options.remote_folder.as_ref().and_then(|f| fill(f, &cx.names, &[]).ok());
        let path = format!("{}/varfile_{}.sh", folder.as_deref().unwrap_or("/tmp"), digits(cx));
        Some((path, vars.as_bytes().to_vec()))
    }

    /// Uploads and runs until the start succeeds or time is up.
    async fn start(
        &self,
        guest: &dyn Communicator,
        cx: &ProvisionContext,
        uploads: &[(String, Vec<u8>)],
        command: &str,
    ) -> Result<Exit, StepError> {
        let deadline = Instant::now() + self.options.start_retry_timeout;
        loop {
            let error = match self.try_once(guest, cx, uploads, command).await {
                Ok(exit) => return Ok(exit),
                Err(error) if error.is_cancelled() || Instant::now() >= deadline => return Err(error),
                Err(error) => error,
            };
            cx.step.waiting("start_retry", format!("{} Trying again.", error.full()));
            pause(&cx.step, AGAIN).await?;
        }
    }

    async fn try_once(
        &self,
        guest: &dyn Communicator,
        cx: &ProvisionContext,
        uploads: &[(String, Vec<u8>)],
        command: &str,
    ) -> Result<Exit, StepError> {
        for (path, bytes) in uploads {
            guest.write(&cx.step, bytes, path, 0o755).await?;
        }
        guest.exec(&cx.step, command, &mut |stream, line| cx.step.log(stream, line)).await
    }

    fn judge(&self, exit: Exit, name: &str) -> Result<(), StepError> {
        let status = exit.packer_status();
        if self.options.expect_disconnect || self.options.valid_exit_codes.contains(&i64::from(status)) {
            return Ok(());
        }
        if exit.code.is_none() {
            return Err(StepError::guest(format!("The connection was lost while {name} ran."))
                .hint("Set expect_disconnect = true when the script restarts the guest or its network."));
        }
        Err(StepError::guest(format!("{} ended with exit code {status}.", capital(name))).hint(
            "The log above shows what it wrote last; valid_exit_codes lists the codes that mean success.",
        ))
    }

    /// Removes what was uploaded. The guest may be restarting: it is waited for as long as for a start.
    async fn clean(
        &self,
        guest: &dyn Communicator,
        cx: &ProvisionContext,
        uploads: &[(String, Vec<u8>)],
    ) -> Result<(), StepError> {
        let paths: Vec<&str> = uploads.iter().map(|(path, _)| path.as_str()).collect();
        let command = format!("rm -f {}", paths.join(" "));
        let deadline = Instant::now() + self.options.start_retry_timeout;
        loop {
            let wrong = match guest.exec(&cx.step, &command, &mut |_, _| {}).await {
                Ok(Exit { code: Some(0) }) => return Ok(()),
                Ok(Exit { code }) => {
                    let code = code
                        .map_or_else(|| "the connection was lost".to_owned(), |c| format!("exit code {c}"));
                    StepError::guest(format!("The script could not be removed from the guest ({code})."))
                        .hint("Set skip_clean = true when the guest may keep it or is gone.")
                }
                Err(error) if error.is_cancelled() => return Err(error),
                Err(error) => error,
            };
            if Instant::now() >= deadline {
                return Err(wrong);
            }
            pause(&cx.step, AGAIN).await?;
        }
    }
}

#[async_trait]
impl Provisioner for Shell {
    fn sketch(&self) -> Sketch {
        let mut sketch = Sketch::new("Run a script in the guest", StepKind::Provision);
        sketch.title = match (self.options.inline.first(), self.files().next(), self.files().count()) {
            (Some(first), ..) => format!("Run in the guest: {}", short(&first.display())),
            (None, Some(file), 1) => format!("Run {} in the guest", file.display()),
            (None, _, n) => format!("Run {n} scripts in the guest"),
        };
        sketch.commands = self.options.inline.iter().chain(self.files()).map(Text::display).collect();
        sketch.inputs(&self.options)
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        let guest = cx.guest()?;
        let format = match &self.options.env_var_format {
            Some(format) => fill(format, &cx.names, &[])?,
            None if self.options.use_env_var_file => "export %s='%s'\n".to_owned(),
            None => "%s='%s' ".to_owned(),
        };
        let vars = flat(&variables(&cx.names, &self.options.environment_vars, &self.options.env)?, &format);
        let vars_file = self.variables_file(&vars, cx);
        for (name, bytes) in self.scripts(cx)? {
            let path = self.remote_path(cx)?;
            let vars_path = vars_file.as_ref().map_or("", |(path, _)| path.as_str());
            let inline_vars = if vars_file.is_some() { "" } else { vars.as_str() };
            let command = match &self.options.execute_command {
                Some(command) => {
                    let fields = [("Vars", inline_vars), ("Path", path.as_str()), ("EnvVarFile", vars_path)];
                    fill(command, &cx.names, &fields)?
                }
                None if vars_file.is_some() => format!("chmod +x {path}; . {vars_path} && {path}"),
                None => format!("chmod +x {path}; {inline_vars} {path}"),
            };
            let mut uploads = vec![(path.clone(), bytes)];
            uploads.extend(vars_file.clone());
            let exit = self.start(guest, cx, &uploads, &command).await?;
            self.judge(exit, &name)?;
            if !self.options.skip_clean {
                self.clean(guest, cx, &uploads).await?;
            }
        }
        if !self.options.pause_after.is_zero() {
            let time = self.options.pause_after;
            cx.step.waiting("pause_after", format!("Pausing {} after it.", seconds(time)));
            pause(&cx.step, time).await?;
        }
        Ok(())
    }

    fn script(&self, cx: &ProvisionContext) -> Option<AskedScript> {
        let files = self.files().filter_map(|file| fill(file, &cx.names, &[]).ok());
        let files = files.map(|name| cx.step.absolute(name).display().to_string()).collect();
        let redactor = cx.step.build().journal.redactor();
        let shown = |text: &String| *redactor.redact(text) == **text;
        let inline = if self.options.inline.is_empty() { None } else { self.commands(cx).ok().filter(shown) };
        Some(AskedScript { inline, files })
    }

    fn rewrite(&self, inline: &str) {
        let mut text = inline.to_owned();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        *held(&self.rewritten) = Some(text);
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    match mutex.lock() {
        Ok(guard) => guard,
        Err(poisoned) => poisoned.into_inner(),
    }
}

fn digits(cx: &ProvisionContext) -> u16 {
    let mut bytes = [0u8; 2];
    cx.step.build().random.fill(&mut bytes);
    u16::from_le_bytes(bytes) % 10_000
}

fn unix_lines(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for (i, byte) in bytes.iter().enumerate() {
        if *byte != b'\r' || bytes.get(i + 1) != Some(&b'\n') {
            out.push(*byte);
        }
    }
    out
}

/// The first words of a command, for a title.
pub(crate) fn short(text: &str) -> String {
    const MOST: usize = 60;
    let line = text.lines().next().unwrap_or_default().trim();
    if line.chars().count() <= MOST {
        return line.to_owned();
    }
    let cut: String = line.chars().take(MOST - 1).collect();
    format!("{}…", cut.trim_end())
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
