//! The commands, one file per subject.

pub mod bindings;
mod build;
mod cache;
mod compare;
mod console;
mod docs;
mod doctor;
mod image;
mod life;
mod plugins;
mod rebuild;
mod reference;
mod run;
mod schedule;
mod suite;
mod template;
mod tools;
pub mod version;
mod worker;

use goldsmith_app::{Core, WireError};

use crate::args::Command;
use crate::output::Output;

/// Runs a command; gives the exit code.
pub async fn run(command: Command, core: Core, output: Output) -> Result<u8, WireError> {
    match command {
        Command::Validate(args) => template::validate(&core, &output, args).await,
        Command::Inspect(args) => template::inspect(&core, &output, args).await,
        Command::Fmt(args) => tools::fmt(&core, &output, args).await,
        Command::Console(args) => console::console(&core, &output, args).await,
        Command::Fix(args) => tools::fix(&core, &output, args).await,
        Command::Hcl2Upgrade(args) => tools::upgrade(&core, &output, args).await,
        Command::Init(args) => plugins::init(&core, &output, args).await,
        Command::Plugins(command) => plugins::plugins(&core, &output, command).await,
        Command::Plan(args) => template::plan(&core, &output, args).await,
        Command::Build(args) => build::build(&core, &output, args).await,
        Command::Builds => build::builds(&core, &output).await,
        Command::Run(args) => run::run(&core, &output, args).await,
        Command::Test(args) => suite::test(&core, &output, args).await,
        Command::Image(command) => image::image(&core, &output, command).await,
        Command::Cache(command) => cache::cache(&core, &output, command).await,
        Command::Promote(args) => life::promote(&core, &output, args).await,
        Command::Rollback(args) => life::rollback(&core, &output, args).await,
        Command::Channel(command) => life::channel(&core, &output, command).await,
        Command::Policy(command) => life::policy(&core, &output, command).await,
        Command::Outdated => life::outdated(&core, &output).await,
        Command::Rebuild(args) => rebuild::rebuild(&core, &output, args).await,
        Command::Schedule(args) => schedule::schedule(&core, &output, args).await,
        Command::Compare(args) => compare::compare(&core, &output, args).await,
        Command::Gc { apply } => life::gc(&core, &output, apply).await,
        Command::Doctor(args) => doctor::doctor(&core, &output, args).await,
        Command::Docs(args) => docs::docs(&core, &output, args).await,
        Command::Lsp(_) => crate::lsp::serve(&core),
        Command::Worker => worker::worker(&core).await,
        #[cfg(all(debug_assertions, feature = "bridge"))]
        Command::Bridge(args) => crate::bridge::serve(core, &output, args).await,
        // Answered before there is a core.
        Command::Completion { .. } | Command::Version | Command::Bindings { .. } => Ok(0),
    }
}
