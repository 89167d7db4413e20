//! A folder in the guest for what a configuration tool needs: made, filled, used, removed.

use std::path::Path;

use goldsmith_template::Text;

use crate::error::{Context as _, StepError};
use crate::holes::fill;
use crate::provision::{Communicator, Exit, ProvisionContext};

/// Commands of the guest's system (sdk, guestexec).
#[derive(Clone, Copy)]
pub(crate) struct System {
    pub(crate) windows: bool,
    pub(crate) sudo: bool,
}

impl System {
    /// `guest_os_type` and whether sudo is used.
    pub(crate) fn new(guest: &str, sudo: bool) -> Self {
        Self { windows: guest == "windows", sudo }
    }

    fn sudo(self) -> &'static str {
        if self.sudo { "sudo " } else { "" }
    }

    pub(crate) fn make(self, folder: &str) -> String {
        if self.windows {
            return format!(
                "powershell.exe -Command \"New-Item -ItemType directory -Force -ErrorAction SilentlyContinue -Path {folder}\""
            );
        }
        format!("{}mkdir -p '{folder}' && {}chmod 0777 '{folder}'", self.sudo(), self.sudo())
    }

    pub(crate) fn remove(self, folder: &str) -> String {
        if self.windows {
            return format!("powershell.exe -Command \"rm {folder} -recurse -force\"");
        }
        format!("{}rm -rf '{folder}'", self.sudo())
    }

    pub(crate) fn rename(self, from: &str, to: &str) -> String {
        if self.windows {
            return format!("powershell.exe -Command \"mv {from} {to} -force\"");
        }
        format!("{}mv '{from}' '{to}'", self.sudo())
    }
}

/// The guest, its system and the step.
pub(crate) struct Staging<'a> {
    pub(crate) guest: &'a dyn Communicator,
    pub(crate) cx: &'a ProvisionContext,
    pub(crate) system: System,
}

impl Staging<'_> {
    /// Runs a command with its lines in the log.
    pub(crate) async fn exec(&self, command: &str) -> Result<Exit, StepError> {
        let step = &self.cx.step;
        self.guest.exec(step, command, &mut |stream, line| step.log(stream, line)).await
    }

    /// Runs a command that must end with 0.
    pub(crate) async fn must(&self, command: &str, what: &str) -> Result<(), StepError> {
        match self.exec(command).await?.code {
            Some(0) => Ok(()),
            Some(code) => Err(StepError::guest(format!("{what} ended with exit code {code}."))
                .hint("The log above shows what it said.")),
            None => Err(StepError::guest(format!("The connection was lost: {what}."))),
        }
    }

    /// Makes a folder anybody can write to.
    pub(crate) async fn make(&self, folder: &str) -> Result<(), StepError> {
        self.must(&self.system.make(folder), &format!("Making the folder {folder} in the guest")).await
    }

    /// Removes a folder.
    pub(crate) async fn remove(&self, folder: &str) -> Result<(), StepError> {
        self.must(&self.system.remove(folder), &format!("Removing the folder {folder} in the guest")).await
    }

    /// Uploads a file; gives its path in the guest.
    pub(crate) async fn file(&self, from: &Text, to: String) -> Result<String, StepError> {
        let path = self.cx.step.absolute(fill(from, &self.cx.names, &[])?);
        let metadata = std::fs::metadata(&path).input(|| format!("Cannot upload {}", path.display()))?;
        if metadata.is_dir() {
            return Err(StepError::input(format!("{} is a folder; a file is needed here.", path.display())));
        }
        self.cx.step.say(format!("Uploading {} to {to}.", path.display()));
        self.guest.upload(&self.cx.step, &path, &to).await?;
        Ok(to)
    }

    /// Uploads what is in a folder into a new one; gives its path in the guest.
    pub(crate) async fn folder(&self, from: &Text, to: String) -> Result<String, StepError> {
        let path = self.cx.step.absolute(fill(from, &self.cx.names, &[])?);
        let metadata = std::fs::metadata(&path).input(|| format!("Cannot upload {}", path.display()))?;
        if !metadata.is_dir() {
            return Err(StepError::input(format!("{} is no folder.", path.display())));
        }
        self.cx.step.say(format!("Uploading {} to {to}.", path.display()));
        self.make(&to).await?;
        let from = format!("{}/", path.display().to_string().trim_end_matches('/'));
        self.guest.upload_dir(&self.cx.step, &from, &to).await?;
        Ok(to)
    }
}

/// An optional text, filled in; empty when it is not set.
pub(crate) fn or_empty(text: Option<&Text>, cx: &ProvisionContext) -> Result<String, StepError> {
    text.map_or_else(|| Ok(String::new()), |text| fill(text, &cx.names, &[]))
}

/// An optional text, filled in, with a default.
pub(crate) fn or(text: Option<&Text>, default: &str, cx: &ProvisionContext) -> Result<String, StepError> {
    text.map_or_else(|| Ok(default.to_owned()), |text| fill(text, &cx.names, &[]))
}

/// Texts, filled in.
pub(crate) fn all(texts: &[Text], cx: &ProvisionContext) -> Result<Vec<String>, StepError> {
    texts.iter().map(|text| fill(text, &cx.names, &[])).collect()
}

/// A file's base name.
pub(crate) fn base(path: &str) -> String {
    Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A command of a template's, with its fields; the default, a Go template as well, when it is not set.
pub(crate) fn command(
    own: Option<&Text>,
    default: &str,
    fields: &[(&str, &str)],
    cx: &ProvisionContext,
) -> Result<String, StepError> {
    if let Some(own) = own {
        return fill(own, &cx.names, fields);
    }
    let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    goldsmith_template::gotemplate::fill(default, &fields, &|name| cx.names.get(name))
        .map_err(|error| StepError::internal(format!("A default command cannot be filled in: {error}.")))
}
