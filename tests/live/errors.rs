//! What daemons' refusals are: transient, a matter of rights, of objects that are there already or in
//! the wrong state, or of what is asked.

mod states;

use std::os::unix::fs::PermissionsExt as _;
use std::{fs, thread};

use libvirt_client::domain::{ControlState, CreateFlags, DefineFlags, XmlFlags};
use libvirt_client::storage::{storage_pool, storage_vol};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Connect, Error, Result, network, nwfilter, secret};
use rig::{Daemon, Need};
use rustix::process::{Signal, Uid, kill_process};
use uuid::Uuid;

use crate::common::{GUESTS, boot, define, discard, eventually, qemu};
use crate::events::qemu_process;

#[track_caller]
fn assert_transient<T>(result: Result<T>) -> Error {
    let Err(error) = result else {
        panic!("it succeeded");
    };
    assert!(error.is_transient(), "{error:#?}");
    assert!(!error.is_permission_denied() && !error.is_outcome_unknown(), "{error:#?}");
    error
}

/// A guest whose monitor does not answer holds the domain's lock for whoever asked it something.
#[tokio::test]
async fn another_operation_holds_a_domains_lock() {
    if !rig::available(GUESTS).unwrap() {
        return;
    }
    // Whoever asks for statistics of all guests would have to wait, too.
    let daemon: &'static Daemon = Box::leak(Box::new(Daemon::builder().start().unwrap()));
    let conn = Connect::open(&daemon.uri()).await.unwrap();
    let guest = boot(daemon, &conn, "errors-lock", |guest| guest).await.domain;
    let process = qemu_process(daemon, &guest);
    kill_process(process, Signal::STOP).unwrap();
    let asking = tokio::spawn({
        let guest = guest.clone();
        async move { guest.suspend().await }
    });
    // Once the daemon has begun with one, another has to wait, which it does for half a minute.
    let other = Connect::open(&daemon.uri()).await.unwrap();
    eventually("the first has the lock", async || {
        guest.control_info().await.unwrap().state != ControlState::Ok
    })
    .await;
    let error = assert_transient(guest.via(&other).resume().await);
    assert_eq!(error.code(), Some(ErrorCode::OperationTimeout));
    assert!(error.to_string().starts_with("virDomainResume: "), "{error}");
    kill_process(process, Signal::CONT).unwrap();
    asking.await.unwrap().unwrap();
    // As it is said to.
    guest.via(&other).resume().await.unwrap();
    guest.destroy().await.unwrap();
}

#[tokio::test]
async fn a_daemon_that_is_not_there_yet() {
    if !rig::available(&[Need::Daemon, Need::Virsh]).unwrap() {
        return;
    }
    let mut daemon = Daemon::builder().test_driver().start().unwrap();
    daemon.stop().unwrap();
    assert_transient(Connect::open(&daemon.test_uri()).await);
    daemon.restart().unwrap();
    let conn = Connect::open(&daemon.test_uri()).await.unwrap();
    assert_eq!(conn.num_of_domains().await.unwrap(), 1);
}

#[track_caller]
fn assert_denied<T>(result: Result<T>) -> Error {
    let Err(error) = result else {
        panic!("it succeeded");
    };
    assert!(error.is_permission_denied(), "{error:#?}");
    assert!(!error.is_transient() && !error.is_unsupported(), "{error:#?}");
    error
}

#[tokio::test]
async fn a_read_only_connection_may_change_nothing() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let domain = define(daemon, &conn, "errors-read-only", |guest| guest).await.domain;
    let reader = Connect::open_read_only(&daemon.uri()).await.unwrap();
    let error = assert_denied(domain.via(&reader).create().await);
    assert!(error.to_string().starts_with("virDomainCreate"), "{error}");
    assert_denied(domain.via(&reader).undefine().await);
    discard(&domain).await;
}

/// Opens a connection as a user without any rights: on Linux, each thread has its own user.
fn open_as_nobody(uri: String) -> Result<Connect> {
    let opening = thread::spawn(move || {
        let nobody = Uid::from_raw(65534);
        rustix::thread::set_thread_res_uid(nobody, nobody, nobody).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(Connect::open(&uri))
    });
    opening.join().unwrap()
}

