//! Charging preferences: what a CPO answers and what follows, and what an EMSP sends.

use std::sync::Arc;

use serde_json::{Value, json};

use super::live::{self, Live, app_token};
use crate::case::{Case, CaseResult, Stop, TargetRole, ensure, fail, skip};
use crate::client::Answer;
use crate::context::{Ctx, join};
use crate::formats::decimal;
use crate::party::Received;
use crate::{clock, fixtures, schema};

const CAPABLE: &str = "CHARGING_PREFERENCES_CAPABLE";

pub(super) fn cases() -> Vec<Case> {
    [answers(), tariffs(), sent()].concat()
}

fn cpo(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title).on(TargetRole::Cpo).destructive()
}

fn emsp(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title).on(TargetRole::Emsp).destructive()
}

async fn prefer(cx: &Arc<Ctx>, session: &str, body: &Value) -> CaseResult<Answer> {
    cx.put("PUT", join(&cx.sender("sessions")?, &[session, "charging_preferences"]), body).await
}

/// The word that a CPO answers.
async fn word(cx: &Arc<Ctx>, session: &str, body: &Value) -> CaseResult<String> {
    let answer = prefer(cx, session, body).await?;
    let known = schema::values("ChargingPreferencesResponse").unwrap_or_default();
    match answer.data().as_str().filter(|word| known.iter().any(|k| k == word)) {
        Some(word) if answer.ocpi() == Some(1000) => Ok(word.to_string()),
        _ => fail("a ChargingPreferencesResponse in data", answer.describe()),
    }
}

fn in_hours(hours: i64) -> String {
    clock::seconds(clock::now() + chrono::Duration::hours(hours))
}

/// A session at an EVSE that takes preferences.
async fn begin(cx: &Arc<Ctx>) -> CaseResult<Live> {
    let station = live::station(cx, &["REMOTE_START_STOP_CAPABLE", CAPABLE], &[]).await?;
    live::start(cx, &station, &app_token(cx), &cx.new_id("REF")).await
}

/// The types of the tariffs at a session's connector; a tariff without type is `REGULAR`.
async fn offered(cx: &Arc<Ctx>, live: &Live) -> CaseResult<Vec<String>> {
    let ids = live.station.evse["connectors"][0]["tariff_ids"].as_array().cloned().unwrap_or_default();
    let all = cx.crawl("tariffs").await?;
    let mine = all.iter().filter(|tariff| ids.contains(&tariff["id"]));
    Ok(mine.map(|tariff| tariff["type"].as_str().unwrap_or("REGULAR").to_string()).collect())
}

fn has_tariff(offered: &[String], kind: &str) -> bool {
    let wanted = if kind == "REGULAR" { kind.to_string() } else { format!("PROFILE_{kind}") };
    offered.contains(&wanted)
}

