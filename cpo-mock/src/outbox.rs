//! What partners are told: each module sends its own objects.

use http::Method;
use ocpi_http::{Answer, CallError, FailureClass, OcpiStatus, Url, join};
use ocpi_party::sync::{Behind, Outbox};
use ocpi_party::{DbError, Party, Peer};
use ocpi_types::{InterfaceRole, ModuleId, PartyId, Role};
use serde_json::Value;

use crate::station::Simulator;
use crate::{cdrs, charging_profiles, locations, sessions, tariffs};

/// Sends this platform's objects to partners.
#[derive(Debug, Clone)]
pub struct CpoOutbox {
    /// The platform.
    pub party: Party,
    /// The stations, which know what they intend to do.
    pub stations: Simulator,
}

impl Outbox for CpoOutbox {
    async fn deliver(&self, peer: &Peer, behind: &Behind) -> Result<Option<String>, CallError> {
        let Some((owner, id)) = read_object(&behind.object) else { return Ok(None) };
        let desk = Desk { party: &self.party, peer, behind, owner, id };
        match ModuleId::from(behind.module.as_str()) {
            ModuleId::Locations => locations::push::deliver(&desk).await,
            ModuleId::Tariffs => tariffs::push::deliver(&desk).await,
            ModuleId::Sessions => sessions::push::deliver(&desk).await,
            ModuleId::Cdrs => cdrs::push::deliver(&desk).await,
            ModuleId::Chargingprofiles => charging_profiles::push::deliver(&desk, &self.stations).await,
            // Nothing else is marked here.
            _ => Ok(None),
        }
    }
}

/// `NL/TNM|LOC1`: the owner and the rest.
fn read_object(object: &str) -> Option<(PartyId, String)> {
    let (owner, id) = object.split_once('|')?;
    Some((owner.parse().ok()?, id.to_owned()))
}

/// One delivery.
pub(crate) struct Desk<'a> {
    pub(crate) party: &'a Party,
    pub(crate) peer: &'a Peer,
    pub(crate) behind: &'a Behind,
    /// The party that owns the object.
    pub(crate) owner: PartyId,
    /// The object's id, in upper case.
    pub(crate) id: String,
}

impl Desk<'_> {
    /// The party at the partner to which objects go that concern none of its parties in particular. Named to a hub, it is a
    /// Broadcast Push.
    pub(crate) fn anybody(&self) -> PartyId {
        self.peer.for_all(&Role::Emsp).unwrap_or_else(|| self.owner.clone())
    }

    /// A URL below the partner's Receiver endpoint of a module; `None` when it has none.
    pub(crate) fn url(&self, module: &ModuleId, segments: &[&str]) -> Result<Option<Url>, CallError> {
        let endpoint = self.peer.endpoint(module, &InterfaceRole::Receiver);
        endpoint.map(|endpoint| join(endpoint, segments)).transpose()
    }

    /// Sends a request on behalf of the object's owner.
    pub(crate) async fn send(
        &self,
        to: &PartyId,
        method: Method,
        url: &Url,
        body: Option<String>,
    ) -> Result<Answer, CallError> {
        let target = self.party.target(self.peer, &self.owner, to);
        self.party.client.call(&target, method, url, body).await
    }

    /// What the partner has of an object of which it has refused a PATCH; `None` when it has nothing. Where it does not say, the
    /// refusal stands. Spec: transport_and_format, "PATCH".
    pub(crate) async fn look(&self, to: &PartyId, url: &Url, refusal: CallError) -> Result<Option<Value>, CallError> {
        match self.send(to, Method::GET, url, None).await {
            Ok(answer) => Ok(Some(answer.data).filter(|data| !data.is_null())),
            Err(error) if is_unknown(&error) => Ok(None),
            Err(error) if error.class() != FailureClass::Refused => Err(error),
            Err(_) if is_unknown(&refusal) => Ok(None),
            Err(_) => Err(refusal),
        }
    }
}

/// A failure of our own database: says nothing about the partner.
pub(crate) fn ours(error: &DbError) -> CallError {
    CallError::Request(format!("our own database: {}", error.chain()))
}

/// The partner says that it does not have the object, or what the object is part of.
pub(crate) fn is_unknown(error: &CallError) -> bool {
    let missing = error.http() == Some(http::StatusCode::NOT_FOUND);
    missing || error.ocpi_status() == Some(OcpiStatus::UnknownLocation)
}
