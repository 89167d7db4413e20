//! The typed options of provisioners and post-processors.

use super::model::{PostProcessor, Provisioner};
use crate::options::{
    AnsibleLocalOptions, AnsibleOptions, ArtificeOptions, BreakpointOptions, ChecksumOptions,
    ChefClientOptions, ChefSoloOptions, CompressOptions, FileOptions, GeneralizeOptions, GossOptions,
    InspecOptions, ManifestOptions, PowershellOptions, ProvenanceOptions, PuppetMasterlessOptions,
    PuppetServerOptions, RebootOptions, SaltMasterlessOptions, SbomOptions, Settings, ShellLocalOptions,
    ShellOptions, SleepOptions, VagrantOptions, WindowsRestartOptions, WindowsShellOptions,
    WindowsUpdateOptions,
};

/// What a provisioner of a built-in type does.
pub(super) fn provisioner(type_name: &str, settings: &mut Settings) -> Provisioner {
    match type_name {
        "shell" => {
            let mut options = ShellOptions::decode(settings);
            options.settle(settings);
            Provisioner::Shell(Box::new(options))
        }
        "file" => {
            let mut options = FileOptions::decode(settings);
            options.settle(settings);
            Provisioner::File(Box::new(options))
        }
        "shell-local" => {
            let mut options = ShellLocalOptions::decode(settings);
            options.settle(settings);
            Provisioner::ShellLocal(Box::new(options))
        }
        "generalize" => Provisioner::Generalize(GeneralizeOptions::decode(settings)),
        "sleep" => Provisioner::Sleep(SleepOptions::decode(settings)),
        "powershell" => {
            let mut options = PowershellOptions::decode(settings);
            options.settle(settings);
            Provisioner::Powershell(Box::new(options))
        }
        "windows-shell" => {
            let mut options = WindowsShellOptions::decode(settings);
            options.settle(settings);
            Provisioner::WindowsShell(Box::new(options))
        }
        "windows-restart" => Provisioner::WindowsRestart(Box::new(WindowsRestartOptions::decode(settings))),
        "windows-update" => Provisioner::WindowsUpdate(Box::new(WindowsUpdateOptions::decode(settings))),
        "ansible" => Provisioner::Ansible(Box::new(AnsibleOptions::decode(settings))),
        "ansible-local" => {
            let mut options = AnsibleLocalOptions::decode(settings);
            options.settle(settings);
            Provisioner::AnsibleLocal(Box::new(options))
        }
        "puppet-masterless" => {
            Provisioner::PuppetMasterless(Box::new(PuppetMasterlessOptions::decode(settings)))
        }
        "puppet-server" => Provisioner::PuppetServer(Box::new(PuppetServerOptions::decode(settings))),
        "chef-solo" => Provisioner::ChefSolo(Box::new(ChefSoloOptions::decode(settings))),
        "chef-client" => Provisioner::ChefClient(Box::new(ChefClientOptions::decode(settings))),
        "inspec" => Provisioner::Inspec(Box::new(InspecOptions::decode(settings))),
        "salt-masterless" => Provisioner::SaltMasterless(Box::new(SaltMasterlessOptions::decode(settings))),
        "sbom" => Provisioner::Sbom(Box::new(SbomOptions::decode(settings))),
        "goss" => Provisioner::Goss(Box::new(GossOptions::decode(settings))),
        "reboot" => Provisioner::Reboot(Box::new(RebootOptions::decode(settings))),
        _ => Provisioner::Breakpoint(BreakpointOptions::decode(settings)),
    }
}

/// What a post-processor of a built-in type does.
pub(super) fn post_processor(type_name: &str, settings: &mut Settings) -> PostProcessor {
    match type_name {
        "checksum" => PostProcessor::Checksum(ChecksumOptions::decode(settings)),
        "manifest" => PostProcessor::Manifest(ManifestOptions::decode(settings)),
        "compress" => PostProcessor::Compress(CompressOptions::decode(settings)),
        "provenance" => PostProcessor::Provenance(ProvenanceOptions::decode(settings)),
        "artifice" => PostProcessor::Artifice(ArtificeOptions::decode(settings)),
        "vagrant" => PostProcessor::Vagrant(Box::new(VagrantOptions::decode(settings))),
        _ => {
            let mut options = ShellLocalOptions::decode(settings);
            options.settle(settings);
            PostProcessor::ShellLocal(Box::new(options))
        }
    }
}

/// The providers of Vagrant boxes that the post-processor `vagrant` knows (plugin vagrant, `builtins`).
pub(super) const PROVIDERS: &[&str] = &[
    "aws",
    "azure",
    "digitalocean",
    "docker",
    "file",
    "google",
    "hyperv",
    "libvirt",
    "lxc",
    "parallels",
    "scaleway",
    "virtualbox",
    "vmware",
];

/// The provider a source's artifact becomes a box for; the template's `provider_override` comes first.
pub(super) fn provider_of(source_type: &str, chosen: Option<&str>) -> String {
    let by_source = match source_type {
        "qemu" | "bootstrap" => "libvirt",
        "file" => "file",
        other => other.split('-').next().unwrap_or_default(),
    };
    chosen.unwrap_or(by_source).to_owned()
}
