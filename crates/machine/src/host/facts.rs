//! Facts about the host that a plan depends on.

use std::fs;
use std::path::{Path, PathBuf};

use goldsmith_process::{Dirs, Env, Family, Invocation, Launch, Version, find_program, run_ok};
use serde::{Deserialize, Serialize};
use sysinfo::{MemoryRefreshKind, RefreshKind, System};
use tokio_util::sync::CancellationToken;
use ts_rs::TS;

use super::probe::{AcceleratorVerdict, probe_accelerators};

/// What a plan needs to know about the host.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
pub struct HostFacts {
    /// Distribution, as it calls itself.
    pub system: String,
    /// Its family, when we know it.
    pub family: Option<Family>,
    /// Kernel release.
    pub kernel: String,
    /// Processor model.
    pub cpu_model: String,
    /// Processors of the host.
    pub cpus: u32,
    /// Memory in MiB.
    #[ts(type = "number")]
    pub memory_mib: u64,
    /// Memory that programs could still get, in MiB.
    #[ts(type = "number")]
    pub available_memory_mib: u64,
    /// `qemu-system-x86_64`.
    pub qemu: Option<Program>,
    /// `qemu-img`.
    pub qemu_img: Option<Program>,
    /// UEFI firmware for guests.
    pub ovmf: Option<Ovmf>,
    /// Firmware for guests of other kinds.
    #[serde(default)]
    pub firmware: MoreFirmware,
    /// The accelerator that was measured to be the fastest; `None` before the first measurement.
    pub accelerator: Option<AcceleratorVerdict>,
}

/// A program that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Program {
    /// Where.
    pub path: PathBuf,
    /// What it says its version is.
    pub version: Option<String>,
}

/// UEFI firmware, as two flash images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Ovmf {
    /// Code, shared and read-only.
    pub code: PathBuf,
    /// Variables, copied for each machine.
    pub vars: PathBuf,
}

/// UEFI firmware beside the usual one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MoreFirmware {
    /// For x86-64 with Secure Boot: keys enrolled, variables written in system management mode only.
    pub secure: Option<Ovmf>,
    /// For 64-bit ARM.
    pub aarch64: Option<Ovmf>,
}

const MIB: u64 = 1024 * 1024;

/// Where distributions put OVMF: code and variables that belong together, newest layout first.
const OVMF: [(&str, &str); 8] = [
    ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
    ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
    ("/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"),
    ("/usr/share/edk2-ovmf/x64/OVMF_CODE.fd", "/usr/share/edk2-ovmf/x64/OVMF_VARS.fd"),
    ("/usr/share/qemu/ovmf-x86_64-code.bin", "/usr/share/qemu/ovmf-x86_64-vars.bin"),
    ("/usr/share/qemu/ovmf-x86_64-4m-code.bin", "/usr/share/qemu/ovmf-x86_64-4m-vars.bin"),
    ("/usr/share/qemu/edk2-x86_64-code.fd", "/usr/share/qemu/edk2-i386-vars.fd"),
];

/// The same with Secure Boot and Microsoft's keys.
const SECURE: [(&str, &str); 7] = [
    ("/usr/share/OVMF/OVMF_CODE_4M.ms.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"),
    ("/usr/share/OVMF/OVMF_CODE.ms.fd", "/usr/share/OVMF/OVMF_VARS.ms.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd", "/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd"),
    ("/usr/share/OVMF/OVMF_CODE.secboot.fd", "/usr/share/OVMF/OVMF_VARS.secboot.fd"),
    ("/usr/share/qemu/ovmf-x86_64-smm-ms-code.bin", "/usr/share/qemu/ovmf-x86_64-smm-ms-vars.bin"),
    ("/usr/share/qemu/ovmf-x86_64-ms-4m-code.bin", "/usr/share/qemu/ovmf-x86_64-ms-4m-vars.bin"),
    // Arch has the code, and variables without keys.
    ("/usr/share/edk2/x64/OVMF_CODE.secboot.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"),
];

/// UEFI for 64-bit ARM.
const AARCH64: [(&str, &str); 5] = [
    ("/usr/share/AAVMF/AAVMF_CODE.no-secboot.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"),
    ("/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"),
    ("/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw", "/usr/share/edk2/aarch64/vars-template-pflash.raw"),
    ("/usr/share/edk2/aarch64/QEMU_CODE.fd", "/usr/share/edk2/aarch64/QEMU_VARS.fd"),
    ("/usr/share/qemu/aavmf-aarch64-code.bin", "/usr/share/qemu/aavmf-aarch64-vars.bin"),
];

