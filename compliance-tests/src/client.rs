//! Raw HTTP towards the platform under test: bounded in time and memory, follows no redirects, records everything.

use std::sync::{Once, OnceLock};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use serde_json::Value;

use crate::case::{CaseResult, Stop, fail};
use crate::clock;
use crate::exchange::{Exchange, Facts, Recorder};
use crate::formats::{is_ocpi_datetime, shorten};

/// Sends requests and records them.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    recorder: Recorder,
    timeout: Duration,
    largest_answer: usize,
}

/// A request, exactly as it goes out.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// HTTP method.
    pub method: String,
    /// Absolute URL.
    pub url: String,
    /// All headers that are not added by HTTP itself.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Option<String>,
    /// Not a plain OCPI request on purpose (the audit cases leave its answer out where that matters).
    pub odd: bool,
    /// Belongs to versions, details or credentials.
    pub configuration: bool,
}

/// An answer of the platform under test.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub http: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body as text; bytes that are no UTF-8 are replaced.
    pub text: String,
    /// Body as JSON, when it is JSON.
    pub json: Option<Value>,
    /// How long the whole answer took.
    pub took: Duration,
}

/// Chooses the cryptography of TLS once for the process.
pub(crate) fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // An error means that the embedding program has chosen already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

/// The one client of this process, for the tester and its parties; it follows no redirects. Each client reads the trusted
/// certificates of the system, which takes long.
pub(crate) fn http() -> reqwest::Client {
    static HTTP: OnceLock<reqwest::Client> = OnceLock::new();
    HTTP.get_or_init(|| {
        install_crypto();
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .user_agent(concat!("ocpi-compliance/", env!("CARGO_PKG_VERSION")))
            .build()
            .expect("a client without special options can be built")
    })
    .clone()
}

impl Client {
    /// A client whose every request ends within `timeout` and reads at most `largest_answer` bytes.
    #[must_use]
    pub fn new(recorder: Recorder, timeout: Duration, largest_answer: usize) -> Self {
        Self { http: http(), recorder, timeout, largest_answer }
    }

    /// Sends one request. No answer, an endless or an oversized one is a failure of the platform.
    pub async fn send(&self, call: Call) -> CaseResult<Answer> {
        let method = call.method.parse().map_err(|_| Stop::Error(format!("bad method {}", call.method)))?;
        let mut request = self.http.request(method, &call.url).timeout(self.timeout);
        for (name, value) in &call.headers {
            request = request.header(name.as_str(), value.as_str());
        }
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        let mut record = Exchange {
            at: clock::timestamp(),
            method: call.method,
            url: call.url,
            request_headers: call.headers,
            request_body: call.body,
            ..Exchange::default()
        };
        record.facts.odd_request = call.odd;
        record.facts.configuration = call.configuration;
        let began = Instant::now();
        let outcome = self.exchange(request, began).await;
        record.took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        match outcome {
            Ok(answer) => {
                record.status = answer.http;
                record.response_headers = listed(&answer.headers);
                record.response_body = Some(answer.text.clone());
                describe_answer(&mut record.facts, answer.json.as_ref());
                self.recorder.keep(record);
                Ok(answer)
            }
            Err(why) => {
                record.facts.unconnected = why.starts_with(UNCONNECTED);
                record.error = Some(why.clone());
                let what = format!("{} {}: {why}", record.method, record.url);
                self.recorder.keep(record);
                fail(format!("an answer within {} s", self.timeout.as_secs()), what)
            }
        }
    }

    async fn exchange(&self, request: reqwest::RequestBuilder, began: Instant) -> Result<Answer, String> {
        let mut response = request.send().await.map_err(|err| explain(&err))?;
        let http = response.status().as_u16();
        let headers = response.headers().clone();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|err| explain(&err))? {
            if body.len() + chunk.len() > self.largest_answer {
                return Err(format!("the answer is larger than {} bytes", self.largest_answer));
            }
            body.extend_from_slice(&chunk);
        }
        let text = String::from_utf8_lossy(&body).into_owned();
        let json = serde_json::from_str(&text).ok();
        Ok(Answer { http, headers, text, json, took: began.elapsed() })
    }
}

/// How the explanation begins when nobody could be reached.
const UNCONNECTED: &str = "no connection: ";

