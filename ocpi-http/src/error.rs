//! What goes wrong while a request is answered: what the peer sees, and what the log sees.

use std::fmt::{self, Display, Write as _};

use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CONNECTION, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, StatusCode};
use ocpi_types::{Finding, Report};

use crate::OcpiStatus;
use crate::reply::{Payload, Unrendered};

/// How many findings a refusal spells out.
const MAX_SHOWN_FINDINGS: usize = 10;
/// The most characters of one finding that a refusal shows: findings quote what the peer sent.
const MAX_FINDING_CHARS: usize = 300;

/// An answer that says no. Becomes an envelope without `data`.
///
/// The constructors are the whole vocabulary: HTTP and OCPI status are mapped here and nowhere else. The rule (status_codes):
/// what reaches the OCPI layer is answered with HTTP 200 and a 2xxx code; HTTP errors are kept for transport, for
/// authorization and for URLs at which there is nothing.
///
/// ```
/// use ocpi_http::{OcpiError, OcpiStatus};
/// let error = OcpiError::unknown_location("there is no location LOC9");
/// assert_eq!((error.http.as_u16(), error.status), (404, OcpiStatus::UnknownLocation));
/// ```
#[derive(Debug)]
pub struct OcpiError {
    /// The HTTP status.
    pub http: StatusCode,
    /// The `status_code`.
    pub status: OcpiStatus,
    /// The `status_message`, as the peer sees it, without the findings.
    pub message: String,
    /// What is wrong with the object that was sent; the message sent to the peer lists the first ten.
    pub findings: Vec<Finding>,
    /// What only the log sees.
    pub log: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl OcpiError {
    /// An answer of your own making. Prefer the named constructors.
    #[must_use]
    pub fn status(http: StatusCode, status: OcpiStatus, message: impl Into<String>) -> Self {
        Self { http, status, message: message.into(), findings: Vec::new(), log: None, headers: Vec::new() }
    }

    /// 200 with 2001: the request is understood and wrong.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::status(StatusCode::OK, OcpiStatus::InvalidParameters, message)
    }

    /// 200 with 2001: the object `what` breaks rules. The peer is told where and why.
    #[must_use]
    pub fn refused(what: &str, report: Report) -> Self {
        let findings = if report.is_acceptable() {
            report.findings
        } else {
            // What is tolerated is not the reason, and would only distract.
            report.violations().cloned().collect()
        };
        let message = format!("the {what} is refused and nothing was changed");
        Self { findings, ..Self::invalid(message) }
    }

    /// 200 with 2002: too little to work with.
    #[must_use]
    pub fn not_enough(message: impl Into<String>) -> Self {
        Self::status(StatusCode::OK, OcpiStatus::NotEnoughInformation, message)
    }

    /// 404 with 2003: no such Location at this URL.
    #[must_use]
    pub fn unknown_location(message: impl Into<String>) -> Self {
        Self::status(StatusCode::NOT_FOUND, OcpiStatus::UnknownLocation, message)
    }

    /// 404 with 2001: no such object at this URL.
    #[must_use]
    pub fn unknown_object(message: impl Into<String>) -> Self {
        Self::status(StatusCode::NOT_FOUND, OcpiStatus::InvalidParameters, message)
    }

    /// 404 with 2004: no such Token at this URL.
    #[must_use]
    pub fn unknown_token(message: impl Into<String>) -> Self {
        Self::status(StatusCode::NOT_FOUND, OcpiStatus::UnknownToken, message)
    }

    /// 404 with 2001: the URL names a party that is not the caller's.
    #[must_use]
    pub fn wrong_owner(message: impl Into<String>) -> Self {
        Self::status(StatusCode::NOT_FOUND, OcpiStatus::InvalidParameters, message)
    }

    /// 404 with 2000: there is no such path at all.
    #[must_use]
    pub fn unknown_path() -> Self {
        Self::status(StatusCode::NOT_FOUND, OcpiStatus::ClientError, "there is nothing at this URL")
    }

