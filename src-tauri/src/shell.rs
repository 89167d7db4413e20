//! The window, its command and its stream.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use goldsmith_app::{Core, WireError};
use serde::Serialize;
use serde_json::{Value, json};
use tauri::async_runtime::JoinHandle;
use tauri::ipc::Channel;
use tauri::webview::PageLoadEvent;
use tauri::window::Color;
use tauri::{
    AppHandle, DragDropEvent, Manager as _, RunEvent, State, Theme, WebviewUrl, WebviewWindow,
    WebviewWindowBuilder, WindowEvent,
};

use crate::instance::First;

/// What the window's command and stream need.
struct Shell {
    core: Core,
    /// The template named at the start.
    template: Option<String>,
    streams: Streams,
    /// Whoever wants to know what later starts ask for, and that the user wants to close the window.
    openers: Arc<Mutex<Vec<Channel<Value>>>>,
    /// Whether the page asks before the window closes.
    guarded: AtomicBool,
    /// It asks at the moment: the next wish is heeded without it, since it may not answer any more.
    asking: AtomicBool,
}

impl Shell {
    /// Whether the page was asked to ask the user. One that is gone cannot hold the window.
    fn asks_before_closing(&self) -> bool {
        if !self.guarded.load(Ordering::Relaxed) || self.asking.swap(true, Ordering::Relaxed) {
            return false;
        }
        let mut listening = self.openers.lock().unwrap_or_else(PoisonError::into_inner);
        listening.retain(|page| page.send(json!({ "kind": "close" })).is_ok());
        !listening.is_empty()
    }
}

/// The streams that are open, so that they end with the page that asked for them.
#[derive(Default)]
struct Streams {
    next: AtomicU32,
    open: Mutex<HashMap<u32, JoinHandle<()>>>,
}

impl Streams {
    fn keep(&self, stream: JoinHandle<()>) -> u32 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, stream| !stream.inner().is_finished());
        open.insert(id, stream);
        id
    }

    fn end(&self, id: u32) {
        if let Some(stream) = self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&id) {
            stream.abort();
        }
    }

    fn end_all(&self) {
        for (_, stream) in self.open.lock().unwrap_or_else(PoisonError::into_inner).drain() {
            stream.abort();
        }
    }
}

/// Shows the window and runs until it is closed. Builds go on without it: they are processes of their own.
pub(crate) fn run(core: Core, first: First, template: Option<PathBuf>) -> tauri::Result<()> {
    let openers: Arc<Mutex<Vec<Channel<Value>>>> = Arc::default();
    let ending = core.clone();
    let shell = Shell {
        core,
        template: template.map(|path| path.to_string_lossy().into_owned()),
        streams: Streams::default(),
        openers: Arc::clone(&openers),
        guarded: AtomicBool::new(false),
        asking: AtomicBool::new(false),
    };
    tauri::Builder::default()
        .manage(shell)
        .invoke_handler(tauri::generate_handler![call, subscribe])
        .setup(move |app| {
            open_window(app.handle())?;
            open_dropped(app.handle(), Arc::clone(&openers));
            follow_later_starts(app.handle().clone(), first, openers);
            Ok(())
        })
        .build(tauri::generate_context!())?
        .run(move |app, event| match event {
            RunEvent::WindowEvent { event: WindowEvent::CloseRequested { api, .. }, .. } => {
                if app.state::<Shell>().asks_before_closing() {
                    api.prevent_close();
                }
            }
            RunEvent::Exit => end(&ending),
            _ => {}
        });
    Ok(())
}

/// Leaves nothing behind that was started for the window alone. A window that closes never waits long for it.
fn end(core: &Core) {
    tauri::async_runtime::block_on(async {
        // What has not ended by then is stuck in the kernel, and waiting would not help.
        let _ = tokio::time::timeout(Duration::from_secs(3), core.end()).await;
    });
}

