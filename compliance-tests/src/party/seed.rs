//! The objects that a reference party begins with.

use serde_json::{Value, json};

use super::State;
use crate::case::TargetRole;
use crate::fixtures::{self, Owner};

/// Moments a day apart, so that date filters have something to tell apart.
fn day(n: usize) -> String {
    format!("2026-01-{:02}T10:00:00Z", n + 1)
}

pub(super) fn fill(state: &mut State, roles: &[(TargetRole, Owner)]) {
    for (n, (role, owner)) in roles.iter().enumerate() {
        if n > 0 {
            fill_neighbour(state, *role, owner, n);
            continue;
        }
        match role {
            TargetRole::Cpo => fill_cpo(state, owner),
            TargetRole::Emsp => fill_emsp(state, owner),
        }
    }
}

/// A few objects of a further party on the same platform.
fn fill_neighbour(state: &mut State, role: TargetRole, owner: &Owner, n: usize) {
    match role {
        TargetRole::Cpo => {
            let mut location = fixtures::location(owner, &format!("NEIGHBOUR{n}"), &day(7));
            for evse in location["evses"].as_array_mut().into_iter().flatten() {
                evse["status"] = json!("PLANNED");
                evse["connectors"][0]["tariff_ids"] = json!([format!("NT{n}")]);
            }
            push(state, "locations", location);
            push(state, "tariffs", fixtures::tariff(owner, &format!("NT{n}"), &day(7)));
        }
        TargetRole::Emsp => push(state, "tokens", fixtures::token(owner, &format!("NEIGHBOUR{n}"), "RFID", &day(7))),
    }
}

fn fill_cpo(state: &mut State, owner: &Owner) {
    let driver = fixtures::token(&Owner::new("NL", "CTS"), "SEED-CARD", "RFID", &day(0));
    for n in 0..5 {
        let mut location = fixtures::location(owner, &format!("LOC{n}"), &day(n));
        if n == 4 {
            // One station that can do nothing remotely, and one that needs to be told which connector to start.
            location["evses"][0]["capabilities"] = json!(["RFID_READER"]);
            location["evses"][1]["capabilities"] =
                json!(["RFID_READER", "REMOTE_START_STOP_CAPABLE", "START_SESSION_CONNECTOR_REQUIRED"]);
        }
        if n == 1 {
            for evse in location["evses"].as_array_mut().into_iter().flatten() {
                evse["capabilities"] = json!(["RFID_READER", "REMOTE_START_STOP_CAPABLE", "TOKEN_GROUP_CAPABLE"]);
            }
        }
        for evse in location["evses"].as_array_mut().into_iter().flatten().filter(|_| n < 4) {
            evse["connectors"][0]["tariff_ids"] = json!(["T1", "T1-CHEAP", "T1-GREEN"]);
        }
        push(state, "locations", location);
        push(state, "tariffs", fixtures::tariff(owner, &format!("T{n}"), &day(n)));
        let mut session = fixtures::session(owner, &format!("S{n}"), &driver, &day(n));
        session["status"] = json!("COMPLETED");
        session["end_date_time"] = json!("2026-01-10T09:30:00Z");
        session["location_id"] = json!("LOC0");
        session["evse_uid"] = json!("LOC0-E1");
        push(state, "sessions", session);
        let mut cdr = fixtures::cdr(owner, &format!("C{n}"), &driver, &day(n));
        cdr["session_id"] = json!(format!("S{n}"));
        push(state, "cdrs", cdr);
    }
    profile_tariffs(state, owner);
}

/// Tariffs for drivers who prefer to charge cheap or green; none for those in a hurry.
fn profile_tariffs(state: &mut State, owner: &Owner) {
    for (n, kind) in ["CHEAP", "GREEN"].into_iter().enumerate() {
        let mut tariff = fixtures::tariff(owner, &format!("T1-{kind}"), &day(5 + n));
        tariff["type"] = json!(format!("PROFILE_{kind}"));
        push(state, "tariffs", tariff);
    }
}

fn fill_emsp(state: &mut State, owner: &Owner) {
    for n in 0..4 {
        push(state, "tokens", fixtures::token(owner, &format!("CARD{n}"), "RFID", &day(n)));
    }
    push(state, "tokens", fixtures::token(owner, "APP-USER-1", "APP_USER", &day(4)));
    let mut blocked = fixtures::token(owner, "BLOCKED-1", "RFID", &day(5));
    blocked["valid"] = json!(false);
    push(state, "tokens", blocked);
}

fn push(state: &mut State, module: &'static str, object: Value) {
    state.own.entry(module).or_default().push(object);
}
