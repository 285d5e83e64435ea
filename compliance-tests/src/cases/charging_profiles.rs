//! ChargingProfiles: what a CPO does with a profile, what an EMSP sends and accepts.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::live::{self, Live, amount, app_token, number, steerable};
use super::partners::Guest;
use crate::case::{Case, CaseResult, TargetRole, ensure, fail, skip};
use crate::client::Answer;
use crate::context::{Ctx, Request, join, with_query};
use crate::formats::{instant_of, single_decimal};
use crate::party::Received;
use crate::{clock, schema};

const METHODS: [&str; 3] = ["GET", "PUT", "DELETE"];

pub(super) fn cases() -> Vec<Case> {
    [refusals(), results(), effects(), changes(), sent(), taken()].concat()
}

fn cpo(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title).on(TargetRole::Cpo).destructive()
}

fn emsp(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title).on(TargetRole::Emsp).destructive()
}

/// A request, and where its result is due.
struct Asked {
    answer: Answer,
    path: String,
    mark: usize,
}

fn url(cx: &Arc<Ctx>, session: &str) -> CaseResult<String> {
    Ok(join(&cx.endpoint("chargingprofiles", "RECEIVER")?, &[session]))
}

/// A response_url of the tester, whose query must survive.
fn response_url(cx: &Arc<Ctx>, method: &str) -> (String, String) {
    let path = format!("/callback/profiles/{method}/{}?a=1&b=x%2Fy", cx.new_id("P"));
    (format!("{}{path}", cx.party.base()), path)
}

fn flat(limit: Decimal) -> Value {
    json!({"charging_rate_unit": "A", "charging_profile_period": [{"start_period": 0, "limit": number(limit)}]})
}

fn request(cx: &Arc<Ctx>, session: &str, method: &str, response_url: &str, profile: &Value) -> CaseResult<Request> {
    let url = url(cx, session)?;
    Ok(match method {
        "PUT" => cx.request(method, url).json(&json!({"charging_profile": profile, "response_url": response_url})),
        "GET" => cx.request(method, with_query(&url, &[("duration", "900"), ("response_url", response_url)])),
        _ => cx.request(method, with_query(&url, &[("response_url", response_url)])),
    })
}

async fn ask(cx: &Arc<Ctx>, session: &str, method: &str, profile: &Value) -> CaseResult<Asked> {
    let (response_url, path) = response_url(cx, method);
    let mark = cx.party.mark();
    let answer = request(cx, session, method, &response_url, profile)?.send().await?;
    Ok(Asked { answer, path, mark })
}

async fn result(cx: &Arc<Ctx>, asked: &Asked) -> CaseResult<Value> {
    let given = &asked.answer.data()["result"];
    if given == "TOO_OFTEN" {
        return skip("the platform limits the rate of these requests: TOO_OFTEN");
    }
    ensure(given == "ACCEPTED", "ACCEPTED", || asked.answer.describe())?;
    let what = format!("the result is POSTed to {}", asked.path);
    let call = cx.expect_request(asked.mark, &what, |r| r.method == "POST" && r.path == asked.path).await?;
    Ok(call.json.unwrap_or_default())
}

/// Sets a profile and waits until the station has it.
async fn set(cx: &Arc<Ctx>, live: &Live, profile: &Value) -> CaseResult {
    let asked = ask(cx, &live.id, "PUT", profile).await?;
    let result = result(cx, &asked).await?;
    ensure(result["result"] == "ACCEPTED", "ChargingProfileResult ACCEPTED", || result.to_string())
}

async fn clear(cx: &Arc<Ctx>, live: &Live) -> CaseResult<Value> {
    let asked = ask(cx, &live.id, "DELETE", &Value::Null).await?;
    result(cx, &asked).await
}

/// The ActiveChargingProfile that the station gives.
async fn active(cx: &Arc<Ctx>, live: &Live) -> CaseResult<Value> {
    let asked = ask(cx, &live.id, "GET", &Value::Null).await?;
    let body = result(cx, &asked).await?;
    ensure(body["result"] == "ACCEPTED" && body["profile"].is_object(), "ACCEPTED with a profile", || {
        body.to_string()
    })?;
    Ok(body["profile"].clone())
}

/// The limit of an ActiveChargingProfile at a moment, in ampere per phase.
fn limit_at(live: &Live, active: &Value, at: DateTime<Utc>) -> CaseResult<Decimal> {
    let profile = &active["charging_profile"];
    let Some(start) = instant_of(active, "start_date_time") else {
        return fail("an ActiveChargingProfile with start_date_time", active.to_string());
    };
    let offset = (at - start).num_seconds();
    if profile["duration"].as_i64().is_some_and(|length| offset >= length) {
        return fail(format!("a profile that covers second {offset}"), active.to_string());
    }
    let periods = profile["charging_profile_period"].as_array().cloned().unwrap_or_default();
    let reached = |period: &&Value| period["start_period"].as_i64().is_some_and(|from| from <= offset.max(0));
    let Some(period) = periods.iter().rfind(reached) else {
        return fail("a charging_profile_period for the moment", active.to_string());
    };
    let limit = amount(&period["limit"]);
    Ok(if profile["charging_rate_unit"] == "W" { live.station.amperes_of(limit) } else { limit })
}

fn near(a: Decimal, b: Decimal) -> bool {
    (a - b).abs() <= (b * Decimal::new(5, 2)).max(Decimal::new(2, 1))
}

/// Fails unless the limit `seconds` from now is about the wanted one.
fn holds(live: &Live, active: &Value, seconds: i64, wanted: Decimal) -> CaseResult {
    let limit = limit_at(live, active, clock::now() + chrono::Duration::seconds(seconds))?;
    ensure(near(limit, wanted), format!("about {wanted} A per phase {seconds} s from now"), || {
        format!("{limit} A in {active}")
    })
}

