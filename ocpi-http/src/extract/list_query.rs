//! Which part of a list is asked for.

use axum::extract::FromRequestParts;
use http::request::Parts;
use ocpi_types::{DateTime, parse_date_time};
use percent_encoding::percent_decode_str;

use crate::OcpiError;

/// The parameters that every list takes. Spec: transport_and_format, "Paginated request".
///
/// A value that is no date or number, an empty one and a limit of 0 are refused with 2001. Parameters with other names
/// are left to the handler.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Only objects last updated at this time or later.
    pub date_from: Option<DateTime>,
    /// Only objects last updated before this time.
    pub date_to: Option<DateTime>,
    /// How many objects to skip. At most `i64::MAX`.
    pub offset: u64,
    /// How many objects are wanted at most; never 0.
    pub limit: Option<u64>,
}

impl ListQuery {
    /// The size of the page: what is asked for, or `default`, at most `cap`.
    ///
    /// ```
    /// use ocpi_http::ListQuery;
    /// let asked = ListQuery { limit: Some(2000), ..Default::default() };
    /// assert_eq!(asked.limit(50, 100), 100);
    /// assert_eq!(ListQuery::default().limit(50, 100), 50);
    /// ```
    #[must_use]
    pub fn limit(&self, default: u64, cap: u64) -> u64 {
        self.limit.unwrap_or(default).min(cap).max(1)
    }

    /// Reads the query of a URL, without its question mark.
    pub fn read(query: &str) -> Result<Self, OcpiError> {
        let mut read = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            match name {
                "date_from" => read.date_from = Some(date(name, value)?),
                "date_to" => read.date_to = Some(date(name, value)?),
                "offset" => read.offset = number(name, value)?.min(i64::MAX.unsigned_abs()),
                "limit" => read.limit = Some(number(name, value)?),
                _ => {}
            }
        }
        if read.limit == Some(0) {
            return Err(OcpiError::invalid("limit must be at least 1"));
        }
        Ok(read)
    }
}

fn date(name: &str, value: &str) -> Result<DateTime, OcpiError> {
    // A plus sign is a blank, or the sign of an offset that was not encoded: "2026-01-15T10:00:00+00:00".
    let (form, plain) = (form_decoded(value), percent_decode_str(value).decode_utf8_lossy());
    let read = parse_date_time(&form).or_else(|| parse_date_time(&plain));
    read.map(|(at, _as_specified)| at).ok_or_else(|| {
        OcpiError::invalid(format!("{name} must be a DateTime such as 2026-01-15T10:00:00Z, not {:?}", cut(&form)))
    })
}

fn number(name: &str, value: &str) -> Result<u64, OcpiError> {
    let text = form_decoded(value);
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        let text = cut(&text);
        return Err(OcpiError::invalid(format!("{name} must be a number without sign or decimals, not {text:?}")));
    }
    // More digits than fit are more than there is.
    Ok(text.parse().unwrap_or(u64::MAX))
}

fn form_decoded(value: &str) -> String {
    percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned()
}

/// As much as a message needs to show.
fn cut(text: &str) -> &str {
    text.char_indices().nth(60).map_or(text, |(end, _)| &text[..end])
}

impl<S: Sync> FromRequestParts<S> for ListQuery {
    type Rejection = OcpiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, OcpiError> {
        Self::read(parts.uri.query().unwrap_or_default())
    }
}
