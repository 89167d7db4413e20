//! Build blocks: which sources they build, and what happens to each.

use super::analyzer::{Analyzer, BLOCK, Locals, View};
use super::component::{Collected, apply_override, collect, facts};
use super::foreign::exists_elsewhere;
use super::model::{
    Foreign, Job, Meta, PostProcessor, PostProcessorStep, Provisioner, ProvisionerStep, Source,
};
use super::selection::Selection;
use super::steps;
use super::uses::{Sources, Use, builders, uses};
use crate::diagnostic::{Place, Severity};
use crate::eval::{Root, Scope};
use crate::gotemplate::Facts;
use crate::options::{
    BootstrapOptions, Communicator, Component, ComponentKind, FileSourceOptions, PostProcessorMeta,
    ProvisionerMeta, QemuOptions, lookup, nearest, types_of,
};
use crate::syntax::Span;
use crate::syntax::ast::Body;
use crate::value::Value;
use std::collections::BTreeMap;

/// What the steps of a job have in common.
struct Around<'s> {
    scope: &'s Scope,
    facts: &'s Facts,
    /// `type.name-or-alias`, what `only` and `except` name.
    reference: String,
    /// Name or alias, what `override` is keyed by.
    name: String,
    all_names: &'s [String],
    all_references: &'s [String],
}

/// The jobs of all builds.
pub(super) fn jobs(
    a: &mut Analyzer<'_>,
    builds: &[View<'_>],
    sources: &Sources<'_>,
    scope: &Scope,
    selection: &mut Selection,
) -> Vec<Job> {
    let mut jobs = Vec::new();
    for build in builds {
        jobs.extend(build_jobs(a, build, sources, scope, selection));
    }
    jobs
}

const BUILD_BLOCKS: &[&str] = &[
    "source",
    "provisioner",
    "error-cleanup-provisioner",
    "post-processor",
    "post-processors",
    "hcp_packer_registry",
    "from",
];

fn build_jobs(
    a: &mut Analyzer<'_>,
    build: &View<'_>,
    sources: &Sources<'_>,
    scope: &Scope,
    selection: &mut Selection,
) -> Vec<Job> {
    a.expect(build.body, "a build", &["name", "description", "sources"], BUILD_BLOCKS);
    a.attributes(build.body);
    let none = Locals::new();
    let build_name = a.text_attribute(build.body, "name", scope, &none).filter(|name| !name.is_empty());
    a.text_attribute(build.body, "description", scope, &none);
    let blocks = a.blocks(build.body, scope, &none);
    let uses = if a.legacy { builders(a, sources) } else { uses(a, build, &blocks, sources, scope) };
    let legacy = a.legacy;
    // JSON templates name builds by their builder alone.
    let refer = |used: &Use<'_>| match legacy {
        true => used.alias.clone(),
        false => format!("{}.{}", used.type_name, used.alias),
    };
    let all_names: Vec<String> = uses.iter().map(|used| used.alias.clone()).collect();
    let all_references: Vec<String> = uses.iter().map(refer).collect();
    let mut jobs = Vec::new();
    for used in &uses {
        if !a.afford(BLOCK, used.span) {
            break;
        }
        let reference = refer(used);
        let name = match &build_name {
            Some(build) => format!("{build}.{reference}"),
            None => reference.clone(),
        };
        if !selection.selects(&name) {
            continue;
        }
        let Some(source) = sources.get(&(used.type_name.clone(), used.name.clone())) else { continue };
        let Some(place) = a.place(source.header) else { continue };
        let itself = BTreeMap::from([
            ("type".to_owned(), Value::from(used.type_name.as_str())),
            ("name".to_owned(), Value::from(used.alias.as_str())),
        ]);
        let in_source = scope.clone().with("source", "", itself).without(
            "build",
            "values of the running build can be used in provisioners and post-processors only",
        );
        let facts = facts(a, &used.name, &used.type_name);
        let (made, communicator) = make_source(a, used, source, &in_source, &facts, &place);
        let mut in_steps = in_source.clone().with_root("build", Root::Build);
        let build = build_name.clone().unwrap_or_default();
        in_steps.known_build.insert("name".to_owned(), Value::from(build));
        in_steps.absent.remove("build");
        let around = Around {
            scope: &in_steps,
            facts: &facts,
            reference,
            name: used.alias.clone(),
            all_names: &all_names,
            all_references: &all_references,
        };
        let mut job = Job {
            name,
            build_name: build_name.clone(),
            source_type: used.type_name.clone(),
            source_name: used.alias.clone(),
            packer_build_name: if a.legacy { used.alias.clone() } else { used.name.clone() },
            source: made,
            communicator,
            provisioners: Vec::new(),
            error_cleanup: None,
            post_processors: Vec::new(),
            place,
        };
        steps(a, &mut job, &blocks, &around, selection);
        jobs.push(job);
    }
    jobs
}

