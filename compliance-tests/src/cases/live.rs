//! A session of the platform that goes on while a case looks at it, and the station it is at.

use std::sync::Arc;

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use serde_json::{Value, json};

use super::charge::response_url;
use super::triggers::{Spot, oddity};
use crate::case::{CaseResult, ensure, fail, skip};
use crate::client::Answer;
use crate::context::{Ctx, join};
use crate::formats::decimal;
use crate::party::Received;
use crate::{clock, fixtures};

/// An EVSE of the platform with its first connector.
#[derive(Clone, Debug)]
pub(super) struct Station {
    pub(super) spot: Spot,
    pub(super) evse: Value,
}

/// A session that the tester has started at the platform.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(super) station: Station,
    pub(super) id: String,
    /// As it was first pushed.
    pub(super) session: Value,
}

impl Station {
    fn connector(&self) -> &Value {
        &self.evse["connectors"][0]
    }

    fn phases(&self) -> Decimal {
        match self.connector()["power_type"].as_str() {
            Some("AC_3_PHASE") => Decimal::from(3),
            Some("AC_2_PHASE" | "AC_2_PHASE_SPLIT") => Decimal::from(2),
            _ => Decimal::ONE,
        }
    }

    fn volts(&self) -> Decimal {
        decimal(&self.connector()["max_voltage"]).filter(|volts| !volts.is_zero()).unwrap_or(Decimal::from(230))
    }

    /// The most that the connector gives, in ampere per phase.
    pub(super) fn most(&self) -> Decimal {
        let amperes = decimal(&self.connector()["max_amperage"]).unwrap_or(Decimal::from(16));
        let by_power = decimal(&self.connector()["max_electric_power"]).map(|watts| self.amperes_of(watts));
        by_power.map_or(amperes, |by_power| by_power.min(amperes))
    }

    /// A power in watts as ampere per phase.
    pub(super) fn amperes_of(&self, watts: Decimal) -> Decimal {
        watts / self.volts() / self.phases()
    }

    /// A part of the most it gives, in ampere per phase with one decimal.
    pub(super) fn part(&self, percent: i64) -> Decimal {
        (self.most() * Decimal::new(percent, 2)).round_dp(1)
    }

    /// The same in watts.
    pub(super) fn watts(&self, ampere: Decimal) -> Decimal {
        (ampere * self.volts() * self.phases()).round_dp(0)
    }

