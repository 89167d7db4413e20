//! What can be typed about tests of finished images.

use clap::Args;

pub const TEST: &str = "\
A throw-away copy of the image boots in a fresh machine; the image itself is proved unchanged by its digest. Suites are
the `test` blocks of the *.goldsmith.hcl files beside the template, or what is named here. A key made for the test is
offered through cloud-init and systemd credentials; where the image takes neither, name a --user with a --key, or put a
password into GOLDSMITH_TEST_PASSWORD.

Exit codes: 0 every suite passed; 1 a suite failed; 2 it could not be told (guest unreachable, no report, no cases).

Examples:
  goldsmith test web
  goldsmith test web@3 --suite smoke --junit smoke.xml
  goldsmith test web --testinfra tests/test_web.py --user admin --key ~/.ssh/id_ed25519";

#[derive(Debug, Args)]
pub struct Test {
    /// The image: a name, name@3 or name@production
    pub image: String,
    /// The folder whose *.goldsmith.hcl hold the suites [default: that of the template it was built from]
    #[arg(long, value_name = "FOLDER")]
    pub tests: Option<String>,
    /// Only the suites of this name (repeatable)
    #[arg(long, value_name = "NAME")]
    pub suite: Vec<String>,
    /// Scripts to run in the guest (repeatable, as all that follow)
    #[arg(long, value_name = "FILE")]
    pub shell: Vec<String>,
    /// bats files
    #[arg(long, value_name = "FILE")]
    pub bats: Vec<String>,
    /// Testinfra (pytest) files
    #[arg(long, value_name = "FILE")]
    pub testinfra: Vec<String>,
    /// Serverspec (RSpec) files
    #[arg(long, value_name = "FILE")]
    pub serverspec: Vec<String>,
    /// InSpec profiles, for cinc-auditor or inspec
    #[arg(long, value_name = "PROFILE")]
    pub inspec: Vec<String>,
    /// goss files
    #[arg(long, value_name = "FILE")]
    pub goss: Vec<String>,
    /// Pester files
    #[arg(long, value_name = "FILE")]
    pub pester: Vec<String>,
    /// Robot Framework files
    #[arg(long, value_name = "FILE")]
    pub robot: Vec<String>,
    /// OpenSCAP data streams
    #[arg(long, value_name = "FILE")]
    pub openscap: Vec<String>,
    /// A command line of this computer
    #[arg(long, value_name = "LINE")]
    pub command: Vec<String>,
    /// The user to log in as [default: root]
    #[arg(long)]
    pub user: Option<String>,
    /// A private key the image accepts
    #[arg(long, value_name = "FILE")]
    pub key: Option<String>,
    /// Memory in MiB [default: what it was built with]
    #[arg(long, value_name = "MIB")]
    pub memory: Option<u32>,
    /// Virtual processors [default: what it was built with]
    #[arg(long, value_name = "N")]
    pub cpus: Option<u32>,
    /// kvm or tcg [default: what was measured to be faster]
    #[arg(long, value_name = "NAME")]
    pub accelerator: Option<String>,
    /// Boot with UEFI firmware
    #[arg(long)]
    pub uefi: bool,
    /// How long to wait for the login, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    pub wait: u32,
    /// Also write the report as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<std::path::PathBuf>,
    /// Do not keep the verdicts in the library
    #[arg(long)]
    pub no_record: bool,
}

pub const REBUILD: &str = "\
Parents come before what is made from them. Each image is built with the template, variables and folder it was built
with, then tested by the suites beside the template, then promoted to the channels that pointed to the old version,
where their gates allow it. What is made from an image that failed is left alone.

Examples:
  goldsmith rebuild --outdated --dry-run
  goldsmith rebuild --outdated --force
  goldsmith rebuild --outdated web db";

pub const SCHEDULE: &str = "\
Without --apply the units are printed and nothing is changed.

Examples:
  goldsmith schedule
  goldsmith schedule --at 'Mon 03:00' --apply
  goldsmith schedule --cron --at daily
  goldsmith schedule --remove";

#[derive(Debug, Args)]
pub struct Rebuild {
    /// Build again what `goldsmith outdated` lists
    #[arg(long, required = true)]
    pub outdated: bool,
    /// Only these images
    pub images: Vec<String>,
    /// Delete output folders that exist first
    #[arg(long)]
    pub force: bool,
    /// Only say what would be built first
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Args)]
pub struct Schedule {
    /// When: a calendar expression of systemd, or with --cron hourly, daily, weekly, monthly or five fields
    #[arg(long, value_name = "WHEN", default_value = "daily")]
    pub at: String,
    /// Install it
    #[arg(long, conflicts_with_all = ["remove", "cron"])]
    pub apply: bool,
    /// Print a line for crontab instead
    #[arg(long, conflicts_with = "remove")]
    pub cron: bool,
    /// Turn it off and remove it
    #[arg(long)]
    pub remove: bool,
}

#[derive(Debug, Args)]
pub struct Compare {
    /// The first version: web@3
    pub left: String,
    /// The second: web@4, or web for its newest
    pub right: String,
}
