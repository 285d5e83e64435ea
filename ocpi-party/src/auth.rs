//! Who calls, and what they may do. Rights are extractor types: a handler's signature says whom it serves.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRef, FromRequestParts};
use http::header::AUTHORIZATION;
use http::request::Parts;
use ocpi_http::{OcpiError, PresentedToken, Routing, Secret, TokenForm, answer_as, note_peer};
use ocpi_types::{PartyId, Role};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::operator::OperatorError;
use crate::peers::{self, Known, Peer, PeerStatus, TokenKind};
use crate::{DbError, Party, sync};

/// How long a peer that is faster than the answer to our own request is kept waiting.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(5);

/// A peer with which credentials have been exchanged. Everybody else, token A included, gets 401.
#[derive(Debug, Clone)]
pub struct RegisteredPeer(pub Arc<Peer>);

/// For versions and credentials: a registered peer, one that holds a token A, or one that calls back during our own
/// registration. Everybody else gets 401.
#[derive(Debug, Clone)]
pub struct KnownCaller {
    /// Who it is.
    pub peer: Arc<Peer>,
    /// It shows a token A: it has not registered yet.
    pub token_a: bool,
    /// What its token is good for.
    pub kind: TokenKind,
    /// The token as it stands in a credentials object.
    pub token: Secret,
}

/// Somebody who shows the operator key: `Authorization: Bearer <key>`.
#[derive(Debug, Clone, Copy)]
pub struct Operator;

impl<S> FromRequestParts<S> for RegisteredPeer
where
    S: Send + Sync,
    Party: FromRef<S>,
{
    type Rejection = OcpiError;

    async fn from_request_parts(head: &mut Parts, state: &S) -> Result<Self, OcpiError> {
        let party = Party::from_ref(state);
        let presented = PresentedToken::from_request_parts(head, state).await?;
        let caller = identify(&party, head, &presented).await?;
        let known = match caller.known.kind {
            TokenKind::Pending => wait_for_registration(&party, &presented, caller.known).await?,
            _ => caller.known,
        };
        match known.kind {
            TokenKind::Current | TokenKind::Old | TokenKind::Unsure if known.peer.status == PeerStatus::Registered => {
                sync::alive(&party, &known.peer.id);
                // For an answer to a request that does not say which of our parties it is for.
                answer_as(&head.extensions, &party.own_party());
                Ok(Self(known.peer))
            }
            _ => Err(OcpiError::unauthorized(
                "this token is for versions and credentials only; complete the registration first",
            )),
        }
    }
}

impl<S> FromRequestParts<S> for KnownCaller
where
    S: Send + Sync,
    Party: FromRef<S>,
{
    type Rejection = OcpiError;

    async fn from_request_parts(head: &mut Parts, state: &S) -> Result<Self, OcpiError> {
        let party = Party::from_ref(state);
        let presented = PresentedToken::from_request_parts(head, state).await?;
        let caller = identify(&party, head, &presented).await?;
        let kind = caller.known.kind;
        Ok(Self { token_a: kind == TokenKind::A, kind, peer: caller.known.peer, token: caller.token })
    }
}

impl KnownCaller {
    /// Whether the registration of this caller, with this token, is complete.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        matches!(self.kind, TokenKind::Current | TokenKind::Old | TokenKind::Unsure)
    }
}

struct Caller {
    known: Known,
    token: Secret,
}

async fn identify(party: &Party, head: &Parts, presented: &PresentedToken) -> Result<Caller, OcpiError> {
    let found = party.peers.known(&presented.candidates).await?;
    let Some((known, token, form)) = found else {
        if let Some(peer) = party.peers.behind_with_tokens(&presented.candidates).await? {
            offer_new_token(party, &peer);
        }
        return Err(OcpiError::unauthorized("this credentials token is not known here"));
    };
    if form == TokenForm::Raw && !party.config.accept_raw_tokens {
        return Err(OcpiError::unauthorized(
            "write the credentials token Base64 encoded into the Authorization header",
        ));
    }
    note_peer(&head.extensions, &known.peer.name);
    if !known.used {
        remember_use(party, known.hash.clone());
    }
    if known.peer.form_seen != Some(form) {
        remember_form(party, &known.peer, form);
    }
    Ok(Caller { known, token })
}

/// The peer has sent us new credentials, and our answer with its new token never reached it. What it has instead is void. It gets
/// a token by a PUT of our own: nobody else can tell it one.
fn offer_new_token(party: &Party, peer: &Peer) {
    let (party, peer_id, name) = (party.clone(), peer.id.clone(), peer.name.clone());
    tokio::spawn(async move {
        let marked: Result<(), DbError> =
            party.db.write(move |tx| Box::pin(async move { sync::mark_credentials(tx, &peer_id).await })).await;
        match marked {
            Ok(()) => {
                tracing::warn!(
                    peer = name,
                    "the peer shows a token that was replaced; it is sent our credentials again"
                );
                party.nudge();
            }
            Err(error) => tracing::error!(error = error.chain(), "a peer cannot be given a new token"),
        }
    });
}

