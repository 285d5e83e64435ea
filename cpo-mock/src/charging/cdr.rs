//! From a finished Session to its CDR. Spec: mod_cdrs, "CDR Object".

use ocpi_types::pricing::{self, Charge as Charged, Priced, PricingInput};
use ocpi_types::{Cdr, CiString, DateTime, Price, Session, Tariff};

use super::charge::Charge;
use super::periods::{Meter, for_cdr};
use crate::station::EndReason;

/// What a Session costs up to `until`; `None` when no tariff applies.
#[must_use]
pub(super) fn price(charge: &Charge, session: &Session, until: DateTime) -> Option<Priced> {
    charge.tariff.as_ref()?;
    Some(pricing::price(&PricingInput::of_session(session, &charge.tariffs(), charge.zone(), until)))
}

/// The bill of a completed Session. Its totals are the sums of its periods, its costs those of the engine that also
/// priced the Session while it ran.
#[must_use]
pub(super) fn write(
    charge: &Charge,
    meter: &Meter,
    session: &Session,
    end: DateTime,
    reason: EndReason,
    now: DateTime,
) -> Cdr {
    let priced = price(charge, session, end);
    let parking = meter.parking_hours();
    let used =
        |tariff: &Tariff| session.charging_periods.iter().any(|period| period.tariff_id.as_ref() == Some(&tariff.id));
    let part = |kinds: &[Charged], price: fn(&Priced) -> &Price| {
        priced
            .as_ref()
            .filter(|priced| priced.lines.iter().any(|line| kinds.contains(&line.charge)))
            .map(|priced| price(priced).clone())
    };
    Cdr {
        country_code: session.country_code.clone(),
        party_id: session.party_id.clone(),
        id: CiString::from(charge.authorization.id.as_str()),
        start_date_time: session.start_date_time,
        end_date_time: end,
        session_id: Some(session.id.clone()),
        cdr_token: session.cdr_token.clone(),
        auth_method: session.auth_method.clone(),
        authorization_reference: session.authorization_reference.clone(),
        cdr_location: charge.place.clone(),
        meter_id: session.meter_id.clone(),
        currency: session.currency.clone(),
        tariffs: charge.tariffs().into_iter().filter(used).collect(),
        charging_periods: session.charging_periods.iter().map(for_cdr).collect(),
        signed_data: None,
        total_cost: priced.as_ref().map_or_else(nothing, |priced| priced.total.clone()),
        total_fixed_cost: part(&[Charged::Fixed], |priced| &priced.fixed),
        total_energy: meter.kwh(),
        total_energy_cost: part(&[Charged::Energy], |priced| &priced.energy),
        total_time: meter.total_hours(),
        total_time_cost: part(&[Charged::Time], |priced| &priced.time),
        total_parking_time: (!parking.is_zero()).then_some(parking),
        total_parking_cost: part(&[Charged::ParkingTime, Charged::ParkingFixed], |priced| &priced.parking),
        total_reservation_cost: None,
        remark: Some(reason.text().into()),
        invoice_reference_id: None,
        credit: None,
        credit_reference_id: None,
        home_charging_compensation: charge.at_home.then_some(true),
        last_updated: now,
        extra: ocpi_types::Extra::default(),
    }
}

fn nothing() -> Price {
    Price { excl_vat: 0.into(), incl_vat: None, extra: ocpi_types::Extra::default() }
}