fn refusals() -> Vec<Case> {
    vec![
        cpo("chargingprofiles.unknown-session", "Requests for a session that does not exist")
            .proves(&["CHP-068", "CHP-024", "CHP-027", "CHP-031", "CHP-034", "CHP-052", "CHP-066"])
            .does("GETs, PUTs and DELETEs the profile of a session that does not exist")
            .expects("HTTP 200; data is a ChargingProfileResponse with result UNKNOWN_SESSION and timeout")
            .sabotage("profile-unknown-404")
            .sabotage("profile-unknown-accepted")
            .sabotage("profile-no-timeout")
            .sabotage("profile-bad-result")
            .sabotage("profile-in-answer")
            .run(|cx| async move {
                for method in METHODS {
                    let asked = ask(&cx, &cx.new_id("NONE"), method, &flat(Decimal::from(8))).await?;
                    asked.answer.has_http(200)?;
                    let found = schema::check("ChargingProfileResponse", asked.answer.data());
                    ensure(found.is_empty(), format!("a ChargingProfileResponse to {method}"), || {
                        format!("{found:?}; {}", asked.answer.describe())
                    })?;
                    ensure(asked.answer.data()["result"] == "UNKNOWN_SESSION", "UNKNOWN_SESSION", || {
                        asked.answer.describe()
                    })?;
                }
                Ok(())
            }),
        cpo("chargingprofiles.no-result-after-refusal", "No result follows a refusal")
            .proves(&["CHP-028", "CHP-031", "CHP-034"])
            .does("GETs, PUTs and DELETEs the profile of a session that does not exist; listens on the response_urls")
            .expects("Nothing arrives")
            .sabotage("profile-result-after-rejection")
            .run(|cx| async move {
                let mark = cx.party.mark();
                for method in METHODS {
                    ask(&cx, &cx.new_id("NONE"), method, &flat(Decimal::from(8))).await?;
                }
                cx.expect_silence(mark, "no POST to a response_url", |r| r.path.starts_with("/callback/")).await
            }),
        cpo("chargingprofiles.methods", "Only GET, PUT and DELETE exist")
            .proves(&["CHP-021", "TRN-023"])
            .does("POSTs and PATCHes the profile of a session")
            .expects("A refusal each time")
            .sabotage("methods-accepted")
            .run(|cx| async move {
                let body = json!({"charging_profile": flat(Decimal::from(8)), "response_url": response_url(&cx, "PUT").0});
                for method in ["POST", "PATCH"] {
                    cx.put(method, url(&cx, "NO-SUCH-SESSION")?, &body).await?.refused()?;
                }
                Ok(())
            }),
        cpo("chargingprofiles.parameters", "GET and DELETE without their parameters")
            .proves(&["CHP-022", "CHP-032"])
            .does("GETs a profile without duration, without response_url, with duration=abc; DELETEs without response_url; listens")
            .expects("status_code 2001 each time, and no result")
            .sabotage("profile-parameters-ignored")
            .run(|cx| async move {
                let live = steerable(&cx).await?;
                let (url, (to, _)) = (url(&cx, &live.id)?, response_url(&cx, "GET"));
                let mark = cx.party.mark();
                for (method, query) in [
                    ("GET", vec![("response_url", to.as_str())]),
                    ("GET", vec![("duration", "900")]),
                    ("GET", vec![("duration", "abc"), ("response_url", to.as_str())]),
                    ("DELETE", vec![]),
                ] {
                    cx.request(method, with_query(&url, &query)).send().await?.has_status(2001)?;
                }
                cx.expect_silence(mark, "no result", |r| r.path.starts_with("/callback/")).await
            }),
        cpo("chargingprofiles.required", "PUT without a required field, or with a wrong value")
            .proves(&["CHP-030", "CHP-059", "TRN-061"])
            .does("PUTs a body without charging_profile, without response_url, without charging_rate_unit, with unit kW, with a period without limit")
            .expects("status_code 2001 each time")
            .sabotage("profile-unvalidated")
            .run(|cx| async move {
                let live = steerable(&cx).await?;
                let good = json!({"charging_profile": flat(live.station.part(50)), "response_url": response_url(&cx, "PUT").0});
                for (what, pointer, value) in [
                    ("without charging_profile", "/charging_profile", Value::Null),
                    ("without response_url", "/response_url", Value::Null),
                    ("without charging_rate_unit", "/charging_profile/charging_rate_unit", Value::Null),
                    ("with unit kW", "/charging_profile/charging_rate_unit", json!("kW")),
                    ("with a period without limit", "/charging_profile/charging_profile_period/0/limit", Value::Null),
                ] {
                    let mut body = good.clone();
                    if let Some(place) = body.pointer_mut(pointer) {
                        *place = value;
                    }
                    let answer = cx.put("PUT", url(&cx, &live.id)?, &body).await?;
                    ensure(answer.ocpi() == Some(2001), format!("status_code 2001 for a PUT {what}"), || answer.describe())?;
                }
                Ok(())
            }),
        cpo("chargingprofiles.incapable", "A session at an EVSE that takes no profiles")
            .proves(&["CHP-067", "LOC-121"])
            .does("Starts a session at an EVSE without CHARGING_PROFILE_CAPABLE and PUTs a profile")
            .expects("NOT_SUPPORTED")
            .sabotage("profile-incapable-accepted")
            .run(|cx| async move {
                cx.endpoint("chargingprofiles", "RECEIVER")?;
                let station = live::station(&cx, &["REMOTE_START_STOP_CAPABLE"], &["CHARGING_PROFILE_CAPABLE"]).await?;
                let live = live::start(&cx, &station, &app_token(&cx), &cx.new_id("REF")).await?;
                let asked = ask(&cx, &live.id, "PUT", &flat(station.part(50))).await;
                live::stop(&cx, &live).await?;
                let answer = asked?.answer;
                ensure(answer.data()["result"] == "NOT_SUPPORTED", "NOT_SUPPORTED", || answer.describe())
            }),
        cpo("chargingprofiles.foreign", "A session of another EMSP's customer")
            .proves(&["CHP-069", "CHP-004"])
            .does("Registers a second partner, which PUTs a profile for a session of the tester")
            .expects("REJECTED or UNKNOWN_SESSION; no result; the session's profile stays")
            .sabotage("profile-foreign-accepted")
            .run(|cx| async move {
                let live = steerable(&cx).await?;
                set(&cx, &live, &flat(live.station.part(75))).await?;
                let guest = Guest::join(&cx, &[]).await?;
                let verdict = foreign(&cx, &guest, &live).await;
                guest.leave(&cx).await;
                verdict?;
                holds(&live, &active(&cx, &live).await?, 60, live.station.part(75))
            }),
        cpo("chargingprofiles.often", "Many requests at once")
            .proves(&["CHP-014"])
            .may()
            .does("PUTs ten profiles at once")
            .expects("HTTP 200 and a listed result each time; TOO_OFTEN is one of them")
            .sabotage("profile-bad-result")
            .run(|cx| async move {
                let live = steerable(&cx).await?;
                let profile = flat(live.station.part(50));
                let calls = (0..10).map(|_| ask(&cx, &live.id, "PUT", &profile));
                for asked in futures_util::future::try_join_all(calls).await? {
                    asked.answer.has_http(200)?;
                    let found = schema::check("ChargingProfileResponse", asked.answer.data());
                    ensure(found.is_empty(), "a ChargingProfileResponse", || asked.answer.describe())?;
                }
                Ok(())
            }),
    ]
}

