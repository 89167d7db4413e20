//! Options of the provisioners for Windows guests.

use super::Settings;
use super::decode::options;
use super::provisioners::{check_environment, exactly_one};
use super::spec::PathKind;
use crate::text::Text;
use std::collections::BTreeMap;
use std::time::Duration;

options! {
    /// Options of the `powershell` provisioner: PowerShell scripts run in the guest.
    pub struct PowershellOptions;
    "Script" {
        inline: Vec<Text>, "Commands", "Commands run as one script." => basic();
        script: Option<Text>, "Script", "Script file to upload and run." => path(PathKind::File).basic();
        scripts: Vec<Text>, "Scripts", "Script files to upload and run, in order." => path(PathKind::File).basic();
        environment_vars: Vec<Text>, "Environment", "Variables as NAME=value." => basic();
        env: BTreeMap<String, Text>, "Environment map", "Variables by name; wins over environment_vars.";
        env_var_format: Option<Text>, "Variable format", "How a variable is written. Default: $env:%s=\"%s\"; and a blank.";
        execute_command: Option<Text>, "Execute command", "Command that runs the script; {{ .Path }} and {{ .Vars }} (the file with the variables) are filled in." => late();
        remote_path: Option<Text>, "Remote path", "Full path of the uploaded script. Default: c:/Windows/Temp/script-<id>.ps1.";
        remote_env_var_path: Option<Text>, "Remote variables file", "Full path of the uploaded file with the variables.";
        execution_policy: String, "Execution policy", "Which scripts PowerShell runs; none leaves the switch out." => default("bypass").one_of(&["bypass", "allsigned", "default", "remotesigned", "restricted", "undefined", "unrestricted", "none"]);
        use_pwsh: bool, "PowerShell 7", "Run pwsh.exe instead of powershell.exe." => default("false");
        debug_mode: u32, "Trace", "Trace level for Set-PSDebug, 0 to 2." => default("0").range(0, 2);
        binary: bool, "Binary", "Upload the script as it is; for this provisioner it always is." => default("false");
        skip_clean: bool, "Keep the script", "Leave the uploaded files in the guest." => default("false");
    }
    "Elevation" {
        elevated_user: Option<Text>, "Elevated user", "Run the script as a scheduled task of this user, with all rights; SYSTEM needs no password." => basic();
        elevated_password: Option<Text>, "Elevated password", "Password of that user; may use build.Password." => secret();
        elevated_execute_command: Option<Text>, "Elevated command", "Command of the scheduled task; {{ .Path }} and {{ .Vars }} are filled in." => late();
        elevated_env_var_format: Option<Text>, "Elevated variable format", "How a variable is written for an elevated script.";
    }
    "Result" {
        valid_exit_codes: Vec<i64>, "Valid exit codes", "Exit codes that mean success." => default("[0]");
        start_retry_timeout: Duration, "Start timeout", "How long starting the script is retried." => default("5m");
        pause_after: Duration, "Pause after", "Wait this long after the last script." => default("0s");
    }
}

options! {
    /// Options of the `windows-shell` provisioner: batch scripts run in the guest.
    pub struct WindowsShellOptions;
    "Script" {
        inline: Vec<Text>, "Commands", "Commands run as one batch file." => basic();
        script: Option<Text>, "Script", "Batch file to upload and run." => path(PathKind::File).basic();
        scripts: Vec<Text>, "Scripts", "Batch files to upload and run, in order." => path(PathKind::File).basic();
        environment_vars: Vec<Text>, "Environment", "Variables as NAME=value." => basic();
        env: BTreeMap<String, Text>, "Environment map", "Variables by name; wins over environment_vars.";
        env_var_format: Option<Text>, "Variable format", "How a variable is written. Default: set \"%s=%s\" && and a blank.";
        execute_command: Option<Text>, "Execute command", "Command that runs the script; {{ .Path }} and {{ .Vars }} are filled in." => late();
        remote_path: Option<Text>, "Remote path", "Full path of the uploaded script. Default: c:/Windows/Temp/script.bat.";
        binary: bool, "Binary", "Upload the script as it is; for this provisioner it always is." => default("false");
    }
    "Result" {
        valid_exit_codes: Vec<i64>, "Valid exit codes", "Exit codes that mean success." => default("[0]");
        start_retry_timeout: Duration, "Start timeout", "How long starting the script is retried." => default("5m");
    }
}

options! {
    /// Options of the `windows-restart` provisioner.
    pub struct WindowsRestartOptions;
    "Restart" {
        restart_command: Text, "Restart command", "Command that restarts the guest." => default("shutdown /r /f /t 0 /c \"packer restart\"").basic();
        restart_check_command: Option<Text>, "Check command", "Command that shows that the guest is back. Default: a PowerShell echo.";
        restart_timeout: Duration, "Timeout", "How long to wait for the guest to come back." => default("5m").basic();
        check_registry: bool, "Check the registry", "Also wait until no registry key says that a restart is pending." => default("false");
        registry_keys: Vec<Text>, "Registry keys", "Keys that say so. Default: the three of Windows' component servicing.";
    }
}

options! {
    /// Options of the `windows-update` provisioner.
    pub struct WindowsUpdateOptions;
    "Updates" {
        search_criteria: Option<Text>, "Search", "What Windows Update is asked for. Default: updates that are not installed and that Windows would install by itself." => basic().source("plugin rgl/windows-update");
        filters: Vec<Text>, "Filters", "include:EXPRESSION and exclude:EXPRESSION, the first that holds decides; without one that holds an update is not installed." => basic().source("plugin rgl/windows-update");
        update_limit: u32, "Updates at a time", "How many updates are installed before the next look." => default("1000").source("plugin rgl/windows-update");
        update_max_retries: u32, "Retries", "How often a failed round is repeated." => default("5").source("plugin rgl/windows-update");
    }
    "Restart" {
        restart_timeout: Duration, "Timeout", "How long to wait for the guest to come back." => default("4h").source("plugin rgl/windows-update");
        username: Text, "User", "User of the scheduled task that installs." => default("SYSTEM").source("plugin rgl/windows-update");
        password: Option<Text>, "Password", "Password of that user; SYSTEM needs none." => secret().source("plugin rgl/windows-update");
    }
}

impl PowershellOptions {
    /// Checks what the options must satisfy together.
    pub fn settle(&mut self, settings: &mut Settings) {
        exactly_one(settings, &["inline", "script", "scripts"]);
        check_environment(&self.environment_vars, settings);
        if self.elevated_password.is_some() && self.elevated_user.is_none() {
            settings.problem(
                "elevated_password",
                "option.conflict",
                "\"elevated_password\" needs \"elevated_user\"",
            );
        }
    }
}

impl WindowsShellOptions {
    /// Checks what the options must satisfy together.
    pub fn settle(&mut self, settings: &mut Settings) {
        exactly_one(settings, &["inline", "script", "scripts"]);
        check_environment(&self.environment_vars, settings);
    }
}
