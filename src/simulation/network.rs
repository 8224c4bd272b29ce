//! The network between a client and a daemon: a transport of the client's, and its other end.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::wire::message;
use super::world::World;
use crate::rpc::header::{MessageType, Status};
use crate::rpc::read_buffer::ReadBuffer;
use crate::transport::{ReadHalf, Security, Transport, WriteHalf};

/// Reads and writes at one instant, above which the client is taken to spin.
const SPIN: usize = 100_000;
/// Bytes that stay below until they are flushed.
const BELOW: usize = 4096;

/// One connection, as the network has it.
pub(super) struct Link {
    world: Arc<World>,
    state: Mutex<State>,
    /// Notified when the daemon may have something to do.
    pub(super) news: Notify,
}

struct State {
    up: Queue,
    /// Bytes on the way to the daemon that are not flushed.
    below: Vec<u8>,
    down: Queue,
    reader: Option<Waker>,
    writer: Option<Waker>,
    read_stalled: Option<Instant>,
    write_stalled: Option<Stall>,
    cut: Option<Cut>,
    /// The client has shut down its side.
    has_left: bool,
    flood: Option<Flood>,
    /// The rest of the message of which the client has written a part; only for records.
    rest: usize,
    /// The last time that the client was given something.
    heard: Instant,
    /// Nothing is delayed any more.
    is_well: bool,
    spins: (Instant, usize),
}

#[derive(Default)]
struct Queue {
    bytes: VecDeque<u8>,
    /// The number of bytes that were taken.
    taken: u64,
    /// Each belongs to the byte with this number.
    descriptors: VecDeque<(u64, OwnedFd)>,
}

/// How the network ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// What has been sent is delivered first.
    End,
    /// It is lost.
    Reset,
    /// Only what the client writes fails.
    Deaf,
}

/// Nothing is taken from the client for a while. What takes it may begin again between two looks, of
/// which only the later sees it.
#[derive(Debug, Clone, Copy)]
struct Stall {
    until: Instant,
    looks: usize,
}

/// A peer that never pauses: each read finds something, and takes its time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Flood {
    pub(super) until: Instant,
    pub(super) step: Duration,
}

/// What the daemon has taken off the network.
pub(super) struct Taken {
    pub(super) bytes: Vec<u8>,
    /// Each with the number of its byte on this connection.
    pub(super) descriptors: Vec<(u64, OwnedFd)>,
}

impl State {
    /// Returns whether the daemon's side is cut off.
    fn is_over(&self) -> bool {
        matches!(self.cut, Some(Cut::End | Cut::Reset))
    }
}

impl Stall {
    /// Looks whether it still goes on.
    fn goes_on(&mut self, now: Instant) -> bool {
        let goes_on = now < self.until && self.looks > 0;
        self.looks = self.looks.saturating_sub(1);
        goes_on
    }
}

impl Queue {
    fn end(&self) -> u64 {
        self.taken + self.bytes.len() as u64
    }

    /// The number of bytes to the first descriptor, that included, or all.
    fn until_descriptor(&self) -> usize {
        let first = self.descriptors.front().map(|(at, _)| (at + 1 - self.taken) as usize);
        first.unwrap_or(self.bytes.len()).min(self.bytes.len())
    }

    /// Moves the first bytes out, with the descriptors of the last.
    fn take(&mut self, count: usize, mut into: impl FnMut(&[u8])) -> Vec<(u64, OwnedFd)> {
        let (first, second) = self.bytes.as_slices();
        let from_first = count.min(first.len());
        into(&first[..from_first]);
        into(&second[..count - from_first]);
        self.bytes.drain(..count);
        self.taken += count as u64;
        let here = self.descriptors.iter().take_while(|(at, _)| *at < self.taken).count();
        self.descriptors.drain(..here).collect()
    }
}