async fn foreign(cx: &Arc<Ctx>, guest: &Guest, live: &Live) -> CaseResult {
    let to = format!("{}/callback/profiles/PUT/{}", guest.party.base(), cx.new_id("P"));
    let body = json!({"charging_profile": flat(live.station.part(25)), "response_url": to});
    let mark = guest.party.mark();
    let answer = guest.request(cx, "PUT", url(cx, &live.id)?).json(&body).send().await?;
    let result = &answer.data()["result"];
    ensure(result == "REJECTED" || result == "UNKNOWN_SESSION", "REJECTED or UNKNOWN_SESSION", || answer.describe())?;
    let silent = guest.party.wait(mark, cx.config.quiet, |r| r.path.starts_with("/callback/")).await;
    ensure(silent.is_none(), "no result", || silent.map(|r| r.body).unwrap_or_default())
}

fn results() -> Vec<Case> {
    vec![
        cpo("chargingprofiles.set", "A profile can be set for a session of one's own customer")
            .proves(&["CHP-005", "CHP-007", "CHP-009", "CHP-038", "CHP-040", "CHP-056", "CHP-070", "CHP-003"])
            .does("Starts a session at an EVSE with CHARGING_PROFILE_CAPABLE and PUTs a profile below what it gives")
            .expects("ACCEPTED; one bare ChargingProfileResult ACCEPTED at exactly the response_url, its query included")
            .sabotage("result-never")
            .sabotage("result-without-query")
            .sabotage("result-enveloped")
            .sabotage("result-bad-value")
            .run(|cx| async move {
                let live = steerable(&cx).await?;
                let asked = ask(&cx, &live.id, "PUT", &flat(live.station.part(50))).await?;
                check_result(&result(&cx, &asked).await?, "ChargingProfileResult", "ACCEPTED")
            }),
        cpo("chargingprofiles.prompt", "The answer does not wait for the station")
            .proves(&["CHP-008"])
            .does("GETs, PUTs and DELETEs the profile of a session")
            .expects("An answer within 2.5 s each time")
            .sabotage("command-sync-wait")
            .run(|cx| async move {
                let live = steerable(&cx).await?;
                for method in METHODS {
                    let asked = ask(&cx, &live.id, method, &flat(live.station.part(50))).await?;
                    ensure(asked.answer.took < Duration::from_millis(2500), "an answer within 2.5 s", || {
                        format!("{method} took {:?}", asked.answer.took)
                    })?;
                }
                Ok(())
            }),
        cpo("chargingprofiles.get", "The active profile is fetched from the station")
            .proves(&["CHP-013", "CHP-023", "CHP-026", "CHP-040", "CHP-055", "CHP-057", "CHP-070", "CHP-045"])
            .does("GETs the profile of a session for 900 s, with a response_url that has a query of its own")
            .expects("ACCEPTED; an ActiveChargingProfileResult by the tables at exactly the response_url, with a profile from about now that covers 900 s, its periods in order from 0")
            .sabotage("result-never")
            .sabotage("result-enveloped")
            .sabotage("profile-get-no-profile")
            .sabotage("profile-get-short")
            .run(|cx| async move {
                let live = steerable(&cx).await?;
                let asked = ask(&cx, &live.id, "GET", &Value::Null).await?;
                let body = result(&cx, &asked).await?;
                check_result(&body, "ActiveChargingProfileResult", "ACCEPTED")?;
                let profile = &body["profile"];
                ensure(profile.is_object(), "a profile", || body.to_string())?;
                in_order(profile)?;
                let length = profile["charging_profile"]["duration"].as_i64();
                ensure(length.is_none_or(|length| length >= 895), "a profile that covers 900 s", || profile.to_string())?;
                let since = instant_of(profile, "start_date_time").map(|at| (clock::now() - at).num_seconds().abs());
                ensure(since.is_some_and(|seconds| seconds < 120), "start_date_time: when the station calculated it", || profile.to_string())
            }),
        cpo("chargingprofiles.get.longer", "A longer profile on request")
            .proves(&["CHP-047", "CHP-026"])
            .does("GETs the profile of a session for 7200 s")
            .expects("A profile that covers 7200 s")
            .sabotage("profile-get-short")
            .run(|cx| async move {
                let live = steerable(&cx).await?;
                let (to, path) = response_url(&cx, "GET");
                let mark = cx.party.mark();
                let answer = cx.get(with_query(&url(&cx, &live.id)?, &[("duration", "7200"), ("response_url", &to)])).await?;
                let profile = result(&cx, &Asked { answer, path, mark }).await?["profile"].clone();
                let length = profile["charging_profile"]["duration"].as_i64();
                ensure(profile.is_object() && length.is_none_or(|length| length >= 7190), "a profile that covers 7200 s", || profile.to_string())
            }),
        cpo("chargingprofiles.clear", "A profile can be cleared")
            .proves(&["CHP-032", "CHP-007", "CHP-040", "CHP-050", "CHP-070"])
            .does("PUTs a profile, DELETEs it and GETs the active one")
            .expects("A ClearProfileResult ACCEPTED; then a limit of what the connector gives, not 0 and not an empty list")
            .sabotage("profile-clear-ignored")
            .sabotage("profile-empty-when-none")
            .sabotage("result-bad-value")
            .run(|cx| async move {
                let live = steerable(&cx).await?;
                set(&cx, &live, &flat(live.station.part(25))).await?;
                check_result(&clear(&cx, &live).await?, "ClearProfileResult", "ACCEPTED")?;
                let active = active(&cx, &live).await?;
                let limit = limit_at(&live, &active, clock::now() + chrono::Duration::seconds(60))?;
                ensure(limit > live.station.part(90), format!("about {} A per phase", live.station.most()), || active.to_string())
            }),
        cpo("chargingprofiles.clear.nothing", "Clearing where no profile is set")
            .proves(&["CHP-071"])
            .does("DELETEs the profile of a session twice")
            .expects("The second result is UNKNOWN")
            .sabotage("profile-clear-always-accepted")
            .run(|cx| async move {
                let live = steerable(&cx).await?;
                set(&cx, &live, &flat(live.station.part(50))).await?;
                clear(&cx, &live).await?;
                check_result(&clear(&cx, &live).await?, "ClearProfileResult", "UNKNOWN")
            }),
        cpo("chargingprofiles.result-not-retried", "A result that is refused is not repeated without end")
            .proves(&["CHP-054"])
            .should()
            .does("PUTs a profile and answers the result with HTTP 500")
            .expects("The result comes once")
            .sabotage("result-retried")
            .run(|cx| async move {
                let live = steerable(&cx).await?;
                let _failing = cx.party.with_faults(&["fails-results"]);
                let asked = ask(&cx, &live.id, "PUT", &flat(live.station.part(50))).await?;
                result(&cx, &asked).await?;
                cx.party.wait(cx.party.mark(), cx.config.quiet, |_| false).await;
                let count = cx.party.since(asked.mark).iter().filter(|r| r.path == asked.path).count();
                ensure(count == 1, "one result", || format!("{count} within {} ms", cx.config.quiet.as_millis()))
            }),
    ]
}

