//! What several files need around triggers: something to act on.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::case::{CaseResult, TargetRole, skip};
use crate::context::Ctx;

/// A location of a CPO with its EVSE and connector.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    pub(super) location_id: String,
    pub(super) evse_uid: String,
    pub(super) connector_id: String,
}

/// Ordinary EVSEs are used first: those whose uid stands in the URL of a trigger as it is, and that have few of the capabilities that are
/// rare, because those are needed by cases that run beside.
pub(super) fn oddity(evse: &Value) -> (bool, usize) {
    let plain = |uid: &str| uid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-*._".contains(&byte));
    let is_rare = |capability: &&Value| {
        let rare = [
            "CHARGING_PREFERENCES_CAPABLE",
            "CHARGING_PROFILE_CAPABLE",
            "RESERVABLE",
            "START_SESSION_CONNECTOR_REQUIRED",
            "TOKEN_GROUP_CAPABLE",
        ];
        capability.as_str().is_some_and(|capability| rare.contains(&capability))
    };
    let rarities = evse["capabilities"].as_array().map_or(0, |all| all.iter().filter(is_rare).count());
    (!evse["uid"].as_str().is_some_and(plain), rarities)
}

/// EVSEs of the platform that are available and have the capability.
pub(super) async fn spots(cx: &Arc<Ctx>, capability: &str) -> CaseResult<Vec<Spot>> {
    let locations = cx.objects("locations", 1).await?;
    let mut found = Vec::new();
    for location in locations.iter() {
        for evse in location["evses"].as_array().into_iter().flatten() {
            let able = capability.is_empty()
                || evse["capabilities"].as_array().is_some_and(|list| list.iter().any(|c| c == capability));
            // A driver who stands at the station chooses the connector.
            let by_card = matches!(capability, "RFID_READER" | "TOKEN_GROUP_CAPABLE");
            let plain = by_card
                || !evse["capabilities"]
                    .as_array()
                    .is_some_and(|list| list.iter().any(|c| c == "START_SESSION_CONNECTOR_REQUIRED"));
            let text = |value: &Value| value.as_str().unwrap_or("").to_string();
            if able && plain && evse["status"] == "AVAILABLE" {
                let spot = Spot {
                    location_id: text(&location["id"]),
                    evse_uid: text(&evse["uid"]),
                    connector_id: text(&evse["connectors"][0]["id"]),
                };
                found.push((oddity(evse), spot));
            }
        }
    }
    if found.is_empty() {
        return skip(format!("the platform lists no available EVSE with {capability}"));
    }
    found.sort_by_key(|(oddity, _)| *oddity);
    Ok(found.into_iter().map(|(_, spot)| spot).collect())
}

/// An available EVSE that no other case of this run has taken, with the capability.
pub(super) async fn spot(cx: &Arc<Ctx>, capability: &str) -> CaseResult<Spot> {
    let all = spots(cx, capability).await?;
    let mut taken = cx.taken.lock().await;
    match all.iter().find(|spot| !taken.contains(&spot.evse_uid)).or(all.first()) {
        Some(spot) => {
            taken.insert(spot.evse_uid.clone());
            Ok(spot.clone())
        }
        None => skip("no EVSE is free"),
    }
}

/// Lets the operator put a station up, which no other case takes then.
pub(super) async fn put_up(
    cx: &Arc<Ctx>,
    trigger: &'static str,
    given: &[(&str, &str)],
) -> CaseResult<HashMap<String, String>> {
    let station = cx.trigger(trigger, given).await?;
    cx.taken.lock().await.extend(station.get("evse_uid").cloned());
    Ok(station)
}

/// The names and values of [`any_change`], as triggers take them.
pub(super) fn lent(given: &[(String, String)]) -> Vec<(&str, &str)> {
    given.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

/// A trigger that makes the platform push something, with what it needs.
pub(super) async fn any_change(cx: &Arc<Ctx>) -> CaseResult<(&'static str, Vec<(String, String)>)> {
    if cx.config.role == TargetRole::Emsp {
        return if cx.config.triggers.has("create_token") {
            Ok(("create_token", Vec::new()))
        } else {
            skip("needs the trigger `create_token`")
        };
    }
    if !cx.config.triggers.has("change_location") {
        return skip("needs the trigger `change_location`");
    }
    cx.forget("locations");
    let spot = spot(cx, "").await?;
    Ok(("change_location", vec![("location_id".into(), spot.location_id), ("evse_uid".into(), spot.evse_uid)]))
}
