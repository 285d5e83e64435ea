//! A charge from START_SESSION to CDR, done once per run; each case looks at one rule.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::triggers::{Spot, spot};
use crate::case::{Case, CaseResult, Phase, Stop, TargetRole, ensure, fail, skip};
use crate::context::{Ctx, join};
use crate::fixtures;
use crate::formats::{decimal, instant_of, same};
use crate::party::Received;
use crate::schema;

/// What happened.
#[derive(Clone, Debug)]
pub(crate) struct Charge {
    spot: Spot,
    token: Value,
    reference: String,
    response_path: String,
    timeout: i64,
    answered_in: Duration,
    result_after: Option<Duration>,
    session_id: Option<String>,
    /// Everything that arrived from the command on.
    calls: Vec<Received>,
}

/// A response_url of the tester with a query that must survive.
pub(super) fn response_url(cx: &Arc<Ctx>) -> (String, String) {
    let path = format!("/callback/{}?a=1&b=x%2Fy", cx.new_id("R"));
    (format!("{}{path}", cx.party.base()), path)
}

pub(super) async fn command(cx: &Arc<Ctx>, name: &str, body: &Value) -> CaseResult<crate::client::Answer> {
    cx.put("POST", join(&cx.endpoint("commands", "RECEIVER")?, &[name]), body).await
}

async fn charge(cx: &Arc<Ctx>) -> CaseResult<Charge> {
    let done = cx.charge.get_or_init(|| do_charge(cx)).await;
    done.clone()
}

async fn do_charge(cx: &Arc<Ctx>) -> CaseResult<Charge> {
    cx.endpoint("commands", "RECEIVER")?;
    cx.endpoint("sessions", "SENDER")?;
    if !cx.target().inbound {
        return skip("the existing registration is not the tester's");
    }
    let spot = spot(cx, "REMOTE_START_STOP_CAPABLE").await?;
    let given = [
        ("location_id", spot.location_id.as_str()),
        ("evse_uid", spot.evse_uid.as_str()),
        ("connector_id", spot.connector_id.as_str()),
    ];
    if cx.config.triggers.triggers.contains_key("plug_in") {
        cx.trigger("plug_in", &given).await?;
    }
    let token = fixtures::token(cx.owner(), &cx.new_id("APP"), "APP_USER", &crate::clock::timestamp());
    let reference = cx.new_id("REF");
    let (url, response_path) = response_url(cx);
    let mark = cx.party.mark();
    let began = Instant::now();
    let body = json!({"response_url": url, "token": token, "location_id": spot.location_id, "evse_uid": spot.evse_uid, "connector_id": spot.connector_id, "authorization_reference": reference});
    let answer = command(cx, "START_SESSION", &body).await?;
    let answered_in = began.elapsed();
    let accepted = answer.object()?["result"] == "ACCEPTED";
    if !accepted {
        return fail("ACCEPTED for START_SESSION at an available EVSE that can be started remotely", answer.describe());
    }
    let result =
        cx.party.wait(mark, cx.config.patience, |r| r.method == "POST" && r.path.starts_with("/callback/")).await;
    let result_after = result.as_ref().map(|_| began.elapsed());
    let is_session = |r: &Received| r.at("receiver", "sessions") && r.method != "GET";
    let pushed = cx.party.wait(mark, cx.config.patience, is_session).await;
    let session_id = pushed.and_then(|r| {
        r.rest().last().cloned().or_else(|| r.json.as_ref().and_then(|b| b["id"].as_str().map(str::to_string)))
    });
    if let Some(id) = &session_id {
        let (url, _) = response_url(cx);
        command(cx, "STOP_SESSION", &json!({"response_url": url, "session_id": id})).await?;
        let is_end = |r: &Received| {
            is_session(r)
                && r.json.as_ref().is_some_and(|b| b["status"] == "COMPLETED" || b["data"]["status"] == "COMPLETED")
        };
        let ended = cx.party.wait(mark, cx.config.patience, is_end).await;
        if ended.is_some() {
            cx.party.wait(mark, cx.config.patience, |r| r.is("POST", "receiver", "cdrs")).await;
        }
    }
    if cx.config.triggers.triggers.contains_key("unplug") {
        cx.trigger("unplug", &given).await?;
        if session_id.is_some() {
            cx.party.wait(mark, cx.config.patience, |r| r.is("POST", "receiver", "cdrs")).await;
        }
    }
    // Doubles of what has come would come now.
    cx.party.wait(cx.party.mark(), cx.config.quiet, |_| false).await;
    cx.forget("sessions");
    cx.forget("cdrs");
    cx.forget("locations");
    Ok(Charge {
        spot,
        token,
        reference,
        response_path,
        timeout: answer.data()["timeout"].as_i64().unwrap_or(-1),
        answered_in,
        result_after,
        session_id,
        calls: cx.party.since(mark),
    })
}

