//! The routes about partners.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use ocpi_http::{Secret, TokenForm, Url};
use ocpi_types::ClientInfo;
use std::sync::Arc;

use super::error::{OperatorError, OperatorErrors, OperatorJson};
use super::models::{
    HubClientView, HubClients, InvitationRequest, InvitationView, PartnerChange, PartnerView, Partners,
    RegistrationRequest, SyncRequest, UnregisteredView,
};
use crate::auth::Operator;
use crate::peers::{self, Peer, PeerStatus};
use crate::registration::{self, Introduction, RegistrationError};
use crate::{DbError, Party, hubclientinfo, sync};

/// All partners, and how far they are in sync
///
/// Shows who is invited and who is registered, and what each partner has not received yet or could not be fetched
/// from it. Operators call it to see at a glance how things stand.
#[utoipa::path(
    get,
    path = "/operator/v1/partners",
    tag = "operator: partners",
    security(("operator_key" = [])),
    responses((status = 200, description = "The partners", body = Partners), OperatorErrors)
)]
pub(super) async fn list(State(party): State<Party>, _operator: Operator) -> Result<Json<Partners>, OperatorError> {
    let mut partners = Vec::new();
    for peer in party.peers.all().await? {
        partners.push(PartnerView::new(&peer, sync::sync_state(&party, &peer.id).await?));
    }
    Ok(Json(Partners { partners }))
}

/// One partner, and how far it is in sync
///
/// Shows the roles and endpoints of the partner, how it writes its token, and the findings about what it sent.
/// Operators call it when a partner complains, or before they complain.
#[utoipa::path(
    get,
    path = "/operator/v1/partners/{id}",
    tag = "operator: partners",
    security(("operator_key" = [])),
    params(("id" = String, Path, description = "Our id of the partner", example = "1f6b1d32-5c5b-4c8a-9a3e-1d2b3c4d5e6f")),
    responses((status = 200, description = "The partner", body = PartnerView), OperatorErrors)
)]
pub(super) async fn read(
    State(party): State<Party>,
    _operator: Operator,
    Path(id): Path<String>,
) -> Result<Json<PartnerView>, OperatorError> {
    view(&party, &id).await
}

fn form(text: Option<&str>, default: TokenForm) -> Result<TokenForm, OperatorError> {
    let Some(text) = text else { return Ok(default) };
    peers::form_from(text).ok_or_else(|| OperatorError::invalid("token_form must be BASE64 or RAW"))
}

async fn find(party: &Party, id: &str) -> Result<Arc<Peer>, OperatorError> {
    Ok(party.peers.get(id).await?.ok_or(RegistrationError::NoSuchPartner)?)
}

async fn view(party: &Party, id: &str) -> Result<Json<PartnerView>, OperatorError> {
    let peer = find(party, id).await?;
    Ok(Json(PartnerView::new(&peer, sync::sync_state(party, id).await?)))
}

/// Invites a partner: makes the token A with which it registers
///
/// Gives a token that is shown this once, to be handed over with the versions URL through a secure channel. Operators
/// call it when a partner is to register with us; for one that is known already, name its `partner_id`.
#[utoipa::path(
    post,
    path = "/operator/v1/partners/invitations",
    tag = "operator: partners",
    security(("operator_key" = [])),
    request_body = InvitationRequest,
    responses((status = 201, description = "The invitation", body = InvitationView), OperatorErrors)
)]
pub(super) async fn invite(
    State(party): State<Party>,
    _operator: Operator,
    OperatorJson(request): OperatorJson<InvitationRequest>,
) -> Result<(StatusCode, Json<InvitationView>), OperatorError> {
    let name = request.name.as_deref().unwrap_or_default().trim();
    if name.is_empty() && request.partner_id.is_none() {
        return Err(
            OperatorError::invalid("the name is missing").what_next("give the partner a name: {\"name\": \"…\"}")
        );
    }
    let invitation = registration::invite(&party, name, request.partner_id.as_deref()).await?;
    let view = InvitationView {
        partner_id: invitation.peer_id,
        token_a: invitation.token_a.expose().to_owned(),
        versions_url: invitation.versions_url.to_string(),
    };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Registers with a partner that has given you its versions URL and a token A
///
/// Goes through the whole handshake with the partner and answers when both sides are registered. Operators call it
/// once they have received a token A; it fails with 502, and says why, when the partner does not answer as OCPI
/// demands. The partner of the example does not exist: put in yours.
#[utoipa::path(
    post,
    path = "/operator/v1/partners",
    tag = "operator: partners",
    security(("operator_key" = [])),
    request_body = RegistrationRequest,
    responses((status = 201, description = "Registered", body = PartnerView), OperatorErrors)
)]
pub(super) async fn register(
    State(party): State<Party>,
    _operator: Operator,
    OperatorJson(request): OperatorJson<RegistrationRequest>,
) -> Result<(StatusCode, Json<PartnerView>), OperatorError> {
    let versions_url = Url::parse(request.versions_url.trim()).map_err(|error| {
        OperatorError::invalid(format!("versions_url: {:?} is not a URL: {error}", request.versions_url))
    })?;
    if request.token_a.is_empty() || request.name.trim().is_empty() {
        return Err(OperatorError::invalid("token_a and name must not be empty"));
    }
    let introduction = Introduction {
        versions_url,
        token_a: Secret::new(request.token_a),
        form: form(request.token_form.as_deref(), TokenForm::Base64)?,
        name: request.name.trim().to_owned(),
    };
    let id = registration::register(&party, &introduction).await?;
    Ok((StatusCode::CREATED, view(&party, &id).await?))
}

