//! What the library's tests share.
#![allow(dead_code, missing_docs)]

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use goldsmith_library::{Clock, DiskFormat, Facts, ImageName, ImageTool, Library, NewVersion, Version};
use goldsmith_process::{Invocation, System, capture, find_program};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

/// A clock that moves one second per look.
pub struct Ticking(AtomicI64);

impl Ticking {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(1_760_000_000)))
    }
}

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.fetch_add(1, Ordering::SeqCst)).unwrap()
    }
}

pub fn open(dir: &Path) -> Library {
    Library::open(dir, Ticking::new()).unwrap()
}

/// The path of `qemu-img`, or `None` after printing why a test is skipped.
pub fn qemu_img() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = find_program("qemu-img", &path.to_string_lossy());
    if found.is_none() {
        eprintln!("skipped: qemu-img is not installed");
    }
    found
}

/// For tests that never need `qemu-img`.
pub fn no_tool() -> ImageTool<'static> {
    ImageTool { launch: &System, qemu_img: Path::new("/nonexistent/qemu-img") }
}

pub async fn run(program: &Path, args: &[&str]) {
    let inv = Invocation::new(program).args(args);
    let done = capture(&System, &inv, &CancellationToken::new()).await.unwrap();
    assert!(done.exit.success(), "{inv}: {}", done.stderr);
}

/// A sparse raw disk: pseudo-random data at a few places, explicit zeros at another.
pub fn raw_disk(path: &Path, size: u64, seed: u64) {
    let file = File::create(path).unwrap();
    file.set_len(size).unwrap();
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut noise = |n: usize| -> Vec<u8> {
        (0..n)
            .map(|i| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                // Half of it compresses.
                if i % 1024 < 512 { (state >> 32) as u8 } else { (i / 1024) as u8 }
            })
            .collect()
    };
    for (at, n) in [(0, 700), (300_000, 200_000), (size / 2 + 12_345, 70_000), (size - 1000, 1000)] {
        file.write_all_at(&noise(n), at).unwrap();
    }
    file.write_all_at(&vec![0; 300_000], 1_000_000).unwrap();
    (&file).flush().unwrap();
}

pub fn name(text: &str) -> ImageName {
    ImageName::new(text).unwrap()
}

pub fn new(image: &str, source: &Path, format: DiskFormat) -> NewVersion {
    NewVersion::disk(name(image), source, format, Facts::default())
}

pub async fn add(library: &Library, tool: &ImageTool<'_>, version: NewVersion) -> Version {
    library.add(version, tool, &CancellationToken::new(), &mut |_| {}).await.unwrap()
}

/// All paths below a folder, but for the database and the lock.
pub fn files(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut todo = vec![dir.to_owned()];
    while let Some(folder) = todo.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else {
                found.push(path.strip_prefix(dir).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found.retain(|f| f != "lock" && !f.starts_with("library.sqlite"));
    found.sort();
    found
}
