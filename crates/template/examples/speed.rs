//! How fast templates are read and checked, for `npm run bench`: `speed [CORPUS]`. Prints one JSON object; times in
//! milliseconds, medians of many rounds, on one thread.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement, not a part"
)]
#![allow(clippy::disallowed_methods, reason = "it reads files of the corpus")]

use std::path::{Path, PathBuf};
use std::time::Instant;

use goldsmith_template::services::Editor;
use goldsmith_template::{Edit, EditRange, Files, Inputs, MemoryFiles, Project, analyze};

/// A template of about that many bytes as people write them: variables, locals, sources, builds with steps.
fn template(bytes: usize) -> String {
    let mut text = String::from("locals {\n  stamp = formatdate(\"YYYYMMDD\", timestamp())\n}\n\n");
    let mut number = 0;
    while text.len() < bytes {
        text.push_str(&format!(
            "# The image number {number}.\nvariable \"size_{number}\" {{\n  type        = string\n  default     = \"{number}G\"\n  description = \"How large it is.\"\n}}\n\n\
             source \"qemu\" \"web_{number}\" {{\n  iso_url          = \"https://example.org/images/${{var.size_{number}}}/disk.qcow2\"\n  iso_checksum     = \"none\"\n  disk_image       = true\n  disk_size        = var.size_{number}\n  memory           = 2048 # enough\n  output_directory = \"output/web-{number}-${{local.stamp}}\"\n  ssh_username     = \"packer\"\n  ssh_timeout      = \"10m\"\n  shutdown_command = \"sudo poweroff\"\n  boot_command     = [\"<esc><wait>\", \"auto url=http://{{{{ .HTTPIP }}}}:{{{{ .HTTPPort }}}}/preseed.cfg<enter>\"]\n}}\n\n\
             build {{\n  name    = \"build_{number}\"\n  sources = [\"source.qemu.web_{number}\"]\n\n  provisioner \"shell\" {{\n    inline = [\"echo ${{upper(var.size_{number})}}\", \"apt-get update\", \"apt-get install --yes nginx\"]\n  }}\n\n  post-processor \"checksum\" {{\n    checksum_types = [\"sha256\"]\n    output         = \"output/{{{{.BuildName}}}}.{{{{.ChecksumType}}}}\"\n  }}\n}}\n\n"
        ));
        number += 1;
    }
    text
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn milliseconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1000.0
}

/// The disk, as the corpus is read.
struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        std::fs::read(path)
    }
    fn list(&self, path: &Path) -> std::io::Result<Vec<PathBuf>> {
        std::fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect()
    }
    fn is_dir(&self, path: &Path) -> bool {
        path.is_dir()
    }
    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }
}

fn main() {
    let inputs = Inputs::harmless("/templates");
    let path = Path::new("/templates/speed.pkr.hcl");
    let small = MemoryFiles::new().with(path, template(20_000));
    let open = (0..60).map(|_| {
        milliseconds(|| {
            let project = Project::open(&small, path).unwrap();
            let analysis = analyze(&project, &small, &inputs);
            assert!(analysis.config.is_some(), "the template is valid: {:?}", analysis.diagnostics.first());
        })
    });
    let open = median(open.collect());

    // A letter typed in the middle of a file of 60 KB, up to fresh problems and outline.
    let files = MemoryFiles::new().with(path, template(60_000));
    let mut project = Project::open(&files, path).unwrap();
    let text = project.documents()[0].text();
    let at = (text.len() / 2 + text[text.len() / 2..].find("# enough").unwrap() + 8) as u32;
    let mut parts = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    let mut worst: f64 = 0.0;
    for round in 0..60 {
        let edit = Edit::ReplaceText {
            file: path.to_string_lossy().into_owned(),
            range: EditRange::Bytes { start: at + round, end: at + round },
            text: "x".to_owned(),
        };
        let base = project.revision();
        let mut diagnostics = Vec::new();
        let typed = milliseconds(|| drop(project.apply(base, &edit).unwrap()));
        let checked = milliseconds(|| diagnostics = analyze(&project, &files, &inputs).diagnostics);
        let outlined = milliseconds(|| drop(project.outline_with(&diagnostics)));
        let completed = milliseconds(|| {
            let editor = Editor::new(&project, &files, &inputs);
            drop(editor.complete(goldsmith_template::syntax::FileId(0), at));
        });
        worst = worst.max(typed + checked + outlined);
        for (list, value) in parts.iter_mut().zip([typed, checked, outlined, completed]) {
            list.push(value);
        }
    }
    let [typed, checked, outlined, completed] = parts.map(median);

    let mut corpus = serde_json::Value::Null;
    if let Some(folder) = std::env::args().nth(1) {
        let mut paths = Vec::new();
        collect(Path::new(&folder), &mut paths);
        paths.sort();
        let mut slowest = (0.0, PathBuf::new());
        let mut bytes = 0;
        let all = milliseconds(|| {
            for path in &paths {
                let took = milliseconds(|| {
                    if let Ok(project) = Project::open(&Disk, path) {
                        bytes +=
                            project.documents().iter().map(|document| document.bytes().len()).sum::<usize>();
                        drop(analyze(&project, &Disk, &inputs));
                    }
                });
                if took > slowest.0 {
                    slowest = (took, path.clone());
                }
            }
        });
        corpus = serde_json::json!({
            "files": paths.len(), "bytes": bytes, "total_ms": all,
            "slowest_ms": slowest.0, "slowest": slowest.1.file_name().map(|name| name.to_string_lossy().into_owned()),
        });
    }
    println!(
        "{}",
        serde_json::json!({
            "open_validate_20k_ms": open,
            "keystroke_60k_ms": typed + checked + outlined,
            "keystroke_60k_worst_ms": worst,
            "keystroke_parts_ms": { "edit": typed, "check": checked, "outline": outlined },
            "completion_60k_ms": completed,
            "corpus": corpus,
        })
    );
}

/// The templates of a folder: each file on its own.
fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = path.to_string_lossy();
        if path.is_dir() {
            collect(&path, paths);
        } else if name.ends_with(".pkr.hcl") || name.ends_with(".pkr.json") || name.ends_with(".json") {
            paths.push(path);
        }
    }
}
