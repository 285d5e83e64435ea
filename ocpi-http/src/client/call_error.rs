//! Why a call failed, and what that means for trying again.

use std::time::Duration;

use http::StatusCode;
use ocpi_types::{PartyId, Report};
use serde_json::Value;

use crate::OcpiStatus;

/// Why there is no usable answer. Fit for the operator's eyes; holds no secret.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The URL may not be called.
    #[error("{0}")]
    Policy(String),
    /// The request could not be built.
    #[error("{0}")]
    Request(String),
    /// No connection, or it broke off.
    #[error("the peer cannot be reached: {0}")]
    Unreachable(String),
    /// No complete answer in time.
    #[error("the peer did not answer in time")]
    TimedOut,
    /// The answer is longer than we read.
    #[error("the answer is longer than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The peer sends us to another host, where the credentials token does not belong.
    #[error("the peer redirects to {to}, where its token does not belong; ask the partner for the right URL")]
    Redirected {
        /// Where to.
        to: String,
    },
    /// Redirects do not end.
    #[error("the peer redirects in circles")]
    TooManyRedirects,
    /// A success that is no OCPI envelope.
    #[error("the peer answered HTTP {http} with something that is not OCPI: {what}")]
    NotOcpi {
        /// The HTTP status.
        http: StatusCode,
        /// What it is instead.
        what: String,
    },
    /// An HTTP error without an envelope.
    #[error("the peer answered HTTP {http} {excerpt}")]
    Http {
        /// The HTTP status.
        http: StatusCode,
        /// The beginning of the body.
        excerpt: String,
        /// How long the peer wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// An envelope that says no.
    #[error("the peer answered HTTP {}, OCPI {status}: {}", http.as_u16(), message.as_deref().unwrap_or("no message"))]
    Refused {
        /// The HTTP status.
        http: StatusCode,
        /// The `status_code`.
        status: OcpiStatus,
        /// The `status_message`.
        message: Option<String>,
        /// The `data`, where there is any.
        data: Option<Box<Value>>,
        /// How long the peer wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// The hub is there, the party behind it is not.
    #[error("{party} cannot be reached through the hub: {why}")]
    Away {
        /// The party in `OCPI-to`.
        party: PartyId,
        /// What the hub says about it.
        why: String,
        /// The `status_code` with which the hub answered; `None` when it was known before, and nothing was sent.
        answered: Option<OcpiStatus>,
    },
    /// A success whose `data` breaks a MUST.
    #[error("the peer's {what} is not valid: {report}")]
    Invalid {
        /// Which object.
        what: &'static str,
        /// What is wrong.
        report: Report,
    },
    /// A list that does not end.
    #[error("the peer's list does not end: {0}")]
    Endless(String),
}

/// What a failure means for trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// The peer cannot answer properly now, to anything: keep what is to be sent, back off, try later.
    PeerDown,
    /// The peer understood this request and said no: the same again will fail again.
    Refused,
    /// The hub works, the party behind it does not: keep what is for this party, go on with the others.
    Away,
    /// Our own fault or our own rules: says nothing about the peer.
    Ours,
}

impl CallError {
    /// A refusal, as it is when a peer answers this.
    #[must_use]
    pub fn refused(http: StatusCode, status: OcpiStatus, message: impl Into<String>) -> Self {
        Self::Refused { http, status, message: Some(message.into()), data: None, retry_after: None }
    }

    /// What the failure means for trying again.
    ///
    /// A peer that does not accept our token (401, 403), limits us (429) or has trouble of its own (5xx, 3xxx, a hub's
    /// 4000) will refuse everything for now: that counts as down. A hub's 4002 and 4003 about a party that was named are
    /// [`CallError::Away`].
    #[must_use]
    pub fn class(&self) -> FailureClass {
        match self {
            Self::Policy(_) | Self::Request(_) => FailureClass::Ours,
            Self::Unreachable(_)
            | Self::TimedOut
            | Self::Redirected { .. }
            | Self::TooManyRedirects
            | Self::NotOcpi { .. } => FailureClass::PeerDown,
            Self::TooLarge { .. } | Self::Invalid { .. } | Self::Endless(_) => FailureClass::Refused,
            Self::Away { .. } => FailureClass::Away,
            Self::Http { http, .. } => class_of(*http, None),
            Self::Refused { http, status, .. } => class_of(*http, Some(*status)),
        }
    }

    /// How long the peer wants to be left alone, where it said so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Http { retry_after, .. } | Self::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The HTTP status, where there was an answer.
    #[must_use]
    pub fn http(&self) -> Option<StatusCode> {
        match self {
            Self::NotOcpi { http, .. } | Self::Http { http, .. } | Self::Refused { http, .. } => Some(*http),
            _ => None,
        }
    }

    /// The OCPI status, where there was an envelope.
    #[must_use]
    pub fn ocpi_status(&self) -> Option<OcpiStatus> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::Away { answered, .. } => *answered,
            _ => None,
        }
    }

    /// One word, for the metrics.
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self::Policy(_) => "policy",
            Self::Request(_) => "request",
            Self::Unreachable(_) => "unreachable",
            Self::TimedOut => "timed_out",
            Self::TooLarge { .. } => "too_large",
            Self::Redirected { .. } | Self::TooManyRedirects => "redirected",
            Self::NotOcpi { .. } => "not_ocpi",
            Self::Http { .. } => "http_error",
            Self::Refused { .. } => "refused",
            Self::Away { .. } => "away",
            Self::Invalid { .. } => "invalid",
            Self::Endless(_) => "endless",
        }
    }
}

fn class_of(http: StatusCode, ocpi: Option<OcpiStatus>) -> FailureClass {
    let http_is_down = http.is_server_error()
        || matches!(
            http,
            StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN
                | StatusCode::REQUEST_TIMEOUT
                | StatusCode::TOO_MANY_REQUESTS
                | StatusCode::PROXY_AUTHENTICATION_REQUIRED
        );
    let ocpi_is_down = ocpi.is_some_and(|status| {
        let hub = matches!(status, OcpiStatus::HubError | OcpiStatus::Timeout | OcpiStatus::ConnectionProblem);
        hub || status.code() / 1000 == 3
    });
    if http_is_down || ocpi_is_down { FailureClass::PeerDown } else { FailureClass::Refused }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Proves: STA-014 (unlisted codes are classified by their range).
    #[test]
    fn failures_are_classified_for_the_one_who_retries() {
        let refused =
            |http: u16, code: u16| CallError::refused(StatusCode::from_u16(http).unwrap(), code.into(), "no").class();
        for (http, code, class) in [
            (200, 2001, FailureClass::Refused),
            (200, 2950, FailureClass::Refused),
            (404, 2003, FailureClass::Refused),
            (405, 2000, FailureClass::Refused),
            (200, 3000, FailureClass::PeerDown),
            (200, 3042, FailureClass::PeerDown),
            (200, 4001, FailureClass::Refused),
            (200, 4003, FailureClass::PeerDown),
            (401, 2000, FailureClass::PeerDown),
            (429, 2000, FailureClass::PeerDown),
            (503, 2001, FailureClass::PeerDown),
        ] {
            assert_eq!(refused(http, code), class, "{http} {code}");
        }
        assert_eq!(CallError::Policy(String::new()).class(), FailureClass::Ours);
        assert_eq!(CallError::TimedOut.class(), FailureClass::PeerDown);
    }
}
