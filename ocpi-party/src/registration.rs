//! Registering with a partner, as the side that begins: POST, PUT and DELETE of our credentials.
//!
//! No database transaction is open while the partner is called: it calls back meanwhile.

mod discover;
mod error;
mod exchange;
mod roles;

use futures_util::future::BoxFuture;
use http::{Method, StatusCode};
use ocpi_http::{CallError, OcpiStatus, Secret, TokenForm, Url};

pub(crate) use discover::{DiscoverError, Discovered, discover};
pub use error::RegistrationError;
pub(crate) use exchange::{agreed, own_credentials, store};
use exchange::{credentials_url, exchange};
pub(crate) use roles::check_roles;

use crate::peers::{self, NewPeer, Peer, PeerStatus};
use crate::{DbError, Party, Tx};

/// What a partner gave the operator out of band.
#[derive(Debug, Clone)]
pub struct Introduction {
    /// Where the partner lists its versions.
    pub versions_url: Url,
    /// The token A that the partner issued for us.
    pub token_a: Secret,
    /// How the partner wants tokens to be written.
    pub form: TokenForm,
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
                let new = NewPeer {
                    id: &peer_id,
                    name: &name,
                    versions_url: "",
                    token_out: "",
                    form: TokenForm::Base64,
                    at: now,
                };
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
    let url = introduction.versions_url.as_str();
    let known = party.peers.registered().await?;
    if let Some(peer) = known.iter().find(|peer| peer.versions_url.as_deref() == Some(url)) {
        return Err(RegistrationError::AlreadyRegistered(peer.name.clone()));
    }
    let id = new_id();
    let (new_id, introduced, now) = (id.clone(), introduction.clone(), party.clock.wall());
    write(party, move |tx| {
        Box::pin(async move {
            let new = NewPeer {
                id: &new_id,
                name: &introduced.name,
                versions_url: introduced.versions_url.as_str(),
                token_out: introduced.token_a.expose(),
                form: introduced.form,
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
