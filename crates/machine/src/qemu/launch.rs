//! Starting a machine: no fixed waits, no port taken in between.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use goldsmith_process::{Child, Exit, Launch, LaunchError, StopLadder};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::command::command_line;
use super::machine::QemuMachine;
use super::qmp::{Qmp, QmpError};
use super::spec::{HostPort, QemuSpec};

/// How long QEMU may take to open its control socket and greet. It takes a tenth of a second; a host that swaps
/// takes longer.
const GREETING: Duration = Duration::from_secs(60);
/// How many ports of a range are tried before giving up.
const PORT_TRIES: u16 = 50;
/// Lines of QEMU's standard error that are kept.
const SAID_LINES: usize = 40;

/// Why a machine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The program did not start.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// QEMU gave up at once.
    #[error("QEMU ended before the machine ran ({exit}): {said}{}", hint(.said))]
    Ended {
        /// How.
        exit: Exit,
        /// What it wrote to its standard error.
        said: String,
    },
    /// QEMU runs, but its control socket does not answer.
    #[error("QEMU runs but its control socket {socket} did not answer within {} s: {reason}", GREETING.as_secs())]
    Silent {
        /// The socket.
        socket: PathBuf,
        /// The last failure.
        reason: String,
    },
    /// The control connection failed.
    #[error(transparent)]
    Qmp(#[from] QmpError),
    /// Another machine answers there.
    #[error(
        "the machine that answers on {socket} is {found}, not {wanted}; another QEMU uses the same socket"
    )]
    Stranger {
        /// The socket.
        socket: PathBuf,
        /// The identity we chose.
        wanted: Uuid,
        /// The identity found.
        found: Uuid,
    },
    /// Every port that was tried is taken.
    #[error(
        "no free port for guest port {guest} between {min} and {max} on 127.0.0.1; widen the range of host ports"
    )]
    NoPort {
        /// The guest's port.
        guest: u16,
        /// First of the range.
        min: u16,
        /// End of the range.
        max: u16,
    },
    /// Cancelled; nothing runs.
    #[error("the start of the machine was cancelled")]
    Cancelled,
}

/// What to do about the usual refusals, in the words QEMU uses.
fn hint(said: &str) -> &'static str {
    let has = |text: &str| said.contains(text);
    if has("write\" lock") || has("Failed to get") && has("lock") {
        "\nAnother program has the disk open: stop it, or work on a copy."
    } else if has("Could not access KVM") || has("failed to initialize kvm") {
        "\nKVM cannot be used by this user: add the user to the group `kvm`, or choose the accelerator tcg."
    } else if has("Could not set up host forwarding") {
        "\nThe port is taken by another program: free it, or choose another."
    } else if has("cannot set up guest memory") || has("Cannot allocate memory") {
        "\nThe host has too little free memory: give the machine less, or close other programs."
    } else if has("unsupported machine type") {
        "\n`qemu-system-x86_64 -machine help` lists the machine types this QEMU has."
    } else {
        ""
    }
}

/// The newest lines QEMU wrote.
pub(super) type Said = Arc<Mutex<VecDeque<String>>>;

pub(super) fn said_text(said: &Said) -> String {
    let lines = said.lock().unwrap_or_else(PoisonError::into_inner);
    lines.iter().cloned().collect::<Vec<_>>().join("\n")
}

