//! What the host may do of its own accord: show its key, which is verified, and say why it leaves.

use std::sync::{Arc, Mutex, PoisonError};

use russh::client::{self, ChannelOpenHandle, DisconnectReason, Msg, Session};
use russh::keys::{HashAlg, PublicKeyOrCertificate};
use russh::{Channel, ChannelOpenFailure};

use super::hosts::{HostKeyStatus, Hosts, Verify};
use super::leash::End;
use crate::auth::{CredentialCallback, CredentialRequest};
use crate::error::{Error, SshFailure};
use crate::files;
use crate::types::connect::CredentialType;

/// The reason why a login failed.
#[derive(Debug)]
pub(super) enum Refusal {
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

/// The message with which a host ended the connection.
#[derive(Debug, Clone, Default)]
pub(super) struct DisconnectMessage(Arc<Mutex<Option<String>>>);

impl DisconnectMessage {
    fn set(&self, words: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
    }

    pub(super) fn take(&self) -> Option<String> {
        let mut words = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        words.take().filter(|words| !words.is_empty())
    }
}

/// The handler that verifies the host's key, and lets the host open no channels: each would be kept
/// until the host closes it.
pub(super) struct Guard {
    pub(super) hosts: Hosts,
    pub(super) verify: Verify,
    pub(super) callback: Option<CredentialCallback>,
    pub(super) host: String,
    pub(super) port: u16,
    /// The end of the opening, or of the session.
    pub(super) end: End,
    pub(super) disconnect_message: DisconnectMessage,
}

impl client::Handler for Guard {
    type Error = Refusal;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, Refusal> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else {
            // Certificates were not asked for.
            return Ok(false);
        };
        if self.verify == Verify::Ignore {
            return Ok(true);
        }
        let kind = key.algorithm();
        let shown = format!("{kind} {}", key.fingerprint(HashAlg::Sha256));
        match self.hosts.judge(key) {
            HostKeyStatus::Known => Ok(true),
            HostKeyStatus::Changed { file, line } => {
                Err(SshFailure::ChangedHost { key: shown, file, line }.into())
            }
            HostKeyStatus::Unknown => {
                if !self.is_accepted(&shown).await? {
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
            self.disconnect_message.set(info.message);
        }
        Ok(())
    }

    async fn server_channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Refusal> {
        reject(reply).await
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Refusal> {
        reject(reply).await
    }

    async fn server_channel_open_direct_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Refusal> {
        reject(reply).await
    }

    async fn server_channel_open_x11(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Refusal> {
        reject(reply).await
    }

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Refusal> {
        reject(reply).await
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Refusal> {
        reject(reply).await
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Refusal> {
        reject(reply).await
    }
}

async fn reject(reply: ChannelOpenHandle) -> Result<(), Refusal> {
    reply.reject(ChannelOpenFailure::AdministrativelyProhibited).await;
    Ok(())
}

impl Guard {
    /// Returns whether the key may be stored; fails once nobody waits for the opening any more.
    async fn is_accepted(&mut self, key: &str) -> Result<bool, Refusal> {
        if self.verify == Verify::Auto {
            return Ok(true);
        }
        let Some(callback) = &self.callback else {
            return Ok(false);
        };
        let prompt =
            format!("Accept the SSH host key {key} of {} port {}? (y/n)", self.host, self.port);
        let answer = callback.ask(CredentialRequest {
            kind: CredentialType::Echoprompt,
            host: self.host.clone(),
            method: "SSH host key".to_owned(),
            user: None,
            prompt,
        });
        let answer = tokio::select! {
            biased;
            () = self.end.reached() => None,
            answer = answer => answer,
        };
        // The end may have come while the callback ran.
        if self.end.is_reached() {
            return Err(russh::Error::Disconnect.into());
        }
        Ok(answer.is_some_and(|answer| matches!(answer.expose().trim(), "y" | "Y" | "yes")))
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
