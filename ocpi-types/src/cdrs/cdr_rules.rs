//! What a CDR must hold beyond its table. Billing data is worth keeping: nearly everything here is reported and tolerated.

use crate::check::{self, far_apart, hours_between};
use crate::{Cdr, CdrDimensionType, ChargingPeriod, Context, DateTime, Decimal, Price, Rule};

const CLASS: &str = "CDR";

/// A meter's last digit: 0.01 kWh.
const ENERGY_SLACK: Decimal = Decimal::from_parts(1, 0, 0, false, 2);
/// About a minute: 0.02 h.
const TIME_SLACK: Decimal = Decimal::from_parts(2, 0, 0, false, 2);
/// More kWh than any vehicle on the road takes.
const MANY_KWH: Decimal = Decimal::from_parts(5000, 0, 0, false, 0);

pub(super) fn cdr_rules(cdr: &Cdr, cx: &mut Context) {
    check::owner(&cdr.country_code, &cdr.party_id, CLASS, cx);
    check::id(&cdr.id, CLASS, "id", cx);
    check::currency(&cdr.currency, CLASS, cx);
    credit_rules(cdr, cx);
    time_rules(cdr, cx);
    energy_rules(cdr, cx);
    cost_rules(cdr, cx);
    tariff_rules(cdr, cx);
    dimension_rules(cdr, cx);
    placeholder_rules(cdr, cx);
}

fn credit_rules(cdr: &Cdr, cx: &mut Context) {
    // CDR-011, CDR-012, CDR-074.
    match (cdr.is_credit(), &cdr.credit_reference_id) {
        (true, None) => cx.found_at(CLASS, "credit_reference_id", Rule::Missing, "required when credit is true"),
        (false, Some(_)) => {
            cx.found_at(CLASS, "credit_reference_id", Rule::Inconsistent, "only allowed when credit is true");
        }
        // CDR-010.
        (true, Some(reference)) if *reference == cdr.id => {
            cx.found_at(CLASS, "credit_reference_id", Rule::Inconsistent, "a CDR cannot take itself back");
        }
        _ => {}
    }
    // CDR-049.
    if !cdr.is_credit() && cdr.id.as_str().len() > 36 {
        cx.found_at(CLASS, "id", Rule::Inconsistent, "only the id of a credit CDR may have more than 36 characters");
    }
    // CDR-014.
    let negative = cdr.total_cost.excl_vat < Decimal::ZERO;
    if cdr.is_credit() && cdr.total_cost.excl_vat > Decimal::ZERO {
        cx.found_at(CLASS, "total_cost", Rule::Suspicious, "a credit CDR has the negative of the original total_cost");
    } else if !cdr.is_credit() && negative && cdr.total_energy > Decimal::ZERO {
        cx.found_at(CLASS, "total_cost", Rule::Suspicious, "negative, although this is no credit CDR");
    }
}

fn time_rules(cdr: &Cdr, cx: &mut Context) {
    let (start, end) = (&cdr.start_date_time, &cdr.end_date_time);
    if cdr.total_parking_time.is_some_and(|parking| parking > cdr.total_time) {
        // CDR-068.
        cx.found_at(CLASS, "total_parking_time", Rule::Suspicious, "longer than total_time");
    }
    // CDR-120: a period ends where the next one starts.
    if let Some(i) = check::first_out_of_order(cdr.charging_periods.iter().map(|period| period.start_date_time)) {
        let message = format!("period {i} starts before the one before it");
        cx.found_at(CLASS, "charging_periods", Rule::Inconsistent, message);
    }
    // CDR-078: with a placeholder there is nothing to compare.
    if check::is_unknown_time(start) || check::is_unknown_time(end) {
        cx.found_at(CLASS, "start_date_time", Rule::Suspicious, "start or end is the placeholder for an unknown time");
        return;
    }
    // CDR-051.
    if end < start {
        cx.found_at(CLASS, "end_date_time", Rule::Inconsistent, "earlier than start_date_time");
        return;
    }
    periods_within(cdr, start, end, cx);
    // CDR-066. Whether total_time includes a reservation is not said.
    let lasted = hours_between(start, end);
    let reserved = volume(&cdr.charging_periods, &CdrDimensionType::ReservationTime).is_some();
    let too_short = cdr.total_time < lasted && !reserved;
    if far_apart(lasted, cdr.total_time, TIME_SLACK) && (too_short || cdr.total_time > lasted) {
        let message = format!("{} h from start to end, not {} h", lasted.round_dp(4), cdr.total_time);
        cx.found_at(CLASS, "total_time", Rule::Suspicious, message);
    }
}

fn periods_within(cdr: &Cdr, start: &DateTime, end: &DateTime, cx: &mut Context) {
    // CDR-050, CDR-120.
    let outside = |period: &ChargingPeriod| period.start_date_time < *start || period.start_date_time > *end;
    if let Some(i) = cdr.charging_periods.iter().position(outside) {
        let message = format!("period {i} starts outside of the session");
        cx.found_at(CLASS, "charging_periods", Rule::Suspicious, message);
    }
}

