//! Volumes made from others.

use std::fs;

use libvirt_client::storage::storage_vol::CreateFlags;
use libvirt_client::types::error::ErrorCode;

use super::{make, remove, shown_capacity, volume, volume_xml};
use crate::common::qemu;
use crate::streams::Noise;

#[tokio::test]
async fn a_volume_is_made_from_another_in_another_format_and_pool() {
    const SIZE: usize = 1 << 20;
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (from, from_dir) = make(daemon, &conn, "copies-from").await;
    let (to, to_dir) = make(daemon, &conn, "copies-to").await;
    let data = Noise::new(20).bytes(SIZE);
    let source = volume(&from, "source", "raw", SIZE as u64).await;
    fs::write(from_dir.join("source"), &data).unwrap();

    // The capacity is that of the source where the XML has less.
    let flags = CreateFlags::empty();
    let xml = volume_xml("there", "qcow2", 0, 0);
    // Daemons check the XML as they are told to, and then stumble over the flag.
    let validated = to.storage_vol_create_xml_from(&xml, &source, CreateFlags::VALIDATE).await;
    assert!(validated.unwrap_err().is_unsupported());
    let there = to.storage_vol_create_xml_from(&xml, &source, flags).await.unwrap();
    assert_eq!(there.pool_name(), "copies-to");
    assert_eq!(shown_capacity(daemon, &there), SIZE as u64);
    assert!(there.xml_desc().await.unwrap().contains("<format type='qcow2'/>"));
    let xml = volume_xml("back", "raw", 2 * SIZE as u64, 0);
    from.storage_vol_create_xml_from(&xml, &there, flags).await.unwrap();
    let back = fs::read(from_dir.join("back")).unwrap();
    assert!(back[..SIZE] == data);
    assert!(back[SIZE..].iter().all(|byte| *byte == 0));

    let again = from.storage_vol_create_xml_from(&xml, &there, flags).await;
    let again = again.unwrap_err();
    assert_eq!(again.code(), Some(ErrorCode::InternalError));
    assert!(again.is_already_exists(), "{again}");
    remove(&from, &from_dir).await;
    let gone = to.storage_vol_create_xml_from(&xml, &source, flags).await;
    assert!(gone.unwrap_err().is_not_found());
    remove(&to, &to_dir).await;
}
