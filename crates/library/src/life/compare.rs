//! What differs between two versions, from what is recorded of them; nothing boots.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::facts::{Facts, SourceFact};
use crate::version::Version;

/// Something recorded of one version or of both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Difference {
    /// What it is about.
    pub about: String,
    /// What the first version has; nothing where it has none.
    pub left: Option<String>,
    /// What the second has.
    pub right: Option<String>,
}

/// Two versions beside each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Comparison {
    /// `name@number` of the first.
    pub left: String,
    /// `name@number` of the second.
    pub right: String,
    /// Whether a guest sees the same bytes.
    pub same_content: bool,
    /// What is recorded otherwise of the one than of the other; what is the same is left out.
    pub differences: Vec<Difference>,
    /// How each step's time changed by a second and a tenth or more: step, then milliseconds.
    pub times: Vec<Difference>,
}

/// Compares two versions.
pub fn compare(left: &Version, right: &Version) -> Comparison {
    let (a, b) = (told(left), told(right));
    let (s, t) = (steps(&left.facts), steps(&right.facts));
    let mut times = differences(&s, &t);
    times.retain(|row| {
        let ms = |side: &Option<String>| side.as_ref().and_then(|ms| ms.parse::<u64>().ok());
        match (ms(&row.left), ms(&row.right)) {
            (Some(a), Some(b)) => a.abs_diff(b) >= 1000 && a.abs_diff(b) * 10 >= a.max(b),
            (one, other) => one.or(other).is_some_and(|ms| ms >= 1000),
        }
    });
    Comparison {
        left: left.display_name(),
        right: right.display_name(),
        same_content: left.content == right.content,
        differences: differences(&a, &b),
        times,
    }
}

fn differences(left: &BTreeMap<String, String>, right: &BTreeMap<String, String>) -> Vec<Difference> {
    let about: BTreeSet<&String> = left.keys().chain(right.keys()).collect();
    about
        .into_iter()
        .filter(|key| left.get(*key) != right.get(*key))
        .map(|key| Difference {
            about: key.clone(),
            left: left.get(key).cloned(),
            right: right.get(key).cloned(),
        })
        .collect()
}

fn steps(facts: &Facts) -> BTreeMap<String, String> {
    facts.durations.steps_ms.iter().map(|(step, ms)| (step.clone(), ms.to_string())).collect()
}

/// What is recorded of a version, under a name for each thing.
fn told(version: &Version) -> BTreeMap<String, String> {
    let facts = &version.facts;
    let mut told = BTreeMap::new();
    let mut tell = |about: &str, text: Option<String>| {
        if let Some(text) = text {
            told.insert(about.to_owned(), text);
        }
    };
    tell("content", Some(version.content.to_string()));
    tell("state", Some(version.state.word().to_owned()));
    tell("format", Some(version.format.to_string()));
    tell("size as the guest sees it", Some(format!("{} bytes", version.virtual_size)));
    for file in &version.files {
        let name = format!("file {}", file.name);
        tell(&name, Some(format!("{} bytes", file.size)));
        if let Some(disk) = &file.disk {
            tell(&format!("{name}, data"), Some(format!("{} bytes", disk.data_size)));
        }
    }
    tell("template", facts.template_path.clone());
    tell("template's digest", facts.template_digest.clone());
    tell("built as", facts.job.clone());
    for (name, value) in &facts.variables {
        tell(&format!("variable {name}"), Some(value.clone()));
    }
    for name in &facts.secret_variables {
        tell(&format!("variable {name}"), Some("<sensitive>".to_owned()));
    }
    for (n, source) in facts.sources.iter().enumerate() {
        let about = if n == 0 { "source".to_owned() } else { format!("source {}", n + 1) };
        let text = match source {
            SourceFact::File { url, checksum } => {
                format!("{url} ({})", checksum.as_deref().unwrap_or("not checked"))
            }
            SourceFact::Packages { distribution, suite, mirror, .. } => {
                format!("{distribution} {suite} from {mirror}")
            }
            SourceFact::Version { name, channel: Some(channel), .. } => format!("{name}, as {channel}"),
            SourceFact::Version { name, .. } => name.clone(),
        };
        tell(&about, Some(text));
    }
    tell("log in as", facts.ssh_user.clone());
    tell("firmware", facts.firmware.clone());
    tell("memory", facts.memory_mib.map(|mib| format!("{mib} MiB")));
    tell("processors", facts.cpus.map(|cpus| cpus.to_string()));
    tell("Goldsmith", facts.goldsmith.clone());
    tell("QEMU", facts.qemu.clone());
    tell("accelerator", facts.accelerator.clone());
    tell("host", facts.host.clone());
    for warning in &facts.warnings {
        tell(&format!("warning: {warning}"), Some("yes".to_owned()));
    }
    for (name, result) in &version.life.suites {
        let word = serde_json::to_value(result.outcome).ok();
        let word = word.as_ref().and_then(|word| word.as_str()).unwrap_or("unknown").to_owned();
        tell(
            &format!("suite {name}"),
            Some(format!("{word} ({} passed, {} failed)", result.passed, result.failed)),
        );
    }
    for (name, value) in &version.life.labels {
        tell(&format!("label {name}"), Some(value.clone()));
    }
    // What a later program records under names of its own.
    for (name, value) in &facts.more {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        tell(name, Some(text));
    }
    told
}
