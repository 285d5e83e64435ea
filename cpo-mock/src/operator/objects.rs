//! Reading what is stored: Sessions, CDRs, Tokens, Locations, Tariffs.

use axum::extract::State;
use ocpi_http::ListQuery;
use ocpi_party::{ObjectTable, Operator, OperatorError, OperatorErrors, Party, Scope};
use ocpi_types::{Cdr, Location, PartyId, Session, Tariff, Token, TokenType};
use utoipa::ToSchema;

use super::query::Part;
use super::{Json, party_of};
use crate::{cdrs, locations, sessions, tariffs, tokens};
use axum::extract::Path;

/// A part of a list.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only a schema: the answer is put together from stored JSON")]
pub struct ListOf<T> {
    /// The objects, in the order of their creation.
    items: Vec<T>,
    /// How many there are altogether.
    #[schema(example = 1)]
    total: u64,
}

/// The part of a table that is asked for, as JSON.
pub(super) async fn list(party: &Party, table: ObjectTable, part: Part) -> Result<Json, OperatorError> {
    let query = ListQuery { offset: part.offset.unsigned_abs(), ..ListQuery::default() };
    let scope = Scope::everything().owned_by(part.party);
    let page = table.page(&party.db, &scope, &query, part.limit.unsigned_abs()).await?;
    Ok(Json(format!(r#"{{"items":[{}],"total":{}}}"#, page.items.join(","), page.total)))
}

/// One object, as JSON.
pub(super) async fn one(party: &Party, table: ObjectTable, owner: &PartyId, id: &str) -> Result<Json, OperatorError> {
    let stored = table.get(&party.db, owner, id).await?;
    stored.map(|stored| Json(stored.json)).ok_or_else(|| {
        OperatorError::not_found(format!("{owner} has no {id} here"))
            .what_next(format!("list what there is with GET /operator/v1/{}", table.name))
    })
}

type ObjectPath = Path<(String, String, String)>;

macro_rules! readers {
    ($($(#[$list_doc:meta])* $list:ident at $list_path:literal, $(#[$one_doc:meta])* $one:ident at $one_path:literal:
        $table:path, $object:ident;)*) => { $(
        $(#[$list_doc])*
        #[utoipa::path(
            get, path = $list_path, tag = "operator: objects", params(Part), security(("operator_key" = [])),
            responses((status = 200, description = "A part of the list", body = ListOf<$object>), OperatorErrors)
        )]
        pub async fn $list(State(party): State<Party>, _: Operator, part: Part) -> Result<Json, OperatorError> {
            list(&party, $table, part).await
        }

        $(#[$one_doc])*
        #[utoipa::path(
            get, path = $one_path, tag = "operator: objects", security(("operator_key" = [])),
            params(
                ("country_code" = String, Path, description = "The owner's country", example = "US"),
                ("party_id" = String, Path, description = "The owner's id", example = "CPO"),
                ("id" = String, Path, description = "The object's id", example = "SEA001"),
            ),
            responses((status = 200, description = "The object", body = $object), OperatorErrors)
        )]
        pub async fn $one(
            State(party): State<Party>,
            _: Operator,
            Path((country_code, party_id, id)): ObjectPath,
        ) -> Result<Json, OperatorError> {
            one(&party, $table, &party_of(&country_code, &party_id)?, &id).await
        }
    )* };
}

readers! {
    /// The Locations, private ones too
    ///
    /// Lists the sites of all parties on this platform. Operators call it to see what is published.
    locations at "/operator/v1/locations",
    /// One Location
    ///
    /// Shows a site as EMSPs get it. Operators call it before they change it.
    location at "/operator/v1/locations/{country_code}/{party_id}/{id}": locations::store::TABLE, Location;
    /// The Tariffs
    ///
    /// Lists the price lists of all parties on this platform. Operators call it to see what is charged.
    tariffs at "/operator/v1/tariffs",
    /// One Tariff
    ///
    /// Shows a price list as EMSPs get it. Operators call it before they change it.
    tariff at "/operator/v1/tariffs/{country_code}/{party_id}/{id}": tariffs::store::TABLE, Tariff;
    /// The Sessions of all partners' customers
    ///
    /// Lists the charges at our stations, whoever the driver belongs to. Operators call it to see what is going on.
    sessions at "/operator/v1/sessions",
    /// One Session
    ///
    /// Shows a charge with its periods and what it costs so far. Operators call it when an EMSP asks about it.
    session at "/operator/v1/sessions/{country_code}/{party_id}/{id}": sessions::store::TABLE, Session;
    /// The CDRs
    ///
    /// Lists the bills that were made at the end of charges. Accountants call it to compare them with what EMSPs pay.
    cdrs at "/operator/v1/cdrs",
    /// One CDR
    ///
    /// Shows a bill as the EMSP has got it. Accountants call it when an EMSP disputes it.
    cdr at "/operator/v1/cdrs/{country_code}/{party_id}/{id}": cdrs::store::TABLE, Cdr;
}

/// The Tokens that partners have sent
///
/// Lists the cards and apps that our stations know. Operators call it to see whether an EMSP has told us about a
/// driver.
#[utoipa::path(
    get, path = "/operator/v1/tokens", tag = "operator: objects", params(Part), security(("operator_key" = [])),
    responses((status = 200, description = "A part of the list", body = ListOf<Token>), OperatorErrors)
)]
pub async fn tokens(State(party): State<Party>, _: Operator, part: Part) -> Result<Json, OperatorError> {
    list(&party, tokens::store::TABLE, part).await
}

/// One Token
///
/// Shows a card or app as its EMSP has sent it. Operators call it when a driver stands at a station and is refused.
#[utoipa::path(
    get, path = "/operator/v1/tokens/{country_code}/{party_id}/{uid}/{type}", tag = "operator: objects",
    security(("operator_key" = [])),
    params(
        ("country_code" = String, Path, description = "The owner's country", example = "US"),
        ("party_id" = String, Path, description = "The owner's id", example = "EMS"),
        ("uid" = String, Path, description = "Token.uid", example = "04DE5000000002"),
        ("type" = TokenType, Path, description = "Token.type", example = "RFID"),
    ),
    responses((status = 200, description = "The object", body = Token), OperatorErrors)
)]
pub async fn token(
    State(party): State<Party>,
    _: Operator,
    Path((country_code, party_id, uid, token_type)): Path<(String, String, String, String)>,
) -> Result<Json, OperatorError> {
    let id = tokens::store::id_of(&uid, &TokenType::from(token_type.to_ascii_uppercase().as_str()));
    one(&party, tokens::store::TABLE, &party_of(&country_code, &party_id)?, &id).await
}
