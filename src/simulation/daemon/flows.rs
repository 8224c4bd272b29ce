//! A daemon's side of streams.

use std::sync::Arc;

use crate::rpc::header::{MessageType, Status};
use crate::simulation::wire::{Message, error, is_pattern, message, number, pattern, words};
use crate::simulation::world::World;

/// One stream.
pub(super) struct Flow {
    pub(super) serial: u32,
    /// The token of the call that opened it.
    pub(super) token: u32,
    is_sparse: bool,
    /// The bytes that are to be sent.
    length: u64,
    /// The offset at which the daemon fails it.
    fails_at: Option<u64>,
    /// A hole that was not asked for comes here.
    breaks_at: Option<u64>,
    /// The call has been answered.
    pub(super) is_open: bool,
    /// The client has said that it is done, and how.
    pub(super) ended: Option<Status>,
}

/// What becomes of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    More,
    /// There is nothing to do before the client says something.
    Rest,
    /// The daemon knows nothing of it any more.
    Gone,
}

impl Flow {
    pub(super) fn new(world: &World, call: &Message) -> Self {
        let plan = &world.plan;
        let mut random = world.random();
        let length = random.magnitude(plan.stream) as u64 - 1;
        let is_sparse = call.word(1) != 0;
        let fails = random.permille(plan.stream_failures);
        let breaks = !is_sparse && random.permille(5 * plan.odd);
        Self {
            serial: call.header.serial,
            token: call.word(0),
            is_sparse,
            length,
            fails_at: fails.then(|| random.below(length as usize + 1) as u64),
            breaks_at: breaks.then(|| random.below(length as usize + 1) as u64),
            is_open: false,
            ended: None,
        }
    }

    fn packet(&self, kind: MessageType, status: Status, payload: &[u8]) -> Vec<u8> {
        message(kind, number::STREAM, self.serial, status, payload)
    }

    fn hole(&self, length: u64) -> Vec<u8> {
        let payload = words(&[(length >> 32) as u32, length as u32, 0]);
        self.packet(MessageType::StreamHole, Status::Continue, &payload)
    }

    /// Returns the next packet.
    pub(super) fn step(&mut self, world: &Arc<World>) -> (Vec<u8>, Next) {
        if let Some(how) = self.ended {
            return self.confirm(world, how);
        }
        let sent = world.transfer(self.token, |transfer| transfer.sent);
        // Before the reply it cannot fail otherwise than by it.
        if self.fails_at.is_some_and(|at| at <= sent) && self.is_open {
            return self.fail(world);
        }
        if self.breaks_at.is_some_and(|at| at <= sent) {
            self.breaks_at = None;
            world.note(|| format!("stream {} gets a hole that it is not for", self.token));
            world.transfer(self.token, |transfer| transfer.is_broken = true);
            return (self.hole(8), Next::More);
        }
        let left = self.length.saturating_sub(sent);
        if left == 0 && !self.is_open {
            return (Vec::new(), Next::Rest);
        }
        if left == 0 {
            if world.transfer(self.token, |it| std::mem::replace(&mut it.is_complete, true)) {
                return (Vec::new(), Next::Rest);
            }
            world.note(|| format!("stream {} has no more", self.token));
            return (self.packet(MessageType::Stream, Status::Continue, &[]), Next::Rest);
        }
        let mut random = world.random();
        let size = random.magnitude(left.min(262_120) as usize) as u64;
        let is_hole = self.is_sparse && random.permille(300);
        drop(random);
        world.transfer(self.token, |transfer| {
            transfer.sent += size;
            if is_hole {
                transfer.holes.push((sent, size));
            }
        });
        let packet = if is_hole {
            self.hole(size)
        } else {
            let data = pattern(self.token, sent, size as usize);
            self.packet(MessageType::Stream, Status::Continue, &data)
        };
        (packet, Next::More)
    }

    fn fail(&self, world: &World) -> (Vec<u8>, Next) {
        world.note(|| format!("stream {} fails", self.token));
        world.transfer(self.token, |transfer| transfer.has_failed = true);
        let mut packet = self.packet(MessageType::Stream, Status::Error, &error(self.token));
        if world.random().permille(5 * world.plan.odd) {
            // The first end counts.
            packet.extend(self.packet(MessageType::Stream, Status::Continue, &[]));
        }
        (packet, Next::Gone)
    }

    fn confirm(&self, world: &World, how: Status) -> (Vec<u8>, Next) {
        if how == Status::Ok && world.random().permille(world.plan.errors) {
            return self.fail(world);
        }
        world.note(|| format!("stream {} is confirmed", self.token));
        (self.packet(MessageType::Stream, Status::Ok, &[]), Next::Gone)
    }

    /// Takes in a packet of the client.
    pub(super) fn receive(&mut self, world: &World, packet: &Message) {
        if !self.is_open {
            world.fail(format!("stream {} is written to before it is open", self.token));
        }
        if self.ended.is_some() {
            world.fail(format!("stream {} is written to after its end", self.token));
        }
        match (packet.header.status, packet.header.kind) {
            (Status::Continue, MessageType::StreamHole) => {
                world.check(self.is_sparse, || format!("stream {} is not sparse", self.token));
                let length = u64::from(packet.word(0)) << 32 | u64::from(packet.word(1));
                world.transfer(self.token, |transfer| transfer.received += length);
            }
            (Status::Continue, _) => {
                let received = world.transfer(self.token, |transfer| transfer.received);
                world.check(is_pattern(!self.token, received, &packet.payload), || {
                    format!("stream {} received other bytes than were written", self.token)
                });
                let length = packet.payload.len() as u64;
                world.transfer(self.token, |transfer| transfer.received += length);
            }
            (status, _) => {
                world.note(|| format!("stream {} is ended by the client: {status:?}", self.token));
                self.ended = Some(status);
            }
        }
    }
}
