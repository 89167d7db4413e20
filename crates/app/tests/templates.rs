//! Open templates and the disk: saving, changes by other programs, what survives a crash.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use goldsmith_app::wire::*;
use goldsmith_app::{Core, Env, Setup};
use goldsmith_template::references::{Symbol, SymbolKind};
use goldsmith_template::{AttributeValue, Edit};

const TEMPLATE: &str = "source \"qemu\" \"web\" {\n  memory = 512 # kept\n}\n\nbuild {\n  sources = [\"source.qemu.web\"]\n  provisioner \"shell\" {\n    inline = [\"echo ${var.word}\"]\n  }\n  provisioner \"shell\" {\n    inline = [\"true\"]\n  }\n}\n";

struct Here {
    folder: tempfile::TempDir,
    core: Core,
}

fn core(folder: &Path) -> Core {
    let home = folder.join("home");
    let env = Env::new([("GOLDSMITH_HOME", home.to_str().unwrap()), ("PATH", "/usr/bin")]);
    Core::new(Setup::new(env, folder.to_owned(), Path::new("/nowhere/goldsmith")).unwrap())
}

impl Here {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("t")).unwrap();
        let here = Here { core: core(folder.path()), folder };
        here.put("a.pkr.hcl", TEMPLATE);
        here.put("v.pkr.hcl", "variable \"word\" {\n}\n");
        here.put("x.auto.pkrvars.hcl", "word = \"hello\"\n");
        here
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("t").join(name)
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    async fn open(&self) -> OpenedTemplate {
        let path = self.path("").to_string_lossy().into_owned();
        self.core.open_template(OpenTemplate { path, ..OpenTemplate::default() }).await.unwrap()
    }

    fn kept(&self) -> Vec<PathBuf> {
        let folder = self.folder.path().join("home/state/unsaved");
        std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
    }
}

fn of(opened: &OpenedTemplate) -> OfSession {
    OfSession { session: opened.session.clone() }
}

fn apply(opened: &OpenedTemplate, base: u64, edit: Edit) -> ApplyEdit {
    ApplyEdit { session: opened.session.clone(), base, edit }
}

fn save(opened: &OpenedTemplate) -> Save {
    Save { session: opened.session.clone(), file: None, overwrite: false }
}

fn memory(value: f64) -> Edit {
    Edit::SetAttribute {
        block: "source.qemu.web".into(),
        name: "memory".into(),
        value: AttributeValue::Number(value),
    }
}

#[tokio::test]
async fn saving_keeps_links_and_modes_and_writes_every_file_of_an_edit() {
    let here = Here::new();
    let real = here.folder.path().join("real.pkr.hcl");
    std::fs::rename(here.path("v.pkr.hcl"), &real).unwrap();
    std::os::unix::fs::symlink(&real, here.path("v.pkr.hcl")).unwrap();
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).unwrap();
    let opened = here.open().await;
    let symbol = Symbol::new(SymbolKind::Variable, "word");
    let changed = here
        .core
        .apply_edit(apply(&opened, 0, Edit::Rename { symbol, to: "greeting".into() }))
        .await
        .unwrap();
    assert_eq!(changed.dirty.len(), 3);
    // The file with the value is read as it will be saved: nothing is undeclared or unset meanwhile.
    assert!(
        !changed.diagnostics.iter().any(|d| d.code.starts_with("variable.")),
        "{:?}",
        changed.diagnostics
    );
    assert_eq!(
        here.read("x.auto.pkrvars.hcl"),
        "word = \"hello\"\n",
        "nothing is written before it is saved"
    );
    here.core.save(save(&opened)).await.unwrap();
    assert_eq!(here.read("x.auto.pkrvars.hcl"), "greeting = \"hello\"\n");
    assert_eq!(std::fs::read_to_string(&real).unwrap(), "variable \"greeting\" {\n}\n");
    assert!(here.path("v.pkr.hcl").is_symlink());
    assert_eq!(real.metadata().unwrap().permissions().mode() & 0o777, 0o640);
    here.core.undo(of(&opened)).await.unwrap();
    here.core.save(save(&opened)).await.unwrap();
    assert_eq!(
        (here.read("a.pkr.hcl").as_str(), here.read("x.auto.pkrvars.hcl").as_str()),
        (TEMPLATE, "word = \"hello\"\n")
    );
}

