//! What the provisioners that upload scripts have in common.

use std::time::{Duration, Instant};

use goldsmith_template::Text;

use crate::error::{Context as _, StepError};
use crate::holes::fill;
use crate::plan::{Sketch, StepKind};
use crate::provision::meta::{pause, seconds};
use crate::provision::shell::short;
use crate::provision::{Communicator, Exit, ProvisionContext};

/// Between two tries to start.
const AGAIN: Duration = Duration::from_millis(200);

/// The texts of script files, in order, each with its name as the template writes it.
pub(crate) fn read<'a>(
    files: impl Iterator<Item = &'a Text>,
    cx: &ProvisionContext,
) -> Result<Vec<(String, Vec<u8>)>, StepError> {
    files
        .map(|file| {
            let name = fill(file, &cx.names, &[])?;
            let path = cx.step.absolute(&name);
            let bytes =
                std::fs::read(&path).input(|| format!("Cannot read the script {}", path.display()))?;
            Ok((name, bytes))
        })
        .collect()
}

/// A sketch that shows what will run.
pub(crate) fn sketch(kind: &str, inline: &[Text], files: Vec<&Text>) -> Sketch {
    let title = match (inline.first(), files.as_slice()) {
        (Some(first), _) => format!("Run in the guest ({kind}): {}", short(&first.display())),
        (None, [file]) => format!("Run {} in the guest ({kind})", file.display()),
        (None, files) => format!("Run {} scripts in the guest ({kind})", files.len()),
    };
    let mut sketch = Sketch::new(title, StepKind::Provision);
    sketch.commands = inline.iter().chain(files).map(Text::display).collect();
    sketch
}

/// Uploads and runs until the start succeeds or time is up: only a failing start is tried again.
pub(crate) async fn start(
    guest: &dyn Communicator,
    cx: &ProvisionContext,
    uploads: &[(String, Vec<u8>)],
    command: &str,
    patience: Duration,
) -> Result<Exit, StepError> {
    let deadline = Instant::now() + patience;
    loop {
        let once = async {
            for (path, bytes) in uploads {
                guest.write(&cx.step, bytes, path, 0o755).await?;
            }
            guest.exec(&cx.step, command, &mut |stream, line| cx.step.log(stream, line)).await
        };
        let error = match once.await {
            Ok(exit) => return Ok(exit),
            Err(error) if error.is_cancelled() || Instant::now() >= deadline => return Err(error),
            Err(error) => error,
        };
        cx.step.waiting("start_retry", format!("{} Trying again.", error.full()));
        pause(&cx.step, AGAIN).await?;
    }
}

/// What an exit code means to the step.
pub(crate) fn judge(exit: Exit, valid: &[i64], name: &str) -> Result<(), StepError> {
    let status = exit.packer_status();
    if valid.contains(&i64::from(status)) {
        return Ok(());
    }
    if exit.code.is_none() {
        return Err(StepError::guest(format!("The connection was lost while {name} ran."))
            .hint("A windows-restart provisioner restarts the guest and waits for it; 2300218 in valid_exit_codes means a lost connection."));
    }
    Err(StepError::guest(format!("The exit code of {name} was {status}."))
        .hint("The log above shows what it wrote last; valid_exit_codes lists the codes that mean success."))
}

/// `pause_after`.
pub(crate) async fn pause_after(cx: &ProvisionContext, time: Duration) -> Result<(), StepError> {
    if time.is_zero() {
        return Ok(());
    }
    cx.step.waiting("pause_after", format!("Pausing {} after it.", seconds(time)));
    pause(&cx.step, time).await
}
