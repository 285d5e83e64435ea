//! Registering with a partner, as the side that begins: POST, PUT and DELETE of our credentials.
//!
//! No database transaction is open while the partner is called: it calls back meanwhile.

mod discover;
mod error;
mod roles;

use std::time::Duration;

use futures_util::future::BoxFuture;
use http::{Method, StatusCode};
use ocpi_http::{CallError, OcpiStatus, Secret, Url};
use ocpi_types::{Credentials, CredentialsRole, DateTime, Endpoint, ModuleId, InterfaceRole, Object, parse};
use serde_json::Value;

pub(crate) use discover::{Discovered, DiscoverError, discover};
pub use error::RegistrationError;
pub(crate) use roles::check_roles;

use crate::peers::{self, Exchanged, NewPeer, Peer, PeerStatus};
use crate::{DbError, Party, Tx, sync};

/// What a partner gave the operator out of band.
#[derive(Debug, Clone)]
pub struct Introduction {
    /// Where the partner lists its versions.
    pub versions_url: Url,
    /// The token A that the partner issued for us.
    pub token_a: Secret,
    /// The name that the operator gives the partner.
    pub name: String,
}

/// What a partner needs to register with us: hand it over through a secure channel.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Our id of the partner.
    pub peer_id: String,
    /// The token that it shows until the registration is complete.
    pub token_a: Secret,
    /// Where we list our versions.
    pub versions_url: Url,
}

/// Issues a token A: for a new partner called `name`, or anew for the partner `peer_id`.
pub async fn invite(party: &Party, name: &str, peer_id: Option<&str>) -> Result<Invitation, RegistrationError> {
    let (token, now) = (peers::new_token(), party.clock.wall());
    let known = match peer_id {
        Some(id) => Some(party.peers.get(id).await?.ok_or(RegistrationError::NoSuchPartner)?),
        None => None,
    };
    let id = known.as_ref().map_or_else(new_id, |peer| peer.id.clone());
    let (peer_id, name, secret) = (id.clone(), name.to_owned(), token.clone());
    write(party, move |tx| {
        Box::pin(async move {
            if known.is_none() {
                let new = NewPeer { id: &peer_id, name: &name, versions_url: "", token_out: "", at: now };
                peers::add_peer(tx, &new).await?;
            }
            peers::invite(tx, &peer_id, &secret, now).await
        })
    })
    .await?;
    Ok(Invitation { peer_id: id, token_a: token, versions_url: party.versions_url() })
}

/// Registers with a partner that gave us its versions URL and a token A. Answers when both sides are registered.
pub async fn register(party: &Party, introduction: &Introduction) -> Result<String, RegistrationError> {
    let id = new_id();
    let (new_id, introduced, now) = (id.clone(), introduction.clone(), party.clock.wall());
    write(party, move |tx| {
        Box::pin(async move {
            let new = NewPeer {
                id: &new_id,
                name: &introduced.name,
                versions_url: introduced.versions_url.as_str(),
                token_out: introduced.token_a.expose(),
                at: now,
            };
            peers::add_peer(tx, &new).await
        })
    })
    .await?;
    let peer = party.peers.get(&id).await?.ok_or(RegistrationError::NoSuchPartner)?;
    let result = exchange(party, &peer, introduction.versions_url.clone(), Method::POST).await;
    if result.is_err() {
        // Nothing was exchanged, nothing remains: the operator tries again with the same token A.
        let id = id.clone();
        write(party, move |tx| Box::pin(async move { peers::remove_peer(tx, &id).await })).await?;
    }
    result.map(|()| id)
}

/// Sends our credentials to a registered partner again: with a new token, and everything that has changed.
pub async fn update(party: &Party, peer_id: &str) -> Result<(), RegistrationError> {
    let peer = party.peers.get(peer_id).await?.ok_or(RegistrationError::NoSuchPartner)?;
    let url = peer.versions_url.as_deref().and_then(|url| Url::parse(url).ok());
    match url {
        Some(url) if peer.status == PeerStatus::Registered => exchange(party, &peer, url, Method::PUT).await,
        _ => Err(RegistrationError::NotRegistered),
    }
}

