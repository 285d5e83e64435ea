//! Commands: the Receiver interface of a CPO, and the response_url of an EMSP.

use serde_json::{Value, json};

use super::charge::session_id;
use super::serve::Reply;
use super::{Party, Peer, Received, id_of};
use crate::case::TargetRole;
use crate::schema;

/// How long a silent station is waited for.
const PATIENCE_WITH_STATIONS: std::time::Duration = std::time::Duration::from_secs(1);

/// What a command leads to once it was accepted.
enum Work {
    Start(Value),
    Stop(String),
    Reserve(Value),
    Cancel(String),
    Unlock,
    /// Only a result is sent.
    Nothing(&'static str),
}

impl Party {
    pub(super) fn command(&self, request: &Received, command: &str, peer: &Peer) -> Reply {
        let kind = match command {
            "CANCEL_RESERVATION" => "CancelReservation",
            "RESERVE_NOW" => "ReserveNow",
            "START_SESSION" => "StartSession",
            "STOP_SESSION" => "StopSession",
            "UNLOCK_CONNECTOR" => "UnlockConnector",
            _ if self.has("command-unknown-accepted") => {
                return Reply::data(json!({"result": "ACCEPTED", "timeout": 30}));
            }
            _ => return Reply::not_found(2001),
        };
        if request.method != "POST" {
            return if self.has("methods-accepted") { Reply::ok() } else { Reply::not_allowed("POST") };
        }
        if self.has("command-not-found") {
            return Reply::not_found(2001);
        }
        let Some(body) = &request.json else { return self.bad_json() };
        let mut faults: Vec<String> = schema::check(kind, body).iter().map(ToString::to_string).collect();
        if body.get("connector_id").is_some_and(Value::is_string) && body.get("evse_uid").is_none_or(Value::is_null) {
            faults.push("/evse_uid: needed with connector_id".into());
        }
        if kind == "StartSession" && body.get("evse_uid").is_none_or(Value::is_null) && self.has("command-needs-evse") {
            faults.push("/evse_uid: needed".into());
        }
        if !faults.is_empty() && !self.has("command-unvalidated") {
            return Reply::invalid(faults.join("; "));
        }
        let (code, result, work) = self.judge(kind, body, peer);
        self.answer_command(body, peer, code, result, work)
    }

    fn answer_command(&self, body: &Value, peer: &Peer, code: i64, result: &str, work: Option<Work>) -> Reply {
        let mut data =
            json!({"result": if self.has("command-bad-result") { "TIMEOUT" } else { result }, "timeout": 30});
        if self.has("command-no-timeout") {
            data.as_object_mut().map(|map| map.shift_remove("timeout"));
        }
        let response_url = body["response_url"].as_str().unwrap_or("").to_string();
        let work = work.or_else(|| self.has("result-after-rejection").then_some(Work::Nothing("REJECTED")));
        if let Some(work) = work {
            let (party, peer) = (self.clone(), peer.clone());
            tokio::spawn(async move { party.carry_out(&peer, &response_url, work).await });
        }
        let mut reply = Reply::data(if self.has("command-as-list") { json!([data]) } else { data });
        reply.code = code;
        reply
    }