/// Looks at the host; fast (two short programs), measures nothing.
pub async fn facts(launch: &dyn Launch, env: &Env, cancel: &CancellationToken) -> HostFacts {
    let release = os_release();
    let memory = System::new_with_specifics(
        RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram()),
    )
    .ok();
    let (qemu, qemu_img) = tokio::join!(
        program(launch, env, "qemu-system-x86_64", cancel),
        program(launch, env, "qemu-img", cancel)
    );
    HostFacts {
        system: pretty_name(&release).unwrap_or_else(|| "Linux".to_owned()),
        family: Family::from_os_release(&release),
        kernel: kernel_release(),
        cpu_model: cpu_model(),
        cpus: std::thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(1)),
        memory_mib: memory.as_ref().map_or(0, |memory| memory.total_memory() / MIB),
        available_memory_mib: memory.as_ref().map_or(0, |memory| memory.available_memory() / MIB),
        qemu,
        qemu_img,
        ovmf: ovmf(),
        firmware: MoreFirmware { secure: first_pair(&SECURE), aarch64: first_pair(&AARCH64) },
        accelerator: None,
    }
}

/// As [`facts`], with the accelerator measured (or remembered, see [`probe_accelerators`]); it stays `None` when
/// there is no QEMU or none of its accelerators works, which `doctor` explains.
pub async fn measured_facts(
    launch: &dyn Launch,
    env: &Env,
    dirs: &Dirs,
    cancel: &CancellationToken,
) -> HostFacts {
    let mut facts = facts(launch, env, cancel).await;
    if let (Some(qemu), Ok(runtime)) = (&facts.qemu, dirs.make_runtime()) {
        let measured = probe_accelerators(launch, &qemu.path, runtime, &dirs.cache, false, cancel).await;
        facts.accelerator = measured.ok();
    }
    facts
}

async fn program(launch: &dyn Launch, env: &Env, name: &str, cancel: &CancellationToken) -> Option<Program> {
    let path = find_program(name, env.path())?;
    let inv = Invocation::new(&path).arg("--version").env("LC_ALL", "C");
    let said = run_ok(launch, &inv, cancel, &mut |_| {}).await.ok()?;
    Some(Program { path, version: Version::find(&said.stdout).map(|version| version.to_string()) })
}

pub(super) fn ovmf() -> Option<Ovmf> {
    first_pair(&OVMF)
}

/// The first IPv4 address of one of the host's network interfaces.
pub fn interface_address(name: &str) -> Option<std::net::Ipv4Addr> {
    let networks = sysinfo::Networks::new_with_refreshed_list().ok()?;
    let (_, found) = networks.iter().find(|(interface, _)| interface.as_os_str() == name)?;
    found.ip_networks().iter().find_map(|network| match network.addr {
        std::net::IpAddr::V4(address) => Some(address),
        std::net::IpAddr::V6(_) => None,
    })
}

fn first_pair(pairs: &[(&str, &str)]) -> Option<Ovmf> {
    pairs
        .iter()
        .find(|(code, vars)| Path::new(code).is_file() && Path::new(vars).is_file())
        .map(|(code, vars)| Ovmf { code: code.into(), vars: vars.into() })
}

pub(super) fn os_release() -> String {
    ["/etc/os-release", "/usr/lib/os-release"]
        .iter()
        .find_map(|file| fs::read_to_string(file).ok())
        .unwrap_or_default()
}

fn pretty_name(release: &str) -> Option<String> {
    let value = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="))?;
    Some(value.trim_matches('"').to_owned())
}

pub(super) fn kernel_release() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

/// The first processor's model name and microcode-independent numbers, from `/proc/cpuinfo`.
pub(super) fn cpu_model() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let value = |key: &str| {
        text.lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.trim() == key)
            .map(|(_, value)| value.trim().to_owned())
    };
    value("model name").unwrap_or_else(|| "unknown processor".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn this_host_has_facts() {
        let nothing = Env::new([("PATH", "/nonexistent")]);
        let facts = facts(&goldsmith_process::System, &nothing, &CancellationToken::new()).await;
        assert!(facts.memory_mib >= facts.available_memory_mib && facts.available_memory_mib > 0);
        assert_eq!(interface_address("lo"), Some(std::net::Ipv4Addr::LOCALHOST));
        assert_eq!(interface_address("no such interface"), None);
        assert!(!facts.kernel.is_empty() && facts.cpus > 0);
    }

    #[tokio::test]
    async fn measuring_is_remembered() {
        let env = Env::new([("PATH", "/usr/bin:/bin")]);
        let folder = tempfile::tempdir().unwrap();
        let dirs = Dirs::under(folder.path());
        let measure =
            async || measured_facts(&goldsmith_process::System, &env, &dirs, &CancellationToken::new()).await;
        let Some(qemu) = measure().await.qemu else {
            println!("skipped: no qemu-system-x86_64 here");
            return;
        };
        let again = measure().await;
        assert!(again.accelerator.is_some());
        assert_eq!(again.accelerator, crate::host::cached_verdict(&qemu.path, &dirs.cache));
    }

    #[test]
    fn pretty() {
        assert_eq!(
            pretty_name("ID=x\nPRETTY_NAME=\"Fedora Linux 42\"\n").as_deref(),
            Some("Fedora Linux 42")
        );
    }
}