/// The session after these pushes.
pub(super) fn merged(calls: &[&Received]) -> Value {
    let mut state = Value::Null;
    for call in calls {
        let body = call.json.clone().unwrap_or_default();
        if call.method == "PUT" || !state.is_object() {
            state = body;
        } else if let (Some(map), Some(change)) = (state.as_object_mut(), body.as_object()) {
            for (key, value) in change {
                let appended = (key == "charging_periods").then(|| {
                    [
                        map.get(key).and_then(Value::as_array).cloned().unwrap_or_default(),
                        value.as_array().cloned().unwrap_or_default(),
                    ]
                    .concat()
                });
                map.insert(key.clone(), appended.map_or(value.clone(), Value::Array));
            }
        }
    }
    state
}

impl Charge {
    fn results(&self) -> Vec<&Received> {
        self.calls.iter().filter(|r| r.path == self.response_path).collect()
    }

    fn session_calls(&self) -> CaseResult<Vec<&Received>> {
        let calls: Vec<&Received> =
            self.calls.iter().filter(|r| r.at("receiver", "sessions") && r.method != "GET").collect();
        if calls.is_empty() {
            return fail(
                "the session is pushed",
                format!("{:?}", self.calls.iter().map(|r| format!("{} {}", r.method, r.path)).collect::<Vec<_>>()),
            );
        }
        Ok(calls)
    }

    fn first_session(&self) -> CaseResult<Value> {
        Ok(self.session_calls()?[0].json.clone().unwrap_or_default())
    }

    /// The session after all pushes.
    fn final_session(&self) -> CaseResult<Value> {
        Ok(merged(&self.session_calls()?))
    }

    fn cdr_calls(&self) -> Vec<&Received> {
        self.calls.iter().filter(|r| r.method == "POST" && r.at("receiver", "cdrs")).collect()
    }

    fn cdr(&self) -> CaseResult<Value> {
        match self.cdr_calls().first().and_then(|r| r.json.clone()) {
            Some(Value::Array(items)) => Ok(items.first().cloned().unwrap_or_default()),
            Some(cdr) => Ok(cdr),
            None => fail("a CDR is posted after the charge", "none arrived"),
        }
    }
}

fn case(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title)
        .on(TargetRole::Cpo)
        .destructive()
        .phase(Phase::Charging)
        .does("Looks at one charge from START_SESSION over STOP_SESSION to the CDR")
}

pub(super) fn cases() -> Vec<Case> {
    [command_cases(), session_cases(), cdr_cases(), location_cases()].concat()
}

