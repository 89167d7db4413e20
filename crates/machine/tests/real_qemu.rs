//! Real QEMU machines that need no guest system: the firmware alone, or a few bytes of boot sector.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail and may say why it is skipped")]

use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use goldsmith_machine::disk::{Create, Format, QemuImg};
use goldsmith_machine::qemu::{
    Drive, Forward, HostPort, QemuMachine, QemuSpec, StartError, Vnc, command_line, start,
};
use goldsmith_machine::{
    Key, KeyStroke, Keyboard, Lifecycle, MachineLadder, PortForward, Reaped, Screen, Serial, ShutdownCause,
    TextScreen, reap_qemu, typing,
};
use goldsmith_process::{Launch, ProcessIdentity, Rung, StopLadder, System, find_program};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

struct Bench {
    folder: tempfile::TempDir,
    qemu: PathBuf,
    cancel: CancellationToken,
}

/// Key events that type a text on a US keyboard.
fn typed(text: &str) -> Vec<KeyStroke> {
    let items = typing::parse(text).unwrap();
    let actions = typing::actions(&items, typing::Layout::us()).unwrap();
    let strokes = actions.into_iter().map(|action| match action {
        typing::Action::Keys { strokes, .. } => strokes,
        other => panic!("{other:?}"),
    });
    strokes.flatten().collect()
}

/// `None`, with the reason printed, where there is no QEMU.
fn bench() -> Option<Bench> {
    let Some(qemu) = find_program("qemu-system-x86_64", "") else {
        println!("skipped: no qemu-system-x86_64 here");
        return None;
    };
    Some(Bench { folder: tempfile::tempdir().unwrap(), qemu, cancel: CancellationToken::new() })
}

impl Bench {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn spec(&self) -> QemuSpec {
        let mut spec = QemuSpec::new(&self.qemu, "test", Uuid::new_v4(), self.path("qmp.sock"));
        spec.accelerator = Some("tcg".to_owned());
        spec.memory_mib = 64;
        spec.serial_log = Some(self.path("serial.txt"));
        spec
    }

    /// A machine that runs this boot sector.
    fn booting(&self, code: &[u8]) -> QemuSpec {
        // A disk of one sector has no geometry the firmware accepts.
        let mut sector = vec![0; 1024 * 1024];
        sector[..code.len()].copy_from_slice(code);
        sector[510..512].copy_from_slice(&[0x55, 0xaa]);
        std::fs::write(self.path("boot.raw"), sector).unwrap();
        let mut spec = self.spec();
        spec.disks.push(Drive::new(self.path("boot.raw"), Format::Raw));
        spec
    }

    async fn start(&self, spec: &QemuSpec) -> QemuMachine {
        start(spec, &System, &self.cancel).await.unwrap()
    }
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}: not within 60 s");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Writes "up" to the first serial port, then waits for keys and writes each one's character to it.
const ECHO: &[u8] = &[
    0x31, 0xd2, // xor dx, dx        first serial port
    0xb8, 0x75, 0x01, 0xcd, 0x14, // mov ax, 0x0175; int 0x14   'u'
    0xb8, 0x70, 0x01, 0xcd, 0x14, // mov ax, 0x0170; int 0x14   'p'
    0x31, 0xc0, 0xcd, 0x16, // again: xor ax, ax; int 0x16      wait for a key
    0xb4, 0x01, 0xcd, 0x14, // mov ah, 1; int 0x14              write it
    0xeb, 0xf6, // jmp again
];

/// Waits for a key, then turns the machine off through the PIIX4's ACPI registers (QEMU's pc, at 0x604 once SeaBIOS
/// has set them up): SLP_EN with SLP_TYP 0.
const OFF_ON_KEY: &[u8] = &[
    0x31, 0xc0, 0xcd, 0x16, // xor ax, ax; int 0x16
    0xba, 0x04, 0x06, // mov dx, 0x604
    0xb8, 0x00, 0x20, // mov ax, 0x2000
    0xef, // out dx, ax
    0xf4, // hlt
    0xeb, 0xfd, // jmp back
];