#[tokio::test]
async fn a_script_is_written_with_the_template_and_removed_when_undone() {
    let here = Here::new();
    let opened = here.open().await;
    let edit =
        |file: &str| Edit::MoveScriptToFile { block: "build[0]/provisioner[1]".into(), file: file.into() };
    here.put("there.sh", "precious\n");
    let refused = here.core.apply_edit(apply(&opened, 0, edit("there.sh"))).await.unwrap_err();
    assert_eq!(refused.code, "file_exists");
    let changed = here.core.apply_edit(apply(&opened, 0, edit("scripts/run.sh"))).await.unwrap();
    assert!(changed.files.iter().any(|file| file.ends_with("scripts/run.sh")));
    assert!(!here.path("scripts").exists());
    // Somebody writes a file of that name before it is saved.
    std::fs::create_dir(here.path("scripts")).unwrap();
    here.put("scripts/run.sh", "precious\n");
    assert_eq!(here.core.save(save(&opened)).await.unwrap_err().code, "file_changed");
    std::fs::remove_file(here.path("scripts/run.sh")).unwrap();
    here.core.save(save(&opened)).await.unwrap();
    assert_eq!(here.read("scripts/run.sh"), "#!/bin/sh -e\ntrue\n");
    assert!(here.read("a.pkr.hcl").contains("script = \"${path.root}/scripts/run.sh\""));
    here.core.undo(of(&opened)).await.unwrap();
    here.core.save(save(&opened)).await.unwrap();
    assert!(!here.path("scripts/run.sh").exists());
    assert_eq!(here.read("a.pkr.hcl"), TEMPLATE);
}

#[tokio::test]
async fn changes_of_other_programs_are_taken_in_or_asked_about() {
    let here = Here::new();
    let opened = here.open().await;
    here.core.apply_edit(apply(&opened, 0, memory(1024.0))).await.unwrap();
    here.put("a.pkr.hcl", &TEMPLATE.replace("\"true\"", "\"false\""));
    assert_eq!(here.core.save(save(&opened)).await.unwrap_err().code, "file_changed");
    let merge = here.core.merge_disk(of(&opened)).await.unwrap();
    assert_eq!((merge.merged.len(), merge.conflicts.len(), merge.changed.patches.len()), (1, 0, 1));
    here.core.save(save(&opened)).await.unwrap();
    let both = TEMPLATE.replace("\"true\"", "\"false\"").replace("512", "1024");
    assert_eq!(here.read("a.pkr.hcl"), both);

    let state = here.core.apply_edit(apply(&opened, 2, memory(1.0))).await.unwrap();
    let theirs = both.replace("1024", "2");
    here.put("a.pkr.hcl", &theirs);
    let merge = here.core.merge_disk(of(&opened)).await.unwrap();
    let [conflict] = merge.conflicts.as_slice() else { panic!("{merge:?}") };
    assert!(conflict.difference.contains("-  memory = 2 # kept\n+  memory = 1 # kept"));
    assert_eq!(merge.changed.revision, state.revision, "nothing was changed unasked");
    let resolve = |keep| ResolveDisk { session: opened.session.clone(), file: conflict.file.clone(), keep };
    here.core.resolve_disk(resolve(Keep::Theirs)).await.unwrap();
    let shown = here.core.template_state(of(&opened)).await.unwrap();
    assert_eq!((shown.documents[0].text.as_str(), shown.dirty.len()), (theirs.as_str(), 0));
    here.core.undo(of(&opened)).await.unwrap();
    here.put("a.pkr.hcl", &both.replace("1024", "3"));
    assert_eq!(here.core.merge_disk(of(&opened)).await.unwrap().conflicts.len(), 1);
    here.core.resolve_disk(resolve(Keep::Mine)).await.unwrap();
    here.core.save(save(&opened)).await.unwrap();
    assert_eq!(here.read("a.pkr.hcl"), both.replace("1024", "1"));

    // Deleted: nothing is lost, and saving writes it again.
    std::fs::remove_file(here.path("a.pkr.hcl")).unwrap();
    let merge = here.core.merge_disk(of(&opened)).await.unwrap();
    assert!(merge.conflicts[0].deleted);
    assert_eq!(here.core.resolve_disk(resolve(Keep::Theirs)).await.unwrap_err().code, "file_gone");
    here.core.resolve_disk(resolve(Keep::Mine)).await.unwrap();
    here.core.save(save(&opened)).await.unwrap();
    assert_eq!(here.read("a.pkr.hcl"), both.replace("1024", "1"));
}

