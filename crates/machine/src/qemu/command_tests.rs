use super::*;
use crate::disk::Format;
use crate::qemu::spec::{Cdrom, Forward, Nic, Tpm};

const UUID: &str = "6f2a1c34-9d1b-4c6e-8a55-0d7b3f1e2c90";

fn spec() -> QemuSpec {
    let uuid = UUID.parse().unwrap();
    let mut spec = QemuSpec::new("qemu-system-x86_64", "debian-base", uuid, "/run/g/qmp.sock");
    spec.accelerator = Some("tcg".to_owned());
    spec.serial_log = Some("/state/serial.txt".into());
    spec.boot = Some(Boot::Disk);
    spec.disks.push(Drive::new("output/debian-base", Format::Qcow2));
    spec.forwards_mut().unwrap().push(Forward { guest: 22, host: HostPort::Any });
    spec
}

/// One switch with its value per line, as the snapshots show it.
fn shown(spec: &QemuSpec) -> String {
    let line = command_line(spec);
    let mut text = line.invocation.program().display().to_string();
    for arg in line.invocation.arguments() {
        let arg = arg.to_string_lossy();
        text.push(if arg.starts_with('-') { '\n' } else { ' ' });
        text.push_str(&arg);
    }
    for dropped in line.dropped {
        text.push_str(&format!("\ndropped: {dropped}"));
    }
    text
}

fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.iter().map(|piece| (*piece).to_owned()).collect()).collect()
}

#[test]
fn disk_image() {
    insta::assert_snapshot!(shown(&spec()));
}

#[test]
fn installer_with_everything() {
    let mut spec = spec();
    spec.machine = "q35".to_owned();
    spec.cpu_model = Some("host".to_owned());
    spec.cpus = Cpus { count: Some(8), sockets: Some(1), cores: Some(4), threads: Some(2) };
    spec.memory_mib = 4096;
    spec.firmware =
        Firmware::Efi { code: "/usr/share/OVMF/OVMF_CODE.fd".into(), vars: "out/efivars.fd".into() };
    spec.boot = Some(Boot::CdOnce);
    spec.disks[0].interface = DiskInterface::VirtioScsi;
    spec.disks[0].detect_zeroes = "unmap".to_owned();
    spec.disks[0].discard = "unmap".to_owned();
    let mut second = Drive::new("output/debian-base-1", Format::Raw);
    second.interface = DiskInterface::VirtioScsi;
    spec.disks.push(second);
    spec.cdroms.push(Cdrom { path: "install.iso".into(), interface: None });
    spec.cdroms.push(Cdrom { path: "seed.iso".into(), interface: Some(DiskInterface::VirtioScsi) });
    spec.cdroms.push(Cdrom { path: "more.iso".into(), interface: Some(DiskInterface::Ide) });
    spec.floppy = Some("floppy.img".into());
    spec.forwards_mut().unwrap()[0].host = HostPort::Fixed(2222);
    spec.display = Some("gtk".to_owned());
    spec.vga = Some("virtio".to_owned());
    spec.vnc = Some(Vnc::Unix("/run/g/vnc.sock".into()));
    spec.tpm = Some(Tpm { socket: "/run/g/tpm.sock".into(), device: "tpm-tis".to_owned() });
    insta::assert_snapshot!(shown(&spec));
}

#[test]
fn little() {
    let mut spec = spec();
    spec.accelerator = None;
    spec.cpus = Cpus::default();
    spec.firmware = Firmware::Flash("fw.fd".into());
    spec.boot = None;
    spec.disks[0].interface = DiskInterface::Ide;
    spec.nic = Some(Nic { device: "e1000".to_owned(), network: Network::Bridge { name: "br0".to_owned() } });
    spec.display = None;
    spec.serial_log = None;
    spec.vnc = Some(Vnc::Tcp { address: "127.0.0.1".to_owned(), display: 7, more: 0, password: true });
    insta::assert_snapshot!(shown(&spec));
}

#[test]
fn user_rows_replace_by_switch() {
    let mut spec = spec();
    spec.extra = rows(&[
        &["-m", "2048M"],
        &["-drive", "file=a.qcow2,", "if=virtio"],
        &["-drive", "file=b.qcow2"],
        &["--drive", "file=c.qcow2"],
        &["-enable-kvm", ""],
        &["-no-reboot"],
        &[],
    ]);
    insta::assert_snapshot!(shown(&spec));
}

#[test]
fn a_device_row_without_the_card_gets_it_back() {
    let mut spec = spec();
    spec.extra = rows(&[&["-device", "virtio-rng-pci"]]);
    assert!(shown(&spec).ends_with(
        "-device virtio-rng-pci\n-device virtio-net,netdev=user.0\ndropped: -device virtio-net,netdev=user.0"
    ));
    spec.extra = rows(&[&["-device", "virtio-net,netdev=user.0,mac=52:54:00:00:00:01"]]);
    assert_eq!(shown(&spec).matches("-device").count(), 2, "the user's own, and the dropped one");
    spec.nic = None;
    spec.extra = rows(&[&["-device", "virtio-rng-pci"]]);
    assert!(!shown(&spec).contains("virtio-net"));
}

#[test]
fn control_survives_every_row() {
    let mut spec = spec();
    spec.extra =
        rows(&[&["-chardev", "null,id=n"], &["-mon", "chardev=n"], &["-qmp", "stdio"], &["-serial", "none"]]);
    let text = shown(&spec);
    assert!(
        text.contains("-chardev socket,id=goldsmith.qmp,path=/run/g/qmp.sock,server=on,wait=off"),
        "{text}"
    );
    assert!(text.contains("-mon chardev=goldsmith.qmp,mode=control"), "{text}");
    assert!(text.contains("dropped: -serial file:/state/serial.txt"), "{text}");
}

#[test]
fn identity_follows_the_users_own() {
    let mut spec = spec();
    assert_eq!(command_line(&spec).uuid.to_string(), UUID);
    spec.extra = rows(&[&["-uuid", "11111111-2222-3333-4444-555555555555"]]);
    assert_eq!(command_line(&spec).uuid.to_string(), "11111111-2222-3333-4444-555555555555");
}

#[test]
fn a_comma_in_a_path_is_written_twice() {
    let mut spec = spec();
    spec.disks[0].path = "a,b/disk".into();
    spec.name = "x,y".to_owned();
    let text = shown(&spec);
    assert!(text.contains("file=a,,b/disk,if=virtio") && text.contains("-name x,,y"), "{text}");
}

#[test]
fn ports_are_forwarded_from_this_host_only_and_unchosen_ones_are_holes() {
    let mut spec = spec();
    let forwards = spec.forwards_mut().unwrap();
    forwards[0].host = HostPort::Within { min: 2222, max: 4444 };
    forwards.push(Forward { guest: 5985, host: HostPort::Fixed(5000) });
    assert!(shown(&spec).contains(
        "-netdev user,id=user.0,hostfwd=tcp:127.0.0.1:{port:22}-:22,hostfwd=tcp:127.0.0.1:5000-:5985"
    ));
}

#[test]
fn the_same_every_time() {
    let first = command_line(&spec());
    for _ in 0..20 {
        assert_eq!(command_line(&spec()), first);
    }
}
