//! `validate`, `inspect` and `plan`.

use goldsmith_app::types::{Diagnostic, JobPlan, OnError as CoreOnError, Plan, Severity};
use goldsmith_app::wire::{
    BuildOptions, InspectedBuild, OfSession, OpenTemplate, OpenText, OpenedTemplate, PlanRequest,
    TemplateInputs, TextLanguage, Validation,
};
use goldsmith_app::{Core, WireError};
use serde::Serialize;

use crate::args::{self, ConfigType, OnError, Options, Template};
use crate::commands::version::now;
use crate::diagnostics::{self, Sources};
use crate::output::{Output, Paint};
use crate::text::{Align, Table, count, size, wrap};

/// Opens the template the arguments name.
pub async fn open(core: &Core, template: Template) -> Result<OpenedTemplate, WireError> {
    let inputs = TemplateInputs {
        vars: template.var,
        var_files: template.var_file,
        only: template.only,
        except: template.except,
    };
    if template.template == "-" {
        return core
            .open_text(OpenText { text: stdin()?, language: language(template.config_type), inputs })
            .await;
    }
    core.open_template(OpenTemplate { path: template.template, inputs, remember: false }).await
}

/// Opens a template without any values given.
pub async fn open_path(core: &Core, path: &str) -> Result<OpenedTemplate, WireError> {
    let inputs = TemplateInputs::default();
    if path == "-" {
        return core.open_text(OpenText { text: stdin()?, language: TextLanguage::Guess, inputs }).await;
    }
    core.open_template(OpenTemplate { path: path.to_owned(), inputs, remember: false }).await
}

/// Packer's word for the language of a text.
pub fn language(config_type: Option<ConfigType>) -> TextLanguage {
    match config_type {
        Some(ConfigType::Hcl2) => TextLanguage::Hcl,
        Some(ConfigType::Json) => TextLanguage::Json,
        None => TextLanguage::Guess,
    }
}

/// All of standard input.
pub fn stdin() -> Result<String, WireError> {
    std::io::read_to_string(std::io::stdin()).map_err(|error| {
        WireError::input("standard_input", "standard input cannot be read as a text").because(&error)
    })
}

/// Prints problems for people; to standard error, so that the answer of a command stays alone on standard output.
pub fn report(output: &Output, opened: &OpenedTemplate, problems: &[Diagnostic]) {
    let documents = opened.state.documents.iter();
    let sources = Sources::new(documents.map(|document| (document.file.as_str(), document.text.as_str())));
    for problem in problems {
        output.note(&diagnostics::render(problem, &sources, output.color_err));
    }
}

/// What `-on-error` and the rest come to.
pub fn options(options: &Options) -> BuildOptions {
    BuildOptions {
        force: options.force,
        no_cache: options.no_cache,
        offline: options.offline,
        no_library: options.no_library,
        skip_foreign: options.skip_foreign,
        on_error: match options.on_error {
            OnError::Cleanup => CoreOnError::Cleanup,
            OnError::Abort => CoreOnError::Abort,
            OnError::Ask => CoreOnError::Ask,
            OnError::RunCleanupProvisioner => CoreOnError::RunCleanupProvisioner,
        },
        parallel: options.parallel_builds,
    }
}

/// The problem of a value for a variable that the template does not declare.
const UNDECLARED: &str = "variable.undeclared";

/// Takes out warnings of one kind.
fn without(problems: &mut Vec<Diagnostic>, code: &str) {
    problems.retain(|problem| problem.code != code || problem.severity == Severity::Error);
}

/// Counts again after problems were taken out.
fn recount(found: &mut Validation) {
    let count = |severity| found.diagnostics.iter().filter(|problem| problem.severity == severity).count();
    found.errors = u32::try_from(count(Severity::Error)).unwrap_or(u32::MAX);
    found.warnings = u32::try_from(count(Severity::Warning)).unwrap_or(u32::MAX);
    found.valid = found.errors == 0;
}

