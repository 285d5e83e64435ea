//! RESERVE_NOW and CANCEL_RESERVATION. Spec: mod_commands, "ReserveNow Object", "CancelReservation Object".
//!
//! The id of a reservation is ours and cannot be guessed. Sent again with the same id, RESERVE_NOW changes the reservation.

use chrono::TimeDelta;
use ocpi_types::{CancelReservation, Capability, CommandType, ReserveNow};

use super::issue::{self, Command, NotSent};
use super::order::{CancelOrder, ReserveOrder};
use super::reservation::{Reservation, ReservationState};
use super::store;
use crate::tokens::sender::new_reference;
use crate::{App, locations, tokens};

/// How long an EVSE is reserved when the order does not say.
const USUAL_TIME: TimeDelta = TimeDelta::minutes(30);

/// Reserves an EVSE for one of our drivers, or changes a reservation. The answer is the command's id.
pub async fn reserve(app: &App, order: &ReserveOrder) -> Result<String, NotSent> {
    let receiver = issue::receiver(app, &order.party).await?;
    let location = issue::location(app, receiver.party(), &order.location_id).await?;
    let evse = order.evse_uid.as_deref();
    issue::check_place(&location, evse, None, false)?;
    let reservable = |uid: &str| {
        let evse = locations::tree::evse(&location, uid).ok();
        evse.is_some_and(|evse| evse.capabilities.contains(&Capability::Reservable))
    };
    if let Some(uid) = evse.filter(|uid| !reservable(uid)) {
        return Err(NotSent::Refused(format!("EVSE {uid} cannot be reserved: it does not list RESERVABLE")));
    }
    let now = app.party.clock.now();
    let expiry_date = order.expiry_date.unwrap_or(now + USUAL_TIME);
    if expiry_date <= now {
        return Err(NotSent::Refused("expiry_date has passed".to_owned()));
    }
    let id = issue::new_id();
    let reservation_id = match &order.reservation_id {
        Some(known) => changed(app, known, order).await?,
        None => issue::new_id(),
    };
    let own = issue::token(app, &order.token_uid, order.token_type.as_deref(), order.brand.as_deref()).await?;
    issue::check_token(app, &own, receiver.party(), &order.location_id, evse)?;
    let reference = new_reference();
    // Not by the builder: a token in our books may look odd, and is sent all the same.
    let request = ReserveNow {
        response_url: issue::response_url(app, &CommandType::ReserveNow, &id)?.into(),
        token: own.token.clone(),
        expiry_date,
        reservation_id: reservation_id.as_str().into(),
        location_id: location.id.clone(),
        evse_uid: evse.map(Into::into),
        authorization_reference: Some(reference.as_str().into()),
        extra: ocpi_types::Extra::default(),
    };
    let command = Command {
        id,
        kind: CommandType::ReserveNow,
        body: receiver.target(app, &own.owner()).body(&request),
        sender: own.owner(),
        token_id: tokens::token_id(&own.token.uid, &own.token.token_type),
        reference,
        session_id: String::new(),
        reservation_id,
    };
    issue::send(app, receiver, command).await
}

/// The reservation that an order changes: it must be at the same Location, and not have ended.
async fn changed(app: &App, reservation_id: &str, order: &ReserveOrder) -> Result<String, NotSent> {
    let known = find(app, reservation_id).await?;
    if known.location_id != *order.location_id || !known.party.eq_ignore_ascii_case(&order.party) {
        return Err(NotSent::Refused("a reservation can only be changed at its own location".to_owned()));
    }
    if !may_change(known.state) {
        return Err(NotSent::Refused(format!("the reservation is {}: make a new one", known.state.as_str())));
    }
    Ok(known.reservation_id)
}

/// Gives a reservation up. The answer is the command's id.
pub async fn cancel(app: &App, order: &CancelOrder) -> Result<String, NotSent> {
    let known = find(app, &order.reservation_id).await?;
    if !may_change(known.state) {
        return Err(NotSent::Refused(format!("the reservation is {} already", known.state.as_str())));
    }
    let receiver = issue::receiver(app, &known.party).await?;
    let id = issue::new_id();
    let request = CancelReservation::builder()
        .response_url(issue::response_url(app, &CommandType::CancelReservation, &id)?)
        .reservation_id(known.reservation_id.as_str())
        .build()
        .map_err(|report| issue::impossible(&report))?;
    let command = Command {
        id,
        kind: CommandType::CancelReservation,
        body: receiver.target(app, &known.sender).body(&request),
        sender: known.sender,
        token_id: String::new(),
        reference: String::new(),
        session_id: known.session_id.unwrap_or_default(),
        reservation_id: known.reservation_id,
    };
    issue::send(app, receiver, command).await
}

async fn find(app: &App, reservation_id: &str) -> Result<Reservation, NotSent> {
    let commands = store::of_reservation(&app.party.db, reservation_id).await?;
    let known = Reservation::load(app, &commands).await?;
    known.ok_or_else(|| NotSent::Unknown(format!("no reservation {reservation_id:?}")))
}

/// Whether the CPO may still hold it.
fn may_change(state: ReservationState) -> bool {
    matches!(state, ReservationState::Requested | ReservationState::Active | ReservationState::Unknown)
}