impl Link {
    pub(super) fn new(world: &Arc<World>) -> Arc<Self> {
        let now = Instant::now();
        Arc::new(Self {
            world: Arc::clone(world),
            state: Mutex::new(State {
                up: Queue::default(),
                below: Vec::new(),
                down: Queue::default(),
                reader: None,
                writer: None,
                read_stalled: None,
                write_stalled: None,
                cut: None,
                has_left: false,
                flood: None,
                rest: 0,
                heard: now,
                is_well: false,
                spins: (now, 0),
            }),
            news: Notify::new(),
        })
    }

    /// The client's end.
    pub(super) fn transport(self: &Arc<Self>) -> Transport {
        let plan = &self.world.plan;
        Transport {
            read: Box::new(Reader(Arc::clone(self))),
            write: Box::new(Writer(Arc::clone(self))),
            security: Security { secure: true, encrypted: false },
            passes_descriptors: plan.descriptors && !plan.records,
            peer: None,
            carrier: None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what has arrived at the daemon; `None` is the end.
    pub(super) fn take(&self, at_most: usize) -> Option<Taken> {
        let mut state = self.lock();
        if state.is_over() || (state.has_left && state.up.bytes.is_empty()) {
            return None;
        }
        let mut bytes = Vec::new();
        let count = at_most.min(state.up.bytes.len());
        let descriptors = state.up.take(count, |piece| bytes.extend_from_slice(piece));
        let writer = state.writer.take_if(|_| count > 0);
        drop(state);
        writer.into_iter().for_each(Waker::wake);
        Some(Taken { bytes, descriptors })
    }

    /// Sends whole messages to the client. The descriptors go with their last byte.
    pub(super) fn send(&self, bytes: &[u8], descriptors: Vec<OwnedFd>) {
        let mut state = self.lock();
        if state.is_over() {
            return;
        }
        state.down.bytes.extend(bytes);
        let last = state.down.end() - 1;
        state.down.descriptors.extend(descriptors.into_iter().map(|it| (last, it)));
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
    }

    /// The bytes on the way to the client.
    pub(super) fn unread(&self) -> usize {
        self.lock().down.bytes.len()
    }

    pub(super) fn cut(&self, how: Cut) {
        let mut state = self.lock();
        if matches!(state.cut, None | Some(Cut::Deaf)) {
            state.cut = Some(how);
        }
        state.flood = None;
        if how == Cut::Reset {
            state.down = Queue::default();
        }
        self.wake(state);
    }

    pub(super) fn is_cut(&self) -> bool {
        self.lock().cut.is_some()
    }

    /// Returns whether the daemon's side is cut off.
    pub(super) fn is_over(&self) -> bool {
        self.lock().is_over()
    }

    /// The last time that the client was given something.
    pub(super) fn heard(&self) -> Instant {
        self.lock().heard
    }

    pub(super) fn flood(&self, flood: Flood) {
        let mut state = self.lock();
        let mut flood = flood;
        if state.cut == Some(Cut::Deaf) {
            // Many reads may come before the end.
            flood.step = flood.step.min(Duration::from_millis(10));
        }
        state.flood = Some(flood).filter(|_| !state.is_over());
        self.wake(state);
    }

    /// Delays nothing any more.
    pub(super) fn heal(&self) {
        let mut state = self.lock();
        state.is_well = true;
        state.flood = None;
        self.wake(state);
    }

    fn wake(&self, mut state: MutexGuard<'_, State>) {
        let wakers = [state.reader.take(), state.writer.take()];
        drop(state);
        wakers.into_iter().flatten().for_each(Waker::wake);
        self.news.notify_one();
    }

    /// Tells that the client has read or written something.
    fn moves(&self) {
        self.news.notify_one();
        self.world.moved.notify_one();
    }

    fn wake_at(self: &Arc<Self>, at: Instant) {
        let link = Arc::clone(self);
        tokio::spawn(async move {
            sleep_until(at).await;
            let mut state = link.lock();
            let wakers = [state.reader.take(), state.writer.take()];
            drop(state);
            wakers.into_iter().flatten().for_each(Waker::wake);
        });
    }

    /// The number of bytes to move now, of so many that could be.
    fn piece(&self, state: &State, whole: usize) -> usize {
        let mut random = self.world.random();
        if !state.is_well && random.permille(self.world.plan.pieces) {
            random.magnitude(whole).min(whole)
        } else {
            whole
        }
    }

    /// Returns whether to wait although there is no need: not at all, for a moment, or for a while.
    fn stall(&self, state: &State) -> Option<Duration> {
        let mut random = self.world.random();
        let stalls = !state.is_well && random.permille(self.world.plan.stalls);
        stalls.then(|| {
            if random.permille(500) {
                Duration::ZERO
            } else {
                random.time(2000)
            }
        })
    }

    fn poll_read(
        self: &Arc<Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuffer,
    ) -> Poll<io::Result<(usize, Vec<OwnedFd>)>> {
        let mut state = self.lock();
        self.count_spins(&mut state);
        let now = Instant::now();
        state.flood.take_if(|flood| flood.until <= now);
        if let Some(flood) = state.flood {
            if state.down.bytes.is_empty() {
                let stray = stray_event(self.world.random().below(200));
                state.down.bytes.extend(&stray);
            }
            // Polled once, it moves the clock; it yields only after that.
            let _yield = pin!(tokio::time::advance(flood.step)).poll(cx);
        } else {
            if state.read_stalled.is_some_and(|until| now < until) {
                state.reader = Some(cx.waker().clone());
                return Poll::Pending;
            }
            if state.down.bytes.is_empty() {
                return match state.cut {
                    Some(Cut::End) => Poll::Ready(Ok((0, Vec::new()))),
                    Some(Cut::Reset) => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
                    None | Some(Cut::Deaf) => {
                        state.reader = Some(cx.waker().clone());
                        Poll::Pending
                    }
                };
            }
            if state.read_stalled.take().is_none()
                && let Some(time) = self.stall(&state)
            {
                state.reader = Some(cx.waker().clone());
                state.read_stalled = Some(now + time);
                self.wake_at(now + time);
                return Poll::Pending;
            }
        }
        let whole = state.down.until_descriptor().min(into.room());
        let count = self.piece(&state, whole);
        let descriptors = state.down.take(count, |piece| into.extend_from_slice(piece));
        state.heard = Instant::now();
        drop(state);
        self.moves();
        Poll::Ready(Ok((count, descriptors.into_iter().map(|(_, it)| it).collect())))
    }

    /// Returns the number of bytes that can be taken from the client now.
    fn poll_room(
        self: &Arc<Self>,
        state: &mut State,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        self.count_spins(state);
        if state.cut.is_some() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let now = Instant::now();
        let is_stalled = state.write_stalled.as_mut().is_some_and(|stall| stall.goes_on(now));
        let room = self.world.plan.room.saturating_sub(state.up.bytes.len());
        if room == 0 || is_stalled {
            state.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        if state.write_stalled.take().is_none()
            && let Some(time) = self.stall(state)
        {
            let looks = self.world.random().between(1, 4);
            state.write_stalled = Some(Stall { until: now + time, looks });
            if time.is_zero() {
                cx.waker().wake_by_ref();
            } else {
                state.writer = Some(cx.waker().clone());
                self.wake_at(now + time);
            }
            return Poll::Pending;
        }
        Poll::Ready(Ok(room))
    }

    /// Moves what is below on.
    fn poll_flush(
        self: &Arc<Self>,
        state: &mut State,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !state.below.is_empty() {
            let room = ready!(self.poll_room(state, cx))?;
            let count = room.min(state.below.len());
            state.up.bytes.extend(state.below.drain(..count));
            self.moves();
        }
        Poll::Ready(Ok(()))
    }

    fn check_record(&self, state: &mut State, bytes: &[u8], count: usize) {
        if state.rest == 0 {
            let length = bytes.first_chunk().map_or(0, |word| u32::from_be_bytes(*word));
            state.rest = length as usize;
        }
        self.world.check(bytes.len() <= state.rest, || {
            format!("a record holds {} bytes, its message {}", bytes.len(), state.rest)
        });
        state.rest = state.rest.saturating_sub(count);
    }

    fn count_spins(&self, state: &mut State) {
        let now = Instant::now();
        if state.spins.0 != now {
            state.spins = (now, 0);
        }
        state.spins.1 += 1;
        if state.spins.1 > SPIN {
            self.world.fail("the client reads and writes without end");
            state.cut = Some(Cut::Reset);
        }
    }
}

/// An event for nobody.
fn stray_event(length: usize) -> Vec<u8> {
    let payload = vec![0xff; 4 * length];
    message(MessageType::Message, 1199, 0, Status::Ok, &payload)
}

/// Waits until the daemon may have something to do, or until then.
pub(super) async fn news_or(link: &Link, at: Option<Instant>) {
    let mut news = pin!(link.news.notified());
    let mut sleep = at.map(|at| Box::pin(sleep_until(at)));
    poll_fn(|cx| {
        let is_due = sleep.as_mut().is_some_and(|sleep| sleep.as_mut().poll(cx).is_ready());
        if is_due {
            return Poll::Ready(());
        }
        news.as_mut().poll(cx)
    })
    .await;
}

struct Reader(Arc<Link>);

impl ReadHalf for Reader {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut ReadBuffer,
    ) -> Poll<io::Result<usize>> {
        // Plain reading loses descriptors.
        self.0.poll_read(cx, into).map_ok(|(count, _)| count)
    }

    fn poll_read_descriptors(
        &mut self,
        cx: &mut Context<'_>,
        into: &mut ReadBuffer,
        descriptors: &mut Vec<OwnedFd>,
    ) -> Poll<io::Result<usize>> {
        self.0.poll_read(cx, into).map_ok(|(count, came)| {
            descriptors.extend(came);
            count
        })
    }
}

struct Writer(Arc<Link>);

impl WriteHalf for Writer {
    fn takes_one_message(&self) -> bool {
        self.0.world.plan.records
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let link = &self.0;
        let mut state = link.lock();
        if link.world.plan.buffers {
            if state.below.len() >= BELOW {
                ready!(link.poll_flush(&mut state, cx))?;
            }
            if state.cut.is_some() {
                return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
            }
        }
        let room = if link.world.plan.buffers {
            BELOW - state.below.len()
        } else {
            ready!(link.poll_room(&mut state, cx))?
        };
        let count = link.piece(&state, room.min(bytes.len()));
        if link.world.plan.records {
            link.check_record(&mut state, bytes, count);
        }
        if link.world.plan.buffers {
            state.below.extend_from_slice(&bytes[..count]);
        } else {
            state.up.bytes.extend(&bytes[..count]);
            link.moves();
        }
        Poll::Ready(Ok(count))
    }

    fn poll_write_descriptor(
        &mut self,
        cx: &mut Context<'_>,
        byte: &[u8],
        descriptor: BorrowedFd<'_>,
    ) -> Poll<io::Result<usize>> {
        let link = &self.0;
        let mut state = link.lock();
        ready!(link.poll_flush(&mut state, cx))?;
        ready!(link.poll_room(&mut state, cx))?;
        let descriptor = descriptor.try_clone_to_owned()?;
        let at = state.up.end();
        state.up.descriptors.push_back((at, descriptor));
        state.up.bytes.extend(byte);
        link.moves();
        Poll::Ready(Ok(byte.len()))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let link = &self.0;
        link.poll_flush(&mut link.lock(), cx)
    }

    fn poll_shutdown(&mut self, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.0.lock();
        state.has_left = true;
        drop(state);
        self.0.news.notify_one();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.lock().has_left = true;
        self.0.news.notify_one();
    }
}
