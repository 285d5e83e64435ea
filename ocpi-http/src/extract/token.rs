//! The credentials token that a request presents.

use axum::extract::FromRequestParts;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::GeneralPurpose;
use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use crate::{OcpiError, Secret};

/// How a credentials token is written into the `Authorization` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TokenForm {
    /// Base64, as OCPI 2.2.1 asks for.
    #[default]
    Base64,
    /// As it is, as many partners on older versions do.
    Raw,
}

/// The token of the `Authorization: Token …` header, in every way it can be meant. Refused with 401 when there is none.
///
/// A raw token may happen to be Base64 as well, so whoever compares tries all candidates, in this order: decoded, decoded
/// without trailing white space (the spec's own example has a line break in it), raw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentedToken {
    /// What the token may be; never empty.
    pub candidates: Vec<(Secret, TokenForm)>,
}

/// Senders differ about the padding; the characters before it are unambiguous.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl PresentedToken {
    /// Reads the header.
    ///
    /// ```
    /// use ocpi_http::{PresentedToken, TokenForm};
    /// let mut headers = http::HeaderMap::new();
    /// headers.insert("Authorization", "Token czNjcmV0".parse().unwrap());
    /// let token = PresentedToken::read(&headers).unwrap();
    /// assert_eq!(token.candidates[0].0.expose(), "s3cret");
    /// assert_eq!(token.candidates[1], ("czNjcmV0".into(), TokenForm::Raw));
    /// ```
    pub fn read(headers: &HeaderMap) -> Result<Self, OcpiError> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = values.next().ok_or_else(|| {
            OcpiError::unauthorized("send the header Authorization: Token and the Base64-encoded credentials token")
        })?;
        let text = value.to_str().ok().filter(|_| values.next().is_none());
        let token =
            text.and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("token"));
        match token.map(|(_, token)| token.trim()) {
            Some(raw) if !raw.is_empty() => Ok(Self::of(raw)),
            _ => Err(OcpiError::unauthorized(
                "the Authorization header must be Token, one space and the Base64-encoded credentials token",
            )),
        }
    }

    fn of(raw: &str) -> Self {
        let mut candidates = Vec::with_capacity(3);
        if let Some(decoded) = BASE64.decode(raw).ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
            let trimmed = decoded.trim_end_matches(['\r', '\n', ' ']);
            let shorter = (trimmed.len() < decoded.len()).then(|| trimmed.to_owned());
            for text in [Some(decoded), shorter].into_iter().flatten().filter(|text| !text.is_empty()) {
                candidates.push((Secret::new(text), TokenForm::Base64));
            }
        }
        candidates.push((Secret::new(raw), TokenForm::Raw));
        Self { candidates }
    }
}

impl<S: Sync> FromRequestParts<S> for PresentedToken {
    type Rejection = OcpiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, OcpiError> {
        Self::read(&parts.headers)
    }
}

impl TokenForm {
    /// The value of the `Authorization` header.
    pub fn header(self, token: &Secret) -> Result<http::HeaderValue, http::header::InvalidHeaderValue> {
        use base64::engine::general_purpose::STANDARD;
        let text = match self {
            Self::Base64 => format!("Token {}", STANDARD.encode(token.expose())),
            Self::Raw => format!("Token {}", token.expose()),
        };
        let mut value = http::HeaderValue::try_from(text)?;
        value.set_sensitive(true);
        Ok(value)
    }
}
