//! Waiting for the guest to let us in. `boot_wait` is for a boot command to be typed; without one there is nothing
//! to wait for but the guest itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use goldsmith_guest::{
    Algorithms, Patience, Proxy, Route, Secret, Session, SshTarget, Stage, TransferMethod, Tunnel, connect,
};
use goldsmith_machine::{Lifecycle as _, PortForward as _};
use goldsmith_template::options::{CommonOptions, SshOptions};
use goldsmith_template::{Job, Text};
use serde_json::json;

use crate::checkpoint::JobCheckpoints;
use crate::error::StepError;
use crate::journal::LogStream;
use crate::names::Names;
use crate::pipeline::{Output, Step, StepContext};
use crate::plan::{PlanError, Sketch, StepKind};
use crate::provision::meta::{pause, seconds};
use crate::provision::{Communicator as _, SshGuest, sentence};
use crate::steps::bridge::guest_address;
use crate::steps::evidence::joined;
use crate::steps::login::Login;
use crate::steps::machine::Running;
use crate::steps::settings::known;

/// Waits for SSH.
pub(crate) struct WaitForSsh {
    pub(crate) dial: Dial,
    pub(crate) login: Output<Login>,
    /// None for a host that runs already.
    pub(crate) machine: Option<Output<Running>>,
    pub(crate) checkpoints: Option<JobCheckpoints>,
}

/// How a guest's SSH server is reached.
#[derive(Clone)]
pub(crate) struct Dial {
    names: Names,
    host: String,
    port: u16,
    ssh: SshOptions,
    pause: Duration,
    /// The machine starts from an installation image: who answers first may be the installer.
    installs: bool,
    /// The bridge the guest is on, when its address is not known beforehand.
    bridge: Option<String>,
    proxy: Option<Arc<Proxy>>,
    local_tunnels: Vec<Tunnel>,
    remote_tunnels: Vec<Tunnel>,
    algorithms: Algorithms,
}

impl Dial {
    pub(crate) fn new(
        job: &Job,
        common: &CommonOptions,
        ssh: &SshOptions,
        names: &Names,
        installs: bool,
        bridge: Option<String>,
    ) -> Result<Self, PlanError> {
        let host = match &ssh.ssh_host {
            Some(host) if !host.is_empty() => known(host, "ssh_host", &job.place)?,
            _ => "127.0.0.1".to_owned(),
        };
        let place = &job.place;
        let text = |text: &Option<Text>, option: &str| match text {
            Some(text) if !text.is_empty() => known(text, option, place).map(Some),
            _ => Ok(None),
        };
        let proxy = match text(&ssh.ssh_proxy_host, "ssh_proxy_host")? {
            None => None,
            Some(host) => {
                let password = text(&ssh.ssh_proxy_password, "ssh_proxy_password")?;
                let user = text(&ssh.ssh_proxy_username, "ssh_proxy_username")?;
                let login = user.map(|user| (user, Secret::new(password.unwrap_or_default())));
                Some(Arc::new(Proxy { host, port: ssh.ssh_proxy_port, login }))
            }
        };
        let tunnels = |texts: &[Text], option: &str| -> Result<Vec<Tunnel>, PlanError> {
            let read = |text: &Text| {
                let text = known(text, option, place)?;
                text.parse().map_err(|error: String| PlanError::new(format!("{option}: {error}."), place))
            };
            texts.iter().map(read).collect()
        };
        Ok(Self {
            proxy,
            local_tunnels: tunnels(&ssh.ssh_local_tunnels, "ssh_local_tunnels")?,
            remote_tunnels: tunnels(&ssh.ssh_remote_tunnels, "ssh_remote_tunnels")?,
            algorithms: Algorithms::parse(&ssh.ssh_ciphers, &ssh.ssh_key_exchange_algorithms).map_err(
                |error| {
                    PlanError::new(
                        sentence(&format!("ssh_ciphers or ssh_key_exchange_algorithms: {error}")),
                        place,
                    )
                },
            )?,
            names: names.clone(),
            host,
            port: ssh.ssh_port,
            ssh: ssh.clone(),
            pause: common.pause_before_connecting,
            installs,
            bridge: bridge.filter(|_| ssh.ssh_host.as_ref().is_none_or(Text::is_empty)),
        })
    }

