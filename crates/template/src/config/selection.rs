//! `-only` and `-except`: patterns over full build names, and names of post-processors (packer.md 1.4, 8).

use super::model::PostProcessorStep;
use crate::diagnostic::Diagnostic;
use globset::{Glob, GlobMatcher};

struct Pattern {
    text: String,
    matcher: Option<GlobMatcher>,
    matched: bool,
}

impl Pattern {
    fn new(text: &str) -> Pattern {
        Pattern {
            text: text.to_owned(),
            matcher: Glob::new(text).ok().map(|glob| glob.compile_matcher()),
            matched: false,
        }
    }

    fn matches(&mut self, name: &str) -> bool {
        let matches = self.matcher.as_ref().map_or(self.text == name, |matcher| matcher.is_match(name));
        self.matched |= matches;
        matches
    }
}

/// Which jobs are built.
pub(super) struct Selection {
    only: Vec<Pattern>,
    except: Vec<Pattern>,
    /// The jobs that were left out.
    pub(super) excluded: Vec<String>,
}

impl Selection {
    pub(super) fn new(only: &[String], except: &[String]) -> Selection {
        let patterns = |texts: &[String]| texts.iter().map(|text| Pattern::new(text)).collect();
        Selection { only: patterns(only), except: patterns(except), excluded: Vec::new() }
    }

    /// For JSON templates, whose builds are named exactly.
    pub(super) fn exact(only: &[String], except: &[String]) -> Selection {
        let mut selection = Selection::new(only, except);
        for pattern in selection.only.iter_mut().chain(&mut selection.except) {
            pattern.matcher = None;
        }
        selection
    }

    /// Whether a job is built.
    pub(super) fn selects(&mut self, name: &str) -> bool {
        let any = |patterns: &mut [Pattern]| {
            patterns.iter_mut().filter_map(|p| p.matches(name).then_some(())).count() > 0
        };
        let wanted = self.only.is_empty() || any(&mut self.only);
        let selected = wanted && !any(&mut self.except);
        if !selected {
            self.excluded.push(name.to_owned());
        }
        selected
    }

    /// Cuts a pipeline at the first post-processor that `-except` names; `None` when nothing is left.
    pub(super) fn cut(&mut self, mut pipeline: Vec<PostProcessorStep>) -> Option<Vec<PostProcessorStep>> {
        let excluded = pipeline.iter().position(|step| self.except.iter_mut().any(|p| p.matches(&step.name)));
        if let Some(at) = excluded {
            pipeline.truncate(at);
        }
        (!pipeline.is_empty()).then_some(pipeline)
    }

    /// Warnings about patterns that matched nothing.
    pub(super) fn unmatched(&self) -> Vec<Diagnostic> {
        let warn = |patterns: &[Pattern], switch: &str| -> Vec<Diagnostic> {
            let unmatched = patterns.iter().filter(|pattern| !pattern.matched);
            unmatched
                .map(|pattern| {
                    let message = format!("{switch} \"{}\" matches no build of this template", pattern.text);
                    let names = "builds are named type.name, or name.type.name when the build block has a name; * matches any characters";
                    Diagnostic::warning("selection.unmatched", message).with_help(names)
                })
                .collect()
        };
        let mut out = warn(&self.only, "-only");
        out.extend(warn(&self.except, "-except"));
        out
    }
}