fn command_cases() -> Vec<Case> {
    vec![
        case("commands.start.result", "One result arrives at exactly the response_url")
            .proves(&["CMD-006", "CMD-025", "CMD-023", "CMD-005"])
            .expects("One POST to the response_url, its query included")
            .sabotage("result-never")
            .sabotage("result-without-query")
            .sabotage("result-twice")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                let count = charge.results().len();
                ensure(count == 1, format!("one POST to {}", charge.response_path), || {
                    format!(
                        "{count}; callbacks: {:?}",
                        charge
                            .calls
                            .iter()
                            .filter(|r| r.path.starts_with("/callback"))
                            .map(|r| &r.path)
                            .collect::<Vec<_>>()
                    )
                })
            }),
        case("commands.start.result-body", "The result is a bare CommandResult")
            .proves(&["CMD-027", "CMD-037", "CMD-075", "CMD-036"])
            .expects("`result` with a listed value at the top level, no envelope")
            .sabotage("result-enveloped")
            .sabotage("result-bad-value")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                let Some(body) = charge.results().first().and_then(|r| r.json.clone()) else {
                    return fail("a result", "none");
                };
                let found = schema::check("CommandResult", &body);
                ensure(found.is_empty() && body.get("status_code").is_none(), "a CommandResult", || {
                    format!("{body}: {found:?}")
                })
            }),
        case("commands.start.result-authorized", "The result is an ordinary OCPI request")
            .proves(&["CMD-028", "TRN-005"])
            .expects("The token that the tester gave, X-Request-ID and X-Correlation-ID")
            .sabotage("result-unauthorized")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                let Some(call) = charge.results().first().copied() else { return fail("a result", "none") };
                ensure(call.answered != 401, "a known token", || "HTTP 401 had to be answered".into())?;
                ensure(
                    call.header("x-request-id").is_some() && call.header("x-correlation-id").is_some(),
                    "both ids",
                    || format!("{:?}", call.headers),
                )
            }),
        case("commands.start.prompt", "The command is answered without waiting for the station")
            .proves(&["CMD-004"])
            .expects("An answer within 2.5 s")
            .sabotage("command-sync-wait")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                ensure(charge.answered_in < Duration::from_millis(2500), "an answer within 2.5 s", || {
                    format!("{:?}", charge.answered_in)
                })
            }),
        case("commands.start.in-time", "The result arrives within the promised time")
            .proves(&["CMD-033", "CMD-032"])
            .expects("A result within `timeout` seconds")
            .sabotage("result-never")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                let limit = u64::try_from(charge.timeout)
                    .map_err(|_| Stop::Fail { expected: "timeout in the answer".into(), actual: "none".into() })?;
                match charge.result_after {
                    Some(after) if after <= Duration::from_secs(limit) => Ok(()),
                    other => fail(format!("a result within {limit} s"), format!("{other:?}")),
                }
            }),
        case("commands.start.not-authorized-again", "The token of a command is not checked")
            .proves(&["CMD-059", "CMD-009", "CMD-060", "CMD-010", "CMD-062", "CMD-047"])
            .expects("No authorize request, although the token was never pushed")
            .sabotage("command-checks-token")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                let asked = charge.calls.iter().find(|r| r.segments.last().is_some_and(|s| s == "authorize"));
                ensure(asked.is_none(), "no authorize request", || format!("{:?}", asked.map(|r| &r.path)))
            }),
    ]
}

