//! The target of a login.

use std::time::Duration;

use russh::MethodKind;

use super::hosts::Verify;
use crate::auth::AuthOptions;
use crate::error::{Error, SshError, SshFailure};

/// The host, the user, the credentials and the command to run.
#[derive(Debug)]
pub(crate) struct SshTarget<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) user: &'a str,
    pub(crate) command: String,
    /// The private key, if not one of the default files.
    pub(crate) key_file: Option<&'a str>,
    pub(crate) known_hosts: Option<&'a str>,
    pub(crate) verify: Verify,
    /// The methods to try, preferred ones first; `None` is all.
    pub(crate) methods: Option<Vec<Method>>,
    pub(crate) auth_file: Option<&'a str>,
    pub(crate) auth: &'a AuthOptions,
    /// The silence after which the host's kernel is asked for a sign of life, and the number of them
    /// in a row that may be missing.
    pub(crate) keepalive: Option<(Duration, u32)>,
}

impl SshTarget<'_> {
    pub(super) fn failed(&self, failure: SshFailure) -> Error {
        Error::Ssh(Box::new(SshError { host: self.host.to_owned(), failure }))
    }
}

/// An authentication method (`sshauth`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Agent,
    Key,
    Password,
    Interactive,
}

impl Method {
    pub(super) const ALL: [Self; 4] = [Self::Agent, Self::Key, Self::Password, Self::Interactive];

    /// Parses the name that libvirt's C client uses.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "agent" => Self::Agent,
            "privkey" => Self::Key,
            "password" => Self::Password,
            "keyboard-interactive" => Self::Interactive,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Key => "key",
            Self::Password => "password",
            Self::Interactive => "keyboard-interactive",
        }
    }

    pub(super) fn kind(self) -> MethodKind {
        match self {
            Self::Agent | Self::Key => MethodKind::PublicKey,
            Self::Password => MethodKind::Password,
            Self::Interactive => MethodKind::KeyboardInteractive,
        }
    }
}
