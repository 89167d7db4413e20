//! `generalize`: the image becomes nobody's.

use async_trait::async_trait;
use goldsmith_template::Text;
use goldsmith_template::options::GeneralizeOptions;

use crate::error::StepError;
use crate::generalize::{After, Credentials, Generalize, script};
use crate::holes::fill;
use crate::pipeline::Output;
use crate::plan::{Sketch, StepKind};
use crate::provision::{ProvisionContext, Provisioner};
use crate::steps::login::Login;

/// Removes identity and build credentials from the guest.
pub(crate) struct Generalise {
    what: Generalize,
    command: Option<Text>,
    login: Option<Output<Login>>,
    /// The user the build put into the image.
    made_user: Option<String>,
    /// Nothing comes after it: it powers the guest off, as nobody can log in any more.
    last: bool,
}

impl Generalise {
    /// As the template asks for.
    pub(crate) fn new(
        options: &GeneralizeOptions,
        login: Option<Output<Login>>,
        made_user: Option<String>,
        last: bool,
    ) -> Self {
        let command = Some(options.execute_command.clone()).filter(|command| !command.is_empty());
        Self { what: Generalize::from(options), command, login, made_user, last }
    }

    /// As the last thing done to an image the build itself made.
    pub(crate) fn by_default(login: Option<Output<Login>>, made_user: Option<String>) -> Self {
        Self { what: Generalize::default(), command: None, login, made_user, last: true }
    }

    fn credentials(&self) -> Result<Credentials, StepError> {
        let mut credentials = Credentials::default();
        if let Some(login) = &self.login {
            let login = login.get()?;
            credentials.public_keys.extend(login.temporary.iter().map(|pair| pair.public_openssh()));
            credentials.public_keys.extend(login.key.iter().map(|key| key.public_openssh()));
            if login.password.is_some() {
                credentials.lock_passwords.push(login.username.clone());
            }
        }
        credentials.remove_user = self.made_user.clone().filter(|user| user != "root");
        Ok(credentials)
    }

    fn command(&self, cx: &ProvisionContext, path: &str) -> Result<String, StepError> {
        // The user the build made may become root without a password; it says so in the image's own sudo rules.
        if let Some(user) = &self.made_user
            && user != "root"
        {
            return Ok(format!("chmod +x {path}; sudo -n {path}"));
        }
        match &self.command {
            Some(command) => fill(command, &cx.names, &[("Path", path), ("Vars", ""), ("EnvVarFile", "")]),
            None => Ok(format!("chmod +x {path}; {path}")),
        }
    }
}

#[async_trait]
impl Provisioner for Generalise {
    fn sketch(&self) -> Sketch {
        let mut sketch = Sketch::new("Make the image nobody's", StepKind::Provision).inputs(&self.what);
        sketch.commands = self.what.list().into_iter().map(|what| format!("remove {what}")).collect();
        sketch
    }

    /// The image would keep keys and identities that nobody meant to ship.
    fn can_be_left_out(&self) -> bool {
        false
    }

    async fn run(&self, cx: &ProvisionContext) -> Result<(), StepError> {
        let guest = cx.guest()?;
        let after = if self.last { After::PowerOff } else { After::Nothing };
        let text = script(&self.what, &self.credentials()?, after);
        let path = format!("/tmp/goldsmith-{}.sh", cx.step.fresh());
        guest.write(&cx.step, text.as_bytes(), &path, 0o755).await?;
        let command = self.command(cx, &path)?;
        let exit =
            guest.exec(&cx.step, &command, &mut |stream, line: &str| cx.step.log(stream, line)).await?;
        if !self.last {
            guest.exec(&cx.step, &format!("rm -f {path}"), &mut |_, _: &str| {}).await?;
        }
        match exit.code {
            Some(0) => Ok(()),
            // The machine went off before the end could be told.
            None if self.last => Ok(()),
            Some(126 | 127) | None => Err(StepError::guest("The clean-up script could not be run in the guest.")
                .hint("It needs root: set execute_command, for example \"chmod +x {{.Path}}; sudo {{.Vars}} {{.Path}}\".")),
            Some(code) => Err(StepError::guest(format!("The clean-up of the guest ended with exit code {code}."))
                .hint("The log above names what could not be removed. It needs root: with another user set execute_command to use sudo.")),
        }
    }
}
