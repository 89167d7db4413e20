//! The life of versions: channels, states, policies.

use std::collections::BTreeMap;

use goldsmith_app::types::{self, Channel, ChannelName, CollectPlan, Fate, GateRow, GateVerdict, Promoted};
use goldsmith_app::wire::{
    ChangeChannel, ChangeImage, ChannelVerb, GateImage, ImageVerb, ListChannels, Nothing, OfImage,
    PromoteImage, RollbackImage,
};
use goldsmith_app::{Core, WireError};

use super::image::{TASK, with_progress};
use crate::args_life::{self, Class, ImageLife, PolicySet, Severity};
use crate::output::{Output, Paint};
use crate::text::{Align, Table, ago, count, size};

impl From<Class> for types::Class {
    fn from(class: Class) -> Self {
        match class {
            Class::Dev => types::Class::Dev,
            Class::Staging => types::Class::Staging,
            Class::Production => types::Class::Production,
        }
    }
}

fn severity(severity: Severity) -> types::RevocationSeverity {
    match severity {
        Severity::Low => types::RevocationSeverity::Low,
        Severity::Medium => types::RevocationSeverity::Medium,
        Severity::High => types::RevocationSeverity::High,
        Severity::Critical => types::RevocationSeverity::Critical,
    }
}

fn channel_name(text: String) -> Result<ChannelName, WireError> {
    ChannelName::new(text).map_err(|error| WireError::input("channel_name", error.to_string()))
}

/// `promote`.
pub async fn promote(core: &Core, output: &Output, args: args_life::Promote) -> Result<u8, WireError> {
    let request = PromoteImage {
        image: args.image,
        channel: channel_name(args.to)?,
        class: args.class.map(Into::into),
        notes: args.notes,
        reason: args.reason,
        override_reason: args.override_reason,
    };
    moved(output, &core.promote_image(request).await?)
}

/// `rollback`.
pub async fn rollback(core: &Core, output: &Output, args: args_life::Rollback) -> Result<u8, WireError> {
    let request = RollbackImage {
        image: args.image,
        channel: channel_name(args.channel)?,
        to: args.to,
        reason: args.reason,
        override_reason: args.override_reason,
        task: Some(TASK.to_owned()),
    };
    let done = with_progress(core, *output, core.rollback_image(request)).await?;
    moved(output, &done)
}

fn moved(output: &Output, done: &Promoted) -> Result<u8, WireError> {
    if output.json {
        output.json_value(done)?;
        return Ok(0);
    }
    let from =
        done.from.map(|number| format!(" (it was {}@{number})", done.channel.image)).unwrap_or_default();
    output.line(&format!(
        "{} now points to {}{from}",
        done.channel.display_name(),
        done.version.display_name()
    ));
    if done.released {
        output.line(&format!("{} was released by this.", done.version.display_name()));
    }
    for row in done.gate.iter().filter(|row| row.verdict != GateVerdict::Ok) {
        output.line(&format!("  passed over: {}: {}", row.check, row.evidence));
    }
    Ok(0)
}

/// `channel`.
pub async fn channel(core: &Core, output: &Output, command: args_life::Channel) -> Result<u8, WireError> {
    use args_life::Channel as C;
    let (image, channel, verb, reason) = match command {
        C::List { image } => {
            let list = core.list_channels(ListChannels { image }).await?;
            if output.json {
                output.json_value(&list)?;
            } else if list.channels.is_empty() {
                output.line("There are no channels. `goldsmith promote IMAGE` makes one.");
            } else {
                output.text(&channels(core, &list.channels));
            }
            return Ok(0);
        }
        C::History { image, channel } => {
            return history_of(core, output, image, channel_name(channel)?).await;
        }
        C::Hold { image, channel, until, reason } => (image, channel, ChannelVerb::Hold { until }, reason),
        C::Unhold { image, channel } => (image, channel, ChannelVerb::Unhold, None),
        C::Empty { image, channel, reason } => (image, channel, ChannelVerb::Empty, reason),
        C::Class { image, channel, class } => {
            (image, channel, ChannelVerb::Class { class: class.into() }, None)
        }
    };
    let request = ChangeChannel { image, channel: channel_name(channel)?, verb, reason };
    let list = core.change_channel(request).await?;
    if output.json {
        output.json_value(&list)?;
    } else {
        output.text(&channels(core, &list.channels));
    }
    Ok(0)
}