#[tokio::test]
async fn a_socket_is_not_for_everybody() {
    if !rig::available(&[Need::Daemon, Need::Virsh, Need::Root]).unwrap() {
        return;
    }
    let daemon = Daemon::builder().test_driver().start().unwrap();
    let socket = daemon.socket();
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o700)).unwrap();
    let error = assert_denied(open_as_nobody(daemon.test_uri()));
    assert!(matches!(error, Error::Connect { .. }), "{error:#?}");
    assert!(error.to_string().contains("this user may not use the socket"), "{error}");
}

#[track_caller]
fn assert_exists<T>(result: Result<T>) {
    let Err(error) = result else {
        panic!("it succeeded");
    };
    assert!(error.is_already_exists(), "{error:#?}");
    assert!(!error.is_transient() && !error.is_not_found(), "{error:#?}");
}

/// Returns another UUID than this.
fn other(uuid: Uuid) -> Uuid {
    Uuid::from_u128(uuid.as_u128() ^ 1)
}

/// Returns the XML with this UUID.
fn with_uuid(xml: &str, before: &str, uuid: Uuid) -> String {
    xml.replacen(before, &format!("<uuid>{uuid}</uuid>{before}"), 1)
}

#[tokio::test]
async fn objects_that_are_there_already() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "errors-exists";
    let domain = define(daemon, &conn, name, |guest| guest).await.domain;
    let xml = domain.xml_desc(XmlFlags::empty()).await.unwrap();
    let second = xml.replace(&domain.uuid().to_string(), &other(domain.uuid()).to_string());
    assert_exists(conn.domain_define_xml(&second).await);
    // With its own UUID it is the same.
    conn.domain_define_xml_flags(&xml, DefineFlags::empty()).await.unwrap();
    domain.create().await.unwrap();
    assert_exists(conn.domain_create_xml(&second, CreateFlags::empty()).await);
    domain.destroy().await.unwrap();
    discard(&domain).await;

    let xml = format!("<network><name>{name}</name><bridge name='virbr-errx'/></network>");
    let flags = network::DefineFlags::empty();
    let network = conn.network_define_xml(&xml, flags).await.unwrap();
    assert_exists(
        conn.network_define_xml(&with_uuid(&xml, "<bridge", other(network.uuid())), flags)
            .await,
    );
    network.undefine().await.unwrap();

    let dir = daemon.scratch().join(name);
    fs::create_dir(&dir).unwrap();
    let xml = format!(
        "<pool type='dir'><name>{name}</name><target><path>{}</path></target></pool>",
        dir.display()
    );
    let flags = storage_pool::DefineFlags::empty();
    let pool = conn.storage_pool_define_xml(&xml, flags).await.unwrap();
    assert_exists(
        conn.storage_pool_define_xml(&with_uuid(&xml, "<target", other(pool.uuid())), flags)
            .await,
    );
    pool.create(storage_pool::CreateFlags::empty()).await.unwrap();
    let xml = "<volume><name>one</name><capacity>4096</capacity></volume>";
    let flags = storage_vol::CreateFlags::empty();
    pool.storage_vol_create_xml(xml, flags).await.unwrap();
    assert_exists(pool.storage_vol_create_xml(xml, flags).await);
    pool.destroy().await.unwrap();
    pool.undefine().await.unwrap();

    let xml = format!("<filter name='{name}'></filter>");
    let flags = nwfilter::DefineFlags::empty();
    let filter = conn.nwfilter_define_xml(&xml, flags).await.unwrap();
    assert_exists(
        conn.nwfilter_define_xml(&with_uuid(&xml, "</filter>", other(filter.uuid())), flags)
            .await,
    );
    filter.undefine().await.unwrap();

    let xml = format!("<secret><usage type='ceph'><name>{name}</name></usage></secret>");
    let flags = secret::DefineFlags::empty();
    let secret = conn.secret_define_xml(&xml, flags).await.unwrap();
    assert_exists(
        conn.secret_define_xml(&with_uuid(&xml, "<usage", other(secret.uuid())), flags)
            .await,
    );
    secret.undefine().await.unwrap();
}
