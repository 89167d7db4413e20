//! Long works within this process, such as exports: how far they are, and how to stop them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::core::lock;
use crate::error::{ErrorKind, WireError};
use crate::wire::TaskProgress;

/// The works that run, by the name their asker chose.
#[derive(Default)]
pub(crate) struct Tasks {
    running: Arc<Mutex<HashMap<String, Running>>>,
}

struct Running {
    cancel: CancellationToken,
    progress: watch::Receiver<TaskProgress>,
}

/// One work, from inside. Dropping it ends it.
pub(crate) struct Task {
    name: Option<String>,
    running: Arc<Mutex<HashMap<String, Running>>>,
    sender: watch::Sender<TaskProgress>,
    /// Fires when somebody wants it to stop.
    pub cancel: CancellationToken,
}

impl Tasks {
    /// Begins a work; without a name nobody can follow or stop it.
    pub fn begin(&self, name: Option<String>, title: &str, unit: &str) -> Result<Task, WireError> {
        let first =
            TaskProgress { title: title.to_owned(), unit: unit.to_owned(), ..TaskProgress::default() };
        let (sender, progress) = watch::channel(first);
        let cancel = CancellationToken::new();
        if let Some(name) = &name {
            let mut running = lock(&self.running);
            if running.contains_key(name) {
                return Err(WireError::input(
                    "task_exists",
                    format!("a task named {name} is running already"),
                ));
            }
            running.insert(name.clone(), Running { cancel: cancel.clone(), progress });
        }
        Ok(Task { name, running: self.running.clone(), sender, cancel })
    }

    /// Stops a work.
    pub fn cancel(&self, name: &str) -> Result<(), WireError> {
        match lock(&self.running).get(name) {
            Some(task) => task.cancel.cancel(),
            None => {
                return Err(WireError::new(
                    ErrorKind::Input,
                    "no_such_task",
                    format!("no task named {name} is running"),
                ));
            }
        }
        Ok(())
    }

    /// Follows a work, when it runs.
    pub fn follow(&self, name: &str) -> Option<watch::Receiver<TaskProgress>> {
        lock(&self.running).get(name).map(|task| task.progress.clone())
    }
}

impl Task {
    /// Says how far it is.
    pub fn progress(&self, title: &str, done: u64, total: Option<u64>) {
        self.sender.send_if_modified(|progress| {
            let changed = progress.done != done || progress.total != total || progress.title != title;
            if changed {
                progress.done = done;
                progress.total = total;
                if progress.title != title {
                    title.clone_into(&mut progress.title);
                }
            }
            changed
        });
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.sender.send_modify(|progress| progress.finished = true);
        if let Some(name) = &self.name {
            lock(&self.running).remove(name);
        }
    }
}
