//! Rounds the session's quantities up to blocks of `step_size`, once. Spec: mod_cdrs, "step_size".

use rust_decimal::Decimal;

use super::{Charge, Line};

/// Rounds energy once; the time once, whether it was spent charging or parking; and the reservation once.
///
/// `latest` lists the lines in the order in which consumption came in, `last_tariff` is the one in force at the end.
/// Only what has a price takes part: free energy and time stay out of the total.
pub(super) fn apply(lines: &mut [Line], latest: &[usize], tariff_of: &[usize], last_tariff: Option<usize>) {
    // Charging time that is followed, or interrupted, by priced parking stays as it is; only parking is rounded then.
    let time =
        if lines.iter().any(|line| line.charge == Charge::ParkingTime) { Charge::ParkingTime } else { Charge::Time };
    for charge in [Charge::Energy, time, Charge::ReservationTime] {
        let Some(&last) = latest.iter().rfind(|&&index| lines[index].charge == charge) else { continue };
        // What ended with a change of tariff is not rounded.
        if Some(tariff_of[last]) != last_tariff && charge != Charge::ReservationTime {
            continue;
        }
        let total: Decimal = lines.iter().filter(|line| line.charge == charge).map(|line| line.quantity).sum();
        let step = step(&lines[last]);
        lines[last].billed += added(total, step);
    }
}

/// The `step_size` of a line in the unit of its quantity.
fn step(line: &Line) -> Decimal {
    if line.charge == Charge::Energy { Decimal::new(line.step_size, 3) } else { Decimal::from(line.step_size) }
}

/// What is missing to the next multiple of `step`; nothing for an exact multiple, and nothing without a step.
fn added(total: Decimal, step: Decimal) -> Decimal {
    // Dividing a period evenly can leave a trace in the last of 28 digits, which must not cost a whole step.
    let total_for_steps = total.round_dp(9);
    if step <= Decimal::ZERO || total_for_steps <= Decimal::ZERO {
        return Decimal::ZERO;
    }
    (total_for_steps / step).round_dp(15).ceil() * step - total
}
