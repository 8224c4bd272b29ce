//! What a seed decides once.

use std::time::Duration;

use super::random::Random;

/// The seconds that the reader of a stream may rest before it begins. Events may have to wait as long.
pub(super) const REST: [usize; 2] = [10, 60];

/// What a seed decides once: how the client is set up, and what daemon, network and users do.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a knob of its own")]
pub(super) struct Plan {
    // The client.
    pub(super) keepalive: Option<(Duration, u32)>,
    pub(super) busy_timeout: Duration,
    pub(super) call_timeout: Option<Duration>,
    pub(super) max_requests: usize,
    pub(super) max_long: Option<usize>,
    pub(super) stream_budget: usize,
    pub(super) max_queued_events: usize,
    pub(super) reconnects: bool,
    // The network.
    /// Each write is a record.
    pub(super) records: bool,
    /// Descriptors travel along.
    pub(super) descriptors: bool,
    /// Written bytes stay below until they are flushed.
    pub(super) buffers: bool,
    /// The bytes on the way to the daemon.
    pub(super) room: usize,
    /// Of a thousand reads and writes, so many wait although they need not.
    pub(super) stalls: usize,
    /// Of a thousand reads and writes, so many move a part only.
    pub(super) pieces: usize,
    /// The peer sometimes never pauses.
    pub(super) floods: bool,
    // The daemon.
    /// Requests that it works on at a time.
    pub(super) works_on: usize,
    /// The most that an answer takes.
    pub(super) answer_ms: usize,
    pub(super) in_order: bool,
    /// Of a thousand calls, so many get an error, or nothing.
    pub(super) errors: usize,
    pub(super) silences: usize,
    /// The time between its pings.
    pub(super) pings: Option<Duration>,
    pub(super) pongs: bool,
    /// Of a thousand messages, so many are followed by one that nobody expects.
    pub(super) odd: usize,
    /// The most events at a time.
    pub(super) burst: usize,
    /// The most bytes of a stream.
    pub(super) stream: usize,
    /// Of a thousand streams, so many are failed midway.
    pub(super) stream_failures: usize,
    /// Of a thousand streams, so many begin ahead of the reply.
    pub(super) early_data: usize,
    // The users.
    pub(super) users: usize,
    pub(super) steps: usize,
    /// Of a thousand operations, so many are dropped midway.
    pub(super) drops: usize,
    /// Of a thousand polls of users, so many come later than others.
    pub(super) shuffles: usize,
    /// Of a thousand calls, so many are large.
    pub(super) large: usize,
    /// Of a thousand streams, so many have readers that begin late.
    pub(super) rests: usize,
    /// What users mostly do.
    pub(super) taste: usize,
}

impl Plan {
    pub(super) fn draw(random: &mut Random) -> Self {
        let seconds = |seconds: usize| Duration::from_secs(seconds as u64);
        let max_requests = *random.one_of(&[1, 2, 5, 5, 5]);
        let small = !random.permille(40);
        let mut plan = Self {
            keepalive: random
                .permille(700)
                .then(|| (seconds(random.between(1, 5)), random.between(1, 5) as u32)),
            busy_timeout: seconds(random.between(5, 30)),
            call_timeout: random
                .permille(700)
                .then(|| random.time(20_000) + Duration::from_millis(100)),
            max_requests,
            max_long: random.permille(200).then(|| random.between(1, 4)),
            stream_budget: 1 << random.between(8, 14),
            max_queued_events: random.magnitude(64),
            reconnects: random.permille(300),
            records: random.permille(400),
            descriptors: random.permille(500),
            buffers: random.permille(200),
            room: random.magnitude(256 * 1024).max(64),
            stalls: *random.one_of(&[0, 0, 50, 300]),
            pieces: *random.one_of(&[0, 0, 100, 500]),
            floods: random.permille(100),
            works_on: max_requests,
            answer_ms: random.magnitude(3000),
            in_order: random.permille(300),
            errors: *random.one_of(&[0, 50, 300]),
            silences: *random.one_of(&[0, 0, 50, 300]),
            pings: random.permille(500).then(|| seconds(random.between(1, 5))),
            pongs: !random.permille(100),
            odd: *random.one_of(&[0, 0, 20, 100]),
            burst: if small { random.magnitude(100) } else { 2000 },
            stream: if small {
                random.magnitude(64 * 1024)
            } else {
                random.magnitude(1024 * 1024)
            },
            stream_failures: *random.one_of(&[0, 100, 500]),
            early_data: *random.one_of(&[0, 300]),
            users: random.between(1, 5),
            steps: random.between(1, 30),
            drops: *random.one_of(&[0, 100, 400]),
            shuffles: *random.one_of(&[0, 100, 500]),
            large: if small { 0 } else { random.below(500) },
            rests: *random.one_of(&[0, 100]),
            taste: random.below(7),
        };
        if plan.floods {
            // What is late is late because of the flood alone.
            plan.shuffles = 0;
        }
        if random.permille(30) {
            plan.crowd(random);
        }
        if random.permille(150) {
            plan.glut(random);
        }
        // What is large does not go through byte by byte.
        let largest = plan.stream.max(if plan.large > 0 { 4 * 1024 * 1024 } else { 0 });
        plan.room = plan.room.max(largest / 64);
        plan
    }

    /// Has users send more than waits to be sent, at a bad time.
    fn crowd(&mut self, random: &mut Random) {
        self.taste = 1;
        self.users = 5;
        self.large = 600;
        self.stalls = 300;
        self.silences = 0;
        self.floods = random.permille(500);
        self.shuffles = 0;
        self.keepalive = self.keepalive.filter(|_| random.permille(300));
        self.pings = None;
    }

    /// Has streams bring more than they may, early, at once, and to readers that begin late.
    fn glut(&mut self, random: &mut Random) {
        self.taste = 4;
        self.users = 5;
        self.stream_budget = 1 << random.between(8, 10);
        self.stream = self.stream_budget * random.between(4, 16);
        self.stream_failures = *random.one_of(&[0, 100]);
        self.early_data = *random.one_of(&[0, 300]);
        self.rests = 500;
    }
}

impl Plan {
    /// The time by which something may be late: timers count milliseconds, and where each read takes
    /// its time, the clock is looked at after some of them only.
    pub(super) fn tolerance(&self) -> Duration {
        Duration::from_millis(if self.floods { 5000 } else { 2 })
    }
}
