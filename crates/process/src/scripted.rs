//! Launching from a script, for tests: no program runs.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::child::Control;
use crate::{Child, Exit, Invocation, Launch, LaunchError, Line, ProcessIdentity, Stream};

type Effect = Box<dyn FnOnce(&Invocation) + Send>;

/// One expected invocation and how it goes.
pub struct Scene {
    program: String,
    contains: Vec<String>,
    lines: Vec<(Stream, String)>,
    effect: Option<Effect>,
    exit: Option<Exit>,
}

impl Scene {
    /// Expects a program of this name (its folder does not matter). Ends with code 0 unless told otherwise.
    pub fn program(name: impl Into<String>) -> Self {
        Self {
            program: name.into(),
            contains: Vec::new(),
            lines: Vec::new(),
            effect: None,
            exit: Some(Exit { code: Some(0), signal: None }),
        }
    }

    /// The printed arguments must contain this text.
    #[must_use]
    pub fn containing(mut self, text: impl Into<String>) -> Self {
        self.contains.push(text.into());
        self
    }

    /// Writes this to standard output.
    #[must_use]
    pub fn stdout(mut self, text: &str) -> Self {
        self.lines.extend(text.lines().map(|line| (Stream::Stdout, line.to_owned())));
        self
    }

    /// Writes this to standard error.
    #[must_use]
    pub fn stderr(mut self, text: &str) -> Self {
        self.lines.extend(text.lines().map(|line| (Stream::Stderr, line.to_owned())));
        self
    }

    /// Ends with this code.
    #[must_use]
    pub fn exit(mut self, code: i32) -> Self {
        self.exit = Some(Exit { code: Some(code), signal: None });
        self
    }

    /// Never ends by itself: only a stop or a signal ends it.
    #[must_use]
    pub fn hang(mut self) -> Self {
        self.exit = None;
        self
    }

    /// Does this before any output, such as making the file the program would make.
    #[must_use]
    pub fn effect(mut self, effect: impl FnOnce(&Invocation) + Send + 'static) -> Self {
        self.effect = Some(Box::new(effect));
        self
    }

    fn fits(&self, inv: &Invocation) -> bool {
        let args: Vec<_> = inv.arguments().iter().map(|arg| arg.to_string_lossy()).collect();
        let args = args.join(" ");
        inv.name() == self.program && self.contains.iter().all(|text| args.contains(text))
    }

    fn describe(&self) -> String {
        format!("`{}` with {:?}", self.program, self.contains)
    }
}

#[derive(Default)]
struct Book {
    scenes: VecDeque<Scene>,
    seen: Vec<String>,
}

/// Plays scenes instead of starting programs: each launch must fit the first scene left (or, made with
/// [`Scripted::any_order`], any scene left), else it fails.
#[derive(Clone, Default)]
pub struct Scripted {
    book: Arc<Mutex<Book>>,
    any_order: bool,
}

impl Scripted {
    /// Scenes to be played in this order.
    pub fn new(scenes: impl IntoIterator<Item = Scene>) -> Self {
        let book = Book { scenes: scenes.into_iter().collect(), seen: Vec::new() };
        Self { book: Arc::new(Mutex::new(book)), any_order: false }
    }

    /// Scenes to be played in whatever order they are asked for.
    pub fn any_order(scenes: impl IntoIterator<Item = Scene>) -> Self {
        Self { any_order: true, ..Self::new(scenes) }
    }

    /// Every launch so far, as printed.
    pub fn seen(&self) -> Vec<String> {
        self.book().seen.clone()
    }

    /// Scenes nobody has asked for yet.
    pub fn left(&self) -> Vec<String> {
        self.book().scenes.iter().map(Scene::describe).collect()
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, inv: &Invocation) -> Result<Scene, LaunchError> {
        let mut book = self.book();
        book.seen.push(inv.to_string());
        let at = book.scenes.iter().position(|scene| scene.fits(inv));
        match at {
            Some(at) if at == 0 || self.any_order => book.scenes.remove(at),
            _ => None,
        }
        .ok_or_else(|| LaunchError::Unscripted {
            invocation: inv.to_string(),
            next: book.scenes.front().map_or_else(|| "the end".to_owned(), Scene::describe),
        })
    }
}

#[async_trait]
impl Launch for Scripted {
    async fn launch(&self, inv: &Invocation) -> Result<Child, LaunchError> {
        let mut scene = self.next(inv)?;
        if let Some(effect) = scene.effect.take() {
            effect(inv);
        }
        let stop = CancellationToken::new();
        let (sender, lines) = mpsc::channel(1024);
        let (done, end) = watch::channel(None);
        let stopped = stop.clone();
        tokio::spawn(async move {
            for (stream, text) in scene.lines {
                let _ = sender.send(Line { stream, text, at: SystemTime::now() }).await;
            }
            drop(sender);
            let exit = match scene.exit {
                Some(exit) => exit,
                None => {
                    stopped.cancelled().await;
                    Exit { code: None, signal: Some(15) }
                }
            };
            done.send_replace(Some(Ok(exit)));
        });
        Ok(Child {
            name: inv.name(),
            identity: ProcessIdentity::nobody(),
            control: Control::Script { stop },
            lines: Some(lines),
            kept: VecDeque::new(),
            end,
            stdin: None,
            feeding: None,
            kill_on_drop: !inv.new_session,
        })
    }
}