#[tokio::test]
async fn unsaved_changes_survive_a_crash_and_nothing_else_does() {
    let here = Here::new();
    let opened = here.open().await;
    assert_eq!(opened.recovery, None);
    here.core.apply_edit(apply(&opened, 0, memory(1024.0))).await.unwrap();
    // The watch over the files keeps the texts; a change of another program makes it speak.
    let watched =
        |opened: &OpenedTemplate| here.core.subscribe(&format!("template/{}", opened.session), 0).unwrap();
    here.put("v.pkr.hcl", "variable \"word\" {\n  default = \"\"\n}\n");
    watched(&opened).next().await.unwrap();
    let [kept] = here.kept().try_into().unwrap();
    assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o777, 0o600);

    // Another program starts after the crash, and the file has changed elsewhere meanwhile.
    here.put("a.pkr.hcl", &TEMPLATE.replace("\"true\"", "\"false\""));
    let later = Here { core: core(here.folder.path()), folder: here.folder };
    let again = later.open().await;
    let recovery = again.recovery.clone().unwrap();
    assert_eq!(recovery.files.len(), 1);
    let recover =
        |opened: &OpenedTemplate, restore| RecoverTemplate { session: opened.session.clone(), restore };
    let changed = later.core.recover_template(recover(&again, true)).await.unwrap();
    assert_eq!(changed.dirty.len(), 1);
    let text = later.core.template_state(of(&again)).await.unwrap().documents[0].text.clone();
    assert_eq!(text, TEMPLATE.replace("\"true\"", "\"false\"").replace("512", "1024"));
    later.core.save(save(&again)).await.unwrap();
    assert!(later.kept().is_empty(), "what is saved needs no keeping");
    assert_eq!(later.open().await.recovery, None);

    // Closed without saving is closed without saving.
    later.core.apply_edit(apply(&again, changed.revision, memory(7.0))).await.unwrap();
    later.put("v.pkr.hcl", "variable \"word\" {\n}\n");
    later.core.subscribe(&format!("template/{}", again.session), 0).unwrap().next().await.unwrap();
    assert_eq!(later.kept().len(), 1);
    later.core.close_template(of(&again)).await.unwrap();
    assert!(later.kept().is_empty());
}

#[tokio::test]
async fn a_window_works_in_the_folder_of_the_template() {
    let here = Here::new();
    let cwd = async |core: &Core, path: &Path| {
        let path = path.to_string_lossy().into_owned();
        let opened = core.open_template(OpenTemplate { path, ..OpenTemplate::default() }).await.unwrap();
        let expression = "path.cwd".to_owned();
        core.evaluate(Evaluate { session: opened.session, expression }).await.unwrap().text.unwrap()
    };
    let folder = here.path("").parent().unwrap().join("t");
    let started = here.folder.path().to_string_lossy().into_owned();
    assert_eq!(cwd(&here.core, &folder).await, started);

    let window = Core::new(here.core.setup().clone().at_template());
    let own = folder.to_string_lossy().into_owned();
    assert_eq!(cwd(&window, &folder).await, own);
    assert_eq!(cwd(&window, &here.path("a.pkr.hcl")).await, own);
    assert_eq!(cwd(&window, Path::new("t/a.pkr.hcl")).await, own);
}
