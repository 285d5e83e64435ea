//! ChargingProfiles: the Receiver interface of a CPO with its stations, and the Sender side of an EMSP.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::serve::Reply;
use super::{Party, Peer, Received, id_of};
use crate::clock;
use crate::context::{join, with_query};
use crate::formats::{instant_of, single_decimal};
use crate::schema;

/// What a station of the reference party gives at most, in ampere per phase, and its supply.
const MOST_AMPERE: f64 = 32.0;
const VOLT: f64 = 230.0;
const PHASES: f64 = 3.0;

/// What is known about the profile of one session.
#[derive(Clone, Debug, Default)]
pub(super) struct Profiled {
    set: Option<Value>,
    /// When it was set; faults count from here.
    at: Option<DateTime<Utc>>,
    /// Whether a Sender has ever set one.
    steered: bool,
}

/// What a Sender asks for.
pub(super) enum Asked {
    Get(i64),
    Set(Value),
    Clear,
}

impl Party {
    pub(super) fn charging_profile(&self, request: &Received, rest: &[&str], peer: &Peer) -> Reply {
        let [session_id] = rest else { return Reply::not_found(2000) };
        if !matches!(request.method.as_str(), "GET" | "PUT" | "DELETE") {
            return if self.has("methods-accepted") { Reply::ok() } else { Reply::not_allowed("GET, PUT, DELETE") };
        }
        let (asked, response_url) = match self.asked(request) {
            Ok(asked) => asked,
            Err(reply) => return *reply,
        };
        let busy = self.has("profile-too-often");
        let result = if busy { "TOO_OFTEN" } else { self.judge_profile(session_id, peer) };
        if result == "UNKNOWN_SESSION" && self.has("profile-unknown-404") {
            return Reply::not_found(2001);
        }
        if result == "ACCEPTED" || self.has("profile-result-after-rejection") {
            let (party, peer, id) = (self.clone(), peer.clone(), (*session_id).to_string());
            tokio::spawn(async move { party.carry_out_profile(&peer, &id, asked, &response_url).await });
        }
        let mut data =
            json!({"result": if self.has("profile-bad-result") { "PENDING" } else { result }, "timeout": 30});
        if self.has("profile-no-timeout") {
            data.as_object_mut().map(|map| map.shift_remove("timeout"));
        }
        if self.has("profile-in-answer") {
            data = self.active(session_id, 900);
        }
        Reply::data(data)
    }

    pub(super) fn asked(&self, request: &Received) -> Result<(Asked, String), Box<Reply>> {
        let bad = |what: &str| Box::new(Reply::invalid(what));
        if request.method == "PUT" {
            let Some(body) = &request.json else { return Err(Box::new(self.bad_json())) };
            let mut faults: Vec<String> =
                schema::check("SetChargingProfile", body).iter().map(ToString::to_string).collect();
            let profile = &body["charging_profile"];
            let numbers = profile["charging_profile_period"].as_array().into_iter().flatten().map(|p| &p["limit"]);
            let fine =
                |number: &Value| single_decimal(number) && (number.is_u64() || !self.has("profile-integers-only"));
            if !numbers.chain(profile.get("min_charging_rate")).all(fine) && !self.has("profile-two-decimals") {
                faults.push("rates have one decimal".into());
            }
            if !faults.is_empty() && !self.has("profile-unvalidated") {
                return Err(bad(&faults.join("; ")));
            }
            let url = body["response_url"].as_str().unwrap_or("").to_string();
            return Ok((Asked::Set(profile.clone()), url));
        }
        let lenient = self.has("profile-parameters-ignored");
        let url = match request.query.get("response_url") {
            Some(url) if url::Url::parse(url).is_ok() => url.clone(),
            _ if lenient => String::new(),
            _ => return Err(bad("response_url is needed")),
        };
        if request.method == "DELETE" {
            return Ok((Asked::Clear, url));
        }
        match request.query.get("duration").and_then(|text| text.parse::<i64>().ok()).filter(|n| *n > 0) {
            Some(duration) => Ok((Asked::Get(duration), url)),
            None if lenient => Ok((Asked::Get(900), url)),
            None => Err(bad("duration in seconds is needed")),
        }
    }

