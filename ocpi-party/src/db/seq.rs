//! The creation sequence: numbers that grow with time and that no two processes share.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The low bits tell processes apart.
const PROCESS_BITS: u32 = 10;

/// Microseconds since 1970, and in the low bits a number of this process.
pub(super) struct Seq {
    last: AtomicI64,
    process: i64,
}

impl Default for Seq {
    fn default() -> Self {
        Self { last: AtomicI64::new(0), process: i64::from(rand::random::<u16>()) & ((1 << PROCESS_BITS) - 1) }
    }
}

impl Seq {
    /// Larger than every number before it.
    pub(super) fn next(&self) -> i64 {
        // Creation order is about the order in which rows arrive here, never about the domain's time: not the `Clock`.
        #[expect(clippy::disallowed_methods, reason = "a tie-breaker for order, not a time that anybody sees")]
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        let now = i64::try_from(now).unwrap_or(i64::MAX >> PROCESS_BITS);
        let step = |last: i64| (last + 1).max(now);
        let last = self.last.fetch_update(Ordering::AcqRel, Ordering::Acquire, |last| Some(step(last)));
        // The closure never returns None, so both arms hold the previous value.
        let micros = step(last.unwrap_or_else(|last| last));
        (micros << PROCESS_BITS) | self.process
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_grow_and_differ_between_processes() {
        let (one, other) = (Seq::default(), Seq { last: AtomicI64::new(0), process: 5 });
        let numbers: Vec<i64> = (0..10_000).map(|_| one.next()).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b));
        assert_eq!(other.next() & 1023, 5);
        assert!(numbers[0] > 1_700_000_000_000_000 << PROCESS_BITS);
    }
}