/// Checks a template.
pub async fn validate(core: &Core, output: &Output, args: args::Validate) -> Result<u8, WireError> {
    let opened = open(core, args.template).await?;
    let mut found = core.validate(OfSession { session: opened.session.clone() }).await?;
    if args.syntax_only {
        found
            .diagnostics
            .retain(|problem| ["syntax", "json."].iter().any(|code| problem.code.starts_with(code)));
    }
    if args.no_warn_undeclared_var {
        without(&mut found.diagnostics, UNDECLARED);
    }
    if args.online && found.valid {
        for checked in core.check_online(OfSession { session: opened.session.clone() }).await?.checksums {
            let problem = checked.problem.map(|problem| {
                Diagnostic::error("checksum.online", format!("{}: {problem}", checked.job))
                    .with_help(format!("the list is {}", checked.list))
            });
            found.diagnostics.extend(problem);
            if let (Some(digest), false) = (checked.digest, output.json || output.machine) {
                output.line(&format!("{}: {digest} by {}", checked.job, checked.list));
            }
        }
    }
    if args.evaluate_datasources {
        let text = "data sources are not run: what they would give stays unknown";
        found.diagnostics.push(Diagnostic::warning("data.not-run", text));
    }
    recount(&mut found);
    if output.machine {
        for problem in &found.diagnostics {
            let kind = if problem.is_error() { "error" } else { "say" };
            output.machine_line(now(), "", "ui", &[kind, &problem.to_string()]);
        }
        let said = match (found.valid, args.syntax_only) {
            (false, _) => return Ok(1),
            (true, true) => "Syntax-only check passed. Everything looks okay.",
            (true, false) => "The configuration is valid.",
        };
        output.machine_line(now(), "", "ui", &["say", said]);
        return Ok(0);
    }
    if output.json {
        output.json_value(&found)?;
    } else {
        report(output, &opened, &found.diagnostics);
        let warnings = count(found.warnings as usize, "warning");
        if !found.valid {
            let errors = count(found.errors as usize, "error");
            output.note(&format!("{} is not valid: {errors}, {warnings}", opened.name));
        } else if found.warnings > 0 {
            output.line(&format!("{} is valid, with {warnings}", opened.name));
        } else {
            output.line(&format!("{} is valid", opened.name));
        }
    }
    Ok(u8::from(!found.valid))
}

/// Lists what a template declares.
pub async fn inspect(core: &Core, output: &Output, args: args::Inspect) -> Result<u8, WireError> {
    let opened = open(core, args.template).await?;
    if output.machine {
        let said = core.inspect_text(OfSession { session: opened.session.clone() }).await?;
        for line in said.lines {
            let values: Vec<&str> = line.values.iter().map(String::as_str).collect();
            output.machine_line(now(), "", &line.category, &values);
        }
        return Ok(0);
    }
    let found = core.inspect(OfSession { session: opened.session.clone() }).await?;
    if output.json {
        output.json_value(&found)?;
    } else {
        report(output, &opened, &errors(&found.diagnostics));
        let mut variables = Table::new(&[
            ("VARIABLE", Align::Left),
            ("TYPE", Align::Left),
            ("VALUE", Align::Left),
            ("WHAT FOR", Align::Left),
        ]);
        for variable in &found.variables {
            let value = variable.value.clone().unwrap_or_else(|| "(not set)".to_owned());
            let what = variable.description.clone().unwrap_or_default();
            variables.row(vec![variable.name.clone(), variable.type_name.clone(), value, what]);
        }
        let mut builds = Table::new(&[
            ("BUILD", Align::Left),
            ("PROVISIONERS", Align::Left),
            ("POST-PROCESSORS", Align::Left),
        ]);
        for build in &found.builds {
            builds.row(vec![build.name.clone(), build.provisioners.join(", "), chains(build)]);
        }
        output.text(&format!("{}\n{}", variables.text(), builds.text()));
    }
    Ok(u8::from(found.diagnostics.iter().any(Diagnostic::is_error)))
}

fn chains(build: &InspectedBuild) -> String {
    let chains: Vec<String> = build.post_processors.iter().map(|chain| chain.join(" > ")).collect();
    chains.join(", ")
}

fn errors(problems: &[Diagnostic]) -> Vec<Diagnostic> {
    problems.iter().filter(|problem| problem.is_error()).cloned().collect()
}

