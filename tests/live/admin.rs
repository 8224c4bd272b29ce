//! Administration of daemons, held against virt-admin.

use std::process::Output;
use std::time::{Duration, SystemTime};

use libvirt_client::admin::{
    AdminConnect, ClientLimits, ClientTransport, DaemonShutdownFlags, ThreadPoolLimits,
};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{CloseReason, Connect, Error, Optional};
use rig::{Daemon, Need};

use crate::common::eventually;

/// A daemon of the test's own: what is changed here others must not notice.
fn start() -> Option<Daemon> {
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return None;
    }
    Some(Daemon::builder().test_driver().listen_tcp().start().unwrap())
}

fn uri(daemon: &Daemon) -> String {
    format!("libvirtd:///system?socket={}", daemon.admin_socket().display())
}

/// What virt-admin prints.
fn virt_admin(daemon: &Daemon, args: &[&str]) -> String {
    let mut command = daemon.command("virt-admin");
    let output: Output = command.args(["--connect", &uri(daemon)]).args(args).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The value behind a label and a colon.
fn value<'a>(text: &'a str, label: &str) -> &'a str {
    let mut values = text.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == label).then_some(value.trim())
    });
    values.next().unwrap_or_else(|| panic!("no {label} in {text}"))
}

fn number(text: &str, label: &str) -> u32 {
    value(text, label).parse().unwrap()
}

#[tokio::test]
async fn a_daemon_that_falls_silent_is_given_up() {
    let Some(daemon) = start() else {
        return;
    };
    let builder = Connect::builder(&uri(&daemon)).keepalive(Duration::from_millis(250), 2);
    let admin = builder.open_admin().await.unwrap();
    daemon.sigstop().unwrap();
    let reason = admin.closed().await;
    daemon.sigcont().unwrap();
    assert!(matches!(reason, CloseReason::Keepalive(_)), "{reason:?}");
}

#[tokio::test]
async fn servers_and_their_limits() {
    let Some(daemon) = start() else {
        return;
    };
    let admin = AdminConnect::open(&uri(&daemon)).await.unwrap();
    assert_eq!(admin.uri(), uri(&daemon));
    let version = admin.lib_version().await.unwrap();
    let conn = Connect::open(&daemon.test_uri()).await.unwrap();
    assert_eq!(version, conn.lib_version().await.unwrap());

    let mut servers = admin.list_servers().await.unwrap();
    servers.sort_by_key(|server| server.name().to_owned());
    let listed = virt_admin(&daemon, &["server-list"]);
    for server in &servers {
        assert!(listed.contains(server.name()), "{listed}");
    }
    let [_, server] = &*servers else {
        panic!("{servers:?}")
    };
    assert_eq!(*server, admin.lookup_server("libvirtd").await.unwrap());
    let unknown = admin.lookup_server("nobody").await;
    assert!(unknown.optional().unwrap().is_none());

    let mut limits = ThreadPoolLimits::default();
    limits.max_workers = Some(17);
    // More than there are: those that are too many would end one by one.
    limits.priority_workers = Some(7);
    server.set_thread_pool_parameters(&limits).await.unwrap();
    let pool = server.thread_pool_parameters().await.unwrap();
    let text = virt_admin(&daemon, &["server-threadpool-info", "libvirtd"]);
    assert_eq!((pool.max_workers, pool.priority_workers), (Some(17), Some(7)));
    for (field, label) in [
        (pool.min_workers, "minWorkers"),
        (pool.max_workers, "maxWorkers"),
        (pool.priority_workers, "prioWorkers"),
        (pool.job_queue_depth, "jobQueueDepth"),
    ] {
        assert_eq!(field, Some(number(&text, label)), "{label}");
    }
    assert!(pool.workers.is_some() && pool.free_workers.is_some());
    assert!(pool.other.is_empty(), "{:?}", pool.other);
    let mut senseless = ThreadPoolLimits::default();
    senseless.min_workers = Some(100);
    let error = server.set_thread_pool_parameters(&senseless).await;
    assert!(matches!(error, Err(Error::Remote(_))), "{error:?}");

    let mut limits = ClientLimits::default();
    limits.max_clients = Some(77);
    server.set_client_limits(&limits).await.unwrap();
    let mut limits = ClientLimits::default();
    limits.max_unauthenticated = Some(7);
    server.via(&admin.without_timeout()).set_client_limits(&limits).await.unwrap();
    let limits = server.client_limits().await.unwrap();
    let text = virt_admin(&daemon, &["server-clients-info", "libvirtd"]);
    assert_eq!((limits.max_clients, limits.max_unauthenticated), (Some(77), Some(7)));
    for (field, label) in [
        (limits.max_clients, "nclients_max"),
        (limits.clients, "nclients"),
        (limits.max_unauthenticated, "nclients_unauth_max"),
        (limits.unauthenticated, "nclients_unauth"),
    ] {
        assert_eq!(field, Some(number(&text, label)), "{label}");
    }
    admin.close().await;
    assert!(!admin.is_alive());
}