fn check_result(body: &Value, kind: &str, wanted: &str) -> CaseResult {
    let found = schema::check(kind, body);
    ensure(found.is_empty() && body.get("status_code").is_none(), format!("a bare {kind}"), || {
        format!("{body}: {found:?}")
    })?;
    ensure(body["result"] == wanted, format!("result {wanted}"), || body.to_string())
}

/// The periods of an ActiveChargingProfile begin at 0 and follow each other.
fn in_order(active: &Value) -> CaseResult {
    let periods = active["charging_profile"]["charging_profile_period"].as_array().cloned().unwrap_or_default();
    let starts: Vec<i64> = periods.iter().filter_map(|period| period["start_period"].as_i64()).collect();
    let ascending = starts.windows(2).all(|pair| pair[0] < pair[1]);
    ensure(starts.first() == Some(&0) && ascending, "periods in order, the first at 0", || active.to_string())
}

fn effects() -> Vec<Case> {
    vec![
        cpo("chargingprofiles.replaces", "A new profile replaces the old one")
            .proves(&["CHP-029", "CHP-003"])
            .does("PUTs a limit of a quarter and then of half of what the connector gives; GETs the active profile")
            .expects("The second limit")
            .sabotage("profile-first-wins")
            .run(|cx| async move {
                let live = steerable(&cx).await?;
                set(&cx, &live, &flat(live.station.part(25))).await?;
                set(&cx, &live, &flat(live.station.part(50))).await?;
                holds(&live, &active(&cx, &live).await?, 60, live.station.part(50))
            }),
        cpo("chargingprofiles.watts", "Watts are the whole power, amperes are per phase")
            .proves(&["CHP-058"])
            .does("PUTs half of the connector's power in W; GETs the active profile")
            .expects("About half of the connector's current per phase")
            .sabotage("profile-watts-per-phase")
            .run(|cx| async move {
                let live = steerable(&cx).await?;
                let half = live.station.part(50);
                let profile = json!({"charging_rate_unit": "W", "charging_profile_period": [{"start_period": 0, "limit": number(live.station.watts(half))}]});
                set(&cx, &live, &profile).await?;
                holds(&live, &active(&cx, &live).await?, 60, half)
            }),
        cpo("chargingprofiles.one-decimal", "Rates have one decimal")
            .proves(&["CHP-063", "CHP-065"])
            .does("PUTs a limit and a min_charging_rate of one decimal, then of two; GETs the active profile")
            .expects("One decimal is accepted; two are refused with 2001 or rounded")
            .sabotage("profile-integers-only")
            .sabotage("profile-two-decimals")
            .run(|cx| async move {
                let live = steerable(&cx).await?;
                let with = |limit: f64, least: f64| {
                    json!({"charging_rate_unit": "A", "min_charging_rate": least, "charging_profile_period": [{"start_period": 0, "limit": limit}]})
                };
                set(&cx, &live, &with(8.1, 6.5)).await?;
                for profile in [with(8.15, 6.0), with(8.0, 6.25)] {
                    let asked = ask(&cx, &live.id, "PUT", &profile).await?;
                    if asked.answer.ocpi() == Some(2001) {
                        continue;
                    }
                    result(&cx, &asked).await?;
                    let shown = active(&cx, &live).await?;
                    let periods = shown["charging_profile"]["charging_profile_period"].as_array().cloned().unwrap_or_default();
                    let mut rates = periods.iter().map(|p| &p["limit"]).chain(shown["charging_profile"].get("min_charging_rate"));
                    ensure(rates.all(single_decimal), "status_code 2001, or a rounded rate", || shown.to_string())?;
                }
                Ok(())
            }),
        cpo("chargingprofiles.relative", "Without start_date_time a profile begins with the charge")
            .proves(&["CHP-060", "CHP-064", "CHP-057"])
            .does("PUTs half of what the connector gives from second 0 and a quarter from second 600; GETs the active profile")
            .expects("Half, and a quarter from 600 s after the start of the session")
            .sabotage("profile-single-period")
            .run(|cx| async move {
                let live = steerable(&cx).await?;
                set(&cx, &live, &two_steps(&live, 600)).await?;
                let shown = active(&cx, &live).await?;
                in_order(&shown)?;
                let age = instant_of(&live.session, "start_date_time").map_or(0, |at| (clock::now() - at).num_seconds());
                holds(&live, &shown, 300 - age, live.station.part(50))?;
                holds(&live, &shown, 700 - age, live.station.part(25))
            }),
        cpo("chargingprofiles.absolute", "With start_date_time a profile is absolute")
            .proves(&["CHP-060", "CHP-064"])
            .does("PUTs a profile that began ten minutes ago: half of what the connector gives, and a quarter from second 900; GETs the active profile")
            .expects("Half now, a quarter ten minutes from now")
            .sabotage("profile-ignores-start")
            .sabotage("profile-single-period")
            .run(|cx| async move {
                let live = steerable(&cx).await?;
                let mut profile = two_steps(&live, 900);
                profile["start_date_time"] = json!(clock::seconds(clock::now() - chrono::Duration::seconds(600)));
                set(&cx, &live, &profile).await?;
                let shown = active(&cx, &live).await?;
                holds(&live, &shown, 60, live.station.part(50))?;
                holds(&live, &shown, 600, live.station.part(25))
            }),
        cpo("chargingprofiles.duration", "With duration a profile ends")
            .proves(&["CHP-062"])
            .does("PUTs a quarter of what the connector gives, from now on for 300 s; GETs the active profile")
            .expects("A quarter after 60 s, all of it after 600 s")
            .sabotage("profile-ignores-duration")
            .run(|cx| async move {
                let live = steerable(&cx).await?;
                let mut profile = flat(live.station.part(25));
                profile["start_date_time"] = json!(clock::seconds(clock::now()));
                profile["duration"] = json!(300);
                set(&cx, &live, &profile).await?;
                let shown = active(&cx, &live).await?;
                holds(&live, &shown, 60, live.station.part(25))?;
                let later = limit_at(&live, &shown, clock::now() + chrono::Duration::seconds(600))?;
                ensure(later > live.station.part(90), "no limit after 300 s", || shown.to_string())
            }),
        cpo("chargingprofiles.no-duration", "Without duration the last period goes on")
            .proves(&["CHP-061"])
            .does("PUTs a quarter of what the connector gives, without duration, with and without start_date_time; GETs the active profile")
            .expects("The limit still holds at the end of the active profile")
            .sabotage("profile-ends-early")
            .run(|cx| async move {
                let live = steerable(&cx).await?;
                let mut profile = flat(live.station.part(25));
                for _ in 0..2 {
                    set(&cx, &live, &profile).await?;
                    holds(&live, &active(&cx, &live).await?, 850, live.station.part(25))?;
                    profile["start_date_time"] = json!(clock::seconds(clock::now()));
                }
                Ok(())
            }),
    ]
}

