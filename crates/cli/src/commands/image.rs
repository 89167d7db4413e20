//! `image`: the library.

use goldsmith_app::types::{Deploy, DiskFormat, Facts, Package, SourceFact, Version};
use goldsmith_app::wire::{
    DeployImage, ExportImage, ImportImage, ListChannels, Nothing, OfImage, OfTask, PackageImage, VerifyImage,
};
use goldsmith_app::{Core, StreamMessage, WireError};

use crate::args::Image;
use crate::output::{Output, Paint};
use crate::progress::Bar;
use crate::text::{Align, Table, ago, duration, size};

/// The name of this program's only task.
pub(super) const TASK: &str = "cli";

/// Runs one of them.
pub async fn image(core: &Core, output: &Output, command: Image) -> Result<u8, WireError> {
    match command {
        Image::List => list(core, output).await,
        Image::Show { image } => show(core, output, image).await,
        Image::Verify { image } => verify(core, output, image).await,
        Image::Export { image, format, output: target, compress, force } => {
            if let Ok(package) = format.to_ascii_lowercase().parse::<Package>() {
                let output_folder = target.to_string_lossy().into_owned();
                let task = Some(TASK.to_owned());
                let request = PackageImage { image, package, output: output_folder, force, task };
                return package_image(core, output, request).await;
            }
            let format = disk_format(&format)?;
            let target = target.to_string_lossy().into_owned();
            let request =
                ExportImage { image, format, output: target, compress, force, task: Some(TASK.to_owned()) };
            export(core, output, request).await
        }
        Image::Import { file, name, format, ssh_user, uefi } => {
            let format = format.as_deref().map(disk_format).transpose()?;
            let task = Some(TASK.to_owned());
            let request = ImportImage { path: file, image: name, format, ssh_user, uefi, task };
            let made = with_progress(core, *output, core.import_image(request)).await?;
            if output.json {
                output.json_value(&made)?;
            } else {
                output.line(&format!("Imported as {}", made.version.display_name()));
            }
            Ok(0)
        }
        Image::Deploy { image, target } => {
            let target =
                target.parse::<Deploy>().map_err(|error| WireError::input("unknown_target", error))?;
            let deploy = core.deploy_image(DeployImage { image, target }).await?;
            if output.json {
                output.json_value(&deploy)?;
            } else {
                deploy.snippets.iter().for_each(|snippet| output.text(&snippet.text));
            }
            Ok(0)
        }
        Image::Delete { image } => {
            let moved = core.delete_image(OfImage { image }).await?;
            if output.json {
                output.json_value(&moved)?;
            } else {
                output.line(&format!("Moved to the trash: {}", moved.versions.join(", ")));
                if let Some(first) = moved.versions.first() {
                    output.line(&format!("`goldsmith image restore {first}` takes it back."));
                }
            }
            Ok(0)
        }
        Image::Restore { image } => {
            let moved = core.restore_image(OfImage { image }).await?;
            if output.json {
                output.json_value(&moved)?;
            } else {
                output.line(&format!("Restored: {}", moved.versions.join(", ")));
            }
            Ok(0)
        }
        Image::Life(command) => super::life::image(core, output, command).await,
        Image::Trash => {
            let trash = core.list_trash(Nothing {}).await?;
            if output.json {
                output.json_value(&trash)?;
            } else if trash.versions.is_empty() {
                output.line("The trash is empty.");
            } else {
                output.text(&versions(core, &trash.versions));
            }
            Ok(0)
        }
    }
}

fn disk_format(name: &str) -> Result<DiskFormat, WireError> {
    name.to_ascii_lowercase().parse().map_err(|error: String| WireError::input("unknown_format", error))
}

