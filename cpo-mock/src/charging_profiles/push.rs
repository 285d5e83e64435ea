//! Telling who has set a profile that the station's plan is another one now. Spec: mod_charging_profiles, "Sender Interface",
//! "PUT Method".

use http::Method;
use ocpi_http::{CallError, join};
use ocpi_types::{InterfaceRole, ModuleId, PartyId, SessionStatus};

use super::convert;
use crate::outbox::{Desk, ours};
use crate::sessions;
use crate::station::{EvseKey, Stations};

/// How far the plan reaches that is sent, in seconds. The spec speaks of 5 to 60 minutes.
const REACH: i64 = 1800;

/// Asks the station for its plan as it is now, and sends it. Nothing is to be told of a Session that has ended, and
/// nothing can be told of a station that does not say.
pub(crate) async fn deliver(desk: &Desk<'_>, stations: &impl Stations) -> Result<Option<String>, CallError> {
    let found = sessions::store::find(&desk.party.db, Some(&desk.owner), &desk.id).await.map_err(|e| ours(&e))?;
    let found = found.filter(|found| found.audience == desk.peer.id && found.session.status == SessionStatus::Active);
    let Some(session) = found.map(|found| found.session) else { return Ok(None) };
    let Some(endpoint) = desk.peer.endpoint(&ModuleId::Chargingprofiles, &InterfaceRole::Sender) else {
        return Ok(None);
    };
    let evse = EvseKey { owner: desk.owner.clone(), location_id: session.location_id, evse_uid: session.evse_uid };
    let plan = stations.plan(&evse, session.id.as_str(), REACH).await.map_err(|error| ours(&error))?;
    let Ok(plan) = plan else { return Ok(None) };
    let url = join(endpoint, &[session.id.as_str()])?;
    let to = PartyId::new(session.cdr_token.country_code.as_str(), session.cdr_token.party_id.as_str());
    let target = desk.party.target(desk.peer, &desk.owner, &to);
    let body = target.body(&convert::active(&plan));
    desk.party.client.call(&target, Method::PUT, &url, Some(body)).await?;
    Ok(None)
}
