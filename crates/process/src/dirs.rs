//! Where things live at run time.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// A unix socket's path, with its closing zero byte, fits in this many bytes (`sockaddr_un.sun_path` on Linux).
pub const SOCKET_PATH_MAX: usize = 108;

/// Longest name of a socket's folder plus the socket's own name, with both slashes.
const SOCKET_TAIL: usize = 1 + 8 + 1 + 16;

/// What the program's `main` read from the environment; libraries look here and nowhere else.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Env(BTreeMap<String, String>);

impl Env {
    /// From pairs, such as `std::env::vars()` in `main`.
    pub fn new<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        Self(pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }

    /// A variable's value; an empty one counts as unset.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The folders programs are looked up in: `PATH`, and the system's folders when it is unset.
    pub fn path(&self) -> &str {
        self.get("PATH").unwrap_or("/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin")
    }

    /// The user's home folder, when it is known.
    pub fn home(&self) -> Option<PathBuf> {
        self.folder("HOME")
    }

    /// All of it, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// An absolute folder; the XDG rules say that a relative one is to be ignored.
    fn folder(&self, key: &str) -> Option<PathBuf> {
        self.get(key).map(PathBuf::from).filter(|path| path.is_absolute())
    }
}

/// Names only: values may be secrets.
impl std::fmt::Debug for Env {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The directories of the program. None of them need exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirs {
    /// Settings.
    pub config: PathBuf,
    /// What the user would miss: the library.
    pub data: PathBuf,
    /// What can be made again: downloads, checkpoints.
    pub cache: PathBuf,
    /// What happened: builds and their journals.
    pub state: PathBuf,
    /// Sockets; private to the user, gone after a reboot. Make it with [`Dirs::make_runtime`].
    pub runtime: PathBuf,
}

/// Why there are no usable directories.
#[derive(Debug, thiserror::Error)]
pub enum DirsError {
    /// Nobody said where.
    #[error(
        "HOME is not set to an absolute path, so there is no place for settings and images; set HOME or GOLDSMITH_HOME"
    )]
    NoHome,
    /// `GOLDSMITH_HOME` is relative.
    #[error("GOLDSMITH_HOME is `{value}`, which is not an absolute path; give the full path")]
    RelativeHome {
        /// As found.
        value: String,
    },
    /// Somebody else can get at our sockets.
    #[error("{folder} cannot hold sockets: {reason}; remove it, or set XDG_RUNTIME_DIR to a private folder")]
    NotPrivate {
        /// The runtime folder.
        folder: PathBuf,
        /// Owner, mode or kind.
        reason: String,
    },
    /// It cannot be made.
    #[error("cannot make the folder {folder}: {source}")]
    Make {
        /// The folder.
        folder: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Even the temporary folder's path is too long for sockets.
    #[error(
        "{folder} is too long for the path of a unix socket (108 bytes); set XDG_RUNTIME_DIR or TMPDIR to a shorter folder"
    )]
    TooLong {
        /// The runtime folder.
        folder: PathBuf,
    },
}

impl Dirs {
    /// By the XDG rules, or all under `GOLDSMITH_HOME`. Sockets go to `$XDG_RUNTIME_DIR/goldsmith` when that is
    /// ours, private and short enough, else to a private folder of the temporary directory. Makes nothing.
    pub fn from_env(env: &Env) -> Result<Self, DirsError> {
        if let Some(value) = env.get("GOLDSMITH_HOME") {
            let home = env.folder("GOLDSMITH_HOME");
            let home = home.ok_or_else(|| DirsError::RelativeHome { value: value.to_owned() })?;
            let mut dirs = Self::under(&home);
            if !fits(&dirs.runtime) {
                // Two such homes must not meet in one folder.
                dirs.runtime = fallback(env).join(short_hash(&home));
            }
            return Ok(dirs);
        }
        let home = env.home();
        let place = |key: &str, below: &str| {
            env.folder(key)
                .or_else(|| home.as_ref().map(|home| home.join(below)))
                .map(|base| base.join("goldsmith"))
                .ok_or(DirsError::NoHome)
        };
        Ok(Self {
            config: place("XDG_CONFIG_HOME", ".config")?,
            data: place("XDG_DATA_HOME", ".local/share")?,
            cache: place("XDG_CACHE_HOME", ".cache")?,
            state: place("XDG_STATE_HOME", ".local/state")?,
            runtime: env
                .folder("XDG_RUNTIME_DIR")
                .filter(|folder| private(folder).is_ok())
                .map(|folder| folder.join("goldsmith"))
                .filter(|folder| fits(folder))
                .unwrap_or_else(|| fallback(env)),
        })
    }

