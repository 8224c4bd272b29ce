//! What pools can be made of.

use crate::common::{qemu, test_driver};

/// Of the test driver, which makes them up: there are no volume groups and exports to be found.
#[tokio::test]
async fn sources_are_found() {
    let Some((daemon, conn)) = test_driver().await else {
        return;
    };
    let uri = daemon.test_uri();
    let host = "<source><host name='server.example'/></source>";
    for (kind, spec) in [("logical", None), ("netfs", Some(host))] {
        let found = conn.find_storage_pool_sources(kind, spec).await.unwrap();
        let asked = match spec {
            None => vec!["find-storage-pool-sources", kind],
            Some(_) => vec!["find-storage-pool-sources-as", kind, "server.example"],
        };
        let shown = String::from_utf8(daemon.virsh_at(&uri, asked).unwrap().stdout).unwrap();
        assert_eq!(found.trim(), shown.trim());
        assert!(found.contains("<source>"), "{found}");
    }
}

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
