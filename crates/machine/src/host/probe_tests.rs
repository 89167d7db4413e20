use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use goldsmith_process::{Exit, Scene, Scripted, System, find_program};

use super::*;

fn ran(code: i32, stderr: &str, ms: u64) -> Captured {
    Captured {
        exit: Exit { code: Some(code), signal: None },
        stdout: String::new(),
        stderr: stderr.to_owned(),
        duration: Duration::from_millis(ms),
    }
}

fn of(name: &str, outcome: Outcome) -> Accelerator {
    Accelerator { name: name.to_owned(), outcome }
}

#[test]
fn ends_are_told_apart() {
    assert_eq!(outcome_of(&ran(0x21, "", 123)), Outcome::Measured(123));
    assert_eq!(outcome_of(&ran(0x41, "", 1)), Outcome::Failed("it computes wrong results".into()));
    assert_eq!(outcome_of(&ran(0, "", 1)), Outcome::Failed("QEMU ended early (exit code 0)".into()));
    let stderr = "qemu-system-x86_64: warning: x\nCould not access KVM kernel module: Permission denied\n\
                  qemu-system-x86_64: -machine pc,accel=kvm: failed to initialize kvm: Permission denied\n";
    assert_eq!(
        outcome_of(&ran(1, stderr, 1)),
        Outcome::Failed("-machine pc,accel=kvm: failed to initialize kvm: Permission denied".into())
    );
}

#[test]
fn the_fastest_wins_whatever_its_name() {
    let judged = |tcg: Outcome, kvm: Outcome| {
        judge(Path::new("q"), vec![of("tcg", tcg), of("kvm", kvm)])
            .map(|verdict| (verdict.chosen, verdict.explanation))
    };
    let (chosen, _) = judged(Outcome::Measured(700), Outcome::Measured(90)).unwrap();
    assert_eq!(chosen, "kvm");
    let (chosen, why) = judged(Outcome::Measured(500), Outcome::Measured(600)).unwrap();
    assert_eq!(chosen, "tcg");
    assert!(why.contains("500 ms") && why.contains("600 ms"), "{why}");
    let (chosen, why) =
        judged(Outcome::Measured(500), Outcome::Failed("not finished within 1.5 s".into())).unwrap();
    assert_eq!(chosen, "tcg");
    assert!(why.contains("not finished within 1.5 s") && why.contains("interprets"), "{why}");
    let error = judged(Outcome::Failed("a".into()), Outcome::Failed("b".into())).unwrap_err().to_string();
    assert!(error.contains("tcg: a; kvm: b"), "{error}");
}

#[test]
fn the_wire_form_is_name_and_ms_or_error() {
    let json = |outcome| serde_json::to_string(&of("kvm", outcome)).unwrap();
    assert_eq!(json(Outcome::Measured(9)), r#"{"name":"kvm","ms":9}"#);
    assert_eq!(json(Outcome::Failed("x".into())), r#"{"name":"kvm","error":"x"}"#);
    let back: Accelerator = serde_json::from_str(r#"{"name":"kvm","error":"x"}"#).unwrap();
    assert_eq!(back, of("kvm", Outcome::Failed("x".into())));
}

#[test]
fn the_window_s_types_agree_with_the_wire() {
    let config = ts_rs::Config::default();
    let declared = Accelerator::decl(&config);
    assert!(
        declared.ends_with(r#"name: string, } & ({ "ms": number } | { "error": string });"#),
        "{declared}"
    );
}

/// A QEMU that exists as a file, whose runs are scripted: tcg finishes at once, kvm never does.
#[tokio::test(start_paused = true)]
async fn a_hanging_accelerator_is_stopped_and_the_verdict_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let qemu = folder.path().join("qemu-system-x86_64");
    fs::write(&qemu, "one").unwrap();
    let runs = Arc::new(AtomicUsize::new(0));
    let scene = |accelerator: &str| {
        let runs = runs.clone();
        Scene::program("timeout").containing(format!("accel={accelerator}")).effect(move |inv| {
            let rom = PathBuf::from(inv.arguments().last().unwrap());
            assert_eq!(fs::read(rom).unwrap().len(), 65536);
            runs.fetch_add(1, Ordering::Relaxed);
        })
    };
    let script = || Scripted::new([scene("tcg").exit(payload::DONE), scene("kvm").hang()]);
    let cancel = CancellationToken::new();
    let cache = folder.path().join("cache");
    let probe = async |force| {
        probe_accelerators(&script(), &qemu, folder.path(), &cache, force, &cancel).await.unwrap()
    };
    let verdict = probe(false).await;
    assert_eq!(verdict.chosen, "tcg");
    assert_eq!(verdict.measured[1].outcome, Outcome::Failed("not finished within 1.5 s".into()));
    assert_eq!(probe(false).await, verdict);
    assert_eq!(runs.load(Ordering::Relaxed), 2, "remembered");
    probe(true).await;
    assert_eq!(runs.load(Ordering::Relaxed), 4, "measured anew when told to");
    fs::write(&qemu, "another").unwrap();
    assert_eq!(cached_verdict(&qemu, &cache), None, "another QEMU");
    probe(false).await;
    assert_eq!(runs.load(Ordering::Relaxed), 6);
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "the payload is gone: {left:?}");
}

#[tokio::test]
async fn cancelling_leaves_nothing_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let qemu = folder.path().join("qemu-system-x86_64");
    fs::write(&qemu, "").unwrap();
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let script = Scripted::new([Scene::program("timeout").hang().effect(move |_| stop.cancel())]);
    let error =
        probe_accelerators(&script, &qemu, folder.path(), folder.path(), true, &cancel).await.unwrap_err();
    assert!(matches!(error, ProbeError::Cancelled), "{error}");
    assert_eq!(cached_verdict(&qemu, folder.path()), None);
}

/// The real thing: whatever this host is, emulation runs the payload through.
#[tokio::test]
async fn emulation_runs_the_payload() {
    let Some(qemu) = find_program("qemu-system-x86_64", "") else {
        println!("skipped: no qemu-system-x86_64 here");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let cancel = CancellationToken::new();
    let verdict =
        probe_accelerators(&System, &qemu, folder.path(), folder.path(), false, &cancel).await.unwrap();
    println!("{verdict:#?}");
    assert!(matches!(verdict.measured[0].outcome, Outcome::Measured(_)), "{verdict:?}");
    let fastest = verdict
        .measured
        .iter()
        .filter_map(|a| if let Outcome::Measured(ms) = a.outcome { Some((ms, &a.name)) } else { None })
        .min()
        .unwrap();
    assert_eq!(&verdict.chosen, fastest.1);
    assert_eq!(cached_verdict(&qemu, folder.path()), Some(verdict));
}