async fn list(core: &Core, output: &Output) -> Result<u8, WireError> {
    let list = core.list_images(Nothing {}).await?;
    if output.json {
        output.json_value(&list)?;
        return Ok(0);
    }
    if list.images.is_empty() {
        output.line("The library is empty. `goldsmith build TEMPLATE` puts an image into it.");
        return Ok(0);
    }
    let mut table = Table::new(&[
        ("IMAGE", Align::Left),
        ("NEWEST", Align::Right),
        ("VERSIONS", Align::Right),
        ("FORMAT", Align::Left),
        ("DISK", Align::Right),
        ("SIZE", Align::Right),
        ("MADE", Align::Left),
    ]);
    for image in &list.images {
        let Some(latest) = &image.latest else { continue };
        table.row(vec![
            image.name.to_string(),
            latest.number.to_string(),
            image.versions.to_string(),
            latest.format.to_string(),
            size(latest.virtual_size),
            size(latest.stored_size),
            age(core, latest),
        ]);
    }
    output.text(&table.text());
    Ok(0)
}

fn age(core: &Core, version: &Version) -> String {
    ago(version.created_at.as_millisecond(), core.setup().clock.now_ms())
}

fn versions(core: &Core, versions: &[Version]) -> String {
    let mut table = Table::new(&[
        ("VERSION", Align::Left),
        ("STATE", Align::Left),
        ("FORMAT", Align::Left),
        ("DISK", Align::Right),
        ("SIZE", Align::Right),
        ("MADE", Align::Left),
        ("CONTENT", Align::Left),
    ]);
    for version in versions {
        table.row(vec![
            version.display_name(),
            version.state.word().to_owned(),
            version.format.to_string(),
            size(version.virtual_size),
            size(version.stored_size),
            age(core, version),
            version.content.to_string().chars().take(16).collect(),
        ]);
    }
    table.text()
}

async fn show(core: &Core, output: &Output, image: String) -> Result<u8, WireError> {
    let detail = core.show_image(OfImage { image }).await?;
    if output.json {
        output.json_value(&detail)?;
        return Ok(0);
    }
    let version = &detail.version;
    let mut text = format!("{}\n", output.paint(&version.display_name(), Paint::Strong));
    let mut fact = |name: &str, value: String| {
        if !value.is_empty() {
            text.push_str(&format!("  {name:<14} {value}\n"));
        }
    };
    fact("made", format!("{} ({})", version.created_at, age(core, version)));
    fact("state", stands(version));
    let channels =
        core.list_channels(ListChannels { image: Some(version.image.to_string()) }).await?.channels;
    let pointing: Vec<String> =
        channels.iter().filter(|c| c.version == Some(version.id)).map(|c| c.name.to_string()).collect();
    fact("channels", pointing.join(", "));
    let labels: Vec<String> =
        version.life.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    fact("labels", labels.join(", "));
    fact("remark", version.life.note.clone().unwrap_or_default());
    fact("disk", format!("{}, {} as the guest sees it", version.format, size(version.virtual_size)));
    fact("content", version.content.to_string());
    made(&version.facts, &mut fact);
    for file in &version.files {
        fact("file", file.path.as_ref().map_or_else(|| file.name.clone(), |path| path.display().to_string()));
        fact("", format!("{}, sha256 {}", size(file.size), file.sha256));
    }
    for note in &version.facts.notes {
        fact("note", note.clone());
    }
    for warning in &version.facts.warnings {
        fact("warning", warning.clone());
    }
    text.push_str(&format!("\n{}", versions(core, &detail.versions)));
    output.text(&text);
    Ok(0)
}

/// Its state, and why.
fn stands(version: &Version) -> String {
    let life = &version.life;
    let mut words = vec![version.state.word().to_owned()];
    words.extend(life.revocations.iter().filter_map(|r| r.reason.clone()));
    words.extend(life.deprecation.as_ref().and_then(|d| d.reason.clone()));
    if let Some(hold) = &life.hold {
        let until = hold.until.map(|until| format!(" until {until}")).unwrap_or_default();
        words.push(format!("held{until}"));
    }
    words.join(", ")
}

