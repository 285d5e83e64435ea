//! The credentials module, as the side that is called.

use axum::extract::{FromRef, State};
use ocpi_http::openapi::{Acknowledgement, CredentialsErrors, Envelope, MessageIds};
use ocpi_http::{OcpiError, OcpiJson, OcpiReply, OcpiResult, OcpiStatus, Secret, Target, Url};
use ocpi_types::Credentials;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Party;
use crate::auth::KnownCaller;
use crate::peers::{self, Exchanged, Peer};
use crate::registration::{self, DiscoverError, RegistrationError};

/// The path of the endpoint.
pub const CREDENTIALS_PATH: &str = "/ocpi/2.2.1/credentials";

/// What a caller may do that has a token A only.
const WITH_TOKEN_A: &str = "GET, POST";
/// What a registered caller may do.
const REGISTERED: &str = "GET, PUT, DELETE";

/// The four routes of the module.
pub fn routes<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Party: FromRef<S>,
{
    OpenApiRouter::new().routes(routes!(get, post, put, delete))
}

/// Our credentials, with the token that the caller shows
///
/// Tells our versions URL and our roles, and repeats the token that the caller has shown. Partners call it to look at
/// the registration; it changes nothing.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/credentials",
    tag = "credentials",
    params(MessageIds),
    responses((status = 200, description = "Our credentials", body = Envelope<Credentials>), CredentialsErrors)
)]
async fn get(State(party): State<Party>, caller: KnownCaller) -> OcpiResult {
    // Tokens are stored as hashes: the one that was shown is the only one there is.
    Ok(OcpiReply::data(&registration::own_credentials(&party, &caller.token).await))
}

/// Registers the caller, which shows its token A
///
/// Exchanges tokens: before it answers, the server fetches the caller's versions and details with the token in the
/// body, and the answer holds the token that the caller uses from then on. A new partner calls it once; on failure
/// (3001, 3002, 3003) token A can be used again, and a partner that is registered already gets 405.
#[utoipa::path(
    post,
    path = "/ocpi/2.2.1/credentials",
    tag = "credentials",
    params(MessageIds),
    request_body = Credentials,
    responses(
        (status = 200, description = "Registered; our credentials with the new token", body = Envelope<Credentials>),
        CredentialsErrors
    )
)]
async fn post(
    State(party): State<Party>,
    caller: KnownCaller,
    body: Result<OcpiJson<Credentials>, OcpiError>,
) -> OcpiResult {
    // Before the body: whether the method is allowed does not depend on it.
    if !caller.token_a {
        return Err(OcpiError::method_not_allowed(REGISTERED));
    }
    let theirs = body?.value;
    let agreed = agree(&party, &caller.peer, &theirs).await?;
    let token = agreed.token_in.clone();
    let shown = caller.token.clone();
    let first = registration::write(&party, move |tx| {
        Box::pin(async move {
            // Of two requests with one token A the first wins.
            let first = peers::drop_token(tx, &shown).await?;
            if first {
                registration::store(tx, &agreed).await?;
            }
            Ok(first)
        })
    })
    .await?;
    if !first {
        return Err(OcpiError::method_not_allowed(REGISTERED));
    }
    tracing::info!(peer = caller.peer.name, "registered");
    answer(&party, &token).await
}

