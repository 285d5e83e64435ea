//! Telling partners about Locations. Spec: mod_locations, "Push model".
//!
//! As little goes out as will do: a change of an EVSE's status as a PATCH of the EVSE, a changed EVSE or Connector alone as a
//! PUT of it. Where a PATCH did not get through the first time, or is refused and the partner turns out to have an older state, the
//! whole EVSE is PUT; where the partner lacks the object or what it is part of, the whole Location.

use http::Method;
use ocpi_http::{CallError, FailureClass, Url};
use ocpi_types::{Connector, Evse, Location, ModuleId, Object, Patch};

use super::store::{self, Found};
use crate::outbox::{Desk, is_unknown, ours};

/// Sends a Location, or a part of it.
pub(crate) async fn deliver(desk: &Desk<'_>) -> Result<Option<String>, CallError> {
    let db = &desk.party.db;
    if let Some(found) = store::find(db, Some(&desk.owner), &desk.id).await.map_err(|e| ours(&e))? {
        return put_location(desk, &found).await;
    }
    let Some((location_id, part)) = desk.id.split_once('|') else { return Ok(None) };
    let found = store::find(db, Some(&desk.owner), location_id).await.map_err(|e| ours(&e))?;
    let Some(found) = found.filter(|found| !found.is_private) else { return Ok(None) };
    let location = found.location().map_err(|e| ours(&e))?;
    match send_part(desk, &location, part).await {
        Ok(Sent::Unknown) => put_location(desk, &found).await,
        Err(error) if is_unknown(&error) => put_location(desk, &found).await,
        Err(error) => Err(error),
        Ok(Sent::Done) => Ok(None),
    }
}

/// What became of a part of a Location.
enum Sent {
    /// The partner is up to date.
    Done,
    /// The partner lacks it, or what it is part of.
    Unknown,
}

/// `part` is what [`store::object`] has put behind the Location.
async fn send_part(desk: &Desk<'_>, location: &Location, part: &str) -> Result<Sent, CallError> {
    let (uid, below) = part.split_once('|').map_or((part, None), |(uid, below)| (uid, Some(below)));
    let Some(evse) = location.evses.iter().find(|evse| evse.uid == *uid) else { return Ok(Sent::Done) };
    let put = match below {
        None if desk.behind.retried => put(desk, location, &[evse.uid.as_str()], evse.to_json()).await,
        None => return patch_status(desk, location, evse).await,
        Some("") => put(desk, location, &[evse.uid.as_str()], evse.to_json()).await,
        Some(id) => match evse.connectors.iter().find(|connector| connector.id == *id) {
            Some(connector) => put_connector(desk, location, evse, connector).await,
            // Taken away meanwhile: that is a change of the EVSE, and told as such.
            None => Ok(()),
        },
    };
    put.map(|()| Sent::Done)
}

async fn patch_status(desk: &Desk<'_>, location: &Location, evse: &Evse) -> Result<Sent, CallError> {
    let below = [evse.uid.as_str()];
    let Some(url) = url(desk, location, &below)? else { return Ok(Sent::Done) };
    let patch = Patch::<Evse>::new(&evse.last_updated).set("status", &evse.status);
    let body = serde_json::to_string(&patch).map_err(|e| CallError::Request(e.to_string()))?;
    let to = desk.anybody();
    let refusal = match desk.send(&to, Method::PATCH, &url, Some(body)).await {
        // A hub sends this to all; nobody can be asked for an answer that is everybody's.
        Err(error) if error.class() == FailureClass::Refused && !desk.peer.is_hub() => error,
        sent => return sent.map(|_| Sent::Done),
    };
    let Some(theirs) = desk.look(&to, &url, refusal).await? else { return Ok(Sent::Unknown) };
    let theirs = ocpi_types::parse::<Evse>(theirs).value;
    let same = |theirs: &Evse| theirs.status == evse.status && theirs.last_updated == evse.last_updated;
    if !theirs.as_ref().is_some_and(same) {
        put(desk, location, &below, evse.to_json()).await?;
    }
    Ok(Sent::Done)
}

async fn put_connector(
    desk: &Desk<'_>,
    location: &Location,
    evse: &Evse,
    connector: &Connector,
) -> Result<(), CallError> {
    put(desk, location, &[evse.uid.as_str(), connector.id.as_str()], connector.to_json()).await
}

async fn put_location(desk: &Desk<'_>, found: &Found) -> Result<Option<String>, CallError> {
    if found.is_private {
        return Ok(None);
    }
    let location = found.location().map_err(|e| ours(&e))?;
    put(desk, &location, &[], found.json.clone()).await?;
    Ok(None)
}

async fn put(desk: &Desk<'_>, location: &Location, below: &[&str], body: String) -> Result<(), CallError> {
    let Some(url) = url(desk, location, below)? else { return Ok(()) };
    desk.send(&desk.anybody(), Method::PUT, &url, Some(body)).await.map(drop)
}

/// `None` when the partner receives no Locations.
fn url(desk: &Desk<'_>, location: &Location, below: &[&str]) -> Result<Option<Url>, CallError> {
    let own = [location.country_code.as_str(), location.party_id.as_str(), location.id.as_str()];
    desk.url(&ModuleId::Locations, &[&own, below].concat())
}
