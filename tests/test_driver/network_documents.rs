//! How networks are described, and what of it is refused.

use libvirt_client::network::{DefineFlags, XmlFlags};
use libvirt_client::{Connect, Error};

use super::compare;
use super::transcript::Transcript;

const UUID: &str = "<uuid>20000000-0000-4000-8000-000000000001</uuid>";
const IP: &str = "<ip address='10.0.0.1' netmask='255.255.255.0'>";
const ROUTED: &str = "<ip address='10.0.0.1' prefix='24'><tftp root='/t'/></ip><route ";

/// Defines networks that have this in them, and notes what becomes of it.
async fn define(conn: &Connect, seen: &mut Transcript, documents: &[&str]) {
    for (number, inner) in documents.iter().enumerate() {
        let xml = format!("<network><name>n</name>{UUID}{inner}</network>");
        define_all(conn, seen, &format!("{number}: {inner}"), &xml).await;
    }
}

async fn define_all(conn: &Connect, seen: &mut Transcript, label: &str, xml: &str) {
    let defined = conn.network_define_xml(xml, DefineFlags::empty()).await;
    let Some(network) = seen.done(label, defined) else {
        return;
    };
    let xml = network.xml_desc(XmlFlags::empty()).await.unwrap();
    let again = conn.network_define_xml(&xml, DefineFlags::empty()).await;
    seen.xml(&format!("{label}, xml"), Ok(xml));
    seen.done(&format!("{label}, again"), again);
    network.undefine().await.unwrap();
}

#[tokio::test]
async fn networks_as_a_whole() {
    compare("networks_as_a_whole", async |conn: &Connect, seen: &mut Transcript| {
        for (label, xml) in [
            ("root", "<domain/>".to_owned()),
            ("nothing", "<network/>".to_owned()),
            ("no name", "<network><name/></network>".to_owned()),
            ("slash", "<network><name>a/b</name></network>".to_owned()),
            ("uuid", "<network><name>n</name><uuid>x</uuid></network>".to_owned()),
            ("spaces", format!("<network><name> n </name>{UUID}</network>")),
            ("escapes", format!("<network><name>a&amp;&lt;\"'</name>{UUID}</network>")),
            ("ipv6", format!("<network ipv6='yes'><name>n</name>{UUID}</network>")),
            ("no ipv6", format!("<network ipv6='no'><name>n</name>{UUID}</network>")),
            ("odd ipv6", format!("<network ipv6='on'><name>n</name>{UUID}</network>")),
            (
                "trust",
                format!("<network trustGuestRxFilters='yes'><name>n</name>{UUID}</network>"),
            ),
            (
                "odd trust",
                format!("<network trustGuestRxFilters='x'><name>n</name>{UUID}</network>"),
            ),
            (
                "connections",
                format!("<network connections='3'><name>n</name>{UUID}</network>"),
            ),
        ] {
            define_all(conn, seen, label, &xml).await;
        }
    })
    .await;
}

