//! Who may use an EVSE that is reserved. Spec: mod_locations, "Status enum": RESERVED.

use ocpi_party::{Db, DbError};
use ocpi_types::{CdrToken, CiString, PartyId};

use super::{Reservation, store};
use crate::charging::Authorization;
use crate::station::EvseKey;

/// What the reservations at a place mean for somebody who wants to charge there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Nothing.
    Free,
    /// The EVSE is kept for this driver; or one of the Location is, and each will do. The name of the reservation.
    Holder(String),
    /// The EVSE is kept for somebody else.
    Kept,
}

/// What the reservations mean for this driver at this EVSE.
pub async fn claim(db: &Db, evse: &EvseKey, driver: &Authorization) -> Result<Claim, DbError> {
    let here = store::active_at(db, &evse.owner, &evse.location_id).await?;
    let mine = |known: &&Reservation| known.is_for(&driver.cdr_token, driver.group_id.as_ref());
    let holder = |known: &Reservation| Claim::Holder(known.id.clone());
    if let Some(known) = here.iter().find(|known| keeps(known, &evse.evse_uid)) {
        return Ok(if mine(&known) { holder(known) } else { Claim::Kept });
    }
    let anywhere = here.iter().filter(|known| known.active().is_some_and(|terms| terms.any_evse)).find(mine);
    Ok(anywhere.map_or(Claim::Free, holder))
}

/// The driver's permission; in the name of the reservation where he has one, refused where somebody else has.
pub async fn name(db: &Db, evse: &EvseKey, driver: Authorization) -> Result<Option<Authorization>, DbError> {
    Ok(match claim(db, evse, &driver).await? {
        Claim::Free => Some(driver),
        Claim::Holder(id) => Some(Authorization { id, ..driver }),
        Claim::Kept => None,
    })
}

/// Whether it is clear from the number alone that the EVSE is kept for others than the owner of this card.
pub async fn is_kept_from(db: &Db, evse: &EvseKey, uid: &str) -> Result<bool, DbError> {
    let here = store::active_at(db, &evse.owner, &evse.location_id).await?;
    let kept = here.iter().filter(|known| keeps(known, &evse.evse_uid)).find_map(Reservation::active);
    Ok(kept.is_some_and(|terms| terms.authorization.group_id.is_none() && terms.authorization.cdr_token.uid != *uid))
}

/// The EVSE that is kept for this Token at a Location.
pub async fn kept_for(
    db: &Db,
    owner: &PartyId,
    location_id: &CiString<36>,
    token: &CdrToken,
    group_id: Option<&CiString<36>>,
) -> Result<Option<CiString<36>>, DbError> {
    let here = store::active_at(db, owner, location_id).await?;
    let mine = here.iter().find(|known| known.is_for(token, group_id));
    Ok(mine.and_then(Reservation::active).map(|terms| terms.evse_uid.clone()))
}

/// The partner whose customer an EVSE is kept for.
pub async fn partner_at(db: &Db, evse: &EvseKey) -> Result<Option<String>, DbError> {
    let here = store::active_at(db, &evse.owner, &evse.location_id).await?;
    Ok(here.into_iter().find(|known| keeps(known, &evse.evse_uid)).map(|known| known.key.peer_id))
}

fn keeps(known: &Reservation, evse_uid: &CiString<36>) -> bool {
    known.active().is_some_and(|terms| terms.evse_uid == *evse_uid)
}
