//! What can be typed.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub use crate::args_image::{Cache, Image};
use crate::{args_life, args_suite};

/// Exit codes, as every command's help tells them.
const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 it failed (a template with errors, a failed build, a missing program); 2 wrong usage;
3 `fmt --check` found files to format; 70 a defect of Goldsmith; 130 cancelled.

Packer's spellings are understood (-var, -var-file=FILE, -only=a,b, -on-error=abort, -force=true, hcl2_upgrade ...):
with `alias packer=goldsmith` existing scripts go on working.";

/// Goldsmith crafts golden VM images: it builds templates in Packer's language with a local hypervisor and keeps
/// every version in a local library.
#[derive(Debug, Parser)]
#[command(name = "goldsmith", version, about, after_help = EXIT_CODES, propagate_version = false, max_term_width = 110)]
#[command(arg_required_else_help = true, infer_long_args = false)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Print JSON on standard output instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// Whether to colour what is printed
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", num_args = 0..=1, default_missing_value = "always", require_equals = true)]
    pub color: Color,
    /// Print lines for programs, as Packer does: time, target, category, values
    #[arg(long, global = true, conflicts_with = "json")]
    pub machine_readable: bool,
}

/// When to use colour. Packer's `-color=true` and `-color=false` are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// When standard output is a terminal and NO_COLOR is not set
    Auto,
    /// Always
    #[value(alias = "true")]
    Always,
    /// Never
    #[value(alias = "false")]
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check a template: every problem with its line, column and what to do
    #[command(
        after_help = "Examples:\n  goldsmith validate web.pkr.hcl\n  goldsmith validate -var memory=2048 templates/quickstart\n  goldsmith validate --json . | jq '.diagnostics[].message'"
    )]
    Validate(Validate),
    /// Print what a build would do: steps, command lines, downloads, space
    #[command(
        after_help = "Examples:\n  goldsmith plan templates/quickstart\n  goldsmith plan -only='qemu.*' --json . | jq '.plan.jobs[].steps[].title'"
    )]
    Plan(Plan),
    /// Build a template; the image goes to its output folder and into the library
    #[command(
        after_help = "The build runs in a process of its own: Ctrl-C stops it in order, a second Ctrl-C at once.\n\nExamples:\n  goldsmith build templates/quickstart\n  goldsmith build -var-file=prod.pkrvars.hcl -only=qemu.web -on-error=abort web.pkr.hcl\n  goldsmith build --no-cache --no-library --json tiny.pkr.hcl | jq -c 'select(.fact==\"StepFinished\")'"
    )]
    Build(Build),
    /// List a template's variables and builds
    #[command(after_help = "Example:\n  goldsmith inspect web.pkr.hcl")]
    Inspect(Inspect),
    /// Bring template and variable files into canonical format
    #[command(
        after_help = "Exit code 3: --check found files that are not formatted.\n\nExamples:\n  goldsmith fmt\n  goldsmith fmt --check --diff --recursive .\n  goldsmith fmt - < web.pkr.hcl"
    )]
    Fmt(Fmt),
    /// Evaluate expressions with a template's variables and locals
    #[command(
        after_help = "On a terminal it asks for one expression after the other; from a pipe it prints the value of the last one.\n`variables` lists variables and locals, `help` explains, `exit` ends it.\n\nExamples:\n  goldsmith console web.pkr.hcl\n  echo 'upper(var.name)' | goldsmith console web.pkr.hcl\n  echo '[1, 2]' | goldsmith console --json"
    )]
    Console(Console),
    /// Bring a JSON template up to date: options that were renamed or replaced
    #[command(
        after_help = "The result is printed as Packer prints it, with sorted keys. --write changes the file instead, and only where\nsomething is fixed.\n\nExamples:\n  goldsmith fix old.json > new.json\n  goldsmith fix --write old.json\n  goldsmith fix --json old.json | jq .applied"
    )]
    Fix(Fix),
    /// Write a JSON template as HCL, with the same meaning
    #[command(
        visible_alias = "hcl2_upgrade",
        after_help = "Examples:\n  goldsmith hcl2-upgrade old.json\n  goldsmith hcl2_upgrade -with-annotations -output-file=new.pkr.hcl old.json"
    )]
    Hcl2Upgrade(Hcl2Upgrade),
    /// Say which plugins a template asks for and what is built in; nothing is downloaded
    #[command(after_help = "Example:\n  goldsmith init .")]
    Init(Init),
    /// Plugins: what Packer has plugins for is built in
    #[command(subcommand)]
    Plugins(Plugins),
    /// Boot a throw-away copy of an image; it is gone when stopped
    #[command(
        after_help = "Examples:\n  goldsmith run quickstart\n  goldsmith run debian-base@3 --memory 4096 --cpus 4\n  goldsmith run quickstart --json"
    )]
    Run(Run),
    /// Test a finished image: boot a throw-away copy and run suites against it
    #[command(after_help = args_suite::TEST)]
    Test(args_suite::Test),
    /// The library: images and their versions
    #[command(subcommand)]
    Image(Image),
    /// Point a channel to a version, releasing it first where the channel asks for that
    #[command(after_help = args_life::PROMOTE)]
    Promote(args_life::Promote),
    /// Point a channel to an earlier version again, after reading its bytes
    #[command(after_help = args_life::ROLLBACK)]
    Rollback(args_life::Rollback),
    /// Channels: named pointers to versions
    #[command(subcommand)]
    Channel(args_life::Channel),
    /// What channels ask for, and what may be collected
    #[command(subcommand)]
    Policy(args_life::Policy),
    /// List the images that should be made again, and why
    Outdated,
    /// Build, test and promote again what is behind, parents first
    #[command(after_help = args_suite::REBUILD)]
    Rebuild(args_suite::Rebuild),
    /// Rebuild what is behind by itself: a user timer of systemd, or a line for cron
    #[command(after_help = args_suite::SCHEDULE)]
    Schedule(args_suite::Schedule),
    /// Say what differs between two versions, from what is recorded of them; exit code 1 when the content does
    #[command(after_help = "Example:\n  goldsmith compare web@3 web@4")]
    Compare(args_suite::Compare),
    /// Give up what the policy allows; without --apply it only says what it would do
    #[command(after_help = args_life::GC)]
    Gc {
        /// Do it: to the trash first, and out of the trash what was there long enough
        #[arg(long)]
        apply: bool,
    },
    /// Builds that run or ran here, whoever started them
    #[command(after_help = "Examples:\n  goldsmith builds\n  goldsmith builds --json | jq '.builds[0]'")]
    Builds,
    /// What builds remember: checkpoints, and the packages of `bootstrap` sources
    #[command(subcommand)]
    Cache(Cache),
    /// Examine this computer: what is there, what it can do, measured
    #[command(
        after_help = "Examples:\n  goldsmith doctor\n  goldsmith doctor --fresh\n  goldsmith doctor --json | jq .accelerator"
    )]
    Doctor(Doctor),
    /// Describe a component or one of its options, as the forms and checks know it
    #[command(
        after_help = "Examples:\n  goldsmith docs\n  goldsmith docs qemu\n  goldsmith docs qemu.disk_size\n  goldsmith docs provisioner.shell.execute_command\n  goldsmith docs --write docs/reference"
    )]
    Docs(Docs),
    /// Serve an editor: the language server, over standard input and output
    #[command(
        after_help = "An editor starts it; see docs/editors.md for VS Code, Neovim and Helix. It runs no program, contacts nothing\nand writes no file."
    )]
    Lsp(Lsp),
    /// Print a script that completes commands and options in a shell
    #[command(
        after_help = "Examples:\n  goldsmith completion bash > ~/.local/share/bash-completion/completions/goldsmith\n  goldsmith completion zsh > ~/.zfunc/_goldsmith\n  goldsmith completion fish > ~/.config/fish/completions/goldsmith.fish"
    )]
    Completion {
        /// The shell
        shell: Shell,
    },
    /// Print the version
    Version,
    /// Runs one build or run; started by the other commands
    #[command(hide = true)]
    Worker,
    /// Writes the TypeScript types of the commands
    #[command(hide = true)]
    Bindings {
        /// Where to
        #[arg(default_value = "ui/src/bindings")]
        folder: PathBuf,
        /// Only say whether they are up to date
        #[arg(long)]
        check: bool,
    },
    /// Serves the window's commands on a loopback port, for development
    #[cfg(all(debug_assertions, feature = "bridge"))]
    #[command(hide = true)]
    Bridge(Bridge),
}

