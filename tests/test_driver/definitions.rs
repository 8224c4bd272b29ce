//! What becomes of a definition: the document that comes out for the one that goes in.

use std::path::{Path, PathBuf};
use std::{fs, io};

use libvirt_client::Connect;
use libvirt_client::domain::XmlFlags;

use super::compare;
use super::transcript::Transcript;

/// The definitions, a file each, by their names.
fn corpus() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/test_driver/definitions");
    let paths: io::Result<Vec<PathBuf>> =
        fs::read_dir(folder).unwrap().map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths.unwrap();
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    paths.iter().map(read).collect()
}

#[tokio::test]
async fn documents() {
    let corpus = corpus();
    assert!(corpus.len() >= 40, "{}", corpus.len());
    compare("documents", async |conn: &Connect, seen: &mut Transcript| {
        for (name, xml) in &corpus {
            let Some(domain) =
                seen.done(&format!("{name}: define"), conn.domain_define_xml(xml).await)
            else {
                continue;
            };
            seen.xml(&format!("{name}: off"), domain.xml_desc(XmlFlags::empty()).await);
            seen.done(&format!("{name}: start"), domain.create().await);
            for (label, flags) in [
                ("on", XmlFlags::empty()),
                ("inactive", XmlFlags::INACTIVE),
                ("secure", XmlFlags::SECURE),
                ("migratable", XmlFlags::MIGRATABLE),
            ] {
                seen.xml(&format!("{name}: {label}"), domain.xml_desc(flags).await);
            }
            domain.destroy().await.unwrap();
            domain.undefine().await.unwrap();
        }
    })
    .await;
}

