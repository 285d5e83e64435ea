//! Prices a charging session by its tariffs: one engine for the running session, the CDR and the check of a CDR, so that
//! they never disagree. Spec: mod_tariffs, and mod_cdrs "step_size".
//!
//! ```
//! use ocpi_types::pricing::{self, PricingInput};
//! use ocpi_types::{ChargingPeriod, Tariff, parse, parse_date_time};
//! use serde_json::json;
//!
//! let tariff = parse::<Tariff>(json!({
//!     "country_code": "DE", "party_id": "ALL", "id": "day-rate", "currency": "EUR",
//!     "elements": [{ "price_components": [{ "type": "ENERGY", "price": 0.40, "vat": 19, "step_size": 100 }] }],
//!     "last_updated": "2026-01-01T00:00:00Z"
//! })).value.unwrap();
//! let period = parse::<ChargingPeriod>(json!({
//!     "start_date_time": "2026-05-04T08:00:00Z", "tariff_id": "day-rate",
//!     "dimensions": [{ "type": "ENERGY", "volume": 9.95 }, { "type": "TIME", "volume": 0.5 }]
//! })).value.unwrap();
//!
//! let priced = pricing::price(&PricingInput {
//!     start: period.start_date_time,
//!     end: parse_date_time("2026-05-04T08:30:00Z").unwrap().0,
//!     periods: &[period],
//!     tariffs: &[tariff],
//!     time_zone: pricing::time_zone("Europe/Berlin").unwrap(),
//!     currency: Some("EUR"),
//!     reservation_expired: false,
//!     assume_only_tariff: false,
//! });
//! assert_eq!(priced.billed.energy.to_string(), "10"); // 9.95 kWh in blocks of 100 Wh
//! assert_eq!(priced.total.excl_vat.to_string(), "4");
//! assert_eq!(priced.total.incl_vat.unwrap().to_string(), "4.76");
//! ```
//!
//! # Where the spec leaves a choice
//!
//! - **Fixed prices** (FLAT): one for the session and one for its reservation, the first that is not zero and becomes active.
//! - **Durations** count from the start of charging; in reservation elements from the start of the reservation.
//! - **Parking followed by more charging**: only parking is rounded, and once.
//! - **Several tariffs**: quantities are rounded over the whole session with the last component's `step_size`; what ended
//!   with a change of tariff is not rounded; the price limits of all tariffs hold for the total.
//! - **Limits**: with and without VAT separately, minimum first; subtotals stay as they are.
//! - **An expired reservation**: RESERVATION_EXPIRES prices a dimension where it can, RESERVATION otherwise.
//! - **Current and power**: an element is active if its bounds hold for the whole period. One of minimum and maximum stands
//!   for both; without either the average that energy and time give counts; a parked car draws nothing.
//! - **A price change within a period** divides its time exactly and its energy evenly, and is reported.
//! - **A period without `tariff_id`** is free, as the spec says, and reported.
//! - **Rounding of money**: none until the end, then four decimals, half away from zero.

mod audit;
mod calendar;
mod choice;
mod draft;
mod explain;
mod input;
mod json;
mod lines;
mod priced;
mod restrictions;
mod slices;
mod step_size;
mod stretches;
mod tariff_book;
mod totals;
mod zones;

use rust_decimal::Decimal;

use crate::Tariff;

pub use audit::{Difference, MONEY_TOLERANCE, audit, audit_priced};
pub use choice::{Thresholds, choose_tariff, is_valid_at, next_change, tariff_type_for, thresholds};
pub use chrono_tz::Tz;
pub use draft::{Draft, read_tariffs};
pub use explain::explain;
pub use input::PricingInput;
pub use priced::{Charge, Doubt, Line, Priced, PricingFinding, Quantities, hours};
pub use zones::{time_zone, time_zone_of_country};

use lines::Bill;
use slices::Timeline;
use stretches::{Kind, Stretch};
use tariff_book::TariffBook;

