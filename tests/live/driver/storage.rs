//! What pools can be made of.

use crate::common::test_driver;

/// Of the test driver, which makes them up: there are no volume groups and exports to be found.
#[tokio::test]
async fn sources_are_found() {
    let Some((daemon, conn)) = test_driver().await else {
        return;
    };
    let host = "<source><host name='server.example'/></source>";
    for (kind, spec) in [("logical", None), ("netfs", Some(host))] {
        let found = conn.find_storage_pool_sources(kind, spec).await.unwrap();
        let asked = match spec {
            None => vec!["find-storage-pool-sources", kind],
            Some(_) => vec!["find-storage-pool-sources-as", kind, "server.example"],
        };
        let shown = daemon.virsh(asked).unwrap();
        assert_eq!(found.trim(), shown.trim());
        assert!(found.contains("<source>"), "{found}");
    }
}
