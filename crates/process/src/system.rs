//! Starting real programs. The one file of the workspace which constructs a command.

use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use tokio::io::AsyncWriteExt;
use tokio::io::unix::AsyncFd;
use tokio::process::Command;
use tokio::sync::{mpsc, watch};

use crate::child::{Control, End};
use crate::invocation::{EnvValue, Input, Output};
use crate::lines::pump;
use crate::{Child, ChildError, Exit, Invocation, Launch, LaunchError, ProcessIdentity, Stream};

/// Starts real programs on this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

#[async_trait]
impl Launch for System {
    async fn launch(&self, inv: &Invocation) -> Result<Child, LaunchError> {
        let mut command = command(inv)?;
        let mut child = command.spawn().map_err(|error| explain(inv, error))?;
        let pid = child.id().unwrap_or_default();
        // The child is ours and not yet waited for, so its number cannot have been given away.
        let identity = ProcessIdentity::of(pid).unwrap_or_else(ProcessIdentity::nobody);

        let (sender, lines) = mpsc::channel(1024);
        if let Some(out) = child.stdout.take() {
            tokio::spawn(pump(out, Stream::Stdout, sender.clone()));
        }
        if let Some(err) = child.stderr.take() {
            tokio::spawn(pump(err, Stream::Stderr, sender));
        }
        let mut stdin = child.stdin.take();
        let mut feeding = None;
        if let (Input::Bytes(bytes), Some(mut pipe)) =
            (&inv.input, stdin.take_if(|_| inv.input != Input::Open))
        {
            let bytes = bytes.clone();
            feeding = Some(tokio::spawn(async move {
                // A program may end without reading its input; that shows in its exit.
                let _ = pipe.write_all(&bytes).await;
                let _ = pipe.shutdown().await;
            }));
        }

        let sweep = Arc::new(AtomicBool::new(false));
        let (done, end) = watch::channel::<End>(None);
        tokio::spawn(supervise(child, inv.name(), pid, sweep.clone(), done));
        Ok(Child {
            name: inv.name(),
            identity,
            control: Control::Group { sweep },
            lines: Some(lines),
            kept: VecDeque::new(),
            end,
            stdin,
            feeding,
            kill_on_drop: !inv.new_session,
        })
    }
}

/// Waits for the end. While the leader is a zombie its number, and so its group's, is still reserved: that is when
/// what is left of the group can be killed without a race.
async fn supervise(
    mut child: tokio::process::Child,
    program: String,
    pid: u32,
    sweep: Arc<AtomicBool>,
    done: watch::Sender<End>,
) {
    let group = i32::try_from(pid).ok().and_then(Pid::from_raw);
    if let Some(group) = group
        && let Ok(handle) = pidfd_open(group, PidfdFlags::NONBLOCK)
        && let Some(handle) = readiness(handle)
    {
        let _ = handle.readable().await;
        if sweep.load(Ordering::Acquire) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
    let end = match child.wait().await {
        Ok(status) => Ok(exit_of(status)),
        Err(error) => Err(ChildError::Lost { program, pid, reason: error.to_string() }),
    };
    done.send_replace(Some(end));
}

/// A process handle becomes readable when the process ends.
#[allow(unsafe_code, reason = "tokio asks for a promise about the descriptor's lifetime")]
fn readiness(handle: OwnedFd) -> Option<AsyncFd<OwnedFd>> {
    // SAFETY: the descriptor is owned by the result and closed only when that is dropped.
    unsafe { AsyncFd::register(handle) }.ok()
}

fn exit_of(status: ExitStatus) -> Exit {
    Exit { code: status.code(), signal: status.signal() }
}

#[allow(clippy::disallowed_methods, reason = "this is the door: everybody else describes an Invocation")]
fn command(inv: &Invocation) -> Result<Command, LaunchError> {
    let mut command = Command::new(&inv.program);
    command.args(&inv.args);
    if inv.env_clear {
        command.env_clear();
    }
    for (key, value) in &inv.env {
        match value {
            EnvValue::Plain(value) | EnvValue::Secret(value) => command.env(key, value),
            EnvValue::Removed => command.env_remove(key),
        };
    }
    if let Some(folder) = &inv.cwd {
        command.current_dir(folder);
    }
    command.stdin(match inv.input {
        Input::Empty => Stdio::null(),
        Input::Bytes(_) | Input::Open => Stdio::piped(),
    });
    match &inv.output {
        Output::Lines => command.stdout(Stdio::piped()).stderr(Stdio::piped()),
        Output::Discard => command.stdout(Stdio::null()).stderr(Stdio::null()),
        Output::File(file) => {
            let fail =
                |source| LaunchError::Output { program: inv.program.clone(), file: file.clone(), source };
            let out = OpenOptions::new().create(true).append(true).open(file).map_err(fail)?;
            let err = out.try_clone().map_err(fail)?;
            command.stdout(out).stderr(err)
        }
    };
    if inv.new_session {
        start_session(&mut command);
    } else {
        command.process_group(0);
    }
    Ok(command)
}

/// Makes the program leader of a new session (and with it of a new process group).
#[allow(unsafe_code, reason = "there is no safe call for setsid between fork and exec")]
fn start_session(command: &mut Command) {
    // SAFETY: the closure runs in the forked child before exec and makes one async-signal-safe system call; it
    // allocates nothing and takes no lock.
    unsafe {
        command.pre_exec(|| rustix::process::setsid().map(drop).map_err(io::Error::from));
    }
}

fn explain(inv: &Invocation, error: io::Error) -> LaunchError {
    let program = inv.program.clone();
    match (error.kind(), &inv.cwd) {
        (io::ErrorKind::NotFound | io::ErrorKind::NotADirectory, Some(folder)) if !folder.is_dir() => {
            LaunchError::NoFolder { program, folder: folder.clone() }
        }
        (io::ErrorKind::NotFound, _) => LaunchError::NotFound { program },
        (io::ErrorKind::PermissionDenied, _) => LaunchError::NotPermitted { program },
        _ => LaunchError::Os { program, source: error },
    }
}
