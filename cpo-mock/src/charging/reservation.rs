//! What reservations do to Session, CDR and EVSE. Spec: mod_sessions, "Reservation".

use ocpi_party::DbError;
use ocpi_types::pricing::{self, Tz};
use ocpi_types::{CdrLocation, DateTime, Evse, Location, Session, SessionStatus, Tariff};
use serde::{Deserialize, Serialize};

use super::authorization::Authorization;
use super::boundaries::Boundaries;
use super::cdr::{self, Bill};
use super::charge::{self, snapshot};
use super::events::{Desk, default_wish};
use super::periods;
use crate::locations::store::later;
use crate::reservations::{Agreed, CanceledBy, Reservation, State, Terms, store};
use crate::station::ReservationEnd;
use crate::{cdrs, sessions, tariffs};

/// Not available: no EVSE or Connector is assigned yet. Spec: transport_and_format, "Not available".
const NOT_AVAILABLE: &str = "#NA";

/// The reservation from which a charge came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reserved {
    /// Since when.
    pub start: DateTime,
    /// What it costs.
    pub tariff: Option<Tariff>,
}

impl Reserved {
    /// The periods up to `until`, in which the EVSE was kept and not used.
    pub(super) fn periods(&self, until: DateTime, zone: Tz) -> Vec<ocpi_types::ChargingPeriod> {
        let boundaries = self.tariff.as_ref().map(Boundaries::of).unwrap_or_default();
        periods::reserved(self.start, until, &boundaries, zone, self.tariff.as_ref().map(|tariff| &tariff.id))
    }
}

