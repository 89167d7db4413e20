//! `rebuild --outdated`: what is behind is built, tested and promoted, parents first.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use goldsmith_app::types::{Channel, Outdated, SourceFact, Version};
use goldsmith_app::wire::{
    BuildOptions, ListChannels, Nothing, OfBuild, OfSession, OpenTemplate, PlanRequest, PromoteImage,
    TemplateInputs, TestImage,
};
use goldsmith_app::{Core, Setup, WireError};
use serde::Serialize;

use super::build::follow;
use super::suite::quietly;
use crate::args_suite;
use crate::output::{Output, Paint};

/// What became of one image.
#[derive(Debug, Serialize)]
struct Rebuilt {
    /// The version that was behind.
    from: String,
    /// Why.
    reasons: Vec<String>,
    /// The version made in its place.
    to: Option<String>,
    /// Channels that point to it now.
    promoted: Vec<String>,
    /// Channels whose gate did not take it, with the reason.
    kept_back: Vec<String>,
    /// What stopped this branch.
    failure: Option<String>,
}

#[derive(Serialize)]
struct Report {
    images: Vec<Rebuilt>,
    /// Images that were left because what they are made from stopped.
    left: Vec<String>,
}

/// Rebuilds.
pub async fn rebuild(core: &Core, output: &Output, args: args_suite::Rebuild) -> Result<u8, WireError> {
    let mut report = Report { images: Vec::new(), left: Vec::new() };
    let mut done: BTreeSet<String> = BTreeSet::new();
    let mut red: BTreeSet<String> = BTreeSet::new();
    // A parent that moves puts its children behind: they are asked for again after every image.
    loop {
        let list = core.list_outdated(Nothing {}).await?;
        let next = list.images.into_iter().find(|image| {
            let name = image.version.image.as_str();
            let wanted = args.images.is_empty() || args.images.iter().any(|wanted| wanted == name);
            wanted && !done.contains(name)
        });
        let Some(image) = next else { break };
        let name = image.version.image.to_string();
        done.insert(name.clone());
        if parents(&image.version).iter().any(|parent| red.contains(parent)) {
            red.insert(name.clone());
            report.left.push(image.version.display_name());
            continue;
        }
        if args.dry_run {
            tell(output, &format!("{}: {}", image.version.display_name(), image.reasons.join("; ")));
            continue;
        }
        let rebuilt = one(core, output, image, args.force).await?;
        if rebuilt.failure.is_some() {
            red.insert(name);
        }
        report.images.push(rebuilt);
    }
    if output.json {
        output.json_value(&report)?;
    } else if !args.dry_run {
        print(output, &report);
    } else if done.is_empty() {
        output.line("Every image that was made from another is up to date.");
    }
    Ok(u8::from(report.images.iter().any(|image| image.failure.is_some())))
}

fn tell(output: &Output, line: &str) {
    if !output.json {
        output.line(line);
    }
}

/// The images a version was made from.
fn parents(version: &Version) -> Vec<String> {
    let name = |source: &SourceFact| match source {
        SourceFact::Version { name, .. } => name.split('@').next().map(str::to_owned),
        _ => None,
    };
    version.facts.sources.iter().filter_map(name).collect()
}

async fn one(core: &Core, output: &Output, image: Outdated, force: bool) -> Result<Rebuilt, WireError> {
    let version = image.version;
    let mut rebuilt = Rebuilt {
        from: version.display_name(),
        reasons: image.reasons,
        to: None,
        promoted: Vec::new(),
        kept_back: Vec::new(),
        failure: None,
    };
    tell(
        output,
        &format!("\n{}: {}", output.paint(&rebuilt.from, Paint::Strong), rebuilt.reasons.join("; ")),
    );
    if let Err(error) = remake(core, output, &version, force, &mut rebuilt).await {
        if error.kind == goldsmith_app::ErrorKind::Cancelled {
            return Err(error);
        }
        rebuilt.failure = Some(error.title.clone());
        if !output.json {
            output.failure(&error);
        }
    }
    Ok(rebuilt)
}

/// Builds, tests and promotes.
async fn remake(
    core: &Core,
    output: &Output,
    version: &Version,
    force: bool,
    rebuilt: &mut Rebuilt,
) -> Result<(), WireError> {
    let there = there(core, version)?;
    let name = build(&there, output, version, force).await?;
    rebuilt.to = Some(name.clone());
    test(&there, output, &name).await?;
    let list = core.list_channels(ListChannels { image: Some(version.image.to_string()) }).await?;
    for channel in list.channels.into_iter().filter(|channel| channel.version == Some(version.id)) {
        promote(core, &name, &channel, rebuilt).await?;
    }
    Ok(())
}

