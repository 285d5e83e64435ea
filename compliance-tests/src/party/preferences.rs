//! Charging preferences of drivers: taken by a CPO, sent by an EMSP.

use serde_json::{Value, json};

use super::serve::Reply;
use super::{Party, Peer, Received, id_of};
use crate::clock;
use crate::context::join;
use crate::formats::instant_of;
use crate::schema;

/// What a station of the reference party gives at most, in kW.
const MOST_KW: f64 = 22.0;

impl Party {
    pub(super) fn preferences(&self, request: &Received, id: &str) -> Reply {
        let Some(body) = &request.json else { return self.bad_json() };
        let session = self.session(id);
        if session.is_some() && self.has("preferences-incapable") {
            return Reply::not_found(2000);
        }
        let Some(session) = session else {
            return if self.has("preferences-unknown-200") {
                Reply::data(json!("NOT_POSSIBLE"))
            } else {
                Reply::not_found(2001)
            };
        };
        if !schema::check("ChargingPreferences", body).is_empty() && !self.has("preferences-unvalidated") {
            return Reply::invalid("no ChargingPreferences");
        }
        let capable = self.evse_can(&session, "CHARGING_PREFERENCES_CAPABLE") && !self.has("preferences-nowhere");
        if !capable && !self.has("preferences-everywhere") {
            return Reply::not_found(2001);
        }
        let word = self.judge_preferences(&session, body);
        if word == "NOT_POSSIBLE" && self.has("preferences-impossible-refused") {
            return Reply::invalid("that cannot be done");
        }
        if word == "ACCEPTED" {
            let kind = body["profile_type"].as_str().unwrap_or("REGULAR").to_string();
            self.state().preferred.insert(id.to_uppercase(), kind);
        }
        Reply::data(if self.has("preferences-object") { json!({"result": word}) } else { json!(word) })
    }

    fn judge_preferences(&self, session: &Value, body: &Value) -> &'static str {
        if session["status"] != "ACTIVE" {
            return "NOT_POSSIBLE";
        }
        let kind = body["profile_type"].as_str().unwrap_or("");
        let evse = self.evse_of(session).unwrap_or_default();
        if kind != "REGULAR" && self.profile_tariff(&evse, kind).is_none() && !self.has("preferences-any-profile") {
            return "PROFILE_TYPE_NOT_SUPPORTED";
        }
        let departure = instant_of(body, "departure_time");
        let energy = body["energy_need"].as_f64();
        let patient = matches!(kind, "CHEAP" | "GREEN");
        let vague = self.has("preferences-vague");
        if patient && (departure.is_none() || self.has("preferences-always-departure")) {
            return if vague { "NOT_POSSIBLE" } else { "DEPARTURE_REQUIRED" };
        }
        if patient && energy.is_none() {
            return if vague { "NOT_POSSIBLE" } else { "ENERGY_NEED_REQUIRED" };
        }
        let seconds = departure.map(|at| (at - clock::now()).num_seconds());
        #[expect(clippy::cast_precision_loss, reason = "seconds of a stay are few")]
        let most = seconds.map(|seconds| seconds.max(0) as f64 / 3600.0 * MOST_KW);
        if energy.zip(most).is_some_and(|(energy, most)| energy > most) { "NOT_POSSIBLE" } else { "ACCEPTED" }
    }

    /// The tariff for a profile type among those of an EVSE's first connector.
    fn profile_tariff(&self, evse: &Value, kind: &str) -> Option<Value> {
        let offered = evse["connectors"][0]["tariff_ids"].as_array()?;
        let wanted = format!("PROFILE_{kind}");
        self.own("tariffs").into_iter().find(|t| t["type"] == wanted.as_str() && offered.contains(&t["id"]))
    }

    /// The tariff that the driver's preference has chosen for a session.
    pub(super) fn preferred_tariff(&self, session: &Value) -> Option<Value> {
        let kind = self.state().preferred.get(&id_of("sessions", session).to_uppercase()).cloned()?;
        if self.has("preferences-without-effect") {
            return None;
        }
        self.profile_tariff(&self.evse_of(session)?, &kind)
    }

    /// The operator of an EMSP passes a driver's preferences on.
    pub(super) async fn prefer(&self, asked: &Value, peer: &Peer) -> Result<Value, String> {
        let endpoint = peer.endpoint("sessions", "SENDER").ok_or("the peer has no sessions")?;
        let session_id = asked["session_id"].as_str().unwrap_or("");
        let kind = asked["profile_type"].as_str().unwrap_or("REGULAR");
        if self.place_of(session_id).is_none() {
            self.pull_all().await;
        }
        let (evse, tariffs) = self.place_of(session_id).ok_or("nothing is known about the session's EVSE")?;
        let can = evse["capabilities"]
            .as_array()
            .is_some_and(|list| list.iter().any(|c| c == "CHARGING_PREFERENCES_CAPABLE"));
        if !can && !self.has("preferences-client-unasked") {
            return Err("the EVSE takes no preferences".into());
        }
        let wanted = format!("PROFILE_{kind}");
        let offered = kind == "REGULAR" || tariffs.iter().any(|tariff| tariff["type"] == wanted.as_str());
        if !offered && !self.has("preferences-client-any-profile") {
            return Err("the connector has no tariff for that profile".into());
        }
        let energy = asked["energy_need"].as_str().and_then(|text| text.parse::<f64>().ok()).unwrap_or(10.0);
        let energy = if self.has("preferences-client-wh") { energy * 1000.0 } else { energy };
        let mut body = json!({"profile_type": kind, "departure_time": asked["departure_time"], "energy_need": energy});
        if self.has("preferences-client-bad-body") {
            body.as_object_mut().map(|map| map.shift_remove("profile_type"));
        }
        let method = if self.has("preferences-client-post") { "POST" } else { "PUT" };
        let path = if self.has("preferences-client-url") { "preferences" } else { "charging_preferences" };
        let url = join(&endpoint, &[session_id, path]);
        let answer = self.request(method, &url, &peer.token_out, Some(peer), Some(&body)).await;
        Ok(json!({"answer": answer.json["data"]}))
    }

    /// The EVSE of a session that a CPO has pushed, and the tariffs of its first connector.
    fn place_of(&self, session_id: &str) -> Option<(Value, Vec<Value>)> {
        let state = self.state();
        let of = |module: &str, id: &str| {
            let fits = |key: &str| key.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(id));
            state.received.iter().find(|((m, key), _)| m == module && fits(key)).map(|(_, object)| object.clone())
        };
        let session = of("sessions", session_id)?;
        let location = of("locations", session["location_id"].as_str()?)?;
        let evse = location["evses"].as_array()?.iter().find(|evse| evse["uid"] == session["evse_uid"])?.clone();
        let ids = evse["connectors"][0]["tariff_ids"].as_array().cloned().unwrap_or_default();
        let tariffs = ids.iter().filter_map(|id| of("tariffs", id.as_str()?)).collect();
        Some((evse, tariffs))
    }
}
