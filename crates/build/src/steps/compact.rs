//! Compacting the disk (packer.md 2.3, step 23): a conversion onto itself leaves out what the guest freed.

use std::fs;
use std::path::PathBuf;

use async_trait::async_trait;
use goldsmith_machine::disk::Convert;
use serde_json::json;

use crate::error::{Context as _, StepError};
use crate::journal::Unit;
use crate::pipeline::{Step, StepContext};
use crate::plan::{Sketch, StepKind};
use crate::steps::disk::disk_error;
use crate::steps::settings::Settings;

/// Compacts the main disk.
pub(crate) struct Compact {
    pub(crate) settings: Settings,
}

impl Compact {
    /// None when the template wants the disk as the guest left it.
    pub(crate) fn new(settings: &Settings) -> Option<Self> {
        let wanted = !settings.disk.skip_compaction || settings.disk.disk_compression;
        wanted.then(|| Self { settings: settings.clone() })
    }

    fn target(&self) -> PathBuf {
        let mut name = self.settings.disk_path().into_os_string();
        name.push(".convert");
        PathBuf::from(name)
    }

    fn convert(&self) -> Convert {
        let s = &self.settings;
        Convert {
            source_format: Some(s.format),
            compress: s.disk.disk_compression,
            extra: s.convert_args.clone(),
            ..Convert::new(s.disk_path(), self.target(), s.format)
        }
    }
}

#[async_trait]
impl Step for Compact {
    type Output = ();

    fn sketch(&self) -> Sketch {
        let title =
            if self.settings.disk.disk_compression { "Compress the disk" } else { "Compact the disk" };
        Sketch::new(title, StepKind::Disk)
            .command(self.settings.disk_tool().convert_command(&self.convert()))
            .inputs(&json!({ "compress": self.settings.disk.disk_compression, "args": self.settings.convert_args }))
    }

    async fn run(&self, cx: &StepContext) -> Result<(), StepError> {
        let mut report = |percent: f32| cx.progress(percent as u64, Some(100), Unit::Percent);
        let convert = self.convert();
        self.settings
            .disk_tool()
            .convert(cx.launch(), &convert, cx.cancel(), &mut report)
            .await
            .map_err(disk_error)?;
        let path = self.settings.disk_path();
        fs::rename(&convert.target, &path).environment(|| format!("Cannot replace {}", path.display()))
    }
}
