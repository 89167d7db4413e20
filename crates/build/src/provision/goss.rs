//! `goss`: goss tests in the guest.
//!
//! Facts (packer.md 6; plugin goss): goss is fetched inside the guest unless `skip_install`; the tests are uploaded
//! to `remote_path`; `render`, `render -d` and `validate` run there; with `inspect` a failure is only told; the two
//! rendered files come back to the folder the build was started in unless `skip_download`. Not run against the real
//! goss here.

use std::collections::BTreeMap;

use async_trait::async_trait;
use goldsmith_template::Text;
use goldsmith_template::options::GossOptions;

use crate::error::{Context as _, StepError};
use crate::holes::fill;
use crate::plan::{Sketch, StepKind};
use crate::provision::staging::{Staging, System, base, or};
use crate::provision::{ProvisionContext, Provisioner};

const SPEC: &str = "/tmp/goss-spec.yaml";
const DEBUG_SPEC: &str = "/tmp/debug-goss-spec.yaml";

/// goss tests in the guest.
pub struct Goss {
    options: GossOptions,
}

impl Goss {
    /// With these options.
    pub fn new(options: GossOptions) -> Self {
        Self { options }
    }

    fn windows(&self) -> bool {
        self.options.target_os == "Windows"
    }

    fn url(&self, cx: &ProvisionContext) -> Result<String, StepError> {
        if let Some(url) = &self.options.url {
            return fill(url, &cx.names, &[]);
        }
        let (version, arch) =
            (fill(&self.options.version, &cx.names, &[])?, fill(&self.options.arch, &cx.names, &[])?);
        let (system, end) = if self.windows() { ("windows", ".exe") } else { ("linux", "") };
        Ok(format!("https://github.com/goss-org/goss/releases/download/v{version}/goss-{system}-{arch}{end}"))
    }

    /// Variables before goss.
    fn environment(&self, cx: &ProvisionContext) -> Result<String, StepError> {
        let mut out = String::new();
        for (name, value) in &self.options.vars_env {
            let value = fill(value, &cx.names, &[])?;
            match self.windows() {
                true => out.push_str(&format!("set \"{name}={value}\" && ")),
                false => out.push_str(&format!("{name}=\"{value}\" ")),
            }
        }
        Ok(out)
    }

    /// `--gossfile`, `--vars` and `--vars-inline`.
    fn switches(&self, remote: &str, cx: &ProvisionContext) -> Result<String, StepError> {
        let mut out = String::new();
        if let Some(file) = &self.options.goss_file {
            out.push_str(&format!("--gossfile {} ", fill(file, &cx.names, &[])?));
        }
        if let Some(file) = &self.options.vars_file {
            out.push_str(&format!("--vars {remote}/{} ", base(&fill(file, &cx.names, &[])?)));
        }
        if !self.options.vars_inline.is_empty() {
            let mut vars = BTreeMap::new();
            for (name, value) in &self.options.vars_inline {
                vars.insert(name, fill(value, &cx.names, &[])?);
            }
            let text = serde_json::to_string(&vars).map_err(|e| StepError::internal(e.to_string()))?;
            match self.windows() {
                true => out.push_str(&format!("--vars-inline {} ", text.replace('"', "'"))),
                false => out.push_str(&format!("--vars-inline '{text}' ")),
            }
        }
        Ok(out)
    }

    async fn install(&self, staging: &Staging<'_>, url: &str, path: &str) -> Result<(), StepError> {
        let (o, cx) = (&self.options, staging.cx);
        let (mut curl, mut wget) = (String::new(), String::new());
        if o.skip_ssl {
            curl.push_str(" -k");
            wget.push_str(" --no-check-certificate");
        }
        if let Some(user) = &o.username {
            let user = fill(user, &cx.names, &[])?;
            match &o.password {
                Some(password) => {
                    let password = fill(password, &cx.names, &[])?;
                    curl.push_str(&format!(" -u {user}:{password}"));
                    wget.push_str(&format!(" --user={user} --password={password}"));
                }
                None => {
                    curl.push_str(&format!(" -u {user}"));
                    wget.push_str(&format!(" --user={user}"));
                }
            }
        }
        cx.step.say(format!("Fetching goss from {url} in the guest."));
        let line = format!("curl -sL{curl} -o {path} {url} || wget -q{wget} -O {path} {url}");
        staging.must(&line, "Fetching goss").await?;
        staging.must(&format!("chmod 555 {path} && {path} --version"), "Installing goss").await
    }
}

