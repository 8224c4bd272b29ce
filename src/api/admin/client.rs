//! The clients of a daemon's server.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::wire::params;
use super::{ClientTransport, Server};
use crate::api::wire::senseless;
use crate::client::Connect;
use crate::error::Result;
use crate::params::units::Unit;
use crate::params::{Value, ValueRef, param_struct};
use crate::protocol::admin;

/// A client that is, or was, connected to a daemon. Holds nothing on the daemon's side.
#[derive(Clone)]
pub struct Client {
    server: Server,
    id: u64,
    since: SystemTime,
    /// As on the wire, which calls have to repeat.
    timestamp: i64,
    transport: u32,
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

impl Client {
    pub(super) fn from_wire(conn: &Connect, wire: &admin::NonnullClient<'_>) -> Result<Self> {
        let seconds = u64::try_from(wire.timestamp).ok();
        let since = seconds
            .and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
        let since = since.ok_or_else(|| {
            let reason = format!("a client connected at {} s", wire.timestamp);
            senseless("ServerListClients", reason)
        })?;
        Ok(Self {
            server: Server::from_wire(conn, &wire.srv),
            id: wire.id,
            since,
            timestamp: wire.timestamp,
            transport: wire.transport,
        })
    }

    /// The reference that calls carry.
    fn wire(&self) -> admin::NonnullClient<'_> {
        admin::NonnullClient {
            srv: self.server.wire(),
            id: self.id,
            timestamp: self.timestamp,
            transport: self.transport,
        }
    }

    /// Its number (`virAdmClientGetID`). Numbers are not used again while the daemon runs.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// When it connected (`virAdmClientGetTimestamp`), to the second.
    pub fn connected_since(&self) -> SystemTime {
        self.since
    }

    /// What it is connected by (`virAdmClientGetTransport`).
    pub fn transport(&self) -> ClientTransport {
        // C's enumerations are signed.
        self.transport.cast_signed().into()
    }

    /// The server that it is connected to.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Who it is (`virAdmClientGetInfo`).
    pub async fn info(&self) -> Result<ClientInfo> {
        let reply = self
            .server
            .conn
            .call(admin::ClientGetInfo { clnt: self.wire(), flags: 0 })
            .await?;
        Ok(ClientInfo::collect(params(&reply.decode()?.params)))
    }

    /// Disconnects it (`virAdmClientClose`).
    pub async fn close(&self) -> Result<()> {
        self.server.conn.run(admin::ClientClose { clnt: self.wire(), flags: 0 }).await
    }
}

impl PartialEq for Client {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && self.server == other.server
    }
}

impl Eq for Client {}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .field("transport", &self.transport())
            .finish_non_exhaustive()
    }
}
