//! Commands: what a CPO refuses, reservations; what an EMSP sends and accepts.

use std::sync::Arc;

use serde_json::{Value, json};

use super::charge::response_url;
use super::triggers::spot;
use crate::case::{Case, CaseResult, TargetRole, ensure, fail, skip};
use crate::client::Answer;
use crate::context::{Ctx, join};
use crate::fixtures::{self, Owner};
use crate::party::Received;
use crate::{clock, schema};

const NAMES: [&str; 5] = ["CANCEL_RESERVATION", "RESERVE_NOW", "START_SESSION", "STOP_SESSION", "UNLOCK_CONNECTOR"];

pub(super) fn cases() -> Vec<Case> {
    [refusals(), reservations(), sent(), callbacks()].concat()
}

fn cpo(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title).on(TargetRole::Cpo).writes()
}

async fn send(cx: &Arc<Ctx>, name: &str, body: &Value) -> CaseResult<Answer> {
    cx.put("POST", join(&cx.endpoint("commands", "RECEIVER")?, &[name]), body).await
}

fn token(cx: &Arc<Ctx>) -> Value {
    fixtures::token(cx.owner(), &cx.new_id("APP"), "APP_USER", &clock::timestamp())
}

/// A body by the tables for each command, for things that do not exist.
fn body(cx: &Arc<Ctx>, name: &str) -> Value {
    let (url, _) = response_url(cx);
    let mut body = json!({"response_url": url});
    let fields: &[(&str, Value)] = &match name {
        "CANCEL_RESERVATION" => vec![("reservation_id", json!(cx.new_id("NONE")))],
        "RESERVE_NOW" => vec![
            ("token", token(cx)),
            ("expiry_date", json!("2035-01-01T00:00:00Z")),
            ("reservation_id", json!(cx.new_id("RES"))),
            ("location_id", json!("NO-SUCH-LOCATION")),
        ],
        "START_SESSION" => vec![("token", token(cx)), ("location_id", json!("NO-SUCH-LOCATION"))],
        "STOP_SESSION" => vec![("session_id", json!(cx.new_id("NONE")))],
        _ => vec![("location_id", json!("NO-SUCH-LOCATION")), ("evse_uid", json!("E1")), ("connector_id", json!("1"))],
    };
    for (field, value) in fields {
        body[*field] = value.clone();
    }
    body
}

