//! What can be typed about the life of versions: channels, states, policies.

use clap::{Args, Subcommand, ValueEnum};

pub const PROMOTE: &str = "Examples:\n  goldsmith promote web\n  goldsmith promote web@3 --to staging\n  goldsmith promote web@3 --to production --override 'the tester is down'";
pub const ROLLBACK: &str = "Examples:\n  goldsmith rollback web\n  goldsmith rollback web --channel staging --to 2 --reason 'login is broken'";
pub const GC: &str = "Nothing is ever collected without a policy: `goldsmith policy set --keep-last 5`.\n\nExamples:\n  goldsmith gc\n  goldsmith gc --apply";
const DATES: &str = "A date is written 2026-12-24, 2026-12-24T18:00:00Z, or as a time from now: 30d, 12h.";

#[derive(Debug, Args)]
pub struct Promote {
    /// The version: web@3; web is the newest of web
    pub image: String,
    /// The channel; made when new
    #[arg(long, value_name = "CHANNEL", default_value = "production")]
    pub to: String,
    /// What the channel is for [default: what it is for already, or what its name says]
    #[arg(long)]
    pub class: Option<Class>,
    /// What is new, kept with the release
    #[arg(long)]
    pub notes: Option<String>,
    /// Why
    #[arg(long)]
    pub reason: Option<String>,
    /// Pass a blocked gate, with the reason for it
    #[arg(long = "override", value_name = "REASON")]
    pub override_reason: Option<String>,
}

#[derive(Debug, Args)]
pub struct Rollback {
    /// The image
    pub image: String,
    /// The channel
    #[arg(long, default_value = "production")]
    pub channel: String,
    /// The version's number [default: the newest earlier one that can be used]
    #[arg(long, value_name = "NUMBER")]
    pub to: Option<u32>,
    /// Why
    #[arg(long)]
    pub reason: Option<String>,
    /// Pass a blocked gate, with the reason for it
    #[arg(long = "override", value_name = "REASON")]
    pub override_reason: Option<String>,
}

/// What a channel is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Class {
    /// Trying things out
    Dev,
    /// Before production
    Staging,
    /// What people rely on
    Production,
}

#[derive(Debug, Subcommand)]
pub enum Channel {
    /// List channels and where they point
    List {
        /// Only those of this image
        image: Option<String>,
    },
    /// List where a channel pointed
    History {
        /// The image
        image: String,
        /// The channel
        #[arg(default_value = "production")]
        channel: String,
    },
    /// Keep a channel from moving
    #[command(after_help = DATES)]
    Hold {
        /// The image
        image: String,
        /// The channel
        channel: String,
        /// Until when [default: until it is let go]
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Let a held channel go
    Unhold {
        /// The image
        image: String,
        /// The channel
        channel: String,
    },
    /// Make a channel point to nothing
    Empty {
        /// The image
        image: String,
        /// The channel
        channel: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Say what a channel is for
    Class {
        /// The image
        image: String,
        /// The channel
        channel: String,
        /// What it is for
        class: Class,
    },
}

#[derive(Debug, Subcommand)]
pub enum Policy {
    /// Print the policies
    Show,
    /// Change the policy of a class of channels, or what may be collected
    #[command(
        after_help = "Examples:\n  goldsmith policy set --class production --suite smoke --max-result-age 30 --min-soak 48\n  goldsmith policy set --keep-last 5 --min-age 14 --trash-days 30"
    )]
    Set(PolicySet),
}

