//! The shell and file provisioners against a guest that writes down what it is told.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use goldsmith_template::config::{Meta, Provisioner as Kind};
use goldsmith_template::{Inputs, MemoryFiles, Project, analyze};

use super::*;

mod guests;
mod tools;
use crate::error::{FailureKind, StepError};
use crate::journal::LogStream;
use crate::pipeline::tests::{Bench, bench};

/// What the guest was told.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Exec(String),
    Write(String, String, u32),
    Upload(PathBuf, String),
    UploadDir(String, String),
    Download(String, PathBuf),
    DownloadDir(String, PathBuf),
}

/// How the next command that is no removal goes.
#[derive(Clone, Copy)]
enum Goes {
    Exits(u32),
    Disconnects,
    DoesNotStart,
    Hangs,
}

impl Goes {
    async fn ends(self, cx: &StepContext) -> Result<Exit, StepError> {
        match self {
            Goes::Exits(code) => Ok(Exit { code: Some(code) }),
            Goes::Disconnects => Ok(Exit { code: None }),
            Goes::DoesNotStart => Err(StepError::guest("The guest opens no session.")),
            Goes::Hangs => {
                cx.cancel().cancelled().await;
                Err(StepError::cancelled())
            }
        }
    }
}

#[derive(Default)]
struct Fake {
    told: Mutex<Vec<Told>>,
    script: Mutex<VecDeque<Goes>>,
    removals: Mutex<VecDeque<Goes>>,
    /// What commands that hold a text answer, each answer once.
    answers: Mutex<Vec<(&'static str, &'static str, Goes)>>,
}

impl Fake {
    fn tell(&self, what: Told) {
        self.told.lock().unwrap().push(what);
    }

    fn commands(&self) -> Vec<String> {
        let told = self.told.lock().unwrap();
        told.iter().filter_map(|told| if let Told::Exec(c) = told { Some(c.clone()) } else { None }).collect()
    }

    fn written(&self) -> Vec<(String, String, u32)> {
        let told = self.told.lock().unwrap();
        let written = told.iter().filter_map(|told| match told {
            Told::Write(to, text, mode) => Some((to.clone(), text.clone(), *mode)),
            _ => None,
        });
        written.collect()
    }
}

#[async_trait]
impl Communicator for Fake {
    async fn exec(
        &self,
        cx: &StepContext,
        command: &str,
        on_line: &mut (dyn for<'l> FnMut(LogStream, &'l str) + Send),
    ) -> Result<Exit, StepError> {
        self.tell(Told::Exec(command.to_owned()));
        let answer = {
            let mut answers = self.answers.lock().unwrap();
            let at = answers.iter().position(|(needle, ..)| command.contains(needle));
            at.map(|at| answers.remove(at))
        };
        if let Some((_, line, goes)) = answer {
            on_line(LogStream::Stdout, line);
            return goes.ends(cx).await;
        }
        on_line(LogStream::Stdout, "a line");
        let queue = if command.starts_with("rm ") { &self.removals } else { &self.script };
        let next = queue.lock().unwrap().pop_front();
        next.unwrap_or(Goes::Exits(0)).ends(cx).await
    }

    async fn write(&self, _: &StepContext, bytes: &[u8], to: &str, mode: u32) -> Result<(), StepError> {
        self.tell(Told::Write(to.to_owned(), String::from_utf8_lossy(bytes).into_owned(), mode));
        Ok(())
    }

    async fn upload(&self, _: &StepContext, from: &Path, to: &str) -> Result<(), StepError> {
        self.tell(Told::Upload(from.to_owned(), to.to_owned()));
        Ok(())
    }

    async fn upload_dir(&self, _: &StepContext, from: &str, to: &str) -> Result<(), StepError> {
        self.tell(Told::UploadDir(from.to_owned(), to.to_owned()));
        Ok(())
    }

    async fn download(&self, _: &StepContext, from: &str, to: &Path) -> Result<(), StepError> {
        self.tell(Told::Download(from.to_owned(), to.to_owned()));
        Ok(())
    }

    async fn download_dir(&self, _: &StepContext, from: &str, to: &Path) -> Result<(), StepError> {
        self.tell(Told::DownloadDir(from.to_owned(), to.to_owned()));
        Ok(())
    }

    async fn reconnect(&self, _: &StepContext) -> Result<(), StepError> {
        Ok(())
    }
}

/// A guest and what is needed to provision it.
struct Guest {
    bench: Bench,
    fake: Arc<Fake>,
}

impl Guest {
    fn new() -> Self {
        Self { bench: bench(Vec::new()), fake: Arc::default() }
    }