    fn judge_profile(&self, session_id: &str, peer: &Peer) -> &'static str {
        let Some(session) = self.session(session_id).filter(|session| session["status"] == "ACTIVE") else {
            return if self.has("profile-unknown-accepted") { "ACCEPTED" } else { "UNKNOWN_SESSION" };
        };
        let token = &session["cdr_token"];
        let theirs = peer.owns(token["country_code"].as_str().unwrap_or(""), token["party_id"].as_str().unwrap_or(""));
        if !theirs && !self.has("profile-foreign-accepted") {
            return "REJECTED";
        }
        if !self.evse_can(&session, "CHARGING_PROFILE_CAPABLE") && !self.has("profile-incapable-accepted") {
            return "NOT_SUPPORTED";
        }
        "ACCEPTED"
    }

    /// One of the party's own sessions.
    pub(super) fn session(&self, id: &str) -> Option<Value> {
        self.own("sessions").into_iter().find(|session| id_of("sessions", session).eq_ignore_ascii_case(id))
    }

    /// Whether the EVSE of a session has a capability.
    pub(super) fn evse_can(&self, session: &Value, capability: &str) -> bool {
        self.evse_of(session).is_some_and(|evse| {
            evse["capabilities"].as_array().is_some_and(|list| list.iter().any(|c| c == capability))
        })
    }

    /// The EVSE of a session.
    pub(super) fn evse_of(&self, session: &Value) -> Option<Value> {
        let (location_id, uid) = (session["location_id"].as_str()?, session["evse_uid"].as_str()?);
        let locations = self.own("locations");
        let location = locations.iter().find(|l| id_of("locations", l).eq_ignore_ascii_case(location_id))?;
        let evses = location["evses"].as_array()?;
        evses.iter().find(|evse| evse["uid"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(uid))).cloned()
    }

    async fn carry_out_profile(&self, peer: &Peer, session_id: &str, asked: Asked, response_url: &str) {
        if self.has("result-never") {
            return;
        }
        let mut body = self.profile_result(session_id, asked);
        if self.has("result-bad-value") {
            body["result"] = json!("DONE");
        }
        if self.has("result-enveloped") {
            body = json!({"data": body, "status_code": 1000, "timestamp": clock::timestamp()});
        }
        let url = if self.has("result-without-query") {
            response_url.split('?').next().unwrap_or(response_url)
        } else {
            response_url
        };
        for _ in 0..if self.has("result-retried") { 3 } else { 1 } {
            if self.request("POST", url, &peer.token_out, Some(peer), Some(&body)).await.succeeded() {
                break;
            }
        }
    }

    fn profile_result(&self, session_id: &str, asked: Asked) -> Value {
        let key = session_id.to_uppercase();
        match asked {
            Asked::Get(duration) => {
                let duration = if self.has("profile-get-short") { duration / 10 } else { duration };
                let mut body = json!({"result": "ACCEPTED", "profile": self.active(session_id, duration)});
                if self.has("profile-get-no-profile") {
                    body.as_object_mut().map(|map| map.shift_remove("profile"));
                }
                body
            }
            Asked::Set(profile) => {
                let keep = self.has("profile-first-wins");
                let mut state = self.state();
                let known = state.profiles.entry(key).or_default();
                if known.set.is_none() || !keep {
                    known.set = Some(profile);
                    known.at = Some(clock::now());
                }
                known.steered = true;
                json!({"result": "ACCEPTED"})
            }
            Asked::Clear => {
                let everything = self.has("profile-clear-everything");
                let (ignored, always) = (self.has("profile-clear-ignored"), self.has("profile-clear-always-accepted"));
                let mut state = self.state();
                if everything {
                    state.site_limits.clear();
                }
                let known = state.profiles.entry(key).or_default();
                let had = if ignored { known.set.is_some() } else { known.set.take().is_some() };
                json!({"result": if had || always { "ACCEPTED" } else { "UNKNOWN" }})
            }
        }
    }

    /// The ActiveChargingProfile from now on, for so many seconds.
    fn active(&self, session_id: &str, duration: i64) -> Value {
        let now = clock::now();
        let session = self.session(session_id).unwrap_or_default();
        let began = instant_of(&session, "start_date_time").unwrap_or(now);
        let (known, local) = {
            let state = self.state();
            let evse = session["evse_uid"].as_str().unwrap_or("").to_uppercase();
            (
                state.profiles.get(&session_id.to_uppercase()).cloned().unwrap_or_default(),
                state.site_limits.get(&evse).copied(),
            )
        };
        if self.has("profile-empty-when-none") && known.set.is_none() {
            return json!({"start_date_time": clock::ocpi(now), "charging_profile": {"charging_rate_unit": "A", "charging_profile_period": []}});
        }
        let mut periods: Vec<Value> = Vec::new();
        for second in boundaries(&known, began, now, duration) {
            let limit = self.limit_at(&known, local, began, now + Duration::seconds(second));
            if periods.last().is_none_or(|last| last["limit"] != json!(limit)) {
                periods.push(json!({"start_period": second, "limit": limit}));
            }
        }
        json!({"start_date_time": clock::ocpi(now), "charging_profile": {
            "charging_rate_unit": "A", "duration": duration, "charging_profile_period": periods}})
    }

    fn limit_at(&self, known: &Profiled, local: Option<f64>, began: DateTime<Utc>, at: DateTime<Utc>) -> f64 {
        let most = local.map_or(MOST_AMPERE, |local| local.min(MOST_AMPERE));
        let Some(profile) = &known.set else { return most };
        let start = match instant_of(profile, "start_date_time") {
            Some(_) if self.has("profile-ignores-start") => known.at.unwrap_or(at),
            Some(start) => start,
            None => began,
        };
        let offset = (at - start).num_seconds();
        let length = profile["duration"].as_i64().filter(|_| !self.has("profile-ignores-duration"));
        let length = if self.has("profile-ends-early") { Some(60) } else { length };
        if offset < 0 || length.is_some_and(|length| offset >= length) {
            return most;
        }
        let periods = profile["charging_profile_period"].as_array().cloned().unwrap_or_default();
        let reached = |period: &&Value| period["start_period"].as_i64().is_some_and(|from| from <= offset);
        let period = if self.has("profile-single-period") { periods.first() } else { periods.iter().rfind(reached) };
        let Some(limit) = period.and_then(|period| period["limit"].as_f64()) else { return most };
        let phases = if self.has("profile-watts-per-phase") { 1.0 } else { PHASES };
        let ampere = if profile["charging_rate_unit"] == "W" { limit / VOLT / phases } else { limit };
        (ampere.min(most) * 100.0).round() / 100.0
    }

    /// A local limit at a station, in ampere per phase, begins or ends; the Senders that steer there are told.
    pub(super) async fn limit_station(&self, peer: &Peer, evse_uid: &str, limit: Option<f64>) {
        let key = evse_uid.to_uppercase();
        match limit {
            Some(limit) => self.state().site_limits.insert(key, limit),
            None => self.state().site_limits.remove(&key),
        };
        let at_evse =
            |session: &Value| session["evse_uid"].as_str().is_some_and(|uid| uid.eq_ignore_ascii_case(evse_uid));
        for session in self.own("sessions").iter().filter(|s| at_evse(s) && s["status"] == "ACTIVE") {
            let id = id_of("sessions", session);
            let steered = self.state().profiles.get(&id.to_uppercase()).is_some_and(|known| known.steered);
            if steered || self.has("profile-notify-always") {
                self.notify_profile(peer, id).await;
            }
        }
    }

    async fn notify_profile(&self, peer: &Peer, session_id: &str) {
        if self.has("profile-notify-never") {
            return;
        }
        let Some(url) = peer.endpoint("chargingprofiles", "SENDER") else { return };
        let mut body = self.active(session_id, if self.has("profile-notify-short") { 30 } else { 900 });
        if self.has("profile-notify-in-result") {
            body = json!({"result": "ACCEPTED", "profile": body});
        }
        if self.has("profile-notify-empty") {
            body["charging_profile"]["charging_profile_period"] = json!([]);
        }
        let id = if self.has("profile-notify-other-id") { "SOME-OTHER-ID" } else { session_id };
        self.request("PUT", &join(&url, &[id]), &peer.token_out, Some(peer), Some(&body)).await;
    }

    /// The Sender interface of an EMSP: results by POST, changed profiles by PUT.
    pub(super) fn profile_sender(&self, request: &Received, rest: &[&str]) -> Reply {
        match (request.method.as_str(), rest) {
            ("POST", [kind, ..]) if rest.len() > 1 => self.profile_callback(request, kind),
            (_, [_, _, ..]) if self.has("callback-any-method") => Reply::ok(),
            (_, [_, _, ..]) => Reply::not_allowed("POST"),
            ("PUT", [id]) => {
                let Some(body) = &request.json else { return self.bad_json() };
                if self.has("profile-push-refused") {
                    return Reply::not_found(2000);
                }
                if !schema::check("ActiveChargingProfile", body).is_empty() && !self.has("callback-unvalidated") {
                    return Reply::invalid("no ActiveChargingProfile");
                }
                self.relay_change(id, body);
                self.acknowledge(200)
            }
            (_, [_]) if self.has("methods-accepted") => Reply::ok(),
            (_, [_]) => Reply::not_allowed("PUT"),
            _ => Reply::not_found(2000),
        }
    }

    /// A result at a response_url that names the request it answers.
    pub(super) fn profile_callback(&self, request: &Received, kind: &str) -> Reply {
        if self.has("fails-results") {
            return Reply::error(500, 3000, "the tester refuses on purpose");
        }
        let Some(body) = &request.json else { return self.bad_json() };
        let object = match kind {
            "GET" => "ActiveChargingProfileResult",
            "DELETE" => "ClearProfileResult",
            _ => "ChargingProfileResult",
        };
        if !schema::check(object, body).is_empty() && !self.has("callback-unvalidated") {
            return Reply::invalid(format!("no {object}"));
        }
        self.relay_result(request, body);
        self.acknowledge(200)
    }

    /// The operator of an EMSP steers a session.
    pub(super) async fn steer(&self, action: &str, asked: &Value, peer: &Peer) -> Result<Value, String> {
        let endpoint = peer.endpoint("chargingprofiles", "RECEIVER").ok_or("the peer takes no charging profiles")?;
        let method = match action {
            "set_charging_profile" => "PUT",
            "clear_charging_profile" => "DELETE",
            _ => "GET",
        };
        let unique =
            if self.has("command-same-response-url") { "fixed".to_string() } else { uuid::Uuid::new_v4().to_string() };
        let response_url = format!("{}/ocpi/2.2.1/sender/chargingprofiles/{method}/{unique}?of=1&by=2", self.base());
        let session_id = asked["session_id"].as_str().unwrap_or("");
        let mut url = if self.has("profile-client-slash") {
            format!("{}{session_id}", endpoint.trim_end_matches('/'))
        } else {
            join(&endpoint, &[session_id])
        };
        let mut body = None;
        if method == "PUT" {
            let limit = asked["limit"].as_str().and_then(|text| text.parse::<f64>().ok()).unwrap_or(8.0);
            let limit = if self.has("profile-client-two-decimals") { limit + 0.05 } else { limit };
            let unit = if self.has("profile-client-kilowatt") { "kW" } else { "A" };
            let mut object = json!({"response_url": response_url, "charging_profile": {
                "charging_rate_unit": unit, "charging_profile_period": [{"start_period": 0, "limit": limit}]}});
            if self.has("profile-client-bare") {
                object = object["charging_profile"].clone();
            }
            body = Some(object);
        } else {
            let long = self.has("profile-client-long-duration");
            let mut query =
                vec![("duration", if long { "86400" } else { "900" }), ("response_url", response_url.as_str())];
            if method == "DELETE" || self.has("profile-client-no-duration") {
                query.remove(0);
            }
            if self.has("profile-client-no-response-url") {
                query.pop();
            }
            url = if self.has("profile-client-unencoded") {
                let pairs: Vec<String> = query.iter().map(|(key, value)| format!("{key}={value}")).collect();
                format!("{url}?{}", pairs.join("&"))
            } else {
                with_query(&url, &query)
            };
        }
        let method = if self.has("profile-client-post") { "POST" } else { method };
        self.request(method, &url, &peer.token_out, Some(peer), body.as_ref()).await;
        Ok(json!({}))
    }
}

/// The seconds from `now` on at which a limit can change, beginning with 0.
fn boundaries(known: &Profiled, began: DateTime<Utc>, now: DateTime<Utc>, duration: i64) -> Vec<i64> {
    let profile = known.set.clone().unwrap_or_default();
    let offsets = profile["charging_profile_period"].as_array().into_iter().flatten();
    let offsets: Vec<i64> = offsets.filter_map(|period| period["start_period"].as_i64()).collect();
    let starts = [instant_of(&profile, "start_date_time"), known.at, Some(began)];
    let mut seconds = vec![0];
    for start in starts.into_iter().flatten() {
        let from = (start - now).num_seconds();
        // Rounding of fractions must not hide a boundary.
        let points = offsets.iter().copied().chain([0, 60]).chain(profile["duration"].as_i64());
        seconds.extend(points.flat_map(|offset| [from + offset, from + offset + 1]));
    }
    seconds.retain(|second| (0..duration).contains(second));
    seconds.sort_unstable();
    seconds.dedup();
    seconds
}
