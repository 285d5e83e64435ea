//! Taking a CDR back, and replacing it. Spec: mod_cdrs, "Credit CDRs": a CDR that was sent never changes; a Credit CDR takes
//! back what it charged, and a new CDR may follow.

use ocpi_types::pricing::{self, Charge, Priced, PricingInput, Tz};
use ocpi_types::{Cdr, DateTime, Decimal, Price, Report, format_date_time, parse};
use serde_json::{Map, Value};

/// Fields that a correction cannot choose: they follow from the CDR that is corrected, and from the time.
pub const OURS: [&str; 6] = ["country_code", "party_id", "id", "credit", "credit_reference_id", "last_updated"];

/// The id of the Credit CDR of a CDR. Only the ids of Credit CDRs may have more than 36 characters.
#[must_use]
pub fn credit_id(cdr: &Cdr) -> String {
    format!("{}-C", cdr.id)
}

/// The CDR that takes `cdr` back: the same but for `total_cost`, which is negated.
#[must_use]
pub fn credit(cdr: &Cdr, now: DateTime) -> Cdr {
    Cdr {
        id: credit_id(cdr).into(),
        credit: Some(true),
        credit_reference_id: Some(cdr.id.clone()),
        total_cost: negated(&cdr.total_cost),
        last_updated: now,
        ..cdr.clone()
    }
}

fn negated(price: &Price) -> Price {
    Price {
        excl_vat: Decimal::ZERO - price.excl_vat,
        incl_vat: price.incl_vat.map(|incl| Decimal::ZERO - incl),
        extra: price.extra.clone(),
    }
}

/// The CDR that stands in place of `cdr`: with `fields` in place of its own, `null` for those that fall away, and with the
/// totals that follow, except for totals that `fields` gives.
pub fn corrected(cdr: &Cdr, fields: &Map<String, Value>, id: &str, zone: Tz, now: DateTime) -> Result<Cdr, Report> {
    let Ok(Value::Object(mut merged)) = serde_json::to_value(cdr) else { return Err(Report::default()) };
    for (name, value) in fields {
        match value {
            Value::Null => merged.shift_remove(name),
            value => merged.insert(name.clone(), value.clone()),
        };
    }
    merged.insert("id".to_owned(), id.into());
    merged.insert("last_updated".to_owned(), format_date_time(&now).into());
    let parsed = parse::<Cdr>(Value::Object(merged));
    let Some(mut new) = parsed.value else { return Err(parsed.report) };
    let priced = pricing::price(&PricingInput {
        reservation_expired: reservation_expired(cdr, zone),
        ..PricingInput::of_cdr(&new, zone)
    });
    fill_in(&mut new, &priced, |field| fields.contains_key(field));
    // What was wrong may have come right with the totals, and the other way round.
    let report = parse::<Cdr>(serde_json::to_value(&new).unwrap_or_default()).report;
    if report.is_clean() { Ok(new) } else { Err(report) }
}

/// A CDR does not say that its reservation ran out unused; its costs do.
fn reservation_expired(cdr: &Cdr, zone: Tz) -> bool {
    let as_used = pricing::audit_priced(cdr, &pricing::price(&PricingInput::of_cdr(cdr, zone)));
    !as_used.is_empty() && pricing::audit(cdr, &cdr.tariffs, zone).len() < as_used.len()
}

fn fill_in(cdr: &mut Cdr, priced: &Priced, given: impl Fn(&str) -> bool) {
    let part = |kinds: &[Charge], price: &Price| {
        priced.lines.iter().any(|line| kinds.contains(&line.charge)).then(|| price.clone())
    };
    let parking = pricing::hours(priced.measured.parking_time);
    if given("charging_periods") || given("start_date_time") || given("end_date_time") {
        if !given("total_energy") {
            cdr.total_energy = priced.measured.energy;
        }
        if !given("total_time") {
            cdr.total_time = pricing::hours(priced.duration);
        }
        if !given("total_parking_time") {
            cdr.total_parking_time = (!parking.is_zero()).then_some(parking);
        }
    }
    if !given("total_cost") {
        cdr.total_cost = priced.total.clone();
    }
    if !given("total_fixed_cost") {
        cdr.total_fixed_cost = part(&[Charge::Fixed], &priced.fixed);
    }
    if !given("total_energy_cost") {
        cdr.total_energy_cost = part(&[Charge::Energy], &priced.energy);
    }
    if !given("total_time_cost") {
        cdr.total_time_cost = part(&[Charge::Time], &priced.time);
    }
    if !given("total_parking_cost") {
        cdr.total_parking_cost = part(&[Charge::ParkingTime, Charge::ParkingFixed], &priced.parking);
    }
    if !given("total_reservation_cost") {
        cdr.total_reservation_cost = part(&[Charge::ReservationTime, Charge::ReservationFixed], &priced.reservation);
    }
}

/// What a partner has under the URL that it gave us, compared with what we sent: the JSON Pointers that differ.
#[must_use]
pub fn differences(sent: &Cdr, theirs: &Cdr) -> Vec<String> {
    let (Ok(Value::Object(sent)), Ok(Value::Object(theirs))) =
        (serde_json::to_value(sent), serde_json::to_value(theirs))
    else {
        return vec![String::new()];
    };
    let names = sent.keys().chain(theirs.keys().filter(|name| !sent.contains_key(*name)));
    names.filter(|name| sent.get(*name) != theirs.get(*name)).map(|name| format!("/{name}")).collect()
}
