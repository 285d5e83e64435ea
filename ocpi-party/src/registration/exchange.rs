//! One exchange of credentials that we begin, from the first GET to what is stored at its end.

use std::time::Duration;

use http::Method;
use ocpi_http::{CallError, FailureClass, Secret, Target, Url};
use ocpi_types::{Credentials, Endpoint, Extra, ModuleId, Object, parse};
use serde_json::Value;

use super::{Discovered, RegistrationError, check_roles, discover, write};
use crate::peers::{self, Exchanged, Peer, PeerStatus};
use crate::{DbError, Party, Tx, sync};

pub(super) fn credentials_url(endpoints: &[Endpoint]) -> Result<Url, CallError> {
    let url = endpoints.iter().find(|endpoint| endpoint.identifier == ModuleId::Credentials);
    let url = url.ok_or_else(|| CallError::Request("the partner lists no credentials endpoint".to_owned()))?;
    ocpi_http::join(url.url.as_str(), &[])
}

/// GET versions, GET details, then POST or PUT of our credentials with a token that is valid from before the call on.
pub(super) async fn exchange(
    party: &Party,
    peer: &Peer,
    versions_url: Url,
    method: Method,
) -> Result<(), RegistrationError> {
    let found = discover(party, &party.plain_target(peer), &versions_url).await?;
    let url = credentials_url(&found.endpoints)?;
    let token = peers::new_token();
    accept_while_open(party, &peer.id, &token).await?;
    let own = own_credentials(party, &token).await;
    let renewed = method == Method::PUT;
    let sent = party.client.call(&party.plain_target(peer), method, &url, Some(own.to_json())).await;
    let settled = match sent {
        Ok(answer) => settle(party, peer, &versions_url, found, &token, answer.data).await,
        Err(error) => Err(RegistrationError::Call { step: "sending our credentials", error }),
    };
    if let Err(error) = &settled {
        let (token, peer_id) = (token.clone(), peer.id.clone());
        if renewed && may_have_arrived(error) {
            write(party, move |tx| Box::pin(async move { peers::keep_unsure_token(tx, &peer_id, &token).await }))
                .await?;
            return settled;
        }
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
        extra: Extra::default(),
    }
}

/// There was no answer, or none that can be read: the partner may have taken our token, and will show no other one then.
fn may_have_arrived(error: &RegistrationError) -> bool {
    match error {
        RegistrationError::Call { error, .. } => error.class() == FailureClass::PeerDown,
        RegistrationError::BadAnswer(_) => true,
        _ => false,
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
    let done = agreed(party, &peer.id, token, &theirs, &url, found);
    write(party, move |tx| Box::pin(async move { store(tx, &done).await })).await?;
    party.nudge_puller();
    party.nudge();
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
    let target = Target { token: &token, ..party.plain_target(peer) };
    let ended = match credentials_url(&found.endpoints) {
        Ok(url) => party.client.call(&target, Method::DELETE, &url, None).await.map(|_| ()),
        Err(error) => Err(error),
    };
    if let Err(error) = ended {
        tracing::warn!(peer = peer.name, %error, "could not be told that the registration is given up");
    }
}

/// What an exchange leaves behind, once both sides agree. As either side.
pub(crate) fn agreed(
    party: &Party,
    peer_id: &str,
    token_in: &Secret,
    theirs: &Credentials,
    versions_url: &Url,
    found: Discovered,
) -> Exchanged {
    let at = party.clock.wall();
    Exchanged {
        peer_id: peer_id.to_owned(),
        token_in: token_in.clone(),
        token_out: Secret::new(theirs.token.as_str()),
        versions_url: versions_url.to_string(),
        roles: theirs.roles.clone(),
        endpoints: found.endpoints,
        at,
        grace_until: at + Duration::from_secs(party.config.token_grace_seconds),
    }
}

/// Stores it, and lets the peer's lists be fetched.
pub(crate) async fn store(tx: &mut Tx, done: &Exchanged) -> Result<(), DbError> {
    peers::finish_exchange(tx, done).await?;
    sync::after_registration(tx, &done.peer_id).await
}
