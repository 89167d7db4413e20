//! A local folder, listed once before it travels.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// One step of a walk, in the order in which it travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// A folder begins.
    Enter { name: String, mode: u32 },
    /// A regular file.
    File { path: PathBuf, name: String, mode: u32, size: u64 },
    /// The folder ends.
    Leave,
}

/// A listed folder.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) items: Vec<Item>,
    pub(crate) bytes: u64,
}

/// Lists what travels for `local`: its contents when it ends in `/`, else the folder itself. Symbolic links
/// are followed, as Packer does; one that leads back into a folder above it is an error.
pub(crate) fn tree(local: &str) -> Result<Tree, (PathBuf, io::Error)> {
    let root = Path::new(local);
    let at = |e| (root.to_owned(), e);
    let real = fs::canonicalize(root).map_err(at)?;
    let meta = fs::metadata(&real).map_err(at)?;
    if !meta.is_dir() {
        return Err(at(io::Error::new(io::ErrorKind::NotADirectory, "it is not a folder")));
    }
    let mut tree = Tree::default();
    let contents_only = local.ends_with('/');
    if !contents_only {
        let name = real.file_name().map(|n| n.to_string_lossy().into_owned());
        let name = name.ok_or_else(|| at(io::Error::other("it has no name; end it with `/`")))?;
        tree.items.push(Item::Enter { name, mode: meta.permissions().mode() & 0o7777 });
    }
    let mut above = vec![real.clone()];
    tree.add(root, &mut above)?;
    if !contents_only {
        tree.items.push(Item::Leave);
    }
    Ok(tree)
}

impl Tree {
    fn add(&mut self, folder: &Path, above: &mut Vec<PathBuf>) -> Result<(), (PathBuf, io::Error)> {
        let listed = fs::read_dir(folder).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        let mut entries = listed.map_err(|e| (folder.to_owned(), e))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let at = |e| (path.clone(), e);
            let meta = fs::metadata(&path).map_err(at)?;
            let name = entry.file_name();
            let name = name.to_str().filter(|n| !n.contains('\n')).map(str::to_owned).ok_or_else(|| {
                at(io::Error::other("its name is not UTF-8 or holds a line break and cannot be transferred"))
            })?;
            let mode = meta.permissions().mode() & 0o7777;
            if meta.is_dir() {
                let real = fs::canonicalize(&path).map_err(at)?;
                if above.contains(&real) {
                    return Err(at(io::Error::other("this link leads back into a folder above it")));
                }
                self.items.push(Item::Enter { name, mode });
                above.push(real);
                self.add(&path, above)?;
                above.pop();
                self.items.push(Item::Leave);
            } else if meta.is_file() {
                self.bytes += meta.len();
                self.items.push(Item::File { path, name, mode, size: meta.len() });
            } else {
                return Err(at(io::Error::other("it is neither a file nor a folder")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_slash_takes_the_contents() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("conf");
        fs::create_dir_all(root.join("sub")).unwrap();
        fs::write(root.join("a"), "12").unwrap();
        fs::write(root.join("sub/b"), "345").unwrap();
        let names = |tree: &Tree| -> Vec<String> {
            let name = |i: &Item| match i {
                Item::Enter { name, .. } => format!("{name}/"),
                Item::File { name, .. } => name.clone(),
                Item::Leave => "..".to_owned(),
            };
            tree.items.iter().map(name).collect()
        };
        let with = tree(&format!("{}/", root.display())).unwrap();
        assert_eq!(names(&with), ["a", "sub/", "b", ".."]);
        assert_eq!(with.bytes, 5);
        let without = tree(root.to_str().unwrap()).unwrap();
        assert_eq!(names(&without), ["conf/", "a", "sub/", "b", "..", ".."]);
    }

    #[test]
    fn links_are_followed_but_not_in_circles() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("real"), "x").unwrap();
        std::os::unix::fs::symlink("real", dir.path().join("link")).unwrap();
        let slash = format!("{}/", dir.path().display());
        assert_eq!(tree(&slash).unwrap().bytes, 2);
        std::os::unix::fs::symlink("..", dir.path().join("up")).unwrap();
        std::os::unix::fs::symlink(".", dir.path().join("loop")).unwrap();
        assert!(tree(&slash).is_err());
        assert!(tree(&format!("{}/real", dir.path().display())).is_err());
    }
}