impl Desk<'_> {
    /// A station keeps an EVSE, as a RESERVE_NOW has asked.
    pub(super) async fn reserved(&mut self, id: &str, until: DateTime) -> Result<(), DbError> {
        let Some(mut known) = store::load(self.tx, id).await? else {
            tracing::warn!(evse = %self.evse, reservation = id, "a station keeps an EVSE for somebody we do not know");
            return Ok(());
        };
        let expected = |terms: &Terms| terms.evse_uid == self.evse.evse_uid && terms.until == until;
        let is_open = known.state.is_open();
        let Some(terms) = known.asked.take_if(|terms| is_open && expected(terms)) else {
            if known.active().is_some_and(expected) {
                return Ok(());
            }
            // Nobody waits for this any more: the station was too slow.
            return store::release(self.tx, id, &self.evse.evse_uid.clone()).await;
        };
        if let Some(before) = known.active().filter(|before| before.evse_uid != terms.evse_uid) {
            store::release(self.tx, id, &before.evse_uid).await?;
        }
        let Some((location, evse)) = self.place().await? else { return Ok(()) };
        let place = place_of(&location, &evse, terms.any_evse);
        let session = if let Some(agreed) = &mut known.agreed {
            agreed.place = place.clone();
            sessions::store::load(self.tx, &self.evse.owner, id).await?
        } else {
            let tariff = match evse.connectors.first() {
                Some(connector) => {
                    let wish = default_wish(&terms.authorization, &evse);
                    tariffs::store::choose(self.tx, &self.evse.owner, connector, self.at, wish).await?
                }
                None => None,
            };
            let session = self.new_session(&terms.authorization, &place, tariff.as_ref());
            let time_zone = location.time_zone.as_str().to_owned();
            known.agreed = Some(Agreed { start: self.at, tariff, place: place.clone(), time_zone });
            Some(session)
        };
        known.state = State::Active;
        known.canceled_by = None;
        known.terms = Some(terms.clone());
        store::save(self.tx, &known).await?;
        let Some(mut session) = session else { return Ok(()) };
        session.status = SessionStatus::Reservation;
        assign(&mut session, &terms.authorization, &place);
        session.last_updated = later(self.now, session.last_updated);
        sessions::store::put(self.tx, &self.evse.owner, &session, &known.key.peer_id).await
    }

    /// A station keeps an EVSE no longer, and nobody came.
    pub(super) async fn reservation_ended(&mut self, id: &str, reason: ReservationEnd) -> Result<(), DbError> {
        let Some(mut known) = store::load(self.tx, id).await? else { return Ok(()) };
        // One that has been used, or is kept at another EVSE by now, did not end here.
        if known.active().is_none_or(|terms| terms.evse_uid != self.evse.evse_uid) {
            return Ok(());
        }
        let starting = charge::load_running(self.tx, id).await?;
        if starting.is_some_and(|charge| charge.place.evse_uid != self.evse.evse_uid) {
            known.lost = Some(reason);
            return store::save(self.tx, &known).await;
        }
        self.close(known, reason).await
    }

    /// The driver did not plug in after all. The EVSE is kept for him as before, where it still is.
    pub(super) async fn nobody_came(&mut self, id: &str) -> Result<(), DbError> {
        let known = store::load(self.tx, id).await?.filter(|known| known.active().is_some());
        match known.and_then(|known| known.lost.map(|reason| (known, reason))) {
            Some((known, reason)) => self.close(known, reason).await,
            None => Ok(()),
        }
    }

    async fn close(&mut self, mut known: Reservation, reason: ReservationEnd) -> Result<(), DbError> {
        let Some(agreed) = known.agreed.clone() else { return Ok(()) };
        let by = match reason {
            ReservationEnd::Expired => None,
            ReservationEnd::Cancelled => Some(known.canceled_by.unwrap_or(CanceledBy::Cpo)),
            ReservationEnd::Fault => Some(CanceledBy::Cpo),
        };
        known.state = if by.is_none() { State::Expired } else { State::Canceled };
        known.canceled_by = by;
        known.asked = None;
        // Nobody pays for the time in which he was waited for although his time was over.
        let until = known.terms.as_ref().map_or(self.at, |terms| terms.until);
        let end = self.at.min(until);
        known.ended_at = Some(end);
        store::save(self.tx, &known).await?;
        if by == Some(CanceledBy::Cpo) {
            store::notice_due(self.tx, &known.id).await?;
        }
        match sessions::store::load(self.tx, &self.evse.owner, &known.id).await? {
            Some(session) => self.close_unused(&known, agreed, session, (by, end)).await,
            None => Ok(()),
        }
    }

    /// Ends the Session of a reservation that was not used, and bills what that costs. What we have cancelled ourselves
    /// costs nothing.
    async fn close_unused(
        &mut self,
        known: &Reservation,
        agreed: Agreed,
        mut session: Session,
        (by, end): (Option<CanceledBy>, DateTime),
    ) -> Result<(), DbError> {
        let zone = pricing::time_zone(&agreed.time_zone).unwrap_or(Tz::UTC);
        let tariff = agreed.tariff.filter(|_| by != Some(CanceledBy::Cpo));
        let reserved = Reserved { start: agreed.start, tariff };
        session.status = SessionStatus::Completed;
        session.charging_periods = reserved.periods(end, zone);
        session.end_date_time = Some(end);
        session.last_updated = later(self.now, session.last_updated);
        let priced = cdr::price(&session, reserved.tariff.as_slice(), zone, end, by.is_none());
        let ours = by == Some(CanceledBy::Cpo);
        session.total_cost = priced.as_ref().map(|priced| priced.total.clone()).or_else(|| ours.then(cdr::nothing));
        let peer_id = &known.key.peer_id;
        sessions::store::put(self.tx, &self.evse.owner, &session, peer_id).await?;
        let Some(priced) = priced.filter(|priced| !priced.total.excl_vat.is_zero()) else { return Ok(()) };
        let bill = Bill {
            session: &session,
            place: &agreed.place,
            tariffs: reserved.tariff.as_slice(),
            priced: Some(&priced),
            meter: None,
            at_home: false,
            end,
            remark: if by.is_none() { "Reservation expired" } else { "Reservation cancelled" },
            now: self.now,
        };
        cdrs::store::add(self.tx, &self.evse.owner, &cdr::write(&bill), peer_id).await
    }

    /// The reservation that a charge with this name uses, and its Session.
    pub(super) async fn reservation(&mut self, id: &str) -> Result<Option<(Reservation, Session)>, DbError> {
        let known = store::load(self.tx, id).await?.filter(|known| known.active().is_some());
        let Some(known) = known else { return Ok(None) };
        let session = sessions::store::load(self.tx, &self.evse.owner, id).await?;
        Ok(session.map(|session| (known, session)))
    }

    /// The driver has plugged in: the reservation is used. An EVSE that was kept for him elsewhere is free again.
    pub(super) async fn use_reservation(&mut self, id: &str) -> Result<(), DbError> {
        let Some(mut known) = store::load(self.tx, id).await?.filter(|known| known.active().is_some()) else {
            return Ok(());
        };
        if let Some(kept) = known.active().filter(|terms| terms.evse_uid != self.evse.evse_uid) {
            store::release(self.tx, id, &kept.evse_uid).await?;
        }
        known.state = State::Used;
        known.asked = None;
        known.ended_at = Some(self.at);
        store::save(self.tx, &known).await
    }
}

/// Who charges, and where, as far as it is known: what was given last counts. Spec: mod_sessions, "Session Object".
pub(super) fn assign(session: &mut Session, authorization: &Authorization, place: &CdrLocation) {
    session.cdr_token = authorization.cdr_token.clone();
    session.auth_method = authorization.method.clone();
    if authorization.reference.is_some() {
        session.authorization_reference.clone_from(&authorization.reference);
    }
    session.evse_uid = place.evse_uid.clone();
    session.connector_id = place.connector_id.clone();
}

/// The place of a reservation. A connector is not reserved; where the EVSE has but one it is that.
fn place_of(location: &Location, evse: &Evse, any_evse: bool) -> CdrLocation {
    let mut place = snapshot(location, evse, evse.connectors.first());
    if any_evse {
        place.evse_uid = NOT_AVAILABLE.into();
        place.evse_id = NOT_AVAILABLE.into();
    }
    if any_evse || evse.connectors.len() != 1 {
        place.connector_id = NOT_AVAILABLE.into();
    }
    place
}
