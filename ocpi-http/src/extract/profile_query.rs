//! The query of GET and DELETE of a charging profile, which have no body. Spec: mod_charging_profiles, "Receiver Interface".

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::OcpiError;

/// The longest URL that OCPI allows.
const LONGEST_URL: usize = 255;

/// What a GET of a charging profile asks for. What is missing or wrong is refused with 2001.
#[derive(Debug, Clone, PartialEq, Eq, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProfileReadQuery {
    /// How far the plan shall reach, in seconds.
    #[param(example = 900, minimum = 1)]
    pub duration: i64,
    /// Where the ActiveChargingProfileResult goes, percent-encoded.
    #[param(example = "http://127.0.0.1:8000/ocpi/2.2.1/emsp/chargingprofiles/results/5678")]
    pub response_url: String,
}

/// What a DELETE of a charging profile asks for. A missing URL is refused with 2001.
#[derive(Debug, Clone, PartialEq, Eq, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ProfileClearQuery {
    /// Where the ClearProfileResult goes, percent-encoded.
    #[param(example = "http://127.0.0.1:8000/ocpi/2.2.1/emsp/chargingprofiles/results/5679")]
    pub response_url: String,
}

impl<S: Sync> FromRequestParts<S> for ProfileReadQuery {
    type Rejection = OcpiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, OcpiError> {
        let (duration, response_url) = read(parts.uri.query().unwrap_or_default());
        let Some(duration) = duration else { return Err(OcpiError::invalid("the parameter duration is missing")) };
        let seconds = duration.parse::<i64>().ok().filter(|seconds| *seconds > 0);
        let wrong = || OcpiError::invalid("duration must be a number of seconds, without decimals and more than 0");
        Ok(Self { duration: seconds.ok_or_else(wrong)?, response_url: checked(response_url)? })
    }
}

impl<S: Sync> FromRequestParts<S> for ProfileClearQuery {
    type Rejection = OcpiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, OcpiError> {
        let (_, response_url) = read(parts.uri.query().unwrap_or_default());
        Ok(Self { response_url: checked(response_url)? })
    }
}

fn checked(url: Option<String>) -> Result<String, OcpiError> {
    let url = url.filter(|url| !url.is_empty());
    let url = url.ok_or_else(|| OcpiError::invalid("the parameter response_url is missing"))?;
    if url.chars().count() > LONGEST_URL {
        return Err(OcpiError::invalid(format!("response_url is longer than {LONGEST_URL} characters")));
    }
    Ok(url)
}

/// `duration` and `response_url`. The URL should be percent-encoded; the spec's own example is not, and its second parameter
/// would get lost: what follows an URL and is no parameter of ours belongs to it, and is then taken as it is.
fn read(query: &str) -> (Option<String>, Option<String>) {
    let decoded = |value: &str| {
        let pair = format!("value={value}");
        url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let mut duration = None;
    let mut found: Option<(String, bool)> = None;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match (pair.split_once('=').unwrap_or((pair, "")), &mut found) {
            (("duration", value), _) if duration.is_none() => duration = Some(decoded(value)),
            (("response_url", value), None) => found = Some((value.to_owned(), false)),
            (_, Some((text, extended))) if text.contains("://") => {
                text.push('&');
                text.push_str(pair);
                *extended = true;
            }
            _ => {}
        }
    }
    (duration, found.map(|(text, extended)| if extended { text } else { decoded(&text) }))
}

#[cfg(test)]
mod tests {
    use super::read;

    // Proves: CHP-023
    #[test]
    fn a_url_is_read_encoded_or_not() {
        let url = "https://msp.example/cb?of=%2Fa&b=2";
        let encoded = "https%3A%2F%2Fmsp.example%2Fcb%3Fof%3D%252Fa%26b%3D2";
        for query in [
            format!("duration=900&response_url={encoded}"),
            format!("response_url={encoded}&duration=900"),
            format!("duration=900&response_url={url}"),
            format!("response_url={url}&duration=900"),
        ] {
            assert_eq!(read(&query), (Some("900".to_owned()), Some(url.to_owned())), "{query}");
        }
        assert_eq!(read("response_url=https://msp.example/cb?id=1").1.as_deref(), Some("https://msp.example/cb?id=1"));
        assert_eq!(read("duration=&x=1"), (Some(String::new()), None));
    }
}
