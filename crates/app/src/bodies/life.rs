//! Channels, states, policies: what happens to versions after they were made.

use std::collections::{BTreeMap, BTreeSet};

use goldsmith_library::life::{
    Assign, Blast, By, ChannelChange, CollectPlan, Dates, GateVerdict, Policies, Promoted, Revoke, Role,
    Rollback, compare,
};
use goldsmith_library::{ImageTool, Library, Version};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use similar::TextDiff;

use crate::bodies::library::blocking;
use crate::core::Core;
use crate::error::WireError;
use crate::journals::Told;
use crate::wire::*;

/// Runs something on the library, for which it must be writable, away from the threads that answer.
async fn with_library<T: Send + 'static>(
    core: &Core,
    work: impl FnOnce(&Core, &Library) -> Result<T, WireError> + Send + 'static,
) -> Result<T, WireError> {
    let core = core.clone();
    blocking(move || {
        let library = core.writable_library()?;
        work(&core, &library)
    })
    .await
}

/// Runs something that only reads.
async fn reading<T: Send + 'static>(
    core: &Core,
    work: impl FnOnce(&Library) -> Result<T, WireError> + Send + 'static,
) -> Result<T, WireError> {
    let core = core.clone();
    blocking(move || work(&core.library()?)).await
}

pub(crate) async fn list_channels(core: &Core, request: ListChannels) -> Result<ChannelList, WireError> {
    reading(core, move |library| {
        let image = request.image.map(|image| library.resolve(&image)).transpose()?.map(|v| v.image);
        Ok(ChannelList { channels: library.channels(image.as_ref().map(|i| i.as_str()))? })
    })
    .await
}

pub(crate) async fn promote_image(core: &Core, request: PromoteImage) -> Result<Promoted, WireError> {
    with_library(core, move |_, library| {
        let version = library.resolve(&request.image)?;
        Ok(library.assign(&Assign {
            version: version.id,
            channel: request.channel,
            class: request.class,
            release: true,
            notes: request.notes,
            override_reason: request.override_reason,
            by: By::new(Role::Releaser, request.reason),
        })?)
    })
    .await
}

pub(crate) async fn rollback_image(core: &Core, request: RollbackImage) -> Result<Promoted, WireError> {
    let library = {
        let core = core.clone();
        blocking(move || core.writable_library()).await?
    };
    let image = library.resolve(&request.image)?.image;
    let target = match request.to {
        Some(number) => library.resolve(&format!("{image}@{number}"))?,
        None => library.rollback_target(image.as_str(), &request.channel)?.1,
    };
    // People will rely on these bytes again: they are read before the channel moves.
    let qemu_img = core.program("qemu-img", "read disk images")?;
    let tool = ImageTool { launch: core.setup().launch.as_ref(), qemu_img: &qemu_img };
    let title = format!("Verifying {}", target.display_name());
    let task = core.tasks().begin(request.task, &title, "bytes")?;
    let mut progress = |done, total| task.progress(&title, done, Some(total));
    let verification = library.verify(&target, &tool, &task.cancel, &mut progress).await?;
    if !verification.ok {
        let name = target.display_name();
        return Err(WireError::environment("image_damaged", format!("{name} is not as it was recorded"))
            .hint(format!(
                "`goldsmith image verify {name}` says what differs; name another version with --to."
            )));
    }
    Ok(library.rollback(&Rollback {
        image: image.as_str().to_owned(),
        channel: request.channel,
        to: Some(target.id),
        override_reason: request.override_reason,
        by: By::new(Role::Releaser, request.reason),
    })?)
}

pub(crate) async fn change_channel(core: &Core, request: ChangeChannel) -> Result<ChannelList, WireError> {
    with_library(core, move |core, library| {
        let image = library.resolve(&request.image)?.image;
        let change = match request.verb {
            ChannelVerb::Hold { until } => ChannelChange::Held { until: moment(core, until.as_deref())? },
            ChannelVerb::Unhold => ChannelChange::Unheld,
            ChannelVerb::Empty => ChannelChange::Emptied,
            ChannelVerb::Class { class } => ChannelChange::Classed { class },
        };
        let by = By::new(Role::Keeper, request.reason);
        let channel = library.change_channel(image.as_str(), &request.channel, by, change)?;
        Ok(ChannelList { channels: vec![channel] })
    })
    .await
}

pub(crate) async fn change_image(core: &Core, request: ChangeImage) -> Result<ChangedVersions, WireError> {
    with_library(core, move |core, library| {
        let id = library.resolve(&request.image)?.id;
        let by = |role| By::new(role, request.reason.clone());
        let keeper = by(Role::Keeper);
        let one = |version: Version| vec![version];
        let versions = match request.verb {
            ImageVerb::Release { notes } => library.release(id, notes, by(Role::Releaser)).map(one)?,
            ImageVerb::Deprecate { replacement, force } => {
                let replacement = replacement.map(|name| library.resolve(&name)).transpose()?.map(|v| v.id);
                library.deprecate(id, replacement, force, keeper).map(one)?
            }
            ImageVerb::Undeprecate => library.undeprecate(id, keeper).map(one)?,
            ImageVerb::Revoke { severity, cascade, move_channels } => {
                library.revoke(&Revoke { version: id, severity, cascade, move_channels, by: keeper })?
            }
            ImageVerb::Unrevoke => library.unrevoke(id, &keeper)?,
            ImageVerb::Retire => library.retire(id, &keeper).map(one)?,
            ImageVerb::Hold { until } => {
                library.hold(id, moment(core, until.as_deref())?, keeper).map(one)?
            }
            ImageVerb::Unhold => library.unhold(id, keeper).map(one)?,
            ImageVerb::Schedule { deprecate_at, revoke_at, retire_at } => {
                let dates = Dates {
                    deprecate_at: moment(core, deprecate_at.as_deref())?,
                    revoke_at: moment(core, revoke_at.as_deref())?,
                    retire_at: moment(core, retire_at.as_deref())?,
                };
                library.schedule(id, dates, keeper).map(one)?
            }
            ImageVerb::Label { set, unset } => library.label(id, set, unset, keeper).map(one)?,
            ImageVerb::Note { text } => library.note(id, text, keeper).map(one)?,
        };
        Ok(ChangedVersions { versions })
    })
    .await
}

