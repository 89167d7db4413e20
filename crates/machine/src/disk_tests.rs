use goldsmith_process::{Scene, Scripted};

use super::*;

fn img() -> QemuImg {
    QemuImg::new("qemu-img")
}

#[test]
fn commands() {
    let create = Create {
        path: "out/disk".into(),
        format: Format::Qcow2,
        size: Some(8 << 30),
        backing: Some(("base.qcow2".into(), Format::Qcow2)),
        extra: vec!["-o".into(), "preallocation=metadata".into()],
    };
    let mut convert = Convert::new("a disk", "b.vmdk", Format::Vmdk);
    convert.compress = true;
    convert.source_format = Some(Format::Qcow2);
    convert.options = Some("subformat=streamOptimized".into());
    convert.parallel = Some(8);
    let commands = [
        img().create_command(&create),
        img().create_command(&Create { size: None, backing: None, extra: vec![], ..create.clone() }),
        img().convert_command(&convert),
        img().convert_command(&Convert::new("a", "b", Format::Raw)),
        img().resize_command(Path::new("d"), Format::Raw, 4096, &["--preallocation=off".into()]),
        img().info_command(Path::new("d")),
        img().check_command(Path::new("d"), Format::Vdi),
    ];
    let text = commands.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(text);
}

#[test]
fn progress() {
    assert_eq!(parse_progress("    (12.50/100%)"), Some(12.5));
    assert_eq!(parse_progress("    (100.00/100%)"), Some(100.0));
    for other in ["", "(/100%)", "(x/100%)", "(101.0/100%)", "qemu-img: error", "(NaN/100%)"] {
        assert_eq!(parse_progress(other), None, "{other}");
    }
}

#[test]
fn info_of_an_overlay() {
    let info = parse_info(include_str!("../testdata/qemu-10.0/info-overlay.json")).unwrap();
    assert_eq!(info.format, "qcow2");
    assert_eq!(info.virtual_size, 67_108_864);
    assert_eq!(info.actual_size, 200_704);
    assert_eq!(info.backing.as_deref(), Some(Path::new("base.qcow2")));
    assert_eq!(info.backing_format.as_deref(), Some("qcow2"));
    assert!(parse_info("{}").unwrap_err().contains("format"));
    assert!(parse_info("").is_err());
}

#[test]
fn names() {
    for format in Format::ALL {
        assert_eq!(format.name().parse::<Format>(), Ok(format));
    }
    assert_eq!("vhd".parse::<Format>(), Ok(Format::Vpc));
    assert!("iso".parse::<Format>().unwrap_err().contains("vhdx"));
}

#[tokio::test]
async fn progress_is_passed_on_and_failures_name_the_file() {
    let script = Scripted::new([
        Scene::program("qemu-img")
            .containing("convert")
            .stdout("    (0.00/100%)\n    (50.25/100%)\n    (100.00/100%)"),
        Scene::program("qemu-img")
            .containing("convert")
            .stderr("qemu-img: error while writing: No space left on device")
            .exit(1),
        Scene::program("qemu-img").containing("info").stdout("not json"),
        Scene::program("qemu-img").containing("check").exit(3),
        Scene::program("qemu-img").containing("check").exit(1).stderr("qemu-img: Could not open"),
    ]);
    let cancel = CancellationToken::new();
    let convert = Convert::new("in.qcow2", "out.raw", Format::Raw);
    let mut seen = Vec::new();
    img().convert(&script, &convert, &cancel, &mut |percent| seen.push(percent)).await.unwrap();
    assert_eq!(seen, [0.0, 50.25, 100.0]);
    let error = img().convert(&script, &convert, &cancel, &mut |_| {}).await.unwrap_err().to_string();
    assert!(error.contains("in.qcow2") && error.contains("No space left"), "{error}");
    let error = img().info(&script, Path::new("x.vdi"), &cancel).await.unwrap_err().to_string();
    assert!(error.contains("x.vdi") && error.contains("not json"), "{error}");
    let check = async || img().check(&script, Path::new("x"), Format::Qcow2, &cancel).await;
    assert_eq!(check().await.unwrap(), Soundness::Leaks);
    assert!(check().await.unwrap_err().to_string().contains("Could not open"));
}
