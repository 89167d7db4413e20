//! Pictures of the guest's screen while its machine runs.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use goldsmith_machine::qemu::QemuMachine;
use goldsmith_machine::{Lifecycle as _, Screen as _};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::journal::Fact;
use crate::pipeline::StepContext;

const EVERY: Duration = Duration::from_secs(1);
/// So many pictures are kept; older ones make room.
const KEPT: usize = 30;

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
        let mut pictures = Pictures { cx, folder, last: None, number: 0 };
        loop {
            tokio::select! {
                () = token.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
            if !machine.is_running() {
                return;
            }
            tokio::select! {
                () = token.cancelled() => return,
                () = pictures.take(&machine) => {}
            }
        }
    });
    stop.drop_guard()
}

struct Pictures {
    cx: StepContext,
    folder: PathBuf,
    last: Option<blake3::Hash>,
    number: usize,
}

impl Pictures {
    /// A picture that cannot be taken is not worth a word: the machine is just stopping.
    async fn take(&mut self, machine: &QemuMachine) {
        let job: String =
            self.cx.job().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        let name = format!("{job}-{:05}.png", self.number + 1);
        let path = self.folder.join(&name);
        let Ok(size) = machine.picture(&path).await else { return };
        let Ok(bytes) = fs::read(&path) else { return };
        let hash = blake3::hash(&bytes);
        if self.last == Some(hash) {
            let _ = fs::remove_file(&path);
            return;
        }
        self.last = Some(hash);
        self.number += 1;
        if self.number > KEPT {
            let _ = fs::remove_file(self.folder.join(format!("{job}-{:05}.png", self.number - KEPT)));
        }
        self.cx.emit(Fact::ScreenTaken {
            job: self.cx.job().to_owned(),
            file: name,
            width: size.width,
            height: size.height,
        });
    }
}
