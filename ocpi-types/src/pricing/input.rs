//! What is priced: the periods, the tariffs, and the facts that neither of them tells.

use chrono_tz::Tz;

use crate::{Cdr, ChargingPeriod, DateTime, Session, Tariff};

/// Everything that the price of a session depends on.
///
/// The same input serves a finished session, a CDR and a session that is still running: there `end` is the moment up to
/// which the periods reach.
#[derive(Debug, Clone, Copy)]
pub struct PricingInput<'a> {
    /// When the session, or the reservation before it, began.
    pub start: DateTime,
    /// When the session ended; for a running session the moment up to which it is priced. The last period ends here.
    pub end: DateTime,
    /// The charging periods, in order of time.
    pub periods: &'a [ChargingPeriod],
    /// The tariffs that the periods refer to by `tariff_id`.
    pub tariffs: &'a [Tariff],
    /// The time zone of the location, in which the times and dates of restrictions are meant.
    pub time_zone: Tz,
    /// The currency that the result is expected in (`CDR.currency`); a tariff in another one is reported.
    pub currency: Option<&'a str>,
    /// The reservation ran out without a charging session. A CDR cannot tell.
    pub reservation_expired: bool,
    /// A period without `tariff_id` is priced by the only tariff there is. OCPI says that no tariff is relevant in such a
    /// period, so this is `false` unless both parties know better.
    pub assume_only_tariff: bool,
}

impl<'a> PricingInput<'a> {
    /// The periods of a CDR, priced by the tariffs in it.
    #[must_use]
    pub fn of_cdr(cdr: &'a Cdr, time_zone: Tz) -> Self {
        Self {
            start: cdr.start_date_time,
            end: cdr.end_date_time,
            periods: &cdr.charging_periods,
            tariffs: &cdr.tariffs,
            time_zone,
            currency: Some(cdr.currency.as_str()),
            reservation_expired: false,
            assume_only_tariff: false,
        }
    }

    /// The periods of a session, priced by `tariffs`. A session without an end is priced up to `until`.
    #[must_use]
    pub fn of_session(session: &'a Session, tariffs: &'a [Tariff], time_zone: Tz, until: DateTime) -> Self {
        Self {
            start: session.start_date_time,
            end: session.end_date_time.unwrap_or(until),
            periods: &session.charging_periods,
            tariffs,
            time_zone,
            currency: Some(session.currency.as_str()),
            reservation_expired: false,
            assume_only_tariff: false,
        }
    }
}
