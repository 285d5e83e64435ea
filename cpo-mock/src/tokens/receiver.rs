//! The Receiver interface: EMSPs push their Tokens. Spec: mod_tokens, "Receiver Interface".

use axum::extract::{FromRequestParts, State};
use http::request::Parts;
use ocpi_http::openapi::{Acknowledgement, Envelope, MessageIds, ReadErrors, RoutingHeaders, WriteErrors};
use ocpi_http::{OcpiError, OcpiJson, OcpiPatch, OcpiPath, OcpiReply, OcpiResult};
use ocpi_party::{Party, RegisteredPeer, Upserted, check_owner};
use ocpi_types::{PartyId, Role, Token, TokenType};

use super::store;

/// The query parameter `type`; RFID where it is absent.
#[derive(Debug, Clone)]
pub struct TypeQuery(Option<TokenType>);

impl TypeQuery {
    fn or_rfid(self) -> TokenType {
        self.0.unwrap_or(TokenType::Rfid)
    }
}

impl<S: Sync> FromRequestParts<S> for TypeQuery {
    type Rejection = OcpiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, OcpiError> {
        let query = parts.uri.query().unwrap_or_default();
        let value = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "type");
        match value {
            None => Ok(Self(None)),
            Some((_, text)) => match TokenType::from(text.as_ref()) {
                listed if listed.is_listed() => Ok(Self(Some(listed))),
                _ => Err(OcpiError::invalid(format!(
                    "type must be one of {}, not {text:?}",
                    TokenType::VALUES.join(", ")
                ))),
            },
        }
    }
}

type TokenPath = OcpiPath<(String, String, String)>;

/// A Token as it is stored
///
/// Gives back a card or app of the caller's drivers as we know it. EMSPs call this to find out whether a blocked card
/// is blocked at the stations, too.
#[utoipa::path(
    get,
    path = "/ocpi/2.2.1/cpo/tokens/{country_code}/{party_id}/{token_uid}",
    tag = "tokens (Receiver)",
    params(
        MessageIds,
        RoutingHeaders,
        ("country_code" = String, Path, description = "The owner's country", example = "US"),
        ("party_id" = String, Path, description = "The owner's id", example = "EMS"),
        ("token_uid" = String, Path, description = "Token.uid", example = "04DE5000000004"),
        ("type" = Option<TokenType>, Query, description = "Token.type; RFID where it is absent"),
    ),
    responses((status = 200, description = "The Token", body = Envelope<Token>), ReadErrors)
)]
pub async fn get(
    State(party): State<Party>,
    RegisteredPeer(peer): RegisteredPeer,
    OcpiPath((country_code, party_id, uid)): TokenPath,
    token_type: TypeQuery,
) -> OcpiResult {
    let owner = PartyId::new(country_code, party_id);
    check_owner(&peer, Role::Emsp, &owner, None)?;
    let id = store::id_of(&uid, &token_type.or_rfid());
    match store::TABLE.get(&party.db, &owner, &id).await? {
        Some(stored) => Ok(OcpiReply::json(stored.json)),
        None => Err(OcpiError::unknown_token("this Token was never pushed here")),
    }
}

