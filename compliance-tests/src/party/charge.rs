//! What happens at the stations of a CPO: sessions, CDRs, and the pushes that follow from changes.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::outage::Missed;
use super::{Party, Peer, id_of};
use crate::clock;
use crate::fixtures;

/// What energy costs, with the four decimals that OCPI allows.
fn money(kwh: f64) -> f64 {
    (kwh * 3900.0).round() / 10000.0
}

/// An id for a new session.
pub(super) fn session_id() -> String {
    format!("SE{}", uuid::Uuid::new_v4().simple().to_string().get(..16).unwrap_or("0"))
}

impl Party {
    /// Sends a client-owned object (or a part of one) to the peer's Receiver interface.
    pub(super) async fn push(
        &self,
        peer: &Peer,
        method: &str,
        module: &str,
        path: &[&str],
        query: &str,
        body: Option<&Value>,
    ) {
        if self.has("push-never") {
            return;
        }
        let Some(endpoint) = peer.endpoint(module, "RECEIVER") else { return };
        let mut owner = self.owner().clone();
        if self.has("push-wrong-url") {
            owner.party_id = "XXX".into();
        }
        let mut url = endpoint.trim_end_matches('/').to_string();
        if !self.has("push-no-owner-url") {
            let _ = write!(url, "/{}/{}", owner.country_code, owner.party_id);
        }
        for part in path {
            url.push('/');
            url.push_str(
                &percent_encoding::utf8_percent_encode(part, percent_encoding::NON_ALPHANUMERIC)
                    .to_string()
                    .replace("%2D", "-"),
            );
        }
        url.push_str(query);
        let mut body = body.cloned();
        if let Some(body) = &mut body {
            self.spoil_push(method, module, body);
        }
        let method = if self.has("push-post") && method == "PUT" { "POST" } else { method };
        let to = self.addressed(peer, module, path.first().unwrap_or(&""));
        let outcome = self.request(method, &url, &peer.token_out, Some(&to), body.as_ref()).await;
        if self.has("client-strict-acks") && outcome.json.get("data").is_some() {
            self.request(method, &url, &peer.token_out, Some(&to), body.as_ref()).await;
        }
        // A hub has said that the party is not connected: nothing is kept for it.
        let cut_off = to.first_role().is_some_and(|owner| !self.reachable(&owner));
        if outcome.succeeded() || cut_off {
            return;
        }
        let url = url.split('?').next().unwrap_or(&url).to_string() + query;
        let path = path.iter().map(ToString::to_string).collect();
        let missed = Missed { method: method.to_string(), url, module: module.to_string(), path, body };
        if outcome.http == 0 || outcome.http >= 500 {
            self.recover(peer, missed);
        } else if method == "PATCH" {
            self.after_failed_patch(peer, &missed).await;
        }
    }

    fn spoil_push(&self, method: &str, module: &str, body: &mut Value) {
        if method == "PUT" {
            for edit in self.edits(module) {
                edit.apply(body);
            }
        }
        let incomplete = (method == "PUT" && self.has("push-incomplete"))
            || (method == "PATCH" && self.has("push-patch-without-last-updated"));
        if incomplete {
            body.as_object_mut().map(|map| map.shift_remove("last_updated"));
        }
        if self.has("push-enveloped") && method == "PUT" {
            *body = json!({"data": body.clone()});
        }
    }

    /// Changes the status of an EVSE and tells the peer.
    pub(super) async fn set_status(&self, peer: &Peer, location_id: &str, evse_uid: &str, status: &str) {
        if status != "AVAILABLE" && self.has("station-lies") {
            return;
        }
        let at = clock::timestamp();
        let mut full = None;
        {
            let lift = !self.has("push-parent-not-lifted");
            let mut state = self.state();
            let locations = state.own.entry("locations").or_default();
            for location in locations.iter_mut().filter(|l| id_of("locations", l).eq_ignore_ascii_case(location_id)) {
                let Some(evse) = location["evses"]
                    .as_array_mut()
                    .into_iter()
                    .flatten()
                    .find(|e| e["uid"].as_str().is_some_and(|uid| uid.eq_ignore_ascii_case(evse_uid)))
                else {
                    continue;
                };
                evse["status"] = json!(status);
                evse["last_updated"] = json!(at);
                full = Some(evse.clone());
                if lift {
                    location["last_updated"] = json!(at);
                }
            }
        }
        let Some(evse) = full else { return };
        let body = if self.has("push-patch-everything") { evse } else { json!({"status": status, "last_updated": at}) };
        self.push(peer, "PATCH", "locations", &[location_id, evse_uid], "", Some(&body)).await;
    }