    fn given(&self) -> [(&'static str, &str); 3] {
        [
            ("location_id", self.spot.location_id.as_str()),
            ("evse_uid", self.spot.evse_uid.as_str()),
            ("connector_id", self.spot.connector_id.as_str()),
        ]
    }

    /// Pulls a trigger at this station, with more values.
    pub(super) async fn trigger(&self, cx: &Arc<Ctx>, name: &str, more: &[(&str, &str)]) -> CaseResult {
        let given: Vec<(&str, &str)> = self.given().into_iter().chain(more.iter().copied()).collect();
        cx.trigger(name, &given).await.map(|_| ())
    }

    /// The EVSE as the platform serves it now.
    pub(super) async fn now(&self, cx: &Arc<Ctx>) -> CaseResult<Value> {
        let url = join(&cx.sender("locations")?, &[&self.spot.location_id, &self.spot.evse_uid]);
        cx.get(url).await?.object().cloned()
    }
}

/// A number as it goes into JSON.
pub(super) fn number(value: Decimal) -> Value {
    use rust_decimal::prelude::ToPrimitive;
    json!(value.to_f64().unwrap_or_default())
}

/// A JSON number as a decimal.
pub(super) fn amount(value: &Value) -> Decimal {
    decimal(value).or_else(|| value.as_f64().and_then(Decimal::from_f64)).unwrap_or_default()
}

/// Available EVSEs that have all of these capabilities and none of those, the ones no case has used first.
pub(super) async fn stations(cx: &Arc<Ctx>, has: &[&str], lacks: &[&str]) -> CaseResult<Vec<Station>> {
    cx.forget("locations");
    let locations = cx.objects("locations", 1).await?;
    let mut found = Vec::new();
    for location in locations.iter() {
        for evse in location["evses"].as_array().into_iter().flatten() {
            let can = |name: &str| evse["capabilities"].as_array().is_some_and(|list| list.iter().any(|c| c == name));
            if evse["status"] != "AVAILABLE" || !has.iter().all(|c| can(c)) || lacks.iter().any(|c| can(c)) {
                continue;
            }
            let text = |value: &Value| value.as_str().unwrap_or("").to_string();
            let spot = Spot {
                location_id: text(&location["id"]),
                evse_uid: text(&evse["uid"]),
                connector_id: text(&evse["connectors"][0]["id"]),
            };
            found.push(Station { spot, evse: evse.clone() });
        }
    }
    if found.is_empty() {
        return skip(format!(
            "the platform lists no available EVSE with {} and without {}",
            has.join(", "),
            lacks.join(", ")
        ));
    }
    let taken = cx.taken.lock().await;
    found.sort_by_key(|station| (taken.contains(&station.spot.evse_uid), oddity(&station.evse)));
    Ok(found)
}

/// The first of [`stations`], which is then in use.
pub(super) async fn station(cx: &Arc<Ctx>, has: &[&str], lacks: &[&str]) -> CaseResult<Station> {
    let mut all = stations(cx, has, lacks).await?;
    let mut taken = cx.taken.lock().await;
    // Meanwhile a case that runs beside this one may have taken the first.
    let free = all.iter().position(|station| !taken.contains(&station.spot.evse_uid)).unwrap_or_default();
    let station = all.swap_remove(free);
    taken.insert(station.spot.evse_uid.clone());
    Ok(station)
}

/// POSTs a command.
pub(super) async fn command(cx: &Arc<Ctx>, name: &str, body: &Value) -> CaseResult<Answer> {
    cx.put("POST", join(&cx.endpoint("commands", "RECEIVER")?, &[name]), body).await
}

/// POSTs a command that must succeed; gives its CommandResult.
pub(super) async fn carried_out(cx: &Arc<Ctx>, name: &str, mut body: Value) -> CaseResult<Value> {
    let (url, path) = response_url(cx);
    body["response_url"] = json!(url);
    let mark = cx.party.mark();
    let answer = command(cx, name, &body).await?;
    if answer.data()["result"] == "NOT_SUPPORTED" {
        return Err(crate::Stop::NotApplicable(format!("{name} is not supported")));
    }
    ensure(answer.data()["result"] == "ACCEPTED", format!("ACCEPTED for {name}"), || answer.describe())?;
    let result = cx.expect_request(mark, "a CommandResult", |r| r.method == "POST" && r.path == path).await?;
    let result = result.json.clone().unwrap_or_default();
    ensure(result["result"] == "ACCEPTED", format!("CommandResult ACCEPTED for {name}"), || result.to_string())?;
    Ok(result)
}

/// A token of the tester's, as an app has it; it shares its group with no other.
pub(super) fn app_token(cx: &Arc<Ctx>) -> Value {
    let mut token = fixtures::token(cx.owner(), &cx.new_id("APP"), "APP_USER", &clock::timestamp());
    token.as_object_mut().map(|map| map.shift_remove("group_id"));
    token
}

/// Whether a call changes or creates a session.
pub(super) fn is_session(call: &Received) -> bool {
    call.at("receiver", "sessions") && matches!(call.method.as_str(), "PUT" | "PATCH")
}

/// Starts a session at the station by START_SESSION and waits until it is pushed as ACTIVE.
pub(super) async fn start(cx: &Arc<Ctx>, station: &Station, token: &Value, reference: &str) -> CaseResult<Live> {
    cx.endpoint("sessions", "SENDER")?;
    plug_in(cx, station).await?;
    let mark = cx.party.mark();
    let spot = &station.spot;
    carried_out(
        cx,
        "START_SESSION",
        json!({"token": token, "location_id": spot.location_id, "evse_uid": spot.evse_uid, "connector_id": spot.connector_id,
            "authorization_reference": reference}),
    )
    .await?;
    let of = |r: &Received| {
        is_session(r)
            && r.json.as_ref().is_some_and(|session| session["status"] == "ACTIVE")
            && r.body.contains(reference)
    };
    let call = cx.expect_request(mark, "the session is pushed as ACTIVE", of).await?;
    let session = call.json.clone().unwrap_or_default();
    let Some(id) = call.rest().last().cloned() else { return fail("the session's id in the URL", call.path) };
    Ok(Live { station: station.clone(), id, session })
}

/// Puts a vehicle at the station, where there is a trigger for that.
pub(super) async fn plug_in(cx: &Arc<Ctx>, station: &Station) -> CaseResult {
    if cx.config.triggers.triggers.contains_key("plug_in") { station.trigger(cx, "plug_in", &[]).await } else { Ok(()) }
}

/// Ends a session by STOP_SESSION; gives what was sent from then on.
pub(super) async fn stop(cx: &Arc<Ctx>, live: &Live) -> CaseResult<Vec<Received>> {
    let mark = cx.party.mark();
    carried_out(cx, "STOP_SESSION", json!({"session_id": live.id})).await?;
    let ended = |r: &Received| {
        is_session(r)
            && r.rest().last().is_some_and(|id| id.eq_ignore_ascii_case(&live.id))
            && r.json.as_ref().is_some_and(|session| session["status"] == "COMPLETED" || session["status"] == "INVALID")
    };
    cx.expect_request(mark, "the session becomes COMPLETED (or INVALID, where nothing was charged)", ended).await?;
    if cx.config.triggers.triggers.contains_key("unplug") {
        live.station.trigger(cx, "unplug", &[]).await?;
    }
    Ok(cx.party.since(mark))
}

/// Lets the session end when the run is over.
pub(super) fn stop_later(cx: &Arc<Ctx>, live: &Live) {
    if let Ok(endpoint) = cx.endpoint("commands", "RECEIVER") {
        let body = json!({"response_url": response_url(cx).0, "session_id": live.id});
        cx.on_cleanup("POST", &join(&endpoint, &["STOP_SESSION"]), Some(&body));
    }
}

/// A session of this run at a station that can be steered by profiles.
pub(super) async fn steerable(cx: &Arc<Ctx>) -> CaseResult<Live> {
    let begun = cx
        .steerable
        .get_or_init(|| async {
            cx.endpoint("chargingprofiles", "RECEIVER")?;
            let station = station(
                cx,
                &["REMOTE_START_STOP_CAPABLE", "CHARGING_PROFILE_CAPABLE"],
                &["CHARGING_PREFERENCES_CAPABLE", "RESERVABLE", "START_SESSION_CONNECTOR_REQUIRED"],
            )
            .await;
            let station = match station {
                Err(crate::Stop::Skip(_)) => {
                    self::station(cx, &["REMOTE_START_STOP_CAPABLE", "CHARGING_PROFILE_CAPABLE"], &[]).await?
                }
                other => other?,
            };
            let live = start(cx, &station, &app_token(cx), &cx.new_id("REF")).await?;
            stop_later(cx, &live);
            Ok(live)
        })
        .await;
    begun.clone()
}