pub(crate) async fn preview_revoke(core: &Core, request: OfImage) -> Result<Blast, WireError> {
    reading(core, move |library| Ok(library.blast(library.resolve(&request.image)?.id)?)).await
}

pub(crate) async fn gate_image(core: &Core, request: GateImage) -> Result<GateTable, WireError> {
    reading(core, move |library| {
        let version = library.resolve(&request.image)?;
        let rows = library.gate(&version, request.class)?;
        let verdict = rows.iter().map(|row| row.verdict).max().unwrap_or(GateVerdict::Ok);
        Ok(GateTable { image: version.display_name(), class: request.class, verdict, rows })
    })
    .await
}

pub(crate) async fn image_history(core: &Core, request: OfImage) -> Result<ImageHistory, WireError> {
    reading(core, move |library| Ok(ImageHistory { entries: library.history(&request.image)? })).await
}

pub(crate) async fn get_policies(core: &Core, _: Nothing) -> Result<Policies, WireError> {
    reading(core, |library| Ok(library.policies()?)).await
}

pub(crate) async fn set_policies(core: &Core, policies: Policies) -> Result<Policies, WireError> {
    with_library(core, move |_, library| {
        library.set_policies(policies)?;
        Ok(library.policies()?)
    })
    .await
}

pub(crate) async fn plan_collection(core: &Core, _: Nothing) -> Result<CollectPlan, WireError> {
    core.recover().await?;
    let core = core.clone();
    blocking(move || {
        let users = Users::of(&core)?;
        Ok(core.library()?.plan_collection(&|version| users.of_version(version))?)
    })
    .await
}

pub(crate) async fn collect(core: &Core, _: Nothing) -> Result<CollectPlan, WireError> {
    core.recover().await?;
    with_library(core, |core, library| {
        let users = Users::of(core)?;
        Ok(library.collect(&|version| users.of_version(version))?.plan)
    })
    .await
}

pub(crate) async fn list_outdated(core: &Core, _: Nothing) -> Result<OutdatedList, WireError> {
    reading(core, |library| Ok(OutdatedList { images: library.outdated()? })).await
}

/// What runs from the library now.
struct Users(Vec<(String, String)>);

impl Users {
    fn of(core: &Core) -> Result<Self, WireError> {
        let runs = core.tell()?.into_iter().filter_map(|told| match told {
            Told::Run(run) if !run.is_over() => Some((run.image, run.run)),
            _ => None,
        });
        Ok(Self(runs.collect()))
    }

    fn of_version(&self, version: &Version) -> Option<String> {
        let name = version.display_name();
        self.0.iter().find(|(image, _)| *image == name).map(|(_, run)| format!("the run {run} stands on it"))
    }
}

pub(crate) async fn compare_images(core: &Core, request: CompareImages) -> Result<ComparedImages, WireError> {
    reading(core, move |library| {
        let (left, right) = (library.resolve(&request.left)?, library.resolve(&request.right)?);
        let (old, new) = (&left.facts.template_files, &right.facts.template_files);
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let text =
            |files: &BTreeMap<String, String>, name: &String| files.get(name).cloned().unwrap_or_default();
        let templates = names
            .into_iter()
            .filter(|name| old.get(*name) != new.get(*name))
            .map(|name| {
                let (a, b) = (text(old, name), text(new, name));
                let diff = TextDiff::from_lines(&a, &b);
                let headers =
                    (format!("{}/{name}", left.display_name()), format!("{}/{name}", right.display_name()));
                (name.clone(), diff.unified_diff().header(&headers.0, &headers.1).to_string())
            })
            .collect();
        Ok(ComparedImages { comparison: compare(&left, &right), templates })
    })
    .await
}

/// A moment as people write it: `2026-12-24`, `2026-12-24T18:00:00Z`, or from now: `30d`, `12h`.
fn moment(core: &Core, text: Option<&str>) -> Result<Option<Timestamp>, WireError> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    let now = core.setup().clock.now();
    let hours = |digits: &str, hours: i64| {
        let count: i64 = digits.parse().ok().filter(|n| (0..1_000_000).contains(n))?;
        now.checked_add(SignedDuration::from_hours(count * hours)).ok()
    };
    let parsed = if let Some(days) = text.strip_suffix('d') {
        hours(days, 24)
    } else if let Some(count) = text.strip_suffix('h') {
        hours(count, 1)
    } else if let Ok(date) = text.parse::<Date>() {
        date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    } else {
        text.parse::<Timestamp>().ok()
    };
    parsed.map(Some).ok_or_else(|| {
        WireError::input("bad_date", format!("\"{text}\" is not a date"))
            .hint("Write 2026-12-24, 2026-12-24T18:00:00Z, or a time from now: 30d, 12h.")
    })
}
