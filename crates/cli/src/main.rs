//! The `goldsmith` program: every command of the core for terminals and scripts.

mod args;
mod args_image;
mod args_life;
mod args_suite;
mod argv;
#[cfg(all(debug_assertions, feature = "bridge"))]
mod bridge;
mod commands;
mod diagnostics;
mod lsp;
mod output;
mod progress;
mod text;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use goldsmith_app::{Core, Env, Setup, WireError};

use crate::args::{Cli, Command};
use crate::output::Output;

fn main() -> ExitCode {
    let cli = Cli::parse_from(argv::normalise(std::env::args_os()));
    let env = environment();
    let output = Output::new(&cli.global, &env);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = WireError::environment("no_threads", "cannot start threads").because(&error);
            output.failure(&error);
            return ExitCode::from(error.exit_code());
        }
    };
    let code = runtime.block_on(run(cli, env, output)).unwrap_or_else(|error| {
        output.failure(&error);
        error.exit_code()
    });
    // What still runs in the background (a question to a socket, a look at a file) is not waited for.
    runtime.shutdown_background();
    ExitCode::from(code)
}

/// The only look at the environment in the program; values that are not UTF-8 are left out.
#[allow(clippy::disallowed_methods)]
fn environment() -> Env {
    Env::new(
        std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?))),
    )
}

async fn run(cli: Cli, env: Env, output: Output) -> Result<u8, WireError> {
    match cli.command {
        Command::Completion { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "goldsmith", &mut script);
            output.text(&String::from_utf8_lossy(&script));
            Ok(0)
        }
        Command::Version => commands::version::version(&output),
        Command::Bindings { folder, check } => commands::bindings::run(&output, &folder, check),
        command => {
            let core = Core::new(setup(env)?);
            commands::run(command, core, output).await
        }
    }
}

fn setup(env: Env) -> Result<Setup, WireError> {
    let gone = |what: &str, error: &std::io::Error| WireError::environment("no_folder", what).because(error);
    let cwd = std::env::current_dir().map_err(|error| gone("the working folder is gone", &error))?;
    let program = std::env::current_exe().map_err(|error| gone("cannot find the running program", &error))?;
    Setup::new(env, cwd, &program)
}
