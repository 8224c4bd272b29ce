//! What users keep in documents, as they like.

use libvirt_client::Connect;
use libvirt_client::domain::{self, MetadataType};
use libvirt_client::network;

use super::compare;
use super::transcript::Transcript;

/// What may stand in an element of a namespace `a`.
const KEPT: [&str; 25] = [
    "",
    "text",
    "  text  ",
    "\n  ",
    "\n  text\n  <a:b/>\n",
    "<a:b/>text",
    "text <a:b/> and <a:c>more</a:c>",
    "\n  <a:b/>\n  <a:c/>\n",
    "\n  <a:b>\n    <a:c> t </a:c>\n  </a:b>\n",
    "<a:b> </a:b>",
    "<a:b>\n</a:b><a:c/>",
    "<!-- a comment -->",
    "\n  <!-- a comment -->\n  <a:b/>\n",
    "<a:b/><!-- a comment -->text",
    "<![CDATA[<raw> & text]]>",
    "<![CDATA[]]>",
    "\n  <![CDATA[one]]>\n  <![CDATA[two]]>\n",
    "<a:b/> <![CDATA[one]]> <a:c/>",
    "&lt;&amp;&gt;&quot;&apos;&#65;&#10;&#13;&#9;",
    " &#32; <a:b/>",
    "<?program do this?>",
    "<a:b x='&lt;&amp;&gt;&quot;&apos;&#10;&#13;&#9;'/>",
    "<b/><c xmlns='urn:c'><d/></c><e:f xmlns:e='urn:e'/>",
    "<a:b xmlns:a='urn:other'><a:c/></a:b>",
    "caf\u{e9} \u{1f600}",
];

#[tokio::test]
async fn what_users_keep_survives() {
    compare("what_users_keep", async |conn: &Connect, seen: &mut Transcript| {
        for (number, text) in KEPT.iter().enumerate() {
            let kept = format!(
                "<metadata>\n <!-- x --> text <x/><a:app xmlns:a='urn:a'>{text}</a:app> <b xmlns='urn:b'>\n \
                 </b></metadata>"
            );
            let guest = format!(
                "<domain type='test'><name>g{number}</name><memory>1</memory><uuid>{}</uuid>\
                 <os><type>hvm</type></os>{kept}</domain>",
                uuid::Uuid::from_u128(number as u128 + 1)
            );
            let net = format!(
                "<network><name>n{number}</name><uuid>{}</uuid>{kept}</network>",
                uuid::Uuid::from_u128(number as u128 + 1)
            );
            let guest = conn.domain_define_xml(&guest).await.unwrap();
            let net = conn.network_define_xml(&net, Default::default()).await.unwrap();
            for round in ["given", "set", "started", "gone"] {
                let of = |whose: &str, what: &str| format!("{whose} {number} {round}: {what}");
                let key = Some("k");
                match round {
                    "set" => {
                        let new = text.replace("a:", "");
                        let new = format!("<app>{new}</app>");
                        let kind = MetadataType::Element;
                        let none = domain::ModificationImpact::empty();
                        let set = guest.set_metadata(kind, Some(&new), key, Some("urn:k"), none);
                        seen.done(&of("guest", "set"), set.await);
                        let kind = network::MetadataType::Element;
                        let none = network::UpdateFlags::empty();
                        let set = net.set_metadata(kind, Some(&new), key, Some("urn:k"), none);
                        seen.done(&of("network", "set"), set.await);
                    }
                    "started" => {
                        guest.create().await.unwrap();
                        net.create().await.unwrap();
                    }
                    "gone" => {
                        for uri in ["urn:a", "urn:b", "urn:k"] {
                            let kind = MetadataType::Element;
                            let both = domain::ModificationImpact::LIVE
                                | domain::ModificationImpact::CONFIG;
                            let set = guest.set_metadata(kind, None, None, Some(uri), both);
                            seen.done(&of("guest", &format!("remove {uri}")), set.await);
                            let kind = network::MetadataType::Element;
                            let none = network::UpdateFlags::empty();
                            let set = net.set_metadata(kind, None, None, Some(uri), none);
                            seen.done(&of("network", &format!("remove {uri}")), set.await);
                        }
                    }
                    _ => {}
                }
                for uri in ["urn:a", "urn:b", "urn:k", "urn:other"] {
                    let kind = MetadataType::Element;
                    let none = domain::ModificationImpact::empty();
                    let found = guest.metadata(kind, Some(uri), none).await;
                    seen.note(&of("guest", uri), found);
                    let kind = network::MetadataType::Element;
                    let none = network::UpdateFlags::empty();
                    let found = net.metadata(kind, Some(uri), none).await;
                    seen.note(&of("network", uri), found);
                }
                seen.xml(&of("guest", "xml"), guest.xml_desc(domain::XmlFlags::empty()).await);
                let inactive = guest.xml_desc(domain::XmlFlags::INACTIVE).await;
                seen.xml(&of("guest", "inactive"), inactive);
                seen.xml(&of("network", "xml"), net.xml_desc(network::XmlFlags::empty()).await);
            }
        }
    })
    .await;
}
