//! Which sources a build uses.

use super::analyzer::{Analyzer, Locals, View};
use super::component::facts;
use crate::eval::Scope;
use crate::gotemplate;
use crate::options::nearest;
use crate::syntax::Span;
use crate::text::Text;
use std::collections::BTreeMap;

/// The sources of a template by type and name.
pub(super) type Sources<'b> = BTreeMap<(String, String), View<'b>>;

/// A source as one build uses it.
pub(super) struct Use<'b> {
    pub(super) type_name: String,
    pub(super) name: String,
    pub(super) alias: String,
    pub(super) extra: Option<View<'b>>,
    pub(super) span: Span,
}

/// Every builder of a JSON template, in the order of the file. Their names may be templates.
pub(super) fn builders<'b>(a: &Analyzer<'_>, sources: &Sources<'_>) -> Vec<Use<'b>> {
    let mut uses: Vec<Use<'b>> = sources
        .iter()
        .map(|((type_name, name), view)| Use {
            type_name: type_name.clone(),
            name: name.clone(),
            alias: gotemplate::render(&Text::from(name.as_str()), &facts(a, name, type_name))
                .ok()
                .and_then(|rendered| rendered.text.known().map(str::to_owned))
                .unwrap_or_else(|| name.clone()),
            extra: None,
            span: view.header,
        })
        .collect();
    uses.sort_by_key(|used| used.span.start);
    uses
}

/// The sources a build uses: its `sources` list, then its `source` blocks.
pub(super) fn uses<'b>(
    a: &mut Analyzer<'_>,
    build: &View<'_>,
    blocks: &[View<'b>],
    sources: &Sources<'_>,
    scope: &Scope,
) -> Vec<Use<'b>> {
    let none = Locals::new();
    let mut uses: Vec<Use<'b>> = Vec::new();
    for (text, span) in a.list_attribute(build.body, "sources", scope, &none) {
        if let Some((type_name, name)) = resolve(a, &text, span, sources) {
            uses.push(Use { type_name, alias: name.clone(), name, extra: None, span });
        }
    }
    for block in blocks.iter().filter(|block| block.kind == "source") {
        let Some(label) = block.labels.first() else { continue };
        if let Some((type_name, name)) = resolve(a, &label.text, label.span, sources) {
            let alias = a.text_attribute(block.body, "name", scope, &block.locals);
            let alias = alias.unwrap_or_else(|| name.clone());
            uses.push(Use { type_name, name, alias, extra: Some(block.clone()), span: label.span });
        }
    }
    // A dynamic block over something that is not known yet may make sources.
    let open = build.body.blocks_of("dynamic").any(|block| {
        let for_each = block.body.attribute("for_each").filter(|_| block.label(0) == Some("source"));
        for_each.is_some_and(|for_each| !a.eval(&for_each.value, scope, &none).0.is_wholly_known())
    });
    if uses.is_empty()
        && !open
        && build.body.attribute("sources").is_none()
        && !blocks.iter().any(|b| b.kind == "source")
    {
        a.error("build.no-source", build.header, "this build uses no source").help =
            Some("add sources = [\"source.type.name\"]".to_owned());
    }
    let mut seen: Vec<(String, Span)> = Vec::new();
    uses.retain(|used| {
        let reference = format!("{}.{}", used.type_name, used.alias);
        match seen.iter().find(|(other, _)| *other == reference) {
            Some((_, first)) => {
                let first = *first;
                a.error("build.duplicate-source", used.span, format!("this build uses {reference} twice"))
                    .help =
                    Some("give one of them another name: source \"...\" { name = \"...\" }".to_owned());
                a.relate("it is used here first", first);
                false
            }
            None => {
                seen.push((reference, used.span));
                true
            }
        }
    });
    uses
}

/// `source.type.name` or `type.name` to type and name. As in Packer, any word may stand for `source`.
fn resolve(a: &mut Analyzer<'_>, text: &str, span: Span, sources: &Sources<'_>) -> Option<(String, String)> {
    let words: Vec<&str> = text.split('.').collect();
    let (type_name, name) = match words.as_slice() {
        [type_name, name] | [_, type_name, name, ..] if !type_name.is_empty() && !name.is_empty() => {
            (*type_name, *name)
        }
        _ => {
            a.error("build.source-name", span, format!("\"{text}\" does not name a source")).help =
                Some("write \"source.type.name\", for example \"source.qemu.debian\"".to_owned());
            return None;
        }
    };
    let bare = format!("{type_name}.{name}");
    let key = (type_name.to_owned(), name.to_owned());
    if sources.contains_key(&key) {
        return Some(key);
    }
    let full: Vec<String> = sources.keys().map(|(ty, name)| format!("source.{ty}.{name}")).collect();
    let near = nearest(&format!("source.{bare}"), full.iter().map(String::as_str));
    a.misspelt("build.unknown-source", span, format!("the source \"{bare}\" is not declared"), near);
    if let (None, Some(last)) = (near, a.diagnostics.last_mut()) {
        last.help = Some(format!("declare it: source \"{type_name}\" \"{name}\" {{ ... }}"));
    }
    None
}
