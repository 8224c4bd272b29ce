//! What can be done about an error.

use std::io::{self, ErrorKind};

use super::{
    AuthError, CloseReason, Error, NetworkError, Presence, ProtocolError, RemoteError, SshFailure,
    TlsError, TunnelFailure, Waiting,
};
use crate::types::error::ErrorCode;

/// # What to do
///
/// See the [guide](crate::guide::errors) for when to ask which.
impl Error {
    /// Returns whether the daemon reported that something does not exist: an object (the codes
    /// `VIR_ERR_NO_DOMAIN`, `VIR_ERR_NO_NETWORK`, …), a device of a domain (the code
    /// `VIR_ERR_DEVICE_MISSING`), or a property of an object, such as its metadata or host name.
    ///
    /// For a device's alias and an entry of a network there is no code, so that their recognition
    /// needs a daemon that speaks English.
    ///
    /// [`Optional::optional`](super::Optional::optional) turns such errors into `None`.
    pub fn is_not_found(&self) -> bool {
        let has_code = self.code().is_some_and(means_not_found);
        has_code || self.report().is_some_and(RemoteError::says_not_found)
    }

    /// Returns whether the daemon refused to make or define an object because there is one of that
    /// name or UUID, with whichever error code it reports that.
    ///
    /// For a name that belongs to another UUID, a transient object that is active already, the volume
    /// that a copy is to be, and an entry of a network, there is no code, so that their recognition
    /// needs a daemon that speaks English.
    ///
    /// Look the object up and compare, or take another name. An object that is defined again under
    /// its own name and UUID is changed, which is no error.
    pub fn is_already_exists(&self) -> bool {
        self.report().is_some_and(RemoteError::is_already_exists)
    }

    /// Returns whether an object was to be started that runs, or resumed that is not paused: it is in
    /// the state that was asked for.
    ///
    /// Holds for domains, networks, storage pools, host interfaces and node devices. There is no code
    /// for it, so that its recognition needs a daemon that speaks English. The test driver gives no
    /// reason for interfaces, which are not recognised there.
    ///
    /// What is to be created from XML and runs is [there already](Self::is_already_exists).
    pub fn is_already_active(&self) -> bool {
        self.report().is_some_and(RemoteError::is_already_active)
    }

    /// Returns whether something was asked of an object that only one that runs can do, its own end
    /// included.
    ///
    /// Holds for the same objects as [`is_already_active`](Self::is_already_active), and needs a
    /// daemon that speaks English, too. A domain that is paused runs for most calls, but not for those
    /// that need its processors.
    pub fn is_not_active(&self) -> bool {
        self.report().is_some_and(RemoteError::is_not_active)
    }

    /// Returns whether the input was wrong: an argument, XML or URI that will be refused again unless
    /// it is changed.
    ///
    /// The daemon says of an argument that it is wrong (`VIR_ERR_INVALID_ARG`) also where it names
    /// something that an object does not have, such as a disk, or a job of a disk. What is right but
    /// more than the daemon or its driver can do is [unsupported](Self::is_unsupported) or has the
    /// code `VIR_ERR_CONFIG_UNSUPPORTED`.
    pub fn is_invalid(&self) -> bool {
        match self.cause() {
            Self::InvalidArgument { .. } | Self::Uri { .. } => true,
            Self::Remote(error) => error.is_invalid(),
            _ => false,
        }
    }

    /// Returns whether the agent in the guest did not answer:
    ///
    /// - It does not run, not yet, or no more, or the daemon waited for its first sign in vain
    ///   (`VIR_ERR_AGENT_UNRESPONSIVE`): most likely nothing was done.
    /// - It took the command and did not answer in time (`VIR_ERR_AGENT_COMMAND_TIMEOUT`, from libvirt
    ///   11.2 on; before that the same code as above): it may still do it, so that
    ///   [`is_outcome_unknown`](Self::is_outcome_unknown) holds, too.
    ///
    /// A domain without a channel for an agent [does not support](Self::is_unsupported) questions to
    /// it.
    pub fn is_agent_unavailable(&self) -> bool {
        matches!(self.code(), Some(ErrorCode::AgentUnresponsive | ErrorCode::AgentCommandTimeout))
    }

    /// Returns whether the daemon or its driver does not support the operation, with whichever
    /// error code it reports that. Flags and programs that it does not know are recognised from a
    /// daemon that speaks English.
    pub fn is_unsupported(&self) -> bool {
        match self.cause() {
            Self::Unsupported(_) => true,
            Self::Remote(error) => error.is_unsupported(),
            _ => false,
        }
    }

