//! Objects that run already, or do not, as the test driver says it.

use libvirt_client::domain::CreateFlags;
use libvirt_client::storage::storage_pool;
use libvirt_client::{Result, network};

use crate::common::test_driver;

#[track_caller]
fn assert_runs(result: Result<()>) {
    let error = result.unwrap_err();
    assert!(error.is_already_active() && !error.is_not_active(), "{error:#?}");
}

#[track_caller]
fn assert_rests(result: Result<()>) {
    let error = result.unwrap_err();
    assert!(error.is_not_active() && !error.is_already_active(), "{error:#?}");
}

#[tokio::test]
async fn what_runs_and_what_does_not() {
    let Some((_, conn)) = test_driver().await else {
        return;
    };
    let xml = "<domain type='test'><name>states-said</name><memory>1024</memory>\
               <os><type>hvm</type></os></domain>";
    let domain = conn.domain_define_xml(xml).await.unwrap();
    assert_rests(domain.destroy().await);
    assert_rests(domain.shutdown().await);
    assert_rests(domain.suspend().await);
    domain.create().await.unwrap();
    assert_runs(domain.create().await);
    assert_runs(domain.create_with_flags(CreateFlags::empty()).await);
    domain.destroy().await.unwrap();
    domain.undefine().await.unwrap();

    let xml = "<network><name>states-said</name></network>";
    let network = conn.network_define_xml(xml, network::DefineFlags::empty()).await.unwrap();
    network.create().await.unwrap();
    assert_runs(network.create().await);
    network.destroy().await.unwrap();
    network.undefine().await.unwrap();

    let xml = "<pool type='dir'><name>states-said</name>\
               <target><path>/states-said</path></target></pool>";
    let flags = storage_pool::DefineFlags::empty();
    let pool = conn.storage_pool_define_xml(xml, flags).await.unwrap();
    assert_rests(pool.destroy().await);
    let start = async || pool.create(storage_pool::CreateFlags::empty()).await;
    start().await.unwrap();
    assert_runs(start().await);
    // The same words, but that it runs is not what was asked for.
    let error = pool.undefine().await.unwrap_err();
    assert!(!error.is_already_active() && !error.is_not_active(), "{error:#?}");
    pool.destroy().await.unwrap();
    pool.undefine().await.unwrap();
}
