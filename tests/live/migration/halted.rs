//! A guest that has filled its memory and then does nothing.
//!
//! Under emulation a processor that waits for a page may hold the lock that QEMU needs to hear
//! anybody. This one touches no memory any more, so QEMU stays able to mend a broken post-copy.

use std::fs;
use std::path::Path;

use libvirt_client::Connect;
use libvirt_client::domain::{CreateFlags, Domain, MemoryFlags};

use super::hosts::Hosts;
use crate::common::eventually;

/// Each word of this part of its memory has its own address as its value.
const FILLED: std::ops::Range<u64> = 1 << 20..48 << 20;

/// A boot sector, loaded to 0x7c00, that writes them with segments of 4 GiB in real mode.
#[rustfmt::skip]
const PROGRAM: [u8; 78] = [
    0xfa,                               //       cli
    0x31, 0xc0,                         //       xor ax, ax
    0x8e, 0xd8,                         //       mov ds, ax
    0x0f, 0x01, 0x16, 0x48, 0x7c,       //       lgdt [0x7c48]
    0x0f, 0x20, 0xc0,                   //       mov eax, cr0
    0x0c, 0x01,                         //       or al, 1
    0x0f, 0x22, 0xc0,                   //       mov cr0, eax
    0xeb, 0x00,                         //       jmp next
    0xbb, 0x08, 0x00,                   // next: mov bx, 8
    0x8e, 0xdb,                         //       mov ds, bx
    0x24, 0xfe,                         //       and al, 0xfe
    0x0f, 0x22, 0xc0,                   //       mov cr0, eax
    0x66, 0xbf, 0x00, 0x00, 0x10, 0x00, //       mov edi, 1 MiB
    0x67, 0x66, 0x89, 0x3f,             // fill: mov [edi], edi
    0x66, 0x83, 0xc7, 0x04,             //       add edi, 4
    0x66, 0x81, 0xff, 0x00, 0x00, 0x00, 0x03, // cmp edi, 48 MiB
    0x75, 0xef,                         //       jne fill
    0xf4,                               // halt: hlt
    0xeb, 0xfd,                         //       jmp halt
    // The descriptors, at 0x7c38: none, and 4 GiB of data.
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0xff, 0xff, 0x00, 0x00, 0x00, 0x92, 0xcf, 0x00,
    // Their length and address, at 0x7c48.
    0x0f, 0x00, 0x38, 0x7c, 0x00, 0x00,
];

const MARK: [u8; 2] = [0x55, 0xaa];
const SECTOR: usize = 512;

/// Boots it on the first host.
pub async fn boot(hosts: &Hosts, name: &str) -> Domain {
    let disk = hosts.a.scratch().join(format!("{name}.raw"));
    let mut image = vec![0; 1 << 20];
    image[..PROGRAM.len()].copy_from_slice(&PROGRAM);
    image[SECTOR - MARK.len()..SECTOR].copy_from_slice(&MARK);
    fs::write(&disk, image).unwrap();
    let domain = hosts.conn_a.domain_create_xml(&xml(name, &disk), CreateFlags::empty()).await;
    let domain = domain.unwrap();
    eventually("the memory is filled", async || is_filled(&domain, FILLED.end - 4).await).await;
    domain
}

fn xml(name: &str, disk: &Path) -> String {
    format!(
        "<domain type='qemu'><name>{name}</name><memory unit='MiB'>64</memory>\
         <os><type arch='x86_64' machine='pc'>hvm</type></os>\
         <devices><disk type='file'><driver name='qemu' type='raw'/><source file='{}'/>\
         <target dev='hda' bus='ide'/></disk><controller type='usb' model='none'/>\
         <memballoon model='none'/></devices></domain>",
        disk.display()
    )
}

/// Asserts that the guest has its memory, by a word of each MiB.
pub async fn assert_whole(conn: &Connect, guest: &Domain) {
    let there = conn.domain_lookup_by_uuid(guest.uuid()).await.unwrap();
    for address in FILLED.step_by(1 << 20) {
        assert!(is_filled(&there, address).await, "at {address:x}");
    }
}

async fn is_filled(domain: &Domain, address: u64) -> bool {
    let word = domain.memory_peek(address, 4, MemoryFlags::PHYSICAL).await.unwrap();
    word == u32::try_from(address).unwrap().to_le_bytes()
}
