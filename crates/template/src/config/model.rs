//! What a template means: variables, and one [`Job`] for each source of each build.

use crate::diagnostic::Place;
use crate::options::{
    AnsibleLocalOptions, AnsibleOptions, ArtificeOptions, BootstrapOptions, BreakpointOptions,
    ChecksumOptions, ChefClientOptions, ChefSoloOptions, Communicator, CompressOptions, FileOptions,
    FileSourceOptions, GeneralizeOptions, GossOptions, InspecOptions, ManifestOptions, PowershellOptions,
    ProvenanceOptions, PuppetMasterlessOptions, PuppetServerOptions, QemuOptions, RebootOptions,
    SaltMasterlessOptions, SbomOptions, ShellLocalOptions, ShellOptions, SleepOptions, VagrantOptions,
    WindowsRestartOptions, WindowsShellOptions, WindowsUpdateOptions,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A template with everything evaluated: what a plan is made from.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Config {
    /// The template's folder as it was named (`path.root`).
    pub root: String,
    /// Every declared variable with where its value is from.
    pub variables: Vec<Variable>,
    /// The builds, one for each source of each `build` block that `-only` and `-except` leave, in file order.
    pub jobs: Vec<Job>,
    /// Names of the jobs that `-only` and `-except` left out.
    pub excluded: Vec<String>,
    /// Data sources that jobs may depend on and that nothing here can answer, as `data.type.name`.
    pub foreign_data: Vec<Foreign>,
}

/// A declared variable.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its declared type as text, or `any`.
    #[serde(rename = "type")]
    pub ty: String,
    /// What it is for.
    pub description: Option<String>,
    /// True when its value must never be shown.
    pub sensitive: bool,
    /// The value for people; `"<sensitive>"` when it is sensitive, `null` when it has none.
    pub value: serde_json::Value,
    /// Where the value is from.
    pub origin: Origin,
    /// Where it is declared.
    pub place: Place,
}

/// Where a variable's value is from, from the weakest to the strongest (packer.md 1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from", content = "name")]
pub enum Origin {
    /// It has no value.
    Nowhere,
    /// The `default` of its declaration.
    Default,
    /// The environment, `PKR_VAR_name`.
    Environment,
    /// A variable file.
    File(String),
    /// `-var` on the command line, or the window.
    CommandLine,
}

/// One source of one build: what becomes one artifact.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// `[build.]type.name`, the name that `-only` patterns match and that people see.
    pub name: String,
    /// The `name` of the build block.
    pub build_name: Option<String>,
    /// The source's type.
    pub source_type: String,
    /// The source's name, or its alias in this build.
    pub source_name: String,
    /// The source's own name even when it has an alias: the default of output folders and machine names,
    /// and `PACKER_BUILD_NAME`.
    pub packer_build_name: String,
    /// The source.
    pub source: Source,
    /// How the machine is reached.
    pub communicator: Communicator,
    /// What is done to the machine, in order.
    pub provisioners: Vec<ProvisionerStep>,
    /// What is done to the machine when a step fails.
    pub error_cleanup: Option<ProvisionerStep>,
    /// What is done with the artifact: pipelines, each starting from the source's artifact.
    pub post_processors: Vec<Vec<PostProcessorStep>>,
    /// Where the source is declared.
    pub place: Place,
}

/// Where machines and files come from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "options", rename_all = "snake_case")]
pub enum Source {
    /// A machine in QEMU.
    Qemu(Box<QemuOptions>),
    /// An image made from a distribution's packages.
    Bootstrap(Box<BootstrapOptions>),
    /// No machine: one that already runs, or none.
    Null,
    /// A file.
    File(FileSourceOptions),
    /// A type that is not built here.
    Foreign(Foreign),
}

/// A component that is kept and shown, but not built here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Foreign {
    /// Its type, for example `amazon-ebs`.
    pub type_name: String,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Where it is written.
    pub place: Place,
}

/// A provisioner with its meta-arguments.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProvisionerStep {
    /// When and how often it runs.
    pub meta: Meta,
    /// What it does.
    pub provisioner: Provisioner,
    /// Where it is written.
    pub place: Place,
}

/// When and how often a provisioner runs. `only`, `except` and `override` are already applied.
///
/// The order is Packer's: the pause, or else the timeout, around one attempt; then the retries, which
/// repeat the pause too; then `continue_on_error`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// Its name.
    pub name: Option<String>,
    /// Pause before each attempt.
    pub pause_before: Duration,
    /// Limit of one attempt; always `None` when there is a pause before, as in Packer.
    pub timeout: Option<Duration>,
    /// Further attempts after a failed one.
    pub max_retries: u32,
    /// Whether the build goes on after a failure.
    pub continue_on_error: bool,
}