fn channels(core: &Core, channels: &[Channel]) -> String {
    let mut table = Table::new(&[
        ("CHANNEL", Align::Left),
        ("FOR", Align::Left),
        ("VERSION", Align::Left),
        ("SINCE", Align::Left),
        ("HELD", Align::Left),
    ]);
    for channel in channels {
        let held = channel.hold.as_ref().map(|hold| match &hold.until {
            Some(until) => format!("until {until}"),
            None => "yes".to_owned(),
        });
        table.row(vec![
            channel.display_name(),
            channel.class.word().to_owned(),
            channel.number.map_or_else(|| "-".to_owned(), |number| format!("{}@{number}", channel.image)),
            channel.since().map_or_else(String::new, |at| since(core, at.as_millisecond())),
            held.unwrap_or_default(),
        ]);
    }
    table.text()
}

fn since(core: &Core, at_ms: i64) -> String {
    ago(at_ms, core.setup().clock.now_ms())
}

async fn history_of(core: &Core, output: &Output, image: String, name: ChannelName) -> Result<u8, WireError> {
    let list = core.list_channels(ListChannels { image: Some(image.clone()) }).await?;
    let Some(channel) = list.channels.into_iter().find(|channel| channel.name == name) else {
        return Err(WireError::input("no_channel", format!("{image} has no channel {name}"))
            .hint("`goldsmith channel list` says which there are."));
    };
    if output.json {
        output.json_value(&channel)?;
        return Ok(0);
    }
    for step in &channel.history {
        let to =
            step.number.map_or_else(|| "nothing".to_owned(), |number| format!("{}@{number}", channel.image));
        let word = match step.kind {
            types::MoveKind::Assigned => "points to",
            types::MoveKind::Rolledback => "rolled back to",
            types::MoveKind::Emptied => "emptied:",
        };
        let reasons: Vec<String> =
            [&step.by.reason, &step.override_reason].into_iter().flatten().cloned().collect();
        let why = if reasons.is_empty() { String::new() } else { format!("  ({})", reasons.join("; ")) };
        output.line(&format!("{}  {word} {to}{why}", step.at));
    }
    Ok(0)
}

/// `policy`.
pub async fn policy(core: &Core, output: &Output, command: args_life::Policy) -> Result<u8, WireError> {
    let policies = match command {
        args_life::Policy::Show => core.get_policies(Nothing {}).await?,
        args_life::Policy::Set(set) => {
            let mut policies = core.get_policies(Nothing {}).await?;
            change_policies(&mut policies, set)?;
            core.set_policies(policies).await?
        }
    };
    if output.json {
        output.json_value(&policies)?;
        return Ok(0);
    }
    for (class, policy) in
        [("dev", &policies.dev), ("staging", &policies.staging), ("production", &policies.production)]
    {
        let mut asks = Vec::new();
        asks.extend(policy.suites.iter().map(|suite| format!("suite {suite} passed")));
        asks.extend(policy.max_result_age_days.map(|days| format!("results at most {days} days old")));
        asks.extend(policy.min_soak_hours.map(|hours| format!("{hours} h in a channel of the class before")));
        asks.extend(policy.clean_tree.then(|| "template committed".to_owned()));
        if policy.revoke_margin_days > 0 {
            asks.push(format!("not to be revoked within {} days", policy.revoke_margin_days));
        }
        let asks = if asks.is_empty() { "nothing more".to_owned() } else { asks.join(", ") };
        output.line(&format!("{class:<11} asks for {asks}"));
    }
    let retention = &policies.retention;
    let collected = match retention.keep_last {
        None => "nothing is collected".to_owned(),
        Some(last) => format!(
            "versions no channel ever pointed to, but the newest {last} and those younger than {} days",
            retention.min_age_days
        ),
    };
    output.line(&format!("collection  {collected}"));
    let trash = retention
        .trash_days
        .map_or_else(|| "stays".to_owned(), |days| format!("is purged after {days} days"));
    output.line(&format!("trash       {trash}"));
    output.line(&format!(
        "rollback    the last {} versions of a production channel stay",
        retention.rollback_depth
    ));
    Ok(0)
}

