//! Templates with one mistake put in: each must be refused, with a diagnostic where the mistake is.

use goldsmith_template::syntax::ast::{Body, Expr, ExprKind, Item, TemplateStyle};
use goldsmith_template::{Diagnostic, Inputs, MemoryFiles, Project, analyze};
use std::path::Path;

/// A mistake: what is done, and where the diagnostic has to be.
pub struct Mutant {
    pub kind: &'static str,
    pub text: String,
    /// The bytes of the mutated text in which the mistake is, with the block that holds it.
    pub place: std::ops::Range<usize>,
    /// True when what follows the mistake can no longer be told apart: any place after its start is right.
    pub open: bool,
}

/// All mistakes that can be put into one native template, one of each kind.
pub fn of(text: &str, body: &Body) -> Vec<Mutant> {
    let mut out = Vec::new();
    let mut put = |kind, at: usize, remove: usize, insert: &str, open: bool, room: usize| {
        let mut mutated = text.to_owned();
        mutated.replace_range(at..at + remove, insert);
        let place = at.saturating_sub(room)..(at + insert.len().max(1) + room).min(mutated.len());
        out.push(Mutant { kind, text: mutated, place, open });
    };
    let blocks: Vec<_> = body.blocks().collect();
    let find = |kind: &str| blocks.iter().find(|block| block.kind.as_str() == kind);
    if let Some(last) = blocks.last() {
        put("brace dropped", last.span.end as usize - 1, 1, "", true, last.span.end as usize);
    }
    if let Some(source) = find("source") {
        let inner = source.header.end as usize;
        let brace = text[inner..].find('{').map(|at| inner + at + 1);
        if let Some(at) = brace {
            put("undeclared variable", at, 0, "\n  vm_name_zz = var.nobody_declares_this\n", false, 0);
            if blocks.iter().any(|block| block.kind.as_str() == "build") {
                put("unknown key", at, 0, "\n  no_such_key_anywhere = 1\n", false, 0);
            }
        }
        if let (Some(label), Some(quote)) = (source.labels.get(1), text[inner..].find('{')) {
            let start = label.span.start as usize;
            put("label dropped", start, label.span.end as usize - start, "", false, quote + 200);
        }
        if let Some(label) = source.labels.first() {
            put("type changed", label.span.start as usize + 1, 0, "zz-", true, 400);
        }
    }
    if let Some(first) = blocks.first() {
        put("unknown block", first.span.start as usize, 0, "sauce \"x\" \"y\" {\n}\n", false, 0);
        put("stray argument", first.span.start as usize, 0, "stray_argument = 1\n", false, 0);
    }
    let locals = "locals {\n  zz_one = local.zz_two\n  zz_two = local.zz_one\n}\n";
    put("cycle", 0, 0, locals, false, 0);
    put("wrong type", 0, 0, "variable \"zz_number\" {\n  type = number\n  default = \"x\"\n}\n", false, 0);
    put("undeclared local", 0, 0, "locals {\n  zz_three = local.zz_nobody\n}\n", false, 0);
    let mut strings = Vec::new();
    let mut attributes = Vec::new();
    walk(body, &mut |attribute| {
        attributes.push(attribute.span);
        attribute.value.walk(&mut |expr| strings.push(expr));
    });
    let quoted = |expr: &&Expr| {
        matches!(&expr.kind, ExprKind::Template(t) if t.style == TemplateStyle::Quoted)
            && expr.span.len() > 2
            && text[expr.span.start as usize..].starts_with('"')
    };
    if let Some(expr) = strings.iter().copied().find(|expr| quoted(expr)) {
        put("quote dropped", expr.span.end as usize - 1, 1, "", true, expr.span.len() as usize + 2);
    }
    let heredoc = strings.iter().copied().find(
        |expr| matches!(&expr.kind, ExprKind::Template(t) if matches!(t.style, TemplateStyle::Heredoc { .. })),
    );
    if let Some((expr, ExprKind::Template(template))) = heredoc.map(|expr| (expr, &expr.kind))
        && let TemplateStyle::Heredoc { marker, .. } = &template.style
        && let Some(at) = text[..expr.span.end as usize].rfind(marker.as_str())
    {
        put("heredoc end dropped", at, marker.len(), "", true, expr.span.len() as usize + 2);
    }
    if let Some(span) = attributes.first() {
        let twice = format!("\n{}\n", &text[span.start as usize..span.end as usize]);
        put("duplicate argument", span.end as usize, 0, &twice, false, 0);
    }
    out
}

fn walk<'a>(body: &'a Body, visit: &mut dyn FnMut(&'a goldsmith_template::syntax::ast::Attribute)) {
    for item in &body.items {
        match item {
            Item::Attribute(attribute) => visit(attribute),
            Item::Block(block) => walk(&block.body, visit),
        }
    }
}

/// The errors of a text that stands alone in its file.
pub fn errors(text: &str) -> Vec<Diagnostic> {
    let files = MemoryFiles::new().with("t.pkr.hcl", text);
    let project = Project::open(&files, Path::new("t.pkr.hcl")).unwrap();
    let analysis = analyze(&project, &files, &Inputs::harmless("/"));
    analysis.diagnostics.into_iter().filter(Diagnostic::is_error).collect()
}

/// Whether one of the errors is where the mistake is.
pub fn placed(mutant: &Mutant, before: &[Diagnostic], errors: &[Diagnostic]) -> bool {
    errors.iter().any(|error| {
        let Some(place) = &error.place else { return false };
        let old = before.iter().any(|old| old.code == error.code && old.message == error.message);
        let (start, end) = (place.start as usize, place.end as usize);
        !old && end >= mutant.place.start && (mutant.open || start <= mutant.place.end)
    })
}
