//! The query parameters of lists.

use axum::extract::FromRequestParts;
use http::request::Parts;
use ocpi_party::OperatorError;
use ocpi_types::PartyId;

/// The most entries of one answer.
const MOST: i64 = 1000;

/// Which part of a list.
#[derive(Debug, Clone, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// Only what belongs to this party.
    #[param(value_type = Option<String>, example = "US/CPO")]
    pub party: Option<PartyId>,
    /// Only what is at this Location.
    pub location_id: Option<String>,
    /// How many entries to skip.
    #[param(value_type = Option<u64>, example = 0)]
    pub offset: i64,
    /// How many entries at most: 50 when it is not given, 1000 at most.
    #[param(value_type = Option<u64>, example = 50)]
    pub limit: i64,
}

impl<S: Sync> FromRequestParts<S> for Part {
    type Rejection = OperatorError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, OperatorError> {
        let mut part = Self { party: None, location_id: None, offset: 0, limit: 50 };
        for (name, value) in url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            let number = || {
                value
                    .parse::<i64>()
                    .ok()
                    .filter(|number| *number >= 0)
                    .ok_or_else(|| OperatorError::invalid(format!("{name} must be a number, not {value:?}")))
            };
            match name.as_ref() {
                "party" => {
                    let owner = value.parse().map_err(|_| OperatorError::invalid("party must look like US/CPO"))?;
                    part.party = Some(owner);
                }
                "location_id" => part.location_id = Some(value.into_owned()),
                "offset" => part.offset = number()?,
                "limit" => part.limit = number()?.clamp(1, MOST),
                other => return Err(OperatorError::invalid(format!("there is no parameter {other:?}"))),
            }
        }
        Ok(part)
    }
}
