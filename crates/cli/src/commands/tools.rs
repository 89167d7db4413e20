//! `fmt`, `fix` and `hcl2-upgrade`.

use goldsmith_app::types::Diagnostic;
use goldsmith_app::wire::{FixTemplate, FormatFiles, FormatText, UpgradeTemplate};
use goldsmith_app::{Core, WireError};

use crate::args;
use crate::commands::template::stdin;
use crate::commands::version::now;
use crate::diagnostics::{self, Sources};
use crate::output::Output;

/// The exit code of `fmt --check` when a file is not formatted, as Packer's.
const NOT_FORMATTED: u8 = 3;

/// Prints something for people, or as Packer's machine-readable lines.
fn say(output: &Output, text: &str) {
    if output.machine {
        output.machine_line(now(), "", "ui", &["say", text]);
    } else {
        output.line(text);
    }
}

fn report(output: &Output, problems: &[Diagnostic], text: Option<(&str, &str)>) {
    let sources = Sources::new(text);
    for problem in problems {
        if output.machine {
            output.machine_line(now(), "", "ui", &["error", &problem.to_string()]);
        } else {
            output.note(&diagnostics::render(problem, &sources, output.color_err));
        }
    }
}

/// Brings files into canonical format.
pub async fn fmt(core: &Core, output: &Output, args: args::Fmt) -> Result<u8, WireError> {
    if args.paths.iter().any(|path| path == "-") {
        return fmt_stdin(core, output, &args).await;
    }
    let write = args.write && !args.check;
    let request = FormatFiles { paths: args.paths, recursive: args.recursive, write };
    let answer = core.format_files(request).await?;
    if output.json {
        output.json_value(&answer)?;
    } else {
        for file in &answer.changed {
            output.line(&file.file);
            if args.diff {
                output.text(&file.diff);
            }
        }
        for problem in &answer.diagnostics {
            let place = problem.place.as_ref().map(|place| place.file.clone()).unwrap_or_default();
            let text = std::fs::read_to_string(&place).unwrap_or_default();
            report(output, std::slice::from_ref(problem), Some((&place, &text)));
        }
    }
    Ok(match (answer.diagnostics.is_empty(), args.check && !answer.changed.is_empty()) {
        (false, _) => 1,
        (true, true) => NOT_FORMATTED,
        (true, false) => 0,
    })
}

async fn fmt_stdin(core: &Core, output: &Output, args: &args::Fmt) -> Result<u8, WireError> {
    if args.paths.len() > 1 {
        return Err(WireError::input(
            "standard_input",
            "- stands for standard input and cannot be joined by files",
        ));
    }
    let text = stdin()?;
    let answer = core.format_text(FormatText { text: text.clone() }).await?;
    if output.json {
        output.json_value(&answer)?;
    } else if answer.diagnostics.is_empty() {
        if !args.check {
            output.text(&answer.text);
        }
    } else {
        report(output, &answer.diagnostics, Some(("stdin.pkr.hcl", &text)));
    }
    Ok(match (answer.diagnostics.is_empty(), args.check && answer.changed) {
        (false, _) => 1,
        (true, true) => NOT_FORMATTED,
        (true, false) => 0,
    })
}

/// Brings a JSON template up to date.
pub async fn fix(core: &Core, output: &Output, args: args::Fix) -> Result<u8, WireError> {
    let text = if args.template == "-" { Some(stdin()?) } else { None };
    if text.is_some() && args.write {
        return Err(WireError::input(
            "standard_input",
            "--write needs a file: standard input cannot be written",
        ));
    }
    let path = text.is_none().then(|| args.template.clone());
    let fixed = core.fix_template(FixTemplate { path, text, write: args.write }).await?;
    if output.json {
        output.json_value(&fixed)?;
    } else if args.write {
        match fixed.applied.as_slice() {
            [] => say(output, &format!("{} needs no fix", args.template)),
            applied => say(output, &format!("{} is fixed: {}", args.template, applied.join(", "))),
        }
    } else {
        // Packer ends it with an empty line.
        say(output, &fixed.sorted);
    }
    if !args.validate || fixed.diagnostics.is_empty() {
        return Ok(0);
    }
    if !output.json {
        report(output, &fixed.diagnostics, None);
        output.note("The fixed template has errors; the template had them before.");
    }
    Ok(1)
}

/// Writes a JSON template as HCL.
pub async fn upgrade(core: &Core, output: &Output, args: args::Hcl2Upgrade) -> Result<u8, WireError> {
    let text = if args.template == "-" { Some(stdin()?) } else { None };
    let target = match (args.output_file, &text) {
        (Some(file), _) if file == "-" => None,
        (Some(file), _) => Some(file),
        (None, Some(_)) => None,
        (None, None) => Some(format!("{}.pkr.hcl", args.template)),
    };
    let request = UpgradeTemplate {
        path: text.is_none().then(|| args.template.clone()),
        text,
        output: target,
        annotations: args.with_annotations,
    };
    let upgraded = core.upgrade_template(request).await?;
    let errors = upgraded.diagnostics.iter().filter(|problem| problem.is_error()).count();
    if output.json {
        output.json_value(&upgraded)?;
        return Ok(0);
    }
    match &upgraded.written {
        Some(file) => {
            say(output, &format!("Successfully created {file}"));
            if !file.ends_with(".pkr.hcl") {
                output.note("note: its name does not end in .pkr.hcl, so that it is not read as a template");
            }
        }
        None => output.text(&upgraded.text),
    }
    for note in &upgraded.notes {
        output.note(&format!("note: {note}"));
    }
    if errors > 0 {
        output.note("note: the template has errors, as it had in JSON; `goldsmith validate` shows them");
    }
    Ok(0)
}
