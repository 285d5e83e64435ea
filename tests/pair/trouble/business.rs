//! What happens at a CPO and an EMSP on any day, at random.

use rand::RngExt;
use reqwest::Method;
use serde_json::{Value, json};

use super::line::Weather;
use super::world::{Chore, Side, World};

const EVSES: [&str; 5] = ["A1", "A2", "B1", "C1", "C2"];
/// Card, whitelist, group.
const CARDS: [(&str, &str); 5] =
    [("CARD1", "ALWAYS"), ("CARD2", "ALLOWED"), ("CARD3", "ALLOWED_OFFLINE"), ("CARD4", "NEVER"), ("CARD5", "ALLOWED")];
const LOCATIONS: [(&str, &[&str]); 3] = [("LOC-A", &["A1", "A2"]), ("LOC-B", &["B1"]), ("LOC-C", &["C1", "C2"])];
const TARIFFS: [&str; 4] = ["T1", "T2", "T3", "T4"];

/// The first stations, tariffs and cards.
pub(super) async fn open(world: &mut World) {
    for tariff in &TARIFFS[..2] {
        put_tariff(world, tariff).await.expect("a tariff");
    }
    for (location, _) in LOCATIONS {
        put_location(world, location, false).await.expect("a location");
    }
    for (card, whitelist) in CARDS {
        put_card(world, card, whitelist).await.expect("a card");
    }
    let app = json!({ "contract_id": "US-EMS-C00000001-1", "whitelist": "NEVER" });
    world.operate(Side::Emsp, Method::PUT, "/tokens/APP1?type=APP_USER", app).await.expect("an app's token");
    for chore in [Chore::Push(Side::Cpo), Chore::Push(Side::Emsp), Chore::Pull(Side::Emsp), Chore::Pull(Side::Cpo)] {
        world.work(chore).await;
    }
}

fn pick<T: Copy>(world: &mut World, of: &[T]) -> T {
    of[world.rng.random_range(0..of.len())]
}

/// Time passes, the weather changes, somebody does something, and some of what is due is done.
pub(super) async fn step(world: &mut World) {
    if world.rng.random_bool(0.2) {
        let (to_cpo, to_emsp) = (weather(world), weather(world));
        world.to_cpo.set_weather(to_cpo).await;
        world.to_emsp.set_weather(to_emsp).await;
        world.note(format_args!("the line to the CPO is {to_cpo:?}, that to the EMSP {to_emsp:?}"));
    }
    let seconds = match world.rng.random_range(0..10) {
        0..3 => 0,
        3..7 => world.rng.random_range(1..60),
        7..9 => world.rng.random_range(60..1200),
        _ => world.rng.random_range(1200..20_000),
    };
    world.clock.advance(std::time::Duration::from_secs(seconds));
    act(world).await;
    for _ in 0..world.rng.random_range(0..4) {
        let side = pick(world, &[Side::Cpo, Side::Emsp]);
        let chore = pick(world, &[Chore::Stations, Chore::Push(side), Chore::Push(Side::Cpo), Chore::Pull(side)]);
        world.work(chore).await;
    }
}

fn weather(world: &mut World) -> Weather {
    match world.rng.random_range(0..100) {
        0..20 => Weather::Fair,
        20..90 => Weather::Foul,
        _ => Weather::Down,
    }
}

async fn act(world: &mut World) {
    let evse = pick(world, &EVSES);
    let (card, _) = pick(world, &CARDS);
    let at_evse = |what: &str| format!("/stations/{evse}/{what}");
    match world.rng.random_range(0..100) {
        0..20 => {
            post(world, Side::Cpo, &at_evse("plug-in"), json!({ "soc_percent": 30 })).await;
            post(world, Side::Cpo, &at_evse("present-card"), json!({ "uid": card })).await;
        }
        20..26 => post(world, Side::Cpo, &at_evse("plug-in"), json!({ "soc_percent": 80 })).await,
        26..34 => post(world, Side::Cpo, &at_evse("present-card"), json!({ "uid": card })).await,
        34..44 => post(world, Side::Cpo, &at_evse("unplug"), json!({})).await,
        44..47 => post(world, Side::Cpo, &at_evse("fault"), json!({})).await,
        47..51 => post(world, Side::Cpo, &at_evse("repair"), json!({})).await,
        51..66 => publish(world, Side::Cpo).await,
        66..78 => publish(world, Side::Emsp).await,
        78..86 => start(world, evse).await,
        86..92 => stop(world).await,
        92..94 => {
            let order = json!({
                "party": "US/CPO", "location_id": home_of(evse), "evse_uid": evse, "connector_id": "1",
            });
            post(world, Side::Emsp, "/commands/UNLOCK_CONNECTOR", order).await;
        }
        94..97 => {
            let side = pick(world, &[Side::Cpo, Side::Emsp]);
            let partner = partner(world, side).await;
            post(world, side, &format!("/partners/{partner}/credentials"), Value::Null).await;
        }
        _ => {
            let side = pick(world, &[Side::Cpo, Side::Emsp]);
            sync(world, side).await;
        }
    }
}

