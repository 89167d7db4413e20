//! Which components exist, and which options each takes.

use super::{
    AnsibleLocalOptions, AnsibleOptions, ArtificeOptions, BreakpointOptions, COMMUNICATOR, ChecksumOptions,
    ChefClientOptions, ChefSoloOptions, CompressOptions, FileOptions, FileSourceOptions, GeneralizeOptions,
    GossOptions, InspecOptions, ManifestOptions, OVERRIDE, OptionSpec, OptionType, PROVIDER_OVERRIDE,
    PostProcessorMeta, PowershellOptions, ProvenanceOptions, ProvisionerMeta, PuppetMasterlessOptions,
    PuppetServerOptions, RebootOptions, SaltMasterlessOptions, SbomOptions, ShellLocalOptions, ShellOptions,
    SleepOptions, VagrantOptions, WindowsRestartOptions, WindowsShellOptions, WindowsUpdateOptions, sources,
};
use serde::Serialize;

/// What a component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ComponentKind {
    /// Makes a machine or a file.
    Source,
    /// Changes the machine.
    Provisioner,
    /// Works on the result.
    PostProcessor,
}

impl ComponentKind {
    /// The block it is written as.
    pub fn block(self) -> &'static str {
        match self {
            ComponentKind::Source => "source",
            ComponentKind::Provisioner => "provisioner",
            ComponentKind::PostProcessor => "post-processor",
        }
    }
}

/// One component: a source, provisioner or post-processor that is built in.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Component {
    /// What it is.
    pub kind: ComponentKind,
    /// Its name in templates.
    #[serde(rename = "type")]
    pub type_name: &'static str,
    /// The name people read.
    pub title: &'static str,
    /// What it does.
    pub help: &'static str,
    /// Its own options, in groups.
    pub options: &'static [&'static [OptionSpec]],
    /// True when it also takes the options of the communicators.
    pub communicator: bool,
}

impl Component {
    /// Every option it takes: its own, those of the communicators, and the meta-arguments.
    pub fn all_options(&self) -> impl Iterator<Item = &'static OptionSpec> {
        let communicator = if self.communicator { COMMUNICATOR } else { &[] };
        let meta: &'static [&'static [OptionSpec]] = match self.kind {
            ComponentKind::Source => &[],
            ComponentKind::Provisioner => &[ProvisionerMeta::OPTIONS, OVERRIDE],
            ComponentKind::PostProcessor => &[PostProcessorMeta::OPTIONS],
        };
        self.options.iter().chain(communicator).chain(meta).flat_map(|table| table.iter())
    }

    /// The declaration of one option.
    pub fn option(&self, name: &str) -> Option<&'static OptionSpec> {
        self.all_options().find(|spec| spec.name == name)
    }

    /// The options of a nested block, such as `qemu_img_args`.
    pub fn block_options(&self, name: &str) -> Option<&'static [OptionSpec]> {
        (name == "qemu_img_args" && self.option(name).is_some()).then_some(super::QemuImgOptions::OPTIONS)
    }
}

/// The entry of the `qemu_img_args` block.
pub(crate) const QEMU_IMG_BLOCK: &[OptionSpec] = &[OptionSpec::new(
    "Disk tool",
    "qemu_img_args",
    OptionType::Block,
    "Disk tool arguments",
    "Further arguments of qemu-img: the lists create, convert and resize.",
)];

const fn source(
    type_name: &'static str,
    title: &'static str,
    help: &'static str,
    options: &'static [&'static [OptionSpec]],
) -> Component {
    Component { kind: ComponentKind::Source, type_name, title, help, options, communicator: true }
}

const fn component(
    kind: ComponentKind,
    type_name: &'static str,
    title: &'static str,
    help: &'static str,
    options: &'static [&'static [OptionSpec]],
) -> Component {
    Component { kind, type_name, title, help, options, communicator: false }
}

use ComponentKind::{PostProcessor, Provisioner, Source};

