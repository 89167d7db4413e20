//! Every real step of the QEMU recipe fails, is cancelled, and has its worker killed; nothing is left and the first
//! error is the one told. The machine and its guest are doubles, `qemu-img` and `xorriso` are real.
#![allow(clippy::disallowed_methods, reason = "tests start programs as a user does")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use goldsmith_build::id::{SystemClock, SystemRandom};
use goldsmith_build::journal::{Entry, Fact, Outcome};
use goldsmith_build::{BuildId, BuildReader, PlanRequest, plan, recover, start_worker};
use goldsmith_guest::{KeyKind, KeyPair};
use goldsmith_library::Library;
use goldsmith_machine::HostFacts;
use goldsmith_machine::host::Program;
use goldsmith_process::{Child, Dirs, Invocation, Launch, LaunchError, System};
use goldsmith_template::{Inputs, MemoryFiles, Project, analyze};
use goldsmith_tests::double::{FAULT, ORDERS, Strike};
use goldsmith_tests::goldsmith::files;

const DOUBLE: &str = env!("CARGO_BIN_EXE_goldsmith-double");

/// One post-processor of each kind, one provisioner of each kind, a CD, compaction: every step the recipe has.
const TEMPLATE: &str = r#"
source "qemu" "tiny" {
  accelerator          = "tcg"
  disk_image           = true
  iso_url              = "base.qcow2"
  iso_checksum         = "none"
  skip_resize_disk     = true
  headless             = true
  vm_name              = "tiny"
  output_directory     = "out"
  http_content         = { "/seed" = "{{ .SSHPublicKey }}" }
  floppy_content       = { "a/b.txt" = "{{ .HTTPIP }}:{{ .HTTPPort }}" }
  boot_wait            = "1ms"
  boot_key_interval    = "1ms"
  boot_command         = ["go {{ .HTTPPort }}<enter>"]
  cd_content           = { "meta-data" = "x" }
  cd_label             = "cidata"
  ssh_username         = "root"
  ssh_private_key_file = "key"
  ssh_timeout          = "SSH_TIMEOUT"
  shutdown_command     = "poweroff"
  shutdown_timeout     = "SHUTDOWN_TIMEOUT"
}
build {
  sources = ["source.qemu.tiny"]
  provisioner "shell" {
    inline = ["exit 0"]
  }
  provisioner "file" {
    source      = "payload"
    destination = "/root/payload"
  }
  provisioner "shell-local" {
    inline = ["exit LOCAL_EXIT"]
  }
  provisioner "shell" {
    script = "script.sh"
  }
  post-processors {
    post-processor "checksum" {
      checksum_types = ["sha256"]
      output         = "sums/tiny.sha256"
    }
    post-processor "manifest" {
      output = "made/manifest.json"
    }
  }
  post-processor "compress" {
    output              = "packed/tiny.tar.gz"
    keep_input_artifact = true
  }
}
"#;

/// A folder with everything one build needs, and nothing of any other's.
struct Place {
    folder: tempfile::TempDir,
    dirs: Dirs,
    id: BuildId,
    template: String,
}

