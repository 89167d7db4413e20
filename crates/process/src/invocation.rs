//! What is to be run, as a value.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

/// A value in the environment of a program.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum EnvValue {
    /// Shown when the invocation is printed.
    Plain(OsString),
    /// Passed on, never shown.
    Secret(OsString),
    /// Taken away from the inherited environment.
    Removed,
}

/// Where the program's standard input comes from.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) enum Input {
    /// Nothing: reading finds the end at once.
    #[default]
    Empty,
    /// These bytes, then the end. Never shown.
    Bytes(Vec<u8>),
    /// Written by the caller through [`crate::Child::write_stdin`].
    Open,
}

/// Where the program's output goes.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) enum Output {
    /// Read line by line by the caller.
    #[default]
    Lines,
    /// Thrown away.
    Discard,
    /// Both streams appended to this file; for a process that outlives us.
    File(PathBuf),
}

/// A program with its arguments, environment, folder and input: a pure description, printed in a form that can be
/// pasted into a shell. Nothing runs until it is given to [`crate::Launch`].
#[derive(Clone, PartialEq, Eq)]
pub struct Invocation {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    pub(crate) env: Vec<(OsString, EnvValue)>,
    pub(crate) env_clear: bool,
    pub(crate) cwd: Option<PathBuf>,
    pub(crate) input: Input,
    pub(crate) output: Output,
    pub(crate) new_session: bool,
}

impl Invocation {
    /// A program by path, or by a bare name that is looked up in `PATH`.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            env_clear: false,
            cwd: None,
            input: Input::Empty,
            output: Output::Lines,
            new_session: false,
        }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<OsString>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds several arguments.
    #[must_use]
    pub fn args<I, S>(mut self, args: I) -> Self
    where
        I: IntoIterator<Item = S>,
        S: Into<OsString>,
    {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable, shown when printed.
    #[must_use]
    pub fn env(self, key: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        let value = EnvValue::Plain(value.into());
        self.set_env(key.into(), value)
    }

    /// Sets an environment variable whose value is never printed.
    #[must_use]
    pub fn secret_env(self, key: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        let value = EnvValue::Secret(value.into());
        self.set_env(key.into(), value)
    }

    /// Takes one variable out of the inherited environment.
    #[must_use]
    pub fn env_remove(self, key: impl Into<OsString>) -> Self {
        self.set_env(key.into(), EnvValue::Removed)
    }

    /// Inherits nothing: only what is set here is passed.
    #[must_use]
    pub fn env_clear(mut self) -> Self {
        self.env_clear = true;
        self
    }

    /// Runs in this folder.
    #[must_use]
    pub fn cwd(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cwd = Some(folder.into());
        self
    }

    /// Gives these bytes on standard input, by a pipe; never printed. Without this (and without
    /// [`Self::stdin_open`]) standard input is empty.
    #[must_use]
    pub fn stdin_bytes(mut self, bytes: Vec<u8>) -> Self {
        self.input = Input::Bytes(bytes);
        self
    }

    /// Keeps standard input open for [`crate::Child::write_stdin`].
    #[must_use]
    pub fn stdin_open(mut self) -> Self {
        self.input = Input::Open;
        self
    }

    /// Throws the output away instead of reading it.
    #[must_use]
    pub fn discard_output(mut self) -> Self {
        self.output = Output::Discard;
        self
    }

    /// Appends both output streams to a file instead of reading them: for a process that outlives us, which must
    /// not die of a closed pipe.
    #[must_use]
    pub fn output_to(mut self, file: impl Into<PathBuf>) -> Self {
        self.output = Output::File(file.into());
        self
    }

    /// Starts the program as leader of a session of its own (`setsid`): it survives us and our terminal. Such a
    /// [`crate::Child`] is not killed when dropped.
    #[must_use]
    pub fn new_session(mut self) -> Self {
        self.new_session = true;
        self
    }

    /// The program, as given.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The arguments, in order.
    pub fn arguments(&self) -> &[OsString] {
        &self.args
    }

    /// The folder it runs in, when set.
    pub fn folder(&self) -> Option<&Path> {
        self.cwd.as_deref()
    }

    /// What is given on standard input, for scripted launches.
    pub fn input(&self) -> Option<&[u8]> {
        match &self.input {
            Input::Bytes(bytes) => Some(bytes),
            Input::Empty | Input::Open => None,
        }
    }

    /// The value set for a variable, secret or not; for scripted launches.
    pub fn env_value(&self, key: &str) -> Option<&OsStr> {
        self.env.iter().find(|(k, _)| k == key).and_then(|(_, value)| match value {
            EnvValue::Plain(value) | EnvValue::Secret(value) => Some(value.as_os_str()),
            EnvValue::Removed => None,
        })
    }

    /// The program's name without its folder, for messages.
    pub fn name(&self) -> String {
        self.program.file_name().unwrap_or(self.program.as_os_str()).to_string_lossy().into_owned()
    }

    fn set_env(mut self, key: OsString, value: EnvValue) -> Self {
        self.env.retain(|(k, _)| *k != key);
        self.env.push((key, value));
        self
    }
}

fn quoted(text: &OsStr) -> String {
    shell_words::quote(&text.to_string_lossy()).into_owned()
}

/// One line for a shell, with secrets as `<secret>`. Standard input is not shown.
impl fmt::Display for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(folder) = &self.cwd {
            write!(f, "cd {} && ", quoted(folder.as_os_str()))?;
        }
        let removed = self.env.iter().any(|(_, v)| *v == EnvValue::Removed);
        if self.env_clear || removed {
            f.write_str("env ")?;
        }
        if self.env_clear {
            f.write_str("-i ")?;
        }
        for (key, value) in &self.env {
            if *value == EnvValue::Removed {
                write!(f, "-u {} ", quoted(key))?;
            }
        }
        for (key, value) in &self.env {
            match value {
                EnvValue::Plain(value) => write!(f, "{}={} ", key.to_string_lossy(), quoted(value))?,
                EnvValue::Secret(_) => write!(f, "{}=<secret> ", key.to_string_lossy())?,
                EnvValue::Removed => {}
            }
        }
        f.write_str(&quoted(self.program.as_os_str()))?;
        for arg in &self.args {
            write!(f, " {}", quoted(arg))?;
        }
        Ok(())
    }
}

/// As printed by `Display`: secrets and input stay out of logs.
impl fmt::Debug for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Invocation({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_a_line_a_shell_understands() {
        let inv = Invocation::new("qemu-img").arg("info").arg("a file.qcow2").env("LC_ALL", "C").cwd("/x y");
        assert_eq!(inv.to_string(), "cd '/x y' && LC_ALL=C qemu-img info 'a file.qcow2'");
    }

    #[test]
    fn secrets_and_input_are_not_printed() {
        let inv = Invocation::new("sh").secret_env("TOKEN", "hunter2").stdin_bytes(b"hunter3".to_vec());
        for text in [inv.to_string(), format!("{inv:?}")] {
            assert!(!text.contains("hunter"), "{text}");
            assert!(text.contains("TOKEN=<secret>"), "{text}");
        }
        assert_eq!(inv.env_value("TOKEN"), Some(OsStr::new("hunter2")));
    }

    #[test]
    fn a_later_value_replaces_an_earlier_one() {
        let inv = Invocation::new("a").env("K", "1").env("L", "2").env("K", "3").env_remove("M");
        assert_eq!(inv.to_string(), "env -u M L=2 K=3 a");
        assert_eq!(Invocation::new("a").env_clear().env("K", "1").to_string(), "env -i K=1 a");
    }
}
