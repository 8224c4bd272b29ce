//! Calls to networks that no daemon here answers so.

use libvirt_client::network::{Network, UpdateCommand, UpdateFlags, UpdateSection};
use libvirt_client::types::error::ErrorCode;
use libvirt_client::{Connect, Error, ProtocolError};

use crate::peer::{Listener, Message, Peer, procedure, string, words};

const NETWORK_UPDATE: u32 = 291;
const CORRECT_ORDER: u32 = 16;

/// The encoding of the network `lan`.
fn lan() -> Vec<u8> {
    let mut payload = string("lan");
    payload.extend([7; 16]);
    payload
}

async fn network(conn: &Connect, peer: &mut Peer) -> Network {
    let (network, ()) = tokio::join!(conn.network_lookup_by_name("lan"), async {
        let call = peer.take().await;
        peer.reply(&call, &lan()).await;
    });
    network.unwrap()
}

async fn update(network: &Network, parent: Option<u32>) -> Result<(), Error> {
    let (command, section) = (UpdateCommand::AddLast, UpdateSection::DnsHost);
    network.update(command, section, parent, "<x/>", UpdateFlags::LIVE).await
}

/// The arguments of that, with command and section in the given order.
fn arguments(first: u32, second: u32, parent: i32) -> Vec<u8> {
    let mut payload = lan();
    payload.extend(words(&[first, second, parent.cast_unsigned()]));
    payload.extend(string("<x/>"));
    payload.extend(words(&[1]));
    payload
}

async fn is_asked_for_the_order(peer: &mut Peer) -> Message {
    let probe = peer.take().await;
    assert_eq!(probe.procedure, procedure::SUPPORTS_FEATURE);
    assert_eq!(probe.payload, words(&[CORRECT_ORDER]));
    probe
}

async fn updates(peer: &mut Peer, arguments: &[u8]) {
    let call = peer.take().await;
    assert_eq!(call.procedure, NETWORK_UPDATE);
    assert_eq!(call.payload, arguments);
    peer.reply(&call, &[]).await;
}

/// Every daemon of the last years has them in order.
#[tokio::test]
async fn old_daemons_get_section_and_command_the_other_way_round() {
    for (supported, first, second) in [(1, 3, 10), (0, 10, 3)] {
        let listener = Listener::new();
        let (conn, mut peer) = listener.open().await;
        let network = network(&conn, &mut peer).await;
        let (result, ()) = tokio::join!(update(&network, None), async {
            let probe = is_asked_for_the_order(&mut peer).await;
            peer.reply(&probe, &words(&[supported])).await;
            updates(&mut peer, &arguments(first, second, -1)).await;
        });
        result.unwrap();
        // Once is enough.
        let again = network.clone();
        let (result, ()) = tokio::join!(update(&again, Some(1)), async {
            updates(&mut peer, &arguments(first, second, 1)).await;
        });
        result.unwrap();
    }
}

#[tokio::test]
async fn an_order_that_could_not_be_asked_for_is_asked_for_again() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let network = network(&conn, &mut peer).await;
    let (result, ()) = tokio::join!(update(&network, None), async {
        let probe = is_asked_for_the_order(&mut peer).await;
        peer.send(&probe.error(1, 7, "broken")).await;
    });
    assert_eq!(result.unwrap_err().code(), Some(ErrorCode::InternalError));
    let (result, ()) = tokio::join!(update(&network, None), async {
        let probe = is_asked_for_the_order(&mut peer).await;
        peer.reply(&probe, &words(&[1])).await;
        updates(&mut peer, &arguments(3, 10, -1)).await;
    });
    result.unwrap();
}

/// Guests here ask for no IPv6 addresses.
#[tokio::test]
async fn leases_of_ipv6_have_all_their_fields() {
    let listener = Listener::new();
    let (conn, mut peer) = listener.open().await;
    let network = network(&conn, &mut peer).await;
    let lease = |expiry: &[u32]| {
        let mut payload = words(&[1]);
        payload.extend(string("virbr0"));
        payload.extend(words(expiry));
        payload.extend(words(&[1, 0, 1]));
        payload.extend(string("1121074"));
        payload.extend(string("fd00::7"));
        payload.extend(words(&[64, 0, 1]));
        payload.extend(string("00:01"));
        payload.extend(words(&[1]));
        payload
    };
    let (leases, ()) = tokio::join!(network.dhcp_leases(None), async {
        let call = peer.take().await;
        let mut asked = lan();
        asked.extend(words(&[0, 1, 0]));
        assert_eq!((call.procedure, &call.payload), (341, &asked));
        peer.reply(&call, &lease(&[0, 0])).await;
    });
    let [lease_for_good] = &leases.unwrap()[..] else {
        panic!("not one lease")
    };
    assert_eq!((lease_for_good.expires_at, &lease_for_good.mac), (None, &None));
    assert_eq!(lease_for_good.iaid.as_deref(), Some("1121074"));
    assert_eq!(lease_for_good.ip(), Some("fd00::7".parse().unwrap()));
    assert_eq!((lease_for_good.prefix, &lease_for_good.hostname), (64, &None));
    assert_eq!(lease_for_good.client_id.as_deref(), Some("00:01"));

    let (leases, ()) = tokio::join!(network.dhcp_leases(Some("52:54:00:00:00:01")), async {
        let call = peer.take().await;
        peer.reply(&call, &lease(&[u32::MAX, u32::MAX])).await;
    });
    let error = leases.unwrap_err();
    let Error::Protocol(ProtocolError::InvalidReply { procedure, .. }) = &error else {
        panic!("{error:?}")
    };
    assert_eq!(*procedure, "virNetworkGetDHCPLeases");
}
