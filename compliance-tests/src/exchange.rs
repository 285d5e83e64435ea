//! Records every request and answer of a run, with secrets taken out before anything leaves the process.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Characters of a body that are kept for the report.
const BODY_KEPT: usize = 16 * 1024;
/// Bytes of bodies that are kept over the whole run; later bodies are dropped, so that memory stays bounded.
const TOTAL_KEPT: usize = 64 * 1024 * 1024;
/// Exchanges kept over the whole run.
const MOST_EXCHANGES: usize = 20_000;

/// One request with its answer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Exchange {
    /// Order in the run, from 0.
    pub seq: usize,
    /// The case (or step of the run) during which it happened.
    pub case: String,
    /// When the request began.
    pub at: String,
    /// Whether the platform under test was the client.
    pub incoming: bool,
    /// HTTP method.
    pub method: String,
    /// Absolute URL (outgoing) or path with query (incoming).
    pub url: String,
    /// Request headers.
    pub request_headers: Vec<(String, String)>,
    /// Request body.
    pub request_body: Option<String>,
    /// HTTP status of the answer; 0 when there was none.
    pub status: u16,
    /// Answer headers.
    pub response_headers: Vec<(String, String)>,
    /// Answer body.
    pub response_body: Option<String>,
    /// Milliseconds from the request to the whole answer.
    pub took_ms: u64,
    /// Why there was no answer.
    pub error: Option<String>,
    /// Facts for the audit cases, taken before the body was cut.
    #[serde(skip)]
    pub facts: Facts,
}

/// What the audit cases want to know of an exchange.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The body of the answer, when it was JSON: without `data`, which can be large.
    pub envelope: Option<Value>,
    /// Violations of the DateTime and number spelling anywhere in the answer.
    pub misspelt: Vec<String>,
    /// The request is none between two partners: made to check tolerance, or sent to the tester as a hub.
    pub odd_request: bool,
    /// Belongs to versions, details or credentials.
    pub configuration: bool,
    /// No connection could be made: there was no request.
    pub unconnected: bool,
    /// The answer is the tester's own party's (set on incoming ones).
    pub request_json: Option<Value>,
}

impl Exchange {
    /// The value of a request header.
    #[must_use]
    pub fn request_header(&self, name: &str) -> Option<&str> {
        header(&self.request_headers, name)
    }

    /// The value of an answer's header.
    #[must_use]
    pub fn response_header(&self, name: &str) -> Option<&str> {
        header(&self.response_headers, name)
    }

    /// A command line that repeats the request. The token is left as `$TOKEN` (already Base64 encoded).
    #[must_use]
    pub fn curl(&self) -> String {
        if self.incoming {
            return String::new();
        }
        let mut line = format!("curl -i -X {} {}", self.method, quote(&self.url));
        for (name, value) in &self.request_headers {
            if name.eq_ignore_ascii_case("authorization") && value.starts_with("Token ") {
                line.push_str(" -H \"Authorization: Token $TOKEN\"");
            } else {
                let _ = write!(line, " -H {}", quote(&format!("{name}: {value}")));
            }
        }
        if let Some(body) = &self.request_body {
            let _ = write!(line, " --data-raw {}", quote(body));
        }
        line
    }
}

fn header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[derive(Debug, Default)]
struct Inner {
    exchanges: Vec<Arc<Exchange>>,
    kept: usize,
    secrets: BTreeSet<String>,
}

/// The record of a run; clones share it, and the case to which things belong.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    inner: Arc<Mutex<Inner>>,
    current: Arc<Mutex<String>>,
}

impl Recorder {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Another way into the same record, for cases that run beside those of this one.
    #[must_use]
    pub fn beside(&self) -> Self {
        Self { inner: self.inner.clone(), current: Arc::default() }
    }

