//! The built program, run as a user runs it, in a home of its own that shows what it leaves behind.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The `goldsmith` program beside this test's own binary, as `cargo build -p goldsmith-cli` leaves it.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().expect("this test has a path");
    let folder = test.ancestors().nth(2).expect("target/<profile>/deps/<test>");
    let program = folder.join("goldsmith");
    assert!(program.is_file(), "{} is not built: cargo build -p goldsmith-cli", program.display());
    program
}

/// A user's home, working folder and temporary folder, all inside one temporary folder.
pub struct Home {
    folder: TempDir,
    env: BTreeMap<OsString, OsString>,
}

/// What a run of the program gave.
#[derive(Debug)]
pub struct Output {
    /// Exit code; -1 when a signal ended it.
    pub code: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// Both streams, for messages.
    pub fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// The output of a `--json` command.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("not JSON ({e}):\n{}", self.all()))
    }

    /// Itself when the exit code was 0.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(self.code, 0, "{}", self.all());
        self
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Home {
    /// A fresh home.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("gs-").tempdir().expect("a temporary folder");
        for name in ["home", "work", "tmp"] {
            fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        let mut home = Self { folder, env: BTreeMap::new() };
        home.set("GOLDSMITH_HOME", home.path().join("home"));
        home.set("TMPDIR", home.path().join("tmp"));
        home.set("XDG_RUNTIME_DIR", "");
        home
    }

    /// The folder around everything.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The folder commands run in.
    pub fn work(&self) -> PathBuf {
        self.path().join("work")
    }

    /// `GOLDSMITH_HOME`.
    pub fn goldsmith_home(&self) -> PathBuf {
        self.path().join("home")
    }

    /// Sets a variable of the program's environment.
    pub fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.env.insert(name.into(), value.into());
    }

    /// Writes a file in the working folder.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.work().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect("a file");
        path
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(args).envs(&self.env).current_dir(self.work());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, args: &[&str]) -> Output {
        let done = self.command(args).output().expect("the program starts");
        Output {
            code: done.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&done.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&done.stderr).into_owned(),
        }
    }

    /// Starts the program; the caller waits for it or kills it.
    pub fn start(&self, args: &[&str]) -> Child {
        self.command(args).spawn().expect("the program starts")
    }

    /// Live processes that were started with this home: number and command line.
    pub fn processes(&self) -> Vec<(u32, String)> {
        let mark = format!("GOLDSMITH_HOME={}", self.goldsmith_home().display());
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").expect("/proc").flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            let environ = fs::read(entry.path().join("environ")).unwrap_or_default();
            if environ.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes()) {
                let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
                let words: Vec<_> = line.split(|byte| *byte == 0).map(String::from_utf8_lossy).collect();
                found.push((pid, words.join(" ")));
            }
        }
        found
    }

    /// Fails when a process, temporary file, socket or half version is left.
    #[track_caller]
    pub fn assert_nothing_left(&self) {
        let deadline = Instant::now() + Duration::from_secs(5);
        while !self.processes().is_empty() && Instant::now() < deadline {
            std::thread::yield_now();
        }
        assert_eq!(self.processes(), [], "processes are left");
        assert_eq!(files(&self.path().join("tmp")), [] as [PathBuf; 0], "temporary files are left");
        let home = files(&self.goldsmith_home());
        let stray: Vec<_> = home
            .iter()
            .filter(|path| {
                let text = path.to_string_lossy();
                text.ends_with(".part") || text.ends_with(".sock") || text.contains("/staging/")
            })
            .collect();
        assert!(stray.is_empty(), "left in the home: {stray:?}");
    }

    /// Waits until `probe` gives something, at most `limit`.
    #[track_caller]
    pub fn wait<T>(&self, what: &str, limit: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(value) = probe() {
                return value;
            }
            assert!(
                Instant::now() < deadline,
                "waited {limit:?} for {what}; running: {:?}",
                self.processes()
            );
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        for (pid, _) in self.processes() {
            let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
        }
    }
}

/// Every file below a folder, sorted.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return found };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
