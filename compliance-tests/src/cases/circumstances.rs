//! Rules that show only in special circumstances: a list that grows while it is read, another partner, a broken station, a
//! vehicle that never comes, cards of a group, contracts with limits, corrections.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::charge::{command, merged, response_url};
use super::credentials::credentials_url;
use super::outages::{begin, borrowed, end};
use super::registrations::{leave, partner, post, token_a};
use super::stations::start_at;
use super::triggers::spot;
use crate::case::{Case, CaseResult, Phase, Stop, TargetRole, ensure, fail, skip};
use crate::client::Answer;
use crate::context::{Ctx, join, with_query};
use crate::fixtures;
use crate::formats::{decimal, difference, instant_of};
use crate::party::{Party, Received, new_token};

pub(super) fn cases() -> Vec<Case> {
    [growing(), shrinking(), partners(), stations(), pending(), groups(), contracts(), corrections(), sessions()]
        .concat()
}

fn cpo(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title).on(TargetRole::Cpo).destructive()
}

fn emsp(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title).on(TargetRole::Emsp).destructive()
}

/// Reads the first page of one object, lets the operator create one, reads the second page; gives both totals and the new id.
async fn grow(cx: &Arc<Ctx>) -> CaseResult<(&'static str, u64, u64, String)> {
    let (module, trigger, key) = match cx.config.role {
        TargetRole::Cpo => ("tariffs", "create_tariff", "tariff_id"),
        TargetRole::Emsp => ("tokens", "create_token", "token_uid"),
    };
    cx.forget(module);
    cx.objects(module, 2).await?;
    let page = |offset: u64| {
        let offset = offset.to_string();
        let url = cx.list_url(module, &[("offset", &offset), ("limit", "1")]);
        async move { cx.get(url?).await }
    };
    let total = |answer: &Answer| {
        answer
            .number("x-total-count")
            .ok_or_else(|| Stop::Fail { expected: "X-Total-Count".into(), actual: answer.describe() })
    };
    let before = total(&page(0).await?)?;
    let id = cx.trigger(trigger, &[]).await?.remove(key).unwrap_or_default();
    let after = total(&page(1).await?)?;
    cx.forget(module);
    Ok((module, before, after, id))
}

fn growing() -> Vec<Case> {
    vec![
        Case::new("transport.list.grows", "X-Total-Count is that of each call")
            .proves(&["TRN-045"])
            .destructive()
            .does("Reads the first page of a list, lets the operator create an object, reads the second page")
            .expects("X-Total-Count one higher on the second page")
            .sabotage("list-total-frozen")
            .run(|cx| async move {
                let (_, before, after, _) = grow(&cx).await?;
                ensure(after == before + 1, format!("{}", before + 1), || after.to_string())
            }),
        Case::new("transport.list.oldest-first", "Lists begin with the oldest object")
            .proves(&["TRN-044"])
            .should()
            .destructive()
            .does("Lets the operator create an object while a list is read; reads the last page")
            .expects("The new object on the last page")
            .sabotage("list-newest-first")
            .run(|cx| async move {
                let (module, _, after, id) = grow(&cx).await?;
                let offset = after.saturating_sub(1).to_string();
                let answer = cx.get(cx.list_url(module, &[("offset", &offset), ("limit", "1")])?).await?;
                let last = answer.list()?.last().map(|object| crate::party::id_of(module, object).to_string());
                let right = last.as_deref().is_some_and(|last| last.eq_ignore_ascii_case(&id));
                ensure(right, id, || format!("{last:?}"))
            }),
    ]
}

fn shrinking() -> Vec<Case> {
    vec![
        Case::new("transport.pull.shrinking-total", "A list that shrinks while it is read")
            .proves(&["TRN-048"])
            .should()
            .destructive()
            .does(
                "Serves a list in pages of two whose X-Total-Count drops after the first page; lets the operator pull",
            )
            .expects("The page is asked for again, with an offset one lower")
            .sabotage("pull-ignores-shrinking")
            .run(|cx| async move {
                let (module, objects) = super::pushes::pulled(&cx, 5);
                let _served = cx.party.serve_list(module, objects);
                let _pages = cx.party.with_faults(&["serves-short-pages", "serves-shrinking-total"]);
                let mark = cx.party.mark();
                super::pushes::sync(&cx).await?;
                cx.expect_request(mark, "the second page", |r| {
                    r.is("GET", "sender", module) && r.path.contains("offset=2")
                })
                .await?;
                let again = |r: &Received| r.is("GET", "sender", module) && r.path.contains("offset=1");
                let found = cx.party.wait(mark, cx.config.quiet, again).await;
                ensure(found.is_some(), "GET with offset=1", || {
                    let asked = cx.party.since(mark);
                    asked
                        .iter()
                        .filter(|r| r.is("GET", "sender", module))
                        .map(|r| r.path.clone())
                        .collect::<Vec<_>>()
                        .join(", ")
                })
            }),
    ]
}

