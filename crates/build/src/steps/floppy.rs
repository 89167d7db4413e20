//! The floppy of `floppy_files`, `floppy_dirs` and `floppy_content`: 1.44 MB, FAT12 (packer.md 2.1).

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use fatfs::{FatType, FileSystem, FormatVolumeOptions, FsOptions};
use goldsmith_template::options::MediaOptions;
use goldsmith_template::{Job, Text};
use serde_json::json;

use crate::error::{Context as _, StepError};
use crate::names::Names;
use crate::pipeline::{Step, StepContext};
use crate::plan::{PlanError, Sketch, StepKind};
use crate::provision::sentence;
use crate::seed::expand;
use crate::steps::fields::fill_in;
use crate::steps::settings::{known, known_all};
use crate::work::PlanRequest;

/// Bytes of a 3.5 inch floppy.
const SIZE: u64 = 2880 * 512;

/// Makes the floppy.
pub(crate) struct MakeFloppy {
    files: Vec<String>,
    dirs: Vec<String>,
    content: BTreeMap<String, Text>,
    label: String,
    base: PathBuf,
    names: Names,
    machine: String,
}

/// What is written: path on the floppy to bytes.
type Tree = BTreeMap<String, Vec<u8>>;

impl MakeFloppy {
    /// None when the template asks for none.
    pub(crate) fn new(
        job: &Job,
        media: &MediaOptions,
        names: &Names,
        machine: &str,
        request: &PlanRequest,
    ) -> Result<Option<Self>, PlanError> {
        if media.floppy_files.is_empty() && media.floppy_dirs.is_empty() && media.floppy_content.is_empty() {
            return Ok(None);
        }
        let label = match &media.floppy_label {
            Some(label) if !label.is_empty() => known(label, "floppy_label", &job.place)?,
            _ => "packer".to_owned(),
        };
        if label.len() > 11 || !label.is_ascii() {
            return Err(PlanError::new(
                format!("`floppy_label` is \"{label}\"; a floppy's label has at most 11 ASCII characters."),
                &job.place,
            ));
        }
        Ok(Some(Self {
            files: known_all(&media.floppy_files, "floppy_files", &job.place)?,
            dirs: known_all(&media.floppy_dirs, "floppy_dirs", &job.place)?,
            content: media.floppy_content.clone(),
            label,
            base: request.cwd.clone(),
            names: names.clone(),
            machine: machine.to_owned(),
        }))
    }

    /// Everything on the floppy. Content wins over files of the same name.
    fn tree(&self) -> Result<Tree, StepError> {
        let mut tree = Tree::new();
        let expanded = |text: &String| {
            expand(&self.base, text).map_err(|error| StepError::input(sentence(&error.to_string())))
        };
        for text in &self.files {
            for path in expanded(text)? {
                flat(&path, &mut tree)?;
            }
        }
        for text in &self.dirs {
            for path in expanded(text)? {
                // `dir` keeps its name, `dir/` stands for what is in it.
                let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
                let name = name.filter(|_| !text.ends_with('/')).unwrap_or_default();
                nested(&path, &name, &mut tree)?;
            }
        }
        for (path, text) in &self.content {
            let parts: Vec<&str> =
                path.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".").collect();
            if parts.is_empty() || parts.contains(&"..") {
                return Err(StepError::input(format!(
                    "`floppy_content`: `{path}` is no path on the floppy; write it relative, without `..`."
                )));
            }
            tree.insert(parts.join("/"), fill_in(text, &self.names, &self.machine)?.into_bytes());
        }
        Ok(tree)
    }
}

