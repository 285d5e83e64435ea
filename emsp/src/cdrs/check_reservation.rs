//! The part of the check that concerns reservations: was there one, who ended it, and when.

use chrono::TimeDelta;
use ocpi_types::{Cdr, CdrDimensionType, DateTime, format_date_time, pricing};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::check::{CdrFinding, Severity};

/// A driver who is just plugging in is waited for; and clocks of two companies are never quite the same.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// What we know of the reservation that a CDR bills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownReservation {
    /// When it was to end.
    pub until: DateTime,
    /// Whether it expired; `None` where nobody knows.
    pub expired: Option<bool>,
    /// The CPO has cancelled it itself.
    pub canceled_by_cpo: bool,
}

/// The time for which a reservation is billed, in hours.
pub(super) fn reserved_hours(cdr: &Cdr) -> Option<Decimal> {
    let dimensions = cdr.charging_periods.iter().flat_map(|period| &period.dimensions);
    let reserved = dimensions.filter(|dimension| dimension.dimension_type == CdrDimensionType::ReservationTime);
    reserved.map(|dimension| dimension.volume).reduce(Decimal::saturating_add)
}

/// When charging began: for a CDR that begins with a reservation later than it itself does.
pub(super) fn charging_began(cdr: &Cdr) -> DateTime {
    let is_reserved = |kind: &CdrDimensionType| *kind == CdrDimensionType::ReservationTime;
    let charging = cdr
        .charging_periods
        .iter()
        .find(|period| !period.dimensions.iter().any(|dimension| is_reserved(&dimension.dimension_type)));
    charging.map_or(cdr.start_date_time, |period| period.start_date_time)
}

pub(super) fn check(cdr: &Cdr, known: Option<&KnownReservation>, found: &mut Vec<CdrFinding>) {
    let Some(hours) = reserved_hours(cdr).filter(|_| cdr.credit != Some(true)) else { return };
    let Some(known) = known else {
        let message = "it bills a reservation, and we have made none";
        found.push(CdrFinding::new("RESERVATION_UNKNOWN", Severity::Warning, "/charging_periods", message));
        return;
    };
    let millis = (hours * Decimal::from(3_600_000)).round().to_i64().unwrap_or(i64::MAX);
    let end = TimeDelta::try_milliseconds(millis).and_then(|time| cdr.start_date_time.checked_add_signed(time));
    if end.is_none_or(|end| end > known.until + TOLERANCE) {
        let message = format!(
            "{hours} h of reservation end after {}, until when we have reserved",
            format_date_time(&known.until)
        );
        found.push(CdrFinding::new("RESERVATION_TIME", Severity::Problem, "/charging_periods", message));
    }
    let costs = cdr.total_cost.excl_vat > pricing::MONEY_TOLERANCE;
    if known.canceled_by_cpo && cdr.total_energy.is_zero() && costs {
        let message = "the CPO has cancelled this reservation itself, and bills it";
        found.push(CdrFinding::new("RESERVATION_CANCELED", Severity::Warning, "/total_cost", message));
    }
}
