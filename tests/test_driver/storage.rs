//! The life of storage pools and volumes.

use std::ffi::OsStr;

use libvirt_client::connect::ListAllStoragePoolsFlags as Filter;
use libvirt_client::events::storage_pool::{Lifecycle, Refresh};
use libvirt_client::protocol::remote;
use libvirt_client::storage::storage_pool::{
    BuildFlags as PoolBuildFlags, CreateFlags as PoolCreateFlags, DefineFlags as PoolDefineFlags,
    DeleteFlags as PoolDeleteFlags,
};
use libvirt_client::storage::storage_vol::{
    CreateFlags as VolCreateFlags, DeleteFlags as VolDeleteFlags,
};
use libvirt_client::storage::{StoragePool, StorageVol};
use libvirt_client::{Connect, Result};
use uuid::Uuid;

use super::compare;
use super::transcript::Transcript;

const OTHER: &str = "<pool type='dir'><name>other</name>\
    <uuid>40000000-0000-4000-8000-000000000001</uuid><target><path>/other</path></target></pool>";
const PASSING: &str = "<pool type='logical'><name>passing</name>\
    <uuid>40000000-0000-4000-8000-000000000002</uuid></pool>";

async fn lists(conn: &Connect, seen: &mut Transcript, when: &str) {
    for filter in [
        Filter::empty(),
        Filter::ACTIVE,
        Filter::INACTIVE,
        Filter::PERSISTENT,
        Filter::TRANSIENT,
        Filter::AUTOSTART,
        Filter::NO_AUTOSTART,
        Filter::DIR,
        Filter::LOGICAL | Filter::ZFS,
        Filter::DIR | Filter::INACTIVE,
        Filter::from_bits_retain(0x10_0000),
    ] {
        let pools = conn.list_all_storage_pools(filter).await;
        seen.note(&format!("{when}: all {filter:?}"), pools.map(names));
    }
    let count = conn.raw().call(remote::ConnectNumOfStoragePools).await;
    let count = count.and_then(|reply| Ok(reply.decode()?.num));
    seen.note(&format!("{when}: active ones"), count);
    let count = conn.raw().call(remote::ConnectNumOfDefinedStoragePools).await;
    let count = count.and_then(|reply| Ok(reply.decode()?.num));
    seen.note(&format!("{when}: inactive ones"), count);
    for maxnames in [0, 1, 100, -1, 16385] {
        let names = conn.raw().call(remote::ConnectListStoragePools { maxnames }).await;
        let names = names.and_then(|reply| Ok(reply.decode()?.names.len()));
        seen.note(&format!("{when}: {maxnames} active ones"), names);
        let names = conn.raw().call(remote::ConnectListDefinedStoragePools { maxnames }).await;
        let names = names.and_then(|reply| Ok(reply.decode()?.names.len()));
        seen.note(&format!("{when}: {maxnames} inactive ones"), names);
    }
}

fn names(pools: Vec<StoragePool>) -> Vec<String> {
    let mut names: Vec<String> = pools.iter().map(|pool| pool.name().to_owned()).collect();
    names.sort();
    names
}

async fn look_at(pool: &StoragePool, seen: &mut Transcript, when: &str) {
    seen.note(&format!("{when}: is active"), pool.is_active().await);
    seen.note(&format!("{when}: is persistent"), pool.is_persistent().await);
    seen.note(&format!("{when}: autostart"), pool.autostart().await);
    seen.note(&format!("{when}: info"), pool.info().await);
    seen.xml(&format!("{when}: xml"), pool.xml_desc(Default::default()).await);
    let volumes = pool.list_all_volumes().await.map(|volumes| volume_names(&volumes));
    seen.note(&format!("{when}: volumes"), volumes);
}

