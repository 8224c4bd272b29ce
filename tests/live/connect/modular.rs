//! Hosts where each driver has a daemon of its own.

use std::path::Path;
use std::process::{Command, Output};

use libvirt_client::Connect;
use libvirt_client::connect::{ListAllDomainsFlags, ListAllSecretsFlags};
use rig::{Daemon, Need, modular};

use crate::programs::{assert_fails, assert_same, built};

const NEEDS: &[Need] = &[
    Need::Daemon,
    Need::Virsh,
    Need::Qemu,
    Need::Root,
    Need::Modular,
];

/// `None` if this run of the tests was announced to do without.
fn host(daemons: &[&str]) -> Option<Daemon> {
    if !rig::available(NEEDS).unwrap() {
        return None;
    }
    let mut host = Daemon::builder().system().start().unwrap();
    host.split(daemons).unwrap();
    Some(host)
}

fn run(mut command: Command, args: &[&str]) -> Output {
    command.args(args).output().unwrap()
}

fn list(host: &Daemon, uri: &str) -> Output {
    run(host.command(built("list")), &[uri])
}

fn virsh(host: &Daemon, uri: &str) -> Output {
    let args = ["--connect", uri, "list", "--all"];
    run(host.command(Path::new("virsh")), &args)
}

#[test]
fn local_clients_find_the_drivers_daemon_or_the_proxy() {
    let Some(mut host) = host(&["virtqemud", "virtproxyd"]) else {
        return;
    };
    for uri in [
        "qemu:///system",
        "qemu:///system?mode=auto",
        "qemu:///system?mode=direct",
        "qemu:///system?mode=legacy",
    ] {
        assert_same(&list(&host, uri), &virsh(&host, uri));
    }
    // Debian's virsh would only ask the proxy, which makes of no URI the driver that there is.
    assert_same(&list(&host, ""), &virsh(&host, "qemu:///system"));

    host.stop_part("virtproxyd").unwrap();
    for uri in ["", "qemu:///system", "qemu:///system?mode=direct"] {
        assert_same(&list(&host, uri), &virsh(&host, "qemu:///system"));
    }
    let legacy = "qemu:///system?mode=legacy";
    assert_fails(&list(&host, legacy), "/var/run/libvirt/libvirt-sock");
    assert!(!virsh(&host, legacy).status.success());

    host.stop_part("virtqemud").unwrap();
    assert_fails(
        &list(&host, "qemu:///system"),
        "(tried /var/run/libvirt/virtqemud-sock, /var/run/libvirt/libvirt-sock)",
    );
    assert_fails(&list(&host, "qemu:///system?mode=direct"), "/var/run/libvirt/virtqemud-sock");
}

/// A URI for one of the daemons, from outside of its host's namespaces.
fn uri(host: &Daemon, driver: &str, socket: &str) -> String {
    let socket = host.run_dir().join(socket);
    format!("{driver}+unix:///system?socket={}", socket.display())
}

#[tokio::test]
async fn each_daemon_does_what_is_its_own() {
    let Some(host) = host(&modular::DAEMONS) else {
        return;
    };
    let open = async |driver, socket| {
        let conn = Connect::open(&uri(&host, driver, socket)).await;
        conn.unwrap_or_else(|error| panic!("{driver} {socket}: {error}"))
    };
    for (driver, command, xml) in [
        ("network", "net-define", "<network><name>modular</name></network>"),
        (
            "secret",
            "secret-define",
            "<secret ephemeral='no'><description>modular</description></secret>",
        ),
        (
            "storage",
            "pool-define",
            "<pool type='dir'><name>modular</name><target><path>/tmp</path></target></pool>",
        ),
    ] {
        let file = host.scratch().join(driver);
        std::fs::write(&file, xml).unwrap();
        let (uri, file) = (format!("{driver}:///system"), file.display().to_string());
        let output = run(host.command(Path::new("virsh")), &["--connect", &uri, command, &file]);
        assert!(output.status.success(), "{output:?}");
    }
    let networks = open("network", "virtnetworkd-sock").await;
    networks.network_lookup_by_name("modular").await.unwrap();
    let secrets = open("secret", "virtsecretd-sock").await;
    let found = secrets.list_all_secrets(ListAllSecretsFlags::empty()).await;
    let [secret] = &found.unwrap()[..] else {
        panic!("not one secret")
    };
    let pools = open("storage", "virtstoraged-sock").await;
    pools.storage_pool_lookup_by_name("modular").await.unwrap();
    for conn in [&networks, &secrets, &pools] {
        let domains = conn.list_all_domains(ListAllDomainsFlags::empty()).await;
        let error = domains.unwrap_err();
        assert!(error.is_unsupported(), "{error}");
    }

    // QEMU's daemon asks the others; and so does the proxy.
    for socket in ["virtqemud-sock", "libvirt-sock"] {
        let conn = open("qemu", socket).await;
        assert!(conn.list_all_domains(ListAllDomainsFlags::empty()).await.unwrap().is_empty());
        conn.network_lookup_by_name("modular").await.unwrap();
        conn.storage_pool_lookup_by_name("modular").await.unwrap();
        let secrets = conn.list_all_secrets(ListAllSecretsFlags::empty()).await;
        assert_eq!(secrets.unwrap()[0].uuid(), secret.uuid());
    }
    let conn = Connect::open_read_only(&uri(&host, "qemu", "virtqemud-sock-ro")).await;
    assert!(conn.unwrap().is_read_only());
}

#[cfg(feature = "ssh")]
#[tokio::test]
async fn clients_of_other_hosts_have_the_host_choose() {
    use rig::ssh;

    if !rig::available(&[Need::Ssh]).unwrap() {
        return;
    }
    let Some(mut host) = host(&["virtqemud", "virtproxyd"]) else {
        return;
    };
    let client = ssh::Client::new().unwrap();
    let server = ssh::Server::builder(&host).accept(&client).start().unwrap();
    client.trust(&server.address(), server.host_key()).unwrap();
    let uri = |proxy| {
        let (address, parameters) = (server.address(), client.parameters());
        format!("qemu+ssh://root@{address}/system?proxy={proxy}&{parameters}")
    };
    for proxy in ["auto", "native", "netcat"] {
        Connect::open(&uri(proxy)).await.unwrap();
    }
    host.stop_part("virtproxyd").unwrap();
    for proxy in ["auto", "native"] {
        Connect::open(&uri(proxy)).await.unwrap();
    }
    let error = Connect::open(&uri("netcat")).await.unwrap_err().to_string();
    assert!(error.contains("/var/run/libvirt/libvirt-sock"), "{error}");
}
