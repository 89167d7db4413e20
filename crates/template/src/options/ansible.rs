//! Options of the Ansible provisioners.

use super::Settings;
use super::decode::options;
use super::provisioners::exactly_one;
use super::spec::PathKind;
use crate::text::Text;

options! {
    /// Options of the `ansible` provisioner: Ansible of this computer configures the guest.
    pub struct AnsibleOptions;
    "Playbook" {
        playbook_file: Text, "Playbook", "The playbook that is run." => required().path(PathKind::File);
        command: Text, "Command", "The program." => default("ansible-playbook");
        extra_arguments: Vec<Text>, "Further arguments", "Arguments for ansible-playbook, not passed through a shell." => basic();
        ansible_env_vars: Vec<Text>, "Environment", "Environment variables for Ansible as NAME=value.";
        ansible_ssh_extra_args: Vec<Text>, "SSH arguments", "Given to Ansible as --ssh-extra-args. Default: -o IdentitiesOnly=yes";
        skip_version_check: bool, "No version check", "Do not ask Ansible for its version first." => default("false");
    }
    "Inventory" {
        groups: Vec<Text>, "Groups", "Groups the guest is put in." => basic();
        empty_groups: Vec<Text>, "Empty groups", "Groups that exist and hold nobody.";
        host_alias: Text, "Host name", "The guest's name in the inventory." => default("default").basic();
        inventory_file: Option<Text>, "Inventory", "An inventory of your own." => path(PathKind::File);
        inventory_directory: Option<Text>, "Inventory folder", "Folder in which the inventory is made." => path(PathKind::Folder);
        inventory_file_template: Option<Text>, "Inventory line", "Template of the guest's line; {{ .HostAlias }}, {{ .Host }}, {{ .User }} and {{ .Port }} are filled in." => late();
        keep_inventory_file: bool, "Keep the inventory", "Leave the inventory that was made." => default("false");
    }
    "Connection" {
        user: Option<Text>, "User", "The user Ansible logs in as. Default: the user of this computer, or of the guest without the adapter.";
        use_proxy: Option<bool>, "Adapter", "Let Ansible reach the guest through an SSH server of the build on this computer; false: directly. Default: true" => basic();
        local_port: u16, "Adapter port", "Port of that server; any free one when 0." => default("0");
        ssh_host_key_file: Option<Text>, "Adapter host key", "Its private host key; one is made when not set." => path(PathKind::File);
        ssh_authorized_key_file: Option<Text>, "Adapter client key", "Public key that may log in to it; a pair is made when not set." => path(PathKind::File);
        ansible_proxy_key_type: String, "Adapter key type", "Type of the keys made for it." => default("ECDSA").one_of(&["ECDSA", "RSA", "ecdsa", "rsa"]);
        sftp_command: Text, "SFTP server", "Program in the guest that serves SFTP to Ansible." => default("/usr/lib/sftp-server -e");
        use_sftp: bool, "Use SFTP", "Let Ansible copy files by SFTP instead of scp." => default("false");
        ansible_winrm_use_http: bool, "WinRM over HTTP", "Tell Ansible to use WinRM without TLS." => default("false");
    }
    "Galaxy" {
        galaxy_file: Option<Text>, "Requirements", "Roles and collections to install first." => path(PathKind::File);
        galaxy_command: Text, "Galaxy command", "The program that installs them." => default("ansible-galaxy");
        galaxy_force_install: bool, "Install again", "Install them even when they are there." => default("false");
        galaxy_force_with_deps: bool, "Install all again", "The same with what they depend on." => default("false");
        roles_path: Option<Text>, "Roles folder", "Where roles are installed.";
        collections_path: Option<Text>, "Collections folder", "Where collections are installed.";
    }
}

options! {
    /// Options of the `ansible-local` provisioner: Ansible in the guest configures it.
    pub struct AnsibleLocalOptions;
    "Playbook" {
        playbook_file: Option<Text>, "Playbook", "The playbook that is uploaded and run." => path(PathKind::File).basic();
        playbook_files: Vec<Text>, "Playbooks", "Playbooks that are run one after another." => path(PathKind::File).basic();
        playbook_dir: Option<Text>, "Ansible folder", "Folder uploaded as the staging folder." => path(PathKind::Folder);
        playbook_paths: Vec<Text>, "Playbook folders", "Folders uploaded below playbooks." => path(PathKind::Folder);
        role_paths: Vec<Text>, "Roles", "Role folders uploaded below roles." => path(PathKind::Folder);
        collection_paths: Vec<Text>, "Collections", "Collection folders uploaded below collections." => path(PathKind::Folder);
        group_vars: Option<Text>, "Group variables", "Folder uploaded as group_vars." => path(PathKind::Folder);
        host_vars: Option<Text>, "Host variables", "Folder uploaded as host_vars." => path(PathKind::Folder);
        command: Text, "Command", "How ansible-playbook is run in the guest." => default("ANSIBLE_FORCE_COLOR=1 PYTHONUNBUFFERED=1 ansible-playbook");
        extra_arguments: Vec<Text>, "Further arguments", "Arguments for ansible-playbook." => basic();
    }
    "Inventory" {
        inventory_file: Option<Text>, "Inventory", "An inventory of your own." => path(PathKind::File);
        inventory_groups: Vec<Text>, "Groups", "Groups 127.0.0.1 is put in.";
    }
    "Staging" {
        staging_directory: Option<Text>, "Staging folder", "Folder in the guest. Default: /tmp/packer-provisioner-ansible-local/<id>.";
        clean_staging_directory: bool, "Remove it", "Remove the staging folder at the end." => default("false");
    }
    "Galaxy" {
        galaxy_file: Option<Text>, "Requirements", "Roles and collections to install first." => path(PathKind::File);
        galaxy_command: Text, "Galaxy command", "The program that installs them." => default("ansible-galaxy");
        galaxy_force_install: bool, "Install again", "Install them even when they are there." => default("false");
        galaxy_roles_path: Option<Text>, "Roles folder", "Where roles are installed in the guest.";
        galaxy_collections_path: Option<Text>, "Collections folder", "Where collections are installed in the guest.";
    }
}

impl AnsibleLocalOptions {
    /// Checks what the options must satisfy together.
    pub fn settle(&mut self, settings: &mut Settings) {
        exactly_one(settings, &["playbook_file", "playbook_files"]);
    }
}