    /// A session begins: `asked` holds token, location_id and perhaps evse_uid, connector_id, authorization_reference.
    pub(super) async fn begin_session(
        &self,
        id: String,
        peer: &Peer,
        asked: &Value,
        auth_method: &str,
        status: &str,
    ) -> String {
        let now = clock::timestamp();
        let location_id = asked["location_id"].as_str().unwrap_or("").to_string();
        let first_evse = || {
            let locations = self.own("locations");
            let location = locations.iter().find(|l| id_of("locations", l).eq_ignore_ascii_case(&location_id))?;
            location["evses"][0]["uid"].as_str().map(str::to_string)
        };
        let evse_uid =
            asked["evse_uid"].as_str().map(str::to_string).or_else(first_evse).unwrap_or_else(|| "#NA".into());
        let mut session = fixtures::session(self.owner(), &id, &asked["token"], &now);
        session["start_date_time"] = json!(now);
        session["kwh"] = json!(0);
        session["charging_periods"] = json!([]);
        session["total_cost"] = json!({"excl_vat": 0});
        session["status"] = json!(status);
        session["auth_method"] =
            json!(if self.has("session-wrong-auth-method") { "AUTH_REQUEST" } else { auth_method });
        session["location_id"] = json!(location_id);
        session["evse_uid"] = json!(evse_uid);
        session["connector_id"] = json!(asked["connector_id"].as_str().unwrap_or("1"));
        if let Some(reference) = asked["authorization_reference"].as_str().filter(|_| !self.has("session-no-reference"))
        {
            session["authorization_reference"] = json!(reference);
        }
        if self.has("session-other-token") {
            session["cdr_token"]["uid"] = json!("SOMEBODY-ELSE");
        }
        if let Some((start, currency)) = self.open_priced(&id, &evse_uid) {
            session["start_date_time"] = json!(start);
            session["currency"] = currency;
            if self.has("session-suspended") {
                session["status"] = json!("PENDING");
            }
        }
        let empty = status == "ACTIVE" && self.state().unplugged.contains(&evse_uid.to_ascii_uppercase());
        if empty {
            session["status"] = json!("PENDING");
            let (party, peer, evse_uid) = (self.clone(), peer.clone(), evse_uid.clone());
            tokio::spawn(async move {
                // A driver who is not in a hurry.
                tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
                party.plug_in(&peer, &evse_uid).await;
            });
        }
        self.publish("sessions", session.clone());
        let evse_status = if status == "RESERVATION" { "RESERVED" } else { "CHARGING" };
        if self.has("cdr-before-end") {
            self.send_cdr(peer, &session).await;
        }
        self.push(peer, "PUT", "sessions", &[&id], "", Some(&session)).await;
        self.set_status(peer, &location_id, &evse_uid, evse_status).await;
        id
    }

