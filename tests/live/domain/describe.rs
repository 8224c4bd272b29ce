//! What a domain is: XML, metadata, name, settings that outlive it.

use libvirt_client::domain::{
    ControlState, CreateFlags, MessageType, MetadataType, ModificationImpact, XmlFlags,
};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Connect, Error, Optional};
use rig::guest::Guest;

use crate::common::{define, describe, discard, qemu};

const CONFIG: ModificationImpact = ModificationImpact::CONFIG;

#[tokio::test]
async fn xml_is_that_of_virsh_and_keeps_its_secrets() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "describe-xml";
    let adapt = |guest: Guest| {
        guest.device("<graphics type='vnc' passwd='hush'><listen type='none'/></graphics>")
    };
    let domain = define(daemon, &conn, name, adapt).await.domain;
    assert_eq!(domain.os_type().await.unwrap(), "hvm");
    let flags = CreateFlags::PAUSED;
    domain.create_with_flags(flags).await.unwrap();

    let options: [(XmlFlags, &[&str]); 5] = [
        (XmlFlags::empty(), &[]),
        (XmlFlags::INACTIVE, &["--inactive"]),
        (XmlFlags::SECURE, &["--security-info"]),
        (XmlFlags::MIGRATABLE, &["--migratable"]),
        (XmlFlags::INACTIVE.union(XmlFlags::UPDATE_CPU), &["--inactive", "--update-cpu"]),
    ];
    for (flags, options) in options {
        let args = ["dumpxml", name].into_iter().chain(options.iter().copied());
        let virsh = daemon.virsh(args).unwrap();
        let xml = domain.xml_desc(flags).await.unwrap();
        assert_eq!(xml.trim(), virsh.trim(), "{flags:?}");
        let secrets = XmlFlags::SECURE | XmlFlags::MIGRATABLE;
        assert_eq!(xml.contains("hush"), flags.intersects(secrets), "{flags:?}");
    }

    // Reading is all that a read-only connection may do, and no secrets.
    let reader = Connect::open_read_only(&daemon.uri()).await.unwrap();
    let domain_ro = domain.via(&reader);
    assert!(domain_ro.xml_desc(XmlFlags::INACTIVE).await.is_ok());
    for flags in [XmlFlags::SECURE, XmlFlags::MIGRATABLE] {
        let error = domain_ro.xml_desc(flags).await.unwrap_err();
        assert!(matches!(error, Error::ReadOnly("virDomainGetXMLDesc")), "{error:?}");
        assert!(error.is_permission_denied());
    }

    let control = domain.control_info().await.unwrap();
    assert_eq!(control.state, ControlState::Ok);
    assert_eq!((control.error, control.duration), (None, None));
    let virsh = daemon.virsh(["domcontrol", name]).unwrap();
    assert_eq!(virsh.trim(), "ok");
    discard(&domain).await;
}

#[tokio::test]
async fn metadata_is_set_read_and_removed() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "describe-metadata";
    let domain = define(daemon, &conn, name, |guest| guest).await.domain;
    let get = async |kind, uri| domain.metadata(kind, uri, CONFIG).await.optional().unwrap();
    let set = async |kind, text, key, uri| {
        let set = domain.set_metadata(kind, text, key, uri, CONFIG);
        set.await.unwrap();
    };

    for kind in [MetadataType::Title, MetadataType::Description] {
        assert_eq!(get(kind, None).await, None);
        set(kind, Some("käse & <wein>"), None, None).await;
        assert_eq!(get(kind, None).await.as_deref(), Some("käse & <wein>"));
    }
    let virsh = daemon.virsh(["desc", name, "--config", "--title"]).unwrap();
    assert_eq!(virsh.trim(), "käse & <wein>");

    let uri = Some("http://example.org/describe");
    assert_eq!(get(MetadataType::Element, uri).await, None);
    set(MetadataType::Element, Some("<owner>me</owner>"), Some("our"), uri).await;
    let element = get(MetadataType::Element, uri).await;
    assert_eq!(element.as_deref(), Some("<owner>me</owner>"));
    let xml = domain.xml_desc(XmlFlags::INACTIVE).await.unwrap();
    assert!(xml.contains("<our:owner xmlns:our=\"http://example.org/describe\">me</our:owner>"));

    set(MetadataType::Element, None, Some("our"), uri).await;
    set(MetadataType::Title, None, None, None).await;
    assert_eq!(get(MetadataType::Element, uri).await, None);
    assert_eq!(get(MetadataType::Title, None).await, None);
    assert!(get(MetadataType::Description, None).await.is_some());
    let live = ModificationImpact::LIVE;
    let kind = MetadataType::Title;
    let error = domain.metadata(kind, None, live).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::OperationInvalid), "{error}");
    discard(&domain).await;
}