/// Which template, with which values.
#[derive(Debug, Clone, Args)]
pub struct Template {
    /// A template file (*.pkr.hcl, *.pkr.json, *.json), a folder of them, or - for standard input
    #[arg(default_value = ".")]
    pub template: String,
    /// The language of a template from standard input [default: JSON if it starts with a brace]
    #[arg(long, value_name = "LANGUAGE")]
    pub config_type: Option<ConfigType>,
    /// Set a variable (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
    pub var: Vec<(String, String)>,
    /// Read variables from a file: *.pkrvars.hcl or *.pkrvars.json (repeatable)
    #[arg(long, value_name = "FILE")]
    pub var_file: Vec<String>,
    /// Only the builds with these names; * and ? match
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Not the builds (or post-processors) with these names
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub except: Vec<String>,
}

/// Packer's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConfigType {
    /// HCL
    Hcl2,
    /// JSON, Packer's first language
    Json,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

#[derive(Debug, Args)]
pub struct Validate {
    #[command(flatten)]
    pub template: Template,
    /// Only check that it can be read, not what it says
    #[arg(long)]
    pub syntax_only: bool,
    /// Do not warn about values for variables that the template does not declare
    #[arg(long)]
    pub no_warn_undeclared_var: bool,
    /// Look up `file:` checksums, over the network where they are there
    #[arg(long)]
    pub online: bool,
    /// Packer's: run data sources. None is run here; those that a build needs are named
    #[arg(long)]
    pub evaluate_datasources: bool,
}

