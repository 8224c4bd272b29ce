//! What must hold at any time, and at the end.

use super::hosts::Host;
use super::world::World;
use crate::client::Connect;
use crate::error::CloseReason;
use crate::rpc::engine::Holdings;

/// What the documentation says of memory: bytes that wait to be sent, besides one call or packet.
const OUTBOX: usize = 1024 * 1024;
const LARGEST: usize = 500_000;
const KEEPALIVE: usize = 64 * 1024;
/// Events ahead of registrations' replies: of each kind, and the bytes of all.
const EARLY_EVENTS: usize = 3 * 1024;
const EARLY_BYTES: usize = 1024 * 1024;

/// Checks what a connection holds now.
pub(super) fn check_bounds(world: &World, conn: &Connect) {
    let held = conn.holdings();
    let plan = &world.plan;
    let stream = 4 * plan.stream_budget + 262_144 + 64 * 1024;
    // Besides what users have asked for there are answers to pings, and the ends of streams.
    let unsent = (OUTBOX + LARGEST).min(world.requested() + 8 * 1024) + KEEPALIVE + 28;
    for (is_within, what) in [
        (held.unsent <= unsent, "bytes wait to be sent"),
        (held.early_events <= EARLY_EVENTS, "events wait for registrations"),
        (held.early_bytes <= EARLY_BYTES, "bytes of events wait for registrations"),
        (held.stream_bytes <= stream, "bytes wait for a stream's reader"),
        (
            held.early_stream_bytes <= plan.stream_budget,
            "bytes wait for a stream's opening",
        ),
        (held.unwanted_bytes == 0, "bytes are kept that nobody can read"),
        (
            held.stream_writers == 0 || held.unsent > 0,
            "writers wait for room that there is",
        ),
    ] {
        world.check(is_within, || format!("too many {what}: {held:?}"));
    }
}

/// Checks that nothing is held for anybody, once nobody is left.
pub(super) fn check_free(world: &World, conn: &Connect) {
    let held = conn.holdings();
    world.check(held == Holdings::default(), || format!("something is still held: {held:?}"));
}

/// Checks that there is a reason for the connection's end.
pub(super) fn check_reason(world: &World, host: &Host, reason: &CloseReason) {
    let Some(session) = host.session() else {
        return;
    };
    let is_right = match reason {
        CloseReason::Local => true,
        CloseReason::Eof
        | CloseReason::EofInMessage
        | CloseReason::Io(_)
        | CloseReason::CutOff { .. } => session.link.is_cut(),
        CloseReason::Keepalive(_) => {
            let (interval, count) = world.plan.keepalive.unwrap_or_default();
            session.link.heard().elapsed() >= interval * count
        }
        CloseReason::Protocol(_) => session.has_lied(),
        _ => false,
    };
    world.check(is_right, || format!("there was no reason for this end: {reason}"));
}
