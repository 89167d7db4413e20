//! Options of the provisioners.

use super::decode::options;
use super::spec::PathKind;
use super::{OptionSpec, Settings};
use crate::text::Text;
use std::collections::BTreeMap;
use std::time::Duration;

options! {
    /// Meta-arguments every provisioner takes (packer.md 1.4).
    pub struct ProvisionerMeta;
    "When and how often" {
        name: Option<String>, "Name", "Name of this step.";
        only: Vec<String>, "Only for", "Sources this step runs for, as type.name; excludes except.";
        except: Vec<String>, "Not for", "Sources this step does not run for, as type.name; excludes only.";
        pause_before: Duration, "Pause before", "Wait this long before each attempt. Switches the timeout off." => default("0s");
        timeout: Option<Duration>, "Timeout", "How long one attempt may take; ignored when pause_before is set.";
        max_retries: u32, "Retries", "How often a failed attempt is repeated." => default("0");
        continue_on_error: bool, "Continue on error", "Go on with the build when this step fails." => default("false").source("Packer 1.16");
    }
}

/// The meta-argument that holds options for single sources.
pub const OVERRIDE: &[OptionSpec] = &[OptionSpec::new(
    "When and how often",
    "override",
    super::OptionType::Block,
    "Override",
    "Other option values for single sources, keyed by source name.",
)];

options! {
    /// Options of the `shell` provisioner: scripts run in the guest.
    pub struct ShellOptions;
    "Script" {
        inline: Vec<Text>, "Commands", "Commands run as one script." => basic();
        script: Option<Text>, "Script", "Script file to upload and run." => path(PathKind::File).basic();
        scripts: Vec<Text>, "Scripts", "Script files to upload and run, in order." => path(PathKind::File).basic();
        environment_vars: Vec<Text>, "Environment", "Variables as NAME=value." => basic();
        env: BTreeMap<String, Text>, "Environment map", "Variables by name; wins over environment_vars.";
        env_var_format: Option<Text>, "Variable format", "How a variable is written. Default: %s='%s' and a blank, in a file: export %s='%s'." => late();
        use_env_var_file: bool, "Variables in a file", "Upload the variables as a file instead of writing them before the command." => default("false");
        execute_command: Option<Text>, "Execute command", "Command that runs the script; {{ .Path }}, {{ .Vars }} and {{ .EnvVarFile }} are filled in. Default: chmod +x {{.Path}}; {{.Vars}} {{.Path}}" => late().basic();
        inline_shebang: Option<Text>, "Shebang", "First line of an inline script, without #!. Default: /bin/sh -e";
        binary: bool, "Binary", "Upload the script as it is; otherwise CRLF becomes LF." => default("false");
        remote_folder: Option<Text>, "Remote folder", "Folder the script is uploaded to. Default: /tmp";
        remote_file: Option<Text>, "Remote file", "File name of the uploaded script. Default: script_<number>.sh";
        remote_path: Option<Text>, "Remote path", "Full path of the uploaded script.";
        skip_clean: bool, "Keep the script", "Leave the uploaded script in the guest." => default("false");
    }
    "Result" {
        expect_disconnect: bool, "Expect disconnect", "The script may end the connection, as a reboot does." => default("false").basic();
        valid_exit_codes: Vec<i64>, "Valid exit codes", "Exit codes that mean success." => default("[0]");
        start_retry_timeout: Duration, "Start timeout", "How long starting the script is retried." => default("5m");
        pause_after: Duration, "Pause after", "Wait this long after the last script." => default("0s");
    }
}

options! {
    /// Options of the `file` provisioner: files to and from the guest.
    pub struct FileOptions;
    "File" {
        source: Option<Text>, "Source", "File or folder to copy. A folder without a trailing / is created inside the destination, with one its content is copied." => basic();
        sources: Vec<Text>, "Sources", "Files or folders to copy.";
        content: Option<Text>, "Content", "Content of the file, instead of a source." => basic();
        destination: Text, "Destination", "Where it goes; ending in / the name is kept." => required();
        direction: String, "Direction", "upload to the guest, or download from it." => default("upload").one_of(&["upload", "download"]).basic();
        generated: bool, "Made during the build", "The source does not exist yet when the build starts." => default("false");
    }
}

