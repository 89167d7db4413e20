//! The one way to the terminal: standard output, standard error, JSON, colour, and what to do when nobody reads.

use std::io::{self, IsTerminal as _, Write};

use goldsmith_app::{Env, WireError};
use serde::Serialize;

use crate::args::{Color, Global};

/// Where and how to print.
#[derive(Clone, Copy)]
pub struct Output {
    /// Print JSON.
    pub json: bool,
    /// Print lines for programs, as Packer does.
    pub machine: bool,
    /// Colour what goes to standard output.
    pub color: bool,
    /// Colour what goes to standard error.
    pub color_err: bool,
    /// Standard output is a terminal: progress may be drawn.
    pub terminal: bool,
}

impl Output {
    /// By the options, the environment (`NO_COLOR`, `PACKER_NO_COLOR`, `TERM`) and what standard output is.
    pub fn new(global: &Global, env: &Env) -> Self {
        let dumb = env.get("TERM") == Some("dumb");
        let plain = dumb || env.get("NO_COLOR").is_some() || env.get("PACKER_NO_COLOR").is_some();
        let wanted = |terminal: bool| match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && !plain,
        };
        let terminal = io::stdout().is_terminal();
        Output {
            json: global.json,
            machine: global.machine_readable,
            color: wanted(terminal) && !global.json && !global.machine_readable,
            color_err: wanted(io::stderr().is_terminal()),
            terminal: terminal && !dumb && !global.json && !global.machine_readable,
        }
    }

    /// Prints text as it is. A reader that went away (`| head`) is no failure.
    pub fn text(&self, text: &str) {
        let mut out = io::stdout().lock();
        let _ = out.write_all(text.as_bytes());
        let _ = out.flush();
    }

    /// Prints a line.
    pub fn line(&self, text: &str) {
        self.text(&format!("{text}\n"));
    }

    /// Prints a value as indented JSON.
    pub fn json_value(&self, value: &impl Serialize) -> Result<(), WireError> {
        let text = serde_json::to_string_pretty(value).map_err(|error| unwritable(&error))?;
        self.line(&text);
        Ok(())
    }

    /// Prints a value as one line of JSON.
    pub fn json_line(&self, value: &impl Serialize) -> Result<(), WireError> {
        let text = serde_json::to_string(value).map_err(|error| unwritable(&error))?;
        self.line(&text);
        Ok(())
    }

    /// Prints a line for programs. `at` is in seconds since 1970, the target is a build or nothing.
    pub fn machine_line(&self, at: i64, target: &str, category: &str, values: &[&str]) {
        self.line(&machine_line(at, target, category, values));
    }

    /// Prints to standard error.
    pub fn note(&self, text: &str) {
        let mut out = io::stderr().lock();
        let _ = out.write_all(text.as_bytes());
        let _ = out.write_all(b"\n");
    }

    /// Prints a failure: to standard error for people, as an object on standard output with `--json`.
    pub fn failure(&self, error: &WireError) {
        if self.json {
            #[derive(Serialize)]
            struct Failed<'a> {
                error: &'a WireError,
            }
            // Nothing more can be done when even this cannot be written.
            let _ = self.json_line(&Failed { error });
            return;
        }
        if self.machine {
            let text = failure(error, false);
            return self.machine_line(crate::commands::version::now(), "", "ui", &["error", &text]);
        }
        self.note(&failure(error, self.color_err));
    }

    /// Text in a colour, where colours are wanted.
    pub fn paint(&self, text: &str, paint: Paint) -> String {
        if self.color { paint.around(text) } else { text.to_owned() }
    }
}

/// Packer's machine-readable line: what would end a value early is replaced as it does.
fn machine_line(at: i64, target: &str, category: &str, values: &[&str]) -> String {
    let values: Vec<String> = values
        .iter()
        .map(|value| value.replace(',', "%!(PACKER_COMMA)").replace('\r', "\\r").replace('\n', "\\n"))
        .collect();
    format!("{at},{target},{category},{}", values.join(","))
}

fn unwritable(error: &serde_json::Error) -> WireError {
    WireError::internal("json", "the answer cannot be written as JSON").because(error)
}

/// Colours with a meaning.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// It worked.
    Good,
    /// Look at it.
    Warn,
    /// It failed.
    Bad,
    /// What a line begins with.
    Strong,
    /// Less important.
    Faint,
}

impl Paint {
    /// ECMA-48 sequences, as Packer's own colours.
    fn around(self, text: &str) -> String {
        let code = match self {
            Paint::Good => "32",
            Paint::Warn => "33",
            Paint::Bad => "31",
            Paint::Strong => "1;32",
            Paint::Faint => "2",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// A failure in words: title, where, causes, the end of the log, advice.
fn failure(error: &WireError, color: bool) -> String {
    let head = if color { Paint::Bad.around("error:") } else { "error:".to_owned() };
    let mut text = match &error.span {
        Some(place) => format!("{place}: {head} {}", error.title),
        None => format!("{head} {}", error.title),
    };
    for cause in &error.causes {
        text.push_str(&format!("\n  because: {cause}"));
    }
    for line in &error.log_tail {
        text.push_str(&format!("\n  | {line}"));
    }
    for hint in &error.hints {
        text.push_str(&format!("\n  hint: {hint}"));
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn lines_for_programs_as_packer_writes_them() {
        let line = super::machine_line(1_795_378_694, "null.n", "artifact", &["0", "string", "a, b\nc\r"]);
        assert_eq!(line, "1795378694,null.n,artifact,0,string,a%!(PACKER_COMMA) b\\nc\\r");
    }
}
