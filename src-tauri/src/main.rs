//! The desktop shell: a window around the front end, with the core behind one command and one stream.
//!
//! It knows nothing of the product. What the window asks for goes to [`goldsmith_app::Core`] by name; what is left
//! here is what only a program with a window can do: show it, raise it, and open the system's file dialogs.

mod dialogs;
mod instance;
mod renderer;
mod shell;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use goldsmith_app::{Core, Env, Setup, WireError};

use crate::instance::{First, Instance};

/// The page in the window, as its engine names it.
const ORIGINS: [&str; 2] = ["tauri://localhost", "http://tauri.localhost"];

fn main() -> ExitCode {
    renderer::choose();
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stderr, reason = "there is no window yet to say it in")]
fn report(error: &WireError) {
    eprintln!("goldsmith-desktop: {error}");
    for hint in &error.hints {
        eprintln!("  {hint}");
    }
}

fn run() -> Result<(), WireError> {
    let cwd =
        std::env::current_dir().map_err(|error| environment("The working folder cannot be read", &error))?;
    let program = std::env::current_exe()
        .map_err(|error| environment("The program's own path cannot be read", &error))?;
    let template = template_argument(&cwd);
    let setup = Setup::new(environment_variables(), cwd, &program)?
        .at_template()
        .with_dialogs(Arc::new(dialogs::Native));

    let first = match Instance::take(&setup, template.as_deref())? {
        Instance::First(first) => first,
        Instance::Raised => return Ok(()),
    };
    let core = Core::new(setup);
    ORIGINS.into_iter().for_each(|origin| core.allow_origin(origin));
    shell::run(core, first, template).map_err(|error| {
        environment("The window cannot be opened", &error)
            .hint("Is there a display? Without one use the `goldsmith` program.")
    })
}

/// The template named on the command line, as an absolute path.
fn template_argument(cwd: &Path) -> Option<PathBuf> {
    std::env::args_os()
        .skip(1)
        .find(|argument| !argument.to_string_lossy().starts_with('-'))
        .map(|argument| cwd.join(argument))
}

/// Variables whose name or value is not text are of no use to a template and are left out.
fn environment_variables() -> Env {
    Env::new(
        std::env::vars_os()
            .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?))),
    )
}

fn environment(title: &str, error: &(dyn std::error::Error + 'static)) -> WireError {
    WireError::environment("window", title).because(error)
}

impl First {
    /// Messages of later starts, for a window that is open.
    fn requests(self) -> tokio::sync::mpsc::UnboundedReceiver<Option<PathBuf>> {
        self.requests
    }
}