/// The same for the pusher, which wants to know whether to try again.
pub(crate) async fn send_credentials(party: &Party, peer: &Peer) -> Result<(), CallError> {
    update(party, &peer.id).await.map_err(|error| match error {
        RegistrationError::Call { error, .. } => error,
        // Refused for good: the operator has to look at it.
        RegistrationError::Db(error) => CallError::Request(error.chain()),
        other => CallError::refused(StatusCode::OK, OcpiStatus::ClientError, other.to_string()),
    })
}

/// Ends the registration. Our side ends whatever the partner answers; the answer tells whether it knows.
pub async fn unregister(party: &Party, peer_id: &str) -> Result<Result<(), CallError>, RegistrationError> {
    let peer = party.peers.get(peer_id).await?.ok_or(RegistrationError::NoSuchPartner)?;
    let told = match peer.status {
        PeerStatus::Registered => tell_end(party, &peer).await,
        // There is nobody who believes to be registered.
        PeerStatus::Invited | PeerStatus::Unregistered => Ok(()),
    };
    let (id, now) = (peer.id.clone(), party.clock.wall());
    let failure = told.as_ref().err().map(ToString::to_string);
    write(party, move |tx| {
        Box::pin(async move {
            peers::unregister(tx, &id).await?;
            if let Some(failure) = failure {
                let message = format!("could not be told that the registration has ended: {failure}");
                peers::record_finding(tx, &id, now, "credentials", "", &message).await?;
            }
            Ok(())
        })
    })
    .await?;
    Ok(told)
}

async fn tell_end(party: &Party, peer: &Peer) -> Result<(), CallError> {
    let url = credentials_url(&peer.endpoints)?;
    match party.client.call(&party.plain_target(peer), Method::DELETE, &url, None).await {
        // It does not know us any more, which is what we wanted.
        Err(error) if matches!(error.http(), Some(StatusCode::UNAUTHORIZED | StatusCode::METHOD_NOT_ALLOWED)) => Ok(()),
        other => other.map(|_| ()),
    }
}

fn credentials_url(endpoints: &[Endpoint]) -> Result<Url, CallError> {
    let url = endpoints.iter().find(|endpoint| endpoint.identifier == ModuleId::Credentials);
    let url = url.ok_or_else(|| CallError::Request("the partner lists no credentials endpoint".to_owned()))?;
    ocpi_http::join(url.url.as_str(), &[])
}

/// GET versions, GET details, then POST or PUT of our credentials with a token that is valid from before the call on.
async fn exchange(party: &Party, peer: &Peer, versions_url: Url, method: Method) -> Result<(), RegistrationError> {
    let found = discover(party, &party.plain_target(peer), &versions_url).await?;
    let url = credentials_url(&found.endpoints)?;
    let token = peers::new_token();
    accept_while_open(party, &peer.id, &token).await?;
    let own = own_credentials(party, &token).await;
    let sent = party.client.call(&party.plain_target(peer), method, &url, Some(own.to_json())).await;
    let settled = match sent {
        Ok(answer) => settle(party, peer, &versions_url, found, &token, answer.data).await,
        Err(error) => Err(RegistrationError::Call { step: "sending our credentials", error }),
    };
    if settled.is_err() {
        let token = token.clone();
        write(party, move |tx| Box::pin(async move { peers::drop_token(tx, &token).await.map(|_| ()) })).await?;
    }
    settled
}

/// The peer calls back with this token before it answers.
async fn accept_while_open(party: &Party, peer_id: &str, token: &Secret) -> Result<(), DbError> {
    let now = party.clock.wall();
    // A crash in the middle leaves a token that nobody was told to use; it expires.
    let expires_at = now + party.config.client_timeout() * 4 + Duration::from_secs(10);
    let (peer_id, token) = (peer_id.to_owned(), token.clone());
    write(party, move |tx| {
        Box::pin(async move { peers::add_pending_token(tx, &peer_id, &token, now, expires_at).await })
    })
    .await
}

/// Our credentials object, with the token that the partner is to use.
pub(crate) async fn own_credentials(party: &Party, token: &Secret) -> Credentials {
    Credentials {
        token: token.expose().into(),
        url: party.versions_url().as_str().into(),
        roles: party.own_roles().await,
        extra: Default::default(),
    }
}

