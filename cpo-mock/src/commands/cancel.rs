//! CANCEL_RESERVATION. Spec: mod_commands, "CancelReservation Object".

use ocpi_party::{DbError, Party, Peer};
use ocpi_types::{CancelReservation, CommandResultType, PartyId};

use super::request::{Decision, Forward};
use crate::reservations::store;
use crate::station::Command;

/// Whether it can be passed on to the station that keeps an EVSE. A reservation of another sender is not known to this one.
///
/// There is no synchronous answer for an unknown reservation, only a result.
pub(super) async fn decide(
    party: &Party,
    peer: &Peer,
    (sender, owner): (Option<&PartyId>, Option<&PartyId>),
    request: &CancelReservation,
) -> Result<Decision, DbError> {
    let open = store::open_of(&party.db, &peer.id, &request.reservation_id, sender, owner).await?;
    let known = match open.as_slice() {
        [] => None,
        [known] => known.terms.as_ref().or(known.asked.as_ref()).map(|terms| (known, terms)),
        _ => return Ok(Decision::reject("several reservations have this id: the routing headers must tell which")),
    };
    let Some((known, terms)) = known else {
        let message = "there is no such reservation, or it has been used or has ended";
        return Ok(Decision::Settled(CommandResultType::UnknownReservation, message));
    };
    Ok(Decision::Forward(Box::new(Forward {
        evse: known.evse(&terms.evse_uid),
        command: Command::CancelReservation { reservation_id: known.id.clone() },
        authorization: None,
        asked: None,
        cancels: Some(known.id.clone()),
    })))
}
