//! A guest that moves between two hosts.

use libvirt_client::domain::CreateFlags;
use libvirt_client::{Connect, Optional};

use super::{Guide, value_of};
use crate::common::{GUESTS, describe, discard, wait_for_shell};
use crate::migration::hosts::{Hosts, UUID_A, UUID_B, host};
use crate::shell::Shell;

#[tokio::test]
async fn a_guest_moves_in_each_way() {
    if !rig::available(GUESTS).unwrap() {
        return;
    }
    // A destination tells its name, which is here an address that the source reaches.
    let [a, b] = [("127.0.0.2", UUID_A), ("127.0.0.3", UUID_B)]
        .map(|(name, uuid)| host(name, uuid).start().unwrap());
    let hosts = Hosts::of(a, b).await;
    let [a, b] = [Guide::of(&hosts.a), Guide::of(&hosts.b)];
    let name = "guide-migration";
    let (xml, log) = describe(&hosts.a, name, |guest| guest);
    // Both hosts' hypervisors write there, one after the other.
    let xml = xml.replace("append='off'", "append='on'");
    hosts.conn_a.domain_create_xml(&xml, CreateFlags::empty()).await.unwrap();
    wait_for_shell(&log).await;

    let said = a.run("4.4.4a", &[name, &hosts.b.uri()]).await;
    assert_eq!(said, format!("{name} is on 127.0.0.3"));
    assert_moved(&hosts.conn_a, &b, name).await;

    let uri = hosts.a.uri_over("tcp", "127.0.0.1").unwrap();
    assert_eq!(b.run("4.4.4b", &[name, &uri]).await, format!("{name} is at {uri}"));
    assert_moved(&hosts.conn_b, &a, name).await;

    let said = a.run("4.4.4c", &[name, &hosts.b.uri()]).await;
    assert_eq!(said, format!("{name} is on 127.0.0.3"));
    assert_moved(&hosts.conn_a, &b, name).await;

    let renamed = "guide-migration-2";
    let arguments = [name, &hosts.a.uri(), renamed, "tcp://127.0.0.1"];
    let said = b.run("4.4.4d", &arguments).await;
    assert_eq!(said, format!("{name} is {renamed} on 127.0.0.2"));
    assert_moved(&hosts.conn_b, &a, renamed).await;
    assert_eq!(value_of(&a.virsh(&["dominfo", renamed]), "Persistent"), "yes");

    b.fail("4.4.4a", &[name, &hosts.a.uri()], "no domain with matching name").await;

    // It has never booted again.
    assert_eq!(rig::guest::boots(&log).unwrap(), 1);
    let domain = hosts.conn_a.domain_lookup_by_name(renamed).await.unwrap();
    let mut shell = Shell::open(&domain).await;
    let said = shell.run("echo still-$((40 + 2))").await;
    assert!(said.contains("still-42"), "{said}");
    shell.close().await;
    discard(&domain).await;
    hosts.assert_empty().await;
}

async fn assert_moved(from: &Connect, to: &Guide<'_>, name: &str) {
    assert_eq!(to.reason(name), "running(migrated)");
    let left = from.domain_lookup_by_name(name).await.optional().unwrap();
    assert!(left.is_none(), "{left:?}");
}
