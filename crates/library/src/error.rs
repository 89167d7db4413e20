use std::path::PathBuf;

/// Why a library operation failed. Every message says what, where, why and what to do.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The caller's token fired; nothing is left behind.
    #[error("{what} was cancelled; nothing was changed")]
    Cancelled {
        /// What was being done.
        what: String,
    },
    /// The folder cannot be written.
    #[error("{what}: the library in {} cannot be written ({source}); make the folder writable for your user (`ls -ld`, file system mounted read-only?) or point GOLDSMITH_HOME elsewhere", dir.display())]
    ReadOnly {
        /// What was being done.
        what: String,
        /// The library's folder.
        dir: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The disk is full.
    #[error("{what}: no space left in {}: {} needed, {} free; delete or purge versions no longer needed, or use a folder on a larger disk", dir.display(), mib(*.needed), mib(*.free))]
    NoSpace {
        /// What was being done.
        what: String,
        /// The folder that is full.
        dir: PathBuf,
        /// Bytes needed.
        needed: u64,
        /// Bytes free.
        free: u64,
    },
    /// A file operation failed.
    #[error("{what}: {} failed: {source}", path.display())]
    Io {
        /// What was being done.
        what: String,
        /// The path.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The database failed.
    #[error("{what}: the library's database {} failed: {source}; `goldsmith image list` again, and if it stays, restore the file from a backup", path.display())]
    Database {
        /// What was being done.
        what: String,
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        #[source]
        source: rusqlite::Error,
    },
    /// The file is not a library of ours.
    #[error("{} is not a Goldsmith library: {cause}; choose another folder or move that file away", path.display())]
    NotALibrary {
        /// The database.
        path: PathBuf,
        /// What was found.
        cause: String,
    },
    /// A newer Goldsmith wrote it.
    #[error("the library {} has schema version {found}, this Goldsmith knows up to {known}; install the Goldsmith that wrote it or a newer one", path.display())]
    NewerSchema {
        /// The database.
        path: PathBuf,
        /// The version found.
        found: i64,
        /// The newest version known.
        known: i64,
    },
    /// An event cannot be understood or its chain is broken.
    #[error("event {seq} of the library {} is damaged: {cause}; restore the file from a backup", path.display())]
    DamagedEvent {
        /// The database.
        path: PathBuf,
        /// The event's number.
        seq: i64,
        /// What is wrong.
        cause: String,
    },
    /// No image or version has that name.
    #[error("there is no image \"{reference}\" in the library{hint}")]
    NotFound {
        /// What was asked for.
        reference: String,
        /// "; did you mean ..." or what there is.
        hint: String,
    },
    /// Several images or versions match.
    #[error("\"{reference}\" is ambiguous: it could be {}; write more of it", candidates.join(", "))]
    Ambiguous {
        /// What was asked for.
        reference: String,
        /// What matches.
        candidates: Vec<String>,
    },
    /// The version is not in the state the verb needs.
    #[error("{what}: {version} is {state}; {remedy}")]
    WrongState {
        /// What was being done.
        what: String,
        /// `name@number`.
        version: String,
        /// Its state in words.
        state: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The rules of a version's life, or a policy, stand against it.
    #[error("{what}: {cause}; {remedy}")]
    Refused {
        /// What was being done.
        what: String,
        /// What stands against it.
        cause: String,
        /// The way out.
        remedy: String,
    },
    /// A name is not allowed.
    #[error(transparent)]
    Name(#[from] crate::name::NameError),
    /// A disk image cannot be read.
    #[error("{what}: the disk image {} cannot be read: {cause}", path.display())]
    BadImage {
        /// What was being done.
        what: String,
        /// The image.
        path: PathBuf,
        /// What is wrong and what to do.
        cause: String,
    },
    /// The stored bytes are not those recorded.
    #[error("{what}: {} is damaged: {cause}; run `goldsmith image verify`, then delete this version and build it again", path.display())]
    Damaged {
        /// What was being done.
        what: String,
        /// The file.
        path: PathBuf,
        /// What differs.
        cause: String,
    },
    /// The target of an export exists.
    #[error("{} exists already; choose another name or say that it may be replaced (--force)", path.display())]
    Exists {
        /// The target.
        path: PathBuf,
    },
    /// `qemu-img` failed.
    #[error("{what}: {cause}")]
    Tool {
        /// What was being done.
        what: String,
        /// What failed, with the command and the end of its output.
        cause: String,
    },
    /// A background task ended unexpectedly.
    #[error("{what}: a worker thread ended unexpectedly; this is a defect in Goldsmith, please report it")]
    Internal {
        /// What was being done.
        what: String,
    },
}

fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1024 * 1024))
}