/// How it was made.
fn made(facts: &Facts, fact: &mut impl FnMut(&str, String)) {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    fact("template", text(&facts.template_path));
    fact("built as", text(&facts.job));
    for source in &facts.sources {
        fact(
            "from",
            match source {
                SourceFact::File { url, checksum } => match checksum {
                    Some(checksum) => format!("{url} ({checksum})"),
                    None => format!("{url} (not checked)"),
                },
                SourceFact::Packages { distribution, suite, mirror, .. } => {
                    format!("{distribution} {suite} from {mirror}")
                }
                SourceFact::Version { name, channel: Some(channel), .. } => format!("{name}, as {channel}"),
                SourceFact::Version { name, .. } => name.clone(),
            },
        );
    }
    fact("build", text(&facts.build));
    fact("took", facts.durations.total_ms.map(duration).unwrap_or_default());
    fact("accelerator", text(&facts.accelerator));
    fact("log in as", text(&facts.ssh_user));
    for (name, value) in &facts.variables {
        fact("variable", format!("{name} = {value}"));
    }
    for name in &facts.secret_variables {
        fact("variable", format!("{name} = <sensitive>"));
    }
}

async fn verify(core: &Core, output: &Output, image: String) -> Result<u8, WireError> {
    let request = VerifyImage { image, task: Some(TASK.to_owned()) };
    let verified = with_progress(core, *output, core.verify_image(request)).await?;
    if output.json {
        output.json_value(&verified)?;
    } else {
        for file in &verified.verification.files {
            let verdict = serde_json::to_value(&file.verdict).ok();
            let word = verdict.as_ref().and_then(|value| value["verdict"].as_str()).unwrap_or("unknown");
            output.line(&format!("  {:<10} {}", word, file.name));
        }
        let word =
            if verified.verification.ok { "is as it was recorded" } else { "is NOT as it was recorded" };
        output.line(&format!("{} {word}", verified.image));
    }
    Ok(u8::from(!verified.verification.ok))
}

async fn export(core: &Core, output: &Output, request: ExportImage) -> Result<u8, WireError> {
    let written = with_progress(core, *output, core.export_image(request)).await?;
    if output.json {
        output.json_value(&written)?;
    } else {
        let file = &written.exported;
        output.line(&format!(
            "{}: {} ({}, {})",
            written.image,
            file.path.display(),
            file.format,
            size(file.size)
        ));
        output.line(&format!("sha256 {}", file.sha256));
    }
    Ok(0)
}

async fn package_image(core: &Core, output: &Output, request: PackageImage) -> Result<u8, WireError> {
    let written = with_progress(core, *output, core.package_image(request)).await?;
    if output.json {
        output.json_value(&written)?;
        return Ok(0);
    }
    let file = &written.packaged;
    let (path, bytes) = (file.path.display(), size(file.size));
    output.line(&format!("{}: {path} ({}, {bytes})", written.image, file.package));
    output.line(&format!("sha256 {}", file.sha256));
    for path in &file.beside {
        output.line(&format!("  with {}", path.display()));
    }
    Ok(0)
}

/// Draws how far the task is until it is over; Ctrl-C stops it.
pub(super) async fn with_progress<T>(
    core: &Core,
    output: Output,
    work: impl Future<Output = Result<T, WireError>>,
) -> Result<T, WireError> {
    let mut bar = Bar::new(output);
    let drawing = async {
        loop {
            // The task may not have begun, and a new stream costs nothing.
            let mut stream = core.subscribe(&format!("task/{TASK}"), 0)?;
            while let Some(message) = stream.next().await {
                if let StreamMessage::Task { progress } = message {
                    bar.draw(&progress.title, progress.done, progress.total, &progress.unit);
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let stopping = async {
        let _ = tokio::signal::ctrl_c().await;
        // When it is over already there is nothing to stop.
        let _ = core.cancel_task(OfTask { task: TASK.to_owned() }).await;
        std::future::pending::<()>().await;
    };
    let result = tokio::select! {
        result = work => result,
        failed = drawing => failed,
        () = stopping => Err(WireError::internal("stopped", "stopping ended")),
    };
    bar.clear();
    result
}
