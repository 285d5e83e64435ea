//! The last step of every answer: envelope, headers, log, metrics.

use std::time::Instant;

use axum::body::{Body, HttpBody};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};

use crate::context::{CORRELATION_ID, Context, REQUEST_ID, id_text};
use crate::extract::{FROM_COUNTRY, FROM_PARTY, TO_COUNTRY, TO_PARTY};
use crate::paths::Scope;
use crate::render::{Rendered, envelope};
use crate::reply::{Payload, Unrendered};
use crate::{Exchange, KeptBody, KeptHeaders, LayerConfig, OcpiError, OcpiStatus};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The routing headers of an answer: those of the request, with from and to swapped.
pub(crate) struct Swapped {
    /// Who asked: country code and party id.
    to: Option<(HeaderValue, HeaderValue)>,
    /// Who was asked.
    from: Option<(HeaderValue, HeaderValue)>,
}

impl Swapped {
    pub(crate) fn of(request: &HeaderMap) -> Self {
        let pair = |country, party| Some((request.get(country)?.clone(), request.get(party)?.clone()));
        Self { to: pair(&FROM_COUNTRY, &FROM_PARTY), from: pair(&TO_COUNTRY, &TO_PARTY) }
    }
}

/// A request under the OCPI prefix as it came.
pub(crate) struct Asked {
    pub(crate) url: Uri,
    pub(crate) headers: HeaderMap,
}

/// What is known about a request when its answer is there.
pub(crate) struct Finish<'a> {
    pub(crate) config: &'a LayerConfig,
    pub(crate) context: Context,
    pub(crate) scope: Scope,
    pub(crate) swapped: Option<Swapped>,
    pub(crate) method: &'a Method,
    /// What came, while somebody watches.
    pub(crate) asked: Option<Asked>,
    pub(crate) started: Instant,
}

