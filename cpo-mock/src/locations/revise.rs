//! What a change of a Location, an EVSE or a Connector does to the times of change around it.
//!
//! One moment is given to everything that a change touches: the object itself and its parents. So a partner that is told of
//! the child alone, and lifts the parents to it, holds what we hold. Spec: mod_locations, "PUT Method" of the Receiver
//! Interface.

use ocpi_types::{Connector, DateTime, Evse, Location, Status};

use super::store::later;

/// Why a change is not possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// What is to be changed is not there.
    Unknown(&'static str),
    /// It makes no sense in the present state: why, and what to do instead.
    Conflict(String, &'static str),
}

/// Makes a Location that an operator has written fit to replace the stored one: times of change are set where something
/// changed, and EVSEs that are left out stay as REMOVED, because nothing of a Location ever disappears.
pub fn location(location: &mut Location, stored: Option<&Location>, now: DateTime) -> Result<(), Refused> {
    let stamp = stored.map_or(now, |old| later(now, old.last_updated));
    let old_evses = stored.map(|old| old.evses.as_slice()).unwrap_or_default();
    for evse in &mut location.evses {
        revise_evse(evse, old_evses.iter().find(|old| old.uid == evse.uid), stamp)?;
    }
    for gone in old_evses {
        if !location.evses.iter().any(|evse| evse.uid == gone.uid) {
            location.evses.push(removed(gone, stamp));
        }
    }
    location.last_updated = stamp;
    if let Some(old) = stored {
        let same = Location { last_updated: old.last_updated, ..location.clone() } == *old;
        location.last_updated = if same { old.last_updated } else { stamp };
    }
    Ok(())
}

/// Adds an EVSE to a Location, or replaces one. `true` when it is new.
pub fn put_evse(location: &mut Location, mut evse: Evse, now: DateTime) -> Result<bool, Refused> {
    let stamp = later(now, location.last_updated);
    let known = location.evses.iter_mut().find(|known| known.uid == evse.uid);
    revise_evse(&mut evse, known.as_deref(), stamp)?;
    let changed = evse.last_updated == stamp;
    let created = known.is_none();
    match known {
        Some(known) => *known = evse,
        None => location.evses.push(evse),
    }
    if changed {
        location.last_updated = stamp;
    }
    Ok(created)
}

/// Takes an EVSE out of service for good. Spec: mod_locations, "Flow and Lifecycle".
pub fn remove_evse(location: &mut Location, uid: &str, now: DateTime) -> Result<(), Refused> {
    let stamp = later(now, location.last_updated);
    let evse = evse_mut(location, uid)?;
    if evse.status != Status::Removed {
        *evse = removed(evse, stamp);
        location.last_updated = stamp;
    }
    Ok(())
}

/// Adds a Connector to an EVSE, or replaces one. `true` when it is new.
pub fn put_connector(
    location: &mut Location,
    evse_uid: &str,
    mut connector: Connector,
    now: DateTime,
) -> Result<bool, Refused> {
    let stamp = later(now, location.last_updated);
    let evse = evse_mut(location, evse_uid)?;
    if evse.status == Status::Removed {
        return Err(was_removed(evse));
    }
    let known = evse.connectors.iter_mut().find(|known| known.id == connector.id);
    connector.last_updated = stamp_of_connector(&connector, known.as_deref(), stamp);
    let changed = connector.last_updated == stamp;
    let created = known.is_none();
    match known {
        Some(known) => *known = connector,
        None => evse.connectors.push(connector),
    }
    if changed {
        evse.last_updated = stamp;
        location.last_updated = stamp;
    }
    Ok(created)
}

/// Takes a Connector away from its EVSE. Connectors have no status: partners get the EVSE without it.
pub fn remove_connector(location: &mut Location, evse_uid: &str, id: &str, now: DateTime) -> Result<(), Refused> {
    let stamp = later(now, location.last_updated);
    let evse = evse_mut(location, evse_uid)?;
    if !evse.connectors.iter().any(|connector| connector.id == id) {
        return Err(Refused::Unknown("the EVSE has no such Connector"));
    }
    if evse.connectors.len() == 1 {
        let why = format!("an EVSE has at least one Connector, and this is the last one of {}", evse.uid);
        return Err(Refused::Conflict(why, "DELETE the EVSE if it is gone, or PUT another Connector first"));
    }
    evse.connectors.retain(|connector| connector.id != id);
    evse.last_updated = stamp;
    location.last_updated = stamp;
    Ok(())
}

/// Sets the status of an EVSE; `false` when it has that status already.
pub fn set_status(location: &mut Location, uid: &str, status: Status, now: DateTime) -> bool {
    let stamp = later(now, location.last_updated);
    let Ok(evse) = evse_mut(location, uid) else { return false };
    if evse.status == status {
        return false;
    }
    evse.status = status;
    evse.last_updated = stamp;
    location.last_updated = stamp;
    true
}

fn evse_mut<'a>(location: &'a mut Location, uid: &str) -> Result<&'a mut Evse, Refused> {
    let found = location.evses.iter_mut().find(|evse| evse.uid == uid);
    found.ok_or(Refused::Unknown("the Location has no such EVSE"))
}

fn removed(evse: &Evse, stamp: DateTime) -> Evse {
    if evse.status == Status::Removed {
        return evse.clone();
    }
    Evse { status: Status::Removed, last_updated: stamp, ..evse.clone() }
}

fn was_removed(evse: &Evse) -> Refused {
    let why = format!("EVSE {} was removed, and uids are never used again", evse.uid);
    Refused::Conflict(why, "give the new EVSE a new uid; its evse_id may be that of the old one")
}

fn revise_evse(evse: &mut Evse, old: Option<&Evse>, stamp: DateTime) -> Result<(), Refused> {
    if let Some(old) = old.filter(|old| old.status == Status::Removed && evse.status != Status::Removed) {
        return Err(was_removed(old));
    }
    for connector in &mut evse.connectors {
        let old = old.and_then(|old| old.connectors.iter().find(|old| old.id == connector.id));
        connector.last_updated = stamp_of_connector(connector, old, stamp);
    }
    let same = |old: &&Evse| Evse { last_updated: old.last_updated, ..evse.clone() } == **old;
    evse.last_updated = old.filter(same).map_or(stamp, |old| old.last_updated);
    Ok(())
}

fn stamp_of_connector(connector: &Connector, old: Option<&Connector>, stamp: DateTime) -> DateTime {
    let same = |old: &&Connector| Connector { last_updated: old.last_updated, ..connector.clone() } == **old;
    old.filter(same).map_or(stamp, |old| old.last_updated)
}
