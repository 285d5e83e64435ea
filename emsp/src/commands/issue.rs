//! Sends commands to CPOs. Spec: mod_commands, "Receiver Interface", called by us.
//!
//! A command is noted before it is sent, so that a result that is faster than the answer finds it, and so that nothing is
//! forgotten when we are stopped in between. Nobody sends it a second time: that is for a person to decide.

use std::sync::Arc;

use chrono::TimeDelta;
use http::Method;
use ocpi_http::{CallError, OcpiError, Target, join};
use ocpi_party::Peer;
use ocpi_types::{
    AllowedType, Capability, CommandResponse, CommandResponseType, CommandType, Evse, InterfaceRole, Location,
    LocationReferences, ModuleId, Object, PartyId, Report, Role, StartSession, Status, StopSession, TokenType,
    UnlockConnector,
};

use super::order::{StartOrder, StopOrder, UnlockOrder};
use super::store::{self, NewCommand};
use crate::tokens::account::Asked;
use crate::tokens::authorize::decide;
use crate::tokens::sender::new_reference;
use crate::tokens::store::OwnToken;
use crate::{App, locations, sessions, tokens};

/// The longest that we wait for a result, whatever the CPO says.
const LONGEST_WAIT: i64 = 600;

/// Why a command was not sent.
#[derive(Debug)]
pub enum NotSent {
    /// What the order names does not exist.
    Unknown(String),
    /// The order is not possible.
    Refused(String),
    /// Our own fault.
    Failed(OcpiError),
}

impl<E: Into<OcpiError>> From<E> for NotSent {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Where a command goes.
pub(super) struct Receiver {
    peer: Arc<Peer>,
    party: PartyId,
    endpoint: String,
}

impl Receiver {
    pub(super) fn party(&self) -> &PartyId {
        &self.party
    }

    pub(super) fn target(&self, app: &App, sender: &PartyId) -> Target<'_> {
        app.party.target(&self.peer, sender, &self.party)
    }
}

/// Starts a charge. The answer is the command's id.
pub async fn start(app: &App, order: &StartOrder) -> Result<String, NotSent> {
    let receiver = receiver(app, &order.party).await?;
    let location = location(app, &receiver.party, &order.location_id).await?;
    check_place(&location, order.evse_uid.as_deref(), order.connector_id.as_deref(), true)?;
    let own = token(app, &order.token_uid, order.token_type.as_deref(), order.brand.as_deref()).await?;
    check_token(app, &own, &receiver.party, &order.location_id, order.evse_uid.as_deref())?;
    let token_id = tokens::token_id(&own.token.uid, &own.token.token_type);
    // Spec: mod_tokens, "TokenType", AD_HOC_USER: a one-time token.
    if own.token.token_type == TokenType::AdHocUser && store::was_started_with(&app.party.db, &token_id).await? {
        let why = "a token of type AD_HOC_USER is for one charge, and this one was used: make a new one";
        return Err(NotSent::Refused(why.into()));
    }
    let id = new_id();
    let reference = new_reference();
    // Not by the builder: a token in our books may look odd, and is sent all the same.
    let request = StartSession {
        response_url: response_url(app, &CommandType::StartSession, &id)?.into(),
        token: own.token.clone(),
        location_id: location.id.clone(),
        evse_uid: order.evse_uid.as_deref().map(Into::into),
        connector_id: order.connector_id.as_deref().map(Into::into),
        authorization_reference: Some(reference.as_str().into()),
        extra: ocpi_types::Extra::default(),
    };
    let command = Command {
        id,
        kind: CommandType::StartSession,
        body: receiver.target(app, &own.owner()).body(&request),
        sender: own.owner(),
        token_id,
        reference,
        session_id: String::new(),
        reservation_id: String::new(),
    };
    send(app, receiver, command).await
}

/// Ends a charge. The answer is the command's id.
pub async fn stop(app: &App, order: &StopOrder) -> Result<String, NotSent> {
    let receiver = receiver(app, &order.party).await?;
    let sender = customer_of(app, &receiver.party, &order.session_id).await?;
    let id = new_id();
    let request = StopSession::builder()
        .response_url(response_url(app, &CommandType::StopSession, &id)?)
        .session_id(order.session_id.as_str())
        .build()
        .map_err(|report| impossible(&report))?;
    let command = Command {
        id,
        kind: CommandType::StopSession,
        body: receiver.target(app, &sender).body(&request),
        sender,
        token_id: String::new(),
        reference: String::new(),
        session_id: order.session_id.clone(),
        reservation_id: String::new(),
    };
    send(app, receiver, command).await
}