    /// A session ends: the last period, the final status, the CDR.
    pub(super) async fn end_session(&self, peer: &Peer, id: &str) {
        let Some(mut session) =
            self.own("sessions").into_iter().find(|s| id_of("sessions", s).eq_ignore_ascii_case(id))
        else {
            return;
        };
        let now = clock::timestamp();
        if session["status"] == "PENDING" {
            return self.give_up(peer, session).await;
        }
        let reserved = session["status"] == "RESERVATION";
        let kwh = if reserved { 0.0 } else { 1.5 };
        let start = session["start_date_time"].as_str().unwrap_or("").to_string();
        let mut change = json!({"status": "COMPLETED", "end_date_time": now, "kwh": kwh, "total_cost": {"excl_vat": money(kwh)}, "last_updated": now});
        if !reserved {
            change["charging_periods"] = json!([fixtures::period(&start, kwh)]);
        }
        session["end_date_time"] = json!(now);
        let priced = self.priced(&session);
        // A reservation that nobody used is billed where the tariff says so.
        let unbilled = reserved && (priced.is_none() || !self.state().expired.contains(&id.to_uppercase()));
        let preferred = self.preferred_tariff(&session).filter(|_| priced.is_none());
        if let Some(priced) = priced {
            for (key, value) in priced.session().as_object().into_iter().flatten() {
                change[key] = value.clone();
            }
        }
        if let Some(tariff) = preferred {
            change["charging_periods"][0]["tariff_id"] = tariff["id"].clone();
        }
        for (key, value) in change.as_object().into_iter().flatten() {
            session[key] = value.clone();
        }
        self.publish("sessions", session.clone());
        if self.has("push-patch-all-periods")
            && let Some(periods) = change["charging_periods"].as_array_mut()
        {
            periods.extend(periods.clone());
        }
        let body = if self.has("push-patch-everything") { session.clone() } else { change };
        self.push(peer, "PATCH", "sessions", &[id], "", Some(&body)).await;
        self.set_status(
            peer,
            session["location_id"].as_str().unwrap_or(""),
            session["evse_uid"].as_str().unwrap_or(""),
            "AVAILABLE",
        )
        .await;
        if !unbilled && !self.has("cdr-before-end") {
            self.send_cdr(peer, &session).await;
        }
        if self.has("session-changes-after-end") {
            let change = json!({"kwh": 77.7, "last_updated": clock::timestamp()});
            self.push(peer, "PATCH", "sessions", &[id], "", Some(&change)).await;
        }
    }

    /// A vehicle is plugged in: a session that waited for it becomes active.
    pub(super) async fn plug_in(&self, peer: &Peer, evse_uid: &str) {
        self.state().unplugged.remove(&evse_uid.to_ascii_uppercase());
        let waiting = |s: &&Value| {
            s["status"] == "PENDING" && s["evse_uid"].as_str().is_some_and(|uid| uid.eq_ignore_ascii_case(evse_uid))
        };
        let Some(mut session) = self.own("sessions").iter().find(waiting).cloned() else { return };
        let now = clock::timestamp();
        let mut change = json!({"status": "ACTIVE", "start_date_time": now, "last_updated": now});
        if self.has("session-keeps-start") {
            change.as_object_mut().map(|map| map.shift_remove("start_date_time"));
        }
        for (key, value) in change.as_object().into_iter().flatten() {
            session[key] = value.clone();
        }
        self.publish("sessions", session.clone());
        let id = id_of("sessions", &session).to_string();
        self.push(peer, "PATCH", "sessions", &[&id], "", Some(&change)).await;
    }

    /// A session that never began ends: it is not billed.
    async fn give_up(&self, peer: &Peer, mut session: Value) {
        let now = clock::timestamp();
        let change = json!({"status": "INVALID", "end_date_time": now, "last_updated": now});
        for (key, value) in change.as_object().into_iter().flatten() {
            session[key] = value.clone();
        }
        self.publish("sessions", session.clone());
        let id = id_of("sessions", &session).to_string();
        self.push(peer, "PATCH", "sessions", &[&id], "", Some(&change)).await;
        let (location_id, evse_uid) =
            (session["location_id"].as_str().unwrap_or(""), session["evse_uid"].as_str().unwrap_or(""));
        self.set_status(peer, location_id, evse_uid, "AVAILABLE").await;
        if self.has("cdr-for-invalid") {
            self.send_cdr(peer, &session).await;
        }
    }