    fn script(self, goes: &[Goes]) -> Self {
        *self.fake.script.lock().unwrap() = goes.iter().copied().collect();
        self
    }

    fn answers(self, answers: &[(&'static str, &'static str, Goes)]) -> Self {
        *self.fake.answers.lock().unwrap() = answers.to_vec();
        self
    }

    fn removals(self, goes: &[Goes]) -> Self {
        *self.fake.removals.lock().unwrap() = goes.iter().copied().collect();
        self
    }

    /// Runs the provisioner with these options, as a template gives them.
    async fn run(&self, kind: &str, options: &str) -> Result<(), StepError> {
        let (provisioner, meta) = provisioner(kind, options);
        let step = StepContext::new(&self.bench.build, &Arc::default(), "job", "step");
        let names = Names::new(crate::names::Fixed {
            job: "null.x".into(),
            build_name: "x".into(),
            builder_type: "qemu".into(),
            run_uuid: "run".into(),
        });
        let guest: Arc<dyn Communicator> = self.fake.clone();
        meta::run(&*provisioner, &meta, &ProvisionContext { step, guest: Some(guest), names }).await
    }
}

fn provisioner(kind: &str, options: &str) -> (Arc<dyn Provisioner>, Meta) {
    let text = format!(
        "source \"null\" \"x\" {{\n communicator = \"none\"\n}}\nbuild {{\n sources = [\"source.null.x\"]\n provisioner \"{kind}\" {{\n{options}\n}}\n}}\n"
    );
    let path = Path::new("/t/t.pkr.hcl");
    let files = MemoryFiles::new().with(path, text.as_bytes());
    let project = Project::open(&files, path).unwrap();
    let inputs = Inputs { external: true, ..Inputs::harmless("/t") };
    let analysis = analyze(&project, &files, &inputs);
    let config = analysis.config.unwrap_or_else(|| panic!("{:?}", analysis.diagnostics));
    let step = config.jobs[0].provisioners[0].clone();
    let again = Duration::from_millis(1);
    let made: Arc<dyn Provisioner> = match step.provisioner {
        Kind::WindowsRestart(options) => Arc::new(WindowsRestart::new(*options).looking_every(again)),
        Kind::WindowsUpdate(options) => Arc::new(WindowsUpdate::new(*options).looking_every(again)),
        other => of(&other).unwrap_or_else(|| panic!("{other:?}")).1,
    };
    (made, step.meta)
}