    fn target(&self, cx: &StepContext, login: &Login, running: Option<&Running>) -> SshTarget {
        let forwarded = running.and_then(|running| running.machine.forwarded(self.port));
        let (host, port) = match forwarded {
            Some(address) => (address.ip().to_string(), address.port()),
            None => (self.host.clone(), self.port),
        };
        let mut target = SshTarget::new(host, port, &login.username);
        if let Some(agent) = &login.agent {
            target = target.with_agent(agent);
        }
        if let Some(key) = &login.key {
            target = target.with_key(key.clone());
        }
        if let Some(pair) = &login.temporary {
            target = target.with_key(pair.private().clone());
        }
        if let Some(password) = &login.password {
            target = target.with_password(password.clone());
        }
        target.patience = Patience::packer(self.ssh.ssh_timeout, self.ssh.ssh_handshake_attempts);
        target.route = match (&login.bastion, &self.proxy) {
            (Some(bastion), _) => Route::Bastion(bastion.clone()),
            (None, Some(proxy)) => Route::Socks5(proxy.clone()),
            (None, None) => Route::Direct,
        };
        target.local_tunnels.clone_from(&self.local_tunnels);
        target.remote_tunnels.clone_from(&self.remote_tunnels);
        target.algorithms = self.algorithms.clone();
        // As Packer does: whoever has an agent shares it with the guest's commands unless told otherwise.
        target.forward_agent = cx.build().agent.clone().filter(|_| !self.ssh.ssh_disable_agent_forwarding);
        target.pty = self.ssh.ssh_pty;
        if self.ssh.ssh_file_transfer_method == "sftp" {
            target.transfer = TransferMethod::Sftp;
        }
        if let Some(interval) = self.ssh.ssh_keep_alive_interval {
            target.keep_alive = (!interval.is_zero()).then_some(interval);
        }
        target.idle_timeout = self.ssh.ssh_read_write_timeout.filter(|time| !time.is_zero());
        target
    }

    /// What templates and scripts may ask for from now on (packer.md 1.5).
    fn publish(&self, cx: &StepContext, target: &SshTarget, login: &Login) {
        let port = target.port.to_string();
        let values = [
            ("Host", target.host.as_str()),
            ("Port", port.as_str()),
            ("User", login.username.as_str()),
            ("ConnType", "ssh"),
        ];
        for (name, value) in values {
            self.names.set(name, value);
            cx.hole_filled(&format!("build.{name}"), value);
        }
        let password = login.password.as_ref().map(|secret| secret.expose()).unwrap_or_default();
        self.names.set("Password", password);
    }
}

impl Dial {
    /// Waits until the guest lets us in; `limit` in place of the template's patience, for a guest that ran before.
    pub(crate) async fn connect(
        &self,
        cx: &StepContext,
        login: &Login,
        running: Option<&Running>,
        limit: Option<Duration>,
    ) -> Result<SshGuest, StepError> {
        let mut target = self.target(cx, login, running);
        if let Some(limit) = limit {
            target.patience = Patience::packer(Some(limit), self.ssh.ssh_handshake_attempts);
        }
        if let (Some(bridge), Some(running)) = (&self.bridge, running) {
            target.host = guest_address(cx, running, bridge, target.patience.timeout).await?.to_string();
        }
        self.publish(cx, &target, login);
        let guest = match running {
            Some(running) => self.log_in(cx, running, &target, self.installs && limit.is_none()).await?,
            None => {
                let mut told = |stage: &Stage| cx.waiting(stage_name(stage), explained(stage, false));
                SshGuest::new(session(&target, cx, &mut told).await?)
            }
        };
        cx.say(format!("Logged in as {} on {}.", target.username, target.address()));
        Ok(guest)
    }
}

#[async_trait]
impl Step for WaitForSsh {
    type Output = Arc<SshGuest>;

    fn sketch(&self) -> Sketch {
        Sketch::new("Wait for SSH", StepKind::Wait).inputs(&json!(null))
    }

    async fn run(&self, cx: &StepContext) -> Result<Arc<SshGuest>, StepError> {
        if let Some(guest) = self.checkpoints.as_ref().and_then(JobCheckpoints::guest) {
            cx.reused();
            guest.ssh().into_iter().for_each(|session| cx.reached(session));
            return Ok(guest);
        }
        let login = self.login.get()?;
        let running = self.machine.as_ref().map(Output::get).transpose()?;
        let guest = self.dial.connect(cx, &login, running.as_deref(), None).await?;
        guest.ssh().into_iter().for_each(|session| cx.reached(session));
        let pause_before = self.dial.pause;
        if !pause_before.is_zero() {
            cx.waiting(
                "pause_before_connecting",
                format!("Pausing {}, then connecting again.", seconds(pause_before)),
            );
            pause(cx, pause_before).await?;
            guest.reconnect(cx).await?;
        }
        Ok(Arc::new(guest))
    }
}

