//! Telling partners about Locations. Spec: mod_locations, "Push model".
//!
//! A change of an EVSE's status goes out as a PATCH of the EVSE. Where that did not get through the first time, the whole
//! EVSE is PUT; where the partner does not have the Location, the whole Location.

use http::Method;
use ocpi_http::CallError;
use ocpi_types::{Evse, Location, ModuleId, Object, Patch};

use super::store::{self, Found};
use crate::outbox::{Desk, is_unknown, ours};

/// Sends a Location, or one EVSE of it.
pub(crate) async fn deliver(desk: &Desk<'_>) -> Result<Option<String>, CallError> {
    let db = &desk.party.db;
    if let Some(found) = store::find(db, Some(&desk.owner), &desk.id).await.map_err(|e| ours(&e))? {
        return put_location(desk, &found).await;
    }
    let Some((location_id, evse_uid)) = desk.id.rsplit_once('|') else { return Ok(None) };
    let found = store::find(db, Some(&desk.owner), location_id).await.map_err(|e| ours(&e))?;
    let Some(found) = found.filter(|found| !found.is_private) else { return Ok(None) };
    let location = found.location().map_err(|e| ours(&e))?;
    let Some(evse) = location.evses.iter().find(|evse| evse.uid == *evse_uid) else { return Ok(None) };
    match send_evse(desk, &location, evse).await {
        Err(error) if is_unknown(&error) => put_location(desk, &found).await,
        Err(error) => Err(error),
        Ok(()) => Ok(None),
    }
}

async fn send_evse(desk: &Desk<'_>, location: &Location, evse: &Evse) -> Result<(), CallError> {
    let segments =
        [location.country_code.as_str(), location.party_id.as_str(), location.id.as_str(), evse.uid.as_str()];
    let Some(url) = desk.url(&ModuleId::Locations, &segments)? else { return Ok(()) };
    let (method, body) = if desk.behind.retried {
        (Method::PUT, evse.to_json())
    } else {
        let patch = Patch::<Evse>::new(&evse.last_updated).set("status", &evse.status);
        (Method::PATCH, serde_json::to_string(&patch).map_err(|e| CallError::Request(e.to_string()))?)
    };
    desk.send(&desk.anybody(), method, &url, Some(body)).await.map(drop)
}

async fn put_location(desk: &Desk<'_>, found: &Found) -> Result<Option<String>, CallError> {
    if found.is_private {
        return Ok(None);
    }
    let location = found.location().map_err(|e| ours(&e))?;
    let segments = [location.country_code.as_str(), location.party_id.as_str(), location.id.as_str()];
    let Some(url) = desk.url(&ModuleId::Locations, &segments)? else { return Ok(None) };
    desk.send(&desk.anybody(), Method::PUT, &url, Some(found.json.clone())).await?;
    Ok(None)
}
