//! The local library: every version of every image, what it was made from, and its bytes.
//!
//! An append-only table of events is the only truth; images, versions and files are projections of it that
//! can be rebuilt at any time. Bytes stand behind [`Bytes`]. See `docs/decisions/` for the store, and
//! [`content`] for the exact definition of an image's identity.

mod add;
mod bytes;
pub mod content;
mod digest;
mod disk;
mod error;
mod event;
mod export;
mod facts;
mod format;
mod handover;
mod import;
mod library;
pub mod life;
mod name;
mod project;
mod qcow2;
mod resolve;
mod store;
mod trash;
mod verify;
mod version;

pub use add::{AddPhase, AddProgress, NewFile, NewVersion};
pub use bytes::{Bytes, PlainFiles, Stage};
pub use content::ContentId;
pub use error::LibraryError;
pub use event::{Event, EventBody};
pub use export::{ExportPhase, ExportRequest, Exported};
pub use facts::{Durations, Facts, SourceFact};
pub use format::DiskFormat;
pub use handover::{Deploy, Package, PackageRequest, Packaged, Snippet, snippets};
pub use import::ImportRequest;
pub use library::{Clock, ImageTool, Library, SystemClock};
pub use name::{ImageName, NameError};
pub use verify::{FileVerdict, Verdict, Verification};
pub use version::{BytesState, DiskFact, Image, StoredFile, Version, VersionId};
