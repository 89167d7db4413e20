//! The templates of other people: the folder named by `GOLDSMITH_SHARED`, else `shared` beside the workspace.
#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "tests look for their corpus and say so")]

use goldsmith_template::Files;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The disk. Files a template refers to and the corpus does not hold read as some text.
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(b"{}".to_vec()),
            _ => Err(error),
        })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let mut entries: Vec<PathBuf> = std::fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        entries.sort();
        Ok(entries)
    }

    fn is_dir(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }
}

/// The folder without `..` and links in its path, which templates would see.
pub fn folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("GOLDSMITH_SHARED").map_or(beside, PathBuf::from);
    shared.join("corpus").canonicalize().ok().filter(|corpus| corpus.is_dir())
}

/// The same for a test that is nothing without it, and then says that it is skipped.
pub fn corpus() -> Option<PathBuf> {
    let corpus = folder();
    if corpus.is_none() {
        println!("skipped: there is no corpus folder (set GOLDSMITH_SHARED)");
    }
    corpus
}

/// One in `step`, and all when `GOLDSMITH_SOAK` is set.
pub fn sample<T>(all: Vec<T>, step: usize) -> Vec<T> {
    let step = if std::env::var_os("GOLDSMITH_SOAK").is_some() { 1 } else { step };
    all.into_iter().step_by(step).collect()
}

/// Does something with each of these on two threads, as there are two cores where this runs; results in order.
pub fn each<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let turn = || {
        let mut done = Vec::new();
        while let Some((index, item)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            all.get(index).map(|item| (index, item))
        } {
            done.push((index, work(item)));
        }
        done
    };
    let mut done = std::thread::scope(|scope| {
        let other = scope.spawn(turn);
        let mut done = turn();
        done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        done
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Every file below a folder with a wanted path, in order.
pub fn files(folder: &Path, wanted: &dyn Fn(&str) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in Disk.list(folder).unwrap_or_default() {
        if entry.is_symlink() {
            continue;
        }
        if entry.is_dir() {
            found.extend(files(&entry, wanted));
        } else if wanted(&entry.to_string_lossy()) {
            found.push(entry);
        }
    }
    found
}

/// The folders that hold native templates.
pub fn folders(corpus: &Path) -> BTreeSet<PathBuf> {
    let all = files(corpus, &|name| name.ends_with(".pkr.hcl"));
    all.iter().filter_map(|path| path.parent()).map(Path::to_owned).collect()
}

/// The JSON files that mean to be templates: an object with builders. Fixtures of a test suite are wrong on
/// purpose.
pub fn json_templates(corpus: &Path) -> Vec<PathBuf> {
    let mut all = files(corpus, &|name| name.ends_with(".json") && !name.contains("test-fixtures"));
    all.retain(|path| {
        let read = std::fs::read(path).ok();
        let json = read.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
        json.is_some_and(|json| json.get("builders").is_some())
    });
    all
}
