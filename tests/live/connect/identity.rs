//! Who is at the other end.

use libvirt_client::Connect;
use libvirt_client::connect::{Feature, Version};

use crate::common::qemu;
use crate::driver::shown::field;

#[tokio::test]
async fn daemon_and_hypervisor_have_names_and_versions() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let version = daemon.virsh(["version"]).unwrap();
    let name = conn.hypervisor().await.unwrap();
    assert_eq!(name, "QEMU");
    let hypervisor = conn.version().await.unwrap().unwrap();
    assert_eq!(field(&version, "Running hypervisor"), format!("{name} {hypervisor}"));
    assert!(hypervisor > Version::new(1, 0, 0));
    let libvirt = conn.lib_version().await.unwrap();
    assert_eq!(
        field(&daemon.virsh(["version", "--daemon"]).unwrap(), "Running against daemon"),
        libvirt.to_string()
    );

    assert_eq!(conn.hostname().await.unwrap(), daemon.virsh(["hostname"]).unwrap().trim());
    assert_eq!(conn.uri(), daemon.virsh(["uri"]).unwrap().trim());
}

#[tokio::test]
async fn a_local_socket_is_secure_without_encryption() {
    let Some((_, conn)) = qemu().await else {
        return;
    };
    assert!(conn.is_secure().await.unwrap());
    assert!(!conn.is_encrypted().await.unwrap());

    // Who knows what this stream runs over?
    let stream = tokio::net::UnixStream::connect(socket(&conn)).await.unwrap();
    let builder = Connect::builder(conn.uri());
    let conn = builder.open_over(stream).await.unwrap();
    assert!(!conn.is_secure().await.unwrap());
    assert!(!conn.is_encrypted().await.unwrap());
}

/// The socket that the connection's URI names.
fn socket(conn: &Connect) -> String {
    conn.uri().split_once("socket=").unwrap().1.to_owned()
}

#[tokio::test]
async fn features() {
    let Some((_, conn)) = qemu().await else {
        return;
    };
    for present in [
        Feature::MigrationV3,
        Feature::MigrationP2p,
        Feature::MigrationParams,
        Feature::TypedParamString,
        Feature::ProgramKeepalive,
        Feature::RemoteEventCallback,
        Feature::NetworkUpdateHasCorrectOrder,
    ] {
        assert!(conn.supports_feature(present).await.unwrap(), "{present:?}");
    }
    for absent in [
        Feature::Remote,
        Feature::MigrationV1,
        Feature::MigrationDirect,
        Feature::Other(17),
        Feature::Other(-1),
    ] {
        assert!(!conn.supports_feature(absent).await.unwrap(), "{absent:?}");
    }
}
