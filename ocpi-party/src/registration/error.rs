//! Why registering failed, in words for the operator.

use ocpi_http::CallError;
use ocpi_types::Report;

use super::DiscoverError;
use crate::DbError;

/// Why a registration could not be made, renewed or ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// There is no partner with this id.
    #[error("there is no such partner")]
    NoSuchPartner,
    /// Credentials have not been exchanged with this partner.
    #[error("this partner is not registered")]
    NotRegistered,
    /// There is a registration with this platform already.
    #[error("the platform at this versions URL is registered already, as {0}")]
    AlreadyRegistered(String),
    /// A call to the partner failed.
    #[error("{step} failed: {error}")]
    Call {
        /// What was being done.
        step: &'static str,
        /// How it failed.
        error: CallError,
    },
    /// The partner does not speak our version.
    #[error("the partner does not offer OCPI version 2.2.1")]
    NoVersion,
    /// The partner lacks endpoints that we need. Nothing was sent to it.
    #[error("the partner's version 2.2.1 lacks endpoints that are required here: {}", .0.join(", "))]
    NoEndpoints(Vec<String>),
    /// The partner's credentials cannot be worked with.
    #[error("the partner accepted, but its credentials cannot be used: {0}")]
    BadAnswer(Report),
    /// The partner claims a party that is somebody else's.
    #[error("the partner's roles cannot be accepted: {0}")]
    Roles(Report),
    /// Our own database failed.
    #[error("the database failed")]
    Db(#[from] DbError),
}

impl From<DiscoverError> for RegistrationError {
    fn from(error: DiscoverError) -> Self {
        match error {
            DiscoverError::Call { step, error } => Self::Call { step, error },
            DiscoverError::NoVersion => Self::NoVersion,
            DiscoverError::NoEndpoints(missing) => Self::NoEndpoints(missing),
        }
    }
}

impl From<CallError> for RegistrationError {
    fn from(error: CallError) -> Self {
        Self::Call { step: "calling the partner", error }
    }
}

impl RegistrationError {
    /// The next step for the operator.
    #[must_use]
    pub fn what_next(&self) -> &'static str {
        match self {
            Self::NoSuchPartner => "list the partners with GET /operator/v1/partners",
            Self::NotRegistered => "register with it first: POST /operator/v1/partners",
            Self::AlreadyRegistered(_) => {
                "to renew the registration: POST /operator/v1/partners/{id}/credentials; to start over, DELETE it first"
            }
            Self::Call { error: CallError::Policy(_), .. } => {
                "private and loopback addresses and plain http need --allow-private-urls and --allow-http-urls"
            }
            Self::Call { .. } => "check the versions URL and the token with the partner, then try again",
            Self::NoVersion => "ask the partner which versions it offers; only 2.2.1 is spoken here",
            Self::NoEndpoints(_) => "ask the partner's administrator to offer them, or change --required-endpoint",
            Self::BadAnswer(_) => "show the partner this message; ask it to remove our registration and try again",
            Self::Roles(_) => "end the registration of the partner that has this party, or ask both whose it is",
            Self::Db(_) => "see the log of this server",
        }
    }
}