/// A second partner of the platform, registered beside the main one.
struct Other {
    party: Party,
    token: String,
    answer: Answer,
}

impl Other {
    async fn register(cx: &Arc<Ctx>) -> CaseResult<Self> {
        let party = partner(cx, &[]);
        let token_b = new_token();
        party.expect_token(&token_b);
        let answer = post(cx, &token_a(cx).await?, &party.credentials(&token_b)).await?;
        answer.succeeded()?;
        let token = answer.data()["token"].as_str().unwrap_or("").to_string();
        Ok(Self { party, token, answer })
    }

    fn headers(&self, cx: &Arc<Ctx>, request: crate::context::Request) -> CaseResult<crate::context::Request> {
        let (own, to) = (self.party.owner(), cx.target_owner()?);
        Ok(request
            .token(&self.token)
            .header("OCPI-from-country-code", &own.country_code)
            .header("OCPI-from-party-id", &own.party_id)
            .header("OCPI-to-country-code", &to.country_code)
            .header("OCPI-to-party-id", &to.party_id))
    }
}

fn partners() -> Vec<Case> {
    vec![
        cpo("transport.list.own-partner", "A partner sees its own drivers' sessions and CDRs only")
            .proves(&["TRN-057"])
            .does("Registers a second partner after a charge of the first; reads sessions and CDRs as the second")
            .expects("Nothing of the first partner; X-Total-Count counts what is shown")
            .sabotage("list-all-partners")
            .run(|cx| async move {
                cx.objects("sessions", 1).await?;
                credentials_url(&cx)?;
                let other = Other::register(&cx).await?;
                let mut wrong = Vec::new();
                for module in ["sessions", "cdrs"] {
                    let Ok(url) = cx.list_url(module, &[]) else { continue };
                    let answer = other.headers(&cx, cx.request("GET", url))?.send().await?;
                    let items = answer.list()?.clone();
                    let strangers = items.iter().filter(|o| cx.owner().owns(&o["cdr_token"])).count();
                    let total = answer.number("x-total-count").unwrap_or_default();
                    if strangers > 0 || (answer.next_link().is_none() && total != items.len() as u64) {
                        wrong.push(format!("{module}: {strangers} of another partner, X-Total-Count {total}"));
                    }
                }
                leave(&cx, &other.answer).await?;
                ensure(wrong.is_empty(), "nothing of another partner", || wrong.join("; "))
            }),
        cpo("commands.stop.foreign", "Another partner's session cannot be stopped")
            .proves(&["CMD-074"])
            .phase(Phase::Charging)
            .does("Starts a charge; registers a second partner, which sends STOP_SESSION for it")
            .expects("REJECTED (or UNKNOWN_SESSION); the session goes on")
            .sabotage("command-foreign-session-accepted")
            .run(|cx| async move {
                let (id, given) = begin(&cx).await?;
                let other = Other::register(&cx).await?;
                let url = join(&cx.endpoint("commands", "RECEIVER")?, &["STOP_SESSION"]);
                let body = json!({"response_url": format!("{}/callback/X", other.party.base()), "session_id": id});
                let answer = other.headers(&cx, cx.request("POST", url))?.json(&body).send().await;
                leave(&cx, &other.answer).await?;
                end(&cx, &id, &given).await?;
                let answer = answer?;
                answer.no_server_error()?;
                ensure(answer.data()["result"] != "ACCEPTED", "REJECTED", || answer.describe())
            }),
    ]
}

