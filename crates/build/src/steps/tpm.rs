//! The emulated TPM (`vtpm`): a `swtpm` of this build's own, with its socket and its state in a private folder.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use goldsmith_process::{Child, Invocation, Line};
use goldsmith_template::options::MachineOptions;
use serde_json::json;
use tokio::sync::Mutex;

use crate::error::{Context as _, StepError};
use crate::journal::{Evidence, ProcessMark, Resource};
use crate::pipeline::{Step, StepContext};
use crate::plan::{Sketch, StepKind};
use crate::provision::sentence;

/// How long `swtpm` may take to open its socket; it takes some milliseconds.
const OPENING: Duration = Duration::from_secs(10);

/// Starts the TPM.
pub(crate) struct StartTpm {
    /// Version 2.0, else 1.2.
    two: bool,
}

/// A running TPM.
pub(crate) struct Tpm {
    pub(crate) socket: PathBuf,
    /// It ends with this value, or when QEMU closes the connection.
    _child: Mutex<Child>,
}

impl StartTpm {
    /// None when the template asks for none.
    pub(crate) fn new(machine: &MachineOptions) -> Option<Self> {
        machine.vtpm.then_some(Self { two: !machine.use_tpm1 })
    }

    fn invocation(&self, folder: &Path, socket: &Path) -> Invocation {
        let invocation = Invocation::new("swtpm")
            .arg("socket")
            .arg("--tpmstate")
            .arg(format!("dir={}", folder.display()))
            .arg("--ctrl")
            .arg(format!("type=unixio,path={}", socket.display()))
            .arg("--terminate");
        if self.two { invocation.arg("--tpm2") } else { invocation }
    }
}

#[async_trait]
impl Step for StartTpm {
    type Output = Tpm;

    fn sketch(&self) -> Sketch {
        let folder = Path::new("{runtime}/tpm");
        let version = if self.two { "2.0" } else { "1.2" };
        Sketch::new(format!("Start a TPM {version}"), StepKind::Machine)
            .command(self.invocation(folder, &folder.join("sock")))
            .program("swtpm", "emulates the TPM")
            .inputs(&json!({ "two": self.two }))
    }

    async fn run(&self, cx: &StepContext) -> Result<Tpm, StepError> {
        // Short: a socket's path ends at 108 bytes.
        let folder = cx.runtime().join(format!("t{}", &cx.fresh()[..6]));
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .environment(|| format!("Cannot make the folder {}", folder.display()))?;
        let socket = folder.join("sock");
        let mark = ProcessMark { mark: cx.mark().to_owned(), control: None, uuid: None };
        let holding = cx.intend(Resource::Process { name: "swtpm".to_owned(), mark })?;
        let invocation = self.invocation(&folder, &socket);
        cx.say(invocation.to_string());
        let mut child = cx.launch().launch(&invocation).await.map_err(|error| {
            StepError::environment(sentence(&error.to_string()))
                .hint("Install swtpm (on every distribution the package is called swtpm), or leave vtpm out.")
        })?;
        holding.acquired(Evidence::Process { identity: child.identity().clone() })?;
        let began = Instant::now();
        while !socket.exists() {
            if let Some(ended) = child.try_wait() {
                let mut said = Vec::new();
                while let Some(Line { text, .. }) = child.next_line().await {
                    said.push(text);
                }
                let how = ended.map_or_else(|error| error.to_string(), |exit| exit.to_string());
                return Err(StepError::environment(format!(
                    "swtpm ended at once ({how}): {}",
                    said.join(" / ")
                )));
            }
            if began.elapsed() > OPENING {
                return Err(StepError::environment(format!(
                    "swtpm did not open its socket within {} s.",
                    OPENING.as_secs()
                )));
            }
            tokio::select! {
                () = cx.cancel().cancelled() => return Err(StepError::cancelled()),
                () = tokio::time::sleep(Duration::from_millis(2)) => {}
            }
        }
        Ok(Tpm { socket, _child: Mutex::new(child) })
    }
}