options! {
    /// Options of `shell-local`, as a provisioner and as a post-processor: commands run on this computer.
    pub struct ShellLocalOptions;
    "Script" {
        inline: Vec<Text>, "Commands", "Commands run as one script on this computer." => basic();
        script: Option<Text>, "Script", "Script file to run on this computer." => path(PathKind::File).basic();
        scripts: Vec<Text>, "Scripts", "Script files to run on this computer, in order." => path(PathKind::File);
        command: Option<Text>, "Command", "One command; use inline." => deprecated("use inline");
        environment_vars: Vec<Text>, "Environment", "Variables as NAME=value." => basic();
        env: BTreeMap<String, Text>, "Environment map", "Variables by name; wins over environment_vars.";
        env_var_format: Option<Text>, "Variable format", "How a variable is written. Default: %s='%s' and a blank." => late();
        execute_command: Vec<Text>, "Execute command", "Program and arguments that run the script; {{.Vars}} and {{.Script}} are filled in. Default: /bin/sh -c \"{{.Vars}} {{.Script}}\"" => late();
        inline_shebang: Option<Text>, "Shebang", "First line of an inline script, without #!. Default: /bin/sh -e";
        only_on: Vec<String>, "Only on", "Systems this runs on: linux, darwin, windows ...";
        tempfile_extension: Option<Text>, "Extension", "File extension of the temporary script.";
        use_linux_pathing: bool, "Linux paths", "Rewrite paths for the Windows Subsystem for Linux." => default("false");
        valid_exit_codes: Vec<i64>, "Valid exit codes", "Exit codes that mean success." => default("[0]");
    }
}

options! {
    /// Options of the `generalize` provisioner: removes what must not be in an image twice.
    pub struct GeneralizeOptions;
    "Remove" {
        machine_id: bool, "Machine id", "Reset /etc/machine-id and the random seed." => default("true").basic().source("goldsmith");
        ssh_host_keys: bool, "SSH host keys", "Remove the host keys; they are made again at the next boot." => default("true").basic().source("goldsmith");
        build_credentials: bool, "Build credentials", "Remove the keys and lock the passwords this build used." => default("true").basic().source("goldsmith");
        cloud_init: bool, "cloud-init state", "Let cloud-init run as on a first boot." => default("true").basic().source("goldsmith");
        logs: bool, "Logs", "Empty logs." => default("true").basic().source("goldsmith");
        history: bool, "History", "Remove shell history." => default("true").basic().source("goldsmith");
        package_caches: bool, "Package caches", "Remove downloaded packages and lists." => default("true").basic().source("goldsmith");
        execute_command: Text, "Execute command", "Command that runs the clean-up script; {{ .Path }} and {{ .Vars }} are filled in." => default("chmod +x {{.Path}}; {{.Vars}} {{.Path}}").late().source("goldsmith");
    }
}

options! {
    /// Options of the `sleep` provisioner.
    pub struct SleepOptions;
    "Sleep" {
        duration: Duration, "Duration", "How long to wait." => required();
    }
}

options! {
    /// Options of the `breakpoint` provisioner.
    pub struct BreakpointOptions;
    "Breakpoint" {
        note: Option<Text>, "Note", "Shown while the build waits." => basic();
        disable: bool, "Disabled", "Do not wait." => default("false").basic();
    }
}

options! {
    /// Options of the `sbom` provisioner: the guest's packages as a bill of materials.
    pub struct SbomOptions;
    "Bill of materials" {
        destination: Option<Text>, "Destination", "Path on this computer without extension; .spdx.json and .cdx.json are added. Default: sbom- and the build's name" => path(PathKind::Output).basic().source("goldsmith");
        formats: Vec<String>, "Formats", "Formats that are written." => default("[\"spdx\", \"cyclonedx\"]").one_of(&["spdx", "cyclonedx"]).basic().source("goldsmith");
    }
}

pub(super) fn exactly_one(settings: &mut Settings, choices: &[&str]) {
    let set: Vec<&str> = choices.iter().copied().filter(|name| settings.is_set(name)).collect();
    let list = choices.join(", ");
    match set.as_slice() {
        [] => settings.problem(choices[0], "option.missing", format!("one of {list} must be set")),
        [_] => {}
        [_, second, ..] => {
            let message = format!("only one of {list} may be set, but {} are", set.join(" and "));
            settings.problem(second, "option.conflict", message);
        }
    }
}

pub(super) fn check_environment(vars: &[Text], settings: &mut Settings) {
    for var in vars {
        let written = var.reveal();
        if written.find('=').is_none_or(|at| at == 0) && var.known().is_some() {
            let shown = var.display();
            settings.problem(
                "environment_vars",
                "option.value",
                format!("environment variable \"{shown}\" is not written as NAME=value"),
            );
        }
    }
}

impl ShellOptions {
    /// Checks what the options must satisfy together.
    pub fn settle(&mut self, settings: &mut Settings) {
        exactly_one(settings, &["inline", "script", "scripts"]);
        check_environment(&self.environment_vars, settings);
    }
}

impl ShellLocalOptions {
    /// Checks what the options must satisfy together.
    pub fn settle(&mut self, settings: &mut Settings) {
        exactly_one(settings, &["inline", "script", "scripts", "command"]);
        check_environment(&self.environment_vars, settings);
    }
}

impl FileOptions {
    /// Checks what the options must satisfy together.
    pub fn settle(&mut self, settings: &mut Settings) {
        let source = settings.is_set("source") || settings.is_set("sources");
        let content = settings.is_set("content");
        if source && content {
            settings.problem(
                "content",
                "option.conflict",
                "only one of \"source\" and \"content\" may be set",
            );
        } else if !source && !content {
            settings.problem(
                "source",
                "option.missing",
                "one of \"source\", \"sources\" and \"content\" must be set",
            );
        }
    }
}
