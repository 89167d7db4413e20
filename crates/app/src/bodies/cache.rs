//! What builds remember: checkpoints and installed packages.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use goldsmith_build::bootstrap::{KeptPackages, kept_packages};
use goldsmith_build::checkpoint::{Entry, Limits, Rules, Store};
use goldsmith_template::{Analysis, Config};

use crate::bodies::library::blocking;
use crate::core::Core;
use crate::error::WireError;
use crate::wire::*;

pub(crate) async fn list_cache(core: &Core, _: Nothing) -> Result<CacheList, WireError> {
    let core = core.clone();
    blocking(move || {
        let limit = limits(&core.read_settings()?.checkpoints).bytes;
        let checkpoints = Store::new(core.dirs()).list();
        let packages = kept_packages(&core.dirs().cache);
        let mut entries: Vec<CacheEntry> = checkpoints.iter().map(of_checkpoint).collect();
        entries.extend(packages.iter().map(of_packages));
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.used_at));
        let bytes = entries.iter().map(|entry| entry.bytes).sum();
        Ok(CacheList { entries, bytes, limit })
    })
    .await
}

pub(crate) async fn prune_cache(core: &Core, request: PruneCache) -> Result<PrunedCache, WireError> {
    let core = core.clone();
    blocking(move || {
        let mut limits = limits(&core.read_settings()?.checkpoints);
        if request.all {
            limits.bytes = 0;
        }
        let now = UNIX_EPOCH + Duration::from_millis(u64::try_from(core.now_ms()).unwrap_or(0));
        let store = Store::new(core.dirs());
        let mut removed: Vec<CacheEntry> = store.prune(&limits, now).iter().map(of_checkpoint).collect();
        if request.all {
            let packages = kept_packages(&core.dirs().cache);
            // What a build uses now stays.
            removed.extend(packages.iter().filter(|kept| kept.remove()).map(of_packages));
        }
        let bytes = removed.iter().map(|entry| entry.bytes).sum();
        Ok(PrunedCache { removed, bytes })
    })
    .await
}

fn limits(settings: &CheckpointSettings) -> Limits {
    Limits {
        bytes: u64::from(settings.keep_gib) << 30,
        age: Duration::from_secs(u64::from(settings.keep_days) * 24 * 3600),
    }
}

/// The settings as builds take them, with the steps whose options came out otherwise in a second reading of the
/// template at another time.
pub(super) fn rules(settings: &CheckpointSettings, config: &Config, again: Option<&Analysis>) -> Rules {
    let mut volatile = Vec::new();
    let other = again.and_then(|again| again.config.as_ref());
    for job in &config.jobs {
        let Some(same) = other.and_then(|other| other.jobs.iter().find(|same| same.name == job.name)) else {
            continue;
        };
        for (at, step) in job.provisioners.iter().enumerate() {
            let same = same.provisioners.get(at).map(serde_json::to_value);
            if !matches!((serde_json::to_value(step), same), (Ok(one), Some(Ok(other))) if one == other) {
                volatile.push((job.name.clone(), Some(at)));
            }
        }
    }
    Rules {
        enabled: settings.enabled,
        after: Duration::from_secs(settings.after_seconds.into()),
        limits: limits(settings),
        volatile,
    }
}

fn of_checkpoint(entry: &Entry) -> CacheEntry {
    CacheEntry {
        id: entry.id.clone(),
        kind: CacheKind::Checkpoint,
        template: Some(entry.record.template.clone()),
        job: Some(entry.record.job.clone()),
        after: Some(entry.record.after.clone()),
        saves_ms: Some(entry.record.saves_ms),
        bytes: entry.bytes,
        used_at: since_1970(entry.used),
    }
}

fn of_packages(kept: &KeptPackages) -> CacheEntry {
    CacheEntry {
        id: kept.id.clone(),
        kind: CacheKind::Packages,
        template: None,
        job: None,
        after: None,
        saves_ms: None,
        bytes: kept.bytes,
        used_at: since_1970(kept.used),
    }
}

fn since_1970(at: SystemTime) -> i64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