fn session_cases() -> Vec<Case> {
    vec![
        case("sessions.charge.put", "The session is pushed by PUT of a complete object")
            .proves(&["SES-003", "SES-002", "TRN-060", "TRN-074"])
            .expects("The first push is a PUT of a Session by the tables")
            .sabotage("push-post")
            .sabotage("push-incomplete")
            .sabotage("push-enveloped")
            .sabotage("session-none")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                let calls = charge.session_calls()?;
                ensure(calls[0].method == "PUT", "PUT", || calls[0].method.clone())?;
                let found = schema::check("Session", &charge.first_session()?);
                ensure(found.is_empty(), "a Session by the tables", || format!("{found:?}"))
            }),
        case("sessions.charge.url", "The session's URL is that of its owner and id")
            .proves(&["SES-039", "SES-044", "SES-045", "SES-046", "SES-062", "TRN-071", "TRN-072", "SES-050"])
            .expects("…/{country_code}/{party_id}/{id} as in the body, for every push")
            .sabotage("push-wrong-url")
            .sabotage("push-no-owner-url")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                let session = charge.final_session()?;
                let wanted: Vec<String> = ["country_code", "party_id", "id"]
                    .iter()
                    .map(|f| session[*f].as_str().unwrap_or("").to_uppercase())
                    .collect();
                for call in charge.session_calls()? {
                    let got: Vec<String> = call.rest().iter().map(|s| s.to_uppercase()).collect();
                    ensure(got == wanted, format!("{wanted:?}"), || call.path.clone())?;
                }
                Ok(())
            }),
        case("sessions.charge.token", "The session has the command's token")
            .proves(&["SES-068", "CMD-064", "CDR-118"])
            .expects("cdr_token with the five fields of the token")
            .sabotage("session-other-token")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                let session = charge.first_session()?;
                let wanted = fixtures::cdr_token(&charge.token);
                ensure(same(&wanted, &session["cdr_token"]), wanted.to_string(), || session["cdr_token"].to_string())
            }),
        case("sessions.charge.reference", "The session has the authorization_reference")
            .proves(&["SES-070", "CMD-067", "SES-071"])
            .expects("The value of the command")
            .sabotage("session-no-reference")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                let session = charge.final_session()?;
                ensure(
                    session["authorization_reference"] == charge.reference.as_str(),
                    charge.reference.clone(),
                    || session["authorization_reference"].to_string(),
                )
            }),
        case("sessions.charge.auth-method", "The session was authorized by COMMAND")
            .proves(&["SES-069", "CDR-094"])
            .expects("auth_method COMMAND")
            .sabotage("session-wrong-auth-method")
            .run(|cx| async move {
                let session = charge(&cx).await?.first_session()?;
                ensure(session["auth_method"] == "COMMAND", "COMMAND", || session["auth_method"].to_string())
            }),
        case("sessions.charge.place", "The session names the place of the command")
            .proves(&["SES-072"])
            .expects("location_id, evse_uid and connector_id of the command")
            .sabotage("set sessions /location_id \"NOWHERE\"")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                let session = charge.first_session()?;
                let spot = &charge.spot;
                let right = session["location_id"] == spot.location_id.as_str()
                    && session["evse_uid"] == spot.evse_uid.as_str()
                    && session["connector_id"] == spot.connector_id.as_str();
                ensure(right, format!("{spot:?}"), || session.to_string())
            }),
        case("sessions.charge.patches", "Every PATCH has last_updated")
            .proves(&["SES-048", "STA-020", "SES-004", "SES-057"])
            .expects("last_updated in each PATCH of the session")
            .sabotage("push-patch-without-last-updated")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                let bare = charge
                    .session_calls()?
                    .into_iter()
                    .find(|r| r.method == "PATCH" && r.json.as_ref().is_none_or(|b| b["last_updated"].is_null()));
                ensure(bare.is_none(), "last_updated", || bare.map(|r| r.body.clone()).unwrap_or_default())
            }),
        case("sessions.charge.patch-changes", "A PATCH has only what changed")
            .proves(&["TRN-063", "SES-058"])
            .expects("No PATCH repeats cdr_token, auth_method and place")
            .sabotage("push-patch-everything")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                let whole = charge.session_calls()?.into_iter().find(|r| {
                    r.method == "PATCH"
                        && r.json
                            .as_ref()
                            .is_some_and(|b| b.get("cdr_token").is_some() && b.get("location_id").is_some())
                });
                ensure(whole.is_none(), "changed fields only", || whole.map(|r| r.body.clone()).unwrap_or_default())
            }),
        case("sessions.charge.periods", "Charging periods are sent once")
            .proves(&["SES-054"])
            .expects("After all pushes, no two periods begin at the same moment")
            .sabotage("push-patch-all-periods")
            .run(|cx| async move {
                let session = charge(&cx).await?.final_session()?;
                let mut starts: Vec<String> = session["charging_periods"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(|p| p["start_date_time"].to_string())
                    .collect();
                let count = starts.len();
                starts.sort();
                starts.dedup();
                ensure(starts.len() == count, "every period once", || session["charging_periods"].to_string())
            }),
        case("sessions.charge.completed", "A stopped session ends as COMPLETED")
            .proves(&["SES-005", "CMD-069", "SES-066"])
            .expects("status COMPLETED with an end_date_time not before the start")
            .sabotage("stop-leaves-session")
            .run(|cx| async move {
                let session = charge(&cx).await?.final_session()?;
                let in_order = instant_of(&session, "end_date_time")
                    .is_some_and(|end| instant_of(&session, "start_date_time").is_some_and(|start| start <= end));
                ensure(session["status"] == "COMPLETED" && in_order, "COMPLETED with end_date_time", || {
                    session.to_string()
                })
            }),
        case("sessions.charge.grows", "last_updated and kwh only grow")
            .proves(&["SES-067", "SES-078", "SES-063"])
            .expects("Neither goes back from push to push")
            .sabotage("push-patch-without-last-updated")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                let (mut at, mut kwh) = (None, None);
                for call in charge.session_calls()? {
                    let body = call.json.clone().unwrap_or_default();
                    let now = instant_of(&body, "last_updated");
                    ensure(now >= at && now.is_some(), "a later last_updated", || call.body.clone())?;
                    at = now;
                    if let Some(value) = decimal(&body["kwh"]) {
                        ensure(kwh.is_none_or(|before| before <= value), "kwh that does not shrink", || {
                            call.body.clone()
                        })?;
                        kwh = Some(value);
                    }
                }
                Ok(())
            }),
        case("sessions.charge.listed", "The session is in the list as it was pushed")
            .proves(&["SES-002", "SES-063"])
            .expects("The same id, status and token in GET sessions")
            .sabotage("stop-leaves-session")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                let session = charge.final_session()?;
                cx.forget("sessions");
                let list = cx.crawl("sessions").await?;
                let Some(listed) = list.iter().find(|s| s["id"] == session["id"]) else {
                    return fail("the session in the list", "it is not there");
                };
                ensure(
                    listed["status"] == "COMPLETED" && same(&session["cdr_token"], &listed["cdr_token"]),
                    "the session as it was pushed",
                    || listed.to_string(),
                )
            }),
    ]
}