    /// Returns whether somebody refused this user: the daemon, polkit, the login over SSH, a
    /// daemon's check of certificates, or this host's file system (its sockets and the client's
    /// files). A read-only connection's refusal of changes is one, too.
    ///
    /// Repeating is of no use before somebody grants the right: a rule of polkit's, a group, a
    /// password, another user in the URI. Files of the daemon's host that the daemon may not open
    /// are none of this user's rights: those errors have the code `VIR_ERR_SYSTEM_ERROR`.
    pub fn is_permission_denied(&self) -> bool {
        let denied = |error: &io::Error| error.kind() == ErrorKind::PermissionDenied;
        match self.cause() {
            Self::ReadOnly(_) => true,
            Self::Remote(error) => is_refusal(error.code),
            Self::Auth(error) => matches!(**error, AuthError::Refused { .. }),
            Self::Connect { source, .. } | Self::Unreadable { source, .. } | Self::File(source) => {
                denied(source)
            }
            Self::Tls { source, .. } => matches!(**source, TlsError::Refused { .. }),
            Self::Ssh(error) => matches!(error.failure, SshFailure::Refused { .. }),
            Self::Tunnel(error) => error.says("Permission denied"),
            _ => false,
        }
    }

    /// Returns whether the same operation may succeed later although nobody changes anything, and
    /// may be repeated without harm, because nothing of it was done:
    ///
    /// - The daemon is busy with the object: another operation holds a domain's lock
    ///   (`VIR_ERR_OPERATION_TIMEOUT`, after half a minute), a job works on a pool or volume
    ///   (without a code, recognised from a daemon that speaks English), or a resource is in use
    ///   (`VIR_ERR_RESOURCE_BUSY`).
    /// - A call was not sent in time, because the daemon has too many already or does not read.
    /// - A connection could not be opened: nothing listens, as while a daemon starts; the network
    ///   or the host did not answer; what had answered fell silent.
    /// - A [`Reconnect`](crate::Reconnect) has no connection for one of these reasons.
    ///
    /// Wait before the next attempt, longer each time. [`Backoff`](crate::Backoff) does so for
    /// connections.
    ///
    /// A connection that has ended is none of these: its handles never work again
    /// ([`is_closed`](Self::is_closed)). Nor is a call whose reply did not come in time. See
    /// [`is_outcome_unknown`](Self::is_outcome_unknown) for both.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Opening { source, .. } => source.passes_while_opening(),
            Self::NotConnected(reason) => reason.passes_while_opening(),
            Self::Migration(error) => {
                let outcome = error.outcome;
                outcome.destination == Presence::Absent
                    && outcome.source != Presence::Unknown
                    && error.first.error.is_transient()
            }
            Self::Timeout { waiting, .. } => match waiting {
                Waiting::Turn { .. } | Waiting::Room { .. } | Waiting::Opening => true,
                Waiting::Reply { .. }
                | Waiting::Data { .. }
                | Waiting::Confirmation
                | Waiting::Event { .. } => false,
            },
            Self::Remote(error) => error.is_busy(),
            Self::Connect { .. } | Self::Network(_) | Self::Tunnel(_) => {
                self.passes_while_opening()
            }
            _ => false,
        }
    }

    /// Returns whether the operation may have been carried out although it failed: the connection
    /// ended in the middle of it, the reply did not come in time or could not be understood, a stream's
    /// data was not taken in time, the agent in a guest did not answer a command in time
    /// (`VIR_ERR_AGENT_COMMAND_TIMEOUT`), or a guest has not given up the virtual CPU yet that it was
    /// asked for (recognised from a daemon that speaks English). For a migration, whether it is
    /// unknown what a host has of the guest.
    ///
    /// What merely asks may be asked again, after [`is_closed`](Self::is_closed) on a new
    /// connection. What changes something should first look at what has become of it.
    #[doc(alias = "VIR_ERR_AGENT_COMMAND_TIMEOUT")]
    pub fn is_outcome_unknown(&self) -> bool {
        match self {
            Self::Closed(_) => true,
            Self::Protocol(error) => {
                matches!(error, ProtocolError::Reply { .. } | ProtocolError::InvalidReply { .. })
            }
            Self::Timeout { waiting, .. } => matches!(
                waiting,
                Waiting::Reply { .. } | Waiting::Data { .. } | Waiting::Confirmation
            ),
            Self::Migration(error) => {
                let outcome = error.outcome;
                [outcome.source, outcome.destination].contains(&Presence::Unknown)
            }
            Self::Remote(error) => error.is_undecided(),
            _ => false,
        }
    }

    /// Returns whether the caller had the operation stopped: a job that was aborted.
    pub fn is_aborted(&self) -> bool {
        matches!(self.cause(), Self::Aborted(_)) || self.code() == Some(ErrorCode::OperationAborted)
    }

    /// Returns whether the connection has ended, so that only a new one helps.
    pub fn is_closed(&self) -> bool {
        self.cause().close_reason().is_some()
    }

    /// Returns what the daemon reported.
    fn report(&self) -> Option<&RemoteError> {
        match self.cause() {
            Self::Remote(error) => Some(error),
            _ => None,
        }
    }

    /// Returns why the connection has ended, if this error is about that.
    pub(crate) fn close_reason(&self) -> Option<&CloseReason> {
        match self {
            Self::Closed(reason) | Self::NotSent(reason) => Some(reason),
            _ => None,
        }
    }

    /// Returns whether the peer has hung up.
    pub(crate) fn is_hang_up(&self) -> bool {
        matches!(self.close_reason(), Some(CloseReason::Eof | CloseReason::Io(_)))
    }

    /// Returns whether a deadline passed, of a call or of a step of opening.
    pub fn is_timeout(&self) -> bool {
        let timed_out = |error: &io::Error| error.kind() == ErrorKind::TimedOut;
        match self.cause() {
            Self::Timeout { .. } => true,
            Self::Connect { source, .. } => timed_out(source),
            Self::Network(error) => error.failures().any(timed_out),
            Self::Tunnel(error) => matches!(error.failure, TunnelFailure::NoAnswer(_)),
            _ => false,
        }
    }

    /// Returns whether opening a connection may succeed later.
    fn passes_while_opening(&self) -> bool {
        match self {
            Self::Closed(reason) | Self::NotSent(reason) => match reason {
                CloseReason::Local | CloseReason::RuntimeGone | CloseReason::Protocol(_) => false,
                CloseReason::Tunnel(error) => error.passes(),
                CloseReason::Eof
                | CloseReason::EofInMessage
                | CloseReason::Keepalive(_)
                | CloseReason::CutOff { .. }
                | CloseReason::Io(_) => true,
            },
            Self::Connect { source, .. } => passes(source),
            Self::Network(error) => error.passes(),
            Self::Tunnel(error) => error.passes(),
            other => other.is_transient(),
        }
    }
}