/// Makes the window. It is shown once its first picture stands, so that nothing white flashes up.
fn open_window(app: &AppHandle) -> tauri::Result<()> {
    let window = WebviewWindowBuilder::new(app, "main", WebviewUrl::App("index.html".into()))
        .title("Goldsmith")
        .inner_size(1280.0, 800.0)
        .min_inner_size(960.0, 600.0)
        .visible(false)
        .on_navigation(|url| url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost"))
        .on_page_load(|window, page| {
            if matches!(page.event(), PageLoadEvent::Started) {
                window.state::<Shell>().streams.end_all();
            }
        })
        .build()?;
    let ground = match window.theme()? {
        Theme::Dark => Color(17, 16, 14, 255),
        _ => Color(240, 239, 236, 255),
    };
    window.set_background_color(Some(ground))
}

/// A file or folder that is dropped on the window opens in it.
fn open_dropped(app: &AppHandle, openers: Arc<Mutex<Vec<Channel<Value>>>>) {
    let Some(window) = app.get_webview_window("main") else { return };
    window.on_window_event(move |event| {
        if let WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) = event
            && let Some(path) = paths.first()
        {
            ask_to_open(&openers, Some(path));
        }
    });
}

/// Tells the page to open a template. A page that was reloaded has gone; its channel is dropped at the first failure.
fn ask_to_open(openers: &Mutex<Vec<Channel<Value>>>, path: Option<&Path>) {
    let message = json!({ "kind": "open", "path": path.map(|path| path.to_string_lossy().into_owned()) });
    openers
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .retain(|opener| opener.send(message.clone()).is_ok());
}

/// A later start raises this window and hands over its template.
fn follow_later_starts(app: AppHandle, first: First, openers: Arc<Mutex<Vec<Channel<Value>>>>) {
    let mut requests = first.requests();
    tauri::async_runtime::spawn(async move {
        while let Some(path) = requests.recv().await {
            if let Some(window) = app.get_webview_window("main") {
                let _ = window.unminimize();
                let _ = window.show();
                let _ = window.set_focus();
            }
            ask_to_open(&openers, path.as_deref());
        }
    });
}

/// The one command: what begins with `shell_` concerns this window, everything else is the core's.
#[tauri::command]
async fn call(
    name: String,
    request: Value,
    window: WebviewWindow,
    shell: State<'_, Shell>,
) -> Result<Value, WireError> {
    match name.as_str() {
        "shell_painted" => {
            window.show().map_err(window_error)?;
            // What dead workers left is cleaned up once the window stands; what follows builds does it again.
            let core = shell.core.clone();
            tauri::async_runtime::spawn(async move { core.start().await });
            Ok(Value::Null)
        }
        "shell_start" => Ok(json!({ "path": shell.template })),
        "shell_title" => window
            .set_title(request["title"].as_str().unwrap_or("Goldsmith"))
            .map_err(window_error)
            .map(|()| Value::Null),
        "shell_zoom" => window
            .set_zoom(request["factor"].as_f64().unwrap_or(1.0).clamp(0.5, 3.0))
            .map_err(window_error)
            .map(|()| Value::Null),
        "shell_guard" => {
            shell.guarded.store(request["on"].as_bool().unwrap_or(false), Ordering::Relaxed);
            Ok(Value::Null)
        }
        "shell_stay" => {
            shell.asking.store(false, Ordering::Relaxed);
            Ok(Value::Null)
        }
        "shell_close" => window.destroy().map_err(window_error).map(|()| Value::Null),
        "shell_unsubscribe" => {
            let id = request["stream"].as_u64().and_then(|id| u32::try_from(id).ok());
            id.into_iter().for_each(|id| shell.streams.end(id));
            Ok(Value::Null)
        }
        _ => shell.core.dispatch(&name, request).await,
    }
}

/// The one stream: follows a topic until the page ends it or goes away.
#[tauri::command]
async fn subscribe(
    topic: String,
    since: u64,
    channel: Channel<Value>,
    shell: State<'_, Shell>,
) -> Result<u32, WireError> {
    if topic == "shell" {
        shell.openers.lock().unwrap_or_else(PoisonError::into_inner).push(channel);
        return Ok(shell.streams.keep(tauri::async_runtime::spawn(async {})));
    }
    let mut messages = shell.core.subscribe(&topic, since)?;
    let stream = tauri::async_runtime::spawn(async move {
        while let Some(message) = messages.next().await {
            if send(&channel, &message).is_err() {
                return;
            }
        }
    });
    Ok(shell.streams.keep(stream))
}

fn send(channel: &Channel<Value>, message: &impl Serialize) -> Result<(), WireError> {
    let value = serde_json::to_value(message)
        .map_err(|error| WireError::internal("window", "A message cannot be written").because(&error))?;
    channel.send(value).map_err(window_error)
}

fn window_error(error: tauri::Error) -> WireError {
    WireError::internal("window", "The window does not answer").because(&error)
}
