//! Tells CPOs about new and changed Tokens. Spec: mod_tokens, "Receiver Interface", called by us.
//!
//! What is sent is always the whole Token as it stands now: a PUT can be repeated, and leaves nothing of an older state behind.

use http::Method;
use ocpi_http::{CallError, join};
use ocpi_party::Peer;
use ocpi_types::{InterfaceRole, ModuleId, PartyId, Role, TokenType};

use super::store;
use crate::App;

/// Sends a Token as it stands now.
pub(crate) async fn deliver(app: &App, peer: &Peer, owner: &PartyId, id: &str) -> Result<Option<String>, CallError> {
    let party = &app.party;
    let own = store::get(&party.db, owner, id).await.map_err(|error| CallError::Request(error.chain()))?;
    // Gone meanwhile, or a partner that has stopped to take Tokens: nothing is left to tell.
    let (Some(own), Some(endpoint)) = (own, peer.endpoint(&ModuleId::Tokens, &InterfaceRole::Receiver)) else {
        return Ok(None);
    };
    let token = &own.token;
    let path = [token.country_code.as_str(), token.party_id.as_str(), token.uid.as_str()];
    let mut url = join(endpoint, &path)?;
    if token.token_type != TokenType::Rfid {
        url.query_pairs_mut().append_pair("type", token.token_type.as_str());
    }
    // The Token is for the whole platform; one of its parties stands for all. Named to a hub it is a Broadcast Push.
    let to = peer.for_all(&Role::Cpo).ok_or_else(nobody)?;
    let target = party.target(peer, owner, &to);
    party.client.call(&target, Method::PUT, &url, Some(target.body(token))).await?;
    Ok(None)
}

fn nobody() -> CallError {
    CallError::Request("the partner has no roles in its credentials".to_owned())
}
