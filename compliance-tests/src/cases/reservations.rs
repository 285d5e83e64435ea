//! Reservations: used, given up, expired, of two partners; commands that a station or its state forbids.

use std::sync::Arc;
use std::time::Duration;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::charge::response_url;
use super::live::{self, Live, Station, app_token, carried_out, is_session};
use super::partners::Guest;
use crate::case::{Case, CaseResult, TargetRole, ensure, fail, skip};
use crate::context::{Ctx, join};
use crate::formats::{decimal, instant_of};
use crate::party::Received;
use crate::{clock, fixtures, schema};

pub(super) fn cases() -> Vec<Case> {
    [kept(), used(), two_partners(), refused(), sent()].concat()
}

fn cpo(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title).on(TargetRole::Cpo).destructive()
}

/// A reservation that the tester has made.
struct Reserved {
    station: Station,
    token: Value,
    id: String,
    session: Value,
    /// Where results go.
    path: String,
    /// What arrived before.
    mark: usize,
}

impl Reserved {
    fn session_id(&self) -> &str {
        self.session["id"].as_str().unwrap_or("")
    }

    fn ended(&self, call: &Received) -> bool {
        is_session(call)
            && call.rest().last().is_some_and(|id| id.eq_ignore_ascii_case(self.session_id()))
            && call.json.as_ref().is_some_and(|session| session["status"] == "COMPLETED")
    }
}

/// An EVSE that can be reserved and then used.
async fn station(cx: &Arc<Ctx>) -> CaseResult<Station> {
    cx.endpoint("commands", "RECEIVER")?;
    let usable =
        live::station(cx, &["RESERVABLE", "REMOTE_START_STOP_CAPABLE"], &["START_SESSION_CONNECTOR_REQUIRED"]).await;
    usable.or(live::station(cx, &["RESERVABLE"], &[]).await)
}

async fn reserve(cx: &Arc<Ctx>, station: Station, token: Value, seconds: i64, name_evse: bool) -> CaseResult<Reserved> {
    let id = cx.new_id("RES");
    let reference = cx.new_id("REF");
    let (url, path) = response_url(cx);
    let mut body = json!({"response_url": url, "token": token, "reservation_id": id, "location_id": station.spot.location_id,
        "expiry_date": clock::seconds(clock::now() + chrono::Duration::seconds(seconds)), "authorization_reference": reference});
    if name_evse {
        body["evse_uid"] = json!(station.spot.evse_uid);
    }
    let mark = cx.party.mark();
    let answer = live::command(cx, "RESERVE_NOW", &body).await?;
    match answer.data()["result"].as_str() {
        Some("ACCEPTED") => {}
        Some(other) if answer.ocpi() == Some(1000) => return skip(format!("RESERVE_NOW was answered with {other}")),
        _ => return fail("a CommandResponse", answer.describe()),
    }
    let result = cx.expect_request(mark, "a CommandResult", |r| r.method == "POST" && r.path == path).await?;
    let result = result.json.unwrap_or_default();
    ensure(result["result"] == "ACCEPTED", "CommandResult ACCEPTED for RESERVE_NOW", || result.to_string())?;
    let of = |r: &Received| r.is("PUT", "receiver", "sessions") && r.body.contains(&reference);
    let call = cx.expect_request(mark, "PUT of the session, with status RESERVATION", of).await?;
    Ok(Reserved { station, token, id, session: call.json.unwrap_or_default(), path, mark })
}

async fn cancel(cx: &Arc<Ctx>, reserved: &Reserved) -> CaseResult {
    carried_out(cx, "CANCEL_RESERVATION", json!({"reservation_id": reserved.id})).await.map(|_| ())
}

