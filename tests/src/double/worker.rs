//! Goldsmith's own worker, struck at a place of its journal.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use goldsmith_build::id::{Clock, SystemClock, SystemRandom};
use goldsmith_build::{WorkerEnv, worker_main};
use goldsmith_process::{Env, System};
use rustix::process::{Signal, getpid, kill_process};
use serde::{Deserialize, Serialize};

/// The variable that holds a [`Strike`] as JSON.
pub const FAULT: &str = "GOLDSMITH_DOUBLE_STRIKE";

/// When and how the worker is struck: the first time it looks at the clock (it does for every fact and every line of
/// the log) once the journal has `count` lines that hold all of `words`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strike {
    /// The journal.
    pub journal: PathBuf,
    /// What its lines must hold.
    pub words: Vec<String>,
    /// How many of them.
    pub count: usize,
    /// SIGKILL, else the SIGTERM that asks for an orderly end.
    pub kill: bool,
}

impl Strike {
    fn is_due(&self) -> bool {
        let text = std::fs::read_to_string(&self.journal).unwrap_or_default();
        let found = text.lines().filter(|line| self.words.iter().all(|word| line.contains(word.as_str())));
        found.count() >= self.count
    }

    fn fall(&self) {
        if self.kill {
            let _ = kill_process(getpid(), Signal::KILL);
            return;
        }
        // Until the worker listens for it, the signal would be a plain death.
        let deadline = Instant::now() + Duration::from_secs(5);
        while !listens_for_term() && Instant::now() < deadline {
            std::thread::yield_now();
        }
        let _ = kill_process(getpid(), Signal::TERM);
    }
}

fn listens_for_term() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    caught & (1 << (15 - 1)) != 0
}

struct StrikingClock {
    strike: Option<Strike>,
    struck: AtomicBool,
}

impl Clock for StrikingClock {
    fn now(&self) -> jiff::Timestamp {
        if let Some(strike) = &self.strike
            && !self.struck.load(Ordering::Relaxed)
            && strike.is_due()
            && !self.struck.swap(true, Ordering::Relaxed)
        {
            strike.fall();
        }
        SystemClock.now()
    }
}

/// Carries out the order on standard input.
pub async fn worker() -> ExitCode {
    let strike = std::env::var(FAULT).ok().map(|text| serde_json::from_str(&text).expect("a strike"));
    let env = WorkerEnv {
        launch: Arc::new(System),
        clock: Arc::new(StrikingClock { strike, struck: AtomicBool::new(false) }),
        random: Arc::new(SystemRandom),
        env: Env::new(std::env::vars()),
    };
    let mut order = Vec::new();
    std::io::stdin().lock().read_to_end(&mut order).expect("an order");
    match worker_main(order.as_slice(), env).await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
