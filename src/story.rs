//! The story that `cargo run` tells: two companies meet, share stations, keep one for a driver, and charge two cars, one of
//! them more slowly for a while.

use std::sync::Arc;
use std::time::Duration;

use ocpi_http::Exchange;
use ocpi_party::telemetry;
use ocpi_types::{DateTime, parse_date_time};
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::docs;
use crate::narrator::{heading, narrate, remark, step};
use crate::options::Options;
use crate::pair::{self, OPERATOR_KEY, Pair, Party, Problem};

/// The driver with an app charges here, at a station that can be reserved, and takes charging profiles.
const APP_STATION: (&str, &str) = ("OAK001", "OAK001-1");
/// The driver with a card charges here.
const CARD_STATION: &str = "SEA001-3";

/// Starts the pair, tells the story, and stays up until Ctrl-C unless told otherwise.
pub(crate) async fn tell(options: &Options) -> Result<(), Problem> {
    // A fixed filter is always a valid one.
    let _ = telemetry::init_log("warn", false);
    telemetry::init_metrics();
    let pair = pair::start(options).await?;
    introduce(&pair);
    let told = tokio::select! {
        told = tell_it(&pair) => told,
        _ = tokio::signal::ctrl_c() => {
            remark("\nStopping. What has happened so far is kept.");
            pair.stop().await;
            return Ok(());
        }
    };
    pair.settle(options)?;
    if told.is_ok() && !options.exit {
        docs::prepare(&pair).await;
        say_where_to_go(&pair);
        // An error means that the signal cannot be waited for; then there is nothing to wait for.
        let _ = tokio::signal::ctrl_c().await;
        remark("\nStopping. A second start finds everything again.");
        pair.note_end(options)?;
    }
    pair.stop().await;
    told
}

fn introduce(pair: &Pair) {
    heading("An EMSP and a CPO that speak OCPI 2.2.1 with each other");
    remark(&format!(
        "EMSP  US/EMS  {}  has the drivers: apps, charge cards, invoices\n\
         CPO   US/CPO  {}  has the stations (simulated here), and runs those of US/VLT too",
        pair.emsp.base_url, pair.cpo.base_url
    ));
}

async fn tell_it(pair: &Pair) -> Result<(), Problem> {
    meet(pair).await?;
    share(pair).await?;
    reserve(pair).await?;
    let command = start_with_app(pair).await?;
    start_with_card(pair).await?;
    charge(pair).await;
    limit(pair, &command).await?;
    stop(pair, &command).await?;
    show_bills(pair).await
}

async fn meet(pair: &Pair) -> Result<(), Problem> {
    let known = pair.emsp.operator.get("/partners").await?;
    let registered = |partner: &Value| partner["status"] == "REGISTERED";
    if known["partners"].as_array().is_some_and(|partners| partners.iter().any(registered)) {
        step(1, "The two companies know each other", "They registered when this was started before. Nothing to do.");
        narrate_both(pair);
        return Ok(());
    }
    step(
        1,
        "The two companies meet",
        "The CPO makes a first token, token A, and hands it to the EMSP together with one URL: outside of OCPI, by\n\
         e-mail say. With it the EMSP asks what the CPO can do, and sends token B, with which the CPO may call back.\n\
         The CPO does so at once, and answers with token C. From now on B and C are used; A is void.",
    );
    narrate_both(pair);
    let invitation = pair.cpo.operator.post("/partners/invitations", &json!({ "name": "The EMSP" })).await?;
    let body = json!({
        "name": "The CPO",
        "versions_url": invitation["versions_url"],
        "token_a": invitation["token_a"],
    });
    pair.emsp.operator.post("/partners", &body).await?;
    Ok(())
}

/// From now on every call is told. The narrators end with the process.
fn narrate_both(pair: &Pair) {
    tokio::spawn(narrate(pair.emsp.exchanges.subscribe(), "EMSP", "CPO"));
    tokio::spawn(narrate(pair.cpo.exchanges.subscribe(), "CPO", "EMSP"));
}

async fn share(pair: &Pair) -> Result<(), Problem> {
    step(
        2,
        "They share what they have",
        "The EMSP fetches stations and prices page by page, the CPO fetches the tokens of the EMSP's drivers.\n\
         Later only what has changed is sent or fetched.",
    );
    wait_for_pulls(&pair.emsp, &["tariffs", "locations", "sessions", "cdrs"], pair.began).await?;
    wait_for_pulls(&pair.cpo, &["tokens"], pair.began).await?;
    let count = async |party: &Party, list: &str| {
        Ok::<_, Problem>(party.operator.get(&format!("/{list}?limit=1")).await?["total"].to_string())
    };
    let locations = count(&pair.emsp, "locations").await?;
    let tariffs = count(&pair.emsp, "tariffs").await?;
    let tokens = count(&pair.cpo, "tokens").await?;
    remark(&format!("\nThe EMSP now knows {locations} locations and {tariffs} tariffs, the CPO {tokens} tokens."));
    Ok(())
}