/// Releases a plug. The answer is the command's id.
pub async fn unlock(app: &App, order: &UnlockOrder) -> Result<String, NotSent> {
    let receiver = receiver(app, &order.party).await?;
    let location = location(app, &receiver.party, &order.location_id).await?;
    check_place(&location, Some(&order.evse_uid), Some(&order.connector_id), false)?;
    let id = new_id();
    let request = UnlockConnector::builder()
        .response_url(response_url(app, &CommandType::UnlockConnector, &id)?)
        .location_id(location.id.as_str())
        .evse_uid(order.evse_uid.as_str())
        .connector_id(order.connector_id.as_str())
        .build()
        .map_err(|report| impossible(&report))?;
    let command = Command {
        id,
        kind: CommandType::UnlockConnector,
        sender: app.party.own_party(),
        token_id: String::new(),
        reference: String::new(),
        session_id: String::new(),
        reservation_id: String::new(),
        body: receiver.target(app, &app.party.own_party()).body(&request),
    };
    send(app, receiver, command).await
}

/// A command that is ready to go.
pub(super) struct Command {
    pub(super) id: String,
    pub(super) kind: CommandType,
    pub(super) sender: PartyId,
    pub(super) token_id: String,
    pub(super) reference: String,
    pub(super) session_id: String,
    pub(super) reservation_id: String,
    pub(super) body: String,
}

pub(super) fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

pub(super) fn impossible(report: &Report) -> NotSent {
    NotSent::Refused(report.to_string())
}

/// Where the CPO sends the result: nobody else can know this URL.
pub(super) fn response_url(app: &App, command: &CommandType, id: &str) -> Result<String, NotSent> {
    let url = join(app.party.url(crate::app::COMMANDS).as_str(), &[command.as_str(), id]);
    Ok(url.map_err(OcpiError::internal)?.into())
}

pub(super) async fn receiver(app: &App, party: &str) -> Result<Receiver, NotSent> {
    let party: PartyId = party.parse().map_err(|error: ocpi_types::NotAParty| NotSent::Refused(error.to_string()))?;
    let Some(peer) = app.peer_of(&party, &Role::Cpo).await? else {
        return Err(NotSent::Unknown(format!("no registered partner is the CPO {party}")));
    };
    if let Some(why) = app.party.why_away(&peer, &party) {
        return Err(NotSent::Refused(format!("{party} cannot be reached: {why}; order again when it is CONNECTED")));
    }
    let Some(endpoint) = peer.endpoint(&ModuleId::Commands, &InterfaceRole::Receiver).map(str::to_owned) else {
        return Err(NotSent::Refused(format!("{} takes no commands", peer.name)));
    };
    Ok(Receiver { peer, party, endpoint })
}

pub(super) async fn location(app: &App, party: &PartyId, id: &str) -> Result<Location, NotSent> {
    let found = locations::store::find(&app.party.db, party, id).await?;
    found.ok_or_else(|| NotSent::Unknown(format!("no location {id:?} of {party}")))
}

/// Whether the place exists and is named as precisely as the station needs to start.
pub(super) fn check_place(
    location: &Location,
    evse_uid: Option<&str>,
    connector_id: Option<&str>,
    starts: bool,
) -> Result<(), NotSent> {
    if location.is_expired() {
        return Err(NotSent::Refused(format!("location {} has no EVSE any more", location.id)));
    }
    let Some(uid) = evse_uid else {
        return match connector_id {
            Some(_) => Err(NotSent::Refused("connector_id needs evse_uid".into())),
            None => Ok(()),
        };
    };
    let unknown = |what: &str| NotSent::Unknown(format!("location {} has no {what}", location.id));
    let evse: &Evse = locations::tree::evse(location, uid).map_err(|_| unknown(&format!("EVSE {uid:?}")))?;
    if evse.status == Status::Removed {
        return Err(NotSent::Refused(format!("EVSE {uid} has been removed")));
    }
    match connector_id {
        Some(id) => {
            locations::tree::connector(evse, id).map_err(|_| unknown(&format!("connector {id:?} at EVSE {uid}")))?;
        }
        None if starts && evse.capabilities.contains(&Capability::StartSessionConnectorRequired) => {
            return Err(NotSent::Refused(format!("EVSE {uid} needs a connector_id to start")));
        }
        None => {}
    }
    Ok(())
}

