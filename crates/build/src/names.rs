//! The names and values of a build that templates, scripts and post-processors ask for.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use serde::{Deserialize, Serialize};

/// Fixed before the build starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fixed {
    /// The job's name: `[build.]type.name-or-alias`.
    pub job: String,
    /// Packer's `packer_build_name`: the original source name, without alias or build name.
    pub build_name: String,
    /// `qemu`, `bootstrap`: Packer's `BuilderType`.
    pub builder_type: String,
    /// `PACKER_RUN_UUID`.
    pub run_uuid: String,
}

/// The fixed names and what becomes known during the build (`build.Host`). Cheap to clone; clones share the values.
#[derive(Clone, Debug, Default)]
pub struct Names {
    fixed: Arc<Fixed>,
    values: Arc<RwLock<BTreeMap<String, String>>>,
}

impl Names {
    /// With no `build.*` values yet.
    pub fn new(fixed: Fixed) -> Self {
        Self { fixed: Arc::new(fixed), values: Arc::default() }
    }

    /// The fixed ones.
    pub fn fixed(&self) -> &Fixed {
        &self.fixed
    }

    /// A `build.*` value becomes known. Journalling it (and whether it is a secret) is the step's matter.
    pub fn set(&self, name: &str, value: impl Into<String>) {
        let mut values = match self.values.write() {
            Ok(values) => values,
            Err(poisoned) => poisoned.into_inner(),
        };
        values.insert(name.to_owned(), value.into());
    }

    /// A `build.*` value, when it is known by now.
    pub fn get(&self, name: &str) -> Option<String> {
        match self.values.read() {
            Ok(values) => values.get(name).cloned(),
            Err(poisoned) => poisoned.into_inner().get(name).cloned(),
        }
    }

    /// `PACKER_*` variables for scripts, sorted (Packer: `PACKER_BUILD_NAME`, `PACKER_BUILDER_TYPE` always, the
    /// HTTP ones when the builder knows them).
    pub fn packer_env(&self) -> BTreeMap<String, String> {
        let mut env = BTreeMap::from([
            ("PACKER_BUILD_NAME".to_owned(), self.fixed.build_name.clone()),
            ("PACKER_BUILDER_TYPE".to_owned(), self.fixed.builder_type.clone()),
        ]);
        for (variable, value) in [
            ("PACKER_HTTP_ADDR", "PackerHTTPAddr"),
            ("PACKER_HTTP_IP", "PackerHTTPIP"),
            ("PACKER_HTTP_PORT", "PackerHTTPPort"),
        ] {
            // A source that never has an HTTP server says so in the value.
            if let Some(value) = self.get(value).filter(|value| !value.starts_with("ERR_HTTP_")) {
                env.insert(variable.to_owned(), value);
            }
        }
        env
    }
}
