//! Any edit of any template, and what holds for every text.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use goldsmith_template::blocks;
use goldsmith_template::edit::{AttributeValue as V, Destination, Edit, EditRange};
use goldsmith_template::json::lexer as json_lexer;
use goldsmith_template::syntax::lexer;
use goldsmith_template::{Document, Project};

pub const OWN: &str = "# Header.\nvariable \"size\" {\n  default = \"8G\" # kept\n}\n\nsource \"qemu\" \"web\" {\n  disk_size    = var.size\n  memory       = 512   // odd\n  boot_command = [\n    \"<esc>\", # first\n    \"linux<enter>\"\n  ]\n}\n\nbuild {\n  sources = [\"source.qemu.web\"]\n\n  # One.\n  provisioner \"shell\" {\n    inline = [\"a\", \"b\"]\n  }\n  provisioner \"file\" {\n    source      = \"x\"\n    destination = \"/tmp/x\"\n  }\n\n  post-processor \"checksum\" {\n    checksum_types = [\"sha256\", \"md5\"]\n  }\n}\n";

pub const OWN_JSON: &str = "{\n  \"variables\": {\n    \"size\": \"8G\"\n  },\n  \"builders\": [\n    {\n      \"type\": \"qemu\",\n      \"disk_size\": \"{{user `size`}}\",\n      \"boot_command\": [\"<esc>\", \"linux<enter>\"]\n    }\n  ],\n  \"provisioners\": [\n    {\"type\": \"shell\", \"inline\": [\"a\", \"b\"]},\n    {\n      \"type\": \"file\",\n      \"source\": \"x\",\n      \"destination\": \"/tmp/x\"\n    }\n  ],\n  \"post-processors\": [\"compress\", {\"type\": \"checksum\", \"output\": \"x\"}]\n}\n";

/// The tree covers the text without gap or overlap, and every block is where it says.
pub fn assert_exact(document: &Document) {
    let text = document.text();
    let mut at = 0;
    if document.language().is_json() {
        for token in json_lexer::tokens(text) {
            assert_eq!(token.start, at);
            at = token.end;
        }
    } else {
        for token in lexer::tokens(text) {
            assert_eq!(token.start, at);
            at = token.end;
        }
        assert_eq!(document.parse().syntax().text().to_string(), text);
    }
    assert_eq!(at as usize, text.len());
    for found in blocks::all(std::slice::from_ref(document)) {
        let span = found.block.span;
        assert!(span.start <= span.end && span.end as usize <= text.len());
        if !document.language().is_json() {
            assert!(document.slice(span).starts_with(found.block.kind.as_str()), "{}", found.id);
            assert!(document.slice(span).ends_with('}'), "{}", found.id);
        }
    }
}

pub fn assert_exact_or_broken(document: &Document) {
    if document.diagnostics().is_empty() {
        assert_exact(document);
    } else if !document.language().is_json() {
        assert_eq!(document.parse().syntax().text().to_string(), document.text());
    }
}

/// One of the operations, with what it is about chosen by numbers.
pub fn any_edit(project: &Project, kind: u8, a: usize, b: usize, word: &str) -> Option<Edit> {
    let document = project.documents().first()?;
    let mut ids: Vec<String> = blocks::all(project.documents()).into_iter().map(|found| found.id).collect();
    ids.extend(goldsmith_template::disabled::blocks(project.documents()).into_iter().map(|found| found.id));
    let block = ids.get(a % ids.len().max(1))?.clone();
    let other = ids.get(b % ids.len().max(1))?.clone();
    let names: Vec<String> = project
        .block(&block)
        .map(|found| found.block.body.attributes().map(|attribute| attribute.name.name.to_string()).collect())
        .unwrap_or_default();
    let name = names.get(b % names.len().max(1)).cloned().unwrap_or_else(|| "fresh".to_owned());
    let value = match a % 4 {
        0 => V::String(word.to_owned()),
        1 => V::List(vec![V::String(word.to_owned()), V::Number(1.0)]),
        2 => V::Bool(true),
        _ => V::Number(7.0),
    };
    Some(match kind {
        0 => Edit::SetAttribute { block, name, value },
        1 => Edit::UnsetAttribute { block, name },
        2 => Edit::RenameAttribute { block, name, to: "other_name".into() },
        3 => Edit::DisableAttribute { block, name },
        4 => Edit::EnableAttribute { block, name },
        5 => Edit::DisableBlock { block },
        6 => Edit::EnableBlock { block: ids.iter().rev().find(|id| id.contains("disabled["))?.clone() },
        7 => Edit::DuplicateBlock { block },
        8 => Edit::RemoveBlock { block },
        9 => Edit::MoveBlock {
            block,
            to: if a.is_multiple_of(2) { Destination::Before(other) } else { Destination::After(other) },
        },
        10 => Edit::SetElement { block, name, index: b % 3, value },
        11 => Edit::InsertElement { block, name, index: b % 3, value },
        12 => Edit::RemoveElement { block, name, index: b % 3 },
        13 => Edit::MoveElement { block, name, index: a % 3, to: b % 3 },
        14 => {
            let references = project.references();
            let all: Vec<_> = references.iter().collect();
            let symbol = all.get(a % all.len().max(1))?.symbol.clone();
            Edit::Rename { symbol, to: format!("name{}", b % 5) }
        }
        15 => Edit::ExtractVariable { block, name, index: None, variable: format!("var{}", b % 5) },
        16 => Edit::MoveScriptToFile { block, file: format!("s{}.sh", b % 3) },
        17 => Edit::SetLabel { block, index: b % 2, label: "label".into() },
        18 => Edit::AddBlock {
            parent: None,
            kind: "source".into(),
            labels: vec!["null".into(), format!("n{b}")],
            attributes: vec![("a".into(), value)],
            after: None,
        },
        _ => {
            let mut at = b % (document.text().len() + 1);
            while !document.text().is_char_boundary(at) {
                at -= 1;
            }
            let range = EditRange::Bytes { start: at as u32, end: at as u32 };
            Edit::ReplaceText { file: document.name().to_owned(), range, text: word.to_owned() }
        }
    })
}
