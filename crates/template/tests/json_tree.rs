//! JSON documents: tokens tile any text, mistakes are named where they are, and what follows them is still read.
#![allow(clippy::unwrap_used)] // helpers of tests may fail loudly

use goldsmith_template::document::Document;
use goldsmith_template::json::{self, lexer};
use goldsmith_template::syntax::FileId;
use proptest::prelude::*;

fn document(name: &str, text: &str) -> Document {
    Document::new(FileId(0), name, text.as_bytes().to_vec())
}

fn codes(text: &str) -> Vec<String> {
    document("t.json", text).diagnostics().iter().map(|d| format!("{} {:?}", d.code, d.excerpt)).collect()
}

fn fragments() -> impl Strategy<Value = String> {
    let fragment = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"a\"",
        "\"",
        "\\",
        "\\u00",
        "\\ud83d\\ude00",
        "1",
        "-",
        "1e",
        "true",
        "nul",
        " ",
        "\r\n",
        "\t",
        "//x",
        "/*",
        "#",
        "\u{feff}",
        "ü",
        "\"builders\":",
        "\"type\"",
        "\"${a\"",
        "\"variable\":",
        "\"source\":{",
        "\"post-processors\":[",
    ]);
    prop::collection::vec(fragment, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn tokens_tile_any_text(text in "\\PC*") {
        tiles(&text)?;
    }

    #[test]
    fn tokens_tile_fragments_and_nothing_panics(text in fragments()) {
        tiles(&text)?;
        for name in ["t.json", "t.pkr.json", "t.pkrvars.json"] {
            let document = document(name, &text);
            for diagnostic in document.diagnostics() {
                let place = diagnostic.place.as_ref().unwrap();
                prop_assert!(place.start <= place.end && place.end as usize <= text.len(), "{diagnostic}");
            }
        }
        // What is read without an error is what another reader reads.
        if json::parse(FileId(0), &text).errors.is_empty() {
            let plain = text.trim_start_matches('\u{feff}');
            prop_assert!(serde_json::from_str::<serde_json::Value>(plain).is_ok(), "{text}");
        }
    }
}

fn tiles(text: &str) -> Result<(), TestCaseError> {
    let mut end = 0;
    for token in lexer::tokens(text) {
        prop_assert_eq!(token.start, end);
        prop_assert!(token.end > token.start);
        end = token.end;
    }
    prop_assert_eq!(end as usize, text.len());
    Ok(())
}

#[test]
fn mistakes_are_named_where_they_are() {
    for (text, expected) in [
        (r#"{"description": "a" "push": 1}"#, "json.comma"),
        (r#"{"description": "a",}"#, "json.trailing-comma"),
        (r#"{"description" "a"}"#, "json.colon"),
        (r#"{"description": }"#, "json.missing-value"),
        (r#"{"description": yes}"#, "json.word"),
        (r#"{description: "yes"}"#, "json.word"),
        (r#"{"description": "a", "description": "b"}"#, "json.duplicate-key"),
        ("{\"description\": \"a\n}", "json.unclosed-string"),
        (r#"{"description": "\d"}"#, "json.escape"),
        (r#"{"description": 01}"#, "json.number"),
        (r#"{"builders": [{"type": "null"}}"#, "json.unclosed"),
        (r#"{"description": "a"}}"#, "json.trailing"),
        ("// remark\n{}", "json.comment"),
        ("", "json.empty"),
        ("[]", "json.object"),
        (r#"{"builders": {}}"#, "json.block"),
        (r#"{"builders": [{}]}"#, "component.no-type"),
    ] {
        let found = codes(text);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{text}: {found:?}");
    }
    assert!(codes("\u{feff}{\"builders\": [], \"_comment\": \"x\"}\n\n").is_empty());
}

#[test]
fn what_follows_a_mistake_is_still_read() {
    let text =
        r#"{"builders": [{"type": "qemu" "iso_url": x, "memory": 512], "provisioners": [{"type": "shell"}]}"#;
    let document = document("t.json", text);
    let kinds: Vec<_> = document.body().blocks().map(|block| block.kind.name.to_string()).collect();
    assert_eq!(kinds, ["source", "build"]);
    let source = document.body().blocks().next().unwrap();
    assert_eq!((source.label(0), source.label(1)), (Some("qemu"), Some("qemu")));
    assert!(source.body.attribute("memory").is_some());
    let build = document.body().blocks().nth(1).unwrap();
    assert_eq!(build.body.blocks().next().unwrap().label(0), Some("shell"));
}

#[test]
fn hcl_in_json_has_the_blocks_of_its_schema() {
    let text = r#"{
  "//": "a comment",
  "variable": {"name": {"type": "list(string)", "default": ["a"]}},
  "source": {"qemu": {"a": {"qemu_img_args": {"create": ["x"]}, "vnc_bind_address": "${var.name[0]}"}}},
  "build": [{"sources": ["source.qemu.a"],
    "provisioner": [{"shell": {"inline": ["true"]}}, {"file": [{"source": "a"}, {"source": "b"}]}]}]
}"#;
    let document = document("t.pkr.json", text);
    assert!(document.diagnostics().is_empty(), "{:?}", document.diagnostics());
    let ids: Vec<_> =
        goldsmith_template::blocks::all(std::slice::from_ref(&document)).into_iter().map(|b| b.id).collect();
    assert_eq!(
        ids,
        [
            "variable.name",
            "source.qemu.a",
            "source.qemu.a/qemu_img_args[0]",
            "build[0]",
            "build[0]/provisioner[0]",
            "build[0]/provisioner[1]",
            "build[0]/provisioner[2]"
        ]
    );
}

#[test]
fn ten_thousand_levels_are_an_error_and_no_crash() {
    for open in ["[", "{\"a\":"] {
        let found = codes(&format!("{{\"push\":{}", open.repeat(10_000)));
        assert!(found.iter().any(|code| code.starts_with("json.too-deep")), "{found:?}");
    }
}
