//! `fmt` against the distribution's Packer, whose formatter no one here wrote: every native file of the corpus, as
//! it is and with its spaces disturbed, and its own output again.
//!
//! Known differences of the HCL library 2.6, which Packer 1.6.6 has, to today's 2.24, whose rules are ours:
//! a space is left after the `!` of a negation, and the `::` of namespaced functions is not known.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "these are tests")]
#![allow(clippy::disallowed_methods, reason = "the test looks for its corpus and runs Packer")]

#[path = "common/corpus.rs"]
mod common;

use common::{corpus, files};
use goldsmith_template::document::Document;
use goldsmith_template::fmt;
use goldsmith_template::syntax::{FileId, SyntaxKind, lexer};
use std::fmt::Write as _;
use std::process::Command;

fn is_clean(text: &str) -> bool {
    let document = Document::new(FileId(0), "t.pkr.hcl", text.as_bytes().to_vec());
    document.diagnostics().is_empty()
}

/// A small generator of numbers, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// The text with its spaces disturbed where they mean nothing: none, some, a tab.
fn disturbed(text: &str, dice: &mut Dice) -> String {
    let mut out = String::new();
    let tokens = lexer::tokens(text);
    for (index, token) in tokens.iter().enumerate() {
        let piece = &text[token.start as usize..token.end as usize];
        let next = tokens.get(index + 1).map(|token| token.kind);
        let word = |kind| matches!(kind, SyntaxKind::Ident | SyntaxKind::Number);
        if token.kind != SyntaxKind::Whitespace {
            out.push_str(piece);
            let inside = matches!(
                token.kind,
                SyntaxKind::StringText
                    | SyntaxKind::HeredocText
                    | SyntaxKind::HeredocOpen
                    | SyntaxKind::QuoteOpen
                    | SyntaxKind::LineComment
                    | SyntaxKind::Dot
            ) || matches!(
                next,
                Some(
                    SyntaxKind::StringText
                        | SyntaxKind::HeredocText
                        | SyntaxKind::HeredocClose
                        | SyntaxKind::QuoteClose
                        | SyntaxKind::Dot
                        | SyntaxKind::InterpOpen
                        | SyntaxKind::ControlOpen
                        | SyntaxKind::Whitespace
                ) | None
            );
            let after_text =
                token.kind == SyntaxKind::TemplateClose || token.kind == SyntaxKind::HeredocClose;
            if !inside && !after_text && dice.roll(6) == 0 {
                out.push_str(["  ", " ", "   ", "\t"][dice.roll(4) as usize]);
            }
            continue;
        }
        let before = index.checked_sub(1).map(|at| tokens[at].kind);
        let needed = before.is_some_and(word) && next.is_some_and(word);
        match dice.roll(4) {
            0 if !needed => {}
            1 => out.push_str("    "),
            2 => out.push('\t'),
            _ => out.push_str(piece),
        }
    }
    out
}

#[test]
fn the_same_bytes_as_packer_over_the_corpus() {
    let Some(corpus) = corpus() else { return };
    if Command::new("packer").arg("version").output().is_err() {
        return println!("skipped: the distribution's packer is not installed");
    }
    let paths = files(&corpus, &|name| name.ends_with(".hcl"));
    assert!(paths.len() > 200, "only {} files found", paths.len());
    let mut dice = Dice(2026);
    let mut texts: Vec<(String, String)> = Vec::new();
    for path in &paths {
        let Ok(text) = std::fs::read_to_string(path) else { continue };
        if !is_clean(&text) {
            continue;
        }
        for round in 0..3 {
            let text = if round == 0 { text.clone() } else { disturbed(&text, &mut dice) };
            if is_clean(&text) {
                texts.push((format!("{} ({round})", path.display()), text));
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let file = |index: usize| folder.path().join(format!("f{index:04}.pkr.hcl"));
    for (index, (_, text)) in texts.iter().enumerate() {
        std::fs::write(file(index), text).unwrap();
    }
    let output = Command::new("packer").arg("fmt").arg(folder.path()).env("CHECKPOINT_DISABLE", "1").output();
    let said = output.expect("packer was there before");
    let (mut wrong, mut changed) = (String::new(), 0);
    for (index, (name, text)) in texts.iter().enumerate() {
        let theirs = std::fs::read_to_string(file(index)).unwrap();
        let ours = fmt::format(text);
        changed += usize::from(ours != *text);
        if ours != theirs && ours != theirs.replace("! ", "!") {
            let theirs = theirs.replace("! ", "!");
            let at = ours.lines().zip(theirs.lines()).find(|(ours, theirs)| ours != theirs);
            writeln!(wrong, "{name}: {at:?}").unwrap();
        }
        assert_eq!(fmt::format(&ours), fmt::format(&fmt::format(&ours)), "{name}");
    }
    println!("{} files, {changed} of them changed by the format", texts.len());
    assert!(changed > 300, "too few were changed: {changed}; packer said {said:?}");
    assert!(wrong.is_empty(), "packer's format differs:\n{wrong}");
}
