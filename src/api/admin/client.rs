//! The clients of a daemon's server.

use std::fmt;
use std::time::SystemTime;

use super::wire::params;
use super::{AdminConnect, ClientTransport, Server};
use crate::api::handle::handle;
use crate::api::wire::unix_time;
use crate::error::Result;
use crate::params::units::Unit;
use crate::params::{Value, ValueRef, param_struct};
use crate::protocol::admin;

handle! {
    /// A handle to a client that is, or was, connected to a daemon (`virAdmClient`). It holds
    /// nothing on the daemon's side.
    #[doc(alias = "virAdmClient")]
    pub(crate) Client of admin::NonnullClient in Server as srv through AdminConnect, known by id {
        ;
        /// Returns the client's ID (`virAdmClientGetID`). No ID is used again while the daemon
        /// runs. Local.
        #[doc(alias = "virAdmClientGetID")]
        id: u64,
        /// Returns the client's transport (`virAdmClientGetTransport`). Local.
        #[doc(alias = "virAdmClientGetTransport")]
        transport: ClientTransport;
        /// When it connected.
        timestamp: UnixSeconds;
    }
}

/// Seconds since 1970, as they are on the wire.
#[derive(Clone, Copy)]
pub(super) struct UnixSeconds(i64);

impl From<i64> for UnixSeconds {
    fn from(seconds: i64) -> Self {
        Self(seconds)
    }
}

impl From<&UnixSeconds> for i64 {
    fn from(seconds: &UnixSeconds) -> Self {
        seconds.0
    }
}

impl From<UnixSeconds> for SystemTime {
    fn from(UnixSeconds(seconds): UnixSeconds) -> Self {
        unix_time(seconds).unwrap_or(Self::UNIX_EPOCH)
    }
}

impl fmt::Debug for UnixSeconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SystemTime::from(*self).fmt(f)
    }
}

/// ID of a user, a group or a process: `INT`, whatever its sign; -1 where it is not known, as for
/// processes that the daemon cannot see.
struct Id;

impl Unit<u32> for Id {
    fn read(value: ValueRef<'_>) -> Option<u32> {
        match value {
            ValueRef::Int(-1) => None,
            ValueRef::Int(number) => Some(number.cast_unsigned()),
            _ => None,
        }
    }

    fn write(value: &u32) -> Value {
        Value::Int(value.cast_signed())
    }
}

param_struct! {
    /// Identity of a client (`VIR_CLIENT_INFO_…`). Which fields are set depends on its transport.
    pub struct ClientInfo {
        /// Read-only connection.
        read_only: bool = "readonly",
        /// Address and port of the client.
        socket_address: String = "sock_addr",
        /// User name authenticated by SASL.
        sasl_user_name: String = "sasl_user_name",
        /// Distinguished name in the client's TLS certificate.
        x509_distinguished_name: String = "tls_x509_dname",
        /// ID of the user that runs the client on this host.
        unix_user_id: u32 = "unix_user_id" as Id,
        /// Name of that user.
        unix_user_name: String = "unix_user_name",
        /// ID of that user's group.
        unix_group_id: u32 = "unix_group_id" as Id,
        /// Name of that group.
        unix_group_name: String = "unix_group_name",
        /// ID of the client's process on this host.
        unix_process_id: u32 = "unix_process_id" as Id,
        /// Security context of the client, where the host has `SELinux`.
        selinux_context: String = "selinux_context",
        ..other
    }
}

impl Server {
    /// Lists the clients that are connected (`virAdmServerListClients`).
    #[doc(alias = "virAdmServerListClients")]
    pub async fn list_clients(&self) -> Result<Vec<Client>> {
        let reply = self
            .call(admin::ServerListClients { srv: self.wire(), need_results: 1, flags: 0 })
            .await?;
        let clients = reply.decode()?.clients;
        Ok(Client::list_from_wire(self, &clients))
    }

    /// Looks up a client by ID (`virAdmServerLookupClient`).
    #[doc(alias = "virAdmServerLookupClient")]
    pub async fn lookup_client(&self, id: u64) -> Result<Client> {
        let reply = self.call(admin::ServerLookupClient { srv: self.wire(), id, flags: 0 }).await?;
        Ok(Client::from_wire(self, &reply.decode()?.clnt))
    }
}

impl Client {
    /// Returns the time at which the client connected, to the second (`virAdmClientGetTimestamp`).
    /// Local.
    #[doc(alias = "virAdmClientGetTimestamp")]
    pub fn timestamp(&self) -> SystemTime {
        self.timestamp.into()
    }

    /// Returns the server that the client is connected to.
    pub fn server(&self) -> &Server {
        &self.parent
    }

    /// Returns the client's identity (`virAdmClientGetInfo`).
    #[doc(alias = "virAdmClientGetInfo")]
    pub async fn info(&self) -> Result<ClientInfo> {
        let reply = self.call(admin::ClientGetInfo { clnt: self.wire(), flags: 0 }).await?;
        Ok(ClientInfo::collect(params(&reply.decode()?.params)))
    }

    /// Disconnects the client (`virAdmClientClose`).
    #[doc(alias = "virAdmClientClose")]
    pub async fn close(&self) -> Result<()> {
        self.run(admin::ClientClose { clnt: self.wire(), flags: 0 }).await
    }
}
