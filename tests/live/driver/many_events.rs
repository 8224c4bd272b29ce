//! Events by the hundred thousand.

use libvirt_client::Connect;
use libvirt_client::domain::{MetadataType, ModificationImpact};
use libvirt_client::events::domain::MetadataChange;
use libvirt_client::events::{EventError, Subscription};
use tokio::task::JoinSet;

use crate::common::test_driver;

const EVENTS: usize = 100_000;
const CALLERS: usize = 50;
/// What is held for a consumer that takes nothing.
const HELD: usize = 65_536;

/// Takes events until so many have come.
async fn take(
    mut events: Subscription<MetadataChange>,
    count: usize,
) -> Subscription<MetadataChange> {
    for taken in 0..count {
        let event = events.next().await.unwrap();
        event.unwrap_or_else(|error| panic!("after {taken}: {error}"));
    }
    events
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_that_keeps_up_gets_all_and_one_that_does_not_is_told() {
    let Some((daemon, _)) = test_driver().await else {
        return;
    };
    let conn = Connect::open(&daemon.test_uri()).await.unwrap();
    let xml = "<domain type='test'><name>talkative</name><memory>1024</memory>\
        <os><type>hvm</type></os></domain>";
    let domain = conn.domain_define_xml(xml).await.unwrap();
    let events = domain_events(&conn, &domain).await;
    let mut ignored = domain_events(&conn, &domain).await;
    let taking = tokio::spawn(take(events, EVENTS));

    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let domain = domain.clone();
        callers.spawn(async move {
            for call in 0..EVENTS / CALLERS {
                let title = format!("{caller}-{call}");
                let (kind, impact) = (MetadataType::Title, ModificationImpact::CONFIG);
                let set = domain.set_metadata(kind, Some(&title), None, None, impact);
                set.await.unwrap();
            }
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller.unwrap();
    }
    drop(taking.await.unwrap());

    ignored = take(ignored, HELD).await;
    let next = ignored.next().await.unwrap();
    let Err(EventError::Lagged(lost)) = next else {
        panic!("{next:?}");
    };
    assert_eq!(lost as usize, EVENTS - HELD);
    domain.undefine().await.unwrap();
}

async fn domain_events(
    conn: &Connect,
    domain: &libvirt_client::domain::Domain,
) -> Subscription<MetadataChange> {
    conn.subscribe::<MetadataChange>(Some(domain)).await.unwrap()
}
