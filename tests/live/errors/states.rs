//! Objects that run, or do not, and input that is wrong.

use std::fs;

use libvirt_client::domain::{DefineFlags, DeviceModifyFlags, XmlFlags};
use libvirt_client::storage::storage_pool;
use libvirt_client::{Result, network};

use crate::common::{define, discard, qemu};

#[track_caller]
fn assert_runs<T>(result: Result<T>) {
    let Err(error) = result else {
        panic!("it succeeded");
    };
    assert!(error.is_already_active() && !error.is_not_active(), "{error:#?}");
    assert!(!error.is_already_exists() && !error.is_invalid(), "{error:#?}");
}

#[track_caller]
fn assert_rests<T>(result: Result<T>) {
    let Err(error) = result else {
        panic!("it succeeded");
    };
    assert!(error.is_not_active() && !error.is_already_active(), "{error:#?}");
    assert!(!error.is_not_found() && !error.is_invalid(), "{error:#?}");
}

#[track_caller]
fn assert_invalid<T>(result: Result<T>) {
    let Err(error) = result else {
        panic!("it succeeded");
    };
    assert!(error.is_invalid() && !error.is_unsupported(), "{error:#?}");
}

#[tokio::test]
async fn domains() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let domain = define(daemon, &conn, "errors-states", |guest| guest).await.domain;
    assert_rests(domain.suspend().await);
    assert_rests(domain.shutdown().await);
    assert_rests(domain.destroy().await);
    assert_rests(domain.job_info().await);
    assert_rests(domain.detach_device_alias("ua-none", DeviceModifyFlags::LIVE).await);
    domain.create().await.unwrap();
    assert_runs(domain.create().await);
    assert_runs(domain.resume().await);
    let xml = domain.xml_desc(XmlFlags::INACTIVE).await.unwrap();
    let define = async |xml: &str| conn.domain_define_xml_flags(xml, DefineFlags::VALIDATE).await;
    assert_invalid(define("<domain").await);
    assert_invalid(define(&xml.replace("<devices>", "<nonsense/><devices>")).await);
    assert_invalid(conn.domain_define_xml("<domain type='qemu'/>").await);
    assert_invalid(domain.block_info("no-such-disk").await);
    discard(&domain).await;
}

#[tokio::test]
async fn networks_and_pools() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "errors-states";
    let xml = format!("<network><name>{name}</name><bridge name='virbr-errs'/></network>");
    let flags = network::DefineFlags::empty();
    let network = conn.network_define_xml(&xml, flags).await.unwrap();
    assert_rests(network.destroy().await);
    network.create().await.unwrap();
    assert_runs(network.create().await);
    network.destroy().await.unwrap();
    network.undefine().await.unwrap();

    let dir = daemon.scratch().join(name);
    fs::create_dir(&dir).unwrap();
    let xml = format!(
        "<pool type='dir'><name>{name}</name><target><path>{}</path></target></pool>",
        dir.display()
    );
    let flags = storage_pool::DefineFlags::empty();
    let pool = conn.storage_pool_define_xml(&xml, flags).await.unwrap();
    assert_rests(pool.destroy().await);
    assert_rests(pool.list_all_volumes().await);
    pool.create(storage_pool::CreateFlags::empty()).await.unwrap();
    assert_runs(pool.create(storage_pool::CreateFlags::empty()).await);
    // It runs, but that it does is not what was asked for.
    let error = pool.undefine().await.unwrap_err();
    assert!(!error.is_already_active() && !error.is_not_active(), "{error:#?}");
    pool.destroy().await.unwrap();
    pool.undefine().await.unwrap();
}