fn cdr_cases() -> Vec<Case> {
    vec![
        case("cdrs.charge.posted", "One complete CDR is posted to exactly the endpoint")
            .proves(&["CDR-018", "CDR-040", "CDR-041", "CDR-042", "CDR-003", "CDR-076"])
            .expects("One POST to the CDRs endpoint, one object by the tables")
            .sabotage("cdr-never")
            .sabotage("cdr-twice")
            .sabotage("cdr-as-array")
            .sabotage("cdr-url-with-owner")
            .sabotage("unset cdrs /total_cost")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                let calls = charge.cdr_calls();
                ensure(calls.len() == 1, "one POST", || format!("{} POSTs", calls.len()))?;
                ensure(calls[0].rest().is_empty(), "the endpoint's own URL", || calls[0].path.clone())?;
                let found = schema::check("CDR", &calls[0].json.clone().unwrap_or_default());
                ensure(found.is_empty(), "a CDR by the tables", || format!("{found:?}"))
            }),
        case("cdrs.charge.after-end", "The CDR follows the end of the session")
            .proves(&["CDR-002"])
            .expects("The CDR arrives after the session was COMPLETED (by push or in the list)")
            .sabotage("cdr-before-end")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                charge.cdr()?;
                let at = |fits: &dyn Fn(&Received) -> bool| charge.calls.iter().position(fits);
                let ended = at(&|r| r.at("receiver", "sessions") && r.json.as_ref().is_some_and(|b| b["status"] == "COMPLETED"));
                let cdr = at(&|r| r.is("POST", "receiver", "cdrs"));
                ensure(ended.is_some() && ended < cdr, "COMPLETED, then the CDR", || format!("positions {ended:?} and {cdr:?}"))
            }),
        case("cdrs.charge.links", "The CDR belongs to the session")
            .proves(&["CDR-052", "CDR-053", "CDR-054", "CDR-055", "CDR-057", "CDR-108", "CMD-064", "CMD-067"])
            .expects("session_id, cdr_token, auth_method, authorization_reference and place of the session")
            .sabotage("cdr-no-session-id")
            .sabotage("session-other-token")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                let (cdr, spot) = (charge.cdr()?, &charge.spot);
                let wanted = json!({"session_id": charge.session_id, "cdr_token": fixtures::cdr_token(&charge.token), "auth_method": "COMMAND", "authorization_reference": charge.reference,
                    "cdr_location": {"id": spot.location_id, "evse_uid": spot.evse_uid, "connector_id": spot.connector_id}});
                match crate::formats::difference(&wanted, &cdr, "") {
                    None => Ok(()),
                    Some(what) => fail("the values of the session", what),
                }
            }),
        case("cdrs.charge.energy", "The CDR has the session's energy")
            .proves(&["CDR-064", "PRC-076"])
            .expects("total_energy = the session's kwh = the sum of the periods")
            .sabotage("cdr-other-energy")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                let (cdr, session) = (charge.cdr()?, charge.final_session()?);
                let (a, b) = (decimal(&cdr["total_energy"]), decimal(&session["kwh"]));
                let near = a.zip(b).is_some_and(|(a, b)| (a - b).abs() < rust_decimal::Decimal::new(1, 2));
                ensure(near, format!("{b:?} kWh"), || format!("{a:?}"))
            }),
        case("cdrs.charge.cost", "The CDR's total is the sum of its parts")
            .proves(&["CDR-062", "PRC-070"])
            .expects("total_cost = fixed + energy + time + parking + reservation, where no minimum or maximum price applies")
            .sabotage("cdr-wrong-cost")
            .run(|cx| async move {
                let cdr = charge(&cx).await?.cdr()?;
                if cdr["tariffs"].as_array().into_iter().flatten().any(|t| t["min_price"].is_object() || t["max_price"].is_object()) {
                    return skip("the tariff has a minimum or maximum price");
                }
                let parts = ["total_fixed_cost", "total_energy_cost", "total_time_cost", "total_parking_cost", "total_reservation_cost"];
                let sum: rust_decimal::Decimal = parts.iter().filter_map(|f| decimal(&cdr[*f]["excl_vat"])).sum();
                let total = decimal(&cdr["total_cost"]["excl_vat"]).unwrap_or_default();
                ensure((sum - total).abs() < rust_decimal::Decimal::new(2, 2), format!("{sum}"), || total.to_string())
            }),
        case("cdrs.charge.listed", "The CDR is in the list, unchanged")
            .proves(&["CDR-005", "CDR-029", "CDR-025"])
            .expects("GET cdrs gives the CDR as it was posted")
            .sabotage("cdr-never")
            .run(|cx| async move {
                let cdr = charge(&cx).await?.cdr()?;
                cx.forget("cdrs");
                let list = cx.crawl("cdrs").await?;
                let Some(listed) = list.iter().find(|c| c["id"] == cdr["id"]) else { return fail("the CDR in the list", "it is not there") };
                match crate::formats::difference(&cdr, listed, "") {
                    None => Ok(()),
                    Some(what) => fail("the CDR as it was posted", what),
                }
            }),
    ]
}

