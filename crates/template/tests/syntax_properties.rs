//! What holds for any text: tokens tile it, nothing panics, nothing overflows the stack.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers of tests may fail loudly

use goldsmith_template::document::Document;
use goldsmith_template::syntax::{self, FileId, SyntaxElement, lexer};
use proptest::prelude::*;

/// The spans of tokens and of tree leaves both cover the text without gap or overlap.
fn assert_tiles(text: &str) {
    let mut at = 0;
    for token in lexer::tokens(text) {
        assert_eq!(token.start, at);
        assert!(token.end > token.start, "empty token at {at} in {text:?}");
        at = token.end;
    }
    assert_eq!(at as usize, text.len());
    let parse = syntax::parse(text);
    let mut at = 0;
    for element in parse.syntax().descendants_with_tokens() {
        if let SyntaxElement::Token(token) = element {
            assert_eq!(u32::from(token.text_range().start()), at);
            at = token.text_range().end().into();
        }
    }
    assert_eq!(at as usize, text.len());
    assert_eq!(parse.syntax().text().to_string(), text);
    for error in parse.errors() {
        assert!(error.range.start <= error.range.end && error.range.end as usize <= text.len(), "{error:?}");
        assert!(text.is_char_boundary(error.range.start as usize), "{error:?}");
        assert!(text.is_char_boundary(error.range.end as usize), "{error:?}");
    }
}

/// Pieces of the language in any order: reaches far more of the parser than random characters.
fn fragments() -> impl Strategy<Value = String> {
    let fragment = prop::sample::select(vec![
        "source",
        " ",
        "\n",
        "\r\n",
        "\t",
        "\"",
        "\"qemu\"",
        " \"web\" ",
        "{",
        "}",
        "{\n",
        "\n}\n",
        "=",
        " = ",
        "[",
        "]",
        "(",
        ")",
        ",",
        ".",
        "...",
        "=>",
        "${",
        "${~",
        "%{",
        "~}",
        "%{ if x }",
        "%{ else }",
        "%{ endif }",
        "%{ for k, v in x ~}",
        "%{ endfor }",
        "<<EOT\n",
        "<<-EOT\n",
        "EOT\n",
        "  EOT\n",
        "EOT",
        "# note\n",
        "// n\n",
        "/* c */",
        "/*",
        "for ",
        "in ",
        "if ",
        "true",
        "null",
        "12",
        "1.5e3",
        "\\",
        "\\n",
        "\\u00e9",
        "$${",
        "é",
        "\u{1F600}",
        "a.b",
        "a[0]",
        "a[*].b",
        "a.*.b",
        "f(x)",
        "? 1 : 2",
        "&&",
        "||",
        "!",
        "-",
        "*",
        "/",
        "%",
        "<",
        ">=",
        "==",
        ":",
        "::",
        "'",
        "`",
        ";",
        "\u{feff}",
        "\u{a0}",
        "\0",
        "provisioner \"shell\" {\n",
        "x = 1\n",
        "build {\n",
    ]);
    prop::collection::vec(fragment, 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn tokens_tile_arbitrary_fragments(text in fragments()) {
        assert_tiles(&text);
    }

    #[test]
    fn expressions_of_fragments_never_panic(text in fragments()) {
        let (_, errors) = syntax::parse_expression(FileId(0), &text);
        for error in errors {
            prop_assert!(error.range.end as usize <= text.len());
        }
    }

    #[test]
    fn a_document_of_any_bytes_keeps_them(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let document = Document::new(FileId(0), "x.pkr.hcl", bytes.clone());
        prop_assert_eq!(document.bytes(), bytes.as_slice());
        prop_assert_eq!(document.text().len(), bytes.len());
        prop_assert_eq!(document.is_read_only(), std::str::from_utf8(&bytes).is_err());
        assert_tiles(document.text());
    }

    #[test]
    fn positions_of_an_editor_lead_back_to_the_offset(text in "[a-c\u{e9}\u{1F600}\n]{0,60}", at in any::<prop::sample::Index>()) {
        let document = Document::new(FileId(0), "x.pkr.hcl", text.clone().into_bytes());
        let offsets: Vec<usize> = (0..=text.len()).filter(|o| text.is_char_boundary(*o)).collect();
        let offset = *at.get(&offsets) as u32;
        prop_assert_eq!(document.offset(document.utf16(offset)), Some(offset));
    }

    #[test]
    fn arbitrary_text_tiles(text in any::<String>()) {
        assert_tiles(&text);
    }
}

#[test]
fn ten_thousand_levels_are_an_error_and_no_crash() {
    let deep = 10_000;
    let bracketed = |open: &str, close: &str| format!("x = {}1{}\n", open.repeat(deep), close.repeat(deep));
    let cases = [
        bracketed("[", "]"),
        bracketed("(", ")"),
        bracketed("{a = ", "}"),
        bracketed("f(", ")"),
        bracketed("\"${", "}\""),
        bracketed("[for x in y : ", "]"),
        bracketed("a[", "]"),
        format!("x = {}1\n", "!".repeat(deep)),
        format!("x = {}1\n", "-".repeat(deep)),
        format!("x = 1{}\n", " + 1".repeat(deep)),
        format!("x = 1{}\n", " + (1 * 2".repeat(deep)),
        format!("x = {}1\n", "a ? b : ".repeat(deep)),
        format!("x = {}1\n", "a ? ".repeat(deep)),
        format!("x = a{}\n", "[*]".repeat(deep)),
        format!("x = a{}\n", ".*".repeat(deep)),
        format!("x = \"{}{}\"\n", "%{ if a }".repeat(deep), "%{ endif }".repeat(deep)),
        format!("{}{}", "b {\n".repeat(deep), "}\n".repeat(deep)),
        "[".repeat(deep),
        "x = [".repeat(deep),
        "b {".repeat(deep),
        "\"${".repeat(deep),
    ];
    for text in cases {
        let document = Document::new(FileId(0), "deep.pkr.hcl", text.clone().into_bytes());
        assert!(!document.diagnostics().is_empty(), "{}", &text[..40]);
        assert_eq!(document.parse().syntax().text().to_string(), text);
    }
}

#[test]
fn long_chains_that_do_not_nest_are_fine() {
    for text in [
        format!("x = a{}\n", ".b".repeat(10_000)),
        format!("x = a{}\n", "[0]".repeat(10_000)),
        format!("x = [{}]\n", "1,".repeat(10_000)),
        format!("x = \"{}\"\n", "${a}b".repeat(10_000)),
        format!("x = 1{}\n", " + 1".repeat(100)),
    ] {
        let document = Document::new(FileId(0), "long.pkr.hcl", text.into_bytes());
        assert!(document.diagnostics().is_empty(), "{}", document.diagnostics()[0]);
    }
}