/// Waits until the platform serves the EVSE with a status that fits.
async fn until(cx: &Arc<Ctx>, station: &Station, what: &str, fits: impl Fn(&str) -> bool) -> CaseResult {
    let began = std::time::Instant::now();
    loop {
        let status = station.now(cx).await?["status"].as_str().unwrap_or("").to_string();
        if fits(&status) {
            return Ok(());
        }
        if began.elapsed() > cx.config.patience {
            return fail(format!("EVSE {} with status {what}", station.spot.evse_uid), status);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn kept() -> Vec<Case> {
    vec![
        cpo("commands.reserve.status", "A reserved EVSE is RESERVED, and for nobody else")
            .proves(&["LOC-162", "LOC-164", "LOC-119", "CMD-014"])
            .does("POSTs RESERVE_NOW; GETs the EVSE; POSTs START_SESSION there with another token; cancels; GETs the EVSE")
            .expects("RESERVED; the other driver is refused; then AVAILABLE")
            .sabotage("reservation-open-to-all")
            .sabotage("push-never")
            .run(|cx| async move {
                let reserved = reserve(&cx, station(&cx).await?, app_token(&cx), 3600, true).await?;
                let verdict = async {
                    until(&cx, &reserved.station, "RESERVED", |status| status == "RESERVED").await?;
                    other_driver(&cx, &reserved).await
                }
                .await;
                cancel(&cx, &reserved).await?;
                verdict?;
                until(&cx, &reserved.station, "AVAILABLE", |status| status == "AVAILABLE").await
            }),
        cpo("commands.reserve.expires", "A reservation ends at expiry_date")
            .proves(&["CMD-052", "SES-015", "LOC-164"])
            .does("POSTs RESERVE_NOW for three seconds")
            .expects("The session becomes COMPLETED, not before expiry_date, and the EVSE AVAILABLE")
            .sabotage("reservation-never-expires")
            .run(|cx| async move {
                let began = clock::now();
                let reserved = reserve(&cx, station(&cx).await?, app_token(&cx), 3, true).await?;
                let wait = cx.config.patience.max(Duration::from_secs(5));
                let Some(_) = cx.party.wait(reserved.mark, wait, |r| reserved.ended(r)).await else {
                    cancel(&cx, &reserved).await?;
                    return fail("the session becomes COMPLETED at expiry_date", "it does not");
                };
                let after = clock::now() - began;
                ensure(after > chrono::Duration::milliseconds(1500), "not before expiry_date", || format!("after {after}"))?;
                until(&cx, &reserved.station, "AVAILABLE", |status| status == "AVAILABLE").await
            }),
        cpo("commands.reserve.any-evse", "A reservation without evse_uid keeps one EVSE of the Location")
            .proves(&["CMD-038", "CMD-039"])
            .should()
            .does("POSTs RESERVE_NOW without evse_uid")
            .expects("Not treated as malformed; when ACCEPTED, the session names an EVSE (or #NA), and where it names one, another driver is refused there")
            .sabotage("reservation-open-to-all")
            .run(|cx| async move {
                let mut reserved = reserve(&cx, station(&cx).await?, app_token(&cx), 3600, false).await?;
                let uid = reserved.session["evse_uid"].as_str().unwrap_or("").to_string();
                let verdict = if uid == "#NA" {
                    skip("the platform has not yet chosen an EVSE")
                } else {
                    reserved.station.spot.evse_uid = uid;
                    other_driver(&cx, &reserved).await
                };
                cancel(&cx, &reserved).await?;
                verdict
            }),
        cpo("commands.reserve.dropped", "A reservation that the CPO gives up")
            .proves(&["CMD-015", "SES-015"])
            .does("POSTs RESERVE_NOW; lets the operator give the reservation up")
            .expects("CANCELED_RESERVATION at the response_url of RESERVE_NOW; the session becomes COMPLETED")
            .sabotage("reservation-dropped-silently")
            .sabotage("reservation-dropped-as-failed")
            .run(|cx| async move {
                if !cx.config.triggers.has("drop_reservation") {
                    return skip("needs the trigger `drop_reservation`");
                }
                let reserved = reserve(&cx, station(&cx).await?, app_token(&cx), 3600, true).await?;
                let mark = cx.party.mark();
                let given = [("reservation_id", reserved.id.as_str()), ("session_id", reserved.session_id())];
                reserved.station.trigger(&cx, "drop_reservation", &given).await?;
                let what = "CANCELED_RESERVATION at the response_url of RESERVE_NOW";
                let call = cx.expect_request(mark, what, |r| r.method == "POST" && r.path == reserved.path).await?;
                let body = call.json.unwrap_or_default();
                let found = schema::check("CommandResult", &body);
                ensure(found.is_empty() && body["result"] == "CANCELED_RESERVATION", "CANCELED_RESERVATION", || body.to_string())?;
                cx.expect_request(mark, "the session becomes COMPLETED", |r| reserved.ended(r)).await.map(|_| ())
            }),
    ]
}

/// Another driver cannot start where an EVSE is reserved.
async fn other_driver(cx: &Arc<Ctx>, reserved: &Reserved) -> CaseResult {
    let spot = &reserved.station.spot;
    let (url, path) = response_url(cx);
    let body = json!({"response_url": url, "token": app_token(cx), "location_id": spot.location_id, "evse_uid": spot.evse_uid,
        "connector_id": spot.connector_id});
    refused_at_last(cx, "START_SESSION", &body, &path).await.map(|_| ())
}

/// Sends a command that must be refused, at once or as result; gives the word.
async fn refused_at_last(cx: &Arc<Ctx>, name: &str, body: &Value, path: &str) -> CaseResult<String> {
    let mark = cx.party.mark();
    let answer = live::command(cx, name, body).await?;
    answer.no_server_error()?;
    let mut word = answer.data()["result"].as_str().unwrap_or("").to_string();
    if word == "ACCEPTED" {
        let call = cx.expect_request(mark, "a CommandResult", |r| r.method == "POST" && r.path == path).await?;
        word = call.json.unwrap_or_default()["result"].as_str().unwrap_or("").to_string();
    }
    ensure(!word.is_empty() && word != "ACCEPTED", format!("{name} is refused, at once or as result"), || {
        word.clone()
    })?;
    Ok(word)
}

fn used() -> Vec<Case> {
    vec![
        cpo("sessions.reservation.used", "The session of a reservation becomes that of the charge")
            .proves(&["SES-014", "LOC-164", "CMD-045"])
            .does("POSTs RESERVE_NOW and then START_SESSION with the same app token and another reference, then STOP_SESSION")
            .expects("The same session goes from RESERVATION to ACTIVE to COMPLETED, no second one begins, and the token is not authorized")
            .sabotage("reservation-second-session")
            .sabotage("command-checks-token")
            .run(|cx| async move {
                let used = use_reservation(&cx).await?;
                let sessions: Vec<&Received> = used.calls.iter().filter(|r| is_session(r)).collect();
                let other = sessions.iter().find(|r| !r.rest().last().is_some_and(|id| id.eq_ignore_ascii_case(used.reserved.session_id())));
                ensure(other.is_none(), "no second session", || format!("{:?}", other.map(|r| &r.path)))?;
                let asked = used.calls.iter().find(|r| r.segments.last().is_some_and(|last| last == "authorize"));
                ensure(asked.is_none(), "no authorize request for an app token", || format!("{:?}", asked.map(|r| &r.path)))
            }),
        cpo("cdrs.reservation.start", "The CDR begins with the reservation")
            .proves(&["CDR-050"])
            .does("Uses a reservation for a charge")
            .expects("start_date_time of the CDR is that of the reservation")
            .sabotage("reservation-late-start")
            .run(|cx| async move {
                let used = use_reservation(&cx).await?;
                let cdr = used.cdr()?;
                let (begun, billed) = (instant_of(&used.reserved.session, "start_date_time"), instant_of(&cdr, "start_date_time"));
                let near = begun.zip(billed).is_some_and(|(a, b)| (b - a).num_milliseconds().abs() <= 1000);
                ensure(near, format!("start_date_time {begun:?}"), || format!("{billed:?}"))
            }),
        cpo("cdrs.reservation.reference", "The last reference counts")
            .proves(&["CDR-056", "SES-071"])
            .does("Uses a reservation for a charge; RESERVE_NOW and START_SESSION have different references")
            .expects("The CDR has the reference of START_SESSION")
            .sabotage("reservation-keeps-reference")
            .run(|cx| async move {
                let used = use_reservation(&cx).await?;
                let cdr = used.cdr()?;
                ensure(cdr["authorization_reference"] == used.reference.as_str(), used.reference.clone(), || cdr["authorization_reference"].to_string())
            }),
        cpo("cdrs.reservation.cost", "What the reservation costs is told apart")
            .proves(&["CDR-070"])
            .does("Uses a reservation for a charge, where the tariff prices reservations")
            .expects("total_reservation_cost holds at least the fixed price of the reservation, and is part of total_cost")
            .sabotage("reservation-not-billed")
            .sabotage("reservation-flat-forgotten")
            .run(|cx| async move {
                let cdr = use_reservation(&cx).await?.cdr()?;
                let elements = cdr["tariffs"].as_array().into_iter().flatten().flat_map(|t| t["elements"].as_array().cloned().unwrap_or_default());
                let reserved: Vec<Value> = elements.filter(|e| e["restrictions"]["reservation"] == "RESERVATION").collect();
                if reserved.is_empty() {
                    return skip("the tariff of the EVSE does not price reservations");
                }
                let of = |kind: &str| -> Decimal {
                    let found = reserved.iter().flat_map(|e| e["price_components"].as_array().into_iter().flatten()).find(|c| c["type"] == kind);
                    found.and_then(|c| decimal(&c["price"])).unwrap_or_default()
                };
                let cost = decimal(&cdr["total_reservation_cost"]["excl_vat"]).unwrap_or_default();
                let (least, most) = (of("FLAT"), of("FLAT") + of("TIME"));
                let cent = Decimal::new(1, 2);
                ensure(cost + cent >= least && cost <= most + cent, format!("total_reservation_cost from {least} to {most}"), || cdr["total_reservation_cost"].to_string())?;
                let total = decimal(&cdr["total_cost"]["excl_vat"]).unwrap_or_default();
                ensure(total + cent >= cost, "total_cost includes it", || cdr["total_cost"].to_string())
            }),
        cpo("commands.reserve.card", "A reserved card is not authorized again")
            .proves(&["CMD-046", "SES-014"])
            .does("POSTs RESERVE_NOW with an RFID token that is not on the whitelist; lets a driver charge with the card there")
            .expects("No authorize request; the session of the reservation becomes ACTIVE")
            .sabotage("charge-authorizes-commanded")
            .sabotage("reservation-second-session")
            .run(|cx| async move {
                can_charge(&cx)?;
                let card = fixtures::token(cx.owner(), &cx.new_id("CARD"), "RFID", &clock::timestamp());
                let reserved = reserve(&cx, station(&cx).await?, card, 3600, true).await?;
                let id = reserved.session_id().to_string();
                let live = Live { station: reserved.station.clone(), id, session: reserved.session.clone() };
                by_card(&cx, &live, &reserved.token).await
            }),
        cpo("commands.start.card", "A card that a command has named is not authorized again")
            .proves(&["CMD-061", "CMD-011"])
            .does("POSTs START_SESSION with an RFID token that is not on the whitelist, and STOP_SESSION; lets a driver charge with the card there, within 15 minutes")
            .expects("No authorize request; a session becomes ACTIVE")
            .sabotage("charge-authorizes-commanded")
            .run(|cx| async move {
                can_charge(&cx)?;
                let station = live::station(&cx, &["REMOTE_START_STOP_CAPABLE", "RFID_READER"], &["START_SESSION_CONNECTOR_REQUIRED"]).await?;
                let mut card = fixtures::token(cx.owner(), &cx.new_id("CARD"), "RFID", &clock::timestamp());
                card["whitelist"] = json!("NEVER");
                let live = live::start(&cx, &station, &card, &cx.new_id("REF")).await?;
                live::stop(&cx, &live).await?;
                let id = String::new();
                by_card(&cx, &Live { id, ..live }, &card).await
            }),
    ]
}

fn can_charge(cx: &Arc<Ctx>) -> CaseResult {
    for name in ["start_charge", "stop_charge"] {
        if !cx.config.triggers.has(name) {
            return skip(format!("needs the trigger `{name}`"));
        }
    }
    Ok(())
}

async fn stop_charge(cx: &Arc<Ctx>, live: &Live) -> CaseResult {
    live.station.trigger(cx, "stop_charge", &[("session_id", &live.id)]).await
}

/// A driver charges with a card that needs no further authorization; an id names the session that has to go on.
async fn by_card(cx: &Arc<Ctx>, live: &Live, card: &Value) -> CaseResult {
    let mark = cx.party.mark();
    let uid = card["uid"].as_str().unwrap_or("");
    live.station.trigger(cx, "start_charge", &[("token_uid", uid)]).await?;
    let active = |r: &Received| is_session(r) && r.json.as_ref().is_some_and(|session| session["status"] == "ACTIVE");
    let begun = cx.expect_request(mark, "a session becomes ACTIVE", active).await;
    let asked = cx.party.since(mark).into_iter().find(|r| r.segments.last().is_some_and(|last| last == "authorize"));
    let id = begun.as_ref().ok().and_then(|call| call.rest().last().cloned()).unwrap_or_default();
    stop_charge(cx, &Live { id: id.clone(), ..live.clone() }).await?;
    begun?;
    ensure(asked.is_none(), "no authorize request", || format!("{:?}", asked.map(|r| r.path)))?;
    ensure(live.id.is_empty() || live.id.eq_ignore_ascii_case(&id), format!("session {} goes on", live.id), || {
        id.clone()
    })
}

/// A reservation that was used, and all that was sent.
struct Used {
    reserved: Reserved,
    reference: String,
    calls: Vec<Received>,
}

impl Used {
    fn cdr(&self) -> CaseResult<Value> {
        let id = self.reserved.session_id();
        let cdr = self.calls.iter().filter(|r| r.is("POST", "receiver", "cdrs")).find(|r| r.body.contains(id));
        match cdr.and_then(|r| r.json.clone()) {
            Some(cdr) => Ok(cdr),
            None => fail("a CDR of the session", "none"),
        }
    }
}

async fn use_reservation(cx: &Arc<Ctx>) -> CaseResult<Used> {
    let reserved = reserve(cx, station(cx).await?, app_token(cx), 3600, true).await?;
    let status = &reserved.session["status"];
    ensure(status == "RESERVATION", "status RESERVATION", || status.to_string())?;
    let reference = cx.new_id("REF");
    let live = match live::start(cx, &reserved.station, &reserved.token, &reference).await {
        Ok(live) => live,
        Err(stop) => {
            cancel(cx, &reserved).await?;
            return Err(stop);
        }
    };
    let busy = until(cx, &reserved.station, "that is not AVAILABLE", |status| status != "AVAILABLE").await;
    live::stop(cx, &live).await?;
    busy?;
    let of = |r: &Received| r.is("POST", "receiver", "cdrs") && r.body.contains(&live.id);
    cx.expect_request(reserved.mark, "the CDR", of).await?;
    let calls = cx.party.since(reserved.mark);
    if !live.id.eq_ignore_ascii_case(reserved.session_id()) {
        cancel(cx, &reserved).await?;
    }
    Ok(Used { reserved, reference, calls })
}

fn two_partners() -> Vec<Case> {
    vec![
        cpo("commands.reserve.two-partners", "Reservation ids are each partner's own")
            .proves(&["CMD-051"])
            .does("Registers a second partner, which cancels a reservation of its own with an id that the tester uses for another")
            .expects("The second partner's cancellation finds nothing; the tester's reservation stays until the tester cancels it")
            .sabotage("reservation-shared-ids")
            .run(|cx| async move {
                let reserved = reserve(&cx, station(&cx).await?, app_token(&cx), 3600, true).await?;
                let guest = Guest::join(&cx, &[]).await?;
                let verdict = cancels_foreign(&cx, &guest, &reserved).await;
                guest.leave(&cx).await;
                let cancelled = cancel(&cx, &reserved).await;
                verdict.and(cancelled)
            }),
    ]
}

async fn cancels_foreign(cx: &Arc<Ctx>, guest: &Guest, reserved: &Reserved) -> CaseResult {
    let mark = (cx.party.mark(), guest.party.mark());
    let url = join(&cx.endpoint("commands", "RECEIVER")?, &["CANCEL_RESERVATION"]);
    let path = format!("/callback/{}", cx.new_id("R"));
    let to = format!("{}{path}", guest.party.base());
    let answer =
        guest.request(cx, "POST", url).json(&json!({"response_url": to, "reservation_id": reserved.id})).send().await?;
    answer.no_server_error()?;
    if answer.data()["result"] == "ACCEPTED" {
        let Some(call) = guest.party.wait(mark.1, cx.config.patience, |r| r.path == path).await else {
            return fail("a CommandResult for the second partner", "none");
        };
        let word = call.json.unwrap_or_default()["result"].clone();
        ensure(word == "UNKNOWN_RESERVATION", "UNKNOWN_RESERVATION", || word.to_string())?;
    }
    cx.expect_silence(mark.0, "the tester's reservation stays", |r| reserved.ended(r)).await
}

fn refused() -> Vec<Case> {
    vec![
        cpo("commands.reserve.broken", "A station that is out of order is not reserved")
            .proves(&["CMD-013"])
            .does("Lets a station fail; POSTs RESERVE_NOW there; lets it be repaired")
            .expects("REJECTED (or EVSE_INOPERATIVE or FAILED) as result, or a refusal at once")
            .sabotage("reservation-at-broken-station")
            .run(|cx| async move {
                for name in ["fault_station", "repair_station"] {
                    if !cx.config.triggers.has(name) {
                        return skip(format!("needs the trigger `{name}`"));
                    }
                }
                let station = station(&cx).await?;
                station.trigger(&cx, "fault_station", &[]).await?;
                let verdict = async {
                    until(&cx, &station, "that is not AVAILABLE", |status| status != "AVAILABLE").await?;
                    let (url, path) = response_url(&cx);
                    let body = json!({"response_url": url, "token": app_token(&cx), "location_id": station.spot.location_id,
                        "evse_uid": station.spot.evse_uid, "reservation_id": cx.new_id("RES"),
                        "expiry_date": clock::seconds(clock::now() + chrono::Duration::hours(1))});
                    let word = refused_at_last(&cx, "RESERVE_NOW", &body, &path).await?;
                    let fits = matches!(&*word, "EVSE_INOPERATIVE" | "FAILED" | "REJECTED" | "NOT_SUPPORTED");
                    ensure(fits, "REJECTED", || word.clone())
                }
                .await;
                station.trigger(&cx, "repair_station", &[]).await?;
                verdict
            }),
    ]
}

fn sent() -> Vec<Case> {
    vec![
        Case::new("commands.send.cancel", "A reservation is cancelled by the id it was made with")
            .on(TargetRole::Emsp)
            .destructive()
            .proves(&["CMD-029", "CMD-018", "CMD-021", "CMD-049", "CMD-053"])
            .does("Lets the operator reserve at a station of the tester, and cancel")
            .expects("RESERVE_NOW with a token of the platform's own and a place of the tester; CANCEL_RESERVATION by the tables with the same reservation_id")
            .sabotage("command-other-reservation")
            .sabotage("command-foreign-own-token")
            .run(|cx| async move {
                let peer = cx.config.peer_id.clone();
                for name in ["reserve_now", "cancel_reservation"] {
                    if !cx.config.triggers.has(name) {
                        return skip(format!("needs the trigger `{name}`"));
                    }
                }
                let mark = cx.party.mark();
                let place = [("location_id", "LOC2"), ("evse_uid", "LOC2-E2"), ("peer_id", peer.as_str())];
                cx.trigger("reserve_now", &place).await?;
                let call = cx.expect_request(mark, "POST …/commands/RESERVE_NOW", |r| r.path.contains("RESERVE_NOW")).await?;
                let asked = call.json.unwrap_or_default();
                let owner = cx.target_owner()?;
                ensure(owner.owns(&asked["token"]), format!("a token of {owner}"), || asked["token"].to_string())?;
                ensure(asked["location_id"] == "LOC2", "location_id LOC2", || asked["location_id"].to_string())?;
                let id = asked["reservation_id"].as_str().unwrap_or("").to_string();
                // The platform may cancel only what it knows to be reserved.
                cx.party.wait(cx.party.mark(), cx.config.quiet / 2, |_| false).await;
                let mark = cx.party.mark();
                cx.trigger("cancel_reservation", &[("reservation_id", &id), ("peer_id", &peer), ("location_id", "LOC2"), ("evse_uid", "LOC2-E2")]).await?;
                let call = cx.expect_request(mark, "POST …/commands/CANCEL_RESERVATION", |r| r.path.contains("CANCEL_RESERVATION")).await?;
                let body = call.json.unwrap_or_default();
                let found = schema::check("CancelReservation", &body);
                ensure(found.is_empty(), "a CancelReservation by the tables", || format!("{found:?}"))?;
                ensure(body["reservation_id"] == id.as_str(), format!("reservation_id {id}"), || body["reservation_id"].to_string())
            }),
    ]
}