    /// A card is held to the reader of a station at which somebody charges: ends the charge, if it may.
    pub(super) async fn present_card_again(&self, peer: &Peer, uid: &str, evse_uid: &str) {
        let active = |s: &&Value| {
            s["status"] == "ACTIVE" && s["evse_uid"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(evse_uid))
        };
        let Some(session) = self.own("sessions").iter().find(active).cloned() else { return };
        let group = |uid: &str| {
            let state = self.state();
            let token = state
                .received
                .iter()
                .find(|((module, _), t)| module == "tokens" && id_of("tokens", t).eq_ignore_ascii_case(uid));
            token.map(|(_, t)| t["group_id"].clone()).unwrap_or_default()
        };
        let began = session["cdr_token"]["uid"].as_str().unwrap_or("");
        let same_group = !self.has("group-ignored") && group(uid).is_string() && group(uid) == group(began);
        if began.eq_ignore_ascii_case(uid) || same_group {
            self.end_session(peer, id_of("sessions", &session)).await;
        }
    }

    /// Something in a CDR was wrong: it is taken back, and a right one follows.
    pub(super) async fn correct_cdr(&self, peer: &Peer, id: &str) -> Option<()> {
        let url = peer.endpoint("cdrs", "RECEIVER")?;
        let original = self.own("cdrs").into_iter().find(|cdr| id_of("cdrs", cdr).eq_ignore_ascii_case(id))?;
        let mut right = original.clone();
        right["id"] = json!(format!("{id}-2"));
        right["remark"] = json!("corrected");
        if self.has("correction-overwrites") {
            right["id"] = original["id"].clone();
            self.request("POST", &url, &peer.token_out, Some(peer), Some(&right)).await;
            return Some(());
        }
        let mut credit = original.clone();
        credit["id"] = json!(format!("{id}-C"));
        credit["credit"] = json!(true);
        credit["credit_reference_id"] = original["id"].clone();
        let negated = |value: &Value| value.as_f64().map_or(Value::Null, |amount| json!(-amount));
        for field in ["excl_vat", "incl_vat"] {
            if original["total_cost"].get(field).is_some() && !self.has("credit-positive") {
                credit["total_cost"][field] = negated(&original["total_cost"][field]);
            }
        }
        if self.has("credit-negates-all") {
            credit["total_energy"] = negated(&original["total_energy"]);
        }
        credit["last_updated"] = json!(clock::timestamp());
        right["last_updated"] = json!(clock::timestamp());
        for cdr in [credit, right] {
            self.publish("cdrs", cdr.clone());
            self.request("POST", &url, &peer.token_out, Some(peer), Some(&cdr)).await;
        }
        Some(())
    }

    async fn send_cdr(&self, peer: &Peer, session: &Value) {
        let now = clock::timestamp();
        let cdr = self.cdr_of(session, &now);
        self.publish("cdrs", cdr.clone());
        if self.has("cdr-never") {
            return;
        }
        let Some(mut url) = peer.endpoint("cdrs", "RECEIVER") else { return };
        if self.has("cdr-url-with-owner") {
            let _ = write!(url, "/{}/{}", self.owner().country_code, self.owner().party_id);
        }
        let mut body = cdr;
        for edit in self.edits("cdrs") {
            edit.apply(&mut body);
        }
        if self.has("cdr-as-array") {
            body = json!([body]);
        }
        let peer = &self.addressed(peer, "sessions", id_of("sessions", session));
        self.request("POST", &url, &peer.token_out, Some(peer), Some(&body)).await;
        if self.has("cdr-twice") {
            self.request("POST", &url, &peer.token_out, Some(peer), Some(&body)).await;
        }
    }

