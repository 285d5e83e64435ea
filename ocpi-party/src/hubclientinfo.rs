//! Module hubclientinfo, as a party that is connected to a hub: who else is there, and who can be reached.
//!
//! The hub owns the ClientInfo objects. It PUTs each change here, and we GET its list at start-up, after an outage and on the
//! slow schedule of all pulls. A Configuration Module: there are no routing headers. Spec: mod_hub_client_info.
//!
//! What follows from it: parties behind a hub can be called through it ([`Party::target`] with the party in `OCPI-to`).
//! While the hub does not say CONNECTED nothing is sent to them ([`Peer::client_status`]). What they are to hear is marked
//! and not queued; once they are connected again, it is sent as it stands then.

mod pull;
mod receiver;
pub(crate) mod store;

use axum::extract::FromRef;
use ocpi_types::{ConnectionStatus, PartyId, Role};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use pull::pull;
pub(crate) use store::party_of;

#[cfg(doc)]
use crate::Peer;
use crate::{DbError, Party};

/// The path of the Receiver interface.
pub const HUB_CLIENT_INFO_PATH: &str = "/ocpi/2.2.1/hubclientinfo";

/// The routes of the module.
pub fn routes<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Party: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(receiver::get, receiver::put))
}

/// A party behind a hub, with how it is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Client {
    /// The party.
    pub party: PartyId,
    /// What it does.
    pub role: Role,
    /// Whether it can be reached.
    pub status: ConnectionStatus,
}

/// The ClientInfo objects that a hub has told us, as JSON, ordered by party.
pub async fn clients_of(party: &Party, hub_id: &str) -> Result<Vec<String>, DbError> {
    store::list(&party.db, hub_id).await
}

/// Called after parties behind a hub have come (back): what waited for them goes out, what they have is fetched.
fn after_reconnection(party: &Party, hub_id: &str, clients: &[PartyId]) {
    for client in clients {
        party.forget_away(hub_id, client);
    }
    party.nudge();
    party.nudge_puller();
}
