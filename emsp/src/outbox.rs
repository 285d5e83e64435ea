//! What partners are told: CPOs of our Tokens, smart charging partners of what the stations intend to do.

use ocpi_http::CallError;
use ocpi_party::{Behind, Outbox, Peer};
use ocpi_types::{ModuleId, PartyId};

use crate::{App, charging_profiles, tokens};

/// The pusher's hands.
#[derive(Debug, Clone)]
pub struct EmspOutbox(pub App);

impl Outbox for EmspOutbox {
    async fn deliver(&self, peer: &Peer, behind: &Behind) -> Result<Option<String>, CallError> {
        let Some((owner, id)) = split(&behind.object) else { return Ok(None) };
        match ModuleId::from(behind.module.as_str()) {
            ModuleId::Tokens => tokens::push::deliver(&self.0, peer, &owner, id).await,
            ModuleId::Chargingprofiles => charging_profiles::push::deliver(&self.0, peer, &owner, id).await,
            // Nothing else is marked here.
            _ => Ok(None),
        }
    }
}

/// `NL/TNM|UID|TYPE` into owner and id.
fn split(object: &str) -> Option<(PartyId, &str)> {
    let (owner, id) = object.split_once('|')?;
    Some((owner.parse().ok()?, id))
}
