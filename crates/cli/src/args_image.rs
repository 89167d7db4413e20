//! What can be typed about the library's images, and about what builds remember.

use std::path::PathBuf;

use clap::Subcommand;

use crate::args_life;

#[derive(Debug, Subcommand)]
pub enum Image {
    /// List images
    #[command(
        after_help = "Examples:\n  goldsmith image list\n  goldsmith image list --json | jq -r '.images[].name'"
    )]
    List,
    /// Show an image: its versions, and how the one asked for was made
    #[command(
        after_help = "Examples:\n  goldsmith image show quickstart\n  goldsmith image show quickstart@2 --json"
    )]
    Show {
        /// The image: a name, name@3 or name@latest
        image: String,
    },
    /// Read a version's bytes again and compare them with what they were
    #[command(after_help = "Example:\n  goldsmith image verify quickstart@2")]
    Verify {
        /// The image: a name, name@3 or name@latest
        image: String,
    },
    /// Write a version to a file outside the library
    #[command(
        after_help = "Examples:\n  goldsmith image export quickstart --format vmdk --output /srv/images\n  goldsmith image export quickstart@2 --format qcow2 --compress --output web.qcow2\n  goldsmith image export quickstart --format ova --output /srv/images"
    )]
    Export {
        /// The image: a name, name@3 or name@latest
        image: String,
        /// qcow2, raw, vmdk, vdi, vhdx; or a package: vhd, ova, vagrant-libvirt, vagrant-virtualbox, oci
        #[arg(long, default_value = "qcow2")]
        format: String,
        /// A file, or a folder to put it into
        #[arg(long, short, default_value = ".")]
        output: PathBuf,
        /// Compress, where the format can
        #[arg(long)]
        compress: bool,
        /// Replace a file that is there
        #[arg(long)]
        force: bool,
    },
    /// Make a version of an existing disk image: qcow2, raw, vmdk, vdi, vhdx, vhd or OVA
    #[command(
        after_help = "The format is told from the file's own bytes, and nothing the file names is opened. An image that stands on another\nfile, or that a running machine uses, is refused.\n\nExamples:\n  goldsmith image import debian-12.qcow2 --name debian-base\n  goldsmith image import appliance.ova --name appliance --ssh-user admin"
    )]
    Import {
        /// The file
        file: String,
        /// The image it becomes a version of [default: the file's name]
        #[arg(long)]
        name: Option<String>,
        /// Its format; a raw disk without a partition table needs --format raw
        #[arg(long)]
        format: Option<String>,
        /// The user to log in as when the image runs
        #[arg(long, value_name = "USER")]
        ssh_user: Option<String>,
        /// It boots with UEFI firmware
        #[arg(long)]
        uefi: bool,
    },
    /// Print what others write to use a version, pinned to its digest: Terraform, Vagrant, libvirt, CI
    #[command(
        after_help = "Targets: virt-install, libvirt-xml, terraform-libvirt, terraform-aws, terraform-azure, vagrant, virtualbox,\ngithub-actions, gitlab-ci. What a target uses must have been exported before.\n\nExamples:\n  goldsmith image deploy web virt-install > install.sh\n  goldsmith image deploy web@3 terraform-aws > main.tf"
    )]
    Deploy {
        /// The image: a name, name@3 or name@production
        image: String,
        /// Where it goes
        target: String,
    },
    /// Move a version, or all versions of an image, to the trash
    #[command(
        after_help = "Examples:\n  goldsmith image delete quickstart@2\n  goldsmith image restore quickstart@2"
    )]
    Delete {
        /// The image: a name (all its versions), or name@3
        image: String,
    },
    /// Take a version out of the trash
    Restore {
        /// The version, as name@3
        image: String,
    },
    /// List what is in the trash
    Trash,
    #[command(flatten)]
    Life(args_life::ImageLife),
}

#[derive(Debug, Subcommand)]
pub enum Cache {
    /// List what is remembered, the last used first
    #[command(
        after_help = "Examples:\n  goldsmith cache list\n  goldsmith cache list --json | jq '[.entries[].bytes] | add'"
    )]
    List,
    /// Remove what is over the limits of the settings
    #[command(after_help = "Examples:\n  goldsmith cache prune\n  goldsmith cache prune --all")]
    Prune {
        /// Remove everything that is remembered, except what a build uses now
        #[arg(long)]
        all: bool,
    },
}
