//! Streams.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::calls::check;
use super::user::{Limit, User};
use crate::client::{Chunk, Connect, StreamReader, StreamWriter};
use crate::error::{Error, ProtocolError};
use crate::simulation::plan::REST;
use crate::simulation::wire::{Ask, is_pattern, number, pattern, words};

/// One stream of a user.
struct Transfer<'a> {
    user: &'a User,
    conn: Connect,
    token: u32,
    is_sparse: bool,
}

/// How a user goes about it.
enum Manner {
    Read,
    Write,
    Both,
    Drop,
}

/// Opens a stream, reads it, writes it or both, and ends it somehow.
pub(super) async fn transfer(user: &User, conn: Connect) {
    let world = &user.world;
    let token = world.token();
    let (conn, limit) = user.limit(&conn, false);
    let (is_sparse, manner, delay) = {
        let mut random = world.random();
        let manner = match random.below(8) {
            0..3 => Manner::Read,
            3..5 => Manner::Write,
            5..7 => Manner::Both,
            _ => Manner::Drop,
        };
        (random.permille(400), manner, random.time(4000))
    };
    world.request(64);
    let what = format!("opening of stream {token} within {:?}", limit.timeout);
    let waiting = world.waits(what.clone(), limit.deadline);
    let words_of = vec![u32::from(is_sparse)];
    let ask = Ask::<{ number::STREAM }> { token, words: words_of, padding: 0 };
    let opened = conn.open_stream(ask, is_sparse).await;
    drop(waiting);
    let (reply, stream) = match opened {
        Ok(opened) => opened,
        Err(error) => return check(user, &what, &conn, limit, token, Err(error)),
    };
    check(user, &what, &conn, limit, token, Ok(reply.into_bytes() == words(&[token])));
    let transfer = Transfer { user, conn, token, is_sparse };
    let (mut reader, mut writer) = stream.into_split();
    match manner {
        Manner::Drop => sleep(delay).await,
        Manner::Read => {
            if transfer.read(&mut reader, false).await {
                transfer.end(writer, None).await;
            }
        }
        Manner::Write => {
            let written = transfer.write(&mut writer).await;
            transfer.end(writer, written).await;
        }
        Manner::Both => {
            let other_half = async {
                let written = transfer.write(&mut writer).await;
                transfer.end(writer, written).await;
            };
            let (_, ()) = tokio::join!(transfer.read(&mut reader, true), other_half);
        }
    }
}