impl Finish<'_> {
    pub(crate) fn response(mut self, response: Response) -> Response {
        let mut response = match self.context.fault() {
            // The handler saw a broken body and cannot know why.
            Some(fault) if response.status() != fault.http => fault.into_response(),
            _ => response,
        };
        let unrendered = self.unrendered(&mut response);
        self.add_ids(response.headers_mut());
        self.add_routing(response.headers_mut());
        self.record(response.status(), unrendered.as_ref());
        let rendered = unrendered.as_ref().map(|reply| envelope(reply, &self.config.clock.now()));
        let asked = self.asked.take();
        let body = asked.as_ref().and(rendered.as_ref()).map(Rendered::kept).unwrap_or_default();
        if let Some(rendered) = rendered {
            self.set_body(&mut response, rendered);
        }
        if let Some(asked) = asked {
            self.publish(asked, &response, unrendered, body);
        }
        response
    }

    /// The envelope to be rendered: the handler's own, or one in place of an answer that is none.
    fn unrendered(&self, response: &mut Response) -> Option<Unrendered> {
        if let Some(reply) = response.extensions_mut().remove::<Unrendered>() {
            return Some(reply);
        }
        let status = response.status();
        let empty = is_empty(response);
        let error = if status.is_client_error() || status.is_server_error() {
            // Outside of OCPI, errors may have bodies of their own.
            if self.scope == Scope::Other && !empty {
                return None;
            }
            replacement(status)
        } else if self.scope == Scope::Other || response.headers().get(CONTENT_TYPE) == Some(&JSON) {
            return None;
        } else if empty && status.is_success() {
            return Some(Unrendered::success(Payload::None));
        } else {
            OcpiError::internal("a handler under the OCPI prefix gave no envelope")
        };
        let (http, headers, reply) = error.unrendered();
        *response.status_mut() = http;
        response.headers_mut().extend(headers);
        Some(reply)
    }

    fn set_body(&self, response: &mut Response, rendered: Rendered) {
        if matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED) {
            // These cannot have a body, and OCPI wants one.
            *response.status_mut() = StatusCode::OK;
        }
        let headers = response.headers_mut();
        headers.remove(TRANSFER_ENCODING);
        headers.remove(CONTENT_ENCODING);
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(CONTENT_LENGTH, rendered.length().into());
        *response.body_mut() = if *self.method == Method::HEAD { Body::empty() } else { rendered.into_body() };
    }

    fn add_ids(&self, headers: &mut HeaderMap) {
        headers.insert(REQUEST_ID, self.context.request_id().clone());
        headers.insert(CORRELATION_ID, self.context.correlation_id().clone());
    }

    fn add_routing(&self, headers: &mut HeaderMap) {
        let Some(swapped) = &self.swapped else { return };
        if let Some((country, party)) = &swapped.to {
            headers.insert(TO_COUNTRY, country.clone());
            headers.insert(TO_PARTY, party.clone());
        }
        if let Some((country, party)) = &swapped.from {
            headers.insert(FROM_COUNTRY, country.clone());
            headers.insert(FROM_PARTY, party.clone());
        } else if let Some(party) = self.context.answering()
            && let (Ok(country), Ok(id)) =
                (HeaderValue::from_str(party.country_code.as_str()), HeaderValue::from_str(party.party_id.as_str()))
        {
            headers.insert(FROM_COUNTRY, country);
            headers.insert(FROM_PARTY, id);
        }
    }

    fn record(&self, http: StatusCode, reply: Option<&Unrendered>) {
        let took = self.started.elapsed();
        let ocpi = reply.map(|reply| reply.status.code());
        let method = self.method.as_str();
        let (http_status, millis) = (http.as_u16(), took.as_secs_f64() * 1000.0);
        let message = reply.map_or("", |reply| &*reply.message);
        if let Some(log) = reply.and_then(|reply| reply.log.as_deref()) {
            tracing::error!(method, http_status, ocpi, millis, message, "{log}");
        } else if http.is_server_error() {
            tracing::error!(method, http_status, ocpi, millis, message, "answered with an error of our own");
        } else if ocpi.is_some_and(|code| code >= 2000) {
            tracing::info!(method, http_status, ocpi, millis, message, "refused");
        } else {
            tracing::debug!(method, http_status, ocpi, millis, "answered");
        }

        let route = self.context.route().unwrap_or("(unknown)").to_owned();
        let method = known_method(self.method);
        metrics::counter!("ocpi_requests_total", "method" => method, "route" => route.clone(),
            "http_status" => http_status.to_string(), "ocpi_status" => ocpi.map(|code| code.to_string()).unwrap_or_default())
        .increment(1);
        metrics::histogram!("ocpi_request_duration_seconds", "method" => method, "route" => route).record(took);
    }

    fn publish(&self, asked: Asked, response: &Response, reply: Option<Unrendered>, body: KeptBody) {
        let ocpi = reply.as_ref().map(|reply| reply.status.code());
        let (message, error) = reply.map(|reply| (reply.message.into_owned(), reply.log)).unzip();
        self.config.exchanges.publish(Exchange {
            id: 0,
            at: self.config.clock.now(),
            outgoing: false,
            party: self.config.party_name.clone(),
            peer: self.context.peer().map(str::to_owned),
            method: self.method.to_string(),
            url: asked.url.to_string(),
            http: response.status().as_u16(),
            ocpi,
            message,
            request_id: id_text(self.context.request_id()).into_owned(),
            correlation_id: id_text(self.context.correlation_id()).into_owned(),
            took: self.started.elapsed(),
            error: error.flatten(),
            request_headers: KeptHeaders::new(asked.headers),
            request_body: self.context.seen(),
            response_headers: KeptHeaders::new(response.headers().clone()),
            response_body: body,
        });
    }
}

/// Methods are text that the client chooses; the metrics know only the usual ones.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Whether the handler gave no body. (One that answers HEAD is gone already; its length is not.)
fn is_empty(response: &Response) -> bool {
    let length = response.headers().get(CONTENT_LENGTH);
    response.body().size_hint().exact() == Some(0) && length.is_none_or(|length| length == "0")
}

/// What to say in place of an error that is no envelope. What it said itself was not meant for a partner.
fn replacement(http: StatusCode) -> OcpiError {
    match http {
        StatusCode::NOT_FOUND => OcpiError::unknown_path(),
        // Who refused the method has set the Allow header.
        StatusCode::METHOD_NOT_ALLOWED => OcpiError::wrong_method(),
        StatusCode::UNAUTHORIZED => OcpiError::unauthorized("the credentials token is not known here"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => OcpiError::not_json(),
        other if other.is_server_error() => {
            let mut error = OcpiError::internal(format!("a handler answered {other}"));
            error.http = other;
            error
        }
        other => OcpiError::status(other, OcpiStatus::ClientError, other.canonical_reason().unwrap_or("refused")),
    }
}
