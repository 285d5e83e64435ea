//! Asks CPOs about the profiles of Sessions. Spec: mod_charging_profiles, "Receiver Interface", called by us.
//!
//! As with commands, a request is noted before it is sent, and nobody sends it a second time.

use std::sync::Arc;

use chrono::TimeDelta;
use http::Method;
use ocpi_http::{CallError, OcpiError, Url, join};
use ocpi_party::Peer;
use ocpi_types::{
    Capability, ChargingProfile, ChargingProfileResponse, ChargingProfileResponseType, Extra, InterfaceRole, ModuleId,
    Object, PartyId, Role, Session, SessionStatus, SetChargingProfile,
};

use super::store::{self, Kind, NewRequest, Relay};
use crate::commands::issue::NotSent;
use crate::{App, locations, sessions};

/// The longest that we wait for a result, whatever the CPO says.
const LONGEST_WAIT: i64 = 600;

/// What is to be done about the profile of a Session.
#[derive(Debug, Clone)]
pub enum Order {
    /// Ask what the station intends to do in the coming seconds.
    Read(i64),
    /// Set this profile.
    Set(ChargingProfile),
    /// Clear what we have set.
    Clear,
}

impl Order {
    fn kind(&self) -> Kind {
        match self {
            Self::Read(_) => Kind::Get,
            Self::Set(_) => Kind::Put,
            Self::Clear => Kind::Delete,
        }
    }
}

/// What the CPO answered at once.
#[derive(Debug, Clone)]
pub struct Sent {
    /// The request's id.
    pub id: String,
    /// The answer; `None` when there was none that can be used.
    pub response: Option<ChargingProfileResponse>,
}

/// Sends a request about a Session.
pub async fn send(app: &App, owner: &PartyId, session_id: &str, order: &Order, relay: Relay) -> Result<Sent, NotSent> {
    let session = ongoing(app, owner, session_id).await?;
    if !capable(app, owner, &session, &Capability::ChargingProfileCapable).await? {
        return Err(NotSent::Refused(format!("EVSE {} takes no charging profiles", session.evse_uid)));
    }
    let (peer, endpoint) = cpo(app, owner, &ModuleId::Chargingprofiles, &InterfaceRole::Receiver).await?;
    let sender = sender(app, &session).await;
    let id = uuid::Uuid::new_v4().to_string();
    let response_url = response_url(app, &id)?;
    let mut url =
        join(&endpoint, &[session.id.as_str()]).map_err(|error| NotSent::Refused(format!("{}: {error}", peer.name)))?;
    let target = app.party.target(&peer, &sender, owner);
    let body = match order {
        Order::Set(profile) => Some(target.body(&SetChargingProfile {
            charging_profile: profile.clone(),
            response_url: response_url.as_str().into(),
            extra: Extra::default(),
        })),
        Order::Read(seconds) => {
            url.query_pairs_mut().append_pair("duration", &seconds.to_string());
            None
        }
        Order::Clear => None,
    };
    if body.is_none() {
        url.query_pairs_mut().append_pair("response_url", response_url.as_str());
    }
    let created_at = app.party.clock.wall();
    let new = NewRequest {
        id: id.clone(),
        kind: order.kind(),
        peer_id: peer.id.clone(),
        owner: owner.clone(),
        session_id: session.id.as_str().to_owned(),
        request: body.clone().unwrap_or_else(|| url.query().unwrap_or_default().to_owned()),
        created_at,
        deadline: created_at + TimeDelta::seconds(app.config.command_timeout_seconds),
        relay,
    };
    store::insert(&app.party.db, new).await?;
    let method = match order.kind() {
        Kind::Get => Method::GET,
        Kind::Put => Method::PUT,
        Kind::Delete => Method::DELETE,
    };
    let response = match app.party.client.call(&target, method, &url, body).await {
        Ok(answer) => responded(app, &id, answer.data).await?,
        Err(error) => {
            store::failed(&app.party.db, id.clone(), error.to_string()).await?;
            match error {
                CallError::Refused { data: Some(data), .. } => responded(app, &id, *data).await?,
                _ => None,
            }
        }
    };
    Ok(Sent { id, response })
}

/// The Session, if it is going on.
pub(crate) async fn ongoing(app: &App, owner: &PartyId, session_id: &str) -> Result<Session, NotSent> {
    let session = sessions::store::find(&app.party.db, owner, session_id).await?;
    let session = session.ok_or_else(|| NotSent::Unknown(format!("no session {session_id:?} of {owner}")))?;
    if session.status == SessionStatus::Active {
        return Ok(session);
    }
    Err(NotSent::Refused(format!("the session is {}: nobody is charging in it", session.status)))
}

/// Whether the EVSE of a Session says that it can do this; one that we do not know might.
pub(crate) async fn capable(
    app: &App,
    owner: &PartyId,
    session: &Session,
    capability: &Capability,
) -> Result<bool, NotSent> {
    let location = locations::store::find(&app.party.db, owner, session.location_id.as_str()).await?;
    let evse = location.and_then(|location| location.evses.into_iter().find(|evse| evse.uid == session.evse_uid));
    Ok(evse.is_none_or(|evse| evse.capabilities.contains(capability)))
}

/// The partner behind a CPO, and where it takes requests of this kind.
pub(crate) async fn cpo(
    app: &App,
    owner: &PartyId,
    module: &ModuleId,
    role: &InterfaceRole,
) -> Result<(Arc<Peer>, String), NotSent> {
    let Some(peer) = app.peer_of(owner, &Role::Cpo).await? else {
        return Err(NotSent::Unknown(format!("no registered partner is the CPO {owner}")));
    };
    let endpoint = peer.endpoint(module, role).map(str::to_owned);
    let endpoint = endpoint.ok_or_else(|| NotSent::Refused(format!("{} does not offer this module", peer.name)))?;
    Ok((peer, endpoint))
}

/// Our party whose driver charges.
pub(crate) async fn sender(app: &App, session: &Session) -> PartyId {
    let issuer = PartyId::new(session.cdr_token.country_code.as_str(), session.cdr_token.party_id.as_str());
    if app.party.hosts(&issuer).await { issuer } else { app.party.own_party() }
}

/// Where the CPO sends the result: nobody else can know this URL.
fn response_url(app: &App, id: &str) -> Result<Url, NotSent> {
    let base = app.party.url(crate::app::CHARGING_PROFILES);
    Ok(join(base.as_str(), &["results", id]).map_err(OcpiError::internal)?)
}

async fn responded(app: &App, id: &str, data: serde_json::Value) -> Result<Option<ChargingProfileResponse>, NotSent> {
    let parsed = ocpi_types::parse::<ChargingProfileResponse>(data);
    let Some(response) = parsed.value else {
        let failure = format!("the answer is no ChargingProfileResponse: {}", parsed.report);
        store::failed(&app.party.db, id.to_owned(), failure).await?;
        return Ok(None);
    };
    let seconds = if response.result == ChargingProfileResponseType::Accepted && response.timeout <= 0 {
        // Accepted, and no time for a result: take the time we would have given anyway.
        app.config.command_timeout_seconds
    } else {
        response.timeout.clamp(0, LONGEST_WAIT)
    };
    let deadline = app.party.clock.wall() + TimeDelta::seconds(seconds);
    store::responded(&app.party.db, id.to_owned(), response.to_json(), deadline).await?;
    Ok(Some(response))
}
