//! The option tables: one declaration per option of every component.
//!
//! A declaration makes both the typed field and the table entry, so that decoding, checking, the form,
//! completion, hover text and the reference cannot disagree.

mod ansible;
mod boxes;
mod communicator;
mod configuration;
mod decode;
mod machine;
mod post_processors;
mod provisioners;
mod sources;
mod spec;
mod tables;
mod windows;

pub use ansible::{AnsibleLocalOptions, AnsibleOptions};
pub use boxes::{PROVIDER_OVERRIDE, VagrantOptions};
pub use communicator::{COMMUNICATOR, CommonOptions, Communicator, SshOptions, WinrmOptions};
pub use configuration::{
    ChefClientOptions, ChefSoloOptions, GossOptions, InspecOptions, PuppetMasterlessOptions,
    PuppetServerOptions, RebootOptions, SaltMasterlessOptions,
};
pub use decode::{DiskSize, Json, OptionValue, Problem, Settings, default_value, language_type, violation};
pub use machine::{BootOptions, DiskOptions, MachineOptions, MediaOptions, NetworkOptions, ShutdownOptions};
pub use post_processors::{
    ArtificeOptions, ChecksumOptions, CompressOptions, ManifestOptions, PostProcessorMeta, ProvenanceOptions,
};
pub use provisioners::{
    BreakpointOptions, FileOptions, GeneralizeOptions, OVERRIDE, ProvisionerMeta, SbomOptions,
    ShellLocalOptions, ShellOptions, SleepOptions,
};
pub use sources::{
    BootstrapOptions, DistributionOptions, FileSourceOptions, IsoOptions, QemuImgOptions, QemuOptions,
};
pub use spec::{Constraint, OptionSpec, OptionType, PathKind, parse_duration};
pub use tables::{Component, ComponentKind, Reference, lookup, nearest, reference, tables, types_of};

pub use windows::{PowershellOptions, WindowsRestartOptions, WindowsShellOptions, WindowsUpdateOptions};

pub(crate) use tables::QEMU_IMG_BLOCK;
