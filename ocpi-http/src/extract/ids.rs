//! The ids of a request.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::context::{CORRELATION_ID, Context, REQUEST_ID, id_of};

/// The ids of a request, as they came or as they were made for it. Never refused. Spec: transport_and_format, "Unique
/// message IDs".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestIds {
    /// `X-Request-ID`: this request only.
    pub request_id: String,
    /// `X-Correlation-ID`: to be sent along on calls that are made because of this request.
    pub correlation_id: String,
}

impl<S: Sync> FromRequestParts<S> for RequestIds {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let (request_id, correlation_id) = match Context::of(&parts.extensions) {
            Some(context) => (context.request_id().clone(), context.correlation_id().clone()),
            // Without the layers around there is nothing to agree with.
            None => (id_of(&parts.headers, &REQUEST_ID), id_of(&parts.headers, &CORRELATION_ID)),
        };
        let text = |id: http::HeaderValue| String::from_utf8_lossy(id.as_bytes()).into_owned();
        Ok(Self { request_id: text(request_id), correlation_id: text(correlation_id) })
    }
}