/// Every component that is built in.
const COMPONENTS: &[Component] = &[
    source(
        "qemu",
        "QEMU machine",
        "Installs from an ISO or starts from a disk image in a local QEMU machine.",
        sources::QEMU,
    ),
    source(
        "bootstrap",
        "Distribution packages",
        "Makes a Debian or Ubuntu disk image from the distribution's packages, without an ISO, and provisions it.",
        sources::BOOTSTRAP,
    ),
    source("null", "No machine", "Makes nothing; provisions a machine that already runs.", &[]),
    component(Source, "file", "File", "Writes one file.", &[FileSourceOptions::OPTIONS]),
    component(Provisioner, "shell", "Shell script", "Runs scripts in the guest.", &[ShellOptions::OPTIONS]),
    component(
        Provisioner,
        "file",
        "File transfer",
        "Copies files to the guest or from it.",
        &[FileOptions::OPTIONS],
    ),
    component(
        Provisioner,
        "shell-local",
        "Local script",
        "Runs scripts on this computer.",
        &[ShellLocalOptions::OPTIONS],
    ),
    component(
        Provisioner,
        "generalize",
        "Generalize",
        "Removes identity and build credentials from the guest, so that the image can be used many times.",
        &[GeneralizeOptions::OPTIONS],
    ),
    component(Provisioner, "sleep", "Sleep", "Waits.", &[SleepOptions::OPTIONS]),
    component(
        Provisioner,
        "breakpoint",
        "Breakpoint",
        "Waits until somebody says to go on.",
        &[BreakpointOptions::OPTIONS],
    ),
    component(
        PostProcessor,
        "checksum",
        "Checksum",
        "Writes checksums of the artifact's files.",
        &[ChecksumOptions::OPTIONS],
    ),
    component(
        PostProcessor,
        "manifest",
        "Manifest",
        "Writes a list of what was built, as JSON.",
        &[ManifestOptions::OPTIONS],
    ),
    component(
        PostProcessor,
        "compress",
        "Compress",
        "Packs the artifact into one archive.",
        &[CompressOptions::OPTIONS],
    ),
    component(
        PostProcessor,
        "shell-local",
        "Local script",
        "Runs scripts on this computer.",
        &[ShellLocalOptions::OPTIONS],
    ),
    component(
        PostProcessor,
        "artifice",
        "Artifact files",
        "Replaces the artifact's files by others.",
        &[ArtificeOptions::OPTIONS],
    ),
    component(
        Provisioner,
        "powershell",
        "PowerShell",
        "Runs PowerShell scripts in a Windows guest.",
        &[PowershellOptions::OPTIONS],
    ),
    component(
        Provisioner,
        "windows-shell",
        "Batch script",
        "Runs batch scripts in a Windows guest.",
        &[WindowsShellOptions::OPTIONS],
    ),
    component(
        Provisioner,
        "windows-restart",
        "Windows restart",
        "Restarts a Windows guest and waits until it is back.",
        &[WindowsRestartOptions::OPTIONS],
    ),
    component(
        Provisioner,
        "windows-update",
        "Windows updates",
        "Installs Windows updates, with the restarts they need.",
        &[WindowsUpdateOptions::OPTIONS],
    ),
    component(
        Provisioner,
        "ansible",
        "Ansible",
        "Runs a playbook with Ansible of this computer.",
        &[AnsibleOptions::OPTIONS],
    ),
    component(
        Provisioner,
        "ansible-local",
        "Ansible in the guest",
        "Uploads a playbook and runs it with Ansible in the guest.",
        &[AnsibleLocalOptions::OPTIONS],
    ),
    component(
        Provisioner,
        "puppet-masterless",
        "Puppet manifest",
        "Uploads a Puppet manifest and applies it in the guest.",
        &[PuppetMasterlessOptions::OPTIONS],
    ),
    component(
        Provisioner,
        "puppet-server",
        "Puppet agent",
        "Runs the Puppet agent in the guest against a server.",
        &[PuppetServerOptions::OPTIONS],
    ),
    component(
        Provisioner,
        "chef-solo",
        "Chef Solo",
        "Uploads cookbooks and runs Chef Solo in the guest.",
        &[ChefSoloOptions::OPTIONS],
    ),
    component(
        Provisioner,
        "chef-client",
        "Chef client",
        "Runs Chef in the guest against a Chef server.",
        &[ChefClientOptions::OPTIONS],
    ),
    component(
        Provisioner,
        "inspec",
        "InSpec tests",
        "Tests the guest with InSpec of this computer.",
        &[InspecOptions::OPTIONS],
    ),
    component(
        Provisioner,
        "salt-masterless",
        "Salt states",
        "Uploads Salt states and applies them in the guest.",
        &[SaltMasterlessOptions::OPTIONS],
    ),
    component(Provisioner, "goss", "goss tests", "Runs goss tests in the guest.", &[GossOptions::OPTIONS]),
    component(
        Provisioner,
        "reboot",
        "Reboot",
        "Restarts a Unix guest and waits until it is back with another boot id.",
        &[RebootOptions::OPTIONS],
    ),
    component(
        Provisioner,
        "sbom",
        "Bill of materials",
        "Lists the guest's packages as SPDX and CycloneDX.",
        &[SbomOptions::OPTIONS],
    ),
    component(
        PostProcessor,
        "provenance",
        "Provenance",
        "Writes where the artifact came from, as an in-toto statement.",
        &[ProvenanceOptions::OPTIONS],
    ),
    component(
        PostProcessor,
        "vagrant",
        "Vagrant box",
        "Makes a Vagrant box of the artifact.",
        &[VagrantOptions::OPTIONS, PROVIDER_OVERRIDE],
    ),
];

