//! Tables of what exists.

use libvirt_client::Uuid;
use libvirt_client::domain::{Domain, State};
use libvirt_client::network::{self, Network};
use libvirt_client::storage::StoragePool;
use libvirt_client::storage::storage_pool::{self, State as PoolState};
use libvirt_client::watch::Change;

use super::changes::{is_now, until};
use crate::common::test_driver;

const TEST_XML: &str = "<domain type='test'><name>NAME</name><memory>1024</memory>\
                        <os><type>hvm</type></os></domain>";

#[tokio::test]
async fn domains() {
    let Some((_, conn)) = test_driver().await else {
        return;
    };
    let mut watch = conn.watch_domains();
    until(&mut watch, "the list", |change| *change == Change::Current).await;
    assert!(watch.entries().any(|entry| entry.object.name() == "test"));
    assert!(!watch.is_empty() && watch.len() == watch.entries().count());
    let test = conn.domain_lookup_by_name("test").await.unwrap();
    let entry = watch.get(&test).unwrap();
    assert_eq!(entry.object, test);
    assert_eq!(watch.get_by_key(&test.uuid()), Some(entry));
    assert_eq!(watch.get_by_key(&Uuid::nil()), None);

    let name = "watch-domains";
    let is = |state: State| {
        move |change: &Change<Domain>| {
            is_now(change, |entry| entry.object.name() == name && entry.state == state)
        }
    };
    let domain = conn.domain_define_xml(&TEST_XML.replace("NAME", name)).await.unwrap();
    until(&mut watch, "its definition", is(State::Shutoff)).await;
    domain.create().await.unwrap();
    until(&mut watch, "its start", is(State::Running)).await;
    domain.suspend().await.unwrap();
    until(&mut watch, "its pause", |change| match change {
        Change::Changed { entry, before } if entry.object.name() == name => {
            before.state == State::Running && entry.state == State::Paused
        }
        _ => false,
    })
    .await;
    domain.destroy().await.unwrap();
    until(&mut watch, "its end", is(State::Shutoff)).await;
    let renamed = "watch-renamed";
    domain.rename(renamed).await.unwrap();
    until(
        &mut watch,
        "its name",
        |change| matches!(change, Change::Changed { entry, .. } if entry.object.name() == renamed),
    )
    .await;
    domain.undefine().await.unwrap();
    until(
        &mut watch,
        "that it is gone",
        |change| matches!(change, Change::Gone(entry) if entry.object.name() == renamed),
    )
    .await;
    conn.close().await;
    let error = watch.next().await.unwrap().unwrap_err();
    assert!(error.is_closed(), "{error}");
    assert!(watch.next().await.is_none());
}

#[tokio::test]
async fn networks_and_pools() {
    let Some((_, conn)) = test_driver().await else {
        return;
    };
    let mut networks = conn.watch_networks();
    let xml = "<network><name>watch-net</name><ip address='192.168.96.1'/></network>";
    let network = conn.network_define_xml(xml, network::DefineFlags::empty()).await.unwrap();
    let is = |name: &'static str, active: bool| {
        move |change: &Change<Network>| {
            is_now(change, |entry| entry.object.name() == name && entry.state == active)
        }
    };
    until(&mut networks, "its definition", is("watch-net", false)).await;
    network.create().await.unwrap();
    until(&mut networks, "its start", is("watch-net", true)).await;
    network.destroy().await.unwrap();
    network.undefine().await.unwrap();
    until(
        &mut networks,
        "its end",
        |change| matches!(change, Change::Gone(entry) if entry.object.name() == "watch-net"),
    )
    .await;

    let mut pools = conn.watch_storage_pools();
    let xml = "<pool type='dir'><name>watch-pool</name><target><path>/x</path></target></pool>";
    let flags = storage_pool::DefineFlags::empty();
    let pool = conn.storage_pool_define_xml(xml, flags).await.unwrap();
    let is = |state: PoolState| {
        move |change: &Change<StoragePool>| {
            is_now(change, |entry| entry.object.name() == "watch-pool" && entry.state == state)
        }
    };
    until(&mut pools, "its definition", is(PoolState::Inactive)).await;
    pool.create(storage_pool::CreateFlags::empty()).await.unwrap();
    until(&mut pools, "its start", is(PoolState::Running)).await;
    pool.destroy().await.unwrap();
    pool.undefine().await.unwrap();
    until(
        &mut pools,
        "its end",
        |change| matches!(change, Change::Gone(entry) if entry.object.name() == "watch-pool"),
    )
    .await;
}
