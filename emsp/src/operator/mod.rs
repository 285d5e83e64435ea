//! The operator API of an EMSP, beside the routes that every party has: tokens, what CPOs sent us, commands.
//!
//! Plain JSON under `/operator/v1`, for people and their tools; partners never see it.

pub mod availability;
pub mod balance;
pub mod cdrs;
pub mod commands;
pub mod drivers;
pub mod explanations;
pub mod objects;
pub mod progress;
pub mod reservations;
pub mod smart_charging;
pub mod tokens;

use axum::extract::{FromRequestParts, Query};
use http::request::Parts;
use ocpi_http::OcpiError;
use ocpi_party::{DbError, OperatorError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Listing<T> {
    /// How many there are altogether.
    pub total: u64,
    /// How many were skipped.
    pub offset: u64,
    /// How many are shown at most.
    pub limit: u64,
    /// The entries.
    pub items: Vec<T>,
}

/// Which part of a list.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Part {
    /// How many to skip.
    #[serde(default)]
    #[param(example = 0)]
    pub offset: u64,
    /// How many to show, at most 1000.
    #[serde(default = "default_limit")]
    #[param(example = 50)]
    pub limit: u64,
}

fn default_limit() -> u64 {
    50
}

impl Part {
    fn limit(self) -> u64 {
        self.limit.clamp(1, 1000)
    }

    fn of<T>(self, items: Vec<T>, total: u64) -> Listing<T> {
        Listing { total, offset: self.offset, limit: self.limit(), items }
    }
}

/// The query of a URL; 400 when it does not fit.
#[derive(Debug)]
pub struct OperatorQuery<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for OperatorQuery<T> {
    type Rejection = OperatorError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, OperatorError> {
        let read = Query::<T>::from_request_parts(parts, state).await;
        read.map(|Query(value)| Self(value)).map_err(|rejection| OperatorError::bad_request(rejection.body_text()))
    }
}

/// What stores answer in the words of OCPI, for operators.
fn failed(error: OcpiError) -> OperatorError {
    if error.http.is_server_error() { OperatorError::internal(error) } else { OperatorError::invalid(error.message) }
}

fn unreadable(what: &str) -> OperatorError {
    DbError::corrupt(what).into()
}
