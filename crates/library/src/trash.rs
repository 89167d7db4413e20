use goldsmith_process::lock::FileLock;

use crate::error::LibraryError;
use crate::event::EventBody;
use crate::library::{Library, in_library};
use crate::life::{By, Change, Role, Standing};
use crate::version::{BytesState, Version, VersionId};

impl Library {
    /// Deletes a version to the trash, unless a channel points to it or it is held: it is no longer listed; its bytes stay where they are, so running
    /// overlays keep working and [`Library::restore`] costs nothing.
    pub fn delete(&self, id: VersionId) -> Result<Version, LibraryError> {
        let remedy = "only versions that are present can be deleted";
        self.change(
            "deleting a version",
            id,
            BytesState::Present,
            remedy,
            vec![EventBody::VersionTrashed { id }],
        )
    }

    /// Brings a version back from the trash.
    pub fn restore(&self, id: VersionId) -> Result<Version, LibraryError> {
        let remedy = "only versions in the trash can be restored";
        let retired = self.version(id)?.state == Standing::Retired;
        let back =
            EventBody::VersionChanged { id, by: By::new(Role::Keeper, None), change: Change::Unretired };
        let mut bodies = vec![EventBody::VersionRestored { id }];
        bodies.extend(retired.then_some(back));
        self.change("restoring a version", id, BytesState::Trashed, remedy, bodies)
    }

    /// What is in the trash, most recently deleted first.
    pub fn trash(&self) -> Result<Vec<Version>, LibraryError> {
        let found = self.store().versions("WHERE bytes = 'trashed' ORDER BY seq DESC", [])?;
        Ok(found.into_iter().map(|v| self.with_paths(v)).collect())
    }

    /// Gives up the bytes of a trashed version for good; its record stays. Refused while a running copy stands on
    /// them (whoever runs one holds a [`FileLock::shared`] on the disk).
    pub fn purge(&self, id: VersionId) -> Result<Version, LibraryError> {
        let what = "purging a version";
        let remedy = "delete it first: only versions in the trash can be purged";
        let doomed = self.version(id)?;
        let mut held = Vec::new();
        for path in doomed.files.iter().filter_map(|file| file.path.as_ref()) {
            match FileLock::try_alone(path) {
                Ok(Some(lock)) => held.push(lock),
                Ok(None) => {
                    let remedy = "a running copy stands on it: stop the run first";
                    return Err(Self::wrong_state(what, &doomed, remedy));
                }
                // What is gone or cannot be read is nobody's to run.
                Err(_) => {}
            }
        }
        let purged = vec![EventBody::VersionPurged { id }];
        let version = self.change(what, id, BytesState::Trashed, remedy, purged)?;
        // The record comes first: if we die here, the next opening removes the bytes.
        let _lock = self.lock(what)?;
        self.inner
            .bytes
            .remove(&version.image, version.number)
            .map_err(|e| in_library(what, &self.inner.dir, &self.inner.dir, 0, e))?;
        Ok(version)
    }

    fn change(
        &self,
        what: &str,
        id: VersionId,
        from: BytesState,
        remedy: &'static str,
        bodies: Vec<EventBody>,
    ) -> Result<Version, LibraryError> {
        let lock = self.lock(what)?;
        let version = self.version(id)?;
        if version.bytes != from {
            return Err(Self::wrong_state(what, &version, remedy));
        }
        if from == BytesState::Present {
            self.unprotected(what, &version)?;
        }
        let at = self.inner.clock.now();
        self.write(what, &lock, |appender| {
            bodies.into_iter().try_for_each(|body| appender.append(at, body).map(drop))
        })?;
        drop(lock);
        self.version(id)
    }
}
