//! One window at a time: a lock the kernel releases, and a socket by which a second start raises the first.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use goldsmith_app::{Setup, WireError};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What this start is.
pub(crate) enum Instance {
    /// The first: it shows the window.
    First(First),
    /// Another one runs; it was raised and told which template to open.
    Raised,
}

/// The one that shows the window. The lock lasts as long as this program.
pub(crate) struct First {
    /// The template of each later start.
    pub(crate) requests: UnboundedReceiver<Option<PathBuf>>,
}

impl Instance {
    /// Takes the lock, or raises whoever holds it.
    pub(crate) fn take(setup: &Setup, template: Option<&Path>) -> Result<Self, WireError> {
        let folder = setup
            .dirs
            .make_runtime()
            .map_err(|error| failed("There is no place for sockets").because(&error))?;
        let socket = folder.join("window.sock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("window.lock"))
            .map_err(|error| failed("The window's lock cannot be opened").because(&error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Instance::First(First { requests: listen(&socket, lock)? })),
            Err(TryLockError::WouldBlock) => {
                raise(&socket, template)?;
                Ok(Instance::Raised)
            }
            Err(TryLockError::Error(error)) => {
                Err(failed("The window's lock cannot be taken").because(&error))
            }
        }
    }
}

fn listen(socket: &Path, lock: File) -> Result<UnboundedReceiver<Option<PathBuf>>, WireError> {
    // Whoever left it there is gone: the lock is ours.
    let _ = std::fs::remove_file(socket);
    let listener = UnixListener::bind(socket)
        .map_err(|error| failed("The window's socket cannot be made").because(&error))?;
    let (sender, requests) = unbounded_channel();
    std::thread::spawn(move || serve(&listener, &lock, &sender));
    Ok(requests)
}

/// Hands on what later starts ask for. Holds the lock meanwhile.
fn serve(listener: &UnixListener, _lock: &File, sender: &UnboundedSender<Option<PathBuf>>) {
    for stream in listener.incoming().flatten() {
        let mut path = Vec::new();
        if stream.take(16 * 1024).read_to_end(&mut path).is_err() {
            continue;
        }
        let path = (!path.is_empty()).then(|| PathBuf::from(std::ffi::OsString::from_vec(path)));
        if sender.send(path).is_err() {
            return;
        }
    }
}

fn raise(socket: &Path, template: Option<&Path>) -> Result<(), WireError> {
    let told = UnixStream::connect(socket).and_then(|mut stream| {
        stream.write_all(template.map_or(&[][..], |path| path.as_os_str().as_bytes()))
    });
    told.map_err(|error| failed("Goldsmith runs already, and its window cannot be reached").because(&error))
}

fn failed(title: &str) -> WireError {
    WireError::environment("window", title)
}
