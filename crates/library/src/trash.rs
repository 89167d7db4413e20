use crate::error::LibraryError;
use crate::library::Library;
use crate::version::{Version, VersionId};

impl Library {
    /// Deletes a version to the trash: it is no longer listed; its bytes stay where they are, so running
    /// overlays keep working and [`Library::restore`] costs nothing.
    pub fn delete(&self, id: VersionId) -> Result<Version, LibraryError> {
        let _ = id;
        todo!()
    }

    /// Brings a version back from the trash.
    pub fn restore(&self, id: VersionId) -> Result<Version, LibraryError> {
        let _ = id;
        todo!()
    }

    /// What is in the trash, newest first.
    pub fn trash(&self) -> Result<Vec<Version>, LibraryError> {
        todo!()
    }

    /// Gives up the bytes of a trashed version for good; its record stays.
    pub fn purge(&self, id: VersionId) -> Result<Version, LibraryError> {
        let _ = id;
        todo!()
    }
}