/// Half of what the connector gives, and a quarter from a second on.
fn two_steps(live: &Live, second: i64) -> Value {
    json!({"charging_rate_unit": "A", "charging_profile_period": [
        {"start_period": 0, "limit": number(live.station.part(50))},
        {"start_period": second, "limit": number(live.station.part(25))}]})
}

/// Whether a call tells of a changed profile.
fn is_change(call: &Received) -> bool {
    call.at("sender", "chargingprofiles")
}

/// Waits for the change that shows this limit; what was told before may still be under way.
async fn change_to(cx: &Arc<Ctx>, mark: usize, live: &Live, percent: i64) -> CaseResult<Received> {
    let wanted = live.station.part(percent);
    let shows = |body: &Value| {
        let soon = clock::now() + chrono::Duration::seconds(20);
        limit_at(live, body, soon).is_ok_and(|limit| near(limit, wanted))
    };
    let what = format!("PUT of the ActiveChargingProfile, with about {wanted} A per phase");
    cx.expect_request(mark, &what, |r| is_change(r) && r.json.as_ref().is_some_and(shows)).await
}

async fn limit(cx: &Arc<Ctx>, live: &Live, percent: i64) -> CaseResult {
    live.station
        .trigger(cx, "limit_station", &[("limit", &live.station.part(percent).to_string()), ("session_id", &live.id)])
        .await
}