#[tokio::test]
async fn a_script_is_uploaded_run_and_removed() {
    let guest = Guest::new();
    guest.run("shell", r#"inline = ["one", "two"]"#).await.unwrap();
    let written = guest.fake.written();
    let [(path, text, 0o755)] = written.as_slice() else { panic!("{written:?}") };
    assert!(path.starts_with("/tmp/script_") && path.ends_with(".sh"), "{path}");
    assert_eq!(text, "#!/bin/sh -e\none\ntwo\n");
    let vars = "PACKER_BUILDER_TYPE='qemu' PACKER_BUILD_NAME='x' ";
    let commands = guest.fake.commands();
    assert_eq!(commands.len(), 2, "{commands:?}");
    assert!(commands[0].starts_with(&format!("chmod +x {path}; {vars}")), "{commands:?}");
    assert!(commands[0].ends_with(path.as_str()));
    assert_eq!(commands[1], format!("rm -f {path}"));
}

#[tokio::test]
async fn variables_are_quoted_sorted_and_formatted() {
    let guest = Guest::new();
    let options = r#"
        inline           = ["true"]
        environment_vars = ["B=it's", "A=x y=z"]
        env              = { "B" = "map" }
        execute_command  = "sudo env {{ .Vars }} sh {{ .Path }}"
        remote_path      = "/root/me.sh""#;
    guest.run("shell", options).await.unwrap();
    let command = &guest.fake.commands()[0];
    assert!(command.starts_with("sudo env A='x y=z' B='map' PACKER_"), "{command}");
    assert!(command.ends_with(" sh /root/me.sh"), "{command}");

    let guest = Guest::new();
    guest.run("shell", "inline = [\"true\"]\n environment_vars = [\"B=it's\"]").await.unwrap();
    assert!(guest.fake.commands()[0].contains(r#"B='it'"'"'s' "#));

    let guest = Guest::new();
    let options = "inline = [\"true\"]\n use_env_var_file = true\n environment_vars = [\"B=2\"]\n remote_folder = \"/opt\"";
    guest.run("shell", options).await.unwrap();
    let written = guest.fake.written();
    let (path, text, _) = &written[1];
    assert!(path.starts_with("/opt/varfile_") && text.contains("export B='2'\n"), "{written:?}");
    let commands = guest.fake.commands();
    assert_eq!(commands[0], format!("chmod +x {0}; . {path} && {0}", written[0].0));
    assert_eq!(commands[1], format!("rm -f {} {path}", written[0].0), "both are removed");
}

#[tokio::test]
async fn where_a_script_goes_and_what_stays() {
    let guest = Guest::new();
    let options =
        "inline = [\"true\"]\n remote_folder = \"/opt\"\n remote_file = \"a.sh\"\n skip_clean = true";
    guest.run("shell", options).await.unwrap();
    assert_eq!(guest.fake.written()[0].0, "/opt/a.sh");
    assert_eq!(guest.fake.commands().len(), 1, "it is not removed: {:?}", guest.fake.commands());
}

#[tokio::test]
async fn shebangs() {
    for (options, text) in [
        (r#"inline = ["true"]"#, "#!/bin/sh -e\ntrue\n"),
        ("inline = [\"true\"]\n inline_shebang = \"/bin/bash -eux\"", "#!/bin/bash -eux\ntrue\n"),
        (r##"inline = ["#!/bin/dash", "true"]"##, "#!/bin/dash\ntrue\n"),
    ] {
        let guest = Guest::new();
        guest.run("shell", options).await.unwrap();
        assert_eq!(guest.fake.written()[0].1, text, "{options}");
    }
}

#[tokio::test]
async fn several_scripts_run_in_order_with_unix_lines() {
    let guest = Guest::new();
    std::fs::write(guest.bench.place.join("a.sh"), "a\r\nb\rc\r\n").unwrap();
    std::fs::write(guest.bench.place.join("b.sh"), "second").unwrap();
    guest.run("shell", r#"scripts = ["a.sh", "b.sh"]"#).await.unwrap();
    let texts: Vec<String> = guest.fake.written().into_iter().map(|(_, text, _)| text).collect();
    assert_eq!(texts, ["a\nb\rc\n", "second"]);
    assert_eq!(guest.fake.commands().len(), 4, "each is a session and a removal of its own");

    let guest = Guest::new();
    std::fs::write(guest.bench.place.join("a.sh"), "a\r\n").unwrap();
    guest.run("shell", "script = \"a.sh\"\n binary = true").await.unwrap();
    assert_eq!(guest.fake.written()[0].1, "a\r\n");
}

#[tokio::test]
async fn exit_codes() {
    let error = Guest::new().script(&[Goes::Exits(3)]).run("shell", r#"inline = ["x"]"#).await.unwrap_err();
    assert!(error.failure().message.contains("exit code 3"), "{error:?}");
    let guest = Guest::new().script(&[Goes::Exits(3)]);
    guest.run("shell", "inline = [\"x\"]\n valid_exit_codes = [0, 3]").await.unwrap();
    assert_eq!(guest.fake.commands().len(), 2, "and it is cleaned up");
    // A list replaces the default: 0 is not in it.
    let wrong = Guest::new().run("shell", "inline = [\"x\"]\n valid_exit_codes = [3]").await;
    assert!(wrong.is_err());
    // An exit code is never tried again.
    let guest = Guest::new().script(&[Goes::Exits(3)]);
    guest.run("shell", "inline = [\"x\"]\n start_retry_timeout = \"10s\"").await.unwrap_err();
    assert_eq!(guest.fake.commands().len(), 1);
}

#[tokio::test]
async fn lost_connections() {
    let lost = || Guest::new().script(&[Goes::Disconnects]);
    let error = lost().run("shell", r#"inline = ["reboot"]"#).await.unwrap_err();
    assert!(error.failure().hints.iter().any(|hint| hint.contains("expect_disconnect")), "{error:?}");
    lost().run("shell", "inline = [\"reboot\"]\n expect_disconnect = true").await.unwrap();
    lost().run("shell", "inline = [\"reboot\"]\n valid_exit_codes = [2300218]").await.unwrap();
    let any = Guest::new().script(&[Goes::Exits(9)]);
    any.run("shell", "inline = [\"reboot\"]\n expect_disconnect = true").await.unwrap();
    // The guest is away when the script is to be removed, and comes back.
    let guest = lost().removals(&[Goes::DoesNotStart, Goes::Disconnects]);
    guest.run("shell", "inline = [\"reboot\"]\n expect_disconnect = true").await.unwrap();
    assert_eq!(guest.fake.commands().len(), 4, "{:?}", guest.fake.commands());
}

#[tokio::test]
async fn only_a_failing_start_is_tried_again() {
    let guest = Guest::new().script(&[Goes::DoesNotStart, Goes::DoesNotStart]);
    guest.run("shell", "inline = [\"x\"]\n start_retry_timeout = \"10s\"").await.unwrap();
    assert_eq!(guest.fake.written().len(), 3, "it is uploaded each time");
    let guest = Guest::new().script(&[Goes::DoesNotStart; 8]);
    let error = guest.run("shell", "inline = [\"x\"]\n start_retry_timeout = \"1ms\"").await.unwrap_err();
    assert_eq!(error.failure().message, "The guest opens no session.");
    assert!(guest.fake.written().len() <= 2);
}

#[tokio::test]
async fn retries_pauses_and_limits() {
    // N retries are N + 1 attempts; the first error is the one told.
    let guest = Guest::new().script(&[Goes::Exits(3), Goes::Exits(4), Goes::Exits(5)]);
    let error = guest.run("shell", "inline = [\"x\"]\n max_retries = 2").await.unwrap_err();
    assert!(error.failure().message.contains("exit code 3"), "{error:?}");
    assert_eq!(guest.fake.written().len(), 3);
    let guest = Guest::new().script(&[Goes::Exits(3)]);
    guest.run("shell", "inline = [\"x\"]\n max_retries = 1").await.unwrap();
    // The limit is for one attempt.
    let guest = Guest::new().script(&[Goes::Hangs, Goes::Exits(0)]);
    guest.run("shell", "inline = [\"x\"]\n timeout = \"50ms\"\n max_retries = 1").await.unwrap();
    let guest = Guest::new().script(&[Goes::Hangs]);
    let error = guest.run("shell", "inline = [\"x\"]\n timeout = \"50ms\"").await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Guest);
    assert!(error.failure().message.contains("50 ms"), "{error:?}");
    // A pause comes before each attempt.
    let guest = Guest::new().script(&[Goes::Exits(3)]);
    let began = std::time::Instant::now();
    guest.run("shell", "inline = [\"x\"]\n pause_before = \"60ms\"\n max_retries = 1").await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(120));
}

#[tokio::test]
async fn files_go_up() {
    let guest = Guest::new();
    let place = guest.bench.place.clone();
    std::fs::create_dir(place.join("folder")).unwrap();
    std::fs::write(place.join("one"), "1").unwrap();
    for options in [
        "source = \"one\"\n destination = \"/etc/two\"",
        "source = \"one\"\n destination = \"/etc/\"",
        "source = \"folder\"\n destination = \"/opt\"",
        "source = \"folder/\"\n destination = \"/opt\"",
        "content = \"hi\"\n destination = \"/etc/motd\"",
        "content = \"hi\"\n destination = \"/etc/\"",
    ] {
        guest.run("file", options).await.unwrap();
    }
    let folder = place.join("folder").display().to_string();
    let expected = [
        Told::Upload(place.join("one"), "/etc/two".into()),
        Told::Upload(place.join("one"), "/etc/one".into()),
        Told::UploadDir(folder.clone(), "/opt".into()),
        Told::UploadDir(format!("{folder}/"), "/opt".into()),
        Told::Write("/etc/motd".into(), "hi".into(), 0o644),
        Told::Write("/etc/pkr-file-content".into(), "hi".into(), 0o644),
    ];
    assert_eq!(*guest.fake.told.lock().unwrap(), expected);
    let error =
        guest.run("file", "source = \"absent\"\n destination = \"/x\"\n generated = true").await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Input);
    assert!(error.full().contains("absent"), "{}", error.full());
}

#[tokio::test]
async fn files_come_down() {
    let guest = Guest::new();
    let place = guest.bench.place.clone();
    for options in [
        "source = \"/etc/os-release\"\n destination = \"made/here\"",
        "source = \"/etc/os-release\"\n destination = \"kept/\"",
        "source = \"/var/log/\"\n destination = \"logs\"",
        "sources = [\"/a\", \"/b\"]\n destination = \"both/\"",
    ] {
        guest.run("file", &format!("direction = \"download\"\n {options}")).await.unwrap();
    }
    let expected = [
        Told::Download("/etc/os-release".into(), place.join("made/here")),
        Told::Download("/etc/os-release".into(), place.join("kept/os-release")),
        Told::DownloadDir("/var/log/".into(), place.join("logs")),
        Told::Download("/a".into(), place.join("both/a")),
        Told::Download("/b".into(), place.join("both/b")),
    ];
    assert_eq!(*guest.fake.told.lock().unwrap(), expected);
    for folder in ["made", "kept", "logs", "both"] {
        assert!(place.join(folder).is_dir(), "{folder}");
    }
}
