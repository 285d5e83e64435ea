//! Our drivers' tokens.

use axum::Json;
use axum::extract::{Path, State};
use chrono::TimeDelta;
use http::StatusCode;
use ocpi_http::OcpiError;
use ocpi_party::{Operator, OperatorError, OperatorErrors, OperatorJson};
use ocpi_types::{
    EnergyContract, NotAParty, PartyId, ProfileType, Role, Rule, Token, TokenType, WhitelistType, format_date_time,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::{IntoParams, ToSchema};

use super::{Listing, OperatorQuery, Part, failed};
use crate::App;
use crate::tokens::account::Account;
use crate::tokens::sender::TypeQuery;
use crate::tokens::store::{self, OwnToken};
use crate::tokens::token_id;

/// Which of our parties.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BrandQuery {
    /// Our party that issues the token, as `NL/EMS`; the configured one when it is left out.
    #[param(example = "US/EMS")]
    brand: Option<String>,
}

impl BrandQuery {
    /// The party, which must be one of ours.
    pub(super) async fn party(&self, app: &App) -> Result<PartyId, OperatorError> {
        let Some(text) = &self.brand else { return Ok(app.party.own_party()) };
        let party: PartyId = text.parse().map_err(|error: NotAParty| OperatorError::invalid(error.to_string()))?;
        if app.own_parties(&Role::Emsp).await.contains(&party) {
            return Ok(party);
        }
        Err(OperatorError::not_found(format!("{party} is no party of this platform"))
            .what_next("list them with GET /operator/v1/parties, or add it with POST"))
    }
}

/// A Token with what only we know about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenView {
    /// What partners see.
    pub token: Token,
    /// The account behind it.
    pub account: Account,
}

/// A Token as an operator writes it: the fields of an OCPI Token that are ours to choose, and the account. More fields are
/// passed on to CPOs.
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "only a schema: the body is read as an OCPI Token")]
pub struct TokenOrder {
    /// The contract, best as an eMA ID.
    #[schema(max_length = 36, example = "US-EMS-C00054321-9")]
    contract_id: String,
    /// What is printed on the card.
    #[schema(max_length = 64)]
    visual_number: Option<String>,
    /// The issuing company; ours when it is left out.
    #[schema(max_length = 64)]
    issuer: Option<String>,
    /// Tokens of one group work as one.
    #[schema(max_length = 36)]
    group_id: Option<String>,
    /// Whether CPOs may decide without asking us; `NEVER` when it is left out.
    whitelist: Option<WhitelistType>,
    /// The driver's language, ISO 639-1.
    #[schema(max_length = 2, example = "en")]
    language: Option<String>,
    /// How the driver wants to charge.
    default_profile_type: Option<ProfileType>,
    /// The driver's own supplier of energy.
    energy_contract: Option<EnergyContract>,
    /// The account behind the token; in order and valid everywhere when it is left out.
    account: Option<Account>,
}

impl From<OwnToken> for TokenView {
    fn from(own: OwnToken) -> Self {
        Self { token: own.token, account: own.account }
    }
}

/// All tokens
///
/// Lists the cards and apps of our drivers with the accounts behind them. Operators call it to find a driver.
#[utoipa::path(
    get,
    path = "/operator/v1/tokens",
    tag = "operator: tokens",
    security(("operator_key" = [])),
    params(Part),
    responses((status = 200, description = "Tokens", body = Listing<TokenView>), OperatorErrors)
)]
pub async fn list(
    _: Operator,
    State(app): State<App>,
    OperatorQuery(part): OperatorQuery<Part>,
) -> Result<Json<Listing<TokenView>>, OperatorError> {
    let (tokens, total) = store::list(&app.party.db, part.offset, part.limit()).await?;
    Ok(Json(part.of(tokens.into_iter().map(Into::into).collect(), total)))
}

/// One token
///
/// Shows a card or app as CPOs see it, and the account behind it, which they do not see. Help desks call it when a
/// driver cannot charge.
#[utoipa::path(
    get,
    path = "/operator/v1/tokens/{uid}",
    tag = "operator: tokens",
    security(("operator_key" = [])),
    params(("uid" = String, Path, description = "Token.uid", example = "04DE5000000002"), TypeQuery, BrandQuery),
    responses((status = 200, description = "The token", body = TokenView), OperatorErrors)
)]
pub async fn get(
    _: Operator,
    State(app): State<App>,
    Path(uid): Path<String>,
    OperatorQuery(query): OperatorQuery<TypeQuery>,
    OperatorQuery(brand): OperatorQuery<BrandQuery>,
) -> Result<Json<TokenView>, OperatorError> {
    let (owner, id) = name(&app, &uid, &query, &brand).await?;
    let own = store::get(&app.party.db, &owner, &id).await?;
    own.map(|own| Json(own.into())).ok_or_else(|| unknown(&uid))
}