/// A port of 127.0.0.1 in `min..max` (just `min` when they are equal) that nobody listens on now, beginning the
/// search at `start` places into the range. Somebody may take it before it is used; prefer [`HostPort::Any`].
pub fn free_port(min: u16, max: u16, start: u16) -> Option<u16> {
    let count = max.saturating_sub(min).max(1);
    (0..count).map(|step| min + (start % count + step) % count).find(|port| is_free(*port))
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Starts the machine and returns when its control connection stands: as soon as QEMU greets, or fails as soon as
/// its process ends. Host ports are read back from QEMU, which has bound them.
pub async fn start(
    spec: &QemuSpec,
    launch: &dyn Launch,
    cancel: &CancellationToken,
) -> Result<QemuMachine, StartError> {
    let mut tried = 0;
    loop {
        let chosen = choose_ports(spec, tried)?;
        match start_once(&chosen, launch, cancel).await {
            Err(StartError::Ended { said, .. })
                if chosen != *spec && said.contains("host forwarding rule") && tried < PORT_TRIES =>
            {
                // Taken between our look and QEMU's bind.
                tried += 1;
            }
            other => return other,
        }
    }
}

/// Puts a free port in place of every range. Starts at a place that differs between machines, so that two that
/// start together seldom meet.
fn choose_ports(spec: &QemuSpec, tried: u16) -> Result<QemuSpec, StartError> {
    let mut chosen = spec.clone();
    let bytes = spec.uuid.as_bytes();
    let seed = u16::from_be_bytes([bytes[14], bytes[15]]).wrapping_add(tried);
    for forward in chosen.forwards_mut().into_iter().flatten() {
        if let HostPort::Within { min, max } = forward.host {
            let port =
                free_port(min, max, seed).ok_or(StartError::NoPort { guest: forward.guest, min, max })?;
            forward.host = HostPort::Fixed(port);
        }
    }
    Ok(chosen)
}

async fn start_once(
    spec: &QemuSpec,
    launch: &dyn Launch,
    cancel: &CancellationToken,
) -> Result<QemuMachine, StartError> {
    if cancel.is_cancelled() {
        return Err(StartError::Cancelled);
    }
    let line = command_line(spec);
    let mut child = launch.launch(&line.invocation).await?;
    let said: Said = Arc::default();
    let listening = tokio::spawn(remember(child.take_lines(), said.clone()));
    let connected = tokio::select! {
        biased;
        () = cancel.cancelled() => Err(StartError::Cancelled),
        connected = connect(spec, &child) => connected,
    };
    let greeted = match connected {
        Ok(qmp) => greet(spec, &line.uuid, qmp).await,
        Err(error) => Err(error),
    };
    match greeted {
        Ok((qmp, forwards)) => Ok(QemuMachine::new(spec, line, child, qmp, forwards, said)),
        Err(error) => {
            let ended = child.try_wait().and_then(Result::ok);
            child.stop(&StopLadder::default()).await;
            let _ = tokio::time::timeout(Duration::from_secs(1), listening).await;
            match (error, ended) {
                (StartError::Cancelled, _) => Err(StartError::Cancelled),
                (_, Some(exit)) => Err(StartError::Ended { exit, said: said_text(&said) }),
                (error, None) => Err(error),
            }
        }
    }
}

async fn remember(mut lines: mpsc::Receiver<goldsmith_process::Line>, said: Said) {
    while let Some(line) = lines.recv().await {
        let mut kept = said.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == SAID_LINES {
            kept.pop_front();
        }
        kept.push_back(line.text);
    }
}

/// Tries the control socket until it answers or the process ends.
async fn connect(spec: &QemuSpec, child: &Child) -> Result<Qmp, StartError> {
    let deadline = Instant::now() + GREETING;
    let mut end = child.end();
    let mut pause = Duration::from_millis(1);
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if let Some(ended) = end.try_wait() {
            let exit = ended.unwrap_or(Exit { code: None, signal: None });
            return Err(StartError::Ended { exit, said: String::new() });
        }
        let tried = tokio::select! {
            biased;
            tried = Qmp::connect(&spec.qmp, left) => tried,
            _ = end.wait() => continue,
        };
        match tried {
            Ok(qmp) => return Ok(qmp),
            Err(error @ QmpError::Protocol { .. }) => return Err(error.into()),
            Err(error) if left.is_zero() => {
                return Err(StartError::Silent { socket: spec.qmp.clone(), reason: error.to_string() });
            }
            Err(_) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = end.wait() => {}
        }
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

async fn greet(
    spec: &QemuSpec,
    wanted: &Uuid,
    qmp: Qmp,
) -> Result<(Qmp, Vec<(u16, SocketAddr)>), StartError> {
    let found = qmp.uuid().await?;
    if found != *wanted {
        return Err(StartError::Stranger { socket: spec.qmp.clone(), wanted: *wanted, found });
    }
    let forwards = parse_forwards(&qmp.human("info usernet").await?);
    Ok((qmp, forwards))
}

/// The forwarded TCP ports in the answer of `info usernet`, as (guest port, host address).
pub(super) fn parse_forwards(text: &str) -> Vec<(u16, SocketAddr)> {
    text.lines()
        .filter_map(|line| {
            let mut columns = line.split_ascii_whitespace();
            if columns.next()? != "TCP[HOST_FORWARD]" {
                return None;
            }
            let address = columns.nth(1)?;
            let port = columns.next()?.parse().ok()?;
            let guest = columns.nth(1)?.parse().ok()?;
            // "*" is every address of the host, ours among them.
            let address = address.parse().unwrap_or(Ipv4Addr::LOCALHOST);
            let address = if address.is_unspecified() { Ipv4Addr::LOCALHOST } else { address };
            Some((guest, SocketAddr::from((address, port))))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forwards_are_read_back() {
        let text = include_str!("../../testdata/qemu-10.0/info-usernet.txt");
        assert_eq!(
            parse_forwards(text),
            [(22, SocketAddr::from(([127, 0, 0, 1], 43319))), (80, SocketAddr::from(([127, 0, 0, 1], 8080)))]
        );
        assert!(parse_forwards("").is_empty());
    }

    #[test]
    fn ranges() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert_eq!(free_port(port, port, 0), None, "equal ends mean that one port");
        assert_eq!(free_port(port, port + 1, 7), None, "the upper end is not included");
        if let Some(found) = free_port(port, port.saturating_add(40), 0) {
            assert!(found > port);
        }
    }

    #[test]
    fn refusals_come_with_advice() {
        let error = StartError::Ended {
            exit: Exit { code: Some(1), signal: None },
            said: "qemu-system-x86_64: -drive file=x: Failed to get \"write\" lock".to_owned(),
        };
        let text = error.to_string();
        assert!(text.contains("exit code 1") && text.contains("Another program has the disk open"), "{text}");
    }
}
