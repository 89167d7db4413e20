//! Options of the provisioners that bring in Puppet, Chef, Salt, goss and InSpec.

use super::decode::{Json, options};
use super::spec::PathKind;
use crate::text::Text;
use std::collections::BTreeMap;

options! {
    /// Options of the `puppet-masterless` provisioner: `puppet apply` in the guest.
    pub struct PuppetMasterlessOptions;
    "Manifest" {
        manifest_file: Text, "Manifest", "Manifest file or folder that is uploaded and applied." => required().path(PathKind::File);
        manifest_dir: Option<Text>, "Manifest folder", "Folder uploaded beside it." => path(PathKind::Folder);
        module_paths: Vec<Text>, "Modules", "Module folders uploaded." => path(PathKind::Folder).basic();
        hiera_config_path: Option<Text>, "Hiera", "Hiera configuration uploaded." => path(PathKind::File);
        facter: BTreeMap<String, Text>, "Facts", "Facts set before Puppet runs.";
        extra_arguments: Vec<Text>, "Further arguments", "Arguments for puppet apply." => late();
    }
    "How" {
        execute_command: Option<Text>, "Execute command", "Command that runs Puppet." => late();
        guest_os_type: String, "Guest", "unix or windows." => default("unix").one_of(&["unix", "windows"]);
        ignore_exit_codes: bool, "Ignore exit codes", "Go on whatever Puppet says." => default("false");
        prevent_sudo: bool, "No sudo", "Run without sudo." => default("false");
        puppet_bin_dir: Option<Text>, "Puppet's folder", "Folder that holds puppet.";
        staging_directory: Option<Text>, "Staging folder", "Folder in the guest. Default: /tmp/packer-puppet-masterless";
        clean_staging_directory: bool, "Remove it", "Remove the staging folder at the end." => default("false");
        working_directory: Option<Text>, "Working folder", "Folder Puppet runs in. Default: the staging folder." => late();
        elevated_user: Option<Text>, "Elevated user", "Run as a scheduled task of this user (Windows).";
        elevated_password: Option<Text>, "Elevated password", "Password of that user." => secret();
    }
}

options! {
    /// Options of the `puppet-server` provisioner: `puppet agent` in the guest.
    pub struct PuppetServerOptions;
    "Server" {
        puppet_server: Text, "Server", "Host name of the Puppet server." => default("puppet").basic();
        puppet_node: Option<Text>, "Node", "The guest's name there." => basic();
        client_cert_path: Option<Text>, "Certificate", "Folder or file with the client certificate." => path(PathKind::File);
        client_private_key_path: Option<Text>, "Private key", "Folder or file with its key." => path(PathKind::File);
        facter: BTreeMap<String, Text>, "Facts", "Facts set before Puppet runs.";
        extra_arguments: Vec<Text>, "Further arguments", "Arguments for puppet agent.";
    }
    "How" {
        execute_command: Option<Text>, "Execute command", "Command that runs Puppet." => late();
        guest_os_type: String, "Guest", "unix or windows." => default("unix").one_of(&["unix", "windows"]);
        ignore_exit_codes: bool, "Ignore exit codes", "Go on whatever Puppet says." => default("false");
        prevent_sudo: bool, "No sudo", "Run without sudo." => default("false");
        puppet_bin_dir: Option<Text>, "Puppet's folder", "Folder that holds puppet.";
        staging_dir: Option<Text>, "Staging folder", "Folder in the guest. Default: /tmp/packer-puppet-server.";
        clean_staging_directory: bool, "Remove it", "Remove the staging folder at the end." => default("false");
        working_directory: Option<Text>, "Working folder", "Folder Puppet runs in. Default: the staging folder." => late();
        elevated_user: Option<Text>, "Elevated user", "Run as a scheduled task of this user (Windows).";
        elevated_password: Option<Text>, "Elevated password", "Password of that user." => secret();
    }
}

