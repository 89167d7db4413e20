//! How the guest will be logged in to: the user's key or password, or a key made for this build.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use goldsmith_guest::{KeyKind, KeyPair, PrivateKey, Secret};
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
        let key_file = text(&ssh.ssh_private_key_file, "ssh_private_key_file")?
            .map(|path| expand_home(&path, request))
            .map(|path| request.cwd.join(path));
        // Packer makes a key for every build, RSA of 4096 bits, which takes seconds; one is made here when there
        // is no other way in or the template shows the public half to the guest.
        let wanted = always_key || (password.is_none() && key_file.is_none()) || mentions_key(job);
        Ok(Self {
            username: text(&ssh.ssh_username, "ssh_username")?.unwrap_or_default(),
            checkpoints: None,
            password: password.map(Secret::new),
            key_file,
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
        };
        if let Some(path) = &self.key_file {
            let text = std::fs::read_to_string(path)
                .input(|| format!("Cannot read the private key {}", path.display()))?;
            cx.build().journal.redactor().add([&text]);
            let origin = path.display().to_string();
            login.key = Some(
                PrivateKey::parse(&Secret::new(text), None, &origin)
                    .map_err(|error| StepError::input(sentence(&error.to_string())))?,
            );
            self.names.set("SSHPrivateKeyFile", origin);
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
        Ok(login)
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
