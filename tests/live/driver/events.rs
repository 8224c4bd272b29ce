//! Events.

use libvirt_client::events::Subscription;
use libvirt_client::events::domain::{Change, Lifecycle};

use crate::common::{LIMIT, test_driver};

/// Takes the next event.
pub async fn next(events: &mut Subscription<Lifecycle>) -> (String, Change) {
    let event = tokio::time::timeout(LIMIT, events.next()).await;
    let event = event.unwrap().unwrap().unwrap();
    (event.domain.name().to_owned(), event.change)
}

#[tokio::test]
async fn registrations_in_quick_succession_do_not_meet() {
    let Some((daemon, conn)) = test_driver().await else {
        return;
    };
    let domain = conn.domain_lookup_by_name("test").await.unwrap();
    // The daemon refuses a second registration, and forgets one only when it has said so.
    for round in 0..200 {
        let all = conn.subscribe::<Lifecycle>(None).await.unwrap();
        if round % 3 == 0 {
            // One more, which outlives the first.
            let one = conn.subscribe::<Lifecycle>(Some(&domain)).await.unwrap();
            drop(all);
            drop(one);
        }
    }
    // Given up before the daemon could answer.
    for _ in 0..50 {
        tokio::select! {
            biased;
            _ = conn.subscribe::<Lifecycle>(None) => {}
            () = tokio::task::yield_now() => {}
        }
    }
    let several = (0..50).map(|_| {
        let conn = conn.clone();
        tokio::spawn(async move { conn.subscribe::<Lifecycle>(None).await })
    });
    let mut several: Vec<_> = several.collect();
    let mut last = several.pop().unwrap().await.unwrap().unwrap();
    for other in several {
        drop(other.await.unwrap().unwrap());
    }
    daemon.virsh(["suspend", "test"]).unwrap();
    daemon.virsh(["resume", "test"]).unwrap();
    assert_eq!(next(&mut last).await, ("test".to_owned(), Change::Suspended(0.into())));
    assert_eq!(next(&mut last).await, ("test".to_owned(), Change::Resumed(0.into())));
}
