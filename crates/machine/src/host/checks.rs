//! The checks that are more than finding a program.

use std::fs;
use std::path::Path;

use goldsmith_process::{Dirs, Env, Family, Invocation, Launch, find_program, run_ok, space};
use tokio_util::sync::CancellationToken;

use super::doctor::{Check, Verdict};
use super::facts::{HostFacts, ovmf};
use super::probe::{AcceleratorVerdict, Outcome, kvm_opens};
use super::tools::{OVMF_PACKAGES, Requirement};

/// Free space below which builds of ordinary images run out of it.
const SPACE_GOOD: u64 = 10 * GIB;
/// Free space below which hardly anything can be built.
const SPACE_LEAST: u64 = GIB;
/// Memory a machine with a desktop's worth of software wants.
const MEMORY_GOOD_MIB: u64 = 2048;
/// User numbers a system made from packages needs.
const RANGE: u64 = 65536;
const GIB: u64 = 1024 * 1024 * 1024;

/// Who asks, and where.
pub(super) struct Asker<'a> {
    pub(super) launch: &'a dyn Launch,
    pub(super) env: &'a Env,
    pub(super) cancel: &'a CancellationToken,
    pub(super) family: Option<Family>,
    pub(super) is_root: bool,
}

impl Asker<'_> {
    /// The command that installs the family's package, without `sudo` for root.
    fn install(&self, packages: &[(Family, &'static str)]) -> Option<String> {
        let family = self.family?;
        let package = packages.iter().find(|(f, _)| *f == family).map(|(_, name)| *name)?;
        (!package.is_empty()).then(|| self.as_user(family.install_command(&[package])))
    }

    fn as_user(&self, command: String) -> String {
        match command.strip_prefix("sudo ") {
            Some(plain) if self.is_root => plain.to_owned(),
            _ => command,
        }
    }
}

impl Check {
    fn new(id: &str, title: &str, verdict: Verdict, evidence: impl Into<String>) -> Self {
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            verdict,
            evidence: evidence.into(),
            cost: None,
            remedy: None,
            command: None,
        }
    }

    fn costs(mut self, cost: impl Into<String>) -> Self {
        self.cost = Some(cost.into());
        self
    }

    fn remedy(mut self, remedy: impl Into<String>, command: Option<String>) -> Self {
        self.remedy = Some(remedy.into());
        self.command = command;
        self
    }
}

/// A program or file of the table.
pub(super) async fn requirement(asker: &Asker<'_>, row: &Requirement) -> Check {
    let check = |verdict, evidence: String| Check::new(row.id, row.title, verdict, evidence);
    let install = || asker.install(row.tool.install);
    let Some(path) = row.find(asker.env) else {
        let remedy = match (asker.family, row.tool.package(asker.family.unwrap_or(Family::Debian))) {
            (Some(_), Some("")) => format!("this distribution has no package for it; it {}", row.tool.why),
            _ => format!("install it: it {}", row.tool.why),
        };
        return check(row.missing, format!("{} was not found", row.tool.name))
            .costs(row.cost)
            .remedy(remedy, install());
    };
    if !matches!(row.found, super::tools::Found::Versioned) {
        return check(Verdict::Ok, path.display().to_string());
    }
    match row.tool.version(asker.launch, &path, asker.cancel).await {
        Ok(Some(version)) if row.tool.accepts(&version) => {
            check(Verdict::Ok, format!("{version}, {}", path.display()))
        }
        Ok(Some(version)) => {
            let least = row.tool.minimum.unwrap_or_default();
            let least = least.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
            check(row.missing, format!("{version} is too old, {least} is needed, {}", path.display()))
                .costs(row.cost)
                .remedy(format!("install a newer one: it {}", row.tool.why), install())
        }
        Ok(None) => check(Verdict::Warning, format!("{} does not say its version", path.display()))
            .costs("whether it is new enough is not known"),
        Err(error) => check(row.missing, format!("{} does not run: {error}", path.display()))
            .costs(row.cost)
            .remedy("install it again", install()),
    }
}

