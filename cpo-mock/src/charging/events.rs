//! What each kind of event does to Session, CDR and EVSE.

use ocpi_party::{DbError, Tx};
use ocpi_types::{
    Capability, CdrLocation, CiString, Connector, DateTime, Evse, Location, ProfileType, Session, SessionStatus,
    Status, Tariff,
};

use super::authorization::{self, Authorization};
use super::boundaries::Boundaries;
use super::cdr::{self, Bill};
use super::charge::snapshot;
use super::charge::{self, Charge};
use super::home;
use super::periods::Meter;
use super::reservation::{self, Reserved};
use crate::locations::store::later;
use crate::station::{Authorized, EndReason, EventKind, EvseKey, EvseState, LimitCause, Origin, Reading};
use crate::{cdrs, charging_profiles, locations, sessions, tariffs};

/// One event on its way into the database.
pub(super) struct Desk<'t> {
    pub(super) tx: &'t mut Tx,
    pub(super) evse: EvseKey,
    /// When it happened.
    pub(super) at: DateTime,
    /// When we take note of it; later than `at` when the platform was down.
    pub(super) now: DateTime,
    pub(super) currency: String,
}

impl Desk<'_> {
    pub(super) async fn take(&mut self, event: EventKind) -> Result<(), DbError> {
        match event {
            EventKind::Status { state } => self.status(state).await,
            EventKind::Begun { authorized, connector_id, reading } => {
                self.begun(&authorized, connector_id.as_deref(), reading).await
            }
            EventKind::PluggedIn { transaction_id, connector_id, reading } => {
                self.plugged_in(&transaction_id, &connector_id, reading).await
            }
            EventKind::Meter { transaction_id, reading } => self.meter(&transaction_id, reading).await,
            EventKind::Limits { transaction_id, reading, cause } => self.limits(&transaction_id, reading, cause).await,
            EventKind::Ended { transaction_id, reading, reason } => self.ended(&transaction_id, reading, reason).await,
            EventKind::Reserved { reservation_id, until } => self.reserved(&reservation_id, until).await,
            EventKind::ReservationEnded { reservation_id, reason } => {
                self.reservation_ended(&reservation_id, reason).await
            }
        }
    }

    async fn status(&mut self, state: EvseState) -> Result<(), DbError> {
        let status = match state {
            EvseState::Available => Status::Available,
            EvseState::InUse => Status::Charging,
            EvseState::Reserved => Status::Reserved,
            EvseState::Faulted => Status::Outoforder,
        };
        locations::store::set_status(self.tx, &self.evse, status, self.now).await?;
        Ok(())
    }

    async fn begun(
        &mut self,
        authorized: &Authorized,
        connector_id: Option<&str>,
        reading: Reading,
    ) -> Result<(), DbError> {
        let Some(authorization) = authorization::load(self.tx, &authorized.id).await? else {
            tracing::warn!(evse = %self.evse, transaction = authorized.id, "a station charges for somebody we do not know");
            return Ok(());
        };
        let Some((location, evse)) = self.place().await? else { return Ok(()) };
        let connector = connector_of(&evse, connector_id);
        let tariff = match connector {
            Some(connector) => {
                let wish = default_wish(&authorization, &evse);
                tariffs::store::choose(self.tx, &self.evse.owner, connector, self.at, wish).await?
            }
            None => None,
        };
        let at_home = home::is_at_home(self.tx, &self.evse, &authorization.cdr_token.contract_id).await?;
        let mut charge = Charge {
            at_home,
            authorization,
            tariff,
            earlier: Vec::new(),
            place: snapshot(&location, &evse, connector),
            time_zone: location.time_zone.as_str().to_owned(),
            meter: None,
            reserved: None,
        };
        let mut session = match self.reservation(&authorized.id).await? {
            None => self.new_session(&charge.authorization, &charge.place, charge.tariff.as_ref()),
            Some((known, mut session)) => {
                charge.reserved = known.agreed.map(|agreed| Reserved { start: agreed.start, tariff: agreed.tariff });
                reservation::assign(&mut session, &charge.authorization, &charge.place);
                session.last_updated = later(self.now, session.last_updated);
                session
            }
        };
        if connector_id.is_some() {
            self.activate(&mut charge, &mut session, reading).await?;
        }
        self.save(&charge, &session, true).await
    }

    async fn plugged_in(&mut self, id: &str, connector_id: &str, reading: Reading) -> Result<(), DbError> {
        let Some((mut charge, mut session)) = self.running(id).await? else { return Ok(()) };
        if let Some((location, evse)) = self.place().await?
            && let Some(connector) = connector_of(&evse, Some(connector_id))
        {
            charge.place = snapshot(&location, &evse, Some(connector));
            let wish = default_wish(&charge.authorization, &evse);
            charge.tariff = tariffs::store::choose(self.tx, &self.evse.owner, connector, self.at, wish).await?;
            session.connector_id = connector.id.clone();
        }
        self.activate(&mut charge, &mut session, reading).await?;
        self.save(&charge, &session, true).await
    }

    async fn meter(&mut self, id: &str, reading: Reading) -> Result<(), DbError> {
        let Some((mut charge, mut session)) = self.running(id).await? else { return Ok(()) };
        self.count(&mut charge, &mut session, reading);
        self.save(&charge, &session, true).await
    }

    /// Another power flows from now on, and perhaps at another price. Who has set a profile hears of what others have changed.
    async fn limits(&mut self, id: &str, reading: Reading, cause: LimitCause) -> Result<(), DbError> {
        let Some((mut charge, mut session)) = self.running(id).await? else { return Ok(()) };
        self.count(&mut charge, &mut session, reading);
        if let LimitCause::Request { origin: Origin::Preferences, request } = &cause {
            self.switch_tariff(&mut charge, &session, request).await?;
        }
        self.save(&charge, &session, true).await?;
        if matches!(cause, LimitCause::Request { origin: Origin::Partner, .. }) {
            return Ok(());
        }
        charging_profiles::store::mark_followers(self.tx, &self.evse.owner, id).await
    }

    /// The tariff that goes with the preferences which the station has just taken over.
    async fn switch_tariff(&mut self, charge: &mut Charge, session: &Session, request: &str) -> Result<(), DbError> {
        let id = session.id.as_str();
        let Some(wish) = sessions::store::preferences(self.tx, &self.evse.owner, id, request).await? else {
            return Ok(());
        };
        let Some((_, evse)) = self.place().await? else { return Ok(()) };
        let Some(connector) = connector_of(&evse, Some(session.connector_id.as_str())) else { return Ok(()) };
        let start = session.start_date_time;
        let owner = self.evse.owner.clone();
        let tariff = tariffs::store::choose(self.tx, &owner, connector, start, Some(&wish.profile_type)).await?;
        if let Some(tariff) = tariff.filter(|tariff| tariff.currency == session.currency) {
            charge.switch_to(tariff);
        }
        Ok(())
    }

    async fn ended(&mut self, id: &str, reading: Reading, reason: EndReason) -> Result<(), DbError> {
        let Some((mut charge, mut session)) = self.running(id).await? else { return Ok(()) };
        self.count(&mut charge, &mut session, reading);
        let Some(meter) = charge.meter.clone() else {
            if charge.reserved.is_some() {
                // The EVSE is kept for the driver all the same, until the reservation ends.
                self.save(&charge, &session, false).await?;
                return Box::pin(self.nobody_came(id)).await;
            }
            // Nothing was ever plugged in: there is nothing to bill.
            session.end_date_time = Some(self.at);
            session.status = SessionStatus::Invalid;
            session.last_updated = later(self.now, session.last_updated);
            return self.save(&charge, &session, false).await;
        };
        session.status = SessionStatus::Completed;
        session.end_date_time = Some(self.at);
        if session.charging_periods.is_empty() {
            session.charging_periods = meter.nothing(charge.tariff.as_ref().map(|tariff| &tariff.id));
        }
        let (tariffs, priced) = (charge.tariffs(), charge.price(&session, self.at));
        let cdr = cdr::write(&Bill {
            session: &session,
            place: &charge.place,
            tariffs: &tariffs,
            priced: priced.as_ref(),
            meter: Some(&meter),
            at_home: charge.at_home,
            end: self.at,
            remark: reason.text(),
            now: self.now,
        });
        session.total_cost = Some(cdr.total_cost.clone());
        self.save(&charge, &session, false).await?;
        cdrs::store::add(self.tx, &self.evse.owner, &cdr, &charge.authorization.peer_id).await
    }

    /// Adds what was used up to this event.
    fn count(&self, charge: &mut Charge, session: &mut Session, reading: Reading) {
        let zone = charge.zone();
        let boundaries = charge.tariff.as_ref().map(Boundaries::of).unwrap_or_default();
        let tariff_id = charge.tariff.as_ref().map(|tariff| tariff.id.clone());
        let Some(meter) = &mut charge.meter else { return };
        session.charging_periods.extend(meter.read(self.at, reading, &boundaries, zone, tariff_id.as_ref()));
        session.kwh = meter.kwh();
        let until = meter.read_at();
        session.total_cost = charge.price(session, until).map(|priced| priced.total);
        session.last_updated = later(self.now, session.last_updated);
    }

    async fn activate(&mut self, charge: &mut Charge, session: &mut Session, reading: Reading) -> Result<(), DbError> {
        if let Some(reserved) = charge.reserved.clone() {
            // The tariff of the start counts, also where it has changed since.
            match reserved.tariff.clone() {
                Some(before) if charge.is_under(&before.id) => charge.tariff = Some(before),
                before => charge.earlier.extend(before),
            }
            if self.at > reserved.start {
                session.charging_periods = reserved.periods(self.at, charge.zone());
            }
            self.use_reservation(&charge.authorization.id).await?;
        }
        session.status = SessionStatus::Active;
        session.start_date_time = self.at;
        session.connector_id = charge.place.connector_id.clone();
        if let Some(tariff) = &charge.tariff {
            session.currency = tariff.currency.clone();
        }
        charge.meter = Some(Meter::start(self.at, reading));
        session.total_cost = charge.price(session, self.at).map(|priced| priced.total);
        session.last_updated = later(self.now, session.last_updated);
        Ok(())
    }

    /// The Session of somebody for whom no vehicle is plugged in yet.
    pub(super) fn new_session(
        &self,
        authorization: &Authorization,
        place: &CdrLocation,
        tariff: Option<&Tariff>,
    ) -> Session {
        let currency = tariff.map_or(self.currency.as_str(), |tariff| tariff.currency.as_str());
        Session {
            country_code: self.evse.owner.country_code.clone(),
            party_id: self.evse.owner.party_id.clone(),
            id: CiString::from(authorization.id.as_str()),
            start_date_time: self.at,
            end_date_time: None,
            kwh: 0.into(),
            cdr_token: authorization.cdr_token.clone(),
            auth_method: authorization.method.clone(),
            authorization_reference: authorization.reference.clone(),
            location_id: place.id.clone(),
            evse_uid: place.evse_uid.clone(),
            connector_id: place.connector_id.clone(),
            meter_id: None,
            currency: currency.into(),
            charging_periods: Vec::new(),
            total_cost: None,
            status: SessionStatus::Pending,
            last_updated: self.now,
            extra: ocpi_types::Extra::default(),
        }
    }

    pub(super) async fn place(&mut self) -> Result<Option<(Location, Evse)>, DbError> {
        let stored = locations::store::TABLE.get_in(self.tx, &self.evse.owner, self.evse.location_id.as_str()).await?;
        let Some(stored) = stored else { return Ok(None) };
        let location: Location =
            serde_json::from_str(&stored.json).map_err(|error| DbError::corrupt(error.to_string()))?;
        let evse = location.evses.iter().find(|evse| evse.uid == self.evse.evse_uid).cloned();
        Ok(evse.map(|evse| (location, evse)))
    }

    async fn running(&mut self, id: &str) -> Result<Option<(Charge, Session)>, DbError> {
        let Some(charge) = charge::load_running(self.tx, id).await? else {
            tracing::warn!(evse = %self.evse, transaction = id, "a station reports a charge that is not going on");
            return Ok(None);
        };
        let session = sessions::store::load(self.tx, &self.evse.owner, id).await?;
        Ok(session.map(|session| (charge, session)))
    }

    async fn save(&mut self, charge: &Charge, session: &Session, running: bool) -> Result<(), DbError> {
        charge::save(self.tx, &self.evse, charge, running).await?;
        let Authorization { peer_id, .. } = &charge.authorization;
        sessions::store::put(self.tx, &self.evse.owner, session, peer_id).await
    }
}

/// What the driver wants as long as nothing else is said, where the EVSE knows of such things. Spec: mod_tokens,
/// "default_profile_type".
pub(super) fn default_wish<'a>(authorization: &'a Authorization, evse: &Evse) -> Option<&'a ProfileType> {
    let capable = evse.capabilities.contains(&Capability::ChargingPreferencesCapable);
    authorization.profile_type.as_ref().filter(|_| capable)
}

/// The connector with this id; where none is named, the first.
fn connector_of<'a>(evse: &'a Evse, connector_id: Option<&str>) -> Option<&'a Connector> {
    match connector_id {
        Some(id) => evse.connectors.iter().find(|connector| connector.id == *id),
        None => evse.connectors.first(),
    }
}