fn refusals() -> Vec<Case> {
    let mut list = vec![
        cpo("commands.known", "All five commands exist and answer with a CommandResponse")
            .proves(&["CMD-002", "CMD-018", "CMD-022", "CMD-032", "CMD-071", "CMD-036", "TRN-087"])
            .does("POSTs each command by the tables, for things that do not exist")
            .expects("HTTP 200; data is one CommandResponse with result and timeout")
            .sabotage("command-not-found")
            .sabotage("command-no-timeout")
            .sabotage("command-bad-result")
            .sabotage("command-as-list")
            .run(|cx| async move {
                for name in NAMES {
                    let answer = send(&cx, name, &body(&cx, name)).await?;
                    answer.has_http(200)?;
                    let found = schema::check("CommandResponse", answer.data());
                    ensure(found.is_empty(), format!("a CommandResponse for {name}"), || format!("{found:?}; {}", answer.describe()))?;
                }
                Ok(())
            }),
        cpo("commands.unknown-location", "A command for an unknown Location")
            .proves(&["CMD-012", "STA-023", "CMD-066", "CMD-053"])
            .does("POSTs START_SESSION, RESERVE_NOW and UNLOCK_CONNECTOR for a Location that does not exist")
            .expects("status_code 2003 with result REJECTED")
            .sabotage("command-unknown-location-1000")
            .sabotage("command-unknown-location-accepted")
            .run(|cx| async move {
                for name in ["START_SESSION", "RESERVE_NOW", "UNLOCK_CONNECTOR"] {
                    let answer = send(&cx, name, &body(&cx, name)).await?;
                    if name != "START_SESSION" && answer.data()["result"] == "NOT_SUPPORTED" {
                        continue;
                    }
                    answer.has_status(2003)?;
                    ensure(answer.data()["result"] == "REJECTED", "REJECTED", || answer.describe())?;
                }
                Ok(())
            }),
        cpo("commands.no-result-after-rejection", "No result follows a rejection")
            .proves(&["CMD-023", "CMD-012"])
            .does("POSTs START_SESSION for an unknown Location and STOP_SESSION for an unknown session; listens on the response_urls")
            .expects("Nothing arrives")
            .sabotage("result-after-rejection")
            .run(|cx| async move {
                let mark = cx.party.mark();
                for name in ["START_SESSION", "STOP_SESSION"] {
                    let answer = send(&cx, name, &body(&cx, name)).await?;
                    if answer.data()["result"] == "ACCEPTED" {
                        return skip("the command was accepted, so a result is due");
                    }
                }
                cx.expect_silence(mark, "no POST to a response_url", |r| r.path.starts_with("/callback/")).await
            }),
        cpo("commands.unknown-session", "STOP_SESSION of an unknown session")
            .proves(&["CMD-073"])
            .does("POSTs STOP_SESSION with an id that does not exist")
            .expects("result UNKNOWN_SESSION")
            .sabotage("command-unknown-session-accepted")
            .run(|cx| async move {
                let answer = send(&cx, "STOP_SESSION", &body(&cx, "STOP_SESSION")).await?;
                answer.has_http(200)?;
                ensure(answer.data()["result"] == "UNKNOWN_SESSION", "UNKNOWN_SESSION", || answer.describe())
            }),
        cpo("commands.unknown-command", "A command that does not exist")
            .proves(&["CMD-020"])
            .does("POSTs …/REBOOT")
            .expects("A refusal, or NOT_SUPPORTED")
            .sabotage("command-unknown-accepted")
            .run(|cx| async move {
                let answer = send(&cx, "REBOOT", &json!({"response_url": response_url(&cx).0})).await?;
                if answer.data()["result"] == "NOT_SUPPORTED" { Ok(()) } else { answer.refused() }
            }),
        cpo("commands.methods", "Only POST exists")
            .proves(&["CMD-019", "TRN-023"])
            .does("Sends GET, PUT, PATCH and DELETE to …/UNLOCK_CONNECTOR")
            .expects("A refusal each time")
            .sabotage("methods-accepted")
            .run(|cx| async move {
                let url = join(&cx.endpoint("commands", "RECEIVER")?, &["UNLOCK_CONNECTOR"]);
                for method in ["GET", "PUT", "PATCH", "DELETE"] {
                    let request = cx.request(method, &url);
                    let request = if matches!(method, "PUT" | "PATCH") { request.json(&body(&cx, "UNLOCK_CONNECTOR")) } else { request };
                    request.send().await?.refused()?;
                }
                Ok(())
            }),
        cpo("commands.required", "Commands without a required field")
            .proves(&["CMD-021", "CMD-031", "CMD-070", "TRN-061", "TYP-005"])
            .does("POSTs each command once without each of its required fields, and a StopSession body to START_SESSION")
            .expects("status_code 2001 each time")
            .sabotage("command-unvalidated")
            .run(|cx| async move {
                for (name, object) in NAMES.iter().zip(["CancelReservation", "ReserveNow", "StartSession", "StopSession", "UnlockConnector"]) {
                    for field in schema::object(object).map(|t| t.fields.as_slice()).unwrap_or_default().iter().filter(|f| f.is_required()) {
                        let mut wrong = body(&cx, name);
                        if let Some(map) = wrong.as_object_mut() {
                            map.shift_remove(&field.name);
                        }
                        let answer = send(&cx, name, &wrong).await?;
                        ensure(answer.http < 500 && answer.ocpi() == Some(2001), format!("status_code 2001 for {name} without {}", field.name), || answer.describe())?;
                    }
                }
                send(&cx, "START_SESSION", &body(&cx, "STOP_SESSION")).await?.has_status(2001)
            }),
        cpo("commands.connector-without-evse", "connector_id without evse_uid")
            .proves(&["CMD-056"])
            .does("POSTs START_SESSION with connector_id and without evse_uid")
            .expects("status_code 2001 (or another refusal)")
            .sabotage("command-unvalidated")
            .run(|cx| async move {
                let spot = spot(&cx, "").await?;
                let mut start = body(&cx, "START_SESSION");
                start["location_id"] = json!(spot.location_id);
                start["connector_id"] = json!("1");
                let answer = send(&cx, "START_SESSION", &start).await?;
                ensure(answer.data()["result"] != "ACCEPTED", "no ACCEPTED", || answer.describe())
            }),
        cpo("commands.foreign-token", "A token of another party")
            .proves(&["CMD-049", "CMD-065"])
            .does("POSTs START_SESSION and RESERVE_NOW with a token of XX/ZZZ")
            .expects("REJECTED, or a 2xxx")
            .sabotage("command-foreign-token")
            .run(|cx| async move {
                let spot = spot(&cx, "REMOTE_START_STOP_CAPABLE").await?;
                for name in ["START_SESSION", "RESERVE_NOW"] {
                    let mut wrong = body(&cx, name);
                    wrong["location_id"] = json!(spot.location_id);
                    wrong["evse_uid"] = json!(spot.evse_uid);
                    wrong["connector_id"] = json!(spot.connector_id);
                    wrong["token"] = fixtures::token(&Owner::new("XX", "ZZZ"), "FOREIGN", "APP_USER", &clock::timestamp());
                    if name == "RESERVE_NOW" {
                        wrong.as_object_mut().map(|map| map.shift_remove("connector_id"));
                    }
                    let answer = send(&cx, name, &wrong).await?;
                    answer.no_server_error()?;
                    ensure(answer.data()["result"] != "ACCEPTED", "no ACCEPTED", || answer.describe())?;
                }
                Ok(())
            }),
        cpo("commands.cancel-unknown", "CANCEL_RESERVATION of an unknown reservation")
            .proves(&["CMD-080"])
            .does("POSTs CANCEL_RESERVATION with an id that does not exist")
            .expects("ACCEPTED followed by UNKNOWN_RESERVATION, or REJECTED or NOT_SUPPORTED at once")
            .sabotage("command-unknown-reservation-accepted")
            .run(|cx| async move {
                let mark = cx.party.mark();
                let answer = send(&cx, "CANCEL_RESERVATION", &body(&cx, "CANCEL_RESERVATION")).await?;
                if answer.data()["result"] != "ACCEPTED" {
                    return Ok(());
                }
                let result = cx.expect_request(mark, "a CommandResult", |r| r.path.starts_with("/callback/")).await?;
                let value = result.json.unwrap_or_default()["result"].clone();
                ensure(value == "UNKNOWN_RESERVATION", "UNKNOWN_RESERVATION", || value.to_string())
            }),
    ];
    list.extend(capabilities());
    list
}

