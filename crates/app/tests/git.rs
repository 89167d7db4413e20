//! What git knows of an open template, asked without running anything the repository names.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::path::Path;

use goldsmith_app::wire::*;
use goldsmith_app::{Core, Env, Setup};
use goldsmith_process::{Invocation, System, find_program, run_ok};
use goldsmith_template::{AttributeValue, Edit};
use tokio_util::sync::CancellationToken;

const TEMPLATE: &str = "source \"null\" \"one\" {\n  communicator = \"none\"\n}\n\nbuild {\n  sources = [\"source.null.one\"]\n}\n";

async fn git(folder: &Path, args: &[&str]) {
    let asked = Invocation::new(find_program("git", "/usr/bin:/bin").unwrap())
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main"])
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .cwd(folder);
    run_ok(&System, &asked, &CancellationToken::new(), &mut |_| {}).await.unwrap();
}

async fn open(folder: &Path) -> (Core, OfSession) {
    let home = folder.join("home");
    let env = Env::new([
        ("GOLDSMITH_HOME", home.to_str().unwrap()),
        ("PATH", "/usr/bin:/bin"),
        ("HOME", folder.to_str().unwrap()),
    ]);
    let core = Core::new(Setup::new(env, folder.to_owned(), Path::new("/nowhere/goldsmith")).unwrap());
    let path = folder.join("t").to_string_lossy().into_owned();
    let opened = core.open_template(OpenTemplate { path, ..OpenTemplate::default() }).await.unwrap();
    (core, OfSession { session: opened.session })
}

fn template() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("t")).unwrap();
    std::fs::write(folder.path().join("t/a.pkr.hcl"), TEMPLATE).unwrap();
    folder
}

fn comment(of: &OfSession) -> ApplyEdit {
    let value = AttributeValue::String("ssh".to_owned());
    let edit =
        Edit::SetAttribute { block: "source.null.one".to_owned(), name: "communicator".to_owned(), value };
    ApplyEdit { session: of.session.clone(), base: 0, edit }
}

#[tokio::test]
async fn branch_change_and_commit() {
    if find_program("git", "/usr/bin:/bin").is_none() {
        println!("skipped: git is not installed");
        return;
    }
    let folder = template();
    let t = folder.path().join("t");
    let (core, of) = open(folder.path()).await;
    assert_eq!(core.git_state(of.clone()).await.unwrap(), GitState::default(), "no repository");

    git(&t, &["init", "-q"]).await;
    git(&t, &["add", "."]).await;
    git(&t, &["commit", "-q", "-m", "A null template", "-m", "With a body."]).await;
    let state = core.git_state(of.clone()).await.unwrap();
    assert_eq!(state.branch.as_deref(), Some("main"));
    assert!(state.changed.is_empty(), "{state:?}");
    let commit = state.commit.unwrap();
    assert_eq!((commit.author.as_str(), commit.subject.as_str()), ("Ada", "A null template"));
    assert!(commit.at > 1_500_000_000_000, "{}", commit.at);

    // A change counts as soon as it is made, saved or not.
    let base = core.template_state(of.clone()).await.unwrap().revision;
    core.apply_edit(ApplyEdit { base, ..comment(&of) }).await.unwrap();
    let changed = core.git_state(of.clone()).await.unwrap().changed;
    assert_eq!(changed.len(), 1);
    for against in [Against::Disk, Against::Git] {
        let asked = CompareTemplate { session: of.session.clone(), against };
        let differences = core.compare_template(asked).await.unwrap();
        let [one] = &differences.files[..] else { panic!("{differences:?}") };
        assert!(
            one.difference.contains("-  communicator = \"none\"\n+  communicator = \"ssh\"\n"),
            "{one:?}"
        );
    }
    core.save(Save { session: of.session.clone(), file: None, overwrite: false }).await.unwrap();
    let disk = CompareTemplate { session: of.session.clone(), against: Against::Disk };
    assert_eq!(core.compare_template(disk).await.unwrap(), Differences::default());
    assert_eq!(core.git_state(of.clone()).await.unwrap().changed.len(), 1, "not committed yet");
}

#[tokio::test]
async fn a_repository_from_somewhere_runs_nothing() {
    if find_program("git", "/usr/bin:/bin").is_none() {
        println!("skipped: git is not installed");
        return;
    }
    let folder = template();
    let t = folder.path().join("t");
    git(&t, &["init", "-q"]).await;
    git(&t, &["add", "."]).await;
    git(&t, &["commit", "-q", "-m", "one"]).await;
    let ran = folder.path().join("ran");
    let program = folder.path().join("program");
    std::fs::write(&program, format!("#!/bin/sh\necho \"$0 $*\" >> {}\ncat\n", ran.display())).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let program = program.to_str().unwrap();
    for key in [
        "core.fsmonitor",
        "filter.f.clean",
        "filter.f.smudge",
        "diff.f.textconv",
        "diff.external",
        "core.pager",
        "gpg.program",
        "core.sshCommand",
    ] {
        git(&t, &["config", key, program]).await;
    }
    git(&t, &["config", "log.showSignature", "true"]).await;
    std::fs::write(t.join(".gitattributes"), "* filter=f diff=f\n").unwrap();
    std::fs::write(t.join("a.pkr.hcl"), format!("{TEMPLATE}\n# changed\n")).unwrap();
    let (core, of) = open(folder.path()).await;
    assert_eq!(core.git_state(of.clone()).await.unwrap().changed.len(), 1);
    let asked = CompareTemplate { session: of.session, against: Against::Git };
    assert_eq!(core.compare_template(asked).await.unwrap().files.len(), 1);
    assert!(!ran.exists(), "ran: {}", std::fs::read_to_string(&ran).unwrap_or_default());
}
