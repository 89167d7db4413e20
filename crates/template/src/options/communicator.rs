//! Options of the communicators: how a machine is reached.

use super::decode::options;
use super::spec::PathKind;
use super::{OptionSpec, Settings};
use crate::text::Text;
use serde::{Deserialize, Serialize};
use std::time::Duration;

options! {
    /// What all communicators share.
    pub struct CommonOptions;
    "Connection" {
        communicator: String, "Communicator", "How the guest is reached." => default("ssh").one_of(&["ssh", "winrm", "none"]).basic();
        pause_before_connecting: Duration, "Pause before connecting", "After the first connection, wait this long and connect again." => default("0s");
    }
}

options! {
    /// Options of the `ssh` communicator.
    pub struct SshOptions;
    "SSH" {
        ssh_host: Option<Text>, "Host", "Address of the guest; the source knows it.";
        ssh_port: u16, "Port", "Port of the SSH server in the guest." => default("22").range(1, 65535);
        ssh_username: Option<Text>, "User", "User to log in as." => basic();
        ssh_password: Option<Text>, "Password", "Password, also for keyboard-interactive." => secret().basic();
        ssh_private_key_file: Option<Text>, "Private key", "Private key to log in with." => path(PathKind::File).basic();
        ssh_certificate_file: Option<Text>, "Certificate", "Certificate for the private key." => path(PathKind::File);
        ssh_keypair_name: Option<Text>, "Key pair name", "Name of a key pair of a cloud; not used here.";
        temporary_key_pair_name: Option<Text>, "Temporary key name", "Comment of the temporary key.";
        temporary_key_pair_type: String, "Temporary key type", "Type of the key made for this build." => default("rsa").one_of(&["rsa", "ecdsa", "ed25519", "dsa"]);
        temporary_key_pair_bits: Option<u32>, "Temporary key bits", "Size of the temporary key. Default: 4096 for rsa, 521 for ecdsa.";
        ssh_clear_authorized_keys: bool, "Remove temporary key", "Remove the temporary key from authorized_keys at the end." => default("false");
        ssh_agent_auth: bool, "Use the agent", "Log in with the keys of the SSH agent." => default("false");
        ssh_disable_agent_forwarding: bool, "No agent forwarding", "Do not forward the agent to the guest." => default("false");
        ssh_timeout: Option<Duration>, "Timeout", "How long to wait for SSH. Default 5m when ssh_handshake_attempts is not set either." => basic();
        ssh_wait_timeout: Option<Duration>, "Timeout", "Old name of ssh_timeout; wins over it." => deprecated("use ssh_timeout");
        ssh_handshake_attempts: Option<u32>, "Login attempts", "How many refused logins to accept. Default 10 when ssh_timeout is not set either, else no limit.";
        ssh_pty: bool, "Terminal", "Ask for a terminal." => default("false");
        ssh_file_transfer_method: String, "File transfer", "How files are copied." => default("scp").one_of(&["scp", "sftp"]);
        ssh_keep_alive_interval: Option<Duration>, "Keep-alive", "Pause between keep-alive messages; default 5s, negative is off.";
        ssh_read_write_timeout: Option<Duration>, "Read and write timeout", "How long one read or write may take; off when not set.";
        ssh_ciphers: Vec<String>, "Ciphers", "Ciphers offered, instead of the default ones.";
        ssh_key_exchange_algorithms: Vec<String>, "Key exchange", "Key exchange algorithms offered, instead of the default ones.";
        ssh_bastion_host: Option<Text>, "Bastion", "Host to connect through.";
        ssh_bastion_port: u16, "Bastion port", "Its port." => default("22");
        ssh_bastion_username: Option<Text>, "Bastion user", "User on the bastion.";
        ssh_bastion_password: Option<Text>, "Bastion password", "Password on the bastion." => secret();
        ssh_bastion_interactive: bool, "Bastion interactive", "Ask for the bastion's password." => default("false");
        ssh_bastion_agent_auth: bool, "Bastion agent", "Log in to the bastion with the agent's keys." => default("false");
        ssh_bastion_private_key_file: Option<Text>, "Bastion key", "Private key for the bastion; default the main key." => path(PathKind::File);
        ssh_bastion_certificate_file: Option<Text>, "Bastion certificate", "Certificate for the bastion's key." => path(PathKind::File);
        ssh_proxy_host: Option<Text>, "Proxy", "SOCKS5 proxy to connect through.";
        ssh_proxy_port: u16, "Proxy port", "Its port." => default("1080");
        ssh_proxy_username: Option<Text>, "Proxy user", "User at the proxy.";
        ssh_proxy_password: Option<Text>, "Proxy password", "Password at the proxy." => secret();
        ssh_remote_tunnels: Vec<Text>, "Remote tunnels", "port:host:port, from the guest to here.";
        ssh_local_tunnels: Vec<Text>, "Local tunnels", "port:host:port, from here to the guest.";
        ssh_public_key: Option<Text>, "Public key", "Used by Packer internally.";
        ssh_private_key: Option<Text>, "Private key text", "Used by Packer internally." => secret();
    }
}

options! {
    /// Options of the `winrm` communicator.
    pub struct WinrmOptions;
    "WinRM" {
        winrm_host: Option<Text>, "Host", "Address of the guest; the source knows it.";
        winrm_port: Option<u16>, "Port", "Port of WinRM in the guest. Default 5985, with TLS 5986.";
        winrm_username: Option<Text>, "User", "User to log in as." => basic();
        winrm_password: Option<Text>, "Password", "Password." => secret().basic();
        winrm_timeout: Duration, "Timeout", "How long to wait for WinRM." => default("30m").basic();
        winrm_use_ssl: bool, "TLS", "Connect by HTTPS." => default("false");
        winrm_insecure: bool, "Any certificate", "Accept any certificate." => default("false");
        winrm_use_ntlm: bool, "NTLM", "Log in by NTLM instead of basic authentication." => default("false");
        winrm_no_proxy: bool, "No proxy", "Do not use a proxy." => default("false");
    }
}

