//! The parties that this platform hosts: the operators of a CPO's platform, the brands of an EMSP's.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use ocpi_types::{BusinessDetails, CredentialsRole, Extra, Object, PartyId, Report};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::{OperatorError, OperatorErrors, OperatorJson};
use crate::Party;
use crate::auth::Operator;

/// The parties of this platform.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Parties {
    /// The configured one comes first.
    items: Vec<CredentialsRole>,
}

/// A party to be hosted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewParty {
    /// ISO 3166-1 alpha-2.
    #[schema(example = "US")]
    country_code: String,
    /// Three characters.
    #[schema(example = "ACM")]
    party_id: String,
    /// The name that partners see.
    #[schema(example = "Acme Charging")]
    name: String,
    /// The web site that partners see.
    #[schema(example = "https://acme.example")]
    website: Option<String>,
}

/// The parties that this platform hosts
///
/// Lists the companies that share this platform, the configured one first: the operators of a CPO's, the brands of an EMSP's.
/// Operators call it to see what partners find in our credentials.
#[utoipa::path(
    get,
    path = "/operator/v1/parties",
    tag = "operator: parties",
    security(("operator_key" = [])),
    responses((status = 200, description = "The parties", body = Parties), OperatorErrors)
)]
pub(super) async fn list(State(party): State<Party>, _: Operator) -> Json<Parties> {
    Json(Parties { items: party.own_roles().await })
}

/// Hosts one more party, or changes its name
///
/// Adds a company to this platform; registered partners learn of it by a credentials PUT. Operators call it when another company
/// is to be run here.
#[utoipa::path(
    post,
    path = "/operator/v1/parties",
    tag = "operator: parties",
    security(("operator_key" = [])),
    request_body = NewParty,
    responses(
        (status = 201, description = "Hosted from now on", body = CredentialsRole),
        (status = 200, description = "Nothing new", body = CredentialsRole),
        OperatorErrors
    )
)]
pub(super) async fn add(
    State(party): State<Party>,
    _: Operator,
    OperatorJson(new): OperatorJson<NewParty>,
) -> Result<(StatusCode, Json<CredentialsRole>), OperatorError> {
    let id = PartyId::new(new.country_code, new.party_id);
    if !id.is_well_formed() {
        return Err(OperatorError::invalid("country_code and party_id must have two and three characters"));
    }
    let mut details = BusinessDetails::builder().name(new.name);
    if let Some(website) = new.website {
        details = details.website(website);
    }
    let role = CredentialsRole {
        role: party.role.clone(),
        business_details: details.build().map_err(|report| invalid(&report))?,
        party_id: id.party_id,
        country_code: id.country_code,
        extra: Extra::default(),
    };
    let report = role.validate();
    if !report.is_clean() {
        return Err(invalid(&report));
    }
    let (hosting, added) = (party.clone(), role.clone());
    let is_new = party
        .db
        .write(move |tx| Box::pin(async move { hosting.add_role(tx, added).await.map_err(OperatorError::from) }))
        .await?;
    party.nudge();
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(role)))
}

fn invalid(report: &Report) -> OperatorError {
    let faults = report.findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    OperatorError::invalid(format!("the party is not valid and nothing was changed: {faults}"))
        .what_next("correct the fields that the JSON Pointers name and send it again")
}