impl Transfer<'_> {
    /// Reads to the end, or a part; returns whether there was no error. Another half may end the
    /// stream meanwhile.
    async fn read(&self, reader: &mut StreamReader, is_shared: bool) -> bool {
        let (world, token) = (&self.user.world, self.token);
        let (chunks, pauses, rest) = {
            let mut random = world.random();
            let all = random.permille(700);
            (
                if all { usize::MAX } else { random.below(20) },
                *random.one_of(&[0, 0, 50, 300]),
                random
                    .permille(world.plan.rests)
                    .then(|| random.between(REST[0], REST[1]) as u64),
            )
        };
        if let Some(seconds) = rest {
            sleep(Duration::from_secs(seconds)).await;
        }
        let mut offset = 0;
        for _ in 0..chunks {
            if !world.is_ending() && world.random().permille(pauses) {
                let pause = world.random().time(10_000);
                sleep(pause).await;
            }
            let waiting = world.waits(format!("reading stream {token} at {offset}"), None);
            let chunk = reader.read_chunk().await;
            drop(waiting);
            match chunk {
                Ok(Some(Chunk::Data(bytes))) => {
                    world.check(is_pattern(token, offset, &bytes), || {
                        format!("stream {token} has other bytes at {offset} than were sent")
                    });
                    offset += bytes.len() as u64;
                }
                Ok(Some(Chunk::Hole(length))) => {
                    let hole = (offset, length);
                    let was_sent = world.transfer(token, |it| it.holes.contains(&hole));
                    world.check(was_sent, || format!("stream {token} has another hole: {hole:?}"));
                    offset += length;
                }
                Ok(None) => {
                    let log = world.transfer(token, |it| it.clone());
                    let is_whole = log.is_complete && log.sent == offset && !log.is_broken;
                    world.check(is_whole, || {
                        format!("stream {token} ended well at {offset}: {log:?}")
                    });
                    return true;
                }
                Err(error) => {
                    let log = world.transfer(token, |it| it.clone());
                    if let (Error::Remote(_), false) = (&error, is_shared) {
                        world.check(log.sent == offset, || {
                            format!("stream {token} failed at {offset}: {log:?}")
                        });
                    }
                    let ended = is_shared && matches!(error, Error::InvalidArgument { .. });
                    if !ended {
                        self.check_error("reading", &error);
                    }
                    return false;
                }
            }
        }
        true
    }

    /// Writes something; returns how much, if it is known.
    async fn write(&self, writer: &mut StreamWriter) -> Option<u64> {
        let (world, token) = (&self.user.world, self.token);
        let pieces = world.random().below(6);
        let mut offset = 0;
        for _ in 0..pieces {
            let (length, is_hole, pause) = {
                let mut random = world.random();
                let length = random.magnitude(world.plan.stream) as u64;
                (length, self.is_sparse && random.permille(300), random.time(1000))
            };
            world.request(length as usize + 64);
            let what = format!("writing stream {token} at {offset}");
            let waiting = world.waits(what, None);
            let written = if is_hole {
                writer.write_hole(length).await
            } else {
                writer.write_all(&pattern(!token, offset, length as usize)).await
            };
            drop(waiting);
            if let Err(error) = written {
                if !matches!(error, Error::Timeout { .. }) {
                    self.check_error("writing", &error);
                }
                return None;
            }
            offset += length;
            if pause < Duration::from_millis(100) {
                sleep(pause).await;
            }
        }
        Some(offset)
    }

    /// Ends the stream somehow.
    async fn end(&self, writer: StreamWriter, written: Option<u64>) {
        let (world, token) = (&self.user.world, self.token);
        let how = world.random().below(5);
        if how == 0 {
            return;
        }
        let timeout = self.conn.call_timeout();
        let limit = Limit {
            timeout,
            deadline: timeout.map(|after| Instant::now() + after),
        };
        let what = format!("the end of stream {token} within {timeout:?}");
        let _wait = world.waits(what.clone(), limit.deadline);
        let ended = if how == 1 {
            writer.abort().await
        } else {
            writer.finish().await
        };
        world.note(|| format!("stream {token} is over: {ended:?}"));
        if self.user.check_end(&what, &self.conn, limit, ended.as_ref().err()) {
            return;
        }
        match ended {
            Ok(()) => {
                let log = world.transfer(token, |it| it.clone());
                let is_whole = written.is_none_or(|written| written == log.received);
                world.check(is_whole && !log.has_failed, || {
                    format!("stream {token} is confirmed at {written:?}: {log:?}")
                });
            }
            Err(error) => self.check_error("ending", &error),
        }
    }

    /// Checks that there is a reason for a stream's error.
    fn check_error(&self, doing: &str, error: &Error) {
        let (world, token) = (&self.user.world, self.token);
        world.note(|| format!("stream {token}, {doing}: {error}"));
        let log = world.transfer(token, |it| it.clone());
        let has_reason = match error {
            Error::Remote(remote) => log.has_failed && remote.message == format!("{token:08x}"),
            Error::Protocol(ProtocolError::InvalidReply { .. }) => log.is_broken,
            Error::Overrun { .. } => log.sent > world.plan.stream_budget as u64 / 64,
            Error::Closed(_) | Error::NotSent(_) => !self.conn.is_alive(),
            _ => false,
        };
        world.check(has_reason, || format!("{doing} stream {token}: {error:?}; {log:?}"));
    }
}