/// Which of our brands a Session belongs to; the configured party where we do not know the Session.
async fn customer_of(app: &App, cpo: &PartyId, session_id: &str) -> Result<PartyId, NotSent> {
    let session = sessions::store::find(&app.party.db, cpo, session_id).await?;
    let brand = session.map(|session| PartyId::new(session.cdr_token.country_code, session.cdr_token.party_id));
    match brand {
        Some(brand) if app.party.hosts(&brand).await => Ok(brand),
        _ => Ok(app.party.own_party()),
    }
}

pub(super) async fn token(
    app: &App,
    uid: &str,
    token_type: Option<&str>,
    brand: Option<&str>,
) -> Result<OwnToken, NotSent> {
    let token_type = token_type.map_or(TokenType::AppUser, TokenType::from);
    let found = app.tokens.find(&tokens::token_id::<36>(&uid.into(), &token_type)).await?;
    let brand: Option<PartyId> = brand
        .map(str::parse)
        .transpose()
        .map_err(|error: ocpi_types::NotAParty| NotSent::Refused(format!("brand: {error}")))?;
    let own = found.iter().find(|own| brand.as_ref().is_none_or(|brand| own.owner() == *brand));
    own.cloned().ok_or_else(|| NotSent::Unknown(format!("no token {uid:?} of type {token_type}")))
}

/// The CPO does not ask whether the Token may charge: it takes our word for it.
pub(super) fn check_token(
    app: &App,
    own: &OwnToken,
    party: &PartyId,
    location_id: &str,
    evse_uid: Option<&str>,
) -> Result<(), NotSent> {
    let location = LocationReferences::builder()
        .location_id(location_id)
        .evse_uids(evse_uid)
        .build()
        .map_err(|report| impossible(&report))?;
    let asked = Asked { party: Some(party), location: &location };
    // The CPO would choose the EVSE, and does not know which ones are open to this driver.
    if evse_uid.is_none() && own.account.depends_on_evse(&asked) {
        return Err(NotSent::Refused(
            "this token works at some EVSEs of the location only: say at which, by evse_uid".into(),
        ));
    }
    match decide(&own.token, &own.account, Some(&asked), app.party.clock.now()) {
        Ok(verdict) if verdict.allowed == AllowedType::Allowed => Ok(()),
        Ok(verdict) => {
            let why = verdict.info.map(|info| info.text.to_string()).unwrap_or_default();
            Err(NotSent::Refused(format!("{}: {why}", verdict.allowed)))
        }
        Err(_) => Err(NotSent::Refused("the token depends on a place".into())),
    }
}

pub(super) async fn send(app: &App, receiver: Receiver, command: Command) -> Result<String, NotSent> {
    let party = &app.party;
    let url = join(&receiver.endpoint, &[command.kind.as_str()])
        .map_err(|error| NotSent::Refused(format!("{}: {error}", receiver.peer.name)))?;
    let created_at = party.clock.wall();
    let deadline = created_at + TimeDelta::seconds(app.config.command_timeout_seconds);
    let new = NewCommand {
        id: command.id.clone(),
        command: command.kind.clone(),
        peer_id: receiver.peer.id.clone(),
        sender: command.sender.clone(),
        receiver: receiver.party.clone(),
        token_id: command.token_id,
        request: command.body.clone(),
        authorization_reference: command.reference,
        session_id: command.session_id,
        reservation_id: command.reservation_id,
        created_at,
        deadline,
    };
    store::insert(&party.db, new).await?;
    let target = receiver.target(app, &command.sender);
    match party.client.call(&target, Method::POST, &url, Some(command.body)).await {
        Ok(answer) => responded(app, &command.id, answer.data).await?,
        Err(error) => {
            store::failed(&party.db, command.id.clone(), error.to_string()).await?;
            // A refusal like 2003 carries a CommandResponse as well.
            if let CallError::Refused { data: Some(data), .. } = error {
                responded(app, &command.id, *data).await?;
            }
        }
    }
    Ok(command.id)
}

async fn responded(app: &App, id: &str, data: serde_json::Value) -> Result<(), NotSent> {
    let parsed = ocpi_types::parse::<CommandResponse>(data);
    let Some(response) = parsed.value else {
        let failure = format!("the answer is no CommandResponse: {}", parsed.report);
        return Ok(store::failed(&app.party.db, id.to_owned(), failure).await?);
    };
    let at = app.party.clock.wall();
    let seconds = if response.result == CommandResponseType::Accepted && response.timeout <= 0 {
        // Accepted, and no time for a result: take the time we would have given anyway.
        app.config.command_timeout_seconds
    } else {
        response.timeout.clamp(0, LONGEST_WAIT)
    };
    let deadline = at + TimeDelta::seconds(seconds);
    Ok(store::responded(&app.party.db, id.to_owned(), response.to_json(), at, deadline).await?)
}
