//! Free space.

use std::io;
use std::path::Path;

/// Bytes this user may still write on the file system that holds `path`, or would hold it: a path that does not
/// exist yet is asked through its nearest existing parent.
pub fn free(path: &Path) -> io::Result<u64> {
    let mut at = path;
    loop {
        match rustix::fs::statvfs(if at.as_os_str().is_empty() { Path::new(".") } else { at }) {
            Ok(stat) => return Ok(stat.f_bavail.saturating_mul(stat.f_frsize)),
            Err(rustix::io::Errno::NOENT) => match at.parent() {
                Some(parent) => at = parent,
                None => return Err(rustix::io::Errno::NOENT.into()),
            },
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_yet_to_come_is_asked_through_its_parent() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free(&folder.path().join("not/yet/here")).unwrap() > 0);
        assert!(free(Path::new("relative-and-absent")).unwrap() > 0);
        assert!(free(&folder.path().join("x\0y")).is_err());
    }
}
