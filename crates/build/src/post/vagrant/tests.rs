//! Boxes, read back with the tar, gzip and qemu-img of the system. Vagrant itself is not run here.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use super::*;
use crate::names::{Fixed, Names};
use crate::pipeline::tests::{Bench, bench};
use goldsmith_process::{Invocation, System, capture};
use tokio_util::sync::CancellationToken;

struct Place {
    bench: Bench,
}

impl Place {
    fn new() -> Self {
        Self { bench: bench(Vec::new()) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.bench.place.join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        std::fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    async fn make(&self, options: VagrantOptions, artifact: &Artifact) -> Result<Processed, StepError> {
        let step = StepContext::new(&self.bench.build, &std::sync::Arc::default(), "job", "vagrant");
        let names = Names::new(Fixed { build_name: "debian".into(), ..Fixed::default() });
        let cx = PostContext { step: &step, names: &names, force: false };
        Vagrant::new(options).run(cx, artifact).await
    }

    /// What the system's tar says of the box, with the options `more`.
    async fn tar(&self, path: &Path, more: &[&str]) -> String {
        let run = Invocation::new("tar").args(more).arg("-f").arg(path).cwd(self.path(""));
        capture(&System, &run, &CancellationToken::new()).await.unwrap().stdout
    }
}

/// Every field a hole, as the analyser leaves late options.
fn late(text: &str) -> Text {
    let mut out = Text::default();
    for piece in text.split_inclusive("}}") {
        match piece.find("{{") {
            Some(at) => {
                out.push_str(&piece[..at]);
                out.push_hole(goldsmith_template::Hole::Field(piece[at..].to_owned()));
            }
            None => out.push_str(piece),
        }
    }
    out
}

fn options(output: &str) -> VagrantOptions {
    VagrantOptions {
        output: late(output),
        compression_level: -1,
        architecture: Some("amd64".into()),
        ..VagrantOptions::default()
    }
}

fn qemu(files: Vec<PathBuf>) -> Artifact {
    let state = [("diskName", "vm"), ("diskType", "qcow2"), ("domainType", "tcg")];
    Artifact {
        builder_id: "transcend.qemu".into(),
        id: "VM".into(),
        shown: files.iter().map(|file| file.display().to_string()).collect(),
        files,
        state: state.into_iter().map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
    }
}

#[tokio::test]
async fn a_box_for_libvirt_holds_the_disks_in_order() {
    let place = Place::new();
    let files = vec![
        place.put("efivars.fd", b"vars"),
        place.put("vm", b"QFI\xfbfirst"),
        place.put("vm-1", b"QFI\xfbsecond"),
    ];
    let processed = place
        .make(options("boxes/{{ .BuildName }}_{{ .Provider }}_{{ .Architecture }}.box"), &qemu(files))
        .await
        .unwrap();
    assert_eq!(processed.keep, Keep::No);
    let made = processed.artifact.unwrap();
    assert_eq!((made.builder_id.as_str(), made.id.as_str()), (BUILDER_ID, "libvirt"));
    let path = place.path("boxes/debian_libvirt_amd64.box");
    assert_eq!(made.files, std::slice::from_ref(&path));
    assert_eq!(std::fs::read(&path).unwrap()[..2], [0x1f, 0x8b], "it is in gzip");
    assert_eq!(place.tar(&path, &["-t"]).await, "Vagrantfile\nbox_0.img\nbox_1.img\nmetadata.json\n");
    place.tar(&path, &["-x"]).await;
    assert_eq!(std::fs::read(place.path("box_1.img")).unwrap(), b"QFI\xfbsecond");
    assert_eq!(
        std::fs::read_to_string(place.path("metadata.json")).unwrap(),
        "{\"architecture\":\"amd64\",\"disks\":[{\"format\":\"qcow2\",\"path\":\"box_0.img\"},{\"format\":\"qcow2\",\"path\":\"box_1.img\"}],\"provider\":\"libvirt\"}\n"
    );
    let vagrantfile = std::fs::read_to_string(place.path("Vagrantfile")).unwrap();
    assert!(vagrantfile.contains("libvirt.driver = \"qemu\""), "{vagrantfile}");
    // Nothing else stays beside the box.
    assert_eq!(std::fs::read_dir(place.path("boxes")).unwrap().count(), 1);
}

#[tokio::test]
async fn a_real_disk_is_the_same_inside_the_box() {
    let place = Place::new();
    let make =
        Invocation::new("qemu-img").args(["create", "-q", "-f", "qcow2"]).arg(place.path("vm")).arg("64M");
    if goldsmith_process::run(&System, &make, &CancellationToken::new(), &mut |_| {}).await.is_err() {
        eprintln!("skipped: qemu-img is not installed");
        return;
    }
    let artifact = qemu(vec![place.path("vm")]);
    place.make(options("real.box"), &artifact).await.unwrap();
    place.tar(&place.path("real.box"), &["-x"]).await;
    let info = Invocation::new("qemu-img").args(["info", "--output=json"]).arg(place.path("box_0.img"));
    let told = capture(&System, &info, &CancellationToken::new()).await.unwrap().stdout;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((told["format"].as_str(), told["virtual-size"].as_u64()), (Some("qcow2"), Some(64 << 20)));
    let compare = Invocation::new("cmp").arg(place.path("vm")).arg(place.path("box_0.img"));
    let same = capture(&System, &compare, &CancellationToken::new()).await.unwrap();
    assert!(same.exit.success(), "{same:?}");
}

#[tokio::test]
async fn includes_a_vagrantfile_of_the_users_and_no_compression() {
    let place = Place::new();
    let disk = place.put("vm", b"QFI\xfb");
    place.put("note.txt", b"hello");
    place.put("Vagrantfile.tpl", b"# {{ .BuildName }} for {{ .Provider }}\n");
    let options = VagrantOptions {
        compression_level: 0,
        include: vec!["note.txt".into()],
        vagrantfile_template: Some("Vagrantfile.tpl".into()),
        ..options("plain.box")
    };
    place.make(options, &qemu(vec![disk])).await.unwrap();
    let path = place.path("plain.box");
    assert_eq!(place.tar(&path, &["-t"]).await, "Vagrantfile\nbox_0.img\nmetadata.json\nnote.txt\n");
    assert_eq!(&std::fs::read(&path).unwrap()[257..262], b"ustar", "a tar as it is");
    let vagrantfile = place.tar(&path, &["-x", "-O", "Vagrantfile"]).await;
    assert!(
        vagrantfile.ends_with("# Packer template during image build.\n# debian for libvirt\n\n"),
        "{vagrantfile}"
    );
}

#[tokio::test]
async fn a_box_for_virtualbox_is_an_unpacked_ova() {
    let place = Place::new();
    let ovf = "<Envelope>\n <Adapter slot=\"0\" enabled=\"true\" MACAddress=\"080027AABBCC\" type=\"virtio\">\n <Adapter slot=\"1\" MACAddress=\"080027000000\">\n</Envelope>";
    place.put("m.ovf", ovf.as_bytes());
    place.put("m-disk001.vmdk", b"KDMVdisk");
    place.tar(&place.path("m.ova"), &["-c", "m.ovf", "m-disk001.vmdk"]).await;
    let artifact = Artifact {
        builder_id: super::super::artifice::BUILDER_ID.into(),
        files: vec![place.path("m.ova")],
        shown: vec!["m.ova".into()],
        ..Artifact::default()
    };
    let refused = place.make(options("vb.box"), &artifact).await.unwrap_err();
    assert!(refused.failure().hints[0].contains("provider_override"), "{refused:?}");
    let options = VagrantOptions { provider_override: Some("virtualbox".into()), ..options("vb.box") };
    place.make(options, &artifact).await.unwrap();
    let path = place.path("vb.box");
    assert_eq!(place.tar(&path, &["-t"]).await, "Vagrantfile\nbox.ovf\nm-disk001.vmdk\nmetadata.json\n");
    assert_eq!(place.tar(&path, &["-x", "-O", "box.ovf"]).await.trim_end(), ovf);
    let vagrantfile = place.tar(&path, &["-x", "-O", "Vagrantfile"]).await;
    assert!(vagrantfile.contains("config.vm.base_mac = \"080027AABBCC\""), "{vagrantfile}");
    let metadata = place.tar(&path, &["-x", "-O", "metadata.json"]).await;
    assert_eq!(metadata, "{\"architecture\":\"amd64\",\"provider\":\"virtualbox\"}\n");
}

#[tokio::test]
async fn what_cannot_become_a_box_leaves_nothing() {
    let place = Place::new();
    let disk = place.put("vm", b"QFI\xfb");
    let other = Artifact { builder_id: "packer.post-processor.checksum".into(), ..qemu(vec![disk.clone()]) };
    assert!(place.make(options("a.box"), &other).await.is_err());
    let mut xen = qemu(vec![disk.clone()]);
    xen.state.insert("domainType".into(), "xen".into());
    assert!(place.make(options("a.box"), &xen).await.unwrap_err().failure().message.contains("xen"));
    let absent = VagrantOptions { include: vec!["absent".into()], ..options("a.box") };
    assert!(place.make(absent, &qemu(vec![disk])).await.is_err());
    let left: Vec<_> = std::fs::read_dir(place.path("")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().contains("box") || name.to_string_lossy().starts_with('.')),
        "{left:?}"
    );
}