    /// All of them under one folder, as with `GOLDSMITH_HOME`.
    pub fn under(home: &Path) -> Self {
        let place = |name: &str| home.join(name);
        Self {
            config: place("config"),
            data: place("data"),
            cache: place("cache"),
            state: place("state"),
            runtime: place("run"),
        }
    }

    /// The library of images.
    pub fn library(&self) -> PathBuf {
        self.data.join("library")
    }

    /// Files fetched for builds.
    pub fn downloads(&self) -> PathBuf {
        self.cache.join("downloads")
    }

    /// One folder per build.
    pub fn builds(&self) -> PathBuf {
        self.state.join("builds")
    }

    /// Makes the runtime folder (mode 0700) and checks that it is a real folder, ours, and closed to others.
    pub fn make_runtime(&self) -> Result<&Path, DirsError> {
        if !fits(&self.runtime) {
            return Err(DirsError::TooLong { folder: self.runtime.clone() });
        }
        make_private(&self.runtime)?;
        Ok(&self.runtime)
    }

    /// A private folder for the sockets of one machine or build, `<runtime>/<name>`. Of `name` the last eight
    /// characters are used (the random end of an identifier), so that every socket path fits.
    pub fn socket_folder(&self, name: &str) -> Result<PathBuf, DirsError> {
        self.make_runtime()?;
        let folder = self.runtime.join(tail(name));
        make_private(&folder)?;
        Ok(folder)
    }

    /// Where [`Self::socket_folder`] would be, without making it.
    pub fn socket_folder_path(&self, name: &str) -> PathBuf {
        self.runtime.join(tail(name))
    }
}

fn tail(name: &str) -> String {
    let plain: Vec<char> = name.chars().filter(char::is_ascii_alphanumeric).collect();
    plain[plain.len().saturating_sub(8)..].iter().collect()
}

fn fits(runtime: &Path) -> bool {
    runtime.as_os_str().as_bytes().len() + SOCKET_TAIL < SOCKET_PATH_MAX
}

fn fallback(env: &Env) -> PathBuf {
    let temporary = env.folder("TMPDIR").unwrap_or_else(|| PathBuf::from("/tmp"));
    let name = format!("goldsmith-{}", rustix::process::geteuid().as_raw());
    let there = temporary.join(&name);
    // One more level may follow.
    if fits(&there.join("12345678")) { there } else { Path::new("/tmp").join(name) }
}

/// FNV-1a, as eight hexadecimal digits.
fn short_hash(path: &Path) -> String {
    let hash = path.as_os_str().as_bytes().iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{:08x}", (hash ^ (hash >> 32)) & 0xffff_ffff)
}

fn make_private(folder: &Path) -> Result<(), DirsError> {
    let fail = |source| DirsError::Make { folder: folder.to_owned(), source };
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(fail)?;
    }
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(fail(error)),
        _ => {}
    }
    private(folder).map_err(|reason| DirsError::NotPrivate { folder: folder.to_owned(), reason })
}

