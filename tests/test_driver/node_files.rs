//! Hosts that a file describes.

use std::fs;
use std::path::Path;

use libvirt_client::domain::XmlFlags;
use libvirt_client::{Connect, network, node_device};
use rig::{Daemon, Need};

use super::transcript::Transcript;
use super::{differences, play};

const TEST: &str = "xmlns:test='http://libvirt.org/schemas/domain/test/1.0'";

fn guest(name: &str, attributes: &str, rest: &str) -> String {
    format!(
        "<domain type='test' {attributes}><name>{name}</name><memory>2048</memory>\
         <uuid>00000000-0000-4000-8000-00000000{:04x}</uuid>\
         <os><type>hvm</type></os>{rest}</domain>",
        name.bytes().map(u32::from).sum::<u32>()
    )
}

fn snapshot(name: &str, rest: &str) -> String {
    format!(
        "<test:domainsnapshot {TEST}><name>{name}</name><creationTime>7</creationTime>{rest}</test:domainsnapshot>"
    )
}

/// Everything that a host has.
async fn look(conn: &Connect, seen: &mut Transcript) {
    seen.note("info", conn.node_info().await);
    seen.xml(
        "capabilities",
        conn.capabilities().await.map(|xml| xml.replace("support='yes'", "")),
    );
    seen.note("free memory", conn.node_free_memory_bytes().await);
    for domain in conn.list_all_domains(Default::default()).await.unwrap() {
        let of = |what: &str| format!("domain {}: {what}", domain.name());
        seen.note(&of("id"), Ok(domain.id()));
        seen.note(&of("state"), domain.state().await);
        seen.note(&of("persistent"), domain.is_persistent().await);
        seen.note(&of("autostart"), domain.autostart().await);
        seen.note(&of("save"), domain.has_managed_save_image().await);
        seen.xml(&of("xml"), domain.xml_desc(XmlFlags::empty()).await);
        seen.xml(&of("inactive"), domain.xml_desc(XmlFlags::INACTIVE).await);
        seen.note(&of("I/O threads"), domain.iothread_info(Default::default()).await);
        let snapshots = domain.list_all_snapshots(Default::default()).await.unwrap();
        for snapshot in snapshots {
            let of = |what: &str| of(&format!("snapshot {}: {what}", snapshot.name()));
            seen.note(&of("current"), snapshot.is_current().await);
            seen.xml(&of("xml"), snapshot.xml_desc(Default::default()).await);
        }
        let begun = domain.create().await;
        seen.done(&of("started"), begun);
        seen.note(&of("state then"), domain.state().await);
    }
    for network in conn.list_all_networks(Default::default()).await.unwrap() {
        let of = |what: &str| format!("network {}: {what}", network.name());
        seen.note(&of("active"), network.is_active().await);
        seen.note(&of("persistent"), network.is_persistent().await);
        seen.xml(&of("xml"), network.xml_desc(network::XmlFlags::empty()).await);
    }
    for pool in conn.list_all_storage_pools(Default::default()).await.unwrap() {
        let of = |what: &str| format!("pool {}: {what}", pool.name());
        seen.note(&of("active"), pool.is_active().await);
        seen.note(&of("persistent"), pool.is_persistent().await);
        seen.note(&of("info"), pool.info().await);
        seen.xml(&of("xml"), pool.xml_desc(Default::default()).await);
        for volume in pool.list_all_volumes().await.unwrap() {
            let of = |what: &str| of(&format!("volume {:?}: {what}", volume.name()));
            seen.note(&of("key"), Ok(volume.key().to_owned()));
            seen.note(&of("path"), volume.path().await);
            seen.note(&of("info"), volume.info().await);
            seen.xml(&of("xml"), volume.xml_desc().await);
        }
    }
    for interface in conn.list_all_interfaces(Default::default()).await.unwrap() {
        let of = |what: &str| format!("interface {}: {what}", interface.name());
        seen.note(&of("active"), interface.is_active().await);
        seen.xml(&of("xml"), interface.xml_desc(Default::default()).await);
    }
    for device in conn.list_all_node_devices(Default::default()).await.unwrap() {
        let of = |what: &str| format!("device {}: {what}", device.name());
        seen.note(&of("parent"), device.parent().await);
        seen.xml(&of("xml"), device.xml_desc(node_device::XmlFlags::empty()).await);
    }
}