/// Changes how a partner is called and what it is called
///
/// Sets the name that we know the partner by, and how our requests to it are written. Operators call it for partners
/// that deviate from the spec; what the body leaves out stays as it is.
#[utoipa::path(
    patch,
    path = "/operator/v1/partners/{id}",
    tag = "operator: partners",
    security(("operator_key" = [])),
    params(("id" = String, Path, description = "Our id of the partner", example = "1f6b1d32-5c5b-4c8a-9a3e-1d2b3c4d5e6f")),
    request_body = PartnerChange,
    responses((status = 200, description = "The partner as it is now", body = PartnerView), OperatorErrors)
)]
pub(super) async fn change(
    State(party): State<Party>,
    _operator: Operator,
    Path(id): Path<String>,
    OperatorJson(change): OperatorJson<PartnerChange>,
) -> Result<Json<PartnerView>, OperatorError> {
    let peer = find(&party, &id).await?;
    let form = form(change.token_form.as_deref(), peer.form)?;
    let name = change.name.unwrap_or_else(|| peer.name.clone());
    let emit_nulls = change.emit_nulls.unwrap_or(peer.emit_nulls);
    let peer_id = id.clone();
    registration::write(&party, move |tx| {
        Box::pin(async move { peers::change(tx, &peer_id, &name, form, emit_nulls).await })
    })
    .await?;
    view(&party, &id).await
}

/// Ends the registration with a partner
///
/// Tells the partner; if it cannot be reached, the registration ends here all the same, and one that has only been
/// invited loses its token A. Operators call it when the companies stop working together.
#[utoipa::path(
    delete,
    path = "/operator/v1/partners/{id}",
    tag = "operator: partners",
    security(("operator_key" = [])),
    params(("id" = String, Path, description = "Our id of the partner", example = "1f6b1d32-5c5b-4c8a-9a3e-1d2b3c4d5e6f")),
    responses((status = 200, description = "The registration has ended", body = UnregisteredView), OperatorErrors)
)]
pub(super) async fn unregister(
    State(party): State<Party>,
    _operator: Operator,
    Path(id): Path<String>,
) -> Result<Json<UnregisteredView>, OperatorError> {
    let told = registration::unregister(&party, &id).await?;
    let problem = told.err().map(|error| error.to_string());
    Ok(Json(UnregisteredView { partner_told: problem.is_none(), problem }))
}

/// Brings a partner up to date now, in both directions
///
/// Sends what is behind and fetches what has changed, in the background; read the partner to see how far that is.
/// Operators call it after an outage, when they do not want to wait for the next try.
#[utoipa::path(
    post,
    path = "/operator/v1/partners/{id}/sync",
    tag = "operator: partners",
    security(("operator_key" = [])),
    params(("id" = String, Path, description = "Our id of the partner", example = "1f6b1d32-5c5b-4c8a-9a3e-1d2b3c4d5e6f")),
    request_body = SyncRequest,
    responses((status = 202, description = "Under way", body = PartnerView), OperatorErrors)
)]
pub(super) async fn sync(
    State(party): State<Party>,
    _operator: Operator,
    Path(id): Path<String>,
    OperatorJson(request): OperatorJson<SyncRequest>,
) -> Result<(StatusCode, Json<PartnerView>), OperatorError> {
    if find(&party, &id).await?.status != PeerStatus::Registered {
        return Err(RegistrationError::NotRegistered.into());
    }
    sync::request_sync(&party, &id, request.full).await?;
    Ok((StatusCode::ACCEPTED, view(&party, &id).await?))
}

/// Sends our credentials to a partner again, with a new token for it to use
///
/// Renews the tokens of both sides by a PUT of our credentials. Operators call it at once when a token may have
/// leaked, and otherwise every month, as OCPI advises.
#[utoipa::path(
    post,
    path = "/operator/v1/partners/{id}/credentials",
    tag = "operator: partners",
    security(("operator_key" = [])),
    params(("id" = String, Path, description = "Our id of the partner", example = "1f6b1d32-5c5b-4c8a-9a3e-1d2b3c4d5e6f")),
    responses((status = 200, description = "Both tokens are new", body = PartnerView), OperatorErrors)
)]
pub(super) async fn send_credentials(
    State(party): State<Party>,
    _operator: Operator,
    Path(id): Path<String>,
) -> Result<Json<PartnerView>, OperatorError> {
    registration::update(&party, &id).await?;
    view(&party, &id).await
}

/// The parties behind a hub, and whether they can be reached
///
/// Lists them as the hub has told; a partner that is no hub has none. Operators call it when a party cannot be reached: while it
/// is not CONNECTED, commands to it are refused, and what it is to hear waits.
#[utoipa::path(
    get,
    path = "/operator/v1/partners/{id}/clients",
    tag = "operator: partners",
    security(("operator_key" = [])),
    params(("id" = String, Path, description = "Our id of the hub",
        example = "1f6b1d32-5c5b-4c8a-9a3e-1d2b3c4d5e6f")),
    responses((status = 200, description = "The parties", body = HubClients), OperatorErrors)
)]
pub(super) async fn clients(
    State(party): State<Party>,
    _operator: Operator,
    Path(id): Path<String>,
) -> Result<Json<HubClients>, OperatorError> {
    let hub = find(&party, &id).await?;
    let mut clients = Vec::new();
    for json in hubclientinfo::clients_of(&party, &id).await? {
        let info: ClientInfo = serde_json::from_str(&json).map_err(|_| DbError::corrupt("a ClientInfo"))?;
        let why_not = party.why_away(&hub, &hubclientinfo::party_of(&info));
        clients.push(HubClientView { info, reachable: why_not.is_none(), why_not });
    }
    Ok(Json(HubClients { clients }))
}
