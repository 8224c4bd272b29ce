//! Invalid replies about the host.

use std::fmt::Debug;

use libvirt_client::connect::{AllocPagesFlags, CompareCpuFlags, NodeMemoryParameters, Platform};
use libvirt_client::{Connect, Error, ProtocolError, Result};

use crate::peer::{Listener, words};

/// Returns the result of a call whose replies have these words, one reply after the other.
async fn with_replies<T>(replies: &[&[u32]], call: impl AsyncFnOnce(&Connect) -> T) -> T {
    let listener = Listener::new();
    let (conn, peer) = listener.open().await;
    let mut replies = replies.iter();
    let serving = peer.serve(|_| words(replies.next().copied().unwrap_or_default()));
    let (result, ()) = tokio::join!(
        async {
            let result = call(&conn).await;
            conn.close().await;
            result
        },
        serving
    );
    result
}

/// Checks that the reply was rejected, for a reason that contains `text`.
fn assert_invalid_reply<T: Debug>(result: Result<T>, text: &str) {
    match result {
        Err(Error::Protocol(ProtocolError::InvalidReply { reason, .. })) => {
            assert!(reason.contains(text), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

/// A reply about a host with that many processors, at that clock.
fn node_info(cpus: i32, mhz: i32) -> Vec<u32> {
    let mut reply = vec![0; 32];
    reply[0] = u32::from(b'z');
    reply.extend([0, 1024, cpus as u32, mhz as u32, 1, 1, 1, 1]);
    reply
}

#[tokio::test]
async fn numbers_that_cannot_be() {
    let result = with_replies(&[&node_info(-1, 5)], async |conn| conn.node_info().await).await;
    assert_invalid_reply(result, "-1");
    let result = with_replies(&[&[-7_i32 as u32]], async |conn| conn.max_vcpus(None).await).await;
    assert_invalid_reply(result, "-7");
    let flags = AllocPagesFlags::ADD;
    let result = with_replies(&[&[-2_i32 as u32]], async |conn| {
        conn.node_alloc_pages(&[(4, 1)], None, 1, flags).await
    });
    assert_invalid_reply(result.await, "-2");
}

#[tokio::test]
async fn what_is_not_known_is_none() {
    let info = with_replies(&[&node_info(1, 0)], async |conn| conn.node_info().await).await;
    let info = info.unwrap();
    assert_eq!((info.mhz, info.model.as_str()), (None, "z"));
    let version = with_replies(&[&[0, 0]], async |conn| conn.version().await).await;
    assert_eq!(version.unwrap(), None);
    let model = with_replies(&[&[1, 0, 1, 0]], async |conn| conn.node_security_model().await).await;
    assert_eq!(model.unwrap(), None);
}

#[tokio::test]
async fn topologies_beyond_all_measure() {
    let mut reply = node_info(1, 0);
    for number in reply.iter_mut().skip(36) {
        *number = 0x7fff_ffff;
    }
    let info = with_replies(&[&reply], async |conn| conn.node_info().await).await;
    assert_eq!(info.unwrap().max_cpus(), u32::MAX);
}

#[tokio::test]
async fn comparisons_that_failed_and_succeeded() {
    let flags = CompareCpuFlags::empty();
    let failed: &[&[u32]] = &[&[-1_i32 as u32]];
    let result = with_replies(failed, async |conn| conn.compare_cpu("", flags).await).await;
    assert_invalid_reply(result, "failed");
    let result = with_replies(failed, async |conn| {
        let platform = Platform::default();
        conn.compare_hypervisor_cpu(platform, "", flags).await
    });
    assert_invalid_reply(result.await, "failed");
}

#[tokio::test]
async fn more_than_was_asked_for() {
    let result = with_replies(&[&[3, 0, 1, 0, 2, 0, 3]], async |conn| {
        conn.node_cells_free_memory_bytes(0, 2).await
    });
    assert_invalid_reply(result.await, "3 NUMA nodes; asked were 2");
    // Two sizes: four counts for one node, three for two nodes.
    for (cells, reply) in [
        (1, &[4, 0, 1, 0, 2, 0, 3, 0, 4][..]),
        (2, &[3, 0, 1, 0, 2, 0, 3]),
    ] {
        let call = async |conn: &Connect| conn.node_free_pages(&[4, 2048], Some(0), cells).await;
        let result = with_replies(&[reply], call).await;
        assert_invalid_reply(result, "counts for 2 sizes");
    }
}

#[tokio::test]
async fn statistics_and_parameters_beyond_the_number_of_them() {
    // The count is one, but two follow: "a" and "b", or integers of these names.
    let two = [
        2,
        1,
        u32::from(b'a') << 24,
        0,
        1,
        1,
        u32::from(b'b') << 24,
        0,
        2,
        2,
    ];
    let one: &[u32] = &[0, 1];
    let call = async |conn: &Connect| conn.node_cpu_stats(None).await;
    assert_invalid_reply(with_replies(&[one, &two], call).await, "2 statistics; there are 1");
    let call = async |conn: &Connect| conn.node_memory_stats(Some(0)).await;
    assert_invalid_reply(with_replies(&[one, &two], call).await, "2 statistics; there are 1");
    let two = [
        2,
        1,
        u32::from(b'a') << 24,
        1,
        1,
        1,
        u32::from(b'b') << 24,
        1,
        2,
        2,
    ];
    let call = async |conn: &Connect| conn.node_memory_parameters().await;
    assert_invalid_reply(with_replies(&[one, &two], call).await, "2 parameters; there are 1");
    let negative: &[u32] = &[0, -1_i32 as u32];
    let call = async |conn: &Connect| conn.node_cpu_stats(None).await;
    assert_invalid_reply(with_replies(&[negative, &[0, 0]], call).await, "there are -1");
}

#[tokio::test]
async fn unknown_statistics_are_kept() {
    let one = [1, 1, u32::from(b'a') << 24, 0, 7, 1];
    let call = async |conn: &Connect| conn.node_cpu_stats(None).await;
    let stats = with_replies(&[&[0, 1], &one], call).await.unwrap();
    assert_eq!(stats.other.get::<u64>("a"), Some(7));
    assert_eq!(stats.user, None);
    let call = async |conn: &Connect| conn.node_memory_parameters().await;
    let params = with_replies(&[&[0, 0]], call).await.unwrap();
    assert_eq!(params, NodeMemoryParameters::default());
}

#[tokio::test]
async fn processor_maps_that_contradict_themselves() {
    let call = async |conn: &Connect| conn.node_cpu_map().await;
    let map = |bits: u32, online: u32, possible: i32| [1, bits << 24, online, possible as u32];
    let good = with_replies(&[&map(0b1_0101, 3, 5)], call).await.unwrap();
    assert_eq!((good.possible, good.online.to_string().as_str()), (5, "0,2,4"));
    for (reply, text) in [
        (map(0b1_0101, 2, 5), "2 of 5 processors are in use, namely 0,2,4"),
        (map(0b1_0101, 3, 4), "3 of 4 processors are in use, namely 0,2,4"),
        (map(0, 0, -1), "-1"),
    ] {
        assert_invalid_reply(with_replies(&[&reply], call).await, text);
    }
}
