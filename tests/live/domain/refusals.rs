//! What daemons refuse, and how it reads.

use std::path::Path;

use libvirt_client::connect::Version;
use libvirt_client::domain::{
    CoreDumpFlags, CreateFlags, DeviceModifyFlags, Domain, GraphicsReloadType, MetadataType,
    ModificationImpact, RebootFlags, SaveRestoreFlags, UndefineFlags, XmlFlags,
};
use libvirt_client::params::TypedParams;
use libvirt_client::protocol::remote;
use libvirt_client::types::error::{ErrorCode, ErrorDomain};
use libvirt_client::{Connect, Error};

use crate::common::{define, discard, qemu};

#[tokio::test]
async fn bad_xml_is_refused_in_the_words_of_the_daemon() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let file = daemon.scratch().join("refusals.xml");
    let bad = [
        ("<domain", ErrorCode::XmlDetail),
        ("<network/>", ErrorCode::XmlError),
        ("<domain type='qemu'><name>x</name></domain>", ErrorCode::XmlError),
    ];
    for (xml, code) in bad {
        std::fs::write(&file, xml).unwrap();
        let virsh = daemon.virsh_output(["define", file.to_str().unwrap()]).unwrap();
        let said = String::from_utf8(virsh.stderr).unwrap();
        let (_, expected) = said.split_once("\nerror: ").unwrap();

        let Error::Remote(error) = conn.domain_define_xml(xml).await.unwrap_err() else {
            panic!("not the daemon's error");
        };
        assert_eq!(error.message.trim(), expected.trim());
        assert_eq!(error.procedure, "virDomainDefineXML");
        assert_ne!(error.domain, ErrorDomain::None);
        assert_eq!(error.code, code);
        let created = conn.domain_create_xml(xml, CreateFlags::empty()).await;
        assert_eq!(created.unwrap_err().code(), Some(error.code));
    }
}

#[tokio::test]
async fn flags_that_a_daemon_does_not_know_are_refused() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let domain = define(daemon, &conn, "refusals-flags", |guest| guest).await.domain;
    let unknown = 1 << 24;
    let refused = [
        domain.create_with_flags(CreateFlags::from_bits_retain(unknown)).await,
        domain.undefine_flags(UndefineFlags::from_bits_retain(unknown)).await,
        domain.reboot(RebootFlags::from_bits_retain(unknown)).await,
        domain.xml_desc(XmlFlags::from_bits_retain(unknown)).await.map(drop),
    ];
    for result in refused {
        let error = result.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::InvalidArg), "{error}");
        assert!(error.to_string().contains("0x1000000"), "{error}");
        assert!(error.is_unsupported());
    }
    // Nothing has come of it.
    assert!(!domain.is_active().await.unwrap());
    discard(&domain).await;
}

#[tokio::test]
async fn a_read_only_connection_changes_nothing() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let domain = define(daemon, &conn, "refusals-reader", |guest| guest).await.domain;
    domain.create_with_flags(CreateFlags::PAUSED).await.unwrap();
    let before = domain.xml_desc(XmlFlags::INACTIVE).await.unwrap();

    // A session daemon has one socket for all.
    let mut readers = vec![Connect::open_read_only(&daemon.uri()).await.unwrap()];
    if let Some(socket) = daemon.socket_ro() {
        let uri = format!("qemu+unix:///system?socket={}", socket.display());
        readers.push(Connect::open_read_only(&uri).await.unwrap());
    }
    for reader in readers {
        assert!(reader.is_read_only());
        let found = reader.domain_lookup_by_name("refusals-reader").await.unwrap();
        assert_eq!(found.info().await.unwrap(), domain.info().await.unwrap());
        for (what, result) in attempts(&reader, &found, &before).await {
            let error = result.expect_err(what);
            assert_eq!(error.code(), Some(ErrorCode::OperationDenied), "{what}: {error}");
        }
    }
    assert!(domain.is_active().await.unwrap());
    let after = domain.xml_desc(XmlFlags::INACTIVE).await.unwrap();
    assert_eq!(after, before);
    discard(&domain).await;
}

/// One modification of each kind.
async fn attempts(
    reader: &Connect,
    domain: &Domain,
    xml: &str,
) -> Vec<(&'static str, Result<(), Error>)> {
    let file = Path::new("/tmp/never");
    let device = "<memballoon model='none'/>";
    let live = DeviceModifyFlags::LIVE;
    let impact = ModificationImpact::CONFIG;
    vec![
        ("define", reader.domain_define_xml(xml).await.map(drop)),
        (
            "create from XML",
            reader.domain_create_xml(xml, CreateFlags::empty()).await.map(drop),
        ),
        ("create", domain.create().await),
        ("undefine", domain.undefine().await),
        ("destroy", domain.destroy().await),
        ("shutdown", domain.shutdown().await),
        ("reboot", domain.reboot(RebootFlags::empty()).await),
        ("reset", domain.reset().await),
        ("suspend", domain.suspend().await),
        ("resume", domain.resume().await),
        ("save", domain.save(file).await),
        ("managed save", domain.managed_save(SaveRestoreFlags::empty()).await),
        ("restore", reader.domain_restore(file).await),
        ("dump", domain.core_dump(file, CoreDumpFlags::empty()).await),
        ("autostart", domain.set_autostart(true).await),
        ("rename", domain.rename("refusals-other").await.map(drop)),
        (
            "metadata",
            domain.set_metadata(MetadataType::Title, Some("x"), None, None, impact).await,
        ),
        ("attach", domain.attach_device_flags(device, live).await),
        ("detach", domain.detach_device(device).await),
        ("freeze", domain.fs_freeze(&[]).await.map(drop)),
        ("interrupt", domain.inject_nmi().await),
    ]
}

/// Lists of the user's own, by `raw`: the library knows how many there may be, the daemon the rest.
#[tokio::test]
async fn parameters_that_no_daemon_can_take_are_refused() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let domain = define(daemon, &conn, "refusals-params", |guest| guest).await.domain;
    let set = async |params: &TypedParams| {
        let request = remote::DomainSetMemoryParameters {
            dom: (&domain).into(),
            params: params.into(),
            flags: ModificationImpact::CONFIG,
        };
        conn.raw().run(request).await
    };
    set(&TypedParams::new().with("hard_limit", 1_048_576_u64)).await.unwrap();

    let many = (0..17).fold(TypedParams::new(), |list, n| list.with(&format!("p{n}"), 1_u64));
    let error = set(&many).await.unwrap_err();
    assert!(matches!(error, Error::InvalidArgument { .. }), "{error:?}");
    assert!(error.to_string().contains("DomainSetMemoryParameters"), "{error}");

    let long = TypedParams::new().with(&"x".repeat(100), 1_u64);
    let error = set(&long).await.unwrap_err();
    assert!(matches!(error, Error::Remote(_)), "{error:?}");
    assert!(conn.is_alive());
    discard(&domain).await;
}

/// Daemons before 10.2.0 do not know it; later ones find nothing to do and succeed.
#[tokio::test]
async fn displays_of_a_guest_that_is_off_reload_nothing() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let domain = define(daemon, &conn, "refusals-display", |guest| guest).await.domain;
    let reloaded = domain.graphics_reload(GraphicsReloadType::Any).await;
    if conn.lib_version().await.unwrap() < Version::new(10, 2, 0) {
        assert!(reloaded.unwrap_err().is_unsupported());
    } else {
        reloaded.unwrap();
    }
    discard(&domain).await;
}
