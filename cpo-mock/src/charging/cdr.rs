//! From a finished Session to its CDR. Spec: mod_cdrs, "CDR Object".

use ocpi_types::pricing::{self, Charge as Charged, Priced, PricingInput, Tz};
use ocpi_types::{Cdr, CdrLocation, DateTime, Price, Session, Tariff};

use super::periods::{Meter, for_cdr};

/// What a Session costs up to `until`; `None` when no tariff applies. `expired`: it is a reservation to which nobody came.
#[must_use]
pub(super) fn price(session: &Session, tariffs: &[Tariff], zone: Tz, until: DateTime, expired: bool) -> Option<Priced> {
    if tariffs.is_empty() {
        return None;
    }
    let input = PricingInput::of_session(session, tariffs, zone, until);
    Some(pricing::price(&PricingInput { start: start(session), reservation_expired: expired, ..input }))
}

/// When the Session began, or the reservation before it. Spec: mod_cdrs, `start_date_time`.
fn start(session: &Session) -> DateTime {
    let first = session.charging_periods.first().map(|period| period.start_date_time);
    first.map_or(session.start_date_time, |first| first.min(session.start_date_time))
}

/// What a bill is written from.
pub(super) struct Bill<'a> {
    pub(super) session: &'a Session,
    pub(super) place: &'a CdrLocation,
    pub(super) tariffs: &'a [Tariff],
    pub(super) priced: Option<&'a Priced>,
    /// `None` when nobody has charged: for a reservation alone.
    pub(super) meter: Option<&'a Meter>,
    /// The driver is compensated for the energy by his employer. Spec: mod_cdrs, `home_charging_compensation`.
    pub(super) at_home: bool,
    pub(super) end: DateTime,
    pub(super) remark: &'a str,
    pub(super) now: DateTime,
}

/// The bill of a completed Session. Its totals are the sums of its periods, its costs those of the engine that also
/// priced the Session while it ran.
#[must_use]
pub(super) fn write(bill: &Bill<'_>) -> Cdr {
    let Bill { session, priced, .. } = bill;
    let parking = bill.meter.map(Meter::parking_hours).unwrap_or_default();
    let used =
        |tariff: &&Tariff| session.charging_periods.iter().any(|period| period.tariff_id.as_ref() == Some(&tariff.id));
    let part = |kinds: &[Charged], price: fn(&Priced) -> &Price| {
        priced
            .filter(|priced| priced.lines.iter().any(|line| kinds.contains(&line.charge)))
            .map(|priced| price(priced).clone())
    };
    Cdr {
        country_code: session.country_code.clone(),
        party_id: session.party_id.clone(),
        id: session.id.as_str().into(),
        start_date_time: start(session),
        end_date_time: bill.end,
        session_id: Some(session.id.clone()),
        cdr_token: session.cdr_token.clone(),
        auth_method: session.auth_method.clone(),
        authorization_reference: session.authorization_reference.clone(),
        cdr_location: bill.place.clone(),
        meter_id: session.meter_id.clone(),
        currency: session.currency.clone(),
        tariffs: bill.tariffs.iter().filter(used).cloned().collect(),
        charging_periods: session.charging_periods.iter().map(for_cdr).collect(),
        signed_data: None,
        total_cost: priced.map_or_else(nothing, |priced| priced.total.clone()),
        total_fixed_cost: part(&[Charged::Fixed], |priced| &priced.fixed),
        total_energy: bill.meter.map(Meter::kwh).unwrap_or_default(),
        total_energy_cost: part(&[Charged::Energy], |priced| &priced.energy),
        total_time: bill.meter.map(Meter::total_hours).unwrap_or_default(),
        total_time_cost: part(&[Charged::Time], |priced| &priced.time),
        total_parking_time: (!parking.is_zero()).then_some(parking),
        total_parking_cost: part(&[Charged::ParkingTime, Charged::ParkingFixed], |priced| &priced.parking),
        total_reservation_cost: part(&[Charged::ReservationTime, Charged::ReservationFixed], |priced| {
            &priced.reservation
        }),
        remark: Some(bill.remark.into()),
        invoice_reference_id: None,
        credit: None,
        credit_reference_id: None,
        home_charging_compensation: bill.at_home.then_some(true),
        last_updated: bill.now,
        extra: ocpi_types::Extra::default(),
    }
}

/// Free of charge.
pub(super) fn nothing() -> Price {
    Price { excl_vat: 0.into(), incl_vat: None, extra: ocpi_types::Extra::default() }
}