/// What a type that is not built in is: kept when it exists elsewhere, an error when nobody has it.
fn foreign(
    a: &mut Analyzer<'_>,
    kind: ComponentKind,
    type_name: &str,
    name: Option<&str>,
    span: Span,
) -> Option<Foreign> {
    let place = a.place(span)?;
    let block = kind.block();
    let code = format!("foreign.{block}");
    if exists_elsewhere(kind, type_name, &a.plugins) {
        let message = format!("the {block} \"{type_name}\" is kept as it is; it is not built here");
        a.report(Severity::Info, &code, span, message);
    } else {
        let near = nearest(type_name, types_of(kind));
        a.misspelt("component.unknown", span, format!("there is no {block} \"{type_name}\""), near);
        if let (None, Some(last)) = (near, a.diagnostics.last_mut()) {
            last.help = Some(format!(
                "built in are {}{}",
                types_of(kind).collect::<Vec<_>>().join(", "),
                match a.legacy {
                    true => "",
                    false =>
                        "; if it comes from a plugin, name the plugin under packer { required_plugins { ... } }",
                }
            ));
        }
    }
    Some(Foreign { type_name: type_name.to_owned(), name: name.map(str::to_owned), place })
}

fn make_source(
    a: &mut Analyzer<'_>,
    used: &Use<'_>,
    source: &View<'_>,
    scope: &Scope,
    facts: &Facts,
    place: &Place,
) -> (Source, Communicator) {
    let span = source.labels.first().map_or(source.header, |label| label.span);
    let Some(component) = lookup(ComponentKind::Source, &used.type_name) else {
        let foreign =
            foreign(a, ComponentKind::Source, &used.type_name, Some(&used.name), span).unwrap_or(Foreign {
                type_name: used.type_name.clone(),
                name: Some(used.name.clone()),
                place: place.clone(),
            });
        for view in std::iter::once(source).chain(&used.extra) {
            check_foreign(a, view.body, scope, &view.locals);
        }
        return (Source::Foreign(foreign), Communicator::None);
    };
    let mut views = vec![source];
    views.extend(used.extra.as_ref());
    let mut collected = collect(a, component, &views, scope, facts, &["name"]);
    let settings = &mut collected.settings;
    let made = match used.type_name.as_str() {
        "qemu" => Source::Qemu(Box::new(QemuOptions::decode(settings))),
        "bootstrap" => Source::Bootstrap(Box::new(BootstrapOptions::decode(settings))),
        "file" => {
            let options = FileSourceOptions::decode(settings);
            options.settle(settings);
            Source::File(options)
        }
        _ => Source::Null,
    };
    // The bootstrap source makes the user it logs in as.
    let user = (used.type_name == "bootstrap").then_some("root");
    let communicator = match component.communicator {
        true => Communicator::decode(settings, user),
        false => Communicator::None,
    };
    if used.type_name == "null" {
        communicator.check_host(settings);
    }
    collected.report(a, &format!("source {}.{}", used.type_name, used.name));
    (made, communicator)
}