/// Gives the doubles their orders.
struct Ordered {
    variables: Vec<(&'static str, String)>,
}

#[async_trait::async_trait]
impl Launch for Ordered {
    async fn launch(&self, invocation: &Invocation) -> Result<Child, LaunchError> {
        let mut invocation = invocation.clone();
        for (name, value) in &self.variables {
            invocation = invocation.env(*name, value);
        }
        System.launch(&invocation).await
    }
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("gf-").tempdir().unwrap();
        let at = folder.path();
        for name in ["work", "tmp", "bin", "orders"] {
            fs::create_dir(at.join(name)).unwrap();
        }
        symlink(DOUBLE, at.join("bin/qemu-system-x86_64")).unwrap();
        // The real one, unless the test wants one of its commands to fail.
        let tool = "#!/bin/sh\nif [ -e \"$GOLDSMITH_DOUBLE_ORDERS/fail-$1\" ]; then echo \"qemu-img: no $1 today\" >&2; exit 1; fi\nexec /usr/bin/qemu-img \"$@\"\n";
        executable(&at.join("bin/qemu-img"), tool);
        let work = at.join("work");
        fs::copy(base(), work.join("base.qcow2")).unwrap();
        fs::write(work.join("key"), key()).unwrap();
        fs::write(work.join("payload"), vec![7; 100_000]).unwrap();
        fs::write(work.join("script.sh"), "#!/bin/sh\ntrue\n").unwrap();
        let dirs = Dirs::under(&at.join("home"));
        let template = TEMPLATE
            .replace("SSH_TIMEOUT", "60s")
            .replace("SHUTDOWN_TIMEOUT", "60s")
            .replace("LOCAL_EXIT", "0");
        Self { dirs, id: BuildId::new(&SystemClock, &SystemRandom), template, folder }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn order(&self, what: &str) {
        fs::write(self.at("orders").join(what), "").unwrap();
    }

    fn journal(&self) -> PathBuf {
        self.dirs.builds().join(self.id.as_str()).join("journal.jsonl")
    }

    fn entries(&self) -> Vec<Entry> {
        BuildReader::open(&self.dirs, &self.id).unwrap().entries(0).unwrap()
    }

