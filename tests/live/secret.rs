//! Secrets that the daemon keeps.

use libvirt_client::secret::{DefineFlags, UsageType};
use libvirt_client::types::connect::ListAllSecretsFlags;
use libvirt_client::types::error::ErrorCode;

use crate::common::qemu;

const NAME: &str = "secrets-own";

fn xml(attributes: &str) -> String {
    format!("<secret {attributes}><usage type='ceph'><name>{NAME}</name></usage></secret>")
}

#[tokio::test]
async fn a_secret_has_a_value_and_is_gone() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let defined = conn.secret_define_xml(&xml(""), DefineFlags::VALIDATE).await.unwrap();
    assert_eq!((defined.usage_type(), defined.usage_id()), (UsageType::Ceph, NAME));
    assert_eq!(conn.secret_lookup_by_usage(UsageType::Ceph, NAME).await.unwrap(), defined);
    assert_eq!(conn.secret_lookup_by_uuid(defined.uuid()).await.unwrap(), defined);
    let listed = conn.list_all_secrets(ListAllSecretsFlags::NO_EPHEMERAL).await.unwrap();
    assert!(listed.contains(&defined));
    let id = defined.uuid().to_string();
    let shown = daemon.virsh(["secret-dumpxml", &id]).unwrap();
    assert_eq!(defined.xml_desc().await.unwrap().trim(), shown.trim());

    assert!(defined.value().await.unwrap_err().is_not_found());
    // Bytes, not text.
    let value = [b"\0secret\xff".as_slice(), &[7; 10_000]].concat();
    defined.set_value(&value).await.unwrap();
    let got = defined.value().await.unwrap();
    assert!(got.expose() == value);
    assert_eq!(format!("{got:?}"), "SecretValue(…)");
    // The daemon's XML never has it, and virsh reads the same.
    let encoded = daemon.virsh(["secret-get-value", &id]).unwrap();
    assert!(encoded.trim().starts_with("AHNlY3JldP8HBwcH"), "{encoded}");
    let long = vec![0; 65_537];
    let error = defined.set_value(&long).await.unwrap_err();
    assert!(error.to_string().contains("SecretSetValue"), "{error}");

    // A private secret is for the daemon alone.
    let uuid = format!("<uuid>{id}</uuid><usage");
    let private = xml("private='yes'").replace("<usage", &uuid);
    let private = conn.secret_define_xml(&private, DefineFlags::empty()).await.unwrap();
    assert_eq!(private, defined);
    let error = private.value().await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::InvalidSecret));

    defined.undefine().await.unwrap();
    assert!(defined.xml_desc().await.unwrap_err().is_not_found());
}
