//! How the guest will be logged in to: the user's key or password, or a key made for this build.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use goldsmith_guest::{Bastion, KeyKind, KeyPair, PrivateKey, Secret, SshTarget};
use goldsmith_template::options::{Communicator, SshOptions};
use goldsmith_template::{Job, Place, Text};
use serde_json::json;

use crate::checkpoint::JobCheckpoints;
use crate::error::{Context as _, StepError};
use crate::names::Names;
use crate::pipeline::{Step, StepContext};
use crate::plan::{PlanError, Sketch, StepKind};
use crate::provision::sentence;
use crate::steps::settings::known;
use crate::work::PlanRequest;

/// Prepares the login.
pub(crate) struct PrepareLogin {
    pub(crate) username: String,
    /// A checkpoint opens with the key it was taken with.
    pub(crate) checkpoints: Option<JobCheckpoints>,
    password: Option<Secret>,
    key_file: Option<PathBuf>,
    certificate_file: Option<PathBuf>,
    agent: bool,
    bastion: Option<Way>,
    temporary: Option<KeyKind>,
    comment: String,
    names: Names,
}

/// Ways to log in.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) username: String,
    pub(crate) password: Option<Secret>,
    pub(crate) key: Option<PrivateKey>,
    /// The key made for this build, which must not stay in the image.
    pub(crate) temporary: Option<Arc<KeyPair>>,
    /// The agent whose keys are tried.
    pub(crate) agent: Option<PathBuf>,
    /// The server on the way.
    pub(crate) bastion: Option<Arc<Bastion>>,
}

/// How a bastion is logged in to.
struct Way {
    host: String,
    port: u16,
    username: String,
    password: Option<Secret>,
    key_file: Option<PathBuf>,
    certificate_file: Option<PathBuf>,
    agent: bool,
}

impl PrepareLogin {
    /// `always_key`: the source itself puts the temporary key into the guest.
    pub(crate) fn new(
        job: &Job,
        ssh: &SshOptions,
        names: &Names,
        request: &PlanRequest,
        always_key: bool,
    ) -> Result<Self, PlanError> {
        let place = &job.place;
        let text = |text: &Option<Text>, option: &str| match text {
            Some(text) if !text.is_empty() => known(text, option, place).map(Some),
            _ => Ok(None),
        };
        let password = text(&ssh.ssh_password, "ssh_password")?;
        let file = |named: &Option<Text>, option: &str| -> Result<Option<PathBuf>, PlanError> {
            Ok(text(named, option)?.map(|path| request.cwd.join(expand_home(&path, request))))
        };
        let key_file = file(&ssh.ssh_private_key_file, "ssh_private_key_file")?;
        let certificate_file = file(&ssh.ssh_certificate_file, "ssh_certificate_file")?;
        let username = text(&ssh.ssh_username, "ssh_username")?.unwrap_or_default();
        let bastion = match text(&ssh.ssh_bastion_host, "ssh_bastion_host")? {
            None => None,
            Some(host) => {
                let own = file(&ssh.ssh_bastion_private_key_file, "ssh_bastion_private_key_file")?;
                let certificate = file(&ssh.ssh_bastion_certificate_file, "ssh_bastion_certificate_file")?;
                // Without a key of its own the bastion is shown the guest's, with its certificate.
                let certificate_file =
                    if own.is_none() { certificate.or(certificate_file.clone()) } else { certificate };
                Some(Way {
                    host,
                    port: ssh.ssh_bastion_port,
                    username: text(&ssh.ssh_bastion_username, "ssh_bastion_username")?
                        .unwrap_or_else(|| username.clone()),
                    password: text(&ssh.ssh_bastion_password, "ssh_bastion_password")?.map(Secret::new),
                    key_file: own.or(key_file.clone()),
                    certificate_file,
                    agent: ssh.ssh_bastion_agent_auth,
                })
            }
        };
        // Packer makes a key for every build, RSA of 4096 bits, which takes seconds; one is made here when there
        // is no other way in or the template shows the public half to the guest.
        let other = password.is_some() || key_file.is_some() || ssh.ssh_agent_auth;
        let wanted = always_key || !other || mentions_key(job);
        Ok(Self {
            username,
            checkpoints: None,
            password: password.map(Secret::new),
            key_file,
            certificate_file,
            agent: ssh.ssh_agent_auth,
            bastion,
            temporary: if wanted { Some(kind(ssh, place)?) } else { None },
            comment: text(&ssh.temporary_key_pair_name, "temporary_key_pair_name")?
                .unwrap_or_else(|| "goldsmith-build".to_owned()),
            names: names.clone(),
        })
    }
}

/// The user the template logs in as.
pub(crate) fn login_user(job: &Job) -> Result<String, PlanError> {
    match &job.communicator {
        Communicator::Ssh { ssh, .. } => match &ssh.ssh_username {
            Some(user) if !user.is_empty() => known(user, "ssh_username", &job.place),
            _ => Ok(String::new()),
        },
        Communicator::Winrm { .. } | Communicator::None => Ok(String::new()),
    }
}