    /// Starts the worker and waits until it is gone.
    async fn build(&self, strike: Option<Strike>) {
        let work = self.at("work");
        let path = work.join("t.pkr.hcl");
        let texts = MemoryFiles::default().with(&path, self.template.as_bytes());
        let project = Project::open(&texts, &path).unwrap();
        let inputs = Inputs { external: true, ..Inputs::harmless(&work) };
        let analysis = analyze(&project, &texts, &inputs);
        let config = analysis.config.unwrap_or_else(|| panic!("{:?}", analysis.diagnostics));
        let program =
            |name: &str| Some(Program { path: self.at("bin").join(name), version: Some("10.0.2".into()) });
        let host = HostFacts {
            qemu: program("qemu-system-x86_64"),
            qemu_img: program("qemu-img"),
            ..HostFacts::default()
        };
        let request = PlanRequest { cwd: work, ..PlanRequest::default() };
        let prepared = plan(&config, &host, &self.dirs, &request).unwrap();
        let order = prepared.order(self.id.clone(), &self.dirs, Vec::new());
        let mut variables = vec![
            (ORDERS, self.at("orders").display().to_string()),
            ("TMPDIR", self.at("tmp").display().to_string()),
        ];
        if let Some(strike) = strike {
            variables.push((FAULT, serde_json::to_string(&strike).unwrap()));
        }
        // A worker that is struck down early may be gone before it is seen to have begun.
        let _ = start_worker(&Ordered { variables }, Path::new(DOUBLE), &self.dirs, order).await;
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.locked() {
            assert!(Instant::now() < deadline, "the build does not end: {:#?}", self.entries().last());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    fn locked(&self) -> bool {
        let lock = self.dirs.builds().join(self.id.as_str()).join("lock");
        !matches!(goldsmith_process::lock::FileLock::try_exclusive(lock), Ok(Some(_)) | Err(_))
    }

    /// What the last fact says of the outcome, and the failure's sentence.
    fn end(&self) -> (Option<Outcome>, String) {
        match self.entries().pop().map(|entry| entry.fact) {
            Some(Fact::Finished { outcome, failure, .. }) => {
                (Some(outcome), failure.map(|failure| failure.message).unwrap_or_default())
            }
            _ => (None, String::new()),
        }
    }

    /// No process, no socket, no temporary file, no half version; an output folder only where the journal says that
    /// it had become the user's.
    fn assert_nothing_left(&self, what: &str) {
        let mark = format!("GOLDSMITH_DOUBLE_ORDERS={}", self.at("orders").display());
        let running = || -> Vec<String> {
            let processes = fs::read_dir("/proc").unwrap().flatten();
            let ours = processes.filter(|entry| {
                let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
                environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
            });
            ours.map(|entry| fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default()).collect()
        };
        // The lock goes with the worker's files, a moment before the worker itself.
        let deadline = Instant::now() + Duration::from_secs(10);
        while !running().is_empty() && Instant::now() < deadline {
            std::thread::yield_now();
        }
        assert_eq!(running(), Vec::<String>::new(), "{what}: processes");
        assert_eq!(files(&self.at("tmp")), Vec::<PathBuf>::new(), "{what}: temporary files");
        assert!(!self.dirs.socket_folder_path(self.id.as_str()).exists(), "{what}: the folder of sockets");
        let entries = self.entries();
        let kept = entries.iter().any(|entry| matches!(entry.fact, Fact::Kept { .. }));
        assert_eq!(self.at("work/out").exists(), kept, "{what}: the output folder");
        let names = fs::read_dir(self.at("work")).unwrap().flatten();
        let stray: Vec<_> = names
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| name.starts_with('.') || name.contains("convert"))
            .collect();
        assert!(stray.is_empty(), "{what}: {stray:?}");
        for folder in ["sums", "made", "packed"] {
            for file in files(&self.at("work").join(folder)) {
                let name = file.file_name().unwrap().to_string_lossy().into_owned();
                assert!(!name.starts_with('.') && !name.contains(".part"), "{what}: half a file {name}");
            }
        }
        self.assert_whole_library(what, &entries);
        let mut open = BTreeSet::new();
        for entry in &entries {
            match entry.fact {
                Fact::IntentRecorded { intent, .. } => drop(open.insert(intent)),
                Fact::Released { intent, error: None } | Fact::Kept { intent } => drop(open.remove(&intent)),
                _ => {}
            }
        }
        assert!(open.is_empty(), "{what}: never given back: {open:?}");
        assert!(entries.last().is_some_and(|entry| entry.fact.is_last()), "{what}: the journal has an end");
    }
    /// The next who opens the library finds whole versions only, and at least what the journal tells of.
    fn assert_whole_library(&self, what: &str, entries: &[Entry]) {
        let added = entries.iter().filter(|entry| matches!(entry.fact, Fact::VersionAdded { .. })).count();
        let folder = self.dirs.library();
        if !folder.is_dir() {
            assert_eq!(added, 0, "{what}");
            return;
        }
        let library = Library::open(&folder, Arc::new(goldsmith_library::SystemClock)).unwrap();
        let listed =
            if library.images().unwrap().is_empty() { 0 } else { library.versions("tiny").unwrap().len() };
        let disks = files(&folder.join("bytes"));
        assert_eq!(disks.len(), listed, "{what}: half a version: {disks:?}");
        assert!(listed >= added && listed <= 1, "{what}: {listed} listed, {added} told of");
        assert_eq!(files(&folder.join("staging")), Vec::<PathBuf>::new(), "{what}: half a version");
    }
}

fn executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A disk of a mebibyte, made once.
fn base() -> PathBuf {
    static BASE: std::sync::OnceLock<tempfile::TempDir> = std::sync::OnceLock::new();
    let folder = BASE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let disk = folder.path().join("base.qcow2");
        let made =
            Command::new("qemu-img").args(["create", "-q", "-f", "qcow2"]).arg(disk).arg("1M").status();
        assert!(made.unwrap().success());
        folder
    });
    folder.path().join("base.qcow2")
}

fn key() -> &'static str {
    static KEY: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    KEY.get_or_init(|| {
        KeyPair::generate(KeyKind::Ed25519, "test").unwrap().private_openssh().expose().to_owned()
    })
}

/// Runs the cases, a few at a time.
async fn all<C, F>(cases: Vec<C>, run: impl Fn(C) -> F)
where
    C: Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let seats = Arc::new(tokio::sync::Semaphore::new(4));
    let mut running = tokio::task::JoinSet::new();
    for case in cases {
        let (seats, work) = (seats.clone(), run(case));
        running.spawn(async move {
            let _seat = seats.acquire_owned().await.unwrap();
            work.await;
        });
    }
    while let Some(done) = running.join_next().await {
        done.unwrap();
    }
}