fn capabilities() -> Vec<Case> {
    vec![
        cpo("commands.not-capable", "Commands for an EVSE that cannot do them")
            .proves(&["CMD-072", "LOC-118", "LOC-119", "LOC-120"])
            .destructive()
            .does("POSTs START_SESSION, RESERVE_NOW and UNLOCK_CONNECTOR for EVSEs that lack the capability")
            .expects("NOT_SUPPORTED or REJECTED, at once or as result")
            .sabotage("command-unsupported-accepted")
            .run(|cx| async move {
                let locations = cx.objects("locations", 1).await?;
                let mut tried = 0;
                for (name, capability) in [
                    ("START_SESSION", "REMOTE_START_STOP_CAPABLE"),
                    ("RESERVE_NOW", "RESERVABLE"),
                    ("UNLOCK_CONNECTOR", "UNLOCK_CAPABLE"),
                ] {
                    let lacking = |e: &Value| {
                        e["status"] == "AVAILABLE"
                            && !e["capabilities"].as_array().is_some_and(|list| list.iter().any(|c| c == capability))
                    };
                    let found = locations.iter().find_map(|l| {
                        Some((l["id"].clone(), l["evses"].as_array()?.iter().find(|e| lacking(e))?.clone()))
                    });
                    let Some((location_id, evse)) = found else { continue };
                    tried += 1;
                    let mut asked = body(&cx, name);
                    asked["location_id"] = location_id;
                    asked["evse_uid"] = evse["uid"].clone();
                    if name != "RESERVE_NOW" {
                        asked["connector_id"] = evse["connectors"][0]["id"].clone();
                    }
                    let mark = cx.party.mark();
                    let answer = send(&cx, name, &asked).await?;
                    if answer.data()["result"] == "ACCEPTED" {
                        let result =
                            cx.expect_request(mark, "a CommandResult", |r| r.path.starts_with("/callback/")).await?;
                        let value = result.json.unwrap_or_default()["result"].clone();
                        ensure(
                            value == "NOT_SUPPORTED" || value == "REJECTED",
                            format!("NOT_SUPPORTED for {name}"),
                            || value.to_string(),
                        )?;
                    }
                }
                if tried == 0 { skip("every EVSE of the platform has all capabilities") } else { Ok(()) }
            }),
        cpo("commands.connector-required", "START_SESSION without the connector that the EVSE wants")
            .proves(&["CMD-057", "LOC-123"])
            .destructive()
            .does("POSTs START_SESSION without connector_id for an EVSE with START_SESSION_CONNECTOR_REQUIRED")
            .expects("No ACCEPTED (at once or as result)")
            .sabotage("command-unsupported-accepted")
            .run(|cx| async move {
                let locations = cx.objects("locations", 1).await?;
                let wants = |e: &Value| {
                    e["status"] == "AVAILABLE"
                        && e["capabilities"]
                            .as_array()
                            .is_some_and(|list| list.iter().any(|c| c == "START_SESSION_CONNECTOR_REQUIRED"))
                };
                let found = locations
                    .iter()
                    .find_map(|l| Some((l["id"].clone(), l["evses"].as_array()?.iter().find(|e| wants(e))?.clone())));
                let Some((location_id, evse)) = found else {
                    return skip("no EVSE has START_SESSION_CONNECTOR_REQUIRED");
                };
                let mut asked = body(&cx, "START_SESSION");
                asked["location_id"] = location_id;
                asked["evse_uid"] = evse["uid"].clone();
                let mark = cx.party.mark();
                let answer = send(&cx, "START_SESSION", &asked).await?;
                if answer.data()["result"] != "ACCEPTED" {
                    return Ok(());
                }
                let result = cx.expect_request(mark, "a CommandResult", |r| r.path.starts_with("/callback/")).await?;
                let value = result.json.unwrap_or_default()["result"].clone();
                ensure(value != "ACCEPTED", "a refusal", || value.to_string())
            }),
        cpo("commands.result-not-retried", "A result that is refused is not repeated without end")
            .proves(&["CMD-035"])
            .should()
            .destructive()
            .does("POSTs UNLOCK_CONNECTOR and answers the result with HTTP 500")
            .expects("The result comes once")
            .sabotage("result-retried")
            .run(|cx| async move {
                let spot = spot(&cx, "UNLOCK_CAPABLE").await?;
                let mut asked = body(&cx, "UNLOCK_CONNECTOR");
                for (field, value) in [
                    ("location_id", &spot.location_id),
                    ("evse_uid", &spot.evse_uid),
                    ("connector_id", &spot.connector_id),
                ] {
                    asked[field] = json!(value);
                }
                let mark = cx.party.mark();
                let _failing = cx.party.with_faults(&["fails-results"]);
                let answer = send(&cx, "UNLOCK_CONNECTOR", &asked).await?;
                if answer.data()["result"] != "ACCEPTED" {
                    return skip(format!("UNLOCK_CONNECTOR was answered with {}", answer.data()["result"]));
                }
                cx.expect_request(mark, "a CommandResult", |r| r.path.starts_with("/callback/")).await?;
                cx.party.wait(cx.party.mark(), cx.config.quiet, |_| false).await;
                let count = cx.party.since(mark).iter().filter(|r| r.path.starts_with("/callback/")).count();
                ensure(count == 1, "one result", || format!("{count} within {} ms", cx.config.quiet.as_millis()))
            }),
    ]
}