/// Renews the registration: new token, URL or roles
///
/// The server fetches the caller's versions and details anew, even when nothing has changed, and issues a new token;
/// the replaced one is accepted for a few seconds more, for requests that are on their way. A registered partner
/// calls it when its details have changed or its tokens are to be renewed. The platform of the example does not exist: the answer is
/// 3001, and nothing changes.
#[utoipa::path(
    put,
    path = "/ocpi/2.2.1/credentials",
    tag = "credentials",
    params(MessageIds),
    request_body = Credentials,
    responses(
        (status = 200, description = "Our credentials with the new token", body = Envelope<Credentials>),
        CredentialsErrors
    )
)]
async fn put(
    State(party): State<Party>,
    caller: KnownCaller,
    body: Result<OcpiJson<Credentials>, OcpiError>,
) -> OcpiResult {
    if !caller.is_registered() {
        return Err(OcpiError::method_not_allowed(WITH_TOKEN_A));
    }
    let theirs = body?.value;
    let agreed = agree(&party, &caller.peer, &theirs).await?;
    let (token, now) = (agreed.token_in.clone(), party.clock.wall());
    let done = registration::write(&party, move |tx| {
        Box::pin(async move {
            // Two exchanges that cross would leave both sides with different tokens.
            let crossing = peers::is_exchanging(tx, &agreed.peer_id, now).await?;
            if !crossing {
                registration::store(tx, &agreed).await?;
            }
            Ok(!crossing)
        })
    })
    .await?;
    if !done {
        let message = "our own update of the credentials is under way; repeat the request in a moment";
        return Err(OcpiError::status(http::StatusCode::OK, OcpiStatus::ServerError, message));
    }
    tracing::info!(peer = caller.peer.name, "credentials renewed by the partner");
    answer(&party, &token).await
}

/// Ends the registration
///
/// All tokens of both sides are void from then on, and nothing is sent any more. A partner calls it when the
/// companies stop working together; to come back it needs a new token A.
#[utoipa::path(
    delete,
    path = "/ocpi/2.2.1/credentials",
    tag = "credentials",
    params(MessageIds),
    responses(
        (status = 200, description = "The registration has ended", body = Acknowledgement),
        CredentialsErrors
    )
)]
async fn delete(State(party): State<Party>, caller: KnownCaller) -> OcpiResult {
    if !caller.is_registered() {
        return Err(OcpiError::method_not_allowed(WITH_TOKEN_A));
    }
    let (peer_id, now) = (caller.peer.id.clone(), party.clock.wall());
    registration::write(&party, move |tx| {
        Box::pin(async move {
            peers::unregister(tx, &peer_id).await?;
            let message = "the partner has ended the registration";
            peers::record_finding(tx, &peer_id, now, "credentials", "", message).await
        })
    })
    .await?;
    tracing::info!(peer = caller.peer.name, "the partner has ended the registration");
    Ok(OcpiReply::ok())
}

/// Looks at the caller's platform and its roles. Nothing is stored yet, and no lock is held: it is called meanwhile.
async fn agree(party: &Party, peer: &Peer, theirs: &Credentials) -> Result<Exchanged, OcpiError> {
    let url = Url::parse(theirs.url.as_str())
        .map_err(|_| OcpiError::invalid("url must be the absolute URL of your versions endpoint"))?;
    if theirs.token.as_str().is_empty() {
        return Err(OcpiError::invalid("token must not be empty"));
    }
    match registration::check_roles(party, &peer.id, &theirs.roles).await {
        Ok(()) => {}
        Err(RegistrationError::Roles(report)) => return Err(OcpiError::refused("Credentials", report)),
        Err(other) => return Err(OcpiError::internal(other)),
    }
    let token_out = Secret::new(theirs.token.as_str());
    let target = Target { token: &token_out, ..party.plain_target(peer) };
    // Sooner than the caller gives up: it must not miss that it is registered.
    let patience = party.config.client_timeout() * 3 / 4;
    let found = tokio::time::timeout(patience, registration::discover(party, &target, &url)).await;
    let found = found.map_err(|_| OcpiError::client_api("your platform answers too slowly"))?.map_err(refuse)?;
    Ok(registration::agreed(party, &peer.id, &peers::new_token(), theirs, &url, found))
}

fn refuse(error: DiscoverError) -> OcpiError {
    match error {
        DiscoverError::Call { step, error } => OcpiError::client_api(format!("{step} failed: {error}")),
        DiscoverError::NoVersion => OcpiError::no_version(),
        DiscoverError::NoEndpoints(missing) => {
            OcpiError::no_endpoints(format!("your version 2.2.1 lacks these endpoints: {}", missing.join(", ")))
        }
    }
}

async fn answer(party: &Party, token: &Secret) -> OcpiResult {
    party.nudge_puller();
    party.nudge();
    Ok(OcpiReply::data(&registration::own_credentials(party, token).await))
}