async fn unlimit(cx: &Arc<Ctx>, live: &Live) -> CaseResult {
    live.station.trigger(cx, "unlimit_station", &[("session_id", &live.id)]).await
}

fn can_limit(cx: &Arc<Ctx>) -> CaseResult {
    for name in ["limit_station", "unlimit_station"] {
        if !cx.config.triggers.has(name) {
            return skip(format!("needs the trigger `{name}`"));
        }
    }
    Ok(())
}

/// The first change after a local limit on a steered session.
async fn told(cx: &Arc<Ctx>) -> CaseResult<(Live, Received)> {
    can_limit(cx)?;
    let live = steerable(cx).await?;
    set(cx, &live, &flat(live.station.part(75))).await?;
    let mark = cx.party.mark();
    limit(cx, &live, 50).await?;
    let call = change_to(cx, mark, &live, 50).await;
    unlimit(cx, &live).await?;
    Ok((live, call?))
}

fn changes() -> Vec<Case> {
    vec![
        cpo("chargingprofiles.changes", "Changes of the active profile are told to who has set one")
            .proves(&[
                "CHP-010", "CHP-011", "CHP-036", "CHP-037", "CHP-042", "CHP-048", "CHP-049", "CHP-007", "CHP-045",
            ])
            .does("PUTs a profile; lets the operator set a local limit below it, and lift it")
            .expects(
                "Each time PUT {Sender endpoint}/{session id} of a bare ActiveChargingProfile that shows the limit",
            )
            .sabotage("profile-notify-never")
            .sabotage("profile-notify-other-id")
            .sabotage("profile-notify-in-result")
            .sabotage("profile-notify-empty")
            .run(|cx| async move {
                let (live, call) = told(&cx).await?;
                let right =
                    call.method == "PUT" && call.rest().len() == 1 && call.rest()[0].eq_ignore_ascii_case(&live.id);
                ensure(right, format!("PUT …/chargingprofiles/{}", live.id), || {
                    format!("{} {}", call.method, call.path)
                })?;
                let body = call.json.clone().unwrap_or_default();
                let found = schema::check("ActiveChargingProfile", &body);
                ensure(found.is_empty(), "an ActiveChargingProfile by the tables", || format!("{found:?}"))?;
                in_order(&body)?;
                let mark = cx.party.mark();
                limit(&cx, &live, 25).await?;
                let second = change_to(&cx, mark, &live, 25).await;
                unlimit(&cx, &live).await?;
                second.map(|_| ())
            }),
        cpo("chargingprofiles.changes.length", "The profile that is told covers 5 to 60 minutes")
            .proves(&["CHP-046"])
            .should()
            .does("PUTs a profile; lets the operator set a local limit")
            .expects("A duration from 300 to 3600 s")
            .sabotage("profile-notify-short")
            .run(|cx| async move {
                let (_, call) = told(&cx).await?;
                let length = call.json.as_ref().and_then(|body| body["charging_profile"]["duration"].as_i64());
                match length {
                    None => skip("the profile has no duration"),
                    Some(length) => ensure((300..=3600).contains(&length), "300 to 3600 s", || call.body.clone()),
                }
            }),
        cpo("chargingprofiles.changes.unasked", "Nobody is told who has set no profile")
            .proves(&["CHP-043"])
            .does("Starts a session; PUTs an invalid profile; lets the operator set a local limit")
            .expects("No PUT of an ActiveChargingProfile")
            .sabotage("profile-notify-always")
            .run(|cx| async move {
                can_limit(&cx)?;
                cx.endpoint("chargingprofiles", "RECEIVER")?;
                let station =
                    live::station(&cx, &["REMOTE_START_STOP_CAPABLE", "CHARGING_PROFILE_CAPABLE"], &[]).await?;
                let live = live::start(&cx, &station, &app_token(&cx), &cx.new_id("REF")).await?;
                let mut wrong = flat(station.part(50));
                wrong["charging_rate_unit"] = json!("kW");
                ask(&cx, &live.id, "PUT", &wrong).await?.answer.has_status(2001)?;
                let mark = cx.party.mark();
                limit(&cx, &live, 50).await?;
                let id = live.id.clone();
                let verdict = cx.expect_silence(mark, "no PUT", |r| is_change(r) && r.path.contains(&id)).await;
                unlimit(&cx, &live).await?;
                live::stop(&cx, &live).await?;
                verdict
            }),
        cpo("chargingprofiles.clear.local-limit", "Clearing leaves the station's own limits")
            .proves(&["CHP-033"])
            .does("Lets the operator set a local limit of half; PUTs a quarter, DELETEs it and GETs the active profile")
            .expects("Half of what the connector gives")
            .sabotage("profile-clear-everything")
            .run(|cx| async move {
                can_limit(&cx)?;
                let live = steerable(&cx).await?;
                limit(&cx, &live, 50).await?;
                let verdict = async {
                    set(&cx, &live, &flat(live.station.part(25))).await?;
                    clear(&cx, &live).await?;
                    holds(&live, &active(&cx, &live).await?, 60, live.station.part(50))
                }
                .await;
                unlimit(&cx, &live).await?;
                verdict
            }),
    ]
}

/// A session of the platform's customer at a station of the tester that can be steered.
pub(super) async fn session_of_theirs(cx: &Arc<Ctx>) -> CaseResult<String> {
    let token = super::tokens::target_token(cx).await?;
    let id = cx.new_id("STEER");
    let mut session = crate::fixtures::session(cx.owner(), &id, &token, &clock::timestamp());
    session["start_date_time"] = json!(clock::timestamp());
    session["location_id"] = json!("LOC0");
    session["evse_uid"] = json!("LOC0-E1");
    session["charging_periods"] = json!([]);
    let url = cx.receiver("sessions", cx.owner(), &[&id])?;
    cx.put("PUT", &url, &session).await?.succeeded()?;
    cx.party.publish("sessions", session.clone());
    session["status"] = json!("COMPLETED");
    session["last_updated"] = json!(clock::seconds(clock::now() + chrono::Duration::seconds(5)));
    cx.on_cleanup("PUT", &url, Some(&session));
    Ok(id)
}