    /// What follows belongs to this case.
    pub fn begin(&self, case: &str) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = case.to_string();
    }

    /// From now on this text never appears in a report, plain or Base64 encoded.
    pub fn hide(&self, secret: &str) {
        if secret.len() >= 6 {
            let mut inner = self.inner();
            inner.secrets.insert(secret.to_string());
            // With what may follow it, such as a line feed, the last characters of the encoded form differ.
            let whole = secret.len() - secret.len() % 3;
            inner.secrets.insert(STANDARD.encode(&secret.as_bytes()[..whole]));
            inner.secrets.insert(STANDARD.encode(secret));
        }
    }

    /// Gives exchanges of this run in which the text occurs to a case: those of a charge to the case that looks at it.
    pub fn claim(&self, case: &str, text: &str) {
        let has = |exchange: &Exchange| {
            let bodies = [&exchange.request_body, &exchange.response_body];
            exchange.url.contains(text) || bodies.into_iter().flatten().any(|body| body.contains(text))
        };
        for exchange in self.inner().exchanges.iter_mut().filter(|exchange| has(exchange)) {
            Arc::make_mut(exchange).case = case.to_string();
        }
    }

    /// Keeps an exchange.
    pub fn keep(&self, mut exchange: Exchange) {
        exchange.case.clone_from(&self.current.lock().unwrap_or_else(PoisonError::into_inner));
        let mut inner = self.inner();
        exchange.seq = inner.exchanges.len();
        let room = TOTAL_KEPT.saturating_sub(inner.kept);
        for text in [&mut exchange.request_body, &mut exchange.response_body].into_iter().flatten() {
            cut(text, BODY_KEPT.min(room));
            inner.kept += text.len();
        }
        if exchange.seq < MOST_EXCHANGES {
            inner.exchanges.push(Arc::new(exchange));
        }
    }

    /// Everything so far.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Exchange>> {
        self.inner().exchanges.clone()
    }

    /// The exchanges of one case, redacted.
    #[must_use]
    pub fn of(&self, case: &str) -> Vec<Exchange> {
        let inner = self.inner();
        inner.exchanges.iter().filter(|e| e.case == case).map(|e| redacted(e, &inner.secrets)).collect()
    }

    /// A text without the secrets.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        hide_all(text, &self.inner().secrets)
    }
}

fn cut(text: &mut String, limit: usize) {
    if text.len() > limit {
        let mut end = limit;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str("… (cut)");
    }
}

fn hide_all(text: &str, secrets: &BTreeSet<String>) -> String {
    let mut clean = text.to_string();
    // The longest first: one may be the beginning of another.
    let mut present: Vec<&String> = secrets.iter().filter(|secret| text.contains(secret.as_str())).collect();
    present.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in present {
        clean = clean.replace(secret, "•••");
    }
    clean
}

fn redacted(exchange: &Exchange, secrets: &BTreeSet<String>) -> Exchange {
    let mut clean = exchange.clone();
    clean.url = hide_all(&clean.url, secrets);
    for (name, value) in clean.request_headers.iter_mut().chain(&mut clean.response_headers) {
        *value = hide_all(value, secrets);
        // What the platform shows may be a token in a spelling that nobody thought of.
        if clean.incoming && name.eq_ignore_ascii_case("authorization") {
            let scheme = value.split_once(' ').map(|(scheme, _)| scheme).filter(|scheme| scheme.len() < 10);
            *value = scheme.map_or_else(|| "•••".to_owned(), |scheme| format!("{scheme} •••"));
        }
    }
    for body in [&mut clean.request_body, &mut clean.response_body, &mut clean.error].into_iter().flatten() {
        *body = hide_all(body, secrets);
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_plain_and_encoded_and_curl_has_a_placeholder() {
        let recorder = Recorder::default();
        recorder.hide("secret-token");
        recorder.begin("a.case");
        recorder.keep(Exchange {
            method: "GET".into(),
            url: "http://x/?t=secret-token".into(),
            request_headers: vec![("Authorization".into(), crate::formats::authorization("secret-token"))],
            response_body: Some("{\"token\":\"secret-token\"}".into()),
            ..Exchange::default()
        });
        let shown = recorder.of("a.case").remove(0);
        let text = serde_json::to_string(&shown).unwrap();
        assert!(!text.contains("secret-token"));
        assert!(!text.contains(&STANDARD.encode("secret-token")));
        assert!(shown.curl().contains("Token $TOKEN"));
    }

    #[test]
    fn a_token_that_the_platform_spells_oddly_is_hidden_too() {
        let recorder = Recorder::default();
        recorder.hide("secret-token-b");
        for header in [crate::formats::authorization("secret-token-b\n"), "Bearer c2VjcmV0".into(), "raw".into()] {
            let exchange = Exchange {
                incoming: true,
                request_headers: vec![("authorization".into(), header)],
                error: Some("no secret-token-b here".into()),
                ..Exchange::default()
            };
            recorder.keep(exchange);
        }
        let text = serde_json::to_string(&recorder.of("")).unwrap();
        for secret in ["c2Vj", "raw", "secret-token-b"] {
            assert!(!text.contains(secret), "{text}");
        }
    }

    #[test]
    fn bodies_are_cut_at_a_character_boundary() {
        let mut text = "é".repeat(20);
        cut(&mut text, 5);
        assert_eq!(text, "éé… (cut)");
    }
}
