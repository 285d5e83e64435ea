//! Prices: charges under tariffs that the tester publishes, and every CDR that the platform lists, priced again by [`crate::price`].
//!
//! All charges go on at the same time, each at a station of its own; each case looks at one of them.

mod experiments;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Value, json};

use super::charge::{command, merged, response_url};
use super::live;
use super::triggers::put_up;
use crate::case::{Case, CaseResult, Lane, Phase, Stop, TargetRole, ensure, fail, skip};
use crate::context::{Ctx, join};
use crate::fixtures;
use crate::formats::{decimal, difference, instant, instant_of};
use crate::party::Received;
use crate::price::{self, RIGHT};
use experiments::{Course, Experiment, Place, experiments, place};

/// A charge under a tariff of the tester.
#[derive(Clone, Debug)]
pub(crate) struct PricedCharge {
    /// The tariff of the connector that has to apply, as it was published before the charge.
    tariff_id: String,
    tariff: Value,
    zone: Tz,
    course: Course,
    /// The session as it was first pushed.
    begun: Value,
    /// When a reservation had to end.
    expiry: Option<DateTime<Utc>>,
    cdr: Value,
    /// What was pushed of the session.
    session_calls: Vec<Received>,
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = experiments().iter().map(priced_case).collect();
    cases.push(session_periods());
    cases.push(active_while_full());
    cases.push(recomputed());
    cases.push(enough_dimensions());
    cases
}

fn priced_case(experiment: &Experiment) -> Case {
    let id = experiment.id();
    let mut case = Case::new(id.clone(), experiment.title)
        .proves(experiment.rows)
        .on(TargetRole::Cpo)
        .destructive()
        .phase(Phase::Charging)
        .lane(Lane::Prices)
        .does(format!(
            "Lets the operator publish a tariff ({}) and put up a station that has it; charges there for some seconds; prices the CDR again",
            experiment.what
        ))
        .expects("The CDR has that tariff; every cost is what the tariff says of its periods; a period begins where the price changes");
    for fault in experiment.faults {
        case = case.sabotage(*fault);
    }
    case.run(move |cx| {
        let id = id.clone();
        async move { judge(&look(&cx, &id).await?) }
    })
}

/// What is said of every charge.
fn judge(charge: &PricedCharge) -> CaseResult {
    let cdr = &charge.cdr;
    let listed: Vec<&str> = cdr["tariffs"].as_array().into_iter().flatten().filter_map(|t| t["id"].as_str()).collect();
    let wanted = &charge.tariff_id;
    let others = usize::from(charge.course == Course::Preferring);
    let position = listed.iter().position(|id| id.eq_ignore_ascii_case(wanted));
    let Some(position) = position.filter(|_| listed.len() == 1 + others) else {
        return fail(format!("CDR.tariffs holds {wanted} and {others} other"), format!("{listed:?}"));
    };
    if let Some(what) = difference(&charge.tariff, &cdr["tariffs"][position], "") {
        return fail("the tariff in the CDR as it was at the start of the session", what);
    }
    let Some(charged) = price::Charge::of_cdr(cdr, charge.zone) else {
        return fail("a CDR with readable times", cdr.to_string());
    };
    let charged = charged.expired(charge.course == Course::Expired);
    let bill = price::bill(&charged, RIGHT);
    ensure(bill.unknown.is_empty(), "periods that tell what the tariff asks for", || {
        format!("missing: {}", bill.unknown.join(", "))
    })?;
    let wrong = bill.differences(cdr);
    ensure(wrong.is_empty(), "the costs that the tariff gives for the periods", || {
        format!("{}; periods {}; tariffs {}", wrong.join("; "), cdr["charging_periods"], cdr["tariffs"])
    })?;
    ensure(decimal(&cdr["total_cost"]["excl_vat"]).is_some(), "total_cost.excl_vat", || cdr["total_cost"].to_string())?;
    let unsplit = price::unsplit(&charged);
    ensure(unsplit.is_empty(), "a new period where the price changes", || {
        format!("{}; periods {}", unsplit.join("; "), cdr["charging_periods"])
    })?;
    match charge.course {
        Course::Plain => Ok(()),
        Course::Reserved | Course::Expired => reservation(charge),
        Course::Preferring => {
            let mut used: Vec<&str> = periods(cdr).iter().filter_map(|period| period["tariff_id"].as_str()).collect();
            used.dedup();
            ensure(used.len() == 2, "periods of two tariffs", || cdr["charging_periods"].to_string())
        }
        Course::Limited => {
            let mut low: Vec<bool> =
                periods(cdr).iter().filter_map(|p| volume(p, "MAX_POWER")).map(|kw| kw < Decimal::from(6)).collect();
            low.dedup();
            let told = || format!("periods {}", cdr["charging_periods"]);
            ensure(
                low.windows(3).any(|three| three == [false, true, false]),
                "periods above, below and above 6 kW",
                told,
            )
        }
    }
}