/// Returns whether a daemon says by that code that something does not exist.
fn means_not_found(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::NoDomain
            | ErrorCode::NoNetwork
            | ErrorCode::NoStoragePool
            | ErrorCode::NoStorageVol
            | ErrorCode::NoNodeDevice
            | ErrorCode::NoInterface
            | ErrorCode::NoNwfilter
            | ErrorCode::NoSecret
            | ErrorCode::NoDomainSnapshot
            | ErrorCode::NoDomainCheckpoint
            | ErrorCode::NoDomainBackup
            | ErrorCode::NoDomainMetadata
            | ErrorCode::NoNetworkMetadata
            | ErrorCode::NoNetworkPort
            | ErrorCode::NoNwfilterBinding
            | ErrorCode::NoServer
            | ErrorCode::NoClient
            | ErrorCode::NoHostname
            | ErrorCode::DeviceMissing
    )
}

/// Returns whether a daemon refuses the user with that code.
fn is_refusal(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::AccessDenied
            | ErrorCode::OperationDenied
            | ErrorCode::AuthFailed
            | ErrorCode::AuthCancelled
            | ErrorCode::AuthUnavailable
    )
}

/// Returns whether an address may be reachable later, e.g. once a daemon has started.
fn passes(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::TimedOut
            | ErrorKind::WouldBlock
            | ErrorKind::Interrupted
    )
}

/// What resolvers of glibc and musl say when they got no answer.
const NO_ANSWER: [&str; 2] = ["Temporary failure in name resolution", "Try again"];

impl NetworkError {
    fn passes(&self) -> bool {
        match &self.resolution {
            Some(error) => NO_ANSWER.iter().any(|text| error.to_string().contains(text)),
            None => self.failures().any(passes),
        }
    }
}
