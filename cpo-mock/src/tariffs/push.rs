//! Telling partners about Tariffs. Spec: mod_tariffs, "Push model".

use http::Method;
use ocpi_http::CallError;
use ocpi_types::{ModuleId, Object};

use super::store;
use crate::outbox::{Desk, is_unknown, ours};

/// Sends a Tariff, or that it was deleted.
pub(crate) async fn deliver(desk: &Desk<'_>) -> Result<Option<String>, CallError> {
    let state = store::last_state(&desk.party.db, &desk.owner, &desk.id).await.map_err(|e| ours(&e))?;
    let Some((tariff, deleted)) = state else { return Ok(None) };
    let segments = [tariff.country_code.as_str(), tariff.party_id.as_str(), tariff.id.as_str()];
    let Some(url) = desk.url(&ModuleId::Tariffs, &segments)? else { return Ok(None) };
    if !deleted {
        desk.send(&desk.anybody(), Method::PUT, &url, Some(tariff.to_json())).await?;
        return Ok(None);
    }
    match desk.send(&desk.anybody(), Method::DELETE, &url, None).await {
        // Gone is gone.
        Err(error) if is_unknown(&error) => Ok(None),
        other => other.map(|_| None),
    }
}
