//! The folder of checkpoints: `goldsmith/checkpoints` in the cache, one folder each, for its owner's eyes only
//! (memory and keys are in it).

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use goldsmith_process::{Dirs, durable};
use serde::{Deserialize, Serialize};

use super::inputs::Chain;

const SCHEMA: u32 = 1;
const RECORD: &str = "checkpoint.json";
/// What a build is writing begins with this.
pub(super) const PART: &str = ".part-";

/// Where in a build it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// After the disk was made, before a machine ran.
    Disk,
    /// With the machine running, after so many provisioners.
    Machine(usize),
}

/// What is known of a checkpoint: the file `checkpoint.json` beside its disks and memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Of its form.
    pub schema: u32,
    /// The template it is of.
    pub template: String,
    /// The job.
    pub job: String,
    /// The build that took it.
    pub build: String,
    /// Milliseconds since 1970.
    pub made_at: i64,
    /// Where.
    pub edge: Edge,
    /// The step it was taken after, as shown.
    pub after: String,
    /// What the machine's disk came from: the image's or the packages' digest.
    pub base: String,
    /// Digests of the inputs up to here.
    pub chain: Vec<String>,
    /// How long the steps took that it saves, milliseconds.
    pub saves_ms: u64,
}

/// How much is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// At most so many bytes.
    pub bytes: u64,
    /// What was not used for so long goes.
    pub age: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 20 << 30, age: Duration::from_secs(30 * 24 * 3600) }
    }
}

/// One that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the folder.
    pub id: String,
    /// Its folder.
    pub path: PathBuf,
    /// What is known of it.
    pub record: Record,
    /// Bytes it takes on the disk.
    pub bytes: u64,
    /// When it was taken or last used.
    pub used: SystemTime,
}

impl Entry {
    /// The file of the disk with this number.
    pub fn disk(&self, number: usize) -> PathBuf {
        disk(&self.path, number)
    }

    /// The machine's memory.
    pub fn memory(&self) -> PathBuf {
        memory(&self.path)
    }

    /// The login key that opens it, where the build made one.
    pub fn key(&self) -> PathBuf {
        key(&self.path)
    }

    /// The firmware's variables, where it has some.
    pub fn variables(&self) -> PathBuf {
        variables(&self.path)
    }
}

pub(super) fn disk(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("disk-{number}"))
}

pub(super) fn memory(folder: &Path) -> PathBuf {
    folder.join("memory")
}

pub(super) fn key(folder: &Path) -> PathBuf {
    folder.join("key")
}

pub(super) fn variables(folder: &Path) -> PathBuf {
    folder.join("efivars.fd")
}

/// Where checkpoints are kept.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// Below the cache; nothing is made.
    pub fn new(dirs: &Dirs) -> Self {
        Self { folder: dirs.cache.join("checkpoints") }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn make_folder(&self) -> io::Result<()> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)
    }

    /// All, the last used first. What cannot be read is left out.
    pub fn list(&self) -> Vec<Entry> {
        let mut found: Vec<Entry> = fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let id = entry.file_name().into_string().ok().filter(|name| !name.starts_with('.'))?;
                let path = entry.path();
                let file = path.join(RECORD);
                let record: Record = serde_json::from_slice(&fs::read(&file).ok()?).ok()?;
                let used = fs::metadata(&file).and_then(|meta| meta.modified()).ok()?;
                (record.schema == SCHEMA).then(|| Entry { id, bytes: taken(&path), path, record, used })
            })
            .collect();
        found.sort_by_key(|entry| std::cmp::Reverse(entry.used));
        found
    }

    /// Whether there is any of this template's job: a look that costs next to nothing.
    pub(super) fn knows(&self, template: &str, job: &str) -> bool {
        self.list().iter().any(|entry| entry.record.template == template && entry.record.job == job)
    }

    /// Those a build with these inputs can begin from, the furthest first. Without a base, those of any.
    pub(super) fn usable(&self, base: Option<&str>, chain: &Chain) -> Vec<Entry> {
        let mut found = self.list();
        found.retain(|entry| {
            let record = &entry.record;
            let fits = match record.edge {
                Edge::Disk => chain.disk.is_some() && record.chain.first() == chain.disk.as_ref(),
                Edge::Machine(done) => {
                    chain.links.get(..=done).is_some_and(|links| links == record.chain.as_slice())
                }
            };
            fits && base.is_none_or(|base| record.base == base)
        });
        found.sort_by_key(|entry| (std::cmp::Reverse(entry.record.edge), std::cmp::Reverse(entry.used)));
        found
    }

    /// Its name: equal inputs give the same.
    pub(super) fn id(record: &Record) -> String {
        let text = format!("{:?} {} {}", record.edge, record.base, record.chain.join(" "));
        blake3::hash(text.as_bytes()).to_hex()[..32].to_owned()
    }

    /// Makes what lies in `part` a checkpoint: on the disk with all its bytes, then under its name, in place of
    /// an older one.
    pub(super) fn publish(&self, part: &Path, record: &Record) -> io::Result<()> {
        durable::write(part.join(RECORD), &serde_json::to_vec(record)?)?;
        for entry in fs::read_dir(part)? {
            fs::File::open(entry?.path())?.sync_all()?;
        }
        durable::sync_dir(part)?;
        let to = self.folder.join(Self::id(record));
        match fs::remove_dir_all(&to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::rename(part, &to)?;
        durable::sync_dir(&self.folder)
    }

    /// It was used now.
    pub(super) fn touch(&self, entry: &Entry, now: SystemTime) {
        // A failure makes it go a little earlier, that is all.
        let _ = fs::File::options()
            .append(true)
            .open(entry.path.join(RECORD))
            .and_then(|file| file.set_modified(now));
    }

    /// Removes one. A build that is reading it falls back to beginning at the start.
    pub fn remove(&self, entry: &Entry) -> io::Result<()> {
        // Out of sight first: half of one is never found.
        let aside = self.folder.join(format!("{PART}gone-{}", entry.id));
        fs::rename(&entry.path, &aside)?;
        fs::remove_dir_all(&aside)
    }

    /// Removes what was not used for long, then the longest unused until the rest fits. What was removed.
    pub fn prune(&self, limits: &Limits, now: SystemTime) -> Vec<Entry> {
        let mut total = 0;
        let mut removed = Vec::new();
        for entry in self.list() {
            let old = now.duration_since(entry.used).is_ok_and(|age| age > limits.age);
            if (old || total + entry.bytes > limits.bytes) && self.remove(&entry).is_ok() {
                removed.push(entry);
            } else {
                total += entry.bytes;
            }
        }
        removed
    }
}

impl Record {
    pub(super) fn new(edge: Edge, after: String, base: String, chain: Vec<String>) -> Self {
        Self {
            schema: SCHEMA,
            template: String::new(),
            job: String::new(),
            build: String::new(),
            made_at: 0,
            edge,
            after,
            base,
            chain,
            saves_ms: 0,
        }
    }
}

fn taken(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|meta| meta.blocks() * 512).sum()
}