fn answers() -> Vec<Case> {
    vec![
        cpo("sessions.preferences.profiles", "A profile type is accepted exactly where there is a tariff for it")
            .proves(&["SES-080", "SES-089", "LOC-122"])
            .does("Starts a session at an EVSE with CHARGING_PREFERENCES_CAPABLE; PUTs preferences with each profile type, departure_time and energy_need")
            .expects("Never HTTP 404; ACCEPTED only where the connector has a tariff of that type; PROFILE_TYPE_NOT_SUPPORTED where it has none")
            .sabotage("preferences-any-profile")
            .sabotage("preferences-nowhere")
            .run(|cx| async move {
                let live = begin(&cx).await?;
                let verdict = profiles(&cx, &live).await;
                live::stop(&cx, &live).await?;
                verdict
            }),
        cpo("sessions.preferences.elsewhere", "Preferences at an EVSE that takes none")
            .proves(&["LOC-122", "SES-084"])
            .should()
            .does("Starts a session at an EVSE without CHARGING_PREFERENCES_CAPABLE; PUTs preferences")
            .expects("HTTP 404 with status_code 2001")
            .sabotage("preferences-everywhere")
            .run(|cx| async move {
                let station = live::station(&cx, &["REMOTE_START_STOP_CAPABLE"], &[CAPABLE]).await?;
                let live = live::start(&cx, &station, &app_token(&cx), &cx.new_id("REF")).await?;
                let answer = prefer(&cx, &live.id, &json!({"profile_type": "REGULAR"})).await;
                live::stop(&cx, &live).await?;
                let answer = answer?;
                answer.has_http(404)?;
                answer.has_status(2001)
            }),
        cpo("sessions.preferences.needs", "What is missing is named")
            .proves(&["SES-086", "SES-087"])
            .does("Starts a session; PUTs each supported profile type bare, with departure_time, and with energy_need too")
            .expects("DEPARTURE_REQUIRED or ENERGY_NEED_REQUIRED exactly while that is missing and needed")
            .sabotage("preferences-vague")
            .sabotage("preferences-always-departure")
            .run(|cx| async move {
                let live = begin(&cx).await?;
                let verdict = needs(&cx, &live).await;
                live::stop(&cx, &live).await?;
                verdict
            }),
        cpo("sessions.preferences.impossible", "What cannot be fulfilled is said so")
            .proves(&["SES-088"])
            .does("Starts a session; PUTs a need of 1000 kWh within a minute")
            .expects("NOT_POSSIBLE (or ACCEPTED, where the EVSE does not know)")
            .sabotage("preferences-impossible-refused")
            .run(|cx| async move {
                let live = begin(&cx).await?;
                let soon = clock::seconds(clock::now() + chrono::Duration::minutes(1));
                let body = json!({"profile_type": "REGULAR", "departure_time": soon, "energy_need": 1000});
                let word = word(&cx, &live.id, &body).await;
                live::stop(&cx, &live).await?;
                let word = word?;
                ensure(word == "NOT_POSSIBLE" || word == "ACCEPTED", "NOT_POSSIBLE", || word.clone())
            }),
    ]
}

async fn profiles(cx: &Arc<Ctx>, live: &Live) -> CaseResult {
    let offered = offered(cx, live).await?;
    for kind in schema::values("ProfileType").unwrap_or_default() {
        let body = json!({"profile_type": kind, "departure_time": in_hours(6), "energy_need": 5});
        let word = word(cx, &live.id, &body).await?;
        let known = has_tariff(&offered, kind);
        let right =
            if word == "ACCEPTED" { known } else { known || kind == "REGULAR" || word == "PROFILE_TYPE_NOT_SUPPORTED" };
        ensure(
            right,
            format!(
                "ACCEPTED for a type with a tariff, PROFILE_TYPE_NOT_SUPPORTED for one without; tariffs: {offered:?}"
            ),
            || format!("{word} for {kind}"),
        )?;
    }
    Ok(())
}

async fn needs(cx: &Arc<Ctx>, live: &Live) -> CaseResult {
    for kind in schema::values("ProfileType").unwrap_or_default() {
        let bare = word(cx, &live.id, &json!({"profile_type": kind})).await?;
        let departing = word(cx, &live.id, &json!({"profile_type": kind, "departure_time": in_hours(6)})).await?;
        let full =
            word(cx, &live.id, &json!({"profile_type": kind, "departure_time": in_hours(6), "energy_need": 5})).await?;
        let told = format!("{kind}: bare {bare}, with departure_time {departing}, with energy_need too {full}");
        ensure(
            departing != "DEPARTURE_REQUIRED" && full != "DEPARTURE_REQUIRED",
            "departure_time is not asked for twice",
            || told.clone(),
        )?;
        ensure(full != "ENERGY_NEED_REQUIRED", "energy_need is not asked for twice", || told.clone())?;
        let named = |word: &str| matches!(word, "ACCEPTED" | "DEPARTURE_REQUIRED" | "ENERGY_NEED_REQUIRED");
        if full == "ACCEPTED" {
            ensure(named(&bare) && named(&departing), "what is missing is named, or nothing is missing", || {
                told.clone()
            })?;
        }
    }
    Ok(())
}