/// A core in the folder the version was built in, which relative paths of its template start from.
fn there(core: &Core, version: &Version) -> Result<Core, WireError> {
    let folder = match &version.facts.folder {
        Some(folder) => PathBuf::from(folder),
        None => core.setup().cwd.clone(),
    };
    if !folder.is_dir() {
        return Err(WireError::input(
            "no_folder",
            format!("the folder {} that {} was built in is gone", folder.display(), version.display_name()),
        ));
    }
    Ok(Core::new(Setup { cwd: folder, ..core.setup().clone() }))
}

async fn build(core: &Core, output: &Output, version: &Version, force: bool) -> Result<String, WireError> {
    let facts = &version.facts;
    let gone = |why: &str| {
        WireError::input("no_template", format!("{} cannot be built again: {why}", version.display_name()))
    };
    let path = facts.template_path.clone().ok_or_else(|| gone("its template is not recorded"))?;
    if !Path::new(&path).exists() {
        return Err(gone(&format!("its template {path} is gone")));
    }
    let inputs = TemplateInputs { only: facts.job.iter().cloned().collect(), ..TemplateInputs::default() };
    let bare = OpenTemplate { path: path.clone(), inputs: inputs.clone(), remember: false };
    let bare = core.open_template(bare).await?;
    // What the template no longer declares is not passed on.
    let values = core.list_values(OfSession { session: bare.session.clone() }).await?;
    core.close_template(OfSession { session: bare.session }).await?;
    let declared = |name: &str| values.variables.iter().any(|variable| variable.name == name);
    let vars = facts.variables.iter().filter(|(name, _)| declared(name));
    let vars = vars.map(|(name, value)| (name.clone(), value.clone())).collect();
    let opened = core
        .open_template(OpenTemplate { path, inputs: TemplateInputs { vars, ..inputs }, remember: false })
        .await?;
    let options = BuildOptions { force, ..BuildOptions::default() };
    let started = core.start_build(PlanRequest { session: opened.session.clone(), options }).await?;
    end(core, output, &started.build).await?;
    core.close_template(OfSession { session: opened.session }).await?;
    let state = core.build_state(OfBuild { build: started.build.clone() }).await?.state;
    if let Some(failure) = &state.failure {
        return Err(WireError::from(failure));
    }
    let made = state.jobs.iter().find_map(|job| job.version.as_ref());
    made.map(|made| format!("{}@{}", made.image, made.number))
        .ok_or_else(|| WireError::input("no_version", "the build added no version to the library"))
}

/// Follows a build or test to its end; how it ended is told by its state.
async fn end(core: &Core, output: &Output, build: &str) -> Result<(), WireError> {
    if output.json { quietly(core, build).await } else { follow(core, output, build).await.map(drop) }
}

/// Runs the suites beside the template; without any, the version counts as it is.
async fn test(core: &Core, output: &Output, name: &str) -> Result<(), WireError> {
    let request = TestImage { image: name.to_owned(), ..TestImage::default() };
    let started = match core.test_image(request).await {
        Err(error) if error.code == "no_suites" => return Ok(()),
        other => other?,
    };
    end(core, output, &started.build).await?;
    let result = core.test_report(OfBuild { build: started.build }).await?;
    match result.report {
        Some(report) if report.passed() => Ok(()),
        Some(report) => {
            let bad = report.suites.iter().filter_map(|suite| suite.message.as_deref()).next();
            Err(WireError::input("tests_failed", format!("{name} did not pass its tests"))
                .cause(bad.unwrap_or("see the test's log")))
        }
        None => {
            Err(WireError::environment("no_report", format!("the test of {name} did not come to an end")))
        }
    }
}

/// Points a channel of the old version to the new one, where its gate allows that without an override.
async fn promote(core: &Core, name: &str, channel: &Channel, rebuilt: &mut Rebuilt) -> Result<(), WireError> {
    let request = PromoteImage {
        image: name.to_owned(),
        channel: channel.name.clone(),
        class: None,
        notes: None,
        reason: Some(format!("rebuilt: {}", rebuilt.reasons.join("; "))),
        override_reason: None,
    };
    match core.promote_image(request).await {
        Ok(done) => rebuilt.promoted.push(done.channel.display_name()),
        Err(error) if error.kind == goldsmith_app::ErrorKind::Input => {
            rebuilt.kept_back.push(format!("{}: {}", channel.display_name(), error.title));
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

fn print(output: &Output, report: &Report) {
    if report.images.is_empty() && report.left.is_empty() {
        output.line("Every image that was made from another is up to date.");
    }
    for image in &report.images {
        let to = image.to.clone().unwrap_or_else(|| "nothing".to_owned());
        let line = format!("{} -> {to}", image.from);
        match &image.failure {
            Some(failure) => output.line(&format!("{}: {failure}", output.paint(&line, Paint::Bad))),
            None => output.line(&output.paint(&line, Paint::Good)),
        }
        for channel in &image.promoted {
            output.line(&format!("    {channel} points to it"));
        }
        for channel in &image.kept_back {
            output.line(&format!("    not promoted: {channel}"));
        }
    }
    for name in &report.left {
        output.line(&format!("{name}: left, as what it is made from did not succeed"));
    }
}
