//! Bodies.

use std::io;

use axum::extract::{FromRequest, OptionalFromRequest, Request};
use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use ocpi_types::{Object, Parsed, Patch, Patchable, Report, parse};
use serde_json::Value;

use crate::OcpiError;
use crate::context::Context;
use crate::url_policy::chain;

/// Some tools begin UTF-8 with it.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A complete object. What is no JSON is refused with 400 and 2001; what is JSON and breaks a MUST of the object with 200
/// and 2001, with JSON Pointers to what is wrong.
///
/// `Option<OcpiJson<T>>` is `None` for an empty body.
#[derive(Debug, Clone, PartialEq)]
pub struct OcpiJson<T: Object> {
    /// The object.
    pub value: T,
    /// What was tolerated.
    pub report: Report,
}

/// A partial object. Refused as [`OcpiJson`], and with 200 and 2001 when `last_updated` is missing.
#[derive(Debug, Clone, PartialEq)]
pub struct OcpiPatch<T: Patchable>(pub Patch<T>);

/// Any JSON. What is no JSON is refused with 400 and 2001.
#[derive(Debug, Clone, PartialEq)]
pub struct OcpiValue(pub Value);

impl OcpiValue {
    /// The content, also of a body that comes in an envelope: some partners wrap a bare object, such as a command's result,
    /// into the response format.
    ///
    /// ```
    /// use ocpi_http::OcpiValue;
    /// let wrapped = OcpiValue(serde_json::json!({ "data": { "result": "ACCEPTED" }, "status_code": 1000 }));
    /// assert_eq!(wrapped.content()["result"], "ACCEPTED");
    /// ```
    #[must_use]
    pub fn content(self) -> Value {
        match self.0 {
            Value::Object(mut envelope) if envelope.contains_key("status_code") => {
                envelope.remove("data").unwrap_or(Value::Object(envelope))
            }
            bare => bare,
        }
    }
}

impl<S: Sync> FromRequest<S> for OcpiValue {
    type Rejection = OcpiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, OcpiError> {
        read_value(request).await?.map(Self).ok_or_else(|| OcpiError::bad_json("the body is empty"))
    }
}

impl<S: Sync, T: Object> FromRequest<S> for OcpiJson<T> {
    type Rejection = OcpiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, OcpiError> {
        accept(OcpiValue::from_request(request, state).await?.0)
    }
}

impl<S: Sync, T: Object> OptionalFromRequest<S> for OcpiJson<T> {
    type Rejection = OcpiError;

    async fn from_request(request: Request, _state: &S) -> Result<Option<Self>, OcpiError> {
        read_value(request).await?.map(accept).transpose()
    }
}

impl<S: Sync, T: Patchable> FromRequest<S> for OcpiPatch<T> {
    type Rejection = OcpiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, OcpiError> {
        let OcpiValue(json) = OcpiValue::from_request(request, state).await?;
        Patch::read(json).map(Self).map_err(|report| OcpiError::refused(&format!("PATCH of a {}", T::NAME), report))
    }
}

fn accept<T: Object>(json: Value) -> Result<OcpiJson<T>, OcpiError> {
    let parsed: Parsed<T> = parse(json);
    let (value, report) = parsed.accept_pushed().map_err(|report| OcpiError::refused(T::NAME, report))?;
    Ok(OcpiJson { value, report })
}

/// The body as JSON; `None` when there is none.
async fn read_value(request: Request) -> Result<Option<Value>, OcpiError> {
    let is_json = says_json(request.headers());
    let body = read_body(request).await?;
    let json = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&body);
    if json.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    if !is_json {
        return Err(OcpiError::not_json());
    }
    match serde_json::from_slice(json) {
        Ok(value) => Ok(Some(value)),
        Err(error) => Err(OcpiError::bad_json(format!("the body is not valid JSON: {error}"))),
    }
}

async fn read_body(request: Request) -> Result<Bytes, OcpiError> {
    let context = Context::of(request.extensions()).cloned();
    // The layers limit size and time of every body.
    axum::body::to_bytes(request.into_body(), usize::MAX).await.map_err(|error| {
        let fault = context.and_then(|context| context.fault());
        fault.unwrap_or_else(|| {
            if is_broken_off(&error) {
                OcpiError::broken_off()
            } else {
                OcpiError::bad_json("the body cannot be read; its chunks are not HTTP")
            }
        })
    })
}

/// The client has gone before its body was complete.
fn is_broken_off(error: &axum::Error) -> bool {
    chain(error).any(|cause| {
        let ended = cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::UnexpectedEof);
        ended || cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message)
    })
}

/// Whether the body is said to be JSON. No header at all is fine, and so are parameters.
fn says_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else { return true };
    let Ok(text) = value.to_str() else { return false };
    let essence = text.split(';').next().unwrap_or_default().trim();
    let subtype = essence.split_once('/').map_or("", |(_, subtype)| subtype);
    let ends_with_json = subtype.len() > 5 && subtype[subtype.len().saturating_sub(5)..].eq_ignore_ascii_case("+json");
    essence.is_empty() || subtype.eq_ignore_ascii_case("json") || ends_with_json
}