options! {
    /// Options of the `chef-solo` provisioner.
    pub struct ChefSoloOptions;
    "Run" {
        cookbook_paths: Vec<Text>, "Cookbooks", "Cookbook folders uploaded." => path(PathKind::Folder).basic();
        remote_cookbook_paths: Vec<Text>, "Cookbooks in the guest", "Cookbook folders that are in the guest already.";
        roles_path: Option<Text>, "Roles", "Folder with roles." => path(PathKind::Folder);
        data_bags_path: Option<Text>, "Data bags", "Folder with data bags." => path(PathKind::Folder);
        encrypted_data_bag_secret_path: Option<Text>, "Data bag secret", "File with the secret of encrypted data bags." => path(PathKind::File);
        environments_path: Option<Text>, "Environments", "Folder with environments." => path(PathKind::Folder);
        chef_environment: Option<Text>, "Environment", "Environment of the run.";
        run_list: Vec<Text>, "Run list", "Recipes and roles." => basic();
        json: Option<Json>, "Attributes", "Node attributes.";
        json_string: Option<Text>, "Attributes as text", "Node attributes as a JSON text." => basic();
        config_template: Option<Text>, "Configuration", "Template of solo.rb instead of the built-in one." => path(PathKind::File);
        chef_license: Option<Text>, "Licence", "How the licence is accepted. Default: accept-silent, unless Chef is not installed by the build.";
    }
    "How" {
        execute_command: Option<Text>, "Execute command", "Command that runs Chef; {{ .ConfigPath }}, {{ .JsonPath }} and {{ .Sudo }} are filled in." => late();
        install_command: Option<Text>, "Install command", "Command that installs Chef; {{ .Sudo }} and {{ .Version }} are filled in." => late();
        skip_install: bool, "Chef is there", "Do not install Chef." => default("false").basic();
        version: Option<Text>, "Version", "Version of Chef that is installed.";
        prevent_sudo: bool, "No sudo", "Run without sudo." => default("false");
        staging_directory: Option<Text>, "Staging folder", "Folder in the guest. Default: /tmp/packer-chef-solo.";
        guest_os_type: String, "Guest", "unix or windows." => default("unix").one_of(&["unix", "windows"]);
    }
}

options! {
    /// Options of the `chef-client` provisioner: Chef in the guest against a Chef server.
    pub struct ChefClientOptions;
    "Run" {
        server_url: Text, "Server", "URL of the Chef server, with the organisation." => required();
        node_name: Option<Text>, "Node", "The guest's name there. Default: packer- and the build's id." => basic();
        run_list: Vec<Text>, "Run list", "Recipes and roles." => basic();
        chef_environment: Option<Text>, "Environment", "Environment of the run.";
        policy_name: Option<Text>, "Policy", "Name of the policy.";
        policy_group: Option<Text>, "Policy group", "Group of the policy.";
        json: Option<Json>, "Attributes", "Node attributes.";
        json_string: Option<Text>, "Attributes as text", "Node attributes as a JSON text.";
        config_template: Option<Text>, "Configuration", "Template of client.rb instead of the built-in one." => path(PathKind::File);
        chef_license: Option<Text>, "Licence", "How the licence is accepted. Default: accept-silent, unless Chef is not installed by the build.";
    }
    "Login" {
        validation_key_path: Option<Text>, "Validation key", "Key with which a new client is registered; uploaded." => path(PathKind::File).basic();
        validation_client_name: Option<Text>, "Validation client", "Name of the client the key belongs to." => basic();
        client_key: Option<Text>, "Client key", "Path in the guest of the client's own key. Default: client.pem in the staging folder.";
        encrypted_data_bag_secret_path: Option<Text>, "Data bag secret", "File with the secret of encrypted data bags." => path(PathKind::File);
        ssl_verify_mode: Option<Text>, "TLS check", "verify_none or verify_peer.";
        trusted_certs_dir: Option<Text>, "Trusted certificates", "Folder in the guest with further certificates.";
    }
    "How" {
        execute_command: Option<Text>, "Execute command", "Command that runs Chef; {{ .ConfigPath }}, {{ .JsonPath }} and {{ .Sudo }} are filled in." => late();
        knife_command: Option<Text>, "Knife command", "Command that runs knife at the end; {{ .Args }}, {{ .Flags }} and {{ .Sudo }} are filled in." => late();
        install_command: Option<Text>, "Install command", "Command that installs Chef; {{ .Sudo }} and {{ .Version }} are filled in." => late();
        skip_install: bool, "Chef is there", "Do not install Chef." => default("false").basic();
        skip_clean_client: bool, "Keep the client", "Leave the client on the server." => default("false");
        skip_clean_node: bool, "Keep the node", "Leave the node on the server." => default("false");
        skip_clean_staging_directory: bool, "Keep the staging folder", "Leave the staging folder in the guest." => default("false");
        version: Option<Text>, "Version", "Version of Chef that is installed.";
        prevent_sudo: bool, "No sudo", "Run without sudo." => default("false");
        staging_directory: Option<Text>, "Staging folder", "Folder in the guest. Default: /tmp/packer-chef-client.";
        guest_os_type: String, "Guest", "unix or windows." => default("unix").one_of(&["unix", "windows"]);
    }
}

