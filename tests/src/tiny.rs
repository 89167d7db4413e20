//! The tests' tiny guest: made once from the distribution's packages, shared by every test as a read-only disk.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::root;

/// Where the guest's parts are.
#[derive(Clone, Debug)]
pub struct Guest {
    /// The folder with everything `build-tiny.sh` writes.
    pub folder: PathBuf,
    /// Bootable qcow2 disk of 64 MiB; log in as root.
    pub disk: PathBuf,
    /// Private key that root accepts, mode 0600.
    pub key: PathBuf,
    /// CD that installs the guest when told to at its boot prompt.
    pub installer: PathBuf,
}

/// The guest; the first caller of the first test makes it (about 30 s), all others find it.
pub fn guest() -> &'static Guest {
    static GUEST: OnceLock<Guest> = OnceLock::new();
    GUEST.get_or_init(make)
}

/// The folder for base guests: below cargo's target folder, so that `cargo clean` removes it.
pub fn guests_folder() -> PathBuf {
    let test = std::env::current_exe().expect("this test has a path");
    test.ancestors().nth(3).expect("target/<profile>/deps/<test>").join("guests")
}

fn make() -> Guest {
    let fixture = root().join("tests/fixtures/tiny-guest");
    let script = fixture.join("build-tiny.sh");
    let folder =
        guests_folder().join(format!("tiny-{}", fingerprint(&[&script, &fixture.join("install.sh")])));
    fs::create_dir_all(&folder).expect("the guests' folder");
    let lock = File::create(folder.join("lock")).expect("a lock file");
    lock.lock().expect("the lock: one test makes the guest, the others wait");
    let done = folder.join("done");
    if !done.exists() {
        let output = Command::new("bash").arg(&script).arg(&folder).output().expect("bash");
        assert!(
            output.status.success(),
            "the tiny guest could not be made:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        fs::write(&done, "").expect("a mark");
    }
    Guest {
        disk: folder.join("tiny.qcow2"),
        key: folder.join("id_ed25519"),
        installer: folder.join("tiny-installer.iso"),
        folder,
    }
}

fn fingerprint(paths: &[&Path]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for path in paths {
        for byte in fs::read(path).expect("a fixture") {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{hash:016x}")
}
