//! The one source of everything that differs between seeds.

use std::time::Duration;

/// Splitmix.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0xd134_2543_de82_ef95));
        random.next();
        random
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, or 0.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.next() as usize % limit.max(1)
    }

    /// A number from `from` to `to`, both included.
    pub(super) fn between(&mut self, from: usize, to: usize) -> usize {
        from + self.below(to - from + 1)
    }

    /// `true` in so many of a thousand cases.
    pub(super) fn permille(&mut self, chance: usize) -> bool {
        chance > 0 && self.below(1000) < chance
    }

    /// A number from 1 to `limit`, of all magnitudes alike.
    pub(super) fn magnitude(&mut self, limit: usize) -> usize {
        let bits = limit.max(1).ilog2() as usize + 1;
        let upper = 1 << self.between(0, bits);
        self.below(upper.min(limit)) + 1
    }

    /// A time of up to so many milliseconds, of all magnitudes alike.
    pub(super) fn time(&mut self, limit: usize) -> Duration {
        Duration::from_millis(self.magnitude(limit) as u64)
    }

    pub(super) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}
