//! RESERVE_NOW. Spec: mod_commands, "ReserveNow Object".

use ocpi_party::{DbError, Party, Peer};
use ocpi_types::{AuthMethod, Capability, Evse, Location, PartyId, ReserveNow, Role, Status};

use super::request::{Decision, Forward};
use crate::charging::Authorization;
use crate::ids::Ids;
use crate::locations;
use crate::reservations::store::Asked;
use crate::reservations::{Key, Reservation, Terms, store};
use crate::station::{Command, EvseKey};
use crate::tokens;

/// Whether it can be passed on to a station, and to which.
///
/// The Token is not checked: its EMSP has done that. It only has to be the EMSP's own. Ids of reservations are those of the
/// EMSP; the station gets to know ours.
pub(super) async fn decide(
    party: &Party,
    ids: &Ids,
    peer: &Peer,
    (sender, owner): (Option<&PartyId>, Option<&PartyId>),
    request: &ReserveNow,
) -> Result<Decision, DbError> {
    let issuer = tokens::store::owner_of(&request.token);
    let foreign = sender.is_some_and(|sender| *sender != issuer);
    if foreign || !peer.speaks_for(&issuer, Role::Emsp) {
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
    if request.expiry_date <= party.clock.now() {
        return Ok(Decision::reject("expiry_date has passed"));
    }
    let known = store::open_of(&party.db, &peer.id, &request.reservation_id, Some(&issuer), Some(&found.owner)).await?;
    let known = match known.into_iter().next() {
        Some(known) if known.key.location_id != location.id => {
            return Ok(Decision::reject("this reservation_id is in use for another Location"));
        }
        known => known,
    };
    if let Some(known) = &known
        && (known.asked.is_some() || store::is_moving(&party.db, &known.id).await?)
    {
        return Ok(Decision::reject("this reservation is just being changed: try again in a moment"));
    }
    let evse = match choose(&location, request, known.as_ref()) {
        Ok(evse) => evse,
        Err(refusal) => return Ok(refusal),
    };
    let (id, is_new) = known.map_or_else(|| (ids.next(), true), |known| (known.id, false));
    let reference = request.authorization_reference.clone();
    let authorization = Authorization::new(id.clone(), &request.token, AuthMethod::Command, reference, &peer.id);
    let terms = Terms {
        evse_uid: evse.uid.clone(),
        any_evse: request.evse_uid.is_none(),
        until: request.expiry_date,
        authorization: authorization.clone(),
        // The record of the command gets its name later.
        command_id: String::new(),
    };
    let key = Key {
        peer_id: peer.id.clone(),
        sender: issuer,
        owner: found.owner.clone(),
        location_id: location.id.clone(),
        reservation_id: request.reservation_id.clone(),
    };
    Ok(Decision::Forward(Box::new(Forward {
        evse: EvseKey { owner: found.owner, location_id: location.id.clone(), evse_uid: evse.uid.clone() },
        command: Command::Reserve { reservation_id: id.clone(), until: request.expiry_date },
        authorization: Some(authorization),
        asked: Some(Asked { id, is_new, key, terms }),
        cancels: None,
    })))
}

/// The EVSE that is named; otherwise the one that is kept already, or one that is free.
fn choose<'a>(location: &'a Location, request: &ReserveNow, known: Option<&Reservation>) -> Result<&'a Evse, Decision> {
    let not_reservable = || Decision::not_supported("the EVSE cannot be reserved");
    if let Some(uid) = &request.evse_uid {
        let evse = location.evses.iter().find(|evse| evse.uid == *uid);
        let evse = evse.ok_or_else(|| Decision::reject(format!("the Location has no EVSE {uid}")))?;
        if is_gone(evse) {
            return Err(Decision::reject(format!("the EVSE is {}", evse.status)));
        }
        return if is_reservable(evse) { Ok(evse) } else { Err(not_reservable()) };
    }
    let kept = known.and_then(Reservation::active).map(|terms| &terms.evse_uid);
    let mut usable: Vec<&Evse> = location.evses.iter().filter(|evse| is_reservable(evse) && !is_gone(evse)).collect();
    // Stable: of several that are free, the first.
    usable.sort_by_key(|evse| (Some(&evse.uid) != kept, evse.status != Status::Available));
    let none = || Decision::not_supported("no EVSE of this Location can be reserved");
    usable.first().copied().ok_or_else(none)
}

fn is_reservable(evse: &Evse) -> bool {
    evse.capabilities.contains(&Capability::Reservable)
}

fn is_gone(evse: &Evse) -> bool {
    matches!(evse.status, Status::Removed | Status::Planned)
}
