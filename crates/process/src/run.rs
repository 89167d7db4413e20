//! Running a program to its end.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::{Child, ChildError, Exit, Invocation, Launch, LaunchError, Line, StopLadder, Stream};

/// What a program that ran to its end left behind.
#[derive(Clone, Debug)]
pub struct Captured {
    /// How it ended.
    pub exit: Exit,
    /// Standard output, lines joined by `\n`.
    pub stdout: String,
    /// Standard error, lines joined by `\n`.
    pub stderr: String,
    /// From start to end.
    pub duration: Duration,
}

/// Why a run gave no result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// It did not start.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// It was cancelled and its process group is stopped.
    #[error("{program} was cancelled")]
    Cancelled {
        /// Name of the program.
        program: String,
    },
    /// It ended otherwise than with code 0.
    #[error("{program} failed ({exit}){}", tail_text(.stderr_tail))]
    Failed {
        /// Name of the program.
        program: String,
        /// How it ended.
        exit: Exit,
        /// The end of what it wrote to standard error (or to standard output when that is empty).
        stderr_tail: String,
    },
    /// Its end could not be learned.
    #[error(transparent)]
    Child(#[from] ChildError),
}

fn tail_text(tail: &str) -> String {
    if tail.is_empty() { String::new() } else { format!(": {tail}") }
}

/// Lines of an error's tail.
const TAIL_LINES: usize = 12;
/// Output kept per stream; beyond this the beginning is dropped.
const KEPT_BYTES: usize = 16 * 1024 * 1024;
/// After the program's end, a grandchild may still hold its output open; we read on only while something comes.
const LINGER: Duration = Duration::from_millis(300);

/// Runs to completion. Every line is reported as it comes and kept. When `cancel` fires, the whole process group is
/// stopped (TERM, then KILL) before this returns. The exit code is not judged; see [`run_ok`].
pub async fn run(
    launch: &dyn Launch,
    inv: &Invocation,
    cancel: &CancellationToken,
    on_line: &mut (dyn FnMut(&Line) + Send),
) -> Result<Captured, RunError> {
    if cancel.is_cancelled() {
        return Err(RunError::Cancelled { program: inv.name() });
    }
    let began = Instant::now();
    let mut child = launch.launch(inv).await?;
    let mut kept = Kept::default();
    let followed = tokio::select! {
        biased;
        () = cancel.cancelled() => None,
        exit = follow(&mut child, &mut kept, on_line) => Some(exit),
    };
    let Some(exit) = followed else {
        child.stop(&StopLadder::default()).await;
        return Err(RunError::Cancelled { program: inv.name() });
    };
    Ok(Captured { exit: exit?, stdout: kept.out, stderr: kept.err, duration: began.elapsed() })
}

async fn follow(
    child: &mut Child,
    kept: &mut Kept,
    on_line: &mut (dyn FnMut(&Line) + Send),
) -> Result<Exit, ChildError> {
    let mut lines = child.take_lines();
    let mut end = child.end();
    let exit = loop {
        tokio::select! {
            biased;
            line = lines.recv() => match line {
                Some(line) => kept.add(&line, on_line),
                None => break end.wait().await?,
            },
            exit = end.wait() => break exit?,
        }
    };
    while let Ok(Some(line)) = tokio::time::timeout(LINGER, lines.recv()).await {
        kept.add(&line, on_line);
    }
    Ok(exit)
}

/// As [`run`], without looking at the lines.
pub async fn capture(
    launch: &dyn Launch,
    inv: &Invocation,
    cancel: &CancellationToken,
) -> Result<Captured, RunError> {
    run(launch, inv, cancel, &mut |_| {}).await
}

/// As [`run`]; anything but exit code 0 is [`RunError::Failed`] with the end of its standard error.
pub async fn run_ok(
    launch: &dyn Launch,
    inv: &Invocation,
    cancel: &CancellationToken,
    on_line: &mut (dyn FnMut(&Line) + Send),
) -> Result<Captured, RunError> {
    run(launch, inv, cancel, on_line).await?.require_success(&inv.name())
}

impl Captured {
    /// Itself when the exit code was 0, else [`RunError::Failed`] under this program name.
    pub fn require_success(self, program: &str) -> Result<Self, RunError> {
        if self.exit.success() {
            return Ok(self);
        }
        let spoken = if self.stderr.trim().is_empty() { &self.stdout } else { &self.stderr };
        Err(RunError::Failed { program: program.to_owned(), exit: self.exit, stderr_tail: tail(spoken) })
    }
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

#[derive(Default)]
struct Kept {
    out: String,
    err: String,
}

impl Kept {
    fn add(&mut self, line: &Line, on_line: &mut (dyn FnMut(&Line) + Send)) {
        on_line(line);
        let text = match line.stream {
            Stream::Stdout => &mut self.out,
            Stream::Stderr => &mut self.err,
        };
        text.push_str(&line.text);
        text.push('\n');
        if text.len() > KEPT_BYTES {
            let half = text.len() / 2;
            let cut = text[half..].find('\n').map_or(text.len(), |at| half + at + 1);
            text.drain(..cut);
        }
    }
}
