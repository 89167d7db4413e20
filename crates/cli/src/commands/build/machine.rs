//! `build -machine-readable`: Packer's lines for programs (`packer/ui.go`, `command/build.go`). What people would see
//! are `ui` lines; what a program looks for at the end has categories of its own.

use std::collections::HashMap;

use goldsmith_app::types::{BuildState, BuildStatus, Entry, Fact, LogLine, LogStream, Outcome, ProducedFile};

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

/// Prints what came of it all.
pub fn end(output: &Output, state: &BuildState, took_ms: u64, kinds: &HashMap<String, String>) {
    let at = state.finished_at.map_or_else(now, |at| at.div_euclid(1000));
    for (target, category, values) in ending(state, took_ms, kinds) {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        output.machine_line(at, &target, category, &values);
    }
}

/// Target, category and values of a line.
type Line = (String, &'static str, Vec<String>);

fn ending(state: &BuildState, took_ms: u64, kinds: &HashMap<String, String>) -> Vec<Line> {
    let mut out: Vec<Line> = Vec::new();
    let ui = |kind: &str, text: String| (String::new(), "ui", vec![kind.to_owned(), text]);
    out.push(ui("say", format!("\n==> Wait completed after {}", took(took_ms))));
    if state.status == BuildStatus::Cancelled {
        out.push(ui("say", "Cleanly cancelled builds after being interrupted.".to_owned()));
        return out;
    }
    let failed: Vec<_> = state.jobs.iter().filter(|job| job.status != BuildStatus::Succeeded).collect();
    if !failed.is_empty() {
        out.push((String::new(), "error-count", vec![failed.len().to_string()]));
        out.push(ui("error", "\n==> Some builds didn't complete successfully and had errors:".to_owned()));
        for job in failed {
            let failure = job.steps.iter().find_map(|step| step.failure.as_ref()).or(state.failure.as_ref());
            let text =
                failure.map_or_else(|| "the build was interrupted".to_owned(), |failure| failure.full());
            out.push((job.name.clone(), "error", vec![text.clone()]));
            out.push(ui("error", format!("--> {}: {text}", job.name)));
        }
    }
    let succeeded: Vec<_> = state.jobs.iter().filter(|job| job.status == BuildStatus::Succeeded).collect();
    if succeeded.is_empty() {
        out.push(ui("say", "\n==> Builds finished but no artifacts were created.".to_owned()));
        return out;
    }
    out.push(ui("say", "\n==> Builds finished. The artifacts of successful builds are:".to_owned()));
    for job in succeeded {
        let kind = kinds.get(&job.name).map_or("", String::as_str);
        let files =
            |all: &[ProducedFile]| -> Vec<String> { all.iter().map(|file| file.path.clone()).collect() };
        let mut artifacts = vec![artifact(kind, &job.output_directory, files(&job.artifact))];
        if !job.files.is_empty() {
            let text = "Files of post-processors".to_owned();
            artifacts.push(("goldsmith.post-processors", "files", text, files(&job.files)));
        }
        out.push((job.name.clone(), "artifact-count", vec![artifacts.len().to_string()]));
        for (index, (builder, id, text, files)) in artifacts.iter().enumerate() {
            let mut tell = |values: &[&str]| {
                let index = std::iter::once(index.to_string());
                let values = index.chain(values.iter().map(|value| (*value).to_owned()));
                out.push((job.name.clone(), "artifact", values.collect()));
            };
            tell(&["builder-id", builder]);
            tell(&["id", id]);
            tell(&["string", text]);
            tell(&["files-count", &files.len().to_string()]);
            for (number, file) in files.iter().enumerate() {
                tell(&["file", &number.to_string(), file]);
            }
            tell(&["end"]);
            out.push(ui("say", format!("--> {}: {text}", job.name)));
        }
    }
    out
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
    use super::*;
    use goldsmith_app::types::JobState;

    /// The categories and order of Packer 1.6.6, looked at once.
    #[test]
    fn the_end_of_a_build_as_packer_tells_it() {
        let file = ProducedFile { path: "out/web".to_owned(), size: 1 };
        let job = |name: &str, status| JobState {
            name: name.to_owned(),
            status,
            output_directory: "out".to_owned(),
            artifact: vec![file.clone()],
            ..JobState::default()
        };
        let jobs = vec![job("qemu.web", BuildStatus::Succeeded), job("qemu.db", BuildStatus::Failed)];
        let state = BuildState { status: BuildStatus::Failed, jobs, ..BuildState::default() };
        let kinds = HashMap::from([("qemu.web".to_owned(), "qemu".to_owned())]);
        let lines: Vec<String> = ending(&state, 1500, &kinds)
            .into_iter()
            .map(|(target, category, values)| {
                format!("{target},{category},{}", values.join(",").trim_start())
            })
            .collect();
        let wanted = [
            ",ui,say,\n==> Wait completed after 1 second 500 milliseconds",
            ",error-count,1",
            ",ui,error,\n==> Some builds didn't complete successfully and had errors:",
            "qemu.db,error,the build was interrupted",
            ",ui,error,--> qemu.db: the build was interrupted",
            ",ui,say,\n==> Builds finished. The artifacts of successful builds are:",
            "qemu.web,artifact-count,1",
            "qemu.web,artifact,0,builder-id,transcend.qemu",
            "qemu.web,artifact,0,id,VM",
            "qemu.web,artifact,0,string,VM files in directory: out",
            "qemu.web,artifact,0,files-count,1",
            "qemu.web,artifact,0,file,0,out/web",
            "qemu.web,artifact,0,end",
            ",ui,say,--> qemu.web: VM files in directory: out",
        ];
        assert_eq!(lines, wanted);
    }

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
