//! Answers of handlers, before they are rendered.

use std::borrow::Cow;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use url::Url;

use crate::{ListQuery, OcpiError, OcpiStatus};

/// What a handler returns.
pub type OcpiResult = Result<OcpiReply, OcpiError>;

/// A successful answer: what the envelope will hold.
///
/// It becomes an envelope with time and ids in the outermost layer, see [`with_layers`](crate::with_layers).
///
/// ```
/// use ocpi_http::{OcpiReply, OcpiResult};
///
/// async fn versions() -> OcpiResult {
///     Ok(OcpiReply::data(&["2.2.1"]))
/// }
/// ```
#[derive(Debug)]
#[must_use]
pub struct OcpiReply {
    http: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    envelope: Unrendered,
}

/// One page of a list, whose objects are JSON texts that are put together without being parsed.
#[derive(Debug, Clone)]
pub struct ReplyPage {
    /// The objects, each as JSON text.
    pub items: Vec<String>,
    /// How many objects match the filters, on all pages: `X-Total-Count`.
    pub total: u64,
    /// What the client asked for.
    pub query: ListQuery,
    /// The page size in use: the `limit` of the link to the next page.
    pub limit: u64,
    /// The largest page size this server gives: `X-Limit`.
    pub cap: u64,
    /// The absolute URL of the list, with filters that are not in `query`, if any.
    pub base_url: Url,
}

/// What the renderer finds in the extensions of a response.
#[derive(Debug, Clone)]
pub(crate) struct Unrendered {
    pub(crate) status: OcpiStatus,
    pub(crate) message: Cow<'static, str>,
    pub(crate) data: Payload,
    pub(crate) log: Option<String>,
}

/// The `data` of an envelope.
#[derive(Debug, Clone)]
pub(crate) enum Payload {
    /// No `data` at all.
    None,
    /// JSON text.
    Json(Bytes),
    /// JSON texts, to be joined to a list.
    List(Vec<String>),
}

impl Unrendered {
    pub(crate) fn success(data: Payload) -> Self {
        Self { status: OcpiStatus::Success, message: OcpiStatus::Success.meaning().into(), data, log: None }
    }

    pub(crate) fn into_response(self, http: StatusCode, headers: Vec<(HeaderName, HeaderValue)>) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = http;
        for (name, value) in headers {
            response.headers_mut().append(name, value);
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl OcpiReply {
    fn new(data: Payload) -> Self {
        Self { http: StatusCode::OK, headers: Vec::new(), envelope: Unrendered::success(data) }
    }

    /// 200 with 1000, no `data`: an acknowledgement.
    pub fn ok() -> Self {
        Self::new(Payload::None)
    }

    /// 201 with 1000, no `data`: the object was not there before.
    pub fn created() -> Self {
        Self::ok().with_http(StatusCode::CREATED)
    }

    /// 200 with 1000 and this as `data`. What cannot be written as JSON becomes 500 with 3000.
    pub fn data(data: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(data) {
            Ok(json) => Self::new(Payload::Json(json.into())),
            Err(error) => {
                let (http, headers, envelope) = OcpiError::internal(error).unrendered();
                Self { http, headers, envelope }
            }
        }
    }

    /// 200 with 1000; `json` is the JSON text of `data`, and is not looked at.
    pub fn json(json: impl Into<Bytes>) -> Self {
        Self::new(Payload::Json(json.into()))
    }

    /// 200 with 1000: one page of a list, with `X-Total-Count`, `X-Limit` and, where more follows, `Link`.
    pub fn page(mut page: ReplyPage) -> Self {
        let items = std::mem::take(&mut page.items);
        let count = items.len() as u64;
        Self::listing(&page, count, Payload::List(items))
    }

    /// As [`OcpiReply::page`], from a JSON list of `count` objects that is kept ready; `page.items` is not used.
    pub fn ready_page(page: &ReplyPage, list: Bytes, count: u64) -> Self {
        Self::listing(page, count, Payload::Json(list))
    }

    fn listing(page: &ReplyPage, count: u64, data: Payload) -> Self {
        let mut reply = Self::new(data);
        reply.headers = page.headers(count);
        reply
    }

    /// Another HTTP status.
    pub fn with_http(mut self, http: StatusCode) -> Self {
        self.http = http;
        self
    }

    /// Another OCPI status: for answers that have `data` and still are no success.
    pub fn with_status(mut self, status: OcpiStatus, message: impl Into<String>) -> Self {
        self.envelope.status = status;
        self.envelope.message = Cow::Owned(message.into());
        self
    }

    /// One more header.
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl IntoResponse for OcpiReply {
    fn into_response(self) -> Response {
        self.envelope.into_response(self.http, self.headers)
    }
}

/// `X-Total-Count`.
pub(crate) const TOTAL_COUNT: HeaderName = HeaderName::from_static("x-total-count");
/// `X-Limit`.
pub(crate) const LIMIT: HeaderName = HeaderName::from_static("x-limit");

impl ReplyPage {
    fn headers(&self, count: u64) -> Vec<(HeaderName, HeaderValue)> {
        let mut headers = Vec::with_capacity(3);
        headers.push((TOTAL_COUNT, self.total.into()));
        headers.push((LIMIT, self.cap.into()));
        if let Some(link) = self.link(count) {
            headers.push((http::header::LINK, link));
        }
        headers
    }

    /// The link to the page after this one, which holds `count` objects; `None` on the last page.
    fn link(&self, count: u64) -> Option<HeaderValue> {
        use std::fmt::Write;
        let next = self.query.offset.saturating_add(count);
        if count == 0 || next >= self.total {
            return None;
        }
        let mut link = String::with_capacity(self.base_url.as_str().len() + 160);
        let joint = if self.base_url.query().is_some() { '&' } else { '?' };
        // Writing to a String cannot fail.
        let _ = write!(link, "<{}{joint}", self.base_url);
        for (name, at) in [("date_from", &self.query.date_from), ("date_to", &self.query.date_to)] {
            if let Some(at) = at {
                let _ = write!(link, "{name}={}&", ocpi_types::format_date_time(at));
            }
        }
        let _ = write!(link, "offset={next}&limit={}>; rel=\"next\"", self.limit);
        HeaderValue::try_from(link).ok()
    }
}