#[derive(Debug, Args)]
pub struct PolicySet {
    /// The class whose channels the next options are about
    #[arg(long)]
    pub class: Option<Class>,
    /// A suite that must have passed (repeatable; an empty one clears the list)
    #[arg(long, requires = "class")]
    pub suite: Vec<String>,
    /// How old a suite's result may be, in days (0: as old as it likes)
    #[arg(long, value_name = "DAYS", requires = "class")]
    pub max_result_age: Option<u32>,
    /// How long a version must have been in a channel of the class before, in hours (0: not at all)
    #[arg(long, value_name = "HOURS", requires = "class")]
    pub min_soak: Option<u32>,
    /// Whether the template's folder had to be committed
    #[arg(long, value_name = "true|false", requires = "class")]
    pub clean_tree: Option<bool>,
    /// Refuse what is to be revoked within so many days
    #[arg(long, value_name = "DAYS", requires = "class")]
    pub revoke_margin: Option<u32>,
    /// Collect versions no channel ever pointed to, but the newest N of each image; `never` turns it off
    #[arg(long, value_name = "N|never")]
    pub keep_last: Option<String>,
    /// ... and not those younger than so many days
    #[arg(long, value_name = "DAYS")]
    pub min_age: Option<u32>,
    /// Purge what was in the trash so many days; `never` turns it off
    #[arg(long, value_name = "DAYS|never")]
    pub trash_days: Option<String>,
    /// Versions of each production channel that are never collected
    #[arg(long, value_name = "N")]
    pub rollback_depth: Option<u32>,
}

/// How bad it is to go on using a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Severity {
    /// Replace it when convenient
    Low,
    /// Replace it soon
    Medium,
    /// Replace it now
    High,
    /// Stop what runs from it
    Critical,
}

#[derive(Debug, Subcommand)]
pub enum ImageLife {
    /// Tell what happened to an image
    History {
        /// The image
        image: String,
    },
    /// Say whether a class of channels may take a version; exit code 1 when not, 2 when it cannot be told
    Gate {
        /// The version
        image: String,
        /// The class
        #[arg(default_value = "production")]
        class: Class,
    },
    /// Declare a version fit for use
    Release {
        /// The version
        image: String,
        /// What is new
        #[arg(long)]
        notes: Option<String>,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Say that new uses should take another version
    Deprecate {
        /// The version
        image: String,
        /// The version to take instead
        #[arg(long, value_name = "VERSION")]
        replacement: Option<String>,
        /// Also when a production channel points to it and no replacement is named
        #[arg(long)]
        force: bool,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Take a deprecation back
    Undeprecate {
        /// The version
        image: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Say that a version must not be used
    #[command(
        after_help = "Examples:\n  goldsmith image revoke base@1 --preview\n  goldsmith image revoke base@1 --severity critical --cascade --move-channels --reason CVE-2026-1234"
    )]
    Revoke {
        /// The version
        image: String,
        /// Only say what it would touch
        #[arg(long)]
        preview: bool,
        /// How bad it is to go on
        #[arg(long, default_value = "medium")]
        severity: Severity,
        /// Everything made from it as well
        #[arg(long)]
        cascade: bool,
        /// Roll back, or empty, the channels that point to what is revoked
        #[arg(long)]
        move_channels: bool,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Take a revocation back
    Unrevoke {
        /// The version
        image: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Give a version up: its bytes go to the trash, its record stays
    Retire {
        /// The version
        image: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Protect a version from deletion, retirement and collection
    #[command(after_help = DATES)]
    Hold {
        /// The version
        image: String,
        /// Until when [default: until it is let go]
        #[arg(long, value_name = "DATE")]
        until: Option<String>,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// End a protection
    Unhold {
        /// The version
        image: String,
    },
    /// Set the dates on which a version is deprecated, revoked, retired by itself; those not given are cleared
    #[command(after_help = DATES)]
    Schedule {
        /// The version
        image: String,
        /// When it is deprecated
        #[arg(long, value_name = "DATE")]
        deprecate: Option<String>,
        /// When it is revoked
        #[arg(long, value_name = "DATE")]
        revoke: Option<String>,
        /// When it is retired
        #[arg(long, value_name = "DATE")]
        retire: Option<String>,
    },
    /// Set labels (NAME=VALUE) and remove them (NAME=)
    Label {
        /// The version
        image: String,
        /// NAME=VALUE, or NAME= to remove
        #[arg(required = true, value_name = "NAME=VALUE")]
        labels: Vec<String>,
    },
    /// Write a remark; an empty one removes it
    Note {
        /// The version
        image: String,
        /// The remark
        text: String,
    },
}