/// Takes a whole Token
///
/// Creates the token, or replaces what we hold of it; a state older than ours is refused. EMSPs call this when a
/// driver gets a card or something about it has changed.
#[utoipa::path(
    put,
    path = "/ocpi/2.2.1/cpo/tokens/{country_code}/{party_id}/{token_uid}",
    tag = "tokens (Receiver)",
    params(
        MessageIds,
        RoutingHeaders,
        ("country_code" = String, Path, description = "The owner's country", example = "US"),
        ("party_id" = String, Path, description = "The owner's id", example = "EMS"),
        ("token_uid" = String, Path, description = "Token.uid", example = "04DE5000000004"),
        ("type" = Option<TokenType>, Query, description = "Token.type; RFID where it is absent"),
    ),
    request_body = Token,
    responses(
        (status = 201, description = "Created", body = Acknowledgement),
        (status = 200, description = "Replaced; with 2001: refused, nothing was changed", body = Acknowledgement),
        WriteErrors
    )
)]
pub async fn put(
    State(party): State<Party>,
    RegisteredPeer(peer): RegisteredPeer,
    OcpiPath((country_code, party_id, uid)): TokenPath,
    token_type: TypeQuery,
    OcpiJson { value: token, .. }: OcpiJson<Token>,
) -> OcpiResult {
    let owner = PartyId::new(country_code, party_id);
    check_owner(&peer, Role::Emsp, &owner, Some(&store::owner_of(&token)))?;
    if token.uid != *uid {
        return Err(OcpiError::invalid("the uid in the URL and the uid of the Token differ"));
    }
    match token_type.0 {
        Some(asked) if asked != token.token_type => {
            return Err(OcpiError::invalid("the type in the URL and the type of the Token differ"));
        }
        // Senders forget the parameter for other types than RFID; what they mean is clear.
        None if token.token_type != TokenType::Rfid => {
            tracing::info!(token_type = %token.token_type, "a Token was pushed without ?type=");
        }
        _ => {}
    }
    let peer_id = peer.id.clone();
    let upserted = party
        .db
        .write(move |tx| Box::pin(async move { store::put(tx, &peer_id, &token).await }))
        .await
        .map_err(OcpiError::from)?;
    match upserted {
        Upserted::Created => Ok(OcpiReply::created()),
        Upserted::Replaced => Ok(OcpiReply::ok()),
        Upserted::Stale => Err(stale()),
    }
}

/// Takes some fields of a Token
///
/// Changes the fields that are in the body and leaves the others as they are. EMSPs call this to block a card, for
/// example: with `valid` false.
#[utoipa::path(
    patch,
    path = "/ocpi/2.2.1/cpo/tokens/{country_code}/{party_id}/{token_uid}",
    tag = "tokens (Receiver)",
    params(
        MessageIds,
        RoutingHeaders,
        ("country_code" = String, Path, description = "The owner's country", example = "US"),
        ("party_id" = String, Path, description = "The owner's id", example = "EMS"),
        ("token_uid" = String, Path, description = "Token.uid", example = "04DE5000000004"),
        ("type" = Option<TokenType>, Query, description = "Token.type; RFID where it is absent"),
    ),
    request_body(content = serde_json::Value, description = "The fields that changed, and last_updated."),
    responses(
        (status = 200, description = "Changed; with 2001: refused, nothing was changed", body = Acknowledgement),
        WriteErrors
    )
)]
pub async fn patch(
    State(party): State<Party>,
    RegisteredPeer(peer): RegisteredPeer,
    OcpiPath((country_code, party_id, uid)): TokenPath,
    token_type: TypeQuery,
    OcpiPatch(patch): OcpiPatch<Token>,
) -> OcpiResult {
    let owner = PartyId::new(country_code, party_id);
    check_owner(&peer, Role::Emsp, &owner, None)?;
    let id = store::id_of(&uid, &token_type.or_rfid());
    let peer_id = peer.id.clone();
    party
        .db
        .write(move |tx| {
            Box::pin(async move {
                let stored = store::TABLE.get_in(tx, &owner, &id).await?;
                let stored = stored.ok_or_else(|| OcpiError::unknown_token("this Token was never pushed here"))?;
                let current = store::parse(&stored.json)?;
                let (token, _) =
                    patch.apply(&current).map_err(|report| OcpiError::refused("PATCH of a Token", report))?;
                match store::put(tx, &peer_id, &token).await? {
                    Upserted::Stale => Err(stale()),
                    Upserted::Created | Upserted::Replaced => Ok(OcpiReply::ok()),
                }
            })
        })
        .await
}

fn stale() -> OcpiError {
    OcpiError::invalid("a newer state of this Token is stored; last_updated must not go back")
}