/// The partner has accepted: stores what it answered.
async fn settle(
    party: &Party,
    peer: &Peer,
    versions_url: &Url,
    found: Discovered,
    token: &Secret,
    data: Value,
) -> Result<(), RegistrationError> {
    let data = match data {
        Value::Array(mut list) if list.len() == 1 => list.remove(0),
        other => other,
    };
    let parsed = parse::<Credentials>(data);
    // The partner believes to be registered: be content with anything that can be worked with.
    let theirs = parsed.value.filter(|theirs| !theirs.token.as_str().is_empty());
    let theirs = theirs.ok_or_else(|| RegistrationError::BadAnswer(parsed.report.clone()))?;
    let url = Url::parse(theirs.url.as_str()).unwrap_or_else(|_| versions_url.clone());
    if let Err(error) = check_roles(party, &peer.id, &theirs.roles).await {
        end_conflict(party, peer, &theirs, &found).await;
        return Err(error);
    }
    finish(party, &peer.id, token, &theirs, &url, found.endpoints).await?;
    for finding in parsed.report.findings {
        tracing::warn!(peer = peer.name, %finding, "in the partner's credentials");
    }
    Ok(())
}

/// We cannot work with this partner; it must not believe otherwise.
async fn end_conflict(party: &Party, peer: &Peer, theirs: &Credentials, found: &Discovered) {
    if peer.status == PeerStatus::Registered {
        return;
    }
    let token = Secret::new(theirs.token.as_str());
    let target = ocpi_http::Target { token: &token, ..party.plain_target(peer) };
    let ended = match credentials_url(&found.endpoints) {
        Ok(url) => party.client.call(&target, Method::DELETE, &url, None).await.map(|_| ()),
        Err(error) => Err(error),
    };
    if let Err(error) = ended {
        tracing::warn!(peer = peer.name, %error, "could not be told that the registration is given up");
    }
}

/// Stores a complete exchange, as either side.
pub(crate) async fn finish(
    party: &Party,
    peer_id: &str,
    token_in: &Secret,
    theirs: &Credentials,
    versions_url: &Url,
    endpoints: Vec<Endpoint>,
) -> Result<(), DbError> {
    let at = party.clock.wall();
    let done = Finished {
        peer_id: peer_id.to_owned(),
        token_in: token_in.clone(),
        token_out: Secret::new(theirs.token.as_str()),
        versions_url: versions_url.to_string(),
        roles: theirs.roles.clone(),
        endpoints,
        at,
        grace_until: at + Duration::from_secs(party.config.token_grace_seconds),
    };
    write(party, move |tx| Box::pin(async move { done.store(tx).await })).await?;
    party.nudge_puller();
    party.nudge();
    Ok(())
}

/// An exchange that both sides have agreed to, ready to be stored.
pub(crate) struct Finished {
    pub(crate) peer_id: String,
    pub(crate) token_in: Secret,
    pub(crate) token_out: Secret,
    pub(crate) versions_url: String,
    pub(crate) roles: Vec<CredentialsRole>,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) at: DateTime,
    pub(crate) grace_until: DateTime,
}

impl Finished {
    pub(crate) async fn store(&self, tx: &mut Tx) -> Result<(), DbError> {
        let done = Exchanged {
            peer_id: &self.peer_id,
            token_in: &self.token_in,
            token_out: &self.token_out,
            versions_url: &self.versions_url,
            roles: &self.roles,
            endpoints: &self.endpoints,
            at: self.at,
            grace_until: self.grace_until,
        };
        peers::finish_exchange(tx, &done).await?;
        sync::after_registration(tx, &self.peer_id).await
    }
}

/// A write about peers, after which those who wait for news of them look again.
pub(crate) async fn write<T, F>(party: &Party, job: F) -> Result<T, DbError>
where
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, DbError>> + Send + 'static,
    T: Send + 'static,
{
    let written = party.db.write(job).await;
    party.peers.tell();
    written
}

fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Whether the endpoint is one of those that we cannot do without.
pub(crate) fn missing_endpoints(party: &Party, endpoints: &[Endpoint]) -> Vec<String> {
    let has = |module: &ModuleId, role: &InterfaceRole| {
        endpoints.iter().any(|endpoint| endpoint.identifier == *module && endpoint.role == *role)
    };
    let required = party.config.required_endpoints.iter().filter(|text| {
        crate::config::required_endpoint(text).is_ok_and(|(module, role)| !has(&module, &role))
    });
    let mut missing: Vec<String> = required.cloned().collect();
    if !endpoints.iter().any(|endpoint| endpoint.identifier == ModuleId::Credentials) {
        missing.insert(0, ModuleId::Credentials.to_string());
    }
    missing
}