fn read(path: &Path) -> Result<Vec<u8>, StepError> {
    let size = fs::metadata(path).input(|| format!("The floppy: cannot read {}", path.display()))?.len();
    if size > SIZE {
        return Err(too_much(&path.display().to_string()));
    }
    fs::read(path).input(|| format!("The floppy: cannot read {}", path.display()))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, StepError> {
    let said = || format!("The floppy: cannot read the folder {}", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).input(said)? {
        found.push(entry.input(said)?.path());
    }
    found.sort();
    Ok(found)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Files by their own names alone, also those in folders.
fn flat(path: &Path, tree: &mut Tree) -> Result<(), StepError> {
    if path.is_dir() {
        for entry in entries(path)? {
            flat(&entry, tree)?;
        }
        return Ok(());
    }
    tree.insert(name_of(path), read(path)?);
    Ok(())
}

fn nested(path: &Path, name: &str, tree: &mut Tree) -> Result<(), StepError> {
    if !path.is_dir() {
        tree.insert(name.to_owned(), read(path)?);
        return Ok(());
    }
    for entry in entries(path)? {
        let below = name_of(&entry);
        let below = if name.is_empty() { below } else { format!("{name}/{below}") };
        nested(&entry, &below, tree)?;
    }
    Ok(())
}

fn too_much(what: &str) -> StepError {
    StepError::input(format!("{what} does not fit on the floppy, which holds 1.44 MB."))
        .hint("Put large files on a CD (cd_files) or serve them over HTTP (http_directory).")
}

/// Writes the image.
fn write(tree: &Tree, label: &str, to: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).create_new(true).open(to)?;
    file.set_len(SIZE)?;
    let mut volume = [b' '; 11];
    for (at, byte) in label.bytes().enumerate().take(11) {
        volume[at] = byte;
    }
    let options = FormatVolumeOptions::new()
        .fat_type(FatType::Fat12)
        .total_sectors(2880)
        .bytes_per_cluster(512)
        .max_root_dir_entries(224)
        .media(0xf0)
        .sectors_per_track(18)
        .heads(2)
        .drive_num(0)
        .volume_label(volume);
    fatfs::format_volume(&mut file, options)?;
    fill_volume(tree, file)
}

fn fill_volume(tree: &Tree, file: File) -> io::Result<()> {
    let volume = FileSystem::new(file, FsOptions::new())?;
    let root = volume.root_dir();
    for (path, bytes) in tree {
        let mut folder = root.clone();
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        for part in folders.split('/').filter(|part| !part.is_empty()) {
            folder = folder.create_dir(part)?;
        }
        let mut file = folder.create_file(name)?;
        file.truncate()?;
        file.write_all(bytes)?;
        file.flush()?;
    }
    drop(root);
    volume.unmount()
}

#[async_trait]
impl Step for MakeFloppy {
    type Output = PathBuf;

    fn sketch(&self) -> Sketch {
        let names = self.files.iter().chain(&self.dirs).chain(self.content.keys());
        let mut sketch = Sketch::new(format!("Make the floppy \"{}\"", self.label), StepKind::Prepare);
        for name in names {
            sketch = sketch.command(format!("write {name} to {{runtime}}/floppy.img"));
        }
        sketch.inputs(
            &json!({ "files": self.files, "dirs": self.dirs, "content": self.content, "label": self.label }),
        )
    }

    async fn run(&self, cx: &StepContext) -> Result<PathBuf, StepError> {
        let tree = self.tree()?;
        let to = cx.runtime().join(format!("floppy-{}.img", cx.fresh()));
        let (label, path) = (self.label.clone(), to.clone());
        cx.blocking(move |_| {
            write(&tree, &label, &path).map_err(|error| match error.kind() {
                io::ErrorKind::WriteZero | io::ErrorKind::Other if error.to_string().contains("space") => {
                    too_much("All that the template names")
                }
                _ => StepError::environment(format!("Cannot write the floppy {}.", path.display()))
                    .because(&error),
            })
        })
        .await?;
        Ok(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(pairs: &[(&str, usize)]) -> Tree {
        pairs.iter().map(|(path, size)| ((*path).to_owned(), vec![b'x'; *size])).collect()
    }

    #[test]
    fn what_is_written_can_be_read_with_long_names_and_folders() {
        let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        let image = folder.path().join("floppy.img");
        let files = tree(&[("Autounattend.xml", 4000), ("scripts/setup/first logon.ps1", 10), ("KS.CFG", 0)]);
        write(&files, "OEMDRV", &image).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(fs::metadata(&image).map(|m| m.len()).ok(), Some(1_474_560));
        let volume = FileSystem::new(File::open(&image).unwrap_or_else(|e| panic!("{e}")), FsOptions::new())
            .unwrap_or_else(|e| panic!("{e}"));
        assert_eq!((volume.fat_type(), volume.volume_label().as_str()), (FatType::Fat12, "OEMDRV"));
        for (path, bytes) in &files {
            let mut found = Vec::new();
            let mut file = volume.root_dir().open_file(path).unwrap_or_else(|e| panic!("{path}: {e}"));
            io::Read::read_to_end(&mut file, &mut found).unwrap_or_else(|e| panic!("{path}: {e}"));
            assert_eq!(&found, bytes, "{path}");
        }
    }

    #[test]
    fn too_much_is_refused() {
        let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        let image = folder.path().join("floppy.img");
        let error = write(&tree(&[("a", 1_400_000), ("b", 200_000)]), "x", &image).expect_err("full");
        assert!(error.to_string().contains("space"), "{:?}: {error}", error.kind());
    }

    #[test]
    fn files_are_flattened_and_folders_are_not() {
        let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("{e}"));
        let deep = folder.path().join("top/deep");
        fs::create_dir_all(&deep).unwrap_or_else(|e| panic!("{e}"));
        fs::write(deep.join("f"), "1").unwrap_or_else(|e| panic!("{e}"));
        let names = |tree: Tree| tree.into_keys().collect::<Vec<_>>();
        let top = folder.path().join("top");
        let mut all = Tree::new();
        flat(&top, &mut all).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(names(all), ["f"]);
        let mut all = Tree::new();
        nested(&top, "top", &mut all).unwrap_or_else(|e| panic!("{e}"));
        nested(&top, "", &mut all).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(names(all), ["deep/f", "top/deep/f"]);
    }
}
