//! The one place that reads the time of day: a tester stands outside the system under test and lives in real time.

use chrono::{DateTime, SubsecRound, Utc};

/// The present moment, UTC.
#[expect(
    clippy::disallowed_methods,
    reason = "the tester has no domain clock: it observes another platform in real time"
)]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// The present moment in the form that OCPI sends, with milliseconds.
pub(crate) fn timestamp() -> String {
    ocpi(now())
}

/// A moment in the form `2026-01-31T12:00:00.000Z`.
pub(crate) fn ocpi(at: DateTime<Utc>) -> String {
    at.trunc_subsecs(3).format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A moment cut to whole seconds, in the form `2026-01-31T12:00:00Z`.
pub(crate) fn seconds(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