/// Turns the machine off when its power button is pressed: the button enabled in PM1_EN (0x602), "up" written to the
/// serial port, PM1_STS (0x600) polled for its bit.
const OFF_ON_BUTTON: &[u8] = &[
    0xfa, // cli
    0xba, 0x02, 0x06, // mov dx, 0x602
    0xb8, 0x00, 0x01, // mov ax, 0x100      PWRBTN_EN
    0xef, // out dx, ax
    0x31, 0xd2, // xor dx, dx
    0xb8, 0x75, 0x01, 0xcd, 0x14, // mov ax, 0x0175; int 0x14   'u'
    0xb8, 0x70, 0x01, 0xcd, 0x14, // mov ax, 0x0170; int 0x14   'p'
    0xba, 0x00, 0x06, // again: mov dx, 0x600
    0xed, // in ax, dx
    0xf6, 0xc4, 0x01, // test ah, 1         PWRBTN_STS
    0x74, 0xf7, // jz again
    0xba, 0x04, 0x06, // mov dx, 0x604
    0xb8, 0x00, 0x20, // mov ax, 0x2000     SLP_EN
    0xef, // out dx, ax
    0xf4, // hlt
];

#[tokio::test]
async fn a_guest_that_minds_its_power_button_goes_off_cleanly() {
    let Some(bench) = bench() else { return };
    let machine = bench.start(&bench.booting(OFF_ON_BUTTON)).await;
    let log = machine.serial_log().unwrap().to_owned();
    until("the boot sector", || std::fs::read_to_string(&log).unwrap_or_default().ends_with("up")).await;
    let stopped = machine.stop(&MachineLadder::gentle(Duration::from_secs(60))).await;
    assert_eq!(stopped.rung, Rung::Powerdown);
    let ending = machine.wait_stopped(None).await.unwrap();
    assert!(ending.is_clean(), "{ending:?}");
}

#[tokio::test]
async fn screen_keyboard_serial_and_a_free_port() {
    let Some(bench) = bench() else { return };
    let mut spec = bench.booting(ECHO);
    spec.vnc = Some(Vnc::Unix(bench.path("vnc.sock")));
    spec.forwards_mut().unwrap().push(Forward { guest: 22, host: HostPort::Any });
    let began = Instant::now();
    let machine = bench.start(&spec).await;
    println!("started after {:?}: {}", began.elapsed(), machine.command());
    assert!(machine.is_running() && machine.identity().is_alive());
    assert_eq!(machine.uuid(), spec.uuid);
    assert!(machine.qmp().status().await.unwrap().running);

    let address = machine.forwarded(22).unwrap();
    assert!(address.ip().is_loopback() && address.port() > 0, "{address}");
    assert!(TcpListener::bind(address).is_err(), "QEMU holds it");
    assert_eq!(machine.forwarded(80), None);
    UnixStream::connect(bench.path("vnc.sock")).unwrap();

    let log = machine.serial_log().unwrap().to_owned();
    let serial = || std::fs::read_to_string(&log).unwrap_or_default();
    until("the boot sector's word", || serial().ends_with("up")).await;
    machine.strokes(&typed("Hi, there!"), Duration::from_millis(5)).await.unwrap();
    until("the echo", || serial().ends_with("Hi, there!")).await;

    let text = machine.text(&bench.path("text")).await.unwrap();
    assert!(text.is_some_and(|text| text.contains("SeaBIOS")), "the firmware shows its name");

    let picture = bench.path("screen.png");
    let size = machine.picture(&picture).await.unwrap();
    assert!((320..=4096).contains(&size.width) && (200..=4096).contains(&size.height), "{size:?}");
    assert!(std::fs::read(&picture).unwrap().starts_with(b"\x89PNG"));
    let part = bench.path("screen.png.part");
    assert!(!part.exists());
    let refused = machine.picture(&bench.path("no/such/folder/x.png")).await.unwrap_err();
    assert!(refused.to_string().contains("screendump"), "{refused}");

    assert_eq!(machine.stop(&MachineLadder::discard()).await.rung, Rung::Quit);
    let ending = machine.wait_stopped(None).await.unwrap();
    assert!(ending.cause == ShutdownCause::Host && !ending.is_clean(), "{ending:?}");
    assert!(!machine.identity().is_alive());
    assert!(machine.picture(&picture).await.is_err());
    assert_eq!(machine.stop(&MachineLadder::discard()).await.rung, Rung::AlreadyStopped);
}