fn location_cases() -> Vec<Case> {
    vec![
        case("locations.charge.status", "The EVSE's status follows the charge")
            .proves(&["LOC-163", "LOC-020", "LOC-050", "LOC-106", "LOC-008"])
            .expects("A PATCH or PUT of the EVSE (or its Location) with CHARGING is pushed")
            .sabotage("push-never")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                let pushed =
                    charge.calls.iter().any(|r| r.at("receiver", "locations") && r.body.contains("CHARGING\""));
                ensure(pushed, "a push with status CHARGING", || {
                    format!("{:?}", charge.calls.iter().map(|r| format!("{} {}", r.method, r.path)).collect::<Vec<_>>())
                })
            }),
        case("locations.charge.parents", "A changed EVSE lifts its Location")
            .proves(&["LOC-029", "LOC-091"])
            .expects("Location.last_updated is not earlier than that of the EVSE, in the Sender interface")
            .sabotage("push-parent-not-lifted")
            .run(|cx| async move {
                let charge = charge(&cx).await?;
                let answer = cx.get(join(&cx.sender("locations")?, &[&charge.spot.location_id])).await?;
                let location = answer.object()?;
                let newest = location["evses"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|e| instant_of(e, "last_updated"))
                    .max();
                ensure(instant_of(location, "last_updated") >= newest, format!("{newest:?} or later"), || {
                    location["last_updated"].to_string()
                })
            }),
    ]
}
