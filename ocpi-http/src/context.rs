//! What is known about the request at hand, from the first layer to the last.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::extract::MatchedPath;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use ocpi_types::PartyId;
use tracing::Span;
use uuid::Uuid;

use crate::exchange::MAX_KEPT_BODY;
use crate::{KeptBody, OcpiError};

/// `X-Request-ID`.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// `X-Correlation-ID`.
pub(crate) const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

/// The most of an id that is shown in logs, in bytes. A UUID has 36.
const MAX_ID_SHOWN: usize = 128;

/// In the extensions of every request that came through the layers.
#[derive(Debug, Clone)]
pub(crate) struct Context(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    request_id: HeaderValue,
    correlation_id: HeaderValue,
    span: OnceLock<Span>,
    route: OnceLock<MatchedPath>,
    peer: OnceLock<String>,
    answering: OnceLock<PartyId>,
    fault: AtomicU8,
    max_body: usize,
    /// The beginning of the body, while somebody watches.
    seen: Option<Mutex<Seen>>,
}

/// What has come of a body.
#[derive(Debug, Default)]
struct Seen {
    beginning: Vec<u8>,
    length: usize,
}

/// Why a body could not be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyFault {
    TooLarge = 1,
    TooSlow = 2,
}

impl Context {
    pub(crate) fn start(headers: &HeaderMap, max_body: usize, watched: bool) -> Self {
        Self(Arc::new(Shared {
            request_id: id_of(headers, &REQUEST_ID),
            correlation_id: id_of(headers, &CORRELATION_ID),
            span: OnceLock::new(),
            route: OnceLock::new(),
            peer: OnceLock::new(),
            answering: OnceLock::new(),
            fault: AtomicU8::new(0),
            max_body,
            seen: watched.then(Mutex::default),
        }))
    }

    pub(crate) fn of(extensions: &Extensions) -> Option<&Self> {
        extensions.get()
    }

    pub(crate) fn request_id(&self) -> &HeaderValue {
        &self.0.request_id
    }

    pub(crate) fn correlation_id(&self) -> &HeaderValue {
        &self.0.correlation_id
    }

    pub(crate) fn set_span(&self, span: Span) {
        let _ = self.0.span.set(span);
    }

    pub(crate) fn set_route(&self, route: MatchedPath) {
        let _ = self.0.route.set(route);
    }

    /// The pattern of the route, `None` for paths that are none.
    pub(crate) fn route(&self) -> Option<&str> {
        self.0.route.get().map(MatchedPath::as_str)
    }

    pub(crate) fn peer(&self) -> Option<&str> {
        self.0.peer.get().map(String::as_str)
    }

    pub(crate) fn answering(&self) -> Option<&PartyId> {
        self.0.answering.get()
    }

    pub(crate) fn set_fault(&self, fault: BodyFault) {
        self.0.fault.store(fault as u8, Ordering::Relaxed);
    }

    /// The answer to a body that could not be read to its end.
    pub(crate) fn fault(&self) -> Option<OcpiError> {
        match self.0.fault.load(Ordering::Relaxed) {
            1 => Some(OcpiError::too_large(self.0.max_body)),
            2 => Some(OcpiError::too_slow()),
            _ => None,
        }
    }

    pub(crate) fn see(&self, part: &[u8]) {
        if let Some(seen) = &self.0.seen {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            // Copied: a piece of the connection's buffer would keep all of the buffer.
            let room = MAX_KEPT_BODY.saturating_sub(seen.beginning.len());
            seen.beginning.extend_from_slice(&part[..part.len().min(room)]);
            seen.length += part.len();
        }
    }

    pub(crate) fn seen(&self) -> KeptBody {
        let seen = self.0.seen.as_ref().map(|seen| seen.lock().unwrap_or_else(PoisonError::into_inner));
        let seen = seen.map(|mut seen| std::mem::take(&mut *seen)).unwrap_or_default();
        KeptBody::of([seen.beginning.into()], seen.length)
    }
}

/// Says who calls, once that is known: from here on the name is on every line of the log of this request.
pub fn note_peer(extensions: &Extensions, name: &str) {
    if let Some(Context(shared)) = Context::of(extensions) {
        if let Some(span) = shared.span.get() {
            span.record("peer", name);
        }
        let _ = shared.peer.set(name.to_owned());
    }
}

/// Says which of our parties answers, where the request does not: on a request without `OCPI-to` headers the answer's
/// `OCPI-from` headers name this party. The first call counts.
pub fn answer_as(extensions: &Extensions, party: &PartyId) {
    if let Some(Context(shared)) = Context::of(extensions) {
        let _ = shared.answering.set(party.clone());
    }
}

/// The id that came with the request, whatever it looks like, or a fresh one.
pub(crate) fn id_of(headers: &HeaderMap, name: &HeaderName) -> HeaderValue {
    headers.get(name).filter(|id| !id.is_empty()).cloned().unwrap_or_else(fresh_id)
}

pub(crate) fn fresh_id() -> HeaderValue {
    let mut buffer = Uuid::encode_buffer();
    let text = Uuid::new_v4().hyphenated().encode_lower(&mut buffer);
    HeaderValue::from_str(text).expect("hexadecimal digits and hyphens are fit for a header")
}

/// An id as text, for logs: whoever chooses it does not choose how much is logged.
pub(crate) fn id_text(id: &HeaderValue) -> Cow<'_, str> {
    let bytes = id.as_bytes();
    String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_ID_SHOWN)])
}