/// Everything wrong with a template as an answer of `--json`.
#[derive(Serialize)]
struct Refused<'a> {
    valid: bool,
    diagnostics: &'a [Diagnostic],
}

/// Checks a template before something is made of it; says what is wrong and gives the exit code when it cannot be.
pub async fn refused(
    core: &Core,
    output: &Output,
    opened: &OpenedTemplate,
    options: &Options,
) -> Result<Option<u8>, WireError> {
    let mut found = core.validate(OfSession { session: opened.session.clone() }).await?;
    if !options.warn_on_undeclared_var {
        without(&mut found.diagnostics, UNDECLARED);
    }
    if found.valid {
        if !output.json {
            report(output, opened, &found.diagnostics);
        }
        return Ok(None);
    }
    if output.machine {
        for problem in found.diagnostics.iter().filter(|problem| problem.is_error()) {
            output.machine_line(now(), "", "ui", &["error", &problem.to_string()]);
        }
        return Ok(Some(1));
    }
    if output.json {
        output.json_line(&Refused { valid: false, diagnostics: &found.diagnostics })?;
    } else {
        report(output, opened, &found.diagnostics);
        output.note(&format!("{} is not valid: {}", opened.name, count(found.errors as usize, "error")));
    }
    Ok(Some(1))
}

/// Prints what a build would do.
pub async fn plan(core: &Core, output: &Output, args: args::Plan) -> Result<u8, WireError> {
    let opened = open(core, args.template).await?;
    if let Some(code) = refused(core, output, &opened, &args.options).await? {
        return Ok(code);
    }
    let planned = core.plan(PlanRequest { session: opened.session, options: options(&args.options) }).await?;
    if output.json {
        output.json_value(&planned)?;
    } else {
        output.text(&plan_text(output, &planned.plan));
    }
    Ok(0)
}

fn plan_text(output: &Output, plan: &Plan) -> String {
    let mut text = String::new();
    for job in &plan.jobs {
        text.push_str(&job_text(output, job));
    }
    if !plan.downloads.is_empty() {
        text.push_str("Downloads\n");
        for download in &plan.downloads {
            let size = download.size.map(|bytes| format!(" ({})", size(bytes))).unwrap_or_default();
            text.push_str(&format!(
                "  {}{size}\n    checked with {}, kept as {}\n",
                download.urls.join(" or "),
                download.checksum,
                download.to
            ));
        }
        text.push('\n');
    }
    let free = plan.space.free.map_or(String::new(), |free| format!("; {} free", size(free)));
    text.push_str(&format!("Space     at most {}{free}\n", size(plan.space.needed)));
    if !plan.host_commands.is_empty() {
        text.push_str("Programs  ");
        let programs: Vec<String> = plan
            .host_commands
            .iter()
            .map(|command| format!("{} ({})", command.program, command.why))
            .collect();
        text.push_str(wrap(&programs.join(", "), 10, 108).trim_start());
    }
    for skipped in &plan.skipped {
        text.push_str(&format!("Skipped   {}: {}\n", skipped.job, skipped.reason));
    }
    for warning in &plan.warnings {
        text.push_str(&format!("{} {warning}\n", output.paint("Warning  ", Paint::Warn)));
    }
    text
}

fn job_text(output: &Output, job: &JobPlan) -> String {
    let mut text = format!("{}\n", output.paint(&job.name, Paint::Strong));
    for (number, step) in job.steps.iter().enumerate() {
        let cached = if step.cached { "  (cached)" } else { "" };
        text.push_str(&format!("{:>4}  {}{cached}\n", number + 1, step.title));
        if let Some(why) = &step.not_cached {
            let note = format!("        done every time from here on: {why}\n");
            text.push_str(&output.paint(&note, Paint::Faint));
        }
        for command in &step.commands {
            text.push_str(
                &output.paint(&format!("        {}\n", command.replace('\n', "\n        ")), Paint::Faint),
            );
        }
    }
    if !job.output_directory.is_empty() {
        text.push_str(&format!("      output folder {}\n", job.output_directory));
    }
    if let Some(image) = &job.image {
        text.push_str(&format!("      becomes a version of the image {image}\n"));
    }
    text.push('\n');
    text
}