fn periods(cdr: &Value) -> &[Value] {
    cdr["charging_periods"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn volume(period: &Value, kind: &str) -> Option<Decimal> {
    decimal(&period["dimensions"].as_array()?.iter().find(|dimension| dimension["type"] == kind)?["volume"])
}

/// The reservation is at the beginning, and as long as it was.
fn reservation(charge: &PricedCharge) -> CaseResult {
    let cdr = &charge.cdr;
    let near = |a: DateTime<Utc>, b: DateTime<Utc>| (b - a).num_milliseconds().abs() <= 1500;
    let (pushed, billed) = (instant_of(&charge.begun, "start_date_time"), instant_of(cdr, "start_date_time"));
    let Some((start, _)) = pushed.zip(billed).filter(|(a, b)| near(*a, *b)) else {
        return fail(format!("the CDR begins with the reservation, {pushed:?}"), format!("{billed:?}"));
    };
    let told = || format!("periods {}, until {:?}", cdr["charging_periods"], charge.expiry);
    let positive = |period: &&Value, kind: &str| volume(period, kind).is_some_and(|volume| volume > Decimal::ZERO);
    let used = periods(cdr).iter().position(|p| ["ENERGY", "TIME"].iter().any(|kind| positive(&p, kind)));
    let end = match used {
        Some(index) => instant_of(&periods(cdr)[index], "start_date_time"),
        None => charge.expiry,
    };
    let Some(end) = end else { return fail("periods with readable times", told()) };
    ensure(used.is_some() == (charge.course == Course::Reserved), "charging in a used reservation only", told)?;
    let rest = &periods(cdr)[used.unwrap_or(periods(cdr).len())..];
    ensure(
        rest.iter().all(|p| !positive(&p, "RESERVATION_TIME")),
        "no RESERVATION_TIME once charging has begun",
        told,
    )?;
    let hours: Decimal = periods(cdr).iter().filter_map(|p| volume(p, "RESERVATION_TIME")).sum();
    let said = chrono::TimeDelta::milliseconds((hours * Decimal::from(3_600_000)).round().to_i64().unwrap_or_default());
    ensure(near(start + said, end), format!("RESERVATION_TIME from {start} to {end}"), told)?;
    let cost = decimal(&cdr["total_reservation_cost"]["excl_vat"]);
    ensure(cost.is_some(), "total_reservation_cost", || cdr["total_reservation_cost"].to_string())
}

async fn look(cx: &Arc<Ctx>, id: &str) -> CaseResult<PricedCharge> {
    let all = cx.priced.get_or_init(|| charge_everywhere(cx)).await;
    all.get(id).cloned().unwrap_or_else(|| skip("its charge was not selected for this run"))
}

/// All charges whose cases are selected, at once.
async fn charge_everywhere(cx: &Arc<Ctx>) -> HashMap<String, CaseResult<PricedCharge>> {
    let selected = crate::applicable(&cx.config);
    let wanted = |id: &str| {
        let borrowed = |case: &Case| {
            *case.id == *FROM_KWH && id.ends_with(".kwh-above") || *case.id == *FROM_PARKING && id.ends_with(".parking")
        };
        selected.iter().any(|case| *case.id == *id || borrowed(case))
    };
    let place = place(crate::clock::now());
    let charges = experiments().into_iter().filter(|experiment| wanted(&experiment.id())).map(|experiment| {
        let place = &place;
        async move {
            let id = experiment.id();
            let result = charge_once(cx, &experiment, place).await;
            (id, result)
        }
    });
    let results = futures_util::future::join_all(charges).await;
    for list in ["locations", "tariffs", "sessions", "cdrs"] {
        cx.forget(list);
    }
    results.into_iter().collect()
}

async fn charge_once(cx: &Arc<Ctx>, experiment: &Experiment, place: &Place) -> CaseResult<PricedCharge> {
    cx.endpoint("commands", "RECEIVER")?;
    cx.endpoint("cdrs", "SENDER")?;
    if !cx.target().inbound {
        return skip("the existing registration is not the tester's");
    }
    let plug = if experiment.parks { "plug_in_full" } else { "plug_in" };
    let triggers = &cx.config.triggers;
    for name in ["publish_tariff", "station_with_tariff"].into_iter().chain(experiment.parks.then_some(plug)) {
        if !triggers.is_given(name) {
            return skip(format!("needs the trigger `{name}` in the trigger file: a person is too slow for it"));
        }
    }
    for name in ["limit_station", "unlimit_station"].into_iter().filter(|_| experiment.course == Course::Limited) {
        if !triggers.is_given(name) {
            return skip(format!("needs the trigger `{name}` in the trigger file: a person is too slow for it"));
        }
    }
    let mark = cx.party.mark();
    let tariffs = publish(cx, experiment, place).await?;
    let ids = json!(tariffs.iter().map(|(id, _)| id).collect::<Vec<_>>()).to_string();
    let capabilities = json!(experiment.course.capabilities()).to_string();
    let wanted = [("tariff_ids", &*ids), ("time_zone", place.zone.name()), ("capabilities", &*capabilities)];
    let station = put_up(cx, "station_with_tariff", &wanted).await?;
    let of = |key: &str| station.get(key).cloned().unwrap_or_default();
    let (location_id, evse_uid, connector_id) = (of("location_id"), of("evse_uid"), of("connector_id"));
    let given = [("location_id", &*location_id), ("evse_uid", &*evse_uid), ("connector_id", &*connector_id)];
    let location = cx.get(join(&cx.sender("locations")?, &[&location_id])).await?.object()?.clone();
    let zone = zone_of(&location)?;
    let evse = location["evses"].as_array().into_iter().flatten().find(|evse| evse["uid"] == evse_uid.as_str());
    let able = evse.and_then(|evse| evse["capabilities"].as_array()).cloned().unwrap_or_default();
    if let Some(lacks) = experiment.course.capabilities()[1..].iter().find(|name| !able.contains(&json!(name))) {
        return skip(format!("the operator's station is not {lacks}"));
    }
    if experiment.local && zone != place.zone {
        return skip(format!("the operator's station is in {zone}, the tariff was made for {}", place.zone));
    }
    let token = fixtures::token(cx.owner(), &cx.new_id("PRICE"), "APP_USER", &crate::clock::timestamp());
    let uid = token["uid"].as_str().unwrap_or("").to_string();
    let begins = |r: &Received| r.is("PUT", "receiver", "sessions") && r.body.contains(&uid);
    let expiry = match experiment.course {
        Course::Reserved => Some(reserve(cx, &token, &given, 3600).await?),
        // Long enough for a platform that does all these charges at the same time.
        Course::Expired => {
            let seconds = 3 + i64::try_from(cx.config.charging.as_secs()).unwrap_or_default();
            Some(reserve(cx, &token, &given, seconds).await?)
        }
        _ => None,
    };
    if experiment.course == Course::Reserved {
        cx.expect_within(patience(cx), mark, "the session of the reservation is pushed", begins).await?;
        tokio::time::sleep(cx.config.charging / 2).await;
    }
    if triggers.is_given(plug) && experiment.course != Course::Expired {
        cx.trigger(plug, &given).await?;
    }
    if experiment.course != Course::Expired {
        let (url, _) = response_url(cx);
        let body = json!({"response_url": url, "token": token, "location_id": location_id, "evse_uid": evse_uid, "connector_id": connector_id});
        let answer = command(cx, "START_SESSION", &body).await?;
        ensure(answer.object()?["result"] == "ACCEPTED", "ACCEPTED for START_SESSION", || answer.describe())?;
    }
    let begun = cx.expect_within(patience(cx), mark, "the session is pushed", begins).await?.json.unwrap_or_default();
    let session_id = begun["id"].as_str().unwrap_or("").to_string();
    if experiment.course == Course::Expired {
        let left = expiry.and_then(|at| (at - crate::clock::now()).to_std().ok());
        tokio::time::sleep(left.unwrap_or_default()).await;
    } else {
        let active = |r: &Received| {
            live::is_session(r)
                && (r.body.contains(&uid) || r.path.contains(&session_id))
                && r.json.as_ref().is_some_and(|session| session["status"] == "ACTIVE")
        };
        if experiment.course != Course::Plain {
            cx.expect_within(patience(cx), mark, "the session becomes ACTIVE", active).await?;
        }
        tokio::time::sleep(cx.config.charging).await;
        on_the_way(cx, experiment.course, &session_id, &given).await?;
        if experiment.changes {
            let (id, mut tariff) = tariffs.last().cloned().unwrap_or_default();
            tariff["elements"][0]["price_components"][0]["price"] = json!(60.0);
            cx.trigger("publish_tariff", &[("tariff_id", &id), ("tariff", &tariff.to_string())]).await?;
        }
        let (url, _) = response_url(cx);
        command(cx, "STOP_SESSION", &json!({"response_url": url, "session_id": session_id})).await?.succeeded()?;
        if triggers.is_given("unplug") {
            cx.trigger("unplug", &given).await?;
        }
    }
    let bills = |r: &Received| r.is("POST", "receiver", "cdrs") && r.body.contains(&uid);
    let posted = cx.expect_within(patience(cx), mark, "a CDR after the charge", bills).await?;
    if triggers.is_given("remove_station") {
        // A station that stays harms nobody.
        let given = [("location_id", &*location_id), ("evse_uid", &*evse_uid), ("time_zone", zone.name())];
        let _ = cx.trigger("remove_station", &given).await;
        for (id, _) in tariffs.iter().filter(|_| triggers.is_given("delete_tariff")) {
            let _ = cx.trigger("delete_tariff", &[("tariff_id", id)]).await;
        }
    }
    let concerns = |r: &&Received| {
        r.at("receiver", "sessions") && r.method != "GET" && (r.body.contains(&uid) || r.path.contains(&session_id))
    };
    let session_calls = cx.party.since(mark).iter().filter(concerns).cloned().collect();
    for text in [&uid, &session_id].into_iter().filter(|text| !text.is_empty()) {
        cx.recorder.claim(&experiment.id(), text);
    }
    let (tariff_id, tariff) = tariffs.last().cloned().unwrap_or_default();
    let (course, cdr) = (experiment.course, posted.json.unwrap_or_default());
    Ok(PricedCharge { tariff_id, tariff, zone, course, begun, expiry, cdr, session_calls })
}

/// Dozens of charges at the same time are much for a small platform.
fn patience(cx: &Arc<Ctx>) -> Duration {
    cx.config.patience * 2
}

/// Reserves the station for some seconds; gives the end.
async fn reserve(
    cx: &Arc<Ctx>,
    token: &Value,
    place: &[(&'static str, &str); 3],
    seconds: i64,
) -> CaseResult<DateTime<Utc>> {
    let until = crate::clock::seconds(crate::clock::now() + chrono::TimeDelta::seconds(seconds));
    let (url, path) = response_url(cx);
    let mark = cx.party.mark();
    let body = json!({"response_url": url, "token": token, "reservation_id": cx.new_id("PRES"), "expiry_date": until,
        "location_id": place[0].1, "evse_uid": place[1].1});
    let answer = command(cx, "RESERVE_NOW", &body).await?;
    match answer.object()?["result"].as_str() {
        Some("ACCEPTED") => {}
        other => return skip(format!("RESERVE_NOW was answered with {}", other.unwrap_or("nothing"))),
    }
    let result =
        cx.expect_within(patience(cx), mark, "a CommandResult", |r| r.method == "POST" && r.path == path).await?;
    let result = result.json.unwrap_or_default();
    if result["result"] != "ACCEPTED" {
        return skip(format!("the result of RESERVE_NOW was {}", result["result"]));
    }
    instant(&until).ok_or_else(|| Stop::Error(format!("{until} cannot be read")))
}

/// What happens in the middle of a charge.
async fn on_the_way(cx: &Arc<Ctx>, course: Course, session: &str, place: &[(&'static str, &str); 3]) -> CaseResult {
    match course {
        Course::Plain | Course::Reserved | Course::Expired => return Ok(()),
        Course::Preferring => {
            let url = join(&cx.sender("sessions")?, &[session, "charging_preferences"]);
            let departure = crate::clock::seconds(crate::clock::now() + chrono::TimeDelta::hours(6));
            let body = json!({"profile_type": "FAST", "departure_time": departure, "energy_need": 5});
            let answer = cx.put("PUT", url, &body).await?;
            if answer.data() != "ACCEPTED" {
                return skip(format!("the preferences were answered with {}", answer.data()));
            }
        }
        Course::Limited => {
            let mut given = place.to_vec();
            given.extend([("session_id", session), ("limit", "6")]);
            cx.trigger("limit_station", &given).await?;
            tokio::time::sleep(cx.config.charging / 2).await;
            cx.trigger("unlimit_station", &given).await?;
        }
    }
    tokio::time::sleep(cx.config.charging / 2).await;
    Ok(())
}

async fn publish(cx: &Arc<Ctx>, experiment: &Experiment, place: &Place) -> CaseResult<Vec<(String, Value)>> {
    let mut published = Vec::new();
    for tariff in (experiment.tariffs)(place) {
        let id = cx.new_id("PT");
        cx.trigger("publish_tariff", &[("tariff_id", &id), ("tariff", &tariff.to_string())]).await?;
        published.push((id, tariff));
    }
    Ok(published)
}

fn zone_of(location: &Value) -> CaseResult<Tz> {
    location["time_zone"].as_str().and_then(|name| name.parse().ok()).ok_or_else(|| Stop::Fail {
        expected: "a time_zone of the IANA database".into(),
        actual: location["time_zone"].to_string(),
    })
}

const FROM_KWH: &str = "sessions.charge.period-at-price";
const FROM_PARKING: &str = "sessions.charge.active-while-full";

fn session_case(id: &'static str, title: &'static str) -> Case {
    Case::new(id, title).on(TargetRole::Cpo).destructive().phase(Phase::Charging).lane(Lane::Prices)
}

fn session_periods() -> Case {
    session_case(FROM_KWH, "The session has a period for every change of price")
        .proves(&["SES-061"])
        .should()
        .does("Charges under a tariff whose price changes at 5 Wh; compares the pushed session with the CDR")
        .expects("Every period of the CDR is one of the session; there are two at least")
        .sabotage("periods-not-cut")
        .run(|cx| async move {
            let charge = look(&cx, "tariffs.priced.kwh-above").await?;
            let session = merged(&charge.session_calls.iter().collect::<Vec<_>>());
            let starts = |object: &Value| -> Vec<DateTime<Utc>> {
                object["charging_periods"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|p| instant_of(p, "start_date_time"))
                    .collect()
            };
            let (session, cdr) = (starts(&session), starts(&charge.cdr));
            ensure(cdr.len() > 1 && cdr.iter().all(|at| session.contains(at)), format!("{cdr:?}"), || {
                format!("{session:?}")
            })
        })
}

fn active_while_full() -> Case {
    session_case(FROM_PARKING, "A session is ACTIVE although no energy flows")
        .proves(&["SES-091"])
        .does("Charges a vehicle that is full at once and parks; looks at the pushed states of the session")
        .expects("ACTIVE, then COMPLETED; nothing else in between")
        .sabotage("session-suspended")
        .run(|cx| async move {
            let charge = look(&cx, "tariffs.priced.parking").await?;
            let mut states: Vec<String> = charge
                .session_calls
                .iter()
                .filter_map(|r| r.json.as_ref()?["status"].as_str().map(str::to_string))
                .filter(|status| status != "PENDING")
                .collect();
            states.dedup();
            ensure(states == ["ACTIVE", "COMPLETED"], "ACTIVE, COMPLETED", || states.join(", "))
        })
}

/// CDRs of the list with the time zone of their place, as far as that is known or does not matter.
async fn priceable(cx: &Arc<Ctx>) -> CaseResult<Vec<(Value, Tz)>> {
    let cdrs = cx.objects("cdrs", 1).await?;
    let locations = if cx.sender("locations").is_ok() { cx.crawl("locations").await? } else { Arc::default() };
    let clock = ["start_time", "end_time", "start_date", "end_date", "day_of_week"];
    let mut found = Vec::new();
    for cdr in
        cdrs.iter().filter(|cdr| cdr["credit"] != true && cdr["tariffs"].as_array().is_some_and(|t| !t.is_empty()))
    {
        let place = locations.iter().find(|l| l["id"] == cdr["cdr_location"]["id"] && l["party_id"] == cdr["party_id"]);
        let zone = place.and_then(|l| l["time_zone"].as_str()?.parse().ok());
        let text = cdr["tariffs"].to_string();
        let needs_zone = clock.iter().any(|field| text.contains(&format!("\"{field}\":")));
        if let Some(zone) = zone.or((!needs_zone).then_some(Tz::UTC)) {
            found.push((cdr.clone(), zone));
        }
    }
    if found.is_empty() { skip("no listed CDR carries a tariff and the time zone of its place") } else { Ok(found) }
}

fn recomputed() -> Case {
    Case::new("cdrs.content.recomputed", "Every CDR can be priced again from what it carries")
        .proves(&["CDR-020", "PRC-081"])
        .on(TargetRole::Cpo)
        .should()
        .does("Prices every listed CDR again from its charging periods and tariffs")
        .expects("The same costs, within a cent and what rounded volumes leave open; nothing is missing")
        .sabotage("set cdrs /total_cost/excl_vat 3.95")
        .sabotage("set cdrs /charging_periods/0/dimensions [{\"type\":\"TIME\",\"volume\":0.5}]")
        .run(|cx| async move {
            let cdrs = priceable(&cx).await?;
            let wrong: Vec<String> = cdrs
                .iter()
                .filter_map(|(cdr, zone)| {
                    let charge = price::Charge::of_cdr(cdr, *zone)?;
                    let mut bill = price::bill(&charge, RIGHT);
                    let mut found = bill.differences(cdr);
                    // A CDR does not tell whether a reservation expired or was cancelled.
                    if !found.is_empty() && charge.is_unused_reservation() {
                        bill = price::bill(&charge.expired(true), RIGHT);
                        found = bill.differences(cdr);
                    }
                    found.extend(bill.unknown.iter().map(|what| format!("{what} is missing")));
                    (!found.is_empty()).then(|| format!("{}: {}", cdr["id"], found.join("; ")))
                })
                .collect();
            ensure(wrong.is_empty(), "the costs that the tariffs give", || {
                let shown: Vec<&str> = wrong.iter().take(3).map(String::as_str).collect();
                format!("{} of {} CDRs differ, e.g. {}", wrong.len(), cdrs.len(), shown.join(" | "))
            })
        })
}

fn enough_dimensions() -> Case {
    Case::new("cdrs.content.dimensions", "A CDR tells energy and time, whatever its tariff prices")
        .proves(&["CDR-021"])
        .on(TargetRole::Cpo)
        .should()
        .does("Looks at the dimensions of every listed CDR in which energy was charged")
        .expects("ENERGY, and TIME or PARKING_TIME")
        .sabotage("set cdrs /charging_periods/0/dimensions [{\"type\":\"ENERGY\",\"volume\":10}]")
        .run(|cx| async move {
            let cdrs = cx.objects("cdrs", 1).await?;
            let lacks = |cdr: &&Value| {
                let text = cdr["charging_periods"].to_string();
                let charged = decimal(&cdr["total_energy"]).is_some_and(|kwh| !kwh.is_zero());
                charged
                    && !(text.contains("\"ENERGY\"")
                        && (text.contains("\"TIME\"") || text.contains("\"PARKING_TIME\"")))
            };
            let found: Vec<String> = cdrs.iter().filter(lacks).map(|cdr| cdr["id"].to_string()).collect();
            ensure(found.is_empty(), "ENERGY and TIME or PARKING_TIME", || found.join(", "))
        })
}