/// Off the way of the request, once for each token.
fn remember_use(party: &Party, hash: String) {
    let (party, now) = (party.clone(), party.clock.wall());
    tokio::spawn(async move {
        let written: Result<(), DbError> =
            party.db.write(move |tx| Box::pin(async move { peers::note_use(tx, &hash, now).await })).await;
        if let Err(error) = written {
            tracing::warn!(error = error.chain(), "that a token is in use could not be stored");
        }
    });
}

/// Off the way of the request: it is for the operator to see, nothing depends on it.
fn remember_form(party: &Party, peer: &Peer, form: TokenForm) {
    let (party, peer_id) = (party.clone(), peer.id.clone());
    tokio::spawn(async move {
        let written: Result<(), DbError> =
            party.db.write(move |tx| Box::pin(async move { peers::set_form_seen(tx, &peer_id, form).await })).await;
        if let Err(error) = written {
            tracing::warn!(error = error.chain(), "how a peer writes its token could not be stored");
        }
    });
}

/// The peer has completed the exchange that we began, and calls before we have read its answer: that is on its way.
async fn wait_for_registration(party: &Party, presented: &PresentedToken, first: Known) -> Result<Known, OcpiError> {
    let complete = async {
        loop {
            let changed = party.peers.changed();
            match party.peers.known(&presented.candidates).await? {
                Some((known, _, _)) if known.kind != TokenKind::Pending => return Ok(known),
                Some(_) => changed.await,
                None => return Err(OcpiError::unauthorized("the registration has failed")),
            }
        }
    };
    tokio::time::timeout(HANDSHAKE_PATIENCE, complete).await.unwrap_or(Ok(first))
}

impl<S> FromRequestParts<S> for Operator
where
    S: Send + Sync,
    Party: FromRef<S>,
{
    type Rejection = OperatorError;

    async fn from_request_parts(head: &mut Parts, state: &S) -> Result<Self, OperatorError> {
        let party = Party::from_ref(state);
        let Some(key) = &party.config.operator_key else {
            return Err(OperatorError::forbidden("the operator API is closed because no operator key is configured")
                .what_next(
                    "start the server with --operator-key or OPERATOR_KEY and send it as Authorization: Bearer <key>",
                ));
        };
        let shown = head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
        // Hashes have the same length whatever was sent: nothing to be learned from the time it takes.
        let digest = |text: &str| Sha256::digest(text.as_bytes());
        let equal = shown.is_some_and(|shown| digest(shown).ct_eq(&digest(key.expose())).into());
        if equal {
            return Ok(Self);
        }
        Err(OperatorError::unauthorized("the operator key is missing or wrong")
            .what_next("send the header Authorization: Bearer <operator key>"))
    }
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, key) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// Whether the peer may push an object of `url`, the owner in the URL, whose `body` names an owner as well.
///
/// They must agree (else 200 with 2001), and the peer must host the owner in `role` (else 404). A hub speaks for others, see
/// [`Peer::speaks_for`].
pub fn check_owner(peer: &Peer, role: Role, url: &PartyId, body: Option<&PartyId>) -> Result<(), OcpiError> {
    if let Some(body) = body.filter(|body| *body != url) {
        return Err(OcpiError::invalid(format!(
            "the URL names the owner {url}, the object names {body}; nothing was changed"
        )));
    }
    let wanted = (url.clone(), role);
    if peer.speaks(&wanted) {
        return Ok(());
    }
    let (url, role) = wanted;
    Err(OcpiError::wrong_owner(format!("{url} is not a {role} of your platform; see the roles in your credentials")))
}

/// For which of our parties a request is: the one in `OCPI-to`, which must be ours (else 404 with 2001); without these
/// headers our only party, or `None` when we host several.
pub async fn check_to(party: &Party, routing: &Routing) -> Result<Option<PartyId>, OcpiError> {
    let Some(to) = &routing.to else {
        return Ok(party.only_party().await);
    };
    if party.hosts(to).await {
        Ok(Some(to.clone()))
    } else {
        Err(OcpiError::wrong_owner(format!("OCPI-to names {to}, which is not a party of this platform")))
    }
}

/// Whether a result may go to this `response_url`: it carries our token for the peer, so only to a host that is known as the
/// peer's, unless `any_host` says otherwise. Else 200 with 2001.
pub fn check_response_url(peer: &Peer, url: &str, any_host: bool) -> Result<(), OcpiError> {
    let Ok(url) = ocpi_http::Url::parse(url) else {
        return Err(OcpiError::invalid("response_url is not an absolute URL"));
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(OcpiError::invalid("response_url must be an http or https URL"));
    }
    let hosts = peer.endpoints.iter().map(|endpoint| endpoint.url.as_str()).chain(peer.versions_url.as_deref());
    let known = hosts
        .filter_map(|known| ocpi_http::Url::parse(known).ok())
        .any(|known| known.host_str().is_some_and(|host| Some(host) == url.host_str()));
    if known || any_host {
        return Ok(());
    }
    Err(OcpiError::invalid("response_url is on a host that is not among your endpoints"))
}
