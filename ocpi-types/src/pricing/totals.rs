//! Costs of the lines, subtotals, and the limits `min_price` and `max_price`.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::{Extra, Price, Tariff};

use super::{Charge, Doubt, Line, PricingFinding};

/// Seconds in an hour, to which time prices refer.
const HOUR: i64 = 3600;

/// An exact amount.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Amount {
    pub excl: Decimal,
    /// `None` where no VAT applies to anything.
    pub incl: Option<Decimal>,
}

/// Fills in what each line costs, now that its quantity is final.
pub(super) fn cost(lines: &mut [Line]) {
    for line in lines {
        line.quantity = line.quantity.normalize();
        line.billed = line.billed.normalize();
        let amount = line.billed * line.unit_price;
        line.cost_excl_vat = if line.charge.is_time() { amount / Decimal::from(HOUR) } else { amount };
        let vat = line.vat.unwrap_or_default();
        line.cost_incl_vat = line.cost_excl_vat * (Decimal::ONE_HUNDRED + vat) / Decimal::ONE_HUNDRED;
    }
}

/// The sum of the lines of these kinds.
pub(super) fn sum(lines: &[Line], charges: &[Charge], vat_applies: bool) -> Amount {
    let chosen = || lines.iter().filter(|line| charges.contains(&line.charge));
    Amount {
        excl: chosen().map(|line| line.cost_excl_vat).sum(),
        incl: vat_applies.then(|| chosen().map(|line| line.cost_incl_vat).sum()),
    }
}

/// Keeps the total within the limits of the tariffs that were used, with and without VAT separately.
///
/// With several tariffs all limits hold. A limit without `incl_vat` leaves the amount with VAT as it is. Where a minimum
/// is above a maximum the maximum wins. An unused reservation is no charging session and owes no minimum.
pub(super) fn limit(
    mut amount: Amount,
    tariffs: &[&Tariff],
    charged: bool,
    findings: &mut Vec<PricingFinding>,
) -> Amount {
    let minimums = tariffs.iter().filter_map(|tariff| tariff.min_price.as_ref()).filter(|_| charged);
    let maximums = tariffs.iter().filter_map(|tariff| tariff.max_price.as_ref());
    let lowest = |part: fn(&Price) -> Option<Decimal>| minimums.clone().filter_map(part).max();
    let highest = |part: fn(&Price) -> Option<Decimal>| maximums.clone().filter_map(part).min();
    let excl = (lowest(|price| Some(price.excl_vat)), highest(|price| Some(price.excl_vat)));
    let incl = (lowest(|price| price.incl_vat), highest(|price| price.incl_vat));
    for ((min, max), what) in [(excl, "excluding"), (incl, "including")] {
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            tell(findings, format!("min_price {what} VAT ({min}) is above max_price ({max}); the maximum holds"));
        }
    }
    let without = clamp(amount.excl, excl);
    let with = clamp(amount.incl.unwrap_or(amount.excl), incl);
    if without != amount.excl && amount.incl.is_some() && incl == (None, None) {
        tell(
            findings,
            "a price limit does not say what it is including VAT; only the amount without is limited".into(),
        );
    }
    // An amount without any VAT gets one with VAT only if a limit says so.
    if amount.incl.is_some() || with != amount.excl {
        amount.incl = Some(with);
    }
    amount.excl = without;
    amount
}

fn clamp(value: Decimal, (min, max): (Option<Decimal>, Option<Decimal>)) -> Decimal {
    let value = min.map_or(value, |min| value.max(min));
    max.map_or(value, |max| value.min(max))
}

fn tell(findings: &mut Vec<PricingFinding>, message: String) {
    findings.push(PricingFinding { doubt: Doubt::OddLimits, period: None, tariff_id: None, message });
}

impl Amount {
    /// Rounded to the four decimals of an OCPI number, half away from zero.
    pub(super) fn rounded(self) -> Price {
        Price { excl_vat: round(self.excl), incl_vat: self.incl.map(round), extra: Extra::default() }
    }
}

/// An amount of money as OCPI can carry it.
pub(super) fn round(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero).normalize()
}