/// Documents that are wrong altogether.
const WHOLE: &[(&str, &str)] = &[
    ("nothing", ""),
    ("text", "hello"),
    ("open", "<domain type='test'><name>x</name>"),
    ("crossed", "<domain type='test'><name>x</domain></name>"),
    ("two roots", "<domain/><domain/>"),
    ("another root", "<network><name>x</name></network>"),
    ("empty", "<domain/>"),
    (
        "no name",
        "<domain type='test'><memory>1</memory><os><type>hvm</type></os></domain>",
    ),
    ("empty name", "<domain type='test'><name/><os><type>hvm</type></os></domain>"),
    (
        "no type",
        "<domain><name>x</name><memory>1</memory><os><type>hvm</type></os></domain>",
    ),
    ("no os", "<domain type='test'><name>x</name><memory>1</memory></domain>"),
    (
        "no memory",
        "<domain type='test'><name>x</name><os><type>hvm</type></os></domain>",
    ),
];
/// Parts that are wrong in a definition that is good otherwise.
const OF_PARTS: &[(&str, &str)] = &[
    ("slash", "<name>a/b</name>"),
    ("uuid", "<uuid>none</uuid>"),
    ("short uuid", "<uuid>00000000-0000-0000-0000-00000000000</uuid>"),
    ("genid", "<genid>none</genid>"),
    ("title", "<title>a\nb</title>"),
    ("os type", "<os><type>dos</type></os>"),
    ("arch", "<os><type arch='z80'>hvm</type></os>"),
    ("another name of an arch", "<os><type arch='or32'>hvm</type></os>"),
    ("a rare arch", "<os><type arch='xtensaeb'>hvm</type></os>"),
    ("boot", "<os><type>hvm</type><boot dev='tape'/></os>"),
    ("boot without dev", "<os><type>hvm</type><boot/></os>"),
    ("container without init", "<os><type>exe</type></os>"),
    ("memory text", "<memory>much</memory>"),
    ("memory unit", "<memory unit='pounds'>1</memory>"),
    ("memory zero", "<memory>0</memory>"),
    ("memory negative", "<memory>-5</memory>"),
    ("memory overflow", "<memory unit='EiB'>99</memory>"),
    ("memory too large", "<memory unit='EiB'>15</memory>"),
    ("max memory too small", "<maxMemory slots='1'>1</maxMemory>"),
    ("slots without max", "<maxMemory slots='1'>0</maxMemory>"),
    ("vcpu text", "<vcpu>many</vcpu>"),
    ("vcpu zero", "<vcpu>0</vcpu>"),
    ("vcpu current", "<vcpu current='3'>2</vcpu>"),
    ("vcpu current text", "<vcpu current='x'>2</vcpu>"),
    ("vcpu placement", "<vcpu placement='here'>2</vcpu>"),
    ("vcpu cpuset", "<vcpu cpuset='x'>2</vcpu>"),
    ("vcpus range", "<vcpus><vcpu id='4' enabled='yes'/></vcpus>"),
    (
        "vcpus offline",
        "<vcpu>2</vcpu><vcpus><vcpu id='0' enabled='yes'/><vcpu id='1' enabled='no' hotpluggable='no'/></vcpus>",
    ),
    ("iothreads", "<iothreads>x</iothreads>"),
    (
        "iothread twice",
        "<iothreadids><iothread id='1'/><iothread id='1'/></iothreadids>",
    ),
    ("cpu mode", "<cpu mode='fast'/>"),
    ("cpu vendor", "<cpu><vendor>Intel</vendor></cpu>"),
    ("cpu features", "<cpu><feature name='x'/></cpu>"),
    (
        "cpu feature twice",
        "<cpu mode='host-model'><feature name='x'/><feature name='x'/></cpu>",
    ),
    ("clock", "<clock offset='moon'/>"),
    ("timer", "<clock offset='utc'><timer name='sun'/></clock>"),
    (
        "catchup",
        "<clock><timer name='rtc' tickpolicy='delay'><catchup limit='1'/></timer></clock>",
    ),
    ("action", "<on_crash>cry</on_crash>"),
    (
        "lifecycle",
        "<on_reboot>preserve</on_reboot><on_poweroff>coredump-destroy</on_poweroff>",
    ),
    ("feature state", "<features><pmu state='maybe'/></features>"),
    ("hyperv mode", "<features><hyperv mode='x'/></features>"),
];
/// Devices that are wrong.
const OF_DEVICES: &[(&str, &str)] = &[
    ("disk type", "<disk type='tape'><target dev='vda'/></disk>"),
    ("disk device", "<disk device='tape'><target dev='vda'/></disk>"),
    ("disk bus", "<disk><source file='/a'/><target dev='vda' bus='school'/></disk>"),
    ("disk without target", "<disk><source file='/a'/></disk>"),
    ("disk without source", "<disk><target dev='vda'/></disk>"),
    ("disk name", "<disk><source file='/a'/><target dev='xyz'/></disk>"),
    (
        "disk name on virtio",
        "<disk><source file='/a'/><target dev='fda' bus='virtio'/></disk>",
    ),
    (
        "disk twice",
        "<disk><source file='/a'/><target dev='vda'/></disk><disk><source file='/b'/><target dev='vda'/></disk>",
    ),
    (
        "cdrom twice",
        "<disk device='cdrom'><target dev='hda'/></disk><disk device='cdrom'><target dev='hda'/></disk>",
    ),
    (
        "disk address twice",
        "<disk><source file='/a'/><target dev='sda'/></disk><disk><source file='/b'/><target dev='sdb'/><address type='drive' unit='0'/></disk>",
    ),
    (
        "disk cache",
        "<disk><driver cache='cash'/><source file='/a'/><target dev='vda'/></disk>",
    ),
    (
        "disk queues",
        "<disk><driver queues='0'/><source file='/a'/><target dev='vda'/></disk>",
    ),
    ("disk rawio", "<disk rawio='yes'><source file='/a'/><target dev='vda'/></disk>"),
    ("disk tray", "<disk><source file='/a'/><target dev='vda' tray='open'/></disk>"),
    ("floppy bus", "<disk device='floppy'><target dev='fda' bus='ide'/></disk>"),
    ("network disk", "<disk type='network'><source/><target dev='vda'/></disk>"),
    (
        "network disk name",
        "<disk type='network'><source protocol='rbd'/><target dev='vda'/></disk>",
    ),
    (
        "network disk pool",
        "<disk type='network'><source protocol='rbd' name='x'/><target dev='vda'/></disk>",
    ),
    ("volume", "<disk type='volume'><source pool='p'/><target dev='vda'/></disk>"),
    ("address type", "<disk><source file='/a'/><target dev='vda'/><address/></disk>"),
    (
        "address kind",
        "<disk><source file='/a'/><target dev='vda'/><address type='street'/></disk>",
    ),
    (
        "address number",
        "<disk><source file='/a'/><target dev='vda'/><address type='pci' bus='x'/></disk>",
    ),
    (
        "boot order",
        "<disk><source file='/a'/><target dev='vda'/><boot order='0'/></disk>",
    ),
    (
        "boot order missing",
        "<disk><source file='/a'/><target dev='vda'/><boot/></disk>",
    ),
    (
        "boot order twice",
        "<disk><source file='/a'/><target dev='vda'/><boot order='1'/></disk><disk><source file='/b'/><target dev='vdb'/><boot order='1'/></disk>",
    ),
    ("controller type", "<controller type='radio'/>"),
    ("controller without type", "<controller/>"),
    (
        "controller twice",
        "<controller type='sata' index='1'/><controller type='sata' index='1'/>",
    ),
    ("interface type", "<interface type='radio'/>"),
    ("interface without source", "<interface type='network'/>"),
    ("interface without network", "<interface type='network'><source/></interface>"),
    (
        "interface without bridge",
        "<interface type='bridge'><source network='x'/></interface>",
    ),
    ("interface without dev", "<interface type='direct'><source/></interface>"),
    ("interface mac", "<interface type='user'><mac address='x'/></interface>"),
    (
        "interface multicast",
        "<interface type='user'><mac address='01:00:00:00:00:01'/></interface>",
    ),
    ("interface link", "<interface type='user'><link state='sideways'/></interface>"),
    ("interface mtu", "<interface type='user'><mtu size='x'/></interface>"),
    (
        "interface udp",
        "<interface type='udp'><source address='1.2.3.4' port='1'/></interface>",
    ),
    (
        "interface virtualport",
        "<interface type='user'><virtualport type='openvswitch'/></interface>",
    ),
    ("serial type", "<serial type='x'/>"),
    ("serial target", "<serial type='pty'><target type='x'/></serial>"),
    ("serial file", "<serial type='file'/>"),
    ("channel", "<channel type='pty'/>"),
    ("channel target", "<channel type='pty'><target type='x'/></channel>"),
    (
        "channel spicevmc",
        "<channel type='spicevmc'><target type='guestfwd' address='1.2.3.4' port='1'/></channel>",
    ),
    ("consoles", "<console/><console><target type='serial'/></console>"),
    ("input", "<input/>"),
    ("input type", "<input type='brain'/>"),
    ("graphics", "<graphics/>"),
    ("graphics type", "<graphics type='x'/>"),
    (
        "graphics listens",
        "<graphics type='vnc' listen='1.1.1.1'><listen type='address' address='2.2.2.2'/></graphics>",
    ),
    ("video", "<video><model type='x'/></video>"),
    ("sound", "<sound/>"),
    ("hostdev", "<hostdev/>"),
    ("hostdev type", "<hostdev mode='subsystem' type='x'><source/></hostdev>"),
    ("hostdev source", "<hostdev mode='subsystem' type='pci'/>"),
    ("watchdog", "<watchdog/>"),
    ("memballoons", "<memballoon model='none'/><memballoon model='none'/>"),
    ("memballoon", "<memballoon/>"),
    ("rng", "<rng model='virtio'/>"),
    ("tpm", "<tpm/>"),
    (
        "filesystems",
        "<filesystem><source dir='/a'/><target dir='a'/></filesystem><filesystem><source dir='/b'/><target dir='a'/></filesystem>",
    ),
    ("redirdev", "<redirdev bus='usb' type='spicevmc'/>"),
    ("panics", "<panic/><panic/>"),
    (
        "memory modules",
        "<memory model='dimm'><target><size unit='GiB'>1</size></target></memory>",
    ),
];