#[async_trait]
impl Provisioner for Goss {
    fn sketch(&self) -> Sketch {
        let tests: Vec<String> = self.options.tests.iter().map(Text::display).collect();
        let mut sketch = Sketch::new(format!("Run the goss tests {}", tests.join(", ")), StepKind::Provision);
        if !self.options.skip_install {
            sketch = sketch.warning(
                "goss is fetched from the internet inside the guest (skip_install = true leaves it out).",
            );
        }
        sketch.inputs(&self.options)
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        let o = &self.options;
        let staging =
            Staging { guest: cx.guest()?, cx, system: System { windows: self.windows(), sudo: false } };
        let remote = match &o.remote_path {
            Some(path) => fill(path, &cx.names, &[])?,
            None => format!("{}/goss", fill(&o.remote_folder, &cx.names, &[])?),
        };
        let make = |folder: &str| match self.windows() {
            true => format!("powershell /c mkdir -p '{folder}'"),
            false => format!("mkdir -p '{folder}'"),
        };
        staging.must(&make(&remote), "Making the folder for the tests").await?;
        let url = self.url(cx)?;
        let default = format!(
            "/tmp/goss-{}-{}-{}",
            fill(&o.version, &cx.names, &[])?,
            if self.windows() { "windows" } else { "linux" },
            fill(&o.arch, &cx.names, &[])?
        );
        let goss = or(o.download_path.as_ref(), &default, cx)?;
        if !o.skip_install {
            self.install(&staging, &url, &goss).await?;
        }
        for test in o.vars_file.iter().chain(&o.tests) {
            let name = fill(test, &cx.names, &[])?;
            let path = cx.step.absolute(&name);
            let to = format!("{remote}/{}", base(name.trim_end_matches('/')));
            if std::fs::metadata(&path).input(|| format!("Cannot upload {}", path.display()))?.is_dir() {
                staging.must(&make(&to), "Making a folder for the tests").await?;
                let from = format!("{}/", path.display().to_string().trim_end_matches('/'));
                staging.guest.upload_dir(&cx.step, &from, &to).await?;
            } else {
                staging.file(test, to).await?;
            }
        }
        let (env, switches) = (self.environment(cx)?, self.switches(&remote, cx)?);
        let mut validate = format!(
            "cd {remote} && {}{env}{goss} {switches}validate --retry-timeout {} --sleep {}",
            if o.use_sudo { "sudo " } else { "" },
            fill(&o.retry_timeout, &cx.names, &[])?,
            fill(&o.sleep, &cx.names, &[])?
        );
        if let Some(format) = &o.format {
            validate.push_str(&format!(" -f {format}"));
        }
        if let Some(options) = &o.format_options {
            validate.push_str(&format!(" -o {options}"));
        }
        let commands = [
            ("render", format!("cd {remote} && {env}{goss} {switches}render > {SPEC}")),
            ("render -d", format!("cd {remote} && {env}{goss} {switches}render -d > {DEBUG_SPEC}")),
            ("validate", validate),
        ];
        for (what, line) in commands {
            cx.step.say(format!("Running {line}"));
            match staging.exec(&line).await?.code {
                Some(0) => {}
                Some(code) if o.inspect => cx.step.warn(format!(
                    "`goss {what}` ended with exit code {code}; the build goes on, as inspect is set."
                )),
                code => {
                    let code = code
                        .map_or_else(|| "a lost connection".to_owned(), |code| format!("exit code {code}"));
                    return Err(StepError::guest(format!("`goss {what}` ended with {code}."))
                        .hint("The log above shows which tests failed; inspect = true only reports them."));
                }
            }
        }
        if !o.skip_download {
            for file in [SPEC, DEBUG_SPEC] {
                staging.guest.download(&cx.step, file, &cx.step.absolute(base(file))).await?;
            }
        }
        Ok(())
    }
}
