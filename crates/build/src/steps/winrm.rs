//! Waiting for a Windows guest to let us in over WinRM.
//!
//! Facts (packer.md 5): port 5985, 5986 with TLS; the guest is ready when a PowerShell echo has answered; given up
//! after `winrm_timeout`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use goldsmith_guest::{Login, Secret, WinrmError, WinrmSession, WinrmTarget};
use goldsmith_machine::{Ending, Lifecycle as _, PortForward as _};
use goldsmith_template::Job;
use goldsmith_template::options::{CommonOptions, WinrmOptions};
use serde_json::json;

use crate::error::StepError;
use crate::names::Names;
use crate::pipeline::{Output, Step, StepContext};
use crate::plan::{PlanError, Sketch, StepKind};
use crate::provision::meta::{pause, seconds};
use crate::provision::{WinrmGuest, sentence, winrm_error};
use crate::steps::connect::died;
use crate::steps::evidence::joined;
use crate::steps::machine::Running;
use crate::steps::settings::known;

/// Between two tries; Packer waits 5 s.
const AGAIN: Duration = Duration::from_secs(1);
const READY: &str = "powershell -NoProfile -NonInteractive -Command \"if (Test-Path variable:global:ProgressPreference) { $ProgressPreference = 'SilentlyContinue' }; echo 'WinRM connected.'\"";

/// Waits for WinRM.
pub(crate) struct WaitForWinrm {
    /// None for a host that runs already.
    machine: Option<Output<Running>>,
    names: Names,
    host: String,
    port: u16,
    username: String,
    password: Secret,
    options: WinrmOptions,
    pause: Duration,
}

/// The guest's port for WinRM.
pub(crate) fn port(options: &WinrmOptions) -> u16 {
    options.winrm_port.unwrap_or(if options.winrm_use_ssl { 5986 } else { 5985 })
}

impl WaitForWinrm {
    pub(crate) fn new(
        job: &Job,
        common: &CommonOptions,
        options: &WinrmOptions,
        machine: Option<Output<Running>>,
        names: &Names,
    ) -> Result<Self, PlanError> {
        let text = |text: &Option<goldsmith_template::Text>, option: &str| match text {
            Some(text) => known(text, option, &job.place),
            None => Ok(String::new()),
        };
        Ok(Self {
            machine,
            names: names.clone(),
            host: text(&options.winrm_host, "winrm_host")?,
            port: port(options),
            username: text(&options.winrm_username, "winrm_username")?,
            password: Secret::new(text(&options.winrm_password, "winrm_password")?),
            options: options.clone(),
            pause: common.pause_before_connecting,
        })
    }

    fn target(&self, cx: &StepContext, running: Option<&Running>) -> WinrmTarget {
        let (host, port) = match running.and_then(|running| running.machine.forwarded(self.port)) {
            Some(address) => (address.ip().to_string(), address.port()),
            None if self.host.is_empty() => ("127.0.0.1".to_owned(), self.port),
            None => (self.host.clone(), self.port),
        };
        WinrmTarget {
            host,
            port,
            username: self.username.clone(),
            password: self.password.clone(),
            tls: self.options.winrm_use_ssl,
            any_certificate: self.options.winrm_insecure,
            no_proxy: true,
            login: if self.options.winrm_use_ntlm { Login::Ntlm } else { Login::Basic },
            request_timeout: Duration::from_secs(60),
            unix_time: u64::try_from(cx.build().clock.now().as_second()).unwrap_or(0),
        }
    }

    fn publish(&self, cx: &StepContext, target: &WinrmTarget) {
        let port = target.port.to_string();
        let values = [
            ("Host", target.host.as_str()),
            ("Port", port.as_str()),
            ("User", self.username.as_str()),
            ("ConnType", "winrm"),
        ];
        for (name, value) in values {
            self.names.set(name, value);
            cx.hole_filled(&format!("build.{name}"), value);
        }
        cx.build().journal.redactor().add([self.password.expose()]);
        self.names.set("Password", self.password.expose());
        self.names.set("WinRMPassword", self.password.expose());
    }

    async fn wait(&self, cx: &StepContext, session: &WinrmSession) -> Result<(), StepError> {
        let deadline = Instant::now() + self.options.winrm_timeout;
        loop {
            let mut ready = false;
            let asked = session
                .exec(READY, cx.cancel(), &mut |_, line| ready |= line.contains("WinRM connected."))
                .await;
            let why = match asked {
                Ok(_) if ready => return Ok(()),
                Ok(_) => "WinRM answers, PowerShell does not yet.".to_owned(),
                Err(WinrmError::Cancelled) => return Err(StepError::cancelled()),
                Err(error) if Instant::now() >= deadline => {
                    let limit = seconds(self.options.winrm_timeout);
                    return Err(winrm_error(&error)
                        .hint(format!("winrm_timeout is {limit}; look at the guest's screen.")));
                }
                Err(error) => sentence(&error.to_string()),
            };
            if Instant::now() >= deadline {
                return Err(StepError::guest(why).hint("Look at the guest's screen for what it waits for."));
            }
            cx.waiting("winrm", why);
            pause(cx, AGAIN).await?;
        }
    }
}

/// When the machine stops; never for a host that is not ours.
async fn ended(running: Option<&Running>) -> Option<Ending> {
    match running {
        Some(running) => running.machine.wait_stopped(None).await,
        None => std::future::pending().await,
    }
}

#[async_trait]
impl Step for WaitForWinrm {
    type Output = Arc<WinrmGuest>;

    fn sketch(&self) -> Sketch {
        Sketch::new("Wait for WinRM", StepKind::Wait).inputs(&json!(null))
    }

    async fn run(&self, cx: &StepContext) -> Result<Arc<WinrmGuest>, StepError> {
        let running = self.machine.as_ref().map(Output::get).transpose()?;
        let target = self.target(cx, running.as_deref());
        self.publish(cx, &target);
        let session = WinrmSession::new(target);
        let times = if self.pause.is_zero() { 1 } else { 2 };
        for time in 1..=times {
            tokio::select! {
                waited = self.wait(cx, &session) => match (waited, running.as_deref()) {
                    (Err(error), Some(running)) => return Err(joined(cx, &running.machine, error).await),
                    (waited, _) => waited?,
                },
                ending = ended(running.as_deref()) => return Err(died(ending)),
            }
            if time < times {
                cx.waiting(
                    "pause_before_connecting",
                    format!("Pausing {}, then connecting again.", seconds(self.pause)),
                );
                pause(cx, self.pause).await?;
                session.reconnect().await;
            }
        }
        cx.say(format!("Logged in as {} on {} by WinRM.", self.username, session.target().address()));
        Ok(Arc::new(WinrmGuest::new(session)))
    }
}