    fn judge(&self, kind: &str, body: &Value, peer: &Peer) -> (i64, &'static str, Option<Work>) {
        if let Some(location_id) = body["location_id"].as_str() {
            let locations = self.own("locations");
            let Some(location) = locations.iter().find(|l| id_of("locations", l).eq_ignore_ascii_case(location_id))
            else {
                if self.has("command-unknown-location-accepted") {
                    return (1000, "ACCEPTED", Some(Work::Nothing("ACCEPTED")));
                }
                return (if self.has("command-unknown-location-1000") { 1000 } else { 2003 }, "REJECTED", None);
            };
            if let Some(refusal) = self.refuse_for_evse(kind, body, location, peer) {
                return refusal;
            }
        }
        if let Some(token) = body.get("token") {
            let owned =
                peer.owns(token["country_code"].as_str().unwrap_or(""), token["party_id"].as_str().unwrap_or(""));
            if !owned && !self.has("command-foreign-token") {
                return (1000, "REJECTED", None);
            }
        }
        match kind {
            "StopSession" => {
                let id = body["session_id"].as_str().unwrap_or("").to_string();
                let known = self.own("sessions").into_iter().find(|s| id_of("sessions", s).eq_ignore_ascii_case(&id));
                if known.is_none() && !self.has("command-unknown-session-accepted") {
                    return (1000, "UNKNOWN_SESSION", None);
                }
                let foreign = known.is_some_and(|session| {
                    let text = |field: &str| session["cdr_token"][field].as_str().unwrap_or("").to_string();
                    !peer.owns(&text("country_code"), &text("party_id"))
                });
                if foreign && !self.has("command-foreign-session-accepted") {
                    return (1000, "REJECTED", None);
                }
                (1000, "ACCEPTED", Some(Work::Stop(id)))
            }
            "StartSession" => (1000, "ACCEPTED", Some(Work::Start(body.clone()))),
            "ReserveNow" => (1000, "ACCEPTED", Some(Work::Reserve(body.clone()))),
            "CancelReservation" => {
                (1000, "ACCEPTED", Some(Work::Cancel(body["reservation_id"].as_str().unwrap_or("").to_string())))
            }
            _ => (1000, "ACCEPTED", Some(Work::Unlock)),
        }
    }

    fn refuse_for_evse(
        &self,
        kind: &str,
        body: &Value,
        location: &Value,
        peer: &Peer,
    ) -> Option<(i64, &'static str, Option<Work>)> {
        let uid = body["evse_uid"].as_str()?;
        let Some(evse) = location["evses"]
            .as_array()?
            .iter()
            .find(|e| e["uid"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(uid)))
        else {
            return Some((1000, "REJECTED", None));
        };
        let can =
            |capability: &str| evse["capabilities"].as_array().is_some_and(|list| list.iter().any(|c| c == capability));
        let needed = match kind {
            "StartSession" => "REMOTE_START_STOP_CAPABLE",
            "ReserveNow" => "RESERVABLE",
            "UnlockConnector" => "UNLOCK_CAPABLE",
            _ => return None,
        };
        if !can(needed) && !self.has("command-unsupported-accepted") {
            return Some((1000, "NOT_SUPPORTED", None));
        }
        let connector = body.get("connector_id").is_some_and(Value::is_string);
        if kind == "StartSession"
            && can("START_SESSION_CONNECTOR_REQUIRED")
            && !connector
            && !self.has("command-unsupported-accepted")
        {
            return Some((1000, "REJECTED", None));
        }
        if matches!(kind, "StartSession" | "ReserveNow")
            && let Some(result) = self.occupied(body, evse, peer)
        {
            return Some((1000, "ACCEPTED", Some(Work::Nothing(result))));
        }
        None
    }

    async fn carry_out(&self, peer: &Peer, response_url: &str, work: Work) {
        let result = match &work {
            Work::Start(body) if self.temper(body) == "SILENT" => {
                if self.has("command-waits-for-ever") {
                    return;
                }
                tokio::time::sleep(PATIENCE_WITH_STATIONS).await;
                "TIMEOUT"
            }
            Work::Nothing(result) => result,
            Work::Cancel(id) => {
                if self.cancel(peer, id).await || self.has("command-unknown-reservation-accepted") {
                    "ACCEPTED"
                } else {
                    "UNKNOWN_RESERVATION"
                }
            }
            Work::Start(body) => self.station_says(body),
            _ => "ACCEPTED",
        };
        self.send_result(peer, response_url, result).await;
        match work {
            Work::Start(_) if result != "ACCEPTED" => {}
            Work::Start(body) => {
                if self.has("command-checks-token")
                    && let Some(url) = peer.endpoint("tokens", "SENDER")
                {
                    let uid = body["token"]["uid"].as_str().unwrap_or("");
                    self.request("POST", &format!("{url}/{uid}/authorize"), &peer.token_out, Some(peer), None).await;
                }
                self.note_command(&body);
                if !self.has("session-none") && self.use_reservation(peer, &body).await.is_none() {
                    self.begin_session(session_id(), peer, &body, "COMMAND", "ACTIVE").await;
                }
            }
            Work::Reserve(body) => {
                self.note_command(&body);
                self.reserve(peer, &body).await;
            }
            Work::Stop(id) => {
                if !self.has("stop-leaves-session") {
                    self.end_session(peer, &id).await;
                }
            }
            Work::Cancel(_) | Work::Unlock | Work::Nothing(_) => {}
        }
    }

