//! Waiting for guests.

use std::fs;
use std::pin::pin;
use std::time::Duration;

use libvirt_client::domain::{
    BlockCopyFlags, BlockCopyParameters, BlockJobAbortFlags, CreateFlags, DestroyFlags,
    DeviceModifyFlags, InterfaceAddressesSource, ShutdownFlags, State, XmlFlags,
};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::waiting::BlockJobEnd;
use libvirt_client::{Backoff, Connect, Error};
use rig::guest::Disk;
use rig::{Daemon, Need};
use rustix::process::{Signal, kill_process};

use crate::common::{GUESTS, LIMIT, boot, define, describe, discard, qemu, wait_for_shell};
use crate::events::qemu_process;
use crate::shell::Shell;

/// As long as nothing happens.
const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_state_that_comes_while_there_is_no_connection() {
    if !rig::available(GUESTS).unwrap() {
        return;
    }
    let mut daemon = Daemon::builder().start().unwrap();
    let (xml, log) = describe(&daemon, "wait-lost", |guest| guest);
    let host = Connect::builder(&daemon.uri())
        .reconnecting(Backoff::new(Duration::from_millis(20), Duration::from_millis(200)))
        .unwrap();
    let conn = host.connect().await.unwrap();
    let domain = conn.domain_create_xml(&xml, CreateFlags::empty()).await.unwrap();
    wait_for_shell(&log).await;
    let waiting = tokio::spawn({
        let domain = domain.clone();
        async move { domain.wait_for_state(State::Shutoff, LIMIT).await }
    });
    // A single connection has nothing to go on over.
    let lone = Connect::open(&daemon.uri()).await.unwrap();
    let alone = lone.domain_lookup_by_name("wait-lost").await.unwrap();
    let alone = tokio::spawn(async move { alone.wait_for_state(State::Shutoff, LIMIT).await });

    let hypervisor = qemu_process(&daemon, &domain);
    daemon.kill9().unwrap();
    let error = alone.await.unwrap().unwrap_err();
    assert!(error.is_closed(), "{error}");
    kill_process(hypervisor, Signal::KILL).unwrap();
    daemon.restart().unwrap();
    waiting.await.unwrap().unwrap();
    host.close().await;
    // Nor does anything come any more once the connection is closed for good.
    let error = domain.wait_for_state(State::Running, LIMIT).await.unwrap_err();
    assert!(matches!(error, Error::NotConnected(_)), "{error:?}");
}

#[tokio::test]
async fn the_guest_and_what_it_lets_go() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guest =
        boot(daemon, &conn, "wait-guest", |guest| guest.agent(true).user_nic().root_ports(6)).await;
    let domain = guest.domain;
    domain.wait_for_agent(LIMIT).await.unwrap();

    let attach = async |name| {
        let disk = Disk::raw(daemon.scratch().join(format!("wait-guest.{name}")), 1).unwrap();
        let xml = format!(
            "<disk type='file'><source file='{}'/><target dev='{name}' bus='virtio'/>\
             <alias name='ua-{name}'/></disk>",
            disk.path.display()
        );
        domain.attach_device_flags(&xml, DeviceModifyFlags::LIVE).await.unwrap();
    };
    attach("vdz").await;
    domain.detach_device_and_wait("ua-vdz", LIMIT).await.unwrap();
    let left = domain.xml_desc(XmlFlags::empty()).await.unwrap();
    assert!(!left.contains("ua-vdz"), "{left}");
    // The daemon knows of none any more, which is what was asked for.
    let flags = DeviceModifyFlags::LIVE;
    let error = domain.detach_device_alias("ua-vdz", flags).await.unwrap_err();
    assert!(error.is_not_found(), "{error:#?}");
    domain.detach_device_and_wait("ua-vdz", LIMIT).await.unwrap();

    // A guest that is paused lets nothing go.
    attach("vdz").await;
    attach("vdy").await;
    domain.suspend().await.unwrap();
    let error = domain.detach_device_and_wait("ua-vdz", SHORT).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");

    // Then it ends, and the device with it.
    let mut ends = pin!(domain.detach_device_and_wait("ua-vdy", LIMIT));
    let first = tokio::time::timeout(SHORT, &mut ends).await;
    assert!(first.is_err(), "{first:?}");
    domain.destroy().await.unwrap();
    ends.await.unwrap();
}

