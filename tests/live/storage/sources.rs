//! What pools can be made of.

use crate::common::qemu;

#[tokio::test]
async fn directories_are_no_sources_to_be_found() {
    let Some((_, conn)) = qemu().await else {
        return;
    };
    let found = conn.find_storage_pool_sources("dir", None).await;
    assert!(found.unwrap_err().is_unsupported());
}

#[tokio::test]
async fn the_types_of_pools_are_as_virsh_prints_them() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let shown = daemon.virsh(["pool-capabilities"]).unwrap();
    let capabilities = conn.storage_pool_capabilities().await.unwrap();
    assert_eq!(capabilities.trim(), shown.trim());
    assert!(capabilities.contains("<pool type='dir' supported='yes'>"), "{capabilities}");
}