    /// How the station that a START_SESSION is for takes commands.
    fn temper(&self, body: &Value) -> String {
        if self.has("command-ignores-temper") {
            return String::new();
        }
        let evse = body["evse_uid"].as_str().unwrap_or("").to_ascii_uppercase();
        self.state().tempers.get(&evse).cloned().unwrap_or_default()
    }

    /// What the station that a START_SESSION is for answers.
    fn station_says(&self, body: &Value) -> &'static str {
        match self.temper(body).as_str() {
            "REFUSING" => return "REJECTED",
            "FAILING" => return "FAILED",
            _ => {}
        }
        let locations = self.own("locations");
        let same = |value: &Value, asked: &Value| {
            value.as_str().zip(asked.as_str()).is_some_and(|(a, b)| a.eq_ignore_ascii_case(b))
        };
        let location = locations.iter().find(|l| same(&l["id"], &body["location_id"]));
        let evse = location.and_then(|l| l["evses"].as_array()?.iter().find(|e| same(&e["uid"], &body["evse_uid"])));
        match evse.and_then(|evse| evse["status"].as_str()) {
            Some("OUTOFORDER") if !self.has("command-ignores-fault") => "EVSE_INOPERATIVE",
            Some("CHARGING") if !self.has("command-ignores-occupied") => "EVSE_OCCUPIED",
            _ => "ACCEPTED",
        }
    }

    async fn send_result(&self, peer: &Peer, response_url: &str, result: &str) {
        if self.has("result-never") {
            return;
        }
        let url = if self.has("result-without-query") {
            response_url.split('?').next().unwrap_or(response_url)
        } else {
            response_url
        };
        let result = if self.has("result-bad-value") { "DONE" } else { result };
        let mut body = json!({"result": result});
        if self.has("result-enveloped") {
            body = json!({"data": body, "status_code": 1000, "timestamp": crate::clock::timestamp()});
        }
        let token = if self.has("result-unauthorized") { "nobody" } else { &peer.token_out };
        let mut outcome = self.request("POST", url, token, Some(peer), Some(&body)).await;
        if self.has("result-twice") {
            self.request("POST", url, token, Some(peer), Some(&body)).await;
        }
        let mut tries = 0;
        while self.has("result-retried") && !outcome.succeeded() && tries < 3 {
            outcome = self.request("POST", url, token, Some(peer), Some(&body)).await;
            tries += 1;
        }
    }

    /// A response_url of this party, or anything else below `/callback`.
    pub(super) fn callback(&self, request: &Received) -> Reply {
        if request.method != "POST" && !self.has("callback-any-method") {
            return Reply::not_allowed("POST");
        }
        if request.segments.get(1).is_some_and(|segment| segment == "profiles") {
            return self.profile_callback(request, request.segments.get(2).map_or("", String::as_str));
        }
        let plays_emsp = self.0.config.roles.iter().any(|(role, _)| *role == TargetRole::Emsp);
        let Some(body) = request.json.as_ref().filter(|_| plays_emsp) else {
            return if request.method == "POST" { self.bad_json() } else { Reply::ok() };
        };
        if self.has("fails-results") {
            return Reply::error(500, 3000, "the tester refuses on purpose");
        }
        let body = body.get("data").unwrap_or(body);
        if !schema::check("CommandResult", body).is_empty() && !self.has("callback-unvalidated") {
            return Reply::invalid("no CommandResult");
        }
        let used = format!("used {}", request.path);
        let again = self.state().answers.insert(used, json!(true)).is_some();
        if again && self.has("callback-once") {
            return Reply::not_found(2001);
        }
        Reply::ok()
    }
}