async fn reserve(cx: &Arc<Ctx>, again: bool) -> CaseResult<(Value, Vec<Received>, usize)> {
    let spot = spot(cx, "RESERVABLE").await?;
    let mut asked = body(cx, "RESERVE_NOW");
    asked["location_id"] = json!(spot.location_id);
    asked["evse_uid"] = json!(spot.evse_uid);
    asked["authorization_reference"] = json!(cx.new_id("REF"));
    let mark = cx.party.mark();
    for round in 0..if again { 2 } else { 1 } {
        asked["expiry_date"] = json!(clock::seconds(clock::now() + chrono::Duration::hours(1 + round)));
        let here = cx.party.mark();
        let answer = send(cx, "RESERVE_NOW", &asked).await?;
        if answer.data()["result"] != "ACCEPTED" {
            return skip(format!("RESERVE_NOW was answered with {}", answer.data()["result"]));
        }
        let result = cx.expect_request(here, "a CommandResult", |r| r.path.starts_with("/callback/")).await?;
        ensure(result.json.clone().unwrap_or_default()["result"] == "ACCEPTED", "ACCEPTED", || result.body.clone())?;
    }
    Ok((asked, cx.party.since(mark), mark))
}

async fn cancel(cx: &Arc<Ctx>, asked: &Value) -> CaseResult {
    let mark = cx.party.mark();
    let answer = send(
        cx,
        "CANCEL_RESERVATION",
        &json!({"response_url": response_url(cx).0, "reservation_id": asked["reservation_id"]}),
    )
    .await?;
    ensure(answer.data()["result"] == "ACCEPTED", "ACCEPTED", || answer.describe())?;
    let result = cx.expect_request(mark, "a CommandResult", |r| r.path.starts_with("/callback/")).await?;
    ensure(result.json.clone().unwrap_or_default()["result"] == "ACCEPTED", "ACCEPTED", || result.body.clone())
}