/// The files of one host, of which `node.xml` is the first that is read.
type Files = Vec<(&'static str, String)>;

/// Opens hosts of files by a daemon and by ourselves, and compares what they have.
async fn compare_files(name: &str, hosts: Vec<Files>) {
    if !rig::available(&[Need::Daemon]).unwrap() {
        return;
    }
    let daemon = tokio::task::spawn_blocking(|| Daemon::builder().test_driver().start().unwrap());
    let daemon = daemon.await.unwrap();
    let release = Connect::open(&daemon.test_uri()).await.unwrap().lib_version().await.unwrap();
    let [mut theirs, mut ours] = [Transcript::default(), Transcript::default()];
    for (number, files) in hosts.iter().enumerate() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let path = dir.path().join("node.xml");
        let path = path.display();
        let real = format!("test+unix://{path}?socket={}", daemon.socket().display());
        for (uri, all) in [(real, &mut theirs), (format!("test://{path}"), &mut ours)] {
            for (label, value) in open(&uri, dir.path()).await.lines {
                all.add(&format!("{number}: {label}"), value);
            }
        }
    }
    differences::assert_known(name, release, &theirs, &ours);
}

async fn open(uri: &str, dir: &Path) -> Transcript {
    let mut seen = match Connect::open(uri).await {
        Ok(conn) => play(&conn, look).await,
        Err(error) => {
            let mut seen = Transcript::default();
            seen.done::<()>("opened", Err(error));
            seen
        }
    };
    for (_, text) in &mut seen.lines {
        *text = text.replace(&dir.display().to_string(), "DIR");
    }
    seen
}

/// Returns the files of a host of which all is in one.
fn node(elements: &str) -> Files {
    vec![("node.xml", format!("<node>{elements}</node>"))]
}

#[tokio::test]
async fn hosts_have_what_their_files_say() {
    let state = |state: &str| format!("<test:runstate>{state}</test:runstate>");
    let snapshots = [
        snapshot("a", "<description>d</description><state>running</state><active>0</active>"),
        snapshot("b", "<parent><name>a</name></parent><state>shutoff</state><active>1</active>"),
        snapshot("c", "<state>paused</state><active>0</active>"),
    ];
    let guests = [
        guest("plain", "", ""),
        guest("kept", "", "<metadata>\n <a xmlns='urn:a'>\n <b/> </a> </metadata>"),
        guest("off", TEST, &state("5")),
        guest("paused", TEST, &state("3")),
        guest("crashed", TEST, &state("6")),
        guest("nostate", TEST, &state("0")),
        guest("transient", TEST, "<test:transient/>"),
        guest("saved", TEST, &format!("{}<test:hasmanagedsave/>", state(" 5"))),
        guest("other", &TEST.replace("test=", "t="), "<t:runstate>5</t:runstate>"),
        guest("unknown", "xmlns:test='urn:other'", &state("5")),
        guest("snapshots", TEST, &snapshots.concat()),
        guest(
            "devices",
            TEST,
            "<iothreads>2</iothreads><devices>\
             <interface type='network'><mac address='52:54:00:00:00:01'/><source network='n'/></interface>\
             <interface type='user'><mac address='52:54:00:00:00:02'/></interface></devices>",
        ),
    ];
    let rest = "<cpu><mhz>2000</mhz><model>x86_64</model><active>5</active><nodes>1</nodes>\
         <sockets>3</sockets><cores>2</cores><threads>1</threads></cpu><memory>123456</memory>\
         <network><name>n</name><uuid>10000000-0000-4000-8000-000000000001</uuid>\
         <bridge name='br1'/><ip address='10.0.0.1'/></network>\
         <interface type='ethernet' name='eth7'><start mode='onboot'/><mac address='aa:bb:cc:dd:ee:ff'/></interface>\
         <pool type='dir'><name>p</name><uuid>20000000-0000-4000-8000-000000000001</uuid>\
         <target><path>/p</path></target>\
         <volume><name>v</name><capacity>1000</capacity><allocation>500</allocation></volume>\
         <volume><name>w</name><key>k</key><capacity unit='M'>1</capacity><target><path>/x/w</path></target></volume>\
         </pool>\
         <pool type='logical'><name>q</name><uuid>20000000-0000-4000-8000-000000000002</uuid>\
         <source><name>vg</name></source><target><path>/dev/vg</path></target></pool>\
         <device><name>computer</name><capability type='system'><hardware><vendor>v</vendor><uuid>30000000-0000-4000-8000-000000000001</uuid></hardware></capability></device>\
         <device><name>card</name><parent>computer</parent><capability type='net'>\
         <interface>eth7</interface><address>aa:bb:cc:dd:ee:ff</address></capability></device>";
    compare_files("node_files", vec![node(&format!("{}{rest}", guests.concat()))]).await;
}

