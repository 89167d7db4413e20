//! Versions handed over: each package is opened by another program and holds the content of the version.
#![allow(clippy::disallowed_methods, reason = "the packages are read by other programs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, missing_docs)]

mod common;

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{files, name, open, qemu_img, raw_disk};
use goldsmith_library::life::ExportFact;
use goldsmith_library::{
    Deploy, DiskFormat, Facts, ImageTool, ImportRequest, Library, NewVersion, Package, PackageRequest,
    Packaged, Version, snippets,
};
use goldsmith_process::System;
use tokio_util::sync::CancellationToken;

struct Bench {
    folder: tempfile::TempDir,
    library: Library,
    qemu_img: PathBuf,
    version: Version,
}

/// Not a whole number of MiB, as no rule says it must be.
const SIZE: u64 = 5 * (1 << 20) + 512 * 3;

impl Bench {
    async fn new() -> Option<Self> {
        let qemu_img = qemu_img()?;
        let folder = tempfile::tempdir().unwrap();
        let library = open(&folder.path().join("library"));
        let raw = folder.path().join("disk.raw");
        raw_disk(&raw, SIZE, 3);
        let facts = Facts {
            memory_mib: Some(512),
            cpus: Some(2),
            ssh_user: Some("admin".to_owned()),
            template_path: Some("/work/web.pkr.hcl".to_owned()),
            ..Facts::default()
        };
        let new = NewVersion::disk(name("web"), &raw, DiskFormat::Raw, facts);
        let tool = ImageTool { launch: &System, qemu_img: &qemu_img };
        let version = common::add(&library, &tool, new).await;
        Some(Self { folder, library, qemu_img, version })
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    async fn package(&self, package: Package, overwrite: bool) -> Result<Packaged, String> {
        let tool = ImageTool { launch: &System, qemu_img: &self.qemu_img };
        let request = PackageRequest { package, folder: self.out(), overwrite };
        let token = CancellationToken::new();
        let packaged = self.library.package(&self.version, &request, &tool, &token, &mut |_, _, _| {}).await;
        packaged.map_err(|error| error.to_string())
    }

    /// The content of a disk image in the file, whatever its format.
    async fn imported(&self, path: &Path) -> Version {
        let tool = ImageTool { launch: &System, qemu_img: &self.qemu_img };
        let facts = Facts::default();
        let request = ImportRequest { source: path.to_owned(), image: name("back"), format: None, facts };
        self.library.import(&request, &tool, &CancellationToken::new(), &mut |_| {}).await.unwrap()
    }
}

/// The members of a tar: name and bytes.
fn members(reader: impl Read) -> Vec<(String, Vec<u8>)> {
    tar::Archive::new(reader)
        .entries()
        .unwrap()
        .map(|entry| {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (entry.path().unwrap().display().to_string(), bytes)
        })
        .collect()
}

fn member<'a>(members: &'a [(String, Vec<u8>)], name: &str) -> &'a [u8] {
    let known: Vec<&String> = members.iter().map(|(name, _)| name).collect();
    &members.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no {name} among {known:?}")).1
}

