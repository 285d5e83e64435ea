//! The result in plain words.

use rust_decimal::Decimal;

use crate::Price;

use super::{Charge, Line, Priced, totals};

/// The bill in plain words: a sentence for each line item, then the price limit where one applied, then the total.
///
/// ```
/// # use ocpi_types::{pricing, Tariff, ChargingPeriod, parse, parse_date_time};
/// # let tariff = parse::<Tariff>(serde_json::json!({"country_code": "DE", "party_id": "ALL", "id": "P1", "currency": "EUR",
/// #   "elements": [{"price_components": [{"type": "PARKING_TIME", "price": 2, "vat": 20, "step_size": 900}]}],
/// #   "last_updated": "2026-01-01T00:00:00Z"})).value.unwrap();
/// # let period = parse::<ChargingPeriod>(serde_json::json!({"start_date_time": "2026-05-04T08:00:00Z", "tariff_id": "P1",
/// #   "dimensions": [{"type": "PARKING_TIME", "volume": 0.6667}]})).value.unwrap();
/// # let priced = pricing::price(&pricing::PricingInput { start: period.start_date_time,
/// #   end: parse_date_time("2026-05-04T08:40:00Z").unwrap().0, periods: &[period], tariffs: &[tariff],
/// #   time_zone: pricing::Tz::UTC, currency: None, reservation_expired: false, assume_only_tariff: false });
/// assert_eq!(pricing::explain(&priced), [
///     "Parking: 40 min, billed as 45 min (blocks of 15 min), at 2 per h = 1.5, with 20% VAT 1.8 (tariff P1, element 1)",
///     "Total: 1.5 EUR without VAT, 1.8 EUR with VAT",
/// ]);
/// ```
#[must_use]
pub fn explain(priced: &Priced) -> Vec<String> {
    let currency = priced.currency.as_deref().unwrap_or_default();
    let mut sentences: Vec<String> = priced.lines.iter().map(line).collect();
    if priced.lines.is_empty() {
        sentences.push("Nothing in this session has a price.".to_owned());
    }
    if priced.total != priced.unlimited {
        let before = amount(&priced.unlimited, currency);
        sentences.push(format!("The lines add up to {before}; the tariff's minimum or maximum price changes that."));
    }
    sentences.push(format!("Total: {}", amount(&priced.total, currency)));
    sentences
}

/// One line item as a sentence.
pub(super) fn line(line: &Line) -> String {
    let (what, unit) = match line.charge {
        Charge::Fixed => ("Fixed price", "session"),
        Charge::Energy => ("Energy", "kWh"),
        Charge::Time => ("Charging time", "h"),
        Charge::ParkingTime => ("Parking", "h"),
        Charge::ParkingFixed => ("Fixed price for parking", "session"),
        Charge::ReservationTime => ("Reservation", "h"),
        Charge::ReservationFixed => ("Fixed price for the reservation", "session"),
    };
    let price = line.unit_price.normalize();
    let cost = totals::round(line.cost_excl_vat);
    let vat = match line.vat {
        None => "no VAT".to_owned(),
        Some(vat) => format!("with {}% VAT {}", vat.normalize(), totals::round(line.cost_incl_vat)),
    };
    let place = format!("(tariff {}, element {})", line.tariff_id, line.element + 1);
    if unit == "session" {
        return format!("{what}: {cost}, {vat} {place}");
    }
    let rounded = if line.billed == line.quantity {
        String::new()
    } else {
        let block = Decimal::from(line.step_size) / if unit == "kWh" { Decimal::ONE_THOUSAND } else { Decimal::ONE };
        format!(", billed as {} (blocks of {})", quantity(line, line.billed), quantity(line, block))
    };
    format!("{what}: {}{rounded}, at {price} per {unit} = {cost}, {vat} {place}", quantity(line, line.quantity))
}

fn quantity(line: &Line, value: Decimal) -> String {
    if !line.charge.is_time() {
        return format!("{} kWh", value.round_dp(6).normalize());
    }
    let sixty = Decimal::from(60);
    let seconds = value.round_dp(3).normalize();
    let (minutes, rest) = ((seconds / sixty).trunc(), seconds % sixty);
    match (minutes.is_zero(), rest.is_zero()) {
        (_, true) => format!("{minutes} min"),
        (true, false) => format!("{rest} s"),
        (false, false) => format!("{minutes} min {rest} s"),
    }
}

fn amount(price: &Price, currency: &str) -> String {
    match price.incl_vat {
        Some(incl) => format!("{} {currency} without VAT, {incl} {currency} with VAT", price.excl_vat),
        None => format!("{} {currency}, no VAT", price.excl_vat),
    }
}
