//! Reservations at the stations of a CPO: kept, used, given up, expired.

use serde_json::{Value, json};

use super::charge::session_id;
use super::{Party, Peer, id_of};
use crate::clock;
use crate::formats::instant;

/// One reservation of a partner's customer.
#[derive(Clone, Debug)]
pub(super) struct Reservation {
    session: String,
    evse_uid: String,
    token_uid: String,
    expiry: String,
    response_url: String,
}

impl Party {
    /// The key of a reservation: ids are the Sender's.
    fn reservation_key(&self, peer: &Peer, id: &str) -> String {
        let owner = peer.first_role().map(|owner| owner.to_string()).unwrap_or_default();
        if self.has("reservation-shared-ids") { id.to_uppercase() } else { format!("{owner}/{id}").to_uppercase() }
    }

    fn reservation_at(&self, evse_uid: &str) -> Option<(String, Reservation)> {
        let state = self.state();
        let found = state.reservations.iter().find(|(_, known)| known.evse_uid.eq_ignore_ascii_case(evse_uid));
        found.map(|(key, known)| (key.clone(), known.clone()))
    }

    /// Why an EVSE cannot be used by this token: the CommandResult.
    pub(super) fn occupied(&self, body: &Value, evse: &Value, peer: &Peer) -> Option<&'static str> {
        let again = body["reservation_id"].as_str().is_some_and(|id| {
            let key = self.reservation_key(peer, id);
            self.state().reservations.contains_key(&key)
        });
        let token_uid = body["token"]["uid"].as_str().unwrap_or("");
        let uid = evse["uid"].as_str().unwrap_or("");
        if let Some((_, known)) = self.reservation_at(uid).filter(|_| !again) {
            let theirs = known.token_uid.eq_ignore_ascii_case(token_uid) && body["reservation_id"].is_null();
            return (!theirs && !self.has("reservation-open-to-all")).then_some("EVSE_OCCUPIED");
        }
        let reserves = body["reservation_id"].is_string();
        let broken = matches!(evse["status"].as_str(), Some("OUTOFORDER" | "INOPERATIVE"));
        (reserves && broken && !self.has("reservation-at-broken-station")).then_some("REJECTED")
    }

    pub(super) async fn reserve(&self, peer: &Peer, body: &Value) {
        if self.has("reserve-no-session") {
            return;
        }
        let text = |field: &str| body[field].as_str().unwrap_or("").to_string();
        let key = self.reservation_key(peer, &text("reservation_id"));
        let known = self.state().reservations.get(&key).cloned();
        let evse_uid = match body["evse_uid"].as_str() {
            Some(uid) => uid.to_string(),
            None => known
                .as_ref()
                .map(|known| known.evse_uid.clone())
                .or_else(|| self.free_evse(&text("location_id")))
                .unwrap_or_default(),
        };
        let twice = self.has("reserve-twice");
        let session = known.as_ref().filter(|_| !twice).map_or_else(session_id, |known| known.session.clone());
        let kept = Reservation {
            session: session.clone(),
            evse_uid: evse_uid.clone(),
            token_uid: body["token"]["uid"].as_str().unwrap_or("").to_string(),
            expiry: text("expiry_date"),
            response_url: text("response_url"),
        };
        self.state().reservations.insert(key.clone(), kept);
        self.state().reserved.insert(session.to_uppercase());
        if known.is_none() || twice {
            let mut asked = body.clone();
            asked["evse_uid"] = json!(evse_uid);
            self.begin_session(session, peer, &asked, "COMMAND", "RESERVATION").await;
        }
        self.expire_later(peer, key, text("expiry_date"));
    }

    fn free_evse(&self, location_id: &str) -> Option<String> {
        let locations = self.own("locations");
        let location = locations.iter().find(|l| id_of("locations", l).eq_ignore_ascii_case(location_id))?;
        let free = location["evses"].as_array()?.iter().find(|evse| evse["status"] == "AVAILABLE")?;
        free["uid"].as_str().map(str::to_string)
    }

    fn expire_later(&self, peer: &Peer, key: String, expiry: String) {
        let Some(at) = instant(&expiry) else { return };
        // It may be over already.
        let wait = (at - clock::now()).to_std().unwrap_or_default();
        if self.has("reservation-never-expires") {
            return;
        }
        let (party, peer) = (self.clone(), peer.clone());
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            let due = party.state().reservations.get(&key).is_some_and(|known| known.expiry == expiry);
            if due {
                let session = party.state().reservations.get(&key).map(|known| known.session.to_uppercase());
                party.state().expired.extend(session);
                party.end_reservation(&peer, &key).await;
            }
        });
    }

    /// Ends a reservation that was not used.
    async fn end_reservation(&self, peer: &Peer, key: &str) -> Option<Reservation> {
        let known = self.state().reservations.remove(key)?;
        self.end_session(peer, &known.session).await;
        Some(known)
    }

    /// Cancels on the Sender's wish; whether there was such a reservation.
    pub(super) async fn cancel(&self, peer: &Peer, id: &str) -> bool {
        let key = self.reservation_key(peer, id);
        self.end_reservation(peer, &key).await.is_some()
    }

    /// The operator gives a reservation up, and the Sender is told.
    pub(super) async fn drop_reservation(&self, peer: &Peer, evse_uid: &str) -> Result<Value, String> {
        let (key, _) = self.reservation_at(evse_uid).ok_or("nothing is reserved there")?;
        let known = self.end_reservation(peer, &key).await.ok_or("nothing is reserved there")?;
        if !self.has("reservation-dropped-silently") {
            let result = if self.has("reservation-dropped-as-failed") { "FAILED" } else { "CANCELED_RESERVATION" };
            self.request("POST", &known.response_url, &peer.token_out, Some(peer), Some(&json!({"result": result})))
                .await;
        }
        Ok(json!({}))
    }

    /// A reserved EVSE is used by the one it is kept for: the same session goes on. Whether it was so.
    pub(super) async fn use_reservation(&self, peer: &Peer, asked: &Value) -> Option<String> {
        let (key, known) = self.reservation_at(asked["evse_uid"].as_str().unwrap_or(""))?;
        let same = known.token_uid.eq_ignore_ascii_case(asked["token"]["uid"].as_str().unwrap_or(""));
        if !same || self.has("reservation-second-session") {
            return None;
        }
        self.state().reservations.remove(&key);
        let mut session = self.session(&known.session)?;
        let now = clock::timestamp();
        let mut change = json!({"status": "ACTIVE", "last_updated": now});
        if let Some(reference) =
            asked["authorization_reference"].as_str().filter(|_| !self.has("reservation-keeps-reference"))
        {
            change["authorization_reference"] = json!(reference);
        }
        for (field, value) in change.as_object().into_iter().flatten() {
            session[field] = value.clone();
        }
        if self.has("reservation-late-start") {
            session["start_date_time"] = json!(clock::ocpi(clock::now() + chrono::Duration::minutes(1)));
        }
        self.publish("sessions", session.clone());
        self.push(peer, "PATCH", "sessions", &[&known.session], "", Some(&change)).await;
        let place = |field: &str| session[field].as_str().unwrap_or("").to_string();
        self.set_status(peer, &place("location_id"), &place("evse_uid"), "CHARGING").await;
        Some(known.session)
    }

    /// What a reservation costs is part of the CDR of its session.
    pub(super) fn bill_reservation(&self, session: &Value, cdr: &mut Value) {
        let id = id_of("sessions", session);
        // The others are priced by their tariff.
        let priced = self.state().agreed.contains_key(id);
        if priced || !self.state().reserved.contains(&id.to_uppercase()) {
            return;
        }
        let fixed = json!({"price_components": [{"type": "FLAT", "price": 0.5, "step_size": 1}], "restrictions": {"reservation": "RESERVATION"}});
        if let Some(elements) = cdr["tariffs"][0]["elements"].as_array_mut() {
            elements.insert(0, fixed);
        }
        let total = cdr["total_cost"]["excl_vat"].as_f64().unwrap_or_default() + 0.5;
        cdr["total_cost"]["excl_vat"] = json!((total * 10000.0).round() / 10000.0);
        if !self.has("reservation-not-billed") {
            cdr["total_reservation_cost"] =
                json!({"excl_vat": if self.has("reservation-flat-forgotten") { 0.0 } else { 0.5 }});
        }
    }

    /// Whether a command has named this token for this EVSE; such a card is not authorized again.
    pub(super) fn was_commanded(&self, uid: &str, evse_uid: &str) -> Option<Value> {
        if self.has("charge-authorizes-commanded") {
            return None;
        }
        self.state().commanded.get(&format!("{uid}@{evse_uid}").to_uppercase()).cloned()
    }

    /// Remembers the token of a command.
    pub(super) fn note_command(&self, body: &Value) {
        if let (Some(uid), Some(evse_uid)) = (body["token"]["uid"].as_str(), body["evse_uid"].as_str()) {
            let key = format!("{uid}@{evse_uid}").to_uppercase();
            self.state().commanded.insert(key, body["token"].clone());
        }
    }
}