#[tokio::test]
async fn clients_come_and_go() {
    let Some(daemon) = start() else {
        return;
    };
    let admin = AdminConnect::open(&uri(&daemon)).await.unwrap();
    let server = admin.lookup_server("libvirtd").await.unwrap();
    assert_eq!(server.list_clients().await.unwrap(), []);

    let local = Connect::open_read_only(&daemon.test_uri()).await.unwrap();
    let tcp = daemon.uri_over("tcp", "127.0.0.1").unwrap();
    let remote = Connect::open(&tcp).await.unwrap();
    let clients = server.list_clients().await.unwrap();
    let listed = virt_admin(&daemon, &["client-list", "libvirtd"]);
    for client in &clients {
        let line = listed.lines().find(|line| {
            let id = line.split_whitespace().next();
            id == Some(&*client.id().to_string())
        });
        let line = line.unwrap_or_else(|| panic!("{listed}"));
        let transport = match client.transport() {
            ClientTransport::Unix => "unix",
            ClientTransport::Tcp => "tcp",
            other => panic!("{other:?}"),
        };
        assert!(line.contains(transport), "{line}");
        let age = SystemTime::now().duration_since(client.timestamp());
        assert!(age.unwrap() < Duration::from_secs(3600));
        assert_eq!(*client.server(), server);
        assert_eq!(*client, server.lookup_client(client.id()).await.unwrap());
    }
    let [unix_client, tcp_client] = &*clients else {
        panic!("{clients:?}")
    };

    let info = unix_client.info().await.unwrap();
    let text = virt_admin(&daemon, &["client-info", "libvirtd", &unix_client.id().to_string()]);
    for (field, label) in [
        (info.unix_process_id, "unix_process_id"),
        (info.unix_user_id, "unix_user_id"),
        (info.unix_group_id, "unix_group_id"),
    ] {
        // virt-admin does not hide what the daemon could not find out.
        assert_eq!(field.map_or(-1, u32::cast_signed), value(&text, label).parse().unwrap());
    }
    assert_eq!(info.unix_user_name.as_deref(), Some(value(&text, "unix_user_name")));
    assert_eq!(info.read_only, Some(value(&text, "readonly") == "yes"));
    let info = tcp_client.info().await.unwrap();
    let text = virt_admin(&daemon, &["client-info", "libvirtd", &tcp_client.id().to_string()]);
    let address = info.socket_address.unwrap();
    assert!(text.contains(&address), "{text}");
    assert_eq!(info.unix_process_id, None);

    tcp_client.close().await.unwrap();
    remote.closed().await;
    eventually("the client has gone", async || server.list_clients().await.unwrap().len() == 1)
        .await;
    let gone = server.lookup_client(tcp_client.id()).await;
    assert!(gone.optional().unwrap().is_none());
    assert!(local.is_alive());
}

#[tokio::test]
async fn logs() {
    let Some(daemon) = start() else {
        return;
    };
    let admin = AdminConnect::open(&uri(&daemon)).await.unwrap();
    let outputs = admin.logging_outputs().await.unwrap();
    let told = virt_admin(&daemon, &["daemon-log-outputs"]);
    assert_eq!(outputs, value(&told, "Logging outputs"));

    let file = daemon.scratch().join("other.log");
    let other = format!("1:file:{}", file.display());
    admin.set_logging_outputs(Some(&other)).await.unwrap();
    assert_eq!(admin.logging_outputs().await.unwrap(), other);
    assert!(file.exists());
    admin.set_logging_outputs(Some(&outputs)).await.unwrap();

    for (set, filters) in [
        (Some("1:rpc 3:remote"), Some("1:*rpc* 3:*remote*")),
        (None, None),
    ] {
        admin.set_logging_filters(set).await.unwrap();
        let now = admin.logging_filters().await.unwrap();
        assert_eq!(now.as_deref(), filters);
        let told = virt_admin(&daemon, &["daemon-log-filters"]);
        assert_eq!(value(&told, "Logging filters"), filters.unwrap_or_default());
    }
    let error = admin.set_logging_filters(Some("nonsense")).await;
    assert!(matches!(error, Err(Error::Remote(_))), "{error:?}");
}

#[tokio::test]
async fn what_ends_a_daemon() {
    let Some(daemon) = start() else {
        return;
    };
    let admin = AdminConnect::open(&uri(&daemon)).await.unwrap();
    let version = admin.lib_version().await.unwrap();
    for bad in [Duration::ZERO, Duration::from_millis(1500), Duration::MAX] {
        let error = admin.set_daemon_timeout(Some(bad)).await.unwrap_err();
        assert!(matches!(error, Error::InvalidArgument { .. }), "{error:?}");
    }
    let server = admin.lookup_server("libvirtd").await.unwrap();
    // There are no certificates to read.
    let error = server.update_tls_files().await.unwrap_err();
    assert!(matches!(error, Error::Remote(_)), "{error:?}");

    let ended = if version < libvirt_client::connect::Version::new(11, 2, 0) {
        let error = admin.daemon_shutdown(DaemonShutdownFlags::empty()).await;
        assert!(error.unwrap_err().is_unsupported());
        let hour = Some(Duration::from_secs(3600));
        admin.set_daemon_timeout(hour).await.unwrap();
        admin.set_daemon_timeout(None).await.unwrap();
        admin.set_daemon_timeout(Some(Duration::from_secs(1))).await
    } else {
        admin.daemon_shutdown(DaemonShutdownFlags::empty()).await
    };
    ended.unwrap();
    // The daemon waits until there are no clients any more.
    admin.close().await;
    let socket = daemon.admin_socket();
    // To connect would be to keep it waiting.
    eventually("the daemon has ended", async || !socket.exists()).await;
    let error = AdminConnect::open(&uri(&daemon)).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
}

#[tokio::test]
async fn each_kind_of_uri_has_its_kind_of_connection() {
    let Some(daemon) = start() else {
        return;
    };
    for uri in ["libvirtd:///system", "virtqemud:///session"] {
        let error = Connect::open(uri).await.unwrap_err();
        assert!(error.is_unsupported(), "{error:?}");
        assert!(error.to_string().contains("AdminConnect"), "{error}");
    }
    let error = AdminConnect::open(&daemon.test_uri()).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("\"test+unix\" is no daemon"), "{text}");
    // The daemon's own socket does not know this program.
    let wrong = format!("libvirtd:///system?socket={}", daemon.socket().display());
    let error = AdminConnect::open(&wrong).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::Rpc), "{error:?}");
}