#[tokio::test]
async fn a_vhd_is_fixed_and_a_whole_number_of_mib() {
    let Some(bench) = Bench::new().await else { return };
    let packaged = bench.package(Package::Vhd, false).await.unwrap();
    assert_eq!(packaged.size, 6 * (1 << 20) + 512);
    let bytes = fs::read(&packaged.path).unwrap();
    assert_eq!(&bytes[..5 << 20], &fs::read(bench.folder.path().join("disk.raw")).unwrap()[..5 << 20]);
    let info = Command::new(&bench.qemu_img)
        .args(["info", "-f", "vpc", "--output=json"])
        .arg(&packaged.path)
        .output()
        .unwrap();
    let info: serde_json::Value = serde_json::from_slice(&info.stdout).unwrap();
    assert_eq!(info["virtual-size"], 6 * (1 << 20), "{info:#}");
    let summed = Command::new("sha256sum")
        .arg("--check")
        .arg("--quiet")
        .arg("web-1.vhd.sha256")
        .current_dir(bench.out())
        .status();
    assert!(summed.unwrap().success());
    let again = bench.package(Package::Vhd, false).await.unwrap_err();
    assert!(again.contains("exists already"), "{again}");
    bench.package(Package::Vhd, true).await.unwrap();
    let left: Vec<String> =
        files(&bench.out()).into_iter().filter(|file| file.contains("goldsmith")).collect();
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test]
async fn an_ova_holds_its_description_a_manifest_and_the_disk() {
    let Some(bench) = Bench::new().await else { return };
    let packaged = bench.package(Package::Ova, false).await.unwrap();
    let members = members(File::open(&packaged.path).unwrap());
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["web-1.ovf", "web-1.mf", "web-1-disk1.vmdk"], "the description comes first");
    let ovf = String::from_utf8(member(&members, "web-1.ovf").to_vec()).unwrap();
    let size = member(&members, "web-1-disk1.vmdk").len();
    for words in [
        format!("ovf:href=\"web-1-disk1.vmdk\" ovf:size=\"{size}\""),
        format!("ovf:capacity=\"{SIZE}\""),
        "<rasd:VirtualQuantity>512</rasd:VirtualQuantity>".to_owned(),
        "<rasd:VirtualQuantity>2</rasd:VirtualQuantity>".to_owned(),
    ] {
        assert!(ovf.contains(&words), "{words}\n{ovf}");
    }
    // Our own import checks the manifest's digests; the content is what the version has.
    assert_eq!(bench.imported(&packaged.path).await.content, bench.version.content);
    if !Command::new("VBoxManage").arg("--version").output().is_ok_and(|done| done.status.success()) {
        println!("skipped: VBoxManage, which would import the OVA, is not installed");
        return;
    }
    let home = bench.folder.path().join("vbox");
    let import =
        Command::new("VBoxManage").env("HOME", &home).args(["import"]).arg(&packaged.path).output().unwrap();
    assert!(import.status.success(), "{}", String::from_utf8_lossy(&import.stderr));
}

