//! What daemons have that clients are measured against.

use std::fs::{self, File};
use std::io::Write as _;

use bench_support::{Result, fixtures};
use libvirt_client::Connect;
use rig::Daemon;

/// Makes a pool with a volume of so many MiB.
pub(crate) fn make_volume(daemon: &Daemon, mib: u64) -> Result<()> {
    let directory = daemon.scratch().join(fixtures::POOL);
    fs::create_dir(&directory)?;
    // With content, as a hole is read faster.
    let mut file = File::create_new(directory.join(fixtures::VOLUME))?;
    for _ in 0..mib {
        file.write_all(&vec![0xa5; fixtures::MIB as usize])?;
    }
    let target = directory.to_str().ok_or("a directory whose name is not UTF-8")?;
    daemon.virsh(["pool-create-as", fixtures::POOL, "dir", "--target", target])?;
    Ok(())
}

/// Defines so many domains and returns the connection that keeps them.
pub(crate) async fn define(uri: &str, count: u64) -> Result<Connect> {
    let conn = Connect::open(uri).await?;
    for number in 0..count {
        let xml = format!(
            "<domain type='test'><name>guest-{number:04}</name><memory unit='MiB'>1024</memory>\
             <vcpu>4</vcpu><os><type>hvm</type></os><devices>\
             <disk type='file' device='disk'><source file='/images/{number}.qcow2'/>\
             <target dev='vda' bus='virtio'/></disk>\
             <interface type='network'><mac address='52:54:00:00:{:02x}:{:02x}'/>\
             <source network='default'/></interface></devices></domain>",
            number >> 8 & 0xff,
            number & 0xff,
        );
        conn.domain_define_xml(&xml).await?;
    }
    Ok(conn)
}