/// Waits until the background tasks of a party have fetched these lists once since it was started.
async fn wait_for_pulls(party: &Party, modules: &[&str], began: DateTime) -> Result<(), Problem> {
    for _ in 0..400 {
        let known = party.operator.get("/partners").await?;
        // Partners of earlier registrations stay in the list.
        let mut partners = known["partners"].as_array().into_iter().flatten();
        let partner = partners.find(|partner| partner["status"] == "REGISTERED");
        let fetched = |module: &&str| {
            let pulls = partner.and_then(|partner| partner["pulls"].as_array());
            let pull = pulls.and_then(|pulls| pulls.iter().find(|pull| pull["module"] == **module));
            let last = pull.and_then(|pull| pull["last_success"].as_str()).and_then(parse_date_time);
            last.is_some_and(|(at, _)| at >= began)
        };
        if modules.iter().all(fetched) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(Problem::Missing("fetching the partner's lists"))
}

async fn reserve(pair: &Pair) -> Result<(), Problem> {
    step(
        3,
        "A driver reserves a charge point with the app",
        "The EMSP sends a command to the CPO. The answer says only that it was passed on; what the station did follows in\n\
         a call of its own. From now on the charge point is RESERVED, and there is a session, in which nobody charges yet.",
    );
    let (location, evse) = APP_STATION;
    let order = json!({
        "party": "US/CPO", "location_id": location, "evse_uid": evse,
        "token_uid": emsp::demo::APP_USER, "token_type": "APP_USER",
    });
    pair.emsp.operator.post("/commands/RESERVE_NOW", &order).await?;
    pair.clock.sleep(Duration::from_mins(8)).await;
    Ok(())
}

async fn start_with_app(pair: &Pair) -> Result<String, Problem> {
    step(
        4,
        "The driver is there, and starts the charge",
        "Another command. The driver plugs in, the reservation is used, and its session becomes ACTIVE.",
    );
    let (location, evse) = APP_STATION;
    let order = json!({
        "party": "US/CPO", "location_id": location, "evse_uid": evse, "connector_id": "1",
        "token_uid": emsp::demo::APP_USER, "token_type": "APP_USER",
    });
    let command = pair.emsp.operator.post("/commands/START_SESSION", &order).await?;
    pair.clock.sleep(Duration::from_mins(4)).await;
    Ok(command["id"].as_str().unwrap_or_default().to_owned())
}

async fn start_with_card(pair: &Pair) -> Result<(), Problem> {
    step(
        5,
        "Another driver holds a charge card to a station",
        "The card's token says that the EMSP is to be asked every time: real-time authorization.",
    );
    pair.cpo.operator.post(&format!("/stations/{CARD_STATION}/plug-in"), &json!({})).await?;
    let card = json!({ "uid": emsp::demo::RFID_NEVER });
    pair.cpo.operator.post(&format!("/stations/{CARD_STATION}/present-card"), &card).await?;
    pair.clock.sleep(Duration::from_mins(2)).await;
    Ok(())
}

async fn charge(pair: &Pair) {
    step(
        6,
        "Both cars charge",
        "With every meter reading the CPO tells how the charges stand: energy, time, and what they cost so far.",
    );
    pair.clock.sleep(Duration::from_mins(14)).await;
}

async fn limit(pair: &Pair, command: &str) -> Result<(), Problem> {
    step(
        7,
        "The EMSP slows the app's car down, and lets it go again",
        "Smart charging: with a charging profile the EMSP allows ten amperes for a while, say because energy is short. As\n\
         with commands, what the station said follows in a call of its own. The next meter values show it.",
    );
    let path = format!("/sessions/US/CPO/{}", session_of(pair, command).await?);
    let fast = wait_for_power(pair, &path, |kilowatts| kilowatts > 2.4).await?;
    let profile = json!({ "charging_rate_unit": "A", "charging_profile_period": [{ "start_period": 0, "limit": 10 }] });
    let profile_path = format!("{path}/charging-profile");
    pair.emsp.operator.put(&profile_path, &profile).await?;
    pair.clock.sleep(Duration::from_mins(5)).await;
    let slow = wait_for_power(pair, &path, |kilowatts| kilowatts <= 2.4).await?;
    pair.emsp.operator.delete(&profile_path).await?;
    pair.clock.sleep(Duration::from_mins(5)).await;
    let again = wait_for_power(pair, &path, |kilowatts| kilowatts > 2.4).await?;
    remark(&format!("\nBefore: {fast} kW. With the limit: {slow} kW. Afterwards: {again} kW."));
    Ok(())
}

/// Waits until the last meter values that the EMSP has are as they should be; the power in kW.
async fn wait_for_power(pair: &Pair, session: &str, expected: fn(f64) -> bool) -> Result<f64, Problem> {
    for _ in 0..400 {
        let session = pair.emsp.operator.get(session).await?;
        let dimensions = session["charging_periods"].as_array().and_then(|periods| periods.last());
        let dimensions = dimensions.and_then(|period| period["dimensions"].as_array());
        let power = dimensions.and_then(|all| all.iter().find(|dimension| dimension["type"] == "MAX_POWER"));
        if let Some(kilowatts) = power.and_then(|power| power["volume"].as_f64()).filter(|power| expected(*power)) {
            return Ok(kilowatts);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Err(Problem::Missing("the effect of the charging profile"))
}

/// The session that a command has started.
async fn session_of(pair: &Pair, command: &str) -> Result<String, Problem> {
    let started = pair.emsp.operator.get(&format!("/commands/{command}")).await?;
    let id = started["session"]["id"].as_str().map(str::to_owned);
    id.ok_or(Problem::Missing("the session of the app's driver"))
}

async fn stop(pair: &Pair, command: &str) -> Result<(), Problem> {
    step(
        8,
        "Both charges end, and the bills arrive",
        "The app's driver asks the EMSP to stop, the other one holds the card to the station again. For each charge the\n\
         CPO sends a charge detail record, the bill. The EMSP checks it against the tariff and the session.",
    );
    let mut cpo_calls = pair.cpo.exchanges.subscribe();
    let session = session_of(pair, command).await?;
    let order = json!({ "party": "US/CPO", "session_id": session });
    pair.emsp.operator.post("/commands/STOP_SESSION", &order).await?;
    let card = json!({ "uid": emsp::demo::RFID_NEVER });
    pair.cpo.operator.post(&format!("/stations/{CARD_STATION}/present-card"), &card).await?;
    pair.cpo.operator.post(&format!("/stations/{CARD_STATION}/unplug"), &json!({})).await?;
    wait_for_bills(&mut cpo_calls, 2).await
}

async fn wait_for_bills(cpo_calls: &mut Receiver<Arc<Exchange>>, count: usize) -> Result<(), Problem> {
    let wait = async {
        let mut seen = 0;
        while seen < count {
            match cpo_calls.recv().await {
                Ok(call) if call.outgoing && call.method == "POST" && call.url.ends_with("/cdrs") => seen += 1,
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), wait).await.map_err(|_| Problem::Missing("the arrival of two bills"))
}

async fn show_bills(pair: &Pair) -> Result<(), Problem> {
    let cdrs = pair.emsp.operator.get("/cdrs?limit=2").await?;
    remark("");
    for entry in cdrs["items"].as_array().into_iter().flatten() {
        let cdr = &entry["cdr"];
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let reservation = cdr["total_reservation_cost"].get("excl_vat");
        let reservation = reservation.map(|cost| format!(", {cost} of it for the reservation")).unwrap_or_default();
        remark(&format!(
            "Bill {}: {} kWh in {} h at {}, {} {} without VAT{reservation}. The EMSP's check: {}.",
            text(&cdr["id"]),
            cdr["total_energy"],
            cdr["total_time"],
            text(&cdr["cdr_location"]["name"]),
            cdr["total_cost"]["excl_vat"],
            text(&cdr["currency"]),
            text(&entry["check"]["verdict"]),
        ));
    }
    Ok(())
}

fn say_where_to_go(pair: &Pair) {
    let (emsp, cpo) = (&pair.emsp.base_url, &pair.cpo.base_url);
    println!();
    heading("Both stay up. Where to go now");
    remark(&format!(
        "Watch what the two say to each other, live:\n\
         {emsp}/inspect#key={OPERATOR_KEY}\n\
         {cpo}/inspect#key={OPERATOR_KEY}\n\n\
         All calls, to try in a browser:   {emsp}/docs   {cpo}/docs\n\n\
         The bills that the EMSP has received:\n\
         curl -H 'Authorization: Bearer {OPERATOR_KEY}' {emsp}/operator/v1/cdrs\n\n\
         Block a card, and see the CPO learn of it:\n\
         curl -X POST -H 'Authorization: Bearer {OPERATOR_KEY}' {emsp}/operator/v1/tokens/{card}/block\n\n\
         Break a station, and see the EMSP learn of it:\n\
         curl -X POST -H 'Authorization: Bearer {OPERATOR_KEY}' {cpo}/operator/v1/stations/{CARD_STATION}/fault\n\n\
         Ctrl-C stops both.",
        card = emsp::demo::RFID_ALLOWED,
    ));
}
