use super::*;
use crate::{Inputs, MemoryFiles, Project};
use std::path::Path;

const TEMPLATE: &str = r#"variable "disk" {
  type        = string
  default     = "8G"
  description = "How large the disk is."
}
variable "key" {
  default   = "hunter2"
  sensitive = true
}
locals {
  tags = { owner = "ops", size = upper(var.disk) }
}
source "qemu" "web" {
  disk_size = var.disk
  ssh_password = var.key
}
build {
  sources = ["source.qemu.web"]
  provisioner "shell" {
    inline = ["echo ${var.disk} ${build.Host}"]
  }
}
"#;

/// A project with one file, `|` in whose text is the cursor; the file's name decides its language.
struct Case {
    project: Project,
    files: MemoryFiles,
    inputs: Inputs,
    at: u32,
}

fn case(name: &str, text: &str) -> Case {
    let at = text.find('|').expect("a cursor");
    let path = Path::new("/t").join(name);
    let files = MemoryFiles::new().with(&path, text.replacen('|', "", 1));
    let project = Project::open(&files, &path).unwrap();
    Case { project, files, inputs: Inputs::harmless("/t"), at: at as u32 }
}

impl Case {
    fn editor(&self) -> Editor<'_> {
        Editor::new(&self.project, &self.files, &self.inputs)
    }
}

fn complete(name: &str, text: &str) -> Vec<CompletionItem> {
    let case = case(name, text);
    case.editor().complete(FileId(0), case.at).unwrap().items
}

fn labels(name: &str, text: &str) -> Vec<String> {
    complete(name, text).into_iter().map(|item| item.label).collect()
}

#[track_caller]
fn has(name: &str, text: &str, wanted: &[&str], not: &[&str]) {
    let labels = labels(name, text);
    for wanted in wanted {
        assert!(labels.iter().any(|label| label == wanted), "{wanted} is missing in {labels:?}");
    }
    for not in not {
        assert!(!labels.iter().any(|label| label == not), "{not} does not belong into {labels:?}");
    }
}

fn with(more: &str) -> String {
    format!("{TEMPLATE}{more}")
}

#[test]
fn blocks_options_and_labels() {
    has("a.pkr.hcl", "|", &["source", "build", "variable", "locals"], &["provisioner", "memory"]);
    has("a.pkr.hcl", "build {\n  |\n}", &["provisioner", "sources", "post-processors"], &["variable"]);
    has(
        "a.pkr.hcl",
        "source \"qemu\" \"a\" {\n  memory = 1\n  |\n}",
        &["disk_size", "ssh_username", "qemu_img_args"],
        &["memory", "inline"],
    );
    has("a.pkr.hcl", "build {\n  provisioner \"|\" {\n  }\n}", &["shell", "file"], &["qemu", "checksum"]);
    has("a.pkr.hcl", "source \"|\"", &["qemu", "null"], &["shell"]);
    has(
        "a.pkr.hcl",
        "source \"qemu\" \"a\" {\n  qemu_img_args {\n    |\n  }\n}",
        &["create", "convert"],
        &["memory"],
    );
    let memory = complete("a.pkr.hcl", "source \"qemu\" \"a\" {\n  mem|\n}");
    let memory = memory.iter().find(|item| item.label == "memory").unwrap();
    assert!(memory.insert.starts_with("memory = ${1"), "{}", memory.insert);
    assert!(memory.note.as_ref().unwrap().markdown().contains("**`memory`**"));
    assert!(memory.detail.as_ref().unwrap().contains("default"));
}

