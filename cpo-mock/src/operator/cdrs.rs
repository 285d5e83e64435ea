//! Correcting CDRs, and comparing them with what the partner holds.

use axum::Json as AxumJson;
use axum::extract::{Path, State};
use http::{Method, StatusCode};
use ocpi_http::{CallError, Url};
use ocpi_party::{Operator, OperatorError, OperatorErrors, OperatorJson, Party, Stored, Tx};
use ocpi_types::{Cdr, Object, PartyId, parse, pricing};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{Json, invalid, party_of};
use crate::cdrs::{correct, store};
use crate::{App, locations};

type CdrPath = Path<(String, String, String)>;

/// A CDR that was corrected.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "only a schema: the answer is put together from JSON")]
pub struct Correction {
    /// What takes the CDR back.
    credit: Cdr,
    /// What stands in its place.
    corrected: Cdr,
}

/// What the partner holds.
#[derive(Debug, Serialize, ToSchema)]
pub struct AtPartner {
    /// Where the partner keeps the CDR, in its own words.
    #[schema(example = "https://emsp.example/ocpi/2.2.1/cdrs/8123")]
    url: String,
    /// The fields that are not what we have sent, as JSON Pointers.
    differences: Vec<String>,
}

/// Takes a CDR back by a Credit CDR
///
/// The Credit CDR has the id of the CDR with `-C` behind it, and everything else of it with `total_cost` negated; the
/// partner gets it as it got the CDR. Accountants call it when something was billed that should not have been.
#[utoipa::path(
    post, path = "/operator/v1/cdrs/{country_code}/{party_id}/{id}/credit", tag = "operator: objects",
    security(("operator_key" = [])),
    params(
        ("country_code" = String, Path, description = "The owner's country", example = "US"),
        ("party_id" = String, Path, description = "The owner's id", example = "CPO"),
        ("id" = String, Path, description = "CDR.id", example = "CDR-9001"),
    ),
    responses((status = 201, description = "The Credit CDR", body = Cdr), OperatorErrors)
)]
pub async fn credit(
    State(party): State<Party>,
    _: Operator,
    Path((country_code, party_id, id)): CdrPath,
) -> Result<(StatusCode, Json), OperatorError> {
    let owner = party_of(&country_code, &party_id)?;
    let now = party.clock.now();
    let credit = party
        .db
        .write(move |tx| {
            Box::pin(async move {
                let (stored, cdr) = standing(tx, &owner, &id).await?;
                let credit = correct::credit(&cdr, now);
                store::add(tx, &owner, &credit, &stored.audience).await?;
                Ok::<_, OperatorError>(credit.to_json())
            })
        })
        .await?;
    party.nudge();
    Ok((StatusCode::CREATED, Json(credit)))
}

/// Takes a CDR back and sends another one in its place
///
/// The body holds the fields that are to be different, such as `tariffs` or `charging_periods`; `null` takes an
/// optional one away. Totals follow from them by the pricing engine, unless the body gives them, and the partner gets
/// the Credit CDR first. Accountants call it when a bill was wrong.
#[utoipa::path(
    post, path = "/operator/v1/cdrs/{country_code}/{party_id}/{id}/correct", tag = "operator: objects",
    security(("operator_key" = [])),
    params(
        ("country_code" = String, Path, description = "The owner's country", example = "US"),
        ("party_id" = String, Path, description = "The owner's id", example = "CPO"),
        ("id" = String, Path, description = "CDR.id", example = "CDR-9001"),
    ),
    request_body(content = Value, description = "The fields that are to be different",
        example = json!({ "remark": "Billed to the wrong driver at first" })),
    responses((status = 201, description = "Both CDRs", body = Correction), OperatorErrors)
)]
pub async fn correct(
    State(app): State<App>,
    _: Operator,
    Path((country_code, party_id, id)): CdrPath,
    OperatorJson(fields): OperatorJson<Map<String, Value>>,
) -> Result<(StatusCode, Json), OperatorError> {
    let owner = party_of(&country_code, &party_id)?;
    if let Some(ours) = correct::OURS.iter().find(|field| fields.contains_key(**field)) {
        return Err(OperatorError::invalid(format!("/{ours} cannot be chosen"))
            .what_next("send only the fields that are to be different from the CDR"));
    }
    let party = app.party.clone();
    let (now, new_id) = (party.clock.now(), app.ids.next());
    let both = party
        .db
        .write(move |tx| {
            Box::pin(async move {
                let (stored, cdr) = standing(tx, &owner, &id).await?;
                let zone = zone(tx, &owner, &cdr).await?;
                let corrected = correct::corrected(&cdr, &fields, &new_id, zone, now);
                let corrected = corrected.map_err(|report| invalid("corrected CDR", &report))?;
                let credit = correct::credit(&cdr, now);
                store::add(tx, &owner, &credit, &stored.audience).await?;
                store::add(tx, &owner, &corrected, &stored.audience).await?;
                Ok::<_, OperatorError>(format!(
                    r#"{{"credit":{},"corrected":{}}}"#,
                    credit.to_json(),
                    corrected.to_json()
                ))
            })
        })
        .await?;
    party.nudge();
    Ok((StatusCode::CREATED, Json(both)))
}

