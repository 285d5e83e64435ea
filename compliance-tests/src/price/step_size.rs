//! Rounding up to `step_size`. Spec: mod_cdrs, "step_size"; mod_tariffs, "PriceComponent class".
//!
//! Once per session and unit, with the step of the last component that priced it, and what is added costs the last price.
//! Where parking is priced, only parking is rounded; else the charging time. A reservation is rounded for itself.

use rust_decimal::Decimal;

use super::{Kind, Line, Span, Wrong};

pub(super) fn apply(lines: &mut [Line], unpriced_hours: Decimal, wrong: Wrong<'_>) {
    if wrong("price-no-step") {
        return;
    }
    let kilo = Decimal::ONE_THOUSAND;
    round(lines, Kind::Energy, if wrong("price-step-kwh") { Decimal::ONE } else { kilo }, wrong);
    let seconds = if wrong("price-step-minutes") { Decimal::from(60) } else { Decimal::from(3600) };
    let parked = lines.iter().any(|line| line.kind == Kind::Parking);
    if parked {
        round(lines, Kind::Parking, seconds, wrong);
    }
    if !parked || wrong("price-rounds-charging") {
        if wrong("price-counts-unpriced")
            && let Some(last) = lines.iter_mut().rev().find(|line| line.kind == Kind::Time)
        {
            last.quantity = last.quantity.plus(Span::exact(unpriced_hours));
        }
        round(lines, Kind::Time, seconds, wrong);
    }
    if !wrong("price-reservation-unrounded") {
        round(lines, Kind::Reservation, seconds, wrong);
    }
}

/// `units`: how many units of step_size there are in one unit of the quantity.
fn round(lines: &mut [Line], kind: Kind, units: Decimal, wrong: Wrong<'_>) {
    let mut of_kind: Vec<&mut Line> = lines.iter_mut().filter(|line| line.kind == kind).collect();
    if wrong("price-step-per-period") {
        for line in of_kind {
            line.quantity = rounded(line.quantity, line.step, units);
        }
        return;
    }
    let first_step = of_kind.first().map(|line| line.step);
    let total = of_kind.iter().fold(Span::default(), |sum, line| sum.plus(line.quantity));
    let at = if wrong("price-rounds-at-first-price") { 0 } else { of_kind.len().saturating_sub(1) };
    let others = of_kind.iter().enumerate().filter(|(index, _)| *index != at);
    let others = others.fold(Span::default(), |sum, (_, line)| sum.plus(line.quantity));
    if let Some(line) = of_kind.get_mut(at) {
        let step = first_step.filter(|_| wrong("price-first-step")).unwrap_or(line.step);
        line.quantity = rounded(total, step, units).minus(others);
    }
}

fn rounded(quantity: Span, step: Decimal, units: Decimal) -> Span {
    if step <= Decimal::ZERO {
        return quantity;
    }
    // A thousandth of a unit is below anything that is measured: it is what dividing left over.
    quantity.map(|value| ((value * units).round_dp(3) / step).ceil() * step / units)
}
