//! The variable segments of a path.

use axum::extract::rejection::PathRejection;
use axum::extract::{FromRequestParts, Path};
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::OcpiError;

/// The variable segments of the route, percent-decoded: `OcpiPath((country, party, id)): OcpiPath<(String, String, String)>`.
///
/// Segments that are not UTF-8 once decoded are refused with 400 and 2001; what does not fit `T` is at no known URL: 404.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OcpiPath<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for OcpiPath<T> {
    type Rejection = OcpiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, OcpiError> {
        use axum::extract::path::ErrorKind;
        Path::<T>::from_request_parts(parts, state).await.map(|Path(value)| Self(value)).map_err(|rejection| {
            match rejection {
                PathRejection::FailedToDeserializePathParams(failure) => match failure.into_kind() {
                    ErrorKind::InvalidUtf8InPathParam { key } => {
                        OcpiError::bad_json(format!("the {key} in the URL is not UTF-8 once it is percent-decoded"))
                    }
                    // More or fewer variables than the handler takes: the route is wrong, not the request.
                    ErrorKind::WrongNumberOfParameters { got, expected } => {
                        OcpiError::internal(format!("a route with {got} variables has a handler for {expected}"))
                    }
                    ErrorKind::UnsupportedType { name } => {
                        OcpiError::internal(format!("{name} cannot be read from a path"))
                    }
                    other => OcpiError::unknown_object(format!("there is nothing at this URL: {other}")),
                },
                other if other.status() == StatusCode::BAD_REQUEST => {
                    OcpiError::bad_json("the URL cannot be percent-decoded")
                }
                other => OcpiError::internal(other.body_text()),
            }
        })
    }
}
