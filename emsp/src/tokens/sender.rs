//! The Sender interface: CPOs pull our Tokens and ask for real-time authorization. Spec: mod_tokens, "Sender Interface".

use axum::extract::{RawQuery, State};
use ocpi_http::openapi::{Envelope, ListEnvelope, ListErrors, MessageIds, RoutingHeaders, WriteErrors};
use ocpi_http::{ListQuery, OcpiError, OcpiJson, OcpiPath, OcpiReply, OcpiResult, Routing};
use ocpi_party::{Peer, RegisteredPeer, Scope, check_to};
use ocpi_types::{AllowedType, AuthorizationInfo, LocationReferences, PartyId, Role, Token, TokenType};
use serde::Deserialize;
use utoipa::IntoParams;

use super::account::Asked;
use super::authorize::{Verdict, decide};
use super::log::Given;
use super::store::{self, OwnToken};
use super::token_id;
use crate::App;

/// A page of our Tokens, valid or not
///
/// Lists the cards and apps of our drivers, in the order in which they were created. CPOs call this after
/// registration and from time to time, with `date_from` for what has changed.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/emsp/tokens",
    tag = "tokens (Sender)",
    params(MessageIds, RoutingHeaders, ListQuery),
    responses((status = 200, description = "One page", body = ListEnvelope<Token>), ListErrors)
)]
pub async fn list(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    query: ListQuery,
) -> OcpiResult {
    let owner = check_to(&app.party, &routing).await?;
    let scope = Scope::visible_to(peer.id.as_str()).owned_by(owner);
    store::TABLE.reply(&app.party, &scope, query, crate::app::TOKENS).await
}

/// Whose authorization is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct AuthorizePath {
    /// `Token.uid`.
    #[param(example = "04DE5000000004")]
    token_uid: String,
}

/// Which kind of Token.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TypeQuery {
    /// `Token.type`; RFID when it is left out.
    #[serde(rename = "type")]
    #[param(example = "RFID")]
    token_type: Option<String>,
}

impl TypeQuery {
    /// The kind asked for; `Err` when there is none of this name.
    pub fn token_type(&self) -> Result<TokenType, OcpiError> {
        let Some(text) = self.token_type.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(TokenType::Rfid);
        };
        match TokenType::from(text.to_ascii_uppercase().as_str()) {
            TokenType::Unlisted(_) => {
                Err(OcpiError::invalid(format!("type={text} is none of {}", TokenType::VALUES.join(", "))))
            }
            known => Ok(known),
        }
    }
}

/// May this Token charge, here and now?
///
/// Looks at contract, account and place, and answers ALLOWED or why not, with a reference for the session. CPOs call
/// this when a driver holds a card to a station and the whitelist of the token tells them to ask.
#[utoipa::path(
    post,
    path = "/ocpi/2.2.1/emsp/tokens/{token_uid}/authorize",
    tag = "tokens (Sender)",
    params(MessageIds, RoutingHeaders, AuthorizePath, TypeQuery),
    request_body = Option<LocationReferences>,
    responses(
        (status = 200, description = "The verdict; 2002 when it depends on a place that was not named",
            body = Envelope<AuthorizationInfo>),
        WriteErrors
    )
)]
pub async fn authorize(
    State(app): State<App>,
    RegisteredPeer(peer): RegisteredPeer,
    routing: Routing,
    OcpiPath(path): OcpiPath<AuthorizePath>,
    RawQuery(query): RawQuery,
    body: Option<OcpiJson<LocationReferences>>,
) -> OcpiResult {
    let addressed = check_to(&app.party, &routing).await?;
    let location = body.map(|body| body.value);
    let id = token_id::<36>(&path.token_uid.as_str().into(), &type_of(query.as_deref())?);
    let known = app.tokens.find(&id).await?;
    let Some(own) = known.iter().find(|own| addressed.as_ref().is_none_or(|party| own.owner() == *party)) else {
        return Err(OcpiError::unknown_token(format!("no token {:?} of that type", path.token_uid)));
    };
    let asking = asking_party(&peer, &routing);
    let asked = location.as_ref().map(|location| Asked { party: asking.as_ref(), location });
    let now = app.party.clock.now();
    let verdict = decide(&own.token, &own.account, asked.as_ref(), now).map_err(|_| {
        OcpiError::not_enough("where this token may be used depends on the location: send LocationReferences")
    })?;
    metrics::counter!("emsp_authorizations_total", "allowed" => verdict.allowed.to_string()).increment(1);
    if verdict.allowed != AllowedType::Allowed {
        return Ok(OcpiReply::json(authorization_info(own, &verdict, None)));
    }
    let reference = new_reference();
    let given = Given {
        reference: reference.clone(),
        owner: own.owner().key(),
        token_id: id,
        peer_id: peer.id.clone(),
        location_id: location.map(|location| location.location_id.key()).unwrap_or_default(),
        given_at: now.timestamp_millis(),
    };
    app.authorizations.write(given).await?;
    Ok(OcpiReply::json(authorization_info(own, &verdict, Some(&reference))))
}

/// A reference for a Session and its CDR: unique, and telling nothing. 36 characters, upper case.
#[must_use]
pub fn new_reference() -> String {
    let mut text = uuid::Uuid::new_v4().to_string();
    text.make_ascii_uppercase();
    text
}

/// The CPO that asks: the one it names, if that is its own, else its only one.
fn asking_party(peer: &Peer, routing: &Routing) -> Option<PartyId> {
    let named = routing.from.clone().filter(|party| peer.speaks_for(party, Role::Cpo));
    if named.is_some() {
        return named;
    }
    match peer.parties(&Role::Cpo).as_slice() {
        [one] => Some(one.clone()),
        _ => None,
    }
}

fn type_of(query: Option<&str>) -> Result<TokenType, OcpiError> {
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let token_type = pairs.into_iter().find(|(name, _)| name == "type").map(|(_, value)| value.into_owned());
    TypeQuery { token_type }.token_type()
}

/// `AuthorizationInfo` around the stored JSON of the Token, which is not parsed again.
fn authorization_info(own: &OwnToken, verdict: &Verdict, reference: Option<&str>) -> String {
    use std::fmt::Write;
    let mut json = String::with_capacity(own.json.len() + 256);
    // Writing to a String cannot fail.
    let _ = write!(json, r#"{{"allowed":"{}","token":{}"#, verdict.allowed, own.json);
    if let Some(location) = &verdict.location {
        let _ = write!(json, r#","location":{}"#, ocpi_types::Object::to_json(location));
    }
    if let Some(reference) = reference {
        let _ = write!(json, r#","authorization_reference":"{reference}""#);
    }
    if let Some(info) = &verdict.info {
        let _ = write!(json, r#","info":{}"#, ocpi_types::Object::to_json(info));
    }
    json.push('}');
    json
}