#[tokio::test]
async fn names_bridges_and_the_like() {
    compare("names_bridges_and_the_like", async |conn: &Connect, seen: &mut Transcript| {
        define(
            conn,
            seen,
            &[
                "<bridge/>",
                "<bridge name='b' stp='off' delay='7' zone='z' macTableManager='libvirt'/>",
                "<bridge name='' stp='maybe' delay='0'/>",
                "<bridge delay='x'/>",
                "<bridge delay='-1'/>",
                "<bridge macTableManager='default'/>",
                "<bridge macTableManager='x'/>",
                "<mtu size='1400'/>",
                "<mtu size='0'/>",
                "<mtu/>",
                "<mtu size='x'/>",
                "<mac address='52:54:00:AB:cd:1'/>",
                "<mac/>",
                "<mac address='52:54:00:ab:cd'/>",
                "<mac address='53:54:00:ab:cd:01'/>",
                "<domain name='d'/>",
                "<domain name='d' localOnly='yes' register='yes'/>",
                "<domain name='d' register='yes'/>",
                "<domain localOnly='no'/>",
                "<domain localOnly='x'/>",
                "<port isolated='yes'/>",
                "<port isolated='x'/>",
                "<unknown a='1'/>",
                "<vlan><tag id='1'/></vlan>",
                "<vlan trunk='no'><tag id='1'/></vlan>",
                "<vlan><tag id='1'/><tag id='2' nativeMode='tagged'/></vlan>",
                "<vlan/>",
                "<vlan><tag/></vlan>",
                "<vlan><tag id='4096'/></vlan>",
                "<vlan><tag id='x'/></vlan>",
                "<vlan trunk='no'><tag id='1'/><tag id='2'/></vlan>",
                "<vlan trunk='x'><tag id='1'/></vlan>",
                "<vlan trunk='no'><tag id='1' nativeMode='tagged'/></vlan>",
                "<vlan><tag id='1' nativeMode='tagged'/><tag id='2' nativeMode='untagged'/></vlan>",
                "<vlan><tag id='1' nativeMode='default'/></vlan>",
                "<bandwidth/>",
                "<bandwidth><inbound average='1' peak='2' burst='3'/><outbound average='4'/></bandwidth>",
                "<bandwidth><inbound/></bandwidth>",
                "<bandwidth><inbound peak='1'/></bandwidth>",
                "<bandwidth><inbound average='x'/></bandwidth>",
                "<bandwidth><inbound average='0'/></bandwidth>",
                "<bandwidth><inbound average='1' floor='1'/></bandwidth>",
                "<bandwidth><outbound average='1' floor='1'/></bandwidth>",
                "<bandwidth classID='1'/>",
                "<virtualport/>",
                "<virtualport type='openvswitch'/>",
                "<virtualport type='x'/>",
                "<virtualport type='openvswitch'><parameters profileid='p'/></virtualport>",
                "<virtualport type='openvswitch'><parameters interfaceid='09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f'/></virtualport>",
                "<virtualport type='802.1Qbg'><parameters managerid='11' typeid='0x2' typeidversion='3' instanceid='09b11c53-8b5c-4eeb-8f00-d84eaa0aaa4f'/></virtualport>",
                "<virtualport type='802.1Qbg'><parameters managerid='256'/></virtualport>",
                "<virtualport type='802.1Qbg'><parameters typeid='x'/></virtualport>",
                "<virtualport type='802.1Qbg'><parameters profileid='p'/></virtualport>",
                "<virtualport type='802.1Qbh'><parameters profileid='p'/></virtualport>",
                "<virtualport type='802.1Qbh'><parameters instanceid='x'/></virtualport>",
                "<portgroup/>",
                "<portgroup name='g'/>",
                "<portgroup name='g' default='YES' trustGuestRxFilters='no'><vlan><tag id='3'/></vlan><virtualport><parameters profileid='p'/></virtualport><bandwidth><inbound average='1'/></bandwidth></portgroup>",
                "<portgroup name='g' default='no'/><portgroup name='h'/>",
            ],
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn where_packets_go() {
    compare("where_packets_go", async |conn: &Connect, seen: &mut Transcript| {
        define(
            conn,
            seen,
            &[
                "<forward/>",
                "<forward mode='x'/>",
                "<forward mode='none'/>",
                "<forward mode='open'/>",
                "<forward mode='open' dev='e'/>",
                "<forward mode='route'/>",
                "<forward mode='route' dev='e'/><ip address='10.0.0.1' prefix='24'><tftp root='/t'/></ip>",
                "<forward mode='nat'><nat><address start='1.2.3.4' end='1.2.3.9'/><port start='500' end='1000'/></nat></forward><ip address='10.0.0.1'><tftp root='/t'/></ip>",
                "<forward mode='nat'><nat ipv6='yes'/></forward><ip address='10.0.0.1'><tftp root='/t'/></ip>",
                "<forward><nat><address start='1.2.3.4'/></nat></forward><ip address='10.0.0.1'><tftp root='/t'/></ip>",
                "<forward><nat><address start='1.2.3.4' end='1.2.3.3'/></nat></forward><ip address='10.0.0.1'><tftp root='/t'/></ip>",
                "<forward><nat><address start='x' end='1.2.3.3'/></nat></forward><ip address='10.0.0.1'><tftp root='/t'/></ip>",
                "<forward><nat><port start='5'/></nat></forward><ip address='10.0.0.1'><tftp root='/t'/></ip>",
                "<forward><nat><port start='5' end='4'/></nat></forward><ip address='10.0.0.1'><tftp root='/t'/></ip>",
                "<forward><nat><port start='0' end='0'/></nat></forward><ip address='10.0.0.1'><tftp root='/t'/></ip>",
                "<forward><nat/><nat/></forward><ip address='10.0.0.1'><tftp root='/t'/></ip>",
                "<forward mode='route'><nat/></forward><ip address='10.0.0.1'><tftp root='/t'/></ip>",
                "<forward><interface dev='e'/><interface dev='f'/></forward><ip address='10.0.0.1'><tftp root='/t'/></ip>",
                "<forward mode='bridge'/>",
                "<forward mode='bridge'/><bridge name='b'/>",
                "<forward mode='bridge'/><bridge name='b' macTableManager='kernel'/>",
                "<forward mode='bridge'/><bridge name='b' delay='0' stp='on'/>",
                "<forward mode='bridge'/><mtu size='1400'/>",
                "<forward mode='bridge' dev='e'/><bridge name='b'/>",
                "<forward mode='bridge' dev='e'><interface dev='e'/><interface dev='f'/></forward>",
                "<forward mode='bridge' dev='e'><interface dev='f'/></forward>",
                "<forward mode='bridge'><interface dev='f'/><interface dev='f'/></forward>",
                "<forward mode='bridge'><interface/></forward>",
                "<forward mode='private' dev='e'/>",
                "<forward mode='vepa'><pf dev='e'/></forward>",
                "<forward mode='passthrough'><pf/></forward>",
                "<forward mode='passthrough'><pf dev='e'/><pf dev='f'/></forward>",
                "<forward mode='passthrough' dev='e'><pf dev='f'/></forward>",
                "<forward mode='vepa'/><bridge name='b'/>",
                "<forward mode='vepa'/><bridge zone='z'/>",
                "<forward mode='vepa'/><bridge macTableManager='kernel'/>",
                "<forward mode='hostdev' managed='yes'><driver name='vfio'/><address type='pci' domain='0' bus='3' slot='0' function='1'/></forward>",
                "<forward mode='hostdev'><driver name='x'/></forward>",
                "<forward mode='hostdev'><pf dev='e'/></forward>",
                "<forward mode='hostdev'><address/></forward>",
                "<forward mode='hostdev'><address type='x'/></forward>",
                "<forward mode='hostdev'><address type='netdev'/></forward>",
                "<forward mode='hostdev'><address type='pci' bus='0x3'/><address type='pci' bus='3'/></forward>",
                "<forward mode='hostdev'><address type='pci' bus='0x300'/></forward>",
                "<forward mode='hostdev'><address type='pci' bus='1' slot='0x20'/></forward>",
                "<forward mode='hostdev'><address type='pci' bus='1' function='8'/></forward>",
                "<forward mode='hostdev'><address type='pci' bus='x'/></forward>",
            ],
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn addresses_and_routes() {
    compare("addresses_and_routes", async |conn: &Connect, seen: &mut Transcript| {
        let mut documents: Vec<String> = [
            "<ip/>",
            "<ip address='x'/>",
            "<ip address='10.1'/>",
            "<ip address='10.0.0.1' netmask='x'/>",
            "<ip address='10.0.0.1' netmask='fe80::'/>",
            "<ip address='10.0.0.1' netmask='255.0.0.0' prefix='8'/>",
            "<ip address='10.0.0.1' prefix='33'/>",
            "<ip address='10.0.0.1' prefix='x'/>",
            "<ip address='10.0.0.1' prefix='0' localPtr='yes'/>",
            "<ip address='10.0.0.1' localPtr='x'/>",
            "<ip address='fe80::1'/>",
            "<ip family='ipv4' address='fe80::1'/>",
            "<ip family='ipv6' address='10.0.0.1'/>",
            "<ip family='ipv6' address='FE80:0::1' prefix='64' localPtr='no'/>",
            "<ip family='ipv6' address='fe80::1' netmask='255.0.0.0'/>",
            "<ip family='ipv6' address='fe80::1' prefix='129'/>",
            "<ip family='ipx' address='10.0.0.1'/>",
            "<ip address='10.0.0.1'><tftp root='/r'/></ip>",
            "<ip address='10.0.0.1'><tftp/></ip>",
            "<ip family='ipv6' address='fe80::1'><tftp root='/r'/></ip>",
            "<ip address='10.0.0.1'/><ip family='ipv6' address='fe80::1'/>",
        ]
        .map(str::to_owned)
        .to_vec();
        documents.extend(
            [
                "address='192.168.0.0' prefix='16' gateway='10.0.0.2'/>",
                "address='192.168.0.0' netmask='255.255.0.0' gateway='10.0.0.2' metric='2'/>",
                "family='ipv4' address='0.0.0.0' prefix='0' gateway='10.0.0.2'/>",
                "address='192.168.0.0' gateway='10.0.0.2'/>",
                "address='192.168.0.0' prefix='16' gateway='10.0.1.2'/>",
                "address='192.168.0.1' prefix='16' gateway='10.0.0.2'/>",
                "address='192.168.0.0' prefix='33' gateway='10.0.0.2'/>",
                "address='192.168.0.0' prefix='16' netmask='255.255.0.0' gateway='10.0.0.2'/>",
                "address='192.168.0.0' prefix='16'/>",
                "gateway='10.0.0.2'/>",
                "address='x' gateway='10.0.0.2'/>",
                "address='192.168.0.0' gateway='x'/>",
                "address='192.168.0.0' netmask='x' gateway='10.0.0.2'/>",
                "address='192.168.0.0' prefix='16' gateway='10.0.0.2' metric='0'/>",
                "address='192.168.0.0' prefix='16' gateway='10.0.0.2' metric='x'/>",
                "address='fe80::' prefix='16' gateway='10.0.0.2'/>",
                "family='ipv4' address='fe80::' prefix='16' gateway='10.0.0.2'/>",
                "address='192.168.0.0' prefix='16' gateway='fe80::1'/>",
                "family='ipv6' address='192.168.0.0' gateway='fe80::1'/>",
                "family='ipv6' address='fe80::' prefix='64' gateway='10.0.0.2'/>",
                "family='ipv6' address='fe80::' netmask='x' gateway='fe80::1'/>",
                "family='ipv6' address='fe80::' prefix='129' gateway='fe80::1'/>",
                "family='ipx' address='fe80::' gateway='fe80::1'/>",
            ]
            .map(|route| format!("{ROUTED}{route}")),
        );
        let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
        define(conn, seen, &documents).await;
    })
    .await;
}

#[tokio::test]
async fn addresses_that_are_given_away() {
    compare("addresses_that_are_given_away", async |conn: &Connect, seen: &mut Transcript| {
        let documents: Vec<String> = [
            "",
            "<range/>",
            "<range start='10.0.0.2'/>",
            "<range start='10.0.0.2' end='10.0.0.254'/>",
            "<range start='10.0.0.2' end='10.0.0.9'><lease expiry='1' unit='hours'/></range>",
            "<range start='10.0.0.2' end='10.0.0.9'><lease expiry='0' unit='hours'/></range>",
            "<range start='10.0.0.2' end='10.0.0.9'><lease expiry='1'/></range>",
            "<range start='10.0.0.2' end='10.0.0.9'><lease expiry='119' unit='seconds'/></range>",
            "<range start='10.0.0.2' end='10.0.0.9'><lease expiry='x'/></range>",
            "<range start='10.0.0.2' end='10.0.0.9'><lease expiry='9' unit='x'/></range>",
            "<range start='10.0.0.2' end='10.0.0.9'><lease/></range>",
            "<range start='x' end='10.0.0.9'/>",
            "<range start='10.0.0.9' end='10.0.0.2'/>",
            "<range start='10.0.0.0' end='10.0.0.2'/>",
            "<range start='10.0.0.2' end='10.0.0.255'/>",
            "<range start='10.0.0.2' end='10.0.1.2'/>",
            "<range start='fe80::1' end='fe80::2'/>",
            "<range start='10.0.0.2' end='fe80::2'/>",
            "<host/>",
            "<host mac='52:54:00:00:00:0A' name='h' ip='10.0.0.2'/>",
            "<host name='h' ip='10.0.0.2'><lease expiry='2'/></host>",
            "<host mac='52:54:00:00:00:01'/>",
            "<host ip='10.0.0.2'/>",
            "<host id='0:1' name='h' ip='10.0.0.2'/>",
            "<host id='0:x' name='h' ip='10.0.0.2'/>",
            "<host name='-h' ip='10.0.0.2'/>",
            "<host name='h' ip='x'/>",
            "<host mac='x' ip='10.0.0.2'/>",
            "<host mac='01:00:00:00:00:01' ip='10.0.0.2'/>",
            "<bootp file='f'/>",
            "<range start='10.0.0.2' end='10.0.0.9'/><bootp file='f' server='10.0.0.3'/>",
            "<range start='10.0.0.2' end='10.0.0.9'/><bootp/>",
            "<bootp file='f' server='10.0.0.3'/><host name='h' ip='10.0.0.2'/><range start='10.0.0.2' end='10.0.0.9'/>",
        ]
        .map(|inner| format!("{IP}<dhcp>{inner}</dhcp></ip>"))
        .into_iter()
        .chain(
            [
                "<range start='fe80::2' end='fe80::ff'/>",
                "<range start='fe80::2' end='fe80::1:1'/>",
                "<range start='fe80::9' end='fe80::2'/>",
                "<host mac='52:54:00:00:00:01' ip='fe80::2'/>",
                "<host ip='fe80::2'/>",
                "<host id='0:1' ip='fe80::2'/>",
                "<bootp file='f'/>",
            ]
            .map(|inner| {
                format!("<ip family='ipv6' address='fe80::1' prefix='64'><dhcp>{inner}</dhcp></ip>")
            }),
        )
        .collect();
        let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
        define(conn, seen, &documents).await;
    })
    .await;
}

#[tokio::test]
async fn names_that_are_resolved() {
    compare("names_that_are_resolved", async |conn: &Connect, seen: &mut Transcript| {
        let documents: Vec<String> = [
            "",
            "<forwarder addr='1.1.1.1'/><forwarder domain='d' addr='1.1'/><forwarder domain='e'/>",
            "<forwarder/>",
            "<forwarder addr='x'/>",
            "<host ip='10.0.0.1'><hostname>a</hostname><hostname>b&amp;</hostname></host>",
            "<host ip='10.0.0.1'/>",
            "<host ip='x'><hostname>a</hostname></host>",
            "<host><hostname>a</hostname></host>",
            "<host ip='10.0.0.1'><hostname/></host>",
            "<srv service='s' protocol='tcp'/>",
            "<srv service='s' protocol='tcp' domain='d' target='t' port='1' priority='0' weight='3'/>",
            "<srv/>",
            "<srv service='s'/>",
            "<srv service='s.s' protocol='tcp'/>",
            "<srv service='s' protocol='t_p'/>",
            "<srv service='s' protocol='tcp' port='1'/>",
            "<srv service='s' protocol='tcp' target='t' port='0'/>",
            "<srv service='s' protocol='tcp' target='t' port='x'/>",
            "<srv service='s' protocol='tcp' target='t' priority='65536'/>",
            "<srv service='s' protocol='tcp' weight='1'/>",
            "<txt name='t' value='v \"&lt;'/>",
            "<txt name='a,b' value='v'/>",
            "<txt name='t'/>",
            "<txt value='v'/>",
            "<txt name='t' value='v'/><srv service='s' protocol='p'/><host ip='10.0.0.1'><hostname>a</hostname></host><forwarder addr='1.1.1.1'/>",
        ]
        .map(|inner| format!("<dns>{inner}</dns>"))
        .into_iter()
        .chain(
            [
                "<dns enable='no'/>",
                "<dns enable='yes' forwardPlainNames='no'/>",
                "<dns enable='x'/>",
                "<dns forwardPlainNames='x'/>",
                "<dns enable='no'><txt name='t' value='v'/></dns>",
            ]
            .map(str::to_owned),
        )
        .collect();
        let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
        define(conn, seen, &documents).await;
    })
    .await;
}

/// What is wrong with a document is said by an XML library, in words of its own.
#[tokio::test]
async fn what_is_no_document() {
    compare("what_is_no_document", async |conn: &Connect, seen: &mut Transcript| {
        for text in [
            "",
            "x",
            "<network>",
            "<network></networks>",
            "<network/><network/>",
        ] {
            let error = conn.network_define_xml(text, DefineFlags::empty()).await.unwrap_err();
            let Error::Remote(error) = error.cause() else {
                panic!("{error}");
            };
            seen.add(text, format!("{:?} of {:?}, {:?}", error.code, error.domain, error.str1));
        }
    })
    .await;
}

#[tokio::test]
async fn titles_and_metadata() {
    compare("titles_and_metadata", async |conn: &Connect, seen: &mut Transcript| {
        define(
            conn,
            seen,
            &[
                "<title>T</title><description>two\nlines</description>",
                "<title>two\nlines</title>",
                "<metadata/>",
                "<metadata>text</metadata>",
                "<metadata><x/></metadata>",
                "<metadata><a:x xmlns:a='urn:a' b='\"'><a:y>t</a:y><a:z/></a:x><b:x xmlns:b='urn:b'/></metadata>",
                "<metadata><a:x xmlns:a='urn:a'>1</a:x><b:x xmlns:b='urn:a'>2</b:x></metadata>",
                "<metadata xmlns:a='urn:a'><a:x/></metadata>",
                "<metadata><x xmlns='urn:a'><y/></x></metadata>",
            ],
        )
        .await;
    })
    .await;
}