/// How a machine is reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "communicator", rename_all = "snake_case")]
pub enum Communicator {
    /// By SSH.
    Ssh {
        /// What all communicators share.
        common: CommonOptions,
        /// Its options, with the rules about timeouts applied.
        ssh: Box<SshOptions>,
    },
    /// By WinRM.
    Winrm {
        /// What all communicators share.
        common: CommonOptions,
        /// Its options.
        winrm: Box<WinrmOptions>,
    },
    /// Not at all.
    None,
}

/// The tables of every communicator option: all of them are accepted whichever is chosen.
pub const COMMUNICATOR: &[&[OptionSpec]] =
    &[CommonOptions::OPTIONS, SshOptions::OPTIONS, WinrmOptions::OPTIONS];

impl Communicator {
    /// Reads the options of the communicator the block chose.
    ///
    /// `user_default` is who to log in as when the template does not say: a source that makes the user itself
    /// knows it.
    pub fn decode(settings: &mut Settings, user_default: Option<&str>) -> Communicator {
        let common = CommonOptions::decode(settings);
        match common.communicator.as_str() {
            "none" => Communicator::None,
            "winrm" => {
                let mut winrm = WinrmOptions::decode(settings);
                if winrm.winrm_username.is_none() {
                    winrm.winrm_username = user_default.map(Text::from);
                }
                if winrm.winrm_username.is_none() {
                    settings.missing_with_help(
                        "winrm_username",
                        "\"winrm_username\" must be set",
                        "the user to log in as over WinRM",
                    );
                }
                winrm.winrm_port.get_or_insert(if winrm.winrm_use_ssl { 5986 } else { 5985 });
                Communicator::Winrm { common, winrm: Box::new(winrm) }
            }
            _ => {
                let mut ssh = SshOptions::decode(settings);
                ssh.settle(user_default, settings);
                Communicator::Ssh { common, ssh: Box::new(ssh) }
            }
        }
    }
}

impl Communicator {
    /// Checks what must be said of a host that no source makes: where it is, and one way to log in to it (as Packer's
    /// null builder asks).
    pub(crate) fn check_host(&self, settings: &mut Settings) {
        let unset = |text: &Option<Text>| text.as_ref().is_none_or(Text::is_empty);
        match self {
            Communicator::None => {}
            Communicator::Winrm { winrm, .. } => {
                for (name, value) in
                    [("winrm_host", &winrm.winrm_host), ("winrm_password", &winrm.winrm_password)]
                {
                    if unset(value) {
                        let message = format!("\"{name}\" must be set");
                        settings.missing_with_help(name, &message, "the machine to provision runs already");
                    }
                }
            }
            Communicator::Ssh { ssh, .. } => {
                if unset(&ssh.ssh_host) {
                    settings.missing_with_help(
                        "ssh_host",
                        "\"ssh_host\" must be set",
                        "the machine to provision",
                    );
                }
                let ways = [
                    ("ssh_agent_auth", ssh.ssh_agent_auth),
                    ("ssh_password", !unset(&ssh.ssh_password)),
                    ("ssh_private_key_file", !unset(&ssh.ssh_private_key_file)),
                ];
                let set: Vec<&str> = ways.iter().filter(|(_, set)| *set).map(|(name, _)| *name).collect();
                match set.as_slice() {
                    [] => settings.missing_with_help(
                        "ssh_private_key_file",
                        "one of \"ssh_agent_auth\", \"ssh_password\" and \"ssh_private_key_file\" must be set",
                        "a host that runs already knows no temporary key",
                    ),
                    [_] => {}
                    [_, second, ..] => {
                        let message = format!("only one of {} may be set", set.join(" and "));
                        settings.problem(second, "option.conflict", message);
                    }
                }
            }
        }
    }
}

impl SshOptions {
    /// Applies the rules that tie options together (packer.md 5).
    fn settle(&mut self, user_default: Option<&str>, settings: &mut Settings) {
        if self.ssh_username.is_none() {
            self.ssh_username = user_default.map(Text::from);
        }
        if self.ssh_username.as_ref().is_none_or(Text::is_empty) {
            settings.missing_with_help(
                "ssh_username",
                "\"ssh_username\" must be set",
                "the user to log in as over SSH, or communicator = \"none\" for a machine nobody logs in to",
            );
        }
        // Both unset: 5 minutes and 10 attempts. Only one set: no limit on the other.
        if let Some(old) = self.ssh_wait_timeout {
            self.ssh_timeout = Some(old);
        }
        let positive = |d: &Duration| !d.is_zero();
        self.ssh_timeout = self.ssh_timeout.filter(positive);
        self.ssh_handshake_attempts = self.ssh_handshake_attempts.filter(|n| *n > 0);
        if self.ssh_timeout.is_none() && self.ssh_handshake_attempts.is_none() {
            self.ssh_timeout = Some(Duration::from_secs(300));
            self.ssh_handshake_attempts = Some(10);
        }
        if self.ssh_certificate_file.is_some() && self.ssh_private_key_file.is_none() {
            settings.problem(
                "ssh_certificate_file",
                "option.conflict",
                "\"ssh_certificate_file\" needs \"ssh_private_key_file\"",
            );
        }
        if self.ssh_bastion_host.is_some() && self.ssh_proxy_host.is_some() {
            settings.problem(
                "ssh_proxy_host",
                "option.conflict",
                "only one of \"ssh_bastion_host\" and \"ssh_proxy_host\" may be set",
            );
        }
    }
}
