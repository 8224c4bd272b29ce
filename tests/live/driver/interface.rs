//! The host's network interfaces; of the test driver, since a daemon must not change the host's.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use libvirt_client::interface::{DefineFlags, XmlFlags};
use libvirt_client::types::connect::ListAllInterfacesFlags;
use libvirt_client::{Connect, Optional};

use crate::common::{eventually, test_driver};

const XML: &str = "<interface type='ethernet' name='interfaces1'><start mode='none'/>\
                   <mac address='52:54:00:1f:00:01'/><mtu size='1400'/></interface>";

/// One after the other: an undone change takes other tests' interfaces with it.
#[tokio::test]
async fn interfaces_are_configured() {
    let Some((_, conn)) = test_driver().await else {
        return;
    };
    an_interface_comes_and_goes(&conn).await;
    changes_are_undone_unless_they_are_committed(&conn).await;
    dropped_futures_leave_no_changes_open(&conn).await;
}

async fn an_interface_comes_and_goes(conn: &Connect) {
    let defined = conn.interface_define_xml(XML, DefineFlags::empty()).await.unwrap();
    assert_eq!((defined.name(), defined.mac()), ("interfaces1", "52:54:00:1f:00:01"));
    assert_eq!(conn.interface_lookup_by_name("interfaces1").await.unwrap(), defined);
    assert_eq!(conn.interface_lookup_by_mac(defined.mac()).await.unwrap(), defined);
    let text = defined.xml_desc(XmlFlags::empty()).await.unwrap();
    assert!(text.contains("<mtu size='1400'/>"), "{text}");
    // That driver knows no difference.
    defined.xml_desc(XmlFlags::INACTIVE).await.unwrap_err();

    let listed = async |flags| conn.list_all_interfaces(flags).await.unwrap().contains(&defined);
    assert!(!defined.is_active().await.unwrap());
    assert!(listed(ListAllInterfacesFlags::INACTIVE).await);
    defined.create().await.unwrap();
    assert!(defined.is_active().await.unwrap());
    assert!(listed(ListAllInterfacesFlags::ACTIVE).await);
    assert!(!listed(ListAllInterfacesFlags::INACTIVE).await);
    defined.destroy().await.unwrap();
    assert!(!defined.is_active().await.unwrap());
    defined.undefine().await.unwrap();
    let gone = conn.interface_lookup_by_name("interfaces1").await;
    assert!(gone.unwrap_err().is_not_found());
}

async fn changes_are_undone_unless_they_are_committed(conn: &Connect) {
    let xml = XML.replace("interfaces1", "interfaces2").replace("00:01", "00:02");
    let define = async || conn.interface_define_xml(&xml, DefineFlags::empty()).await.unwrap();
    let is_there = async || {
        let found = conn.interface_lookup_by_name("interfaces2").await;
        found.optional().unwrap().is_some()
    };

    let change = conn.interface_change_begin().await.unwrap();
    // One set of changes at a time.
    conn.interface_change_begin().await.unwrap_err();
    define().await;
    change.rollback().await.unwrap();
    assert!(!is_there().await);

    let dropped = conn.interface_change_begin().await.unwrap();
    define().await;
    drop(dropped);
    eventually("the changes are rolled back", async || !is_there().await).await;

    // Not one's own: the connection that began them is gone.
    let other = conn.reopen().await.unwrap();
    other.interface_change_begin().await.unwrap().leave();
    other.close().await;
    define().await;
    conn.interface_change_rollback().await.unwrap();
    assert!(!is_there().await);

    let change = conn.interface_change_begin().await.unwrap();
    let defined = define().await;
    change.commit().await.unwrap();
    assert!(is_there().await);
    defined.undefine().await.unwrap();
    conn.interface_change_rollback().await.unwrap_err();
}

/// A future that was polled once has started what goes on without it.
async fn dropped_futures_leave_no_changes_open(conn: &Connect) {
    let xml = XML.replace("interfaces1", "interfaces3").replace("00:01", "00:03");
    let begun = async || {
        let change = Cell::new(None);
        eventually("no changes are open", async || {
            let begun = conn.interface_change_begin().await.ok();
            let is_begun = begun.is_some();
            change.set(begun);
            is_begun
        })
        .await;
        change.take().unwrap()
    };

    assert!(poll_once(conn.interface_change_begin()).await.is_none());
    begun().await.rollback().await.unwrap();

    let change = begun().await;
    let defined = conn.interface_define_xml(&xml, DefineFlags::empty()).await.unwrap();
    assert!(poll_once(change.commit()).await.is_none());
    // Another can begin once the daemon has committed; nothing was rolled back.
    begun().await.rollback().await.unwrap();
    assert_eq!(conn.interface_lookup_by_name("interfaces3").await.unwrap(), defined);
    defined.undefine().await.unwrap();

    let change = begun().await;
    conn.interface_define_xml(&xml, DefineFlags::empty()).await.unwrap();
    assert!(poll_once(change.rollback()).await.is_none());
    begun().await.rollback().await.unwrap();
    let gone = conn.interface_lookup_by_name("interfaces3").await;
    assert!(gone.unwrap_err().is_not_found());
}

/// Drops a future after it was polled once.
async fn poll_once<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}
