//! Servers of a daemon: sets of sockets with clients and threads of their own.

use super::AdminConnect;
use super::wire::params;
use crate::api::handle::handle;
use crate::error::Result;
use crate::params::param_struct;
use crate::protocol::admin;

handle! {
    /// A handle to one of a daemon's servers (`virAdmServer`). It holds nothing on the daemon's
    /// side.
    #[doc(alias = "virAdmServer")]
    pub(crate) Server of admin::NonnullServer through AdminConnect, known by name {
        /// Returns the server's name, e.g. `virtqemud` (`virAdmServerGetName`). Local.
        #[doc(alias = "virAdmServerGetName")]
        name: text;;
    }
}

param_struct! {
    /// Threads that serve a server's clients (`VIR_THREADPOOL_…`).
    pub struct ThreadPool {
        /// Minimum number of threads.
        min_workers: u32 = "minWorkers",
        /// Maximum number of threads.
        max_workers: u32 = "maxWorkers",
        /// Number of priority threads, in addition, for calls that are certain not to wait for a
        /// hypervisor.
        priority_workers: u32 = "prioWorkers",
        /// Number of idle threads.
        free_workers: u32 = "freeWorkers",
        /// Current number of threads.
        workers: u32 = "nWorkers",
        /// Number of calls that wait for a thread.
        job_queue_depth: u32 = "jobQueueDepth",
        ..other
    }
}

param_struct! {
    /// Limits on a server's threads (`VIR_THREADPOOL_…`). Setting leaves a field that is `None`
    /// unchanged.
    pub struct ThreadPoolLimits {
        /// Minimum number of threads.
        min_workers: u32 = "minWorkers",
        /// Maximum number of threads.
        max_workers: u32 = "maxWorkers",
        /// Number of priority threads, in addition, for calls that are certain not to wait for a
        /// hypervisor.
        priority_workers: u32 = "prioWorkers",
    }
}

param_struct! {
    /// Number of a server's clients, and its limits (`VIR_SERVER_CLIENTS_…`).
    pub struct ClientCounts {
        /// Maximum number of clients.
        max_clients: u32 = "nclients_max",
        /// Current number of clients.
        clients: u32 = "nclients",
        /// Maximum number of clients that are not authenticated yet.
        max_unauthenticated: u32 = "nclients_unauth_max",
        /// Current number of clients that are not authenticated yet.
        unauthenticated: u32 = "nclients_unauth",
        ..other
    }
}

param_struct! {
    /// Limits on the number of a server's clients (`VIR_SERVER_CLIENTS_…`). Setting leaves a field
    /// that is `None` unchanged.
    pub struct ClientLimits {
        /// Maximum number of clients.
        max_clients: u32 = "nclients_max",
        /// Maximum number of clients that are not authenticated yet.
        max_unauthenticated: u32 = "nclients_unauth_max",
    }
}

/// # Servers
impl AdminConnect {
    /// Lists the daemon's servers (`virAdmConnectListServers`): the one that clients connect to,
    /// which has the daemon's name, and the one of this interface, `admin`.
    #[doc(alias = "virAdmConnectListServers")]
    pub async fn list_servers(&self) -> Result<Vec<Server>> {
        let reply = self.conn.call(admin::ConnectListServers { need_results: 1, flags: 0 }).await?;
        Ok(Server::list_from_wire(&self.conn, &reply.decode()?.servers))
    }

    /// Looks up a server by name (`virAdmConnectLookupServer`).
    #[doc(alias = "virAdmConnectLookupServer")]
    pub async fn lookup_server(&self, name: &str) -> Result<Server> {
        let reply = self
            .conn
            .call(admin::ConnectLookupServer { name: name.into(), flags: 0 })
            .await?;
        Ok(Server::from_wire(&self.conn, &reply.decode()?.srv))
    }
}

impl Server {
    /// Returns the threads that serve the server's clients (`virAdmServerGetThreadPoolParameters`).
    #[doc(alias = "virAdmServerGetThreadPoolParameters")]
    pub async fn thread_pool_parameters(&self) -> Result<ThreadPool> {
        let reply = self
            .call(admin::ServerGetThreadPoolParameters { srv: self.wire(), flags: 0 })
            .await?;
        Ok(ThreadPool::collect(params(&reply.decode()?.params)))
    }

    /// Changes the limits on the server's threads, until the daemon ends
    /// (`virAdmServerSetThreadPoolParameters`).
    #[doc(alias = "virAdmServerSetThreadPoolParameters")]
    pub async fn set_thread_pool_parameters(&self, limits: &ThreadPoolLimits) -> Result<()> {
        let limits = limits.to_params();
        self.run(admin::ServerSetThreadPoolParameters {
            srv: self.wire(),
            params: (&limits).into(),
            flags: 0,
        })
        .await
    }

    /// Returns the number of clients and its limits (`virAdmServerGetClientLimits`).
    #[doc(alias = "virAdmServerGetClientLimits")]
    pub async fn client_limits(&self) -> Result<ClientCounts> {
        let reply = self.call(admin::ServerGetClientLimits { srv: self.wire(), flags: 0 }).await?;
        Ok(ClientCounts::collect(params(&reply.decode()?.params)))
    }

    /// Changes the maximum number of clients, and of those that are not authenticated yet, until
    /// the daemon ends (`virAdmServerSetClientLimits`).
    #[doc(alias = "virAdmServerSetClientLimits")]
    pub async fn set_client_limits(&self, limits: &ClientLimits) -> Result<()> {
        let limits = limits.to_params();
        self.run(admin::ServerSetClientLimits {
            srv: self.wire(),
            params: (&limits).into(),
            flags: 0,
        })
        .await
    }

    /// Reloads the server's TLS certificates and revocation lists, for clients that connect from
    /// then on (`virAdmServerUpdateTlsFiles`).
    #[doc(alias = "virAdmServerUpdateTlsFiles")]
    pub async fn update_tls_files(&self) -> Result<()> {
        self.run(admin::ServerUpdateTlsFiles { srv: self.wire(), flags: 0 }).await
    }
}