/// Reads a CDR back from the partner that pays
///
/// Fetches it by the URL that the partner gave when it took the CDR, and says what is different there. Accountants
/// call it when a partner pays another sum.
#[utoipa::path(
    get, path = "/operator/v1/cdrs/{country_code}/{party_id}/{id}/at-partner", tag = "operator: objects",
    security(("operator_key" = [])),
    params(
        ("country_code" = String, Path, description = "The owner's country", example = "US"),
        ("party_id" = String, Path, description = "The owner's id", example = "CPO"),
        ("id" = String, Path, description = "CDR.id", example = "CDR-9001"),
    ),
    responses((status = 200, description = "What is different there", body = AtPartner), OperatorErrors)
)]
pub async fn at_partner(
    State(party): State<Party>,
    _: Operator,
    Path((country_code, party_id, id)): CdrPath,
) -> Result<AxumJson<AtPartner>, OperatorError> {
    let owner = party_of(&country_code, &party_id)?;
    let stored = store::TABLE.get(&party.db, &owner, &id).await?.ok_or_else(|| unknown(&owner, &id))?;
    let peer = party.peers.get(&stored.audience).await?;
    let peer = peer.ok_or_else(|| OperatorError::conflict("the partner is not registered any more"))?;
    let text = store::url_at(&party.db, &owner, &id, &peer.id).await?.ok_or_else(|| {
        OperatorError::conflict("the partner has not said where it keeps this CDR")
            .what_next("wait until it was delivered, see GET /operator/v1/partners")
    })?;
    let url = Url::parse(&text).map_err(|error| OperatorError::conflict(format!("{text} is no URL: {error}")))?;
    let sent = store::parse(&stored.json)?;
    let to = PartyId::new(sent.cdr_token.country_code.as_str(), sent.cdr_token.party_id.as_str());
    let answer = party.client.call(&party.target(&peer, &owner, &to), Method::GET, &url, None).await;
    let theirs = answer.map_err(|error: CallError| OperatorError::new(StatusCode::BAD_GATEWAY, error.to_string()))?;
    let differences = match parse::<Cdr>(theirs.data).value {
        Some(theirs) => correct::differences(&sent, &theirs),
        None => vec![String::new()],
    };
    Ok(AxumJson(AtPartner { url: text, differences }))
}

/// A CDR that stands: it is no Credit CDR, and none has taken it back.
async fn standing(tx: &mut Tx, owner: &PartyId, id: &str) -> Result<(Stored, Cdr), OperatorError> {
    let stored = store::TABLE.get_in(tx, owner, id).await?.ok_or_else(|| unknown(owner, id))?;
    let cdr = store::parse(&stored.json)?;
    if cdr.is_credit() {
        return Err(OperatorError::conflict("a Credit CDR cannot be taken back")
            .what_next("correct what followed it, or the bill outside of OCPI"));
    }
    if store::TABLE.get_in(tx, owner, &correct::credit_id(&cdr)).await?.is_some() {
        return Err(OperatorError::conflict("this CDR was taken back before")
            .what_next("correct the CDR that stands in its place: list them with GET /operator/v1/cdrs"));
    }
    Ok((stored, cdr))
}

/// The time zone of the place; UTC when it is not known any more.
async fn zone(tx: &mut Tx, owner: &PartyId, cdr: &Cdr) -> Result<pricing::Tz, OperatorError> {
    let stored = locations::store::TABLE.get_in(tx, owner, cdr.cdr_location.id.as_str()).await?;
    let location: Option<ocpi_types::Location> =
        stored.map(|stored| serde_json::from_str(&stored.json)).transpose().map_err(OperatorError::internal)?;
    let named = location.and_then(|location| pricing::time_zone(location.time_zone.as_str()));
    Ok(named.unwrap_or(pricing::Tz::UTC))
}

fn unknown(owner: &PartyId, id: &str) -> OperatorError {
    OperatorError::not_found(format!("{owner} has no CDR {id} here")).what_next("list them with GET /operator/v1/cdrs")
}