/// The accelerator as a row, with what could make it better.
pub(super) fn accelerator(asker: &Asker<'_>, verdict: &AcceleratorVerdict) -> Check {
    let check = |state| Check::new("accelerator", "Accelerator", state, verdict.explanation.clone());
    match verdict.chosen.as_str() {
        "none" => check(Verdict::Failed).costs("no machine can run").remedy("see the row of QEMU", None),
        "tcg" => {
            let check = check(Verdict::Warning).costs("machines run by emulation, several times slower");
            let kvm = verdict.measured.iter().find(|accelerator| accelerator.name == "kvm");
            let slow = kvm.is_some_and(|kvm| match &kvm.outcome {
                Outcome::Measured(_) => true,
                Outcome::Failed(reason) => reason.starts_with("not finished"),
            });
            if slow {
                check.remedy(
                    "if this host is busy, measure again; where it is a virtual machine itself, its own host \
                     would have to offer nested virtualisation",
                    None,
                )
            } else if Path::new("/dev/kvm").exists() && !kvm_opens() {
                let user = own_name(asker.env);
                check.remedy(
                    "let this user use KVM, then log in again",
                    Some(asker.as_user(format!("sudo usermod -aG kvm {user}"))),
                )
            } else {
                check.remedy(
                    "switch on virtualisation (Intel VT-x, AMD-V) in the firmware set-up and load the kernel's module",
                    Some(asker.as_user("sudo modprobe -a kvm_intel kvm_amd".to_owned())),
                )
            }
        }
        _ => check(Verdict::Ok),
    }
}

/// UEFI firmware.
pub(super) fn firmware(asker: &Asker<'_>) -> Check {
    match ovmf() {
        Some(found) => Check::new("ovmf", "UEFI firmware", Verdict::Ok, found.code.display().to_string()),
        None => Check::new("ovmf", "UEFI firmware", Verdict::Warning, "OVMF was not found")
            .costs("machines with UEFI firmware cannot run, and images cannot be tried with it")
            .remedy("install it", asker.install(OVMF_PACKAGES)),
    }
}

/// Whether an unprivileged user can make a system from packages: user namespaces, and a range of user numbers.
pub(super) async fn namespaces(asker: &Asker<'_>) -> Check {
    let check = |verdict, evidence: String| Check::new("namespaces", "User namespaces", verdict, evidence);
    if asker.is_root {
        return check(Verdict::Ok, "not needed: running as root".to_owned());
    }
    let cost = "making images from packages needs root here";
    let Some(unshare) = find_program("unshare", asker.env.path()) else {
        return check(Verdict::Warning, "unshare was not found".to_owned())
            .costs(cost)
            .remedy("install util-linux", None);
    };
    let inv = Invocation::new(unshare).args(["--user", "--map-root-user", "true"]).env("LC_ALL", "C");
    if let Err(error) = run_ok(asker.launch, &inv, asker.cancel, &mut |_| {}).await {
        let (remedy, command) =
            namespace_remedy(&|name| fs::read_to_string(format!("/proc/sys/{name}")).ok());
        return check(Verdict::Warning, format!("`{inv}`: {error}")).costs(cost).remedy(remedy, command);
    }
    if find_program("newuidmap", asker.env.path()).is_none() {
        let packages = [
            (Family::Debian, "uidmap"),
            (Family::Fedora, "shadow-utils"),
            (Family::Arch, "shadow"),
            (Family::Suse, "shadow"),
        ];
        return check(Verdict::Warning, "user namespaces work, but newuidmap was not found".to_owned())
            .costs(cost)
            .remedy("install it: it gives a namespace its range of user numbers", asker.install(&packages));
    }
    let uid = own_uid();
    let user = own_name(asker.env);
    let (uids, gids) = (read("/etc/subuid"), read("/etc/subgid"));
    let without: Vec<&str> = [("/etc/subuid", &uids), ("/etc/subgid", &gids)]
        .into_iter()
        .filter(|(_, text)| !has_range(text, &user, uid))
        .map(|(file, _)| file)
        .collect();
    if without.is_empty() {
        return check(Verdict::Ok, format!("`{inv}` works, and {user} has a range of user numbers"));
    }
    let first = next_range(&uids).max(next_range(&gids));
    let last = first + RANGE - 1;
    check(
        Verdict::Warning,
        format!("user namespaces work, but there is no range for {user} in {}", without.join(" and ")),
    )
    .costs(cost)
    .remedy(
        "give this user a range of user numbers",
        Some(format!("sudo usermod --add-subuids {first}-{last} --add-subgids {first}-{last} {user}")),
    )
}

fn read(file: &str) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

/// What keeps user namespaces from working, by the kernel's own switches.
pub(super) fn namespace_remedy(read: &dyn Fn(&str) -> Option<String>) -> (String, Option<String>) {
    let value = |name: &str| read(name).map(|text| text.trim().to_owned());
    let allow = |what: &str, setting: &str| {
        (format!("{what}; allow them"), Some(format!("sudo sysctl -w {setting}")))
    };
    if value("kernel/unprivileged_userns_clone").as_deref() == Some("0") {
        return allow("the kernel keeps them for root", "kernel.unprivileged_userns_clone=1");
    }
    if value("user/max_user_namespaces").as_deref() == Some("0") {
        return allow("the kernel allows none", "user.max_user_namespaces=15000");
    }
    if value("kernel/apparmor_restrict_unprivileged_userns").as_deref() == Some("1") {
        return allow("AppArmor restricts them", "kernel.apparmor_restrict_unprivileged_userns=0");
    }
    ("a container or a security module forbids them: run where they are allowed, or as root".to_owned(), None)
}

