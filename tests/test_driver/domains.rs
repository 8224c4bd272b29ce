//! The life of domains.

use libvirt_client::Connect;
use libvirt_client::connect::ListAllDomainsFlags;
use libvirt_client::domain::XmlFlags;

use super::compare;
use super::transcript::Transcript;

#[tokio::test]
async fn the_default_domain() {
    compare("the_default_domain", async |conn: &Connect, seen: &mut Transcript| {
        let domains = conn.list_all_domains(ListAllDomainsFlags::empty()).await.unwrap();
        for domain in domains {
            let name = domain.name().to_owned();
            seen.xml(&format!("{name}: xml"), domain.xml_desc(XmlFlags::empty()).await);
            seen.note(&format!("{name}: state"), domain.state().await);
            seen.done(&format!("{name}: suspend"), domain.suspend().await);
            seen.done(&format!("{name}: suspend again"), domain.suspend().await);
            seen.done(&format!("{name}: start"), domain.create().await);
        }
        seen.done("no such", conn.domain_lookup_by_name("none").await);
    })
    .await;
}