#[tokio::test]
async fn a_guest_that_turns_itself_off_ended_cleanly() {
    let Some(bench) = bench() else { return };
    let machine = bench.start(&bench.booting(OFF_ON_KEY)).await;
    let deadline = Instant::now() + Duration::from_secs(60);
    // The key may come before the boot sector waits for one: the firmware keeps or drops it.
    let ending = loop {
        let _ = machine.strokes(&KeyStroke::press(Key::Space), Duration::ZERO).await;
        if let Some(ending) = machine.wait_stopped(Some(Duration::from_millis(200))).await {
            break ending;
        }
        assert!(Instant::now() < deadline, "still running");
    };
    assert!(ending.is_clean(), "{ending:?}");
}

/// The firmware ignores the power button, so each rung up to the one meant to work is left out or fails.
#[tokio::test]
async fn every_rung_of_the_ladder() {
    let Some(bench) = bench() else { return };
    let rung = async |ladder: MachineLadder| {
        let machine = bench.start(&bench.spec()).await;
        let stopped = machine.stop(&ladder).await;
        assert!(!machine.identity().is_alive());
        stopped.rung
    };
    let zero = Duration::ZERO;
    let short = Duration::from_millis(300);
    let long = Duration::from_secs(20);
    let process = StopLadder { terminate: long, kill: long };
    let ladder = MachineLadder { guest: short, powerdown: short, quit: long, process };
    assert_eq!(rung(ladder).await, Rung::Quit);
    assert_eq!(
        rung(MachineLadder { guest: zero, powerdown: zero, quit: zero, process }).await,
        Rung::Terminate
    );
    let hard = MachineLadder {
        guest: zero,
        powerdown: zero,
        quit: zero,
        process: StopLadder { terminate: zero, kill: long },
    };
    assert_eq!(rung(hard).await, Rung::Kill);
}

#[tokio::test]
async fn a_refusal_comes_at_once_with_qemu_s_reason() {
    let Some(bench) = bench() else { return };
    let mut spec = bench.spec();
    spec.machine = "no-such-machine".to_owned();
    let began = Instant::now();
    let error = start(&spec, &System, &bench.cancel).await.err().unwrap();
    let text = error.to_string();
    assert!(matches!(error, StartError::Ended { .. }) && text.contains("no-such-machine"), "{text}");
    assert!(text.contains("machine types"), "{text}");
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "seen at its end, not at a deadline: {:?}",
        began.elapsed()
    );

    spec = bench.spec();
    spec.disks.push(Drive::new(bench.path("absent.qcow2"), Format::Qcow2));
    let text = start(&spec, &System, &bench.cancel).await.err().unwrap().to_string();
    assert!(text.contains("absent.qcow2"), "{text}");

    spec = bench.spec();
    spec.binary = "/no/such/qemu".into();
    assert!(matches!(start(&spec, &System, &bench.cancel).await, Err(StartError::Launch(_))));

    let cancelled = CancellationToken::new();
    cancelled.cancel();
    assert!(matches!(start(&bench.spec(), &System, &cancelled).await, Err(StartError::Cancelled)));
}

#[tokio::test]
async fn ports_of_a_range() {
    let Some(bench) = bench() else { return };
    // Two neighbours, the first of them taken.
    let (taken, first) = loop {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = socket.local_addr().unwrap().port();
        if port < u16::MAX - 2 && TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            break (socket, port);
        }
    };
    let mut spec = bench.spec();
    spec.forwards_mut()
        .unwrap()
        .push(Forward { guest: 22, host: HostPort::Within { min: first, max: first + 2 } });
    let machine = bench.start(&spec).await;
    assert_eq!(machine.forwarded(22).unwrap().port(), first + 1);
    machine.stop(&MachineLadder::discard()).await;

    spec.forwards_mut().unwrap()[0].host = HostPort::Within { min: first, max: first + 1 };
    let error = start(&spec, &System, &bench.cancel).await.err().unwrap();
    assert!(matches!(error, StartError::NoPort { guest: 22, .. }), "{error}");

    // What QEMU itself says when a port is taken: the retry in `start` depends on it.
    spec.forwards_mut().unwrap()[0].host = HostPort::Fixed(first);
    let text = start(&spec, &System, &bench.cancel).await.err().unwrap().to_string();
    assert!(text.contains("host forwarding rule") && text.contains("The port is taken"), "{text}");
    drop(taken);
}