impl Dial {
    /// Logs in to the system that is to be provisioned. As long as a machine that installs itself has not restarted,
    /// the installer may be who answers: its refusals do not count, and where it lets us in we wait on.
    async fn log_in(
        &self,
        cx: &StepContext,
        running: &Running,
        target: &SshTarget,
        installs: bool,
    ) -> Result<SshGuest, StepError> {
        let mut restarts = running.machine.qmp().resets();
        let deadline = target.patience.timeout.map(|limit| Instant::now() + limit);
        loop {
            let first = installs && *restarts.borrow_and_update() == 0;
            let mut target = target.clone();
            if let Some(deadline) = deadline {
                target.patience.timeout = Some(deadline.saturating_duration_since(Instant::now()));
                if first {
                    target.patience.handshake_attempts = None;
                }
            }
            let mut told = |stage: &Stage| cx.waiting(stage_name(stage), explained(stage, first));
            let session = tokio::select! {
                session = session(&target, cx, &mut told) => match session {
                    Ok(session) => session,
                    Err(error) => return Err(joined(cx, &running.machine, error).await),
                },
                Ok(()) = restarts.changed(), if first => {
                    cx.say("The machine restarted; waiting for the installed system.");
                    continue;
                }
                ending = running.machine.wait_stopped(None) => return Err(died(ending)),
            };
            let guest = SshGuest::new(session);
            if !(first && is_installer(cx, &guest).await?) {
                return Ok(guest);
            }
            cx.waiting(
                "installer",
                "This is the installer, not the installed system; waiting until the machine restarts.",
            );
            drop(guest);
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            tokio::select! {
                () = cx.cancel().cancelled() => return Err(StepError::cancelled()),
                Ok(()) = restarts.changed() => cx.say("The machine restarted; waiting for the installed system."),
                ending = running.machine.wait_stopped(left) => return Err(match ending {
                    Some(ending) => died(Some(ending)),
                    None => {
                        let error = StepError::guest("The installer was still running when ssh_timeout was over.")
                            .hint("Look at the guest's screen: the installer may wait for an answer. Raise ssh_timeout if it only needs longer.");
                        joined(cx, &running.machine, error).await
                    }
                }),
            }
        }
    }
}

async fn session(
    target: &SshTarget,
    cx: &StepContext,
    told: &mut (dyn FnMut(&Stage) + Send),
) -> Result<Session, StepError> {
    match connect(target, cx.cancel(), told).await {
        Ok(session) => Ok(session),
        Err(error) if error.is_cancelled() => Err(StepError::cancelled()),
        Err(error) => Err(StepError::guest(sentence(&error.to_string()))),
    }
}

/// Whether the running system is an unattended installation, by what its kernel was started with.
async fn is_installer(cx: &StepContext, guest: &SshGuest) -> Result<bool, StepError> {
    let mut line = String::new();
    let mut on_line = |_: LogStream, text: &str| line.push_str(text);
    guest.exec(cx, "cat /proc/cmdline", &mut on_line).await?;
    Ok(installs(&line))
}

/// Whether a kernel command line is that of an unattended installation: Debian's preseed, Ubuntu's autoinstall,
/// kickstart, AutoYaST.
fn installs(command_line: &str) -> bool {
    command_line.split_ascii_whitespace().any(|word| {
        word == "autoinstall"
            || ["autoinstall=", "ks=", "inst.ks", "inst.stage2", "autoyast=", "preseed", "auto=true"]
                .iter()
                .any(|start| word.starts_with(start))
    })
}

fn stage_name(stage: &Stage) -> &'static str {
    match stage {
        Stage::Connecting => "connecting",
        Stage::PortOpen => "port_open",
        Stage::Banner { .. } => "banner",
        Stage::HostKey { .. } => "host_key",
        Stage::AuthRefused { .. } => "auth_refused",
        Stage::Ready => "ready",
    }
}

fn explained(stage: &Stage, installs: bool) -> String {
    let said = sentence(&stage.to_string());
    match stage {
        Stage::AuthRefused { .. } if installs => {
            format!("{said} The machine has not restarted yet, so this may be the installer: trying on.")
        }
        _ => said,
    }
}

/// The machine stopped while something still needed it.
pub(crate) fn died(ending: Option<goldsmith_machine::Ending>) -> StepError {
    let Some(ending) = ending else { return StepError::internal("The machine's end could not be learned.") };
    let mut text = format!("The machine stopped unexpectedly ({})", ending.exit);
    if ending.said.trim().is_empty() {
        text.push('.');
    } else {
        text.push_str(&format!(": {}", ending.said.trim()));
    }
    StepError::guest(text)
        .hint("Look at the guest's console (log/serial.txt) and its last screen for what happened.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installers_are_told_by_their_kernel() {
        for line in [
            "BOOT_IMAGE=/casper/vmlinuz quiet autoinstall ds=nocloud-net;s=http://10.0.2.2:8000/ ---",
            "initrd=initrd.img inst.stage2=hd:LABEL=x inst.ks=http://10.0.2.2:8000/ks.cfg",
            "auto=true priority=critical url=http://10.0.2.2/preseed.cfg",
            "preseed/url=http://10.0.2.2/p",
        ] {
            assert!(installs(line), "{line}");
        }
        for line in
            ["BOOT_IMAGE=/boot/vmlinuz root=/dev/vda2 ro quiet", "archisobasedir=arch archisolabel=ARCH", ""]
        {
            assert!(!installs(line), "{line}");
        }
    }
}