#[tokio::test]
async fn a_renamed_domain_is_another_handle_to_the_same() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let domain = define(daemon, &conn, "describe-old", |guest| guest).await.domain;
    let renamed = domain.rename("describe-new").await.unwrap();
    assert_eq!((domain.name(), renamed.name()), ("describe-old", "describe-new"));
    assert_eq!(renamed, domain);
    let found = conn.domain_lookup_by_name("describe-new").await.unwrap();
    assert_eq!(found, domain);
    let old = conn.domain_lookup_by_name("describe-old").await;
    assert_eq!(old.optional().unwrap(), None);
    assert!(domain.xml_desc(XmlFlags::empty()).await.unwrap().contains("describe-new"));

    let flags = CreateFlags::PAUSED;
    renamed.create_with_flags(flags).await.unwrap();
    let error = renamed.rename("describe-newer").await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::OperationInvalid), "{error}");
    discard(&renamed).await;
}

#[tokio::test]
async fn autostart_is_on_or_off() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "describe-autostart";
    let domain = define(daemon, &conn, name, |guest| guest).await.domain;
    assert!(!domain.autostart().await.unwrap());
    for (on, virsh) in [(true, "enable"), (false, "disable")] {
        domain.set_autostart(on).await.unwrap();
        assert_eq!(domain.autostart().await.unwrap(), on);
        let info = daemon.virsh(["dominfo", name]).unwrap();
        let line = info.lines().find(|line| line.starts_with("Autostart:"));
        assert!(line.unwrap().ends_with(virsh), "{info}");
    }
    // Daemons before 11.2 do not know the other kind.
    match domain.autostart_once().await {
        Ok(once) => {
            assert!(!once);
            domain.set_autostart_once(true).await.unwrap();
            assert!(domain.autostart_once().await.unwrap());
        }
        Err(error) => {
            assert!(error.is_unsupported(), "{error:?}");
            let error = domain.set_autostart_once(true).await.unwrap_err();
            assert!(error.is_unsupported(), "{error:?}");
        }
    }
    discard(&domain).await;

    let (xml, _) = describe(daemon, "describe-autostart-transient", |guest| guest);
    let flags = CreateFlags::PAUSED | CreateFlags::AUTODESTROY;
    let transient = conn.domain_create_xml(&xml, flags).await.unwrap();
    let error = transient.set_autostart(true).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::OperationInvalid), "{error}");
    discard(&transient).await;
}

#[tokio::test]
async fn the_daemon_tells_what_it_dislikes() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let name = "describe-messages";
    let (xml, _) = describe(daemon, name, |guest| guest);
    let odd = xml
        .replace(
            "<domain type='qemu'>",
            "<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>",
        )
        .replace(
            "</domain>",
            "<qemu:commandline><qemu:arg value='-no-user-config'/></qemu:commandline></domain>",
        );
    let flags = CreateFlags::PAUSED | CreateFlags::AUTODESTROY;
    let domain = conn.domain_create_xml(&odd, flags).await.unwrap();
    let tainting = domain.messages(MessageType::TAINTING).await.unwrap();
    assert!(!tainting.is_empty());
    let virsh = daemon.virsh(["dominfo", name]).unwrap();
    for message in &tainting {
        assert!(virsh.contains(message), "{message} in {virsh}");
    }
    let all = domain.messages(MessageType::empty()).await.unwrap();
    assert!(tainting.iter().all(|message| all.contains(message)));
    discard(&domain).await;
}

#[tokio::test]
async fn native_configurations_are_translated_or_refused() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (xml, _) = describe(daemon, "describe-native", |guest| guest.memory_mib(96));
    let command = conn.domain_xml_to_native("qemu-argv", &xml).await.unwrap();
    assert!(command.contains("-name guest=describe-native,"), "{command}");
    // How it is written depends on the version of QEMU.
    assert!(command.contains(" -m 96 ") || command.contains(" -m size=98304k "), "{command}");
    let virsh = daemon.virsh_with_file(["domxml-to-native", "qemu-argv"], &xml);
    assert_eq!(without_uuid(virsh.unwrap().trim()), without_uuid(command.trim()));

    let translated = conn.domain_xml_to_native("no-such-format", &xml).await;
    assert_eq!(translated.unwrap_err().code(), Some(ErrorCode::InvalidArg));
    // QEMU's driver has unlearned the other direction.
    let back = conn.domain_xml_from_native("qemu-argv", &command).await;
    assert!(back.unwrap_err().is_unsupported());
}

/// A guest that is not defined gets another UUID each time.
fn without_uuid(command: &str) -> String {
    let (before, after) = command.split_once("-uuid ").unwrap();
    format!("{before}{}", &after[36..])
}
