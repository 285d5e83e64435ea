//! What is shown of an exchange.

use ocpi_http::{Exchange, KeptBody, KeptHeaders};
use ocpi_types::format_date_time;
use serde::Serialize;
use utoipa::ToSchema;

use super::judge::{Side, judge};
use super::meaning::meaning;
use super::subject::Subject;
use crate::Party;

/// The recent exchanges.
#[derive(Debug, Serialize, ToSchema)]
pub struct Exchanges {
    /// Oldest first.
    pub exchanges: Vec<ExchangeLine>,
}

/// One exchange, in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExchangeLine {
    /// The number of the exchange since the server was started.
    #[schema(example = 1)]
    pub id: u64,
    /// When the answer was there.
    #[schema(example = "2026-05-12T15:31:00Z")]
    pub at: String,
    /// We called the partner; otherwise it called us.
    pub outgoing: bool,
    /// The partner; absent for callers that are not known.
    #[schema(example = "The CPO")]
    pub peer: Option<String>,
    /// The module; empty where the URL names none.
    #[schema(example = "sessions")]
    pub module: &'static str,
    /// What the call says, in plain words; empty where that is not known.
    #[schema(example = "the charge goes on")]
    pub meaning: &'static str,
    /// The HTTP method.
    #[schema(example = "PATCH")]
    pub method: String,
    /// The URL: absolute when we called, path and query when we were called.
    #[schema(example = "/ocpi/2.2.1/emsp/sessions/US/CPO/101")]
    pub url: String,
    /// The HTTP status; 0 when no answer came.
    #[schema(example = 200)]
    pub http: u16,
    /// The OCPI status code, where there was one.
    #[schema(example = 1000)]
    pub ocpi: Option<u16>,
    /// The status message.
    #[schema(example = "Success")]
    pub message: Option<String>,
    /// Why there was no usable answer, or what our log says about a fault of ours.
    pub error: Option<String>,
    /// X-Request-ID.
    #[schema(example = "b8d2c5a0-5e0f-4a53-9f8e-5a3c0a1f7f11")]
    pub request_id: String,
    /// X-Correlation-ID.
    #[schema(example = "6f0a3b9e-2f4f-4a0e-8a5a-0d8f3d1c2b44")]
    pub correlation_id: String,
    /// How long it took, in milliseconds.
    #[schema(example = 3.2)]
    pub millis: f64,
}

/// One exchange, with everything that is kept of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExchangeView {
    /// In short.
    pub exchange: ExchangeLine,
    /// What was asked.
    pub request: MessageView,
    /// What was answered.
    pub response: MessageView,
}

/// A request or an answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageView {
    /// Names and values; secrets are replaced by `***`.
    #[schema(example = json!([["content-type", "application/json"], ["ocpi-from-party-id", "EMS"]]))]
    pub headers: Vec<[String; 2]>,
    /// The body as it came, secrets replaced by `***`; absent when it was empty.
    #[schema(example = "{\"status_code\":1000,\"timestamp\":\"2026-05-12T15:31:00Z\"}")]
    pub body: Option<String>,
    /// How long the body was, in bytes.
    #[schema(example = 58)]
    pub length: usize,
    /// The body was longer than what is kept of it.
    pub is_cut: bool,
    /// The OCPI class that the body was held against; absent where none is known.
    #[schema(example = "Session")]
    pub class: Option<&'static str>,
    /// What the validator found.
    pub findings: Vec<JudgedFinding>,
}

/// A rule of OCPI that an object breaks.
#[derive(Debug, Serialize, ToSchema)]
pub struct JudgedFinding {
    /// Where: a JSON Pointer into the body.
    #[schema(example = "/data/0/last_updated")]
    pub pointer: String,
    /// `violation`: refused; `tolerated`: accepted all the same.
    #[schema(example = "tolerated")]
    pub severity: String,
    /// Which kind of rule.
    #[schema(example = "DateTimeForm")]
    pub rule: String,
    /// What was found and what is expected.
    #[schema(example = "\"2026-05-12T15:31:00+00:00\" should end in Z")]
    pub message: String,
    /// The file of the spec that says so.
    #[schema(example = "mod_sessions")]
    pub spec: String,
}

impl ExchangeLine {
    pub(super) fn new(party: &Party, exchange: &Exchange) -> Self {
        Self {
            id: exchange.id,
            at: format_date_time(&exchange.at),
            outgoing: exchange.outgoing,
            peer: exchange.peer.clone(),
            module: Subject::of(party, exchange).module,
            meaning: meaning(&exchange.method, &exchange.url),
            method: exchange.method.clone(),
            url: exchange.url.clone(),
            http: exchange.http,
            ocpi: exchange.ocpi,
            message: exchange.message.clone(),
            error: exchange.error.clone(),
            request_id: exchange.request_id.clone(),
            correlation_id: exchange.correlation_id.clone(),
            millis: (exchange.took.as_secs_f64() * 100_000.0).round() / 100.0,
        }
    }
}

impl ExchangeView {
    pub(super) fn new(party: &Party, exchange: &Exchange) -> Self {
        let judgement = judge(&Subject::of(party, exchange), exchange);
        Self {
            exchange: ExchangeLine::new(party, exchange),
            request: MessageView::new(&exchange.request_headers, &exchange.request_body, judgement.asked),
            response: MessageView::new(&exchange.response_headers, &exchange.response_body, judgement.answered),
        }
    }
}

impl MessageView {
    fn new(headers: &KeptHeaders, body: &KeptBody, side: Side) -> Self {
        Self {
            headers: headers.shown().map(|(name, value)| [name.to_owned(), value]).collect(),
            body: body.text(),
            length: body.length(),
            is_cut: body.is_cut(),
            class: side.class,
            findings: side.findings,
        }
    }
}
