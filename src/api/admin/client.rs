//! The clients of a daemon's server.

use std::time::{Duration, SystemTime};

use super::wire::params;
use super::{ClientTransport, Server};
use crate::api::handle::handle;
use crate::error::Result;
use crate::params::units::Unit;
use crate::params::{Value, ValueRef, param_struct};
use crate::protocol::admin;

handle! {
    /// A handle to a client that is, or was, connected to a daemon. It holds nothing on the daemon's
    /// side.
    pub(crate) Client of admin::NonnullClient in Server as srv, known by id {
        ;
        /// The client's ID (`virAdmClientGetID`). No ID is used again while the daemon runs. Local.
        id: u64,
        /// When it connected, in seconds since 1970 (`virAdmClientGetTimestamp`). Local.
        timestamp: i64,
        /// What it is connected by (`virAdmClientGetTransport`). Local.
        transport: ClientTransport;
    }
}

/// A number of a user, a group or a process: `INT`, whatever its sign; -1 where it is not known, as for
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
    /// Who a client is (`VIR_CLIENT_INFO_…`). What there is depends on how it is connected.
    pub struct ClientInfo {
        /// Whether it may only look.
        read_only: bool = "readonly",
        /// Its address and port.
        socket_address: String = "sock_addr",
        /// The user that it has proved to be by SASL.
        sasl_user_name: String = "sasl_user_name",
        /// Whom its TLS certificate names.
        x509_distinguished_name: String = "tls_x509_dname",
        /// The user that runs it on this host.
        unix_user_id: u32 = "unix_user_id" as Id,
        /// That user's name.
        unix_user_name: String = "unix_user_name",
        /// That user's group.
        unix_group_id: u32 = "unix_group_id" as Id,
        /// That group's name.
        unix_group_name: String = "unix_group_name",
        /// Its process on this host.
        unix_process_id: u32 = "unix_process_id" as Id,
        /// Its security context, where the host has `SELinux`.
        selinux_context: String = "selinux_context",
        ..other
    }
}

impl Server {
    /// The clients that are connected at the moment (`virAdmServerListClients`).
    pub async fn list_clients(&self) -> Result<Vec<Client>> {
        let reply = self
            .call(admin::ServerListClients { srv: self.wire(), need_results: 1, flags: 0 })
            .await?;
        let clients = reply.decode()?.clients;
        Ok(Client::list_from_wire(self, &clients))
    }

    /// The client of that number (`virAdmServerLookupClient`).
    pub async fn lookup_client(&self, id: u64) -> Result<Client> {
        let reply = self.call(admin::ServerLookupClient { srv: self.wire(), id, flags: 0 }).await?;
        Ok(Client::from_wire(self, &reply.decode()?.clnt))
    }
}

impl Client {
    /// When it connected, to the second. Local.
    pub fn connected_since(&self) -> SystemTime {
        let since = Duration::from_secs(self.timestamp.unsigned_abs());
        let epoch = SystemTime::UNIX_EPOCH;
        let time = match self.timestamp {
            0.. => epoch.checked_add(since),
            _ => epoch.checked_sub(since),
        };
        // Where the system's clock cannot tell so much.
        time.unwrap_or(epoch)
    }

    /// The server that it is connected to.
    pub fn server(&self) -> &Server {
        &self.parent
    }

    /// Who it is (`virAdmClientGetInfo`).
    pub async fn info(&self) -> Result<ClientInfo> {
        let reply = self.call(admin::ClientGetInfo { clnt: self.wire(), flags: 0 }).await?;
        Ok(ClientInfo::collect(params(&reply.decode()?.params)))
    }

    /// Disconnects it (`virAdmClientClose`).
    pub async fn close(&self) -> Result<()> {
        self.run(admin::ClientClose { clnt: self.wire(), flags: 0 }).await
    }
}
