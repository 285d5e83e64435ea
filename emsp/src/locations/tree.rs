//! The three levels of a Location: putting and patching an EVSE or a Connector in its place.
//!
//! Spec: mod_locations, "PUT Method" and "PATCH Method" of the Receiver Interface. A change of a child lifts the parents'
//! `last_updated` to the child's, and never lowers it.

use ocpi_types::{Connector, DateTime, Evse, Location, Patch, Report};

/// Why a child could not be changed.
#[derive(Debug, Clone, PartialEq)]
pub enum TreeError {
    /// The Location has no such EVSE.
    UnknownEvse,
    /// The EVSE has no such Connector.
    UnknownConnector,
    /// We hold a newer state, from this moment.
    Stale(DateTime),
    /// The result would break the rules.
    Refused(Report),
}

/// The EVSE with this uid.
pub fn evse<'a>(location: &'a Location, uid: &str) -> Result<&'a Evse, TreeError> {
    location.evses.iter().find(|evse| evse.uid == uid).ok_or(TreeError::UnknownEvse)
}

/// The Connector with this id.
pub fn connector<'a>(evse: &'a Evse, id: &str) -> Result<&'a Connector, TreeError> {
    evse.connectors.iter().find(|connector| connector.id == id).ok_or(TreeError::UnknownConnector)
}

fn evse_mut<'a>(location: &'a mut Location, uid: &str) -> Result<&'a mut Evse, TreeError> {
    location.evses.iter_mut().find(|evse| evse.uid == uid).ok_or(TreeError::UnknownEvse)
}

/// Adds the EVSE (`true`) or replaces the one with its uid.
pub fn put_evse(location: &mut Location, evse: Evse) -> Result<bool, TreeError> {
    let changed_at = evse.last_updated;
    let created = match evse_mut(location, evse.uid.as_str()) {
        Ok(known) if known.last_updated > changed_at => return Err(TreeError::Stale(known.last_updated)),
        Ok(known) => {
            *known = evse;
            false
        }
        Err(_) => {
            location.evses.push(evse);
            true
        }
    };
    location.last_updated = location.last_updated.max(changed_at);
    Ok(created)
}

/// Adds the Connector (`true`) or replaces the one with its id.
pub fn put_connector(location: &mut Location, evse_uid: &str, connector: Connector) -> Result<bool, TreeError> {
    let changed_at = connector.last_updated;
    let evse = evse_mut(location, evse_uid)?;
    let created = match evse.connectors.iter_mut().find(|known| known.id == connector.id) {
        Some(known) if known.last_updated > changed_at => return Err(TreeError::Stale(known.last_updated)),
        Some(known) => {
            *known = connector;
            false
        }
        None => {
            evse.connectors.push(connector);
            true
        }
    };
    lift(location, evse_uid, changed_at)?;
    Ok(created)
}

/// Changes some fields of an EVSE.
pub fn patch_evse(location: &mut Location, uid: &str, patch: &Patch<Evse>) -> Result<(), TreeError> {
    let known = evse_mut(location, uid)?;
    not_stale(patch.last_updated(), known.last_updated)?;
    *known = patch.apply(known).map_err(TreeError::Refused)?.0;
    let changed_at = known.last_updated;
    lift(location, uid, changed_at)
}

/// Changes some fields of a Connector.
pub fn patch_connector(
    location: &mut Location,
    evse_uid: &str,
    id: &str,
    patch: &Patch<Connector>,
) -> Result<(), TreeError> {
    let evse = evse_mut(location, evse_uid)?;
    let known = evse.connectors.iter_mut().find(|connector| connector.id == id).ok_or(TreeError::UnknownConnector)?;
    not_stale(patch.last_updated(), known.last_updated)?;
    *known = patch.apply(known).map_err(TreeError::Refused)?.0;
    let changed_at = known.last_updated;
    lift(location, evse_uid, changed_at)
}

/// Changes some fields of the Location itself.
pub fn patch_location(location: &Location, patch: &Patch<Location>) -> Result<Location, TreeError> {
    not_stale(patch.last_updated(), location.last_updated)?;
    Ok(patch.apply(location).map_err(TreeError::Refused)?.0)
}

fn not_stale(new: Option<DateTime>, known: DateTime) -> Result<(), TreeError> {
    // An unreadable last_updated is refused by `Patch::apply`, with its pointer.
    if new.is_some_and(|new| new < known) { Err(TreeError::Stale(known)) } else { Ok(()) }
}

fn lift(location: &mut Location, evse_uid: &str, changed_at: DateTime) -> Result<(), TreeError> {
    let evse = evse_mut(location, evse_uid)?;
    evse.last_updated = evse.last_updated.max(changed_at);
    location.last_updated = location.last_updated.max(changed_at);
    Ok(())
}