/// A guest cannot release memory that its kernel has taken for itself.
#[tokio::test]
async fn a_device_that_the_guest_does_not_let_go() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let (xml, log) = describe(daemon, "wait-refusal", |guest| guest);
    let mut extensible = xml;
    for (part, more) in [
        ("<memory unit=", "<maxMemory slots='1' unit='MiB'>256</maxMemory><memory unit="),
        ("</cpu>", "<numa><cell id='0' cpus='0' memory='128' unit='MiB'/></numa></cpu>"),
    ] {
        assert_eq!(extensible.matches(part).count(), 1, "{part} in {extensible}");
        extensible = extensible.replace(part, more);
    }
    let domain = conn.domain_create_xml(&extensible, CreateFlags::AUTODESTROY).await.unwrap();
    wait_for_shell(&log).await;
    let dimm = "<memory model='dimm'><target><size unit='MiB'>128</size><node>0</node></target>\
                <alias name='ua-dimm'/></memory>";
    let attach = async || domain.attach_device_flags(dimm, DeviceModifyFlags::LIVE).await.unwrap();
    attach().await;
    domain.detach_device_and_wait("ua-dimm", LIMIT).await.unwrap();
    attach().await;

    // The kernel prefers such memory for its own data, of which files that stay are some.
    let mut shell = Shell::open(&domain).await;
    let online = "for block in /sys/devices/system/memory/memory*; do \
                  grep -q offline $block/state && echo online_kernel > $block/state; done";
    let is_online = format!("until {online}; do sleep 0.1; done");
    shell.run(&is_online).await;
    shell.run("i=0; while [ $i -lt 2000 ]; do i=$((i+1)); : > /tmp/$i; done").await;
    let error = domain.detach_device_and_wait("ua-dimm", LIMIT).await.unwrap_err();
    assert!(matches!(error, Error::Failed(_)), "{error:?}");
    assert_eq!(error.to_string(), "the guest refused to release ua-dimm");
    let left = domain.xml_desc(XmlFlags::empty()).await.unwrap();
    assert!(left.contains("ua-dimm"), "{left}");
    shell.close().await;
}

#[tokio::test]
async fn addresses_and_the_end() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let guest = boot(daemon, &conn, "wait-end", |guest| guest).await;
    let domain = guest.domain;
    let error = domain.wait_for_agent(LIMIT).await.unwrap_err();
    assert!(error.is_unsupported(), "{error}");
    let source = InterfaceAddressesSource::Lease;
    let error = domain.wait_for_addresses(source, SHORT).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    let flags = ShutdownFlags::ACPI_POWER_BTN;
    domain.shutdown_and_wait(LIMIT, flags).await.unwrap();
    let error = domain.shutdown_and_wait(LIMIT, flags).await.unwrap_err();
    assert!(error.is_not_found(), "{error:#?}");
    // A domain that stays is off then.
    let domain = define(daemon, &conn, "wait-off", |guest| guest).await.domain;
    assert!(domain.shutdown_flags(flags).await.unwrap_err().is_not_active());
    domain.shutdown_and_wait(LIMIT, flags).await.unwrap();
    discard(&domain).await;
}

