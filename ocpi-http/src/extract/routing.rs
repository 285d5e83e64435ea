//! The routing headers: between which parties a message goes.

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, HeaderName};
use ocpi_types::PartyId;

use crate::OcpiError;

/// `OCPI-to-country-code`.
pub(crate) const TO_COUNTRY: HeaderName = HeaderName::from_static("ocpi-to-country-code");
/// `OCPI-to-party-id`.
pub(crate) const TO_PARTY: HeaderName = HeaderName::from_static("ocpi-to-party-id");
/// `OCPI-from-country-code`.
pub(crate) const FROM_COUNTRY: HeaderName = HeaderName::from_static("ocpi-from-country-code");
/// `OCPI-from-party-id`.
pub(crate) const FROM_PARTY: HeaderName = HeaderName::from_static("ocpi-from-party-id");

/// The parties that a message names. Spec: transport_and_format, "Message Routing Headers".
///
/// Each is `None` when both of its headers are absent. Half a pair, or a value that is no code, is refused with 2001.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routing {
    /// Whom the message is for.
    pub to: Option<PartyId>,
    /// Who sends it.
    pub from: Option<PartyId>,
}

impl<S: Sync> FromRequestParts<S> for Routing {
    type Rejection = OcpiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, OcpiError> {
        Ok(Self {
            to: pair(&parts.headers, &TO_COUNTRY, &TO_PARTY)?,
            from: pair(&parts.headers, &FROM_COUNTRY, &FROM_PARTY)?,
        })
    }
}

fn pair(headers: &HeaderMap, country: &HeaderName, party: &HeaderName) -> Result<Option<PartyId>, OcpiError> {
    match (code(headers, country, 2..=2)?, code(headers, party, 1..=3)?) {
        (None, None) => Ok(None),
        (Some(country), Some(party)) => Ok(Some(PartyId::new(country, party))),
        (Some(_), None) => Err(OcpiError::invalid(format!("{country} is given without {party}"))),
        (None, Some(_)) => Err(OcpiError::invalid(format!("{party} is given without {country}"))),
    }
}

fn code<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
    length: std::ops::RangeInclusive<usize>,
) -> Result<Option<&'a str>, OcpiError> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = value.to_str().ok().map(str::trim).filter(|text| length.contains(&text.len()));
    let longest = length.end();
    text.filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()))
        .map(Some)
        .ok_or_else(|| OcpiError::invalid(format!("{name} must be a code of {longest} printable ASCII characters")))
}
