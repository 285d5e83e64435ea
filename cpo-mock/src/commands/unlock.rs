//! UNLOCK_CONNECTOR. Spec: mod_commands, "UnlockConnector Object".

use ocpi_party::{DbError, Party, Peer};
use ocpi_types::{Capability, PartyId, UnlockConnector};

use super::request::{Decision, Forward};
use crate::charging::charge;
use crate::locations;
use crate::reservations;
use crate::station::{Command, EvseKey};

/// Whether it can be passed on to the station.
pub(super) async fn decide(
    party: &Party,
    peer: &Peer,
    owner: Option<&PartyId>,
    request: &UnlockConnector,
) -> Result<Decision, DbError> {
    let found = locations::store::find(&party.db, owner, request.location_id.as_str()).await?;
    let Some(found) = found.filter(|found| !found.is_private) else {
        return Ok(Decision::unknown_location(request.location_id.as_str()));
    };
    let location = found.location()?;
    let Some(evse) = location.evses.iter().find(|evse| evse.uid == request.evse_uid) else {
        return Ok(Decision::reject(format!("the Location has no EVSE {}", request.evse_uid)));
    };
    let Some(connector) = evse.connectors.iter().find(|connector| connector.id == request.connector_id) else {
        return Ok(Decision::reject(format!("the EVSE has no connector {}", request.connector_id)));
    };
    if !evse.capabilities.contains(&Capability::UnlockCapable) {
        return Ok(Decision::not_supported("the connectors of this EVSE cannot be unlocked remotely"));
    }
    let key = EvseKey { owner: found.owner, location_id: location.id.clone(), evse_uid: evse.uid.clone() };
    let running = charge::running_at(&party.db, &key).await?;
    if running.is_some_and(|charge| charge.authorization.peer_id != peer.id) {
        return Ok(Decision::reject("somebody else's customer is charging there"));
    }
    if reservations::claim::partner_at(&party.db, &key).await?.is_some_and(|peer_id| peer_id != peer.id) {
        return Ok(Decision::reject("the EVSE is reserved for somebody else's customer"));
    }
    Ok(Decision::Forward(Box::new(Forward {
        evse: key,
        command: Command::Unlock { connector_id: connector.id.as_str().to_owned() },
        authorization: None,
        asked: None,
        cancels: None,
    })))
}
