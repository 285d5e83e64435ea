//! The operator API: plain JSON for the people (and tools) who run this platform. Closed without an operator key.
//!
//! The routes for partners are those that every party has; they come from `ocpi_party`.

pub mod cdrs;
pub mod charging_profiles;
pub mod commands;
pub mod evses;
pub mod explanations;
pub mod homes;
pub mod locations;
pub mod objects;
pub mod query;
pub mod reservations;
pub mod stations;
pub mod tariffs;

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use ocpi_party::OperatorError;
use ocpi_types::{PartyId, Report};

/// JSON text that is sent as it is.
#[derive(Debug)]
pub struct Json(String);

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "application/json")], self.0).into_response()
    }
}

/// The party that a path names.
fn party_of(country_code: &str, party_id: &str) -> Result<PartyId, OperatorError> {
    let party = PartyId::new(country_code, party_id);
    if party.is_well_formed() {
        return Ok(party);
    }
    Err(OperatorError::not_found(format!("{country_code}/{party_id} is no party")))
}

/// An object that is not valid: every fault with its JSON Pointer.
fn invalid(what: &str, report: &Report) -> OperatorError {
    let faults = report.findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    OperatorError::invalid(format!("the {what} is not valid and nothing was changed: {faults}"))
        .what_next("correct the fields that the JSON Pointers name and send it again")
}