/// What a provisioner does.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "options", rename_all = "kebab-case")]
pub enum Provisioner {
    /// Scripts in the guest.
    Shell(Box<ShellOptions>),
    /// Files to or from the guest.
    File(Box<FileOptions>),
    /// Scripts on this computer.
    ShellLocal(Box<ShellLocalOptions>),
    /// Removal of identity and build credentials.
    Generalize(GeneralizeOptions),
    /// A wait.
    Sleep(SleepOptions),
    /// A stop until somebody says to go on.
    Breakpoint(BreakpointOptions),
    /// Runs PowerShell scripts in a Windows guest.
    Powershell(Box<PowershellOptions>),
    /// Runs batch scripts in a Windows guest.
    WindowsShell(Box<WindowsShellOptions>),
    /// Restarts a Windows guest and waits until it is back.
    WindowsRestart(Box<WindowsRestartOptions>),
    /// Installs Windows updates, with the restarts they need.
    WindowsUpdate(Box<WindowsUpdateOptions>),
    /// Runs a playbook with Ansible of this computer.
    Ansible(Box<AnsibleOptions>),
    /// Uploads a playbook and runs it with Ansible in the guest.
    AnsibleLocal(Box<AnsibleLocalOptions>),
    /// Uploads a Puppet manifest and applies it in the guest.
    PuppetMasterless(Box<PuppetMasterlessOptions>),
    /// Runs the Puppet agent in the guest against a server.
    PuppetServer(Box<PuppetServerOptions>),
    /// Uploads cookbooks and runs Chef Solo in the guest.
    ChefSolo(Box<ChefSoloOptions>),
    /// Runs Chef in the guest against a Chef server.
    ChefClient(Box<ChefClientOptions>),
    /// Tests the guest with InSpec of this computer.
    Inspec(Box<InspecOptions>),
    /// Uploads Salt states and applies them in the guest.
    SaltMasterless(Box<SaltMasterlessOptions>),
    /// Lists the guest's packages.
    Sbom(Box<SbomOptions>),
    /// Runs goss tests in the guest.
    Goss(Box<GossOptions>),
    /// Restarts a Unix guest and waits until it is back with another boot id.
    Reboot(Box<RebootOptions>),
    /// A type that is not built here.
    Foreign(Foreign),
}

/// A post-processor with its meta-arguments. `only` and `except` are already applied.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PostProcessorStep {
    /// Its name; its type when it has none.
    pub name: String,
    /// Whether the artifact it was given is kept; the post-processor's own rule when not set.
    pub keep_input_artifact: Option<bool>,
    /// What it does.
    pub post_processor: PostProcessor,
    /// Where it is written.
    pub place: Place,
}

/// What a post-processor does.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "options", rename_all = "kebab-case")]
pub enum PostProcessor {
    /// Checksums of the artifact's files.
    Checksum(ChecksumOptions),
    /// A list of what was built.
    Manifest(ManifestOptions),
    /// An archive.
    Compress(CompressOptions),
    /// Scripts on this computer.
    ShellLocal(Box<ShellLocalOptions>),
    /// Where the artifact came from.
    Provenance(ProvenanceOptions),
    /// Other files as the artifact.
    Artifice(ArtificeOptions),
    /// Makes a Vagrant box of the artifact.
    Vagrant(Box<VagrantOptions>),
    /// A type that is not built here.
    Foreign(Foreign),
}

impl Provisioner {
    /// The type as a template writes it.
    pub fn type_name(&self) -> &str {
        match self {
            Provisioner::Shell(_) => "shell",
            Provisioner::File(_) => "file",
            Provisioner::ShellLocal(_) => "shell-local",
            Provisioner::Generalize(_) => "generalize",
            Provisioner::Sleep(_) => "sleep",
            Provisioner::Breakpoint(_) => "breakpoint",
            Provisioner::Powershell(_) => "powershell",
            Provisioner::WindowsShell(_) => "windows-shell",
            Provisioner::WindowsRestart(_) => "windows-restart",
            Provisioner::WindowsUpdate(_) => "windows-update",
            Provisioner::Ansible(_) => "ansible",
            Provisioner::AnsibleLocal(_) => "ansible-local",
            Provisioner::PuppetMasterless(_) => "puppet-masterless",
            Provisioner::PuppetServer(_) => "puppet-server",
            Provisioner::ChefSolo(_) => "chef-solo",
            Provisioner::ChefClient(_) => "chef-client",
            Provisioner::Inspec(_) => "inspec",
            Provisioner::SaltMasterless(_) => "salt-masterless",
            Provisioner::Sbom(_) => "sbom",
            Provisioner::Goss(_) => "goss",
            Provisioner::Reboot(_) => "reboot",
            Provisioner::Foreign(foreign) => &foreign.type_name,
        }
    }
}

impl PostProcessor {
    /// The type as a template writes it.
    pub fn type_name(&self) -> &str {
        match self {
            PostProcessor::Checksum(_) => "checksum",
            PostProcessor::Manifest(_) => "manifest",
            PostProcessor::Compress(_) => "compress",
            PostProcessor::ShellLocal(_) => "shell-local",
            PostProcessor::Provenance(_) => "provenance",
            PostProcessor::Artifice(_) => "artifice",
            PostProcessor::Vagrant(_) => "vagrant",
            PostProcessor::Foreign(foreign) => &foreign.type_name,
        }
    }
}

impl Source {
    /// The type that is not built here, if it is one.
    pub fn foreign(&self) -> Option<&Foreign> {
        match self {
            Source::Foreign(foreign) => Some(foreign),
            _ => None,
        }
    }
}

impl Job {
    /// Every component of the job that is not built here: its source, provisioners and post-processors.
    pub fn foreign(&self) -> Vec<&Foreign> {
        let provisioners =
            self.provisioners.iter().chain(&self.error_cleanup).filter_map(|step| match &step.provisioner {
                Provisioner::Foreign(foreign) => Some(foreign),
                _ => None,
            });
        let post_processors =
            self.post_processors.iter().flatten().filter_map(|step| match &step.post_processor {
                PostProcessor::Foreign(foreign) => Some(foreign),
                _ => None,
            });
        self.source.foreign().into_iter().chain(provisioners).chain(post_processors).collect()
    }
}