#[tokio::test]
async fn hosts_have_what_other_files_say() {
    let files = vec![
        (
            "node.xml",
            "<node><domain file='guest.xml'/><network file='net.xml'/><pool file='pool.xml'/>\
             <interface file='interface.xml'/><device file='device.xml'/></node>"
                .to_owned(),
        ),
        (
            "guest.xml",
            guest("g", TEST, ""),
        ),
        (
            "net.xml",
            "<network><name>n</name><uuid>10000000-0000-4000-8000-000000000001</uuid></network>".to_owned(),
        ),
        (
            "pool.xml",
            "<pool type='dir'><name>p</name><uuid>20000000-0000-4000-8000-000000000001</uuid>\
             <target><path>/p</path></target><volume file='volume.xml'/></pool>"
                .to_owned(),
        ),
        ("volume.xml", "<volume><name>v</name><capacity>1000</capacity></volume>".to_owned()),
        ("interface.xml", "<interface type='ethernet' name='eth7'/>".to_owned()),
        (
            "device.xml",
            "<device><name>d</name><capability type='net'><interface>e</interface></capability></device>"
                .to_owned(),
        ),
    ];
    compare_files("other_files", vec![files]).await;
}

#[tokio::test]
async fn files_that_are_wrong_are_refused() {
    let pair = |first: &str, second: &str| {
        guest("g", TEST, &format!("{}{}", snapshot("a", first), snapshot("b", second)))
    };
    let wrong = [
        guest("g", TEST, "<test:runstate>8</test:runstate>"),
        guest("g", TEST, "<test:runstate>x</test:runstate>"),
        guest("g", TEST, "<test:runstate>-1</test:runstate>"),
        guest("g", TEST, "<test:runstate/>"),
        guest("g", TEST, "<test:transient/><test:runstate>5</test:runstate>"),
        guest("g", TEST, "<test:hasmanagedsave/>"),
        guest("g", "", "").repeat(2),
        pair("<active>1</active><state>off</state>", "<active>1</active>"),
        pair(
            "<active>1</active><state>running</state>",
            "<active>1</active><state>running</state>",
        ),
        pair(
            "<parent><name>x</name></parent><state>running</state>",
            "<state>running</state>",
        ),
        "<domain/>".to_owned(),
        "<network/>".to_owned(),
        "<pool/>".to_owned(),
        "<interface/>".to_owned(),
        "<device/>".to_owned(),
        "<pool type='dir'><name>p</name><target><path>/p</path></target><volume/></pool>"
            .to_owned(),
        "<cpu><nodes>x</nodes></cpu>".to_owned(),
        "<cpu><active>x</active></cpu>".to_owned(),
        "<cpu><mhz>-1</mhz></cpu>".to_owned(),
        "<cpu><model>12345678901234567890123456789012</model></cpu>".to_owned(),
        "<memory>x</memory>".to_owned(),
        "<domain file='none.xml'/>".to_owned(),
        "<domain file='node.xml'/>".to_owned(),
        "<auth><user/></auth>".to_owned(),
        "<auth><user>u</user></auth>".to_owned(),
        "<auth><user password='p'>u</user></auth>".to_owned(),
    ];
    let mut hosts: Vec<Files> = wrong.iter().map(|elements| node(elements)).collect();
    for text in ["", "<node>", "<nodes/>", "<node>\n<x></y></node>"] {
        hosts.push(vec![("node.xml", text.to_owned())]);
    }
    hosts.push(Vec::new());
    compare_files("wrong_files", hosts).await;
}