fn change_policies(policies: &mut types::Policies, set: PolicySet) -> Result<(), WireError> {
    if let Some(class) = set.class {
        let policy = match class {
            Class::Dev => &mut policies.dev,
            Class::Staging => &mut policies.staging,
            Class::Production => &mut policies.production,
        };
        if !set.suite.is_empty() {
            policy.suites = set.suite.into_iter().filter(|suite| !suite.is_empty()).collect();
        }
        let or_none = |value: u32| (value > 0).then_some(value);
        if let Some(days) = set.max_result_age {
            policy.max_result_age_days = or_none(days);
        }
        if let Some(hours) = set.min_soak {
            policy.min_soak_hours = or_none(hours);
        }
        policy.clean_tree = set.clean_tree.unwrap_or(policy.clean_tree);
        policy.revoke_margin_days = set.revoke_margin.unwrap_or(policy.revoke_margin_days);
    }
    let retention = &mut policies.retention;
    if let Some(text) = set.keep_last {
        retention.keep_last = number_or_never("--keep-last", &text)?;
    }
    if let Some(text) = set.trash_days {
        retention.trash_days = number_or_never("--trash-days", &text)?;
    }
    retention.min_age_days = set.min_age.unwrap_or(retention.min_age_days);
    retention.rollback_depth = set.rollback_depth.unwrap_or(retention.rollback_depth);
    Ok(())
}

fn number_or_never(option: &str, text: &str) -> Result<Option<u32>, WireError> {
    if text == "never" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        WireError::input("bad_policy", format!("{option} takes a number or `never`, and not \"{text}\""))
    })
}

/// `gc`.
pub async fn gc(core: &Core, output: &Output, apply: bool) -> Result<u8, WireError> {
    let plan = if apply { core.collect(Nothing {}).await? } else { core.plan_collection(Nothing {}).await? };
    if output.json {
        output.json_value(&plan)?;
    } else {
        output.text(&collection(&plan));
        let freed = format!("{} freed, {} moved to the trash", size(plan.frees), size(plan.trashes));
        output.line(&if apply { freed } else { format!("Nothing was changed. With --apply: {freed}.") });
    }
    Ok(0)
}

fn collection(plan: &CollectPlan) -> String {
    let mut table = Table::new(&[
        ("VERSION", Align::Left),
        ("FATE", Align::Left),
        ("ON DISK", Align::Right),
        ("WHY", Align::Left),
    ]);
    for item in &plan.items {
        let fate = match item.fate {
            Fate::Keep => "keep",
            Fate::Trash => "trash",
            Fate::Purge => "purge",
        };
        table.row(vec![item.name.clone(), fate.to_owned(), size(item.occupies), item.why.clone()]);
    }
    table.text()
}

/// `outdated`. Exit code 1 when something is.
pub async fn outdated(core: &Core, output: &Output) -> Result<u8, WireError> {
    let list = core.list_outdated(Nothing {}).await?;
    if output.json {
        output.json_value(&list)?;
    } else if list.images.is_empty() {
        output.line("Every image that was made from another is up to date.");
    }
    for image in &list.images {
        if !output.json {
            output.line(&format!("{}: {}", image.version.display_name(), image.reasons.join("; ")));
        }
    }
    Ok(u8::from(!list.images.is_empty()))
}

