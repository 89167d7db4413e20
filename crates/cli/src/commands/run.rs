//! `run`: a throw-away copy of an image.

use std::time::Duration;

use goldsmith_app::types::BuildStatus;
use goldsmith_app::wire::{OfRun, RunImage, RunState, StopRun};
use goldsmith_app::{Core, WireError};

use crate::args;
use crate::output::{Output, Paint};

/// How often the run is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// Boots it and stays until it ends or Ctrl-C.
pub async fn run(core: &Core, output: &Output, args: args::Run) -> Result<u8, WireError> {
    if args.stop {
        core.stop_run(StopRun { run: args.image.clone(), kill: false }).await?;
        let end = wait_end(core, &args.image).await?;
        return finish(output, &end);
    }
    let request = RunImage {
        image: args.image,
        memory_mb: args.memory,
        cpus: args.cpus,
        accelerator: args.accelerator,
        uefi: args.uefi,
        window: args.window,
    };
    let started = core.run_image(request).await?;
    let Some(state) = wait_ready(core, &started.run).await? else {
        let end = core.run_state(OfRun { run: started.run }).await?;
        return finish(output, &end);
    };
    if output.json {
        output.json_line(&state)?;
    } else {
        output.line(&format!("{} runs as {}", output.paint(&state.image, Paint::Strong), state.run));
        if let Some(accelerator) = &state.accelerator {
            output.line(&format!("  accelerator  {accelerator}"));
        }
        if let Some(command) = &state.ssh_command {
            output.line(&format!("  log in       {command}"));
        }
    }
    if args.detach {
        if !output.json {
            output.line(&format!("  stop it      goldsmith run --stop {}", state.run));
        }
        return Ok(0);
    }
    if !output.json {
        output.line("What is changed in it is thrown away when it stops. Ctrl-C stops it.");
    }
    let end = until_end(core, output, &state.run).await?;
    finish(output, &end)
}

/// Waits until it runs; nothing when it ended before.
async fn wait_ready(core: &Core, run: &str) -> Result<Option<RunState>, WireError> {
    loop {
        let state = core.run_state(OfRun { run: run.to_owned() }).await?;
        if state.is_over() {
            return Ok(None);
        }
        if state.ssh_port.is_some() {
            return Ok(Some(state));
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            _ = tokio::signal::ctrl_c() => {
                core.stop_run(StopRun { run: run.to_owned(), kill: true }).await?;
            }
        }
    }
}

async fn wait_end(core: &Core, run: &str) -> Result<RunState, WireError> {
    loop {
        let state = core.run_state(OfRun { run: run.to_owned() }).await?;
        if state.is_over() {
            return Ok(state);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Stays until it ends; Ctrl-C asks it to power off, a second one pulls the plug.
async fn until_end(core: &Core, output: &Output, run: &str) -> Result<RunState, WireError> {
    let mut kill = false;
    loop {
        tokio::select! {
            end = wait_end(core, run) => return end,
            _ = tokio::signal::ctrl_c() => {
                output.note(if kill { "Pulling the plug." } else { "Stopping; Ctrl-C again pulls the plug." });
                let stopped = core.stop_run(StopRun { run: run.to_owned(), kill }).await;
                match stopped {
                    Err(error) if error.code != "build_over" => return Err(error),
                    _ => {}
                }
                kill = true;
            }
        }
    }
}

fn finish(output: &Output, end: &RunState) -> Result<u8, WireError> {
    let well = matches!(end.status, BuildStatus::Succeeded | BuildStatus::Cancelled);
    if output.json {
        output.json_line(end)?;
    } else if well {
        output.line(&format!("{} stopped; its copy is gone.", end.image));
    } else {
        let why = end.failure.clone().unwrap_or_else(|| "its worker ended unexpectedly".to_owned());
        output.failure(&WireError::new(
            goldsmith_app::ErrorKind::Guest,
            "run_failed",
            format!("{} did not run: {why}", end.image),
        ));
    }
    Ok(u8::from(!well))
}