/// Creates or changes a token
///
/// The body holds the fields of a Token that are ours to choose, and `account`; `issuer` and `whitelist` have
/// defaults, `valid` and `last_updated` follow from the account and the time. Operators call it when a driver gets a
/// card, and CPOs are told at once.
#[utoipa::path(
    put,
    path = "/operator/v1/tokens/{uid}",
    tag = "operator: tokens",
    security(("operator_key" = [])),
    params(("uid" = String, Path, description = "Token.uid", example = "04DE5000000002"), TypeQuery, BrandQuery),
    request_body = TokenOrder,
    responses(
        (status = 200, description = "Changed", body = TokenView),
        (status = 201, description = "Created", body = TokenView),
        OperatorErrors
    )
)]
pub async fn put(
    _: Operator,
    State(app): State<App>,
    Path(uid): Path<String>,
    OperatorQuery(query): OperatorQuery<TypeQuery>,
    OperatorQuery(brand): OperatorQuery<BrandQuery>,
    OperatorJson(body): OperatorJson<Value>,
) -> Result<(StatusCode, Json<TokenView>), OperatorError> {
    let token_type = query.token_type().map_err(failed)?;
    let (owner, id) = name(&app, &uid, &query, &brand).await?;
    let (token, account) = read(&app, &owner, (&uid, &token_type), body)?;
    let (created, own) =
        change(&app, owner, id, move |_| Some((token, account))).await?.ok_or_else(|| unknown(&uid))?;
    Ok((if created { StatusCode::CREATED } else { StatusCode::OK }, Json(own)))
}

/// Creates a token with a uid of its own
///
/// For `?type=APP_USER`, an app's user, and `?type=AD_HOC_USER`, somebody who charges once and without a contract:
/// their uids are ours to make, while those of cards are printed into them, see PUT. Apps call it when somebody signs
/// up.
#[utoipa::path(
    post,
    path = "/operator/v1/tokens",
    tag = "operator: tokens",
    security(("operator_key" = [])),
    params(TypeQuery, BrandQuery),
    request_body = TokenOrder,
    responses((status = 201, description = "Created", body = TokenView), OperatorErrors)
)]
pub async fn post(
    _: Operator,
    State(app): State<App>,
    OperatorQuery(query): OperatorQuery<TypeQuery>,
    OperatorQuery(brand): OperatorQuery<BrandQuery>,
    OperatorJson(body): OperatorJson<Value>,
) -> Result<(StatusCode, Json<TokenView>), OperatorError> {
    let token_type = query.token_type().map_err(failed)?;
    if !is_app_token(&token_type) {
        return Err(OperatorError::invalid(format!("the uid of a token of type {token_type} is not ours to make"))
            .what_next("create it with PUT /operator/v1/tokens/{uid}, or say ?type=APP_USER or ?type=AD_HOC_USER"));
    }
    let uid = uuid::Uuid::new_v4().to_string();
    let (owner, id) = name(&app, &uid, &query, &brand).await?;
    let (token, account) = read(&app, &owner, (&uid, &token_type), body)?;
    let (_, own) = change(&app, owner, id, move |_| Some((token, account))).await?.ok_or_else(|| unknown(&uid))?;
    Ok((StatusCode::CREATED, Json(own)))
}

fn is_app_token(token_type: &TokenType) -> bool {
    matches!(token_type, TokenType::AppUser | TokenType::AdHocUser)
}

/// A Token and its account, as an operator writes them.
fn read(
    app: &App,
    owner: &PartyId,
    (uid, token_type): (&str, &TokenType),
    body: Value,
) -> Result<(Token, Account), OperatorError> {
    let Value::Object(mut fields) = body else { return Err(OperatorError::invalid("the body must be a JSON object")) };
    let account = match fields.remove("account") {
        None => Account::default(),
        Some(account) => {
            serde_json::from_value(account).map_err(|error| OperatorError::invalid(format!("account: {error}")))?
        }
    };
    let default = |fields: &mut Map<String, Value>, name: &str, value: Value| {
        fields.entry(name).or_insert(value);
    };
    let whitelist = WhitelistType::Never.as_str();
    default(&mut fields, "whitelist", json!(whitelist));
    default(&mut fields, "issuer", json!(app.party.config.business_name.chars().take(64).collect::<String>()));
    for (field, value) in [
        ("country_code", json!(owner.country_code.as_str())),
        ("party_id", json!(owner.party_id.as_str())),
        ("uid", json!(uid)),
        ("type", json!(token_type.as_str())),
        ("valid", json!(account.is_in_order(app.party.clock.now()))),
        ("last_updated", json!(format_date_time(&app.party.clock.now()))),
    ] {
        fields.insert(field.to_owned(), value);
    }
    let token = strictly(Value::Object(fields))?;
    if is_app_token(&token.token_type) && token.whitelist != WhitelistType::Never {
        let message =
            format!("a token of type {} is never presented to a station: its whitelist is NEVER", token.token_type);
        return Err(OperatorError::invalid(message));
    }
    let unasked = matches!(token.whitelist, WhitelistType::Always | WhitelistType::Allowed);
    if unasked && account.depends_on_place() {
        let message = format!(
            "with the whitelist {} CPOs do not ask us, and nobody heeds where the token may be used",
            token.whitelist
        );
        return Err(OperatorError::invalid(message).what_next("use the whitelist NEVER, or leave the places out"));
    }
    Ok((token, account))
}