fn reservations() -> Vec<Case> {
    vec![
        cpo("commands.reserve", "A reservation makes a session, and ends it when cancelled")
            .proves(&["CMD-014", "CMD-041", "CMD-054", "CMD-029", "CMD-044", "SES-012", "SES-013", "SES-015", "SES-094", "CMD-082"])
            .destructive()
            .does("POSTs RESERVE_NOW, then CANCEL_RESERVATION")
            .expects("Result ACCEPTED; a session with status RESERVATION and the reference is pushed; after the cancellation it is COMPLETED")
            .sabotage("reserve-no-session")
            .run(|cx| async move {
                let (asked, _, mark) = reserve(&cx, false).await?;
                let pushed = cx.expect_request(mark, "PUT of the session", |r| r.is("PUT", "receiver", "sessions")).await?;
                let session = pushed.json.unwrap_or_default();
                ensure(session["status"] == "RESERVATION", "status RESERVATION", || session["status"].to_string())?;
                ensure(session["authorization_reference"] == asked["authorization_reference"], asked["authorization_reference"].to_string(), || session["authorization_reference"].to_string())?;
                let mark = cx.party.mark();
                cancel(&cx, &asked).await?;
                cx.expect_request(mark, "the session becomes COMPLETED", |r| r.at("receiver", "sessions") && r.body.contains("COMPLETED")).await.map(|_| ())
            }),
        cpo("commands.reserve-again", "The same reservation is updated, not doubled")
            .proves(&["CMD-040"])
            .destructive()
            .does("POSTs RESERVE_NOW twice with the same reservation_id and another expiry_date")
            .expects("One session only")
            .sabotage("reserve-twice")
            .run(|cx| async move {
                let (asked, _, mark) = reserve(&cx, true).await?;
                cx.expect_request(mark, "PUT of the session", |r| r.is("PUT", "receiver", "sessions")).await?;
                cx.party.wait(cx.party.mark(), cx.config.quiet, |_| false).await;
                let mut ids: Vec<String> = cx.party.since(mark).iter().filter(|r| r.is("PUT", "receiver", "sessions")).filter_map(|r| r.rest().last().cloned()).collect();
                ids.sort();
                ids.dedup();
                cancel(&cx, &asked).await?;
                ensure(ids.len() == 1, "one session", || format!("{ids:?}"))
            }),
    ]
}

