//! Time as an argument: real, set by hand, or running faster than real time.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use futures_util::future::Either;
use ocpi_types::DateTime;
use tokio::sync::oneshot;

/// Where the time comes from. Cheap to clone; clones share their time.
///
/// ```
/// use ocpi_http::Clock;
/// use std::time::Duration;
/// let start = "2026-01-15T10:00:00Z".parse().unwrap();
/// let clock = Clock::manual(start);
/// clock.advance(Duration::from_mins(1));
/// assert_eq!(clock.now(), start + Duration::from_mins(1));
/// ```
#[derive(Clone, Debug)]
pub enum Clock {
    /// The time of the machine.
    System,
    /// Stands still until [`Clock::advance`]: for tests.
    Manual(Arc<ManualClock>),
    /// Runs faster than real time until [`Clock::settle`]: for demonstrations.
    Story(Arc<StoryClock>),
}

/// The state of [`Clock::Manual`].
#[derive(Debug)]
pub struct ManualClock {
    state: Mutex<ManualState>,
}

#[derive(Debug)]
struct ManualState {
    now: DateTime,
    /// By deadline, then by the order in which they lay down: the order in which they are woken.
    sleepers: BTreeMap<(DateTime, u64), oneshot::Sender<()>>,
    next: u64,
}

/// The state of [`Clock::Story`].
#[derive(Debug)]
pub struct StoryClock {
    start: DateTime,
    began: Instant,
    speed: u32,
    /// The domain time at which the story ended, and when that was.
    settled: OnceLock<(DateTime, Instant)>,
    /// The latest time given out, in milliseconds since the epoch: time never goes backwards.
    latest: AtomicI64,
}

impl Clock {
    /// The time of the machine.
    #[must_use]
    pub fn system() -> Self {
        Self::System
    }

    /// A clock that stands at `start` until it is advanced.
    #[must_use]
    pub fn manual(start: DateTime) -> Self {
        let state = ManualState { now: to_millis(start), sleepers: BTreeMap::new(), next: 0 };
        Self::Manual(Arc::new(ManualClock { state: Mutex::new(state) }))
    }

    /// A clock that begins at `start` and runs `speed` times as fast as real time (0 counts as 1) until it is settled.
    #[must_use]
    pub fn story(start: DateTime, speed: u32) -> Self {
        Self::Story(Arc::new(StoryClock {
            start: to_millis(start),
            began: Instant::now(),
            speed: speed.max(1),
            settled: OnceLock::new(),
            latest: AtomicI64::new(i64::MIN),
        }))
    }

    /// Domain time, exact to the millisecond: what `last_updated`, sessions and prices are told in.
    #[must_use]
    pub fn now(&self) -> DateTime {
        match self {
            Self::System => machine_time(),
            Self::Manual(clock) => clock.state().now,
            Self::Story(clock) => clock.now(),
        }
    }

    /// Real time, for leases, back-off and the expiry of caches. On a manual clock the same as [`Clock::now`].
    #[must_use]
    pub fn wall(&self) -> DateTime {
        match self {
            Self::Manual(clock) => clock.state().now,
            Self::System | Self::Story(_) => machine_time(),
        }
    }

    /// Waits for `duration` of domain time, counted from this call: real seconds on the system's clock, fewer while a
    /// story runs, and until somebody advances a manual clock far enough.
    pub fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + 'static {
        match self {
            Self::System => Either::Left(tokio::time::sleep(duration)),
            Self::Story(clock) => Either::Left(tokio::time::sleep(clock.real(duration))),
            Self::Manual(clock) => {
                let woken = clock.lie_down(duration);
                Either::Right(async move {
                    // An error means that the clock is gone, and time with it.
                    if woken.await.is_err() {
                        std::future::pending::<()>().await;
                    }
                })
            }
        }
    }

    /// Moves a manual clock and wakes, in the order of their deadlines, the sleepers whose time has come. Other clocks
    /// move by themselves: nothing happens.
    pub fn advance(&self, duration: Duration) {
        if let Self::Manual(clock) = self {
            clock.advance(duration);
        }
    }

    /// Ends a story: from now on time runs as fast as real time. It is real time, unless the story stands later than that: then
    /// it goes on from there, because it never goes backwards. Nothing happens on other clocks.
    pub fn settle(&self) {
        if let Self::Story(clock) = self {
            let _ = clock.settled.set((clock.now(), Instant::now()));
        }
    }

    /// How many tasks sleep on a manual clock; 0 on others. Tests ask this before they advance.
    #[must_use]
    pub fn sleepers(&self) -> usize {
        match self {
            // Who has given up waiting (a timeout that was not needed, say) no longer counts.
            Self::Manual(clock) => clock.state().sleepers.values().filter(|sleeper| !sleeper.is_closed()).count(),
            Self::System | Self::Story(_) => 0,
        }
    }
}

impl ManualClock {
    fn state(&self) -> MutexGuard<'_, ManualState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lie_down(&self, duration: Duration) -> oneshot::Receiver<()> {
        let (wake, woken) = oneshot::channel();
        let mut state = self.state();
        if duration.is_zero() {
            let _ = wake.send(());
        } else {
            let key = (later(state.now, duration), state.next);
            state.next += 1;
            state.sleepers.insert(key, wake);
        }
        woken
    }

    fn advance(&self, duration: Duration) {
        let mut state = self.state();
        let now = later(state.now, duration);
        state.now = now;
        while let Some(first) = state.sleepers.first_entry()
            && first.key().0 <= now
        {
            // The sleeper may have given up.
            let _ = first.remove().send(());
        }
    }
}