/// The verbs of `image` that are about its life.
pub async fn image(core: &Core, output: &Output, command: ImageLife) -> Result<u8, WireError> {
    use ImageLife as L;
    let (image, verb, reason) = match command {
        L::History { image } => return history(core, output, image).await,
        L::Gate { image, class } => return gate(core, output, image, class).await,
        L::Revoke { image, preview: true, .. } => return preview(core, output, image).await,
        L::Release { image, notes, reason } => (image, ImageVerb::Release { notes }, reason),
        L::Deprecate { image, replacement, force, reason } => {
            (image, ImageVerb::Deprecate { replacement, force }, reason)
        }
        L::Undeprecate { image, reason } => (image, ImageVerb::Undeprecate, reason),
        L::Revoke { image, severity: bad, cascade, move_channels, reason, .. } => {
            (image, ImageVerb::Revoke { severity: severity(bad), cascade, move_channels }, reason)
        }
        L::Unrevoke { image, reason } => (image, ImageVerb::Unrevoke, reason),
        L::Retire { image, reason } => (image, ImageVerb::Retire, reason),
        L::Hold { image, until, reason } => (image, ImageVerb::Hold { until }, reason),
        L::Unhold { image } => (image, ImageVerb::Unhold, None),
        L::Schedule { image, deprecate, revoke, retire } => {
            let verb = ImageVerb::Schedule { deprecate_at: deprecate, revoke_at: revoke, retire_at: retire };
            (image, verb, None)
        }
        L::Label { image, labels } => (image, label(labels)?, None),
        L::Note { image, text } => (image, ImageVerb::Note { text }, None),
    };
    let changed = core.change_image(ChangeImage { image, verb, reason }).await?;
    if output.json {
        output.json_value(&changed)?;
    } else {
        for version in &changed.versions {
            output.line(&format!("{} is {}", version.display_name(), version.state.word()));
        }
    }
    Ok(0)
}

fn label(labels: Vec<String>) -> Result<ImageVerb, WireError> {
    let (mut set, mut unset) = (BTreeMap::new(), Vec::new());
    for text in labels {
        match text.split_once('=') {
            Some((name, "")) if !name.is_empty() => unset.push(name.to_owned()),
            Some((name, value)) if !name.is_empty() => {
                set.insert(name.to_owned(), value.to_owned());
            }
            _ => return Err(WireError::input("bad_label", format!("\"{text}\" is not NAME=VALUE"))),
        }
    }
    Ok(ImageVerb::Label { set, unset })
}

async fn history(core: &Core, output: &Output, image: String) -> Result<u8, WireError> {
    let history = core.image_history(OfImage { image }).await?;
    if output.json {
        output.json_value(&history)?;
        return Ok(0);
    }
    for entry in &history.entries {
        let reason = entry.by.as_ref().and_then(|by| by.reason.clone());
        let reason = reason.map(|reason| format!("  ({reason})")).unwrap_or_default();
        output.line(&format!("{}  {}{reason}", entry.at, entry.what));
    }
    Ok(0)
}

async fn gate(core: &Core, output: &Output, image: String, class: Class) -> Result<u8, WireError> {
    let table = core.gate_image(GateImage { image, class: class.into() }).await?;
    if output.json {
        output.json_value(&table)?;
    } else {
        output.text(&rows(output, &table.rows));
    }
    Ok(match table.verdict {
        GateVerdict::Ok => 0,
        GateVerdict::Unknown => 2,
        GateVerdict::Blocked | GateVerdict::Forbidden => 1,
    })
}

fn rows(output: &Output, rows: &[GateRow]) -> String {
    let mut table = Table::new(&[("CHECK", Align::Left), ("SAYS", Align::Left), ("BECAUSE", Align::Left)]);
    for row in rows {
        let word = match row.verdict {
            GateVerdict::Ok => "ok".to_owned(),
            GateVerdict::Unknown => "cannot tell".to_owned(),
            GateVerdict::Blocked => output.paint("blocked", Paint::Strong),
            GateVerdict::Forbidden => output.paint("forbidden", Paint::Strong),
        };
        table.row(vec![row.check.clone(), word, row.evidence.clone()]);
    }
    table.text()
}

async fn preview(core: &Core, output: &Output, image: String) -> Result<u8, WireError> {
    let blast = core.preview_revoke(OfImage { image: image.clone() }).await?;
    if output.json {
        output.json_value(&blast)?;
        return Ok(0);
    }
    output.line(&format!("Revoking {image} would touch, and has changed nothing yet:"));
    output
        .line(&format!("  {} made from it (only with --cascade)", count(blast.descendants.len(), "version")));
    blast
        .descendants
        .iter()
        .for_each(|v| output.line(&format!("    {} ({})", v.display_name(), v.state.word())));
    output.line(&format!("  {} (only with --move-channels)", count(blast.channels.len(), "channel")));
    blast.channels.iter().for_each(|c| output.line(&format!("    {}", c.display_name())));
    output.line(&format!(
        "  {} outside the library, which stay as they are",
        count(blast.exports.len(), "known copy")
    ));
    blast.exports.iter().for_each(|e| output.line(&format!("    {}", e.path)));
    Ok(0)
}
