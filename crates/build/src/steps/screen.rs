//! Pictures of the guest's screen while its machine runs.

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use goldsmith_machine::qemu::{QemuMachine, Vnc};
use goldsmith_machine::{Lifecycle as _, Screen as _, ScreenSize};
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::journal::Fact;
use crate::pipeline::StepContext;

const EVERY: Duration = Duration::from_secs(1);
/// So many pictures are kept, beside those at the ends of steps; older ones make room.
const KEPT: usize = 30;

/// The hole of the plan that holds the socket the screen is served on.
pub const SCREEN_SOCKET: &str = "screen:socket";

/// Writes down where the screen is served, for whoever wants to look at it or take it over. Only a private socket is
/// told: what the template serves on TCP has its own clients.
pub(crate) fn tell_where(cx: &StepContext, machine: &QemuMachine) {
    if let Some(Vnc::Unix(socket)) = machine.vnc() {
        cx.hole_filled(SCREEN_SOCKET, socket.display().to_string());
    }
}

/// Takes a picture every second and writes down those that differ from the one before, until the guard is dropped
/// or the machine stops.
pub(crate) fn watch(cx: &StepContext, machine: Arc<QemuMachine>) -> DropGuard {
    let stop = CancellationToken::new();
    let token = stop.clone();
    let cx = cx.clone();
    tokio::spawn(async move {
        let folder = cx.build().journal.folder().join("screens");
        if fs::create_dir_all(&folder).is_err() {
            return;
        }
        let mut edges = cx.build().edges.subscribe();
        let job = cx.job().to_owned();
        let mut pictures = Pictures { cx, folder, last: None, number: 0, rolling: VecDeque::new() };
        loop {
            let after = tokio::select! {
                () = token.cancelled() => return,
                () = tokio::time::sleep(EVERY) => None,
                edge = edges.recv() => match edge {
                    Ok((of, step)) if of == job => Some(step),
                    // Another job's, or some were missed: the clock goes on.
                    Ok(_) | Err(RecvError::Lagged(_)) => continue,
                    Err(RecvError::Closed) => return,
                },
            };
            if !machine.is_running() {
                return;
            }
            tokio::select! {
                () = token.cancelled() => return,
                () = pictures.take(&machine, after) => {}
            }
        }
    });
    stop.drop_guard()
}

struct Pictures {
    cx: StepContext,
    folder: PathBuf,
    last: Option<(blake3::Hash, String, ScreenSize)>,
    number: usize,
    /// Names of those that make room one day.
    rolling: VecDeque<String>,
}

impl Pictures {
    /// A picture that cannot be taken is not worth a word: the machine is just stopping. One that shows nothing new
    /// is told only at the end of a step, under the name of the one before.
    async fn take(&mut self, machine: &QemuMachine, after: Option<String>) {
        let job: String =
            self.cx.job().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let name = format!("{job}-{:05}.png", self.number + 1);
        let path = self.folder.join(&name);
        let Ok(size) = machine.picture(&path).await else { return };
        let Ok(bytes) = fs::read(&path) else { return };
        let hash = blake3::hash(&bytes);
        match &self.last {
            Some((before, known, size)) if *before == hash => {
                let _ = fs::remove_file(&path);
                if after.is_some() {
                    let (known, size) = (known.clone(), *size);
                    self.rolling.retain(|name| *name != known);
                    self.tell(known, size, after);
                }
            }
            _ => {
                self.last = Some((hash, name.clone(), size));
                self.number += 1;
                if after.is_none() {
                    self.rolling.push_back(name.clone());
                }
                if self.rolling.len() > KEPT
                    && let Some(oldest) = self.rolling.pop_front()
                {
                    let _ = fs::remove_file(self.folder.join(oldest));
                }
                self.tell(name, size, after);
            }
        }
    }

    fn tell(&self, file: String, size: ScreenSize, after: Option<String>) {
        let job = self.cx.job().to_owned();
        self.cx.emit(Fact::ScreenTaken { job, file, width: size.width, height: size.height, after });
    }
}
