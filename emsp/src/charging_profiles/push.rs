//! Tells smart charging partners what a station intends to do, as its CPO has told us. Spec: mod_charging_profiles, "Example of
//! the Receiver sending an updated ActiveChargingProfile to the SCSP via the eMSP".

use http::Method;
use ocpi_http::{CallError, join};
use ocpi_party::{DbError, Peer, party_of};
use ocpi_types::{InterfaceRole, ModuleId, PartyId, Role};

use super::store;
use crate::{App, sessions};

/// Sends the latest plan that we know of a Session. Nothing is to be told of one that has ended.
pub(crate) async fn deliver(
    app: &App,
    peer: &Peer,
    owner: &PartyId,
    session_id: &str,
) -> Result<Option<String>, CallError> {
    let ours = |error: DbError| CallError::Request(error.chain());
    let session = sessions::store::find(&app.party.db, owner, session_id).await;
    let session = session.map_err(|error| CallError::Request(error.to_string()))?;
    let active = store::active(&app.party.db, owner, session_id).await.map_err(ours)?;
    let endpoint = peer.endpoint(&ModuleId::Chargingprofiles, &InterfaceRole::Sender);
    let (Some(session), Some((json, _)), Some(endpoint)) = (session, active, endpoint) else { return Ok(None) };
    if session.end_date_time.is_some() {
        return Ok(None);
    }
    let url = join(endpoint, &[session.id.as_str()])?;
    let to = peer.parties(&Role::Scsp).into_iter().next().or_else(|| peer.roles.first().map(party_of));
    let to = to.ok_or_else(|| CallError::Request("the partner has no roles in its credentials".to_owned()))?;
    let own = app.party.own_party();
    app.party.client.call(&app.party.target(peer, &own, &to), Method::PUT, &url, Some(json)).await?;
    Ok(None)
}