fn emsp(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title).on(TargetRole::Emsp).destructive()
}

/// Lets the EMSP send START_SESSION for a station of the tester.
async fn started(cx: &Arc<Ctx>, evse: &str) -> CaseResult<Received> {
    let peer = cx.config.peer_id.clone();
    let location = evse.split('-').next().unwrap_or("LOC0").to_string();
    let mark = cx.party.mark();
    cx.trigger(
        "start_session",
        &[("location_id", &location), ("evse_uid", evse), ("connector_id", "1"), ("peer_id", &peer)],
    )
    .await?;
    cx.expect_request(mark, "POST …/commands/START_SESSION", |r| {
        r.method == "POST" && r.path.contains("START_SESSION")
    })
    .await
}

fn sent() -> Vec<Case> {
    vec![
        emsp("commands.send.start", "START_SESSION is well formed")
            .proves(&["CMD-018", "CMD-021", "CMD-065", "CMD-056", "LOC-079"])
            .does("Lets the operator start a session at a station of the tester")
            .expects(
                "POST to {endpoint}/START_SESSION with a StartSession by the tables and a token of the platform's own",
            )
            .sabotage("command-slash")
            .sabotage("command-bad-body")
            .sabotage("command-foreign-own-token")
            .run(|cx| async move {
                let call = started(&cx, "LOC0-E1").await?;
                ensure(
                    call.is("POST", "receiver", "commands") && call.rest() == ["START_SESSION"],
                    "POST …/commands/START_SESSION",
                    || call.path.clone(),
                )?;
                let body = call.json.clone().unwrap_or_default();
                let found = schema::check("StartSession", &body);
                ensure(found.is_empty(), "a StartSession by the tables", || format!("{found:?}"))?;
                let owner = cx.target_owner()?;
                ensure(owner.owns(&body["token"]), format!("a token of {owner}"), || body["token"].to_string())
            }),
        emsp("commands.send.connector", "connector_id where the EVSE wants it")
            .proves(&["CMD-057", "LOC-123"])
            .does("Lets the operator start a session at an EVSE with START_SESSION_CONNECTOR_REQUIRED")
            .expects("connector_id and evse_uid in the command")
            .sabotage("command-no-connector")
            .run(|cx| async move {
                let body = started(&cx, "LOC4-E2").await?.json.unwrap_or_default();
                ensure(
                    body["connector_id"].is_string() && body["evse_uid"].is_string(),
                    "evse_uid and connector_id",
                    || body.to_string(),
                )
            }),
        emsp("commands.send.unique", "Every command has its own response_url")
            .proves(&["CMD-026", "CMD-017"])
            .should()
            .does("Lets the operator start two sessions")
            .expects("Two different response_urls")
            .sabotage("command-same-response-url")
            .run(|cx| async move {
                let one = started(&cx, "LOC1-E1").await?.json.unwrap_or_default();
                let two = started(&cx, "LOC1-E2").await?.json.unwrap_or_default();
                ensure(one["response_url"] != two["response_url"], "different response_urls", || {
                    one["response_url"].to_string()
                })
            }),
    ]
}

