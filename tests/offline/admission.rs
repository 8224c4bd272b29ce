//! Limits on the calls that a daemon is given, and the calls it has not answered.

use std::time::Duration;

use libvirt_client::domain::{CoreDumpFlags, Domain, SaveRestoreFlags};
use libvirt_client::{Connect, Error, Waiting};

use crate::peer::{Listener, Message, Peer, procedure, string, words};

const CORE_DUMP: u32 = 53;
const GET_TIME: u32 = 337;

async fn guest(conn: &Connect, peer: &mut Peer) -> Domain {
    let mut domain = string("guest");
    domain.extend([1; 16]);
    domain.extend(words(&[3]));
    let (guest, ()) = tokio::join!(conn.domain_lookup_by_name("guest"), async {
        let call = peer.take().await;
        peer.reply(&call, &domain).await;
    });
    guest.unwrap()
}

async fn hostname(conn: &Connect, peer: &mut Peer) {
    let (name, ()) = tokio::join!(conn.hostname(), async {
        let call = peer.take().await;
        assert_eq!(call.procedure, procedure::CONNECT_GET_HOSTNAME);
        peer.reply(&call, &string("host")).await;
    });
    assert_eq!(name.unwrap(), "host");
}

fn dump(domain: &Domain) -> impl Future<Output = Result<(), Error>> + use<> {
    let domain = domain.clone();
    async move {
        let flags = CoreDumpFlags::empty();
        domain.core_dump("/tmp/core", flags).await
    }
}

/// The text of an error that says that a call was never sent, and what the daemon has not answered.
#[track_caller]
fn never_sent(error: &Error) -> (String, Vec<(&'static str, usize)>) {
    let Error::Timeout { waiting: Waiting::Turn { unanswered }, .. } = error else {
        panic!("{error:?}")
    };
    assert!(error.is_transient() && !error.is_outcome_unknown());
    (error.to_string(), unanswered.clone())
}

#[tokio::test(start_paused = true)]
async fn calls_that_were_given_up_count_until_they_are_answered() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let hasty = guest(&conn.with_timeout(Duration::from_secs(1)), &mut peer).await;
    let mut stuck = Vec::new();
    for owed in 1..=4 {
        let (dumped, call) = tokio::join!(dump(&hasty), peer.take());
        stuck.push(call);
        let error = dumped.unwrap_err();
        let Error::Timeout { waiting: Waiting::Reply { unanswered }, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(unanswered, owed);
        if owed == 4 {
            assert_eq!(
                error.to_string(),
                "virDomainCoreDump got no reply, as one of 4 calls that the daemon has not answered, \
                 within 1s"
            );
        }
    }
    let (text, unanswered) = never_sent(&dump(&hasty).await.unwrap_err());
    assert_eq!(unanswered, [("virDomainCoreDump", 4)]);
    assert_eq!(
        text,
        "virDomainCoreDump was not sent, because the daemon has not answered virDomainCoreDump 4 times, \
         within 1s"
    );
    // Neither is one whose caller was dropped.
    drop(tokio::time::timeout(Duration::from_millis(1), dump(&hasty)).await);
    hostname(&conn, &mut peer).await;

    peer.reply(&stuck.remove(0), &[]).await;
    let (dumped, ()) = tokio::join!(dump(&hasty), async {
        let call = peer.take().await;
        assert_eq!(call.procedure, CORE_DUMP);
        peer.reply(&call, &[]).await;
    });
    dumped.unwrap();
}

#[tokio::test(start_paused = true)]
async fn short_calls_that_get_stuck_leave_room_for_others() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let hasty = guest(&conn.with_timeout(Duration::from_secs(1)), &mut peer).await;
    let mut stuck = Vec::new();
    for _ in 0..3 {
        let (info, call) = tokio::join!(hasty.info(), peer.take());
        assert!(info.unwrap_err().is_timeout());
        stuck.push(call);
    }
    let (_, unanswered) = never_sent(&hasty.info().await.unwrap_err());
    assert_eq!(unanswered, [("virDomainGetInfo", 3)]);
    hostname(&conn, &mut peer).await;

    // An error is a reply, too.
    peer.send(&stuck[0].error(38, 10, "hung")).await;
    let (info, ()) = tokio::join!(hasty.info(), async {
        let call = peer.take().await;
        peer.reply(&call, &words(&[1, 0, 2048, 0, 2048, 1, 0, 5])).await;
    });
    info.unwrap();
}

#[tokio::test]
async fn guests_that_never_answer_do_not_keep_others_from_being_started() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let guest = guest(&conn, &mut peer).await;
    let asking: Vec<_> = (0..4)
        .map(|_| {
            let guest = guest.clone();
            tokio::spawn(async move { guest.time().await })
        })
        .collect();
    let mut asked: Vec<Message> = Vec::new();
    for _ in 0..3 {
        asked.push(peer.take().await);
        assert_eq!(asked[asked.len() - 1].procedure, GET_TIME);
    }
    let flags = SaveRestoreFlags::empty();
    let (saved, ()) = tokio::join!(guest.save_flags("/tmp/image", None, flags), async {
        let call = peer.take().await;
        assert_ne!(call.procedure, GET_TIME);
        peer.reply(&call, &[]).await;
    });
    saved.unwrap();
    for call in &asked {
        peer.reply(call, &words(&[0, 1, 0])).await;
    }
    let last = peer.take().await;
    peer.reply(&last, &words(&[0, 1, 0])).await;
    for asking in asking {
        asking.await.unwrap().unwrap();
    }
}