/// What is wrong with a definition: a name, and the document.
fn mistakes() -> Vec<(String, String)> {
    let parts = OF_PARTS.iter().map(|(label, part)| (label, with(part, "")));
    let devices = OF_DEVICES.iter().map(|(label, devices)| (label, with("", devices)));
    let whole = WHOLE.iter().map(|(label, text)| (label, (*text).to_owned()));
    let all = whole.chain(parts).chain(devices);
    all.map(|(label, text)| ((*label).to_owned(), text)).collect()
}

/// A definition that is good but for some of its parts.
fn with(parts: &str, devices: &str) -> String {
    let part = |name: &str, good: &str| {
        if parts.contains(&format!("<{name}")) {
            String::new()
        } else {
            good.to_owned()
        }
    };
    format!(
        "<domain type='test'>{}{}{}{parts}<devices>{devices}</devices></domain>",
        part("name", "<name>x</name>"),
        part("memory", "<memory>1024</memory>"),
        part("os", "<os><type>hvm</type></os>"),
    )
}

#[tokio::test]
async fn mistakes_are_reported() {
    let mistakes = mistakes();
    compare("mistakes_are_reported", async |conn: &Connect, seen: &mut Transcript| {
        for (name, xml) in &mistakes {
            if let Some(domain) = seen.done(name, conn.domain_define_xml(xml).await) {
                domain.undefine().await.unwrap();
            }
        }
        let other = with("<uuid>00000000-0000-0000-0000-0000000000ff</uuid>", "")
            .replace("<name>x</name>", "<name>test</name>");
        seen.done("the name of another", conn.domain_define_xml(&other).await);
        let other = with("<uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>", "");
        seen.done("the uuid of another", conn.domain_define_xml(&other).await);
    })
    .await;
}
