//! Sending CDRs. Spec: mod_cdrs, "Push model".

use http::Method;
use http::header::LOCATION;
use ocpi_http::CallError;
use ocpi_types::{Cdr, ModuleId, PartyId};

use super::store;
use crate::outbox::{Desk, ours};

/// POSTs a CDR and remembers where the partner keeps it. Sent again after a failure it is the same CDR: the partner
/// recognises it by its id.
pub(crate) async fn deliver(desk: &Desk<'_>) -> Result<Option<String>, CallError> {
    let stored = store::TABLE.get(&desk.party.db, &desk.owner, &desk.id).await.map_err(|e| ours(&e))?;
    let Some(stored) = stored.filter(|stored| stored.audience == desk.peer.id) else { return Ok(None) };
    let Some(url) = desk.url(&ModuleId::Cdrs, &[])? else { return Ok(None) };
    let cdr: Cdr = serde_json::from_str(&stored.json).map_err(|e| CallError::Request(e.to_string()))?;
    let to = PartyId::new(cdr.cdr_token.country_code.as_str(), cdr.cdr_token.party_id.as_str());
    let answer = desk.send(&to, Method::POST, &url, Some(stored.json)).await?;
    let place = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
    if let Some(place) = &place {
        let (owner, id, peer_id) = (desk.owner.clone(), desk.id.clone(), desk.peer.id.clone());
        store::remember_url(&desk.party.db, owner, id, peer_id, place.clone()).await.map_err(|e| ours(&e))?;
    } else {
        tracing::warn!(cdr = desk.id, peer = desk.peer.name, "the partner does not say where it keeps the CDR");
    }
    Ok(place)
}