fn volume_names(volumes: &[StorageVol]) -> Vec<String> {
    let mut names: Vec<String> =
        volumes.iter().map(|vol| vol.os_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn the_life_of_pools() {
    compare("the_life_of_pools", async |conn: &Connect, seen: &mut Transcript| {
        lists(conn, seen, "at first").await;
        let define =
            async |xml: &str| conn.storage_pool_define_xml(xml, PoolDefineFlags::empty()).await;
        let create =
            async |xml: &str| conn.storage_pool_create_xml(xml, PoolCreateFlags::empty()).await;
        let pool = define(OTHER).await.unwrap();
        look_at(&pool, seen, "defined").await;
        seen.done("refresh while inactive", pool.refresh().await);
        seen.done("destroy while inactive", pool.destroy().await);
        seen.done("build", pool.build(PoolBuildFlags::empty()).await);
        seen.done("build with flags", pool.build(PoolBuildFlags::OVERWRITE).await);
        seen.done("set autostart", pool.set_autostart(true).await);
        seen.done("start with flags", pool.create(PoolCreateFlags::WITH_BUILD).await);
        seen.done("start", pool.create(PoolCreateFlags::empty()).await);
        look_at(&pool, seen, "started").await;
        lists(conn, seen, "with another").await;
        seen.done("start while active", pool.create(PoolCreateFlags::empty()).await);
        seen.done("build while active", pool.build(PoolBuildFlags::empty()).await);
        seen.done("delete while active", pool.delete(PoolDeleteFlags::empty()).await);
        seen.done("undefine while active", pool.undefine().await);
        seen.done("refresh", pool.refresh().await);
        let changed = OTHER.replace("/other", "/elsewhere");
        seen.done("define while active", define(&changed).await);
        look_at(&pool, seen, "defined while active").await;
        seen.done("destroy", pool.destroy().await);
        seen.done("delete with flags", pool.delete(PoolDeleteFlags::ZEROED).await);
        seen.done("delete", pool.delete(PoolDeleteFlags::empty()).await);
        seen.done("define while inactive", define(&changed).await);
        look_at(&pool, seen, "defined again").await;
        seen.done("undefine", pool.undefine().await);
        look_at(&pool, seen, "gone").await;
        let passing = create(PASSING).await.unwrap();
        look_at(&passing, seen, "passing").await;
        lists(conn, seen, "with a transient one").await;
        seen.done("autostart of what passes", passing.set_autostart(true).await);
        seen.done("create again", create(PASSING).await);
        seen.done(
            "create with flags",
            conn.storage_pool_create_xml(OTHER, PoolCreateFlags::WITH_BUILD).await,
        );
        seen.done("destroy what passes", passing.destroy().await);
        look_at(&passing, seen, "passed").await;
    })
    .await;
}

#[tokio::test]
async fn pools_are_found_and_told_apart() {
    compare("pools_are_found", async |conn: &Connect, seen: &mut Transcript| {
        let pool = conn.storage_pool_define_xml(OTHER, PoolDefineFlags::empty()).await.unwrap();
        let found =
            |pool: Result<StoragePool>| pool.map(|pool| (pool.name().to_owned(), pool.uuid()));
        seen.note("by name", found(conn.storage_pool_lookup_by_name("other").await));
        seen.note("by uuid", found(conn.storage_pool_lookup_by_uuid(pool.uuid()).await));
        seen.note("by another name", found(conn.storage_pool_lookup_by_name("none").await));
        seen.note("by another uuid", found(conn.storage_pool_lookup_by_uuid(Uuid::nil()).await));
        seen.note("by path", found(conn.storage_pool_lookup_by_target_path("/other").await));
        for (label, xml) in [
            (
                "another name",
                OTHER.replace("<name>other", "<name>another").replace("/other<", "/a<"),
            ),
            ("another uuid", OTHER.replace("0001", "0003")),
            (
                "the same path",
                OTHER.replace("<name>other", "<name>third").replace("0001", "0003"),
            ),
        ] {
            let defined = conn.storage_pool_define_xml(&xml, PoolDefineFlags::empty()).await;
            seen.done(&format!("define with {label}"), defined);
        }
        let flags = PoolDefineFlags::from_bits_retain(2);
        seen.done("define with flags", conn.storage_pool_define_xml(OTHER, flags).await);
        for (kind, source) in [
            ("logical", None),
            ("netfs", None),
            ("netfs", Some("<source><host name='h'/></source>")),
            ("netfs", Some("<x/>")),
            ("dir", None),
            ("iscsi", None),
            ("iscsi", Some("<source><host/></source>")),
            ("nothing", None),
        ] {
            let sources = conn.find_storage_pool_sources(kind, source).await;
            seen.xml(&format!("sources of {kind} {source:?}"), sources);
        }
    })
    .await;
}

fn volume(name: &str, more: &str) -> String {
    format!("<volume><name>{name}</name><capacity>1000</capacity>{more}</volume>")
}

#[tokio::test]
async fn volumes() {
    compare("volumes", async |conn: &Connect, seen: &mut Transcript| {
        let pool = conn.storage_pool_lookup_by_name("default-pool").await.unwrap();
        let create =
            async |xml: &str| pool.storage_vol_create_xml(xml, VolCreateFlags::empty()).await;
        let first = create(&volume("a", "<allocation>600</allocation>")).await.unwrap();
        seen.done("again", create(&volume("a", "")).await);
        let huge = volume("h", "<allocation unit='T'>1</allocation>");
        seen.done("huge", create(&huge).await);
        let from = async |xml: &str, vol: &StorageVol| {
            pool.storage_vol_create_xml_from(xml, vol, VolCreateFlags::empty()).await
        };
        let second = from(&volume("b", ""), &first).await.unwrap();
        seen.done("from, again", from(&volume("b", ""), &first).await);
        look_at(&pool, seen, "two").await;
        for (label, vol) in [("a", &first), ("b", &second)] {
            seen.note(&format!("{label}: path"), vol.path().await);
            seen.note(&format!("{label}: info"), vol.info().await);
            seen.xml(&format!("{label}: xml"), vol.xml_desc().await);
            let parent = vol.storage_pool_lookup_by_volume().await;
            seen.note(&format!("{label}: pool"), parent.map(|pool| pool.name().to_owned()));
        }
        let found = |vol: Result<StorageVol>| {
            vol.map(|vol| (vol.os_name().to_owned(), vol.os_key().to_owned()))
        };
        for name in ["a", "c"] {
            let path = format!("/default-pool/{name}");
            seen.note(
                &format!("{name} by name"),
                found(pool.storage_vol_lookup_by_name(OsStr::new(name)).await),
            );
            seen.note(
                &format!("{name} by key"),
                found(conn.storage_vol_lookup_by_key(OsStr::new(&path)).await),
            );
            seen.note(
                &format!("{name} by path"),
                found(conn.storage_vol_lookup_by_path(&path).await),
            );
        }
        for maxnames in [0, 1, 9, -1, 16385] {
            let request = remote::StoragePoolListVolumes { pool: wire(&pool), maxnames };
            let names = conn.raw().call(request).await;
            let names = names.and_then(|reply| Ok(reply.decode()?.names.len()));
            seen.note(&format!("{maxnames} names"), names);
        }
        let count = conn.raw().call(remote::StoragePoolNumOfVolumes { pool: wire(&pool) }).await;
        seen.note("count", count.and_then(|reply| Ok(reply.decode()?.num)));
        let flags = VolCreateFlags::PREALLOC_METADATA;
        seen.done("flags", pool.storage_vol_create_xml(&volume("f", ""), flags).await);
        let flagged = pool.storage_vol_create_xml_from(&volume("f", ""), &first, flags).await;
        seen.done("from, flags", flagged);
        seen.done("delete with flags", first.delete(VolDeleteFlags::ZEROED).await);
        seen.done("delete", first.delete(VolDeleteFlags::empty()).await);
        seen.done("delete again", first.delete(VolDeleteFlags::empty()).await);
        seen.note("info of what is gone", first.info().await);
        seen.done("from what is gone", from(&volume("g", ""), &first).await);
        look_at(&pool, seen, "one").await;
        pool.destroy().await.unwrap();
        look_at(&pool, seen, "of an inactive pool").await;
        seen.done("create in an inactive pool", create(&volume("i", "")).await);
        seen.xml("xml in an inactive pool", second.xml_desc().await);
        seen.done("delete in an inactive pool", second.delete(VolDeleteFlags::empty()).await);
        let key = conn.storage_vol_lookup_by_key(OsStr::new("/default-pool/b")).await;
        seen.note("key in an inactive pool", found(key));
        pool.create(PoolCreateFlags::empty()).await.unwrap();
        look_at(&pool, seen, "active again").await;
        seen.note("info with flags", second.info_flags(Default::default()).await);
        seen.done("resize", second.resize(1, Default::default()).await);
    })
    .await;
}

fn wire(pool: &StoragePool) -> remote::NonnullStoragePool<'static> {
    remote::NonnullStoragePool { name: pool.name().to_owned().into(), uuid: pool.uuid() }
}

#[tokio::test]
async fn events_of_pools() {
    compare("events_of_pools", async |conn: &Connect, seen: &mut Transcript| {
        let mut all = conn.subscribe::<Lifecycle>(None).await.unwrap();
        let mut refreshed = conn.subscribe::<Refresh>(None).await.unwrap();
        let pool = conn.storage_pool_define_xml(OTHER, PoolDefineFlags::empty()).await.unwrap();
        pool.build(PoolBuildFlags::empty()).await.unwrap();
        pool.create(PoolCreateFlags::empty()).await.unwrap();
        pool.refresh().await.unwrap();
        pool.destroy().await.unwrap();
        pool.delete(PoolDeleteFlags::empty()).await.unwrap();
        pool.undefine().await.unwrap();
        let passing =
            conn.storage_pool_create_xml(PASSING, PoolCreateFlags::empty()).await.unwrap();
        passing.refresh().await.unwrap();
        passing.destroy().await.unwrap();
        for number in 1..9 {
            let event = all.next().await.unwrap().unwrap();
            let of = event.pool.name();
            seen.add(&format!("event {number}"), format!("{of} {:?}", event.change));
        }
        for number in 1..3 {
            let event = refreshed.next().await.unwrap().unwrap();
            seen.add(&format!("refresh {number}"), event.pool.name().to_owned());
        }
        for event_id in [-1, 2] {
            let request = remote::ConnectStoragePoolEventRegisterAny { event_id, pool: None };
            seen.done(&format!("register {event_id}"), conn.raw().call(request).await);
        }
        let request = remote::ConnectStoragePoolEventDeregisterAny { callback_id: 77 };
        seen.done("deregister", conn.raw().run(request).await);
    })
    .await;
}

#[tokio::test]
async fn pools_make_adapters() {
    compare("pools_make_adapters", async |conn: &Connect, seen: &mut Transcript| {
        let pool = "<pool type='scsi'><name>vhba</name>\
            <uuid>40000000-0000-4000-8000-000000000005</uuid>\
            <source><adapter type='fc_host' parent='scsi_host1' wwnn='20000000c9831b4b' \
            wwpn='10000000c9831b4b'/></source><target><path>/dev/disk</path></target></pool>";
        let pool = conn.storage_pool_create_xml(pool, PoolCreateFlags::empty()).await.unwrap();
        look_at(&pool, seen, "created").await;
        let device = conn.node_device_lookup_by_name("scsi_host12").await.unwrap();
        seen.xml("adapter", device.xml_desc(Default::default()).await);
        seen.done("destroy", pool.destroy().await);
        let device = conn.node_device_lookup_by_name("scsi_host12").await;
        seen.done("adapter, afterwards", device);
    })
    .await;
}