/// Whether a folder is real, ours and closed to others; the reason when not.
fn private(folder: &Path) -> Result<(), String> {
    let meta = fs::symlink_metadata(folder).map_err(|error| error.to_string())?;
    let me = rustix::process::geteuid().as_raw();
    if !meta.is_dir() {
        return Err("it is not a folder (a symbolic link is not followed)".to_owned());
    }
    if meta.uid() != me {
        return Err(format!("it belongs to user {}, not to {me}", meta.uid()));
    }
    if meta.mode() & 0o077 != 0 {
        return Err(format!("its mode is {:04o}, others can enter; it must be 0700", meta.mode() & 0o7777));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn xdg_rules() {
        let env = Env::new([
            ("HOME", "/home/ada"),
            ("XDG_CACHE_HOME", "/c"),
            ("XDG_DATA_HOME", "relative"),
            ("TMPDIR", "/t"),
        ]);
        let dirs = Dirs::from_env(&env).unwrap();
        assert_eq!(dirs.config, Path::new("/home/ada/.config/goldsmith"));
        assert_eq!(dirs.cache, Path::new("/c/goldsmith"));
        assert_eq!(
            dirs.library(),
            Path::new("/home/ada/.local/share/goldsmith/library"),
            "a relative one is ignored"
        );
        assert_eq!(dirs.builds(), Path::new("/home/ada/.local/state/goldsmith/builds"));
        assert!(dirs.runtime.starts_with("/t"), "{dirs:?}");
    }

    #[test]
    fn one_home_moves_everything() {
        let dirs =
            Dirs::from_env(&Env::new([("GOLDSMITH_HOME", "/g"), ("HOME", "/h"), ("XDG_CACHE_HOME", "/c")]))
                .unwrap();
        assert_eq!(dirs, Dirs::under(Path::new("/g")));
        let long = format!("/{}", "x".repeat(90));
        let other = format!("/{}", "y".repeat(90));
        let far = |home: &str| Dirs::from_env(&Env::new([("GOLDSMITH_HOME", home)])).unwrap().runtime;
        assert!(far(&long).starts_with("/tmp") && fits(&far(&long)));
        assert_ne!(far(&long), far(&other));
    }

    #[test]
    fn errors_name_the_remedy() {
        assert!(matches!(Dirs::from_env(&Env::default()), Err(DirsError::NoHome)));
        let error = Dirs::from_env(&Env::new([("GOLDSMITH_HOME", "here")])).unwrap_err();
        assert!(error.to_string().contains("full path"), "{error}");
    }

    #[test]
    fn an_open_runtime_folder_is_not_used() {
        let base = tempfile::tempdir().unwrap();
        let env =
            Env::new([("HOME", "/h"), ("XDG_RUNTIME_DIR", base.path().to_str().unwrap()), ("TMPDIR", "/t")]);
        fs::set_permissions(base.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(Dirs::from_env(&env).unwrap().runtime.starts_with("/t"));
        fs::set_permissions(base.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(Dirs::from_env(&env).unwrap().runtime, base.path().join("goldsmith"));
    }

    #[test]
    fn the_fallback_is_made_private_and_checked() {
        let base = tempfile::tempdir().unwrap();
        let mut dirs = Dirs::under(base.path());
        dirs.make_runtime().unwrap();
        assert_eq!(dirs.runtime.metadata().unwrap().permissions().mode() & 0o7777, 0o700);
        fs::set_permissions(&dirs.runtime, fs::Permissions::from_mode(0o770)).unwrap();
        let error = dirs.make_runtime().unwrap_err().to_string();
        assert!(error.contains("0770") && error.contains("XDG_RUNTIME_DIR"), "{error}");
        let real = base.path().join("real");
        fs::create_dir(&real).unwrap();
        dirs.runtime = base.path().join("link");
        symlink(&real, &dirs.runtime).unwrap();
        assert!(matches!(dirs.make_runtime(), Err(DirsError::NotPrivate { .. })));
    }

    #[test]
    fn every_socket_path_fits() {
        let base = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(base.path());
        let folder = dirs.socket_folder("01890a5d-ac96-774b-bcce-b302099a8057").unwrap();
        assert!(folder.ends_with("099a8057"), "{folder:?}");
        assert_eq!(folder, dirs.socket_folder_path("01890a5d-ac96-774b-bcce-b302099a8057"));
        assert!(folder.join("1234567890123456").as_os_str().len() < SOCKET_PATH_MAX);
        let mut far = dirs;
        far.runtime = base.path().join("z".repeat(100));
        assert!(matches!(far.socket_folder("x"), Err(DirsError::TooLong { .. })));
    }
}