#[tokio::test]
async fn block_jobs() {
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let path = |name: &str| daemon.scratch().join(format!("wait-jobs-{name}"));
    let disk = Disk::qcow2(path("disk.qcow2"), 32).unwrap();
    let domain = boot(daemon, &conn, "wait-jobs", |guest| guest.disk(disk)).await.domain;
    let copy = async |name: &str, parameters: &BlockCopyParameters| {
        let file = path(name);
        let xml = format!(
            "<disk type='file'><source file='{}'/><driver type='raw'/></disk>",
            file.display()
        );
        domain
            .block_copy("vda", &xml, parameters, BlockCopyFlags::empty())
            .await
            .unwrap();
    };
    let none = BlockCopyParameters::default();

    let mut job = domain.watch_block_job("vda").await.unwrap();
    copy("one", &none).await;
    job.wait_ready(LIMIT).await.unwrap();
    let error = job.wait_done(SHORT).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    // One that is ready already.
    domain.watch_block_job("vda").await.unwrap().wait_ready(LIMIT).await.unwrap();
    domain.block_job_abort("vda", BlockJobAbortFlags::PIVOT).await.unwrap();
    assert_eq!(job.wait_done(LIMIT).await.unwrap(), BlockJobEnd::Completed);
    let source = domain.disk_targets().await.unwrap()[0].source.clone();
    assert_eq!(source.as_deref(), path("one").to_str());

    // Aborted before it was ready.
    let mut slow = BlockCopyParameters::default();
    slow.bytes_per_second = Some(1);
    fs::write(path("one"), vec![1; 4 << 20]).unwrap();
    let mut job = domain.watch_block_job("vda").await.unwrap();
    copy("two", &slow).await;
    domain.block_job_abort("vda", BlockJobAbortFlags::empty()).await.unwrap();
    let error = job.wait_ready(LIMIT).await.unwrap_err();
    assert!(matches!(error, Error::Failed(_)), "{error}");
    assert_eq!(job.wait_done(LIMIT).await.unwrap(), BlockJobEnd::Canceled);

    // No job at all, and a guest that ends with one.
    let mut job = domain.watch_block_job("vda").await.unwrap();
    assert_eq!(job.wait_done(LIMIT).await.unwrap(), BlockJobEnd::Unknown);
    let error = job.wait_ready(LIMIT).await.unwrap_err();
    assert_eq!(error.to_string(), "vda's job was never ready: there is no job");
    let error = domain.block_job_abort("vda", BlockJobAbortFlags::empty()).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::InvalidArg), "{error}");
    let error = domain.block_job_set_speed("vda", Some(1)).await.unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::InvalidArg), "{error}");
    let mut job = domain.watch_block_job("vda").await.unwrap();
    copy("three", &slow).await;
    domain.destroy_flags(DestroyFlags::empty()).await.unwrap();
    let end = job.wait_done(LIMIT).await;
    let ended =
        matches!(&end, Err(Error::Failed(_)) | Ok(BlockJobEnd::Canceled | BlockJobEnd::Failed));
    assert!(ended, "{end:?}");
}

#[tokio::test]
async fn block_jobs_that_fail() {
    if !rig::available(&[Need::Root]).unwrap() {
        return;
    }
    let Some((daemon, conn)) = qemu().await else {
        return;
    };
    let path = |name: &str| daemon.scratch().join(format!("wait-full-{name}"));
    let disk = Disk::raw(path("disk"), 8).unwrap();
    let domain = boot(daemon, &conn, "wait-full", |guest| guest.disk(disk)).await.domain;
    let copy = async |name: &str| {
        // Room for a quarter of the disk, where the daemon and its guests see it.
        let small = path(name);
        fs::create_dir(&small).unwrap();
        let mut mount = daemon.command("mount");
        let mounted = mount.args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(&small).status();
        assert!(mounted.unwrap().success());
        // A format that takes no room for zeros, which QEMU 10.0 writes to others.
        let xml = format!(
            "<disk type='file'><source file='{}'/><driver type='qcow2'/></disk>",
            small.join("copy").display()
        );
        let none = BlockCopyParameters::default();
        domain.block_copy("vda", &xml, &none, BlockCopyFlags::empty()).await.unwrap();
    };

    // Ready at once, as long as the disk is empty; then there is no room for what is written.
    let mut job = domain.watch_block_job("vda").await.unwrap();
    copy("one").await;
    job.wait_ready(LIMIT).await.unwrap();
    let mut shell = Shell::open(&domain).await;
    shell.run("dd if=/dev/urandom of=/dev/vda bs=1M count=4; sync").await;
    shell.close().await;
    assert_eq!(job.wait_done(LIMIT).await.unwrap(), BlockJobEnd::Failed);

    // Never ready.
    let mut job = domain.watch_block_job("vda").await.unwrap();
    copy("two").await;
    let error = job.wait_ready(LIMIT).await.unwrap_err();
    assert!(matches!(error, Error::Failed(_)), "{error:?}");
    assert_eq!(error.to_string(), "vda's job was never ready: it ended: Failed");
    assert_eq!(job.wait_done(LIMIT).await.unwrap(), BlockJobEnd::Failed);
    // The guest has what it had.
    let source = domain.disk_targets().await.unwrap()[0].source.clone();
    assert_eq!(source.as_deref(), path("disk").to_str());
    assert_eq!(domain.state().await.unwrap(), State::Running);
}