    /// 401 with 2000 and `WWW-Authenticate: Token`: who calls is not known.
    #[must_use]
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::status(StatusCode::UNAUTHORIZED, OcpiStatus::ClientError, message)
            .with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Token"))
    }

    /// 405 with 2000: there is something at this URL, but not for this method. `allow` lists those that work (`GET, PUT`).
    #[must_use]
    pub fn method_not_allowed(allow: &'static str) -> Self {
        Self::wrong_method().with_header(ALLOW, HeaderValue::from_static(allow))
    }

    /// As [`OcpiError::method_not_allowed`], for `Router::method_not_allowed_fallback`, where axum adds the `Allow` header.
    #[must_use]
    pub fn wrong_method() -> Self {
        let message = "this URL does not support the method; see the Allow header";
        Self::status(StatusCode::METHOD_NOT_ALLOWED, OcpiStatus::ClientError, message)
    }

    /// 400 with 2001: the body is not JSON, or cannot be read at all.
    #[must_use]
    pub fn bad_json(message: impl Into<String>) -> Self {
        Self::status(StatusCode::BAD_REQUEST, OcpiStatus::InvalidParameters, message)
    }

    /// 413 with 2000: the body is longer than `limit` bytes. The connection is closed.
    #[must_use]
    pub fn too_large(limit: usize) -> Self {
        let message = format!("the body is longer than {limit} bytes");
        Self::status(StatusCode::PAYLOAD_TOO_LARGE, OcpiStatus::ClientError, message).closing()
    }

    /// 415 with 2000: the body is said to be something else than JSON.
    #[must_use]
    pub fn not_json() -> Self {
        Self::status(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            OcpiStatus::ClientError,
            "send the header Content-Type: application/json",
        )
    }

    /// 408 with 2000: the body did not arrive in time. The connection is closed.
    #[must_use]
    pub fn too_slow() -> Self {
        let message = "the request's body did not arrive in time";
        Self::status(StatusCode::REQUEST_TIMEOUT, OcpiStatus::ClientError, message).closing()
    }

    /// 408 with 2000: the body ended before it was complete. Not 400: nothing is wrong with what the client wanted to send, and it
    /// may send it again. The connection is closed.
    #[must_use]
    pub fn broken_off() -> Self {
        let message = "the request's body ended before it was complete; send it again";
        Self::status(StatusCode::REQUEST_TIMEOUT, OcpiStatus::ClientError, message).closing()
    }

    /// 200 with 3001: while registering, the client's own API did not work.
    #[must_use]
    pub fn client_api(message: impl Into<String>) -> Self {
        Self::status(StatusCode::OK, OcpiStatus::UnableToUseClientApi, message)
    }

    /// 200 with 3002: the client has no version that is spoken here.
    #[must_use]
    pub fn no_version() -> Self {
        Self::status(StatusCode::OK, OcpiStatus::UnsupportedVersion, "version 2.2.1 is needed, and not offered")
    }

    /// 200 with 3003: the client lacks endpoints that are needed.
    #[must_use]
    pub fn no_endpoints(message: impl Into<String>) -> Self {
        Self::status(StatusCode::OK, OcpiStatus::NoMatchingEndpoints, message)
    }

    /// 500 with 3000: our own fault. The peer learns nothing about it; `error` goes to the log.
    #[must_use]
    pub fn internal(error: impl Display) -> Self {
        let message = "something went wrong here; the request can be tried again later";
        Self::status(StatusCode::INTERNAL_SERVER_ERROR, OcpiStatus::ServerError, message).with_log(error)
    }

    /// 503 with 3000: answering took too long.
    #[must_use]
    pub fn overloaded() -> Self {
        let message = "this took too long; the request can be tried again later";
        Self::status(StatusCode::SERVICE_UNAVAILABLE, OcpiStatus::ServerError, message)
    }

    /// Adds what the log should know. `{:#}`, so that an error may show its whole chain.
    #[must_use]
    pub fn with_log(mut self, log: impl Display) -> Self {
        self.log = Some(format!("{log:#}"));
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    fn closing(self) -> Self {
        self.with_header(CONNECTION, HeaderValue::from_static("close"))
    }

    /// The `status_message`: the message and the first ten findings, with their JSON Pointers.
    #[must_use]
    pub fn status_message(&self) -> String {
        let mut text = self.message.clone();
        for (i, finding) in self.findings.iter().take(MAX_SHOWN_FINDINGS).enumerate() {
            text.push_str(if i == 0 { ": " } else { "; " });
            push_shortened(&mut text, &finding.to_string());
        }
        if let Some(more) = self.findings.len().checked_sub(MAX_SHOWN_FINDINGS).filter(|more| *more > 0) {
            // Writing to a String cannot fail.
            let _ = write!(text, "; and {more} more");
        }
        text
    }

    /// The parts of the answer.
    pub(crate) fn unrendered(self) -> (StatusCode, Vec<(HeaderName, HeaderValue)>, Unrendered) {
        let message = self.status_message().into();
        (self.http, self.headers, Unrendered { status: self.status, message, data: Payload::None, log: self.log })
    }
}

fn push_shortened(text: &mut String, part: &str) {
    match part.char_indices().nth(MAX_FINDING_CHARS) {
        Some((end, _)) => {
            text.push_str(&part[..end]);
            text.push('…');
        }
        None => text.push_str(part),
    }
}

/// As the log sees it.
impl fmt::Display for OcpiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}, OCPI {}: {}", self.http.as_u16(), self.status.code(), self.status_message())?;
        self.log.as_ref().map_or(Ok(()), |log| write!(f, " [{log}]"))
    }
}

impl std::error::Error for OcpiError {}

impl IntoResponse for OcpiError {
    fn into_response(self) -> Response {
        let (http, headers, unrendered) = self.unrendered();
        unrendered.into_response(http, headers)
    }
}
