use std::collections::HashSet;

use goldsmith_process::{Env, Family, Scene, Scripted, System};

use super::super::checks::{has_range, name_of, namespace_remedy, next_range};
use super::super::probe::{Accelerator, Outcome};
use super::*;

fn asker<'a>(launch: &'a dyn Launch, env: &'a Env, cancel: &'a CancellationToken) -> Asker<'a> {
    Asker { launch, env, cancel, family: Some(Family::Fedora), is_root: false }
}

fn row(id: &str) -> &'static super::super::tools::Requirement {
    REQUIREMENTS.iter().find(|row| row.id == id).unwrap()
}

#[test]
fn rows_are_told_apart_and_every_family_is_thought_of() {
    let ids: HashSet<_> = REQUIREMENTS.iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), REQUIREMENTS.len());
    for row in REQUIREMENTS {
        for family in [Family::Debian, Family::Fedora, Family::Arch, Family::Suse] {
            assert!(row.tool.package(family).is_some(), "{} for {family:?}", row.id);
        }
        assert!(row.missing != Verdict::Ok && !row.cost.is_empty(), "{}", row.id);
    }
}

#[tokio::test]
async fn an_old_program_is_named_with_its_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("qemu-img");
    std::fs::write(&program, "").unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let env = Env::new([("PATH", folder.path().to_str().unwrap())]);
    let cancel = CancellationToken::new();
    let said =
        |text: &'static str| Scripted::new([Scene::program("qemu-img").containing("--version").stdout(text)]);

    let old = said("qemu-img version 5.2.0 (Debian)");
    let check = checks::requirement(&asker(&old, &env, &cancel), row("qemu-img")).await;
    assert_eq!(check.verdict, Verdict::Failed);
    assert!(check.evidence.contains("5.2.0 is too old, 7.1 is needed"), "{check:?}");
    assert_eq!(check.command.as_deref(), Some("sudo dnf install qemu-img"));

    let new = said("qemu-img version 10.0.2");
    let check = checks::requirement(&asker(&new, &env, &cancel), row("qemu-img")).await;
    assert_eq!((check.verdict, check.remedy), (Verdict::Ok, None));

    let broken = Scripted::new([Scene::program("qemu-img").exit(127).stderr("libfoo.so: cannot open")]);
    let check = checks::requirement(&asker(&broken, &env, &cancel), row("qemu-img")).await;
    assert!(check.verdict == Verdict::Failed && check.evidence.contains("libfoo.so"), "{check:?}");
}

#[test]
fn the_advice_about_the_accelerator_follows_the_measurement() {
    let (launch, env, cancel) = (Scripted::new([]), Env::default(), CancellationToken::new());
    let asker = asker(&launch, &env, &cancel);
    let verdict = |chosen: &str, kvm: Outcome| AcceleratorVerdict {
        chosen: chosen.into(),
        measured: vec![Accelerator { name: "kvm".into(), outcome: kvm }],
        explanation: "measured".into(),
    };
    let slow =
        checks::accelerator(&asker, &verdict("tcg", Outcome::Failed("not finished within 1.5 s".into())));
    assert_eq!(slow.verdict, Verdict::Warning);
    assert!(slow.remedy.unwrap().contains("nested virtualisation"));
    let good = checks::accelerator(&asker, &verdict("kvm", Outcome::Measured(80)));
    assert_eq!((good.verdict, good.remedy), (Verdict::Ok, None));
    let none = checks::accelerator(&asker, &verdict("none", Outcome::Failed("x".into())));
    assert_eq!(none.verdict, Verdict::Failed);
}

#[test]
fn what_forbids_namespaces() {
    let with = |name: &'static str, value: &'static str| {
        namespace_remedy(&move |asked| (asked == name).then(|| value.to_owned())).1
    };
    assert_eq!(
        with("kernel/unprivileged_userns_clone", "0\n").as_deref(),
        Some("sudo sysctl -w kernel.unprivileged_userns_clone=1")
    );
    assert_eq!(
        with("kernel/apparmor_restrict_unprivileged_userns", "1\n").as_deref(),
        Some("sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0")
    );
    assert_eq!(with("user/max_user_namespaces", "1000"), None);
}

#[test]
fn ranges_of_user_numbers() {
    let text = "root:1:65536\nada:100000:65536\n1001:165536:65536\nbob:200000:10\n";
    assert!(has_range(text, "ada", 5) && has_range(text, "nobody", 1001));
    assert!(!has_range(text, "bob", 7), "too small");
    assert!(!has_range(text, "eve", 8) && !has_range("", "ada", 5));
    assert_eq!((next_range(text), next_range(""), next_range("x\ny:1:2")), (231_072, 100_000, 100_000));
    let passwd = "root:x:0:0:root:/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n";
    assert_eq!((name_of(passwd, 1000).as_deref(), name_of(passwd, 7)), (Some("ada"), None));
}

/// A host with nothing installed: nothing works, everything is explained, and nothing fails.
#[tokio::test]
async fn a_bare_host() {
    let folder = tempfile::tempdir().unwrap();
    let (env, dirs) = (Env::default(), Dirs::under(folder.path()));
    let cancel = CancellationToken::new();
    let verdict = measure(&System, &HostFacts::default(), &dirs, false, &cancel).await;
    assert_eq!(verdict.chosen, "none");
    assert!(checks::memory(&HostFacts::default()).remedy.is_some());
    assert_eq!(checks::runtime_folder(&env, &dirs).verdict, Verdict::Ok);
}

/// This host, whatever it is: every row has evidence, and what is not well has a cost and a remedy.
#[tokio::test]
async fn this_host() {
    let folder = tempfile::tempdir().unwrap();
    let dirs = Dirs::under(folder.path());
    let env = Env::new([("PATH", "/usr/bin:/bin"), ("USER", "root")]);
    let doctor = doctor(&System, &env, &dirs, false, &CancellationToken::new()).await;
    println!("{}", serde_json::to_string_pretty(&doctor).unwrap());
    let ids: HashSet<_> = doctor.checks.iter().map(|check| check.id.as_str()).collect();
    assert_eq!(ids.len(), doctor.checks.len());
    for check in &doctor.checks {
        assert!(!check.evidence.is_empty(), "{check:?}");
        assert!(check.verdict == Verdict::Ok || check.cost.is_some(), "{check:?}");
    }
    for id in
        ["accelerator", "qemu", "qemu-img", "mmdebstrap", "namespaces", "space", "memory", "runtime", "ovmf"]
    {
        assert!(ids.contains(id), "{id}");
    }
}