fn explain(err: &reqwest::Error) -> String {
    let kind = if err.is_connect() {
        UNCONNECTED
    } else if err.is_timeout() {
        "timed out: "
    } else {
        ""
    };
    let mut text = kind.to_string();
    text.push_str(&err.to_string());
    let mut source = std::error::Error::source(err);
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

/// Headers as pairs of text.
pub(crate) fn listed(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

fn describe_answer(facts: &mut Facts, json: Option<&Value>) {
    let Some(json) = json else { return };
    find_misspelt(json, "", &mut facts.misspelt);
    facts.envelope = Some(match json {
        Value::Object(map) => {
            let mut envelope = map.clone();
            // Only its presence and kind matter to the audits; the content can be large.
            if let Some(data) = envelope.get_mut("data") {
                if data.is_array() {
                    *data = Value::Array(Vec::new());
                } else if data.is_object() {
                    *data = Value::Object(serde_json::Map::new());
                }
            }
            Value::Object(envelope)
        }
        Value::Array(_) => Value::Array(Vec::new()),
        other => other.clone(),
    });
}

/// Fields that hold a moment, by name; found anywhere in an answer, whatever the object.
fn find_misspelt(value: &Value, pointer: &str, found: &mut Vec<String>) {
    if found.len() >= 5 {
        return;
    }
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let place = format!("{pointer}/{key}");
                let is_moment = matches!(key.as_str(), "timestamp" | "last_updated")
                    || key.ends_with("_date_time")
                    || key == "expiry_date"
                    || key == "departure_time";
                match inner {
                    Value::String(text) if is_moment && !is_ocpi_datetime(text) => {
                        found.push(format!("{place} = {text:?}"));
                    }
                    _ => find_misspelt(inner, &place, found),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                find_misspelt(item, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

impl Answer {
    /// `status_code` of the envelope.
    #[must_use]
    pub fn ocpi(&self) -> Option<i64> {
        self.json.as_ref()?.get("status_code")?.as_i64()
    }

    /// `data` of the envelope; null when absent.
    #[must_use]
    pub fn data(&self) -> &Value {
        self.json.as_ref().and_then(|json| json.get("data")).unwrap_or(&Value::Null)
    }

    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A header as a number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        self.header(name)?.trim().parse().ok()
    }

    /// The answer in one line, for a report.
    #[must_use]
    pub fn describe(&self) -> String {
        let status = self.ocpi().map_or("no status_code".to_string(), |code| format!("status_code {code}"));
        format!("HTTP {}, {status}, body {}", self.http, shorten(&self.text, 300))
    }

    /// HTTP 2xx and status_code 1000.
    pub fn succeeded(&self) -> CaseResult {
        if (200..300).contains(&self.http) && self.ocpi() == Some(1000) {
            Ok(())
        } else {
            fail("HTTP 2xx and status_code 1000", self.describe())
        }
    }

    /// This HTTP status.
    pub fn has_http(&self, status: u16) -> CaseResult {
        if self.http == status { Ok(()) } else { fail(format!("HTTP {status}"), self.describe()) }
    }

    /// One of these HTTP statuses.
    pub fn has_http_in(&self, statuses: &[u16]) -> CaseResult {
        if statuses.contains(&self.http) { Ok(()) } else { fail(format!("one of HTTP {statuses:?}"), self.describe()) }
    }

    /// This status_code, whatever the HTTP status (a server error excepted).
    pub fn has_status(&self, code: i64) -> CaseResult {
        if self.http < 500 && self.ocpi() == Some(code) {
            Ok(())
        } else {
            fail(format!("status_code {code}"), self.describe())
        }
    }

    /// Not a success, and no server error either.
    pub fn refused(&self) -> CaseResult {
        let success = (200..300).contains(&self.http) && self.ocpi().is_none_or(|code| (1000..2000).contains(&code));
        if success || self.http >= 500 {
            fail("a refusal: HTTP 4xx, or status_code 2xxx", self.describe())
        } else {
            Ok(())
        }
    }

    /// Not a server error: bad input never is the server's fault.
    pub fn no_server_error(&self) -> CaseResult {
        if self.http < 500 { Ok(()) } else { fail("no HTTP 5xx", self.describe()) }
    }

    /// `data` as a list.
    pub fn list(&self) -> CaseResult<&Vec<Value>> {
        self.succeeded()?;
        match self.data() {
            Value::Array(items) => Ok(items),
            _ => fail("data is a JSON array", self.describe()),
        }
    }

    /// `data` as one object. A list of one counts too: that this is wrong is said once, by the cases that use [`Self::single`],
    /// and does not hide what else there is to find.
    pub fn object(&self) -> CaseResult<&Value> {
        self.succeeded()?;
        match self.data() {
            data @ Value::Object(_) => Ok(data),
            Value::Array(items) if matches!(items.as_slice(), [Value::Object(_)]) => Ok(&items[0]),
            _ => fail("data is one JSON object", self.describe()),
        }
    }

    /// `data` as one object and nothing else.
    pub fn single(&self) -> CaseResult<&Value> {
        match self.object()? {
            object if self.data().is_object() => Ok(object),
            _ => fail("data is one JSON object, not a list of one", self.describe()),
        }
    }

    /// The URL of the `Link` with rel next.
    #[must_use]
    pub fn next_link(&self) -> Option<String> {
        self.headers.get_all("link").iter().filter_map(|value| value.to_str().ok()).find_map(next_in)
    }
}

fn next_in(header: &str) -> Option<String> {
    header.split(',').find_map(|part| {
        let (url, rest) = part.trim().strip_prefix('<')?.split_once('>')?;
        let next = rest.split(';').any(|attribute| {
            let attribute: String = attribute.chars().filter(|c| !c.is_whitespace() && *c != '"').collect();
            attribute.eq_ignore_ascii_case("rel=next")
        });
        next.then(|| url.to_string())
    })
}