fn tariffs() -> Vec<Case> {
    vec![
        cpo("tariffs.preferences.applied", "The tariff of the preferred profile is applied")
            .proves(&["TAR-061"])
            .does("Starts a session; PUTs preferences with a profile type other than REGULAR that is accepted; ends the session")
            .expects("The last charging period of the CDR has a tariff of type PROFILE_…")
            .sabotage("preferences-without-effect")
            .run(|cx| async move {
                cx.endpoint("cdrs", "SENDER")?;
                let live = begin(&cx).await?;
                let mark = cx.party.mark();
                let kind = some_profile(&cx, &live).await;
                cx.party.wait(cx.party.mark(), cx.config.quiet * 2, |_| false).await;
                live::stop(&cx, &live).await?;
                let kind = kind?;
                let of = |r: &Received| r.is("POST", "receiver", "cdrs") && r.body.contains(&live.id);
                let cdr = cx.expect_request(mark, "the CDR", of).await?.json.unwrap_or_default();
                let id = cdr["charging_periods"].as_array().and_then(|list| list.last()).map(|period| period["tariff_id"].clone());
                let used = cdr["tariffs"].as_array().into_iter().flatten().find(|tariff| Some(&tariff["id"]) == id.as_ref());
                let wanted = format!("PROFILE_{kind}");
                ensure(used.is_some_and(|tariff| tariff["type"] == wanted.as_str()), format!("a last period with a tariff of type {wanted}"), || {
                    format!("periods {}, tariffs {}", cdr["charging_periods"], cdr["tariffs"])
                })
            }),
        Case::new("tariffs.preferences.offered", "Where preferences are taken there is a tariff for each profile")
            .on(TargetRole::Cpo)
            .proves(&["LOC-115"])
            .should()
            .does("Looks at the tariffs of every EVSE with CHARGING_PREFERENCES_CAPABLE")
            .expects("A regular tariff and at least one of type PROFILE_…, none of which twice")
            .sabotage("set locations /evses/0/connectors/0/tariff_ids [\"T1\"]")
            .run(|cx| async move {
                let (locations, tariffs) = (cx.objects("locations", 1).await?, cx.objects("tariffs", 1).await?);
                let evses = locations.iter().flat_map(|location| location["evses"].as_array().cloned().unwrap_or_default());
                let mut seen = 0;
                for evse in evses.filter(|evse| evse["capabilities"].as_array().is_some_and(|list| list.iter().any(|c| c == CAPABLE))) {
                    seen += 1;
                    for connector in evse["connectors"].as_array().into_iter().flatten() {
                        let ids = connector["tariff_ids"].as_array().cloned().unwrap_or_default();
                        let mut kinds: Vec<String> = tariffs
                            .iter()
                            .filter(|tariff| ids.contains(&tariff["id"]))
                            .map(|tariff| tariff["type"].as_str().unwrap_or("REGULAR").to_string())
                            .filter(|kind| kind == "REGULAR" || kind.starts_with("PROFILE_"))
                            .collect();
                        kinds.sort();
                        let all = kinds.len();
                        kinds.dedup();
                        ensure(all == kinds.len() && kinds.len() > 1, format!("one tariff for each profile at EVSE {}", evse["uid"]), || format!("{kinds:?} of {ids:?}"))?;
                    }
                }
                if seen == 0 { skip("no EVSE takes charging preferences") } else { Ok(()) }
            }),
    ]
}

/// Prefers the first profile type that is accepted, other than REGULAR.
async fn some_profile(cx: &Arc<Ctx>, live: &Live) -> CaseResult<String> {
    let offered = offered(cx, live).await?;
    for kind in ["CHEAP", "GREEN", "FAST"] {
        if has_tariff(&offered, kind) {
            let body = json!({"profile_type": kind, "departure_time": in_hours(6), "energy_need": 5});
            if word(cx, &live.id, &body).await? == "ACCEPTED" {
                return Ok(kind.to_string());
            }
        }
    }
    skip("no profile type was accepted")
}

/// A session of the platform's customer at a station of the tester.
async fn session_at(cx: &Arc<Ctx>, location: &str, evse: &str) -> CaseResult<String> {
    let token = super::tokens::target_token(cx).await?;
    let id = cx.new_id("PREF");
    let mut session = fixtures::session(cx.owner(), &id, &token, &clock::timestamp());
    session["start_date_time"] = json!(clock::timestamp());
    session["location_id"] = json!(location);
    session["evse_uid"] = json!(evse);
    session["charging_periods"] = json!([]);
    let url = cx.receiver("sessions", cx.owner(), &[&id])?;
    cx.put("PUT", &url, &session).await?.succeeded()?;
    cx.party.publish("sessions", session.clone());
    session["status"] = json!("COMPLETED");
    session["last_updated"] = json!(clock::seconds(clock::now() + chrono::Duration::seconds(5)));
    cx.on_cleanup("PUT", &url, Some(&session));
    Ok(id)
}

