//! STOP_SESSION. Spec: mod_commands, "StopSession Object".

use ocpi_party::{DbError, Party, Peer};
use ocpi_types::{PartyId, SessionStatus, StopSession};

use super::request::{Decision, Forward};
use crate::sessions;
use crate::station::{Command, EvseKey};

/// Whether it can be passed on to the station at which the Session is.
pub(super) async fn decide(
    party: &Party,
    peer: &Peer,
    (from, owner): (Option<&PartyId>, Option<&PartyId>),
    request: &StopSession,
) -> Result<Decision, DbError> {
    let id = request.session_id.as_str();
    let Some(found) = sessions::store::find(&party.db, owner, id).await? else {
        return Ok(Decision::unknown_session(format!("there is no Session {id} here")));
    };
    if !found.concerns(peer, from) {
        return Ok(Decision::reject("this Session belongs to somebody else's customer"));
    }
    let session = found.session;
    if matches!(session.status, SessionStatus::Completed | SessionStatus::Invalid) {
        return Ok(Decision::reject("this Session has ended already"));
    }
    if session.status == SessionStatus::Reservation {
        return Ok(Decision::reject("nobody charges yet: CANCEL_RESERVATION ends a reservation"));
    }
    Ok(Decision::Forward(Box::new(Forward {
        evse: EvseKey { owner: found.owner, location_id: session.location_id, evse_uid: session.evse_uid },
        command: Command::Stop { transaction_id: session.id.as_str().to_owned() },
        authorization: None,
        asked: None,
        cancels: None,
    })))
}
