//! Both hold the same.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::Row;

use super::world::{Side, World};

type Objects = BTreeMap<String, Value>;

async fn objects(world: &World, side: Side, table: &str, which: &str) -> Objects {
    let sql = format!("SELECT owner, id, json FROM {table} WHERE deleted = 0 AND {which}");
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(world.party(side).db.read()).await.unwrap();
    let read = |row: &sqlx::any::AnyRow| {
        let (owner, id, json): (String, String, String) = (row.get("owner"), row.get("id"), row.get("json"));
        (format!("{table} {owner}|{id}"), serde_json::from_str(&json).unwrap())
    };
    rows.iter().map(read).collect()
}

fn compare(sent: &Objects, held: &Objects, differences: &mut Vec<String>) {
    for (name, object) in sent {
        match held.get(name) {
            None => differences.push(format!("{name} is missing; it is {object}")),
            Some(copy) if copy != object => differences.push(format!("{name} is\n  {copy}\nand not\n  {object}")),
            Some(_) => {}
        }
    }
    for (name, copy) in held.iter().filter(|(name, _)| !sent.contains_key(*name)) {
        differences.push(format!("{name} should not be there: {copy}"));
    }
}

/// What one of the two holds otherwise than the other. A Location that was taken back from partners is known to be gone
/// only after a full pull: OCPI has no other word for it.
pub(super) async fn differences(world: &World, after_full_pull: bool) -> Vec<String> {
    let mut differences = Vec::new();
    for table in ["locations", "tariffs", "sessions", "cdrs"] {
        let sent = objects(world, Side::Cpo, table, "peer_id = '' AND audience <> '-'").await;
        let mut held = objects(world, Side::Emsp, table, "peer_id <> ''").await;
        if !after_full_pull {
            let private = objects(world, Side::Cpo, table, "audience = '-'").await;
            held.retain(|name, _| !private.contains_key(name));
        }
        compare(&sent, &held, &mut differences);
    }
    let sent = objects(world, Side::Emsp, "tokens", "peer_id = ''").await;
    let held = objects(world, Side::Cpo, "tokens", "peer_id <> ''").await;
    compare(&sent, &held, &mut differences);
    bills(world, &mut differences).await;
    differences
}

/// Every completed Session has exactly one CDR, of the same energy and price; no other Session has one.
async fn bills(world: &World, differences: &mut Vec<String>) {
    let sessions = objects(world, Side::Emsp, "sessions", "peer_id <> ''").await;
    let cdrs = objects(world, Side::Emsp, "cdrs", "peer_id <> ''").await;
    for session in sessions.values() {
        let bills: Vec<&Value> = cdrs.values().filter(|cdr| cdr["session_id"] == session["id"]).collect();
        let fits = match (session["status"].as_str(), bills.as_slice()) {
            (Some("COMPLETED"), [cdr]) => {
                cdr["total_energy"] == session["kwh"] && cdr["total_cost"] == session["total_cost"]
            }
            (Some("INVALID"), []) => true,
            _ => false,
        };
        if !fits {
            differences.push(format!("session {session}\n  has the bills {bills:?}"));
        }
    }
}

/// How many objects of each kind the EMSP has received.
pub(super) async fn counts(world: &World) -> String {
    let mut counts = Vec::new();
    for table in ["sessions", "cdrs"] {
        counts.push(format!("{} {table}", objects(world, Side::Emsp, table, "peer_id <> ''").await.len()));
    }
    counts.join(", ")
}

/// What the two have refused each other; an older state that was overtaken is refused rightly.
pub(super) async fn refusals(world: &World) -> Vec<String> {
    let mut all = Vec::new();
    for side in [Side::Cpo, Side::Emsp] {
        let rows: Vec<String> =
            sqlx::query_scalar("SELECT module || ' ' || object || ': ' || message FROM peer_findings")
                .fetch_all(world.party(side).db.read())
                .await
                .unwrap();
        all.extend(rows.into_iter().filter(|row| !row.contains("a pull failed")).map(|row| format!("{side:?}: {row}")));
    }
    all
}
