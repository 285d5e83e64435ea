//! The part of the check that needs nothing but the CDR itself, and the tariffs.

use chrono::{DateTime, TimeDelta, Utc};
use ocpi_types::pricing::{self, Doubt, MONEY_TOLERANCE, PricingInput};
use ocpi_types::{Cdr, CdrDimensionType, Price, Tariff, format_date_time};
use rust_decimal::Decimal;

use super::check::{CdrFinding, Known, Severity};

/// Clocks of two companies are never quite the same.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::minutes(5);

pub(super) fn times(cdr: &Cdr, now: DateTime<Utc>, found: &mut Vec<CdrFinding>) {
    if cdr.end_date_time > now + CLOCK_TOLERANCE {
        let message = format!("the session ends in the future, at {}", format_date_time(&cdr.end_date_time));
        found.push(CdrFinding::new("END_IN_FUTURE", Severity::Problem, "/end_date_time", message));
    }
}

pub(super) fn periods(cdr: &Cdr, found: &mut Vec<CdrFinding>) {
    for (i, period) in cdr.charging_periods.iter().enumerate() {
        let named = period.tariff_id.as_ref();
        if let Some(id) = named.filter(|id| !cdr.tariffs.iter().any(|tariff| tariff.id == **id)) {
            let message = format!("tariff {id} is not among the CDR's tariffs");
            let pointer = format!("/charging_periods/{i}/tariff_id");
            found.push(CdrFinding::new("PERIOD_TARIFF", Severity::Warning, pointer, message));
        }
    }
    let volumes = cdr.charging_periods.iter().flat_map(|period| &period.dimensions);
    let mut energy = volumes.filter(|d| d.dimension_type == CdrDimensionType::Energy).map(|d| d.volume);
    let in_wh = energy.try_fold(Decimal::ZERO, Decimal::checked_add).unwrap_or_default();
    if !cdr.total_energy.is_zero() && in_wh / Decimal::ONE_THOUSAND == cdr.total_energy {
        let message = "the periods hold a thousand times the total: Wh instead of kWh?";
        found.push(CdrFinding::new("ENERGY_IN_WH", Severity::Note, "/charging_periods", message));
    }
}

pub(super) fn currencies(cdr: &Cdr, found: &mut Vec<CdrFinding>) {
    for (i, tariff) in cdr.tariffs.iter().enumerate() {
        if !tariff.currency.as_str().eq_ignore_ascii_case(cdr.currency.as_str()) {
            let message = format!("tariff {} is in {}, the CDR in {}", tariff.id, tariff.currency, cdr.currency);
            let pointer = format!("/tariffs/{i}/currency");
            found.push(CdrFinding::new("TARIFF_CURRENCY", Severity::Problem, pointer, message));
        }
    }
}

/// What the periods hold and cost by the tariffs, against what the CDR says. A Credit CDR takes back one that was checked.
pub(super) fn totals(cdr: &Cdr, known: &Known, found: &mut Vec<CdrFinding>) {
    if cdr.credit == Some(true) {
        return;
    }
    let tariffs: Vec<Tariff> = cdr.tariffs.iter().chain(&known.tariffs).cloned().collect();
    let named = known.location.as_ref().map(|location| location.time_zone.as_str());
    let time_zone = named.and_then(pricing::time_zone).unwrap_or(pricing::Tz::UTC);
    let expired = known.reservation.as_ref().and_then(|reservation| reservation.expired);
    let input = PricingInput {
        tariffs: &tariffs,
        reservation_expired: expired == Some(true),
        ..PricingInput::of_cdr(cdr, time_zone)
    };
    // A CDR cannot say whether its reservation expired. Where we know, only that price is right.
    let differences = match expired {
        Some(_) => pricing::audit_priced(cdr, &pricing::price(&input)),
        None => pricing::audit(cdr, &tariffs, time_zone),
    };
    for difference in differences {
        let is_cost = difference.pointer.contains("cost");
        // Without a tariff there is nothing to hold the costs against.
        if is_cost && tariffs.is_empty() {
            continue;
        }
        let code = if is_cost { "COST" } else { "QUANTITY" };
        found.push(CdrFinding::new(code, Severity::Problem, &difference.pointer, &difference.message));
    }
    if tariffs.is_empty() {
        let message = "no tariff is named, so the costs cannot be checked";
        found.push(CdrFinding::new("NO_TARIFF", Severity::Warning, "/tariffs", message));
        return sum_of_costs(cdr, found);
    }
    let doubts = pricing::price(&input).findings;
    let doubts = doubts.into_iter().filter(|doubt| expired.is_none() || doubt.doubt != Doubt::ReservationOnly);
    for doubt in doubts {
        let pointer = doubt.period.map_or("/tariffs".to_owned(), |period| format!("/charging_periods/{period}"));
        found.push(CdrFinding::new("PRICING", Severity::Note, pointer, &doubt.message));
    }
}

/// `total_cost` is the sum of the parts, as far as they are given.
fn sum_of_costs(cdr: &Cdr, found: &mut Vec<CdrFinding>) {
    let parts: [Option<&Price>; 5] = [
        cdr.total_fixed_cost.as_ref(),
        cdr.total_energy_cost.as_ref(),
        cdr.total_time_cost.as_ref(),
        cdr.total_parking_cost.as_ref(),
        cdr.total_reservation_cost.as_ref(),
    ];
    if parts.iter().all(Option::is_none) {
        return;
    }
    let sum = parts.iter().flatten().try_fold(Decimal::ZERO, |sum, part| sum.checked_add(part.excl_vat));
    let difference = sum.and_then(|sum| sum.checked_sub(cdr.total_cost.excl_vat));
    // Each part may have been rounded.
    if difference.is_none_or(|difference| difference.abs() > MONEY_TOLERANCE * Decimal::from(2)) {
        let message =
            format!("is {}; the partial costs add up to {}", cdr.total_cost.excl_vat, sum.unwrap_or_default());
        found.push(CdrFinding::new("COST", Severity::Problem, "/total_cost/excl_vat", message));
    }
}