async fn evse_status(cx: &Arc<Ctx>, given: &[(&'static str, String); 3]) -> CaseResult<String> {
    let answer = cx.get(join(&cx.sender("locations")?, &[&given[0].1, &given[1].1])).await?;
    Ok(answer.object()?["status"].as_str().unwrap_or("").to_string())
}

/// Waits until the EVSE is no longer AVAILABLE.
async fn leaves_available(cx: &Arc<Ctx>, given: &[(&'static str, String); 3]) -> CaseResult {
    let until = Instant::now() + cx.config.patience.min(Duration::from_secs(5));
    while evse_status(cx, given).await? == "AVAILABLE" {
        if Instant::now() > until {
            return fail("a status other than AVAILABLE", "AVAILABLE");
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

async fn broken(cx: &Arc<Ctx>) -> CaseResult<[(&'static str, String); 3]> {
    for name in ["fault_station", "repair_station"] {
        if !cx.config.triggers.has(name) {
            return skip(format!("needs the trigger `{name}`"));
        }
    }
    let spot = spot(cx, "REMOTE_START_STOP_CAPABLE").await?;
    let given = [("location_id", spot.location_id), ("evse_uid", spot.evse_uid), ("connector_id", spot.connector_id)];
    cx.trigger("fault_station", &borrowed(&given)).await?;
    Ok(given)
}

async fn repair(cx: &Arc<Ctx>, given: &[(&'static str, String); 3]) -> CaseResult {
    cx.trigger("repair_station", &borrowed(given)).await?;
    cx.forget("locations");
    Ok(())
}

fn stations() -> Vec<Case> {
    vec![
        cpo("locations.status.available", "AVAILABLE means that a session can be started")
            .proves(&["LOC-164"])
            .does("Starts a charge and reads the EVSE; stops it; lets an EVSE break down and reads it")
            .expects("Neither is AVAILABLE")
            .sabotage("station-lies")
            .phase(Phase::Charging)
            .run(|cx| async move {
                let (id, given) = begin(&cx).await?;
                let charging = leaves_available(&cx, &given).await;
                end(&cx, &id, &given).await?;
                charging?;
                let given = broken(&cx).await?;
                let faulted = leaves_available(&cx, &given).await;
                repair(&cx, &given).await?;
                faulted
            }),
        cpo("commands.start.inoperative", "A start at a faulted EVSE: EVSE_INOPERATIVE")
            .proves(&["CMD-077"])
            .should()
            .phase(Phase::Charging)
            .does("Lets an EVSE break down; POSTs START_SESSION for it")
            .expects("EVSE_INOPERATIVE as result (or REJECTED at once)")
            .sabotage("command-ignores-fault")
            .run(|cx| async move {
                let given = broken(&cx).await?;
                let result = start_at(&cx, &given).await;
                repair(&cx, &given).await?;
                let result = result?.result;
                ensure(matches!(result.as_str(), "EVSE_INOPERATIVE" | "REJECTED"), "EVSE_INOPERATIVE", || {
                    result.clone()
                })
            }),
        cpo("commands.start.occupied", "A start where somebody charges: EVSE_OCCUPIED")
            .proves(&["CMD-076"])
            .should()
            .phase(Phase::Charging)
            .does("Starts a charge; POSTs START_SESSION with another token for the same EVSE")
            .expects("EVSE_OCCUPIED as result (or REJECTED at once)")
            .sabotage("command-ignores-occupied")
            .run(|cx| async move {
                let (id, given) = begin(&cx).await?;
                leaves_available(&cx, &given).await?;
                let result = start_at(&cx, &given).await;
                end(&cx, &id, &given).await?;
                let result = result?.result;
                ensure(matches!(result.as_str(), "EVSE_OCCUPIED" | "REJECTED"), "EVSE_OCCUPIED", || result.clone())
            }),
        cpo("commands.start.any-evse", "START_SESSION without evse_uid is no mistake")
            .proves(&["CMD-055"])
            .does("POSTs START_SESSION with nothing but a location")
            .expects("An answer with a result: ACCEPTED, REJECTED or NOT_SUPPORTED; no 2001")
            .sabotage("command-needs-evse")
            .run(|cx| async move {
                let spot = spot(&cx, "").await?;
                let token = fixtures::token(cx.owner(), &cx.new_id("APP"), "APP_USER", &crate::clock::timestamp());
                let (url, _) = response_url(&cx);
                let body = json!({"response_url": url, "token": token, "location_id": spot.location_id});
                let mark = cx.party.mark();
                let answer = command(&cx, "START_SESSION", &body).await?;
                let data = answer.object()?;
                ensure(data["result"].is_string(), "a CommandResponse", || answer.describe())?;
                if data["result"] == "ACCEPTED" {
                    let uid = token["uid"].as_str().unwrap_or("").to_string();
                    let is_session = |r: &Received| r.is("PUT", "receiver", "sessions") && r.body.contains(&uid);
                    if let Some(pushed) = cx.party.wait(mark, cx.config.quiet * 2, is_session).await {
                        let id = pushed.json.as_ref().and_then(|s| s["id"].as_str()).unwrap_or("").to_string();
                        let (url, _) = response_url(&cx);
                        command(&cx, "STOP_SESSION", &json!({"response_url": url, "session_id": id})).await?;
                    }
                }
                cx.forget("locations");
                Ok(())
            }),
    ]
}

/// START_SESSION where nothing is plugged in: what is pushed first, when it was asked for, and the place.
async fn start_unplugged(cx: &Arc<Ctx>) -> CaseResult<(Value, [(&'static str, String); 3], usize)> {
    let spot = spot(cx, "REMOTE_START_STOP_CAPABLE").await?;
    let given = [("location_id", spot.location_id), ("evse_uid", spot.evse_uid), ("connector_id", spot.connector_id)];
    for name in ["plug_in", "unplug"] {
        if !cx.config.triggers.is_given(name) {
            return skip(format!("needs the trigger `{name}` in the trigger file"));
        }
    }
    // Where nothing is plugged in anyhow, nothing can be unplugged.
    cx.trigger("unplug", &borrowed(&given)).await.ok();
    let token = fixtures::token(cx.owner(), &cx.new_id("APP"), "APP_USER", &crate::clock::timestamp());
    let uid = token["uid"].as_str().unwrap_or("").to_string();
    let (url, _) = response_url(cx);
    let mut body = json!({"response_url": url, "token": token});
    for (key, value) in &given {
        body[*key] = json!(value);
    }
    let mark = cx.party.mark();
    let answer = command(cx, "START_SESSION", &body).await?;
    if answer.object()?["result"] != "ACCEPTED" {
        return skip("the platform starts nothing while no cable is plugged in");
    }
    let is_session = |r: &Received| r.is("PUT", "receiver", "sessions") && r.body.contains(&uid);
    let Some(first) = cx.party.wait(mark, cx.config.patience, is_session).await else {
        return skip("the platform tells of the session only when it is active");
    };
    let session = first.json.unwrap_or_default();
    if session["status"] != "PENDING" {
        end(cx, session["id"].as_str().unwrap_or(""), &given).await?;
        return skip(format!("the first push has status {}, not PENDING", session["status"]));
    }
    Ok((session, given, mark))
}

fn pushes_of(cx: &Arc<Ctx>, mark: usize, id: &str) -> Vec<Received> {
    let of = |r: &Received| {
        r.at("receiver", "sessions") && r.method != "GET" && (r.path.contains(id) || r.body.contains(id))
    };
    cx.party.since(mark).into_iter().filter(of).collect()
}

fn pending() -> Vec<Case> {
    vec![
        cpo(
            "sessions.pending.start",
            "A session that waits for the vehicle is PENDING, and begins anew when it is ACTIVE",
        )
        .proves(&["SES-064", "SES-065", "SES-090"])
        .phase(Phase::Charging)
        .does("POSTs START_SESSION where nothing is plugged in; then a vehicle is plugged in")
        .expects("PENDING with start_date_time = now; then ACTIVE together with a later start_date_time")
        .sabotage("session-keeps-start")
        .run(|cx| async move {
            let (first, given, mark) = start_unplugged(&cx).await?;
            let id = first["id"].as_str().unwrap_or("").to_string();
            let created = instant_of(&first, "start_date_time");
            let age = created.map(|at| (crate::clock::now() - at).num_seconds().abs());
            cx.trigger("plug_in", &borrowed(&given)).await?;
            let is_active = |r: &Received| {
                r.at("receiver", "sessions")
                    && r.path.contains(&id)
                    && r.json.as_ref().is_some_and(|b| b["status"] == "ACTIVE")
            };
            let active = cx.expect_request(mark, "a push with ACTIVE", is_active).await;
            end(&cx, &id, &given).await?;
            let active = active?;
            ensure(age.is_some_and(|age| age < 120), "start_date_time within two minutes of the start", || {
                first.to_string()
            })?;
            let begun = active.json.as_ref().and_then(|body| instant_of(body, "start_date_time"));
            ensure(begun > created && begun.is_some(), "a later start_date_time with ACTIVE", || active.body.clone())
        }),
        cpo("sessions.pending.invalid", "A session that never begins is not billed")
            .proves(&["SES-093"])
            .phase(Phase::Charging)
            .does("POSTs START_SESSION where nothing is plugged in, then STOP_SESSION")
            .expects("The session ends, as INVALID; no CDR")
            .sabotage("cdr-for-invalid")
            .run(|cx| async move {
                let (first, _, mark) = start_unplugged(&cx).await?;
                let id = first["id"].as_str().unwrap_or("").to_string();
                let (url, _) = response_url(&cx);
                command(&cx, "STOP_SESSION", &json!({"response_url": url, "session_id": id})).await?;
                let ends = |r: &Received| {
                    let status = r.json.as_ref().map(|b| b["status"].clone()).unwrap_or_default();
                    r.at("receiver", "sessions")
                        && r.path.contains(&id)
                        && (status == "INVALID" || status == "COMPLETED")
                };
                let ended = cx.expect_request(mark, "the end of the session", ends).await?;
                cx.forget("locations");
                if ended.json.as_ref().is_some_and(|b| b["status"] == "COMPLETED") {
                    return skip("the session was COMPLETED, not INVALID");
                }
                cx.expect_silence(mark, "no CDR of this session", |r| {
                    r.is("POST", "receiver", "cdrs") && r.body.contains(&id)
                })
                .await
            }),
    ]
}

async fn push_card(cx: &Arc<Ctx>, group: &str) -> CaseResult<String> {
    let uid = cx.new_id("GROUP");
    let mut token = fixtures::token(cx.owner(), &uid, "RFID", &crate::clock::timestamp());
    token["group_id"] = json!(group);
    let url = cx.receiver("tokens", cx.owner(), &[&uid])?;
    cx.push_token(&url, &token).await?.succeeded()?;
    cx.on_cleanup("PATCH", &url, Some(&json!({"valid": false, "last_updated": crate::clock::timestamp()})));
    Ok(uid)
}

fn groups() -> Vec<Case> {
    vec![
        cpo("tokens.card.group", "Cards of one group work as one")
            .proves(&["TOK-069", "LOC-125"])
            .phase(Phase::Charging)
            .does("PUTs two cards with one group_id; lets a driver start with one and hold the other to the reader of an EVSE with TOKEN_GROUP_CAPABLE")
            .expects("The session ends")
            .sabotage("group-ignored")
            .run(|cx| async move {
                for name in ["start_charge", "present_card"] {
                    if !cx.config.triggers.has(name) {
                        return skip(format!("needs the trigger `{name}`"));
                    }
                }
                let spot = spot(&cx, "TOKEN_GROUP_CAPABLE").await?;
                let group = cx.new_id("G");
                let (first, second) = (push_card(&cx, &group).await?, push_card(&cx, &group).await?);
                let given = [("location_id", spot.location_id), ("evse_uid", spot.evse_uid), ("connector_id", spot.connector_id)];
                let mark = cx.party.mark();
                let mut all = borrowed(&given);
                all.push(("token_uid", &first));
                cx.trigger("start_charge", &all).await?;
                let begins = |r: &Received| r.is("PUT", "receiver", "sessions") && r.body.contains(&first);
                let began = cx.expect_request(mark, "the session is pushed", begins).await?;
                let id = began.json.as_ref().and_then(|s| s["id"].as_str()).unwrap_or("").to_string();
                cx.trigger("present_card", &[("token_uid", &second), ("evse_uid", &given[1].1)]).await?;
                let ends = |r: &Received| r.at("receiver", "sessions") && r.path.contains(&id) && r.body.contains("COMPLETED");
                let ended = cx.party.wait(mark, cx.config.patience.min(Duration::from_secs(5)), ends).await;
                end(&cx, &id, &given).await?;
                ensure(ended.is_some(), "a COMPLETED session", || format!("{} pushes, none with COMPLETED", pushes_of(&cx, mark, &id).len()))
            }),
        cpo("tokens.card.unknown", "A card that was never pushed is asked for")
            .proves(&["TOK-011"])
            .phase(Phase::Charging)
            .does("Lets a driver hold a card to a reader that the platform does not know; the tester allows it")
            .expects("POST …/authorize")
            .sabotage("charge-without-authorize")
            .run(|cx| async move {
                if !cx.config.triggers.has("start_charge") {
                    return skip("needs the trigger `start_charge`");
                }
                let uid = cx.new_id("NEW");
                let token = fixtures::token(cx.owner(), &uid, "RFID", &crate::clock::timestamp());
                cx.party.answer_authorize(&uid, json!({"allowed": "ALLOWED", "token": token}));
                let spot = spot(&cx, "RFID_READER").await?;
                let given = [("location_id", spot.location_id), ("evse_uid", spot.evse_uid), ("connector_id", spot.connector_id)];
                let mark = cx.party.mark();
                let mut all = borrowed(&given);
                all.push(("token_uid", &uid));
                cx.trigger("start_charge", &all).await?;
                let asks = |r: &Received| r.method == "POST" && r.path.contains(&uid) && r.path.contains("authorize");
                let asked = cx.expect_request(mark, "POST …/authorize", asks).await;
                let begins = |r: &Received| r.is("PUT", "receiver", "sessions") && r.body.contains(&uid);
                if let Some(began) = cx.party.wait(mark, cx.config.quiet * 3, begins).await {
                    let id = began.json.as_ref().and_then(|s| s["id"].as_str()).unwrap_or("").to_string();
                    end(&cx, &id, &given).await?;
                }
                asked.map(|_| ())
            }),
    ]
}

async fn authorize(cx: &Arc<Ctx>, uid: &str, location_id: Option<&str>) -> CaseResult<Answer> {
    let url = with_query(&join(&cx.sender("tokens")?, &[uid, "authorize"]), &[("type", "APP_USER")]);
    let request = cx.request("POST", url);
    match location_id {
        Some(id) => request.json(&json!({"location_id": id})).send().await,
        None => request.send().await,
    }
}

fn contracts() -> Vec<Case> {
    let mut list = vec![
        emsp("tokens.authorize.limited", "A contract that holds at one location only")
            .proves(&["TOK-053", "TOK-078"])
            .does("Lets the operator issue such a token; asks for that location and for another one")
            .expects("ALLOWED, then NOT_ALLOWED")
            .sabotage("authorize-ignores-limits")
            .run(|cx| async move {
                let home = cx.new_id("HOME");
                let uid = cx
                    .trigger("create_limited_token", &[("location_id", &home)])
                    .await?
                    .remove("token_uid")
                    .unwrap_or_default();
                for (place, wanted) in [(home.as_str(), "ALLOWED"), ("ELSEWHERE", "NOT_ALLOWED")] {
                    let answer = authorize(&cx, &uid, Some(place)).await?;
                    ensure(answer.object()?["allowed"] == wanted, format!("{wanted} at {place}"), || {
                        answer.describe()
                    })?;
                }
                Ok(())
            }),
        emsp("tokens.authorize.where", "Without the location that a decision needs: 2002")
            .proves(&["TOK-049", "STA-022"])
            .does("Lets the operator issue a token that holds at one location; asks without a location")
            .expects("status_code 2002")
            .sabotage("authorize-ignores-limits")
            .run(|cx| async move {
                let home = cx.new_id("HOME");
                let uid = cx
                    .trigger("create_limited_token", &[("location_id", &home)])
                    .await?
                    .remove("token_uid")
                    .unwrap_or_default();
                authorize(&cx, &uid, None).await?.has_status(2002)
            }),
        emsp("tokens.authorize.no-credit", "An empty account: NO_CREDIT")
            .proves(&["TOK-077"])
            .does("Lets the operator issue a token with an empty account; asks for it")
            .expects("allowed: NO_CREDIT")
            .sabotage("authorize-ignores-credit")
            .run(|cx| async move {
                let uid = cx.trigger("create_token_without_credit", &[]).await?.remove("token_uid").unwrap_or_default();
                let answer = authorize(&cx, &uid, Some("LOC1")).await?;
                ensure(answer.object()?["allowed"] == "NO_CREDIT", "NO_CREDIT", || answer.describe())
            }),
        emsp("tokens.authorize.status", "The status of the EVSE does not decide")
            .proves(&["TOK-014"])
            .does("PUTs a Location whose EVSEs are OUTOFORDER; lets the operator issue a token; asks for it there")
            .expects("ALLOWED")
            .sabotage("authorize-by-status")
            .run(|cx| async move {
                let id = cx.new_id("OUT");
                let at = crate::clock::timestamp();
                let mut location = fixtures::location(cx.owner(), &id, &at);
                for evse in location["evses"].as_array_mut().into_iter().flatten() {
                    evse["status"] = json!("OUTOFORDER");
                }
                let url = cx.receiver("locations", cx.owner(), &[&id])?;
                cx.put("PUT", &url, &location).await?.succeeded()?;
                let uid = cx.trigger("create_token", &[]).await?.remove("token_uid").unwrap_or_default();
                let answer = authorize(&cx, &uid, Some(&id)).await?;
                ensure(answer.object()?["allowed"] == "ALLOWED", "ALLOWED", || answer.describe())
            }),
    ];
    for (id, title, row, trigger, name) in [
        (
            "commands.send.blocked-start",
            "No START_SESSION for a blocked token",
            "CMD-058",
            "start_session_with_token",
            "START_SESSION",
        ),
        (
            "commands.send.blocked-reserve",
            "No RESERVE_NOW for a blocked token",
            "CMD-043",
            "reserve_with_token",
            "RESERVE_NOW",
        ),
    ] {
        list.push(
            emsp(id, title)
                .proves(&[row])
                .does("Lets the operator issue a token, block it, and send the command with it")
                .expects("Nothing arrives")
                .sabotage("command-blocked-token")
                .run(move |cx| async move {
                    if !cx.config.triggers.has(trigger) {
                        return skip(format!("needs the trigger `{trigger}`"));
                    }
                    let uid = cx.trigger("create_token", &[]).await?.remove("token_uid").unwrap_or_default();
                    cx.trigger("invalidate_token", &[("token_uid", &uid)]).await?;
                    let locations = cx.party.own("locations");
                    let text = |value: &Value| value.as_str().unwrap_or("").to_string();
                    let (location, evse) = (text(&locations[0]["id"]), text(&locations[0]["evses"][0]["uid"]));
                    let given = [
                        ("token_uid", uid.as_str()),
                        ("location_id", &location),
                        ("evse_uid", &evse),
                        ("connector_id", "1"),
                        ("peer_id", &cx.config.peer_id),
                    ];
                    let mark = cx.party.mark();
                    // The operator may well be told that this token is blocked.
                    if let Err(other @ Stop::Skip(_)) = cx.trigger(trigger, &given).await {
                        return Err(other);
                    }
                    cx.expect_silence(mark, "no command", |r| r.at("receiver", "commands") && r.path.contains(name))
                        .await
                }),
        );
    }
    list
}

fn corrections() -> Vec<Case> {
    vec![
        cpo("cdrs.corrected", "A CDR is corrected by a Credit CDR")
            .proves(&["CDR-006", "CDR-013", "PRC-082"])
            .does("Lets the operator correct a CDR of the list")
            .expects("POST of a CDR with another id, credit: true and credit_reference_id; total_cost is negated, all else is equal")
            .sabotage("correction-overwrites")
            .sabotage("credit-positive")
            .sabotage("credit-negates-all")
            .run(|cx| async move {
                let cdrs = cx.objects("cdrs", 1).await?;
                let positive = |cdr: &&Value| {
                    cdr["credit"] != true && decimal(&cdr["total_cost"]["excl_vat"]).is_some_and(|cost| !cost.is_zero())
                };
                let Some(original) = cdrs.iter().rev().find(positive).cloned() else {
                    return skip("no CDR of the list has a cost");
                };
                let mark = cx.party.mark();
                let of = |field: &str| original[field].as_str().unwrap_or("").to_string();
                let (country_code, party_id, id) = (of("country_code"), of("party_id"), of("id"));
                let given = [("country_code", &*country_code), ("party_id", &*party_id), ("cdr_id", &*id)];
                cx.trigger("correct_cdr", &given).await?;
                // CDRs that the platform still owes may come in between.
                let is_credit =
                    |r: &Received| r.is("POST", "receiver", "cdrs") && r.json.as_ref().is_some_and(|b| b["credit"] == true);
                let call = cx.expect_request(mark, "POST of a Credit CDR", is_credit).await?;
                cx.forget("cdrs");
                let credit = call.json.unwrap_or_default();
                ensure(credit["id"] != original["id"] && credit["credit"] == true, "a Credit CDR with an id of its own", || credit.to_string())?;
                ensure(credit["credit_reference_id"] == original["id"], original["id"].to_string(), || credit["credit_reference_id"].to_string())?;
                let (was, is) = (decimal(&original["total_cost"]["excl_vat"]), decimal(&credit["total_cost"]["excl_vat"]));
                ensure(was.is_some() && is == was.map(|cost| -cost), format!("-{was:?}"), || format!("{is:?}"))?;
                let mut same = original.clone();
                for field in ["id", "credit", "credit_reference_id", "total_cost", "last_updated"] {
                    same.as_object_mut().map(|map| map.shift_remove(field));
                }
                match difference(&same, &credit, "") {
                    None => Ok(()),
                    Some(what) => fail("all other data as in the original", what),
                }
            }),
        cpo("locations.trigger.removed", "Information is taken away by PUT")
            .proves(&["LOC-065"])
            .does("Lets the operator create a Location with a name and take the name away")
            .expects("PUT of the Location without the name")
            .sabotage("push-patch-null")
            .run(|cx| async move {
                let mark = cx.party.mark();
                let id = cx.trigger("create_location", &[]).await?.remove("location_id").unwrap_or_default();
                let of = |r: &Received| r.at("receiver", "locations") && r.method != "GET" && r.path.to_uppercase().contains(&id.to_uppercase());
                let created = cx.expect_request(mark, "PUT of the Location", of).await?;
                let mark = cx.party.mark();
                cx.trigger("remove_information", &[("location_id", &id)]).await?;
                let call = cx.expect_request(mark, "a push of the Location", of).await?;
                cx.forget("locations");
                let (before, after) = (created.json.unwrap_or_default(), call.json.clone().unwrap_or_default());
                let gone = before.as_object().into_iter().flatten().any(|(key, value)| !value.is_null() && after.get(key).is_none_or(Value::is_null));
                ensure(call.method == "PUT" && gone, "PUT without the field", || format!("{} {}", call.method, call.body))
            }),
        Case::new("cdrs.push.values.unknown-times", "A CDR whose times are unknown: 1970-01-01")
            .proves(&["CDR-078"])
            .on(TargetRole::Emsp)
            .may()
            .writes()
            .does("POSTs a CDR with start and end 1970-01-01T00:00:00Z")
            .expects("Accepted or refused by agreement; no HTTP 5xx")
            .sabotage("cdr-1970-crash")
            .run(|cx| async move {
                let mut cdr = super::details::new_cdr(&cx).await?;
                for pointer in ["/start_date_time", "/end_date_time", "/charging_periods/0/start_date_time"] {
                    if let Some(place) = cdr.pointer_mut(pointer) {
                        *place = json!("1970-01-01T00:00:00Z");
                    }
                }
                cx.put("POST", cx.endpoint("cdrs", "RECEIVER")?, &cdr).await?.no_server_error()
            }),
    ]
}

fn sessions() -> Vec<Case> {
    vec![
        cpo("sessions.charge.final", "A completed session does not change any more")
            .proves(&["SES-092"])
            .phase(Phase::Charging)
            .does("Starts and stops a charge; watches what is pushed after COMPLETED")
            .expects("Nothing, or the same again; the list has what was pushed")
            .sabotage("session-changes-after-end")
            .run(|cx| async move {
                let (id, given) = begin(&cx).await?;
                let mark = cx.party.mark();
                end(&cx, &id, &given).await?;
                let ends =
                    |r: &Received| r.at("receiver", "sessions") && r.path.contains(&id) && r.body.contains("COMPLETED");
                cx.expect_request(mark, "COMPLETED", ends).await?;
                cx.party.wait(cx.party.mark(), cx.config.quiet, |_| false).await;
                let calls = pushes_of(&cx, mark, &id);
                let done = calls.iter().position(ends).unwrap_or_default();
                let state = merged(&calls[..=done].iter().collect::<Vec<_>>());
                for call in &calls[done + 1..] {
                    let mut change = call.json.clone().unwrap_or_default();
                    change.as_object_mut().map(|map| map.shift_remove("last_updated"));
                    let new_periods = call.method == "PATCH" && change.get("charging_periods").is_some();
                    if new_periods || difference(&change, &state, "").is_some() {
                        return fail("no change after COMPLETED", format!("{} {}", call.method, call.body));
                    }
                }
                Ok(())
            }),
        cpo("cdrs.content.token-owner", "The token of a CDR is one of the partner's")
            .proves(&["CDR-116"])
            .does("Compares cdr_token of every listed CDR with the parties that the tester has registered")
            .expects("country_code and party_id of one of them")
            .sabotage("set cdrs /cdr_token/party_id \"XXX\"")
            .run(|cx| async move {
                let cdrs = cx.objects("cdrs", 1).await?;
                let ours = |cdr: &Value| {
                    cx.owner().owns(&cdr["cdr_token"])
                        || cx.second_owner().is_ok_and(|second| second.owns(&cdr["cdr_token"]))
                };
                let found: Vec<String> = cdrs
                    .iter()
                    .filter(|cdr| !ours(cdr))
                    .map(|cdr| format!("{}: {}", cdr["id"], cdr["cdr_token"]))
                    .collect();
                ensure(found.is_empty(), "tokens of the tester", || {
                    found.iter().take(3).cloned().collect::<Vec<_>>().join("; ")
                })
            }),
    ]
}