#[derive(Debug, Args)]
pub struct Inspect {
    #[command(flatten)]
    pub template: Template,
}

/// How to build.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Delete an existing output folder first
    #[arg(long)]
    pub force: bool,
    /// Ignore checkpoints and remembered results
    #[arg(long)]
    pub no_cache: bool,
    /// Fetch nothing; use what the caches hold
    #[arg(long)]
    pub offline: bool,
    /// Leave the library alone
    #[arg(long)]
    pub no_library: bool,
    /// Skip sources of plugins that are not built in, and say which
    #[arg(long)]
    pub skip_foreign: bool,
    /// What to do when a step fails
    #[arg(long, value_name = "HOW", default_value = "cleanup")]
    pub on_error: OnError,
    /// At most so many builds at once; 0 is no limit
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub parallel_builds: u32,
    /// Warn about values for variables that the template does not declare
    #[arg(long)]
    pub warn_on_undeclared_var: bool,
}

/// Packer's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnError {
    /// Remove what was made
    Cleanup,
    /// Leave everything as it is
    Abort,
    /// Ask on the terminal: clean up, abort or retry the step
    Ask,
    /// Run the error-cleanup-provisioner, then leave everything as it is
    RunCleanupProvisioner,
}

#[derive(Debug, Args)]
pub struct Plan {
    #[command(flatten)]
    pub template: Template,
    #[command(flatten)]
    pub options: Options,
}

#[derive(Debug, Args)]
pub struct Build {
    #[command(flatten)]
    pub template: Template,
    #[command(flatten)]
    pub options: Options,
    /// Begin every line with the time
    #[arg(long)]
    pub timestamp_ui: bool,
    /// Packer's: stop between steps. There are no such stops here; the builds run one after another
    #[arg(long)]
    pub debug: bool,
    /// Start it and return; it goes on by itself
    #[arg(long)]
    pub detach: bool,
}

#[derive(Debug, Args)]
pub struct Fmt {
    /// Files, or folders whose *.pkr.hcl and *.pkrvars.hcl are meant; - reads standard input and prints
    #[arg(default_value = ".")]
    pub paths: Vec<String>,
    /// Write nothing; end with exit code 3 when a file is not formatted
    #[arg(long)]
    pub check: bool,
    /// Print what changes
    #[arg(long)]
    pub diff: bool,
    /// The folders below as well
    #[arg(long)]
    pub recursive: bool,
    /// Whether files are written
    #[arg(long, value_name = "BOOL", default_value_t = true, num_args = 0..=1, default_missing_value = "true", require_equals = true, action = ArgAction::Set)]
    pub write: bool,
}