    fn cdr_of(&self, session: &Value, now: &str) -> Value {
        let id = format!("CD{}", uuid::Uuid::new_v4().simple().to_string().get(..16).unwrap_or("0"));
        let mut cdr = fixtures::cdr(self.owner(), &id, &session["cdr_token"], now);
        for field in ["auth_method", "authorization_reference", "currency", "meter_id", "start_date_time"] {
            if let Some(value) = session.get(field) {
                cdr[field] = value.clone();
            }
        }
        cdr["session_id"] = session["id"].clone();
        cdr["end_date_time"] = session.get("end_date_time").cloned().unwrap_or(json!(now));
        cdr["cdr_location"]["id"] = session["location_id"].clone();
        cdr["cdr_location"]["evse_uid"] = session["evse_uid"].clone();
        cdr["cdr_location"]["connector_id"] = session["connector_id"].clone();
        let kwh = session["kwh"].clone();
        cdr["charging_periods"] = json!([{"start_date_time": session["start_date_time"], "tariff_id": "T1", "dimensions": [{"type": "ENERGY", "volume": kwh}, {"type": "TIME", "volume": 0.0003}]}]);
        cdr["total_energy"] = kwh.clone();
        cdr["total_time"] = json!(0.0003);
        let cost = money(kwh.as_f64().unwrap_or(0.0));
        cdr["total_cost"] = json!({"excl_vat": if self.has("cdr-wrong-cost") { cost + 1.0 } else { cost }});
        cdr["total_energy_cost"] = json!({"excl_vat": cost});
        if let Some(priced) = self.priced(session) {
            priced.write(&mut cdr);
            if self.has("reservation-bills-from-charge")
                && let Some(last) = priced.periods.as_array().and_then(|list| list.last())
            {
                cdr["start_date_time"] = last["start_date_time"].clone();
            }
        } else if let Some(tariff) = self.preferred_tariff(session) {
            cdr["charging_periods"][0]["tariff_id"] = tariff["id"].clone();
            cdr["tariffs"] = json!([tariff]);
        }
        self.bill_reservation(session, &mut cdr);
        if self.has("cdr-no-session-id") {
            cdr.as_object_mut().map(|map| map.shift_remove("session_id"));
        }
        if self.has("cdr-other-energy") {
            cdr["total_energy"] = json!(99);
        }
        cdr
    }

    /// A driver holds a card to the reader: whitelist or real-time authorization, then a session.
    pub(super) async fn present_card(
        &self,
        peer: &Peer,
        uid: &str,
        location_id: &str,
        evse_uid: &str,
        connector_id: &str,
    ) -> Option<String> {
        let known = {
            let mut state = self.state();
            state.unplugged.remove(&evse_uid.to_ascii_uppercase());
            state
                .received
                .iter()
                .find(|((module, _), t)| {
                    module == "tokens" && id_of("tokens", t).eq_ignore_ascii_case(uid) && t["type"] == "RFID"
                })
                .map(|(_, t)| t.clone())
        };
        let whitelisted =
            known.as_ref().is_some_and(|token| token["whitelist"] == "ALWAYS" || token["whitelist"] == "ALLOWED");
        let mut reference = Value::Null;
        let mut token = known.unwrap_or(Value::Null);
        let commanded = self.was_commanded(uid, evse_uid);
        let ask = if self.has("charge-without-authorize") || commanded.is_some() {
            false
        } else {
            !whitelisted || self.has("charge-authorizes-always")
        };
        if let Some(commanded) = commanded {
            token = commanded;
        }
        if ask {
            let url = peer.endpoint("tokens", "SENDER")?;
            let slash = if self.has("authorize-url-double-slash") { "//" } else { "/" };
            let body = json!({"location_id": location_id, "evse_uids": [evse_uid]});
            let answer = self
                .request("POST", &format!("{url}{slash}{uid}/authorize"), &peer.token_out, Some(peer), Some(&body))
                .await;
            let silent = answer.http == 0 || answer.http >= 500;
            let offline = silent
                && token["whitelist"] == "ALLOWED_OFFLINE"
                && token["valid"] == true
                && !self.has("charge-needs-online");
            let allowed = offline || answer.json["data"]["allowed"] == "ALLOWED";
            if !allowed && !self.has("charge-ignores-verdict") {
                return None;
            }
            reference = answer.json["data"]["authorization_reference"].clone();
            if token.is_null() {
                token = answer.json["data"]["token"].clone();
            }
        } else if token["valid"] == false {
            return None;
        }
        let asked = json!({"token": token, "location_id": location_id, "evse_uid": evse_uid, "connector_id": connector_id, "authorization_reference": reference});
        if let Some(id) = self.use_reservation(peer, &asked).await {
            return Some(id);
        }
        Some(
            self.begin_session(session_id(), peer, &asked, if ask { "AUTH_REQUEST" } else { "WHITELIST" }, "ACTIVE")
                .await,
        )
    }
}