#[tokio::test]
async fn boxes_hold_what_vagrant_expects_and_share_a_catalogue() {
    let Some(bench) = Bench::new().await else { return };
    let libvirt = bench.package(Package::VagrantLibvirt, false).await.unwrap();
    let inside = members(flate2::read::GzDecoder::new(File::open(&libvirt.path).unwrap()));
    let metadata: serde_json::Value = serde_json::from_slice(member(&inside, "metadata.json")).unwrap();
    assert_eq!(
        (metadata["provider"].as_str(), metadata["format"].as_str()),
        (Some("libvirt"), Some("qcow2"))
    );
    let vagrantfile = String::from_utf8(member(&inside, "Vagrantfile").to_vec()).unwrap();
    assert!(vagrantfile.contains("config.ssh.username = \"admin\""), "{vagrantfile}");
    let disk = bench.folder.path().join("box.qcow2");
    fs::write(&disk, member(&inside, "box.img")).unwrap();
    assert_eq!(bench.imported(&disk).await.content, bench.version.content);

    let virtualbox = bench.package(Package::VagrantVirtualbox, false).await.unwrap();
    let inside = members(flate2::read::GzDecoder::new(File::open(&virtualbox.path).unwrap()));
    assert!(member(&inside, "box.ovf").starts_with(b"<?xml"));
    assert!(member(&inside, "box-disk1.vmdk").starts_with(b"KDMV"));
    bench.package(Package::VagrantLibvirt, true).await.unwrap();
    let catalogue: serde_json::Value =
        serde_json::from_slice(&fs::read(bench.out().join("web.json")).unwrap()).unwrap();
    let versions = catalogue["versions"].as_array().unwrap();
    assert_eq!((versions.len(), versions[0]["version"].as_str()), (1, Some("1.0.0")), "{catalogue:#}");
    let mut providers: Vec<&str> =
        versions[0]["providers"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    providers.sort_unstable();
    assert_eq!(providers, ["libvirt", "virtualbox"], "{catalogue:#}");
}

#[tokio::test]
async fn an_oci_archive_is_consistent_and_holds_the_disk() {
    let Some(bench) = Bench::new().await else { return };
    let packaged = bench.package(Package::Oci, false).await.unwrap();
    let members = members(File::open(&packaged.path).unwrap());
    let json = |bytes: &[u8]| -> serde_json::Value { serde_json::from_slice(bytes).unwrap() };
    let blob = |descriptor: &serde_json::Value| {
        let digest = descriptor["digest"].as_str().unwrap().replace("sha256:", "");
        let bytes = member(&members, &format!("blobs/sha256/{digest}"));
        let file = bench.folder.path().join("blob");
        fs::write(&file, bytes).unwrap();
        let summed = Command::new("sha256sum").arg(&file).output().unwrap();
        assert!(String::from_utf8_lossy(&summed.stdout).starts_with(&digest));
        assert_eq!(descriptor["size"], bytes.len());
        bytes.to_vec()
    };
    assert_eq!(json(member(&members, "oci-layout"))["imageLayoutVersion"], "1.0.0");
    let manifest = json(&blob(&json(member(&members, "index.json"))["manifests"][0]));
    let config = json(&blob(&manifest["config"]));
    assert_eq!(config["rootfs"]["diff_ids"][0], manifest["layers"][0]["digest"]);
    let layer = blob(&manifest["layers"][0]);
    let mut inside = tar::Archive::new(layer.as_slice());
    let owners: Vec<u64> =
        inside.entries().unwrap().map(|entry| entry.unwrap().header().uid().unwrap()).collect();
    assert_eq!(owners, [107, 107], "KubeVirt's QEMU reads it");
    let disk = bench.folder.path().join("oci.qcow2");
    fs::write(&disk, member(&self::members(layer.as_slice()), "disk/web-1.qcow2")).unwrap();
    assert_eq!(bench.imported(&disk).await.content, bench.version.content);
}

#[tokio::test]
async fn a_cancelled_package_leaves_nothing() {
    let Some(bench) = Bench::new().await else { return };
    let tool = ImageTool { launch: &System, qemu_img: &bench.qemu_img };
    for package in Package::ALL {
        let token = CancellationToken::new();
        let request = PackageRequest { package, folder: bench.out(), overwrite: false };
        let stop = token.clone();
        let mut progress = move |_, _, _| stop.cancel();
        let done = bench.library.package(&bench.version, &request, &tool, &token, &mut progress).await;
        let error = done.unwrap_err().to_string();
        assert!(error.contains("cancelled"), "{package}: {error}");
        assert_eq!(files(&bench.out()), Vec::<String>::new(), "{package}");
    }
}

#[tokio::test]
async fn snippets_name_the_exported_file_and_its_digest() {
    let Some(bench) = Bench::new().await else { return };
    let early = snippets(&bench.version, Deploy::TerraformAws).unwrap_err().to_string();
    assert!(early.contains("`goldsmith image export web@1 --format vmdk` first"), "{early}");
    let mut version = bench.version.clone();
    for format in ["qcow2", "vmdk", "vhd", "vagrant-libvirt", "ova"] {
        let path = format!("/srv/it's ${{x}}/web-1.{format}");
        version.life.exports.push(ExportFact {
            path,
            format: format.into(),
            sha256: format!("{format}00"),
            at: None,
        });
    }
    for deploy in Deploy::ALL {
        let made = snippets(&version, deploy).unwrap();
        let text = &made[0].text;
        let shell = made[0].name.ends_with(".sh");
        if !matches!(deploy, Deploy::GithubActions | Deploy::GitlabCi) {
            assert!(text.contains("00"), "{}: the digest\n{text}", deploy.name());
            assert!(text.contains("web@1"), "{}\n{text}", deploy.name());
        } else {
            assert!(text.contains("goldsmith test web --junit"), "{text}");
        }
        if made[0].name.ends_with(".tf") {
            assert!(text.contains("$${x}"), "nothing is filled in: {text}");
            assert_eq!(text.matches('{').count(), text.matches('}').count(), "{text}");
        }
        if shell {
            let file = bench.folder.path().join("s.sh");
            fs::write(&file, text).unwrap();
            assert!(Command::new("sh").arg("-n").arg(&file).status().unwrap().success(), "{text}");
        }
        if made[0].name.ends_with(".xml") {
            let mut reader = quick_xml::Reader::from_str(text);
            while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {}
        }
    }
}
