//! Secrets that the daemon keeps.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use libvirt_client::secret::{DefineFlags, UsageType};
use libvirt_client::types::connect::ListAllSecretsFlags;
use libvirt_client::types::error::ErrorCode;

use zeroize::Zeroize as _;

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

/// Bytes that are nowhere else, in the form that is to be found, or in its opposite.
fn pattern(inverted: u8, length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1] ^ inverted
    };
    (0..length).map(|_| next()).collect()
}

/// Counts how often this process has those bytes in its memory; they are given as their opposite, so
/// that it does not find what it looks for by.
fn copies_of(opposite: &[u8]) -> usize {
    const OVERLAP: usize = 64;
    let memory = File::open("/proc/self/mem").unwrap();
    let mut chunk = vec![0; 1 << 20];
    let mut copies = 0;
    for line in fs::read_to_string("/proc/self/maps").unwrap().lines() {
        let mut words = line.split(' ');
        let (range, access) = (words.next().unwrap(), words.next().unwrap());
        let (begin, end) = range.split_once('-').unwrap();
        let number = |text| u64::from_str_radix(text, 16).unwrap();
        let (mut at, end) = (number(begin), number(end));
        while access.starts_with("rw") && at < end {
            let length = (end - at).min(chunk.len() as u64) as usize;
            // Some ranges cannot be read.
            let Ok(read) = memory.read_at(&mut chunk[..length], at) else {
                break;
            };
            let found = |window: &&[u8]| window.iter().zip(opposite).all(|(one, not)| *one == !not);
            copies += chunk[..read].windows(opposite.len()).filter(found).count();
            chunk[..read].fill(0);
            at += (read.saturating_sub(OVERLAP).max(1)) as u64;
        }
    }
    copies
}

#[tokio::test]
async fn no_copy_of_a_value_stays_in_memory() {
    let Some((_daemon, conn)) = qemu().await else {
        return;
    };
    let secret = conn.secret_define_xml(&xml(""), DefineFlags::empty()).await.unwrap();
    for length in [600, 60_000] {
        let opposite = &pattern(0xff, length)[length - 40..];
        let mut value = pattern(0, length);
        secret.set_value(&value).await.unwrap();
        assert!(copies_of(opposite) > 0, "the caller's own was not found");
        value.zeroize();
        assert_eq!(copies_of(opposite), 0, "of {length} bytes");
    }
    secret.undefine().await.unwrap();
}
