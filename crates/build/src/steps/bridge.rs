//! A machine on a bridge of the host (`net_bridge`): our address there, and the guest's.

use std::fs;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use goldsmith_machine::Lifecycle as _;

use crate::error::StepError;
use crate::pipeline::StepContext;
use crate::provision::meta::{pause, seconds};
use crate::steps::connect::died;
use crate::steps::machine::Running;

const LOOK: Duration = Duration::from_millis(500);

/// The host's own address on the bridge.
pub(crate) fn host_address(bridge: &str) -> Result<Ipv4Addr, StepError> {
    goldsmith_machine::host::interface_address(bridge).ok_or_else(|| {
        StepError::environment(format!(
            "The bridge {bridge} of `net_bridge` has no IPv4 address on this computer."
        ))
        .hint("`ip -4 address` shows the bridges there are.")
    })
}

/// Waits until the guest has been heard on the bridge: its card's address appears in the kernel's ARP table.
pub(crate) async fn guest_address(
    cx: &StepContext,
    running: &Running,
    bridge: &str,
    within: Option<Duration>,
) -> Result<Ipv4Addr, StepError> {
    let said = running.machine.qmp().human("info network").await;
    let said =
        said.map_err(|error| StepError::environment(format!("Cannot ask for the network card: {error}.")))?;
    let Some(card) = hardware_address(&said) else {
        return Err(StepError::environment("QEMU does not tell the address of the machine's network card."));
    };
    cx.waiting("bridge", format!("Waiting until the guest ({card}) is heard on the bridge {bridge}."));
    let began = Instant::now();
    loop {
        let table = fs::read_to_string("/proc/net/arp").unwrap_or_default();
        if let Some(address) = heard(&table, &card) {
            return Ok(address);
        }
        if let Some(limit) = within
            && began.elapsed() >= limit
        {
            return Err(StepError::guest(format!(
                "The guest ({card}) was not heard on the bridge {bridge} within {}.",
                seconds(limit)
            ))
            .hint("It needs an address from a DHCP server on that bridge; or set ssh_host."));
        }
        tokio::select! {
            waited = pause(cx, LOOK) => waited?,
            ending = running.machine.wait_stopped(None) => return Err(died(ending)),
        }
    }
}

/// The first `macaddr=` in the answer of `info network`.
fn hardware_address(text: &str) -> Option<String> {
    let at = text.find("macaddr=")? + "macaddr=".len();
    let address: String = text[at..].chars().take_while(|c| c.is_ascii_hexdigit() || *c == ':').collect();
    (address.len() == 17).then(|| address.to_ascii_lowercase())
}

/// The address that belongs to a card, in the kernel's table (`/proc/net/arp`: address, type, flags, card ...).
fn heard(table: &str, card: &str) -> Option<Ipv4Addr> {
    table.lines().skip(1).find_map(|line| {
        let columns: Vec<&str> = line.split_ascii_whitespace().collect();
        let complete = columns.get(2).is_some_and(|flags| *flags != "0x0");
        let ours = columns.get(3).is_some_and(|found| found.eq_ignore_ascii_case(card));
        (complete && ours).then(|| columns.first()?.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guest_is_found_by_its_card() {
        let said = "virtio-net-pci.0: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:12:34:56\r\n \\ user.0: index=0,type=tap";
        assert_eq!(hardware_address(said).as_deref(), Some("52:54:00:12:34:56"));
        assert_eq!(hardware_address("no card"), None);
        let table = "IP address       HW type     Flags       HW address            Mask     Device\n192.168.122.9    0x1         0x0         52:54:00:12:34:56     *        virbr0\n192.168.122.10   0x1         0x2         52:54:00:12:34:56     *        virbr0\n";
        assert_eq!(heard(table, "52:54:00:12:34:56"), Some(Ipv4Addr::new(192, 168, 122, 10)));
        assert_eq!(heard(table, "52:54:00:00:00:01"), None);
    }
}
