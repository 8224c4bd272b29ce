//! The ways from ssh's other end to the daemon.

use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Connect, connect::ListAllDomainsFlags};
use rig::{Need, ssh};

use super::{Host, check, virsh};

#[tokio::test]
async fn by_netcat_to_a_socket() {
    let Some(host) = Host::new() else { return };
    let uri = host.socket_uri();
    let conn = Connect::open(&uri).await.unwrap();
    check(&conn).await;
    assert_eq!(conn.uri(), uri);
    assert_eq!(virsh(&uri, &["uri"]).unwrap(), uri);
    assert!(conn.is_encrypted().await.unwrap() && conn.is_secure().await.unwrap());
    let mut names: Vec<_> = conn
        .list_all_domains(ListAllDomainsFlags::empty())
        .await
        .unwrap()
        .iter()
        .map(|domain| domain.name().to_owned())
        .collect();
    names.sort();
    let shown = virsh(&uri, &["list", "--all", "--name"]).unwrap();
    let mut shown: Vec<_> = shown.lines().collect();
    shown.sort_unstable();
    assert_eq!(names, shown);

    let other = conn.reopen().await.unwrap();
    check(&other).await;
    conn.close().await;
    check(&other).await;
}

/// The helper and netcat find a system daemon's sockets where they always are.
#[tokio::test]
async fn by_what_the_host_has() {
    if !rig::available(&[Need::Root]).unwrap() {
        return;
    }
    let Some(host) = Host::new() else { return };
    for (parameters, program) in [
        ("", "virt-ssh-helper test:///default"),
        ("proxy=native", "virt-ssh-helper test:///default"),
        ("mode=legacy", "virt-ssh-helper test:///default?mode=legacy"),
        ("proxy=netcat", "nc -q0 -U /var/run/libvirt/libvirt-sock"),
        ("netcat=/bin/nc.openbsd", "/bin/nc.openbsd -q0 -U /var/run/libvirt/libvirt-sock"),
    ] {
        let uri = host.uri(parameters);
        let conn = Connect::open(&uri).await.unwrap();
        check(&conn).await;
        assert_eq!(conn.uri(), virsh(&uri, &["uri"]).unwrap());
        let running = host.server.processes().unwrap();
        assert!(running.iter().any(|it| it.command == program), "{parameters}: {running:?}");
        let domain = conn.domain_lookup_by_name("test").await.unwrap();
        assert!(domain.autostart().await.is_ok());
        conn.close().await;

        let conn = Connect::open_read_only(&uri).await.unwrap();
        let domain = conn.domain_lookup_by_name("test").await.unwrap();
        let error = domain.suspend().await.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::OperationDenied), "{error}");
        conn.close().await;
    }
}

#[tokio::test]
async fn through_another_host() {
    let Some(host) = Host::new() else { return };
    let between = ssh::Server::builder(host.daemon).accept(&host.client);
    let between = between.start().unwrap();
    let trusted = host.client.trust(&between.address(), between.host_key());
    trusted.unwrap();
    let settings = format!(
        "Host inner
  HostName 127.0.0.1
  Port {}
  User {}
  ProxyJump {}@{}
Host *
  IdentityFile {}",
        host.server.port(),
        host.server.user(),
        between.user(),
        between.address(),
        host.client.key().display()
    );
    host.client.configure(&settings).unwrap();
    let uri = format!(
        "test+ssh://inner/default?command={}&socket={}",
        host.client.program().display(),
        host.daemon.socket().display()
    );
    let conn = Connect::open(&uri).await.unwrap();
    check(&conn).await;
    // Somebody is logged in on both.
    for server in [&between, &host.server] {
        assert!(server.is_in_use().unwrap());
    }
}

/// Only the helper finds a user's own daemon there, and starts it.
#[tokio::test]
async fn to_a_users_own_daemon() {
    if !rig::available(&[Need::Root, Need::Qemu]).unwrap() {
        return;
    }
    let Some(host) = Host::new() else { return };
    let uri = format!(
        "qemu+ssh://nobody@{}/session?{}",
        host.server.address(),
        host.client.parameters()
    );
    let conn = Connect::open(&uri).await.unwrap();
    assert_eq!(virsh(&uri, &["uri"]).unwrap(), conn.uri());
    let of_the_user = conn.list_all_domains(ListAllDomainsFlags::empty()).await;
    assert_eq!(of_the_user.unwrap(), []);
    let all = rig::processes::all().unwrap();
    let pids = host.daemon.processes().unwrap();
    let running = all.iter().filter(|it| pids.contains(&it.pid));
    let commands: Vec<_> = running.map(|it| &*it.command).collect();
    assert!(
        commands.contains(&"virt-ssh-helper qemu:///session")
            && commands.iter().any(|it| it.ends_with("libvirtd --timeout=120")),
        "{commands:?}"
    );
}
