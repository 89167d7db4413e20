//! `console`.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::os::unix::fs::FileTypeExt as _;

use goldsmith_app::wire::{Evaluate, OfSession, OpenTemplate, OpenText, TemplateInputs, TextLanguage};
use goldsmith_app::{Core, WireError};

use crate::args::{self, ConfigType};
use crate::output::Output;

const HELP: &str = "\
Type an expression and press Enter to see its value:

  upper(var.name)
  [for disk in var.disks : disk.size]

A template named on the command line gives its variables and locals; -var and -var-file set them.

  variables   lists variables and locals with their values
  help        this text
  exit        ends it, as the end of input does";

const HELP_JSON: &str = "\
Type a text with {{ }} and press Enter to see what becomes of it:

  {{user `name`}}-{{timestamp}}

The template named on the command line gives its variables; -var and -var-file set them.

  variables   lists variables with their values
  help        this text
  exit        ends it, as the end of input does

For the expressions of HCL, use an HCL template, or none.";

/// Answers line after line.
pub async fn console(core: &Core, output: &Output, args: args::Console) -> Result<u8, WireError> {
    let inputs = TemplateInputs { vars: args.var, var_files: args.var_file, ..TemplateInputs::default() };
    let (opened, legacy) = match args.template {
        Some(path) => {
            let legacy = path.ends_with(".json") && !path.ends_with(".pkr.json");
            (core.open_template(OpenTemplate { path, inputs, remember: false }).await?, legacy)
        }
        None => {
            let legacy = args.config_type == Some(ConfigType::Json);
            let (text, language) = if legacy { ("{}", TextLanguage::Json) } else { ("", TextLanguage::Hcl) };
            let inputs = TemplateInputs { vars: Vec::new(), ..inputs };
            (core.open_text(OpenText { text: text.to_owned(), language, inputs }).await?, legacy)
        }
    };
    let mut asking = Asking { core, output, session: opened.session, legacy, failed: false };
    let stdin = std::io::stdin();
    let terminal = stdin.is_terminal();
    // As Packer: of what comes through a pipe, only the last value is printed.
    let piped = !terminal && !output.json && is_pipe();
    let mut last = String::new();
    let mut lines = stdin.lock().lines();
    loop {
        if terminal && !output.json {
            output.text("> ");
        }
        let Some(line) = lines.next() else { break };
        let line = line.map_err(|error| {
            WireError::input("standard_input", "standard input cannot be read").because(&error)
        })?;
        let line = line.trim();
        if line == "exit" {
            break;
        }
        if line.is_empty() {
            continue;
        }
        let said = asking.answer(line).await?;
        if piped {
            last = said.unwrap_or_default();
        } else if let Some(said) = said {
            output.line(&said);
        }
    }
    if piped {
        output.line(&last);
    }
    if terminal && !output.json {
        let _ = std::io::stdout().flush();
    }
    // On a terminal a slip is no failure.
    Ok(u8::from(asking.failed && !terminal))
}

/// Whether standard input is a pipe, and not a file.
fn is_pipe() -> bool {
    std::fs::metadata("/dev/stdin")
        .is_ok_and(|meta| meta.file_type().is_fifo() || meta.file_type().is_socket())
}

struct Asking<'a> {
    core: &'a Core,
    output: &'a Output,
    session: String,
    legacy: bool,
    failed: bool,
}

impl Asking<'_> {
    /// What to print for a line; with `--json` it is printed here.
    async fn answer(&mut self, line: &str) -> Result<Option<String>, WireError> {
        match line {
            "help" if !self.output.json => {
                return Ok(Some(if self.legacy { HELP_JSON } else { HELP }.to_owned()));
            }
            "variables" => {
                let values = self.core.list_values(OfSession { session: self.session.clone() }).await?;
                if self.output.json {
                    self.output.json_line(&values)?;
                    return Ok(None);
                }
                return Ok(Some(values.text));
            }
            _ => {}
        }
        let request = Evaluate { session: self.session.clone(), expression: line.to_owned() };
        let answer = self.core.evaluate(request).await?;
        self.failed |= !answer.diagnostics.is_empty();
        if self.output.json {
            self.output.json_line(&answer)?;
            return Ok(None);
        }
        for problem in &answer.diagnostics {
            let help = problem.help.as_ref().map(|help| format!("\n  {help}")).unwrap_or_default();
            self.output.note(&format!("error: {}{help}", problem.message));
        }
        Ok(answer.text)
    }
}