fn energy_rules(cdr: &Cdr, cx: &mut Context) {
    // CDR-064, CDR-098.
    if wh_rules(cdr.total_energy, "total_energy", &cdr.charging_periods, CLASS, cx) {
        return;
    }
    let metered = volume(&cdr.charging_periods, &CdrDimensionType::Energy);
    if let Some(metered) = metered.filter(|metered| far_apart(cdr.total_energy, *metered, ENERGY_SLACK)) {
        let message = format!("{} kWh, while the periods hold {metered} kWh", cdr.total_energy);
        cx.found_at(CLASS, "total_energy", Rule::Suspicious, message);
    }
}

fn cost_rules(cdr: &Cdr, cx: &mut Context) {
    // CDR-062. A credit CDR negates the total alone (CDR-014), a minimum or maximum price applies to the total alone.
    let limited = cdr.tariffs.iter().any(|tariff| tariff.min_price.is_some() || tariff.max_price.is_some());
    let parts: Vec<&Price> = [
        &cdr.total_fixed_cost,
        &cdr.total_energy_cost,
        &cdr.total_time_cost,
        &cdr.total_parking_cost,
        &cdr.total_reservation_cost,
    ]
    .into_iter()
    .flatten()
    .collect();
    if cdr.is_credit() || limited || parts.is_empty() {
        return;
    }
    let sum = parts.iter().try_fold(Decimal::ZERO, |sum, price| sum.checked_add(price.excl_vat));
    let off = sum.is_none_or(|sum| {
        sum.checked_sub(cdr.total_cost.excl_vat).is_none_or(|off| off.abs() > rounding(&cdr.total_cost, &parts))
    });
    if off {
        cx.found_at(CLASS, "total_cost", Rule::Suspicious, "excl_vat is not the sum of the costs of its parts");
    }
}

/// What rounding can make of six amounts, half a unit each: a unit is a cent, or one where no amount has decimals (yen).
fn rounding(total: &Price, parts: &[&Price]) -> Decimal {
    let whole = parts.iter().all(|price| price.excl_vat.fract().is_zero()) && total.excl_vat.fract().is_zero();
    if whole { Decimal::from(3) } else { Decimal::new(3, 2) }
}

fn tariff_rules(cdr: &Cdr, cx: &mut Context) {
    // CDR-059.
    let unknown = |period: &ChargingPeriod| {
        period.tariff_id.as_ref().is_some_and(|id| !cdr.tariffs.iter().any(|tariff| tariff.id == *id))
    };
    if let Some(i) = cdr.charging_periods.iter().position(unknown) {
        let message = format!("the tariff of period {i} is not in tariffs");
        cx.found_at(CLASS, "tariffs", Rule::Suspicious, message);
    }
    // CDR-058.
    if cdr.tariffs.iter().any(|tariff| tariff.currency != cdr.currency) {
        cx.found_at(CLASS, "currency", Rule::Suspicious, "a tariff has another currency");
    }
}

fn dimension_rules(cdr: &Cdr, cx: &mut Context) {
    // CDR-096.
    cx.field(CLASS, "charging_periods", |cx| {
        for (i, period) in cdr.charging_periods.iter().enumerate() {
            cx.index(i, |cx| {
                cx.field("ChargingPeriod", "dimensions", |cx| {
                    for (j, dimension) in period.dimensions.iter().enumerate() {
                        if dimension.dimension_type.is_session_only() {
                            let message = format!("{} only belongs in sessions", dimension.dimension_type);
                            cx.index(j, |cx| cx.found_at("CdrDimension", "type", Rule::Suspicious, message));
                        }
                    }
                });
            });
        }
    });
}

fn placeholder_rules(cdr: &Cdr, cx: &mut Context) {
    // CDR-113.
    let place = &cdr.cdr_location;
    let placeholder = place.evse_uid == check::NOT_AVAILABLE
        || place.evse_id == check::NOT_AVAILABLE
        || place.connector_id == check::NOT_AVAILABLE;
    if placeholder && cdr.total_energy > Decimal::ZERO {
        cx.found_at(CLASS, "cdr_location", Rule::Suspicious, "#NA is for reservations; energy was charged here");
    }
}

/// The sum of a dimension over all periods; `None` where it does not occur.
fn volume(periods: &[ChargingPeriod], dimension: &CdrDimensionType) -> Option<Decimal> {
    let volumes = periods.iter().flat_map(|period| &period.dimensions).filter(|d| d.dimension_type == *dimension);
    volumes.map(|d| d.volume).reduce(Decimal::saturating_add)
}

/// Reports Wh where kWh belong: a whole beyond belief, or periods that hold about a thousand times the whole. Whether any did.
pub(crate) fn wh_rules(
    kwh: Decimal,
    field: &'static str,
    periods: &[ChargingPeriod],
    class: &'static str,
    cx: &mut Context,
) -> bool {
    let metered = volume(periods, &CdrDimensionType::Energy).unwrap_or_default();
    let ratio = if kwh > Decimal::ZERO { metered.checked_div(kwh) } else { None };
    let (whole, parts) = (kwh > MANY_KWH, ratio.is_some_and(|ratio| ratio >= Decimal::from(500)));
    if whole {
        cx.found_at(class, field, Rule::Suspicious, "looks like Wh; kWh are asked for");
    }
    if parts {
        cx.found_at(class, "charging_periods", Rule::Suspicious, "ENERGY looks like Wh; kWh are asked for");
    }
    whole || parts
}