/// Every component that is built in, with its options.
pub fn tables() -> &'static [Component] {
    COMPONENTS
}

/// The component of that kind and type; `None` when it is not built in.
pub fn lookup(kind: ComponentKind, type_name: &str) -> Option<&'static Component> {
    COMPONENTS.iter().find(|component| component.kind == kind && component.type_name == type_name)
}

/// The built-in types of one kind.
pub fn types_of(kind: ComponentKind) -> impl Iterator<Item = &'static str> {
    COMPONENTS.iter().filter(move |component| component.kind == kind).map(|component| component.type_name)
}

/// The documentation of one component or of one option, as data.
#[derive(Clone, Debug, Serialize)]
pub struct Reference {
    /// The component.
    pub component: Component,
    /// Its options: all of them, or the one asked for.
    pub entries: Vec<OptionSpec>,
}

/// The documentation for `qemu`, `qemu.disk_size`, `provisioner.shell` or `provisioner.shell.inline`.
///
/// A name without a kind is looked for among sources first, then provisioners, then post-processors.
pub fn reference(name: &str) -> Option<Reference> {
    let kinds = [Source, Provisioner, PostProcessor];
    let (kinds, rest) = match name.split_once('.') {
        Some((first, rest)) if kinds.iter().any(|kind| kind.block() == first) => {
            (kinds.into_iter().filter(|kind| kind.block() == first).collect(), rest)
        }
        _ => (Vec::from(kinds), name),
    };
    let (type_name, option) = match rest.split_once('.') {
        Some((type_name, option)) => (type_name, Some(option)),
        None => (rest, None),
    };
    kinds.into_iter().find_map(|kind| {
        let component = lookup(kind, type_name)?;
        let entries: Vec<OptionSpec> = match option {
            None => component.all_options().copied().collect(),
            Some(option) => vec![*component.option(option)?],
        };
        Some(Reference { component: *component, entries })
    })
}

/// The candidate most like a word somebody wrote, if any is like it at all.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_ascii_lowercase();
    let scored = candidates.into_iter().map(|candidate| {
        let other = candidate.to_ascii_lowercase();
        let shared = lower.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
        (strsim::damerau_levenshtein(&lower, &other), std::cmp::Reverse(shared), candidate)
    });
    // Of equally near words, the one that starts like it.
    let (distance, _, best) = scored.min_by_key(|(distance, shared, _)| (*distance, *shared))?;
    let tolerated = match word.chars().count() {
        0..=2 => 0,
        3..=4 => 1,
        5..=8 => 2,
        _ => 3,
    };
    (distance <= tolerated).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_option_is_declared_once_with_a_usable_default() {
        for component in tables() {
            let mut names = BTreeSet::new();
            for spec in component.all_options() {
                let at = format!("{}.{}", component.type_name, spec.name);
                assert!(names.insert(spec.name), "{at} is declared twice");
                assert!(
                    !spec.title.is_empty() && spec.help.ends_with(['.', 'e', 's', '}', '"', '/', 'p', 'h']),
                    "{at}"
                );
                if let Some(default) = spec.default {
                    let value = super::super::default_value(spec.ty, default);
                    assert!(!value.is_null(), "{at}: default {default:?} does not read");
                    assert_eq!(super::super::violation(spec, &value), None, "{at}");
                }
            }
        }
    }

    #[test]
    fn reference_finds_components_and_options() {
        assert_eq!(reference("qemu.disk_size").unwrap().entries[0].default, Some("40960M"));
        assert_eq!(reference("bootstrap.disk_size").unwrap().entries[0].default, Some("8G"));
        assert!(reference("provisioner.shell").unwrap().entries.iter().any(|o| o.name == "pause_before"));
        assert_eq!(reference("provisioner.file").unwrap().component.kind, Provisioner);
        assert!(reference("qemu.nope").is_none());
    }

    #[test]
    fn near_misses_are_named() {
        let options = || lookup(Source, "qemu").unwrap().all_options().map(|spec| spec.name);
        assert_eq!(nearest("disk_sise", options()), Some("disk_size"));
        assert_eq!(nearest("memroy", options()), Some("memory"));
        assert_eq!(nearest("colour", options()), None);
    }
}
