//! Options of Packer that this version does not carry out: a plan that would need them stops with a clear word
//! instead of doing something else.

use goldsmith_template::config::Source;
use goldsmith_template::options::{
    BootstrapOptions, Communicator, MachineOptions, MediaOptions, NetworkOptions, QemuOptions,
};
use goldsmith_template::{Job, Place};

use crate::plan::PlanError;

fn not_yet(option: &str, place: &Place) -> PlanError {
    PlanError::new(format!("`{option}` is set, and this version of Goldsmith does not carry it out."), place)
}

/// A source without a recipe.
pub(crate) fn no_source(job: &Job, source: &Source) -> PlanError {
    let what = match source {
        Source::Null => "null",
        Source::File(_) => "file",
        Source::Foreign(foreign) => foreign.type_name.as_str(),
        Source::Qemu(_) => "qemu",
        Source::Bootstrap(_) => "bootstrap",
    };
    PlanError::new(
        format!("Sources of type `{what}` are not built by this version of Goldsmith."),
        &job.place,
    )
    .hint("-except leaves it out.")
}

/// A provisioner without a body.
pub(crate) fn no_provisioner(kind: &str, place: &Place) -> PlanError {
    PlanError::new(
        format!("The provisioner `{kind}` is not carried out by this version of Goldsmith."),
        place,
    )
}

/// What a `qemu` source asks for that is not there.
pub(crate) fn qemu(job: &Job, options: &QemuOptions) -> Result<(), PlanError> {
    let place = &job.place;
    if !options.boot.boot_command.is_empty() || !options.boot.boot_steps.is_empty() {
        let option = if options.boot.boot_command.is_empty() { "boot_steps" } else { "boot_command" };
        return Err(not_yet(option, place).hint(
            "Typing at boot is not there yet. A cloud image (disk_image = true with a NoCloud CD by cd_content), or the `bootstrap` source, needs no typing.",
        ));
    }
    if options.iso.iso_skip_cache {
        return Err(
            not_yet("iso_skip_cache", place).hint("Leave it out: the image is downloaded, checked and kept.")
        );
    }
    machine(&options.machine, &options.network, place)?;
    media(&options.media, place)?;
    communicator(job)
}

/// What a `bootstrap` source asks for that is not there.
pub(crate) fn bootstrap(job: &Job, options: &BootstrapOptions) -> Result<(), PlanError> {
    machine(&options.machine, &options.network, &job.place)?;
    media(&options.media, &job.place)?;
    communicator(job)
}

/// A `bootstrap` source without a way to log in.
pub(crate) fn bootstrap_needs_ssh(job: &Job) -> PlanError {
    PlanError::new("A `bootstrap` source is provisioned over SSH; `communicator` is \"none\".", &job.place)
        .hint("Leave `communicator` out: the build makes a key for itself and removes it at the end.")
}

/// What any machine may ask for that is not there.
pub(crate) fn machine(
    machine: &MachineOptions,
    network: &NetworkOptions,
    place: &Place,
) -> Result<(), PlanError> {
    if machine.vtpm {
        return Err(not_yet("vtpm", place));
    }
    if network.net_bridge.is_some() {
        return Err(
            not_yet("net_bridge", place).hint("Leave it out: the machine then has QEMU's own network.")
        );
    }
    if machine.vnc_use_password {
        return Err(not_yet("vnc_use_password", place)
            .hint("Leave it out: the screen is served on a private socket only."));
    }
    Ok(())
}

/// Files for the guest that are not served.
pub(crate) fn media(media: &MediaOptions, place: &Place) -> Result<(), PlanError> {
    let asked = [
        ("http_directory", media.http_directory.as_ref().is_some_and(|text| !text.is_empty())),
        ("http_content", !media.http_content.is_empty()),
        ("floppy_files", !media.floppy_files.is_empty()),
        ("floppy_dirs", !media.floppy_dirs.is_empty()),
        ("floppy_content", !media.floppy_content.is_empty()),
    ];
    match asked.iter().find(|(_, asked)| *asked) {
        Some((option, _)) => {
            Err(not_yet(option, place).hint("cd_files and cd_content bring files to the guest."))
        }
        None => Ok(()),
    }
}

/// Ways to the guest that are not there.
pub(crate) fn communicator(job: &Job) -> Result<(), PlanError> {
    let place = &job.place;
    let ssh = match &job.communicator {
        Communicator::None => return Ok(()),
        Communicator::Winrm { .. } => return Ok(()),
        Communicator::Ssh { ssh, .. } => ssh,
    };
    let asked = [
        ("ssh_bastion_host", ssh.ssh_bastion_host.is_some()),
        ("ssh_proxy_host", ssh.ssh_proxy_host.is_some()),
        ("ssh_agent_auth", ssh.ssh_agent_auth),
        ("ssh_certificate_file", ssh.ssh_certificate_file.is_some()),
        ("ssh_remote_tunnels", !ssh.ssh_remote_tunnels.is_empty()),
        ("ssh_local_tunnels", !ssh.ssh_local_tunnels.is_empty()),
        ("ssh_ciphers", !ssh.ssh_ciphers.is_empty()),
        ("ssh_key_exchange_algorithms", !ssh.ssh_key_exchange_algorithms.is_empty()),
    ];
    match asked.iter().find(|(_, asked)| *asked) {
        Some((option, _)) => Err(not_yet(option, place)),
        None => Ok(()),
    }
}