fn steps(
    a: &mut Analyzer<'_>,
    job: &mut Job,
    blocks: &[View<'_>],
    around: &Around<'_>,
    selection: &mut Selection,
) {
    let mut cleanups = 0;
    for block in blocks {
        if !a.afford(8 * BLOCK, block.header) {
            break;
        }
        match block.kind.as_str() {
            "provisioner" => job.provisioners.extend(provisioner(a, block, around)),
            "error-cleanup-provisioner" => {
                cleanups += 1;
                if cleanups > 1 {
                    a.error(
                        "build.cleanup",
                        block.header,
                        "a build can have one error-cleanup-provisioner only",
                    );
                }
                job.error_cleanup = provisioner(a, block, around);
            }
            "post-processor" => {
                let pipeline: Vec<_> = post_processor(a, block, around).into_iter().collect();
                if let Some(pipeline) = selection.cut(pipeline) {
                    job.post_processors.push(pipeline);
                }
            }
            "post-processors" => {
                a.expect(block.body, "post-processors", &[], &["post-processor"]);
                let mut pipeline = Vec::new();
                for inner in a.blocks(block.body, around.scope, &block.locals) {
                    if inner.kind == "post-processor" {
                        pipeline.extend(post_processor(a, &inner, around));
                    }
                }
                if let Some(pipeline) = selection.cut(pipeline) {
                    job.post_processors.push(pipeline);
                }
            }
            _ => {}
        }
    }
}

/// Whether `only` and `except` leave a step in this job: exact names, no patterns. A step that is left out is not
/// looked at any further, as in Packer.
fn applies(a: &mut Analyzer<'_>, block: &View<'_>, around: &Around<'_>) -> bool {
    let mut list = |name| a.list_attribute(block.body, name, around.scope, &block.locals);
    let (only, except) = (list("only"), list("except"));
    if let (false, Some((_, span))) = (only.is_empty(), except.first()) {
        a.error("step.only-except", *span, "only one of \"only\" and \"except\" may be set");
    }
    let legacy = a.legacy;
    for (list, name) in [(&only, "only"), (&except, "except")] {
        for (reference, span) in list {
            if around.all_references.contains(reference) {
                continue;
            }
            let near = nearest(reference, around.all_references.iter().map(String::as_str));
            let help = match near {
                Some(near) => format!("did you mean \"{near}\"?"),
                None if legacy => format!("write the name of a builder, such as \"{}\"", around.reference),
                None => format!("write type.name, such as \"{}\"", around.reference),
            };
            let message = format!("\"{name}\" names \"{reference}\", which is no source of this build");
            // Packer refuses this in JSON templates.
            let severity = if legacy { Severity::Error } else { Severity::Warning };
            a.report(severity, "step.unknown-source", *span, message).help = Some(help);
        }
    }
    let here = |list: &[(String, Span)]| list.iter().any(|(name, _)| *name == around.reference);
    (only.is_empty() || here(&only)) && !here(&except)
}

/// What is wrong in the body of a component whose options are not known: names, functions, duplicates.
pub(super) fn check_foreign(a: &mut Analyzer<'_>, body: &Body, scope: &Scope, locals: &Locals) {
    for attribute in a.attributes(body) {
        a.eval(&attribute.value, scope, locals);
    }
    for block in a.blocks(body, scope, locals) {
        check_foreign(a, block.body, scope, &block.locals);
    }
}

fn collect_step(
    a: &mut Analyzer<'_>,
    component: &Component,
    block: &View<'_>,
    around: &Around<'_>,
) -> Collected {
    let mut collected = collect(a, component, &[block], around.scope, around.facts, &[]);
    if component.kind == ComponentKind::PostProcessor {
        // The one post-processor with an `override` keys it by the provider of the box.
        let chosen = collected.settings.value("provider_override").and_then(Value::as_str);
        let source_type = around.facts.constants.get("build_type").map_or("", String::as_str);
        let provider = steps::provider_of(source_type, chosen);
        let all: Vec<String> = steps::PROVIDERS.iter().map(|name| (*name).to_owned()).collect();
        apply_override(a, component, &mut collected, &provider, &all, around.facts);
    } else {
        apply_override(a, component, &mut collected, &around.name, around.all_names, around.facts);
    }
    collected
}

fn provisioner(a: &mut Analyzer<'_>, block: &View<'_>, around: &Around<'_>) -> Option<ProvisionerStep> {
    let label = block.labels.first()?;
    let place = a.place(block.header)?;
    let type_name = label.text.as_str();
    let Some(component) = lookup(ComponentKind::Provisioner, type_name) else {
        let foreign = foreign(a, ComponentKind::Provisioner, type_name, None, label.span)?;
        if !applies(a, block, around) {
            return None;
        }
        check_foreign(a, block.body, around.scope, &block.locals);
        return Some(ProvisionerStep {
            meta: Meta::default(),
            provisioner: Provisioner::Foreign(foreign),
            place,
        });
    };
    if !applies(a, block, around) {
        return None;
    }
    let mut collected = collect_step(a, component, block, around);
    let meta = ProvisionerMeta::decode(&mut collected.settings);
    let settings = &mut collected.settings;
    let provisioner = steps::provisioner(type_name, settings);
    collected.report(a, &format!("provisioner {type_name}"));
    let meta = Meta {
        name: meta.name,
        pause_before: meta.pause_before,
        // Packer drops the timeout when there is a pause.
        timeout: meta.timeout.filter(|_| meta.pause_before.is_zero()),
        max_retries: meta.max_retries,
        continue_on_error: meta.continue_on_error,
    };
    Some(ProvisionerStep { meta, provisioner, place })
}

/// A post-processor; `None` when `only` or `except` leaves it out of this job.
fn post_processor(a: &mut Analyzer<'_>, block: &View<'_>, around: &Around<'_>) -> Option<PostProcessorStep> {
    let label = block.labels.first()?;
    let place = a.place(block.header)?;
    let type_name = label.text.as_str();
    let Some(component) = lookup(ComponentKind::PostProcessor, type_name) else {
        let foreign = foreign(a, ComponentKind::PostProcessor, type_name, None, label.span)?;
        if !applies(a, block, around) {
            return None;
        }
        check_foreign(a, block.body, around.scope, &block.locals);
        let name = a.text_attribute(block.body, "name", around.scope, &block.locals);
        return Some(PostProcessorStep {
            name: name.unwrap_or_else(|| type_name.to_owned()),
            keep_input_artifact: None,
            post_processor: PostProcessor::Foreign(foreign),
            place,
        });
    };
    if !applies(a, block, around) {
        return None;
    }
    let mut collected = collect_step(a, component, block, around);
    let meta = PostProcessorMeta::decode(&mut collected.settings);
    let settings = &mut collected.settings;
    let post_processor = steps::post_processor(type_name, settings);
    collected.report(a, &format!("post-processor {type_name}"));
    Some(PostProcessorStep {
        name: meta.name.unwrap_or_else(|| type_name.to_owned()),
        keep_input_artifact: meta.keep_input_artifact,
        post_processor,
        place,
    })
}
