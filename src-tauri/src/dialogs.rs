//! The system's own file dialogs (GTK's: the portal's say nothing where no portal runs).

use async_trait::async_trait;
use goldsmith_app::wire::{PickPath, PickPurpose, PickedPath};
use goldsmith_app::{Dialogs, WireError};
use rfd::AsyncFileDialog;

/// File dialogs of the desktop.
pub(crate) struct Native;

#[async_trait]
impl Dialogs for Native {
    async fn pick(&self, request: PickPath) -> Result<PickedPath, WireError> {
        let purpose = request.purpose;
        let dialog = describe(request);
        let picked = match purpose {
            PickPurpose::OpenFile => dialog.pick_file().await,
            PickPurpose::OpenFolder => dialog.pick_folder().await,
            PickPurpose::SaveFile => dialog.save_file().await,
        };
        Ok(PickedPath { path: picked.map(|file| file.path().to_string_lossy().into_owned()) })
    }
}

fn describe(request: PickPath) -> AsyncFileDialog {
    let mut dialog = AsyncFileDialog::new().set_title(request.title);
    if let Some(name) = request.suggested_name {
        dialog = dialog.set_file_name(name);
    }
    if let Some(folder) = request.folder {
        dialog = dialog.set_directory(folder);
    }
    for filter in &request.filters {
        dialog = dialog.add_filter(&filter.name, &filter.extensions);
    }
    dialog
}
