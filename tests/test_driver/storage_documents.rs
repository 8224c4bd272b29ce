//! How pools and volumes are described, and what of it is refused.

use libvirt_client::Connect;
use libvirt_client::storage::storage_pool::DefineFlags as PoolDefineFlags;
use libvirt_client::storage::storage_vol::{
    CreateFlags as VolCreateFlags, DeleteFlags as VolDeleteFlags,
};

use super::compare;
use super::transcript::Transcript;

const NAMED: &str = "<name>p</name><uuid>50000000-0000-4000-8000-000000000001</uuid>";

async fn define(conn: &Connect, seen: &mut Transcript, label: &str, xml: &str) {
    let defined = conn.storage_pool_define_xml(xml, PoolDefineFlags::empty()).await;
    let Some(pool) = seen.done(label, defined) else {
        return;
    };
    let xml = pool.xml_desc(Default::default()).await.unwrap();
    let again = conn.storage_pool_define_xml(&xml, PoolDefineFlags::empty()).await;
    seen.xml(&format!("{label}, xml"), Ok(xml));
    seen.done(&format!("{label}, again"), again);
    pool.undefine().await.unwrap();
}

#[tokio::test]
async fn pools_of_each_kind() {
    compare("pools_of_each_kind", async |conn: &Connect, seen: &mut Transcript| {
        let sources = [
            "",
            "<source/>",
            "<source><host name='h' port='7'/><dir path='/d//e/'/><device path='/v' part_separator='no'/><name>s</name><initiator><iqn name='i'/></initiator><adapter name='scsi_host1'/><vendor name='v'/><product name='w'/></source>",
        ];
        for kind in [
            "dir", "fs", "netfs", "logical", "disk", "iscsi", "iscsi-direct", "scsi", "mpath",
            "rbd", "sheepdog", "gluster", "zfs", "vstorage",
        ] {
            for (number, source) in sources.iter().enumerate() {
                for target in ["", "<target><path>/t/</path></target>"] {
                    let xml = format!("<pool type='{kind}'>{NAMED}{source}{target}</pool>");
                    define(conn, seen, &format!("{kind} {number} {target}"), &xml).await;
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn parts_of_pools() {
    compare("parts_of_pools", async |conn: &Connect, seen: &mut Transcript| {
        const TARGET: &str = "<target><path>/t</path></target>";
        let of = |kind: &str, inner: &str| format!("<pool type='{kind}'>{NAMED}{inner}{TARGET}</pool>");
        let netfs = |inner: &str| {
            of("netfs", &format!("<source><host name='h'/><dir path='/d'/>{inner}</source>"))
        };
        let auth = |inner: &str| {
            of("iscsi", &format!("<source><host name='h'/><device path='d'/>{inner}</source>"))
        };
        let scsi = |inner: &str| of("scsi", &format!("<source>{inner}</source>"));
        let target = |inner: &str| {
            format!("<pool type='dir'>{NAMED}<target><path>/t</path>{inner}</target></pool>")
        };
        let permissions = |inner: &str| target(&format!("<permissions>{inner}</permissions>"));
        for xml in [
            "<x/>".to_owned(),
            "<pool/>".to_owned(),
            "<pool type='x'/>".to_owned(),
            "<pool type='dir'/>".to_owned(),
            "<pool type='dir'><name>a/b</name></pool>".to_owned(),
            "<pool type='dir'><name>p</name><uuid>x</uuid></pool>".to_owned(),
            "<pool type='logical'><uuid>50000000-0000-4000-8000-000000000001</uuid><source><name>s</name></source></pool>".to_owned(),
            of("dir", "<features><cow state='no'/></features>"),
            of("dir", "<features><cow state='x'/></features>"),
            of("mpath", "<features><cow state='no'/></features>"),
            of("dir", "<refresh><volume allocation='capacity'/></refresh>"),
            of("dir", "<refresh><volume allocation='default'/></refresh>"),
            of("dir", "<refresh><volume allocation='x'/></refresh>"),
            of("dir", "<refresh/>"),
            of("dir", "<capacity>7</capacity><unknown/>"),
            of("fs", "<source><device path='/v'/><format type='ext4'/></source>"),
            of("fs", "<source><device path='/v'/><format type='x'/></source>"),
            of("fs", "<source><device/></source>"),
            of("fs", "<source><device path='/v' part_separator='x'/></source>"),
            netfs("<format type='nfs'/><protocol ver='4'/>"),
            netfs("<format type='cifs'/><protocol ver='4'/>"),
            netfs("<protocol ver='4,5'/>"),
            netfs("<host/>"),
            netfs("<host name='i' port='x'/>"),
            auth("<auth type='chap' username='u'><secret usage='s'/></auth>"),
            auth("<auth type='ceph' username='u'><secret type='iscsi' uuid='2ec115d7-3a88-3ceb-bc12-0ac909a6fd87'/></auth>"),
            auth("<auth username='u'><secret usage='s'/></auth>"),
            auth("<auth type='x' username='u'><secret usage='s'/></auth>"),
            auth("<auth type='chap'><secret usage='s'/></auth>"),
            auth("<auth type='chap' username='u'/>"),
            auth("<auth type='chap' username='u'><secret/></auth>"),
            auth("<auth type='chap' username='u'><secret uuid='x'/></auth>"),
            auth("<auth type='chap' username='u'><secret uuid='x' usage='y'/></auth>"),
            scsi("<adapter/>"),
            scsi("<adapter type='x'/>"),
            scsi("<adapter name='host2'/>"),
            scsi("<adapter type='scsi_host' name='scsi_host2'/>"),
            scsi("<adapter type='scsi_host'/>"),
            scsi("<adapter wwnn='x'/>"),
            scsi("<adapter name='x'><parentaddr/></adapter>"),
            scsi("<adapter type='scsi_host'><parentaddr unique_id='1'><address domain='0' bus='0' slot='0x1f' function='2'/></parentaddr></adapter>"),
            scsi("<adapter type='scsi_host'><parentaddr unique_id='1'/></adapter>"),
            scsi("<adapter type='scsi_host'><parentaddr><address slot='1'/></parentaddr></adapter>"),
            scsi("<adapter type='scsi_host' name='x'><parentaddr unique_id='1'><address slot='1'/></parentaddr></adapter>"),
            scsi("<adapter type='fc_host' wwnn='20000000c9831b4b' wwpn='10000000c9831b4b' managed='yes' parent='q'/>"),
            scsi("<adapter type='fc_host' wwnn='20000000c9831b4b'/>"),
            scsi("<adapter type='fc_host' wwnn='x' wwpn='y'/>"),
            scsi("<adapter type='fc_host' wwnn='20000000c9831b4b' wwpn='10000000c9831b4b' parent_wwnn='20000000c9831b4b'/>"),
            scsi("<adapter type='fc_host' wwnn='20000000c9831b4b' wwpn='10000000c9831b4b' managed='x'/>"),
            permissions("<mode>0755</mode><owner>7</owner><group>-1</group><label>a&amp;b</label>"),
            permissions("<mode>9</mode>"),
            permissions("<mode>01000</mode>"),
            permissions("<owner>x</owner>"),
            permissions("<owner/>"),
            permissions("<group>4294967296</group>"),
            permissions("<group>4294967294</group>"),
            permissions(""),
        ] {
            define(conn, seen, &xml, &xml).await;
        }
    })
    .await;
}

#[tokio::test]
async fn descriptions_of_volumes() {
    compare("descriptions_of_volumes", async |conn: &Connect, seen: &mut Transcript| {
        for (kind, xml) in [
            ("dir", format!("<pool type='dir'>{NAMED}<target><path>/t</path></target></pool>")),
            ("disk", format!("<pool type='disk'>{NAMED}<source><device path='/v'/></source><target><path>/t</path></target></pool>")),
            ("rbd", format!("<pool type='rbd'>{NAMED}<source><host name='h'/><name>s</name></source></pool>")),
            ("logical", format!("<pool type='logical'>{NAMED}</pool>")),
        ] {
            let pool = conn.storage_pool_create_xml(&xml, Default::default()).await.unwrap();
            for inner in [
                "",
                "<capacity>x</capacity>",
                "<capacity>-1</capacity>",
                "<capacity unit='KiB'>3</capacity>",
                "<capacity unit='GB'>1</capacity><allocation unit='b'>7</allocation>",
                "<capacity unit='x'>3</capacity>",
                "<capacity unit='E'>9</capacity>",
                "<capacity>7</capacity><key>k</key><target><path>/elsewhere</path></target>",
                "<capacity>7</capacity><target><format type='qcow2'/></target>",
                "<capacity>7</capacity><target><format type='linux'/></target>",
                "<capacity>7</capacity><target><format type='none'/></target>",
                "<capacity>7</capacity><target><compat>0.10</compat></target>",
                "<capacity>7</capacity><target><compat>1</compat></target>",
                "<capacity>7</capacity><target><compat>1.x</compat></target>",
                "<capacity>7</capacity><target><features/></target>",
                "<capacity>7</capacity><target><features><extended_l2/><lazy_refcounts/></features></target>",
                "<capacity>7</capacity><target><features><x/></features></target>",
                "<capacity>7</capacity><target><clusterSize unit='KiB'>64</clusterSize><nocow/></target>",
                "<capacity>7</capacity><target><permissions><mode>0600</mode><owner>0</owner></permissions></target>",
                "<capacity>7</capacity><target><permissions><mode>x</mode></permissions></target>",
                "<capacity>7</capacity><backingStore/>",
                "<capacity>7</capacity><backingStore><path>/b</path></backingStore>",
                "<capacity>7</capacity><backingStore><path>/b</path><format type='x'/></backingStore>",
            ] {
                let label = format!("{kind} {inner}");
                let xml = format!("<volume><name>v</name>{inner}</volume>");
                let made = pool.storage_vol_create_xml(&xml, VolCreateFlags::empty()).await;
                if let Some(vol) = seen.done(&label, made) {
                    seen.xml(&format!("{label}, xml"), vol.xml_desc().await);
                    seen.note(&format!("{label}, info"), vol.info().await);
                    seen.note(&format!("{label}, path"), vol.path().await);
                    vol.delete(VolDeleteFlags::empty()).await.unwrap();
                }
            }
            for (label, xml) in [
                ("root", "<x/>"),
                ("no name", "<volume/>"),
                ("type", "<volume type='block'><name>v</name><capacity>7</capacity></volume>"),
                ("no type", "<volume type='x'><name>v</name><capacity>7</capacity></volume>"),
            ] {
                let made = pool.storage_vol_create_xml(xml, VolCreateFlags::empty()).await;
                if let Some(vol) = seen.done(&format!("{kind} {label}"), made) {
                    seen.xml(&format!("{kind} {label}, xml"), vol.xml_desc().await);
                }
            }
            pool.destroy().await.unwrap();
        }
    })
    .await;
}
