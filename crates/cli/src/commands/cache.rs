//! `cache`: what builds remember.

use goldsmith_app::wire::{CacheEntry, CacheKind, Nothing, PruneCache};
use goldsmith_app::{Core, WireError};

use crate::args::Cache;
use crate::output::Output;
use crate::text::{Align, Table, ago, count, duration, size};

/// Lists or removes it.
pub async fn cache(core: &Core, output: &Output, command: Cache) -> Result<u8, WireError> {
    match command {
        Cache::List => {
            let found = core.list_cache(Nothing {}).await?;
            if output.json {
                output.json_value(&found)?;
            } else if found.entries.is_empty() {
                output.line("Nothing is remembered.");
            } else {
                output.text(&table(core, &found.entries));
                let limit = size(found.limit);
                output.line(&format!("{} in all; checkpoints are kept up to {limit}.", size(found.bytes)));
            }
        }
        Cache::Prune { all } => {
            let pruned = core.prune_cache(PruneCache { all }).await?;
            if output.json {
                output.json_value(&pruned)?;
            } else {
                let removed = count(pruned.removed.len(), "remembered result");
                output.line(&format!("Removed {removed}: {} are free again.", size(pruned.bytes)));
            }
        }
    }
    Ok(0)
}

fn table(core: &Core, entries: &[CacheEntry]) -> String {
    let mut table = Table::new(&[
        ("KIND", Align::Left),
        ("OF", Align::Left),
        ("AFTER", Align::Left),
        ("SAVES", Align::Right),
        ("SIZE", Align::Right),
        ("USED", Align::Left),
    ]);
    for entry in entries {
        let kind = match entry.kind {
            CacheKind::Checkpoint => "checkpoint",
            CacheKind::Packages => "packages",
        };
        table.row(vec![
            kind.to_owned(),
            entry.job.clone().unwrap_or_else(|| entry.id.chars().take(12).collect()),
            entry.after.clone().unwrap_or_default(),
            entry.saves_ms.map(duration).unwrap_or_default(),
            size(entry.bytes),
            ago(entry.used_at, core.setup().clock.now_ms()),
        ]);
    }
    table.text()
}
