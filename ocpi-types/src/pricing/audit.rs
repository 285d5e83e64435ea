//! Compares what a CDR says about itself with what its periods and tariffs give.

use chrono_tz::Tz;
use rust_decimal::Decimal;

use crate::{Cdr, Price, Tariff};

use super::{Charge, Priced, PricingInput, hours, price};

/// Amounts of money that differ by less than this are the same: OCPI leaves rounding to the parties, and many round to
/// cents. Each VAT-inclusive amount can be rounded twice, hence a whole cent.
pub const MONEY_TOLERANCE: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// Energy (kWh): one Wh, the usual resolution of a meter.
const ENERGY_TOLERANCE: Decimal = Decimal::from_parts(1, 0, 0, false, 3);

/// Times (h): 0.01 h, as many CDRs carry two decimals.
const TIME_TOLERANCE: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// A total of a CDR that is not what its periods and tariffs give.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// JSON Pointer into the CDR.
    pub pointer: String,
    /// What the engine computed.
    pub expected: Decimal,
    /// What the CDR says. `None` when it says nothing although there is something to say.
    pub actual: Option<Decimal>,
    /// A sentence for people.
    pub message: String,
}

/// Compares a CDR's totals with those that its charging periods have under `tariffs`, or, when none are given, under the
/// tariffs in the CDR itself.
///
/// Amounts may differ by [`MONEY_TOLERANCE`], energy by 1 Wh and times by 0.01 h. An optional total that is absent counts
/// as zero unless it should be more. In a Credit CDR only `total_cost` is negative.
#[must_use]
pub fn audit(cdr: &Cdr, tariffs: &[Tariff], time_zone: Tz) -> Vec<Difference> {
    let mut input = PricingInput::of_cdr(cdr, time_zone);
    if !tariffs.is_empty() {
        input.tariffs = tariffs;
    }
    let priced = price(&input);
    let differences = audit_priced(cdr, &priced);
    let only_reserved =
        priced.lines.iter().all(|line| matches!(line.charge, Charge::ReservationTime | Charge::ReservationFixed));
    if differences.is_empty() || !only_reserved {
        return differences;
    }
    // A CDR cannot say that a reservation expired: it is right if its totals are right either way.
    input.reservation_expired = true;
    let expired = audit_priced(cdr, &price(&input));
    if expired.len() < differences.len() { expired } else { differences }
}

/// Compares a CDR's totals with a result that was computed for it, for callers that know more than the CDR tells.
#[must_use]
pub fn audit_priced(cdr: &Cdr, priced: &Priced) -> Vec<Difference> {
    let mut audit = Audit { differences: Vec::new() };
    let sign = if cdr.credit == Some(true) { Decimal::NEGATIVE_ONE } else { Decimal::ONE };
    let total = Price {
        excl_vat: priced.total.excl_vat * sign,
        incl_vat: priced.total.incl_vat.map(|incl| incl * sign),
        extra: crate::Extra::default(),
    };
    audit.money("/total_cost", &total, Some(&cdr.total_cost));
    for (pointer, expected, actual) in [
        ("/total_fixed_cost", &priced.fixed, &cdr.total_fixed_cost),
        ("/total_energy_cost", &priced.energy, &cdr.total_energy_cost),
        ("/total_time_cost", &priced.time, &cdr.total_time_cost),
        ("/total_parking_cost", &priced.parking, &cdr.total_parking_cost),
        ("/total_reservation_cost", &priced.reservation, &cdr.total_reservation_cost),
    ] {
        // These totals are optional: a CDR without any of them is complete.
        if actual.is_some() {
            audit.money(pointer, expected, actual.as_ref());
        }
    }
    audit.value("/total_energy", priced.measured.energy, Some(cdr.total_energy), ENERGY_TOLERANCE, "kWh");
    audit.total_time(cdr, priced);
    let parking = hours(priced.measured.parking_time);
    if cdr.total_parking_time.is_some() || parking > TIME_TOLERANCE {
        audit.value("/total_parking_time", parking, cdr.total_parking_time, TIME_TOLERANCE, "h");
    }
    audit.differences
}

struct Audit {
    differences: Vec<Difference>,
}

impl Audit {
    fn money(&mut self, pointer: &str, expected: &Price, actual: Option<&Price>) {
        let excl = actual.map(|price| price.excl_vat);
        self.value(&format!("{pointer}/excl_vat"), expected.excl_vat, excl, MONEY_TOLERANCE, "excluding VAT");
        // Without VAT the field may be left out or repeat the amount.
        let Some(incl) = actual.and_then(|price| price.incl_vat) else {
            let hidden = expected.incl_vat.filter(|incl| (*incl - expected.excl_vat).abs() > MONEY_TOLERANCE);
            if let Some(incl) = hidden {
                self.value(&format!("{pointer}/incl_vat"), incl, None, MONEY_TOLERANCE, "including VAT");
            }
            return;
        };
        let with = expected.incl_vat.unwrap_or(expected.excl_vat);
        self.value(&format!("{pointer}/incl_vat"), with, Some(incl), MONEY_TOLERANCE, "including VAT");
    }

    fn value(&mut self, pointer: &str, expected: Decimal, actual: Option<Decimal>, tolerance: Decimal, unit: &str) {
        let expected = expected.normalize();
        let message = match actual {
            Some(actual) if difference(expected, actual) <= tolerance => return,
            Some(actual) => format!("is {actual} {unit}; the periods and tariffs give {expected}"),
            None => format!("is missing; the periods and tariffs give {expected} {unit}"),
        };
        self.differences.push(Difference { pointer: pointer.to_owned(), expected, actual, message });
    }

    /// The whole duration: by the clock, or what the periods account for, with or without a reservation before it.
    fn total_time(&mut self, cdr: &Cdr, priced: &Priced) {
        let clock = Decimal::new((cdr.end_date_time - cdr.start_date_time).num_milliseconds(), 3);
        let session = priced.measured.time + priced.measured.parking_time;
        let reserved = priced.measured.reservation_time;
        let fits = [clock, clock - reserved, session, session + reserved]
            .into_iter()
            .any(|seconds| difference(hours(seconds), cdr.total_time) <= TIME_TOLERANCE);
        if !fits {
            let expected = hours(clock - reserved);
            self.value("/total_time", expected, Some(cdr.total_time), TIME_TOLERANCE, "h");
        }
    }
}

/// A CDR can hold any number; subtracting must not overflow.
fn difference(a: Decimal, b: Decimal) -> Decimal {
    a.checked_sub(b).map_or(Decimal::MAX, |difference| difference.abs())
}