/// Between our look at a port and QEMU's bind somebody may take it: a QEMU that finds the first choice taken.
#[tokio::test]
async fn a_port_lost_in_between_is_replaced() {
    let Some(bench) = bench() else { return };
    let (tries, wrapper) = (bench.path("tries"), bench.path("qemu"));
    let script = format!(
        "#!/bin/sh\necho \"$*\" >> {tries}\nif [ $(wc -l < {tries}) -lt 3 ]; then\n  \
         echo \"qemu: -netdev user: Could not set up host forwarding rule 'x'\" >&2\n  exit 1\nfi\nexec {qemu} \"$@\"\n",
        tries = tries.display(),
        qemu = bench.qemu.display()
    );
    std::fs::write(&wrapper, script).unwrap();
    std::fs::set_permissions(&wrapper, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut spec = bench.spec();
    spec.binary = wrapper;
    spec.forwards_mut()
        .unwrap()
        .push(Forward { guest: 22, host: HostPort::Within { min: 20000, max: 30000 } });
    let machine = bench.start(&spec).await;
    let address = machine.forwarded(22).unwrap();
    let tries = std::fs::read_to_string(tries).unwrap();
    let asked: Vec<&str> = tries.lines().map(|line| line.split("127.0.0.1:").nth(1).unwrap()).collect();
    assert_eq!(asked.len(), 3);
    assert!(asked[0] != asked[1] && asked[1] != asked[2], "another one each time: {asked:?}");
    assert!(asked[2].starts_with(&format!("{}-:22", address.port())), "{asked:?} {address}");
    machine.stop(&MachineLadder::discard()).await;
}

/// A QEMU started as a worker that then died would have left it.
async fn orphan(spec: &QemuSpec) -> ProcessIdentity {
    let identity = System
        .launch(&command_line(spec).invocation.discard_output().new_session())
        .await
        .unwrap()
        .detach()
        .await;
    until("its socket", || UnixStream::connect(&spec.qmp).is_ok()).await;
    identity
}

async fn reaped(bench: &Bench, recorded: bool, with_socket: bool) -> Reaped {
    let spec = bench.spec();
    let identity = orphan(&spec).await;
    let moved = bench.path("elsewhere.sock");
    if !with_socket {
        std::fs::rename(&spec.qmp, &moved).unwrap();
    }
    let result = reap_qemu(&spec.qmp, &spec.uuid, recorded.then_some(&identity)).await;
    until("its end", || !identity.is_alive()).await;
    assert!(!spec.qmp.exists(), "no socket is left");
    let _ = std::fs::remove_file(moved);
    assert_eq!(reap_qemu(&spec.qmp, &spec.uuid, Some(&identity)).await, Reaped::Absent, "can be repeated");
    result
}

#[tokio::test]
async fn an_orphan_is_reaped_by_whatever_identifies_it() {
    use goldsmith_machine::qemu::reap::Recognised;
    let Some(bench) = bench() else { return };
    let by = |reaped: Reaped| match reaped {
        Reaped::Stopped { rung, by } => (rung, by),
        other => panic!("{other:?}"),
    };
    assert_eq!(by(reaped(&bench, true, true).await), (Rung::Quit, Recognised::Uuid));
    assert_eq!(by(reaped(&bench, false, true).await), (Rung::Quit, Recognised::Uuid));
    assert_eq!(by(reaped(&bench, true, false).await), (Rung::Terminate, Recognised::Process));
    assert_eq!(by(reaped(&bench, false, false).await), (Rung::Terminate, Recognised::CommandLine));
}

#[tokio::test]
async fn another_machine_is_never_reaped() {
    let Some(bench) = bench() else { return };
    let spec = bench.spec();
    let identity = orphan(&spec).await;
    let not_ours = Uuid::new_v4();
    // The recorded number belongs to another process now, and the socket to another machine.
    let stale = ProcessIdentity { start_time: identity.start_time - 1, ..identity.clone() };
    assert_eq!(reap_qemu(&spec.qmp, &not_ours, Some(&stale)).await, Reaped::Absent);
    assert!(identity.is_alive());
    identity.stop(&StopLadder::default()).await;
}

#[tokio::test]
async fn a_dropped_machine_leaves_no_process() {
    let Some(bench) = bench() else { return };
    let machine = bench.start(&bench.spec()).await;
    let identity = machine.identity().clone();
    drop(machine);
    until("its end", || !identity.is_alive()).await;
}

#[tokio::test]
async fn disks() {
    let Some(bench) = bench() else { return };
    let Some(program) = find_program("qemu-img", "") else {
        println!("skipped: no qemu-img here");
        return;
    };
    let img = QemuImg::new(program);
    disk_tests::round_trip(&img, bench.folder.path(), &bench.cancel).await;
}

mod disk_tests {
    use goldsmith_machine::disk::{Convert, DiskError, Soundness};

    use super::*;

    const MIB: u64 = 1024 * 1024;

    pub async fn round_trip(img: &QemuImg, folder: &Path, cancel: &CancellationToken) {
        let base = folder.join("base.qcow2");
        let create = Create {
            path: base.clone(),
            format: Format::Qcow2,
            size: Some(64 * MIB),
            backing: None,
            extra: vec![],
        };
        img.create(&System, &create, cancel).await.unwrap();
        let info = img.info(&System, &base, cancel).await.unwrap();
        assert_eq!((info.format.as_str(), info.virtual_size, info.dirty), ("qcow2", 64 * MIB, false));
        assert_eq!(img.check(&System, &base, Format::Qcow2, cancel).await.unwrap(), Soundness::Sound);

        let overlay = folder.join("overlay.qcow2");
        let over = Create {
            path: overlay.clone(),
            size: None,
            backing: Some((base.clone(), Format::Qcow2)),
            ..create.clone()
        };
        img.create(&System, &over, cancel).await.unwrap();
        let info = img.info(&System, &overlay, cancel).await.unwrap();
        assert_eq!((info.backing.as_ref(), info.backing_format.as_deref()), (Some(&base), Some("qcow2")));

        for format in Format::ALL {
            let target = folder.join(format!("copy.{}", format.extension()));
            let mut percents = Vec::new();
            let convert = Convert::new(&base, &target, format);
            img.convert(&System, &convert, cancel, &mut |percent| percents.push(percent)).await.unwrap();
            assert_eq!(percents.last(), Some(&100.0), "{format}: {percents:?}");
            assert!(percents.is_sorted(), "{percents:?}");
            let found = img.info(&System, &target, cancel).await.unwrap();
            assert_eq!(found.format, format.name());
            let sound = img.check(&System, &target, format, cancel).await.unwrap();
            let expected = match format {
                Format::Raw | Format::Vpc => Soundness::NotCheckable,
                _ => Soundness::Sound,
            };
            assert_eq!(sound, expected, "{format}");
        }

        img.resize(&System, &base, Format::Qcow2, 128 * MIB, &[], cancel).await.unwrap();
        assert_eq!(img.info(&System, &base, cancel).await.unwrap().virtual_size, 128 * MIB);
        let error =
            img.resize(&System, &base, Format::Qcow2, MIB, &[], cancel).await.unwrap_err().to_string();
        assert!(error.contains("cannot resize") && error.contains("shrink"), "{error}");
        let error = img.info(&System, &folder.join("absent"), cancel).await.unwrap_err();
        assert!(matches!(error, DiskError::Run { .. }) && error.to_string().contains("absent"), "{error}");
    }
}