impl StoryClock {
    fn now(&self) -> DateTime {
        let told = || later(self.start, self.began.elapsed().saturating_mul(self.speed));
        let settled = |(end, at): &(DateTime, Instant)| machine_time().max(later(*end, at.elapsed()));
        let now = self.settled.get().map_or_else(told, settled).timestamp_millis();
        let latest = self.latest.fetch_max(now, Ordering::AcqRel).max(now);
        DateTime::from_timestamp_millis(latest).unwrap_or(self.start)
    }

    fn real(&self, duration: Duration) -> Duration {
        if self.settled.get().is_some() { duration } else { duration / self.speed }
    }
}

/// `at` plus `duration`; the end of time where that is too far.
fn later(at: DateTime, duration: Duration) -> DateTime {
    let sum = TimeDelta::from_std(duration).ok().and_then(|delta| at.checked_add_signed(delta));
    to_millis(sum.unwrap_or(DateTime::MAX_UTC))
}

fn to_millis(at: DateTime) -> DateTime {
    DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at)
}

#[allow(clippy::disallowed_methods)] // The one place where the machine's clock is read.
fn machine_time() -> DateTime {
    to_millis(chrono::Utc::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> DateTime {
        "2026-01-15T10:00:00Z".parse().unwrap()
    }

    #[tokio::test]
    async fn a_manual_clock_wakes_sleepers_in_the_order_of_their_deadlines() {
        let clock = Clock::manual(start());
        let woken = Arc::new(Mutex::new(Vec::new()));
        let nap = |seconds: u64| {
            let (sleep, woken) = (clock.sleep(Duration::from_secs(seconds)), woken.clone());
            tokio::spawn(async move {
                sleep.await;
                woken.lock().unwrap().push(seconds);
            })
        };
        let tasks = [nap(30), nap(10), nap(20), nap(60)];
        assert_eq!(clock.sleepers(), 4);

        clock.advance(Duration::from_secs(9));
        tokio::task::yield_now().await;
        assert_eq!(*woken.lock().unwrap(), [0u64; 0]);

        clock.advance(Duration::from_secs(21));
        let [thirty, ten, twenty, sixty] = tasks;
        for task in [thirty, ten, twenty] {
            task.await.unwrap();
        }
        assert_eq!(*woken.lock().unwrap(), [10, 20, 30]);
        assert_eq!(clock.sleepers(), 1);
        assert_eq!(clock.now(), start() + Duration::from_secs(30));
        assert_eq!(clock.wall(), clock.now());

        sixty.abort();
        let _ = sixty.await;
        assert_eq!(clock.sleepers(), 0, "who gave up is not counted");
    }

    #[tokio::test]
    async fn a_manual_clock_does_not_let_a_sleep_of_nothing_wait() {
        Clock::manual(start()).sleep(Duration::ZERO).await;
    }

    #[test]
    fn a_manual_clock_survives_absurd_durations() {
        let clock = Clock::manual(start());
        clock.advance(Duration::MAX);
        clock.advance(Duration::MAX);
        assert!(clock.now() > start());
    }

    #[test]
    fn a_story_runs_fast_and_never_backwards() {
        let clock = Clock::story(start(), 3_600_000);
        let first = clock.now();
        assert!(first >= start());
        let mut last = first;
        for _ in 0..1000 {
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(2) {}
        assert!(clock.now() - first >= TimeDelta::hours(2), "an hour passes in a millisecond");
    }

    #[test]
    fn a_settled_story_goes_on_as_fast_as_real_time() {
        let future = machine_time() + TimeDelta::days(1);
        let ahead = Clock::story(future, 3_600_000);
        ahead.settle();
        let (end, real) = (ahead.now(), Instant::now());
        assert!(end >= future);
        while real.elapsed() < Duration::from_millis(2) {}
        let passed = ahead.now() - end;
        assert!(passed >= TimeDelta::milliseconds(2), "it does not stand still");
        assert!(passed < TimeDelta::minutes(10), "two hours would have passed in the story");

        let behind = Clock::story(start(), 1000);
        let told = behind.now();
        behind.settle();
        assert!(behind.now() >= told);
        assert!(behind.now() - behind.wall() < TimeDelta::seconds(1), "real time from now on");
    }

    #[tokio::test(start_paused = true)]
    async fn a_story_shortens_sleep_until_it_is_settled() {
        let clock = Clock::story(start(), 60);
        let began = tokio::time::Instant::now();
        clock.sleep(Duration::from_hours(1)).await;
        assert_eq!(began.elapsed().as_secs(), 60);
        clock.settle();
        clock.sleep(Duration::from_mins(1)).await;
        assert_eq!(began.elapsed().as_secs(), 120);
    }

    #[test]
    fn only_a_manual_clock_is_advanced() {
        let clock = Clock::system();
        clock.advance(Duration::from_hours(1));
        assert!(clock.now() - machine_time() < TimeDelta::minutes(1));
    }
}
