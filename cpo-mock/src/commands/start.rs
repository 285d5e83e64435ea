//! START_SESSION. Spec: mod_commands, "StartSession Object".

use ocpi_party::{DbError, Party, Peer};
use ocpi_types::{AuthMethod, Capability, CiString, Evse, Location, PartyId, Role, StartSession, Status};

use super::request::{Decision, Forward};
use crate::charging::Authorization;
use crate::charging::authorization::snapshot;
use crate::ids::Ids;
use crate::locations;
use crate::reservations::claim::{self, Claim};
use crate::station::{Command, EvseKey};
use crate::tokens;

/// Whether it can be passed on to a station, and to which.
///
/// The Token is not checked: its EMSP has done that. It only has to be the EMSP's own.
pub(super) async fn decide(
    party: &Party,
    ids: &Ids,
    peer: &Peer,
    (from, owner): (Option<&PartyId>, Option<&PartyId>),
    request: &StartSession,
) -> Result<Decision, DbError> {
    let issuer = tokens::store::owner_of(&request.token);
    let own = from.is_none_or(|from| *from == issuer);
    if !own || !peer.speaks_for(&issuer, Role::Emsp) {
        return Ok(Decision::reject(format!("the Token belongs to {issuer}, who is not the sender")));
    }
    let found = locations::store::find(&party.db, owner, request.location_id.as_str()).await?;
    let Some(found) = found.filter(|found| !found.is_private) else {
        return Ok(Decision::unknown_location(request.location_id.as_str()));
    };
    let location = found.location()?;
    if !location.lets_charge_at(party.clock.now()) {
        return Ok(Decision::reject("the Location is closed, and nobody charges there then"));
    }
    let named = request.evse_uid.is_none() && request.connector_id.is_none();
    let kept = match named.then(|| snapshot(&request.token)) {
        Some(token) => {
            let group = request.token.group_id.as_ref();
            claim::kept_for(&party.db, &found.owner, &location.id, &token, group).await?
        }
        None => None,
    };
    let evse = match choose(&location, request, kept.as_ref()) {
        Ok(evse) => evse,
        Err(refusal) => return Ok(refusal),
    };
    if let Err(refusal) = check(evse, request) {
        return Ok(refusal);
    }
    let authorization = Authorization::new(
        ids.next(),
        &request.token,
        AuthMethod::Command,
        request.authorization_reference.clone(),
        &peer.id,
    );
    let key = EvseKey { owner: found.owner, location_id: location.id.clone(), evse_uid: evse.uid.clone() };
    // Where the EVSE is kept for somebody else, the station refuses.
    let authorization = match claim::claim(&party.db, &key, &authorization).await? {
        Claim::Holder(id) => Authorization { id, ..authorization },
        Claim::Free | Claim::Kept => authorization,
    };
    Ok(Decision::Forward(Box::new(Forward {
        evse: key,
        command: Command::Start {
            connector_id: request.connector_id.as_ref().map(|id| id.as_str().to_owned()),
            authorized: authorization.authorized(),
        },
        authorization: Some(authorization),
        asked: None,
        cancels: None,
    })))
}

/// The EVSE that is named, or the one that is best for a driver who did not say which: the one that he has reserved, or one
/// that is free.
fn choose<'a>(
    location: &'a Location,
    request: &StartSession,
    kept: Option<&CiString<36>>,
) -> Result<&'a Evse, Decision> {
    if let Some(uid) = &request.evse_uid {
        let known = location.evses.iter().find(|evse| evse.uid == *uid);
        return known.ok_or_else(|| Decision::reject(format!("the Location has no EVSE {uid}")));
    }
    if request.connector_id.is_some() {
        return Err(Decision::reject("connector_id is given without evse_uid"));
    }
    let usable = |evse: &&Evse| {
        remote(evse) && !matches!(evse.status, Status::Removed | Status::Planned) && !needs_connector(evse)
    };
    let mut usable: Vec<&Evse> = location.evses.iter().filter(usable).collect();
    // Stable: of several that are free, the first.
    usable.sort_by_key(|evse| (Some(&evse.uid) != kept, evse.status != Status::Available));
    usable.first().copied().ok_or_else(|| Decision::not_supported("no EVSE of this Location can be started remotely"))
}

fn check(evse: &Evse, request: &StartSession) -> Result<(), Decision> {
    if matches!(evse.status, Status::Removed | Status::Planned) {
        return Err(Decision::reject(format!("the EVSE is {}", evse.status)));
    }
    if !remote(evse) {
        return Err(Decision::not_supported("the EVSE cannot be started remotely"));
    }
    match &request.connector_id {
        None if needs_connector(evse) => Err(Decision::reject("this EVSE needs to know the connector_id")),
        Some(id) if !evse.connectors.iter().any(|connector| connector.id == *id) => {
            Err(Decision::reject(format!("the EVSE has no connector {id}")))
        }
        _ => Ok(()),
    }
}

fn remote(evse: &Evse) -> bool {
    evse.capabilities.contains(&Capability::RemoteStartStopCapable)
}

fn needs_connector(evse: &Evse) -> bool {
    evse.capabilities.contains(&Capability::StartSessionConnectorRequired)
}