/// Whether `/etc/subuid` or `/etc/subgid` gives a user a range (`name-or-number:first:count`).
pub(super) fn has_range(text: &str, user: &str, uid: u32) -> bool {
    text.lines().any(|line| {
        let mut parts = line.trim().split(':');
        let who = parts.next().unwrap_or_default();
        let count = parts.nth(1).and_then(|count| count.parse::<u64>().ok());
        (who == user || who.parse() == Ok(uid)) && count.is_some_and(|count| count >= RANGE)
    })
}

/// The first number after all ranges of `/etc/subuid` or `/etc/subgid`, where a new one harms nobody.
pub(super) fn next_range(text: &str) -> u64 {
    let ends = text.lines().filter_map(|line| {
        let mut numbers = line.trim().split(':').skip(1).map(str::parse::<u64>);
        Some(numbers.next()?.ok()? + numbers.next()?.ok()?)
    });
    ends.chain([100_000]).max().unwrap_or(100_000)
}

/// This process's user by name: from the system's list, since `USER` may be another's after `su` or `sudo`.
fn own_name(env: &Env) -> String {
    name_of(&read("/etc/passwd"), own_uid())
        .or_else(|| env.get("USER").map(str::to_owned))
        .unwrap_or_else(|| "$USER".to_owned())
}

/// A user's name in `/etc/passwd`.
pub(super) fn name_of(passwd: &str, uid: u32) -> Option<String> {
    passwd.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        (parts.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
    })
}

/// This process's user.
pub(super) fn own_uid() -> u32 {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").map_or(u32::MAX, |meta| meta.uid())
}

/// Memory.
pub(super) fn memory(facts: &HostFacts) -> Check {
    let evidence = format!("{} MiB available of {} MiB", facts.available_memory_mib, facts.memory_mib);
    if facts.available_memory_mib >= MEMORY_GOOD_MIB {
        return Check::new("memory", "Memory", Verdict::Ok, evidence);
    }
    Check::new("memory", "Memory", Verdict::Warning, evidence)
        .costs("machines with more memory than that make the host swap, or do not start")
        .remedy("close other programs, or give machines less memory", None)
}

/// Free space where images and downloads go.
pub(super) fn disk_space(dirs: &Dirs) -> Check {
    let places = [("library", &dirs.data), ("downloads", &dirs.cache)];
    let mut least = u64::MAX;
    let mut evidence = Vec::new();
    for (what, folder) in places {
        match space::free(folder) {
            Ok(free) => {
                least = least.min(free);
                evidence.push(format!(
                    "{what}: {:.1} GiB free at {}",
                    free as f64 / GIB as f64,
                    folder.display()
                ));
            }
            Err(error) => evidence.push(format!("{what}: {} cannot be looked at: {error}", folder.display())),
        }
    }
    let verdict = match least {
        SPACE_GOOD.. => Verdict::Ok,
        SPACE_LEAST.. => Verdict::Warning,
        _ => Verdict::Failed,
    };
    let check = Check::new("space", "Disk space", verdict, evidence.join("; "));
    if verdict == Verdict::Ok {
        return check;
    }
    check
        .costs("builds of larger images run out of space")
        .remedy("empty the library's trash, remove downloads, or set GOLDSMITH_HOME to a larger disk", None)
}

/// The folder for sockets.
pub(super) fn runtime_folder(env: &Env, dirs: &Dirs) -> Check {
    let check =
        |verdict, evidence: String| Check::new("runtime", "Private folder for sockets", verdict, evidence);
    match dirs.make_runtime() {
        Ok(folder) => {
            let base = env.get("XDG_RUNTIME_DIR");
            let why = match base {
                Some(base) if folder.starts_with(base) => "in XDG_RUNTIME_DIR",
                Some(_) => {
                    "XDG_RUNTIME_DIR is not used: it is not a private folder of this user, or too long"
                }
                None => "XDG_RUNTIME_DIR is not set",
            };
            check(Verdict::Ok, format!("{}, mode 0700 ({why})", folder.display()))
        }
        Err(error) => check(Verdict::Failed, error.to_string())
            .costs("machines cannot be controlled")
            .remedy("set XDG_RUNTIME_DIR to a folder of your own with mode 0700", None),
    }
}
