//! The daemon within the process.

use libvirt_client::Connect;
use libvirt_client::connect::ListAllDomainsFlags;

#[tokio::test]
async fn the_default_host() {
    let conn = Connect::open("test:///default").await.unwrap();
    let domains = conn.list_all_domains(ListAllDomainsFlags::empty()).await.unwrap();
    let names: Vec<_> = domains.iter().map(|domain| domain.name()).collect();
    assert_eq!(names, ["test"]);
    println!("{}", domains[0].xml_desc(Default::default()).await.unwrap());
    domains[0].suspend().await.unwrap();
    println!("{:?}", domains[0].state().await.unwrap());
    println!("{:?}", domains[0].suspend().await.unwrap_err());
    conn.close().await;
}