/// Prices charging periods. It never fails: what is doubtful is in `findings`.
#[must_use]
pub fn price(input: &PricingInput<'_>) -> Priced {
    let mut findings = Vec::new();
    let book = TariffBook::new(input.tariffs, &mut findings);
    let stretches = stretches::read(input, &mut findings);
    let timeline = Timeline::new(input, &stretches);
    let charged = stretches.iter().any(|stretch| stretch.kind != Kind::Reservation);
    let expired = input.reservation_expired && !charged;
    check_reservation(input, &stretches, charged, &mut findings);
    let tariff_of_period = resolve_tariffs(input, &book, &mut findings);

    let mut bill = Bill::new(&book, &timeline, expired);
    let mut used: Vec<usize> = Vec::new();
    let mut last_tariff = None;
    for stretch in &stretches {
        let Some(tariff) = tariff_of_period[stretch.period] else { continue };
        bill.add(stretch, tariff);
        last_tariff = Some(tariff);
        if !used.contains(&tariff) {
            used.push(tariff);
        }
    }
    findings.append(&mut bill.findings);
    let Bill { mut lines, tariff_of, latest, .. } = bill;
    step_size::apply(&mut lines, &latest, &tariff_of, last_tariff);
    totals::cost(&mut lines);
    let used: Vec<&Tariff> = used.into_iter().map(|index| book.entry(index).tariff).collect();
    check_tariffs(input, &used, &stretches, &mut findings);
    summarize(input, &stretches, lines, &used, charged, findings)
}

fn summarize(
    input: &PricingInput<'_>,
    stretches: &[Stretch],
    lines: Vec<Line>,
    used: &[&Tariff],
    charged: bool,
    mut findings: Vec<PricingFinding>,
) -> Priced {
    let names_vat =
        |tariff: &&Tariff| tariff.elements.iter().flat_map(|e| &e.price_components).any(|c| c.vat.is_some());
    let vat = lines.iter().any(|line| line.vat.is_some()) || (lines.is_empty() && used.iter().any(names_vat));
    let sum = |charges: &[Charge]| totals::sum(&lines, charges, vat).rounded();
    let all = totals::sum(&lines, &Charge::ALL, vat);
    Priced {
        currency: used.first().map(|tariff| tariff.currency.as_str()).or(input.currency).map(str::to_owned),
        total: totals::limit(all, used, charged, &mut findings).rounded(),
        unlimited: all.rounded(),
        fixed: sum(&[Charge::Fixed]),
        energy: sum(&[Charge::Energy]),
        time: sum(&[Charge::Time]),
        parking: sum(&[Charge::ParkingTime, Charge::ParkingFixed]),
        reservation: sum(&[Charge::ReservationTime, Charge::ReservationFixed]),
        duration: duration(stretches),
        measured: measured(stretches),
        billed: billed(&lines),
        lines,
        findings,
    }
}

fn duration(stretches: &[Stretch]) -> Decimal {
    let session = stretches.iter().filter(|stretch| stretch.kind != Kind::Reservation);
    session.map(|stretch| stretch.clock.1 - stretch.clock.0).sum::<Decimal>().normalize()
}

fn measured(stretches: &[Stretch]) -> Quantities {
    let mut measured = Quantities::default();
    for stretch in stretches {
        measured.energy += stretch.kwh.1 - stretch.kwh.0;
        match stretch.kind {
            Kind::Reservation => measured.reservation_time += stretch.time.1,
            Kind::Charging => measured.time += stretch.time.1,
            Kind::Parking => measured.parking_time += stretch.time.1,
        }
    }
    Quantities {
        energy: measured.energy.normalize(),
        time: measured.time.normalize(),
        parking_time: measured.parking_time.normalize(),
        reservation_time: measured.reservation_time.normalize(),
    }
}

fn billed(lines: &[Line]) -> Quantities {
    let of = |charge: Charge| lines.iter().filter(move |line| line.charge == charge).map(|line| line.billed);
    let sum = |charge: Charge| of(charge).sum::<Decimal>().normalize();
    Quantities {
        energy: sum(Charge::Energy),
        time: sum(Charge::Time),
        parking_time: sum(Charge::ParkingTime),
        reservation_time: sum(Charge::ReservationTime),
    }
}