async fn response_target(cx: &Arc<Ctx>, evse: &str) -> CaseResult<String> {
    // The tester's own stations keep silent, so that the case gives the result itself.
    let _silent = cx.party.with_faults(&["result-never", "session-none"]);
    let call = started(cx, evse).await?;
    match call.json.as_ref().and_then(|b| b["response_url"].as_str()) {
        Some(url) => Ok(url.to_string()),
        None => fail("a response_url", call.body),
    }
}

fn callbacks() -> Vec<Case> {
    vec![
        emsp("commands.callback.accepts", "A result is accepted")
            .proves(&["CMD-024", "CMD-036"])
            .does("Answers START_SESSION with ACCEPTED and POSTs a result with messages in two languages")
            .expects("Success")
            .unsabotaged("commands.callback.refuses covers the endpoint")
            .run(|cx| async move {
                let url = response_target(&cx, "LOC2-E1").await?;
                cx.put("POST", url, &json!({"result": "FAILED", "message": [{"language": "en", "text": "No cable"}, {"language": "nl", "text": "Geen kabel"}]})).await?.succeeded()
            }),
        emsp("commands.callback.refuses", "Strangers, other methods and unknown values at a response_url")
            .proves(&["CMD-024", "CMD-028", "CMD-037", "TRN-012"])
            .does("POSTs a result without token; GETs and PUTs the response_url; POSTs an unknown result")
            .expects("HTTP 401; refusals; status_code 2001")
            .sabotage("auth-open")
            .sabotage("callback-any-method")
            .sabotage("callback-unvalidated")
            .run(|cx| async move {
                let url = response_target(&cx, "LOC2-E2").await?;
                cx.request("POST", &url).anonymous().json(&json!({"result": "ACCEPTED"})).send().await?.has_http(401)?;
                for method in ["GET", "PUT", "DELETE"] {
                    let request = cx.request(method, &url);
                    let request = if method == "PUT" { request.json(&json!({"result": "ACCEPTED"})) } else { request };
                    request.send().await?.refused()?;
                }
                cx.put("POST", &url, &json!({"result": "DONE"})).await?.has_status(2001)
            }),
        emsp("commands.callback.late", "A late or second result does no harm")
            .proves(&["CMD-034"])
            .may()
            .does("POSTs a result twice")
            .expects("No HTTP 5xx")
            .unsabotaged("any answer but a server error is fine")
            .run(|cx| async move {
                let url = response_target(&cx, "LOC3-E1").await?;
                for _ in 0..2 {
                    cx.put("POST", &url, &json!({"result": "ACCEPTED"})).await?.no_server_error()?;
                }
                Ok(())
            }),
        emsp("commands.callback.reservation", "The response_url of a reservation stays usable")
            .proves(&["CMD-016"])
            .does("Lets the operator reserve; POSTs ACCEPTED and later CANCELED_RESERVATION")
            .expects("Both are accepted")
            .sabotage("callback-once")
            .run(|cx| async move {
                let peer = cx.config.peer_id.clone();
                let silent = cx.party.with_faults(&["result-never", "reserve-no-session"]);
                let mark = cx.party.mark();
                cx.trigger("reserve_now", &[("location_id", "LOC3"), ("evse_uid", "LOC3-E2"), ("peer_id", &peer)]).await?;
                let call = cx.expect_request(mark, "POST …/commands/RESERVE_NOW", |r| r.path.contains("RESERVE_NOW")).await?;
                drop(silent);
                let body = call.json.unwrap_or_default();
                let found = schema::check("ReserveNow", &body);
                ensure(found.is_empty(), "a ReserveNow by the tables", || format!("{found:?}"))?;
                let url = body["response_url"].as_str().unwrap_or("").to_string();
                cx.put("POST", &url, &json!({"result": "ACCEPTED"})).await?.succeeded()?;
                cx.put("POST", &url, &json!({"result": "CANCELED_RESERVATION"})).await?.succeeded()
            }),
    ]
}
