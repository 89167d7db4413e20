//! Testing finished images.

use std::path::{Path, PathBuf};

use goldsmith_build::suite::{self, Defined, Suite, TestLogin, TestReport, TestRequest};
use goldsmith_build::{BuildId, start_worker};
use goldsmith_library::Version;
use goldsmith_process::find_program;

use crate::bodies::library::{blocking, find_version};
use crate::bodies::run::copy_of;
use crate::core::Core;
use crate::error::WireError;
use crate::files::DiskFiles;
use crate::wire::*;

/// How long to wait for the login where nobody says; emulated guests are slow.
const WAIT_S: u64 = 600;
/// The password to log in with, which must not stand on a command line.
const PASSWORD: &str = "GOLDSMITH_TEST_PASSWORD";

pub(crate) async fn test_image(core: &Core, request: TestImage) -> Result<StartedTest, WireError> {
    core.recover().await?;
    let (_, version) = find_version(core, &request.image).await?;
    let Defined { suites, user, key } = suites(core, &request, &version)?;
    let names: Vec<String> = suites.iter().map(|suite| suite.name.clone()).collect();
    let setup = core.setup();
    let run = RunImage {
        image: request.image.clone(),
        memory_mb: request.memory_mb,
        cpus: request.cpus,
        accelerator: request.accelerator.clone(),
        uefi: request.uefi,
        window: false,
    };
    let login = TestLogin::new(
        request.user.or(user).unwrap_or_else(|| "root".to_owned()),
        request.key.as_deref().map(|key| core.absolute(key)).or(key),
        setup.env.get(PASSWORD).filter(|value| !value.is_empty()).map(str::to_owned),
    );
    let test = TestRequest {
        run: copy_of(core, &run, &version).await?,
        version: version.id.to_string(),
        bucket: version.image.to_string(),
        number: version.number,
        content: version.content.to_string(),
        suites,
        login,
        wait_s: request.wait_s.map_or(WAIT_S, u64::from),
        record: !request.no_record,
    };
    let build = BuildId::new(setup.clock.as_ref(), setup.random.as_ref());
    let seed = find_program("xorriso", setup.env.path()).is_some();
    let order = test.order(build, core.dirs(), setup.cwd.clone(), seed).map_err(|error| {
        WireError::internal("no_key", "no key could be made for the test").because(&error)
    })?;
    let build = start_worker(setup.launch.as_ref(), &setup.program, core.dirs(), order).await?;
    Ok(StartedTest { build: build.to_string(), image: version.display_name(), suites: names })
}

/// The suites that were named, else those of the folder.
fn suites(core: &Core, request: &TestImage, version: &Version) -> Result<Defined, WireError> {
    let cwd = core.setup().cwd.clone();
    let mut found: Vec<Suite> = Vec::new();
    let (mut user, mut key) = (None, None);
    for named in &request.suites {
        let files = match named.runner {
            suite::Runner::Command => named.files.clone(),
            _ => named.files.iter().map(|file| core.absolute(file).display().to_string()).collect(),
        };
        let mut one = Suite::new(named.runner, files, cwd.clone());
        let same = found.iter().filter(|known| known.runner == one.runner).count();
        if same > 0 {
            one.name = format!("{}-{}", one.name, same + 1);
        }
        found.push(one);
    }
    if request.suites.is_empty() || request.folder.is_some() {
        let folder = match &request.folder {
            Some(folder) => core.absolute(folder),
            None => template_folder(version)?,
        };
        let defined = of_folder(core, &folder, version)?;
        (user, key) = (defined.user, defined.key);
        found.extend(defined.suites);
    }
    if !request.only.is_empty() {
        if let Some(name) = request.only.iter().find(|name| !found.iter().any(|suite| suite.name == **name)) {
            let known: Vec<&str> = found.iter().map(|suite| suite.name.as_str()).collect();
            return Err(WireError::input("no_such_suite", format!("there is no suite \"{name}\""))
                .hint(format!("There is: {}", known.join(", "))));
        }
        found.retain(|suite| request.only.contains(&suite.name));
    }
    if found.is_empty() {
        return Err(WireError::input("no_suites", format!("there is nothing to test {} with", version.display_name()))
            .hint("Name a test (`goldsmith test IMAGE --shell smoke.sh`), or put a `test` block into tests.goldsmith.hcl beside the template."));
    }
    Ok(Defined { suites: found, user, key })
}

/// The suites for a version in the `*.goldsmith.hcl` files of a folder.
fn of_folder(core: &Core, folder: &Path, version: &Version) -> Result<Defined, WireError> {
    let mut defined = suite::define::read(&DiskFiles::new(core.setup().cwd.clone()), folder)
        .map_err(|error| WireError::input("bad_suites", error.to_string()))?;
    defined.suites.retain(|suite| suite.is_for(version.image.as_str()));
    Ok(defined)
}

/// The folder of the template a version was built from.
fn template_folder(version: &Version) -> Result<PathBuf, WireError> {
    let name = version.display_name();
    let unknown = |why: &str| {
        WireError::input("no_suites", format!("{why}, so that no suites are known for {name}"))
            .hint("Name a test (`goldsmith test IMAGE --shell smoke.sh`) or a folder (`--tests FOLDER`).")
    };
    let Some(path) = &version.facts.template_path else {
        return Err(unknown("its template is not recorded"));
    };
    let path = Path::new(path);
    let folder = if path.is_dir() { Some(path) } else { path.parent() };
    match folder.filter(|folder| folder.is_dir() && folder.is_absolute()) {
        Some(folder) => Ok(folder.to_owned()),
        None => Err(unknown(&format!("its template {} is gone", path.display()))),
    }
}

pub(crate) async fn test_report(core: &Core, request: OfBuild) -> Result<TestResult, WireError> {
    let core = core.clone();
    blocking(move || {
        let folder = core.dirs().builds().join(core.find_build(&request.build)?.as_str());
        let text = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
        let report: Option<TestReport> =
            text(suite::REPORT).and_then(|text| serde_json::from_str(&text).ok());
        Ok(TestResult { junit: report.as_ref().and_then(|_| text(suite::JUNIT)), report })
    })
    .await
}