options! {
    /// Options of the `inspec` provisioner: InSpec of this computer tests the guest.
    pub struct InspecOptions;
    "Profile" {
        profile: Text, "Profile", "The profile that is run: a folder, an archive or a URL." => required();
        command: Text, "Command", "The program." => default("inspec");
        attributes: Vec<Text>, "Inputs", "Files with inputs of the profile." => path(PathKind::File).basic();
        attributes_directory: Option<Text>, "Inputs folder", "Folder in which the file with the build's own inputs is made." => path(PathKind::Folder);
        extra_arguments: Vec<Text>, "Further arguments", "Arguments for inspec exec, not passed through a shell." => basic();
        inspec_env_vars: Vec<Text>, "Environment", "Environment variables for InSpec as NAME=value.";
        valid_exit_codes: Vec<i64>, "Valid exit codes", "Exit codes that mean success; 101 is a run with tests that were skipped." => default("[0, 101]");
    }
    "Connection" {
        backend: String, "Backend", "How InSpec reaches the guest." => default("ssh").one_of(&["ssh", "winrm", "docker", "local"]).basic();
        user: Option<Text>, "User", "The user InSpec logs in as.";
        host: Option<Text>, "Host", "Whom InSpec talks to with another backend than ssh.";
        local_port: u16, "Adapter port", "Port of the build's SSH server that passes on to the guest; any free one when 0." => default("0");
        ssh_host_key_file: Option<Text>, "Adapter host key", "Its private host key; one is made when not set." => path(PathKind::File);
        ssh_authorized_key_file: Option<Text>, "Adapter client key", "Public key that may log in to it; a pair is made when not set." => path(PathKind::File);
    }
}

