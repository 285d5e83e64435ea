//! What goes over the wire, for people to read.

mod json;

use anstream::println;
use anstyle::{AnsiColor, Style};
use base64::Engine;
use ocpi_http::{Exchange, KeptBody, KeptHeaders};
use serde_json::Value;

pub(super) use json::Shown;

use super::tell::folded;

const WHO: Style = AnsiColor::Cyan.on_default().bold();
const CALL: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// The headers that matter for understanding, as the specification writes them.
const TELLING: &[&str] = &["Authorization", "Link", "Location", "X-Total-Count", "X-Limit"];
/// Headers that are nearly the same in each request; shown where a lesson speaks of them.
const ROUTING: &[&str] = &["OCPI-from-country-code", "OCPI-from-party-id", "OCPI-to-country-code", "OCPI-to-party-id"];

/// How much is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) json: Shown,
    /// The whole answer, and not only the `data` in it: the rest is in the line above.
    pub(super) envelope: bool,
    pub(super) headers: Headers,
}

/// Which headers are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Headers {
    Telling,
    /// These, and the routing headers.
    Routing,
    All,
}

impl Extent {
    /// Everything that goes over the wire.
    pub(super) const RAW: Self = Self { json: Shown::Whole, envelope: true, headers: Headers::All };
}

/// A call of the learner's own, with curl in mind: method, URL, credentials token, body. The answer's JSON comes back.
pub(crate) async fn partner_call(
    method: &str,
    url: &str,
    token: &str,
    body: Option<&Value>,
) -> Result<Value, Box<dyn std::error::Error>> {
    let token = base64::engine::general_purpose::STANDARD.encode(token);
    let mut request = reqwest::Client::new()
        .request(method.parse()?, url)
        .header("Authorization", format!("Token {token}"))
        .header("X-Request-ID", "lesson-request")
        .header("X-Correlation-ID", "lesson-correlation");
    if let Some(body) = body {
        request = request.header("Content-Type", "application/json").body(body.to_string());
    }
    let text = request.send().await?.text().await?;
    Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? })
}

/// All of the JSON in lines, coloured.
pub(super) fn json(value: &Value) -> String {
    json::lines("", value, Shown::Whole)
}

/// Prints a request and its answer.
pub(super) fn show(from: &str, to: &str, exchange: &Exchange, extent: Extent) {
    println!("{WHO}{from} → {to}{WHO:#}  {CALL}{} {}{CALL:#}", exchange.method, url(exchange));
    headers(&exchange.request_headers, extent.headers);
    body(&exchange.request_body, extent);
    println!("{WHO}{to} → {from}{WHO:#}  {}", verdict(exchange));
    headers(&exchange.response_headers, extent.headers);
    let envelope = exchange.response_body.text().and_then(|text| serde_json::from_str::<Value>(&text).ok());
    match envelope {
        Some(Value::Object(envelope)) if !extent.envelope => {
            if let Some(data) = envelope.get("data") {
                println!("{}", json::lines("data", data, extent.json));
            }
        }
        _ => body(&exchange.response_body, extent),
    }
    println!();
}

/// The whole URL. Who is called sees only path and query; the host is a header there.
fn url(exchange: &Exchange) -> String {
    let host = exchange.request_headers.shown().find(|(name, _)| *name == "host").map(|(_, host)| host);
    match host {
        Some(host) if !exchange.outgoing => format!("http://{host}{}", exchange.url),
        _ => exchange.url.clone(),
    }
}

/// The line that says how it went: HTTP status, code and message of the envelope.
fn verdict(exchange: &Exchange) -> String {
    if let (Some(error), 0) = (&exchange.error, exchange.http) {
        return format!("{BAD}no answer: {error}{BAD:#}");
    }
    let style = if exchange.ocpi.is_some_and(|code| (1000..2000).contains(&code)) { GOOD } else { BAD };
    let code = exchange.ocpi.map(|code| format!(", status_code {code}")).unwrap_or_default();
    let message = match exchange.message.as_deref() {
        None => String::new(),
        Some(text) if text.len() <= 40 => format!(", \"{text}\""),
        // A long message gets lines of its own.
        Some(text) => format!(",\n    {}", folded(&format!("\"{text}\""), 76).replace('\n', "\n    ")),
    };
    format!("{style}HTTP {}{code}{message}{style:#}", exchange.http)
}

fn headers(headers: &KeptHeaders, which: Headers) {
    let spelled = |name: &str| TELLING.iter().chain(ROUTING).find(|known| known.eq_ignore_ascii_case(name)).copied();
    let shown = |spelled: Option<&str>| match which {
        Headers::All => true,
        Headers::Routing => spelled.is_some(),
        Headers::Telling => spelled.is_some_and(|name| TELLING.contains(&name)),
    };
    let mut lines: Vec<(String, String)> = headers
        .shown()
        .filter(|(name, _)| shown(spelled(name)))
        .map(|(name, value)| (spelled(name).unwrap_or(name).to_owned(), value))
        .collect();
    lines.sort();
    for (name, value) in lines {
        println!("    {DIM}{name}: {value}{DIM:#}");
    }
}

fn body(body: &KeptBody, extent: Extent) {
    let Some(text) = body.text() else { return };
    match serde_json::from_str(&text) {
        Ok(value) => println!("{}", json::lines("", &value, extent.json)),
        Err(_) => println!("    {text}"),
    }
}
