//! Requests and answers as they happened, for whoever watches: the story in the terminal, an inspector.

use std::sync::Arc;
use std::time::Duration;

use ocpi_types::DateTime;
use tokio::sync::broadcast;

/// The most of a body that is kept, in bytes.
pub(crate) const MAX_KEPT_BODY: usize = 16 * 1024;

/// How many exchanges a slow watcher may lag behind before it misses some.
const BACKLOG: usize = 1024;

/// One request and its answer. Holds no headers; secrets in bodies are replaced by `***`.
#[derive(Debug, Clone, PartialEq)]
pub struct Exchange {
    /// When the answer was there, in domain time.
    pub at: DateTime,
    /// We called; otherwise we were called.
    pub outgoing: bool,
    /// Whose log this is.
    pub party: String,
    /// The other side, where it is known.
    pub peer: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// The URL: absolute when outgoing, path and query when incoming.
    pub url: String,
    /// The HTTP status; 0 when no answer came.
    pub http: u16,
    /// The OCPI status code, where there was an envelope.
    pub ocpi: Option<u16>,
    /// The `status_message`.
    pub message: Option<String>,
    /// X-Request-ID.
    pub request_id: String,
    /// X-Correlation-ID.
    pub correlation_id: String,
    /// From the request's first to the answer's last byte.
    pub took: Duration,
    /// Why no usable answer came, or what the log says about an internal error.
    pub error: Option<String>,
    /// At most 16 KiB, only while somebody watches.
    pub request_body: Option<String>,
    /// At most 16 KiB, only while somebody watches.
    pub response_body: Option<String>,
}

/// Where exchanges are published. Clones are the same log.
///
/// ```
/// use ocpi_http::ExchangeLog;
/// let log = ExchangeLog::new();
/// assert!(!log.is_watched());
/// let watcher = log.subscribe();
/// assert!(log.is_watched());
/// drop(watcher);
/// assert!(!log.is_watched());
/// ```
#[derive(Debug, Clone)]
pub struct ExchangeLog {
    sender: broadcast::Sender<Arc<Exchange>>,
}

impl Default for ExchangeLog {
    fn default() -> Self {
        Self::new()
    }
}

impl ExchangeLog {
    /// A log that nobody watches yet.
    #[must_use]
    pub fn new() -> Self {
        Self { sender: broadcast::Sender::new(BACKLOG) }
    }

    /// Tells all watchers. Nothing is kept when there are none.
    pub fn publish(&self, exchange: Exchange) {
        // An error only says that nobody watches.
        let _ = self.sender.send(Arc::new(exchange));
    }

    /// Starts watching. A watcher that lags more than 1024 exchanges behind misses the oldest.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Exchange>> {
        self.sender.subscribe()
    }

    /// Whether anybody watches, so that keeping bodies is worth the while.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.sender.receiver_count() > 0
    }
}

/// A body as it may be shown: cut at 16 KiB, secrets replaced. `None` for an empty one.
pub(crate) fn shown_body(body: &[u8]) -> Option<String> {
    if body.is_empty() {
        return None;
    }
    let cut = &body[..body.len().min(MAX_KEPT_BODY)];
    Some(redact(&String::from_utf8_lossy(cut)))
}

/// The member names whose string values are secrets: the token of a credentials object, of an invitation, and of the
/// operator. (An object named `token` is a driver's token and no secret.)
const SECRET_MEMBERS: &[&str] = &["token", "token_a", "operator_key"];

/// Replaces secret values in JSON text, which may be cut off or broken.
fn redact(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(value) = next_secret(rest) {
        shown.push_str(&rest[..value.start]);
        shown.push_str("***\"");
        // On with what follows the closing quote, which is missing where the text was cut.
        rest = rest.get(value.end + 1..).unwrap_or_default();
    }
    shown.push_str(rest);
    shown
}

/// Where the next secret value stands, without its quotes.
fn next_secret(text: &str) -> Option<std::ops::Range<usize>> {
    let mut at = 0;
    while let Some(open) = text[at..].find('"').map(|found| at + found + 1) {
        let close = end_of_string(text, open);
        let name = &text[open..close];
        at = (close + 1).min(text.len());
        let after = text[at..].trim_start();
        let Some(value) = after.strip_prefix(':').map(str::trim_start) else { continue };
        if SECRET_MEMBERS.contains(&name) && value.starts_with('"') {
            let start = text.len() - value.len() + 1;
            return Some(start..end_of_string(text, start));
        }
    }
    None
}

/// The index of the quote that ends the string whose content starts at `start`, or the end of the text.
fn end_of_string(text: &str, start: usize) -> usize {
    let mut escaped = false;
    for (i, byte) in text.as_bytes()[start..].iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return start + i,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_not_shown() {
        let shown = |text: &str| shown_body(text.as_bytes()).unwrap();
        assert_eq!(shown(r#"{"token":"s3cret","url":"x"}"#), r#"{"token":"***","url":"x"}"#);
        assert_eq!(shown(r#"{"data":{"token" : "a\"b","x":1}}"#), r#"{"data":{"token" : "***","x":1}}"#);
        assert_eq!(shown(r#"{"token_a":"x","token":"y"}"#), r#"{"token_a":"***","token":"***"}"#);
        assert_eq!(shown(r#"{"token":"cut of"#), r#"{"token":"***""#);
        assert_eq!(shown(r#"{"token":{"uid":"012345"}}"#), r#"{"token":{"uid":"012345"}}"#);
        assert_eq!(shown(r#"{"message":"token","a":"b"}"#), r#"{"message":"token","a":"b"}"#);
        assert_eq!(shown(r#""token""#), r#""token""#);
    }

    #[test]
    fn long_and_binary_bodies_are_cut_and_survive() {
        assert_eq!(shown_body(&vec![b'x'; 20_000]).unwrap().len(), 16 * 1024);
        assert_eq!(shown_body(b"\xff\xfe").unwrap(), "\u{fffd}\u{fffd}");
        assert_eq!(shown_body(b""), None);
    }
}
