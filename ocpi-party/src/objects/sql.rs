//! The SQL of [`ObjectTable`](super::ObjectTable). Table names are constants of the program, values are bound.

use std::fmt::Write;

use ocpi_http::ListQuery;

use super::Scope;

pub(super) fn get(table: &str) -> String {
    format!(
        "SELECT json, last_updated, peer_id, audience, seq FROM {table} WHERE owner = $1 AND id = $2 AND deleted = 0"
    )
}

/// `$8`: what was deleted at or after this number stays deleted.
pub(super) fn upsert(table: &str) -> String {
    format!(
        "INSERT INTO {table} (owner, id, audience, peer_id, seq, last_updated, json, deleted) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0) \
         ON CONFLICT (owner, id) DO UPDATE SET \
           audience = excluded.audience, peer_id = excluded.peer_id, last_updated = excluded.last_updated, \
           json = excluded.json, deleted = 0, \
           seq = CASE WHEN {table}.deleted <> 0 THEN excluded.seq ELSE {table}.seq END \
         WHERE excluded.last_updated >= {table}.last_updated AND ({table}.deleted = 0 OR {table}.deleted < $8) \
         RETURNING seq"
    )
}

pub(super) fn delete(table: &str) -> String {
    format!("UPDATE {table} SET deleted = $3 WHERE owner = $1 AND id = $2 AND deleted = 0")
}

pub(super) fn set_customer(table: &str) -> String {
    format!("UPDATE {table} SET customer = $3 WHERE owner = $1 AND id = $2")
}

/// A value for a marker.
pub(super) enum Value {
    Text(String),
    Number(i64),
}

/// The condition of a list, and the values for its markers.
pub(super) fn condition(scope: &Scope, query: &ListQuery) -> (String, Vec<Value>) {
    let mut text = "deleted = 0".to_owned();
    let mut values = Vec::new();
    let mut add = |part: &str, value| {
        values.push(value);
        // Writing to a String cannot fail.
        let _ = write!(text, " AND {}", part.replace('?', &format!("${}", values.len())));
    };
    if let Some(owner) = &scope.owner {
        add("owner = ?", Value::Text(owner.key()));
    }
    if let Some(peer_id) = &scope.peer_id {
        add("(audience = '' OR audience = ?)", Value::Text(peer_id.clone()));
    }
    if let Some(customer) = &scope.customer {
        add("customer IN ('', ?)", Value::Text(customer.key()));
    }
    if let Some(from) = query.date_from {
        add("last_updated >= ?", Value::Number(from.timestamp_millis()));
    }
    if let Some(to) = query.date_to {
        add("last_updated < ?", Value::Number(to.timestamp_millis()));
    }
    (text, values)
}

pub(super) fn count(table: &str, condition: &str) -> String {
    format!("SELECT COUNT(*) FROM {table} WHERE {condition}")
}

/// `markers` is how many the condition uses; limit and offset follow.
pub(super) fn page(table: &str, condition: &str, markers: usize) -> String {
    format!(
        "SELECT json FROM {table} WHERE seq IN \
         (SELECT seq FROM {table} WHERE {condition} ORDER BY seq LIMIT ${} OFFSET ${}) ORDER BY seq",
        markers + 1,
        markers + 2
    )
}
