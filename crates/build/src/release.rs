//! Giving back what was acquired, by its identity alone: at the end of a job, and after a worker's death.
//!
//! Doing it twice does nothing the second time. Nothing is touched whose identity does not fit.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use goldsmith_process::{Invocation, ProcessIdentity, Rung, StopLadder, System, capture};
use tokio_util::sync::CancellationToken;

use crate::error::{Context as _, StepError};
use crate::journal::{Evidence, NodeIdentity, Resource};
use crate::pipeline::MARK;

/// Gives one thing back.
pub async fn release(resource: &Resource, evidence: Option<&Evidence>) -> Result<(), StepError> {
    match resource {
        Resource::Process { name, mark } => {
            if let Some(Evidence::Process { identity }) = evidence {
                stop(name, identity).await?;
            } else {
                // Its start was intended and nobody lived to see it: whatever carries the exact UUID or, for
                // programs without one, the mark of the build, is ours.
                for identity in marked(&mark.mark, mark.uuid.as_deref()) {
                    stop(name, &identity).await?;
                }
            }
            if let Some(control) = &mark.control {
                remove_socket(Path::new(control))?;
            }
            Ok(())
        }
        Resource::Directory { path, staged } => {
            remove_tree(Path::new(staged)).await?;
            let Some(Evidence::Node { node }) = evidence else { return Ok(()) };
            match NodeIdentity::of(Path::new(path)) {
                Ok(found) if found == *node => remove_tree(Path::new(path)).await,
                _ => Ok(()),
            }
        }
        Resource::File { path } => absent_is_fine(fs::remove_file(path))
            .environment(|| format!("Cannot remove the temporary file {path}")),
        Resource::Socket { path } => remove_socket(Path::new(path)),
        Resource::Lock { .. } | Resource::Listener { .. } => Ok(()),
    }
}

async fn stop(name: &str, identity: &ProcessIdentity) -> Result<(), StepError> {
    let stopped = identity.stop(&StopLadder::default()).await;
    if stopped.rung == Rung::Survived {
        return Err(StepError::environment(format!(
            "{name} (process {}) is still there after SIGKILL.",
            identity.pid
        ))
        .hint("It hangs in the kernel or belongs to another user; look at it with `ps`."));
    }
    Ok(())
}

/// Processes that carry our mark in their environment and, when a UUID is given, also that UUID among their
/// arguments.
pub fn marked(mark: &str, uuid: Option<&str>) -> Vec<ProcessIdentity> {
    let ours = format!("{MARK}={mark}");
    let me = std::process::id();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        if pid == me {
            continue;
        }
        // The identity first: if the number changes hands in between, what follows does not fit it any more.
        let Some(identity) = ProcessIdentity::of(pid) else { continue };
        let Ok(environment) = fs::read(entry.path().join("environ")) else { continue };
        if !environment.split(|b| *b == 0).any(|variable| variable == ours.as_bytes()) {
            continue;
        }
        if let Some(uuid) = uuid {
            let Ok(arguments) = fs::read(entry.path().join("cmdline")) else { continue };
            if !arguments.split(|b| *b == 0).any(|argument| argument == uuid.as_bytes()) {
                continue;
            }
        }
        if identity.is_alive() {
            found.push(identity);
        }
    }
    found
}

/// Removes a folder with all in it. Read-only folders inside are no obstacle. What a killed mmdebstrap leaves there
/// is none either: as root, file systems that are still mounted below it, which are never looked into; as another
/// user, files of the user ids that are his by `/etc/subuid`.
async fn remove_tree(path: &Path) -> Result<(), StepError> {
    let wrong = || format!("Cannot remove the folder {}", path.display());
    if fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(());
    }
    for mounted in mounted_below(path).environment(wrong)? {
        quietly(Invocation::new("umount").arg("--lazy").arg(mounted)).await;
    }
    if let Some(mounted) = mounted_below(path).environment(wrong)?.first() {
        return Err(StepError::environment(format!("{}: {} is still mounted.", wrong(), mounted.display()))
            .hint("Unmount it (`umount`), then remove the folder."));
    }
    match absent_is_fine(fs::remove_dir_all(path)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            quietly(Invocation::new("mmdebstrap").args(["--unshare-helper", "rm", "-rf"]).arg(path)).await;
            // In that user namespace the folder itself is nobody's; those inside it are empty now.
            for entry in fs::read_dir(path).environment(wrong)?.flatten() {
                let _ = fs::remove_dir(entry.path());
            }
            absent_is_fine(fs::remove_dir_all(path)).environment(wrong)
        }
        other => other.environment(wrong),
    }
}

/// Runs a program to its end; what it achieved is looked at afterwards.
async fn quietly(invocation: Invocation) {
    let _ = capture(&System, &invocation, &CancellationToken::new()).await;
}

/// What is mounted below a folder, the last mounted first.
fn mounted_below(path: &Path) -> io::Result<Vec<PathBuf>> {
    let path = path.canonicalize()?;
    let table = fs::read_to_string("/proc/self/mountinfo")?;
    let points = table.lines().filter_map(|line| line.split(' ').nth(4));
    // Spaces and the like are written in octal.
    let points = points.map(|point| {
        PathBuf::from(
            point.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\"),
        )
    });
    let mut below: Vec<PathBuf> = points.filter(|point| *point != path && point.starts_with(&path)).collect();
    below.reverse();
    Ok(below)
}

fn remove_socket(path: &Path) -> Result<(), StepError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => absent_is_fine(fs::remove_file(path))
            .environment(|| format!("Cannot remove the socket {}", path.display())),
        _ => Ok(()),
    }
}

fn absent_is_fine(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
