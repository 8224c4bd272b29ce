//! SSH inside this process: a login on the host, and a command there that reaches the daemon.

mod channel;
mod hosts;
mod login;

use std::borrow::Cow;
use std::env;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use russh::client::{self, DisconnectReason};
use russh::keys::ssh_key::Algorithm;
use russh::keys::{HashAlg, PublicKeyOrCertificate};
use tokio::time::Instant;

use super::{Transport, tcp};
use crate::auth::AuthOptions;
use crate::error::{Error, Result, SshError, SshFailure};
use crate::files;
use hosts::{HostKeyStatus, Hosts};

pub(crate) use hosts::Verify;
pub(crate) use login::Method;

/// Where to log in as whom, and what to run there.
#[derive(Debug)]
pub(crate) struct SshTarget<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) user: &'a str,
    pub(crate) command: String,
    /// The private key, if it is not where keys usually are.
    pub(crate) key_file: Option<&'a str>,
    pub(crate) known_hosts: Option<&'a str>,
    pub(crate) verify: Verify,
    /// How to log in, most wanted first; `None` is everything.
    pub(crate) methods: Option<Vec<Method>>,
    pub(crate) auth_file: Option<&'a str>,
    pub(crate) auth: &'a AuthOptions,
    /// The silence after which the host is asked for a sign of life, and how many such requests in a
    /// row may stay without one.
    pub(crate) keepalive: Option<(Duration, u32)>,
}

/// Logs in, and gives the command's standard input and output.
pub(crate) async fn connect(
    target: &SshTarget<'_>,
    deadline: Option<Instant>,
) -> Result<Transport> {
    let (host, port) = (target.host.to_owned(), target.port);
    let file = target.known_hosts.map(PathBuf::from);
    let hosts = files::on_thread(move || {
        let file = file.unwrap_or_else(usual_known_hosts);
        Hosts::load(&host, port, file)
    });
    let hosts = hosts.await?.map_err(|failure| target.failed(failure))?;
    let mut config = client::Config::default();
    if let Some((interval, count)) = target.keepalive {
        config.keepalive_interval = Some(interval);
        config.keepalive_max = usize::try_from(count).unwrap_or(usize::MAX);
    }
    // Of its keys the host is to show one that is known.
    config.preferred.key = Cow::Owned(algorithms(&hosts));
    let last_words = LastWords::default();
    let guard = Guard {
        hosts,
        verify: target.verify,
        callback: target.auth.callback.clone(),
        host: target.host.to_owned(),
        port: target.port,
        last_words: last_words.clone(),
    };
    let stream = tcp::dial(target.host, target.port, deadline).await?;
    let session = async {
        let mut session = client::connect_stream(Arc::new(config), stream, guard).await?;
        login::login(&mut session, target).await?;
        channel::open(session, target).await
    };
    session.await.map_err(|refusal| match refusal {
        Refusal::Error(error) => *error,
        Refusal::Failure(failure) => target.failed(*failure),
        // What the host said of it is better than what became of it here.
        Refusal::Ssh(error) => target
            .failed(SshFailure::Broken(last_words.take().unwrap_or_else(|| error.to_string()))),
    })
}

impl SshTarget<'_> {
    fn failed(&self, failure: SshFailure) -> Error {
        Error::Ssh(Box::new(SshError { host: self.host.to_owned(), failure }))
    }
}

/// The file with hosts' keys that C's clients use with `libssh`.
fn usual_known_hosts() -> PathBuf {
    let config = env::var_os("XDG_CONFIG_HOME").filter(|dir| !dir.is_empty());
    let config = config.map(PathBuf::from);
    let config = config.unwrap_or_else(|| env::home_dir().unwrap_or_default().join(".config"));
    config.join("libvirt/known_hosts")
}

/// The kinds of host keys to ask for, known ones first.
fn algorithms(hosts: &Hosts) -> Vec<Algorithm> {
    let usual = client::Config::default().preferred.key;
    let mut algorithms: Vec<_> = usual
        .iter()
        // Signed with SHA-1.
        .filter(|it| **it != Algorithm::Rsa { hash: None })
        .cloned()
        .collect();
    algorithms.sort_by_key(|it| {
        let kind = match it {
            Algorithm::Rsa { .. } => Algorithm::Rsa { hash: None },
            other => other.clone(),
        };
        !hosts.has_kind(&kind)
    });
    algorithms
}

/// Why there is no login.
#[derive(Debug)]
enum Refusal {
    Ssh(russh::Error),
    Failure(Box<SshFailure>),
    Error(Box<Error>),
}

impl From<russh::Error> for Refusal {
    fn from(error: russh::Error) -> Self {
        Self::Ssh(error)
    }
}

impl From<SshFailure> for Refusal {
    fn from(failure: SshFailure) -> Self {
        Self::Failure(Box::new(failure))
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Error(Box::new(error))
    }
}

/// What a host said when it ended the connection.
#[derive(Debug, Clone, Default)]
struct LastWords(Arc<Mutex<Option<String>>>);

impl LastWords {
    fn set(&self, words: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
    }

    fn take(&self) -> Option<String> {
        let mut words = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        words.take().filter(|words| !words.is_empty())
    }
}

/// Looks at the host's key.
struct Guard {
    hosts: Hosts,
    verify: Verify,
    callback: Option<crate::auth::CredentialCallback>,
    host: String,
    port: u16,
    last_words: LastWords,
}

impl client::Handler for Guard {
    type Error = Refusal;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, Refusal> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else {
            // It was not asked for.
            return Ok(false);
        };
        if self.verify == Verify::Ignore {
            return Ok(true);
        }
        let kind = key.algorithm();
        let shown = format!("{kind} {}", key.fingerprint(HashAlg::Sha256));
        match self.hosts.judge(key) {
            HostKeyStatus::Known => Ok(true),
            HostKeyStatus::Changed { line } => Err(SshFailure::ChangedHost {
                key: shown,
                file: self.hosts.file().to_owned(),
                line,
            }
            .into()),
            HostKeyStatus::Unknown => {
                if !self.is_accepted(&shown).await {
                    let file = self.hosts.file().to_owned();
                    return Err(SshFailure::UnknownHost { key: shown, file }.into());
                }
                let (hosts, key) = (self.hosts.clone(), key.clone());
                files::on_thread(move || hosts.add(&key)).await??;
                Ok(true)
            }
        }
    }

    async fn disconnected(&mut self, reason: DisconnectReason<Refusal>) -> Result<(), Refusal> {
        if let DisconnectReason::ReceivedDisconnect(info) = reason {
            self.last_words.set(info.message);
        }
        Ok(())
    }
}

impl Guard {
    async fn is_accepted(&self, key: &str) -> bool {
        if self.verify == Verify::Auto {
            return true;
        }
        let Some(callback) = &self.callback else {
            return false;
        };
        let prompt =
            format!("Accept the SSH host key {key} of {} port {}? (y/n)", self.host, self.port);
        let answer = callback.ask(crate::auth::CredentialRequest {
            kind: crate::types::connect::CredentialType::Echoprompt,
            host: self.host.clone(),
            method: "SSH host key".to_owned(),
            user: None,
            prompt,
        });
        let answer = answer.await;
        answer.is_some_and(|answer| matches!(answer.expose().trim(), "y" | "Y" | "yes"))
    }
}