/// The tariff of each period.
fn resolve_tariffs(
    input: &PricingInput<'_>,
    book: &TariffBook<'_>,
    findings: &mut Vec<PricingFinding>,
) -> Vec<Option<usize>> {
    let only = (input.assume_only_tariff && book.len() == 1).then_some(0);
    let mut resolve = |index: usize, period: &crate::ChargingPeriod| {
        let mut tell = |doubt, tariff_id: Option<String>, message: String| {
            findings.push(PricingFinding { doubt, period: Some(index), tariff_id, message });
        };
        let Some(id) = &period.tariff_id else {
            if only.is_none() {
                tell(Doubt::NoTariffId, None, "it has no tariff_id, so no tariff is relevant and it is free".into());
            }
            return only;
        };
        let found = book.find(id.as_str(), input.start);
        match found.map(|found| book.entry(found).tariff) {
            None => tell(
                Doubt::TariffMissing,
                Some(id.to_string()),
                format!("its tariff {id} was not given; it is not priced"),
            ),
            Some(tariff) if !is_valid_at(tariff, input.start) && !is_valid_at(tariff, period.start_date_time) => tell(
                Doubt::TariffNotValid,
                Some(id.to_string()),
                format!("its tariff {id} was not valid when the session started; it is priced all the same"),
            ),
            Some(_) => {}
        }
        found
    };
    input.periods.iter().enumerate().map(|(index, period)| resolve(index, period)).collect()
}

fn check_reservation(
    input: &PricingInput<'_>,
    stretches: &[Stretch],
    charged: bool,
    findings: &mut Vec<PricingFinding>,
) {
    let mut tell = |doubt, message: &str| {
        findings.push(PricingFinding { doubt, period: None, tariff_id: None, message: message.to_owned() });
    };
    if input.reservation_expired && charged {
        tell(Doubt::ReservationUsed, "a charging session followed, so the reservation is not priced as expired");
    }
    if !input.reservation_expired && !charged && !stretches.is_empty() {
        tell(Doubt::ReservationOnly, "a reservation without charging is priced as one that did not expire");
    }
}

fn check_tariffs(
    input: &PricingInput<'_>,
    used: &[&Tariff],
    stretches: &[Stretch],
    findings: &mut Vec<PricingFinding>,
) {
    let expected = input.currency.or_else(|| used.first().map(|tariff| tariff.currency.as_str())).unwrap_or_default();
    for tariff in used {
        let id = Some(tariff.id.to_string());
        if !tariff.currency.as_str().eq_ignore_ascii_case(expected) {
            findings.push(PricingFinding {
                doubt: Doubt::CurrencyMismatch,
                period: None,
                tariff_id: id.clone(),
                message: format!("tariff {} is in {}, expected is {expected}", tariff.id, tariff.currency),
            });
        }
        for dimension in missing_dimensions(tariff, stretches) {
            findings.push(PricingFinding {
                doubt: Doubt::DimensionMissing,
                period: None,
                tariff_id: id.clone(),
                message: format!("tariff {} prices {dimension}, but no charging period tells any", tariff.id),
            });
        }
    }
}

/// Dimensions that a charging session always has, but about which the periods are silent.
fn missing_dimensions(tariff: &Tariff, stretches: &[Stretch]) -> Vec<&'static str> {
    use crate::TariffDimensionType::{Energy, Time};
    let session = tariff.elements.iter().filter(|e| e.restrictions.as_ref().is_none_or(|r| r.reservation.is_none()));
    let prices = |dimension| session.clone().flat_map(|e| &e.price_components).any(|c| c.dimension_type == dimension);
    let charging = || stretches.iter().filter(|stretch| stretch.kind != Kind::Reservation);
    let long = charging().any(|stretch| stretch.clock.1 > stretch.clock.0);
    let mut missing = Vec::new();
    if long && prices(Time) && charging().all(|stretch| stretch.time.1.is_zero()) {
        missing.push("TIME");
    }
    if long && prices(Energy) && charging().all(|stretch| stretch.kwh.0 == stretch.kwh.1) {
        missing.push("ENERGY");
    }
    missing
}