/// Lets the operator of an EMSP steer a session; gives the call.
async fn steered(cx: &Arc<Ctx>, trigger: &str, session: &str) -> CaseResult<Received> {
    cx.endpoint("chargingprofiles", "SENDER")?;
    if !cx.config.triggers.has(trigger) {
        return skip(format!("needs the trigger `{trigger}`"));
    }
    let mark = cx.party.mark();
    cx.trigger(trigger, &[("session_id", session), ("limit", "8.5"), ("peer_id", &cx.config.peer_id)]).await?;
    cx.expect_request(mark, "a request for the session's profile", |r| {
        r.path.contains("/receiver/chargingprofiles") && r.path.contains(session)
    })
    .await
}

fn at(call: &Received, method: &str, session: &str) -> CaseResult {
    let right = call.is(method, "receiver", "chargingprofiles") && call.rest() == [session];
    ensure(right, format!("{method} …/chargingprofiles/{session}"), || format!("{} {}", call.method, call.path))
}

fn sent() -> Vec<Case> {
    vec![
        emsp("chargingprofiles.send.set", "A profile is set by PUT")
            .proves(&["CHP-030", "CHP-021", "CHP-056", "CHP-059", "CHP-063", "CHP-065", "CHP-024"])
            .does("Lets the operator set a profile for a session at a station of the tester")
            .expects("PUT {endpoint}/{session id} of a SetChargingProfile by the tables, rates with one decimal")
            .sabotage("profile-client-post")
            .sabotage("profile-client-bare")
            .sabotage("profile-client-kilowatt")
            .sabotage("profile-client-two-decimals")
            .sabotage("profile-client-slash")
            .run(|cx| async move {
                let session = session_of_theirs(&cx).await?;
                let call = steered(&cx, "set_charging_profile", &session).await?;
                at(&call, "PUT", &session)?;
                let body = call.json.clone().unwrap_or_default();
                let found = schema::check("SetChargingProfile", &body);
                ensure(found.is_empty(), "a SetChargingProfile by the tables", || format!("{found:?}"))?;
                let profile = &body["charging_profile"];
                let periods = profile["charging_profile_period"].as_array().into_iter().flatten();
                let mut rates = periods.map(|period| &period["limit"]).chain(profile.get("min_charging_rate"));
                ensure(rates.all(single_decimal), "rates with one decimal", || profile.to_string())
            }),
        emsp("chargingprofiles.send.get", "The active profile is asked for by GET")
            .proves(&["CHP-022", "CHP-023", "CHP-021"])
            .does("Lets the operator ask for the active profile of a session")
            .expects("GET {endpoint}/{session id} with duration in seconds and a percent-encoded response_url, and nothing else")
            .sabotage("profile-client-no-duration")
            .sabotage("profile-client-no-response-url")
            .sabotage("profile-client-unencoded")
            .run(|cx| async move {
                let session = session_of_theirs(&cx).await?;
                let call = steered(&cx, "get_active_profile", &session).await?;
                at(&call, "GET", &session)?;
                let duration = call.query.get("duration").and_then(|text| text.parse::<i64>().ok());
                ensure(duration.is_some_and(|seconds| seconds > 0), "duration in seconds", || call.path.clone())?;
                only_query(&call, &["duration", "response_url"])
            }),
        emsp("chargingprofiles.send.get.short", "No longer profile than needed is asked for")
            .proves(&["CHP-025"])
            .should()
            .does("Lets the operator ask for the active profile of a session")
            .expects("A duration of at most an hour")
            .sabotage("profile-client-long-duration")
            .run(|cx| async move {
                let session = session_of_theirs(&cx).await?;
                let call = steered(&cx, "get_active_profile", &session).await?;
                let duration = call.query.get("duration").and_then(|text| text.parse::<i64>().ok());
                ensure(duration.is_some_and(|seconds| seconds <= 3600), "at most 3600 s", || call.path.clone())
            }),
        emsp("chargingprofiles.send.clear", "A profile is cleared by DELETE")
            .proves(&["CHP-032", "CHP-021"])
            .does("Lets the operator set and clear a profile")
            .expects("DELETE {endpoint}/{session id} with a response_url and without a body")
            .sabotage("profile-client-no-response-url")
            .sabotage("profile-client-post")
            .run(|cx| async move {
                let session = session_of_theirs(&cx).await?;
                steered(&cx, "set_charging_profile", &session).await?;
                let call = steered(&cx, "clear_charging_profile", &session).await?;
                at(&call, "DELETE", &session)?;
                ensure(call.body.is_empty(), "no body", || call.body.clone())?;
                only_query(&call, &["response_url"])
            }),
        emsp("chargingprofiles.send.unique", "Every request has its own response_url")
            .proves(&["CHP-039", "CHP-015"])
            .should()
            .does("Lets the operator set a profile for two sessions")
            .expects("Two different response_urls")
            .sabotage("command-same-response-url")
            .run(|cx| async move {
                let mut urls = Vec::new();
                for _ in 0..2 {
                    let session = session_of_theirs(&cx).await?;
                    let call = steered(&cx, "set_charging_profile", &session).await?;
                    urls.push(call.json.unwrap_or_default()["response_url"].clone());
                }
                ensure(urls[0] != urls[1], "different response_urls", || urls[0].to_string())
            }),
    ]
}