options! {
    /// Options of the `salt-masterless` provisioner: `salt-call --local` in the guest.
    pub struct SaltMasterlessOptions;
    "States" {
        local_state_tree: Text, "States", "Folder with the states, uploaded." => required().path(PathKind::Folder);
        local_pillar_roots: Option<Text>, "Pillars", "Folder with the pillars, uploaded." => path(PathKind::Folder).basic();
        custom_state: Option<Text>, "State", "State that is applied instead of the highstate.";
        minion_config: Option<Text>, "Minion configuration", "Uploaded to /etc/salt/minion; excludes remote_state_tree and remote_pillar_roots." => path(PathKind::File);
        grains_file: Option<Text>, "Grains", "Uploaded to /etc/salt/grains." => path(PathKind::File);
        formulas: Vec<Text>, "Formulas", "Formulas of git; they are not fetched here: put them into local_state_tree beforehand.";
    }
    "How" {
        skip_bootstrap: bool, "Salt is there", "Do not install Salt." => default("false").basic();
        bootstrap_args: Option<Text>, "Bootstrap arguments", "Arguments for the bootstrap script.";
        disable_sudo: bool, "No sudo", "Run without sudo." => default("false");
        remote_state_tree: Option<Text>, "States in the guest", "Where the states are put. Default: /srv/salt.";
        remote_pillar_roots: Option<Text>, "Pillars in the guest", "Where the pillars are put. Default: /srv/pillar.";
        temp_config_dir: Option<Text>, "Staging folder", "Folder in the guest. Default: /tmp/salt.";
        no_exit_on_failure: bool, "Ignore failures", "Leave out --retcode-passthrough." => default("false");
        log_level: Option<Text>, "Log level", "Salt's log level.";
        salt_call_args: Option<Text>, "Further arguments", "Arguments for salt-call.";
        salt_bin_dir: Option<Text>, "Salt's folder", "Folder that holds salt-call.";
        guest_os_type: String, "Guest", "unix or windows." => default("unix").one_of(&["unix", "windows"]);
    }
}

options! {
    /// Options of the `goss` provisioner: goss tests run in the guest.
    pub struct GossOptions;
    "Tests" {
        tests: Vec<Text>, "Tests", "Files and folders uploaded." => required().path(PathKind::File);
        goss_file: Option<Text>, "Goss file", "File that is run, in the remote path." => basic();
        vars_file: Option<Text>, "Variables file", "File with variables, uploaded." => path(PathKind::File);
        vars_inline: BTreeMap<String, Text>, "Variables", "Variables for the tests.";
        vars_env: BTreeMap<String, Text>, "Environment", "Environment variables for goss.";
        retry_timeout: Text, "Retry for", "How long failing tests are tried again." => default("0s");
        sleep: Text, "Retry every", "Pause between tries." => default("1s");
        inspect: bool, "Only report", "Go on when tests fail." => default("false").basic();
        format: Option<String>, "Format", "Format of the report." => one_of(&["documentation", "json", "json_oneline", "junit", "nagios", "nagios_verbose", "rspecish", "silent", "tap"]);
        format_options: Option<String>, "Format options", "Options of the format." => one_of(&["perfdata", "verbose", "pretty"]);
        skip_download: bool, "No spec files", "Do not fetch the rendered spec files at the end." => default("false");
    }
    "Goss" {
        version: Text, "Version", "Version of goss." => default("0.4.2").basic();
        arch: Text, "Architecture", "Architecture of the guest." => default("amd64");
        url: Option<Text>, "URL", "Where goss is fetched from. Default: goss' releases";
        download_path: Option<Text>, "Path", "Where goss is put in the guest. Default: /tmp/goss-<version>-<system>-<architecture>.";
        username: Option<Text>, "User", "User for the download.";
        password: Option<Text>, "Password", "Password for the download." => secret();
        skip_ssl: bool, "Any certificate", "Accept any certificate for the download." => default("false");
        skip_install: bool, "Goss is there", "Do not fetch goss." => default("false");
        target_os: String, "Guest", "Linux or Windows." => default("Linux").one_of(&["Linux", "Windows"]);
        use_sudo: bool, "sudo", "Run the tests with sudo." => default("false");
        remote_folder: Text, "Remote folder", "Folder in the guest." => default("/tmp");
        remote_path: Option<Text>, "Remote path", "Where the tests are put. Default: goss in the remote folder.";
    }
}

options! {
    /// Options of the `reboot` provisioner: restarts a Unix guest and waits until it is back.
    pub struct RebootOptions;
    "Reboot" {
        command: Text, "Command", "Command that restarts the guest. Tried with sudo when the user is not root." => default("reboot").basic().source("goldsmith");
        restart_timeout: std::time::Duration, "Back within", "How long to wait for the guest to come back with another boot id." => default("5m").basic().source("goldsmith");
    }
}