/// What we send ourselves is held to every rule; only what looks odd may pass.
fn strictly(fields: Value) -> Result<Token, OperatorError> {
    let parsed = ocpi_types::parse::<Token>(fields);
    let broken: Vec<String> =
        parsed.report.findings.iter().filter(|f| f.rule != Rule::Suspicious).map(ToString::to_string).collect();
    parsed.value.filter(|_| broken.is_empty()).ok_or_else(|| OperatorError::invalid(broken.join("; ")))
}

/// Blocks a token
///
/// Tells CPOs that it is not valid any more, and answers BLOCKED to those who ask in real time. Operators call it
/// when a card is lost or a bill is not paid.
#[utoipa::path(
    post,
    path = "/operator/v1/tokens/{uid}/block",
    tag = "operator: tokens",
    security(("operator_key" = [])),
    params(("uid" = String, Path, description = "Token.uid", example = "04DE5000000002"), TypeQuery, BrandQuery),
    responses((status = 200, description = "Blocked", body = TokenView), OperatorErrors)
)]
pub async fn block(
    _: Operator,
    State(app): State<App>,
    Path(uid): Path<String>,
    OperatorQuery(query): OperatorQuery<TypeQuery>,
    OperatorQuery(brand): OperatorQuery<BrandQuery>,
) -> Result<Json<TokenView>, OperatorError> {
    set_blocked(&app, &uid, (&query, &brand), true).await
}

/// Unblocks a token
///
/// Tells CPOs that it is valid again. Operators call it when a card was found or a bill was paid.
#[utoipa::path(
    post,
    path = "/operator/v1/tokens/{uid}/unblock",
    tag = "operator: tokens",
    security(("operator_key" = [])),
    params(("uid" = String, Path, description = "Token.uid", example = "04DE5000000002"), TypeQuery, BrandQuery),
    responses((status = 200, description = "Not blocked any more", body = TokenView), OperatorErrors)
)]
pub async fn unblock(
    _: Operator,
    State(app): State<App>,
    Path(uid): Path<String>,
    OperatorQuery(query): OperatorQuery<TypeQuery>,
    OperatorQuery(brand): OperatorQuery<BrandQuery>,
) -> Result<Json<TokenView>, OperatorError> {
    set_blocked(&app, &uid, (&query, &brand), false).await
}

async fn set_blocked(
    app: &App,
    uid: &str,
    (query, brand): (&TypeQuery, &BrandQuery),
    blocked: bool,
) -> Result<Json<TokenView>, OperatorError> {
    let (owner, id) = name(app, uid, query, brand).await?;
    let changed = change(app, owner, id, move |own| {
        let own = own?;
        Some((own.token, Account { blocked, ..own.account }))
    });
    changed.await?.map(|(_, own)| Json(own)).ok_or_else(|| unknown(uid))
}

/// Changes a token and tells the CPOs. `change` gets what is there, and gives what is to be there; `None` leaves it.
pub(crate) async fn change<F>(
    app: &App,
    owner: PartyId,
    id: String,
    change: F,
) -> Result<Option<(bool, TokenView)>, OperatorError>
where
    F: FnOnce(Option<OwnToken>) -> Option<(Token, Account)> + Send + 'static,
{
    let now = app.party.clock.now();
    let changed = app.party.db.write(move |tx| {
        Box::pin(async move {
            let known = store::get_in(tx, &owner, &id).await?;
            let before = known.as_ref().map(|known| known.token.last_updated);
            let Some((mut token, account)) = change(known) else { return Ok::<_, OcpiError>(None) };
            token.valid = account.is_in_order(now);
            // Later than before, even within one tick of the clock: partners ignore what is not newer.
            token.last_updated = before.map_or(now, |before| now.max(before + TimeDelta::milliseconds(1)));
            let created = store::save(tx, &token, &account).await?;
            Ok(Some((created, TokenView { token, account })))
        })
    });
    let changed = changed.await.map_err(failed)?;
    app.party.nudge();
    Ok(changed)
}

async fn name(app: &App, uid: &str, query: &TypeQuery, brand: &BrandQuery) -> Result<(PartyId, String), OperatorError> {
    let token_type = query.token_type().map_err(failed)?;
    Ok((brand.party(app).await?, token_id::<36>(&uid.into(), &token_type)))
}

fn unknown(uid: &str) -> OperatorError {
    OperatorError::not_found(format!("no token {uid:?} of that type"))
        .what_next("give its type, such as ?type=APP_USER; without it RFID is meant")
}