/// Lets the operator of an EMSP pass preferences on; `Ok(false)` when the platform refuses.
async fn wish(cx: &Arc<Ctx>, session: &str, kind: &str) -> CaseResult<bool> {
    if !cx.config.triggers.has("set_charging_preferences") {
        return skip("needs the trigger `set_charging_preferences`");
    }
    let departure = in_hours(6);
    let given = [
        ("session_id", session),
        ("profile_type", kind),
        ("departure_time", departure.as_str()),
        ("energy_need", "12.5"),
        ("peer_id", cx.config.peer_id.as_str()),
    ];
    match cx.trigger("set_charging_preferences", &given).await {
        Ok(_) => Ok(true),
        Err(Stop::Error(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

fn is_wish(call: &Received, session: &str) -> bool {
    call.path.contains("/sessions/") && call.path.contains(session) && call.at("sender", "sessions")
}

fn sent() -> Vec<Case> {
    vec![
        emsp("sessions.preferences.send", "Preferences are sent by PUT to the CPO's Sender interface")
            .proves(&["SES-009", "SES-082", "SES-079"])
            .does("Pushes a session of the platform's customer at a station that takes preferences; lets the operator prefer CHEAP, 12.5 kWh, a departure")
            .expects("PUT {sessions}/{session id}/charging_preferences of ChargingPreferences by the tables, with the energy in kWh")
            .sabotage("preferences-client-post")
            .sabotage("preferences-client-url")
            .sabotage("preferences-client-bad-body")
            .sabotage("preferences-client-wh")
            .run(|cx| async move {
                let session = session_at(&cx, "LOC0", "LOC0-E1").await?;
                let mark = cx.party.mark();
                ensure(wish(&cx, &session, "CHEAP").await?, "the trigger works", || "the platform refuses preferences that the connector has a tariff for".into())?;
                let call = cx.expect_request(mark, "PUT of charging_preferences", |r| is_wish(r, &session)).await?;
                let right = call.is("PUT", "sender", "sessions") && call.rest() == [session.as_str(), "charging_preferences"];
                ensure(right, format!("PUT …/sessions/{session}/charging_preferences"), || format!("{} {}", call.method, call.path))?;
                let body = call.json.clone().unwrap_or_default();
                let found = schema::check("ChargingPreferences", &body);
                ensure(found.is_empty() && body["profile_type"] == "CHEAP", "ChargingPreferences by the tables", || format!("{found:?} in {body}"))?;
                let energy = decimal(&body["energy_need"]);
                ensure(energy.is_none_or(|energy| energy == rust_decimal::Decimal::new(125, 1)), "12.5 kWh", || body.to_string())
            }),
        emsp("sessions.preferences.send.unsupported", "No profile type is sent that the connector has no tariff for")
            .proves(&["SES-079"])
            .does("Pushes a session of the platform's customer; lets the operator prefer FAST, for which the connector has no tariff")
            .expects("No PUT of charging_preferences")
            .sabotage("preferences-client-any-profile")
            .run(|cx| async move {
                let session = session_at(&cx, "LOC0", "LOC0-E2").await?;
                let mark = cx.party.mark();
                wish(&cx, &session, "FAST").await?;
                cx.expect_silence(mark, "no charging_preferences", |r| is_wish(r, &session)).await
            }),
        emsp("sessions.preferences.send.incapable", "No preferences are sent for an EVSE that takes none")
            .proves(&["SES-010"])
            .should()
            .does("Pushes a session of the platform's customer at an EVSE without CHARGING_PREFERENCES_CAPABLE; lets the operator prefer REGULAR")
            .expects("No PUT of charging_preferences")
            .sabotage("preferences-client-unasked")
            .run(|cx| async move {
                let session = session_at(&cx, "LOC4", "LOC4-E1").await?;
                let mark = cx.party.mark();
                wish(&cx, &session, "REGULAR").await?;
                cx.expect_silence(mark, "no charging_preferences", |r| is_wish(r, &session)).await
            }),
    ]
}
