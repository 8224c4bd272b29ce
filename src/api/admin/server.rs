//! The servers of a daemon: its sets of sockets, with clients and threads of their own.

use super::wire::params;
use crate::api::handle::handle;
use crate::error::Result;
use crate::params::{TypedParams, names, param_struct};
use crate::protocol::admin;

handle! {
    /// A handle to one of a daemon's servers. It holds nothing on the daemon's side.
    pub(crate) Server of admin::NonnullServer, known by name {
        /// The server's name, e.g. `virtqemud` (`virAdmServerGetName`). Local.
        name: text;;
    }
}

param_struct! {
    /// The threads that serve a server's clients (`VIR_THREADPOOL_…`).
    pub struct ThreadPool {
        /// The least number of threads.
        min_workers: u32 = "minWorkers",
        /// The greatest number.
        max_workers: u32 = "maxWorkers",
        /// How many there are beyond that for calls that are sure not to wait for a hypervisor.
        priority_workers: u32 = "prioWorkers",
        /// How many have nothing to do at the moment.
        free_workers: u32 = "freeWorkers",
        /// How many there are at the moment.
        workers: u32 = "nWorkers",
        /// How many calls wait for a thread.
        job_queue_depth: u32 = "jobQueueDepth",
        ..other
    }
}

param_struct! {
    /// Limits for a server's threads (`VIR_THREADPOOL_…`). What is `None` is not changed.
    pub struct ThreadPoolLimits {
        /// The least number of threads.
        min_workers: u32 = "minWorkers",
        /// The greatest number.
        max_workers: u32 = "maxWorkers",
        /// How many there are beyond that for calls that are sure not to wait for a hypervisor.
        priority_workers: u32 = "prioWorkers",
    }
}

param_struct! {
    /// How many clients a server has, and how many it may have (`VIR_SERVER_CLIENTS_…`).
    pub struct ClientLimits {
        /// How many may be connected.
        max_clients: u32 = "nclients_max",
        /// How many are.
        clients: u32 = "nclients",
        /// How many may be that have not proved yet who they are.
        max_unauthenticated: u32 = "nclients_unauth_max",
        /// How many of those there are.
        unauthenticated: u32 = "nclients_unauth",
        ..other
    }
}

impl Server {
    /// The threads that serve its clients (`virAdmServerGetThreadPoolParameters`).
    pub async fn thread_pool_parameters(&self) -> Result<ThreadPool> {
        let reply = self
            .call(admin::ServerGetThreadPoolParameters { srv: self.wire(), flags: 0 })
            .await?;
        Ok(ThreadPool::collect(params(&reply.decode()?.params)))
    }

    /// Changes how many threads there may be, until the daemon ends
    /// (`virAdmServerSetThreadPoolParameters`).
    pub async fn set_thread_pool_parameters(&self, limits: &ThreadPoolLimits) -> Result<()> {
        let limits = limits.to_params();
        self.run(admin::ServerSetThreadPoolParameters {
            srv: self.wire(),
            params: (&limits).into(),
            flags: 0,
        })
        .await
    }

    /// How many clients there are and may be (`virAdmServerGetClientLimits`).
    pub async fn client_limits(&self) -> Result<ClientLimits> {
        let reply = self.call(admin::ServerGetClientLimits { srv: self.wire(), flags: 0 }).await?;
        Ok(ClientLimits::collect(params(&reply.decode()?.params)))
    }

    /// Changes how many clients there may be, and how many of them that have not proved yet who they
    /// are, until the daemon ends (`virAdmServerSetClientLimits`). What is `None` is not changed.
    pub async fn set_client_limits(
        &self,
        max_clients: Option<u32>,
        max_unauthenticated: Option<u32>,
    ) -> Result<()> {
        let mut limits = TypedParams::new();
        for (name, limit) in [
            (names::server::CLIENTS_MAX, max_clients),
            (names::server::CLIENTS_UNAUTH_MAX, max_unauthenticated),
        ] {
            if let Some(limit) = limit {
                limits.push(name, limit);
            }
        }
        self.run(admin::ServerSetClientLimits {
            srv: self.wire(),
            params: (&limits).into(),
            flags: 0,
        })
        .await
    }

    /// Has the server read its TLS certificates and lists again, for clients that connect from then
    /// on (`virAdmServerUpdateTlsFiles`).
    pub async fn update_tls_files(&self) -> Result<()> {
        self.run(admin::ServerUpdateTlsFiles { srv: self.wire(), flags: 0 }).await
    }
}
