//! What the operator API answers when something is wrong: what it is, and the next step to take.

use std::collections::BTreeMap;

use axum::extract::{FromRequest, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};
use ocpi_http::RequestIds;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::openapi::{Content, Ref, RefOr, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::DbError;
use crate::registration::RegistrationError;

/// An answer of the operator API that says no: `{"error": {"message", "what_next", "request_id"}}`.
#[derive(Debug, Clone)]
pub struct OperatorError {
    /// The HTTP status.
    pub status: StatusCode,
    /// What is wrong.
    pub message: String,
    /// The next step to take.
    pub what_next: Option<String>,
    /// What only the log sees.
    pub log: Option<String>,
}

/// A request id in examples.
const EXAMPLE_ID: &str = "0b5a52c4-7b3c-4b7e-9d3e-5a1f2b1c9f11";

/// The body of an error.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperatorErrorBody {
    /// The error.
    error: ErrorText,
}

#[derive(Debug, Serialize, ToSchema)]
struct ErrorText {
    /// What is wrong.
    #[schema(example = "there is no such partner")]
    message: String,
    /// The next step to take.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "list the partners with GET /operator/v1/partners")]
    what_next: Option<String>,
    /// The id under which the log knows more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "0b5a52c4-7b3c-4b7e-9d3e-5a1f2b1c9f11")]
    request_id: Option<String>,
}

impl OperatorError {
    /// An error with this status.
    #[must_use]
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), what_next: None, log: None }
    }

    /// 400: the request cannot be read.
    #[must_use]
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 401: the key is missing or wrong.
    #[must_use]
    pub fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    /// 403: not allowed, whoever asks.
    #[must_use]
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// 404: there is no such thing.
    #[must_use]
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// 409: not in this state.
    #[must_use]
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    /// 422: understood, and wrong.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// 502: a partner did not do what was asked of it.
    #[must_use]
    pub fn partner(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, message)
    }

    /// 500: our own fault; `error` goes to the log.
    #[must_use]
    pub fn internal(error: impl std::fmt::Display) -> Self {
        let mut own = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "something went wrong here");
        own.log = Some(format!("{error:#}"));
        own.what_next("look for the request id in the log of this server")
    }

    /// Adds the next step to take.
    #[must_use]
    pub fn what_next(mut self, step: impl Into<String>) -> Self {
        self.what_next = Some(step.into());
        self
    }

    fn render(self, request_id: Option<String>) -> Response {
        if let Some(log) = &self.log {
            tracing::error!(error = log, "the operator API failed");
        }
        let unauthorized = self.status == StatusCode::UNAUTHORIZED;
        let status = self.status;
        let mut response = (status, axum::Json(self.body(request_id))).into_response();
        if unauthorized {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl OperatorError {
    fn body(self, request_id: Option<String>) -> OperatorErrorBody {
        OperatorErrorBody { error: ErrorText { message: self.message, what_next: self.what_next, request_id } }
    }
}

impl From<DbError> for OperatorError {
    fn from(error: DbError) -> Self {
        Self::internal(error.chain())
    }
}

impl From<RegistrationError> for OperatorError {
    fn from(error: RegistrationError) -> Self {
        let status = match &error {
            RegistrationError::NoSuchPartner => StatusCode::NOT_FOUND,
            RegistrationError::NotRegistered | RegistrationError::AlreadyRegistered(_) => StatusCode::CONFLICT,
            RegistrationError::Db(error) => return Self::internal(error.chain()),
            _ => StatusCode::BAD_GATEWAY,
        };
        Self::new(status, error.to_string()).what_next(error.what_next())
    }
}

impl IntoResponse for OperatorError {
    fn into_response(self) -> Response {
        // The request id is known further out: `finish_errors` writes the body again with it.
        let mut response = self.clone().render(None);
        response.extensions_mut().insert(Unfinished(Self { log: None, ..self }));
        response
    }
}

#[derive(Clone)]
struct Unfinished(OperatorError);

/// Puts the request id into the errors of the operator API.
pub(crate) async fn finish_errors(ids: RequestIds, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Unfinished>() {
        Some(Unfinished(error)) => error.render(Some(ids.request_id)),
        None => response,
    }
}

/// The body of a request of the operator API, as JSON: 400 when it is none, 422 with the path of the fault when it does not
/// fit. An empty body counts as `{}`.
#[derive(Debug, Clone)]
pub struct OperatorJson<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for OperatorJson<T> {
    type Rejection = OperatorError;

    async fn from_request(request: Request, state: &S) -> Result<Self, OperatorError> {
        let body = axum::body::Bytes::from_request(request, state)
            .await
            .map_err(|rejection| OperatorError::new(rejection.status(), rejection.body_text()))?;
        let body: &[u8] = if body.iter().all(u8::is_ascii_whitespace) { b"{}" } else { &body };
        serde_json::from_slice(body).map(Self).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => OperatorError::invalid(error.to_string()),
            _ => OperatorError::bad_request(format!("the body is not valid JSON: {error}")),
        })
    }
}

/// What every route of the operator API may answer, for OpenAPI documents.
#[derive(Debug, Clone, Copy)]
pub struct OperatorErrors;

impl IntoResponses for OperatorErrors {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let answers = [
            (
                "400",
                "The body is not JSON",
                OperatorError::bad_request("the body is not valid JSON: expected value at line 1 column 2"),
            ),
            (
                "401",
                "The operator key is missing or wrong",
                OperatorError::unauthorized("the operator key is missing or wrong")
                    .what_next("send the header Authorization: Bearer <operator key>"),
            ),
            (
                "403",
                "No operator key is configured: the API is closed",
                OperatorError::forbidden("the operator API is closed because no operator key is configured").what_next(
                    "start the server with --operator-key or OPERATOR_KEY and send it as Authorization: Bearer <key>",
                ),
            ),
            (
                "404",
                "There is no such thing",
                OperatorError::not_found("there is no such partner")
                    .what_next("list the partners with GET /operator/v1/partners"),
            ),
            (
                "409",
                "Not possible in this state",
                OperatorError::conflict("this partner is not registered")
                    .what_next("register with it first: POST /operator/v1/partners"),
            ),
            (
                "422",
                "The request is understood, and wrong",
                OperatorError::invalid("unknown field `nam`, expected `name` or `partner_id` at line 1 column 6"),
            ),
            ("500", "A fault of this server; see its log", OperatorError::internal("")),
            (
                "502",
                "The partner did not do what was asked of it",
                OperatorError::partner("the partner cannot be reached: connection refused")
                    .what_next("check the URL, and try again when the partner is up"),
            ),
        ];
        let answer = |description: &str, error: OperatorError| {
            let mut content = Content::new(Some(Ref::from_schema_name(OperatorErrorBody::name())));
            content.example = serde_json::to_value(error.body(Some(EXAMPLE_ID.to_owned()))).ok();
            RefOr::T(ResponseBuilder::new().description(description).content("application/json", content).build())
        };
        let answers = answers.into_iter();
        answers.map(|(status, description, error)| (status.to_owned(), answer(description, error))).collect()
    }
}