#[test]
fn values_and_names() {
    has(
        "a.pkr.hcl",
        "source \"qemu\" \"a\" {\n  format = |\n}",
        &["qcow2", "raw", "var", "upper"],
        &["shell"],
    );
    has("a.pkr.hcl", "source \"qemu\" \"a\" {\n  format = \"|\"\n}", &["qcow2", "raw"], &["var"]);
    has("a.pkr.hcl", "source \"qemu\" \"a\" {\n  headless = |\n}", &["true", "false"], &[]);
    has("a.pkr.hcl", &with("locals {\n x = var.|\n}"), &["disk", "key"], &["tags"]);
    has("a.pkr.hcl", &with("locals {\n x = \"a ${local.|}\"\n}"), &["tags", "x"], &["disk"]);
    has("a.pkr.hcl", &with("locals {\n x = local.tags.|\n}"), &["owner", "size"], &[]);
    has("a.pkr.hcl", &with("build {\n sources = [\"|\"]\n}"), &["source.qemu.web"], &[]);
    has(
        "a.pkr.hcl",
        "build {\n provisioner \"shell\" {\n  inline = [build.|]\n }\n}",
        &["Host", "name"],
        &[],
    );
    has("a.pkr.hcl", "variable \"x\" {\n  type = |\n}", &["string", "list(string)"], &["upper"]);
    has("a.pkr.hcl", "locals {\n  x = [for a, b in var.m : |]\n}", &["a", "b"], &[]);
    has("a.pkr.hcl", "x = 1 # |", &[], &["var", "source"]);
    // A secret is not shown beside its name.
    let items = complete("a.pkr.hcl", &with("locals {\n x = var.|\n}"));
    let shown = serde_json::to_string(&items).unwrap();
    assert!(shown.contains("8G") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn go_templates_in_strings() {
    let step = |text: &str| format!("build {{\n provisioner \"shell\" {{\n  {text}\n }}\n}}");
    has("a.pkr.hcl", &step("execute_command = \"{{ .|\""), &["Path", "Vars"], &["HTTPIP"]);
    has("a.pkr.hcl", &step("execute_command = \"{{ |\""), &[".Path", "timestamp", "isotime"], &["user"]);
    let legacy = |text: &str| {
        format!("{{\"variables\": {{\"iso\": \"a\"}}, \"builders\": [{{\"type\": \"qemu\", {text}}}]}}")
    };
    has("a.json", &legacy("\"iso_url\": \"{{user `|`}}\""), &["iso"], &[]);
    has("a.json", &legacy("\"iso_url\": \"{{us|"), &["user"], &[]);
}

#[test]
fn json_documents() {
    has("a.json", "{\"|\"", &["builders", "provisioners", "variables"], &["build"]);
    has(
        "a.json",
        "{\"builders\": [{\"type\": \"qemu\", \"|\"}]}",
        &["disk_size", "name"],
        &["inline", "type"],
    );
    has("a.json", "{\"builders\": [{\"type\": \"|\"}]}", &["qemu"], &["shell"]);
    has("a.json", "{\"provisioners\": [{\"type\": \"|\"}]}", &["shell"], &["qemu"]);
    has("a.json", "{\"builders\": [{\"format\": \"|\", \"type\": \"qemu\"}]}", &["raw"], &[]);
    has("a.pkr.json", "{\"source\": {\"|\"", &["qemu"], &["source"]);
    has("a.pkr.json", "{\"source\": {\"qemu\": {\"a\": {|}}}}", &["disk_size"], &["source"]);
    has("a.pkr.json", "{\"variable\": {\"d\": {}}, \"locals\": {\"x\": \"${var.|}\"}}", &["d"], &[]);
    let item = complete("a.pkr.json", "{\"source\": {\"qemu\": {\"a\": {|}}}}");
    assert!(item.iter().any(|item| item.insert.starts_with("\"headless\": ")));
}

fn hover(name: &str, text: &str) -> Option<Hover> {
    let case = case(name, text);
    case.editor().hover(FileId(0), case.at)
}

#[test]
fn hover_tells_options_variables_functions_and_values() {
    let at =
        |from: &str, to: &str| hover("a.pkr.hcl", &TEMPLATE.replacen(from, to, 1)).map(|hover| hover.note);
    let option = at("disk_size = var.disk", "disk_|size = var.disk").unwrap();
    assert!(option.detail.as_ref().unwrap().contains("size"), "{option:?}");
    assert_eq!(option.value.as_deref(), Some("8G"));
    let variable = at("disk_size = var.disk", "disk_size = var.di|sk").unwrap();
    assert_eq!(variable.title, "var.disk");
    assert_eq!(variable.text, ["How large the disk is."]);
    assert_eq!(variable.value.as_deref(), Some("8G"));
    assert_eq!(variable.declared.unwrap().line, 1);
    let function = at("upper(var", "up|per(var").unwrap();
    assert_eq!(function.title, "upper(string)");
    assert_eq!(function.value.as_deref(), Some("8G"));
    let secret = at("= var.key", "= var.k|ey").unwrap();
    assert_eq!(secret.value.as_deref(), Some("<sensitive>"));
    assert!(!format!("{:?}", at("ssh_password", "ssh_pass|word")).contains("hunter2"));
    assert!(at("source \"qemu\"", "source \"qe|mu\"").unwrap().text[0].contains("QEMU"));
    assert!(at("build {", "bu|ild {").is_some());
    assert!(hover("a.pkr.hcl", "x = 1 # no|thing").is_none());
    let go =
        hover("a.json", "{\"builders\": [{\"type\": \"qemu\", \"vm_name\": \"{{time|stamp}}\"}]}").unwrap();
    assert!(go.note.text[0].contains("1970"));
    let hidden = hover(
        "a.json",
        "{\"variables\": {\"p\": \"hunter2\"}, \"sensitive-variables\": [\"p\"], \"builders\": [{\"type\": \"qemu\", \"ssh_password\": \"{{user `|p`}}\"}]}",
    );
    assert_eq!(hidden.unwrap().note.value.as_deref(), Some("<sensitive>"));
}

#[test]
fn signatures_follow_the_argument() {
    let signature = |text: &str| {
        let case = case("a.pkr.hcl", text);
        case.editor().signature(FileId(0), case.at)
    };
    let join = signature("locals {\n x = join(\",\", |)\n}").unwrap();
    assert!(join.label.starts_with("join("), "{}", join.label);
    assert_eq!(join.active, Some(1));
    let (from, to) = join.parameters[0];
    assert_eq!(&join.label[from as usize..to as usize], "string");
    assert!(join.help.is_some());
    assert_eq!(signature("locals {\n x = upper(\"a\")|\n}"), None);
    assert!(signature("locals {\n x = nosuch(|)\n}").is_none());
}

#[test]
fn declarations_and_uses() {
    let case = case("a.pkr.hcl", &TEMPLATE.replacen("disk_size = var.disk", "disk_size = var.di|sk", 1));
    let editor = case.editor();
    let places = editor.definition(FileId(0), case.at);
    assert_eq!(places.len(), 1);
    assert_eq!((places[0].line, places[0].column), (1, 11));
    let usages = editor.usages(FileId(0), case.at);
    assert_eq!(usages.iter().map(|usage| usage.place.line).collect::<Vec<_>>(), [1, 11, 14, 20]);
    assert!(usages[0].declaration && !usages[1].declaration);
    let (symbol, place) = editor.symbol_at(FileId(0), case.at).unwrap();
    assert_eq!(symbol.name, "disk");
    assert_eq!(case.project.documents()[0].text()[place.start as usize..place.end as usize], *"disk");
}

#[test]
fn symbols_folds_and_colours() {
    let case = case("a.pkr.hcl", &format!("# one\n# two\n{TEMPLATE}|"));
    let editor = case.editor();
    let symbols = editor.symbols(FileId(0));
    let names: Vec<&str> = symbols.iter().map(|symbol| symbol.name.as_str()).collect();
    assert_eq!(names, ["disk", "key", "locals", "qemu.web", "build"]);
    assert_eq!(symbols[2].children[0].name, "tags");
    assert_eq!(symbols[4].children[0].role, SymbolRole::Step);
    let folds = editor.folds(FileId(0));
    assert_eq!(folds[0], Fold { line: 1, end_line: 2, kind: FoldKind::Comment });
    assert!(folds.contains(&Fold { line: 3, end_line: 6, kind: FoldKind::Region }));
    let text = case.project.documents()[0].text();
    let colours = editor.colours(FileId(0));
    assert!(colours.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start));
    let colour = |word: &str| {
        let at = text.find(word).unwrap() as u32;
        colours.iter().find(|one| one.span.start == at).map(|one| one.colour)
    };
    assert_eq!(colour("variable"), Some(Colour::Block));
    assert_eq!(colour("upper"), Some(Colour::Function));
    assert_eq!(colour("default"), Some(Colour::Property));
    assert_eq!(colour("# one"), Some(Colour::Comment));
}

#[test]
fn a_field_of_the_form_is_completed() {
    let case = case("a.pkr.hcl", &format!("{TEMPLATE}|"));
    let editor = case.editor();
    let labels = |block: &str, name: &str, text: &str| {
        let (start, items) = editor.complete_value(block, name, text, text.len() as u32).unwrap();
        (start, items.into_iter().map(|item| item.label).collect::<Vec<_>>())
    };
    assert_eq!(
        labels("source.qemu.web", "disk_size", "var.di"),
        (4, vec!["disk".to_owned(), "key".to_owned()])
    );
    assert!(labels("source.qemu.web", "format", "").1.contains(&"qcow2".to_owned()));
    assert!(labels("build[0]/provisioner[0]", "inline", "[build.").1.contains(&"Host".to_owned()));
    assert_eq!(editor.complete_value("source.qemu.none", "x", "", 0), None);
}

/// Whatever the text and wherever the cursor, every question is answered without a panic.
#[test]
fn broken_text_is_answered() {
    let texts = [
        (
            "a.pkr.hcl",
            "source \"qemu\" \"ü\" {\n  x = \"${var.\n y = [1, {a = \nlocals {\r\n z = <<E\n {{ . \nE\n",
        ),
        ("a.pkr.json", "{\"source\": {\"qemu\": {\"ä\": {\"x\": \"${join(\", \"y\": ["),
        ("a.json", "{\"builders\": [{\"type\": \"qemu\", \"a\": \"{{user `"),
        ("a.pkrvars.hcl", "x = \ny"),
    ];
    for (name, text) in texts {
        let case = case(name, &format!("{text}|"));
        let editor = case.editor();
        for offset in 0..=text.len() as u32 + 1 {
            editor.complete(FileId(0), offset);
            editor.hover(FileId(0), offset);
            editor.signature(FileId(0), offset);
            editor.usages(FileId(0), offset);
        }
        editor.symbols(FileId(0));
        editor.folds(FileId(0));
        editor.colours(FileId(0));
    }
}
