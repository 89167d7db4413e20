//! Options of the post-processors around Vagrant.

use super::OptionSpec;
use super::decode::options;
use super::spec::PathKind;
use crate::text::Text;

options! {
    /// Options of the `vagrant` post-processor: the artifact as a Vagrant box.
    pub struct VagrantOptions;
    "Box" {
        output: Text, "Output", "The box; {{.BuildName}}, {{.Provider}}, {{.Architecture}} and {{.ArtifactId}} are filled in." => default("packer_{{ .BuildName }}_{{ .Provider }}_{{ .Architecture }}.box").path(PathKind::Output).late().basic();
        compression_level: i64, "Level", "How hard to compress, 1 to 9; 0 not at all, -1 the default." => default("-1").range(-1, 9).basic();
        include: Vec<Text>, "Further files", "Files added to the box." => path(PathKind::File);
        vagrantfile_template: Option<Text>, "Vagrantfile", "Template that is added to the box's Vagrantfile." => path(PathKind::File).basic();
        vagrantfile_template_generated: bool, "Made during the build", "The template does not exist yet when the build starts." => default("false");
        provider_override: Option<String>, "Provider", "Provider of the box, instead of by the source." => one_of(&["aws", "azure", "digitalocean", "docker", "file", "google", "hyperv", "libvirt", "lxc", "parallels", "scaleway", "virtualbox", "vmware"]);
        architecture: Option<Text>, "Architecture", "Architecture of the box. Default: this computer's, in Go's words";
    }
}

/// The argument that holds options for single providers.
pub const PROVIDER_OVERRIDE: &[OptionSpec] = &[OptionSpec::new(
    "Box",
    "override",
    super::OptionType::Block,
    "Override",
    "Other option values for single providers, keyed by the provider's name.",
)];