/// The query holds these parameters and no others, and its response_url is a URL.
fn only_query(call: &Received, wanted: &[&str]) -> CaseResult {
    let mut names: Vec<&str> = call.query.keys().map(String::as_str).collect();
    names.sort_unstable();
    ensure(names == wanted, format!("the parameters {}", wanted.join(" and ")), || call.path.clone())?;
    ensure(url::Url::parse(&call.query["response_url"]).is_ok(), "a URL as response_url", || call.path.clone())
}

/// Lets the EMSP send a request whose result the case gives itself; the response_url.
async fn waiting(cx: &Arc<Ctx>, trigger: &str) -> CaseResult<(String, String)> {
    let session = session_of_theirs(cx).await?;
    let _silent = cx.party.with_faults(&["result-never"]);
    let call = steered(cx, trigger, &session).await?;
    let in_body = call.json.as_ref().and_then(|body| body["response_url"].as_str().map(str::to_string));
    match in_body.or_else(|| call.query.get("response_url").cloned()) {
        Some(url) => Ok((session, url)),
        None => fail("a response_url", call.path),
    }
}

pub(super) fn some_profile() -> Value {
    json!({"start_date_time": clock::timestamp(), "charging_profile": {"charging_rate_unit": "A", "duration": 900,
        "charging_profile_period": [{"start_period": 0, "limit": 8.5}, {"start_period": 600, "limit": 16}]}})
}

fn taken() -> Vec<Case> {
    vec![
        emsp("chargingprofiles.results.accepted", "Results are acknowledged without data")
            .proves(&["CHP-041", "CHP-035", "CHP-040"])
            .does("Lets the operator set, ask for and clear a profile; POSTs a result of the right kind each time")
            .expects("Success, without data")
            .sabotage("receiver-data")
            .run(|cx| async move {
                for (trigger, body) in [
                    ("set_charging_profile", json!({"result": "ACCEPTED"})),
                    ("get_active_profile", json!({"result": "ACCEPTED", "profile": some_profile()})),
                    ("clear_charging_profile", json!({"result": "UNKNOWN"})),
                ] {
                    let (_, url) = waiting(&cx, trigger).await?;
                    let answer = cx.put("POST", url, &body).await?;
                    answer.succeeded()?;
                    ensure(answer.json.as_ref().is_none_or(|json| json.get("data").is_none()), "no data", || {
                        answer.describe()
                    })?;
                }
                Ok(())
            }),
        emsp("chargingprofiles.results.refused", "Strangers, other methods and unknown values at a response_url")
            .proves(&["CHP-035", "CHP-070", "TRN-012"])
            .does("POSTs a result without token; GETs, PATCHes and DELETEs the response_url; POSTs an unknown result")
            .expects("HTTP 401; refusals; status_code 2001")
            .sabotage("auth-open")
            .sabotage("callback-any-method")
            .sabotage("callback-unvalidated")
            .run(|cx| async move {
                let (_, url) = waiting(&cx, "set_charging_profile").await?;
                let body = json!({"result": "ACCEPTED"});
                cx.request("POST", &url).anonymous().json(&body).send().await?.has_http(401)?;
                for method in ["GET", "PATCH", "DELETE"] {
                    let request = cx.request(method, &url);
                    let request = if method == "PATCH" { request.json(&body) } else { request };
                    request.send().await?.refused()?;
                }
                cx.put("POST", &url, &json!({"result": "DONE"})).await?.has_status(2001)
            }),
        emsp("chargingprofiles.changes.accepted", "A changed profile is acknowledged without data")
            .proves(&["CHP-051", "CHP-035"])
            .does("Lets the operator set a profile; PUTs an ActiveChargingProfile for the session")
            .expects("Success, without data")
            .sabotage("profile-push-refused")
            .sabotage("receiver-data")
            .run(|cx| async move {
                let session = session_of_theirs(&cx).await?;
                steered(&cx, "set_charging_profile", &session).await?;
                let url = join(&cx.sender("chargingprofiles")?, &[&session]);
                let answer = cx.put("PUT", url, &some_profile()).await?;
                answer.succeeded()?;
                ensure(answer.json.as_ref().is_none_or(|json| json.get("data").is_none()), "no data", || {
                    answer.describe()
                })
            }),
        emsp("chargingprofiles.changes.methods", "Changed profiles are told by PUT only")
            .proves(&["CHP-035", "TRN-023"])
            .does("GETs, PATCHes and DELETEs the Sender interface's URL of a session")
            .expects("A refusal each time")
            .sabotage("methods-accepted")
            .run(|cx| async move {
                let url = join(&cx.sender("chargingprofiles")?, &[&cx.new_id("S")]);
                for method in ["GET", "PATCH", "DELETE"] {
                    let request = cx.request(method, &url);
                    let request = if method == "PATCH" { request.json(&some_profile()) } else { request };
                    request.send().await?.refused()?;
                }
                Ok(())
            }),
        emsp("chargingprofiles.changes.invalid", "A changed profile with a fault")
            .proves(&["CHP-049", "CHP-059"])
            .does(
                "Lets the operator set a profile; PUTs an ActiveChargingProfile without start_date_time, and one in kW",
            )
            .expects("status_code 2001 each time")
            .sabotage("callback-unvalidated")
            .run(|cx| async move {
                let session = session_of_theirs(&cx).await?;
                steered(&cx, "set_charging_profile", &session).await?;
                let url = join(&cx.sender("chargingprofiles")?, &[&session]);
                let (mut bare, mut odd) = (some_profile(), some_profile());
                bare["start_date_time"] = Value::Null;
                odd["charging_profile"]["charging_rate_unit"] = json!("kW");
                for body in [bare, odd] {
                    cx.put("PUT", &url, &body).await?.has_status(2001)?;
                }
                Ok(())
            }),
    ]
}