#[derive(Debug, Args)]
pub struct Console {
    /// A template whose variables and locals are known to the expressions
    pub template: Option<String>,
    /// The language of the lines where there is no template [default: hcl2]
    #[arg(long, value_name = "LANGUAGE")]
    pub config_type: Option<ConfigType>,
    /// Set a variable (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = assignment)]
    pub var: Vec<(String, String)>,
    /// Read variables from a file (repeatable)
    #[arg(long, value_name = "FILE")]
    pub var_file: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Fix {
    /// A JSON template, or - for standard input
    pub template: String,
    /// Whether the result is checked
    #[arg(long, value_name = "BOOL", default_value_t = true, num_args = 0..=1, default_missing_value = "true", require_equals = true, action = ArgAction::Set)]
    pub validate: bool,
    /// Change the file, only where something is fixed, instead of printing
    #[arg(long)]
    pub write: bool,
}

#[derive(Debug, Args)]
pub struct Hcl2Upgrade {
    /// A JSON template, or - for standard input
    pub template: String,
    /// Where to write it; - prints it [default: TEMPLATE.pkr.hcl]
    #[arg(long, value_name = "FILE")]
    pub output_file: Option<String>,
    /// Explain each part in comments
    #[arg(long)]
    pub with_annotations: bool,
}

#[derive(Debug, Args)]
pub struct Init {
    /// A template file, or a folder of them
    #[arg(default_value = ".")]
    pub template: String,
    /// Packer's: look for newer plugins. There is nothing to look for
    #[arg(long)]
    pub upgrade: bool,
    /// Packer's: install again. There is nothing to install
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Subcommand)]
pub enum Plugins {
    /// List what is built in
    #[command(after_help = "Example:\n  goldsmith plugins installed --json")]
    Installed,
    /// List the plugins a template asks for
    #[command(after_help = "Example:\n  goldsmith plugins required .")]
    Required {
        /// A template file, or a folder of them
        #[arg(default_value = ".")]
        template: String,
    },
    /// Packer's: install a plugin. Says whether it is built in
    Install {
        /// The plugin, as github.com/hashicorp/qemu
        plugin: String,
        /// Its version
        version: Option<String>,
    },
    /// Packer's: remove a plugin. What is built in stays
    Remove {
        /// The plugin, as github.com/hashicorp/qemu
        plugin: String,
        /// Its version
        version: Option<String>,
    },
}

#[derive(Debug, Args)]
pub struct Run {
    /// The image: a name, name@3 or name@latest
    pub image: String,
    /// Memory in MiB [default: what it was built with]
    #[arg(long, value_name = "MIB")]
    pub memory: Option<u32>,
    /// Virtual processors [default: what it was built with]
    #[arg(long, value_name = "N")]
    pub cpus: Option<u32>,
    /// kvm or tcg [default: what was measured to be faster]
    #[arg(long, value_name = "NAME")]
    pub accelerator: Option<String>,
    /// Boot with UEFI firmware
    #[arg(long)]
    pub uefi: bool,
    /// Show QEMU's own window
    #[arg(long)]
    pub window: bool,
    /// Return once SSH answers; stop it with `goldsmith run --stop ID`
    #[arg(long)]
    pub detach: bool,
    /// Treat IMAGE as the id of a run and stop it
    #[arg(long, conflicts_with_all = ["memory", "cpus", "accelerator", "uefi", "window", "detach"])]
    pub stop: bool,
}

#[derive(Debug, Args)]
pub struct Doctor {
    /// Measure again, even where a measurement is remembered
    #[arg(long)]
    pub fresh: bool,
}

#[derive(Debug, Args)]
pub struct Lsp {
    /// Taken for editors that pass it; there is no other way
    #[arg(long)]
    pub stdio: bool,
}

#[derive(Debug, Args)]
pub struct Docs {
    /// COMPONENT or COMPONENT.OPTION; nothing lists the components
    pub subject: Option<String>,
    /// Write the whole reference as pages into a folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "subject")]
    pub write: Option<PathBuf>,
    /// Write nothing; only say which pages differ
    #[arg(long, requires = "write")]
    pub check: bool,
}

#[cfg(all(debug_assertions, feature = "bridge"))]
#[derive(Debug, Args)]
pub struct Bridge {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Where to write the token a request must show (mode 0600)
    #[arg(long)]
    pub token_file: PathBuf,
    /// The built front end to serve
    #[arg(long, default_value = "ui/dist")]
    pub ui: PathBuf,
}
