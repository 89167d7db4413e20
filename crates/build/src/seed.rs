//! `cd_files` and `cd_content`: an ISO for the guest, the NoCloud seed of cloud-init above all.
//!
//! As Packer does it (packer.md 2.1): label `packer` unless `cd_label` says otherwise; a glob is expanded, a folder
//! keeps its own name at the root, content overrides files of the same name.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use globset::GlobBuilder;
use goldsmith_process::{Invocation, Launch, RunError, run_ok};
use tokio_util::sync::CancellationToken;

/// What goes on the ISO.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seed {
    /// Files, folders and globs; relative ones start in `base`.
    pub files: Vec<String>,
    /// Files by their path on the ISO. May hold secrets: not printed.
    pub content: BTreeMap<String, String>,
    /// Volume label.
    pub label: String,
    /// The folder relative paths start in.
    pub base: PathBuf,
}

/// Why the ISO could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A named file is not there.
    #[error("cannot read {path}, which is to be put on the guest's disk: {source}")]
    NoFile {
        /// As resolved.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A glob that is none.
    #[error("`{glob}` is no valid pattern: {cause}")]
    BadGlob {
        /// As written.
        glob: String,
        /// What is wrong.
        cause: String,
    },
    /// A path of `cd_content` that leads out of the ISO.
    #[error("`cd_content`: `{0}` is no path on the ISO; write it relative, without `..`")]
    BadPath(String),
    /// A file could not be written.
    #[error("cannot write {path} for the guest's ISO: {source}")]
    Write {
        /// Which.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// xorriso failed.
    #[error("xorriso could not make the guest's ISO: {0}")]
    Tool(#[source] RunError),
    /// It was cancelled.
    #[error("making the guest's ISO was cancelled")]
    Cancelled,
}

impl Seed {
    /// Whether there is anything to put on an ISO.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.content.is_empty()
    }

    /// The command that makes `iso` from the folder `tree`.
    #[must_use]
    pub fn invocation(&self, xorriso: &Path, tree: &Path, iso: &Path) -> Invocation {
        Invocation::new(xorriso)
            .args(["-as", "genisoimage", "-quiet", "-rock", "-joliet", "-volid", &self.label, "-output"])
            .arg(iso)
            .arg(tree)
    }

    /// Lays out the content in the empty folder `work` and makes `iso`. Files in `work` are readable by this user
    /// only; the caller removes it.
    pub async fn make(
        &self,
        launch: &dyn Launch,
        xorriso: &Path,
        work: &Path,
        iso: &Path,
        cancel: &CancellationToken,
    ) -> Result<(), SeedError> {
        let (seed, tree) = (self.clone(), work.join("cd"));
        let folder = tree.clone();
        tokio::task::spawn_blocking(move || seed.lay_out(&folder))
            .await
            .map_err(|_| SeedError::Cancelled)??;
        let mut tries = 0;
        loop {
            tries += 1;
            match run_ok(launch, &self.invocation(xorriso, &tree, iso), cancel, &mut |_| {}).await {
                Ok(_) => return Ok(()),
                Err(RunError::Cancelled { .. }) => return Err(SeedError::Cancelled),
                // xorriso 1.5.4 of Debian 12 crashes now and then, with the same input it takes the next time.
                Err(error) if tries < 3 && error.to_string().contains("SIGSEGV") => {
                    let _ = std::fs::remove_file(iso);
                }
                Err(error) => return Err(SeedError::Tool(error)),
            }
        }
    }

    /// Copies files and content below `tree`, which is made.
    pub fn lay_out(&self, tree: &Path) -> Result<(), SeedError> {
        make_folder(tree)?;
        for file in &self.files {
            for path in expand(&self.base, file)? {
                let meta = std::fs::metadata(&path)
                    .map_err(|source| SeedError::NoFile { path: path.clone(), source })?;
                if meta.is_dir() {
                    // Like cp -r: `dir` and `dir/` both appear under the folder's own name.
                    let name = path.components().next_back().map(|part| PathBuf::from(part.as_os_str()));
                    copy_tree(&path, &tree.join(name.unwrap_or_default()))?;
                } else if let Some(name) = path.file_name() {
                    copy_file(&path, &tree.join(name))?;
                }
            }
        }
        for (name, content) in &self.content {
            let relative = Path::new(name.trim_start_matches('/'));
            let inside =
                relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
            if !inside || relative.file_name().is_none() {
                return Err(SeedError::BadPath(name.clone()));
            }
            let path = tree.join(relative);
            if let Some(parent) = path.parent() {
                make_folder(parent)?;
            }
            let failed = |source| SeedError::Write { path: path.clone(), source };
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
            std::fs::write(&path, content).map_err(failed)?;
        }
        Ok(())
    }
}

/// The paths a row of `cd_files` or `floppy_files` stands for. A pattern that fits nothing stands for nothing, as in
/// Packer.
pub(crate) fn expand(base: &Path, text: &str) -> Result<Vec<PathBuf>, SeedError> {
    let path = base.join(text);
    if !text.contains(['*', '?', '[', '{']) || path.exists() {
        return Ok(vec![path]);
    }
    let mut found = vec![PathBuf::new()];
    for part in path.components() {
        let piece = part.as_os_str().to_string_lossy();
        if !piece.contains(['*', '?', '[', '{']) {
            for at in &mut found {
                at.push(part);
            }
            continue;
        }
        let matcher = GlobBuilder::new(&piece)
            .literal_separator(true)
            .build()
            .map_err(|error| SeedError::BadGlob { glob: text.to_owned(), cause: error.kind().to_string() })?
            .compile_matcher();
        let mut next = Vec::new();
        for at in &found {
            let Ok(entries) = std::fs::read_dir(at) else { continue };
            let names = entries.filter_map(Result::ok).map(|entry| entry.file_name());
            next.extend(names.filter(|name| matcher.is_match(name)).map(|name| at.join(name)));
        }
        next.sort();
        found = next;
    }
    Ok(found.into_iter().filter(|path| path.exists()).collect())
}

fn make_folder(path: &Path) -> Result<(), SeedError> {
    std::fs::create_dir_all(path).map_err(|source| SeedError::Write { path: path.to_owned(), source })
}

fn copy_file(from: &Path, to: &Path) -> Result<(), SeedError> {
    std::fs::copy(from, to).map(drop).map_err(|source| SeedError::NoFile { path: from.to_owned(), source })
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), SeedError> {
    make_folder(to)?;
    let unreadable = |source| SeedError::NoFile { path: from.to_owned(), source };
    for entry in std::fs::read_dir(from).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        if path.is_dir() {
            copy_tree(&path, &to.join(entry.file_name()))?;
        } else {
            copy_file(&path, &to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use goldsmith_process::{System, capture};

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"))
    }

    fn put(path: PathBuf, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap_or_else(|e| panic!("{e}"));
        std::fs::write(path, text).unwrap_or_else(|e| panic!("{e}"));
    }

    #[test]
    fn folders_keep_their_name_globs_expand_and_content_wins() {
        let home = folder();
        for (name, text) in [
            ("a/one.txt", "1"),
            ("a/deep/two.txt", "2"),
            ("user-data", "old"),
            ("x.cfg", "x"),
            ("y.cfg", "y"),
        ] {
            put(home.path().join(name), text);
        }
        let seed = Seed {
            files: vec!["a".into(), "user-data".into(), "*.cfg".into(), "*.none".into()],
            content: BTreeMap::from([("user-data".into(), "new".into()), ("/b/c".into(), "3".into())]),
            label: "cidata".into(),
            base: home.path().to_owned(),
        };
        let tree = home.path().join("out");
        seed.lay_out(&tree).unwrap_or_else(|e| panic!("{e}"));
        for (name, text) in [
            ("a/one.txt", "1"),
            ("a/deep/two.txt", "2"),
            ("user-data", "new"),
            ("x.cfg", "x"),
            ("y.cfg", "y"),
            ("b/c", "3"),
        ] {
            assert_eq!(std::fs::read_to_string(tree.join(name)).ok().as_deref(), Some(text), "{name}");
        }
    }

    #[test]
    fn what_is_missing_or_leads_out_is_named() {
        let home = folder();
        let seed = Seed { files: vec!["absent".into()], base: home.path().to_owned(), ..Seed::default() };
        assert!(
            matches!(seed.lay_out(&home.path().join("o")), Err(SeedError::NoFile { path, .. }) if path.ends_with("absent"))
        );
        let seed = Seed { content: BTreeMap::from([("../x".into(), String::new())]), ..Seed::default() };
        assert!(
            matches!(seed.lay_out(&home.path().join("p")), Err(SeedError::BadPath(path)) if path == "../x")
        );
    }

    #[tokio::test]
    async fn xorriso_makes_an_iso_with_the_label_and_the_names() {
        let home = folder();
        let seed = Seed {
            content: BTreeMap::from([
                ("meta-data".into(), "instance-id: 1\n".into()),
                ("user-data".into(), "#cloud-config\n".into()),
            ]),
            label: "cidata".into(),
            ..Seed::default()
        };
        let (iso, cancel) = (home.path().join("seed.iso"), CancellationToken::new());
        seed.make(&System, Path::new("xorriso"), home.path(), &iso, &cancel)
            .await
            .unwrap_or_else(|e| panic!("{e}"));
        let list = Invocation::new("xorriso").arg("-indev").arg(&iso).args(["-pvd_info", "-find", "/"]);
        let said = capture(&System, &list, &cancel).await.unwrap_or_else(|e| panic!("{e}"));
        let all = said.stdout + &said.stderr;
        assert!(all.contains("'/user-data'") && all.contains("'/meta-data'"), "{all}");
        assert!(all.contains("cidata"), "{all}");
    }
}
