//! Which renderer the web view gets, decided by looking at the machine.
//!
//! WebKitGTK shares frames with the compositor through DMA buffers. Where no graphics device can be opened these
//! buffers are made in software: nothing is gained and 70 to 85 MB more are used. Where the proprietary NVIDIA
//! driver runs, windows stay empty with it (WebKit bug 262607).

use std::fs::OpenOptions;
use std::path::Path;

const SWITCH: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Turns the DMA-buffer renderer off where a probe shows that it is of no use. What the user set stays.
pub(crate) fn choose() {
    if std::env::var_os(SWITCH).is_none() && !useful() {
        set(SWITCH, "1");
    }
}

/// Whether a graphics device opens, and its driver is one the renderer works with.
fn useful() -> bool {
    if Path::new("/proc/driver/nvidia/version").exists() {
        return false;
    }
    let Ok(entries) = std::fs::read_dir("/dev/dri") else { return false };
    entries.flatten().any(|entry| {
        entry.file_name().to_string_lossy().starts_with("renderD")
            && OpenOptions::new().read(true).write(true).open(entry.path()).is_ok()
    })
}

#[expect(unsafe_code, reason = "WebKit reads the variable from the environment and offers no other way")]
fn set(name: &str, value: &str) {
    // SAFETY: called first thing in `main`, while this thread is the only one.
    unsafe { std::env::set_var(name, value) };
}
