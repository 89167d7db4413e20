//! Problems of a template as people read them: the line, the offending text underlined, what to do.

use std::collections::HashMap;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use goldsmith_app::types::{Diagnostic, Place, Severity};

/// The texts problems are shown in, by file as places name them.
pub struct Sources<'a> {
    texts: HashMap<&'a str, &'a str>,
}

impl<'a> Sources<'a> {
    /// From pairs of file and text.
    pub fn new(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Sources { texts: texts.into_iter().collect() }
    }

    /// The text around a place, where it is known and still holds the place.
    fn snippet(&self, place: &Place) -> Option<(&'a str, std::ops::Range<usize>)> {
        let text = *self.texts.get(place.file.as_str())?;
        // Places count from the beginning of the file, a byte order mark included.
        let (start, end) = (place.start as usize, place.end as usize);
        let whole = start <= end && end <= text.len();
        (whole && text.is_char_boundary(start) && text.is_char_boundary(end)).then_some((text, start..end))
    }
}

/// Renders one problem, with an empty line after it.
pub fn render(diagnostic: &Diagnostic, sources: &Sources<'_>, color: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let mut group = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.as_str()).elements(
        diagnostic.place.iter().map(|place| match sources.snippet(place) {
            Some((text, range)) => {
                let annotation = AnnotationKind::Primary.span(range);
                annotate_snippets::Element::from(
                    Snippet::source(text).path(place.file.as_str()).annotation(annotation),
                )
            }
            None => annotate_snippets::Element::from(
                annotate_snippets::Origin::path(place.file.as_str())
                    .line(place.line as usize)
                    .char_column(place.column as usize),
            ),
        }),
    );
    for related in &diagnostic.related {
        group = group.element(Level::NOTE.message(format!("{}: {}", related.place, related.message)));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let report: &[Group<'_>] = &[group];
    format!("{}\n", renderer.decor_style(DecorStyle::Ascii).render(report))
}