fn expand_home(path: &str, request: &PlanRequest) -> PathBuf {
    match (path.strip_prefix("~/"), &request.home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// Whether the template uses the temporary key by name.
fn mentions_key(job: &Job) -> bool {
    serde_json::to_string(job)
        .is_ok_and(|text| text.contains("SSHPublicKey") || text.contains("SSHPrivateKey"))
}

fn kind(ssh: &SshOptions, place: &Place) -> Result<KeyKind, PlanError> {
    let bits = ssh.temporary_key_pair_bits.filter(|bits| *bits > 0).map(|bits| bits as usize);
    match (ssh.temporary_key_pair_type.as_str(), bits) {
        // Packer's default. Ed25519 is made in no time and every OpenSSH since 6.5 (2014) takes it.
        ("rsa", None) | ("ed25519" | "", _) => Ok(KeyKind::Ed25519),
        ("rsa", Some(bits)) => Ok(KeyKind::Rsa { bits }),
        ("ecdsa", bits) => Ok(KeyKind::Ecdsa { bits: bits.unwrap_or(521) }),
        (other, _) => Err(PlanError::new(
            format!("temporary_key_pair_type = \"{other}\" is not possible: no SSH server takes such keys any more."),
            place,
        )
        .hint("Use \"ed25519\", \"ecdsa\" or \"rsa\".")),
    }
}

#[async_trait]
impl Step for PrepareLogin {
    type Output = Login;

    fn sketch(&self) -> Sketch {
        let title = match (&self.key_file, &self.temporary) {
            (None, Some(_)) => "Make a key for the login",
            _ => "Prepare the login",
        };
        Sketch::new(title, StepKind::Prepare).inputs(&json!({ "user": self.username }))
    }

    async fn run(&self, cx: &StepContext) -> Result<Login, StepError> {
        let mut login = Login {
            username: self.username.clone(),
            password: self.password.clone(),
            key: None,
            temporary: None,
            agent: None,
            bastion: None,
        };
        if self.agent {
            login.agent = Some(agent(cx, "ssh_agent_auth")?);
            self.names.set("SSHAgentAuth", "true");
        }
        if let Some(path) = &self.key_file {
            login.key = Some(key(cx, path, self.certificate_file.as_deref())?);
            self.names.set("SSHPrivateKeyFile", path.display().to_string());
        }
        if let Some(kind) = self.temporary {
            let pair = match self.kept(cx) {
                Some(pair) => pair,
                None => self.make(cx, kind).await?,
            };
            cx.build().journal.redactor().add([pair.private_openssh().expose()]);
            self.names.set("SSHPublicKey", pair.public_openssh());
            self.names.set("SSHPrivateKey", pair.private_openssh().expose());
            cx.hole_filled("build.SSHPublicKey", pair.public_openssh());
            login.temporary = Some(Arc::new(pair));
        } else if let Some(key) = &login.key {
            self.names.set("SSHPublicKey", key.public_openssh());
        }
        if let Some(way) = &self.bastion {
            login.bastion = Some(Arc::new(way.bastion(cx)?));
        }
        Ok(login)
    }
}

/// A private key of the user, with its certificate.
fn key(cx: &StepContext, path: &Path, certificate: Option<&Path>) -> Result<PrivateKey, StepError> {
    let wrong = |error: goldsmith_guest::KeyError| StepError::input(sentence(&error.to_string()));
    let text =
        std::fs::read_to_string(path).input(|| format!("Cannot read the private key {}", path.display()))?;
    cx.build().journal.redactor().add([&text]);
    let key = PrivateKey::parse(&Secret::new(text), None, &path.display().to_string()).map_err(wrong)?;
    let Some(certificate) = certificate else { return Ok(key) };
    let text = std::fs::read_to_string(certificate)
        .input(|| format!("Cannot read the certificate {}", certificate.display()))?;
    key.with_certificate(&text, &certificate.display().to_string()).map_err(wrong)
}

/// Where the user's agent listens.
fn agent(cx: &StepContext, option: &str) -> Result<PathBuf, StepError> {
    cx.build().agent.clone().ok_or_else(|| {
        StepError::input(format!("`{option}` is set, and there is no SSH agent (SSH_AUTH_SOCK is not set)."))
            .hint("Start one (eval $(ssh-agent)) and add the key (ssh-add), or use ssh_private_key_file.")
    })
}

impl Way {
    fn bastion(&self, cx: &StepContext) -> Result<Bastion, StepError> {
        let mut target = SshTarget::new(&self.host, self.port, &self.username);
        if self.agent {
            target = target.with_agent(agent(cx, "ssh_bastion_agent_auth")?);
        }
        if let Some(path) = &self.key_file {
            target = target.with_key(key(cx, path, self.certificate_file.as_deref())?);
        }
        if let Some(password) = &self.password {
            target = target.with_password(password.clone());
        }
        Ok(Bastion::new(target))
    }
}

impl PrepareLogin {
    async fn make(&self, cx: &StepContext, kind: KeyKind) -> Result<KeyPair, StepError> {
        let comment = self.comment.clone();
        cx.blocking(move |_| {
            KeyPair::generate(kind, &comment)
                .map_err(|error| StepError::environment(sentence(&error.to_string())))
        })
        .await
    }

    /// The key of the checkpoint the build begins from. One that cannot be read makes the checkpoint useless.
    fn kept(&self, cx: &StepContext) -> Option<KeyPair> {
        let checkpoints = self.checkpoints.as_ref()?;
        checkpoints.begins_from()?;
        let read = checkpoints.key().and_then(|text| {
            let text = text.ok_or_else(|| StepError::environment("It holds no key to log in with."))?;
            KeyPair::parse(text).map_err(|error| StepError::environment(sentence(&error.to_string())))
        });
        read.map_err(|error| checkpoints.give_up(cx, &error.full())).ok()
    }
}
