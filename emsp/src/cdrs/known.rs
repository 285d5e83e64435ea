//! Gathers what a CDR is held against.

use ocpi_http::OcpiError;
use ocpi_types::{Cdr, ChargingPeriod, CiString, PartyId, Role, Tariff};

use super::check::{Known, Reference};
use super::check_reservation::{self, KnownReservation};
use super::store;
use crate::commands::reservation::{CanceledBy, Reservation};
use crate::{App, commands, locations, sessions, tariffs, tokens};

/// Everything we know that concerns this CDR.
pub async fn gather(app: &App, owner: &PartyId, cdr: &Cdr) -> Result<Known, OcpiError> {
    let db = &app.party.db;
    let own_parties = app.own_parties(&Role::Emsp).await;
    let token_owner = PartyId::new(cdr.cdr_token.country_code.clone(), cdr.cdr_token.party_id.clone());
    let token_id = tokens::token_id(&cdr.cdr_token.uid, &cdr.cdr_token.token_type);
    let token = tokens::store::get(db, &token_owner, &token_id).await?.map(|own| own.token);
    let reference = match &cdr.authorization_reference {
        None => Reference::None,
        Some(reference) => tokens::store::token_of_reference(db, reference.as_str())
            .await?
            .map_or(Reference::Unknown, Reference::GivenFor),
    };
    let session = match &cdr.session_id {
        Some(id) => sessions::store::find(db, owner, id.as_str()).await?,
        None => None,
    };
    let credited = match &cdr.credit_reference_id {
        Some(id) => store::find(db, owner, id.as_str()).await?,
        None => None,
    };
    Ok(Known {
        own_parties,
        token,
        reference,
        session,
        tariffs: missing_tariffs(app, owner, &cdr.charging_periods, &cdr.tariffs).await?,
        location: locations::store::find(db, owner, cdr.cdr_location.id.as_str()).await?,
        credited,
        reservation: reservation(app, owner, cdr).await?,
        now: app.party.clock.now(),
    })
}

/// The reservation that a CDR bills.
async fn reservation(app: &App, owner: &PartyId, cdr: &Cdr) -> Result<Option<KnownReservation>, OcpiError> {
    if check_reservation::reserved_hours(cdr).is_none() {
        return Ok(None);
    }
    let db = &app.party.db;
    let session_id = cdr.session_id.as_ref().map(CiString::as_str);
    let reference = cdr.authorization_reference.as_ref().map(CiString::as_str);
    let id = commands::store::reservation_of(db, owner, session_id, reference).await?.unwrap_or_default();
    let commands = commands::store::of_reservation(db, &id).await?;
    let Some(known) = Reservation::load(app, &commands).await? else { return Ok(None) };
    let expired = match known.canceled_by {
        Some(_) => Some(false),
        // It ended when it was to end; nobody has cancelled it, or is about to.
        None => (!known.cancel_pending && cdr.end_date_time >= known.expires_at).then_some(true),
    };
    let canceled_by_cpo = known.canceled_by == Some(CanceledBy::Cpo);
    Ok(Some(KnownReservation { until: known.expires_at, expired, canceled_by_cpo }))
}

/// The tariffs that periods name and that are not among those `at_hand`.
pub async fn missing_tariffs(
    app: &App,
    owner: &PartyId,
    periods: &[ChargingPeriod],
    at_hand: &[Tariff],
) -> Result<Vec<Tariff>, OcpiError> {
    let mut wanted: Vec<&CiString<36>> = Vec::new();
    for id in periods.iter().filter_map(|period| period.tariff_id.as_ref()) {
        if !at_hand.iter().any(|tariff| tariff.id == *id) && !wanted.contains(&id) {
            wanted.push(id);
        }
    }
    let mut found = Vec::new();
    for id in wanted {
        found.extend(tariffs::store::find(&app.party.db, owner, id).await?);
    }
    Ok(found)
}