/// Something that one of the parties publishes changes.
pub(super) async fn publish(world: &mut World, side: Side) {
    match (side, world.rng.random_range(0..10)) {
        (Side::Cpo, 0..4) => {
            let (location, _) = pick(world, &LOCATIONS);
            let private = world.rng.random_bool(0.2);
            put_location(world, location, private).await;
        }
        (Side::Cpo, 4..8) => {
            let tariff = pick(world, &TARIFFS);
            put_tariff(world, tariff).await;
        }
        (Side::Cpo, _) => {
            // Those that connectors use cannot be deleted.
            let tariff = pick(world, &TARIFFS[2..]);
            world.operate(Side::Cpo, Method::DELETE, &format!("/tariffs/US/CPO/{tariff}"), Value::Null).await;
        }
        (Side::Emsp, 0..4) => {
            let ((card, _), (_, whitelist)) = (pick(world, &CARDS), pick(world, &CARDS));
            put_card(world, card, whitelist).await;
        }
        (Side::Emsp, _) => {
            let (card, _) = pick(world, &CARDS);
            let what = pick(world, &["block", "unblock", "unblock"]);
            post(world, Side::Emsp, &format!("/tokens/{card}/{what}"), Value::Null).await;
        }
    }
}

async fn post(world: &mut World, side: Side, path: &str, body: Value) {
    world.operate(side, Method::POST, path, body).await;
}

fn home_of(evse: &str) -> &'static str {
    LOCATIONS.iter().find(|(_, evses)| evses.contains(&evse)).map_or("LOC-A", |(location, _)| location)
}

async fn start(world: &mut World, evse: &str) {
    let order = json!({
        "party": "US/CPO", "location_id": home_of(evse), "evse_uid": evse, "token_uid": "APP1",
    });
    post(world, Side::Emsp, "/commands/START_SESSION", order).await;
}

async fn stop(world: &mut World) {
    let running = world.operate(Side::Emsp, Method::GET, "/sessions?status=ACTIVE", Value::Null).await;
    let id = running.and_then(|running| running["items"][0]["id"].as_str().map(str::to_owned));
    if let Some(id) = id {
        let order = json!({ "party": "US/CPO", "session_id": id });
        post(world, Side::Emsp, "/commands/STOP_SESSION", order).await;
    }
}

async fn sync(world: &mut World, side: Side) {
    let partner = partner(world, side).await;
    let full = world.rng.random_bool(0.5);
    post(world, side, &format!("/partners/{partner}/sync"), json!({ "full": full })).await;
}

async fn partner(world: &World, side: Side) -> String {
    world.party(side).peers.registered().await.unwrap()[0].id.clone()
}

async fn put_tariff(world: &mut World, id: &str) -> Option<Value> {
    let cents = world.rng.random_range(10..90);
    let tariff = json!({
        "currency": "USD",
        "elements": [
            { "price_components": [{ "type": "FLAT", "price": 0.50, "vat": 10.0, "step_size": 1 }] },
            { "price_components": [
                { "type": "ENERGY", "price": f64::from(cents) / 100.0, "vat": 10.0, "step_size": 1 },
                { "type": "PARKING_TIME", "price": 6.00, "vat": 10.0, "step_size": 60 },
            ] },
        ],
    });
    world.operate(Side::Cpo, Method::PUT, &format!("/tariffs/US/CPO/{id}"), tariff).await
}

async fn put_location(world: &mut World, id: &str, private: bool) -> Option<Value> {
    let (_, evses) = LOCATIONS.iter().find(|(location, _)| *location == id)?;
    let count = world.rng.random_range(1..=evses.len());
    let evses: Vec<Value> = evses[..count]
        .iter()
        .map(|uid| {
            json!({
                "uid": uid, "evse_id": format!("US*CPO*E{uid}"), "status": "AVAILABLE",
                "capabilities": ["REMOTE_START_STOP_CAPABLE", "RFID_READER", "UNLOCK_CAPABLE"],
                "connectors": [{
                    "id": "1", "standard": "IEC_62196_T1", "format": "CABLE", "power_type": "AC_1_PHASE",
                    "max_voltage": 240, "max_amperage": 30, "tariff_ids": ["T1", "T2"],
                }],
            })
        })
        .collect();
    let location = json!({
        "publish": true, "name": format!("Plaza {}", world.rng.random_range(0..100)), "address": "1 Test Street",
        "city": "Seattle", "postal_code": "98101", "country": "USA", "time_zone": "America/Los_Angeles",
        "coordinates": { "latitude": "47.608897", "longitude": "-122.334332" }, "evses": evses,
    });
    world.operate(Side::Cpo, Method::PUT, &format!("/locations/US/CPO/{id}?private={private}"), location).await
}

async fn put_card(world: &mut World, uid: &str, whitelist: &str) -> Option<Value> {
    let card = json!({
        "contract_id": "US-EMS-C00000002-2", "whitelist": whitelist,
        "visual_number": world.rng.random_range(0..100).to_string(),
    });
    world.operate(Side::Emsp, Method::PUT, &format!("/tokens/{uid}"), card).await
}

/// All drivers leave, so that every charge comes to its end.
pub(super) async fn go_home(world: &mut World) {
    for evse in EVSES {
        for what in ["repair", "unplug"] {
            post(world, Side::Cpo, &format!("/stations/{evse}/{what}"), json!({})).await;
        }
    }
}
