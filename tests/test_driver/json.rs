//! What calls and events return, as serde sees it.

use libvirt_client::Connect;
use libvirt_client::connect::{GetAllDomainStatsFlags, ListAllDomainsFlags};
use libvirt_client::domain::{CpuMap, MemoryLimit, StatsTypes};
use libvirt_client::events::{DomainEventKinds, HostEvent};
use libvirt_client::params::TypedParams;
use serde::Serialize;
use serde_json::{Value, json};

fn json_of(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap()
}

#[tokio::test]
async fn results_keep_their_names() {
    let conn = Connect::open("test:///default").await.unwrap();
    let domain = conn.domain_lookup_by_name("test").await.unwrap();
    let identity = json!({"name": "test", "uuid": "6695eb01-f6a4-8304-79aa-97f2502e193f"});
    assert_eq!(json_of(&domain), identity);

    let records = conn
        .all_domain_stats(StatsTypes::STATE | StatsTypes::VCPU, GetAllDomainStatsFlags::empty())
        .await
        .unwrap();
    let record = json_of(&records[0]);
    assert_eq!(record["domain"], identity);
    assert_eq!(record["stats"]["state"], json!({"state": "running", "reason": "unknown"}));
    assert_eq!(record["stats"]["other"], json!({}));

    let snapshot = domain
        .snapshot_create_xml("<domainsnapshot><name>s</name></domainsnapshot>", Default::default())
        .await
        .unwrap();
    assert_eq!(json_of(&snapshot), json!({"domain": identity, "name": "s"}));
    assert_eq!(
        json_of(&conn.list_all_domains(ListAllDomainsFlags::empty()).await.unwrap()),
        json!([identity])
    );
}

#[tokio::test]
async fn events_say_what_they_are() {
    let conn = Connect::open("test:///default").await.unwrap();
    let mut events = conn.domain_events(DomainEventKinds::LIFECYCLE).await.unwrap();
    conn.domain_lookup_by_name("test").await.unwrap().suspend().await.unwrap();
    let event = events.next().await.unwrap().unwrap();
    let expected = json!({
        "kind": "lifecycle",
        "domain": {"name": "test", "uuid": "6695eb01-f6a4-8304-79aa-97f2502e193f"},
        "change": {"event": "suspended", "detail": "paused"},
    });
    assert_eq!(json_of(&event), expected);
    assert_eq!(
        json_of(&HostEvent::Domain(event)),
        json!({"object": "domain", "event": expected})
    );
}

#[test]
fn values_have_one_form() {
    assert_eq!(json_of(&CpuMap::from(0..=3)), json!("0-3"));
    assert_eq!(
        json_of(&[MemoryLimit::Kib(1), MemoryLimit::Unlimited]),
        json!([{"kib": 1}, "unlimited"])
    );
    let params = TypedParams::new().with("a", 1).with("b", "x").with("a", true).with("c", 0.5);
    assert_eq!(json_of(&params), json!({"a": [1, true], "b": "x", "c": 0.5}));
    let flags = ListAllDomainsFlags::ACTIVE | ListAllDomainsFlags::PERSISTENT;
    assert_eq!(json_of(&flags), json!("ACTIVE | PERSISTENT"));
    assert_eq!(serde_json::from_value(json!("ACTIVE | PERSISTENT")).ok(), Some(flags));
}
