//! `build -machine-readable`: Packer's lines for programs (`packer/ui.go`, `command/build.go`). What people would see
//! are `ui` lines; what a program looks for at the end has categories of its own.

use std::collections::HashMap;

use goldsmith_app::types::{BuildState, BuildStatus, Entry, Fact, LogLine, LogStream, Outcome};

use crate::commands::version::now;
use crate::output::Output;

type Titles = HashMap<(String, String), String>;

fn ui(output: &Output, at_ms: i64, kind: &str, text: &str) {
    output.machine_line(at_ms.div_euclid(1000), "", "ui", &[kind, text]);
}

/// A line of a guest or of a program.
pub fn line(output: &Output, line: &LogLine) {
    match line.stream {
        LogStream::Stderr => ui(output, line.at, "error", &format!("==> {}: {}", line.job, line.text)),
        LogStream::Stdout | LogStream::Note => {
            ui(output, line.at, "message", &format!("    {}: {}", line.job, line.text));
        }
    }
}

/// Something that happened.
pub fn fact(output: &Output, entry: &Entry, titles: &Titles) {
    let at = entry.at;
    match &entry.fact {
        Fact::StepStarted { job, title, .. } => ui(output, at, "say", &format!("==> {job}: {title}")),
        Fact::StepFinished { job, step, failure: Some(failure), .. } => {
            let title = titles.get(&(job.clone(), step.clone())).map_or(step.as_str(), String::as_str);
            ui(output, at, "error", &format!("==> {job}: {title}: {}", failure.full()));
        }
        Fact::Warned { job, text, .. } => ui(output, at, "say", &format!("==> {job}: Warning: {text}")),
        Fact::CancelRequested { .. } => ui(output, at, "say", "Cancelling build after receiving interrupt"),
        Fact::JobFinished { job, outcome, duration_ms } => match outcome {
            Outcome::Succeeded => {
                ui(output, at, "say", &format!("Build '{job}' finished after {}.", took(*duration_ms)));
            }
            Outcome::Skipped => {}
            Outcome::Failed | Outcome::Cancelled => {
                ui(output, at, "error", &format!("Build '{job}' errored after {}", took(*duration_ms)));
            }
        },
        _ => {}
    }
}

/// What came of it all.
pub fn end(output: &Output, state: &BuildState, took_ms: u64, kinds: &HashMap<String, String>) {
    let at = state.finished_at.map_or_else(now, |at| at.div_euclid(1000));
    let say = |text: &str| output.machine_line(at, "", "ui", &["say", text]);
    let complain = |text: &str| output.machine_line(at, "", "ui", &["error", text]);
    say(&format!("\n==> Wait completed after {}", took(took_ms)));
    if state.status == BuildStatus::Cancelled {
        say("Cleanly cancelled builds after being interrupted.");
        return;
    }
    let failed: Vec<_> = state.jobs.iter().filter(|job| job.status != BuildStatus::Succeeded).collect();
    if !failed.is_empty() {
        output.machine_line(at, "", "error-count", &[&failed.len().to_string()]);
        complain("\n==> Some builds didn't complete successfully and had errors:");
        for job in failed {
            let failure = job.steps.iter().find_map(|step| step.failure.as_ref()).or(state.failure.as_ref());
            let text =
                failure.map_or_else(|| "the build was interrupted".to_owned(), |failure| failure.full());
            output.machine_line(at, &job.name, "error", &[&text]);
            complain(&format!("--> {}: {text}", job.name));
        }
    }
    let succeeded: Vec<_> = state.jobs.iter().filter(|job| job.status == BuildStatus::Succeeded).collect();
    if succeeded.is_empty() {
        say("\n==> Builds finished but no artifacts were created.");
        return;
    }
    say("\n==> Builds finished. The artifacts of successful builds are:");
    for job in succeeded {
        let kind = kinds.get(&job.name).map_or("", String::as_str);
        let files = |all: &[goldsmith_app::types::ProducedFile]| -> Vec<String> {
            all.iter().map(|file| file.path.clone()).collect()
        };
        let mut artifacts = vec![artifact(kind, &job.output_directory, files(&job.artifact))];
        if !job.files.is_empty() {
            let text = "Files of post-processors".to_owned();
            artifacts.push(("goldsmith.post-processors", "files", text, files(&job.files)));
        }
        output.machine_line(at, &job.name, "artifact-count", &[&artifacts.len().to_string()]);
        for (index, (builder, id, text, files)) in artifacts.iter().enumerate() {
            let index = index.to_string();
            let machine = |values: &[&str]| {
                let all: Vec<&str> = std::iter::once(index.as_str()).chain(values.iter().copied()).collect();
                output.machine_line(at, &job.name, "artifact", &all);
            };
            machine(&["builder-id", builder]);
            machine(&["id", id]);
            machine(&["string", text]);
            machine(&["files-count", &files.len().to_string()]);
            for (number, file) in files.iter().enumerate() {
                machine(&["file", &number.to_string(), file]);
            }
            machine(&["end"]);
            say(&format!("--> {}: {text}", job.name));
        }
    }
}

/// Builder id, id, description and files of an artifact, as the builder of Packer gives them.
fn artifact(
    kind: &str,
    folder: &str,
    files: Vec<String>,
) -> (&'static str, &'static str, String, Vec<String>) {
    let directory = format!("VM files in directory: {folder}");
    match kind {
        "qemu" => ("transcend.qemu", "VM", directory, files),
        "null" => {
            let text = "Did not export anything. This is the null builder".to_owned();
            ("fnoeding.null", "Null", text, files)
        }
        "file" => {
            let text = format!("Stored file: {}", files.first().cloned().unwrap_or_default());
            ("packer.file", "File", text, files)
        }
        _ => ("goldsmith.bootstrap", "VM", directory, files),
    }
}

/// A duration in its two largest units, as Packer writes it.
fn took(ms: u64) -> String {
    let units = [
        (604_800_000, "week"),
        (86_400_000, "day"),
        (3_600_000, "hour"),
        (60_000, "minute"),
        (1000, "second"),
        (1, "millisecond"),
    ];
    let mut rest = ms;
    let mut parts = Vec::new();
    for (size, name) in units {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            parts.push(format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        }
    }
    parts.truncate(2);
    if parts.is_empty() { "0 seconds".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::took;

    #[test]
    fn durations_as_packer_writes_them() {
        for (ms, text) in [
            (0, "0 seconds"),
            (16, "16 milliseconds"),
            (61_016, "1 minute 1 second"),
            (7_200_005, "2 hours 5 milliseconds"),
            (1_001, "1 second 1 millisecond"),
        ] {
            assert_eq!(took(ms), text);
        }
    }
}
