//! Telling partners about Sessions. Spec: mod_sessions, "Push model".
//!
//! A new Session is PUT. What a PATCH may leave out is known only when the partner has acknowledged the state before: then
//! the PATCH holds what changed since, and those charging periods that are new (a PATCH appends them). In any other case, and where
//! a PATCH is refused and the partner turns out to have another state, the whole Session is PUT.

use http::Method;
use ocpi_http::{CallError, FailureClass};
use ocpi_types::{DateTime, ModuleId, Object, PartyId, Patch, Session, SessionStatus};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::store;
use crate::outbox::{Desk, ours};

/// What the partner has acknowledged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Acknowledged {
    periods: usize,
    status: SessionStatus,
    start: DateTime,
    last_updated: DateTime,
}

impl Acknowledged {
    fn of(session: &Session) -> Self {
        Self {
            periods: session.charging_periods.len(),
            status: session.status.clone(),
            start: session.start_date_time,
            last_updated: session.last_updated,
        }
    }
}

/// Sends a Session, or what changed in it.
pub(crate) async fn deliver(desk: &Desk<'_>) -> Result<Option<String>, CallError> {
    let found = store::find(&desk.party.db, Some(&desk.owner), &desk.id).await.map_err(|e| ours(&e))?;
    let Some(session) = found.filter(|found| found.audience == desk.peer.id).map(|found| found.session) else {
        return Ok(None);
    };
    let segments = [session.country_code.as_str(), session.party_id.as_str(), session.id.as_str()];
    let Some(url) = desk.url(&ModuleId::Sessions, &segments)? else { return Ok(None) };
    let to = PartyId::new(session.cdr_token.country_code.as_str(), session.cdr_token.party_id.as_str());
    let known = desk.behind.sent_before.as_deref().and_then(|note| serde_json::from_str::<Acknowledged>(note).ok());
    let patched = match known.filter(|_| !desk.behind.retried).and_then(|known| patch(&session, &known)) {
        None => false,
        Some(patch) => {
            let body = serde_json::to_string(&patch).map_err(|e| CallError::Request(e.to_string()))?;
            match desk.send(&to, Method::PATCH, &url, Some(body)).await {
                Ok(_) => true,
                Err(error) if error.class() == FailureClass::Refused => {
                    has(desk.look(&to, &url, error).await?, &session)
                }
                Err(error) => return Err(error),
            }
        }
    };
    if !patched {
        desk.send(&to, Method::PUT, &url, Some(session.to_json())).await?;
    }
    Ok(serde_json::to_string(&Acknowledged::of(&session)).ok())
}

/// Whether the partner has this state of the Session, whatever it has answered to the PATCH.
fn has(theirs: Option<Value>, session: &Session) -> bool {
    let theirs = theirs.and_then(|theirs| ocpi_types::parse::<Session>(theirs).value);
    theirs.is_some_and(|theirs| {
        theirs.last_updated == session.last_updated && theirs.charging_periods.len() == session.charging_periods.len()
    })
}

/// The change from what is known to what is; `None` when it is more than a PATCH can say.
fn patch(session: &Session, known: &Acknowledged) -> Option<Patch<Session>> {
    // While nobody charges, all of it can change: the place, the token, the reference.
    let waiting = matches!(known.status, SessionStatus::Pending | SessionStatus::Reservation);
    let began = session.start_date_time != known.start || waiting;
    if began || session.charging_periods.len() < known.periods {
        return None;
    }
    let Ok(Value::Object(mut all)) = serde_json::to_value(session) else { return None };
    let mut patch = Patch::<Session>::new(&session.last_updated);
    let new = &session.charging_periods[known.periods..];
    if !new.is_empty() {
        patch = patch.set("charging_periods", new);
    }
    let ended = session.status != known.status;
    let changed =
        ["kwh", "total_cost"].into_iter().chain(ended.then_some(["status", "end_date_time"]).into_iter().flatten());
    for field in changed {
        if let Some(value) = all.shift_remove(field) {
            patch = patch.set(field, value);
        }
    }
    Some(patch)
}