/// A build that nothing happens to: its steps are what the other tests break.
async fn undisturbed() -> (Vec<Entry>, Vec<String>) {
    let place = Place::new();
    place.build(None).await;
    assert_eq!(place.end(), (Some(Outcome::Succeeded), String::new()));
    place.assert_nothing_left("undisturbed");
    let entries = place.entries();
    let steps = entries.iter().filter_map(|entry| match &entry.fact {
        Fact::StepStarted { step, .. } => Some(step.clone()),
        _ => None,
    });
    let steps = steps.collect();
    (entries, steps)
}

const STEPS: [&str; 22] = [
    "output",
    "image",
    "checkpoint",
    "login",
    "http",
    "floppy",
    "cd",
    "disk",
    "start",
    "boot-command",
    "connect",
    "shell",
    "file",
    "shell-local",
    "shell-2",
    "shutdown",
    "compact",
    "artifact",
    "checksum",
    "manifest",
    "compress",
    "library",
];

/// How each step is made to fail, and a word of what is told then.
fn spoil(step: &str, place: &mut Place) -> Option<&'static str> {
    let work = place.at("work");
    let remove = |name: &str| fs::remove_file(work.join(name)).unwrap();
    let blocked = |name: &str| fs::write(work.join(name), "in the way").unwrap();
    Some(match step {
        "output" => {
            // Where the folder should be made, there is no folder.
            place.template = place.template.replace("\"out\"", "\"payload/out\"");
            "payload"
        }
        "image" => {
            remove("base.qcow2");
            "base.qcow2"
        }
        "cd" => {
            place.template = place.template.replace("cd_content ", "cd_files = [\"absent\"]\n  cd_content ");
            "absent"
        }
        "disk" => {
            // The base is copied by converting it, or plainly: a disk that is none stops either.
            place.order("fail-convert");
            place.order("fail-create");
            place.order("fail-info");
            place.order("fail-resize");
            place.template = place.template.replace("skip_resize_disk     = true", "disk_size = \"2M\"");
            "today"
        }
        "login" => {
            remove("key");
            "key"
        }
        "start" => {
            place.order("no-machine");
            "could not start the double"
        }
        "http" => {
            let content = place.template.find("  http_content").unwrap()
                ..place.template.find("  floppy_content").unwrap();
            place.template.replace_range(content, "  http_directory = \"absent\"\n");
            "absent"
        }
        "floppy" => {
            place.template =
                place.template.replace("floppy_content ", "floppy_files = [\"nowhere\"]\n  floppy_content ");
            "nowhere"
        }
        "boot-command" => {
            place.order("break-on-key");
            "stopped unexpectedly"
        }
        "connect" => {
            place.order("refuse-login");
            place.template = place.template.replace("ssh_timeout          = \"60s\"", "ssh_timeout = \"4s\"");
            "log"
        }
        "shell" => {
            place.template = place.template.replace("\"exit 0\"", "\"exit 3\"");
            "exit code 3"
        }
        "file" => {
            remove("payload");
            "payload"
        }
        "shell-local" => {
            place.template = place.template.replace(
                "\"exit 0\"]\n  }\n  provisioner \"shell\" {\n    script",
                "\"exit 5\"]\n  }\n  provisioner \"shell\" {\n    script",
            );
            "5"
        }
        "shell-2" => {
            fs::write(work.join("script.sh"), "exit 9\n").unwrap();
            "exit code 9"
        }
        "shutdown" => {
            place.order("stay-on");
            place.template =
                place.template.replace("shutdown_timeout     = \"60s\"", "shutdown_timeout = \"1s\"");
            "did not power off"
        }
        "compact" => {
            place.order("fail-convert");
            "today"
        }
        "checksum" => {
            blocked("sums");
            "sums"
        }
        "manifest" => {
            blocked("made");
            "made"
        }
        "compress" => {
            blocked("packed");
            "packed"
        }
        "library" => {
            fs::create_dir_all(place.dirs.library().parent().unwrap()).unwrap();
            fs::write(place.dirs.library(), "in the way").unwrap();
            "library"
        }
        // It only looks at files that the steps before it have made.
        _ => return None,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_step_fails() {
    let (_, steps) = undisturbed().await;
    let expected: Vec<&str> = STEPS.into_iter().chain(["finish"]).collect();
    assert_eq!(steps, expected, "a new step needs a way to fail here");
    all(steps, |step| async move {
        let mut place = Place::new();
        let Some(told) = spoil(&step, &mut place) else {
            return;
        };
        place.build(None).await;
        let (outcome, message) = place.end();
        assert_eq!(outcome, Some(Outcome::Failed), "{step}");
        assert!(message.contains(told), "{step}: {message}");
        let failed: Vec<String> = place
            .entries()
            .into_iter()
            .filter_map(|entry| match entry.fact {
                Fact::StepFinished { step, outcome: Outcome::Failed, .. } => Some(step),
                _ => None,
            })
            .collect();
        assert_eq!(failed, std::slice::from_ref(&step), "the step that fails is the one that is told");
        place.assert_nothing_left(&step);
    })
    .await;
}

/// In the middle of every step: the first time it does anything after it has been told to have started.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_step_is_cancelled() {
    let (_, steps) = undisturbed().await;
    all(steps, |step| async move {
        let place = Place::new();
        place.build(Some(strike(&place, &["StepStarted", &format!("\"step\":\"{step}\"")], 1, false))).await;
        let (outcome, message) = place.end();
        // Once the last step has begun there is nothing left to stop.
        let expected = if step == "finish" { Outcome::Succeeded } else { Outcome::Cancelled };
        assert_eq!(outcome, Some(expected), "{step}: {message}");
        place.assert_nothing_left(&step);
    })
    .await;
}

/// In every step, and between what is intended and what is acquired and given back.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_worker_is_killed_everywhere() {
    let (entries, steps) = undisturbed().await;
    let mut places: Vec<(Vec<String>, usize)> = Vec::new();
    for step in &steps {
        places.push((vec!["StepStarted".to_owned(), format!("\"step\":\"{step}\"")], 1));
    }
    for fact in ["IntentRecorded", "Acquired", "Released", "FilesProduced", "VersionAdded", "Kept"] {
        let word = format!("\"fact\":\"{fact}\"");
        let lines = entries.iter().map(|entry| serde_json::to_string(entry).unwrap());
        let count = lines.filter(|line| line.contains(&word)).count();
        places.extend((1..=count).map(|n| (vec![word.clone()], n)));
    }
    assert!(places.len() > steps.len() + 5, "{}", places.len());
    let recovered = Arc::new(AtomicUsize::new(0));
    let (all_places, counted) = (places.len(), recovered.clone());
    all(places, move |(words, count)| {
        let counted = counted.clone();
        async move {
            let place = Place::new();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            place.build(Some(strike(&place, &words, count, true))).await;
            let what = format!("{words:?} {count}");
            let found = recover(&place.dirs, Arc::new(SystemClock)).await.unwrap();
            if let [found] = found.as_slice() {
                counted.fetch_add(1, Ordering::SeqCst);
                assert_eq!(found.left, Vec::<String>::new(), "{what}");
            } else {
                panic!("{what}: not killed, or nobody to recover: {:?}", place.end());
            }
            place.assert_nothing_left(&what);
            assert_eq!(recover(&place.dirs, Arc::new(SystemClock)).await.unwrap(), [], "{what}: twice");
        }
    })
    .await;
    assert_eq!(recovered.load(Ordering::SeqCst), all_places);
}

fn strike(place: &Place, words: &[&str], count: usize, kill: bool) -> Strike {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    Strike { journal: place.journal(), words, count, kill }
}
